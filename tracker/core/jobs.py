"""Long work in the background: asked for by a person, done by a worker, watched on a screen.

An app registers the function of a kind in its `tasks.py`:

    @job_kind("recount", label=_("Count all figures"), permission="core.add_job")
    def recount(job: Job, progress: Progress) -> str: ...

The function takes the job (its `arguments` say what to work on), calls `progress(done, total)` between its units of
work, and returns a sentence for the person who asked. A worker may be killed at any moment;
another one then begins the job again: each unit must have its effect once, however often it is done.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from tracker.core import broker
from tracker.core.identity import Identity, speaking
from tracker.core.models import Job, User

log = logging.getLogger(__name__)
access = logging.getLogger("tracker.access")
State = Job.State
Progress = Callable[[int, int], None]

RUN_TASK = "tracker.core.tasks.run_job"
# A job that was silent for so long has lost its worker.
SILENCE = timedelta(seconds=45)
# What kills its worker as often as this is not begun again.
MOST_ATTEMPTS = 5
PROGRESS_SECONDS = 0.5
LOCK_CLASS = 0x6A6F62  # "job": the first half of the advisory lock's key


class Cancelled(Exception):
    """Somebody asked the job to stop."""


@dataclass(frozen=True)
class Kind:
    """What a kind of job is called, and the function that does it."""

    label: str | Promise
    permission: str
    function: Callable[[Job, Progress], str]


KINDS: dict[str, Kind] = {}


def job_kind(
    name: str, *, label: str | Promise, permission: str
) -> Callable[[Callable[[Job, Progress], str]], Callable[[Job, Progress], str]]:
    """Decorator: registers the function of the kind `name`, for people who have `permission` when it is done."""

    def register(function: Callable[[Job, Progress], str]) -> Callable[[Job, Progress], str]:
        if name in KINDS:
            raise ValueError(f"two functions for the kind of job {name!r}")
        KINDS[name] = Kind(label, permission, function)
        return function

    return register


def kind_label(job: Job) -> str:
    """What the job is called on a screen; its bare kind where the code no longer knows it."""
    return str(KINDS[job.kind].label) if job.kind in KINDS else job.kind


# --- asking


def start_job(*, by: User | None, kind: str, arguments: dict[str, Any]) -> Job:
    """Write down a job and tell the worker after the commit. `arguments` are plain JSON without personal data.

    Without a broker it waits for the next worker, or for `manage.py run_jobs`.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no kind of job {kind!r}")
    job = Job.objects.create(kind=kind, arguments=arguments, requested_by=by)
    _tell(job)
    return job


def cancel_job(*, by: User, job: Job) -> Job:
    """Stop a job: at once while it waits, else at its next unit of work. What is done stays done."""
    now = timezone.now()
    waiting = Job.objects.filter(pk=job.pk, state=State.WAITING)
    if not waiting.update(state=State.CANCELLED, finished_at=now, cancel_asked=True):
        running = Job.objects.filter(pk=job.pk, state=State.RUNNING)
        if not running.update(cancel_asked=True):
            raise ValidationError(_("This job has ended already."))
    job.refresh_from_db()
    return job


def retry_job(*, by: User, job: Job) -> Job:
    """Begin a failed or cancelled job again; what it had done is skipped or done again without effect."""
    again = Job.objects.filter(pk=job.pk, state__in=[State.FAILED, State.CANCELLED])
    if not again.update(
        state=State.WAITING, finished_at=None, started_at=None, heartbeat_at=None, attempts=0, done=0,
        cancel_asked=False, error="", result="", requested_by=by, requested_at=timezone.now(),
    ):  # fmt: skip
        raise ValidationError(_("Only a job that failed or was cancelled can be begun again."))
    job.refresh_from_db()
    _tell(job)
    return job


def _tell(job: Job) -> None:
    transaction.on_commit(lambda: broker.send(RUN_TASK, job.pk), robust=True)


# --- doing


