import sys
from pathlib import Path
from time import sleep
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from tracker.core.jobs import run_job
from tracker.core.models import User
from tracker.elections.models import Election
from tracker.ingest.models import Upload
from tracker.ingest.problems import Unacceptable
from tracker.ingest.tables.content import LARGEST_FILE
from tracker.ingest.uploads import actions, queries, work
from tracker.ingest.uploads.subjects import SUBJECTS

# Lines that are shown of each kind of finding; the screen of the upload shows all of them.
SHOWN = 10


class Command(BaseCommand):
    help = (
        "Bring a file into the register of one election: CSV, XLSX, ODS or JSON in any language. Without --apply it is "
        "only compared, and what it would do is told; the screen of the upload shows it in full."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--election", required=True, help="the word of the election's address")
        parser.add_argument("--kind", default="stations", choices=sorted(SUBJECTS), help="what its rows are")
        parser.add_argument("--by", required=True, help="the user name of whoever brings it")
        parser.add_argument("--source", default="", help="the page that its rows come from")
        parser.add_argument(
            "--apply", action="store_true", help="write it, unless a row is bad or a question is open"
        )
        parser.add_argument(
            "--leave-out-bad-rows",
            action="store_true",
            help="with --apply: write the other rows without them",
        )
        parser.add_argument(
            "--retire-missing", action="store_true", help="cancel stations that the file does not have"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        by = User.objects.filter(username=options["by"], is_active=True).first()
        if by is None:
            raise CommandError(f"There is no active account called {options['by']}.")
        election = Election.objects.filter(slug=options["election"]).first()
        if election is None:
            known = ", ".join(Election.objects.values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no election {options['election']}. Known are: {known}.")
        try:
            if options["file"].stat().st_size > LARGEST_FILE:
                raise CommandError(
                    f"{options['file'].name} is larger than {LARGEST_FILE // 2**20} MB. Bring it in several files."
                )
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        try:
            upload = actions.receive_upload(
                by=by, election=election, kind=options["kind"], name=options["file"].name, content=content,
                source=options["source"], most=LARGEST_FILE,
            )  # fmt: skip
            self._check(by, upload)
            bad = bool(upload.counts.get("bad")) and not (options["apply"] and options["leave_out_bad_rows"])
            if options["apply"] and bad:
                self.stderr.write(
                    "Nothing was written. Mend the bad rows, or write the others with --leave-out-bad-rows."
                )
            elif options["apply"]:
                self._apply(by, upload, options["retire_missing"])
        except Unacceptable as problem:
            raise CommandError(f"{options['file'].name}: {problem}") from problem
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from problem
        except PermissionDenied as problem:
            raise CommandError(f"{by} may not bring such a file.") from problem
        if bad or upload.counts.get("questions"):
            sys.exit(1)

    def _check(self, by: User, upload: Upload) -> None:
        self._run(upload, actions.ask_check(by=by, upload=upload).pk)
        if upload.state != Upload.State.CHECKED:
            raise CommandError(upload.problem or "The file could not be checked; the job says why.")
        for count in queries.counts_of(upload):
            self.stdout.write(f"{count.number:>8} {count.label}")
        for label, number in queries.brought_along(upload):
            self.stdout.write(f"{number:>8} {label} along with them")
        for record in queries.records_of(upload, "bad")[:SHOWN]:
            for problem in record.problems:
                if SUBJECTS[upload.kind].people:
                    # What is printed may end in a log: the cell itself is shown on the screen of the upload alone.
                    problem = [problem[0], "", *problem[2:]]
                self.stderr.write(f"row {record.row}: {queries.reason(problem)}")
        for topic, text, context, _suggestions in upload.counts["questions"][:SHOWN]:
            if SUBJECTS[upload.kind].people:
                text = "…"
            self.stderr.write(f"Which {topic} is “{text}”{f' ({context})' if context else ''}?")
        self.stdout.write(f"Its screen: {reverse('admin:upload', args=[upload.pk])}")

    def _apply(self, by: User, upload: Upload, retire_missing: bool) -> None:
        actions.set_choices(by=by, upload=upload, retire_missing=retire_missing)
        job = actions.ask_apply(by=by, upload=upload)
        self._run(upload, job.pk)
        if upload.state != Upload.State.APPLIED:
            raise CommandError(upload.problem or "The file could not be applied; the job says why.")
        job.refresh_from_db()
        self.stdout.write(job.result)

    def _run(self, upload: Upload, job: int) -> None:
        """Do the job here: with a worker about, whoever is first does it."""
        while not run_job(job):
            upload.refresh_from_db()
            work.settle_stopped(upload)
            if upload.state not in Upload.BUSY:
                break
            sleep(0.2)
        upload.refresh_from_db()
