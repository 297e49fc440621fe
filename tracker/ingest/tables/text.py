"""CSV: its encoding, its delimiter, its rows. Nothing is guessed silently, and nothing garbled is let through."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from django.utils.translation import gettext as _

from tracker.ingest.tables.codepages import best_code_page
from tracker.ingest.tables.content import BOMS, COPY_TABLE, HEAD, refused

RawRow: TypeAlias = tuple[int, list[str]]

DELIMITERS = ",;\t|"
LONGEST_LINE = 2**20  # characters: 200 columns of 5,000; a longer one is no row, and lies in memory whole
_SAMPLE = 2**18  # characters or bytes looked at to tell delimiter and code page
_ROWS_LOOKED_AT = 200
_PIECE = 2**20
_LOST = re.compile("[\ud800-\udfff\ufffd]")


@dataclass(frozen=True)
class Delimited:
    """A CSV file that can be decoded from end to end. `guessed`: the encoding is likely, not certain."""

    path: Path
    name: str
    encoding: str
    delimiter: str
    guessed: bool = False

    def rows(self) -> Iterator[RawRow]:
        """All rows with their numbers as a spreadsheet counts them. Raises Unacceptable at the row that is broken."""
        number = 0
        with self.path.open(encoding=self.encoding, newline="") as file:
            rows = csv.reader(file, delimiter=self.delimiter, strict=True)
            try:
                for number, row in enumerate(rows, start=1):
                    yield number, row
            except csv.Error as error:
                raise self._broken(number + 1, str(error)) from error

    def _broken(self, number: int, error: str) -> Exception:
        if "field larger" in error or "unexpected end" in error:
            return refused(
                self.name,
                _("row %(row)s opens a quote that is never closed.") % {"row": number},
                _("Close it, or take it away; a quote inside a quoted cell is written twice."),
            )
        return refused(
            self.name,
            _("row %(row)s has a quote in the middle of a quoted cell.") % {"row": number},
            _('Write it twice ("") or take it away. Often the quote of a row above is not closed.'),
        )


def open_text(path: Path, name: str) -> Delimited:
    """How the text at `path` is to be read. Reads all of it once. Raises Unacceptable where it cannot be decoded."""
    encoding, guessed = _encoding_of(path, name)
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(_SAMPLE)
        whole = not file.read(1)
    return Delimited(path, name, encoding, _delimiter_of(sample, whole), guessed)


# --- encoding ---------------------------------------------------------------------------------------------------------


def _encoding_of(path: Path, name: str) -> tuple[str, bool]:
    """The encoding, and whether it is a guess. A mark at the beginning decides, then UTF-8, then the code pages."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    marked = next((encoding for bom, encoding in BOMS if head.startswith(bom)), "") or _utf_16_without_mark(
        head
    )
    encoding = marked or "utf-8"
    if _decodes(path, encoding, name):
        return encoding, False
    if not marked and not _mostly_utf_8(path):
        guess = best_code_page(_lines_beyond_ascii(path))
        if guess and _decodes(path, guess, name):
            return guess, True
        raise refused(
            name,
            _(
                "is neither UTF-8 nor in a code page that can be told for certain, so its letters would come out wrong."
            ),
            _("Save it again as “CSV UTF-8”, or as XLSX."),
        )
    raise _bytes_lost(path, encoding, name)


def _utf_16_without_mark(head: bytes) -> str:
    """Text of Latin letters and digits in UTF-16 has a NUL in every other place."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > len(head) * 0.2 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(head) * 0.2 and not odd else ""


def _decodes(path: Path, encoding: str, name: str) -> bool:
    """Whether all bytes are text in this encoding. Raises Unacceptable for a line that no row can be."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = lines = 0
    with path.open("rb") as file:
        while True:
            piece = file.read(_PIECE)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError:
                return False
            first, last = text.find("\n"), text.rfind("\n")
            if first < 0 and "\r" in text:  # lines of old Macs
                first, last = text.find("\r"), text.rfind("\r")
            line = line + len(text) if first < 0 else max(line + first, len(text) - last)
            if line > LONGEST_LINE:
                raise refused(
                    name,
                    _("has a line of more than %(limit)s characters (line %(line)s); no table has such rows.")
                    % {"limit": LONGEST_LINE, "line": lines + 1},
                    _(COPY_TABLE),
                )
            if first >= 0:
                line = len(text) - last
            lines += text.count("\n")
            if not piece:
                return True


def _mostly_utf_8(path: Path) -> bool:
    """Whether a file that is not all UTF-8 was meant to be: letters of several bytes outnumber the broken bytes."""
    good = bad = 0
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        while text := file.read(_PIECE):
            broken = len(_LOST.findall(text))
            good += sum(len(run) for run in re.findall("[^\x00-\x7f]+", text)) - broken
            bad += broken
    return good > bad


def _lines_beyond_ascii(path: Path) -> bytes:
    """Up to _SAMPLE bytes of lines that tell something about the code page."""
    sample: list[bytes] = []
    length = 0
    with path.open("rb") as file:
        for line in file:
            if not line.isascii():
                sample.append(line[:HEAD])
                length += len(sample[-1])
                if length > _SAMPLE:
                    break
    return b"".join(sample)


def _bytes_lost(path: Path, encoding: str, name: str) -> Exception:
    """Where the first bytes are that are no text."""
    row, column = 1, 1
    with path.open(encoding=encoding, newline="", errors="replace") as file:
        sample = file.read(_SAMPLE)
        file.seek(0)
        rows = csv.reader(file, delimiter=_delimiter_of(sample, False))
        try:
            for row, cells in enumerate(rows, start=1):  # noqa: B007 - it is used after the loop
                found = [place for place, cell in enumerate(cells, start=1) if "\ufffd" in cell]
                if found:
                    column = found[0]
                    break
        except csv.Error:
            row += 1
    shown = "UTF-16" if "16" in encoding else "UTF-32" if "32" in encoding else "UTF-8"
    return refused(
        name,
        _("row %(row)s, column %(column)s holds bytes that are no text in %(encoding)s.")
        % {"row": row, "column": column, "encoding": shown},
        _("Write that cell anew and save the file as “CSV UTF-8”, or as XLSX."),
    )


# --- delimiter --------------------------------------------------------------------------------------------------------


def _delimiter_of(sample: str, whole: bool) -> str:
    """The delimiter that cuts the most of the first rows into equally many cells; the comma if none cuts any."""
    sample = sample.removeprefix("\ufeff")
    if said := re.match(r'"?sep=([,;\t|])"?[\r\n]', sample):  # Excel's own way to say it
        return said[1]
    lines = sample.splitlines(keepends=True)
    if not whole and len(lines) > 1:
        lines.pop()
    return max(DELIMITERS, key=lambda delimiter: _evenness(lines, delimiter))


def _evenness(lines: list[str], delimiter: str) -> tuple[float, int]:
    """How large a part of the rows has the usual number of cells, if that is more than one; and that number."""
    widths = list(_first_widths(lines, delimiter))
    usual = Counter(width for width in widths if width > 1).most_common(1)
    if not usual:
        return 0, 1
    width, rows = usual[0]
    return round(rows / len(widths), 1), width


def _first_widths(lines: Iterable[str], delimiter: str) -> Iterator[int]:
    """How many cells each of the first rows has; 0 where quotes stand inside cells, as they do at a wrong delimiter."""
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    for _row in range(_ROWS_LOOKED_AT):
        try:
            if row := next(rows):
                yield len(row)
        except csv.Error:
            yield 0
        except StopIteration:
            return
