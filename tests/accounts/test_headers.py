"""Headers of every page, errors and admin included, and what production starts with."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.core.test_settings import GOOD, start

pytestmark = pytest.mark.django_db
POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "font-src 'self'",
    "connect-src 'self'", "manifest-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
    "object-src 'none'",
}  # fmt: skip
SAME = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
}


@pytest.fixture
def staff() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(factories.make_administrator())
    return client


def answers(staff: Client) -> dict[str, Any]:
    election = factories.make_election()
    return {
        "public": Client().get(f"/en/e/{election.slug}/"),
        "public 404": Client().get("/en/nothing/"),
        "sign in": Client().get("/staff/login/"),
        "redirect": Client().get("/staff/"),
        "admin": staff.get("/staff/"),
        "admin list": staff.get("/staff/elections/election/"),
        "screen": staff.get("/staff/jobs/"),
        "admin 404": staff.get("/staff/elections/nothing/"),
        "refused": Client(enforce_csrf_checks=True).post("/staff/login/"),
        "wrong host": Client().get("/staff/login/", HTTP_HOST="evil example"),
    }


def test_s2_every_page_has_the_whole_policy(staff: Client) -> None:
    """Red when: a directive is taken out of the settings; or HeadersMiddleware stands below the others."""
    for name, answer in answers(staff).items():
        policy = {part.strip() for part in answer["Content-Security-Policy"].split(";")}
        assert policy == POLICY, name
        assert {header: answer.get(header) for header in SAME} == SAME, name
        assert "camera=()" in answer["Permissions-Policy"], name


def test_c1_staff_pages_are_kept_by_nobody(staff: Client) -> None:
    """Red when: HeadersMiddleware leaves Cache-Control as the view made it (the redirect says nothing then)."""
    for name, answer in answers(staff).items():
        if not name.startswith("public"):
            assert answer["Cache-Control"] == "no-store, private", name
            assert answer["Referrer-Policy"] == "same-origin", name


def test_a_page_that_breaks_has_them_too(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from tracker.staff import jobs

    monkeypatch.setattr(jobs, "TemplateResponse", lambda *args, **kwargs: 1 / 0)
    answer = staff.get("/staff/jobs/")
    assert answer.status_code == 500
    assert {part.strip() for part in answer["Content-Security-Policy"].split(";")} == POLICY
    assert answer["Cache-Control"] == "no-store, private"


def test_s1_django_has_nothing_to_say_against_production() -> None:
    """Red when: SESSION_COOKIE_SECURE is taken out of the settings."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)} | GOOD
    secret = "pq7Z-rather-long-and-not-repeating-9xK_4mWv2Lt8sBn6Gh3Jd"
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"]
    result = subprocess.run(
        command, env=environment | {"SECRET_KEY": secret}, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "no issues" in result.stdout


def test_s2_cookies_belong_to_this_host_alone_under_tls() -> None:
    """Red when: the names of the cookies lose their prefix."""
    program = (
        "import tracker.settings as s;"
        "print(*(getattr(s, f'{name}_COOKIE_NAME', '-') for name in ('SESSION', 'CSRF')), s.SESSION_COOKIE_SECURE,"
        " s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.PUBLIC_URL, s.TRUSTED_PROXIES)"
    )
    assert start(program).stdout.split() == [
        "__Host-session", "__Host-csrf", "True", "True", "True", "https://tracker.example", "1",
    ]  # fmt: skip
    closed = start(program, TLS="0").stdout.split()
    assert closed == ["-", "-", "False", "False", "True", "https://tracker.example", "0"]


def test_mails_go_where_the_environment_says() -> None:
    program = (
        "import tracker.settings as s; print(s.EMAIL_BACKEND.split('.')[-2], s.EMAIL_HOST or '-', s.EMAIL_PORT,"
        " s.EMAIL_USE_TLS, s.EMAIL_USE_SSL, s.DEFAULT_FROM_EMAIL)"
    )
    assert start(program, MAIL_HOST="print").stdout.split() == [
        "console",
        "-",
        "587",
        "True",
        "False",
        "tracker@tracker.example",
    ]
    given = {"MAIL_HOST": "mail.example", "MAIL_SECURITY": "tls", "MAIL_FROM": "desk@tracker.example"}
    said = start(program, **given).stdout.split()
    assert said == ["smtp", "mail.example", "465", "False", "True", "desk@tracker.example"]
