"""Taking back what an upload wrote, out of the history of its transaction: all of it or nothing.

A step on the way to the public is no change of what the file wrote: a submission is taken back with it, and what is
public has to be withdrawn first, by somebody who may.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.utils.translation import gettext as _

from tracker.core.history import declared
from tracker.core.history.erase import erase_history_of
from tracker.core.models import Publication, Publishable
from tracker.ingest.kinds import UPLOAD_KINDS
from tracker.ingest.models import Upload
from tracker.ingest.uploads.applying import PERSON, kinds_of, lock
from tracker.ingest.uploads.comparing import PREFIX
from tracker.ingest.uploads.moments import snapshot_of
from tracker.missions.models import Observer


class Newer(Exception):
    """Records of an upload were changed after it; `labels` names some of them."""

    def __init__(self, labels: list[str]) -> None:
        self.labels = labels
        super().__init__(", ".join(labels))


class StillPublic(Exception):
    """Records of an upload are public; `labels` names some of them."""

    def __init__(self, labels: list[str]) -> None:
        self.labels = labels
        super().__init__(", ".join(labels))


@dataclass(frozen=True)
class OnTheWay:
    """Records of an upload that took a step to the public since: how many wait for a publisher, how many are public,
    and the first of these, by model, key and name."""

    waiting: int
    public: int
    named: list[tuple[type[models.Model], int, str]]


NAMED = 20
# People's values stand beside the chain.
_OWN = """SELECT r.id, r.table_name, r.key, r.kind, r.before || coalesce(p.before, '{}') AS before
    FROM core_change c JOIN core_changedrow r ON r.change_id = c.id
    LEFT JOIN core_personalvalue p ON p.changed_row_id = r.id
    WHERE c.txid = %(transaction)s AND c.at > %(sent)s - interval '1 hour'
    AND r.table_name <> ALL(%(watched)s)"""

# What a step to the public, or back, writes in a record.
_STEP = "ARRAY['publication', 'embargo_until', 'written_by_id', 'approved_by_id', 'writers', 'version']"
_LATER = """c.at > %(sent)s AND c.txid <> %(transaction)s
    AND NOT txid_visible_in_snapshot(c.txid, %(written)s::txid_snapshot)"""
_IS_STEP = f"""(n.kind = 'update' AND (n.after ? 'publication' OR n.after ? 'embargo_until')
    AND n.after - {_STEP} = '{{}}')"""

_NEWER = f"""
    WITH own AS ({_OWN})
    SELECT DISTINCT o.table_name, o.key FROM core_change c JOIN core_changedrow n ON n.change_id = c.id
    JOIN own o ON o.table_name = n.table_name AND o.key = n.key
    WHERE {_LATER} AND NOT {_IS_STEP}
    ORDER BY 1, 2 LIMIT 5"""  # noqa: S608

# Sources stay: they are pages, and other records may stand on them by now.
STAYS = {"core_source"}


def take_back(upload: Upload) -> None:
    """Undo what `upload` wrote, out of its own history, within the transaction that is open.

    What of it waits for a publisher is taken back from there as well. Raises StillPublic where some is public, Newer
    where something of it was changed since; IntegrityError where other records now stand on it.
    """
    kinds = [kind for kind in UPLOAD_KINDS if kind.name in kinds_of(upload)]
    lock([kind.model for kind in kinds])
    parameters = _parameters(upload)
    if parameters is None:
        raise Newer([])  # of another cluster: nobody can tell what is later
    way = on_the_way(upload)
    if way.public:
        labels = [label for _model, _pk, label in way.named]
        more = way.public - len(labels)
        raise StillPublic([*labels, *([_("and %(count)d more") % {"count": more}] if more else [])])
    with connection.cursor() as cursor:
        cursor.execute(_NEWER, parameters)
        if newer := cursor.fetchall():
            raise Newer([_label(upload, table, key) for table, key in newer])
        cursor.execute(f"SELECT DISTINCT table_name FROM ({_OWN}) own", parameters)  # noqa: S608
        written = {table for (table,) in cursor.fetchall()}
        parents = [kind.model._meta.db_table for kind in UPLOAD_KINDS]
        for model in _publishable(upload):
            cursor.execute(
                f"UPDATE {model._meta.db_table} SET publication = '{Publication.DRAFT}'"  # noqa: S608
                f" WHERE id IN ({_stepped(model)})",
                parameters | {"state": Publication.SUBMITTED},
            )
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


def on_the_way(upload: Upload) -> OnTheWay:
    """What of an applied upload waits for a publisher or is public, by a step since it was written."""
    parameters = _parameters(upload)
    counts = dict.fromkeys((Publication.SUBMITTED, Publication.PUBLISHED), 0)
    named: list[tuple[type[models.Model], int, str]] = []
    for model in _publishable(upload) if parameters else ():
        for state in counts:
            with connection.cursor() as cursor:
                cursor.execute(_stepped(model), (parameters or {}) | {"state": state})
                ids = [key for (key,) in cursor.fetchall()]
            counts[state] += len(ids)
            if state == Publication.PUBLISHED:
                named += [
                    (model, key, _label(upload, model._meta.db_table, str(key)))
                    for key in ids[: NAMED - len(named)]
                ]
    return OnTheWay(counts[Publication.SUBMITTED], counts[Publication.PUBLISHED], named)


def _publishable(upload: Upload) -> list[type[models.Model]]:
    """The models of the upload's records that have a way to the public, and any that are on it or at its end."""
    kinds = kinds_of(upload)
    found = [kind for kind in UPLOAD_KINDS if kind.name in kinds and issubclass(kind.model, Publishable)]
    written = upload.records.filter(action__in=("new", "changed")).values("object_id")
    return [
        kind.model
        for kind in found
        if kind.model._base_manager.filter(
            pk__in=written.filter(kind=kind.name),
            publication__in=(Publication.SUBMITTED, Publication.PUBLISHED),
        ).exists()
    ]


def _parameters(upload: Upload) -> dict[str, Any] | None:
    """What the statements need to know of the transaction that wrote; None where it is of another cluster."""
    snapshot = snapshot_of(upload.written)
    if snapshot is None:
        return None
    return {
        "transaction": upload.written_by_transaction,
        # What is told of corrections is no part of the file.
        "watched": declared.watched_tables(),
        "sent": upload.sent_at,
        "written": snapshot,
    }


def _stepped(model: type[models.Model]) -> str:
    """SQL for the keys of the upload's records of `model` that took a step since and are in %(state)s."""
    table = model._meta.db_table
    return f"""
        SELECT t.id FROM (SELECT DISTINCT key FROM ({_OWN}) own WHERE table_name = '{table}') own
        JOIN {table} t ON t.id = own.key::bigint
        WHERE t.publication = %(state)s AND EXISTS (
            SELECT FROM core_change c JOIN core_changedrow n ON n.change_id = c.id
            WHERE n.table_name = '{table}' AND n.key = own.key AND {_LATER} AND {_IS_STEP})
        ORDER BY t.id"""  # noqa: S608


def _restore(table: str, parameters: dict[str, Any]) -> None:
    """Give changed rows of `table` their old values back, and deleted ones themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT jsonb_object_keys(before) FROM ({_OWN}) own"  # noqa: S608
            f" WHERE table_name = '{table}' AND kind = 'update'",
            parameters,
        )
        # Who wrote a row last is the database's to say, and what four eyes took off the public pages is put there by
        # somebody who publishes.
        kept = {"written_by_id", "approved_by_id", "writers", "publication", "embargo_until"}
        columns = sorted({name for (name,) in cursor.fetchall()} - kept)
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
