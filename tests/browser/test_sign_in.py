"""Signing in with a real browser: an authenticator app, a passkey, a session that ends while somebody types."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Locator, Page, expect

from tests import factories, signing
from tests.signing import PASSWORD, code_now, forget_used_codes, person, use_passkey
from tests.staff.test_browser import LISTEN, faults
from tracker.accounts.demonstration import make_accounts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_page(page: Page, live_server: Any) -> Callable[[str], Page]:
    """Open an address, listening for faults from the first moment."""
    page.add_init_script(LISTEN)

    def go(path: str) -> Page:
        page.goto(f"{live_server.url}{path}")
        page.wait_for_load_state("networkidle")
        return page

    return go


def give_password(page: Page, name: str = "anna") -> None:
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.parametrize("width", [360, 1280])
def test_an_app_is_enrolled_and_asked_for(open_page: Callable[[str], Page], page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    anna = person()
    open_page("/staff/elections/election/")
    found = faults(page)
    give_password(page)
    expect(page.get_by_text("One step is left: a second factor.")).to_be_visible()
    found += faults(page)
    expect(page.get_by_role("img", name="QR code for the app")).to_be_visible()
    found += faults(page)
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.get_by_label("Code:", exact=True).fill(code_now(secret))
    page.get_by_role("button", name="Turn it on").click()
    # Nothing is said of codes but the codes.
    expect(page.get_by_text("has been generated")).to_have_count(0)
    codes = page.locator("#codes").input_value()
    assert len(codes.split()) == 10
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download").click()
    assert saved.value.suggested_filename == "recovery-codes.txt"
    expect(page.get_by_text("Saved as recovery-codes.txt.")).to_be_visible()
    whose = f"Recovery codes of {anna.username} for {site_settings.PUBLIC_URL}"
    assert Path(saved.value.path()).read_text(encoding="utf-8") == f"{whose}\n\n{codes}\n"
    found += faults(page)
    page.get_by_role("button", name="I have kept them").click()
    # Where somebody was going before the second factor came between.
    expect(page).to_have_url(re.compile("/staff/elections/election/$"))

    page.get_by_role("button", name="Log out").click()
    give_password(page)
    forget_used_codes(anna)
    page.get_by_label("Code:", exact=True).fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("This code is not right.")).to_be_visible()
    found += faults(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_label("Code:", exact=True).fill(code_now(secret))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The register")).to_be_visible()
    assert found == []


def test_a_passkey_is_added_and_used(page: Page, live_server: Any) -> None:
    """With the browser's own virtual authenticator, under the page's policy."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.add_init_script(LISTEN)
    site = live_server.url.replace("127.0.0.1", "localhost")  # passkeys belong to a name
    person()
    page.goto(f"{site}/staff/")
    give_password(page)
    page.get_by_role("link", name="Rather a passkey").click()
    page.get_by_label("Name").fill("This laptop")
    page.wait_for_load_state()  # the button does nothing before the page's scripts have run
    found = faults(page)
    page.get_by_role("button", name="Add it").click()
    assert len(page.locator("#codes").input_value().split()) == 10
    page.goto(f"{site}/staff/account/")
    expect(page.get_by_text("This laptop")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    give_password(page)
    expect(page.get_by_role("button", name="Use a passkey")).to_be_visible()
    found += faults(page)
    use_passkey(page)
    expect(page.get_by_role("heading", name="The register")).to_be_visible()
    assert found == []


def test_a_passkey_that_is_not_there_is_said_on_the_page(page: Page, live_server: Any) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    person()
    page.goto(f"{live_server.url.replace('localhost', '127.0.0.1')}/staff/")
    give_password(page)
    page.get_by_role("link", name="Rather a passkey").click()
    # An address by number can have none, and the page says by which it can.
    expect(page.get_by_role("link", name="http://localhost")).to_be_visible()
    page.wait_for_load_state()  # the button does nothing before the page's scripts have run
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("alert")).to_contain_text("No passkey was made")


