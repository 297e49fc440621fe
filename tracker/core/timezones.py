"""Time zones: which one a place keeps, and what its wall clock means in UTC.

Tables are read from the ``tzdata`` wheel, so that one release of the IANA rules decides everywhere. Which
rules ``zoneinfo`` uses is the settings' affair (``zoneinfo.reset_tzpath(to=[])`` keeps the system's out).

Words: *local* is what a clock on the station's wall shows, without a zone attached; *instant* is an aware
datetime.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

ZONE_CITIES = Path(__file__).parent / "data" / "zone_cities.csv"

# Names in tzdata's list that mean "this machine" or "not set", never a place.
NOT_A_PLACE = {"Factory", "localtime", "posixrules"}

# A place of the right name farther than this from the given coordinates is another place of that name
# (Petersburg in Indiana is not Petersburg in Virginia). A large city with its suburbs fits well inside.
SAME_PLACE_KM = 150.0

# The widest offsets in use are UTC-12 and UTC+14.
WIDEST_OFFSET = timedelta(hours=14)

MINUS = "\N{MINUS SIGN}"


# A station may close after midnight; a closing later in the morning is a slip, such as the two hours swapped.
LATEST_CLOSING_NEXT_DAY = time(6)

# Instants outside these years cannot be meant, and the last and first years of all overflow in some zone.
FIRST_INSTANT, END_OF_INSTANTS = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class NonexistentLocalTime(ValueError):
    """A wall time that a clock change skipped, such as 02:30 on the night when summer time begins."""


class ClosesBeforeOpening(ValueError):
    """A closing too early for its own day and too late for the next one, such as 19:00 to 08:00."""


class ZoneEntry(NamedTuple):
    """One time zone of a country; latitude and longitude (degrees) of the city that names the zone."""

    name: str
    latitude: float
    longitude: float
    comment: str


class Proposal(NamedTuple):
    """The zone to fill in for a station; ``certain`` is False when a person should look at it."""

    zone: str | None
    certain: bool
    reason: str
    candidates: list[str]


class _Place(NamedTuple):
    """A place whose zone is known: a zone's own city (zone.tab) or a large city (zone_cities.csv)."""

    names: frozenset[str]
    latitude: float
    longitude: float
    zone: str


# --- zones and countries ---


@cache
def zone_names() -> frozenset[str]:
    """All IANA names a station may have, older names (Europe/Kiev) included."""
    lines = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(lines) - NOT_A_PLACE


def zones_of_country(iso2: str) -> list[ZoneEntry]:
    """The zones of a country, that of its seat of government first, then in tzdata's (geographical) order.

    ``iso2`` is ISO 3166-1 alpha-2, in either case. Empty for an unknown code and for the two uninhabited
    territories without a zone (BV, HM).
    """
    iso2 = iso2.upper()
    entries = _zone_tab().get(iso2, [])
    cities = _zone_cities().get(iso2)
    if not cities:
        return list(entries)
    # tzdata lists Russia from Kaliningrad and Australia from Lord Howe Island: its first is no default.
    return sorted(entries, key=lambda entry: entry.name != cities[0].zone)


@lru_cache(maxsize=4096)
def clock_of_country(iso2: str, zone: str, day: date) -> bool:
    """Whether some clock of the country shows at noon UTC of `day` what `zone` does; True where it has no zones.

    Compared are clocks and not names, of which a zone may have several.
    """
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    clocks = {offset_at(noon, entry.name) for entry in zones_of_country(iso2)}
    return not clocks or offset_at(noon, zone) in clocks


