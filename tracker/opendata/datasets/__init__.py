"""Every dataset, in the order in which people are shown them."""

from tracker.opendata.columns import Dataset
from tracker.opendata.datasets.contest import CONSTITUENCIES, ELECTIONS, MILESTONES
from tracker.opendata.datasets.figures import ANNOUNCED, COVERED, EDITIONS, RECORDED
from tracker.opendata.datasets.observation import (
    ENGAGEMENTS,
    MEMBERSHIPS,
    MISSIONS,
    ORGANIZATIONS,
    STATEMENTS,
)
from tracker.opendata.datasets.places import STATIONS

# Within one election. Elections themselves stand above.
OF_ELECTION: tuple[Dataset, ...] = (
    STATIONS,
    CONSTITUENCIES,
    MISSIONS,
    MEMBERSHIPS,
    ORGANIZATIONS,
    ANNOUNCED,
    RECORDED,
    COVERED,
    MILESTONES,
    ENGAGEMENTS,
    STATEMENTS,
    EDITIONS,
)
DATASETS: tuple[Dataset, ...] = (ELECTIONS, *OF_ELECTION)
BY_NAME = {dataset.name: dataset for dataset in DATASETS}

__all__ = ["BY_NAME", "DATASETS", "ELECTIONS", "OF_ELECTION"]
