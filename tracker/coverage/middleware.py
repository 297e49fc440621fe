"""Every door of the staff nudges: after a request that changed something, the worker is told."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from tracker.coverage.models import Mark
from tracker.coverage.nudges import tell
from tracker.elections.models import Election

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


class NudgeMiddleware:
    """Tells the worker after a request that left an election marked, whatever view, form or action it went through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE:
            return self.get_response(request)
        before = _newest_mark()
        response = self.get_response(request)
        # Elections that wait for a publisher keep a mark: only a new one says that this request changed something.
        if response.status_code < 400 and _newest_mark() > before and not tell():
            words = _(
                "Saved. The worker cannot be reached, so the public figures follow within a minute of its return."
            )
            messages.warning(request, words, fail_silently=True)
        return response


def _newest_mark() -> int:
    """The key of the newest mark on an election that publishes by itself; 0 without one."""
    live = Mark.objects.filter(election__publishing=Election.Publishing.LIVE)
    return live.aggregate(newest=Max("pk"))["newest"] or 0
