"""I11: all that the interface’s description allows, asked, and much that it does not: each answer is as described.

Schemathesis makes the requests from the description itself, on the real election, the same ones each time.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, settings

from tests.conftest import load_az2024
from tests.factories import make_statement
from tracker.coverage.editions import refresh
from tracker.opendata.api.schema import description
from tracker.opendata.columns import Asked, Type
from tracker.opendata.datasets import BY_NAME, OF_ELECTION

pytestmark = pytest.mark.django_db
SLUG = "az-2024-president"
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


@pytest.fixture(scope="module")
def keys(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """The key of the first row of each dataset of the real election, loaded once for all operations."""
    signals = (request_started, request_finished)
    with django_db_blocker.unblock(), transaction.atomic():
        election = load_az2024()
        make_statement(mission=election.missions.order_by("pk").first())
        refresh(election)
        asked = Asked(election)
        # As in Django's own test client: the connection holds the transaction.
        for signal in signals:
            signal.disconnect(close_old_connections)
        yield {
            dataset.name: dataset.column(dataset.key).value(next(dataset.walk(asked)), asked)
            for dataset in OF_ELECTION
        }
        for signal in signals:
            signal.connect(close_old_connections)
        transaction.set_rollback(True)


@pytest.fixture
def answers(request: pytest.FixtureRequest, keys: dict[str, Any]) -> Iterator[Counter[int]]:
    """How often each status was answered. An operation that never found anything was not tried."""
    found: Counter[int] = Counter()
    yield found
    assert found[200] >= 5, found
    assert sum(count for status, count in found.items() if status >= 500) == 0


@schema.parametrize()
@settings(
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_i11_every_answer_is_as_described(case: Any, keys: dict[str, Any], answers: Counter[int]) -> None:
    """Red when: IsoDateField lets the error of a date that is none go on."""
    name = case.operation.definition.raw["operationId"].rpartition("_")[0]
    if case.path_parameters.get("key") in (A_NUMBER, A_WORD):
        case.path_parameters["key"] = keys[name]
    answer = case.call(headers={"Accept-Encoding": "identity"})  # what plain WSGI does not unpack
    answers[answer.status_code] += 1
    case.validate_response(answer)


def test_i11_every_operation_is_described() -> None:
    names = {f"{name}_{verb}" for name in BY_NAME for verb in ("list", "get")}
    described = [operation["get"]["operationId"] for operation in description()["paths"].values()]
    assert sorted(described) == sorted(names)
    assert description()["openapi"] == "3.1.0"