def propose_zone(
    iso2: str, city: str = "", latitude: float | None = None, longitude: float | None = None
) -> Proposal:
    """Propose the time zone of a station from its country, city and coordinates (degrees).

    Certain: the country has one zone, or the city's name is known and its coordinates, if given, agree. Not
    certain: the nearest known place, or without coordinates the zone of the seat of government. ``zone`` is
    None when the country has none.
    """
    entries = zones_of_country(iso2)
    candidates = [entry.name for entry in entries]
    if not candidates:
        return Proposal(None, False, _("No time zone is known for this country."), [])
    if len(candidates) == 1:
        return Proposal(candidates[0], True, _("The country has one time zone."), candidates)

    places = _places(iso2.upper())
    here = (latitude, longitude) if latitude is not None and longitude is not None else None
    wanted = _fold(city)
    for place in places:
        if wanted and wanted in place.names and (here is None or _distance_km(here, place) <= SAME_PLACE_KM):
            return Proposal(place.zone, True, _("The city is known to keep this time zone."), candidates)
    if here is not None:
        nearest = min(places, key=lambda place: _distance_km(here, place))
        reason = _("The nearest known place, %(km)d km away, keeps this time zone; please check.")
        return Proposal(nearest.zone, False, reason % {"km": round(_distance_km(here, nearest))}, candidates)
    reason = _("The country has %(count)d time zones; this is that of its seat of government; please check.")
    return Proposal(candidates[0], False, reason % {"count": len(candidates)}, candidates)


@cache
def _zone_tab() -> dict[str, list[ZoneEntry]]:
    """tzdata's zone.tab by country. It names one country per row, as zone1970.tab does not."""
    zones: dict[str, list[ZoneEntry]] = {}
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        iso2, position, name, *comment = line.split("\t")
        latitude, longitude = _iso6709(position)
        zones.setdefault(iso2, []).append(ZoneEntry(name, latitude, longitude, comment[0] if comment else ""))
    return zones


@cache
def _zone_cities() -> dict[str, list[_Place]]:
    """Large cities by country, the seat of government first; "/" parts the spellings of one name."""
    cities: dict[str, list[_Place]] = {}
    with ZONE_CITIES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            names = frozenset(_fold(name) for name in row["city"].split("/"))
            place = _Place(names, float(row["latitude"]), float(row["longitude"]), row["zone"])
            cities.setdefault(row["country_iso2"], []).append(place)
    return cities


@lru_cache(maxsize=300)
def _places(iso2: str) -> tuple[_Place, ...]:
    """The places of a country whose zone is known: cities first, they win over regions of the same name."""
    zones = (
        _Place(frozenset(_names_in(entry)), entry.latitude, entry.longitude, entry.name)
        for entry in _zone_tab().get(iso2, [])
    )
    return (*_zone_cities().get(iso2, ()), *zones)


def _names_in(entry: ZoneEntry) -> Iterator[str]:
    """The city in a zone's name, and names that stand alone in its comment ("Qostanay/Kostanay/Kustanay")."""
    yield _fold(entry.name.rsplit("/", 1)[-1])
    for part in re.split(r" - |[/,;]", re.sub(r"\([^)]*\)", "", entry.comment)):
        if folded := _fold(part):
            yield folded


def _fold(name: str) -> str:
    """A name made comparable: no case, accents or punctuation; "_" in a zone's name is a blank like these."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(letters.split())


def _iso6709(position: str) -> tuple[float, float]:
    """Degrees of latitude and longitude from zone.tab's ±DDMM±DDDMM or ±DDMMSS±DDDMMSS."""
    match = re.fullmatch(r"([+-])(\d{2})(\d{2})(\d{2})?([+-])(\d{3})(\d{2})(\d{2})?", position)
    if match is None:
        raise ValueError(f"not a position: {position!r}")

    def degrees(sign: str, whole: str, minutes: str, seconds: str | None) -> float:
        value = int(whole) + int(minutes) / 60 + int(seconds or 0) / 3600
        return -value if sign == "-" else value

    parts = match.groups()
    return degrees(*parts[:4]), degrees(*parts[4:])


def _distance_km(here: tuple[float, float], place: _Place) -> float:
    return great_circle_km(here, (place.latitude, place.longitude))


