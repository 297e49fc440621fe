"""Editions: published when figures move, chained, refused to everybody who would change one."""

import json
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from threading import Barrier, Event, Thread

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
from tracker.coverage.models import Edition, Mark, Tally
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
    assert Mark.objects.filter(election=election).count() == 2  # the first and the newest
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
    """Red when: edition_refuse_truncate is not made."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks pending is not truncated either
        with pytest.raises(DatabaseError, match="cannot be deleted"), transaction.atomic():
            cursor.execute("TRUNCATE coverage_edition")


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


@pytest.fixture
def thinned(monkeypatch: pytest.MonkeyPatch) -> Election:
    """Eight editions of nine days; thinned, the first and the fourth are without content."""
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
    return station.election


def test_old_editions_are_thinned_by_the_rule_and_the_chain_still_proves(thinned: Election) -> None:
    """Of the last day all, of a week one a minute, before that one an hour."""
    kept = Edition.objects.filter(content__isnull=False).order_by("number").values_list("number", flat=True)
    assert list(kept) == [2, 3, 5, 6, 7, 8]
    assert first_break(thinned) is None
    with pytest.raises(editions.NoSuchEdition) as refused:
        editions.shown_figures(thinned, 4)
    assert (refused.value.thinned, refused.value.kept) == (True, 5)


TAKE = "content = NULL, detail = NULL, thinned_at = now()"


@pytest.mark.parametrize(
    ("change", "number", "reason"),
    [
        (TAKE, 7, "within a day"),
        (f"{TAKE} + interval '1 day'", 5, "no later edition of the same minute"),
        (f"{TAKE} + interval '1 day'", 2, "no later edition of the same hour"),
        ("total = replace(total, '\"visited\":1', '\"visited\":0')", 8, "totals"),
    ],
)
def test_verify_proves_that_thinned_editions_obey_the_rule(
    thinned: Election, change: str, number: int, reason: str
) -> None:
    assert first_break(thinned) is None
    alter(f"UPDATE coverage_edition SET {change} WHERE number = {number}")  # noqa: S608
    found = first_break(thinned)
    assert found is not None
    assert found.number == number
    assert reason in found.reason


def test_an_edition_whose_keeper_was_thinned_later_still_obeys_the_rule() -> None:
    """Two of one minute, thinned after a day; after a week the keeper itself goes, for a later one of its hour."""
    begin = timezone.now().replace(minute=10, second=0, microsecond=0) - timedelta(days=9)
    station = make_station()
    with pytest.MonkeyPatch.context() as patch:
        for seconds in (0, 10, 600):
            make_visit(station=station)
            patch.setattr(
                editions.timezone, "now", lambda seconds=seconds: begin + timedelta(seconds=seconds)
            )
            published(station.election)
    assert editions.thin(begin + timedelta(days=2)) == 1
    assert editions.thin(begin + timedelta(days=9)) == 1
    kept = Edition.objects.filter(content__isnull=False).values_list("number", flat=True)
    assert list(kept) == [3]
    assert first_break(station.election) is None


def test_an_edition_that_is_thinned_while_somebody_opens_it_is_not_there(thinned: Election) -> None:
    shown = editions.shown_figures(thinned, 3)
    assert shown is not None
    alter(f"UPDATE coverage_edition SET {TAKE} WHERE number = 3")  # noqa: S608 - a constant of this file
    with pytest.raises(editions.NoSuchEdition):
        _ = shown.figures


def test_the_trend_has_thinned_editions_and_stays_short(thinned: Election) -> None:
    points = editions.trend(thinned)
    assert points[0].number == 1
    assert points[-1].number == 8
    assert (points[-1].visits, points[-1].stations) == (8, 1)
    assert points[0].visits == 1  # its content is gone, its totals are not
    assert editions.trend(thinned, Edition.objects.get(number=3))[-1].number == 3


def test_a_long_trend_is_thinned_to_equal_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Red when: every edition is a point of its own."""
    monkeypatch.setattr(editions, "TREND_POINTS", 12)
    station = make_station()
    begin = timezone.now()
    for number in range(26):
        make_visit(station=station)
        monkeypatch.setattr(editions.timezone, "now", lambda number=number: begin + timedelta(minutes=number))
        published(station.election)
    points = editions.trend(station.election)
    assert [point.number for point in points] == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 26]


