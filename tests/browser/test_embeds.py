"""A page on another origin frames what may be framed, in a real browser, and finds the rest refused."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.conftest import load_az2024
from tests.factories import make_station
from tests.public.pages import ELECTION_PAGES
from tracker.coverage import editions
from tracker.elections.models import Election
from tracker.stations.models import PollingStation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE, EMBED = "/en/e/az-2024-president/", "/embed/en/e/az-2024-president/"


@pytest.fixture
def election(transactional_db: None) -> Election:
    election = load_az2024()
    editions.refresh_stale()
    return election


class Newspaper:
    """Another site: one page, whose HTML each test sets."""

    html, isolated = "", False

    def __init__(self) -> None:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                if site.isolated:
                    self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
                self.end_headers()
                self.wfile.write(f"<!doctype html><title>News</title><p>News</p>{site.html}".encode())

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # By another name than the tracker's (localhost): another site, not only another origin.
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def newspaper() -> Iterator[Newspaper]:
    site = Newspaper()
    yield site
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def test_what_is_copied_shows_the_map_on_another_site(
    page: Page,
    live_server: Any,
    settings: Any,
    newspaper: Newspaper,
    complaints: list[str],
    election: Election,
) -> None:
    """Red when: the dashboard's copied frame leads to a page that says DENY."""
    settings.PUBLIC_URL = live_server.url
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(live_server.url + PAGE)
    page.get_by_text("Embed this on another site").click()
    field = page.get_by_label("Polling stations abroad: Extraordinary")
    field.locator("xpath=..").get_by_role("button", name="Copy").click()
    expect(field.locator("xpath=..").get_by_text("Copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == field.input_value()

    newspaper.html = copied
    for isolated in (False, True):
        newspaper.isolated = isolated
        page.goto(newspaper.url)
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("heading", name="Stations abroad, now")).to_be_visible()
        expect(frame.get_by_role("link", name="Seoul, South Korea: 1 station, closed")).to_be_visible()
    # A mark opens our page in a tab of its own: here it would be refused.
    with page.expect_popup() as opened:
        frame.get_by_role("link", name="Seoul, South Korea: 1 station, closed").press("Enter")
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text("Seoul")
    assert opened.value.evaluate("window.opener") is None
    # What the browser kept and asked about again (304) is still framed.
    page.reload()
    expect(frame.get_by_role("heading", name="Stations abroad, now")).to_be_visible()
    assert page.context.cookies() == []
    assert complaints == []


def refused(message: ConsoleMessage) -> bool:
    return "frame-ancestors 'none'" in message.text or "X-Frame-Options" in message.text


def test_pages_and_errors_are_refused(
    page: Page, live_server: Any, newspaper: Newspaper, election: Election
) -> None:
    for path in (PAGE, PAGE + "coverage/", EMBED + "nothing/", "/embed/en/e/nothing/map/", "/staff/login/"):
        newspaper.html = f'<iframe src="{live_server.url}{path}"></iframe>'
        with page.expect_console_message(refused):
            page.goto(newspaper.url)
        expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_have_count(0)


def test_a_frame_renews_itself(
    page: Page, live_server: Any, newspaper: Newspaper, transactional_db: None
) -> None:
    from tests.factories import make_election

    election = make_election(slug="watched", demonstration=True)
    make_station(election=election)
    editions.refresh_stale()
    newspaper.html = f'<iframe src="{live_server.url}/embed/en/e/watched/headline/"></iframe>'
    page.goto(newspaper.url)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("Everything here is invented")).to_be_visible()
    expect(frame.locator(".number").first).to_have_text("1")
    make_station(election=election, city="Rome", country="IT")
    editions.refresh_stale()
    expect(frame.locator(".number").first).to_have_text("2")
    expect(frame.locator("#footer-as-of")).to_contain_text("edition 2.")


def test_data_blocks_stand_under_the_policy(
    page: Page, live_server: Any, complaints: list[str], election: Election
) -> None:
    """A browser runs no application/ld+json, so no policy forbids it; a script in its place is stopped.

    Red when: the type of the block is text/javascript.
    """
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', event => console.error(event.violatedDirective))"
    )
    station = PollingStation.objects.get(city="Rome").pk
    paths = [PAGE + ("" if name == "dashboard" else f"{name}/") for name in ELECTION_PAGES]
    for path in [*paths, f"{PAGE}stations/{station}/", PAGE + "missions/cis/"]:
        page.goto(live_server.url + path)
        data = page.evaluate(
            "JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)"
        )
        assert data["@graph"], path
    for name in ("map", "headline", "coverage"):
        page.goto(f"{live_server.url}{EMBED}{name}/")
    assert complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible_and_narrow_enough(
    page: Page, live_server: Any, complaints: list[str], election: Election, theme: str
) -> None:
    """In the colours that the address asks for, whatever the reader likes."""
    page.emulate_media(color_scheme="dark" if theme == "light" else "light")
    for name in ("map", "headline", "coverage"):
        page.goto(f"{live_server.url}{EMBED}{name}/?theme={theme}")
        paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert paper == {"light": "rgb(251, 250, 247)", "dark": "rgb(18, 24, 28)"}[theme]
        for width in (240, 360, 720):
            page.set_viewport_size({"width": width, "height": 600})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        assert complaints == []
        found = [
            (each["id"], [node["html"][:120] for node in each["nodes"][:3]])
            for each in Axe().run(page).response["violations"]
        ]
        assert found == [], name
        complaints.clear()  # the checker brings styles of its own


def test_without_scripts_the_html_can_be_selected(browser: Any, live_server: Any, election: Election) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live_server.url + PAGE + "coverage/")
    page.get_by_text("Embed this on another site").click()
    expect(page.get_by_role("textbox").first).to_have_attribute("readonly", "")
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    context.close()
