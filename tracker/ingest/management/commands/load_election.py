import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tracker.ingest.loading import load_folder
from tracker.ingest.problems import ProblemsFound
from tracker.ingest.report import report_lines


class Command(BaseCommand):
    help = (
        "Load one election from a folder of CSV files; fixtures/az2024/README.md explains them. "
        "Either everything is loaded or nothing. Loading again brings in what changed in the files "
        "and leaves alone what was changed by hand."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder that holds elections.csv")
        parser.add_argument("--draft", action="store_true", help="leave new records unpublished")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would happen and change nothing"
        )
        parser.add_argument(
            "--restore-deleted", action="store_true", help="make again what was deleted by hand"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = load_folder(
                folder=options["folder"],
                draft=options["draft"],
                dry_run=options["dry_run"],
                restore_deleted=options["restore_deleted"],
            )
        except ProblemsFound as found:
            for problem in found.problems:
                self.stderr.write(str(problem))
            number = len(found.problems)
            self.stderr.write(f"{number} problem{'' if number == 1 else 's'}; nothing was changed.")
            sys.exit(1)
        for line in report_lines(report):
            self.stdout.write(line)
        if options["dry_run"]:
            self.stdout.write("This was a dry run; nothing was changed.")
