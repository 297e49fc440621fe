"""Files of observers: a mission's own people, known by their codes, and forgotten when the register has them."""

from datetime import UTC
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from tests import factories as make
from tests.jobs import run_waiting_jobs
from tracker.core.history.models import PersonalValue
from tracker.core.models import Job, User
from tracker.core.roles import Role
from tracker.ingest.models import Answer, LoadedRecord, Profile, Upload, UploadedFile
from tracker.ingest.people import PERSONAL, sealed
from tracker.ingest.uploads import actions, forgetting, queries, rights, work
from tracker.ingest.uploads.applying import Stale, write
from tracker.missions.models import Affiliation, Observer, Person
from tracker.missions.people import erase_contact, erase_person

# Transactions of their own: what is later than a comparison is told by them.
pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "mission,code,role,full_name,nationality,document_number,email,phone,team"
ONE = "ALPHA,LTO-1,lto,Observer One,KZ,INV-1,one@example.org,+000 1,T-1"
TWO = "ALPHA,STO-1,,Observer Two,,,,,"


def make_side(name: str, election: Any) -> SimpleNamespace:
    organization = make.make_organization(name=f"{name} Network", acronym=name)
    mission = make.make_mission(election=election, organization=organization, type="short_term")
    account = make.make_account(Role.COORDINATOR, organization=organization)
    return SimpleNamespace(organization=organization, mission=mission, account=account)


@pytest.fixture
def world() -> SimpleNamespace:
    election = make.make_election(slug="people")
    found = SimpleNamespace(
        election=election, a=make_side("ALPHA", election), b=make_side("CANARY", election)
    )
    found.team = make.make_team(mission=found.a.mission, name="T-1", members=[])
    found.officer = make.make_account(Role.OFFICER)
    return found


def brought(world: SimpleNamespace, *lines: str, by: User | None = None, header: str = HEADER) -> Upload:
    content = "\n".join([header, *lines]).encode()
    return actions.receive_upload(
        by=by or world.a.account,
        election=world.election,
        kind="observers",
        name="roster.csv",
        content=content,
    )


def checked(world: SimpleNamespace, *lines: str, by: User | None = None, header: str = HEADER) -> Upload:
    upload = brought(world, *lines, by=by, header=header)
    return after(actions.ask_check, upload, by or world.a.account)


def after(ask: Any, upload: Upload, by: User) -> Upload:
    """The upload after a step that the worker did, with the worker's rights."""
    ask(by=by, upload=upload)
    run_waiting_jobs()
    upload.refresh_from_db()
    return upload


def applied(world: SimpleNamespace, *lines: str, by: User | None = None, header: str = HEADER) -> Upload:
    upload = after(actions.ask_apply, checked(world, *lines, by=by, header=header), by or world.a.account)
    assert (upload.state, upload.problem) == ("applied", "")
    return upload


def problems(upload: Upload) -> list[list[Any]]:
    rows = upload.records.filter(action="bad").order_by("row")
    return [[row.row, column, what] for row in rows for column, _value, what, *_rest in row.problems]


def test_observers_are_new_then_written_then_unchanged(world: SimpleNamespace) -> None:
    """Red when: seen with what is remembered left unsealed (the second file is the same, but values are found), and
    with `_left_alone` comparing the sealed with the plain ("kept" in place of "unchanged" where a cell changes)."""
    upload = applied(world, ONE, TWO)
    assert upload.counts == {
        "rows": 2, "new": 2, "along": {}, "forgotten": "applied",
    }  # fmt: skip
    first, second = Observer.objects.order_by("code")
    person = first.person
    assert person is not None
    assert [first.code, first.role, first.mission] == ["LTO-1", "lto", world.a.mission]
    assert [getattr(person, f"{name}_id" if name == "nationality" else name) for name in PERSONAL] == [
        "Observer One", "KZ", "INV-1", "one@example.org", "+000 1",
    ]  # fmt: skip
    assert (second.role, second.person.full_name, second.person.nationality) == ("sto", "Observer Two", None)  # type: ignore[union-attr]
    assert list(world.team.members.all()) == [first]
    again = checked(world, ONE, TWO)
    assert again.counts == {"rows": 2, "unchanged": 2, "along": {}, "questions": []}


