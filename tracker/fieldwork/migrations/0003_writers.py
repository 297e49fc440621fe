"""Four eyes that cannot be had around: everybody who wrote since the last approval, rows beside a record, its source,
and the end of four eyes itself.
"""

from importlib import import_module

import django.contrib.postgres.fields
from django.db import migrations, models

# As it was before, for the way back.
OLD_GUARD = import_module("tracker.fieldwork.migrations.0002_keys_and_four_eyes").GUARD.partition(
    "CREATE FUNCTION publication_guard"
)

GUARD = """
CREATE OR REPLACE FUNCTION publication_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    actor bigint := nullif(current_setting('tracker.user', true), '')::bigint;
    decisions text[] := '{publication,embargo_until,written_by_id,approved_by_id,writers}';
    edited boolean := true;
BEGIN
    IF TG_OP = 'UPDATE' AND (OLD.publication IN ('submitted', 'published') OR NEW.publication <> OLD.publication) THEN
        -- Out of another trigger it is a row beside the record that was written.
        edited := pg_trigger_depth() > 1 OR to_jsonb(NEW) - decisions IS DISTINCT FROM to_jsonb(OLD) - decisions;
    END IF;
    NEW.written_by_id := CASE WHEN edited THEN actor ELSE OLD.written_by_id END;
    IF TG_OP = 'INSERT' THEN
        NEW.writers := '{}';
    ELSE
        NEW.writers := OLD.writers;
    END IF;
    IF edited AND actor IS NOT NULL AND actor <> ALL (NEW.writers) THEN
        NEW.writers := NEW.writers || actor;
    END IF;
    IF NEW.publication <> 'published' THEN
        NEW.approved_by_id := NULL;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.publication = 'published' AND NOT edited THEN
        NEW.approved_by_id := OLD.approved_by_id;
        RETURN NEW;
    END IF;
    NEW.approved_by_id := actor;
    IF NOT has_four_eyes(to_jsonb(NEW), TG_ARGV[0]) THEN
        NEW.writers := '{}';
    ELSIF TG_OP = 'UPDATE' AND OLD.publication = 'published' THEN
        -- An election does not vanish with all that hangs on it because somebody mended its name.
        IF TG_TABLE_NAME = 'elections_election' THEN
            NEW.approved_by_id := OLD.approved_by_id;
        ELSE
            NEW.publication := 'submitted';
            NEW.approved_by_id := NULL;
        END IF;
    ELSIF TG_OP = 'INSERT' OR OLD.publication <> 'submitted' OR edited OR actor IS NULL
          OR actor = OLD.written_by_id OR actor = ANY (OLD.writers) THEN
        RAISE EXCEPTION 'a record of % needs four eyes: one person submits it, another one publishes it',
            TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = 'publication_four_eyes', TABLE = TG_TABLE_NAME;
    ELSE
        NEW.writers := '{}';
    END IF;
    RETURN NEW;
END $$;
"""

# Rows that the public reads with a record: their table -> the key to the record, and its table.
BESIDE = {
    "stations_votingwindow": ("station_id", "stations_pollingstation"),
    "missions_membership": ("mission_id", "missions_mission"),
    "missions_engagement_organizations": ("engagement_id", "missions_engagement"),
    "fieldwork_assessment": ("mission_id", "missions_mission"),
}

# Arguments: the key to the record, and its table. The update of the record is all: the guard of the record knows by
# where it comes from that something was written, and by whom.
BESIDE_CHANGED = """
CREATE FUNCTION publication_beside() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    actor bigint := nullif(current_setting('tracker.user', true), '')::bigint;
    written text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT n.%1$I FROM changed n'
        WHEN 'DELETE' THEN 'SELECT o.%1$I FROM before o'
        ELSE '(SELECT to_jsonb(n), n.%1$I FROM changed n EXCEPT SELECT to_jsonb(o), o.%1$I FROM before o) UNION'
             ' (SELECT to_jsonb(o), o.%1$I FROM before o EXCEPT SELECT to_jsonb(n), n.%1$I FROM changed n)'
    END;
BEGIN
    IF NOT EXISTS (SELECT FROM elections_election WHERE four_eyes) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        written := 'SELECT w.%1$I FROM (' || written || ') AS w (content, %1$I)';
    END IF;
    EXECUTE format(
        'UPDATE public.%2$I r SET publication = r.publication FROM public.elections_election e'
        ' WHERE e.id = r.election_id AND e.four_eyes AND r.id IN (' || written || ')'
        ' AND (r.publication = ''published'' OR ($1 IS NOT NULL AND $1 <> ALL (r.writers)))', TG_ARGV[0], TG_ARGV[1]
    ) USING actor;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION publication_beside() FROM PUBLIC;
"""

ATTACH = """
CREATE TRIGGER publication_beside_insert AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION publication_beside('{key}', '{record}');
CREATE TRIGGER publication_beside_delete AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION publication_beside('{key}', '{record}');
CREATE TRIGGER publication_beside_update AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS before NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION publication_beside('{key}', '{record}');
"""

DETACH = """
DROP TRIGGER publication_beside_insert ON {table};
DROP TRIGGER publication_beside_delete ON {table};
DROP TRIGGER publication_beside_update ON {table};
"""

