"""Reading the CSV files of a folder: everything that can be wrong with a file as such is found here."""

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tracker.core.spreadsheets import unquoted
from tracker.ingest.columns import Parser, did_you_mean
from tracker.ingest.problems import Problem, Unread, Unreadable


@dataclass(frozen=True)
class Column:
    """One column: how a cell is read, whether it must be filled in, and whether the column may be absent."""

    name: str
    parse: Parser
    required: bool = False
    optional: bool = False


@dataclass(frozen=True)
class FileLayout:
    """One file: its name, its columns, and whether a folder must have it."""

    name: str
    columns: tuple[Column, ...]
    required: bool = False


@dataclass
class Row:
    """One row: cells by column as they were read (None: empty), and the columns that could not be read."""

    file: str
    number: int
    cells: dict[str, Any]
    written: dict[str, str]
    faulty: set[str] = field(default_factory=set)

    def __getitem__(self, column: str) -> Any:
        return self.cells.get(column)

    def has(self, column: str) -> bool:
        """Whether the file has this column at all."""
        return column in self.cells

    def problem(self, column: str, what: str, mend: str = "") -> Problem:
        """A problem with the cell in `column`."""
        return Problem(self.file, what, mend, self.number, column, self.written.get(column, ""))


@dataclass
class Folder:
    """A folder as it was read: rows by file, optional files that are not there, files that are no tables."""

    tables: dict[str, list[Row]]
    absent: list[str] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def read_folder(folder: Path, layouts: tuple[FileLayout, ...]) -> Folder:
    """The rows of each file, which files are not there or cannot be read, and all problems found."""
    names = [layout.name for layout in layouts]
    read = Folder({name: [] for name in names})
    if not folder.is_dir():
        read.problems.append(
            Problem(str(folder), "there is no such folder.", "Give the folder that holds elections.csv.")
        )
        return read
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() == ".csv" and path.name not in names:
            mend = did_you_mean(path.name, names) or "Take it away."
            read.problems.append(Problem(path.name, "is not a file that is loaded.", mend))
    for layout in layouts:
        path = folder / layout.name
        if path.is_file():
            rows, problems = read_file(path, layout)
            read.problems += problems
            if rows is None:
                read.unread.add(layout.name)
            else:
                read.tables[layout.name] = rows
        elif layout.required:
            read.problems.append(Problem(layout.name, "is missing.", "Every folder needs this file."))
        else:
            read.absent.append(layout.name)
    return read


def read_file(path: Path, layout: FileLayout) -> tuple[list[Row] | None, list[Problem]]:
    """The rows of one file and the problems found; None for the rows if it cannot be read as a table."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return None, [Problem(layout.name, f"cannot be read: {error.strerror}.")]
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line_number = data[: error.start].count(b"\n") + 1
        return None, [
            Problem(layout.name, "is not UTF-8 text.", "Save it again as “CSV UTF-8”.", line_number)
        ]
    lines: list[list[str]] = []
    try:
        lines.extend(csv.reader(io.StringIO(content, newline=""), strict=True))
    except csv.Error as error:
        return None, [
            Problem(layout.name, f"cannot be read as CSV: {error}.", "Check the quotes.", len(lines) + 1)
        ]
    if not any(any(cell.strip() for cell in line) for line in lines):
        return None, [
            Problem(layout.name, "is empty.", "It needs at least a header: the names of its columns.")
        ]
    header = [name.strip() for name in lines[0]]
    if problems := _check_header(header, layout):
        return None, problems
    rows: list[Row] = []
    for number, line in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in line):
            continue
        if len(line) != len(header):
            problems.append(
                Problem(
                    layout.name,
                    f"has {len(line)} cells, the header has {len(header)}.",
                    "Put cells that hold a comma in quotes, and look for a missing or doubled comma.",
                    number,
                )
            )
            continue
        row, found = read_row(layout, number, dict(zip(header, line, strict=True)))
        rows.append(row)
        problems += found
    return rows, problems


def _check_header(header: list[str], layout: FileLayout) -> list[Problem]:
    """Missing, unknown and doubled columns."""
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        return [Problem(layout.name, "does not separate its columns by commas.", "Save it with commas.", 1)]
    known = [column.name for column in layout.columns]
    missing = [column.name for column in layout.columns if column.name not in header and not column.optional]
    problems = [
        Problem(layout.name, "this column appears twice.", "Take one away.", 1, name)
        for name in dict.fromkeys(header)
        if name and header.count(name) > 1
    ]
    for place, name in enumerate(header, start=1):
        if not name:
            problems.append(
                Problem(layout.name, f"column {place} has no name.", "Name it or take it away.", 1)
            )
        elif name not in known:
            meant = did_you_mean(name, missing or known) or f"Known are {', '.join(known)}."
            problems.append(Problem(layout.name, "is not a column of this file.", meant, 1, value=name))
    for name in missing:
        problems.append(
            Problem(
                layout.name, "this column is missing.", "Add it; its cells may be empty if unknown.", 1, name
            )
        )
    return problems


def read_row(layout: FileLayout, number: int, line: dict[str, str]) -> tuple[Row, list[Problem]]:
    """The cells of row `number`, given by column, read as `layout` says; what could not be read is empty and named."""
    # Our own files that go out quote what a spreadsheet could take for a formula.
    written = {name: unquoted(cell.strip()) for name, cell in line.items()}
    row = Row(layout.name, number, {}, written)
    problems: list[Problem] = []
    for column in layout.columns:
        if column.name not in written:
            continue
        cell, value = written[column.name], None
        try:
            if isinstance(line[column.name], Unread):
                row.faulty.add(column.name)
            elif cell:
                value = column.parse(cell)
            elif column.required:
                raise Unreadable("is empty.", _why_needed(column.name))
        except Unreadable as error:
            row.faulty.add(column.name)
            problems.append(row.problem(column.name, error.what, error.mend))
        row.cells[column.name] = value
    return row, problems


def _why_needed(column: str) -> str:
    if column == "source_url":
        return "Every row names the page it comes from."
    return "This cell must be filled in."
