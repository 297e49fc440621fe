"""Whether the history is whole, and whether the tables are what it says they are.

Nothing here trusts a function in the database: hashes are made anew from the expressions in `sql`. Rows are read in a
stream, so that memory stays flat whatever the size of the register.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import connection, models, transaction

from tracker.core.history import declared, sql
from tracker.core.history.finding import Finding
from tracker.core.history.installed import verify_installed

# Told about every so many rows: what is looked at, and how many are done.
Progress = Callable[[str, int], None]
CHUNK = 2000
Json = dict[str, Any]
_names = count(1)


@dataclass(frozen=True)
class Head:
    """The last entry of the chain: its number and hash stand for everything before it."""

    number: int
    hash: str


def history_head() -> Head | None:
    """The last sealed entry that the running transaction sees; None where nothing was recorded yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, hash FROM core_change WHERE number IS NOT NULL ORDER BY number DESC LIMIT 1"
        )
        row = cursor.fetchone()
    return Head(*row) if row else None


def seal_left_open() -> None:
    """Seal what a transaction with a fixed snapshot left open (see `sql.SEALING`)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.history_seal()")


def verify(
    progress: Progress = lambda what, done: None, *more: Callable[[Progress], Iterator[Finding]]
) -> Iterator[Finding]:
    """Everything that is wrong with what guards the register, with chain and tables, and with what `more` looks at: all
    in one moment of the database."""
    seal_left_open()
    with transaction.atomic():
        with connection.cursor() as cursor:
            if not connection.savepoint_ids:  # within somebody else's transaction, that one's snapshot counts
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(
                "SELECT set_config('timezone', 'UTC', true), set_config('extra_float_digits', '1', true),"
                " set_config('bytea_output', 'hex', true), set_config('intervalstyle', 'iso_8601', true),"
                " set_config('jit', 'off', true)"
            )
        yield from verify_installed()
        yield from verify_chain(progress)
        for model in declared.chained_models():
            yield from verify_table(model, progress)
        for look in more:
            yield from look(progress)


# --- the chain -------------------------------------------------------------------------------------------------------

_EXPECTED = sql.CHANGE_HASH.format(
    row="c", previous="c.previous_hash", number="c.number", rows="c.rows", digest="d.digest"
)
_ENTRIES = f"""
    SELECT c.id, c.number, c.previous_hash, c.hash, c.rows, d.there, d.sound,
        {_EXPECTED}
    FROM core_change c CROSS JOIN LATERAL (
        SELECT count(*) AS there, {sql.ROWS_DIGEST} AS digest,
            coalesce(bool_and(r.digest = {sql.ROW_DIGEST.format(row="r")}), true) AS sound
        FROM core_changedrow r WHERE r.change_id = c.id
    ) AS d
    WHERE c.number IS NOT NULL ORDER BY c.number"""


def verify_chain(progress: Progress = lambda what, done: None) -> Iterator[Finding]:
    """Entries that are missing, altered, or not tied to the one before, in the order of the chain."""
    before, last = "", 0
    for done, entry in enumerate(stream(_ENTRIES), 1):
        pk, number, previous, own, rows, there, sound, expected = entry
        if number != last + 1:
            yield Finding(_missing(last + 1, number - 1), last + 1)
        elif previous != before:
            yield Finding("it does not carry the hash of the entry before", number)
        if not sound:
            yield from _altered_rows(pk, number)
        elif rows != there:
            yield Finding(f"{rows} rows were sealed, {there} are there", number)
        elif own != expected:
            yield Finding(
                "its moment, account, door, request, reason, role, transaction or number is not what was sealed,"
                " or one of its rows was replaced",
                number,
            )
        before, last = own, number
        if done % CHUNK == 0:
            progress("chain", done)
    yield from _head_kept(last)
    yield from _outside_the_chain()


def _head_kept(last: int) -> Iterator[Finding]:
    """Where the chain does not end with the entry that is remembered beside it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT h.number, h.hash, c.hash FROM core_head h LEFT JOIN core_change c ON c.number = h.number"
        )
        number, kept, there = cursor.fetchone() or (None, "", "")
    if number is None:
        if last:
            yield Finding(
                "which entry was the last is no longer known; compare with an edition", table="core_head"
            )
    elif number > last:
        missing = _missing(last + 1, number)
        yield Finding(
            f"{missing} from the end; the last one had the hash {kept}: look for it in a copy", last + 1
        )
    elif there != kept:
        yield Finding(f"it was the last one once, with the hash {kept}: look for that one in a copy", number)
    elif number < last:
        yield Finding("it is remembered as the last one, and others follow; compare with an edition", number)


def _missing(first: int, last: int) -> str:
    return "it is missing" if first == last else f"it and all up to {last} are missing"


def _altered_rows(pk: int, number: int) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.table_name, r.key FROM core_changedrow r"
            f" WHERE r.change_id = %s AND r.digest <> {sql.ROW_DIGEST.format(row='r')} ORDER BY r.id LIMIT 20",
            [pk],
        )
        for table, key in cursor.fetchall():
            yield Finding("what the history says of it was altered", number, table, key)


def _outside_the_chain() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.table_name, r.key FROM core_changedrow r LEFT JOIN core_change c ON c.id = r.change_id"
            " WHERE c.id IS NULL ORDER BY r.id LIMIT 20"
        )
        for table, key in cursor.fetchall():
            yield Finding("it stands in the history under no entry", table=table, key=key)


# --- the tables ------------------------------------------------------------------------------------------------------

