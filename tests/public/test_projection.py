"""The two map projections, the land they are drawn on, and marks that are kept apart."""

import csv
import itertools
import re
from math import hypot, pi, radians, sin
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tracker.public import projection
from tracker.public.projection import (
    EUROPE_VIEWBOX,
    WORLD_INSET_OUTLINE,
    WORLD_VIEWBOX,
    europe_xy,
    spread,
    world_xy,
)

ROOT = Path(__file__).parents[2]
LAND = ROOT / "static" / "map" / "land.svg"
STATIONS = ROOT / "fixtures" / "az2024" / "polling_stations_abroad.csv"

LONDON, TOKYO, WELLINGTON, HONOLULU = (51.51, -0.13), (35.68, 139.69), (-41.29, 174.78), (21.31, -157.86)


def stations() -> list[dict[str, str]]:
    with STATIONS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def position(row: dict[str, str]) -> tuple[float, float]:
    return float(row["latitude"]), float(row["longitude"])


def shoelace(ring: list[tuple[float, float]]) -> float:
    following = [*ring[1:], ring[0]]
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, following, strict=True))) / 2


def cell_area(project, south: float, west: float, size: float = 10.0) -> float:
    """Area on the map of a cell of ``size`` degrees each way, for each unit of its true area on the sphere."""
    steps = [size * i / 40 for i in range(40)]
    ring = [project(south, west + s) for s in steps]
    ring += [project(south + s, west + size) for s in steps]
    ring += [project(south + size, west + size - s) for s in steps]
    ring += [project(south + size - s, west) for s in steps]
    true_area = radians(size) * (sin(radians(south + size)) - sin(radians(south)))
    return shoelace(ring) / true_area


# --- the world ---


@pytest.mark.parametrize(
    ("latitude", "longitude", "x", "y"),
    # PROJ's own test values for +proj=eqearth +ellps=WGS84 (test/gie/builtins.gie), in metres, over the
    # radius 6371007.18 m of the sphere of equal area.
    [
        (0, 180, 17243959.06, 0),
        (0, -180, -17243959.06, 0),
        (90, 0, 0, 8392927.6),
        (-90, 180, 10216474.79, -8392927.6),
    ],
)
def test_equal_earth_agrees_with_proj(latitude, longitude, x, y):
    expected = (x / 6371007.18, y / 6371007.18)
    assert projection._equal_earth(latitude, longitude) == pytest.approx(expected, abs=1e-6)


def test_world_fills_its_view():
    left, top, width, height = WORLD_VIEWBOX
    assert (left, top, width) == (0, 0, 960)
    assert world_xy(0, 11) == pytest.approx((480, projection._WORLD_SCALE * projection._WORLD_TOP))
    assert projection.world_xy_unwrapped(0, -180)[0] == pytest.approx(0)
    assert projection.world_xy_unwrapped(0, 180)[0] == pytest.approx(960)
    assert world_xy(84, 11)[1] == pytest.approx(0)
    assert height - 1 < world_xy(-58, 11)[1] <= height


def test_world_is_symmetric():
    for latitude, off in itertools.product((0, 30, 60, 80), (0, 45, 90, 179)):
        east, west = world_xy(latitude, 11 + off), world_xy(latitude, 11 - off)
        assert east[0] - 480 == pytest.approx(480 - west[0])
        assert east[1] == pytest.approx(west[1])
    equator = world_xy(0, 0)[1]
    assert world_xy(-40, 0)[1] - equator == pytest.approx(equator - world_xy(40, 0)[1])


def test_east_is_right_and_north_is_up():
    assert world_xy(*HONOLULU)[0] < world_xy(*LONDON)[0] < world_xy(*TOKYO)[0] < world_xy(*WELLINGTON)[0]
    assert world_xy(*LONDON)[1] < world_xy(*TOKYO)[1] < world_xy(*HONOLULU)[1] < world_xy(*WELLINGTON)[1]


def test_world_takes_any_longitude():
    assert world_xy(10, 190) == pytest.approx(world_xy(10, -170))
    assert world_xy(10, -349) == pytest.approx(world_xy(10, 11))
    # Both sides of 180° lie side by side: the map is cut at 169° W.
    assert world_xy(66, -179.9)[0] - world_xy(66, 179.9)[0] == pytest.approx(0.4, abs=0.2)
    assert world_xy(66, -168.9)[0] < 480 < world_xy(66, -169.1)[0]


def test_world_is_equal_area():
    scale = projection._WORLD_SCALE**2
    for south, west in itertools.product(range(-80, 80, 10), (-160, -30, 0, 100)):
        assert cell_area(world_xy, south, west) == pytest.approx(scale, rel=0.005)


# --- the inset ---


