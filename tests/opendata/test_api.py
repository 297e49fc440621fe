"""The JSON interface as a reader of it meets it."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import (
    make_constituency,
    make_deployment,
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
    make_team,
    make_visit,
    make_window,
)
from tracker.coverage.editions import refresh
from tracker.coverage.figures import STATES
from tracker.elections.models import Election
from tracker.fieldwork.models import Visit
from tracker.missions.models import Organization
from tracker.opendata.datasets import DATASETS, OF_ELECTION
from tracker.stations.models import PollingStation

pytestmark = pytest.mark.django_db


def address(election: Election, dataset: str, query: str = "") -> str:
    return f"/api/v1/elections/{election.slug}/{dataset}/" + (f"?{query}" if query else "")


def get(client: Client, path: str, status: int = 200) -> dict[str, Any]:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code, answer.content)
    found: dict[str, Any] = json.loads(answer.content)
    return found


def flat(pages: Iterable[list[Any]]) -> list[Any]:
    return [row for page in pages for row in page]


def walk(client: Client, path: str, link: str = "next") -> list[list[Any]]:
    """The rows of each page from `path` on."""
    pages = []
    while path:
        page = get(client, path)
        pages.append(page["results"])
        path = (page[link] or "").removeprefix("http://testserver")
    return pages


def test_the_real_election_is_all_there(client: Client, az2024: Election) -> None:
    refresh(az2024)
    pages = walk(client, address(az2024, "stations", "limit=20&fields=country_iso2"))
    rows = flat(pages)
    assert (len(rows), len({row["country_iso2"] for row in rows})) == (49, 37)
    counted = get(client, address(az2024, "recorded_figures") + "stations_abroad/")
    assert (counted["value"], counted["number"], counted["edition"]) == ("49", 49, 1)
    announced = get(
        client, address(az2024, "announced_figures", "metric=stations_abroad&fields=value,announced_by")
    )
    assert {"value": "49", "announced_by": "MFA"} in announced["results"]


def test_rows_have_addresses(client: Client) -> None:
    station = make_station(city="Riga")
    row = get(client, address(station.election, "stations") + f"{station.pk}/?fields=city")
    assert row == {"city": "Riga"}
    get(client, address(make_election(), "stations") + f"{station.pk}/", 404)  # of another election


def test_drafts_are_not_found(client: Client) -> None:
    election = make_election(publication="draft")
    station = make_station(publication="draft")
    get(client, f"/api/v1/elections/{election.slug}/", 404)
    get(client, address(election, "stations"), 404)
    get(client, address(station.election, "stations") + f"{station.pk}/", 404)
    assert get(client, address(station.election, "stations"))["results"] == []


@pytest.mark.parametrize(
    "order", ["", "city", "-city", "registered_voters", "-registered_voters", "country_iso2"]
)
def test_pages_hold_each_row_once_there_and_back(client: Client, order: str) -> None:
    """Whatever the order, with equal and unknown values on both sides of a page's edge."""
    election = make_election()
    for number in range(7):
        voters = [None, 5, 5, 9][number % 4]
        make_station(election=election, city="AABBBCC"[number], registered_voters=voters)
    query = "limit=2&fields=id,city,registered_voters" + (f"&ordering={order}" if order else "")
    pages = walk(client, address(election, "stations", query))
    rows = flat(pages)
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert len({row["id"] for row in rows}) == 7
    if name := order.lstrip("-"):
        known = [row[name] for row in rows if row.get(name) is not None]
        assert known == sorted(known, reverse=order.startswith("-"))
        assert [row.get(name) for row in rows][: len(known)] == known  # what is not known comes last
    last = get(client, address(election, "stations", query))
    while last["next"]:
        last = get(client, last["next"].removeprefix("http://testserver"))
    back = walk(client, last["previous"].removeprefix("http://testserver"), "previous")
    assert flat(reversed(back)) == rows[:6]


@pytest.mark.parametrize("order", ["", "-stations", "visits"])
def test_pages_of_figures_hold_each_row_once_there_and_back(client: Client, order: str) -> None:
    visit = make_visit(status="submitted")
    election = visit.station.election
    refresh(election)
    query = "limit=7" + (f"&ordering={order}" if order else "")
    rows = flat(walk(client, address(election, "coverage", query)))
    assert len({row["id"] for row in rows}) == len(rows) > 30
    last = get(client, address(election, "coverage", query))
    while last["next"]:
        last = get(client, last["next"].removeprefix("http://testserver"))
    back = walk(client, last["previous"].removeprefix("http://testserver"), "previous")
    assert flat(reversed(back)) == rows[: len(rows) - len(last["results"])]
    assert {len(page) for page in back[:-1]} == {7}


