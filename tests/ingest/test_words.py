"""Dates, hours, numbers and positions, as lists of authorities write them."""

import contextlib
import re
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tracker.core.languages import languages
from tracker.ingest.coordinates import read_coordinates, read_degrees
from tracker.ingest.problems import Unreadable
from tracker.ingest.words import (
    _months,
    read_clock,
    read_count,
    read_date,
    read_hours,
    read_moment,
    split_numbers,
)


@pytest.mark.parametrize(
    ("text", "language", "iso"),
    [
        ("2026. április 12.", "hu", "2026-04-12"),
        ("2026. április 12., 06:00 - 19:00", "hu", "2026-04-12"),
        ("2026. április 12-én, vasárnap", "hu", "2026-04-12"),
        ("7 fevral 2024", "az", "2024-02-07"),
        ("7 FEVRAL 2024-cü il", "az", "2024-02-07"),
        ("2024-cü il fevralın 7-si", "az", "2024-02-07"),
        ("7 февраля 2024 г.", "ru", "2024-02-07"),
        ("Среда, 7 февраля 2024 года", "ru", "2024-02-07"),
        ("12 aprilie 2026", "ro", "2026-04-12"),
        ("Duminică, 12 aprilie 2026", "", "2026-04-12"),
        ("7 lutego 2024 r.", "pl", "2024-02-07"),
        ("7 Şubat 2024", "tr", "2024-02-07"),
        ("14 MAYIS 2023", "tr", "2023-05-14"),
        ("February 7th, 2024", "", "2024-02-07"),
        ("7 de febrero de 2024", "es", "2024-02-07"),
        ("2026年4月12日", "", "2026-04-12"),
        ("2024-02-07", "", "2024-02-07"),
        ("2024-02-07 00:00:00", "", "2024-02-07"),
        ("07.02.2024", "", "2024-02-07"),
        ("7/2/2024", "ru", "2024-02-07"),
        ("13/02/2024", "", "2024-02-13"),
        ("02/13/2024", "", "2024-02-13"),
        ("2024/02/07", "", "2024-02-07"),
        ("12.04.2026 08:00–20:00", "", "2026-04-12"),
    ],
)
def test_a_date_in_words(text: str, language: str, iso: str) -> None:
    assert read_date(text, language) == iso


@pytest.mark.parametrize(
    ("text", "language", "what"),
    [
        ("03/04/2024", "", "day or the month first"),
        ("03/04/2024", "en", "day or the month first"),
        ("07.02.24", "", "four digits"),
        ("7 fevral", "az", "no year"),
        ("31.02.2024", "", "no day of the calendar"),
        # October in Croatian, November in Czech and Polish
        ("12. listopad 2024", "", "another one in another language"),
        ("soon", "", "no known word"),
        ("45329", "", "is not a date"),
        ("7 fevral 2024, 9 fevral 2024", "az", "is not a date"),
    ],
)
def test_what_is_no_plain_date_is_said(text: str, language: str, what: str) -> None:
    with pytest.raises(Unreadable, match=what):
        read_date(text, language)


def test_the_person_decides_which_comes_first() -> None:
    assert read_date("03/04/2024", "", True) == "2024-04-03"
    assert read_date("03/04/2024", "", False) == "2024-03-04"
    assert read_date("12. listopad 2024", "hr") == "2024-10-12"
    assert read_date("12. listopadu 2024", "cs") == "2024-11-12"
    named = dict(languages())
    assert [named[code] for code in ("az", "en", "hu", "ru", "tr")] == [
        "Azerbaijani – azərbaycan", "English", "Hungarian – magyar", "Russian – русский", "Turkish – Türkçe",
    ]  # fmt: skip
    assert set(named) == {code for code in _months() if code}


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("08:00–20:00", ("08:00", "20:00")),
        ("8-20", ("08:00", "20:00")),
        ("8.00 - 19.00", ("08:00", "19:00")),
        ("с 8:00 до 20:00", ("08:00", "20:00")),
        ("с 8-00 до 20-00", ("08:00", "20:00")),
        ("с 8⁰⁰ до 20⁰⁰ часов", ("08:00", "20:00")),
        ("saat 8.00-dan 19.00-dək", ("08:00", "19:00")),
        ("Saat 08:00-dan 19:00-a qədər", ("08:00", "19:00")),
        ("8 a.m. to 7 p.m.", ("08:00", "19:00")),
        ("8am-7:30pm", ("08:00", "19:30")),
        ("8 to 7 p.m.", ("08:00", "19:00")),
        ("între orele 7:00 și 21:00", ("07:00", "21:00")),
        ("od 7:00 do 21:00", ("07:00", "21:00")),
        ("6:00-tól 19:00-ig", ("06:00", "19:00")),
        ("8h00 - 18h00", ("08:00", "18:00")),
        ("8 bis 18 Uhr", ("08:00", "18:00")),
        ("7:00-24:00", ("07:00", "00:00")),
        ("2026. április 12., 06:00 - 19:00", ("06:00", "19:00")),
        ("12.04.2026 08:00–20:00", ("08:00", "20:00")),
    ],
)
def test_hours_in_words(text: str, hours: tuple[str, str]) -> None:
    assert read_hours(text) == hours


