"""What was announced, beside what the register counts: rivals together, each taken at its word."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tracker.coverage.corrections import mark_corrected
from tracker.coverage.figures import Figures, Recorded
from tracker.elections.models import AnnouncedFigure, Election
from tracker.elections.queries import announced_figures, latest_with_rivals

Metric = AnnouncedFigure.Metric
Qualifier = AnnouncedFigure.Qualifier


@dataclass(frozen=True)
class Compared:
    """An announced figure and how it stands to the recorded one; `outcome` is a sentence, or empty."""

    figure: AnnouncedFigure
    outcome: str
    # "equal", "differs" or "" (nothing to compare), for the mark beside the sentence.
    verdict: str


@dataclass(frozen=True)
class FigureBlock:
    """Figures that speak of the same thing: a scope, or one group of rivals within it."""

    scope: str
    rivals: bool
    figures: list[Compared]
    recorded: Recorded | None


@dataclass(frozen=True)
class FigurePanel:
    """All that was announced of one metric."""

    metric: str
    label: str
    blocks: list[FigureBlock]

    @property
    def recorded(self) -> bool:
        return any(block.recorded for block in self.blocks)


def figure_panels(election: Election, figures: Figures) -> list[FigurePanel]:
    """Every announced figure of `election` by metric, rivals together, beside the recorded figure if there is one.

    Metrics come in the order of `AnnouncedFigure.Metric`; within one, the whole election before its parts, and
    groups of rivals before figures that stand alone.
    """
    grouped: dict[str, dict[tuple[str, str], list[AnnouncedFigure]]] = {}
    announced = list(announced_figures(election))
    mark_corrected(announced)
    for figure in announced:
        # Ungrouped figures of one scope form one dated series.
        key = (figure.scope, figure.conflict_group)
        grouped.setdefault(figure.metric, {}).setdefault(key, []).append(figure)
    panels = []
    for metric in Metric:
        if metric.value not in grouped:
            continue
        latest = _latest_by_scope(grouped[metric.value])
        blocks = [
            _block(scope, group, rows, latest[scope], figures.recorded.get(metric.value, {}).get(scope))
            for (scope, group), rows in sorted(
                grouped[metric.value].items(),
                key=lambda item: (item[0][0] != "", item[0][0], item[0][1] == ""),
            )
        ]
        panels.append(FigurePanel(metric.value, str(metric.label), blocks))
    return panels


def _latest_by_scope(
    blocks: dict[tuple[str, str], list[AnnouncedFigure]],
) -> dict[str, list[AnnouncedFigure]]:
    """For each scope of one metric, the figures that speak of the latest day."""
    scopes: dict[str, list[AnnouncedFigure]] = {}
    for (scope, _group), rows in blocks.items():
        scopes.setdefault(scope, []).extend(rows)
    return {scope: latest_with_rivals(rows) for scope, rows in scopes.items()}


def _block(
    scope: str,
    group: str,
    rows: list[AnnouncedFigure],
    latest: list[AnnouncedFigure],
    recorded: Recorded | None,
) -> FigureBlock:
    compared = []
    for figure in rows:
        outcome, verdict = compare(figure, recorded)
        if verdict == "differs" and figure not in latest:
            # The register counts what stands now; a number that grew since was not wrong in its day.
            outcome, verdict = str(_("An earlier figure, not compared.")), ""
        elif not outcome and figure not in latest and _is_earlier(figure, latest):
            outcome = str(_("An earlier figure."))
        compared.append(Compared(figure, outcome, verdict))
    return FigureBlock(scope=scope, rivals=bool(group) and len(rows) > 1, figures=compared, recorded=recorded)


def _is_earlier(figure: AnnouncedFigure, latest: list[AnnouncedFigure]) -> bool:
    """Whether a figure speaks of an earlier day than the latest of its scope; what has no date is not earlier."""
    day = figure.as_of_date or figure.announced_on
    days = [other.as_of_date or other.announced_on for other in latest]
    return day is not None and any(other is not None and day < other for other in days)


def compare(figure: AnnouncedFigure, recorded: Recorded | None) -> tuple[str, str]:
    """How an announced figure stands to the recorded one: a sentence, and "equal", "differs" or "".

    A qualifier is taken at its word: "over 40" is not contradicted by 49, and "about" only states a distance.
    """
    if recorded is None:
        return "", ""
    if recorded.partial:
        words = _("Not comparable: the register knows %(known)s of %(of)s stations.")
        return str(words % {"known": recorded.known, "of": recorded.of}), ""
    if recorded.incomplete:
        return str(_("Not comparable: the register names only those found in a source.")), ""
    if figure.place or recorded.place:
        if figure.place == recorded.place:
            return str(_("The same as recorded.")), ""
        # A place is a claim about clocks or maps; both are shown and neither is called wrong.
        return str(_("Recorded is %(place)s; not judged.") % {"place": recorded.place}), ""
    if figure.value is None or recorded.value is None or figure.qualifier == Qualifier.REQUESTED:
        return "", ""
    difference = figure.value - Decimal(recorded.value)
    if figure.qualifier == Qualifier.OVER and difference < 0:
        return str(_("Agrees: more are recorded.")), "equal"
    if figure.qualifier == Qualifier.NEARLY and difference > 0:
        return str(_("Agrees: fewer are recorded.")), "equal"
    if not difference:
        if figure.qualifier in (Qualifier.OVER, Qualifier.NEARLY):
            return str(_("Exactly this is recorded.")), "differs"
        return str(_("The same as recorded.")), "equal"
    # Announced counts are whole numbers; only shares have decimals, and no share is recorded.
    amount = abs(int(difference))
    if difference > 0:
        text = ngettext("%(count)s more than recorded.", "%(count)s more than recorded.", amount)
    else:
        text = ngettext("%(count)s fewer than recorded.", "%(count)s fewer than recorded.", amount)
    return text % {"count": amount}, "" if figure.qualifier == Qualifier.ABOUT else "differs"
