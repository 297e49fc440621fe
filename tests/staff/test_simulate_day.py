"""Playing the day of the demonstration: through the actions, once, and never for a real election."""

import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from tests.conftest import load_az2024
from tests.ingest.folders import copy_of_demo, rewrite
from tests.ingest.folders import read as read_rows
from tests.public.pages import address, read
from tracker.core.models import User
from tracker.coverage.editions import drift, refresh_stale
from tracker.coverage.models import Mark
from tracker.elections.models import Election, SimulatedDay
from tracker.elections.queries import elections_by_time, present_moment
from tracker.fieldwork.models import Deployment, Incident, Team, Visit
from tracker.missions.models import Accreditation, Observer, Person
from tracker.staff import demonstration
from tracker.staff.demonstration import NotADemonstration, OtherDay
from tracker.staff.simulation import Event, Kind, plan_day
from tracker.stations.models import PollingStation

ROOT = Path(__file__).resolve().parents[2]


SMALL = ("DM-B", "DM-C", "DM-F")


def load_small(tmp_path: Path) -> Election:
    """The demonstration with the teams of three of its six missions: the same kinds of events in less time."""
    folder = copy_of_demo(tmp_path)
    members = {
        f"{row['mission']} {code}"
        for row in read_rows(folder, "field/teams.csv")
        for code in row["members"].split("; ")
    }
    for name in ("assessments", "observers", "teams", "deployments"):
        rewrite(
            folder,
            f"field/{name}.csv",
            lambda table, name=name: (
                [table[0]]
                + [
                    row
                    for row in table[1:]
                    if row[0] in SMALL and (name != "observers" or f"{row[0]} {row[1]}" in members)
                ]
            ),
        )
    demonstration.load_demonstration(folder)
    return Election.objects.get(slug="demo")


@pytest.fixture
def demo(db: None, tmp_path: Path) -> Election:
    return load_small(tmp_path)


@pytest.fixture
def whole_demo(db: None) -> Election:
    demonstration.load_demonstration()
    return Election.objects.get(slug="demo")


def simulate(*more: str) -> str:
    out = StringIO()
    call_command("simulate_day", "--speed", "0", *more, stdout=out)
    return out.getvalue()


def field_work() -> list[tuple[Any, ...]]:
    """Everything the day writes, without ids and without when a person's hand was at it."""
    visits = Visit.objects.order_by("submission_key").values_list(
        "submission_key", "team__name", "station__number", "phase", "arrived_at", "departed_at",
        "assessment__label", "status", "findings",
    )  # fmt: skip
    incidents = Incident.objects.order_by("submission_key").values_list(
        "submission_key", "category", "severity", "status", "publication", "summary", "station__number"
    )
    deployments = Deployment.objects.order_by("team__name", "team__mission", "starts_at").values_list(
        "team__name", "station__number", "status"
    )
    cancelled = PollingStation.objects.filter(status="cancelled").order_by("number").values_list("number")
    return [*visits, *incidents, *deployments, *cancelled]


# --- loading


def test_loading_enters_the_plan_through_the_actions_and_only_once(whole_demo: Election) -> None:
    counts = {model: model._base_manager.count() for model in (Observer, Team, Deployment, Accreditation)}
    assert counts == {Observer: 88, Team: 30, Deployment: 101, Accreditation: 88}
    assert all(team.members.count() == 2 for team in Team.objects.all())
    assert not Visit.objects.exists()
    decided = Accreditation.objects.filter(status="accredited").values_list("decided_at", flat=True)
    assert len({moment.date() for moment in decided}) > 8  # a line, not a jump
    assert max(decided) < datetime(2030, 3, 9, tzinfo=UTC)
    entered = demonstration.load_demonstration()
    assert entered == {"assessments": 0, "observers": 0, "teams": 0, "deployments": 0}
    assert counts == {model: model._base_manager.count() for model in counts}


def test_nobody_is_invented(demo: Election) -> None:
    assert not Person.objects.exists()
    assert not Observer.objects.filter(name_published=True).exists()
    user = User.objects.get(username="demonstration")
    assert (user.is_active, user.has_usable_password(), user.is_staff) == (False, False, False)


# --- the whole day


def test_a_day_ends_with_figures_equal_to_the_recount_and_a_chain_that_holds(
    whole_demo: Election, client: Client
) -> None:
    demo = whole_demo
    refresh_stale()
    said = simulate("--seed", "5")
    assert "drift 0" in said
    assert drift(demo) == []
    out = StringIO()
    call_command("verify_editions", stdout=out)
    assert "the chain holds" in out.getvalue()
    assert Visit.objects.filter(status="verified").count() > 50
    assert {phase for (phase,) in Visit.objects.values_list("phase")} == {
        "opening", "voting", "closing", "counting",
    }  # fmt: skip
    assert Incident.objects.filter(publication="published").exists()
    assert Incident.objects.filter(status="dismissed").exists()
    assert Deployment.objects.filter(status="called_off").exists()
    assert PollingStation.objects.filter(status="cancelled").count() == 2
    # What nobody visits is listed first, the countries and the constituency without any plan before all others.
    page = client.get(address("coverage", demo)).context
    rows = [(row.href[-2:], row.coverage.visited, row.coverage.planned) for row in page["countries"]]
    unplanned = {"KE", "EG", "BR", "CA", "KZ", "AE"}
    assert set(rows[:6]) == {(iso2, 0, 0) for iso2 in unplanned}
    assert rows[-1][1] > 0
    assert page["constituencies"].rows[0].name.startswith("6 ")
    # The clock stays at the end of the day, and to move it marks nothing as changed.
    end = SimulatedDay.objects.get().now
    assert end > datetime(2030, 3, 11, 2, tzinfo=UTC)
    demonstration.move_clock(demo, end + timedelta(hours=1))
    demonstration.move_clock(demo, end)  # never back
    assert SimulatedDay.objects.get().now == end + timedelta(hours=1)
    assert not Mark.objects.exists()


