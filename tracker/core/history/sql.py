"""The functions and triggers by which PostgreSQL itself writes the history.

Owned by whoever migrates; they run with the owner's rights (SECURITY DEFINER), so that the roles of the application
need none on the tables of the history. The search path holds nothing that anybody else could put a name into.
"""

# The text that a row's digest is made of, over a row named `{row}`. jsonb has one spelling of everything.
ROW_TEXT = "jsonb_build_array({row}.table_name, {row}.key, {row}.kind, {row}.before, {row}.after)::text"
ROW_DIGEST = f"sha256(convert_to({ROW_TEXT}, 'UTF8'))"

# The digests of an entry's rows, put together in their order.
ROWS_DIGEST = "sha256(coalesce(string_agg(r.digest, ''::bytea ORDER BY r.id), ''::bytea))"

# The hash of an entry over a row of core_change named `{row}`.
CHANGE_HASH = (
    "encode(sha256(convert_to(jsonb_build_array({previous}, {number},"
    " to_char({row}.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
    " {row}.account, {row}.origin, {row}.request, {row}.reason, {row}.role, {row}.txid, {rows},"
    " encode({digest}, 'hex'))::text, 'UTF8')), 'hex')"
)

# What stands in the history for a personal value.
SEAL = "encode(sha256({salt} || convert_to({column} || ':' || {value}::text, 'UTF8')), 'hex')"

# Held from the sealing of an entry to the end of its transaction. Any number that nobody else locks by.
LOCK = 5_872_014_001

HARDENED = """SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET extra_float_digits = 1 SET bytea_output = 'hex'
    SET intervalstyle = 'iso_8601'"""

_SEAL_OF_COLUMN = SEAL.format(salt="salt", column="c", value="(rowdata -> c)")

HELPERS = f"""
CREATE OR REPLACE FUNCTION public.history_seal_values(rowdata jsonb, columns text[], salt bytea) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT rowdata || coalesce((
        SELECT jsonb_object_agg(c, jsonb_build_object('sealed', {_SEAL_OF_COLUMN}))
        FROM unnest(columns) AS c WHERE rowdata ? c
    ), '{{}}')
$$;

-- The part of a row that stands in `columns`; null where there is none.
CREATE OR REPLACE FUNCTION public.history_pick(rowdata jsonb, columns text[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_object_agg(c, rowdata -> c) FROM unnest(columns) AS c WHERE rowdata ? c
$$;
"""

# The rows of `source` (key, kind, before, after) under the entry $1. $2: columns left out, $3: the table.
_INSERT = f"""
    INSERT INTO public.core_changedrow (change_id, table_name, key, kind, before, after, digest)
    SELECT $1, r.table_name, r.key, r.kind, r.before, r.after, {ROW_DIGEST.format(row="r")}
    FROM (SELECT $3::text AS table_name, s.* FROM (%s) AS s) AS r"""

# The same where columns are personal ($4) or secret ($5): seals in the chain, the values and the salt beside it.
_INSERT_SEALED = f"""
    WITH known AS MATERIALIZED (
        SELECT nextval('public.core_changedrow_id_seq') AS id, $3::text AS table_name, s.*,
            uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) AS salt
        FROM (%s) AS s
    ), kept AS (
        INSERT INTO public.core_personalvalue (changed_row_id, table_name, key, salt, before, after)
        SELECT id, table_name, key, salt, public.history_pick(before, $4), public.history_pick(after, $4)
        FROM known WHERE before ?| ($4 || $5) OR after ?| ($4 || $5)
    )
    INSERT INTO public.core_changedrow (id, change_id, table_name, key, kind, before, after, digest)
    SELECT r.id, $1, r.table_name, r.key, r.kind, r.before, r.after, {ROW_DIGEST.format(row="r")}
    FROM (
        SELECT id, table_name, key, kind, public.history_seal_values(before, $4 || $5, salt) AS before,
            public.history_seal_values(after, $4 || $5, salt) AS after
        FROM known
    ) AS r"""

