"""What is wrong with a folder is said all at once, with file, row and remedy, and nothing is changed."""

from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from tests import factories
from tests.ingest import folders
from tests.ingest.folders import drop_row, rewrite, row_of, write_cell
from tracker.ingest.columns import day, partial_day
from tracker.ingest.layout import LAYOUTS
from tracker.ingest.loading import load_folder
from tracker.ingest.problems import ProblemsFound
from tracker.missions.models import Membership, Organization
from tracker.stations.models import PollingStation

pytestmark = pytest.mark.django_db


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(ProblemsFound) as found:
        load_folder(folder=folder)
    return [str(problem) for problem in found.value.problems]


def rows_of_all_tables() -> dict[str, int]:
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


def run(folder: Path) -> tuple[int | str | None, list[str]]:
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as exit_:
        call_command("load_election", str(folder), stdout=out, stderr=err)
    assert out.getvalue() == ""
    return exit_.value.code, err.getvalue().splitlines()


@pytest.mark.parametrize("loaded_before", [False, True])
def test_four_faults_are_named_in_one_run_and_nothing_changes(folder: Path, loaded_before: bool) -> None:
    if loaded_before:
        load_folder(folder=folders.AZ2024)
    astana = row_of(folder, folders.STATIONS, city="Astana")
    aktau = row_of(folder, folders.STATIONS, city="Aktau")
    write_cell(folder, folders.STATIONS, 3, "iana_timezone", "Asia/Soul")
    write_cell(folder, folders.STATIONS, aktau, "number", "41")
    write_cell(folder, folders.MISSIONS, 5, "source_url", "")
    write_cell(folder, folders.STATIONS, 7, "country_iso2", "XK")
    before = rows_of_all_tables()
    code, lines = run(folder)
    assert code == 1
    assert lines == [
        'polling_stations_abroad.csv, row 3, iana_timezone: "Asia/Soul" is not a time zone of the IANA list. '
        "Write a name such as Asia/Seoul.",
        f'polling_stations_abroad.csv, row {aktau}, number: "41" is already the number of row {astana} '
        "in constituency 15. Correct one of the two.",
        'polling_stations_abroad.csv, row 7, country_iso2: "XK" is not a country code of ISO 3166-1. '
        "Write two capital letters such as KZ.",
        "missions.csv, row 5, source_url: is empty. Every row names the page it comes from.",
        "4 problems; nothing was changed.",
    ]
    assert rows_of_all_tables() == before


