"""Polling stations of Vote Monitor (Commit Global): Level1 to Level5, Number, Address, DisplayOrder, then free tags.

The levels are the election's own. In lists of stations abroad the second is the country and the third the city
("Diaspora, Germany, Berlin"); else they are a country's regions and places, and its code is given with the upload.
"""

from collections.abc import Sequence

from tracker.ingest.folding import fold
from tracker.ingest.mapping import Mapping, Rule
from tracker.ingest.places import known_countries
from tracker.ingest.profiles import Profile, has_columns

_vote_monitor = has_columns("Level1", "Level2", "Level3", "Level4", "Level5", "Number", "Address")
_BOTH = {
    "number": Rule(columns=("Number",)),
    "address": Rule(columns=("Address",)),
    "iana_timezone": Rule(reader="zone"),
    "latitude": Rule(reader="place"),
    "longitude": Rule(reader="place"),
    "coordinate_precision": Rule(reader="place"),
}
# Exports have them, files that were made to be imported do not.
_POSITION = {axis: Rule(columns=(axis.title(),), reader=axis) for axis in ("latitude", "longitude")}


def _abroad(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether most second levels are countries."""
    if not _vote_monitor(header, rows):
        return False
    place = [fold(name) for name in header].index("level2")
    named = {row[place] for row in rows if len(row) > place and row[place]}
    return 2 * sum(1 for name in named if known_countries(name)) > len(named)


def _domestic(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    return _vote_monitor(header, rows) and not _abroad(header, rows)


PROFILES = (
    Profile(
        "Vote Monitor: polling stations abroad",
        Mapping(
            "stations",
            {
                **_BOTH,
                "country_iso2": Rule(columns=("Level2",), reader="country"),
                "city": Rule(columns=("Level3",)),
                "setting": Rule(constant="abroad"),
            },
        ),
        _abroad,
        "vote_monitor_abroad.csv",
        optional=_POSITION,
    ),
    Profile(
        "Vote Monitor: polling stations in a country",
        Mapping(
            "stations",
            {
                **_BOTH,
                "constituency_name": Rule(columns=("Level1",)),
                "city": Rule(columns=("Level5", "Level4", "Level3", "Level2", "Level1"), how="first"),
                "setting": Rule(constant="domestic"),
            },
        ),
        _domestic,
        "vote_monitor_domestic.csv",
        given=("country_iso2", "source_url"),
        optional=_POSITION,
    ),
)
