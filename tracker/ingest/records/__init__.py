"""From rows to records of the register: what the cells of several columns, rows and files say together.

A record's `values` are JSON: dates and moments as ISO text, numbers as text or int, other records by their
key (a source by its address, an organization by its name, a constituency by its number).
"""

from collections.abc import Collection, Iterable, Mapping

from tracker.ingest import layout
from tracker.ingest.reading import Row
from tracker.ingest.records.calendar import Zones, add_figures, add_milestones
from tracker.ingest.records.dataset import Dataset
from tracker.ingest.records.missions import add_engagements, add_memberships, add_missions
from tracker.ingest.records.organizations import (
    add_election,
    add_organizations,
    add_sources,
    check_invented,
)
from tracker.ingest.records.stations import add_constituencies, add_stations


def build_dataset(
    tables: Mapping[str, list[Row]], unread: Collection[str], known_organizations: Iterable[tuple[str, str]]
) -> Dataset:
    """All records of the rows in `tables` (by file name), and what is wrong with them beyond single cells.

    `unread`: files that could not be read; what others say of their content is not called wrong.
    `known_organizations`: name and acronym of those that are in the register already.
    """
    dataset = Dataset()
    election = add_election(dataset, tables[layout.ELECTIONS.name])
    dataset.invented = bool(election and election["demonstration"])
    if election:
        check_invented(dataset, tables, election)
    add_sources(dataset, tables, invented=dataset.invented)
    names: Mapping[str, str] | None = add_organizations(
        dataset, tables[layout.ORGANIZATIONS.name], known_organizations
    )
    if layout.ORGANIZATIONS.name in unread:
        names = None
    stations = tables[layout.STATIONS.name]
    add_constituencies(dataset, stations)
    add_stations(dataset, stations, election)
    add_missions(dataset, tables[layout.MISSIONS.name], names)
    if layout.MISSIONS.name not in unread:
        add_memberships(dataset, tables[layout.MEMBERSHIPS.name], names)
    add_engagements(dataset, tables[layout.ENGAGEMENTS.name], names)
    zones = Zones(
        own=election["iana_timezone"] if election else None,
        stations=[row["iana_timezone"] for row in stations if row["iana_timezone"]],
        complete=layout.STATIONS.name not in unread
        and not any("iana_timezone" in row.faulty for row in stations),
    )
    add_milestones(dataset, tables[layout.MILESTONES.name], zones)
    add_figures(dataset, tables[layout.FIGURES.name], zones)
    return dataset
