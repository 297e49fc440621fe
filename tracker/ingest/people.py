"""People in files: what of a record is a human being's own, and what is remembered of it when the file is gone."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.crypto import salted_hmac

from tracker.missions.models import Observer, Person

# Fields of a person that a file may give; the others of an observer say nothing of who it is.
PERSONAL = ("full_name", "nationality", "document_number", "email", "phone")


def sealed(value: Any, key: str, name: str) -> Any:
    """What is remembered of a personal value: it tells the same from another, and cannot be read.

    `value`: a text, or what was sealed already; empty stays empty. `key` and `name` say whose and which it is: the
    same text at two people is not the same when it is sealed.
    """
    if value in (None, "") or isinstance(value, list):
        return value
    salt = f"tracker.ingest.people {name} {key}"
    return ["sealed", salted_hmac(salt, str(value), algorithm="sha256").hexdigest()]


def sealed_values(values: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The values of a record with the personal ones sealed."""
    return {name: sealed(value, key, name) if name in PERSONAL else value for name, value in values.items()}


def read_personal(name: str, observers: Iterable[int]) -> dict[int, Any]:
    """One personal field of these observers, empty where there is none, by the observer's id."""
    found: dict[int, Any] = dict.fromkeys(observers, "")
    column = Person._meta.get_field(name).attname  # type: ignore[union-attr]
    rows = Observer.objects.filter(pk__in=found, person__isnull=False).order_by()
    found.update(rows.values_list("pk", f"person__{column}"))
    return {key: value or "" for key, value in found.items()}


# The seat lost its person, and the person's record went in the same breath. What a job takes back is no erasure.
_ERASED = """
    SELECT o.mission_id, o.code, max(c.at)
    FROM missions_observer o
    JOIN core_changedrow r ON r.table_name = 'missions_observer' AND r.key = o.id::text AND r.kind = 'update'
    JOIN core_change c ON c.id = r.change_id AND c.origin NOT LIKE 'job %%'
    WHERE o.mission_id = ANY(%s) AND o.person_id IS NULL AND r.after->'person_id' = 'null'
        AND EXISTS (SELECT FROM core_changedrow p WHERE p.table_name = 'missions_person'
            AND p.key = r.before->>'person_id' AND p.kind = 'delete')
    GROUP BY 1, 2"""


def erased_seats(missions: Iterable[int]) -> dict[tuple[int, str], datetime]:
    """The observers of these missions whose person was erased, and nobody entered since: by mission and code, when."""
    with connection.cursor() as cursor:
        cursor.execute(_ERASED, [list(missions)])
        return {(mission, code): at for mission, code, at in cursor.fetchall()}
