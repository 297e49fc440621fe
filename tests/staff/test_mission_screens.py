"""One person enters a mission together with its statement."""

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories as make
from tests.forms import confirm
from tests.trust.test_concurrency import opened
from tracker.core.models import Publication
from tracker.core.roles import Role
from tracker.missions.models import Mission, Statement

pytestmark = pytest.mark.django_db


def test_the_officer_enters_a_mission_with_its_statement(client: Client) -> None:
    """Red when: the statements are taken from the officer's line of the table of roles."""
    client.force_login(make.make_account(Role.OFFICER))
    election, organization = make.make_election(), make.make_organization()
    path = reverse("admin:missions_mission_add")
    typed = {
        "election": election.pk, "organization": organization.pk, "type": "short_term", "status": "observed",
        "statements-TOTAL_FORMS": "1", "statements-0-id": "", "statements-0-kind": "statement",
        "statements-0-title": "A statement", "statements-0-publication": "published",
    }  # fmt: skip
    page = client.post(path, opened(client, path) | typed)
    assert page.status_code == 302, page.context["errors"]
    statement = Statement.objects.get(mission=Mission.objects.get())
    assert (statement.title, statement.publication) == ("A statement", Publication.DRAFT)
    change = reverse("admin:missions_statement_change", args=[statement.pk])
    sent = opened(client, change) | {"title": "The statement", "publication": "submitted"}
    assert client.post(change, sent).status_code == 302
    statement.refresh_from_db()
    assert (statement.title, statement.publication) == ("The statement", Publication.DRAFT)


def test_the_officer_publishes_no_statement(client: Client) -> None:
    client.force_login(make.make_account(Role.OFFICER))
    statement = make.make_statement(publication=Publication.SUBMITTED)
    change = reverse("admin:missions_statement_change", args=[statement.pk])
    client.post(change, opened(client, change) | {"publication": "published"})
    confirm(
        client,
        reverse("admin:missions_statement_changelist"),
        {"action": "publish", "_selected_action": [statement.pk]},
    )
    statement.refresh_from_db()
    assert statement.publication == Publication.SUBMITTED
