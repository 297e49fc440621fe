"""The kinds of records a dataset holds: their models, and by what a record entered by hand is recognized."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import models

from tracker.core.models import Source
from tracker.elections.models import AnnouncedFigure, Constituency, Election, Milestone
from tracker.fieldwork.models import Deployment, Team, Visit
from tracker.ingest.people import PERSONAL, read_personal
from tracker.missions.models import Engagement, Membership, Mission, Observer, Organization, Statement
from tracker.stations.models import PollingStation, VotingWindow

# Asks a record, from a file or from the register, for one field by its attname.
Getter = Callable[[str], Any]
Identity = Callable[[Getter], tuple[Any, ...] | None]


@dataclass(frozen=True)
class Part:
    """A field that lies in rows of its own. Values are compared, so they have one order.

    `resolve`: the remembered JSON as such a value. `read`: the values of many records, by id. `write`: sets
    them.
    """

    resolve: Callable[[Any, Mapping[str, Mapping[str, int]]], Any]
    read: Callable[[Iterable[int]], dict[int, Any]]
    write: Callable[[Mapping[int, Any]], None]


@dataclass(frozen=True)
class Kind:
    """One kind of record.

    `identities` recognize, the surest first, the record of the register that a row speaks of.
    `told_apart_by` are fields that tell rows with the same key apart.
    `vacated` are unique fields that rows may pass on to each other.
    `near` are keys that a record has in common with the row that speaks of it; `within` is one that it never changes.
    `ended` is the value of a field by which a record is over; `beyond` are values that go further than the file's word,
    and contradict it no more: {field: {what the file says: what the register holds}}.
    `shown_with` are keys that are needed to name a record. `personal` are fields with people's data.
    """

    name: str
    label: str
    model: type[models.Model]
    identities: tuple[Identity, ...]
    told_apart_by: tuple[str, ...] = ()
    vacated: tuple[str, ...] = ()
    parts: Mapping[str, Part] | None = None
    near: tuple[str, ...] = ()
    within: str = ""
    ended: tuple[str, str] | None = None
    beyond: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    shown_with: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()

    def scope(self, election: int | None) -> dict[str, Any]:
        """The lookup that keeps a search for records of this kind within one election."""
        names = {known.name for known in self.model._meta.fields}
        if "election" in names:
            return {"election": election}
        return {"mission__election": election} if "mission" in names else {}


def by(*fields: str) -> Identity:
    """Recognized by equal values of these fields, not all of them empty."""

    def identity(get: Getter) -> tuple[Any, ...] | None:
        values = tuple(get(field) for field in fields)
        return values if any(value not in (None, "") for value in values) else None

    return identity


def _acronym_in_country(get: Getter) -> tuple[Any, ...] | None:
    return (get("acronym"), get("country_id")) if get("acronym") else None


def _numbered_in_constituency(get: Getter) -> tuple[Any, ...] | None:
    found = get("constituency_id"), get("number")
    return found if all(found) else None


def _numbered_at_host(get: Getter) -> tuple[Any, ...] | None:
    found = get("country_id"), get("city"), get("host_mission"), get("number")
    return found if get("number") else None


def _unnumbered_at_host(get: Getter) -> tuple[Any, ...] | None:
    return None if get("number") else (get("country_id"), get("city"), get("host_mission"))


# --- parts --------------------------------------------------------------------------------------------------


def _resolve_windows(value: Any, ids: Mapping[str, Mapping[str, int]]) -> Any:
    windows = [tuple(datetime.fromisoformat(instant) for instant in window) for window in value or ()]
    return tuple(sorted(windows))


def _read_windows(stations: Iterable[int]) -> dict[int, Any]:
    found: dict[int, Any] = dict.fromkeys(stations, ())
    rows = VotingWindow.objects.filter(station__in=found).order_by("opens_at")
    for station, *window in rows.values_list("station", "opens_at", "closes_at"):
        found[station] += (tuple(window),)
    return found


def _write_windows(values: Mapping[int, Any]) -> None:
    VotingWindow.objects.filter(station__in=values).delete()
    VotingWindow.objects.bulk_create(
        VotingWindow(station_id=station, opens_at=opens, closes_at=closes)
        for station, windows in values.items()
        for opens, closes in windows
    )


def _resolve_organizations(value: Any, ids: Mapping[str, Mapping[str, int]]) -> Any:
    return frozenset(ids["organization"][name] for name in value or () if name in ids["organization"])


def _read_organizations(engagements: Iterable[int]) -> dict[int, Any]:
    found: dict[int, Any] = {engagement: frozenset() for engagement in engagements}
    through = Engagement.organizations.through.objects
    for link in through.filter(engagement__in=found):
        found[link.engagement_id] |= {link.organization_id}
    return found


def _write_organizations(values: Mapping[int, Any]) -> None:
    through = Engagement.organizations.through
    through.objects.filter(engagement__in=values).delete()
    through.objects.bulk_create(
        through(engagement_id=engagement, organization_id=organization)
        for engagement, organizations in values.items()
        for organization in sorted(organizations)
    )


def _as_it_is(value: Any, ids: Mapping[str, Mapping[str, int]]) -> Any:
    return value


def _by_its_action(values: Mapping[int, Any]) -> None:
    """Parts of a kind that is written record by record are written with the record."""
    raise NotImplementedError


def _resolve_teams(value: Any, ids: Mapping[str, Mapping[str, int]]) -> Any:
    return frozenset(value or ())


def _read_teams(observers: Iterable[int]) -> dict[int, Any]:
    found: dict[int, Any] = {observer: frozenset() for observer in observers}
    for link in Team.members.through.objects.filter(observer__in=found):
        found[link.observer_id] |= {link.team_id}
    return found


# Those of a folder, in the order in which they are written: what others refer to comes first.
KINDS = (
    Kind("source", "sources", Source, (by("url"),)),
    Kind("election", "elections", Election, (by("slug"),)),
    Kind(
        "organization",
        "organizations",
        Organization,
        (by("name"), _acronym_in_country),
        vacated=("acronym",),
    ),
    Kind("constituency", "constituencies", Constituency, (by("number"),)),
    Kind(
        "station",
        "polling stations",
        PollingStation,
        (_numbered_in_constituency, _numbered_at_host, _unnumbered_at_host),
        told_apart_by=("constituency", "number"),
        vacated=("number",),
        parts={"windows": Part(_resolve_windows, _read_windows, _write_windows)},
        ended=("status", PollingStation.Status.CANCELLED),
    ),
    Kind("mission", "missions", Mission, (by("organization_id", "type"),)),
    Kind("membership", "memberships", Membership, (by("mission_id", "organization_id"),)),
    Kind("statement", "statements", Statement, (by("mission_id", "url"), by("mission_id", "issued_on"))),
    Kind(
        "engagement",
        "engagements",
        Engagement,
        (by("date", "kind", "host", "visitor", "source_id"), by("date", "kind", "host", "visitor")),
        told_apart_by=("source",),
        parts={"organizations": Part(_resolve_organizations, _read_organizations, _write_organizations)},
    ),
    Kind("milestone", "milestones", Milestone, (by("title"),)),
    Kind(
        "figure",
        "announced figures",
        AnnouncedFigure,
        (
            by("metric", "scope", "announced_by", "announced_on", "as_of_date", "as_of_at", "source_id"),
            by("metric", "scope", "announced_by", "announced_on", "as_of_date", "as_of_at"),
        ),
        told_apart_by=("source",),
    ),
)
BY_MODEL = {kind.model: kind for kind in KINDS}

# Field work comes by uploads alone: it is a mission's, and no dataset of an election holds it.
_IN_THE_FIELD: dict[str, Any] = {
    "near": ("team", "station"),
    "within": "mission",
    "shown_with": ("team__mission__organization", "station"),
}
_Plan, _Form = Deployment.Status, Visit.Status
FIELD_KINDS = (
    Kind(
        "deployment",
        "deployments",
        Deployment,
        (by("team_id", "station_id", "starts_at"),),
        ended=("status", _Plan.CALLED_OFF),
        beyond={
            "status": {
                _Plan.PLANNED: (_Plan.CONFIRMED, _Plan.CALLED_OFF),
                _Plan.CONFIRMED: (_Plan.CALLED_OFF,),
            }
        },
        **_IN_THE_FIELD,
    ),
    Kind(
        "visit",
        "visits",
        Visit,
        (by("team_id", "station_id", "phase", "arrived_at"),),
        beyond={
            "status": {
                _Form.DRAFT: (_Form.SUBMITTED, _Form.VERIFIED),
                _Form.SUBMITTED: (_Form.VERIFIED,),
            }
        },
        **_IN_THE_FIELD,
    ),
    Kind(
        "observer",
        "observers",
        Observer,
        (by("mission_id", "code"),),
        parts={name: Part(_as_it_is, partial(read_personal, name), _by_its_action) for name in PERSONAL}
        | {"teams": Part(_resolve_teams, _read_teams, _by_its_action)},
        near=("mission",),
        within="mission",
        shown_with=("mission__organization",),
        personal=PERSONAL,
    ),
)
UPLOAD_KINDS = (*KINDS, *FIELD_KINDS)
