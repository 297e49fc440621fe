"""The first page of the staff: what waits for a publisher, and what a writer has not handed in."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import factories as make
from tracker.core.identity import Identity, acting
from tracker.core.models import Publication, User
from tracker.core.roles import Role
from tracker.staff import desk

pytestmark = pytest.mark.django_db


def first_page(account: User) -> str:
    """The text of the desk as this account reads it, without markup."""
    client = Client()
    client.force_login(account)
    page = client.get("/staff/").content.decode()
    parts = re.findall(r'<section class="desk".*?</section>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", " ".join(parts)).split())


def written_by(account: User, maker: Any, **values: Any) -> Any:
    with acting(Identity(user=account.pk, origin="request")):
        record = maker(**values)
    record.refresh_from_db()
    return record


def test_a_publisher_sees_what_was_handed_in_by_whom_and_when() -> None:
    """Red when: `_waiting` asks for drafts, or `handed_in` looks at the first entry instead of the last."""
    writer, other = (
        make.make_account(Role.DESK, username="dora"),
        make.make_account(Role.DESK, username="olga"),
    )
    figure = written_by(writer, make.make_figure, value=49, publication="draft")
    for account in (other, writer):
        for state in ("draft", "submitted"):
            with acting(Identity(user=account.pk)):
                type(figure).objects.filter(pk=figure.pk).update(publication=state)
    written_by(writer, make.make_figure, value=50, publication="draft", election=figure.election)
    publisher = make.make_account(Role.PUBLISHER)
    (pile,) = desk.waiting_for(publisher)
    assert (pile.kind, pile.count, [row.name for row in pile.rows]) == ("Announced figure", 1, [str(figure)])
    assert pile.rows[0].handed_in.who == "dora"
    assert abs((pile.rows[0].handed_in.at - datetime.now(UTC)).total_seconds()) < 3600
    said = first_page(publisher)
    assert f"Announced figure: 1 {figure} handed in by dora, " in said
    assert "Your drafts" not in said
    client = Client()
    client.force_login(publisher)
    assert [row.pk for row in client.get(pile.address).context["cl"].queryset] == [figure.pk]
    assert client.get(pile.rows[0].address).status_code == 200


def test_what_four_eyes_keep_from_you_is_shown_as_such() -> None:
    """Red when: `awaits_other_eyes` does not ask who wrote the record."""
    both = make.make_account(Role.DESK, Role.PUBLISHER)
    election = make.make_election(four_eyes=True, publication="draft")
    mine = written_by(both, make.make_milestone, election=election, title="Mine", publication="submitted")
    written_by(make.make_account(Role.DESK), make.make_milestone, election=election, title="Theirs",
               publication="submitted")  # fmt: skip
    assert {row.name: row.own for row in desk.waiting_for(both)[0].rows} == {str(mine): True, "Theirs": False}
    assert first_page(both).count("You wrote it: somebody else has to publish it.") == 1


def test_a_writer_finds_the_drafts_they_wrote_last() -> None:
    """Red when: `_drafts` does not ask who wrote the record last."""
    writer, other = make.make_account(Role.DESK), make.make_account(Role.DESK)
    election = make.make_election()
    mine = written_by(writer, make.make_milestone, election=election, title="Mine", publication="draft")
    written_by(other, make.make_milestone, election=election, title="Theirs", publication="draft")
    written_by(writer, make.make_milestone, election=election, title="Handed in", publication="submitted")
    (pile,) = desk.drafts_of(writer)
    assert [row.name for row in pile.rows] == [str(mine)]
    said = first_page(writer)
    assert "Milestone: 1 Mine" in said
    assert "Waits for you" not in said
    client = Client()
    client.force_login(writer)
    assert [row.pk for row in client.get(pile.address).context["cl"].queryset] == [mine.pk]


def test_a_coordinator_finds_drafts_of_the_own_organization_alone() -> None:
    mission = make.make_mission()
    clara = make.make_account(Role.COORDINATOR, organization=mission.organization)
    mine = written_by(clara, make.make_statement, mission=mission, title="Ours", publication="draft")
    # Written by the same person, when she still worked for another organization.
    written_by(
        clara, make.make_statement, mission=make.make_mission(election=mission.election), publication="draft"
    )
    (pile,) = desk.drafts_of(clara)
    assert [row.name for row in pile.rows] == [str(mine)]


def test_long_piles_are_counted() -> None:
    election = make.make_election()
    for number in range(desk.NAMED + 2):
        make.make_milestone(election=election, title=f"Day {number}", publication=Publication.SUBMITTED)
    publisher = make.make_account(Role.PUBLISHER)
    (pile,) = desk.waiting_for(publisher)
    assert (pile.count, len(pile.rows), pile.more) == (desk.NAMED + 2, desk.NAMED, 2)
    assert "Milestones: 6" in first_page(publisher)


def test_what_waits_longest_comes_first(django_assert_num_queries: Any) -> None:
    """Red when: `_waiting` keeps the order of the kind, or the first hand-in counts and not the last."""
    writer, publisher = make.make_account(Role.DESK), make.make_account(Role.PUBLISHER)
    election = make.make_election()
    days = {
        title: make.make_milestone(election=election, title=title, starts_on=day, publication="draft")
        for title, day in (("A", "2024-01-01"), ("B", "2024-01-02"), ("C", "2024-01-03"))
    }

    def put(title: str, state: str) -> None:
        with acting(Identity(user=writer.pk)):
            type(days[title]).objects.filter(pk=days[title].pk).update(publication=state)

    def names() -> list[str]:
        return [row.name for pile in desk.waiting_for(publisher) for row in pile.rows]

    kinds = len(list(desk._kinds()))
    put("C", "submitted")
    with django_assert_num_queries(kinds + 2):
        assert names() == ["C"]
    put("A", "submitted")
    put("B", "submitted")
    with django_assert_num_queries(kinds + 2):
        assert names() == ["C", "A", "B"]
    put("C", "draft")
    put("C", "submitted")
    assert names() == ["A", "B", "C"]
    # More than are named: the oldest are.
    for number in range(3):
        make.make_milestone(
            election=election, title=f"Late {number}", starts_on="2023-01-01", publication="submitted"
        )
    assert names() == ["A", "B", "C", "Late 0"]


def test_the_number_of_queries_does_not_grow_with_the_rows(django_assert_num_queries: Any) -> None:
    publisher, writer = make.make_account(Role.PUBLISHER), make.make_account(Role.DESK)
    election = make.make_election()
    written_by(writer, make.make_mission, election=election, publication="submitted")
    desk.waiting_for(publisher)
    kinds = len(list(desk._kinds()))
    for rows in (1, 3):
        with django_assert_num_queries(kinds + 2):
            assert desk.waiting_for(publisher)[0].count == rows
        for _ in range(2):
            written_by(writer, make.make_mission, election=election, publication="submitted")


def public_by(account: User, *rows: Any) -> None:
    """These records are published in one go."""
    with acting(Identity(user=account.pk, origin="request")):
        for row in rows:
            type(row).objects.filter(pk=row.pk).update(publication="published")


def test_what_was_handed_in_together_is_one_line_and_one_question() -> None:
    """Red when: `_apart` leaves everything in, or `_with_parts` counts what is in another state."""
    writer, publisher = make.make_account(Role.OFFICER), make.make_account(Role.PUBLISHER)
    organization = written_by(writer, make.make_organization, publication="submitted")
    mission = written_by(writer, make.make_mission, organization=organization, publication="submitted")
    statement = written_by(writer, make.make_statement, mission=mission, publication="submitted")
    written_by(writer, make.make_statement, mission=mission, title="Not ready", publication="draft")
    (pile,) = desk.waiting_for(publisher)
    assert [(row.name, row.with_it) for row in pile.rows] == [
        (str(mission), "1 statement and its organization")
    ]
    assert [(step, label) for step, label, _address in pile.rows[0].steps] == [
        ("publish", "Publish"), ("send_back", "Send back"),
    ]  # fmt: skip
    assert f"Mission: 1 {mission} with 1 statement and its organization handed in by " in first_page(
        publisher
    )
    client = Client()
    client.force_login(publisher)
    asked = client.post(pile.rows[0].steps[0][2])
    assert list(asked.context["form"].offered.values()) == [organization, statement]
    assert "What is missing, or wrong?" in client.post(pile.rows[0].steps[1][2]).content.decode()
    # Without the mission they are lines of their own.
    public_by(publisher, mission)
    assert [(pile.kind, [row.name for row in pile.rows]) for pile in desk.waiting_for(publisher)] == [
        ("Organization", [str(organization)]), ("Statement", [str(statement)]),
    ]  # fmt: skip


def test_what_four_eyes_keep_from_you_hides_nothing_that_you_may_publish() -> None:
    """Red when: `_apart` folds under what the person may not publish; `_with_parts` counts what has its own line; or
    `kept_by_other_eyes` does not ask who wrote since the last approval."""
    both, other = make.make_account(Role.OFFICER, Role.PUBLISHER), make.make_account(Role.OFFICER)
    election = make.make_election(four_eyes=True)
    organization = written_by(other, make.make_organization, publication="submitted")
    mission = written_by(
        both, make.make_mission, election=election, organization=organization, publication="submitted"
    )
    written_by(both, make.make_statement, mission=mission, title="Mine", publication="submitted")
    written_by(other, make.make_statement, mission=mission, title="Theirs", publication="submitted")

    def seen(account: User) -> list[tuple[str, str, bool, list[str]]]:
        rows = [row for pile in desk.waiting_for(account) for row in pile.rows]
        return [(row.name, row.with_it, row.own, [step for step, *_ in row.steps]) for row in rows]

    assert seen(both) == [
        (str(organization), "", False, ["publish", "send_back"]),
        (str(mission), "1 statement", True, ["take_back"]),
        ("Theirs", "", False, ["publish", "send_back"]),
    ]
    # Somebody else publishes all of it on one line.
    assert seen(make.make_account(Role.PUBLISHER)) == [
        (str(mission), "2 statements and its organization", False, ["publish", "send_back"])
    ]
    # Who wrote last is another; the one of before still waits for other eyes.
    with acting(Identity(user=other.pk, origin="request")):
        type(mission).objects.filter(pk=mission.pk).update(notes="more")
    assert [name for name, *_ in seen(both)] == [str(organization), str(mission), "Theirs"]


def test_a_count_is_that_of_the_list_or_says_of_what() -> None:
    """Red when: `_pile` links a list that has what stands on other lines, and does not say so."""
    writer, publisher = make.make_account(Role.OFFICER), make.make_account(Role.PUBLISHER)
    election = make.make_election()
    hosts = [make.make_organization() for _ in range(2)]
    waiting, public = (
        written_by(writer, make.make_mission, election=election, organization=host, publication="submitted")
        for host in hosts
    )
    for title in ("A", "B", "C"):
        written_by(writer, make.make_statement, mission=waiting, title=title, publication="submitted")
    public_by(publisher, public)
    alone = written_by(writer, make.make_statement, mission=public, title="Alone", publication="submitted")
    client = Client()
    client.force_login(publisher)

    def piles() -> list[tuple[str, int]]:
        return [(pile.kind, pile.count) for pile in desk.waiting_for(publisher)]

    assert piles() == [("Mission", 1), ("Statement", 1)]
    missions, statement = desk.waiting_for(publisher)
    assert client.get(missions.address).context["cl"].result_count == missions.count
    assert client.get(statement.address).context["original"] == alone
    written_by(writer, make.make_statement, mission=public, title="Another", publication="submitted")
    assert piles() == [("Mission", 1), ("Statements on their own", 2)]
    statements = desk.waiting_for(publisher)[1]
    assert client.get(statements.address).context["cl"].result_count == 5


def test_a_writer_finds_what_was_handed_in_and_takes_it_back() -> None:
    """Red when: `_handed_in` does not ask who wrote it; `handed_in_by` lists what `waiting_for` has already."""
    writer = make.make_account(Role.OFFICER)
    both = make.make_account(Role.OFFICER, Role.PUBLISHER)
    election = make.make_election()
    mission = written_by(writer, make.make_mission, election=election, publication="submitted")
    written_by(writer, make.make_statement, mission=mission, publication="submitted")
    own = written_by(both, make.make_mission, election=election, publication="submitted")
    (pile,) = desk.handed_in_by(writer)
    assert (pile.kind, pile.count, [(row.name, row.with_it) for row in pile.rows]) == (
        "Mission", 1, [(str(mission), "1 statement")],
    )  # fmt: skip
    said = first_page(writer)
    assert re.search(
        rf"Handed in, waits for a publisher Mission: 1 {re.escape(str(mission))} with 1 statement handed in "
        r"\d+ \w+ \d{4} \d\d:\d\d UTC Take back Your drafts",
        said,
    )
    client = Client()
    client.force_login(writer)
    assert [row.pk for row in client.get(pile.address).context["cl"].queryset] == [mission.pk]
    assert "Take these records back?" in client.post(pile.rows[0].steps[0][2]).content.decode()
    # Whoever publishes finds all of it under what waits: the own with a way back, others' with a way to its writer.
    assert desk.handed_in_by(both) == []
    steps = {row.name: [step[0] for step in row.steps] for row in desk.waiting_for(both)[0].rows}
    assert steps == {str(mission): ["publish", "send_back"], str(own): ["publish", "take_back"]}


def test_what_came_back_is_told_once_and_names_no_address() -> None:
    """Red when: `_apart` folds what came back by itself, or `called` says how somebody signs in."""
    writer = make.make_account(Role.OFFICER)
    named = make.make_account(
        Role.PUBLISHER, username="pia@example.org", first_name="Pia", last_name="Publisher"
    )
    nameless = make.make_account(Role.PUBLISHER, username="paul@example.org")
    mission = written_by(writer, make.make_mission, publication="submitted")
    first, second = (
        written_by(writer, make.make_statement, mission=mission, title=title, publication="submitted")
        for title in ("First", "Second")
    )

    def send_back(account: User, reason: str, *rows: Any) -> None:
        with acting(Identity(user=account.pk, origin="request", reason=reason)):
            for row in rows:
                type(row).objects.filter(pk=row.pk).update(publication="draft")

    send_back(nameless, "The wrong mission", first)
    send_back(named, "The date is missing", mission, second)
    rows = [row for pile in desk.drafts_of(writer) for row in pile.rows]
    assert [(row.name, row.with_it, row.sent_back.who, row.sent_back.reason) for row in rows] == [
        (str(mission), "2 statements", "Pia Publisher", "The date is missing"),
        ("First", "", "paul", "The wrong mission"),
    ]
    assert "@example.org" not in first_page(writer)


def test_a_writer_finds_what_of_the_own_was_published_lately() -> None:
    """Red when: `published_of` asks for what anybody wrote, or names the parts of what went together."""
    writer, publisher = make.make_account(Role.OFFICER), make.make_account(Role.PUBLISHER)
    election = make.make_election(slug="one")
    organization = written_by(writer, make.make_organization, slug="own", publication="submitted")
    values = {"election": election, "organization": organization, "publication": "submitted"}
    mission = written_by(writer, make.make_mission, **values)
    statement = written_by(writer, make.make_statement, mission=mission, publication="submitted")
    other = make.make_mission(election=election, publication="submitted")
    assert desk.published_of(writer) == []
    public_by(publisher, organization, mission, statement, other)
    page = f"/en/e/one/missions/own/#mission-{mission.pk}"
    assert [(row.name, row.public) for row in desk.published_of(writer)] == [(str(mission), page)]
    said = first_page(writer)
    assert re.search(
        rf"Published lately, and written by you {re.escape(str(mission))} published \d+ \w+ \d{{4}} \d\d:\d\d UTC "
        "See it as the public does$",
        said,
    )
    assert Client().get(page).status_code == 200
    assert desk.published_of(publisher) == []


def test_the_last_published_is_told_whenever_it_was_entered() -> None:
    """Red when: `published_of` takes the last entered of the published rows; or what went with another is counted
    before it is left out."""
    writer = make.make_account(Role.OFFICER)
    publisher, later = make.make_account(Role.PUBLISHER), make.make_account(Role.PUBLISHER)
    election = make.make_election()
    hosts = [make.make_organization() for _ in range(6)]
    first, *others = (
        written_by(writer, make.make_mission, election=election, organization=host, publication="submitted")
        for host in hosts
    )
    parts = [
        written_by(writer, make.make_statement, mission=mission, title=f"S{place}", publication="submitted")
        for place, mission in enumerate((first, *others))
    ]
    public_by(publisher, *others, *parts[1:])
    assert [row.name for row in desk.published_of(writer)] == [str(row) for row in others[:0:-1]]
    public_by(publisher, first)
    assert [row.name for row in desk.published_of(writer)] == [
        str(first),
        *(str(row) for row in others[:1:-1]),
    ]
    # Published after its mission, a statement is told by itself.
    public_by(later, parts[0])
    assert [row.name for row in desk.published_of(writer)][:2] == ["S0", str(first)]


def test_what_was_published_long_ago_is_told_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Red when: `published_of` does not say since when."""
    writer, publisher = make.make_account(Role.OFFICER), make.make_account(Role.PUBLISHER)
    mission = written_by(
        writer, make.make_mission, organization=make.make_organization(), publication="submitted"
    )
    public_by(publisher, mission)
    now = timezone.now()
    told = {}
    for days in (13, 15):
        monkeypatch.setattr(timezone, "now", lambda days=days: now + timedelta(days=days))
        told[days] = [row.name for row in desk.published_of(writer)]
    assert told == {13: [str(mission)], 15: []}


