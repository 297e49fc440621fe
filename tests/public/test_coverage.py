"""The coverage and editions pages: gaps first, zero rows shown, old editions as they were."""

import hashlib
import re
from datetime import UTC, datetime
from html import unescape
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.coverage.test_editions import Tables
from tests.factories import (
    country,
    make_assessment,
    make_constituency,
    make_deployment,
    make_election,
    make_figure,
    make_incident,
    make_milestone,
    make_mission,
    make_organization,
    make_station,
    make_team,
    make_visit,
    make_window,
)
from tests.public.pages import address, read, text_of
from tracker.core.models import Source
from tracker.coverage import editions
from tracker.coverage.models import Edition
from tracker.coverage.tasks import refresh_stale
from tracker.elections.models import Election
from tracker.missions.models import Mission

pytestmark = pytest.mark.django_db


@pytest.fixture
def election() -> Election:
    """Ankara visited, Astana planned only, Tokyo nothing."""
    election = make_election()
    team = make_team(mission=make_mission(election=election))
    places = [
        ("TR", "Ankara", "Europe/Istanbul"),
        ("KZ", "Astana", "Asia/Almaty"),
        ("JP", "Tokyo", "Asia/Tokyo"),
    ]
    ankara, astana, _tokyo = (
        make_station(
            election=election, constituency=None, country=country(iso2), city=city, number="", timezone=zone
        )
        for iso2, city, zone in places
    )
    make_visit(team=team, station=ankara)
    make_deployment(team=team, station=astana)
    return election


def test_gaps_come_first_and_zero_rows_are_rows(client: Client, election: Election) -> None:
    text = read(client, address("coverage", election))
    assert "33 % of polling stations visited 1 of 3 stations." in text
    assert "2 stations nobody visited 1 of them planned, 1 without any plan. A plan is" in text
    countries = text[text.index("Countries, gaps first") :]
    assert countries.index("Japan nobody 0 0 1 1") < countries.index("Türkiye 1 0 0 1")
    assert countries.index("Kazakhstan nobody 0 1 0 1") < countries.index("Türkiye 1 0 0 1")
    matrix = text[text.index("Stations by mission, gaps first") :]
    assert matrix.index("Tokyo , Japan gap, no plan") < matrix.index(
        "Astana , Kazakhstan gap, planned P planned, not visited"
    )
    assert matrix.index("Astana , Kazakhstan gap, planned P planned, not visited") < matrix.index(
        "Ankara , Türkiye visited V+ visited without a plan"
    )


def test_a_visit_moves_the_page_with_the_next_edition_and_the_old_one_stays(
    client: Client, election: Election
) -> None:
    editions.refresh_stale()
    assert "1 of 3 stations" in read(client, address("coverage", election))
    team = make_team(mission=make_mission(election=election))
    make_visit(team=team, station=election.stations.get(city="Tokyo"))
    call_command("recount", "--publish", stdout=StringIO())
    assert "2 of 3 stations" in read(client, address("coverage", election))
    old = read(client, address("coverage", election, query="edition=1"))
    assert "1 of 3 stations" in old
    assert "You are reading edition 1: figures as of" in old
    listed = read(client, address("editions", election))
    assert "stations visited: 1 → 2" in listed
    assert "The first edition." in listed


@pytest.mark.parametrize("name", ["dashboard", "coverage", "figures", "missions"])
@pytest.mark.parametrize("asked", ["7", "0", "x", "-1", "9" * 30, "1%00"])
def test_an_edition_that_is_not_there_is_said_in_words(
    client: Client, election: Election, name: str, asked: str
) -> None:
    editions.refresh_stale()
    text = read(client, address(name, election, query=f"edition={asked}"), status=404)
    assert "No such edition" in text
    assert "The latest figures" in text


def test_a_reviewed_election_shows_no_figures_before_its_publisher_does(
    client: Client, election: Election
) -> None:
    Election.objects.filter(pk=election.pk).update(publishing="reviewed")
    editions.refresh_stale()
    for name in ("dashboard", "coverage", "figures", "missions"):
        assert "none are published yet" in read(client, address(name, election))


