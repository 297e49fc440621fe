"""Files of field work: a mission's own plans and visits, by the rules of the forms, and nobody else's."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from tests import factories as make
from tests.jobs import run_waiting_jobs
from tracker.core.history.models import ChangedRow
from tracker.core.jobs import run_job
from tracker.core.models import Job, Publication, User
from tracker.core.roles import Role
from tracker.fieldwork import actions as fieldwork
from tracker.fieldwork.models import Deployment, Visit
from tracker.ingest.models import Answer, Upload
from tracker.ingest.uploads import actions, rights
from tracker.ingest.uploads.applying import Stale, write
from tracker.ingest.uploads.checking import MappedRow, compare_rows
from tracker.ingest.uploads.subjects import SUBJECTS
from tracker.ingest.uploads.taking_back import take_back
from tracker.missions.models import Affiliation

# Transactions of their own: what is later than a comparison is told by them.
pytestmark = pytest.mark.django_db(transaction=True)

PLAN = {"team": "T-1", "number": "44", "date": "2024-02-07", "from_local": "08:00", "until_local": "10:00"}
VISIT = {"team": "T-1", "number": "44", "date": "2024-02-07", "phase": "voting", "arrived_local": "09:15"}


def make_side(name: str, election: Any) -> SimpleNamespace:
    organization = make.make_organization(name=f"{name} Network", acronym=name)
    mission = make.make_mission(election=election, organization=organization, type="short_term")
    team = make.make_team(mission=mission, name="T-1" if name == "ALPHA" else f"{name}-9")
    make.make_assessment(mission=mission, ordinal=1, label=f"{name} good")
    account = make.make_account(Role.COORDINATOR, organization=organization)
    return SimpleNamespace(organization=organization, mission=mission, team=team, account=account)


@pytest.fixture
def world() -> SimpleNamespace:
    """Two organizations with a team each, and stations in Astana, Riga and, twice and unnumbered, Seoul."""
    election = make.make_election(slug="field")
    world = SimpleNamespace(
        election=election, a=make_side("ALPHA", election), b=make_side("CANARY", election)
    )
    world.station = make.make_station(election=election, number="44")
    world.riga = make.make_station(
        election=election, number="", country="LV", city="Riga", host_mission="Embassy in Riga",
        timezone="Europe/Riga",
    )  # fmt: skip
    for _number in range(2):
        make.make_station(
            election=election, number="", country="KR", city="Seoul", host_mission="Embassy in Seoul",
            timezone="Asia/Seoul",
        )  # fmt: skip
    make.make_station(election=election, number="99", publication=Publication.DRAFT)
    return world


def rows_of(*rows: dict[str, str]) -> list[MappedRow]:
    return [(number, [dict(row)], []) for number, row in enumerate(rows, start=2)]


def compared(world: SimpleNamespace, kind: str, *rows: dict[str, str], by: User | None = None) -> Upload:
    layout = [column.name for column in SUBJECTS[kind].layout.columns]
    upload = Upload.objects.create(
        name=f"{kind}.csv", size=1, sha256="0" * 64, format="csv", kind=kind, election=world.election,
        sent_by=by or world.a.account,
    )  # fmt: skip
    compare_rows(upload, rows_of(*(dict.fromkeys(layout, "") | row for row in rows)))
    upload.state = "checked"
    upload.save()
    return upload


def apply(upload: Upload) -> Upload:
    with transaction.atomic():
        write(upload, lambda done, total: None)
    upload.save()
    return upload


def problems(upload: Upload) -> list[tuple[str, str]]:
    return [
        (column, what)
        for record in upload.records.filter(action="bad").order_by("row")
        for column, _value, what, *_rest in record.problems
    ]


def refuse(number: int, total: int) -> None:
    pass


# --- plans


def test_plans_are_new_then_written_then_unchanged(world: SimpleNamespace) -> None:
    """Hours are the station's own: Astana was six hours ahead that day. Red when: record_deployment forgets status."""
    rows = (PLAN, PLAN | {"number": "", "city": "Riga", "status": "confirmed", "notes": "By the gate"})
    upload = apply(compared(world, "deployments", *rows))
    assert upload.counts == {"rows": 2, "new": 2, "along": {}}
    first, second = Deployment.objects.order_by("starts_at")
    assert (first.station, first.status) == (world.station, "planned")
    assert first.starts_at == datetime(2024, 2, 7, 2, tzinfo=UTC)
    assert (second.station, second.status, second.notes) == (world.riga, "confirmed", "By the gate")
    assert second.ends_at == datetime(2024, 2, 7, 8, tzinfo=UTC)
    assert {plan.mission for plan in (first, second)} == {world.a.mission}
    assert ChangedRow.objects.filter(table_name="fieldwork_deployment", key=str(first.pk)).exists()
    fieldwork.confirm_deployment(by=None, deployment=first)
    again = compared(world, "deployments", *rows)
    assert again.counts == {"rows": 2, "unchanged": 2, "along": {}}
    earlier = apply(compared(world, "deployments", PLAN | {"from_local": "07:00"}))
    assert Deployment.objects.count() == 3
    with transaction.atomic():
        take_back(earlier)
    assert set(Deployment.objects.all()) == {first, second}


