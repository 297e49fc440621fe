"""The figures of an election as the public sees them, with the words that define each.

`compute` counts them now (`counting.py`), `read` takes them from what an edition stored: the same JSON, the same
figures.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracker.core.models import Country
from tracker.coverage.counting import COVERAGE, Json, count, counting_stations
from tracker.elections.models import AnnouncedFigure, Election
from tracker.missions.models import Mission

Metric = AnnouncedFigure.Metric

DEFINITIONS: dict[str, Promise] = {
    Metric.STATIONS_ABROAD: _("Stations abroad on record that are not cancelled"),
    Metric.COUNTRIES_ABROAD: _("Countries with at least one such station"),
    Metric.VOTERS_ABROAD: _("Sum of registered voters of the stations abroad, where known"),
    Metric.FIRST_STATION_TO_OPEN: _("The earliest opening abroad, by the clock"),
    Metric.LAST_STATION_TO_CLOSE: _("The latest closing abroad, by the clock"),
    Metric.OBSERVER_ORGANIZATIONS: _(
        "Organizations of missions that observed, domestic ones apart; of a joint mission its members. "
        "The register names only those found in a source."
    ),
}


@dataclass(frozen=True)
class Recorded:
    """A metric counted from the register, with the definition that is shown beside it.

    `known` of `of` rows say something about it; a figure that not all rows know is partial and is not compared.
    """

    definition: str | Promise
    value: int | None = None
    place: str = ""
    known: int | None = None
    of: int | None = None
    # The register holds some of what is counted and cannot say how many are missing.
    incomplete: bool = False

    @property
    def partial(self) -> bool:
        return self.known is not None and self.of is not None and self.known < self.of


@dataclass(frozen=True)
class Coverage:
    """How far a set of stations is covered. Every number but `visits` counts distinct stations."""

    stations: int = 0
    planned: int = 0
    visited: int = 0
    planned_visited: int = 0
    overlap: int = 0
    visits: int = 0

    @property
    def gaps(self) -> int:
        """Stations nobody visited."""
        return self.stations - self.visited

    @property
    def planned_not_visited(self) -> int:
        return self.planned - self.planned_visited

    @property
    def no_plan(self) -> int:
        """Gaps that nobody plans to visit either."""
        return self.gaps - self.planned_not_visited

    @property
    def visited_unplanned(self) -> int:
        return self.visited - self.planned_visited

    @property
    def share(self) -> float | None:
        """Visited stations among stations, 0-1; None where there is no station."""
        return self.visited / self.stations if self.stations else None

    @property
    def neediness(self) -> tuple[float, int]:
        """The key that puts gaps first: the smallest share, then the most stations without a visit."""
        return (self.share if self.share is not None else 2.0, -self.gaps)


@dataclass(frozen=True)
class CountryRow:
    """Stations abroad in one country. `voters` is None where no station knows."""

    country: Country
    coverage: Coverage
    voters: int | None
    voters_known: int

    @property
    def stations(self) -> int:
        return self.coverage.stations


@dataclass(frozen=True)
class ConstituencyRow:
    id: int
    number: str
    name: str
    coverage: Coverage


@dataclass(frozen=True)
class HostRow:
    """Stations in one embassy or consulate."""

    country: Country
    host_mission: str
    coverage: Coverage


@dataclass(frozen=True)
class MissionRow:
    """One mission's own stations. Missions overlap: their numbers are never added up."""

    id: int
    slug: str
    name: str
    kind: str
    type: str
    status: str
    planned: int
    visited: int
    planned_visited: int
    visits: int
    # What the mission said it visited; None where it said nothing.
    announced: int | None


@dataclass(frozen=True)
class ObserverRow:
    mission: MissionRow | None
    role: str
    observers: int
    accredited: int


@dataclass(frozen=True)
class AssessmentScale:
    """The assessments of one mission on its own scale: steps as {"ordinal", "label", "polarity", "visits"}."""

    mission: MissionRow | None
    steps: list[Json]

    @property
    def visits(self) -> int:
        return sum(step["visits"] for step in self.steps)


@dataclass(frozen=True)
class BadgeDay:
    """A day, in the election's zone, on which badges were given or taken away, and the badges held at its end."""

    day: date
    given: int
    taken: int
    badges: int


@dataclass(frozen=True)
class Accreditations:
    """Applications and badges by group (counting.BADGE_GROUPS)."""

    # group -> status -> number
    by_status: dict[str, dict[str, int]]
    # group -> days on which something moved, oldest first
    series: dict[str, list[BadgeDay]]

    def badges(self, group: str) -> int:
        """Badges held now."""
        return self.by_status.get(group, {}).get("accredited", 0)


@dataclass(frozen=True)
class Figures:
    """Everything the public pages count of one election. Only published rows; cancelled stations do not count."""

    total: Coverage
    settings: dict[str, Coverage]
    by_country: list[CountryRow]
    by_constituency: list[ConstituencyRow]
    by_host: list[HostRow]
    by_mission: list[MissionRow]
    # number of missions that visited a station -> stations
    by_visitors: dict[int, int]
    phases: dict[str, dict[str, int]]
    # visits by the local hour of arrival, 24 numbers
    hours: list[int]
    observers: list[ObserverRow]
    assessments: list[AssessmentScale]
    unassessed: int
    incidents: Json
    accreditations: Accreditations
    missions: int
    missions_by_status: dict[str, int]
    missions_by_type: dict[str, dict[str, int]]
    # metric -> scope -> figure; the scope "" is the whole election, another one a country's ISO code.
    recorded: dict[str, dict[str, Recorded]] = field(default_factory=dict)

    @property
    def stations(self) -> int:
        return self.total.stations

    @property
    def field_work(self) -> bool:
        """Whether the register holds any plan or visit; without one it cannot say what nobody covers."""
        return bool(self.total.planned or self.total.visits)

    @property
    def abroad(self) -> Coverage:
        return self.settings.get("abroad", Coverage())

    @property
    def stations_abroad(self) -> int:
        return self.abroad.stations

    @property
    def countries_abroad(self) -> int:
        return len(self.by_country)


