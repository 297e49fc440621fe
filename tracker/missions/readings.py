"""Writing down who looked at whose personal data. Called wherever a name or contact data of people is shown."""

from collections.abc import Iterable

from django.db import connection
from django.http import HttpRequest

from tracker.core.history.models import ChangedRow
from tracker.missions.models import (
    Accreditation,
    AccreditationChange,
    BulkDecision,
    BulkDecisionRow,
    Observer,
    Person,
)


def note_reading(request: HttpRequest, people: Iterable[int | None], *, file: int | None = None) -> None:
    """Write that this request showed the people with these keys to its account; None and doubles are passed over.

    `file`: the number of the file somebody brought in which they stand, with people the register does not know.

    The account and the mark are those in whose name the database is asked (`core.identity`), whatever a view says.
    """
    keys = sorted({key for key in people if key is not None})
    if not keys and file is None:
        return
    screen = request.resolver_match.view_name if request.resolver_match else request.path_info
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.note_person_readings(%s::bigint[], %s, %s::bigint)", [keys, screen[:80], file]
        )


def people_in(applications: Iterable[Accreditation]) -> set[int | None]:
    """The keys of the people that these applications, loaded with their observers, are about."""
    return {row.observer.person_id if row.observer else row.media_person_id for row in applications}


# Columns that point to a person, by table: in words, they are a name.
_POINTERS = {Observer._meta.db_table: "person_id", Accreditation._meta.db_table: "media_person_id"}


def people_in_history(rows: Iterable[ChangedRow]) -> set[int | None]:
    """The keys of the people whose data these entries of the history show to whoever may see people."""
    found: set[int | None] = set()
    decided: set[int] = set()
    at_once: set[int] = set()
    for row in rows:
        if row.table_name == Accreditation._meta.db_table:
            decided.add(int(row.key))
        elif row.table_name == AccreditationChange._meta.db_table:
            decided |= {side["accreditation_id"] for side in (row.before, row.after) if side}
        elif row.table_name == BulkDecision._meta.db_table:
            at_once.add(int(row.key))
        if row.table_name == Person._meta.db_table:
            found.add(int(row.key))
        elif column := _POINTERS.get(row.table_name):
            found |= {(side or {}).get(column) for side in (row.before, row.after)}
    # The reason of a decision is about whom the application is about, observers as well.
    if at_once:
        told = BulkDecisionRow.objects.filter(decision__in=at_once)
        decided |= set(told.values_list("accreditation", flat=True))
    return found | people_in(Accreditation.objects.filter(pk__in=decided).select_related("observer"))
