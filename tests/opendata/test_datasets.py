"""What goes out is what came in: declared columns against the files of the real election, and their own promises."""

import csv
from collections import Counter
from datetime import UTC, datetime

import pytest
from django.db import models

from tests.conftest import AZ2024
from tests.factories import (
    make_constituency,
    make_deployment,
    make_mission,
    make_organization,
    make_statement,
    make_station,
    make_visit,
    make_window,
)
from tracker.core.disclosure import readable_fields
from tracker.coverage.editions import refresh
from tracker.elections.models import Election
from tracker.ingest.layout import LAYOUTS
from tracker.opendata.columns import Asked, Dataset, Type, cell_text, json_value
from tracker.opendata.datasets import BY_NAME, DATASETS, OF_ELECTION

pytestmark = pytest.mark.django_db
# The notes of an election are withheld, so the file that goes out lacks them.
WITHHELD = {("elections.csv", "notes")}


def rows_of(dataset: Dataset, election: Election, language: str = "en") -> list[dict[str, object]]:
    asked = Asked(election, language)
    return [{c.name: c.value(row, asked) for c in dataset.columns} for row in dataset.walk(asked)]


def one_row(name: str, election: Election, language: str = "en") -> dict[str, object]:
    (row,) = rows_of(BY_NAME[name], election, language)
    return row


@pytest.mark.parametrize("dataset", [d for d in DATASETS if d.layout], ids=lambda d: d.name)
def test_the_files_of_the_real_election_come_out_as_they_went_in(dataset: Dataset, az2024: Election) -> None:
    with (AZ2024 / dataset.layout).open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    found = rows_of(dataset, az2024)
    columns = [name for name in written[0] if (dataset.layout, name) not in WITHHELD]
    if dataset.name == "engagements":
        # A file may call an organization by its acronym, and the register knows its name.
        columns.remove("organization")
    if dataset.name == "memberships":
        columns = ["mission_type", "role", "source_url", "source_date", "notes"]
    # Of pages that only some rows date, the date holds for all.
    columns = [name for name in columns if not name.endswith("source_date")]
    assert Counter(tuple(cell_text(row[name]) for name in columns) for row in found) == Counter(
        tuple(_same(dataset, name, row[name]) for name in columns) for row in written
    )


def _same(dataset: Dataset, name: str, cell: str) -> str:
    """A cell of the file in the one spelling that goes out: 41.9028 for 41.90280."""
    if dataset.column(name).type is Type.NUMBER and cell:
        return repr(float(cell)).removesuffix(".0")
    return cell


def test_every_column_of_our_own_layout_goes_out() -> None:
    layouts = {layout.name: layout for layout in LAYOUTS}
    checked = 0
    for dataset in DATASETS:
        if not dataset.layout:
            continue
        for column in layouts[dataset.layout].columns:
            if (dataset.layout, column.name) not in WITHHELD:
                assert column.name in dataset.names, (dataset.name, column.name)
                checked += 1
    assert checked > 90
    assert {d.layout for d in DATASETS if d.layout} == set(layouts)


def test_declarations_keep_their_promises(az2024: Election) -> None:
    """Names are words, once each; codes are those declared; what is required is there; values are of their type."""
    kinds = {
        Type.INTEGER: int, Type.BOOLEAN: bool, Type.LIST: list, Type.NUMBER: (int, float),
    }  # fmt: skip
    seen = 0
    for dataset in DATASETS:
        assert len(set(dataset.names)) == len(dataset.names)
        assert dataset.column(dataset.key).lookup, dataset.name
        for row in rows_of(dataset, az2024):
            for column in dataset.columns:
                value = json_value(row[column.name])
                assert str(column.description), column.name
                if value is None:
                    assert not column.required, (dataset.name, column.name)
                    continue
                seen += 1
                assert isinstance(value, kinds.get(column.type, str)), (dataset.name, column.name, value)
                if column.type is Type.CODE:
                    assert value in dict(column.codes), (dataset.name, column.name)
    assert seen > 5000