CELLS = [
    # elections
    (folders.ELECTIONS, 2, "slug", "az 2024", "is not a word for an address. Use letters a to z, digits and hyphens."),
    (folders.ELECTIONS, 2, "slug", "", "is empty. This cell must be filled in."),
    (folders.ELECTIONS, 2, "kind", "president", "is not a known code. Did you mean presidential?"),
    (folders.ELECTIONS, 2, "call", "early", "is not a known code. "
     "Write one of regular, extraordinary, repeat, by_election."),
    (folders.ELECTIONS, 2, "country_iso2", "az", "is not a country code of ISO 3166-1. Did you mean AZ?"),
    (folders.ELECTIONS, 2, "country_iso2", "AZE", "is not a country code of ISO 3166-1. Did you mean AZ?"),
    (folders.ELECTIONS, 2, "country_iso2", "Azerbaijan", "is not a country code of ISO 3166-1. Did you mean AZ?"),
    (folders.ELECTIONS, 2, "round", "0", "is not the number of a round. Write 1 for the first round."),
    (folders.ELECTIONS, 2, "ends_on", "2024-02-06", "is before the first voting day, 2024-02-07. "
     "Correct one of the two dates."),
    (folders.ELECTIONS, 2, "starts_on", "07.02.2024", "is not a date. Write year, month and day as in 2024-02-07."),
    (folders.ELECTIONS, 2, "starts_on", "2024-02-30", "is not a date. Write year, month and day as in 2024-02-07."),
    (folders.ELECTIONS, 2, "ends_on", "2024-03-10", "is more than 31 days after the first voting day, 2024-02-07. "
     "Correct one of the two dates."),
    (folders.ELECTIONS, 2, "ends_on", "2199-12-31", "is more than 31 days after the first voting day, 2024-02-07. "
     "Correct one of the two dates."),
    # stations
    (folders.STATIONS, 4, "iana_timezone", "Asia/Astna", "is not a time zone of the IANA list. "
     "Write a name such as Asia/Almaty."),
    (folders.STATIONS, 4, "iana_timezone", "Europe/Rome", "keeps UTC+01:00 on 2024-02-07, and no clock in KZ does. "
     "Check country and zone; zones of KZ are Asia/Almaty, Asia/Qyzylorda, Asia/Qostanay, Asia/Aqtobe, Asia/Aqtau."),
    (folders.STATIONS, 2, "closes_local", "08:00", "is also the opening time. A station closes later than it opens."),
    (folders.STATIONS, 2, "closes_local", "07:00", "is before the opening at 08:00. "
     "Only a closing until 06:00 is taken to be on the next day."),
    (folders.STATIONS, 2, "closes_local", "", "is empty, but opens_local is given. Give both hours, or neither."),
    (folders.STATIONS, 2, "opens_local", "8:00", "is not a time of day. Write hours and minutes as in 08:00 or 19:30."),
    (folders.STATIONS, 2, "opens_local", "24:00", "is not a time of day. "
     "Write hours and minutes as in 08:00 or 19:30."),
    (folders.STATIONS, 2, "latitude", "90.5", "is out of range: between -90 and 90 degrees. "
     "Check sign and decimal point."),
    (folders.STATIONS, 2, "longitude", "-180.1", "is out of range: between -180 and 180 degrees. "
     "Check sign and decimal point."),
    (folders.STATIONS, 2, "latitude", "41,9", "is not a number of degrees. "
     "Write it as in 49.8671, with at most five places."),
    (folders.STATIONS, 2, "longitude", "", "is empty, but latitude and coordinate_precision are given. "
     "Give latitude, longitude and coordinate_precision together, or none of them."),
    (folders.STATIONS, 2, "coordinate_precision", "town", "is not a known code. Write one of city, building."),
    (folders.STATIONS, 2, "city_basis", "guessed", "is not a known code. "
     "Write one of listed, other_source, wikidata, capital_inferred."),
    (folders.STATIONS, 2, "host_mission_basis", "sources", "is not a known code. Did you mean source?"),
    (folders.STATIONS, 2, "setting", "foreign", "is not a known code. Write one of domestic, abroad, special."),
    (folders.STATIONS, 2, "status", "canceled", "is not a known code. Did you mean cancelled?"),
    (folders.STATIONS, 2, "city", "", "is empty. This cell must be filled in."),
    (folders.STATIONS, 2, "city", "R" * 81, "has 81 characters, 80 are the most. Shorten it."),
    (folders.STATIONS, 2, "city", "Ro\x00me", "holds control characters. Take them out."),
    (folders.STATIONS, 2, "number_source_url", "", "is empty, but number is given. Name the page it comes from."),
    (folders.STATIONS, 2, "source_url", "ftp://example.org/list", "is not a web address. "
     "Write it in full, beginning with https:// or http://."),
    (folders.STATIONS, 2, "source_url", "www.example.org", "is not a web address. "
     "Write it in full, beginning with https:// or http://."),
    (folders.STATIONS, 2, "number_source_date", "February 2024", "is not a date. "
     "Write 2024-02-07, or 2024-02 where the day is not known."),
    (folders.STATIONS, 2, "constituency_number", "", "is empty"),
    # organizations
    (folders.ORGANIZATIONS, 2, "kind", "NGO", "is not a known code. Did you mean ngo?"),
    (folders.ORGANIZATIONS, 2, "website_basis", "seen", "is not a known code. "
     "Write one of seen_in_source, not_checked."),
    (folders.ORGANIZATIONS, 2, "website_basis", "", "does not fit the website. "
     "Give both website and website_basis, or neither."),
    # missions
    (folders.MISSIONS, 2, "mission_type", "EOM", "is not a known code. Did you mean leom?"),
    (folders.MISSIONS, 2, "status", "observe", "is not a known code. Did you mean observed?"),
    (folders.MISSIONS, 2, "observers_total", "-5", "is negative. "
     "Write a whole number, or leave the cell empty if it is not known."),
    (folders.MISSIONS, 2, "observers_total", "25.5", "is not a whole number. "
     "Write digits only, as in 23000, or leave it empty."),
    (folders.MISSIONS, 2, "observers_total", "99999999999", "is not a whole number. "
     "Write digits only, as in 23000, or leave it empty."),
    (folders.MISSIONS, 2, "observers_total", "9" * 5000, "is not a whole number. "
     "Write digits only, as in 23000, or leave it empty."),
    (folders.MISSIONS, 2, "departure_date", "2023-12-01", "is before the arrival, 2023-12-29. "
     "Correct one of the two dates."),
    (folders.MISSIONS, 2, "acronym", "ODIR", "is not the acronym of "
     "OSCE Office for Democratic Institutions and Human Rights. Write it as in the organizations."),
    # memberships
    (folders.MEMBERSHIPS, 2, "role", "lead", "is not a known code. Write one of partner, participant."),
    (folders.MEMBERSHIPS, 2, "mission", "IEOMM", "is not a known organization. Did you mean IEOM?"),
    (folders.MEMBERSHIPS, 2, "mission_type", "leom", "is not a mission of "
     "International Election Observation Mission of ODIHR and OSCE PA. Its missions are of type joint."),
    (folders.MEMBERSHIPS, 2, "organization", "IEOM", "leads this mission. A member is another organization."),
    (folders.MEMBERSHIPS, 3, "organization", "ODIHR", "is already a member in row 2. Keep one of the two."),
    # engagements
    (folders.ENGAGEMENTS, 2, "kind", "meting", "is not a known code. Did you mean meeting?"),
    (folders.ENGAGEMENTS, 2, "date_precision", "month", "is not a known code. Write one of day, range."),
    (folders.ENGAGEMENTS, 2, "date_precision", "", "is empty. This cell must be filled in."),
    (folders.ENGAGEMENTS, 2, "date", "", "is empty, but the precision is day. Give the date, or write range."),
    (folders.ENGAGEMENTS, 39, "date", "2024-02-06", "is given, but the precision is range. "
     "Write day, or leave the date empty."),
    (folders.ENGAGEMENTS, 2, "organization", "ODIHR; Red Crescent", "names “Red Crescent”, "
     "which is not a known organization. Add it to observer_organizations.csv."),
    # milestones
    (folders.MILESTONES, 2, "kind", "law", "is not a known code. Write one of legal, preparation, candidates, "
     "voters, abroad, observation, campaign, voting, results."),
    (folders.MILESTONES, 2, "basis", "planned", "is not a known code. "
     "Write one of calendar_plan, reported, derived."),
    (folders.MILESTONES, 4, "end_date", "2023-12-01", "is before the first day, 2023-12-19. "
     "Correct one of the two dates."),
    (folders.MILESTONES, 4, "utc_offset", "+05:45", "is the offset of no zone of this election on 2024-01-08. "
     "Correct it (the election's Asia/Baku keeps another), or name the zone in a column iana_timezone."),
    (folders.MILESTONES, 4, "utc_offset", "+01:00", "is kept by several zones of stations"),
    (folders.MILESTONES, 4, "utc_offset", "four", "is not an offset from UTC. Write it as in +04:00 or -08:00."),
    (folders.MILESTONES, 4, "utc_offset", "", "is empty, but time_local is given. Give the offset, such as +04:00."),
    (folders.MILESTONES, 4, "time_local", "", "is empty"),
    (folders.MILESTONES, 4, "iana_timezone", "Asia/Seoul", "does not keep UTC+04:00 on 2024-01-08. "
     "Correct zone or offset."),
    # figures
    (folders.FIGURES, 2, "metric", "station_abroad", "is not a known code. Did you mean stations_abroad?"),
    (folders.FIGURES, 2, "unit", "station", "is not a known code. Did you mean stations?"),
    (folders.FIGURES, 2, "unit", "persons", "is no unit of stations_abroad. Write stations, or correct the metric."),
    (folders.FIGURES, 2, "qualifier", "nearby", "is not a known code. Did you mean nearly?"),
    (folders.FIGURES, 2, "value", "forty-nine", "is not a number of stations. "
     "Write it as in 23000 or 76.73, with at most two places."),
    (folders.FIGURES, 2, "value", "49.5", "is not a whole number of stations. Check the value and the unit."),
    (folders.FIGURES, 2, "value", "-49", "is not a number of stations. "
     "Write it as in 23000 or 76.73, with at most two places."),
    (folders.FIGURES, 2, "value", "", "is empty. This cell must be filled in."),
    (folders.FIGURES, 2, "unit", "place", "is no unit of stations_abroad. Write stations, or correct the metric."),
    (folders.FIGURES, 14, "value", "7", "is not a place. Write the name of the place, or another unit."),
    (folders.FIGURES, 2, "announced_by", "", "is empty. This cell must be filled in."),
    (folders.FIGURES, 2, "as_of", "noon", "is not a date or a moment. "
     "Write 2024-02-07, 2024-02-07T15:00 or 2024-02-07T15:00+04:00."),
    (folders.FIGURES, 2, "conflict_group", "a b", "is not a word for an address. "
     "Use letters a to z, digits and hyphens."),
]  # fmt: skip

