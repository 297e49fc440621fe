"""Accounts come by invitation, and lost phones are replaced."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.core import signing as seals
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from tests import factories
from tests.signing import (
    LOGIN,
    PASSWORD,
    code_now,
    enrol,
    key_on,
    link_in_mail,
    path_in_mail,
    person,
    sign_in,
)
from tracker.accounts import invitations, sessions, throttle
from tracker.accounts.models import SignInAttempt
from tracker.core.models import User
from tracker.core.roles import Role

pytestmark = pytest.mark.django_db
CODES = "/staff/account/recovery-codes/"


def test_a_password_that_is_typed_keeps_its_hash(settings: Any) -> None:
    """Red when: User.check_password is Django's, which writes it anew: sessions and tokens end, as after a new one."""
    account = factories.make_account(Role.DESK)
    account.set_password(PASSWORD)
    account.save()
    before = User.objects.values_list("password", "session_epoch").get(pk=account.pk)
    stronger = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
    settings.PASSWORD_HASHERS = [stronger, *settings.PASSWORD_HASHERS]
    assert User.objects.get(pk=account.pk).check_password(PASSWORD)
    assert User.objects.values_list("password", "session_epoch").get(pk=account.pk) == before


def test_a_coordinator_is_invited_and_gets_to_work(client: Client) -> None:
    client.force_login(factories.make_administrator(first_name="Karin", last_name="Keeper"))
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
    link = path_in_mail()
    welcome = guest.get(link)
    text = " ".join(strip_tags(welcome.content.decode()).split())
    assert (
        "Karin Keeper invites you. You will sign in as berta@example.org. "
        "Mission coordinator: works for one organization: its teams, plans, visits, incidents and statements. "
    ) in text
    assert text.count("Four unrelated words") == 1
    assert "commonly used" not in text
    form = {"password": "four unrelated lamps", "code": code_now(key_on(welcome))}
    assert guest.post(link, form)["Location"] == CODES
    assert guest.get(link).status_code == 404
    assert guest.get("/staff/").status_code == 200
    berta.refresh_from_db()
    assert (berta.check_password("four unrelated lamps"), sessions.has_factor(berta)) == (True, True)
    # Whoever has just set it up is told so, and of no change; what comes later may be one.
    assert [mail.subject for mail in outbox.outbox] == [
        "Your account in the observation tracker", "Your account is set up",
    ]  # fmt: skip
    assert guest.post(CODES, {"do": "kept"}).status_code == 302
    assert len(outbox.outbox) == 2
    guest.post(CODES, {"do": "renew"})
    form = {"old_password": "four unrelated lamps", "new_password1": PASSWORD, "new_password2": PASSWORD}
    guest.post("/staff/password_change/", form)
    assert [re.findall(r"the ([\w ]+) of your account", mail.body) for mail in outbox.outbox[2:]] == [
        ["second factor"], ["password"],
    ]  # fmt: skip


CONSOLE = "django.core.mail.backends.console.EmailBackend"
SENT = "Invitation sent to leyla@example.org: the link works once, for 7 days."


@pytest.mark.parametrize(
    ("backend", "local", "said"),
    [
        ("django.core.mail.backends.locmem.EmailBackend", True, SENT),
        (
            CONSOLE,
            True,
            f"{SENT} This copy has no mail server: the mail is printed by make run in the terminal.",
        ),
        (CONSOLE, False, f"{SENT} There is no mail server: the mail is printed where the tracker runs."),
    ],
)
def test_who_invites_reads_the_address_as_typed_and_where_the_mail_is(
    client: Client, settings: Any, backend: str, local: bool, said: str
) -> None:
    """Red when: the message begins with the address, which the page would write with a capital; or `where_mails_are`
    does not ask for the backend."""
    settings.EMAIL_BACKEND, settings.LOCAL = backend, local
    boss = factories.make_administrator()
    client.force_login(boss)
    form = {"first_name": "Leyla", "last_name": "Test", "email": "leyla@example.org", "roles": [Role.DESK]}
    page = client.post("/staff/core/user/invite/", form, follow=True).content.decode()
    assert re.findall(r'<li class="success">(.*?)</li>', page) == [said]


def test_accounts_are_called_accounts(client: Client) -> None:
    """Red when: the list has Django's title, or a field of an account Django's name."""
    boss = factories.make_administrator(username="boss", first_name="Karin", last_name="Keeper")
    client.force_login(boss)
    page = client.get("/staff/core/user/").content.decode()
    heads = re.findall(r'<th scope="col" class="[^"]*column-\w+[^"]*">(.*?)</th>', page, re.S)
    assert re.findall(r"<title>(.*?) \|.*?</title>|<h1>(.*?)</h1>", page, re.S) == [
        ("Accounts", ""),
        ("", "Accounts"),
    ]
    assert [" ".join(strip_tags(head).split()) for head in heads] == [
        "Username", "Name", "Email address", "Roles", "Full rights", "Last login", "Sign-in",
    ]  # fmt: skip
    assert '<td class="field-name">Karin Keeper</td>' in page
    page = client.get(f"/staff/core/user/{boss.pk}/change/").content.decode()
    assert "<h1>Change account</h1>" in page
    ticks = re.findall(r'<label class="vCheckboxLabel" for="id_is_\w+">(.*?)</label>', page)
    assert ticks == ["Open", "Staff pages", "Full rights"]
    # Auditors, who are not told of factors, read whether an account is open.
    client.force_login(factories.make_account(Role.AUDITOR))
    assert "column-is_active" in client.get("/staff/core/user/").content.decode()


