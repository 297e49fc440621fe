"""The main paths of a reader, in a real browser: nothing violates the policy or the accessibility rules."""

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.conftest import load_az2024
from tests.public.pages import ELECTION_PAGES
from tracker.stations.models import PollingStation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BASE = "/en/e/az-2024-president/"


@pytest.fixture
def open_page(page: Page, live_server: object) -> Iterator[Callable[[str], Page]]:
    """Opens an address of the real election; fails at the end if anything complained or went to another host."""
    load_az2024()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith(live_server.url) else complaints.append(request.url),  # type: ignore[attr-defined]
    )

    def go(path: str) -> Page:
        page.goto(f"{live_server.url}{path}")  # type: ignore[attr-defined]
        return page

    yield go
    assert complaints == []


def test_from_the_list_of_elections_to_a_station(open_page: Callable[[str], Page]) -> None:
    page = open_page("/en/")
    page.get_by_role("link", name="Extraordinary presidential election").click()
    headline = page.get_by_role("region", name="Headline")
    expect(headline.get_by_text("49 polling stations abroad")).to_be_visible()
    expect(headline.get_by_text("37 countries")).to_be_visible()
    page.get_by_role("link", name="Seoul, South Korea: 1 station, closed").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Seoul")
    expect(page.get_by_text("Asia/Seoul, UTC+09:00")).to_be_visible()


def test_filter_stations(open_page: Callable[[str], Page]) -> None:
    page = open_page(BASE + "stations/")
    page.get_by_label("Country").select_option(label="Türkiye")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("status")).to_have_text("5 stations match the filters")
    page.get_by_label("Text").fill("kars")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("1 station matches the filters")
    page.get_by_role("link", name="Clear").click()
    expect(page.get_by_role("status")).to_have_text("49 stations")


def test_move_the_clock(open_page: Callable[[str], Page]) -> None:
    page = open_page(BASE + "clock/?at=2024-02-07T08:00Z")
    states = page.get_by_role("region", name="Stations by state")
    expect(states).to_contain_text("47")
    page.get_by_role("link", name="Change before: 7 Feb 07:00 UTC").click()
    expect(page).to_have_url(re.compile("at=2024-02-07T07"))
    page.get_by_role("textbox", name="Moment").fill("2024-02-08T02:59")
    page.get_by_role("button", name="Show").click()
    expect(states).to_contain_text("1 open of 49 stations")
    # Another zone to show does not move the moment.
    page.get_by_label("Your time zone").fill("Asia/Baku")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("8 February 2024, 06:59 Asia/Baku")).to_be_visible()
    expect(states).to_contain_text("1 open of 49 stations")


def test_change_the_language_and_stay_on_the_page(open_page: Callable[[str], Page]) -> None:
    page = open_page(BASE + "stations/?country=US")
    page.get_by_role("link", name="Azərbaycanca").click()
    expect(page).to_have_url(re.compile(r"/az/e/az-2024-president/stations/\?country=US"))
    expect(page.get_by_role("cell", name="Amerika Birləşmiş Ştatları").first).to_be_visible()


def test_keyboard_reaches_the_content_first(open_page: Callable[[str], Page]) -> None:
    page = open_page(BASE)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility_rules_hold(open_page: Callable[[str], Page], scheme: str) -> None:
    addresses = [BASE + ("" if name == "dashboard" else f"{name}/") for name in ELECTION_PAGES]
    addresses[2] += "?at=2024-02-07T08:00Z"
    station = f"{BASE}stations/{PollingStation.objects.get(city='Rome').pk}/"
    for path in ["/en/", *addresses, BASE + "missions/cis/", station]:
        page = open_page(path)
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        results = Axe().run(page)
        found = [
            (v["id"], [node["html"][:120] for node in v["nodes"][:3]]) for v in results.response["violations"]
        ]
        assert found == [], path


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(open_page: Callable[[str], Page], width: int) -> None:
    for name in ELECTION_PAGES:
        page = open_page(BASE + ("" if name == "dashboard" else f"{name}/"))
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_columns_stand_under_their_heads(open_page: Callable[[str], Page]) -> None:
    """Each cell of a table begins where its column's head begins."""
    edges = """table => [...table.tHead.rows[0].cells].map((head, number) =>
        [head, table.tBodies[0].rows[0].cells[number]].map(cell => Math.round(cell.getBoundingClientRect().left)))"""
    for name in ("stations", "clock", "missions", "coverage"):
        page = open_page(f"{BASE}{name}/")
        page.set_viewport_size({"width": 1280, "height": 800})
        tables = page.locator("main table:visible")  # some are folded away
        assert tables.count()
        for table in tables.all():
            if not table.is_visible():  # folded away
                continue
            for head, cell in table.evaluate(edges):
                assert head == cell, (name, table.inner_text()[:80])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_an_address_that_is_not_there_is_accessible(
    page: Page, live_server: object, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{live_server.url}/en/nothing/")  # type: ignore[attr-defined]
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    assert [violation["id"] for violation in Axe().run(page).response["violations"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_print_is_dark_on_white_whatever_the_reader_likes(
    open_page: Callable[[str], Page], scheme: str
) -> None:
    page = open_page(BASE)
    page.emulate_media(color_scheme=scheme, media="print")  # type: ignore[arg-type]
    colours = """() => [...document.querySelectorAll("h1, p.lead, main a, .number, td, .outcome")].map(element => {
        const [r, g, b] = getComputedStyle(element).color.match(/\\d+/g).map(Number);
        return Math.max(r, g, b);
    })"""
    assert max(page.evaluate(colours)) < 180
    paper = "() => getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    assert not page.locator("nav.sections").is_visible()


def test_marks_are_wide_enough_for_a_finger(open_page: Callable[[str], Page]) -> None:
    page = open_page(BASE)
    page.set_viewport_size({"width": 360, "height": 800})
    widths = "marks => marks.map(mark => mark.getBoundingClientRect().width)"
    for frame in (".world", ".europe"):
        assert min(page.locator(f"svg{frame} .hit").evaluate_all(widths)) >= 24, frame
    # The map is scrolled within its frame; the page is not.
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_works_without_scripts(browser: object, live_server: object) -> None:
    load_az2024()
    context = browser.new_context(java_script_enabled=False)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(f"{live_server.url}{BASE}clock/?at=2024-02-07T08:00Z")  # type: ignore[attr-defined]
    expect(page.get_by_text("of 49 stations")).to_be_visible()
    page.get_by_role("link", name=re.compile("Next change")).click()
    expect(page.get_by_text("10:00 UTC").first).to_be_visible()
    context.close()
