"""What a publisher looks at before figures are published: what the public sees now, and what it would see then."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tracker.core.models import Country
from tracker.coverage.chain import CHANGES, differences
from tracker.coverage.counting import Json
from tracker.coverage.editions import count_now, one_moment
from tracker.coverage.models import Edition, Mark
from tracker.elections.models import Election
from tracker.stations.models import PollingStation

# Totals that stand side by side whether or not they moved, in this order.
TOTALS = (
    "total.stations",
    "total.planned",
    "total.visited",
    "total.planned_visited",
    "total.overlap",
    "total.visits",
)
# More names than this are counted and not listed.
NAMES = 100


@dataclass(frozen=True)
class Compared:
    """One number as published and as it would be; `before` is None where nothing is published yet."""

    name: str
    before: int | None
    after: int

    @property
    def difference(self) -> str:
        """With its sign, and empty where there is none."""
        if self.before is None or self.before == self.after:
            return ""
        return f"{self.after - self.before:+d}".replace("-", "−")


@dataclass(frozen=True)
class RowMoved:
    """A row of a table that would change: visited, planned and stations, as published and as counted."""

    name: str
    before: tuple[int, int, int] | None
    after: tuple[int, int, int] | None


@dataclass(frozen=True)
class Names:
    """Polling stations by name; of more than NAMES only their number is known."""

    count: int = 0
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Review:
    """An election's last edition beside its figures as they are counted now."""

    last: Edition | None
    as_of: datetime
    # The hash that a publisher has seen and sends back.
    seen: str
    totals: list[Compared]
    changes: list[Compared]
    rows: list[tuple[str, list[RowMoved]]]
    # Stations that nobody had visited and somebody has now, and the other way round (corrections).
    closed: Names
    opened: Names

    @property
    def same(self) -> bool:
        """Whether there is nothing to publish."""
        return self.last is not None and self.last.content_hash == self.seen


def review(election: Election) -> Review:
    """Compare what is published of `election` with its rows as they are now, in one snapshot."""
    with one_moment():
        counted = count_now(election)
        last = Edition.objects.filter(election=election).order_by("-number").first()
        after, detail = json.loads(counted.content), json.loads(counted.detail)
        before = json.loads(last.content) if last and last.content else None
        matrix = json.loads(last.detail)["matrix"] if last and last.detail else {}
        was, now = _visited(matrix), _visited(detail["matrix"])
        return Review(
            last=last,
            as_of=counted.as_of,
            seen=counted.hash,
            totals=[
                Compared(
                    str(CHANGES[key]),
                    before["total"].get(key.removeprefix("total."), 0) if before else None,
                    after["total"][key.removeprefix("total.")],
                )
                for key in TOTALS
            ],
            changes=[
                Compared(str(CHANGES.get(row["key"], row["key"])), row["before"], row["after"])
                for row in (differences(before, after) if before else [])
                if row["key"] not in TOTALS
            ],
            rows=_moved(before, after) if before else [],
            closed=_names(now - was) if before else Names(),
            opened=_names(was - now) if before else Names(),
        )


def _visited(matrix: Json) -> set[int]:
    return {
        int(station) for station, row in matrix.items() if any("v" in letters for letters in row.values())
    }


def _names(stations: set[int]) -> Names:
    rows = (
        PollingStation.objects.filter(pk__in=stations)
        .select_related("country")
        .order_by("city", "number", "pk")
    )
    return Names(len(stations), [f"{row}, {row.country}" for row in rows[:NAMES]])


def _moved(before: Json, after: Json) -> list[tuple[str, list[RowMoved]]]:
    """Rows by country, constituency and mission that would change, for each table that has any."""
    countries = {
        row.iso2: row.name for row in Country.objects.filter(iso2__in=_codes(before) | _codes(after))
    }
    kinds: list[tuple[Any, str, Callable[[Json], str]]] = [
        (_("Countries"), "countries", lambda row: str(countries.get(row["code"], row["code"]))),
        (_("Constituencies"), "constituencies", lambda row: f"{row['number']} {row['name']}".strip()),
        (_("Missions"), "missions", lambda row: row["name"]),
    ]
    found = []
    for title, key, name_of in kinds:
        old, new = _keyed(before[key], name_of), _keyed(after[key], name_of)
        names = sorted(name for name in {**old, **new} if old.get(name) != new.get(name))
        if names:
            found.append((str(title), [RowMoved(name, old.get(name), new.get(name)) for name in names]))
    return found


def _codes(content: Json) -> set[str]:
    return {row["code"] for row in content["countries"]}


def _keyed(rows: list[Json], name_of: Callable[[Json], str]) -> dict[str, tuple[int, int, int]]:
    """Rows by name: visited, planned, and stations (of a mission: visits)."""
    return {
        name_of(row): (row["visited"], row["planned"], row["stations" if "stations" in row else "visits"])
        for row in rows
    }


@dataclass(frozen=True)
class Publishing:
    """An election in the list of what is published: its last edition, and whether changes wait."""

    election: Election
    last: Edition | None
    waiting_since: datetime | None


def publishing_list() -> list[Publishing]:
    """Every published election, reviewed ones with waiting changes first. Three queries, whatever their number."""
    elections = list(Election.objects.published().order_by("-starts_on", "slug"))
    last: dict[int, Edition] = {
        edition.election_id: edition
        for edition in Edition.objects.order_by("election_id", "-number")
        .distinct("election_id")
        .select_related("published_by")
        .defer("content", "detail", "published_by__password")
    }
    waiting: dict[int, datetime] = {}
    for election_id, at in Mark.objects.order_by("-id").values_list("election_id", "at"):
        waiting[election_id] = at
    rows = [Publishing(election, last.get(election.pk), waiting.get(election.pk)) for election in elections]
    live = Election.Publishing.LIVE
    return sorted(rows, key=lambda row: (row.election.publishing == live, row.waiting_since is None))


def publications(election: Election) -> QuerySet[Edition]:
    """The editions of `election`, the latest first, with who published them."""
    return (
        Edition.objects.filter(election=election)
        .select_related("published_by")
        .order_by("-number")
        .defer("content", "detail", "published_by__password")
    )
