"""Groups P and Z of the tests of trust, of files of observers: who sees one, how long, what erasing takes."""

from datetime import timedelta
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from tests import factories as make
from tests.ingest.files import write_xlsx
from tests.jobs import run_waiting_jobs
from tests.trust.asking import ask, being, refused
from tests.trust.test_people import CANARY, canaries
from tests.trust.test_people import said as logged  # noqa: F401 - a fixture
from tracker.core.history.verifying import verify
from tracker.core.jobs import run_job
from tracker.core.models import Job, User
from tracker.core.receiving import MOST_BYTES
from tracker.core.roles import Role
from tracker.database_roles import PUBLIC, STAFF
from tracker.ingest.models import Upload, UploadedFile, UploadedRecord
from tracker.ingest.tables import open_table
from tracker.ingest.tasks import forget_files
from tracker.ingest.uploads import actions
from tracker.ingest.uploads.files import as_file
from tracker.ingest.uploads.subjects import SUBJECTS
from tracker.missions.models import Affiliation, Observer, Person, PersonReading
from tracker.missions.people import erase_person

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = f"code,role,full_name,nationality,document_number,email,phone,team,{CANARY} of the header"
ROW = f"STO-1,sto,{CANARY} One,KZ,{CANARY}-1,{CANARY}@example.org,{CANARY}-phone,,{CANARY}-unread"
BAD = f"STO-2,sto,{CANARY} Two,KZ,,{CANARY} no address,,,"
ASKED = f"STO-3,{CANARY}-role,{CANARY} Three,KZ,,,,,"
FILE = "\n".join((HEADER, ROW, BAD)) + "\n"
SCREENS = ("upload", "upload_mapping", "upload_questions", "upload_records", "upload_bad_rows", "upload_file")


@pytest.fixture
def world() -> SimpleNamespace:
    """Two organizations with a mission and a coordinator each, and an account of every other role."""
    election = make.make_election(slug="people")
    found = SimpleNamespace(election=election, accounts={})
    for name in ("a", "b"):
        organization = make.make_organization(name=f"Organization {name}")
        mission = make.make_mission(election=election, organization=organization)
        account = make.make_account(Role.COORDINATOR, organization=organization)
        side = SimpleNamespace(organization=organization, mission=mission, account=account)
        setattr(found, name, side)
    for role in (Role.DESK, Role.OFFICER, Role.PUBLISHER, Role.AUDITOR, Role.ADMINISTRATOR):
        found.accounts[role] = make.make_account(role)
    return found


def signed_in(account: User) -> Client:
    client = Client()
    client.force_login(account)
    return client


