"""Every address of the site. Those under a language prefix are promises: others link to them."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views import csrf, defaults

from tracker.core.health import healthz, readyz
from tracker.public import views as public
from tracker.public.urls import without_language
from tracker.staff import refusals

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("staff/", include("tracker.accounts.urls")),
    path("staff/", admin.site.urls),
    *without_language,
    *i18n_patterns(path("", include("tracker.public.urls")), prefix_default_language=True),
]


def _of_staff(request: HttpRequest) -> bool:
    return request.path_info.startswith("/staff/")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return (refusals if _of_staff(request) else public).not_found(request, exception)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """In the look of the screens the person works with; elsewhere a page that asks for nothing."""
    refuse = refusals.not_allowed if _of_staff(request) else defaults.permission_denied
    return refuse(request, exception)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What answers a form without the right CSRF token (settings.CSRF_FAILURE_VIEW)."""
    return refusals.stale_form(request) if _of_staff(request) else csrf.csrf_failure(request, reason)


handler403, handler404, handler500 = not_allowed, not_found, public.server_error
