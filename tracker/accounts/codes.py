"""Codes of an authenticator app: each one works once."""

import base64
import time

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from django.db import transaction
from django.utils.crypto import constant_time_compare

LAST_USED = "last_counter"


def code_at(secret: str, counter: int) -> str:
    """The six digits for one half minute."""
    key = base64.b32decode(secret, casefold=True)
    return HOTP(key, app_settings.TOTP_DIGITS, SHA1(), enforce_key_length=False).generate(counter).decode()  # noqa: S303


def half_minute(
    secret: str, code: str, *, after: int = 0, around: int = app_settings.TOTP_TOLERANCE
) -> int | None:
    """The half minute whose code this is: the one of now, or up to `around` before or behind it, and later than
    `after`; None where there is none."""
    now = int(time.time()) // app_settings.TOTP_PERIOD
    near = sorted(range(now - around, now + around + 1), key=lambda counter: abs(counter - now))
    for counter in near:
        if counter > after and constant_time_compare(code, code_at(secret, counter)):
            return counter
    return None


@transaction.atomic
def use_code(authenticator: Authenticator, code: str) -> bool:
    """Whether `code` is right now and newer than every one used before. If so it is used up."""
    row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
    code = "".join(code.split())
    if row.type == Authenticator.Type.RECOVERY_CODES:
        return row.wrap().validate_code(code)
    counter = half_minute(decrypt(row.data["secret"]), code, after=row.data.get(LAST_USED, 0))
    if counter is None:
        return False
    row.data[LAST_USED] = counter
    row.save(update_fields=["data"])
    return True
