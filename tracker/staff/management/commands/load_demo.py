from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracker.coverage.nudges import nudge
from tracker.ingest.problems import ProblemsFound
from tracker.staff.demonstration import load_demonstration


class Command(BaseCommand):
    help = (
        "Load the demonstration (fixtures/demo): an invented country's election with its observers, teams and "
        "deployments. Loading again adds what is not there and changes nothing that was entered since."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            entered = load_demonstration()
        except ProblemsFound as found:
            raise CommandError("\n".join(map(str, found.problems))) from found
        nudge()
        if any(entered.values()):
            words = ", ".join(f"{number} {name}" for name, number in entered.items() if number)
            self.stdout.write(f"Demonstration loaded: {words}.")
        else:
            self.stdout.write("The demonstration is loaded already; nothing was missing.")