# Where the fault shows in another cell than the one that was spoilt.
ELSEWHERE = {
    ("constituency_number", ""): (
        'polling_stations_abroad.csv, row 2, constituency_name: "Yasamal first" has no number. '
        "Fill in constituency_number too."
    ),
    ("time_local", ""): (
        'milestones.csv, row 4, utc_offset: "+04:00" has no time. Fill in time_local too, or leave both empty.'
    ),
    ("utc_offset", "+01:00"): (
        'milestones.csv, row 4, utc_offset: "+01:00" is kept by several zones of stations: Europe/Amsterdam, '
        "Europe/Berlin, Europe/Brussels, Europe/Budapest, Europe/Madrid, Europe/Paris, Europe/Prague, Europe/Rome, "
        "Europe/Stockholm, Europe/Vienna, Europe/Warsaw, Europe/Zurich. Say which in a column iana_timezone."
    ),
}


@pytest.mark.parametrize(("name", "row", "column", "value", "said"), CELLS)
def test_a_spoilt_cell_is_named(
    folder: Path, name: str, row: int, column: str, value: str, said: str
) -> None:
    write_cell(folder, name, row, column, value)
    quoted = f'"{value if len(value) < 80 else value[:79] + "…"}" ' if value else ""
    expected = ELSEWHERE.get((column, value), f"{name}, row {row}, {column}: {quoted}{said}")
    assert problems_of(folder) == [expected]


