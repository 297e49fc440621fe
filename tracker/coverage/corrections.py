"""Corrections of what was public: written by the database whatever door a change came through, and read for people.

A record that changes while the public can see it leaves an entry with the old and the new value of its published
fields, the moment and the reason. A record that leaves the public pages leaves the bare fact; what earlier entries
quote of it is hidden as long as it is gone. When it comes back, the entry says what became different meanwhile, also of
what was away with it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from tracker.core.disclosure import published_fields, withheld_fields
from tracker.core.models import Publishable
from tracker.core.row_conditions import public_sql
from tracker.coverage.models import CORRECTED, Correction
from tracker.elections.models import Election

# Nothing is known of how many rows a statement changed: guessing one, the planner would compare each with each.
FUNCTION = """
CREATE OR REPLACE FUNCTION public.correct_{table}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC'
SET enable_nestloop = off SET jit = off AS $$
DECLARE
    why text := coalesce(current_setting('tracker.reason', true), '');
    gone record;
    back boolean := false;
    shown text[];
    shows text[];
    leaving text[];
    coming text[];
BEGIN
    IF TG_OP = 'UPDATE' THEN
        shown := array(SELECT b.{key}::text FROM before b WHERE ({public_b}));
        shows := array(SELECT c.{key}::text FROM changed c WHERE ({public_c}));
        leaving := array(SELECT unnest(shown) EXCEPT SELECT unnest(shows));
        coming := array(SELECT unnest(shows) EXCEPT SELECT unnest(shown));
        -- An embargo ends by the clock and without an UPDATE: what the public has read since then is told now.
        FOR gone IN
            SELECT w.held, b.{key}::text AS key, to_jsonb(b) AS told, e.id AS election
            FROM before b CROSS JOIN LATERAL ({elections_of_b}) AS e (id) CROSS JOIN LATERAL ({last_of_b}) AS w
            WHERE w.kind = 'withdrawn' AND b.{key}::text = ANY (shown)
        LOOP
            back := true;
            INSERT INTO coverage_correction (election_id, model, key, kind, before, after, reason, at, hidden)
            SELECT gone.election, '{label}', gone.key, 'restored', d.before, d.after, why, clock_timestamp(), false
            FROM correction_difference(coalesce(gone.held, gone.told), gone.told, '{columns}') d;
            UPDATE coverage_correction SET hidden = false WHERE model = '{label}' AND key = gone.key AND hidden
                AND kind <> 'withdrawn';
        END LOOP;

        INSERT INTO coverage_correction (election_id, model, key, kind, before, after, reason, at, hidden)
        SELECT e.id, '{label}', c.{key}::text, 'changed', d.before, d.after, why, clock_timestamp(), false
        FROM changed c JOIN before b USING ({key}) CROSS JOIN LATERAL ({elections_of_c}) AS e (id),
             LATERAL correction_difference(to_jsonb(b), to_jsonb(c), '{columns}') d
        WHERE d.before IS NOT NULL AND c.{key}::text = ANY (shown) AND c.{key}::text = ANY (shows);

        INSERT INTO coverage_correction (election_id, model, key, kind, held, reason, at, hidden)
        SELECT e.id, '{label}', b.{key}::text, 'withdrawn', history_pick(to_jsonb(b), '{columns}'), why,
               clock_timestamp(), false
        FROM before b CROSS JOIN LATERAL ({elections_of_b}) AS e (id) WHERE b.{key}::text = ANY (leaving);

        UPDATE coverage_correction SET hidden = true
        WHERE model = '{label}' AND kind <> 'withdrawn' AND NOT hidden AND key = ANY (leaving);

        INSERT INTO coverage_correction (election_id, model, key, kind, before, after, reason, at, hidden)
        SELECT e.id, '{label}', c.{key}::text, 'restored', d.before, d.after, why, clock_timestamp(), false
        FROM changed c CROSS JOIN LATERAL ({elections_of_c}) AS e (id)
        CROSS JOIN LATERAL ({last_of_c}) AS w
        LEFT JOIN LATERAL correction_difference(w.held, to_jsonb(c), '{columns}') d ON true
        WHERE w.kind = 'withdrawn' AND c.{key}::text = ANY (coming);

        UPDATE coverage_correction SET hidden = false
        WHERE model = '{label}' AND hidden AND kind <> 'withdrawn' AND key = ANY (coming);

        -- Changed while something above it is away: what the public had read of it is kept until that is back.
        INSERT INTO coverage_correction (election_id, model, key, kind, held, reason, at, hidden)
        SELECT e.id, '{label}', b.{key}::text, 'withdrawn', history_pick(to_jsonb(b), '{columns}'), '',
               clock_timestamp(), true
        FROM changed c JOIN before b USING ({key}) CROSS JOIN LATERAL ({elections_of_b}) AS e (id)
        CROSS JOIN LATERAL ({away_b}) AS a (entry)
        CROSS JOIN LATERAL correction_difference(to_jsonb(b), to_jsonb(c), '{columns}') d
        WHERE ({own_b}) AND b.{key}::text <> ALL (shown) AND (d.before IS NOT NULL OR NOT ({own_c}))
          AND NOT EXISTS (SELECT FROM ({last_of_b}) l WHERE l.kind = 'withdrawn')
          AND NOT EXISTS (
              SELECT FROM core_changedrow r
              WHERE r.table_name = '{table}' AND r.key = b.{key}::text AND r.id > a.entry
                AND (r.kind = 'insert' OR r.after ?| '{{publication,embargo_until}}'));

        IF back OR coming <> '{{}}' THEN
            {tell_below}
        END IF;
    ELSE
        INSERT INTO coverage_correction (election_id, model, key, kind, reason, at, hidden)
        SELECT e.id, '{label}', b.{key}::text, 'withdrawn', why, clock_timestamp(), false
        FROM before b CROSS JOIN LATERAL ({elections_of_b}) AS e (id)
        WHERE ({public_b}) AND EXISTS (SELECT FROM elections_election o WHERE o.id = e.id);
        UPDATE coverage_correction SET hidden = true
        WHERE model = '{label}' AND kind <> 'withdrawn' AND NOT hidden
          AND key IN (SELECT b.{key}::text FROM before b);
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION public.correct_{table}() FROM PUBLIC;
-- What changed while something above it was away, and is public again.
CREATE OR REPLACE FUNCTION public.correct_returned_{table}(why text) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO coverage_correction (election_id, model, key, kind, before, after, reason, at, hidden)
    SELECT w.election_id, w.model, w.key, 'restored', d.before, d.after, why, clock_timestamp(), d.before IS NULL
    FROM coverage_correction w JOIN {table} c ON c.{key} = w.key::bigint
    CROSS JOIN LATERAL correction_difference(w.held, to_jsonb(c), '{columns}') d
    WHERE w.model = '{label}' AND w.kind = 'withdrawn' AND w.hidden AND ({public_c}) AND NOT EXISTS (
        SELECT FROM coverage_correction l WHERE l.model = w.model AND l.key = w.key AND l.id > w.id
        AND l.kind IN ('withdrawn', 'restored'))
