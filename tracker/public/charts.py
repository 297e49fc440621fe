"""Marks of maps and bars of charts: numbers for templates to draw, so that no template does arithmetic."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tracker.core.timezones import format_offset
from tracker.elections.models import Election
from tracker.public.projection import (
    EUROPE_VIEWBOX,
    WORLD_INSET_OUTLINE,
    WORLD_VIEWBOX,
    europe_xy,
    spread,
    world_xy,
)
from tracker.stations.models import PollingStation, VotingState
from tracker.stations.queries import Clock

# The state that stands for a place where stations differ: the one a voter would ask for first.
STATE_ORDER = [
    VotingState.OPEN,
    VotingState.NOT_YET,
    VotingState.BREAK,
    VotingState.CLOSED,
    VotingState.UNKNOWN,
]
# What observers did at a station, the gaps first: codes of coverage.figures.STATES, as in open data.
COVERAGE_LABELS = {
    "no_plan": _("gap, no plan"),
    "planned_not_visited": _("gap, planned"),
    "visited": _("visited"),
    "overlap": _("visited by several missions"),
}
MARK_GAP = {"world": 15.0, "europe": 25.0}


@dataclass(frozen=True)
class Marking:
    """What the marks of a map say: the state of a station, and the words for each state.

    A place where stations differ is drawn in the state that comes first in `labels`.
    """

    labels: dict[str, Any]
    state_of: Callable[[PollingStation], str]
    # What else the name of a mark says of the stations there.
    remark: Callable[[list[PollingStation]], str] = lambda stations: ""


def _voting_state(station: PollingStation) -> str:
    state: str = station.voting_state  # type: ignore[attr-defined]
    return state


VOTING = Marking({state.value: state.label for state in STATE_ORDER}, _voting_state)


def voting_counts(clock: Clock) -> list[tuple[str, str, int]]:
    """Code, label and count of each voting state, the open ones first; rare states only where they occur."""
    rare = (VotingState.BREAK, VotingState.UNKNOWN)
    counts = [(state.value, str(state.label), clock.counts[state]) for state in STATE_ORDER]
    return [row for row in counts if row[2] or row[0] not in rare]


def coverage_marking(state_of: Callable[[PollingStation], str], *, with_voting: bool) -> Marking:
    """Marks by coverage: `state_of` gives codes of COVERAGE_LABELS. `with_voting` adds whether stations are open."""

    def voting(stations: list[PollingStation]) -> str:
        found = {_voting_state(station) for station in stations}
        return str(next(state.label for state in STATE_ORDER if state in found))

    return Marking(COVERAGE_LABELS, state_of, voting if with_voting else lambda stations: "")


@dataclass(frozen=True)
class Mark:
    """One place on a map, in the user units of its view box. `state` is a code of the map's marking."""

    x: float
    y: float
    state: str
    label: str
    href: str
    stations: int


@dataclass(frozen=True)
class StationMap:
    """A world map and, for its crowded part, an inset. Places in the inset are only hinted at in the world."""

    world_viewbox: str
    inset_viewbox: str
    world: list[Mark]
    world_hints: list[Mark]
    inset: list[Mark]
    inset_frame: str
    states: list[tuple[str, str, int]]
    places: int
    unplaced: int


def station_map(
    election: Election, stations: Iterable[PollingStation], marking: Marking = VOTING
) -> StationMap:
    """The map of `stations`, which must carry `voting_state` (see StationQuerySet.with_voting_state)."""
    places: dict[tuple[float, float], list[PollingStation]] = defaultdict(list)
    states: dict[str, int] = defaultdict(int)
    unplaced = 0
    for station in stations:
        states[marking.state_of(station)] += 1
        if station.latitude is None or station.longitude is None:
            unplaced += 1
        else:
            places[float(station.latitude), float(station.longitude)].append(station)
    inside = {place for place in places if europe_xy(*place)}
    return StationMap(
        world_viewbox=_viewbox(WORLD_VIEWBOX),
        inset_viewbox=_viewbox(EUROPE_VIEWBOX),
        world=_marks(
            election, places, {p: world_xy(*p) for p in places if p not in inside}, MARK_GAP["world"], marking
        ),
        world_hints=_marks(election, places, {p: world_xy(*p) for p in inside}, 0, marking),
        inset=_marks(election, places, {p: europe_xy(*p) for p in inside}, MARK_GAP["europe"], marking),  # type: ignore[misc]
        inset_frame=" ".join(f"{x:.1f},{y:.1f}" for x, y in WORLD_INSET_OUTLINE),
        states=[(code, str(label), states[code]) for code, label in marking.labels.items() if states[code]],
        places=len(places),
        unplaced=unplaced,
    )