def test_plan_that_was_entered_by_hand_is_recognized(world: SimpleNamespace) -> None:
    """Red when: a candidate is not narrowed by team and station, or the identity of a deployment is taken out."""
    plan = make.make_deployment(
        team=world.a.team, station=world.station, starts_at=datetime(2024, 2, 7, 2, tzinfo=UTC)
    )
    upload = compared(world, "deployments", PLAN)
    assert upload.counts == {"rows": 1, "changed": 1, "along": {}} or upload.counts["kept"] == 1
    record = upload.records.get()
    assert record.object_id == plan.pk
    assert record.changes == {"ends_at": ["“2024-02-07 14:00 Asia/Almaty”", "“2024-02-07 10:00 Asia/Almaty”"]}
    actions.choose_field(by=world.a.account, upload=upload, record=record.pk, name="", file_wins=True)
    apply(upload)
    plan.refresh_from_db()
    assert plan.ends_at == datetime(2024, 2, 7, 4, tzinfo=UTC)


def test_moved_plan_with_a_number_of_its_own_must_be_confirmed_anew(world: SimpleNamespace) -> None:
    """Red when: moving is an UPDATE and no change_deployment."""
    apply(compared(world, "deployments", PLAN | {"reference": "P-1", "status": "confirmed"}))
    apply(compared(world, "deployments", PLAN | {"reference": "P-1", "from_local": "09:00"}))
    plan = Deployment.objects.get()
    assert (plan.starts_at, plan.status) == (datetime(2024, 2, 7, 3, tzinfo=UTC), "planned")


def test_rules_of_the_forms_hold_for_rows(world: SimpleNamespace) -> None:
    upload = compared(
        world,
        "deployments",
        PLAN | {"until_local": "07:00"},
        PLAN | {"team": "T-7"},
        PLAN | {"number": "45"},
        PLAN | {"number": "", "city": "Seoul"},
        PLAN | {"number": ""},
        PLAN | {"mission_type": "long_term"},
        PLAN | {"country_iso2": "LV"},
    )
    said = dict(enumerate(problems(upload)))
    assert [column for column, _what in said.values()] == [
        "from_local", "team", "number", "city", "number", "mission_type", "number",
    ]  # fmt: skip
    assert said[1] == ("team", "is not a team of ALPHA.")
    assert said[2] == said[6] == ("number", "fits no station of this election.")
    assert said[3] == ("city", "fits several stations of this election.")
    assert "enter this row by hand" in str(upload.records.filter(row=5).get().problems)


# --- two organizations


def shown(upload: Upload) -> str:
    """Everything of an upload that a screen shows of its records."""
    return str(list(upload.records.values("label", "key", "values", "changes", "problems", "action")))


@pytest.mark.parametrize("kind", ["deployments", "visits"])
def test_z3_rows_of_others_read_like_rows_of_nobody(world: SimpleNamespace, kind: str) -> None:
    """Red when: Field.missions is every mission of the election, or Field.stations every station."""
    row = PLAN if kind == "deployments" else VISIT
    theirs = {"assessment": "CANARY good"} if kind == "visits" else {}
    upload = compared(
        world,
        kind,
        row | {"mission": "CANARY Network"},
        row | {"mission": "CANALY Network"},
        row | {"team": "CANARY-9"},
        row | {"team": "NOBODY-9"},
        row | {"number": "99"},
        row | {"number": "98"},
        *([row | theirs, row | {"assessment": "Nobody good"}] if theirs else []),
    )
    assert "new" not in upload.counts
    found = [
        [[column, what, mend] for column, _value, what, mend, _weight in record.problems]
        for record in upload.records.order_by("row")
    ]
    assert found[::2] == found[1::2]
    assert shown(upload).count("CANARY") == 2 + len(theirs)


