"""Who wrote and who published a record, and the rule of four eyes: written and held by the database itself.

Also the rows under an embargo, found without reading the others.
"""

from django.db import migrations

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
# in the register does: whatever shows published records depends on it.
EMBARGOES_OVER = (
    "CREATE FUNCTION embargoes_over() RETURNS bigint LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$ SELECT "
    + " + ".join(f"(SELECT count(*) FROM {table} WHERE embargo_until <= now())" for table in ELECTIONS)
    + " $$"
)

UNGUARD = "DROP FUNCTION publication_guard(); DROP FUNCTION has_four_eyes(jsonb, text);"


class Migration(migrations.Migration):
    dependencies = [
        ("elections", "0003_publication_states"),
        ("stations", "0003_publication_states"),
        ("missions", "0003_publication_states"),
        ("fieldwork", "0003_publication_states"),
    ]

    operations = [
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
