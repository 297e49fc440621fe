from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracker.coverage.chain import first_break
from tracker.coverage.models import Edition
from tracker.elections.models import Election


class Command(BaseCommand):
    help = "Check the chain of every election's editions; names the first break and ends with 1."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for election in Election.objects.filter(editions__isnull=False).distinct().order_by("slug"):
            found = first_break(election)
            if found:
                broken += 1
                self.stdout.write(f"{election.slug}: broken at edition {found.number}: {found.reason}")
                continue
            last = Edition.objects.filter(election=election).order_by("-number")[0]
            self.stdout.write(
                f"{election.slug}: {last.number} editions, the chain holds, last hash {last.hash}"
            )
        if broken:
            raise CommandError(f"{broken} chains are broken.", returncode=1)
