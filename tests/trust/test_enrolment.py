"""Group A of the tests of trust, at the door that an invitation opens: all or nothing, once, for its holder."""

import base64
import json
import re
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core import mail as outbox
from django.db import connection
from django.test import Client

from tests import factories
from tests.signing import CODE, LOGIN, PASSWORD, code_now, key_on, path_in_mail, person, secret_of
from tracker.accounts import invitations
from tracker.accounts.models import SignInAttempt
from tracker.core.models import User
from tracker.core.roles import Role

pytestmark = pytest.mark.django_db
GOOD, CODES = "four unrelated lamps", "/staff/account/recovery-codes/"


@pytest.fixture
def link() -> str:
    """The way into an account that waits: the path of the link in the mail."""
    invitations.invite(email="new@example.org", first_name="", last_name="", roles=[Role.DESK])
    return path_in_mail()


def account() -> User:
    return User.objects.get(username="new@example.org")


def wrong(key: str) -> str:
    """Six digits that are right at no time near now."""
    near = {code_now(key, steps) for steps in range(-125, 126)}
    return next(f"{number:06}" for number in range(1000) if f"{number:06}" not in near)


def errors(answer: Any) -> list[str]:
    return re.findall(r'<p class="error" id="[^"]+">(.*?)</p>', answer.content.decode())


def saved() -> tuple[bool, int]:
    """Whether the account has a password, and how many factors, recovery codes included."""
    return account().has_usable_password(), Authenticator.objects.count()


def test_a6_nothing_is_saved_before_both_are_right(link: str) -> None:
    """Red when: AcceptForm saves a good password at once; or `accept` is called where the form is not valid."""
    client = Client()
    key = key_on(client.get(link))
    tries = (
        {"password": "password1234", "code": code_now(key)},
        {"password": GOOD, "code": ""},
        {"password": "", "code": ""},
        {},
    )
    for form in tries:
        # Each in a browser of its own: what was right waits in no other one.
        other = Client()
        own = code_now(key_on(other.get(link)))
        answer = other.post(link, form | ({"code": own} if form.get("code") else {}))
        assert (answer.status_code, saved()) == (200, (False, 0)), form
        assert other.get("/staff/")["Location"].startswith("/staff/login/"), form
    assert Client().post(LOGIN, {"login": "new@example.org", "password": GOOD}).status_code == 200
    # Nor by the passkey's page, which a password opens and nothing else.
    assert client.get(f"{link}passkey/")["Location"] == link
    assert client.post(f"{link}passkey/", {"credential": "{}"})["Location"] == link
    assert client.post(link, {"password": "password1234", "passkey": "1"}).status_code == 200
    assert client.post(link, {"password": GOOD, "passkey": "1"})["Location"] == f"{link}passkey/"
    for junk in ("", "{}", "[]", '{"id": "x", "rawId": "x", "type": "public-key", "response": {}}'):
        answer = client.post(f"{link}passkey/", {"credential": junk})
        assert (answer.status_code, saved()) == (200, (False, 0)), junk
    assert client.get("/staff/")["Location"].startswith("/staff/login/")


def test_a6_what_was_right_is_not_asked_again_and_stands_on_no_page(link: str) -> None:
    """Red when: the key is made anew; a password is written into the page; or a good one is not kept."""
    client = Client()
    key = key_on(client.get(link))
    again = client.post(link, {"password": GOOD, "code": wrong(key)})
    assert errors(again) == [
        "This code does not belong to this key. Type the one that the new entry in the app shows now."
    ]
    assert "Your password is good and is kept." in again.content.decode()
    assert GOOD not in again.content.decode()
    assert key_on(again) == key_on(client.get(link)) == key
    # Another one in its place, which is refused: the one of before is no longer meant.
    refused = client.post(link, {"password": "password1234", "code": wrong(key)})
    assert len(errors(refused)) == 2
    assert "password1234" not in refused.content.decode()
    assert "is kept" not in refused.content.decode()
    # The code was right: the password alone is left.
    half = client.post(link, {"password": "password1234", "code": code_now(key)})
    assert "Your app is set up: its code was right." in half.content.decode()
    assert ('name="code"' in half.content.decode(), key in half.content.decode()) == (False, False)
    assert client.post(link, {"password": GOOD})["Location"] == CODES
    assert account().check_password(GOOD)
    assert secret_of(account()) == key


