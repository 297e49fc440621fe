"""What was announced, what the register counts, how far stations are covered, and the editions of all of it."""

import json
from typing import Any

from django.db.models import QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from tracker.core.timezones import to_local
from tracker.coverage.counting import COVERAGE
from tracker.coverage.editions import public_editions
from tracker.coverage.figures import Coverage
from tracker.coverage.models import Edition
from tracker.elections.models import AnnouncedFigure
from tracker.fieldwork.models import Visit
from tracker.opendata.columns import (
    Asked,
    Column,
    Dataset,
    Text,
    Type,
    codes_of,
    figure,
    identity,
    localized_in,
    of,
    source_columns,
    zone_column,
)
from tracker.opendata.datasets.contest import written_offset
from tracker.stations.models import PollingStation


def _announced(asked: Asked) -> QuerySet[AnnouncedFigure]:
    rows: QuerySet[AnnouncedFigure] = AnnouncedFigure.objects.published().filter(election=asked.election)
    return rows.select_related("source")


def _as_of(row: Any, asked: Asked) -> str | None:
    """The day or moment a figure describes, as precisely as it was said."""
    if row.as_of_at:
        local = to_local(row.as_of_at, row.as_of_timezone_id)
        return f"{local:%Y-%m-%dT%H:%M}{written_offset(row.as_of_at, row.as_of_timezone_id)}"
    if row.as_of_date and row.as_of_clock_time:
        return f"{row.as_of_date.isoformat()}T{row.as_of_clock_time:%H:%M}"
    return row.as_of_date.isoformat() if row.as_of_date else None


def _value(row: Any, asked: Asked) -> str:
    return row.place if row.value is None else format(row.value.normalize() + 0, "f")


ANNOUNCED = Dataset(
    name="announced_figures",
    record="AnnouncedFigure",
    title=_("Announced figures"),
    description=_(
        "One row is a figure as somebody announced it. Rows with the same conflict_group speak of the same thing; none "
        "is averaged and none is picked."
    ),
    rows=_announced,
    layout="announced_totals.csv",
    columns=(
        identity(_("Number of the record. It stays.")),
        of(AnnouncedFigure, "metric"),
        of(AnnouncedFigure, "scope"),
        Column(
            "value",
            Type.TEXT,
            _("The figure as it was announced: a number or, where the unit is a place, its name."),
            _value,
            required=True,
        ),
        of(
            AnnouncedFigure,
            "value",
            "number",
            description=_("The same as a number; empty where the unit is a place."),
        ),
        of(AnnouncedFigure, "unit"),
        of(AnnouncedFigure, "qualifier"),
        of(AnnouncedFigure, "announced_by"),
        of(AnnouncedFigure, "announced_on", "announced_date"),
        Column(
            "as_of",
            Type.TEXT,
            _(
                "Day or moment that the figure describes: 2024-02-07, 2024-02-07T15:00 or 2024-02-07T15:00+04:00."
            ),
            _as_of,
        ),
        zone_column(_("Zone of that moment, where the source gives one."), "as_of_timezone"),
        of(AnnouncedFigure, "conflict_group"),
        *source_columns(),
        of(AnnouncedFigure, "notes", find=False),
    ),
)

# --- figures of the latest edition

STATIONS = _("polling stations")
EDITION_COLUMNS = (
    figure(
        "edition",
        Type.INTEGER,
        _(
            "Number of the edition that says so. Empty: none is published yet, and the register was counted now."
        ),
        find=False,
    ),
    figure(
        "counted_at",
        Type.MOMENT,
        _("When the rows of the register were counted (UTC)."),
        find=False,
        required=True,
    ),
)


def _edition(asked: Asked) -> dict[str, Any]:
    shown = asked.shown
    number = shown.edition.number if shown and shown.edition else None
    return {"edition": number, "counted_at": shown.as_of if shown else None}


