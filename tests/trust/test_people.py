"""Group P of the tests of trust, of one human being: logs, export and erasure, retention, no third party."""

import base64
import json
import logging
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from playwright.sync_api import Page

from tests import factories as make
from tests.trust.asking import being, refused
from tracker.core import jobs
from tracker.core.history.models import Change, ChangedRow
from tracker.core.history.verifying import verify
from tracker.core.logs import CleanFormatter
from tracker.core.models import Job
from tracker.core.roles import Role
from tracker.database_roles import STAFF
from tracker.elections.models import Election
from tracker.missions import retention
from tracker.missions.decisions import confirm
from tracker.missions.models import (
    Accreditation,
    AccreditationChange,
    BulkDecision,
    Observer,
    Person,
    PersonReading,
)
from tracker.missions.people import erase_person
from tracker.missions.tasks import obey_retention, today_everywhere

CANARY = "Kanarya"


def tables() -> dict[str, str]:
    """Every table of the database as text, whatever its app, with sessions opened: the dump that is searched."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (name,) in cursor.fetchall():
            cursor.execute(
                f"SELECT coalesce(string_agg(to_jsonb(t)::text, chr(10)), '') FROM public.\"{name}\" t"
            )
            found[name] = cursor.fetchone()[0]
    found["django_session"] += "".join(str(session.get_decoded()) for session in Session.objects.all())
    return found


def canaries() -> set[str]:
    """The tables that hold a canary, as it is, in hexadecimal (bytes) or in base64."""
    forms = [CANARY.lower(), CANARY.encode().hex(), base64.b64encode(CANARY.encode()).decode()[:-2].lower()]
    return {name for name, text in tables().items() if any(form in text.lower() for form in forms)}


def planted_person(**over: Any) -> Person:
    """An observer with a canary in every field that can hold one, applications decided about, all of it edited once."""
    private = {name: f"{CANARY}-{name}" for name in ("full_name", "document_number", "phone", "notes")}
    private["email"] = f"{CANARY}-email@example.org"
    person = make.make_person(nationality=make.country("KZ"), **private)
    observer = make.make_observer(person=person, code="STO-7", **over)
    make.make_team(mission=observer.mission, name="North 1", members=[observer])
    row = make.make_accreditation(observer=observer, status="refused", reason=f"{CANARY}-reason-1")
    make.make_accreditation_change(accreditation=row, status="refused", reason=f"{CANARY}-reason-2")
    media = make.make_accreditation(category="media", media_person=person, election=observer.mission.election)
    make.make_bulk_decision(rows=[row, media], to="withdrawn", reason=f"{CANARY}-reason-3")
    Person.objects.filter(pk=person.pk).update(
        **{name: f"{value}2" for name, value in private.items() if name != "email"}
    )
    person.refresh_from_db()
    return person


# --- P5: access and erasure -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_p5_the_export_holds_everything_and_is_no_cached_page(client: Client) -> None:
    """Red when: seen with the history left out of the export, and with the reasons of steps left out."""
    person = planted_person()
    account = make.make_administrator()
    client.force_login(account)
    answer = client.get(reverse("admin:person_export", args=[person.pk]))
    assert answer["Content-Disposition"].startswith(f'attachment; filename="person-{person.pk}-')
    assert answer["Cache-Control"].startswith("no-store")
    said = json.loads(answer.content)
    assert said["person"]["nationality"] == "Kazakhstan"
    assert [one["code"] for one in said["observer_in"]] == ["STO-7"]
    assert [team.split(" ", 1)[1] for team in said["observer_in"][0]["teams"]] == ["North 1"]
    assert {row["category"]: [step["reason"] for step in row["steps"]] for row in said["accreditations"]} == {
        "observer": [f"{CANARY}-reason-2"], "media": [],
    }  # fmt: skip
    assert [row["reason"] for row in said["decisions_about_several"]] == [f"{CANARY}-reason-3"]
    # What it was before, and every value that it holds now.
    before = {value for entry in said["history"] for value in (entry["before"] or {}).values()}
    assert f"{CANARY}-full_name" in before
    values = [field.value_from_object(person) for field in Person._meta.concrete_fields]
    assert [value for value in values if str(value) not in answer.content.decode()] == []
    # Who asked is in the file itself.
    assert [(one["account"], one["screen"]) for one in said["readings"]] == [
        (account.pk, "admin:person_export")
    ]


@pytest.mark.django_db(transaction=True)
def test_p5_after_erasure_no_trace_is_left_and_the_history_still_holds(client: Client) -> None:
    """Red when: seen with the history's values left (core_personalvalue), with the reason of a step left
    (missions_accreditationchange), and with that of a decision about several left (missions_bulkdecision)."""
    person = planted_person()
    neighbour = make.make_person(full_name="Neighbour", email="neighbour@example.org")
    account = make.make_administrator()
    client.force_login(account)
    client.get(reverse("admin:missions_person_changelist"), {"q": CANARY})
    assert canaries() == {
        "missions_person", "missions_accreditation", "missions_accreditationchange", "missions_bulkdecision",
        "core_personalvalue",
    }  # fmt: skip
    address = reverse("admin:person_erase", args=[person.pk])
    shown = client.get(address)
    assert "STO-7" in shown.content.decode()
    refused = client.post(address, {"reason": "asked", "word": "STO-8"})
    assert (refused.status_code, Person.objects.filter(pk=person.pk).count()) == (422, 1)
    done = client.post(address, {"reason": "asked", "word": "sto-7"})
    assert (done.status_code, done["Location"]) == (302, reverse("admin:missions_person_changelist"))
    assert canaries() == set()
    assert list(verify()) == []
    # What stays: the place and the badge, a neighbour, that it was done and why, and who looked.
    assert Observer.objects.get(code="STO-7").person is None
    assert Accreditation.objects.count() == 2
    assert set(AccreditationChange.objects.values_list("reason", flat=True)) == {"erased"}
    neighbour.refresh_from_db()
    assert neighbour.email == "neighbour@example.org"
    erasures = Change.objects.filter(changed__kind="erase", changed__table_name="missions_person")
    assert list(erasures.values_list("account", "origin", "reason")) == [
        (account.pk, "request", "the person asked for it")
    ]
    assert PersonReading.objects.filter(person=person.pk).exists()
    # Done twice is done.
    entries = Change.objects.count()
    assert erase_person(by=account, person=person, reason="again") is False
    assert Change.objects.count() == entries


@pytest.mark.django_db(transaction=True)
def test_p5_deleting_a_person_like_any_other_record_erases_them_too(client: Client) -> None:
    """Red when: seen with the admin's own deletion (core_personalvalue keeps the name)."""
    person = planted_person()
    client.force_login(make.make_administrator())
    answer = client.post(reverse("admin:missions_person_delete", args=[person.pk]), {"post": "yes"})
    assert answer.status_code == 302
    # The page that says what was done may name the person once more, to whoever did it.
    client.get(answer["Location"])
    assert canaries() == set()
    assert list(verify()) == []


