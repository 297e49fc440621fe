"""A day of an observer on a telephone and of a coordinator at the board: line and session drop, and nothing is lost."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import factories, signing
from tests.staff.test_browser import LISTEN, faults
from tracker.core.models import User
from tracker.fieldwork.models import Deployment, Incident, Team, Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def team() -> Team:
    team = factories.make_team(name="T-1")
    factories.make_assessment(mission=team.mission, ordinal=1, label="Good")
    factories.make_assessment(mission=team.mission, ordinal=2, label="Bad", polarity="negative")
    for city, number, zone in (("Astana", "44", "Asia/Almaty"), ("Seoul", "48", "Asia/Seoul")):
        station = factories.make_station(
            election=team.mission.election, city=city, number=number, timezone=zone, host_mission=""
        )
        factories.make_window(station=station)
    return team


@pytest.fixture
def open_page(page: Page, live_server: Any) -> Callable[[str], Page]:
    """Open an address of the staff screens as an account that signed in, listening for faults."""
    account = factories.make_administrator(username="observer")
    secret = signing.enrol(account)
    page.add_init_script(LISTEN)

    def go(path: str) -> Page:
        page.goto(f"{live_server.url}{path}")
        if "/login/" in page.url:
            signing.type_in(page, account, secret)
        page.wait_for_load_state("networkidle")
        return page

    return go


def choose_station(page: Page, words: str) -> None:
    page.get_by_label("Station: number, city or country").fill(words)
    page.locator("#found-stations button").first.click()


def submit(page: Page) -> None:
    page.get_by_role("button", name="Submit").click()


def test_a_visit_on_a_telephone_in_one_go(open_page: Callable[[str], Page], page: Page, team: Team) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    open_page("/staff/visits/new/")
    choose_station(page, "seoul 48")
    expect(page.locator("#chosen-station")).to_have_text("Seoul 48, Kazakhstan")
    expect(page.locator("#zone")).to_have_text("Asia/Seoul")
    expect(page.get_by_label("Arrival")).to_have_value(re.compile(r"^\d\d:\d\d$"))
    page.get_by_text("Opening", exact=True).click()
    page.get_by_text("2. Bad", exact=True).click()
    page.get_by_label("Findings").fill("The box was not sealed.")
    expect(page.get_by_label("What happened")).to_be_hidden()
    page.get_by_label("Something went wrong").check()
    page.get_by_label("Category").select_option("materials")
    page.get_by_label("What happened").fill("No seals were there.")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    submit(page)
    expect(page.get_by_text("Recorded. The public figures move within seconds.")).to_be_visible()
    visit, incident = Visit.objects.get(), Incident.objects.get()
    assert (visit.station.city, visit.phase, visit.status) == ("Seoul", "opening", "submitted")
    assert visit.assessment is not None
    assert (visit.assessment.label, visit.findings) == ("Bad", "The box was not sealed.")
    assert (incident.category, incident.station, incident.team) == ("materials", visit.station, team)
    assert faults(page) == []
    page.get_by_role("link", name="Next visit").click()
    expect(page.get_by_label("Findings")).to_have_value("")
    expect(page.get_by_text(str(team))).to_be_visible()


def test_the_line_drops_and_comes_back_one_visit(
    open_page: Callable[[str], Page], page: Page, team: Team
) -> None:
    open_page("/staff/visits/new/")
    choose_station(page, "Astana")
    page.get_by_label("Findings").fill("Written in a cellar")
    page.context.set_offline(True)
    submit(page)
    expect(page.locator("#line-state")).to_have_text(
        "Kept on this phone, will be sent when the line is back."
    )
    assert not Visit.objects.exists()
    page.context.set_offline(False)
    expect(page.get_by_text("Recorded. The public figures move within seconds.")).to_be_visible()
    assert Visit.objects.get().findings == "Written in a cellar"
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('visit-draft'))") == []


def test_an_answer_that_is_lost_on_the_way_still_makes_one_visit(
    open_page: Callable[[str], Page], page: Page, team: Team
) -> None:
    open_page("/staff/visits/new/")
    choose_station(page, "Astana")
    lost: list[int] = []

    def lose_the_first(route: Any) -> None:
        if route.request.method != "POST" or lost:
            route.continue_()
            return
        lost.append(route.fetch().status)  # the server has it; the telephone never hears so
        route.abort()

    page.route("**/staff/visits/new/**", lose_the_first)
    submit(page)
    expect(page.get_by_text("Kept on this phone")).to_be_visible()
    assert Visit.objects.count() == 1
    submit(page)
    expect(page.get_by_text("Recorded. The public figures move within seconds.")).to_be_visible()
    assert (lost, Visit.objects.count()) == ([200], 1)


def test_what_is_typed_after_a_lost_answer_is_refused_and_stays(
    open_page: Callable[[str], Page], page: Page, team: Team
) -> None:
    open_page("/staff/visits/new/")
    choose_station(page, "Astana")
    page.get_by_label("Findings").fill("First")
    lost: list[int] = []

    def lose_the_first(route: Any) -> None:
        if route.request.method != "POST" or lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/staff/visits/new/**", lose_the_first)
    submit(page)
    expect(page.get_by_text("Kept on this phone")).to_be_visible()
    page.get_by_label("Findings").fill("Second")
    submit(page)
    expect(page.locator("[data-errors=__all__]")).to_contain_text("Nothing was overwritten.")
    expect(page.get_by_role("link", name="Open the visit")).to_be_visible()
    assert faults(page) == []
    page.reload()
    expect(page.get_by_label("Findings")).to_have_value("Second")
    assert Visit.objects.get().findings == "First"
    submit(page)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Discard what is typed here").click()
    expect(page.get_by_label("Findings")).to_have_value("")


def test_a_retry_sends_what_was_sent_and_keeps_what_was_typed_since(
    open_page: Callable[[str], Page], page: Page, team: Team
) -> None:
    open_page("/staff/visits/new/")
    choose_station(page, "Astana")
    page.get_by_label("Findings").fill("Sent")
    page.context.set_offline(True)
    submit(page)
    expect(page.get_by_text("Kept on this phone")).to_be_visible()
    page.get_by_label("Findings").fill("Sent, and more")
    page.context.set_offline(False)
    expect(page.locator("#line-state")).to_contain_text("What you typed since is only on this phone")
    assert Visit.objects.get().findings == "Sent"
    expect(page.get_by_label("Findings")).to_have_value("Sent, and more")
    assert "Sent, and more" in page.evaluate("Object.values(localStorage).join()")


@pytest.mark.parametrize(
    ("status", "kind"), [(200, "text/html"), (413, "text/html"), (404, "application/json")]
)
def test_what_the_server_will_never_take_is_shown_and_not_sent_again(
    open_page: Callable[[str], Page], page: Page, team: Team, status: int, kind: str
) -> None:
    open_page("/staff/visits/new/")
    choose_station(page, "Astana")

    def refuse(route: Any) -> None:
        if route.request.method == "POST":
            route.fulfill(status=status, content_type=kind, body="{}")
        else:
            route.continue_()

    page.route("**/staff/visits/new/**", refuse)
    submit(page)
    expect(page.locator("[data-errors=__all__]")).to_contain_text("The server did not take it.")
    kept = "JSON.parse(Object.values(localStorage).find((text) => text.includes('fields'))).pending"
    assert page.evaluate(kept) is None


def test_a_double_click_is_one_visit(open_page: Callable[[str], Page], page: Page, team: Team) -> None:
    open_page("/staff/visits/new/")
    choose_station(page, "Astana")
    page.get_by_role("button", name="Submit").dblclick()
    expect(page.get_by_text("Recorded. The public figures move within seconds.")).to_be_visible()
    assert Visit.objects.count() == 1


def test_the_session_ends_and_what_was_typed_is_there_after_signing_in(
    open_page: Callable[[str], Page], page: Page, team: Team
) -> None:
    open_page("/staff/visits/new/")
    choose_station(page, "Seoul")
    page.get_by_text("Closing", exact=True).click()
    page.get_by_label("Findings").fill("Half a page of text")
    page.context.clear_cookies(name="sessionid")
    submit(page)
    expect(page.get_by_label("User name or e-mail")).to_be_visible()
    assert not Visit.objects.exists()
    account = User.objects.get(username="observer")
    signing.type_in(page, account, signing.secret_of(account))
    expect(page.locator("#line-state")).to_contain_text("Everything is still here; send it now.")
    expect(page.get_by_label("Findings")).to_have_value("Half a page of text")
    expect(page.locator("#chosen-station")).to_have_text("Seoul 48, Kazakhstan")
    submit(page)
    expect(page.get_by_text("Recorded. The public figures move within seconds.")).to_be_visible()
    visit = Visit.objects.get()
    assert (visit.station.city, visit.phase, visit.findings) == ("Seoul", "closing", "Half a page of text")


def test_what_is_typed_survives_a_reload_and_not_signing_out(
    open_page: Callable[[str], Page], page: Page, team: Team
) -> None:
    open_page("/staff/visits/new/")
    page.get_by_label("Findings").fill("Only half")
    page.reload()
    expect(page.get_by_label("Findings")).to_have_value("Only half")
    # A day later it is gone.
    page.evaluate(
        """() => {
            const key = Object.keys(localStorage).find((name) => name.startsWith("visit-draft"));
            const kept = JSON.parse(localStorage.getItem(key));
            localStorage.setItem(key, JSON.stringify({...kept, at: kept.at - 25 * 3600 * 1000}));
        }"""
    )
    page.reload()
    expect(page.get_by_label("Findings")).to_have_value("")
    page.get_by_label("Findings").fill("Another half")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('visit-draft'))") == []


def test_errors_keep_what_was_typed(open_page: Callable[[str], Page], page: Page, team: Team) -> None:
    open_page("/staff/visits/new/")
    page.get_by_label("Findings").fill("Not lost")
    submit(page)
    problem = page.locator("[data-errors=station] .errorlist")
    expect(problem).to_have_text("Choose the station, or write its number.")
    expect(problem).to_be_focused()
    expect(page.get_by_label("Findings")).to_have_value("Not lost")
    choose_station(page, "Astana")
    submit(page)
    expect(page.get_by_text("Recorded. The public figures move within seconds.")).to_be_visible()
    assert Visit.objects.get().findings == "Not lost"


def test_the_form_works_without_scripts(browser: Any, live_server: Any, team: Team) -> None:
    account = factories.make_administrator(username="observer")
    secret = signing.enrol(account)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/staff/visits/new/")
    signing.type_in(page, account, secret)
    page.get_by_label("or its number, city or country").fill("48")
    page.get_by_label("Findings").fill("By hand")
    submit(page)
    expect(page.get_by_text("Recorded. The public figures move within seconds.")).to_be_visible()
    assert Visit.objects.get().station.city == "Seoul"
    context.close()


def test_a_team_is_planned_on_the_board_in_spite_of_a_warning(
    open_page: Callable[[str], Page], page: Page, team: Team
) -> None:
    astana, seoul = team.mission.election.stations.order_by("city")
    factories.make_deployment(
        team=team,
        station=seoul,
        starts_at=datetime(2024, 2, 7, 2, tzinfo=UTC),
        ends_at=datetime(2024, 2, 7, 4, tzinfo=UTC),
    )
    page.set_viewport_size({"width": 1280, "height": 800})
    open_page("/staff/board/")
    assert faults(page) == []
    page.get_by_role("link", name="Plan a team at Astana 44, 08:00–10:00").click()
    page.get_by_label("Team").select_option(label=str(team))
    expect(page.locator("output.utc-hours")).to_have_text("7 Feb 02:00–04:00 UTC, clocks at UTC+06:00")
    page.get_by_role("button", name="Plan this team").click()
    warning = page.get_by_role("alert")
    expect(warning).to_contain_text("is planned at another station at this time: Seoul 48, Kazakhstan")
    assert Deployment.objects.filter(station=astana).count() == 0
    assert faults(page) == []
    page.get_by_label("Save anyway: I have read the warnings").check()
    page.get_by_role("button", name="Plan this team").click()
    expect(page.get_by_text(f"{team} is planned at Astana 44.")).to_be_visible()
    page.get_by_role("link", name=f"Confirm {team}, Astana 44").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator(f"#station-{astana.pk}")).to_contain_text("confirmed")
    assert Deployment.objects.get(station=astana).status == "confirmed"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_screens_keep_the_policy_and_shut_nobody_out(
    open_page: Callable[[str], Page], page: Page, team: Team, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    station = team.mission.election.stations.first()
    plan = factories.make_deployment(team=team, station=station)
    visit = factories.make_visit(team=team, station=station)
    factories.make_visit(station=station)
    incident = factories.make_incident(station=station)
    found: list[str] = []
    for path in (
        "/staff/board/",
        f"/staff/board/{plan.election.slug}/plan/?station={station.pk}",
        f"/staff/board/{plan.election.slug}/deployments/{plan.pk}/call-off/",
        "/staff/visits/",
        f"/staff/visits/{visit.pk}/",
        f"/staff/visits/{visit.pk}/correct/",
        f"/staff/visits/{visit.pk}/reopen/",
        "/staff/visits/new/?choose=1",
        "/staff/incidents/",
        f"/staff/incidents/{incident.pk}/",
        f"/staff/fieldwork/deployment/{plan.pk}/change/",
        f"/staff/fieldwork/team/{team.pk}/change/",
        f"/staff/fieldwork/incident/{incident.pk}/change/",
        "/staff/fieldwork/team/add/",
        f"/staff/missions/mission/{team.mission_id}/change/",
    ):
        open_page(path)
        found += [f"{path} {fault}" for fault in faults(page)]
    assert found == []


def test_the_screens_fit_a_telephone(open_page: Callable[[str], Page], page: Page, team: Team) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    station = team.mission.election.stations.first()
    plan = factories.make_deployment(team=team, station=station)
    visit = factories.make_visit(team=team, station=station)
    incident = factories.make_incident(station=station)
    paths = [
        "/staff/board/",
        f"/staff/board/{plan.election.slug}/plan/?station={station.pk}",
        "/staff/visits/",
        f"/staff/visits/{visit.pk}/",
        "/staff/incidents/",
        f"/staff/incidents/{incident.pk}/",
    ]
    wide = {path: open_page(path).evaluate("document.documentElement.scrollWidth") for path in paths}
    assert {path: width for path, width in wide.items() if width > 360} == {}