def test_what_is_done_is_done_in_the_name_of_the_simulation(demo: Election) -> None:
    simulate("--until", "2030-03-10T09:00+03:00")
    names = set(Visit.objects.values_list("created_by__username", flat=True))
    assert names == {"demonstration"}


def test_the_same_seed_plays_the_same_day(demo: Election) -> None:
    simulate("--seed", "2")
    first = field_work()
    simulate("--seed", "2", "--reset", "--yes")
    assert field_work() == first
    simulate("--seed", "3", "--reset", "--yes")
    assert field_work() != first


def test_stopping_at_an_hour_and_going_on_is_the_same_day(demo: Election) -> None:
    simulate()
    whole = field_work()
    demonstration.reset_day(demo, by=demonstration.simulated_staff())
    for hour in ("08:30", "12:00", "16:00"):
        simulate("--until", hour)
    said = simulate()
    assert field_work() == whole
    assert "drift 0" in said
    assert "0 of " in simulate()  # nothing is left to play
    assert field_work() == whole


def test_an_event_whose_answer_was_lost_is_not_played_twice(demo: Election) -> None:
    register = demonstration.read_register(demo)
    events = plan_day(register.world, 1)
    by = demonstration.simulated_staff()
    demonstration.begin_day(demo, seed=1, now=events[0].at)
    answers = [
        demonstration.play(demo, register, event, seed=1, by=by) for event in events[:80] for _ in "ab"
    ]
    assert answers[1::2] == [None] * 80
    assert set(answers[::2]) == {""}
    once = field_work()
    demonstration.reset_day(demo, by=by)
    demonstration.begin_day(demo, seed=1, now=events[0].at)
    for event in events[:80]:
        demonstration.play(demo, register, event, seed=1, by=by)
    assert field_work() == once


def test_what_people_do_meanwhile_counts_and_does_not_stop_the_day(demo: Election) -> None:
    simulate("--until", "12:00")
    Visit.objects.exclude(status="verified").delete()
    Deployment.objects.filter(starts_at__gt=datetime(2030, 3, 10, 9, tzinfo=UTC)).update(status="called_off")
    said = simulate()
    assert "without effect: The visit is not in the register." in said
    assert "without effect: Only a planned deployment can be confirmed;" in said
    assert "drift 0" in said


# --- beginning anew


def test_reset_takes_the_field_work_away_and_plans_everything_again(demo: Election) -> None:
    before = field_work()
    simulate()
    simulate_reset = StringIO()
    call_command(
        "simulate_day",
        "--reset",
        "--yes",
        "--speed",
        "0",
        "--until",
        "2030-03-09T10:00Z",
        stdout=simulate_reset,
    )
    assert field_work() == before
    assert SimulatedDay.objects.get().last_event == ""


def test_reset_asks_first(demo: Election, monkeypatch: pytest.MonkeyPatch) -> None:
    simulate("--until", "10:00")
    before = field_work()
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "no")
    said = simulate("--reset")
    assert said == "Nothing was changed.\n"
    assert "also those entered by hand" in asked[0]
    assert field_work() == before


def test_another_seed_waits_for_a_reset(demo: Election) -> None:
    simulate("--until", "10:00")
    with pytest.raises(CommandError, match="A day with seed 1 is in progress"):
        simulate("--seed", "4")


# --- never for a real election


def test_a_real_election_is_refused_whatever_the_door(db: None) -> None:
    real = load_az2024()
    with pytest.raises(CommandError, match="Visits are never invented for a real election"):
        simulate("--election", "az-2024-president")
    by = demonstration.simulated_staff()
    event = Event(datetime(2024, 2, 7, tzinfo=UTC), "UTC", Kind.DRAFT, "x", "x")
    register = demonstration.Register(None, {}, {}, {})  # type: ignore[arg-type]
    for attempt in (
        lambda: demonstration.read_register(real),
        lambda: demonstration.begin_day(real, seed=1, now=datetime(2024, 2, 7, tzinfo=UTC)),
        lambda: demonstration.play(real, register, event, seed=1, by=by),
        lambda: demonstration.reset_day(real, by=by),
    ):
        with pytest.raises(NotADemonstration):
            attempt()
    real.demonstration = True  # what an object says does not count, what the register says does
    with pytest.raises(NotADemonstration):
        demonstration.begin_day(real, seed=1, now=datetime(2024, 2, 7, tzinfo=UTC))
    assert not Visit.objects.exists()


