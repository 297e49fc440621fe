"""Promises about every screen of work, kept by walking over the addresses of the staff site."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import (
    make_account,
    make_accreditation,
    make_bulk_decision,
    make_incident,
    make_job,
    make_visit,
)
from tests.trust.test_access import screens_of_work
from tracker.core.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def addresses() -> dict[str, str]:
    """Every screen with a row that exists."""
    row, visit = make_accreditation(), make_visit(status="draft")
    keys = {
        "accreditation_decision": make_bulk_decision(rows=[row]).pk,
        "accreditation_application": row.pk,
        "incident": make_incident(election=visit.election).pk,
        "job": make_job().pk,
        "person_export": row.observer.person_id,
        "person_erase": row.observer.person_id,
    }
    found = {}
    for screen in screens_of_work():
        election = row.election if screen.name.startswith("accreditation") else visit.election
        values = {"slug": election.slug, "pk": keys.get(screen.name, visit.pk), "step": "submit"}
        values |= {"app": "missions", "model": "mission", "key": row.observer.mission_id}
        wanted = {name: values[name] for name in screen.pattern.converters}
        found[screen.name] = reverse(f"admin:{screen.name}", kwargs=wanted)
    return found


def test_a_stranger_is_sent_to_sign_in(client: Client, addresses: dict[str, str]) -> None:
    assert len(addresses) == len(screens_of_work()) > 15
    for address in addresses.values():
        for answer in (client.get(address), client.post(address)):
            assert answer.status_code == 302, address
            assert answer["Location"].startswith("/staff/login/?next="), address


def test_a_newcomer_without_a_role_is_refused_everywhere(client: Client, addresses: dict[str, str]) -> None:
    client.force_login(make_account())
    for name, address in addresses.items():
        # A screen that knows one method says so first; it does nothing then either.
        statuses = {client.get(address).status_code, client.post(address).status_code} - {405}
        # What belongs to nobody one knows of is not there.
        assert statuses <= {403, 404}, name


def test_the_index_of_a_newcomer_says_whom_to_ask(client: Client) -> None:
    """Red when: the page is the stock one ("You don’t have permission to view or edit anything.")."""
    make_account(Role.ADMINISTRATOR, first_name="Ada", last_name="Keeper")
    make_account(Role.ADMINISTRATOR, first_name="Closed", last_name="Account", is_active=False)
    client.force_login(make_account())
    page = client.get("/staff/")
    assert page.context["app_list"] == []
    assert "Your account has no role yet" in page.text
    assert "Administrators: Ada Keeper." in page.text
    assert "You don’t have permission to view or edit anything." not in page.text
    client.force_login(make_account(Role.AUDITOR))
    assert "no role yet" not in client.get("/staff/").text
