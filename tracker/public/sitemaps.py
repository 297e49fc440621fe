"""The sitemaps: every public page in every language, except what is invented. An index names them."""

from typing import Any

from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from tracker.elections.models import Election
from tracker.missions.queries import bystanders, organization_pages
from tracker.stations.models import PollingStation

ELECTION_PAGES = (
    "dashboard",
    "stations",
    "clock",
    "missions",
    "figures",
    "coverage",
    "editions",
    "timeline",
    "corrections",
)


def real_elections() -> Any:
    """Published elections that are no demonstrations: what is invented is not offered to search engines."""
    return Election.objects.published().filter(demonstration=False)


class LocalizedSitemap(Sitemap):
    i18n = True
    alternates = True
    # Addresses in one file; each names its other languages, so that a thousand stations take a megabyte and a half.
    limit = 2000


class ElectionSitemap(LocalizedSitemap):
    def items(self) -> list[tuple[str, ...]]:
        slugs = real_elections().values_list("slug", flat=True)
        return [(), *((slug, page) for slug in slugs for page in ELECTION_PAGES)]

    def location(self, item: Any) -> str:
        return reverse(f"public:{item[1]}", args=[item[0]]) if item else reverse("public:elections")


class StationSitemap(LocalizedSitemap):
    def items(self) -> Any:
        stations = PollingStation.objects.published().filter(election__in=real_elections()).order_by("pk")
        return stations.values_list("election__slug", "pk")

    def location(self, item: Any) -> str:
        return reverse("public:station", args=item)


class MissionSitemap(LocalizedSitemap):
    def items(self) -> list[tuple[str, str]]:
        slugs = list(real_elections().values_list("slug", flat=True))
        others = list(bystanders().values_list("slug", flat=True))
        return organization_pages() + [(election, other) for election in slugs for other in others]

    def location(self, item: Any) -> str:
        return reverse("public:mission", args=item)


SITEMAPS = {"elections": ElectionSitemap, "stations": StationSitemap, "missions": MissionSitemap}
