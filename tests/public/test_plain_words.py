"""What a newcomer stumbled over: parts that look like the whole, maps of nothing, one of many, long lists of links."""

import re

import pytest
from django.test import Client

from tests.factories import make_election, make_figure, make_station, make_window
from tests.public.pages import address, read
from tracker.coverage.editions import refresh

pytestmark = pytest.mark.django_db


def test_a_sum_of_few_stations_does_not_stand_for_all(client: Client) -> None:
    election = make_election()
    make_station(election=election, registered_voters=600)
    make_station(election=election)
    make_figure(election=election, metric="voters_abroad", unit="voters", value=23000)
    refresh(election)
    page = client.get(address("figures", election)).content.decode()
    recorded = page.split('class="figure recorded')[1].split("</article>")[0]
    amount = recorded.split('class="amount')[1].split("</p>")[0]
    assert "known for 1 of 2 stations" in re.sub(r"<[^>]+>", "", amount)
    assert "600" not in amount
    assert "Sum of these stations: 600" in re.sub(r"<[^>]+>", "", recorded)


def test_a_map_without_places_is_a_sentence(client: Client) -> None:
    station = make_station()
    refresh(station.election)
    for name in ("dashboard", "stations", "clock"):
        page = client.get(address(name, station.election)).content.decode()
        assert '<svg class="world"' not in page, name
        assert "No station abroad has coordinates on record yet, so there is no map." in page, name
    make_station(election=station.election, latitude=51, longitude=71, coordinate_precision="city")
    assert '<svg class="world"' in client.get(address("stations", station.election)).content.decode()


def test_one_station_is_one_station(client: Client) -> None:
    station = make_station()
    make_window(station=station)
    path = address("clock", station.election, query="at=2024-02-07T03:00Z")
    assert "of 1 station " in read(client, path)
    assert "1 of 1 polling station open at" in client.get(path).content.decode()


def test_the_index_of_figures_is_folded(client: Client) -> None:
    election = make_election()
    make_figure(election=election)
    make_figure(election=election, metric="turnout", unit="percent", value=76)
    page = client.get(address("figures", election)).content.decode()
    index = page.split('<nav class="jump"')[1].split("</nav>")[0]
    assert "<details>" in index
    assert "2 subjects" in index


def test_the_map_is_reached_from_the_top_of_the_list(client: Client) -> None:
    station = make_station(latitude=51, longitude=71, coordinate_precision="city")
    page = client.get(address("stations", station.election)).content.decode()
    assert page.index('href="#map-title"') < page.index("<table") < page.index('id="map-title"')


def test_hours_by_offset_become_cards_on_a_telephone(client: Client) -> None:
    station = make_station()
    make_window(station=station)
    page = client.get(address("clock", station.election)).content.decode()
    table = page.split('id="frame"')[1].split("<table")[1].split("</table>")[0]
    assert table.startswith(' class="cards"')
    assert re.findall(r'data-label="([^"]+)"', table) == [
        "Zones", "Local hours", "Opens (UTC)", "Closes (UTC)", "Stations",
    ]  # fmt: skip
