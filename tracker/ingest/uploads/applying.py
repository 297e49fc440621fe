"""Writing what an upload would do, all of it or nothing, by the database itself; and taking it back.

The rows to write lie in a table already, so they go from table to table: one statement for some thousand rows, with
their history, whatever the size of the file. Raises Stale where the register changed after it was compared.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, models

from tracker.core.history import declared
from tracker.core.history.erase import erase_history_of
from tracker.core.models import Publication
from tracker.ingest.kinds import BY_MODEL, UPLOAD_KINDS, Kind
from tracker.ingest.models import Upload
from tracker.ingest.uploads.checking import chunks
from tracker.ingest.uploads.comparing import PREFIX, Comparison
from tracker.ingest.uploads.keys import TARGETS
from tracker.ingest.uploads.moments import MOMENT, snapshot_of
from tracker.ingest.uploads.recording import (
    lock_rows,
    missions_of,
    record_all,
    seal_records,
    wait_for_turn,
)
from tracker.ingest.uploads.subjects import SUBJECTS, Subject, look_around
from tracker.missions.models import Observer, Person
from tracker.stations.models import PollingStation

SLICE = 5_000
PERSON = Person._meta.db_table
# A transaction that began before the file came and still runs is older than this only by a fault.
LONGEST_TRANSACTION = "1 hour"
Progress = Callable[[int, int], None]


class Stale(Exception):
    """The register changed after the file was compared with it: the preview no longer tells what would happen."""


class Newer(Exception):
    """Records of an upload were changed after it; `labels` names some of them."""

    def __init__(self, labels: list[str]) -> None:
        self.labels = labels
        super().__init__(", ".join(labels))


def write(upload: Upload, progress: Progress) -> None:
    """Write the records of `upload` into the register, within the transaction that is open.

    New ones are drafts. What the file gave is remembered, for the next one. Raises Stale.
    """
    subject = SUBJECTS[upload.kind]
    kinds = [kind for kind in UPLOAD_KINDS if kind.name in _kinds_of(upload)]
    if subject.record is None:
        _lock([kind.model for kind in [*kinds, *_referred(kinds)]])
    else:
        # Other missions go on working: only what this file is about is held, and only that may not have changed.
        wait_for_turn(upload)
        lock_rows(upload, subject.kind)
        _require_reach(upload, subject)
    if _changed_since(upload, [*kinds, *_referred(kinds)]):
        raise Stale
    done, total = 0, _number(upload)
    for kind in kinds:
        if kind is subject.kind and subject.record is not None:
            record_all(upload, kind, subject.record, lambda number: progress(number, total))
            if kind.personal:
                seal_records(upload, kind)
            _run(_REMEMBER, upload, kind, 0, None)
            continue
        for first, last, number in _slices(upload, kind, "new"):
            _run(_insertion(kind), upload, kind, first, last)
            for statement in _part_insertions(kind):
                _run(statement, upload, kind, first, last)
            done += number
            progress(done, total)
        _update(upload, kind)
        _run(_REMEMBER, upload, kind, 0, None)
    if upload.retire_missing and upload.kind == "stations" and may_retire(upload):
        _run(_RETIRE, upload, SUBJECTS["stations"].kind, 0, None)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {MOMENT}, txid_current()")
        upload.written, upload.written_by_transaction = cursor.fetchone()
    progress(total, total)


def may_retire(upload: Upload) -> bool:
    """Whether what the file does not have may be taken for gone: not while rows of it could not be read, and not where
    it holds only the mended rows of another one."""
    return not (upload.counts.get("bad") or upload.counts.get("questions") or upload.mapping.get("part"))


def _referred(kinds: list[Kind]) -> list[Kind]:
    """The kinds that records of these refer to by key: a key that changed meanwhile would lead nowhere."""
    found = {
        BY_MODEL[related].name
        for kind in kinds
        for field in kind.model._meta.concrete_fields
        if (related := field.related_model) in TARGETS and related in BY_MODEL
    }
    return [kind for kind in UPLOAD_KINDS if kind.name in found and kind not in kinds]


def _kinds_of(upload: Upload) -> set[str]:
    return set(upload.records.order_by().values_list("kind", flat=True).distinct())


def _number(upload: Upload) -> int:
    written = ("new", "changed") if SUBJECTS[upload.kind].record else ("new",)
    return upload.records.filter(action__in=written).count()


def _require_reach(upload: Upload, subject: Subject) -> None:
    """Refuse (Stale) what the sender may no longer write, whatever they might when the file was compared."""
    may = look_around(upload.election, upload.sent_by, subject.kind.model).field.missions
    if not set(missions_of(upload, subject.kind)) <= {mission.pk for mission in may}:
        raise Stale


def _lock(tables: list[type[models.Model]]) -> None:
    """Nobody else writes to these tables until the end of the transaction; everybody reads."""
    names = sorted(model._meta.db_table for model in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE")


def _changed_since(upload: Upload, kinds: list[Kind]) -> bool:
    """Whether a transaction that was not over when the file was compared wrote into a table of these kinds.

    Of records that belong to a mission only those of the file's missions count.
    """
    own = SUBJECTS[upload.kind].kind
    narrower = ""
    if own.within:
        narrower = (
            f" AND (r.table_name <> '{own.model._meta.db_table}'"
            f" OR coalesce(r.after, r.before)->>'{own.within}_id' = ANY(%s)"
            f" OR EXISTS (SELECT FROM {own.model._meta.db_table} t WHERE t.id = r.key::bigint"
            f" AND t.{own.within}_id::text = ANY(%s)))"
        )
    tables = [kind.model._meta.db_table for kind in kinds]
    if own.personal:
        # A person's own record is somebody's of the file's missions, or none of its affair.
        tables.append(PERSON)
        narrower += (
            f" AND (r.table_name <> '{PERSON}' OR EXISTS (SELECT FROM {own.model._meta.db_table} t"
            f" WHERE t.person_id = r.key::bigint AND t.{own.within}_id::text = ANY(%s)))"
        )
    owners = [str(pk) for pk in missions_of(upload, own)] if own.within else []
    snapshot = snapshot_of(upload.compared)
    if snapshot is None:
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM core_change c JOIN core_changedrow r ON r.change_id = c.id"  # noqa: S608
            " WHERE c.at > %s - %s::interval AND r.table_name = ANY(%s)"
            f" AND NOT txid_visible_in_snapshot(c.txid, %s::txid_snapshot){narrower})",
            [
                upload.sent_at,
                LONGEST_TRANSACTION,
                tables,
                snapshot,
                *([owners] * narrower.count("%s")),
            ],
        )
        return bool(cursor.fetchone()[0])


def _slices(upload: Upload, kind: Kind, action: str) -> Iterator[tuple[int, int, int]]:
    """The records of one kind and action in pieces: first and last id, and how many."""
    rows = upload.records.filter(kind=kind.name, action=action).order_by("id")
    last = 0
    while True:
        ids = list(rows.filter(id__gt=last).values_list("id", flat=True)[:SLICE])
        if not ids:
            return
        yield ids[0], ids[-1], len(ids)
        last = ids[-1]


def _run(statement: str, upload: Upload, kind: Kind, first: int, last: int | None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "upload": upload.pk,
                "kind": kind.name,
                "remembered": PREFIX + kind.name,
                "dataset": upload.election.slug,
                "election": upload.election_id,
                "first": first,
                "last": last if last is not None else 2**62,
                "draft": Publication.DRAFT.value,
            },
        )
        return int(cursor.rowcount)


# --- SQL made of what the models say of their fields

_OF_UPLOAD = "r.upload_id = %(upload)s AND r.kind = %(kind)s AND r.id BETWEEN %(first)s AND %(last)s"

_REMEMBER = f"""
    INSERT INTO ingest_loadedrecord (dataset, kind, key, object_id, values)
    SELECT %(dataset)s, %(remembered)s, r.key, r.object_id, r.values
    FROM ingest_uploadedrecord r WHERE {_OF_UPLOAD} AND r.action IN ('new', 'changed', 'kept', 'unchanged')
    AND (r.before IS NULL OR r.before <> r.values)
    ON CONFLICT (dataset, kind, key) DO UPDATE SET object_id = excluded.object_id, values = excluded.values"""  # noqa: S608

_RETIRE = f"""
    UPDATE stations_pollingstation t SET status = '{PollingStation.Status.CANCELLED}'
    FROM ingest_uploadedrecord r WHERE {_OF_UPLOAD} AND r.action = 'missing' AND t.id = r.object_id"""  # noqa: S608


def _columns(kind: Kind) -> list[tuple[Any, str, str]]:
    """Each field of the kind's model that a file may give: the field, its value in SQL, and the join it needs."""
    found = []
    fields: Any = kind.model._meta.concrete_fields
    for field in fields:
        text = f"(r.values->>'{field.name}')"
        if field.primary_key or field.name == "election" or isinstance(field, models.BinaryField):
            continue
        if field.is_relation and field.related_model in TARGETS:
            alias = f"of_{field.name}"
            join = f" LEFT JOIN ({TARGETS[field.related_model]}) {alias} ON {alias}.key = r.values->>'{field.name}'"
            found.append((field, _with_default(field, f"{alias}.id"), join))
        elif field.is_relation and field.related_model._meta.pk.get_internal_type() != "CharField":
            continue  # accounts and the like: the database says who wrote
        else:
            kind_of_column = field.rel_db_type(connection) if field.is_relation else field.db_type(connection)
            found.append((field, _with_default(field, f"{text}::{kind_of_column}"), ""))
    return found