def _recorded(asked: Asked) -> list[dict[str, Any]]:
    if asked.shown is None:
        return []
    rows = []
    for metric, scopes in asked.shown.figures.recorded.items():
        for scope, recorded in scopes.items():
            value = recorded.place or recorded.value
            row = {
                "id": f"{metric}-{scope}" if scope else metric,
                "metric": metric,
                "scope": scope,
                "value": None if value is None else str(value),
                "number": recorded.value,
                "unit": str(AnnouncedFigure.METRIC_UNITS[metric][0]),
                "definition": str(recorded.definition),
                "known": recorded.known,
                "of": recorded.of,
                "incomplete": recorded.incomplete,
            }
            rows.append(row | _edition(asked))
    return sorted(rows, key=lambda row: str(row["id"]))


RECORDED = Dataset(
    name="recorded_figures",
    record="RecordedFigure",
    title=_("Recorded figures"),
    description=_("One row is a figure counted from the register, by the same metric as the announced ones."),
    rows=_recorded,
    of_edition=True,
    columns=(
        figure("id", Type.TEXT, _("Metric and scope in one word."), required=True),
        figure(
            "metric", Type.CODE, _("What was counted."), codes=codes_of(AnnouncedFigure.Metric), required=True
        ),
        figure("scope", Type.TEXT, _("A country's ISO code where it covers that country alone.")),
        figure("value", Type.TEXT, _("The figure: a number or the name of a place."), find=False),
        figure("number", Type.INTEGER, _("The same as a number; empty where the unit is a place.")),
        figure(
            "unit",
            Type.CODE,
            _("What the value counts."),
            codes=codes_of(AnnouncedFigure.Unit),
            required=True,
        ),
        figure("definition", Type.TEXT, _("How it is counted."), find=False, by_language=True),
        figure("known", Type.INTEGER, _("Rows of the register that say something about it. Empty: all do.")),
        figure(
            "of",
            Type.INTEGER,
            _("Rows that could. A figure that not all of them know is not to be compared."),
        ),
        figure(
            "incomplete",
            Type.BOOLEAN,
            _("The register holds some of what is counted and cannot say how many are missing."),
            required=True,
        ),
        *EDITION_COLUMNS,
    ),
)

DIMENSIONS = (
    ("total", _("all stations")),
    ("setting", _("by setting: domestic, abroad, special")),
    ("country", _("stations abroad by country")),
    ("constituency", _("by constituency")),
    ("host_mission", _("by the embassy or consulate that houses them")),
    ("mission", _("by observation mission; they overlap and are never added up")),
    ("phase", _("by the phase of the day in which they were visited")),
    ("hour", _("visits by the hour of arrival on the clock of the station")),
)
COUNTS = (*COVERAGE, "gaps", "planned_not_visited", "no_plan", "share")
NOTHING = dict.fromkeys((*COUNTS, "announced"))


def _coverage(asked: Asked) -> list[dict[str, Any]]:
    if asked.shown is None:
        return []
    counted = asked.shown.figures
    rows = [_covered("total", "", "", counted.total)]
    rows += [
        _covered("setting", setting, PollingStation.Setting(setting).label, covered)
        for setting, covered in counted.settings.items()
    ]
    rows += [
        _covered("country", row.country.iso2, localized_in(row.country, "name", asked.language), row.coverage)
        for row in counted.by_country
    ]
    rows += [
        _covered("constituency", str(row.id), f"{row.number} {row.name}".strip(), row.coverage)
        for row in counted.by_constituency
    ]
    rows += [
        _covered(
            "host_mission", f"{row.country.iso2}-{slugify(row.host_mission)}", row.host_mission, row.coverage
        )
        for row in counted.by_host
    ]
    rows += [
        _row(
            "mission",
            str(row.id),
            row.name,
            planned=row.planned,
            visited=row.visited,
            planned_visited=row.planned_visited,
            planned_not_visited=row.planned - row.planned_visited,
            visits=row.visits,
            announced=row.announced,
        )
        for row in counted.by_mission
    ]
    rows += [
        _row("phase", phase, Visit.Phase(phase).label, visits=row["visits"], visited=row["stations"])
        for phase, row in counted.phases.items()
    ]
    rows += [
        _row("hour", f"{hour:02}", f"{hour:02}:00", visits=visits)
        for hour, visits in enumerate(counted.hours)
    ]
    _tell_apart(rows)
    edition = _edition(asked)
    return sorted((row | edition for row in rows), key=lambda row: str(row["id"]))


