"""Who observes: organizations, their missions and members, whom they met and what they stated."""

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from tracker.missions.models import Engagement, Membership, Mission, Organization, Statement
from tracker.missions.queries import bystanders
from tracker.opendata.columns import (
    Asked,
    Column,
    Dataset,
    Reader,
    Text,
    Type,
    country_columns,
    identity,
    of,
    source_columns,
)


def _organizations(asked: Asked) -> QuerySet[Organization]:
    """Those that lead or joined a mission or stand in the protocol log; of a real election also those that only spoke
    of one, as on its timeline."""
    missions = Mission.objects.published().filter(election=asked.election).order_by()
    members = Membership.objects.published().filter(mission__election=asked.election).order_by()
    met = Engagement.objects.published().filter(election=asked.election).order_by()
    there = Q(pk__in=missions.values("organization")) | Q(pk__in=members.values("organization"))
    there |= Q(pk__in=met.values("organizations"))
    if asked.election and not asked.election.demonstration:
        there |= Q(pk__in=bystanders().order_by().values("pk"))
    rows: QuerySet[Organization] = Organization.objects.published().filter(there)
    return rows.select_related("country", "source")


ORGANIZATIONS = Dataset(
    name="organizations",
    record="Organization",
    title=_("Organizations"),
    description=_(
        "One row is a body that observed this election, was not invited, declined, met somebody or spoke of elections."
    ),
    rows=_organizations,
    key="slug",
    layout="observer_organizations.csv",
    versioned=False,
    columns=(
        of(Organization, "slug", description=_("Name of the organization in addresses. It stays.")),
        of(Organization, "name"),
        of(Organization, "acronym"),
        of(Organization, "kind"),
        of(Organization, "website", find=False),
        of(Organization, "website_basis", find=False),
        *country_columns(),
        *source_columns(),
        of(Organization, "notes", find=False),
    ),
)


def _missions(asked: Asked) -> QuerySet[Mission]:
    rows: QuerySet[Mission] = (
        Mission.objects.published()
        .filter(election=asked.election)
        .select_related("organization", "source")
        .prefetch_related(Prefetch("statements", queryset=Statement.objects.published()))
    )
    return rows


def _first_statement(part: str) -> Reader:
    return lambda row, asked: next((getattr(found, part) for found in row.statements.all()), None)


def _organization(field: str, name: str, path: str, description: Text) -> Column:
    return of(Organization, field, name, path=path, description=description)


MISSIONS = Dataset(
    name="missions",
    record="Mission",
    title=_("Missions"),
    description=_(
        "One row is an organization's mission to the election; not invited and declined are facts too."
    ),
    rows=_missions,
    layout="missions.csv",
    columns=(
        identity(_("Number of the record. It stays.")),
        _organization("name", "organization", "organization", _("Under whose name it observes.")),
        _organization("acronym", "acronym", "organization", _("Acronym of that organization.")),
        _organization("slug", "organization_slug", "organization", _("Its name in addresses.")),
        of(Mission, "type", "mission_type"),
        of(Mission, "status"),
        of(Mission, "head_of_mission", find=False),
        of(Mission, "head_role", find=False),
        of(Mission, "invited_by", find=False),
        of(Mission, "invited_on", "invited_date"),
        of(Mission, "announced_on", "announced_date"),
        of(Mission, "accredited_on", "accredited_date"),
        of(Mission, "observers_total", unit=_("persons")),
        of(Mission, "planned_core", "observers_core", unit=_("persons")),
        of(Mission, "planned_lto", "observers_lto", unit=_("persons")),
        of(Mission, "planned_sto", "observers_sto", unit=_("persons")),
        of(Mission, "actual_core", unit=_("persons")),
        of(Mission, "actual_lto", unit=_("persons")),
        of(Mission, "actual_sto", unit=_("persons")),
        of(Mission, "arrives_on", "arrival_date"),
        of(Mission, "departs_on", "departure_date"),
        of(Mission, "stations_visited", unit=_("polling stations")),
        of(Mission, "areas_observed", find=False),
        Column(
            "statement_date",
            Type.DATE,
            _("Day of its first statement; all of them are among the statements."),
            _first_statement("issued_on"),
        ),
        Column("statement_url", Type.URL, _("Address of that statement."), _first_statement("url")),
        *source_columns(),
        of(Mission, "notes", find=False),
    ),
)


def _memberships(asked: Asked) -> QuerySet[Membership]:
    rows: QuerySet[Membership] = Membership.objects.published().filter(mission__election=asked.election)
    return rows.select_related("mission__organization", "organization", "source")


MEMBERSHIPS = Dataset(
    name="memberships",
    record="Membership",
    title=_("Members of missions"),
    description=_("One row is an organization's part in a mission that another name leads."),
    rows=_memberships,
    layout="memberships.csv",
    columns=(
        identity(_("Number of the record.")),
        _organization("name", "mission", "mission__organization", _("Who leads the mission.")),
        of(Mission, "type", "mission_type", path="mission"),
        _organization("name", "organization", "organization", _("The member.")),
        of(Membership, "role"),
        *source_columns(),
        of(Membership, "notes", find=False),
    ),
)


def _engagements(asked: Asked) -> QuerySet[Engagement]:
    organizations = Organization.objects.published().order_by("name")
    rows: QuerySet[Engagement] = (
        Engagement.objects.published()
        .filter(election=asked.election)
        .select_related("source")
        .prefetch_related(Prefetch("organizations", queryset=organizations))
    )
    return rows


ENGAGEMENTS = Dataset(
    name="engagements",
    record="Engagement",
    title=_("Engagements"),
    description=_("One row is a meeting, briefing, visit or press conference in the protocol log."),
    rows=_engagements,
    layout="engagements.csv",
    versioned=False,
    columns=(
        identity(_("Number of the record. It stays.")),
        of(Engagement, "date"),
        of(Engagement, "date_precision"),
        of(Engagement, "kind"),
        of(Engagement, "place", find=False),
        of(Engagement, "host", find=False),
        of(Engagement, "host_role", find=False),
        of(Engagement, "visitor", find=False),
        of(Engagement, "visitor_role", find=False),
        Column(
            "organization",
            Type.LIST,
            _("Names of the organizations that took part."),
            lambda row, asked: [organization.name for organization in row.organizations.all()],
        ),
        of(Engagement, "topics", find=False),
        of(Engagement, "outcome", "outcome_or_figures", find=False),
        *source_columns(),
        of(Engagement, "notes", find=False),
    ),
)


def _statements(asked: Asked) -> QuerySet[Statement]:
    rows: QuerySet[Statement] = Statement.objects.published().filter(mission__election=asked.election)
    return rows.select_related("mission__organization", "source")


STATEMENTS = Dataset(
    name="statements",
    record="Statement",
    title=_("Statements"),
    description=_("One row is a report or statement that a mission published."),
    rows=_statements,
    columns=(
        identity(_("Number of the record. It stays.")),
        _organization("name", "organization", "mission__organization", _("Whose mission it was.")),
        _organization("slug", "organization_slug", "mission__organization", _("Its name in addresses.")),
        of(Mission, "type", "mission_type", path="mission"),
        of(Statement, "kind"),
        of(Statement, "title", find=False),
        of(Statement, "issued_on"),
        of(Statement, "language"),
        of(Statement, "url", find=False),
        *source_columns(),
        of(Statement, "notes", find=False),
    ),
)
