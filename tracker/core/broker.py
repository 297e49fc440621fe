"""Telling the worker that there is something to do. Everything it needs stands in the database too.

So a message may be lost: what it was about is found by the clock within a minute. Nothing here raises, and nobody waits
long for a broker that is gone.
"""

import logging
import threading
import time
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

# After a failure nobody tries again for so long: a hundred people who save do not all wait for a dead broker.
QUIET_SECONDS = 10.0
_lock = threading.Lock()
_quiet_until = 0.0


def configured() -> bool:
    """Whether there is a broker to tell anything to."""
    return bool(settings.CELERY_BROKER_URL)


def send(task: str, *arguments: Any, countdown: float = 0, expires: float | None = None) -> bool:
    """Ask the worker to run `task` (its name) with plain arguments; whether the broker took the message."""
    global _quiet_until
    if not configured() or time.monotonic() < _quiet_until:
        return False
    try:
        current_app.send_task(task, args=arguments, countdown=countdown, expires=expires, retry=False)
    except Exception:  # whatever the broker's trouble is, the work is in the database and waits there
        with _lock:
            _quiet_until = time.monotonic() + QUIET_SECONDS
        log.warning("The worker could not be told of %s; the clock will find it within a minute.", task)
        return False
    return True


def answers() -> bool:
    """Whether the broker answers now, within BROKER_SECONDS."""
    limit = settings.BROKER_SECONDS
    try:
        once = Retry(NoBackoff(), 0)
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=limit, socket_timeout=limit, retry=once
        ) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False