@pytest.mark.django_db(transaction=True)
def test_p5_a_coordinator_who_deletes_a_person_leaves_no_reason_of_an_officer_behind(client: Client) -> None:
    """The decision is about several and none of the coordinator's affair, but its reason may name the person.

    Red when: the decisions are looked for with the coordinator's own rights (missions_bulkdecision is left), and when
    the observer lets go first (the person stays).
    """
    mission = make.make_mission()
    person = make.make_person(full_name=f"{CANARY} Person")
    row = make.make_accreditation(observer=make.make_observer(mission=mission, person=person))
    decision = make.make_bulk_decision(rows=[row], to="refused", reason=f"{CANARY} was rude")
    make.make_bulk_decision(rows=[make.make_accreditation()], to="refused", reason="another")
    clara = make.make_account(Role.COORDINATOR, organization=mission.organization)
    # Not of somebody else's person.
    stranger = make.make_account(Role.COORDINATOR, organization=make.make_organization())
    for account in (stranger, make.make_account(Role.AUDITOR)):
        with being(STAFF, account):
            assert "may not erase" in refused("SELECT public.erase_person(%s, 'x')", person.pk)
            assert "permission denied" in refused("SELECT public.history_forget('missions_person', '1')")
    assert canaries() == {"missions_person", "missions_bulkdecision", "core_personalvalue"}
    client.force_login(clara)
    both = make.make_person(full_name="Also of the media")
    make.make_observer(mission=mission, person=both)
    make.make_accreditation(category="media", media_person=both, election=mission.election)
    kept = client.post(reverse("admin:missions_person_delete", args=[both.pk]), {"post": "yes"})
    assert (kept.status_code, Person.objects.filter(pk=both.pk).exists()) == (403, True)
    path = reverse("admin:missions_person_delete", args=[person.pk])
    assert client.post(path, {"post": "yes"}).status_code == 302
    client.get(reverse("admin:index"))
    assert canaries() == set()
    assert Observer.objects.get(accreditations=row).person is None
    assert sorted(BulkDecision.objects.values_list("reason", flat=True)) == ["another", "erased"]
    assert (
        ChangedRow.objects.filter(table_name="missions_bulkdecision", key=str(decision.pk))
        .order_by("id")
        .last()
        .kind
    ) == "erase"
    assert list(verify()) == []


