"""The triggers are kept equal to the models, and what nobody recorded enters as a baseline."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories as make
from tracker.core.history.install import sync_history
from tracker.core.history.models import Change, ChangedRow
from tracker.core.history.verifying import verify

pytestmark = pytest.mark.django_db


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def unseal() -> None:
    """Forget what is installed, as after an upgrade."""
    run("COMMENT ON FUNCTION public.history_record() IS 'another'")


def test_a_call_with_nothing_to_do_costs_one_query() -> None:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        sync_history()
    assert len(captured) == 1


def test_rows_from_before_the_triggers_enter_as_a_baseline() -> None:
    run(
        *(
            f"DROP TRIGGER history_{name} ON core_source"
            for name in ("insert", "update", "delete", "truncate")
        )
    )
    source = make.make_source(title="Old")
    assert not ChangedRow.objects.filter(table_name="core_source").exists()
    unseal()
    sync_history()
    row = ChangedRow.objects.select_related("change").get(table_name="core_source")
    assert (row.key, row.kind, row.after["title"]) == (str(source.pk), "insert", "Old")
    assert (row.change.origin, row.change.account) == ("baseline", None)
    run("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED")
    assert list(verify()) == []
    unseal()
    sync_history()
    assert ChangedRow.objects.filter(table_name="core_source").count() == 1


def test_a_new_column_enters_for_the_rows_that_are_there() -> None:
    source = make.make_source()
    run(
        "SET CONSTRAINTS ALL IMMEDIATE",
        "SET CONSTRAINTS ALL DEFERRED",
        "ALTER TABLE core_source ADD COLUMN pages integer NOT NULL DEFAULT 7",
    )
    assert [finding.column for finding in verify()] == ["pages"]
    unseal()
    sync_history()
    row = ChangedRow.objects.filter(table_name="core_source").latest("id")
    assert (row.key, row.kind, row.before, row.after) == (str(source.pk), "update", {}, {"pages": 7})
    run("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED")
    assert list(verify()) == []
    # Recorded at once from then on, although the session knew the table without it.
    run("UPDATE core_source SET pages = 8")
    assert ChangedRow.objects.latest("id").after == {"pages": 8}


def test_what_is_recorded_no_longer_loses_its_triggers(monkeypatch: pytest.MonkeyPatch) -> None:
    from tracker.core.history import declared, install

    monkeypatch.setitem(declared.NOT_RECORDED, "core.Source", "for this test")
    install._fingerprint.cache_clear()
    try:
        sync_history()
        make.make_source()
        assert not ChangedRow.objects.filter(table_name="core_source").exists()
    finally:
        install._fingerprint.cache_clear()


def test_where_constraints_are_immediate_each_statement_is_sealed_at_once() -> None:
    run("SET CONSTRAINTS ALL IMMEDIATE")
    make.make_source()
    make.make_source()
    assert list(Change.objects.order_by("number").values_list("rows", flat=True))[-2:] == [1, 1]
    assert list(verify()) == []


def test_a_database_of_before_gets_its_head_and_the_seals_of_what_was_forgotten() -> None:
    """Red when: seen with `_remember` left out."""
    person = make.make_person()
    run(
        "CREATE OR REPLACE FUNCTION public.history_seal_anew(tablename text, rowkey text) RETURNS bigint"
        " LANGUAGE sql AS 'SELECT 0::bigint'",
        f"SELECT history_forget('missions_person', '{person.pk}')",
        "SET CONSTRAINTS ALL IMMEDIATE",
        "ALTER TABLE core_head DISABLE TRIGGER USER",
        "DELETE FROM core_head",
        "ALTER TABLE core_head ENABLE TRIGGER USER",
    )
    unseal()
    sync_history()
    run("SET CONSTRAINTS ALL IMMEDIATE")
    assert list(verify()) == []
    run(
        "ALTER TABLE missions_person DISABLE TRIGGER USER",
        "UPDATE missions_person SET full_name = 'Forged'",
        "ALTER TABLE missions_person ENABLE TRIGGER USER",
    )
    assert [(finding.key, finding.column) for finding in verify()] == [(str(person.pk), "full_name")]
