"""The way of a record to the public: embargo, four eyes, and who wrote and published."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import factories as make
from tracker.core.identity import Identity, acting
from tracker.core.models import Publication, User
from tracker.core.publication import publishable_models
from tracker.coverage import editions
from tracker.coverage.tasks import end_embargoes
from tracker.elections.models import AnnouncedFigure, Election
from tracker.missions.models import Statement

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def anna() -> User:
    return make.make_administrator()


@pytest.fixture
def clara() -> User:
    return make.make_administrator()


@pytest.fixture
def election() -> Election:
    return make.make_election(four_eyes=True, publication=Publication.DRAFT)


def change(row: Any, by: User | None, **values: Any) -> Any:
    """Change columns of `row` in somebody's name, as SQL would; the row as it is then."""
    with acting(Identity(user=by.pk if by else 0)):
        type(row).objects.filter(pk=row.pk).update(**values)
    row.refresh_from_db()
    return row


def figure(election: Election, by: User, **values: Any) -> AnnouncedFigure:
    with acting(Identity(user=by.pk)):
        return make.make_figure(election=election, publication=Publication.DRAFT, **values)


def test_every_publishable_table_has_the_guard_and_the_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'publication_guard'")
        guarded = {table for (table,) in cursor.fetchall()}
        cursor.execute("SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%embargo_until IS NOT NULL%'")
        indexed = {table for (table,) in cursor.fetchall()}
    assert guarded == indexed == {model._meta.db_table for model in publishable_models()}


# --- four eyes


def test_nobody_publishes_what_they_wrote(election, anna, clara) -> None:
    row = figure(election, anna)
    change(row, anna, publication=Publication.SUBMITTED)
    with pytest.raises(IntegrityError, match="four eyes"), transaction.atomic():
        change(row, anna, publication=Publication.PUBLISHED)
    change(row, clara, publication=Publication.PUBLISHED)
    assert (row.written_by, row.approved_by) == (anna, clara)


def test_a_draft_is_submitted_first_and_a_command_is_nobody(election, anna, clara) -> None:
    row = figure(election, anna)
    for by in (clara, None):
        with pytest.raises(IntegrityError, match="four eyes"), transaction.atomic():
            change(row, by, publication=Publication.PUBLISHED)
    with pytest.raises(IntegrityError, match="four eyes"), transaction.atomic():
        make.make_figure(election=election)


def test_any_edit_voids_the_approval(election, anna, clara) -> None:
    row = figure(election, anna)
    change(row, anna, publication=Publication.SUBMITTED)
    change(row, clara, publication=Publication.PUBLISHED)
    change(row, clara, value=50)
    assert (row.publication, row.written_by, row.approved_by) == ("submitted", clara, None)
    with pytest.raises(IntegrityError, match="four eyes"), transaction.atomic():
        change(row, clara, publication=Publication.PUBLISHED)
    assert change(row, anna, publication=Publication.PUBLISHED).publication == "published"


def test_an_approval_with_an_edit_in_one_stroke_is_refused(election, anna, clara) -> None:
    row = change(figure(election, anna), anna, publication=Publication.SUBMITTED)
    with pytest.raises(IntegrityError, match="four eyes"), transaction.atomic():
        change(row, clara, publication=Publication.PUBLISHED, value=50)


def test_who_wrote_cannot_be_said_otherwise(election, anna, clara) -> None:
    row = change(figure(election, anna), anna, publication=Publication.SUBMITTED)
    change(row, anna, written_by=clara)
    assert row.written_by == anna
    with pytest.raises(IntegrityError, match="four eyes"), transaction.atomic():
        change(row, anna, publication=Publication.PUBLISHED, approved_by=clara)


def test_statements_are_found_through_their_mission(election, anna) -> None:
    with acting(Identity(user=anna.pk)):
        mission = make.make_mission(election=election, publication=Publication.DRAFT)
        with pytest.raises(IntegrityError, match="four eyes"), transaction.atomic():
            make.make_statement(mission=mission)


def test_other_elections_are_published_by_whoever_may(anna) -> None:
    row = figure(make.make_election(), anna)
    change(row, anna, publication=Publication.PUBLISHED)
    assert (row.written_by, row.approved_by) == (anna, anna)
    assert change(row, anna, value=50).publication == "published"


def test_an_election_keeps_its_pages_when_its_name_is_mended(anna, clara, election) -> None:
    change(election, anna, publication=Publication.SUBMITTED)
    change(election, clara, publication=Publication.PUBLISHED)
    assert change(election, clara, name="A better name").publication == "published"


# --- embargo


def test_nothing_shows_before_the_moment_and_everything_at_it(client: Client) -> None:
    election = make.make_election()
    mission = make.make_mission(election=election)
    row = make.make_statement(mission=mission, title="Verdict", embargo_until=timezone.now() + HOUR)
    make.make_station(election=election, city="Rome", country="IT", embargo_until=timezone.now() + HOUR)
    make.make_station(election=election)
    editions.refresh_stale()
    pages = [
        reverse("public:mission", args=[election.slug, mission.organization.slug]),
        reverse("public:stations", args=[election.slug]),
    ]
    before = [client.get(page).content.decode() for page in pages]
    assert "Verdict" not in before[0]
    assert "Rome" not in before[1]
    assert editions.Edition.objects.latest("number").total.count('"stations":1') == 1
    dashboard = reverse("public:dashboard", args=[election.slug])
    etag = client.get(dashboard).headers["ETag"]
    assert client.get(dashboard, headers={"if-none-match": etag}).status_code == 304

    # The moment comes, and nobody did anything.
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("missions_statement", "stations_pollingstation"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"UPDATE {table} SET embargo_until = now() WHERE embargo_until IS NOT NULL")  # noqa: S608
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    after = [client.get(page).content.decode() for page in pages]
    assert "Verdict" in after[0]
    assert "Rome" in after[1]
    assert client.get(dashboard, headers={"if-none-match": etag}).status_code == 200

    assert end_embargoes() == 2
    row.refresh_from_db()
    assert row.embargo_until is None
    assert editions.Edition.objects.latest("number").total.count('"stations":2') == 1
    assert end_embargoes() == 0


def test_a_draft_under_embargo_stays_a_draft_after_it(client: Client) -> None:
    row = make.make_statement(publication=Publication.DRAFT, embargo_until=timezone.now() - HOUR)
    assert end_embargoes() == 0
    assert row not in Statement.objects.published()
