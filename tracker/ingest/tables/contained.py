"""Runs `unpack.py` in a process of its own with little memory, and says in sentences what it finds wrong."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from tracker.ingest.problems import Unacceptable
from tracker.ingest.tables.content import COPY_TABLE, SAVE_AS, refused
from tracker.ingest.tables.text import RawRow

_PROGRAM = Path(__file__).with_name("unpack.py")


@dataclass(frozen=True)
class Workbook:
    """A spreadsheet's sheets: the visible ones that hold something, the names of the hidden ones, the one to read."""

    sheets: tuple[str, ...]
    hidden: tuple[str, ...]
    sheet: str


@dataclass(frozen=True)
class Contained:
    """One sheet of a spreadsheet, or a JSON file; `kind` is "xlsx", "ods" or "json"."""

    path: Path
    name: str
    kind: str
    sheet: str = ""

    def look(self, most: int) -> tuple[Workbook, list[RawRow]]:
        """The sheets, and the first `most` rows that hold something. Raises Unacceptable."""
        workbook, rows = Workbook((), (), ""), []
        with self._running("look") as lines:
            for line in lines:
                if isinstance(line, dict):
                    workbook = Workbook(tuple(line["sheets"]), tuple(line["hidden"]), line["sheet"])
                    continue
                rows += [(number, cells) for number, cells in line if any(cell.strip() for cell in cells)]
                if len(rows) >= most:
                    break
        return workbook, rows[:most]

    def rows(self) -> Iterator[RawRow]:
        """All rows with their numbers, from a new reading. Raises Unacceptable."""
        with self._running("rows") as lines:
            for line in lines:
                if isinstance(line, list):
                    yield from line

    @contextmanager
    def _running(self, purpose: str) -> Iterator[Iterator[Any]]:
        """The program's lines. It ends with this block, read to its end or not."""
        words = [
            sys.executable,
            "-I",
            str(_PROGRAM),
            str(self.path.absolute()),
            self.kind,
            self.sheet,
            purpose,
        ]
        # No environment: the library that reads strangers' files shall not hold the password of the database.
        program = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
        )
        try:
            yield self._lines(program)
        finally:
            with suppress(ProcessLookupError):
                program.kill()
            program.communicate()

    def _lines(self, program: subprocess.Popen[bytes]) -> Iterator[Any]:
        for written in program.stdout or ():
            try:
                line = json.loads(written)
            except ValueError:  # it died in the middle of a line
                break
            if line == "end":
                return
            if isinstance(line, dict) and "refused" in line:
                raise self._refusal(line)
            yield line
        raise self._refusal({"refused": "too much"})

    def _refusal(self, said: dict[str, Any]) -> Unacceptable:
        sheet = str(said.get("sheet", ""))
        sheets = ", ".join(f"“{each}”" for each in said.get("sheets", ())[:20])
        sentences = {
            "too much": (
                _("needs more memory or time than one file is given: too many rows, or far-off cells."),
                _("Copy the table alone into a new file, or save it as “CSV UTF-8”, which may be longer."),
            ),
            "too wide": (
                _("has %(columns)s columns.") % {"columns": said.get("columns")},
                _("Delete what is no part of the table."),
            ),
            "long cell": (
                _("holds a cell with more than 131,072 characters."),
                _("Shorten or empty that cell."),
            ),
            "hidden": (
                _("has its sheet “%(sheet)s” hidden; hidden sheets are not read.") % {"sheet": sheet},
                _("Show the sheet in a spreadsheet program and save the file."),
            ),
            "no such sheet": (
                _("has no sheet “%(sheet)s”.") % {"sheet": sheet},
                _("It has: %(sheets)s.") % {"sheets": sheets},
            ),
            "no sheet": (
                _("has no visible sheet that holds something."),
                _("Hidden sheets are not read; show the one with the table.") if said.get("hidden") else "",
            ),
            "no json": (
                _("begins like JSON but is none: line %(line)s, column %(column)s.")
                % {"line": said.get("line"), "column": said.get("column")},
                _("Mend it there, or send the table as “CSV UTF-8”."),
            ),
            "no utf-8": (_("is JSON in an unknown encoding."), _("Save it as UTF-8.")),
            "no number": (
                _("holds %(value)s where a number is expected.") % {"value": said.get("value")},
                _("Write the number, or null if it is unknown."),
            ),
            "deep": (
                _("is JSON with too many levels in each other."),
                _("Send a list of objects with plain values."),
            ),
            "several lists": (_("holds several lists of objects."), _("Send the one to be read by itself.")),
            "no objects": (
                _("is JSON, but not a list of objects with names and values."),
                _("Send [{…}, {…}], an object with one such list, or GeoJSON; or the table as “CSV UTF-8”."),
            ),
        }
        what, mend = sentences.get(
            str(said["refused"]),
            (_("is damaged: its sheets cannot be read."), _(SAVE_AS if self.kind != "json" else COPY_TABLE)),
        )
        return refused(self.name, what, mend)
