"""Accounts come by invitation: a link that lets somebody set up the account, once, within days.

Nothing of the link is stored. It holds the account, a seal of its password and who invited; an account that waits has
an unusable, random password, so setting one, or inviting again, voids the links of before.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.db import transaction
from django.db.models import BooleanField, F, Func, QuerySet

from tracker.accounts import mail
from tracker.accounts.throttle import seal
from tracker.core.models import User

DAYS = 7
SALT = "tracker.accounts.invitation"


def make_token(user: User, by: User | None = None) -> str:
    """The secret part of the link for `user`, whom `by` invites."""
    return signing.dumps([user.pk, state(user), by.pk if by else 0], salt=SALT)


def read_token(token: str, *, lock: bool = False) -> tuple[User, User | None] | None:
    """The account that waits for this link, and who invited; None for a link that is false, used, void or too old.

    With `lock` the account waits until the transaction is over: of two who use the link at once, one does.
    """
    try:
        # Those sent by an older version do not say who invited.
        pk, seen, *inviter = signing.loads(token, salt=SALT, max_age=DAYS * 24 * 3600)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    rows = User.objects.defer(None).filter(is_active=True)
    user = (rows.select_for_update() if lock else rows).filter(pk=pk).first()
    if user is None or user.has_usable_password() or seen != state(user):
        return None
    return user, rows.filter(pk__in=inviter).first()


def state(user: User) -> str:
    """What an account that waits is told by: another one with every invitation, password and address."""
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
def invite(
    *,
    email: str,
    first_name: str,
    last_name: str,
    roles: Iterable[str],
    by: User | AnonymousUser | None = None,
) -> User:
    """A new account for the person with this address, who is told by mail, and who invites them."""
    # As typed, but for the host, in which capitals mean nothing.
    email = User.objects.normalize_email(email)
    user = User(
        username=email.lower(), email=email, first_name=first_name, last_name=last_name,
        roles=list(roles), is_staff=True,
    )  # fmt: skip
    user.set_unusable_password()
    user.save()
    mail.later(mail.send_invitation, user.pk, by.pk if by else 0)
    return user


@transaction.atomic
def invite_again(user: User, by: User | AnonymousUser | None = None) -> None:
    """A new link; those of before are void."""
    user.set_unusable_password()
    user.save(update_fields=["password"])
    mail.later(mail.send_invitation, user.pk, by.pk if by else 0)
