"""What the views of public pages share: the election they are about, the figures they show, and how long both keep."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from tracker.coverage.editions import NoSuchEdition, shown_figures
from tracker.elections.models import Election
from tracker.public.freshness import Freshness, freshness


def page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Render a public page: the same for everybody, kept by browsers only after asking whether it changed."""
    response = render(request, template, context, status=status)
    patch_cache_control(response, public=True, max_age=0, s_maxage=15, must_revalidate=True)
    return response


def load_election(slug: str) -> Election:
    """The published election at `slug`, or Http404."""
    rows = Election.objects.published().select_related("country", "source", "simulated_day")
    return get_object_or_404(rows, slug=slug)


def figure_page(
    request: HttpRequest, template: str, fresh: Freshness, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a page that shows figures: it renews itself while it is open, and knows when it is still the same."""
    context["refresh"] = fresh.refresh
    return fresh.stamp(render(request, template, context, status=status))


def is_edition_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def with_figures(view: Callable[..., HttpResponse], *, folder: str = "public") -> Callable[..., HttpResponse]:
    """Give a view of an election the figures it shows: of the latest edition, or of the one in `?edition=`.

    A reader who has the page already is told so before it is rendered. `folder` holds the two templates for a page
    that has no figures to show: `no_edition.html` and `not_published.html`.
    """

    @require_safe
    @wraps(view)
    def shown(request: HttpRequest, slug: str, **arguments: Any) -> HttpResponse:
        election = load_election(slug)
        asked = request.GET.get("edition", "")
        context: dict[str, Any] = {"election": election, "asked": asked}
        if asked and not is_edition_number(asked):
            return page(request, f"{folder}/no_edition.html", context, status=404)
        try:
            figures = shown_figures(election, int(asked) if asked else None)
            if figures is None:
                return page(request, f"{folder}/not_published.html", context)
            fresh = freshness(election, figures.edition)
            unchanged = fresh.unchanged(request)
            return (
                unchanged if unchanged is not None else view(request, election, figures, fresh, **arguments)
            )
        except NoSuchEdition as missing:
            return page(request, f"{folder}/no_edition.html", context | {"missing": missing}, status=404)

    return shown
