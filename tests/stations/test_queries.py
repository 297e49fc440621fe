"""The voting clock and the orders of the station list."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from tests.factories import make_election, make_station, make_window
from tracker.core.models import Publication
from tracker.stations.models import PollingStation, VotingState
from tracker.stations.queries import NAMED, countries_of, order_by_country, public_stations, voting_clock

pytestmark = pytest.mark.django_db


def at(day: int, hour: int) -> datetime:
    return datetime(2024, 2, day, hour, tzinfo=UTC)


def test_states_of_two_days_with_a_break() -> None:
    election = make_election()
    station = make_station(election=election)
    for day in (7, 8):
        make_window(station=station, opens_at=at(day, 4), closes_at=at(day, 15))
    make_station(election=election, number="")
    for moment, state in (
        (at(7, 3), VotingState.NOT_YET),
        (at(7, 4), VotingState.OPEN),
        (at(7, 15), VotingState.BREAK),
        (at(8, 4), VotingState.OPEN),
        (at(8, 15), VotingState.CLOSED),
    ):
        clock = voting_clock(election, moment)
        assert clock.counts == dict.fromkeys(VotingState.values, 0) | {state: 1, VotingState.UNKNOWN: 1}, (
            moment
        )
        assert clock.total == 2


def test_clock_frame_changes_and_offsets() -> None:
    election = make_election()
    make_window(station=make_station(election=election, timezone="Asia/Kathmandu", country="NP", city="K"))
    make_window(
        station=make_station(election=election, timezone="America/New_York", country="US", city="W"),
        opens_at=at(7, 13),
        closes_at=at(8, 0),
    )
    hidden_ones: tuple[dict[str, Any], ...] = ({"publication": Publication.DRAFT}, {"status": "cancelled"})
    for hidden in hidden_ones:
        make_window(
            station=make_station(election=election, number="", **hidden),
            opens_at=at(1, 0),
            closes_at=at(1, 5),
        )
    clock = voting_clock(election, at(7, 13))
    assert (clock.first_opening, clock.last_closing) == (at(7, 2), at(8, 0))
    assert [station.city for station in clock.first_stations + clock.last_stations] == ["K", "W"]
    assert clock.span_hours == 22
    assert clock.offsets == [timedelta(hours=-5), timedelta(hours=5, minutes=45)]
    assert (clock.previous_change, clock.next_change) == (at(7, 2), at(8, 0))
    assert voting_clock(make_election(), at(7, 0)).span is None


def test_zones_that_part_before_the_closing_are_rows_of_their_own() -> None:
    """Both keep UTC+02:00 at the opening; before the closing only one of them sets its clocks forward."""
    election = make_election()
    opens, closes = datetime(2024, 3, 30, 22, tzinfo=UTC), datetime(2024, 3, 31, 4, tzinfo=UTC)
    for zone, country in (("Europe/Athens", "GR"), ("Africa/Tripoli", "LY")):
        station = make_station(election=election, timezone=zone, country=country, city=country)
        make_window(station=station, opens_at=opens, closes_at=closes)
    rows = [(row.zones, row.stations) for row in voting_clock(election, opens).hours]
    assert rows == [(["Africa/Tripoli"], 1), (["Europe/Athens"], 1)]


def test_countries_are_ordered_by_their_names_in_the_language() -> None:
    election = make_election()
    for iso2 in ("CZ", "ES", "DE", "TR"):
        make_station(election=election, country=iso2, city=iso2)
    orders = {"en": ["CZ", "DE", "ES", "TR"], "az": ["DE", "CZ", "ES", "TR"], "ru": ["DE", "ES", "TR", "CZ"]}
    for language, order in orders.items():
        with translation.override(language):
            stations = order_by_country(public_stations(election))
            assert [station.country_id for station in stations] == order, language
            assert [country.iso2 for country in countries_of(election)] == order, language


def test_numbers_are_ordered_as_people_count() -> None:
    election = make_election()
    for number in ("10", "", "9", "44"):
        make_station(election=election, number=number, city="City")
    assert [station.number for station in PollingStation.objects.by_number()] == ["9", "10", "44", ""]


def test_of_many_stations_that_open_together_the_clock_names_a_few() -> None:
    election = make_election()
    for number in range(NAMED + 2):
        make_window(station=make_station(election=election, city=f"Town {number:02}"))
    clock = voting_clock(election, at(7, 8))
    assert [station.city for station in clock.first_stations] == [f"Town {n:02}" for n in range(NAMED)]
    assert (clock.first_more, clock.last_more) == (True, True)
