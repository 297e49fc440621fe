"""A coordinator looks for what another organization has not published, by every way a browser offers.

Each red when both walls are open: `visible_to`, `rows_for` and `choosable` return the rows they get, `uploads_for`
gives every file, and `_Rules.allow` of `core.wall` writes USING (true).
"""

import re
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db.models import Model
from playwright.sync_api import Page, expect

from tests import signing
from tests.trust.world import CANARY, make_world, rows_of
from tracker.core.roles import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Every page is asked for once for each shape of its address; keys and what follows the question mark are left out.
KEY = re.compile(r"/(?:\d+|[^/]+(?=/(?:change|delete|history)/))(?=/)")
LEAVE = re.compile(r"/logout/|/staff/api/|/jsi18n/|/set-language|/static/")
# What the world calls its hidden things, in words and in addresses (there is a zone Atlantic/Canary).
HIDDEN = re.compile(rf"{CANARY}|/{CANARY.lower()}/")
# The kinds of record that organizations own.
OWNED = [
    "Organization",
    "Mission",
    "Membership",
    "Statement",
    "Observer",
    "Person",
    "Accreditation",
    "Team",
    "Deployment",
    "Visit",
    "Incident",
]


@pytest.fixture
def world() -> SimpleNamespace:
    return make_world()


@pytest.fixture
def coordinator(page: Page, live_server: Any, world: SimpleNamespace) -> Page:
    """The page of somebody who coordinates organization A, on the staff's first page."""
    signing.enter(page, live_server, world.accounts[Role.COORDINATOR])
    page.goto(f"{live_server.url}/staff/")
    expect(page.get_by_role("heading", name="The register")).to_be_visible()
    return page


def shape(address: str) -> str:
    return KEY.sub("/#", urlsplit(address).path)


def links(page: Page) -> list[str]:
    return page.evaluate(
        "[...document.querySelectorAll('a[href], iframe[src]')].map(found => found.href || found.src)"
    )


def read(page: Page, address: str) -> tuple[int, str, list[str]]:
    """Ask for an address as a link on the page would, files included: status, everything that came, and where the
    links of a page lead. Nothing is drawn: that takes as long again."""
    status, text, found = page.evaluate(
        """async (address) => {
            const answer = await fetch(address), text = await answer.text(), links = [];
            if (answer.ok && text.slice(0, 2000).includes("<html")) {
                const read = new DOMParser().parseFromString(text, "text/html");
                for (const one of read.querySelectorAll("a[href], iframe[src]")) {
                    const to = one.getAttribute("href") || one.getAttribute("src");
                    if (URL.canParse(to, answer.url)) { links.push(new URL(to, answer.url).href); }
                }
            }
            return [answer.status, text, links];
        }""",
        address,
    )
    return status, text, found


def test_z2_nothing_is_found_by_following_links(coordinator: Page, live_server: Any) -> None:
    """Pages are fetched and parsed, not drawn: what a script puts into one is for the tests of that screen."""
    waiting, seen, gave_away = [f"{live_server.url}/staff/", f"{live_server.url}/en/"], set(), {}
    while waiting:
        address = waiting.pop()
        if shape(address) in seen or not address.startswith(live_server.url) or LEAVE.search(address):
            continue
        seen.add(shape(address))
        _status, text, found = read(coordinator, address)
        if hidden := HIDDEN.findall(text):
            gave_away[address] = len(hidden)
        waiting += found
    assert gave_away == {}
    # The walk was one: lists, forms, histories, screens of work, public pages, files.
    assert {"/staff/missions/mission/", "/staff/missions/mission/#/change/", "/staff/missions/mission/#/history/",
            "/staff/board/the-election/", "/staff/files/", "/en/e/the-election/missions/"} <= seen  # fmt: skip
    assert len(seen) > 60


def test_z2_nothing_is_found_by_searching(coordinator: Page, live_server: Any) -> None:
    coordinator.goto(f"{live_server.url}/staff/")
    lists = {address for address in links(coordinator) if re.search(r"/staff/\w+/\w+/$", address)}
    searched = 0
    for address in sorted(lists):
        coordinator.goto(address)
        box = coordinator.locator("#searchbar")
        if not box.count():
            continue
        box.fill(CANARY)
        box.press("Enter")
        expect(coordinator.locator("#searchbar")).to_have_value(CANARY)
        found = coordinator.locator("#result_list tbody").all_inner_texts()
        assert found == (["Atlantic/Canary\tUTC"] if "/timezone/" in address else []), address
        searched += 1
    assert searched >= 8


