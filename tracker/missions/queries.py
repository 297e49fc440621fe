"""Reads of missions and of the protocol log. Everything here is published and safe for the public."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Model, Prefetch, Q, Value
from django.db.models.functions import Replace
from django.utils.translation import gettext_lazy as _

from tracker.core.models import PublicationQuerySet, Source, published_condition
from tracker.elections.models import Election, Milestone
from tracker.missions.models import (
    Accreditation,
    Engagement,
    Membership,
    Mission,
    Observer,
    Organization,
    Outlet,
    Person,
    Statement,
)


def public_missions(election: Election) -> PublicationQuerySet:
    """The published missions to `election`, ready to be listed without further queries."""
    return (
        Mission.objects.published()
        .filter(election=election)
        .select_related("organization", "organization__country", "source")
        .prefetch_related(
            Prefetch(
                "memberships",
                queryset=Membership.objects.published().select_related("organization", "source"),
            ),
            Prefetch("statements", queryset=Statement.objects.published().select_related("source")),
        )
    )


def missions_that_announced_visits(election: Election) -> PublicationQuerySet:
    """The published missions to `election` that said how many stations they visited, or where; with their sources."""
    said = Q(stations_visited__isnull=False) | ~Q(areas_observed="")
    return (
        public_missions(election)
        .filter(said, status__in=Mission.PRESENT)
        .order_by("organization__name", "pk")
    )


def missions_of(election: Election, organization: Organization) -> list[Mission]:
    """What `organization` took part in: first its own missions, then those it joined, last what came to nothing."""
    missions = (
        public_missions(election).filter(Q(organization=organization) | Q(members=organization)).distinct()
    )
    return sorted(
        missions,
        key=lambda mission: (
            mission.status in Mission.ABSENT,
            mission.organization_id != organization.pk,
            mission.pk,
        ),
    )


def organizations_observing(election: Election) -> set[int]:
    """The keys of the organizations that are or were in the field, with a mission of theirs or as members."""
    missions = Mission.objects.published().filter(election=election, status__in=Mission.PRESENT).order_by()
    members = Membership.objects.published().filter(mission__in=missions).order_by()
    return set(
        missions.values_list("organization", flat=True).union(members.values_list("organization", flat=True))
    )


def organizations_in(election: Election) -> list[Organization]:
    """Every published organization that leads or joined a mission to `election` or stands in its protocol log."""
    missions = Mission.objects.published().filter(election=election)
    memberships = Membership.objects.published().filter(mission__in=missions)
    engagements = Engagement.objects.published().filter(election=election)
    condition = Q(missions__in=missions) | Q(memberships__in=memberships) | Q(engagements__in=engagements)
    return list(Organization.objects.published().filter(condition).distinct().order_by("name"))


def bystanders() -> PublicationQuerySet:
    """Published organizations that led and joined no mission and met nobody: they commented on an election."""
    return (
        Organization.objects.published()
        .filter(missions__isnull=True, memberships__isnull=True, engagements__isnull=True)
        .order_by("name")
    )


def organization_pages() -> list[tuple[str, str]]:
    """The slugs (election, organization) of every organization that took part in a real one. One query."""
    missions = Mission.objects.published().filter(election__demonstration=False)
    members = Membership.objects.published().filter(mission__election__demonstration=False)
    engagements = Engagement.objects.published().filter(
        published_condition(Organization, "organizations__"), election__demonstration=False
    )
    pairs = missions.order_by().values_list("election__slug", "organization__slug")
    return sorted(
        pairs.union(
            members.order_by().values_list("mission__election__slug", "organization__slug"),
            engagements.order_by().values_list("election__slug", "organizations__slug"),
        )
    )


def public_engagements(election: Election) -> PublicationQuerySet:
    """The published protocol log of `election` in the order of its dates."""
    return (
        Engagement.objects.published()
        .filter(election=election)
        .select_related("source")
        .prefetch_related(Prefetch("organizations", queryset=Organization.objects.published()))
    )


@dataclass(frozen=True)
class ValidBadge:
    """What the public may know of a badge that is good. `sender` and `name` are empty unless they are published."""

    number: str
    category: str
    category_label: str
    sender: str
    name: str
    valid_from: date
    valid_until: date


def valid_badge(election: Election, number: str, day: date) -> ValidBadge | None:
    """The badge with this number (as stored) if it is good on `day`; None for every other reason alike."""
    # Dashes are for the eye: a number typed without them is that number, unless it could be two.
    bare = Replace("number", Value("-"), Value(""))
    rows = Accreditation.objects.published().filter(election=election).exclude(number="").annotate(bare=bare)
    # In an order of its own: when somebody applied is not the public's to know, not even for sorting.
    found = list(rows.filter(bare=number.replace("-", "")).order_by("pk"))
    row = next((one for one in found if one.number == number or len(found) == 1), None)
    if row is None or row.valid_from is None or row.valid_until is None or not row.is_valid_on(day):
        return None
    sender = name = ""
    if observer := Observer.objects.published().filter(accreditations=row).order_by("pk").first():
        sender = str(Organization.objects.published().get(missions__observers=observer))
        person = Person.objects.published().filter(observer=observer).first()
        name = person.full_name if person else ""
    elif outlet := Outlet.objects.published().filter(accreditations=row).first():
        sender = str(outlet)
    return ValidBadge(
        row.number,
        row.category,
        str(row.get_category_display()),
        sender,
        name,
        row.valid_from,
        row.valid_until,
    )


class EntryKind:
    """The three sorts of entries a timeline holds."""

    MILESTONE = "milestone"
    ENGAGEMENT = "engagement"
    STATEMENT = "statement"
    labels = {MILESTONE: _("Calendar"), ENGAGEMENT: _("Engagements"), STATEMENT: _("Statements")}


@dataclass(frozen=True)
class Entry:
    """One line of the timeline. `at` is UTC, `timezone` the zone to show it in; dates are local to the place."""

    kind: str
    label: str
    title: str
    day: date | None
    last_day: date | None = None
    at: datetime | None = None
    timezone: str = ""
    details: list[tuple[str, str]] = field(default_factory=list)
    organizations: list[Organization] = field(default_factory=list)
    url: str = ""
    notes: str = ""
    source: Source | None = None
    anchor: str = ""
    # What the entry is about; only what is known of it higher up is asked of it.
    record: Model | None = None

    @property
    def is_unsourced(self) -> bool:
        """Whether nothing shows how it is known: a statement that can be opened needs no other source."""
        return self.source is None and not self.url

    def matches(self, text: str) -> bool:
        """Whether `text` occurs in what the entry says, whatever the case."""
        words = [self.title, self.notes, self.label, *(value for label, value in self.details)]
        words += [f"{organization.name} {organization.acronym}" for organization in self.organizations]
        return text.casefold() in " ".join(words).casefold()


def timeline(
    election: Election,
    *,
    kinds: Iterable[str] = (),
    organization: Organization | None = None,
    text: str = "",
    first_day: date | None = None,
    last_day: date | None = None,
    more: Iterable[Entry] = (),
) -> list[Entry]:
    """Milestones, engagements and statements of `election` in one list, oldest first, undated ones last.

    Without `kinds` all three. `first_day` and `last_day` are inclusive and leave out undated entries. `more` are
    entries of layers above, narrowed by text and days and put in order with the others.
    """
    wanted = set(kinds) or set(EntryKind.labels)
    entries: list[Entry] = list(more)
    if EntryKind.MILESTONE in wanted and organization is None:
        milestones = Milestone.objects.published().filter(election=election).select_related("source")
        entries += map(_milestone_entry, milestones)
    if EntryKind.ENGAGEMENT in wanted:
        engagements = public_engagements(election)
        if organization:
            engagements = engagements.filter(organizations=organization)
        entries += map(_engagement_entry, engagements)
    if EntryKind.STATEMENT in wanted:
        statements = (
            Statement.objects.published()
            .filter(mission__election=election)
            .select_related("source", "mission__organization")
        )
        if organization:
            took_part = Q(mission__organization=organization) | Q(mission__members=organization)
            statements = statements.filter(took_part).distinct()
        entries += map(_statement_entry, statements)
    if text:
        entries = [entry for entry in entries if entry.matches(text)]
    if first_day:
        entries = [entry for entry in entries if entry.day and (entry.last_day or entry.day) >= first_day]
    if last_day:
        entries = [entry for entry in entries if entry.day and entry.day <= last_day]
    return sorted(entries, key=_entry_order)


def _entry_order(entry: Entry) -> tuple[bool, date, bool, float, str]:
    return (
        entry.day is None,
        entry.day or date.max,
        entry.at is not None,
        entry.at.timestamp() if entry.at else 0.0,
        entry.anchor,
    )


def _milestone_entry(milestone: Milestone) -> Entry:
    return Entry(
        kind=EntryKind.MILESTONE,
        label=str(milestone.get_kind_display()),
        title=milestone.title,
        day=milestone.starts_on,
        last_day=milestone.ends_on,
        at=milestone.at,
        timezone=milestone.timezone_id or "",
        details=_filled(
            (_("Responsible"), milestone.responsible_body), (_("Basis"), str(milestone.get_basis_display()))
        ),
        notes=milestone.notes,
        source=milestone.source,
        anchor=f"milestone-{milestone.pk}",
        record=milestone,
    )


def _engagement_entry(engagement: Engagement) -> Entry:
    host = ", ".join(part for part in (engagement.host, engagement.host_role) if part)
    visitor = ", ".join(part for part in (engagement.visitor, engagement.visitor_role) if part)
    people = " – ".join(part for part in (engagement.host, engagement.visitor) if part)
    return Entry(
        kind=EntryKind.ENGAGEMENT,
        label=str(engagement.get_kind_display()),
        title=people or str(engagement.get_kind_display()),
        day=engagement.date,
        details=_filled(
            (_("Host"), host),
            (_("Visitor"), visitor),
            (_("Place"), engagement.place),
            (_("Topics"), engagement.topics),
            (_("Outcome or figures"), engagement.outcome),
        ),
        organizations=list(engagement.organizations.all()),
        notes=engagement.notes,
        source=engagement.source,
        anchor=f"engagement-{engagement.pk}",
        record=engagement,
    )


def _statement_entry(statement: Statement) -> Entry:
    return Entry(
        kind=EntryKind.STATEMENT,
        label=str(statement.get_kind_display()),
        title=statement.title or f"{statement.mission.organization}",
        day=statement.issued_on,
        organizations=[statement.mission.organization],
        details=_filled((_("Language"), statement.language)),
        url=statement.url,
        notes=statement.notes,
        source=statement.source,
        anchor=f"statement-{statement.pk}",
        record=statement,
    )


def _filled(*pairs: tuple[object, str]) -> list[tuple[str, str]]:
    return [(str(label), value) for label, value in pairs if value]
