"""What people do with a file: bring it, say how it is read, look, apply, take it back. Each is one transaction.

The long steps are jobs (`ingest.tasks`): whoever asks here starts one, and `uploads.work` does it.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker.core.jobs import start_job
from tracker.core.models import Job, User
from tracker.core.receiving import MOST_BYTES
from tracker.elections.models import Election
from tracker.ingest.folding import fold
from tracker.ingest.guessing import are_headings, guess_mapping
from tracker.ingest.loading import said
from tracker.ingest.mapping import BadMapping, Mapping, find_columns
from tracker.ingest.models import Answer, Profile, Upload, UploadedFile, UploadedRecord
from tracker.ingest.problems import Unacceptable, Unreadable, shortened
from tracker.ingest.profiles import find_profile
from tracker.ingest.tables import Table, open_table
from tracker.ingest.tables.content import LARGEST_FILE
from tracker.ingest.uploads.applying import may_retire
from tracker.ingest.uploads.checking import count_records
from tracker.ingest.uploads.files import (
    as_file,
    fingerprint_of,
    is_mended,
    keep_content,
    look_through,
    parent_of,
    table_of,
    tidy_name,
)
from tracker.ingest.uploads.forgetting import forget
from tracker.ingest.uploads.rights import (
    check_may_bring,
    check_may_work_on,
    may_work_on,
    sent_for,
    speaks_for_all,
)
from tracker.ingest.uploads.subjects import SUBJECTS
from tracker.ingest.uploads.work import own_answers

State = Upload.State
CHECK, APPLY, UNDO = "upload_check", "upload_apply", "upload_undo"
ANSWERS_LOCK = 7_234_003  # any number that no other advisory lock of the tracker uses
# Topic, text and context of a word that is asked about.
Question = tuple[str, str, str]
# The most letters of a word that is asked about.
LONGEST_ANSWERED = 200
# Counts of a preview by what happens.
COUNTED = tuple(UploadedRecord.Action.values)


def receive_upload(
    *,
    by: User,
    election: Election,
    kind: str,
    name: str,
    content: bytes,
    source: str = "",
    most: int = MOST_BYTES,
) -> Upload:
    """Keep a file that somebody sent, with a first proposal of how it is read.

    `kind`: one of SUBJECTS. `source`: the page that its rows come from, where they do not name one. `most`: how many
    bytes are taken; a command may bring LARGEST_FILE. Raises Unacceptable where it is no table or larger, and
    PermissionDenied.
    """
    check_may_bring(by, kind)
    name = tidy_name(name)
    if len(content) > most:
        raise Unacceptable(
            _("is larger than %(most)d MB.") % {"most": most // 2**20},
            larger_ones() if most < LARGEST_FILE else "",
        )
    with as_file([content]) as path:
        table = open_table(path, name=name)
        sample, rows = look_through(table)
    parent = _parent(by, kind, table, sample)
    mapping, profile = propose_mapping(kind, table, sample, parent)
    carried: dict[str, Any] = {"source": source}
    if is_mended(table):
        carried["part"] = parent.pk if parent else True
    if parent is not None:
        carried["source"] = source or parent.mapping.get("source", "")
        carried["answers"] = parent.mapping.get("answers", [])
    with transaction.atomic():
        upload = Upload.objects.create(
            name=name,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            format=table.format,
            election=election,
            kind=kind,
            sheet=table.sheet,
            header_row=table.header_row,
            mapping={"mapping": mapping.to_json()} | carried,
            profile=profile,
            counts={"rows": rows},
            sent_by=by,
            organization=sent_for(by, kind),
        )
        keep_content(upload, content)
    return upload


def larger_ones() -> str:
    """What to do with a file that is too large for a browser."""
    words = _(
        "Send it in several files, or have it brought by manage.py ingest, which takes up to %(most)d MB."
    )
    return words % {"most": LARGEST_FILE // 2**20}


def _parent(by: User, kind: str, table: Table, sample: list[tuple[str, ...]]) -> Upload | None:
    """The upload whose mended rows a file holds, where `by` works on that one too: what a cell says is no right."""
    said = parent_of(table, sample)
    found = Upload.objects.filter(pk=said, kind=kind).first() if said is not None else None
    return found if found is not None and may_work_on(by, found) else None


def propose_mapping(
    kind: str, table: Table, sample: list[tuple[str, ...]], parent: Upload | None = None
) -> tuple[Mapping, Profile | None]:
    """How a table is read: as the file it is a part of, as one with this header before, as a known layout, or as it
    looks."""
    if parent is not None and "mapping" in parent.mapping:  # a file of people has forgotten how it was read
        try:
            mapping = Mapping.from_json(parent.mapping["mapping"])
            find_columns(mapping, table.header)
        except BadMapping:
            pass  # a column was renamed or taken out while it was mended
        else:
            return mapping, parent.profile
    saved = Profile.objects.filter(kind=kind, fingerprint=fingerprint_of(table)).first()
    if saved is not None:
        try:
            mapping = Mapping.from_json(saved.mapping)
            find_columns(mapping, table.header)
        except BadMapping:
            pass  # of another version of the software: guessed anew
        else:
            return mapping, saved
    known = find_profile(table.header, sample)
    if known is not None and known.mapping.kind == kind:
        return known.mapping_for(table.header), None
    return guess_mapping(kind, table.header, sample), None


# --- how it is read


class Changed(ValidationError):
    """Somebody else said meanwhile how the file is read, or what its words mean: nothing is written."""


def reading_of(upload: Upload) -> dict[str, Any]:
    """How an upload is read, as plain JSON: what a form of it showed, and what is there when it comes back."""
    said = {"sheet": upload.sheet, "header_row": upload.header_row}
    return said | {name: upload.mapping.get(name, "") for name in ("mapping", "source")}


def check_seen(upload: Upload, seen: dict[str, Any] | None) -> Upload:
    """The row of an open upload, locked, if it is still read as `seen` says (None: whoever asks saw nothing and
    overwrites nobody). Raises Changed."""
    locked = _lock_open(upload)
    if seen is not None and reading_of(locked) != seen:
        raise Changed(
            _(
                "Somebody else said meanwhile how this file is read, so nothing is saved yet. What they said is "
                "filled in below where you chose nothing else. Look at it once more."
            )
        )
    return locked


def _said_by(by: User) -> dict[str, Any]:
    """For the mapping: who says so, and when. What happens to an upload is not in the history."""
    return {"by": [by.pk, timezone.now().isoformat(timespec="seconds")]}


@transaction.atomic
def set_table(
    *, by: User, upload: Upload, sheet: str, header_row: int | None, seen: dict[str, Any] | None = None
) -> None:
    """Read another sheet, or take another row for the header; the mapping is proposed anew. Raises Unacceptable, and
    Changed where it is not read as `seen` any more."""
    check_may_work_on(by, upload)
    upload.mapping = check_seen(upload, seen).mapping
    upload.sheet, upload.header_row = sheet, header_row
    with table_of(upload) as table:
        sample, rows = look_through(table)
        mapping, upload.profile = propose_mapping(upload.kind, table, sample)
        upload.sheet, upload.header_row = table.sheet, table.header_row
        upload.counts = {"rows": rows}
    upload.mapping = upload.mapping | {"mapping": mapping.to_json()} | _said_by(by)
    _change_open(upload, state=State.RECEIVED, fields=("sheet", "header_row", "profile", "counts", "mapping"))


@transaction.atomic
def set_mapping(
    *, by: User, upload: Upload, mapping: Mapping, source: str, seen: dict[str, Any] | None = None
) -> None:
    """Say how the file is read. Raises BadMapping where the file lacks a column of it, and Changed where it is not
    read as `seen` any more."""
    check_may_work_on(by, upload)
    with table_of(upload) as table:
        find_columns(mapping, table.header)
    locked = check_seen(upload, seen)
    upload.mapping = locked.mapping | {"mapping": mapping.to_json(), "source": source} | _said_by(by)
    if upload.profile is not None and upload.profile.mapping != upload.mapping["mapping"]:
        upload.profile = None  # read otherwise from now on
    _change_open(upload, state=State.RECEIVED, fields=("mapping", "profile"))


def save_profile(*, by: User, upload: Upload, name: str) -> Profile:
    """Remember the upload's mapping for files with the same header, whoever brings them.

    Of a file of people only where its header is one: what stands in a profile is kept for good, and erased with nobody.
    """
    check_may_work_on(by, upload)
    if not speaks_for_all(by):
        raise PermissionDenied
    rules = Mapping.from_json(upload.mapping["mapping"]).rules if upload.mapping else {}
    if any(rules[name].constant for name in SUBJECTS[upload.kind].kind.personal if name in rules):
        raise ValidationError(_("What fills a person’s column is not remembered. Take it out first."))
    named = {column for rule in rules.values() for column in rule.columns}
    if SUBJECTS[upload.kind].people and not are_headings(upload.kind, named):
        raise ValidationError(
            _(
                "The row that is taken for the header may be a person’s, so it is not remembered. Say which row holds "
                "the names of the columns, or name the columns in the file."
            )
        )
    with table_of(upload) as table:
        fingerprint = fingerprint_of(table)
    with transaction.atomic():
        profile, _created = Profile.objects.update_or_create(
            kind=upload.kind,
            fingerprint=fingerprint,
            defaults={
                "name": name, "mapping": upload.mapping["mapping"], "saved_by": by, "saved_at": timezone.now(),
            },
        )  # fmt: skip
        Upload.objects.filter(pk=upload.pk).update(profile=profile)
    return profile


def answers_to(upload: Upload, questions: Iterable[Question]) -> dict[Question, tuple[str, Any]]:
    """What is known of these questions by now: the answer, and the key of the account that gave it (or None)."""
    wanted = {(topic, fold(text), context): (topic, text, context) for topic, text, context in questions}
    known: dict[Question, tuple[str, Any]] = {}
    for row in Answer.objects.filter(text__in={text for _topic, text, _context in wanted}):
        if asked := wanted.get((row.topic, row.text, row.context)):
            known[asked] = (row.value, row.given_by_id)
    by = upload.mapping.get("by", [None])[0]
    return known | {wanted[key]: (value, by) for key, value in own_answers(upload) if key in wanted}


@transaction.atomic
def answer_questions(
    *, by: User, upload: Upload, answers: dict[Question, str], seen: dict[Question, str] | None = None
) -> None:
    """Settle what words of the file mean: {(topic, text, context): value}, for this file and every later one.

    Raises Changed where one of them has another answer by now than in `seen`, what the form showed, and than the one
    that is given (None: whoever asks saw nothing and overwrites nobody).

    What somebody says who works for one organization, or of a file with people's data, holds for this file alone.
    """
    check_may_work_on(by, upload)
    for (topic, text, context), value in answers.items():
        _check_answer(upload, topic, text, context, value)
    # One at a time, whichever file they look at: an answer holds for all.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ANSWERS_LOCK])
    if upload.state in Upload.OPEN:
        upload.mapping = _lock_open(upload).mapping
    if seen is not None:
        for question, (value, _account) in answers_to(upload, answers).items():
            if value not in (seen.get(question), answers[question]):
                raise Changed(
                    _(
                        "Somebody else answered meanwhile, so nothing is saved yet. What you chose is kept. Look at it "
                        "once more."
                    )
                )
    if SUBJECTS[upload.kind].people or not speaks_for_all(by):
        own = dict(own_answers(upload)) | {
            (topic, fold(text), context): value for (topic, text, context), value in answers.items()
        }
        kept = {"answers": [[*key, value] for key, value in own.items()]}
        upload.mapping = upload.mapping | kept | _said_by(by)
        return _change_open(upload, state=None, fields=("mapping",))
    with transaction.atomic():
        for (topic, text, context), value in answers.items():
            Answer.objects.update_or_create(
                topic=topic, text=fold(text), context=context, defaults={"value": value, "given_by": by}
            )


def _check_answer(upload: Upload, topic: str, text: str, context: str, value: str) -> None:
    """Refuse (ValidationError) an answer that no cell could hold, or that cannot be remembered."""
    if max(len(fold(text)), len(context)) > LONGEST_ANSWERED:
        raise ValidationError(
            _("“%s” is too long to be remembered. Correct it in the file.") % shortened(text)
        )
    columns = {"country": "country_iso2", "zone": "iana_timezone"}
    parsers = {column.name: column.parse for column in SUBJECTS[upload.kind].layout.columns}
    parse = parsers.get(columns.get(topic, context))
    if parse is None:
        return
    try:
        parse(value)
    except Unreadable as wrong:
        raise ValidationError(f"“{shortened(value)}” {wrong}") from None


@transaction.atomic
def forget_answer(*, by: User, answer: Answer, seen: str | None = None) -> None:
    """Ask about the word again from now on. What was written with the answer stays.

    Raises Changed where it is another answer by now than the one that was `seen`.
    """
    if not speaks_for_all(by):
        raise PermissionDenied
    locked = Answer.objects.select_for_update(of=("self",)).filter(pk=answer.pk).first()
    if locked is not None and seen is not None and locked.value != seen:
        words = _("“%(text)s” means “%(value)s” by now, as somebody else said; it is kept.")
        raise Changed(words % {"text": locked.text, "value": locked.value})
    answer.delete()


def forget_profile(*, by: User, profile: Profile) -> None:
    """Read files with this header as they look, from now on."""
    if not speaks_for_all(by):
        raise PermissionDenied
    profile.delete()


def set_choices(*, by: User, upload: Upload, retire_missing: bool) -> None:
    """Whether stations that the file no longer has are cancelled."""
    check_may_work_on(by, upload)
    if retire_missing and not may_retire(upload):
        raise ValidationError(
            _(
                "Rows of this file cannot be read, so nobody can tell what it lacks. Mend them before you cancel."
            )
        )
    upload.retire_missing = retire_missing
    _change_open(upload, state=None, fields=("retire_missing",))


def choose_field(*, by: User, upload: Upload, record: int, name: str, file_wins: bool) -> None:
    """Whether the file or the register is right about one field of one record; for "" about all of its fields.

    The choice holds when the file is checked again.
    """
    check_may_work_on(by, upload)
    with transaction.atomic():
        locked = _lock_open(upload)
        found = upload.records.select_for_update().filter(pk=record, action__in=["changed", "kept"]).first()
        if found is None or (name and name not in found.changes):
            raise ValidationError(_("This difference is no longer there. Look at the preview again."))
        names = set(found.changes if not name else [name])
        takes = set(found.takes) | names if file_wins else set(found.takes) - names
        found.takes = [name for name in found.changes if name in takes]
        found.action = "changed" if found.takes else "kept"
        for emptied in names & takes:
            if found.changes[emptied][1] == said(None):
                found.values[emptied] = None
        found.save(update_fields=["takes", "action", "values"])
        choices = {(key, field): wins for key, field, wins in locked.mapping.get("choices", [])}
        choices |= {(found.key, field): file_wins for field in names}
        locked.mapping = locked.mapping | {"choices": [[*place, wins] for place, wins in choices.items()]}
        kept = {
            key: number for key, number in locked.counts.items() if key not in (*COUNTED, "along", "warned")
        }
        locked.counts = kept | count_records(upload)
        locked.save(update_fields=["mapping", "counts"])


def _lock_open(upload: Upload) -> Upload:
    """The row of an upload that may still be changed, locked and as it is now."""
    locked = (
        Upload.objects.select_for_update(of=("self",)).filter(pk=upload.pk, state__in=Upload.OPEN).first()
    )
    if locked is None:
        raise ValidationError(_("This file is being worked on, or was applied. Load the page again."))
    return locked


def _change_open(upload: Upload, *, state: State | None, fields: tuple[str, ...]) -> None:
    with transaction.atomic():
        _lock_open(upload)
        if state is not None:
            # What was looked at no longer tells what would happen.
            upload.state, upload.problem = state, ""
            upload.records.all().delete()
            fields = (*fields, "state", "problem")
        upload.save(update_fields=list(fields))


# --- looking


def ask_check(*, by: User, upload: Upload, then_apply: bool = False) -> Job:
    """Have the file compared with the register; with `then_apply` written too if nothing is wrong or to be asked."""
    return _ask(by, upload, CHECK, Upload.OPEN, State.CHECKING, then_apply=then_apply)


def apply_if_clean(*, by: User, upload: Upload) -> Job | None:
    """Have a checked file applied in which no row is wrong and nothing is to be asked; None where something is."""
    counts = upload.counts
    if upload.state != State.CHECKED or counts.get("bad") or counts.get("questions"):
        return None
    return ask_apply(by=by, upload=upload)


def ask_apply(*, by: User, upload: Upload) -> Job:
    """Have what was looked at written into the register; rows that are wrong, or asked about, stay out."""
    return _ask(by, upload, APPLY, (State.CHECKED,), State.APPLYING)


def ask_undo(*, by: User, upload: Upload) -> Job:
    """Have taken back what the upload wrote."""
    return _ask(by, upload, UNDO, (State.APPLIED,), State.UNDOING)


def discard_upload(*, by: User, upload: Upload) -> None:
    """Throw the bytes of a file away; its name, hash and sender stay on record. One that was applied stays applied, and
    can still be taken back."""
    check_may_work_on(by, upload)
    with transaction.atomic():
        locked = Upload.objects.select_for_update(of=("self",)).get(pk=upload.pk)
        if locked.state in Upload.BUSY:
            raise ValidationError(_("This file is being worked on. Wait for the end, or stop it."))
        if SUBJECTS[upload.kind].people:
            forget([upload.pk], "discarded")
            return
        UploadedFile.objects.filter(upload=upload).delete()
        if locked.state in Upload.OPEN:
            upload.records.all().delete()
            Upload.objects.filter(pk=upload.pk).update(state=State.DISCARDED)


def _ask(by: User, upload: Upload, kind: str, before: tuple[Any, ...], after: State, **arguments: Any) -> Job:
    check_may_work_on(by, upload)
    with transaction.atomic():
        # The guard of two clicks: only one of them finds the state that it starts from.
        if not Upload.objects.filter(pk=upload.pk, state__in=before).update(state=after, problem=""):
            raise ValidationError(_("This file is being worked on already. Load the page again."))
        job = start_job(by=by, kind=kind, arguments={"upload": upload.pk} | arguments)
        Upload.objects.filter(pk=upload.pk).update(job=job)
    return job
