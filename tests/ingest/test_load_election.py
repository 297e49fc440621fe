"""Loading the real election, loading it again, and what happens to corrections made by hand."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.brokers import wait_for
from tests.ingest import folders
from tests.ingest.folders import AZ2024, drop_row, row_of, write_cell
from tracker.core.models import Publication, Source
from tracker.elections.models import AnnouncedFigure, Constituency, Election, Milestone
from tracker.ingest.loading import LOCK, load_folder
from tracker.ingest.models import LoadedRecord
from tracker.ingest.problems import ProblemsFound
from tracker.ingest.report import Report
from tracker.missions.models import Engagement, Membership, Mission, Organization, Statement
from tracker.stations.models import PollingStation, VotingWindow

RECORDS = {
    "sources": 153,
    "elections": 1,
    "organizations": 38,
    "constituencies": 4,
    "polling stations": 49,
    "missions": 36,
    "memberships": 3,
    "statements": 24,
    "engagements": 39,
    "milestones": 46,
    "announced figures": 101,
}
SEED_URL = "https://en.trend.az/azerbaijan/politics/3858043.html"


def outcomes(report: Report) -> dict[str, int]:
    return {outcome: number for outcome, number in report.total().items() if number}


def station(**lookup: Any) -> PollingStation:
    return PollingStation.objects.get(**lookup)


# --- the first load -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_first_load_creates_every_record() -> None:
    report = load_folder(folder=AZ2024)
    assert {label: dict(counts) for label, counts in report.counts.items()} == {
        label: {"created": number} for label, number in RECORDS.items()
    }
    assert [report.kept, report.adopted, report.deleted, report.gone, report.absent_files] == [[]] * 5
    found = {
        "sources": Source,
        "elections": Election,
        "organizations": Organization,
        "constituencies": Constituency,
        "polling stations": PollingStation,
        "missions": Mission,
        "memberships": Membership,
        "statements": Statement,
        "engagements": Engagement,
        "milestones": Milestone,
        "announced figures": AnnouncedFigure,
    }
    assert {label: model._base_manager.count() for label, model in found.items()} == RECORDS
    assert PollingStation.objects.values("country").distinct().count() == 37


@pytest.mark.django_db
def test_command_prints_a_table_with_totals() -> None:
    out = StringIO()
    call_command("load_election", str(AZ2024), stdout=out)
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[0][0] == "az-2024-president"
    assert ["polling", "stations", "49", "0", "0", "0", "0"] in lines
    assert lines[-1] == ["total", "494", "0", "0", "0", "0"]


@pytest.mark.django_db
def test_the_first_load_saves_no_record_by_itself() -> None:
    with CaptureQueriesContext(connection) as queries:
        report = load_folder(folder=AZ2024)
    assert outcomes(report) == {"created": 494}
    assert len(queries) <= 40


@pytest.mark.django_db
def test_election_is_as_its_file_says() -> None:
    load_folder(folder=AZ2024)
    election = Election.objects.get()
    assert (election.slug, election.country_id, election.kind, election.call, election.round) == (
        "az-2024-president",
        "AZ",
        "presidential",
        "extraordinary",
        1,
    )
    assert (election.starts_on, election.ends_on, election.timezone_id) == (
        date(2024, 2, 7),
        date(2024, 2, 7),
        "Asia/Baku",
    )
    assert election.name_az.startswith("Azərbaycanda")
    assert (election.source.url, election.source.publisher, election.source.published_on) == (
        "https://www.azernews.az/nation/218556.html",
        "azernews.az",
        "2023-12-07",
    )


@pytest.mark.django_db
def test_hours_are_utc_by_the_rules_of_election_day() -> None:
    load_folder(folder=AZ2024)
    windows = VotingWindow.objects.order_by("opens_at")
    assert windows.count() == 49
    assert windows[0].opens_at == datetime(2024, 2, 6, 23, tzinfo=UTC)
    assert windows[0].station.city == "Seoul"
    last = VotingWindow.objects.latest("closes_at")
    assert (last.closes_at, last.station.city) == (datetime(2024, 2, 8, 3, tzinfo=UTC), "Los Angeles")
    # Kazakhstan was at UTC+6 until three weeks later.
    assert station(city="Astana").windows.get().opens_at == datetime(2024, 2, 7, 2, tzinfo=UTC)


@pytest.mark.django_db
def test_station_has_all_its_facts_with_their_sources() -> None:
    load_folder(folder=AZ2024)
    rome = station(city="Rome")
    assert (rome.number, rome.constituency.number, rome.constituency.name) == ("39", "15", "Yasamal first")
    assert (rome.latitude, rome.longitude, rome.coordinate_precision) == (
        Decimal("41.90280"),
        Decimal("12.49640"),
        "city",
    )
    assert (rome.city_basis, rome.host_mission_basis, rome.setting, rome.status) == (
        "wikidata",
        "source",
        "abroad",
        "established",
    )
    assert rome.number_source.publisher == "rome.mfa.gov.az"
    assert rome.city_source.url == "http://www.wikidata.org/entity/Q12836911"
    assert rome.source.published_on == "2024-02-01"
    kyiv = station(city="Kyiv")
    assert (kyiv.registered_voters, kyiv.voters_source.publisher) == (600, "menafn.com")
    assert {s.city for s in PollingStation.objects.filter(number="44")} == {
        "Riga",
        "Beijing",
        "St. Petersburg",
    }
    assert sorted(PollingStation.objects.filter(city="Ankara").values_list("number", flat=True)) == [
        "46",
        "47",
    ]
    assert PollingStation.objects.exclude(number="").count() == 18


@pytest.mark.django_db
def test_missions_members_and_statements() -> None:
    load_folder(folder=AZ2024)
    odihr = Mission.objects.get(organization__acronym="ODIHR")
    assert (odihr.type, odihr.status, odihr.observers_total) == ("long_term_eom", "observed", 256)
    assert (odihr.planned_core, odihr.planned_lto, odihr.planned_sto, odihr.actual_sto) == (11, 26, 280, None)
    joint = Mission.objects.get(organization__acronym="IEOM")
    assert sorted(joint.members.values_list("acronym", flat=True)) == ["ODIHR", "OSCE PA"]
    cis = Mission.objects.get(organization__acronym="CIS")
    assert list(cis.memberships.values_list("organization__name", "role")) == [
        ("Parliamentary Assembly of the Union of Belarus and Russia", "participant")
    ]
    statement = cis.statements.get()
    assert (statement.kind, statement.issued_on, statement.url, statement.source) == (
        "statement",
        date(2024, 2, 8),
        "https://en.vestikavkaza.ru/material/166354",
        None,  # the mission's page is of 5 February, the statement of the 8th
    )
    assert {m.organization.acronym: m.status for m in Mission.objects.exclude(status="observed")} == {
        "PACE": "not_invited",
        "EP": "will_not_observe",
    }


@pytest.mark.django_db
def test_organizations_have_readable_addresses() -> None:
    load_folder(folder=AZ2024)
    slugs = dict(Organization.objects.values_list("name", "slug"))
    assert slugs["Interparliamentary Assembly of Member Nations of the CIS"] == "ipa-cis"
    assert slugs["Grand National Assembly of Türkiye"] == "tbmm"
    assert slugs['"My Voice" Election Monitoring Coalition'] == "my-voice-election-monitoring-coalition"


@pytest.mark.django_db
def test_engagements_name_their_organizations() -> None:
    load_folder(folder=AZ2024)
    seed = Engagement.objects.get(source__url=SEED_URL)
    assert (seed.host, seed.visitor, seed.outcome) == (
        "Jeyhun Bayramov",
        "Sergey Lebedev",
        "49 stations in 37 countries",
    )
    assert [o.acronym for o in seed.organizations.all()] == ["CIS"]
    gafarova = Engagement.objects.get(visitor="Members of the missions")
    assert {o.short_name for o in gafarova.organizations.all()} == {"IPA CIS", "Arab Parliament", "PABSEC"}
    assert Engagement.objects.filter(date_precision="range", date=None).count() == 2


@pytest.mark.django_db
def test_moments_of_the_calendar_have_their_zones() -> None:
    load_folder(folder=AZ2024)
    moments = {m.title: (m.at, m.timezone_id) for m in Milestone.objects.exclude(at=None)}
    assert moments == {
        # Of a period the hour is that of the last day.
        "Window to hand in candidate registration papers": (
            datetime(2024, 1, 8, 14, tzinfo=UTC),
            "Asia/Baku",
        ),
        "Campaign ends and silence begins": (datetime(2024, 2, 6, 4, tzinfo=UTC), "Asia/Baku"),
        "First station abroad opens: Seoul": (datetime(2024, 2, 6, 23, tzinfo=UTC), "Asia/Seoul"),
        "Election day in Azerbaijan": (datetime(2024, 2, 7, 4, tzinfo=UTC), "Asia/Baku"),
        "Last station abroad closes: Los Angeles": (
            datetime(2024, 2, 8, 3, tzinfo=UTC),
            "America/Los_Angeles",
        ),
        "OSCE press conference with preliminary findings": (
            datetime(2024, 2, 8, 11, tzinfo=UTC),
            "Asia/Baku",
        ),
    }
    undated = Milestone.objects.get(starts_on=None)
    assert undated.title == "ODIHR publishes its final reports on both 2024 elections"


@pytest.mark.django_db
def test_figures_keep_values_places_and_moments() -> None:
    load_folder(folder=AZ2024)
    seed = AnnouncedFigure.objects.filter(source__url=SEED_URL).order_by("metric")
    assert [(f.metric, f.value, f.unit) for f in seed] == [
        ("countries_abroad", Decimal(37), "countries"),
        ("stations_abroad", Decimal(49), "stations"),
    ]
    first = AnnouncedFigure.objects.filter(metric="first_station_to_open")
    assert {(f.place, f.value) for f in first} == {("Beijing", None), ("Seoul", None)}
    turnout = AnnouncedFigure.objects.get(metric="turnout", value="70.85")
    assert (turnout.as_of_date, turnout.as_of_at, turnout.as_of_timezone_id, turnout.as_of_clock_time) == (
        date(2024, 2, 7),
        datetime(2024, 2, 7, 13, tzinfo=UTC),
        "Asia/Baku",
        None,
    )
    hungary = AnnouncedFigure.objects.get(scope="HU embassy")
    assert (hungary.as_of_date, hungary.as_of_at, str(hungary.as_of_clock_time)) == (
        date(2024, 2, 7),
        None,
        "17:00:00",
    )
    assert AnnouncedFigure.objects.get(source__published_on="2024-02", metric="turnout").conflict_group == (
        "turnout_final"
    )


@pytest.mark.django_db
def test_loaded_records_are_published() -> None:
    load_folder(folder=AZ2024)
    assert PollingStation.objects.published().count() == 49
    assert Statement.objects.published().count() == 24
    assert AnnouncedFigure.objects.published().count() == 101


@pytest.mark.django_db
def test_draft_loads_nothing_for_the_public_and_later_loads_publish_nothing() -> None:
    load_folder(folder=AZ2024, draft=True)
    load_folder(folder=AZ2024)
    for model in (Election, Organization, Constituency, PollingStation, Mission, Engagement, Milestone):
        assert model.objects.count() > 0
        assert model.objects.filter(publication=Publication.PUBLISHED).count() == 0


def rows_of_all_tables() -> dict[str, int]:
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


@pytest.mark.django_db
def test_dry_run_tells_all_and_changes_nothing() -> None:
    before, out = rows_of_all_tables(), StringIO()
    call_command("load_election", str(AZ2024), "--dry-run", stdout=out)
    assert "494" in out.getvalue()
    assert out.getvalue().endswith("This was a dry run; nothing was changed.\n")
    assert rows_of_all_tables() == before
    load_folder(folder=AZ2024)
    assert PollingStation.objects.count() == 49


# --- loading again ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_second_load_changes_nothing_in_few_queries() -> None:
    load_folder(folder=AZ2024)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        report = load_folder(folder=AZ2024)
    assert outcomes(report) == {"unchanged": 494}
    assert len(queries) <= 25
    assert [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))] == []


@pytest.mark.django_db
def test_rows_in_another_order_are_the_same_rows(folder: Path) -> None:
    load_folder(folder=folder)
    ids = dict(PollingStation.objects.values_list("pk", "number"))
    for name in (folders.STATIONS, folders.ENGAGEMENTS, folders.FIGURES, folders.MISSIONS):
        folders.rewrite(folder, name, lambda table: [table[0], *reversed(table[1:])])
    assert outcomes(load_folder(folder=folder)) == {"unchanged": 494}
    assert dict(PollingStation.objects.values_list("pk", "number")) == ids


@pytest.mark.django_db
def test_two_stations_of_one_host_are_told_apart_by_number_when_all_else_changes(folder: Path) -> None:
    load_folder(folder=folder)
    ids = {s.number: s.pk for s in PollingStation.objects.filter(city="Ankara")}
    for number in ("46", "47"):
        row = row_of(folder, folders.STATIONS, city="Ankara", number=number)
        write_cell(folder, folders.STATIONS, row, "notes", f"changed {number}")
    folders.rewrite(folder, folders.STATIONS, lambda table: [table[0], *reversed(table[1:])])
    assert outcomes(load_folder(folder=folder)) == {"unchanged": 492, "updated": 2}
    assert {s.number: (s.pk, s.notes) for s in PollingStation.objects.filter(city="Ankara")} == {
        number: (pk, f"changed {number}") for number, pk in ids.items()
    }


@pytest.mark.django_db
def test_a_correction_by_hand_stays_while_the_file_says_the_same(folder: Path) -> None:
    load_folder(folder=folder)
    PollingStation.objects.filter(city="Rome").update(address="Via Ancona 37", publication=Publication.DRAFT)
    station(city="Seoul").windows.update(closes_at=datetime(2024, 2, 7, 11, tzinfo=UTC))
    report = load_folder(folder=folder)
    assert outcomes(report) == {"unchanged": 494}
    assert (station(city="Rome").address, station(city="Rome").publication) == ("Via Ancona 37", "draft")
    assert station(city="Seoul").windows.get().closes_at.hour == 11


@pytest.mark.django_db
def test_what_the_file_changed_is_updated(folder: Path) -> None:
    load_folder(folder=folder)
    before = station(city="Bern").pk
    bern = row_of(folder, folders.STATIONS, city="Bern")
    write_cell(folder, folders.STATIONS, bern, "number", "48")
    write_cell(folder, folders.STATIONS, bern, "number_source_url", SEED_URL)
    write_cell(folder, folders.STATIONS, bern, "closes_local", "20:00")
    seed = row_of(folder, folders.ENGAGEMENTS, source_url=SEED_URL)
    write_cell(folder, folders.ENGAGEMENTS, seed, "organization", "CIS; OTS")
    write_cell(
        folder,
        folders.FIGURES,
        row_of(folder, folders.FIGURES, metric="registered_voters"),
        "value",
        "6478624",
    )
    report = load_folder(folder=folder)
    assert outcomes(report) == {"updated": 3, "unchanged": 491}
    bern_now = station(city="Bern")
    assert (bern_now.pk, bern_now.number, bern_now.number_source.url) == (before, "48", SEED_URL)
    assert bern_now.windows.get().closes_at == datetime(2024, 2, 7, 19, tzinfo=UTC)
    assert Engagement.objects.get(source__url=SEED_URL).organizations.count() == 2
    assert AnnouncedFigure.objects.filter(metric="registered_voters", value=6478624).count() == 1
    assert outcomes(load_folder(folder=folder)) == {"unchanged": 494}


@pytest.mark.django_db
def test_a_field_changed_in_file_and_by_hand_is_kept_and_named_once(folder: Path) -> None:
    load_folder(folder=folder)
    PollingStation.objects.filter(city="Bern").update(address="Dalmazirain 27, Bern")
    station(city="Bern").windows.update(closes_at=datetime(2024, 2, 7, 17, tzinfo=UTC))
    bern = row_of(folder, folders.STATIONS, city="Bern")
    write_cell(folder, folders.STATIONS, bern, "address", "Belpstrasse 1, Bern")
    write_cell(folder, folders.STATIONS, bern, "address_source_url", SEED_URL)
    write_cell(folder, folders.STATIONS, bern, "closes_local", "20:00")
    write_cell(folder, folders.MISSIONS, 2, "observers_total", "266")
    Mission.objects.filter(organization__acronym="ODIHR").update(observers_total=260)
    report = load_folder(folder=folder)
    # The station's address source followed the file, its address did not.
    assert outcomes(report) == {"updated": 1, "kept by hand": 1, "unchanged": 492}
    # Hours are told as the station's own clock shows them.
    assert report.kept[1] == (
        f"station (polling_stations_abroad.csv, row {bern}) windows: the file says "
        "“2024-02-07 08:00–20:00 Europe/Zurich”, the register keeps “2024-02-07 08:00–18:00 Europe/Zurich”"
    )
    assert report.kept[0] == (
        f"station (polling_stations_abroad.csv, row {bern}) address: "
        "the file says “Belpstrasse 1, Bern”, the register keeps “Dalmazirain 27, Bern”"
    )
    assert [line.split(":")[0] for line in report.kept[1:]] == [
        f"station (polling_stations_abroad.csv, row {bern}) windows",
        "mission (missions.csv, row 2) observers_total",
    ]
    assert station(city="Bern").address == "Dalmazirain 27, Bern"
    assert station(city="Bern").windows.get().closes_at.hour == 17
    assert Mission.objects.get(organization__acronym="ODIHR").observers_total == 260
    again = load_folder(folder=folder)
    assert (outcomes(again), again.kept) == ({"unchanged": 494}, [])


@pytest.mark.django_db
def test_a_record_deleted_by_hand_is_not_made_again_unless_asked(folder: Path) -> None:
    load_folder(folder=folder)
    Milestone.objects.get(title="Inauguration").delete()
    station(city="Rome").delete()
    report = load_folder(folder=folder)
    assert outcomes(report) == {"unchanged": 492, "deleted by hand": 2}
    assert report.deleted == [
        "station (polling_stations_abroad.csv, row 2): IT | Rome | Embassy of Azerbaijan in Italy",
        "milestone (milestones.csv, row 46): Inauguration",
    ]
    assert PollingStation.objects.count() == 48
    restored = load_folder(folder=folder, restore_deleted=True)
    assert outcomes(restored) == {"unchanged": 492, "created": 2}
    assert station(city="Rome").windows.count() == 1
    assert outcomes(load_folder(folder=folder)) == {"unchanged": 494}


def delete_source_of_the_milestone(title: str) -> str:
    """Take a source that nothing else refers to from its milestone, and delete it; its address."""
    milestone = Milestone.objects.get(title=title)
    source = milestone.source
    milestone.source = None
    milestone.save()
    source.delete()
    return str(source.url)


@pytest.fixture
def lone_source(folder: Path) -> str:
    """The title of the milestone in row 2, whose source is named by no other row, loaded."""
    write_cell(folder, folders.MILESTONES, 2, "source_url", "https://example.org/only-here")
    load_folder(folder=folder)
    return folders.read(folder, folders.MILESTONES)[0]["title"]


@pytest.mark.django_db
def test_a_source_deleted_by_hand_is_not_made_again_either(folder: Path, lone_source: str) -> None:
    url = delete_source_of_the_milestone(lone_source)
    for _time in range(2):
        report = load_folder(folder=folder)
        assert not Source.objects.filter(url=url).exists()
        assert outcomes(report) == {"unchanged": 494, "deleted by hand": 1}
        assert report.deleted == [f"source (milestones.csv, row 2): {url}"]
    restored = load_folder(folder=folder, restore_deleted=True)
    assert outcomes(restored) == {"unchanged": 494, "created": 1}


@pytest.mark.django_db
def test_a_deleted_source_comes_back_with_a_record_that_needs_it(folder: Path, lone_source: str) -> None:
    url = delete_source_of_the_milestone(lone_source)
    write_cell(folder, folders.MILESTONES, 3, "source_url", url)
    write_cell(folder, folders.MILESTONES, 3, "source_date", "2023-12-07")
    report = load_folder(folder=folder)
    assert outcomes(report) == {"unchanged": 492, "created": 1, "updated": 1}
    title = folders.read(folder, folders.MILESTONES)[1]["title"]
    assert Milestone.objects.get(title=title).source.url == url
    # The other milestone was taken from its source by hand, and stays so.
    assert Milestone.objects.get(title=lone_source).source is None
    assert outcomes(load_folder(folder=folder)) == {"unchanged": 494}


@pytest.mark.django_db
def test_a_deleted_source_does_not_come_back_for_what_is_kept_by_hand(folder: Path, lone_source: str) -> None:
    url = delete_source_of_the_milestone(lone_source)
    second = folders.read(folder, folders.MILESTONES)[1]["title"]
    Milestone.objects.filter(title=second).update(source=factories.make_source())
    write_cell(folder, folders.MILESTONES, 3, "source_url", url)
    write_cell(folder, folders.MILESTONES, 3, "source_date", "2023-12-07")
    report = load_folder(folder=folder)
    assert not Source.objects.filter(url=url).exists()
    assert len(report.kept) == 1


@pytest.mark.django_db
def test_a_row_taken_out_of_the_file_stays_in_the_register(folder: Path) -> None:
    load_folder(folder=folder)
    drop_row(folder, folders.STATIONS, row_of(folder, folders.STATIONS, city="Ankara", number="46"))
    drop_row(folder, folders.MEMBERSHIPS, 2)
    report = load_folder(folder=folder)
    assert PollingStation.objects.filter(city="Ankara").count() == 2
    assert report.gone == [
        "station: TR | Ankara | Embassy of Azerbaijan in Türkiye",
        "membership: International Election Observation Mission of ODIHR and OSCE PA | joint | OSCE…",
    ]
    assert outcomes(report) == {"unchanged": 492}


@pytest.mark.django_db
def test_a_new_row_becomes_a_new_record_beside_the_old_ones(folder: Path) -> None:
    load_folder(folder=folder)
    ids = {s.pk: s.number for s in PollingStation.objects.filter(city="Ankara")}

    def add(table: folders.Table) -> folders.Table:
        old = next(line for line in table if line[0] == "46" and line[2] == "Ankara")
        return [table[0], ["45", *old[1:]], *table[1:]]

    folders.rewrite(folder, folders.STATIONS, add)
    assert outcomes(load_folder(folder=folder)) == {"unchanged": 494, "created": 1}
    now = {s.pk: s.number for s in PollingStation.objects.filter(city="Ankara")}
    assert now.items() >= ids.items()
    assert sorted(now.values()) == ["45", "46", "47"]


@pytest.mark.django_db
def test_two_stations_may_swap_their_numbers(folder: Path) -> None:
    load_folder(folder=folder)
    petersburg = row_of(folder, folders.STATIONS, city="St. Petersburg")
    yekaterinburg = row_of(folder, folders.STATIONS, city="Yekaterinburg")
    write_cell(folder, folders.STATIONS, petersburg, "number", "45")
    write_cell(folder, folders.STATIONS, yekaterinburg, "number", "44")
    assert outcomes(load_folder(folder=folder)) == {"unchanged": 492, "updated": 2}
    assert (station(city="St. Petersburg").number, station(city="Yekaterinburg").number) == ("45", "44")


@pytest.mark.django_db
def test_a_renamed_organization_stays_the_same(folder: Path) -> None:
    load_folder(folder=folder)
    before = Organization.objects.get(acronym="SCO")
    for name in (folders.ORGANIZATIONS, folders.MISSIONS):
        column = "name" if name == folders.ORGANIZATIONS else "organization"
        row = row_of(folder, name, acronym="SCO")
        write_cell(folder, name, row, column, "Shanghai Cooperation Organization")
    report = load_folder(folder=folder)
    assert (outcomes(report), report.gone) == ({"updated": 1, "unchanged": 493}, [])
    after = Organization.objects.get(acronym="SCO")
    assert (after.pk, after.slug, after.name) == (before.pk, "sco", "Shanghai Cooperation Organization")
    assert Mission.objects.count() == 36
    assert outcomes(load_folder(folder=folder)) == {"unchanged": 494}


@pytest.mark.django_db
def test_a_date_found_later_completes_its_source(folder: Path) -> None:
    load_folder(folder=folder)
    url = folders.read(folder, folders.STATIONS)[0]["number_source_url"]
    write_cell(folder, folders.STATIONS, 2, "number_source_date", "2024-02-08")
    assert outcomes(load_folder(folder=folder)) == {"updated": 1, "unchanged": 493}
    assert Source.objects.get(url=url).published_on == "2024-02-08"


@pytest.mark.django_db
def test_a_new_row_cannot_refer_to_what_was_deleted_by_hand(folder: Path) -> None:
    load_folder(folder=folder)
    Organization.objects.get(acronym="EU").delete()
    write_cell(folder, folders.MEMBERSHIPS, 4, "organization", "EU")
    with pytest.raises(ProblemsFound) as found:
        load_folder(folder=folder)
    assert str(found.value) == (
        "memberships.csv, row 4, organization: refers to the organization European Union (External Action Service), "
        "which was deleted by hand. Enter it again, take this row out, or load with --restore-deleted."
    )
    assert Membership.objects.filter(mission__organization__acronym="CIS").count() == 1


# --- adoption -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_records_entered_by_hand_are_adopted_not_doubled() -> None:
    election = factories.make_election(
        slug="az-2024-president", name="Presidential election", timezone="Asia/Baku"
    )
    cis = factories.make_organization(name="Commonwealth of Independent States", slug="the-cis")
    constituency = factories.make_constituency(election=election, number="15", name="")
    rome = factories.make_station(
        election=election,
        country="IT",
        city="Roma",
        number="39",
        constituency=constituency,
        timezone="Europe/Rome",
    )
    tashkent = factories.make_station(
        election=election,
        country="UZ",
        city="Tashkent",
        host_mission="Embassy of Azerbaijan in Uzbekistan",
        number="",
        constituency=None,
        timezone="Asia/Tashkent",
        publication=Publication.DRAFT,
    )
    mission = factories.make_mission(
        election=election, organization=cis, type="long_term", observers_total=171
    )
    milestone = factories.make_milestone(election=election, title="Inauguration", starts_on=None)
    report = load_folder(folder=AZ2024)
    assert PollingStation.objects.count() == 49
    assert (Mission.objects.count(), Organization.objects.count(), Milestone.objects.count()) == (36, 38, 46)
    assert Constituency.objects.get(number="15").pk == constituency.pk
    assert len(report.adopted) == 7
    # What somebody wrote stays; what was empty is filled in.
    rome.refresh_from_db()
    assert (rome.city, rome.host_mission) == ("Roma", rome.host_mission)
    assert rome.number_source.publisher == "rome.mfa.gov.az"
    tashkent.refresh_from_db()
    assert (tashkent.publication, tashkent.city_basis) == (Publication.DRAFT, "capital_inferred")
    assert tashkent.windows.count() == 1
    mission.refresh_from_db()
    assert mission.observers_total == 171
    cis.refresh_from_db()
    assert cis.slug == "the-cis"
    milestone.refresh_from_db()
    assert milestone.starts_on == date(2024, 2, 14)
    assert outcomes(load_folder(folder=AZ2024)) == {"unchanged": 494}


@pytest.mark.django_db
def test_a_zero_entered_by_hand_is_a_value_and_stays() -> None:
    election = factories.make_election(slug="az-2024-president", timezone="Asia/Baku")
    cis = factories.make_organization(name="Commonwealth of Independent States")
    mission = factories.make_mission(
        election=election, organization=cis, type="long_term", observers_total=0, stations_visited=None
    )
    report = load_folder(folder=AZ2024)
    mission.refresh_from_db()
    assert mission.observers_total == 0
    assert [line for line in report.kept if "observers_total" in line] == [
        "mission (missions.csv, row 5) observers_total: the file says “169”, the register keeps “0”"
    ]


# --- the database's own word, and two loads at once ----------------------------------------------------------


@pytest.mark.django_db
def test_what_only_the_database_refuses_is_said_and_nothing_is_half_saved(folder: Path) -> None:
    election = factories.make_election(slug="az-2024-president")
    other = factories.make_organization(name="Shanghai Club", acronym="X")
    factories.make_mission(election=election, organization=other)
    # A rule that no check of the files knows.
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE elections_milestone ADD CONSTRAINT no_courts CHECK (title NOT LIKE '%Court%')"
        )
    before, err = rows_of_all_tables(), StringIO()
    with pytest.raises(SystemExit) as exit_:
        call_command("load_election", str(folder), stderr=err)
    assert exit_.value.code == 1
    assert "The database refuses the milestones:" in err.getvalue()
    assert "no_courts" in err.getvalue()
    assert err.getvalue().endswith("1 problem; nothing was changed.\n")
    assert rows_of_all_tables() == before


WAIT_FOR_US = (
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
)


@pytest.fixture
def clean_database(transactional_db: None) -> Iterator[None]:
    yield
    LoadedRecord.objects.all().delete()


@pytest.mark.usefixtures("clean_database")
def test_a_second_load_waits_for_the_first() -> None:
    reports: list[Report] = []

    def load() -> None:
        try:
            reports.append(load_folder(folder=AZ2024))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=load) for _ in range(2)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        for thread in threads:
            thread.start()

        def both_wait() -> bool:
            # For this connection: other tests wait for theirs, on the same server.
            cursor.execute(WAIT_FOR_US)
            return bool(cursor.fetchone()[0] == 2)

        wait_for(both_wait)
        assert reports == []
    for thread in threads:
        thread.join()
    assert sorted(tuple(outcomes(report).items()) for report in reports) == [
        (("created", 494),),
        (("unchanged", 494),),
    ]
    assert PollingStation.objects.count() == 49
