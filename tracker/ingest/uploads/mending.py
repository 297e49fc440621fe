"""Rows that could not be read, given back in the layout and format in which they came, with the reasons beside them."""

import csv
import io
from collections.abc import Iterable
from typing import Any

import xlsxwriter

from tracker.core.spreadsheets import quoted
from tracker.ingest.models import Upload, UploadedRecord
from tracker.ingest.tables import Table
from tracker.ingest.uploads.files import MEND_COLUMNS, PARENT_COLUMN, own_columns, rows_of
from tracker.ingest.uploads.queries import reason, records_of

# A workbook lies in memory as a whole while it is made; more rows come back as CSV.
MOST_IN_WORKBOOK = 20_000
LONGEST_CELL = 32_767  # what a cell of Excel holds


def rows_to_mend(upload: Upload, table: Table) -> tuple[bytes, str]:
    """A file of the rows of `table` that could not be read, with the reasons and the upload they are of, and its
    format: "xlsx" for what came as a workbook, else "csv", cut by what the file that came is cut by.

    Cells that a spreadsheet would take for a formula are marked as text.
    """
    bad = {record.row: record.problems for record in records_of(upload, UploadedRecord.Action.BAD)}
    names = own_columns(table.header)
    places = [table.header.index(name) for name in names]
    lines: list[list[str]] = [[*map(quoted, names), *MEND_COLUMNS, PARENT_COLUMN]]
    for number, cells in rows_of(table):
        if number in bad:
            reasons = "; ".join(reason(problem) for problem in bad[number])
            kept = (quoted(cells[place]) for place in places)
            lines.append([*kept, str(number), quoted(reasons), str(upload.pk)])
    if table.sheets and len(lines) <= MOST_IN_WORKBOOK:
        return _workbook(lines), "xlsx"
    return _text(lines, table.delimiter or ","), "csv"


def _text(lines: Iterable[list[str]], delimiter: str) -> bytes:
    """CSV; the mark at its beginning tells spreadsheets that it is UTF-8."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(lines)
    return text.getvalue().encode("utf-8-sig")


def _workbook(lines: Iterable[list[str]]) -> bytes:
    """XLSX in which every cell is a text. Made in memory: it may hold people's data, and a disk keeps what is left."""
    made = io.BytesIO()
    book: Any = xlsxwriter.Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, cells in enumerate(lines):
        for place, cell in enumerate(cells):
            sheet.write_string(number, place, cell[:LONGEST_CELL])
    book.close()
    return made.getvalue()
