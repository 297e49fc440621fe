"""In whose name the database is asked: set for one transaction, read by its triggers and its row security.

The settings are local to the transaction (`set_config(..., true)`), so that a pooled connection carries nothing over
to the next request. Inside another transaction they are put back at the end. The same goes for the database role that
an identity brings: what the transaction may read and write at all (`core.wall`).
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
    # The role of the database (`tracker.database_roles`) to be; empty: the one that it is already.
    role: str = ""


SETTINGS = tuple(f"tracker.{field.name}" for field in fields(Identity) if field.name != "role")
NAMES = (*SETTINGS, "role")


@contextmanager
def acting(identity: Identity, *, one_moment: bool = False) -> Iterator[None]:
    """One transaction in which the database knows who acts. May be nested; the inner one speaks while it lasts.

    With `one_moment` all its queries see the same moment, unless another transaction is around it already.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and one_moment:
            connection.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        before = None if outermost else _read()
        _write(_words(identity), local=True)
        yield
        # The end of a transaction takes its settings with it, and so does a roll-back after an error.
        if before is not None and not connection.needs_rollback:
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
    words = ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in NAMES)
    # Past Django's counting of queries: these are part of the transaction, as BEGIN is.
    return list(connection.connection.execute(f"SELECT {words}").fetchone())


def _words(identity: Identity) -> list[str]:
    values = asdict(identity)
    return [str(values[name.removeprefix("tracker.")] or "") for name in NAMES]


def _write(values: list[str], *, local: bool) -> None:
    # The role comes last: what it may not do is not to stand in the way of the rest.
    words = ", ".join(f"set_config('{name}', %s, {local})" for name in SETTINGS)
    role = f"set_config('role', coalesce(nullif(%s, ''), current_setting('role')), {local})"
    connection.connection.execute(f"SELECT {words}, {role}", values)
