"""The coverage and editions pages: gaps first, zero rows shown, old editions as they were."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from tests.factories import (
    country,
    make_deployment,
    make_election,
    make_mission,
    make_station,
    make_team,
    make_visit,
)
from tests.public.pages import address, read
from tracker.coverage import editions
from tracker.elections.models import Election

pytestmark = pytest.mark.django_db


@pytest.fixture
def election() -> Election:
    """Ankara visited, Astana planned only, Tokyo nothing."""
    election = make_election()
    team = make_team(mission=make_mission(election=election))
    places = [
        ("TR", "Ankara", "Europe/Istanbul"),
        ("KZ", "Astana", "Asia/Almaty"),
        ("JP", "Tokyo", "Asia/Tokyo"),
    ]
    ankara, astana, _tokyo = (
        make_station(
            election=election, constituency=None, country=country(iso2), city=city, number="", timezone=zone
        )
        for iso2, city, zone in places
    )
    make_visit(team=team, station=ankara)
    make_deployment(team=team, station=astana)
    return election


def test_gaps_come_first_and_zero_rows_are_rows(client: Client, election: Election) -> None:
    text = read(client, address("coverage", election))
    assert "33 % of polling stations visited 1 of 3 stations." in text
    assert "2 stations nobody visited 1 of them planned, 1 without any plan. A plan is" in text
    countries = text[text.index("Countries, gaps first") :]
    assert countries.index("Japan nobody 0 0 1 1") < countries.index("Türkiye 1 0 0 1")
    assert countries.index("Kazakhstan nobody 0 1 0 1") < countries.index("Türkiye 1 0 0 1")
    matrix = text[text.index("Stations by mission, gaps first") :]
    assert matrix.index("Tokyo , Japan gap, no plan") < matrix.index(
        "Astana , Kazakhstan gap, planned P planned, not visited"
    )
    assert matrix.index("Astana , Kazakhstan gap, planned P planned, not visited") < matrix.index(
        "Ankara , Türkiye visited V+ visited without a plan"
    )


def test_a_visit_moves_the_page_with_the_next_edition_and_the_old_one_stays(
    client: Client, election: Election
) -> None:
    editions.refresh_stale()
    assert "1 of 3 stations" in read(client, address("coverage", election))
    team = make_team(mission=make_mission(election=election))
    make_visit(team=team, station=election.stations.get(city="Tokyo"))
    call_command("recount", "--publish", stdout=StringIO())
    assert "2 of 3 stations" in read(client, address("coverage", election))
    old = read(client, address("coverage", election, query="edition=1"))
    assert "1 of 3 stations" in old
    assert "You are reading edition 1: figures as of" in old
    listed = read(client, address("editions", election))
    assert "stations visited: 1 → 2" in listed
    assert "The first edition." in listed


@pytest.mark.parametrize("name", ["dashboard", "coverage", "figures", "missions"])
@pytest.mark.parametrize("asked", ["7", "0", "x", "-1", "9" * 30, "1%00"])
def test_an_edition_that_is_not_there_is_said_in_words(
    client: Client, election: Election, name: str, asked: str
) -> None:
    editions.refresh_stale()
    text = read(client, address(name, election, query=f"edition={asked}"), status=404)
    assert "No such edition" in text
    assert "The latest figures" in text


def test_a_reviewed_election_shows_no_figures_before_its_publisher_does(
    client: Client, election: Election
) -> None:
    Election.objects.filter(pk=election.pk).update(publishing="reviewed")
    editions.refresh_stale()
    for name in ("dashboard", "coverage", "figures", "missions"):
        assert "none are published yet" in read(client, address(name, election))


def test_the_page_answers_304_until_an_edition_moves_it(client: Client, election: Election) -> None:
    editions.refresh_stale()
    path = address("coverage", election)
    etag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"if-none-match": etag}).status_code == 304
    make_visit(team=make_team(election=election), station=election.stations.get(city="Tokyo"))
    editions.refresh_stale()
    assert client.get(path, headers={"if-none-match": etag}).status_code == 200


def test_the_real_election_pretends_nothing(client: Client, az2024: Election) -> None:
    call_command("recount", "--publish", stdout=StringIO())
    text = read(client, address("coverage", az2024))
    assert "0 % of polling stations visited 0 of 49 stations." in text
    assert "No plan and no visit is recorded in this register." in text
    assert "Stations visited, as announced" in text
