"""Files that people bring, from the upload to the register, in the staff's screens."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tests.factories import make_account, make_election, make_figure, make_mission, make_organization
from tests.ingest.files import write_xlsx
from tests.jobs import run_waiting_jobs
from tracker.core.receiving import MOST_BYTES
from tracker.core.roles import Role
from tracker.elections.models import Constituency, Election
from tracker.ingest.mapping import Mapping
from tracker.ingest.models import Answer, Profile, Upload, UploadedFile
from tracker.ingest.tables import open_table
from tracker.ingest.tasks import forget_files
from tracker.ingest.uploads import files
from tracker.ingest.uploads.queries import reason, records_of
from tracker.missions.models import Organization
from tracker.stations.models import PollingStation, VotingWindow

# Each step of an upload is a transaction of its own, which the next one compares with.
pytestmark = pytest.mark.django_db(transaction=True)

# As an authority may publish it: in Hungarian, with country and city in one cell, and hours in words.
HUNGARIAN = """\
Külképviseletek szavazóhelyei;;;
Sorszám;Ország, város;Cím;Szavazás ideje
1;Németország, Berlin;Unter den Linden 76;06:00 - 19:00
2;Ausztria, Bécs;Bankgasse 4-6;06:00 - 19:00
3;Nemország, Semmi;Sehol 1;06:00 - 19:00
4;Csehország, Prága;Pod Hradbami 17;06:00 - 19:00
5;Dánia, Koppenhága;Strandvejen 170;06:00 - 19:00
"""


@pytest.fixture
def election() -> Election:
    return make_election()


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_account(Role.DESK))
    return client


def bring(
    client: Client, election: Election, content: bytes | str, kind: str = "stations", name: str = "list.csv"
) -> HttpResponse:
    data = content.encode() if isinstance(content, str) else content
    return client.post(
        "/staff/files/new/",
        {
            "election": election.pk, "kind": kind, "source": "https://authority.example/list",
            "file": SimpleUploadedFile(name, data),
        },
    )  # fmt: skip


def answer_first(client: Client, upload: Upload, value: str) -> HttpResponse:
    """Answer the first question of a file, by the name its field has."""
    page = client.get(f"/staff/files/{upload.pk}/questions/").context
    sent = {f"typed-{page['questions'][0]['mark']}": value, "_opened": page["opened"]}
    return client.post(f"/staff/files/{upload.pk}/questions/", sent)


def read_so(client: Client, upload: Upload, **changes: str) -> str:
    """Say how the file is read: as proposed, but for these fields of the form."""
    page = client.get(f"/staff/files/{upload.pk}/reading/")
    data = {
        "do": "look",
        "_opened": page.context["opened"],
        "source": page.context["forms"].source,
        "language": page.context["forms"].language,
    }
    for line in page.context["forms"].lines:
        data |= {
            f"{line.prefix}-{name}": line.initial[name] or "" for name in line.fields if name != "ranges"
        }
    answer = client.post(f"/staff/files/{upload.pk}/reading/", data | changes)
    assert answer.status_code == 302, answer.content.decode()
    return client.get(answer["Location"]).content.decode()


def post(client: Client, upload: Upload, do: str, **fields: str) -> str:
    answer = client.post(f"/staff/files/{upload.pk}/", {"do": do, **fields})
    assert answer.status_code == 302
    run_waiting_jobs()
    upload.refresh_from_db()
    return client.get(f"/staff/files/{upload.pk}/").text


def test_foreign_list_goes_from_file_to_register(desk: Client, election: Election) -> None:
    answer = bring(desk, election, HUNGARIAN)
    upload = Upload.objects.get()
    assert answer["Location"] == f"/staff/files/{upload.pk}/reading/"
    reading = desk.get(answer["Location"]).text
    assert "The header is row 2" in reading
    assert "Berlin" in reading
    assert "Not taken from the file: Sorszám" in reading
    reading = read_so(desk, upload, **{"number-column": "Sorszám"})
    assert "Not taken from the file" not in reading
    page = post(desk, upload, "check")
    assert upload.state == "checked", upload.problem
    assert upload.counts.get("new") == 4, [r.problems for r in upload.records.all()]
    assert upload.counts["bad"] == 1
    assert [question[:2] for question in upload.counts["questions"]] == [["country", "Nemország"]]
    assert "1 question" in page
    bad = desk.get(f"/staff/files/{upload.pk}/rows-to-mend/").content.decode("utf-8-sig").splitlines()
    # With the semicolons of the file, or a spreadsheet set to commas in numbers shows one column.
    assert bad[0].startswith("Sorszám;Ország, város;")
    assert len(bad) == 2
    assert "Nemország" in bad[1]
    # Answered once, remembered.
    answer_first(desk, upload, "RO")
    run_waiting_jobs()
    upload.refresh_from_db()
    assert Answer.objects.get().value == "RO"
    assert upload.counts["questions"] == []
    page = post(desk, upload, "apply", sure="yes")
    assert upload.state == "applied", upload.problem
    stations = PollingStation.objects.filter(election=election).order_by("number")
    assert [(row.country_id, row.number) for row in stations][:2] == [("DE", "1"), ("AT", "2")]
    assert {row.publication for row in stations} == {"draft"}
    assert VotingWindow.objects.filter(station__in=stations).exists()
    assert "See the drafts" in page
    # The same file again changes nothing, and is read as the first one was where that is remembered.
    post(desk, upload, "profile", name="Hungarian list")
    bring(desk, election, HUNGARIAN)
    again = Upload.objects.latest("pk")
    assert again.profile == Profile.objects.get()
    page = post(desk, again, "check")
    assert again.counts["unchanged"] == stations.count()
    assert "new" not in again.counts
    assert "there is nothing to write" in page
    # And what it did can be taken back.
    post(desk, upload, "undo", sure="yes")
    assert upload.state == "undone", upload.problem
    assert not PollingStation.objects.exists()


def test_without_a_tick_nothing_is_applied(desk: Client, election: Election) -> None:
    bring(desk, election, HUNGARIAN)
    upload = Upload.objects.get()
    post(desk, upload, "check")
    Answer.objects.create(topic="country", text="nemorszag", value="RO")
    post(desk, upload, "check")
    page = post(desk, upload, "apply")
    assert upload.state == "checked"
    assert "Tick that you looked" in page
    assert not PollingStation.objects.exists()


def test_officer_brings_organizations_and_no_stations(client: Client, election: Election) -> None:
    client.force_login(make_account(Role.OFFICER))
    form = client.get("/staff/files/new/").text
    assert 'value="organizations"' in form
    assert 'value="stations"' not in form
    assert bring(client, election, HUNGARIAN).status_code == 422
    text = "Name,Acronym,Type\nInternational Watch,IW,ngo\n"
    assert bring(client, election, text, "organizations").status_code == 302
    upload = Upload.objects.get()
    post(client, upload, "check")
    assert upload.counts["new"] == 1, upload.records.get().problems
    post(client, upload, "apply", sure="yes")
    assert Organization.objects.get().slug == "iw"


def test_file_that_is_no_table_is_refused_beside_its_field(desk: Client, election: Election) -> None:
    answer = bring(desk, election, b"%PDF-1.7 not a table")
    assert answer.status_code == 422
    assert "PDF" in answer.content.decode()
    assert not Upload.objects.exists()


def test_too_large_a_file_is_told_the_limit_and_the_other_way(desk: Client, election: Election) -> None:
    answer = bring(desk, election, b"x" * (MOST_BYTES + 1))
    assert answer.status_code == 422
    assert (
        "The file is larger than 32 MB. Send it in several files, or have it brought by manage.py ingest, which takes "
        "up to 256 MB." in answer.content.decode()
    )
    assert not Upload.objects.exists()


def test_correction_by_hand_is_kept_unless_the_person_says_so(desk: Client, election: Election) -> None:
    text = HUNGARIAN.replace("Nemország, Semmi", "Lengyelország, Varsó").replace("Sorszám", "No.")
    bring(desk, election, text)
    upload = Upload.objects.get()
    post(desk, upload, "check")
    post(desk, upload, "apply", sure="yes")
    assert upload.state == "applied", upload.problem
    berlin = PollingStation.objects.get(number="1")
    PollingStation.objects.filter(pk=berlin.pk).update(city="Berlin-Mitte")
    bring(desk, election, text)
    again = Upload.objects.latest("pk")
    page = post(desk, again, "check")
    assert again.counts["kept"] == 1
    assert "kept as corrected by hand" in page
    record = again.records.get(action="kept")
    shown = desk.get(f"/staff/files/{again.pk}/records/?action=kept").text
    assert "Berlin-Mitte" in shown
    assert "Take the file’s" in shown
    desk.post(f"/staff/files/{again.pk}/records/", {"record": record.pk, "field": "city", "wins": "file"})
    again.refresh_from_db()
    assert again.counts["changed"] == 1
    post(desk, again, "apply", sure="yes")
    berlin.refresh_from_db()
    assert berlin.city == "Berlin"


def test_register_that_moves_under_the_preview_is_compared_again(desk: Client, election: Election) -> None:
    text = HUNGARIAN.replace("Nemország, Semmi", "Lengyelország, Varsó").replace("Sorszám", "No.")
    bring(desk, election, text)
    upload = Upload.objects.get()
    post(desk, upload, "check")
    assert upload.counts["new"] == 5
    PollingStation.objects.create(
        election=election, country_id="DE", city="Berlin", timezone_id="Europe/Berlin", number="1"
    )
    page = post(desk, upload, "apply", sure="yes")
    assert upload.state == "checked"
    assert "The register changed after you looked" in page
    assert upload.counts.get("new") == 4, [r.problems for r in upload.records.all()]
    assert PollingStation.objects.count() == 1


def test_file_itself_comes_back_as_an_attachment_under_our_name(desk: Client, election: Election) -> None:
    bring(desk, election, HUNGARIAN, name="../../<script>.html")
    upload = Upload.objects.get()
    assert "/" not in upload.name
    answer = desk.get(f"/staff/files/{upload.pk}/file/")
    assert answer.content.decode() == HUNGARIAN
    assert answer["Content-Disposition"] == f'attachment; filename="upload-{upload.pk}.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "<script>.html" not in desk.get(f"/staff/files/{upload.pk}/").text
    post(desk, upload, "discard")
    assert upload.state == "received"
    post(desk, upload, "discard", sure="yes")
    assert upload.state == "discarded"
    assert not UploadedFile.objects.exists()
    assert desk.get(f"/staff/files/{upload.pk}/file/").status_code == 404


def test_stopped_before_it_began_can_go_on(desk: Client, election: Election) -> None:
    bring(desk, election, HUNGARIAN)
    upload = Upload.objects.get()
    desk.post(f"/staff/files/{upload.pk}/", {"do": "check"})
    desk.post(f"/staff/files/{upload.pk}/", {"do": "stop"})
    page = desk.get(f"/staff/files/{upload.pk}/").text
    upload.refresh_from_db()
    assert upload.state == "received"
    assert "stopped before it was done" in page


def test_empty_list_of_files_says_what_to_do(desk: Client) -> None:
    assert "No file was brought yet." in desk.get("/staff/files/").text


def test_coordinator_sees_no_files_of_the_host_state(
    client: Client, desk: Client, election: Election
) -> None:
    """Red when: `uploads_for` leaves out who sent it."""
    bring(desk, election, HUNGARIAN, name="secret.csv")
    upload = Upload.objects.get()
    client.force_login(make_account(Role.COORDINATOR, organization=make_organization()))
    assert "secret.csv" not in client.get("/staff/files/").text
    assert client.get(f"/staff/files/{upload.pk}/").status_code == 404
    # Nor may they bring one.
    answer = bring(client, election, HUNGARIAN)
    assert answer.status_code == 422
    assert Upload.objects.count() == 1


def test_xlsx_is_read_as_well(desk: Client, election: Election, tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "list.xlsx", [["No.", "Country", "City"], [7, "Deutschland", "Berlin"]])
    bring(desk, election, path.read_bytes(), name="list.xlsx")
    upload = Upload.objects.get()
    post(desk, upload, "check")
    assert upload.counts["new"] == 1, upload.records.get().problems


NUMBERED = """\
No.,Country,City,Address,Hours,Voters
1,Germany,Berlin,Street 1,08:00-19:00,200
2,France,Paris,Street 2,08:00-19:00,300
3,Italy,Rome,Street 3,08:00-19:00,400
"""


def bring_and_apply(client: Client, election: Election, text: str, **choices: str) -> Upload:
    bring(client, election, text)
    upload = Upload.objects.latest("pk")
    post(client, upload, "check")
    post(client, upload, "apply", sure="yes", **choices)
    return upload


def rows_in_register() -> list[tuple[object, ...]]:
    rows = PollingStation.objects.order_by("number")
    windows = VotingWindow.objects.count()
    return [
        *rows.values_list("number", "address", "registered_voters", "address_source", "status"),
        (windows,),
    ]


def test_list_with_fewer_columns_takes_nothing_away(desk: Client, election: Election) -> None:
    bring_and_apply(desk, election, NUMBERED)
    before = rows_in_register()
    assert before[0][1:3] == ("Street 1", 200)
    short = "No.,Country,City\n1,Germany,Berlin\n2,France,Paris\n3,Italy,Rome\n"
    bring(desk, election, short)
    upload = Upload.objects.latest("pk")
    post(desk, upload, "check")
    assert upload.counts.get("changed", 0) == 0
    assert upload.counts["unchanged"] == 3
    # And the full list after it still knows what it said.
    again = bring_and_apply(desk, election, NUMBERED.replace("Street 1", "Street 1a"))
    assert again.counts["changed"] == 1
    assert rows_in_register()[0][1] == "Street 1a"


def test_emptied_cell_is_shown_and_wins_only_if_a_person_says_so(desk: Client, election: Election) -> None:
    bring_and_apply(desk, election, NUMBERED)
    emptied = NUMBERED.replace("19:00,300", "19:00,")
    bring(desk, election, emptied)
    upload = Upload.objects.latest("pk")
    post(desk, upload, "check")
    record = upload.records.get(action="kept")
    assert record.changes == {"registered_voters": ["“300”", "nothing"]}
    chosen = {"record": record.pk, "field": "registered_voters", "wins": "file"}
    desk.post(f"/staff/files/{upload.pk}/records/", chosen)
    # The choice outlives another check.
    post(desk, upload, "check")
    assert upload.counts["changed"] == 1
    post(desk, upload, "apply", sure="yes")
    assert PollingStation.objects.get(number="2").registered_voters is None


def test_row_that_cannot_be_read_is_not_taken_for_missing(desk: Client, election: Election) -> None:
    bring_and_apply(desk, election, NUMBERED)
    bring(desk, election, NUMBERED.replace("200", "about 200"))
    upload = Upload.objects.latest("pk")
    page = post(desk, upload, "check")
    assert upload.counts["bad"] == 1
    assert "Cancel the" not in page
    page = post(desk, upload, "apply", sure="yes", retire="on")
    assert "cannot be read, so nobody can tell what it lacks" in page
    assert not PollingStation.objects.filter(status="cancelled").exists()


def test_mended_rows_are_a_part_and_read_as_the_file_was(desk: Client, election: Election) -> None:
    text = (
        NUMBERED.replace("No.", "Zzz").replace("Address", "Position")
        + '4,Brazil,Brasília,"-15.79, -47.88",08:00-19:00,many\n'
    )
    text = (
        text.replace("Street 1", '"52.5, 13.4"')
        .replace("Street 2", '"48.8, 2.3"')
        .replace("Street 3", '"41.9, 12.5"')
    )
    bring(desk, election, text)
    first = Upload.objects.get()
    read_so(desk, first, **{"number-column": "Zzz"})
    post(desk, first, "check")
    post(desk, first, "profile", name="Its list")
    post(desk, first, "apply", sure="yes")
    assert PollingStation.objects.count() == 3
    mend = desk.get(f"/staff/files/{first.pk}/rows-to-mend/").content.decode("utf-8-sig")
    assert len(mend.splitlines()) == 2
    bring(desk, election, mend.replace("many", "50"))
    second = Upload.objects.latest("pk")
    assert second.profile is not None
    page = post(desk, second, "check")
    assert second.counts["new"] == 1
    assert "missing" not in second.counts
    assert "Cancel the" not in page
    post(desk, second, "apply", sure="yes")
    added = PollingStation.objects.get(number="4")
    assert (str(added.latitude), str(added.longitude)) == ("-15.79000", "-47.88000")


def test_rows_of_a_spreadsheet_come_back_as_one(desk: Client, election: Election, tmp_path: Path) -> None:
    """And are read again, what looks like a formula as it was. Red when: rows_to_mend gives CSV for every format."""
    header = ["No.", "Country", "City", "Address", "Voters"]
    rows = [[7, "Deutschland", "Berlin", "=1+1", "many"], [8, "Frankreich", "Paris", "Street", 5]]
    path = write_xlsx(tmp_path / "list.xlsx", [header, *rows])
    bring(desk, election, path.read_bytes(), name="list.xlsx")
    first = Upload.objects.get()
    post(desk, first, "check")
    answer = desk.get(f"/staff/files/{first.pk}/rows-to-mend/")
    assert answer["Content-Disposition"] == f'attachment; filename="rows-to-mend-{first.pk}.xlsx"'
    with files.as_file([answer.content]) as given:
        table = open_table(given, name="mend.xlsx")
        ((number, cells),) = list(table.rows())
    assert table.header == (*header, "tracker: row", "tracker: what is wrong", "tracker: file")
    assert (number, cells[:6], cells[7]) == (
        2,
        ("7", "Deutschland", "Berlin", "'=1+1", "many", "2"),
        str(first.pk),
    )
    bring(desk, election, answer.content, name="mend.xlsx")
    again = Upload.objects.latest("pk")
    assert again.mapping["part"] == first.pk
    with files.table_of(again) as table:
        assert [cells[3] for _number, cells in files.rows_of(table)] == ["=1+1"]


def test_mended_rows_know_their_file_and_take_over_how_it_was_read(desk: Client, election: Election) -> None:
    """Red when: `receive_upload` asks for no parent."""
    bring(desk, election, NUMBERED.replace("No.", "Zzz").replace("400", "many"))
    first = Upload.objects.get()
    read_so(desk, first, language="hu", **{"number-column": "Zzz"})
    first.refresh_from_db()
    post(desk, first, "check")
    mend = desk.get(f"/staff/files/{first.pk}/rows-to-mend/").content.decode("utf-8-sig")
    sent = {"election": election.pk, "kind": "stations"}
    desk.post(
        "/staff/files/new/", {**sent, "file": SimpleUploadedFile("m.csv", mend.replace("many", "4").encode())}
    )
    second = Upload.objects.latest("pk")
    assert second.mapping["mapping"] == first.mapping["mapping"]
    assert second.mapping["mapping"]["language"] == "hu"
    assert (second.mapping["source"], second.mapping["part"]) == ("https://authority.example/list", first.pk)
    page = post(desk, second, "check")
    assert f'Rows that were mended of <a href="/staff/files/{first.pk}/">list.csv</a>' in page
    assert (second.counts["new"], "missing" in second.counts) == (1, False)


def test_mended_rows_take_nothing_over_from_a_file_of_others(client: Client, election: Election) -> None:
    """Red when: `_parent` does not ask of which kind it is. Another sender's file is behind the wall as well."""
    make_mission(election=election, organization=(one := make_organization()))
    other = make_account(Role.COORDINATOR, organization=make_organization(name="Other"))
    theirs = Upload.objects.create(
        name="theirs.csv", size=1, sha256="0" * 64, format="csv", election=election, kind="visits", sent_by=other,
        mapping={"mapping": Mapping("visits", {}).to_json(), "source": "https://theirs.example/"},
    )  # fmt: skip
    client.force_login(make_account(Role.COORDINATOR, organization=one))
    for kind in ("visits", "deployments"):
        mend = f"Team,tracker: row,tracker: what is wrong,tracker: file\nTeam 1,2,,{theirs.pk}\n"
        sent = {"election": election.pk, "kind": kind, "file": SimpleUploadedFile("m.csv", mend.encode())}
        assert client.post("/staff/files/new/", sent).status_code == 302
        mine = Upload.objects.latest("pk")
        assert (mine.kind, mine.mapping["part"], mine.mapping["source"]) == (kind, True, "")
        theirs.sent_by = mine.sent_by
        theirs.save()


