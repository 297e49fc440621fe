"""Asking the database directly, as one of its roles."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection, transaction

from tracker.core.identity import Identity, acting
from tracker.core.models import User


@contextmanager
def being(role: str, user: User | None = None) -> Iterator[None]:
    """The rest of the block as this role of the database, in the name of `user`; whatever fails in it is undone."""
    with acting(Identity(user=user.pk if user else 0, role=role)):
        yield


def ask(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def refused(statement: str, *values: Any) -> str:
    """The words with which the database refuses a statement; empty if it does not."""
    try:
        with transaction.atomic():
            ask(statement, *values)
    except DatabaseError as error:
        return str(error).splitlines()[0]
    return ""
