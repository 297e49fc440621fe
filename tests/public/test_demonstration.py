"""An invented election says so wherever it shows, and is kept out of search engines and away from the real ones."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import (
    country,
    make_administrator,
    make_election,
    make_mission,
    make_simulated_day,
    make_station,
    make_team,
    make_visit,
    make_window,
)
from tests.public.pages import LANGUAGES, address
from tracker.core.models import Country
from tracker.elections.models import Election
from tracker.public import urls

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo() -> Election:
    """A demonstration with one of everything that has a page of its own."""
    election = make_election(slug="demo", demonstration=True, country=country("XD"))
    make_window(station=make_station(election=election))
    make_mission(election=election)
    return election


def every_page(election: Election) -> list[str]:
    """An address of every page of an election, read from the routes, so that a new page is in the sweep."""
    known = {
        "station_id": election.stations.first().pk,
        "organization_slug": election.missions.first().organization.slug,
        "number": "O-7K3M-Q2XD",  # nobody's: the page says so
    }
    pages = []
    for route in urls.election_pages:
        names = list(route.pattern.converters)
        assert set(names) <= set(known), f"{route.name}: give this sweep a {names}"
        pages.append(address(route.name, election, *(known[name] for name in names)))
    return pages


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_says_demonstration_in_title_banner_and_robots(
    client: Client, demo: Election, language: str
) -> None:
    pages = every_page(demo)
    assert len(pages) >= 10
    for path in [*pages, f"{pages[0]}?edition=99", f"{pages[0]}coverage/?edition=x"]:
        html = client.get(f"/{language}{path[3:]}").content.decode()
        if path.endswith("/feed/"):
            assert "<title>Demonstration: " in html, path
            continue
        title, banner = re.search("<title>([^<]*)", html), re.search(r'<aside class="demonstration"', html)
        assert title, path
        assert title[1].startswith("Demonstration: "), path
        assert banner, path
        assert '<meta name="robots" content="noindex">' in html, path
        description = re.search('<meta name="description" content="([^"]*)', html)
        assert description, path
        assert description[1].startswith("Demonstration: everything here is invented. "), path


def test_figures_that_wait_for_a_publisher_say_so_as_well(client: Client, demo: Election) -> None:
    Election.objects.update(publishing="reviewed")
    html = client.get(address("dashboard", demo)).content.decode()
    assert '<aside class="demonstration"' in html


def test_a_real_election_says_nothing_of_the_kind(client: Client) -> None:
    election = make_election()
    make_station(election=election)
    make_mission(election=election)
    for path in every_page(election):
        html = client.get(path).content.decode().lower()
        assert "demonstration" not in html, path
        assert "noindex" not in html, path


def test_the_list_of_elections_marks_it_and_puts_it_behind_all_real_ones(
    client: Client, demo: Election
) -> None:
    make_election(slug="real")
    make_simulated_day(election=demo)  # its day is on, the real one is long past
    html = client.get("/en/").content.decode()
    assert re.findall(r"<h2>([^<]*)</h2>", html) == ["Past", "Demonstration"]
    cards = re.findall(r'<li class="card election".*?</li>', html, re.DOTALL)
    assert [address("dashboard", demo) in card for card in cards] == [False, True]
    assert ["Demonstration" in card.split("<h3>", 1)[0] for card in cards] == [False, True]
    assert "Voting now, in simulated time." in cards[1]


def test_the_sitemap_leaves_it_out(client: Client, demo: Election) -> None:
    real = make_election(slug="real")
    make_station(election=real)
    make_mission(election=real)
    index = client.get(reverse("sitemap")).content.decode()
    parts = re.findall(r"<loc>http://testserver([^<]+)</loc>", index)
    assert len(parts) == 3
    listed = "".join(client.get(part).content.decode() for part in parts)
    assert "/e/real/" in listed
    assert "/e/real/missions/" in listed
    assert "/e/real/stations/" in listed
    assert "/e/demo/" not in listed


def test_the_invented_country_is_in_no_filter_of_a_real_election(client: Client, demo: Election) -> None:
    make_station(election=demo, country=Country.objects.get(iso2="XD"), setting="domestic")
    real = make_election(slug="real")
    make_station(election=real)
    assert "XD" in client.get(address("stations", demo)).content.decode()
    assert "XD" not in client.get(address("stations", real)).content.decode()


def test_the_simulated_moment_costs_no_query_of_its_own(client: Client, demo: Election) -> None:
    path = address("clock", demo)
    without = count_queries(client, path)
    make_simulated_day(election=demo)
    assert count_queries(client, path) == without


def count_queries(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return len(queries)


def test_staff_screens_of_what_belongs_to_it_say_so(client: Client, demo: Election) -> None:
    client.force_login(make_administrator())
    station, mission = demo.stations.get(), demo.missions.get()
    make_visit(team=make_team(mission=mission), station=station)
    real = make_station()
    banner = '<p class="demonstration">'
    screens = {
        reverse("admin:elections_election_change", args=[demo.pk]): True,
        reverse("admin:stations_pollingstation_change", args=[station.pk]): True,
        reverse("admin:stations_pollingstation_delete", args=[station.pk]): True,
        reverse("admin:stations_pollingstation_history", args=[station.pk]): True,
        reverse("admin:missions_mission_change", args=[mission.pk]): True,
        reverse("admin:elections_election_change", args=[real.election.pk]): False,
        reverse("admin:stations_pollingstation_change", args=[real.pk]): False,
        reverse("admin:stations_pollingstation_changelist"): False,
        reverse("admin:elections_election_add"): False,
    }
    found = {path: banner in client.get(path).content.decode() for path in screens}
    assert found == screens
    # The question before a step shows what everybody will read.
    asked = {mission: True, make_mission(): False}
    for one in asked:
        one.publication = "draft"
        one.save()
    where = reverse("admin:missions_mission_changelist")
    questions = {
        one: client.post(where, {"action": "publish", "_selected_action": one.pk}).content.decode()
        for one in asked
    }
    assert all("Everybody will read" in page for page in questions.values())
    assert {one: banner in page for one, page in questions.items()} == asked
