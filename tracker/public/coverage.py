"""Panels of the coverage page: rows and bars for templates to draw, so that no template does arithmetic."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from tracker.core.countries import SortKey
from tracker.coverage.editions import Shown, TrendPoint
from tracker.coverage.figures import Coverage, Figures, MissionRow, station_holds
from tracker.elections.models import Election
from tracker.fieldwork.models import Assessment, Incident, Visit
from tracker.missions.models import Observer, Organization
from tracker.public.charts import COVERAGE_LABELS, StationMap, coverage_marking, station_map
from tracker.stations.models import PollingStation
from tracker.stations.queries import name_key, order_by_country, public_stations

MATRIX_ROWS = 50
GLANCE = 5


# --- gaps first ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CoverageRow:
    """One row of a table of coverage; the widths are those of its bar, 0-100, one after the other."""

    name: str
    href: str
    coverage: Coverage

    @property
    def visited_width(self) -> float:
        return _width(self.coverage.visited, self.coverage.stations)

    @property
    def planned_width(self) -> float:
        return _width(self.coverage.planned_not_visited, self.coverage.stations)


def _width(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def country_gaps(election: Election, figures: Figures) -> list[CoverageRow]:
    """Countries with stations abroad: those with nothing first, then the least covered."""
    ordered = sorted(figures.by_country, key=lambda row: (*row.coverage.neediness, name_key(row.country)))
    stations = reverse("public:stations", args=[election.slug])
    return [
        CoverageRow(row.country.name, f"{stations}?{urlencode({'country': row.country.iso2})}", row.coverage)
        for row in ordered
    ]


@dataclass(frozen=True)
class ConstituencyGaps:
    """Constituencies with stations, gaps first, and apart from them those without any on record."""

    rows: list[CoverageRow]
    without: list[str]
    # Stations that belong to no constituency on record.
    unassigned: int


def constituency_gaps(figures: Figures) -> ConstituencyGaps:
    """A constituency without a station on record is no gap in the coverage: nothing can be said about it, and that is
    said."""
    ordered = sorted(
        (row for row in figures.by_constituency if row.coverage.stations),
        key=lambda row: (*row.coverage.neediness, _by_number(row.number)),
    )
    without = sorted(
        (row for row in figures.by_constituency if not row.coverage.stations),
        key=lambda row: _by_number(row.number),
    )
    return ConstituencyGaps(
        rows=[CoverageRow(f"{row.number} {row.name}".strip(), "", row.coverage) for row in ordered],
        without=[f"{row.number} {row.name}".strip() for row in without],
        unassigned=figures.stations - sum(row.coverage.stations for row in ordered),
    )


def _by_number(number: str) -> tuple[int, str]:
    """9 before 10."""
    return len(number), number


def host_gaps(figures: Figures) -> list[CoverageRow]:
    """Embassies and consulates, gaps first."""
    ordered = sorted(
        figures.by_host, key=lambda row: (*row.coverage.neediness, name_key(row.country), row.host_mission)
    )
    return [CoverageRow(f"{row.host_mission}, {row.country.name}", "", row.coverage) for row in ordered]


def setting_split(figures: Figures) -> list[CoverageRow]:
    """Abroad, domestic and special stations apart; empty where all stations are of one kind."""
    if len(figures.settings) < 2:
        return []
    order = [PollingStation.Setting.ABROAD, PollingStation.Setting.DOMESTIC, PollingStation.Setting.SPECIAL]
    names = {"abroad": _("Abroad"), "domestic": _("Domestic"), "special": _("Special")}
    rows = [
        CoverageRow(names[code.value], "", figures.settings[code.value])
        for code in order
        if code.value in figures.settings
    ]
    return [*rows, CoverageRow(_("All stations"), "", figures.total)]


@dataclass(frozen=True)
class GapGlance:
    """The gaps in one sentence, for the dashboard: the first names, and how many countries have nothing."""

    countries: int
    names: list[str]
    more: int


def gap_glance(figures: Figures) -> GapGlance:
    """Countries with stations and not one visit, in alphabetical order."""
    nothing = [row.country for row in figures.by_country if not row.coverage.visited]
    names = [country.name for country in sorted(nothing, key=_name_key)]
    return GapGlance(len(names), names[:GLANCE], max(len(names) - GLANCE, 0))


def _name_key(country: object) -> SortKey:
    return name_key(country)  # type: ignore[arg-type]


# --- the map ---------------------------------------------------------------------------------------------------------


def covered_stations(election: Election, now: datetime) -> list[PollingStation]:
    """The stations that the map and its table show: abroad, in order of countries, with what voting is at `now`."""
    return list(order_by_country(public_stations(election).abroad().counting().with_voting_state(now)))


def coverage_map(election: Election, shown: Shown, stations: Iterable[PollingStation]) -> StationMap:
    """`stations` (covered_stations) by what observers did there. Voting is of now: an old edition does not say it."""
    marking = coverage_marking(
        lambda station: station_state(shown.matrix.get(station.pk, {})), with_voting=not shown.asked
    )
    return station_map(election, stations, marking)


def station_state(row: dict[int, str]) -> str:
    """The coverage state of a station (a code of COVERAGE_LABELS) from its row of the matrix (mission -> letters)."""
    return next(
        state
        for state in ("overlap", "visited", "planned_not_visited", "no_plan")
        if station_holds(row, state)
    )


def coverage_table(shown: Shown, stations: Iterable[PollingStation]) -> list[tuple[PollingStation, str, str]]:
    """`stations` (covered_stations) with their state, a code of COVERAGE_LABELS, and its words: gaps first."""
    rank = list(COVERAGE_LABELS)
    rows = [
        (station, state, str(COVERAGE_LABELS[state]))
        for station in stations
        for state in [station_state(shown.matrix.get(station.pk, {}))]
    ]
    return sorted(rows, key=lambda row: rank.index(row[1]))


# --- stations by missions --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MatrixRow:
    """A station and, for each mission of the matrix in order, "p", "v", "pv" or nothing."""

    station: PollingStation
    # A code of COVERAGE_LABELS, and its words.
    state: str
    label: str
    cells: list[str]


@dataclass(frozen=True)
class Matrix:
    missions: list[MissionRow]
    rows: list[MatrixRow]
    page: Page


def coverage_matrix(election: Election, shown: Shown, page: str | None) -> Matrix:
    """One page of the stations of `election`, gaps first, against the missions that planned or visited any.

    Stations and their names are those of the register now; what is said of them is of the edition shown.
    """
    missions = [row for row in shown.figures.by_mission if row.planned or row.visits]
    ids = order_by_country(public_stations(election).counting()).values_list("pk", flat=True)
    rank = {code: number for number, code in enumerate(COVERAGE_LABELS)}
    states = {pk: station_state(shown.matrix.get(pk, {})) for pk in ids}
    ordered = sorted(states, key=lambda pk: rank[states[pk]])
    found = Paginator(ordered, MATRIX_ROWS).get_page(page)
    stations = public_stations(election).in_bulk(list(found))
    rows = [
        MatrixRow(
            stations[pk],
            states[pk],
            str(COVERAGE_LABELS[states[pk]]),
            [shown.matrix.get(pk, {}).get(mission.id, "") for mission in missions],
        )
        for pk in found
        if pk in stations
    ]
    return Matrix(missions, rows, found)


# --- missions, overlap, phases, hours --------------------------------------------------------------------------------


@dataclass(frozen=True)
class MissionBar:
    """A mission's plan against what it did, drawn to one scale for all missions: widths 0-100."""

    mission: MissionRow
    kept_width: float
    missed_width: float
    unplanned_width: float

    @property
    def missed(self) -> int:
        """Stations planned and not visited by this mission."""
        return self.mission.planned - self.mission.planned_visited

    @property
    def unplanned(self) -> int:
        return self.mission.visited - self.mission.planned_visited


