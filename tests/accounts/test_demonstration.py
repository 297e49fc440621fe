"""A local copy can be tried in every role, from the machine it runs on and from nowhere else."""

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests import factories
from tracker.accounts.demonstration import password_of
from tracker.core.models import User
from tracker.core.roles import Role

pytestmark = pytest.mark.django_db
HERE = {"REMOTE_ADDR": "127.0.0.1", "SERVER_NAME": "localhost"}


def test_each_role_has_an_account_that_the_page_to_sign_in_shows(settings: Any) -> None:
    settings.LOCAL = True
    mission = factories.make_mission(election=factories.make_election(demonstration=True))
    said = StringIO()
    call_command("create_demo_accounts", stdout=said)
    call_command("create_demo_accounts", stdout=said)
    assert said.getvalue().count("Accounts to try the roles") == 1
    made = User.objects.filter(demonstration=True)
    assert sorted(role for account in made for role in account.roles) == sorted(Role.values)
    assert made.get(username="coordinator").affiliation.organization == mission.organization
    page = Client(**HERE).get("/staff/login/").content.decode()
    assert "Local copy: no second factor" in page
    for account in made:
        assert password_of(account.username) in page
        client = Client(**HERE)
        client.post("/staff/login/", {"login": account.username, "password": password_of(account.username)})
        assert client.get("/staff/").status_code == 200
        # One button does it, and leads on to where somebody was going.
        asked = Client(**HERE).get("/staff/login/?next=/staff/jobs/").content.decode()
        forms = re.findall(
            r'data-sign-in>(?:(?!</form>).)*value="' + account.username + '".*?</form>', asked, re.DOTALL
        )
        sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', forms[-1]))
        pressed = Client(**HERE).post("/staff/login/", sent)
        assert (sent["login"], pressed["Location"]) == (account.username, "/staff/jobs/")
    assert "runs on your own machine" in client.get("/staff/account/").content.decode()
    for elsewhere in ({"REMOTE_ADDR": "192.0.2.1"}, {"HTTP_X_FORWARDED_FOR": "192.0.2.1"}):
        assert (
            "runs on your own machine" not in Client(**HERE | elsewhere).get("/staff/login/").content.decode()
        )
    settings.LOCAL = False
    assert "runs on your own machine" not in Client(**HERE).get("/staff/login/").content.decode()


def test_no_such_account_is_made_anywhere_else(settings: Any) -> None:
    with pytest.raises(CommandError, match="for a local copy"):
        call_command("create_demo_accounts")
    call_command("create_administrator", stdout=StringIO())
    assert not User.objects.filter(demonstration=True).exists()
    settings.LOCAL = True
    User.objects.all().delete()
    call_command("create_administrator", stdout=StringIO())
    assert User.objects.get().demonstration
