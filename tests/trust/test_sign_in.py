"""Group A of the tests of trust: signing in, and what a session is worth.

Where a test only counts tries, passwords are hashed cheaply.
"""

import re
import statistics
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core import mail as outbox
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from tests import factories, signing
from tests.signing import CODE, LOGIN, PASSWORD, code_now, enrol, sign_in
from tracker.accounts import invitations, sessions, throttle
from tracker.accounts.models import SignInAttempt
from tracker.core.models import User
from tracker.core.roles import Role
from tracker.missions.models import Affiliation

pytestmark = pytest.mark.django_db
FAST = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.7"}
RESET = "/staff/password/forgotten/"


@pytest.fixture
def cheap_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = FAST


def person(**over: Any) -> User:
    return factories.make_account(Role.DESK, **{"email": "anna@example.org", "username": "anna"} | over)


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


# --- A1 guessing is throttled at every door ----------------------------------------------------------------------------


@pytest.mark.usefixtures("cheap_hashes")
def test_a1_wrong_passwords_are_counted_over_all_doors() -> None:
    """Red when: ACCOUNT_LIMIT is raised to 50; or "account_reauthenticate" is taken out of DOORS."""
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


@pytest.mark.usefixtures("cheap_hashes")
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


@pytest.mark.usefixtures("cheap_hashes")
def test_a1_asking_for_links_is_throttled() -> None:
    """Red when: "account_reset_password" is taken out of DOORS."""
    person()
    answers = [Client().post(RESET, {"email": "anna@example.org"}).status_code for _ in range(8)]
    assert answers == [302] * 5 + [429] * 3
    # Five links, and one word to the owner that somebody tries too often.
    assert len(outbox.outbox) == 6


@pytest.mark.usefixtures("cheap_hashes")
def test_a1_a_door_that_nobody_registered_is_counted_too() -> None:
    """Red when: the backend compares without asking `admit` where no door has."""
    from django.contrib.auth import authenticate

    anna = person()
    for _ in range(5):
        assert authenticate(None, username=anna.username, password="wrong") is None
    with pytest.raises(throttle.TooManyTries):
        authenticate(None, username=anna.username, password=PASSWORD)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("cheap_hashes")
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
@pytest.mark.usefixtures("cheap_hashes")
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


# --- A2 without Redis --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("cheap_hashes")
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


# --- A3 no malicious lock-out ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("cheap_hashes")
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


# --- A4 the client's address -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("cheap_hashes")
@pytest.mark.parametrize("proxies", [0, 1])
def test_a4_no_header_makes_another_source(proxies: int, settings: Any) -> None:
    """Red when: `client_address` takes the first entry of X-Forwarded-For. nginx appends the peer as the last one."""
    settings.TRUSTED_PROXIES = proxies
    codes = []
    for number in range(500):
        forged = f"203.0.113.{number % 250}"
        chain = f"{forged}, 192.0.2.9" if proxies else forged
        headers = {"HTTP_X_FORWARDED_FOR": chain, "HTTP_FORWARDED": f"for={forged}", "HTTP_X_REAL_IP": forged}
        headers["REMOTE_ADDR"] = "127.0.0.1" if proxies else "192.0.2.9"
        codes.append(
            Client().post(LOGIN, {"login": f"nobody{number}", "password": "x"}, **headers).status_code
        )
    assert codes == [200] * 20 + [429] * 480
    assert set(SignInAttempt.objects.values_list("address", flat=True)) == {"192.0.2.9"}


# --- A5 no enumeration -------------------------------------------------------------------------------------------------


class FewerRounds(PBKDF2PasswordHasher):
    iterations = 60_000


def told(answer: Any) -> tuple[int, dict[str, str], str]:
    """What an answer tells: status, headers, body, without what is random in every one."""
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    body = re.sub(r'name="login" value="[^"]*"', "", body)
    headers = {name: value for name, value in answer.headers.items() if name != "Vary"}
    return answer.status_code, headers, body


