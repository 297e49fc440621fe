"""Group D of the tests of trust, where the figures and the files are concerned: D3, D4 and D6.

What people do to one record at one time (D1, D2, D5) is in test_concurrency.py.
"""

import csv
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories as make
from tests.ingest import folders
from tests.ingest.folders import AZ2024, row_of, write_cell
from tests.public.pages import address, text_of
from tracker.core.history.models import ChangedRow
from tracker.core.history.reading import models_by_table
from tracker.coverage import editions
from tracker.coverage.figures import compute
from tracker.elections.models import Election
from tracker.fieldwork.models import Deployment, Visit
from tracker.ingest.loading import load_folder
from tracker.ingest.models import LoadedRecord
from tracker.ingest.report import Report
from tracker.missions.models import Mission
from tracker.stations.models import PollingStation

RECORDS = 494  # in the folder of the real election


def ask(query: str, *values: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []


def everything() -> dict[str, str]:
    """A fingerprint of every table of the register: the oracle."""
    tables = [*models_by_table(), LoadedRecord._meta.db_table]
    query = (
        "SELECT md5(coalesce(string_agg(to_jsonb(t)::text, ',' ORDER BY to_jsonb(t)::text), '')) FROM {} t"
    )
    return {table: ask(query.format(table))[0][0] for table in tables}


def outcomes(report: Report) -> dict[str, int]:
    return {outcome: number for outcome, number in report.total().items() if number}


@pytest.fixture
def emptied(transactional_db: None) -> Iterator[None]:
    """What a load remembers is of no model that tests are cleaned up by."""
    yield
    LoadedRecord.objects.all().delete()


# --- D3: an interrupted import ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("emptied")
def test_d3_an_import_cut_off_anywhere_leaves_nothing_and_can_be_done_again() -> None:
    """The database ends the connection at 10, 50 and 90 % of the statements: as if worker or server were killed.

    Red when: seen with the load's transaction taken away (each statement is committed by itself).
    """
    with CaptureQueriesContext(connection) as queries:
        load_folder(folder=AZ2024, dry_run=True)
    before = everything()
    for share in (10, 50, 90):
        left = len(queries) * share // 100

        def cut(execute: Any, *words: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                with suppress(psycopg.OperationalError), connection.connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            return execute(*words)

        with pytest.raises(OperationalError), connection.execute_wrapper(cut):
            load_folder(folder=AZ2024)
        connection.close()
        assert everything() == before, share
    assert outcomes(load_folder(folder=AZ2024)) == {"created": RECORDS}
    assert outcomes(load_folder(folder=AZ2024)) == {"unchanged": RECORDS}


# --- D4: the same import twice ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("emptied")
def test_d4_two_loads_at_once_are_one_and_the_next_changes_nothing() -> None:
    """Red when: seen without the lock of `load_folder` (the second fails on what the first made)."""
    reports: list[Report] = []
    together = threading.Barrier(2)

    def load() -> None:
        try:
            together.wait(20)
            reports.append(load_folder(folder=AZ2024))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, map(outcomes, reports))) == [
        f"{{'created': {RECORDS}}}",
        f"{{'unchanged': {RECORDS}}}",
    ]
    before, written = everything(), ChangedRow.objects.count()
    assert outcomes(load_folder(folder=AZ2024)) == {"unchanged": RECORDS}
    assert (everything(), ChangedRow.objects.count()) == (before, written)


@pytest.mark.django_db
def test_d4_what_people_changed_is_kept_and_named(tmp_path: Path) -> None:
    """Red when: seen with `_update` writing what the file says without asking who changed it."""
    folder = folders.copy_of_az2024(tmp_path)
    load_folder(folder=folder)
    PollingStation.objects.filter(city="Bern").update(address="By hand 1")
    PollingStation.objects.filter(city="Rome").update(address="By hand 2")
    bern = row_of(folder, folders.STATIONS, city="Bern")
    write_cell(folder, folders.STATIONS, bern, "address", "By the file 1")
    write_cell(folder, folders.STATIONS, bern, "address_source_url", "https://example.org/bern")
    report = load_folder(folder=folder)
    (told,) = report.kept
    assert f"row {bern}) address: the file says “By the file 1”, the register keeps “By hand 1”" in told
    kept = PollingStation.objects.filter(city__in=["Bern", "Rome"]).order_by("city")
    assert [station.address for station in kept] == ["By hand 1", "By hand 2"]


# --- D6: public totals ------------------------------------------------------------------------------------------------

# By hand, over the raw rows: what coverage means (design.md 5), in other words than the program's.
ORACLE = """
    WITH s AS (
        SELECT id FROM stations_pollingstation
        WHERE election_id = %(election)s AND publication = 'published' AND status <> 'cancelled'
    ), v AS (
        SELECT v.station_id AS station, t.mission_id AS mission FROM fieldwork_visit v
        JOIN fieldwork_team t ON t.id = v.team_id JOIN missions_mission m ON m.id = t.mission_id
        WHERE v.status IN ('submitted', 'verified') AND m.publication = 'published'
            AND v.station_id IN (SELECT id FROM s)
    ), d AS (
        SELECT d.station_id AS station FROM fieldwork_deployment d
        JOIN fieldwork_team t ON t.id = d.team_id JOIN missions_mission m ON m.id = t.mission_id
        WHERE d.status <> 'called_off' AND m.publication = 'published' AND d.station_id IN (SELECT id FROM s)
    )
    SELECT (SELECT count(*) FROM s), (SELECT count(DISTINCT station) FROM d), (SELECT count(DISTINCT station) FROM v),
        (SELECT count(*) FROM (SELECT station FROM v INTERSECT SELECT station FROM d) AS both_of_them),
        (SELECT count(*) FROM (SELECT station FROM v GROUP BY station HAVING count(DISTINCT mission) > 1) AS twice),
        (SELECT count(*) FROM v)"""
