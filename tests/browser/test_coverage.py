"""Pages that renew themselves, in a real browser: the figures move, the reader's place stays."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.factories import (
    country,
    make_administrator,
    make_assessment,
    make_constituency,
    make_deployment,
    make_election,
    make_incident,
    make_mission,
    make_organization,
    make_station,
    make_team,
    make_visit,
)
from tests.signing import enter
from tracker.coverage import editions
from tracker.elections.models import Election

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BASE = "/en/e/watched/"


@pytest.fixture
def election(transactional_db: None) -> Election:
    """A demonstration, so that its pages ask every three seconds: Ankara visited, Tokyo planned, the towns nothing."""
    election = make_election(slug="watched", demonstration=True)
    make_constituency(election=election, name="Without stations")
    mission = make_mission(election=election, organization=make_organization(acronym="FIRST"))
    team = make_team(mission=mission)
    places = {"Ankara": ("TR", 39.9, 32.8), "Tokyo": ("JP", 35.7, 139.7)}
    rows = {
        city: make_station(
            election=election, country=country(code), city=city, number="", constituency=None,
            latitude=latitude, longitude=longitude, coordinate_precision="city",
        )
        for city, (code, latitude, longitude) in places.items()
    }  # fmt: skip
    for number in range(20):
        make_station(election=election, country="DE", city=f"Town {number:02}", number="", constituency=None)
    make_visit(team=team, station=rows["Ankara"], assessment=make_assessment(mission=mission))
    make_deployment(team=team, station=rows["Tokyo"])
    make_incident(election=election, place="Ankara")
    editions.refresh_stale()
    return election


def visit(election: Election, city: str) -> None:
    """What happens elsewhere while the page is open: a visit, and the worker that counts it."""
    make_visit(team=make_team(election=election, members=[]), station=election.stations.get(city=city))
    editions.refresh_stale()


@pytest.fixture
def open_page(page: Page, live_server: Any, election: Election) -> Iterator[Callable[[str], Page]]:
    """Opens an address; fails at the end if anything complained."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def go(path: str) -> Page:
        page.goto(f"{live_server.url}{path}")
        return page

    yield go
    assert complaints == []


def test_the_page_moves_by_itself_and_the_reader_keeps_their_place(
    open_page: Callable[[str], Page], election: Election
) -> None:
    page = open_page(BASE + "coverage/")
    expect(page.get_by_text("1 of 22 stations.")).to_be_visible()
    page.get_by_text("1 constituency without a station on record").click()
    page.get_by_role("link", name="Japan", exact=True).focus()
    page.evaluate("window.scrollTo(0, 400)")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#constituencies-title'))")
    page.evaluate("window.kept = document.querySelector('h1')")
    before = page.evaluate("scrollY")
    visit(election, "Tokyo")
    expect(page.get_by_text("2 of 22 stations.")).to_be_visible(timeout=8000)
    expect(page.get_by_text("edition 2.").first).to_be_visible()
    state = page.evaluate(
        """() => ({scroll: scrollY, focus: document.activeElement.textContent, selected: String(getSelection()).trim(),
                   opened: document.getElementById('constituencies-without').open,
                   same: window.kept === document.querySelector('h1')})"""
    )
    assert state == {
        "scroll": before,
        "focus": "Japan",
        "selected": "Constituencies, gaps first",
        "opened": True,
        "same": True,
    }
    rows = page.locator("section[aria-labelledby=countries-title] tbody th a").all_inner_texts()
    assert rows == ["Germany", "Japan", "Türkiye"]
    expect(page.get_by_role("status")).to_have_text("The figures on this page have moved: edition 2.")


def test_a_filter_half_filled_in_stays(open_page: Callable[[str], Page], election: Election) -> None:
    page = open_page(BASE + "missions/")
    field = page.get_by_label("Text")
    field.fill("half a wo")
    page.get_by_label("Status").select_option("observed")
    field.focus()
    make_mission(election=election, organization=make_organization(name="The newcomer"))
    editions.refresh_stale()
    expect(page.get_by_role("link", name="The newcomer")).to_be_visible(timeout=8000)
    expect(field).to_be_focused()
    expect(field).to_have_value("half a wo")
    expect(page.get_by_label("Status")).to_have_value("observed")
    page.keyboard.type("rd")
    expect(field).to_have_value("half a word")


def test_it_asks_conditionally_and_says_when_the_line_is_lost(
    page: Page, live_server: Any, election: Election
) -> None:
    page.goto(f"{live_server.url}{BASE}coverage/")
    with page.expect_response(lambda answer: answer.request.resource_type == "fetch") as answer:
        pass
    assert answer.value.request.headers.get("accept") == "text/html"
    assert answer.value.all_headers()["etag"]

    lost: list[str] = []

    def lose(route: Route) -> None:
        lost.append(route.request.url)
        route.abort()

    page.route("**/coverage/", lose)
    note = page.locator("#live-note")
    expect(note).to_contain_text("UTC; no connection. This page goes on trying.")
    expect(note).to_be_visible()
    assert len(lost) == 2  # not at the first, and slower each time
    page.unroute("**/coverage/")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(note).to_have_text("")


def test_an_old_edition_does_not_ask(page: Page, live_server: Any, election: Election) -> None:
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.url) if request.resource_type == "fetch" else None
    )
    page.goto(f"{live_server.url}{BASE}coverage/?edition=1")
    assert page.evaluate("document.querySelectorAll('script[src*=live]').length") == 0
    assert asked == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility_rules_hold(open_page: Callable[[str], Page], election: Election, scheme: Any) -> None:
    visit(election, "Tokyo")
    for path in ("coverage/", "coverage/?edition=1", "editions/", "editions/?edition=2", ""):
        page = open_page(BASE + path)
        page.emulate_media(color_scheme=scheme)
        for opened in page.locator("details").all():
            opened.evaluate("part => { part.open = true }")
        found = [
            (each["id"], [node["html"][:120] for node in each["nodes"][:3]])
            for each in Axe().run(page).response["violations"]
        ]
        assert found == [], path


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(
    open_page: Callable[[str], Page], election: Election, width: int
) -> None:
    visit(election, "Tokyo")
    for path in ("coverage/", "editions/", "editions/?edition=2", ""):
        page = open_page(BASE + path)
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_publisher_looks_and_publishes(
    open_page: Callable[[str], Page], election: Election, page: Page, live_server: Any
) -> None:
    election.publishing = "reviewed"
    election.save()
    visit(election, "Tokyo")
    enter(page, live_server, make_administrator(username="desk"))
    page = open_page("/staff/publishing/")
    faults = [
        each["id"]
        for each in Axe().run(page).response["violations"]
        if each["impact"] in ("serious", "critical")
    ]
    page = open_page("/staff/publishing/")
    page.get_by_role("link", name="Extraordinary presidential election").click()
    expect(page.get_by_text("1 gap closed")).to_be_visible()
    faults += [
        each["id"]
        for each in Axe().run(page).response["violations"]
        if each["impact"] in ("serious", "critical")
    ]
    assert faults == []
    # The checker brings styles of its own; the policy is watched on a fresh page.
    page = open_page("/staff/publishing/watched/")
    page.get_by_role("button", name="Publish these figures").click()
    expect(page.locator(".messagelist")).to_contain_text("Edition 2 is published.")
    page.get_by_role("link", name="See it as the public does").click()
    expect(page.get_by_text("2 of 22 stations.")).to_be_visible()
