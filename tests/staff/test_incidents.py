"""Incidents: each step by its button, reasons where needed, and nothing public before its summary was seen."""

import re
from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.factories import make_account
from tests.forms import confirm
from tests.public.pages import address, read, text_of
from tracker.core.identity import Identity, acting
from tracker.core.models import User
from tracker.core.roles import Role
from tracker.coverage.models import Correction
from tracker.elections.models import Election
from tracker.fieldwork.models import Incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(factories.make_administrator(username="desk"))
    return client


def press(client: Client, incident: Incident, do: str, **over: Any) -> Any:
    """Open the screen of an incident and press a button there, with a reason."""
    path = f"/staff/incidents/{incident.pk}/"
    shown = {"seen": client.get(path).context["seen"], "why": "A test"}
    page = client.post(path, shown | {"do": do} | over)
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


# --- four eyes, versions, reasons

FOUR_EYES = "This election asks for four eyes: a record is submitted by whoever wrote it and published by somebody else"
CHANGED = "this incident says something else than when you opened its page"


@pytest.fixture
def three() -> tuple[Incident, Client, Client, Client]:
    """An incident of an election with four eyes, and its coordinator, a publisher and another one."""
    team = factories.make_team()
    organization = team.mission.organization
    with acting(Identity(user=factories.make_administrator(username="reporter").pk)):
        incident = factories.make_incident(
            publication="draft", election=team.mission.election, team=team, summary=""
        )
    Election.objects.update(four_eyes=True)
    clients = []
    for name, role in (("cora", Role.COORDINATOR), ("paul", Role.PUBLISHER), ("pia", Role.PUBLISHER)):
        clients.append(Client())
        own = {"organization": organization} if role == Role.COORDINATOR else {}
        clients[-1].force_login(make_account(role, username=name, **own))
    return (incident, *clients)


def buttons(page: Any) -> list[str]:
    return re.findall(r'name="do" value="(preview|submit|take_back|send_back|publish|withdraw)"', page.text)


def test_under_four_eyes_one_submits_and_another_publishes(three: Any) -> None:
    """Red when: publish_incident writes the summary and the state in one stroke and nothing leads to "submitted"
    (500), or lets an IntegrityError through."""
    incident, cora, paul, pia = three
    page = press(cora, incident, "preview", summary="A seal was missing.")
    assert buttons(page) == ["submit", "preview"]
    press(cora, incident, "submit", summary="A seal was missing.")
    assert (incident.publication, incident.summary, incident.written_by.username) == (
        "submitted", "A seal was missing.", "cora",
    )  # fmt: skip
    # Another wording is not what was submitted.
    page = press(paul, incident, "publish", summary="Something else.")
    assert (page.status_code, incident.publication) == (422, "submitted")
    assert page.context["problem"][0].startswith(FOUR_EYES)
    page = press(paul, incident, "preview", summary="Something else.")
    assert buttons(page) == ["submit", "preview", "send_back"]
    page = press(paul, incident, "send_back", why=" ")
    assert (page.status_code, incident.publication) == (422, "submitted")
    press(paul, incident, "send_back", why="Say which station")
    assert incident.publication == "draft"
    assert "Sent back by paul" in cora.get(f"/staff/incidents/{incident.pk}/").text
    press(cora, incident, "submit", summary="A seal was missing in Seoul.")
    press(cora, incident, "take_back")
    assert incident.publication == "draft"
    press(cora, incident, "submit", summary="A seal was missing in Seoul.")
    # Paul corrects it: now it is Pia's to publish.
    press(paul, incident, "submit", summary="One seal was missing in Seoul.")
    page = press(paul, incident, "publish", summary=incident.summary)
    assert (page.status_code, incident.publication) == (422, "submitted")
    page = press(pia, incident, "preview", summary=incident.summary)
    assert buttons(page) == ["publish", "preview", "send_back"]
    press(pia, incident, "publish", summary=incident.summary)
    assert (incident.publication, incident.approved_by.username) == ("published", "pia")
    # What is public is corrected by being submitted once more.
    page = press(pia, incident, "preview", summary="Two seals were missing.")
    assert buttons(page) == ["submit", "preview", "withdraw"]
    press(pia, incident, "submit", summary="Two seals were missing.", why="Counted again")
    assert incident.publication == "submitted"
    press(paul, incident, "publish", summary="Two seals were missing.")
    assert incident.publication == "published"
    told = [(row.kind, row.after, row.reason) for row in Correction.objects.order_by("id")]
    assert told == [
        ("withdrawn", None, "Counted again"),
        ("restored", {"summary": "Two seals were missing."}, ""),
    ]


