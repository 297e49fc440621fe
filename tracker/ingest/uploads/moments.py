"""Which transactions were over at a moment, so that a later change of the register is told from an earlier one.

Numbers of transactions begin anew where a dump is restored, so a moment names its cluster as well.
"""

from django.db import connection

_CLUSTER = "(SELECT system_identifier::text FROM pg_control_system())"
# The present moment as SQL: one text.
MOMENT = f"{_CLUSTER} || ' ' || txid_current_snapshot()::text"


def snapshot_of(moment: str) -> str | None:
    """The snapshot (PostgreSQL's txid_snapshot) of a MOMENT; None where it is of another cluster and means nothing."""
    cluster, _space, snapshot = moment.partition(" ")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_CLUSTER}")
        return snapshot if cursor.fetchone() == (cluster,) else None
