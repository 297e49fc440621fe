"""The whole way of a visit through a real broker and a real worker, and what happens when they are killed."""

import json
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from tests.brokers import end, start_broker, start_worker, wait_for
from tests.factories import make_administrator, make_mission, make_station, make_team, make_visit
from tests.forms import confirm
from tracker import valkey
from tracker.core import broker, jobs
from tracker.core.models import Job
from tracker.coverage import nudges
from tracker.coverage.editions import refresh_stale
from tracker.coverage.models import Edition, Mark
from tracker.coverage.nudges import nudge, tell
from tracker.elections.models import Election
from tracker.fieldwork.models import Visit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("workers")]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder whose broker this process talks to; nothing runs yet."""
    data = Path(tempfile.mkdtemp(prefix="tracker broker "))
    monkeypatch.setattr(settings, "REDIS_URL", valkey.url(data))
    address = valkey.url(data).replace("unix:", "redis+socket:").replace("?db=", "?virtual_host=")
    monkeypatch.setattr(settings, "CELERY_BROKER_URL", address)
    monkeypatch.setattr(broker, "_quiet_until", 0.0)
    monkeypatch.setattr(nudges, "_sent", float("-inf"))
    yield data
    current_app.pool.force_close_all()
    current_app._pool = None
    if hasattr(current_app.amqp, "_producer_pool"):
        current_app.amqp._producer_pool = None
    valkey.clear(data)
    shutil.rmtree(data)


@pytest.fixture
def running(place: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """A broker and a worker on the tests' database."""
    parts = {"broker": start_broker(place)}
    parts["worker"] = start_worker(place, place / "log")
    yield parts
    for name in ("worker", "broker"):
        if parts[name].poll() is None:
            end(parts[name])


def visited(election: Election) -> int | None:
    """Stations visited as the latest edition says."""
    edition = Edition.objects.filter(election=election).order_by("-number").first()
    return edition and json.loads(edition.total)["visited"]


def team_and_stations(stations: int) -> tuple[Any, list[Any]]:
    team = make_team(mission=make_mission())
    return team, [make_station(election=team.mission.election) for _number in range(stations)]


def test_a_visit_becomes_an_edition_and_a_burst_few_of_them(running: dict[str, Any]) -> None:
    team, places = team_and_stations(30)
    refresh_stale()
    before, began = Edition.objects.count(), time.monotonic()
    for station in places:
        make_visit(team=team, station=station)
        nudge()
    asked = 1 + (time.monotonic() - began) / (nudges.DEBOUNCE_SECONDS / 2)
    wait_for(lambda: visited(team.mission.election) == 30)
    wait_for(lambda: not Mark.objects.exists())
    # Counted together as often as the worker was asked, however long the thirty changes took.
    assert 1 <= Edition.objects.count() - before <= asked


def test_a_request_of_the_staff_nudges_and_the_page_follows(running: dict[str, Any], client: Client) -> None:
    team, (station,) = team_and_stations(1)
    make_visit(team=team, station=station)
    refresh_stale()
    client.force_login(make_administrator())
    slug = team.mission.election.slug
    assert client.get(f"/en/e/{slug}/stations/").status_code == 200
    answer = confirm(
        client,
        "/staff/stations/pollingstation/",
        {"action": "unpublish", "_selected_action": [station.pk]},
    )
    assert answer.status_code == 302
    wait_for(lambda: Edition.objects.filter(election__slug=slug).count() == 2)
    assert visited(team.mission.election) == 0


def test_raw_sql_is_found_by_the_clock_without_any_nudge(running: dict[str, Any]) -> None:
    team, (station,) = team_and_stations(1)
    visit = make_visit(team=team, station=station, status="draft")
    refresh_stale()
    with connection.cursor() as cursor:
        sql = "UPDATE fieldwork_visit SET status = 'submitted', submitted_at = now() WHERE id = %s"
        cursor.execute(sql, [visit.pk])
    assert Mark.objects.filter(election=team.mission.election).exists()
    # What beat sends each minute.
    assert broker.send("tracker.coverage.tasks.refresh_stale")
    wait_for(lambda: visited(team.mission.election) == 1)


def test_kill_9_of_worker_and_broker_loses_and_doubles_nothing(running: dict[str, Any], place: Path) -> None:
    team, places = team_and_stations(24)
    refresh_stale()
    for number, station in enumerate(places):
        make_visit(team=team, station=station)
        nudge()
        if number == 8:
            end(running["worker"])
        if number == 12:
            end(running["broker"])
        if number == 18:
            running["broker"] = start_broker(place)
            running["worker"] = start_worker(place, place / "log")
    broker.send("tracker.coverage.tasks.refresh_stale")  # as beat does within the minute
    broker._quiet_until = 0.0
    wait_for(lambda: broker.send("tracker.coverage.tasks.refresh_stale"))
    wait_for(lambda: visited(team.mission.election) == 24)
    assert Visit.objects.count() == 24
    said = StringIO()
    call_command("recount", stdout=said)
    assert "drift 0" in said.getvalue()
    call_command("verify_editions", stdout=said)


def test_without_the_broker_saving_works_waits_little_and_says_so(place: Path, client: Client) -> None:
    team, (station,) = team_and_stations(1)
    refresh_stale()
    client.force_login(make_administrator())
    began = time.monotonic()
    answer = confirm(
        client,
        "/staff/stations/pollingstation/",
        {"action": "unpublish", "_selected_action": [station.pk]},
        follow=True,
    )
    waited = time.monotonic() - began
    station.refresh_from_db()
    assert station.publication == "withdrawn"
    assert [str(message) for message in answer.context["messages"]] == [
        "1 polling station withdrawn from the public.",
        "Saved. The worker cannot be reached, so the public figures follow within a minute of its return.",
    ]
    # A promise of settings.BROKER_SECONDS, with room for a slow machine; a hang would take many times as long.
    assert waited < 10 * settings.BROKER_SECONDS
    assert not tell()
    assert Mark.objects.filter(election=team.mission.election).exists()


def test_ready_says_whether_the_broker_answers(place: Path, client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"database: ok\nbroker: no answer\n")
    server = start_broker(place)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"database: ok\nbroker: ok\n")
    # One that is there and silent is none.
    server.send_signal(signal.SIGSTOP)
    assert client.get("/readyz").status_code == 503
    server.send_signal(signal.SIGCONT)
    end(server)
    assert client.get("/healthz").status_code == 200


def test_a_job_whose_worker_is_killed_is_done_by_the_next_one_with_one_effect(
    running: dict[str, Any], place: Path
) -> None:
    teams = [team_and_stations(1)[0] for _number in range(3)]
    job = jobs.start_job(by=None, kind="recount", arguments={})
    end(running["worker"])
    # Wherever the kill came, a silent job is taken up again.
    Job.objects.filter(pk=job.pk, state="running").update(heartbeat_at="2024-02-07T00:00Z")
    running["worker"] = start_worker(place, place / "log")
    broker.send(jobs.RUN_TASK, job.pk)
    wait_for(lambda: Job.objects.get(pk=job.pk).state == "done")
    job.refresh_from_db()
    assert (job.done, job.total) == (3, 3)
    assert [Edition.objects.filter(election=team.mission.election).count() for team in teams] == [1, 1, 1]