def test_the_page_answers_304_until_an_edition_moves_it(client: Client, election: Election) -> None:
    editions.refresh_stale()
    path = address("coverage", election)
    etag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"if-none-match": etag}).status_code == 304
    make_visit(team=make_team(election=election), station=election.stations.get(city="Tokyo"))
    editions.refresh_stale()
    assert client.get(path, headers={"if-none-match": etag}).status_code == 200


def test_the_real_election_pretends_nothing(client: Client, az2024: Election) -> None:
    call_command("recount", "--publish", stdout=StringIO())
    text = read(client, address("coverage", az2024))
    assert "49 polling stations on record" in text
    assert "so it cannot say which stations were covered and which were not" in text
    # What it does not know it does not call a gap, and no share is made of it.
    assert " %" not in text
    assert "nobody" not in text
    assert "Türkiye 0 0 5 5" in text
    announced = tables(text, "Stations visited, as missions announced", "Countries, gaps first")
    assert "Shanghai Cooperation Organisation 60 " in announced
    assert (
        announced.count("Source:")
        == Mission.objects.exclude(stations_visited=None, areas_observed="").count()
    )
    dashboard = read(client, address("dashboard", az2024))
    assert "No plan and no visit is recorded in this register" in dashboard
    assert "not visited" not in dashboard


def tables(text: str, title: str, until: str) -> str:
    return text[text.index(title) : text.index(until)]


def test_constituencies_without_a_station_are_said_and_are_no_gap(client: Client, election: Election) -> None:
    covered, bare, hidden = (
        make_constituency(election=election, number=number, name=name, publication=publication)
        for number, name, publication in (
            ("2", "Covered", "published"),
            ("10", "Bare", "published"),
            ("11", "Hidden", "draft"),
        )
    )
    make_station(election=election, setting="domestic", country="AZ", city="Baku", constituency=covered)
    text = read(client, address("coverage", election))
    panel = tables(text, "Constituencies, gaps first", "Stations abroad by coverage")
    assert "2 Covered nobody 0 0 1 1" in panel
    assert "3 stations belong to no constituency on record" in panel
    assert "1 constituency without a station on record" in panel
    assert "10 Bare" in panel
    assert "10 Bare nobody" not in panel
    assert hidden.name not in text
    assert bare.number in panel


def test_abroad_and_domestic_stand_apart_where_both_exist(client: Client, election: Election) -> None:
    assert "Abroad and domestic" not in read(client, address("coverage", election))
    make_station(election=election, setting="domestic", country="AZ", city="Baku", constituency=None)
    split = tables(
        read(client, address("coverage", election)), "Abroad and domestic", "Countries, gaps first"
    )
    assert "Abroad nobody" not in split
    assert "Abroad 1 1 1 3 Domestic nobody 0 0 1 1 All stations 1 1 2 4" in split


def test_every_panel_counts_what_is_in_the_field(client: Client, election: Election) -> None:
    """A second mission, another phase, an assessment, an incident: each shows in its own panel."""
    ankara = election.stations.get(city="Ankara")
    mission = make_mission(election=election, organization=make_organization(name="Second", acronym="SECOND"))
    team = make_team(mission=mission)
    good = make_assessment(mission=mission, label="Good", polarity="positive")
    make_assessment(mission=mission, ordinal=2, label="Bad", polarity="negative")
    make_visit(team=team, station=ankara, phase="opening", assessment=good)
    make_incident(election=election, place="Ankara", category="secrecy")
    make_incident(election=election, place="Ankara", publication="draft", category="violence")
    text = read(client, address("coverage", election))
    assert "1 stations visited by two or more missions 2 visits in all" in text
    assert "Overlap Missions that visited Stations Bar none 2 1 0 2 1" in text
    assert "Opening 1 1 Voting 1 1 Closing 0 0 Counting 0 0 Tabulation 0 0" in text
    assert "Hour Visits Bar 09:00 2" in text  # 06:15 UTC in Istanbul
    assert "SECOND n = 1 Step Points Visits Bar 1. Good positive 1 2. Bad negative 0" in text
    assert "Visits without one: 1." in text
    assert "Secrecy of the vote 1 reported: 1" in text
    assert "Violence" not in text
    assert "4 observers in the register, accredited: 0." in text
    assert "SECOND Intergovernmental organization 2 2 0" in text
    assert "By role Short-term observer (STO) 4" in text