# plpgsql: `source` has been put together; write its rows, and the entry if it is the first of its kind here.
_WRITE = f"""
    SELECT CASE WHEN current_setting('tracker.user', true) ~ '^[0-9]{{1,18}}$'
                THEN current_setting('tracker.user', true)::bigint END,
           coalesce(nullif(current_setting('tracker.origin', true), ''), 'session'),
           coalesce(current_setting('tracker.request', true), ''),
           coalesce(current_setting('tracker.reason', true), ''),
           session_user || CASE current_setting('role') WHEN 'none' THEN '' ELSE '/' || current_setting('role') END
    INTO who, door, mark, why, db_role;
    -- Asked of the table and not of a setting: a setting could name the entry of somebody else.
    SELECT c.id INTO change FROM public.core_change c
    WHERE c.number IS NULL AND c.txid = pg_current_xact_id()::text::bigint AND c.at >= transaction_timestamp()
      AND c.account IS NOT DISTINCT FROM who AND c.origin = door AND c.request = mark AND c.reason = why
      AND c.role = db_role
    ORDER BY c.id DESC LIMIT 1;
    fresh := change IS NULL;
    IF fresh THEN
        change := nextval('public.core_change_id_seq');
    END IF;
    IF personal || secret = '{{}}' THEN
        EXECUTE format($q${_INSERT}$q$, source) USING change, noise, tablename;
    ELSE
        EXECUTE format($q${_INSERT_SEALED}$q$, source) USING change, noise, tablename, personal, secret;
    END IF;
    GET DIAGNOSTICS written = ROW_COUNT;
    -- After its rows: where constraints are immediate, it is sealed at once.
    IF fresh AND written > 0 THEN
        INSERT INTO public.core_change (id, at, account, origin, request, reason, role, txid, previous_hash, hash)
        VALUES (change, clock_timestamp(), who, door, mark, why, db_role, pg_current_xact_id()::text::bigint, '', '');
    END IF;"""

_WRITE_VARIABLES = """
    who bigint; door text; mark text; why text; db_role text;
    change bigint; fresh boolean; written bigint; source text;"""

RECORD = f"""
-- After each statement on a table of the register. Arguments: key column; personal, secret and left-out columns.
-- The statements are put together anew each time: a plan that was kept would not survive a migration of the table.
CREATE OR REPLACE FUNCTION public.history_record() RETURNS trigger LANGUAGE plpgsql
{HARDENED} AS $$
DECLARE{_WRITE_VARIABLES}
    tablename text := TG_TABLE_NAME;
    personal text[] := TG_ARGV[1]; secret text[] := TG_ARGV[2]; noise text[] := TG_ARGV[3];
BEGIN
    IF TG_OP = 'INSERT' THEN
        source := format('SELECT n.%1$I::text AS key, ''insert'' AS kind, NULL::jsonb AS before,
            to_jsonb(n) - $2::text[] AS after FROM after_rows n', TG_ARGV[0]);
    ELSIF TG_OP = 'DELETE' THEN
        source := format('SELECT o.%1$I::text AS key, ''delete'' AS kind, to_jsonb(o) - $2::text[] AS before,
            NULL::jsonb AS after FROM before_rows o', TG_ARGV[0]);
    ELSE
        -- A row whose key itself was changed has no partner: it went, and another came.
        source := format('
            SELECT coalesce(o.%1$I, n.%1$I)::text AS key,
                CASE WHEN o.%1$I IS NULL THEN ''insert'' WHEN n.%1$I IS NULL THEN ''delete'' ELSE ''update''
                END AS kind,
                CASE WHEN n.%1$I IS NULL THEN b.old ELSE d.before END AS before,
                CASE WHEN o.%1$I IS NULL THEN b.new ELSE d.after END AS after
            FROM before_rows o FULL JOIN after_rows n ON o.%1$I = n.%1$I
            CROSS JOIN LATERAL (
                SELECT CASE WHEN o.%1$I IS NOT NULL THEN to_jsonb(o) - $2::text[] END AS old,
                       CASE WHEN n.%1$I IS NOT NULL THEN to_jsonb(n) - $2::text[] END AS new OFFSET 0
            ) AS b
            CROSS JOIN LATERAL (
                SELECT jsonb_object_agg(e.key, e.value) AS before, jsonb_object_agg(e.key, b.new -> e.key) AS after
                FROM jsonb_each(b.old) AS e WHERE e.value IS DISTINCT FROM b.new -> e.key
            ) AS d
            WHERE b.old IS DISTINCT FROM b.new', TG_ARGV[0]);
    END IF;{_WRITE}
    RETURN NULL;
END $$;
"""

