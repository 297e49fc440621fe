"""Refusals inside /staff/ are in the look of the staff screens and say what to do."""

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
    assert "ask an administrator" in page
    client.force_login(make.make_account(username="newcomer"))
    page = said(client.get("/staff/elections/election/"), 403, "You may not do this")
    assert "this account has no role yet" in page
    assert "To the list of" not in page


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
