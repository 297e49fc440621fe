from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand

from tracker.coverage.editions import refresh_stale

REAL = settings.BASE_DIR / "fixtures" / "az2024"


class Command(BaseCommand):
    help = (
        "What `make run` does before it serves: the real election, the demonstration, a first administrator, and an "
        "edition of the figures. Doing it again changes nothing. One process, as each start of Django takes a second."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("load_election", str(REAL), stdout=StringIO())
        if "load_demo" in get_commands():
            call_command("load_demo", stdout=StringIO())
        call_command("create_administrator", stdout=self.stdout)
        refresh_stale()
