"""What the database itself holds about figures: who marks an election as changed, and what an edition may become.

Triggers work with the owner's rights: whoever changes a row may neither see nor write what they do.
"""

from django.db import migrations

# Table -> the elections whose figures rest on the rows in `changed`, the transition table of a statement.
SOURCES = {
    "elections_election": "SELECT id FROM changed",
    "elections_constituency": "SELECT election_id FROM changed",
    "stations_pollingstation": "SELECT election_id FROM changed",
    "stations_votingwindow": (
        "SELECT s.election_id FROM changed c JOIN stations_pollingstation s ON s.id = c.station_id"
    ),
    "missions_organization": (
        "SELECT m.election_id FROM changed c JOIN missions_mission m ON m.organization_id = c.id"
        " UNION SELECT m.election_id FROM changed c JOIN missions_membership p ON p.organization_id = c.id"
        " JOIN missions_mission m ON m.id = p.mission_id"
    ),
    "missions_mission": "SELECT election_id FROM changed",
    "missions_membership": "SELECT m.election_id FROM changed c JOIN missions_mission m ON m.id = c.mission_id",
    "missions_observer": "SELECT m.election_id FROM changed c JOIN missions_mission m ON m.id = c.mission_id",
    "missions_outlet": (
        "SELECT a.election_id FROM changed c JOIN missions_accreditation a ON a.outlet_id = c.id"
    ),
    "missions_accreditation": "SELECT election_id FROM changed",
    "missions_accreditationchange": (
        "SELECT a.election_id FROM changed c JOIN missions_accreditation a ON a.id = c.accreditation_id"
    ),
    "fieldwork_assessment": "SELECT m.election_id FROM changed c JOIN missions_mission m ON m.id = c.mission_id",
    "fieldwork_team": "SELECT m.election_id FROM changed c JOIN missions_mission m ON m.id = c.mission_id",
    "fieldwork_deployment": "SELECT election_id FROM changed",
    "fieldwork_visit": "SELECT election_id FROM changed",
    "fieldwork_incident": "SELECT election_id FROM changed",
    # Not counted, but shown beside figures: a page that answers "nothing changed" has to know of them.
    "elections_milestone": "SELECT election_id FROM changed",
    "elections_announcedfigure": "SELECT election_id FROM changed",
    "missions_statement": "SELECT m.election_id FROM changed c JOIN missions_mission m ON m.id = c.mission_id",
}

MARK = """
CREATE FUNCTION mark_{table}() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO coverage_mark (election_id) SELECT id FROM elections_election;
    ELSIF TG_OP = 'UPDATE' THEN
        -- Before and after, as a row may move from one election to another.
        INSERT INTO coverage_mark (election_id)
        SELECT DISTINCT e FROM ({elections} UNION {elections_before}) AS found (e) WHERE e IS NOT NULL;
    ELSE
        INSERT INTO coverage_mark (election_id)
        SELECT DISTINCT e FROM ({elections}) AS found (e) WHERE e IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_insert AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_{table}();
CREATE TRIGGER mark_delete AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_{table}();
CREATE TRIGGER mark_update AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_{table}();
CREATE TRIGGER mark_truncate AFTER TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION mark_{table}();
"""

UNMARK = """
DROP TRIGGER mark_insert ON {table};
DROP TRIGGER mark_delete ON {table};
DROP TRIGGER mark_update ON {table};
DROP TRIGGER mark_truncate ON {table};
DROP FUNCTION mark_{table}();
"""

# A source is shown only through rows that point to it, so that a new one changes nothing; a corrected one may stand on
# any page.
MARK_SOURCE = """
CREATE FUNCTION mark_core_source() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO coverage_mark (election_id) SELECT id FROM elections_election WHERE EXISTS (SELECT FROM changed);
    RETURN NULL;
END $$;
CREATE TRIGGER mark_update AFTER UPDATE ON core_source
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION mark_core_source();
"""

UNMARK_SOURCE = """
DROP TRIGGER mark_update ON core_source;
DROP FUNCTION mark_core_source();
"""