$$;
REVOKE ALL ON FUNCTION public.correct_returned_{table}(text) FROM PUBLIC;
DROP TRIGGER IF EXISTS correct_update ON public.{table};
DROP TRIGGER IF EXISTS correct_delete ON public.{table};
CREATE TRIGGER correct_update AFTER UPDATE ON public.{table}
    REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.correct_{table}();
CREATE TRIGGER correct_delete AFTER DELETE ON public.{table}
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION public.correct_{table}();
"""

# The last time that a record left the public, or came back.
LAST = """SELECT l.kind, l.held FROM coverage_correction l WHERE l.model = '{label}' AND l.key = {key}::text
    AND l.kind IN ('withdrawn', 'restored') ORDER BY l.id DESC LIMIT 1"""

DIFFERENCE = """
CREATE OR REPLACE FUNCTION public.correction_difference(
    old jsonb, new jsonb, columns text[], OUT before jsonb, OUT after jsonb
)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_object_agg(name, old -> name), jsonb_object_agg(name, new -> name)
    FROM unnest(columns) AS name WHERE old -> name IS DISTINCT FROM new -> name
$$;
"""


def install(*, using: str = DEFAULT_DB_ALIAS, **signal: object) -> None:
    """Make the triggers that write corrections, anew where what is public was declared otherwise. After `migrate`."""
    wanted = hashlib.sha256(statements().encode()).hexdigest()
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(to_regclass(name)) = count(name), pg_catalog.obj_description(to_regprocedure("
            "'public.correction_difference(jsonb, jsonb, text[])'), 'pg_proc') FROM unnest(%s::text[]) AS name",
            [["coverage_correction", *(model._meta.db_table for model in corrected_models())]],
        )
        there, mark = cursor.fetchone()
        if not there or (mark == wanted and not signal.get("plan")):
            return  # migrated backwards past a table, or nothing new
        with transaction.atomic(using=using):
            cursor.execute(statements())
            cursor.execute(
                f"COMMENT ON FUNCTION public.correction_difference(jsonb, jsonb, text[]) IS '{wanted}'"
            )
            if mark != wanted:
                # Since when this is what is told: before, something else may have been (`coverage.proof`).
                cursor.execute("SELECT coalesce(max(id), 0) FROM core_changedrow")
                (since,) = cursor.fetchone()
                for model in corrected_models():
                    cursor.execute(
                        f"COMMENT ON FUNCTION public.correct_{model._meta.db_table}() IS '{since}'"
                    )


def statements() -> str:
    """All SQL that is installed here."""
    return DIFFERENCE + "".join(map(_trigger, corrected_models()))


def corrected_models() -> Iterator[type[models.Model]]:
    """Every model whose corrections are public."""
    return map(apps.get_model, CORRECTED)


def _trigger(model: type[models.Model]) -> str:
    label, key = model._meta.label, model._meta.pk.column
    fields: list[Any] = [model._meta.get_field(name) for name in public_fields(model)]
    return FUNCTION.format(
        table=model._meta.db_table,
        label=label,
        key=key,
        columns="{" + ",".join(field.column for field in fields) + "}",
        elections_of_b=_elections_sql(model, "b"),
        elections_of_c=_elections_sql(model, "c"),
        last_of_b=LAST.format(label=label, key=f"b.{key}"),
        last_of_c=LAST.format(label=label, key=f"c.{key}"),
        own_b=_own_sql(model, "b"),
        own_c=_own_sql(model, "c"),
        away_b=_away_sql(model, "b"),
        tell_below=" ".join(
            f"PERFORM correct_returned_{below._meta.db_table}(why);"
            for below in corrected_models()
            if label in _above(below, "b")
        )
        or "NULL;",
        public_b=public_sql(model, "b"),
        public_c=public_sql(model, "c"),
    )


def _elections_sql(model: type[models.Model], row: str) -> str:
    """The elections in which a correction of `row` is told: its own; of a source, each in which something public
    names it."""
    if election := CORRECTED[model._meta.label]:
        return "SELECT " + election.replace("r.", f"{row}.")
    return " UNION ".join(
        f"SELECT {CORRECTED[user._meta.label].replace('r.', 'u.')} FROM {user._meta.db_table} u"  # noqa: S608 - our own names
        f" WHERE u.{field.column} = {row}.id AND ({public_sql(user, 'u')})"
        for user in corrected_models()
        for field in user._meta.local_fields
        if field.related_model is model and field.name in published_fields(user)
    )


def _own_sql(model: type[models.Model], row: str) -> str:
    """The condition under which `row` would be public if everything above it were."""
    if not issubclass(model, Publishable):
        return "true"
    over = f"({row}.embargo_until IS NULL OR {row}.embargo_until <= statement_timestamp())"
    return f"{row}.publication = 'published' AND {over}"


def _above(model: type[models.Model], row: str) -> dict[str, str]:
    """What is corrected itself and hides `row` with it: its election and its record, by label, with their keys."""
    found: dict[str, str] = {}
    for name in getattr(model, "published_with", ()):
        field: Any = model._meta.get_field(name)
        if field.related_model._meta.label in CORRECTED:
            found[field.related_model._meta.label] = f"{row}.{field.column}"
    if found:
        found[Election._meta.label] = CORRECTED[model._meta.label].replace("r.", f"{row}.")
    return found


def _away_sql(model: type[models.Model], row: str) -> str:
    """The line of the history with which something above `row` left the public pages, if it is not back; no row where
    nothing has. What was published after that line, nobody outside has read."""
    pairs = ", ".join(
        f"('{label}', '{apps.get_model(label)._meta.db_table}', ({key})::text)"
        for label, key in _above(model, row).items()
    )
    if not pairs:
        return "SELECT 0 WHERE false"
    return (
        "SELECT (SELECT max(h.id) FROM core_changedrow h WHERE h.table_name = u.tablename AND h.key = u.key"  # noqa: S608 - our own names
        " AND (h.before ->> 'publication' = 'published' OR h.after ? 'embargo_until'))"
        f" FROM (VALUES {pairs}) AS u (model, tablename, key) CROSS JOIN LATERAL (SELECT o.kind"
        " FROM coverage_correction o WHERE o.model = u.model AND o.key = u.key"
        " AND o.kind IN ('withdrawn', 'restored') ORDER BY o.id DESC LIMIT 1) l"
        " WHERE l.kind = 'withdrawn' ORDER BY 1 LIMIT 1"
    )


def public_fields(model: type[models.Model]) -> list[str]:
    """The fields of `model` whose corrections are shown: those that stand on public pages, its key apart."""
    return [name for name in published_fields(model) if name != "id"]


# --- reading

# Other records in the name of one, or in the address of its page. They come along without what is withheld of them,
# which the public has no right to read.
CALLED_BY = {
    "fieldwork.Incident": ("station",),
    "missions.Mission": ("organization",),
    "missions.Membership": ("organization",),
    "missions.Statement": ("mission__organization",),
}


@dataclass(frozen=True)
class ChangedField:
    """One published field: its name, and what it said and says, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class CorrectionEntry:
    """One correction for readers. `record` is None where it is not public (any more)."""

    correction: Correction
    kind_of_record: str
    record: models.Model | None
    fields: list[ChangedField]

    @property
    def reason(self) -> str:
        """Why; nothing where the record that it speaks of is gone."""
        told = self.record is not None or self.correction.kind == Correction.Kind.WITHDRAWN
        return self.correction.reason if told else ""


