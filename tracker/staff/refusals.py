"""Pages that say no, in the look of the staff screens: what happened, and what to do now.

Made outside the transaction of the view that failed, so nothing here asks the register anything.
"""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch
from django.utils.translation import gettext as _

from tracker.core.addresses import screen_address
from tracker.core.models import User
from tracker.core.roles import Role


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: signed in, and without the permission for this page. The exception says who can do it (`core.access`)."""
    labels = [str(Role(role).label) for role in getattr(request.user, "roles", ()) if role in Role.values]
    if labels:
        who = _("You are signed in as %(name)s (%(roles)s), and that does not include this.")
    else:
        who = _("You are signed in as %(name)s, and this account has no role yet.")
    told = {"name": request.user.get_username(), "roles": ", ".join(labels)}
    todo = " ".join(str(word) for word in exception.args if isinstance(exception, PermissionDenied)) or _(
        "If it belongs to your work, an administrator of the tracker can give your account the role."
    )
    return _page(request, 403, _("You may not do this"), who % told, todo)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: nothing there, or nothing that this account may know of; both get one answer."""
    happened = _("Nothing is at this address for you: it was deleted, never was there, or belongs to others.")
    todo = _("Look for it in its list, or ask whoever sent you the address.")
    return _page(request, 404, _("Not found"), happened, todo)


def stale_form(request: HttpRequest) -> HttpResponse:
    """403: the form does not belong to this session (its CSRF token is missing or old)."""
    happened = _(
        "The form was sent with a key that is not valid any more, so nothing was saved. That happens when you signed "
        "out or in again in another window, or when the browser keeps no cookies."
    )
    todo = _(
        "Open the page again: what you typed is put back there where the browser kept it. Then send it again."
    )
    return _page(request, 403, _("This form is out of date"), happened, todo, again=request.get_full_path())


def _page(
    request: HttpRequest, status: int, title: str, happened: str, todo: str, *, again: str = ""
) -> HttpResponse:
    staff = isinstance(request.user, User) and request.user.is_staff
    context: dict[str, Any] = admin.site.each_context(request) if staff else {"has_permission": False}
    context |= {
        "title": title,
        "happened": happened,
        "todo": todo,
        "again": again,
        "is_nav_sidebar_enabled": staff,
    }
    if staff:
        context |= {"list": _list_of(request)}
    return render(request, "staff/refusal.html", context, status=status)


def _list_of(request: HttpRequest) -> tuple[str, str] | None:
    """The list that the record of this address would be in: its name and address, for whoever may see it."""
    view = getattr(request.resolver_match, "func", None)
    screen = getattr(view, "model_admin", None)
    if screen is None or not screen.has_view_permission(request):
        return None
    options = screen.opts
    try:
        address = screen_address(screen.model, "changelist")
    except NoReverseMatch:
        return None
    return str(options.verbose_name_plural), address