def test_a5_sign_in_tells_nothing_about_accounts(settings: Any) -> None:
    """Red when: `find_account` returning None answers without `make_password`; or the form says "no such account".

    100 samples of each, in turn; the hash is the production one with fewer rounds, still by far the longest step.
    """
    settings.PASSWORD_HASHERS = [f"{__name__}.FewerRounds"]
    person()
    person(username="closed", is_active=False)
    invitations.invite(email="invited@example.org", first_name="", last_name="", roles=[])
    times: dict[str, list[float]] = {name: [] for name in ("anna", "closed", "invited@example.org", "nobody")}
    answers: dict[str, Any] = {}
    for _ in range(100):
        for name, row in times.items():
            SignInAttempt.objects.all().delete()
            client = Client()
            began = time.perf_counter()
            answer = client.post(LOGIN, {"login": name, "password": "wrong horse battery"})
            row.append(time.perf_counter() - began)
            answers[name] = told(answer)
    assert answers["anna"] == answers["closed"] == answers["invited@example.org"] == answers["nobody"]
    medians = [statistics.median(row) for row in times.values()]
    assert max(medians) - min(medians) <= 0.010, medians


@pytest.mark.django_db(transaction=True)
def test_a5_asking_for_a_link_tells_nothing(settings: Any) -> None:
    """Red when: the mail is sent within the request (MAIL_IN_BACKGROUND = False and a server that takes its time)."""
    settings.MAIL_IN_BACKGROUND = True
    settings.EMAIL_BACKEND = "tests.trust.slow_mail.SlowBackend"
    person()
    times: dict[str, list[float]] = {"anna@example.org": [], "nobody@example.org": []}
    answers: dict[str, Any] = {}
    for _ in range(30):
        for address, row in times.items():
            SignInAttempt.objects.all().delete()
            client = Client()
            began = time.perf_counter()
            answer = client.post(RESET, {"email": address})
            row.append(time.perf_counter() - began)
            answers[address] = told(answer)
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and "_run" in thread.name:
            thread.join(10)
    assert answers["anna@example.org"] == answers["nobody@example.org"]
    first, second = (statistics.median(row) for row in times.values())
    assert abs(first - second) <= 0.010, (first, second)


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


# --- A6 the second factor ----------------------------------------------------------------------------------------------


def staff_addresses() -> list[str]:
    """Every address below /staff/, numbers and names filled in."""
    found: list[str] = []

    def walk(patterns: list[Any], prefix: str) -> None:
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                walk(entry.url_patterns, route)
            elif isinstance(entry, URLPattern):
                plain = re.sub(r"<int:[^>]+>", "1", route)
                plain = re.sub(r"<path:object_id>", "1", plain)
                plain = re.sub(r"<[^>]+>", "x", plain)
                if plain.startswith("staff/") and "^" not in plain and "(?P" not in plain:
                    found.append(f"/{plain}")

    walk(get_resolver().url_patterns, "")
    return found


OPEN_TO_ALL = ("/staff/login", "/staff/logout", "/staff/password/", "/staff/invitation/")
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
            assert answer.status_code == 302, screen
            assert answer["Location"].startswith("/staff/account/?next="), screen
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
    """Red when: EnrolApp does not use the code up."""
    anna = person()
    client = Client()
    client.post(LOGIN, {"login": "anna", "password": PASSWORD})
    page = client.get("/staff/account/app/").content.decode()
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    code = code_now(secret)
    assert client.post("/staff/account/app/", {"code": code})["Location"] == "/staff/account/recovery-codes/"
    assert client.get("/staff/").status_code == 200
    again = Client()
    again.post(LOGIN, {"login": "anna", "password": PASSWORD})
    assert again.post(CODE, {"code": code}).status_code == 200


@pytest.mark.usefixtures("cheap_hashes")
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


# --- A7 sessions end ---------------------------------------------------------------------------------------------------


def copied(client: Client) -> Client:
    """Another browser with the same cookie."""
    other = Client()
    other.cookies["sessionid"] = client.cookies["sessionid"].value
    return other