DATE_COLUMNS = [
    *((layout.name, column.name) for layout in LAYOUTS for column in layout.columns if column.parse is day),
    *(
        (layout.name, column.name)
        for layout in LAYOUTS
        for column in layout.columns
        if column.parse is partial_day
    ),
    (folders.FIGURES, "as_of"),
]


@pytest.mark.parametrize("value", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31"])
@pytest.mark.parametrize(("name", "column"), DATE_COLUMNS)
def test_a_date_of_another_age_is_named(folder: Path, name: str, column: str, value: str) -> None:
    write_cell(folder, name, 2, column, value)
    assert (
        f'{name}, row 2, {column}: "{value}" is not between the years 1900 and 2199. Check the year.'
    ) in problems_of(folder)


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        (folders.STATIONS, "source_date", "9999"),
        (folders.STATIONS, "number_source_date", "1899-12"),
        (folders.FIGURES, "as_of", "9999-12-31T23:00-08:00"),
        (folders.FIGURES, "as_of", "0001-01-01T00:00+14:00"),
    ],
)
def test_so_is_a_part_of_a_date_or_a_moment(folder: Path, name: str, column: str, value: str) -> None:
    write_cell(folder, name, 2, column, value)
    assert (
        f'{name}, row 2, {column}: "{value}" is not between the years 1900 and 2199. Check the year.'
    ) in problems_of(folder)