@pytest.mark.parametrize("kind", ["deployments", "visits"])
def test_what_others_have_is_neither_missing_nor_recognized(world: SimpleNamespace, kind: str) -> None:
    """Red when: find_missing is not narrowed to the missions that the file names."""
    maker = make.make_deployment if kind == "deployments" else make.make_visit
    maker(team=world.b.team, station=world.station)
    own = maker(team=world.a.team, station=world.riga)
    upload = compared(world, kind, PLAN if kind == "deployments" else VISIT)
    assert upload.counts == {"rows": 1, "new": 1, "missing": 1, "along": {}}
    assert upload.records.get(action="missing").object_id == own.pk
    assert "CANARY" not in shown(upload)


def test_what_passed_to_another_mission_is_no_longer_shown(world: SimpleNamespace) -> None:
    """Red when: `_is_elsewhere` is taken out of the comparison."""
    upload = apply(compared(world, "deployments", PLAN | {"notes": "Ours"}))
    Deployment.objects.update(team=world.b.team, mission=world.b.mission, notes="CANARY")
    again = compared(world, "deployments", PLAN | {"notes": "Ours"})
    assert again.counts["deleted"] == 1
    assert "CANARY" not in shown(again)
    assert upload.counts["new"] == 1


def test_z7_who_lost_the_organization_writes_nothing_any_more(world: SimpleNamespace) -> None:
    """Red when: `_require_reach` is taken out of writing."""
    upload = compared(world, "visits", VISIT)
    Affiliation.objects.filter(account=world.a.account).update(organization=world.b.organization)
    with pytest.raises(Stale), transaction.atomic():
        write(upload, refuse)
    assert not Visit.objects.exists()


def test_z7_job_with_another_s_file_refuses(world: SimpleNamespace) -> None:
    """The queued message names a file of B. Red when: `_step` does not ask again who may."""
    upload = compared(world, "visits", VISIT | {"team": "CANARY-9"}, by=world.b.account)
    Upload.objects.filter(pk=upload.pk).update(state="applying")
    job = Job.objects.create(
        kind=actions.APPLY, arguments={"upload": upload.pk}, requested_by=world.a.account
    )
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "failed"
    assert not Visit.objects.exists()


def test_another_s_file_is_worked_on_by_nobody_else(world: SimpleNamespace) -> None:
    """Also not by whoever sees all visits and coordinates too. Red when: may_work_on asks for kinds_for alone."""
    upload = compared(world, "visits", VISIT)
    both = make.make_account(Role.DESK, Role.COORDINATOR, organization=world.b.organization)
    for somebody in (world.b.account, both, make.make_account(Role.DESK), make.make_account(Role.OFFICER)):
        with pytest.raises(PermissionDenied):
            actions.ask_apply(by=somebody, upload=upload)
    assert rights.kinds_for(world.a.account) == ["deployments", "visits", "observers"]


# --- visits


def test_visits_are_entered_by_the_rules_of_the_form(world: SimpleNamespace) -> None:
    """Red when: record_visit_of submits everything, or nothing."""
    rows = (
        VISIT | {"status": "submitted", "assessment": "1", "findings": "All in order"},
        VISIT | {"phase": "counting", "arrived_local": "19:00", "departed_local": "00:30"},
    )
    upload = apply(compared(world, "visits", *rows))
    assert upload.counts == {"rows": 2, "new": 2, "along": {}}
    first, second = Visit.objects.order_by("arrived_at")
    assert (first.status, first.created_by, first.submitted_by) == (
        "submitted",
        world.a.account,
        world.a.account,
    )
    assert (first.assessment.label, first.findings, first.version) == ("ALPHA good", "All in order", 1)  # type: ignore[union-attr]
    assert first.arrived_at == datetime(2024, 2, 7, 3, 15, tzinfo=UTC)
    assert (second.status, second.submitted_at) == ("draft", None)
    assert second.departed_at == datetime(2024, 2, 7, 18, 30, tzinfo=UTC)
    assert list(Visit.objects.counting()) == [first]
    fieldwork.verify_visit(by=None, visit=first)
    fieldwork.submit_visit(by=None, visit=second)
    assert compared(world, "visits", *rows).counts == {"rows": 2, "unchanged": 2, "along": {}}


def test_rows_that_a_form_would_refuse_are_bad(world: SimpleNamespace) -> None:
    upload = compared(
        world,
        "visits",
        VISIT | {"status": "verified"},
        VISIT | {"assessment": "CANARY good"},
        VISIT | {"date": "2140-02-07"},
        VISIT | {"phase": "lunch"},
    )
    assert [column for column, _what in problems(upload)] == [
        "status",
        "assessment",
        "arrived_local",
        "phase",
    ]
    assert "Its steps are: 1. ALPHA good." in shown(upload)