def deactivate(user: User, inside: Client) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def raw_role(user: User, inside: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_user SET roles = '{auditor}' WHERE id = %s", [user.pk])


def move(user: User, inside: Client) -> None:
    Affiliation.objects.filter(account=user).update(organization=factories.make_organization())


def leave(user: User, inside: Client) -> None:
    Affiliation.objects.filter(account=user).delete()


def logout(user: User, inside: Client) -> None:
    inside.post("/staff/logout/")


def everywhere(user: User, inside: Client) -> None:
    inside.post("/staff/account/sign-out-everywhere/")


def password(user: User, inside: Client) -> None:
    answer = inside.post(
        "/staff/password_change/", {"old_password": PASSWORD} | new_password("four unrelated lamps")
    )
    assert answer.status_code == 302


def factor(user: User, inside: Client) -> None:
    assert inside.post("/staff/account/app/remove/").status_code == 302


def reset_by_mail(user: User, inside: Client) -> None:
    client = Client()
    client.post(RESET, {"email": user.email})
    client.post(follow_link(client), new_password("four unrelated lamps"))


STAYS = {password, factor}
ENDS = [logout, everywhere, password, factor, reset_by_mail, deactivate, raw_role, move, leave]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_a7_a_copied_cookie_is_refused_at_the_next_request(end: Any) -> None:
    """Red when: the trigger account_changed, affiliation_changed or factor_changed is dropped (its cases);
    `_get_session_auth_hash` without the epoch (all but logout and password)."""
    anna = factories.make_account(
        Role.COORDINATOR,
        organization=factories.make_organization(),
        email="anna@example.org",
        username="anna",
    )
    inside = Client()
    assert sign_in(inside, anna, enrol(anna)).status_code == 302
    thief = copied(inside)
    assert thief.get("/staff/").status_code == 200
    end(anna, inside)
    assert thief.get("/staff/")["Location"] == "/staff/login/?next=/staff/"
    if end in STAYS:
        assert inside.get("/staff/account/").status_code == 200


def test_a7_the_key_of_a_session_changes_at_sign_in() -> None:
    """Red when: `login` keeps the key (cycle_key taken out)."""
    anna = person()
    secret = enrol(anna)
    client = Client()
    client.post(LOGIN, {"login": "anna", "password": PASSWORD})
    before = client.cookies["sessionid"].value
    client.post(CODE, {"code": code_now(secret)})
    assert client.cookies["sessionid"].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_a7_a_copy_of_the_account_read_before_brings_no_session_back() -> None:
    """Red when: the trigger takes the epoch as it is written."""
    anna = person()
    stale = User.objects.get(pk=anna.pk)
    sessions.end_all(anna)
    stale.save()
    anna.refresh_from_db()
    assert anna.session_epoch == 1


# --- A8 idle and absolute ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mark", "minutes"), [("seen_at", 30), ("signed_in_at", 12 * 60)])
def test_a8_a_session_ends_by_itself(mark: str, minutes: int, client: Client) -> None:
    """Red when: `account_of` does not look at `idle`, or at `whole`. The stored moments are moved; nobody sleeps."""
    client.force_login(person())

    def shift(seconds: float) -> None:
        session = client.session
        session[mark] = time.time() - seconds
        session.save()

    shift(minutes * 60 - 5)
    assert client.get("/staff/").status_code == 200
    shift(minutes * 60 + 5)
    assert client.get("/staff/")["Location"] == "/staff/login/?next=/staff/"
    page = client.get("/staff/login/").content.decode()
    assert ("half an hour" if mark == "seen_at" else "twelve hours") in page


def test_a8_work_makes_it_longer_and_the_page_s_own_questions_do_not(client: Client) -> None:
    """Red when: "account_session" is taken out of PASSIVE; or `touch` does nothing."""
    client.force_login(person())

    def idle_for(seconds: float) -> None:
        session = client.session
        session["seen_at"] = time.time() - seconds
        session.save()

    idle_for(1000)
    assert 790 < client.get("/staff/session/").json()["idle"] <= 800
    assert client.post("/staff/session/").json()["idle"] > 1700
    idle_for(1000)
    client.get("/staff/")
    assert client.get("/staff/session/").json()["idle"] > 1700


# --- A9 CSRF -----------------------------------------------------------------------------------------------------------


def test_a9_no_staff_post_without_token_from_elsewhere_or_as_text() -> None:
    """Red when: CsrfViewMiddleware is taken out of the settings."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.make_administrator())
    screens = [address for address in staff_addresses() if "autocomplete" not in address]
    token = client.get("/staff/account/sign-out-everywhere/").cookies["csrftoken"].value
    for screen in screens:
        without = client.post(screen)
        text = client.post(screen, data=f"csrfmiddlewaretoken={token}", content_type="text/plain")
        foreign = client.post(
            screen, {"csrfmiddlewaretoken": token}, HTTP_ORIGIN="https://evil.example", HTTP_HOST="testserver"
        )
        assert [without.status_code, text.status_code, foreign.status_code] == [403] * 3, screen


def test_a9_a_post_without_token_burns_no_tries() -> None:
    """Red when: ThrottleMiddleware stands before CsrfViewMiddleware."""
    client = Client(enforce_csrf_checks=True)
    assert client.post(LOGIN, {"login": "anna", "password": "x"}).status_code == 403
    assert outcomes() == []


def rows_of_the_register() -> dict[str, int]:
    """How many rows each table holds and a hash of them, past the ORM; sessions are no part of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND relname NOT IN ('django_session')"
        )
        names = [row[0] for row in cursor.fetchall()]
        counts = {}
        for name in names:
            cursor.execute(f'SELECT count(*), coalesce(sum(hashtext(t::text)::bigint), 0) FROM "{name}" t')  # noqa: S608
            counts[name] = cursor.fetchone()
    return counts


