"""The addresses of the JSON interface: a list and a single row of each dataset, made of its declaration."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tracker.core.addresses import absolute_address
from tracker.core.described import DescribedPage
from tracker.core.keys import key_of
from tracker.elections.models import Election
from tracker.ingest.columns import did_you_mean
from tracker.opendata.api.filters import filter_of, narrowed
from tracker.opendata.api.paging import DEFAULT_LIMIT, LARGEST_LIMIT, UnknownCursor, order_of, page_of
from tracker.opendata.api.problems import ALLOWED, BadParameters, Fault
from tracker.opendata.api.schema import description
from tracker.opendata.columns import Asked, Column, Dataset, Type, json_value
from tracker.opendata.freshness import etag_of, stamp, unchanged

LANGUAGES = [code for code, _name in settings.LANGUAGES]


class PublicView(APIView):
    """What every answer has in common: it may be read from any site, and carries no cookie and no account."""

    http_method_names = ["get", "head", "options"]
    asked: Asked | None = None

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What a browser asks before it reads from another site."""
        answer = Response(status=204)
        answer["Allow"] = answer["Access-Control-Allow-Methods"] = ALLOWED
        answer["Access-Control-Allow-Headers"] = "If-None-Match"
        answer["Access-Control-Max-Age"] = "86400"
        return answer

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        open_to_all(response)
        if not response.has_header("Cache-Control"):
            stamp(response, self.asked)
        return response


