"""T3, with all rights over the database: what guards the history and the register is switched off, replaced or opened.

What is looked for is read from the code that installs it; here stands only what somebody does to it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tests import factories as make
from tracker.core.history.finding import Finding
from tracker.core.history.installed import verify_installed, wanted
from tracker.core.history.models import Change
from tracker.core.history.verifying import verify
from tracker.core.identity import Identity, acting
from tracker.core.models import Publication, Source, User
from tracker.coverage.models import Correction
from tracker.elections.models import AnnouncedFigure, Election
from tracker.missions.models import Person
from tracker.missions.people import erase_contact
from tracker.stations.models import PollingStation

pytestmark = pytest.mark.django_db


def ask(query: str, *values: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def triggers_off(*tables: str) -> Iterator[None]:
    for table in tables:
        run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    for table in tables:
        run(f"ALTER TABLE {table} ENABLE TRIGGER USER")


NOOP = "CREATE FUNCTION public.noop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;"


def run(statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements)


# What somebody does -> table, column and how what is said of it begins.
GUARDS = {
    "CREATE FUNCTION public.a_way_in() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'": (
        "", "", "there is a function ",
    ),
    "ALTER TABLE core_source DISABLE TRIGGER history_update": (
        "core_source", "", "the trigger history_update is switched off; ALTER TABLE core_source ENABLE TRIGGER",
    ),
    "ALTER TABLE core_source ENABLE REPLICA TRIGGER history_update": (
        "core_source", "", "the trigger history_update is switched off",
    ),
    "ALTER TABLE elections_announcedfigure DISABLE TRIGGER correct_update": (
        "elections_announcedfigure", "", "the trigger correct_update is switched off",
    ),
    "ALTER TABLE elections_announcedfigure DISABLE TRIGGER publication_guard": (
        "elections_announcedfigure", "", "the trigger publication_guard is switched off",
    ),
    "ALTER TABLE stations_pollingstation DISABLE TRIGGER mark_update": (
        "stations_pollingstation", "", "the trigger mark_update is switched off",
    ),
    "ALTER TABLE missions_observer DISABLE TRIGGER files_forget_the_deleted": (
        "missions_observer", "", "the trigger files_forget_the_deleted is switched off",
    ),
    "ALTER TABLE core_user DISABLE TRIGGER account_changed": (
        "core_user", "", "the trigger account_changed is switched off",
    ),
    "ALTER TABLE coverage_edition DISABLE TRIGGER edition_refuse_update": (
        "coverage_edition", "", "the trigger edition_refuse_update is switched off",
    ),
    "DROP TRIGGER correct_delete ON missions_mission": (
        "missions_mission", "", "the trigger correct_delete is missing; put it back as tracker.coverage.corrections",
    ),
    f"{NOOP} DROP TRIGGER history_update ON core_source;"
    " CREATE TRIGGER history_update AFTER UPDATE ON core_source FOR EACH STATEMENT EXECUTE FUNCTION noop()": (
        "core_source", "", "the trigger history_update is not the one that was installed; put it back as",
    ),
    "DROP TRIGGER publication_guard ON missions_statement; CREATE TRIGGER publication_guard BEFORE INSERT OR UPDATE"
    " ON missions_statement FOR EACH ROW EXECUTE FUNCTION publication_guard('id')": (
        "missions_statement", "", "the trigger publication_guard is not the one that was installed",
    ),
    "DROP TRIGGER files_forget_the_moved ON missions_observer; CREATE TRIGGER files_forget_the_moved AFTER UPDATE OF"
    " mission_id ON public.missions_observer FOR EACH ROW WHEN (NEW.person_id IS NULL AND OLD.mission_id <>"
    " NEW.mission_id) EXECUTE FUNCTION public.forget_files_of_erased()": (
        "missions_observer", "", "the trigger files_forget_the_moved is not the one that was installed",
    ),
    f"{NOOP} CREATE TRIGGER mine BEFORE UPDATE ON core_source FOR EACH ROW EXECUTE FUNCTION noop()": (
        "core_source", "", "nothing of ours installs the trigger mine",
    ),
    "CREATE RULE mine AS ON DELETE TO coverage_correction DO INSTEAD NOTHING": (
        "coverage_correction", "", "nothing of ours makes the rule mine",
    ),
    "CREATE OR REPLACE FUNCTION publication_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp"
    " AS $$ BEGIN RETURN NEW; END $$": (
        "", "", "the function publication_guard is not the one that was installed; put it back as migration fieldwork.",
    ),
    "ALTER FUNCTION history_record() RESET search_path": (
        "", "", "the function history_record is not the one that was installed",
    ),
    "ALTER FUNCTION wall_owns(text, text) SECURITY INVOKER": (
        "", "", "the function wall_owns is not the one that was installed; put it back as tracker.core.wall makes it",
    ),
    "CREATE FUNCTION public.history_seal(x int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
    " REVOKE ALL ON FUNCTION public.history_seal(int) FROM PUBLIC": (
        "", "", "there is another function history_seal with other arguments",
    ),
    "ALTER TABLE stations_pollingstation DISABLE ROW LEVEL SECURITY": (
        "stations_pollingstation", "", "its row security is off; ALTER TABLE stations_pollingstation ENABLE ROW",
    ),
    "ALTER TABLE core_personalvalue NO FORCE ROW LEVEL SECURITY": (
        "core_personalvalue", "", "its row security is off; ALTER TABLE core_personalvalue FORCE ROW LEVEL SECURITY",
    ),
    "DROP POLICY wall_staff_select ON missions_person": (
        "missions_person", "", "the policy wall_staff_select is missing",
    ),
    "ALTER POLICY wall_staff_select ON missions_person USING (true)": (
        "missions_person", "", "the policy wall_staff_select is not the one that was installed",
    ),
    "ALTER POLICY wall_public_select ON elections_announcedfigure TO PUBLIC": (
        "elections_announcedfigure", "", "the policy wall_public_select is not the one that was installed",
    ),
    "CREATE POLICY mine ON missions_person TO tracker_web USING (true)": (
        "missions_person", "", "nothing of ours makes the policy mine",
    ),
    "GRANT UPDATE ON core_change TO tracker_worker": (
        "core_change", "", "tracker_worker may UPDATE, which nothing of ours grants",
    ),
    "GRANT SELECT (password) ON core_user TO tracker_public": (
        "core_user", "password", "tracker_public may SELECT, which nothing of ours grants",
    ),
    "REVOKE SELECT ON core_change FROM tracker_staff": ("core_change", "", "tracker_staff may no longer SELECT"),
    "GRANT EXECUTE ON FUNCTION history_forget(text, text) TO tracker_staff": (
        "", "", "the function history_forget may be called by tracker_staff, and should by nobody but its owner",
    ),
}  # fmt: skip


# The same, by nobody less than a superuser of PostgreSQL.
SUPERUSER = {
    "ALTER TABLE stations_votingwindow DISABLE TRIGGER ALL; ALTER TABLE stations_votingwindow ENABLE TRIGGER USER": (
        "stations_votingwindow", "the key stations_votingwin",
    ),
    "ALTER ROLE tracker_staff BYPASSRLS": (
        "", "the role tracker_staff may do what only who keeps the database should; ALTER ROLE tracker_staff",
    ),
    "GRANT pg_write_all_data TO tracker_web": (
        "", "the role tracker_web may become pg_write_all_data; REVOKE pg_write_all_data FROM tracker_web",
    ),
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET session_replication_role = replica', current_database());"
    " END $$": ("", "session_replication_role=replica switches every trigger off"),
}  # fmt: skip


@contextmanager
def superuser() -> Iterator[None]:
    """The connection of the test as the superuser of its own PostgreSQL; what is done is taken back at the end."""
    user = connection.settings_dict["USER"]
    connection.close()
    connection.settings_dict["USER"] = "postgres"
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        connection.close()
        connection.settings_dict["USER"] = user


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statements", SUPERUSER)
def test_t3_what_only_a_superuser_can_open_is_named(statements: str) -> None:
    """Red when: seen each with the check of what is installed left out of `verify`."""
    table, begin = SUPERUSER[statements]
    with superuser():
        assert list(verify_installed()) == []
        run(statements)
        found = list(verify())
    assert found
    for finding in found:
        assert (finding.table, finding.reason[: len(begin)]) == (table, begin)


@pytest.mark.parametrize("statements", GUARDS)
def test_t3_what_was_switched_off_replaced_or_opened_is_named(statements: str) -> None:
    """Red when: seen each with the check of what is installed left out of `verify`."""
    assert list(verify_installed()) == []
    run(statements)
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_history", "--json", stdout=said)
    answer = json.loads(said.getvalue())
    table, column, begin = GUARDS[statements]
    assert not answer["sound"]
    # Where a strange function does it, that one is named beside what it does.
    strange = "there is a function "
    told = [one for one in answer["findings"] if begin == strange or not one["reason"].startswith(strange)]
    assert told
    for finding in told:
        assert (finding.get("table", ""), finding.get("column", "")) == (table, column)
        assert finding["reason"].startswith(begin)


def test_t3_what_is_looked_for_is_everything_that_is_there() -> None:
    """No trigger, function or policy of ours escapes the reading of the code.

    Red when: seen with the migrations left out of what is read.
    """
    found = wanted()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal")
        assert set(cursor.fetchall()) == set(found.triggers)
        cursor.execute(
            "SELECT proname FROM pg_proc p WHERE pronamespace = 'public'::regnamespace"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        )
        assert {name for (name,) in cursor.fetchall()} == set(found.functions)
        cursor.execute("SELECT tablename, policyname FROM pg_policies")
        assert set(cursor.fetchall()) == set(found.policies)
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert {name for (name,) in cursor.fetchall()} == {*found.secured, "django_migrations"}


# --- the end of the chain


@pytest.mark.django_db(transaction=True)
def test_t3_a_last_entry_that_was_taken_away_is_missed() -> None:
    """With its row put back, so that the tables are as the rest of the chain says.

    Red when: seen with the head left out of what is compared.
    """
    source = make.make_source(notes="as it was")
    before = Change.objects.get()
    Source.objects.update(notes="a misdeed")
    last = Change.objects.latest("number")
    with triggers_off("core_change", "core_changedrow", "core_source"):
        ask("DELETE FROM core_changedrow WHERE change_id = %s", last.pk)
        ask("DELETE FROM core_change WHERE id = %s", last.pk)
        ask("UPDATE core_source SET notes = 'as it was' WHERE id = %s", source.pk)
    reason = f"it is missing from the end; the last one had the hash {last.hash}: look for it in a copy"
    assert list(verify()) == [Finding(reason, 2)]
    # Whatever follows in its place.
    Source.objects.update(notes="another")
    Source.objects.update(notes="and another")
    assert Change.objects.latest("number").number == 3
    reason = f"it was the last one once, with the hash {last.hash}: look for that one in a copy"
    assert list(verify()) == [Finding(reason, 2)]
    with triggers_off("core_head"):
        ask("UPDATE core_head SET number = 1, hash = %s", before.hash)
    reason = "it is remembered as the last one, and others follow; compare with an edition"
    assert list(verify()) == [Finding(reason, 1)]
    with triggers_off("core_head"):
        ask("DELETE FROM core_head")
    reason = "which entry was the last is no longer known; compare with an edition"
    assert list(verify()) == [Finding(reason, table="core_head")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    ["UPDATE core_head SET number = 1, hash = (SELECT hash FROM core_change WHERE number = 1)",
     "UPDATE core_head SET hash = 'another'", "UPDATE core_head SET number = 99", "DELETE FROM core_head"],
)  # fmt: skip
def test_t2_the_head_of_the_chain_is_not_set_back(statement: str) -> None:
    """Red when: seen without the triggers on core_head."""
    make.make_source()
    make.make_source()
    with pytest.raises(DatabaseError, match=r"the history is only added to|cannot be set back"):
        ask(statement)
    assert list(verify()) == []


# --- what was forgotten


@pytest.mark.django_db(transaction=True)
def test_t3_a_row_whose_history_was_forgotten_is_watched_from_then_on() -> None:
    """Red when: seen with the forgetting as it was, which left no seal for what the row holds."""
    account = make.make_account(email="true@example.org")
    account.set_password("a long one that nobody knows")
    account.save()
    ask("SELECT history_forget('core_user', %s)", str(account.pk))
    assert list(verify()) == []
    with triggers_off("core_user"):
        User.objects.filter(pk=account.pk).update(email="thief@example.org", password="another")
    reason = "it is not what the history says; its values are not shown"
    assert {(one.table, one.key, one.column, one.reason) for one in verify()} == {
        ("core_user", str(account.pk), column, reason) for column in ("email", "password")
    }


@pytest.mark.django_db(transaction=True)
def test_t3_a_name_is_watched_after_the_contact_was_erased() -> None:
    """And what was erased is nowhere in the history, nor is a salt with which it could be guessed.

    Red when: seen with the forgetting as it was.
    """
    person = make.make_person(full_name="Canary Name", email="canary@example.org", phone="994001")
    Person.objects.filter(pk=person.pk).update(phone="994002")
    salts = {bytes(salt) for (salt,) in ask("SELECT salt FROM core_personalvalue")}
    assert erase_contact(by=None, person=person, reason="day 90")
    kept = ask(
        "SELECT salt, to_jsonb(p)::text FROM core_personalvalue p WHERE table_name = 'missions_person'"
    )
    assert len(kept) == 1
    assert bytes(kept[0][0]) not in salts
    assert not [word for word in ("Canary", "canary", "994001", "994002") if word in kept[0][1]]
    assert list(verify()) == []
    with triggers_off("missions_person"):
        Person.objects.filter(pk=person.pk).update(full_name="Forged Name")
    reason = "it is not what the history says; its values are not shown"
    assert list(verify()) == [Finding(reason, None, "missions_person", str(person.pk), "full_name")]
    with triggers_off("missions_person", "core_personalvalue"):
        Person.objects.filter(pk=person.pk).update(full_name="Canary Name")
        ask("DELETE FROM core_personalvalue")
    reason = "its personal values are gone from the history without an erasure"
    assert list(verify()) == [Finding(reason, table="missions_person", key=str(person.pk))]


@pytest.mark.django_db(transaction=True)
def test_t3_a_row_may_change_be_forgotten_again_and_go_after_it_was_forgotten() -> None:
    """Red when: seen with the new seals not joined to those of the entries before."""
    person = make.make_person(full_name="One", phone="1")
    key = str(person.pk)
    for name in ("Two", "Three"):
        ask("SELECT history_forget('missions_person', %s)", key)
        Person.objects.filter(pk=person.pk).update(full_name=name)
        assert list(verify()) == []
    person.delete()
    ask("SELECT history_forget('missions_person', %s)", key)
    assert ask("SELECT count(*) FROM core_personalvalue WHERE table_name = 'missions_person'") == [(0,)]
    assert list(verify()) == []


# --- corrections


def said_of_corrections() -> list[tuple[str, str, str, str]]:
    """What the command names: table, row, column, reason up to its first stop."""
    said = StringIO()
    try:
        call_command("verify_history", "--json", stdout=said)
    except CommandError:
        assert not json.loads(said.getvalue())["sound"]
    return [
        (one["table"], one["key"], one.get("column", ""), one["reason"].split(";")[0])
        for one in json.loads(said.getvalue())["findings"]
    ]


@pytest.fixture
def figure(db: None) -> AnnouncedFigure:
    """A public figure that was corrected, withdrawn and published again: four corrections."""
    figure = make.make_figure(value=49)
    rows = AnnouncedFigure.objects.filter(pk=figure.pk)
    with acting(Identity(reason="miscounted")):
        rows.update(value=50)
    rows.update(publication=Publication.WITHDRAWN)
    rows.update(publication=Publication.PUBLISHED, value=51)
    rows.update(value=52)
    told = list(Correction.objects.order_by("id").values_list("kind", flat=True))
    assert told == ["changed", "withdrawn", "restored", "changed"]
    return figure


CORRECTIONS = {
    # behind every trigger
    "DELETE FROM coverage_correction WHERE id = {last}": ("", "it is in the history and not in the table"),
    "UPDATE coverage_correction SET before = '{{\"value\": 1}}' WHERE id = {last}": ("before", "the history says "),
    "UPDATE coverage_correction SET at = at - interval '1 hour' WHERE id = {last}": ("at", "the history says "),
    "UPDATE coverage_correction SET reason = 'another' WHERE id = {last}": ("reason", "the history says "),
    "INSERT INTO coverage_correction (election_id, model, key, kind, before, after, reason, at, hidden) SELECT"
    " election_id, model, key, kind, '{{\"value\": 1}}', after, '', at, false FROM coverage_correction"
    " WHERE id = {last}": ("", "it is in the table and not in the history"),
}  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", CORRECTIONS)
@pytest.mark.parametrize("behind", [True, False], ids=["behind the triggers", "before their eyes"])
def test_t3_a_correction_that_was_removed_altered_or_forged_is_named(
    statement: str, behind: bool, figure: AnnouncedFigure
) -> None:
    """Red when: seen with corrections not in the chain (behind the triggers), and without coverage.proof."""
    assert said_of_corrections() == []
    last = Correction.objects.latest("id").pk
    with triggers_off(*["coverage_correction"] * behind):
        ask(statement.format(last=last))
    newest = Correction.objects.latest("id").pk if statement.startswith("INSERT") else last
    column, begin = CORRECTIONS[statement]
    if not behind:
        column = ""
        begin = {
            "DELETE": "the correction was deleted", "UPDATE": "the correction was altered",
            "INSERT": "no change of its record in this entry calls for this correction",
        }[statement[:6]]  # fmt: skip
    found = said_of_corrections()
    assert [(table, key, of) for table, key, of, _reason in found] == [
        ("coverage_correction", str(newest), column)
    ]
    assert found[0][3].startswith(begin)


@pytest.mark.django_db(transaction=True)
def test_t3_a_correction_is_not_hidden_by_itself(figure: AnnouncedFigure) -> None:
    """Red when: seen with the hiding of a correction let pass whatever else is in its entry."""
    last = Correction.objects.latest("id").pk
    ask("UPDATE coverage_correction SET hidden = true WHERE id = %s", last)
    reason = "the correction was hidden or shown, and nothing happened to its record"
    assert said_of_corrections() == [("coverage_correction", str(last), "hidden", reason)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("trigger", "statement", "column", "reason"),
    [
        ("correct_update", "UPDATE elections_announcedfigure SET value = 4712 WHERE id = {pk}", "value",
         "it was changed in public and no correction says so"),
        ("correct_update", "UPDATE elections_announcedfigure SET publication = 'withdrawn' WHERE id = {pk}", "",
         "it left the public pages and no correction says so"),
        ("correct_delete", "DELETE FROM elections_announcedfigure WHERE id = {pk}", "",
         "it left the public pages and no correction says so"),
    ],
)  # fmt: skip
def test_t3_a_change_in_public_without_a_correction_is_named_although_the_trigger_is_on_again(
    trigger: str, statement: str, column: str, reason: str, figure: AnnouncedFigure
) -> None:
    """Red when: seen without coverage.proof."""
    run(f"ALTER TABLE elections_announcedfigure DISABLE TRIGGER {trigger}")
    ask(statement.format(pk=figure.pk))
    run(f"ALTER TABLE elections_announcedfigure ENABLE TRIGGER {trigger}")
    assert said_of_corrections() == [("elections_announcedfigure", str(figure.pk), column, reason)]


@pytest.mark.django_db(transaction=True)
def test_t3_nobody_misses_a_correction_of_what_was_not_public() -> None:
    """Drafts, what is under an embargo, what hangs on a draft, what is not told of, and an election that goes.

    Red when: seen with everything taken for public, and with the entry of an election's end not looked at.
    """
    election = make.make_election()
    draft = make.make_figure(election=election, publication=Publication.DRAFT)
    later = make.make_figure(election=election, embargo_until=timezone.now() + timedelta(days=2))
    silent = make.make_election(publication=Publication.DRAFT)
    below = make.make_figure(election=silent)
    AnnouncedFigure.objects.filter(pk__in=[draft.pk, later.pk, below.pk]).update(value=7)
    station = make.make_station(election=election)
    PollingStation.objects.filter(pk=station.pk).update(written_by=None)
    window = make.make_window(station=station)
    window.delete()
    public = make.make_figure(election=election)
    AnnouncedFigure.objects.filter(pk=public.pk).update(value=8)
    assert [one.key for one in Correction.objects.filter(model="elections.AnnouncedFigure")] == [
        str(public.pk)
    ]
    assert said_of_corrections() == []
    other = make.make_election()
    Election.objects.filter(pk=other.pk).update(name="Another name")
    assert Correction.objects.filter(election=other).count() == 1
    other.delete()
    assert not Correction.objects.filter(election=other.pk).exists()
    assert said_of_corrections() == []
