"""What the sender of a file of field work may name in it: own missions with their teams and scales, visible stations.

Whatever else there is reads as if it did not exist, in the same words: a file is no way to ask what others have.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from tracker.core.models import User
from tracker.core.ownership import choosable
from tracker.elections.models import Election
from tracker.elections.queries import present_moment
from tracker.fieldwork.board import stations_of
from tracker.fieldwork.models import Assessment, Team
from tracker.ingest.columns import did_you_mean
from tracker.ingest.folding import fold
from tracker.ingest.reading import Row
from tracker.ingest.records.dataset import KEY_SEPARATOR, Dataset
from tracker.missions.models import Mission
from tracker.stations.models import PollingStation

MOST_NAMED = 5
# The cells of a row that say which station is meant.
PLACE = ("constituency_number", "number", "country_iso2", "city", "host_mission")


@dataclass(frozen=True)
class OwnMission:
    """A mission that rows may speak of: `teams` are names by their folded form, `scale` steps by ordinal."""

    pk: int
    name: str
    acronym: str
    type: str
    teams: dict[str, tuple[int, str]]
    scale: dict[int, str]

    @property
    def key(self) -> str:
        return f"{self.name}{KEY_SEPARATOR}{self.type}"


class Field:
    """Reads what rows refer to, for the account `by` and whoever may do `permission` ("fieldwork.add_visit")."""

    def __init__(self, election: Election, by: User | None, permission: str) -> None:
        self.election, self.by, self.permission = election, by, permission

    @cached_property
    def now(self) -> datetime:
        """The present moment of the election, which a demonstration has of its own."""
        return present_moment(self.election)

    @cached_property
    def missions(self) -> list[OwnMission]:
        """The missions of the election that the sender may write for; none without the permission."""
        if self.by is None or not self.by.has_perm(self.permission):
            return []
        rows = choosable(Mission.objects.filter(election=self.election), self.by, self.permission)
        found = list(rows.select_related("organization").order_by("pk"))
        teams: dict[int, dict[str, tuple[int, str]]] = defaultdict(dict)
        for pk, mission, name in Team.objects.filter(mission__in=found).values_list("pk", "mission", "name"):
            teams[mission][name] = (pk, name)
        scales: dict[int, dict[int, str]] = defaultdict(dict)
        for mission, ordinal, label in (
            Assessment.objects.filter(mission__in=found)
            .order_by("ordinal")
            .values_list("mission", "ordinal", "label")
        ):
            scales[mission][ordinal] = label
        return [
            OwnMission(
                row.pk,
                row.organization.name,
                row.organization.acronym,
                row.type,
                teams[row.pk],
                scales[row.pk],
            )
            for row in found
        ]

    def mission(self, dataset: Dataset, row: Row) -> OwnMission | None:
        """The mission of a row; None with a problem where it is none of the sender's, or one of several."""
        said, kind = row["mission"], row["mission_type"]
        if row.faulty & {"mission", "mission_type"}:
            return None
        named = [one for one in self.missions if not said or said in (one.name, one.acronym)]
        found = [one for one in named if not kind or one.type == kind]
        if len(found) == 1:
            return found[0]
        if found:
            column = "mission_type" if len({one.name for one in found}) == 1 else "mission"
            said_of = ", ".join(one.key for one in found[:MOST_NAMED])
            dataset.problem(
                row, column, _("leaves open which mission is meant."),
                _("Write one of: %(missions)s.") % {"missions": said_of},
            )  # fmt: skip
        elif named and said:
            types = ", ".join(sorted({one.type for one in named}))
            dataset.problem(
                row, "mission_type", _("is not a mission of %(name)s.") % {"name": named[0].name},
                _("Its missions are of type %(types)s.") % {"types": types},
            )  # fmt: skip
        else:
            names = sorted({one.name for one in self.missions})
            mend = (did_you_mean(said, names) if said else "") or _("Yours are: %(missions)s.") % {
                "missions": ", ".join(names[:MOST_NAMED])
            }
            if not names:
                mend = _("Your account works for no mission of this election.")
            column = "mission" if said or not kind else "mission_type"
            dataset.problem(row, column, _("is not a mission of yours in this election."), mend)
        return None

    def team(self, dataset: Dataset, row: Row, mission: OwnMission) -> tuple[int, str] | None:
        """Id and key of a row's team; None with a problem."""
        said = row["team"]
        if not said:
            return None
        found = mission.teams.get(said)
        if found is None:
            alike = [team for name, team in mission.teams.items() if fold(name) == fold(said)]
            found = alike[0] if len(alike) == 1 else None
        if found is None:
            mend = did_you_mean(said, mission.teams) or _("Enter the team first, or correct its name.")
            what = _("is not a team of %(mission)s.") % {"mission": mission.acronym or mission.name}
            dataset.problem(row, "team", what, mend)
            return None
        return found[0], f"{mission.key}{KEY_SEPARATOR}{found[1]}"

    def assessment(self, dataset: Dataset, row: Row, mission: OwnMission) -> str | None:
        """The key of the step of the mission's own scale; None for none, or with a problem."""
        said = row["assessment"]
        if not said:
            return None
        for ordinal, label in mission.scale.items():
            if said == str(ordinal) or fold(said) in (fold(label), fold(f"{ordinal}. {label}")):
                return f"{mission.key}{KEY_SEPARATOR}{ordinal}. {label}"
        steps = ", ".join(f"{ordinal}. {label}" for ordinal, label in mission.scale.items())
        mend = (
            _("Its steps are: %(steps)s.") % {"steps": steps}
            if steps
            else _("It has no scale yet: enter it first.")
        )
        name = mission.acronym or mission.name
        dataset.problem(row, "assessment", _("is not on the scale of %(mission)s.") % {"mission": name}, mend)
        return None

    def stations(self, rows: Iterable[Row]) -> "Stations":
        """The stations that these rows may mean, read in one query."""
        numbers = {row["number"] for row in rows if row["number"]}
        cities = {row["city"] for row in rows if row["city"] and not row["number"]}
        hosts = {
            row["host_mission"] for row in rows if row["host_mission"] and not (row["number"] or row["city"])
        }
        if self.by is None:
            return Stations([])
        wanted = Q(number__in=numbers) | Q(city__in=cities) | Q(host_mission__in=hosts)
        return Stations(stations_of(self.election, self.by).filter(wanted).order_by("pk"))


