"""Jobs: asked for, done once however often they are begun, watched, stopped, begun again."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from tests.factories import make_accreditation, make_administrator
from tracker.core import jobs
from tracker.core.jobs import Kind, Progress, cancel_job, kind_label, open_jobs, retry_job, run_job, start_job
from tracker.core.logs import CleanFormatter
from tracker.core.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kinds() -> Iterator[dict[str, Kind]]:
    """Kinds of these tests only."""
    before = dict(jobs.KINDS)
    jobs.KINDS.clear()
    yield jobs.KINDS
    jobs.KINDS.clear()
    jobs.KINDS.update(before)


def kind(function: Any) -> Job:
    """A job of a kind that does `function`, not begun yet."""
    jobs.job_kind("test", label="A test", permission="core.add_job")(function)
    return start_job(by=make_administrator(), kind="test", arguments={"keys": [1, 2, 3]})


def read(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_a_job_is_written_down_done_and_says_what_came_of_it() -> None:
    seen: list[tuple[str, int, int | None]] = []

    def count(job: Job, progress: Progress) -> str:
        for number, _key in enumerate(job.arguments["keys"], 1):
            progress(number, 3)
            now = read(job)
            seen.append((now.state, now.done, now.total))
        return "Three keys."

    job = kind(count)
    assert (job.state, job.done, job.total, kind_label(job)) == ("waiting", 0, None, "A test")
    assert run_job(job.pk)
    # The second of three comes sooner than a person can see, and is not written.
    assert seen == [("running", 1, 3), ("running", 1, 3), ("running", 3, 3)]
    done = read(job)
    assert (done.state, done.done, done.total, done.result, done.error) == ("done", 3, 3, "Three keys.", "")
    assert done.started_at
    assert done.finished_at
    assert done.started_at <= done.finished_at
    assert not run_job(job.pk)


def test_an_unknown_kind_is_refused_and_one_name_has_one_function() -> None:
    with pytest.raises(ValueError, match="no kind of job 'nonsense'"):
        start_job(by=None, kind="nonsense", arguments={})
    kind(lambda job, progress: "")
    with pytest.raises(ValueError, match="two functions"):
        jobs.job_kind("test", label="Again", permission="core.add_job")(lambda job, progress: "")


def test_an_error_is_said_without_what_it_was_about() -> None:
    def fail(job: Job, progress: Progress) -> str:
        raise ValueError("Placeholder Person, passport 123")

    job = kind(fail)
    assert run_job(job.pk)
    assert (read(job).state, read(job).error) == (
        "failed",
        "It stopped with an error (ValueError); the worker’s log says more.",
    )


def test_the_log_names_the_error_and_its_place_and_no_person(caplog: pytest.LogCaptureFixture) -> None:
    """PostgreSQL itself prints no row under row security; what our own code says of one must not get there either."""
    row = make_accreditation(status="refused", reason="canaryreason")

    def fail(job: Job, progress: Progress) -> str:
        try:
            with transaction.atomic():
                type(row).objects.filter(pk=row.pk).update(status="accredited")
        except IntegrityError as error:
            assert "canaryreason" not in str(error)  # noqa: PT017 - what is raised next holds it
            raise ValueError("canarytext") from error
        return ""

    job = kind(fail)
    assert run_job(job.pk)
    said = "\n".join(map(CleanFormatter().format, caplog.records))
    assert f"Job {job.pk} (test) failed: ValueError" in said
    assert "IntegrityError" in said
    assert "CheckViolation (accreditation_badge_has_number_and_dates)" in said
    assert "in fail" in said
    assert "canaryreason" not in said
    assert [
        line for line in said.splitlines() if "canarytext" in line and "raise ValueError" not in line
    ] == []


def test_a_job_waits_to_be_cancelled_at_once_and_stops_between_units_when_it_runs() -> None:
    done: list[int] = []

    def units(job: Job, progress: Progress) -> str:
        for number in range(1, 4):
            done.append(number)
            cancel_job(by=job.requested_by, job=job)  # type: ignore[arg-type]
            progress(number, 3)
        return "All of it."

    waiting = kind(units)
    assert cancel_job(by=make_administrator(), job=waiting).state == "cancelled"
    assert not run_job(waiting.pk)
    running = start_job(by=make_administrator(), kind="test", arguments={})
    assert run_job(running.pk)
    assert (done, read(running).state, read(running).result) == ([1], "cancelled", "")
    with pytest.raises(ValidationError, match="ended already"):
        cancel_job(by=make_administrator(), job=running)


def test_a_failed_job_can_be_begun_again_and_a_finished_one_not() -> None:
    answers = iter([ValueError(), "Done at last."])

    def sometimes(job: Job, progress: Progress) -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    job = kind(sometimes)
    run_job(job.pk)
    again = retry_job(by=make_administrator(), job=read(job))
    assert (again.state, again.error, again.finished_at, again.attempts) == ("waiting", "", None, 0)
    run_job(job.pk)
    assert (read(job).state, read(job).result) == ("done", "Done at last.")
    with pytest.raises(ValidationError, match="Only a job that failed"):
        retry_job(by=make_administrator(), job=read(job))


def test_a_job_whose_worker_was_killed_is_found_and_given_up_after_five_times() -> None:
    job = kind(lambda job, progress: "Done.")
    long_ago = timezone.now() - timedelta(minutes=2)
    assert [found.pk for found in open_jobs()] == [job.pk]
    Job.objects.update(state="running", started_at=long_ago, heartbeat_at=timezone.now())
    assert list(open_jobs()) == []
    Job.objects.update(heartbeat_at=long_ago, attempts=5)
    assert [found.pk for found in open_jobs()] == [job.pk]
    run_job(job.pk)
    assert read(job).error == "It was begun 5 times and never came to its end."


def test_a_database_that_goes_away_leaves_the_job_to_be_taken_up_again() -> None:
    def gone(job: Job, progress: Progress) -> str:
        raise OperationalError("server closed the connection")

    job = kind(gone)
    with pytest.raises(OperationalError):
        run_job(job.pk)
    assert (read(job).state, read(job).attempts) == ("running", 1)


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_run_one_job_at_once() -> None:
    begun, go_on = threading.Event(), threading.Event()
    runs: list[int] = []

    def slow(job: Job, progress: Progress) -> str:
        runs.append(job.pk)
        begun.set()
        assert go_on.wait(20)
        return "Once."

    job = kind(slow)

    def work() -> None:
        run_job(job.pk)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    assert begun.wait(20)
    assert not run_job(job.pk)
    go_on.set()
    worker.join()
    assert (runs, read(job).result) == ([job.pk], "Once.")


def test_without_a_worker_a_command_does_what_waits() -> None:
    kind(lambda job, progress: "Done by hand.")
    said = StringIO()
    call_command("run_jobs", stdout=said)
    (job,) = Job.objects.all()
    assert said.getvalue() == f"A test ({job.pk}): done. Done by hand.\n"


def test_the_rest_is_reckoned_from_the_pace_so_far() -> None:
    now = timezone.now()
    job = Job(state="running", started_at=now - timedelta(seconds=30), heartbeat_at=now, done=10, total=40)
    assert job.remaining_seconds == 90
    assert Job(state="running", started_at=now, heartbeat_at=now, done=0, total=40).remaining_seconds is None
    assert Job(state="waiting").remaining_seconds is None
