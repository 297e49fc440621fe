"""The second wall: what each role of the database may read and write, made of what the models say of themselves.

The filters of the application come first; whoever forgets one finds this behind it. `published_with`, `owned_by` and
`core.disclosure` become grants and row security, anew after each `migrate` that changed any of them:

- the public's role reads published rows and, of them, the fields that are not withheld, and writes nothing;
- the staff's role sees what `core.ownership` says the account of the running transaction may see, and writes what
  belongs to its organization, or everything where one of its roles works for the host state;
- the worker reads and writes rows; the web login has what signing in and noticing changes need;
- nobody but the owner changes a table, a trigger or a function, and a table that nobody thought of is closed.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

from tracker.core.disclosure import readable_fields
from tracker.core.ownership import ITSELF, users_of
from tracker.core.personal import function_of, personal_texts
from tracker.core.roles import SEE_EVERYTHING, Role
from tracker.core.row_conditions import (
    ORGANIZATION,
    Model,
    column_of,
    has_publication,
    joined,
    own_sql,
    owned,
    owned_from_below,
    public_sql,
)
from tracker.database_roles import PUBLIC, ROLES, STAFF, WEB, WORKER, role_statements

# What people sign in with, by app or by model. The web login works with them; among the staff only administrators do.
SIGN_IN_APPS = {"accounts", "auth", "sessions", "account", "mfa"}
SIGN_IN = {"core.User", "core.User_groups", "core.User_user_permissions"}
# Of those, what auditors read as well: tries, and which programs write in somebody's name.
AUDITED = {"accounts.SignInAttempt", "accounts.ApiToken"}
# Read by every signed-in account, for names and permissions.
DIRECTORY = {
    "auth.Permission", "auth.Group", "auth.Group_permissions", "core.User", "core.User_groups",
    "core.User_user_permissions", "contenttypes.ContentType",
}  # fmt: skip
# Columns of those that only signing in needs: the staff's role writes them, and reads none.
SECRET = {"core.User": {"password"}}
# Whoever works for the host state writes every organization's rows; an auditor only reads them.
WRITE_EVERYTHING = SEE_EVERYTHING - {Role.AUDITOR}
# Written by triggers of the database alone. The history is read by whoever sees everything, and that of their own
# records by coordinators; its personal values by those who see people.
HISTORY = {"core.Change", "core.Head", "core.ChangedRow", "core.PersonalValue"}
WRITTEN_BY_TRIGGERS = {"coverage.Correction", "missions.PersonReading"}
# People's names and documents, and reasons that may name them: whoever sees everything else sees codes alone. Of rows
# that everybody sees, such texts are fields of `core.personal`.
PEOPLE, SEE_PEOPLE = {"missions.Person", "missions.BulkDecision"}, frozenset({Role.OFFICER})
# Of the rest of the register these roles see every row too, and write it.
ADMINISTERED = {"missions.Affiliation", "missions.Organization", "core.Job"}
# Rows that are neither an organization's nor public: only whoever sees everything.
INTERNAL = {
    "missions.BulkDecision",
    "missions.BulkDecisionRow",
    "ingest.LoadedRecord",
    "ingest.Profile",
    "ingest.Answer",
    "coverage.Mark",
    "coverage.Tally",
    "missions.PersonReading",
}
# Column of the account that a row belongs to, where it belongs to one person and whoever sees everything.
OF_ACCOUNT = {
    "core.Job": "requested_by_id",
    "core.Submission": "account_id",
    "ingest.Upload": "sent_by_id",
    # A key to such a row: theirs is whoever's that one is.
    "ingest.UploadedFile": "upload",
    "ingest.UploadedRecord": "upload",
}
# What every signed-in account may add to, though it belongs to nobody's organization.
ADDED_BY_ALL = {"core.Source"}
# The worker changes only these columns of rows that are otherwise never changed (and a trigger holds it to more).
IMMUTABLE = {"coverage.Edition": ("content", "detail", "thinned_at")}
# Functions that see more than who calls them, and which roles may. Erasing a person is an action of the application;
# everything else about the history is its triggers' affair.
CALLED_BY = {
    "history_erase(text, text)": (STAFF, WORKER),
    "history_seal()": (WORKER,),
    "note_person_readings(bigint[], text, bigint)": (STAFF, WORKER),
    "erase_person(bigint, text)": (STAFF, WORKER),
    # Texts that may name people (`core.personal`).
    "said_missions_accreditation(bigint)": (STAFF, WORKER),
    "said_missions_accreditationchange(bigint)": (STAFF, WORKER),
    # Asked by the trigger of whoever publishes.
    "has_four_eyes(jsonb, text)": (STAFF, WORKER),
    "embargoes_over()": (PUBLIC, STAFF, WORKER),
}
# Django brings this table, and nothing here writes it: what happened is in the history.
UNUSED = {"admin.LogEntry"}
# What the web login reads outside views: whether a request left figures to be counted (coverage.middleware).
WEB_READS = {"coverage.Mark": ("id", "election_id"), "elections.Election": ("id", "publishing")}

# In a query of its own: asked once a statement, not once a row.
ACCOUNT = "(SELECT public.wall_account())"


def install(*, using: str = DEFAULT_DB_ALIAS, **signal: object) -> None:
    """Bring grants and row security of the database up to what the code says. After `migrate`; costs one query where
    nothing changed: neither what is wanted nor, by a migration made or taken back, what is there. Raises
    ImproperlyConfigured where the roles are missing and cannot be made."""
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_catalog.obj_description(to_regprocedure('public.wall_account()'), 'pg_proc'),"
            " array(SELECT tablename::text FROM pg_catalog.pg_tables WHERE schemaname = 'public' ORDER BY 1)"
        )
        mark, tables = cursor.fetchone()
        if any(model._meta.db_table not in tables for model in wall_models()):
            return  # migrated backwards past a table: what is there stays as closed as it was
        statements = wall_statements(tables)
        wanted = hashlib.sha256("\n".join(statements).encode()).hexdigest()
        if mark == wanted and not signal.get("plan"):
            return
        with transaction.atomic(using=using):
            ensure_roles(cursor)
            cursor.execute(";\n".join(statements))
            cursor.execute(f"COMMENT ON FUNCTION public.wall_account() IS '{wanted}'")


def ensure_roles(cursor: Any) -> None:
    """Make missing roles if this login may; raise ImproperlyConfigured with what to do if it may not."""
    cursor.execute("SELECT rolsuper OR rolcreaterole, rolname FROM pg_roles WHERE rolname = current_user")
    able, owner = cursor.fetchone()
    cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)", [list(ROLES)])
    if cursor.fetchone()[0] == len(ROLES):
        return
    if not able:
        raise ImproperlyConfigured(
            "The database lacks the tracker's roles, and this login may not make them: run the SQL that"
            " `manage.py database_roles` prints as a superuser of PostgreSQL, then `migrate` again."
        )
    for statement in role_statements(owner):
        cursor.execute(statement)


def wall_models() -> list[Model]:
    """Every model with a table of its own, tables of many-to-many fields included, in a steady order."""
    found: Iterable[Model] = apps.get_models(include_auto_created=True)
    return sorted(
        (model for model in found if model._meta.managed and not model._meta.proxy),
        key=lambda model: model._meta.db_table,
    )


def wall_statements(tables: Iterable[str]) -> list[str]:
    """All SQL of the wall, for a database with these tables. Done again it changes nothing."""
    by_table = {model._meta.db_table: model for model in wall_models()}
    statements = [*_functions(), *_OPENING]
    for table in tables:
        statements += _table_statements(table, by_table.get(table))
    return statements


def statements_here() -> str:
    """The same as one text, for the tables that this database has: for whoever checks that it still is as it says."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(
            "SELECT tablename::text FROM pg_catalog.pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )
        return ";\n".join(wall_statements([name for (name,) in cursor.fetchall()]))


