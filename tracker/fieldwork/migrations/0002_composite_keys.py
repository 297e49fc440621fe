"""Keys of two columns, which Django does not know: team, station and scale of one mission and one election."""

from django.db import migrations

# constraint: table, columns, table and columns they point at
KEYS = {
    "deployment_team_same_mission": ("deployment", "team_id, mission_id", "fieldwork_team (id, mission_id)"),
    "deployment_mission_same_election": (
        "deployment", "mission_id, election_id", "missions_mission (id, election_id)",
    ),
    "deployment_station_same_election": (
        "deployment", "station_id, election_id", "stations_pollingstation (id, election_id)",
    ),
    "visit_team_same_mission": ("visit", "team_id, mission_id", "fieldwork_team (id, mission_id)"),
    "visit_mission_same_election": ("visit", "mission_id, election_id", "missions_mission (id, election_id)"),
    "visit_station_same_election": (
        "visit", "station_id, election_id", "stations_pollingstation (id, election_id)",
    ),
    "visit_assessment_same_mission": (
        "visit", "assessment_id, mission_id", "fieldwork_assessment (id, mission_id)",
    ),
    "incident_station_same_election": (
        "incident", "station_id, election_id", "stations_pollingstation (id, election_id)",
    ),
}


class Migration(migrations.Migration):

    dependencies = [
        ("fieldwork", "0001_initial"),
        ("missions", "0001_initial"),
        ("stations", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            sql=f"ALTER TABLE fieldwork_{table} ADD CONSTRAINT {name} FOREIGN KEY ({columns}) REFERENCES {target}"
            " DEFERRABLE INITIALLY DEFERRED",
            reverse_sql=f"ALTER TABLE fieldwork_{table} DROP CONSTRAINT {name}",
        )
        for name, (table, columns, target) in KEYS.items()
    ]
