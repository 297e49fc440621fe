"""The coordinator's board: stations by slots of one day, plan beside what happened, those without a plan first.

For staff only: it names teams and shows drafts of the register. The public's coverage is in `coverage`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self

from django.core.paginator import Page, Paginator
from django.db import models
from django.db.models import (
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from tracker.core.models import Country, User
from tracker.core.timezones import offset_at, to_local
from tracker.elections.models import Election
from tracker.fieldwork.models import Deployment, Team, Visit
from tracker.missions.models import Mission
from tracker.stations.models import PollingStation, VotingWindow
from tracker.stations.queries import name_key, sort_countries

ROWS = 50
SLOT_HOURS = 2
# A team is late when it arrives more than this after its slot began.
GRACE = timedelta(minutes=30)
# A visit belongs to a plan of its team that begins no farther from it than this.
MATCHED = timedelta(hours=12)
# No clock on earth is farther from UTC.
FARTHEST = timedelta(hours=14)
# Without any hours on record: the usual day, from an hour before the opening to an hour after the closing.
USUAL_HOURS = (7, 20)
SEARCHED = (
    "number",
    "city",
    "host_mission",
    "address",
    *(f"country__name_{code}" for code in ("en", "az", "ru")),
)


class State(models.TextChoices):
    """What a station has, of the missions that are shown: the words of the filter and of each row."""

    NO_PLAN = "no_plan", _("no plan, no visit")
    PLANNED = "planned", _("planned, not visited")
    VISITED = "visited", _("visited")


class Outcome(models.TextChoices):
    """What became of a plan; UNPLANNED is a visit without one."""

    ON_TIME = "on_time", _("visited on time")
    LATE = "late", _("visited late")
    NOT_YET = "not_yet", _("not yet")
    MISSED = "missed", _("slot over, no visit")
    UNPLANNED = "unplanned", _("visit without a plan")


# A sign for each outcome: it is told by shape and word, not by colour alone.
SIGNS = {"on_time": "✓", "late": "◷", "not_yet": "○", "missed": "✗", "unplanned": "+"}


@dataclass(frozen=True)
class Asked:
    """What the coordinator wants to see; everything may be empty."""

    mission: int | None = None
    country: str = ""
    state: str = ""
    text: str = ""


@dataclass(frozen=True)
class Chip:
    """One line in a cell: a team planned here, or a visit without a plan. Times are local to the station."""

    team: Team
    times: str
    outcome: str
    outcome_label: str
    sign: str
    # The plan, where there is one, and the visit, where there is one.
    plan: Deployment | None
    visit: Visit | None
    arrived: str
    # The slot goes on from an earlier column.
    goes_on: bool = False


@dataclass(frozen=True)
class Cell:
    """One station in one slot; `starts` and `ends` are local hours for planning a team there."""

    starts: str
    ends: str
    chips: list[Chip]


@dataclass(frozen=True)
class Row:
    station: PollingStation
    state: str
    state_label: str
    # The clock on the station's wall now.
    clock: datetime
    offset: timedelta
    cells: list[Cell]
    drafts: int


@dataclass(frozen=True)
class Group:
    """Stations of one country and constituency in one state, which follow each other on the page."""

    state_label: str
    country: Country
    constituency: str
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class Board:
    counts: dict[str, int]
    slots: list[str]
    groups: list[Group]
    page: Page
    day: date
    days: list[date]
    countries: list[Country]
    missions: list[Mission]


def read_board(
    election: Election, asked: Asked, *, by: User, day: date | None, page: str | None, now: datetime
) -> Board:
    """The board of `election` on `day` (one of its days; the likeliest if None), of what `by` may see.

    A fixed number of queries.
    """
    seen = Seen.of(election, by)
    teams = Team.objects.filter(mission__election=election).visible_to(by)
    missions = list(
        Mission.objects.filter(pk__in=teams.order_by().values("mission"))
        .select_related("organization")
        .order_by("organization__name", "pk")
    )
    found_days = days_of(seen)
    days = sorted(found_days)
    today = to_local(now, election.timezone_id).date()
    if day not in found_days:
        # Today, or else the day with the most to show: one station may vote long before all others.
        day = today if today in found_days else max(days, key=lambda one: found_days[one])
    every = with_state(seen, asked.mission)
    counts = count_states(every)
    found = narrow(every, asked).order_by(
        "state_rank", *_country_order(seen.stations), F("constituency__number").asc(nulls_last=True),
        "city", Length("number"), "number", "pk",
    )  # fmt: skip
    rows = Paginator(found, ROWS).get_page(page)
    shown = list(rows.object_list)
    # The day on every clock of the world; and, so that a visit near midnight goes to its own plan, what could match.
    midnight = datetime.combine(day, time(0), UTC)
    begin, end = midnight - FARTHEST - MATCHED, midnight + timedelta(days=1) + FARTHEST + MATCHED
    plans = seen.plans.filter(station__in=shown, starts_at__lt=end, ends_at__gt=begin)
    visits = seen.visits.filter(
        station__in=shown, arrived_at__gt=begin - MATCHED, arrived_at__lt=end + MATCHED
    )
    if asked.mission is not None:
        plans, visits = plans.filter(mission=asked.mission), visits.filter(mission=asked.mission)
    related = ("team__mission__organization",)
    plans_at: dict[int, list[Deployment]] = defaultdict(list)
    for plan in plans.select_related(*related).order_by("starts_at", "pk"):
        plans_at[plan.station_id].append(plan)
    visits_at: dict[int, list[Visit]] = defaultdict(list)
    for visit in visits.select_related(*related).order_by("arrived_at", "pk"):
        visits_at[visit.station_id].append(visit)
    chips = {
        station.pk: _chips(station, plans_at[station.pk], visits_at[station.pk], day, now)
        for station in shown
    }
    slots = _slots(election, day, [hour for found in chips.values() for _chip, hour, _last in found])
    groups: list[Group] = []
    for station in shown:
        constituency = str(station.constituency) if station.constituency else ""
        label = str(State(station.state).label)
        group = groups[-1] if groups else None
        if group is None or (group.state_label, group.country, group.constituency) != (
            label, station.country, constituency,
        ):  # fmt: skip
            group = Group(label, station.country, constituency)
            groups.append(group)
        group.rows.append(
            Row(
                station,
                station.state,
                label,
                to_local(now, station.timezone_id),
                offset_at(now, station.timezone_id),
                _cells(slots, chips[station.pk]),
                sum(
                    visit.status == Visit.Status.DRAFT
                    and to_local(visit.arrived_at, station.timezone_id).date() == day
                    for visit in visits_at[station.pk]
                ),
            )
        )
    countries = sort_countries(
        Country.objects.filter(iso2__in=seen.stations.order_by().values("country_id").distinct())
    )
    labels = [f"{start:02}:00–{min(start + SLOT_HOURS, 24):02}:00" for start in slots]
    return Board(counts, labels, groups, rows, day, days, countries, missions)


@dataclass(frozen=True)
class Seen:
    """What one account may see of an election's field work."""

    election: Election
    stations: QuerySet[PollingStation]
    # Live ones.
    plans: QuerySet[Deployment]
    visits: QuerySet[Visit]

    @classmethod
    def of(cls, election: Election, by: User) -> Self:
        return cls(
            election,
            stations_of(election, by),
            Deployment.objects.live().filter(election=election).visible_to(by),
            Visit.objects.filter(election=election).visible_to(by),
        )


