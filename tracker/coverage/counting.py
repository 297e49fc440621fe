"""The one place where an election's figures are counted: SQL over published source rows.

The result is plain JSON, the same whether it is shown at once or stored in an edition. `figures.py` reads it.
Coverage is defined in docs: a station counts if it is published and not cancelled; `planned` has a live deployment,
`visited` a submitted visit in any phase by any mission, `overlap` visits of two or more missions. Shares are of
distinct stations. Deployments and visits count if their mission and their station are published.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Func,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)

from tracker.core.timezones import to_local
from tracker.elections.models import AnnouncedFigure, Constituency, Election
from tracker.fieldwork.models import Assessment, Deployment, Incident, Visit
from tracker.missions.models import (
    Accreditation,
    AccreditationChange,
    Category,
    Membership,
    Mission,
    Observer,
    Outlet,
)
from tracker.stations.models import PollingStation, StationQuerySet, VotingWindow

Metric = AnnouncedFigure.Metric
Json = dict[str, Any]

# What is counted of any set of stations; the columns of _FACTS below in the order of the SELECT.
COVERAGE = ("stations", "planned", "visited", "planned_visited", "overlap", "visits")


def counting_stations() -> StationQuerySet:
    """Stations that count: published and not cancelled."""
    return PollingStation.objects.published().counting()


def count(election: Election) -> tuple[Json, Json]:
    """Count everything the public pages show of `election`: (content, detail), both plain JSON.

    `detail` holds what grows with the field work: {"matrix": {station id: {mission id: "p", "v" or "pv"}}}.
    A fixed number of queries, whatever the size of the election. For figures that agree with each other call it
    in a transaction with one snapshot (`editions.refresh` does).
    """
    with _joins_by_hash():
        return _count(election)


@contextmanager
def _joins_by_hash() -> Iterator[None]:
    """Forbid nested loops while counting.

    On a day that starts from empty tables, and after a load or a restore, the server has no statistics yet and takes
    every filter to leave one row: it would walk all visits once for each station, minutes instead of a second.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield
        cursor.execute("SET LOCAL enable_nestloop = on")


def _count(election: Election) -> tuple[Json, Json]:
    stations = counting_stations().filter(election=election)
    visits = Visit.objects.published().counting().filter(station__in=stations)
    deployments = Deployment.objects.published().live().filter(station__in=stations)
    groups = _by_group(stations, visits, deployments)
    countries = _countries(stations.abroad(), groups["country"])
    content = {
        "version": 1,
        "total": groups["total"].get((), _nothing()),
        "settings": {key[0]: row for key, row in groups["setting"].items()},
        "countries": countries,
        "constituencies": _constituencies(election, groups["constituency"]),
        "hosts": [
            {"country": country, "host_mission": host, **row}
            for (country, host), row in sorted(groups["host"].items())
            if host
        ],
        "by_visitors": {str(key[0]): row["stations"] for key, row in sorted(groups["visitors"].items())},
        "missions": _missions(election, visits, deployments),
        "mission_counts": _mission_counts(election),
        "phases": _phases(visits),
        "hours": _hours(visits),
        "observers": _observers(election),
        "assessments": _assessments(election, visits),
        "unassessed": visits.filter(assessment__isnull=True).count(),
        "incidents": _incidents(election),
        "accreditations": _accreditations(election),
        "recorded": _recorded(election, countries),
    }
    return content, {"matrix": _matrix(visits, deployments)}


def _nothing() -> Json:
    return dict.fromkeys(COVERAGE, 0)


