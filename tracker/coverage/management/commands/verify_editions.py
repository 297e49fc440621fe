from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Exists, OuterRef

from tracker.coverage.chain import first_break
from tracker.coverage.models import Edition
from tracker.elections.models import Election


class Command(BaseCommand):
    help = (
        "Check every election's editions: numbers without holes, hashes, the chain, and that thinned ones obey the "
        "rule; names the first break and ends with 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--election", metavar="SLUG", help="only this one")

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        elections = Election.objects.order_by("slug")
        if options["election"]:
            elections = elections.filter(slug=options["election"])
            if not elections.exists():
                raise CommandError(f"No election has the address name {options['election']!r}.")
        for election in elections.filter(Exists(Edition.objects.filter(election=OuterRef("pk")))):
            found = first_break(election)
            if found:
                broken += 1
                self.stdout.write(f"{election.slug}: broken at edition {found.number}: {found.reason}")
                continue
            last = Edition.objects.filter(election=election).order_by("-number").defer("content", "detail")[0]
            thinned = Edition.objects.filter(election=election, thinned_at__isnull=False).count()
            note = f" ({thinned} thinned by the rule)" if thinned else ""
            self.stdout.write(
                f"{election.slug}: {last.number} editions{note}, the chain holds, last hash {last.hash}"
            )
        if broken:
            raise CommandError(f"{broken} chains are broken.", returncode=1)
