"""A hand that empties a person's last contact forgets no file: it may be a correction."""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("tracker.ingest.migrations.0002_forgetting_files").ERASE.partition("CREATE TRIGGER")[0]
# What is erased when its time is over (missions.retention) says that it comes from there.
BY_HAND = """    IF TG_TABLE_NAME = 'missions_person' THEN
        IF coalesce(current_setting('tracker.origin', true), '') <> 'retention' THEN
            RETURN NULL;
        END IF;
"""
AFTER = BEFORE.replace("    IF TG_TABLE_NAME = 'missions_person' THEN\n", BY_HAND)


def replacing(function: str) -> str:
    return function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("ingest", "0002_forgetting_files")]

    operations = [migrations.RunSQL(replacing(AFTER), replacing(BEFORE))]
