"""Writes of field work: what they record, what they refuse, and that a form sent twice is one visit."""

import threading
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from tests.factories import (
    make_assessment,
    make_deployment,
    make_incident,
    make_mission,
    make_observer,
    make_station,
    make_team,
    make_visit,
)
from tracker.core.models import User
from tracker.fieldwork import actions, incidents
from tracker.fieldwork.models import Deployment, Incident, IncidentChange, Visit

NINE = datetime(2024, 2, 7, 9, tzinfo=UTC)
TEN = datetime(2024, 2, 7, 10, tzinfo=UTC)


@pytest.fixture
def coordinator(db: None) -> User:
    return User.objects.create_user("coordinator")


@pytest.mark.django_db
def test_a_team_has_two_observers_of_its_mission() -> None:
    mission = make_mission()
    first, second = make_observer(mission=mission), make_observer(mission=mission)
    team = actions.create_team(by=None, mission=mission, name="T-1", kind="mobile", members=[first, second])
    assert set(team.members.all()) == {first, second}
    with pytest.raises(ValidationError, match="two or more"):
        actions.create_team(by=None, mission=mission, name="T-2", kind="mobile", members=[first, first])
    stranger = make_observer(code="STO-99")
    with pytest.raises(ValidationError, match="STO-99"):
        actions.create_team(by=None, mission=mission, name="T-2", kind="mobile", members=[first, stranger])
    with pytest.raises(ValidationError, match="already has a team with this name"):
        actions.create_team(by=None, mission=mission, name="T-1", kind="mobile", members=[first, second])


@pytest.mark.django_db
def test_a_deployment_is_planned_confirmed_and_called_off() -> None:
    team = make_team()
    station = make_station(election=team.mission.election)
    plan = actions.plan_deployment(by=None, team=team, station=station, starts_at=NINE, ends_at=TEN)
    assert (plan.mission, plan.election, plan.status) == (team.mission, team.mission.election, "planned")
    assert actions.confirm_deployment(by=None, deployment=plan).status == "confirmed"
    with pytest.raises(ValidationError, match="Only a planned"):
        actions.confirm_deployment(by=None, deployment=plan)
    assert actions.call_off_deployment(by=None, deployment=plan).status == "called_off"
    assert not Deployment.objects.live().exists()
    # Called off, the slot is free again.
    actions.plan_deployment(by=None, team=team, station=station, starts_at=NINE, ends_at=TEN)
    with pytest.raises(ValidationError, match="already planned"):
        actions.plan_deployment(by=None, team=team, station=station, starts_at=NINE, ends_at=TEN)
    with pytest.raises(ValidationError, match="another election"):
        actions.plan_deployment(by=None, team=team, station=make_station(), starts_at=NINE, ends_at=TEN)
    with pytest.raises(ValidationError, match="must end after"):
        actions.plan_deployment(by=None, team=team, station=station, starts_at=TEN, ends_at=NINE)


@pytest.mark.django_db
def test_a_visit_goes_from_draft_to_verified_with_who_did_what(coordinator: User) -> None:
    team = make_team()
    station = make_station(election=team.mission.election)
    visit = actions.record_visit(
        by=coordinator, team=team, station=station, phase="opening", arrived_at=NINE, submit=False
    )
    assert (visit.status, visit.created_by, visit.submitted_at) == ("draft", coordinator, None)
    with pytest.raises(ValidationError, match="Only a submitted"):
        actions.verify_visit(by=coordinator, visit=visit)
    actions.submit_visit(by=coordinator, visit=visit)
    assert (visit.status, visit.submitted_by) == ("submitted", coordinator)
    with pytest.raises(ValidationError, match="already"):
        actions.submit_visit(by=coordinator, visit=visit)
    actions.verify_visit(by=coordinator, visit=visit)
    assert (visit.status, visit.verified_by) == ("verified", coordinator)
    actions.correct_visit(by=coordinator, visit=visit, phase="voting", arrived_at=TEN)
    assert (visit.status, visit.phase, visit.verified_at) == ("submitted", "voting", None)
    actions.reopen_visit(by=coordinator, visit=visit)
    assert (visit.status, visit.submitted_by) == ("draft", None)


