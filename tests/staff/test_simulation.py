"""The day of a demonstration as it is planned: the same every time, plausible, and complete."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tracker.staff.simulation import TOLD, Event, Kind, Slot, Station, Team, World, plan_day

OPENS, CLOSES = datetime(2030, 3, 10, 5, tzinfo=UTC), datetime(2030, 3, 10, 16, tzinfo=UTC)
SLOTS = (  # before the opening, at midday, over the closing
    (OPENS - timedelta(minutes=30), OPENS + timedelta(hours=1)),
    (OPENS + timedelta(hours=5), OPENS + timedelta(hours=6)),
    (CLOSES - timedelta(minutes=30), CLOSES + timedelta(hours=2)),
)


def make_world(teams: int = 12, stations: int = 20) -> World:
    """`stations` of one area, of which each team plans three; the last six are planned by nobody."""
    places = {
        f"s{number:02}": Station(
            f"s{number:02}", f"Town {number}", "Etc/GMT-3", ((OPENS, CLOSES),), group="1", area="1"
        )
        for number in range(stations)
    }
    scale = ((1, "positive"), (2, "neutral"), (3, "negative"))
    members = {f"t{number:02}": Team(f"t{number:02}", f"Team {number}", scale) for number in range(teams)}
    slots = [
        Slot(f"{team} {number}", team, f"s{(index + number) % (stations - 5):02}", *SLOTS[number])
        for index, team in enumerate(members)
        for number in range(3)
    ]
    return World(places, members, tuple(slots))


def of_key(events: list[Event], key: str) -> list[Event]:
    return [event for event in events if event.key == key]


def test_the_same_seed_is_the_same_day_and_another_is_another() -> None:
    day = plan_day(make_world(), 7)
    assert plan_day(make_world(), 7) == day
    assert plan_day(make_world(), 8) != day
    assert len(day) > 100


def test_the_order_of_the_register_does_not_matter() -> None:
    world = make_world()
    turned = World(
        dict(reversed(world.stations.items())), dict(reversed(world.teams.items())), world.slots[::-1]
    )
    assert plan_day(turned, 7) == plan_day(world, 7)


def test_one_more_deployment_changes_nothing_of_the_others() -> None:
    world = make_world()
    more = Slot("t00 later", "t00", "s05", *SLOTS[1])
    day = plan_day(world, 7)
    changed = plan_day(World(world.stations, world.teams, (*world.slots, more)), 7)
    planned = {event.place for event in day if "unplanned" not in event.key}
    assert planned <= {event.place for event in changed}


def test_every_event_has_a_place_of_its_own_in_the_order_of_time() -> None:
    day = plan_day(make_world(teams=40, stations=60), 3)
    places = [event.place for event in day]
    assert places == sorted(set(places))
    assert [event.at for event in day] == sorted(event.at for event in day)


def test_a_visit_is_written_before_it_is_submitted_and_submitted_before_it_is_verified() -> None:
    seen = Counter[Kind]()
    for seed in range(5):
        day = plan_day(make_world(), seed)
        for key in {event.key for event in day if event.kind == Kind.DRAFT}:
            written = False
            status = ""
            for event in of_key(day, key):
                seen[event.kind] += 1
                if event.kind == Kind.ARRIVE:
                    assert not written
                elif event.kind == Kind.DRAFT:
                    assert event.data["arrived_at"] <= event.data["departed_at"] <= event.at
                    written, status = True, "submitted" if event.data["submit"] else "draft"
                elif event.kind == Kind.SUBMIT:
                    assert status == "draft"
                    status = "submitted"
                elif event.kind == Kind.REOPEN:
                    assert status in ("submitted", "verified")
                    status = "draft"
                elif event.kind == Kind.CORRECT:
                    status = "submitted" if status == "verified" else status
                elif event.kind == Kind.VERIFY:
                    assert status == "submitted"
                    status = "verified"
            assert status in ("submitted", "verified")
    # The day shows everything a person can do, in five days for certain.
    assert set(Kind) - set(seen) <= {Kind.CANCEL, Kind.CONFIRM, Kind.CALL_OFF, Kind.OPEN, Kind.CLOSE}


def test_phases_follow_the_hours_of_the_station() -> None:
    phases = {"opening": 0, "voting": 0, "closing": 0, "counting": 0}
    for event in plan_day(make_world(), 1):
        if event.kind != Kind.DRAFT:
            continue
        arrived, departed = event.data["arrived_at"], event.data["departed_at"]
        phases[event.data["phase"]] += 1
        if event.data["phase"] == "opening":
            assert arrived <= OPENS < departed
        elif event.data["phase"] == "voting":
            assert OPENS <= arrived < departed <= CLOSES
        elif event.data["phase"] == "closing":
            assert arrived < CLOSES < departed
        else:
            assert CLOSES < arrived < departed
    assert all(phases.values())


def test_votes_are_counted_once_after_the_last_of_several_days() -> None:
    world = make_world()
    day = timedelta(days=1)
    two_days = ((OPENS, CLOSES), (OPENS + day, CLOSES + day))
    stations = {
        key: Station(key, station.name, station.zone, two_days, "1", "1")
        for key, station in world.stations.items()
    }
    later = [
        Slot(f"{slot.key} later", slot.team, slot.station, slot.starts_at + day, slot.ends_at + day)
        for slot in world.slots
    ]
    counting = [
        event.data["arrived_at"]
        for event in plan_day(World(stations, world.teams, (*world.slots, *later)), 1)
        if event.kind == Kind.DRAFT and event.data["phase"] == "counting"
    ]
    assert counting
    assert min(counting) > CLOSES + day


def test_visits_without_a_plan_stay_where_the_team_is_and_only_there() -> None:
    world = make_world()
    far = Station("far", "Elsewhere", "Etc/GMT-3", ((OPENS, CLOSES),), group="2", area="2")
    day = plan_day(World(world.stations | {"far": far}, world.teams, world.slots), 1)
    visited = {event.data["station"] for event in day if event.kind == Kind.DRAFT}
    assert "far" not in visited
    unplanned = [event for event in day if event.kind == Kind.DRAFT and "unplanned" in event.key]
    own = {(slot.team, slot.station) for slot in world.slots}
    assert unplanned
    assert [event for event in unplanned if (event.data["team"], event.data["station"]) in own] == []


def test_a_deployment_called_off_has_no_visit() -> None:
    world = make_world(teams=60, stations=80)
    day = plan_day(world, 2)
    called_off = {event.key for event in day if event.kind == Kind.CALL_OFF}
    assert called_off
    assert [
        event for event in day if event.kind == Kind.DRAFT and event.key.rsplit(" ", 1)[0] in called_off
    ] == []


def test_one_station_without_a_plan_is_cancelled_and_never_the_last_of_its_country() -> None:
    world = make_world()
    lone = Station("lone", "Alone", "Etc/GMT-3", ((OPENS, CLOSES),), group="KE")
    free = {f"s{number:02}" for number in range(14, 20)}
    for seed in range(20):
        day = plan_day(World(world.stations | {"lone": lone}, world.teams, world.slots), seed)
        cancelled = [event.key for event in day if event.kind == Kind.CANCEL]
        assert len(cancelled) == 1
        assert set(cancelled) <= free
        assert [e for e in day if e.kind == Kind.DRAFT and e.data["station"] in cancelled] == []


def test_nothing_happens_long_before_the_first_opening() -> None:
    day = plan_day(make_world(), 1)
    assert day[0].at == OPENS - timedelta(minutes=45)


@pytest.mark.parametrize(
    "world", [World({}, {}, ()), World({"a": Station("a", "A", "UTC", (), "1")}, {}, ())]
)
def test_without_hours_there_is_no_day(world: World) -> None:
    assert plan_day(world, 1) == []


def test_what_is_only_told_needs_no_action() -> None:
    assert set(TOLD) == {Kind.OPEN, Kind.ARRIVE, Kind.CLOSE}
