"""Long work in the background: what runs, how far it is, what came of it; starting, stopping and beginning again."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tracker.core import broker
from tracker.core.access import require
from tracker.core.jobs import cancel_job, kind_label, retry_job, start_job
from tracker.core.models import Job
from tracker.coverage.tasks import RECOUNT

ROWS = 25
MAY_SEE_ALL, MAY_START = "core.view_job", "core.add_job"
# Seconds after which an open page asks again.
REFRESH_OPEN, REFRESH_IDLE = 2, 15


def _visible(request: HttpRequest) -> Any:
    """The jobs a person may see: their own, and with the permission all. Whoever may do nothing has none."""
    if not request.user.get_all_permissions():
        raise PermissionDenied
    own = Q() if request.user.has_perm(MAY_SEE_ALL) else Q(requested_by=request.user.pk)
    return Job.objects.filter(own).select_related("requested_by").defer("requested_by__password")


@require_http_methods(["GET", "HEAD", "POST"])
def jobs(request: HttpRequest) -> HttpResponse:
    """The jobs, the latest first; POST asks for a count of all figures."""
    if request.method == "POST":
        require(request, MAY_START)
        job = start_job(by=request.user, kind=RECOUNT, arguments={})  # type: ignore[arg-type]
        return HttpResponseRedirect(reverse("admin:job", args=[job.pk]))
    rows = Paginator(_visible(request), ROWS).get_page(request.GET.get("page"))
    context = admin.site.each_context(request) | {
        "title": _("Jobs"),
        "rows": rows,
        "jobs": [(job, kind_label(job)) for job in rows],
        "refresh": REFRESH_OPEN if any(job.state in Job.OPEN for job in rows) else REFRESH_IDLE,
        "may_start": request.user.has_perm(MAY_START),
        "may_search": request.user.has_perm(MAY_SEE_ALL),
    }
    return TemplateResponse(request, "staff/jobs.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """One job with its progress; POST `do` is "cancel" or "retry"."""
    found = _visible(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        if not (request.user.is_superuser or found.requested_by_id == request.user.pk):
            raise PermissionDenied(_("Whoever asked for a job stops it or begins it again."))
        steps = {"cancel": cancel_job, "retry": retry_job}
        step = steps.get(request.POST.get("do", ""))
        try:
            if step:
                step(by=request.user, job=found)  # type: ignore[arg-type]
        except ValidationError as problem:
            messages.warning(request, " ".join(problem.messages))
        return HttpResponseRedirect(reverse("admin:job", args=[pk]))
    label = kind_label(found)
    context = admin.site.each_context(request) | {
        "title": label,
        "job": found,
        "label": label,
        "refresh": REFRESH_OPEN if found.state in Job.OPEN else REFRESH_IDLE,
        "no_worker": found.state == Job.State.WAITING and not broker.configured(),
    }
    return TemplateResponse(request, "staff/job.html", context)
