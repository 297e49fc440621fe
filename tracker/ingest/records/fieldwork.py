"""The rows of deployments.csv and visits.csv: a team of the sender's mission at a station, on the station's clock."""

from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _

from tracker.core.timezones import to_local, to_utc
from tracker.fieldwork.actions import CLOCKS_APART
from tracker.fieldwork.models import Visit
from tracker.ingest.field import Field, OwnMission, station_key
from tracker.ingest.reading import Row
from tracker.ingest.records.dataset import Dataset, outside_calendar, texts
from tracker.stations.forms import hours_in_utc
from tracker.stations.models import PollingStation

Found = tuple[Row, OwnMission, tuple[int, str], PollingStation]


def add_deployments(dataset: Dataset, rows: list[Row], field: Field) -> None:
    """Plans. Without a status a new one is planned, and one that is there keeps its own."""
    for row, mission, (team, team_key), station in _found(dataset, rows, field):
        slot = _slot(dataset, row, station.timezone_id)
        if slot is None:
            continue
        starts_at, ends_at = slot
        reference = [mission.pk, "", row["reference"]] if row["reference"] else None
        dataset.add(
            "deployment",
            row,
            reference or [mission.pk, team, station.pk, starts_at.isoformat()],
            **texts(row, "notes"),
            mission=mission.key,
            team=team_key,
            station=station_key(station),
            starts_at=starts_at.isoformat(),
            ends_at=ends_at.isoformat(),
            **({"status": row["status"]} if row["status"] else {}),
        )


def add_visits(dataset: Dataset, rows: list[Row], field: Field) -> None:
    """Visits. Without a status a new one is a draft, and one that is there keeps its own."""
    for row, mission, (team, team_key), station in _found(dataset, rows, field):
        if row["status"] == Visit.Status.VERIFIED:
            dataset.problem(
                row, "status", _("is not for a file to say: a visit is verified by somebody who looked at it."),
                _("Write submitted."),
            )  # fmt: skip
        assessment = field.assessment(dataset, row, mission)
        stay = _stay(dataset, row, station.timezone_id, field.now)
        if stay is None:
            continue
        arrived_at, departed_at = stay
        # A visit never passes to another team, so its number counts within one.
        known_by = (
            [row["reference"]] if row["reference"] else [station.pk, row["phase"], arrived_at.isoformat()]
        )
        dataset.add(
            "visit",
            row,
            [mission.pk, team, "" if row["reference"] else "at", *known_by],
            **texts(row, "phase", "findings"),
            mission=mission.key,
            team=team_key,
            station=station_key(station),
            arrived_at=arrived_at.isoformat(),
            departed_at=departed_at.isoformat() if departed_at else None,
            assessment=assessment,
            **({"status": row["status"]} if row["status"] else {}),
        )


def _found(dataset: Dataset, rows: list[Row], field: Field) -> list[Found]:
    """The rows whose mission, team and station are known; what is not is a problem."""
    stations, found = field.stations(rows), []
    for row in rows:
        mission = field.mission(dataset, row)
        team = field.team(dataset, row, mission) if mission else None
        station = stations.find(dataset, row)
        if mission and team and station:
            found.append((row, mission, team, station))
    return found


def _slot(dataset: Dataset, row: Row, zone: str) -> tuple[datetime, datetime] | None:
    """Beginning and end in UTC, by the same rule as the form of a deployment."""
    if not (row["date"] and row["from_local"] and row["until_local"]):
        return None
    hours = time.fromisoformat(row["from_local"]), time.fromisoformat(row["until_local"])
    try:
        slot = hours_in_utc(date.fromisoformat(row["date"]), *hours, zone)
    except ValueError as error:
        dataset.problem(
            row, "from_local", _("cannot be: %(why)s") % {"why": error}, _("Correct date or hours.")
        )
        return None
    return slot if _in_calendar(dataset, row, *slot) else None


def _stay(dataset: Dataset, row: Row, zone: str, now: datetime) -> tuple[datetime, datetime | None] | None:
    """Arrival and departure in UTC, by the same rules as the form of a visit."""
    if not (row["date"] and row["arrived_local"]) or "departed_local" in row.faulty:
        return None
    day, arrived = date.fromisoformat(row["date"]), time.fromisoformat(row["arrived_local"])
    departed_at = None
    try:
        arrived_at = to_utc(day, arrived, zone)
        if row["departed_local"]:
            departed = time.fromisoformat(row["departed_local"])
            # Earlier on the clock than the arrival means past midnight.
            later = day if departed >= arrived else day + timedelta(days=1)
            departed_at = to_utc(later, departed, zone)
    except (ValueError, OverflowError) as error:
        dataset.problem(
            row, "arrived_local", _("cannot be: %(why)s") % {"why": error}, _("Correct date or hours.")
        )
        return None
    if arrived_at > now + CLOCKS_APART:
        what = _("is not yet: at the station it is only %(now)s.")
        said = {"now": f"{to_local(now, zone):%Y-%m-%d %H:%M}"}
        dataset.problem(row, "arrived_local", what % said, _("Correct date or hours."))
        return None
    instants = [arrived_at, departed_at] if departed_at else [arrived_at]
    return (arrived_at, departed_at) if _in_calendar(dataset, row, *instants) else None


def _in_calendar(dataset: Dataset, row: Row, *instants: datetime) -> bool:
    wrong = next(filter(None, map(outside_calendar, instants)), "")
    if wrong:
        dataset.problem(row, "date", wrong, _("Correct the date."))
    return not wrong