def test_languages_are_named_in_the_form(desk: Client, election: Election) -> None:
    bring(desk, election, NUMBERED)
    page = desk.get(f"/staff/files/{Upload.objects.get().pk}/reading/").text
    assert '<option value="hu">Hungarian – magyar</option>' in page


def test_announced_numbers_stand_short_beside_those_of_the_file(desk: Client, election: Election) -> None:
    """Red when: rivals are not gathered, or the country that votes counts as abroad."""
    make_figure(election=election, metric="stations_abroad", value=3)
    make_figure(election=election, metric="stations_abroad", value=5, announced_by="Commission")
    make_figure(election=election, metric="countries_abroad", value=3, unit="countries")
    make_figure(election=election, metric="stations_total", value=6000)
    bring(desk, election, NUMBERED)
    page = " ".join(post(desk, Upload.objects.get(), "check").split())
    assert (
        "In the file: stations 3, countries 3. <b>3 of 3 or 5 stations abroad in 3 of 3 countries</b> "
        "of those that were announced." in page
    )
    assert "<summary>Who announced what</summary>" in page


def test_constituency_renumbered_after_the_preview_is_not_lost(desk: Client, election: Election) -> None:
    text = "No.,Country,City,Constituency number\n1,Germany,Berlin,5\n"
    bring_and_apply(desk, election, text)
    bring(desk, election, text + "2,Germany,Bonn,5\n")
    upload = Upload.objects.latest("pk")
    post(desk, upload, "check")
    Constituency.objects.update(number="6")
    page = post(desk, upload, "apply", sure="yes")
    assert "The register changed after you looked" in page
    assert PollingStation.objects.count() == 1


