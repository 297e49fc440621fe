"""Which row holds the names of the columns, and what the columns are called then."""

import re
from collections.abc import Sequence
from statistics import median

from django.utils.translation import gettext as _

LOOKED_AT = 60  # rows with something in them; official forms put up to a page of titles above a table
_FOLLOWING = 10
_FILLED = 0.6  # of the width of what follows: a title fills one or two cells, a header nearly all
_NUMBER = re.compile(r"[^\w]*\d[\d\W]*", re.ASCII)
_YEAR = re.compile(r"(?:19|20)\d\d")


def find_header(rows: Sequence[tuple[int, Sequence[str]]]) -> int:
    """The number of the first row that looks like names; the first as wide as the table if none does.

    In: the first rows that hold something, with their numbers. Titles, notes and merged lines above fill few
    cells; names are texts, distinct, and rows of like width follow.
    """
    widths = [_filled(cells) for _number, cells in rows]
    wide: list[int] = []
    for place, (number, cells) in enumerate(rows[:-1]):
        after = range(place + 1, min(place + 1 + _FOLLOWING, len(rows)))
        usual = median(widths[other] for other in after)
        if widths[place] < max(1, _FILLED * usual) or usual < 0.3 * widths[place]:
            continue
        wide.append(number)
        names = [" ".join(cell.split()) for cell in cells if cell.strip()]
        if len(set(names)) == len(names) and _are_names(cells, rows[place + 1][1]):
            return number
    return wide[0] if wide else rows[0][0]


# A heading that goes on longer is shown so far: it stands many times in the form of a file.
LONGEST_NAME = 120


def name_columns(cells: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns up to the last that has one: each on one line, none empty, none twice."""
    names = [" ".join(cell.split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    taken: set[str] = set()
    for place, name in enumerate(names):
        name = name[:LONGEST_NAME] or _("column %(letters)s") % {"letters": letters_of(place)}
        again, plain = 2, name
        while name in taken:
            name, again = f"{plain} ({again})", again + 1
        taken.add(name)
        names[place] = name
    return tuple(names)


def letters_of(place: int) -> str:
    """What spreadsheets call the column at `place`, counted from 0: A, B, … Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell.strip())


def _are_names(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Whether no cell is a number or date. Years may head columns ("2019", "2024") if no year stands below them."""
    numbers = [place for place, cell in enumerate(cells) if _NUMBER.fullmatch(cell.strip())]
    years = all(
        _YEAR.fullmatch(cells[place].strip())
        and not _YEAR.fullmatch("".join(below[place : place + 1]).strip())
        for place in numbers
    )
    return years and len(numbers) < _filled(cells)
