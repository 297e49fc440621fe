"""From the hand of an administrator to the eyes of a reader: correct, publish, withdraw."""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import load_az2024
from tests.factories import make_administrator
from tests.signing import enrol, type_in
from tracker.stations.models import PollingStation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_sign_in_correct_a_station_and_see_it_public(page: Page, live_server: object) -> None:
    election = load_az2024()
    administrator = make_administrator()
    secret = enrol(administrator)
    station = PollingStation.objects.get(city="Rome")
    public = f"{live_server.url}/en/e/{election.slug}/stations/{station.pk}/"  # type: ignore[attr-defined]
    form = f"{live_server.url}/staff/stations/pollingstation/{station.pk}/change/"  # type: ignore[attr-defined]

    page.goto(public)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rome")

    page.goto(form)
    type_in(page, administrator, secret)
    page.locator("#id_address").fill("Viale Regina Margherita")
    page.locator("#id_number").fill("39A")
    page.get_by_label("Why is it corrected?").fill("The embassy told us.")
    page.locator("input[name=_save]").last.click()
    expect(page.locator(".messagelist .success")).to_contain_text("was changed successfully")

    page.goto(public)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rome No. 39A")
    expect(page.get_by_text("Viale Regina Margherita")).to_be_visible()
    # The hours are those of the real election, untouched by the correction.
    expect(page.get_by_text("Europe/Rome, UTC+01:00")).to_be_visible()

    page.goto(form)
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_label("Why is it withdrawn?").fill("Not this building")
    page.get_by_role("button", name="Yes, withdraw this record").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    page.goto(public)
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")
    page.goto(f"{live_server.url}/en/e/{election.slug}/")  # type: ignore[attr-defined]
    expect(page.get_by_text("48 polling stations abroad")).to_be_visible()
    expect(page.get_by_text("36 countries").first).to_be_visible()