def test_a_cursor_is_of_its_list_and_its_order(client: Client) -> None:
    election = make_election()
    for _ in range(2):
        make_station(election=election)
    cursor = get(client, address(election, "stations", "limit=1"))["next"].split("cursor=")[1]
    get(client, address(election, "stations", f"cursor={cursor}"))
    for dataset, sent, query in (
        ("stations", cursor, "&ordering=city"), ("missions", cursor, ""), ("stations", f"x{cursor}", ""),
        ("coverage", cursor, ""), ("stations", "x", ""),
    ):  # fmt: skip
        body = get(client, address(election, dataset, f"cursor={sent}{query}"), 400)
        (fault,) = body["errors"]
        assert (fault["parameter"], fault["value"]) == ("cursor", unquote(sent))
        assert "begin again without a cursor" in fault["mend"]


def test_filters_narrow(client: Client) -> None:
    election = make_election()
    make_station(election=election, country="LV", city="Riga", registered_voters=100)
    make_station(election=election, country="KZ", city="Astana", status="cancelled")

    def cities(query: str) -> list[str]:
        return [row["city"] for row in get(client, address(election, "stations", query))["results"]]

    assert cities("country_iso2=LV") == ["Riga"]
    assert cities("status=cancelled") == ["Astana"]
    assert cities("registered_voters_min=100") == ["Riga"]
    assert cities("registered_voters_max=99") == []
    assert cities("country_iso2=LV&status=cancelled") == []
    refresh(election)
    counted = get(client, address(election, "coverage", "dimension=country&stations_min=1"))["results"]
    assert [row["code"] for row in counted] == ["LV"]


def test_dates_narrow(client: Client) -> None:
    milestone = make_milestone()
    for query, found in (("date_from=2024-02-07", 1), ("date_from=2024-02-08", 0), ("date_to=2024-02-06", 0)):
        assert len(get(client, address(milestone.election, "milestones", query))["results"]) == found


def test_names_come_in_three_languages(client: Client) -> None:
    station = make_station(country="DE")
    path = address(station.election, "stations", "fields=country&lang=ru")
    assert get(client, path)["results"] == [{"country": "Германия"}]
    assert client.get(path)["Content-Language"] == "ru"


@pytest.mark.parametrize(
    ("query", "parameter", "mend"),
    [
        ("cuontry=AZ", "cuontry", "country"),
        ("limit=0", "limit", "from 1 to 500"),
        ("limit=٣", "limit", "from 1 to 500"),
        ("fields=id,citty", "fields", "city"),
        ("ordering=notes", "ordering", "one of"),
        ("lang=de", "lang", "en"),
        ("status=", "status", "leave it out"),
        ("status=established&status=cancelled", "status", "once"),
        ("status=closed", "status", "closed"),
        ("registered_voters_min=many", "registered_voters_min", "digits"),
        ("registered_voters_min=99999999999", "registered_voters_min", "2147483647"),
    ],
)
def test_what_is_not_understood_is_named_with_its_mend(
    client: Client, query: str, parameter: str, mend: str
) -> None:
    election = make_election()
    answer = client.get(address(election, "stations", query))
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    body = json.loads(answer.content)
    assert [error["parameter"] for error in body["errors"]] == [parameter]
    assert mend in body["errors"][0]["mend"]
    assert parameter in body["detail"]
    assert body["errors"][0]["value"] == "&".join(v for n, v in parse_qsl(query, True) if n == parameter)


def test_all_faults_are_named_at_once(client: Client) -> None:
    body = get(client, address(make_election(), "stations", "limit=x&nothing=1"), 400)
    assert {error["parameter"] for error in body["errors"]} == {"limit", "nothing"}


@pytest.mark.parametrize(
    "path", ["nothing", "elections", "elections/no-such/", "elections/no-such/stations/"]
)
def test_what_is_not_there_is_a_problem_too(client: Client, path: str) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert json.loads(answer.content)["title"] == "Not Found"
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_nothing_is_written_and_nothing_else_is_spoken(client: Client) -> None:
    path = address(make_election(), "stations")
    for method in ("post", "put", "patch", "delete"):
        answer = getattr(client, method)(path)
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, OPTIONS"), method
        assert json.loads(answer.content)["status"] == 405
    answer = client.get(path, headers={"Accept": "text/csv"})
    assert (answer.status_code, answer["Content-Type"]) == (406, "application/problem+json")


def test_every_site_may_read_it_and_nobody_is_told_apart(client: Client) -> None:
    path = address(make_election(), "stations")
    answer = client.get(path, headers={"Origin": "https://example.org"})
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert not answer.has_header("Access-Control-Allow-Credentials")
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert not answer.cookies
    assert "Cookie" not in answer["Vary"]
    assert "public" in answer["Cache-Control"]
    asked_first = client.options(path, headers={"Origin": "https://example.org"})
    assert asked_first.status_code == 204
    assert asked_first["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")