def mission_bars(figures: Figures) -> list[MissionBar]:
    """Every mission that is or was in the field, zero rows included."""
    most = max((row.planned + row.visited - row.planned_visited for row in figures.by_mission), default=0)
    return [
        MissionBar(
            row,
            _width(row.planned_visited, most),
            _width(row.planned - row.planned_visited, most),
            _width(row.visited - row.planned_visited, most),
        )
        for row in figures.by_mission
    ]


@dataclass(frozen=True)
class Bar:
    """One row of a bar chart; `width` is 0-100. `stations` are distinct ones, where the chart says them."""

    label: str
    visits: int
    stations: int | None
    width: float
    code: str = ""


def overlap_bars(figures: Figures) -> list[Bar]:
    """Stations by the number of missions that visited them, from none to the most."""
    most = max(figures.by_visitors, default=0)
    if not most:
        return []
    return [
        Bar(str(number), 0, count, _width(count, figures.stations))
        for number in range(most + 1)
        for count in [figures.by_visitors.get(number, 0)]
    ]


def phase_bars(phases: dict[str, dict[str, int]]) -> list[Bar]:
    """Visits and distinct stations by phase, phases nobody saw included."""
    most = max((row["visits"] for row in phases.values()), default=0)
    return [
        Bar(str(phase.label), row["visits"], row["stations"], _width(row["visits"], most), phase.value)
        for phase in Visit.Phase
        for row in [phases.get(phase.value, {"visits": 0, "stations": 0})]
    ]


