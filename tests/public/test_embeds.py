"""Small pages for frames on other sites: what they show, who may frame what, and how others find them."""

import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import (
    country,
    make_election,
    make_figure,
    make_mission,
    make_station,
    make_team,
    make_visit,
)
from tests.public.pages import address, read, text_of
from tracker.core.models import Publication
from tracker.coverage import editions
from tracker.elections.models import Election
from tracker.public.snippets import KINDS

pytestmark = pytest.mark.django_db
SITE = "http://testserver"


def embed(name: str, election: Election, language: str = "en", query: str = "") -> str:
    return f"/embed/{language}/e/{election.slug}/{name}/" + (f"?{query}" if query else "")


@pytest.fixture
def election() -> Election:
    """Ankara visited, Tokyo nothing; published as edition 1."""
    election = make_election()
    places = {"Ankara": ("TR", 39.9, 32.8), "Tokyo": ("JP", 35.7, 139.7)}
    rows = {
        city: make_station(
            election=election, constituency=None, country=country(code), city=city, number="",
            latitude=latitude, longitude=longitude, coordinate_precision="city",
        )
        for city, (code, latitude, longitude) in places.items()
    }  # fmt: skip
    make_visit(team=make_team(mission=make_mission(election=election)), station=rows["Ankara"])
    make_figure(election=election, metric="international_observers", unit="persons", value=790)
    editions.refresh_stale()
    return election


def visit(election: Election, city: str) -> None:
    make_visit(team=make_team(election=election, members=[]), station=election.stations.get(city=city))
    editions.refresh_stale()


# --- what they show


def test_they_show_what_the_page_shows(client: Client, election: Election) -> None:
    """Red when: headline_frame is given other figures than `shown.figures`; a row is dropped from country_gaps."""
    part = {
        "headline": ("dashboard", '<section class="headline"', "</section>"),
        "map": ("dashboard", '<figure class="map"', "</figure>"),
        "coverage": ("coverage", '<section class="headline', "</section>"),
    }
    for name, (page, start, end) in part.items():
        for language in ("en", "az", "ru"):
            whole = client.get(address(page, election, language=language)).content.decode()
            small = client.get(embed(name, election, language)).content.decode()
            expected = start + whole.split(start, 1)[1].split(end, 1)[0]
            expected = expected.replace('"#by-country"', f'"/{language}/e/{election.slug}/#by-country"')
            assert expected in small.replace(' target="_blank" rel="noopener"', ""), (name, language)
    text = read(client, embed("coverage", election))
    assert text.index("Japan nobody 0 0 1 1") < text.index("Türkiye 1 0 0 1")


@pytest.mark.parametrize("name", KINDS)
def test_they_say_edition_source_and_where_the_rest_is(client: Client, election: Election, name: str) -> None:
    html = client.get(embed(name, election)).content.decode()
    words = " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
    assert re.search(r"Figures as of \d+ \w+ \d{4} [\d:]+ UTC, edition 1\.", words)
    assert "No source on record." in words
    page = address("coverage" if name == "coverage" else "dashboard", election)
    fragment = "#map-title" if name == "map" else ""
    assert f'<a class="whole" href="{page}{fragment}" target="_blank" rel="noopener">' in html
    # A mark or a row that led to our page inside the frame would find it refused there. SVG does not heed the base.
    assert '<base target="_blank">' in html
    assert html.count('<a class="mark"') == len(re.findall('<a class="mark" [^>]*target="_blank"', html))
    assert '<meta name="robots" content="noindex">' in html
    assert "live.js" in html
    assert ' style="' not in html


@pytest.mark.parametrize("name", KINDS)
def test_an_old_edition_stays_as_it_was(client: Client, election: Election, name: str) -> None:
    visit(election, "Tokyo")
    now, then = (client.get(embed(name, election, query=query)) for query in ("", "edition=1"))
    assert ", edition 2." in now.content.decode()
    assert ", edition 1." in then.content.decode()
    assert "You are reading edition 1" in text_of(then.content.decode())
    assert "live.js" not in then.content.decode()
    if name == "coverage":
        assert "1 of 2 stations." in text_of(then.content.decode())
        assert "2 of 2 stations." in text_of(now.content.decode())
    page = "coverage" if name == "coverage" else "dashboard"
    assert f'href="{address(page, election, query="edition=1")}' in then.content.decode()


