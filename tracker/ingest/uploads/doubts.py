"""What in a file can be read and looks wrong all the same: said as warnings, as nobody but a person can tell."""

import json
from collections import Counter
from collections.abc import Mapping as AnyMapping
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
    with connection.cursor() as cursor:
        cursor.execute(_SHARED, {"upload": upload.pk, "election": upload.election_id, "named": NAMED})
        said = {number: _shared(number, *found) for number, *found in cursor.fetchall()}
        if said:
            cursor.execute(_WARN, [list(said), [json.dumps([words]) for words in said.values()], upload.pk])


def _shared(number: str, rows: list[int], in_file: int, cities: list[str], in_register: int) -> list[str]:
    """What a record keeps of the warning about a number: the first rows and cities that have it, and how many do."""
    sharing = []
    if in_file > 1:
        sharing.append(_("rows %(rows)s") % {"rows": _first(rows, in_file)})
    if in_register:
        sharing.append(_("in the register %(cities)s") % {"cities": _first(cities, in_register)})
    what = _(
        "is a number that several have: %(sharing)s. Without a constituency the place alone tells them apart."
    )
    mend = _("Name their constituencies, or make sure that country, city and host mission differ.")
    return ["number", number, what % {"sharing": "; ".join(sharing)}, mend, "warning"]


def _first(names: list[Any], number: int) -> str:
    listed = ", ".join(map(str, names))
    more = number - len(names)
    return _("%(listed)s and %(more)d more") % {"listed": listed, "more": more} if more else listed


_SHARED = """
    WITH said AS (
        SELECT row, object_id, values->>'number' AS number,
            action = 'new' AND COALESCE(values->>'constituency', '') = '' AS doubtful
        FROM ingest_uploadedrecord
        WHERE upload_id = %(upload)s AND kind = 'station' AND action NOT IN ('bad', 'missing')
            AND COALESCE(values->>'number', '') <> ''),
    doubtful AS (SELECT DISTINCT number FROM said WHERE doubtful),
    in_file AS (
        SELECT number, (array_agg(row ORDER BY row))[:%(named)s] AS rows, count(*) AS times
        FROM said JOIN doubtful USING (number) GROUP BY number),
    held AS (
        SELECT number, (array_agg(city ORDER BY city, id))[:%(named)s] AS cities, count(*) AS times
        FROM stations_pollingstation JOIN doubtful USING (number)
        WHERE election_id = %(election)s AND status <> 'cancelled'
            AND id NOT IN (SELECT object_id FROM said WHERE object_id IS NOT NULL)
        GROUP BY number)
    SELECT number, rows, in_file.times, COALESCE(cities, '{}'), COALESCE(held.times, 0)
    FROM in_file LEFT JOIN held USING (number) WHERE in_file.times > 1 OR held.times > 0"""
_WARN = """
    UPDATE ingest_uploadedrecord r SET problems = r.problems || w.said::jsonb
    FROM unnest(%s::text[], %s::text[]) AS w (number, said)
    WHERE r.upload_id = %s AND r.kind = 'station' AND r.action = 'new' AND r.values->>'number' = w.number
        AND COALESCE(r.values->>'constituency', '') = ''"""