WRITE = f"""
-- The rows of a query (key, kind, before, after; $2 are the columns to leave out) into the history of `tablename`.
CREATE OR REPLACE FUNCTION public.history_write(
    query text, tablename text, personal text[], secret text[], noise text[]
) RETURNS bigint LANGUAGE plpgsql
{HARDENED} AS $$
DECLARE{_WRITE_VARIABLES}
BEGIN
    source := query;{_WRITE}
    RETURN written;
END $$;
REVOKE ALL ON FUNCTION public.history_write(text, text, text[], text[], text[]) FROM PUBLIC;
"""

_NEW_HASH = CHANGE_HASH.format(
    row="c", previous="last_hash", number="last_number", rows="rows_of", digest="digest_of"
)

SEALING = f"""
-- Give every open entry that is visible its number and its hash, in the order in which they began.
CREATE OR REPLACE FUNCTION public.history_seal() RETURNS void LANGUAGE plpgsql
{HARDENED} AS $$
DECLARE
    c public.core_change;
    last_number bigint; last_hash text; rows_of bigint; digest_of bytea; first_number bigint; first_hash text;
BEGIN
    PERFORM pg_advisory_xact_lock({LOCK});
    SELECT number, hash INTO last_number, last_hash FROM public.core_change
    WHERE number IS NOT NULL ORDER BY number DESC LIMIT 1;
    last_number := coalesce(last_number, 0);
    last_hash := coalesce(last_hash, '');
    first_number := last_number;
    first_hash := last_hash;
    FOR c IN SELECT * FROM public.core_change WHERE number IS NULL ORDER BY id LOOP
        SELECT count(*), {ROWS_DIGEST} INTO rows_of, digest_of FROM public.core_changedrow r WHERE r.change_id = c.id;
        last_number := last_number + 1;
        UPDATE public.core_change SET number = last_number, previous_hash = last_hash, rows = rows_of,
            hash = {_NEW_HASH}
        WHERE id = c.id RETURNING hash INTO last_hash;
    END LOOP;
    -- Where the chain does not end with the head any more, the head stays, so that it is found however much follows.
    IF last_number = first_number OR to_regclass('public.core_head') IS NULL THEN
        NULL; -- not there while migrations are taken back
    ELSIF first_number = 0 THEN
        INSERT INTO public.core_head (id, number, hash) VALUES (1, last_number, last_hash) ON CONFLICT DO NOTHING;
    ELSE
        UPDATE public.core_head SET number = last_number, hash = last_hash
        WHERE number = first_number AND hash = first_hash;
    END IF;
END $$;

-- At commit. A transaction that reads from one snapshot does not see the latest entry of others: it leaves its own
-- open, and the next transaction that is sealed seals it first.
CREATE OR REPLACE FUNCTION public.history_seal_at_commit() RETURNS trigger LANGUAGE plpgsql
{HARDENED} AS $$
BEGIN
    IF current_setting('transaction_isolation') IN ('read committed', 'read uncommitted') THEN
        PERFORM public.history_seal();
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION public.history_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history is only added to: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'history_immutable';
END $$;
CREATE OR REPLACE FUNCTION public.history_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE of % would leave no history; delete its rows', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'history_immutable';
END $$;
-- The head moves forward with the chain, and in no other way.
CREATE OR REPLACE FUNCTION public.history_head_moves() RETURNS trigger LANGUAGE plpgsql
{HARDENED} AS $$
BEGIN
    IF (TG_OP = 'INSERT' OR NEW.number > OLD.number) AND (NEW.number, NEW.hash) = (
        SELECT c.number, c.hash FROM public.core_change c WHERE c.number IS NOT NULL ORDER BY c.number DESC LIMIT 1
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the head of the history is its last entry, and cannot be set back'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'history_immutable';
END $$;
CREATE OR REPLACE FUNCTION public.history_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The one update that an entry sees is its sealing.
    IF OLD.number IS NULL AND NEW.number IS NOT NULL
       AND to_jsonb(OLD) - '{{number,previous_hash,hash,rows}}'::text[]
           = to_jsonb(NEW) - '{{number,previous_hash,hash,rows}}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'entry % of the history cannot be changed', OLD.number
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'history_immutable';
END $$;
"""

