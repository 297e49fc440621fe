"""The one place where a password is compared."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from tracker.accounts import throttle
from tracker.accounts.models import Kind, Outcome
from tracker.accounts.passwords import LONGEST
from tracker.accounts.sessions import find_account
from tracker.core.access import WithoutPermissions
from tracker.core.models import User


class SignInBackend(WithoutPermissions, ModelBackend):
    """Signs staff in by name (or e-mail) and password, at most as often as `accounts.throttle` allows."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **others: Any,
    ) -> User | None:
        """The account, or None. Raises TooManyTries where no door has counted this try before.

        A password is hashed in every case, so that the time tells nothing about the account.
        """
        if username is None or password is None:
            return None
        attempt = getattr(request, "attempt", None)
        if attempt is None:
            # No door of ours (accounts.middleware.DOORS): counted here, so that none is forgotten.
            address = throttle.client_address(request) if request is not None else None
            attempt = throttle.admit(
                Kind.PASSWORD, "other", account=throttle.account_seal(username), address=address
            )
        user = find_account(username)
        known = user is not None and len(password) <= LONGEST and user.check_password(password)
        if user is None or len(password) > LONGEST:
            make_password(password[:LONGEST])
        right = known and self.user_can_authenticate(user)
        throttle.finish(attempt, Outcome.RIGHT if right else Outcome.WRONG)
        return user if right else None

    def get_user(self, user_id: Any) -> User | None:
        """The account of a session, with the password, which is part of the session's seal: in one query."""
        user = User.objects.defer(None).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: Any) -> bool:
        """Only staff have accounts; those made for a local copy are none elsewhere."""
        return user.is_active and user.is_staff and not (user.demonstration and settings.PRODUCTION)
