"""Whether the corrections that the public reads are those that the changes of the register call for.

Corrections are in the chain, so that one that is altered or taken away behind the triggers is found as any row is.
Here is what the chain lets pass because triggers wrote it down: one that no change of its record calls for, and a
change in public of which none tells.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models

from tracker.core.history.finding import Finding
from tracker.core.history.verifying import Progress, stream
from tracker.core.models import Publication, Publishable
from tracker.coverage.corrections import corrected_models, public_fields
from tracker.coverage.models import Correction

# So near the end of an embargo nobody can say whether the moment of an entry was before it.
UNCERTAIN = timedelta(hours=1)
CHUNK = 1000
TABLE = Correction._meta.db_table


def verify_corrections(progress: Progress = lambda what, done: None) -> Iterator[Finding]:
    """Corrections that nothing calls for, and changes in public that no correction tells of."""
    yield from _uncalled_for(progress)
    for model in corrected_models():
        yield from _untold(model, progress)


# --- corrections without a change

# The index of entries is kept out by "+ 0": one entry may hold thousands of rows, a record has few.

# Of each entry about a correction: what the correction is about, and whether its record, or a first correction that
# goes with it, or its election, changed in the same entry as it should have.
_WRITTEN = f"""
    SELECT r.id, r.key, r.kind, c.number, c.origin, said.row ->> 'model', said.row ->> 'key', said.row ->> 'kind',
        r.change_id = (SELECT change_id FROM core_changedrow WHERE table_name = '{TABLE}' ORDER BY id LIMIT 1),
        coalesce(r.before, '{{{{}}}}') - 'hidden' = '{{{{}}}}',
        CASE r.kind
            WHEN 'delete' THEN EXISTS (
                SELECT FROM core_changedrow o WHERE o.table_name = 'elections_election'
                AND o.key = said.row ->> 'election_id' AND o.kind = 'delete' AND o.change_id + 0 = r.change_id)
            ELSE EXISTS (
                SELECT FROM core_changedrow o WHERE o.table_name = t.name AND o.key = said.row ->> 'key'
                AND o.change_id + 0 = r.change_id AND o.kind IN ('update', 'delete')
                AND (r.kind = 'update' OR said.row ->> 'kind' <> 'changed'
                     OR (o.before @> (said.row -> 'before') AND o.after @> (said.row -> 'after'))))
        END
    FROM core_changedrow r JOIN core_change c ON c.id = r.change_id
    CROSS JOIN LATERAL (
        SELECT coalesce(i.after, i.before) AS row FROM core_changedrow i
        WHERE i.table_name = '{TABLE}' AND i.key = r.key AND i.kind IN ('insert', 'delete') ORDER BY i.id LIMIT 1
    ) AS said
    LEFT JOIN (VALUES {{tables}}) AS t (label, name) ON t.label = said.row ->> 'model'
    WHERE r.table_name = '{TABLE}' ORDER BY r.id"""  # noqa: S608 - names of our own models


def _uncalled_for(progress: Progress) -> Iterator[Finding]:
    tables = ", ".join(f"('{model._meta.label}', '{model._meta.db_table}')" for model in corrected_models())
    # Of each record: whether the last that was told is that it went.
    gone: dict[tuple[str, str], bool] = {}
    came_back: set[tuple[int | None, str, str]] = set()
    for done, entry in enumerate(stream(_WRITTEN.format(tables=tables)), 1):
        _id, key, kind, number, origin, model, record, told, first, hidden_alone, called_for = entry
        place = (model, record)
        if kind == "insert":
            # One that comes back by the clock is told of at whatever is done to it next, be it nothing.
            by_clock = told == Correction.Kind.RESTORED and gone.get(place, False)
            baseline = first and origin == "baseline"
            if not (called_for or by_clock or baseline):
                reason = "no change of its record in this entry calls for this correction; take it off"
                yield Finding(reason, number, TABLE, key)
            if by_clock:
                came_back.add((number, *place))
            if told in (Correction.Kind.WITHDRAWN, Correction.Kind.RESTORED):
                gone[place] = told == Correction.Kind.WITHDRAWN
        elif kind == "delete" and not called_for:
            yield Finding("the correction was deleted; put it back from the entry", number, TABLE, key)
        elif kind == "update" and not hidden_alone:
            reason = "the correction was altered; put it back from the entry"
            yield Finding(reason, number, TABLE, key)
        elif kind == "update" and not called_for and (number, *place) not in came_back:
            reason = "the correction was hidden or shown, and nothing happened to its record; put it back"
            yield Finding(reason, number, TABLE, key, "hidden")
        if done % CHUNK == 0:
            progress(TABLE, done)


# --- changes without a correction

_CHANGED = """
    WITH told AS MATERIALIZED (
        SELECT DISTINCT o.change_id, o.after ->> 'key' AS key FROM core_changedrow o
        WHERE o.table_name = '{corrections}' AND o.kind = 'insert' AND o.after ->> 'model' = '{label}'
    )
    SELECT r.id, r.key, r.kind, c.number, c.at
    FROM core_changedrow r JOIN core_change c ON c.id = r.change_id
    LEFT JOIN told ON told.change_id = r.change_id AND told.key = r.key
    WHERE told.key IS NULL AND r.table_name = '{table}' AND r.id > {since} AND c.number IS NOT NULL
    AND (r.kind = 'delete' OR (r.kind = 'update' AND r.before ?| '{{{columns}}}'))
    AND NOT EXISTS (
        SELECT FROM core_changedrow e WHERE e.change_id + 0 = r.change_id AND e.table_name = 'elections_election'
        AND e.kind = 'delete')
    ORDER BY r.id"""


def _untold(model: type[models.Model], progress: Progress) -> Iterator[Finding]:
    """Changes of records of `model` that were public, and of which no correction was written in the same entry.

    What belongs to nothing (a source) is told of where something names it: nothing here says when that was.
    """
    if not issubclass(model, Publishable) and not getattr(model, "published_with", ()):
        return
    fields: list[Any] = [model._meta.get_field(name) for name in public_fields(model)]
    told: list[str] = [field.column for field in fields]
    watched = [*told, *({"publication", "embargo_until"} if issubclass(model, Publishable) else ())]
    query = _CHANGED.format(
        table=model._meta.db_table, label=model._meta.label, corrections=TABLE, since=_since(model),
        columns=",".join(watched),
    )  # fmt: skip
    then = _Then()
    for done, (entry, key, kind, number, at) in enumerate(stream(query), 1):
        if done % CHUNK == 0:
            progress(f"corrections of {model._meta.db_table}", done)
        before = then.row(model, key, entry - 1)
        after = then.row(model, key, entry)
        if then.public(model, before, entry - 1, at) is not True:
            continue
        public = kind == "update" and then.public(model, after, entry, at)
        changed = [name for name in told if (before or {}).get(name) != (after or {}).get(name)]
        if public is False:
            reason = "it left the public pages and no correction says so; write one by hand"
            yield Finding(reason, number, model._meta.db_table, key)
        elif public and changed:
            reason = "it was changed in public and no correction says so; write one by hand"
            yield Finding(reason, number, model._meta.db_table, key, changed[0])


def _since(model: type[models.Model]) -> int:
    """From which entry on what is told was as it is now: what the installing of the trigger wrote beside it."""
    with connection.cursor() as cursor:
        name = f"public.correct_{model._meta.db_table}()"
        cursor.execute("SELECT obj_description(to_regprocedure(%s), 'pg_proc')", [name])
        return int(cursor.fetchone()[0] or 0)


class _Then:
    """How rows stood at an entry of the history, and whether they were public then. What was read is kept."""

    def __init__(self) -> None:
        self.read: dict[tuple[str, str], list[tuple[int, str, Any]]] = {}

    def row(self, model: Any, key: Any, entry: int) -> dict[str, Any] | None:
        """The row after `entry` and all before it; None where it was not there."""
        place = (model._meta.db_table, str(key))
        if place not in self.read:
            if len(self.read) > 10 * CHUNK:
                self.read.clear()
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT id, kind, after FROM core_changedrow WHERE table_name = %s AND key = %s"
                    " AND kind <> 'erase' ORDER BY id",
                    place,
                )
                self.read[place] = [(pk, kind, _json(after)) for pk, kind, after in cursor.fetchall()]
        found: dict[str, Any] | None = None
        for pk, kind, after in self.read[place]:
            if pk > entry:
                break
            found = None if kind == "delete" else {**(found or {}), **after}
        return found

    def public(self, model: Any, row: dict[str, Any] | None, entry: int, at: datetime) -> bool | None:
        """Whether `row` was public, by what `published_condition` asks; None where that cannot be said."""
        if row is None:
            return False
        answers: list[bool | None] = []
        if issubclass(model, Publishable):
            answers.append(row.get("publication") == Publication.PUBLISHED)
            if until := row.get("embargo_until"):
                over = at - datetime.fromisoformat(until)
                answers.append(None if abs(over) < UNCERTAIN else over > timedelta())
        if getattr(model, "published_where", "") or getattr(model, "published_quoting", None):
            answers.append(None)
        if unless := getattr(model, "published_unless", ""):
            answers.append(not row.get(model._meta.get_field(unless).column))
        for name in getattr(model, "published_with", ()):
            step = model._meta.get_field(name)
            if not step.concrete:
                answers.append(None)
            else:
                parent = self.row(step.related_model, row.get(step.column), entry)
                answers.append(self.public(step.related_model, parent, entry, at))
        return False if False in answers else None if None in answers else True


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value or {}
