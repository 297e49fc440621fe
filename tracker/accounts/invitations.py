"""Accounts come by invitation: a link that lets somebody choose the password, once, within days.

Nothing of the link is stored. It holds the account and a seal of its password; an account that waits has an unusable,
random one, so setting a password, or inviting again, voids the links of before.
"""

from collections.abc import Iterable
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import BooleanField, F, Func, QuerySet

from tracker.accounts import mail
from tracker.accounts.throttle import seal
from tracker.core.models import User

DAYS = 7
SALT = "tracker.accounts.invitation"


def make_token(user: User) -> str:
    """The secret part of the link for `user`."""
    return signing.dumps([user.pk, _state(user)], salt=SALT)


def read_token(token: str) -> User | None:
    """The account that waits for this link; None for a link that is false, used, void or too old."""
    try:
        pk, state = signing.loads(token, salt=SALT, max_age=DAYS * 24 * 3600)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or user.has_usable_password() or state != _state(user):
        return None
    return user


def _state(user: User) -> str:
    return seal(f"invitation {user.pk} {user.password} {user.email}")[:32]


def with_waiting(rows: QuerySet) -> QuerySet:
    """The accounts `rows`, each with `waits`: whether nobody has chosen its password yet. Known to administrators, who
    may not read the password itself."""
    waits = Func(F("pk"), function="wall_awaits_password", output_field=BooleanField())
    return rows.annotate(waits=waits)


def awaits(user: Any) -> bool:
    """Whether the account, one of `with_waiting`, was invited and nobody has chosen its password yet."""
    return bool(user.is_active and user.waits)


def may_get_link(user: Any) -> bool:
    """Whether the account, one of `with_waiting`, can be sent a link to sign in: it is open and has a password."""
    return bool(user.is_active and not user.waits and user.email)


@transaction.atomic
def invite(*, email: str, first_name: str, last_name: str, roles: Iterable[str]) -> User:
    """A new account for the person with this address, who is told by mail."""
    # As typed, but for the host, in which capitals mean nothing.
    email = User.objects.normalize_email(email)
    user = User(
        username=email.lower(), email=email, first_name=first_name, last_name=last_name,
        roles=list(roles), is_staff=True,
    )  # fmt: skip
    user.set_unusable_password()
    user.save()
    mail.later(mail.send_invitation, user.pk)
    return user


@transaction.atomic
def invite_again(user: User) -> None:
    """A new link; those of before are void."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    mail.later(mail.send_invitation, user.pk)
