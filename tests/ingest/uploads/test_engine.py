"""The engine behind uploads, on the real election's own files: compared, written, taken back."""

import csv
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests import factories as make
from tests.ingest.folders import AZ2024
from tracker.core.models import Source
from tracker.elections.models import Election
from tracker.ingest.loading import load_folder
from tracker.ingest.models import LoadedRecord, Upload, UploadedRecord
from tracker.ingest.uploads import applying, checking
from tracker.ingest.uploads.applying import Stale, write
from tracker.ingest.uploads.checking import MappedRow, compare_rows
from tracker.ingest.uploads.subjects import SUBJECTS
from tracker.ingest.uploads.taking_back import Newer, take_back
from tracker.stations.models import PollingStation, VotingWindow

# Transactions of their own: what is later than a comparison is told by them.
pytestmark = pytest.mark.django_db(transaction=True)


def rows_of(name: str) -> list[MappedRow]:
    with (AZ2024 / name).open(encoding="utf-8-sig", newline="") as lines:
        return [(number, [row], []) for number, row in enumerate(csv.DictReader(lines), start=2)]


def upload_of(kind: str, rows: list[MappedRow]) -> Upload:
    upload = Upload.objects.create(
        name=f"{kind}.csv", size=1, sha256="0" * 64, format="csv", kind=kind, election=Election.objects.get()
    )
    compare_rows(upload, rows)
    upload.save()
    return upload


def apply(upload: Upload) -> None:
    with transaction.atomic():
        write(upload, lambda done, total: None)
    upload.save()


def stored() -> list[dict[str, Any]]:
    return list(PollingStation.objects.order_by("id").values())


@pytest.fixture
def election(folder: Path) -> Election:
    """The real election without its stations."""
    load_folder(folder=folder)
    LoadedRecord.objects.all().delete()
    VotingWindow.objects.all().delete()
    PollingStation.objects.all().delete()
    return Election.objects.get()


def test_all_stations_are_new_then_written_then_unchanged(election: Election) -> None:
    rows = rows_of("polling_stations_abroad.csv")
    upload = upload_of("stations", rows)
    assert upload.counts["new"] == len(rows) == 49
    assert set(upload.counts) == {"rows", "new", "warned", "along"}
    # 44 is Riga, Beijing and St. Petersburg, each in its constituency; of these it is not known.
    warned = upload.records.filter(kind="station").exclude(problems=[]).order_by("row")
    assert [record.label for record in warned] == ["Almaty 47", "London 42", "Ankara 46", "Ankara 47"]
    apply(upload)
    assert PollingStation.objects.count() == 49
    assert PollingStation.objects.values("country").distinct().count() == 37
    again = upload_of("stations", rows)
    assert again.counts == {"rows": 49, "unchanged": 49, "along": {}}
    before = stored()
    apply(again)
    assert stored() == before


def test_comparing_reads_no_more_than_the_records_themselves(election: Election) -> None:
    """Not their election, country and zone with each of them: half of the time of a second check went into these.

    Red when: `_differ` calls select_related without names, or leaves the rows in their usual order.
    """
    rows = rows_of("polling_stations_abroad.csv")
    apply(upload_of("stations", rows))
    with CaptureQueriesContext(connection) as asked:
        assert upload_of("stations", rows).counts["unchanged"] == 49
    read = [sql.partition(" FROM ")[2] for sql in (query["sql"] for query in asked)]
    read = [tables for tables in read if tables.startswith('"stations_pollingstation"')]
    assert (len(read) > 1, [sql for sql in read if " JOIN " in sql]) == (True, [])


def test_upload_writes_what_the_loader_writes(folder: Path) -> None:
    load_folder(folder=folder)
    names = [field.name for field in PollingStation._meta.fields if field.name not in ("id", "publication")]

    def all_stations() -> list[tuple[Any, ...]]:
        return sorted(PollingStation.objects.values_list(*names), key=repr)

    def all_windows() -> list[tuple[Any, ...]]:
        rows = VotingWindow.objects.values_list("station__city", "station__number", "opens_at", "closes_at")
        return sorted(rows, key=repr)

    loaded = all_stations(), all_windows()
    LoadedRecord.objects.all().delete()
    VotingWindow.objects.all().delete()
    PollingStation.objects.all().delete()
    apply(upload_of("stations", rows_of("polling_stations_abroad.csv")))
    assert (all_stations(), all_windows()) == loaded


@pytest.mark.parametrize(
    "kind", sorted(kind for kind in SUBJECTS if (AZ2024 / SUBJECTS[kind].layout.name).exists())
)
def test_own_files_are_unchanged_beside_the_loaded_election(folder: Path, kind: str) -> None:
    """A file that says what the register holds changes nothing, though another door brought it in."""
    load_folder(folder=folder)
    name = SUBJECTS[kind].layout.name
    upload = upload_of(kind, rows_of(name))
    assert upload.counts == {"rows": len(rows_of(name)), "unchanged": len(rows_of(name)), "along": {}}


