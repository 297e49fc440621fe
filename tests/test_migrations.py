"""The migrations of our apps: few, taken back as well as made, and known to a database that has the ones before."""

from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

# What a database made before the squash has on record.
BEFORE = {
    "accounts": (
        "0001_initial",
        "0002_sessions_end",
        "0003_api_tokens",
    ),
    "core": (
        "0001_initial",
        "0002_accounts_and_roles",
        "0003_submissions",
        "0004_history",
        "0005_sessions",
        "0006_passwords_apart",
    ),
    "coverage": (
        "0001_initial",
        "0002_triggers",
        "0003_history_head",
        "0004_trigger_rights",
        "0005_corrections",
    ),
    "elections": (
        "0001_initial",
        "0002_composite_keys",
        "0003_publication_states",
        "0004_retention",
    ),
    "fieldwork": (
        "0001_initial",
        "0002_composite_keys",
        "0003_publication_states",
        "0004_four_eyes",
        "0005_roles",
    ),
    "ingest": (
        "0001_initial",
        "0002_uploads",
        "0003_files_of_people",
        "0004_files_in_pieces",
    ),
    "missions": (
        "0001_initial",
        "0002_accounts_and_roles",
        "0003_publication_states",
        "0004_people",
        "0005_erase_person",
        "0006_erase_copied_reasons",
        "0007_readings_of_files",
    ),
    "stations": (
        "0001_initial",
        "0002_composite_keys",
        "0003_publication_states",
    ),
}

OURS = {config.label for config in apps.get_app_configs() if config.name.startswith("tracker.")}


def migrations_of_ours():
    loader = MigrationLoader(None)
    return {key: one for key, one in loader.disk_migrations.items() if key[0] in OURS}


def test_every_migration_can_be_taken_back() -> None:
    """Red when: an operation has no way back (reverse_sql taken from the keys of fieldwork)."""
    found = migrations_of_ours()
    assert {app for app, _name in found} == {
        label for label in OURS if (Path(apps.get_app_config(label).path) / "migrations").is_dir()
    }
    one_way = [
        (key, operation.describe())
        for key, migration in found.items()
        for operation in migration.operations
        if not operation.reversible
    ]
    assert one_way == []


@pytest.mark.django_db
def test_a_database_with_the_migrations_of_before_has_nothing_to_do_again() -> None:
    """Red when: one of the old names is missing from all `replaces`, or one stands there misspelt."""
    recorder = MigrationRecorder(connection)
    recorder.migration_qs.filter(app__in=OURS).delete()
    for app, names in BEFORE.items():
        for name in names:
            recorder.record_applied(app, name)

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    assert [(one.app_label, one.name) for one, _back in plan] == [
        ("core", "0002_history_head"), ("missions", "0003_accreditation_number"),
    ]  # fmt: skip
    replaced = {name for one in migrations_of_ours().values() for name in one.replaces}
    assert {(app, name) for app, names in BEFORE.items() for name in names} - replaced == {
        ("accounts", "0002_sessions_end")
    }


# Tables, rights, rules, triggers and functions, each as PostgreSQL itself writes it.
SCHEMA = """
SELECT concat_ws(' ', c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity,
    (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(c.relacl) a))
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT concat_ws(' ', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attstorage, attacl)
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
WHERE c.relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT concat_ws(' ', tablename, policyname, cmd, roles, qual, with_check) FROM pg_policies
UNION ALL
SELECT concat_ws(' ', tgrelid::regclass, tgname, pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT concat_ws(' ', p.oid::regprocedure, pg_get_functiondef(p.oid),
    (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(proacl) a))
FROM pg_proc p WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


def schema() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA)
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.django_db
@pytest.mark.parametrize("app", ["core", "missions", "ingest"])  # all of them; half of them; one alone
def test_an_app_that_was_taken_back_and_made_again_is_what_it_was(app: str) -> None:
    """With its rights, its rules and its place in the history, and with all that stands on it.

    Red when: an operation leaves something behind (DROP FUNCTION of embargoes_over left out), or when wall or history
    believe their mark although migrations ran, and for missions when corrections do.
    """
    before = schema()
    call_command("migrate", app, "zero", verbosity=0)
    assert [name for name in connection.introspection.table_names() if name.startswith(f"{app}_")] == []
    call_command("migrate", verbosity=0)
    assert schema() ^ before == set()
