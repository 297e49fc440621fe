"""Reads of polling stations and their hours. Everything here is published and safe for the public."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db.models import Case, Count, Max, Min, Prefetch, QuerySet, Value, When
from django.db.models.fields import IntegerField
from django.utils.translation import get_language

from tracker.core.countries import SortKey, sort_key
from tracker.core.models import Country
from tracker.core.timezones import offset_at
from tracker.elections.models import Constituency, Election
from tracker.stations.models import PollingStation, StationQuerySet, VotingState, VotingWindow


def public_stations(election: Election) -> StationQuerySet:
    """The published stations of `election`, cancelled ones included, ready to be listed without further queries."""
    return (
        PollingStation.objects.published()
        .filter(election=election)
        .select_related("country", "election")
        .prefetch_related(
            Prefetch("windows", queryset=VotingWindow.objects.published().order_by("opens_at")),
            # Through .published(), so that a draft constituency does not show on a published station.
            Prefetch("constituency", queryset=Constituency.objects.published().select_related("note_source")),
        )
    )


def order_by_country(stations: StationQuerySet, *, descending: bool = False) -> StationQuerySet:
    """`stations` in the order of their countries' names in the active language, then city and number.

    Names are ranked here and not by the database, which does not know the Azerbaijani alphabet without ICU.
    """
    ids = stations.order_by().values_list("country_id", flat=True).distinct()
    ranked = sort_countries(Country.objects.filter(iso2__in=list(ids)))
    ranks = [When(country_id=country.iso2, then=Value(rank)) for rank, country in enumerate(ranked)]
    rank = Case(*ranks, default=Value(0), output_field=IntegerField()) if ranks else Value(0)
    stations = stations.annotate(country_rank=rank)
    return stations.order_by("-country_rank" if descending else "country_rank", "city", "number", "id")


def sort_countries(countries: Iterable[Country]) -> list[Country]:
    """Countries in the alphabetical order of the active language."""
    return sorted(countries, key=name_key)


def name_key(country: Country) -> SortKey:
    """The key that puts countries in the alphabetical order of the active language."""
    return sort_key(country.name, (get_language() or "en")[:2])


def countries_of(election: Election) -> list[Country]:
    """The countries in which `election` has published stations, in alphabetical order."""
    ids = PollingStation.objects.published().filter(election=election).values("country_id")
    return sort_countries(Country.objects.filter(iso2__in=ids))


def host_missions_of(election: Election) -> list[str]:
    """The embassies and consulates that house published stations of `election`."""
    stations = PollingStation.objects.published().filter(election=election).exclude(host_mission="")
    return list(stations.order_by("host_mission").values_list("host_mission", flat=True).distinct())


def voting_frames() -> dict[int, tuple[datetime, datetime]]:
    """The first opening and the last closing (UTC) of each election that has hours, by its id. One query."""
    windows = VotingWindow.objects.published().filter(station__in=PollingStation.objects.counting())
    spans = windows.order_by().values_list("station__election").annotate(Min("opens_at"), Max("closes_at"))
    return {election: (first, last) for election, first, last in spans}


NAMED = 10


@dataclass(frozen=True)
class ZoneHours:
    """Stations that open and close at the same instants and whose clocks show the same meanwhile."""

    offset: timedelta
    opens_at: datetime
    closes_at: datetime
    zones: list[str]
    stations: int
    # A zone to write the local hours in; all of `zones` show the same.
    zone: str


@dataclass(frozen=True)
class Clock:
    """The hours of an election as seen at one instant. All instants are UTC."""

    at: datetime
    counts: dict[str, int]
    total: int
    first_opening: datetime | None
    # At most NAMED of them; `first_more` says that there are others. At home all stations open at one moment.
    first_stations: list[PollingStation]
    first_more: bool
    last_closing: datetime | None
    last_stations: list[PollingStation]
    last_more: bool
    hours: list[ZoneHours]
    previous_change: datetime | None
    next_change: datetime | None

    @property
    def span(self) -> timedelta | None:
        """From the first opening to the last closing."""
        return self.last_closing - self.first_opening if self.first_opening and self.last_closing else None

    @property
    def span_hours(self) -> int | None:
        """The span in whole hours, begun ones included."""
        return ceil(self.span.total_seconds() / 3600) if self.span else None

    @property
    def offsets(self) -> list[timedelta]:
        """The distinct UTC offsets of the stations, west to east."""
        return sorted({row.offset for row in self.hours})

    @property
    def open(self) -> int:
        return self.counts[VotingState.OPEN]


def voting_clock(election: Election, at: datetime) -> Clock:
    """Which stations of `election` are open at the instant `at` (aware), and the frame around it.

    Counts only published stations that are not cancelled. Six queries, whatever the number of stations.
    """
    stations = PollingStation.objects.published().filter(election=election).counting()
    windows = VotingWindow.objects.published().filter(station__in=stations)
    counts = dict.fromkeys(VotingState.values, 0)
    rows = stations.with_voting_state(at).order_by().values_list("voting_state").annotate(Count("pk"))
    counts.update(dict(rows))
    span = windows.aggregate(first=Min("opens_at"), last=Max("closes_at"))
    first_stations = _named(stations.filter(windows__opens_at=span["first"]))
    last_stations = _named(stations.filter(windows__closes_at=span["last"]))
    hours = _hours(windows)
    changes = {instant for row in hours for instant in (row.opens_at, row.closes_at)}
    return Clock(
        at=at,
        counts=counts,
        total=sum(counts.values()),
        first_opening=span["first"],
        first_stations=first_stations[:NAMED],
        first_more=len(first_stations) > NAMED,
        last_closing=span["last"],
        last_stations=last_stations[:NAMED],
        last_more=len(last_stations) > NAMED,
        hours=hours,
        previous_change=max((change for change in changes if change < at), default=None),
        next_change=min((change for change in changes if change > at), default=None),
    )


def _named(stations: StationQuerySet) -> list[PollingStation]:
    return list(stations.select_related("country")[: NAMED + 1])


def voting_spans(election_id: int) -> list[tuple[datetime, datetime]]:
    """The distinct hours, opening and closing (UTC), of the stations that count: a few, however many stations."""
    stations = PollingStation.objects.published().filter(election=election_id).counting()
    windows = VotingWindow.objects.published().filter(station__in=stations)
    return list(windows.order_by("opens_at", "closes_at").values_list("opens_at", "closes_at").distinct())


def _hours(windows: QuerySet[VotingWindow]) -> list[ZoneHours]:
    """Windows grouped by opening, closing and the UTC offsets then, in the order of opening."""
    groups: dict[tuple[datetime, datetime, timedelta, timedelta], dict[str, int]] = defaultdict(dict)
    rows = windows.order_by().values_list("opens_at", "closes_at", "station__timezone_id")
    for opens_at, closes_at, zone, count in rows.annotate(Count("station")):
        groups[opens_at, closes_at, offset_at(opens_at, zone), offset_at(closes_at, zone)][zone] = count
    return [
        ZoneHours(
            offset=offset,
            opens_at=opens_at,
            closes_at=closes_at,
            zones=sorted(zones),
            stations=sum(zones.values()),
            zone=min(zones),
        )
        for (opens_at, closes_at, offset, _closing_offset), zones in sorted(groups.items())
    ]
