"""The board's screens: plan with a warning, confirm, call off, and whom they turn away."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.public.pages import text_of
from tests.staff.test_admin_sweep import messages
from tracker.core.models import User
from tracker.fieldwork.models import Deployment

pytestmark = pytest.mark.django_db


def at(hour: int) -> datetime:
    return datetime(2024, 2, 7, hour, tzinfo=UTC)


@pytest.fixture
def coordinator(client: Client) -> Client:
    client.force_login(factories.make_administrator())
    return client


def test_the_board_says_what_is_planned_and_what_happened(coordinator: Client) -> None:
    plan = factories.make_deployment(status="confirmed")
    factories.make_station(election=plan.election, city="Nowhere")
    page = coordinator.get(f"/staff/board/{plan.election.slug}/")
    text = text_of(page.content.decode())
    assert "2 stations 1 no plan, no visit 1 planned, not visited 0 visited" in text
    assert "No plan, no visit · Kazakhstan Nowhere" in text
    assert f"{plan.team} 12:00–14:00 ✗ slot over, no visit · confirmed" in text


def test_a_board_without_stations_and_a_filter_without_finds_say_so(coordinator: Client) -> None:
    election = factories.make_election()
    board = f"/staff/board/{election.slug}/"
    assert "This election has no station yet" in coordinator.get(board).content.decode()
    factories.make_station(election=election)
    assert "No station matches." in coordinator.get(f"{board}?text=zzz").content.decode()
    # What is no number, no country, no day: shown all the same.
    odd = coordinator.get(f"{board}?mission=x&country=%00&state=zz&day=soon&page=zz")
    assert odd.status_code == 200


def test_planning_warns_first_and_saves_when_told(coordinator: Client) -> None:
    team = factories.make_team()
    there, here = (factories.make_station(election=team.mission.election) for _ in range(2))
    factories.make_deployment(team=team, station=there, starts_at=at(2), ends_at=at(4))
    board = f"/staff/board/{team.mission.election.slug}/"
    query = f"plan/?station={here.pk}&date=2024-02-07&opens=08:00&closes=10:00&next={board}"
    first = coordinator.get(board + query)
    assert first.context["form"]["opens"].value() == "08:00"
    form: dict[str, Any] = {
        "team": team.pk, "station": here.pk, "date": "2024-02-07", "opens": "08:00", "closes": "10:00", "next": board,
    }  # fmt: skip
    warned = coordinator.post(f"{board}plan/", form)
    assert warned.status_code == 422
    assert "is planned at another station at this time" in warned.content.decode()
    assert Deployment.objects.count() == 1
    form["anyway"] = warned.context["form"].fields["anyway"].widget.attrs["value"]
    saved = coordinator.post(f"{board}plan/", form)
    assert saved["Location"] == f"{board}#station-{here.pk}"
    assert Deployment.objects.filter(station=here, starts_at=at(2), ends_at=at(4)).count() == 1


def test_the_way_back_is_never_another_host(coordinator: Client) -> None:
    plan = factories.make_deployment()
    address = f"/staff/board/{plan.election.slug}/deployments/{plan.pk}/confirm/"
    answer = coordinator.post(address, {"next": "https://example.org/"})
    assert answer["Location"] == f"/staff/board/{plan.election.slug}/#station-{plan.station_id}"


def test_confirm_and_call_off_ask_first(coordinator: Client) -> None:
    plan = factories.make_deployment()
    address = f"/staff/board/{plan.election.slug}/deployments/{plan.pk}"
    assert "The team will not go." in coordinator.get(f"{address}/call-off/").content.decode()
    plan.refresh_from_db()
    assert plan.status == "planned"
    coordinator.post(f"{address}/confirm/")
    plan.refresh_from_db()
    assert plan.status == "confirmed"
    coordinator.post(f"{address}/call-off/")
    page = coordinator.post(f"{address}/call-off/", follow=True)
    assert messages(page)[-1] == "This deployment is called off already."
    assert coordinator.get(f"{address}/delete/").status_code == 404


@pytest.mark.parametrize(
    "screen", ["board/", "board/{slug}/", "board/{slug}/plan/", "board/{slug}/deployments/{pk}/confirm/"]
)
def test_strangers_and_staff_without_a_permission_are_turned_away(client: Client, screen: str) -> None:
    plan = factories.make_deployment()
    path = "/staff/" + screen.format(slug=plan.election.slug, pk=plan.pk)
    assert client.get(path)["Location"] == f"/staff/login/?next={path}"
    client.force_login(User.objects.create_user("newcomer", password="x", is_staff=True))
    assert client.get(path).status_code == 403


def test_the_page_asks_as_much_for_three_stations_as_for_one(coordinator: Client) -> None:
    election = factories.make_election()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert coordinator.get(f"/staff/board/{election.slug}/").status_code == 200
        return len(captured)

    def furnish() -> None:
        plan = factories.make_deployment(station=factories.make_station(election=election))
        factories.make_visit(station=plan.station)

    furnish()
    with_one = queries()
    furnish(), furnish()
    assert queries() == with_one