def test_a_day_that_has_begun_holds_its_election_to_be_a_demonstration(demo: Election) -> None:
    simulate("--until", "2030-03-09T14:00Z")

    def turn_real() -> None:
        Election.objects.filter(pk=demo.pk).update(demonstration=False)
        connection.check_constraints()

    with pytest.raises(IntegrityError, match="simulated_day_only_of_demonstration"), transaction.atomic():
        turn_real()


def test_without_a_day_nothing_is_played(demo: Election) -> None:
    register = demonstration.read_register(demo)
    event = plan_day(register.world, 1)[0]
    with pytest.raises(OtherDay):
        demonstration.play(demo, register, event, seed=1, by=demonstration.simulated_staff())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--election", "nowhere"], "No election has the address name 'nowhere'."),
        (["--election", "demo"], "Load it with: manage.py load_demo"),
        (["--speed", "fast"], "must be a number"),
        (["--seed", "-1"], "must be a whole number"),
    ],
)
def test_what_cannot_be_done_says_why(db: None, arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("simulate_day", *arguments, stdout=StringIO())
    assert said in str(refused.value)


def test_an_hour_that_is_none_says_how_to_write_one(demo: Election) -> None:
    with pytest.raises(CommandError, match=r"Write 12:00 \(on 2030-03-10\)"):
        simulate("--until", "noon")


# --- the clock


def test_pages_take_the_simulated_moment_as_now(demo: Election, client: Client) -> None:
    assert present_moment(demo) > datetime(2026, 1, 1, tzinfo=UTC)
    assert present_moment(demo) < datetime(2030, 1, 1, tzinfo=UTC)
    simulate("--until", "12:00")
    demo = Election.objects.get(pk=demo.pk)
    noon = datetime(2030, 3, 10, 9, tzinfo=UTC)
    assert present_moment(demo) == noon
    assert elections_by_time(noon - timedelta(days=900)).on == [demo]
    said = re.findall(r"Simulated time: [^<]*", client.get(address("dashboard", demo)).content.decode())
    assert said == ["Simulated time: 10 Mar 2030 09:00 UTC, 12:00 in Demoland (invented)."]
    assert "Now 10 March 2030, 09:00 UTC" in read(client, address("clock", demo)).replace(" a.m.", "")
    berlin = PollingStation.objects.get(city="Berlin")
    wellington = PollingStation.objects.get(city="Wellington")
    assert "open at this moment" in read(client, address("station", demo, berlin.pk))
    assert "closed at this moment" in read(client, address("station", demo, wellington.pk))
    states = client.get(address("dashboard", demo)).context["map"].states
    assert {code for code, _label, _count in states} == {"open", "not_yet", "closed", "break"}


# --- killed


@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_and_started_again_it_is_the_same_day(tmp_path: Path) -> None:
    demo = load_small(tmp_path)
    simulate()
    whole = field_work()
    demonstration.reset_day(demo, by=demonstration.simulated_staff())
    kills = 0
    while kills < 3:
        # However late the kill comes, there is more of the day to play.
        process = start_simulation("--until", f"{10 + kills}:00")
        assert process.stdout is not None
        # Some lines are awaited, then it is killed wherever it is.
        lines = [process.stdout.readline() for _ in range(25)]
        time.sleep(0.015 * kills)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert lines[-1]
        kills += 1
    middle = Visit.objects.count()
    said = simulate()
    assert 0 < middle < Visit.objects.count()
    assert field_work() == whole
    assert "drift 0" in said


@pytest.mark.django_db(transaction=True)
def test_a_database_that_throws_it_out_again_and_again_is_waited_for(tmp_path: Path) -> None:
    demo = load_small(tmp_path)
    simulate()
    whole = field_work()
    demonstration.reset_day(demo, by=demonstration.simulated_staff())
    process = start_simulation()
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if len(lines) in (10, 40, 90):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
    process.stdout.close()
    assert process.wait() == 0, "".join(lines)
    assert "The database does not answer; waiting for it. Nothing is lost (Ctrl-C stops).\n" in lines
    assert "The database answers again; going on.\n" in lines
    assert field_work() == whole
    assert "demo: edition 1, drift 0\n" in lines  # the same figures as of the day before the reset


@pytest.mark.django_db(transaction=True)
def test_an_interrupt_ends_it_with_a_sentence(tmp_path: Path) -> None:
    load_small(tmp_path)
    process = start_simulation("--speed", "60")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    said, _nothing = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.endswith("Stopped. Start it again and the day goes on from here; --reset begins it anew.\n")


def heed_interrupts() -> None:
    """A test run in the background ignores interrupts, and its children would too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start_simulation(*more: str) -> "subprocess.Popen[str]":
    """The command in a process of its own, on the database of the tests."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    return subprocess.Popen(
        [sys.executable, "manage.py", "simulate_day", "--speed", "0", *more],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": urlunsplit(url)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=heed_interrupts,
    )
