import json
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracker.core.history.finding import Finding
from tracker.core.history.verifying import history_head, verify
from tracker.coverage.chain import unknown_heads
from tracker.coverage.proof import verify_corrections

SHOWN = 50


class Command(BaseCommand):
    help = (
        "Check the history: that triggers, functions, row security and rights are those that were installed, the chain "
        "of entries, the heads that editions name, that each row is what the history makes of it, and that corrections "
        "tell what changed in public; names what is wrong and what to do, and ends with 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of words")

    def handle(self, *args: Any, **options: Any) -> None:
        found: Iterator[Finding] = chain(
            verify(self._progress, verify_corrections), unknown_heads(self._progress)
        )
        shown = list(islice(found, SHOWN))
        more = sum(1 for _finding in found)
        self._progress("", 0)
        head = history_head()
        if options["json"]:
            answer = {
                "sound": not shown,
                "entries": head.number if head else 0,
                "head": head.hash if head else "",
                "findings": [finding.as_json() for finding in shown],
                "more": more,
            }
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        else:
            for finding in shown:
                self.stdout.write(str(finding))
            if more:
                self.stdout.write(f"... and {more} more")
            if not shown and head:
                self.stdout.write(
                    f"{head.number} entries, the chain holds, every row is as recorded, last hash {head.hash}"
                )
            elif not shown:
                self.stdout.write("Nothing was recorded yet.")
        if shown:
            raise CommandError(f"{len(shown) + more} things are wrong with the history.", returncode=1)

    def _progress(self, what: str, done: int) -> None:
        """A line that renews itself, where somebody watches."""
        if self.stderr.isatty():
            text = f"{what}: {done}" if what else ""
            self.stderr.write(f"\r\x1b[2K{text}", ending="")
