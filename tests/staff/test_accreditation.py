"""The accreditation desk: what a decision shows first is what it does, and nothing is done twice."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import (
    make_account,
    make_accreditation,
    make_administrator,
    make_bulk_decision,
    make_election,
    make_mission,
    make_observer,
    make_organization,
    make_outlet,
    make_person,
    make_rule,
    make_simulated_day,
)
from tests.forms import save
from tests.public.pages import text_of
from tracker.core.history.models import ChangedRow, PersonalValue
from tracker.core.jobs import run_job
from tracker.core.models import Job, User
from tracker.core.roles import ROLES, Role, may
from tracker.elections.models import Election
from tracker.missions import actions, decisions
from tracker.missions.models import (
    Accreditation,
    AccreditationChange,
    BulkDecision,
    Observer,
    Organization,
    Outlet,
    Person,
)

pytestmark = pytest.mark.django_db

JANUARY = datetime(2024, 1, 15, 9, tzinfo=UTC)


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(make_administrator())
    return client


def sign_in(client: Client, *roles: str) -> User:
    user = make_account(*roles)
    client.force_login(user)
    return user


def desk(name: str, election: Election, *more: object) -> str:
    return reverse(f"admin:accreditation_{name}", args=[election.slug, *more])


def words(page: Any) -> str:
    content = page.content.decode().split('id="content"', 1)[-1]
    return " ".join(unescape(re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", content, flags=re.S)).split())


def three_missions(election: Election, count: int = 5) -> list[Accreditation]:
    """Applications one hour apart, of three missions in turn."""
    missions = [
        make_mission(
            election=election,
            organization=Organization.objects.filter(acronym=name).first() or make_organization(acronym=name),
        )
        for name in ("AAA", "BBB", "CCC")
    ]
    return [
        make_accreditation(
            observer=make_observer(mission=missions[number % 3], code=f"STO-{number}"),
            applied_at=JANUARY + timedelta(hours=number),
        )
        for number in range(count)
    ]


def prepare(client: Client, election: Election, rows: list[Accreditation], **fields: Any) -> Any:
    typed = {"to": "accredited", "scope": "chosen", "query": "", "row": [row.pk for row in rows]} | fields
    return client.post(desk("prepare", election), typed, follow=True)


def confirm(client: Client, page: Any) -> Any:
    """Press the button of the preview `page`, with what its form holds."""
    shown = re.search(r'name="shown" value="(\w+)"', page.content.decode())
    assert shown, "no preview"
    return client.post(page.redirect_chain[-1][0], {"shown": shown[1]}, follow=True)


def statuses(election: Election) -> list[str]:
    return list(election.accreditations.order_by("applied_at").values_list("status", flat=True))


# --- deciding many


def test_what_is_shown_first_is_what_is_done_when_a_quota_runs_out_in_the_middle(officer: Client) -> None:
    election = make_election()
    rows = three_missions(election)
    make_rule(
        election=election, quota=3, quota_each=1, valid_from=date(2024, 2, 1), valid_until=date(2024, 2, 29)
    )
    # Chosen in any order: who applied first is decided first.
    page = prepare(officer, election, rows[::-1])
    shown = words(page)
    assert "3 applications will be accredited. 2 stay as they are; below is why." in shown
    will = [(f.row.accreditation_id, f.days, f.left) for f in page.context["page"]]
    days = (date(2024, 2, 1), date(2024, 2, 29))
    assert will == [(rows[0].pk, days, 2), (rows[1].pk, days, 1), (rows[2].pk, days, 0)]
    wont = [(f.row.accreditation_id, f.problem) for f in page.context["refused"]]
    assert wont == [
        (row.pk, "3 of 3 badges are given; withdraw one, or raise the quota in the rule.") for row in rows[3:]
    ]
    assert statuses(election) == ["applied"] * 5
    assert AccreditationChange.objects.count() == 0

    done = confirm(officer, page)
    assert statuses(election) == ["accredited"] * 3 + ["applied"] * 2
    said = words(done)
    assert "3 applications accredited. 2 were not decided; below is why." in said
    decision = BulkDecision.objects.get()
    assert [(r.accreditation_id, r.problem) for r in decision.rows.filter(outcome="not")] == wont
    assert list(
        election.accreditations.exclude(number="")
        .order_by()
        .values_list("valid_from", "valid_until")
        .distinct()
    ) == [days]


@pytest.mark.parametrize("to", ["accredited", "refused", "withdrawn"])
@pytest.mark.parametrize("quota", [None, 0, 2, 4])
def test_the_preview_equals_the_effect(to: str, quota: int | None) -> None:
    """Over applications in every status, of two categories, with quotas that are already used in part."""
    officer, election = make_administrator(), make_election()
    for category in ("observer", "media"):
        make_rule(election=election, category=category, quota=quota, quota_each=2)
    mission, outlet = make_mission(election=election), make_outlet()
    for number, status in enumerate(
        ["applied", "accredited", "refused", "applied", "withdrawn", "applied", "expired"]
    ):
        at = JANUARY + timedelta(minutes=number)
        make_accreditation(observer=make_observer(mission=mission), status=status, applied_at=at)
        make_accreditation(category="media", election=election, outlet=outlet, status=status, applied_at=at)
    decision = decisions.prepare(
        by=officer, election=election, to=to, rows=Accreditation.objects.all(), reason="Because."
    )
    forecasts = decisions.forecast(decision)
    decisions.confirm(by=officer, decision=decision)
    assert len(forecasts) == 14
    for forecast in forecasts:
        row = forecast.row
        row.refresh_from_db()
        application = Accreditation.objects.get(pk=row.accreditation_id)
        if row.outcome == "not":
            assert forecast.problem == row.problem
            assert application.status == row.seen
        elif row.outcome == "already":
            assert forecast.problem.endswith("already; load the list again to see who decided.")
        else:
            assert (row.outcome, forecast.problem, application.status) == ("done", "", to)
            assert forecast.days in (None, (application.valid_from, application.valid_until))


def test_withdrawing_badges_shows_the_room_it_makes(officer: Client) -> None:
    election = make_election()
    make_rule(election=election, quota=2)
    rows = three_missions(election, 3)
    for row in rows[:2]:
        actions.accredit(by=make_administrator(), accreditation=row)
    page = prepare(officer, election, rows, to="withdrawn", reason="Left.")
    # The third is an application: it holds no badge, and makes no room.
    assert [forecast.left for forecast in page.context["page"]] == [1, 2, 2]


def test_pressing_twice_does_nothing_twice(officer: Client) -> None:
    election = make_election()
    page = prepare(officer, election, three_missions(election, 2), to="withdrawn", reason="Asked to.")
    first, second = (words(confirm(officer, page)) for _press in range(2))
    assert first == second
    assert "2 applications or badges withdrawn." in first
    assert AccreditationChange.objects.count() == 2
    # A second decision about the same rows finds them decided.
    again = prepare(officer, election, list(election.accreditations.all()), to="withdrawn", reason="Again.")
    assert "0 applications or badges will be withdrawn. 2 stay as they are" in words(again)
    said = words(confirm(officer, again))
    assert "0 applications or badges withdrawn. 2 were so already." in said
    assert AccreditationChange.objects.count() == 2


def test_what_changed_after_somebody_looked_is_left_alone(officer: Client) -> None:
    """Withdrawing applications must not take away a badge that a colleague gave meanwhile."""
    election = make_election()
    rows = three_missions(election, 2)
    page = prepare(officer, election, rows, to="withdrawn", reason="Asked to.")
    actions.accredit(by=make_administrator(), accreditation=rows[0])
    refused = confirm(officer, page)
    assert refused.status_code == 409
    said = words(refused)
    assert "1 application or badge will be withdrawn. 1 stays as it is" in said
    assert "changed after this was shown; look again, then confirm." in said
    assert statuses(election) == ["accredited", "applied"]
    refused.redirect_chain = page.redirect_chain
    said = words(confirm(officer, refused))
    assert "It became accredited after you looked; look at it again and decide anew." in said
    assert statuses(election) == ["accredited", "withdrawn"]


@pytest.mark.parametrize("edited", ["quota", "days", "row"])
def test_what_became_of_the_rule_after_the_preview_is_shown_again_and_not_done(
    officer: Client, edited: str
) -> None:
    """One badge for 7 February was shown: not three of them, and none for other days."""
    election = make_election()
    rows = three_missions(election, 3)
    rule = make_rule(election=election, quota=1)
    page = prepare(officer, election, rows)
    assert "1 application will be accredited. 2 stay" in words(page)
    if edited == "quota":
        rule.quota = 3
    elif edited == "days":
        rule.valid_until = date(2024, 3, 1)
    else:
        actions.withdraw(by=make_administrator(), accreditation=rows[0], reason="Left.")
    rule.save()
    before = AccreditationChange.objects.count()
    again = confirm(officer, page)
    assert again.status_code == 409
    assert "changed after this was shown; look again, then confirm." in words(again)
    assert AccreditationChange.objects.count() == before
    assert BulkDecision.objects.get().confirmed_at is None
    # Without what was shown, nothing either.
    assert officer.post(page.redirect_chain[-1][0]).status_code == 409
    again.redirect_chain = page.redirect_chain
    assert confirm(officer, again).status_code == 200
    expected = {"quota": 3, "days": 1, "row": 1}[edited]
    given = election.accreditations.filter(status="accredited")
    assert {row.valid_until for row in given} == {date(2024, 3, 1) if edited == "days" else date(2024, 2, 7)}
    assert len(given) == expected


def test_a_job_gives_the_days_that_were_confirmed(officer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "AT_ONCE", 1)
    election = make_election()
    confirm(officer, prepare(officer, election, three_missions(election, 2)))
    make_rule(election=election, valid_until=date(2024, 3, 1))
    assert run_job(Job.objects.get().pk)
    days = election.accreditations.values_list("valid_from", "valid_until")
    assert set(days) == {(date(2024, 2, 7), date(2024, 2, 7))}


def test_all_that_match_the_filter_are_decided_with_their_number(officer: Client) -> None:
    election = make_election()
    three_missions(election, 7)
    mission = election.missions.get(organization__acronym="AAA")
    query = f"sender=m{mission.pk}"
    page = officer.get(desk("queue", election), {"sender": f"m{mission.pk}"})
    assert "all 3 applications that match the filter" in words(page)
    preview = prepare(officer, election, [], scope="all", query=query, to="refused", reason="Not complete.")
    assert "3 applications will be refused." in words(preview)
    confirm(officer, preview)
    refused = election.accreditations.filter(status="refused")
    assert {row.observer.mission_id for row in refused} == {mission.pk}
    assert refused.count() == 3
    assert set(refused.values_list("reason", flat=True)) == {"Not complete."}


def test_nothing_chosen_and_no_reason_are_said_beside_what_was_typed(officer: Client) -> None:
    election = make_election()
    rows = three_missions(election, 2)
    page = prepare(officer, election, [])
    assert page.status_code == 422
    assert "Choose at least one application." in words(page)
    page = prepare(officer, election, rows[:1], to="refused", reason="  ")
    assert "Say why; the reason stays inside the register." in words(page)
    assert (
        f'value="{rows[0].pk}" id="row-{rows[0].pk}" aria-labelledby="who-{rows[0].pk}" checked'
        in " ".join(page.content.decode().split())
    )
    page = prepare(officer, election, rows, valid_from="2024-02-09", valid_until="2024-02-08")
    assert "The last day cannot be before the first." in words(page)
    assert BulkDecision.objects.count() == 0


def test_days_given_by_hand_that_cannot_be_are_shown_before(officer: Client) -> None:
    election = make_election()
    rows = three_missions(election, 1)
    page = prepare(officer, election, rows, valid_from="2024-02-09")
    assert "The badge would end on 2024-02-07, before it begins on 2024-02-09" in words(page)
    assert "0 applications will be accredited." in words(page)


def test_many_are_decided_by_a_job_that_may_be_killed_and_begun_again(
    officer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "AT_ONCE", 3)
    election = make_election()
    rows = three_missions(election, 6)
    page = prepare(officer, election, rows)
    assert "they are decided in the background" in words(page)
    address = page.redirect_chain[-1][0]
    said = words(confirm(officer, page))
    officer.post(address)
    job = Job.objects.get()
    assert (job.kind, job.arguments) == ("decide_accreditations", {"decision": BulkDecision.objects.get().pk})
    assert "6 are still to be decided. It goes on in the background." in said
    assert statuses(election) == ["applied"] * 6

    assert f'href="/staff/jobs/{job.pk}/"' in officer.get(address).content.decode()
    # Somebody stops the job: what is left can be begun again.
    Job.objects.update(state="cancelled", finished_at=JANUARY)
    assert "it can be begun again on its page" in words(officer.get(address))
    Job.objects.update(state="waiting", finished_at=None)

    # The worker dies after the second row.
    decided = 0

    def die(done: int, total: int) -> None:
        nonlocal decided
        decided = done
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decisions.carry_out(BulkDecision.objects.get(), die)
    assert statuses(election) == ["accredited"] * 2 + ["applied"] * 4
    assert run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("done", 6, 6)
    assert job.result == "6 of 6 applications: accredited. 0 were not, and the decision says why."
    assert AccreditationChange.objects.count() == 6
    assert "6 applications accredited." in words(officer.get(address))


def test_a_decision_that_stopped_in_the_middle_goes_on(officer: Client) -> None:
    election = make_election()
    rows = three_missions(election, 2)
    decision = make_bulk_decision(rows=rows, confirmed_at=datetime(2024, 1, 20, tzinfo=UTC))
    address = desk("decision", election, decision.pk)
    assert "2 are still to be decided. It stopped in the middle" in words(officer.get(address))
    officer.post(address)
    assert statuses(election) == ["accredited"] * 2


@pytest.mark.parametrize("playing", [True, False])
@pytest.mark.parametrize("ahead", [True, False])
def test_steps_of_people_are_dated_in_real_time_also_in_a_demonstration(
    officer: Client, playing: bool, ahead: bool
) -> None:
    """An application that the demonstration dates ahead of us can be decided, with or without its clock."""
    election = make_election(demonstration=True, starts_on=date(2090, 3, 10))
    if playing:
        make_simulated_day(election=election, now=datetime(2090, 3, 10, 9, tzinfo=UTC))
    future = datetime(2090, 2, 1, 9, tzinfo=UTC)
    rows = three_missions(election, 2)
    if ahead:
        election.accreditations.update(applied_at=future)
    began = timezone.now()
    assert "2 applications accredited." in words(confirm(officer, prepare(officer, election, rows)))
    typed = {"seen": "accredited", "to": "withdrawn", "reason": "Left."}
    officer.post(desk("application", election, rows[0].pk), typed)
    media = {"outlet_name": "New", "outlet_country": "TR", "full_name": "Placeholder"}
    officer.post(desk("media", election), media)
    dated = list(AccreditationChange.objects.order_by("pk").values_list("status", "at"))
    assert [status for status, _at in dated] == ["accredited", "accredited", "withdrawn", "applied"]
    decided = [at for _status, at in dated[:3]]
    assert decided == [future] * 3 if ahead else began <= min(decided) <= max(decided) <= timezone.now()
    assert began <= dated[3][1] <= timezone.now()
    assert election.accreditations.get(status="applied").applied_at == dated[3][1]


def test_what_nobody_confirmed_is_forgotten_after_a_day(officer: Client) -> None:
    election = make_election()
    rows = three_missions(election, 2)
    user = User.objects.get()
    old = datetime(2024, 1, 1, tzinfo=UTC)
    make_bulk_decision(rows=rows, by=user, prepared_at=old)
    kept = [
        make_bulk_decision(rows=rows, by=user, prepared_at=old, confirmed_at=old),
        make_bulk_decision(rows=rows, prepared_at=old),
    ]
    page = prepare(officer, election, rows)
    found = set(BulkDecision.objects.values_list("pk", flat=True))
    assert found == {decision.pk for decision in kept} | {page.context["decision"].pk}


# --- the queue


def test_the_queue_says_how_the_rules_stand_on_the_local_clock(officer: Client) -> None:
    election = make_election()
    rows = three_missions(election, 3)
    actions.accredit(by=make_administrator(), accreditation=rows[0])
    make_rule(
        election=election,
        quota=10,
        quota_each=4,
        closes_at=datetime(2024, 1, 25, 14, tzinfo=UTC),
        decided_by=datetime(2024, 1, 30, 14, tzinfo=UTC),
    )
    said = words(officer.get(desk("queue", election)))
    assert "2 applied 1 accredited 0 refused 0 withdrawn 0 expired" in said
    assert "1 of 10 used, 9 left ; each mission or outlet at most 4" in said
    assert "Applications close 25 Jan 2024 18:00 closed" in said
    assert "Decisions due 30 Jan 2024 18:00 overdue: applications still wait" in said
    assert "No rule yet: enter quota and deadlines" in said  # for media
    for row in rows[1:]:
        actions.refuse(by=make_administrator(), accreditation=row, reason="Late.")
    assert "Decisions due 30 Jan 2024 18:00 passed, nothing waits" in words(
        officer.get(desk("queue", election))
    )


def test_the_queue_is_narrowed_and_sorted(officer: Client) -> None:
    election = make_election()
    now = datetime.now(UTC)
    mission = make_mission(election=election, organization=make_organization(name="Zeta", acronym="ZT"))
    old = make_accreditation(
        observer=make_observer(mission=mission, code="LTO-1"), applied_at=now - timedelta(days=9)
    )
    new = make_accreditation(
        observer=make_observer(mission=mission, code="LTO-2"), applied_at=now - timedelta(days=1)
    )
    outlet = make_outlet(name="Alpha")
    media = make_accreditation(
        category="media", election=election, outlet=outlet, applied_at=now - timedelta(days=4),
        media_person=make_person(full_name="Placeholder Person"),
    )  # fmt: skip
    badge = make_accreditation(
        observer=make_observer(mission=mission), status="accredited", number="O-7K3M-Q2XD"
    )
    make_accreditation()  # of another election

    def found(**query: Any) -> list[Any]:
        page = officer.get(desk("queue", election), query)
        assert page.status_code == 200
        return [row.application for row in page.context["rows"]]

    assert found() == [old, media, new]
    assert found(sort="newest") == [new, media, old]
    assert found(sort="sender") == [old, new, media]
    assert found(status="accredited") == [badge]
    assert set(found(status="any")) == {old, media, new, badge}
    assert found(category="media") == [media]
    assert found(sender=f"m{mission.pk}") == [old, new]
    assert found(sender=f"o{outlet.pk}") == [media]
    assert found(waiting=4) == [old, media]
    assert found(waiting=5) == [old]
    assert found(q="lto-2 zeta") == [new]
    assert found(q="placeholder") == [media]
    assert found(q="o 7k3m–q2xd", status="any") == [badge]
    assert found(q="o-7k3m–q2xd", status="any") == [badge]
    waiting = [row.waiting for row in officer.get(desk("queue", election)).context["rows"]]
    assert waiting[0] in (9, 10)
    assert [
        row.waiting for row in officer.get(desk("queue", election), {"status": "accredited"}).context["rows"]
    ] == [None]
    for query in (
        {"sender": "x"},
        {"waiting": "many"},
        {"status": "gone"},
        {"page": "x"},
        {"waiting": "9" * 40},
    ):
        assert officer.get(desk("queue", election), query).status_code in (200, 400)


def test_names_are_for_those_who_may_see_people(client: Client) -> None:
    election = make_election()
    row = make_accreditation(
        observer=make_observer(
            mission=make_mission(election=election), person=make_person(full_name="Canary Person")
        )
    )
    media = make_accreditation(
        category="media", election=election, media_person=make_person(full_name="Canary Reporter")
    )
    paths = [
        desk("queue", election),
        desk("application", election, row.pk),
        desk("application", election, media.pk),
    ]
    sign_in(client, Role.DESK)
    for path in [*paths, f"{paths[0]}?q=canary&status=any"]:
        page = client.get(path)
        assert page.status_code == 200
        assert "Canary P" not in page.content.decode()
        assert "Canary R" not in page.content.decode()
    assert client.get(paths[0], {"q": "canary"}).context["matching"] == 0
    assert client.get(desk("badges", election)).status_code == 403
    sign_in(client, Role.OFFICER)
    assert "Canary Person" in client.get(paths[0]).content.decode()
    assert "no-store" in client.get(paths[0])["Cache-Control"]


def test_each_step_is_for_those_who_may_take_it(client: Client) -> None:
    election = make_election()
    rows = three_missions(election, 1)
    decision = make_bulk_decision(rows=rows)
    screens = {
        "queue": [], "prepare": [], "decision": [decision.pk], "application": [rows[0].pk], "observer": [], "media": [],
        "badges": [],
    }  # fmt: skip

    def answers(method: str, name: str, arguments: list[int]) -> int:
        return getattr(client, method)(desk(name, election, *arguments)).status_code

    for name, arguments in screens.items():
        assert answers("get", name, arguments) == 302, name  # nobody is signed in
    sign_in(client)
    assert {answers("get", name, a) for name, a in screens.items() if name != "prepare"} == {403}
    assert client.get(reverse("admin:accreditation")).status_code == 403
    sign_in(client, Role.AUDITOR)
    assert {name: answers("get", name, a) for name, a in screens.items()} == {
        "queue": 200, "prepare": 405, "decision": 403, "application": 200, "observer": 403, "media": 403, "badges": 403,
    }  # fmt: skip
    assert 'type="submit" class="button default"' not in client.get(desk("queue", election)).content.decode()
    for name in ("prepare", "decision", "application"):
        assert answers("post", name, screens[name]) == 403, name
    assert statuses(election) == ["applied"]


@pytest.mark.parametrize("name", ["queue", "preview", "result", "badges", "application"])
def test_three_rows_ask_as_much_as_one(officer: Client, name: str) -> None:
    def queries(count: int) -> int:
        election = make_election()
        rows = three_missions(election, count)
        decision = make_bulk_decision(rows=rows)
        if name in ("result", "badges"):
            decisions.confirm(by=decision.by, decision=decision)
        path = {
            "queue": desk("queue", election),
            "preview": desk("decision", election, decision.pk),
            "result": desk("decision", election, decision.pk),
            "badges": desk("badges", election),
            "application": desk("application", election, rows[0].pk),
        }[name]
        officer.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert officer.get(path).status_code == 200
        return len(captured)

    assert queries(1) == queries(3)


def test_an_empty_queue_says_what_to_do(officer: Client) -> None:
    election = make_election()
    assert "Nobody has applied yet." in words(officer.get(desk("queue", election)))
    make_accreditation(observer=make_observer(mission=make_mission(election=election)), status="refused")
    assert "Nothing waits for a decision." in words(officer.get(desk("queue", election)))
    assert "No application matches the filter." in words(
        officer.get(desk("queue", election), {"q": "nothing"})
    )
    assert officer.get(desk("queue", Election(slug="none"))).status_code == 404


# --- one application


def test_one_application_with_its_history_and_its_steps(officer: Client) -> None:
    election = make_election()
    row = actions.apply_for_observer(
        by=make_administrator(username="clerk"),
        observer=make_observer(mission=make_mission(election=election)),
        at=JANUARY,
    )
    path = desk("application", election, row.pk)
    page = officer.get(path)
    assert "Accrediting it gives a new number and a badge valid from 7 Feb 2024 to 7 Feb 2024." in words(page)
    typed = {"seen": "applied", "to": "accredited", "number": "az-12", "valid_until": "2024-02-09"}
    page = officer.post(path, typed, follow=True)
    assert "Accredited with the number AZ-12." in [str(message) for message in page.context["messages"]]
    # A stale page decides nothing and says so.
    stale = officer.post(path, typed | {"to": "withdrawn", "reason": "Left."})
    assert stale.status_code == 422
    assert "It became accredited after you looked" in words(stale)
    without = officer.post(path, {"seen": "accredited", "to": "withdrawn", "reason": ""})
    assert "Say why it is withdrawn" in words(without)
    page = officer.post(path, {"seen": "accredited", "to": "withdrawn", "reason": "Left."}, follow=True)
    history = words(page).split("What became of it")[1]
    assert "Applied 15 Jan 2024 13:00 clerk –" in history
    assert "Withdrawn" in history
    assert "Left." in history
    assert not page.context["steps"]


# --- applying


def test_an_observer_and_the_person_are_entered_and_apply_at_once(officer: Client) -> None:
    election = make_election()
    mission = make_mission(election=election)
    path = desk("observer", election)
    assert str(mission) in words(officer.get(path))
    typed = {
        "mission": mission.pk, "code": "LTO-07", "role": "lto", "apply_now": "on", "do": "new",
        "full_name": "Placeholder One", "document_number": "P1",
    }  # fmt: skip
    page = officer.post(path, typed, follow=True)
    observer = Observer.objects.get()
    assert (observer.code, observer.person.full_name, observer.person.document_number) == (
        "LTO-07",
        "Placeholder One",
        "P1",
    )
    assert [row.status for row in observer.accreditations.all()] == ["applied"]
    assert page.redirect_chain[-1][0] == desk("application", election, observer.accreditations.get().pk)
    twice = officer.post(path, typed)
    assert twice.status_code == 422
    assert "This mission already has an observer with this code." in words(twice)
    assert Person.objects.count() == 1
    broken = officer.post(path, typed | {"code": "LTO-08", "full_name": ""})
    assert "Give the name these data belong to." in words(broken)


def test_observers_on_record_apply_together(officer: Client) -> None:
    election = make_election()
    mission = make_mission(election=election)
    has, first, second = (make_observer(mission=mission, code=f"STO-{n}") for n in range(3))
    make_accreditation(observer=has)
    path = desk("observer", election)
    page = words(officer.get(path, {"mission": mission.pk}))
    assert "STO-1, Short-term" in page
    assert "STO-0" not in page
    choice = {"mission": mission.pk, "do": "existing", "observer": [has.pk, first.pk, second.pk]}
    officer.post(path, choice)
    assert Accreditation.objects.filter(status="applied").count() == 3
    again = officer.post(path, choice)
    assert "Choose at least one observer who has no application yet." in words(again)


def test_after_the_deadline_nobody_is_entered(officer: Client) -> None:
    election = make_election()
    mission = make_mission(election=election)
    for category in ("observer", "media"):
        make_rule(election=election, category=category, closes_at=JANUARY)
    typed = {
        "mission": mission.pk,
        "code": "A",
        "role": "lto",
        "apply_now": "on",
        "do": "new",
        "full_name": "X",
    }
    page = officer.post(desk("observer", election), typed)
    assert "Applications closed on 15 January 2024, 13:00 (Asia/Baku)" in words(page)
    media = {"outlet_name": "New", "outlet_country": "TR", "full_name": "Placeholder"}
    page = officer.post(desk("media", election), media)
    assert "Applications closed on" in words(page)
    assert (Observer.objects.count(), Person.objects.count(), Outlet.objects.count()) == (0, 0, 0)


def test_a_media_person_and_the_outlet_are_entered_once(officer: Client) -> None:
    election, other = make_election(), make_election()
    typed = {
        "outlet_name": "Placeholder Daily",
        "outlet_country": "TR",
        "outlet_kind": "print",
        "full_name": "Person One",
    }
    page = officer.post(desk("media", election), typed, follow=True)
    assert [str(message) for message in page.context["messages"]] == ["The application is entered."]
    row = Accreditation.objects.get()
    assert (row.outlet.name, row.outlet.publication, row.media_person.full_name) == (
        "Placeholder Daily", "draft", "Person One",
    )  # fmt: skip
    # The outlet is on record; a second person of the name is another person, with data of their own.
    second = typed | {"outlet_name": "placeholder daily", "nationality": "TR", "email": "two@example.org"}
    officer.post(desk("media", election), second)
    assert list(Person.objects.order_by("pk").values_list("full_name", "nationality", "email")) == [
        ("Person One", None, ""), ("Person One", "TR", "two@example.org"),
    ]  # fmt: skip
    # The same passport is the same person: refused twice in one election, known in another.
    passport = {"outlet": row.outlet.pk, "full_name": "Person One", "document_number": "P9"}
    officer.post(desk("media", election), passport)
    same = officer.post(desk("media", election), passport)
    assert "This person already has an application or a badge" in words(same)
    officer.post(desk("media", other), passport | {"full_name": "person one"})
    assert (Accreditation.objects.count(), Person.objects.count(), Outlet.objects.count()) == (4, 3, 1)
    officer.post(desk("media", other), passport | {"document_number": "P8"})
    assert (Accreditation.objects.count(), Person.objects.count()) == (5, 4)
    empty = words(officer.post(desk("media", election), {"full_name": ""}))
    assert "Choose an outlet, or name a new one." in empty


def test_whoever_may_not_see_people_does_not_learn_who_is_on_record(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No role is like this today; a row of the table is soon changed.
    unseen = may("view change delete", "missions.person")
    monkeypatch.setitem(ROLES, Role.OFFICER, ROLES[Role.OFFICER] - unseen)
    row = make_accreditation(category="media", media_person=make_person(full_name="Placeholder Reporter"))
    sign_in(client, Role.OFFICER)
    typed = {"outlet": row.outlet.pk, "outlet_kind": "print"}
    answers = [
        client.post(desk("media", row.election), typed | {"full_name": name}).status_code
        for name in ("Placeholder Reporter", "Nobody On Record")
    ]
    assert answers == [302, 302]
    assert Person.objects.filter(full_name="Placeholder Reporter").count() == 2


def test_the_admin_enters_an_observer_with_the_person_and_the_application(officer: Client) -> None:
    mission = make_mission()
    typed = {
        "mission": mission.pk, "code": "STO-1", "role": "sto", "full_name": "Placeholder One", "email": "a@example.org",
        "apply_now": "on",
    }  # fmt: skip
    add = reverse("admin:missions_observer_add")
    officer.post(add, typed)
    observer = Observer.objects.get()
    assert (observer.person.email, observer.accreditations.get().status) == ("a@example.org", "applied")
    change = reverse("admin:missions_observer_change", args=[observer.pk])
    assert "Placeholder One" in officer.get(change).content.decode()
    assert (
        "Placeholder One" not in officer.get(reverse("admin:missions_observer_changelist")).content.decode()
    )
    twice = save(officer, change, typed)
    assert "already has an application or a badge" in twice.content.decode()
    save(officer, change, typed | {"apply_now": "", "full_name": "Placeholder Two"})
    observer.person.refresh_from_db()
    assert observer.person.full_name == "Placeholder Two"


def test_whoever_may_not_see_people_changes_an_observer_and_leaves_the_person(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROLES, Role.DESK, ROLES[Role.DESK] | may("change", "missions.observer"))
    observer = make_observer(person=make_person(full_name="Canary Person", email="canary@example.org"))
    sign_in(client, Role.DESK)
    path = reverse("admin:missions_observer_change", args=[observer.pk])
    assert "Canary" not in client.get(path).content.decode()
    typed = {
        "mission": observer.mission_id,
        "code": "NEW-1",
        "role": "lto",
        "full_name": "Somebody",
        "apply_now": "on",
    }
    save(client, path, typed)
    observer.refresh_from_db()
    assert (observer.code, observer.person.full_name) == ("NEW-1", "Canary Person")
    assert Accreditation.objects.count() == 0


def test_the_history_of_a_person_names_nobody(officer: Client) -> None:
    add = reverse("admin:missions_person_add")
    officer.post(add, {"full_name": "Canary Person"})
    person = Person.objects.get()
    save(officer, reverse("admin:missions_person_change", args=[person.pk]), {"full_name": "Canary Other"})
    officer.post(reverse("admin:missions_person_delete", args=[person.pk]), {"post": "yes"})
    assert Person.objects.count() == 0
    rows = ChangedRow.objects.filter(table_name="missions_person").order_by("id")
    assert [row.kind for row in rows] == ["insert", "update", "delete", "erase"]
    assert not PersonalValue.objects.filter(table_name="missions_person").exists()
    assert "Canary" not in str([(row.before, row.after) for row in rows])
    assert not LogEntry.objects.exists()


def test_the_number_and_the_days_cannot_be_typed_over_in_the_admin(officer: Client) -> None:
    row = make_accreditation(status="accredited", number="O-1")
    path = reverse("admin:missions_accreditation_change", args=[row.pk])
    page = officer.get(path).content.decode()
    assert '<input type="submit"' not in page
    assert f'href="{desk("application", row.election, row.pk)}"' in page
    assert officer.post(path, {"number": "O-2", "status": "refused"}).status_code == 403
    row.refresh_from_db()
    assert (row.number, row.status) == ("O-1", "accredited")


# --- badges


def test_a_badge_has_what_a_door_needs_and_a_code_that_leads_to_the_public_page(officer: Client) -> None:
    election = make_election(name="Placeholder election")
    mission = make_mission(election=election, organization=make_organization(name="Observers Without Number"))
    person = make_person(full_name="Placeholder Person")
    row = make_accreditation(
        observer=make_observer(mission=mission, role="lto", person=person),
        status="accredited",
        number="O-7K3M-Q2XD",
    )
    make_accreditation(observer=make_observer(mission=mission))  # not decided: no badge
    make_accreditation(observer=make_observer(mission=mission), status="withdrawn")
    page = officer.get(desk("badges", election))
    html = page.content.decode()
    said = text_of(html)
    assert said == (
        "Placeholder election Observer Placeholder Person Observers Without Number Long-term observer (LTO) "
        "O-7K3M-Q2XD 1 Feb 2024 – 29 Feb 2024"
    )
    address = f"http://testserver/en/e/{election.slug}/verify/O-7K3M-Q2XD/"
    assert f'data-address="{address}"' in html
    assert "<path stroke=" in html
    assert " style=" not in html
    assert "invented" not in html
    assert text_of(officer.get(desk("badges", election), {"row": row.pk}).content.decode()) == said
    assert "No badge to print" in officer.get(desk("badges", election), {"row": 0}).content.decode()


def test_the_code_on_the_badge_says_the_address() -> None:
    """The squares drawn are those of the address: read back from the path, line by line."""
    import segno

    from tracker.staff.badges import qr_code

    address = "https://example.org/en/e/az-2024-president/verify/O-7K3M-Q2XD/"
    svg = str(qr_code(address))
    drawn = set()
    steps = re.findall(
        r"([Mmh])\s*(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?", re.search(r'stroke="#000" d="([^"]+)"', svg)[1]
    )
    x = y = 0.0
    for letter, one, two in steps:
        if letter == "M":
            x, y = float(one), float(two)
        elif letter == "m":
            x, y = x + float(one), y + float(two)
        else:
            drawn |= {(int(x) + step, int(y)) for step in range(int(one))}
            x += float(one)
    code = segno.make(address, error="m", micro=False)
    matrix = {
        (column + 2, row + 2)
        for row, line in enumerate(code.matrix)
        for column, dark in enumerate(line)
        if dark
    }
    assert drawn == matrix


def test_badges_of_a_demonstration_say_so(officer: Client) -> None:
    election = make_election(demonstration=True)
    make_accreditation(observer=make_observer(mission=make_mission(election=election)), status="accredited")
    assert text_of(officer.get(desk("badges", election)).content.decode()).startswith("Demonstration ")


def test_the_badges_of_one_decision(officer: Client) -> None:
    election = make_election()
    rows = three_missions(election, 3)
    decision = make_bulk_decision(rows=rows[:2])
    decisions.confirm(by=decision.by, decision=decision)
    actions.accredit(by=decision.by, accreditation=rows[2])
    path = desk("badges", election)
    assert len(officer.get(path, {"decision": decision.pk}).context["badges"]) == 2
    assert len(officer.get(path).context["badges"]) == 3
    assert officer.get(path, {"decision": "9" * 30}).status_code == 200


def test_prepare_refuses_an_empty_choice() -> None:
    with pytest.raises(ValidationError, match="Choose at least one application"):
        decisions.prepare(
            by=make_administrator(),
            election=make_election(),
            to="accredited",
            rows=Accreditation.objects.all(),
        )