def hour_bars(hours: list[int]) -> list[Bar]:
    """Visits by local hour of arrival, from the first hour with one to the last; empty without visits."""
    seen = [hour for hour, visits in enumerate(hours) if visits]
    if not seen:
        return []
    return [
        Bar(f"{hour:02}:00", hours[hour], None, _width(hours[hour], max(hours)))
        for hour in range(seen[0], seen[-1] + 1)
    ]


# --- observers, assessments, incidents -------------------------------------------------------------------------------


@dataclass(frozen=True)
class ObserverCounts:
    """Observers on record, each in one mission: these are people on a list and may be added up."""

    total: int
    accredited: int
    roles: list[str]
    # mission, its kind of organization, observers by role in the order of `roles`, all, accredited
    rows: list[tuple[str, str, list[int], int, int]]
    by_role: list[tuple[str, int, int]]
    by_kind: list[tuple[str, int, int]]


def observer_counts(figures: Figures) -> ObserverCounts:
    """Observers by organization, role and kind of organization."""
    roles = [role for role in Observer.Role if any(row.role == role for row in figures.observers)]
    missions: dict[str, tuple[str, dict[str, int], int]] = {}
    for row in figures.observers:
        name = row.mission.name if row.mission else _("Missions that were not in the field")
        kind = str(Organization.Kind(row.mission.kind).label) if row.mission else "–"
        _kind, counts, accredited = missions.get(name, (kind, {}, 0))
        counts[row.role] = counts.get(row.role, 0) + row.observers
        missions[name] = (kind, counts, accredited + row.accredited)
    return ObserverCounts(
        total=sum(row.observers for row in figures.observers),
        accredited=sum(row.accredited for row in figures.observers),
        roles=[str(role.label) for role in roles],
        rows=[
            (name, kind, [counts.get(role, 0) for role in roles], sum(counts.values()), accredited)
            for name, (kind, counts, accredited) in missions.items()
        ],
        by_role=_sums((str(Observer.Role(row.role).label), row) for row in figures.observers),
        by_kind=_sums(
            (str(Organization.Kind(row.mission.kind).label) if row.mission else "–", row)
            for row in figures.observers
        ),
    )


