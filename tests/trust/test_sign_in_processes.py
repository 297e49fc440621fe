"""Group A of the tests of trust, A1 and A2: the limit is one for all processes, and needs no broker."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.test import Client

from tests.brokers import ROOT, end, environment, start_broker
from tests.signing import LOGIN, person
from tracker import valkey
from tracker.accounts.models import SignInAttempt

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("workers")]

# Five wrong passwords for one account and ten wrong tokens, in a process of its own; the answers as JSON.
GUESS = """
import json, os, django
django.setup()
from django.test import Client
found = [["password", Client().post("/staff/login/", {"login": "anna", "password": "wrong"}).status_code]
         for _ in range(5)]
found += [["token", Client().get("/staff/api/teams/", HTTP_AUTHORIZATION=f"Bearer {os.getpid()}-{n}").status_code]
          for n in range(10)]
print(json.dumps(found))
"""


def test_a1_processes_count_together() -> None:
    """Three processes of the site, side by side. Red when: seen with a count for each process."""
    person()
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", GUESS], cwd=ROOT, stdout=subprocess.PIPE, text=True,
            env=environment() | {"DJANGO_SETTINGS_MODULE": "tracker.settings"},
        )
        for _ in range(3)
    ]  # fmt: skip
    answers: Counter[tuple[str, int]] = Counter()
    for process in begun:
        output = process.communicate(timeout=240)[0]
        assert process.returncode == 0
        answers.update((kind, status) for kind, status in json.loads(output.splitlines()[-1]))
    # Five passwords of one account, and twenty tries of one address over all doors; the rest is refused unseen.
    assert answers["password", 200] <= 5
    assert answers["password", 200] + answers["token", 401] == 20
    assert answers["password", 429] + answers["token", 429] == 25
    kept = Counter(SignInAttempt.objects.values_list("outcome", flat=True))
    assert kept == {"wrong": 20, "refused": 25}


@pytest.fixture
def place() -> Iterator[Path]:
    data = Path(tempfile.mkdtemp(prefix="tracker broker "))
    yield data
    shutil.rmtree(data, ignore_errors=True)


def test_a2_a_broker_that_is_killed_emptied_and_started_again_changes_no_count(
    place: Path, settings: object
) -> None:
    """Red when: seen with a count that begins anew where the broker has forgotten."""
    person()
    settings.REDIS_URL = valkey.url(place)  # type: ignore[attr-defined]

    def tries(number: int) -> list[int]:
        return [
            Client().post(LOGIN, {"login": "anna", "password": "wrong"}).status_code for _ in range(number)
        ]

    server = start_broker(place)
    try:
        assert tries(2) == [200, 200]
        end(server)
        assert tries(2) == [200, 200]
        server = start_broker(place)
        redis.Redis(unix_socket_path=valkey.url(place).removeprefix("unix://").split("?")[0]).flushall()
        assert tries(4) == [200, 429, 429, 429]
    finally:
        end(server)
