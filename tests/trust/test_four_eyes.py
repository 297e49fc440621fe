"""Four eyes hold whichever way round: everybody who wrote, rows beside a record, its source, and the switch itself."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.test import Client

from tests import factories as make
from tests.forms import save
from tests.public.pages import text_of
from tracker.core.disclosure import published_fields
from tracker.core.identity import Identity, acting
from tracker.core.models import Publication, Source, User
from tracker.core.publication import awaits_other_eyes
from tracker.coverage.corrections import corrected_models
from tracker.elections.models import AnnouncedFigure, Election, Milestone
from tracker.fieldwork.models import Assessment
from tracker.missions.models import Engagement, Membership
from tracker.stations.models import VotingWindow

pytestmark = pytest.mark.django_db
MIGRATION: Any = import_module("tracker.fieldwork.migrations.0003_writers")
SUBMITTED, PUBLISHED = Publication.SUBMITTED, Publication.PUBLISHED


@pytest.fixture
def anna() -> User:
    return make.make_account("election_desk", "publisher", username="anna")


@pytest.fixture
def bela() -> User:
    return make.make_account("election_desk", "publisher", username="bela")


@pytest.fixture
def clara() -> User:
    return make.make_account("election_desk", "publisher", username="clara")


@pytest.fixture
def election() -> Election:
    """One that is public and asks for four eyes."""
    found = make.make_election()
    Election.objects.filter(pk=found.pk).update(four_eyes=True)
    found.refresh_from_db()
    return found


def change(row: Any, by: User | None, **values: Any) -> Any:
    """Change columns of `row` in somebody's name, as SQL would; the row as it is then."""
    with acting(Identity(user=by.pk if by else 0)):
        type(row).objects.filter(pk=row.pk).update(**values)
    row.refresh_from_db()
    return row


def approved(row: Any, by: User) -> Any:
    return change(change(row, by, publication=SUBMITTED) and row, by, publication=PUBLISHED)


def refused(row: Any, by: User) -> bool:
    """Whether the database keeps `by` from publishing `row`; what the screens say beforehand is compared with it."""
    said = awaits_other_eyes(row, by)
    try:
        with transaction.atomic(), acting(Identity(user=by.pk)):
            type(row).objects.filter(pk=row.pk).update(publication=PUBLISHED)
            transaction.set_rollback(True)
        held = False
    except IntegrityError as error:
        assert "four eyes" in str(error)  # noqa: PT017 - whether it is raised is the question
        held = True
    assert held == said
    return held


# --- who wrote


def test_everybody_who_wrote_since_the_last_approval_is_no_second_pair_of_eyes(
    election, anna, bela, clara
) -> None:
    """Red when: the guard asks for `written_by` alone, or empties `writers` at any other step than an approval."""
    with acting(Identity(user=anna.pk)):
        row = make.make_milestone(election=election, title="Anna wrote this", publication=Publication.DRAFT)
    row.refresh_from_db()
    change(row, anna, publication=SUBMITTED)
    change(row, bela, title="Anna wrote this.")
    assert (row.written_by, row.writers) == (bela, [anna.pk, bela.pk])
    assert [refused(row, one) for one in (anna, bela, clara)] == [True, True, False]
    change(row, bela, publication=Publication.DRAFT)
    change(row, bela, publication=SUBMITTED)
    assert [refused(row, one) for one in (anna, bela, clara)] == [True, True, False]
    change(row, clara, publication=PUBLISHED)
    assert row.writers == []
    # From here on it counts anew.
    change(row, clara, title="Clara's words")
    assert (row.publication, row.writers) == (SUBMITTED, [clara.pk])
    assert [refused(row, one) for one in (anna, bela, clara)] == [False, False, True]


def test_a_command_is_nobody_and_no_writer(election, clara) -> None:
    """Red when: the guard asks only whether an account is among the writers (null is unlike all of none)."""
    row = make.make_milestone(election=election, publication=SUBMITTED)
    change(row, None, title="By a command")
    make.make_window(station=make.make_station(election=election, publication=SUBMITTED))
    assert (row.writers, VotingWindow.objects.get().station.writers, refused(row, clara)) == ([], [], False)


