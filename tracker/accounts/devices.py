"""Devices somebody has signed in from before, with both factors: a signed cookie that is counted apart.

The cookie opens nothing. It only keeps whoever burns an account's tries from elsewhere from locking its owner out.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from tracker.accounts.throttle import seal
from tracker.core.models import User

DAYS = 180
ACCOUNTS = 5  # of one browser
SALT = "tracker.accounts.device"
PATH = "/staff/"


def cookie_name() -> str:
    return "__Secure-device" if settings.TLS else "device"


def _read(request: HttpRequest) -> dict:
    try:
        content = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=SALT, max_age=DAYS * 24 * 3600)
    except signing.BadSignature:
        return {}
    return content if isinstance(content, dict) else {}


def known_device(request: HttpRequest, user: User | None) -> str:
    """The hash of this device where `user` has signed in from it before; otherwise empty."""
    content = _read(request)
    if user is None or user.pk not in content.get("accounts", []):
        return ""
    return seal(f"device {content['device']} {user.pk}")


def remember_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """From now on this device is known as one of `user`."""
    content = _read(request)
    accounts = [user.pk, *(pk for pk in content.get("accounts", []) if pk != user.pk)][:ACCOUNTS]
    value = {"device": content.get("device") or secrets.token_urlsafe(16), "accounts": accounts}
    response.set_cookie(
        cookie_name(), signing.dumps(value, salt=SALT), max_age=DAYS * 24 * 3600, path=PATH,
        secure=settings.TLS, httponly=True, samesite="Lax",
    )  # fmt: skip
