"""The rows of milestones.csv and announced_totals.csv, and the moments they speak of."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from tracker.core.timezones import NonexistentLocalTime, format_offset, offset_at, parse_offset, to_utc
from tracker.elections.models import AnnouncedFigure
from tracker.ingest.columns import decimal, plain
from tracker.ingest.problems import Unreadable
from tracker.ingest.reading import Row
from tracker.ingest.records.dataset import Dataset, in_order, outside_calendar, texts


@dataclass(frozen=True)
class Zones:
    """The zones an hour may be told in: the election's own, if known, and the stations'; whether all were read."""

    own: str | None
    stations: list[str]
    complete: bool


def add_milestones(dataset: Dataset, rows: list[Row], zones: Zones) -> None:
    for row in rows:
        starts, ends, clock = row["date"], row["end_date"], row["time_local"]
        if ends and not starts and "date" not in row.faulty:
            dataset.problem(row, "end_date", "has no first day.", "Fill in date too.")
        in_order(dataset, row, "date", "end_date", "is before the first day")
        moment, zone = None, None
        if clock and not starts:
            dataset.problem(row, "time_local", "has no date.", "An hour needs the day it belongs to.")
        elif not clock and row["utc_offset"] and "time_local" not in row.faulty:
            dataset.problem(row, "utc_offset", "has no time.", "Fill in time_local too, or leave both empty.")
        elif clock and not row["utc_offset"] and not row["iana_timezone"]:
            if not row.faulty & {"utc_offset", "iana_timezone"}:
                dataset.problem(
                    row,
                    "utc_offset",
                    "is empty, but time_local is given.",
                    "Give the offset, such as +04:00.",
                )
        elif clock and starts:
            # Of a period the hour is that of its last day.
            local = (date.fromisoformat(ends or starts), time.fromisoformat(clock))
            moment, zone = _moment(dataset, row, "utc_offset", local, row["utc_offset"], zones)
        dataset.add(
            "milestone",
            row,
            [row["title"]],
            **texts(row, "title", "kind", "responsible_body", "basis", "notes"),
            starts_on=starts,
            ends_on=ends,
            at=moment,
            timezone=zone,
            source=row["source_url"],
        )


def add_figures(dataset: Dataset, rows: list[Row], zones: Zones) -> None:
    for row in rows:
        value, place = _value(dataset, row) if _unit_fits(dataset, row) else (None, "")
        day, _separator, rest = (row["as_of"] or "").partition("T")
        moment, zone, clock = None, None, None
        if rest:
            local, offset = time.fromisoformat(rest[:5]), rest[5:] or None
            if offset or row["iana_timezone"]:
                moment, zone = _moment(dataset, row, "as_of", (date.fromisoformat(day), local), offset, zones)
            else:
                clock = local.isoformat()
        dataset.add(
            "figure",
            row,
            [row["metric"], row["scope"], row["announced_by"], row["announced_date"], row["as_of"]],
            **texts(row, "metric", "scope", "unit", "qualifier", "announced_by", "conflict_group", "notes"),
            value=value,
            place=place,
            announced_on=row["announced_date"],
            as_of_date=day or None,
            as_of_at=moment,
            as_of_timezone=zone,
            as_of_clock_time=clock,
            source=row["source_url"],
        )


def _value(dataset: Dataset, row: Row) -> tuple[str | None, str]:
    """The number and the place of a figure, of which its unit asks one."""
    cell, unit = row["value"], row["unit"]
    if not cell or not unit:
        return None, ""
    if unit == "place":
        if not any(letter.isalpha() for letter in cell):
            dataset.problem(row, "value", "is not a place.", "Write the name of the place, or another unit.")
        return None, cell
    try:
        number: Decimal = decimal(cell)
    except Unreadable as error:
        dataset.problem(
            row, "value", f"is not a number of {unit}." if unit != "percent" else error.what, error.mend
        )
        return None, ""
    if unit == "percent" and number > 100:
        dataset.problem(row, "value", "is more than 100 percent.", "Check the value and the unit.")
    if unit != "percent" and number != number.to_integral_value():
        dataset.problem(row, "value", f"is not a whole number of {unit}.", "Check the value and the unit.")
    return plain(number), ""


def _unit_fits(dataset: Dataset, row: Row) -> bool:
    """Whether the unit is one of its metric's; a value in a wrong unit is not judged further."""
    units = AnnouncedFigure.METRIC_UNITS.get(row["metric"] or "", ())
    if not row["unit"] or not units or row["unit"] in units:
        return True
    what = f"is no unit of {row['metric']}."
    dataset.problem(row, "unit", what, f"Write {' or '.join(units)}, or correct the metric.")
    return False


def _moment(
    dataset: Dataset,
    row: Row,
    column: str,
    local: tuple[date, time],
    offset: str | None,
    zones: Zones,
) -> tuple[str | None, str | None]:
    """The instant in UTC and the zone of a local time whose offset is given, or None and None with a problem.

    The row's own `iana_timezone` decides; else the election's own zone if it keeps that offset then; else
    the one zone among the stations' that does. Nothing is called wrong that zones not read might explain.
    """
    own = zones.own
    if row.faulty & {"iana_timezone", column} or own is None:
        return None, None
    wanted = parse_offset(offset) if offset else None
    said: str | None = row["iana_timezone"]
    if said and (wanted is None or _keeps(local, said, wanted)):
        try:
            return _held(dataset, row, column, to_utc(*local, said), said)
        except NonexistentLocalTime as error:
            dataset.problem(
                row, _clock_column(row, column), f"cannot be: {error}", "Check the hour and the zone."
            )
            return None, None
    assert wanted is not None  # noqa: S101 - the callers ask for an offset or a zone
    shown = format_offset(wanted)
    if said:
        dataset.problem(
            row, "iana_timezone", f"does not keep {shown} on {local[0]}.", "Correct zone or offset."
        )
        return None, None
    if _keeps(local, own, wanted):
        return _held(dataset, row, column, to_utc(*local, own), own)
    found = sorted({zone for zone in zones.stations if _keeps(local, zone, wanted)})
    if len(found) == 1:
        return _held(dataset, row, column, to_utc(*local, found[0]), found[0])
    if found:
        what = f"is kept by several zones of stations: {', '.join(found)}."
        mend = "Say which in a column iana_timezone."
    elif not zones.complete:
        return None, None
    else:
        what = f"is the offset of no zone of this election on {local[0]}."
        mend = f"Correct it (the election's {own} keeps another), or name the zone in a column iana_timezone."
    dataset.problem(row, column, what, mend)
    return None, None


def _held(
    dataset: Dataset, row: Row, column: str, instant: datetime, zone: str
) -> tuple[str | None, str | None]:
    """The instant and its zone; None and None with a problem if the register does not hold such instants."""
    if wrong := outside_calendar(instant):
        dataset.problem(row, _clock_column(row, column), wrong, "Check the year.")
        return None, None
    return instant.isoformat(), zone


def _clock_column(row: Row, column: str) -> str:
    return "time_local" if row.has("time_local") else column


def _keeps(local: tuple[date, time], zone: str, offset: timedelta) -> bool:
    try:
        return offset_at(to_utc(*local, zone), zone) == offset
    except NonexistentLocalTime:
        return False
