"""What the jobs of an upload do: compare it, write it, take it back. Each returns a sentence on what came of it."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracker.core.jobs import Cancelled
from tracker.core.models import Job
from tracker.ingest.compiling import Question, compile_mapping
from tracker.ingest.loading import refused
from tracker.ingest.mapping import BadMapping, Mapping
from tracker.ingest.models import Answer, Upload
from tracker.ingest.problems import Problem, Unacceptable
from tracker.ingest.records.stations import SOURCES_OF
from tracker.ingest.tables import Table
from tracker.ingest.uploads.applying import Stale, write
from tracker.ingest.uploads.checking import MappedRow, compare_rows
from tracker.ingest.uploads.doubts import Positions
from tracker.ingest.uploads.files import rows_of, table_of
from tracker.ingest.uploads.forgetting import forget, hold, save_step
from tracker.ingest.uploads.subjects import SUBJECTS
from tracker.ingest.uploads.taking_back import Newer, StillPublic, take_back

State = Upload.State
# A file with more different unknown words than this is read wrongly, and nobody answers them all.
MOST_QUESTIONS = 200
Progress = Any


def check_upload(upload: Upload, progress: Progress) -> str:
    """Compare the whole file with the register; a sentence on what was found."""
    mapping = Mapping.from_json(upload.mapping["mapping"])
    total = upload.counts.get("rows", 0)
    unknown: dict[tuple[str, str, str], Question] = {}
    positions = Positions(upload, mapping)
    try:
        with table_of(upload) as table:
            mapped = _mapped_rows(upload, table, mapping, unknown, positions)
            compare_rows(
                upload,
                mapped,
                lambda done: progress(min(done, total - 1), total),
                told=[*mapping.rules, *(["source_url"] if upload.mapping.get("source") else [])],
                names=mapping.names,
            )
    except (Unacceptable, BadMapping) as error:
        return _back(upload, State.RECEIVED, str(error))
    except Cancelled:
        _back(upload, State.RECEIVED, "")
        raise
    upload.counts["questions"] = [
        [question.topic, question.text, question.context, [list(pair) for pair in question.suggestions]]
        for question in unknown.values()
    ]
    if positions.counts:
        upload.counts["positions"] = positions.counts
    upload.state, upload.problem = State.CHECKED, ""
    save_step(upload, "state", "problem", "counts", "compared")
    return ngettext("%(rows)d row was checked.", "%(rows)d rows were checked.", upload.counts["rows"]) % {
        "rows": upload.counts["rows"]
    }


def _mapped_rows(
    upload: Upload,
    table: Table,
    mapping: Mapping,
    unknown: dict[tuple[str, str, str], Question],
    positions: Positions,
) -> Iterator[MappedRow]:
    """The rows of the table in our own layout; what is to be asked is added to `unknown`, and where they lie is looked
    at."""
    given = {"source_url": upload.mapping.get("source", "")}
    read = compile_mapping(mapping, table.header, given=given, file=upload.name)
    answers = {
        (topic, text, context): value
        for topic, text, context, value in Answer.objects.values_list("topic", "text", "context", "value")
    } | dict(own_answers(upload))
    for number, cells in rows_of(table):
        rows, problems, questions = read(number, cells, answers)
        for question in questions:
            if len(unknown) < MOST_QUESTIONS:
                unknown.setdefault(question.key, question)
            what = _("is not known yet: answer the question about it.")
            problems = [*problems, Problem(upload.name, what, "", number, question.topic, question.text)]
        if rows and (doubt := positions.look(number, rows[0])):
            problems = [*problems, doubt]
        if questions:
            rows = []  # what else is wrong with them follows from that, or is seen when it is answered
        for row in rows:
            if not row.get("latitude") and not row.get("longitude") and "coordinate_precision" in row:
                row["coordinate_precision"] = ""  # of coordinates that this row does not give
            for source, cells in SOURCES_OF.items():
                if source in row and not row[source] and any(row[cell] for cell in cells):
                    # A page that lists stations is the source of all it says of them.
                    row[source] = row["source_url"]
        yield number, rows, problems


def _back(upload: Upload, state: State, problem: str) -> str:
    upload.state, upload.problem = state, problem
    save_step(upload, "state", "problem")
    return problem


def own_answers(upload: Upload) -> Iterator[tuple[tuple[str, str, str], str]]:
    """What was said of words for this file alone: topic, text and context, and the value."""
    for topic, text, context, value in upload.mapping.get("answers", []):
        yield (topic, text, context), value


def apply_upload(upload: Upload, progress: Progress) -> str:
    """Write what was looked at, all of it or nothing; a sentence on what was done."""
    try:
        with transaction.atomic():
            hold(upload)
            write(upload, progress)
            upload.state, upload.applied_at = State.APPLIED, timezone.now()
            save_step(upload, "state", "applied_at", "written", "written_by_transaction")
            if SUBJECTS[upload.kind].people:
                forget([upload.pk], "applied")
    except Stale:
        upload.applied_at = None
        found = check_upload(upload, progress)
        if upload.state != State.CHECKED:
            return found
        return _back(
            upload,
            State.CHECKED,
            _(
                "The register changed after you looked, so nothing was written. Look at the preview once more."
            ),
        )
    except (IntegrityError, DataError) as error:
        upload.applied_at = None
        return _back(upload, State.CHECKED, str(refused(error, SUBJECTS[upload.kind].kind)))
    except ValidationError as error:
        upload.applied_at = None
        return _back(upload, State.CHECKED, " ".join(error.messages))
    except Cancelled:
        upload.applied_at = None
        _back(upload, State.CHECKED, _("It was stopped; nothing was written."))
        raise
    counts = upload.counts
    return _("%(new)d new, %(changed)d changed, %(unchanged)d unchanged.") % {
        name: counts.get(name, 0) for name in ("new", "changed", "unchanged")
    }


def undo_upload(upload: Upload, progress: Progress) -> str:
    """Take back what the upload wrote, all of it or nothing; a sentence."""
    try:
        with transaction.atomic():
            hold(upload)
            take_back(upload)
            upload.state, upload.undone_at = State.UNDONE, timezone.now()
            upload.save(update_fields=["state", "undone_at"])
    except StillPublic as public:
        words = _("Not undone: these are public, and have to be withdrawn first: %(records)s.")
        return _back(upload, State.APPLIED, words % {"records": ", ".join(public.labels)})
    except Newer as newer:
        words = _("Not undone: changed since then were %(records)s. Undo or mend those by hand.")
        if not newer.labels:
            words = _("Not undone: the database was restored since, so nobody can tell what is newer.")
        return _back(upload, State.APPLIED, words % {"records": ", ".join(newer.labels)})
    except IntegrityError:
        words = _("Not undone: other records, such as visits, now stand on what this file brought in.")
        return _back(upload, State.APPLIED, words)
    return _("What this file had written was taken back.")


def settle_stopped(upload: Upload) -> None:
    """Put an upload whose job ended without it, killed or cancelled before it began, back to where it can go on."""
    before = {
        State.CHECKING: State.RECEIVED,
        State.APPLYING: State.CHECKED,
        State.UNDOING: State.APPLIED,
    }.get(State(upload.state))
    job = upload.job
    if before is None or (job is not None and job.state in Job.OPEN):
        return
    words = _("The work was stopped before it was done; nothing was changed.")
    if job is not None and job.state == Job.State.FAILED:
        words = _(
            "The work failed by a fault of ours (job %(job)d); nothing was changed. Tell an administrator."
        )
        words = words % {"job": job.pk}
    Upload.objects.filter(pk=upload.pk, state=upload.state, job=job).update(state=before, problem=words)
    upload.refresh_from_db()