class Stations:
    """Finds the station that a row means among some."""

    def __init__(self, stations: Iterable[PollingStation]) -> None:
        self._by_number: dict[str, list[PollingStation]] = defaultdict(list)
        self._by_city: dict[str, list[PollingStation]] = defaultdict(list)
        self._by_host: dict[str, list[PollingStation]] = defaultdict(list)
        for station in stations:
            self._by_number[station.number].append(station)
            self._by_city[station.city].append(station)
            self._by_host[station.host_mission].append(station)

    def find(self, dataset: Dataset, row: Row) -> PollingStation | None:
        """The one station that every cell of the row fits; None with a problem.

        A station whose number nobody knows is found by its place, if it is the only one there. Two of them at one host
        mission cannot be told apart in a file.
        """
        if row.faulty & set(PLACE):
            return None
        number, city, host = row["number"], row["city"], row["host_mission"]
        near = (
            self._by_number[number] if number else self._by_city[city] if city else self._by_host[host or ""]
        )
        column = next((name for name in ("number", "city", "host_mission") if row[name]), "number")
        if not (number or city or host):
            dataset.problem(
                row, column, _("is empty, and so is the place."),
                _("Name the station by its number, or by country, city and host mission."),
            )  # fmt: skip
            return None
        found = [station for station in near if _fits(station, row)]
        if len(found) == 1:
            return found[0]
        if found:
            unknown = [station for station in found if not station.number]
            mend = _("Fill in more of: constituency_number, number, country_iso2, city, host_mission.")
            if len(unknown) > 1 and not number:
                mend = _("The numbers of several stations there are not known: enter this row by hand.")
            dataset.problem(row, column, _("fits several stations of this election."), mend)
        else:
            mend = _(
                "Compare number, constituency, country, city and host mission with the list of stations."
            )
            dataset.problem(row, column, _("fits no station of this election."), mend)
        return None


def _fits(station: PollingStation, row: Row) -> bool:
    constituency: Any = station.constituency
    held = {
        "constituency_number": constituency.number if constituency else "",
        "number": station.number,
        "country_iso2": station.country_id,
        "city": station.city,
        "host_mission": station.host_mission,
    }
    return all(not row[name] or fold(row[name]) == fold(held[name]) for name in PLACE)


def station_key(station: PollingStation) -> str:
    """The key by which records of a file refer to a station (uploads.keys)."""
    return f"{' '.join(filter(None, (station.city, station.number)))}{KEY_SEPARATOR}{station.pk}"
