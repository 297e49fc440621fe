"""What a password must not be, beyond Django's own list."""

from typing import Any

from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    UserAttributeSimilarityValidator,
)
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from zxcvbn import zxcvbn

LONGEST = 1024  # of what is hashed at all
LOOKED_AT = 72  # of what is estimated: the estimate takes its time
# Guesses as a power of ten below which a password is refused: what a stolen table gives away within days.
WEAK = 8.5
PRODUCT = (
    *(
        "observation tracker",
        "observationtracker",
        "tracker",
        "observation",
        "observer",
        "observers",
        "election",
    ),
    *(
        "elections",
        "electoral",
        "vote",
        "voting",
        "polling",
        "station",
        "mission",
        "accreditation",
        "register",
    ),
    *("staff", "administrator", "azerbaijan", "baku"),
)


class StrengthValidator:
    """Refuses what is short or guessed early: breached and common passwords, names of product and person, patterns.

    Django's own rules are asked in here, so that a password that breaks several of them is refused with one sentence.
    """

    def __init__(self, min_length: int) -> None:
        self.length = MinimumLengthValidator(min_length)
        self.known = (CommonPasswordValidator(), UserAttributeSimilarityValidator())

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError, with one message."""
        self.length.validate(password, user)
        if len(password) > LONGEST:
            raise ValidationError(
                _("Take at most %(count)d characters.") % {"count": LONGEST}, code="password_too_long"
            )
        names = [getattr(user, name, "") for name in ("username", "first_name", "last_name", "email")]
        words = [
            part
            for name in names
            if name
            for part in (name, *name.replace("@", " ").replace(".", " ").split())
        ]
        estimate = zxcvbn(password[:LOOKED_AT], user_inputs=[*PRODUCT, *words])
        if estimate["guesses_log10"] < WEAK or self._is_known(password, user):
            raise ValidationError(
                _(
                    "This password is guessed too easily: it is common, was in a breach, or is made of a name or a "
                    "pattern. Take four or more words that do not belong together, or let a password manager make one."
                ),
                code="password_too_weak",
            )

    def _is_known(self, password: str, user: Any) -> bool:
        try:
            for rule in self.known:
                rule.validate(password, user)
        except ValidationError:
            return True
        return False

    def get_help_text(self) -> str:
        return (
            self.length.get_help_text()
            + " "
            + _("Not one that others use, and not made of names or patterns. Four unrelated words are good.")
        )
