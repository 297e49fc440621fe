"""What the worker does for accounts."""

from celery import shared_task
from django.core.management import call_command

from tracker.accounts import throttle


@shared_task(name="tracker.accounts.tasks.forget_attempts")
def forget_attempts() -> int:
    """Delete old attempts, and sessions that ended by themselves; how many attempts."""
    call_command("clearsessions")
    return throttle.forget_attempts()
