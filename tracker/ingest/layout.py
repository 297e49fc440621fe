"""The files of a folder and their columns: the one declaration of what a dataset looks like."""

from tracker.core.models import Source
from tracker.elections.models import AnnouncedFigure, Constituency, Election, Milestone
from tracker.fieldwork.models import Assessment, Deployment, Team, Visit
from tracker.ingest.columns import (
    choice,
    clock,
    count,
    country,
    day,
    days,
    degrees,
    email,
    moment,
    offset,
    partial_day,
    slug,
    text,
    url,
    yes_or_no,
    zone,
)
from tracker.ingest.reading import Column, FileLayout
from tracker.missions.models import (
    Engagement,
    Membership,
    Mission,
    Observer,
    Organization,
    Person,
    Statement,
)
from tracker.stations.models import PollingStation

SOURCE = (
    Column("source_url", url(Source, "url"), required=True),
    Column("source_date", partial_day),
)

ELECTIONS = FileLayout(
    "elections.csv",
    (
        Column("slug", slug(Election, "slug"), required=True),
        Column("name", text(Election, "name"), required=True),
        Column("name_az", text(Election, "name_az")),
        Column("name_ru", text(Election, "name_ru")),
        Column("country_iso2", country, required=True),
        Column("kind", choice(Election, "kind"), required=True),
        Column("call", choice(Election, "call"), required=True),
        Column("round", count, required=True),
        Column("starts_on", day, required=True),
        Column("ends_on", day, required=True),
        Column("iana_timezone", zone, required=True),
        Column("authority", text(Election, "authority")),
        *SOURCE,
        Column("notes", text(Election, "notes")),
        Column("demonstration", yes_or_no, optional=True),
    ),
    required=True,
)

ORGANIZATIONS = FileLayout(
    "observer_organizations.csv",
    (
        Column("name", text(Organization, "name"), required=True),
        Column("acronym", text(Organization, "acronym")),
        Column("kind", choice(Organization, "kind"), required=True),
        Column("website", url(Organization, "website")),
        Column("website_basis", choice(Organization, "website_basis")),
        Column("country_iso2", country),
        *SOURCE,
        Column("notes", text(Organization, "notes")),
    ),
)

STATIONS = FileLayout(
    "polling_stations_abroad.csv",
    (
        Column("number", text(PollingStation, "number")),
        Column("country_iso2", country, required=True),
        Column("city", text(PollingStation, "city"), required=True),
        Column("host_mission", text(PollingStation, "host_mission")),
        Column("address", text(PollingStation, "address")),
        Column("opens_local", clock),
        Column("closes_local", clock),
        Column("iana_timezone", zone, required=True),
        Column("latitude", degrees(90)),
        Column("longitude", degrees(180)),
        Column("coordinate_precision", choice(PollingStation, "coordinate_precision")),
        Column("registered_voters", count),
        *SOURCE,
        Column("constituency_number", text(Constituency, "number")),
        Column("constituency_name", text(Constituency, "name")),
        Column("number_source_url", url(Source, "url")),
        Column("number_source_date", partial_day),
        Column("address_source_url", url(Source, "url")),
        Column("voters_source_url", url(Source, "url")),
        Column("city_basis", choice(PollingStation, "city_basis")),
        Column("city_source_url", url(Source, "url")),
        Column("host_mission_basis", choice(PollingStation, "host_mission_basis")),
        Column("notes", text(PollingStation, "notes")),
        Column("setting", choice(PollingStation, "setting"), optional=True),
        Column("status", choice(PollingStation, "status"), optional=True),
        Column("votes_on", days, optional=True),
    ),
)

MISSIONS = FileLayout(
    "missions.csv",
    (
        Column("organization", text(Organization, "name"), required=True),
        Column("acronym", text(Organization, "acronym")),
        Column("mission_type", choice(Mission, "type"), required=True),
        Column("status", choice(Mission, "status"), required=True),
        Column("head_of_mission", text(Mission, "head_of_mission")),
        Column("head_role", text(Mission, "head_role")),
        Column("invited_by", text(Mission, "invited_by")),
        Column("invited_date", day),
        Column("announced_date", day),
        Column("accredited_date", day),
        Column("observers_total", count),
        Column("observers_core", count),
        Column("observers_lto", count),
        Column("observers_sto", count),
        Column("arrival_date", day),
        Column("departure_date", day),
        Column("stations_visited", count),
        Column("areas_observed", text(Mission, "areas_observed")),
        Column("statement_date", day),
        Column("statement_url", url(Statement, "url")),
        *SOURCE,
        Column("notes", text(Mission, "notes")),
    ),
)

MEMBERSHIPS = FileLayout(
    "memberships.csv",
    (
        Column("mission", text(Organization, "name"), required=True),
        Column("mission_type", choice(Mission, "type"), required=True),
        Column("organization", text(Organization, "name"), required=True),
        Column("role", choice(Membership, "role"), required=True),
        *SOURCE,
        Column("notes", text(Membership, "notes")),
    ),
)