def test_the_map_says_the_coverage_and_the_voting_state(client: Client, election: Election) -> None:
    for city, latitude, longitude in (("Ankara", 39.9, 32.8), ("Astana", 51.1, 71.4), ("Tokyo", 35.7, 139.7)):
        election.stations.filter(city=city).update(
            latitude=latitude, longitude=longitude, coordinate_precision="city"
        )
    make_station(election=election, country="JP", city="Tokyo", number="",
                 latitude=35.7, longitude=139.7, coordinate_precision="city",
                 timezone="Asia/Tokyo", constituency=None)  # fmt: skip
    tokyo = election.stations.filter(city="Tokyo").order_by("pk")
    make_visit(team=make_team(election=election, members=[]), station=tokyo[1])
    editions.refresh_stale()
    html = client.get(address("coverage", election)).content.decode()
    labels = re.findall(r'class="mark" href="[^"]*" aria-label="([^"]*)"', html)
    assert sorted(labels) == [
        "Ankara, Türkiye: 1 station, visited, hours not known",
        "Astana, Kazakhstan: 1 station, gap, planned, hours not known",
        "Tokyo, Japan: 2 stations, 1 gap, no plan, 1 visited, hours not known",
    ]
    shapes = re.findall(r'class="shape" data-state="(\w+)"', html.split("<figcaption>")[0])
    assert sorted(shapes) == ["no_plan", "planned_not_visited", "visited"]
    listed = html.split("<figcaption>")[1].split('<ul class="legend">')[1].split("</ul>")[0]
    legend = text_of(f"<main>{listed}</main>")
    assert legend == "gap, no plan 1 gap, planned 1 visited 2"
    old = client.get(address("coverage", election, query="edition=1")).content.decode()
    assert "1 gap, no plan, 1 visited&quot;" not in old
    assert 'aria-label="Ankara, Türkiye: 1 station, visited"' in old  # what holds now is not said of then
    dashboard = client.get(address("dashboard", election)).content.decode()
    assert 'aria-label="Tokyo, Japan: 2 stations, hours not known"' in dashboard
    assert f"{address('coverage', election)}#map" in dashboard
    assert f"{address('dashboard', election)}#map-title" in html


def test_a_long_matrix_has_pages_that_keep_the_edition(client: Client, election: Election) -> None:
    for number in range(60):
        make_station(election=election, country="DE", city=f"Town {number:02}", number="", constituency=None)
    editions.refresh_stale()
    html = client.get(address("coverage", election, query="edition=1")).content.decode()
    assert "?edition=1&amp;page=2#matrix-title" in html
    second = read(client, address("coverage", election, query="edition=1&page=2"))
    assert "Page 2 of 2" in second
    assert "Ankara , Türkiye visited" in second
    assert "Town 00" not in tables(second, "Stations by mission", "Page 2 of 2")


@pytest.mark.parametrize("name", ["dashboard", "coverage", "figures", "missions"])
def test_who_reads_an_old_edition_stays_in_it(client: Client, election: Election, name: str) -> None:
    editions.refresh_stale()
    make_visit(team=make_team(election=election), station=election.stations.get(city="Tokyo"))
    editions.refresh_stale()
    html = client.get(address(name, election, query="edition=1")).content.decode()
    navigation = html.split('class="sections"')[1].split("</nav>")[0]
    for page in ("dashboard", "missions", "coverage", "figures"):
        assert f'href="{address(page, election)}?edition=1"' in navigation
    assert f'href="{address("stations", election)}"' in navigation  # no figures there
    assert "You are reading edition 1" in text_of(html)
    assert 'id="live"' not in html
    assert "live.js" not in html
    latest = client.get(address(name, election)).content.decode()
    assert "edition=1" not in latest.split('class="sections"')[1].split("</nav>")[0]
    assert 'id="live"' in latest


