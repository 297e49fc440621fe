"""The contest itself: election, constituencies, calendar, and what was announced about it."""

from tracker.elections.models.elections import LONGEST_ELECTION, Constituency, Election, SimulatedDay
from tracker.elections.models.figures import AnnouncedFigure
from tracker.elections.models.milestones import Milestone

__all__ = [
    "LONGEST_ELECTION",
    "AnnouncedFigure",
    "Constituency",
    "Election",
    "Milestone",
    "SimulatedDay",
]
