"""What is remembered of sign-ins: every try, with no password and no name in clear; and tokens for programs."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.core.models import User


class Kind(models.TextChoices):
    """What is tried."""

    PASSWORD = "password", _("password")
    CODE = "code", _("second factor")
    LINK = "link", _("link by mail")
    TOKEN = "token", _("token of a program")
    # Compared with no secret: whether it may become one. Counted, as it takes the server's time.
    NEW = "new", _("new password, looked at")


class Outcome(models.TextChoices):
    """How it ended."""

    # Written before anything is compared; what stays so counts as wrong.
    OPEN = "open", _("not finished")
    RIGHT = "right", _("right")
    WRONG = "wrong", _("wrong")
    REFUSED = "refused", _("refused unseen")


class SignInAttempt(models.Model):
    """One try at a door: a password, a code, a request for a link. Counted by `accounts.throttle`, then forgotten."""

    at = models.DateTimeField(_("moment"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    door = models.CharField(_("door"), max_length=60)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, default=Outcome.OPEN)
    # A keyed hash of the account's name, whether there is such an account or not.
    account = models.CharField(_("account (hash)"), max_length=64)
    # A keyed hash of the device's mark, where the device has been signed in from before; otherwise empty.
    device = models.CharField(_("known device (hash)"), max_length=64, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    owner_told = models.BooleanField(_("owner was told"), default=False)

    class Meta:
        verbose_name = _("sign-in attempt")
        verbose_name_plural = _("sign-in attempts")
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["account", "at"], name="attempt_by_account"),
            models.Index(fields=["address", "at"], name="attempt_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.kind}: {self.outcome}"


class ApiToken(models.Model):
    """A key by which a program writes in the name of an account: never in clear, never for ever (`accounts.tokens`)."""

    class Scope(models.TextChoices):
        """What a token may be used for, within what its account may do."""

        VISITS = "visits", _("enter visits")
        STATIONS = "stations", _("bring polling stations")

    class Ending(models.TextChoices):
        """Why a token works no longer. All but the first two are written by triggers, whatever made the change."""

        OWNER = "owner", _("ended by its owner")
        ADMINISTRATOR = "administrator", _("ended by an administrator")
        PASSWORD = "password", _("ended because the account has a new password")
        FACTOR = "factor", _("ended because the second factor of the account changed")
        ROLES = "roles", _("ended because the roles of the account changed")
        ORGANIZATION = "organization", _("ended because the account works for another organization")
        CLOSED = "closed", _("ended because the account was closed")
        RENAMED = "renamed", _("ended because the account has another user name")
        SIGNED_OUT = "signed_out", _("ended because the account was signed out everywhere")

    account = models.ForeignKey(
        User, on_delete=models.CASCADE, verbose_name=_("account"), related_name="tokens"
    )
    name = models.CharField(_("what it is for"), max_length=80)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), verbose_name=_("what it may do"))
    digest = models.CharField(_("SHA-256 of the token"), max_length=64, unique=True)
    made_at = models.DateTimeField(_("made (UTC)"), default=timezone.now)
    expires_at = models.DateTimeField(_("ends (UTC)"))
    used_at = models.DateTimeField(_("last used (UTC)"), null=True)
    ended_at = models.DateTimeField(_("ended (UTC)"), null=True)
    ended_because = models.CharField(_("why it ended"), max_length=16, choices=Ending, blank=True)
    # The account's when it was made: a token made while something ended the sessions is one of those that end.
    session_epoch = models.PositiveIntegerField(editable=False, default=0)

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(name="apitoken_has_scope", condition=~models.Q(scopes=[])),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def alive(self) -> bool:
        return self.ended_at is None and self.expires_at > timezone.now()

    @property
    def ending(self) -> str:
        """Why it works no longer; "" while it does."""
        if self.alive:
            return ""
        over = _("over on the day that it was made for")
        return str(over if self.ended_at is None else self.get_ended_because_display() or _("ended"))
