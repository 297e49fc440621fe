"""What was typed when a session ended is put back, and overwrites nothing that others wrote meanwhile (D1 with D7)."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from tests import factories, signing
from tests.forms import save
from tests.staff.test_browser import LISTEN
from tests.staff.test_visits import correction
from tests.trust.test_concurrency import opened
from tracker.core.models import User
from tracker.stations.models import VotingWindow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def anna() -> tuple[User, str]:
    account = factories.make_administrator(username="anna")
    return account, signing.enrol(account)


@pytest.fixture
def clara() -> Client:
    client = Client()
    client.force_login(factories.make_administrator(username="clara"))
    return client


@pytest.fixture
def open_page(page: Page, live_server: Any, anna: tuple[User, str]) -> Callable[[str], Page]:
    """Open an address as Anna, listening for faults."""
    page.add_init_script(LISTEN)
    signing.enter(page, live_server, anna[0])

    def go(path: str) -> Page:
        page.goto(f"{live_server.url}{path}")
        page.wait_for_load_state("networkidle")
        return page

    return go


def save_and_sign_in_again(page: Page, anna: tuple[User, str]) -> None:
    """Press save when the session is over, sign in, and wait for what was typed."""
    page.context.clear_cookies(name="sessionid")
    press_save(page)
    expect(page.get_by_label("User name or e-mail")).to_be_visible()
    signing.type_in(page, *anna)
    expect(page.locator(".put-back")).to_contain_text("is put back")


def press_save(page: Page) -> None:
    page.locator("input[name=_save]").last.click()


def row(page: Page, label: str) -> list[str]:
    """A row of the table of differences: when opened, on record now, typed."""
    found = page.locator(".conflict tr").filter(has=page.get_by_role("rowheader", name=label))
    return found.locator("td").all_inner_texts()


def test_d1_what_is_put_back_overwrites_nothing_that_others_wrote(
    open_page: Callable[[str], Page], page: Page, anna: tuple[User, str], clara: Client
) -> None:
    """Red when: typed.js does not put back `_opened` (then it is the fresh one, and Clara's consulate is gone)."""
    station = factories.make_station(city="Rome", address="Old street", host_mission="Embassy")
    path = f"/staff/stations/pollingstation/{station.pk}/change/"
    open_page(path)
    page.locator("#id_address").fill("Anna's street")
    page.locator("#id_reason").fill("A letter")
    save(clara, path, opened(clara, path) | {"host_mission": "Clara's consulate"})
    save_and_sign_in_again(page, anna)
    expect(page.locator("#id_address")).to_have_value("Anna's street")
    press_save(page)
    expect(
        page.get_by_role("heading", name="Not saved yet: somebody else changed this record")
    ).to_be_visible()
    assert row(page, "Host mission") == ["Embassy", "Clara's consulate", "unchanged"]
    station.refresh_from_db()
    assert (station.address, station.host_mission) == ("Old street", "Clara's consulate")
    press_save(page)
    expect(page.locator(".messagelist .success")).to_contain_text("was changed successfully")
    station.refresh_from_db()
    assert (station.address, station.host_mission) == ("Anna's street", "Clara's consulate")
    assert page.evaluate("window.broken") == []


def test_d1_rows_that_are_put_back_are_found_by_their_key(
    open_page: Callable[[str], Page], page: Page, anna: tuple[User, str], clara: Client
) -> None:
    """Red when: typed.js writes rows to their numbers: the hours typed for the 6th land on the 7th."""
    station = factories.make_station(timezone="Asia/Almaty")
    days = [date(2024, 2, day) for day in (5, 6, 7)]
    _first, second, third = (
        factories.make_window(station=station, opens_at=f"{day}T02:00Z", closes_at=f"{day}T13:00Z")
        for day in days
    )
    path = f"/staff/stations/pollingstation/{station.pk}/change/"
    open_page(path)
    hours = page.locator("input[name$=-closes]")
    assert hours.count() >= 3
    page.locator("[name=windows-1-closes]").fill("20:30")
    page.locator("#id_reason").fill("A letter")
    sent = opened(clara, path) | {"windows-0-DELETE": "on"}
    answer = clara.post(path, sent)
    assert answer.status_code == 302, answer.context["errors"]
    assert set(VotingWindow.objects.values_list("pk", flat=True)) == {second.pk, third.pk}
    save_and_sign_in_again(page, anna)
    expect(page.locator("[name=windows-0-closes]")).to_have_value("20:30")
    expect(page.locator("[name=windows-1-closes]")).to_have_value("19:00")
    press_save(page)
    expect(page.locator(".conflict")).to_contain_text("1 taken away")
    press_save(page)
    expect(page.locator(".messagelist .success")).to_contain_text("was changed successfully")
    kept = {one.pk: f"{one.closes_at:%d %H:%M}" for one in VotingWindow.objects.all()}
    assert kept == {second.pk: "06 14:30", third.pk: "07 13:00"}


def test_d7_a_form_is_found_again_where_others_made_steps_go(
    open_page: Callable[[str], Page], page: Page, anna: tuple[User, str]
) -> None:
    """Red when: typed.js finds a form by its number on the page: the steps above it are forms as well."""
    station = factories.make_station(address="Old street", publication="draft")
    open_page(f"/staff/stations/pollingstation/{station.pk}/change/")
    steps = page.locator(".state-now form").count()
    page.locator("#id_address").fill("Anna's street")
    type(station).objects.filter(pk=station.pk).update(publication="published")
    save_and_sign_in_again(page, anna)
    assert page.locator(".state-now form").count() != steps
    expect(page.locator("#id_address")).to_have_value("Anna's street")
    press_save(page)
    expect(page.locator(".conflict")).to_contain_text("publication")
    station.refresh_from_db()
    assert station.address == "Old street"


def test_d1_a_visit_that_is_put_back_overwrites_nothing_either(
    open_page: Callable[[str], Page], page: Page, anna: tuple[User, str], clara: Client
) -> None:
    """Its draft is kept by visit.js with the version that was seen. Red when: visit.js leaves `version` out."""
    visit = factories.make_visit(findings="First look")
    path = f"/staff/visits/{visit.pk}/correct/"
    open_page(path)
    page.get_by_label("Findings").fill("Anna's look")
    answer = clara.post(path, correction(visit, findings="Clara's look"))
    assert answer.status_code == 302
    page.context.clear_cookies(name="sessionid")
    page.locator("#visit-form button[type=submit]").first.click()
    signing.type_in(page, *anna)
    expect(page.get_by_label("Findings")).to_have_value("Anna's look")
    expect(page.locator(".put-back")).to_have_count(0)
    page.locator("#visit-form button[type=submit]").first.click()
    expect(page.locator("#visit-form .errorlist").first).to_contain_text("Clara's look")
    visit.refresh_from_db()
    assert visit.findings == "Clara's look"