def test_a9_looking_changes_nothing() -> None:
    """Red when: recovery codes are marked as seen by a GET (allauth's own view in urls.py)."""
    client = Client()
    anna = factories.make_administrator()
    enrol(anna)
    client.force_login(anna)
    factories.make_station()
    client.get("/staff/")
    before = rows_of_the_register()
    for screen in staff_addresses():
        if "/password/new/" not in screen:  # its door writes the try down, and shall
            client.get(screen)
            client.head(screen)
    assert rows_of_the_register() == before


# --- A10 reset and passwords -------------------------------------------------------------------------------------------


def link_in_mail() -> str:
    return re.search(r"http\S+/staff/(?:password/new|invitation)/\S+", outbox.outbox[-1].body)[0]  # type: ignore[index]


def follow_link(client: Client) -> str:
    """Open the link of the last mail; where its form is sent to."""
    return client.get(link_in_mail().removeprefix("http://testserver"))["Location"]


def new_password(text: str) -> dict[str, str]:
    return {"new_password1": text, "new_password2": text}


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_HOST": "evil.example"},
        {"HTTP_HOST": "tracker.example:8443"},
        {"HTTP_HOST": "www.tracker.example"},
        {"HTTP_HOST": "tracker.example", "HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_HOST": "tracker.example@evil.example"},
        {"HTTP_HOST": "tracker.example", "HTTP_X_FORWARDED_PORT": "1"},
    ],
)
def test_a10_the_link_leads_to_the_canonical_host_alone(headers: dict[str, str], settings: Any) -> None:
    """Red when: the link is made with request.build_absolute_uri."""
    settings.ALLOWED_HOSTS = ["tracker.example", "www.tracker.example"]
    settings.SITE_URL = "https://tracker.example"
    person()
    answer = Client().post(RESET, {"email": "anna@example.org"}, **headers)
    if "evil" in headers["HTTP_HOST"]:
        assert (answer.status_code, len(outbox.outbox)) == (400, 0)
    else:
        assert answer.status_code == 302
        assert link_in_mail().startswith("https://tracker.example/staff/")
        assert "evil" not in outbox.outbox[-1].body


def test_a10_a_link_works_once_and_for_an_hour(settings: Any) -> None:
    """Red when: PASSWORD_RESET_TIMEOUT is Django's three days; or the token outlives the password it was made for."""
    assert settings.PASSWORD_RESET_TIMEOUT <= 3600
    anna = person()
    client = Client()
    client.post(RESET, {"email": anna.email})
    link = link_in_mail().removeprefix("http://testserver")
    assert client.post(follow_link(client), new_password("four unrelated lamps")).status_code == 302
    assert "was used already" in client.get(link).content.decode()
    client.post(RESET, {"email": anna.email})
    link = link_in_mail().removeprefix("http://testserver")
    settings.PASSWORD_RESET_TIMEOUT = -1  # as if the hour were over
    assert "was used already" in client.get(link).content.decode()


