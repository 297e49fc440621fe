"""The long steps of an upload as jobs, and what time takes away: thin; they are done in `uploads.work`."""

from collections.abc import Callable

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from tracker.core.jobs import Progress, job_kind
from tracker.core.models import Job
from tracker.ingest.models import Upload
from tracker.ingest.uploads import actions, forgetting, rights, work
from tracker.ingest.uploads.subjects import SUBJECTS

MAY = "ingest.change_upload"


@job_kind(actions.CHECK, label=_("Check a file"), permission=MAY)
def check(job: Job, progress: Progress) -> str:
    said = _step(job, Upload.State.CHECKING, work.check_upload, progress)
    if job.arguments.get("then_apply") and job.requested_by is not None:
        upload = Upload.objects.get(pk=job.arguments["upload"])
        actions.apply_if_clean(by=job.requested_by, upload=upload)
    return said


@job_kind(actions.APPLY, label=_("Apply a file"), permission=MAY)
def apply(job: Job, progress: Progress) -> str:
    return _step(job, Upload.State.APPLYING, work.apply_upload, progress)


@job_kind(actions.UNDO, label=_("Take back a file"), permission=MAY)
def undo(job: Job, progress: Progress) -> str:
    return _step(job, Upload.State.UNDOING, work.undo_upload, progress)


def _step(job: Job, state: Upload.State, do: Callable[[Upload, Progress], str], progress: Progress) -> str:
    """`do` it for the job’s upload where it still waits for it; begun again after a worker died, it starts anew."""
    upload = (
        Upload.objects.select_related("election", "sent_by")
        .filter(pk=job.arguments["upload"], state=state)
        .first()
    )
    if upload is None:
        return _now("There was nothing left to do.")
    if job.requested_by is not None:
        # Asked again now: a role may have been taken away, or the job's arguments be another's.
        rights.check_may_work_on(job.requested_by, upload)
    try:
        said = do(upload, progress)
    except forgetting.Forgotten:
        return _now("The file was thrown away meanwhile; nothing was written.")
    # Results of jobs are read by people who may not see what is in such a file.
    return forgetting.told_of_people(said) if SUBJECTS[upload.kind].people else said


@shared_task(name="tracker.ingest.tasks.forget_files")
def forget_files() -> int:
    """Throw away the bytes of files that came long ago; how many."""
    return forgetting.forget_files(timezone.now())