def _insertion(kind: Kind) -> str:
    columns, values, joins = ["id"], ["r.object_id"], ""
    for field, value, join in _columns(kind):
        columns.append(field.column)
        values.append(value)
        joins += join
    if any(field.name == "election" for field in kind.model._meta.fields):
        columns.append("election_id")
        values.append("%(election)s")
    return (
        f"INSERT INTO {kind.model._meta.db_table} ({', '.join(columns)}) SELECT {', '.join(values)}"  # noqa: S608
        f" FROM ingest_uploadedrecord r{joins} WHERE {_OF_UPLOAD} AND r.action = 'new' ORDER BY r.id"
    )


def _with_default(field: Any, value: str) -> str:
    """`value` (SQL), or where the file says nothing what then stands in the column."""
    if field.name == "publication":
        return f"coalesce({value}, %(draft)s)"
    if field.null or field.is_relation:
        return value
    default = field.get_default()
    if isinstance(default, (bool, int)):
        said = str(default).lower()
    else:
        said = "'" + str(getattr(default, "value", default) or "").replace("'", "''") + "'"
    return f"coalesce({value}, {said})"


def _part_insertions(kind: Kind) -> list[str]:
    rows = f"FROM ingest_uploadedrecord r, {{elements}} WHERE {_OF_UPLOAD} AND r.action = 'new'"
    windows = rows.format(elements="jsonb_array_elements(r.values->'windows') w")
    links = rows.format(elements="jsonb_array_elements_text(r.values->'organizations') n")
    known = {
        "windows": (
            "INSERT INTO stations_votingwindow (station_id, opens_at, closes_at)"
            f" SELECT r.object_id, (w->>0)::timestamptz, (w->>1)::timestamptz {windows}"
        ),
        "organizations": (
            "INSERT INTO missions_engagement_organizations (engagement_id, organization_id) SELECT r.object_id, o.id "
            + links.replace(" WHERE ", " JOIN missions_organization o ON o.name = n WHERE ", 1)
        ),
    }
    return [known[name] for name in kind.parts or {}]


