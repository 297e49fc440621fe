from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracker.coverage.editions import drift, refresh
from tracker.coverage.models import Edition, Mark
from tracker.elections.models import Election


class Command(BaseCommand):
    help = (
        "Count every published election from its rows and compare with its latest edition; ends with 1 on drift. "
        "What waits for the publisher of a reviewed election is told and is no drift."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--election", metavar="SLUG", help="only this one")
        parser.add_argument(
            "--publish",
            action="store_true",
            help="publish an edition where the figures of a live election moved",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        elections = Election.objects.published().order_by("slug")
        if options["election"]:
            elections = elections.filter(slug=options["election"])
            if not elections.exists():
                raise CommandError(f"No published election has the address name {options['election']!r}.")
        drifting = 0
        for election in elections:
            if options["publish"]:
                refresh(election)
            found = drift(election)
            last = Edition.objects.filter(election=election).order_by("-number").first()
            edition = f"edition {last.number}" if last else "no edition"
            waiting = Mark.objects.filter(election=election).exists()
            reviewed = election.publishing == Election.Publishing.REVIEWED
            if found and waiting and reviewed:
                # Not a fault: the public sees what the publisher let it see.
                self.stdout.write(f"{election.slug}: {edition}, {len(found)} waiting for a publisher")
            else:
                note = " (changes are waiting to be counted)" if found and waiting else ""
                self.stdout.write(f"{election.slug}: {edition}, drift {len(found)}{note}")
                drifting += bool(found)
            for line in found:
                self.stdout.write(f"  {line}")
        if drifting:
            raise CommandError(f"{drifting} of {len(elections)} elections drift.", returncode=1)
        self.stdout.write(f"{len(elections)} elections, no drift.")
