"""What the clock and the worker do in the missions app."""

from datetime import timedelta

from celery import shared_task
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracker.core.jobs import Progress, job_kind
from tracker.core.models import Job
from tracker.missions import actions, decisions
from tracker.missions.models import Accreditation, BulkDecision


@shared_task
def expire_accreditations() -> int:
    """Expire the badges whose last day is over everywhere on earth; until then the dates alone decide."""
    return actions.expire_accreditations(on=(timezone.now() - timedelta(hours=12)).date())


@job_kind(
    decisions.JOB_KIND, label=_("Decide applications for accreditation"), permission=decisions.MAY_DECIDE
)
def decide_accreditations(job: Job, progress: Progress) -> str:
    """The job of a confirmed decision about many applications; what is decided already is passed over."""
    decision = BulkDecision.objects.select_related("by").get(pk=job.arguments["decision"])
    if decision.job_id != job.pk:
        # A message or a row that somebody made up: the decision was confirmed for another job, or for none.
        raise PermissionDenied
    decisions.carry_out(decision, progress)
    counts = decisions.outcomes(decision)
    words = gettext(
        "%(done)d of %(total)d applications: %(what)s. %(refused)d were not, and the decision says why."
    )
    return words % {
        "done": counts.done + counts.already,
        "total": counts.total,
        "what": Accreditation.Status(decision.to).label,
        "refused": counts.refused,
    }