def test_a8_the_end_of_a_session_is_warned_of_and_put_off(
    page: Page, live_server: Any, settings: Any
) -> None:
    """Red when: session.js does not warn; or the button does not send its token."""
    settings.SESSION_IDLE_SECONDS, settings.SESSION_WARNING_SECONDS = 130, 120
    page.add_init_script(LISTEN)
    signing.enter(page, live_server, factories.make_administrator())
    page.clock.install()
    page.goto(f"{live_server.url}/staff/")
    box = page.locator("#session-warning")
    expect(box).to_be_hidden()
    # The server's clock is not the page's: there, too, ten seconds go by.
    stored = SessionStore(page.context.cookies()[0]["value"])
    stored["seen_at"] -= 15
    stored.save()
    page.clock.run_for(11_000)
    expect(box).to_contain_text("you will be signed out in two minutes")
    settings.SESSION_IDLE_SECONDS = 1800
    box.get_by_role("button", name="Stay signed in").click()
    expect(box).to_be_hidden()
    assert faults(page) == []


def test_d7_what_was_typed_comes_back_after_signing_in_again(
    open_page: Callable[[str], Page], page: Page, live_server: Any
) -> None:
    """Red when: typed.js does not keep what is sent, or interrupted.js marks nothing."""
    anna = factories.make_administrator(username="anna")
    secret = signing.enrol(anna)
    signing.enter(page, live_server, anna)
    election = factories.make_election()
    open_page("/staff/elections/constituency/add/")
    page.locator("#id_number").fill("125")
    page.locator("#id_name").fill("Bərdə, typed for an hour")
    choose = "(field, [key, text]) => { field.add(new Option(text, key)); field.value = key; }"
    page.locator("#id_election").evaluate(choose, [str(election.pk), election.name])
    page.context.clear_cookies(name="sessionid")
    page.locator("input[name=_save]").last.click()
    expect(page.get_by_label("User name or e-mail")).to_be_visible()
    assert "typed for an hour" in page.evaluate("JSON.stringify({...sessionStorage})")
    signing.type_in(page, anna, secret)
    expect(page.get_by_role("status")).to_contain_text("is put back")
    expect(page.locator("#id_name")).to_have_value("Bərdə, typed for an hour")
    page.locator("input[name=_save]").last.click()
    expect(page.locator(".messagelist .success")).to_contain_text("was added successfully")
    page.wait_for_load_state()  # the message is there before the page's scripts have run
    constituency = election.constituencies.get()
    assert (constituency.number, constituency.name) == ("125", "Bərdə, typed for an hour")
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('typed:'))") == []
    assert page.evaluate("window.broken") == []


def test_d7_nothing_comes_back_for_somebody_else_and_no_password_is_kept(
    open_page: Callable[[str], Page], page: Page, live_server: Any
) -> None:
    """Red when: typed.js does not compare the account; or keeps fields of type password."""
    anna, berta = (
        factories.make_administrator(username="anna"),
        factories.make_administrator(username="berta"),
    )
    secret = signing.enrol(berta)
    signing.enter(page, live_server, anna)
    open_page("/staff/elections/constituency/add/")
    page.locator("#id_name").fill("Anna's own")
    page.context.clear_cookies(name="sessionid")
    page.locator("input[name=_save]").last.click()
    signing.type_in(page, berta, secret)
    page.wait_for_url("**/constituency/add/")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_text("is put back")).to_have_count(0)
    expect(page.locator("#id_name")).to_have_value("")
    assert "Anna" not in page.evaluate("JSON.stringify({...sessionStorage})")
    open_page("/staff/password_change/")
    page.get_by_label("Old password").fill("super secret words")
    page.get_by_role("button", name="Change password").click()
    assert "secret" not in page.evaluate("JSON.stringify({...sessionStorage})")


def test_a_local_copy_names_each_button_and_hides_none(
    open_page: Callable[[str], Page], page: Page, settings: Any
) -> None:
    """Red when: the buttons are all called the same, or stand under each other on a narrow screen."""
    settings.LOCAL = True
    make_accounts()
    names = ["desk", "officer", "coordinator", "publisher", "auditor", "keeper"]
    found = []
    for width, height in ((1280, 800), (360, 900)):
        page.set_viewport_size({"width": width, "height": height})
        open_page("/staff/login/")
        buttons = page.locator(".local-copy button")
        assert buttons.all_inner_texts() == [f"Sign in as {name}" for name in names]
        lowest = max(box["y"] + box["height"] for box in map(Locator.bounding_box, buttons.all()) if box)
        assert lowest <= height, (width, lowest)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        expect(page.get_by_text("Publisher: decides what the public sees, and when.")).to_be_visible()
        found += faults(page)
    page.get_by_role("button", name="Sign in as keeper").click()
    expect(page.get_by_role("link", name="Invite somebody")).to_be_visible()
    assert found == []