def _update(upload: Upload, kind: Kind) -> None:
    """Write the fields that the file wins, each record once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT unnest(takes) FROM ingest_uploadedrecord"
            " WHERE upload_id = %s AND kind = %s AND action = 'changed'",
            [upload.pk, kind.name],
        )
        taken = {name for (name,) in cursor.fetchall()}
    parts = taken & set(kind.parts or {})
    columns = [entry for entry in _columns(kind) if entry[0].name in taken]
    for name in taken & set(kind.vacated):
        # Rows may pass a unique value on to each other: first nobody has it.
        _run(
            f"UPDATE {kind.model._meta.db_table} t SET {name} = '' FROM ingest_uploadedrecord r"  # noqa: S608
            f" WHERE {_OF_UPLOAD} AND r.action = 'changed' AND '{name}' = ANY(r.takes) AND t.id = r.object_id",
            upload, kind, 0, None,
        )  # fmt: skip
    if columns:
        settings, joins = [], ""
        for field, value, join in columns:
            settings.append(
                f"{field.column} = CASE WHEN '{field.name}' = ANY(r.takes) THEN {value} ELSE t.{field.column} END"
            )
            joins += join
        _run(
            f"UPDATE {kind.model._meta.db_table} t SET {', '.join(settings)}"  # noqa: S608
            f" FROM ingest_uploadedrecord r{joins}"
            f" WHERE {_OF_UPLOAD} AND r.action = 'changed' AND t.id = r.object_id",
            upload, kind, 0, None,
        )  # fmt: skip
    for name in parts:
        _write_parts(upload, kind, name)


def _write_parts(upload: Upload, kind: Kind, name: str) -> None:
    comparison = Comparison(upload.election.slug, upload.election_id)
    rows = upload.records.filter(kind=kind.name, action="changed", takes__contains=[name])
    for some in chunks(rows.values_list("object_id", "values").iterator(), SLICE):
        (kind.parts or {})[name].write({pk: comparison.held(kind, name, values[name]) for pk, values in some})


# --- taking it back

# People's values stand beside the chain.
_OWN = """SELECT r.id, r.table_name, r.key, r.kind, r.before || coalesce(p.before, '{}') AS before
    FROM core_change c JOIN core_changedrow r ON r.change_id = c.id
    LEFT JOIN core_personalvalue p ON p.changed_row_id = r.id
    WHERE c.txid = %(transaction)s AND c.at > %(sent)s - interval '1 hour'
    AND r.table_name <> ALL(%(watched)s)"""

_NEWER = f"""
    WITH own AS ({_OWN})
    SELECT DISTINCT o.table_name, o.key FROM core_change c JOIN core_changedrow n ON n.change_id = c.id
    JOIN own o ON o.table_name = n.table_name AND o.key = n.key
    WHERE c.at > %(sent)s AND c.txid <> %(transaction)s
    AND NOT txid_visible_in_snapshot(c.txid, %(written)s::txid_snapshot)
    ORDER BY 1, 2 LIMIT 5"""  # noqa: S608

# Sources stay: they are pages, and other records may stand on them by now.
STAYS = {"core_source"}


def take_back(upload: Upload) -> None:
    """Undo what `upload` wrote, out of its own history, within the transaction that is open.

    Raises Newer where something of it was changed since; IntegrityError where other records now stand on it.
    """
    kinds = [kind for kind in UPLOAD_KINDS if kind.name in _kinds_of(upload)]
    _lock([kind.model for kind in kinds])
    snapshot = snapshot_of(upload.written)
    if snapshot is None:
        raise Newer([])  # of another cluster: nobody can tell what is later
    parameters = {
        "transaction": upload.written_by_transaction,
        "watched": declared.watched_tables(),
        "sent": upload.sent_at,
        "written": snapshot,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEWER, parameters)
        if newer := cursor.fetchall():
            raise Newer([_label(upload, table, key) for table, key in newer])
        cursor.execute(f"SELECT DISTINCT table_name FROM ({_OWN}) own", parameters)  # noqa: S608
        written = {table for (table,) in cursor.fetchall()}
        parents = [kind.model._meta.db_table for kind in UPLOAD_KINDS]
        # Parts first, then what refers to others, then what is referred to.
        tables = sorted(written - set(parents)) + [table for table in reversed(parents) if table in written]
        for table in tables:
            if table not in STAYS:
                cursor.execute(
                    f"DELETE FROM {table} t USING ({_OWN}) own"  # noqa: S608
                    f" WHERE own.table_name = '{table}' AND own.kind = 'insert' AND t.id = own.key::bigint",
                    parameters,
                )
        for table in reversed(tables):
            _restore(table, parameters)
        if PERSON in tables:
            # Whoever came by the file alone leaves nothing behind, as if they had been erased.
            cursor.execute(f"SELECT key FROM ({_OWN}) own WHERE table_name = %(person)s AND kind = 'insert'",  # noqa: S608
                           parameters | {"person": PERSON})  # fmt: skip
            for (key,) in cursor.fetchall():
                erase_history_of(PERSON, key)
        cursor.execute(
            "DELETE FROM ingest_loadedrecord l USING ingest_uploadedrecord r"
            " WHERE r.upload_id = %s AND r.before IS NULL"
            " AND l.dataset = %s AND l.kind = %s || r.kind AND l.key = r.key",
            [upload.pk, upload.election.slug, PREFIX],
        )
        cursor.execute(
            "UPDATE ingest_loadedrecord l SET values = r.before FROM ingest_uploadedrecord r"
            " WHERE r.upload_id = %s AND r.before IS NOT NULL"
            " AND l.dataset = %s AND l.kind = %s || r.kind AND l.key = r.key",
            [upload.pk, upload.election.slug, PREFIX],
        )


def _restore(table: str, parameters: dict[str, Any]) -> None:
    """Give changed rows of `table` their old values back, and deleted ones themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT jsonb_object_keys(before) FROM ({_OWN}) own"  # noqa: S608
            f" WHERE table_name = '{table}' AND kind = 'update'",
            parameters,
        )
        # Who wrote a row last is the database's to say.
        columns = sorted({name for (name,) in cursor.fetchall()} - {"written_by_id", "approved_by_id"})
        if columns:
            settings = ", ".join(
                # A version counts every change, this one too: a number never stands for two contents.
                "version = t.version + 1"
                if name == "version"
                else f"{name} = CASE WHEN own.before ? '{name}' THEN (own.old).{name} ELSE t.{name} END"
                for name in columns
            )
            cursor.execute(
                # The first entry of a row in the transaction says what it was before all of it.
                f"UPDATE {table} t SET {settings} FROM (SELECT DISTINCT ON (key) key, before,"  # noqa: S608
                f" jsonb_populate_record(NULL::{table}, before) AS old FROM (SELECT key, jsonb_object_agg("
                "e.key_of, e.value ORDER BY id DESC) AS before FROM (SELECT id, key, k AS key_of, v AS value"
                f" FROM ({_OWN}) own, jsonb_each(before) AS each(k, v)"
                f" WHERE table_name = '{table}' AND kind = 'update') e GROUP BY key) merged) own"
                " WHERE t.id = own.key::bigint",
                parameters,
            )
        cursor.execute(
            f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, before)).* FROM ({_OWN}) own"  # noqa: S608
            f" WHERE table_name = '{table}' AND kind = 'delete'",
            parameters,
        )


def _label(upload: Upload, table: str, key: str) -> str:
    if table == PERSON:
        # By the code: what this says is shown to more than people are.
        return str(
            Observer.objects.filter(person=int(key)).select_related("mission__organization").first() or key
        )
    kind = next((kind for kind in UPLOAD_KINDS if kind.model._meta.db_table == table), None)
    found = upload.records.filter(kind=kind.name, object_id=key).first() if kind else None
    return found.label if found else f"{table} {key}"
