"""Panels that stand on more than one page, so that the dashboard and a frame on another site cannot differ."""

from datetime import datetime
from typing import Any

from tracker.coverage.corrections import mark_corrected
from tracker.coverage.figures import Figures
from tracker.elections.models import AnnouncedFigure, Election
from tracker.elections.queries import announced_figures, latest_with_rivals
from tracker.missions.models import Mission
from tracker.public.charts import station_map
from tracker.stations.models import PollingStation
from tracker.stations.queries import name_key, public_stations


def labelled(choices: Any, counts: dict[str, int]) -> list[tuple[str, str, int]]:
    """Code, label and count of each choice that occurs."""
    return [(code, choices(code).label, count) for code, count in counts.items() if count]


def general_figures(election: Election) -> list[AnnouncedFigure]:
    """The announced figures of `election` that are about all of it, marked where they were corrected."""
    found = list(announced_figures(election).filter(scope=""))
    mark_corrected(found)
    return found


def headline_panel(figures: Figures, announced: list[AnnouncedFigure]) -> dict[str, Any]:
    """What `public/_headline.html` shows; `announced` are the `general_figures` of the election."""
    observers = [row for row in announced if row.metric == AnnouncedFigure.Metric.INTERNATIONAL_OBSERVERS]
    return {
        "figures": figures,
        "observers": latest_with_rivals(observers),
        "mission_statuses": labelled(Mission.Status, figures.missions_by_status),
    }


def map_panel(election: Election, at: datetime) -> dict[str, Any]:
    """What `public/_map.html` and `public/_map_table.html` show: stations abroad by their voting state at `at`."""
    stations: list[PollingStation] = sorted(
        public_stations(election).abroad().counting().with_voting_state(at),
        key=lambda station: (name_key(station.country), station.city, station.number),
    )
    return {"map": station_map(election, stations), "mapped": stations}