def test_empty_desks_say_so() -> None:
    assert "Nothing is handed in." in first_page(make.make_account(Role.PUBLISHER))
    assert "You have no drafts." in first_page(make.make_account(Role.OFFICER))
    for role in (Role.AUDITOR, Role.ADMINISTRATOR):
        assert first_page(make.make_account(role)) == ""
    assert reverse("admin:index") == "/staff/"


def test_what_waits_is_published_from_the_first_page_after_its_question() -> None:
    """Red when: the form of the row leads elsewhere; or the button stands beside what four eyes keep from you."""
    publisher = make.make_account(Role.DESK, Role.PUBLISHER)
    figure = written_by(make.make_account(Role.DESK), make.make_figure, value=49, publication="submitted")
    client = Client()
    client.force_login(publisher)
    addresses = re.findall(
        r'<form method="post" action="([^"]+/publish/)"', client.get("/staff/").content.decode()
    )
    assert addresses == [f"/staff/elections/announcedfigure/{figure.pk}/publication/publish/"]
    assert "Publish this record?" in client.post(addresses[0]).content.decode()
    election = make.make_election(four_eyes=True, publication="draft")
    written_by(publisher, make.make_milestone, election=election, publication="submitted")
    assert client.get("/staff/").content.decode().count('/publish/"') == 1


def test_the_first_page_begins_with_what_the_role_does_first() -> None:
    """Red when: `index` offers a screen whose permission the account lacks."""

    def begin(*roles: str) -> list[str]:
        client = Client()
        client.force_login(make.make_account(*roles))
        page = client.get("/staff/").content.decode()
        return re.findall(r'<a class="button" href="[^"]+">([^<]+)</a>', page)

    assert begin(Role.OFFICER) == ["Enter a mission", "Decide applications"]
    assert begin(Role.DESK) == ["Enter a polling station"]
    assert begin(Role.ADMINISTRATOR) == ["Invite somebody"]
    assert begin(Role.PUBLISHER) == begin(Role.AUDITOR) == []
