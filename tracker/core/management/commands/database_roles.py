from typing import Any

from django.core.management.base import BaseCommand

from tracker.database_roles import WEB, WORKER, role_statements


class Command(BaseCommand):
    help = "Prints the SQL that makes the roles of the database; a superuser of PostgreSQL runs it once."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        for statement in role_statements():
            self.stdout.write(statement)
        self.stdout.write(
            f"-- Then give the two logins their passwords: \\password {WEB} and \\password {WORKER}"
        )