WEAK = [
    "password1234", "123456789012", "qwertyuiop123", "iloveyou1234", "letmein12345", "P@ssw0rd1234", "Passw0rd2026!",
    "administrator", "welcome12345", "abcdefghijkl", "aaaaaaaaaaaa", "111111111111", "1q2w3e4r5t6y", "qazwsxedcrfv",
    "monkey123456", "dragon123456", "football2026", "sunshine2026", "princess1234", "trustno1trustno1",
    "zaq12wsxcde3", "passwordpassword", "observation1", "observationtracker", "ObservationTracker1", "tracker2026!!",
    "Tracker-Tracker", "election2024", "pollingstation", "azerbaijan2024", "anna@example.org",
]  # fmt: skip
STRONG = [
    "teapot under the bridge",
    "x8fK2!qPz0wLm",
    "Bakı küçəsində yağış var",
    "lamp-orbit-velvet-7",
    "q" + "Zx7-" * 2 + "mh3",
]


@pytest.mark.parametrize("text", WEAK)
def test_a10_weak_passwords_are_refused(text: str) -> None:
    """Red when: StrengthValidator is taken out of the settings (29 of them pass Django's own list)."""
    with pytest.raises(ValidationError):
        validate_password(text, person())


@pytest.mark.parametrize("text", STRONG)
def test_a10_good_passwords_are_taken(text: str) -> None:
    """Red when: WEAK is raised to 14."""
    validate_password(text, person())


def test_a10_long_and_pasted_passwords_are_taken_unchanged() -> None:
    """Red when: a field strips what was pasted, or cuts it at 128 characters."""
    anna = person()
    secret = enrol(anna)
    for number, text in enumerate(("ab12 - " * 28 + "end!", "  teapot under the bridge \t")):
        client = Client()
        client.post(RESET, {"email": anna.email})
        assert client.post(follow_link(client), new_password(text)).status_code == 302, number
        anna.refresh_from_db()
        assert anna.check_password(text)
        assert sign_in(Client(), anna, secret, password=text).status_code == 302
    assert not anna.check_password("teapot under the bridge")


def test_a10_a_megabyte_of_password_is_not_hashed(client: Client) -> None:
    """Red when: the backend hands the whole text to the hasher."""
    from tracker.accounts import backends

    person()
    seen: list[int] = []
    whole = backends.make_password
    backends.make_password = lambda text: seen.append(len(text)) or whole(text)  # type: ignore[assignment]
    try:
        client.post(LOGIN, {"login": "anna", "password": "x" * 1_000_000})
    finally:
        backends.make_password = whole
    assert seen == [1024]


# --- invitations -------------------------------------------------------------------------------------------------------


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
    assert (berta.roles, berta.affiliation.organization) == ([Role.COORDINATOR], organization)
    assert "already" in client.post("/staff/core/user/invite/", form).content.decode()

    guest = Client()
    link = link_in_mail().removeprefix("http://testserver")
    assert "Berta Braun" in outbox.outbox[-1].body
    assert "berta@example.org" in guest.get(link).content.decode()
    assert guest.post(link, new_password("berta@example.org")).status_code == 200
    assert guest.post(link, new_password("four unrelated lamps"))["Location"] == "/staff/account/"
    assert "One step is left" in guest.get("/staff/account/").content.decode()
    assert guest.get(link).status_code == 404
    page = guest.get("/staff/account/app/").content.decode()
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)[1].replace(" ", "")  # type: ignore[index]
    guest.post("/staff/account/app/", {"code": code_now(secret)})
    assert guest.get("/staff/").status_code == 200
    shown = guest.post("/staff/account/recovery-codes/", {"do": "show"}).content.decode()
    assert "never again" in shown
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