def test_a_reader_who_has_it_is_told_so(client: Client, django_assert_max_num_queries: Any) -> None:
    station = make_station()
    election = station.election
    refresh(election)
    path = address(election, "stations")
    tag = client.get(path)["ETag"]
    with django_assert_max_num_queries(6):  # a savepoint's two included
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    for other in (f"{path}?limit=5", f"{path}?lang=az", address(election, "missions")):
        assert client.get(other)["ETag"] != tag
    station.city = "Almaty"
    station.save()
    answer = client.get(path, headers={"If-None-Match": tag})
    assert (answer.status_code, answer["ETag"] != tag) == (200, True)


@pytest.mark.parametrize(
    "dataset", [d.name for d in OF_ELECTION if not d.of_edition and d.name != "editions"]
)
def test_no_change_is_slept_through(client: Client, dataset: str) -> None:
    """A row that changes, or its source, is a new answer: also of those whose changes move no edition."""
    election = make_election()
    source = make_source(published_on="2024-01-01")
    rows = _rows(election, source)
    refresh(election)
    tag = client.get(address(election, dataset))["ETag"]
    row = rows[dataset]
    row.notes = "Corrected."
    if dataset == "constituencies":
        row.note = "Corrected."
    row.save()
    changed = client.get(address(election, dataset), headers={"If-None-Match": tag})
    assert changed.status_code == 200
    source.published_on = "2024-01-02"
    source.save()
    again = client.get(address(election, dataset), headers={"If-None-Match": changed["ETag"]})
    assert again.status_code == 200


def _rows(election: Election, source: Any) -> dict[str, Any]:
    organization = make_organization(source=source)
    mission = make_mission(election=election, organization=organization, source=source)
    return {
        "stations": make_station(election=election, source=source),
        "constituencies": make_constituency(election=election, source=source),
        "missions": mission,
        "memberships": make_membership(mission=mission, source=source),
        "organizations": organization,
        "announced_figures": make_figure(election=election, source=source),
        "milestones": make_milestone(election=election, source=source),
        "engagements": make_engagement(election=election, source=source),
        "statements": make_statement(mission=mission, source=source),
    }


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda d: d.name)
def test_a_list_asks_as_often_for_three_rows_as_for_one(client: Client, dataset: Any) -> None:
    election = make_election()

    def more() -> None:
        source = make_source()
        rows = _rows(election, source)
        make_window(station=rows["stations"])
        rows["stations"].constituency = rows["constituencies"]
        rows["stations"].save()
        rows["engagements"].organizations.add(rows["organizations"])
        make_visit(station=rows["stations"], mission=rows["missions"], status="submitted")
        refresh(election)
        if dataset.name == "elections":
            make_election()

    path = "/api/v1/elections/" if dataset.name == "elections" else address(election, dataset.name)
    more()
    with CaptureQueriesContext(
        connection,
    ) as one:
        before = get(client, path)
    more()
    more()
    with CaptureQueriesContext(connection) as three:
        after = get(client, path)
    assert len(after["results"]) > len(before["results"]) or dataset.name == "recorded_figures"
    assert len(three) == len(one) <= 14, [query["sql"][:90] for query in three]


def test_stations_are_narrowed_by_coverage(client: Client) -> None:
    """Red when: a state of `station_holds` is another; or the cancelled are left in a gap, or drafts anywhere."""
    election = make_election()
    places = {
        name: make_station(election=election, city=name) for name in ("both", "one", "plan", "kept", "none")
    }
    make_station(election=election, city="gone", status="cancelled")
    make_station(election=election, city="draft", publication="draft")
    teams = [make_team(mission=make_mission(election=election)) for _number in range(2)]
    for team, name in ((teams[0], "both"), (teams[1], "both"), (teams[0], "one"), (teams[0], "kept")):
        make_visit(team=team, station=places[name])
    for name in ("plan", "kept"):
        make_deployment(team=teams[1], station=places[name])
    wanted = {
        "planned": {"plan", "kept"}, "visited": {"both", "one", "kept"}, "overlap": {"both"}, "gap": {"plan", "none"},
        "planned_not_visited": {"plan"}, "no_plan": {"none"}, "not_counted": {"gone"},
    }  # fmt: skip
    refresh(election)
    found = {
        state: {
            row["city"] for row in get(client, address(election, "stations", f"coverage={state}"))["results"]
        }
        for state in wanted
    }
    assert found == wanted
    counted = get(client, address(election, "coverage") + "total/")
    assert [len(found[name]) for name in ("planned", "visited", "overlap", "no_plan")] == [
        counted[name] for name in ("planned", "visited", "overlap", "no_plan")
    ]
    first = get(client, address(election, "stations", "coverage=visited&limit=2"))
    assert [
        len(page) for page in walk(client, address(election, "stations", "coverage=visited&limit=2"))
    ] == [2, 1]
    assert "coverage=visited" in first["next"]
    wrong = get(client, address(election, "stations", "coverage=gaps"), 400)
    assert "coverage" in str(wrong)
    described = client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/elections/{election}/stations/"]
    (parameter,) = [one for one in described["get"]["parameters"] if one["name"] == "coverage"]
    assert set(parameter["schema"]["enum"]) == set(wanted)