def test_preview_of_another_cluster_tells_nothing(desk: Client, election: Election) -> None:
    bring(desk, election, NUMBERED)
    upload = Upload.objects.get()
    post(desk, upload, "check")
    Upload.objects.update(compared="1 " + upload.compared.partition(" ")[2])
    upload.refresh_from_db()
    post(desk, upload, "apply", sure="yes")
    assert upload.state == "checked"
    post(desk, upload, "apply", sure="yes")
    assert upload.state == "applied"
    Upload.objects.update(written="1 " + upload.written.partition(" ")[2])
    page = post(desk, upload, "undo", sure="yes")
    assert "the database was restored" in page
    assert PollingStation.objects.count() == 3


def test_unnumbered_stations_of_one_constituency_are_several(desk: Client, election: Election) -> None:
    rows = "".join(f"Azerbaijan,Baku,5,Street {n}\n" for n in range(4))
    bring(desk, election, "Country,City,Constituency number,Address\n" + rows)
    upload = Upload.objects.get()
    post(desk, upload, "check")
    assert upload.counts.get("new") == 4, [record.problems for record in upload.records.all()]


def test_choosing_keeps_open_questions(desk: Client, election: Election) -> None:
    bring_and_apply(desk, election, NUMBERED)
    PollingStation.objects.filter(number="1").update(address="By hand")
    bring(
        desk, election, NUMBERED.replace("Street 1", "Street 9") + "4,Nowhereland,X,Street 4,08:00-19:00,1\n"
    )
    upload = Upload.objects.latest("pk")
    post(desk, upload, "check")
    record = upload.records.get(action="kept")
    desk.post(f"/staff/files/{upload.pk}/records/", {"record": record.pk, "field": "address", "wins": "file"})
    assert len(upload.counts["questions"]) == 1
    assert "answer them first to bring these rows in" in desk.get(f"/staff/files/{upload.pk}/").text
    # Nobody has to find a meaning for a word that has none: its row stays out.
    post(desk, upload, "apply", sure="yes")
    assert (upload.state, PollingStation.objects.filter(number="4").exists()) == ("applied", False)
    assert PollingStation.objects.get(number="1").address == "Street 9"


