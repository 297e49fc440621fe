"""People in files: what of a record is a human being's own, and what is remembered of it when the file is gone."""

from collections.abc import Iterable, Mapping
from typing import Any

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
