"""Each view runs in one transaction in which the database knows who asks."""

import re
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import IntegrityError, OperationalError
from django.http import HttpRequest, HttpResponse

from tracker.core.identity import Identity, acting
from tracker.database_roles import PUBLIC, STAFF, WEB

# Those that have to answer when the database does not.
WITHOUT_DATABASE = re.compile(r"^/(healthz|readyz)$")
# What PostgreSQL says when another transaction was faster: it cannot be put in an order, or took the same number.
OVERTAKEN, TRIES = ("40001", "23505"), 5
# Names of the views where people sign in and keep their own account (accounts.urls): the web login's own rights are
# made for them.
ACCOUNT_VIEWS = ("account_", "mfa_")


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


def in_one_moment(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator: all queries of this view see one moment, as those of public pages do.

    Where another transaction was faster with what it writes, it is begun again with what is there then.
    """
    view.one_moment = True  # type: ignore[attr-defined]
    return view


def identity_of(request: HttpRequest) -> Identity:
    """Who asks, and as which role of the database.

    Public pages have no account: theirs is not even looked up. Whoever is not signed in is the public everywhere.
    """
    mark = getattr(request, "mark", "")
    if not request.path_info.startswith("/staff/"):
        return Identity(origin="request", request=mark, role=PUBLIC)
    account = request.user
    match = request.resolver_match
    if match and match.view_name.startswith(ACCOUNT_VIEWS):
        role = WEB
    else:
        role = STAFF if account.is_active and account.is_staff else PUBLIC
    return Identity(user=account.pk or 0, origin="request", request=mark, role=role)


def _in_one_transaction(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        identity = identity_of(request)
        decides = getattr(view, "one_moment", False)
        tries = TRIES if decides else 1
        while True:
            tries -= 1
            try:
                with acting(identity, one_moment=decides or identity.role == PUBLIC):
                    response = view(request, *args, **kwargs)
                    # A template that is rendered later would ask the database in nobody's name.
                    render = getattr(response, "render", None)
                    late = callable(render) and not getattr(response, "is_rendered", True)
                    return render() if late else response  # type: ignore[misc]
            except (IntegrityError, OperationalError) as error:
                if not tries or getattr(error.__cause__, "sqlstate", None) not in OVERTAKEN:
                    raise

    return wrapped
