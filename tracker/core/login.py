"""Whether this process signs in to the database as it should: the web server refuses to start with too much power.

In production the wall (`core.wall`) holds only if the web server's login is neither the owner of the tables nor above
row security, and can become nothing but its two roles.
"""

import logging
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created

from tracker.database_roles import PUBLIC, STAFF, WEB

log = logging.getLogger(__name__)


def faults(cursor: Any) -> list[str]:
    """What is wrong with the login of this connection as that of the web server, in sentences; empty if it is right."""
    cursor.execute(
        """
        SELECT session_user::text, rolsuper, rolbypassrls, rolcreaterole, rolinherit,
               EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace
                       AND pg_has_role(session_user, relowner, 'MEMBER')),
               to_regrole(%s) IS NOT NULL AND pg_has_role(session_user, to_regrole(%s), 'MEMBER'),
               to_regrole(%s) IS NOT NULL AND pg_has_role(session_user, to_regrole(%s), 'MEMBER'),
               -- By way of the two as well: what they are members of, the login may become.
               array(SELECT rolname::text FROM pg_roles more WHERE rolname NOT IN (session_user, %s, %s)
                     AND pg_has_role(session_user, more.oid, 'MEMBER') ORDER BY 1)
        FROM pg_roles WHERE rolname = session_user
        """,
        [STAFF, STAFF, PUBLIC, PUBLIC, STAFF, PUBLIC],
    )
    name, superuser, bypasses, makes_roles, inherits, owns, staff, public, more = cursor.fetchone()
    found = []
    if superuser:
        found.append(f"{name} is a superuser")
    if bypasses:
        found.append(f"{name} has BYPASSRLS, so that row security does not hold it")
    if makes_roles and not superuser:
        found.append(f"{name} has CREATEROLE and could make itself anything")
    if owns and not superuser:
        found.append(f"{name} owns the tables, or may become their owner")
    if inherits and not superuser:
        found.append(f"{name} inherits: what its roles may is not to be its own unasked")
    if not (staff and public) and not superuser:
        found.append(f"{name} cannot become {STAFF} and {PUBLIC}")
    if more and not superuser:
        found.append(f"{name} may become more than these two: {', '.join(more)}")
    return found


def refuse_unsafe(cursor: Any) -> None:
    """Raise ImproperlyConfigured with every fault of this connection's login and what to do."""
    found = faults(cursor)
    if found:
        raise ImproperlyConfigured(
            f"The web server must not work with this login of the database: {'; '.join(found)}. Give it DATABASE_URL"
            f" with the login {WEB}; `manage.py database_roles` prints the SQL that makes it, README.md says more."
        )


def guard() -> None:
    """Ask now and at each new connection. A database that does not answer yet is asked when it does: pages that need
    none are served meanwhile."""
    connection_created.connect(_ask, dispatch_uid="tracker.core.login")
    try:
        connection.ensure_connection()
    except OperationalError:
        log.warning("The database does not answer yet, so its login is checked when it does.")
    finally:
        connection.close()


def _ask(*, connection: Any, **signal: object) -> None:
    with connection.cursor() as cursor:
        refuse_unsafe(cursor)