# --- who asks


def _functions() -> list[str]:
    affiliation = _affiliation()
    bodies = {
        "wall_account()": ("bigint", "SELECT nullif(current_setting('tracker.user', true), '')::bigint"),
        "wall_has_role(wanted text[])": (
            "boolean",
            "SELECT coalesce((SELECT is_active AND (is_superuser OR roles && wanted::varchar[])"
            " FROM public.core_user WHERE id = public.wall_account()), false)",
        ),
        "wall_organization()": (
            "bigint",
            f"SELECT a.{affiliation['organization']} FROM public.{affiliation['table']} a"  # noqa: S608 - names of our own models
            f" JOIN public.core_user u ON u.id = a.{affiliation['account']}"
            " WHERE u.is_active AND u.id = public.wall_account()",
        ),
    }
    bodies["wall_awaits_password(account bigint)"] = (
        "boolean",
        # Django's mark of a password that nobody has chosen yet.
        "SELECT public.wall_has_role('{administrator}')"
        " AND EXISTS (SELECT FROM public.core_user WHERE id = account AND password LIKE '!%')",
    )
    for model in filter(owned_from_below, wall_models()):
        # A function, as the policies of both tables ask for each other's rows.
        bodies[f"{_own_keys(model)}()"] = (
            "SETOF bigint",
            f"SELECT r.{model._meta.pk.column} FROM public.{model._meta.db_table} r WHERE {own_sql(model, 'r')}",  # noqa: S608 - as above
        )
    cases = " ".join(
        f"WHEN '{model._meta.db_table}' THEN EXISTS (SELECT FROM public.{model._meta.db_table} r"
        f" WHERE r.{model._meta.pk.column} = rowkey::bigint AND {own_sql(model, 'r')})"
        for model in wall_models()
        if owned(model)
    )
    # Of a row that is gone nobody can say any more whose it was.
    bodies["wall_owns(tablename text, rowkey text)"] = (
        "boolean",
        f"SELECT CASE tablename {cases} ELSE false END",
    )
    for model in wall_models():
        if getattr(model, "seen_with_use", False):
            # A function, as what rests on it may be public and yet no row for this account.
            bodies[f"{_used(model)}(rowkey bigint)"] = ("boolean", f"SELECT {used_sql(model, 'rowkey')}")
        for text in personal_texts(model):
            table = model._meta.db_table
            # Only the staff's role asks in somebody's name.
            bodies[f"{function_of(text)}(rowkey bigint)"] = (
                "text",
                f"SELECT CASE WHEN current_setting('role') <> '{STAFF}' OR {_has_role(SEE_PEOPLE)}"  # noqa: S608 - as above
                f" OR public.wall_owns('{table}', rowkey::text) THEN r.{text.column} ELSE '' END"
                f" FROM public.{table} r WHERE r.{model._meta.pk.column} = rowkey",
            )
    statements = []
    for head, (result, body) in bodies.items():
        arguments = head
        for name in ("wanted ", "tablename ", "rowkey ", "account "):
            arguments = arguments.replace(name, "")
        statements += [
            # As the owner, whose tables they read past the row security that asks them; nothing of the caller's path.
            f"CREATE OR REPLACE FUNCTION public.{head} RETURNS {result} LANGUAGE sql STABLE SECURITY DEFINER"
            f" SET search_path = pg_catalog, pg_temp AS $${body}$$",
            f"REVOKE ALL ON FUNCTION public.{arguments} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION public.{arguments} TO {STAFF}",
        ]
    return statements


