from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tracker.missions.retention import count_due, obey_retention
from tracker.missions.tasks import today_everywhere


class Command(BaseCommand):
    help = "Erase the data of people that elections no longer keep (the clock does it daily); says how many, no names."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count what is due")

    def handle(self, *args: Any, **options: Any) -> None:
        on = today_everywhere()
        counts = count_due(on) if options["dry_run"] else obey_retention(on=on)
        verb = "due" if options["dry_run"] else "erased"
        self.stdout.write(f"contact data of people, {verb}: {counts.contact}")
        self.stdout.write(f"people, {verb}: {counts.people}")
        if counts.nowhere:
            self.stdout.write(f"people in no election, to be erased by hand: {counts.nowhere}")