@pytest.mark.parametrize(
    "text",
    [
        "08:00",
        "25:00-26:00",
        "8:00-8:00",
        "8:00-12:00, 13:00-20:00",
        "1 to 5 pm",
        "8-20 tomorrow",
        "13 pm - 14 pm",
        "2024",
        "12.5",
        "12/04",
        "1,234",
        "8 20",
        "",
    ],
)
def test_what_is_not_two_times_is_said(text: str) -> None:
    with pytest.raises(Unreadable) as problem:
        read_hours(text)
    assert problem.value.mend


def test_moments_and_single_times() -> None:
    assert read_moment("2024-02-07T15:00+04:00") == "2024-02-07T15:00+04:00"
    assert read_moment("7 fevral 2024, saat 15:00", "az") == "2024-02-07T15:00"
    assert read_moment("07.02.2024 15:00:00") == "2024-02-07T15:00"
    assert read_moment("15:00, 7 февраля 2024 г.", "ru") == "2024-02-07T15:00"
    assert read_moment("2024-02-07 00:00:00") == "2024-02-07"
    assert read_moment("7 Feb 2024 3 pm UTC+4") == "2024-02-07T15:00+04:00"
    assert read_clock("8.00") == "08:00"
    assert read_clock("saat 19:30") == "19:30"
    with pytest.raises(Unreadable, match="time of day"):
        read_clock("morning")


@pytest.mark.parametrize(
    ("text", "language", "count"),
    [
        ("23000", "", "23000"),
        ("007", "", "7"),
        ("1 234", "", "1234"),
        ("1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567", "", "1234567"),
        ("1’234", "", "1234"),
        ("1.234.567", "", "1234567"),
        ("1.234", "az", "1234"),
        ("1,234", "en", "1234"),
    ],
)
def test_counts(text: str, language: str, count: str) -> None:
    assert read_count(text, language) == count


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("1.234", ""),
        ("1,234", ""),
        ("1.234", "en"),
        ("1,234", "az"),
        ("12.5", "az"),
        ("1 23", ""),
        ("about 100", ""),
    ],
)
def test_a_count_that_may_be_another_is_unreadable(text: str, language: str) -> None:
    with pytest.raises(Unreadable, match=r"fraction|whole number"):
        read_count(text, language)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Nr. 203, 204 și 205", ("203", "204", "205")),
        ("№203, 204 и 205", ("203", "204", "205")),
        ("203; 204", ("203", "204")),
        ("12A", ("12A",)),
        ("12/3, 12/4", ("12/3", "12/4")),
        ("nr 5 oraz 6", ("5", "6")),
        ("5. és 6. sz.", ("5", "6")),
        ("5 və 6 saylı", ("5", "6")),
        ("12-15", ("12-15",)),
        ("Station 5 North", ("Station 5 North",)),
        ("Åsgård skole", ("Åsgård skole",)),
        ("7, 7", ("7",)),
    ],
)
def test_several_stations_in_one_cell(text: str, numbers: tuple[str, ...]) -> None:
    assert split_numbers(text) == numbers


def test_ranges_only_where_they_are_wanted() -> None:
    assert split_numbers("Nr. 12 – 15, 20", ranges=True) == ("12", "13", "14", "15", "20")
    with pytest.raises(Unreadable, match="range"):
        split_numbers("15-12", ranges=True)
    with pytest.raises(Unreadable, match="range"):
        split_numbers("1-100000", ranges=True)


