"""An invitation accepted in a real browser: by keyboard, at any width, with an app or a passkey, without scripts."""

import re
from itertools import pairwise
from typing import Any

import pytest
from django.core import mail as outbox
from playwright.sync_api import Page, Route, expect

from tests import factories
from tests.signing import PASSWORD, code_now, use_passkey
from tests.staff.test_browser import LISTEN, faults
from tracker.accounts import invitations
from tracker.core.roles import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def invited(live_server: Any, settings: Any, *roles: str) -> str:
    """The link in the mail to somebody who is invited to these roles."""
    settings.PUBLIC_URL = live_server.url
    keeper = factories.make_administrator(first_name="Karin", last_name="Keeper")
    invitations.invite(email="olga@example.org", first_name="", last_name="", roles=roles, by=keeper)
    return str(re.search(r"http\S+/staff/invitation/\S+", outbox.outbox[-1].body)[0])  # type: ignore[index]


def key_of(page: Page) -> str:
    return page.locator("#secret").inner_text().replace(" ", "")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "light"), (360, "dark")])
def test_the_keyboard_alone_gets_from_the_link_to_the_first_page(
    page: Page, live_server: Any, settings: Any, width: int, scheme: Any
) -> None:
    """Red when: the field is not focused or the refused code stays in it; *Show* is no button; a page is wider than
    the screen, or a wide one higher; what is kept is asked for again; or a refused password is gone."""
    link = invited(live_server, settings, *Role.values)
    page.emulate_media(color_scheme=scheme)
    page.add_init_script(LISTEN)
    page.set_viewport_size({"width": width, "height": 800})

    def look(title: str, focused: str) -> list[str]:
        expect(page).to_have_title(f"{title} | Observation tracker")
        page.wait_for_load_state("networkidle")  # of the page with this title, not of the one before
        assert page.evaluate("document.activeElement.id") == focused
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width > 1000:
            assert page.evaluate("document.documentElement.scrollHeight") <= 800, "a button is out of sight"
        return faults(page)

    page.goto(link)
    found = look("Set up your account", "id_password")
    expect(page.get_by_text("Karin Keeper invites you.")).to_be_visible()
    field = page.get_by_label("Password:", exact=True)
    expect(field).to_have_attribute("autocomplete", "new-password")
    page.keyboard.type("password1234")
    page.keyboard.press("Tab")
    # Looked at when it is typed, while it can still be mended.
    expect(page.get_by_role("alert")).to_contain_text("This password is guessed too easily")
    page.keyboard.press("Enter")
    expect(field).to_have_attribute("type", "text")
    expect(page.get_by_role("button", name="Hide the password")).to_be_focused()
    expect(page.get_by_label("Six digits")).to_have_attribute("inputmode", "numeric")
    key = key_of(page)
    page.get_by_label("Six digits").focus()
    page.keyboard.type("123456")
    page.keyboard.press("Enter")
    # Nothing is sent, and nothing that was typed is gone.
    expect(field).to_be_focused()
    found += look("Set up your account", "id_password")
    expect(field).to_have_accessible_description(re.compile("This password is guessed too easily"))
    expect(field).to_have_value("password1234")
    expect(page.get_by_label("Six digits")).to_have_value("123456")
    page.keyboard.press("End")
    page.keyboard.type(" and the lamps of the harbour")
    page.keyboard.press("Enter")
    found += look("Not yet right: Set up your account", "id_code")
    expect(page.get_by_label("Six digits")).to_have_accessible_description(
        re.compile("This code does not belong to this key")
    )
    expect(field).to_be_hidden()
    expect(field).to_have_attribute("type", "password")
    assert key_of(page) == key
    page.keyboard.type(code_now(key))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="I have kept them")).to_be_visible()
    sheet = page.get_by_role("textbox", name="Recovery codes")
    assert sheet.evaluate("sheet => sheet.scrollHeight <= sheet.clientHeight"), "some codes are out of sight"
    found += look("Recovery codes", "")
    codes = page.locator("#codes").input_value()
    page.reload()
    expect(page.locator("#codes")).to_have_value(codes)
    page.emulate_media(media="print")
    expect(page.get_by_text(f"Recovery codes of olga@example.org for {live_server.url}")).to_be_visible()
    expect(page.locator("#header")).to_be_hidden()
    page.emulate_media(media="screen")
    page.get_by_role("button", name="I have kept them").press("Enter")
    expect(page.get_by_role("heading", name="The register")).to_be_visible()
    assert found == []


