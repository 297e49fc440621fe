"""Applications, decisions, their history, and the rules that bind them."""

import threading
from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from tests.factories import (
    make_accreditation,
    make_administrator,
    make_election,
    make_mission,
    make_observer,
    make_outlet,
    make_person,
)
from tracker.missions import actions, tasks
from tracker.missions.actions import accredit, apply_for_media, apply_for_observer, refuse, withdraw
from tracker.missions.models import Accreditation, AccreditationChange, AccreditationRule
from tracker.missions.numbers import ALPHABET, normalized_number

pytestmark = pytest.mark.django_db

JANUARY = datetime(2024, 1, 15, 9, tzinfo=UTC)
LATER = datetime(2024, 1, 20, 9, tzinfo=UTC)


def make_rule(election, **over):
    return AccreditationRule.objects.create(**{"election": election, "category": "observer"} | over)


def steps(accreditation):
    changes = AccreditationChange.objects.filter(accreditation=accreditation)
    return [(change.status, change.at, change.by, change.reason) for change in changes]


def said(action, **values) -> str:
    with pytest.raises(ValidationError) as caught:
        action(**values)
    return " ".join(caught.value.messages)


def test_from_the_application_to_the_badge_and_back() -> None:
    officer, second = make_administrator(), make_administrator()
    row = apply_for_observer(by=officer, observer=make_observer(), at=JANUARY)
    assert (row.status, row.number, row.decided_at) == ("applied", "", None)

    row = accredit(by=second, accreditation=row, at=LATER)
    # No rule: the days of the election are proposed.
    assert (row.status, row.valid_from, row.valid_until) == ("accredited", date(2024, 2, 7), date(2024, 2, 7))
    letter, first, last = row.number.split("-")
    assert letter == "O"
    assert len(first) == len(last) == 4
    assert set(first + last) <= set(ALPHABET)

    moment = datetime(2024, 2, 1, 9, tzinfo=UTC)
    withdraw(by=officer, accreditation=row, reason=" Left the mission. ", at=moment)
    assert steps(row) == [
        ("applied", JANUARY, officer, ""),
        ("accredited", LATER, second, ""),
        ("withdrawn", moment, officer, "Left the mission."),
    ]
    row.refresh_from_db()
    assert (row.status, row.reason, row.decided_at) == ("withdrawn", "Left the mission.", moment)


def test_media_apply_with_outlet_and_person() -> None:
    officer, election = make_administrator(), make_election()
    outlet, person = make_outlet(), make_person()
    row = apply_for_media(by=officer, election=election, outlet=outlet, person=person, at=JANUARY)
    assert (row.category, row.outlet, row.media_person) == ("media", outlet, person)
    assert accredit(by=officer, accreditation=row).number.startswith("M-")
    again = said(apply_for_media, by=officer, election=election, outlet=outlet, person=person)
    assert again == "This person already has an application or a badge; decide or withdraw that one first."


@pytest.mark.parametrize("status", ["applied", "accredited", "refused", "withdrawn", "expired"])
def test_only_the_steps_of_the_table_are_taken(status: str) -> None:
    officer = make_administrator()
    taken = {
        "accredited": lambda row: accredit(by=officer, accreditation=row),
        "refused": lambda row: refuse(by=officer, accreditation=row, reason="Not complete."),
        "withdrawn": lambda row: withdraw(by=officer, accreditation=row, reason="Asked to."),
    }
    allowed = set(actions.STEPS[status]) - {"expired"}
    for to, take in taken.items():
        row = make_accreditation(status=status)
        if to in allowed:
            assert take(row).status == to
            continue
        with pytest.raises(ValidationError, match="load the list again"):
            take(row)
        assert steps(row) == []
        assert Accreditation.objects.get(pk=row.pk).status == status
    assert actions.STEPS["accredited"] == ("withdrawn", "expired")


def test_a_stale_copy_of_the_row_decides_nothing() -> None:
    officer, row = make_administrator(), make_accreditation()
    stale = Accreditation.objects.get(pk=row.pk)
    refuse(by=officer, accreditation=row, reason="Not complete.")
    assert said(accredit, by=officer, accreditation=stale).startswith("It is refused")
    assert [status for status, *_rest in steps(row)] == ["refused"]
    row.delete()
    assert "no longer in the register" in said(refuse, by=officer, accreditation=stale, reason="Again.")


def test_refusing_and_withdrawing_need_a_reason() -> None:
    officer, row = make_administrator(), make_accreditation()
    assert said(refuse, by=officer, accreditation=row, reason=" ").startswith("Say why it is refused")
    assert said(withdraw, by=officer, accreditation=row, reason="").startswith("Say why it is withdrawn")
    assert steps(row) == []


def test_a_step_is_never_dated_before_the_one_before_it() -> None:
    officer, row = make_administrator(), make_accreditation(applied_at=LATER)
    problem = said(accredit, by=officer, accreditation=row, at=JANUARY)
    assert "20 January 2024, 13:00 (Asia/Baku)" in problem


def test_deadlines_are_said_on_the_election_s_clock() -> None:
    officer, observer = make_administrator(), make_observer()
    closes = datetime(2024, 1, 25, 14, tzinfo=UTC)
    rule = make_rule(observer.mission.election, opens_at=JANUARY, closes_at=closes)
    early = said(
        apply_for_observer, by=officer, observer=observer, at=datetime(2024, 1, 15, 8, 59, tzinfo=UTC)
    )
    assert "15 January 2024, 13:00 (Asia/Baku)" in early
    assert "25 January 2024, 18:00 (Asia/Baku)" in said(
        apply_for_observer, by=officer, observer=observer, at=closes
    )
    assert Accreditation.objects.count() == 0
    apply_for_observer(by=officer, observer=observer, at=rule.opens_at)


