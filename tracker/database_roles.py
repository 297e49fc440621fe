"""The roles of the database, and the SQL that makes them. Standard library only: the launcher of `make run` uses it.

A role is the cluster's and not the database's, so it is made by whoever may (`manage.py database_roles` prints the
SQL). What each may do in the tracker's own database is `core.wall`'s affair.
"""

# The web server signs in as this one and can do little but sign people in; each view then becomes one of the next two.
WEB = "tracker_web"
STAFF = "tracker_staff"
PUBLIC = "tracker_public"
# The worker, the clock and the tracker's own commands: they read and write rows, and change no table.
WORKER = "tracker_worker"
ROLES = (WEB, STAFF, PUBLIC, WORKER)


def role_statements(owner: str = "") -> list[str]:
    """SQL that makes the roles, one statement a line; done again it changes nothing.

    `owner`, where it is given, may become each of them: for tests, and for a local copy with one login.
    """
    wanted = {
        STAFF: "NOLOGIN NOINHERIT",
        PUBLIC: "NOLOGIN NOINHERIT",
        # Without inheritance the web login has nothing of its two roles until it says which of them it is.
        WEB: "LOGIN NOINHERIT",
        WORKER: "LOGIN NOINHERIT",
    }
    lines = [
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{name}')"
        f" THEN CREATE ROLE {name} {options}; END IF; END $$;"
        for name, options in wanted.items()
    ]
    lines.append(f"GRANT {STAFF}, {PUBLIC} TO {WEB};")
    if owner:
        lines.append(f'GRANT {", ".join(ROLES)} TO "{owner}";')
    return lines