@pytest.mark.parametrize("kind", ["stations", "missions", "engagements", "milestones", "figures"])
def test_each_kind_is_written_and_taken_back(folder: Path, kind: str) -> None:
    load_folder(folder=folder)
    subject = SUBJECTS[kind]
    model: Any = subject.kind.model
    for related in model._meta.related_objects:
        related.related_model._base_manager.all().delete()
    model._base_manager.all().delete()
    rows = rows_of(subject.layout.name)
    upload = upload_of(kind, rows)
    assert upload.counts["new"] == len(rows)
    apply(upload)
    assert model._base_manager.count() == len(rows)
    assert upload_of(kind, rows).counts["unchanged"] == len(rows)
    with transaction.atomic():
        take_back(upload)
    assert model._base_manager.count() == 0
    assert not LoadedRecord.objects.filter(kind=f"upload:{subject.kind.name}").exists()


def changed(rows: list[MappedRow], row: int, **cells: str) -> list[MappedRow]:
    return [
        (number, [parts[0] | cells] if number == row else parts, problems) for number, parts, problems in rows
    ]


def test_file_wins_over_itself_and_not_over_a_hand(election: Election) -> None:
    rows = rows_of("polling_stations_abroad.csv")
    apply(upload_of("stations", rows))
    first, second = UploadedRecord.objects.filter(kind="station", row__in=[2, 3]).order_by("row")
    PollingStation.objects.filter(pk=first.object_id).update(notes="By hand 1")
    newer = changed(changed(rows, 2, notes="From the file 2"), 3, notes="From the file 3")
    upload = upload_of("stations", newer)
    assert upload.counts == {"rows": 49, "changed": 1, "kept": 1, "unchanged": 47, "along": {}}
    kept = upload.records.get(action="kept")
    assert kept.changes == {"notes": ["“By hand 1”", "“From the file 2”"]}
    apply(upload)
    notes = dict(PollingStation.objects.values_list("pk", "notes"))
    assert notes[first.object_id] == "By hand 1"
    assert notes[second.object_id] == "From the file 3"
    with transaction.atomic():
        take_back(upload)
    was = rows[1][1][0]["notes"]
    assert PollingStation.objects.get(pk=second.object_id).notes == was


def test_an_address_that_two_organizations_entered_is_one_source_to_a_file(election: Election) -> None:
    """Red when: the look-up of sources gives both (each station is written twice, and refused)."""
    rows = rows_of("polling_stations_abroad.csv")
    address = next(parts[0]["source_url"] for _number, parts, _problems in rows if parts[0]["source_url"])
    known, _new = Source.objects.get_or_create(url=address, defaults={"title": "of the host state"})
    doubled = Source.objects.create(title="of an organization", url="https://example.org/doubled")
    Source.objects.filter(pk=doubled.pk).update(entered_for=make.make_organization().pk, url=address)
    apply(upload_of("stations", rows))
    assert PollingStation.objects.count() == 49
    assert PollingStation.objects.filter(source=known).exists()
    assert not PollingStation.objects.filter(source=doubled).exists()


def test_what_four_eyes_took_off_the_pages_stays_off_when_a_file_is_taken_back(election: Election) -> None:
    """Red when: `_restore` gives a record its state back (the database refuses it)."""
    rows = rows_of("polling_stations_abroad.csv")
    apply(upload_of("stations", rows))
    PollingStation.objects.update(publication="published")
    Election.objects.update(four_eyes=True)
    upload = upload_of("stations", changed(rows, 2, notes="From the file 2"))
    apply(upload)
    station = PollingStation.objects.get(notes="From the file 2")
    assert station.publication == "submitted"
    with transaction.atomic():
        take_back(upload)
    station.refresh_from_db()
    assert (station.notes, station.publication) == (rows[0][1][0]["notes"], "submitted")


def test_hours_changed_in_the_file_and_back(election: Election) -> None:
    rows = rows_of("polling_stations_abroad.csv")
    apply(upload_of("stations", rows))
    before = list(
        VotingWindow.objects.order_by("station", "opens_at").values_list("station", "opens_at", "closes_at")
    )
    row = next(number for number, parts, _problems in rows if parts[0]["opens_local"])
    upload = upload_of("stations", changed(rows, row, opens_local="07:00"))
    assert upload.counts["changed"] == 1
    apply(upload)
    after = list(
        VotingWindow.objects.order_by("station", "opens_at").values_list("station", "opens_at", "closes_at")
    )
    assert len(after) == len(before)
    assert after != before
    with transaction.atomic():
        take_back(upload)
    again = list(
        VotingWindow.objects.order_by("station", "opens_at").values_list("station", "opens_at", "closes_at")
    )
    assert again == before


