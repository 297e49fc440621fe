"""Each known layout reads its sample through, and finds itself among the others."""

import csv
import pkgutil

import pytest

from tracker.ingest import profiles
from tracker.ingest.compiling import Mapped, compile_mapping
from tracker.ingest.mapping import KINDS, Mapping
from tracker.ingest.problems import Unreadable
from tracker.ingest.profiles import FOLDER, Profile, all_profiles, find_profile

SOURCE = "https://example.org/list"
GIVEN = {"source_url": SOURCE, "country_iso2": "AZ"}
ANSWERS = {("zone", "demoville", "XD"): "Asia/Baku"}
BY_NAME = {profile.name: profile for profile in all_profiles()}


def sample(profile: Profile) -> tuple[list[str], list[list[str]]]:
    with (FOLDER / profile.sample).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, [[cell.strip() for cell in row] for row in rows]


def read_through(profile: Profile) -> list[Mapped]:
    header, rows = sample(profile)
    given = {name: GIVEN[name] for name in profile.given}
    read = compile_mapping(profile.mapping_for(header), header, given=given)
    return [read(number, cells, ANSWERS) for number, cells in enumerate(rows, start=2)]


@pytest.mark.parametrize("profile", all_profiles(), ids=lambda profile: profile.sample)
def test_the_sample_of_a_layout_is_found_and_read_into_cells_that_our_columns_take(profile: Profile) -> None:
    header, rows = sample(profile)
    assert find_profile(header, rows) is profile
    results = read_through(profile)
    assert results
    for result in results:
        assert (result.problems, result.questions) == ([], [])
        for row in result.rows:
            for column in KINDS[profile.mapping.kind].columns:
                assert row[column.name] or not column.required, column.name
                if row[column.name]:
                    try:
                        column.parse(row[column.name])
                    except Unreadable as error:
                        pytest.fail(f"{column.name}: {row[column.name]} {error}")


def test_every_module_of_the_package_is_a_layout() -> None:
    modules = {module.name for module in pkgutil.iter_modules(profiles.__path__)}
    assert modules == {"apollo_locations", "apollo_participants", "own", "plain_list", "vote_monitor"}
    samples = {path.name for path in FOLDER.glob("*.csv")}
    assert samples == {profile.sample for profile in all_profiles()}
    assert len(BY_NAME) == len(all_profiles())


def test_profiles_are_data() -> None:
    for profile in all_profiles():
        assert Mapping.from_json(profile.mapping.to_json()) == profile.mapping


def test_vote_monitor_abroad_and_at_home_are_told_apart_by_content() -> None:
    abroad = [result.rows[0] for result in read_through(BY_NAME["Vote Monitor: polling stations abroad"])]
    assert [(row["number"], row["country_iso2"], row["city"], row["iana_timezone"]) for row in abroad] == [
        ("39", "IT", "Rome", "Europe/Rome"),
        ("47", "KZ", "Almaty", "Asia/Almaty"),
        ("", "KR", "Seoul", "Asia/Seoul"),
        ("", "US", "Los Angeles", "America/Los_Angeles"),
    ]
    assert {row["setting"] for row in abroad} == {"abroad"}
    home = [result.rows[0] for result in read_through(BY_NAME["Vote Monitor: polling stations in a country"])]
    assert [(row["constituency_name"], row["city"], row["country_iso2"], row["setting"]) for row in home] == [
        ("Yasamal first", "Baku", "AZ", "domestic")
    ] * 2


def test_a_plain_list_is_enough_for_the_map() -> None:
    (rome,), (aktau,), (dubai,) = (
        result.rows for result in read_through(BY_NAME["A list with country, city"])
    )
    assert (rome["latitude"], rome["longitude"], rome["coordinate_precision"]) == (
        "41.8919",
        "12.5113",
        "city",
    )
    assert (aktau["iana_timezone"], dubai["country_iso2"]) == ("Asia/Aqtau", "AE")
    several = read_through(BY_NAME["A list with country, city, number"])[0].rows
    assert [row["number"] for row in several] == ["42", "43"]


def test_an_unknown_header_has_no_profile() -> None:
    assert find_profile(["Ország", "Város"]) is None
    assert find_profile(["Country", "City", "Something else"]) is None


def test_columns_that_only_some_files_have_are_not_lost() -> None:
    own = BY_NAME["polling_stations_abroad.csv"]
    header, rows = sample(own)
    assert own.mapping_for(header) is own.mapping
    longer = [*header, "votes_on", "status"]
    found = find_profile(longer, [])
    assert found is own
    read = compile_mapping(own.mapping_for(longer), longer)
    row = read(2, [*rows[0], "2024-02-07", "cancelled"], {}).rows[0]
    assert (row["votes_on"], row["status"], row["setting"]) == ("2024-02-07", "cancelled", "")

    abroad = BY_NAME["Vote Monitor: polling stations abroad"]
    header, rows = sample(abroad)
    longer = [*header, "Latitude", "Longitude"]
    row = compile_mapping(abroad.mapping_for(longer), longer)(2, [*rows[0], "41.90280", "12,4964"], {}).rows[
        0
    ]
    assert (row["latitude"], row["longitude"], row["coordinate_precision"]) == (
        "41.9028",
        "12.4964",
        "building",
    )
