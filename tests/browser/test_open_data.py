"""The page of the JSON interface works under the strict policy, in a browser."""

import pytest
from playwright.sync_api import Page

from tests.conftest import load_az2024

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_page_of_the_interface_tries_it_out(live_server: object, page: Page) -> None:
    """Nothing is refused by the policy, the first time and when it comes again; nothing is asked of other hosts."""
    load_az2024()
    refused: list[str] = []
    elsewhere: list[str] = []
    home = str(live_server)
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((home, "data:")) else elsewhere.append(asked.url),
    )
    page.goto(f"{home}/api/docs")
    page.locator(".opblock").first.click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute", exact=True).click()
    page.locator(".live-responses-table").get_by_text("az-2024-president").first.wait_for()
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(f"{home}/api/docs")
    page.locator(".opblock").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert (refused, elsewhere) == ([], [])
