"""Downloads of an election's open data, at addresses that stay."""

from collections.abc import Callable, Iterator
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from tracker.elections.models import Election
from tracker.opendata.calendars import calendar_of
from tracker.opendata.columns import Asked, Dataset
from tracker.opendata.datasets import BY_NAME, DATASETS
from tracker.opendata.freshness import etag_of, stamp, unchanged
from tracker.opendata.package import package_pieces
from tracker.opendata.page import data_page
from tracker.opendata.streams import as_the_public
from tracker.opendata.tables import csv_pieces, geojson_pieces, xlsx_file

CSV = "text/csv; charset=utf-8; header=present"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GEOJSON = "application/geo+json"
FORMS = ("csv", "xlsx", "geojson")
Pieces = Callable[[], Iterator[bytes]]


def load(slug: str) -> Asked:
    """The published election at `slug` in the language of the page, or Http404."""
    rows = Election.objects.published().select_related("country", "source", "simulated_day")
    election = get_object_or_404(rows, slug=slug)
    return Asked(election, (get_language() or "en")[:2])


def _sent(
    request: HttpRequest, asked: Asked, datasets: list[Dataset], name: str, kind: str, make: Pieces
) -> HttpResponse:
    """A file that is made while it is sent; 304 for a reader who has it."""
    etag = etag_of(asked, datasets, request.path)
    same = unchanged(request, etag)
    if same is not None:
        return same
    pieces = as_the_public(make, asked.language) if request.method == "GET" else iter(())
    answer = StreamingHttpResponse(pieces, content_type=kind)
    return _named(answer, asked, name, etag)


def _named(answer: Any, asked: Asked, name: str, etag: str) -> Any:
    """What all downloads have in common: a name, a tag, and any site's script may read them."""
    slug = asked.election.slug if asked.election else "elections"
    answer["Content-Disposition"] = f'attachment; filename="{slug}-{name}"'
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    stamp(answer, asked, etag)
    return answer


@require_safe
def download(request: HttpRequest, slug: str, name: str, form: str) -> HttpResponse:
    """One dataset as a file of the form csv, xlsx or, of stations, geojson."""
    asked = load(slug)
    if name not in BY_NAME or (form == "geojson" and name != "stations"):
        raise Http404
    dataset = BY_NAME[name]
    file = f"{name}.{form}"
    # What is read while it is sent is read anew, in its own moment.
    later = Asked(asked.election, asked.language)
    if form == "csv":
        return _sent(request, asked, [dataset], file, CSV, lambda: csv_pieces(dataset, later))
    if form == "geojson":
        return _sent(request, asked, [dataset], file, GEOJSON, lambda: geojson_pieces(dataset, later))
    etag = etag_of(asked, [dataset], request.path)
    same = unchanged(request, etag)
    if same is not None:
        return same
    answer: HttpResponse = _named(
        FileResponse(xlsx_file(dataset, asked), content_type=XLSX), asked, file, etag
    )
    return answer


@require_safe
def package(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything of the election in one zip."""
    asked = load(slug)
    later = Asked(asked.election, asked.language)
    return _sent(
        request, asked, list(DATASETS), "package.zip", "application/zip", lambda: package_pieces(later)
    )


@require_safe
def calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """Milestones and voting windows, for calendar programs."""
    asked = load(slug)
    etag = etag_of(asked, [BY_NAME["milestones"]], request.path)
    same = unchanged(request, etag)
    if same is not None:
        return same
    assert asked.election is not None  # noqa: S101 - load gives one or raises
    body = calendar_of(asked.election, asked.language)
    return _named(
        HttpResponse(body, content_type="text/calendar; charset=utf-8"), asked, "calendar.ics", etag
    )


@require_safe
def data(request: HttpRequest, slug: str) -> HttpResponse:
    """All of it on one page: files, interface, codebook, how to cite."""
    asked = load(slug)
    context = {"election": asked.election, "section": "data", "data": data_page(asked)}
    response = render(request, "opendata/data.html", context)
    stamp(response, asked)
    return response