def _affiliation() -> dict[str, str]:
    """Table and columns that say which organization an account works for: the relation that `owned_condition` uses."""
    owner = next(model for model in wall_models() if getattr(model, "owned_by", None) == ITSELF)
    relation: Any = owner._meta.get_field("affiliations")
    link = relation.related_model._meta
    return {
        "table": link.db_table,
        "organization": relation.field.column,
        "account": link.get_field("account").column,
    }


_OPENING = [
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    f"GRANT USAGE ON SCHEMA public TO {', '.join(ROLES)}",
    # A table of one's own in front of the register's is the oldest trick on a function; the owner's are proof
    # against it, and nobody else needs one.
    "DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$",
    *(
        f"DO $$ BEGIN IF to_regprocedure('public.{function}') IS NOT NULL THEN"
        f" REVOKE ALL ON FUNCTION public.{function} FROM PUBLIC, {', '.join(ROLES)};"
        f" GRANT EXECUTE ON FUNCTION public.{function} TO {', '.join(callers)}; END IF; END $$"
        for function, callers in CALLED_BY.items()
    ),
    """DO $$ DECLARE old record; BEGIN
        FOR old IN SELECT policyname, tablename FROM pg_catalog.pg_policies
                   WHERE schemaname = 'public' AND policyname LIKE 'wall\\_%'
        LOOP EXECUTE format('DROP POLICY %I ON public.%I', old.policyname, old.tablename); END LOOP; END $$""",
]


# --- tables


def _table_statements(table: str, model: Model | None) -> list[str]:
    name = f'public."{table}"'
    statements = [
        f"REVOKE ALL ON {name} FROM PUBLIC, {', '.join(ROLES)}",
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY wall_owner ON {name} TO CURRENT_USER USING (true) WITH CHECK (true)",
    ]
    if table == "django_migrations":
        return [*statements[:1], f"GRANT SELECT ON {name} TO {WORKER}, {WEB}"]
    rules = _Rules(name)
    if model is not None and model._meta.label in HISTORY:
        rules.allow(WORKER, "SELECT")
        rules.allow(STAFF, "SELECT", _history_sql(model))
    elif model is not None:
        _register_rules(rules, model)
    return statements + rules.statements


