"""What a password must not be, beyond Django's own list."""

from typing import Any

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
    """Refuses what is guessed early: breached and common passwords, names of product and person, patterns."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
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
        if estimate["guesses_log10"] < WEAK:
            raise ValidationError(
                _(
                    "This password is guessed too easily: it is common, was in a breach, or is made of a name or a "
                    "pattern. Take four or more words that do not belong together, or let a password manager make one."
                ),
                code="password_too_weak",
            )

    def get_help_text(self) -> str:
        return _("Not one that others use, and not made of names or patterns. Four unrelated words are good.")
