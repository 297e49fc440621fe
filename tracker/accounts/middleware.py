"""Who asks, whether both factors were given, and how often somebody has tried: before any view runs."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.stagekit import unstash_login
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from tracker.accounts import invitations, mail, sessions, throttle
from tracker.accounts.devices import known_device, remember_device
from tracker.accounts.models import Kind, Outcome
from tracker.accounts.throttle import TooManyTries
from tracker.accounts.tokens import find_token, is_guess
from tracker.core.models import User
from tracker.core.problems import PROGRAMS, problem

# Open to whoever has given the password and still lacks the second factor.
ENROLMENT = {
    "mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes",
    "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn",
    "account_login", "account_logout", "account_session", "account_sign_out_everywhere",
    "account_reset_password", "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_complete", "account_invitation", "account_invitation_passkey",
    "account_invitation_password",
}  # fmt: skip
# Asked by the page and not by a person: no sign that somebody is at work.
PASSIVE = {"account_session"}


def _bearer(request: HttpRequest) -> str:
    kind, _space, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""


def _count_guess(request: HttpRequest, secret: str) -> HttpResponse | None:
    """Write a wrong token down among the tries; the refusal where there were too many from its address.

    Compared first: nobody guesses 256 bits, and a program that has the right one is not kept out by its neighbours. A
    token that has ended is no guess: a tablet that goes on sending it locks nobody out.
    """
    if not is_guess(secret):
        return None
    try:
        attempt = throttle.admit(
            Kind.TOKEN, "api", account=throttle.account_seal(secret), address=throttle.client_address(request)
        )
    except TooManyTries as refusal:
        answer = problem(
            429, _("There were too many wrong tokens from this address. Wait, or send the right one.")
        )
        answer["Retry-After"] = str(refusal.seconds)
        return answer
    throttle.finish(attempt, Outcome.WRONG)
    return None


def _is_background(request: HttpRequest) -> bool:
    return request.headers.get("X-Background") == "1"


class SignedInMiddleware(AuthenticationMiddleware):
    """Sets `request.user`; lets nobody past the enrolment pages whose second factor was not given in this session."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]
        request.token_scopes = ()  # type: ignore[attr-defined]
        if request.path_info.startswith(PROGRAMS):
            # Programs bring a token; a session counts for nothing here, so there is nothing to forge a request with.
            secret = _bearer(request)
            token = find_token(secret)
            request.user = token.account if token else AnonymousUser()
            request.token_scopes = tuple(token.scopes) if token else ()  # type: ignore[attr-defined]
            return _count_guess(request, secret) if secret and token is None else None
        request.user = SimpleLazyObject(lambda: sessions.account_of(request))  # type: ignore[assignment]
        return None

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if not request.path_info.startswith("/staff/") or not isinstance(request.user, User):
            return None
        if request.path_info.startswith(PROGRAMS):
            return None
        if name not in PASSIVE and not _is_background(request):
            sessions.touch(request.session)
        if name in ENROLMENT or sessions.trusted(request, request.user):
            return None
        wanted = request.get_full_path() if request.method == "GET" else reverse("admin:index")
        # Whoever has none yet sets one up; whoever has one is told to sign in with it.
        page = "mfa_index" if sessions.has_factor(request.user) else "mfa_activate_totp"
        return redirect(f"{reverse(page)}?{urlencode({'next': wanted})}")


def _typed_login(request: HttpRequest) -> User | str:
    return request.POST.get("login", "")


def _typed_email(request: HttpRequest) -> User | str:
    return request.POST.get("email", "")


def _pending(request: HttpRequest) -> User | str:
    login = unstash_login(request, peek=True)
    return login.user if login and login.user else ""


def _signed_in(request: HttpRequest) -> User | str:
    return request.user if isinstance(request.user, User) else ""


def _of_link(request: HttpRequest) -> User | str | None:
    words = request.resolver_match.kwargs if request.resolver_match else {}
    # The secret of a link that was right is in the session by then, and not in the address.
    inside = words.get("token") == PasswordResetConfirmView.reset_url_token
    # Each link is counted by itself, and nobody can guess one: with wrong ones nobody burns somebody else's right one.
    return None if inside else f"link {words.get('uidb64', '')} {words.get('token', '')}"


def _of_invitation(request: HttpRequest) -> User | str | None:
    # Only whoever has the link finds something to compare a code with; without a code nothing is compared.
    words = request.resolver_match.kwargs if request.resolver_match else {}
    found = invitations.read_token(words.get("token", "")) if request.POST.get("code") else None
    return found[0] if found else None


def _of_new_password(request: HttpRequest) -> User | str | None:
    words = request.resolver_match.kwargs if request.resolver_match else {}
    found = invitations.read_token(words.get("token", "")) if request.POST.get("password") else None
    return found[0] if found else None


# Every door at which something secret is compared, or a new one looked at: what is tried there, with which method, and
# for whose account.
DOORS: dict[str, tuple[Kind, str, Callable[[HttpRequest], User | str | None]]] = {
    "account_login": (Kind.PASSWORD, "POST", _typed_login),
    "account_reauthenticate": (Kind.PASSWORD, "POST", _signed_in),
    "account_change_password": (Kind.PASSWORD, "POST", _signed_in),
    "mfa_authenticate": (Kind.CODE, "POST", _pending),
    "mfa_reauthenticate": (Kind.CODE, "POST", _signed_in),
    "mfa_reauthenticate_webauthn": (Kind.CODE, "POST", _signed_in),
    "account_invitation": (Kind.CODE, "POST", _of_invitation),
    "account_invitation_password": (Kind.NEW, "POST", _of_new_password),
    "account_reset_password": (Kind.LINK, "POST", _typed_email),
    "account_reset_password_from_key": (Kind.CODE, "GET", _of_link),
}


class ThrottleMiddleware:
    """Counts each try before the view runs, outside its transaction; refuses it unseen where there were too many."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        attempt = getattr(request, "attempt", None)
        if attempt is not None and attempt.outcome == Outcome.OPEN:
            throttle.finish(attempt, Outcome.WRONG)
        owner = getattr(request, "device_of", None)
        if owner is not None:
            remember_device(request, response, owner)  # type: ignore[arg-type]
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        door = request.resolver_match.view_name if request.resolver_match else ""
        if door not in DOORS or request.method != DOORS[door][1]:
            return None
        kind, _method, tried = DOORS[door]
        who = tried(request)
        if who is None:
            return None
        user = who if isinstance(who, User) else sessions.find_account(who)
        name = user.username if user else str(who)
        device = known_device(request, user)
        try:
            request.attempt = throttle.admit(  # type: ignore[attr-defined]
                kind, door, account=throttle.account_seal(name),
                address=throttle.client_address(request), device=device,
            )  # fmt: skip
        except TooManyTries as refusal:
            if user is not None and not device and kind != Kind.NEW:
                mail.later(mail.tell_of_tries, user.pk, refusal.attempt.pk)
            return too_many(request, refusal.seconds)
        return None


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """The page that says to wait, and what else helps."""
    response = render(
        request, "account/too_many.html", {"minutes": -(-seconds // 60), "title": "Wait"}, status=429
    )
    response["Retry-After"] = str(seconds)
    return response
