"""What was public and is different now leaves a correction, whatever door the change came through."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories as make
from tests.public.pages import address, read
from tracker.core.identity import Identity, acting
from tracker.core.models import Publication, Source
from tracker.core.publication import lift_embargoes, publishable_models
from tracker.coverage.corrections import corrected_models, entries, mark_corrected, public_corrections
from tracker.coverage.models import CORRECTED, Correction
from tracker.elections.models import AnnouncedFigure, Election
from tracker.missions.models import Membership, Organization, Outlet
from tracker.stations.models import VotingWindow

pytestmark = pytest.mark.django_db


@pytest.fixture
def election() -> Election:
    return make.make_election()


def said(election: Election) -> list[tuple[str, list[tuple[str, str, str]], str]]:
    """Kind, fields and reason of every public correction, the oldest first."""
    return [
        (
            entry.correction.kind,
            [(field.label, field.before, field.after) for field in entry.fields],
            entry.correction.reason,
        )
        for entry in reversed(entries(public_corrections(election)))
    ]


def test_every_publishable_record_of_an_election_is_corrected_in_public() -> None:
    of_no_election = {Organization, Outlet}
    beside = {VotingWindow, Membership, Source}
    assert set(corrected_models()) == {*publishable_models(), *beside} - of_no_election
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'correct_update'")
        assert {table for (table,) in cursor.fetchall()} == {
            model._meta.db_table for model in corrected_models()
        }
    assert len(CORRECTED) == 12


def test_a_correction_of_every_kind_of_record_is_read_with_the_rights_of_the_public(
    client: Client, election
) -> None:
    """Red when: the records come without those that they are called by (an incident by its station)."""
    mission = make.make_mission(election=election)
    station = make.make_station(election=election)
    for record, values in (
        (election, {"authority": "Corrected"}), (make.make_constituency(election=election), {"name": "Corrected"}),
        (make.make_milestone(election=election), {"title": "Corrected"}),
        (make.make_figure(election=election), {"value": 50}),
        (station, {"address": "Corrected"}), (make.make_window(station=station), {"closes_at": "2024-02-07T14:00Z"}),
        (mission, {"head_of_mission": "Corrected"}), (make.make_statement(mission=mission), {"title": "Corrected"}),
        (make.make_engagement(election=election), {"topics": "Corrected"}),
        (make.make_incident(election=election, station=station), {"summary": "Corrected"}),
        (make.make_membership(mission=mission), {"notes": "Corrected"}),
        (make.make_milestone(election=election, source=make.make_source()).source, {"title": "Corrected"}),
    ):  # fmt: skip
        type(record).objects.filter(pk=record.pk).update(**values)
    assert set(Correction.objects.values_list("model", flat=True)) == set(CORRECTED)
    assert f"Procedure: {station}" in read(client, address("corrections", election))
    assert f"Procedure: {station}: changed" in client.get(f"/en/e/{election.slug}/corrections/feed/").text


def test_raw_sql_on_a_published_figure_is_on_the_page_with_both_values(client: Client, election) -> None:
    figure = make.make_figure(election=election, value=49)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE elections_announcedfigure SET value = 50 WHERE id = %s", [figure.pk])
    text = read(client, address("corrections", election))
    assert "Announced figure · changed" in text
    assert "Value 49 50" in text
    assert "No reason is on record." in text


def test_the_reason_stands_beside_it_and_the_feed_carries_all(client: Client, election) -> None:
    station = make.make_station(election=election, city="Rome", country="IT")
    with acting(Identity(reason="The embassy moved")):
        type(station).objects.update(
            address="Via Nova 1", constituency=make.make_constituency(election=election)
        )
    assert said(election) == [
        ("changed", [("Constituency", "–", str(station.election.constituencies.get())), ("Address", "–", "Via Nova 1")],
         "The embassy moved"),
    ]  # fmt: skip
    text = read(client, address("corrections", election))
    assert "Reason: The embassy moved" in text
    feed = client.get(address("corrections_feed", election))
    assert feed.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    body = feed.content.decode()
    assert "Address: – → Via Nova 1" in body
    assert "The embassy moved" in body
    assert "<author><name>Election observation tracker</name></author>" in body
    assert "<id>tag:testserver," in body


def test_hours_are_corrected_through_their_station(election) -> None:
    station = make.make_station(election=election)
    window = make.make_window(station=station)
    draft = make.make_window(station=make.make_station(election=election, publication=Publication.DRAFT))
    VotingWindow.objects.filter(pk__in=[window.pk, draft.pk]).update(closes_at="2024-02-07T14:00Z")
    assert said(election) == [
        ("changed", [("Closes (UTC)", "2024-02-07 13:00 UTC", "2024-02-07 14:00 UTC")], "")
    ]


def test_drafts_and_withheld_fields_leave_nothing(election) -> None:
    draft = make.make_figure(election=election, publication=Publication.DRAFT)
    AnnouncedFigure.objects.filter(pk=draft.pk).update(value=1)
    incident = make.make_incident(election=election)
    type(incident).objects.update(description="A secret")
    hidden = make.make_figure(election=make.make_election(publication=Publication.DRAFT))
    AnnouncedFigure.objects.filter(pk=hidden.pk).update(value=2)
    assert not Correction.objects.exists()


def test_what_is_withdrawn_takes_its_corrections_along_and_brings_them_back(client: Client, election) -> None:
    figure = make.make_figure(election=election, value=49, scope="Canary")
    rows = AnnouncedFigure.objects.filter(pk=figure.pk)
    rows.update(value=7077)
    rows.update(publication=Publication.WITHDRAWN)
    assert said(election) == [("withdrawn", [], "")]
    text = read(client, address("corrections", election))
    assert "Announced figure that is not public any more" in text
    assert "7077" not in text  # no clock on the page shows it
    assert "Canary" not in text
    rows.update(value=51)
    rows.update(publication=Publication.PUBLISHED)
    assert said(election) == [
        ("changed", [("Value", "49", "7077")], ""),
        ("withdrawn", [], ""),
        ("restored", [("Value", "7077", "51")], ""),
    ]


def test_an_edit_under_four_eyes_is_told_only_when_it_is_approved(election) -> None:
    anna, clara = make.make_administrator(), make.make_administrator()
    figure = make.make_figure(election=election, value=49)
    Election.objects.update(four_eyes=True)
    rows = AnnouncedFigure.objects.filter(pk=figure.pk)
    with acting(Identity(user=anna.pk, reason="A slip")):
        rows.update(value=50)
    assert said(election) == [("withdrawn", [], "A slip")]
    with acting(Identity(user=clara.pk)):
        rows.update(publication=Publication.PUBLISHED)
    assert said(election)[-1] == ("restored", [("Value", "49", "50")], "")


def embargo(rows: QuerySet[Any]) -> None:
    rows.update(embargo_until=timezone.now() + timedelta(hours=1))


def clock_ends_embargo(rows: QuerySet[Any]) -> None:
    """As if the hour were over. Past the triggers: nothing in the register moves then."""
    table = rows.model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks pending cannot be altered
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        rows.update(embargo_until=timezone.now())
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_a_value_that_changed_under_a_short_embargo_is_told_when_it_ends(election) -> None:
    """Red when: only the UPDATE that itself makes a record public is looked at (an embargo ends by the clock)."""
    figure = make.make_figure(election=election, value=49)
    rows = AnnouncedFigure.objects.filter(pk=figure.pk)
    rows.update(value=50)
    embargo(rows)
    rows.update(value=6543)
    clock_ends_embargo(rows)
    assert lift_embargoes() == 1
    assert said(election) == [
        ("changed", [("Value", "49", "50")], ""),
        ("withdrawn", [], ""),
        ("restored", [("Value", "50", "6543")], ""),
    ]


def test_what_changed_while_something_above_it_was_away_is_told_when_that_is_back(election) -> None:
    """Red when: a change of a hidden row is kept nowhere, or nobody looks at what is below a record that comes back."""
    mission = make.make_mission(election=election)
    old, gone, new = (make.make_statement(mission=mission, title=title) for title in ("Old", "Gone", "New"))
    window = make.make_window(station=make.make_station(election=election))
    rows, missions = type(old).objects, type(mission).objects
    rows.filter(pk=new.pk).update(publication=Publication.DRAFT)

    missions.update(publication=Publication.WITHDRAWN)
    rows.filter(pk=old.pk).update(title="Older")
    rows.filter(pk=old.pk).update(title="Oldest")
    rows.filter(pk=gone.pk).update(publication=Publication.WITHDRAWN)
    rows.filter(pk=gone.pk).update(title="Gone and back")
    rows.filter(pk=gone.pk).update(publication=Publication.PUBLISHED)
    windows = VotingWindow.objects.filter(pk=window.pk)
    embargo(Election.objects.all())
    windows.update(closes_at="2024-02-07T14:00Z")
    clock_ends_embargo(Election.objects.all())
    assert lift_embargoes() == 1
    missions.update(publication=Publication.PUBLISHED)
    told = [(fields, reason) for kind, fields, reason in said(election) if kind == "restored" and fields]
    assert sorted(told) == [
        ([("Closes (UTC)", "2024-02-07 13:00 UTC", "2024-02-07 14:00 UTC")], ""),
        ([("Title", "Gone", "Gone and back")], ""),
        ([("Title", "Old", "Oldest")], ""),
    ]
    # From here on each change is told by itself, once.
    rows.filter(pk=old.pk).update(title="Newest")
    assert said(election)[-1] == ("changed", [("Title", "Oldest", "Newest")], "")
    assert sum(bool(fields) for _kind, fields, _reason in said(election)) == 4


def test_what_the_public_never_read_is_not_told(election) -> None:
    """Red when: everything that is published below something that is away is taken for public once."""
    mission = make.make_mission(election=election)
    type(mission).objects.update(publication=Publication.WITHDRAWN)
    added = make.make_statement(mission=mission, title="Added while away")
    type(added).objects.filter(pk=added.pk).update(title="Mended while away")
    type(mission).objects.update(publication=Publication.PUBLISHED)
    assert [fields for _kind, fields, _reason in said(election) if fields] == []
    draft = make.make_election(publication=Publication.DRAFT)
    figure = make.make_figure(election=draft, value=1)
    AnnouncedFigure.objects.filter(pk=figure.pk).update(value=2)
    Election.objects.filter(pk=draft.pk).update(publication=Publication.PUBLISHED)
    assert said(draft) == []


def test_what_follows_the_end_of_an_embargo_at_once_hides_nothing(election) -> None:
    """A change, a new embargo or a withdrawal after the moment and before anybody lifted it.

    Red when: the loop over what came back by the clock is left out, or comes after the entries of the change.
    """
    figure = make.make_figure(election=election, value=49)
    rows = AnnouncedFigure.objects.filter(pk=figure.pk)
    embargo(rows)
    rows.update(value=50)
    clock_ends_embargo(rows)
    rows.update(value=51)
    back = [
        ("withdrawn", [], ""),
        ("restored", [("Value", "49", "50")], ""),
        ("changed", [("Value", "50", "51")], ""),
    ]
    assert said(election) == back
    embargo(rows)
    rows.update(value=52)
    clock_ends_embargo(rows)
    embargo(rows)
    assert said(election) == [("withdrawn", [], "")] * 3
    rows.update(embargo_until=None)
    assert said(election) == [
        *back, ("withdrawn", [], ""), ("restored", [("Value", "51", "52")], ""), ("withdrawn", [], ""),
        ("restored", [], ""),
    ]  # fmt: skip
    rows.update(value=53)
    assert said(election)[-1] == ("changed", [("Value", "52", "53")], "")


def test_a_source_is_corrected_in_every_election_in_which_something_public_names_it(
    client: Client, election
) -> None:
    """Red when: a source is told of in the elections of drafts, or its row is read with what is withheld of it."""
    source = make.make_source(title="Old title", url="https://example.org/1")
    make.make_figure(election=election, source=source)
    make.make_milestone(election=election, source=source)
    other, silent = make.make_election(source=source), make.make_election()
    make.make_figure(election=silent, source=source, publication=Publication.DRAFT)
    Source.objects.filter(pk=source.pk).update(title="New title", notes="A secret")
    changed = [("changed", [("Title", "Old title", "New title")], "")]
    assert [said(one) for one in (election, other, silent)] == [changed, changed, []]
    Source.objects.filter(pk=source.pk).update(notes="Another secret")
    assert [said(one) for one in (election, other, silent)] == [changed, changed, []]
    figure = make.make_figure(election=silent)
    AnnouncedFigure.objects.filter(pk=figure.pk).update(source=source)
    assert "Source · changed" in read(client, address("corrections", election))
    assert "New title" in read(client, address("corrections", silent))


def test_a_deleted_record_leaves_the_bare_fact(election) -> None:
    figure = make.make_figure(election=election, value=49)
    rows = AnnouncedFigure.objects.filter(pk=figure.pk)
    rows.update(value=50)
    rows.delete()
    assert said(election) == [("withdrawn", [], "")]


def test_corrections_of_a_record_below_a_withdrawn_one_go_with_it(client: Client, election) -> None:
    statement = make.make_statement(mission=make.make_mission(election=election), title="Old title")
    type(statement).objects.update(title="New title")
    type(statement.mission).objects.update(publication=Publication.WITHDRAWN)
    assert said(election) == [("withdrawn", [], "")]
    assert "title" not in read(client, address("corrections", election)).lower().replace("subtitle", "")


def test_a_page_without_corrections_says_so(client: Client, election) -> None:
    assert "Nothing that was public has been corrected." in read(client, address("corrections", election))


def test_the_page_asks_as_little_for_many_as_for_few(
    client: Client, election, django_assert_max_num_queries: Any
) -> None:
    figures = [make.make_figure(election=election, value=number) for number in range(12)]
    for figure in figures:
        AnnouncedFigure.objects.filter(pk=figure.pk).update(value=100)
    with django_assert_max_num_queries(12):
        assert read(client, address("corrections", election)).count("Announced figure · changed") == 12


# --- "corrected" as a state


def test_a_corrected_record_says_so_wherever_its_state_is_shown(client: Client, election: Election) -> None:
    mission = make.make_mission(election=election)
    statement = make.make_statement(mission=mission, title="Interim report")
    figure = make.make_figure(election=election, value=49, metric="stations_abroad")
    draft = make.make_figure(election=election, value=7, publication="draft")
    silent = make.make_figure(election=election, value=8, metric="stations_abroad")
    gone = make.make_figure(election=election, value=9)
    for record, change in (
        (figure, {"value": 50}), (draft, {"value": 6}), (silent, {"publication": "draft"}),
        (silent, {"publication": "published"}), (gone, {"value": 10}), (gone, {"publication": "withdrawn"}),
    ):  # fmt: skip
        AnnouncedFigure.objects.filter(pk=record.pk).update(**change)
    type(statement).objects.filter(pk=statement.pk).update(title="Interim report, mended")
    records = [figure, draft, silent, gone, statement, make.make_source()]
    mark_corrected(records)
    assert [record.corrected_at is not None for record in records] == [True, False, False, False, True, False]
    day = f"{figure.corrected_at:%-d %b %Y}"

    client.force_login(make.make_account("election_desk"))
    badge = f'<span class="badge badge-published">corrected on {day}</span>'
    page = client.get("/staff/elections/announcedfigure/").content.decode()
    assert page.count(badge) == 1
    assert "State: " in client.get(f"/staff/elections/announcedfigure/{figure.pk}/change/").content.decode()
    assert badge in client.get(f"/staff/elections/announcedfigure/{figure.pk}/change/").content.decode()
    assert badge not in client.get(f"/staff/elections/announcedfigure/{silent.pk}/change/").content.decode()
    assert badge in client.get("/staff/missions/statement/").content.decode()

    client.logout()
    link = f'<a href="{address("corrections", election)}">Corrected on {day} '
    assert client.get(address("figures", election)).content.decode().count(link) == 1
    path = address("mission", election, mission.organization.slug)
    assert client.get(path).content.decode().count(link) == 1


def test_a_list_asks_once_what_is_corrected(client: Client, election: Election) -> None:
    client.force_login(make.make_account("election_desk"))
    asked = []
    for count in (1, 4):
        make.make_figure(election=election, value=count)
        for _more in range(count - 1):
            make.make_figure(election=election, value=count)
        with CaptureQueriesContext(connection) as queries:
            client.get("/staff/elections/announcedfigure/")
        asked.append(sum('FROM "coverage_correction"' in query["sql"] for query in queries))
    assert asked == [1, 1]


def test_hours_put_right_say_so_on_the_station_s_page(client: Client) -> None:
    window = make.make_window()
    path = f"/en/e/{window.station.election.slug}/stations/{window.station_id}/"
    assert "Corrected on" not in client.get(path).text
    VotingWindow.objects.filter(pk=window.pk).update(closes_at=window.closes_at - timedelta(hours=1))
    assert "Corrected on" in client.get(path).text


def test_the_timeline_and_the_election_s_own_page_say_what_was_put_right(client: Client) -> None:
    """Red when: the views of the two pages, or of a station, do not ask `mark_corrected`."""
    election = make.make_election()
    milestone = make.make_milestone(election=election, title="Polling day")
    make.make_milestone(election=election, title="Never touched")
    engagement = make.make_engagement(election=election, topics="Old topic")
    statement = make.make_statement(mission=make.make_mission(election=election), title="Interim report")
    incident = make.make_incident(election=election)
    headline = make.make_figure(
        election=election, metric="international_observers", unit="persons", value=700
    )
    link = f'<a href="{address("corrections", election)}">Corrected on '

    def marked() -> dict[str, list[str]]:
        """What stands beside a mark: on the timeline by entry, on the dashboard and the station's page counted."""
        timeline = client.get(address("timeline", election)).text
        entries = re.findall(r'<li class="entry" id="([^"]+)"(.*?)</li>', timeline, re.DOTALL)
        pages = {
            "dashboard": client.get(address("dashboard", election)).text,
            "station": client.get(address("station", election, incident.station_id)).text,
            "frame": client.get(f"/embed/en/e/{election.slug}/headline/").text,
        }
        return {"timeline": sorted(key for key, text in entries if link in text)} | {
            name: [str(text.count(link))] for name, text in pages.items()
        }

    assert marked() == {"timeline": [], "dashboard": ["0"], "station": ["0"], "frame": ["0"]}
    for record, values in (
        (milestone, {"title": "Polling day abroad"}), (engagement, {"topics": "New topic"}),
        (statement, {"title": "Final report"}), (incident, {"summary": "Put right."}),
    ):  # fmt: skip
        type(record).objects.filter(pk=record.pk).update(**values)
    assert marked() == {
        "timeline": sorted(
            f"{name}-{record.pk}"
            for name, record in (
                ("milestone", milestone), ("engagement", engagement), ("statement", statement), ("incident", incident)
            )
        ),
        "dashboard": ["1"], "station": ["1"], "frame": ["0"],
    }  # fmt: skip
    Election.objects.filter(pk=election.pk).update(authority="Another commission")
    AnnouncedFigure.objects.filter(pk=headline.pk).update(value=750)
    assert (marked()["dashboard"], marked()["frame"]) == (["3"], ["1"])