def test_a6_the_key_is_the_server_s_and_the_browser_s_own(link: str) -> None:
    """Red when: the key is taken from the form; or is made of the link alone, which whoever reads the mail has."""
    client, reader = Client(), Client()
    own, seen = key_on(client.get(link)), key_on(reader.get(link))
    assert own != seen
    chosen = "A" * 32
    for form in ({"secret": chosen, "code": code_now(chosen)}, {"secret": seen, "code": code_now(seen)}):
        assert len(errors(client.post(link, form | {"password": GOOD}))) == 1
    # What is kept in one browser is none of another one's business.
    answer = reader.post(link, {"code": code_now(seen)})
    assert errors(answer) == ["This field is required."]
    assert saved() == (False, 0)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (-3, "The half minute of this code is over: type the one that the app shows now."),
        (
            -20,
            "The clock of your phone is 10 minutes wrong. Let it set its clock by itself, and type the code that",
        ),
        (
            60,
            "The clock of your phone is 30 minutes wrong. Let it set its clock by itself, and type the code that",
        ),
        (None, "A code has six digits: type those that the app shows now."),
    ],
)
def test_a6_a_wrong_code_is_refused_for_what_it_is(link: str, steps: int | None, said: str) -> None:
    """Red when: `half_minute` looks further than one half minute around now."""
    client = Client()
    key = key_on(client.get(link))
    code = "12 34" if steps is None else code_now(key, steps)
    assert errors(client.post(link, {"password": GOOD, "code": code}))[0].startswith(said)