def test_the_file_changes_what_it_said_and_no_hand_s_correction(world: SimpleNamespace) -> None:
    """Red when: `_left_alone` takes what is sealed for what the register holds."""
    applied(world, ONE, TWO)
    Person.objects.filter(observer__code="LTO-1").update(email="by.hand@example.org")
    upload = checked(
        world, ONE.replace("one@", "new@").replace("+000 1", "+000 9"), TWO.replace("Two", "Two Corrected")
    )
    first, second = upload.records.order_by("row")
    assert first.changes == {
        "email": ["“by.hand@example.org”", "“new@example.org”"], "phone": ["“+000 1”", "“+000 9”"],
    }  # fmt: skip
    assert (first.action, first.takes) == ("changed", ["phone"])
    assert (second.action, second.takes) == ("changed", ["full_name"])
    after(actions.ask_apply, upload, world.a.account)
    person = Person.objects.get(observer__code="LTO-1")
    assert (person.email, person.phone) == ("by.hand@example.org", "+000 9")
    assert Person.objects.filter(full_name="Observer Two Corrected").count() == 1
    assert Person.objects.count() == 2


def test_empty_cells_take_nothing_away(world: SimpleNamespace) -> None:
    applied(world, ONE)
    upload = checked(world, "ALPHA,LTO-1,,Observer One,,,,,")
    record = upload.records.get()
    assert (record.action, record.takes) == ("kept", [])
    assert set(record.changes) == {"nationality", "document_number", "email", "phone"}
    after(actions.ask_apply, upload, world.a.account)
    assert Person.objects.get().phone == "+000 1"
    assert checked(world, ONE).counts["unchanged"] == 1


def test_an_observer_entered_by_hand_is_recognized_by_the_code(world: SimpleNamespace) -> None:
    person = make.make_person(full_name="Observer Two", phone="+000 7", email="", document_number="")
    known = make.make_observer(mission=world.a.mission, code="STO-1", person=person)
    applied(world, ONE, TWO + "\n" + "ALPHA,STO-2,sto,Observer Three,,,,,")
    assert set(Observer.objects.values_list("code", flat=True)) == {"LTO-1", "STO-1", "STO-2"}
    known.refresh_from_db()
    assert (known.person, known.person.phone) == (person, "+000 7")  # type: ignore[union-attr]


def test_doubles_are_named(world: SimpleNamespace) -> None:
    """Red when: `seen.once` is left out, or the register's passports are not asked."""
    make.make_observer(
        mission=world.a.mission, code="OLD-1", person=make.make_person(document_number="Inv-7")
    )
    upload = checked(
        world,
        ONE,
        "ALPHA,STO-2,,Observer Two,,inv-1,,,",
        "ALPHA,LTO-1,,Observer Three,,,,,",
        "ALPHA,STO-3,,Observer Four,,INV-7,,,",
        "ALPHA,STO-4,,Observer Five,,,no address,,",
        "ALPHA,,,Observer Six,,,,,",
    )
    assert problems(upload) == [
        [3, "document_number", "is that of row 2 as well."],
        [4, "", "speaks of the same record as row 2."],
        [5, "document_number", "is that of OLD-1 in the register."],
        [6, "email", "is not an e-mail address."],
        [7, "code", "is empty."],
    ]


