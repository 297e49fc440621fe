"""Accredited observers and journalists over time: what was announced as points, what is recorded as a line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, log10

from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.timezones import to_local
from tracker.coverage.figures import Accreditations, BadgeDay
from tracker.elections.models import AnnouncedFigure

Metric, Qualifier = AnnouncedFigure.Metric, AnnouncedFigure.Qualifier


@dataclass(frozen=True)
class Point:
    """An announced figure on the chart. Hollow: the announcement itself says that it is no exact number."""

    x: float
    y: float
    hollow: bool
    title: str


@dataclass(frozen=True)
class SeriesChart:
    """Points and a line over days, in SVG user units. `line` is empty where nothing is recorded."""

    width: int
    height: int
    left: int
    bottom: int
    points: list[Point]
    line: str
    # Titles of the line's days: x, y, words
    steps: list[tuple[float, float, str]]
    # x, words, SVG text-anchor
    days: list[tuple[float, str, str]]
    # y, words
    values: list[tuple[float, str]]


@dataclass(frozen=True)
class AnnouncedRow:
    """An announced figure with the day it speaks of; None where no day is known, and then it is on no chart."""

    figure: AnnouncedFigure
    day: date | None


@dataclass(frozen=True)
class AccreditationPanel:
    """One chart with its numbers. Without a dated number there is no chart."""

    key: str
    title: str | Promise
    definition: str | Promise
    chart: SeriesChart | None
    announced: list[AnnouncedRow]
    recorded: list[BadgeDay]


PANELS = (
    (
        "observers",
        _("International observers accredited"),
        Metric.INTERNATIONAL_OBSERVERS,
        "observers_international",
        _(
            "Recorded: badges given minus badges taken away, of observers in published missions that are not domestic."
        ),
    ),
    (
        "journalists",
        _("Foreign journalists accredited"),
        Metric.FOREIGN_JOURNALISTS,
        "media_foreign",
        _(
            "Recorded: badges given minus badges taken away, of people sent by published outlets of other countries."
        ),
    ),
)


def accreditation_panels(
    figures: Iterable[AnnouncedFigure], accreditations: Accreditations
) -> list[AccreditationPanel]:
    """The panels of the whole election: observers always, journalists where there is anything to show.

    `figures` are announced ones of every metric, for the whole election.
    """
    figures = list(figures)
    found = []
    for key, title, metric, group, definition in PANELS:
        announced = sorted(
            (AnnouncedRow(figure, figure_day(figure)) for figure in figures if figure.metric == metric),
            key=lambda row: (row.day is None, row.day or date.max, row.figure.pk),
        )
        recorded = accreditations.series.get(group, [])
        if key == "observers" or announced or recorded:
            found.append(
                AccreditationPanel(
                    key, title, definition, series_chart(announced, recorded), announced, recorded
                )
            )
    return found


def figure_day(figure: AnnouncedFigure) -> date | None:
    """The day a figure speaks of: as of, or else the day it was announced."""
    if figure.as_of_date:
        return figure.as_of_date
    if figure.as_of_at and figure.as_of_timezone_id:
        return to_local(figure.as_of_at, figure.as_of_timezone_id).date()
    return figure.announced_on


def series_chart(
    announced: list[AnnouncedRow], recorded: list[BadgeDay], *, width: int = 720, height: int = 260
) -> SeriesChart | None:
    """The chart; None where there is no dated number. Days run to the right, numbers upwards from zero."""
    dated = [
        (row.day, row.figure) for row in announced if row.day is not None and row.figure.value is not None
    ]
    days = [day for day, _figure in dated] + [row.day for row in recorded]
    if not days:
        return None
    first, last = min(days), max(days)
    if first == last:  # one day is drawn in the middle
        first, last = first - timedelta(days=1), last + timedelta(days=1)
    most = max([float(figure.value or 0) for _day, figure in dated] + [row.badges for row in recorded])
    step = _step(most)
    top_value = max(step, ceil(most / step) * step)
    left, top, right, bottom = 48, 14, width - 14, height - 34

    def x(day: date) -> float:
        return round(left + (right - left) * (day - first) / (last - first), 1)

    def y(value: float) -> float:
        return round(bottom - (bottom - top) * value / top_value, 1)

    path, before = [], 0
    for row in recorded:
        # What is held stands until the next day on which something moves: a stair, not a slope.
        path.append(f"{'H' if path else 'M'}{x(row.day)}{'' if path else f' {y(before)}'}V{y(row.badges)}")
        before = row.badges
    if path:
        path.append(f"H{x(last)}")
    return SeriesChart(
        width=width,
        height=height,
        left=left,
        bottom=bottom,
        points=[
            Point(
                x(day),
                y(float(figure.value or 0)),
                figure.qualifier != Qualifier.EXACT,
                _point_title(figure, day),
            )
            for day, figure in dated
        ],
        line="".join(path),
        steps=[(x(row.day), y(row.badges), _step_title(row)) for row in recorded],
        days=_day_marks(first, last, x),
        values=[
            (y(value), number_format(value, 0, force_grouping=True))
            for value in range(0, top_value + 1, step)
        ],
    )


def _step(most: float) -> int:
    """A round distance between the lines of the grid that gives two to five of them."""
    if most <= 4:
        return 1
    rough = most / 4
    power = 10 ** int(log10(rough))
    return int(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough))


def _day_marks(first: date, last: date, x: object) -> list[tuple[float, str, str]]:
    length = (last - first).days
    number = min(length, 5)
    marks = [first + timedelta(days=round(length * place / number)) for place in range(number + 1)]
    anchors = ["start", *["middle"] * (len(marks) - 2), "end"]
    words = "j M" if first.year == last.year else "j M Y"
    return [(x(day), date_format(day, words), anchor) for day, anchor in zip(marks, anchors, strict=True)]  # type: ignore[operator]


def _point_title(figure: AnnouncedFigure, day: date) -> str:
    value = number_format(float(figure.value or 0), 0, force_grouping=True)
    if figure.qualifier != Qualifier.EXACT:
        value = f"{figure.get_qualifier_display()} {value}"
    words = _t("%(day)s, announced by %(who)s: %(value)s")
    return words % {"day": date_format(day, "j M Y"), "who": figure.announced_by, "value": value}


def _step_title(row: BadgeDay) -> str:
    words = _t("%(day)s, recorded: %(badges)s badges")
    return words % {
        "day": date_format(row.day, "j M Y"),
        "badges": number_format(row.badges, 0, force_grouping=True),
    }