def test_wrong_answer_is_refused_and_a_given_one_can_be_forgotten(desk: Client, election: Election) -> None:
    bring(desk, election, NUMBERED + "4,Nowhereland,X,Street 4,08:00-19:00,1\n")
    upload = Upload.objects.get()
    post(desk, upload, "check")
    refused = answer_first(desk, upload, "Romania")
    assert refused["Location"] == f"/staff/files/{upload.pk}/questions/"
    assert not Answer.objects.exists()
    answer_first(desk, upload, "RO")
    run_waiting_jobs()
    listed = desk.get("/staff/files/remembered/").text
    assert "nowhereland" in listed
    desk.post("/staff/files/remembered/", {"answer": Answer.objects.get().pk})
    assert not Answer.objects.exists()


def test_new_record_cannot_be_chosen_away(desk: Client, election: Election) -> None:
    bring(desk, election, NUMBERED)
    upload = Upload.objects.get()
    post(desk, upload, "check")
    record = upload.records.filter(action="new", kind="station").first()
    assert record is not None
    desk.post(f"/staff/files/{upload.pk}/records/", {"record": record.pk, "field": "", "wins": "register"})
    record.refresh_from_db()
    assert record.action == "new"


def test_cancelled_station_that_a_list_names_is_shown(desk: Client, election: Election) -> None:
    bring_and_apply(desk, election, NUMBERED)
    PollingStation.objects.filter(number="1").update(status="cancelled")
    bring(desk, election, NUMBERED)
    upload = Upload.objects.latest("pk")
    post(desk, upload, "check")
    assert "status" in upload.records.get(action="kept").changes