def test_the_passport_of_another_code_is_warned_of_at_a_known_one(world: SimpleNamespace) -> None:
    """A file may pass numbers on, and repeat what each has already.

    Red when: a known code is not compared, when its own number is, and when what the file gives to others is not asked.
    """
    for code in "ABCDE":
        person = make.make_person(document_number=f"Inv-{code}")
        make.make_observer(mission=world.a.mission, code=code, person=person)
    upload = checked(
        world,
        *(
            f"ALPHA,{code},,Observer,,{number},,,"
            for code, number in (("A", "inv-b"), ("B", ""), ("C", "INV-D"), ("D", "INV-C"), ("E", "INV-E"))
        ),
    )
    warned = [(row.row, row.problems) for row in upload.records.exclude(problems=[])]
    mend = "Look whose it is; both codes would have it."
    assert warned == [
        (2, [["document_number", "inv-b", "is that of B in the register too.", mend, "warning"]])
    ]  # fmt: skip
    assert upload.counts["warned"] == 1


def test_header_in_three_languages(world: SimpleNamespace) -> None:
    """Red when: a word is taken out of header_words.csv."""
    for header in (
        "Mission,Observer code,Role,Name,Citizenship,Passport number,E-mail,Telephone,Team",
        "Missiya,Kod,Rol,Ad soyad,Vətəndaşlıq,Pasport nömrəsi,E-poçt,Telefon,Komanda",
        "Миссия,Код,Роль,ФИО,Гражданство,Номер паспорта,Электронная почта,Телефон,Команда",
    ):
        upload = brought(world, ONE, header=header)
        rules = upload.mapping["mapping"]["rules"]
        assert {name: rule["columns"][0] for name, rule in rules.items()} == dict(
            zip(HEADER.split(","), header.split(","), strict=True)
        ), header


# --- what is left of it


def everything_of(*models: Any) -> str:
    return " ".join(str(list(model.objects.values())) for model in models)


def test_after_applying_nothing_of_people_is_left_of_the_file(world: SimpleNamespace) -> None:
    """Red when: `forget` is taken out of apply_upload, and when records are remembered as they are."""
    upload = applied(world, ONE, TWO, "NOBODY,STO-9,,Observer Nine,,,nine@example.org,,")
    left = everything_of(Upload, UploadedFile, LoadedRecord, Job) + str(list(upload.records.values()))
    for word in ("Observer One", "Observer Two", "Nine", "nine@", "INV-1", "one@example", "+000 1", "roster"):
        assert word not in left, word
    assert not UploadedFile.objects.exists()
    assert upload.name == f"upload-{upload.pk}.csv"
    assert [(row.label, row.action, row.values) for row in upload.records.order_by("row")] == [
        ("LTO-1", "new", {}), ("STO-1", "new", {}), ("", "bad", {}),
    ]  # fmt: skip
    assert set(upload.records.exclude(object_id=None).values_list("object_id", flat=True)) == set(
        Observer.objects.values_list("pk", flat=True)
    )
    assert (upload.counts["new"], upload.counts["bad"]) == (2, 1)
    assert set(Job.objects.values_list("result", flat=True)) == {
        "Done; the page of the file says what came of it."
    }


def test_what_is_remembered_differs_between_people_who_share_a_value() -> None:
    assert sealed("+000 1", "1 | A", "phone") != sealed("+000 1", "1 | B", "phone")
    assert sealed("+000 1", "1 | A", "phone") == sealed("+000 1", "1 | A", "phone")
    assert sealed("", "1 | A", "phone") == ""


