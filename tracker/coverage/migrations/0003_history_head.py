"""Editions name the last entry of the history; older ones name none, and their hashes stay as they are."""

from django.db import migrations, models
from django.db.models import Q

# Concatenation leaves out what is null: for an edition without a head the text is the old one.
CHAIN = """
CREATE OR REPLACE FUNCTION edition_chain_hash(e coverage_edition) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(E'\\n',
        e.previous_hash,
        e.election_id,
        e.number,
        to_char(e.as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        to_char(e.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        coalesce(e.published_by_id::text, '-'),
        e.total,
        e.changes,
        e.content_hash{head}
    ), 'UTF8')), 'hex')
$$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0004_history'),
        ('coverage', '0002_triggers'),
    ]

    operations = [
        migrations.AddField(
            model_name='edition',
            name='history_number',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='entry of the history'),
        ),
        migrations.AddField(
            model_name='edition',
            name='history_hash',
            field=models.CharField(blank=True, max_length=64, null=True, verbose_name='hash of that entry'),
        ),
        migrations.AddConstraint(
            model_name='edition',
            constraint=models.CheckConstraint(
                name='edition_history_whole',
                condition=Q(history_number__isnull=True, history_hash__isnull=True)
                | Q(history_number__isnull=False, history_hash__isnull=False),
            ),
        ),
        migrations.RunSQL(
            CHAIN.replace("{head}", ",\n        e.history_number,\n        e.history_hash"), CHAIN.replace("{head}", "")
        ),
    ]
