"""The election day of a demonstration, planned: the same list of events for the same register and seed.

Pure: no database, no clock, no network. `demonstration.py` reads the register and plays what is planned here.
Each deployment draws its luck from its own random stream, so that one more or less of them moves no other's.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from random import Random
from typing import Any

# How long before the first opening the day begins.
LEAD = timedelta(minutes=45)
FINDINGS = "Invented for demonstration."
# Category of an incident: what the team writes, and what is published of it.
INCIDENTS = {
    "access": ("the team waited at the door", "Observers were let in with a delay."),
    "voter_list": ("two lines of the list were doubled", "Doubled lines were found in a voter list."),
    "secrecy": ("booths stood side by side without a screen", "The secrecy of the vote was not ensured for a time."),
    "procedure": ("the box was sealed after the first ballot", "A ballot box was sealed late."),
    "materials": ("ballots ran short before noon", "Ballots ran short; more were brought."),
    "count": ("the protocol was not hung up", "The protocol of the count was not displayed at first."),
}  # fmt: skip
DISMISSED_BECAUSE = "Invented: a second team saw nothing of it."


class Kind(StrEnum):
    """What happens. In this order where two events fall on one instant."""

    CANCEL = "cancel"
    CONFIRM = "confirm"
    CALL_OFF = "call_off"
    OPEN = "open"
    ARRIVE = "arrive"
    DRAFT = "draft"
    SUBMIT = "submit"
    REPORT = "report"
    CHECK = "check"
    ADMIT = "admit"
    DISMISS = "dismiss"
    PUBLISH = "publish"
    REOPEN = "reopen"
    CORRECT = "correct"
    VERIFY = "verify"
    CLOSE = "close"


# Only told, not written: nothing in the register changes.
TOLD = (Kind.OPEN, Kind.ARRIVE, Kind.CLOSE)
ORDER = {kind: f"{number:02}" for number, kind in enumerate(Kind)}


@dataclass(frozen=True)
class Station:
    """A polling station with hours; `name` is what the lines call it. Equal `area`: near each other, at home."""

    key: str
    name: str
    zone: str
    windows: tuple[tuple[datetime, datetime], ...]
    group: str
    area: str = ""


@dataclass(frozen=True)
class Team:
    """A team and the scale of its mission: (ordinal, polarity), in order."""

    key: str
    name: str
    scale: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Slot:
    """A deployment: where a team is planned to be, and when."""

    key: str
    team: str
    station: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class World:
    """The register as far as the day needs it, by keys that are the same in every database."""

    stations: Mapping[str, Station]
    teams: Mapping[str, Team]
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class Event:
    """One thing that happens at the instant `at`, told on the clock of `zone`.

    `key` names the visit, incident, deployment or station it happens to; `data` holds what the action needs.
    """

    at: datetime
    zone: str
    kind: Kind
    key: str
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """The event's place in the day as a text: later events have greater ones, and no two have the same."""
        return f"{self.at:%Y-%m-%dT%H:%M:%S} {ORDER[self.kind]} {self.key}"


def plan_day(world: World, seed: int) -> list[Event]:
    """Everything that happens on the election day of `world`, in order; the same for the same `seed`."""
    openings = [opens for station in world.stations.values() for opens, _closes in station.windows]
    if not openings:
        return []
    begin = min(openings) - LEAD
    cancellation = list(_cancellation(world, seed))
    cancelled = {event.key for event in cancellation}
    events = [*_hours(world), *cancellation]
    for slot in world.slots:
        events += _slot(world, slot, Random(f"{seed} {slot.key}"))  # noqa: S311 - a play, not a secret
    events += _unplanned(world, seed, cancelled)
    # What would be before the day begins, begins it.
    moved = [
        event
        if event.at >= begin
        else Event(begin, event.zone, event.kind, event.key, event.text, event.data)
        for event in events
    ]
    return sorted(moved, key=lambda event: event.place)


def _minutes(random: Random, least: int, most: int) -> timedelta:
    return timedelta(minutes=random.randint(least, most))


