"""A dataset as a file: CSV, a spreadsheet, map data. Made row by row, so that a million rows need little memory."""

import csv
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext as _

from tracker.core.spreadsheets import quoted
from tracker.opendata.columns import Asked, Column, Dataset, Type, cell_text, json_value

# Numbers are left alone, -5 included: a spreadsheet shall count with them.
NUMBERS = {Type.INTEGER, Type.NUMBER}
# What a sheet of Excel holds at most, below its header; and one cell.
SHEET_ROWS, CELL_LETTERS = 1_048_575, 32_767


CRLF = "\r\n"


class _Line:
    """Takes what the csv module writes, and hands it on."""

    def write(self, text: str) -> bytes:
        # Told of another end of lines, the writer would let a text with a carriage return part the line.
        return f"{text.removesuffix(CRLF)}\n".encode()


def csv_pieces(dataset: Dataset, asked: Asked) -> Iterator[bytes]:
    """UTF-8 with commas and line feeds; the first row names the columns.

    Texts that a spreadsheet could take for a formula begin with an apostrophe, which `spreadsheets.unquoted`, and with
    it our own import, takes away again.
    """
    writer = csv.writer(_Line(), lineterminator=CRLF)
    yield writer.writerow(dataset.names)
    for row in dataset.walk(asked):
        yield writer.writerow([csv_cell(column, column.value(row, asked)) for column in dataset.columns])


def csv_cell(column: Column, value: Any) -> str:
    text = cell_text(value)
    return text if column.type in NUMBERS else quoted(text)


def xlsx_file(dataset: Dataset, asked: Asked) -> IO[bytes]:
    """A workbook in a temporary file, at its beginning: the rows, and a sheet that explains the columns.

    Texts are texts, whatever they look like: no formula, no link. Rows beyond a sheet's end go on in another sheet.
    """
    found: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    book = xlsxwriter.Workbook(found, options)
    # The same rows are the same bytes: the time of making is not part of them.
    book.set_properties({"title": str(dataset.title), "created": datetime(2024, 1, 1, tzinfo=UTC)})
    sheet = None
    for number, row in enumerate(dataset.walk(asked)):
        if sheet is None or number % SHEET_ROWS == 0:
            sheet = _new_sheet(book, dataset, number // SHEET_ROWS)
        for place, column in enumerate(dataset.columns):
            _write(sheet, number % SHEET_ROWS + 1, place, column.value(row, asked))
    if sheet is None:
        _new_sheet(book, dataset, 0)
    _explain(book, dataset)
    book.close()
    found.seek(0)
    return found


def _new_sheet(book: Any, dataset: Dataset, done: int) -> Any:
    sheet = book.add_worksheet(dataset.name[:28] + (f" {done + 1}" if done else ""))
    for place, name in enumerate(dataset.names):
        sheet.write_string(0, place, name)
    return sheet


def _write(sheet: Any, line: int, place: int, value: Any) -> None:
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(line, place, value)
        case int() | float() | Decimal():
            sheet.write_number(line, place, float(value))
        case datetime():
            sheet.write_string(line, place, cell_text(value))
        case date():
            sheet.write_datetime(line, place, value)
        case _:
            sheet.write_string(line, place, cell_text(value)[:CELL_LETTERS])


def _explain(book: Any, dataset: Dataset) -> None:
    sheet = book.add_worksheet("columns")
    heads = (_("column"), _("type"), _("unit"), _("meaning"), _("codes"))
    lines = [heads] + [
        (
            column.name,
            str(column.type),
            str(column.unit),
            str(column.description),
            "; ".join(f"{code}: {label}" for code, label in column.codes),
        )
        for column in dataset.columns
    ]
    for line, cells in enumerate(lines):
        for place, cell in enumerate(cells):
            sheet.write_string(line, place, cell[:CELL_LETTERS])


def geojson_pieces(dataset: Dataset, asked: Asked) -> Iterator[bytes]:
    """RFC 7946: a feature for each row, also for one whose place is not known (its geometry is null)."""
    yield b'{"type":"FeatureCollection","features":['
    between = b"\n"
    for row in dataset.walk(asked):
        cells = {column.name: json_value(column.value(row, asked)) for column in dataset.columns}
        latitude, longitude = cells.pop("latitude"), cells.pop("longitude")
        point = {"type": "Point", "coordinates": [longitude, latitude]} if latitude is not None else None
        feature = {"type": "Feature", "id": cells["id"], "geometry": point, "properties": cells}
        yield between + json.dumps(feature, ensure_ascii=False, separators=(",", ":")).encode()
        between = b",\n"
    yield b"\n]}\n"
