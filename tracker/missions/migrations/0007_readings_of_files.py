"""A reading may be of a file that somebody brought, with people in it whom the register does not know yet."""

from importlib import import_module

from django.db import migrations, models
from django.db.models import Q

GUARDS = import_module("tracker.missions.migrations.0004_people").GUARDS
BEFORE = GUARDS[: GUARDS.index("CREATE FUNCTION public.person_readings_stay")]
AFTER = """
CREATE FUNCTION public.note_person_readings(people bigint[], shown_on text, of_file bigint) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO public.missions_personreading (person, file, account, at, screen, request)
    SELECT key, of_file, nullif(current_setting('tracker.user', true), '')::bigint, clock_timestamp(), shown_on,
        left(coalesce(current_setting('tracker.request', true), ''), 40)
    FROM unnest(CASE WHEN of_file IS NULL THEN people ELSE people || NULL::bigint END) AS key
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("missions", "0006_erase_copied_reasons")]

    operations = [
        migrations.AlterField(
            "personreading", "person", models.BigIntegerField(null=True, verbose_name="person")
        ),
        # Going back: what cannot be said without the column is not kept.
        migrations.RunSQL(
            migrations.RunSQL.noop,
            "ALTER TABLE missions_personreading DISABLE TRIGGER USER;"
            "DELETE FROM missions_personreading WHERE person IS NULL;"
            "ALTER TABLE missions_personreading ENABLE TRIGGER USER;",
        ),
        migrations.AddField("personreading", "file", models.BigIntegerField(null=True, verbose_name="file")),
        migrations.AddConstraint(
            "personreading",
            models.CheckConstraint(
                name="personreading_of_somebody",
                condition=Q(person__isnull=False) | Q(file__isnull=False),
                violation_error_message="A reading is of a person, of a file, or of a person in a file.",
            ),
        ),
        migrations.AddIndex(
            "personreading",
            models.Index(fields=["file", "id"], name="personreading_of_file", condition=Q(file__isnull=False)),
        ),
        migrations.RunSQL(
            "DROP FUNCTION public.note_person_readings(bigint[], text);" + AFTER,
            "DROP FUNCTION public.note_person_readings(bigint[], text, bigint);" + BEFORE,
        ),
    ]
