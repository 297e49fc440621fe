"""Refusals inside /staff/ are in the look of the staff screens and say what to do."""

import re
from typing import Any

import pytest
from django.test import Client

from tests import factories as make
from tests.trust.test_concurrency import opened
from tracker.core.roles import Role

pytestmark = pytest.mark.django_db


def said(answer: Any, status: int, title: str) -> str:
    page: str = answer.content.decode()
    assert answer.status_code == status
    assert f"<title>{title} | " in page
    assert page.count("<h1") == 1
    assert f"<h1>{title}</h1>" in page
    assert 'id="site-name"' in page
    assert 'href="/staff/"' in page
    return page


def test_whoever_may_not_do_it_is_told_as_whom_and_whom_to_ask(client: Client) -> None:
    """Red when: handler403 is Django's own."""
    client.force_login(make.make_account(Role.DESK, username="dora"))
    page = said(client.get("/staff/missions/person/"), 403, "You may not do this")
    assert "dora (Election desk)" in page
    assert (
        "This is done by: Accreditation officer or Mission coordinator (for their own organization)." in page
    )
    assert "an administrator of the tracker can give your account the role" in page
    client.force_login(make.make_account(username="newcomer"))
    page = said(client.get("/staff/elections/election/"), 403, "You may not do this")
    assert "this account has no role yet" in page
    assert "To the list of" not in page


def test_a_refusal_says_who_can_do_it(client: Client) -> None:
    """Red when: `not_allowed` leaves out the words of the exception, or the screens refuse as the stock admin does."""
    published, draft = make.make_milestone(), make.make_milestone(publication="draft")
    office = make.make_mission(publication="draft")

    def refused(role: str, address: str, *, post: bool = False) -> str:
        client.force_login(make.make_account(role))
        page = said(client.post(address) if post else client.get(address), 403, "You may not do this")
        (who,) = re.findall(r"<p>((?:This is|What is|No role|Your role|Nobody)[^<]*?)</p>", page)
        return str(who)

    def done_by(roles: str) -> str:
        ask = (
            "Ask somebody with that role; if it belongs to your work, an administrator of the tracker can give your "
            "account the role."
        )
        return f"This is done by: {roles}. {ask}"

    at = f"/staff/elections/milestone/{published.pk}"
    withdrawn = "What is published is withdrawn before it is deleted. It is withdrawn by: Publisher."
    assert refused(Role.DESK, f"{at}/delete/") == withdrawn
    # Whoever may not delete it afterwards either is not sent to have it withdrawn.
    assert refused(Role.AUDITOR, f"{at}/delete/") == done_by("Election desk")
    at = f"/staff/elections/milestone/{draft.pk}"
    assert refused(Role.PUBLISHER, f"{at}/delete/") == done_by("Election desk")
    assert refused(Role.AUDITOR, f"{at}/publication/submit/", post=True) == done_by("Election desk")
    assert refused(Role.DESK, f"{at}/publication/publish/", post=True) == done_by("Publisher")
    assert refused(Role.DESK, f"/staff/missions/mission/{office.pk}/change/", post=True) == done_by(
        "Accreditation officer or Mission coordinator (for their own organization)"
    )
    assert refused(Role.DESK, "/staff/missions/mission/add/") == done_by("Accreditation officer")
    assert refused(Role.DESK, "/staff/core/user/") == done_by("Auditor or Administrator")
    assert refused(Role.DESK, "/staff/history/") == done_by("Auditor")
    account = make.make_account()
    assert refused(Role.ADMINISTRATOR, f"/staff/core/user/{account.pk}/delete/") == (
        "No role of the tracker includes this."
    )


def test_what_is_not_there_leads_to_its_list(client: Client) -> None:
    """Red when: handler404 is the public's."""
    client.force_login(make.make_account(Role.DESK))
    page = said(client.get("/staff/elections/election/987654321/change/"), 404, "Not found")
    assert '<a href="/staff/elections/election/">To the list of elections</a>' in page
    said(client.get("/staff/nothing/at/all/"), 404, "Not found")


def test_a_form_that_is_out_of_date_is_opened_again() -> None:
    """Red when: CSRF_FAILURE_VIEW is Django's own."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(make.make_account(Role.DESK))
    page = said(client.post("/staff/elections/election/add/", {"name": "x"}), 403, "This form is out of date")
    assert '<a href="/staff/elections/election/add/">Open the page again</a>' in page
    assert "accounts/interrupted" in page
    stranger = Client(enforce_csrf_checks=True).post("/staff/login/", {"login": "x"})
    assert "user-tools" not in said(stranger, 403, "This form is out of date")


def test_outside_the_refusals_are_the_public_ones(client: Client) -> None:
    assert "site-name" not in client.get("/en/nothing/").content.decode()
    election = make.make_election()
    answer = Client(enforce_csrf_checks=True).post(f"/en/e/{election.slug}/")
    assert (answer.status_code, "site-name" in answer.content.decode()) == (403, False)


def test_a_conflict_says_so_in_its_heading_and_keeps_what_was_typed() -> None:
    """Red when: `_told` gives no title."""
    anna, berta = (Client(), Client())
    for client in (anna, berta):
        client.force_login(make.make_account(Role.DESK))
    station = make.make_station(address="Old street", publication="draft")
    path = f"/staff/stations/pollingstation/{station.pk}/change/"
    first, second = opened(anna, path), opened(berta, path)
    assert anna.post(path, first | {"address": "Anna's street"}).status_code == 302
    page = berta.post(path, second | {"address": "Berta's street"})
    text = page.content.decode()
    assert "<h1>Not saved yet: somebody else changed this record</h1>" in text
    assert "What somebody else changed meanwhile" in text
    assert 'value="Berta&#x27;s street"' in text
