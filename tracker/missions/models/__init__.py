"""Who observes: organizations and their missions, the people in them, and their accreditation."""

from tracker.missions.models.accreditation import (
    Accreditation,
    AccreditationChange,
    AccreditationRule,
    Category,
)
from tracker.missions.models.affiliation import Affiliation
from tracker.missions.models.decisions import BulkDecision, BulkDecisionRow
from tracker.missions.models.missions import Engagement, Membership, Mission, Organization, Statement
from tracker.missions.models.people import Observer, Outlet, Person
from tracker.missions.models.readings import PersonReading

__all__ = [
    "Accreditation",
    "AccreditationChange",
    "AccreditationRule",
    "Affiliation",
    "BulkDecision",
    "BulkDecisionRow",
    "Category",
    "Engagement",
    "Membership",
    "Mission",
    "Observer",
    "Organization",
    "Outlet",
    "Person",
    "PersonReading",
    "Statement",
]
