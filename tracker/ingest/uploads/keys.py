"""What a record is referred to by in a file, and its id in the register: one definition for looking up and writing."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from tracker.core.models import Source
from tracker.elections.models import Constituency, Election
from tracker.fieldwork.models import Assessment, Team
from tracker.missions.models import Mission, Organization
from tracker.stations.models import PollingStation


def _of_mission(table: str, key: str) -> str:
    """The query for rows of `table` whose key is that of their mission and `key` of `t`."""
    return (
        f"SELECT t.id, o.name || ' | ' || m.type || ' | ' || {key} AS key FROM {table} t"  # noqa: S608 - ours
        " JOIN missions_mission m ON m.id = t.mission_id JOIN missions_organization o ON o.id = m.organization_id"
        " WHERE m.election_id = %(election)s"
    )


# Queries of (id, key), for one election where keys are its own.
TARGETS: dict[type[models.Model], str] = {
    # One of those of an address: that of the host state before an organization's own.
    Source: (
        "SELECT DISTINCT ON (url) id, url AS key FROM core_source WHERE url <> ''"
        " ORDER BY url, entered_for NULLS FIRST, id"
    ),
    Election: "SELECT id, slug AS key FROM elections_election WHERE id = %(election)s",
    Organization: "SELECT id, name AS key FROM missions_organization",
    Constituency: "SELECT id, number AS key FROM elections_constituency WHERE election_id = %(election)s",
    Mission: (
        "SELECT m.id, o.name || ' | ' || m.type AS key FROM missions_mission m"
        " JOIN missions_organization o ON o.id = m.organization_id WHERE m.election_id = %(election)s"
    ),
    Team: _of_mission("fieldwork_team", "t.name"),
    Assessment: _of_mission("fieldwork_assessment", "t.ordinal || '. ' || t.label"),
    # Its number may be unknown, and two stations of one embassy are then alike: the id tells them apart.
    PollingStation: (
        "SELECT id, concat_ws(' ', city, nullif(number, '')) || ' | ' || id AS key FROM stations_pollingstation"
        " WHERE election_id = %(election)s"
    ),
}
# The other way round each row has its name.
NAMED = TARGETS | {Source: "SELECT id, url AS key FROM core_source WHERE url <> ''"}
# More keys of one kind than this are forgotten again: files may name a page of its own in each row.
REMEMBERED = 20_000


@dataclass(frozen=True)
class Unborn:
    """A record that this file will bring; nothing in the register equals it yet."""

    key: str

    def __str__(self) -> str:
        return self.key


class Keys:
    """Looks up ids by key and keys by id, for one election."""

    def __init__(self, election: int) -> None:
        self._parameters = {"election": election}
        self._ids: dict[Any, dict[str, int | None]] = defaultdict(dict)

    def learn(self, model: type[models.Model], keys: Collection[str]) -> None:
        """Look up these keys, all in one query."""
        known = self._ids[model]
        if len(known) > REMEMBERED:
            known.clear()
        missing = [key for key in set(keys) if key not in known]
        if missing:
            with connection.cursor() as cursor:
                query = f"SELECT t.key, t.id FROM ({TARGETS[model]}) t WHERE t.key = ANY(%(keys)s)"  # noqa: S608
                cursor.execute(query, self._parameters | {"keys": missing})
                found = dict(cursor.fetchall())
            known.update({key: found.get(key) for key in missing})

    def id_of(self, model: type[models.Model], key: str) -> int | Unborn:
        """The id of the record with this key, or a mark that there is none yet."""
        if key not in self._ids[model]:
            self.learn(model, [key])
        found = self._ids[model][key]
        return Unborn(key) if found is None else found

    def names(self, model: type[models.Model], ids: Collection[int]) -> dict[int, str]:
        """The keys of records with these ids."""
        if not ids:
            return {}
        with connection.cursor() as cursor:
            query = f"SELECT t.id, t.key FROM ({NAMED[model]}) t WHERE t.id = ANY(%(ids)s)"  # noqa: S608
            cursor.execute(query, self._parameters | {"ids": list(ids)})
            return dict(cursor.fetchall())
