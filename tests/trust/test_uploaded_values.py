"""I8: columns and values that a file should not have: the row and the column are named, and nothing is written."""

import json
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from tests.factories import make_account, make_election, make_organization
from tests.ingest.files import write_xlsx
from tests.jobs import run_waiting_jobs
from tracker.core.roles import Role
from tracker.ingest.models import Upload
from tracker.stations.models import PollingStation

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = {"number": "7", "country_iso2": "DE", "city": "Berlin", "registered_voters": "120"}
FORMS = ("csv", "xlsx", "json")
WRONG = {
    "registered_voters": (
        "-1", "1e309", "NaN", "Infinity", "9223372036854775808", "99999999999999999999", "1.5", "0x10",
    ),
    "latitude": ("91", "-91", "1e309", "NaN", "inf"),
    "longitude": ("181", "1e309", "NaN"),
    "voting_date": ("9999-01-01", "10000-01-01", "0000-00-00", "2024-02-31", "-2024-02-07"),
}  # fmt: skip


def written(form: str, folder: Path, rows: list[dict[str, str]]) -> Path:
    names = list(rows[0])
    path = folder / f"list.{form}"
    if form == "xlsx":
        return write_xlsx(path, [names, *(list(row.values()) for row in rows)])
    if form == "json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    else:
        lines = [",".join(names), *(",".join(row.values()) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def brought(client: Client, election: Any, path: Path, sure: str = "yes") -> Upload:
    """The file at `path`, brought, compared, and asked to be written."""
    answer = client.post("/staff/files/new/", {
        "election": election.pk, "kind": "stations", "source": "https://authority.example/list",
        "file": SimpleUploadedFile(path.name, path.read_bytes()),
    })  # fmt: skip
    assert answer.status_code == 302, answer.context["form"].errors
    upload = Upload.objects.latest("pk")
    for step in ("check", "apply"):
        client.post(f"/staff/files/{upload.pk}/", {"do": step, "sure": sure})
        run_waiting_jobs()
    upload.refresh_from_db()
    return upload


def _said_of(upload: Upload) -> list[list[str]]:
    """All that is wrong with the one row of a file."""
    (record,) = upload.records.all()
    return record.problems


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_account(Role.DESK))
    return client


@pytest.mark.parametrize("form", FORMS)
def test_i8_the_good_row_is_written(desk: Client, form: str, tmp_path: Path) -> None:
    """Each wrong row below is this one with one cell changed."""
    upload = brought(desk, make_election(), written(form, tmp_path, [GOOD]))
    assert upload.state == "applied", (upload.problem, [r.problems for r in upload.records.all()])
    assert PollingStation.objects.get().registered_voters == 120


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("column", WRONG)
def test_i8_values_are_named_by_row_and_column(desk: Client, form: str, column: str, tmp_path: Path) -> None:
    """Red when: columns.count takes what int() takes and no bound; when a date is read by its year alone,
    or in spite of the sign before it (words.read_date without _SIGNED)."""
    rows = [
        GOOD | {"latitude": "", "longitude": "", "voting_date": "", "opens_local": "", "closes_local": "",
                "number": str(number), column: value}
        for number, value in enumerate(WRONG[column], start=1)
    ]  # fmt: skip
    if column in ("latitude", "longitude"):
        rows = [{"latitude": "1", "longitude": "1"} | row | {"coordinate_precision": "city"} for row in rows]
        rows = [row | {name: row[name] or "1" for name in ("latitude", "longitude")} for row in rows]
    upload = brought(desk, make_election(), written(form, tmp_path, rows))
    assert not PollingStation.objects.exists()
    first = 1 if form == "json" else 2
    told = {
        record.row: [problem[:2] for problem in record.problems] for record in upload.records.order_by("row")
    }
    # The column and the value are the file's own, and nothing follows from them that is not so.
    assert told == {row: [[column, value]] for row, value in enumerate(WRONG[column], start=first)}
    assert all(record.problems[0][2] and record.problems[0][3] for record in upload.records.all())


def test_i8_problems_speak_of_the_columns_of_the_file(desk: Client, tmp_path: Path) -> None:
    """Red when: compare_rows is not told the file's names; when a cell that cannot be read is an empty one."""
    path = tmp_path / "list.csv"
    path.write_text(
        "No.,Country,City,Latitude,Longitude,Voting date,Registered voters\n"
        f"1,Germany,{'B' * 200},91,13.4,7 February 9999,-5\n",
        encoding="utf-8",
    )
    upload = brought(desk, make_election(), path)
    (record,) = upload.records.all()
    assert [problem[:4] for problem in record.problems] == [
        ["Latitude", "91", "has a latitude that is not between -90 and 90 degrees.", "Check sign and point."],
        ["Voting date", "7 February 9999", "is not between the years 1900 and 2199.", "Check the year."],
        ["Registered voters", "-5", "is not a whole number.", "Write digits only, as in 23000."],
        ["City", "B" * 200, "has 200 characters, 80 are the most.", "Shorten it."],
    ]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_i8_columns(desk: Client, form: str, tmp_path: Path) -> None:
    """Red when: a column that is there twice is taken once; when one that nothing reads is written by its name."""
    election = make_election()
    # A column that has to be there is missing: said, and nothing can be compared.
    upload = brought(
        desk, election, written(form, tmp_path, [{k: v for k, v in GOOD.items() if k != "city"}])
    )
    assert not PollingStation.objects.exists()
    assert _said_of(upload) == [["city", "", "is empty.", "This cell must be filled in.", "error"]]
    # Two that are swapped: each cell is none of its column.
    swapped = dict(zip(GOOD, ("DE", "7", "Berlin", "Riga"), strict=True))
    upload = brought(desk, election, written(form, tmp_path, [swapped]))
    # A column of which no cell is a country is not taken for one, and the screen of the reading names it.
    assert _said_of(upload) == [
        [name, "", "is empty.", "This cell must be filled in.", "error"]
        for name in ("country_iso2", "iana_timezone")
    ]
    assert (
        "country_iso2"
        in desk.get(f"/staff/files/{upload.pk}/reading/")
        .content.decode()
        .partition("Not taken from the file")[2]
    )
    assert not PollingStation.objects.exists()
    # Those that nobody may set in a file: they are not taken from it, and it says so.
    other = make_organization()
    more = GOOD | {"publication": "published", "organization": str(other.pk), "election": "other", "id": "1"}
    path = written(form, tmp_path, [more])
    upload = brought(desk, election, path)
    reading = desk.get(f"/staff/files/{upload.pk}/reading/").content.decode()
    assert "Not taken from the file" in reading
    assert upload.state == "applied", [record.problems for record in upload.records.all()]
    station = PollingStation.objects.get()
    assert (station.publication, station.election) == ("draft", election)
    assert str(station.pk) != "1" or PollingStation.objects.count() == 1


def test_i8_a_column_twice_is_named(desk: Client, tmp_path: Path) -> None:
    """Red when: name_columns gives two columns one name."""
    path = tmp_path / "list.csv"
    path.write_text("number,country_iso2,city,city\n7,DE,Berlin,Bonn\n", encoding="utf-8")
    upload = brought(desk, make_election(), path)
    assert "city (2)" in desk.get(f"/staff/files/{upload.pk}/reading/").content.decode()


@pytest.mark.parametrize("form", FORMS)
def test_i8_the_command_says_it_too(form: str, tmp_path: Path) -> None:
    """Red when: manage.py ingest --apply writes what is good in a file with a bad row, unasked."""
    make_election(slug="az-2024-president")
    account = make_account(Role.DESK)
    path = written(form, tmp_path, [GOOD, GOOD | {"number": "8", "registered_voters": "1e309"}])

    def ingest(*more: str) -> str:
        out = StringIO()
        with suppress(SystemExit):
            call_command(
                "ingest", path, "--election", "az-2024-president", "--by", account.username,
                "--source", "https://authority.example/", *more, stdout=out, stderr=out,
            )  # fmt: skip
            out.write("exit 0")
        return out.getvalue()

    said = f"row {3 if form != 'json' else 2}: registered_voters: “1e309” "
    for told in (ingest(), ingest("--apply"), ingest("--leave-out-bad-rows")):
        assert said in told
        assert not told.endswith("exit 0")
        assert not PollingStation.objects.exists()
    assert "Nothing was written." in ingest("--apply")
    told = ingest("--apply", "--leave-out-bad-rows")
    assert said in told
    assert told.endswith("exit 0")
    assert list(PollingStation.objects.values_list("number", flat=True)) == ["7"]


def test_i8_the_screen_leaves_bad_rows_out_only_when_told(desk: Client, tmp_path: Path) -> None:
    """Red when: the screen applies a file without the tick; when it does not say that bad rows stay out."""
    rows = [GOOD, GOOD | {"number": "8", "registered_voters": "1e309"}]
    upload = brought(desk, make_election(), written("csv", tmp_path, rows), sure="")
    assert upload.state == "checked"
    assert not PollingStation.objects.exists()
    page = desk.get(f"/staff/files/{upload.pk}/").content.decode()
    assert "<b>1</b> cannot be read" in page
    assert "The other rows go in without them." in page
    desk.post(f"/staff/files/{upload.pk}/", {"do": "apply", "sure": "yes"})
    run_waiting_jobs()
    assert list(PollingStation.objects.values_list("number", flat=True)) == ["7"]
    given = desk.get(f"/staff/files/{upload.pk}/rows-to-mend/").content.decode("utf-8-sig")
    assert [line.partition(",")[0] for line in given.splitlines()] == ["number", "8"]
