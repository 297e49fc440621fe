"""The description of /staff/api/ (OpenAPI 3.1), made of what its views read and write by."""

import re
from functools import cache
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from tracker.core.described import DescribedPage
from tracker.core.problems import MEDIA_TYPE, PROGRAMS, problem_schema
from tracker.staff.api.operations import IDEMPOTENCY_KEY, REFUSALS, Operation, View, refuse
from tracker.staff.api.parts import KEY, Json, Part, Record
from tracker.staff.api.stations import BAD_ROW, LIST, QUESTION, station_list, stations
from tracker.staff.api.visits import ENTERED, STEP, TEAM, TEAMS, VISIT, teams, visits

OPERATIONS: tuple[Operation, ...] = (teams, visits, stations, station_list)
RECORDS: tuple[Record, ...] = (TEAMS, TEAM, STEP, VISIT, ENTERED, LIST, BAD_ROW, QUESTION)
ADDRESS_PART = re.compile(r"<int:(\w+)>")
ERRORS = {
    "errors": {
        "type": "object",
        "description": "Of a 422: sentences by name of field, parameter or header; the empty name is of all of it.",
        "additionalProperties": {"type": "array", "items": {"type": "string"}},
    },
    "visit": {
        "type": "integer",
        "description": "Of a 409 at visits: the number of the visit that is on record.",
    },
}


@cache
def description() -> Json:
    """The whole description. Made once: it changes with the program alone."""
    paths = {
        PROGRAMS + ADDRESS_PART.sub(r"{\1}", one.address): {one.method.lower(): _operation(one)}
        for one in OPERATIONS
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Election observation tracker: interface for programs",
            "version": "1",
            "description": (
                "What programs write in somebody's name, with a token made at /staff/account/tokens/. A token may do "
                "what the roles of its account allow at that moment, within its scopes; the history names the account. "
                "Reading what is public needs no token: /api/v1/."
            ),
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {record.name: record.schema for record in RECORDS}
            | {"Problem": problem_schema(**ERRORS)},
        },
    }


def _operation(one: Operation) -> Json:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": KEY.schema, "description": "Its number."}
        for name in ADDRESS_PART.findall(one.address)
    ]
    parameters += [_parameter(part, "query") for part in one.query]
    if one.writes:
        parameters.append(_parameter(IDEMPOTENCY_KEY, "header"))
    answers = {
        str(status): {
            "description": str(words),
            "content": {"application/json": {"schema": record.reference}},
        }
        for status, (words, record) in one.answers.items()
    }
    refused = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, words in sorted((REFUSALS | one.refusals).items()):
        answers[str(status)] = {"description": str(words)} | refused
    found: Json = {
        "operationId": one.name,
        "tags": [one.scope],
        "summary": str(one.summary),
        "description": f"{one.description}\n\nScope: `{one.scope}`.",
        "parameters": parameters,
        "responses": answers,
    }
    if isinstance(one.body, Record):
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": one.body.reference}},
        }
    elif one.body:
        found["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": FILES[kind]} for kind in one.body},
        }
    return found


FILES: dict[str, Json] = {
    "text/csv": {"type": "string"},
    "application/json": {"type": "array", "items": {"type": "object"}},
    "application/octet-stream": {"type": "string", "format": "binary"},
}


def _parameter(part: Part, place: str) -> Json:
    schema = {name: value for name, value in part.schema.items() if name != "description"}
    return {
        "name": part.name, "in": place, "required": part.required, "schema": schema,
        "description": str(part.description),
    }  # fmt: skip


def to_read(view: View) -> View:
    """Decorator: what everybody may read at /staff/api/, also without a token: it says what the program can do, which
    is no secret, and nothing of anybody. Whoever would write is told what all addresses there tell."""

    @csrf_exempt
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return view(request, *args, **kwargs)
        return refuse(request, "GET", "HEAD") or HttpResponse(status=HTTPStatus.METHOD_NOT_ALLOWED)

    return run


@to_read
def openapi(request: HttpRequest) -> HttpResponse:
    """The description of the interface."""
    return JsonResponse(description(), json_dumps_params={"ensure_ascii": False})


class DocsView(DescribedPage):
    """The description as a page. Nothing is written from it: what it shows is the real register."""

    url = f"{PROGRAMS}openapi.json"
    template_name = "staff/api_docs.html"


docs = to_read(DocsView.as_view())
