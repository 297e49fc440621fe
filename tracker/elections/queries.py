"""Reads of elections, their calendar and announced figures. Everything here is published."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from tracker.core.timezones import to_local
from tracker.elections.models import AnnouncedFigure, Election, Milestone


def present_moment(election: Election) -> datetime:
    """The moment that everything about `election` takes as now: the simulated one of a demonstration, if it has one."""
    return election.simulated_now or timezone.now()


@dataclass(frozen=True)
class ElectionsByTime:
    """Published elections as they stand at one instant; each list runs from the nearest to the farthest."""

    coming: list[Election]
    on: list[Election]
    past: list[Election]


def elections_by_time(
    at: datetime, frames: Mapping[int, tuple[datetime, datetime]] | None = None
) -> ElectionsByTime:
    """Which published elections are coming, on, and past at the instant `at`.

    An election is on while it is a voting day in its own zone, and from its first opening to its last closing, which
    may lie a day before and after. `frames` are these two by the id of the election. A demonstration whose day is
    simulated stands where its own clock puts it.
    """
    coming: list[Election] = []
    on: list[Election] = []
    past: list[Election] = []
    rows = Election.objects.published().select_related("country", "simulated_day")
    for election in rows.order_by("starts_on", "slug"):
        now = election.simulated_now or at
        today = to_local(now, election.timezone_id).date()
        opening, closing = (frames or {}).get(election.pk, (now, now))
        if election.starts_on <= today <= election.ends_on or opening <= now < closing:
            on.append(election)
        elif today < election.starts_on:
            coming.append(election)
        else:
            past.insert(0, election)
    return ElectionsByTime(coming=coming, on=on, past=past)


@dataclass(frozen=True)
class CalendarGlance:
    """A few milestones near one instant: the next ones or, when none is left, the last ones."""

    milestones: list[Milestone]
    upcoming: bool


def calendar_glance(election: Election, at: datetime, *, count: int = 5) -> CalendarGlance:
    """The next `count` milestones after `at` or, if there is none, the last `count` before it (latest first)."""
    today = to_local(at, election.timezone_id).date()
    milestones = Milestone.objects.published().filter(election=election, starts_on__isnull=False)
    milestones = milestones.select_related("source")
    coming = list(
        milestones.filter(Q(starts_on__gte=today) | Q(ends_on__gte=today)).order_by("starts_on", "at", "id")[
            :count
        ]
    )
    if coming:
        return CalendarGlance(coming, upcoming=True)
    return CalendarGlance(list(milestones.order_by("-starts_on", "-id")[:count]), upcoming=False)


def announced_figures(election: Election) -> QuerySet[AnnouncedFigure]:
    """The published announced figures of `election`, with their sources."""
    return AnnouncedFigure.objects.published().filter(election=election).select_related("source")


def latest_with_rivals(figures: list[AnnouncedFigure]) -> list[AnnouncedFigure]:
    """Of the figures of one metric: the one that describes the latest day, and all that rival it.

    None is picked over its rivals; the order is that of their dates, undated ones last.
    """
    dated = [figure for figure in figures if figure.as_of_date or figure.announced_on]
    if not dated:
        return figures
    latest = max(
        dated, key=lambda figure: (figure.as_of_date or figure.announced_on, bool(figure.conflict_group))
    )
    if not latest.conflict_group:
        return [latest]
    return [figure for figure in figures if figure.conflict_group == latest.conflict_group]