def test_taken_back_without_the_file_out_of_the_history(world: SimpleNamespace) -> None:
    """Changed values return as they were; whoever came by the file alone leaves nothing in the history.

    Red when: the history's personal values are not joined to what is taken back (seals are written into the person),
    and when they are not erased of those who go.
    """
    kept = make.make_person(full_name="Observer Before", phone="+000 5", email="", document_number="")
    make.make_observer(mission=world.a.mission, code="STO-1", person=kept)
    bare = make.make_observer(mission=world.a.mission, code="STO-2", person=None)
    upload = checked(world, ONE, TWO, "ALPHA,STO-2,,Observer Three,,,,,")
    record = upload.records.get(label="STO-1")
    actions.choose_field(by=world.a.account, upload=upload, record=record.pk, name="", file_wins=True)
    after(actions.ask_apply, upload, world.a.account)
    kept.refresh_from_db()
    assert (upload.state, kept.full_name, Person.objects.count()) == ("applied", "Observer Two", 3)
    after(actions.ask_undo, upload, world.a.account)
    assert (upload.state, upload.problem) == ("undone", "")
    kept.refresh_from_db()
    bare.refresh_from_db()
    assert (kept.full_name, kept.phone) == ("Observer Before", "+000 5")
    assert bare.person is None
    assert list(Person.objects.all()) == [kept]
    assert set(Observer.objects.values_list("code", flat=True)) == {"STO-1", "STO-2"}
    assert not world.team.members.exists()
    assert not LoadedRecord.objects.exists()
    history = everything_of(PersonalValue)
    assert ("Observer One" in history, "Observer Three" in history, "Observer Two" in history) == (
        False, False, True,
    )  # fmt: skip
    # Taken back is not erased: the same file may come again.
    assert checked(world, "ALPHA,STO-2,,Observer Three,,,,,").records.get(row=2).action == "changed"


def test_taking_back_is_refused_where_a_hand_was_later_and_names_the_code_alone(
    world: SimpleNamespace,
) -> None:
    upload = applied(world, ONE)
    Person.objects.update(phone="+000 8")
    after(actions.ask_undo, upload, world.a.account)
    assert upload.state == "applied"
    assert "LTO-1 (ALPHA)" in upload.problem
    assert "Observer One" not in upload.problem


# --- erasing reaches it


def test_erasing_a_person_forgets_the_files_of_the_mission(world: SimpleNamespace) -> None:
    """Also those of the officer, checked or not, and no other mission's. A file brought later brings nobody back.

    Red when: the trigger of migration 0003 is dropped, and when it does not mark what is remembered.
    """
    applied(world, ONE, TWO)
    own, unread = checked(world, ONE.replace("+000 1", "+000 2")), brought(world, ONE)
    officers = checked(world, ONE, by=world.officer)
    theirs = checked(world, "CANARY,STO-1,,Observer Two,,,,,", by=world.b.account)
    person = Person.objects.get(full_name="Observer One")
    assert set(forgetting.files_of(person)) == {own, unread, officers}
    erase_person(by=world.officer, person=person, reason="asked")
    for upload in (own, unread, officers, theirs):
        upload.refresh_from_db()
    assert {upload.counts.get("forgotten") for upload in (own, unread, officers)} == {"erased"}
    assert {upload.state for upload in (own, unread, officers)} == {"discarded"}
    assert (theirs.state, theirs.name, theirs.counts.get("forgotten")) == ("checked", "roster.csv", None)
    assert set(UploadedFile.objects.values_list("upload", flat=True)) == {theirs.pk}
    again = checked(world, ONE, TWO)
    day = date_format(timezone.now().astimezone(UTC), "j M Y")
    assert problems(again) == [[2, "code", f"belongs to somebody who was erased on {day}."]]
    assert again.records.get(row=3).action == "unchanged"
    after(actions.ask_apply, again, world.a.account)
    assert Observer.objects.get(code="LTO-1").person is None
    assert "Observer One" not in everything_of(Person, PersonalValue, LoadedRecord)


