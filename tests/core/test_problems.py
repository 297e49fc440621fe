"""Programs are told what is wrong as RFC 9457 has it, whatever it is and whoever finds it."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from tests.factories import make_account, make_station
from tracker.accounts.tokens import issue_token
from tracker.core.roles import Role

pytestmark = pytest.mark.django_db


def is_problem(answer: Any, status: int, title: str) -> dict[str, Any]:
    """That the answer is a problem with this status; what it says."""
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    said: dict[str, Any] = answer.json()
    assert (said["type"], said["title"], said["status"]) == ("about:blank", title, status)
    assert said["detail"].endswith(".")
    return said


@pytest.fixture
def program() -> Client:
    account = make_account(Role.DESK)
    _token, secret = issue_token(account=account, name="Lists", scopes=["visits", "stations"], days=7)
    return Client(raise_request_exception=False, HTTP_AUTHORIZATION=f"Bearer {secret}")


def take_away(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO gone_{table}")


def test_a_fault_of_ours_is_a_problem_and_not_a_page(program: Client) -> None:
    """Red when: handler500 is the page of the public."""
    station = make_station()
    public = f"/api/v1/elections/{station.election.slug}/stations/"
    assert (program.get(public).status_code, program.get("/staff/api/teams/").status_code) == (200, 200)
    take_away("stations_pollingstation")
    answer = program.get(public + "?limit=7")
    said = is_problem(answer, 500, "Internal Server Error")
    assert said["detail"].startswith("Something failed here")
    assert (answer["Cache-Control"], answer["Access-Control-Allow-Origin"]) == ("no-store", "*")
    take_away("fieldwork_team")
    answer = program.get("/staff/api/teams/")
    assert is_problem(answer, 500, "Internal Server Error") == said
    assert not answer.has_header("Access-Control-Allow-Origin")
    # People still get a page.
    assert program.get(f"/en/e/{station.election.slug}/stations/{station.pk}/")["Content-Type"].startswith(
        "text/html"
    )


def test_both_interfaces_speak_alike(program: Client) -> None:
    """Red when: a problem at /staff/api/ has its sentence as its title."""
    stranger = Client()
    answer = stranger.get("/staff/api/teams/")
    is_problem(answer, 401, "Unauthorized")
    assert answer["WWW-Authenticate"] == "Bearer"
    is_problem(program.delete("/staff/api/teams/"), 405, "Method Not Allowed")
    is_problem(stranger.delete("/api/v1/elections/"), 405, "Method Not Allowed")
    said = is_problem(
        program.post("/staff/api/visits/", "[]", content_type="application/json"), 403, "Forbidden"
    )
    assert said["detail"] == "Your roles do not allow this."
    for path in ("/staff/api/nothing/", "/api/nothing", "/api/v1/nothing/", "/api/v1/elections/nothing/"):
        is_problem(program.get(path), 404, "Not Found")
    wrong = is_problem(
        program.post(
            "/staff/api/stations/", "[]", content_type="application/json", HTTP_IDEMPOTENCY_KEY=str(uuid4())
        ),
        422,
        "Unprocessable Entity",
    )
    assert list(wrong["errors"]) == ["election"]


def test_a_request_that_is_broken_is_a_problem() -> None:
    """Red when: handler400 is Django's own page."""
    broken = Client(raise_request_exception=False, HTTP_HOST="not a host")
    is_problem(broken.get("/api/v1/elections/"), 400, "Bad Request")
    is_problem(broken.get("/staff/api/teams/"), 400, "Bad Request")
