"""Handing in with saving: what goes to a publisher at once, and what is asked about first."""

from typing import Any

import pytest
from django.test import Client

from tests import factories as make
from tests.staff.test_steps import change, client_of, mission, publication, say_yes  # noqa: F401
from tests.trust.test_concurrency import opened
from tracker.core.identity import Identity, acting
from tracker.core.models import User
from tracker.core.roles import Role
from tracker.missions.models import Mission

pytestmark = pytest.mark.django_db
NOT_YET = "Saved, and not submitted yet: no publisher finds it before you say yes."


def save_and_submit(client: Client, row: Any, **typed: Any) -> Any:
    """Press *Save and submit for publication* on the record's page; the page to which it leads."""
    return client.post(change(row), opened(client, change(row)) | {"_submit": "x"} | typed, follow=True)


def test_what_came_back_is_submitted_again_with_saving_it(mission: Mission) -> None:  # noqa: F811
    """Red when: `hand_in` asks about what was sent back, or does not look for what else there is to decide."""
    olga = User.objects.get(username="olga")
    officer, publisher = client_of(olga), client_of(make.make_account(Role.PUBLISHER))
    say_yes(officer, mission, "submit")
    say_yes(publisher, mission, "send_back", reason="The date of arrival is missing")
    done = save_and_submit(officer, mission, arrives_on="2024-02-01")
    assert done.redirect_chain == [("/staff/", 302)]
    assert "1 mission and 3 statements wait for a publisher now." in done.content.decode()
    assert publication(mission, *mission.statements.all()) == ["submitted"] * 4
    # With a statement that no publisher has seen there is something to decide: the question says that it is one.
    say_yes(publisher, mission, "send_back", reason="A word")
    with acting(Identity(user=olga.pk)):
        make.make_statement(mission=mission, title="Not ready", publication="draft")
    assert NOT_YET in save_and_submit(officer, mission).content.decode()
    assert publication(mission) == ["draft"]


def test_what_was_public_since_it_came_back_is_asked_about() -> None:
    """Red when: `hand_in` looks for the last sending back ever, whatever came after it."""
    olga = make.make_account(Role.OFFICER)
    officer, publisher = client_of(olga), client_of(make.make_account(Role.PUBLISHER))
    with acting(Identity(user=olga.pk)):
        own = make.make_mission(publication="draft")
    say_yes(officer, own, "submit")
    say_yes(publisher, own, "send_back", reason="The date is missing")
    say_yes(officer, own, "submit")
    say_yes(publisher, own, "publish")
    say_yes(publisher, own, "unpublish", reason="Announced by mistake")
    assert NOT_YET in save_and_submit(officer, own).content.decode()
    assert publication(own) == ["withdrawn"]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("colleague", [True, False])
def test_what_came_back_by_itself_or_is_a_colleague_s_is_asked_about(together: bool, colleague: bool) -> None:
    """Red when: `hand_in` does not compare the steps in which they came back, or takes what others wrote."""
    olga, carl = make.make_account(Role.OFFICER), make.make_account(Role.OFFICER)
    officer, publisher = client_of(olga), client_of(make.make_account(Role.PUBLISHER))
    with acting(Identity(user=olga.pk)):
        own = make.make_mission(publication="submitted")
    with acting(Identity(user=carl.pk if colleague else olga.pk)):
        part = make.make_statement(mission=own, publication="submitted")
    if not together:
        say_yes(publisher, part, "send_back", reason="Untrue")
    say_yes(publisher, own, "send_back", reason="The date is missing")
    assert publication(own, part) == ["draft", "draft"]
    asked = NOT_YET in save_and_submit(officer, own).content.decode()
    handed_in = together and not colleague
    assert (asked, publication(own, part)) == (
        not handed_in,
        ["submitted" if handed_in else "draft"] * 2,
    )