def test_nobody_says_otherwise_who_wrote_and_many_rows_are_told_apart(election, anna, bela, clara) -> None:
    """Red when: the guard takes `writers` as it comes."""
    figures = []
    for by in (anna, bela):
        with acting(Identity(user=by.pk)):
            figures.append(make.make_figure(election=election, publication=SUBMITTED))
    rows = AnnouncedFigure.objects.order_by("pk")
    with acting(Identity(user=clara.pk)):
        rows.filter(pk=figures[0].pk).update(notes="A comma")
        rows.update(writers=[])
    assert list(rows.values_list("writers", flat=True)) == [[anna.pk, clara.pk], [bela.pk]]
    with (
        pytest.raises(IntegrityError, match="four eyes"),
        transaction.atomic(),
        acting(Identity(user=bela.pk)),
    ):
        rows.update(publication=PUBLISHED)
    with acting(Identity(user=anna.pk)):
        rows.filter(pk=figures[1].pk).update(publication=PUBLISHED)


def test_the_screens_say_so_to_whoever_wrote_a_part(client: Client, election, anna, bela) -> None:
    """Red when: `awaits_other_eyes` asks for `written_by` alone: there is a button, and an error behind it."""
    with acting(Identity(user=anna.pk)):
        row = make.make_milestone(election=election, publication=SUBMITTED)
    change(row, bela, title="A comma,")
    client.force_login(anna)
    page = client.get(f"/staff/elections/milestone/{row.pk}/change/")
    assert "publish" not in [step for step, _label, _address in page.context["steps"]]
    assert "You wrote a part of it, and its election asks for four eyes" in text_of(page.content.decode())


# --- rows beside a record


def beside(kind: str, election: Election) -> tuple[Any, Any, dict[str, Any]]:
    """A public record, a row that the public reads with it, and a change of that row."""
    if kind == "window":
        window = make.make_window(station=make.make_station(election=election))
        return window.station, window, {"closes_at": "2024-02-07T14:00Z"}
    if kind == "engagement":
        meeting = make.make_engagement(election=election)
        meeting.organizations.set([make.make_organization()])
        other = {"organization": make.make_organization()}
        return meeting, Engagement.organizations.through.objects.get(engagement=meeting), other
    mission = make.make_mission(election=election)
    if kind == "membership":
        return mission, make.make_membership(mission=mission), {"role": "participant"}
    return mission, make.make_assessment(mission=mission), {"label": "Otherwise"}


KINDS = {"window": VotingWindow, "membership": Membership, "engagement": Engagement.organizations.through,
         "assessment": Assessment}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_beside_a_public_record_voids_its_approval(kind: str, anna, bela) -> None:
    """Red when: the table has no trigger publication_beside, or it has none for one of the three statements."""
    election = make.make_election()
    record, row, values = beside(kind, election)
    Election.objects.update(four_eyes=True)
    assert KINDS[kind] is type(row)

    def public_again() -> None:
        change(record, bela, publication=PUBLISHED)

    def write(step: str) -> None:
        if step == "update":
            KINDS[kind].objects.filter(pk=row.pk).update(**values)
        elif step == "delete":
            KINDS[kind].objects.filter(pk=row.pk).delete()
        else:
            row.save(force_insert=True)

    for step in ("update", "delete", "insert"):
        with acting(Identity(user=anna.pk)):
            write(step)
        record.refresh_from_db()
        assert (step, record.publication, record.writers) == (step, SUBMITTED, [anna.pk])
        assert refused(record, anna)
        public_again()
    with acting(Identity(user=anna.pk)):
        row.save()  # says the same as before
    record.refresh_from_db()
    assert record.publication == PUBLISHED


def test_whoever_writes_beside_what_waits_wrote_as_well(election, anna, bela, clara) -> None:
    """Red when: only public records are looked at, or the guard does not know that it is asked from beside."""
    with acting(Identity(user=anna.pk)):
        station = make.make_station(election=election, publication=Publication.DRAFT)
        make.make_window(station=station)
        change(station, anna, publication=SUBMITTED)
    with acting(Identity(user=bela.pk)):
        VotingWindow.objects.update(closes_at="2024-02-07T14:00Z")
    station.refresh_from_db()
    assert (station.publication, station.writers) == (SUBMITTED, [anna.pk, bela.pk])
    assert [refused(station, one) for one in (anna, bela, clara)] == [True, True, False]


def test_elsewhere_rows_beside_a_record_are_public_at_once(election, anna) -> None:
    station = make.make_station(election=make.make_election())
    with acting(Identity(user=anna.pk)):
        make.make_window(station=station)
    station.refresh_from_db()
    assert (station.publication, station.writers, station.written_by) == (PUBLISHED, [], None)


# --- its source