def _sums(rows: Iterable[tuple[str, object]]) -> list[tuple[str, int, int]]:
    """Observers and accredited ones by name, the most first."""
    found: dict[str, tuple[int, int]] = {}
    for name, row in rows:
        observers, accredited = found.get(name, (0, 0))
        found[name] = (observers + row.observers, accredited + row.accredited)  # type: ignore[attr-defined]
    return sorted(((name, *numbers) for name, numbers in found.items()), key=lambda row: (-row[1], row[0]))


@dataclass(frozen=True)
class ScaleBars:
    """The assessments of one mission on its own scale, with the number of visits that have one."""

    mission: str
    n: int
    # step, its polarity (code and words), visits, width of the bar
    steps: list[tuple[str, str, str, int, float]]


def assessment_bars(figures: Figures) -> list[ScaleBars]:
    """Each mission's scale with all its steps, those that nobody chose included."""
    return [
        ScaleBars(
            scale.mission.name if scale.mission else "–",
            scale.visits,
            [
                (
                    f"{step['ordinal']}. {step['label']}",
                    step["polarity"],
                    str(Assessment.Polarity(step["polarity"]).label),
                    step["visits"],
                    _width(step["visits"], scale.visits),
                )
                for step in scale.steps
            ],
        )
        for scale in figures.assessments
    ]


@dataclass(frozen=True)
class IncidentCounts:
    total: int
    by_category: list[tuple[str, int, float]]
    by_status: list[tuple[str, int]]


def incident_counts(figures: Figures) -> IncidentCounts:
    """Published incidents by category, the most first, and by what became of them."""
    categories = figures.incidents["by_category"]
    most = max(categories.values(), default=0)
    by_category = [
        (str(Incident.Category(code).label), count, _width(count, most)) for code, count in categories.items()
    ]
    statuses = figures.incidents["by_status"]
    return IncidentCounts(
        total=figures.incidents["total"],
        by_category=sorted(by_category, key=lambda row: (-row[1], row[0])),
        by_status=[(str(status.label), statuses.get(status.value, 0)) for status in Incident.Status],
    )


# --- the trend -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrendChart:
    """The share of visited stations over editions as a stair, in SVG user units, and the same as rows."""

    width: int
    height: int
    left: int
    bottom: int
    line: str
    area: str
    # x, words, SVG text-anchor
    times: list[tuple[float, str, str]]
    # y, words
    shares: list[tuple[float, str]]
    points: list[TrendPoint]
    first: TrendPoint
    last: TrendPoint


def trend_chart(points: list[TrendPoint], *, width: int = 720, height: int = 220) -> TrendChart | None:
    """The chart, or None while there are fewer than two editions. Time runs to the right, 0 to 100 percent upwards."""
    if len(points) < 2:
        return None
    left, top, right, bottom = 44, 10, width - 10, height - 40
    begin, end = points[0].as_of, points[-1].as_of
    seconds = (end - begin).total_seconds() or 1.0

    def x(at: datetime) -> float:
        return round(left + (right - left) * (at - begin).total_seconds() / seconds, 1)

    def y(share: float) -> float:
        return round(bottom - (bottom - top) * share, 1)

    # Figures stand until the next edition: a stair, not a slope.
    path = [f"M{x(begin)} {y(points[0].share)}"]
    path += [f"H{x(point.as_of)}V{y(point.share)}" for point in points[1:]]
    marks = [begin, begin + (end - begin) / 3, begin + (end - begin) * 2 / 3, end]
    anchors = ["start", "middle", "middle", "end"]
    form = "j M H:i" if seconds > 3600 else "H:i:s"
    return TrendChart(
        width=width,
        height=height,
        left=left,
        bottom=bottom,
        line="".join(path),
        area="".join([*path, f"V{bottom}H{left}Z"]),
        times=[(x(at), date_format(at, form), anchor) for at, anchor in zip(marks, anchors, strict=True)],
        shares=[(y(share / 100), f"{share} %") for share in (0, 25, 50, 75, 100)],
        points=points[::-1],
        first=points[0],
        last=points[-1],
    )