def _by_group(
    stations: StationQuerySet, visits: QuerySet[Visit], deployments: QuerySet[Deployment]
) -> dict[str, dict[tuple[Any, ...], Json]]:
    """The coverage of the whole and of each setting, country, constituency, host mission and number of visitors.

    One fact row a station, grouped in one statement, so that no two panels can disagree.
    """
    places = stations.order_by().values_list("pk", "setting", "country_id", "constituency_id", "host_mission")
    went = visits.order_by().values_list("station").annotate(Count("mission", distinct=True), Count("pk"))
    plans = deployments.order_by().values_list("station").distinct()
    parts = [rows.query.sql_with_params() for rows in (places, went, plans)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH places (id, setting, country, constituency, host) AS ({parts[0][0]}),
                 went (station, visitors, visits) AS ({parts[1][0]}),
                 plans (station) AS ({parts[2][0]}),
                 facts AS (
                     SELECT setting, country, constituency, host, plans.station IS NOT NULL AS planned,
                            COALESCE(visitors, 0) AS visitors, COALESCE(visits, 0) AS visits
                     FROM places LEFT JOIN went ON went.station = places.id LEFT JOIN plans ON plans.station = places.id
                 )
            SELECT setting, country, constituency, host, visitors,
                   GROUPING(setting, country, constituency, host, visitors),
                   COUNT(*),
                   COUNT(*) FILTER (WHERE planned),
                   COUNT(*) FILTER (WHERE visitors > 0),
                   COUNT(*) FILTER (WHERE planned AND visitors > 0),
                   COUNT(*) FILTER (WHERE visitors > 1),
                   COALESCE(SUM(visits), 0)::bigint
            FROM facts
            GROUP BY GROUPING SETS ((), (setting), (setting, country), (constituency), (country, host), (visitors))
            """,  # noqa: S608 - statements of query sets, their parameters apart
            [parameter for _sql, parameters in parts for parameter in parameters],
        )
        rows = cursor.fetchall()
    # GROUPING() sets a bit for each column that a row is not grouped by, the first column's bit the highest.
    kinds = {
        0b11111: ("total", ()),
        0b01111: ("setting", (0,)),
        0b00111: ("country", (0, 1)),
        0b11011: ("constituency", (2,)),
        0b10101: ("host", (1, 3)),
        0b11110: ("visitors", (4,)),
    }
    found: dict[str, dict[tuple[Any, ...], Json]] = {name: {} for name, columns in kinds.values()}
    for row in rows:
        name, columns = kinds[row[5]]
        found[name][tuple(row[column] for column in columns)] = dict(zip(COVERAGE, row[6:], strict=True))
    return found


def _countries(abroad: StationQuerySet, covered: dict[tuple[Any, ...], Json]) -> list[Json]:
    """Countries with stations abroad, in the order of their codes, with their voters where known."""
    voters = {
        row["country_id"]: row
        for row in abroad.order_by()
        .values("country_id")
        .annotate(sum=Sum("registered_voters"), known=Count("registered_voters"))
    }
    return [
        {"code": code, **row, "voters": voters[code]["sum"], "voters_known": voters[code]["known"]}
        for (setting, code), row in sorted(covered.items())
        if setting == PollingStation.Setting.ABROAD
    ]


def _constituencies(election: Election, covered: dict[tuple[Any, ...], Json]) -> list[Json]:
    """Every published constituency, those without a station included."""
    rows = Constituency.objects.published().filter(election=election).order_by("number", "pk")
    return [
        {"id": row.pk, "number": row.number, "name": row.name, **covered.get((row.pk,), _nothing())}
        for row in rows
    ]


def _missions(election: Election, visits: QuerySet[Visit], deployments: QuerySet[Deployment]) -> list[Json]:
    """Every mission that is or was in the field, or has a plan or a visit: zero rows are rows."""
    went = _per_mission(visits)
    planned = _per_mission(deployments)
    kept = _per_mission(
        deployments.filter(Exists(visits.filter(station=OuterRef("station"), mission=OuterRef("mission"))))
    )
    visit_counts = dict(visits.order_by().values_list("mission").annotate(Count("pk")))
    missions = Mission.objects.published().filter(election=election).select_related("organization")
    return [
        {
            "id": mission.pk,
            "slug": mission.organization.slug,
            "name": mission.organization.short_name,
            "kind": mission.organization.kind,
            "type": mission.type,
            "status": mission.status,
            "planned": planned.get(mission.pk, 0),
            "visited": went.get(mission.pk, 0),
            "planned_visited": kept.get(mission.pk, 0),
            "visits": visit_counts.get(mission.pk, 0),
            "announced": mission.stations_visited,
        }
        for mission in missions.order_by("organization__name", "pk")
        if mission.status in Mission.PRESENT or mission.pk in went or mission.pk in planned
    ]


def _per_mission(rows: QuerySet[Any]) -> dict[int, int]:
    """Distinct stations by mission."""
    return dict(rows.order_by().values_list("mission").annotate(Count("station", distinct=True)))


def _mission_counts(election: Election) -> Json:
    rows = (
        Mission.objects.published()
        .filter(election=election)
        .order_by("type", "status")
        .values_list("type", "status")
        .annotate(Count("id"))
    )
    by_status = dict.fromkeys(Mission.Status.values, 0)
    by_type: dict[str, dict[str, int]] = {}
    for kind, status, number in rows:
        by_status[status] += number
        by_type.setdefault(kind, {})[status] = number
    return {"total": sum(by_status.values()), "by_status": by_status, "by_type": by_type}


def _phases(visits: QuerySet[Visit]) -> Json:
    """Observations and distinct stations by phase; phases nobody saw are rows."""
    rows = visits.order_by().values_list("phase").annotate(Count("pk"), Count("station", distinct=True))
    counted = {phase: {"visits": seen, "stations": places} for phase, seen, places in rows}
    return {phase: counted.get(phase, {"visits": 0, "stations": 0}) for phase in Visit.Phase.values}


def _hours(visits: QuerySet[Visit]) -> list[int]:
    """Visits by the hour of arrival on the clock of the station: 24 numbers.

    Grouped by quarter of an hour, the finest UTC offset there is, and turned into local time here: the zone rules
    are those of the tzdata package, not of the database server.
    """
    quarter = Func(F("arrived_at"), function="date_bin", template=_QUARTER)
    rows = (
        visits.order_by()
        .annotate(quarter=quarter)
        .values_list("quarter", "station__timezone_id")
        .annotate(Count("pk"))
    )
    hours = [0] * 24
    for at, zone, number in rows:
        hours[to_local(at, zone).hour] += number
    return hours


_QUARTER = "%(function)s('15 minutes', %(expressions)s, TIMESTAMPTZ '2000-01-01 00:00:00+00')"


def _observers(election: Election) -> list[Json]:
    """Observers on record by mission and role, and how many of them hold a badge."""
    badge = Accreditation.objects.filter(observer=OuterRef("pk"), status=Accreditation.Status.ACCREDITED)
    rows = (
        Observer.objects.published()
        .filter(mission__election=election)
        .order_by("mission__organization__name", "mission", "role")
        .values_list("mission", "role")
        .annotate(Count("pk"), badges=Count("pk", filter=Q(Exists(badge))))
    )
    return [
        {"mission": mission, "role": role, "observers": number, "accredited": badges}
        for mission, role, number, badges in rows
    ]


def _assessments(election: Election, visits: QuerySet[Visit]) -> list[Json]:
    """Each step of each mission's scale with the number of visits that chose it; steps nobody chose are rows."""
    chosen = dict(
        visits.filter(assessment__isnull=False).order_by().values_list("assessment").annotate(Count("pk"))
    )
    # A scale has no publication of its own; its mission's decides.
    steps = Assessment.objects.filter(mission__in=Mission.objects.published().filter(election=election))
    return [
        {
            "mission": step.mission_id,
            "ordinal": step.ordinal,
            "label": step.label,
            "polarity": step.polarity,
            "visits": chosen.get(step.pk, 0),
        }
        for step in steps.order_by("mission", "ordinal")
    ]


def _incidents(election: Election) -> Json:
    """Published incidents by category and by status."""
    rows = Incident.objects.published().filter(election=election).order_by()
    return {
        "total": rows.count(),
        "by_category": dict(rows.order_by("category").values_list("category").annotate(Count("pk"))),
        "by_status": dict(rows.order_by("status").values_list("status").annotate(Count("pk"))),
    }


# Whom an announced number of accredited observers or journalists speaks of: "international" ones are counted apart.
BADGE_GROUPS = ("observers_international", "observers_domestic", "media_foreign", "media_domestic")


def _accreditations(election: Election) -> Json:
    """Applications by group and status, and each group's badges by day in the election's zone.

    Of observers in published missions and of people of published outlets. A day of a series is one on which badges
    were given or taken away (withdrawn, expired): {"day", "given", "taken", "badges": held at its end}. A badge is
    taken away on the day after its last one, however late a clock or a person wrote it down, or when it was withdrawn
    before that.
    """
    rows = Accreditation.objects.published().filter(
        Q(observer__in=Observer.objects.published()) | Q(outlet__in=Outlet.objects.published()),
        election=election,
    )
    by_status = {group: dict.fromkeys(Accreditation.Status.values, 0) for group in BADGE_GROUPS}
    counts = rows.order_by().annotate(group=_badge_group(election)).values_list("group", "status")
    for group, status, number in counts.annotate(Count("pk")):
        by_status[group][status] = number
    return {"by_status": by_status, "series": _badge_series(election, rows)}


def _badge_group(election: Election, prefix: str = "") -> Case:
    """The group of an accreditation, as SQL."""
    observers = Q(**{f"{prefix}category": Category.OBSERVER})
    domestic = Q(**{f"{prefix}observer__mission__type": Mission.Type.NGO_DOMESTIC})
    return Case(
        When(observers & domestic, then=Value("observers_domestic")),
        When(observers, then=Value("observers_international")),
        When(Q(**{f"{prefix}outlet__country": election.country_id}), then=Value("media_domestic")),
        default=Value("media_foreign"),
    )


def _badge_series(election: Election, rows: QuerySet[Accreditation]) -> dict[str, list[Json]]:
    status = Accreditation.Status
    given = AccreditationChange.objects.published().filter(
        accreditation=OuterRef("accreditation"), status=status.ACCREDITED
    )
    # An application that is withdrawn before it was decided took no badge away.
    ended = Q(status__in=[status.WITHDRAWN, status.EXPIRED]) & Q(Exists(given))
    of_ended = When(ended, then=F("accreditation__valid_until"))
    given_at = When(ended, then=Subquery(given.order_by("at").values("at")[:1]))
    changes = (
        AccreditationChange.objects.published()
        .filter(Q(status=status.ACCREDITED) | ended, accreditation__in=rows)
        .order_by()
        .annotate(
            quarter=Func(F("at"), function="date_bin", template=_QUARTER),
            group=_badge_group(election, "accreditation__"),
            last_day=Case(of_ended, default=None),
            given_quarter=Func(Case(given_at, default=None), function="date_bin", template=_QUARTER),
        )
        .values_list("group", "quarter", "status", "last_day", "given_quarter")
        .annotate(Count("pk"))
    )
    days: dict[str, dict[str, Json]] = {group: {} for group in BADGE_GROUPS}

    def local_day(moment: datetime) -> date:
        return to_local(moment, election.timezone_id).date()

    for group, at, step, last, given_on, number in changes:
        moved = local_day(at)
        if last is not None and moved > last:
            # Never before it was given: a badge may be given after its last day.
            moved = max(local_day(given_on), last + timedelta(days=1))
        day = moved.isoformat()
        row = days[group].setdefault(day, {"day": day, "given": 0, "taken": 0})
        row["given" if step == status.ACCREDITED else "taken"] += number
    series: dict[str, list[Json]] = {}
    for group, found in days.items():
        badges = 0
        series[group] = []
        for _day, row in sorted(found.items()):
            badges += row["given"] - row["taken"]
            series[group].append(row | {"badges": badges})
    return series


def _matrix(visits: QuerySet[Visit], deployments: QuerySet[Deployment]) -> Json:
    """Who goes where: {station id: {mission id: "p" planned, "v" visited, "pv" both}}."""
    found: dict[str, dict[str, str]] = {}
    for letter, rows in (("p", deployments), ("v", visits)):
        pairs = rows.order_by("station_id", "mission_id").values_list("station_id", "mission_id").distinct()
        for station, mission in pairs:
            row = found.setdefault(str(station), {})
            row[str(mission)] = row.get(str(mission), "") + letter
    return found


def _recorded(election: Election, countries: list[Json]) -> dict[str, dict[str, Json]]:
    """The metrics the register can set beside announced ones: metric -> scope -> {value or place, known, of ...}.

    The scope "" is the whole election, another one a country's ISO code. What each means: figures.DEFINITIONS.
    """
    if not countries:
        return {}
    stations = sum(row["stations"] for row in countries)
    voters = {
        row["code"]: {"value": row["voters"], "known": row["voters_known"], "of": row["stations"]}
        for row in countries
        if row["voters_known"]
    }
    if voters:
        voters[""] = {
            "value": sum(row["voters"] or 0 for row in countries),
            "known": sum(row["voters_known"] for row in countries),
            "of": stations,
        }
    recorded: dict[str, dict[str, Json]] = {
        Metric.STATIONS_ABROAD.value: {"": {"value": stations}},
        Metric.COUNTRIES_ABROAD.value: {"": {"value": len(countries)}},
        Metric.VOTERS_ABROAD.value: voters,
    }
    windows = VotingWindow.objects.published().filter(
        station__in=counting_stations().filter(election=election).abroad()
    )
    span = windows.aggregate(first=Min("opens_at"), last=Max("closes_at"))
    if span["first"]:
        first, last = windows.filter(opens_at=span["first"]), windows.filter(closes_at=span["last"])
        recorded[Metric.FIRST_STATION_TO_OPEN.value] = {"": {"place": _cities(first)}}
        recorded[Metric.LAST_STATION_TO_CLOSE.value] = {"": {"place": _cities(last)}}
    if organizations := _organizations_present(election):
        recorded[Metric.OBSERVER_ORGANIZATIONS.value] = {"": {"value": organizations, "incomplete": True}}
    return recorded


def _cities(windows: QuerySet[VotingWindow]) -> str:
    cities = windows.order_by("station__city").values_list("station__city", flat=True)
    return ", ".join(dict.fromkeys(cities))


def _organizations_present(election: Election) -> int:
    """How many distinct organizations had international observers in a mission that is or was present."""
    present = (
        Mission.objects.published()
        .filter(election=election, status__in=Mission.PRESENT)
        .exclude(type=Mission.Type.NGO_DOMESTIC)
    )
    leading = present.exclude(type=Mission.Type.JOINT).values_list("organization_id", flat=True)
    joined = (
        Membership.objects.published().filter(mission__in=present).values_list("organization_id", flat=True)
    )
    return len({*leading, *joined})
