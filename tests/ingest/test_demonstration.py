"""The invented election's files, and the rules that keep what is invented apart from what is real."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ingest import folders
from tests.ingest.folders import DEMO, copy_of_demo, row_of, write_cell
from tracker.core.countries import INVENTED_COUNTRY
from tracker.core.models import Country, Source
from tracker.elections.models import Constituency, Election
from tracker.ingest.loading import load_folder
from tracker.ingest.problems import ProblemsFound
from tracker.missions.models import Mission
from tracker.stations.models import PollingStation

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo_folder(tmp_path: Path) -> Path:
    """A copy of the demonstration, to be spoilt."""
    return copy_of_demo(tmp_path)


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(ProblemsFound) as found:
        load_folder(folder=folder)
    return [str(problem) for problem in found.value.problems]


def test_the_demonstration_is_loaded_as_one_and_again_without_a_change() -> None:
    load_folder(folder=DEMO)
    election = Election.objects.get()
    assert (election.slug, election.demonstration, election.country_id) == ("demo", True, "XD")
    stations = PollingStation.objects.filter(election=election)
    assert stations.filter(setting="domestic", country="XD").count() == 40
    assert stations.abroad().count() == 24
    assert stations.abroad().values("country").distinct().count() == 16
    assert [station.city for station in stations.filter(status="cancelled")] == ["Munich"]
    assert Constituency.objects.filter(election=election).count() == 6
    assert Mission.objects.filter(election=election).count() == 6
    again = load_folder(folder=DEMO)
    assert {name for name, number in again.total().items() if number} == {"unchanged"}


def test_a_station_may_vote_on_days_of_its_own() -> None:
    load_folder(folder=DEMO)
    windows = {
        station.city: [(w.opens_at, w.closes_at) for w in station.windows.all()]
        for station in PollingStation.objects.filter(city__in=["New York", "Adelaide", "Kathmandu", "Munich"])
    }
    assert windows == {
        # The clocks go forward between the two days: 13:00 UTC is 08:00 on the first, 12:00 UTC on the second.
        "New York": [
            (datetime(2030, 3, 9, 13, tzinfo=UTC), datetime(2030, 3, 10, 0, tzinfo=UTC)),
            (datetime(2030, 3, 10, 12, tzinfo=UTC), datetime(2030, 3, 10, 23, tzinfo=UTC)),
        ],
        "Adelaide": [
            (datetime(2030, 3, 9, 21, 30, tzinfo=UTC), datetime(2030, 3, 10, 8, 30, tzinfo=UTC)),
        ],
        "Kathmandu": [(datetime(2030, 3, 10, 2, 15, tzinfo=UTC), datetime(2030, 3, 10, 13, 15, tzinfo=UTC))],
        "Munich": [],
    }


def test_every_source_says_that_it_is_invented_and_lies_where_nobody_can_publish() -> None:
    load_folder(folder=DEMO)
    assert [(s.url, s.title) for s in Source.objects.all()] == [
        ("https://example.org/demonstration", "Invented for demonstration")
    ]


def test_the_invented_country_is_on_record_only_with_a_demonstration() -> None:
    load_folder(folder=folders.AZ2024)
    assert not Country.objects.filter(iso2="XD").exists()
    load_folder(folder=DEMO)
    written = Country.objects.filter(iso2="XD").values(*INVENTED_COUNTRY).get()
    assert written == INVENTED_COUNTRY
    real = Election.objects.get(slug="az-2024-president")
    assert not PollingStation.objects.filter(election=real, country="XD").exists()


def test_readme_names_every_file_with_its_rows() -> None:
    text = (DEMO / "README.md").read_text(encoding="utf-8")
    for path in sorted(DEMO.rglob("*.csv")):
        name = str(path.relative_to(DEMO))
        assert f"| {name} | {len(folders.read(DEMO, name))} |" in text, name


@pytest.mark.parametrize(
    ("file", "column", "value", "said"),
    [
        (folders.ELECTIONS, "demonstration", "maybe", "is neither yes nor no. "
         "Write yes or no, or leave it empty for no."),
        (folders.ELECTIONS, "country_iso2", "AZ", "is a real country, and a demonstration is an invented one's. "
         "Write XD, or no in the column demonstration."),
        (folders.STATIONS, "source_url", "https://www.azernews.az/nation/218556.html",
         "is a real page, and what a demonstration says stands on none. Write an address under https://example.org/."),
        (folders.STATIONS, "votes_on", "2030-03-11", "names 2030-03-11, which is not between the voting days "
         "2030-03-09 and 2030-03-10. Correct it, or the dates in elections.csv."),
        (folders.STATIONS, "votes_on", "2030-03-10; 2030-03-09", "does not name its dates in order. "
         "Write each date once, the earliest first."),
        (folders.STATIONS, "votes_on", "2030-03-10; Sunday", "is not a date. "
         "Write year, month and day as in 2024-02-07."),
    ],
)  # fmt: skip
def test_a_fault_of_a_demonstration_is_named_with_its_mend(
    demo_folder: Path, file: str, column: str, value: str, said: str
) -> None:
    write_cell(demo_folder, file, 2, column, value)
    assert problems_of(demo_folder) == [f'{file}, row 2, {column}: "{value}" {said}']
    assert not Country.objects.filter(iso2="XD").exists()


def test_days_without_hours_are_a_fault(demo_folder: Path) -> None:
    row = row_of(demo_folder, folders.STATIONS, city="Munich")
    write_cell(demo_folder, folders.STATIONS, row, "votes_on", "2030-03-10")
    assert problems_of(demo_folder) == [
        f'{folders.STATIONS}, row {row}, votes_on: "2030-03-10" is given without hours. '
        "Fill in opens_local and closes_local."
    ]


def test_an_election_that_is_not_one_cannot_name_the_invented_country(demo_folder: Path) -> None:
    write_cell(demo_folder, folders.ELECTIONS, 2, "demonstration", "no")
    problems = problems_of(demo_folder)
    said = "is the invented country of demonstrations, and this election is none. Write the code of a real country."
    assert problems[0] == f'{folders.ELECTIONS}, row 2, country_iso2: "XD" {said}'
    assert len(problems) == 41  # and each of the 40 stations at home
