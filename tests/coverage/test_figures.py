"""What the register counts, and how announced figures are set beside it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from tests.factories import (
    make_election,
    make_figure,
    make_membership,
    make_mission,
    make_organization,
    make_station,
    make_window,
)
from tracker.core.models import Publication
from tracker.coverage.announced import compare, figure_panels
from tracker.coverage.figures import KeyFigures, Recorded, compute, key_figures
from tracker.elections.models import AnnouncedFigure

pytestmark = pytest.mark.django_db


def test_only_published_stations_that_are_not_cancelled_count() -> None:
    election = make_election()
    make_station(election=election, country="TR")
    make_station(election=election, country="TR", number="")
    make_station(election=election, country="DE", status="cancelled")
    make_station(election=election, country="FR", publication=Publication.DRAFT)
    make_station(election=election, country="AZ", setting="domestic")
    make_station(country="IT")  # of another election
    figures = compute(election)
    assert (figures.stations, figures.stations_abroad, figures.countries_abroad) == (3, 2, 1)
    assert [(row.country.iso2, row.stations) for row in figures.by_country] == [("TR", 2)]


def test_registered_voters_stay_unknown_where_nothing_is_known() -> None:
    election = make_election()
    make_station(election=election, country="UA", registered_voters=600)
    make_station(election=election, country="UA")
    make_station(election=election, country="FR")
    voters = compute(election).recorded["voters_abroad"]
    assert set(voters) == {"", "UA"}
    assert (voters[""].value, voters[""].known, voters[""].of) == (600, 1, 3)
    assert voters["UA"].partial


def test_first_and_last_station_come_from_the_clock() -> None:
    from datetime import UTC, datetime

    election = make_election()
    make_window(station=make_station(election=election, city="Astana"))
    for city in ("Seoul", "Tokyo"):
        make_window(
            station=make_station(election=election, city=city, number=""),
            opens_at=datetime(2024, 2, 6, 23, tzinfo=UTC),
            closes_at=datetime(2024, 2, 7, 10, tzinfo=UTC),
        )
    recorded = compute(election).recorded
    assert recorded["first_station_to_open"][""].place == "Seoul, Tokyo"
    assert recorded["last_station_to_close"][""].place == "Astana"


def test_organizations_count_once_and_a_joint_mission_by_its_members() -> None:
    election = make_election()
    make_station(election=election)
    odihr, pa = make_organization(), make_organization()
    make_mission(election=election, organization=odihr, type="long_term_eom")
    joint = make_mission(election=election, type="joint")
    make_membership(mission=joint, organization=odihr)
    make_membership(mission=joint, organization=pa)
    make_mission(election=election, status="not_invited")
    make_mission(election=election, type="ngo_domestic")
    assert compute(election).recorded["observer_organizations"][""].value == 2


def test_missions_by_status_keep_zero_rows() -> None:
    election = make_election()
    make_mission(election=election, status="not_invited")
    by_status = compute(election).missions_by_status
    assert by_status["not_invited"] == 1
    assert by_status["observed"] == 0


def test_counting_does_not_rest_on_the_server_s_statistics() -> None:
    """Without statistics a nested loop over all visits looks cheap; counting forbids it, and only while it counts."""
    make_station(election=(election := make_election()))
    seen: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        if "fieldwork_visit" in sql:
            with connection.cursor() as cursor:
                cursor.execute("SHOW enable_nestloop")
                seen.append(cursor.fetchone()[0])
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        compute(election)
    assert len(seen) > 5
    assert set(seen) == {"off"}
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_nestloop")
        assert cursor.fetchone() == ("on",)


@pytest.mark.parametrize(
    ("announced", "recorded", "expected"),
    [
        ({"value": 49}, Recorded("", value=49), ("The same as recorded.", "equal")),
        ({"value": 40}, Recorded("", value=37), ("3 more than recorded.", "differs")),
        ({"value": 36}, Recorded("", value=37), ("1 fewer than recorded.", "differs")),
        (
            {"value": 49, "qualifier": "over"},
            Recorded("", value=49),
            ("Exactly this is recorded.", "differs"),
        ),
        ({"value": 40, "qualifier": "over"}, Recorded("", value=49), ("Agrees: more are recorded.", "equal")),
        ({"value": 50, "qualifier": "over"}, Recorded("", value=49), ("1 more than recorded.", "differs")),
        (
            {"value": 50, "qualifier": "nearly"},
            Recorded("", value=49),
            ("Agrees: fewer are recorded.", "equal"),
        ),
        ({"value": 40, "qualifier": "nearly"}, Recorded("", value=49), ("9 fewer than recorded.", "differs")),
        ({"value": 49, "qualifier": "about"}, Recorded("", value=49), ("The same as recorded.", "equal")),
        ({"value": 50, "qualifier": "about"}, Recorded("", value=49), ("1 more than recorded.", "")),
        ({"value": 280, "qualifier": "requested"}, Recorded("", value=49), ("", "")),
        (
            {"value": 72},
            Recorded("", value=31, incomplete=True),
            ("Not comparable: the register names only those found in a source.", ""),
        ),
        (
            {"value": 23000, "qualifier": "over", "unit": "voters"},
            Recorded("", value=700, known=2, of=49),
            ("Not comparable: the register knows 2 of 49 stations.", ""),
        ),
        ({"value": 49}, None, ("", "")),
    ],
)
def test_compare(announced: dict, recorded: Recorded | None, expected: tuple[str, str]) -> None:
    figure = AnnouncedFigure(**{"unit": "stations", "qualifier": "exact"} | announced)
    if figure.value is not None:
        figure.value = Decimal(figure.value)
    assert compare(figure, recorded) == expected


def test_figures_of_earlier_dates_say_so_where_nothing_is_recorded() -> None:
    election = make_election()
    for day, value in ((5, 72), (6, 790), (None, 400)):
        make_figure(
            election=election, metric="international_observers", unit="persons", value=value,
            announced_on=day and date(2024, 2, day), as_of_date=None,
        )  # fmt: skip
    [panel] = figure_panels(election, compute(election))
    outcomes = {int(row.figure.value): row.outcome for block in panel.blocks for row in block.figures}
    # What has no date is not called earlier.
    assert outcomes == {72: "An earlier figure.", 790: "", 400: ""}


def test_rivals_stand_in_one_block_and_earlier_figures_are_not_judged() -> None:
    election = make_election()
    make_station(election=election)
    for value, day, group in ((72, 5, ""), (790, 6, "rivals"), (760, 7, "rivals")):
        make_figure(
            election=election,
            value=value,
            as_of_date=date(2024, 2, day),
            announced_on=None,
            conflict_group=group,
        )
    (panel,) = figure_panels(election, compute(election))
    blocks = {block.rivals: [int(c.figure.value) for c in block.figures] for block in panel.blocks}
    assert blocks == {True: [790, 760], False: [72]}
    outcomes = {int(c.figure.value): c.outcome for block in panel.blocks for c in block.figures}
    # 72 of the fifth was not wrong in its day; the rivals speak of the latest.
    assert outcomes == {
        72: "An earlier figure, not compared.",
        790: "789 more than recorded.",
        760: "759 more than recorded.",
    }


def test_key_figures_are_those_of_the_dashboard_in_two_queries(django_assert_num_queries: Any) -> None:
    full, empty = make_election(), make_election()
    for city in ("Ankara", "Kars"):
        make_station(election=full, country="TR", city=city)
    make_station(election=full, country="DE", status="cancelled")
    make_mission(election=full)
    with django_assert_num_queries(2):
        figures = key_figures([full, empty])
    counted = compute(full)
    assert figures[full.pk] == KeyFigures(counted.stations_abroad, counted.countries_abroad, counted.missions)
    assert figures[full.pk] == KeyFigures(2, 1, 1)
    assert figures[empty.pk] == KeyFigures()