ENGAGEMENTS = FileLayout(
    "engagements.csv",
    (
        Column("date", day),
        Column("date_precision", choice(Engagement, "date_precision"), required=True),
        Column("kind", choice(Engagement, "kind"), required=True),
        Column("place", text(Engagement, "place")),
        Column("host", text(Engagement, "host")),
        Column("host_role", text(Engagement, "host_role")),
        Column("visitor", text(Engagement, "visitor")),
        Column("visitor_role", text(Engagement, "visitor_role")),
        Column("organization", text(Engagement, "notes")),
        Column("topics", text(Engagement, "topics")),
        Column("outcome_or_figures", text(Engagement, "outcome")),
        *SOURCE,
        Column("notes", text(Engagement, "notes")),
    ),
)

MILESTONES = FileLayout(
    "milestones.csv",
    (
        Column("date", day),
        Column("end_date", day),
        Column("time_local", clock),
        Column("utc_offset", offset),
        Column("title", text(Milestone, "title"), required=True),
        Column("kind", choice(Milestone, "kind"), required=True),
        Column("responsible_body", text(Milestone, "responsible_body")),
        Column("basis", choice(Milestone, "basis"), required=True),
        *SOURCE,
        Column("notes", text(Milestone, "notes")),
        Column("iana_timezone", zone, optional=True),
    ),
)

FIGURES = FileLayout(
    "announced_totals.csv",
    (
        Column("metric", choice(AnnouncedFigure, "metric"), required=True),
        Column("scope", text(AnnouncedFigure, "scope")),
        # A number or, where the unit is a place, its name: which of them is decided with the unit.
        Column("value", text(AnnouncedFigure, "place"), required=True),
        Column("unit", choice(AnnouncedFigure, "unit"), required=True),
        Column("qualifier", choice(AnnouncedFigure, "qualifier"), required=True),
        Column("announced_by", text(AnnouncedFigure, "announced_by"), required=True),
        Column("announced_date", day),
        Column("as_of", moment),
        *SOURCE,
        Column("conflict_group", slug(AnnouncedFigure, "conflict_group")),
        Column("notes", text(AnnouncedFigure, "notes")),
        Column("iana_timezone", zone, optional=True),
    ),
)

# Whose row it is, and where. A mission or a station is named by as many of these cells as tell it from others.
_IN_THE_FIELD = (
    Column("mission", text(Organization, "name")),
    Column("mission_type", choice(Mission, "type")),
    Column("team", text(Team, "name"), required=True),
    Column("constituency_number", text(Constituency, "number")),
    Column("number", text(PollingStation, "number")),
    Column("country_iso2", country),
    Column("city", text(PollingStation, "city")),
    Column("host_mission", text(PollingStation, "host_mission")),
    # Of the station's own calendar, as the hours are on its clock.
    Column("date", day, required=True),
)
# The mission's own number of a form or plan: by it a later file finds what it corrects, whatever the hours say.
_REFERENCE = Column("reference", text(PollingStation, "host_mission"), optional=True)

DEPLOYMENTS = FileLayout(
    "deployments.csv",
    (
        *_IN_THE_FIELD,
        Column("from_local", clock, required=True),
        Column("until_local", clock, required=True),
        Column("status", choice(Deployment, "status"), optional=True),
        Column("notes", text(Deployment, "notes"), optional=True),
        _REFERENCE,
    ),
)

VISITS = FileLayout(
    "visits.csv",
    (
        *_IN_THE_FIELD,
        Column("phase", choice(Visit, "phase"), required=True),
        Column("arrived_local", clock, required=True),
        Column("departed_local", clock),
        # The step or the word of the mission's own scale.
        Column("assessment", text(Assessment, "label")),
        Column("findings", text(Visit, "findings")),
        Column("status", choice(Visit, "status"), optional=True),
        _REFERENCE,
    ),
)

# People: a mission's own, with what reaches them. Decision 25 says what becomes of such files.
OBSERVERS = FileLayout(
    "observers.csv",
    (
        Column("mission", text(Organization, "name")),
        Column("mission_type", choice(Mission, "type")),
        # The mission's own word for the person, by which a later file finds whom it speaks of.
        Column("code", text(Observer, "code"), required=True),
        Column("role", choice(Observer, "role")),
        Column("full_name", text(Person, "full_name"), required=True),
        Column("nationality", country),
        Column("document_number", text(Person, "document_number")),
        Column("email", email(Person, "email")),
        Column("phone", text(Person, "phone")),
        Column("team", text(Team, "name"), optional=True),
    ),
)

# The files of a folder, in the order in which they are checked and named.
LAYOUTS = (ELECTIONS, ORGANIZATIONS, STATIONS, MISSIONS, MEMBERSHIPS, ENGAGEMENTS, MILESTONES, FIGURES)
