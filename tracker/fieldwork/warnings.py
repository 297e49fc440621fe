"""What a planner should know before a team is sent somewhere: clashes, and ways that nobody can travel in the time.

Nothing here refuses: a warning is shown, read, and the plan is saved all the same if somebody says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tracker.core.timezones import format_offset, great_circle_km, offset_at, to_local
from tracker.fieldwork.models import Deployment, Team
from tracker.stations.models import PollingStation

# Assumed of every journey, measured along the great circle between the two stations: up to this distance people
# drive, beyond it they fly and lose the hours before and after the flight.
ROAD_KM, ROAD_KM_PER_HOUR = 300.0, 90.0
AIR_KM_PER_HOUR, AIR_EXTRA = 700.0, timedelta(hours=3)


@dataclass(frozen=True)
class Warning:
    """One thing to think about: `kind` is "team", "members" or "travel", `text` a sentence for the planner."""

    kind: str
    text: str


def planning_warnings(
    team: Team,
    starts_at: datetime,
    ends_at: datetime,
    station: PollingStation,
    *,
    besides: Deployment | None = None,
) -> list[Warning]:
    """Every warning about sending `team` to `station` in this slot. `besides` is the plan that is being changed."""
    return [
        *clashes(team, starts_at, ends_at, station, besides=besides),
        *impossible_travel(team, starts_at, ends_at, station, besides=besides),
    ]


def fingerprint(warnings: Sequence[Warning]) -> str:
    """Stands for exactly these warnings: whoever agreed to them has not agreed to others."""
    return (
        sha256("\n".join(warning.text for warning in warnings).encode()).hexdigest()[:16] if warnings else ""
    )


def clashes(
    team: Team,
    starts_at: datetime,
    ends_at: datetime,
    station: PollingStation,
    *,
    besides: Deployment | None = None,
) -> list[Warning]:
    """Live plans at an overlapping time of the same team, and of teams that share a member with it. Two queries."""
    overlapping = _others(besides).filter(starts_at__lt=ends_at, ends_at__gt=starts_at)
    found = []
    for plan in overlapping.filter(team=team):
        if plan.station_id == station.pk:
            words = _("%(team)s is already planned at this station: %(slot)s.")
        else:
            words = _("%(team)s is planned at another station at this time: %(place)s, %(slot)s.")
        found.append(Warning("team", words % _named(plan)))
    members = {member.pk: member.code for member in team.members.all()}
    shared = (
        overlapping.filter(team__members__in=members)
        .exclude(team=team)
        .order_by("starts_at", "id", "team__members__code")
        .values_list("pk", "team__members")
    )
    codes: dict[int, list[str]] = {}
    for plan_id, member_id in shared:
        codes.setdefault(plan_id, []).append(members[member_id])
    plans = overlapping.in_bulk(list(codes)) if codes else {}
    for plan_id, names in codes.items():
        plan = plans[plan_id]
        if plan.station_id == station.pk:
            continue  # two teams with one member at one station: they are together
        words = _("%(codes)s also belongs to %(team)s, planned at this time at %(place)s, %(slot)s.")
        found.append(Warning("members", words % (_named(plan) | {"codes": ", ".join(names)})))
    return found


def impossible_travel(
    team: Team,
    starts_at: datetime,
    ends_at: datetime,
    station: PollingStation,
    *,
    besides: Deployment | None = None,
) -> list[Warning]:
    """The plan of `team` before and after this slot, where the way between cannot be made in the time between.

    Only between stations whose coordinates are known. Two queries.
    """
    own = _others(besides).filter(team=team)
    before = own.filter(ends_at__lte=starts_at).order_by("-ends_at", "-id").first()
    after = own.filter(starts_at__gte=ends_at).order_by("starts_at", "id").first()
    found = []
    for plan, time in (
        (before, starts_at - before.ends_at if before else None),
        (after, after.starts_at - ends_at if after else None),
    ):
        kilometres = distance_km(plan.station, station) if plan else None
        if plan is None or time is None or kilometres is None:
            continue
        needed = travel_time(kilometres)
        if needed <= time:
            continue
        words = (
            _(
                "%(team)s comes from %(place)s (%(slot)s), %(km)d km away: "
                "about %(needed)s on the way (%(how)s), but only %(time)s between the slots."
            )
            if plan is before
            else _(
                "%(team)s goes on to %(place)s (%(slot)s), %(km)d km away: "
                "about %(needed)s on the way (%(how)s), but only %(time)s between the slots."
            )
        )
        named = _named(plan) | {
            "km": round(kilometres),
            "needed": _duration(needed),
            "time": _duration(time),
            "how": assumption(kilometres),
        }
        found.append(Warning("travel", words % named))
    return found


def distance_km(here: PollingStation, there: PollingStation) -> float | None:
    """The great-circle distance of two stations, or None where the coordinates of one are not known."""
    places = [(station.latitude, station.longitude) for station in (here, there)]
    known = [(float(lat), float(lon)) for lat, lon in places if lat is not None and lon is not None]
    return great_circle_km(*known) if len(known) == 2 else None


def travel_time(kilometres: float) -> timedelta:
    """How long a team needs at least, by the assumption above."""
    if kilometres <= ROAD_KM:
        return timedelta(hours=kilometres / ROAD_KM_PER_HOUR)
    return AIR_EXTRA + timedelta(hours=kilometres / AIR_KM_PER_HOUR)


def assumption(kilometres: float) -> str:
    """What `travel_time` assumes of a way of this length, in words."""
    if kilometres <= ROAD_KM:
        return _("by road at %(speed)d km/h") % {"speed": ROAD_KM_PER_HOUR}
    words = _("by air at %(speed)d km/h and %(hours)d h at the airports")
    return words % {"speed": AIR_KM_PER_HOUR, "hours": AIR_EXTRA.total_seconds() / 3600}


def describe_slot(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """A slot on the station's clock: "7 Feb 08:00–10:00 (UTC+06:00)"."""
    first, last = to_local(starts_at, zone), to_local(ends_at, zone)
    end = f"{last:%H:%M}" if first.date() == last.date() else date_format(last, "j M H:i")
    return f"{date_format(first, 'j M H:i')}–{end} ({format_offset(offset_at(starts_at, zone))})"


def _others(besides: Deployment | None) -> QuerySet[Deployment]:
    """Live plans other than the one that is being changed."""
    plans = Deployment.objects.live().select_related(
        "station__country", "station__timezone", "team__mission__organization"
    )
    return plans.exclude(pk=besides.pk) if besides and besides.pk else plans


def _named(plan: Deployment) -> dict[str, Any]:
    return {
        "team": plan.team,
        "place": f"{plan.station}, {plan.station.country}",
        "slot": describe_slot(plan.starts_at, plan.ends_at, plan.station.timezone_id),
    }


def _duration(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    return f"{minutes // 60} h {minutes % 60:02} min"