@pytest.mark.parametrize(
    "fields",
    [
        {"do": "table", "sheet": "", "header_row": "4"},
        {"do": "table", "sheet": "", "header_row": "999999"},
        {"do": "table", "sheet": "no such sheet", "header_row": "1"},
        {"do": "table", "sheet": "x" * 5000, "header_row": ""},
    ],
)
def test_table_that_is_not_there_is_said(desk: Client, election: Election, fields: dict[str, str]) -> None:
    bring(desk, election, NUMBERED)
    upload = Upload.objects.get()
    opened = desk.get(f"/staff/files/{upload.pk}/reading/").context["opened"]
    answer = desk.post(f"/staff/files/{upload.pk}/reading/", fields | {"_opened": opened})
    assert answer.status_code in (302, 422)
    assert desk.get(f"/staff/files/{upload.pk}/reading/").status_code == 200


def test_long_words_and_numbers_are_no_fault_of_the_server(desk: Client, election: Election) -> None:
    bring(desk, election, NUMBERED + f"4,{'Land ' * 60},X,Street 4,08:00-19:00,1\n")
    upload = Upload.objects.get()
    post(desk, upload, "check")
    answer_first(desk, upload, "RO")
    assert (
        desk.post(f"/staff/files/{upload.pk}/records/", {"record": "9" * 5000, "wins": "file"}).status_code
        == 302
    )
    post(desk, upload, "discard", sure="yes")
    assert desk.post(f"/staff/files/{upload.pk}/", {"do": "profile", "name": "x"}).status_code == 302