@pytest.mark.parametrize(
    ("name", "row", "cells", "said"),
    [
        (
            folders.MILESTONES, 4,
            {"date": "1900-01-01", "end_date": "", "time_local": "01:00", "utc_offset": "",
             "iana_timezone": "Asia/Seoul"},
            'milestones.csv, row 4, time_local: "01:00" is not between the years 1900 and 2199 in UTC. Check the year.',
        ),
        (
            folders.FIGURES, 2,
            {"as_of": "2199-12-31T23:00", "iana_timezone": "America/Los_Angeles"},
            'announced_totals.csv, row 2, as_of: "2199-12-31T23:00" is not between the years 1900 and 2199 in UTC. '
            "Check the year.",
        ),
    ],
)  # fmt: skip
def test_a_moment_just_outside_the_calendar_is_named(
    folder: Path, name: str, row: int, cells: dict[str, str], said: str
) -> None:
    for column, value in cells.items():
        write_cell(folder, name, row, column, value)
    assert problems_of(folder) == [said]


def test_hours_just_outside_the_calendar_are_named(folder: Path) -> None:
    for column in ("starts_on", "ends_on"):
        write_cell(folder, folders.ELECTIONS, 2, column, "2199-12-31")
    los_angeles = row_of(folder, folders.STATIONS, city="Los Angeles")
    assert (
        f'polling_stations_abroad.csv, row {los_angeles}, opens_local: "08:00" on 2199-12-31 is not between the years '
        "1900 and 2199 in UTC. Check the dates of the election."
    ) in problems_of(folder)


def test_an_election_of_a_month_may_be_loaded(folder: Path) -> None:
    write_cell(folder, folders.ELECTIONS, 2, "ends_on", "2024-03-09")
    load_folder(folder=folder)
    rome = PollingStation.objects.get(city="Rome")
    assert rome.windows.count() == 32


def test_doubled_number_without_constituency_is_named_at_its_host(folder: Path) -> None:
    first = row_of(folder, folders.STATIONS, city="Ankara", number="46")
    second = row_of(folder, folders.STATIONS, city="Ankara", number="47")
    write_cell(folder, folders.STATIONS, second, "number", "46")
    assert problems_of(folder) == [
        f'polling_stations_abroad.csv, row {second}, number: "46" is already the number of row {first} '
        "at this host mission. Correct one of the two, or give their constituencies."
    ]


def test_one_constituency_has_one_name(folder: Path) -> None:
    astana = row_of(folder, folders.STATIONS, city="Astana")
    write_cell(folder, folders.STATIONS, astana, "constituency_name", "Yasamal")
    assert problems_of(folder) == [
        f'polling_stations_abroad.csv, row {astana}, constituency_name: "Yasamal" is another name of '
        "constituency 15 than “Yasamal first” in row 2. Write the same name in both rows."
    ]


def test_doubled_organization_and_mission_name_both_rows(folder: Path) -> None:
    for name in (folders.ORGANIZATIONS, folders.MISSIONS):
        rewrite(folder, name, lambda table: [*table, table[5]])
    assert problems_of(folder) == [
        'observer_organizations.csv, row 40, name: "Shanghai Cooperation Organisation" '
        "is already in row 6. Keep one of the two.",
        'observer_organizations.csv, row 40, acronym: "SCO" is already the acronym in row 6. '
        "Correct one of the two.",
        'missions.csv, row 38, mission_type: "parliamentary_short_term" is already the mission of '
        "Interparliamentary Assembly of Member Nations of the CIS in row 6. Keep one of the two.",
    ]


def test_an_unknown_organization_is_named_in_every_file(folder: Path) -> None:
    drop_row(folder, folders.ORGANIZATIONS, row_of(folder, folders.ORGANIZATIONS, acronym="GUAM"))
    name = "GUAM Organization for Democracy and Economic Development"
    assert problems_of(folder) == [
        f'missions.csv, row 13, organization: "{name}" is not a known organization. '
        "Add it to observer_organizations.csv.",
        'engagements.csv, row 23, organization: "GUAM" is not a known organization. '
        "Add it to observer_organizations.csv.",
    ]


