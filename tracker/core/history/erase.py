"""Taking a human being out of the history: it keeps the fact, not the data."""

from django.db import connection, transaction


@transaction.atomic
def erase_history_of(table: str, key: str) -> int:
    """Delete the personal values of one row, and the salts with which they could be guessed; in how many entries.

    The entries themselves, their seals and with them the chain stay. The erasure is an entry of its own. Called after
    the row is deleted or made anonymous; what the row holds then is sealed anew, so that it is watched from then on.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.history_erase(%s, %s)", [table, key])
        erased: int = cursor.fetchone()[0]
    return erased
