"""Pages say what they do not know: a missing source, an unchecked address, who took no part, what is not judged."""

import re
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from tests.factories import (
    make_election,
    make_engagement,
    make_figure,
    make_milestone,
    make_mission,
    make_organization,
    make_source,
    make_statement,
    make_station,
)
from tests.public.pages import address, read
from tracker.core.models import Publication
from tracker.elections.models import Election

pytestmark = pytest.mark.django_db
NONE = "No source on record."


@pytest.mark.parametrize("sourced", [True, False])
def test_what_has_no_source_says_so(client: Client, sourced: bool) -> None:
    def source() -> dict[str, object]:
        return {"source": make_source()} if sourced else {}

    election = make_election(**source())
    organization = make_organization(**source())
    mission = make_mission(election=election, organization=organization, **source())
    make_statement(mission=mission, url="", **source())
    make_engagement(election=election, organizations=[organization], **source())
    make_milestone(election=election, **source())
    station = make_station(election=election, number="", **source())
    expected = {
        address("dashboard", election): 2,  # the election and its milestone
        address("timeline", election): 3,
        address("mission", election, organization.slug): 4,
        address("station", election, station.pk): 1,
    }
    found = {path: read(client, path).count(NONE) for path in expected}
    assert found == (dict.fromkeys(expected, 0) if sourced else expected)


def test_a_statement_that_can_be_opened_is_how_one_knows(client: Client) -> None:
    """Red when: `is_unsourced` of a statement or mission looks at its source alone."""
    election = make_election(source=make_source())
    organization = make_organization(source=make_source())
    mission = make_mission(election=election, organization=organization)
    path = address("mission", election, organization.slug)
    assert read(client, path).count(NONE) == 1
    statement = make_statement(mission=mission, url="https://example.org/statement")
    assert read(client, path).count(NONE) == 0
    assert read(client, path).count("Known from its own statement, below.") == 1
    assert read(client, address("timeline", election)).count(NONE) == 0
    # Of a draft nobody reads.
    statement.publication = Publication.DRAFT
    statement.save()
    assert read(client, path).count(NONE) == 1


def test_a_website_nobody_checked_says_so(client: Client) -> None:
    election = make_election()
    for basis, said in (("not_checked", True), ("seen_in_source", False)):
        organization = make_organization(website="https://example.org", website_basis=basis)
        make_mission(election=election, organization=organization)
        text = read(client, address("mission", election, organization.slug))
        assert ("https://example.org (well known, not checked)" in text) is said, basis


def test_an_organization_that_only_commented_has_a_page(client: Client) -> None:
    election = make_election()
    commented = make_organization(name="Commenting union", slug="commenting")
    draft = make_organization(name="Draft union", slug="draft", publication=Publication.DRAFT)
    elsewhere = make_organization(name="Elsewhere", slug="elsewhere")
    make_mission(organization=elsewhere)
    text = read(client, address("mission", election, commented.slug))
    assert "it took no part in an election of this register" in text
    html = client.get(address("timeline", election)).content.decode()
    assert f'href="{address("mission", election, "commenting")}"' in html
    for other in (draft, elsewhere):
        assert client.get(address("mission", election, other.slug)).status_code == 404
        assert other.name not in html
    sitemap = client.get("/sitemap-missions.xml").content.decode()
    assert f"<loc>http://testserver{address('mission', election, 'commenting')}</loc>" in sitemap
    # What is invented names nobody real.
    invented = make_election(demonstration=True)
    assert client.get(address("mission", invented, commented.slug)).status_code == 404
    assert "Commenting union" not in client.get(address("timeline", invented)).content.decode()


def test_the_organization_that_commented_on_the_real_election_has_a_page(
    client: Client, az2024: Election
) -> None:
    assert "Did not observe" in read(client, address("mission", az2024, "eu"))


def test_the_map_has_an_equal_table_below_it(client: Client) -> None:
    election = make_election()
    for iso2, city in (("TR", "Ankara"), ("KZ", "Astana"), ("KZ", "Aktau")):
        make_station(election=election, country=iso2, city=city, number="")
    make_station(election=election, city="At home", setting="domestic")
    html = client.get(address("dashboard", election)).content.decode()
    table = html.split('<details class="map-table">')[1].split("</details>")[0]
    rows = re.findall(
        r"<tr><td>(.*?)</td><th.*?<a href=\"(.*?)\">(.*?)</a>.*?</svg> (.*?)</span>", table, re.S
    )
    pages = {s.city: address("station", election, s.pk) for s in election.stations.all()}
    assert rows == [
        ("Kazakhstan", pages["Aktau"], "Aktau", "hours not known"),
        ("Kazakhstan", pages["Astana"], "Astana", "hours not known"),
        ("Türkiye", pages["Ankara"], "Ankara", "hours not known"),
    ]


def test_a_place_announced_is_shown_beside_the_recorded_one_unjudged(
    client: Client, az2024: Election
) -> None:
    html = client.get(address("figures", az2024)).content.decode()
    places = re.findall(r'<article class="figure( \w+)?">(?:(?!</article>).)*?Recorded is Seoul', html, re.S)
    assert places == [""]


WORDS = re.compile(
    r'{% trans "([^"]+)" *(?:as \w+ )?%}|{% blocktrans[^%]*%}(.*?){% (?:plural|endblocktrans)|_\("([^"]+)"\)'
)
PAGES = settings.BASE_DIR / "templates"


@pytest.mark.parametrize("language", ["az", "ru"])
def test_django_translates_no_word_of_the_public_pages_by_chance(language: str) -> None:
    """One Azerbaijani word in a page of English ones helps nobody; a context keeps such words apart."""
    files = [*PAGES.glob("public/**/*.html"), *PAGES.glob("*.html"), *Path("tracker/public").glob("*.py")]
    words = {
        word for path in files for found in WORDS.findall(path.read_text("utf-8")) for word in found if word
    }
    assert len(words) > 200
    with translation.override(language):
        assert {word: translation.gettext(word) for word in words if translation.gettext(word) != word} == {}


@pytest.mark.parametrize(
    ("unit", "value", "written"), [("voters", "6478623", "6,478,623"), ("percent", "76.73", "76.73 %")]
)
def test_a_value_is_written_alike_in_public_and_in_the_admin(
    client: Client, admin_client: Client, unit: str, value: str, written: str
) -> None:
    figure = make_figure(metric="turnout", unit=unit, value=value)
    assert f"<b>{written}</b>" in client.get(address("figures", figure.election)).content.decode()
    listed = admin_client.get("/staff/elections/announcedfigure/").content.decode()
    assert re.search(rf"exactly {re.escape(written)}( voters)?</td>", listed)


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"invited_by": "Central Election Commission"}, "Invited by Central Election Commission"),
        ({"invited_on": date(2024, 1, 3)}, "Invited 3 January 2024"),
        ({"invited_by": "CEC", "invited_on": date(2024, 1, 3)}, "Invited by CEC, 3 January 2024"),
    ],
)
def test_an_invitation_is_one_sentence(client: Client, over: dict[str, object], said: str) -> None:
    mission = make_mission(**over)
    assert said in read(client, address("mission", mission.election, mission.organization.slug))