def test_a_page_has_one_date(folder: Path) -> None:
    write_cell(folder, folders.STATIONS, 3, "source_date", "2024-02-02")
    write_cell(folder, folders.ORGANIZATIONS, 39, "source_url", "https://www.azernews.az/nation/218556.html")
    assert problems_of(folder) == [
        'observer_organizations.csv, row 39, source_date: "2024-02-09" is another date than the 2023-12-07 that '
        "elections.csv, row 2 gives for the same page. Keep the date that the page shows, in both rows.",
        'polling_stations_abroad.csv, row 3, source_date: "2024-02-02" is another date than the 2024-02-01 that '
        "row 2 gives for the same page. Keep the date that the page shows, in both rows.",
    ]


def test_a_skipped_hour_does_not_exist(folder: Path) -> None:
    for column in ("starts_on", "ends_on"):
        write_cell(folder, folders.ELECTIONS, 2, column, "2024-03-31")
    write_cell(folder, folders.STATIONS, 2, "opens_local", "02:30")
    assert problems_of(folder) == [
        'polling_stations_abroad.csv, row 2, opens_local: "02:30" cannot be: 2024-03-31 02:30 does not exist in '
        "Europe/Rome: the clocks were set forward over it. Check the hours and the zone."
    ]


def test_a_zone_in_its_row_decides_between_several(folder: Path) -> None:
    write_cell(folder, folders.MILESTONES, 4, "utc_offset", "+01:00")
    write_cell(folder, folders.MILESTONES, 4, "iana_timezone", "Europe/Paris")
    report = load_folder(folder=folder)
    assert report.total()["created"] == 494


# --- files ----------------------------------------------------------------------------------------------------


def test_a_wrong_zone_is_named_though_no_hours_are_given(folder: Path) -> None:
    row = row_of(folder, folders.STATIONS, city="Rome")
    for column in ("opens_local", "closes_local"):
        write_cell(folder, folders.STATIONS, row, column, "")
    write_cell(folder, folders.STATIONS, row, "iana_timezone", "Africa/Cairo")
    assert problems_of(folder) == [
        f'polling_stations_abroad.csv, row {row}, iana_timezone: "Africa/Cairo" keeps UTC+02:00 on 2024-02-07, '
        "and no clock in IT does. Check country and zone; zones of IT are Europe/Rome."
    ]


def test_an_acronym_of_several_organizations_is_no_name(folder: Path) -> None:
    """Each country may have its “CEC”; only the file, or the name in full, says whose is meant."""
    for country in ("KZ", "UZ"):
        factories.make_organization(name=f"Commission of {country}", acronym="CEC", country=country)
    write_cell(folder, folders.MEMBERSHIPS, 4, "organization", "CEC")
    assert problems_of(folder) == [
        'memberships.csv, row 4, organization: "CEC" is the acronym of several organizations. Write the name in full.'
    ]


def test_the_acronym_of_the_files_own_organization_is_its_own(folder: Path) -> None:
    row = row_of(folder, folders.ORGANIZATIONS, acronym="EU")
    write_cell(folder, folders.ORGANIZATIONS, row, "acronym", "CEC")
    write_cell(folder, folders.ORGANIZATIONS, row, "country_iso2", "BE")
    for country in ("KZ", "UZ"):
        factories.make_organization(name=f"Commission of {country}", acronym="CEC", country=country)
    write_cell(folder, folders.MEMBERSHIPS, 4, "organization", "CEC")
    load_folder(folder=folder)
    names = Organization.objects.filter(acronym="CEC").order_by("name").values_list("name", flat=True)
    own = "European Union (External Action Service)"
    assert list(names) == ["Commission of KZ", "Commission of UZ", own]
    assert Membership.objects.filter(organization__name=own).count() == 1


def test_missing_unknown_and_doubled_columns(folder: Path) -> None:
    def change(table: folders.Table) -> None:
        table[0][table[0].index("iana_timezone")] = "timezone"
        table[0][table[0].index("address")] = "city"

    rewrite(folder, folders.STATIONS, change)
    assert problems_of(folder) == [
        "polling_stations_abroad.csv, row 1, city: this column appears twice. Take one away.",
        'polling_stations_abroad.csv, row 1: "timezone" is not a column of this file. Did you mean iana_timezone?',
        "polling_stations_abroad.csv, row 1, address: this column is missing. "
        "Add it; its cells may be empty if unknown.",
        "polling_stations_abroad.csv, row 1, iana_timezone: this column is missing. "
        "Add it; its cells may be empty if unknown.",
    ]


