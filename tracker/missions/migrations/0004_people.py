"""Readings of people's records: written by a function that takes the account from the transaction, never changed."""

from django.db import migrations, models

GUARDS = """
CREATE FUNCTION public.note_person_readings(people bigint[], shown_on text) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO public.missions_personreading (person, account, at, screen, request)
    SELECT key, nullif(current_setting('tracker.user', true), '')::bigint, clock_timestamp(), shown_on,
        left(coalesce(current_setting('tracker.request', true), ''), 40)
    FROM unnest(people) AS key
$$;
CREATE FUNCTION public.person_readings_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'readings are only added to: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'personreading_immutable';
END $$;
CREATE TRIGGER personreading_stays BEFORE UPDATE OR DELETE ON public.missions_personreading
    FOR EACH STATEMENT EXECUTE FUNCTION public.person_readings_stay();
"""
NO_GUARDS = """
DROP TRIGGER personreading_stays ON public.missions_personreading;
DROP FUNCTION public.person_readings_stay();
DROP FUNCTION public.note_person_readings(bigint[], text);
"""


class Migration(migrations.Migration):
    dependencies = [("missions", "0003_publication_states")]

    operations = [
        migrations.AlterModelOptions(
            name="person",
            options={
                "ordering": ["full_name", "id"],
                "permissions": [
                    ("export_person", "Can export everything about a person"),
                    ("erase_person", "Can erase a person"),
                ],
                "verbose_name": "person",
                "verbose_name_plural": "people",
            },
        ),
        migrations.CreateModel(
            name="PersonReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("person", models.BigIntegerField(verbose_name="person")),
                ("account", models.BigIntegerField(null=True, verbose_name="account")),
                ("at", models.DateTimeField(verbose_name="moment (UTC)")),
                ("screen", models.CharField(max_length=80, verbose_name="screen")),
                ("request", models.CharField(blank=True, max_length=40, verbose_name="request")),
            ],
            options={
                "verbose_name": "reading of a person’s record",
                "verbose_name_plural": "readings of people’s records",
                "ordering": ["-id"],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["person", "id"], name="personreading_of_person"),
                    models.Index(fields=["account", "id"], name="personreading_by_account"),
                    models.Index(fields=["at"], name="personreading_at"),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, NO_GUARDS),
    ]
