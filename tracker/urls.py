"""Every address of the site. Those under a language prefix are promises: others link to them."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils.translation import gettext as _
from django.views import csrf, defaults

from tracker.core.health import healthz, readyz
from tracker.core.problems import OPEN_DATA, of_programs, our_fault, problem, unreadable
from tracker.opendata.api.urls import without_language as api
from tracker.opendata.api.views import open_to_all
from tracker.public import views as public
from tracker.public.urls import without_language
from tracker.staff import refusals

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("staff/api/", include("tracker.staff.api.urls")),
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


def _of_staff(request: HttpRequest) -> bool:
    return request.path_info.startswith("/staff/")


def _told(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """What a program is told: also one that runs on a page of another site, where all may read."""
    if request.path_info.startswith(OPEN_DATA):
        open_to_all(answer)
    return answer


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if of_programs(request):
        return _told(request, unreadable())
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if of_programs(request):
        return _told(request, problem(404, _("There is nothing at this address.")))
    return (refusals if _of_staff(request) else public).not_found(request, exception)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """In the look of the screens the person works with; elsewhere a page that asks for nothing."""
    if of_programs(request):
        return _told(request, problem(403, _("That is not allowed here.")))
    refuse = refusals.not_allowed if _of_staff(request) else defaults.permission_denied
    return refuse(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    return _told(request, our_fault()) if of_programs(request) else public.server_error(request)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What answers a form without the right CSRF token (settings.CSRF_FAILURE_VIEW)."""
    return refusals.stale_form(request) if _of_staff(request) else csrf.csrf_failure(request, reason)


handler400, handler403, handler404, handler500 = bad_request, not_allowed, not_found, server_error