def test_columns_that_are_searched_are_the_publics_to_know(az2024: Election) -> None:
    """A filter on a withheld field would tell it, bit by bit."""
    checked = 0
    for dataset in DATASETS:
        rows = dataset.rows(Asked(az2024))
        if not isinstance(rows, models.QuerySet):
            continue
        for column in dataset.columns:
            model = rows.model
            *steps, name = (column.lookup or "pk").replace("_id", "").split("__")
            for step in steps:
                assert step in readable_fields(model), (dataset.name, column.lookup)
                model = model._meta.get_field(step).related_model
            assert name == "pk" or name in readable_fields(model), (dataset.name, column.lookup)
            checked += 1
    assert checked > 120


def test_drafts_stay_inside(az2024: Election) -> None:
    for dataset in OF_ELECTION:
        rows = dataset.rows(Asked(az2024))
        if isinstance(rows, models.QuerySet) and hasattr(rows.model, "publication"):
            before = rows.count()
            rows.model.objects.filter(pk=rows.order_by().first().pk).update(publication="draft")
            assert dataset.rows(Asked(az2024)).count() < before, dataset.name


def test_names_come_in_the_language_asked_for() -> None:
    station = make_station(country="DE")
    assert one_row("stations", station.election, "ru")["country"] == "Германия"
    assert one_row("stations", station.election, "az")["country"] == "Almaniya"
    assert one_row("stations", station.election)["country_iso2"] == "DE"


def test_hours_that_differ_by_day_stand_in_the_windows_alone() -> None:
    """No one opening is right for both days, so none is given."""
    station = make_station()
    make_window(station=station)
    row = one_row("stations", station.election)
    assert (row["opens_local"], row["closes_local"], row["votes_on"]) == ("08:00", "19:00", ["2024-02-07"])
    assert row["windows"] == ["2024-02-07T08:00:00+06:00/2024-02-07T19:00:00+06:00"]
    make_window(
        station=station,
        opens_at=datetime(2024, 2, 8, 3, tzinfo=UTC),
        closes_at=datetime(2024, 2, 8, 13, tzinfo=UTC),
    )
    row = one_row("stations", station.election)
    assert (row["opens_local"], row["closes_local"], row["votes_on"]) == (None, None, [])
    assert len(row["windows"]) == 2


def test_a_draft_constituency_does_not_show_on_its_station() -> None:
    district = make_constituency(publication="draft")
    station = make_station(election=district.election, constituency=district)
    assert one_row("stations", station.election)["constituency_number"] is None


def test_coverage_is_that_of_the_latest_edition() -> None:
    visit = make_visit(status="submitted")
    election = visit.station.election
    planned = make_deployment(station=make_station(election=election), mission=visit.mission)
    nobody = make_station(election=election)
    gone = make_station(election=election, status="cancelled")
    refresh(election)
    rows = {row["id"]: row for row in rows_of(BY_NAME["stations"], election)}
    states = {
        visit.station_id: "visited", planned.station_id: "planned_not_visited", nobody.pk: "no_plan",
        gone.pk: "not_counted",
    }  # fmt: skip
    assert {pk: row["coverage"] for pk, row in rows.items()} == states
    slug = visit.mission.organization.slug
    assert rows[visit.station_id]["visited_by"] == [slug]
    assert (rows[planned.station_id]["planned_by"], rows[planned.station_id]["visited_by"]) == ([slug], [])
    covered = {row["id"]: row for row in rows_of(BY_NAME["coverage"], election)}
    assert (covered["total"]["stations"], covered["total"]["visited"], covered["total"]["no_plan"]) == (
        3,
        1,
        1,
    )
    assert covered["total"]["edition"] == 1
    assert (
        covered[f"mission-{visit.mission_id}"]["stations"] is None
    )  # nobody says what a mission could visit


def test_without_field_work_no_station_is_called_a_gap() -> None:
    station = make_station()
    refresh(station.election)
    assert one_row("stations", station.election)["coverage"] is None


def test_organizations_are_those_of_the_election() -> None:
    mission = make_mission()
    make_statement(mission=mission)
    elsewhere = make_mission()
    only_spoke = make_organization()
    slugs = {row["slug"] for row in rows_of(BY_NAME["organizations"], mission.election)}
    assert slugs == {mission.organization.slug, only_spoke.slug}
    assert elsewhere.organization.slug not in slugs
