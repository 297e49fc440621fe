"""I10: requests that cost their sender nothing cost us little: they are refused, or answered with as few statements.

No test measures time. What is refused is refused before anything is asked of the database, and what is answered asks
as much as any other page; an expression that could run for minutes meets a limit on the processor's time.
"""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.trust.world import make_world
from tracker.accounts.tokens import issue_token
from tracker.fieldwork.models import Visit
from tracker.ingest.models import Upload
from tracker.missions.models import Organization

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent.parent
LONG = "x" * 1_000_000
HUGE = ("1" * 5000, str(10**30), str(2**63), "9" * 18)


@pytest.fixture
def world() -> SimpleNamespace:
    return make_world()


@pytest.fixture
def staff(world: SimpleNamespace) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(world.accounts["superuser"])
    return client


@pytest.fixture
def program(world: SimpleNamespace) -> Any:
    """Sends a body to /staff/api/ with a token that may do everything."""
    account = world.accounts["mission_coordinator"]
    _token, secret = issue_token(account=account, name="x", scopes=["visits", "stations"], days=7)

    def send(path: str, body: bytes | str) -> Any:
        return Client(raise_request_exception=False).post(
            path, body, content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {secret}",
            HTTP_IDEMPOTENCY_KEY=str(uuid4()),
        )  # fmt: skip

    return send


def test_i10_names_of_a_megabyte(world: SimpleNamespace, staff: Client, program: Any) -> None:
    """Red when: Organization.name is a TextField; when a visit's body may have any length."""
    before = Organization.objects.count()
    page = staff.post("/staff/missions/organization/add/", {"name": LONG, "acronym": LONG, "kind": "ngo"})
    assert {"name", "acronym"} <= set(page.context["adminform"].form.errors)
    assert Organization.objects.count() == before
    door = Client(raise_request_exception=False)
    assert door.post("/staff/login/", {"login": LONG, "password": LONG}).status_code < 500
    answer = program("/staff/api/visits/", json.dumps({"findings": LONG}))
    assert (answer.status_code, "64 KB" in answer.content.decode()) == (422, True)
    word = LONG[:60_000]
    for path in (
        f"/en/e/the-election/verify/?number={word}", f"/staff/stations/pollingstation/?q={word}",
        f"/en/e/the-election/stations/?q={word}", f"/en/e/{word}/",
    ):  # fmt: skip
        assert staff.get(path).status_code in (200, 302, 400, 404), path[:60]


def test_i10_twenty_thousand_fields(staff: Client) -> None:
    """Red when: DATA_UPLOAD_MAX_NUMBER_FIELDS is None."""
    fields = {f"field{number}": "x" for number in range(20_000)}
    for path in ("/staff/missions/organization/add/", "/staff/login/", "/staff/visits/new/"):
        assert staff.post(path, fields).status_code == 400, path
    files = {f"file{number}": SimpleUploadedFile("a.csv", b"a") for number in range(200)}
    assert staff.post("/staff/files/new/", files).status_code == 400


def test_i10_json_ten_thousand_deep(world: SimpleNamespace, staff: Client, program: Any) -> None:
    """Red when: RecursionError is not expected where a program's JSON is read (operations._object), or a file's
    (unpack.read_json): a reader that dies of it refuses the file as well, and does not say why."""
    for deep in ("[" * 10_000 + "]" * 10_000, '{"a":' * 10_000 + "1" + "}" * 10_000):
        assert program("/staff/api/visits/", deep).status_code == 422
        answer = staff.post(
            "/staff/files/new/",
            {
                "election": world.election.pk,
                "kind": "stations",
                "file": SimpleUploadedFile("a.json", deep.encode()),
            },
        )
        assert answer.status_code == 422
        assert "too many levels" in str(answer.context["form"].errors["file"])
    assert Upload.objects.count() == 2


