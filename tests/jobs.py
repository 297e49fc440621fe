"""Jobs done in tests as the worker does them: with its role of the database, and no more rights than it has."""

from django.db import connection

from tracker.core.jobs import run_job
from tracker.core.models import Job
from tracker.database_roles import WORKER


def run_waiting_jobs() -> None:
    """Do every job that waits, those that begin meanwhile as well. For tests that have transactions of their own."""
    while waiting := list(Job.objects.filter(state="waiting").order_by("pk")):
        for job in waiting:
            with connection.cursor() as cursor:
                cursor.execute(f"SET ROLE {WORKER}")
            try:
                run_job(job.pk)
            finally:
                with connection.cursor() as cursor:
                    cursor.execute("RESET ROLE")