def _row(dimension: str, code: str, label: Any, **counts: Any) -> dict[str, Any]:
    name = f"{dimension}-{code}" if code else dimension
    return {"id": name, "dimension": dimension, "code": code, "label": str(label)} | NOTHING | counts


def _covered(dimension: str, code: str, label: Any, covered: Coverage) -> dict[str, Any]:
    counts = {name: getattr(covered, name) for name in COUNTS}
    if counts["share"] is not None:
        counts["share"] = round(counts["share"], 6)
    return _row(dimension, code, label, **counts)


def _tell_apart(rows: list[dict[str, Any]]) -> None:
    """Two houses whose names make the same word get a number, in the order in which they come."""
    seen: dict[str, int] = {}
    for row in rows:
        name = row["id"]
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            row["id"] = f"{name}-{seen[name]}"


COVERED = Dataset(
    name="coverage",
    record="Coverage",
    title=_("Coverage"),
    description=_(
        "One row is a set of polling stations and how far observers cover it. Numbers count distinct stations, visits "
        "apart; rows with zero are rows. Cancelled stations are not counted."
    ),
    rows=_coverage,
    of_edition=True,
    columns=(
        figure("id", Type.TEXT, _("Dimension and code in one word."), required=True),
        figure(
            "dimension", Type.CODE, _("What the stations are grouped by."), codes=DIMENSIONS, required=True
        ),
        figure(
            "code",
            Type.TEXT,
            _("The group: an ISO code, a setting, the id of a constituency or mission, an hour."),
        ),
        figure("label", Type.TEXT, _("The group in words."), find=False, by_language=True),
        figure("stations", Type.INTEGER, _("Stations that count."), unit=STATIONS),
        figure(
            "planned", Type.INTEGER, _("Of them, with at least one live plan of a mission."), unit=STATIONS
        ),
        figure("visited", Type.INTEGER, _("Of them, visited by any mission in any phase."), unit=STATIONS),
        figure("planned_visited", Type.INTEGER, _("Planned and visited."), unit=STATIONS),
        figure("planned_not_visited", Type.INTEGER, _("Planned, and not visited yet."), unit=STATIONS),
        figure("no_plan", Type.INTEGER, _("Neither visited nor planned."), unit=STATIONS),
        figure("gaps", Type.INTEGER, _("Visited by nobody, planned or not."), unit=STATIONS),
        figure("overlap", Type.INTEGER, _("Visited by two missions or more."), unit=STATIONS),
        figure("visits", Type.INTEGER, _("Visits. Several may be at one station."), unit=_("visits")),
        figure(
            "share",
            Type.NUMBER,
            _("Visited stations among stations, 0 to 1. Empty where there is no station."),
        ),
        figure("announced", Type.INTEGER, _("Stations that the mission said it visited."), unit=STATIONS),
        *EDITION_COLUMNS,
    ),
)


def _editions(asked: Asked) -> QuerySet[Edition]:
    rows: QuerySet[Edition] = public_editions(asked.election)  # type: ignore[arg-type]
    return rows


def _total(name: str, description: Text) -> Column:
    return Column(name, Type.INTEGER, description, lambda row, asked: json.loads(row.total).get(name))


EDITIONS = Dataset(
    name="editions",
    record="Edition",
    title=_("Editions"),
    description=_("One row is a numbered, hashed publication of the figures. None is ever changed."),
    rows=_editions,
    key="number",
    columns=(
        of(Edition, "number"),
        of(Edition, "as_of"),
        of(Edition, "published_at"),
        _total("stations", _("Stations that count.")),
        _total("planned", _("Stations planned to be visited.")),
        _total("visited", _("Stations visited.")),
        _total("overlap", _("Stations visited by two missions or more.")),
        _total("visits", _("Visits.")),
        of(Edition, "content_hash", find=False, description=_("SHA-256 of the figures.")),
        of(Edition, "previous_hash", find=False),
        of(
            Edition,
            "hash",
            find=False,
            description=_("SHA-256 of everything the edition says, previous_hash included."),
        ),
        of(
            Edition,
            "thinned_at",
            find=False,
            description=_(
                "When its figures were taken away, as a later edition of the same minute or hour stands."
            ),
        ),
    ),
)