class _Rules:
    """Collects the grants and policies of one table."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.statements: list[str] = []

    def number(self, role: str, column: str) -> None:
        """Let `role` take numbers for rows of this table before it writes them."""
        sequence = f"pg_catalog.pg_get_serial_sequence('{self.name}', '{column}')"
        self.statements.append(
            f"DO $$ BEGIN EXECUTE pg_catalog.format('GRANT USAGE ON SEQUENCE %s TO {role}', {sequence}); END $$"
        )

    def allow(self, role: str, verb: str, condition: str = "true", columns: Iterable[str] = ()) -> None:
        """Let `role` SELECT, INSERT, UPDATE or DELETE rows under `condition`, of `columns` (default: all of them)."""
        only = f" ({', '.join(columns)})" if columns else ""
        check = {
            "SELECT": f"USING ({condition})",
            "DELETE": f"USING ({condition})",
            "INSERT": f"WITH CHECK ({condition})",
            "UPDATE": f"USING ({condition}) WITH CHECK ({condition})",
        }[verb]
        policy = f"wall_{role.removeprefix('tracker_')}_{verb.lower()}"
        self.statements += [
            f"GRANT {verb}{only} ON {self.name} TO {role}",
            f"CREATE POLICY {policy} ON {self.name} FOR {verb} TO {role} {check}",
        ]

    def allow_all(self, role: str, condition: str = "true") -> None:
        for verb in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            self.allow(role, verb, condition)


def _history_sql(model: Model) -> str:
    """The condition under which a row of the history may be read."""
    table = model._meta.db_table
    if model._meta.label == "core.Head":
        return _has_role(SEE_EVERYTHING)
    if model._meta.label == "core.Change":
        # Whatever row of it may be read, under that table's own rule.
        rows = f"EXISTS (SELECT FROM public.core_changedrow r WHERE r.change_id = {table}.id)"
        return f"{_has_role(SEE_EVERYTHING)} OR {rows}"
    readers = SEE_PEOPLE if model._meta.label == "core.PersonalValue" else SEE_EVERYTHING
    accounts = f"{table}.table_name = 'core_user' AND {_has_role({Role.ADMINISTRATOR})}"
    return f"{_has_role(readers)} OR ({accounts}) OR public.wall_owns({table}.table_name, {table}.key)"


def _register_rules(rules: _Rules, model: Model) -> None:
    label, table = model._meta.label, model._meta.db_table
    readable = [column_of(model, name) for name in readable_fields(model)]
    # The public.
    if readable:
        rules.allow(PUBLIC, "SELECT", public_sql(model, table), readable)
    if label in WRITTEN_BY_TRIGGERS:
        rules.allow(WORKER, "SELECT")
        rules.allow(STAFF, "SELECT", visible_sql(model, table))
        return
    # The worker, and commands of people at the machine.
    if label in IMMUTABLE:
        rules.allow(WORKER, "SELECT")
        rules.allow(WORKER, "INSERT")
        rules.allow(WORKER, "UPDATE", columns=IMMUTABLE[label])
    else:
        rules.allow_all(WORKER)
        if isinstance(model._meta.pk, models.AutoField):
            rules.number(WORKER, str(model._meta.pk.column))
    # Signing in.
    if signs_in(model):
        administers = _has_role({Role.ADMINISTRATOR})
        rules.allow_all(WEB)
        if label in DIRECTORY:
            fields = [field.name for field in model._meta.local_fields]
            names = [column_of(model, name) for name in fields if name not in SECRET.get(label, ())]
            rules.allow(STAFF, "SELECT", columns=names if label in SECRET else ())
        for verb in (
            ("INSERT", "UPDATE", "DELETE") if label in DIRECTORY else ("SELECT", "INSERT", "UPDATE", "DELETE")
        ):
            readers = _has_role({Role.ADMINISTRATOR, Role.AUDITOR}) if label in AUDITED else administers
            rules.allow(STAFF, verb, readers if verb == "SELECT" else administers)
        return
    if label == "contenttypes.ContentType":
        rules.allow(WEB, "SELECT")
    if label in WEB_READS:
        rules.allow(WEB, "SELECT", columns=WEB_READS[label])
    # The staff.
    write = write_sql(model, table)
    kept = [field.column for field in personal_texts(model)]
    shown = (
        [str(field.column) for field in model._meta.local_fields if field.column not in kept] if kept else []
    )
    rules.allow(STAFF, "SELECT", visible_sql(model, table), shown)
    rules.allow(STAFF, "INSERT", "true" if label in ADDED_BY_ALL else write)
    if label not in IMMUTABLE:
        rules.allow(STAFF, "UPDATE", write)
        rules.allow(STAFF, "DELETE", write)


def signs_in(model: Model) -> bool:
    """Whether a table is one of those that people sign in with."""
    return model._meta.app_label in SIGN_IN_APPS or model._meta.label in SIGN_IN


# --- rows


def visible_sql(model: Model, row: str) -> str:
    """The condition under which the account of the transaction may see `row`: as `ownership.visible_condition`."""
    label = model._meta.label
    if label in DIRECTORY:
        return "true"
    if label in OF_ACCOUNT:
        return _of_account(model, row, _sees(model))
    ways = [_sees(model)]
    if getattr(model, "seen_with_use", False):
        ways += [
            f"{row}.entered_by = {ACCOUNT} AND {row}.entered_for IS NULL",
            f"{row}.entered_for = {ORGANIZATION}",
        ]
        return " OR ".join(
            f"({way})" for way in [*ways, f"public.{_used(model)}({row}.{model._meta.pk.column})"]
        )
    if owned(model):
        ways.append(own_sql(model, row))
    hidden = label in INTERNAL | UNUSED or getattr(model, "owner_alone_sees", False)
    if not hidden and (not owned(model) or has_publication(model)):
        ways.append(public_sql(model, row))
    return " OR ".join(f"({way})" for way in ways)


def used_sql(model: Model, key: str) -> str:
    """The condition under which something public, or of the organization of the account, rests on the row `key`."""
    found = []
    for field in users_of(model):
        user: Any = field.model
        ways = [own_sql(user, "r")] if owned(user) else []
        if readable_fields(user):
            ways.append(public_sql(user, "r"))
        found += [
            f"EXISTS (SELECT FROM public.{user._meta.db_table} r WHERE r.{field.column} = {key} AND {way})"
            for way in ways
        ]
    return " OR ".join(found)


def _used(model: Model) -> str:
    return f"wall_used_{model._meta.db_table}"


def write_sql(model: Model, row: str) -> str:
    """The condition under which the account of the transaction may write `row`."""
    label = model._meta.label
    roles = WRITE_EVERYTHING | ({Role.ADMINISTRATOR} if label in ADMINISTERED else set())
    if label in PEOPLE:
        roles = SEE_PEOPLE
    elif label in UNUSED:
        roles = frozenset({Role.ADMINISTRATOR})
    if label in OF_ACCOUNT:
        return _of_account(model, row, _has_role(roles))
    ways = [_has_role(roles)]
    if owned(model):
        taken = [
            f"({row}.{column} IS NULL OR {row}.{column} IN (SELECT public.{_own_keys(target)}()))"
            for column, target in _keys(model)
            if owned_from_below(target)
        ]
        ways.append(" AND ".join([own_sql(model, row), *taken]))
    return " OR ".join(f"({way})" for way in ways)


def _of_account(model: Model, row: str, others: str) -> str:
    """The condition under which `row` is of the account of the transaction, or `others` may have it as well.

    One that holds people is only for whoever sees people, and for whose it is while they work for the organization
    that it was made for.
    """
    name = OF_ACCOUNT[model._meta.label]
    if not name.endswith("_id"):
        parent, condition, alias = joined(model, row, name, 1)
        own = _of_account(parent, alias, others)
        return f"EXISTS (SELECT FROM public.{parent._meta.db_table} {alias} WHERE {condition} AND {own})"
    own = f"{row}.{name} = {ACCOUNT}"
    everybody = f"({others}) OR ({own})"
    if people := getattr(model, "holds_people", None):
        column, value = people
        few = f"{_has_role(SEE_PEOPLE)} OR ({own} AND {row}.organization_id = {ORGANIZATION})"
        return f"CASE WHEN {row}.{column} = '{value}' THEN {few} ELSE {everybody} END"
    return everybody


def _keys(model: Model) -> list[tuple[str, Model]]:
    """The columns of `model` that point at rows, and whose rows those are."""
    fields: list[Any] = [field for field in model._meta.local_fields if field.is_relation]
    return [(field.column, field.related_model) for field in fields]


def _own_keys(model: Model) -> str:
    return f"wall_own_{model._meta.db_table}"


def _sees(model: Model) -> str:
    if model._meta.label in PEOPLE:
        return _has_role(SEE_PEOPLE)
    if model._meta.label in UNUSED:
        return _has_role({Role.ADMINISTRATOR})
    return _has_role(SEE_EVERYTHING | ({Role.ADMINISTRATOR} if model._meta.label in ADMINISTERED else set()))


def _has_role(roles: Iterable[str]) -> str:
    return f"(SELECT public.wall_has_role('{{{','.join(sorted(map(str, roles)))}}}'))"