def _hours(world: World) -> Iterator[Event]:
    """Stations opening and closing, those of one zone and instant together."""
    groups: dict[tuple[datetime, Kind, str], list[Station]] = defaultdict(list)
    for _key, station in sorted(world.stations.items()):
        for opens, closes in station.windows:
            groups[opens, Kind.OPEN, station.zone].append(station)
            groups[closes, Kind.CLOSE, station.zone].append(station)
    verbs = {Kind.OPEN: ("opens", "open"), Kind.CLOSE: ("closes", "close")}
    for (at, kind, zone), stations in groups.items():
        one, many = verbs[kind]
        text = (
            f"{stations[0].name} {one}"
            if len(stations) == 1
            else f"{len(stations)} stations {many} in {zone}"
        )
        yield Event(at, zone, kind, zone, text)


def _cancellation(world: World, seed: int) -> Iterator[Event]:
    """One station where nobody is planned is cancelled shortly before it opens; its neighbours remain."""
    random = Random(f"{seed} cancellation")  # noqa: S311
    planned = {slot.station for slot in world.slots}
    groups: dict[str, int] = defaultdict(int)
    for station in world.stations.values():
        groups[station.group] += 1
    free = [
        station
        for key, station in sorted(world.stations.items())
        if key not in planned and station.windows and groups[station.group] > 1
    ]
    if free:
        station = random.choice(free)
        at = station.windows[0][0] - _minutes(random, 20, 90)
        yield Event(at, station.zone, Kind.CANCEL, station.key, f"{station.name} is cancelled")


def _slot(world: World, slot: Slot, random: Random) -> Iterator[Event]:
    """What becomes of a deployment: called off, nobody comes, or one or two visits."""
    team, station = world.teams[slot.team], world.stations.get(slot.station)
    if station is None or not station.windows:
        return
    luck = random.random()
    if luck < 0.06:
        at = slot.starts_at - _minutes(random, 30, 120)
        yield Event(
            at,
            station.zone,
            Kind.CALL_OFF,
            slot.key,
            f"{team.name} will not go to {station.name}: called off",
        )
        return
    if random.random() < 0.5:
        at = slot.starts_at - _minutes(random, 40, 90)
        yield Event(at, station.zone, Kind.CONFIRM, slot.key, f"{team.name} confirms {station.name}")
    if luck < 0.1:
        return  # planned, and nobody came
    arrival = slot.starts_at + _minutes(random, 0, 12)
    opens = next((o for o, _c in station.windows if slot.starts_at <= o < slot.ends_at), None)
    closes = next((c for _o, c in station.windows if slot.starts_at < c <= slot.ends_at), None)
    if opens:
        stays = [("opening", arrival, max(opens, arrival) + _minutes(random, 15, 40))]
    elif closes:
        left = closes + _minutes(random, 5, 15)
        stays = [("closing", arrival, left)]
        last = max(c for _o, c in station.windows)  # of several voting days, only the last ends with a count
        if closes == last and slot.ends_at - closes >= timedelta(minutes=45):
            stays.append(("counting", left + timedelta(minutes=1), left + _minutes(random, 45, 100)))
    else:
        stays = [("voting", arrival, arrival + _minutes(random, 20, 45))]
    for phase, arrived, departed in stays:
        yield from _visit(team, station, f"{slot.key} {phase}", (phase, arrived, departed), random)


def _unplanned(world: World, seed: int, cancelled: Collection[str]) -> Iterator[Event]:
    """Mobile teams with time between two slots look in at a station near by, planned or not."""
    by_team: dict[str, list[Slot]] = defaultdict(list)
    for slot in sorted(world.slots, key=lambda slot: (slot.team, slot.starts_at)):
        by_team[slot.team].append(slot)
    for key, slots in by_team.items():
        random = Random(f"{seed} unplanned {key}")  # noqa: S311
        for before, after in pairwise(slots):
            here = world.stations.get(before.station)
            if here is None or not here.area or after.starts_at - before.ends_at < timedelta(minutes=70):
                continue
            own = {slot.station for slot in slots}
            elsewhere = own.union(cancelled)
            near = [
                station
                for other, station in sorted(world.stations.items())
                if station.area == here.area and other not in elsewhere
            ]
            if len(own) < 2 or not near or random.random() > 0.4:
                continue
            station = random.choice(near)
            arrived = before.ends_at + _minutes(random, 12, 20)
            departed = arrived + _minutes(random, 20, 35)
            if any(opens <= arrived < closes for opens, closes in station.windows):
                visit = f"{key} unplanned {before.key}"
                yield from _visit(world.teams[key], station, visit, ("voting", arrived, departed), random)