def test_page_of_a_wide_header_stays_small(desk: Client, election: Election) -> None:
    names = ",".join(f"{'heading ' * 500}{n}" for n in range(100))
    bring(desk, election, f"Country,City,{names}\nGermany,Berlin{',1' * 100}\n")
    page = desk.get(f"/staff/files/{Upload.objects.get().pk}/reading/")
    assert len(page.content) < 3_000_000


def test_bytes_of_an_applied_file_can_go(desk: Client, election: Election) -> None:
    upload = bring_and_apply(desk, election, NUMBERED)
    post(desk, upload, "discard", sure="yes")
    assert upload.state == "applied"
    assert not UploadedFile.objects.exists()
    post(desk, upload, "undo", sure="yes")
    assert upload.state == "undone"
    assert not PollingStation.objects.exists()


def test_bytes_of_old_files_go_by_themselves(desk: Client, election: Election) -> None:
    applied = bring_and_apply(desk, election, NUMBERED)
    bring(desk, election, NUMBERED)
    waiting = Upload.objects.latest("pk")
    bring(desk, election, NUMBERED)
    Upload.objects.filter(pk__in=[applied.pk, waiting.pk]).update(sent_at=timezone.now() - timedelta(days=91))
    assert forget_files() == 2
    assert forget_files() == 0
    applied.refresh_from_db()
    waiting.refresh_from_db()
    assert (applied.state, waiting.state) == ("applied", "discarded")
    assert UploadedFile.objects.count() == 1
    assert desk.get(f"/staff/files/{applied.pk}/").status_code == 200


