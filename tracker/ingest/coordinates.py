"""Positions as lists write them: decimal degrees, degrees with minutes, hemispheres in words, WKT, links to maps."""

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

from tracker.ingest.columns import plain
from tracker.ingest.problems import Unreadable

NO_PAIR = "is not a pair of coordinates."
MEND = "Write latitude and longitude as in 40.4093, 49.8671."
LONGEST_TEXT = 1000  # letters, a link to a map included
LIMITS = {"latitude": 90, "longitude": 180}
PLACES = Decimal("0.00001")  # of degrees, about a metre

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("ºο˚", "°"),
        **dict.fromkeys("′’‘´`ʹ", "'"),
        **dict.fromkeys("″”“„ʺ", '"'),
        **dict.fromkeys("−–—", "-"),
        "\N{NO-BREAK SPACE}": " ",
    }
)
# Hemispheres in words, longer ones first. English letters stand for themselves.
_HEMISPHERES = [
    (re.compile(pattern, re.IGNORECASE), letter)
    for pattern, letter in (
        (r"с\.?\s*ш\.?|северной широты|north|nord|şimal(?:\s+en\w*)?|şm\.?\s*e\.?|şim\.\s*en\.?|kuzey", "N"),
        (r"ю\.?\s*ш\.?|южной широты|south|sud|cənub(?:\s+en\w*)?|c\.?\s*e\.|güney", "S"),
        (r"в\.?\s*д\.?|восточной долготы|east|est|şərq(?:\s+uz\w*)?|ş\.?\s*u\.?|doğu", "E"),
        (r"з\.?\s*д\.?|западной долготы|west|ouest|qərb(?:\s+uz\w*)?|q\.?\s*u\.?|batı", "W"),
    )
]
_WORDS = re.compile(
    r"\b(?:lat|latitude|lon|lng|long|longitude|широта|долгота|enlik|uzunluq)\b\.?\s*[:=]?", re.IGNORECASE
)
# Bounded, as what tries to be three numbers at once is tried in every way to be cut into three.
_NUMBER = r"\d{1,9}(?:\.\d{1,30})?"
_ONE = re.compile(
    rf"([NSEW])?\s*(-?)\s*({_NUMBER})\s*(?:°|deg\b)?\s*(?:({_NUMBER})\s*')?\s*(?:({_NUMBER})\s*(?:\"|''))?\s*([NSEW])?",
)
# Degrees, minutes and seconds without signs count only where a hemisphere says what they are: 40 24 33 N.
_BARE = re.compile(rf"(\d+)[\s:-](\d+)[\s:-]({_NUMBER})\s*([NSEW])")
_WKT = re.compile(r"(?:SRID=4326;)?\s*POINT\s*Z?\s*\(\s*(-?[\d.]+)\s+(-?[\d.]+)[\s\d.-]*\)", re.IGNORECASE)
_LINK = re.compile(r"https?://.*?(?:[@=/]|ll=|q=)(-?\d{1,2}\.\d+)(?:,|%2C)\s*(-?\d{1,3}\.\d+)", re.IGNORECASE)


class _Angle(NamedTuple):
    degrees: Decimal
    hemisphere: str


@lru_cache(maxsize=1000)
def read_coordinates(text: str) -> tuple[str, str]:
    """Latitude and longitude, as degrees in text with at most five places.

    Without hemispheres the latitude is first. Raises Unreadable if they are out of range, swapped, or not two.
    """
    if len(text) > LONGEST_TEXT:
        raise Unreadable(NO_PAIR, MEND)
    if point := _WKT.fullmatch(text.strip()):
        latitude, longitude = _Angle(_decimal(point[2]), ""), _Angle(_decimal(point[1]), "")
    elif link := _LINK.match(text.strip()):
        latitude, longitude = _Angle(_decimal(link[1]), ""), _Angle(_decimal(link[2]), "")
    else:
        angles = _angles(text)
        if len(angles) != 2:
            raise Unreadable(NO_PAIR, MEND)
        latitude, longitude = angles
        if latitude.hemisphere in ("E", "W") and longitude.hemisphere not in ("E", "W"):
            latitude, longitude = longitude, latitude
    if abs(latitude.degrees) > LIMITS["latitude"] >= abs(longitude.degrees):
        raise Unreadable("has a longitude where the latitude belongs.", "Swap the two: latitude first.")
    return _checked(latitude, "latitude"), _checked(longitude, "longitude")


def read_degrees(text: str, axis: str) -> str:
    """One coordinate, `axis` "latitude" or "longitude", as degrees in text, also from a cell that holds both.

    Raises Unreadable.
    """
    if len(angles := _angles(text)) == 1:
        return _checked(angles[0], axis)
    try:
        return read_coordinates(text)[axis == "longitude"]
    except Unreadable as error:
        if error.what != NO_PAIR:
            raise
        raise Unreadable("is not a number of degrees.", "Write it as in 49.8671.") from None


# The latitude of a cell is asked for, and then its longitude.
@lru_cache(maxsize=1000)
def _angles(text: str) -> list[_Angle]:
    """The angles of a text that holds nothing else; none if it does."""
    if len(text) > LONGEST_TEXT:
        return []
    text = _WORDS.sub(" ", text.translate(_SIGNS))
    for words, letter in _HEMISPHERES:
        text = words.sub(letter, text)
    text = text.upper().replace("DEG", "°").strip(" ()[]")
    if "." not in text:
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)  # a decimal comma: 40,4093; 49,8671
    if bare := _BARE.findall(text):
        return [_angle("", degrees, minutes, seconds, side) for degrees, minutes, seconds, side in bare]
    angles: list[_Angle] = []
    place = 0
    while place < len(text):
        found = _ONE.match(text, place)
        if not found:
            return []
        before, sign, degrees, minutes, seconds, after = found.groups()
        # The letter between two angles belongs to the one it stands beside: N40 E49, 40N 49E.
        if before and after:
            after, end = "", found.start(6)
        else:
            end = found.end()
        angles.append(_angle(sign, degrees, minutes, seconds, before or after or ""))
        separator = re.compile(r"[\s,;/|]*").match(text, end)
        place = separator.end() if separator else end
    return angles


def _angle(sign: str, degrees: str, minutes: str | None, seconds: str | None, hemisphere: str) -> _Angle:
    parts = [Decimal(part or 0) for part in (degrees, minutes, seconds)]
    if any(part >= 60 for part in parts[1:]):
        raise Unreadable("has minutes or seconds of 60 or more.", MEND)
    value = parts[0] + parts[1] / 60 + parts[2] / 3600
    if sign and hemisphere:
        raise Unreadable("has both a sign and a hemisphere.", "Keep one of the two.")
    return _Angle(-value if sign or hemisphere in ("S", "W") else value, hemisphere)


def _checked(angle: _Angle, axis: str) -> str:
    sides = "NS" if axis == "latitude" else "EW"
    if angle.hemisphere and angle.hemisphere not in sides:
        raise Unreadable(f"names {angle.hemisphere}, which is no side of a {axis}.", MEND)
    if abs(angle.degrees) > LIMITS[axis]:
        limit = LIMITS[axis]
        raise Unreadable(
            f"has a {axis} that is not between -{limit} and {limit} degrees.", "Check sign and point."
        )
    return plain(angle.degrees.quantize(PLACES, ROUND_HALF_UP))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        raise Unreadable(NO_PAIR, MEND) from None
