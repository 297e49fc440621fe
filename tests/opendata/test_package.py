"""The package is one that the ecosystem takes: checked by frictionless's own validator."""

import io
import json
import zipfile
from pathlib import Path

import frictionless
import pytest
from django.test import Client

from tests.factories import make_election, make_statement, make_station, make_visit
from tests.opendata.test_downloads import fetch
from tracker.coverage.editions import public_editions, refresh
from tracker.elections.models import Election
from tracker.opendata.datasets import DATASETS

pytestmark = pytest.mark.django_db


def package(client: Client, election: Election, language: str = "en") -> bytes:
    return fetch(client, f"/{language}/e/{election.slug}/data/package.zip")


def described(data: bytes) -> dict[str, object]:
    found: dict[str, object] = json.loads(zipfile.ZipFile(io.BytesIO(data)).read("datapackage.json"))
    return found


def problems(data: bytes, folder: Path) -> list[object]:
    zipfile.ZipFile(io.BytesIO(data)).extractall(folder)
    report = frictionless.Package(str(folder / "datapackage.json")).validate()
    return report.flatten(["title", "rowNumber", "fieldName", "message"])


def test_frictionless_finds_nothing_wrong(client: Client, az2024: Election, tmp_path: Path) -> None:
    make_statement(mission=az2024.missions.first())
    refresh(az2024)
    data = package(client, az2024)
    assert problems(data, tmp_path) == []
    found = described(data)
    assert found["name"] == "az-2024-president"
    assert [part["name"] for part in found["resources"]] == [dataset.name for dataset in DATASETS]
    edition = public_editions(az2024).first()
    assert found["edition"]["hash"] == edition.hash
    assert found["version"] == "1"
    assert found["licenses"][0]["name"] == "CC-BY-4.0"
    paths = {source["path"] for source in found["sources"]}
    assert len(paths) > 100
    assert az2024.source.url in paths


def test_the_validator_would_find_something(client: Client, tmp_path: Path) -> None:
    """What it says of a package in which a cell was changed: that its hash, and its type, are wrong."""
    station = make_station()
    refresh(station.election)
    data = package(client, station.election)
    zipfile.ZipFile(io.BytesIO(data)).extractall(tmp_path)
    file = tmp_path / "stations.csv"
    file.write_text(file.read_text().replace(f"\n{station.pk},", "\nmany,"))
    report = frictionless.Package(str(tmp_path / "datapackage.json")).validate()
    titles = {row[0] for row in report.flatten(["title"])}
    assert {"Type Error", "Hash Count Error"} <= titles


def test_one_with_field_work_is_right_too(client: Client, tmp_path: Path) -> None:
    visit = make_visit(status="submitted")
    refresh(visit.station.election)
    assert problems(package(client, visit.station.election), tmp_path) == []


def test_the_same_edition_is_the_same_bytes(client: Client) -> None:
    station = make_station(city="=1")
    refresh(station.election)
    data = package(client, station.election)
    assert data == package(client, station.election)
    assert package(client, station.election, "ru") != data
    station.city = "Riga"
    station.save()
    assert package(client, station.election) != data


def test_a_demonstration_says_so(client: Client) -> None:
    election = make_election(demonstration=True)
    assert str(described(package(client, election))["title"]).startswith("Demonstration:")
