"""The look into a spreadsheet's ZIP before anything unpacks it: bombs, entities, macros, impossible sheets.

Sizes that an archive states about itself are checked first because that is cheap, and then not believed: every
part is inflated here once, a piece at a time, and thrown away. So the library that reads it next gets only what
has been seen whole.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from tracker.ingest.tables.content import SAVE_AS, SAVE_WITHOUT_PASSWORD, UNPACK, refused

LARGEST_UNPACKED = 256 * 2**20  # bytes: 500,000 rows of 12 columns; a bomb is many times that
HIGHEST_RATIO = (
    200  # unpacked to packed; sheets come to 5-20, a column of one repeated word to 60, DEFLATE ends at 1,032
)
SMALL = 2**20  # bytes: below this a ratio says nothing and a part does no harm
LARGEST_DIRECTORY = 2 * 2**20  # bytes of the list of parts: 20,000 parts; read before anything can be counted
MOST_SHEETS = 200  # nobody looks through more, and each is opened once to see whether it holds something
MOST_COLUMNS = 200  # the widest layouts of the field have 60
LAST_COLUMN = 16384  # XFD: no spreadsheet program has more

_PIECE = 2**20
_OVERLAP = 200  # bytes kept from one piece to the next, so that no mark is cut in two
_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"

_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension\s[^>]*?ref="(?:\$?[A-Z]+\$?\d+:)?\$?([A-Z]+)\$?\d+"')
# a cell with content (not closed at once) in a column past GR, the 200th
_FAR_CELL = re.compile(rb'<c r="((?:[A-Z]{3,}|G[S-Z]|[H-Z][A-Z])\d+)"[^>]*(?<!/)>')
_REPEATED = re.compile(rb'<table:table-cell\b(?=[^>]*office:value-type)[^>]*number-columns-repeated="(\d+)"')
_REPEATED_ROW = re.compile(
    rb'<table:table-row\b[^>]*number-rows-repeated="(\d{4,})"[^>]*>'
    rb"(?:<table:table-cell\b(?![^>]*office:value-type)[^>]*/>)*<table:table-cell\b[^>]*office:value-type"
)
# only of sheets: other parts use the same words for other things
_FORMULA = re.compile(rb"<f[ >/]|table:formula=")
_HIDDEN = re.compile(rb' hidden="(?:1|true)"|table:visibility="(?:collapse|filter)"')
_ERROR = re.compile(rb' t="e"')


@dataclass
class Archive:
    """A spreadsheet that may be unpacked: its format ("xlsx" or "ods") and what its person should be told."""

    format: str
    formulas: bool = False
    hidden_lines: bool = False
    errors: bool = False


def inspect(path: Path, name: str) -> Archive:
    """Look at every part of the archive at `path`. In: a file that begins like a ZIP; `name` is quoted in messages.

    Raises Unacceptable for whatever is no XLSX or ODS, is locked, holds macros, or would not fit into a worker.
    """
    try:
        with path.open("rb") as file:
            _check_directory(file, name)
            with zipfile.ZipFile(file) as packed:
                parts = packed.infolist()
                archive = Archive(_format_of(packed, parts, name))
            _check_stated(parts, path.stat().st_size, name)
            total = 0
            for part in parts:
                total = _look_through(file, part, archive, total, name)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ValueError) as error:
        raise _damaged(name) from error
    return archive


def _damaged(name: str) -> Exception:
    return refused(
        name, _("is damaged: it cannot be unpacked."), _("Open it in a spreadsheet program and save it anew.")
    )


def _bomb(name: str) -> Exception:
    return refused(
        name,
        _("unpacks to far more than a table holds (over %(limit)s MB, or %(ratio)s times its size).")
        % {"limit": LARGEST_UNPACKED // 2**20, "ratio": HIGHEST_RATIO},
        _("Copy the table alone into a new file, or save it as “CSV UTF-8”."),
    )


def _check_directory(file: BinaryIO, name: str) -> None:
    """The length of the list of parts, before `zipfile` reads all of it into memory."""
    file.seek(0, 2)
    size = file.tell()
    begin = max(0, size - 65_557)  # the end record and its longest comment
    file.seek(begin)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0:
        raise _damaged(name)
    (length,) = struct.unpack_from("<L", tail, at + 12)
    if at >= 20 and tail[at - 20 : at - 16] == _LOCATOR64:
        file.seek(max(0, begin + at - 20 - 56))
        end64 = file.read(56)
        if not end64.startswith(_END64):
            raise _damaged(name)
        length = max(length if length != 0xFFFFFFFF else 0, struct.unpack_from("<Q", end64, 40)[0])
    if length > LARGEST_DIRECTORY:
        raise refused(
            name,
            _("holds more parts than any spreadsheet has."),
            _("Copy the sheet with the table into a new file and send that."),
        )


def _format_of(packed: zipfile.ZipFile, parts: list[zipfile.ZipInfo], name: str) -> str:
    """The format by the parts inside; sheets and macros are looked for here as well."""
    names = {part.filename.lower() for part in parts}
    if len(names) < len(parts):
        raise refused(
            name, _("holds two parts of one name."), _("Open it in a spreadsheet program and save it anew.")
        )
    if any(part.flag_bits & 1 for part in parts):
        raise refused(name, _("is locked with a password."), _(SAVE_WITHOUT_PASSWORD))
    if sum(bool(re.match(r"xl/worksheets/[^/]+\.xml$", part)) for part in names) > MOST_SHEETS:
        raise _too_many_sheets(name)
    if "[content_types].xml" in names:
        if any(part.endswith("vbaproject.bin") or part.startswith("xl/macrosheets/") for part in names):
            raise _macros(name)
        if "xl/workbook.bin" in names:
            raise refused(name, _("is a binary Excel workbook (XLSB)."), _(SAVE_AS))
        if b"macroenabled" in _small_part(packed, "[Content_Types].xml").lower():
            raise _macros(name)
        if "xl/workbook.xml" in names:
            return "xlsx"
        if any(part.startswith("word/") for part in names):
            raise refused(
                name, _("is a Word document."), _("Copy its table into a spreadsheet and save it as XLSX.")
            )
        if any(part.startswith("ppt/") for part in names):
            raise refused(
                name, _("is a presentation."), _("Copy its table into a spreadsheet and save it as XLSX.")
            )
    elif "mimetype" in names:
        if _small_part(packed, "mimetype").strip() not in (_ODS, _ODS + b"-template"):
            raise refused(name, _("is an OpenDocument or e-book file, but no spreadsheet (ODS)."), _(SAVE_AS))
        if any(part.startswith(("basic/", "scripts/")) for part in names):
            raise _macros(name)
        if "meta-inf/manifest.xml" in names and b"encryption-data" in _small_part(
            packed, "META-INF/manifest.xml"
        ):
            raise refused(name, _("is locked with a password."), _(SAVE_WITHOUT_PASSWORD))
        return "ods"
    raise refused(name, _("is an archive (ZIP) and no spreadsheet."), _(UNPACK))


def _macros(name: str) -> Exception:
    return refused(
        name,
        _("holds macros (small programs), which are never accepted."),
        _("Save it as an Excel workbook without macros (XLSX), or as “CSV UTF-8”."),
    )


def _too_many_sheets(name: str) -> Exception:
    return refused(
        name,
        _("holds more than %(limit)s sheets.") % {"limit": MOST_SHEETS},
        _("Copy the sheet with the table into a new file and send that."),
    )


def _too_wide(name: str, cell: str) -> Exception:
    return refused(
        name,
        _("has more than %(limit)s columns (at %(cell)s).") % {"limit": MOST_COLUMNS, "cell": cell},
        _("Delete what stands right of the table, or copy the table alone into a new file."),
    )


def _small_part(packed: zipfile.ZipFile, wanted: str) -> bytes:
    with packed.open(wanted) as part:
        return part.read(SMALL)


def _check_stated(parts: list[zipfile.ZipInfo], size: int, name: str) -> None:
    """The sizes as the archive states them. Parts that overlap in the file add up to more than the file."""
    if (
        sum(part.file_size for part in parts) > LARGEST_UNPACKED
        or sum(part.compress_size for part in parts) > size
    ):
        raise _bomb(name)
    if any(part.file_size > max(SMALL, part.compress_size * HIGHEST_RATIO) for part in parts):
        raise _bomb(name)


def _look_through(file: BinaryIO, part: zipfile.ZipInfo, archive: Archive, total: int, name: str) -> int:
    """Inflate one part and look at it if it is XML. Out: `total` and the bytes of this part."""
    inflated, kept, xml, sheets = 0, b"", False, 0
    is_sheet = part.filename.lower().startswith("xl/worksheets/") or part.filename == "content.xml"
    for piece in _inflated(file, part):
        if not inflated:
            start = piece[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
            if start.startswith((b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")):
                raise refused(
                    name,
                    _("holds XML in UTF-16, which cannot be checked."),
                    _("Open it in a spreadsheet program and save it anew."),
                )
            xml = start.startswith(b"<")
        inflated += len(piece)
        packed_so_far = max(SMALL, part.compress_size * HIGHEST_RATIO)
        if total + inflated > LARGEST_UNPACKED or inflated > packed_so_far:
            raise _bomb(name)
        if not xml:
            continue
        seen = kept + piece
        _look_at(seen, name)
        if is_sheet:
            archive.formulas = archive.formulas or bool(_FORMULA.search(seen))
            archive.hidden_lines = archive.hidden_lines or bool(_HIDDEN.search(seen))
            archive.errors = archive.errors or bool(_ERROR.search(seen))
        sheets += piece.count(b"<table:table ") + piece.count(b"<sheet ")
        if sheets > MOST_SHEETS:
            raise _too_many_sheets(name)
        kept = seen[-_OVERLAP:]
    if inflated != part.file_size:
        raise _damaged(name)
    return total + inflated


def _look_at(xml: bytes, name: str) -> None:
    """What no piece of a spreadsheet's XML may hold."""
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise refused(
            name,
            _("holds a document type or entities, which spreadsheets never do and attacks on servers use."),
            _("Open it in a spreadsheet program and save it anew."),
        )
    if (claimed := _DIMENSION.search(xml)) and _column_number(claimed[1]) > LAST_COLUMN:
        raise _too_wide(name, claimed[1].decode())
    if far := _FAR_CELL.search(xml):
        raise _too_wide(name, far[1].decode())
    if any(int(repeated[1][:10]) > MOST_COLUMNS for repeated in _REPEATED.finditer(xml)):
        raise _too_wide(name, _("a cell that repeats"))
    if repeated_row := _REPEATED_ROW.search(xml):
        raise refused(
            name,
            _("repeats one row %(times)s times.") % {"times": repeated_row[1][:12].decode()},
            _("Delete the repeated rows, or copy the table alone into a new file."),
        )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters[:10]:
        number = number * 26 + letter - 64
    return number


def _inflated(file: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The part's bytes a piece at a time. Own, because `zipfile` stops at the stated size."""
    file.seek(part.header_offset)
    local = file.read(30)
    if len(local) < 30 or not local.startswith(b"PK\x03\x04"):
        raise zipfile.BadZipFile("no local header")
    name_length, extra_length = struct.unpack_from("<HH", local, 26)
    file.seek(name_length + extra_length, 1)
    left = part.compress_size
    if part.compress_type == zipfile.ZIP_STORED:
        while left:
            piece = file.read(min(left, _PIECE))
            if not piece:
                raise EOFError
            left -= len(piece)
            yield piece
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile("packed in a way that spreadsheets do not use")
    inflater, waiting = zlib.decompressobj(-15), b""
    while not inflater.eof:
        if not waiting:
            waiting = file.read(min(left, 65_536))
            left -= len(waiting)
        piece = inflater.decompress(waiting, _PIECE)
        if not piece and not waiting:
            raise EOFError
        waiting = inflater.unconsumed_tail
        if piece:
            yield piece