def test_under_four_eyes_the_list_submits_and_notes_only_what_was_published(three: Any) -> None:
    """Red when: IncidentAdmin has no submit, or notes "published" of what four eyes refused."""
    incident, cora, paul, _pia = three
    Incident.objects.update(summary="A seal was missing.")
    rows, chosen = "/staff/fieldwork/incident/", {"_selected_action": [incident.pk]}
    confirm(paul, rows, chosen | {"action": "publish"})
    assert list(incident.changes.values_list("publication", flat=True)) == []
    confirm(cora, rows, chosen | {"action": "submit"})
    incident.refresh_from_db()
    assert incident.publication == "submitted"
    asked = paul.post(rows, chosen | {"action": "publish"})
    assert "A seal was missing." in asked.text
    confirm(paul, rows, chosen | {"action": "publish"})
    incident.refresh_from_db()
    assert (incident.publication, incident.approved_by.username) == ("published", "paul")
    assert list(incident.changes.values_list("publication", flat=True)) == ["published"]


def test_a_page_opened_before_somebody_else_wrote_overwrites_nothing(desk: Client) -> None:
    """Red when: `_lock` does not compare, or the view takes a page without `seen` for one that showed what is now."""
    incident = factories.make_incident(publication="draft", summary="As first written.")
    path = f"/staff/incidents/{incident.pk}/"
    seen = desk.get(path).context["seen"]
    Incident.objects.update(summary="As written meanwhile.", severity="grave")
    for do in ("preview", "submit", "publish"):
        for sent in ({"seen": seen}, {}):
            page = desk.post(path, sent | {"do": do, "summary": "Stale words."})
            assert (page.status_code, "Publish this" in page.text) == (422, False)
            assert CHANGED in text_of(page.text)
            assert "On record now: As written meanwhile." in text_of(page.text)
            assert ">Stale words.</textarea>" in page.text
    incident.refresh_from_db()
    assert (incident.publication, incident.summary) == ("draft", "As written meanwhile.")
    # Looked at, it goes on from there.
    desk.post(path, {"seen": page.context["seen"], "do": "publish", "summary": "Put together."})
    incident.refresh_from_db()
    assert (incident.publication, incident.summary) == ("published", "Put together.")


def test_a_public_summary_is_corrected_and_withdrawn_with_a_reason(desk: Client) -> None:
    """Red when: `_write` or withdraw_incident asks for none, or does not give it to the transaction."""
    incident = factories.make_incident(summary="A seal was missing.")
    for do, words in (("publish", "why this is corrected"), ("withdraw", "why this leaves the public pages")):
        page = press(desk, incident, do, summary="Two seals were missing.", why="  ")
        assert (page.status_code, incident.publication, incident.summary) == (
            422,
            "published",
            "A seal was missing.",
        )
        assert words in page.context["problem"][0]
    press(desk, incident, "publish", summary="Two seals were missing.", why="Counted again")
    press(desk, incident, "withdraw", why="Another station")
    told = [(row.kind, row.before, row.reason) for row in Correction.objects.order_by("id")]
    assert told == [
        ("changed", {"summary": "A seal was missing."}, "Counted again"), ("withdrawn", None, "Another station"),
    ]  # fmt: skip


def test_the_status_of_a_public_incident_changes_with_a_reason_and_as_it_was_seen(desk: Client) -> None:
    """Red when: move_incident asks for no `why`, gives it to nobody, or compares with nothing."""
    incident = factories.make_incident(status="confirmed", summary="A seal was missing.")
    path = f"/staff/incidents/{incident.pk}/"
    step = {"do": "checking", "reason": "A witness takes it back"}
    page = press(desk, incident, why=" ", **step)
    assert (page.status_code, incident.status) == (422, "confirmed")
    assert "why this is corrected" in page.context["problem"][0]
    assert ">A witness takes it back</textarea>" in page.text
    seen = desk.get(path).context["seen"]
    Incident.objects.update(severity="grave")
    page = desk.post(path, step | {"why": "Doubts", "seen": seen})
    assert (page.status_code, Incident.objects.get().status) == (422, "confirmed")
    assert CHANGED in text_of(page.text)
    assert re.search(r'id="moved-why"[^>]* value="Doubts"', page.text)
    press(desk, incident, why="Doubts", **step)
    assert incident.status == "checking"
    told = Correction.objects.latest("id")
    assert (told.before, told.after, told.reason) == (
        {"status": "confirmed"},
        {"status": "checking"},
        "Doubts",
    )
    # What stays in the register is not what the public reads.
    text = read(desk, address("corrections", incident.election))
    assert ("Doubts" in text, "A witness" in text) == (True, False)
