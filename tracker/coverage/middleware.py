"""Every door of the staff nudges: after a request that changed something, the worker is told."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from tracker.coverage.models import Mark
from tracker.coverage.nudges import tell

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


class NudgeMiddleware:
    """Tells the worker after a request that left an election marked, whatever view, form or action it went through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method not in SAFE and response.status_code < 400 and Mark.objects.exists() and not tell():
            words = _(
                "Saved. The worker cannot be reached, so the public figures follow within a minute of its return."
            )
            messages.warning(request, words, fail_silently=True)
        return response
