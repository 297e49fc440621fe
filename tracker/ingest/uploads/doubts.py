"""What in a file can be read and looks wrong all the same: said as warnings, as nobody but a person can tell."""

from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from tracker.ingest.mapping import Mapping
from tracker.ingest.models import Upload
from tracker.ingest.places import country_label, lies_in
from tracker.ingest.problems import Problem

AXES = ("latitude", "longitude")
NAMED = 4  # rows, and cities of the register, that a warning names; the rest are counted


class Positions:
    """Looks whether positions lie in their countries as they are written, or with latitude and longitude swapped.

    `counts`: rows whose position lies "inside", and "swapped" ones. Where a position lies in neither way it is of a
    place that the borders leave out, or the country is wrong: nothing is proposed.
    """

    def __init__(self, upload: Upload, mapping: Mapping) -> None:
        self.file = upload.name
        rules = [mapping.rules[axis] for axis in AXES if axis in mapping.rules]
        columns = [column for rule in rules for column in rule.columns]
        # What is filled from the city is right by itself.
        self.column = ", ".join(dict.fromkeys(columns))
        self.counts: Counter[str] = Counter()

    def look(self, number: int, row: AnyMapping[str, str]) -> Problem | None:
        """The warning about a row in the columns of our layout, if its position is swapped."""
        country = row.get("country_iso2", "")
        if not self.column or not country:
            return None
        try:
            latitude, longitude = (float(row.get(axis, "")) for axis in AXES)
        except ValueError:
            return None  # not given, or said where the layout is checked
        if lies_in(country, latitude, longitude):
            self.counts["inside"] += 1
            return None
        if not lies_in(country, longitude, latitude):
            return None
        self.counts["swapped"] += 1
        where = {"country": country_label(country), "swapped": f"{row['longitude']}, {row['latitude']}"}
        return Problem(
            self.file,
            _("lies outside %(country)s; with latitude and longitude swapped (%(swapped)s) it lies in it.")
            % where,
            _("Swap the two."),
            number,
            self.column,
            f"{row['latitude']}, {row['longitude']}",
            warning=True,
        )


def warn_of_shared_numbers(upload: Upload) -> None:
    """Warn of new stations whose number other rows or stations have, and whose constituency the file does not say.

    44 is Riga, Beijing and St. Petersburg: which of them a later file or a visit means is then told by the place alone.
    """
    words: dict[str, Any] = {
        "rows": _("rows %(rows)s"),
        "cities": _("in the register %(cities)s"),
        "more": _("%(listed)s and %(more)d more"),
        "what": _(
            "is a number that several have: %(sharing)s. Without a constituency the place alone tells them apart."
        ),
        "mend": _("Name their constituencies, or make sure that country, city and host mission differ."),
    }
    with connection.cursor() as cursor, hashed(cursor):
        # All in one statement: a file may share as many numbers as it has rows.
        cursor.execute(_WARN, {"upload": upload.pk, "election": upload.election_id, "named": NAMED} | words)


@contextmanager
def hashed(cursor: Any) -> Iterator[None]:
    """Within a transaction: compare sets in whole for as long as the block lasts, not row by row.

    The planner knows nothing yet of the rows that an upload has just written, and takes them for few.
    """
    cursor.execute("SET LOCAL enable_nestloop = off")
    yield
    cursor.execute("SET LOCAL enable_nestloop = on")


def _listed(names: str, times: str) -> str:
    """SQL for the first names, and how many more there are."""
    return (
        f"CASE WHEN {times} > cardinality({names}) THEN replace(replace(%(more)s, '%%(more)d',"
        f" ({times} - cardinality({names}))::text), '%%(listed)s', array_to_string({names}, ', '))"
        f" ELSE array_to_string({names}, ', ') END"
    )


_SAID = """
    SELECT id, row, object_id, values->>'number' AS number,
        action = 'new' AND COALESCE(values->>'constituency', '') = '' AS doubtful
    FROM ingest_uploadedrecord
    WHERE upload_id = %(upload)s AND kind = 'station' AND action NOT IN ('bad', 'missing')
        AND COALESCE(values->>'number', '') <> ''"""
_WARN = f"""
    WITH said AS ({_SAID}),
    doubtful AS (SELECT DISTINCT number FROM said WHERE doubtful),
    in_file AS (
        SELECT number, array_agg(row ORDER BY row) FILTER (WHERE place <= %(named)s) AS rows, count(*) AS times
        FROM (SELECT number, row, row_number() OVER (PARTITION BY number ORDER BY row) AS place
            FROM said JOIN doubtful USING (number)) s GROUP BY number),
    held AS (
        SELECT number, array_agg(city ORDER BY place) FILTER (WHERE place <= %(named)s) AS cities,
            count(*) AS times
        FROM (SELECT number, city, row_number() OVER (PARTITION BY number ORDER BY city, id) AS place
            FROM stations_pollingstation t JOIN doubtful USING (number)
            WHERE election_id = %(election)s AND status <> 'cancelled'
                AND NOT EXISTS (SELECT FROM said WHERE said.object_id = t.id)) s GROUP BY number),
    shared AS (
        SELECT number, concat_ws('; ',
            CASE WHEN in_file.times > 1
                THEN replace(%(rows)s, '%%(rows)s', {_listed("in_file.rows", "in_file.times")}) END,
            CASE WHEN held.times > 0
                THEN replace(%(cities)s, '%%(cities)s', {_listed("held.cities", "held.times")}) END) AS sharing
        FROM in_file LEFT JOIN held USING (number) WHERE in_file.times > 1 OR held.times > 0)
    UPDATE ingest_uploadedrecord r SET problems = r.problems || jsonb_build_array(jsonb_build_array(
        'number', shared.number, replace(%(what)s, '%%(sharing)s', shared.sharing), %(mend)s::text, 'warning'))
    FROM said JOIN shared USING (number) WHERE said.doubtful AND r.id = said.id"""  # noqa: S608
