"""What several tests need: the real election, loaded from its files."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.signals import user_logged_in
from django.core.management import call_command
from django.utils import translation

import tests.clearing  # noqa: F401 - from here on tests that commit are cleaned up faster
from tracker.accounts import sessions
from tracker.elections.models import Election

ROOT = Path(__file__).resolve().parent.parent
AZ2024 = ROOT / "fixtures" / "az2024"


def load_az2024() -> Election:
    call_command("load_election", str(AZ2024), stdout=StringIO())
    return Election.objects.get(slug="az-2024-president")


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
