"""What allauth asks us: who may sign up (nobody), how secrets are kept, what things are called."""

import base64
import time

import segno
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from tracker.accounts import sessions, throttle
from tracker.core.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in without sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return throttle.client_address(request) or "0.0.0.0"  # noqa: S104 - a word for "unknown"

    def is_reauthentication_required(self, *, app: str, **others: object) -> bool:
        """Not again within five minutes of signing in, nor to enrol a first factor."""
        request = context.request
        fresh = time.time() - request.session.get(sessions.SIGNED_IN_AT, 0) < sessions.FRESH_SECONDS
        return not fresh and sessions.has_factor(request.user)


def _cipher() -> MultiFernet:
    """Keys made from SECRET_KEY and those of before; the first one encrypts."""
    keys = []
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tracker.accounts.second-factor")
        keys.append(Fernet(base64.urlsafe_b64encode(derived.derive(secret.encode()))))
    return MultiFernet(keys)


class MFAAdapter(DefaultMFAAdapter):
    """The secrets of second factors are encrypted in the table; whoever has a copy of it cannot make codes."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def build_totp_svg(self, url: str) -> str:
        return segno.make(url, error="m").svg_inline(omitsize=True, border=3, dark="#000", light="#fff")

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _("Passkey %(number)d") % {"number": count + 1}

    def _get_user_identifier(self, user: User) -> str:
        return user.username

    def _get_site_name(self) -> str:
        return settings.MFA_TOTP_ISSUER
