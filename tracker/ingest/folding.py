"""Words made comparable across languages: case, accents, punctuation and the four letters i do not count."""

import unicodedata
from functools import lru_cache

from tracker.core.countries import BASE_LETTERS

# "ё" needs no line: it falls apart into "е" and dots. Modifier letters stand for the apostrophe in many names.
_LETTERS = str.maketrans({**BASE_LETTERS, "ß": "ss", "ʻ": " ", "ʼ": " ", "ʿ": " ", "ʹ": "", "ʺ": ""})


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """`text` in plain letters and digits, words parted by one blank.

    Turkish İ, I, ı and i are one letter; ə is e. Signs that carry a vowel (Devanagari, Khmer ...) are letters and
    stay; accents of Latin, Greek and Cyrillic letters and points of Arabic and Hebrew ones go.
    """
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    letters = (
        letter if letter.isalnum() or _carries_sound(letter) else " "
        for letter in plain
        if not _accent(letter)
    )
    return " ".join("".join(letters).split())


def _accent(letter: str) -> bool:
    return "\u0300" <= letter <= "\u036f" or "\u0591" <= letter <= "\u05c7" or "\u064b" <= letter <= "\u0670"


def _carries_sound(letter: str) -> bool:
    return unicodedata.category(letter) in ("Mc", "Mn")
