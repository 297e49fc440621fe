"""Opens a table that somebody sends, whatever it is in: CSV, XLSX, ODS or JSON; told by content, never by name.

What comes out is text in rows with the numbers a person sees in a spreadsheet. What the columns mean is not known
here. Files made to harm end in a sentence; reading one takes a worker neither much memory nor down (see
archive.py, unpack.py).
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tracker.ingest.problems import Unacceptable
from tracker.ingest.tables import archive, content, header
from tracker.ingest.tables.contained import Contained, Workbook
from tracker.ingest.tables.text import Delimited, RawRow, open_text

MOST_COLUMNS = archive.MOST_COLUMNS

# Control characters (but tab and ends of lines), halves of characters, and places that Unicode keeps empty: no
# person types them, PostgreSQL refuses some and terminals obey others.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# Marks without width that come along when text is copied and make twins of equal names. Joiners stay: Persian is
# spelled with them.
_WIDTHLESS = str.maketrans("", "", "\u200b\u2060\ufeff\u00ad")


@dataclass(frozen=True)
class Table:
    """One table of a file that was opened: its header, and its rows for reading any number of times.

    `sheets`: the visible sheets that hold something, `sheet`: the one that is read (both empty unless XLSX or ODS).
    `header_row` counts as a spreadsheet does; 0 in JSON, whose first object is row 1. `notes`: sentences for the
    person. `delimiter`: what parts the cells of CSV.
    """

    format: str
    sheet: str
    sheets: tuple[str, ...]
    header_row: int
    header: tuple[str, ...]
    notes: tuple[str, ...]
    _name: str = field(repr=False)
    _read: Callable[[], Iterator[RawRow]] = field(repr=False, compare=False)
    delimiter: str = ""

    def rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """The rows below the header that hold something: number, and cells as stripped text in Unicode's form NFC.

        There are at least as many cells as columns; those past the last column are there only if they hold
        something. Raises Unacceptable at a row that cannot be read (an open quote, a control character, a file
        that ends in the middle): what comes late in a long file is found here and not by open_table.
        """
        width = len(self.header)
        for number, raw in self._read():
            if number <= self.header_row:
                continue
            cells = _tidied(number, raw, self._name, self.header)
            while len(cells) > width and not cells[-1]:
                cells.pop()
            if any(cells):
                cells += [""] * (width - len(cells))
                yield number, tuple(cells)


def open_table(path: Path, *, name: str = "", sheet: str = "", header_row: int | None = None) -> Table:
    """Open the table in the file at `path`.

    In: `name`, what its sender called it, only quoted; `sheet` of a spreadsheet ("" takes the first visible one
    that holds something); `header_row` as a spreadsheet counts, None: it is looked for. Out: the table; its rows
    are not read yet. Raises Unacceptable, saying what is wrong and how to mend it: for files that are no table,
    harmful, too large, or empty.
    """
    kind = content.recognise(path, name)
    if kind == content.CSV:
        text = open_text(path, name)
        table = _table(kind, text.rows, _first(text.rows()), header_row, name, notes=_about_text(text))
        return replace(table, delimiter=text.delimiter)
    if kind == content.JSON:
        return _json(path, name)
    found = archive.inspect(path, name)
    workbook, first = Contained(path, name, found.format, sheet).look(header.LOOKED_AT)
    notes = _about_workbook(found, workbook)
    read = Contained(path, name, found.format, workbook.sheet).rows
    return _table(found.format, read, first, header_row, name, workbook, notes)


def _table(
    kind: str,
    read: Callable[[], Iterator[RawRow]],
    first: Sequence[RawRow],
    header_row: int | None,
    name: str,
    workbook: Workbook | None = None,
    notes: Sequence[str] = (),
) -> Table:
    """The table with its header found or checked. `first` are the first rows that hold something."""
    if not first:
        raise content.refused(name, _("is empty."), _("Send a table with a header and at least one row."))
    if header_row is None:
        header_row = header.find_header(first)
    names = next((cells for number, cells in _until(read, first, header_row) if number == header_row), [])
    columns = header.name_columns(_tidied(header_row, names, name, ()))
    if not columns:
        raise content.refused(
            name,
            _("row %(row)s is empty and cannot be the header.") % {"row": header_row},
            _("Choose the row that holds the names of the columns."),
        )
    table = Table(
        format=kind, sheet=workbook.sheet if workbook else "", sheets=workbook.sheets if workbook else (),
        header_row=header_row, header=columns, notes=tuple(notes), _name=name, _read=read,
    )  # fmt: skip
    _require_row(table, first)
    return table


def _json(path: Path, name: str) -> Table:
    source = Contained(path, name, content.JSON)
    _workbook, first = source.look(header.LOOKED_AT)
    columns = header.name_columns(_tidied(0, first[0][1], name, ())) if first else ()

    def objects() -> Iterator[RawRow]:
        return ((number - 1, cells) for number, cells in source.rows())

    table = Table(content.JSON, "", (), 0, columns, (), _name=name, _read=objects)
    _require_row(table, [(number - 1, cells) for number, cells in first])
    return table


def _require_row(table: Table, first: Sequence[RawRow]) -> None:
    below = [row for row in first if row[0] > table.header_row]
    for number, cells in below:  # what is wrong near the top is said at once
        _tidied(number, cells, table._name, table.header)
    if not below and next(table.rows(), None) is None:
        raise content.refused(
            table._name,
            _("holds a header (row %(row)s) and no rows.") % {"row": table.header_row},
            _("Send it with its rows. If another row is the header, choose that one."),
        )


def _first(rows: Iterator[RawRow]) -> list[RawRow]:
    first: list[RawRow] = []
    for row in rows:
        if any(cell.strip() for cell in row[1]):
            first.append(row)
            if len(first) == header.LOOKED_AT:
                break
    return first


def _until(read: Callable[[], Iterator[RawRow]], first: Sequence[RawRow], number: int) -> Iterator[RawRow]:
    """Rows up to `number`; those that were read already if it is among them."""
    if first[0][0] <= number <= first[-1][0]:
        yield from first
        return
    for row in read():
        yield row
        if row[0] >= number:
            return


def _tidied(number: int, raw: list[str], name: str, columns: Sequence[str]) -> list[str]:
    """The cells of a row as they are compared and kept. Raises Unacceptable for what no cell may hold."""
    joined = "".join(raw)
    if len(raw) > MOST_COLUMNS and any(cell.strip() for cell in raw[MOST_COLUMNS:]):
        raise content.refused(
            name,
            _("row %(row)s has more than %(limit)s cells.") % {"row": number, "limit": MOST_COLUMNS},
            _("Delete what is no part of the table, and look for a delimiter that was doubled."),
        )
    if _CONTROL.search(joined):
        raise _control_character(number, raw, name, columns)
    if not joined.isascii():
        return [unicodedata.normalize("NFC", cell.translate(_WIDTHLESS)).strip() for cell in raw]
    return [cell.strip() for cell in raw]


def _control_character(number: int, raw: list[str], name: str, columns: Sequence[str]) -> Unacceptable:
    place = next(place for place, cell in enumerate(raw) if _CONTROL.search(cell))
    found = _CONTROL.search(raw[place])
    column = columns[place] if place < len(columns) else header.letters_of(place)
    return content.refused(
        name,
        _("row %(row)s, column “%(column)s” holds a character that is no text (U+%(code)s).")
        % {"row": number, "column": column, "code": f"{ord(found[0]):04X}" if found else ""},
        _("Type that cell anew."),
    )


# --- what the person is told ------------------------------------------------------------------------------------------

_DELIMITER_NAMES = {
    ",": gettext_noop("comma"),
    ";": gettext_noop("semicolon"),
    "\t": gettext_noop("tab"),
    "|": "|",
}


def _about_text(text: Delimited) -> list[str]:
    shown = text.encoding.upper().removesuffix("-SIG").replace("CP125", "Windows-125")
    notes = [
        _("Read as text in %(encoding)s, cells separated by: %(delimiter)s.")
        % {"encoding": shown, "delimiter": _(_DELIMITER_NAMES[text.delimiter])}
    ]
    if text.guessed:
        notes.append(
            _(
                "The encoding %(encoding)s is a guess by the letters in it: look whether names are spelled right."
            )
            % {"encoding": shown}
        )
    return notes


def _about_workbook(found: archive.Archive, workbook: Workbook) -> list[str]:
    notes = []
    others = [sheet for sheet in workbook.sheets if sheet != workbook.sheet]
    if others:
        notes.append(
            _("The sheet “%(sheet)s” is read. There are others: %(others)s.")
            % {"sheet": workbook.sheet, "others": _listed(others)}
        )
    if workbook.hidden:
        notes.append(_("Hidden sheets are not read: %(sheets)s.") % {"sheets": _listed(workbook.hidden)})
    if found.formulas:
        notes.append(
            _(
                "The file holds formulas; what they came to when it was last saved is read, and nothing is calculated."
            )
        )
    if found.errors:
        notes.append(_("Cells with an error such as #REF! are read as empty."))
    if found.hidden_lines:
        notes.append(_("The file hides rows or columns; they are read like the others."))
    return notes


def _listed(names: Sequence[str], most: int = 10) -> str:
    shown = ", ".join(f"“{each}”" for each in names[:most])
    return shown + (" …" if len(names) > most else "")
