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


@transaction.atomic
def use_code(authenticator: Authenticator, code: str) -> bool:
    """Whether `code` is right now and newer than every one used before. If so it is used up."""
    row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
    code = "".join(code.split())
    if row.type == Authenticator.Type.RECOVERY_CODES:
        return row.wrap().validate_code(code)
    secret = decrypt(row.data["secret"])
    now = int(time.time()) // app_settings.TOTP_PERIOD
    for counter in range(now - app_settings.TOTP_TOLERANCE, now + app_settings.TOTP_TOLERANCE + 1):
        if counter > row.data.get(LAST_USED, 0) and constant_time_compare(code, code_at(secret, counter)):
            row.data[LAST_USED] = counter
            row.save(update_fields=["data"])
            return True
    return False
