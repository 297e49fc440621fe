"""Whether the database still holds what the code put into it: functions, triggers, row security and rights.

What is wanted is read from the SQL itself that installs it (`SOURCES` and the migrations), so that there is no list to
keep beside it: what a later statement makes, renews or drops counts. What is there is read from PostgreSQL's catalogue.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.migrations import Migration, RunSQL, SeparateDatabaseAndState
from django.db.migrations.loader import MigrationLoader

from tracker.core.history.finding import Finding
from tracker.database_roles import ROLES

# Where else than in migrations the SQL stands, by the name of the module: what is installed after each `migrate`.
SOURCES: dict[str, Callable[[], str]] = {}

_STATEMENTS = re.compile(
    r"""
    CREATE\s(?:OR\sREPLACE\s)?FUNCTION\s(?:public\.)?(?P<function>\w+)\([^()]*\)(?P<head>.*?)AS\s*\$\$(?P<body>.*?)\$\$
    | DROP\sFUNCTION\s(?:IF\sEXISTS\s)?(?:public\.)?(?P<no_function>\w+)
    | CREATE\s(?:OR\sREPLACE\s)?(?:CONSTRAINT\s)?TRIGGER\s(?P<trigger>\w+)\s+(?P<when>BEFORE|AFTER)\s+(?P<events>.*?)
      \s+ON\s+(?:public\.)?"?(?P<table>\w+)"?(?P<how>.*?)
      EXECUTE\sFUNCTION\s(?:public\.)?(?P<calls>\w+)\((?P<arguments>[^)]*)\)
    | DROP\sTRIGGER\s(?:IF\sEXISTS\s)?(?P<no_trigger>\w+)\sON\s(?:public\.)?(?P<no_table>\w+)
    | ALTER\sTABLE\s(?:public\.)?"?(?P<altered>\w+)"?\s(?:
        (?P<switch>DISABLE|ENABLE)\sTRIGGER\s(?P<switched>\w+)
        | (?P<secured>ENABLE|FORCE)\sROW\sLEVEL\sSECURITY)
    | CREATE\sPOLICY\s(?P<policy>\w+)\sON\s(?:public\.)?"?(?P<on>\w+)"?(?:\sFOR\s(?P<verb>\w+))?\sTO\s(?P<role>\w+)
      (?:\s+USING\s\((?P<using>[^;]*?)\))?(?:\s+WITH\sCHECK\s\((?P<check>[^;]*)\))?\s*(?=;|$)
    | REVOKE\sALL\sON\sFUNCTION\s(?:public\.)?(?P<closed>\w+)\([^()]*\)\sFROM\sPUBLIC
    | GRANT\sEXECUTE\sON\sFUNCTION\s(?:public\.)?(?P<callable>\w+)\([^()]*\)\sTO\s(?P<callers>\w+(?:,\s\w+)*)
    | GRANT\s(?P<right>SELECT|INSERT|UPDATE|DELETE)(?:\s\((?P<columns>[^()]*)\))?\sON\s(?:public\.)?"?(?P<of>\w+)"?
      \sTO\s(?P<grantees>\w+(?:,\s\w+)*)
    """,
    re.VERBOSE | re.DOTALL,
)
_SETTING = re.compile(
    r"\bSET\s+(\w+)\s*(?:=|\bTO\b)\s*(.*?)(?=\s+(?:SET|AS|LANGUAGE|SECURITY|STABLE|IMMUTABLE)\b|\s*$)",
    re.DOTALL,
)

Policy = tuple[str, str, tuple[Any, ...], tuple[Any, ...]]


@dataclass
class Wanted:
    """What the code installs: each thing with the name of where that is said."""

    functions: dict[str, tuple[Any, str]] = field(default_factory=dict)
    # (table, name) -> definition, whether it is switched on, where
    triggers: dict[tuple[str, str], tuple[Any, bool, str]] = field(default_factory=dict)
    secured: dict[str, set[str]] = field(default_factory=dict)
    policies: dict[tuple[str, str], Policy] = field(default_factory=dict)
    # (role, table, right, column or "")
    rights: set[tuple[str, str, str, str]] = field(default_factory=set)
    callers: dict[str, set[str]] = field(default_factory=dict)

    def read(self, text: str, origin: str) -> None:
        """Take in what `text`, SQL in the order in which it is run, makes and drops."""
        for match in _STATEMENTS.finditer(text):
            found = match.groupdict()
            if name := found["function"]:
                self.functions[name] = (_function(found["head"], found["body"]), origin)
            elif name := found["no_function"]:
                self.functions.pop(name, None)
            elif name := found["trigger"]:
                self.triggers[found["table"], name] = (_trigger(found), True, origin)
            elif name := found["no_trigger"]:
                self.triggers.pop((found["no_table"], name), None)
            elif name := found["switched"]:
                definition, _on, _origin = self.triggers[found["altered"], name]
                self.triggers[found["altered"], name] = (definition, found["switch"] == "ENABLE", origin)
            elif found["secured"]:
                self.secured.setdefault(found["altered"], set()).add(found["secured"])
            elif name := found["policy"]:
                table = found["on"]
                self.policies[table, name] = (
                    found["verb"] or "ALL", found["role"],
                    meaning(found["using"] or "", table), meaning(found["check"] or "", table),
                )  # fmt: skip
            elif name := found["closed"]:
                self.callers[name] = set()
            elif name := found["callable"]:
                self.callers.setdefault(name, set()).update(found["callers"].split(", "))
            else:
                columns = (found["columns"] or "").split(", ")
                self.rights |= {
                    (role, found["of"], found["right"], column)
                    for role in found["grantees"].split(", ")
                    for column in columns
                }


def wanted() -> Wanted:
    """What the migrations and then `SOURCES` install."""
    found = Wanted()
    for migration in _migrations():
        found.read(
            ";\n".join(_sql_of(migration.operations)), f"migration {migration.app_label}.{migration.name}"
        )
    for origin, text in SOURCES.items():
        found.read(text(), origin)
    return found


def _migrations() -> list[Migration]:
    """The migrations of our apps in an order in which they are run."""
    loader = MigrationLoader(None)
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("tracker.")}
    keys: dict[tuple[str, str], None] = {}
    for leaf in sorted(loader.graph.leaf_nodes()):
        keys |= dict.fromkeys(loader.graph.forwards_plan(leaf))
    return [loader.graph.nodes[key] for key in keys if key[0] in ours]


def _sql_of(operations: Any) -> Iterator[str]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _sql_of(operation.database_operations)
        elif isinstance(operation, RunSQL):
            parts = operation.sql if isinstance(operation.sql, (list, tuple)) else [operation.sql]
            yield from (str(part if isinstance(part, str) else part[0]) for part in parts)


# --- what a definition says, whoever wrote it down: the code or PostgreSQL


def _function(head: str, body: str) -> tuple[Any, ...]:
    language = re.search(r"LANGUAGE (\w+)", head)
    volatility = re.search(r"\b(IMMUTABLE|STABLE)\b", head)
    settings = {name.lower(): _plain(value) for name, value in _SETTING.findall(head)}
    return (
        body,
        language.group(1) if language else "",
        "SECURITY DEFINER" in head,
        {"IMMUTABLE": "i", "STABLE": "s"}[volatility.group(1)] if volatility else "v",
        settings,
    )


def _plain(value: str) -> str:
    return re.sub(r"\s+", " ", value.replace("'", "").replace('"', "")).strip()


def _trigger(found: dict[str, Any]) -> tuple[Any, ...]:
    events = frozenset(_plain(event).lower() for event in re.split(r"\s+OR\s+", found["events"]))
    arguments = re.sub(r"\s+", "", found["arguments"])
    return (found["when"], events, meaning(found["how"], ""), found["calls"], arguments)


_TOKENS = re.compile(r"'(?:[^']|'')*'|\w+|::|[<>!~=]+|[^\s\w]")
_PARTS = {"where", "when", "then", "else", "end", ","}


def meaning(text: str, table: str) -> tuple[Any, ...]:
    """A condition on rows of `table` without what PostgreSQL adds or leaves out when it writes it down: brackets that
    change nothing, casts, names of columns of a sub-query, the schema and the table itself."""
    tokens = [word if word.startswith("'") else word.lower() for word in _TOKENS.findall(text)]
    kept: list[str] = []
    at = 0
    while at < len(tokens):
        word, after = tokens[at], tokens[at + 1 : at + 2]
        if word == "::":
            at += 3 if tokens[at + 2 : at + 3] == ["varying"] else 2
            if tokens[at : at + 2] == ["[", "]"]:
                at += 2
            continue
        if (after == ["."] and word in ("public", table)) or (word == "as" and kept[-1:] == [")"]):
            at += 2
        else:
            if word != '"':
                kept.append(word)
            at += 1
    return _expression(kept, [0])


def _expression(tokens: list[str], at: list[int]) -> tuple[Any, ...]:
    """Tokens up to a closing bracket: parts between keywords, each a nest of what is joined by OR and AND."""
    parts: list[Any] = []
    either: list[list[list[Any]]] = [[[]]]

    def close() -> None:
        parts.extend(_joined("or", [_joined("and", both) for both in either]))
        either[:] = [[[]]]

    while at[0] < len(tokens) and tokens[at[0]] != ")":
        word = tokens[at[0]]
        at[0] += 1
        if word == "or":
            either.append([[]])
        elif word == "and":
            either[-1].append([])
        elif word in _PARTS:
            close()
            parts.append(word)
        elif word == "(":
            either[-1][-1].extend(_expression(tokens, at))
            at[0] += 1
        else:
            either[-1][-1].append(word)
    close()
    return tuple(parts)


def _joined(word: str, several: list[list[Any]]) -> list[Any]:
    """One alone as it is; several as a nest, those of the same word in it taken up."""
    if len(several) == 1:
        return several[0]
    flat: list[Any] = []
    for one in several:
        alone = len(one) == 1 and isinstance(one[0], tuple) and one[0][0] == word
        flat.extend(one[0][1:] if alone else [tuple(one)])
    return [(word, *flat)]


# --- what is there


def verify_installed() -> Iterator[Finding]:
    """What is missing, switched off, not what was installed, or was installed by somebody else."""
    want = wanted()
    yield from _functions(want)
    yield from _triggers(want)
    yield from _row_security(want)
    yield from _rights(want)
    yield from _roles()


def _ask(query: str, values: Any = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def _functions(want: Wanted) -> Iterator[Finding]:
    there: dict[str, list[Any]] = {}
    # Those of extensions come and go with them.
    for name, *rest in _ask(
        "SELECT p.proname, p.prosrc, l.lanname, p.prosecdef, p.provolatile, p.proconfig,"
        " p.proowner = (SELECT relowner FROM pg_class WHERE oid = 'public.core_change'::regclass)"
        " FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid"
        " AND d.deptype = 'e') ORDER BY 1"
    ):
        there.setdefault(name, []).append(rest)
    for name in sorted(there.keys() - want.functions.keys()):
        yield Finding(f"there is a function {name} that nothing here makes; drop it")
    for name, (definition, origin) in sorted(want.functions.items()):
        found = there.get(name, [])
        if not found:
            yield Finding(f"the function {name} is missing; put it back as {origin} makes it")
            continue
        if len(found) > 1:
            yield Finding(
                f"there is another function {name} with other arguments; drop what {origin} does not make"
            )
            continue
        for body, language, definer, volatility, settings, owned in found[:1]:
            pairs = (setting.split("=", 1) for setting in settings or [])
            said = {key.lower(): _plain(value) for key, value in pairs}
            if (body, language, definer, volatility, said) != definition:
                yield Finding(
                    f"the function {name} is not the one that was installed; put it back as {origin} makes it"
                )
            elif definer and not owned:
                yield Finding(
                    f"the function {name} belongs to another role than the tables; make them its owner's"
                )


def _triggers(want: Wanted) -> Iterator[Finding]:
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for table, name, enabled, definition in _ask(
        "SELECT c.relname, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger t"
        " JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal ORDER BY 1, 2"
    ):
        found[table, name] = (enabled, definition)
    for (table, name), (definition, on, origin) in sorted(want.triggers.items()):
        if (table, name) not in found:
            yield Finding(f"the trigger {name} is missing; put it back as {origin} makes it", table=table)
            continue
        enabled, text = found.pop((table, name))
        match = _STATEMENTS.match(text)
        if match is None or _trigger(match.groupdict()) != definition:
            reason = f"the trigger {name} is not the one that was installed; put it back as {origin} makes it"
            yield Finding(reason, table=table)
        elif on and enabled not in "OA":
            reason = f"the trigger {name} is switched off; ALTER TABLE {table} ENABLE TRIGGER {name}"
            yield Finding(reason, table=table)
    for table, name in sorted(found):
        yield Finding(f"nothing of ours installs the trigger {name}; drop it", table=table)
    for table, name in _ask(
        "SELECT t.tgrelid::regclass::text, c.conname FROM pg_trigger t JOIN pg_constraint c ON c.oid = t.tgconstraint"
        " JOIN pg_class r ON r.oid = t.tgrelid WHERE r.relnamespace = 'public'::regnamespace"
        " AND t.tgisinternal AND t.tgenabled NOT IN ('O', 'A') GROUP BY 1, 2 ORDER BY 1, 2"
    ):
        reason = f"the key {name} is not watched; ALTER TABLE {table} ENABLE TRIGGER ALL"
        yield Finding(reason, table=table.removeprefix("public."))
    for table, name in _ask(
        "SELECT tablename, rulename FROM pg_rules WHERE schemaname = 'public' ORDER BY 1, 2"
    ):
        yield Finding(f"nothing of ours makes the rule {name}; drop it", table=table)


def _row_security(want: Wanted) -> Iterator[Finding]:
    flags = _ask(
        "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1"
    )
    for table, enabled, forced in flags:
        for word, there in (("ENABLE", enabled), ("FORCE", forced)):
            if word in want.secured.get(table, ()) and not there:
                reason = f"its row security is off; ALTER TABLE {table} {word} ROW LEVEL SECURITY"
                yield Finding(reason, table=table)
    found: dict[tuple[str, str], Any] = {}
    for table, name, permissive, roles, owner, verb, using, check in _ask(
        "SELECT p.tablename, p.policyname, p.permissive, p.roles::text[], c.tableowner, p.cmd, p.qual, p.with_check"
        " FROM pg_policies p JOIN pg_tables c USING (schemaname, tablename) WHERE p.schemaname = 'public'"
        " ORDER BY 1, 2"
    ):
        role = "CURRENT_USER" if roles == [owner] else ",".join(roles)
        said = (verb, role, meaning(using or "", table), meaning(check or "", table))
        found[table, name] = said if permissive == "PERMISSIVE" else None
    for (table, name), policy in sorted(want.policies.items()):
        if (table, name) not in found:
            yield Finding(
                f"the policy {name} is missing; put it back as tracker.core.wall makes it", table=table
            )
        elif found.pop((table, name)) != policy:
            reason = f"the policy {name} is not the one that was installed; put it back as tracker.core.wall makes it"
            yield Finding(reason, table=table)
    for table, name in sorted(found):
        yield Finding(f"nothing of ours makes the policy {name}; drop it", table=table)


def _rights(want: Wanted) -> Iterator[Finding]:
    """Rights of everybody but the owner on tables, columns and the functions that see more than who calls them."""
    there = set(
        _ask(
            "SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END, t.relname,"
            " a.privilege_type, t.attname FROM ("
            " SELECT relname, relowner, relacl AS acl, '' AS attname FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
            " UNION ALL SELECT c.relname, c.relowner, a.attacl, a.attname FROM pg_attribute a"
            " JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE c.relnamespace = 'public'::regnamespace AND a.attacl IS NOT NULL"
            ") AS t, aclexplode(t.acl) AS a WHERE a.grantee <> t.relowner"
        )
    )
    for role, table, right, column in sorted(want.rights - there):
        yield Finding(
            f"{role} may no longer {right}; GRANT it as tracker.core.wall does", table=table, column=column
        )
    for role, table, right, column in sorted(there - want.rights):
        yield Finding(
            f"{role} may {right}, which nothing of ours grants; REVOKE it", table=table, column=column
        )
    callers: dict[str, set[str]] = {}
    for name, role in _ask(
        "SELECT p.proname, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END"
        " FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a"
        " WHERE p.pronamespace = 'public'::regnamespace AND a.grantee <> p.proowner AND p.proname = ANY(%s)",
        [sorted(want.functions)],
    ):
        callers.setdefault(name, set()).add(role)
    for name, roles in sorted(want.callers.items()):
        if name in want.functions and callers.get(name, set()) != roles:
            may, should = (
                ", ".join(sorted(some)) or "nobody but its owner"
                for some in (callers.get(name, set()), roles)
            )
            yield Finding(f"the function {name} may be called by {may}, and should by {should}")


def _roles() -> Iterator[Finding]:
    for name in _ask(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND (rolsuper OR rolbypassrls OR rolcreaterole"
        " OR rolcreatedb OR rolreplication) ORDER BY 1",
        [list(ROLES)],
    ):
        yield Finding(
            f"the role {name[0]} may do what only who keeps the database should; ALTER ROLE {name[0]} …"
        )
    for member, role in _ask(
        "SELECT m.rolname, r.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member"
        " JOIN pg_roles r ON r.oid = a.roleid WHERE m.rolname = ANY(%s) AND NOT r.rolname = ANY(%s) ORDER BY 1, 2",
        [list(ROLES), list(ROLES)],
    ):
        yield Finding(f"the role {member} may become {role}; REVOKE {role} FROM {member}")
    for (setting,) in _ask(
        "SELECT DISTINCT s FROM pg_db_role_setting d, unnest(d.setconfig) AS s"
        " WHERE s LIKE 'session_replication_role=%%' AND s <> 'session_replication_role=origin'", []
    ):  # fmt: skip
        yield Finding(f"{setting} switches every trigger off; ALTER DATABASE or ROLE … RESET it")
