"""Every address of the site. Those under a language prefix are promises: others link to them."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from tracker.core.health import healthz, readyz
from tracker.opendata.api.urls import without_language as api
from tracker.public.urls import without_language

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("staff/", include("tracker.accounts.urls")),
    path("staff/", admin.site.urls),
    *without_language,
    *api,
    *i18n_patterns(
        path("", include("tracker.opendata.urls")),
        path("", include("tracker.public.urls")),
        prefix_default_language=True,
    ),
]
handler404 = "tracker.public.views.not_found"
handler500 = "tracker.public.views.server_error"
