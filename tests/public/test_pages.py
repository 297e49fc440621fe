"""What holds for every public page, and what each does with little, much, wrong or unpublished data."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import (
    make_constituency,
    make_election,
    make_engagement,
    make_figure,
    make_membership,
    make_milestone,
    make_mission,
    make_organization,
    make_source,
    make_statement,
    make_station,
    make_window,
)
from tests.public.pages import ELECTION_PAGES, LANGUAGES, address, read
from tracker.core.models import Publication
from tracker.elections.models import Election

pytestmark = pytest.mark.django_db
CSP = "default-src 'none'"
SITEMAPS = ("/sitemap.xml", "/sitemap-elections.xml", "/sitemap-stations.xml", "/sitemap-missions.xml")


def furnish(election: Election, count: int = 1, **over: object) -> None:
    """Give `election` `count` of everything that shows."""
    for number in range(count):
        source = make_source()
        constituency = make_constituency(election=election, source=source)
        station = make_station(
            election=election,
            constituency=constituency,
            country=("KZ", "TR", "DE")[number % 3],
            city=f"City {number}",
            host_mission="Embassy",
            latitude=40 + number,
            longitude=50 + number,
            coordinate_precision="city",
            source=source,
            number_source=make_source(),
            **over,
        )
        make_window(station=station)
        mission = make_mission(election=election, source=make_source(), **over)
        make_membership(mission=mission)
        make_statement(mission=mission, source=make_source(), **over)
        make_engagement(election=election, organizations=[mission.organization], source=make_source(), **over)
        make_milestone(election=election, source=make_source(), **over)
        make_figure(election=election, **over)
        make_figure(
            election=election, metric="international_observers", unit="persons", value=790 + number, **over
        )


def all_addresses(election: Election) -> list[str]:
    paths = [address(name, election) for name in ELECTION_PAGES]
    paths += [address("station", election, pk) for pk in election.stations.values_list("pk", flat=True)]
    slugs = election.missions.values_list("organization__slug", flat=True)
    paths += [address("mission", election, slug) for slug in slugs]
    return ["/", *(f"/{code}{path[3:]}" for code in LANGUAGES for path in ["/en/", *paths])]


def test_sweep_every_page_in_every_language(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    # The clock and the dashboard name the moment they show; the same moment must give the same page.
    moment = datetime(2024, 2, 7, 8, tzinfo=UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)
    election = make_election()
    furnish(election)
    titles = set()
    for path in all_addresses(election):
        response = client.get(path)
        html = response.content.decode()
        assert response.status_code == 200, path
        assert not response.cookies, path
        assert "Cookie" not in response.get("Vary", ""), path
        assert CSP in response["Content-Security-Policy"], path
        assert "unsafe" not in response["Content-Security-Policy"]
        assert "public" in response["Cache-Control"], path
        assert len(re.findall("<h1", html)) == 1, path
        assert re.search(r'<meta name="description" content="[^"]{20,}', html), path
        assert ' style="' not in html, path
        assert "<script>" not in html, path
        assert not re.search(r'(?:src|href)="(?:https?:)?//(?!testserver|example\.org)', html), path
        # The texts are English in every language until there are catalogues of our own.
        assert '<html lang="en">' in html, path
        assert f'hreflang="{"az" if path[1:3] != "az" else "en"}"' in html, path
        titles.add((path, re.search("<title>(.*?)</title>", html, re.S)[1]))
        again = client.get(path, headers={"If-None-Match": response["ETag"]})
        assert again.status_code == 304, path
    english = [title for path, title in titles if path.startswith("/en/")]
    assert len(english) == len(set(english)), "every page has its own title"


def test_empty_election_has_empty_states_and_no_zero_for_unknown(client: Client) -> None:
    election = make_election()
    assert "No polling station abroad is on record yet." in read(client, address("dashboard", election))
    assert "No polling station is on record yet." in read(client, address("stations", election))
    assert "No voting hours are on record yet." in read(client, address("clock", election))
    assert "No mission is on record yet." in read(client, address("missions", election))
    assert "Nothing announced is on record yet." in read(client, address("figures", election))
    assert "Nothing is on record yet." in read(client, address("timeline", election))


def test_no_election_at_all(client: Client) -> None:
    assert "No election has been published yet." in read(client, "/en/")


CANARY = "Canaryville"


@pytest.mark.parametrize(
    "draft",
    [
        lambda e: make_station(election=e, city=CANARY, publication=Publication.DRAFT),
        lambda e: make_mission(election=e, head_of_mission=CANARY, publication=Publication.DRAFT),
        lambda e: make_mission(
            election=e, organization=make_organization(name=CANARY, publication=Publication.DRAFT)
        ),
        lambda e: make_membership(
            mission=make_mission(election=e),
            organization=make_organization(name=CANARY, publication=Publication.DRAFT),
        ),
        lambda e: make_statement(
            mission=make_mission(election=e), title=CANARY, publication=Publication.DRAFT
        ),
        lambda e: make_statement(
            mission=make_mission(election=e, publication=Publication.DRAFT), title=CANARY
        ),
        lambda e: make_engagement(election=e, visitor=CANARY, publication=Publication.DRAFT),
        lambda e: make_engagement(
            election=e, organizations=[make_organization(acronym=CANARY, publication=Publication.DRAFT)]
        ),
        lambda e: make_milestone(election=e, title=CANARY, publication=Publication.DRAFT),
        lambda e: make_figure(election=e, announced_by=CANARY, publication=Publication.DRAFT),
        lambda e: make_station(
            election=e,
            constituency=make_constituency(election=e, name=CANARY, publication=Publication.DRAFT),
            number="7",
        ),
    ],
)
def test_drafts_do_not_show(client: Client, draft: object) -> None:
    election = make_election()
    furnish(election)
    draft(election)  # type: ignore[operator]
    paths = [*all_addresses(election), *SITEMAPS]
    for path in paths:
        assert CANARY not in client.get(path).content.decode(), path


def test_draft_election_hides_everything_below_it(client: Client) -> None:
    election = make_election(publication=Publication.DRAFT)
    furnish(election)
    for path in all_addresses(election):
        response = client.get(path)
        assert election.slug not in response.content.decode() or response.status_code == 404, path
        assert response.status_code == (404 if "/e/" in path else 200), path
    for path in SITEMAPS:
        assert election.slug not in client.get(path).content.decode(), path


@pytest.mark.parametrize("name", [*ELECTION_PAGES, "elections", *SITEMAPS])
def test_queries_do_not_grow_with_rows(client: Client, name: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for rows in (1, 3):
        election = make_election()
        furnish(election, rows)
        if (name == "elections" or name in SITEMAPS) and rows > 1:
            for _number in range(rows):
                furnish(make_election())
        path = "/en/" if name == "elections" else name if name in SITEMAPS else address(name, election)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1], counts


def test_detail_pages_do_not_grow_with_rows_either(client: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for rows in (1, 3):
        election = make_election()
        station = make_station(election=election)
        organization = make_organization()
        for day in range(7, 7 + rows):
            make_window(
                station=station,
                opens_at=datetime(2024, 2, day, 2, tzinfo=UTC),
                closes_at=datetime(2024, 2, day, 13, tzinfo=UTC),
            )
            make_engagement(election=election, organizations=[organization], source=make_source())
        mission = make_mission(election=election, organization=organization)
        for _number in range(rows):
            make_statement(mission=mission, source=make_source())
            make_membership(mission=mission, source=make_source())
        with CaptureQueriesContext(connection) as queries:
            client.get(address("station", election, station.pk))
            client.get(address("mission", election, organization.slug))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_zero_and_unknown_are_told_apart(client: Client) -> None:
    election = make_election()
    zero = make_station(election=election, registered_voters=0)
    unknown = make_station(election=election, registered_voters=None)
    assert "Registered voters 0" in read(client, address("station", election, zero.pk))
    assert "How many voters are registered there" in read(client, address("station", election, unknown.pk))


def test_two_voting_days_and_a_window_across_midnight(client: Client) -> None:
    election = make_election(starts_on=date(2024, 3, 15), ends_on=date(2024, 3, 17))
    station = make_station(election=election, timezone="Asia/Kolkata", city="Delhi", country="IN")
    for day in (15, 16):
        # 20:00 to 04:30 of the next day in India, which is UTC+05:30.
        make_window(
            station=station,
            opens_at=datetime(2024, 3, day, 14, 30, tzinfo=UTC),
            closes_at=datetime(2024, 3, day, 23, 0, tzinfo=UTC),
        )
    expected = {
        "2024-03-15T14:29Z": "1 not yet open",
        "2024-03-15T20:00Z": "1 open",
        "2024-03-16T08:00Z": "1 closed until the next voting day",
        "2024-03-16T14:30Z": "1 open",
        "2024-03-16T23:00Z": "1 closed",
    }
    for moment, words in expected.items():
        assert words in read(client, address("clock", election, query=f"at={moment}")), moment
    text = read(client, address("station", election, station.pk))
    assert "Local Asia/Kolkata, UTC+05:30 15 Mar 2024 20:00 16 Mar 2024 04:30" in text


def test_station_without_hours_is_unknown_and_cancelled_one_does_not_count(client: Client) -> None:
    election = make_election()
    make_station(election=election, city="Nohours")
    make_window(station=make_station(election=election, city="Gone", status="cancelled"))
    text = read(client, address("clock", election))
    assert "1 hours not known" in text
    assert "Gone" not in text
    text = read(client, address("stations", election))
    assert "Gone" in text
    assert "cancelled" in text


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("at=yesterday", 400, "“yesterday” is not a moment. Write it like 2024-02-07T08:00Z"),
        ("at=0001-01-01T00:00Z", 400, "is not a moment"),
        ("at=9999-12-31T23:59-12:00", 400, "is not a moment"),
        ("tz=Mars/Base", 400, "“Mars/Base” is not a time zone."),
        ("at=2024-02-07T12:00+04:00", 200, "7 February 2024, 08:00 UTC"),
        ("at=2024-02-07T12:00%2B04:00", 200, "7 February 2024, 08:00 UTC"),
        ("at=2024-02-07T12:00&tz=Asia/Baku", 200, "7 February 2024, 08:00 UTC"),
        ("at=2024-02-07", 200, "7 February 2024, 00:00 UTC"),
        ("at=2024-02-07T08:00Z&at=x", 400, "is not a moment"),
        ("utm_source=x", 200, "Now"),
    ],
)
def test_clock_reads_moments_and_refuses_nonsense(
    client: Client, query: str, status: int, words: str
) -> None:
    assert words in read(client, address("clock", make_election(), query=query), status)


def test_station_filters(client: Client) -> None:
    election = make_election()
    astana = make_station(election=election, city="Astana", number="9")
    make_window(station=astana)
    constituency = make_constituency(election=election, number="15")
    make_station(
        election=election,
        city="Ankara",
        country="TR",
        number="10",
        constituency=constituency,
        host_mission="H",
    )

    def cities(query: str) -> list[str]:
        response = client.get(address("stations", election, query=query))
        assert response.status_code == 200, query
        return [station.city for station in response.context["rows"]]

    assert cities("") == ["Astana", "Ankara"]
    assert cities("sort=city") == ["Ankara", "Astana"]
    assert cities("sort=number") == ["Astana", "Ankara"]
    assert cities("sort=-country") == ["Ankara", "Astana"]
    assert cities("sort=opens") == ["Astana", "Ankara"]
    assert cities("country=TR") == ["Ankara"]
    assert cities("host_mission=H") == ["Ankara"]
    assert cities("constituency=15") == ["Ankara"]
    assert cities("constituency=null") == ["Astana"]
    assert cities("q=qazax") == ["Astana"]  # the Azerbaijani name of the country
    assert cities("open_at=2024-02-07T03:00") == ["Astana"]
    assert cities("open_at=2024-02-07T13:00Z") == []
    for query in ("country=XX", "open_at=soon", "sort=upwards", "constituency=99"):
        assert client.get(address("stations", election, query=query)).status_code == 400, query


def test_pager_keeps_filters_and_forgives_wrong_numbers(client: Client) -> None:
    election = make_election()
    for number in range(30):
        make_station(election=election, city=f"City {number:02}")
    response = client.get(address("stations", election, query="country=KZ&page=2"))
    assert len(response.context["rows"]) == 5
    assert "?country=KZ&amp;page=1" in response.content.decode()
    for page in ("0", "99", "x", "9" * 30):
        assert client.get(address("stations", election, query=f"page={page}")).status_code == 200, page


def test_text_is_escaped_everywhere(client: Client) -> None:
    election = make_election(name="<script>alert(1)</script>")
    furnish(election)
    make_station(election=election, city="<i>", notes="<script>alert(2)</script> https://example.org/<x>")
    for path in all_addresses(election):
        html = client.get(path).content.decode()
        assert "<script>alert" not in html, path
        assert "<i>" not in html, path


def test_unknown_addresses_and_languages(client: Client) -> None:
    election = make_election()
    for path in (
        "/en/nothing/",
        address("station", election, 999),
        address("mission", election, "nobody"),
        "/fr/",
    ):
        response = client.get(path)
        assert response.status_code == 404, path
        assert "Page not found" in response.content.decode(), path
        assert not response.cookies
    # An address without its language leads to one.
    assert client.get(f"/e/{election.slug}/").status_code == 302


def test_server_error_page_needs_nothing(rf: object) -> None:
    from tracker.public.views import server_error

    response = server_error(rf.get("/"))  # type: ignore[attr-defined]
    assert response.status_code == 500
    assert "Something went wrong" in response.content.decode()


def test_robots_sitemap_favicon_health(client: Client) -> None:
    election = make_election()
    furnish(election)
    assert "Sitemap: http://testserver/sitemap.xml" in client.get("/robots.txt").content.decode()
    index = client.get("/sitemap.xml").content.decode()
    assert re.findall(r"<loc>http://testserver(.*?)</loc>", index) == list(SITEMAPS[1:])
    sitemap = "".join(client.get(path).content.decode() for path in SITEMAPS[1:])
    assert "x-default" not in sitemap
    for path in all_addresses(election)[1:]:
        assert f"http://testserver{path}<" in sitemap or f'href="http://testserver{path}"' in sitemap, path
    assert client.get("/favicon.ico").status_code == 302
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").content == b"database: ok\nbroker: none\n"


def test_election_by_time(client: Client) -> None:
    make_election(name="Far away", starts_on=date(2199, 1, 1), ends_on=date(2199, 1, 1))
    today = datetime.now(UTC).date()
    days = timedelta(days=2)
    make_election(name="Long running", starts_on=today - days, ends_on=today + days)
    make_election(name="Long gone")
    text = read(client, reverse("public:elections"))
    assert (
        text.index("Voting now") < text.index("Long running") < text.index("Coming") < text.index("Far away")
    )
    assert text.index("Past") < text.index("Long gone")


ODD = [
    "%00",
    "%ff%fe",
    "x" * 5000,
    "-1",
    "9" * 40,
    "%27",
    "NaN",
    "",
    "%F0%9F%98%80",
    "2024-02-30",
    "%0d%0aX:1",
]
PARAMETERS = {
    "stations": ["q", "country", "host_mission", "constituency", "open_at", "sort", "page"],
    "clock": ["at", "tz"],
    "missions": ["q", "kind", "status"],
    "timeline": ["q", "kind", "organization", "first_day", "last_day"],
    "dashboard": ["anything"],
    "figures": ["anything"],
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_odd_input_is_answered_and_never_fails(client: Client, name: str) -> None:
    election = make_election()
    furnish(election)
    for parameter in PARAMETERS[name]:
        for value in ODD:
            path = address(name, election, query=f"{parameter}={value}")
            assert client.get(path).status_code in (200, 400), path


def test_odd_addresses_are_not_found(client: Client) -> None:
    election = make_election()
    for path in (f"stations/{'9' * 30}/", "missions/%00/", f"missions/{'y' * 300}/", "%ff/", "stations/%00/"):
        assert client.get(f"/en/e/{election.slug}/{path}").status_code == 404, path


def test_public_pages_only_answer_to_reading() -> None:
    election = make_election()
    client = Client(enforce_csrf_checks=True)
    response = client.post(address("dashboard", election))
    assert response.status_code == 403
    assert "Not allowed" in response.content.decode()
    assert "<style" not in response.content.decode()
    assert Client().post(address("dashboard", election)).status_code == 405
