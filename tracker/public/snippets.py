"""Frames for other sites: which small pages there are, which page each shows a part of, and the HTML to copy."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from tracker.core.addresses import absolute_address
from tracker.elections.models import Election


@dataclass(frozen=True)
class Kind:
    """A small page for a frame, and a size in CSS pixels that shows it well; what is longer is scrolled inside it."""

    name: str
    title: str | Promise
    width: int
    height: int
    # What else it may show, as its address asks for it (?view=).
    view: str = ""


HEADLINE = Kind("headline", _lazy("Headline figures: %(election)s"), 720, 600)
MAP = Kind("map", _lazy("Polling stations abroad: %(election)s"), 800, 1200)
COVERAGE = Kind("coverage", _lazy("Coverage by observers: %(election)s"), 720, 720)
COVERAGE_MAP = Kind("map", _lazy("Polling stations abroad by coverage: %(election)s"), 800, 1200, "coverage")
KINDS = {kind.name: kind for kind in (HEADLINE, MAP, COVERAGE)}
# What the pages offer to frame; the first stands for the page where somebody pastes its address (oEmbed).
OFFERED = {"dashboard": (HEADLINE, MAP), "stations": (MAP,), "coverage": (COVERAGE, COVERAGE_MAP)}


@dataclass(frozen=True)
class Frame:
    """An iframe on another site: what it is called, what it shows, and how large it is in CSS pixels."""

    kind: Kind
    title: str
    address: str
    width: int
    height: int

    @property
    def html(self) -> str:
        """The element as somebody pastes it. The style is for the other site: no border, no wider than its column."""
        return format_html(
            '<iframe src="{}" title="{}" width="{}" height="{}" loading="lazy"'
            ' style="border:0;max-width:100%"></iframe>',
            self.address,
            self.title,
            self.width,
            self.height,
        )


def make_frame(
    request: HttpRequest,
    election: Election,
    kind: Kind,
    *,
    edition: int | None = None,
    max_width: int | None = None,
    max_height: int | None = None,
) -> Frame:
    """The frame of `kind` for `election` in the active language; of the latest figures, or of `edition` for good."""
    path = reverse(f"embed:{kind.name}", args=[(get_language() or "en")[:2], election.slug])
    asked = ({"view": kind.view} if kind.view else {}) | ({"edition": edition} if edition else {})
    query = f"?{urlencode(asked)}" if asked else ""
    title = str(kind.title) % {"election": election}
    if election.demonstration:
        title = _("Demonstration: %(title)s") % {"title": title}
    return Frame(
        kind,
        title,
        absolute_address(request, path) + query,
        min(kind.width, max_width or kind.width),
        min(kind.height, max_height or kind.height),
    )


@dataclass(frozen=True)
class Offer:
    """What a page offers to other sites: frames to copy, and the address that tells programs about the first."""

    frames: list[Frame]
    oembed: str


def offer(request: HttpRequest, election: Election, page: str, shown: Any = None) -> Offer:
    """What `page` of `election` offers; a reader of an old edition takes that edition along.

    `shown`: the figures of the page, where it shows some.
    """
    edition = shown.edition.number if shown and shown.asked else None
    address = absolute_address(request, reverse(f"public:{page}", args=[election.slug]))
    query = f"?{urlencode({'edition': edition})}" if edition else ""
    asked = urlencode({"url": address + query, "format": "json"})
    return Offer(
        [make_frame(request, election, kind, edition=edition) for kind in OFFERED[page]],
        f"{absolute_address(request, reverse('oembed'))}?{asked}",
    )