def _visit(
    team: Team, station: Station, key: str, stay: tuple[str, datetime, datetime], random: Random
) -> Iterator[Event]:
    """A visit from arrival to verification, with what may go wrong on the way."""
    phase, arrived, departed = stay
    where = f"{team.name} at {station.name}"

    def event(at: datetime, kind: Kind, text: str, /, **data: Any) -> Event:
        return Event(at, station.zone, kind, key, f"{where}: {text}", data)

    yield event(arrived, Kind.ARRIVE, f"arrives, {phase}")
    assessment = _assess(team, random)
    at_once = random.random() < 0.2
    written = departed + _minutes(random, 1, 8)
    yield event(
        written,
        Kind.DRAFT,
        f"visit recorded, {phase}" if at_once else f"draft of a visit, {phase}",
        team=team.key,
        station=station.key,
        phase=phase,
        arrived_at=arrived,
        departed_at=departed,
        assessment=assessment,
        submit=at_once,
    )
    submitted = written
    if not at_once:
        late = random.random() < 0.15
        submitted += _minutes(random, 90, 240) if late else _minutes(random, 2, 25)
        yield event(submitted, Kind.SUBMIT, "submitted late" if late else "submitted")
    verified = submitted + _minutes(random, 15, 90)
    mended = random.random()
    if mended < 0.04:
        reopened = submitted + _minutes(random, 5, 12)
        again = reopened + _minutes(random, 4, 20)
        yield event(reopened, Kind.REOPEN, "taken back to a draft")
        yield event(
            again - timedelta(minutes=2),
            Kind.CORRECT,
            "assessment corrected",
            assessment=_assess(team, random),
        )
        yield event(again, Kind.SUBMIT, "submitted again")
        verified = again + _minutes(random, 15, 60)
    elif mended < 0.12:
        corrected = verified + _minutes(random, 5, 30)
        change = departed + _minutes(random, 2, 10)
        yield event(corrected, Kind.CORRECT, "departure corrected", departed_at=change)
        if random.random() < 0.5:
            yield event(corrected + _minutes(random, 5, 30), Kind.VERIFY, "verified")
    if random.random() < 0.6:
        yield event(verified, Kind.VERIFY, "verified")
    if random.random() < 0.09:
        yield from _incident(team, station, key, arrived, departed, random)


def _assess(team: Team, random: Random) -> int | None:
    """A step of the mission's scale, good ones more often; sometimes none."""
    if not team.scale or random.random() < 0.08:
        return None
    weights = [{"positive": 6, "neutral": 2}.get(polarity, 1) for _ordinal, polarity in team.scale]
    return random.choices([ordinal for ordinal, _polarity in team.scale], weights)[0]


def _incident(
    team: Team, station: Station, key: str, arrived: datetime, departed: datetime, random: Random
) -> Iterator[Event]:
    """An incident from the report to its publication or dismissal."""
    category = random.choice(sorted(INCIDENTS))
    severity = random.choices(["minor", "serious", "grave"], [6, 3, 1])[0]
    seen, summary = INCIDENTS[category]
    where = f"Incident at {station.name}"

    def event(at: datetime, kind: Kind, text: str, /, **data: Any) -> Event:
        return Event(at, station.zone, kind, key, f"{where}: {text}", data)

    occurred = arrived + (departed - arrived) / 2
    at = departed + _minutes(random, 2, 10)
    yield event(
        at,
        Kind.REPORT,
        f"{category}, {severity}, reported by {team.name}",
        team=team.key,
        station=station.key,
        category=category,
        severity=severity,
        occurred_at=occurred.replace(second=0, microsecond=0),
        description=f"Invented for demonstration: {seen}.",
    )
    at += _minutes(random, 5, 40)
    yield event(at, Kind.CHECK, "being checked")
    at += _minutes(random, 20, 90)
    if random.random() < 0.3:
        yield event(at, Kind.DISMISS, "dismissed", reason=DISMISSED_BECAUSE)
        return
    yield event(at, Kind.ADMIT, "confirmed")
    if random.random() < 0.8:
        at += _minutes(random, 5, 30)
        yield event(at, Kind.PUBLISH, "published", summary=f"{summary} (Invented for demonstration.)")