def test_whom_a_hand_had_entered_and_erased_no_file_names_anew(world: SimpleNamespace) -> None:
    """A seat that a hand gave to somebody else is not refused, nor one that never had a person, nor one that only let
    go of a person who is there still.

    Red when: `erased_seats` returns nothing (the row is a change), asks for no deleted record (STO-3 is refused), and
    when it does not ask whether the seat has a person again (STO-2 is).
    """
    seats = {
        code: make.make_observer(mission=world.a.mission, code=code, person=make.make_person())
        for code in ("STO-1", "STO-2", "STO-3")
    }
    make.make_observer(mission=world.a.mission, code="STO-4", person=None)
    for code in ("STO-1", "STO-2"):
        erase_person(by=world.officer, person=seats[code].person, reason="asked")
    Observer.objects.filter(code="STO-2").update(person=make.make_person(full_name="Observer New"))
    Observer.objects.filter(code="STO-3").update(person=None)
    upload = checked(world, *(TWO.replace("STO-1", f"STO-{number}") for number in range(1, 5)))
    day = date_format(timezone.now().astimezone(UTC), "j M Y")
    assert problems(upload) == [[2, "code", f"belongs to somebody who was erased on {day}."]]
    assert [(row.label, row.action) for row in upload.records.filter(row__gt=2).order_by("row")] == [
        ("STO-2", "kept"), ("STO-3", "changed"), ("STO-4", "changed"),
    ]  # fmt: skip


def test_emptied_contact_is_not_filled_again(world: SimpleNamespace) -> None:
    """Red when: the trigger on missions_person is dropped."""
    applied(world, ONE)
    waiting = checked(world, ONE.replace("+000 1", "+000 2"))
    erase_contact(by=None, person=Person.objects.get(), reason="retention")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.counts["forgotten"]) == ("discarded", "erased")
    again = checked(world, ONE)
    assert (again.records.get().action, again.records.get().takes) == ("kept", [])


