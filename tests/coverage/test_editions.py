"""Editions: published when figures move, chained, refused to everybody who would change one."""

import json
import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tests.factories import (
    make_deployment,
    make_election,
    make_incident,
    make_mission,
    make_station,
    make_team,
    make_visit,
    make_window,
)
from tracker.core.models import User
from tracker.coverage import editions
from tracker.coverage.chain import first_break, hash_edition
from tracker.coverage.models import Edition, Mark
from tracker.elections.models import Election
from tracker.fieldwork.models import Visit
from tracker.stations.models import PollingStation

pytestmark = pytest.mark.django_db


def published(election: Election) -> Edition:
    edition = editions.refresh(election)
    assert edition is not None
    return edition


def visited(edition: Edition) -> int:
    return json.loads(edition.content or "")["total"]["visited"]


def test_an_edition_is_published_when_figures_move_and_only_then() -> None:
    station = make_station()
    first = published(station.election)
    assert (first.number, first.previous_hash, visited(first)) == (1, "", 0)
    assert editions.refresh(station.election) is None

    make_visit(station=station)
    second = published(station.election)
    assert (second.number, second.previous_hash, visited(second)) == (2, first.hash, 1)
    assert {"key": "total.visited", "before": 0, "after": 1} in second.change_list()
    assert {"key": "total.stations", "before": 1, "after": 1} not in second.change_list()
    assert first_break(station.election) is None


def test_counting_takes_the_marks_away_and_a_draft_election_is_never_published() -> None:
    station = make_station()
    assert Mark.objects.filter(election=station.election).exists()
    editions.refresh_stale()
    assert not Mark.objects.exists()
    draft = make_election(publication="draft")
    assert editions.refresh(draft) is None
    assert not Edition.objects.filter(election=draft).exists()


def test_each_election_has_its_own_numbers() -> None:
    stations = [make_station(), make_station()]
    found = editions.refresh_stale()
    assert sorted((edition.election_id, edition.number) for edition in found) == sorted(
        (station.election_id, 1) for station in stations
    )


def test_a_reviewed_election_waits_for_a_publisher_who_saw_these_figures() -> None:
    election = make_election(publishing="reviewed")
    station = make_station(election=election)
    publisher = User.objects.create_user("publisher")
    assert editions.refresh_stale() == []
    assert Mark.objects.filter(election=election).count() == 1
    assert editions.shown_figures(election) is None

    seen = editions.count_now(election).hash
    make_visit(station=station)
    with pytest.raises(editions.Outdated):
        editions.publish(by=publisher, election=election, seen=seen)
    edition = editions.publish(by=publisher, election=election, seen=editions.count_now(election).hash)
    assert edition is not None
    assert (edition.number, edition.published_by) == (1, publisher)
    shown = editions.shown_figures(election)
    assert shown is not None
    assert shown.figures.total.visited == 1


def test_old_editions_can_be_opened_and_say_what_they_said() -> None:
    station = make_station()
    first = published(station.election)
    make_visit(station=station)
    published(station.election)
    old = editions.shown_figures(station.election, first.number)
    new = editions.shown_figures(station.election)
    assert old is not None
    assert new is not None
    assert (old.figures.total.visited, old.asked, old.matrix) == (0, True, {})
    assert (new.figures.total.visited, new.asked) == (1, False)
    assert [[*row.values()] for row in new.matrix.values()] == [["v"]]
    with pytest.raises(editions.NoSuchEdition):
        editions.shown_figures(station.election, 7)


# --- what the database refuses


@pytest.fixture
def edition() -> Edition:
    return published(make_station().election)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE coverage_edition SET content = '{}'",
        "UPDATE coverage_edition SET number = 5",
        "UPDATE coverage_edition SET thinned_at = now(), content = NULL, detail = NULL",
        "DELETE FROM coverage_edition",
    ],
)
def test_an_edition_can_be_neither_changed_nor_deleted(edition: Edition, statement: str) -> None:
    with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert refused.value.__cause__.diag.constraint_name == "edition_immutable"  # type: ignore[union-attr]
    edition.refresh_from_db()
    assert first_break(edition.election) is None


