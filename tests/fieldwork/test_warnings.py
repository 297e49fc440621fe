"""What a planner is warned of: clashes of teams and people, and ways that take longer than there is time."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import make_deployment, make_observer, make_station, make_team
from tracker.fieldwork.warnings import clashes, fingerprint, impossible_travel, planning_warnings, travel_time

pytestmark = pytest.mark.django_db


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2024, 2, 7, hour, minute, tzinfo=UTC)


@pytest.fixture
def team():
    return make_team(name="T-1")


def station(team, city: str, *place: float, **over):
    known = {"latitude": place[0], "longitude": place[1], "coordinate_precision": "city"} if place else {}
    return make_station(election=team.mission.election, city=city, number="7", timezone="UTC", **known | over)


def test_a_team_is_not_at_two_stations_at_once(team) -> None:
    there, here = station(team, "Rome"), station(team, "Milan")
    make_deployment(team=team, station=there, starts_at=at(8), ends_at=at(10))
    texts = [warning.text for warning in clashes(team, at(9), at(11), here)]
    assert texts == [
        f"{team} is planned at another station at this time: Rome 7, Kazakhstan, 7 Feb 08:00–10:00 (UTC)."
    ]
    assert [warning.kind for warning in clashes(team, at(9), at(11), there)] == ["team"]
    # Slots that touch do not overlap; a plan is no clash with itself; one that is called off is none.
    assert clashes(team, at(10), at(11), here) == []
    plan = team.deployments.get()
    assert clashes(team, at(9), at(11), here, besides=plan) == []
    plan.status = "called_off"
    plan.save()
    assert clashes(team, at(9), at(11), here) == []


def test_a_person_in_two_teams_is_named_by_code(team) -> None:
    both = make_observer(mission=team.mission, code="STO-1")
    other = make_team(mission=team.mission, name="T-2", members=[both, make_observer(mission=team.mission)])
    team.members.add(both)
    there, here = station(team, "Rome"), station(team, "Milan")
    make_deployment(team=other, station=there, starts_at=at(8), ends_at=at(10))
    found = clashes(team, at(9), at(11), here)
    assert [warning.kind for warning in found] == ["members"]
    assert found[0].text.startswith(f"STO-1 also belongs to {other}, planned at this time at Rome 7")
    # At the same station they are together.
    assert clashes(team, at(9), at(11), there) == []


@pytest.mark.parametrize(("kilometres", "hours"), [(0, 0), (90, 1), (300, 300 / 90), (700, 4), (1400, 5)])
def test_how_long_a_way_takes(kilometres: float, hours: float) -> None:
    assert travel_time(kilometres) == timedelta(hours=hours)


def test_a_way_that_cannot_be_made_in_time_before_and_after(team) -> None:
    rome, paris = station(team, "Rome", 41.9, 12.5), station(team, "Paris", 48.86, 2.35)
    make_deployment(team=team, station=rome, starts_at=at(6), ends_at=at(8))
    found = impossible_travel(team, at(10), at(12), paris)
    assert [warning.text for warning in found] == [
        f"{team} comes from Rome 7, Kazakhstan (7 Feb 06:00–08:00 (UTC)), 1106 km away: about 4 h 35 min on the way "
        "(by air at 700 km/h and 3 h at the airports), but only 2 h 00 min between the slots."
    ]
    assert impossible_travel(team, at(12, 35), at(14), paris) == []
    after = impossible_travel(team, at(1), at(3), paris)
    assert [warning.kind for warning in after] == ["travel"]
    assert "goes on to Rome" in after[0].text


def test_a_way_by_road_at_home(team) -> None:
    baku = station(team, "Baku", 40.38, 49.85, setting="domestic")
    ganja = station(team, "Shamakhi", 40.63, 48.64, setting="domestic")
    make_deployment(team=team, station=baku, starts_at=at(6), ends_at=at(8))
    (warning,) = impossible_travel(team, at(9), at(10), ganja)
    assert "106 km away: about 1 h 11 min on the way (by road at 90 km/h)" in warning.text
    assert impossible_travel(team, at(9, 15), at(10), ganja) == []


def test_without_coordinates_nothing_is_said_of_the_way(team) -> None:
    make_deployment(team=team, station=station(team, "Rome"), starts_at=at(6), ends_at=at(8))
    assert impossible_travel(team, at(8), at(9), station(team, "Paris", 48.86, 2.35)) == []


def test_the_fingerprint_stands_for_exactly_these_warnings(team) -> None:
    here = station(team, "Milan")
    make_deployment(team=team, station=station(team, "Rome"), starts_at=at(8), ends_at=at(10))
    one = planning_warnings(team, at(9), at(11), here)
    make_deployment(team=team, station=station(team, "Turin"), starts_at=at(8), ends_at=at(10))
    two = planning_warnings(team, at(9), at(11), here)
    assert fingerprint([]) == ""
    assert fingerprint(one) != fingerprint(two)
    assert fingerprint(one) == fingerprint(list(one))
