"""Group A of the tests of trust, A1 to A6: guessing, other people's accounts, the second factor."""

import re
import threading
from typing import Any, ClassVar

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core import mail as outbox
from django.db import connection
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext

from tests import factories, signing
from tests.signing import (
    CODE,
    DESCRIBED,
    LOGIN,
    PASSWORD,
    code_now,
    enrol,
    follow_link,
    new_password,
    person,
    sign_in,
    staff_addresses,
)
from tracker.accounts import invitations, throttle
from tracker.accounts.models import ApiToken, SignInAttempt
from tracker.accounts.tokens import end_token, issue_token
from tracker.core.models import User
from tracker.core.roles import Role

pytestmark = pytest.mark.django_db
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.7"}
RESET = "/staff/password/forgotten/"


def outcomes(**which: Any) -> list[str]:
    return list(SignInAttempt.objects.filter(**which).order_by("pk").values_list("outcome", flat=True))


def wrong(client: Client, door: str, user: User, **headers: Any) -> Any:
    """A wrong try at one of the doors for passwords."""
    forms = {
        LOGIN: {"login": user.username, "password": "wrong"},
        "/staff/account/confirm/": {"password": "wrong"},
        "/staff/password_change/": {"old_password": "wrong", "new_password1": "x", "new_password2": "x"},
    }
    return client.post(door, forms[door], **headers)


# --- A1 guessing is throttled at every door ---------------------------------------------------------------


def test_a1_wrong_passwords_are_counted_over_all_doors() -> None:
    """Red when: ACCOUNT_LIMIT is raised to 50; or "account_change_password" is taken out of DOORS."""
    anna = person()
    inside = Client()
    inside.force_login(anna)
    answers = [wrong(Client(), LOGIN, anna) for _ in range(2)]
    answers += [
        wrong(inside, "/staff/account/confirm/", anna),
        wrong(inside, "/staff/password_change/", anna),
    ]
    answers += [wrong(Client(), LOGIN, anna) for _ in range(16)]
    assert [answer.status_code for answer in answers[:5]] == [200] * 5
    assert [answer.status_code for answer in answers[5:]] == [429] * 15
    assert 0 < int(answers[-1]["Retry-After"]) <= 15 * 60
    assert "There were too many tries." in answers[-1].content.decode()
    assert outcomes() == ["wrong"] * 5 + ["refused"] * 15
    # The right one is not looked at either, by any door.
    assert Client().post(LOGIN, {"login": "ANNA", "password": PASSWORD}).status_code == 429
    assert Client().post(LOGIN, {"login": anna.email, "password": PASSWORD}).status_code == 429
    assert not anna.check_password("wrong")


def test_a1_one_password_for_many_accounts_from_one_address() -> None:
    """Red when: the limit of addresses is left out of `admit`."""
    people = [factories.make_account() for _ in range(30)]
    answers = [Client().post(LOGIN, {"login": who.username, "password": "Winter2026!"}) for who in people]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429] * 10
    assert int(answers[-1]["Retry-After"]) > 15 * 60
    assert (
        Client().post(LOGIN, {"login": people[0].username, "password": "x"}, **ELSEWHERE).status_code == 200
    )
    # A new address in the same /64 is the same source.
    for number in range(22):
        address = {"REMOTE_ADDR": f"2001:db8:1:2::{number + 1:x}"}
        last = Client().post(LOGIN, {"login": f"nobody{number}", "password": "x"}, **address)
    assert last.status_code == 429


def program(secret: str, **there: str) -> Any:
    return Client().get("/staff/api/teams/", HTTP_AUTHORIZATION=f"Bearer {secret}", **there)


