"""The demonstration in the register: its field work entered, its day played event by event, and taken away again.

Everything goes through the actions that people use. Nothing here touches an election that is no demonstration.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import transaction

from tracker.core.models import User
from tracker.core.timezones import to_local, to_utc
from tracker.coverage.nudges import nudge
from tracker.elections.models import Constituency, Election, SimulatedDay
from tracker.fieldwork import actions, incidents
from tracker.fieldwork.models import Assessment, Deployment, Incident, IncidentChange, Team, Visit
from tracker.ingest.loading import load_folder
from tracker.missions.actions import accredit, apply_for_observer, refuse, withdraw
from tracker.missions.models import Accreditation, Mission, Observer
from tracker.staff import simulation
from tracker.staff.simulation import TOLD, Event, Kind, Slot, World
from tracker.stations.actions import cancel_station, restore_station
from tracker.stations.models import PollingStation

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "demo"
SLUG = "demo"
USERNAME = "demonstration"


class NotADemonstration(Exception):
    """The election is a real one: nothing may be invented for it."""


class OtherDay(Exception):
    """The day in the register is not the one that is played: another seed, or taken away meanwhile."""


def require_demonstration(election: Election) -> None:
    """Raise NotADemonstration unless the register itself says now that `election` is one."""
    if not Election.objects.filter(pk=election.pk, demonstration=True).exists():
        raise NotADemonstration(
            f"{election.slug} is no demonstration. Visits are never invented for a real election."
        )


def simulated_staff() -> User:
    """The account in whose name the demonstration is entered and played; nobody can sign in with it."""
    user, created = User.objects.get_or_create(username=USERNAME, defaults={"is_active": False})
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


# --- loading ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def load_demonstration(folder: Path = FOLDER) -> dict[str, int]:
    """Load the files of the demonstration and enter its field work as far as it is not there; what was entered."""
    load_folder(folder=folder)
    election = Election.objects.get(slug=SLUG)
    require_demonstration(election)
    entry = _Entry(election, folder / "field", simulated_staff())
    return {
        "assessments": entry.assessments(),
        "observers": entry.observers(),
        "teams": entry.teams(),
        "deployments": entry.deployments(),
    }


class _Entry:
    """The files in `field/`, entered row by row. Rows whose mission, team or station is gone are left out."""

    def __init__(self, election: Election, folder: Path, by: User) -> None:
        self.election, self.folder, self.by = election, folder, by
        missions = Mission.objects.filter(election=election).select_related("organization", "election")
        self.missions = {mission.organization.short_name: mission for mission in missions}

    def _rows(self, name: str) -> list[tuple[Mission, dict[str, str]]]:
        with (self.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return [(self.missions[row["mission"]], row) for row in rows if row["mission"] in self.missions]

    def _moment(self, day: str, hour: int) -> datetime:
        return to_utc(date.fromisoformat(day), time(hour), self.election.timezone_id)

    def assessments(self) -> int:
        scales = set(
            Assessment.objects.filter(mission__election=self.election).values_list("mission", flat=True)
        )
        rows = [
            Assessment(mission=mission, ordinal=row["ordinal"], label=row["label"], polarity=row["polarity"])
            for mission, row in self._rows("assessments")
            if mission.pk not in scales
        ]
        return len(Assessment.objects.bulk_create(rows))

    def observers(self) -> int:
        known = set(Observer.objects.filter(mission__election=self.election).values_list("mission", "code"))
        entered = 0
        for mission, row in self._rows("observers"):
            if (mission.pk, row["code"]) in known:
                continue
            # A code and no person: nobody is invented.
            observer = Observer.objects.create(mission=mission, code=row["code"], role=row["role"])
            application = apply_for_observer(
                by=self.by, observer=observer, at=self._moment(row["applied_on"], 10)
            )
            if row["decision"]:
                self._decide(application, row)
            entered += 1
        return entered

    def _decide(self, application: Accreditation, row: dict[str, str]) -> None:
        at = self._moment(row["decided_on"], 16)
        if row["decision"] == "accredited":
            accredit(
                by=self.by,
                accreditation=application,
                valid_from=date.fromisoformat(row["decided_on"]),
                valid_until=self.election.ends_on,
                at=at,
            )
        elif row["decision"] == "refused":
            refuse(by=self.by, accreditation=application, reason=row["reason"], at=at)
        else:
            withdraw(by=self.by, accreditation=application, reason=row["reason"], at=at)

    def teams(self) -> int:
        known = set(Team.objects.filter(mission__election=self.election).values_list("mission", "name"))
        constituencies = {row.number: row for row in Constituency.objects.filter(election=self.election)}
        entered = 0
        for mission, row in self._rows("teams"):
            if (mission.pk, row["name"]) in known:
                continue
            members = Observer.objects.filter(mission=mission, code__in=row["members"].split("; "))
            if len(members) < 2:
                continue
            team = actions.create_team(
                by=self.by,
                mission=mission,
                name=row["name"],
                kind=row["kind"],
                members=list(members),
                area=row["area"],
                area_constituency=constituencies.get(row["area_constituency"]),
            )
            if row["area_country_iso2"]:
                Team.objects.filter(pk=team.pk).update(area_country=row["area_country_iso2"])
            entered += 1
        return entered

    def deployments(self) -> int:
        planned = Deployment.objects.filter(election=self.election)
        known = set(planned.values_list("team", "station", "starts_at"))
        stations = {row.number: row for row in PollingStation.objects.filter(election=self.election)}
        teams = {
            (team.mission_id, team.name): team
            for team in Team.objects.filter(mission__election=self.election).select_related(
                "mission__election"
            )
        }
        entered = 0
        for mission, row in self._rows("deployments"):
            team, station = teams.get((mission.pk, row["team"])), stations.get(row["station"])
            if team is None or station is None:
                continue
            day = date.fromisoformat(row["date"])
            starts, ends = (
                to_utc(day, time.fromisoformat(row[name]), station.timezone_id)
                for name in ("from_local", "until_local")
            )
            if (team.pk, station.pk, starts) not in known:
                actions.plan_deployment(
                    by=self.by, team=team, station=station, starts_at=starts, ends_at=ends
                )
                entered += 1
        return entered


# --- the register as the plan needs it --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Register:
    """The world of a demonstration, and the rows behind its keys."""

    world: World
    stations: Mapping[str, int]
    teams: Mapping[str, int]
    slots: Mapping[str, int]


def read_register(election: Election) -> Register:
    """The stations, teams and deployments of the demonstration, whatever became of them since.

    Cancelled stations and deployments called off are in it: the plan of a day that has begun must not change.
    """
    require_demonstration(election)
    stations = (
        PollingStation.objects.filter(election=election)
        .select_related("constituency")
        .prefetch_related("windows")
        .order_by("pk")
    )
    scales: dict[int, tuple[tuple[int, str], ...]] = {}
    for step in Assessment.objects.filter(mission__election=election).order_by("ordinal"):
        scales[step.mission_id] = (*scales.get(step.mission_id, ()), (step.ordinal, step.polarity))
    teams = Team.objects.filter(mission__election=election).select_related("mission__organization")
    station_keys, team_keys = {row.pk: _station_key(row) for row in stations}, {}
    world_teams = {}
    for team in teams.order_by("pk"):
        key = f"{team.mission.organization.slug}/{team.mission.type}/{team.name}"
        team_keys[team.pk] = key
        world_teams[key] = simulation.Team(key, str(team), scales.get(team.mission_id, ()))
    slots, slot_rows = [], {}
    for row in Deployment.objects.filter(election=election).order_by("pk"):
        team_key, station_key = team_keys[row.team_id], station_keys[row.station_id]
        key = f"{team_key} {station_key} {row.starts_at:%Y-%m-%dT%H:%M}"
        if key not in slot_rows:  # of one slot called off and planned anew, the first
            slots.append(Slot(key, team_key, station_key, row.starts_at, row.ends_at))
        slot_rows[key] = row.pk  # and the last of its rows
    world = World(
        stations={station_keys[row.pk]: _world_station(row) for row in stations},
        teams=world_teams,
        slots=tuple(sorted(slots, key=lambda slot: (slot.starts_at, slot.key))),
    )
    return Register(
        world,
        stations={key: pk for pk, key in station_keys.items()},
        teams={key: pk for pk, key in team_keys.items()},
        slots=slot_rows,
    )


def _station_key(station: PollingStation) -> str:
    constituency = station.constituency.number if station.constituency else ""
    return f"{station.country_id}/{station.city}/{station.host_mission}/{constituency}/{station.number}"


def _world_station(station: PollingStation) -> simulation.Station:
    home = station.setting == PollingStation.Setting.DOMESTIC
    constituency = station.constituency.number if station.constituency else ""
    return simulation.Station(
        key=_station_key(station),
        name=str(station),
        zone=station.timezone_id,
        windows=tuple(sorted((window.opens_at, window.closes_at) for window in station.windows.all())),
        group=constituency if home else station.country_id,
        area=constituency if home else "",
    )


# --- playing ----------------------------------------------------------------------------------------------------------


def begin_day(election: Election, *, seed: int, now: datetime) -> SimulatedDay:
    """The day in progress or, if there is none, a new one that begins at `now`. Raises OtherDay."""
    require_demonstration(election)
    day, _created = SimulatedDay.objects.get_or_create(election=election, defaults={"seed": seed, "now": now})
    if day.seed != seed:
        raise OtherDay(
            f"A day with seed {day.seed} is in progress; go on with it, or begin anew with --reset."
        )
    return day


def move_clock(election: Election, now: datetime) -> None:
    """Move the clock of the demonstration on to `now`; never back."""
    SimulatedDay.objects.filter(election=election, now__lt=now).update(now=now)


def play(election: Election, register: Register, event: Event, *, seed: int, by: User) -> str | None:
    """Let `event` happen, once: what there is to say about it besides its text, or None if it was played before.

    One transaction, in which the day notes the event. Raises OtherDay if the day is no longer this one.
    """
    with transaction.atomic():
        # The day's row makes two players wait for each other; the real election can have none.
        day = SimulatedDay.objects.select_for_update(of=("self",)).filter(
            election=election, election__demonstration=True
        )
        found = day.first()
        if found is None or found.seed != seed:
            require_demonstration(election)
            raise OtherDay("The day was taken away, or begun anew, by somebody else.")
        if event.place <= found.last_event:
            return None
        said = ""
        if event.kind not in TOLD:
            try:
                with transaction.atomic():
                    _ACTS[event.kind](_Stage(election, register, seed, by), event)
            except (ValidationError, ObjectDoesNotExist) as refused:
                # Somebody did something else in the register meanwhile; their word counts.
                said = " ".join(getattr(refused, "messages", None) or [str(refused)])
        found.last_event, found.now = event.place, max(found.now, event.at)
        found.save(update_fields=["last_event", "now"])
    if event.kind not in TOLD:
        nudge()
    return said


@dataclass(frozen=True)
class _Stage:
    """What an act needs besides its event."""

    election: Election
    register: Register
    seed: int
    by: User

    def key(self, thing: str) -> UUID:
        """The submission key of a visit or incident: the same for the same election, seed and plan."""
        return uuid5(NAMESPACE_URL, f"tracker:{self.election.slug}:{self.seed}:{thing}")

    def station(self, event: Event) -> PollingStation:
        station = PollingStation.objects.get(pk=self.register.stations[event.data["station"]])
        if station.status == PollingStation.Status.CANCELLED:
            raise ValidationError("The station is cancelled.")
        return station

    def team(self, event: Event) -> Team:
        return Team.objects.select_related("mission__organization", "mission__election").get(
            pk=self.register.teams[event.data["team"]]
        )

    def visit(self, event: Event) -> Visit:
        visit = Visit.objects.select_related("mission").filter(submission_key=self.key(event.key)).first()
        if visit is None:
            raise ValidationError("The visit is not in the register.")
        return visit

    def incident(self, event: Event) -> Incident:
        incident = Incident.objects.filter(submission_key=self.key(f"incident {event.key}")).first()
        if incident is None:
            raise ValidationError("The incident is not in the register.")
        return incident

    def deployment(self, event: Event) -> Deployment:
        return Deployment.objects.get(pk=self.register.slots[event.key])

    def assessment(self, mission: int, ordinal: int | None) -> Assessment | None:
        return Assessment.objects.filter(mission=mission, ordinal=ordinal).first() if ordinal else None


def _cancel(stage: _Stage, event: Event) -> None:
    cancel_station(by=stage.by, station=PollingStation.objects.get(pk=stage.register.stations[event.key]))


def _draft(stage: _Stage, event: Event) -> None:
    data, team = event.data, stage.team(event)
    actions.record_visit(
        by=stage.by,
        team=team,
        station=stage.station(event),
        phase=data["phase"],
        arrived_at=data["arrived_at"],
        departed_at=data["departed_at"],
        assessment=stage.assessment(team.mission_id, data["assessment"]),
        findings=simulation.FINDINGS,
        submission_key=stage.key(event.key),
        submit=data["submit"],
    )


def _correct(stage: _Stage, event: Event) -> None:
    visit, changes = stage.visit(event), dict(event.data)
    if "assessment" in changes:
        changes["assessment"] = stage.assessment(visit.mission_id, changes["assessment"])
    actions.correct_visit(by=stage.by, visit=visit, **changes)


def _report(stage: _Stage, event: Event) -> None:
    data = event.data
    incidents.report_incident(
        by=stage.by,
        election=stage.election,
        category=data["category"],
        severity=data["severity"],
        occurred_at=data["occurred_at"],
        description=data["description"],
        station=stage.station(event),
        team=stage.team(event),
        submission_key=stage.key(f"incident {event.key}"),
    )


def _move(to: str) -> Any:
    def move(stage: _Stage, event: Event) -> None:
        reason = event.data.get("reason", "")
        incidents.move_incident(by=stage.by, incident=stage.incident(event), to=to, reason=reason)

    return move


_ACTS: Mapping[Kind, Any] = {
    Kind.CANCEL: _cancel,
    Kind.CONFIRM: lambda s, e: actions.confirm_deployment(by=s.by, deployment=s.deployment(e)),
    Kind.CALL_OFF: lambda s, e: actions.call_off_deployment(by=s.by, deployment=s.deployment(e)),
    Kind.DRAFT: _draft,
    Kind.SUBMIT: lambda s, e: actions.submit_visit(by=s.by, visit=s.visit(e)),
    Kind.VERIFY: lambda s, e: actions.verify_visit(by=s.by, visit=s.visit(e)),
    Kind.REOPEN: lambda s, e: actions.reopen_visit(by=s.by, visit=s.visit(e)),
    Kind.CORRECT: _correct,
    Kind.REPORT: _report,
    Kind.CHECK: _move(Incident.Status.CHECKING),
    Kind.ADMIT: _move(Incident.Status.CONFIRMED),
    Kind.DISMISS: _move(Incident.Status.DISMISSED),
    Kind.PUBLISH: lambda s, e: incidents.publish_incident(
        by=s.by, incident=s.incident(e), summary=e.data["summary"]
    ),
}


# --- taking it away ---------------------------------------------------------------------------------------------------


def field_work(election: Election) -> dict[str, int]:
    """How many visits and incidents the demonstration has on record."""
    return {
        "visits": Visit.objects.filter(election=election).count(),
        "incidents": Incident.objects.filter(election=election).count(),
    }


@transaction.atomic
def reset_day(election: Election, *, by: User) -> None:
    """Take away the visits, incidents and clock of the demonstration; its deployments are planned again."""
    require_demonstration(election)
    day = SimulatedDay.objects.select_for_update().filter(election=election).first()
    Visit.objects.filter(election=election).delete()
    IncidentChange.objects.filter(incident__election=election).delete()
    Incident.objects.filter(election=election).delete()
    if day is not None:
        register = read_register(election)
        for event in simulation.plan_day(register.world, day.seed):
            if event.kind == Kind.CANCEL and event.place <= day.last_event:
                station = PollingStation.objects.get(pk=register.stations[event.key])
                if station.status == PollingStation.Status.CANCELLED:
                    restore_station(by=by, station=station)
        day.delete()
    seen: set[tuple[Any, ...]] = set()
    for row in Deployment.objects.filter(election=election).order_by("-pk"):
        slot = (row.team_id, row.station_id, row.starts_at)
        if slot not in seen and row.status != Deployment.Status.PLANNED:
            Deployment.objects.filter(pk=row.pk).update(status=Deployment.Status.PLANNED)
        seen.add(slot)


def local_line(event: Event) -> str:
    """An event as a line: the clock on the wall where it happens, UTC, and what happens."""
    local = to_local(event.at, event.zone)
    return f"{local:%a %d %b %H:%M} ({event.at:%H:%M} UTC)  {event.text}"
