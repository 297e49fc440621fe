"""The demonstration in a real browser: unmissable, accessible, and moving while one looks."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from playwright.sync_api import Page, expect

from tests.public.pages import ELECTION_PAGES
from tracker.elections.models import Election
from tracker.staff import demonstration

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BASE = "/en/e/demo/"
PATHS = ["/en/", *(BASE + ("" if name == "dashboard" else f"{name}/") for name in ELECTION_PAGES)]


@pytest.fixture
def midday(page: Page, live_server: object) -> Page:
    """A page on a demonstration whose day was played until noon."""
    demonstration.load_demonstration()
    call_command("simulate_day", "--speed", "0", "--until", "12:00", stdout=StringIO())
    page.goto(f"{live_server.url}/en/")  # type: ignore[attr-defined]
    return page


def test_it_keeps_the_rules_of_accessibility_and_fits_every_screen(midday: Page, live_server: object) -> None:
    page = midday
    for path in PATHS:
        page.goto(f"{live_server.url}{path}")  # type: ignore[attr-defined]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = [violation["id"] for violation in Axe().run(page).response["violations"]]
            assert found == [], (path, scheme)
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        if path != "/en/":
            expect(page.get_by_role("complementary", name="Demonstration")).to_be_in_viewport()


def test_the_clock_of_an_open_page_moves_by_itself_and_is_printed(midday: Page, live_server: object) -> None:
    page = midday
    page.goto(f"{live_server.url}{BASE}coverage/")  # type: ignore[attr-defined]
    banner = page.get_by_role("complementary", name="Demonstration")
    expect(banner).to_contain_text("Simulated time: 10 Mar 2030 09:00 UTC")
    demo = Election.objects.get(slug="demo")
    demonstration.move_clock(demo, datetime(2030, 3, 10, 9, 30, tzinfo=UTC))
    expect(banner).to_contain_text("Simulated time: 10 Mar 2030 09:30 UTC")
    page.emulate_media(media="print")
    expect(banner).to_be_visible()
