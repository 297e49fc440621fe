"""A server for one run of the tests."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tracker.postgres.locks import try_lock
from tracker.postgres.server import Server


@contextlib.contextmanager
def throwaway(data: Path, site_packages: Sequence[str] | None = None) -> Iterator[str]:
    """A fresh, fast, empty server for one test run; its URL. Gone afterwards, with all it held.

    Runs beside each other get numbered folders `data/test-1`, `test-2`, ...; what a killed run left is cleared away.
    """
    data.mkdir(parents=True, exist_ok=True)
    mine: tuple[Server, int] | None = None
    existing = sorted(int(folder.name[5:]) for folder in data.glob("test-*") if folder.name[5:].isdigit())
    for number in [*existing, *(n for n in range(1, 1000) if n not in existing)]:
        if mine is not None and number not in existing:
            break
        server = Server(data, f"test-{number}", throwaway=True, site_packages=site_packages)
        server.folder.mkdir(exist_ok=True)
        slot = try_lock(server.folder / "slot.lock")
        if slot is None:
            continue
        if server.stop():
            server.remove()
        if mine is None:
            mine = server, slot
        else:
            os.close(slot)
    assert mine is not None  # noqa: S101 - a thousand runs at once
    server, slot = mine
    try:
        yield server.start()
    finally:
        if server.stop():
            server.remove()
        os.close(slot)
