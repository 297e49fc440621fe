"""Group A of the tests of trust, A7 to A10: what a session is worth, and how passwords come about."""

import os
import subprocess
import sys
import time
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core import mail as outbox
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.client import ClientHandler
from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.parser import RequestParser

from tests import factories
from tests.signing import (
    CODE,
    LOGIN,
    PASSWORD,
    code_now,
    enrol,
    follow_link,
    link_in_mail,
    new_password,
    person,
    sign_in,
    staff_addresses,
)
from tracker.accounts import sessions
from tracker.accounts.models import ApiToken, SignInAttempt
from tracker.accounts.tokens import issue_token
from tracker.core.history.models import ChangedRow
from tracker.core.models import User
from tracker.core.roles import Role
from tracker.missions.models import Affiliation

pytestmark = pytest.mark.django_db
RESET = "/staff/password/forgotten/"


def outcomes() -> list[str]:
    return list(SignInAttempt.objects.values_list("outcome", flat=True))


# --- A7 sessions end --------------------------------------------------------------------------------------


def copied(client: Client) -> Client:
    """Another browser with the same cookie."""
    other = Client()
    other.cookies["sessionid"] = client.cookies["sessionid"].value
    return other


def deactivate(user: User, inside: Client) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def raw_role(user: User, inside: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_user SET roles = '{auditor}' WHERE id = %s", [user.pk])


def move(user: User, inside: Client) -> None:
    Affiliation.objects.filter(account=user).update(organization=factories.make_organization())


def leave(user: User, inside: Client) -> None:
    Affiliation.objects.filter(account=user).delete()


def logout(user: User, inside: Client) -> None:
    inside.post("/staff/logout/")


def everywhere(user: User, inside: Client) -> None:
    inside.post("/staff/account/sign-out-everywhere/")


def password(user: User, inside: Client) -> None:
    answer = inside.post(
        "/staff/password_change/", {"old_password": PASSWORD} | new_password("four unrelated lamps")
    )
    assert answer.status_code == 302


def factor(user: User, inside: Client) -> None:
    assert inside.post("/staff/account/app/remove/").status_code == 302


def reset_by_mail(user: User, inside: Client) -> None:
    client = Client()
    client.post(RESET, {"email": user.email})
    client.post(follow_link(client), new_password("four unrelated lamps"))


STAYS = {password, factor}
ENDS = [logout, everywhere, password, factor, reset_by_mail, deactivate, raw_role, move, leave]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_a7_a_copied_cookie_is_refused_at_the_next_request(end: Any) -> None:
    """Red when: the trigger account_changed, affiliation_changed or factor_changed is dropped (its cases);
    `_get_session_auth_hash` without the epoch (all but logout, deactivate and those that set a password)."""
    anna = factories.make_account(
        Role.COORDINATOR,
        organization=factories.make_organization(),
        email="anna@example.org",
        username="anna",
    )
    inside = Client()
    assert sign_in(inside, anna, enrol(anna)).status_code == 302
    thief, telephone = copied(inside), Client()
    telephone.force_login(User.objects.get(pk=anna.pk))
    assert [client.get("/staff/").status_code for client in (thief, telephone)] == [200, 200]
    end(anna, inside)
    assert thief.get("/staff/")["Location"] == "/staff/login/?next=/staff/"
    if end is not logout:
        assert telephone.get("/staff/")["Location"] == "/staff/login/?next=/staff/"
    if end in STAYS:
        assert inside.get("/staff/account/").status_code == 200


def sql_password(user: User, inside: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_user SET password = 'x' WHERE id = %s", [user.pk])


def administrator(user: User, inside: Client) -> None:
    desk = Client()
    desk.force_login(factories.make_account(Role.ADMINISTRATOR))
    assert desk.post(f"/staff/core/user/{user.pk}/end-sessions/").status_code == 302


def answer_to(secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    return int(Client().get("/staff/api/teams/", headers=headers).status_code)


TOKENS_END = {
    everywhere: "signed out everywhere", password: "new password", factor: "second factor of the account changed",
    reset_by_mail: "new password", sql_password: "new password", deactivate: "was closed",
    raw_role: "roles of the account changed",
    move: "another organization", leave: "another organization", administrator: "signed out everywhere",
}  # fmt: skip


@pytest.mark.parametrize("end", TOKENS_END, ids=lambda end: end.__name__)
def test_a7_what_ends_the_sessions_ends_the_tokens_and_their_owner_reads_why(end: Any) -> None:
    """Red when: seen with the trigger sessions_ended dropped and the epoch not compared (everywhere, administrator, the
    passwords, the role; the closed account came back with its token)."""
    anna = factories.make_account(
        Role.COORDINATOR,
        organization=factories.make_organization(),
        email="anna@example.org",
        username="anna",
    )
    inside = Client()
    assert sign_in(inside, anna, enrol(anna)).status_code == 302
    before = issue_token(account=anna, name="Tablets", scopes=["visits"], days=7)[1]
    assert answer_to(before) == 200
    end(anna, inside)
    assert answer_to(before) == 401
    # Undone, it does not bring the token back; one that is made afterwards works.
    User.objects.filter(pk=anna.pk).update(is_active=True, roles=[Role.COORDINATOR])
    assert answer_to(before) == 401
    anna.refresh_from_db()
    assert answer_to(issue_token(account=anna, name="New", scopes=["visits"], days=7)[1]) == 200
    client = Client()
    client.force_login(User.objects.get(pk=anna.pk))
    assert f"{TOKENS_END[end]}, " in client.get("/staff/account/tokens/").text
    # And the history has it, in the row of the token.
    said = ChangedRow.objects.filter(table_name="accounts_apitoken", after__ended_because__gt="")
    assert [row.before["ended_because"] for row in said] == [""]


def test_a7_a_token_made_at_the_moment_when_sessions_end_is_over_too() -> None:
    """Red when: find_token does not compare the epoch."""
    anna = person()
    stale = User.objects.get(pk=anna.pk)
    sessions.end_all(anna)
    assert answer_to(issue_token(account=stale, name="x", scopes=["visits"], days=7)[1]) == 401


def test_a7_administrators_end_a_token_and_auditors_see_it(client: Client) -> None:
    """Red when: the page lists none; the wall shows tokens to administrators alone (nothing for the auditor); or the
    address asks no permission (the auditor's POST ended it)."""
    anna = person()
    secret = issue_token(account=anna, name="Tablets of Baku", scopes=["visits"], days=7)[1]
    key = ApiToken.objects.get().pk
    page, ending = f"/staff/core/user/{anna.pk}/change/", f"/staff/core/user/{anna.pk}/end-token/{key}/"
    client.force_login(factories.make_account(Role.AUDITOR))
    shown = client.get(page).text
    assert "Tablets of Baku" in shown
    assert ending not in shown
    assert client.post(ending).status_code == 403
    assert answer_to(secret) == 200
    client.force_login(factories.make_account(Role.ADMINISTRATOR))
    assert ending in client.get(page).text
    assert client.get(ending).status_code == 200
    assert answer_to(secret) == 200
    assert client.post(ending)["Location"] == page
    assert answer_to(secret) == 401
    assert "Tablets of Baku" not in client.get(page).text
    client.force_login(User.objects.get(pk=anna.pk))
    assert "ended by an administrator" in client.get("/staff/account/tokens/").text


def test_a7_the_key_of_a_session_changes_at_sign_in() -> None:
    """Red when: `login` keeps the key (cycle_key taken out)."""
    anna = person()
    secret = enrol(anna)
    client = Client()
    client.post(LOGIN, {"login": "anna", "password": PASSWORD})
    before = client.cookies["sessionid"].value
    client.post(CODE, {"code": code_now(secret)})
    assert client.cookies["sessionid"].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_a7_a_copy_of_the_account_read_before_brings_no_session_back() -> None:
    """Red when: the trigger takes the epoch as it is written."""
    anna = person()
    stale = User.objects.get(pk=anna.pk)
    sessions.end_all(anna)
    stale.save()
    anna.refresh_from_db()
    assert anna.session_epoch == 1


# --- A8 idle and absolute ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("mark", "minutes"), [("seen_at", 30), ("signed_in_at", 12 * 60)])
def test_a8_a_session_ends_by_itself(mark: str, minutes: int, client: Client) -> None:
    """Red when: `account_of` does not look at `idle`, or at `whole`. The stored moments are moved; nobody sleeps."""
    client.force_login(person())

    def shift(seconds: float) -> None:
        session = client.session
        session[mark] = time.time() - seconds
        session.save()

    shift(minutes * 60 - 60)
    assert client.get("/staff/").status_code == 200
    shift(minutes * 60 + 5)
    assert client.get("/staff/")["Location"] == "/staff/login/?next=/staff/"
    page = client.get("/staff/login/").content.decode()
    assert ("half an hour" if mark == "seen_at" else "twelve hours") in page


def test_a8_work_makes_it_longer_and_the_page_s_own_questions_do_not(client: Client) -> None:
    """Red when: "account_session" is taken out of PASSIVE; `_is_background` says no; or `touch` does nothing."""
    client.force_login(person())

    def idle_for(seconds: float) -> None:
        session = client.session
        session["seen_at"] = time.time() - seconds
        session.save()

    idle_for(1000)
    assert 700 < client.get("/staff/session/").json()["idle"] <= 800
    assert client.post("/staff/session/").json()["idle"] > 1700
    idle_for(1000)
    client.get("/staff/jobs/", headers={"X-Background": "1"})  # a page that renews itself
    assert client.get("/staff/session/").json()["idle"] <= 800
    client.get("/staff/")
    assert client.get("/staff/session/").json()["idle"] > 1700


# --- A9 CSRF ----------------------------------------------------------------------------------------------


def test_a9_no_staff_post_without_token_from_elsewhere_or_as_text() -> None:
    """Red when: CsrfViewMiddleware is taken out of the settings."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.make_administrator())
    screens = [address for address in staff_addresses() if "autocomplete" not in address]
    token = client.get("/staff/account/sign-out-everywhere/").cookies["csrftoken"].value
    for screen in screens:
        without = client.post(screen)
        text = client.post(screen, data=f"csrfmiddlewaretoken={token}", content_type="text/plain")
        foreign = client.post(
            screen, {"csrfmiddlewaretoken": token}, HTTP_ORIGIN="https://evil.example", HTTP_HOST="testserver"
        )
        # Where programs write a session counts for nothing, with a token of the page or without.
        refused = 401 if screen.startswith("/staff/api/") else 403
        assert [without.status_code, text.status_code, foreign.status_code] == [refused] * 3, screen


def test_a9_a_post_without_token_burns_no_tries() -> None:
    """Red when: ThrottleMiddleware stands before CsrfViewMiddleware."""
    client = Client(enforce_csrf_checks=True)
    assert client.post(LOGIN, {"login": "anna", "password": "x"}).status_code == 403
    assert outcomes() == []


def rows_of_the_register() -> dict[str, int]:
    """How many rows each table holds and a hash of them, past the ORM; sessions are no part of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND relname NOT IN ('django_session')"
        )
        names = [row[0] for row in cursor.fetchall()]
        counts = {}
        for name in names:
            cursor.execute(f'SELECT count(*), coalesce(sum(hashtext(t::text)::bigint), 0) FROM "{name}" t')  # noqa: S608
            counts[name] = cursor.fetchone()
    return counts


def test_a9_looking_changes_nothing() -> None:
    """Red when: recovery codes are marked as seen by a GET (allauth's own view in urls.py)."""
    client = Client()
    anna = factories.make_administrator()
    enrol(anna)
    client.force_login(anna)
    factories.make_station()
    client.get("/staff/")
    before = rows_of_the_register()
    seen = []
    for screen in staff_addresses():
        if "/password/new/" not in screen:  # its door writes the try down, and shall
            seen.append(client.get(screen).status_code)
            client.head(screen)
    assert rows_of_the_register() == before
    assert seen.count(200) > 60, "signed in, and most pages are there"


# --- A10 reset and passwords ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_HOST": "evil.example"},
        {"HTTP_HOST": "tracker.example:8443"},
        {"HTTP_HOST": "www.tracker.example"},
        {"HTTP_HOST": "tracker.example", "HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_HOST": "tracker.example@evil.example"},
        {"HTTP_HOST": "tracker.example", "HTTP_X_FORWARDED_PORT": "1"},
    ],
)
def test_a10_the_link_leads_to_the_canonical_host_alone(headers: dict[str, str], settings: Any) -> None:
    """Red when: the link is made with request.build_absolute_uri."""
    settings.ALLOWED_HOSTS = ["tracker.example", "www.tracker.example"]
    settings.PUBLIC_URL = "https://tracker.example"
    person()
    answer = Client().post(RESET, {"email": "anna@example.org"}, **headers)
    if "evil" in headers["HTTP_HOST"]:
        assert (answer.status_code, len(outbox.outbox)) == (400, 0)
    else:
        assert answer.status_code == 302
        assert link_in_mail().startswith("https://tracker.example/staff/")
        assert "evil" not in outbox.outbox[-1].body


