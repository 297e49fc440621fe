"""What programs are told where something is wrong: RFC 9457, at /api/ and at /staff/api/ alike."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

MEDIA_TYPE = "application/problem+json"
# Where programs write, with a token in place of a session; and where everybody reads.
PROGRAMS, OPEN_DATA = "/staff/api/", "/api/"


def of_programs(request: HttpRequest) -> bool:
    """Whether a program asks, which no page in words would help."""
    return request.path_info.startswith((PROGRAMS, OPEN_DATA))


def problem(status: int, detail: str, **more: Any) -> JsonResponse:
    """The answer with this status: `detail` is a sentence on what is wrong and how to mend it, `errors` says where."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
    }
    answer = JsonResponse(
        body | more, status=status, content_type=MEDIA_TYPE, json_dumps_params={"ensure_ascii": False}
    )
    if status == HTTPStatus.UNAUTHORIZED:
        answer["WWW-Authenticate"] = "Bearer"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        answer["Cache-Control"] = "no-store"
    return answer


def problem_schema(**more: Any) -> dict[str, Any]:
    """The JSON schema of what `problem` answers, with the members of an interface's own."""
    return {
        "type": "object",
        "description": "RFC 9457.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "description": "Always about:blank: the status says what kind it is."},
            "title": {"type": "string", "description": "The name of the status."},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What is wrong and how to mend it, for people."},
        }
        | more,
    }


def unreadable() -> JsonResponse:
    """400: a request that is broken before anybody looks at what it asks."""
    return problem(HTTPStatus.BAD_REQUEST, _("The request cannot be read, or is larger than is taken here."))


def our_fault() -> JsonResponse:
    """500: nothing that the program could mend. Asks no database: that may be what failed."""
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _("Something failed here, not in your request. Nothing was written; send the same again in a while."),
    )