def test_centre_of_the_inset():
    assert europe_xy(46, 36) == pytest.approx((506, 256))
    # 10 degrees due north and south: a chord of 2 sin(5°) on a sphere of 840 units.
    assert europe_xy(56, 36) == pytest.approx((506, 256 - 1680 * sin(pi / 36)))
    assert europe_xy(36, 36) == pytest.approx((506, 256 + 1680 * sin(pi / 36)))


def test_inset_is_equal_area():
    for south, west in itertools.product((25, 35, 45, 55), (-10, 10, 30, 50, 70)):
        area = cell_area(projection.europe_xy_unbounded, south, west)
        assert area == pytest.approx(840**2, rel=0.005)


@pytest.mark.parametrize(
    "place", [TOKYO, WELLINGTON, HONOLULU, (64.1, -21.9), (5.6, -0.2), (28.6, 77.2), (-46, 10)]
)
def test_places_outside_the_inset_have_no_place_in_it(place):
    assert europe_xy(*place) is None


def test_inverse_of_the_inset():
    for place in ((46.0, 36.0), (38.7, -9.1), (43.2, 76.9), (24.5, 54.4), (60.2, 24.9)):
        assert projection._europe_place(*europe_xy(*place)) == pytest.approx(place)


def test_frame_of_the_inset_on_the_world_map():
    assert len(WORLD_INSET_OUTLINE) == 96
    left, top, width, height = WORLD_VIEWBOX
    assert all(left < x < width and top < y < height for x, y in WORLD_INSET_OUTLINE)
    for row in stations():
        inside = _contains([list(WORLD_INSET_OUTLINE)], *world_xy(*position(row)))
        assert inside == (europe_xy(*position(row)) is not None), row["city"]


# --- the stations of the real election ---


def test_stations_on_the_inset_are_all_but_the_four_far_ones():
    outside = {row["city"] for row in stations() if europe_xy(*position(row)) is None}
    assert outside == {"Seoul", "Beijing", "Washington", "Los Angeles"}


def test_stations_lie_on_the_expected_side():
    rows = stations()
    assert len(rows) == 49
    _, _, width, height = EUROPE_VIEWBOX
    for row in rows:
        latitude, longitude = position(row)
        x, y = world_xy(latitude, longitude)
        assert (x > 480) == (longitude > 11), row["city"]
        assert y < world_xy(0, 0)[1], row["city"]
        if place := europe_xy(latitude, longitude):
            # Room for a mark at every edge.
            assert 12 < place[0] < width - 12, row["city"]
            assert 12 < place[1] < height - 12, row["city"]
            # Far enough apart for the slant of the meridians not to matter.
            if abs(longitude - 36) > 10:
                assert (place[0] > 506) == (longitude > 36), row["city"]


# --- the land ---


def _rings(name: str) -> tuple[str, list[list[tuple[float, float]]]]:
    """The view box and the outlines of one map, read from the committed SVG."""
    root = ElementTree.parse(LAND).getroot()  # noqa: S314 - a file of our own
    symbol = root.find(f"{{*}}symbol[@id='{name}']")
    path = symbol.find("{*}path")
    assert path.get("fill-rule") == "evenodd"
    assert path.get("transform") == "scale(0.1)"
    rings = []
    for piece in path.get("d").removesuffix("z").split("z"):
        assert piece.startswith("M")
        numbers = [int(number) for number in re.findall(r"-?\d+", piece)]
        x = y = 0
        ring = []
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            ring.append((x / 10, y / 10))
        rings.append(ring)
    return symbol.get("viewBox"), rings


def _contains(rings: list[list[tuple[float, float]]], x: float, y: float) -> bool:
    inside = False
    for ring in rings:
        for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
                inside = not inside
    return inside


@pytest.mark.parametrize(
    ("name", "project", "view_box", "largest"),
    [("world", world_xy, WORLD_VIEWBOX, 32_000), ("europe", europe_xy, EUROPE_VIEWBOX, 28_000)],
)
def test_land_is_drawn_in_the_projection_of_the_stations(name, project, view_box, largest):
    svg_view_box, rings = _rings(name)
    assert svg_view_box == " ".join(map(str, view_box))
    assert sum(len(ring) for ring in rings) * 6 < largest
    for row in stations():
        if place := project(*position(row)):
            x, y = place
            # Harbours may stand a little off a coast that was drawn with fewer points.
            near = min(hypot(x - px, y - py) for ring in rings for px, py in ring)
            assert _contains(rings, x, y) or near < 4, row["city"]


