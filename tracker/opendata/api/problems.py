"""What is wrong with a request for open data, where, and how to mend it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, MethodNotAllowed, NotAcceptable, NotFound

from tracker.core.problems import problem, problem_schema

ALLOWED = "GET, HEAD, OPTIONS"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a request: the parameter, its value as it came, what is wrong, and the mend."""

    parameter: str
    value: str
    detail: str
    mend: str


class BadParameters(APIException):
    """The request cannot be understood: 400, with all faults at once."""

    status_code = HTTPStatus.BAD_REQUEST

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


def problem_of(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """The answer to `error`; None for one that is not the reader's (DRF's EXCEPTION_HANDLER)."""
    match error:
        case BadParameters():
            names = ", ".join(dict.fromkeys(fault.parameter for fault in error.faults))
            detail = _("The request was not understood because of: %(names)s.") % {"names": names}
            faults = [vars(fault) for fault in error.faults]
            return problem(HTTPStatus.BAD_REQUEST, detail, errors=faults)
        case Http404() | NotFound():
            return problem(
                HTTPStatus.NOT_FOUND,
                _(
                    "There is nothing public at this address, or not any more. /api/v1/openapi.json names all there is."
                ),
            )
        case NotAcceptable():
            return problem(
                HTTPStatus.NOT_ACCEPTABLE,
                _("This address answers as application/json: ask for that, or leave the header Accept away."),
            )
        case MethodNotAllowed():
            answer = problem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                _("What is public is read here and not written: use GET, HEAD or OPTIONS."),
            )
            answer["Allow"] = ALLOWED
            return answer
    return None


SCHEMA: dict[str, Any] = problem_schema(
    errors={
        "type": "array",
        "description": "Of a 400: each parameter that was not understood.",
        "items": {
            "type": "object",
            "required": ["parameter", "value", "detail", "mend"],
            "properties": {
                "parameter": {"type": "string"},
                "value": {
                    "type": "string",
                    "description": "What was sent; of a parameter that came more than once, all of it.",
                },
                "detail": {"type": "string"},
                "mend": {"type": "string"},
            },
        },
    },
)
