"""Who observes: organizations and their missions, the people in them, and their accreditation."""

from tracker.missions.models.accreditation import (
    Accreditation,
    AccreditationChange,
    AccreditationRule,
    Category,
)
from tracker.missions.models.affiliation import Affiliation
from tracker.missions.models.decisions import BulkDecision, BulkDecisionRow
from tracker.missions.models.engagements import Engagement
from tracker.missions.models.missions import Membership, Mission
from tracker.missions.models.organizations import Organization
from tracker.missions.models.people import Observer, Outlet, Person
from tracker.missions.models.readings import PersonReading
from tracker.missions.models.statements import Statement

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
