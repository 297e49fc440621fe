from django.conf import settings
from django.contrib.sitemaps.views import index, sitemap
from django.urls import include, path, register_converter

from tracker.public import embeds, views
from tracker.public.corrections import CorrectionFeed
from tracker.public.sitemaps import SITEMAPS


class LanguageConverter:
    """A language of the site where it is no prefix: in the addresses of frames, which are promises as they are."""

    regex = "|".join(code for code, _name in settings.LANGUAGES)

    def to_python(self, value: str) -> str:
        return value

    to_url = to_python


register_converter(LanguageConverter, "language")

embed_pages = [
    path("map/", embeds.map_frame, name="map"),
    path("headline/", embeds.headline_frame, name="headline"),
    path("coverage/", embeds.coverage_frame, name="coverage"),
]
without_language = [
    path("", views.elections, name="front"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", index, {"sitemaps": SITEMAPS, "sitemap_url_name": "sitemap-part"}, name="sitemap"),
    path("sitemap-<slug:section>.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap-part"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("embed/<language:language>/e/<slug:slug>/", include((embed_pages, "embed"))),
    path("oembed/", embeds.oembed, name="oembed"),
]

election_pages = [
    path("", views.dashboard, name="dashboard"),
    path("stations/", views.stations, name="stations"),
    path("stations/<int:station_id>/", views.station, name="station"),
    path("clock/", views.clock, name="clock"),
    path("missions/", views.missions, name="missions"),
    path("missions/<slug:organization_slug>/", views.mission, name="mission"),
    path("figures/", views.figures, name="figures"),
    path("coverage/", views.coverage, name="coverage"),
    path("editions/", views.editions, name="editions"),
    path("corrections/", views.corrections, name="corrections"),
    path("corrections/feed/", CorrectionFeed(), name="corrections_feed"),
    path("timeline/", views.timeline, name="timeline"),
    path("verify/", views.verify, name="verify"),
    path("verify/<str:number>/", views.verify, name="verify_number"),
]
app_name = "public"
urlpatterns = [
    path("", views.elections, name="elections"),
    path("e/<slug:slug>/", include(election_pages)),
]