def stations_of(election: Election, by: User) -> QuerySet[PollingStation]:
    """The stations of `election` that are not cancelled and that `by` may see."""
    rows: QuerySet[PollingStation] = (
        PollingStation.objects.filter(election=election)
        .visible_to(by)
        .counting()
        .select_related("country", "constituency", "timezone")
    )
    return rows


def with_state(seen: Seen, mission: int | None = None) -> QuerySet[Any]:
    """Each station with `is_planned`, `is_visited`, `state` and `state_rank` (without a plan first): of one mission, or
    of all."""
    plans = seen.plans.filter(station=OuterRef("pk"))
    visits = seen.visits.filter(station=OuterRef("pk"), status__in=Visit.COUNTING)
    if mission is not None:
        plans, visits = plans.filter(mission=mission), visits.filter(mission=mission)
    marked = seen.stations.annotate(is_planned=Exists(plans), is_visited=Exists(visits))
    return marked.annotate(
        state=Case(
            When(is_visited=True, then=Value(State.VISITED)),
            When(is_planned=True, then=Value(State.PLANNED)),
            default=Value(State.NO_PLAN),
            output_field=models.CharField(),
        ),
        # Without a live plan first, as the board is for planning; visited ones among them last.
        state_rank=Case(
            When(is_visited=True, then=Value(2)),
            When(is_planned=True, then=Value(1)),
            default=Value(0),
            output_field=IntegerField(),
        ),
    )


