"""A plain list of places: a country and a city in each row, perhaps with a number and an address."""

from collections.abc import Sequence

from tracker.ingest.folding import fold
from tracker.ingest.mapping import Mapping, Rule
from tracker.ingest.profiles import Profile


def _only(*columns: str) -> Profile:
    wanted = {fold(name) for name in ("Country", "City", *columns)}

    def matches(header: Sequence[str], _rows: Sequence[Sequence[str]]) -> bool:
        return {fold(name) for name in header} == wanted

    rules = {
        "country_iso2": Rule(columns=("Country",), reader="country"),
        "city": Rule(columns=("City",)),
        "iana_timezone": Rule(reader="zone"),
        "latitude": Rule(reader="place"),
        "longitude": Rule(reader="place"),
        "coordinate_precision": Rule(reader="place"),
    }
    rules |= {
        fold(name): Rule(columns=(name,), reader="numbers" if name == "Number" else "") for name in columns
    }
    name = f"A list with {', '.join(['country', 'city', *map(str.lower, columns)])}"
    sample = "_".join(["plain_list", *map(str.lower, columns)])
    return Profile(name, Mapping("stations", rules), matches, f"{sample}.csv")


PROFILES = (_only(), _only("Address"), _only("Number"), _only("Number", "Address"))
