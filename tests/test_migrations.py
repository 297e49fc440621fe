"""The migrations of our apps: few, taken back as well as made, and known to a database that has the ones before."""

from pathlib import Path

import pytest
from django.apps import apps
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
    assert [(one.app_label, one.name) for one, _back in plan] == [("missions", "0003_accreditation_number")]
    replaced = {name for one in migrations_of_ours().values() for name in one.replaces}
    assert {(app, name) for app, names in BEFORE.items() for name in names} - replaced == {
        ("accounts", "0002_sessions_end")
    }