def test_a1_wrong_tokens_are_counted_by_address_with_the_tries_of_other_doors() -> None:
    """Red when: seen before `_count_guess` was there (401 for all); with `is_guess` that is always true (the ended
    token is refused, and counted)."""
    anna = factories.make_account(Role.COORDINATOR, organization=factories.make_organization())
    _token, right = issue_token(account=anna, name="x", scopes=["visits"], days=7)
    ended, old = issue_token(account=anna, name="y", scopes=["visits"], days=7)
    assert end_token(anna, ended.pk, ApiToken.Ending.OWNER)
    answers = [program(f"observation_{number}") for number in range(40)]
    assert [answer.status_code for answer in answers] == [401] * 20 + [429] * 20
    assert 0 < int(answers[-1]["Retry-After"]) <= 3600
    assert answers[-1]["Content-Type"] == "application/problem+json"
    assert outcomes() == ["wrong"] * 20 + ["refused"] * 20
    # Counted together with the doors of people, from one address.
    assert Client().post(LOGIN, {"login": "nobody", "password": "x"}).status_code == 429
    assert Client().post(LOGIN, {"login": "nobody", "password": "x"}, **ELSEWHERE).status_code == 200
    # Whoever has the right one works on, here and elsewhere; one that has ended is no guess.
    tries = len(outcomes())
    assert [program(right).status_code, program(right, **ELSEWHERE).status_code] == [200, 200]
    assert [program(old).status_code for _ in range(30)] == [401] * 30
    assert len(outcomes()) == tries


def test_a1_asking_for_links_is_throttled() -> None:
    """Red when: "account_reset_password" is taken out of DOORS."""
    person()
    answers = [Client().post(RESET, {"email": "anna@example.org"}).status_code for _ in range(8)]
    assert answers == [302] * 5 + [429] * 3
    # Five links, and one word to the owner that somebody tries too often.
    assert len(outbox.outbox) == 6