def test_a_source_that_stands_beside_what_was_approved_stays_as_it_is(client: Client, anna) -> None:
    """Red when: the trigger source_guard is dropped, or its rule has no words in DATABASE_RULES (500)."""
    election = make.make_election()
    source = make.make_source(title="As approved")
    row = make.make_milestone(election=election, source=source)
    free = make.make_source(title="Of a draft")
    make.make_milestone(election=election, source=free, publication=Publication.DRAFT)
    Election.objects.update(four_eyes=True)
    client.force_login(anna)
    page = save(client, f"/staff/core/source/{source.pk}/change/", form_of(source, title="One eye"))
    assert "Name another source in the records, or have them sent back" in text_of(page.content.decode())
    save(client, f"/staff/core/source/{free.pk}/change/", form_of(free, title="Free"))
    save(client, f"/staff/core/source/{source.pk}/change/", form_of(source, notes="For ourselves"))
    for state in (SUBMITTED, PUBLISHED):
        Milestone.objects.filter(pk=row.pk).update(publication=SUBMITTED)
        change(row, anna, publication=state)
        with pytest.raises(IntegrityError, match="enter a new one"), transaction.atomic():
            Source.objects.filter(pk=source.pk).update(url="https://example.org/other")
    assert sorted(Source.objects.values_list("title", "notes")) == [
        ("As approved", "For ourselves"), ("Free", free.notes),
    ]  # fmt: skip


def form_of(source: Source, **over: Any) -> dict[str, Any]:
    names = (*published_fields(Source), "notes")
    said = {name: getattr(source, name) for name in names}
    return {name: "" if value is None else value for name, value in (said | over).items()}


def test_every_key_of_the_public_to_a_source_is_looked_at() -> None:
    """Red when: a record gets another key to a source, or a source another public field, and the trigger does not."""
    keys = {
        (model._meta.db_table, field.column)
        for model in corrected_models()
        for field in model._meta.local_fields
        if field.related_model is Source and field.name in published_fields(model)
    }
    looked_at = {
        (table.partition(" ")[0], key)
        for table, (keys, _of, _state) in MIGRATION.CITED.items()
        for key in keys
    }
    assert looked_at == keys
    # When a page was last read says nothing of what stands there.
    said = set(published_fields(Source)) - {"read_on"}
    assert all(f"OLD.{name}" in MIGRATION.SOURCE_GUARD for name in said)


def test_every_public_row_beside_a_record_is_looked_at() -> None:
    """Red when: a model whose rows are public with a record, and not by themselves, is missing from BESIDE."""
    # What the public reads of these is counts, and of people what is decided at the accreditation desk.
    counted = {"missions_observer", "missions_accreditation", "missions_accreditationchange", "fieldwork_team",
               "fieldwork_deployment", "fieldwork_visit"}  # fmt: skip
    found = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        for name in (
            getattr(model, "published_with", ())
            or [f.name for f in model._meta.local_fields if model._meta.auto_created and f.is_relation]
        )
        if not hasattr(model, "publication")
        and "election" in getattr(model._meta.get_field(name).related_model, "published_with", ())
    }
    assert found - counted == set(MIGRATION.BESIDE)


# --- the switch itself


def test_four_eyes_end_when_two_people_want_it(client: Client, election, anna, bela) -> None:
    """Red when: the trigger four_eyes_guard is dropped; or the form does not say what became of the tick."""
    with pytest.raises(IntegrityError, match="two people"), transaction.atomic():
        change(election, None, four_eyes=False)
    client.force_login(anna)
    path = f"/staff/elections/election/{election.pk}/change/"
    for _twice in range(2):
        page = untick(client, path)
        assert "Four eyes stay until somebody else saves this election without the tick" in text_of(page)
        election.refresh_from_db()
        assert (election.four_eyes, election.four_eyes_end_by) == (True, anna)
    # Who asked takes it back; nobody else does by saving something else.
    change(election, bela, authority="Another")
    assert election.four_eyes_end_by == anna
    change(election, anna, authority="Another commission", four_eyes_end_by=bela)
    assert election.four_eyes_end_by is None
    untick(client, path)
    client.force_login(bela)
    assert "Asks for the end of four eyes" in text_of(client.get(path).content.decode())
    assert "anna" in text_of(client.get(path).content.decode())
    assert "Four eyes stay" not in text_of(untick(client, path))
    election.refresh_from_db()
    assert (election.four_eyes, election.four_eyes_end_by, election.publication) == (False, None, PUBLISHED)


def untick(client: Client, path: str) -> str:
    """Save the form of an election as it is, without the tick at four eyes; the page after it."""
    form = client.get(path).context["adminform"].form
    typed = {
        name: value
        for name, value in form.initial.items()
        if value not in (None, False) and name in form.fields
    }
    del typed["four_eyes"]
    page = save(client, path, typed, follow=True)
    assert page.redirect_chain, page.context["adminform"].form.errors
    return str(page.content.decode())
