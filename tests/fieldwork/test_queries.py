"""What the public reads of incidents: the published summary and where and when, and nothing more."""

import pytest

from tests.factories import make_election, make_incident, make_station, make_team
from tracker.fieldwork.queries import incident_entries, public_incidents

pytestmark = pytest.mark.django_db


def test_only_published_incidents_of_the_election() -> None:
    shown = make_incident()
    make_incident(election=shown.election, publication="draft")
    make_incident()
    assert list(public_incidents(shown.election)) == [shown]
    election = make_election(publication="draft")
    make_incident(election=election)
    assert list(public_incidents(election)) == []


def test_an_entry_says_category_place_moment_severity_status_and_summary() -> None:
    station = make_station(city="Seoul", number="48", timezone="Asia/Seoul")
    team = make_team(mission=None, election=station.election, name="SECRET")
    make_incident(station=station, team=team, description="SECRET", status="dismissed", severity="serious")
    (entry,) = incident_entries(station.election)
    assert (entry.title, entry.label) == ("Procedure: Seoul 48, Kazakhstan", "Incident, dismissed")
    assert (entry.timezone, entry.details) == ("Asia/Seoul", [("Severity", "serious")])
    assert entry.notes == "A seal was not shown to observers."
    assert "SECRET" not in repr(entry)


def test_a_station_that_is_a_draft_is_not_named() -> None:
    station = make_station(city="Seoul", publication="draft")
    make_incident(station=station)
    (entry,) = incident_entries(station.election)
    assert entry.title == "Procedure: at a polling station"
    assert entry.timezone == "Asia/Baku"
