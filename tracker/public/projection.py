"""Where a place lies on the two maps: degrees of latitude and longitude in, SVG user units out (y grows downwards).

Both maps are equal-area, so that no country looks more important than it is large. The outlines in
``static/map/land.svg`` are drawn with these same functions by ``fixtures/build/land.py``: after a change here, run it.
"""

from collections.abc import Hashable, Iterable, Iterator
from itertools import chain, count, islice
from math import asin, atan2, ceil, cos, degrees, hypot, radians, sin, sqrt, tau
from statistics import fmean
from typing import TypeVar

Point = tuple[float, float]
K = TypeVar("K", bound=Hashable)

# --- the world: Equal Earth ---
# B. Šavrič, T. Patterson, B. Jenny: The Equal Earth map projection. International Journal of Geographical
# Information Science 33 (2019, online 2018), 454-465, doi:10.1080/13658816.2018.1504949; formulas 1 to 3.

_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796

# The map is cut at 169° W, through the Bering Strait, so that Chukotka stays with Russia.
WORLD_CENTRAL_MERIDIAN = 11.0
# What is shown: all land but Antarctica, where nobody votes.
WORLD_NORTH, WORLD_SOUTH = 84.0, -58.0


def _equal_earth(latitude: float, longitude: float) -> Point:
    """Equal Earth on the unit sphere, y up; longitude counted from the central meridian, -180 to 180."""
    theta = asin(sqrt(3) / 2 * sin(radians(latitude)))
    squared = theta * theta
    sixth = squared**3
    x = 2 * sqrt(3) * radians(longitude) * cos(theta)
    x /= 3 * (9 * _A4 * squared * sixth + 7 * _A3 * sixth + 3 * _A2 * squared + _A1)
    y = theta * (_A1 + _A2 * squared + sixth * (_A3 + _A4 * squared))
    return x, y


_WORLD_WIDTH = 960
_WORLD_SCALE = _WORLD_WIDTH / 2 / _equal_earth(0, 180)[0]
_WORLD_TOP = _equal_earth(WORLD_NORTH, 0)[1]
WORLD_VIEWBOX = (0, 0, _WORLD_WIDTH, ceil(_WORLD_SCALE * (_WORLD_TOP - _equal_earth(WORLD_SOUTH, 0)[1])))


def world_xy(latitude: float, longitude: float) -> Point:
    """The place on the world map, in units of WORLD_VIEWBOX.

    Any longitude will do (190 is -170). Latitudes south of WORLD_SOUTH fall below the view.
    """
    return world_xy_unwrapped(latitude, (longitude - WORLD_CENTRAL_MERIDIAN + 180) % 360 - 180)


def world_xy_unwrapped(latitude: float, from_central_meridian: float) -> Point:
    """As ``world_xy``, but for -180 to 180 degrees east of the central meridian, both map edges included."""
    x, y = _equal_earth(latitude, from_central_meridian)
    return _WORLD_WIDTH / 2 + _WORLD_SCALE * x, _WORLD_SCALE * (_WORLD_TOP - y)


# --- the inset: Europe, the Caucasus, Central Asia and the Gulf, where stations crowd ---
# Lambert azimuthal equal-area, spherical. J. P. Snyder: Map projections, a working manual. U.S. Geological Survey
# Professional Paper 1395 (1987), formulas 22-4, 24-2 to 24-4 and inverse 20-14, 20-15, 24-16.

EUROPE_VIEWBOX = (0, 0, 960, 580)
# One unit is 6371 km / 840 = 7.6 km. From Lisbon to Almaty and Islamabad, from Helsinki to Abu Dhabi.
_EUROPE_SCALE = 840.0
_EUROPE_CENTRE = (46.0, 36.0)  # latitude, longitude
_EUROPE_CENTRE_XY = (506.0, 256.0)  # its place in the view


def europe_xy(latitude: float, longitude: float) -> Point | None:
    """The place on the inset, in units of EUROPE_VIEWBOX; None for a place outside of it."""
    x, y = europe_xy_unbounded(latitude, longitude)
    left, top, width, height = EUROPE_VIEWBOX
    return (x, y) if left <= x <= left + width and top <= y <= top + height else None


def europe_xy_unbounded(latitude: float, longitude: float) -> Point:
    """As ``europe_xy``, but beyond the view's edges too. ZeroDivisionError for 46° S 144° W, the antipode."""
    latitude, longitude = radians(latitude), radians(longitude - _EUROPE_CENTRE[1])
    centre = radians(_EUROPE_CENTRE[0])
    cos_distance = sin(centre) * sin(latitude) + cos(centre) * cos(latitude) * cos(longitude)
    k = _EUROPE_SCALE * sqrt(2 / (1 + cos_distance))
    x = k * cos(latitude) * sin(longitude)
    y = k * (cos(centre) * sin(latitude) - sin(centre) * cos(latitude) * cos(longitude))
    return _EUROPE_CENTRE_XY[0] + x, _EUROPE_CENTRE_XY[1] - y


