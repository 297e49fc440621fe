"""What the worker does for jobs. Thin: each calls one function and may run twice without harm."""

from celery import shared_task
from django.utils import timezone

from tracker.core import jobs
from tracker.core.models import Submission


@shared_task(name=jobs.RUN_TASK)
def run_job(pk: int) -> bool:
    """Do one job, unless somebody else is at it."""
    return jobs.run_job(pk)


@shared_task(name="tracker.core.tasks.resume_jobs")
def resume_jobs() -> int:
    """Begin again what a killed worker left; how many."""
    return jobs.resume_jobs()


@shared_task(name="tracker.core.tasks.forget_submissions")
def forget_submissions() -> int:
    """Delete the keys of forms that nobody can send again; how many."""
    return Submission.objects.filter(at__lt=timezone.now() - Submission.KEPT).delete()[0]
