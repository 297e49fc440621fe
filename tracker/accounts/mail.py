"""Mails to the people behind accounts. Their links lead to PUBLIC_URL, whatever host a request named."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from tracker.accounts import invitations
from tracker.accounts.models import SignInAttempt
from tracker.core.identity import Identity, acting
from tracker.core.models import User
from tracker.database_roles import WEB

log = logging.getLogger(__name__)
TELL_AGAIN = timedelta(hours=24)


def later(work: Callable[..., None], *args: Any) -> None:
    """Do `work` once the transaction is committed, beside the request: its time tells nobody anything."""
    if settings.MAIL_IN_BACKGROUND:
        transaction.on_commit(threading.Thread(target=_run, args=(work, *args)).start)
    else:
        # As there: with the rights of the web login, not with those of the page.
        with acting(Identity(role=WEB)):
            work(*args)


def _run(work: Callable[..., None], *args: Any) -> None:
    try:
        work(*args)
    except Exception as error:
        # Its text may hold an address.
        log.error("%s failed: %s", work.__name__, type(error).__name__)
    finally:
        connection.close()


def _send(user: User, subject: str, template: str, **context: Any) -> None:
    text = render_to_string(
        f"account/email/{template}.txt", context | {"user": user, "site": settings.PUBLIC_URL}
    )
    # A line feed in a name would begin a header of its own; Django refuses it.
    send_mail(subject, text, None, [user.email])


def where_mails_are() -> str:
    """Where whoever had a mail sent finds it, as long as mails are printed and not sent; "" where they are sent."""
    if not settings.EMAIL_BACKEND.endswith(".console.EmailBackend"):
        return ""
    if settings.LOCAL:
        return _("This copy has no mail server: the mail is printed by make run in the terminal.")
    return _("There is no mail server: the mail is printed where the tracker runs.")


def send_invitation(pk: int, by: int = 0) -> None:
    """The link for an account that waits; `by` is the key of who invited, 0 where nobody did by name."""
    user, inviter = User.objects.get(pk=pk), User.objects.filter(pk=by).first()
    link = settings.PUBLIC_URL + reverse("account_invitation", args=[invitations.make_token(user, inviter)])
    _send(
        user, "Your account in the observation tracker", "invitation",
        link=link, days=invitations.DAYS, inviter=inviter,
    )  # fmt: skip


def send_reset(email: str) -> None:
    """A link for each account with this address that can sign in; nothing for anybody else."""
    for user in PasswordResetForm().get_users(email):
        assert isinstance(user, User)  # noqa: S101
        _send(user, "A new password for the observation tracker", "reset", link=_reset_link(user))


def send_link(pk: int) -> None:
    """The same link for somebody whose administrator sends it: no try of theirs, so no limit holds it up."""
    user = User.objects.get(pk=pk)
    _send(user, "A link to sign in to the observation tracker", "link", link=_reset_link(user))


def _reset_link(user: User) -> str:
    """Works until it is used or an hour is over, however many others are asked for meanwhile."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return str(settings.PUBLIC_URL + reverse("account_reset_password_from_key", args=[uid, token]))


def tell_of_tries(pk: int, attempt: int) -> None:
    """Tell the owner that somebody tries to sign in, once a day."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=pk)
        row = SignInAttempt.objects.get(pk=attempt)
        told = SignInAttempt.objects.filter(
            account=row.account, owner_told=True, at__gt=timezone.now() - TELL_AGAIN
        )
        if not user.email or not user.is_active or told.exists():
            return
        SignInAttempt.objects.filter(pk=attempt).update(owner_told=True)
    _send(user, "Somebody tries to sign in to your account", "tries", address=row.address)


def tell_of_change(pk: int, what: str) -> None:
    """Tell the owner that password or second factor were changed."""
    user = User.objects.get(pk=pk)
    if user.email:
        _send(user, "Your account was changed", "changed", what=what)


def tell_of_set_up(pk: int, by: int = 0) -> None:
    """Tell the owner that the invitation was accepted, and whom to write if it was not by them: whoever invited (`by`
    as in `send_invitation`)."""
    user, inviter = User.objects.get(pk=pk), User.objects.filter(pk=by).first()
    if user.email:
        _send(user, "Your account is set up", "ready", at=timezone.now(), inviter=inviter)