def bring(world: SimpleNamespace, client: Client, content: str = FILE) -> Upload:
    answer = client.post(
        "/staff/files/new/",
        {
            "election": world.election.pk, "kind": "observers", "source": "",
            "file": SimpleUploadedFile(f"{CANARY}.csv", content.encode()),
        },
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["form"].errors
    return Upload.objects.latest("pk")


def step(client: Client, upload: Upload, do: str) -> Upload:
    answer = client.post(reverse("admin:upload", args=[upload.pk]), {"do": do, "sure": "yes"})
    assert answer.status_code == 302
    run_waiting_jobs()
    upload.refresh_from_db()
    return upload


def addresses(upload: Upload) -> list[str]:
    return [reverse(f"admin:{name}", args=[upload.pk]) for name in SCREENS]


# --- Z: who sees it ---------------------------------------------------------------------------------------------------


def test_z2_a_file_of_people_is_to_others_as_one_that_never_was(world: SimpleNamespace) -> None:
    """Desk, auditor and publisher see every organization's files, and not these; the officer keeps people, and does.

    Row security stands behind uploads_for: red when both let it pass (each alone has its own test).
    """
    upload = step(signed_in(world.a.account), bring(world, signed_in(world.a.account)), "check")
    for role, account in [("b", world.b.account), *world.accounts.items()]:
        client = signed_in(account)
        answers = [client.get(address) for address in addresses(upload)]
        absent = [client.get(address.replace(f"/{upload.pk}/", "/99999/")) for address in addresses(upload)]
        wanted = {200} if role == Role.OFFICER else {404} if role in ("b", Role.DESK, Role.AUDITOR) else {403}
        assert {answer.status_code for answer in answers} == wanted, role
        if role != Role.OFFICER:
            assert [one.status_code for one in answers] == [one.status_code for one in absent], role
            assert not any(CANARY in answer.text for answer in [*answers, client.get("/staff/files/")]), role
        assert client.get(reverse("admin:jobs")).text.count(CANARY) == 0


def test_z6_the_wall_refuses_files_of_people(world: SimpleNamespace) -> None:
    """Without any filter, in SQL: rows and bytes are the sender's while at the organization, and the officer's.

    Red when: Upload.holds_people is taken out, and when the organization is not compared (who moved still sees).
    """
    upload = step(signed_in(world.a.account), bring(world, signed_in(world.a.account)), "check")
    tables = ("ingest_upload", "ingest_uploadedfile", "ingest_uploadedrecord")

    def seen(account: User | None, role: str = STAFF) -> list[bool]:
        with being(role, account):
            return [bool(ask(f"TABLE {table}")) for table in tables]

    assert seen(world.a.account) == seen(world.accounts[Role.OFFICER]) == [True] * 3
    for role in (Role.DESK, Role.AUDITOR, Role.PUBLISHER, Role.ADMINISTRATOR):
        assert seen(world.accounts[role]) == [False] * 3, role
    assert seen(world.b.account) == [False] * 3
    with being(PUBLIC):
        assert {"permission denied" in refused(f"TABLE {table}") for table in tables} == {True}
    with being(STAFF, world.b.account):
        forged = {
            "name": "x", "size": 1, "sha256": "", "format": "csv", "election_id": world.election.pk,
            "state": "received", "kind": "observers", "sheet": "", "mapping": "{}", "retire_missing": False,
            "counts": "{}", "compared": "", "written": "", "problem": "", "sent_by_id": world.b.account.pk,
            "sent_at": timezone.now(), "organization_id": world.a.organization.pk,
        }  # fmt: skip
        for table, values in (
            ("ingest_uploadedfile", {"upload_id": upload.pk, "content": b""}),
            ("ingest_upload", forged),
        ):
            marks = ", ".join(["%s"] * len(values))
            statement = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"  # noqa: S608 - ours
            assert "row-level security" in refused(statement, *values.values()), table
        assert ask(f"SELECT public.forget_uploads(ARRAY[{upload.pk}]::bigint[], 'x')") == [(0,)]
    Affiliation.objects.filter(account=world.a.account).update(organization=world.b.organization)
    assert seen(world.a.account) == [False] * 3
    assert UploadedFile.objects.count() == 1
    assert Upload.holds_people == ("kind", "observers")
    assert [name for name, subject in SUBJECTS.items() if subject.people] == ["observers"]


def test_z7_whose_role_was_taken_meanwhile_writes_nothing(world: SimpleNamespace) -> None:
    """Between the check and the job: the role, the organization, or the account itself is gone.

    Red when: `_step` does not ask again, and `_require_reach` is taken out of writing.
    """
    client = signed_in(world.a.account)
    taken: list[Any] = [
        lambda: User.objects.filter(pk=world.a.account.pk).update(roles=[]),
        lambda: User.objects.filter(pk=world.a.account.pk).update(roles=[Role.DESK]),
        lambda: User.objects.filter(pk=world.a.account.pk).update(is_active=False),
        lambda: Affiliation.objects.filter(account=world.a.account).update(organization=world.b.organization),
    ]
    for take in taken:
        User.objects.filter(pk=world.a.account.pk).update(roles=[Role.COORDINATOR], is_active=True)
        client.force_login(world.a.account)
        upload = step(client, bring(world, client), "check")
        assert upload.counts["new"] == 1
        client.post(reverse("admin:upload", args=[upload.pk]), {"do": "apply", "sure": "yes"})
        take()
        run_waiting_jobs()
        job = Job.objects.latest("pk")
        assert (job.state, job.error) == ("failed", "Whoever asked for it may not do this (any more).")
        assert not Person.objects.exists()


def test_z7_a_message_that_names_another_s_file_is_refused(world: SimpleNamespace) -> None:
    """Red when: `_step` does not ask whether whoever asked may work on this file."""
    upload = step(signed_in(world.b.account), bring(world, signed_in(world.b.account)), "check")
    for kind, state in ((actions.APPLY, "applying"), (actions.CHECK, "checking"), (actions.UNDO, "undoing")):
        for account in (world.a.account, world.accounts[Role.DESK]):
            Upload.objects.filter(pk=upload.pk).update(state=state)
            job = Job.objects.create(kind=kind, arguments={"upload": upload.pk}, requested_by=account)
            run_job(job.pk)
            job.refresh_from_db()
            assert (job.state, job.result) == ("failed", "")
    assert not Person.objects.exists()


def test_z7_the_officer_applies_what_a_coordinator_brought_only_while_that_one_may(
    world: SimpleNamespace,
) -> None:
    """Whose mission it is was decided for the sender. Red when: `_require_reach` is taken out of writing."""
    upload = step(signed_in(world.a.account), bring(world, signed_in(world.a.account)), "check")
    User.objects.filter(pk=world.a.account.pk).update(roles=[])
    officer = signed_in(world.accounts[Role.OFFICER])
    upload = step(officer, upload, "apply")
    assert (upload.state, upload.counts.get("new"), Person.objects.exists()) == ("checked", None, False)


# --- P: how long, and what erasing takes ------------------------------------------------------------------------------


def test_p1_applying_leaves_people_in_the_register_alone(world: SimpleNamespace) -> None:
    """In a dump of the whole database, as text, in hexadecimal and in base64. Discarding leaves them nowhere.

    Red when: `forget` is taken out of applying or of discarding, or what is remembered is not sealed.
    """
    client = signed_in(world.a.account)
    upload = step(client, bring(world, client), "check")
    before = {"ingest_upload", "ingest_uploadedfile", "ingest_uploadedrecord"}
    assert canaries() == before
    step(client, upload, "apply")
    assert (upload.state, upload.counts["bad"]) == ("applied", 1)
    assert canaries() == {"missions_person", "core_personalvalue"}
    assert [client.get(address).status_code for address in addresses(upload)] == [
        200,
        404,
        200,
        200,
        404,
        404,
    ]
    step(client, upload, "undo")
    assert upload.state == "undone", upload.problem
    assert canaries() == set()
    other = step(client, bring(world, client, FILE + ASKED), "check")
    assert len(other.counts["questions"]) == 1
    step(client, other, "discard")
    assert canaries() == set()
    assert list(verify()) == []


def test_p3_logs_jobs_mails_and_the_terminal_say_nothing_of_a_file(
    world: SimpleNamespace,
    logged: StringIO,  # noqa: F811
    tmp_path: Any,
) -> None:
    """Rows that cannot be read, questions, a clash when it is written, and a file that cannot be opened.

    Red when: the result of a job is what the page says (the clash), and when the command prints cells.
    """
    client = signed_in(world.a.account)
    upload = step(client, bring(world, client, FILE + ASKED), "check")
    upload = bring(world, client)
    mapping = upload.mapping
    mapping["mapping"]["rules"]["phone"] = {"columns": [f"{CANARY} gone"]}
    Upload.objects.filter(pk=upload.pk).update(mapping=mapping)
    upload = step(client, upload, "check")
    assert CANARY in upload.problem
    path = tmp_path / "roster.csv"
    path.write_text(FILE + ASKED)
    out, errors = StringIO(), StringIO()
    words = [
        "ingest",
        str(path),
        "--election",
        "people",
        "--kind",
        "observers",
        "--by",
        world.a.account.username,
    ]
    with pytest.raises(SystemExit):
        call_command(*words, stdout=out, stderr=errors)
    assert (
        "row 3: email: is not an e-mail address. Write one address, or leave it empty." in errors.getvalue()
    )
    with pytest.raises(CommandError, match="may not bring such a file"):
        call_command(*words[:-1], world.accounts[Role.DESK].username)
    path.write_text("\n".join((HEADER, ROW)))
    call_command(*words, "--apply", stdout=out, stderr=errors)
    assert Observer.objects.get().person.full_name == f"{CANARY} One"  # type: ignore[union-attr]
    jobs = " ".join(f"{job.arguments}{job.result}{job.error}" for job in Job.objects.all())
    for what in (logged.getvalue(), out.getvalue(), errors.getvalue(), jobs, str(mail.outbox)):
        assert CANARY not in what


def test_p5_every_screen_of_a_file_that_names_people_writes_down_who_looked(world: SimpleNamespace) -> None:
    """Of each person the register knows, and once for those it does not.

    Red when: seen with the line left out of each of the screens in turn.
    """
    client = signed_in(world.a.account)
    person = make.make_person(full_name=f"{CANARY} One", email="", document_number="", phone="")
    make.make_observer(mission=world.a.mission, code="STO-1", person=person)
    upload = step(client, bring(world, client, FILE + ASKED), "check")
    for name, known in (
        ("upload_mapping", 1), ("upload_questions", 0), ("upload_records", 1), ("upload_bad_rows", 0),
        ("upload_file", 1),
    ):  # fmt: skip
        before = PersonReading.objects.count()
        assert CANARY in client.get(reverse(f"admin:{name}", args=[upload.pk])).text, name
        rows = PersonReading.objects.filter(screen=f"admin:{name}")
        assert PersonReading.objects.count() == before + known + 1
        assert sorted(rows.values_list("person", "file", "account"), key=str) == sorted(
            [(None, upload.pk, world.a.account.pk), (person.pk, upload.pk, world.a.account.pk)][: known + 1],
            key=str,
        )
    # Whoever asks what is kept of them is told of the file and who read it.
    said = (
        signed_in(world.accounts[Role.OFFICER]).get(reverse("admin:person_export", args=[person.pk])).json()
    )
    (file,) = said["files"]
    assert (file["file"], file["state"], file["said"]["phone"]) == (upload.pk, "checked", f"{CANARY}-phone")
    assert len(file["readings"]) == 5
    assert len([one for one in said["readings"] if one["screen"].startswith("admin:upload_")]) == 3
    listed = signed_in(world.accounts[Role.AUDITOR]).get(
        reverse("admin:missions_personreading_changelist"), {"q": upload.pk}
    )
    assert CANARY not in listed.text


def test_p5_erasing_a_person_takes_them_out_of_every_file_that_may_hold_them(world: SimpleNamespace) -> None:
    """One applied, one checked, one that was only received, one of the officer's for all missions.

    Red when: the trigger of ingest 0003 is dropped; seen with its condition on the organization turned around.
    """
    client, officer = signed_in(world.a.account), signed_in(world.accounts[Role.OFFICER])
    applied = step(client, step(client, bring(world, client), "check"), "apply")
    changed = ROW.replace(f"{CANARY}-phone", f"{CANARY}-other")
    checked = step(client, bring(world, client, "\n".join((HEADER, changed))), "check")
    received, for_all = bring(world, client), bring(world, officer)
    other = signed_in(world.b.account)
    theirs = step(other, bring(world, other, FILE.replace(CANARY, "Another")), "check")
    Upload.objects.filter(pk=theirs.pk).update(name="theirs.csv")
    person = Person.objects.get()
    address = reverse("admin:person_erase", args=[person.pk])
    assert "3 files of observers that may name the person" in officer.get(address).text
    done = officer.post(address, {"reason": "asked", "word": "sto-1"})
    assert done.status_code == 302
    assert "3 files that may have named the person were deleted." in officer.get(done["Location"]).text
    assert canaries() == set()
    assert list(verify()) == []
    for upload in (checked, received, for_all):
        upload.refresh_from_db()
        assert (upload.state, upload.counts["forgotten"]) == ("discarded", "erased")
    page = client.get(reverse("admin:upload", args=[checked.pk]))
    assert "because the data of a person of its mission was erased" in page.text
    theirs.refresh_from_db()
    assert (theirs.state, theirs.records.count()) == ("checked", 2)
    # It cannot be taken back any more, and says so; done twice is done.
    step(client, applied, "undo")
    assert (applied.state, applied.problem.startswith("Not undone: changed since then were")) == (
        "applied",
        True,
    )
    assert erase_person(by=None, person=person, reason="again") is False
    # A file that is brought again brings nobody back by itself.
    again = step(client, bring(world, client), "check")
    assert [row.action for row in again.records.order_by("row")] == ["bad", "bad"]
    assert "belongs to somebody who was erased on" in str(again.records.get(row=2).problems)


@pytest.mark.parametrize("how", ["deleted", "moved"])
def test_p5_a_seat_that_is_gone_takes_the_files_of_its_mission_along(
    world: SimpleNamespace, how: str
) -> None:
    """Erasing its person later would not find the way back. Red without files_forget_the_deleted and _the_moved."""
    client = signed_in(world.a.account)
    person = make.make_person(full_name=f"{CANARY} One")
    seat = make.make_observer(mission=world.a.mission, code="STO-1", person=person)
    upload = step(client, bring(world, client), "check")
    assert UploadedRecord.objects.filter(upload=upload, values__icontains=CANARY).exists()
    if how == "deleted":
        seat.delete()
    else:
        Observer.objects.filter(pk=seat.pk).update(mission=world.b.mission)
    upload.refresh_from_db()
    assert (upload.state, UploadedFile.objects.filter(upload=upload).exists()) == ("discarded", False)
    assert not UploadedRecord.objects.filter(upload=upload).exists()


def test_the_rows_to_mend_of_a_forgotten_file_are_brought_again(world: SimpleNamespace) -> None:
    """Red when: `propose_mapping` asks a forgotten file how it was read."""
    client = signed_in(world.a.account)
    upload = step(client, bring(world, client), "check")
    rows = client.get(reverse("admin:upload_bad_rows", args=[upload.pk])).text
    assert step(client, upload, "apply").state == "applied"
    mended = bring(world, client, rows.replace(f"{CANARY} no address", "two@example.org"))
    assert (mended.mapping["part"], step(client, mended, "check").counts["new"]) == (upload.pk, 1)


def test_p5_a_coordinator_s_own_erasure_reaches_the_officer_s_file(world: SimpleNamespace) -> None:
    """Which they may not see, so that their page tells of such files and counts none.

    Red when: the trigger's function does nothing (ingest 0003), and without the words on the page.
    """
    officer = signed_in(world.accounts[Role.OFFICER])
    for_all = step(officer, bring(world, officer), "check")
    person = make.make_person(full_name=f"{CANARY} One")
    make.make_observer(mission=world.a.mission, code="STO-1", person=person)
    path = reverse("admin:missions_person_delete", args=[person.pk])
    client = signed_in(world.a.account)
    assert (
        "Files of observers that may name the person go with it, whoever brought them"
        in client.get(path).text
    )
    assert client.post(path, {"post": "yes"}).status_code == 302
    client.get(reverse("admin:index"))
    for_all.refresh_from_db()
    assert (for_all.state, canaries()) == ("discarded", set())


def test_p6_files_of_people_go_after_thirty_days_and_once(world: SimpleNamespace) -> None:
    """A day before nothing goes; also one goes at which a worker seems to be; others' files keep their ninety.

    Red when: every kind is kept as long, and when files that are being checked are passed over.
    """
    client = signed_in(world.a.account)
    checked, busy, young = (
        step(client, bring(world, client), "check"),
        bring(world, client),
        bring(world, client),
    )
    Upload.objects.filter(pk=busy.pk).update(state="checking")
    visits = make.make_upload(election=world.election, sent_by=world.a.account)
    now = timezone.now()
    Upload.objects.filter(pk__in=[checked.pk, busy.pk, visits.pk]).update(sent_at=now - timedelta(days=31))
    Upload.objects.filter(pk=young.pk).update(sent_at=now - timedelta(days=29))
    assert forget_files() == 2
    kept = set(UploadedFile.objects.values_list("upload", flat=True))
    assert kept == {young.pk, visits.pk}
    assert set(UploadedRecord.objects.values_list("upload", flat=True)) == {visits.pk}
    for upload in (checked, busy):
        upload.refresh_from_db()
        assert (upload.state, upload.counts["forgotten"], upload.name) == (
            "discarded", "time", f"upload-{upload.pk}.csv",
        )  # fmt: skip
        assert CANARY not in client.get(reverse("admin:upload", args=[upload.pk])).text
    assert forget_files() == 0
    assert set(UploadedFile.objects.values_list("upload", flat=True)) == kept


def test_why_a_file_was_forgotten_is_what_was_the_reason_first(world: SimpleNamespace) -> None:
    """Thrown away once more, applied or not. Red when: `forget` asks for the function whatever the file says still."""
    client = signed_in(world.a.account)
    applied = step(client, step(client, bring(world, client), "check"), "apply")
    assert step(client, applied, "discard").counts["forgotten"] == "applied"
    old = bring(world, client)
    Upload.objects.filter(pk=old.pk).update(sent_at=timezone.now() - timedelta(days=31))
    assert forget_files() == 1
    step(client, old, "discard")
    assert (old.state, old.counts["forgotten"], forget_files()) == ("discarded", "time", 0)


def test_p1_a_file_that_is_received_lies_on_no_disk(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too large for memory; of one larger than is taken the rest is counted and not kept.

    Red when: the handler in the settings is Django's own, and when everything is kept.
    """
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for size in (3 * 2**20, MOST_BYTES + 5):
        content = FILE.encode().ljust(size)
        sent = SimpleUploadedFile("roster.csv", content)
        request = RequestFactory().post("/staff/files/new/", {"file": sent})
        received = request.FILES["file"]
        assert list(tmp_path.iterdir()) == []
        assert (received.size, received.read() == content[:MOST_BYTES]) == (size, True)
        request.close()
        assert received.closed


def test_p1_a_file_that_is_read_lies_on_no_disk(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a worker that is killed leaves it there, where nothing forgets it. A spreadsheet is read by another process.

    Red when: as_file writes a temporary file.
    """
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    rows = [["code", "full_name"], ["STO-1", f"{CANARY} One"]]
    spreadsheet = write_xlsx(tmp_path / "roster.xlsx", rows).read_bytes()
    for content, name in (
        (spreadsheet, "roster.xlsx"),
        (f"code,full_name\nSTO-1,{CANARY} One\n".encode(), "x"),
    ):
        with as_file([content]) as path:
            assert list(open_table(path, name=name).rows()) == [(2, ("STO-1", f"{CANARY} One"))]
            assert list((tmp_path / "temporary").iterdir()) == []
        assert not path.exists()