@pytest.mark.django_db(transaction=True)
def test_p5_the_reason_of_a_decision_goes_from_every_applicant_in_it(client: Client) -> None:
    """Red when: seen with the function of missions 0005 (three tables keep the reason)."""
    election = make.make_election()
    mission, officer = make.make_mission(election=election), make.make_account(Role.OFFICER)
    person = make.make_person(full_name=f"{CANARY} Person")
    row = make.make_accreditation(observer=make.make_observer(mission=mission, person=person))
    other = make.make_accreditation(observer=make.make_observer(mission=make.make_mission(election=election)))
    decision = make.make_bulk_decision(
        rows=[row, other], to="refused", reason=f"{CANARY} was rude", by=officer
    )
    confirm(by=officer, decision=decision)
    other.refresh_from_db()
    assert (other.status, other.reason) == ("refused", f"{CANARY} was rude")
    kept = make.make_accreditation(election=election, status="refused", reason="of its own")
    client.force_login(make.make_account(Role.COORDINATOR, organization=mission.organization))
    path = reverse("admin:missions_person_delete", args=[person.pk])
    assert client.post(path, {"post": "yes"}).status_code == 302
    client.get(reverse("admin:index"))
    assert canaries() == set()
    for one in (other, kept):
        one.refresh_from_db()
    assert (other.status, other.reason, kept.reason) == ("refused", "erased", "of its own")
    assert set(other.changes.filter(status="refused").values_list("reason", flat=True)) == {"erased"}
    assert list(verify()) == []


@pytest.mark.django_db
def test_p5_only_who_may_exports_or_erases(client: Client) -> None:
    """An auditor sees every record and may do neither. Red when: seen with the permission of the screens left out."""
    person = planted_person()
    client.force_login(make.make_account(Role.AUDITOR))
    for name in ("person_export", "person_erase"):
        assert client.get(reverse(f"admin:{name}", args=[person.pk])).status_code == 403
    assert (
        client.post(
            reverse("admin:person_erase", args=[person.pk]), {"reason": "asked", "word": "STO-7"}
        ).status_code
        == 403
    )
    assert Person.objects.filter(pk=person.pk).exists()


# --- who looked -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_p5_every_screen_that_names_a_person_writes_down_who_looked(client: Client) -> None:
    """Each screen is opened, and where its answer holds the name there is a reading of that request.

    Red when: seen with the line left out of the queue, of the badges, and of the list of people.
    """
    election = make.make_election()
    mission = make.make_mission(election=election)
    person = make.make_person(full_name=CANARY)
    observer = make.make_observer(mission=mission, person=person)
    row = make.make_accreditation(observer=observer, status="accredited")
    account = make.make_administrator()
    client.force_login(account)
    naming = set()
    for name, address in staff_addresses(
        {"slug": election.slug, "app": "missions", "model": "person", "key": person.pk},
        person=person,
        row=row,
        observer=observer,
    ):
        before = PersonReading.objects.filter(person=person.pk).count()
        answer = client.get(address, {"status": "any"} if "queue" in name else {})
        if answer.status_code == 200 and CANARY in b"".join(answer).decode(errors="replace"):
            naming.add(name)
            assert PersonReading.objects.filter(person=person.pk).count() == before + 1, name
    assert naming >= {
        "admin:missions_person_changelist", "admin:missions_person_change", "admin:missions_person_delete",
        "admin:missions_observer_change", "admin:accreditation_queue", "admin:accreditation_application",
        "admin:accreditation_badges", "admin:person_export", "admin:person_erase", "admin:history",
        "admin:object_history",
    }  # fmt: skip
    assert set(PersonReading.objects.values_list("account", flat=True)) == {account.pk}
    # The person's own page says who, and the auditor's list does not say whom.
    assert (
        account.username
        in client.get(reverse("admin:missions_person_change", args=[person.pk])).content.decode()
    )
    listed = client.get(
        reverse("admin:missions_personreading_changelist"), {"account": account.pk}
    ).content.decode()
    assert account.username in listed
    assert CANARY not in listed