@pytest.mark.parametrize("number", HUGE, ids=["5000 digits", "10^30", "2^63", "18 digits"])
def test_i10_huge_numbers(world: SimpleNamespace, staff: Client, program: Any, number: str) -> None:
    """Red when: a key is read with int() alone (key_of taken out of chosen_election)."""
    slug = world.election.slug
    for path in (
        f"/api/v1/elections/{slug}/stations/?registered_voters_min={number}",
        f"/api/v1/elections/{slug}/stations/?limit={number}",
    ):  # fmt: skip
        assert staff.get(path).status_code == 400, path[:60]
    for path in (
        f"/api/v1/elections/{slug}/stations/{number}/", f"/en/e/{slug}/stations/{number}/", f"/staff/visits/{number}/",
        f"/staff/stations/pollingstation/{number}/change/", f"/staff/files/{number}/", f"/staff/jobs/{number}/",
        f"/en/e/{slug}/?edition={number}", f"/staff/incidents/{number}/",
    ):  # fmt: skip
        assert staff.get(path).status_code in (302, 404), path[:60]
    for path in (
        f"/staff/stations/pollingstation/add/?election={number}", f"/staff/stations/pollingstation/?p={number}",
        f"/staff/stations/pollingstation/?election__id__exact={number}", f"/staff/visits/new/?team={number}",
        f"/staff/board/{slug}/?mission={number}&page={number}", f"/staff/files/new/?election={number}",
        "/staff/autocomplete/?app_label=stations&model_name=pollingstation&field_name=constituency"
        f"&term=a&election={number}", f"/staff/fieldwork/deployment/utc/?station={number}",
        f"/staff/stations/pollingstation/voting-days/?election={number}",
        f"/staff/missions/mission/add/?organization={number}",
    ):  # fmt: skip
        assert staff.get(path).status_code in (200, 302, 404), path[:70]
    body = f'{{"team": {number}, "station": 1, "phase": "voting", "arrived_at": "2024-02-07T09:15:00+04:00"}}'
    assert program("/staff/api/visits/", body).status_code == 422
    assert Visit.objects.count() == 2


def test_i10_page_a_thousand_million(world: SimpleNamespace, staff: Client) -> None:
    """It asks as much as the last page there is. Red when: a list counts its pages off one by one."""
    slug = world.election.slug
    for path in (f"/en/e/{slug}/stations/", f"/en/e/{slug}/missions/", f"/en/e/{slug}/editions/", "/staff/visits/",
                 "/staff/incidents/", "/staff/jobs/", "/staff/files/", f"/staff/accreditation/{slug}/",
                 f"/staff/board/{slug}/", "/staff/history/"):  # fmt: skip
        asked = []
        for page in ("1", "1000000000"):
            with CaptureQueriesContext(connection) as queries:
                assert staff.get(path, {"page": page}).status_code in (200, 404), path
            asked.append(len(queries))
        assert asked[1] <= asked[0], path


def test_i10_five_hundred_filters(world: SimpleNamespace, staff: Client) -> None:
    """Red when: a parameter may be given more than once and each is a condition."""
    path = f"/api/v1/elections/{world.election.slug}/stations/"
    with CaptureQueriesContext(connection) as queries:
        answer = staff.get(path + "?" + "&".join(f"city{number}=x" for number in range(500)))
        assert (answer.status_code, len(answer.json()["errors"])) == (400, 500)
        assert staff.get(path + "?" + "&".join("city=x" for _ in range(500))).status_code == 400
        assert staff.get(f"{path}?fields={','.join(['id'] * 5000)}").status_code in (200, 400)
    assert not [
        query for query in queries if "stations_pollingstation" in query["sql"] and "LIMIT" in query["sql"]
    ][1:]
    wide = "&".join(f"election__id__exact={number}" for number in range(500))
    assert staff.get(f"/staff/stations/pollingstation/?{wide}").status_code in (200, 302)
    words = " ".join(f"w{number}" for number in range(500))
    answer = staff.get("/staff/stations/pollingstation/", {"q": words})
    assert answer.status_code in (200, 302)


# --- expressions

BAIT = """
import importlib, pkgutil, re, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
import django
django.setup()
import tracker
found = {}
for module in pkgutil.walk_packages(tracker.__path__, "tracker."):
    if ".migrations" in module.name or module.name.rpartition(".")[2] in ("celery", "asgi", "wsgi", "dev"):
        continue
    for name, value in vars(importlib.import_module(module.name)).items():
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            found[value.pattern] = value
SEEDS = ("a", "1", " ", "'", "-", ".", ":", ",", "1,", "1:", "a ", "1 ", "a1", "1.", "(", "-1", "°", "1-", "/", "=")
for pattern in found.values():
    for seed in SEEDS:
        bait = seed * (300 // len(seed))
        for text in (bait, bait + "!", bait + "\\0", "1" + bait + "x", " " + bait + "\\n!"):
            pattern.match(text)
            pattern.search(text)
print(len(found))
"""


def test_i10_no_expression_runs_away() -> None:
    """Every expression of the product, against what makes bad ones try again and again, as long as a cell may be.

    Red when: a module has re.compile(r"(a+)+$"): the process meets the limit of its time.
    """
    done = subprocess.run(
        [sys.executable, "-c", BAIT], capture_output=True, text=True, timeout=600, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 20
