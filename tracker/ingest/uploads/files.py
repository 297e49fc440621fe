"""The file of an upload: its name, its bytes, and the table in it."""

import os
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.db import connection
from django.utils.translation import gettext as _

from tracker.core.keys import key_of
from tracker.core.spreadsheets import unquoted
from tracker.ingest.guessing import SAMPLE
from tracker.ingest.mapping import header_fingerprint
from tracker.ingest.models import Upload, UploadedFile
from tracker.ingest.tables import Table, open_table

# The columns that rows which could not be read come back with; a file that has them is a part of another one.
MEND_COLUMNS = ("tracker: row", "tracker: what is wrong")
# And the column that says of which: the number of the upload whose rows they are.
PARENT_COLUMN = "tracker: file"
MOST_NAME = 120
PIECE = 8 * 2**20  # bytes of a file that are asked for at once


def tidy_name(name: str) -> str:
    """The name of a file as it may be shown: no folders, no control or turning characters, not endless."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in bare if unicodedata.category(letter)[0] != "C").strip()
    return (kept if len(kept) <= MOST_NAME else kept[: MOST_NAME - 1] + "…") or _("file without a name")


@contextmanager
def as_file(content: Iterable[bytes]) -> Iterator[Path]:
    """The pieces of `content` as a file for as long as the block lasts, under a name of our own.

    In memory where the system can, so that a worker that is killed leaves nobody's data behind on a disk.
    """
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile(prefix="upload-") as file:
            file.writelines(content)
            file.flush()
            yield Path(file.name)
        return
    with os.fdopen(os.memfd_create("upload"), "wb") as memory:
        memory.writelines(content)
        memory.flush()
        # Of this process by its number: the reader of spreadsheets is another one.
        yield Path(f"/proc/{os.getpid()}/fd/{memory.fileno()}")


def keep_content(upload: Upload, content: bytes) -> None:
    """Keep the bytes of an upload."""
    connection.ensure_connection()
    # Past Django's cursor, which writes parameters into the statement as text: several times as many bytes.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(
            "INSERT INTO ingest_uploadedfile (upload_id, content) VALUES (%s, %b)", [upload.pk, content]
        )


def _pieces(upload: Upload) -> Iterator[bytes]:
    """The bytes of an upload, piece by piece. Raises UploadedFile.DoesNotExist."""
    connection.ensure_connection()
    place = 1
    while True:
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            cursor.execute(
                "SELECT substring(content FROM %s FOR %s) FROM ingest_uploadedfile WHERE upload_id = %s",
                [place, PIECE, upload.pk],
                binary=True,
            )
            found = cursor.fetchone()
        if found is None:
            raise UploadedFile.DoesNotExist
        yield found[0]
        if len(found[0]) < PIECE:
            return
        place += PIECE


@contextmanager
def table_of(upload: Upload) -> Iterator[Table]:
    """The table of an upload, opened as the person chose sheet and header. Raises Unacceptable."""
    with as_file(_pieces(upload)) as path:
        yield open_table(path, name=upload.name, sheet=upload.sheet, header_row=upload.header_row or None)


def is_mended(table: Table) -> bool:
    """Whether the file holds rows that we gave back to be mended: a part of another file, in its layout."""
    return set(MEND_COLUMNS) <= set(table.header)


def rows_of(table: Table) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The rows of a table; what we quoted when we gave rows back is as it was."""
    if not is_mended(table):
        yield from table.rows()
        return
    for number, cells in table.rows():
        yield number, tuple(map(unquoted, cells))


def fingerprint_of(table: Table) -> str:
    """The fingerprint of the header, without the columns that we add to rows that are to be mended."""
    return header_fingerprint(own_columns(table.header))


def own_columns(header: Sequence[str]) -> list[str]:
    """The columns of a file without those that we add to rows that are to be mended."""
    return [name for name in header if name not in (*MEND_COLUMNS, PARENT_COLUMN)]


def parent_of(table: Table, sample: list[tuple[str, ...]]) -> int | None:
    """The number of the upload whose rows a file says it holds; None where it says none, or several."""
    if not is_mended(table) or PARENT_COLUMN not in table.header:
        return None
    place = table.header.index(PARENT_COLUMN)
    said = {cells[place] for cells in sample if len(cells) > place}
    return key_of(said.pop()) if len(said) == 1 else None


def look_through(table: Table) -> tuple[list[tuple[str, ...]], int]:
    """The first rows, as many as a guess looks at, and how many rows there are. Raises Unacceptable."""
    sample: list[tuple[str, ...]] = []
    number = 0
    for _number, cells in rows_of(table):
        if number < SAMPLE:
            sample.append(cells)
        number += 1
    return sample, number