# --- several at once


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_make_one_edition_and_forget_no_mark() -> None:
    station = make_station(constituency=None)
    for number in range(1, 6):
        make_visit(station=station)
        start, failures = Barrier(4), []

        def work(start: Barrier = start, failures: list[Exception] = failures) -> None:
            try:
                start.wait()
                editions.refresh(Election.objects.get(pk=station.election_id))
            except Exception as problem:
                failures.append(problem)
            finally:
                connection.close()

        workers = [Thread(target=work) for _ in range(4)]
        [worker.start() for worker in workers]
        [worker.join() for worker in workers]
        assert failures == []
        assert list(Edition.objects.order_by("number").values_list("number", flat=True)) == list(
            range(1, number + 1)
        )
        assert not Mark.objects.exists()
    assert first_break(station.election) is None


@pytest.mark.django_db(transaction=True)
def test_a_change_that_commits_while_others_count_keeps_its_mark() -> None:
    visit = make_visit()
    editions.refresh_stale()
    open_, counted = Event(), Event()

    def change() -> None:
        with transaction.atomic():
            Visit.objects.filter(pk=visit.pk).update(status="draft", submitted_at=None)
            open_.set()
            assert counted.wait(30)
        connection.close()

    writer = Thread(target=change)
    writer.start()
    assert open_.wait(30)
    version = editions.register_version(visit.election)
    make_incident(election=visit.election, place="Astana")
    editions.refresh_stale()  # sees the incident and not the open transaction
    assert editions.register_version(visit.election) > version
    version = editions.register_version(visit.election)
    counted.set()
    writer.join()
    assert editions.register_version(visit.election) > version
    assert Mark.objects.filter(election=visit.election).exists()
    (edition,) = editions.refresh_stale()
    assert visited(edition) == 0


def test_a_worker_that_holds_an_old_copy_asks_how_the_election_publishes_now() -> None:
    station = make_station()
    published(station.election)
    held = Election.objects.get(pk=station.election_id)
    Election.objects.filter(pk=held.pk).update(publishing="reviewed")
    make_visit(station=station)
    assert editions.refresh(held) is None  # its copy still says live
    assert Mark.objects.filter(election=held).count() == 2
    Election.objects.filter(pk=held.pk).update(publishing="live")
    held = Election.objects.get(pk=held.pk)
    held.publishing = "reviewed"
    edition = editions.refresh(held)
    assert edition is not None
    assert (edition.number, visited(edition), edition.published_by) == (2, 1, None)


def test_an_election_that_is_deleted_meanwhile_leaves_nothing_behind() -> None:
    election = make_election()
    editions.refresh_stale()
    draft = make_election(publication="draft")
    editions.refresh_stale()
    held = Election.objects.get(pk=draft.pk)
    draft.delete()
    assert editions.refresh(held) is None
    editions.refresh_stale()
    assert not Mark.objects.exists()
    assert set(Tally.objects.values_list("election_id", flat=True)) <= {election.pk}


@pytest.mark.django_db(transaction=True)
def test_one_election_that_cannot_be_counted_does_not_keep_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, whole = make_station(constituency=None), make_station(constituency=None)
    true_count = editions.count

    def count(election: Election) -> object:
        if election.pk == broken.election_id:
            raise ZeroDivisionError
        return true_count(election)

    monkeypatch.setattr(editions, "count", count)
    (edition,) = editions.refresh_stale()
    assert edition.election_id == whole.election_id
    assert broken.election.slug in caplog.text
    monkeypatch.undo()
    (edition,) = editions.refresh_stale()  # its mark was kept
    assert edition.election_id == broken.election_id


# --- marks and drift


