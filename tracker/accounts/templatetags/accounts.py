"""What the sign-in pages say, and how long a session goes on."""

from typing import Any

from django import template
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.utils.translation import gettext as _

from tracker.accounts import demonstration, sessions
from tracker.core.models import User

register = template.Library()


@register.simple_tag(takes_context=True)
def why_ended(context: dict[str, Any]) -> str:
    """Why the session of before is over; "" where there was none."""
    request = context.get("request")
    reason = request.session.get(sessions.ENDED, "") if request else ""
    if (
        not reason
        and request
        and settings.SESSION_COOKIE_NAME in request.COOKIES
        and request.session.is_empty()
    ):
        reason = "changed"
    sentences = {
        "idle": _("You were signed out, because nothing happened for half an hour."),
        "long": _("You were signed out, because a session lasts twelve hours."),
        "changed": _("Your session has ended: you signed out, or your account was changed."),
    }
    if reason not in sentences:
        return ""
    kept = _("What you typed into a form is kept in this window, and put back once you have signed in.")
    return f"{sentences[reason]} {kept}"


@register.simple_tag(takes_context=True)
def demonstration_accounts(context: dict[str, Any]) -> list[dict[str, str]]:
    """The accounts of a local copy, for whoever sits at the machine it runs on; none anywhere else."""
    request = context.get("request")
    return demonstration.shown_accounts() if request and sessions.on_this_machine(request) else []


@register.simple_tag(takes_context=True)
def does_without(context: dict[str, Any]) -> bool:
    """Whether this account of a local copy needs no second factor here."""
    request = context["request"]
    return isinstance(request.user, User) and sessions.waived(request, request.user)


@register.simple_tag(takes_context=True)
def session_left(context: dict[str, Any]) -> dict[str, int] | None:
    """For the script that warns: seconds until the session ends. None where nobody is signed in."""
    request = context.get("request")
    if request is None or SESSION_KEY not in request.session or not request.user.is_authenticated:
        return None
    idle, whole = sessions.seconds_left(request.session)
    return {
        "idle": idle,
        "whole": whole,
        "warn": settings.SESSION_WARNING_SECONDS,
        "account": request.user.pk,
    }


@register.simple_tag(takes_context=True)
def next_page(context: dict[str, Any]) -> str:
    """Where to go on: `sessions.wanted_page`."""
    return sessions.wanted_page(context["request"])


@register.simple_tag(takes_context=True)
def lacks_factor(context: dict[str, Any]) -> bool:
    """Whether this account has no second factor yet and opens nothing without one."""
    user = context["request"].user
    return not sessions.has_factor(user) and not does_without(context)


@register.simple_tag(takes_context=True)
def named_address(context: dict[str, Any]) -> str:
    """The page by name, where it was opened by the number of this machine, to which no passkey can belong."""
    request = context["request"]
    host = request.get_host()
    if not host.startswith(("127.0.0.1", "[::1]")):
        return ""
    port = request.get_port()
    return f"{request.scheme}://localhost:{port}{request.path}"


@register.filter
def in_fours(secret: str) -> str:
    """A key in groups of four, as it is read aloud and typed."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
