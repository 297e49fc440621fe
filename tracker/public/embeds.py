"""Small pages for frames on other sites, and oEmbed, by which other programs find them from an address of ours."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tracker.core.addresses import absolute_address
from tracker.coverage.editions import NoSuchEdition, Shown, shown_figures
from tracker.elections.models import Election
from tracker.elections.queries import present_moment
from tracker.missions.queries import missions_that_announced_visits
from tracker.public.coverage import country_gaps, coverage_map, coverage_table, covered_stations
from tracker.public.framing import allow_framing
from tracker.public.freshness import Freshness
from tracker.public.pages import figure_page, is_edition_number, with_figures
from tracker.public.panels import general_figures, headline_panel, map_panel
from tracker.public.snippets import COVERAGE_MAP, KINDS, MAP, OFFERED, Frame, Kind, make_frame

# How long others may keep what oEmbed told them: an iframe's address does not change.
OEMBED_SECONDS = 24 * 3600


def embed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a view its election and figures, in the language of its address, and let other sites frame what it answers.

    What it answers has no form and no session: the page, its own words for an edition that is not there, and 304. An
    election that is not published, a wrong address and a fault of ours get the site's own pages, which nobody frames.
    """
    figures_view = with_figures(view, folder="public/embed")

    @require_safe
    @wraps(view)
    def framed(request: HttpRequest, language: str, slug: str) -> HttpResponse:
        with translation.override(language):
            response = figures_view(request, slug=slug)
        response.headers["Content-Language"] = language
        allow_framing(request)
        return response

    return framed


@embed
def map_frame(request: HttpRequest, election: Election, shown: Shown, fresh: Freshness) -> HttpResponse:
    """Stations abroad by open and closed or, with `?view=coverage`, by what observers did there."""
    now = present_moment(election)
    context: dict[str, Any] = {"election": election, "shown": shown, "figures": shown.figures}
    if request.GET.get("view") != COVERAGE_MAP.view:
        return figure_page(request, "public/embed/map.html", fresh, context | map_panel(election, now))
    if shown.figures.field_work:
        stations = covered_stations(election, now)
        context |= {
            "map": coverage_map(election, shown, stations),
            "covered": coverage_table(shown, stations),
        }
    return figure_page(request, "public/embed/coverage_map.html", fresh, context)


@embed
def headline_frame(request: HttpRequest, election: Election, shown: Shown, fresh: Freshness) -> HttpResponse:
    panel = headline_panel(shown.figures, general_figures(election))
    context = {"election": election, "shown": shown, **panel}
    return figure_page(request, "public/embed/headline.html", fresh, context)


@embed
def coverage_frame(request: HttpRequest, election: Election, shown: Shown, fresh: Freshness) -> HttpResponse:
    context = {
        "election": election,
        "shown": shown,
        "figures": shown.figures,
        "countries": country_gaps(election, shown.figures),
        "announced": missions_that_announced_visits(election),
    }
    return figure_page(request, "public/embed/coverage.html", fresh, context)


# --- oEmbed (https://oembed.com) -------------------------------------------------------------------------------------


class Refused(Exception):
    """Why oEmbed has nothing to say: the status of HTTP, and a sentence for whoever asked."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@require_safe
def oembed(request: HttpRequest) -> HttpResponse:
    """`?url=` an address of ours: the frame that shows it, as JSON. Any site's scripts may ask."""
    try:
        response = JsonResponse(_oembed(request))
    except Refused as refused:
        response = JsonResponse({"error": refused.message}, status=refused.status)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_cache_control(response, public=True, max_age=0, s_maxage=15, must_revalidate=True)
    return response


def _oembed(request: HttpRequest) -> dict[str, Any]:
    if request.GET.get("format", "json") != "json":
        raise Refused(501, _("Only format=json is served."))
    if not request.GET.get("url"):
        raise Refused(400, _("Give the address of a page in “url”, percent-encoded."))
    limits = {f"max_{side}": _limit(request, f"max{side}") for side in ("width", "height")}
    frame = _frame_of(request, request.GET["url"], limits)
    return {
        "version": "1.0",
        "type": "rich",
        "title": frame.title,
        "provider_name": _("Election observation tracker"),
        "provider_url": absolute_address(request, "/"),
        "cache_age": OEMBED_SECONDS,
        "html": frame.html,
        "width": frame.width,
        "height": frame.height,
    }


def _limit(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 6 or not int(text):
        raise Refused(400, _("“%(name)s” is a whole number of pixels, 1 or more.") % {"name": name})
    return int(text)


def _frame_of(request: HttpRequest, url: str, limits: dict[str, int | None]) -> Frame:
    """The frame that shows the page at `url`; Refused with 404 if it is not ours, or shows nothing to frame."""
    nothing = Refused(404, _("There is nothing to embed at this address."))
    try:
        asked, ours = urlsplit(url), urlsplit(absolute_address(request, "/"))
        if asked.scheme not in ("http", "https") or asked.netloc.lower() != ours.netloc.lower():
            raise nothing
        language, kind, slug = _kind_at(asked.path)
    except (ValueError, Resolver404):  # no address at all; or none of ours
        raise nothing from None
    election = Election.objects.published().filter(slug=slug).first()
    query = parse_qs(asked.query)
    if kind is MAP and query.get("view") == [COVERAGE_MAP.view]:
        kind = COVERAGE_MAP
    number = query.get("edition", [""])[-1]
    if election is None or (number and not _has_edition(election, number)):
        raise nothing
    with translation.override(language):
        return make_frame(request, election, kind, edition=int(number) if number else None, **limits)


def _has_edition(election: Election, number: str) -> bool:
    try:
        return is_edition_number(number) and shown_figures(election, int(number)) is not None
    except NoSuchEdition:
        return False


def _kind_at(path: str) -> tuple[str, Kind, str]:
    """Language, kind of frame and slug of the election for the path of a page of ours, or of such a frame itself.

    ValueError or Resolver404 where there is nothing to frame.
    """
    path = path if path.endswith("/") else f"{path}/"
    language = translation.get_language_from_path(path)
    # Addresses with a language are found while that language is active.
    with translation.override(language or "en"):
        match = resolve(path)
    name = match.url_name or ""
    if match.namespace == "embed":
        return match.kwargs["language"], KINDS[name], match.kwargs["slug"]
    if match.namespace == "public" and language and name in OFFERED:
        return language, OFFERED[name][0], match.kwargs["slug"]
    raise ValueError(path)