@pytest.mark.parametrize("published", [True, False])
def test_a_state_of_coverage_is_asked_in_one_short_statement(client: Client, published: bool) -> None:
    """Thousands of stations make no statement longer and none more, with an edition or counted for the answer.

    Red when: the keys of the stations in the state are written into the statement.
    """
    mission = make_mission(election=make_election())
    election, team, first = (
        mission.election,
        make_team(mission=mission),
        make_station(election=mission.election),
    )
    make_visit(team=team, station=first)
    make_deployment(team=team, station=make_station(election=election))
    teams = [team, make_team(mission=make_mission(election=election))]
    overlap, _nothing = [make_station(election=election) for _number in range(2)]
    for one in teams:
        make_visit(team=one, station=overlap)

    def asked() -> list[tuple[int, int, int]]:
        if published:
            refresh(election)
        found = []
        for state in STATES:
            body = get(client, address(election, "stations", f"coverage={state}&fields=id&limit=500"))
            with CaptureQueriesContext(connection) as queries:
                get(client, address(election, "stations", f"coverage={state}&fields=id&limit=1"))
            length = max(len(query["sql"]) for query in queries)
            # Without an edition the matrix itself is sent.
            found.append((len(queries), length if published else 0, len(body["results"])))
        return found

    few = asked()
    stations = PollingStation.objects.bulk_create(
        [
            PollingStation(**{
                field.attname: getattr(first, field.attname) for field in PollingStation._meta.concrete_fields
            } | {"pk": None, "number": f"N{number}"})
            for number in range(6400)
        ]
    )  # fmt: skip
    visit = Visit.objects.get(station=first)
    Visit.objects.bulk_create(
        [
            Visit(**{field.attname: getattr(visit, field.attname) for field in Visit._meta.concrete_fields} | {
                "pk": None, "station_id": station.pk, "submission_key": uuid4(),
            })
            for station in stations[:3200]
        ]
    )  # fmt: skip
    many = asked()
    assert [number for number, _length, _rows in many] == [number for number, _length, _rows in few]
    # A few digits more of one key.
    assert all(abs(after[1] - before[1]) < 10 for after, before in zip(many, few, strict=True))
    assert [rows for _number, _length, rows in many] == [1, 500, 1, 500, 1, 500]


def test_an_election_that_waits_for_its_publisher_tells_no_figures(client: Client) -> None:
    election = make_election(publishing="reviewed")
    make_station(election=election)
    assert get(client, address(election, "coverage"))["results"] == []
    assert get(client, address(election, "recorded_figures"))["results"] == []
    assert get(client, address(election, "stations"))["results"][0]["coverage"] is None
    assert get(client, address(election, "stations", "coverage=gap"))["results"] == []


def test_withheld_words_are_nowhere(client: Client) -> None:
    """What the public may not know is in no answer, also of records that come along."""
    election = make_election(notes="canary-notes")
    source = make_source(notes="canary-source")
    rows = _rows(election, source)
    make_visit(
        station=rows["stations"], mission=rows["missions"], status="submitted", findings="canary-visit"
    )
    draft = make_organization(name="canary-draft", publication="draft")
    rows["engagements"].organizations.add(draft)
    Organization.objects.filter(pk=draft.pk).update(embargo_until=timezone.now())
    refresh(election)
    for dataset in OF_ELECTION:
        assert "canary" not in client.get(address(election, dataset.name)).content.decode(), dataset.name
    assert "canary" not in client.get("/api/v1/elections/").content.decode()


def test_the_description_and_its_page_come_from_our_own_host(client: Client) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, "*")
    assert json.loads(answer.content)["openapi"] == "3.1.0"
    page = client.get("/api/docs")
    html = page.content.decode()
    assert "<title>Open data: JSON interface" in html
    assert "https://" not in html
    assert "'unsafe-inline'" not in page["Content-Security-Policy"]
    assert "<style" not in html
    script = client.get("/api/docs?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/v1/openapi.json" in script.content.decode()
