"""Signing in from tests: as a person does, and by the short way where signing in is not what the test is about."""

import re
import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.core import mail as outbox
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page, expect

from tests import factories
from tracker.accounts.codes import code_at
from tracker.core.models import User
from tracker.core.roles import Role

PASSWORD = "correct horse battery"
LOGIN, CODE = "/staff/login/", "/staff/login/code/"


def enrol(user: User) -> str:
    """Give the account an authenticator app and recovery codes; the secret of the app."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    user.refresh_from_db()  # sessions of before are over
    return secret


def code_now(secret: str, steps: int = 0) -> str:
    """What the app shows now, or some half minutes away."""
    return code_at(secret, int(time.time()) // 30 + steps)


def forget_used_codes(user: User) -> None:
    """As if the half minute of the last code were long over."""
    for factor in Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP):
        factor.data.pop("last_counter", None)
        factor.save(update_fields=["data"])


def sign_in(client: Client, user: User, secret: str, password: str = PASSWORD, **headers: Any) -> Any:
    """Both steps, through the pages; the answer to the second one."""
    forget_used_codes(user)
    first = client.post(LOGIN, {"login": user.username, "password": password}, **headers)
    assert (first.status_code, first.get("Location")) == (302, CODE), "the password was not right"
    return client.post(CODE, {"code": code_now(secret)}, **headers)


def enter(page: Page, live_server: Any, user: User) -> None:
    """Put a whole sign-in of `user` into the browser of `page`."""
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])


def secret_of(user: User) -> str:
    """The secret of the app that the account has."""
    return decrypt(Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP).data["secret"])


def type_in(page: Page, user: User, secret: str, password: str = PASSWORD) -> None:
    """Both steps on the page to sign in, which is open."""
    page.get_by_label("User name or e-mail").fill(user.username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/staff/login/code/")
    forget_used_codes(user)
    page.get_by_label("Code:", exact=True).fill(code_now(secret))
    page.get_by_role("button", name="Sign in", exact=True).click()


def use_passkey(page: Page) -> None:
    """Press the button on the page of the second step, which does nothing before the page's scripts have run."""
    button = page.get_by_role("button", name="Use a passkey")
    expect(button).to_be_visible()
    page.wait_for_load_state()
    button.click()


def person(**over: Any) -> User:
    return factories.make_account(Role.DESK, **{"email": "anna@example.org", "username": "anna"} | over)


def link_in_mail() -> str:
    return re.search(r"http\S+/staff/(?:password/new|invitation)/\S+", outbox.outbox[-1].body)[0]  # type: ignore[index]


def path_in_mail() -> str:
    """The same without the host, as the test client asks for it."""
    return link_in_mail().removeprefix("http://testserver")


def key_on(page: Any) -> str:
    """The key of an authenticator app that the answer shows."""
    return re.search(r'id="secret">([A-Z2-7 ]+)<', page.content.decode())[1].replace(" ", "")  # type: ignore[index]


def follow_link(client: Client) -> str:
    """Open the link of the last mail; where its form is sent to."""
    return client.get(path_in_mail())["Location"]


def new_password(text: str) -> dict[str, str]:
    return {"new_password1": text, "new_password2": text}


# What an interface does is described to everybody, with no token and no session (docs/decisions/0022-tokens.md).
DESCRIBED = ("/staff/api/openapi.json", "/staff/api/docs")


def staff_addresses() -> list[str]:
    """Every address below /staff/, numbers and names filled in."""
    found: list[str] = []

    def walk(patterns: list[Any], prefix: str) -> None:
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                walk(entry.url_patterns, route)
            elif isinstance(entry, URLPattern):
                plain = re.sub(r"<int:[^>]+>", "1", route)
                plain = re.sub(r"<path:object_id>", "1", plain)
                plain = re.sub(r"<[^>]+>", "x", plain)
                if plain.startswith("staff/") and "^" not in plain and "(?P" not in plain:
                    found.append(f"/{plain}")

    walk(get_resolver().url_patterns, "")
    return found
