"""The triggers of the history, kept equal to what `declared` says; run after every `migrate`."""

import hashlib
import json
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from psycopg import sql as psql

from tracker.core.history import declared, sql

BASELINE = "baseline"


def sync_history(*, using: str = DEFAULT_DB_ALIAS, **signal: object) -> None:
    """Install or renew functions and triggers, and write down what nobody wrote down so far.

    A table that gets its triggers while it has rows, or a column while its table has rows, enters the history with a
    baseline: entries of the origin "baseline" that say how things stood. Calls that have nothing to do cost one query.
    """
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass('public.core_head') IS NOT NULL,"
            " obj_description(to_regprocedure('public.history_record()'), 'pg_proc')"
        )
        there, installed = cursor.fetchone()
    # A migration that was taken back and made again has tables that know nothing of the mark.
    if not there or (installed == _fingerprint() and not signal.get("plan")):
        return  # migrated backwards past the tables, or nothing new
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [sql.LOCK])
        cursor.execute(sql.FOUNDATION)
        # Said for this transaction: what was said before comes back with its end.
        cursor.execute(
            "SELECT set_config('tracker.origin', %s, true), set_config('tracker.user', '', true)", [BASELINE]
        )
        tables = _tables(cursor)
        for model in declared.chained_models():
            if model._meta.db_table in tables:  # not yet there while migrations are run one by one
                _attach(cursor, model, tables[model._meta.db_table])
        _detach_others(cursor)
        _remember(cursor)
        complete = all(model._meta.db_table in tables for model in declared.chained_models())
        cursor.execute(
            psql.SQL("COMMENT ON FUNCTION public.history_record() IS {}").format(
                psql.Literal(_fingerprint() if complete else "incomplete")
            )
        )


def _remember(cursor: Any) -> None:
    """What a database of before lacks: the head beside the chain, and seals of living rows that were forgotten."""
    cursor.execute(
        "INSERT INTO public.core_head (id, number, hash) SELECT 1, number, hash FROM public.core_change"
        " WHERE number IS NOT NULL AND NOT EXISTS (SELECT FROM public.core_head) ORDER BY number DESC LIMIT 1"
    )
    cursor.execute(
        "SELECT public.history_seal_anew(r.table_name, r.key) FROM public.core_changedrow r"
        " JOIN pg_catalog.pg_tables t ON t.schemaname = 'public' AND t.tablename = r.table_name"
        " WHERE r.kind = 'erase' GROUP BY r.table_name, r.key HAVING count(r.after) = 0"
    )


def statements() -> str:
    """All SQL that is installed here, for whoever checks that it still is."""
    triggers = (
        sql.TRIGGERS.format(table=model._meta.db_table, arguments=_arguments(model))
        for model in declared.chained_models()
    )
    return sql.FOUNDATION + "".join(triggers)


@lru_cache(maxsize=1)
def _fingerprint() -> str:
    """A hash of everything that is installed: another one means that there is something to do."""
    parts = [sql.FOUNDATION, sql.TRIGGERS]
    for model in declared.chained_models():
        columns = [
            f"{field.column} {field.db_type(connections[DEFAULT_DB_ALIAS])}"
            for field in model._meta.local_fields
        ]
        parts += [model._meta.db_table, _arguments(model), *columns]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _arguments(model: type[models.Model]) -> str:
    """What the triggers of `model` are told, as SQL: its key, and its personal, secret and left-out columns."""
    lists = (declared.personal_columns(model), declared.secret_columns(model), declared.noise_columns(model))
    key: Any = model._meta.pk
    return ", ".join(psql.Literal(word).as_string() for word in (key.column, *map(_array, lists)))


def _array(names: tuple[str, ...]) -> str:
    return "{" + ",".join(names) + "}"


def _tables(cursor: Any) -> dict[str, dict[str, str]]:
    """Columns and types of every table of the database: {table: {column: type}}."""
    cursor.execute(
        "SELECT c.relname, jsonb_object_agg(a.attname, format_type(a.atttypid, a.atttypmod))::text"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped"
        " GROUP BY c.relname"
    )
    return {name: json.loads(columns) for name, columns in cursor.fetchall()}


def _attach(cursor: Any, model: type[models.Model], columns: dict[str, str]) -> None:
    """Triggers for the table of `model`, with a baseline of the columns that the history does not know yet."""
    table = model._meta.db_table
    known = _known_columns(cursor, table)
    # A statement on the table now would be in neither the baseline nor the triggers.
    cursor.execute(f"LOCK TABLE public.{table} IN SHARE ROW EXCLUSIVE MODE")
    cursor.execute(sql.TRIGGERS.format(table=table, arguments=_arguments(model)))
    new = [name for name, kind in columns.items() if known is None or known.get(name) != kind]
    if new:
        _write_baseline(cursor, model, None if known is None else new)
    if known != columns:
        comment = psql.SQL("COMMENT ON TRIGGER history_insert ON {} IS {}")
        cursor.execute(comment.format(psql.Identifier("public", table), psql.Literal(json.dumps(columns))))


def _known_columns(cursor: Any, table: str) -> dict[str, str] | None:
    """The columns with which the history knows `table`; None if it does not."""
    cursor.execute(
        "SELECT obj_description(oid, 'pg_trigger') FROM pg_trigger"
        " WHERE tgrelid = to_regclass(%s) AND tgname = 'history_insert'",
        [f"public.{table}"],
    )
    found = cursor.fetchone()
    columns: dict[str, str] | None = json.loads(found[0]) if found and found[0] else None
    return columns


def _write_baseline(cursor: Any, model: type[models.Model], columns: list[str] | None) -> None:
    """How the rows of `model` stand: whole ones, or of rows that the history knows only `columns`."""
    key: Any = model._meta.pk
    if columns is None:
        parts = "'insert' AS kind, NULL::jsonb AS before, to_jsonb(t) - $2::text[] AS after"
    else:
        parts = "'update' AS kind, '{{}}'::jsonb AS before,"
        parts += " public.history_pick(to_jsonb(t) - $2::text[], {columns}) AS after"
    rows = psql.SQL(f"SELECT t.{{key}}::text AS key, {parts} FROM public.{{table}} t")
    query = rows.format(
        key=psql.Identifier(key.column),
        table=psql.Identifier(model._meta.db_table),
        columns=psql.Literal(columns or []),
    )
    cursor.execute(
        "SELECT public.history_write(%s, %s, %s, %s, %s)",
        [
            query.as_string(cursor.connection),
            model._meta.db_table,
            list(declared.personal_columns(model)),
            list(declared.secret_columns(model)),
            list(declared.noise_columns(model)),
        ],
    )


def _detach_others(cursor: Any) -> None:
    """No triggers on tables that are recorded no longer."""
    tables = [model._meta.db_table for model in declared.chained_models()]
    cursor.execute(
        "SELECT tgname, tgrelid::regclass::text FROM pg_trigger"
        " WHERE tgname = ANY(%s) AND NOT tgisinternal AND NOT tgrelid::regclass::text = ANY(%s)"
        " AND tgfoid IN ('public.history_record'::regproc, 'public.history_refuse_truncate'::regproc)"
        " AND tgrelid NOT IN ('public.core_change'::regclass, 'public.core_changedrow'::regclass,"
        " 'public.core_personalvalue'::regclass, 'public.core_head'::regclass)",
        [list(sql.TRIGGER_NAMES), tables],
    )
    for name, table in cursor.fetchall():
        cursor.execute(f"DROP TRIGGER {name} ON {table}")