@pytest.mark.django_db
def test_a_visit_keeps_to_its_election_and_its_own_scale() -> None:
    team = make_team()
    station = make_station(election=team.mission.election)
    foreign = make_assessment(label="Excellent")
    with pytest.raises(ValidationError, match="not on the scale"):
        actions.record_visit(
            by=None, team=team, station=station, phase="voting", arrived_at=NINE, assessment=foreign
        )
    with pytest.raises(ValidationError, match="another election"):
        actions.record_visit(by=None, team=team, station=make_station(), phase="voting", arrived_at=NINE)
    with pytest.raises(ValidationError, match="cannot leave before"):
        actions.record_visit(
            by=None, team=team, station=station, phase="voting", arrived_at=TEN, departed_at=NINE
        )
    visit = make_visit(team=team, station=station)
    with pytest.raises(ValidationError, match="another election"):
        actions.correct_visit(by=None, visit=visit, station=make_station())
    with pytest.raises(TypeError, match="status"):
        actions.correct_visit(by=None, visit=visit, status="verified")
    assert Visit.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_again_is_the_same_visit_unchanged() -> None:
    team = make_team()
    station = make_station(election=team.mission.election)
    key = uuid4()
    same = {"by": None, "team": team, "station": station, "arrived_at": NINE, "submission_key": key}
    first = actions.record_visit(phase="opening", **same)
    again = actions.record_visit(phase="closing", **same)
    assert (again.pk, again.phase) == (first.pk, "opening")
    assert Visit.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_sent_at_once_by_several_hands_it_is_still_one_visit() -> None:
    team = make_team()
    station = make_station(election=team.mission.election)
    key, found, ready = uuid4(), [], threading.Barrier(8)

    def send() -> None:
        try:
            ready.wait()
            visit = actions.record_visit(
                by=None, team=team, station=station, phase="voting", arrived_at=NINE, submission_key=key
            )
            found.append(visit.pk)
        finally:
            connection.close()

    hands = [threading.Thread(target=send) for _ in range(8)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(found) == 8
    assert set(found) == {Visit.objects.get().pk}


@pytest.mark.django_db
def test_an_incident_is_checked_step_by_step(coordinator: User) -> None:
    station = make_station()
    incident = incidents.report_incident(
        by=coordinator,
        election=station.election,
        category="secrecy",
        severity="serious",
        occurred_at=NINE,
        description="Two voters behind one screen.",
        station=station,
    )
    with pytest.raises(ValidationError, match="from there it can become: being checked, dismissed"):
        incidents.move_incident(by=coordinator, incident=incident, to=Incident.Status.CONFIRMED)
    incidents.move_incident(by=coordinator, incident=incident, to=Incident.Status.CHECKING)
    with pytest.raises(ValidationError, match="Say why"):
        incidents.move_incident(by=coordinator, incident=incident, to=Incident.Status.DISMISSED)
    incidents.move_incident(by=coordinator, incident=incident, to=Incident.Status.CONFIRMED)
    steps = IncidentChange.objects.filter(incident=incident).values_list("status", "by__username")
    assert list(steps) == [(status, "coordinator") for status in ("reported", "checking", "confirmed")]


@pytest.mark.django_db
def test_an_incident_is_public_only_with_a_summary() -> None:
    incident = make_incident(publication="draft", summary="")
    with pytest.raises(ValidationError, match="public summary"):
        incidents.publish_incident(by=None, incident=incident, summary=" ")
    incidents.publish_incident(by=None, incident=incident, summary="A screen was missing.")
    assert Incident.objects.published().get().summary == "A screen was missing."
    incidents.withdraw_incident(by=None, incident=incident, reason="A test")
    assert not Incident.objects.published().exists()


@pytest.mark.django_db
def test_an_incident_needs_a_place_of_its_election() -> None:
    station = make_station()
    values = {"by": None, "category": "count", "severity": "minor", "occurred_at": NINE, "description": "x"}
    with pytest.raises(ValidationError, match="Say where"):
        incidents.report_incident(election=station.election, **values)
    with pytest.raises(ValidationError, match="another election"):
        incidents.report_incident(election=make_deployment().election, station=station, **values)


@pytest.fixture
def form(coordinator: User) -> dict[str, Any]:
    """What a form says again and again, under one key."""
    team = make_team()
    station = make_station(election=team.mission.election)
    said = {"team": team, "station": station, "phase": "voting", "arrived_at": NINE, "departed_at": None}
    return said | {"by": coordinator, "submission_key": uuid4(), "findings": "First.", "assessment": None}


@pytest.mark.django_db
def test_an_untouched_draft_takes_every_new_word_of_its_form(form: dict[str, Any]) -> None:
    actions.enter_visit(submit=False, **form)
    actions.enter_visit(submit=False, **form | {"findings": "Second.", "arrived_at": TEN})
    visit = actions.enter_visit(submit=False, **form | {"findings": "Third."})
    assert (visit.status, visit.findings, visit.arrived_at) == ("draft", "Third.", NINE)
    visit = actions.enter_visit(submit=True, **form | {"findings": "Fourth."})
    assert (visit.status, visit.findings, Visit.objects.count()) == ("submitted", "Fourth.", 1)
    again = actions.enter_visit(submit=True, **form | {"findings": "Fourth."})
    assert (again.pk, again.version) == (visit.pk, visit.version)


@pytest.mark.django_db
def test_a_submitted_visit_refuses_other_words_of_its_form(form: dict[str, Any]) -> None:
    actions.enter_visit(submit=True, **form)
    with pytest.raises(actions.Changed, match="Nothing was overwritten"):
        actions.enter_visit(submit=True, **form | {"findings": "Second."})
    # An hour that nobody typed is another one each time and no other word.
    actions.enter_visit(submit=True, assumed=["arrived_at"], **form | {"arrived_at": TEN})
    assert (Visit.objects.get().findings, Visit.objects.get().arrived_at) == ("First.", NINE)


@pytest.mark.django_db
def test_a_draft_is_not_taken_over_by_another_hand_or_another_team(form: dict[str, Any]) -> None:
    visit = actions.enter_visit(submit=False, **form)
    stranger = User.objects.create_user("stranger")
    for over in ({"by": stranger}, {"by": None}, {"team": make_team(mission=visit.mission)}):
        with pytest.raises(actions.Changed):
            actions.enter_visit(submit=True, **form | over)
    visit.refresh_from_db()
    assert (visit.status, visit.version) == ("draft", 1)


@pytest.mark.django_db
def test_a_stale_form_neither_overwrites_a_correction_nor_submits_again(form: dict[str, Any]) -> None:
    visit = actions.enter_visit(submit=False, **form)
    actions.correct_visit(by=None, visit=visit, findings="Corrected.")
    for submit in (False, True):
        with pytest.raises(actions.Changed):
            actions.enter_visit(submit=submit, **form)
    with pytest.raises(actions.Changed):  # in the same words, and yet submitting is somebody else's step now
        actions.enter_visit(submit=True, **form | {"findings": "Corrected."})
    visit.refresh_from_db()
    assert (visit.status, visit.findings) == ("draft", "Corrected.")


@pytest.mark.django_db
def test_a_stale_form_does_not_submit_what_was_opened_again(form: dict[str, Any]) -> None:
    visit = actions.enter_visit(submit=True, **form)
    actions.reopen_visit(by=None, visit=visit)
    with pytest.raises(actions.Changed):
        actions.enter_visit(submit=True, **form)
    visit.refresh_from_db()
    assert visit.status == "draft"


@pytest.mark.django_db
def test_the_incident_of_a_form_changes_until_somebody_takes_it_up(form: dict[str, Any]) -> None:
    told = {"category": "count", "severity": "minor", "occurred_at": NINE, "description": "Old."}
    told["submission_key"] = uuid4()
    actions.enter_visit(submit=False, incident=told, **form)
    actions.enter_visit(submit=False, incident=told | {"description": "New."}, **form)
    incident = Incident.objects.get()
    assert incident.description == "New."
    incidents.move_incident(by=None, incident=incident, to=Incident.Status.CHECKING)
    with pytest.raises(actions.Changed, match="taken it up"):
        actions.enter_visit(submit=True, incident=told, **form | {"findings": "Not kept."})
    assert (Incident.objects.get().description, Visit.objects.get().findings) == ("New.", "First.")


@pytest.mark.django_db
def test_a_correction_of_what_was_not_seen_is_refused() -> None:
    visit = make_visit(status="draft")
    actions.correct_visit(by=None, visit=visit, seen=1, findings="First.")
    with pytest.raises(actions.Changed, match="changed meanwhile"):
        actions.correct_visit(by=None, visit=visit, seen=1, findings="Second.")
    actions.correct_visit(by=None, visit=visit, seen=2, findings="Third.")
    actions.submit_visit(by=None, visit=visit)
    with pytest.raises(actions.Changed):
        actions.correct_visit(by=None, visit=visit, seen=3, findings="Fourth.")
    assert Visit.objects.get().findings == "Third."
