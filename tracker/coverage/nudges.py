"""Telling the worker that there may be something to count. A lost nudge costs a minute, never a wrong number."""

import threading
import time

from django.db import transaction

from tracker.core import broker

REFRESH_TASK = "tracker.coverage.tasks.refresh_stale"
# Changes that come within this time are counted together.
DEBOUNCE_SECONDS = 1.0
_lock = threading.Lock()
_sent = float("-inf")


def nudge() -> None:
    """After the running transaction commits, ask the worker to count what is marked. Never raises, never waits long."""
    transaction.on_commit(tell, robust=True)


def tell() -> bool:
    """Ask the worker now; False if there is a broker and it could not be told.

    The task waits a moment and counts whatever is marked then. Within the first half of that moment a further nudge of
    this process adds nothing; one in the second half could come too late for it and is sent.
    """
    global _sent
    if not broker.configured():
        return True  # nobody to tell: `recount --publish` counts, or the first worker there is
    with _lock:
        now = time.monotonic()
        if now < _sent + DEBOUNCE_SECONDS / 2:
            return True
        before, _sent = _sent, now
    told = broker.send(REFRESH_TASK, countdown=DEBOUNCE_SECONDS, expires=60)
    if not told:
        with _lock:
            _sent = before
    return told
