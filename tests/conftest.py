"""What several tests need: the real election, loaded from its files."""

from collections.abc import Iterator
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.signals import user_logged_in
from django.core.management import call_command
from django.utils import translation

from tracker.accounts import sessions
from tracker.core.history import sql
from tracker.elections.models import Election

ROOT = Path(__file__).resolve().parent.parent
AZ2024 = ROOT / "fixtures" / "az2024"


def load_az2024() -> Election:
    call_command("load_election", str(AZ2024), stdout=StringIO())
    return Election.objects.get(slug="az-2024-president")


# The same of every table with a history.
sql.FOUNDATION = sql.FOUNDATION.replace(sql.REFUSE_TRUNCATE, "RETURN NULL;")


# Editions refuse it too, and one test of theirs switches that on again. It is said in the migration itself, so that
# whoever checks what is installed finds what was asked for.
for operation in import_module("tracker.coverage.migrations.0002_marks_and_chain").Migration.operations:
    if "CREATE TRIGGER edition_refuse_truncate" in str(operation.sql):
        operation.sql += "ALTER TABLE coverage_edition DISABLE TRIGGER edition_refuse_truncate;"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Each test begins in English: a request leaves its language active in the thread."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def force_login_counts_as_both_factors() -> Iterator[None]:
    """`client.force_login` stands for a whole sign-in. It alone comes without a request; real sign-ins have to be."""

    def mark(sender: Any, request: Any, **others: Any) -> None:
        if "REQUEST_METHOD" not in request.META:
            request.session[sessions.SECOND_FACTOR] = True

    user_logged_in.connect(mark)
    yield
    user_logged_in.disconnect(mark)


@pytest.fixture
def az2024(db: None) -> Election:
    """The real election of 7 February 2024."""
    return load_az2024()
