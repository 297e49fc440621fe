"""Tokens for programs that write in somebody's name: random, shown once, kept as a hash, limited in scope and time."""

import base64
import hashlib
import hmac
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from tracker.accounts.models import ApiToken
from tracker.core.models import User

# What every token begins with, so that one that leaked is found by a search.
PREFIX = "observation_"
MOST_DAYS = 366
# Read by a person and no more often than this: "last used" need not be exact, and is a write for each request.
NOTED_EVERY = timedelta(minutes=5)


def issue_token(*, account: User, name: str, scopes: list[str], days: int) -> tuple[ApiToken, str]:
    """A new token of `account` for `days`; with it the secret, which nobody can read again.

    `scopes`: codes of ApiToken.Scope. A token never gives more than the roles its account has at that moment.
    """
    token, secret, _new = token_of_form(uuid4(), account=account, name=name, scopes=scopes, days=days)
    return token, secret


def token_of_form(
    form: UUID, *, account: User, name: str, scopes: list[str], days: int
) -> tuple[ApiToken, str, bool]:
    """The token that the form with the random key `form` asks for, its secret, and whether it is new.

    The same form with the same answers asks for the same token. Its secret is kept nowhere: a second request for it
    is answered by making it again, which takes the key of the form and the key of the server.
    """
    said = f"token {account.pk} {form} {name} {sorted(set(scopes))} {days}"
    made = hmac.digest(settings.SECRET_KEY.encode(), said.encode(), hashlib.sha256)
    secret = PREFIX + base64.urlsafe_b64encode(made).rstrip(b"=").decode()
    token, new = ApiToken.objects.get_or_create(
        digest=_digest(secret), account=account,
        defaults={
            "name": name, "scopes": sorted(set(scopes)),
            "expires_at": timezone.now() + timedelta(days=min(days, MOST_DAYS)),
            "session_epoch": account.session_epoch,
        },
    )  # fmt: skip
    return token, secret, new


def find_token(secret: str) -> ApiToken | None:
    """The token with this secret, if it lives and its account is open.

    Whatever ends the sessions of an account ends its tokens: triggers write it at every token that lives, and one that
    was made at the same moment lacks the epoch.
    """
    if not secret.startswith(PREFIX):
        return None
    now = timezone.now()
    rows = ApiToken.objects.select_related("account").filter(
        digest=_digest(secret), ended_at=None, expires_at__gt=now,
        session_epoch=F("account__session_epoch"),
    )  # fmt: skip
    token = rows.filter(account__is_active=True, account__is_staff=True).first()
    if token is not None and (token.used_at is None or now - token.used_at > NOTED_EVERY):
        with transaction.atomic():
            ApiToken.objects.filter(pk=token.pk).update(used_at=now)
    return token


def is_guess(secret: str) -> bool:
    """Whether no token ever had this secret; one that has ended was somebody's."""
    return not ApiToken.objects.filter(digest=_digest(secret)).exists()


def live_tokens(account: User) -> QuerySet[ApiToken]:
    """The tokens of `account` that work, the newest first."""
    return ApiToken.objects.filter(account=account, ended_at=None, expires_at__gt=timezone.now())


def end_token(account: User, pk: int, because: ApiToken.Ending) -> bool:
    """End one token of `account`; whether it was alive. All of them end with the sessions (`sessions.end_all`)."""
    rows = ApiToken.objects.filter(account=account, pk=pk, ended_at=None)
    return bool(rows.update(ended_at=timezone.now(), ended_because=because))


def _digest(secret: str) -> str:
    # A fast hash will do: 256 random bits are not guessed, however fast one tries.
    return hashlib.sha256(secret.encode()).hexdigest()