@pytest.mark.parametrize(
    ("place", "land"),
    [
        ((42, 51), False),  # the Caspian, a hole in the land
        ((43, 35), False),  # the Black Sea
        ((56, -30), False),
        ((75, 100), True),  # Taimyr
        ((85, 0), False),  # stripes over the Arctic would cross here
        ((82, 150), False),
        ((52.5, -1.5), True),  # Britain
        ((36, 138.5), True),  # Japan
        ((-43.5, 171.5), True),  # New Zealand
        ((66.5, -172), True),  # Chukotka, east of 180°
        ((67, 178), True),  # Chukotka, west of 180°
        ((64, -155), True),  # Alaska
        ((65, -19), True),  # Iceland
        ((-50, 0), False),
    ],
)
def test_land_and_water_of_the_world(place, land):
    assert _contains(_rings("world")[1], *world_xy(*place)) is land


@pytest.mark.parametrize(
    ("place", "land"),
    [((42, 51), False), ((43, 35), False), ((40.4, 49.6), True), ((45.3, 34.3), True), ((51.7, -1), True),
     ((35.1, 33.2), True), ((35, 18), False), ((26.5, 52), False), ((58, 20), False)],
)  # fmt: skip
def test_land_and_water_of_the_inset(place, land):
    assert _contains(_rings("europe")[1], *europe_xy(*place)) is land


def test_no_line_runs_across_the_map():
    for name in ("world", "europe"):
        _, rings = _rings(name)
        _, _, width, height = WORLD_VIEWBOX if name == "world" else EUROPE_VIEWBOX
        for ring in rings:
            for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
                # Only the cut outside the view may be long.
                outside = (
                    max(x1, x2) <= 0 or min(x1, x2) >= width or max(y1, y2) <= 0 or min(y1, y2) >= height
                )
                assert outside or hypot(x2 - x1, y2 - y1) < 60, (name, x1, y1, x2, y2)


def test_land_takes_its_colour_from_outside_and_is_small():
    svg = LAND.read_text(encoding="utf-8")
    assert not re.search(r'\b(fill|stroke|style|class)="', svg)
    world, europe = (len(text) for text in re.findall(r"<symbol.*?</symbol>", svg, flags=re.DOTALL))
    assert world < 32_000
    assert europe < 28_000


# --- marks kept apart ---


def closest(places: dict[int, tuple[float, float]]) -> float:
    return min(hypot(x1 - x2, y1 - y2) for (x1, y1), (x2, y2) in itertools.combinations(places.values(), 2))


def world_points() -> list[tuple[int, float, float]]:
    return [(i, *world_xy(*position(row))) for i, row in enumerate(stations())]


@pytest.mark.parametrize("distance", [4, 8, 12])
def test_spread_keeps_the_distance_and_stays_near(distance):
    points = world_points()
    places = spread(points, distance)
    assert list(places) == [key for key, _, _ in points]
    assert closest(places) >= distance
    assert max(hypot(places[key][0] - x, places[key][1] - y) for key, x, y in points) < distance


def test_spread_is_the_same_every_time():
    assert spread(world_points(), 10) == spread(iter(world_points()), 10)


def test_spread_leaves_marks_with_room_alone():
    places = spread([("a", 0, 0), ("b", 10, 0), ("c", 50, 50), ("d", 51, 50)], 10)
    assert (places["a"], places["b"]) == ((0, 0), (10, 0))


def test_spread_moves_both_marks_of_a_pair_alike():
    places = spread([("a", 0, 0), ("b", 4, 0)], 10)
    assert places["a"] == pytest.approx((-3, 0), abs=0.01)
    assert places["b"] == pytest.approx((7, 0), abs=0.01)


@pytest.mark.parametrize("count", [2, 3, 30, 200])
def test_spread_of_marks_in_one_spot(count):
    places = spread([(i, 100.0, 100.0) for i in range(count)], 8)
    assert len(places) == count
    assert closest(places) >= 8
    # Packed as closely as discs can be, they fill a circle of 0.525 times that.
    assert max(hypot(x - 100, y - 100) for x, y in places.values()) < 0.6 * 8 * count**0.5


def test_spread_of_two_and_three_in_one_spot_leaves_it_in_the_middle():
    assert list(spread([("a", 5, 5), ("b", 5, 5)], 8).values()) == [
        pytest.approx((0.996, 5)),
        pytest.approx((9.004, 5)),
    ]
    three = spread([("a", 5, 5), ("b", 5, 5), ("c", 5, 5)], 8).values()
    assert {round(hypot(x - 5, y - 5), 2) for x, y in three} == {round(8.008 / 3**0.5, 2)}


def test_spread_of_a_crowd_that_cannot_be_pushed_apart_in_time():
    points = [(i, 100 + (i * 7 % 20) / 20, 100 + (i * 13 % 23) / 23) for i in range(150)]
    places = spread(points, 8)
    assert closest(places) >= 8
    assert max(hypot(x - 100, y - 100) for x, y in places.values()) < 0.8 * 8 * 150**0.5


def test_spread_of_nothing_and_of_a_key_given_twice():
    assert spread([], 8) == {}
    with pytest.raises(ValueError, match="'a'"):
        spread([("a", 0, 0), ("a", 9, 9)], 8)