def test_the_mail_says_what_to_have_at_hand_and_whom_to_ask() -> None:
    keeper = factories.make_administrator(first_name="Karin", last_name="Keeper", email="karin@example.org")
    berta = invitations.invite(
        email="b@example.org", first_name="Berta", last_name="Braun", roles=[], by=keeper
    )
    link = link_in_mail()
    assert outbox.outbox[-1].body == (
        "Good day Berta Braun,\n\n"
        "Karin Keeper invites you to the observation tracker at http://testserver. Set up your account "
        f"b@example.org here:\n\n{link}\n\n"
        "The link works once, for 7 days. Have a phone with an authenticator app at hand (Aegis, FreeOTP, Google or\n"
        "Microsoft Authenticator, or a password manager); it takes two minutes.\n"
        "Questions go to karin@example.org. If you did not expect this mail, ignore it.\n"
    )
    # Who invited is gone meanwhile, or was named by an older version not at all: the link works on.
    keeper.is_active = False
    keeper.save()
    page = Client().get(path_in_mail()).content.decode()
    assert "You are invited, and will sign in as <strong>b@example.org</strong>." in page
    assert "You have no role yet" in page
    old = seals.dumps([berta.pk, invitations.state(berta)], salt=invitations.SALT)
    assert Client().get(f"/staff/invitation/{old}/").status_code == 200


def test_several_roles_are_told_as_what_they_allow_together() -> None:
    """What ends one role is no limit of an account that has another: a publisher alone writes nothing."""
    roles = [Role.PUBLISHER, Role.OFFICER]
    invitations.invite(email="b@example.org", first_name="", last_name="", roles=roles)
    text = " ".join(strip_tags(Client().get(path_in_mail()).content.decode()).split())
    assert (
        "You are invited, and will sign in as b@example.org. Accreditation officer, Publisher: keeps organizations, "
        "missions, their statements, observers and media; decides who is accredited; decides what the public sees, and "
        "when. 1. A password"
    ) in text


def shown(answer: Any) -> list[str]:
    """The recovery codes on a page."""
    found = re.search(r'<textarea id="codes".*?>(.*?)</textarea>', answer.content.decode(), re.S)
    return found[1].split() if found else []


def test_recovery_codes_are_shown_until_they_are_kept(client: Client) -> None:
    anna = person()
    client.post(LOGIN, {"login": "anna", "password": PASSWORD})
    code = code_now(key_on(client.get("/staff/account/app/")))
    there = client.post("/staff/account/app/?next=/staff/jobs/", {"code": code})["Location"]
    assert there == f"{CODES}?next=%2Fstaff%2Fjobs%2F"
    first = client.get(there)
    assert "each of these signs you in once" in first.content.decode()
    assert len(shown(first)) == 10
    # A telephone loads the page anew when its owner comes back from writing them down.
    assert shown(client.get(there)) == shown(first)
    # An address alone shows them to no other session of the account.
    other = Client()
    other.force_login(User.objects.get(pk=anna.pk))
    assert shown(other.get(CODES)) == []
    assert client.post(there, {"do": "kept"})["Location"] == "/staff/jobs/"
    assert shown(client.get(CODES)) == []
    assert shown(client.post(CODES, {"do": "show"}, follow=True)) == []
    renewed = shown(client.post(CODES, {"do": "renew"}, follow=True))
    assert len(set(renewed) - set(shown(first))) == 10


def test_recovery_codes_are_shown_late_only_to_whoever_confirms(client: Client) -> None:
    anna = person()
    sign_in(client, anna, enrol(anna))
    stored = client.session
    stored["signed_in_at"] -= 301
    stored.save()
    for do in ("show", "renew"):
        assert client.post(CODES, {"do": do})["Location"].startswith("/staff/account/confirm/")
    assert shown(client.get(CODES)) == []
    stored["signed_in_at"] += 301
    stored.save()
    assert len(shown(client.post(CODES, {"do": "show"}, follow=True))) == 10


def test_an_invitation_ends_after_a_week_and_with_the_next_one(client: Client, settings: Any) -> None:
    invited = invitations.invite(email="new@example.org", first_name="", last_name="", roles=[])
    first = path_in_mail()
    assert client.get(first).status_code == 200
    client.force_login(factories.make_administrator())
    client.post(f"/staff/core/user/{invited.pk}/invite-again/")
    second = path_in_mail()
    assert (client.get(first).status_code, client.get(second).status_code) == (404, 200)
    invited.refresh_from_db()
    moment = time.time() - 8 * 24 * 3600
    stamp = seals.TimestampSigner(salt=invitations.SALT)
    stamp.timestamp = lambda: seals.b62_encode(int(moment))  # type: ignore[method-assign]
    payload = [invited.pk, invitations.state(invited)]
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