def test_station_that_may_be_there_already_is_warned_of(desk: Client, election: Election) -> None:
    PollingStation.objects.create(
        election=election,
        country_id="FR",
        city="Paris",
        timezone_id="Europe/Paris",
        host_mission="Embassy in Paris",
    )
    bring(desk, election, NUMBERED)
    upload = Upload.objects.get()
    page = post(desk, upload, "check")
    assert upload.counts["new"] == 3
    assert upload.counts["warned"] == 1
    assert "1 record has a warning: look at it before you apply." in page
    assert "Embassy in Paris" in desk.get(f"/staff/files/{upload.pk}/records/?action=warned").text


def test_row_without_coordinates_beside_rows_with_them_is_read(desk: Client, election: Election) -> None:
    bring(desk, election, 'No.,Country,City,Coordinates\n1,Germany,Berlin,"52.5, 13.4"\n2,France,Paris,\n')
    upload = Upload.objects.get()
    post(desk, upload, "check")
    assert upload.counts.get("new") == 2, [record.problems for record in upload.records.all()]


SWAPPED = """\
No.,Country,City,Latitude,Longitude
1,Germany,Berlin,13.4,52.5
2,Russia,Moscow,37.6,55.75
3,France,Paris,2.35,48.85
"""


def warnings_of(upload: Upload) -> list[tuple[int, str]]:
    return [(record.row, reason(record.problems[-1])) for record in records_of(upload, "warned")]


def test_swapped_positions_are_warned_of_and_swapped_by_one_click(desk: Client, election: Election) -> None:
    """Red when: `Positions.look` finds every position inside; or `Mapping.swapped` leaves the rules as they are."""
    bring(desk, election, SWAPPED)
    upload = Upload.objects.get()
    page = post(desk, upload, "check")
    words = (
        "Latitude, Longitude: “13.4, 52.5” lies outside Germany; with latitude and longitude swapped "
        "(52.5, 13.4) it lies in it. Swap the two."
    )
    assert (2, words) in warnings_of(upload)
    assert "The positions of 3 rows lie outside their countries" in page
    page = post(desk, upload, "swap")
    assert "lie outside" not in page
    assert upload.counts.get("warned", 0) == 0
    assert upload.counts["positions"] == {"inside": 3}
    post(desk, upload, "apply", sure="yes")
    held = PollingStation.objects.values_list("city", "latitude", "longitude").order_by("number")
    assert [(city, float(north), float(east)) for city, north, east in held] == [
        ("Berlin", 52.5, 13.4), ("Moscow", 55.75, 37.6), ("Paris", 48.85, 2.35),
    ]  # fmt: skip


