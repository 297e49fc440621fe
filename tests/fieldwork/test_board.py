"""The board: gaps first, plan beside what happened, and as many queries for many stations as for one."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import (
    make_constituency,
    make_deployment,
    make_election,
    make_mission,
    make_station,
    make_team,
    make_visit,
    make_window,
)
from tracker.core.models import User
from tracker.core.timezones import to_utc
from tracker.fieldwork.board import Asked, Board, read_board

pytestmark = pytest.mark.django_db
DAY = date(2024, 2, 7)
NOW = datetime(2024, 2, 7, 9, tzinfo=UTC)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2024, 2, 7, hour, minute, tzinfo=UTC)


def read(
    election: Any, *, now: datetime = NOW, day: date | None = None, page: str | None = None, **asked: Any
) -> Board:
    return read_board(election, Asked(**asked), by=User(is_superuser=True), day=day, page=page, now=now)


def rows(board: Board) -> list[tuple[str, str]]:
    return [(row.station.city, row.state) for group in board.groups for row in group.rows]


def chips(board: Board) -> list[tuple[str, str, str, bool]]:
    """Every line of the board: slot, team, outcome, whether it only goes on."""
    return [
        (slot, chip.team.name, str(chip.outcome), chip.goes_on)
        for group in board.groups
        for row in group.rows
        for slot, cell in zip(board.slots, row.cells, strict=True)
        for chip in cell.chips
    ]


def test_gaps_come_first_then_plans_then_visits_each_by_country() -> None:
    election = make_election()
    team = make_team(election=election)
    make_deployment(team=team, station=make_station(election=election, city="Planned"))
    make_visit(team=team, station=make_station(election=election, city="Visited"))
    make_station(election=election, city="Zagreb", country="HR")
    make_station(election=election, city="Aktau", country="KZ")
    make_station(election=election, city="Nobody counts", status="cancelled")
    make_station(city="Elsewhere")
    board = read(election)
    assert rows(board) == [
        ("Zagreb", "no_plan"),
        ("Aktau", "no_plan"),
        ("Planned", "planned"),
        ("Visited", "visited"),
    ]
    assert [(group.state_label, str(group.country)) for group in board.groups] == [
        ("no plan, no visit", "Croatia"), ("no plan, no visit", "Kazakhstan"),
        ("planned, not visited", "Kazakhstan"), ("visited", "Kazakhstan"),
    ]  # fmt: skip
    assert board.counts == {"stations": 4, "no_plan": 2, "planned": 1, "visited": 1, "unplanned": 1}


def test_a_draft_visit_and_a_plan_called_off_leave_the_gap() -> None:
    election = make_election()
    station = make_station(election=election, city="Rome")
    make_deployment(station=station, status="called_off")
    make_visit(station=station, status="draft")
    board = read(election)
    assert rows(board) == [("Rome", "no_plan")]
    assert chips(board) == []
    assert board.groups[0].rows[0].drafts == 1


@pytest.mark.parametrize(
    ("arrival", "now", "outcome"),
    [
        (at(6, 30), NOW, "on_time"),
        (at(5, 50), NOW, "on_time"),
        (at(6, 31), NOW, "late"),
        (None, at(7, 59), "not_yet"),
        (None, at(8), "missed"),
    ],
)
def test_plan_against_what_happened(arrival: datetime | None, now: datetime, outcome: str) -> None:
    plan = make_deployment()  # from 6 until 8 UTC, which is noon until 14 in Astana
    if arrival:
        make_visit(team=plan.team, station=plan.station, arrived_at=arrival)
    board = read(plan.election, now=now)
    assert chips(board) == [("12:00–14:00", plan.team.name, outcome, False)]


def test_a_visit_of_another_team_is_unplanned_beside_the_plan() -> None:
    plan = make_deployment()
    other = make_team(mission=plan.mission, name="Other")
    make_visit(team=other, station=plan.station, arrived_at=at(3, 10))
    assert chips(read(plan.election, now=at(7))) == [
        ("08:00–10:00", "Other", "unplanned", False),
        ("12:00–14:00", plan.team.name, "not_yet", False),
    ]


def test_other_phases_of_a_planned_stay_are_no_surprise_but_a_later_return_is() -> None:
    plan = make_deployment()
    for moment in (at(6, 5), at(7, 30), at(9)):
        make_visit(team=plan.team, station=plan.station, arrived_at=moment)
    assert chips(read(plan.election)) == [
        ("12:00–14:00", plan.team.name, "on_time", False),
        ("14:00–16:00", plan.team.name, "unplanned", False),
    ]


def test_a_long_slot_goes_on_in_the_columns_after() -> None:
    plan = make_deployment(starts_at=at(6), ends_at=at(9, 30))
    assert [(slot, goes_on) for slot, _team, _outcome, goes_on in chips(read(plan.election))] == [
        ("12:00–14:00", False), ("14:00–16:00", True),
    ]  # fmt: skip


def test_columns_are_the_local_hours_of_the_stations() -> None:
    window = make_window()  # 08:00 to 19:00 on the wall
    assert read(window.station.election).slots == [
        "08:00–10:00", "10:00–12:00", "12:00–14:00", "14:00–16:00", "16:00–18:00", "18:00–20:00",
    ]  # fmt: skip


def test_columns_are_the_hours_of_the_chosen_day_and_go_on_past_midnight() -> None:
    election = make_election(starts_on=date(2024, 2, 7), ends_on=date(2024, 2, 9))
    station = make_station(election=election, timezone="UTC")
    make_window(station=station, opens_at=at(20), closes_at=datetime(2024, 2, 8, 3, tzinfo=UTC))
    make_window(
        station=make_station(election=election, timezone="UTC"),
        opens_at=datetime(2024, 2, 9, 10, tzinfo=UTC),
        closes_at=datetime(2024, 2, 10, 0, tzinfo=UTC),
    )
    frames = {day: read(election, day=date(2024, 2, day)).slots for day in (7, 8, 9)}
    assert {day: (slots[0], slots[-1]) for day, slots in frames.items()} == {
        7: ("20:00–22:00", "22:00–24:00"),
        8: ("00:00–02:00", "02:00–04:00"),
        9: ("10:00–12:00", "22:00–24:00"),
    }


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_the_whole_day_of_the_farthest_clocks_is_read(zone: str) -> None:
    election = make_election()
    station = make_station(election=election, timezone=zone)
    team = make_team(election=election)
    for hour in (0, 23):
        make_visit(team=team, station=station, arrived_at=to_utc(DAY, time(hour, 30), zone))
    assert [slot for slot, _team, _outcome, _goes_on in chips(read(election, day=DAY))] == [
        "00:00–02:00", "22:00–24:00",
    ]  # fmt: skip


def test_a_visit_after_midnight_goes_to_the_plan_of_the_evening() -> None:
    election = make_election(ends_on=date(2024, 2, 8))
    station = make_station(election=election, timezone="UTC")
    morning = datetime(2024, 2, 8, 1, tzinfo=UTC)
    plan = make_deployment(station=station, starts_at=at(22), ends_at=datetime(2024, 2, 8, 2, tzinfo=UTC))
    make_visit(team=plan.team, station=station, arrived_at=morning)
    for day, slots in ((DAY, ["22:00–24:00"]), (date(2024, 2, 8), ["00:00–02:00"])):
        found = chips(read(election, day=day))
        assert [(slot, outcome) for slot, _team, outcome, _goes_on in found] == [
            (slot, "late") for slot in slots
        ]


def test_rows_of_other_days_are_not_read() -> None:
    election = make_election(ends_on=date(2024, 2, 20))
    station = make_station(election=election)
    team = make_team(election=election)
    make_visit(team=team, station=station, status="draft", arrived_at=datetime(2024, 2, 20, 9, tzinfo=UTC))
    make_visit(team=team, station=station, status="draft", arrived_at=at(9))
    assert read(election, day=DAY).groups[0].rows[0].drafts == 1


def test_the_day_is_chosen_and_another_day_shows_nothing_of_it() -> None:
    election = make_election(ends_on=date(2024, 2, 8))
    plan = make_deployment(station=make_station(election=election))
    board = read(election)
    assert (board.days, board.day) == ([date(2024, 2, 7), date(2024, 2, 8)], DAY)
    assert len(chips(board)) == 1
    other = read(election, day=date(2024, 2, 8))
    assert chips(other) == []
    assert rows(other) == [(plan.station.city, "planned")]
    assert read(election, day=date(1999, 1, 1)).day == DAY


def test_without_a_day_it_shows_today_or_else_the_day_with_the_most() -> None:
    """One station votes a day before all others; the board does not open on it."""
    election = make_election(starts_on=date(2024, 2, 6), ends_on=date(2024, 2, 7))
    early = make_station(election=election)
    make_window(
        station=early,
        opens_at=datetime(2024, 2, 6, 2, tzinfo=UTC),
        closes_at=datetime(2024, 2, 6, 13, tzinfo=UTC),
    )
    for _number in range(2):
        make_window(station=make_station(election=election))
    long_after = datetime(2026, 1, 1, tzinfo=UTC)
    assert read(election, now=long_after).day == DAY
    assert read(election, now=datetime(2024, 2, 6, 9, tzinfo=UTC)).day == date(2024, 2, 6)


def test_one_mission_shows_its_own_plan_without_one_all() -> None:
    election = make_election()
    ours, theirs = make_mission(election=election), make_mission(election=election)
    first, second = make_station(election=election, city="A"), make_station(election=election, city="B")
    make_deployment(team=make_team(mission=ours), station=first)
    make_visit(team=make_team(mission=theirs), station=second)
    assert rows(read(election)) == [("A", "planned"), ("B", "visited")]
    assert rows(read(election, mission=ours.pk)) == [("B", "no_plan"), ("A", "planned")]
    assert rows(read(election, mission=theirs.pk)) == [("A", "no_plan"), ("B", "visited")]
    assert [mission.pk for mission in read(election).missions] == sorted(
        (ours.pk, theirs.pk), key=lambda pk: (ours if pk == ours.pk else theirs).organization.name
    )


def test_filters_narrow_and_the_counts_stay() -> None:
    election = make_election()
    make_station(election=election, city="Ankara", country="TR", number="12")
    make_station(election=election, city="Kars", country="TR", number="7")
    make_deployment(station=make_station(election=election, city="Astana", number="8"))
    assert rows(read(election, country="TR")) == [("Ankara", "no_plan"), ("Kars", "no_plan")]
    assert rows(read(election, state="planned")) == [("Astana", "planned")]
    assert rows(read(election, text="türkiye kars")) == [("Kars", "no_plan")]
    assert rows(read(election, text="12")) == [("Ankara", "no_plan")]
    assert read(election, text="nothing").counts["stations"] == 3


def test_pages_hold_thousands() -> None:
    election = make_election()
    for number in range(51):
        make_station(election=election, city=f"City {number:02}")
    assert len(rows(read(election))) == 50
    assert rows(read(election, page="2")) == [("City 50", "no_plan")]


def test_as_many_queries_for_three_as_for_one() -> None:
    election = make_election()

    def furnish() -> None:
        station = make_station(election=election, constituency=make_constituency(election=election))
        make_window(station=station)
        plan = make_deployment(station=station)
        make_visit(team=plan.team, station=station)
        make_visit(station=station)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            board = read(election)
            for group in board.groups:
                for row in group.rows:
                    [str(chip.team) for cell in row.cells for chip in cell.chips]
        return len(captured)

    furnish()
    with_one = queries()
    furnish(), furnish()
    assert queries() == with_one
