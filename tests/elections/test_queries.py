"""Elections by time, the calendar at a glance, and the latest figure with its rivals."""

from datetime import UTC, date, datetime

import pytest

from tests.factories import make_election, make_figure, make_milestone
from tracker.core.models import Publication
from tracker.elections.models import AnnouncedFigure
from tracker.elections.queries import calendar_glance, elections_by_time, latest_with_rivals

pytestmark = pytest.mark.django_db


def test_an_election_is_on_by_the_date_of_its_own_country() -> None:
    election = make_election(starts_on=date(2024, 2, 7), ends_on=date(2024, 2, 7))  # Baku, UTC+04:00
    for moment, where in (
        (datetime(2024, 2, 6, 19, 59, tzinfo=UTC), "coming"),
        (datetime(2024, 2, 6, 20, 0, tzinfo=UTC), "on"),
        (datetime(2024, 2, 7, 19, 59, tzinfo=UTC), "on"),
        (datetime(2024, 2, 7, 20, 0, tzinfo=UTC), "past"),
    ):
        by_time = elections_by_time(moment)
        assert getattr(by_time, where) == [election], (moment, where)
        assert sum(map(len, (by_time.coming, by_time.on, by_time.past))) == 1


def test_calendar_shows_what_comes_a_running_period_included() -> None:
    election = make_election()
    make_milestone(election=election, title="Over", starts_on=date(2024, 1, 1))
    make_milestone(election=election, title="Running", starts_on=date(2024, 1, 1), ends_on=date(2024, 1, 20))
    make_milestone(election=election, title="Coming", starts_on=date(2024, 2, 1))
    make_milestone(
        election=election, title="Draft", starts_on=date(2024, 2, 1), publication=Publication.DRAFT
    )
    make_milestone(election=election, title="Undated", starts_on=None)
    glance = calendar_glance(election, datetime(2024, 1, 10, tzinfo=UTC))
    assert (glance.upcoming, [milestone.title for milestone in glance.milestones]) == (
        True,
        ["Running", "Coming"],
    )
    glance = calendar_glance(election, datetime(2025, 1, 1, tzinfo=UTC), count=2)
    assert (glance.upcoming, [milestone.title for milestone in glance.milestones]) == (
        False,
        ["Coming", "Running"],
    )


def test_latest_figure_brings_its_rivals_and_undated_ones_do_not_decide() -> None:
    def figure(value: int, day: int | None, group: str = "") -> AnnouncedFigure:
        as_of = date(2024, 2, day) if day else None
        return make_figure(value=value, as_of_date=as_of, announced_on=None, conflict_group=group)

    first, second = figure(72, 1), figure(790, 6, "rivals")
    third, undated = figure(760, 7, "rivals"), figure(600, None, "rivals")
    assert latest_with_rivals([first, second, third, undated]) == [second, third, undated]
    assert latest_with_rivals([first, second]) == [second]
    assert latest_with_rivals([undated]) == [undated]
    assert latest_with_rivals([]) == []