def test_positions_of_one_cell_are_swapped_in_it(desk: Client, election: Election) -> None:
    bring(desk, election, 'No.,Country,City,Coordinates\n1,Germany,Berlin,"13.4, 52.5"\n')
    upload = Upload.objects.get()
    post(desk, upload, "check")
    post(desk, upload, "swap")
    assert upload.counts["positions"] == {"inside": 1}
    values = upload.records.get(kind="station").values
    assert (values["latitude"], values["longitude"]) == ("52.5", "13.4")


def test_a_few_swapped_positions_are_left_to_the_file(desk: Client, election: Election) -> None:
    bring(desk, election, SWAPPED.replace("13.4,52.5", "52.5,13.4"))
    upload = Upload.objects.get()
    page = post(desk, upload, "check")
    assert "Other rows are right as they are" in page
    assert "Swap them in all rows" not in page
    before = upload.mapping
    assert "not swapped, or not all" in post(desk, upload, "swap")
    assert upload.mapping == before


def test_numbers_that_several_stations_have_are_warned_of(desk: Client, election: Election) -> None:
    """Red when: the rows of the file, or the stations of the register, are left out of what is counted."""
    PollingStation.objects.create(
        election=election, country_id="RU", city="St. Petersburg", timezone_id="Europe/Moscow", number="44"
    )
    text = (
        "No.,Country,City,Constituency number\n44,Latvia,Riga,\n44,China,Beijing,\n"
        "45,Italy,Rome,\n46,Italy,Milan,\n46,Italy,Bari,7\n"
    )
    bring(desk, election, text)
    upload = Upload.objects.get()
    post(desk, upload, "check")
    end = (
        "Without a constituency the place alone tells them apart. Name their constituencies, or make sure that "
        "country, city and host mission differ."
    )
    shared = f"number: “44” is a number that several have: rows 2, 3; in the register St. Petersburg. {end}"
    assert warnings_of(upload) == [
        (2, shared),
        (3, shared),
        (5, f"number: “46” is a number that several have: rows 5, 6. {end}"),
    ]
    post(desk, upload, "apply", sure="yes")
    # What is there already is no doubt any more.
    bring(desk, election, text)
    again = Upload.objects.latest("pk")
    post(desk, again, "check")
    assert (again.counts["unchanged"], again.counts.get("warned", 0)) == (5, 0)


def test_of_a_number_that_many_have_the_first_are_named(desk: Client, election: Election) -> None:
    """Red when: `_listed` counts no more than it names."""
    for city in ("Oslo", "Graz", "Bern", "Kyiv", "Linz", "Bonn"):
        PollingStation.objects.create(
            election=election, country_id="RU", city=city, timezone_id="Europe/Moscow", number="1"
        )
    cities = ("Rome", "Milan", "Bari", "Turin", "Genoa", "Naples", "Pisa")
    bring(desk, election, "No.,Country,City\n" + "".join(f"1,Italy,{city}\n" for city in cities))
    upload = Upload.objects.get()
    post(desk, upload, "check")
    said = warnings_of(upload)
    assert [row for row, _words in said] == [2, 3, 4, 5, 6, 7, 8]
    assert {words.partition(". ")[0] for _row, words in said} == {
        "number: “1” is a number that several have: rows 2, 3, 4, 5 and 3 more; "
        "in the register Bern, Bonn, Graz, Kyiv and 2 more"
    }


def test_a_file_is_read_again_in_pieces(
    desk: Client, election: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red when: a piece begins where the one before it ended (`place` does not move on by as much as was read)."""
    text = "No.,Country,City\n" + "".join(f"{number},Italy,Città {number}\n" for number in range(1, 60))
    bring(desk, election, text)
    upload = Upload.objects.get()
    for size in (7, len(text.encode())):  # cuts letters apart; and leaves nothing for the last piece
        monkeypatch.setattr(files, "PIECE", size)
        with files.table_of(upload) as table:
            rows = list(table.rows())
        assert rows == [(number + 1, (str(number), "Italy", f"Città {number}")) for number in range(1, 60)]
