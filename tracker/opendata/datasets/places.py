"""Where people vote: polling stations with their hours, and what the latest edition says of each."""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from tracker.core.timezones import to_local
from tracker.coverage.figures import station_holds
from tracker.elections.models import Constituency
from tracker.opendata.columns import (
    Asked,
    Column,
    Dataset,
    Narrowing,
    Reader,
    Type,
    country_columns,
    identity,
    of,
    source_column,
    source_columns,
    zone_column,
)
from tracker.stations.models import PollingStation, VotingWindow

SOURCES = ("source", "number_source", "city_source", "address_source", "voters_source", "hours_source")
STATES = (
    ("visited", _("at least one mission visited it")),
    ("planned_not_visited", _("a mission plans to visit it, and none has yet")),
    ("no_plan", _("nobody visited it or plans to")),
    ("not_counted", _("cancelled: not counted")),
)
# What can be asked for beside these; a station may be in several of them.
WIDER_STATES = (
    ("planned", _("a mission plans to visit it, visited or not")),
    ("overlap", _("two or more missions visited it")),
    ("gap", _("no mission visited it, planned or not")),
)


def _stations(asked: Asked) -> QuerySet[PollingStation]:
    rows: QuerySet[PollingStation] = (
        PollingStation.objects.published()
        .filter(election=asked.election)
        .select_related("country", *SOURCES)
        .prefetch_related(
            Prefetch("windows", queryset=VotingWindow.objects.published().order_by("opens_at")),
            # Through .published(), so that a draft constituency does not show on a published station.
            Prefetch("constituency", queryset=Constituency.objects.published()),
        )
    )
    return rows


def _local_windows(row: Any) -> list[tuple[datetime, datetime]]:
    zone = row.timezone_id
    return [
        (to_local(window.opens_at, zone), to_local(window.closes_at, zone)) for window in row.windows.all()
    ]


def _same_hours(row: Any) -> tuple[str, str] | None:
    """Opening and closing on the local clock, where they are the same on every day on which the station votes."""
    hours = {(f"{opens:%H:%M}", f"{closes:%H:%M}") for opens, closes in _local_windows(row)}
    return hours.pop() if len(hours) == 1 else None


def _hour(place: int) -> Reader:
    def read(row: Any, asked: Asked) -> str | None:
        same = _same_hours(row)
        return same[place] if same else None

    return read


def _votes_on(row: Any, asked: Asked) -> list[str]:
    if not _same_hours(row):
        return []
    return sorted({opens.date().isoformat() for opens, _closes in _local_windows(row)})


def _intervals(row: Any, asked: Asked) -> list[str]:
    return [f"{opens.isoformat()}/{closes.isoformat()}" for opens, closes in _local_windows(row)]


def _constituency(part: str) -> Reader:
    return lambda row, asked: getattr(row.constituency, part) if row.constituency else ""


def _went(row: Any, asked: Asked) -> dict[int, str]:
    return asked.shown.matrix.get(row.pk, {}) if asked.shown else {}


def _state(row: Any, asked: Asked) -> str | None:
    if not asked.covers:
        return None
    if row.status == PollingStation.Status.CANCELLED:
        return "not_counted"
    went = _went(row, asked)
    return next(
        state for state in ("visited", "planned_not_visited", "no_plan") if station_holds(went, state)
    )


def _in_state(rows: Any, asked: Asked, state: str) -> Any:
    """The stations in a state of coverage; none where nothing is on record, as then none has a state."""
    if not asked.covers or asked.shown is None:
        return rows.none()
    if state == "not_counted":
        return rows.filter(status=PollingStation.Status.CANCELLED)
    return asked.shown.narrow(rows.counting(), state)


def _missions(letter: str) -> Reader:
    def read(row: Any, asked: Asked) -> list[str] | None:
        if not asked.covers:
            return None
        words = asked.mission_words
        went = _went(row, asked).items()
        return sorted({words[pk] for pk, letters in went if letter in letters and pk in words})

    return read


STATIONS = Dataset(
    name="stations",
    record="Station",
    title=_("Polling stations"),
    description=_(
        "One row is a place where people vote: at home, abroad or special, with its hours on the clock on its wall. "
        "A number alone is not unique: it is so within its constituency."
    ),
    rows=_stations,
    layout="polling_stations_abroad.csv",
    columns=(
        identity(_("Number of the record, as in the address of its page. It stays.")),
        of(PollingStation, "number"),
        *country_columns(),
        of(PollingStation, "city"),
        of(PollingStation, "host_mission"),
        of(PollingStation, "address", find=False),
        of(PollingStation, "setting"),
        of(PollingStation, "status"),
        Column(
            "opens_local",
            Type.CLOCK,
            _(
                "Opening on the clock on the wall. Empty: not known, or not the same on each of its days: see windows."
            ),
            _hour(0),
        ),
        Column(
            "closes_local",
            Type.CLOCK,
            _("Closing on the clock on the wall; one that is earlier than the opening is on the next day."),
            _hour(1),
        ),
        zone_column(_("Zone whose clock hangs on the wall, by its name in the IANA list.")),
        Column("votes_on", Type.LIST, _("Local dates on which it opens with these hours."), _votes_on),
        Column(
            "windows",
            Type.LIST,
            _(
                "Every opening and closing as an interval of ISO 8601, in local time with its offset from UTC on that "
                "day: 2024-02-07T08:00:00+06:00/2024-02-07T19:00:00+06:00."
            ),
            _intervals,
        ),
        of(PollingStation, "latitude", unit=_("degrees, WGS 84")),
        of(PollingStation, "longitude", unit=_("degrees, WGS 84")),
        of(PollingStation, "coordinate_precision"),
        of(PollingStation, "registered_voters", unit=_("voters")),
        *source_columns(),
        Column(
            "constituency_number",
            Type.TEXT,
            _("Number of its constituency; the station's own number is unique within it."),
            _constituency("number"),
        ),
        Column("constituency_name", Type.TEXT, _("Name of its constituency."), _constituency("name")),
        source_column(
            "number_source_url", "number_source", _("Page that number and constituency come from.")
        ),
        Column(
            "number_source_date",
            Type.PARTIAL_DATE,
            _("Date that this page shows."),
            lambda row, asked: row.number_source.published_on if row.number_source else "",
        ),
        source_column("address_source_url", "address_source", _("Page that the address comes from.")),
        source_column("voters_source_url", "voters_source", _("Page that the number of voters comes from.")),
        source_column(
            "hours_source_url", "hours_source", _("Page that the hours come from, if not source_url.")
        ),
        of(PollingStation, "city_basis"),
        source_column("city_source_url", "city_source", _("Page that the city comes from.")),
        of(PollingStation, "host_mission_basis"),
        of(PollingStation, "notes", find=False),
        Column(
            "coverage",
            Type.CODE,
            _(
                "How it is covered, by the latest edition. Empty: no plan and no visit of anybody is on record."
            ),
            _state,
            codes=STATES,
            narrow=Narrowing((*STATES, *WIDER_STATES), _in_state),
        ),
        Column(
            "planned_by",
            Type.LIST,
            _("Address names of the organizations whose missions plan to visit it, by the latest edition."),
            _missions("p"),
        ),
        Column(
            "visited_by",
            Type.LIST,
            _("Address names of the organizations whose missions visited it, by the latest edition."),
            _missions("v"),
        ),
    ),
)