def public_corrections(election: Election) -> models.QuerySet[Correction]:
    """The corrections of `election`, the latest first. Corrections of what is not public any more are left out."""
    rows: models.QuerySet[Correction] = Correction.objects.published()
    return rows.filter(election=election).order_by("-id")


def mark_corrected(records: Iterable[models.Model]) -> None:
    """Set `corrected_at` on each record: when what the public was told of it was last put right; None if never.

    The one place that says what "corrected" is: the state of a published record of which a public correction quotes
    an old value. A query for each kind of record.
    """
    kinds: dict[str, list[Any]] = defaultdict(list)
    for record in records:
        kinds[record._meta.label].append(record)
    for label, found in kinds.items():
        rows: Any = Correction.objects.published().filter(model=label, key__in=[str(one.pk) for one in found])
        told = rows.filter(before__isnull=False).order_by().values_list("key").annotate(models.Max("at"))
        moments: dict[str, datetime] = dict(told) if label in CORRECTED else {}
        for record in found:
            record.corrected_at = moments.get(str(record.pk))


def entries(corrections: Iterable[Correction]) -> list[CorrectionEntry]:
    """What these corrections say, in words. A few queries for each kind of record among them."""
    rows = list(corrections)
    keys: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        keys[row.model].add(row.key)
    records: dict[tuple[str, str], models.Model] = {}
    for label, found in keys.items():
        public = _public_rows(apps.get_model(label)).select_related(*CALLED_BY.get(label, (None,)))
        for record in public.filter(pk__in=found):
            records[label, str(record.pk)] = record
    words = _Words(rows)
    return [
        CorrectionEntry(
            row,
            capfirst(str(apps.get_model(row.model)._meta.verbose_name)),
            records.get((row.model, row.key)),
            # What is quoted of a record goes with it, even where only something above it was withdrawn.
            [words.field(row, name) for name in _in_order(row)] if (row.model, row.key) in records else [],
        )
        for row in rows
    ]


