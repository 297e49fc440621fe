"""What programs read on public pages (JSON-LD): well formed, true to the page, and nothing that is not public."""

import json
import re
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils.html import json_script

from tests.factories import (
    make_constituency,
    make_election,
    make_incident,
    make_membership,
    make_mission,
    make_observer,
    make_organization,
    make_person,
    make_statement,
    make_station,
    make_window,
)
from tests.public.pages import ELECTION_PAGES, LANGUAGES, address
from tracker.core.models import Publication
from tracker.coverage import editions
from tracker.elections.models import Election
from tracker.public.linked import as_script

pytestmark = pytest.mark.django_db
SITE = "http://testserver"
# What each type must say to be of use, by the pages of schema.org.
NEEDED = {
    "Event": {"@id", "name", "url", "startDate", "endDate", "location"},
    "Dataset": {"name", "description", "url", "creator", "variableMeasured", "about"},
    "DataDownload": {"contentUrl", "encodingFormat"},
    "PropertyValue": {"name", "value"},
    "Place": {"@id", "name", "url", "address", "containedInPlace", "event"},
    "PostalAddress": {"addressLocality", "addressCountry"},
    "City": {"name"},
    "Country": {"name", "identifier"},
    "GeoCoordinates": {"latitude", "longitude"},
    "OpeningHoursSpecification": {"validFrom", "validThrough", "opens", "closes"},
    "Organization": {"name"},
    "Report": {"name", "publisher", "about"},
    "BreadcrumbList": {"itemListElement"},
    "ListItem": {"position", "name", "item"},
}


def nodes(client: Client, path: str) -> list[dict[str, Any]]:
    html = client.get(path).content.decode()
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.S)
    assert len(found) == 1, path
    block = json.loads(found[0])
    assert set(block) == {"@context", "@graph"}
    assert block["@context"] == "https://schema.org"
    return block["@graph"]  # type: ignore[no-any-return]


def only(client: Client, path: str, kind: str) -> dict[str, Any]:
    (node,) = (node for node in nodes(client, path) if node["@type"] == kind)
    return node


def check(value: Any, client: Client) -> None:
    """Every node has what its type needs, every value its form, and every address of ours answers."""
    if isinstance(value, list):
        assert value
        for one in value:
            check(one, client)
        return
    if not isinstance(value, dict):
        assert value not in ("", None)
        return
    if set(value) != {"@id"}:
        assert NEEDED[value["@type"]] <= set(value), value
    for name, one in value.items():
        if name in ("startDate", "endDate", "validFrom", "validThrough", "datePublished"):
            date.fromisoformat(one)
        elif name in ("opens", "closes"):
            assert time.fromisoformat(one).tzinfo is not None
        elif name == "dateModified":
            assert datetime.fromisoformat(one).tzinfo is not None
        elif name in ("url", "item", "contentUrl", "@id"):
            parts = urlsplit(one)
            if one.startswith(SITE):
                path = parts.path + (f"?{parts.query}" if parts.query else "")
                assert client.get(path).status_code == 200, one
            else:
                assert (parts.scheme, parts.netloc) == ("https", "example.org"), one
        check(one, client)


@pytest.fixture
def election() -> Election:
    election = make_election(authority="Commission")
    station = make_station(election=election, city="Astana", number="5", latitude="51.12", longitude="71.43",
                           coordinate_precision="building", address="1 Street")  # fmt: skip
    make_window(station=station)
    mission = make_mission(election=election, organization=make_organization(slug="seen", acronym="SEEN"))
    make_statement(mission=mission, title="First words", url="https://example.org/first")
    make_membership(mission=mission)
    editions.refresh_stale()
    return election


