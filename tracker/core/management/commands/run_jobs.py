from typing import Any

from django.core.management.base import BaseCommand

from tracker.core.jobs import kind_label, open_jobs, run_job
from tracker.core.models import Job


class Command(BaseCommand):
    help = "Do every job that waits or lost its worker, here and now. For a register without a worker."

    def handle(self, *args: Any, **options: Any) -> None:
        for job in list(open_jobs()):
            if run_job(job.pk):
                job.refresh_from_db()
                label = Job.State(job.state).label
                said = job.result or job.error
                self.stdout.write(f"{kind_label(job)} ({job.pk}): {label}{'. ' if said else ''}{said}")