ERASING = f"""
-- What a row holds of a human being, as it stands, under a new salt: it is watched although what was there before is
-- forgotten. Only the seals and the salt are kept, no value. 1, or 0 where the row, or its table, has none. Which
-- columns those are is what the table's own trigger is told.
CREATE OR REPLACE FUNCTION public.history_seal_anew(tablename text, rowkey text) RETURNS bigint LANGUAGE plpgsql
{HARDENED} AS $$
DECLARE
    told text[]; columns text[];
BEGIN
    SELECT string_to_array(encode(t.tgargs, 'escape'), '\\000') INTO told FROM pg_trigger t
    WHERE t.tgrelid = to_regclass(format('public.%I', tablename)) AND t.tgname = 'history_insert';
    columns := told[2]::text[] || told[3]::text[];
    IF columns <> '{{}}' THEN
        RETURN public.history_write(
            format('SELECT %L::text AS key, ''erase'' AS kind, NULL::jsonb AS before,
                public.history_pick(to_jsonb(t), %L) - $2::text[] AS after FROM public.%I t WHERE t.%I = %L',
                rowkey, columns, tablename, told[1], rowkey),
            tablename, '{{}}', columns, '{{}}'
        );
    END IF;
    RETURN 0;
END $$;
REVOKE ALL ON FUNCTION public.history_seal_anew(text, text) FROM PUBLIC;
-- Take the personal values of one row out of the history, and the salts with which they could be guessed. That it was
-- done is an entry itself. The key of the row and the names of its columns stay. For functions that asked who may.
CREATE OR REPLACE FUNCTION public.history_forget(tablename text, rowkey text) RETURNS bigint LANGUAGE plpgsql
{HARDENED} AS $$
DECLARE
    erased bigint;
BEGIN
    DELETE FROM public.core_personalvalue v WHERE v.table_name = tablename AND v.key = rowkey;
    GET DIAGNOSTICS erased = ROW_COUNT;
    IF erased > 0 AND public.history_seal_anew(tablename, rowkey) = 0 THEN
        PERFORM public.history_write(
            format('SELECT %L::text AS key, ''erase'' AS kind, NULL::jsonb AS before, NULL::jsonb AS after', rowkey),
            tablename, '{{}}', '{{}}', '{{}}'
        );
    END IF;
    RETURN erased;
END $$;
REVOKE ALL ON FUNCTION public.history_forget(text, text) FROM PUBLIC;
CREATE OR REPLACE FUNCTION public.history_erase(tablename text, rowkey text) RETURNS bigint LANGUAGE plpgsql
{HARDENED} AS $$
BEGIN
    -- Of the staff: whoever keeps people, of their own rows a coordinator, and of a person that is gone already.
    IF current_setting('role', true) = 'tracker_staff'
       AND NOT public.wall_has_role('{{accreditation_officer}}') AND NOT public.wall_owns(tablename, rowkey)
       AND NOT (tablename = 'missions_person'
                AND NOT EXISTS (SELECT FROM public.missions_person p WHERE p.id::text = rowkey)) THEN
        RAISE EXCEPTION 'this account may not erase what the history keeps of % %', tablename, rowkey
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN public.history_forget(tablename, rowkey);
END $$;
REVOKE ALL ON FUNCTION public.history_erase(text, text) FROM PUBLIC;
"""