def paths(election: Election, language: str = "en") -> list[str]:
    found = [address(name, election, language=language) for name in ELECTION_PAGES]
    found += [
        address("station", election, pk, language=language)
        for pk in election.stations.values_list("pk", flat=True)
    ]
    return [*found, address("mission", election, "seen", language=language)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_well_formed(client: Client, election: Election, language: str) -> None:
    """Red when: `_known` keeps empty values; a page has no block, or leads to an address that is not there."""
    for path in paths(election, language):
        found = nodes(client, path)
        check(found, client)
        (trail,) = (node for node in found if node["@type"] == "BreadcrumbList")
        assert [step["position"] for step in trail["itemListElement"]] == list(
            range(1, len(trail["itemListElement"]) + 1)
        )
        assert trail["itemListElement"][-1]["item"] == SITE + path


def test_an_election_is_an_event_with_one_name_in_all_languages(client: Client, election: Election) -> None:
    event = only(client, address("dashboard", election), "Event")
    assert (event["startDate"], event["endDate"]) == ("2024-02-07", "2024-02-07")
    assert event["location"] == {"@type": "Country", "name": "Azerbaijan", "identifier": "AZ"}
    assert event["organizer"] == {"@type": "Organization", "name": "Commission"}
    other = only(client, address("dashboard", election, language="ru"), "Event")
    assert other["@id"] == event["@id"]
    assert other["url"] != event["url"]
    assert other["location"]["name"] == "Азербайджан"


def test_the_dataset_is_the_edition_that_is_shown(client: Client, election: Election) -> None:
    make_station(election=election, city="Rome", country="IT")
    editions.refresh_stale()
    for query, number, stations in (("", "2", 2), ("edition=1", "1", 1)):
        data = only(client, address("dashboard", election, query=query), "Dataset")
        edition = election.editions.get(number=number)
        assert (data["version"], data["identifier"]) == (number, edition.hash)
        assert data["variableMeasured"][0]["value"] == stations
        file = data["distribution"][0]["contentUrl"]
        assert client.get(file.removeprefix(SITE)).content.decode() == edition.content


def test_a_station_is_a_place_with_its_hours(client: Client, election: Election) -> None:
    station = election.stations.get()
    place = only(client, address("station", election, station.pk), "Place")
    assert place["geo"] == {"@type": "GeoCoordinates", "latitude": 51.12, "longitude": 71.43}
    assert place["address"]["addressCountry"] == "KZ"
    # 08:00 to 19:00 at the offset of that day, three weeks before it changed.
    assert place["openingHoursSpecification"] == [
        {
            "@type": "OpeningHoursSpecification", "validFrom": "2024-02-07", "validThrough": "2024-02-07",
            "opens": "08:00:00+06:00", "closes": "19:00:00+06:00",
        }
    ]  # fmt: skip
    assert place["event"]["@id"] == only(client, address("dashboard", election), "Event")["@id"]
    night = make_station(election=election, timezone="Asia/Kolkata", city="Delhi", country="IN")
    make_window(
        station=night,
        opens_at=datetime(2024, 3, 15, 14, 30, tzinfo=UTC),
        closes_at=datetime(2024, 3, 15, 23, 0, tzinfo=UTC),
    )
    (hours,) = only(client, address("station", election, night.pk), "Place")["openingHoursSpecification"]
    assert (hours["opens"], hours["closes"]) == ("20:00:00+05:30", "04:30:00+05:30")


def test_the_centre_of_a_city_is_not_said_to_be_the_station(client: Client, election: Election) -> None:
    station = make_station(
        election=election, city="Rome", latitude=41, longitude=12, coordinate_precision="city"
    )
    place = only(client, address("station", election, station.pk), "Place")
    assert "geo" not in place
    assert place["containedInPlace"]["geo"]["latitude"] == 41
    station.status = "cancelled"
    station.save()
    found = nodes(client, address("station", election, station.pk))
    assert [node["@type"] for node in found] == ["BreadcrumbList"]


def test_an_organization_and_its_statements(client: Client, election: Election) -> None:
    organization = only(client, address("mission", election, "seen"), "Organization")
    assert organization["alternateName"] == "SEEN"
    report = only(client, address("mission", election, "seen"), "Report")
    assert (report["name"], report["url"]) == ("First words", "https://example.org/first")
    assert report["publisher"]["name"] == organization["name"]
    make_mission(
        election=election,
        organization=make_organization(
            slug="guessed", website="https://example.org/", website_basis="not_checked"
        ),
    )
    assert "sameAs" not in only(client, address("mission", election, "guessed"), "Organization")


def test_what_is_invented_is_told_to_no_program(client: Client) -> None:
    election = make_election(demonstration=True)
    station = make_station(election=election)
    for path in (
        *(address(name, election) for name in ELECTION_PAGES),
        address("station", election, station.pk),
    ):
        assert "ld+json" not in client.get(path).content.decode(), path


CANARY = "Canaryville"


def test_nothing_that_is_not_public_is_in_it(client: Client, election: Election) -> None:
    """Red when: mission_page reads `statement_set` instead of the published statements; a node names an observer."""
    mission = election.missions.get()
    make_statement(mission=mission, title=CANARY, publication=Publication.DRAFT)
    make_statement(mission=make_mission(election=election, organization=mission.organization, type="leom",
                                        publication=Publication.DRAFT), title=CANARY)  # fmt: skip
    make_observer(mission=mission, person=make_person(full_name=CANARY))
    draft = make_constituency(election=election, name=CANARY, publication=Publication.DRAFT)
    make_station(election=election, constituency=draft, number="99")
    make_station(election=election, city=CANARY, publication=Publication.DRAFT)
    make_incident(election=election, place="Ankara", description=CANARY)
    make_membership(
        mission=mission, organization=make_organization(name=CANARY, publication=Publication.DRAFT)
    )
    editions.refresh_stale()
    for path in paths(election):
        answer = client.get(path)
        if answer.status_code == 404:  # the draft station's own
            continue
        assert CANARY not in json.dumps(nodes(client, path)), path


def test_no_text_can_end_the_block() -> None:
    """Red when: `translate(UNSAFE)` is left out. Written as Django writes its own data blocks."""
    evil = "</script><!--<script>&\u2028\u2029\"'\\"
    script = str(as_script([{"@type": "Event", "name": evil}]))
    body = script.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert not set("<>&\u2028\u2029") & set(body)
    assert json.loads(body)["@graph"][0]["name"] == evil
    theirs = re.search(r">(.*)<", json_script(evil))
    assert theirs
    assert json.loads(theirs[1]) == evil
    assert as_script([]) == ""