def _viewbox(box: Iterable[float]) -> str:
    return " ".join(f"{number:g}" for number in box)


def _marks(
    election: Election,
    places: dict[tuple[float, float], list[PollingStation]],
    points: dict[tuple[float, float], tuple[float, float]],
    gap: float,
    marking: Marking,
) -> list[Mark]:
    placed = spread([(place, x, y) for place, (x, y) in points.items()], gap) if gap else points
    marks = []
    for place, (x, y) in sorted(placed.items(), key=lambda item: (item[1][1], item[1][0])):
        here = places[place]
        counts = Counter(marking.state_of(station) for station in here)
        found = {code: counts[code] for code in marking.labels if code in counts}
        marks.append(
            Mark(
                x=round(x, 1),
                y=round(y, 1),
                state=next(iter(found)),
                label=_label(here, found, marking),
                href=_href(election, here),
                stations=len(here),
            )
        )
    return marks


def _label(stations: list[PollingStation], found: dict[str, int], marking: Marking) -> str:
    count = ngettext("%(count)s station", "%(count)s stations", len(stations)) % {"count": len(stations)}
    cities = ", ".join(dict.fromkeys(station.city for station in stations))
    states = [
        str(marking.labels[code]) if len(found) == 1 else f"{number} {marking.labels[code]}"
        for code, number in found.items()
    ]
    remark = marking.remark(stations)
    return f"{cities}, {stations[0].country}: {', '.join([count, *states, *([remark] if remark else [])])}"


def _href(election: Election, stations: list[PollingStation]) -> str:
    if len(stations) == 1:
        return reverse("public:station", args=[election.slug, stations[0].pk])
    query = urlencode({"q": stations[0].city, "country": stations[0].country_id})
    return f"{reverse('public:stations', args=[election.slug])}?{query}"


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    label: str
    text: str
    state: str
    stations: int


@dataclass(frozen=True)
class HoursChart:
    """Opening hours as bars on one time axis, in SVG user units. `now_x` is None outside the axis."""

    width: int
    height: int
    axis_y: float
    bars: list[Bar]
    # x, instant (UTC), whether it is the first of its day
    ticks: list[tuple[float, datetime, bool]]
    now_x: float | None


def hours_chart(clock: Clock, *, width: int = 720, row: int = 26, margin: int = 92) -> HoursChart | None:
    """The hours of `clock` drawn from the first opening to the last closing; None where no hours are known."""
    if clock.first_opening is None or clock.last_closing is None:
        return None
    start = clock.first_opening.replace(minute=0, second=0, microsecond=0)
    length = (clock.last_closing - start).total_seconds()

    def x(instant: datetime) -> float:
        return round(margin + (instant - start).total_seconds() / length * (width - margin - 4), 1)

    bars = []
    for number, hours in enumerate(clock.hours):
        open_now = hours.opens_at <= clock.at < hours.closes_at
        state = VotingState.OPEN if open_now else VotingState.CLOSED
        if clock.at < hours.opens_at:
            state = VotingState.NOT_YET
        bars.append(
            Bar(
                x=x(hours.opens_at),
                y=number * row + 4,
                width=round(x(hours.closes_at) - x(hours.opens_at), 1),
                label=format_offset(hours.offset),
                text=ngettext("%(count)s station", "%(count)s stations", hours.stations)
                % {"count": hours.stations},
                state=state.value,
                stations=hours.stations,
            )
        )
    # About ten marks, whether the election lasts a day or a month.
    hours = length / 3600
    step = next((step for step in (1, 2, 3, 4, 6, 12) if hours / step <= 10), 24 * ceil(hours / 240))
    ticks = [start + timedelta(hours=step * number) for number in range(int(hours / step) + 1)]
    return HoursChart(
        width=width,
        height=len(bars) * row + 44,
        axis_y=len(bars) * row + 6,
        bars=bars,
        ticks=[
            (x(tick), tick, not number or tick.date() != ticks[number - 1].date())
            for number, tick in enumerate(ticks)
        ],
        now_x=x(clock.at) if start <= clock.at <= clock.last_closing else None,
    )