def test_visit_with_a_number_of_its_own_is_corrected_and_given_back(world: SimpleNamespace) -> None:
    """A verified visit must be verified anew. Red when: the version is put back with the rest, or is not counted."""
    row = VISIT | {"reference": "F-17", "status": "submitted"}
    apply(compared(world, "visits", row))
    fieldwork.verify_visit(by=None, visit=Visit.objects.get())
    before = Visit.objects.get()
    upload = apply(compared(world, "visits", row | {"arrived_local": "09:20"}))
    assert upload.counts == {"rows": 1, "changed": 1, "along": {}}
    visit = Visit.objects.get()
    assert visit.arrived_at == datetime(2024, 2, 7, 3, 20, tzinfo=UTC)
    assert (visit.status, visit.version) == ("submitted", before.version + 1)
    with transaction.atomic():
        take_back(upload)
    again = Visit.objects.get()
    assert (again.arrived_at, again.status) == (before.arrived_at, "verified")
    assert again.version == visit.version + 1


def test_correction_by_hand_outlives_the_same_file(world: SimpleNamespace) -> None:
    row = VISIT | {"reference": "F-17", "findings": "From the file"}
    apply(compared(world, "visits", row))
    fieldwork.correct_visit(by=None, visit=Visit.objects.get(), findings="By hand")
    upload = apply(compared(world, "visits", row | {"findings": "Again from the file"}))
    assert upload.counts == {"rows": 1, "kept": 1, "along": {}}
    assert Visit.objects.get().findings == "By hand"


def test_work_of_other_missions_does_not_make_a_preview_old(world: SimpleNamespace) -> None:
    """Red when: `_changed_since` asks for the table alone, or not at all."""
    upload = compared(world, "visits", VISIT)
    make.make_visit(team=world.b.team, station=world.station)
    apply(upload)
    other = compared(world, "visits", VISIT | {"phase": "closing"})
    make.make_visit(team=world.a.team, station=world.station)
    with pytest.raises(Stale), transaction.atomic():
        write(other, refuse)


def test_second_row_of_one_visit_is_bad(world: SimpleNamespace) -> None:
    upload = compared(world, "visits", VISIT, VISIT)
    assert upload.counts == {"rows": 2, "new": 1, "bad": 1, "along": {}}


# --- in the screens

FOREIGN = """\
Команда;Страна;№ участка;Дата;Прибытие;Убытие;Этап;Оценка;Наблюдения
T-1;Казахстан;44;07.02.2024;09:15;09:45;голосование в зале;1;Всё спокойно
T-1;Казахстан;45;07.02.2024;10:15;;Voting;;
"""


def test_coordinator_brings_visits_in_another_language(client: Client, world: SimpleNamespace) -> None:
    """What the coordinator says of a word holds for this file alone. Red when: answers go into Answer for everybody."""
    client.force_login(world.a.account)
    page = client.get("/staff/files/new/").text
    assert 'value="visits"' in page
    assert 'value="stations"' not in page
    client.post(
        "/staff/files/new/",
        {
            "election": world.election.pk, "kind": "visits", "source": "",
            "file": SimpleUploadedFile("visits.csv", FOREIGN.encode()),
        },
    )  # fmt: skip
    upload = Upload.objects.get()
    where = f"/staff/files/{upload.pk}/"
    assert client.get(f"{where}reading/").status_code == 200
    client.post(where, {"do": "check"})
    run_waiting_jobs()
    upload.refresh_from_db()
    assert [question[:2] for question in upload.counts["questions"]] == [["choice", "голосование в зале"]]
    (question,) = client.get(f"{where}questions/").context["questions"]
    client.post(f"{where}questions/", {f"answer-{question['mark']}": "voting"})
    run_waiting_jobs()
    upload.refresh_from_db()
    assert not Answer.objects.exists()
    assert (upload.counts["new"], upload.counts["bad"]) == (1, 1), shown(upload)
    assert "fits no station" in client.get(f"{where}records/?action=bad").text
    assert "Read such files like this" not in client.get(where).text
    client.post(where, {"do": "apply", "sure": "yes"})
    run_waiting_jobs()
    upload.refresh_from_db()
    assert upload.state == "applied", upload.problem
    visit = Visit.objects.get()
    assert (visit.findings, visit.status, visit.team) == ("Всё спокойно", "draft", world.a.team)
    assert client.post(where, {"do": "profile", "name": "Ours"}).status_code == 403
    for other, status in (
        (world.b.account, 404),
        (make.make_account(Role.OFFICER), 404),
        (make.make_account(Role.DESK), 200),
    ):
        client.force_login(other)
        for path in (where, f"{where}records/"):
            assert client.get(path).status_code == status, (other.roles, path)
        # The file as it came is for those who work on such files.
        assert client.get(f"{where}file/").status_code == (403 if status == 200 else 404)