BAKU = ("40.4093", "49.8671")


@pytest.mark.parametrize(
    "text",
    [
        "40.4093, 49.8671",
        "40.4093 49.8671",
        "(40.4093; 49.8671)",
        "40,4093; 49,8671",
        "40,4093, 49,8671",
        "N40.4093 E49.8671",
        "49.8671E, 40.4093N",
        "40.4093° с.ш., 49.8671° в.д.",
        "40.4093° şm.e. 49.8671° ş.u.",
        "lat: 40.4093, lon: 49.8671",
        "POINT(49.8671 40.4093)",
        "SRID=4326;POINT (49.8671 40.4093)",
        "https://maps.example.org/maps/@40.4093,49.8671,15z",
    ],
)
def test_coordinates_in_any_usual_form(text: str) -> None:
    assert read_coordinates(text) == BAKU


def test_degrees_and_minutes() -> None:
    assert read_coordinates("40°24'33\"N 49°52'02\"E") == ("40.40917", "49.86722")
    assert read_coordinates("40°24′33″ N, 49°52′02″ E") == ("40.40917", "49.86722")
    assert read_coordinates("40 24 33 N, 49 52 02 E") == ("40.40917", "49.86722")
    assert read_coordinates("40° 24.55' S, 49° 52.03' W") == ("-40.40917", "-49.86717")
    assert read_degrees("40°24'33\"", "latitude") == "40.40917"
    assert read_degrees("49,8671", "longitude") == "49.8671"
    assert read_degrees("-70.50", "longitude") == "-70.5"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("100.5, 49.9", "where the latitude belongs"),
        ("95.0, 200.0", "not between -90 and 90"),
        ("40.4, 190.0", "not between -180 and 180"),
        ("40.4093", "not a pair"),
        ("near the park", "not a pair"),
        ("40°75'N 49°E", "60 or more"),
        ("-40.4N, 49.8E", "both a sign and a hemisphere"),
        ("40.4N, 49.8N", "no side of a longitude"),
        ("1, 2, 3", "not a pair"),
        ("", "not a pair"),
    ],
)
def test_positions_that_cannot_be_are_said(text: str, what: str) -> None:
    with pytest.raises(Unreadable, match=what):
        read_coordinates(text)


DAY, CLOCK, DEGREES = r"\d{4}-\d\d-\d\d", r"([01]\d|2[0-3]):[0-5]\d", r"-?\d{1,3}(\.\d{1,5})?"
# What is read, and what it looks like when our columns are to take it.
READERS: list[tuple[Callable[[str], object], str]] = [
    (read_date, DAY),
    (lambda text: "-".join(read_hours(text)), f"{CLOCK}-{CLOCK}"),
    (read_clock, CLOCK),
    (read_moment, rf"{DAY}(T{CLOCK}([+-]\d\d:\d\d)?)?"),
    (read_count, r"\d+"),
    (lambda text: ",".join(read_coordinates(text)), f"{DEGREES},{DEGREES}"),
    (lambda text: read_degrees(text, "latitude"), DEGREES),
    (lambda text: split_numbers(text) and "", ""),
    (lambda text: split_numbers(text, ranges=True) and "", ""),
]
# Letters, digits and signs that the readers look for, and any other character.
LETTERS = st.sampled_from(
    [*"0123456789 .,:;-–/'\"°NSEWnT+()@=№h", "am", "pm", "fevral", "нояб", "²", "٣", "Z", "POINT("]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(LETTERS | st.characters(), max_size=25).map("".join))
@example("7 fevral 99999999999999999999 2024")
@example("2024-02-07 15:00 +99:59")
@example("9" * 400)
@example("99:99-99:99")
@example("POINT(1.2.3 4)")
def test_no_text_breaks_a_reader_and_what_it_returns_is_canonical(text: str) -> None:
    for read, canonical in READERS:
        with contextlib.suppress(Unreadable):
            assert re.fullmatch(canonical, str(read(text)), re.ASCII)


def test_a_page_in_a_cell_is_not_searched() -> None:
    page = "a 1:00 " * 200_000
    for read, _canonical in READERS[:-2]:
        with pytest.raises(Unreadable):
            read(page)
    assert split_numbers(page) == (page.strip(),)