def test_the_map_of_coverage_and_its_table_read_the_stations_once(client: Client, election: Election) -> None:
    """Red when: the table reads them for itself."""
    path = embed("map", election, query="view=coverage")
    assert "The same as a table" in client.get(path).content.decode()
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    # Their countries are asked for before, to put them in the order of the reader's language.
    reads = [query["sql"] for query in queries if '"stations_pollingstation"."city"' in query["sql"]]
    assert len(reads) == 1, reads


def test_the_map_shows_coverage_where_its_address_asks_for_it(client: Client, election: Election) -> None:
    """Red when: map_frame does not look at `view`; the table gives every station one state."""
    start, end = '<figure class="map"', "</figure>"
    for query in ("", "edition=1"):
        whole = client.get(address("coverage", election, query=query)).content.decode()
        small = client.get(embed("map", election, query=f"view=coverage&{query}")).content.decode()
        expected = start + whole.split(start, 1)[1].split(end, 1)[0]
        assert expected in small.replace(' target="_blank" rel="noopener"', "")
        assert small.count('<a class="mark"') == small.count('target="_blank" rel="noopener" aria-label')
        edition = f"?{query}" if query else ""
        assert f'<a class="whole" href="{address("coverage", election)}{edition}#map"' in small
        # Gaps first, and told by words and shape.
        assert re.search(r"Japan Tokyo gap, no plan Türkiye Ankara visited", text_of(small))
        assert 'data-state="no_plan"' in small
        assert 'data-state="visited"' in small
    shown = client.get(embed("map", election, query="view=anything")).content
    assert shown == client.get(embed("map", election)).content


def test_the_map_of_coverage_is_offered_and_found(client: Client, election: Election) -> None:
    page = unescape(client.get(address("coverage", election)).content.decode())
    url = f"{SITE}{embed('map', election)}?view=coverage"
    assert f'<iframe src="{url}" title="Polling stations abroad by coverage: {election}"' in unescape(page)
    told = client.get("/oembed/", {"url": f"{url}&edition=1"}).json()
    assert f'src="{url}&amp;edition=1"' in told["html"]
    assert told["title"] == f"Polling stations abroad by coverage: {election}"


def test_the_map_pretends_no_coverage(client: Client, az2024: Election) -> None:
    text = read(client, embed("map", az2024, query="view=coverage"))
    assert "cannot say which stations were covered" in text
    assert "gap, no plan" not in text


def test_what_cannot_be_shown_is_said_in_words(client: Client, election: Election) -> None:
    for asked in ("7", "x", "-1", "9" * 30):
        text = read(client, embed("map", election, query=f"edition={asked}"), status=404)
        assert f"There is no edition “{asked}”" in text
    Election.objects.filter(pk=election.pk).update(publishing="reviewed")
    other = make_election(publishing="reviewed")
    assert "none are published yet" in read(client, embed("headline", other))
    empty = make_election()
    assert "No polling station abroad is on record yet." in read(client, embed("map", empty))
    assert "nothing to cover" in read(client, embed("coverage", empty))


def test_the_real_election_pretends_no_coverage(client: Client, az2024: Election) -> None:
    text = read(client, embed("coverage", az2024))
    assert "cannot say which stations were covered" in text
    assert "Shanghai Cooperation Organisation 60 " in text
    assert "49 polling stations abroad" in read(client, embed("headline", az2024))


def test_a_demonstration_keeps_its_banner_and_says_so_in_the_snippet(client: Client) -> None:
    election = make_election(demonstration=True)
    for name in KINDS:
        html = client.get(embed(name, election)).content.decode()
        assert '<aside class="demonstration"' in html, name
        assert "<title>Demonstration: " in html, name
    told = client.get("/oembed/", {"url": SITE + address("dashboard", election)}).json()
    assert told["title"].startswith("Demonstration: ")
    assert 'title="Demonstration: ' in told["html"]


@pytest.mark.parametrize(
    ("theme", "dark", "mark"),
    [("light", None, "light"), ("dark", "screen", "dark"), ("", "screen and (prefers-color-scheme: dark)", None),
     ('"><x', "screen and (prefers-color-scheme: dark)", None)],
)  # fmt: skip
def test_the_theme_is_the_readers_unless_the_frame_says_otherwise(
    client: Client, election: Election, theme: str, dark: str | None, mark: str | None
) -> None:
    html = client.get(embed("map", election), {"theme": theme}).content.decode()
    found = re.search(r'public/dark\.css" media="([^"]+)"', html)
    assert (found[1] if found else None) == dark
    assert (f'data-theme="{mark}"' in html) == (mark is not None)
    assert "<x" not in html


# --- who may frame what


