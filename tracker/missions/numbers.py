"""The number on a badge: how it is written, read back, and proposed."""

import re
import secrets
import unicodedata

from tracker.missions.models import Category
from tracker.missions.models.accreditation import NUMBER

# Neither 0 and O, 1, I and L, nor U and V are told apart on a badge or by telephone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LETTERS = {Category.OBSERVER: "O", Category.MEDIA: "M"}
LONGEST = 20
WRITTEN = re.compile(NUMBER)


def normalized_number(text: str) -> str:
    """A number as it is stored: capitals, no blanks or invisible signs, every kind of dash a hyphen."""
    plain = unicodedata.normalize("NFKC", text)
    dashed = "".join("-" if unicodedata.category(sign) == "Pd" or sign == "−" else sign for sign in plain)
    return "".join(sign for sign in dashed if unicodedata.category(sign)[0] not in "CZ").upper()


def is_number(number: str) -> bool:
    """Whether a normalised text can be a number: Latin letters, digits and single hyphens, at most twenty signs."""
    return len(number) <= LONGEST and WRITTEN.fullmatch(number) is not None


def propose_number(category: str) -> str:
    """A number that cannot be guessed, such as O-7K3M-Q2XD."""
    signs = "".join(secrets.choice(ALPHABET) for _sign in range(8))
    return f"{LETTERS[Category(category)]}-{signs[:4]}-{signs[4:]}"
