"""The rows of polling_stations_abroad.csv: constituencies, stations and their hours."""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta

from tracker.core.timezones import (
    LATEST_CLOSING_NEXT_DAY,
    ClosesBeforeOpening,
    NonexistentLocalTime,
    clock_of_country,
    format_offset,
    offset_at,
    window_to_utc,
    zones_of_country,
)
from tracker.ingest.reading import Row
from tracker.ingest.records.dataset import Dataset, Seen, outside_calendar, texts
from tracker.ingest.records.organizations import voting_days

# The columns that name the source of single cells, and of which: given where one of them is.
SOURCES_OF = {
    "number_source_url": ("number", "constituency_number"),
    "address_source_url": ("address",),
    "voters_source_url": ("registered_voters",),
}


def add_constituencies(dataset: Dataset, rows: list[Row]) -> None:
    """One for each constituency number among the stations; its name must be the same in all rows."""
    first: dict[str, Row] = {}
    sourced: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        number, name = row["constituency_number"], row["constituency_name"]
        if name and not number:
            dataset.problem(row, "constituency_name", "has no number.", "Fill in constituency_number too.")
        if not number:
            continue
        before = first.setdefault(number, row)
        if row["number_source_url"]:
            sourced[number].append(row)
        if before["constituency_name"] != name and "constituency_name" not in before.faulty:
            said = f"“{before['constituency_name']}”" if before["constituency_name"] else "nothing"
            dataset.problem(
                row,
                "constituency_name",
                f"is another name of constituency {number} than {said} in row {before.number}.",
                "Write the same name in both rows.",
            )
    for number, row in first.items():
        # The source of the lowest station number: it must not depend on the order of the rows.
        chosen = min(sourced[number], key=lambda other: _lowest(other["number"] or ""), default=row)
        dataset.add(
            "constituency",
            row,
            [number],
            number=number,
            name=row["constituency_name"] or "",
            source=chosen["number_source_url"],
        )


def _lowest(number: str) -> tuple[int, str]:
    """Order of station numbers, those that are no numbers last."""
    return (int(number) if number.isdecimal() else 10**20, number)


def add_stations(dataset: Dataset, rows: list[Row], election: Row | None) -> None:
    seen = Seen(dataset)
    for row in rows:
        _check_station(dataset, row, seen)
        windows = _windows(dataset, row, election)
        _check_zone(dataset, row, election)
        dataset.add(
            "station",
            row,
            [row["country_iso2"], row["city"], row["host_mission"]],
            **texts(row, "number", "city", "city_basis", "host_mission", "host_mission_basis", "address"),
            **texts(row, "coordinate_precision", "notes"),
            **{name: row[name] for name in ("setting", "status") if row[name]},
            constituency=row["constituency_number"],
            number_source=row["number_source_url"],
            country=row["country_iso2"],
            city_source=row["city_source_url"],
            address_source=row["address_source_url"],
            timezone=row["iana_timezone"],
            latitude=row["latitude"],
            longitude=row["longitude"],
            registered_voters=row["registered_voters"],
            voters_source=row["voters_source_url"],
            source=row["source_url"],
            windows=windows,
        )


def _check_station(dataset: Dataset, row: Row, seen: Seen) -> None:
    number, constituency = row["number"], row["constituency_number"]
    if number and constituency:
        seen.once(
            row,
            "number",
            (constituency, number),
            f"is already the number of {{row}} in constituency {constituency}.",
            "Correct one of the two.",
        )
    elif number and not row.faulty & {"country_iso2", "city", "host_mission", "constituency_number"}:
        seen.once(
            row,
            "number",
            (row["country_iso2"], row["city"], row["host_mission"], number),
            "is already the number of {row} at this host mission.",
            "Correct one of the two, or give their constituencies.",
        )
    for source, cells in SOURCES_OF.items():
        said = [cell for cell in cells if row[cell] is not None]
        if said and row[source] is None:
            dataset.problem(row, source, f"is empty, but {said[0]} is given.", "Name the page it comes from.")
    position = ("latitude", "longitude", "coordinate_precision")
    given = [name for name in position if row[name] is not None or name in row.faulty]
    missing = [name for name in position if name not in given]
    if given and missing:
        dataset.problem(
            row,
            missing[0],
            f"is empty, but {' and '.join(given)} {'is' if len(given) == 1 else 'are'} given.",
            "Give latitude, longitude and coordinate_precision together, or none of them.",
        )


def _windows(dataset: Dataset, row: Row, election: Row | None) -> list[list[str]]:
    """Opening and closing in UTC for each day the station votes on, from the local hours and the station's zone.

    Without a word of its own (`votes_on`) it votes on every voting day.
    """
    opens, closes, zone = row["opens_local"], row["closes_local"], row["iana_timezone"]
    if (opens is None) != (closes is None):
        missing, given = ("opens_local", "closes_local") if opens is None else ("closes_local", "opens_local")
        dataset.problem(row, missing, f"is empty, but {given} is given.", "Give both hours, or neither.")
    days = voting_days(election) if election else None
    own_days = [date.fromisoformat(day) for day in row["votes_on"] or ()]
    if days and (strange := next((day for day in own_days if not days[0] <= day <= days[1]), None)):
        what = f"names {strange}, which is not between the voting days {days[0]} and {days[1]}."
        dataset.problem(row, "votes_on", what, "Correct it, or the dates in elections.csv.")
        return []
    if own_days and opens is None and not row.faulty & {"opens_local", "closes_local"}:
        dataset.problem(row, "votes_on", "is given without hours.", "Fill in opens_local and closes_local.")
    if not (opens and closes and zone and days):
        return []
    opening, closing = time.fromisoformat(opens), time.fromisoformat(closes)
    if opening == closing:
        dataset.problem(
            row, "closes_local", "is also the opening time.", "A station closes later than it opens."
        )
        return []
    windows: list[list[str]] = []
    first, last = days
    every_day = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    for day in own_days or every_day:
        try:
            instants = window_to_utc(day, opening, closing, zone)
        except ClosesBeforeOpening:
            dataset.problem(
                row,
                "closes_local",
                f"is before the opening at {opening:%H:%M}.",
                f"Only a closing until {LATEST_CLOSING_NEXT_DAY:%H:%M} is taken to be on the next day.",
            )
            return []
        except NonexistentLocalTime as error:
            dataset.problem(row, "opens_local", f"cannot be: {error}", "Check the hours and the zone.")
            return []
        if wrong := next(filter(None, map(outside_calendar, instants)), ""):
            what = f"on {day} {wrong}"
            dataset.problem(row, "opens_local", what, "Check the dates of the election.")
            return []
        windows.append([instant.isoformat() for instant in instants])
    return windows


def _check_zone(dataset: Dataset, row: Row, election: Row | None) -> None:
    """Some clock in the country must show what the station's zone does; a slip here gives wrong hours.

    Asked of every row: hours that are entered later are read in the same zone.
    """
    country, zone = row["country_iso2"], row["iana_timezone"]
    days = voting_days(election) if election else None
    if not (country and zone and days):
        return
    day = days[0]
    if clock_of_country(country, zone, day):
        return
    zones = [entry.name for entry in zones_of_country(country)]
    offset = offset_at(datetime.combine(day, time(12), tzinfo=UTC), zone)
    dataset.problem(
        row,
        "iana_timezone",
        f"keeps {format_offset(offset)} on {day}, and no clock in {country} does.",
        f"Check country and zone; zones of {country} are {', '.join(zones[:5])}.",
    )