def framing(response: Any) -> tuple[str | None, str | None, str | None]:
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    return (
        response.get("X-Frame-Options"),
        policy["frame-ancestors"],
        response.get("Cross-Origin-Resource-Policy"),
    )


OPEN, CLOSED = (None, "*", "cross-origin"), ("DENY", "'none'", "same-origin")


@pytest.mark.parametrize("name", KINDS)
def test_every_answer_of_an_embed_may_be_framed(client: Client, election: Election, name: str) -> None:
    """Red when: the mark is set on the response; a 304 then says DENY, and browsers believe it."""
    first = client.get(embed(name, election))
    assert framing(first) == OPEN
    again = client.get(embed(name, election), headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert framing(again) == OPEN
    assert framing(client.get(embed(name, election, query="edition=9"))) == OPEN
    # The rest of the policy is that of every page.
    others = set(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]) - {"frame-ancestors"}
    for directive in others:
        values = " ".join(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"][directive])
        assert f"{directive} {values}" in first["Content-Security-Policy"]


def test_nothing_else_may_be_framed(client: Client, election: Election) -> None:
    """Red when: FramingMiddleware goes by the path, or allow_framing is called before the view."""
    draft = make_election(publication=Publication.DRAFT)
    client.raise_request_exception = False
    refused = {
        address("dashboard", election): 200,
        address("coverage", election): 200,
        "/": 200,
        "/staff/login/": 200,
        "/embed/": 404,
        "/embed/en/": 404,
        embed("map", election, "fr"): 404,
        embed("stations", election): 404,
        embed("map", draft): 404,
        "/embed/en/e/nothing/map/": 404,
        "/embed/en/staff/login/": 404,
        "/oembed/": 400,
        "/oembed/?url=" + quote(SITE + address("dashboard", election)): 200,
    }
    for path, status in refused.items():
        answer = client.get(path)
        assert answer.status_code == status, path
        assert framing(answer)[:2] == CLOSED[:2], path
    assert framing(client.post(embed("map", election))) == CLOSED
    assert framing(Client(enforce_csrf_checks=True).post(embed("map", election))) == CLOSED


def test_a_fault_of_ours_is_not_framed(
    client: Client, election: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr("tracker.public.pages.freshness", lambda *args: 1 / 0)
    answer = client.get(embed("map", election))
    assert answer.status_code == 500
    assert framing(answer) == CLOSED


@pytest.mark.parametrize("name", KINDS)
def test_they_are_kept_like_the_pages_and_know_nobody(client: Client, election: Election, name: str) -> None:
    for language in ("en", "az", "ru"):
        path = embed(name, election, language)
        answer = client.get(path, headers={"Accept-Language": "ru", "Accept-Encoding": "gzip"})
        assert not answer.cookies
        # One copy for everybody: no cache keeps one for each browser's languages.
        assert answer["Vary"] == "Accept-Encoding"
        assert answer["Content-Language"] == language
        whole = client.get(address("dashboard", election, language=language))
        assert answer["Cache-Control"] == whole["Cache-Control"]
        assert client.get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    etag = client.get(embed(name, election))["ETag"]
    visit(election, "Tokyo")
    assert client.get(embed(name, election), headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("name", KINDS)
def test_queries_do_not_grow_with_rows(client: Client, name: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for rows in (1, 3):
        election = make_election()
        for number in range(rows):
            make_station(
                election=election, country=("KZ", "TR", "DE")[number], latitude=40 + number, longitude=50,
                coordinate_precision="city",
            )  # fmt: skip
            make_mission(election=election, stations_visited=5)
            make_figure(election=election, metric="international_observers", unit="persons", value=7 + number)
        editions.refresh_stale()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(embed(name, election)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- to be copied, and found by programs


def snippets(html: str) -> list[str]:
    return [
        unescape(found) for found in re.findall(r"<textarea[^>]*readonly[^>]*>(.*?)</textarea>", html, re.S)
    ]


def test_pages_offer_what_shows_a_part_of_them(client: Client, election: Election) -> None:
    offered = {
        "dashboard": ["headline", "map"],
        "stations": ["map"],
        "coverage": ["coverage", "map?view=coverage"],
    }
    for page, names in offered.items():
        html = client.get(address(page, election, language="ru")).content.decode()
        found = snippets(html)
        assert len(found) == len(names), page
        for snippet, offer in zip(found, names, strict=True):
            name, _mark, query = offer.partition("?")
            parts = dict(re.findall(r'([\w-]+)="([^"]*)"', snippet))
            assert snippet.startswith("<iframe "), page
            assert parts["src"] == SITE + embed(name, election, "ru", query)
            assert parts["loading"] == "lazy"
            assert (int(parts["width"]), int(parts["height"])) == (KINDS[name].width, KINDS[name].height)
            assert str(election) in unescape(parts["title"])
            assert client.get(parts["src"].removeprefix(SITE)).status_code == 200
        told = re.search(r'<link rel="alternate" type="application/json\+oembed" href="([^"]+)"', html)
        assert told
        answer = client.get(unescape(told[1]).removeprefix(SITE)).json()
        assert answer["html"] == found[0]
    assert not snippets(client.get(address("timeline", election)).content.decode())


def test_a_reader_of_an_old_edition_copies_that_edition(client: Client, election: Election) -> None:
    html = client.get(address("dashboard", election, query="edition=1")).content.decode()
    assert all("?edition=1" in snippet for snippet in snippets(html))
    told = re.search(r'json\+oembed" href="([^"]+)"', html)
    assert told
    assert "?edition=1" in client.get(unescape(told[1]).removeprefix(SITE)).json()["html"]


def test_a_name_cannot_leave_its_attribute(client: Client) -> None:
    """What is copied is what oEmbed says, escaped once for the other site; the page escapes it once more to show it.

    Red when: the textarea shows `frame.html` as it is (it is marked safe, and a browser takes one escape away).
    """
    election = make_election(name='"><script>alert(1)</script>', slug="odd")
    told = client.get("/oembed/", {"url": SITE + address("dashboard", election)}).json()
    assert "<script" not in told["html"]
    assert told["html"].count("<") == 2
    html = client.get(address("dashboard", election)).content.decode()
    assert "<script>alert" not in html
    assert "<script>alert" not in snippets(html)[0]


def test_oembed_tells_the_frame_of_a_page(client: Client, election: Election) -> None:
    pages = {
        address("dashboard", election): "headline",
        address("stations", election, query="country=TR"): "map",
        address("coverage", election, language="az"): "coverage",
        embed("map", election, "ru"): "map",
        address("coverage", election).rstrip("/"): "coverage",
    }
    for path, name in pages.items():
        language = path.removeprefix("/embed")[1:3]
        answer = client.get("/oembed/", {"url": SITE + path, "format": "json"})
        assert answer.status_code == 200, path
        assert answer["Content-Type"] == "application/json"
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert not answer.cookies
        told = answer.json()
        assert set(told) == {
            "version", "type", "title", "provider_name", "provider_url", "cache_age", "html", "width", "height",
        }  # fmt: skip
        assert (told["version"], told["type"], told["provider_url"]) == ("1.0", "rich", SITE + "/")
        assert f'src="{SITE}{embed(name, election, language)}"' in told["html"]
        assert (told["width"], told["height"]) == (KINDS[name].width, KINDS[name].height)


def test_oembed_keeps_to_the_size_it_is_given(client: Client, election: Election) -> None:
    url = SITE + address("dashboard", election)
    told = client.get("/oembed/", {"url": url, "maxwidth": "300", "maxheight": "99999"}).json()
    assert (told["width"], told["height"]) == (300, KINDS["headline"].height)
    assert 'width="300"' in told["html"]
    for wrong in ("0", "-1", "x", "1.5", "9" * 30, "²"):
        answer = client.get("/oembed/", {"url": url, "maxwidth": wrong})
        assert answer.status_code == 400, wrong
        assert "maxwidth" in answer.json()["error"]


def test_oembed_says_why_not(client: Client, election: Election) -> None:
    draft = make_election(publication=Publication.DRAFT)
    page = address("dashboard", election)
    assert client.get("/oembed/").status_code == 400
    assert client.get("/oembed/", {"url": SITE + page, "format": "xml"}).status_code == 501
    for url in (
        "https://other.example" + page,
        "http://testserver.other.example" + page,
        "http://testserver@other.example" + page,
        "http://other.example:80@testserver" + page,
        "ftp://testserver" + page,
        "javascript:alert(1)//testserver" + page,
        "//testserver" + page,
        page,
        "http://[",
        "http://testserver/\x00",
        SITE + address("timeline", election),
        SITE + address("station", election, 1),
        SITE + address("dashboard", draft),
        SITE + embed("map", draft),
        SITE + page.replace(election.slug, "nothing"),
        SITE + page + "?edition=9",
        SITE + page + "?edition=x",
        SITE + "/staff/",
        SITE + "/fr" + page[3:],
        SITE,
        "x" * 5000,
    ):
        answer = client.get("/oembed/", {"url": url})
        assert answer.status_code == 404, url
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer.json() == {"error": "There is nothing to embed at this address."}
