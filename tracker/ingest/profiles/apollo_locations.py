"""Locations of Apollo (NDI): for each level of an election's hierarchy its name and its code, stations last.

The levels bear the election's own names; these are the ones of Apollo's documentation. Where they differ, the
person corrects the mapping once, and it is kept under the header.
"""

from tracker.ingest.mapping import Mapping, Rule
from tracker.ingest.profiles import Profile, has_columns

PROFILES = (
    Profile(
        "Apollo: locations",
        Mapping(
            "stations",
            {
                "number": Rule(columns=("Voting Location ID",)),
                "country_iso2": Rule(columns=("Country Name",), reader="country"),
                "city": Rule(columns=("Town Name",)),
                "address": Rule(columns=("Voting Location Name",)),
                "constituency_number": Rule(columns=("Province ID",)),
                "constituency_name": Rule(columns=("Province Name",)),
                "registered_voters": Rule(columns=("Registered Voters",), reader="count"),
                "iana_timezone": Rule(reader="zone"),
                "latitude": Rule(reader="place"),
                "longitude": Rule(reader="place"),
                "coordinate_precision": Rule(reader="place"),
                "setting": Rule(constant="domestic"),
            },
        ),
        has_columns(
            "Country Name", "Province ID", "Province Name", "Town Name", "Voting Location ID", "Voting Location Name",
            "Registered Voters",
        ),
        "apollo_locations.csv",
    ),
)  # fmt: skip
