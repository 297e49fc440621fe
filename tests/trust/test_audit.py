"""Group T: every write is recorded, the record cannot be altered unseen, and outsiders can check what was published."""

import importlib.util
import json
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, migrations, transaction
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.urls import reverse

from tests import factories as make
from tests.forms import confirm
from tests.ingest.files import write_xlsx
from tests.jobs import run_waiting_jobs
from tests.stations.test_admin import post_windows, window
from tracker.accounts.tokens import issue_token
from tracker.core import jobs
from tracker.core.history import declared, sql
from tracker.core.history.finding import Finding
from tracker.core.history.models import Change, ChangedRow
from tracker.core.history.reading import models_by_table
from tracker.core.history.verifying import verify, verify_chain
from tracker.core.identity import Identity, acting
from tracker.core.models import Job, Source
from tracker.core.roles import Role
from tracker.coverage import editions
from tracker.coverage.models import Edition
from tracker.elections.models import Milestone
from tracker.ingest.models import Upload
from tracker.missions.models import Person

ROOT = Path(__file__).resolve().parent.parent.parent
CHECKER = ROOT / "static" / "public" / "verify_edition.py"


def ask(query: str, *values: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []


# --- T1: every write is recorded --------------------------------------------------------------------------------------


def open_part(table: str, values: dict[str, Any] | None) -> dict[str, Any]:
    """What stands openly in the history: neither personal, nor secret, nor left out."""
    model = models_by_table()[table]
    hidden = {
        *declared.noise_columns(model),
        *declared.personal_columns(model),
        *declared.secret_columns(model),
    }
    return {column: value for column, value in (values or {}).items() if column not in hidden}


def snapshot() -> dict[tuple[str, str], Any]:
    """Every row of every recorded table as the database has it: the oracle."""
    found = {}
    for table, model in models_by_table().items():
        key: Any = model._meta.pk
        for pk, row in ask(f"SELECT {key.column}::text, to_jsonb(t)::text FROM {table} t"):
            found[table, pk] = open_part(table, json.loads(row))
    return found


def recorded(since: int) -> list[ChangedRow]:
    rows = ChangedRow.objects.exclude(table_name__in=declared.watched_tables())
    return list(rows.filter(pk__gt=since).select_related("change").order_by("pk"))


def replayed(before: dict[tuple[str, str], Any], rows: list[ChangedRow]) -> dict[tuple[str, str], Any]:
    """What is there after `rows`, by the history alone; each must fit what was there when it came."""
    found = dict(before)
    for row in rows:
        place = (row.table_name, row.key)
        if row.kind == "erase":
            continue
        old = found.pop(place, None)
        assert (old is None) == (row.kind == "insert"), row
        was = open_part(row.table_name, row.before)
        assert {column: (old or {}).get(column) for column in was} == was, row
        if row.kind != "delete":
            found[place] = (old or {}) | open_part(row.table_name, row.after)
    return found


def last() -> int:
    return ask("SELECT coalesce(max(id), 0) FROM core_changedrow")[0][0]


class Doors:
    """Each door writes something through one way in; who, door and request that must be on record for it."""

    def __init__(self, client: Client, account: Any) -> None:
        self.client, self.account = client, account
        self.election = make.make_election()
        self.station = make.make_station(election=self.election)
        self.windows = [make.make_window(station=self.station)]
        self.sources = [make.make_source() for _ in range(3)]
        self.engagement = make.make_engagement(election=self.election)
        self.organization = make.make_organization()
        self.lists = make.make_election()
        self.team = make.make_team(mission=make.make_mission(election=self.election))
        self.coordinator = make.make_account(Role.COORDINATOR, organization=self.team.mission.organization)
        self.secret = issue_token(account=self.coordinator, name="Tablets", scopes=["visits"], days=7)[1]
        self.person = make.make_person(full_name="One of ours", phone="1")

    def _bring(self, name: str, data: bytes) -> None:
        """A list of stations, from the file to the register by the screens of staff and the jobs they start."""
        fields = {"election": self.lists.pk, "kind": "stations", "source": "https://authority.example/list"}
        sent = self.client.post("/staff/files/new/", {**fields, "file": SimpleUploadedFile(name, data)})
        assert sent.status_code == 302
        upload = Upload.objects.latest("pk")
        page = self.client.get(f"/staff/files/{upload.pk}/reading/")
        said = page.context["forms"]
        fields = {"do": "look", "source": said.source, "language": said.language}
        for line in said.lines:
            fields |= {f"{line.prefix}-{f}": line.initial[f] or "" for f in line.fields if f != "ranges"}
        self.client.post(f"/staff/files/{upload.pk}/reading/", fields)
        for step in ({"do": "check"}, {"do": "apply", "sure": "yes"}):
            assert self.client.post(f"/staff/files/{upload.pk}/", step).status_code == 302
            run_waiting_jobs()
        upload.refresh_from_db()
        assert upload.state == "applied", (upload.problem, [row.problems for row in upload.records.all()])

    def csv_upload(self) -> None:
        self._bring("list.csv", "\n".join(",".join(row) for row in STATIONS).encode())

    def file_replace(self) -> None:
        """The same list once more, with another address: the rows of the first file are written over."""
        text = "\n".join(",".join(row) for row in STATIONS)
        self._bring("list.csv", text.replace("Bankgasse 4", "Bankgasse 6").encode())

    def xlsx_upload(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            rows = [STATIONS[0], *((f"9{row[0]}", *row[1:]) for row in STATIONS[1:])]
            self._bring("list.xlsx", write_xlsx(Path(folder) / "list.xlsx", rows).read_bytes())

    def api(self) -> None:
        visit = {
            "team": self.team.pk, "station": self.station.pk, "phase": "voting",
            "arrived_at": "2024-02-07T09:15:00+04:00", "findings": "",
        }  # fmt: skip
        answer = Client().post(
            "/staff/api/visits/", json.dumps(visit), content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {self.secret}", HTTP_IDEMPOTENCY_KEY=str(uuid4()),
        )  # fmt: skip
        assert answer.status_code == 201, answer.content

    def personal_values(self) -> None:
        type(self.person).objects.filter(pk=self.person.pk).update(phone="2", notes="seen")

    def form(self) -> None:
        fields = {
            "publisher": "Agency",
            "title": "Typed",
            "url": "https://example.org/typed",
            "published_on": "",
        }
        assert self.client.post(reverse("admin:core_source_add"), fields).status_code == 302

    def action(self) -> None:
        chosen = {"_selected_action": [self.station.pk], "action": "unpublish"}
        confirm(self.client, reverse("admin:stations_pollingstation_changelist"), chosen)

    def inline(self) -> None:
        post_windows(self.client, self.station, window("2024-02-07", "08:00", "20:00"))

    def delete_by_form(self) -> None:
        path = reverse("admin:core_source_delete", args=[self.sources[2].pk])
        assert self.client.post(path, {"post": "yes"}).status_code == 302

    def bulk_create(self) -> None:
        Milestone.objects.bulk_create(
            Milestone(
                election=self.election, title=f"Day {n}", kind="voting", starts_on=self.election.starts_on
            )
            for n in range(5)
        )

    def update(self) -> None:
        Source.objects.filter(pk__in=[one.pk for one in self.sources[:2]]).update(notes="seen")

    def raw_sql(self) -> None:
        ask("UPDATE core_source SET notes = notes || '!', publisher = upper(publisher)")

    def upsert(self) -> None:
        ask(
            "INSERT INTO core_source (id, publisher, title, url, published_on, notes)"
            " SELECT id, publisher, 'Upserted', url, published_on, notes FROM core_source"
            " ON CONFLICT (id) DO UPDATE SET title = excluded.title"
        )

    def change_of_key(self) -> None:
        ask("UPDATE core_source SET id = id + 5000 WHERE id = %s", self.sources[1].pk)

    def cascade(self) -> None:
        station = make.make_station(election=self.election)
        make.make_window(station=station)
        station.delete()

    def many_to_many(self) -> None:
        self.engagement.organizations.add(self.organization)
        self.engagement.organizations.clear()

    def command(self) -> None:
        call_command("load_election", str(ROOT / "fixtures" / "az2024"), stdout=StringIO())

    def data_migration(self) -> None:
        """Rows changed by a migration, with models as migrations know them."""

        def work(apps: Any, editor: Any) -> None:
            for source in apps.get_model("core", "Source").objects.order_by("pk")[:2]:
                source.notes += "migrated"
                source.save()

        state = MigrationLoader(connection).project_state()
        with connection.schema_editor() as editor:
            migrations.RunPython(work).database_forwards("core", editor, state, state)

    def savepoints(self) -> None:
        """A savepoint that is given up, and one that is kept."""
        with transaction.atomic():
            try:
                with transaction.atomic():
                    make.make_source()
                    raise DatabaseError("given up")
            except DatabaseError:
                make.make_source()


STATIONS = (
    ("Number", "Country", "City", "Address", "Hours"),
    ("1", "Germany", "Berlin", "Unter den Linden 76", "08:00 - 19:00"),
    ("2", "Austria", "Vienna", "Bankgasse 4", "08:00 - 19:00"),
)
BY_REQUEST = ("form", "inline", "action", "delete_by_form", "api")
# The request leaves a job, and both are in the name of who sent the file.
BY_JOB = ("csv_upload", "xlsx_upload", "file_replace")
DOORS = [name for name in vars(Doors) if not name.startswith("_")]


@pytest.mark.django_db(transaction=True)
def test_t1_every_write_through_every_door_is_recorded(client: Client) -> None:
    """What the oracle sees to have changed, row by row, is what the history says, in the name of who did it.

    Red when: seen with the trigger on UPDATE taken away (the admin's action is the first door that misses rows).
    """
    account = make.make_administrator()
    client.force_login(account)
    doors = Doors(client, account)
    total = 0
    for name in DOORS:
        before, mark = snapshot(), last()
        if name in (*BY_REQUEST, *BY_JOB):
            getattr(doors, name)()
        else:
            with acting(Identity(user=account.pk, origin=f"door {name}", request="r-9")):
                getattr(doors, name)()
        after, rows = snapshot(), recorded(mark)
        # Nothing is missing, nothing is too much.
        assert replayed(before, rows) == after, name
        assert rows, name
        for row in rows:
            change = row.change
            assert change.account == (doors.coordinator if name == "api" else account).pk, name
            if name in BY_JOB:
                assert change.origin.startswith("job "), name
            else:
                assert change.origin == ("request" if name in BY_REQUEST else f"door {name}")
            assert bool(change.request) == (name not in BY_JOB), name
            assert change.number, name
            assert change.hash, name
        total += len(rows)
    assert total > 500
    assert list(verify()) == []


class RandomWrites:
    """Writes drawn by lot, in every way code and people at the database have: to sources, all in the open, and to
    people, all personal."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.ways = [getattr(self, name) for name in vars(type(self)) if not name.startswith("_")]

    def _some(self, model: Any) -> list[int]:
        keys = list(model.objects.values_list("pk", flat=True))
        return self.chance.sample(keys, min(len(keys), self.chance.randrange(1, 80)))

    def _model(self) -> tuple[Any, str]:
        """Sources or people, and a column that says what they are called."""
        return self.chance.choice([(Source, "title"), (Person, "full_name")])

    def _new(self, model: Any, name: str) -> list[Any]:
        more = {"publisher": "P"} if model is Source else {"phone": "1"}
        return [
            model(**{name: f"T{self.chance.random()}"}, **more) for _ in range(self.chance.randrange(1, 80))
        ]

    def save(self) -> None:
        model, name = self._model()
        for row in model.objects.filter(pk__in=self._some(model)[:3]):
            setattr(row, name, f"T{self.chance.random()}")
            row.save()

    def bulk_create(self) -> None:
        model, name = self._model()
        model.objects.bulk_create(self._new(model, name))

    def update(self) -> None:
        model, _name = self._model()
        model.objects.filter(pk__in=self._some(model)).update(notes=f"n{self.chance.random()}")

    def bulk_update(self) -> None:
        model, _name = self._model()
        rows = list(model.objects.filter(pk__in=self._some(model)))
        for row in rows:
            row.notes = f"b{self.chance.random()}"
        model.objects.bulk_update(rows, ["notes"])

    def delete(self) -> None:
        model, _name = self._model()
        model.objects.filter(pk__in=self._some(model)[:20]).delete()

    def raw_sql(self) -> None:
        model, name = self._model()
        ask(f"UPDATE {model._meta.db_table} SET {name} = md5({name}) WHERE id = ANY(%s)", self._some(model))

    def raw_delete(self) -> None:
        model, _name = self._model()
        ask(f"DELETE FROM {model._meta.db_table} WHERE id = ANY(%s)", self._some(model)[:20])

    def upsert(self) -> None:
        model, name = self._model()
        columns = [field.column for field in model._meta.local_fields]
        read = ", ".join(f"md5({column})" if column == name else column for column in columns)
        table = model._meta.db_table
        ask(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {read} FROM {table} WHERE id = ANY(%s)"
            f" ON CONFLICT (id) DO UPDATE SET {name} = excluded.{name}", self._some(model),
        )  # fmt: skip

    def forget(self) -> None:
        """What the history keeps of a few people is forgotten; they stay, and stay watched."""
        for key in self._some(Person)[:2]:
            ask("SELECT history_forget('missions_person', %s)", str(key))

    def given_up(self) -> None:
        with pytest.raises(DatabaseError), transaction.atomic():
            Source.objects.bulk_create(self._new(Source, "title"))
            raise DatabaseError("given up")


@pytest.mark.django_db(transaction=True)
def test_t1_ten_thousand_random_writes_are_on_record() -> None:
    """Red when: seen with the trigger on DELETE switched off."""
    writes = RandomWrites(random.Random(7))
    make.make_source()
    before, mark = snapshot(), last()
    number = 0
    while last() - mark < 10_000:
        number += 1
        with acting(Identity(user=number, origin=f"write {number}", request=f"r-{number}")):
            writes.chance.choice(writes.ways)()
    rows = recorded(mark)
    assert {row.table_name for row in rows} == {"core_source", "missions_person"}
    assert replayed(before, rows) == snapshot()
    assert {f"write {row.change.account}" == row.change.origin for row in rows} == {True}
    assert {row.change.request == f"r-{row.change.account}" for row in rows} == {True}
    assert list(verify()) == []


@pytest.mark.django_db(transaction=True)
def test_t1_a_job_writes_in_its_own_name_for_who_asked() -> None:
    """Red when: seen with core.jobs not saying who asked (the account is then unknown)."""
    account = make.make_account(Role.DESK)

    @jobs.job_kind("test_t1", label="Change a source", permission="core.change_source")
    def work(job: Job, progress: jobs.Progress) -> str:
        make.make_source()
        return "done"

    try:
        job = jobs.start_job(by=account, kind="test_t1", arguments={})
        assert jobs.run_job(job.pk)
    finally:
        del jobs.KINDS["test_t1"]
    change = ChangedRow.objects.get(table_name="core_source").change
    assert (change.account, change.origin) == (account.pk, f"job {job.pk}")


@pytest.mark.django_db
def test_t1_every_model_has_a_history_or_a_reason_not_to() -> None:
    """Red when: seen with the sync of triggers leaving out fieldwork.Team, which is then named."""
    attached = {
        tuple(row)
        for row in ask(
            "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE t.tgname LIKE 'history\\_%' AND t.tgenabled <> 'D'"
        )
    }
    recorded_ones = 0
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.managed or model._meta.proxy:
            continue
        reason = declared.reason_not_recorded(model)
        names = {name for table, name in attached if table == model._meta.db_table}
        if reason is None or model._meta.label in declared.WATCHED:
            recorded_ones += 1
            assert names == set(sql.TRIGGER_NAMES), (
                f"{model._meta.label} has no history, and no reason is given"
            )
        else:
            assert not names & {"history_insert", "history_update", "history_delete"}, model._meta.label
            assert len(reason) > 10
    assert recorded_ones > 25
    for label in declared.NOT_RECORDED | declared.PERSONAL | declared.SECRET | declared.NOISE:
        apps.get_model(label)
    for columns in (declared.PERSONAL, declared.SECRET, declared.NOISE):
        for label, names in columns.items():
            assert set(names) <= {field.column for field in apps.get_model(label)._meta.fields}, label


# --- T2: nobody alters it through the application ---------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_change SET account = 9",
        "UPDATE core_change SET number = NULL",
        "DELETE FROM core_change WHERE number = 1",
        "UPDATE core_changedrow SET after = '{}'",
        "DELETE FROM core_changedrow",
        "UPDATE core_personalvalue SET after = '{}'",
        "TRUNCATE core_change",
        "TRUNCATE core_changedrow",
        "TRUNCATE core_source CASCADE",
    ],
)
def test_t2_the_tables_of_the_history_refuse_every_change(statement: str) -> None:
    """Red when: seen without the trigger history_refuse_update (an entry takes another account)."""
    make.make_source()
    with pytest.raises(DatabaseError, match="history"), transaction.atomic():
        ask(statement)
    assert list(verify()) == []


@pytest.mark.django_db(transaction=True)
def test_t2_a_search_path_or_a_table_of_ones_own_does_not_lead_the_history_astray() -> None:
    """Red when: seen with the functions' own search path taken away (the values of the row are lost)."""
    with transaction.atomic():
        ask("CREATE SCHEMA decoy")
        ask("CREATE TEMP TABLE core_change (LIKE public.core_change) ON COMMIT DROP")
        ask(
            "CREATE FUNCTION decoy.to_jsonb(anyelement) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$"
        )
        ask("SET LOCAL search_path = decoy, public, pg_catalog")
        ask(
            "INSERT INTO public.core_source (publisher, title, url, published_on, notes) VALUES ('A','B','','','')"
        )
        ask("SET LOCAL search_path = public")
        ask("DROP SCHEMA decoy CASCADE")
    assert ChangedRow.objects.get().after["title"] == "B"
    assert list(verify()) == []


@pytest.mark.django_db(transaction=True)
def test_t2_an_entry_of_somebody_else_cannot_be_joined() -> None:
    """Red when: seen with the entry looked up by request alone, and not by transaction and name."""
    with acting(Identity(user=1, origin="request", request="same")):
        make.make_source()
        with acting(Identity(user=2, origin="request", request="same")):
            make.make_source()
    with acting(Identity(user=1, origin="request", request="same")):
        make.make_source()
    assert [row.change.account for row in recorded(0)] == [1, 2, 1]
    assert Change.objects.count() == 3


# --- T3: what a superuser does to it is found -------------------------------------------------------------------------


class Undo(Exception):
    pass


def broken_chain() -> list[Finding]:
    with transaction.atomic():
        return list(verify_chain())


def write_ledger(count: int) -> None:
    for number in range(count):
        with acting(
            Identity(user=number % 5 + 1, origin="request", request=f"r-{number}", reason="as it was")
        ):
            source = make.make_source(notes=str(number))
            Source.objects.filter(pk=source.pk).update(notes="later")


def swap(n: int) -> None:
    for was, to in ((n, -1), (n + 1, n), (-1, n + 1)):
        ask("UPDATE core_change SET number = %s WHERE number = %s", to, was)


def insert_after(n: int) -> None:
    ask("UPDATE core_change SET number = -number WHERE number > %s", n)
    ask("UPDATE core_change SET number = 1 - number WHERE number < 0")
    ask(
        "INSERT INTO core_change (number, at, account, origin, request, reason, role, txid, rows, previous_hash, hash)"
        " SELECT %s, at, account, origin, request, reason, role, txid, 0, hash, repeat('a', 64) FROM core_change"
        " WHERE number = %s", n + 1, n,
    )  # fmt: skip


def rehash(n: int) -> None:
    """One entry altered with its hash made to fit."""
    digest = f"(SELECT {sql.ROWS_DIGEST} FROM core_changedrow r WHERE r.change_id = c.id)"
    fitting = sql.CHANGE_HASH.format(
        row="c", previous="c.previous_hash", number="c.number", rows="c.rows", digest=digest
    )
    ask("UPDATE core_change SET account = 99 WHERE number = %s", n)
    ask(f"UPDATE core_change c SET hash = {fitting} WHERE number = %s", n)


OF = "(SELECT id FROM core_change WHERE number = %s)"
# What somebody does to entry n, and how far behind n the first bad entry is.
TAMPERINGS: dict[str, tuple[Callable[[int], object], int]] = {
    "swaps the actor": (lambda n: ask("UPDATE core_change SET account = account + 1 WHERE number = %s", n), 0),
    "back-dates": (lambda n: ask("UPDATE core_change SET at = at - interval '1 day' WHERE number = %s", n), 0),
    "edits the reason": (lambda n: ask("UPDATE core_change SET reason = 'another' WHERE number = %s", n), 0),
    "edits the door": (lambda n: ask("UPDATE core_change SET origin = 'command x' WHERE number = %s", n), 0),
    "edits the role": (lambda n: ask("UPDATE core_change SET role = 'nobody' WHERE number = %s", n), 0),
    "deletes in the middle": (lambda n: ask("DELETE FROM core_change WHERE number = %s", n), 0),
    "reorders": (swap, 0),
    "inserts": (insert_after, 1),
    "makes the hash fit": (rehash, 1),
    "edits what was": (
        lambda n: ask(
            "UPDATE core_changedrow SET after = jsonb_set(after, '{notes}', '\"forged\"') WHERE change_id = " + OF, n
        ),
        0,
    ),
    "edits before": (lambda n: ask("UPDATE core_changedrow SET before = '{}' WHERE change_id = " + OF, n), 0),
    "moves to another row": (
        lambda n: ask("UPDATE core_changedrow SET key = key || '0' WHERE change_id = " + OF, n), 0
    ),
    "deletes a row of it": (
        lambda n: ask("DELETE FROM core_changedrow WHERE kind = 'update' AND change_id = " + OF, n), 0
    ),
    "adds a row to it": (
        lambda n: ask(
            "INSERT INTO core_changedrow (change_id, table_name, key, kind, before, after, digest)"
            " SELECT change_id, table_name, key, kind, before, after, digest FROM core_changedrow WHERE change_id = "
            + OF, n
        ), 0
    ),
    "gives a row to the next": (
        lambda n: ask(
            "UPDATE core_changedrow SET change_id = (SELECT id FROM core_change WHERE number = %s + 1)"
            " WHERE kind = 'update' AND change_id = " + OF, n, n
        ), 0
    ),
}  # fmt: skip
SAMPLES, LEDGER = 200, 30


def disable(*tables: str) -> None:
    for table in tables:
        ask(f"ALTER TABLE {table} DISABLE TRIGGER USER")


@pytest.mark.django_db(transaction=True)
def test_t3_every_alteration_is_found_and_the_first_bad_entry_named() -> None:
    """Red when: seen with the account left out of the hash of an entry (who swaps the actor is not found)."""
    write_ledger(LEDGER)
    assert broken_chain() == []
    chance = random.Random(2024)
    names = [*TAMPERINGS, *(chance.choice(list(TAMPERINGS)) for _ in range(SAMPLES - len(TAMPERINGS)))]
    missed = []
    for name in names:
        tamper, behind = TAMPERINGS[name]
        number = chance.randrange(2, LEDGER - 2)
        with pytest.raises(Undo), transaction.atomic():
            disable("core_change", "core_changedrow")
            tamper(number)
            first = next(iter(broken_chain()), None)
            if first is None or first.number != number + behind:
                missed.append((name, number, first))
            raise Undo
    assert missed == []
    assert list(verify()) == []


@pytest.mark.django_db(transaction=True)
def test_t3_a_chain_that_was_made_anew_does_not_have_the_head_that_an_edition_names() -> None:
    """The whole chain is sealed again after the forgery, so that it holds by itself; the public anchor does not fit.

    Red when: seen with the heads of editions not compared.
    """
    election = make.make_election()
    make.make_station(election=election)
    edition = editions.refresh(election)
    assert edition is not None
    write_ledger(3)
    call_command("verify_history", stdout=StringIO())
    with transaction.atomic():
        disable("core_change", "core_head")
        ask("DELETE FROM core_head")
        ask("UPDATE core_change SET number = NULL")
        ask("UPDATE core_change SET account = 7 WHERE id = (SELECT min(id) FROM core_change)")
        ask("SELECT history_seal()")
        ask("ALTER TABLE core_change ENABLE TRIGGER USER")
        ask("ALTER TABLE core_head ENABLE TRIGGER USER")
    assert broken_chain() == []
    said = StringIO()
    with pytest.raises(CommandError) as ended:
        call_command("verify_history", stdout=said)
    assert ended.value.returncode == 1
    assert (
        f"entry {edition.history_number}: edition 1 of {election.slug} was published with another hash"
        in said.getvalue()
    )


@pytest.mark.django_db(transaction=True)
def test_t3_the_command_names_table_row_and_column_of_a_change_behind_the_triggers() -> None:
    """Red when: seen with the replay comparing keys only."""
    station = make.make_station(city="Astana")
    disable("stations_pollingstation")
    ask("UPDATE stations_pollingstation SET city = 'Elsewhere' WHERE id = %s", station.pk)
    ask("ALTER TABLE stations_pollingstation ENABLE TRIGGER USER")
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_history", "--json", stdout=said)
    answer = json.loads(said.getvalue())
    assert answer["findings"] == [
        {
            "reason": 'the history says "Astana", the table "Elsewhere"',
            "table": "stations_pollingstation",
            "key": str(station.pk),
            "column": "city",
        }
    ]
    assert not answer["sound"]


# --- T4: many writers -------------------------------------------------------------------------------------------------

WRITERS, WRITES = 50, 200


@pytest.mark.django_db(transaction=True)
def test_t4_many_writers_make_one_chain_without_fork_or_gap() -> None:
    """Every seventh write reads from one snapshot (repeatable read) and is sealed by the next.

    Red when: seen without the lock of the sealing (numbers collide).
    """
    failures: list[str] = []

    def write(writer: int) -> None:
        try:
            for number in range(WRITES):
                with acting(Identity(user=writer + 1, origin=f"writer {writer}")):
                    if number % 7 == 3:
                        ask("ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ")
                        ask("SELECT set_config('tracker.user', %s, true)", str(writer + 1))
                    make.make_source(title=f"{writer}-{number}")
        except Exception as error:
            failures.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert list(verify()) == []
    assert list(Change.objects.order_by("number").values_list("number", flat=True)) == list(
        range(1, WRITERS * WRITES + 1)
    )
    accounts = Change.objects.values_list("account", flat=True)
    assert {account: list(accounts).count(account) for account in set(accounts)} == {
        writer + 1: WRITES for writer in range(WRITERS)
    }


# --- T5: outsiders ----------------------------------------------------------------------------------------------------

FLIPS = 1000


@pytest.mark.django_db(transaction=True)
def test_t5_an_outsider_checks_published_editions_without_the_register(
    client: Client, tmp_path: Path
) -> None:
    """The files of three editions and the hash of the last, as anybody can fetch them; then bits are flipped.

    Red when: seen with the checker not hashing the figures (flips in them are not found).
    """
    election = make.make_election()
    for _ in range(3):
        make.make_station(election=election)
        assert editions.refresh(election) is not None
    for number in (1, 2, 3):
        for part in ("proof", "figures", "stations"):
            answer = client.get(f"/en/e/{election.slug}/editions/", {"edition": number, "part": part})
            name = answer["Content-Disposition"].split('"')[1]
            (tmp_path / name).write_bytes(answer.content)
    noted = Edition.objects.get(number=3).hash
    page = client.get(f"/en/e/{election.slug}/editions/?edition=3").content.decode()
    assert noted in page
    head = Edition.objects.get(number=3).history_hash
    assert head
    assert head in page
    run = subprocess.run(
        [sys.executable, str(CHECKER), str(tmp_path), noted], capture_output=True, text=True, cwd=tmp_path
    )
    assert (run.returncode, run.stdout.strip()) == (0, f"3 editions hold; the hash of edition 3 is {noted}")

    spec = importlib.util.spec_from_file_location("verify_edition", CHECKER)
    assert spec is not None
    assert spec.loader is not None
    checker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(checker)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 9
    chance = random.Random(7)
    unseen = []
    for _ in range(FLIPS):
        path = chance.choice(files)
        whole = path.read_bytes()
        at = chance.randrange(len(whole) * 8)
        flipped = bytearray(whole)
        flipped[at // 8] ^= 1 << at % 8
        path.write_bytes(flipped)
        if not checker.check(tmp_path, noted):
            unseen.append((path.name, at))
        path.write_bytes(whole)
    assert unseen == []
    assert checker.check(tmp_path, noted) == []
