"""The admin in a real browser: under the strict content policy, for keyboard and ear, and while somebody types."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests import factories
from tests.signing import enter
from tracker.stations.models import PollingStation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Listens before any script of the page runs.
LISTEN = """
window.broken = [];
window.addEventListener("error", (event) => window.broken.push(`${event.message} ${event.filename}:${event.lineno}`));
document.addEventListener("securitypolicyviolation", (event) => {
    window.broken.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""


@pytest.fixture
def visit(page: Page, live_server: Any) -> Callable[[str], Page]:
    """Open an address of the admin, listening for faults from the first moment."""
    page.add_init_script(LISTEN)

    def open_page(path: str) -> Page:
        page.goto(f"{live_server.url}{path}")
        page.wait_for_load_state("networkidle")
        return page

    return open_page


@pytest.fixture
def signed_in(visit: Callable[[str], Page], page: Page, live_server: Any) -> Callable[[str], Page]:
    enter(page, live_server, factories.make_administrator(username="desk"))
    page = visit("/staff/")
    expect(page.get_by_role("heading", name="The register")).to_be_visible()
    return visit


def faults(page: Page) -> list[str]:
    """Breaches of the content policy, errors of scripts, and accessibility findings that shut somebody out."""
    broken = page.evaluate("window.broken")  # first: the checker brings styles of its own
    findings = Axe().run(page).response["violations"]
    serious = [
        f"{finding['id']}: {[node['html'][:140] for node in finding['nodes']][:4]}"
        for finding in findings
        if finding["impact"] in ("serious", "critical")
    ]
    return [*broken, *serious]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_screens_keep_the_policy_and_shut_nobody_out(
    signed_in: Callable[[str], Page], page: Page, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    station = factories.make_station(constituency=None)
    factories.make_window(station=station)
    statement = factories.make_statement()
    factories.make_membership(mission=statement.mission)
    found = []
    for path in (
        "/staff/",
        "/staff/stations/pollingstation/",
        "/staff/stations/pollingstation/add/",
        f"/staff/stations/pollingstation/{station.pk}/change/",
        f"/staff/stations/pollingstation/{station.pk}/delete/",
        f"/staff/missions/mission/{statement.mission_id}/change/",
        f"/staff/elections/election/{station.election_id}/change/",
        "/staff/elections/election/add/",
        "/staff/core/source/add/?_popup=1",
    ):
        found += [f"{path} {fault}" for fault in faults(signed_in(path))]
    assert found == []


def test_the_sign_in_page_keeps_the_policy_and_shuts_nobody_out(visit: Callable[[str], Page]) -> None:
    assert faults(visit("/staff/login/")) == []


def choose(page: Page, field: str, words: str, option: str) -> None:
    """Pick from a look-up as a person does: open, type, choose."""
    page.locator(f".field-{field} .select2-selection").click()
    page.locator(".select2-search__field").last.fill(words)
    page.locator(".select2-results__option", has_text=option).first.click()


def test_a_station_abroad_is_entered_on_one_screen(signed_in: Callable[[str], Page]) -> None:
    factories.make_election(name="The only election")
    page = signed_in("/staff/stations/pollingstation/add/")
    zone, hours = page.locator("#id_timezone"), page.locator("output.utc-hours").first

    choose(page, "country", "Kazakh", "Kazakhstan")
    expect(zone).to_have_value("Asia/Almaty")  # the seat of government, until the city is known
    page.locator("#id_city").fill("Aktau")
    expect(zone).to_have_value("Asia/Aqtau")
    expect(page.locator(".zone-proposal")).to_contain_text("The city is known to keep this time zone.")

    expect(page.locator("#id_windows-0-date")).to_have_value("2024-02-07")
    page.locator("#id_windows-0-opens").fill("08:00")
    page.locator("#id_windows-0-closes").fill("19:00")
    expect(hours).to_have_text("7 Feb 03:00–14:00 UTC, clocks at UTC+05:00")

    # A zone chosen by hand stays when the city is typed anew, and the hours follow it at once.
    page.get_by_role("button", name="Use Asia/Almaty").click()
    expect(hours).to_have_text("7 Feb 02:00–13:00 UTC, clocks at UTC+06:00")
    page.locator("#id_city").fill("Aqtau")
    page.wait_for_load_state("networkidle")
    expect(zone).to_have_value("Asia/Almaty")
    page.get_by_role("button", name="Use Asia/Aqtau").click()

    assert faults(page) == []
    page.locator("input[name=_save]").last.click()
    expect(page.locator(".messagelist .success")).to_contain_text("was added successfully")
    station = PollingStation.objects.get()
    assert (station.city, station.timezone_id) == ("Aqtau", "Asia/Aqtau")
    window = station.windows.get()
    assert f"{window.opens_at:%H:%M}-{window.closes_at:%H:%M}" == "03:00-14:00"


def test_choosing_the_election_proposes_its_dates(signed_in: Callable[[str], Page]) -> None:
    factories.make_election(name="First round")
    factories.make_election(name="Second round", slug="second-round")
    page = signed_in("/staff/stations/pollingstation/add/")
    expect(page.locator("#id_windows-0-date")).to_have_value("")
    choose(page, "election", "Second", "Second round")
    expect(page.locator("#id_windows-0-date")).to_have_value("2024-02-07")
    expect(page.locator("#id_windows-0-opens")).to_have_value("")


def test_constituencies_are_those_of_the_chosen_election(signed_in: Callable[[str], Page]) -> None:
    first, second = (
        factories.make_election(name=f"{name} round", slug=name.lower()) for name in ("First", "Second")
    )
    factories.make_constituency(election=first, number="1", name="Here")
    factories.make_constituency(election=second, number="1", name="Elsewhere")
    page = signed_in("/staff/stations/pollingstation/add/")
    box = page.locator(".field-constituency .select2-selection")
    offered = page.locator(".select2-results__option")
    box.click()
    expect(offered).to_have_text(["Choose the election first."])
    page.keyboard.press("Escape")
    choose(page, "election", "First", "First round")
    box.click()
    expect(offered).to_have_text(["1 Here"])
    # Where the address names the election, it counts from the beginning.
    page = signed_in(f"/staff/stations/pollingstation/add/?election={second.pk}")
    page.locator(".field-constituency .select2-selection").click()
    expect(page.locator(".select2-results__option")).to_have_text(["1 Elsewhere"])
    assert page.evaluate("window.broken") == []


def test_the_address_of_a_new_election_is_short(signed_in: Callable[[str], Page]) -> None:
    page = signed_in("/staff/elections/election/add/")
    slug = page.locator("#id_slug")
    page.locator("#id_name").fill("Presidential election in Georgia, 10 October 2027")
    choose(page, "country", "Georgia", "Georgia")
    page.locator("#id_starts_on").fill("2027-10-10")
    page.locator("#id_kind").select_option("presidential")
    expect(slug).to_have_value("ge-2027-president")
    slug.fill("ge-2027-first-round")
    page.locator("#id_starts_on").fill("2028-10-10")
    page.locator("#id_kind").select_option("local")
    expect(slug).to_have_value("ge-2027-first-round")  # what a person wrote stays
    assert page.evaluate("window.broken") == []


def test_correcting_a_city_keeps_zone_and_hours(signed_in: Callable[[str], Page]) -> None:
    station = factories.make_station(city="Astna")
    before = factories.make_window(station=station)
    page = signed_in(f"/staff/stations/pollingstation/{station.pk}/change/")
    expect(page.locator("#id_windows-0-opens")).to_have_value("08:00")
    page.locator("#id_city").fill("Astana")
    page.get_by_label("Why is it corrected?").fill("Mistyped.")
    page.locator("input[name=_save]").last.click()
    expect(page.locator(".messagelist .success")).to_contain_text("was changed successfully")
    station.refresh_from_db()
    after = station.windows.get()
    assert (station.city, station.timezone_id) == ("Astana", "Asia/Almaty")
    assert (after.pk, after.opens_at) == (before.pk, before.opens_at)


def test_the_list_of_stations_fits_a_laptop(signed_in: Callable[[str], Page], page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    election = factories.make_election(name="Extraordinary presidential election, 7 February 2024")
    station = factories.make_station(
        election=election,
        city="Rostov-on-Don",
        country="RU",
        timezone="Europe/Moscow",
        host_mission="Consulate General in Saint Petersburg",
        constituency=factories.make_constituency(election=election, name="Yasamal first"),
    )
    factories.make_window(station=station)
    opened = signed_in("/staff/stations/pollingstation/")
    box = opened.locator("#changelist .results")
    assert box.evaluate("(box) => box.scrollWidth - box.clientWidth") == 0
    assert opened.evaluate("document.documentElement.scrollWidth") == 1280


def test_the_station_form_fits_a_telephone(signed_in: Callable[[str], Page], page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    station = factories.make_station()
    factories.make_window(station=station)
    paths = [
        "/staff/",
        "/staff/stations/pollingstation/",
        "/staff/stations/pollingstation/add/",
        f"/staff/stations/pollingstation/{station.pk}/change/",
    ]
    wide = {path: signed_in(path).evaluate("document.documentElement.scrollWidth") for path in paths}
    assert {path: width for path, width in wide.items() if width > 360} == {}
