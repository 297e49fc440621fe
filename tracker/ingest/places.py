"""Names of countries in any language, and what is known of cities: where they are and which clock they keep.

Data is generated (``fixtures/build/words.py``) and read when it is first asked for. Names are compared folded.
"""

import difflib
import gzip
from bisect import bisect_left
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tracker.core.countries import INVENTED_COUNTRY, read_countries
from tracker.core.timezones import (
    SAME_PLACE_KM,
    great_circle_km,
    offset_at,
    propose_zone,
    zone_names,
    zones_of_country,
)
from tracker.ingest.folding import fold

DATA = Path(__file__).parent / "data"
COUNTRY_NAMES, COUNTRY_ALIASES = "country_names.csv.gz", "country_aliases.csv"
CITIES, CITY_ALIASES = "cities.csv.gz", "city_aliases.csv"

# The form of a state, which a list writes and CLDR does not ("Republica Cipru"), and little words beside it. Folded.
STATE_WORDS = frozenset(
    word
    for language in (
        "the of and state republic kingdom federation people s islamic r rep",
        "republica regatul federatia statul populara republique royaume republik repubblica",
        "reino del da do de di la le",
        "republika krolestwo federacja rzeczpospolita koztarsasag kiralysag",
        "respublika respublikasi respublikasy republikasi federasiyasi kralligi dovleti islam cumhuriyeti devleti",
        "республика республики республикасы рэспубліка република республіка",
        "королевство федерация государство исламская",
    )
    for word in language.split()
)
# Where the form is what tells two countries apart, the name without it names both.
ALIKE_WITHOUT_FORM = {"DM": ("DO", "DM"), "CN": ("CN", "TW"), "TW": ("TW", "CN")}
# The word for city and its short forms, folded.
CITY_WORDS = frozenset(
    ("city", "s", "seher", "seheri", "sehri", "г", "гор", "город", "m", "st", "miasto", "orasul")
)
# The years whose clocks an election in the register is read by: where all zones of a country agree in them, it
# keeps one clock (Argentina's twelve zones have agreed since 2009).
ONE_CLOCK_YEARS = range(2015, 2031)
LONGEST_NAME = 60  # letters; a longer text is no name with a slip, and would be compared for long
DOMINANT = 10  # times as many inhabitants as its namesakes: that city is meant
NEAR_KM = 50  # from a city of a country: its shore, or a border that is drawn otherwise
NEAR_DEGREES = 0.5  # of latitude; no less than NEAR_KM anywhere
MOST_WORDS = 20  # of a text in which a name is looked for
SUGGESTED = 4  # countries offered for a name that is not known


class City(NamedTuple):
    """A city; latitude and longitude in degrees, the IANA zone it keeps, inhabitants, its first name folded."""

    latitude: float
    longitude: float
    zone: str
    inhabitants: int
    name: str


# --- countries ---


def find_countries(text: str) -> list[tuple[str, bool]]:
    """The countries that `text` may name: code of ISO 3166-1 and whether it is certain, the likeliest first.

    One certain one; or several and none certain, where a name is shared or only like known ones; empty if it is
    like none. Code and name count in any language, case, accents and punctuation aside.
    """
    if codes := known_countries(text):
        return [(code, len(codes) == 1) for code in codes]
    return [(code, False) for code in like_countries(text)]


def known_countries(text: str) -> tuple[str, ...]:
    """The codes of the countries of that very name, several where it is shared; quick, unlike `like_countries`."""
    folded = fold(text)
    names, bare = _countries_by_name(), _without_form(folded)
    # In capitals a code is a code; "Áo" is Austria in Vietnamese, AO is Angola.
    codes = _codes().get(text.strip(), ()) or names.get(folded, ()) or _codes().get(folded.upper(), ())
    if not codes and (found := names.get(bare, ())):
        return ALIKE_WITHOUT_FORM.get(found[0], found)
    return codes


