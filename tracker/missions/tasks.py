"""What the clock and the worker do in the missions app."""

from datetime import date, timedelta

from celery import shared_task
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracker.core.jobs import Progress, job_kind
from tracker.core.models import Job
from tracker.missions import actions, decisions, retention
from tracker.missions.models import Accreditation, BulkDecision


def today_everywhere() -> date:
    """The date that has begun everywhere on earth: what is over by it is over for everybody."""
    return (timezone.now() - timedelta(hours=12)).date()


@shared_task
def expire_accreditations() -> int:
    """Expire the badges whose last day is over everywhere on earth; until then the dates alone decide."""
    return actions.expire_accreditations(on=today_everywhere())


@shared_task
def obey_retention() -> int:
    """Erase the data of people that elections no longer keep; of how many people."""
    done = retention.obey_retention(on=today_everywhere())
    return done.contact + done.people


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
