"""What a reader may ask of the lists: nothing asked finds a draft, and a filter shows again what it was told."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import (
    make_constituency,
    make_election,
    make_engagement,
    make_membership,
    make_mission,
    make_organization,
    make_statement,
    make_station,
    make_window,
)
from tests.public.pages import address, read
from tracker.core.models import Publication
from tracker.elections.models import Election

pytestmark = pytest.mark.django_db
CANARY = "Canaryville"
DRAFT = Publication.DRAFT


@pytest.fixture
def with_drafts() -> Election:
    """An election with one published record of each kind, each with a draft beside or behind it."""
    election = make_election()
    constituency = make_constituency(election=election, number="8888", name=CANARY, publication=DRAFT)
    make_window(station=make_station(election=election, city="Astana", number="", constituency=constituency))
    make_station(
        election=election, city=CANARY, host_mission=CANARY, number="7777", country="TR", publication=DRAFT
    )
    draft = make_organization(name=CANARY, acronym=CANARY.upper(), slug="canaryville", publication=DRAFT)
    mission = make_mission(election=election, organization=make_organization(name="Leading body"))
    make_membership(mission=mission, organization=draft)
    make_mission(election=election, organization=draft, head_of_mission=CANARY)
    make_mission(election=election, areas_observed=CANARY, publication=DRAFT)
    make_statement(mission=mission, title=CANARY, publication=DRAFT)
    make_engagement(election=election, organizations=[draft])
    return election


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("stations", f"q={CANARY}"),
        ("stations", "q=8888"),
        ("stations", "q=7777"),
        ("missions", f"q={CANARY}"),
        ("missions", "q=canary"),
        ("timeline", f"q={CANARY}"),
    ],
)
def test_no_text_asked_finds_a_draft(client: Client, with_drafts: Election, name: str, query: str) -> None:
    response = client.get(address(name, with_drafts, query=query))
    assert response.status_code == 200
    # Each page names what it found in its own way; the stations' is a page of a list.
    found = response.context["kinds" if name == "missions" else "entries" if name == "timeline" else "rows"]
    assert list(found) == []


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("stations", f"host_mission={CANARY}"),
        ("stations", "constituency=8888"),
        ("stations", "country=TR"),
        ("timeline", "organization=canaryville"),
    ],
)
def test_no_choice_names_a_draft(client: Client, with_drafts: Election, name: str, query: str) -> None:
    """A choice of a draft is as unknown as one that does not exist, and is not among those offered."""
    response = client.get(address(name, with_drafts, query=query))
    assert response.status_code == 400
    offered = re.findall(r"<option[^>]*>([^<]*)", response.content.decode())
    assert not [label for label in offered if CANARY in label or "8888" in label]


def test_a_station_of_a_draft_constituency_is_one_whose_constituency_is_not_known(
    client: Client, with_drafts: Election
) -> None:
    response = client.get(address("stations", with_drafts, query="constituency=null"))
    assert [station.city for station in response.context["rows"]] == ["Astana"]
    station = response.context["rows"][0]
    unknown = read(client, address("station", with_drafts, station.pk)).split("What is not known")[1]
    assert "Its constituency" in unknown


def test_the_order_by_number_does_not_tell_the_number_of_a_draft_constituency(client: Client) -> None:
    election = make_election()
    draft = make_constituency(election=election, number="1", publication=DRAFT)
    known = make_constituency(election=election, number="5")
    make_station(election=election, city="Behind a draft", number="1", constituency=draft)
    make_station(election=election, city="Known", number="1", constituency=known)
    make_station(election=election, city="Unknown", number="1")
    response = client.get(address("stations", election, query="sort=number"))
    assert [station.city for station in response.context["rows"]] == ["Known", "Behind a draft", "Unknown"]


@pytest.mark.parametrize("asked", ["2024-02-07T08:00Z", "2024-02-07T12:00%2B04:00", "2024-02-07T08:00"])
def test_the_moment_asked_for_stays_in_its_field(client: Client, asked: str) -> None:
    """A browser shows nothing in this field but local date and time; the next “Show” would drop the filter."""
    html = client.get(address("stations", make_election(), query=f"open_at={asked}")).content.decode()
    assert re.search(r'name="open_at"[^>]*value="2024-02-07T08:00"', html)


@pytest.mark.parametrize("sort", ["", "country", "-country", "city"])
def test_a_list_is_ordered_once(client: Client, sort: str) -> None:
    election = make_election()
    make_station(election=election)
    with CaptureQueriesContext(connection) as queries:
        client.get(address("stations", election, query=f"sort={sort}"))
    countries = 'SELECT DISTINCT "stations_pollingstation"."country_id"'
    ranked = [query for query in queries if countries in query["sql"]]
    assert len(ranked) == (0 if sort == "city" else 1)
