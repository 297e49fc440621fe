"""Incidents: each step by its button, reasons where needed, and nothing public before its summary was seen."""

from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.factories import make_account
from tests.forms import confirm
from tests.public.pages import address, read, text_of
from tracker.core.models import User
from tracker.core.roles import Role
from tracker.fieldwork.models import Incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(factories.make_administrator(username="desk"))
    return client


def press(client: Client, incident: Incident, do: str, **over: Any) -> Any:
    page = client.post(f"/staff/incidents/{incident.pk}/", {"do": do} | over)
    incident.refresh_from_db()
    return page


def test_steps_ask_for_a_reason_where_one_is_needed(desk: Client) -> None:
    incident = factories.make_incident(publication="draft")
    press(desk, incident, "checking")
    assert incident.status == "checking"
    page = press(desk, incident, "dismissed")
    assert (page.status_code, page.context["problem"], incident.status) == (422, ["Say why."], "checking")
    press(desk, incident, "dismissed", reason="The seal was there.")
    assert incident.status == "dismissed"
    assert [(change.status, change.by.username, change.reason) for change in incident.changes.all()] == [
        ("checking", "desk", ""), ("dismissed", "desk", "The seal was there."),
    ]  # fmt: skip
    page = press(desk, incident, "confirmed")
    assert "from there it can become: being checked" in page.context["problem"][0]
    assert press(desk, incident, "nonsense").status_code == 422


def test_the_preview_shows_what_the_public_will_read_and_publishes_nothing(desk: Client) -> None:
    team = factories.make_team(name="SECRET-TEAM")
    station = factories.make_station(election=team.mission.election, city="Seoul", number="48")
    incident = factories.make_incident(
        station=station, team=team, publication="draft", summary="", description="SECRET-WORDS"
    )
    assert press(desk, incident, "preview", summary=" ").context["problem"] == [
        "Write the public summary before you publish."
    ]
    page = press(desk, incident, "preview", summary="A seal was missing.")
    preview = page.content.decode().split('class="preview"')[1].split("</div>")[0]
    assert "Procedure: Seoul 48, Kazakhstan" in preview
    assert "A seal was missing." in preview
    assert "SECRET" not in preview
    assert incident.publication == "draft"
    press(desk, incident, "publish", summary="A seal was missing.")
    assert (incident.publication, incident.summary) == ("published", "A seal was missing.")
    press(desk, incident, "withdraw")
    assert (incident.publication, incident.summary) == ("withdrawn", "A seal was missing.")


def test_the_public_reads_it_at_the_station_and_in_the_timeline(desk: Client) -> None:
    team = factories.make_team(name="SECRET-TEAM")
    station = factories.make_station(election=team.mission.election, city="Seoul")
    incident = factories.make_incident(
        station=station, team=team, publication="draft", description="SECRET-WORDS"
    )
    pages = (
        address("station", station.election, station.pk),
        address("timeline", station.election),
        address("timeline", station.election, query="kind=incident&q=seal"),
    )
    assert ["A seal was not shown" in read(desk, page) for page in pages] == [False, False, False]
    press(desk, incident, "publish", summary=incident.summary)
    for page in pages:
        text = read(desk, page)
        assert "A seal was not shown to observers." in text
        assert "SECRET" not in desk.get(page).content.decode()
    assert "reported · minor Procedure" in read(desk, pages[0])
    press(desk, incident, "dismissed", reason="SECRET reason")
    assert "dismissed · minor Procedure" in read(desk, pages[0])
    assert "SECRET" not in desk.get(pages[1]).content.decode()
    # Who reported it is not public: the choice of an organization leaves incidents out.
    query = f"organization={team.mission.organization.slug}"
    assert "A seal" not in read(desk, address("timeline", station.election, query=query))
    assert "A seal" not in read(desk, address("timeline", station.election, query="kind=milestone"))


def test_what_waits_is_shown_first(desk: Client) -> None:
    assert "No incident is on record." in desk.get("/staff/incidents/").content.decode()
    waiting = factories.make_incident(place="Market", station=None)
    factories.make_incident(place="Harbour", station=None, status="dismissed")
    text = text_of(desk.get("/staff/incidents/").content.decode())
    assert "Market" in text
    assert "Harbour" not in text
    text = text_of(desk.get(f"/staff/incidents/?status=all&election={waiting.election_id}").content.decode())
    assert "1 incident " in text


@pytest.mark.parametrize("screen", ["", "{pk}/"])
def test_strangers_and_staff_without_a_permission_are_turned_away(client: Client, screen: str) -> None:
    path = "/staff/incidents/" + screen.format(pk=factories.make_incident().pk)
    assert client.get(path)["Location"] == f"/staff/login/?next={path}"
    client.force_login(User.objects.create_user("newcomer", password="x", is_staff=True))
    assert client.get(path).status_code == 403


def test_who_published_and_withdrew_is_among_the_steps(desk: Client) -> None:
    incident = factories.make_incident(publication="draft", status="checking")
    press(desk, incident, "publish", summary="A seal was missing.")
    press(desk, incident, "withdraw")
    chosen = {"_selected_action": [incident.pk]}
    for action in ("publish", "publish", "unpublish", "unpublish"):
        confirm(desk, "/staff/fieldwork/incident/", chosen | {"action": action})
    steps = [(change.publication, change.status, change.by.username) for change in incident.changes.all()]
    assert steps == [(to, "checking", "desk") for to in ("published", "withdrawn") * 2]
    text = text_of(desk.get(f"/staff/incidents/{incident.pk}/").content.decode())
    assert text.count("withdrawn from the public , desk") == 2


def test_publishing_needs_a_permission_of_its_own(client: Client) -> None:
    team = factories.make_team()
    client.force_login(make_account(Role.COORDINATOR, organization=team.mission.organization))
    incident = factories.make_incident(publication="draft", election=team.mission.election, team=team)
    page = press(client, incident, "preview", summary="A seal was missing.")
    assert (page.status_code, "Publish this" in page.content.decode()) == (200, False)
    assert press(client, incident, "publish", summary="A seal was missing.").status_code == 403
    chosen = {"_selected_action": [incident.pk], "action": "publish"}
    confirm(client, "/staff/fieldwork/incident/", chosen)
    incident.refresh_from_db()
    assert incident.publication == "draft"
    client.force_login(make_account(Role.PUBLISHER))
    page = press(client, incident, "preview", summary="A seal was missing.").content.decode()
    assert ("Publish this" in page, "Correct the facts" in page) == (True, False)
    assert press(client, incident, "checking").status_code == 403
    confirm(client, "/staff/fieldwork/incident/", chosen)
    incident.refresh_from_db()
    assert incident.publication == "published"
