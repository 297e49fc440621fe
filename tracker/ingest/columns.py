"""How a cell is read. Each function takes or returns a parser: text in, a JSON value out, or Unreadable.

Cells arrive stripped and not empty. Lengths and codes are the model's own, so that a file can hold what the
register can, and nothing else. Values are JSON values because they are remembered as they were loaded.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable, Collection
from datetime import date, time
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db import models

from tracker.core.countries import INVENTED_COUNTRY, read_countries
from tracker.core.models import PARTIAL_DATE
from tracker.core.timezones import END_OF_INSTANTS, FIRST_INSTANT, parse_offset, zone_names
from tracker.ingest.problems import Unreadable

Parser = Callable[[str], Any]
# Codes and labels of the parsers that `choice` made, for whoever translates words into codes.
CHOICES: dict[Parser, list[tuple[str, Any]]] = {}
LARGEST_COUNT = 2_147_483_647  # PostgreSQL's integer
FIRST_YEAR, LAST_YEAR = FIRST_INSTANT.year, END_OF_INSTANTS.year - 1


def closest(word: str, known: Collection[str], *, likeness: float = 0.6) -> str:
    """The known word most like `word`, case aside; empty if none is as like as `likeness` (0 to 1)."""
    by_fold = {name.casefold(): name for name in sorted(known)}
    found = difflib.get_close_matches(word.casefold(), list(by_fold), n=1, cutoff=likeness)
    return by_fold[found[0]] if found else ""


def did_you_mean(word: str, known: Collection[str]) -> str:
    """A question after the most similar known word, or an empty text."""
    found = closest(word, known)
    return f"Did you mean {found}?" if found else ""


def text(model: type[models.Model], field: str) -> Parser:
    """Text no longer than `field` of `model` holds, without control characters (line breaks are allowed)."""
    longest: int | None = getattr(model._meta.get_field(field), "max_length", None)

    def parse(cell: str) -> str:
        if not cell.isprintable() and any(
            unicodedata.category(letter) == "Cc" and letter not in "\t\r\n" for letter in cell
        ):
            raise Unreadable("holds control characters.", "Take them out.")
        if longest is not None and len(cell) > longest:
            raise Unreadable(f"has {len(cell)} characters, {longest} are the most.", "Shorten it.")
        return cell

    return parse


def choice(model: type[models.Model], field: str) -> Parser:
    """One of the codes of `field` of `model`."""
    model_field: Any = model._meta.get_field(field)
    codes = [str(code) for code, _label in model_field.flatchoices if code]

    def parse(cell: str) -> str:
        if cell not in codes:
            mend = did_you_mean(cell, codes) or f"Write one of {', '.join(codes)}."
            raise Unreadable("is not a known code.", mend)
        return cell

    CHOICES[parse] = [(str(code), label) for code, label in model_field.flatchoices if code]
    return parse


def slug(model: type[models.Model], field: str) -> Parser:
    """A word for addresses: letters a to z, digits, hyphen and underscore."""
    within_length = text(model, field)

    def parse(cell: str) -> str:
        if not re.fullmatch(r"[a-zA-Z0-9_-]+", cell):
            raise Unreadable("is not a word for an address.", "Use letters a to z, digits and hyphens.")
        return str(within_length(cell))

    return parse


def url(model: type[models.Model], field: str) -> Parser:
    """An http or https address."""
    within_length = text(model, field)
    validate = URLValidator(schemes=["http", "https"])

    @lru_cache(maxsize=4096)  # one page often is the source of many rows
    def parse(cell: str) -> str:
        within_length(cell)
        try:
            validate(cell)
        except ValidationError:
            mend = "Write it in full, beginning with https:// or http://."
            raise Unreadable("is not a web address.", mend) from None
        return cell

    return parse


def email(model: type[models.Model], field: str) -> Parser:
    """An e-mail address."""
    within_length = text(model, field)

    def parse(cell: str) -> str:
        within_length(cell)
        try:
            validate_email(cell)
        except ValidationError:
            raise Unreadable("is not an e-mail address.", "Write one address, or leave it empty.") from None
        return cell

    return parse


def day(cell: str) -> str:
    """A date such as 2024-02-07, in the years in which the tracker computes local times."""
    written = _date(cell)
    if written is None:
        raise Unreadable("is not a date.", "Write year, month and day as in 2024-02-07.")
    _check_year(cell)
    return written.isoformat()


def _date(cell: str) -> date | None:
    try:
        return date.fromisoformat(cell) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell, re.ASCII) else None
    except ValueError:
        return None


def _check_year(cell: str) -> None:
    if not FIRST_YEAR <= int(cell[:4]) <= LAST_YEAR:
        raise Unreadable(f"is not between the years {FIRST_YEAR} and {LAST_YEAR}.", "Check the year.")


def partial_day(cell: str) -> str:
    """A date whose day, or month and day, may be missing: 2024-02-07, 2024-02, 2024."""
    if re.fullmatch(PARTIAL_DATE, cell, re.ASCII):
        if len(cell) == 10:
            return day(cell)
        _check_year(cell)
        return cell
    raise Unreadable("is not a date.", "Write 2024-02-07, or 2024-02 where the day is not known.")


def clock(cell: str) -> str:
    """A wall-clock time such as 08:00."""
    if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", cell, re.ASCII):
        return time.fromisoformat(cell).isoformat()
    raise Unreadable("is not a time of day.", "Write hours and minutes as in 08:00 or 19:30.")


def offset(cell: str) -> str:
    """An offset from UTC such as +04:00; the text itself is returned."""
    try:
        parse_offset(cell)
    except ValueError:
        raise Unreadable("is not an offset from UTC.", "Write it as in +04:00 or -08:00.") from None
    return cell


def moment(cell: str) -> str:
    """A date, or a date with a wall-clock time, with or without an offset: 2024-02-07T15:00+04:00."""
    date_part, separator, clock_part = cell.partition("T")
    try:
        if _date(date_part) is None:
            raise ValueError(date_part)
        if separator:
            clock(clock_part[:5])
            if clock_part[5:]:
                parse_offset(clock_part[5:])
    except ValueError:
        raise Unreadable(
            "is not a date or a moment.", "Write 2024-02-07, 2024-02-07T15:00 or 2024-02-07T15:00+04:00."
        ) from None
    _check_year(cell)
    return cell


def count(cell: str) -> int:
    """A whole number, not negative, without separators."""
    if re.fullmatch(r"-\d+", cell, re.ASCII):
        raise Unreadable("is negative.", "Write a whole number, or leave the cell empty if it is not known.")
    if not re.fullmatch(r"\d{1,10}", cell, re.ASCII) or int(cell) > LARGEST_COUNT:
        raise Unreadable("is not a whole number.", "Write digits only, as in 23000, or leave it empty.")
    return int(cell)


def decimal(cell: str) -> Decimal:
    """A number with at most two places after the point, for `figure values`; no sign, no separators."""
    if not re.fullmatch(r"\d{1,12}(\.\d{1,2})?", cell, re.ASCII):
        raise Unreadable("is not a number.", "Write it as in 23000 or 76.73, with at most two places.")
    return Decimal(cell)


def degrees(limit: int) -> Parser:
    """Degrees between -limit and +limit, at most five places; returned as text, without needless zeros."""

    def parse(cell: str) -> str:
        if not re.fullmatch(r"-?\d{1,3}(\.\d{1,5})?", cell, re.ASCII):
            raise Unreadable(
                "is not a number of degrees.", "Write it as in 49.8671, with at most five places."
            )
        if abs(Decimal(cell)) > limit:
            what = f"is out of range: between -{limit} and {limit} degrees."
            raise Unreadable(what, "Check sign and decimal point.")
        return plain(Decimal(cell))

    return parse


def plain(number: Decimal) -> str:
    """A number as text, the same for the same number: 19.4, not 19.40 or 1.94E+1."""
    return format(number.normalize() + 0, "f")


def country(cell: str) -> str:
    """A code of ISO 3166-1 in two capital letters, or that of the invented country of demonstrations."""
    if cell not in _countries() and cell != INVENTED_COUNTRY["iso2"]:
        codes = {row[name]: row["iso2"] for row in read_countries() for name in ("iso2", "iso3", "name_en")}
        code = codes.get(cell.upper()) or (codes.get(closest(cell, codes)) if len(cell) > 3 else None)
        mend = f"Did you mean {code}?" if code else "Write two capital letters such as KZ."
        raise Unreadable("is not a country code of ISO 3166-1.", mend)
    return cell


@cache
def _countries() -> frozenset[str]:
    return frozenset(row["iso2"] for row in read_countries())


def yes_or_no(cell: str) -> bool:
    """The words yes and no."""
    if cell not in ("yes", "no"):
        raise Unreadable("is neither yes nor no.", "Write yes or no, or leave it empty for no.")
    return cell == "yes"


def days(cell: str) -> list[str]:
    """One date or several, separated by semicolons, each once, the earliest first."""
    written = [day(part.strip()) for part in cell.split(";")]
    if written != sorted(set(written)):
        raise Unreadable("does not name its dates in order.", "Write each date once, the earliest first.")
    return written


def zone(cell: str) -> str:
    """A time zone of the IANA list, such as Asia/Almaty."""
    if cell not in zone_names():
        near = closest(cell, zone_names(), likeness=0.85) or "Asia/Almaty"
        raise Unreadable("is not a time zone of the IANA list.", f"Write a name such as {near}.")
    return cell