def open_to_all(response: Any) -> None:
    """Let scripts of every site read the answer."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = "ETag"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"


class DatasetView(PublicView):
    """One dataset, as a list or row by row."""

    dataset: Dataset
    lists = True
    path_names: tuple[str, ...] = ()

    def get(self, request: Request, election: str = "", key: str = "") -> Any:
        parameters = _Parameters(self.dataset, request._request, self.lists)
        with translation.override(parameters.language):
            if parameters.faults:
                raise BadParameters(parameters.faults)
            found = _election(election) if election else None
            self.asked = asked = Asked(found, parameters.language)
            etag = etag_of(asked, [self.dataset], request.get_full_path())
            same = unchanged(request._request, etag)
            if same is not None:
                return same
            body = self._list(parameters, asked) if self.lists else self._row(parameters, asked, key)
            answer = Response(body, headers={"Content-Language": parameters.language})
            stamp(answer, asked, etag)
            return answer

    def _list(self, parameters: "_Parameters", asked: Asked) -> dict[str, Any]:
        rows, wrong = narrowed(self.dataset, self.dataset.rows(asked), parameters.filters, asked)
        if wrong:
            raise BadParameters(
                [Fault(name, parameters.filters[name], *_sentences(texts)) for name, texts in wrong.items()]
            )
        try:
            page = page_of(
                order_of(self.dataset, parameters.ordering), rows, parameters.limit, parameters.cursor
            )
        except UnknownCursor:
            raise BadParameters(
                [
                    Fault(
                        "cursor",
                        parameters.cursor,
                        _("It was not made here for this list in this order, or its row is gone."),
                        _("Follow next and previous as they are, or begin again without a cursor."),
                    )
                ]
            ) from None
        return {
            "next": self._link(page.next),
            "previous": self._link(page.previous),
            "results": [_body(row, parameters.columns, asked) for row in page.rows],
        }

    def _row(self, parameters: "_Parameters", asked: Asked, key: str) -> dict[str, Any]:
        column = self.dataset.column(self.dataset.key)
        rows: Any = self.dataset.rows(asked)
        number = key_of(key) if column.type is Type.INTEGER else None
        if column.type is Type.INTEGER and number is None:
            raise Http404
        if isinstance(rows, QuerySet):
            row = get_object_or_404(rows, **{column.lookup: key if number is None else number})
        else:
            row = next((row for row in rows if row[column.name] == key), None)
            if row is None:
                raise Http404
        return _body(row, parameters.columns, asked)

    def _link(self, cursor: str) -> str | None:
        if not cursor:
            return None
        request: HttpRequest = self.request._request
        query = {name: value for name, value in request.GET.items() if name != "cursor"} | {"cursor": cursor}
        return absolute_address(request, f"{request.path}?{urlencode(query)}")


def _election(slug: str) -> Election:
    found: Election = get_object_or_404(Election.objects.published(), slug=slug)
    return found


def _body(row: Any, columns: Iterable[Column], asked: Asked) -> dict[str, Any]:
    return {column.name: json_value(column.value(row, asked)) for column in columns}


def _sentences(texts: list[str]) -> tuple[str, str]:
    return _("This value is not one of those that are understood."), " ".join(texts)


class _Parameters:
    """The query of a request, read; `faults` names everything that was not understood."""

    def __init__(self, dataset: Dataset, request: HttpRequest, lists: bool) -> None:
        self.faults: list[Fault] = []
        filters = filter_of(dataset).base_filters if lists else {}
        known = {"fields", "lang", *(("limit", "cursor", "ordering") if lists else ()), *filters}
        given: dict[str, str] = {}
        for name, values in request.GET.lists():
            if name not in known:
                mend = did_you_mean(name, known) or _("Known are: %(names)s.") % {
                    "names": ", ".join(sorted(known))
                }
                self._fault(name, values[-1], _("There is no such parameter here."), mend)
            elif len(values) > 1:
                self._fault(name, "&".join(values), _("It is given more than once."), _("Give it once."))
            elif not values[0]:
                self._fault(name, "", _("It has no value."), _("Give it a value, or leave it out."))
            else:
                given[name] = values[0]
        self.language = self._one_of(given, "lang", LANGUAGES, "en")
        ordered = [column.name for column in dataset.columns if column.lookup]
        self.ordering = self._one_of(given, "ordering", [*ordered, *(f"-{name}" for name in ordered)], "")
        self.cursor = given.get("cursor", "")
        self.limit = self._limit(given.get("limit", str(DEFAULT_LIMIT)))
        self.columns = self._columns(dataset, given.get("fields", ""))
        self.filters = {name: value for name, value in given.items() if name in filters}

    def _fault(self, name: str, value: str, detail: str, mend: str) -> None:
        self.faults.append(Fault(name, value, detail, mend))

    def _one_of(self, given: dict[str, str], name: str, words: list[str], default: str) -> str:
        value = given.get(name, default)
        if name in given and value not in words:
            mend = did_you_mean(value, words) or _("Write one of: %(words)s.") % {"words": ", ".join(words)}
            self._fault(name, value, _("This value is not one of those that are understood."), mend)
            return default
        return value

    def _limit(self, word: str) -> int:
        if word.isascii() and word.isdigit() and len(word) < 9 and 1 <= int(word) <= LARGEST_LIMIT:
            return int(word)
        self._fault(
            "limit",
            word,
            _("It is not a number of rows."),
            _("Write a whole number from 1 to %(most)s.") % {"most": LARGEST_LIMIT},
        )
        return DEFAULT_LIMIT

    def _columns(self, dataset: Dataset, words: str) -> list[Column]:
        if not words:
            return list(dataset.columns)
        names = words.split(",")
        for name in names:
            if name not in dataset.names:
                mend = did_you_mean(name, dataset.names) or _("Columns are: %(names)s.") % {
                    "names": ", ".join(dataset.names)
                }
                self._fault("fields", words, _("“%(name)s” is no column here.") % {"name": name}, mend)
        return [column for column in dataset.columns if column.name in names]


def views_of(dataset: Dataset, within: tuple[str, ...]) -> tuple[Any, Any]:
    """The views of a dataset: its list and its single row. `within` names the parts of the address before it."""
    parts = {"dataset": dataset, "__doc__": str(dataset.description)}
    listed = type(f"{dataset.record}List", (DatasetView,), parts | {"path_names": within})
    single = type(
        f"{dataset.record}Row", (DatasetView,), parts | {"path_names": (*within, "key"), "lists": False}
    )
    return listed.as_view(), single.as_view()  # type: ignore[attr-defined]


class UnknownAddress(PublicView):
    """Every other address below the interface."""

    schema = None  # not part of the description

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        raise Http404


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The description of the interface."""
    answer = JsonResponse(description(), json_dumps_params={"ensure_ascii": False})
    open_to_all(answer)
    stamp(answer, None)
    return answer


class DocsView(DescribedPage):
    """The description as a page."""

    url = "/api/v1/openapi.json"
    template_name = "opendata/api_docs.html"
