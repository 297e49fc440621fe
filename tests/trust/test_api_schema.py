"""I11: all that a description of an interface allows, asked, and much that it does not: each answer is as described.

Schemathesis makes the requests from the description itself, the same ones each time: of open data on the real election,
of programs with a token and rows of their own.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from tests.conftest import load_az2024
from tests.factories import make_account, make_election, make_mission, make_statement, make_station, make_team
from tests.signing import DESCRIBED
from tracker.accounts.tokens import issue_token
from tracker.core.roles import Role
from tracker.coverage.editions import refresh
from tracker.fieldwork.models import Assessment
from tracker.ingest.uploads.actions import receive_upload
from tracker.opendata.api.schema import description
from tracker.opendata.columns import Asked, Type
from tracker.opendata.datasets import BY_NAME, OF_ELECTION
from tracker.staff.api.schema import description as described_to_programs
from tracker.staff.api.urls import urlpatterns as program_addresses

pytestmark = pytest.mark.django_db
SLUG, OF_PROGRAMS = "az-2024-president", "of-programs"
# Stand in the requests for the key of a row that there is, which is known only when the election is loaded.
A_NUMBER, A_WORD = 999_999_001, "a-row-that-there-is"


def _operations() -> Iterator[dict[str, Any]]:
    yield {"include-operation-id": "elections_get", "parameters": {"path.key": SLUG}}
    for dataset in OF_ELECTION:
        election = {"path.election": SLUG}
        number = dataset.column(dataset.key).type is Type.INTEGER
        yield {
            "include-operation-id": f"{dataset.name}_get",
            "parameters": election | {"path.key": A_NUMBER if number else A_WORD},
        }
        yield {"include-operation-id": f"{dataset.name}_list", "parameters": election}


config = schemathesis.Config.from_dict({"seed": 1, "operations": list(_operations())})
schema = schemathesis.openapi.from_dict(description(), config=config)
schema.app = get_wsgi_application()

programs_config = schemathesis.Config.from_dict(
    {
        "seed": 1,
        "operations": [
            {"include-operation-id": "stations", "parameters": {"query.election": OF_PROGRAMS}},
            {"include-operation-id": "station_list", "parameters": {"path.pk": A_NUMBER}},
        ],
    }
)
programs = schemathesis.openapi.from_dict(described_to_programs(), config=programs_config)
programs.app = schema.app
TRIED = settings(
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def held(blocker: Any) -> Iterator[None]:
    """One transaction for all operations, as in Django's own test client: the connection holds it."""
    signals = (request_started, request_finished)
    with blocker.unblock(), transaction.atomic():
        for signal in signals:
            signal.disconnect(close_old_connections)
        yield
        for signal in signals:
            signal.connect(close_old_connections)
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def keys(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """The key of the first row of each dataset of the real election, loaded once for all operations."""
    with held(django_db_blocker):
        election = load_az2024()
        make_statement(mission=election.missions.order_by("pk").first())
        refresh(election)
        asked = Asked(election)
        yield {
            dataset.name: dataset.column(dataset.key).value(next(dataset.walk(asked)), asked)
            for dataset in OF_ELECTION
        }


@pytest.fixture(scope="module")
def program(django_db_setup: None, django_db_blocker: Any) -> Iterator[SimpleNamespace]:
    """A coordinator's team, station and scale, a list of stations of the desk, and a token of each, by scope."""
    with held(django_db_blocker):
        election = make_election(slug=OF_PROGRAMS)
        team = make_team(mission=make_mission(election=election))
        step = Assessment.objects.create(mission=team.mission, ordinal=1, label="Good", polarity="positive")
        owner = make_account(Role.COORDINATOR, organization=team.mission.organization)
        desk = make_account(Role.DESK)
        upload = receive_upload(
            by=desk, election=election, kind="stations", name="list", source="", content=b"No.,City\n1,Riga\n"
        )
        yield SimpleNamespace(
            body={"team": team.pk, "station": make_station(election=election).pk, "assessment": step.pk},
            pk=upload.pk,
            tokens={
                scope: issue_token(account=account, name="x", scopes=[scope], days=7)[1]
                for account, scope in ((owner, "visits"), (desk, "stations"))
            },
        )


@pytest.fixture
def answers(request: pytest.FixtureRequest, keys: dict[str, Any]) -> Iterator[Counter[int]]:
    """How often each status was answered. An operation that never found anything was not tried."""
    found: Counter[int] = Counter()
    yield found
    assert found[200] >= 5, found
    assert sum(count for status, count in found.items() if status >= 500) == 0


@schema.parametrize()
@TRIED
def test_i11_every_answer_is_as_described(case: Any, keys: dict[str, Any], answers: Counter[int]) -> None:
    """Red when: IsoDateField lets the error of a date that is none go on."""
    name = case.operation.definition.raw["operationId"].rpartition("_")[0]
    if case.path_parameters.get("key") in (A_NUMBER, A_WORD):
        case.path_parameters["key"] = keys[name]
    answer = case.call(headers={"Accept-Encoding": "identity"})  # what plain WSGI does not unpack
    answers[answer.status_code] += 1
    # No description can say which cursors were handed out: one that was made up is a 400.
    made_up = [positive_data_acceptance] if "cursor" in (case.query or {}) else []
    case.validate_response(answer, excluded_checks=made_up)


@pytest.fixture
def told(program: SimpleNamespace) -> Iterator[Counter[int]]:
    """How often each status was answered to programs."""
    found: Counter[int] = Counter()
    yield found
    assert sum(count for status, count in found.items() if status < 300) >= 2, found
    assert sum(count for status, count in found.items() if status >= 500) == 0


@programs.parametrize()
@TRIED
def test_i11_programs_are_answered_as_described(
    case: Any, program: SimpleNamespace, told: Counter[int]
) -> None:
    """Red when: an answer has another type of content (seen at /staff/api/teams/)."""
    if case.path_parameters.get("pk") == A_NUMBER:
        case.path_parameters["pk"] = program.pk
    if isinstance(case.body, dict) and "team" in case.body:
        # What is well formed becomes what there is, so that some are written.
        right = {name: value for name, value in program.body.items() if type(case.body.get(name)) is int}
        if isinstance(case.body.get("arrived_at"), str):
            right["arrived_at"] = "2024-02-07T09:15:00+04:00"
        case.body |= right
    if isinstance(case.body, (str, bytes)):
        case.body = b"No.,City\n1,Riga\n" if isinstance(case.body, bytes) else "No.,City\n1,Riga\n"
    token = program.tokens[case.operation.definition.raw["tags"][0]]
    answer = case.call(headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})
    told[answer.status_code] += 1
    # What is well formed may still be no team, no station, or no list that can be read. Without the token: A6 and A9.
    case.validate_response(answer, excluded_checks=[positive_data_acceptance, ignored_auth])


def test_i11_programs_are_described_by_what_is_served() -> None:
    """Red when: an address has no place in OPERATIONS."""
    served = {f"/staff/api/{entry.pattern}".replace("<int:pk>", "{pk}") for entry in program_addresses}
    assert served == {*described_to_programs()["paths"], *DESCRIBED}
    answer = Client().get("/staff/api/openapi.json")
    assert (answer.status_code, answer.json()) == (200, described_to_programs())
    assert described_to_programs()["openapi"] == "3.1.0"


def test_i11_every_operation_is_described() -> None:
    names = {f"{name}_{verb}" for name in BY_NAME for verb in ("list", "get")}
    described = [operation["get"]["operationId"] for operation in description()["paths"].values()]
    assert sorted(described) == sorted(names)
    assert description()["openapi"] == "3.1.0"
