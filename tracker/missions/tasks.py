"""What the clock does in the missions app."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from tracker.missions import actions


@shared_task
def expire_accreditations() -> int:
    """Expire the badges whose last day is over everywhere on earth; until then the dates alone decide."""
    return actions.expire_accreditations(on=(timezone.now() - timedelta(hours=12)).date())
