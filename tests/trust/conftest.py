"""Two organizations side by side."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests import factories as make
from tracker.core.models import Publication
from tracker.core.roles import Role
from tracker.coverage.editions import refresh
from tracker.missions.models import Mission


@pytest.fixture
def two(db: None) -> dict[str, Any]:
    """Two organizations in one election, each with drafts, people and field work; Clara works for the first."""
    election = make.make_election()
    found: dict[str, Any] = {"election": election}
    for name in ("ours", "theirs"):
        organization = make.make_organization(name=f"Organization of {name}")
        mission = make.make_mission(election=election, organization=organization)
        draft = make.make_mission(
            election=election,
            organization=organization,
            type=Mission.Type.LEOM,
            publication=Publication.DRAFT,
            source=make.make_source(title=f"source of {name}"),
        )
        team = make.make_team(mission=mission)
        accreditation = make.make_accreditation(observer=team.members.first(), status="accredited")
        make.make_accreditation_change(accreditation=accreditation)
        visit = make.make_visit(team=team, findings=f"findings of {name}")
        make.make_deployment(team=team)
        make.make_statement(mission=mission, publication=Publication.DRAFT)
        make.make_incident(team=team, station=visit.station, election=election, publication=Publication.DRAFT)
        make.make_membership(mission=draft)
        make.make_assessment(mission=mission)
        found[name] = {
            "organization": organization,
            "mission": mission,
            "draft": draft,
            "team": team,
            "visit": visit,
        }
    make.make_election(publication=Publication.DRAFT)
    make.make_station(election=election, publication=Publication.DRAFT)
    make.make_window(station=make.make_station(election=election))
    make.make_simulated_day()
    make.make_simulated_day(election=make.make_election(demonstration=True, publication=Publication.DRAFT))
    make.make_milestone(election=election, embargo_until=datetime(2150, 1, 1, tzinfo=UTC))
    make.make_milestone(election=election, embargo_until=datetime(2020, 1, 1, tzinfo=UTC))
    make.make_engagement(election=election, organizations=[found["ours"]["organization"]])
    found["clara"] = make.make_account(Role.COORDINATOR, organization=found["ours"]["organization"])
    refresh(election)
    return found
