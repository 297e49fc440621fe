"""The rows of elections.csv and observer_organizations.csv, and the sources that all files name."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from urllib.parse import urlsplit

from tracker.core.countries import INVENTED_COUNTRY
from tracker.elections.models import LONGEST_ELECTION
from tracker.ingest.reading import Row
from tracker.ingest.records.dataset import Dataset, Seen, in_order, texts

INVENTED_ISO2 = INVENTED_COUNTRY["iso2"]
# Kept free for examples (RFC 2606): nobody can publish there, so no real page is cited for what is invented.
INVENTED_HOST = "example.org"
INVENTED_TITLE = "Invented for demonstration"


def voting_days(election: Row) -> tuple[date, date] | None:
    """First and last voting day; None if they are not known, in the wrong order or too far apart."""
    if not election["starts_on"] or not election["ends_on"]:
        return None
    first, last = date.fromisoformat(election["starts_on"]), date.fromisoformat(election["ends_on"])
    return (first, last) if timedelta(0) <= last - first <= LONGEST_ELECTION else None


def add_election(dataset: Dataset, rows: list[Row]) -> Row | None:
    for row in rows[1:]:
        dataset.problem(
            row, "slug", "is a second election.", "A folder holds one election; make another folder."
        )
    if not rows:
        return None
    row = rows[0]
    dataset.name = row["slug"] or ""
    in_order(dataset, row, "starts_on", "ends_on", "is before the first voting day")
    if row["starts_on"] and row["ends_on"] and row["ends_on"] > row["starts_on"] and not voting_days(row):
        dataset.problem(
            row,
            "ends_on",
            f"is more than {LONGEST_ELECTION.days} days after the first voting day, {row['starts_on']}.",
            "Correct one of the two dates.",
        )
    if row["round"] is not None and not 1 <= row["round"] <= 32767:
        dataset.problem(row, "round", "is not the number of a round.", "Write 1 for the first round.")
    dataset.add(
        "election",
        row,
        [row["slug"]],
        **texts(row, "slug", "name", "name_az", "name_ru", "kind", "call", "authority", "notes"),
        round=row["round"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        country=row["country_iso2"],
        timezone=row["iana_timezone"],
        source=row["source_url"],
        **({"demonstration": bool(row["demonstration"])} if row.has("demonstration") else {}),
    )
    return row


def check_invented(dataset: Dataset, tables: Mapping[str, list[Row]], election: Row) -> None:
    """What is invented and what is real stay apart.

    A demonstration is the invented country's and cites no real page; nobody else's rows name that country.
    """
    demonstration = bool(election["demonstration"])
    if "demonstration" in election.faulty:
        return
    if demonstration and election["country_iso2"] != INVENTED_ISO2:
        dataset.problem(
            election,
            "country_iso2",
            "is a real country, and a demonstration is an invented one's.",
            f"Write {INVENTED_ISO2}, or no in the column demonstration.",
        )
    for row in (row for rows in tables.values() for row in rows):
        for column, cell in row.cells.items():
            if not demonstration and column == "country_iso2" and cell == INVENTED_ISO2:
                dataset.problem(
                    row,
                    column,
                    "is the invented country of demonstrations, and this election is none.",
                    "Write the code of a real country.",
                )
            if demonstration and cell and column.endswith("_url") and not _is_invented(cell):
                dataset.problem(
                    row,
                    column,
                    "is a real page, and what a demonstration says stands on none.",
                    f"Write an address under https://{INVENTED_HOST}/.",
                )


def _is_invented(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    return host == INVENTED_HOST or host.endswith(f".{INVENTED_HOST}")


def add_sources(dataset: Dataset, tables: Mapping[str, list[Row]], *, invented: bool) -> None:
    """One source for each address, with the date that some row gives; two different dates are a problem.

    Those of a demonstration (`invented`) say in their title that they are.
    """
    first: dict[str, Row] = {}
    dated: dict[str, tuple[str, Row, str]] = {}
    for row in (row for rows in tables.values() for row in rows):
        for column, address in row.cells.items():
            if not column.endswith("source_url") or not address:
                continue
            first.setdefault(address, row)
            date_column = column.removesuffix("url") + "date"
            published = row[date_column]
            if not published:
                continue
            before, other, _column = dated.setdefault(address, (published, row, date_column))
            if before != published:
                there = (
                    f"row {other.number}" if other.file == row.file else f"{other.file}, row {other.number}"
                )
                dataset.problem(
                    row,
                    date_column,
                    f"is another date than the {before} that {there} gives for the same page.",
                    "Keep the date that the page shows, in both rows.",
                )
    for address, row in first.items():
        host = urlsplit(address).hostname or ""
        dataset.add(
            "source",
            row,
            [address],
            url=address,
            publisher=host.removeprefix("www.")[:120],
            published_on=dated[address][0] if address in dated else "",
            **({"title": INVENTED_TITLE} if invented else {}),
        )


def add_organizations(dataset: Dataset, rows: list[Row], known: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Add the organizations; returns the name for each name and acronym that may be referred to."""
    names: dict[str, str] = {}
    for name, acronym in known:
        names |= {name: name} | ({acronym: name} if acronym else {})
    seen = Seen(dataset)
    for row in rows:
        name, acronym = row["name"], row["acronym"]
        if name:
            seen.once(row, "name", name, "is already in {row}.", "Keep one of the two.")
        if acronym:
            seen.once(row, "acronym", acronym, "is already the acronym in {row}.", "Correct one of the two.")
        if bool(row["website"]) != bool(row["website_basis"]) and not row.faulty & {
            "website",
            "website_basis",
        }:
            dataset.problem(
                row,
                "website_basis",
                "does not fit the website.",
                "Give both website and website_basis, or neither.",
            )
        if not name:
            continue
        names[name] = name
        if acronym:
            names[acronym] = name
        dataset.add(
            "organization",
            row,
            [name],
            **texts(row, "name", "acronym", "kind", "website", "website_basis", "notes"),
            country=row["country_iso2"],
            source=row["source_url"],
        )
    return names
