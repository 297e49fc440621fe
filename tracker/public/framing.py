"""Which answers other sites may show in a frame: those that a view marked so, and nothing else."""

from collections.abc import Callable
from typing import Any

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse


def allow_framing(request: HttpRequest) -> None:
    """Say that the answer to `request` may stand in a frame on any site."""
    request.framable = True  # type: ignore[attr-defined]


class FramingMiddleware:
    """Opens the headers of what is marked; stands inside those that write them, and outside the one that makes a 304.

    The mark is on the request: a 304 is another response than the one the view made, and its headers replace those that
    a browser has kept.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return _opened(request, self.get_response(request))


@csp_replace({"frame-ancestors": ["*"]})
def _with_any_ancestor(response: Any) -> Any:
    return response


def _opened(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if not getattr(request, "framable", False):
        return response
    response.xframe_options_exempt = True  # type: ignore[attr-defined]
    # A site that isolates itself (COEP) may frame it as well.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    # The language stands in the address: a cache needs one copy, not one for each browser's wishes.
    varies = [name for name in response.get("Vary", "").split(", ") if name.lower() != "accept-language"]
    response.headers["Vary"] = ", ".join(varies)
    if not response.headers["Vary"]:
        del response.headers["Vary"]
    return _with_any_ancestor(response)  # type: ignore[no-any-return]
