"""A program of its own: reads one XLSX, ODS or JSON file and writes its rows out, a line of JSON at a time.

`contained.py` starts it. The libraries used here build the whole table in memory, and how much that takes is
decided by whoever made the file (one cell in the last row and column is half a terabyte). So it happens in a
process that may use little memory and processor time, sees none of the environment, and may die: the worker goes
on and says so. It imports nothing of the tracker and speaks no language: what it finds wrong is a word that its
caller knows.

Arguments: path, format, sheet ("" takes the first that holds something), "look" (list the sheets first) or "rows".
Lines: {"sheets", "hidden", "sheet"} or {"refused": word, …}, then [[number, [cell, …]], …], at last "end".
"""

import datetime
import json
import re
import resource
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

MEMORY = 512 * 2**20  # bytes of addresses: about 350,000 rows of 12 columns
SECONDS = 120  # of processor time; 100,000 rows take two
BATCH = 500
LONGEST = 131_072  # characters of one cell, as the CSV reader has it; Excel ends at 32,767
MOST_CELLS = 8_000_000  # of a sheet's box, written or not
MOST_COLUMNS = 200
DEEPEST = 20  # objects within objects

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


class Refused(Exception):
    """What is wrong: a word, and what belongs to it."""

    def __init__(self, word: str, **said: Any) -> None:
        self.said = {"refused": word, **said}
        super().__init__(word)


def say(line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


def unpack(path: str, kind: str, sheet: str, purpose: str) -> None:
    rows = objects(path) if kind == "json" else cells(path, sheet, purpose)
    filled = ((number, row) for number, row in enumerate(rows, start=1) if any(row))
    while batch := list(islice(filled, BATCH)):
        say(batch)
    say("end")


# --- spreadsheets -----------------------------------------------------------------------------------------------------


def cells(path: str, wanted: str, purpose: str) -> Iterator[list[str]]:
    """The rows of a sheet as text, from A1 on. Says first which sheets there are, if that is asked."""
    import python_calamine as calamine

    book = calamine.load_workbook(path)
    tables = [each for each in book.sheets_metadata if each.typ == calamine.SheetTypeEnum.WorkSheet]
    hidden = [each.name for each in tables if each.visible != calamine.SheetVisibleEnum.Visible]
    visible = [each.name for each in tables if each.name not in hidden]
    if wanted in hidden:
        raise Refused("hidden", sheet=wanted)
    if wanted and wanted not in visible:
        raise Refused("no such sheet", sheet=wanted, sheets=visible)
    if purpose == "look":
        filled = [name for name in visible if book.get_sheet_by_name(name).height]
        if not filled:
            raise Refused("no sheet", hidden=hidden)
        wanted = wanted or filled[0]
        say({"sheets": filled, "hidden": hidden, "sheet": wanted})
    sheet = book.get_sheet_by_name(wanted)
    if sheet.width > MOST_COLUMNS:
        raise Refused("too wide", columns=sheet.width)
    if sheet.height * sheet.width > MOST_CELLS:
        raise Refused("too much")
    left = [""] * (
        sheet.start[1] if sheet.start else 0
    )  # rows come from row 1 on, but columns from the first used
    for row in sheet.iter_rows():
        yield [*left, *map(text, row)]


def text(value: Any) -> str:
    """A cell as a person reads it: whole numbers without a point, dates as ISO, times as HH:MM."""
    if isinstance(value, str):
        if len(value) > LONGEST:
            raise Refused("long cell")
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value) if "_x" in value else value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
    if isinstance(value, datetime.datetime):
        value += datetime.timedelta(milliseconds=500)  # fractions of days come out some microseconds too low
        return f"{value.date().isoformat()} {clock(value.time())}"
    if isinstance(value, datetime.time):
        return clock(
            (
                datetime.datetime.combine(datetime.date.min, value) + datetime.timedelta(milliseconds=500)
            ).time()
        )
    if isinstance(value, datetime.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")
    return str(value)


def clock(value: datetime.time) -> str:
    """HH:MM, with seconds where there are any."""
    return value.isoformat("seconds" if value.second else "minutes")


# --- JSON -------------------------------------------------------------------------------------------------------------


def objects(path: str) -> Iterator[list[str]]:
    """Header and rows of a list of objects, of an object that holds one such list, or of a GeoJSON collection."""
    items = [flat(item) for item in listed(read_json(path))]
    names: dict[str, None] = {}
    for item in items:
        names.update(dict.fromkeys(item))
        if len(names) > MOST_COLUMNS:
            raise Refused("too wide", columns=len(names))
    if not names:
        raise Refused("no objects")
    yield list(names)
    for item in items:
        yield [item.get(name, "") for name in names]


def read_json(path: str) -> Any:
    def no_number(word: str) -> Any:
        raise Refused("no number", value=word)

    data = Path(path).read_bytes()
    try:
        # numbers stay as they are written: 1.10 is not 1.1 and a number of ten digits may be a code
        return json.loads(data, parse_int=str, parse_float=str, parse_constant=no_number)
    except RecursionError:
        raise Refused("deep") from None
    except json.JSONDecodeError as error:
        raise Refused("no json", line=error.lineno, column=error.colno) from None
    except UnicodeDecodeError:
        raise Refused("no utf-8") from None


def listed(data: Any) -> list[dict[str, Any]]:
    """The one list of objects."""
    if isinstance(data, dict):
        if data.get("type") == "FeatureCollection" and isinstance(data.get("features"), list):
            return [feature(each) for each in data["features"]]
        lists = [each for each in data.values() if is_table(each)]
        if len(lists) != 1:
            raise Refused("no objects" if not lists else "several lists")
        return list(lists[0])
    if not is_table(data):
        raise Refused("no objects")
    return list(data)


def is_table(data: Any) -> bool:
    return isinstance(data, list) and bool(data) and all(isinstance(each, dict) for each in data)


def feature(data: Any) -> dict[str, Any]:
    """A feature of GeoJSON: what it says about itself, and where it is if that is a point."""
    if not isinstance(data, dict):
        raise Refused("no objects")
    said = data.get("properties")
    row = dict(said) if isinstance(said, dict) else {}
    place = data.get("geometry")
    if isinstance(place, dict) and place.get("type") == "Point":
        where = place.get("coordinates")
        if isinstance(where, list) and len(where) >= 2:
            row.update(longitude=where[0], latitude=where[1])
    return row


def flat(data: dict[str, Any], before: str = "", depth: int = 0) -> dict[str, str]:
    """One level of names: {"a": {"b": 1}} is "a.b". A list of plain values is joined; others are kept as JSON."""
    if depth > DEEPEST:
        raise Refused("deep")
    row: dict[str, str] = {}
    for name, value in data.items():
        if isinstance(value, dict):
            row.update(flat(value, f"{before}{name}.", depth + 1))
        else:
            row[before + name] = plain(value)
    return row


def plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        if not any(isinstance(each, dict | list) for each in value):
            return "; ".join(map(plain, value))
        return text(json.dumps(value, ensure_ascii=False))
    return text(value)


def main(arguments: list[str]) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        unpack(*arguments)
    except Refused as error:
        say(error.said)
    except MemoryError:
        say({"refused": "too much"})
    except BrokenPipeError:
        return 0
    except BaseException as error:  # a panic of the library is no Exception
        say({"refused": "damaged", "kind": type(error).__name__})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