_LOG = """
    SELECT r.key, r.kind, r.before::text, r.after::text, p.salt,
        (SELECT jsonb_object_agg(e.key, e.value::text)::text FROM jsonb_each(p.before) e),
        (SELECT jsonb_object_agg(e.key, e.value::text)::text FROM jsonb_each(p.after) e)
    FROM core_changedrow r {left} JOIN core_personalvalue p ON p.changed_row_id = r.id {on}
    WHERE r.table_name = '{table}' ORDER BY r.key COLLATE "C", r.id"""


@dataclass
class _State:
    """A row as the history has it: None once deleted. Salts are those of the entry that last set a sealed column."""

    row: Json | None = None
    salts: dict[str, bytes | None] = field(default_factory=dict)
    # Sealed columns whose salt is gone, until an erasure says why.
    unsalted: bool = False
    wrong_value: str = ""


def verify_table(
    model: type[models.Model], progress: Progress = lambda what, done: None
) -> Iterator[Finding]:
    """Where the rows of `model` are not what the history makes of them: a change that no trigger saw."""
    table = model._meta.db_table
    sealed = (*declared.personal_columns(model), *declared.secret_columns(model))
    key: Any = model._meta.pk
    leave_out = set(declared.noise_columns(model))
    rows = stream(
        f'SELECT t."{key.column}"::text, to_jsonb(t)::text,'
        " (SELECT jsonb_object_agg(e.key, e.value::text)::text FROM jsonb_each(to_jsonb(t)) e"
        f" WHERE e.key = ANY('{{{','.join(sealed)}}}')) FROM public.{table} t"
        f' ORDER BY t."{key.column}"::text COLLATE "C"'
    )
    actual = next(rows, None)
    for done, (name, state) in enumerate(_replay(table, bool(sealed)), 1):
        while actual is not None and actual[0] < name:
            yield Finding("it is in the table and not in the history", table=table, key=actual[0])
            actual = next(rows, None)
        if state.wrong_value:
            yield Finding(
                "its personal value in the history is not the one that was sealed",
                table=table, key=name, column=state.wrong_value,
            )  # fmt: skip
        if state.unsalted:
            yield Finding(
                "its personal values are gone from the history without an erasure", table=table, key=name
            )
        if actual is not None and actual[0] == name:
            if state.row is None:
                yield Finding("it was deleted by the history and is in the table", table=table, key=name)
            else:
                yield from _differences(table, name, state.row, state.salts, actual, leave_out)
            actual = next(rows, None)
        elif state.row is not None:
            yield Finding("it is in the history and not in the table", table=table, key=name)
        if done % CHUNK == 0:
            progress(table, done)
    while actual is not None:
        yield Finding("it is in the table and not in the history", table=table, key=actual[0])
        actual = next(rows, None)


def _differences(
    table: str, name: str, row: Json, salts: dict[str, bytes | None], actual: Any, leave_out: set[str]
) -> Iterator[Finding]:
    texts = json.loads(actual[2] or "{}")
    for column, value in _read(actual[1]).items():
        if column in leave_out:
            continue
        if column not in row:
            reason = "the history does not know it; run migrate if the table has just got it"
            yield Finding(reason, table=table, key=name, column=column)
        elif column in texts:
            salt = salts.get(column)
            if salt is not None and _seal(salt, column, texts[column]) != row[column].get("sealed"):
                reason = "it is not what the history says; its values are not shown"
                yield Finding(reason, table=table, key=name, column=column)
        elif row[column] != value:
            reason = f"the history says {_short(row[column])}, the table {_short(value)}"
            yield Finding(reason, table=table, key=name, column=column)


def _replay(table: str, sealed: bool) -> Iterator[tuple[str, _State]]:
    """Each row that the history knows in `table`, as its entries leave it, in the order of the keys."""
    # Only tables with sealed columns have anything beside the chain.
    query = _LOG.format(table=table, left="LEFT", on="" if sealed else "AND false")
    current, state = None, _State()
    for key, kind, before, after, salt, old, new in stream(query):
        if key != current:
            if current is not None:
                yield current, state
            current, state = key, _State()
        if kind == "erase":
            # What the row holds of a human being was then sealed anew, if it was there still.
            anew = _read(after) if after and state.row is not None else {}
            state.unsalted = bool(anew) and salt is None
            state.row = state.row and {**state.row, **anew}
            state.salts |= dict.fromkeys(anew, salt)
            continue
        values = _read(after) if after else {}
        found = {name: value["sealed"] for name, value in values.items() if sealed and _is_sealed(value)} | {
            name: ""
            for name, value in (_read(before) if before and sealed else {}).items()
            if _is_sealed(value)
        }
        if found and salt is None:
            state.unsalted = True
        if salt is not None:
            for texts, side in ((old, before), (new, after)):
                for name, text in json.loads(texts or "{}").items():
                    if _seal(salt, name, text) != _read(side or "{}").get(name, {}).get("sealed"):
                        state.wrong_value = name
        if kind == "delete":
            state.row, state.salts = None, {}
        else:
            base = state.row if kind == "update" and state.row is not None else {}
            kept = state.salts if kind == "update" else {}
            state.row = {**base, **values}
            state.salts = {**kept, **dict.fromkeys(found, salt)}
    if current is not None:
        yield current, state


def _is_sealed(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"sealed"}


def _seal(salt: Any, column: str, text: str) -> str:
    return hashlib.sha256(bytes(salt) + f"{column}:{text}".encode()).hexdigest()


def _read(text: str) -> Json:
    row: Json = json.loads(text, parse_float=Decimal)
    return row


def _short(value: object) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"


def stream(query: str) -> Iterator[Any]:
    """Rows of `query` a few at a time, through a cursor on the server."""
    name = f"history_{next(_names)}"
    with connection.cursor().connection.cursor(name=name) as cursor:
        cursor.itersize = CHUNK
        cursor.execute(query)
        yield from cursor
