"""Programs write in somebody's name with a token: the same rules, the same history, once however often it is sent."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories as make
from tests.jobs import run_waiting_jobs
from tracker.accounts.models import ApiToken
from tracker.accounts.tokens import issue_token
from tracker.core.history.models import Change, ChangedRow
from tracker.core.roles import Role
from tracker.fieldwork.models import Visit
from tracker.ingest.models import Upload
from tracker.stations.models import PollingStation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> SimpleNamespace:
    election = make.make_election()
    teams = [make.make_team(mission=make.make_mission(election=election)) for _ in range(2)]
    own = make.make_account(Role.COORDINATOR, organization=teams[0].mission.organization)
    return SimpleNamespace(
        election=election,
        team=teams[0],
        foreign=teams[1],
        account=own,
        station=make.make_station(election=election),
    )


def secret_of(account: Any, *scopes: str, days: int = 7) -> str:
    return issue_token(account=account, name="Tablets", scopes=list(scopes or ("visits",)), days=days)[1]


def send(secret: str, path: str, body: Any = None, key: Any = None, **more: Any) -> Any:
    """POST of a body, GET without one."""
    headers = {"HTTP_AUTHORIZATION": f"Bearer {secret}"} | more
    if body is None:
        return Client().get(path, **headers)
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    key = uuid4() if key is None else key
    return Client(enforce_csrf_checks=True).post(
        path, data, content_type="application/json", HTTP_IDEMPOTENCY_KEY=str(key), **headers
    )


def visit_of(world: SimpleNamespace, **over: Any) -> dict[str, Any]:
    said = {
        "team": world.team.pk, "station": world.station.pk, "phase": "voting",
        "arrived_at": "2024-02-07T09:15:00+04:00", "findings": "",
    }  # fmt: skip
    return said | over


def test_visit_is_entered_once_however_often_it_is_sent(world: SimpleNamespace) -> None:
    secret, key = secret_of(world.account), uuid4()
    first = send(secret, "/staff/api/visits/", visit_of(world), key)
    assert first.status_code == 201, first.content
    again = send(secret, "/staff/api/visits/", visit_of(world), key)
    assert (again.status_code, again.json()) == (200, first.json())
    visit = Visit.objects.get()
    assert (visit.status, visit.created_by) == ("submitted", world.account)
    # Other words under the same key are refused: the visit counts already.
    other = send(secret, "/staff/api/visits/", visit_of(world, phase="closing"), key)
    assert other.status_code == 409
    assert other["Content-Type"] == "application/problem+json"
    # In the history it stands in the name of the account, with the mark of the request.
    change = Change.objects.get(pk=ChangedRow.objects.get(table_name=Visit._meta.db_table).change_id)
    assert (change.account, change.origin) == (world.account.pk, "request")
    assert change.request


def test_key_of_another_account_is_another_visit(world: SimpleNamespace) -> None:
    key = uuid4()
    other = make.make_account(Role.COORDINATOR, organization=world.foreign.mission.organization)
    assert send(secret_of(world.account), "/staff/api/visits/", visit_of(world), key).status_code == 201
    theirs = visit_of(world, team=world.foreign.pk)
    assert send(secret_of(other), "/staff/api/visits/", theirs, key).status_code == 201
    assert Visit.objects.count() == 2


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"phase": "lunch"}, "phase"),
        ({"arrived_at": "2024-02-07T09:15:00"}, "arrived_at"),
        ({"arrived_at": "2024-02-31T09:15:00+04:00"}, "arrived_at"),
        ({"station": 10**30}, "station"),
        ({"station": True}, "station"),
        ({"assessment": 999}, "assessment"),
        ({"findings": {"a": 1}}, "findings"),
        ({"findings": "a\0b"}, "findings"),
        ({"findings": "\ud800"}, "findings"),
        ({"departed_at": "0001-01-01T00:00:00+14:00"}, "departed_at"),
        ({"submit": "yes"}, "submit"),
        ({"status": "verified"}, "status"),
        ({"created_by": 1}, "created_by"),
    ],
)
def test_what_is_wrong_is_told_by_field_and_nothing_written(
    world: SimpleNamespace, over: dict[str, Any], field: str
) -> None:
    answer = send(secret_of(world.account), "/staff/api/visits/", visit_of(world, **over))
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
    assert not Visit.objects.exists()


@pytest.mark.parametrize("body", ["", "[]", "{", "null", b"\xff", '{"a":' * 20_000])
def test_body_that_is_no_object_is_refused(world: SimpleNamespace, body: Any) -> None:
    assert send(secret_of(world.account), "/staff/api/visits/", body).status_code == 422


def test_without_a_key_nothing_is_written(world: SimpleNamespace) -> None:
    answer = send(secret_of(world.account), "/staff/api/visits/", visit_of(world), key="once")
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["Idempotency-Key"]


def test_team_of_others_is_as_one_that_is_not_there(world: SimpleNamespace) -> None:
    secret = secret_of(world.account)
    foreign = send(secret, "/staff/api/visits/", visit_of(world, team=world.foreign.pk))
    absent = send(secret, "/staff/api/visits/", visit_of(world, team=10**9))
    assert foreign.status_code == absent.status_code == 422
    assert foreign.content == absent.content
    listed = send(secret, "/staff/api/teams/").json()["teams"]
    assert [team["id"] for team in listed] == [world.team.pk]


def test_token_that_is_wrong_over_ended_or_of_a_closed_account_opens_nothing(world: SimpleNamespace) -> None:
    secret = secret_of(world.account)
    path = "/staff/api/teams/"
    assert send(secret, path).status_code == 200
    for wrong in ("", "x", secret[:-1], secret + "x", secret.upper()):
        answer = send(wrong, path)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    token = ApiToken.objects.get()
    for change in ({"ended_at": timezone.now()}, {"expires_at": timezone.now() - timedelta(seconds=1)}):
        ApiToken.objects.filter(pk=token.pk).update(**change)
        assert send(secret, path).status_code == 401
        ApiToken.objects.filter(pk=token.pk).update(ended_at=None, expires_at=token.expires_at)
    assert send(secret, path).status_code == 200
    world.account.is_active = False
    world.account.save()
    assert send(secret, path).status_code == 401


def test_scope_and_role_both_limit_a_token(world: SimpleNamespace) -> None:
    assert send(secret_of(world.account, "stations"), "/staff/api/teams/").status_code == 403
    # A role that goes ends the token, and one made afterwards cannot do what the role gave.
    secret = secret_of(world.account, "visits", "stations")
    query = f"?election={world.election.slug}"
    assert send(secret, f"/staff/api/stations/{query}", "a,b\n1,2\n").status_code == 403
    world.account.roles = [Role.AUDITOR]
    world.account.save()
    assert send(secret, "/staff/api/visits/", visit_of(world)).status_code == 401
    world.account.refresh_from_db()
    secret = secret_of(world.account, "visits", "stations")
    assert send(secret, "/staff/api/visits/", visit_of(world)).status_code == 403


def test_session_counts_for_nothing_there(world: SimpleNamespace) -> None:
    client = Client()
    client.force_login(world.account)
    assert client.get("/staff/api/teams/").status_code == 401
    # And a token opens no screen.
    secret = secret_of(world.account)
    assert Client().get("/staff/visits/", HTTP_AUTHORIZATION=f"Bearer {secret}").status_code == 302


def test_list_of_stations_is_compared_then_written(world: SimpleNamespace) -> None:
    secret, key = secret_of(make.make_account(Role.DESK), "stations"), uuid4()
    path = f"/staff/api/stations/?election={world.election.slug}&source=https://authority.example/&apply=yes"
    rows = [{"Number": 7, "Country": "Germany", "City": "Berlin"}]
    first = send(secret, path, rows, key)
    assert first.status_code == 202, first.content
    assert send(secret, path, rows, key).json()["id"] == first.json()["id"]
    assert send(secret, path, [*rows, *rows], key).status_code == 409
    run_waiting_jobs()
    told = send(secret, first.json()["url"]).json()
    assert (told["state"], told["counts"]["new"], told["rows"]) == ("applied", 1, [])
    assert PollingStation.objects.filter(city="Berlin").exists()
    assert Upload.objects.count() == 1


def test_list_with_a_wrong_row_is_told_and_not_written(world: SimpleNamespace) -> None:
    secret = secret_of(make.make_account(Role.DESK), "stations")
    path = f"/staff/api/stations/?election={world.election.slug}&source=https://authority.example/&apply=yes"
    rows = [{"No.": 1, "Country": "Germany", "City": "Berlin"}, {"No.": 2, "Country": "Germany", "City": ""}]
    first = send(secret, path, rows)
    run_waiting_jobs()
    told = send(secret, first.json()["url"]).json()
    assert told["state"] == "checked"
    assert [row["row"] for row in told["rows"]] == [2]
    assert not PollingStation.objects.filter(city="Berlin").exists()
    stranger = secret_of(make.make_account(Role.DESK), "stations")
    assert send(stranger, first.json()["url"]).status_code == 404


def test_own_tokens_are_made_seen_once_and_ended(client: Client, world: SimpleNamespace) -> None:
    client.force_login(world.account)
    path = "/staff/account/tokens/"
    assert "None yet." in client.get(path).text
    made = client.post(path, {"make": "yes", "name": "Tablets", "scopes": ["visits"], "days": "30"})
    secret = made.context["secret"]
    assert secret in made.text
    assert "no-store" in made["Cache-Control"]
    assert secret not in client.get(path).text
    token = ApiToken.objects.get()
    assert secret not in str(ApiToken.objects.values().get())
    assert send(secret, "/staff/api/teams/").status_code == 200
    client.post(path, {"end": token.pk})
    assert send(secret, "/staff/api/teams/").status_code == 401
    # Nobody ends what belongs to somebody else.
    other = issue_token(account=make.make_account(Role.DESK), name="x", scopes=["stations"], days=7)[0]
    client.post(path, {"end": other.pk})
    other.refresh_from_db()
    assert other.alive


def test_signing_out_everywhere_ends_tokens(client: Client, world: SimpleNamespace) -> None:
    secret = secret_of(world.account)
    client.force_login(world.account)
    client.post("/staff/account/sign-out-everywhere/")
    assert send(secret, "/staff/api/teams/").status_code == 401


def test_list_of_several_megabytes_is_taken_and_one_too_large_is_named(world: SimpleNamespace) -> None:
    """Red when: the body is asked of Django, which stops at 2.5 MB."""
    secret = secret_of(make.make_account(Role.DESK), "stations")
    path = f"/staff/api/stations/?election={world.election.slug}&source=https://authority.example/"
    row = "1,Germany,Berlin," + "x" * 10_000 + "\n"
    large = send(secret, path, "No.,Country,City,Notes\n" + row * 300)
    assert large.status_code == 202, large.content
    assert Upload.objects.get().size > 3_000_000
    too_large = send(secret, path, "No.,Country,City,Notes\n" + row * 3_400)
    assert too_large.status_code == 422
    assert too_large.json()["errors"] == {"": ["The list is larger than 32 MB; send it in parts."]}
