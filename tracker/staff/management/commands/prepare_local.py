from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from tracker.coverage.editions import refresh_stale

REAL = settings.BASE_DIR / "fixtures" / "az2024"


class Command(BaseCommand):
    help = (
        "What `make run` does before it serves: tables, the real election, the demonstration, a first administrator, "
        "and an edition of the figures. Doing it again changes nothing. One process: each start takes a second."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("load_election", str(REAL), stdout=StringIO())
        call_command("load_demo", stdout=StringIO())
        call_command("create_administrator", stdout=self.stdout)
        call_command("create_demo_accounts", stdout=self.stdout)
        refresh_stale()
