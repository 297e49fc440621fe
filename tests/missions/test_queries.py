"""The timeline, and who took part in what."""

from datetime import UTC, date, datetime

import pytest

from tests.factories import (
    make_election,
    make_engagement,
    make_membership,
    make_milestone,
    make_mission,
    make_organization,
    make_statement,
)
from tracker.core.models import Publication
from tracker.missions.queries import EntryKind, missions_of, organizations_in, timeline

pytestmark = pytest.mark.django_db


def test_timeline_runs_by_date_then_moment_and_ends_with_the_undated() -> None:
    election = make_election()
    make_milestone(election=election, title="No day", starts_on=None)
    for hour in (15, 8):
        make_milestone(
            election=election, title=f"At {hour}", at=datetime(2024, 2, 7, hour, tzinfo=UTC), timezone="UTC"
        )
    make_milestone(election=election, title="All day")
    make_engagement(election=election, host="Host", visitor="Visitor")
    make_statement(mission=make_mission(election=election), title="Stated")
    titles = [entry.title for entry in timeline(election)]
    assert titles == ["Host – Visitor", "All day", "At 8", "At 15", "Stated", "No day"]


def test_timeline_filters() -> None:
    election = make_election()
    member, stranger = make_organization(), make_organization()
    joint = make_mission(election=election, type="joint")
    make_membership(mission=joint, organization=member)
    make_statement(mission=joint, title="Joint statement")
    make_engagement(election=election, host="Minister", visitor="Member", organizations=[member])
    make_milestone(election=election, title="Campaign", starts_on=date(2024, 1, 15), ends_on=date(2024, 2, 6))

    def titles(**asked: object) -> list[str]:
        return [entry.title for entry in timeline(election, **asked)]  # type: ignore[arg-type]

    assert titles(kinds=[EntryKind.MILESTONE]) == ["Campaign"]
    assert titles(organization=member) == ["Minister – Member", "Joint statement"]
    assert titles(organization=stranger) == []
    assert titles(text="mINISTER") == ["Minister – Member"]
    # A period belongs to each of its days.
    assert titles(first_day=date(2024, 1, 20), last_day=date(2024, 1, 21)) == ["Campaign"]


def test_organizations_in_an_election_lead_join_or_meet() -> None:
    election = make_election()
    leading, joining, meeting, hidden = (make_organization(name=name) for name in "ABCD")
    mission = make_mission(election=election, organization=leading)
    make_membership(mission=mission, organization=joining)
    make_engagement(election=election, organizations=[meeting])
    make_mission(election=election, organization=hidden, publication=Publication.DRAFT)
    make_mission(organization=make_organization(name="E"))  # to another election
    assert organizations_in(election) == [leading, joining, meeting]
    assert missions_of(election, joining) == [mission]
    assert missions_of(election, hidden) == []
