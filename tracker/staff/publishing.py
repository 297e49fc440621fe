"""Publishing figures: which elections wait for a publisher, what would change, and the button."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tracker.core.access import require
from tracker.core.middleware import in_one_moment
from tracker.core.models import User
from tracker.coverage.editions import Outdated, publish
from tracker.coverage.review import publications, publishing_list, review
from tracker.elections.models import Election

HISTORY_ROWS = 25
MAY_PUBLISH, MAY_SEE = "coverage.publish_edition", "coverage.view_edition"


def _require_sight(request: HttpRequest) -> None:
    if not request.user.has_perm(MAY_PUBLISH):
        require(request, MAY_SEE)


@require_safe
def elections(request: HttpRequest) -> HttpResponse:
    """Every published election, those that wait for a publisher first."""
    _require_sight(request)
    context = admin.site.each_context(request) | {
        "title": _("Publishing of figures"),
        "rows": publishing_list(),
    }
    return TemplateResponse(request, "staff/publishing_list.html", context)


@in_one_moment
@require_http_methods(["GET", "HEAD", "POST"])
def election(request: HttpRequest, slug: str) -> HttpResponse:
    """What the public sees of one election's figures beside what it would see; POST publishes what was seen."""
    _require_sight(request)
    record = get_object_or_404(Election, slug=slug)
    if request.method == "POST":
        require(request, MAY_PUBLISH)
        _publish(request, record, request.user)  # type: ignore[arg-type]
        return HttpResponseRedirect(reverse("admin:publishing_election", args=[record.slug]))
    live = record.publishing == Election.Publishing.LIVE
    context: dict[str, Any] = admin.site.each_context(request) | {
        "title": _("Figures of %(election)s") % {"election": record},
        "election": record,
        "live": live,
        "draft": not record.is_released,
        "review": review(record),
        "history": publications(record)[:HISTORY_ROWS],
        "may_publish": request.user.has_perm(MAY_PUBLISH),
    }
    return TemplateResponse(request, "staff/publishing.html", context)


def _publish(request: HttpRequest, record: Election, by: User) -> None:
    """Publish what the person saw, and tell them what came of it."""
    try:
        edition = publish(by=by, election=record, seen=request.POST.get("seen", ""))
    except Outdated:
        text = _(
            "The figures changed while you looked at them, so nothing was published. Look at the difference again."
        )
        messages.warning(request, text)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        if edition is None:
            messages.info(request, _("Nothing to publish: the figures are those of the last edition."))
        else:
            messages.success(request, _("Edition %(number)s is published.") % {"number": edition.number})
