"""Telling the worker that there may be something to count. A lost nudge costs a minute, never a wrong number."""

import logging
import threading
import time

from django.conf import settings
from django.db import transaction

log = logging.getLogger(__name__)

# Changes that come within this time are counted together.
DEBOUNCE_SECONDS = 1.0
_last = threading.local()


def nudge() -> None:
    """After the running transaction commits, ask the worker to count what is marked. Never raises, never waits long.

    Within a debounce one nudge of a process is enough: the task runs only after it, and counts whatever is marked then.
    """
    transaction.on_commit(_send, robust=True)


def _send() -> None:
    if not getattr(settings, "CELERY_BROKER_URL", ""):
        return  # no broker: `recount --publish` or the next worker counts
    now = time.monotonic()
    if now < getattr(_last, "due", 0.0):
        return
    from tracker.coverage.tasks import refresh_stale

    try:
        refresh_stale.apply_async(countdown=DEBOUNCE_SECONDS, retry=False, expires=60)
    except Exception:
        # Whatever the broker's trouble is, the change is saved and marked; beat finds it within a minute.
        log.warning(
            "The worker could not be told of a change; it will be counted within a minute.", exc_info=True
        )
    # A little less than the countdown: no change may fall between a task that has started and the next nudge.
    _last.due = now + 0.8 * DEBOUNCE_SECONDS
