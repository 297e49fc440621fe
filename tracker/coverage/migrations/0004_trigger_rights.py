"""Triggers work with the owner's rights: whoever changes a row may neither see nor write what they do."""

from importlib import import_module

from django.db import migrations

triggers = import_module("tracker.coverage.migrations.0002_triggers")

FUNCTIONS = (
    *(f"mark_{table}" for table in triggers.SOURCES),
    "mark_core_source",
    "edition_check_insert",
    "edition_refuse_update",
    "edition_refuse_delete",
    # No trigger: it counts records that a reader may not see, so that it says the same to everybody.
    "embargoes_over",
)


class Migration(migrations.Migration):

    dependencies = [("coverage", "0003_history_head"), ("fieldwork", "0004_four_eyes")]

    operations = [
        migrations.RunSQL(
            f"ALTER FUNCTION public.{function}() SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp",
            f"ALTER FUNCTION public.{function}() SECURITY INVOKER RESET search_path",
        )
        for function in FUNCTIONS
    ]