def test_editions_cannot_be_truncated(edition: Edition) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks pending cannot be altered
        cursor.execute("ALTER TABLE coverage_edition ENABLE TRIGGER edition_refuse_truncate")
        with pytest.raises(DatabaseError, match="cannot be deleted"), transaction.atomic():
            cursor.execute("TRUNCATE coverage_edition")
        cursor.execute("ALTER TABLE coverage_edition DISABLE TRIGGER edition_refuse_truncate")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"number": 4}, "edition_number_once"),
        ({"number": 2}, "edition_number_once"),
        ({"previous_hash": ""}, "edition_follows_chain"),
        ({"content": "{}"}, "edition_hash_true"),
        ({"changes": '[{"key":"x"}]'}, "edition_hash_true"),
        ({"as_of": datetime(2024, 2, 7, tzinfo=UTC)}, "edition_hash_true"),
    ],
)
def test_only_a_true_next_edition_is_taken(edition: Edition, change: dict, rule: str) -> None:
    make_visit(station=PollingStation.objects.get())
    last = published(edition.election)
    forged = Edition(
        **{
            field.attname: getattr(last, field.attname)
            for field in Edition._meta.concrete_fields
            if field.attname != "id"
        }
    )
    forged.number, forged.previous_hash = 3, last.hash
    forged.hash = hash_edition(forged)
    for name, value in change.items():
        setattr(forged, name, value)
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        forged.save(force_insert=True)
    assert refused.value.__cause__.diag.constraint_name == rule  # type: ignore[union-attr]
    for name in change:
        setattr(forged, name, {"number": 3, "previous_hash": last.hash}.get(name, getattr(last, name)))
    forged.save(force_insert=True)  # without the change it is taken


# --- the chain


def alter(statement: str) -> None:
    """What somebody does who owns the database and goes around the triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE coverage_edition DISABLE TRIGGER USER")
        cursor.execute(statement)
        cursor.execute("ALTER TABLE coverage_edition ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE coverage_edition DISABLE TRIGGER edition_refuse_truncate")


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        (
            "UPDATE coverage_edition SET content = replace(content, '\"visited\":1', '\"visited\":0') WHERE number = 2",
            2,
        ),
        ("UPDATE coverage_edition SET as_of = as_of + interval '1 second' WHERE number = 2", 2),
        ("UPDATE coverage_edition SET changes = '[]' WHERE number = 3", 3),
        ("DELETE FROM coverage_edition WHERE number = 2", 2),
        ("UPDATE coverage_edition SET previous_hash = '' WHERE number = 3", 3),
    ],
)
def test_verify_names_the_first_break(statement: str, number: int) -> None:
    station = make_station()
    published(station.election)
    for _ in range(3):
        make_visit(station=station)
        published(station.election)
    said = StringIO()
    call_command("verify_editions", stdout=said)
    assert "4 editions, the chain holds" in said.getvalue()
    alter(statement)
    said = StringIO()
    with pytest.raises(CommandError, match="1 chains are broken"):
        call_command("verify_editions", stdout=said)
    assert f"{station.election.slug}: broken at edition {number}: " in said.getvalue()


def test_old_editions_are_thinned_by_the_rule_and_the_chain_still_proves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the last day all, of a week one a minute, before that one an hour."""
    now = timezone.now().replace(minute=30, second=30, microsecond=0)
    moments = [
        now - timedelta(days=9, minutes=2),
        now - timedelta(days=9, minutes=1),  # the same hour as the one before: that one goes
        now - timedelta(days=9) + timedelta(hours=1),
        now - timedelta(days=3, seconds=20),
        now - timedelta(days=3, seconds=10),  # the same minute: the one before goes
        now - timedelta(days=3) + timedelta(minutes=1),
        now - timedelta(hours=2, seconds=1),
        now - timedelta(hours=2),
    ]
    station = make_station()
    for moment in moments:
        make_visit(station=station)
        monkeypatch.setattr(editions.timezone, "now", lambda moment=moment: moment)
        published(station.election)
    monkeypatch.undo()
    with pytest.raises(DatabaseError), transaction.atomic():  # the last of its minute keeps its content
        Edition.objects.filter(number=5).update(content=None, detail=None, thinned_at=now)
    assert editions.thin(now) == 2
    assert editions.thin(now) == 0
    kept = Edition.objects.filter(content__isnull=False).order_by("number").values_list("number", flat=True)
    assert list(kept) == [2, 3, 5, 6, 7, 8]
    assert first_break(station.election) is None
    with pytest.raises(editions.NoSuchEdition) as refused:
        editions.shown_figures(station.election, 4)
    assert (refused.value.thinned, refused.value.kept) == (True, 5)


