"""Calendar and feed: what a calendar program and a feed reader make of them."""

from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from icalendar import Calendar

from tests.factories import make_election, make_milestone, make_statement, make_station, make_window
from tracker.coverage.editions import refresh
from tracker.elections.models import Election

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


def events(client: Client, election: Election, language: str = "en") -> list[Any]:
    answer = client.get(f"/{language}/e/{election.slug}/data/calendar.ics")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    lines = answer.content.split(b"\r\n")
    assert max(map(len, lines)) <= 75  # RFC 5545, 3.1
    found = Calendar.from_ical(answer.content)
    assert found.errors == []
    return list(found.walk("VEVENT"))


def test_the_real_election_is_a_calendar(client: Client, az2024: Election) -> None:
    refresh(az2024)
    found = events(client, az2024)
    assert len({event["UID"] for event in found}) == len(found)
    openings = sorted(event["DTSTART"].dt for event in found if str(event["SUMMARY"]).startswith("Voting: "))
    # Tokyo and Seoul open first, on the evening before in UTC; Los Angeles last.
    assert openings[0] == datetime(2024, 2, 6, 22, tzinfo=UTC) or openings[0].day == 6
    assert all(event["DTSTAMP"].dt.tzinfo is not None for event in found)
    dated = az2024.milestones.filter(starts_on__isnull=False).count()
    assert sum("-milestone-" in event["UID"] for event in found) == dated


def test_stations_with_the_same_hours_are_one_event(client: Client) -> None:
    election = make_election()
    for city in ("Astana", "Almaty"):
        make_window(station=make_station(election=election, city=city))
    make_window(station=make_station(election=election, city="Aktau", status="cancelled"))
    make_window(station=make_station(election=election, city="Oral", publication="draft"))
    (event,) = events(client, election)
    assert "2 polling stations" in event["DESCRIPTION"]
    assert "Almaty (Kazakhstan); Astana (Kazakhstan)" in event["DESCRIPTION"]
    assert "08:00–19:00 Asia/Almaty" in event["DESCRIPTION"]
    assert event["DTSTART"].dt == datetime(2024, 2, 7, 2, tzinfo=UTC)
    (event,) = events(client, election, "ru")
    assert "Казахстан" in event["DESCRIPTION"]


def test_a_milestone_is_a_day_a_period_or_a_moment(client: Client) -> None:
    election = make_election()
    day = make_milestone(election=election)
    period = make_milestone(election=election, starts_on=date(2024, 1, 15), ends_on=date(2024, 2, 6))
    at = datetime(2024, 2, 7, 15, tzinfo=UTC)
    moment = make_milestone(election=election, at=at, timezone="Asia/Baku")
    make_milestone(election=election, starts_on=None)
    make_milestone(election=election, publication="draft")
    found = {event["UID"].split("@")[0]: event for event in events(client, election)}
    assert len(found) == 3
    one, more, hour = (found[f"{election.slug}-milestone-{row.pk}"] for row in (day, period, moment))
    assert (one["DTSTART"].dt, one["DTEND"].dt) == (date(2024, 2, 7), date(2024, 2, 8))
    assert (more["DTSTART"].dt, more["DTEND"].dt) == (date(2024, 1, 15), date(2024, 2, 7))
    assert (hour["DTSTART"].dt, hour.get("DTEND")) == (at, None)


def test_the_same_register_is_the_same_calendar(client: Client) -> None:
    milestone = make_milestone()
    path = f"/en/e/{milestone.election.slug}/data/calendar.ics"
    first = client.get(path)
    assert client.get(path).content == first.content
    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_editions_and_statements_are_news(client: Client) -> None:
    statement = make_statement(title="First words", issued_on=date(2024, 2, 8))
    election = statement.mission.election
    make_statement(mission=statement.mission, title="Not yet", publication="draft")
    make_station(election=election)
    refresh(election)
    answer = client.get(f"/en/e/{election.slug}/data/feed/")
    assert answer["Content-Type"].startswith("application/atom+xml")
    assert "public" in answer["Cache-Control"]
    feed = ElementTree.fromstring(answer.content)  # noqa: S314 - our own
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    name = statement.mission.organization.acronym
    assert titles == ["Edition 1 of the figures", f"{name}: First words"]
    for required in ("id", "title", "updated"):  # RFC 4287, 4.1.1 and 4.1.2
        assert feed.findtext(f"{ATOM}{required}"), required
        assert all(entry.findtext(f"{ATOM}{required}") for entry in feed.iter(f"{ATOM}entry")), required
    marks = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    assert marks[1] == f"tag:testserver,2024-02-08:{election.slug}:statement-{statement.pk}"


def test_a_draft_election_has_no_news(client: Client) -> None:
    election = make_election(publication="draft")
    for name in ("feed/", "calendar.ics", "package.zip", ""):
        assert client.get(f"/en/e/{election.slug}/data/{name}").status_code == 404, name
