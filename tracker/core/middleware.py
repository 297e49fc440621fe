"""Each view runs in one transaction in which the database knows who asks."""

import re
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from tracker.core.identity import Identity, acting
from tracker.database_roles import PUBLIC, STAFF, WEB

# Those that have to answer when the database does not.
WITHOUT_DATABASE = re.compile(r"^/(healthz|readyz)$")
# Those where people sign in and keep their own account: the web login's own rights are made for them.
ACCOUNT_PAGES = re.compile(r"^/staff/(login|logout|invitation|password|password_change|session|account)/")


class IdentityMiddleware:
    """Gives each request a mark and wraps its view, rendering included, in `acting`.

    A view that fails leaves nothing half saved. What has to outlast that (a refused sign-in) is written outside the
    view: in a middleware, or on a connection of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.mark = secrets.token_hex(8)  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if WITHOUT_DATABASE.match(request.path_info):
            return None
        return _in_one_transaction(view)(request, *args, **kwargs)


def identity_of(request: HttpRequest) -> Identity:
    """Who asks, and as which role of the database.

    Public pages have no account: theirs is not even looked up. Whoever is not signed in is the public everywhere.
    """
    mark = getattr(request, "mark", "")
    if not request.path_info.startswith("/staff/"):
        return Identity(origin="request", request=mark, role=PUBLIC)
    account = request.user
    if ACCOUNT_PAGES.match(request.path_info):
        role = WEB
    else:
        role = STAFF if account.is_active and account.is_staff else PUBLIC
    return Identity(user=account.pk or 0, origin="request", request=mark, role=role)


def _in_one_transaction(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with acting(identity_of(request)):
            response = view(request, *args, **kwargs)
            # A template that is rendered later would ask the database in nobody's name.
            render = getattr(response, "render", None)
            return render() if callable(render) and not getattr(response, "is_rendered", True) else response

    return wrapped
