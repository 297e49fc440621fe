"""An address of /staff/api/ with its one method: who is let in, what is read, what is told where something is wrong."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from tracker.core.problems import problem
from tracker.fieldwork import actions as fieldwork
from tracker.ingest.problems import Unacceptable
from tracker.staff.api.parts import UUID, Json, Part, Record, Text, read_parts

MOST_BYTES = 64 * 1024
IDEMPOTENCY_KEY = Part(
    "Idempotency-Key",
    UUID,
    gettext_lazy(
        "A UUID of your own for each write. Sent again with the same words it writes nothing and answers what was "
        "written first; with other words it is refused (409)."
    ),
)
# What every operation may answer beside its own.
REFUSALS = {
    400: gettext_lazy("The request is broken, before anybody looks at what it asks."),
    401: gettext_lazy("There is no token, or it has ended."),
    403: gettext_lazy("The token lacks the scope, or the roles of its account do not allow it."),
    422: gettext_lazy("Something in the request is wrong, by name in `errors`; nothing was written."),
}
CONFLICT = {409: gettext_lazy("This Idempotency-Key came with other words before; nothing was overwritten.")}
View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Operation:
    """What is declared of an address: the view reads by it, and the description is made of it.

    `body`: the object that comes, or the media types of a file. `answers`: words and object of each good status;
    `refusals`: words of each other one that not all operations share.
    """

    name: str
    address: str
    method: str
    scope: str
    summary: Text
    answers: dict[int, tuple[Text, Record]]
    query: tuple[Part, ...] = ()
    body: Record | tuple[str, ...] = ()
    refusals: dict[int, Text] = field(default_factory=dict)
    view: View = lambda request: HttpResponse()

    @property
    def writes(self) -> bool:
        return self.method == "POST"

    @property
    def description(self) -> str:
        return " ".join((self.view.__doc__ or "").split())

    def read(self, request: HttpRequest) -> dict[str, Any]:
        """What a request says by query and body, and as `key` the key of a write; ValidationError with all faults."""
        errors: dict[str, str] = {}
        given = {name: values[-1] for name, values in request.GET.lists()}
        found, wrong = read_parts(self.query, given, _("is not asked for at this address."))
        errors |= wrong | {
            name: _("is given more than once.") for name, values in request.GET.lists() if len(values) > 1
        }
        if self.writes:
            try:
                # Made the account's own: another's may be equal.
                key = IDEMPOTENCY_KEY.read(request.headers.get(IDEMPOTENCY_KEY.name, ""))
                found["key"] = uuid.uuid5(key, str(request.user.pk))
            except ValueError:
                errors[IDEMPOTENCY_KEY.name] = str(UUID.wrong)
        if isinstance(self.body, Record):
            said, wrong = read_parts(
                self.body.parts, _object(request), _("is not a field of “%s”.") % self.body.name
            )
            found |= said
            errors |= wrong
        if errors:
            raise ValidationError(errors)
        return found

    @property
    def url(self) -> URLPattern:
        return path(self.address, self._answer(), name=f"api_{self.name}")

    def _answer(self) -> View:
        @csrf_exempt
        @never_cache
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            refused = refuse(request, self.method, scope=self.scope)
            if refused is not None:
                return refused
            try:
                with transaction.atomic():
                    return self.view(request, *args, **kwargs)
            except PermissionDenied:
                return problem(403, _("Your roles do not allow this."))
            except Http404:
                return problem(404, _("There is no such record, or it is not yours."))
            except fieldwork.Changed as changed:
                return problem(409, " ".join(changed.messages), visit=changed.visit.pk)
            except ValidationError as wrong:
                return problem(
                    422, _("Something in it is wrong; nothing was written."), errors=_errors(wrong)
                )
            except Unacceptable as wrong:
                return problem(422, str(wrong))

        return run


def operation(**declared: Any) -> Callable[[View], Operation]:
    """Decorator: the operation that a view answers."""
    return lambda view: Operation(view=view, **declared)


def refuse(request: HttpRequest, *methods: str, scope: str = "") -> HttpResponse | None:
    """The problem of whoever has no living token, or not the scope, or asks with another method; None for others."""
    if not request.user.is_authenticated:
        return problem(401, _("Send “Authorization: Bearer …” with a token that has not ended."))
    if scope and scope not in getattr(request, "token_scopes", ()):
        return problem(403, _("This token may not do that: it lacks the scope “%s”.") % scope)
    if request.method not in methods:
        answer = problem(405, _("Only %s is answered here.") % ", ".join(methods))
        answer["Allow"] = ", ".join(methods)
        return answer
    return None


def answered(record: Record, row: Any, status: int = 200) -> JsonResponse:
    return JsonResponse(record.write(row), status=status)


def bytes_of(request: HttpRequest, most: int, too_many: str) -> bytes:
    """The body of a request; ValidationError with the words `too_many` if it has more than `most` bytes.

    Read from the stream: `request.body` would refuse from 2.5 MB on, whatever is meant to be taken here.
    """
    found = request.read(most + 1)
    if len(found) > most:
        raise ValidationError(too_many)
    return found


def _errors(wrong: ValidationError) -> dict[str, list[str]]:
    return wrong.message_dict if hasattr(wrong, "error_dict") else {"": wrong.messages}


def _object(request: HttpRequest) -> Json:
    """The JSON object of a request."""
    content = bytes_of(request, MOST_BYTES, _("More than 64 KB is too much for one visit."))
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        raise ValidationError(_("The body is not JSON.")) from None
    if not isinstance(said, dict):
        raise ValidationError(_("The body is not a JSON object."))
    return said
