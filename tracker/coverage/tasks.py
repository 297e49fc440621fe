"""What the worker does for figures. Thin: each calls one function and may run twice without harm."""

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tracker.core.jobs import Progress, job_kind
from tracker.core.models import Job
from tracker.core.publication import lift_embargoes
from tracker.coverage import editions
from tracker.coverage.nudges import REFRESH_TASK
from tracker.elections.models import Election

RECOUNT = "recount"


@shared_task(name=REFRESH_TASK)
def refresh_stale() -> int:
    """Publish an edition of every election whose figures moved; how many."""
    return len(editions.refresh_stale())


@shared_task(name="tracker.coverage.tasks.end_embargoes")
def end_embargoes() -> int:
    """Count again what came out of its embargo; how many records did. Their pages show them without this."""
    lifted = lift_embargoes()
    if lifted:
        editions.refresh_stale()
    return lifted


@shared_task(name="tracker.coverage.tasks.thin_editions")
def thin_editions() -> int:
    """Take the content of old editions by the rule; how many."""
    return editions.thin(timezone.now())


@job_kind(RECOUNT, label=_("Count all figures"))
def recount(job: Job, progress: Progress) -> str:
    """Count every published election from its rows; a live one whose figures moved gets an edition."""
    elections = list(Election.objects.published().order_by("slug"))
    published = 0
    progress(0, len(elections))
    for number, election in enumerate(elections, 1):
        published += editions.refresh(election) is not None
        progress(number, len(elections))
    words = ngettext(
        "%(counted)d elections counted, %(published)d edition published.",
        "%(counted)d elections counted, %(published)d editions published.",
        published,
    )
    return words % {"counted": len(elections), "published": published}
