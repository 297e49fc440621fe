"""A station's page: which missions planned and visited it, by the edition that is published, and no team's name."""

import pytest
from django.test import Client

from tests.factories import (
    make_deployment,
    make_election,
    make_mission,
    make_organization,
    make_source,
    make_station,
    make_team,
    make_visit,
    make_window,
)
from tests.public.pages import address, read
from tracker.coverage.editions import refresh

pytestmark = pytest.mark.django_db


def test_missions_that_planned_and_visited_are_counted_and_named(client: Client) -> None:
    election = make_election()
    station = make_station(election=election)
    ours, theirs = (
        make_mission(election=election, organization=make_organization(acronym=name))
        for name in ("OURS", "THEIRS")
    )
    team = make_team(mission=ours, name="SECRET-TEAM")
    make_deployment(team=team, station=station)
    make_visit(team=team, station=station)
    make_visit(team=team, station=station)
    make_visit(team=make_team(mission=theirs), station=station)
    make_visit(station=station, status="draft")
    make_deployment(station=station, status="called_off")
    refresh(election)
    text = read(client, address("station", election, station.pk))
    assert "Visited by 2 missions: OURS , THEIRS Missions with at least one submitted visit" in text
    assert "Planned by 1 mission: OURS Missions with at least one plan" in text
    assert "SECRET-TEAM" not in client.get(address("station", election, station.pk)).content.decode()


def test_a_station_nobody_covers_says_so(client: Client) -> None:
    station = make_station()
    text = read(client, address("station", station.election, station.pk))
    assert "Visited by 0 missions" in text
    assert "Planned by 0 missions" in text


def test_hours_show_their_source_and_say_where_none_is(client: Client) -> None:
    station = make_station(source=make_source())
    path = address("station", station.election, station.pk)
    unknown = "A source for its hours"
    assert unknown not in read(client, path)  # without hours there is nothing to be sourced
    make_window(station=station)
    assert unknown in read(client, path)
    station.hours_source = make_source(publisher="The list of hours", url="https://hours.example")
    station.save()
    text = read(client, path)
    assert unknown not in text
    assert "The list of hours" in text.split("Voting hours")[1].split("What is known")[0]


def test_nothing_is_said_before_a_reviewed_election_publishes(client: Client) -> None:
    station = make_station(election=make_election(publishing="reviewed"))
    make_visit(station=station)
    text = read(client, address("station", station.election, station.pk))
    assert "Observers here" not in text
    refresh(station.election)
    assert "Observers here" not in read(client, address("station", station.election, station.pk))
