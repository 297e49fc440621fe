"""What the latest edition says of one polling station: which missions planned it, which visited it."""

from dataclasses import dataclass

from tracker.coverage.editions import Shown, shown_figures
from tracker.coverage.figures import MissionRow
from tracker.elections.models import Election


@dataclass(frozen=True)
class StationCoverage:
    """Missions that planned and that visited a station, by the figures shown; teams are never named."""

    shown: Shown
    planned: list[MissionRow]
    visited: list[MissionRow]


def station_coverage(election: Election, station: int) -> StationCoverage | None:
    """The coverage of `station` in the latest edition; None while nothing is published."""
    shown = shown_figures(election)
    if shown is None:
        return None
    row = shown.matrix.get(station, {})
    missions = [mission for mission in shown.figures.by_mission if mission.id in row]
    return StationCoverage(
        shown,
        [mission for mission in missions if "p" in row[mission.id]],
        [mission for mission in missions if "v" in row[mission.id]],
    )
