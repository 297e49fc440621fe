"""What the database itself holds of field work and of publishing.

Keys of two columns, which Django does not know: team, station and scale of one mission and one election. Who wrote and
who published a record, and the rule of four eyes. The rows under an embargo, found without reading the others.
"""

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

# Table -> the key by which the election of a row is found; None where a record belongs to no election.
ELECTIONS = {
    "elections_election": "id",
    "elections_constituency": "election_id",
    "elections_milestone": "election_id",
    "elections_announcedfigure": "election_id",
    "stations_pollingstation": "election_id",
    "missions_organization": None,
    "missions_outlet": None,
    "missions_mission": "election_id",
    "missions_engagement": "election_id",
    "missions_statement": "mission_id",
    "fieldwork_incident": "election_id",
}

GUARD = """
CREATE FUNCTION has_four_eyes(record jsonb, path text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce((
        SELECT e.four_eyes FROM elections_election e WHERE e.id = CASE path
            WHEN 'mission_id' THEN (SELECT m.election_id FROM missions_mission m
                                    WHERE m.id = (record ->> 'mission_id')::bigint)
            ELSE (record ->> path)::bigint
        END
    ), false)
$$;

CREATE FUNCTION publication_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    actor bigint := nullif(current_setting('tracker.user', true), '')::bigint;
    decisions text[] := '{publication,embargo_until,written_by_id,approved_by_id}';
    edited boolean := true;
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.publication IN ('submitted', 'published') OR NEW.publication <> OLD.publication) THEN
        edited := to_jsonb(NEW) - decisions IS DISTINCT FROM to_jsonb(OLD) - decisions;
    END IF;
    NEW.written_by_id := CASE WHEN edited THEN actor ELSE OLD.written_by_id END;
    IF NEW.publication <> 'published' THEN
        NEW.approved_by_id := NULL;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.publication = 'published' AND NOT edited THEN
        NEW.approved_by_id := OLD.approved_by_id;
        RETURN NEW;
    END IF;
    NEW.approved_by_id := actor;
    IF has_four_eyes(to_jsonb(NEW), TG_ARGV[0]) THEN
        IF TG_OP = 'UPDATE' AND OLD.publication = 'published' THEN
            -- An election does not vanish with all that hangs on it because somebody mended its name.
            IF TG_TABLE_NAME = 'elections_election' THEN
                NEW.approved_by_id := OLD.approved_by_id;
            ELSE
                NEW.publication := 'submitted';
                NEW.approved_by_id := NULL;
            END IF;
        ELSIF TG_OP = 'INSERT' OR OLD.publication <> 'submitted' OR edited OR actor IS NULL
              OR actor = OLD.written_by_id THEN
            RAISE EXCEPTION 'a record of % needs four eyes: one person submits it, another one publishes it',
                TG_TABLE_NAME
                USING ERRCODE = 'check_violation', CONSTRAINT = 'publication_four_eyes', TABLE = TG_TABLE_NAME;
        END IF;
    END IF;
    RETURN NEW;
END $$;
"""

# How many records have come out of their embargo and still carry its moment. It moves at that very moment, when nothing
# in the register does: whatever shows published records depends on it. It counts records that a reader may not see, so
# that it says the same to everybody.
EMBARGOES_OVER = (
    "CREATE FUNCTION embargoes_over() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER"
    " SET search_path = pg_catalog, public, pg_temp AS $$ SELECT "
    + " + ".join(f"(SELECT count(*) FROM {table} WHERE embargo_until <= now())" for table in ELECTIONS)
    + " $$"
)

UNGUARD = "DROP FUNCTION publication_guard(); DROP FUNCTION has_four_eyes(jsonb, text);"


class Migration(migrations.Migration):
    replaces = [
        ("fieldwork", "0002_composite_keys"),
        ("fieldwork", "0004_four_eyes"),
    ]

    dependencies = [
        ("elections", "0001_elections"),
        ("stations", "0001_stations"),
        ("missions", "0001_missions_and_people"),
        ("fieldwork", "0001_field_work"),
    ]

    operations = [
        *(
            migrations.RunSQL(
                f"ALTER TABLE fieldwork_{table} ADD CONSTRAINT {name} FOREIGN KEY ({columns}) REFERENCES {target}"
                " DEFERRABLE INITIALLY DEFERRED",
                f"ALTER TABLE fieldwork_{table} DROP CONSTRAINT {name}",
            )
            for name, (table, columns, target) in KEYS.items()
        ),
        migrations.RunSQL(GUARD, UNGUARD),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER publication_guard BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW"
                f" EXECUTE FUNCTION publication_guard({repr(path) if path else ''})",
                f"DROP TRIGGER publication_guard ON {table}",
            )
            for table, path in ELECTIONS.items()
        ),
        *(
            migrations.RunSQL(
                f"CREATE INDEX {table}_embargo ON {table} (embargo_until) WHERE embargo_until IS NOT NULL",
                f"DROP INDEX {table}_embargo",
            )
            for table in ELECTIONS
        ),
        migrations.RunSQL(EMBARGOES_OVER, "DROP FUNCTION embargoes_over()"),
    ]
