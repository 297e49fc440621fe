"""The CSV files of this project itself, as `load_election` reads them and exports write them."""

from tracker.ingest.mapping import KINDS, Mapping, Rule
from tracker.ingest.profiles import Profile, has_columns


def _profile(kind: str) -> Profile:
    rules = {column.name: Rule(columns=(column.name,)) for column in KINDS[kind].columns}
    optional = {column.name: rules.pop(column.name) for column in KINDS[kind].columns if column.optional}
    return Profile(
        KINDS[kind].name,
        Mapping(kind, rules),
        has_columns(*rules),
        f"own_{kind}.csv",
        given=(),
        optional=optional,
    )


PROFILES = tuple(_profile(kind) for kind in KINDS)