@pytest.mark.parametrize(
    ("line", "host", "status"),
    [
        ("http://evil.example/staff/password/forgotten/", "www.tracker.example", 302),
        ("http://tracker.example/staff/password/forgotten/", "evil.example", 400),
        ("//evil.example/staff/password/forgotten/", "tracker.example", 404),
    ],
)
def test_a10_an_absolute_address_in_the_request_line_leads_nowhere_else(
    line: str, host: str, status: int, settings: Any
) -> None:
    """As it comes over the wire, read by gunicorn. Red when: the link is made with request.build_absolute_uri."""
    settings.ALLOWED_HOSTS = ["tracker.example", "www.tracker.example"]
    settings.PUBLIC_URL = "https://tracker.example"
    person()
    body = b"email=anna%40example.org"
    head = (
        f"POST {line} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    config, peer = Config(), ("127.0.0.1", 40000)
    request = next(RequestParser(config, iter([head.encode() + body]), peer))
    _response, environ = wsgi.create(request, None, peer, ("127.0.0.1", 8000), config)
    assert ClientHandler(enforce_csrf_checks=False)(environ).status_code == status
    assert [message.to for message in outbox.outbox] == ([["anna@example.org"]] if status == 302 else [])
    if status == 302:
        assert link_in_mail().startswith("https://tracker.example/staff/")


def test_a10_a_link_works_once_and_for_an_hour(settings: Any) -> None:
    """Red when: PASSWORD_RESET_TIMEOUT is Django's three days; or the token outlives the password it was made for."""
    assert settings.PASSWORD_RESET_TIMEOUT <= 3600
    anna = person()
    client = Client()
    client.post(RESET, {"email": anna.email})
    link = link_in_mail().removeprefix("http://testserver")
    form = follow_link(client)
    assert client.get(form).status_code == 200  # loading the form is no try
    assert client.post(form, new_password("four unrelated lamps")).status_code == 302
    assert "was used already" in client.get(link).content.decode()
    kept = SignInAttempt.objects.filter(kind="code").order_by("pk")
    assert list(kept.values_list("outcome", flat=True)) == ["right", "wrong"]
    client.post(RESET, {"email": anna.email})
    link = link_in_mail().removeprefix("http://testserver")
    settings.PASSWORD_RESET_TIMEOUT = -1  # as if the hour were over
    assert "was used already" in client.get(link).content.decode()


WEAK = [
    "password1234", "123456789012", "qwertyuiop123", "iloveyou1234", "letmein12345", "P@ssw0rd1234", "Passw0rd2026!",
    "administrator", "welcome12345", "abcdefghijkl", "aaaaaaaaaaaa", "111111111111", "1q2w3e4r5t6y", "qazwsxedcrfv",
    "monkey123456", "dragon123456", "football2026", "sunshine2026", "princess1234", "trustno1trustno1",
    "zaq12wsxcde3", "passwordpassword", "observation1", "observationtracker", "ObservationTracker1", "tracker2026!!",
    "Tracker-Tracker", "election2024", "pollingstation", "azerbaijan2024", "anna@example.org",
]  # fmt: skip
STRONG = [
    "teapot under the bridge",
    "x8fK2!qPz0wLm",
    "Bakı küçəsində yağış var",
    "lamp-orbit-velvet-7",
    "q" + "Zx7-" * 2 + "mh3",
]


@pytest.mark.parametrize("text", [*WEAK, "password", "anna"])
def test_a10_weak_passwords_are_refused(text: str) -> None:
    """Red when: StrengthValidator is Django's own list (29 of them pass it), or both stand in the settings: two
    sentences then.
    """
    with pytest.raises(ValidationError) as refusal:
        validate_password(text, person())
    assert len(refusal.value.messages) == 1, refusal.value.messages


@pytest.mark.parametrize("text", STRONG)
def test_a10_good_passwords_are_taken(text: str) -> None:
    """Red when: WEAK is raised to 14."""
    validate_password(text, person())


def test_a10_long_and_pasted_passwords_are_taken_unchanged() -> None:
    """Red when: a field strips what was pasted, or cuts it at 128 characters."""
    anna = person()
    secret = enrol(anna)
    for number, text in enumerate(("ab12 - " * 28 + "end!", "  teapot under the bridge \t")):
        client = Client()
        client.post(RESET, {"email": anna.email})
        assert client.post(follow_link(client), new_password(text)).status_code == 302, number
        anna.refresh_from_db()
        assert anna.check_password(text)
        assert sign_in(Client(), anna, secret, password=text).status_code == 302
    assert not anna.check_password("teapot under the bridge")


def test_a10_a_megabyte_of_password_is_not_hashed(client: Client) -> None:
    """Red when: the backend hands the whole text to the hasher."""
    from tracker.accounts import backends

    person()
    seen: list[int] = []
    whole = backends.make_password
    backends.make_password = lambda text: seen.append(len(text)) or whole(text)  # type: ignore[assignment]
    try:
        client.post(LOGIN, {"login": "anna", "password": "x" * 1_000_000})
    finally:
        backends.make_password = whole
    assert seen == [1024]


@pytest.mark.parametrize(
    ("mode", "host", "backend"),
    [
        ("production", None, ""),
        ("production", "mail.example", "smtp"),
        ("production", "print", "console"),
        ("local", None, "console"),
    ],
)
def test_a10_no_link_is_printed_into_a_log_of_production_unasked(
    mode: str, host: str | None, backend: str
) -> None:
    """Red when: MAIL_HOST has a default in production."""
    program = "import tracker.settings as s; print(s.EMAIL_BACKEND)"
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "TRACKER_MODE": mode, "TLS": "1",
        "SECRET_KEY": "0123456789" * 5, "DATABASE_URL": "postgresql:///none", "ALLOWED_HOSTS": "tracker.example",
        "PUBLIC_URL": "https://tracker.example",
    } | ({} if host is None else {"MAIL_HOST": host})  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == (f"django.core.mail.backends.{backend}.EmailBackend" if backend else "")
    assert ("MAIL_HOST=print" in done.stderr) == (not backend)