def count_states(stations: QuerySet[Any]) -> dict[str, int]:
    """Stations by state, and the visited ones that nobody had planned. One query."""
    counted = stations.aggregate(
        stations=Count("pk"),
        no_plan=Count("pk", filter=Q(is_planned=False, is_visited=False)),
        planned=Count("pk", filter=Q(is_planned=True, is_visited=False)),
        visited=Count("pk", filter=Q(is_visited=True)),
        unplanned=Count("pk", filter=Q(is_planned=False, is_visited=True)),
    )
    return dict(counted)


def narrow(stations: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
    """The stations asked for; every word of the text must occur somewhere."""
    if asked.country:
        stations = stations.filter(country_id=asked.country)
    if asked.state:
        stations = stations.filter(state=asked.state)
    return search_stations(stations, asked.text)


def search_stations(stations: QuerySet[Any], text: str) -> QuerySet[Any]:
    """The stations in which every word of `text` occurs: in number, city, host mission, address or country."""
    for word in text.split()[:10]:
        condition = Q()
        for name in SEARCHED:
            condition |= Q(**{f"{name}__icontains": word})
        stations = stations.filter(condition)
    return stations


def days_of(seen: Seen) -> dict[date, int]:
    """The days of which there is something to show, each with how much: those of the election, and by the clock of
    the station those of its windows, plans and visits."""
    election = seen.election
    length = (election.ends_on - election.starts_on).days + 1
    days = {election.starts_on + timedelta(days=day): 0 for day in range(length)}
    for rows, column in (
        (VotingWindow.objects.filter(station__in=seen.stations), "opens_at"),
        (seen.plans, "starts_at"),
        (seen.visits, "arrived_at"),
    ):
        local = ExpressionWrapper(_local(column), output_field=models.DateTimeField())
        found = rows.order_by().annotate(day=Func(local, template="(%(expressions)s)::date",
                                                  output_field=models.DateField()))  # fmt: skip
        for day, rows_of_day in found.values_list("day").annotate(Count("pk")):
            days[day] = days.get(day, 0) + rows_of_day
    return days


def _local(column: str) -> Func:
    """The wall clock of the row's station at the instant in `column`, without a zone."""
    return Func(
        F("station__timezone_id"), F(column), function="timezone", output_field=models.DateTimeField()
    )


def _country_order(stations: QuerySet[PollingStation]) -> list[Any]:
    """Countries in the alphabetical order of the active language, which the database does not know."""
    ids = stations.order_by().values_list("country_id", flat=True).distinct()
    ranked = sorted(Country.objects.filter(iso2__in=list(ids)), key=name_key)
    if not ranked:
        return []
    ranks = [When(country_id=country.iso2, then=Value(rank)) for rank, country in enumerate(ranked)]
    return [Case(*ranks, default=Value(0), output_field=IntegerField())]


def _slots(election: Election, day: date, hours: Iterable[int]) -> list[int]:
    """The hours at which the columns begin: the opening hours of the day, and whatever happened outside of them."""
    midnight = datetime.combine(day, time(0), UTC)
    windows = (
        VotingWindow.objects.filter(
            station__election=election,
            opens_at__lt=midnight + timedelta(days=1) + FARTHEST,
            closes_at__gt=midnight - FARTHEST,
        )
        .order_by()
        .values_list("station__timezone_id", "opens_at", "closes_at")
        .distinct()
    )
    firsts, lasts = [], []
    for zone, opens_at, closes_at in windows:
        opens, closes = to_local(opens_at, zone), to_local(closes_at, zone)
        # What closes at midnight sharp has no hour on the day after.
        if opens.date() > day or (closes - timedelta(microseconds=1)).date() < day:
            continue
        firsts.append(opens.hour if opens.date() == day else 0)
        lasts.append(closes.hour if closes.date() == day else 23)
    first, last = (min(firsts), max(lasts)) if firsts else USUAL_HOURS
    seen = list(hours)
    first, last = min([first, *seen]), max([last, *seen])
    begin = first - first % SLOT_HOURS
    return list(range(begin, last + 1, SLOT_HOURS))


def _chips(
    station: PollingStation, plans: Sequence[Deployment], visits: Sequence[Visit], day: date, now: datetime
) -> list[tuple[Chip, int, int]]:
    """What to show of a station on `day`, each with the first and last hour of the day that it covers."""
    zone = station.timezone_id
    counting = [visit for visit in visits if visit.status in Visit.COUNTING]
    taken: set[int] = set()
    found = []
    for plan in plans:
        starts, ends = to_local(plan.starts_at, zone), to_local(plan.ends_at, zone)
        visit = _visit_of(plan, counting, taken)
        if visit:
            taken.add(visit.pk)
        if not starts.date() <= day <= ends.date():
            continue
        outcome = outcome_of(plan, visit, now)
        times = f"{starts:%H:%M}–{ends:%H:%M}"
        arrived = f"{to_local(visit.arrived_at, zone):%H:%M}" if visit else ""
        chip = Chip(plan.team, times, outcome, str(outcome.label), SIGNS[outcome], plan, visit, arrived)
        first = starts.hour if starts.date() == day else 0
        ends_hour = (ends - timedelta(minutes=1)).hour if ends.date() == day and ends.time() > time(0) else 23
        found.append((chip, first, max(first, ends_hour)))
    for visit in counting:
        arrived_at = to_local(visit.arrived_at, zone)
        if visit.pk in taken or arrived_at.date() != day:
            continue
        if any(_within(visit, plan) for plan in plans):
            continue  # another phase of a planned stay: the plan shows the arrival
        outcome = Outcome.UNPLANNED
        text = f"{arrived_at:%H:%M}"
        chip = Chip(visit.team, text, outcome, str(outcome.label), SIGNS[outcome], None, visit, text)
        found.append((chip, arrived_at.hour, arrived_at.hour))
    return found


def _visit_of(plan: Deployment, visits: Sequence[Visit], taken: set[int]) -> Visit | None:
    """The visit that fulfils `plan`: of its team, nearest to the beginning of the slot, within twelve hours."""
    own = [
        visit
        for visit in visits
        if visit.team_id == plan.team_id
        and visit.pk not in taken
        and abs(visit.arrived_at - plan.starts_at) <= MATCHED
    ]
    return min(own, key=lambda visit: abs(visit.arrived_at - plan.starts_at), default=None)


def _within(visit: Visit, plan: Deployment) -> bool:
    """Whether the team of `plan` arrived in its slot, a little before and after included."""
    same = visit.team_id == plan.team_id
    return same and plan.starts_at - GRACE <= visit.arrived_at <= plan.ends_at + GRACE


def outcome_of(plan: Deployment, visit: Visit | None, now: datetime) -> Outcome:
    """What became of `plan` by the instant `now`."""
    if visit is not None:
        return Outcome.ON_TIME if visit.arrived_at <= plan.starts_at + GRACE else Outcome.LATE
    return Outcome.NOT_YET if now < plan.ends_at else Outcome.MISSED


def _cells(slots: Sequence[int], chips: Sequence[tuple[Chip, int, int]]) -> list[Cell]:
    cells = []
    for start in slots:
        end = start + SLOT_HOURS
        here = [
            chip if first >= start else Chip(**(vars(chip) | {"goes_on": True}))
            for chip, first, last in chips
            if first < end and last >= start
        ]
        cells.append(Cell(f"{start:02}:00", f"{end:02}:00" if end < 24 else "23:59", here))
    return cells