def test_filters_keep_the_edition(client: Client, election: Election) -> None:
    editions.refresh_stale()
    html = client.get(address("missions", election, query="edition=1&q=nothing")).content.decode()
    assert '<input type="hidden" name="edition" value="1">' in html
    assert html.count(f'href="{address("missions", election)}?edition=1"') == 3  # section, clear, show all


def test_what_was_hashed_can_be_fetched_by_anybody(client: Client, election: Election) -> None:
    editions.refresh_stale()
    edition = Edition.objects.get(election=election)
    sheet = address("editions", election)
    parts = [client.get(sheet, {"edition": 1, "part": part}).content for part in ("figures", "stations")]
    assert hashlib.sha256(b"\n".join(parts)).hexdigest() == edition.content_hash
    page = client.get(sheet, {"edition": 1}).content.decode()
    assert 'href="?edition=1&amp;part=figures"' in page
    assert "How to verify" in client.get(sheet, {"edition": 1, "part": "nonsense"}).content.decode()


def test_the_sheet_of_an_edition_proves_itself(client: Client, election: Election) -> None:
    editions.refresh_stale()
    make_visit(team=make_team(election=election), station=election.stations.get(city="Tokyo"))
    editions.refresh_stale()
    first, second = Edition.objects.order_by("number")
    html = client.get(address("editions", election, query="edition=2")).content.decode()
    text = text_of(html)
    assert "stations visited 1 2 +1" in text
    assert f"Hash of the edition before {first.hash}" in text
    assert "python manage.py verify_editions" in text
    lines = unescape(re.search(r"<pre[^>]*>(.*?)</pre>", html, re.S)[1])  # type: ignore[index]
    assert hashlib.sha256(lines.encode()).hexdigest() == second.hash
    assert "there is nothing before it" in read(client, address("editions", election, query="edition=1"))
    for missing in ("3", "x", "0"):
        read(client, address("editions", election, query=f"edition={missing}"), status=404)


# --- renewing


def not_modified(client: Client, path: str, etag: str) -> bool:
    return client.get(path, headers={"if-none-match": etag}).status_code == 304


FIGURE_PAGES = ("dashboard", "coverage", "missions", "figures", "editions")


@pytest.mark.parametrize("name", FIGURE_PAGES)
def test_nothing_changed_is_answered_with_few_queries_and_no_reading_of_figures(
    client: Client, election: Election, name: str
) -> None:
    editions.refresh_stale()
    path = address(name, election)
    etag = client.get(path).headers["ETag"]
    with CaptureQueriesContext(connection) as captured:
        assert not_modified(client, path, etag)
    # The transaction of the view is a savepoint here, which counts for two.
    assert len([query for query in captured if "SAVEPOINT" not in query["sql"]]) <= 4
    assert "content" not in " ".join(query["sql"] for query in captured).replace("content_hash", "")
    assert "stations_pollingstation" not in " ".join(query["sql"] for query in captured)


