"""Accounts come by invitation, and lost phones are replaced."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.signing import (
    code_now,
    enrol,
    link_in_mail,
    new_password,
    person,
    sign_in,
)
from tracker.accounts import invitations, sessions, throttle
from tracker.accounts.models import SignInAttempt
from tracker.core.models import User
from tracker.core.roles import Role

pytestmark = pytest.mark.django_db


def test_a_coordinator_is_invited_and_gets_to_work(client: Client) -> None:
    client.force_login(factories.make_administrator())
    organization = factories.make_organization()
    form = {
        "first_name": "Berta", "last_name": "Braun", "email": "Berta@Example.org",
        "roles": [Role.COORDINATOR], "organization": "",
    }  # fmt: skip
    assert "choose it" in client.post("/staff/core/user/invite/", form).content.decode()
    assert (
        client.post("/staff/core/user/invite/", form | {"organization": organization.pk}).status_code == 302
    )
    berta = User.objects.get(username="berta@example.org")
    assert berta.email == "Berta@example.org"
    assert (berta.roles, berta.affiliation.organization) == ([Role.COORDINATOR], organization)
    assert "already" in client.post("/staff/core/user/invite/", form).content.decode()

    guest = Client()
    link = link_in_mail().removeprefix("http://testserver")
    assert "Berta Braun" in outbox.outbox[-1].body
    welcome = guest.get(link).content.decode()
    assert "berta@example.org" in welcome
    assert welcome.count("Four unrelated words") == 1
    assert "commonly used" not in welcome
    assert guest.post(link, new_password("berta@example.org")).status_code == 200
    assert guest.post(link, new_password("four unrelated lamps"))["Location"] == "/staff/account/app/"
    assert guest.get(link).status_code == 404
    page = guest.get("/staff/account/app/").content.decode()
    assert "One step is left" in page
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    codes = guest.post("/staff/account/app/?next=/staff/jobs/", {"code": code_now(secret)}, follow=True)
    assert codes.redirect_chain == [("/staff/account/recovery-codes/?next=%2Fstaff%2Fjobs%2F", 307)]
    assert "never again" in codes.content.decode()
    assert re.search(r'href="/staff/jobs/">I have kept them', codes.content.decode())
    assert guest.get("/staff/").status_code == 200
    assert "never again" not in guest.post("/staff/account/recovery-codes/", {"do": "show"}).content.decode()


def test_an_invitation_ends_after_a_week_and_with_the_next_one(client: Client, settings: Any) -> None:
    invited = invitations.invite(email="new@example.org", first_name="", last_name="", roles=[])
    first = link_in_mail().removeprefix("http://testserver")
    assert client.get(first).status_code == 200
    client.force_login(factories.make_administrator())
    client.post(f"/staff/core/user/{invited.pk}/invite-again/")
    second = link_in_mail().removeprefix("http://testserver")
    assert (client.get(first).status_code, client.get(second).status_code) == (404, 200)
    from django.core import signing as seals

    invited.refresh_from_db()
    moment = time.time() - 8 * 24 * 3600
    stamp = seals.TimestampSigner(salt=invitations.SALT)
    stamp.timestamp = lambda: seals.b62_encode(int(moment))  # type: ignore[method-assign]
    payload = [invited.pk, invitations._state(invited)]
    old = stamp.sign_object(payload)
    assert invitations.read_token(stamp.sign_object(payload)) is None
    assert client.get(f"/staff/invitation/{old}/").status_code == 404


def test_a_lost_phone_is_an_administrator_s_affair(client: Client) -> None:
    anna = person()
    secret = enrol(anna)
    phone = Client()
    sign_in(phone, anna, secret)
    client.force_login(factories.make_administrator())
    address = f"/staff/core/user/{anna.pk}/new-factor/"
    assert "really they who ask" in client.get(address).content.decode()
    assert sessions.has_factor(anna)
    client.post(address)
    assert not sessions.has_factor(anna)
    assert phone.get("/staff/").status_code == 302
    assert outbox.outbox[-1].to == [anna.email]


def test_old_attempts_are_forgotten() -> None:
    factories.make_attempt(at=timezone.now() - timedelta(days=91))
    young = factories.make_attempt(at=timezone.now() - timedelta(days=89))
    assert throttle.forget_attempts() == 1
    assert list(SignInAttempt.objects.all()) == [young]


def test_who_lacks_a_factor_is_told_to_those_who_look_after_accounts(client: Client) -> None:
    """The database hides factors from everybody else, so their list would call every account unready."""
    enrol(factories.make_account(Role.DESK))
    for role, told in ((Role.ADMINISTRATOR, True), (Role.AUDITOR, False)):
        client.force_login(factories.make_account(role))
        page = client.get("/staff/core/user/").content.decode()
        assert ("no second factor yet" in page) is told
        assert (">ready<" in page) is told