def staff_addresses(values: dict[str, Any], *, person: Any, row: Any, observer: Any) -> list[tuple[str, str]]:
    """Every GET address under /staff/ that can be made of these records: name and address."""
    keys = {
        "missions_person": person.pk, "missions_observer": observer.pk, "missions_accreditation": row.pk,
        "person": person.pk, "accreditation": row.pk,
    }  # fmt: skip
    found: dict[str, str] = {}
    for name, wanted in named(get_resolver().url_patterns):
        if not name.startswith("admin:") or name.endswith(("logout", "_add", "app_list")):
            continue
        key = next((pk for start, pk in keys.items() if name.startswith(f"admin:{start}")), 1)
        known = values | {"pk": key, "object_id": key, "step": "x"}
        if set(wanted) <= set(known):
            found[name] = reverse(name, kwargs={one: known[one] for one in wanted})
    return sorted(found.items())


def named(
    patterns: list[Any], space: str = "", outer: frozenset[str] = frozenset()
) -> list[tuple[str, frozenset[str]]]:
    """Every address that has a name: the name, and the parts that make it whole."""
    found: list[tuple[str, frozenset[str]]] = []
    for one in patterns:
        parts = outer | one.pattern.converters.keys()
        if isinstance(one, URLResolver):
            found += named(one.url_patterns, f"{one.namespace}:" if one.namespace else space, parts)
        elif isinstance(one, URLPattern) and one.name:
            found.append((f"{space}{one.name}", parts))
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", ["UPDATE missions_personreading SET account = 7", "DELETE FROM missions_personreading"]
)
def test_p5_what_was_read_stays_as_it_was_written(client: Client, statement: str) -> None:
    """Red when: seen with the trigger dropped."""
    person = make.make_person()
    client.force_login(make.make_administrator())
    client.get(reverse("admin:missions_person_change", args=[person.pk]))
    with (
        pytest.raises(DatabaseError, match="readings are only added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


# --- P6: retention ----------------------------------------------------------------------------------------------------


def ended(days: int, **over: Any) -> Election:
    day = (timezone.now() - timedelta(days=days)).date()
    return make.make_election(starts_on=day, ends_on=day, **over)


def observer_in(election: Election, name: str, **over: Any) -> Person:
    person = make.make_person(full_name=name, email=f"{name}@example.org", phone="1", **over)
    make.make_observer(mission=make.make_mission(election=election), person=person)
    return person


def kept() -> dict[str, bool]:
    """The people on record: whether their contact data is still there."""
    return {person.full_name: bool(person.email or person.phone) for person in Person.objects.all()}


@pytest.mark.django_db(transaction=True)
def test_p6_what_is_due_goes_once_and_nothing_else(client: Client) -> None:
    """Red when: seen with the latest election of a person not asked (“both” goes), with an election that keeps its
    people not asked (“kept for good” goes), and with the origin not said."""
    year, quarter, young = ended(366), ended(91), ended(89)
    due, contact_due, not_yet = (
        observer_in(one, name) for one, name in ((year, "due"), (quarter, "contact"), (young, "young"))
    )
    both = observer_in(year, "both")
    make.make_accreditation(category="media", media_person=both, election=young)
    observer_in(ended(366, contact_days=None, people_days=None), "kept for good")
    observer_in(ended(366, demonstration=True), "invented")
    media = make.make_person(full_name="media", email="media@example.org")
    make.make_accreditation(category="media", media_person=media, election=year)
    make.make_person(full_name="nowhere", email="nowhere@example.org")

    said = StringIO()
    call_command("obey_retention", "--dry-run", stdout=said)
    assert said.getvalue().splitlines() == [
        "contact data of people, due: 1", "people, due: 2", "people in no election, to be erased by hand: 1",
    ]  # fmt: skip
    assert len(kept()) == 8

    assert obey_retention() == 3
    rest = {"young": True, "both": True, "kept for good": True, "invented": True, "nowhere": True}
    assert kept() == rest | {"contact": False}
    entries = Change.objects.count()
    assert obey_retention() == 0
    assert Change.objects.count() == entries
    assert kept() == rest | {"contact": False}
    assert "due@example.org" not in "".join(tables().values())
    assert "contact@example.org" not in "".join(tables().values())
    erased = Change.objects.filter(changed__kind="erase").distinct()
    assert {(change.origin, change.account) for change in erased} == {("retention", None)}
    assert erased.count() == 3
    assert list(verify()) == []
    assert not Person.objects.filter(pk__in=[due.pk, media.pk]).exists()
    assert Person.objects.filter(pk__in=[contact_due.pk, not_yet.pk]).count() == 2


@pytest.mark.django_db(transaction=True)
def test_p6_the_log_of_the_job_says_how_many_and_not_who(caplog: pytest.LogCaptureFixture) -> None:
    """Red when: seen with the people themselves given to the log."""
    observer_in(ended(366), CANARY)
    with caplog.at_level(logging.INFO, "tracker.missions.retention"):
        retention.obey_retention(on=today_everywhere())
    assert "contact data of 0 people and 1 people erased" in caplog.text
    assert CANARY not in caplog.text


# --- P3: logs, mails, results of jobs ---------------------------------------------------------------------------------


@pytest.fixture
def said() -> Any:
    """Everything that is logged, by whomever and at any level, as the site's own formatter writes it."""
    stream, root = StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(CleanFormatter("{levelname} {name}: {message}", style="{"))
    # What Django itself prints of a query is for debugging, and off.
    levels = {name: logging.getLogger(name).level for name in ("django.db.backends", "", "asyncio")}
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.WARNING)
    yield stream
    root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def broken_rule(sender: type[Accreditation], instance: Accreditation, **rest: Any) -> None:
    """A fault in the code: a row that breaks a rule of the database, which PostgreSQL prints in full."""
    type(instance).objects.filter(pk=instance.pk).update(applied_at=None, reason=f"{CANARY}-row")


@pytest.mark.django_db
def test_p3_errors_in_forms_and_jobs_say_nothing_of_people(
    client: Client, said: StringIO, monkeypatch: pytest.MonkeyPatch, kinds: Any
) -> None:
    """Red when: seen with the formatter of the settings replaced by logging's own (the row of PostgreSQL, and the
    ValueError with what was typed), and with the words of the error put into the job; with the admin's own look-up
    fields (500 for a word in place of a key)."""
    client.raise_request_exception = False
    account = make.make_administrator()
    client.force_login(account)
    row = make.make_accreditation(status="applied")

    # Forms that are filled in wrongly.
    add = reverse("admin:missions_person_add")
    wrong = {"full_name": "", "email": f"{CANARY} no address", "phone": CANARY * 20, "nationality": CANARY}
    assert client.post(add, wrong).status_code == 200
    assert client.post(
        reverse("admin:login"), {"username": CANARY, "password": f"{CANARY}-password"}
    ).status_code in (200, 302)
    # Every other form of the admin, too, with what no field of it takes.
    refused_forms = 0
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
        page = client.get(address)
        if page.status_code != 200 or "adminform" not in (page.context or {}):
            continue
        typed = {name: f"{CANARY}-{name} " + "x" * 700 for name in page.context["adminform"].form.fields}
        for formset in page.context["inline_admin_formsets"]:
            prefix = formset.formset.prefix
            typed |= {f"{prefix}-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
        answer = client.post(address, typed)
        assert answer.status_code == 200, address
        assert answer.context["adminform"].form.errors, address
        refused_forms += 1
    assert refused_forms > 15
    # A fault that PostgreSQL complains of with the whole row, and one that says what was typed.
    for fault in (broken_rule, wrong_value):
        monkeypatch.setattr(Person, "save", lambda self, fault=fault, **rest: fault(Accreditation, row))
        answer = client.post(
            add, {"full_name": CANARY, "email": "kanarya@example.org", "phone": f"{CANARY}-phone"}
        )
        assert answer.status_code == 500
        assert CANARY not in answer.content.decode()
    assert "Internal Server Error: /staff/missions/person/add/" in said.getvalue()
    assert "NotNullViolation" in said.getvalue()
    assert "ValueError" in said.getvalue()

    def fail(job: Job, progress: Any) -> str:
        raise ValueError(f"{CANARY}-job")

    jobs.job_kind("canary", label="A canary", permission="missions.view_person")(fail)
    job = jobs.start_job(by=account, kind="canary", arguments={"key": 1})
    jobs.run_job(job.pk)
    job.refresh_from_db()
    assert CANARY not in f"{job.error}{job.result}{job.arguments}"
    assert f"Job {job.pk} (canary) failed: ValueError" in said.getvalue()
    assert [
        line for line in said.getvalue().splitlines() if CANARY in line and "raise ValueError" not in line
    ] == []
    assert [message for message in mail.outbox if CANARY in message.message().as_string()] == []


def wrong_value(sender: type[Accreditation], instance: Accreditation, **rest: Any) -> None:
    int(f"{CANARY}-typed")


@pytest.fixture
def kinds() -> Any:
    before = dict(jobs.KINDS)
    yield jobs.KINDS
    jobs.KINDS.clear()
    jobs.KINDS.update(before)


def test_p3_a_name_forges_no_line_and_obeys_no_terminal(said: StringIO) -> None:
    """Red when: seen with the message written as it is."""
    name = f"{CANARY}\r\nERROR tracker: forged\x1b[2J\x9b31m\u2028next\u202e"
    logging.getLogger("tracker.test").error("Refused: %s", name)
    assert said.getvalue() == (
        "ERROR tracker.test: Refused: Kanarya\\r\\nERROR tracker: forged\\x1b[2J\\x9b31m\\u2028next\\u202e\n"
    )


def test_p3_what_celery_says_of_a_failed_task_holds_no_words_of_the_error(said: StringIO) -> None:
    """Celery writes an error's words into the message itself. Red when: seen with the arguments left as they are."""
    try:
        int(f"{CANARY}-typed")
    except ValueError as problem:
        words = {"name": "tasks.x", "id": "1", "description": "raised unexpected", "exc": repr(problem)}
        logging.getLogger("celery.app.trace").error(
            "Task %(name)s[%(id)s] %(description)s: %(exc)s", words, exc_info=True
        )
    assert "Task tasks.x[1] raised unexpected: ValueError\n" in said.getvalue()
    assert [line for line in said.getvalue().splitlines() if CANARY in line and 'int(f"' not in line] == []


def test_p3_the_settings_log_through_this_formatter_alone_and_mail_nothing() -> None:
    """Red when: seen with Django's own handlers left (they mail the request, and print errors as they are)."""
    names = [None, *logging.root.manager.loggerDict]
    ours = [
        name
        for name in names
        if name is None or name.split(".")[0] in ("django", "tracker", "celery", "psycopg")
    ]
    handlers = [one for name in ours for one in logging.getLogger(name).handlers]
    written = [one for one in handlers if type(one).__module__.split(".")[0] in ("logging", "django")]
    assert [type(one).__name__ for one in written if isinstance(one, logging.StreamHandler)] == [
        "StreamHandler"
    ]
    assert [type(one.formatter) for one in written if isinstance(one, logging.StreamHandler)] == [
        CleanFormatter
    ]
    assert [one for one in written if "Email" in type(one).__name__] == []


@pytest.mark.django_db
def test_p3_the_database_writes_no_rows_into_its_log() -> None:
    """Red when: seen with the setting left out: DETAIL shows the whole row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting FROM pg_settings WHERE name = 'log_min_messages'")
        assert cursor.fetchone() == ("log",)


# --- P7: no third parties ---------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_p7_every_page_asks_its_own_host_alone(page: Page, live_server: Any, client: Client) -> None:
    """Red when: seen with a script of another host in the frame of staff pages, and of public pages."""
    election = make.make_election(slug="here")
    row = make.make_accreditation(
        observer=make.make_observer(mission=make.make_mission(election=election)), status="accredited"
    )
    station = make.make_station(election=election)
    client.force_login(make.make_administrator())
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    observer = row.observer
    staff = staff_addresses({"slug": "here", "app": "missions", "model": "person", "key": observer.person.pk},
                            person=observer.person, row=row, observer=observer)  # fmt: skip
    known = {
        "slug": "here", "number": row.number, "organization_slug": observer.mission.organization.slug,
        "station_id": station.pk, "language": "en",
    }  # fmt: skip
    public = [
        (name, reverse(name, kwargs={one: known[one] for one in parts}))
        for name, parts in named(get_resolver().url_patterns)
        if name.startswith(("public:", "embed:")) and parts <= known.keys()
    ]
    opened = 0
    for _name, address in [*public, *staff]:
        answer = client.get(address)
        page_of_html = answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
        if page_of_html and "attachment" not in answer.get("Content-Disposition", ""):
            page.goto(live_server.url + address, wait_until="load")
            opened += 1
    assert opened >= 60
    assert {url for url in asked if not url.startswith((live_server.url, "data:"))} == set()
