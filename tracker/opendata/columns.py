"""What a dataset is: its rows and its columns, each declared once.

JSON, CSV, spreadsheets, the description of the interface, the data package and the codebook are all made of these
declarations. Rows are published ones; what a column says of a row is what the public may know of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.db import models
from django.utils import translation
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext_lazy as _

from tracker.core.models import Source, localized
from tracker.coverage.editions import Shown, shown_figures
from tracker.elections.models import Election

Text = str | Promise
# Rows that are fetched at one go from a cursor on the server, and whose relations are fetched together.
CHUNK = 2000
# Between the parts of a list where it has to be one text.
LIST_SEPARATOR = "; "


class Type(StrEnum):
    """What a value is. `MOMENT` is an instant in UTC, `PARTIAL_DATE` a date whose day or month may be missing."""

    TEXT = "text"
    CODE = "code"
    URL = "url"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    PARTIAL_DATE = "partial date"
    CLOCK = "clock time"
    MOMENT = "moment"
    LIST = "list"


@dataclass
class Asked:
    """For whom rows are read: the election (none: all of them) and the language of names.

    The figures are those of the latest edition, read once and only if a column asks for them.
    """

    election: Election | None
    language: str = "en"

    @cached_property
    def shown(self) -> Shown | None:
        """The figures of the latest edition; None where a reviewed election has published none."""
        return shown_figures(self.election) if self.election else None

    @cached_property
    def covers(self) -> bool:
        """Whether the figures know of any field work: without, no station is called a gap."""
        return self.shown is not None and self.shown.figures.field_work

    @cached_property
    def mission_words(self) -> dict[int, str]:
        """The address name of its organization for each mission that is in the figures."""
        return {row.id: row.slug for row in self.shown.figures.by_mission} if self.shown else {}


Reader = Callable[[Any, Asked], Any]


@dataclass(frozen=True)
class Narrowing:
    """How rows are narrowed by a column that the database does not hold: the words to ask with, each with its meaning,
    and the rows of one of them."""

    words: tuple[tuple[str, Text], ...]
    rows: Callable[[Any, Asked, str], Any]


@dataclass(frozen=True)
class Column:
    """One column: its name, how its value is read from a row, and what a reader has to know of it.

    `lookup` is where the database keeps the value: such a column can be filtered and put in order. Of a dataset that
    is made of figures it is the column's own name.
    """

    name: str
    type: Type
    description: Text
    read: Reader
    unit: Text = ""
    codes: tuple[tuple[str, Text], ...] = ()
    lookup: str = ""
    narrow: Narrowing | None = None
    # The value depends on the language that is asked for.
    by_language: bool = False
    # There is always a value.
    required: bool = False

    @property
    def wider(self) -> tuple[tuple[str, Text], ...]:
        """The words that rows can be asked for with in the interface and that are no value of the column."""
        values = {code for code, _label in self.codes}
        return tuple(word for word in self.narrow.words if word[0] not in values) if self.narrow else ()

    def value(self, row: Any, asked: Asked) -> Any:
        """The value in `row`; None where nothing is known, never an empty text."""
        found = self.read(row, asked)
        return None if found == "" else found


@dataclass(frozen=True)
class Dataset:
    """A noun of the register as rows. `rows` gives a query of published rows, or, of figures, a list of dicts.

    `key` is the column that names one row in an address. `layout` is the file of our own layout that holds the same.
    """

    name: str
    record: str
    title: Text
    description: Text
    columns: tuple[Column, ...]
    rows: Callable[[Asked], Any]
    key: str = "id"
    layout: str = ""
    # Changes to these rows move the version of the register (coverage.editions.register_version).
    versioned: bool = True
    # The rows are those of the latest edition.
    of_edition: bool = False

    def column(self, name: str) -> Column:
        """The column of this name; StopIteration if there is none."""
        return next(column for column in self.columns if column.name == name)

    @cached_property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def walk(self, asked: Asked) -> Iterator[Any]:
        """Every row in the order of the key, a chunk at a time; the memory it takes does not grow with them."""
        rows = self.rows(asked)
        if isinstance(rows, models.QuerySet):
            yield from rows.order_by(self.column(self.key).lookup).iterator(chunk_size=CHUNK)
        else:
            yield from rows


# --- values in other forms


def json_value(value: Any) -> Any:
    """A value as JSON has it: dates and moments as text of ISO 8601, decimals as numbers."""
    match value:
        case datetime():
            return moment_text(value)
        case date():
            return value.isoformat()
        case time():
            return f"{value:%H:%M}"
        case Decimal():
            return int(value) if value == value.to_integral() else float(value)
        case list():
            return [json_value(part) for part in value]
        case Promise():
            return str(value)
    return value


def cell_text(value: Any) -> str:
    """A value as one text: nothing known is empty, yes and no are words, a list has semicolons between its parts."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return format(value.normalize() + 0, "f")
        case float():
            return repr(value)
        case list():
            return LIST_SEPARATOR.join(map(cell_text, value))
    return str(json_value(value))