def test_a1_a_door_that_nobody_registered_is_counted_too() -> None:
    """Red when: the backend compares without asking `admit` where no door has."""
    from django.contrib.auth import authenticate

    anna = person()
    for _ in range(5):
        assert authenticate(None, username=anna.username, password="wrong") is None
    with pytest.raises(throttle.TooManyTries):
        authenticate(None, username=anna.username, password=PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_a1_many_at_once_are_no_more_than_one_after_the_other() -> None:
    """Red when: `_queue_up` is left out of `admit`."""
    person()
    codes: list[int] = []

    def knock() -> None:
        try:
            codes.append(Client().post(LOGIN, {"login": "anna", "password": "wrong"}).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=knock) for _ in range(12)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(codes) == [200] * 5 + [429] * 7
    assert sorted(outcomes()) == ["refused"] * 7 + ["wrong"] * 5


@pytest.mark.django_db(transaction=True)
def test_a1_a_view_that_is_rolled_back_takes_no_record_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Red when: the attempt is written inside the view's transaction (from the form, not from the middleware)."""
    from tracker.accounts.forms import SignInForm

    def fail(self: Any) -> None:
        raise RuntimeError("the view breaks")

    monkeypatch.setattr(SignInForm, "clean", fail)
    client = Client(raise_request_exception=False)
    codes = [client.post(LOGIN, {"login": "anna", "password": "x"}).status_code for _ in range(7)]
    assert codes == [500] * 5 + [429] * 2
    assert outcomes() == ["wrong"] * 5 + ["refused"] * 2


# --- A2 without Redis -------------------------------------------------------------------------------------


def test_a2_the_count_needs_no_redis(settings: Any) -> None:
    """Red when: the count is kept in the cache (`cache.clear()` here is the flush)."""
    from django.core.cache import cache

    settings.REDIS_URL = "unix:///nowhere/socket?db=0"
    anna = person()
    answers = []
    for _ in range(8):
        answers.append(wrong(Client(), LOGIN, anna).status_code)
        cache.clear()
    assert answers == [200] * 5 + [429] * 3


# --- A3 no malicious lock-out -----------------------------------------------------------------------------


def test_a3_a_known_device_signs_in_while_somebody_burns_the_tries() -> None:
    """Red when: `known_device` answers "" always; or the owner is told by nobody (`tell_of_tries` does nothing)."""
    anna = person()
    secret = enrol(anna)
    home = Client(**ELSEWHERE)
    assert sign_in(home, anna, secret).status_code == 302
    home.post("/staff/logout/")
    for _ in range(30):
        wrong(Client(), LOGIN, anna)
    assert Client(**ELSEWHERE).post(LOGIN, {"login": "anna", "password": PASSWORD}).status_code == 429
    assert sign_in(home, anna, secret).status_code == 302
    assert home.get("/staff/").status_code == 200
    assert [mail.to for mail in outbox.outbox] == [["anna@example.org"]]
    assert "somebody tried to sign in as anna" in outbox.outbox[0].body
    # The mark is this account's alone, and no pass to guess without end.
    other = factories.make_account(username="berta")
    for _ in range(6):
        wrong(Client(), LOGIN, other)
    assert wrong(home, LOGIN, other).status_code == 429
    home.post("/staff/logout/")
    assert [wrong(home, LOGIN, anna).status_code for _ in range(6)] == [200] * 5 + [429]


def burn(user: User, link: str) -> None:
    """From many addresses: the tries of password and of links, and with wrong links those of the right one."""
    for number in range(12):
        there = {"REMOTE_ADDR": f"203.0.113.{number}"}
        wrong(Client(), LOGIN, user, **there)
        Client().post(RESET, {"email": user.email}, **there)
        Client().get(re.sub(r"[^/]+/$", f"wrong-{number}/", link), **there)


def get_in(link: str, secret: str) -> Client:
    """From a device nobody knows, by a link of a mail; the browser of somebody who is signed in."""
    client = Client(**ELSEWHERE)
    form = client.get(link)
    assert form.status_code == 302, "the link was refused"
    assert client.post(form["Location"], new_password("four unrelated lamps")).status_code == 302
    assert client.get("/staff/").status_code == 302
    anna = User.objects.get(username="anna")
    assert sign_in(client, anna, secret, "four unrelated lamps").status_code == 302
    assert client.get("/staff/").status_code == 200
    return client


def test_a3_a_link_asked_for_before_works_while_somebody_burns_everything() -> None:
    """Red when: `_of_link` counts all links of an account together."""
    anna = person()
    secret = enrol(anna)
    Client(**ELSEWHERE).post(RESET, {"email": anna.email})
    link = signing.link_in_mail().removeprefix("http://testserver")
    burn(anna, link)
    assert Client(**ELSEWHERE).post(RESET, {"email": anna.email}).status_code == 429
    assert Client(**ELSEWHERE).post(LOGIN, {"login": "anna", "password": PASSWORD}).status_code == 429
    get_in(link, secret)
    assert Client(**ELSEWHERE).get(link).status_code == 200  # once: no way to a form any more


def test_a3_an_administrator_sends_whoever_is_kept_out_a_link(client: Client) -> None:
    """Red when: `send_link_view` sends nothing, or sends by GET."""
    anna = person()
    secret = enrol(anna)
    address = f"/staff/core/user/{anna.pk}/send-link/"
    burn(anna, "/staff/password/new/x/y/")
    client.force_login(factories.make_account(Role.ADMINISTRATOR))
    sent = len(outbox.outbox)
    assert address in client.get(f"/staff/core/user/{anna.pk}/change/").content.decode()
    assert "The second factor stays" in client.get(address).content.decode()
    assert len(outbox.outbox) == sent
    client.post(address)
    assert outbox.outbox[-1].subject == "A link to sign in to the observation tracker"
    assert (len(outbox.outbox), outbox.outbox[-1].to) == (sent + 1, [anna.email])
    get_in(signing.link_in_mail().removeprefix("http://testserver"), secret)
    # Not to a closed account, nor to one that was invited only, nor by somebody else.
    User.objects.filter(pk=anna.pk).update(is_active=False)
    invited = invitations.invite(email="new@example.org", first_name="", last_name="", roles=[])
    sent = len(outbox.outbox)
    for account in (anna, invited):
        assert (
            "Nothing was sent"
            in client.post(f"/staff/core/user/{account.pk}/send-link/", follow=True).content.decode()
        )
    client.force_login(factories.make_account(Role.AUDITOR))
    assert client.post(address).status_code == 403
    assert len(outbox.outbox) == sent


# --- A4 the client's address ------------------------------------------------------------------------------


@pytest.mark.parametrize("proxies", [0, 1])
def test_a4_no_header_makes_another_source(proxies: int, settings: Any) -> None:
    """Red when: `client_address` takes the first entry of X-Forwarded-For. nginx appends the peer as the last one."""
    settings.TRUSTED_PROXIES = proxies
    peer = "127.0.0.1" if proxies else "192.0.2.9"
    codes = []
    for number in range(500):
        forged = f"203.0.{number // 250}.{number % 250}"
        chain = f"{forged}, 192.0.2.9" if proxies else forged
        headers = {"HTTP_X_FORWARDED_FOR": chain, "HTTP_FORWARDED": f"for={forged}", "HTTP_X_REAL_IP": forged}
        assert throttle.client_address(RequestFactory(REMOTE_ADDR=peer, **headers).get("/")) == "192.0.2.9"
        if number < 40:
            form = {"login": f"nobody{number}", "password": "x"}
            codes.append(Client(REMOTE_ADDR=peer).post(LOGIN, form, **headers).status_code)
    assert codes == [200] * 20 + [429] * 20
    assert set(SignInAttempt.objects.values_list("address", flat=True)) == {"192.0.2.9"}


# --- A5 no enumeration ------------------------------------------------------------------------------------


class CountingHasher(PBKDF2PasswordHasher):
    """Counts how often it works, and how hard: time would tell the same, and less surely."""

    iterations = 1000
    done: ClassVar[list[int]] = []

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        self.done.append(iterations or self.iterations)
        return super().encode(password, salt, iterations)


def told(answer: Any) -> tuple[int, dict[str, str], str]:
    """What an answer tells: status, headers, body, without what is random in every one."""
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    body = re.sub(r'name="login" value="[^"]*"', "", body)
    told_apart = (
        "Expires",
        "Content-Length",
    )  # the second the page was made in, and how long the typed name is
    headers = {name: value for name, value in answer.headers.items() if name not in told_apart}
    return answer.status_code, headers, body


def test_a5_sign_in_tells_nothing_about_accounts(settings: Any) -> None:
    """The case asks for 300 measured times of each kind. On a machine that others share those say nothing reliable, so
    what the time is spent on is compared instead: work of the hasher, and number of queries.

    Red when: an unknown name is answered without `make_password`; or the form says "no such account"."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    person()
    person(username="closed", is_active=False)
    invitations.invite(email="invited@example.org", first_name="", last_name="", roles=[])
    Client().get(LOGIN)  # loads what is loaded once
    answers = {}
    for name in ("anna", "closed", "invited@example.org", "nobody"):
        CountingHasher.done.clear()
        with CaptureQueriesContext(connection) as asked:
            answer = Client().post(LOGIN, {"login": name, "password": "wrong horse battery"})
        answers[name] = (*told(answer), list(CountingHasher.done), len(asked))
    assert answers["anna"] == answers["closed"] == answers["invited@example.org"] == answers["nobody"]
    assert answers["anna"][3] == [1000]


def test_a5_the_right_password_of_a_closed_account_tells_nothing() -> None:
    """Red when: `authenticate` answers with the account before it asks `user_can_authenticate`."""
    person(is_active=False)
    right, wrong_one = (
        told(Client().post(LOGIN, {"login": "anna", "password": text})) for text in (PASSWORD, "wrong")
    )
    assert right == wrong_one


def test_a5_asking_for_a_link_tells_nothing(settings: Any) -> None:
    """Red when: the account is looked up or the mail is sent within the request (`later` calls `work` at once)."""
    settings.MAIL_IN_BACKGROUND = True  # begins when the transaction is committed, which this test's never is
    person()
    answers = {}
    for address in ("anna@example.org", "nobody@example.org"):
        with CaptureQueriesContext(connection) as asked:
            answer = Client().post(RESET, {"email": address})
        answers[address] = (*told(answer), len(asked))
    assert answers["anna@example.org"] == answers["nobody@example.org"]
    assert outbox.outbox == []


@pytest.mark.django_db(transaction=True)
def test_a5_the_link_comes_all_the_same(settings: Any) -> None:
    """Red when: `_run` does not run."""
    settings.MAIL_IN_BACKGROUND = True
    person()
    before = set(threading.enumerate())
    Client().post(RESET, {"email": "anna@example.org"})
    [thread.join(120) for thread in set(threading.enumerate()) - before]
    assert [mail.to for mail in outbox.outbox] == [["anna@example.org"]]


def test_a5_refusals_and_links_tell_nothing() -> None:
    """Red when: a link that was used has a page of its own; or only real accounts are counted."""
    anna = person()
    used = invitations.make_token(anna)
    invited = invitations.invite(email="new@example.org", first_name="", last_name="", roles=[])
    token = invitations.make_token(invited)
    invited.is_active = False
    invited.save()
    links = (used, token, "nonsense", token[:-2])
    pages = [told(Client().get(f"/staff/invitation/{secret}/")) for secret in links]
    assert {page[0] for page in pages} == {404}
    assert len({page[2] for page in pages}) == 1
    refused = []
    for name in ("anna", "nobody"):
        for _ in range(6):
            answer = Client().post(LOGIN, {"login": name, "password": "x"})
        refused.append((answer.status_code, told(answer)[2]))
    assert refused[0] == refused[1]
    assert refused[0][0] == 429


# --- A6 the second factor ---------------------------------------------------------------------------------


# Programs bring a token there; a session counts for nothing (tests/staff/test_api.py).
FOR_PROGRAMS = "/staff/api/"
OPEN_TO_ALL = ("/staff/login", "/staff/logout", "/staff/password/", "/staff/invitation/", *DESCRIBED)
OPEN_WITHOUT_SECOND = (*OPEN_TO_ALL, "/staff/account/", "/staff/session/")


def test_a6_nothing_opens_between_password_and_code() -> None:
    """Red when: AuthenticateStage is taken out of the stages of signing in."""
    anna = factories.make_administrator(username="anna")
    enrol(anna)
    client = Client()
    assert client.post(LOGIN, {"login": "anna", "password": PASSWORD})["Location"] == CODE
    screens = [address for address in staff_addresses() if not address.startswith(OPEN_TO_ALL)]
    assert len(screens) > 100
    for screen in screens:
        answer = client.get(screen)
        if screen.startswith(FOR_PROGRAMS):
            assert answer.status_code == 401, screen
            continue
        # The unknown of the admin's catch-all is 404 only for who is signed in.
        assert answer.status_code in (302, 405), screen
        if answer.status_code == 302 and not screen.startswith("/staff/account"):
            assert "/staff/login/" in answer["Location"], screen


def test_a6_who_has_not_enrolled_reaches_the_enrolment_alone() -> None:
    """Red when: SignedInMiddleware.process_view lets pass whoever is signed in."""
    factories.make_administrator(username="anna")
    client = Client()
    assert client.post(LOGIN, {"login": "anna", "password": PASSWORD})["Location"] == "/staff/"
    screens = [address for address in staff_addresses() if not address.startswith(OPEN_WITHOUT_SECOND)]
    for screen in screens:
        for answer in (client.get(screen), client.post(screen)):
            if screen.startswith(FOR_PROGRAMS):
                assert answer.status_code == 401, screen
                continue
            assert answer.status_code == 302, screen
            assert answer["Location"].startswith("/staff/account/app/?next="), screen
    for page in ("/staff/account/", "/staff/account/app/", "/staff/account/passkeys/add/"):
        assert client.get(page).status_code == 200


def test_a6_a_code_works_once_and_not_even_from_another_browser() -> None:
    """Red when: `use_code` does not compare with the counter used last."""
    anna = person()
    secret = enrol(anna)
    first, second = Client(), Client()
    for client in (first, second):
        client.post(LOGIN, {"login": "anna", "password": PASSWORD})
    code = code_now(secret)
    assert first.post(CODE, {"code": code}).status_code == 302
    assert second.post(CODE, {"code": code}).status_code == 200
    assert second.get("/staff/")["Location"].startswith("/staff/login/")
    # Nor does an older one that was never used; the next one does, with a blank in the middle as apps show it.
    assert second.post(CODE, {"code": code_now(secret, -1)}).status_code == 200
    later = code_now(secret, 1)
    assert second.post(CODE, {"code": f"{later[:3]} {later[3:]}"}).status_code == 302


def test_a6_the_code_that_enrols_does_not_sign_in() -> None:
    """Red when: EnrolApp does not use the code up; or EnrolAppForm keeps no key."""
    person()
    client = Client()
    client.post(LOGIN, {"login": "anna", "password": PASSWORD})
    page = client.get("/staff/account/app/")
    # Loaded anew, as on a telephone by whoever comes back from the app, it shows the same key.
    assert signing.key_on(client.get("/staff/account/app/")) == signing.key_on(page)
    code = code_now(signing.key_on(page))
    assert client.post("/staff/account/app/", {"code": code})["Location"] == "/staff/account/recovery-codes/"
    assert client.get("/staff/").status_code == 200
    again = Client()
    again.post(LOGIN, {"login": "anna", "password": PASSWORD})
    assert again.post(CODE, {"code": code}).status_code == 200


@pytest.mark.parametrize(
    "junk", ["", "{}", "[]", "1", '{"id": "x", "rawId": "x", "type": "public-key", "response": {}}']
)
def test_a6_junk_is_no_passkey(junk: str) -> None:
    """Red when: allauth's own form stands in MFA_FORMS, which breaks at the last of these."""
    person()
    client = Client()
    client.post(LOGIN, {"login": "anna", "password": PASSWORD})
    page = "/staff/account/passkeys/add/"
    client.get(page)
    assert client.post(page, {"credential": junk}).status_code == 200
    assert client.get("/staff/")["Location"].startswith("/staff/account/app/")


def test_a6_codes_are_not_guessed() -> None:
    """Red when: ACCOUNT_LIMIT for codes is 1,000; or the door "mfa_authenticate" is missing."""
    anna = person()
    enrol(anna)
    client = Client()
    client.post(LOGIN, {"login": "anna", "password": PASSWORD})
    codes = [client.post(CODE, {"code": f"{number:06}"}).status_code for number in range(1000, 1040)]
    assert codes == [200] * 10 + [429] * 30
    assert outcomes(kind="code") == ["wrong"] * 10 + ["refused"] * 30


def test_a6_recovery_codes_work_once() -> None:
    """Red when: a recovery code is compared and not marked as used."""
    from allauth.mfa.models import Authenticator

    anna = person()
    enrol(anna)
    code = Authenticator.objects.get(user=anna, type="recovery_codes").wrap().get_unused_codes()[0]
    answers = []
    for _ in range(2):
        client = Client()
        client.post(LOGIN, {"login": "anna", "password": PASSWORD})
        answers.append(client.post(CODE, {"code": code}).status_code)
    assert answers == [302, 200]


def test_a6_secrets_are_not_readable_in_the_table() -> None:
    """Red when: MFAAdapter.encrypt returns its text."""
    anna = person()
    secret = enrol(anna)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(data::text, ' ') FROM mfa_authenticator")
        table = cursor.fetchone()[0]
    assert secret not in table
    with override_settings(SECRET_KEY="another" * 10, SECRET_KEY_FALLBACKS=["only-for-tests-" + "0" * 50]):
        assert signing.secret_of(anna) == secret


def test_a6_a_reset_keeps_the_second_factor() -> None:
    """Red when: ResetFromLink signs in (post_reset_login = True)."""
    anna = person()
    enrol(anna)
    client = Client()
    client.post(RESET, {"email": anna.email})
    assert client.post(follow_link(client), new_password("four unrelated lamps")).status_code == 302
    assert client.get("/staff/").status_code == 302
    answer = client.post(LOGIN, {"login": "anna", "password": "four unrelated lamps"})
    assert answer["Location"] == CODE


def test_a6_demonstration_accounts_do_without_only_on_the_machine_itself(settings: Any) -> None:
    """Red when: `on_this_machine` looks at LOCAL alone; or at the address alone."""
    anna = person(demonstration=True)

    def status(**headers: Any) -> int:
        client = Client(**{"REMOTE_ADDR": "127.0.0.1", "SERVER_NAME": "localhost"} | headers)
        client.post(LOGIN, {"login": "anna", "password": PASSWORD})
        return client.get("/staff/").status_code

    settings.LOCAL = True
    assert status() == 200
    assert status(REMOTE_ADDR="192.0.2.1") == 302
    assert status(SERVER_NAME="tracker.example") == 302
    assert status(HTTP_X_FORWARDED_FOR="192.0.2.1") == 302
    settings.LOCAL = False
    assert status() == 302
    User.objects.filter(pk=anna.pk).update(demonstration=False)
    settings.LOCAL = True
    assert status() == 302
    User.objects.filter(pk=anna.pk).update(demonstration=True)
    settings.LOCAL, settings.PRODUCTION = False, True
    assert Client().post(LOGIN, {"login": "anna", "password": PASSWORD}).status_code == 200  # not known here
