"""Files for people: they open, nothing in them runs, and what was taken out goes in again as it was."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import AZ2024
from tests.factories import make_election, make_mission, make_organization, make_source, make_station
from tracker.core.identity import Identity, acting
from tracker.core.spreadsheets import quoted, unquoted
from tracker.coverage.editions import refresh
from tracker.database_roles import PUBLIC
from tracker.elections.models import Election
from tracker.ingest.layout import LAYOUTS
from tracker.opendata.datasets import DATASETS

FORMULAS = ["=1+1", "=cmd|' /C calc'!A0", "+A1", "-A1", "@SUM(1)", "\tx", "\r=1", "'=1", "''=1", "＝1+1", "-"]
PLAIN = ["-5", "+36", "+36 1 234 5678", "+04:00", "Riga", "'s-Hertogenbosch", "''", "'", "", "-5.2", "1=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_looks_like_a_formula_is_quoted(text: str) -> None:
    assert quoted(text) == f"'{text}"
    assert unquoted(quoted(text)) == text


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert quoted(text) == text
    assert unquoted(text) == text


@given(st.text(alphabet="'=+-@\t\r\n１＝a1 :.", max_size=6))
@settings(database=None, deadline=None)
def test_every_text_comes_back(text: str) -> None:
    assert unquoted(quoted(text)) == text
    assert not quoted(text).startswith(("=", "@", "\t", "\r"))


def address(election: Election, file: str, language: str = "en") -> str:
    return f"/{language}/e/{election.slug}/data/{file}"


def fetch(client: Client, path: str) -> bytes:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return b"".join(answer.streaming_content)  # type: ignore[arg-type]


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


@pytest.mark.django_db
def test_every_dataset_is_a_file(client: Client, az2024: Election) -> None:
    refresh(az2024)
    for dataset in DATASETS:
        rows = rows_of(fetch(client, address(az2024, f"{dataset.name}.csv")))
        assert rows or dataset.name in ("memberships", "statements"), dataset.name
        assert not rows or list(rows[0]) == dataset.names
        book = zipfile.ZipFile(io.BytesIO(fetch(client, address(az2024, f"{dataset.name}.xlsx"))))
        assert book.testzip() is None
    assert len(rows_of(fetch(client, address(az2024, "stations.csv")))) == 49


@pytest.mark.django_db
def test_headers_of_a_file(client: Client) -> None:
    station = make_station()
    refresh(station.election)
    for form, kind in (
        ("csv", "text/csv"),
        ("geojson", "application/geo+json"),
        ("xlsx", "application/vnd.open"),
    ):
        answer = client.get(address(station.election, f"stations.{form}"))
        assert answer["Content-Type"].startswith(kind)
        name = f'filename="{station.election.slug}-stations.{form}"'
        assert answer["Content-Disposition"] == f"attachment; {name}"
        assert (answer["Access-Control-Allow-Origin"], "public" in answer["Cache-Control"]) == ("*", True)
        assert not answer.cookies
        again = client.get(answer.request["PATH_INFO"], headers={"If-None-Match": answer["ETag"]})
        assert again.status_code == 304
    for path in ("nothing.csv", "missions.geojson", "stations.pdf"):
        assert client.get(address(station.election, path)).status_code == 404
    hidden = make_election(publication="draft")
    assert client.get(address(hidden, "stations.csv")).status_code == 404


@pytest.mark.django_db
def test_nothing_in_a_file_runs(client: Client) -> None:
    station = make_station(
        city="=HYPERLINK(1)", host_mission="@x", latitude=-5, longitude=-7, coordinate_precision="city"
    )
    (row,) = rows_of(fetch(client, address(station.election, "stations.csv")))
    assert (row["city"], row["host_mission"]) == ("'=HYPERLINK(1)", "'@x")
    assert (row["latitude"], row["longitude"]) == ("-5", "-7")
    book = zipfile.ZipFile(io.BytesIO(fetch(client, address(station.election, "stations.xlsx"))))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<t>=HYPERLINK(1)</t>" in sheet  # a text, as it is
    assert "<v>-5</v>" in sheet


@pytest.mark.django_db
def test_the_same_rows_are_the_same_bytes(client: Client) -> None:
    station = make_station()
    for form in ("csv", "xlsx", "geojson"):
        path = address(station.election, f"stations.{form}")
        assert fetch(client, path) == fetch(client, path), form


@pytest.mark.django_db
def test_a_map_has_every_station(client: Client) -> None:
    """One whose place is not known is there without a place: a map that leaves it out would hide it."""
    station = make_station(latitude=51.16, longitude=71.47, coordinate_precision="city", country="KZ")
    make_station(election=station.election)
    found = json.loads(fetch(client, address(station.election, "stations.geojson", "ru")))
    assert found["type"] == "FeatureCollection"
    known, unknown = found["features"]
    assert known["geometry"] == {"type": "Point", "coordinates": [71.47, 51.16]}
    assert (known["id"], known["properties"]["country"]) == (station.pk, "Казахстан")
    assert unknown["geometry"] is None


@pytest.mark.django_db
def test_rows_beyond_the_end_of_a_sheet_go_on_in_another(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.opendata.tables.SHEET_ROWS", 2)
    election = make_election()
    for number in range(5):
        make_station(election=election, city=f"City{number}")
    book = zipfile.ZipFile(io.BytesIO(fetch(client, address(election, "stations.xlsx"))))
    sheets = [book.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2, 3)]
    assert [[f"City{n}" in sheet for n in range(5)].index(True) for sheet in sheets] == [0, 2, 4]


@pytest.mark.django_db
def test_rows_are_read_as_the_public(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after the view: nothing is sent in the name of a login that could see more."""
    seen: list[str] = []
    dataset = next(d for d in DATASETS if d.name == "stations")
    walk = type(dataset).walk

    def watched(self: Any, asked: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user::text")
            seen.append(cursor.fetchone()[0])
        return walk(self, asked)

    monkeypatch.setattr(type(dataset), "walk", watched)
    station = make_station()
    for form in ("csv", "geojson", "xlsx"):
        fetch(client, address(station.election, f"stations.{form}"))
    assert seen == [PUBLIC] * 3
    with acting(Identity()), connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text")
        assert cursor.fetchone()[0] != PUBLIC  # and the connection is given back as it was


@pytest.mark.django_db
def test_out_and_in_and_out_is_the_same(client: Client, az2024: Election, tmp_path: Path) -> None:
    """The files that go out, cut to the columns of our own layout, are loaded again: nothing changes, not a byte."""
    source = make_source()
    organization = make_organization(name="=SUM(A1)", acronym="+A1", source=source)
    mission = make_mission(election=az2024, organization=organization, source=source)
    refresh(az2024)
    before = {d.name: fetch(client, address(az2024, f"{d.name}.csv")) for d in DATASETS}
    _write_folder(tmp_path, before)
    call_command("load_election", str(tmp_path), stdout=io.StringIO())
    after = {d.name: fetch(client, address(az2024, f"{d.name}.csv")) for d in DATASETS}
    assert after == before
    assert b"'=SUM(A1)" in after["organizations"]
    mission.organization.refresh_from_db()
    assert mission.organization.name == "=SUM(A1)"


def _write_folder(folder: Path, files: dict[str, bytes]) -> None:
    layouts = {layout.name: [column.name for column in layout.columns] for layout in LAYOUTS}
    for dataset in DATASETS:
        if not dataset.layout:
            continue
        rows = rows_of(files[dataset.name])
        if dataset.name == "elections":
            with (AZ2024 / dataset.layout).open(encoding="utf-8", newline="") as file:
                rows = [
                    row | {"notes": old["notes"]} for row, old in zip(rows, csv.DictReader(file), strict=True)
                ]
        with (folder / dataset.layout).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, layouts[dataset.layout], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
