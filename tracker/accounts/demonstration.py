"""Accounts of a local copy, one for each role: their passwords are worked out from the copy's own key.

They never sign in to production, and do without a second factor only on the machine itself (accounts.sessions).
"""

from django.conf import settings
from django.utils.crypto import salted_hmac

from tracker.core.models import User
from tracker.core.roles import Role, names_of, work_of

NAMES = {
    Role.DESK: "desk",
    Role.OFFICER: "officer",
    Role.COORDINATOR: "coordinator",
    Role.PUBLISHER: "publisher",
    Role.AUDITOR: "auditor",
    Role.ADMINISTRATOR: "keeper",
}


def password_of(username: str) -> str:
    """The password that an account of this copy begins with."""
    return salted_hmac("tracker.accounts.demonstration", username, algorithm="sha256").hexdigest()[:12]


def make_accounts() -> list[User]:
    """One account for each role, where its name is free; those that were made now."""
    if not settings.LOCAL:
        return []
    made = []
    for role, username in NAMES.items():
        if not User.objects.filter(username=username).exists():
            made.append(
                User.objects.create_user(
                    username, password=password_of(username), roles=[role], is_staff=True, demonstration=True
                )
            )
    return made


def shown_accounts() -> list[dict[str, str]]:
    """What the page to sign in shows on the machine itself."""
    names = [*NAMES.values()]
    rows = User.objects.filter(username__in=names, demonstration=True, is_active=True)
    return [
        {
            "username": row.username,
            "password": password_of(row.username),
            "role": names_of(row.roles),
            "work": work_of(row.roles),
        }
        for row in sorted(rows, key=lambda row: names.index(row.username))
    ]