GUARDS = """
DROP TRIGGER IF EXISTS history_seal ON public.core_change;
CREATE CONSTRAINT TRIGGER history_seal AFTER INSERT ON public.core_change
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.history_seal_at_commit();
CREATE OR REPLACE TRIGGER history_refuse_update BEFORE UPDATE ON public.core_change
    FOR EACH ROW EXECUTE FUNCTION public.history_refuse_change();
CREATE OR REPLACE TRIGGER history_refuse_delete BEFORE DELETE ON public.core_change
    FOR EACH STATEMENT EXECUTE FUNCTION public.history_refuse();
CREATE OR REPLACE TRIGGER history_refuse_truncate BEFORE TRUNCATE ON public.core_change
    FOR EACH STATEMENT EXECUTE FUNCTION public.history_refuse_truncate();
CREATE OR REPLACE TRIGGER history_refuse_change BEFORE UPDATE OR DELETE ON public.core_changedrow
    FOR EACH STATEMENT EXECUTE FUNCTION public.history_refuse();
CREATE OR REPLACE TRIGGER history_refuse_truncate BEFORE TRUNCATE ON public.core_changedrow
    FOR EACH STATEMENT EXECUTE FUNCTION public.history_refuse_truncate();
CREATE OR REPLACE TRIGGER history_head_moves BEFORE INSERT OR UPDATE ON public.core_head
    FOR EACH ROW EXECUTE FUNCTION public.history_head_moves();
CREATE OR REPLACE TRIGGER history_refuse_delete BEFORE DELETE ON public.core_head
    FOR EACH STATEMENT EXECUTE FUNCTION public.history_refuse();
CREATE OR REPLACE TRIGGER history_refuse_truncate BEFORE TRUNCATE ON public.core_head
    FOR EACH STATEMENT EXECUTE FUNCTION public.history_refuse_truncate();
CREATE OR REPLACE TRIGGER history_refuse_change BEFORE UPDATE ON public.core_personalvalue
    FOR EACH STATEMENT EXECUTE FUNCTION public.history_refuse();
CREATE OR REPLACE TRIGGER history_refuse_truncate BEFORE TRUNCATE ON public.core_personalvalue
    FOR EACH STATEMENT EXECUTE FUNCTION public.history_refuse_truncate();
"""

FOUNDATION = HELPERS + RECORD + WRITE + SEALING + ERASING + GUARDS

# Of one table of the register.
TRIGGERS = """
CREATE OR REPLACE TRIGGER history_insert AFTER INSERT ON public.{table} REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION public.history_record({arguments});
CREATE OR REPLACE TRIGGER history_delete AFTER DELETE ON public.{table} REFERENCING OLD TABLE AS before_rows
    FOR EACH STATEMENT EXECUTE FUNCTION public.history_record({arguments});
CREATE OR REPLACE TRIGGER history_update AFTER UPDATE ON public.{table}
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION public.history_record({arguments});
CREATE OR REPLACE TRIGGER history_truncate BEFORE TRUNCATE ON public.{table}
    FOR EACH STATEMENT EXECUTE FUNCTION public.history_refuse_truncate();
"""

# The triggers that every table of the register has.
TRIGGER_NAMES = ("history_insert", "history_update", "history_delete", "history_truncate")
