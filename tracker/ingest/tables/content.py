"""What a file is, told by its first bytes. Its name is only quoted: anybody can name anything .csv."""

import unicodedata
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tracker.ingest.problems import Unacceptable, shortened

LARGEST_FILE = 256 * 2**20  # bytes: a million stations as CSV; a million cells of XLSX take about 5 MB
HEAD = 4096

ZIP, JSON, CSV = "zip", "json", "csv"

BOMS = (  # the longer ones first: UTF-32 begins as UTF-16 does
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)

SAVE_AS = gettext_noop("Open it in a spreadsheet program and save it as “CSV UTF-8”, XLSX or ODS.")
SAVE_WITHOUT_PASSWORD = gettext_noop(
    "Open it, take the password away, and save it as XLSX, ODS or “CSV UTF-8”."
)
UNPACK = gettext_noop("Unpack it and send the table inside by itself.")
TABLE_INSTEAD = gettext_noop(
    "Send the table it shows as “CSV UTF-8”, XLSX or ODS; ask whoever made it for that."
)
COPY_TABLE = gettext_noop(
    "Copy its table into a spreadsheet program and save it as “CSV UTF-8”, XLSX or ODS."
)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNS: tuple[tuple[bytes, str, str], ...] = (
    (_OLE, gettext_noop("is an old binary Office file (XLS or DOC)."), SAVE_AS),
    (b"%PDF", gettext_noop("is a PDF, from which no table can be read safely."), TABLE_INSTEAD),
    (b"%!PS", gettext_noop("is a PostScript document."), TABLE_INSTEAD),
    (b"{\\rtf", gettext_noop("is a text document (RTF)."), COPY_TABLE),
    (b"\x89PNG", gettext_noop("is a picture (PNG)."), TABLE_INSTEAD),
    (b"\xff\xd8\xff", gettext_noop("is a picture (JPEG)."), TABLE_INSTEAD),
    (b"GIF8", gettext_noop("is a picture (GIF)."), TABLE_INSTEAD),
    (b"RIFF", gettext_noop("is a picture, sound or film."), TABLE_INSTEAD),
    (b"II*\x00", gettext_noop("is a picture (TIFF)."), TABLE_INSTEAD),
    (b"MM\x00*", gettext_noop("is a picture (TIFF)."), TABLE_INSTEAD),
    (b"\x1f\x8b", gettext_noop("is packed (gzip)."), UNPACK),
    (b"BZh", gettext_noop("is packed (bzip2)."), UNPACK),
    (b"7z\xbc\xaf\x27\x1c", gettext_noop("is packed (7z)."), UNPACK),
    (b"Rar!", gettext_noop("is packed (RAR)."), UNPACK),
    (b"\xfd7zXZ\x00", gettext_noop("is packed (xz)."), UNPACK),
    (b"\x28\xb5\x2f\xfd", gettext_noop("is packed (zstd)."), UNPACK),
    (b"SQLite format 3\x00", gettext_noop("is a database (SQLite)."), TABLE_INSTEAD),
    (b"PAR1", gettext_noop("is a Parquet file."), TABLE_INSTEAD),
    (b"\x7fELF", gettext_noop("is a program."), TABLE_INSTEAD),
)


def called(name: str) -> str:
    """The file as messages speak of it: its name in quotes, short, on one line, without marks that turn text."""
    shown = "".join("�" if unicodedata.category(mark) in ("Cc", "Cf", "Cs") else mark for mark in name)
    return f"“{shortened(shown)}”" if shown.strip() else _("The file")


def refused(name: str, what: str, mend: str = "") -> Unacceptable:
    """The refusal of the file called `name`; `what` goes on after its name, both are translated already."""
    return Unacceptable(f"{called(name)} {what}", mend)


def recognise(path: Path, name: str) -> str:
    """ZIP, JSON or CSV, by what is in the file. Raises Unacceptable for everything else, saying what it is."""
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise refused(
            name,
            _("has %(size)s MB; files up to %(limit)s MB are read.")
            % {"size": f"{size / 2**20:.0f}", "limit": LARGEST_FILE // 2**20},
            _("Split it, or save it as CSV without pictures and formatting."),
        )
    with path.open("rb") as file:
        head = file.read(HEAD)
    for sign, what, mend in _SIGNS:
        if head.startswith(sign):
            if sign == _OLE and _has_password(path):
                raise refused(name, _("is locked with a password."), _(SAVE_WITHOUT_PASSWORD))
            raise refused(name, _(what), _(mend))
    if head[257:262] == b"ustar":
        raise refused(name, _("is an archive (tar)."), _(UNPACK))
    if head.startswith(b"PK"):
        return ZIP
    start = _beginning(head)
    if not start and size <= HEAD:
        raise refused(name, _("is empty."), _("Send a table with a header and at least one row."))
    if start.startswith("<"):
        raise refused(name, _markup(start.lower()), _(SAVE_AS))
    return JSON if start.startswith(("[", "{")) else CSV


def _has_password(path: Path) -> bool:
    # Excel puts a locked XLSX into an old container, whose directory names what it holds in UTF-16.
    return "EncryptedPackage".encode("utf-16-le") in path.read_bytes()


def _beginning(head: bytes) -> str:
    """The first visible characters, past a mark of the encoding and empty space."""
    encoding = next((name for bom, name in BOMS if head.startswith(bom)), "utf-8")
    return head.decode(encoding, errors="ignore").lstrip("\ufeff \t\r\n\x00").replace("\x00", "")


def _markup(start: str) -> str:
    if "<svg" in start:
        return _("is a picture (SVG).")
    if "<html" in start or start.startswith(
        ("<!doctype html", "<table", "<meta", "<head", "<body", "<script")
    ):
        return _("is a web page (HTML), whatever its name says.")
    return _("is XML, which is not a table.")
