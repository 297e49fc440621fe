"""Keys of two columns, which Django does not know: only a demonstration has a simulated day."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("elections", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
                ALTER TABLE elections_simulatedday ADD CONSTRAINT simulated_day_only_of_demonstration
                FOREIGN KEY (election_id, demonstration)
                REFERENCES elections_election (id, demonstration) DEFERRABLE INITIALLY DEFERRED
            """,
            reverse_sql="ALTER TABLE elections_simulatedday DROP CONSTRAINT simulated_day_only_of_demonstration",
        ),
    ]