def compute(election: Election) -> Figures:
    """Count the figures of `election` from its published rows, now. A fixed number of queries."""
    content, _detail = count(election)
    return read(content)


def read(content: Json) -> Figures:
    """The figures in what `counting.count` returned or an edition stored. One query, for the countries' names."""
    codes = {row["code"] for row in content["countries"]} | {row["country"] for row in content["hosts"]}
    countries = Country.objects.in_bulk(sorted(codes))
    missions = [MissionRow(**row) for row in content["missions"]]
    by_id = {mission.id: mission for mission in missions}
    return Figures(
        total=_coverage(content["total"]),
        settings={setting: _coverage(row) for setting, row in content["settings"].items()},
        by_country=[
            CountryRow(countries[row["code"]], _coverage(row), row["voters"], row["voters_known"])
            for row in content["countries"]
            if row["code"] in countries
        ],
        by_constituency=[
            ConstituencyRow(row["id"], row["number"], row["name"], _coverage(row))
            for row in content["constituencies"]
        ],
        by_host=[
            HostRow(countries[row["country"]], row["host_mission"], _coverage(row))
            for row in content["hosts"]
            if row["country"] in countries
        ],
        by_mission=missions,
        by_visitors={int(number): stations for number, stations in content["by_visitors"].items()},
        phases=content["phases"],
        hours=content["hours"],
        observers=[
            ObserverRow(by_id.get(row["mission"]), row["role"], row["observers"], row["accredited"])
            for row in content["observers"]
        ],
        assessments=_scales(content["assessments"], by_id),
        unassessed=content["unassessed"],
        incidents=content["incidents"],
        accreditations=_accreditations(content["accreditations"]),
        missions=content["mission_counts"]["total"],
        missions_by_status=content["mission_counts"]["by_status"],
        missions_by_type=content["mission_counts"]["by_type"],
        recorded={
            metric: {scope: Recorded(DEFINITIONS[metric], **row) for scope, row in scopes.items()}
            for metric, scopes in content["recorded"].items()
        },
    )


def _coverage(row: Json) -> Coverage:
    return Coverage(**{name: row[name] for name in COVERAGE})


def _accreditations(content: Json) -> Accreditations:
    # Editions published before badges were counted hold an empty content.
    return Accreditations(
        by_status=content.get("by_status", {}),
        series={
            group: [
                BadgeDay(date.fromisoformat(row["day"]), row["given"], row["taken"], row["badges"])
                for row in rows
            ]
            for group, rows in content.get("series", {}).items()
        },
    )


def _scales(rows: list[Json], missions: dict[int, MissionRow]) -> list[AssessmentScale]:
    scales: dict[int, list[Json]] = {}
    for row in rows:
        scales.setdefault(row["mission"], []).append(row)
    return [AssessmentScale(missions.get(mission), steps) for mission, steps in scales.items()]


@dataclass(frozen=True)
class KeyFigures:
    """The few figures that stand beside an election in a list; the same definitions as in Figures."""

    stations_abroad: int = 0
    countries_abroad: int = 0
    missions: int = 0


def key_figures(elections: Iterable[Election]) -> dict[int, KeyFigures]:
    """The key figures of several elections by their ids, in two queries whatever their number."""
    ids = [election.pk for election in elections]
    stations = (
        counting_stations()
        .abroad()
        .filter(election__in=ids)
        .order_by()
        .values("election")
        .annotate(stations=Count("id"), countries=Count("country", distinct=True))
    )
    missions = Mission.objects.published().filter(election__in=ids).order_by()
    counts: dict[Any, int] = dict(missions.values_list("election").annotate(Count("id")))
    rows = {row["election"]: row for row in stations}
    return {
        pk: KeyFigures(
            stations_abroad=rows[pk]["stations"] if pk in rows else 0,
            countries_abroad=rows[pk]["countries"] if pk in rows else 0,
            missions=counts.get(pk, 0),
        )
        for pk in ids
    }


# --- one station


@dataclass(frozen=True)
class State:
    """A state of coverage: from how many to how many missions visited a station, and whether any plans or planned to.

    Said as bounds, so that Python asks them of one station and the database of all (editions.Shown.narrow).
    """

    least: int = 0
    most: int = 2**31 - 1
    planned: tuple[bool, ...] = (True, False)

    def holds(self, visitors: int, planned: bool) -> bool:
        return self.least <= visitors <= self.most and planned in self.planned


# "planned_not_visited" and "no_plan" split the gaps.
STATES = {
    "planned": State(planned=(True,)),
    "visited": State(least=1),
    "overlap": State(least=2),
    "gap": State(most=0),
    "planned_not_visited": State(most=0, planned=(True,)),
    "no_plan": State(most=0, planned=(False,)),
}


def station_holds(row: dict[int, str], state: str) -> bool:
    """Whether a counting station is in one of STATES, by its row of the matrix (mission id -> "p", "v", "pv")."""
    return STATES[state].holds(
        sum("v" in letters for letters in row.values()), any("p" in letters for letters in row.values())
    )