def test_a_file_that_cannot_be_read_makes_no_noise_in_others(folder: Path) -> None:
    rewrite(folder, folders.ORGANIZATIONS, lambda table: [line[1:] for line in table])
    rewrite(folder, folders.MISSIONS, lambda table: [line[:-1] for line in table])
    assert problems_of(folder) == [
        "observer_organizations.csv, row 1, name: this column is missing. Add it; its cells may be empty if unknown.",
        "missions.csv, row 1, notes: this column is missing. Add it; its cells may be empty if unknown.",
    ]


def test_short_and_long_rows_and_blank_ones(folder: Path) -> None:
    def change(table: folders.Table) -> None:
        table[2] = table[2][:-1]
        table[4] = [*table[4], "more"]
        table.insert(1, [])

    rewrite(folder, folders.MILESTONES, change)
    mend = "Put cells that hold a comma in quotes, and look for a missing or doubled comma."
    assert problems_of(folder) == [
        f"milestones.csv, row 4: has 10 cells, the header has 11. {mend}",
        f"milestones.csv, row 6: has 12 cells, the header has 11. {mend}",
    ]


def test_rows_are_counted_as_in_a_spreadsheet_though_cells_hold_line_breaks(folder: Path) -> None:
    write_cell(folder, folders.MILESTONES, 2, "notes", "one\ntwo\nthree")
    write_cell(folder, folders.MILESTONES, 3, "kind", "x")
    assert problems_of(folder)[0].startswith("milestones.csv, row 3, kind:")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "milestones.csv: is empty. It needs at least a header: the names of its columns."),
        ("date,Bakı\nx,ə".encode("cp1254", "replace"), "milestones.csv, row 1: is not UTF-8 text. "
         "Save it again as “CSV UTF-8”."),
        ("date\n".encode("utf-16"), "milestones.csv, row 1: is not UTF-8 text. Save it again as “CSV UTF-8”."),
        (b"date;end_date;title\n", "milestones.csv, row 1: does not separate its columns by commas. "
         "Save it with commas."),
        (b'date,"end_date\n', "milestones.csv, row 1: cannot be read as CSV: unexpected end of data. "
         "Check the quotes."),
    ],
    ids=["empty", "cp1254", "utf-16", "semicolons", "open quote"],
)  # fmt: skip
def test_a_file_that_is_no_table(folder: Path, content: bytes, said: str) -> None:
    (folder / folders.MILESTONES).write_bytes(content)
    assert problems_of(folder) == [said]


def test_a_byte_order_mark_and_spreadsheet_line_ends_are_no_fault(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_folder(folder=folder).total()["created"] == 494


def test_only_the_elections_file_must_be_there(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        if path.name != folders.ELECTIONS:
            path.unlink()
    report = load_folder(folder=folder)
    assert report.total()["created"] == 2
    assert report.absent_files == [
        "observer_organizations.csv",
        "polling_stations_abroad.csv",
        "missions.csv",
        "memberships.csv",
        "engagements.csv",
        "milestones.csv",
        "announced_totals.csv",
    ]


def test_misspelt_and_missing_files(folder: Path) -> None:
    (folder / folders.ELECTIONS).rename(folder / "election.csv")
    assert problems_of(folder) == [
        "election.csv: is not a file that is loaded. Did you mean elections.csv?",
        "elections.csv: is missing. Every folder needs this file.",
    ]


def test_missing_folder(tmp_path: Path) -> None:
    code, lines = run(tmp_path / "nowhere")
    assert code == 1
    assert lines == [
        f"{tmp_path / 'nowhere'}: there is no such folder. Give the folder that holds elections.csv.",
        "1 problem; nothing was changed.",
    ]


def test_a_folder_holds_one_election(folder: Path) -> None:
    rewrite(folder, folders.ELECTIONS, lambda table: [*table, ["az-2025", *table[1][1:]]])
    assert problems_of(folder) == [
        'elections.csv, row 3, slug: "az-2025" is a second election. A folder holds one election; make another folder.'
    ]