# --- marks and drift


SOURCES = {
    "elections_election": lambda s: s.election,
    "stations_pollingstation": lambda s: s,
    "stations_votingwindow": lambda s: make_window(station=s),
    "missions_mission": lambda s: make_mission(election=s.election),
    "missions_organization": lambda s: make_mission(election=s.election).organization,
    "fieldwork_team": lambda s: make_team(election=s.election),
    "missions_observer": lambda s: make_team(election=s.election).members.first(),
    "fieldwork_deployment": lambda s: make_deployment(station=s),
    "fieldwork_visit": lambda s: make_visit(station=s),
    "fieldwork_incident": lambda s: make_incident(station=s),
}


@pytest.mark.parametrize("table", SOURCES)
def test_raw_sql_marks_the_election_of_the_changed_rows_and_no_other(table: str) -> None:
    station, other = make_station(), make_station()
    row = SOURCES[table](station)
    Mark.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET id = id WHERE id = %s", [row.pk])  # noqa: S608
    assert set(Mark.objects.values_list("election_id", flat=True)) == {station.election_id}
    assert other.election_id != station.election_id


def test_deleting_and_moving_rows_mark_both_elections() -> None:
    visit = make_visit()
    Mark.objects.all().delete()
    Visit.objects.filter(pk=visit.pk).delete()
    assert set(Mark.objects.values_list("election_id", flat=True)) == {visit.election_id}
    station, target = make_station(constituency=None), make_election()
    Mark.objects.all().delete()
    PollingStation.objects.filter(pk=station.pk).update(election=target)
    assert set(Mark.objects.values_list("election_id", flat=True)) == {station.election_id, target.pk}


def test_every_table_that_is_counted_has_its_triggers() -> None:
    """Whatever the count reads, a change to it must mark. Reference tables apart."""
    election = make_visit().election
    with connection.execute_wrapper(seen := Tables()):
        editions.count_now(election)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, count(*) FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE tgname IN ('mark_insert', 'mark_update', 'mark_delete', 'mark_truncate') GROUP BY 1"
        )
        marked = {table for table, number in cursor.fetchall() if number == 4}
    assert seen.tables - {"core_country", "core_timezone"} <= marked
    assert len(seen.tables) > 8


class Tables:
    """Notes the tables of every statement that passes."""

    def __init__(self) -> None:
        self.tables: set[str] = set()

    def __call__(self, execute, sql, params, many, context):
        self.tables |= set(re.findall(r'(?:FROM|JOIN) "(\w+)"', sql))
        return execute(sql, params, many, context)


def test_recount_reports_drift_and_publish_ends_it() -> None:
    visit = make_visit()
    published(visit.election)
    said = StringIO()
    call_command("recount", stdout=said)
    assert f"{visit.election.slug}: edition 1, drift 0" in said.getvalue()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fieldwork_visit SET status = 'draft', submitted_at = NULL")
    said = StringIO()
    with pytest.raises(CommandError, match="1 of 1 elections drift"):
        call_command("recount", stdout=said)
    assert "total.visited: 1 published, 0 counted" in said.getvalue()
    said = StringIO()
    call_command("recount", "--publish", stdout=said)
    assert f"{visit.election.slug}: edition 2, drift 0" in said.getvalue()


def test_an_unknown_election_is_named() -> None:
    with pytest.raises(CommandError, match="'nowhere'"):
        call_command("recount", "--election", "nowhere")


def test_as_of_is_the_moment_of_counting() -> None:
    before = datetime.now(UTC)
    edition = published(make_station(constituency=None).election)
    assert before <= edition.as_of <= edition.published_at <= datetime.now(UTC)
