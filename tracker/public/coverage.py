"""Panels of the coverage page: rows and bars for templates to draw, so that no template does arithmetic."""

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator

from tracker.coverage.editions import Shown, TrendPoint
from tracker.coverage.figures import MissionRow
from tracker.elections.models import Election
from tracker.fieldwork.models import Visit
from tracker.stations.models import PollingStation
from tracker.stations.queries import order_by_country, public_stations

MATRIX_ROWS = 50


@dataclass(frozen=True)
class MatrixRow:
    """A station and, for each mission of the matrix in order, "p", "v", "pv" or nothing."""

    station: PollingStation
    # "no_plan", "planned" (and not visited), "visited" or "overlap"
    state: str
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
    rank = {"no_plan": 0, "planned": 1, "visited": 2, "overlap": 3}
    states = {pk: station_state(shown.matrix.get(pk, {})) for pk in ids}
    ordered = sorted(states, key=lambda pk: rank[states[pk]])
    found = Paginator(ordered, MATRIX_ROWS).get_page(page)
    stations = public_stations(election).in_bulk(list(found))
    rows = [
        MatrixRow(
            stations[pk], states[pk], [shown.matrix.get(pk, {}).get(mission.id, "") for mission in missions]
        )
        for pk in found
        if pk in stations
    ]
    return Matrix(missions, rows, found)


def station_state(row: dict[int, str]) -> str:
    """The coverage state of a station from its row of the matrix (mission id -> letters)."""
    visitors = sum("v" in letters for letters in row.values())
    if visitors > 1:
        return "overlap"
    if visitors:
        return "visited"
    return "planned" if row else "no_plan"


@dataclass(frozen=True)
class Bar:
    """One row of a bar chart; `width` is 0-100."""

    label: str
    visits: int
    stations: int | None
    width: int


def phase_bars(phases: dict[str, dict[str, int]]) -> list[Bar]:
    """Visits and distinct stations by phase, phases nobody saw included."""
    most = max((row["visits"] for row in phases.values()), default=0) or 1
    return [
        Bar(str(Visit.Phase(code).label), row["visits"], row["stations"], round(100 * row["visits"] / most))
        for code, row in phases.items()
    ]


def hour_bars(hours: list[int]) -> list[Bar]:
    """Visits by local hour of arrival, from the first hour with one to the last; empty without visits."""
    seen = [hour for hour, visits in enumerate(hours) if visits]
    if not seen:
        return []
    most = max(hours)
    return [
        Bar(f"{hour:02}:00", hours[hour], None, round(100 * hours[hour] / most))
        for hour in range(seen[0], seen[-1] + 1)
    ]


@dataclass(frozen=True)
class TrendLine:
    """The share of visited stations over editions as a line in a box of 600 x 120 user units."""

    points: str
    first: TrendPoint
    last: TrendPoint
    editions: int


TREND_WIDTH, TREND_HEIGHT = 600, 120


def trend_line(points: list[TrendPoint]) -> TrendLine | None:
    """The line, or None while there are fewer than two editions. Time runs to the right, shares of 0-1 upwards."""
    if len(points) < 2:
        return None
    begin, end = points[0].as_of, points[-1].as_of
    seconds = (end - begin).total_seconds() or 1.0

    def place(at: datetime, share: float) -> str:
        x = TREND_WIDTH * (at - begin).total_seconds() / seconds
        return f"{x:.1f},{TREND_HEIGHT * (1 - share):.1f}"

    steps: list[str] = []
    before = 0.0
    for number, point in enumerate(points):
        share = point.visited / point.stations if point.stations else 0.0
        if number:
            steps.append(
                place(point.as_of, before)
            )  # figures stand until the next edition: a stair, not a slope
        steps.append(place(point.as_of, share))
        before = share
    return TrendLine(" ".join(steps), points[0], points[-1], len(points))
