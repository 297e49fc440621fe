"""The admin of field work: slots in local time, warnings before saving, members of one mission, no status typed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.forms import confirm, save
from tests.staff.test_admin_sweep import messages
from tracker.core.models import User
from tracker.fieldwork.models import Assessment, Deployment, Incident, Team, Visit

pytestmark = pytest.mark.django_db
ADD = "/staff/fieldwork/deployment/add/"


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(factories.make_administrator())
    return client


def at(hour: int) -> datetime:
    return datetime(2024, 2, 7, hour, tzinfo=UTC)


def slot(
    team: Team, station: Any, opens: str = "08:00", closes: str = "10:00", **over: Any
) -> dict[str, Any]:
    values = {"team": team.pk, "station": station.pk, "date": "2024-02-07", "opens": opens, "closes": closes}
    return values | {"notes": ""} | over


def test_a_slot_is_typed_on_the_wall_of_the_station_and_kept_in_utc(administrator: Client) -> None:
    team = factories.make_team()
    station = factories.make_station(election=team.mission.election)  # Astana, UTC+06:00 on that day
    assert administrator.post(ADD, slot(team, station)).status_code == 302
    plan = Deployment.objects.get()
    assert (plan.starts_at, plan.ends_at, plan.status) == (at(2), at(4), "planned")
    assert (plan.mission, plan.election) == (team.mission, team.mission.election)
    page = administrator.get(f"/staff/fieldwork/deployment/{plan.pk}/change/").content.decode()
    assert "7 Feb 02:00–04:00 UTC, clocks at UTC+06:00" in page


def test_a_clash_is_shown_once_and_saved_when_somebody_says_so(administrator: Client) -> None:
    team = factories.make_team()
    there, here = (factories.make_station(election=team.mission.election) for _ in range(2))
    factories.make_deployment(team=team, station=there, starts_at=at(2), ends_at=at(4))
    page = administrator.post(ADD, slot(team, here))
    form = page.context["adminform"].form
    assert [error.split(":")[0] for error in form.errors["anyway"]] == [
        f"{team} is planned at another station at this time"
    ]
    assert Deployment.objects.count() == 1
    # Agreement to other warnings is none.
    assert administrator.post(ADD, slot(team, here, anyway="0" * 16)).status_code == 200
    seen = form.fields["anyway"].widget.attrs["value"]
    assert f'value="{seen}"' in page.content.decode()
    assert administrator.post(ADD, slot(team, here, anyway=seen)).status_code == 302
    assert Deployment.objects.count() == 2


@pytest.mark.parametrize(
    ("over", "field", "words"),
    [
        ({"closes": "08:00"}, "opens", "Opening and closing time are both 08:00"),
        ({"date": ""}, "date", "This field is required."),
        ({"station": "foreign"}, "station", "another election"),
    ],
)
def test_what_cannot_be_planned_is_said_at_its_field(
    administrator: Client, over: dict[str, Any], field: str, words: str
) -> None:
    team = factories.make_team()
    station = factories.make_station(election=team.mission.election)
    if over.get("station"):
        over = {"station": factories.make_station().pk}
    page = administrator.post(ADD, slot(team, station) | over)
    assert words in " ".join(page.context["adminform"].form.errors[field])
    assert not Deployment.objects.exists()


def test_moving_a_confirmed_plan_asks_for_a_new_confirmation(administrator: Client) -> None:
    plan = factories.make_deployment(status="confirmed", starts_at=at(2), ends_at=at(4))
    change = f"/staff/fieldwork/deployment/{plan.pk}/change/"
    save(administrator, change, slot(plan.team, plan.station, notes="By car"))
    plan.refresh_from_db()
    assert (plan.status, plan.notes) == ("confirmed", "By car")
    save(administrator, change, slot(plan.team, plan.station, closes="11:00"))
    plan.refresh_from_db()
    assert (plan.status, plan.ends_at) == ("planned", at(5))


def test_confirm_and_call_off_from_the_list(administrator: Client) -> None:
    plan = factories.make_deployment()
    chosen = {"_selected_action": [plan.pk]}
    address = "/staff/fieldwork/deployment/"
    page = administrator.post(address, chosen | {"action": "confirm"}, follow=True)
    assert messages(page) == ["Confirmed. (1)"]
    page = administrator.post(address, chosen | {"action": "call_off"})
    assert "The teams will not go." in page.content.decode()
    plan.refresh_from_db()
    assert plan.status == "confirmed"
    confirm(administrator, address, chosen | {"action": "call_off"}, follow=True)
    plan.refresh_from_db()
    assert plan.status == "called_off"
    page = administrator.post(address, chosen | {"action": "confirm"}, follow=True)
    assert "Only a planned deployment can be confirmed" in messages(page)[0]


def test_a_team_is_made_of_two_observers_of_its_mission(administrator: Client) -> None:
    mission = factories.make_mission()
    first, second = (factories.make_observer(mission=mission) for _ in range(2))
    stranger = factories.make_observer()
    page = administrator.get("/staff/fieldwork/team/add/").content.decode()
    assert f"?mission={mission.pk}" in page
    add = f"/staff/fieldwork/team/add/?mission={mission.pk}"
    assert stranger.code not in administrator.get(add).content.decode()
    form: dict[str, Any] = {"name": "T-1", "kind": "mobile", "area": ""}
    for members, words in (
        ([first.pk], "two or more"),
        ([first.pk, stranger.pk], "not one of the available"),
    ):
        page = administrator.post(add, form | {"members": members})
        assert words in str(page.context["adminform"].form.errors["members"])
    assert not Team.objects.exists()
    assert administrator.post(add, form | {"members": [first.pk, second.pk]}).status_code == 302
    team = Team.objects.get()
    assert (team.mission, set(team.members.all())) == (mission, {first, second})
    third = factories.make_observer(mission=mission)
    change = f"/staff/fieldwork/team/{team.pk}/change/"
    save(administrator, change, form | {"name": "T-9", "members": [first.pk, third.pk]})
    team.refresh_from_db()
    assert (team.name, set(team.members.all())) == ("T-9", {first, third})


def test_the_scale_is_entered_in_the_mission(administrator: Client) -> None:
    mission = factories.make_mission()
    form: dict[str, Any] = {
        "election": mission.election_id, "organization": mission.organization_id, "type": mission.type,
        "status": mission.status, "publication": "published",
        "assessments-0-ordinal": "1", "assessments-0-label": "Very good", "assessments-0-polarity": "positive",
    }  # fmt: skip
    for prefix, total in (("memberships", 0), ("statements", 0), ("assessments", 1)):
        form |= {f"{prefix}-TOTAL_FORMS": total, f"{prefix}-INITIAL_FORMS": 0}
    assert save(administrator, f"/staff/missions/mission/{mission.pk}/change/", form).status_code == 302
    step = Assessment.objects.get()
    assert (step.mission, step.ordinal, step.label, step.polarity) == (mission, 1, "Very good", "positive")


def test_what_has_field_work_stays_in_its_election(administrator: Client) -> None:
    plan = factories.make_deployment()
    for path in (f"missions/mission/{plan.mission_id}", f"stations/pollingstation/{plan.station_id}"):
        page = administrator.get(f"/staff/{path}/change/")
        assert "election" not in page.context["adminform"].form.fields, path
    free = factories.make_station()
    page = administrator.get(f"/staff/stations/pollingstation/{free.pk}/change/")
    assert "election" in page.context["adminform"].form.fields


def test_visits_move_on_from_the_list_and_only_drafts_are_deleted(administrator: Client) -> None:
    visit = factories.make_visit(status="draft")
    chosen, address = {"_selected_action": [visit.pk]}, "/staff/fieldwork/visit/"
    administrator.post(address, chosen | {"action": "submit"})
    administrator.post(address, chosen | {"action": "verify"})
    visit.refresh_from_db()
    assert (visit.status, visit.verified_by) == ("verified", User.objects.get())
    administrator.post(address, chosen | {"action": "delete_selected", "post": "yes"})
    assert Visit.objects.count() == 1
    assert administrator.post(f"{address}{visit.pk}/delete/", {"post": "yes"}).status_code == 403
    assert (
        "Drafts do not count" in administrator.post(address, chosen | {"action": "reopen"}).content.decode()
    )
    confirm(administrator, address, chosen | {"action": "reopen"})
    visit.refresh_from_db()
    assert visit.status == "draft"
    administrator.post(f"{address}{visit.pk}/delete/", {"post": "yes"})
    assert not Visit.objects.exists()


def test_an_incident_is_reported_by_the_action_and_its_status_is_not_a_field(administrator: Client) -> None:
    station = factories.make_station()
    form: dict[str, Any] = {
        "election": station.election_id, "category": "count", "severity": "grave", "description": "A count twice.",
        "occurred_at_0": "2024-02-07", "occurred_at_1": "10:00", "station": station.pk, "place": "", "team": "",
        "status": "confirmed", "publication": "published",
        "changes-TOTAL_FORMS": 0, "changes-INITIAL_FORMS": 0,
    }  # fmt: skip
    add = "/staff/fieldwork/incident/add/"
    page = administrator.post(add, form | {"station": factories.make_station().pk})
    assert "another election" in str(page.context["adminform"].form.errors["station"])
    assert administrator.post(add, form).status_code == 302
    incident = Incident.objects.get()
    assert (incident.status, incident.publication, incident.severity) == ("reported", "draft", "grave")
    assert [(change.status, change.by) for change in incident.changes.all()] == [
        ("reported", User.objects.get())
    ]


def test_an_incident_without_a_summary_is_not_published_from_the_list(administrator: Client) -> None:
    incident = factories.make_incident(publication="draft", summary="")
    chosen = {"_selected_action": [incident.pk], "action": "publish"}
    page = confirm(administrator, "/staff/fieldwork/incident/", chosen, follow=True)
    assert messages(page) == ["1 has no public summary and stays a draft; open it and write one."]
    incident.refresh_from_db()
    assert incident.publication == "draft"