@lru_cache(maxsize=5_000)
def like_countries(text: str) -> tuple[str, ...]:
    """The codes of countries whose names are like `text` or stand in it; takes some 20 ms."""
    folded = fold(text)
    words = (_without_form(folded) or folded).split()[:MOST_WORDS]
    bare, names = " ".join(words), _countries_by_name()
    found = difflib.get_close_matches(bare, names, n=12, cutoff=0.8) if 3 < len(bare) <= LONGEST_NAME else []
    # "Embassy in Cyprus": the name of a country within a longer text.
    for length in range(min(4, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            part = " ".join(words[start : start + length])
            if len(part) > 3 and part in names:
                found.append(part)
    return tuple(dict.fromkeys(code for name in found for code in names[name]))[:SUGGESTED]


def country_label(code: str) -> str:
    """The English name of a code, for suggestions; the code itself if it is not known."""
    return _english().get(code, code)


def _without_form(folded: str) -> str:
    return " ".join(word for word in folded.split() if word not in STATE_WORDS)


@cache
def _countries_by_name() -> dict[str, tuple[str, ...]]:
    """Codes by folded name; several where a name is shared."""
    names: dict[str, list[str]] = {}
    for codes, spellings in _lines(COUNTRY_NAMES):
        for name in spellings.split("|"):
            _add(names, name, (codes,))
    for row in [*read_countries(), INVENTED_COUNTRY]:
        for key in ("name_en", "name_az", "name_ru"):
            _add(names, fold(row[key]), (row["iso2"],))
    for codes, spellings in _lines(COUNTRY_ALIASES):
        for name in spellings.split("|"):
            # What people decided goes before what languages of few readers call it.
            names[fold(name)] = codes.split("|")
    return {name: tuple(codes) for name, codes in names.items()}


def _add(names: dict[str, list[str]], name: str, codes: Iterable[str]) -> None:
    known = names.setdefault(name, [])
    known += [code for code in codes if code not in known]


@cache
def _codes() -> dict[str, tuple[str, ...]]:
    return {
        row[key]: (row["iso2"],) for row in [*read_countries(), INVENTED_COUNTRY] for key in ("iso2", "iso3")
    }


@cache
def _english() -> dict[str, str]:
    return {row["iso2"]: row["name_en"] for row in [*read_countries(), INVENTED_COUNTRY]}


# --- cities and zones ---


def find_cities(country: str, name: str) -> list[City]:
    """The cities of that name in a country, the largest first; it alone where it is DOMINANT times the next one.

    A number after it ("Viena 2") and the word for city beside it ("г. Москва", "Bakı şəhəri") do not count.
    """
    cities, folded = _cities(country), fold(name)
    bare = " ".join(word for word in folded.split() if word not in CITY_WORDS and not word.isdigit())
    found = list(cities.get(folded) or cities.get(bare) or [])
    # Vaşinqton is the capital and not the town in Utah; Springfield may be any of three.
    dominant = len(found) > 1 and found[0].inhabitants >= DOMINANT * found[1].inhabitants
    return found[:1] if dominant else found


def zone_for(
    country: str, city: str = "", latitude: float | None = None, longitude: float | None = None
) -> tuple[str, ...]:
    """The time zones a station may keep, the likeliest first: one where it is certain.

    `country` is a code of ISO 3166-1, coordinates are in degrees. Several if neither city nor coordinates
    decide, or if they contradict each other; empty for a country without zones.
    """
    zones = [entry.name for entry in zones_of_country(country)]
    if len(zones) < 2 or _one_clock(tuple(zones)):
        return tuple(zones[:1])
    here = (latitude, longitude) if latitude is not None and longitude is not None else None
    if here is not None and (found := _zones_at(*here, zones)):
        return found
    named = _zones_named(country, city, here, zones) if city else ()
    return named or tuple(zones)


@lru_cache(maxsize=20_000)
def lies_in(country: str, latitude: float, longitude: float) -> bool:
    """Whether a position (degrees) lies in a country: its clocks are kept there, or a city of it is near.

    Also where nobody can tell, as of a country without zones.
    """
    zones = {entry.name for entry in zones_of_country(country)}
    if not zones:
        return True
    if abs(latitude) > 90 or abs(longitude) > 180:
        return False
    if not zones.isdisjoint(_clocks_at(latitude, longitude)):
        return True
    places = _places(country)
    south = bisect_left(places, (latitude - NEAR_DEGREES,))
    for other in islice(places, south, None):
        if other[0] > latitude + NEAR_DEGREES:
            return False
        if great_circle_km((latitude, longitude), other) <= NEAR_KM:
            return True
    return False


def _zones_named(
    country: str, city: str, here: tuple[float, float] | None, zones: list[str]
) -> tuple[str, ...]:
    known = propose_zone(country, city, *(here or (None, None)))
    if known.certain and known.zone:
        return (known.zone,)
    cities = find_cities(country, city)
    if here is not None:
        cities = [
            city for city in cities if great_circle_km(here, (city.latitude, city.longitude)) <= SAME_PLACE_KM
        ]
    found = tuple(dict.fromkeys(city.zone for city in cities if city.zone in zone_names()))
    return found[:1] if found and _one_clock(found) else found


def _zones_at(latitude: float, longitude: float, zones: list[str]) -> tuple[str, ...]:
    """Those of a country's zones whose clock is kept at a place; empty where another country's is."""
    there = [zone for zone in _clocks_at(latitude, longitude) if zone in zone_names()]
    found = [zone for zone in zones if zone in there] or [
        zone for zone in zones if any(_one_clock((zone, other)) for other in there)
    ]
    return tuple(found[:1] if found and _one_clock(tuple(found)) else found)


def _clocks_at(latitude: float, longitude: float) -> list[str]:
    from tzfpy import get_tzs  # 40 MB of borders, loaded by the first question that needs them

    found: list[str] = get_tzs(longitude, latitude)
    return found


@lru_cache(maxsize=1000)
def _one_clock(zones: tuple[str, ...]) -> bool:
    """Whether clocks of all zones show the same in ONE_CLOCK_YEARS."""
    middles = (datetime(year, month, 15, tzinfo=UTC) for year in ONE_CLOCK_YEARS for month in range(1, 13))
    return all(len({offset_at(middle, zone) for zone in zones}) == 1 for middle in middles)


@lru_cache(maxsize=300)
def _places(country: str) -> list[tuple[float, float]]:
    """Where the cities of a country are, from south to north: each position once, whatever the city's names."""
    return sorted(
        {(city.latitude, city.longitude) for namesakes in _cities(country).values() for city in namesakes}
    )


@lru_cache(maxsize=300)
def _cities(country: str) -> dict[str, list[City]]:
    cities: dict[str, list[City]] = {}
    only = zones_of_country(country)
    for line in _city_lines().get(country, ()):
        latitude, longitude, zone, inhabitants, spellings = line.split(",")
        names = spellings.split("|")
        city = City(
            float(latitude),
            float(longitude),
            zone or (only[0].name if only else ""),
            int(inhabitants),
            names[0],
        )
        for name in names:
            cities.setdefault(name, []).append(city)
    for code, line in _lines(CITY_ALIASES):
        known, _comma, spellings = line.partition(",")
        if code == country:
            cities |= {fold(spelling): cities[fold(known)] for spelling in spellings.split("|")}
    return cities


@cache
def _city_lines() -> dict[str, list[str]]:
    """The lines of cities by country, unread: an import names few of the world's countries."""
    by_country: dict[str, list[str]] = {}
    for country, line in _lines(CITIES):
        by_country.setdefault(country, []).append(line)
    return by_country


def _lines(name: str) -> Iterable[tuple[str, str]]:
    """The lines of a data file, parted after the first field; those that begin with # are remarks."""
    path = DATA / name
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for line in data.decode().splitlines():
        if not line.startswith("#"):
            first, _comma, rest = line.partition(",")
            yield first, rest
