"""How long somebody stays signed in, and whether the second factor was given in this session."""

import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user, update_session_auth_hash
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import F, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from tracker.core.models import User

SIGNED_IN_AT, SEEN_AT, SECOND_FACTOR = "signed_in_at", "seen_at", "second_factor"
# In the session that follows one that was ended: why, for the page to sign in.
ENDED = "ended"
FRESH_SECONDS = 300  # since signing in: nothing is asked again
TOUCH_SECONDS = 20  # how exactly the last request is remembered
FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
LOOPBACK = ("127.0.0.1", "::1")
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_HOST")


def connect() -> None:
    user_logged_in.connect(begin, dispatch_uid="tracker.accounts.sessions.begin")


def begin(sender: Any, request: HttpRequest, user: User, **others: Any) -> None:
    """A session begins, under a new key (Django's doing)."""
    now = time.time()
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = now
    request.session.pop(ENDED, None)
    records = get_authentication_records(request, user)
    request.session[SECOND_FACTOR] = any(record.get("method") == "mfa" for record in records)
    if request.session[SECOND_FACTOR]:
        request.device_of = user  # type: ignore[attr-defined]


def find_account(name: str) -> User | None:
    """The account that somebody means by `name`: its user name, or an e-mail address that only one account has."""
    name = name.strip()
    if not name or "\x00" in name:
        return None
    rows = list(User.objects.defer(None).filter(Q(username__iexact=name) | Q(email__iexact=name))[:5])
    for found in (
        [row for row in rows if row.username == name],
        [row for row in rows if row.username.casefold() == name.casefold()],
        rows,
    ):
        if len(found) == 1:
            return found[0]
    return None


def seconds_left(session: SessionBase) -> tuple[int, int]:
    """Until the session ends for want of activity, and until it ends whatever happens. Unmarked sessions are over."""
    now = time.time()
    idle = settings.SESSION_IDLE_SECONDS - (now - session.get(SEEN_AT, 0))
    whole = settings.SESSION_SECONDS - (now - session.get(SIGNED_IN_AT, 0))
    return int(idle), int(whole)


def account_of(request: HttpRequest) -> User | AnonymousUser:
    """Who asks. A session that is over is taken away, with a word for the page to sign in."""
    session = request.session
    if SESSION_KEY not in session:
        return AnonymousUser()
    idle, whole = seconds_left(session)
    if idle <= 0 or whole <= 0:
        session.flush()
        session[ENDED] = "idle" if whole > 0 else "long"
        return AnonymousUser()
    user = get_user(request)  # compares the seal: password, roles, second factor, organization
    if not isinstance(user, User):
        session[ENDED] = "changed"
        return AnonymousUser()
    # Whoever still lacks the second factor is nobody outside the staff pages, which look themselves.
    if not request.path_info.startswith("/staff/") and not trusted(request, user):
        return AnonymousUser()
    return user


def trusted(request: HttpRequest, user: User) -> bool:
    """Whether the second factor was given in this session, or is not demanded of this account, here."""
    return bool(request.session.get(SECOND_FACTOR)) or waived(request, user)


def waived(request: HttpRequest, user: User) -> bool:
    """Whether this account of a local copy may do without a second factor: asked from the same machine, directly."""
    return user.demonstration and on_this_machine(request)


def on_this_machine(request: HttpRequest) -> bool:
    """Whether this is a local copy, and the request comes from the machine it runs on. Never in production."""
    host = request.get_host().rsplit(":", 1)[0].strip("[]")
    return (
        settings.LOCAL
        and request.META.get("REMOTE_ADDR") in LOOPBACK
        and host in (*LOOPBACK, "localhost")
        and not any(name in request.META for name in FORWARDED)
    )


def touch(session: SessionBase) -> None:
    """Somebody is at work: the time without activity begins anew."""
    if time.time() - session.get(SEEN_AT, 0) > TOUCH_SECONDS:
        session[SEEN_AT] = time.time()


def wanted_page(request: HttpRequest) -> str:
    """Where somebody was going before the second factor came between."""
    wanted = request.GET.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, None) else reverse("admin:index")


def has_factor(user: User) -> bool:
    """Whether the account has an authenticator app or a passkey."""
    return Authenticator.objects.filter(user=user, type__in=FACTORS).exists()


def keep(request: HttpRequest) -> None:
    """After somebody changed what sessions rest on: this one goes on under a new key, the others are over."""
    assert isinstance(request.user, User)  # noqa: S101 - nobody else has a session to keep
    update_session_auth_hash(request, User.objects.get(pk=request.user.pk))


def end_all(user: User) -> None:
    """End every session of an account, whatever machine it is on."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