def great_circle_km(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Great-circle distance of two places in degrees, in km (haversine formula, mean radius 6371 km)."""
    lat1, lon1, lat2, lon2 = map(radians, (*here, *there))
    h = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0 * asin(min(1.0, sqrt(h)))


# --- wall clock and UTC ---


def to_utc(local_date: date, local_time: time, zone: str) -> datetime:
    """The instant, in UTC, at which clocks in ``zone`` show this local date and time.

    A wall time that occurs twice (clocks set back) means its first occurrence. Raises NonexistentLocalTime
    for one that was skipped (clocks set forward), ValueError for an unknown zone or a zone in ``local_time``.
    """
    if local_time.tzinfo is not None:
        raise ValueError("local_time must not carry a time zone of its own")
    local = datetime.combine(local_date, local_time.replace(fold=0))
    instant = local.replace(tzinfo=_zone(zone)).astimezone(UTC)
    # Only a skipped wall time does not come back from UTC as itself.
    if to_local(instant, zone).replace(tzinfo=None) != local:
        raise NonexistentLocalTime(
            _("%(local)s does not exist in %(zone)s: the clocks were set forward over it.")
            % {"local": f"{local:%Y-%m-%d %H:%M}", "zone": zone}
        )
    return instant


@lru_cache(maxsize=4096)
def window_to_utc(local_date: date, opens: time, closes: time, zone: str) -> tuple[datetime, datetime]:
    """Opening and closing of a station as instants in UTC, from local times on ``local_date`` in ``zone``.

    Closing earlier than opening means the next day, until LATEST_CLOSING_NEXT_DAY; ClosesBeforeOpening after that.
    Raises ValueError when the two are equal, and as ``to_utc`` does.
    """
    if opens == closes:
        raise ValueError(
            _("Opening and closing time are both %(time)s; a station must close later than it opens.")
            % {"time": f"{opens:%H:%M}"}
        )
    if LATEST_CLOSING_NEXT_DAY < closes < opens:
        raise ClosesBeforeOpening(
            _(
                "The closing at %(closes)s is before the opening at %(opens)s. "
                "Only a closing until %(latest)s is taken to be on the next day."
            )
            % {
                "opens": f"{opens:%H:%M}",
                "closes": f"{closes:%H:%M}",
                "latest": f"{LATEST_CLOSING_NEXT_DAY:%H:%M}",
            }
        )
    closing_date = local_date if closes > opens else local_date + timedelta(days=1)
    return to_utc(local_date, opens, zone), to_utc(closing_date, closes, zone)


def to_local(instant: datetime, zone: str) -> datetime:
    """The same instant on the clocks of ``zone``, aware. Raises ValueError for a naive datetime."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(_zone(zone))


def offset_at(instant: datetime, zone: str) -> timedelta:
    """How far clocks in ``zone`` are ahead of UTC at this instant (negative: behind)."""
    return to_local(instant, zone).utcoffset() or timedelta(0)


def format_offset(offset: timedelta) -> str:
    """An offset from UTC for people: "UTC", "UTC+05:30", "UTC−08:00" with a true minus sign."""
    seconds = round(abs(offset).total_seconds())
    if seconds == 0:
        return "UTC"
    sign = "+" if offset > timedelta(0) else MINUS
    text = f"UTC{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}"
    # Only offsets of before standard time have seconds.
    return f"{text}:{seconds % 60:02}" if seconds % 60 else text


def format_hours(opens: datetime, closes: datetime) -> str:
    """Opening to closing as the two clocks show them, and the day of the closing where it is another one."""
    last = "%H:%M" if opens.date() == closes.date() else "%Y-%m-%d %H:%M"
    return f"{opens:%Y-%m-%d %H:%M}{'–' if last == '%H:%M' else ' – '}{closes:{last}}"


def parse_offset(text: str) -> timedelta:
    """An offset from text: "+04:00", "−0800", "UTC+5", "GMT+5:30", "UTC" or "Z"; else ValueError."""
    bare = re.sub(r"^(UTC|GMT)\s*", "", text.strip().upper().replace(MINUS, "-"))
    if bare == "Z" or (not bare and text.strip()):
        return timedelta(0)
    match = re.fullmatch(r"([+-])(\d{1,2})(?::?([0-5]\d))?", bare, flags=re.ASCII)
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0)) if match else None
    if match is None or offset is None or offset > WIDEST_OFFSET:
        raise ValueError(_("“%(text)s” is not an offset from UTC such as +04:00.") % {"text": text})
    return -offset if match[1] == "-" else offset


@cache
def _zone(name: str) -> ZoneInfo:
    """The rules of a zone; ValueError instead of zoneinfo's mixture of KeyError and ValueError."""
    if name not in zone_names():
        raise ValueError(_("“%(zone)s” is not a time zone of the IANA list.") % {"zone": name})
    return ZoneInfo(name)
