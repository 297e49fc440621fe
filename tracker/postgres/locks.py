"""Locks on files, which the kernel lets go of when a process dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tracker.postgres.programs import PostgresError


def try_lock(path: Path, how: int = fcntl.LOCK_EX) -> int | None:
    """Lock `path` without waiting; the open file's number, or None if somebody else holds it."""
    number = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(number, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(number)
        return None
    except BaseException:
        os.close(number)
        raise
    return number


def go_on() -> None:
    """The check of somebody who is never asked to stop."""


@contextlib.contextmanager
def locked(path: Path, seconds: float, complaint: str, check: Callable[[], None] = go_on) -> Iterator[None]:
    """Hold the lock `path`, waiting up to `seconds` for it; PostgresError(complaint) if that was not enough.

    `check` is called while waiting; what it raises ends that.
    """
    deadline = time.monotonic() + seconds
    while (number := try_lock(path)) is None:
        check()
        if time.monotonic() > deadline:
            raise PostgresError(complaint)
        time.sleep(0.02)
    try:
        yield
    finally:
        os.close(number)
