"""The rows of missions.csv, memberships.csv and engagements.csv."""

from collections.abc import Collection, Mapping

from tracker.ingest.columns import did_you_mean
from tracker.ingest.reading import Row
from tracker.ingest.records.dataset import KEY_SEPARATOR, Dataset, Seen, in_order, texts
from tracker.ingest.records.organizations import AMBIGUOUS


def add_missions(dataset: Dataset, rows: list[Row], names: Mapping[str, str] | None) -> None:
    seen = Seen(dataset)
    for row in rows:
        name = _organization(dataset, row, "organization", names)
        if name is None:
            continue
        if row["acronym"] and names is not None and names.get(row["acronym"]) not in (name, AMBIGUOUS):
            dataset.problem(
                row, "acronym", f"is not the acronym of {name}.", "Write it as in the organizations."
            )
        key = (name, row["mission_type"])
        if row["mission_type"]:
            seen.once(
                row,
                "mission_type",
                key,
                f"is already the mission of {name} in {{row}}.",
                "Keep one of the two.",
            )
        in_order(dataset, row, "arrival_date", "departure_date", "is before the arrival")
        dataset.add(
            "mission",
            row,
            key,
            **texts(row, "status", "head_of_mission", "head_role", "invited_by", "areas_observed", "notes"),
            organization=name,
            type=row["mission_type"],
            invited_on=row["invited_date"],
            announced_on=row["announced_date"],
            accredited_on=row["accredited_date"],
            arrives_on=row["arrival_date"],
            departs_on=row["departure_date"],
            observers_total=row["observers_total"],
            planned_core=row["observers_core"],
            planned_lto=row["observers_lto"],
            planned_sto=row["observers_sto"],
            stations_visited=row["stations_visited"],
            source=row["source_url"],
        )
        if row["statement_date"] or row["statement_url"]:
            dataset.add(
                "statement",
                row,
                key,
                mission=KEY_SEPARATOR.join(map(str, key)),
                kind="statement",
                issued_on=row["statement_date"],
                url=row["statement_url"] or "",
                source=_statement_source(row),
            )


def _statement_source(row: Row) -> str | None:
    """The row's page, unless it was published before the statement and so cannot tell of it."""
    day, page = row["statement_date"], row["source_date"] or ""
    # Dates are ISO 8601, the page's perhaps without its day: compare as much as it has.
    if day and page and str(page) < str(day)[: len(str(page))]:
        return None
    return row["source_url"] or None


def add_memberships(
    dataset: Dataset, rows: list[Row], names: Mapping[str, str] | None, known: Collection[str] = ()
) -> None:
    """`known`: the keys of missions that are in the register already."""
    missions = {record.key for record in dataset.records.get("mission", [])} | set(known)
    seen = Seen(dataset)
    for row in rows:
        leader = _organization(dataset, row, "mission", names)
        member = _organization(dataset, row, "organization", names)
        if leader is None or member is None or row["mission_type"] is None:
            continue
        mission = f"{leader}{KEY_SEPARATOR}{row['mission_type']}"
        if mission not in missions:
            types = [
                key.rpartition(KEY_SEPARATOR)[2] for key in missions if key.startswith(leader + KEY_SEPARATOR)
            ]
            mend = (
                f"Its missions are of type {', '.join(sorted(types))}."
                if types
                else "Add it to missions.csv."
            )
            dataset.problem(row, "mission_type", f"is not a mission of {leader}.", mend)
            continue
        seen.once(
            row, "organization", (mission, member), "is already a member in {row}.", "Keep one of the two."
        )
        if leader == member:
            dataset.problem(row, "organization", "leads this mission.", "A member is another organization.")
        dataset.add(
            "membership",
            row,
            [mission, member],
            **texts(row, "role", "notes"),
            mission=mission,
            organization=member,
            source=row["source_url"],
        )


def add_engagements(dataset: Dataset, rows: list[Row], names: Mapping[str, str] | None) -> None:
    for row in rows:
        precision, day = row["date_precision"], row["date"]
        if precision == "day" and day is None:
            dataset.problem(
                row, "date", "is empty, but the precision is day.", "Give the date, or write range."
            )
        if precision == "range" and day is not None:
            dataset.problem(
                row, "date", "is given, but the precision is range.", "Write day, or leave the date empty."
            )
        organizations = set()
        for part in (row["organization"] or "").split(";"):
            if part.strip() and (found := _known(dataset, row, "organization", part.strip(), names)):
                organizations.add(found)
        dataset.add(
            "engagement",
            row,
            [day, row["kind"], row["host"], row["visitor"]],
            **texts(row, "kind", "date_precision", "place", "host", "host_role", "visitor", "visitor_role"),
            **texts(row, "topics", "notes"),
            date=day,
            outcome=row["outcome_or_figures"] or "",
            source=row["source_url"],
            organizations=sorted(organizations),
        )


def _organization(dataset: Dataset, row: Row, column: str, names: Mapping[str, str] | None) -> str | None:
    return _known(dataset, row, column, row[column], names) if row[column] else None


def _known(dataset: Dataset, row: Row, column: str, said: str, names: Mapping[str, str] | None) -> str | None:
    """The full name of the organization that a cell calls by name or acronym; None with a problem if unknown."""
    if names is None:
        return said
    if said not in names:
        what = "is not a known organization."
        if said != row[column]:
            what = f"names “{said}”, which {what}"
        mend = did_you_mean(said, names) or "Add it to observer_organizations.csv."
        dataset.problem(row, column, what, mend)
    if names.get(said) == AMBIGUOUS:
        dataset.problem(row, column, "is the acronym of several organizations.", "Write the name in full.")
        return None
    return names.get(said)
