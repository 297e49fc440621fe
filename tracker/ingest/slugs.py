"""Address names made from names in the languages of the site."""

from collections.abc import Collection

from django.utils.text import slugify

from tracker.core.countries import BASE_LETTERS

CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i",
    "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "",
    "э": "e", "ю": "iu", "я": "ia",
}  # fmt: skip
LONGEST = 80


def free_slug(name: str, *, taken: Collection[str]) -> str:
    """`name` as lower-case ASCII words, cut to 80 characters and numbered if it is among `taken`.

    Letters that have no accent to lose are written as people do: ə as e, ı as i, ш as sh.
    """
    letters = "".join(CYRILLIC.get(letter, BASE_LETTERS.get(letter, letter)) for letter in name.lower())
    base = slugify(letters)[:LONGEST].strip("-") or "organization"
    slug, number = base, 2
    while slug in taken:
        ending = f"-{number}"
        slug, number = base[: LONGEST - len(ending)].rstrip("-") + ending, number + 1
    return slug
