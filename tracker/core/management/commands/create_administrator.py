import secrets
from itertools import count

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from tracker.core.models import User

USERNAME = "admin"


class Command(BaseCommand):
    help = "Create the first administrator with a random password, printed once. Does nothing where there is one."

    @transaction.atomic
    def handle(self, *args: object, **options: object) -> None:
        if User.objects.filter(is_superuser=True, is_active=True).exists():
            return
        password = secrets.token_urlsafe(12)
        # An account that somebody already has is not taken over.
        taken = set(User.objects.filter(username__startswith=USERNAME).values_list("username", flat=True))
        names = (f"{USERNAME}{number if number > 1 else ''}" for number in count(1))
        username = next(name for name in names if name not in taken)
        User.objects.create_superuser(username=username, password=password, demonstration=settings.LOCAL)
        self.stdout.write(f"Administrator created: user name {username}, password {password}")
        self.stdout.write("This password is shown only now; keep it, or change it after signing in.")