def test_quotas_count_badges_and_say_how_many() -> None:
    officer, mission = make_administrator(), make_mission()
    rule = make_rule(mission.election, quota=2, quota_each=1)
    rows = [make_accreditation(observer=make_observer(mission=mission)) for _number in range(2)]
    accredit(by=officer, accreditation=rows[0])
    assert said(accredit, by=officer, accreditation=rows[1]).startswith(
        f"{mission.organization} has 1 of 1 badges"
    )
    others = [
        make_accreditation(observer=make_observer(mission=make_mission(election=mission.election)))
        for _number in range(2)
    ]
    accredit(by=officer, accreditation=others[0])
    assert said(accredit, by=officer, accreditation=others[1]).startswith("2 of 2 badges are given")
    # A badge taken back makes room; another category has its own quota.
    withdraw(by=officer, accreditation=rows[0], reason="Left.")
    accredit(by=officer, accreditation=rows[1])
    accredit(by=officer, accreditation=make_accreditation(category="media", election=rule.election))


def test_days_of_the_rule_are_proposed_and_may_be_changed() -> None:
    officer, row = make_administrator(), make_accreditation()
    make_rule(row.election, valid_from=date(2024, 1, 20), valid_until=date(2024, 2, 20))
    problem = said(accredit, by=officer, accreditation=row, valid_until=date(2024, 1, 19))
    assert "2024-01-19, before it begins on 2024-01-20" in problem
    row = accredit(by=officer, accreditation=row, valid_until=date(2024, 2, 10))
    assert (row.valid_from, row.valid_until) == (date(2024, 1, 20), date(2024, 2, 10))


def test_a_number_given_by_hand_is_normalised_and_given_once() -> None:
    officer, row = make_administrator(), make_accreditation()
    assert accredit(by=officer, accreditation=row, number=" az – 12 ").number == "AZ-12"
    other = make_accreditation(observer=make_observer(mission=row.observer.mission))
    taken = said(accredit, by=officer, accreditation=other, number="Az-12")
    assert taken.startswith("The number AZ-12 is already given")
    assert "at most 20 signs" in said(accredit, by=officer, accreditation=other, number="A" * 21)
    assert "Latin letters" in said(accredit, by=officer, accreditation=other, number="../x")
    assert steps(other) == []


def test_a_proposal_that_is_taken_is_proposed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    officer, row = make_administrator(), make_accreditation()
    signs = iter("AAAAAAAAAAAAAAAABBBBBBBB")
    monkeypatch.setattr("secrets.choice", lambda alphabet: next(signs))
    assert accredit(by=officer, accreditation=row).number == "O-AAAA-AAAA"
    other = make_accreditation(observer=make_observer(mission=row.observer.mission))
    assert accredit(by=officer, accreditation=other).number == "O-BBBB-BBBB"


@pytest.mark.parametrize("text", ["o-7k3m-q2xd", " O-7K3M - Q2XD\n", "O‑7K3M—Q2XD", "\x00O-7K3M-\u200bQ2XD"])
def test_numbers_are_read_with_forgiveness(text: str) -> None:
    assert normalized_number(text) == "O-7K3M-Q2XD"


def test_badges_expire_after_their_last_day() -> None:
    over = make_accreditation(status="accredited", valid_until=date(2024, 2, 9))
    last_day = make_accreditation(status="accredited", valid_until=date(2024, 2, 10))
    assert actions.expire_accreditations(on=date(2024, 2, 10)) == 1
    over.refresh_from_db()
    last_day.refresh_from_db()
    assert (over.status, last_day.status) == ("expired", "accredited")
    # Dated when it ceased to be good: midnight in Baku. One that was given after its last day: when it was given.
    assert steps(over) == [("expired", datetime(2024, 2, 9, 20, tzinfo=UTC), None, "")]
    assert over.decided_at == datetime(2024, 2, 9, 20, tzinfo=UTC)
    given = datetime(2024, 3, 1, 9, tzinfo=UTC)
    late = make_accreditation(status="accredited", valid_until=date(2024, 2, 9), decided_at=given)
    assert actions.expire_accreditations(on=date(2024, 2, 10)) == 1
    assert steps(late) == [("expired", given, None, "")]
    assert tasks.expire_accreditations() == 1
    assert tasks.expire_accreditations() == 0


@pytest.mark.django_db(transaction=True)
def test_two_officers_at_once_do_not_exceed_a_quota() -> None:
    officer, mission = make_administrator(), make_mission()
    make_rule(mission.election, quota=1)
    rows = [make_accreditation(observer=make_observer(mission=mission)) for _number in range(4)]
    start, answers = threading.Barrier(4), []

    def decide(row: Accreditation) -> None:
        try:
            start.wait()
            accredit(by=officer, accreditation=row)
            answers.append("given")
        except ValidationError as problem:
            answers.append(problem.messages[0][:18])
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=[row]) for row in rows]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(answers) == ["1 of 1 badges are "] * 3 + ["given"]
    assert AccreditationChange.objects.count() == 1