def test_a_statement_leaves_one_mark_an_election_however_many_rows_it_writes() -> None:
    first, second = make_election(), make_election()
    Mark.objects.all().delete()
    PollingStation.objects.bulk_create(
        PollingStation(
            election=election, setting="abroad", number=str(number), country_id="KZ", city="Astana",
            timezone_id="Asia/Almaty", publication="published",
        )
        for election in (first, second)
        for number in range(300)
    )  # fmt: skip
    assert sorted(Mark.objects.values_list("election_id", flat=True)) == sorted([first.pk, second.pk])
    Mark.objects.all().delete()
    PollingStation.objects.filter(election=first).update(city="Almaty")
    assert list(Mark.objects.values_list("election_id", flat=True)) == [first.pk]
    Mark.objects.all().delete()
    PollingStation.objects.filter(city="Nowhere").update(city="Almaty")
    assert not Mark.objects.exists()
    PollingStation.objects.filter(election=first).delete()
    assert set(Mark.objects.values_list("election_id", flat=True)) == {first.pk}


def test_the_version_of_the_register_grows_with_changes_and_not_with_counting() -> None:
    station = make_station()
    seen = [editions.register_version(station.election)]
    editions.refresh_stale()
    assert editions.register_version(station.election) == seen[-1]
    make_visit(station=station)
    assert editions.register_version(station.election) > seen[-1]
    seen.append(editions.register_version(station.election))
    editions.refresh_stale()
    editions.refresh_stale()
    assert editions.register_version(station.election) == seen[-1]
    Election.objects.filter(pk=station.election_id).update(publishing="reviewed")
    make_visit(station=station)
    make_visit(station=station)
    grown = editions.register_version(station.election)
    kept = Mark.objects.filter(election=station.election).order_by("pk")
    ends = (kept[0].pk, kept.last().pk)
    assert kept.count() > 2
    editions.refresh_stale()  # keeps the first and the newest mark, for who asks since when something waits
    assert tuple(kept.values_list("pk", flat=True)) == ends
    assert editions.register_version(station.election) == grown > seen[-1]


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


@pytest.mark.parametrize("command", ["recount", "verify_editions"])
def test_an_unknown_election_is_named(command: str) -> None:
    with pytest.raises(CommandError, match="'nowhere'"):
        call_command(command, "--election", "nowhere")


def test_the_commands_speak_of_many_elections() -> None:
    """Live and counted, live and changed, reviewed and waiting, with no edition; thinned ones are said."""
    counted, changed = make_election(slug="counted"), make_election(slug="changed")
    reviewed = make_election(slug="reviewed", publishing="reviewed")
    publisher = User.objects.create_user("publisher")
    editions.publish(by=publisher, election=reviewed, seen=editions.count_now(reviewed).hash)
    editions.refresh_stale()
    make_station(election=changed)
    make_station(election=reviewed)
    make_election(slug="bare")
    said = StringIO()
    with pytest.raises(CommandError, match="2 of 4 elections drift") as ended:
        call_command("recount", stdout=said)
    assert ended.value.returncode == 1
    lines = said.getvalue().splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [
        "bare: no edition, drift 1 (changes are waiting to be counted)",
        "changed: edition 1, drift 2 (changes are waiting to be counted)",
        "counted: edition 1, drift 0",
        "reviewed: edition 1, 2 waiting for a publisher",
    ]
    assert "  total.stations: 0 published, 1 counted" in lines
    said = StringIO()
    call_command("recount", "--publish", stdout=said)
    assert said.getvalue().splitlines()[-1] == "4 elections, no drift."
    said = StringIO()
    call_command("verify_editions", stdout=said)
    assert [line.split(", last")[0] for line in said.getvalue().splitlines()] == [
        "bare: 1 editions, the chain holds",
        "changed: 2 editions, the chain holds",
        "counted: 1 editions, the chain holds",
        "reviewed: 1 editions, the chain holds",
    ]
    assert counted.editions.count() == 1
    Mark.objects.all().delete()  # a mark that was lost is drift, whoever publishes
    with pytest.raises(CommandError, match="1 of 4 elections drift"):
        call_command("recount", stdout=StringIO())


def test_thinned_editions_are_told(thinned: Election) -> None:
    said = StringIO()
    call_command("verify_editions", "--election", thinned.slug, stdout=said)
    assert f"{thinned.slug}: 8 editions (2 thinned by the rule), the chain holds" in said.getvalue()


def test_as_of_is_the_moment_of_counting() -> None:
    before = datetime.now(UTC)
    edition = published(make_station(constituency=None).election)
    assert before <= edition.as_of <= edition.published_at <= datetime.now(UTC)
