"""What the worker does for figures. Thin: each calls one function and may run twice without harm."""

from celery import shared_task
from django.utils import timezone

from tracker.coverage import editions
from tracker.coverage.nudges import REFRESH_TASK


@shared_task(name=REFRESH_TASK)
def refresh_stale() -> int:
    """Publish an edition of every election whose figures moved; how many."""
    return len(editions.refresh_stale())


@shared_task(name="tracker.coverage.tasks.thin_editions")
def thin_editions() -> int:
    """Take the content of old editions by the rule; how many."""
    return editions.thin(timezone.now())
