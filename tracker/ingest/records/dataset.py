"""What a folder says, while it is being put together: records, problems, and helpers of all kinds of rows."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tracker.core.timezones import END_OF_INSTANTS, FIRST_INSTANT
from tracker.ingest.problems import Problem
from tracker.ingest.reading import Row

KEY_SEPARATOR = " | "


@dataclass
class Record:
    """One record as the files give it. The loader numbers equal keys, so that `key` becomes unique."""

    kind: str
    key: str
    values: dict[str, Any]
    row: Row

    @property
    def where(self) -> str:
        return f"{self.row.file}, row {self.row.number}"


@dataclass
class Dataset:
    """What a folder says: its name (the slug of its election), its records by kind, and all problems found.

    `invented`: the election is a demonstration.
    """

    name: str = ""
    invented: bool = False
    records: dict[str, list[Record]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, kind: str, row: Row, key: Iterable[Any], /, **values: Any) -> None:
        """Add a record; `key` is joined to one text."""
        joined = KEY_SEPARATOR.join("" if part is None else str(part) for part in key)
        self.records.setdefault(kind, []).append(Record(kind, joined, values, row))

    def problem(self, row: Row, column: str, what: str, mend: str = "") -> None:
        """Note a problem, unless the cell could not be read anyway."""
        if column not in row.faulty:
            self.problems.append(row.problem(column, what, mend))

    def warning(self, row: Row, column: str, what: str, mend: str = "") -> None:
        """Note what a person should look at, and what keeps nothing out."""
        if column not in row.faulty:
            self.problems.append(replace(row.problem(column, what, mend), warning=True))


class Seen:
    """What was said in which row, to name both rows of a doubled one."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._rows: dict[tuple[str, Any], Row] = {}

    def once(self, row: Row, column: str, value: Any, what: str, mend: str) -> None:
        """Note a problem with `column` if `value` was seen before; `{row}` in `what` becomes the earlier row."""
        before = self._rows.setdefault((column, value), row)
        if before is not row:
            self._dataset.problem(row, column, what.replace("{row}", f"row {before.number}"), mend)


def texts(row: Row, *columns: str) -> dict[str, Any]:
    """The cells of columns that are fields of the same name, an empty one as an empty text."""
    return {column: row[column] or "" for column in columns}


def in_order(dataset: Dataset, row: Row, first: str, last: str, what: str) -> None:
    if row[first] and row[last] and row[last] < row[first]:
        dataset.problem(row, last, f"{what}, {row[first]}.", "Correct one of the two dates.")


def outside_calendar(instant: datetime) -> str:
    """What is wrong with an instant that the register does not hold; empty if nothing is."""
    if FIRST_INSTANT <= instant < END_OF_INSTANTS:
        return ""
    return f"is not between the years {FIRST_INSTANT.year} and {END_OF_INSTANTS.year - 1} in UTC."