def run_job(pk: int) -> bool:
    """Do the job `pk` here and now; False if there is nothing to do, or somebody else is at it.

    Two workers never run one job at once: a lock of the database session says who does, and it falls with its holder.
    """
    with _alone(pk) as mine:
        job = _begin(pk) if mine else None
        if job is None:
            return False
        try:
            if job.attempts > MOST_ATTEMPTS:
                words = _("It was begun %(times)d times and never came to its end.")
                _end(job, State.FAILED, error=words % {"times": MOST_ATTEMPTS})
                return True
            check_still_allowed(job.requested_by, KINDS[job.kind].permission)
            with (
                speaking(Identity(user=job.requested_by_id or 0, origin=f"job {job.pk}")),
                closing(_Reporter(job)) as reporter,
            ):
                result = KINDS[job.kind].function(job, reporter)
            _end(job, State.DONE, result=result)
        except Cancelled:
            _end(job, State.CANCELLED)
        except (OperationalError, InterfaceError):
            raise  # the database went away: the job stays as it is and is taken up again
        except PermissionDenied:
            access.warning("account %s, job %s (%s): refused", job.requested_by_id, job.pk, job.kind)
            _end(job, State.FAILED, error=_("Whoever asked for it may not do this (any more)."))
        except Exception as problem:
            log.exception("Job %s (%s) failed: %s", job.pk, job.kind, type(problem).__name__)
            words = _("It stopped with an error (%(name)s); the worker’s log says more.")
            _end(job, State.FAILED, error=words % {"name": type(problem).__name__})
    return True


def check_still_allowed(user: User | None, permission: str) -> None:
    """Refuse a person who may not do this any more, whatever they might when they asked. A clock (None) may."""
    if user is not None and not user.has_perm(permission):
        raise PermissionDenied


def open_jobs() -> QuerySet[Job]:
    """Jobs that wait, and jobs whose worker has not been heard of; the oldest first."""
    silent = Q(heartbeat_at__lt=timezone.now() - SILENCE)
    return Job.objects.filter(Q(state=State.WAITING) | Q(state=State.RUNNING) & silent).order_by(
        "requested_at", "pk"
    )


def resume_jobs() -> int:
    """Tell the worker of every job that nobody is at; how many. The lock keeps a job that is at work alone."""
    waited = Q(requested_at__lt=timezone.now() - SILENCE) | Q(state=State.RUNNING)
    return sum(broker.send(RUN_TASK, pk) for pk in open_jobs().filter(waited).values_list("pk", flat=True))


def _begin(pk: int) -> Job | None:
    now = timezone.now()
    known = Job.objects.filter(pk=pk, state__in=Job.OPEN, kind__in=KINDS)
    changed = known.update(
        state=State.RUNNING, started_at=now, heartbeat_at=now, done=0, attempts=F("attempts") + 1
    )
    return Job.objects.get(pk=pk) if changed else None


def _end(job: Job, state: State, *, result: str = "", error: str = "") -> None:
    now = timezone.now()
    Job.objects.filter(pk=job.pk, state=State.RUNNING).update(
        state=state, finished_at=now, heartbeat_at=now, result=result, error=error
    )
    job.refresh_from_db()


class _Reporter:
    """Writes progress, not more often than a person can see, and stops the job where that was asked.

    Within a transaction of the job it speaks over a connection of its own: others are to see how far the work is, and
    to stop it, before that transaction ends.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.last = 0.0
        self._aside: BaseDatabaseWrapper | None = None

    def __call__(self, done: int, total: int) -> None:
        now = monotonic()
        if done < total and now - self.last < PROGRESS_SECONDS:
            return
        self.last = now
        if self._write(min(done, total), total) and done < total:
            raise Cancelled

    def _write(self, done: int, total: int) -> bool:
        """Note how far the work is; whether it was asked to stop."""
        asked = _note_progress(self._connection(), self.job.pk, done, total)
        if asked is None:
            # Not seen from outside: the job was written down in the very transaction that does it.
            asked = _note_progress(connection, self.job.pk, done, total)
        return bool(asked)

    def _connection(self) -> Any:
        if not connection.in_atomic_block:
            return connection
        if self._aside is None:
            self._aside = connections[DEFAULT_DB_ALIAS].copy()
        return self._aside

    def close(self) -> None:
        if self._aside is not None:
            self._aside.close()


def _note_progress(through: Any, pk: int, done: int, total: int) -> bool | None:
    """Write how far the job is; whether it was asked to stop, or None where it is out of sight of this connection."""
    with through.cursor() as cursor:
        cursor.execute(
            "UPDATE core_job SET done = %s, total = %s, heartbeat_at = clock_timestamp() WHERE id = %s"
            " RETURNING cancel_asked",
            [done, total, pk],
        )
        row = cursor.fetchone()
    return None if row is None else bool(row[0])


@contextmanager
def _alone(pk: int) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, pk])
        mine = cursor.fetchone()[0]
    try:
        yield mine
    finally:
        if mine and connection.connection is not None and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, pk])
