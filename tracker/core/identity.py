"""In whose name the database is asked: set for one transaction, read by its triggers and its row security.

The settings are local to the transaction (`set_config(..., true)`), so that a pooled connection carries nothing over
to the next request. Inside another transaction they are put back at the end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields

from django.db import connection, transaction


@dataclass(frozen=True)
class Identity:
    """Who acts. Empty parts are unknown; the history then names the role that the session has in the database."""

    # Key of the account, 0 for none.
    user: int = 0
    # The door: "request", "job 12", "command load_election".
    origin: str = ""
    # The mark of one request in the logs.
    request: str = ""
    # Why a public record is corrected, as the person typed it.
    reason: str = ""


SETTINGS = tuple(f"tracker.{field.name}" for field in fields(Identity))


@contextmanager
def acting(identity: Identity) -> Iterator[None]:
    """One transaction in which the database knows who acts. May be nested; the inner one speaks while it lasts."""
    with transaction.atomic():
        before = _read()
        _write(_words(identity), local=True)
        yield
        # After an error the transaction is rolled back, and its settings with it.
        if not connection.needs_rollback:
            _write(before, local=True)


@contextmanager
def speaking(identity: Identity) -> Iterator[None]:
    """The same for work that has many transactions on a connection of its own: a job in the worker.

    Not for requests: these settings are the session's until the end of the block.
    """
    connection.ensure_connection()
    before = _read()
    _write(_words(identity), local=False)
    try:
        yield
    finally:
        # A connection that broke meanwhile is replaced by one that knows nothing.
        if connection.connection is not None and connection.is_usable():
            _write(before, local=False)


def give_reason(reason: str) -> None:
    """Say why the rest of this transaction corrects what is public."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('tracker.reason', %s, true)", [reason])


def _read() -> list[str]:
    words = ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in SETTINGS)
    # Past Django's counting of queries: these are part of the transaction, as BEGIN is.
    return list(connection.connection.execute(f"SELECT {words}").fetchone())


def _words(identity: Identity) -> list[str]:
    return ["" if value == 0 else str(value) for value in asdict(identity).values()]


def _write(values: list[str], *, local: bool) -> None:
    words = ", ".join(f"set_config('{name}', %s, {local})" for name in SETTINGS)
    connection.connection.execute(f"SELECT {words}", values)