def test_missing_is_kept_or_retired(election: Election) -> None:
    rows = rows_of("polling_stations_abroad.csv")
    apply(upload_of("stations", rows))
    upload = upload_of("stations", rows[1:])
    assert upload.counts["missing"] == 1
    apply(upload)
    assert not PollingStation.objects.filter(status="cancelled").exists()
    retiring = upload_of("stations", rows[1:])
    retiring.retire_missing = True
    apply(retiring)
    assert PollingStation.objects.filter(status="cancelled").count() == 1
    with transaction.atomic():
        take_back(retiring)
    assert not PollingStation.objects.filter(status="cancelled").exists()


def test_bad_rows_are_named_and_the_rest_is_compared(election: Election) -> None:
    rows = changed(rows_of("polling_stations_abroad.csv"), 5, country_iso2="XX", registered_voters="-3")
    upload = upload_of("stations", rows)
    assert upload.counts == {"rows": 49, "new": 48, "bad": 1, "warned": 2, "along": {}}
    bad = upload.records.get(action="bad")
    assert bad.row == 5
    assert [(column, value) for column, value, *_rest in bad.problems] == [
        ("country_iso2", "XX"),
        ("registered_voters", "-3"),
    ]


def test_second_row_of_one_station_is_bad(election: Election) -> None:
    rows = rows_of("polling_stations_abroad.csv")
    numbered = next(
        parts[0] for _n, parts, _p in rows if parts[0]["number"] and parts[0]["constituency_number"]
    )
    upload = upload_of("stations", [*rows, (3000, [numbered], [])])
    assert upload.counts["new"] == 49
    assert upload.counts["bad"] == 1
    assert "same record" in str(upload.records.get(action="bad").problems) or "already" in str(
        upload.records.get(action="bad").problems
    )


def test_register_that_changed_since_is_not_written_to(election: Election) -> None:
    upload = upload_of("stations", rows_of("polling_stations_abroad.csv"))
    PollingStation.objects.create(
        election=election, country_id="DE", city="Berlin", timezone_id="Europe/Berlin", number="1"
    )
    with pytest.raises(Stale), transaction.atomic():
        write(upload, lambda done, total: None)
    assert PollingStation.objects.count() == 1


def test_what_others_stand_on_is_not_taken_back(election: Election) -> None:
    upload = upload_of("stations", rows_of("polling_stations_abroad.csv"))
    apply(upload)
    station = PollingStation.objects.first()
    assert station is not None
    station.address = "Moved"
    station.save()
    with pytest.raises(Newer, match=str(station)), transaction.atomic():
        take_back(upload)
    assert PollingStation.objects.count() == 49


def test_stations_of_one_place_without_numbers_are_several(election: Election) -> None:
    """Red when: `_ANOTHER` numbers all of them alike (the second and third get one key)."""
    row = rows_of("polling_stations_abroad.csv")[0][1][0]
    plain = row | dict.fromkeys(
        ("number", "number_source_url", "constituency_number", "constituency_name"), ""
    )
    rows: list[MappedRow] = [(number, [plain], []) for number in range(2, 5)]
    upload = upload_of("stations", rows)
    assert upload.counts["new"] == 3
    first, *others = upload.records.filter(kind="station").order_by("row").values_list("key", flat=True)
    assert others == [f"{first} | #2", f"{first} | #3"]
    apply(upload)
    assert upload_of("stations", rows).counts == {"rows": 3, "unchanged": 3, "along": {}}


def test_what_rows_refer_to_comes_once_however_little_is_remembered(
    election: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red when: compare_rows keeps what was referred to twice (`_FORGET_REPEATED` is not run)."""
    monkeypatch.setattr(checking, "CHUNK", 1)
    monkeypatch.setattr(checking, "REMEMBERED", 0)
    rows = rows_of("polling_stations_abroad.csv")
    for number, (cells,), _problems in rows:
        cells["source_url"] = f"https://example.org/{number % 3}"
    upload = upload_of("stations", rows)
    sources = upload.records.filter(kind="source").order_by("key").values_list("key", flat=True)
    assert list(sources) == [f"https://example.org/{number}" for number in range(3)]
    apply(upload)
    assert PollingStation.objects.count() == 49


def test_hours_of_more_stations_than_are_written_at_once(
    election: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red when: `_write_parts` writes the first of its pieces alone."""
    rows = rows_of("polling_stations_abroad.csv")
    apply(upload_of("stations", rows))
    monkeypatch.setattr(applying, "SLICE", 2)
    given = [number for number, parts, _problems in rows if parts[0]["opens_local"]][:5]
    for number in given:
        rows = changed(rows, number, opens_local="06:30")
    upload = upload_of("stations", rows)
    assert upload.counts["changed"] == len(given)
    apply(upload)
    assert upload_of("stations", rows).counts["unchanged"] == 49
