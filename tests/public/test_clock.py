"""The voting clock: moments as readers type them, and elections by the hours of their stations."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_election, make_station, make_window
from tests.public.pages import address, read
from tracker.core.models import Publication
from tracker.stations.models import PollingStation

pytestmark = pytest.mark.django_db


def text_at(client: Client, monkeypatch: pytest.MonkeyPatch, moment: datetime) -> str:
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)
    return read(client, reverse("public:elections"))


def test_an_election_is_on_from_its_first_opening_to_its_last_closing_anywhere(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Voting begins in Sydney before the day has come in Baku, and ends in Los Angeles after it has gone."""
    election = make_election()
    for city, opens in (("Sydney", datetime(2024, 2, 6, 19)), ("Los Angeles", datetime(2024, 2, 7, 16))):
        opens_at = opens.replace(tzinfo=UTC)
        make_window(
            station=make_station(election=election, city=city),
            opens_at=opens_at,
            closes_at=opens_at + timedelta(hours=11),
        )
    for day, hour, minute, expected in (
        (6, 18, 59, "Coming"),
        (6, 19, 0, "Voting now"),
        (7, 20, 30, "Voting now"),
        (8, 2, 59, "Voting now"),
        (8, 3, 0, "Past"),
    ):
        text = text_at(client, monkeypatch, datetime(2024, 2, day, hour, minute, tzinfo=UTC))
        assert [word for word in ("Voting now", "Coming", "Past") if word in text] == [expected], (day, hour)


@pytest.mark.parametrize("over", [{"publication": Publication.DRAFT}, {"status": "cancelled"}])
def test_hours_of_a_draft_or_cancelled_station_do_not_prolong_an_election(
    client: Client, monkeypatch: pytest.MonkeyPatch, over: dict[str, str]
) -> None:
    opens_at = datetime(2024, 2, 7, 16, tzinfo=UTC)
    station = make_station(**over)
    make_window(station=station, opens_at=opens_at, closes_at=opens_at + timedelta(hours=11))
    assert "Past" in text_at(client, monkeypatch, datetime(2024, 2, 7, 21, tzinfo=UTC))


def test_elections_without_hours_go_by_the_date_in_their_own_zone(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_election(starts_on=date(2024, 2, 7))
    assert "Coming" in text_at(client, monkeypatch, datetime(2024, 2, 6, 19, 59, tzinfo=UTC))
    assert "Voting now" in text_at(client, monkeypatch, datetime(2024, 2, 6, 20, 0, tzinfo=UTC))
    assert "Past" in text_at(client, monkeypatch, datetime(2024, 2, 7, 20, 0, tzinfo=UTC))


def test_the_clock_pages_its_stations_and_maps_those_abroad(client: Client) -> None:
    election = make_election()
    for number in range(27):
        make_station(election=election, setting=PollingStation.Setting.DOMESTIC, city=f"City {number:02}")
    make_station(election=election, city="Zagreb", latitude=45, longitude=16, coordinate_precision="city")
    response = client.get(address("clock", election, query="at=2024-02-07T08:00Z"))
    assert len(response.context["rows"]) == 25
    assert response.context["map"].places == 1
    html = response.content.decode()
    assert "Page 1 of 2" in html
    assert "?at=2024-02-07T08%3A00Z&amp;page=2" in html
    second = client.get(address("clock", election, query="at=2024-02-07T08:00Z&page=2"))
    assert [station.city for station in second.context["rows"]] == ["City 25", "City 26", "Zagreb"]


def test_without_stations_abroad_the_clock_has_no_empty_map(client: Client) -> None:
    election = make_election()
    make_window(station=make_station(election=election, setting=PollingStation.Setting.DOMESTIC))
    assert "On the map" not in read(client, address("clock", election))


PRESENT = "Shown is the present moment."


def test_an_unknown_zone_does_not_hide_the_moment_that_is_shown(client: Client) -> None:
    text = read(client, address("clock", make_election(), query="at=2024-02-07T08:00Z&tz=Nowhere"), 400)
    assert "“Nowhere” is not a time zone." in text
    assert "7 February 2024, 08:00 UTC" in text
    assert PRESENT not in text


def test_a_moment_in_an_unknown_zone_is_no_moment(client: Client) -> None:
    text = read(client, address("clock", make_election(), query="at=2024-02-07T08:00&tz=Nowhere"), 400)
    assert "“Nowhere” is not a time zone." in text
    assert PRESENT in text
    assert "7 February 2024" not in text


def test_a_skipped_hour_is_refused_with_its_reason(client: Client) -> None:
    query = "at=2024-03-31T02:30&tz=Europe/Paris"
    text = read(client, address("clock", make_election(), query=query), 400)
    assert "2024-03-31 02:30 does not exist in Europe/Paris: the clocks were set forward over it." in text
    assert "is not a moment" not in text