# A count takes a tenth of a second and what the public reads half a one, on two cores: so the case's "at every step" is
# every fourth step for the count and every fortieth for page, interface and file.
STEPS, COUNTS, PAGES = 1000, 4, 40
NAMES = ("stations", "planned", "visited", "planned_visited", "overlap", "visits")


class RandomDay:
    """An election in which anything may happen next, in any order, by any door that code has."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.election = make.make_election()
        self.teams = [make.make_team(election=self.election, members=[]) for _ in range(3)]
        self.ways: list[Callable[[], object]] = [
            getattr(self, name) for name in vars(type(self)) if not name.startswith("_")
        ]
        self.ways += [
            self.new_station,
            self.new_visit,
            self.new_visit,
            self.new_deployment,
        ]  # or nothing is left

    def _stations(self) -> Any:
        return PollingStation.objects.filter(election=self.election)

    def _one(self, rows: Any) -> Any:
        keys = list(rows.values_list("pk", flat=True))
        return rows.filter(pk=self.chance.choice(keys)) if keys else rows.none()

    def _moment(self) -> datetime:
        return datetime(2024, 2, 7, tzinfo=UTC) + timedelta(seconds=self.chance.randrange(80_000))

    def new_station(self) -> None:
        if self._stations().count() < 25:
            make.make_station(election=self.election, publication=self.chance.choice(["published", "draft"]))

    def new_visit(self) -> None:
        if station := self._one(self._stations()).first():
            status = self.chance.choice(["draft", "submitted", "verified"])
            make.make_visit(team=self.chance.choice(self.teams), station=station, status=status)

    def new_deployment(self) -> None:
        if station := self._one(self._stations()).first():
            starts = self._moment() + timedelta(days=self.chance.randrange(9_000))
            team = self.chance.choice(self.teams)
            make.make_deployment(
                team=team, station=station, starts_at=starts, ends_at=starts + timedelta(seconds=1)
            )

    def publish_or_not(self) -> None:
        state = self.chance.choice(["published", "published", "draft", "withdrawn"])
        self._one(self._stations()).update(publication=state)

    def cancel_or_not(self) -> None:
        self._one(self._stations()).update(
            status=self.chance.choice(["established", "established", "cancelled"])
        )

    def mission_shown_or_not(self) -> None:
        state = self.chance.choice(["published", "published", "draft"])
        self._one(Mission.objects.filter(election=self.election)).update(publication=state)

    def many_visits_at_once(self) -> None:
        Visit.objects.filter(pk__in=self._one(Visit.objects.all()).values("pk")).update(
            arrived_at=self._moment()
        )
        Visit.objects.filter(status="verified").update(status="submitted", verified_at=None)

    def call_off(self) -> None:
        state = self.chance.choice(["planned", "confirmed", "called_off"])
        self._one(Deployment.objects.all()).update(status=state)

    def moved(self) -> None:
        """A visit and a plan turn out to have been elsewhere; by raw SQL, as somebody at the database would."""
        move = (
            "UPDATE {0} SET station_id = (SELECT id FROM stations_pollingstation WHERE election_id = %s"
            " ORDER BY md5(id::text || %s) LIMIT 1) WHERE id = (SELECT max(id) FROM {0})"
        )
        for table in ("fieldwork_visit", "fieldwork_deployment"):
            ask(move.format(table), self.election.pk, str(self.chance.random()))

    def delete_visits(self) -> None:
        self._one(Visit.objects.all()).delete()

    def delete_deployment(self) -> None:
        self._one(Deployment.objects.all()).delete()


@pytest.mark.django_db
def test_d6_public_totals_equal_the_raw_rows_over_a_thousand_steps(client: Client) -> None:
    """The figures, the edition that the public reads, its page, the JSON interface and the CSV.

    The thousand steps are drawn by chance with a seed of their own and not by a state machine of hypothesis: what it
    would add is to find the shortest way to a fault, and each trial of it makes and empties an election anew.
    Red when: seen with drafts of visits counted, with cancelled stations counted, and with the marks' trigger on
    visits taken away (the page keeps what was); with a visit too many in what interface and file tell.
    """
    day = RandomDay(random.Random(11))
    most: dict[str, int] = {}
    for step in range(1, STEPS + 1):
        day.chance.choice(day.ways)()
        if step % COUNTS:
            continue
        with connection.cursor() as cursor:
            cursor.execute(ORACLE, {"election": day.election.pk})
            (raw,) = cursor.fetchall()
        total = compute(day.election).total
        counted = {name: getattr(total, name) for name in NAMES}
        assert counted == dict(zip(NAMES, raw, strict=True)), step
        most = {name: max(most.get(name, 0), number) for name, number in counted.items()}
        if step % PAGES == 0:
            assert editions.refresh_stale() or editions.drift(day.election) == [], step
            shown = editions.shown_figures(Election.objects.get(pk=day.election.pk))
            assert shown is not None
            assert shown.figures.total == total, step
            page = client.get(address("coverage", day.election))
            assert page.context["figures"].total == total, step
            said = f"{total.visited} of {total.stations} stations." in text_of(page.content.decode())
            assert said == shown.figures.field_work, step
            told = client.get(f"/api/v1/elections/{day.election.slug}/coverage/total/").json()
            assert {name: told[name] for name in NAMES} == counted, step
            content = (
                client.get(f"/en/e/{day.election.slug}/data/coverage.csv").getvalue().decode("utf-8-sig")
            )
            (row,) = [row for row in csv.DictReader(content.splitlines()) if row["id"] == "total"]
            assert {name: int(row[name]) for name in NAMES} == counted, step
    assert min(most.values()) > 3, "each number was on the move"