CHANGES = {
    "a name of the register": lambda e: e.stations.filter(city="Tokyo").update(city="Tōkyō"),
    "a mission": lambda e: make_mission(election=e, status="declined"),
    "an announced figure": lambda e: make_figure(election=e),
    "a milestone": lambda e: make_milestone(election=e),
    "a source": lambda e: Source.objects.update(title="Another title"),
    "hours": lambda e: make_window(station=e.stations.get(city="Tokyo")),
    "the election": lambda e: Election.objects.filter(pk=e.pk).update(authority="The commission"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("counted", [False, True])
def test_a_page_is_changed_by_what_it_shows_beside_the_figures(
    client: Client, election: Election, change: str, counted: bool
) -> None:
    make_figure(election=election)
    editions.refresh_stale()
    path = address("dashboard", election)
    etag = client.get(path).headers["ETag"]
    CHANGES[change](election)
    if counted:
        editions.refresh_stale()  # the marks are gone; the page has changed all the same
    assert not not_modified(client, path, etag)
    etag = client.get(path).headers["ETag"]
    assert not_modified(client, path, etag)
    editions.refresh_stale()
    assert not_modified(client, path, etag) or Edition.objects.count() > 1


def test_another_election_changes_nothing(client: Client, election: Election) -> None:
    editions.refresh_stale()
    etag = client.get(address("coverage", election)).headers["ETag"]
    make_visit()
    editions.refresh_stale()
    assert not_modified(client, address("coverage", election), etag)


def test_opening_and_closing_change_the_page_and_its_pace(
    client: Client, election: Election, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_window(station=election.stations.get(city="Tokyo"))  # 02:00 to 13:00 UTC
    editions.refresh_stale()
    paths = [address(name, election) for name in ("dashboard", "coverage")]
    seen: list[list[str]] = []
    for hour, pace, kept in ((1, 15, 15), (3, 3, 1), (4, 3, 1), (14, 15, 15)):
        monkeypatch.setattr(timezone, "now", lambda hour=hour: datetime(2024, 2, 7, hour, tzinfo=UTC))
        answers = [client.get(path) for path in paths]
        assert [f'data-refresh="{pace}"' in answer.content.decode() for answer in answers] == [True, True]
        assert [f"s-maxage={kept}," in f"{answer.headers['Cache-Control']}," for answer in answers] == [
            True,
            True,
        ]
        seen.append([answer.headers["ETag"] for answer in answers])
    assert seen[0] != seen[1] == seen[2] != seen[3]


def test_a_demonstration_is_asked_often(client: Client, election: Election) -> None:
    assert 'data-refresh="15"' in client.get(address("coverage", election)).content.decode()
    Election.objects.filter(pk=election.pk).update(demonstration=True)
    assert 'data-refresh="3"' in client.get(address("coverage", election)).content.decode()


def test_what_figure_pages_read_is_marked(client: Client, election: Election) -> None:
    """The 304 is right only if a change to any table that such a page reads is noticed."""
    editions.refresh_stale()
    with connection.execute_wrapper(seen := Tables()):
        for name in FIGURE_PAGES:
            client.get(address(name, election))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE tgname = 'mark_update'"
        )
        marked = {table for (table,) in cursor.fetchall()}
    unmarked = {
        "core_country",
        "core_timezone",
        "coverage_edition",
        "elections_simulatedday",
        # Written with a change to a record that is on the page, whose own table is marked; engagements are asked only
        # whether corrections of theirs are public, which these pages do not show.
        "coverage_correction",
        "missions_engagement",
    }  # reference tables; and what the tag is made of
    assert seen.tables - unmarked <= marked
    assert len(seen.tables) > 10


def test_raw_sql_shows_on_the_page_without_anyone_s_help(client: Client, election: Election) -> None:
    editions.refresh_stale()
    path = address("coverage", election)
    first = client.get(path)
    assert "1 of 3 stations." in text_of(first.content.decode())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fieldwork_visit SET status = 'draft', submitted_at = NULL")
    refresh_stale()  # as the worker does
    assert "0 of 3 stations." in text_of(client.get(path).content.decode())
    assert not not_modified(client, path, first.headers["ETag"])


@pytest.mark.parametrize("name", FIGURE_PAGES)
def test_pages_ask_as_much_for_three_rows_as_for_one(client: Client, election: Election, name: str) -> None:
    def queries() -> int:
        editions.refresh_stale()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address(name, election)).status_code == 200
        return len(captured)

    queries()
    one = queries()
    place = {"latitude": 50, "longitude": 9, "coordinate_precision": "city"}
    for iso2 in ("DE", "FR"):
        station = make_station(election=election, country=iso2, constituency=None, **place)
        make_visit(team=make_team(election=election), station=station)
        make_incident(election=election, place="x")
        make_constituency(election=election)
        editions.refresh_stale()
    queries()  # what one process keeps of an edition
    assert queries() == one