def test_the_picture_is_whole_whatever_the_address(page: Page, live_server: Any, settings: Any) -> None:
    """Red when: the picture has a size of its own, which the page then cuts."""
    settings.PUBLIC_URL = live_server.url
    name = "a.very.long.name.of.somebody.who.observes@department.of.elections.example.org"
    invitations.invite(email=name, first_name="", last_name="", roles=[])
    page.goto(str(re.search(r"http\S+/staff/invitation/\S+", outbox.outbox[-1].body)[0]))  # type: ignore[index]
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        seen = page.evaluate(
            "() => ['.qr', '.qr svg', '.qr path:last-of-type'].map((name) => {"
            " const box = document.querySelector(name).getBoundingClientRect();"
            " return [box.left, box.top, box.right, box.bottom]; })"
        )
        for outer, inner in pairwise(seen):
            assert outer[:2] <= inner[:2]
            assert (inner[2] <= outer[2], inner[3] <= outer[3]) == (True, True), (width, seen)


def test_a_passkey_takes_the_place_of_the_app(page: Page, live_server: Any, settings: Any) -> None:
    """Red when: the password is not kept; or Enter sends the form without a passkey."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.add_init_script(LISTEN)
    page.goto(invited(live_server, settings, Role.DESK).replace("127.0.0.1", "localhost"))
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_text("This field is required.")).to_have_count(1)
    page.get_by_label("Password:", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_role("heading", name="Add a passkey")).to_be_visible()
    found = faults(page)
    page.get_by_role("link", name="Rather an authenticator app").click()
    expect(page.get_by_text("Your password is good and is kept.")).to_be_visible()
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_label("Name")).to_be_focused()
    page.wait_for_load_state()  # Enter does nothing of its own before the page's scripts have run
    page.get_by_label("Name").fill("This laptop")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_role("heading", name="The register")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("User name or e-mail").fill("olga@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    use_passkey(page)
    expect(page.get_by_role("heading", name="The register")).to_be_visible()
    assert found == []


def test_it_needs_no_script(browser: Any, live_server: Any, settings: Any) -> None:
    """Red when: a button that does nothing without its script is shown; or the form is sent by one."""
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(invited(live_server, settings, Role.DESK))
    expect(page.get_by_role("button", name="Show")).to_have_count(0)
    page.get_by_label("Password:", exact=True).fill(PASSWORD)
    page.get_by_label("Six digits").fill(code_now(key_of(page)))
    page.get_by_role("button", name="Set up my account").click()
    assert len(page.locator("#codes").input_value().split()) == 10
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_role("heading", name="The register")).to_be_visible()


def test_a_button_pressed_twice_sends_once(page: Page, live_server: Any, settings: Any) -> None:
    """Red when: password.js lets a form go twice."""
    page.goto(invited(live_server, settings, Role.DESK))
    page.get_by_label("Password:", exact=True).fill(PASSWORD)
    page.get_by_label("Six digits").fill(code_now(key_of(page)))
    held: list[Route] = []

    def hold(route: Route) -> None:
        waits = route.request.method == "POST" and not route.request.url.endswith("/password/")
        held.append(route) if waits else route.continue_()

    page.route("**", hold)
    button = page.get_by_role("button", name="Set up my account")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box
    for _time in range(2):  # while the server has not answered yet
        page.mouse.click(box["x"] + 20, box["y"] + 10)
        page.wait_for_timeout(300)
    assert len(held) == 1
    held[0].continue_()
    expect(page.get_by_role("button", name="I have kept them")).to_be_visible()


def test_a_password_that_was_looked_at_long_ago_goes_with_the_first_press(
    page: Page, live_server: Any, settings: Any
) -> None:
    """Red when: the form is sent anew from within its own submission, which a browser takes for one and ignores."""
    page.goto(invited(live_server, settings, Role.DESK))
    with page.expect_response("**/password/") as looked_at:
        page.get_by_label("Password:", exact=True).fill(PASSWORD)
        page.get_by_label("Six digits").fill(code_now(key_of(page)))
    assert looked_at.value.json() == {"complaints": []}
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Set up my account").click()
    expect(page.get_by_role("button", name="I have kept them")).to_be_visible()
