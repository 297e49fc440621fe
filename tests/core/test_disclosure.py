"""What the public may know is decided field by field."""

import pytest
from django.db import connection

from tests import factories as make
from tracker.core.disclosure import DISCLOSURE, readable_fields, withheld_fields
from tracker.core.wall import wall_models
from tracker.elections.models import Election
from tracker.fieldwork.models import Incident, Visit
from tracker.missions.models import Accreditation, Observer, Person

OURS = [model for model in wall_models() if model.__module__.startswith("tracker.")]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_field_is_published_or_withheld(model) -> None:
    """A new field is one word in `core.disclosure`: until then, this names it."""
    fields = [field.name for field in model._meta.local_fields]
    decided = DISCLOSURE[model._meta.label].decided if model._meta.label in DISCLOSURE else []
    assert sorted(decided) == sorted(fields), (
        f"{model._meta.label}: decide each field once in tracker/core/disclosure.py"
    )


def test_nothing_is_decided_that_does_not_exist() -> None:
    assert set(DISCLOSURE) == {model._meta.label for model in OURS}


def test_what_people_are_is_withheld() -> None:
    assert {"document_number", "email", "phone", "nationality", "notes"} <= set(withheld_fields(Person))
    assert "code" in withheld_fields(Observer)
    assert {"description", "team"} <= set(withheld_fields(Incident))
    assert {"findings", "created_by"} <= set(withheld_fields(Visit))
    assert {"reason", "media_person"} <= set(withheld_fields(Accreditation))


@pytest.mark.django_db
def test_published_rows_come_without_withheld_fields_also_by_way_of_others() -> None:
    incident = make.make_incident()
    make.make_simulated_day(election=make.make_election(demonstration=True))
    row = Incident.objects.published().select_related("election__source").get(pk=incident.pk)
    assert row.get_deferred_fields() == {
        "team_id",
        "description",
        "submission_key",
        "written_by_id",
        "approved_by_id",
        "writers",
    }
    assert row.election.get_deferred_fields() == {
        "notes", "four_eyes", "contact_days", "people_days", "written_by_id", "approved_by_id",
        "writers", "four_eyes_end_by_id",
    }  # fmt: skip
    day = Election.objects.published().select_related("simulated_day").get(demonstration=True).simulated_day
    assert day.get_deferred_fields() == {"seed", "last_event"}
    assert Incident.objects.select_related("election").get(pk=incident.pk).get_deferred_fields() == set()


def test_the_public_has_no_right_to_a_table_of_which_nothing_is_published(db) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT table_name FROM information_schema.column_privileges WHERE grantee = 'tracker_public'"
        )
        granted = {table for (table,) in cursor.fetchall()}
    assert granted == {model._meta.db_table for model in wall_models() if readable_fields(model)}
