"""Keys of two columns, which Django does not know: what belongs together stays in one election."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("stations", "0001_initial"),
        ("elections", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            sql="""
                ALTER TABLE stations_pollingstation ADD CONSTRAINT station_constituency_same_election
                FOREIGN KEY (constituency_id, election_id)
                REFERENCES elections_constituency (id, election_id) DEFERRABLE INITIALLY DEFERRED
            """,
            reverse_sql="ALTER TABLE stations_pollingstation DROP CONSTRAINT station_constituency_same_election",
        ),
    ]