# The text that an edition's hash is made of; coverage/chain.py makes the same. Concatenation leaves out what is null: an
# edition that names no entry of the history has none in its hash.
CHAIN = """
CREATE FUNCTION edition_chain_hash(e coverage_edition) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(E'\\n',
        e.previous_hash,
        e.election_id,
        e.number,
        to_char(e.as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        to_char(e.published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        coalesce(e.published_by_id::text, '-'),
        e.total,
        e.changes,
        e.content_hash,
        e.history_number,
        e.history_hash
    ), 'UTF8')), 'hex')
$$;

CREATE FUNCTION edition_check_insert() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    last_number integer;
    last_hash text;
BEGIN
    SELECT number, hash INTO last_number, last_hash FROM coverage_edition
    WHERE election_id = NEW.election_id ORDER BY number DESC LIMIT 1;
    IF NEW.number <> coalesce(last_number, 0) + 1 THEN
        -- A rival published at the same moment, or somebody numbers by hand.
        RAISE EXCEPTION 'edition % of election % must follow edition %', NEW.number, NEW.election_id,
            coalesce(last_number, 0) USING ERRCODE = 'unique_violation', CONSTRAINT = 'edition_number_once';
    END IF;
    IF NEW.previous_hash <> coalesce(last_hash, '') THEN
        RAISE EXCEPTION 'edition % does not carry the hash of the edition before', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'edition_follows_chain';
    END IF;
    IF NEW.thinned_at IS NOT NULL
       OR NEW.content_hash <> encode(sha256(convert_to(NEW.content || E'\\n' || NEW.detail, 'UTF8')), 'hex')
       OR NEW.total::jsonb IS DISTINCT FROM NEW.content::jsonb -> 'total'
       OR NEW.hash <> edition_chain_hash(NEW) THEN
        RAISE EXCEPTION 'edition % does not carry the hash of its content', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'edition_hash_true';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION edition_refuse_update() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    grain text;
BEGIN
    -- Thinning takes the content of an old edition when a later one of the same minute (after a week: hour) has
    -- kept its own; everything else of the row stays as it was.
    IF OLD.thinned_at IS NULL AND NEW.thinned_at IS NOT NULL AND NEW.content IS NULL AND NEW.detail IS NULL
       AND to_jsonb(OLD) - 'content' - 'detail' - 'thinned_at' = to_jsonb(NEW) - 'content' - 'detail' - 'thinned_at'
       AND OLD.published_at < now() - interval '1 day' THEN
        grain := CASE WHEN OLD.published_at < now() - interval '7 days' THEN 'hour' ELSE 'minute' END;
        IF EXISTS (
            SELECT FROM coverage_edition later
            WHERE later.election_id = OLD.election_id AND later.number > OLD.number AND later.content IS NOT NULL
              AND date_trunc(grain, later.published_at AT TIME ZONE 'UTC')
                  = date_trunc(grain, OLD.published_at AT TIME ZONE 'UTC')
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'edition % is published and cannot be changed', OLD.number
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'edition_immutable';
END $$;

CREATE FUNCTION edition_refuse_delete() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'editions are published and cannot be deleted'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'edition_immutable';
END $$;

CREATE TRIGGER edition_check_insert BEFORE INSERT ON coverage_edition
    FOR EACH ROW EXECUTE FUNCTION edition_check_insert();
CREATE TRIGGER edition_refuse_update BEFORE UPDATE ON coverage_edition
    FOR EACH ROW EXECUTE FUNCTION edition_refuse_update();
CREATE TRIGGER edition_refuse_delete BEFORE DELETE ON coverage_edition
    FOR EACH ROW EXECUTE FUNCTION edition_refuse_delete();
CREATE TRIGGER edition_refuse_truncate BEFORE TRUNCATE ON coverage_edition
    FOR EACH STATEMENT EXECUTE FUNCTION edition_refuse_delete();
"""

UNCHAIN = """
DROP TRIGGER edition_refuse_truncate ON coverage_edition;
DROP TRIGGER edition_refuse_delete ON coverage_edition;
DROP TRIGGER edition_refuse_update ON coverage_edition;
DROP TRIGGER edition_check_insert ON coverage_edition;
DROP FUNCTION edition_refuse_delete();
DROP FUNCTION edition_refuse_update();
DROP FUNCTION edition_check_insert();
DROP FUNCTION edition_chain_hash(coverage_edition);
"""


class Migration(migrations.Migration):
    replaces = [
        ("coverage", "0002_triggers"),
        ("coverage", "0003_history_head"),
        ("coverage", "0004_trigger_rights"),
    ]

    dependencies = [
        ("core", "0001_accounts_and_history"),
        ("elections", "0001_elections"),
        ("stations", "0001_stations"),
        ("missions", "0001_missions_and_people"),
        ("fieldwork", "0001_field_work"),
        ("coverage", "0001_editions_and_corrections"),
    ]

    operations = [
        *(
            migrations.RunSQL(
                MARK.format(
                    table=table, elections=elections, elections_before=elections.replace("FROM changed", "FROM before")
                ),
                UNMARK.format(table=table),
            )
            for table, elections in SOURCES.items()
        ),
        migrations.RunSQL(MARK_SOURCE, UNMARK_SOURCE),
        # Elections that were there before the triggers have never been counted.
        migrations.RunSQL(
            "INSERT INTO coverage_mark (election_id) SELECT id FROM elections_election", migrations.RunSQL.noop
        ),
        migrations.RunSQL(CHAIN, UNCHAIN),
    ]
