"""Throwing away what a file said: at once where it holds people's data and has done its work, else after a time.

What a forgotten file leaves is its hash, how it was read (the profile), who sent it and when, counts, what came of it
and which records it is about: enough to take it back, for the values of records stand in the history.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from tracker.ingest.models import Upload, UploadedFile, UploadedRecord
from tracker.ingest.uploads.subjects import SUBJECTS
from tracker.missions.models import Person

State = Upload.State
PEOPLE = [name for name, subject in SUBJECTS.items() if subject.people]


class Forgotten(Exception):
    """The file was forgotten while somebody worked on it."""


@transaction.atomic
def forget(uploads: Iterable[int], why: str) -> int:
    """Take from uploads with people's data everything that they say of people; how many.

    `why`: "applied", "discarded", "time" or "erased". One that was not applied is discarded with it; one that says
    nothing any more is left as it is, with what was the reason then.
    """
    rows = Upload.objects.select_for_update(of=("self",)).filter(pk__in=list(uploads)).order_by("pk")
    still = [upload.pk for upload in rows.only("counts") if "forgotten" not in upload.counts]
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.forget_uploads(%s::bigint[], %s)", [still, why])
        number: int = cursor.fetchone()[0]
    return number


def forget_files(now: datetime) -> int:
    """Throw away the bytes of files that came longer ago than their kind is kept; how many. What they wrote stays."""
    return sum(_forget_old(name, now - subject.kept) for name, subject in SUBJECTS.items())


@transaction.atomic
def _forget_old(kind: str, before: datetime) -> int:
    old = Upload.objects.filter(kind=kind, sent_at__lt=before)
    if kind in PEOPLE:
        # Also one at which a worker seems to be: nothing takes that long.
        return forget(old.values_list("pk", flat=True), "time")
    kept = old.exclude(state__in=Upload.BUSY)
    open_ones = kept.filter(state__in=Upload.OPEN)
    UploadedRecord.objects.filter(upload__in=open_ones).delete()
    number, _by_model = UploadedFile.objects.filter(upload__in=kept).delete()
    open_ones.update(state=State.DISCARDED)
    return number


def save_step(upload: Upload, *fields: str) -> None:
    """Save what a step of an upload came to; raises Forgotten where the file is gone since the step began."""
    there = Upload.objects.filter(pk=upload.pk).exclude(state=State.DISCARDED)
    if not there.update(**{name: getattr(upload, name) for name in fields}):
        raise Forgotten


def hold(upload: Upload) -> None:
    """Within a transaction: let nobody forget a file with people's data until its end; raises Forgotten.

    Taken before anything else of the file: whoever forgets it begins with the same row, so one waits for the other.
    """
    if upload.kind in PEOPLE:
        there = Upload.objects.select_for_update(of=("self",)).exclude(state=State.DISCARDED)
        if there.filter(pk=upload.pk).first() is None:
            raise Forgotten


def files_of(person: Person) -> QuerySet[Upload]:
    """Files that still say something of people and may hold `person`: erasing that one forgets them.

    The same condition as the trigger's on observers; but the database shows only those that whoever asks may see.
    """
    mission = person.observer.mission if hasattr(person, "observer") else None
    if mission is None:
        return Upload.objects.none()
    whose = Q(organization=None) | Q(organization=mission.organization_id)
    return Upload.objects.filter(whose, kind__in=PEOPLE, election=mission.election_id).exclude(
        counts__has_key="forgotten"
    )


def told_of_people(said: str) -> str:
    """What the result of a job says of a file with people's data, in place of `said`: nothing that is in the file."""
    return _("Done; the page of the file says what came of it.") if said else said
