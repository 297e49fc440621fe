"""A source knows who entered it and for which organization, so that drafts' sources are not everybody's."""

from django.db import migrations, models
from django.db.models import Q

TRIGGER = """
CREATE FUNCTION core_source_entered() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    NEW.entered_by := nullif(nullif(current_setting('tracker.user', true), '')::bigint, 0);
    NEW.entered_for := NULL;
    IF NEW.entered_by IS NOT NULL THEN
        SELECT organization_id INTO NEW.entered_for FROM missions_affiliation WHERE account_id = NEW.entered_by;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER source_entered BEFORE INSERT ON core_source
    FOR EACH ROW EXECUTE FUNCTION core_source_entered();
"""
REVERSE = """
DROP TRIGGER source_entered ON core_source;
DROP FUNCTION core_source_entered();
"""
# Of those that are there already the history knows it. An empty database has neither.
KNOWN = """
DO $$ BEGIN
    IF to_regclass('public.missions_affiliation') IS NOT NULL THEN
        EXECUTE 'UPDATE core_source s SET entered_by = c.account,
                 entered_for = (SELECT organization_id FROM missions_affiliation WHERE account_id = c.account)
                 FROM core_changedrow r JOIN core_change c ON c.id = r.change_id
                 WHERE r.table_name = ''core_source'' AND r.kind = ''insert'' AND r.key = s.id::text
                 AND c.account IS NOT NULL';
    END IF;
END $$;
"""
NEW = models.UniqueConstraint(
    name="source_url_once",
    fields=["url", "entered_for"],
    nulls_distinct=False,
    condition=~Q(url=""),
    violation_error_message="A source with this address is already on record.",
)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_accounts_and_history")]

    operations = [
        migrations.AddField(
            model_name="source",
            name="entered_by",
            field=models.BigIntegerField(editable=False, null=True, verbose_name="entered by"),
        ),
        migrations.AddField(
            model_name="source",
            name="entered_for",
            field=models.BigIntegerField(editable=False, null=True, verbose_name="entered for"),
        ),
        migrations.RemoveConstraint(model_name="source", name="source_url_once"),
        migrations.AddConstraint(model_name="source", constraint=NEW),
        # Last: rows that wait for their entry in the history let no table be altered.
        migrations.RunSQL(TRIGGER + KNOWN, REVERSE),
    ]
