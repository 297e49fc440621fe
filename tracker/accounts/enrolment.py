"""An invitation is accepted: password and second factor are saved together, or not at all.

What was right already waits in the browser's session, which is kept on the server, until the rest is right too: the key
of the app, made here and taken from no form, a hash of the password, and that the app has shown a right code.
"""

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt, encrypt
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

from tracker.accounts import invitations, mail
from tracker.accounts.codes import LAST_USED
from tracker.core.models import User


class Enrolment:
    """What one browser has given so far to accept one invitation."""

    def __init__(self, session: SessionBase, user: User) -> None:
        self.user, self._session = user, session
        fresh = {"secret": encrypt(generate_totp_secret()), "password": "", "counter": 0}
        self._kept = session.setdefault(f"enrolment {invitations.state(user)}", fresh)

    @property
    def secret(self) -> str:
        """The key for the app: the same as long as the browser keeps its session, so that the entry in the app stays
        right. Another browser gets another one: whoever merely reads the mail knows nothing of the owner's."""
        return decrypt(self._kept["secret"])

    @property
    def password(self) -> str:
        """The hash of a password that was good; "" where none was given yet."""
        return str(self._kept["password"])

    @property
    def counter(self) -> int:
        """The half minute of the right code that the app has shown; 0 where it has shown none yet."""
        return int(self._kept["counter"])

    def keep_password(self, password: str) -> None:
        """A good password waits; "" forgets the one of before."""
        self._kept["password"] = make_password(password) if password else ""
        self._session.modified = True

    def keep_counter(self, counter: int) -> None:
        """The app has shown a right code."""
        self._kept["counter"] = counter
        self._session.modified = True

    def add_app(self, user: User) -> Authenticator:
        """The app becomes a second factor of `user`. The code that proved it is used up with that."""
        factor: Authenticator = TOTP.activate(user, self.secret).instance
        factor.data[LAST_USED] = self.counter
        factor.save(update_fields=["data"])
        return factor


def accept(
    request: HttpRequest, token: str, password: str, add_factor: Callable[[User], Authenticator]
) -> bool:
    """Save the hash `password` and the factor that `add_factor` adds, and sign in with both; False where somebody was
    faster with the link."""
    found = invitations.read_token(token, lock=True)
    if found is None:
        return False
    account, inviter = found
    account.password = password
    account.save(update_fields=["password"])
    factor = add_factor(account)
    RecoveryCodes.activate(account)
    # With the epoch that the new factor has raised. What the session held before ends with it, whoever's it was.
    user = User.objects.defer(None).get(pk=account.pk)
    request.session.flush()
    record_authentication(request, user, "password")
    record_authentication(request, user, "mfa", id=factor.pk, type=factor.type)
    # No alarm, as its owner is at it; but whoever else came by the link did not do it unnoticed.
    mail.later(mail.tell_of_set_up, account.pk, inviter.pk if inviter else 0)
    get_adapter(request).login(request, user)
    return True
