"""What the worker does for jobs. Thin: each calls one function and may run twice without harm."""

from celery import shared_task

from tracker.core import jobs


@shared_task(name=jobs.RUN_TASK)
def run_job(pk: int) -> bool:
    """Do one job, unless somebody else is at it."""
    return jobs.run_job(pk)


@shared_task(name="tracker.core.tasks.resume_jobs")
def resume_jobs() -> int:
    """Begin again what a killed worker left; how many."""
    return jobs.resume_jobs()
