"""I3: no file that we hand out makes a spreadsheet compute: open data, history, rows to mend. Numbers stay numbers."""

import csv
import io
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import models
from django.test import Client
from django.utils import translation

from tests import factories as make
from tests.jobs import run_waiting_jobs
from tests.opendata.test_downloads import FORMULAS, PLAIN, fetch
from tests.staff.test_uploads import bring
from tracker.core.roles import Role
from tracker.core.spreadsheets import quoted, unquoted
from tracker.coverage.editions import refresh
from tracker.ingest.models import Upload
from tracker.opendata.datasets import DATASETS

# What a spreadsheet computes, or hands to another program, from a cell that begins so.
BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
HOSTILE = [*FORMULAS, "=HYPERLINK(\"http://x\",\"y\")", "@SUM(1+1)*cmd|' /C calc'!A0", "+1+1", "-2+3"]  # fmt: skip
# A cell of a file that comes in is stripped; a text that begins with a tab or a line comes from elsewhere.
IN_FILES = [text for text in HOSTILE if text == text.strip() and "\r" not in text and "\t" not in text]


def computes(cell: str) -> bool:
    """Whether a spreadsheet takes the cell for more than a text or a number."""
    number = cell.startswith(("+", "-")) and set(cell[1:]) <= set("0123456789.,: ")
    return cell.startswith(BEGINNINGS) and not number


def plant(row: models.Model, text: str) -> int:
    """Put `text` into every free text of a row that its rules allow; how many took it."""
    count = 0
    for field in row._meta.local_fields:
        free = isinstance(field, models.CharField | models.TextField) and not isinstance(
            field, models.URLField | models.SlugField | models.EmailField
        )
        if not free or field.choices or field.is_relation or field.primary_key or "\0" in text:
            continue
        if field.max_length and field.max_length < len(text):
            continue
        changed = type(row)._base_manager.get(pk=row.pk)
        setattr(changed, field.name, text)
        with suppress(ValidationError):
            changed.full_clean()
            changed.save()
            count += 1
    return count


@pytest.mark.django_db
@pytest.mark.parametrize("text", HOSTILE)
def test_i3_open_data_computes_nothing(client: Client, text: str, tmp_path: Path) -> None:
    """Red when: csv_cell hands a text on as it is; when a carriage return is not within quotes (lineterminator of
    csv_pieces as it was); when xlsx_file writes with write() and strings_to_formulas.
    """
    election = make.make_election()
    rows: list[models.Model] = [
        election, make.make_constituency(election=election), make.make_milestone(election=election),
        make.make_figure(election=election), make.make_station(election=election),
        make.make_engagement(election=election), make.make_organization(), make.make_source(),
    ]  # fmt: skip
    mission = make.make_mission(election=election, organization=rows[-2])
    rows += [mission, make.make_statement(mission=mission, source=rows[-1]), make.make_outlet()]
    planted = sum(plant(row, text) for row in rows)
    assert planted >= 12, planted
    refresh(election)
    seen = 0
    for dataset in DATASETS:
        data = fetch(client, f"/en/e/{election.slug}/data/{dataset.name}.csv").decode()
        cells = [cell for line in csv.reader(io.StringIO(data, newline="")) for cell in line]
        assert [cell for cell in cells if computes(cell)] == [], dataset.name
        seen += cells.count(f"'{text}")
        book = tmp_path / "book.xlsx"
        book.write_bytes(fetch(client, f"/en/e/{election.slug}/data/{dataset.name}.xlsx"))
        with zipfile.ZipFile(book) as parts:
            for name in parts.namelist():
                assert not any(mark in parts.read(name) for mark in (b"<f>", b"<f ", b"<hyperlink ")), name
    assert seen >= 5, seen


@pytest.mark.django_db(transaction=True)
def test_i3_files_of_staff_compute_nothing(client: Client) -> None:
    """Red when: _export of the history, or the rows to mend, write cells as they are."""
    account = make.make_account(Role.DESK)
    client.force_login(account)
    election = make.make_election()
    header = "No.,Country,City,=Remarks"
    lines = [
        ",".join(
            f'"{cell}"' for cell in (number, "Nemország", text.replace('"', '""'), text.replace('"', '""'))
        )
        for number, text in enumerate(IN_FILES, start=1)
    ]
    bring(client, election, "\n".join([header, *lines, '99,Nemország,"-5","+36 1 234"']))
    upload = Upload.objects.get()
    client.post(f"/staff/files/{upload.pk}/", {"do": "check"})
    run_waiting_jobs()
    given = client.get(f"/staff/files/{upload.pk}/rows-to-mend/").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(given, newline="")))
    assert len(rows) == len(IN_FILES) + 2
    assert [cell for row in rows for cell in row if computes(cell)] == []
    assert [unquoted(row[2]) for row in rows[1:]] == [*IN_FILES, "-5"]
    assert rows[-1][2:4] == ["-5", "+36 1 234"]

    station = make.make_station(election=election)
    for text in HOSTILE:
        type(station).objects.filter(pk=station.pk).update(city=text)
    client.force_login(make.make_account(Role.AUDITOR))
    told = client.get("/staff/history/", {"format": "csv", "kind": "", "table": ""}).content.decode()
    cells = [cell for line in csv.reader(io.StringIO(told, newline="")) for cell in line]
    assert [cell for cell in cells if computes(cell)] == []
    assert {quoted(text) for text in HOSTILE} <= set(cells)


def test_i3_numbers_are_right_as_data() -> None:
    """Red when: whatever begins with a sign is quoted."""
    assert [quoted(text) for text in PLAIN] == PLAIN
    assert not any(computes(text) for text in PLAIN)
    assert all(computes(text) or text in ("-",) or text.startswith("'") for text in HOSTILE)
    with translation.override("en"):
        assert quoted("−5") == "−5"