def test_z3_nothing_is_found_or_chosen_in_forms(
    coordinator: Page, live_server: Any, world: SimpleNamespace
) -> None:
    looked_up = 0
    for kind in ("missions/observer", "missions/statement", "fieldwork/team", "fieldwork/deployment"):
        coordinator.goto(f"{live_server.url}/staff/{kind}/add/")
        coordinator.wait_for_load_state("networkidle")
        assert HIDDEN.findall(coordinator.content()) == [], kind
        for look_up in coordinator.locator(".form-row .select2-selection").all():
            if not look_up.is_visible():
                continue
            look_up.click()
            field = coordinator.locator(".select2-container--open .select2-search__field")
            if not field.count():  # a list to choose from, of which all is in the page
                coordinator.keyboard.press("Escape")
                continue
            field.fill(CANARY)
            none = re.compile(
                r"^No (results found|[\w ]+ of this name\. The green plus beside it enters a new one\.)$"
            )
            expect(coordinator.locator(".select2-results__message")).to_have_text(none)
            coordinator.keyboard.press("Escape")
            looked_up += 1
    assert looked_up >= 4


def values(row: Model) -> dict[str, Any]:
    return type(row)._default_manager.filter(pk=row.pk).values().get()


def answers(page: Page, live_server: Any, address: str) -> tuple[str, int]:
    """What is read at an address, and how a form sent to it is answered (0: it leads elsewhere)."""
    text, status = page.evaluate(
        """async (address) => {
            const text = await (await fetch(address)).text();
            const read = new DOMParser().parseFromString(text, "text/html");
            const token = read.querySelector("[name=csrfmiddlewaretoken]").value;
            const body = new URLSearchParams({csrfmiddlewaretoken: token, post: "yes"});
            const answer = await fetch(address, {method: "POST", body, redirect: "manual"});
            return [read.body.textContent, answer.status];
        }""",
        f"{live_server.url}{address}",
    )
    return text, status


def test_z2_nothing_is_seen_or_changed_by_address(
    coordinator: Page, live_server: Any, world: SimpleNamespace
) -> None:
    rows = [pair[1] for name, pair in rows_of(world).items() if name in OWNED]
    before = [values(row) for row in rows]
    differs = {}
    for row in rows:
        for screen in ("change", "history", "delete", "publication/publish", "publication/submit"):
            theirs, absent = (
                f"/staff/{row._meta.app_label}/{row._meta.model_name}/{key}/{screen}/"
                for key in (row.pk, 99_999_999)
            )
            if answers(coordinator, live_server, theirs) != answers(coordinator, live_server, absent):
                differs[theirs] = answers(coordinator, live_server, theirs)
    assert differs == {}
    assert [values(row) for row in rows] == before


def test_z2_nothing_is_in_what_is_exported(
    coordinator: Page, live_server: Any, world: SimpleNamespace
) -> None:
    for screen in ("rows-to-mend", "file"):
        status, text, _links = read(coordinator, f"/staff/files/{world.a.upload.pk}/{screen}/")
        assert (status, text.startswith("mission,team,date"), HIDDEN.findall(text)) == (200, True, []), screen
        status, text, _links = read(coordinator, f"/staff/files/{world.b.upload.pk}/{screen}/")
        assert (status, HIDDEN.findall(text)) == (404, []), screen
    assert read(coordinator, f"/staff/people/{world.b.person.pk}/export/")[0] in (403, 404)
    # What everybody may take holds no more for somebody who signed in.
    coordinator.goto(f"{live_server.url}/en/e/the-election/data/")
    files = [
        address for address in links(coordinator) if re.search(r"\.(csv|xlsx|geojson|zip|ics|json)$", address)
    ]
    found = [read(coordinator, address) for address in files]
    assert ({status for status, _text, _links in found}, len(files) > 20) == ({200}, True)
    assert [
        address for address, (_status, text, _links) in zip(files, found, strict=True) if HIDDEN.search(text)
    ] == []
