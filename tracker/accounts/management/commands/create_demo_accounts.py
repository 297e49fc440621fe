from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tracker.accounts import demonstration
from tracker.core.roles import Role
from tracker.missions.models import Affiliation, Mission


class Command(BaseCommand):
    help = "One account for each role, in a local copy only; its page to sign in shows them, on the machine itself."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.LOCAL:
            raise CommandError(
                "Accounts with passwords that can be worked out are for a local copy (`make run`)."
            )
        made = demonstration.make_accounts()
        mission = Mission.objects.filter(election__demonstration=True).order_by("pk").first()
        for account in made:
            if Role.COORDINATOR in account.roles and mission is not None:
                Affiliation.objects.create(account=account, organization=mission.organization)
        if made:
            names = ", ".join(account.username for account in made)
            self.stdout.write(
                f"Accounts to try the roles: {names}; the page to sign in shows their passwords."
            )