def _public_rows(model: type[models.Model]) -> models.QuerySet:
    """The rows of `model` that are public, without what is withheld of them; of what is not published by itself (a
    country, a source) all."""
    manager: Any = model._default_manager
    if hasattr(manager, "published"):
        return manager.published()
    return manager.defer(*withheld_fields(model))


def _in_order(row: Correction) -> list[str]:
    """The columns that changed, in the order of the model; a stored object has none."""
    return [
        field.column
        for field in apps.get_model(row.model)._meta.local_fields
        if field.column in (row.before or {})
    ]


class _Words:
    """Values of columns as a reader expects them; the names that keys stand for are read once for all."""

    def __init__(self, rows: list[Correction]) -> None:
        self.fields: dict[tuple[str, str], Any] = {}
        wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
        for row in rows:
            model = apps.get_model(row.model)
            for column in row.before or {}:
                field: Any = next(field for field in model._meta.local_fields if field.column == column)
                self.fields[row.model, column] = field
                if field.is_relation:
                    wanted[field.related_model] |= {(row.before or {})[column], (row.after or {})[column]} - {
                        None
                    }
        self.names: dict[tuple[type[models.Model], str], str] = {}
        for related, keys in wanted.items():
            for record in _public_rows(related).filter(pk__in=keys):
                self.names[related, str(record.pk)] = str(record)

    def field(self, row: Correction, column: str) -> ChangedField:
        field = self.fields[row.model, column]
        before, after = (self._value(field, (side or {}).get(column)) for side in (row.before, row.after))
        return ChangedField(capfirst(str(field.verbose_name)), before, after)

    def _value(self, field: Any, value: Any) -> str:
        if value is None or value == "":
            return "–"
        if field.is_relation:
            return self.names.get((field.related_model, str(value)), _("not public"))
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(field, models.DateTimeField):
            return str(value)[:16].replace("T", " ") + " UTC"
        if isinstance(field, models.DecimalField):
            return f"{value:f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        return str(value)