def _europe_place(x: float, y: float) -> Point:
    """Latitude and longitude of a point of the inset: the inverse of ``europe_xy``."""
    x, y = (x - _EUROPE_CENTRE_XY[0]) / _EUROPE_SCALE, (_EUROPE_CENTRE_XY[1] - y) / _EUROPE_SCALE
    centre = radians(_EUROPE_CENTRE[0])
    rho = hypot(x, y)
    if rho == 0:
        return _EUROPE_CENTRE
    c = 2 * asin(rho / 2)
    latitude = asin(cos(c) * sin(centre) + y * sin(c) * cos(centre) / rho)
    longitude = atan2(x * sin(c), rho * cos(centre) * cos(c) - y * sin(centre) * sin(c))
    return degrees(latitude), degrees(longitude) + _EUROPE_CENTRE[1]


def _inset_outline(steps: int = 24) -> tuple[Point, ...]:
    """The frame of the inset on the world map: a ring with ``steps`` points on each side, to a tenth of a unit."""
    left, top, width, height = EUROPE_VIEWBOX
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    points = []
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        for step in range(steps):
            x, y = x1 + (x2 - x1) * step / steps, y1 + (y2 - y1) * step / steps
            world_x, world_y = world_xy(*_europe_place(x, y))
            points.append((round(world_x, 1), round(world_y, 1)))
    return tuple(points)


WORLD_INSET_OUTLINE = _inset_outline()


# --- marks that would cover each other ---

_ROUNDS = 60


def spread(points: Iterable[tuple[K, float, float]], distance: float) -> dict[K, Point]:
    """Places for marks, each near its point and no two closer than ``distance`` (all in one SVG's units).

    ``points`` are (key, x, y), each key once. The same points in the same order give the same places. A mark
    that touches no other stays where it is. Raises ValueError for a key given twice.
    """
    home: dict[K, Point] = {}
    for key, x, y in points:
        if key in home:
            raise ValueError(f"two points have the key {key!r}")
        home[key] = (x, y)
    places = _fan_out(home, distance)
    for _ in range(_ROUNDS):
        if not _push_apart(places, distance):
            return places
    return _set_out(home, places, distance)


def _fan_out(home: dict[K, Point], distance: float) -> dict[K, Point]:
    """The places, with marks on one and the same point (two stations in a house) laid closely around it."""
    sharing: dict[Point, list[K]] = {}
    for key, point in home.items():
        sharing.setdefault(point, []).append(key)
    places = dict(home)
    for (x, y), keys in sharing.items():
        spots = list(islice(_spots_around((x, y), distance * 1.001), len(keys)))
        # Their middle is to be the point: two stand left and right of it, three make a triangle.
        middle_x, middle_y = fmean(spot[0] for spot in spots), fmean(spot[1] for spot in spots)
        for key, spot in zip(keys, spots, strict=True):
            places[key] = (spot[0] - middle_x + x, spot[1] - middle_y + y)
    return places


def _push_apart(places: dict[K, Point], distance: float) -> bool:
    """Move each pair that is too close apart, both by the same way. False if there was none."""
    # From left to right, so that each mark meets only those that can touch it.
    order = sorted(places, key=lambda key: places[key][0])
    pushed = False
    for i, first in enumerate(order):
        for j in range(i + 1, len(order)):
            (x1, y1), (x2, y2) = places[first], places[order[j]]
            if x2 - x1 >= distance:
                break
            gap = hypot(x2 - x1, y2 - y1)
            if gap >= distance:
                continue
            angle = atan2(y2 - y1, x2 - x1)
            # A little more than half of what is missing: rounding must not leave them too close.
            way = (distance * 1.001 - gap) / 2
            places[first] = (x1 - way * cos(angle), y1 - way * sin(angle))
            places[order[j]] = (x2 + way * cos(angle), y2 + way * sin(angle))
            pushed = True
    return pushed


def _set_out(home: dict[K, Point], places: dict[K, Point], distance: float) -> dict[K, Point]:
    """The places, with each that is still too close to one before it moved to the nearest free spot."""
    settled: dict[K, Point] = {}
    for key, place in places.items():
        for spot in chain([place], _spots_around(home[key], distance)):
            if all(hypot(spot[0] - x, spot[1] - y) >= distance for x, y in settled.values()):
                settled[key] = spot
                break
    return settled


def _spots_around(centre: Point, distance: float) -> Iterator[Point]:
    """The centre, then spots on ever wider rings, none closer to another than ``distance``, without end."""
    yield centre
    for ring in count(1):
        radius, spots = ring * distance, ring * 6
        for spot in range(spots):
            angle = tau * spot / spots
            yield centre[0] + radius * cos(angle), centre[1] + radius * sin(angle)
