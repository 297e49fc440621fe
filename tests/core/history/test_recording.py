"""The database writes down every change, in whose name, and seals it at commit."""

import pytest
from django.db import connection, transaction

from tests import factories as make
from tracker.core.history.models import Change, ChangedRow, PersonalValue
from tracker.core.identity import Identity, acting
from tracker.core.models import Source

CLARA = Identity(user=7, origin="request", request="r-1", reason="typed twice")


@pytest.mark.django_db(transaction=True)
def test_insert_update_delete_are_written_with_before_and_after() -> None:
    with acting(CLARA):
        source = make.make_source(title="One")
    with acting(CLARA):
        Source.objects.filter(pk=source.pk).update(title="Two")
        Source.objects.filter(pk=source.pk).update(title="Two")
    with acting(Identity(origin="command x")):
        Source.objects.all().delete()
    rows = list(ChangedRow.objects.order_by("id").values_list("table_name", "key", "kind", "before", "after"))
    key = str(source.pk)
    assert rows[0][:3] == ("core_source", key, "insert")
    assert rows[0][3] is None
    assert rows[0][4]["title"] == "One"
    assert rows[1] == ("core_source", key, "update", {"title": "One"}, {"title": "Two"})
    assert rows[2][2] == "delete"
    assert rows[2][3]["title"] == "Two"
    assert len(rows) == 3
    changes = list(
        Change.objects.order_by("id").values_list("number", "account", "origin", "request", "reason", "rows")
    )
    assert changes == [
        (1, 7, "request", "r-1", "typed twice", 1),
        (2, 7, "request", "r-1", "typed twice", 1),
        (3, None, "command x", "", "", 1),
    ]
    hashes = list(Change.objects.order_by("number").values_list("previous_hash", "hash"))
    assert hashes[0][0] == ""
    assert [before for before, _ in hashes[1:]] == [own for _, own in hashes[:-1]]


@pytest.mark.django_db(transaction=True)
def test_personal_values_stand_beside_the_chain() -> None:
    person = make.make_person(full_name="Canary Person", phone="+36 1 555")
    row = ChangedRow.objects.get(table_name="missions_person")
    assert set(row.after["full_name"]) == {"sealed"}
    assert "Canary" not in str(row.after)
    kept = PersonalValue.objects.get()
    assert (kept.key, kept.after["full_name"]) == (str(person.pk), "Canary Person")
    account = make.make_account()
    row = ChangedRow.objects.get(table_name="core_user")
    assert set(row.after["password"]) == {"sealed"}
    assert "password" not in PersonalValue.objects.get(changed_row=row).after
    assert "last_login" not in row.after
    account.last_login = "2024-02-07T00:00Z"
    account.save()
    assert ChangedRow.objects.filter(table_name="core_user").count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_has_no_history() -> None:
    with transaction.atomic():
        make.make_source()
        with pytest.raises(ValueError, match="away"), transaction.atomic():
            raise ValueError(f"away with {make.make_source()}")
        make.make_source()
    assert Change.objects.get().rows == 2
    assert ChangedRow.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_entries_cannot_be_changed() -> None:
    make.make_source()
    for statement in (
        "UPDATE core_change SET account = 9",
        "UPDATE core_change SET number = NULL",
        "DELETE FROM core_change",
        "UPDATE core_changedrow SET key = '9'",
        "DELETE FROM core_changedrow",
        "UPDATE core_personalvalue SET key = '9'",
    ):
        with pytest.raises(Exception, match="history"), connection.cursor() as cursor:
            cursor.execute(statement)
