"""The buttons of a record: its state, what that means, and the steps to the public and back."""

import re
from concurrent.futures import Future, ThreadPoolExecutor
from time import sleep
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests import factories as make
from tests.forms import confirm
from tests.public.pages import address, read
from tests.trust.test_concurrency import opened
from tracker.core.admin_steps import change_publication, publish_each
from tracker.core.identity import Identity, acting
from tracker.core.models import User
from tracker.core.roles import Role
from tracker.missions.models import Mission, Statement

pytestmark = pytest.mark.django_db
SAYS_SOMETHING_ELSE = "this record says something else than when you opened its page"


def client_of(account: User) -> Client:
    client = Client()
    client.force_login(account)
    return client


def change(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def seen(client: Client, row: Any) -> str:
    """The version that the buttons on the record's page stand for."""
    return str(client.get(change(row)).context["seen"])


def step(row: Any, name: str) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_publication", args=[row.pk, name])


def state(client: Client, row: Any) -> tuple[str, list[str]]:
    """What the page says of the state, and the names of its buttons."""
    page = client.get(change(row)).content.decode()
    box = re.search(r'<section class="state-now".*?</section>', page, re.DOTALL)
    assert box
    said = " ".join(re.sub(r"<[^>]+>", " ", box[0].split("</p>")[0]).split())
    return said, re.findall(r"/publication/(\w+)/", box[0])


def press(client: Client, row: Any, name: str, **sent: Any) -> Any:
    """Open the record's page and press a button there: the question."""
    return client.post(step(row, name), {"seen": seen(client, row)} | sent)


def say_yes(client: Client, row: Any, name: str, **answers: Any) -> list[str]:
    """Press a button and confirm, with every part that is offered unless `parts` says otherwise; what is said then."""
    asked = press(client, row, name)
    assert asked.status_code == 200
    offered = getattr(asked.context["form"], "offered", {})
    answer = {
        "sure": asked.context["sure"],
        "seen": asked.context["seen"],
        "parts": list(offered),
        "reason": "A test",
    }
    done = client.post(step(row, name), answer | answers)
    # Where nothing is left to do with it, the first page is next.
    onward = change(row) if name in ("take_back", "unpublish") else "/staff/"
    assert (done.status_code, done["Location"]) == (302, onward)
    return [str(message) for message in client.get(onward).context["messages"]]


def key(part: Any) -> str:
    """What stands for a part in the question."""
    return f"{part._meta.label_lower}:{part.pk}"


def publication(*rows: Any) -> list[str]:
    for row in rows:
        row.refresh_from_db()
    return [row.publication for row in rows]


def test_the_page_of_a_record_says_its_state_and_offers_the_next_steps() -> None:
    """Red when: STEPS lets "unpublish" begin in any state, or `_state` leaves out the permission."""
    desk, publisher = (client_of(make.make_account(role)) for role in (Role.DESK, Role.PUBLISHER))
    auditor = client_of(make.make_account(Role.AUDITOR))
    figure = make.make_figure(publication="draft")
    words = "State: draft Only staff see it. Whoever wrote it submits it when it is ready."
    assert state(desk, figure) == (words, ["submit"])
    assert state(publisher, figure)[1] == ["publish"]
    assert state(auditor, figure)[1] == []
    assert say_yes(desk, figure, "submit")[0] == "1 announced figure waits for a publisher now."
    assert state(desk, figure) == (
        "State: submitted Only staff see it. It waits for a publisher.",
        ["take_back"],
    )
    (said,) = say_yes(publisher, figure, "publish")
    assert said == (
        f'Published: the announced figure “{figure}”. <a class="onward" href="/en/e/{figure.election.slug}/figures/">'
        "See it as the public does</a>"
    )
    assert state(publisher, figure) == ("State: published Everybody sees it.", ["unpublish"])
    assert say_yes(publisher, figure, "unpublish")[0] == "1 announced figure withdrawn from the public."
    assert state(desk, figure)[1] == ["submit"]
    type(figure.election).objects.update(publication="draft")
    say_yes(publisher, figure, "publish")
    assert "until this is published as well: election “" in state(publisher, figure)[0]


def test_a_button_asks_and_an_address_alone_does_nothing() -> None:
    """Red when: publication_view takes the step for a GET, or `submit` does not ask first."""
    desk = client_of(make.make_account(Role.DESK))
    figure = make.make_figure(publication="draft")
    assert desk.get(step(figure, "submit"))["Location"] == change(figure)
    assert desk.get(step(figure, "submit"), {"sure": "1"})["Location"] == change(figure)
    asked = press(desk, figure, "submit")
    assert "Submit this record?" in asked.content.decode()
    assert publication(figure) == ["draft"]
    assert desk.get(step(figure, "submit").replace("submit", "print")).status_code == 404
    assert desk.post(step(figure, "publish"), {"sure": "1"}).status_code == 403
    say_yes(desk, figure, "submit")
    again = desk.post(step(figure, "submit"), {"sure": "1"}, follow=True)
    assert "the state of this record has changed meanwhile" in again.content.decode()
    assert publication(figure) == ["submitted"]


@pytest.fixture
def mission() -> Mission:
    """A draft of the officer Olga, with two draft statements and a submitted one."""
    olga = make.make_account(Role.OFFICER, username="olga")
    with acting(Identity(user=olga.pk)):
        mission = make.make_mission(publication="draft")
        for title, to in (("First", "draft"), ("Second", "draft"), ("Third", "submitted")):
            make.make_statement(mission=mission, title=title, publication=to)
    return mission


def test_a_mission_takes_its_statements_along(mission: Mission) -> None:
    """Red when: `parts_of` does not compare the states, or `submit` forgets what was chosen."""
    officer, publisher = (
        client_of(User.objects.get(username="olga")),
        client_of(make.make_account(Role.PUBLISHER)),
    )
    first, second, third = mission.statements.order_by("pk")
    asked = press(officer, mission, "submit").content.decode()
    assert re.findall(r"checked>\s*Statement: (\w+)", asked) == ["First", "Second"]
    assert say_yes(officer, mission, "submit", parts=[key(first)])[0] == (
        "1 mission and 1 statement wait for a publisher now."
    )
    assert publication(mission, first, second, third) == ["submitted", "submitted", "draft", "submitted"]
    said = say_yes(publisher, mission, "publish")
    told = ("Published: ", "below it")
    public = f"/en/e/{mission.election.slug}/missions/{mission.organization.slug}/#mission-{mission.pk}"
    assert [text for text in said if any(words in text for words in told)] == [
        f"Published: the mission “{mission}”, its statement “First” and its statement “Third”."
        f' <a class="onward" href="{public}">See it as the public does</a>',
        "Still drafts below it, and shown to nobody: 1 statement.",
    ]
    assert client_of(make.make_account(Role.PUBLISHER)).get(public).status_code == 200
    assert publication(mission, first, second, third) == ["published", "published", "draft", "published"]


def test_an_organization_that_was_never_public_goes_with_its_mission(mission: Mission) -> None:
    """Red when: `parts_of` leaves out what is above the record, or takes along what was withdrawn."""
    organization = mission.organization
    officer, publisher = (
        client_of(User.objects.get(username="olga")),
        client_of(make.make_account(Role.PUBLISHER)),
    )
    type(organization).objects.filter(pk=organization.pk).update(publication="draft")
    asked = press(officer, mission, "submit").content.decode()
    assert re.findall(r"checked>\s*(\w+): [^<]*</label>", asked) == ["Organization", "Statement", "Statement"]
    say_yes(officer, mission, "submit")
    assert publication(mission, organization) == ["submitted", "submitted"]
    # Back again it stays where it is: other missions may want it.
    assert key(organization) not in press(officer, mission, "take_back").context["form"].offered
    said = say_yes(publisher, mission, "publish")
    assert ["hidden" in text for text in said].count(True) == 0
    assert publication(mission, organization) == ["published", "published"]
    assert state(publisher, mission)[0] == "State: published Everybody sees it."
    say_yes(publisher, mission, "unpublish")
    type(organization).objects.filter(pk=organization.pk).update(publication="withdrawn")
    asked = press(publisher, mission, "publish")
    assert key(organization) not in asked.context["form"].offered
    assert asked.context["to_know"][0].text == (
        f"{mission}: nobody outside sees it until this is published as well: Organization: {organization}"
    )


def test_many_missions_take_their_organizations_along() -> None:
    """Red when: `parts_of` asks for a single record before it looks above."""
    first, second = make.make_mission(publication="submitted"), make.make_mission(publication="submitted")
    for mission, to in ((first, "draft"), (second, "published")):
        type(mission.organization).objects.filter(pk=mission.organization.pk).update(publication=to)
    publisher = client_of(make.make_account(Role.PUBLISHER))
    chosen = {"action": "publish", "_selected_action": [first.pk, second.pk]}
    asked = publisher.post(reverse("admin:missions_mission_changelist"), chosen)
    offered = asked.context["form"].offered
    assert list(offered) == [key(first.organization)]
    answer = chosen | {"sure": asked.context["sure"], "parts": list(offered)}
    publisher.post(reverse("admin:missions_mission_changelist"), answer)
    assert publication(first, first.organization, second) == ["published", "published", "published"]


def test_a_publisher_sends_back_with_a_reason_and_its_writer_reads_it(mission: Mission) -> None:
    """Red when: `send_back` asks no reason, `sent_back` looks for another step, or the take-back by hand counts."""
    olga = User.objects.get(username="olga")
    paula = make.make_account(Role.PUBLISHER, username="paula")
    officer, publisher = client_of(olga), client_of(paula)
    say_yes(officer, mission, "submit")
    assert state(publisher, mission)[1] == ["publish", "send_back"]
    assert state(officer, mission)[1] == ["take_back"]
    asked = press(publisher, mission, "send_back")
    unsaid = {"sure": asked.context["sure"], "seen": asked.context["seen"], "reason": "  "}
    assert (
        "Say in a few words what is to be done"
        in publisher.post(step(mission, "send_back"), unsaid).content.decode()
    )
    assert publication(mission) == ["submitted"]
    say_yes(publisher, mission, "send_back", reason="The date of arrival is missing")
    first, second, third = mission.statements.order_by("pk")
    assert publication(mission, first, second, third) == ["draft", "draft", "draft", "draft"]
    page = officer.get(change(mission)).content.decode()
    assert re.findall(r"Sent back by paula, [^<]* UTC:</strong> <q>([^<]*)</q>", page) == [
        "The date of arrival is missing"
    ]
    desk = officer.get("/staff/").content.decode()
    assert desk.count("<q>The date of arrival is missing</q>") == 1
    say_yes(officer, mission, "submit")
    say_yes(officer, mission, "take_back")
    assert "Sent back" not in officer.get(change(mission)).content.decode()
    assert officer.post(step(mission, "send_back")).status_code == 403


def test_whoever_wrote_it_takes_it_back_without_a_reason() -> None:
    """Red when: `_state` offers both ways back to one person."""
    both = make.make_account(Role.DESK, Role.PUBLISHER)
    with acting(Identity(user=both.pk)):
        own = make.make_figure(publication="submitted")
    other = make.make_figure(publication="submitted")
    assert state(client_of(both), own)[1] == ["take_back", "publish"]
    assert state(client_of(both), other)[1] == ["publish", "send_back"]
    # Whoever writes such records and publishes none takes back a colleague's.
    assert state(client_of(make.make_account(Role.DESK)), other)[1] == ["take_back"]


def test_statements_come_under_the_same_embargo_and_stay_when_not_ticked(mission: Mission) -> None:
    first, second, third = mission.statements.order_by("pk")
    publisher = client_of(make.make_account(Role.PUBLISHER))
    say_yes(publisher, mission, "publish", parts=[key(second)], embargo_until="2099-01-01T10:00")
    assert publication(mission, first, second, third) == ["published", "draft", "published", "submitted"]
    second.refresh_from_db()
    assert mission.embargo_until == second.embargo_until
    assert "before its embargo ends" in state(publisher, mission)[0]


def test_each_part_goes_under_its_own_rules(mission: Mission) -> None:
    """Red when: `publish` offers what four eyes refuse, or `publish_each` raises what the database says."""
    type(mission.election).objects.update(four_eyes=True)
    both = make.make_account(Role.OFFICER, Role.PUBLISHER)
    client = client_of(both)
    Mission.objects.filter(pk=mission.pk).update(publication="submitted")
    with acting(Identity(user=both.pk)):
        own = make.make_statement(mission=mission, title="Own", publication="submitted")
    third = mission.statements.get(title="Third")
    # It is neither offered nor counted, and the question says why; whatever was offered, the database looks once more.
    asked = press(client, mission, "publish")
    assert list(asked.context["form"].offered) == [key(third)]
    assert asked.context["yes"] == "Yes, publish these 2 records"
    assert asked.context["to_know"][0].text == (
        "Statement: Own: You wrote it, and its election asks for four eyes: somebody else has to publish it."
    )
    said = say_yes(client, mission, "publish")
    assert said[0].startswith(f"Published: the mission “{mission}” and its statement “Third”.")
    assert publication(mission, own, third) == ["published", "submitted", "published"]
    with acting(Identity(user=both.pk)):
        assert publish_each(Statement.objects.filter(pk=own.pk), None) == (0, [own])


def test_four_eyes_leave_no_button_to_whoever_wrote_it() -> None:
    """Red when: `four_eyes_objection` is not asked."""
    both = make.make_account(Role.DESK, Role.PUBLISHER)
    election = make.make_election(four_eyes=True)
    with acting(Identity(user=both.pk)):
        figure = make.make_figure(election=election, publication="draft")
    said, steps = state(client_of(both), figure)
    assert steps == ["submit"]
    assert "one person submits it, somebody else publishes it" in said
    say_yes(client_of(both), figure, "submit")
    said, steps = state(client_of(both), figure)
    assert steps == ["take_back"]
    assert "You wrote it" in said
    assert state(client_of(make.make_account(Role.PUBLISHER)), figure)[1] == ["publish", "send_back"]


def test_a_coordinator_submits_the_own_mission_and_no_other() -> None:
    mission = make.make_mission(publication="draft")
    other = make.make_mission(election=mission.election)
    clara = client_of(make.make_account(Role.COORDINATOR, organization=mission.organization))
    make.make_statement(mission=mission, title="Ours", publication="draft")
    assert state(clara, other)[1] == []
    assert clara.post(step(other, "submit"), {"sure": "1"}).status_code == 403
    say_yes(clara, mission, "submit")
    assert publication(mission, Statement.objects.get()) == ["submitted", "submitted"]


def test_what_was_typed_is_not_part_of_a_step() -> None:
    """The form of the record and its buttons are two forms: what else is sent to a step's address is not read.

    Red when: seen with publication_view going to the form of the record for a yes.
    """
    desk = client_of(make.make_account(Role.DESK))
    figure = make.make_figure(publication="draft", value=49)
    typed = opened(desk, change(figure)) | {"value": "50", "publication": "draft"}
    asked = press(desk, figure, "submit", **typed)
    assert asked.status_code == 200
    say_yes(desk, figure, "submit", **typed)
    figure.refresh_from_db()
    assert (figure.value, figure.publication) == (49, "submitted")


def test_what_is_ticked_is_the_record_and_not_its_place(mission: Mission) -> None:
    """Red when: PartsForm offers places, or the page's version leaves out what the form has inside."""
    olga = client_of(User.objects.get(username="olga"))
    first, second, _third = mission.statements.order_by("pk")
    with acting(Identity(user=User.objects.get(username="olga").pk)):
        last = make.make_statement(mission=mission, title="Last", publication="draft")
    asked = press(olga, mission, "submit")
    Statement.objects.filter(pk=first.pk).update(publication="withdrawn")
    answer = {"sure": asked.context["sure"], "seen": asked.context["seen"], "parts": [key(second)]}
    assert SAYS_SOMETHING_ELSE in olga.post(step(mission, "submit"), answer, follow=True).content.decode()
    assert publication(mission, second, last) == ["draft", "draft", "draft"]
    again = press(olga, mission, "submit")
    assert re.findall(r"(checked)?>\s*Statement: (\w+)\s*</label>", again.content.decode()) == [
        ("checked", "Second"), ("checked", "Last"),
    ]  # fmt: skip
    olga.post(step(mission, "submit"), answer | {name: again.context[name] for name in ("sure", "seen")})
    assert publication(mission, first, second, last) == ["submitted", "withdrawn", "submitted", "draft"]


def test_a_part_that_is_offered_no_more_is_asked_about_again(mission: Mission) -> None:
    """Red when: seen with the choices of the form left open."""
    olga = client_of(User.objects.get(username="olga"))
    third = mission.statements.get(title="Third")
    asked = press(olga, mission, "submit")
    answer = {name: asked.context[name] for name in ("sure", "seen")} | {"parts": [key(third)]}
    again = olga.post(step(mission, "submit"), answer)
    assert "What you ticked is not offered any more; look again." in again.content.decode()
    assert publication(mission, third) == ["draft", "submitted"]


def test_a_step_is_taken_with_the_record_as_its_page_showed_it(mission: Mission) -> None:
    """Red when: `take` asks nothing about `seen`, or `as_shown` leaves out a value, a row inside or a pair of keys."""
    publisher = client_of(make.make_account(Role.PUBLISHER))
    figure = make.make_figure(publication="submitted", value=49)
    station = make.make_station(publication="submitted", election=figure.election)
    engagement = make.make_engagement(publication="submitted", election=figure.election)
    Mission.objects.update(publication="submitted")
    changes = (
        (figure, lambda: type(figure).objects.update(value=94)),
        (mission, lambda: Statement.objects.filter(title="Third").update(title="Other words")),
        (station, lambda: make.make_window(station=station)),
        (engagement, lambda: engagement.organizations.add(mission.organization)),
    )
    for record, change_it in changes:
        page = seen(publisher, record)
        change_it()
        # The page was read, then somebody changed the record, then the button was pressed.
        late = publisher.post(step(record, "publish"), {"seen": page}, follow=True)
        assert (late.redirect_chain, SAYS_SOMETHING_ELSE in late.content.decode()) == (
            [(change(record), 302)],
            True,
        )
        # From the first page nothing was seen yet: the question begins it, and leads to the record.
        asked = publisher.post(step(record, "publish"))
        assert (asked.context["seen"], f'href="{change(record)}"' in asked.content.decode()) == ("", True)
        assert publication(record) == ["submitted"]
    # Between the question and the yes it is the same.
    asked = press(publisher, figure, "publish")
    type(figure).objects.update(value=95)
    answer = {name: asked.context[name] for name in ("sure", "seen")}
    late = publisher.post(step(figure, "publish"), answer, follow=True)
    assert (SAYS_SOMETHING_ELSE in late.content.decode(), publication(figure)) == (True, ["submitted"])
    say_yes(publisher, figure, "publish")
    assert publication(figure) == ["published"]


def test_a_list_asks_again_about_what_says_something_else() -> None:
    """Red when: `digest_of` counts rows, or leaves out their values."""
    publisher = client_of(make.make_account(Role.PUBLISHER))
    figure = make.make_figure(publication="submitted", value=49)
    rows = reverse("admin:elections_announcedfigure_changelist")
    chosen = {"_selected_action": [figure.pk], "action": "publish"}
    asked = publisher.post(rows, chosen)
    type(figure).objects.update(value=94)
    again = publisher.post(rows, chosen | {"sure": asked.context["sure"]})
    assert "Something of this has changed since you were asked" in again.content.decode()
    assert publication(figure) == ["submitted"]
    publisher.post(rows, chosen | {"sure": again.context["sure"]})
    assert publication(figure) == ["published"]


def test_what_is_doubtful_is_said_by_name_before_it_is_public(mission: Mission) -> None:
    """Red when: `publish` asks without `doubts_before`, or this leaves out the parts."""
    publisher = client_of(make.make_account(Role.PUBLISHER))
    Mission.objects.update(publication="submitted")
    Statement.objects.update(url="")
    asked = press(publisher, mission, "publish")
    assert [tuple(known) for known in asked.context["to_know"]] == [
        (f"{mission} will be shown without a source.", "", "Add a source"),
        ("Statement: Third will be shown without a source.", "", "Add a source"),
    ]
    page = " ".join(re.sub(r"<[^>]+>", " ", asked.content.decode()).split())
    assert (
        f"Good to know; you can say yes all the same: {mission} will be shown without a source. Statement"
        in page
    )
    # Whoever may write it has the way to the field; the question leaves the record as it is.
    both = client_of(make.make_account(Role.OFFICER, Role.PUBLISHER))
    asked = press(both, mission, "publish")
    statement = mission.statements.get(title="Third")
    assert [known.address for known in asked.context["to_know"]] == [
        f"{change(record)}#id_source" for record in (mission, statement)
    ]
    for record in (mission, statement):
        assert 'id="id_source"' in both.get(change(record)).content.decode()
    assert publication(mission) == ["submitted"]
    assert not any("no source" in text for text in say_yes(publisher, mission, "publish"))


@pytest.mark.django_db(transaction=True)
def test_a_step_that_waited_for_another_asks_again() -> None:
    """Red when: `hold` locks nothing, and change_publication does not look at the state in which a step begins."""
    desk, publisher = client_of(make.make_account(Role.DESK)), make.make_account(Role.PUBLISHER)
    figure = make.make_figure(publication="draft")
    asked = press(desk, figure, "submit")
    with ThreadPoolExecutor(1) as pool, acting(Identity(user=publisher.pk)):
        assert change_publication(type(figure).objects.all(), "published") == 1
        answer = {name: asked.context[name] for name in ("sure", "seen")}
        late = pool.submit(in_thread, lambda: desk.post(step(figure, "submit"), answer, follow=True))
        wait_until_blocked(late)
    assert "the state of this record has changed meanwhile" in late.result().content.decode()
    assert publication(figure) == ["published"]


def in_thread(act: Any) -> Any:
    try:
        return act()
    finally:
        connection.close()


def wait_until_blocked(late: Future[Any]) -> None:
    """Until another connection waits for a lock that this one has."""
    for _attempt in range(6000):
        assert not late.done(), late.result()
        with connection.cursor() as cursor:
            # For this connection: other tests wait for theirs, on the same server.
            cursor.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
        sleep(0.02)
    raise AssertionError("nobody waits")


def test_steps_begin_where_they_may() -> None:
    """Red when: change_publication takes any row that is not in the wanted state yet."""
    rows = [make.make_figure(publication=to) for to in ("draft", "submitted", "published", "withdrawn")]
    assert change_publication(type(rows[0]).objects.all(), "submitted") == 2
    assert publication(*rows) == ["submitted", "submitted", "published", "submitted"]
    assert change_publication(type(rows[0]).objects.all(), "withdrawn") == 1
    assert publication(*rows) == ["submitted", "submitted", "withdrawn", "submitted"]


def test_withdrawing_says_before_what_vanishes_with_it() -> None:
    """Red when: `unpublish` asks with its one line."""
    publisher = client_of(make.make_account(Role.PUBLISHER))
    election = make.make_election()
    make.make_figure(election=election)
    make.make_figure(election=election, publication="draft")
    asked = press(publisher, election, "unpublish").content.decode()
    assert "Published themselves, and hidden from then on as well: 1 announced figure" in asked


def test_withdrawing_asks_why_and_the_public_reads_it(client: Client) -> None:
    """One record by its button, several from their list; what was never public needs no reason.

    Red when: `ask_why` asks without its form, or keeps the reason to itself.
    """
    publisher = client_of(make.make_account(Role.PUBLISHER))
    election = make.make_election()
    one, two, three = (make.make_figure(election=election, value=value) for value in (1, 2, 3))
    asked = press(publisher, one, "unpublish")
    answer = {"sure": asked.context["sure"], "seen": asked.context["seen"]}
    again = publisher.post(step(one, "unpublish"), answer | {"reason": " "})
    assert "Say in a few words why this leaves the public pages" in again.content.decode()
    assert publication(one) == ["published"]
    say_yes(publisher, one, "unpublish", reason="Announced by mistake")
    chosen = {"_selected_action": [two.pk, three.pk], "action": "unpublish"}
    rows = reverse("admin:elections_announcedfigure_changelist")
    confirm(publisher, rows, chosen | {"reason": ""})
    assert publication(two, three) == ["published", "published"]
    confirm(publisher, rows, chosen | {"reason": "The source took both back"})
    assert publication(one, two, three) == ["withdrawn"] * 3
    text = read(client, address("corrections", election))
    assert text.count("Reason: The source took both back") == 2
    assert text.count("Reason: Announced by mistake") == 1
    assert "No reason is on record" not in text
    draft = make.make_figure(election=election, publication="draft")
    asked = publisher.post(rows, {"_selected_action": [draft.pk], "action": "unpublish"})
    assert (asked.status_code, asked.context["form"]) == (200, None)


def test_page_that_comes_back_with_an_error_says_that_it_is_not_saved() -> None:
    """Its script warns before a step then, though nothing was typed since the page came."""
    mission = make.make_mission(publication="draft")
    officer = client_of(make.make_account(Role.OFFICER))
    assert "data-unsaved" not in officer.get(change(mission)).content.decode()
    page = officer.post(change(mission), {"_opened": "x", "head_of_mission": "typed"}).content.decode()
    assert 'data-unsaved="1"' in page
