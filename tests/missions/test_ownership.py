"""Whose a record is, and what an account sees by it."""

import pytest

from tests import factories as make
from tracker.core.models import Publication, User
from tracker.core.ownership import owned_by, owner_path
from tracker.core.roles import Role
from tracker.elections.models import Election
from tracker.fieldwork.models import Incident, IncidentChange, Visit
from tracker.missions.models import AccreditationChange, Mission, Organization, Person
from tracker.stations.models import PollingStation

pytestmark = pytest.mark.django_db


def test_every_path_ends_at_the_organization():
    assert [owner_path(model) for model in (Organization, Mission, Visit, Person)] == [
        "", "organization", "mission__organization", "observer__mission__organization",
    ]  # fmt: skip
    assert owner_path(AccreditationChange) == "accreditation__observer__mission__organization"
    assert owner_path(IncidentChange) == "incident__team__mission__organization"
    assert owner_path(PollingStation) is None


@pytest.fixture
def ours():
    return make.make_organization()


@pytest.fixture
def clara(ours) -> User:
    return make.make_account(Role.COORDINATOR, organization=ours)


def test_a_coordinator_sees_own_drafts_and_what_is_public(ours, clara):
    election = make.make_election()
    own = make.make_mission(election=election, organization=ours, publication=Publication.DRAFT)
    public = make.make_mission(election=election)
    make.make_mission(election=election, publication=Publication.DRAFT)
    assert set(Mission.objects.visible_to(clara)) == {own, public}
    assert list(owned_by(Mission.objects.all(), clara)) == [own]


def test_field_work_of_others_is_hidden_even_where_their_mission_is_public(ours, clara):
    election = make.make_election()
    visit = make.make_visit(mission=make.make_mission(election=election, organization=ours))
    other = make.make_visit(mission=make.make_mission(election=election))
    assert list(Visit.objects.visible_to(clara)) == [visit]
    assert set(Visit.objects.visible_to(make.make_account(Role.AUDITOR))) == {visit, other}


def test_drafts_of_the_host_state_are_hidden_from_a_coordinator(clara):
    make.make_election(publication=Publication.DRAFT)
    public = make.make_election()
    assert list(Election.objects.visible_to(clara)) == [public]


def test_an_incident_without_a_team_belongs_to_nobody(clara):
    make.make_incident(publication=Publication.DRAFT)
    # Published, and yet its description is not: the public's page shows what a stranger may read of it.
    make.make_incident()
    assert not Incident.objects.visible_to(clara)
    assert not owned_by(Incident.objects.all(), clara)


def test_an_account_without_roles_or_closed_sees_no_drafts(ours):
    make.make_mission(organization=ours, publication=Publication.DRAFT)
    closed = make.make_account(Role.DESK, is_active=False)
    for account in (make.make_account(), closed):
        assert not Mission.objects.visible_to(account)