def test_a6_codes_are_counted_at_this_door_and_nothing_else_is(link: str) -> None:
    """Red when: "account_invitation" is taken out of DOORS; or `_of_invitation` answers for wrong links as well."""
    client = Client()
    key = key_on(client.get(link))
    for _ in range(12):
        assert Client().post("/staff/invitation/nonsense/", {"code": "123456"}).status_code == 404
        assert client.post(link, {"password": "password1234", "code": ""}).status_code == 200
    assert SignInAttempt.objects.count() == 0
    answers = [client.post(link, {"password": GOOD, "code": wrong(key)}) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert client.post(link, {"password": GOOD, "code": code_now(key)}).status_code == 429
    assert saved() == (False, 0)
    found = SignInAttempt.objects.order_by("pk").values_list("kind", "outcome")
    assert list(found) == [("code", "wrong")] * 10 + [("code", "refused")] * 3


def look_at(client: Client, link: str, password: str) -> Any:
    """What the page's script is answered while somebody types a password."""
    return client.post(f"{link}password/", {"password": password})


def test_a10_a_password_is_looked_at_and_neither_kept_nor_sent_back(link: str) -> None:
    """Red when: `invitation_password` keeps what is good in an Enrolment, asks for no link, or answers to a GET."""
    client = Client()
    said = {text: look_at(client, link, text) for text in ("new@example.org", "mild", GOOD)}
    assert {text: answer.json() for text, answer in said.items()} == {
        "new@example.org": {"complaints": [
            "This password is guessed too easily: it is common, was in a breach, or is made of a name or a pattern. "
            "Take four or more words that do not belong together, or let a password manager make one."
        ]},
        "mild": {"complaints": [
            "This password is too short. It must contain at least 12 characters."
        ]},
        GOOD: {"complaints": []},
    }  # fmt: skip
    assert [text for text, answer in said.items() if text in answer.content.decode()] == []
    assert (saved(), client.session.items()) == ((False, 0), {}.items())
    assert "is kept" not in client.get(link).content.decode()
    assert look_at(client, "/staff/invitation/nonsense/", GOOD).status_code == 404
    assert client.get(f"{link}password/").status_code == 405
    assert look_at(Client(enforce_csrf_checks=True), link, GOOD).status_code == 403
    assert (
        client.post(link, {"password": GOOD, "code": code_now(key_on(client.get(link)))}).status_code == 302
    )
    assert look_at(client, link, GOOD).status_code == 404


def test_a1_passwords_are_looked_at_so_often_and_keep_nobody_out(link: str) -> None:
    """Red when: Kind.NEW is left out of COUNTED; counts for the address; or is told to the owner by mail."""
    client = Client()
    key = key_on(client.get(link))
    answers = [look_at(client, link, ("password1234", GOOD)[place % 2]) for place in range(31)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    assert int(answers[-1]["Retry-After"]) > 60
    assert [mail.subject for mail in outbox.outbox] == ["Your account in the observation tracker"]
    # The same address, for somebody else and for the invitation itself.
    anna = person()
    assert Client().post(LOGIN, {"login": anna.username, "password": PASSWORD}).status_code == 302
    assert client.post(link, {"password": GOOD, "code": code_now(key)})["Location"] == CODES


def test_a6_the_code_that_accepts_does_not_sign_in(link: str) -> None:
    """Red when: `add_app` does not use the code up."""
    client = Client()
    code = code_now(key_on(client.get(link)))
    assert client.post(link, {"password": GOOD, "code": code}).status_code == 302
    again = Client()
    assert again.post(LOGIN, {"login": "new@example.org", "password": GOOD})["Location"] == CODE
    assert again.post(CODE, {"code": code}).status_code == 200
    assert list(SignInAttempt.objects.order_by("pk").values_list("door", "outcome")) == [
        ("account_invitation", "right"), ("account_login", "right"), ("mfa_authenticate", "wrong"),
    ]  # fmt: skip


def test_a6_a_link_is_used_once(link: str) -> None:
    """Red when: `read_token` does not compare the state of the account."""
    first, second = Client(), Client()
    keys = [key_on(client.get(link)) for client in (first, second)]
    assert second.post(link, {"password": GOOD, "code": wrong(keys[1])}).status_code == 200
    assert first.post(link, {"password": GOOD, "code": code_now(keys[0])}).status_code == 302
    for path in (link, f"{link}passkey/"):
        for answer in (second.get(path), second.post(path, {"code": code_now(keys[1])})):
            assert (answer.status_code, "was used already" in answer.content.decode()) == (404, True)
    assert secret_of(account()) == keys[0]
    assert second.get("/staff/")["Location"].startswith("/staff/login/")


@pytest.mark.django_db(transaction=True)
def test_a6_of_two_at_once_one_gets_in(link: str) -> None:
    """Red when: `accept` reads the link without `lock`."""
    clients = [Client() for _ in range(4)]
    forms = [{"password": GOOD, "code": code_now(key_on(client.get(link)))} for client in clients]
    start, answers = threading.Barrier(4), []

    def use(client: Client, form: dict[str, str]) -> None:
        try:
            start.wait(20)
            answers.append(client.post(link, form).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=use, args=pair) for pair in zip(clients, forms, strict=True)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(answers) == [302, 404, 404, 404]
    assert saved() == (True, 2)
    assert [client.get("/staff/").status_code for client in clients].count(200) == 1


def test_a7_the_session_of_before_ends_whoever_s_it_was(link: str) -> None:
    """Red when: `accept` does not begin a new session."""
    desk = factories.make_administrator()
    client, thief = Client(), Client()
    client.force_login(desk)
    code = code_now(key_on(client.get(link)))
    thief.cookies["sessionid"] = client.cookies["sessionid"].value
    assert client.post(link, {"password": GOOD, "code": code}).status_code == 302
    assert client.get("/staff/").context["user"].username == "new@example.org"
    assert [name for name, _kept in client.session.items() if name.startswith("enrolment")] == []
    assert thief.get("/staff/")["Location"].startswith("/staff/login/")


@pytest.mark.parametrize(
    ("email", "whom"), [("karin@example.org", "karin@example.org"), ("", "your administrator")]
)
def test_a7_whoever_was_robbed_of_the_link_learns_of_it(email: str, whom: str) -> None:
    """Red when: `accept` sends nothing, does not say who invited, or sends it before the link is accepted."""
    keeper = factories.make_administrator(first_name="Karin", last_name="Keeper", email=email)
    invitations.invite(email="new@example.org", first_name="", last_name="", roles=[Role.DESK], by=keeper)
    client, link = Client(), path_in_mail()
    key = key_on(client.get(link))
    assert client.post(link, {"password": GOOD, "code": wrong(key)}).status_code == 200
    assert len(outbox.outbox) == 1
    before = datetime.now(UTC).replace(second=0, microsecond=0)
    assert client.post(link, {"password": GOOD, "code": code_now(key)}).status_code == 302
    (told,) = outbox.outbox[1:]
    assert (told.to, told.subject) == (["new@example.org"], "Your account is set up")
    at = datetime.strptime(re.findall(r"since (.+) UTC", told.body)[0], "%d %b %Y %H:%M").replace(tzinfo=UTC)
    assert before <= at <= datetime.now(UTC)
    assert told.body.replace(f"{at:%-d %b %Y %H:%M}", "NOW") == (
        "Good day new@example.org,\n\n"
        "your account new@example.org at http://testserver is set up since NOW UTC, by the link that was sent to this\n"
        "address. It has a password and a second factor; both are needed to sign in.\n\n"
        "If it was you, there is nothing to do. If it was not you, somebody else used your link: write at once to\n"
        f"{whom}, who can close the account.\n"
    )
    # Too late, with the same link: no second mail.
    assert Client().post(link, {"password": GOOD, "code": code_now(key)}).status_code == 404
    assert len(outbox.outbox) == 2


def test_p3_what_waits_is_readable_in_no_table(link: str) -> None:
    """Red when: Enrolment keeps the key or the password as it is."""
    client = Client()
    key = key_on(client.get(link))
    client.post(link, {"password": GOOD, "code": wrong(key)})
    stored = Session.objects.get(pk=client.cookies["sessionid"].value)
    kept = stored.get_decoded()[f"enrolment {invitations.state(account())}"]
    assert sorted(kept) == ["counter", "password", "secret"]
    assert (kept["counter"], kept["password"].split("$")[0]) == (0, "md5")
    text = json.dumps(stored.get_decoded())
    plain = base64.b32decode(key)
    forms = (key, GOOD, plain.hex(), base64.b64encode(plain).decode())
    assert [form for form in forms if form in text] == []