# Where a source stands on public pages: table -> its keys to sources, the election of a row `r`, and the state of it.
CITED = {
    "elections_election": (("source_id",), "r.id", "r.publication"),
    "elections_constituency": (("source_id", "note_source_id"), "r.election_id", "r.publication"),
    "elections_milestone": (("source_id",), "r.election_id", "r.publication"),
    "elections_announcedfigure": (("source_id",), "r.election_id", "r.publication"),
    "stations_pollingstation": (
        (
            "source_id", "number_source_id", "city_source_id", "address_source_id", "voters_source_id",
            "hours_source_id",
        ),
        "r.election_id", "r.publication",
    ),
    "missions_mission": (("source_id",), "r.election_id", "r.publication"),
    "missions_membership JOIN missions_mission m ON m.id = r.mission_id": (
        ("source_id",), "m.election_id", "m.publication",
    ),
    "missions_engagement": (("source_id",), "r.election_id", "r.publication"),
    "missions_statement JOIN missions_mission m ON m.id = r.mission_id": (
        ("source_id",), "m.election_id", "r.publication",
    ),
}  # fmt: skip


def cited() -> str:
    """The elections in which a source stands beside something that waits or is public, as one query."""
    parts = []
    for table, (keys, election, state) in CITED.items():
        rows = " r JOIN ".join(table.split(" JOIN ")) if " JOIN " in table else f"{table} r"
        named = " OR ".join(f"r.{key} = NEW.id" for key in keys)
        parts.append(f"SELECT {election} FROM {rows} WHERE ({named}) AND {state} IN ('submitted', 'published')")
    return " UNION ALL ".join(parts)


# A new source leaves a trace in each record that names it, and goes the way of four eyes with it. That somebody read
# the page once more changes nothing of what is said.
SOURCE_GUARD = (
    """
CREATE FUNCTION source_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM elections_election e WHERE e.four_eyes AND e.id IN ("""
    + cited()
    + """)) THEN
        RAISE EXCEPTION 'source % stands beside what four eyes approved: enter a new one', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'source_four_eyes', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION source_guard() FROM PUBLIC;
CREATE TRIGGER source_guard BEFORE UPDATE ON core_source FOR EACH ROW
    WHEN (OLD.publisher IS DISTINCT FROM NEW.publisher OR OLD.title IS DISTINCT FROM NEW.title
        OR OLD.url IS DISTINCT FROM NEW.url OR OLD.published_on IS DISTINCT FROM NEW.published_on)
    EXECUTE FUNCTION source_guard();
"""
)

# The first who switches four eyes off has asked for it, and the second has done it. Who asked takes it back by saving
# with the tick.
END_GUARD = """
CREATE FUNCTION four_eyes_guard() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    actor bigint := nullif(current_setting('tracker.user', true), '')::bigint;
BEGIN
    IF TG_OP = 'INSERT' OR NOT OLD.four_eyes THEN
        NEW.four_eyes_end_by_id := NULL;
    ELSIF NEW.four_eyes THEN
        -- A step to the public and back is no word about four eyes.
        NEW.four_eyes_end_by_id := CASE
            WHEN NEW.publication <> OLD.publication OR NEW.embargo_until IS DISTINCT FROM OLD.embargo_until
            THEN OLD.four_eyes_end_by_id ELSE nullif(OLD.four_eyes_end_by_id, actor) END;
    ELSIF actor IS NULL THEN
        RAISE EXCEPTION 'four eyes end when two people with an account want it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'four_eyes_end', TABLE = TG_TABLE_NAME;
    ELSIF OLD.four_eyes_end_by_id IS NULL OR OLD.four_eyes_end_by_id = actor THEN
        NEW.four_eyes := true;
        NEW.four_eyes_end_by_id := actor;
    ELSE
        NEW.four_eyes_end_by_id := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER four_eyes_guard BEFORE INSERT OR UPDATE ON elections_election
    FOR EACH ROW EXECUTE FUNCTION four_eyes_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_accounts_and_history"),
        ("elections", "0002_writers"),
        ("stations", "0002_writers"),
        ("missions", "0004_writers"),
        ("fieldwork", "0002_keys_and_four_eyes"),
    ]

    operations = [
        migrations.AddField(
            model_name="incident",
            name="writers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), blank=True, default=list, editable=False, size=None,
                verbose_name="written by, since it was last approved",
            ),
        ),  # fmt: skip
        migrations.RunSQL(GUARD, OLD_GUARD[1].replace("CREATE", "CREATE OR REPLACE") + OLD_GUARD[2]),
        migrations.RunSQL(BESIDE_CHANGED, "DROP FUNCTION publication_beside()"),
        *(
            migrations.RunSQL(ATTACH.format(table=table, key=key, record=record), DETACH.format(table=table))
            for table, (key, record) in BESIDE.items()
        ),
        migrations.RunSQL(SOURCE_GUARD, "DROP TRIGGER source_guard ON core_source; DROP FUNCTION source_guard()"),
        migrations.RunSQL(
            END_GUARD, "DROP TRIGGER four_eyes_guard ON elections_election; DROP FUNCTION four_eyes_guard()"
        ),
    ]