def test_a_file_that_is_forgotten_while_it_is_checked_stays_forgotten(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red when: `hold` is left out of compare_rows (the second piece is kept)."""
    monkeypatch.setattr("tracker.ingest.uploads.checking.CHUNK", 1)
    upload = brought(world, ONE, TWO, TWO.replace("STO-1", "STO-2"))
    actions.ask_check(by=world.a.account, upload=upload)
    upload.refresh_from_db()

    def erased_meanwhile(done: int, total: int) -> None:
        if done == 1:
            forgetting.forget([upload.pk], "erased")

    with pytest.raises(forgetting.Forgotten):
        work.check_upload(upload, erased_meanwhile)
    upload.refresh_from_db()
    assert (upload.state, upload.records.count(), UploadedFile.objects.count()) == ("discarded", 0, 0)


def test_a_file_that_is_forgotten_before_it_is_applied_writes_nothing(world: SimpleNamespace) -> None:
    """Red when: apply_upload saves its state whatever is there."""
    upload = checked(world, ONE)
    actions.ask_apply(by=world.a.account, upload=upload)
    upload.refresh_from_db()
    forgetting.forget([upload.pk], "erased")
    with pytest.raises(forgetting.Forgotten):
        work.apply_upload(upload, lambda done, total: None)
    upload.refresh_from_db()
    assert (upload.state, Person.objects.exists()) == ("discarded", False)


# --- whose it is


def test_z3_a_mission_of_others_reads_like_one_of_nobody(world: SimpleNamespace) -> None:
    """Red when: Field.missions is every mission of the election."""
    make.make_observer(
        mission=world.b.mission, code="STO-7", person=make.make_person(document_number="INV-7")
    )
    upload = checked(
        world,
        "CANARY,STO-7,,Observer One,,INV-7,,,",
        "CANALY,STO-7,,Observer One,,INV-7,,,",
        ",STO-7,,Observer One,,INV-7,,,",
    )
    first, second = upload.records.filter(action="bad").order_by("row")
    said = [
        [[column, what, mend] for column, _value, what, mend, _weight in one.problems]
        for one in (first, second)
    ]
    assert said[0] == said[1] == [
        ["mission", "is not a mission of yours in this election.", "Yours are: ALPHA Network."]
    ]  # fmt: skip
    assert upload.counts["new"] == 1


def test_a_correction_by_hand_makes_a_preview_old_and_that_of_others_does_not(world: SimpleNamespace) -> None:
    """Red when: people's own records are not among the tables that are asked, or not narrowed to the mission."""
    applied(world, ONE)
    other = make.make_person()
    make.make_observer(mission=world.b.mission, person=other)
    upload = checked(world, ONE.replace("+000 1", "+000 2"))
    Person.objects.filter(pk=other.pk).update(phone="+000 3")
    with transaction.atomic():
        write(upload, lambda done, total: None)
        transaction.set_rollback(True)
    Person.objects.exclude(pk=other.pk).update(phone="+000 4")
    with pytest.raises(Stale), transaction.atomic():
        write(upload, lambda done, total: None)


def test_who_brings_looks_and_works(world: SimpleNamespace) -> None:
    """Red when: uploads_for does not ask for the organization, or not for the right to see people."""
    upload = checked(world, ONE)
    kinds = {role: "observers" in rights.kinds_for(make.make_account(role)) for role in Role}
    assert {role for role, may in kinds.items() if may} == {Role.OFFICER, Role.COORDINATOR}
    sees = {
        role: rights.may_work_on(make.make_account(role, organization=world.a.organization), upload)
        for role in Role
    }
    assert {role for role, may in sees.items() if may} == {Role.OFFICER}
    assert rights.may_work_on(world.a.account, upload)
    for role in (Role.DESK, Role.AUDITOR):  # who see every other file
        assert not queries.uploads_for(make.make_account(role)).exists()
    Affiliation.objects.filter(account=world.a.account).update(organization=world.b.organization)
    assert not rights.may_work_on(world.a.account, upload)
    with pytest.raises(PermissionDenied):
        actions.discard_upload(by=world.a.account, upload=upload)


def test_a_person_in_the_place_of_the_header_is_not_remembered(world: SimpleNamespace) -> None:
    """Whatever its cells are said to be. Headings in other languages are, though some of them are unknown.

    Red when: save_profile does not ask are_headings, and when are_headings asks for one known word, or lets numbers be.
    """
    own = ["mission", "code", "role", "full_name", "nationality", "document_number", "email", "phone", "team"]
    for header in (
        ONE,
        "Name,LTO-1,lto,Observer One",
        "mission,code,role,+000 123",
        "mission,code,role,one@example.org",
    ):
        upload = checked(world, TWO, by=world.officer, header=header)
        rules = {
            target: {"columns": [name]}
            for target, name in zip(own, header.split(","), strict=False)
            if target != "role"
        }
        upload.mapping["mapping"]["rules"] = rules
        upload.save()
        with pytest.raises(ValidationError, match="may be a person’s"):
            actions.save_profile(by=world.officer, upload=upload, name="x")
    assert not Profile.objects.exists()
    for header in (HEADER, "Misja,Kod,Rol,Imię i nazwisko,Kraj paszportu,Nr dok.,E-mail,Telefon,Grupa"):
        upload = checked(world, ONE, by=world.officer, header=header)
        assert actions.save_profile(by=world.officer, upload=upload, name="x") == Profile.objects.latest("pk")


def test_words_of_a_file_of_people_are_remembered_for_it_alone(world: SimpleNamespace) -> None:
    """Red when: answer_questions remembers what the officer says of it for everybody."""
    upload = checked(world, "ALPHA,STO-1,chief,Observer One,,,,,", by=world.officer)
    (question,) = upload.counts["questions"]
    assert question[:3] == ["choice", "chief", "role"]
    actions.answer_questions(
        by=world.officer, upload=upload, answers={("choice", "chief", "role"): "core_team"}
    )
    assert not Answer.objects.exists()
    after(actions.ask_check, upload, world.officer)
    assert upload.records.get().values["role"] == "core_team"
    rules = upload.mapping["mapping"]["rules"]
    rules["phone"] = {"constant": "+000 1"}
    with pytest.raises(ValidationError):
        actions.save_profile(by=world.officer, upload=upload, name="x")
