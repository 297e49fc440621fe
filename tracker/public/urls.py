from django.contrib.sitemaps.views import index, sitemap
from django.urls import include, path

from tracker.public import views
from tracker.public.corrections import CorrectionFeed
from tracker.public.sitemaps import SITEMAPS

without_language = [
    path("", views.elections, name="front"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", index, {"sitemaps": SITEMAPS, "sitemap_url_name": "sitemap-part"}, name="sitemap"),
    path("sitemap-<slug:section>.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap-part"),
    path("favicon.ico", views.favicon, name="favicon"),
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