def moment_text(at: datetime) -> str:
    """An instant as 2024-02-07T04:00:00Z, with fractions of a second only where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


# --- making columns


def of(
    model: type[models.Model],
    field_name: str,
    name: str = "",
    *,
    path: str = "",
    find: bool = True,
    description: Text = "",
    unit: Text = "",
) -> Column:
    """The column of a model's own field: type, codes and words are the field's. `find`: it can be filtered.

    `path` leads from the row to the record that has the field ("organization").
    """
    field: Any = model._meta.get_field(field_name)
    steps = path.split("__") if path else []

    def read(row: Any, asked: Asked) -> Any:
        for step in steps:
            row = getattr(row, step)
        return getattr(row, field_name)

    return Column(
        name or field_name,
        _type_of(field),
        description or _describe_later(field),
        read,
        unit=unit,
        codes=tuple((str(code), label) for code, label in field.flatchoices if code),
        lookup="__".join([*steps, field_name]) if find else "",
        required=not steps and not (field.blank or field.null),
    )


def _type_of(field: Any) -> Type:
    if field.choices:
        return Type.CODE
    for kind, found in (
        (models.URLField, Type.URL),
        (models.CharField, Type.TEXT),
        (models.TextField, Type.TEXT),
        (models.BooleanField, Type.BOOLEAN),
        (models.DecimalField, Type.NUMBER),
        (models.DateTimeField, Type.MOMENT),
        (models.DateField, Type.DATE),
        (models.IntegerField, Type.INTEGER),
    ):
        if isinstance(field, kind):
            return found
    raise TypeError(f"no type of column for {field!r}")


def _describe(field: Any) -> str:
    name = str(field.verbose_name)
    words = f"{name[:1].upper()}{name[1:]}."
    return f"{words} {field.help_text}" if field.help_text else words


_describe_later = lazy(_describe, str)


def identity(description: Text) -> Column:
    """The number of a record in addresses."""
    return Column("id", Type.INTEGER, description, lambda row, asked: row.pk, lookup="pk", required=True)


def country_columns() -> tuple[Column, ...]:
    """The country of a row: its ISO code, and its name in the language asked for."""
    return (
        Column(
            "country_iso2",
            Type.TEXT,
            _("Country, as a code of ISO 3166-1 in two letters."),
            lambda row, asked: row.country_id,
            lookup="country_id",
        ),
        Column(
            "country",
            Type.TEXT,
            _("Name of the country in the language asked for (Unicode CLDR)."),
            lambda row, asked: localized_in(row.country, "name", asked.language) if row.country else None,
            by_language=True,
        ),
    )


def localized_in(record: models.Model, field: str, language: str) -> str:
    """`record.<field>` in `language`, in English where that is empty."""
    with translation.override(language):
        return localized(record, field)


def zone_column(description: Text, field: str = "timezone") -> Column:
    """The name of a time zone."""
    return Column(
        "iana_timezone",
        Type.TEXT,
        description,
        lambda row, asked: getattr(row, f"{field}_id"),
        lookup=f"{field}_id",
    )


def source_column(name: str, field: str, what: Text) -> Column:
    """The address of the page that `field` cites."""
    return Column(name, Type.URL, what, lambda row, asked: _cited(row, field, "url"))


def source_columns() -> tuple[Column, ...]:
    """Where the row comes from: the page, the date it shows, and who published it."""
    return (
        source_column("source_url", "source", _("Page or document that the row comes from.")),
        Column(
            "source_date",
            Type.PARTIAL_DATE,
            _(
                "Date that this page shows: 2024-02-07, or 2024-02 where the day is missing. Empty: it shows none."
            ),
            lambda row, asked: _cited(row, "source", "published_on"),
        ),
        Column(
            "source_publisher",
            Type.TEXT,
            _("Who published that page."),
            lambda row, asked: _cited(row, "source", "publisher"),
        ),
    )


def _cited(row: Any, field: str, part: str) -> str:
    source: Source | None = getattr(row, field)
    return str(getattr(source, part)) if source else ""


def figure(
    name: str,
    type: Type,
    description: Text,
    *,
    find: bool = True,
    unit: Text = "",
    codes: tuple[tuple[str, Text], ...] = (),
    by_language: bool = False,
    required: bool = False,
) -> Column:
    """A column of figures, whose rows are dicts."""
    return Column(
        name,
        type,
        description,
        lambda row, asked: row[name],
        unit=unit,
        codes=codes,
        lookup=name if find else "",
        by_language=by_language,
        required=required,
    )


def codes_of(choices: Any) -> tuple[tuple[str, Text], ...]:
    """The codes of a list of choices and what they mean."""
    found: Sequence[tuple[Any, Any]] = choices.choices
    return tuple((str(code), label) for code, label in found if code)
