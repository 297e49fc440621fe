"""The web server's own login: it starts with no more power than it needs, and serves the site with that.

S5 of the tests of trust, and that the pool of connections carries nothing over.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest
from django.db import ProgrammingError, connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client

from tests.trust.asking import ask
from tracker.core import login
from tracker.core.identity import SETTINGS
from tracker.core.middleware import IdentityMiddleware
from tracker.database_roles import PUBLIC, STAFF, WEB, WORKER
from tracker.fieldwork.models import Visit
from tracker.missions.models import Mission, Person

pytestmark = pytest.mark.django_db


def other_login(name: str) -> psycopg.Connection:
    """A connection to this database as another login; skips the test where the server asks it for a password."""
    settings = connection.get_connection_params()
    try:
        return psycopg.connect(
            **{key: settings[key] for key in ("dbname", "host", "port", "password") if settings.get(key)},
            user=name, autocommit=True,
        )  # fmt: skip
    except psycopg.OperationalError:
        pytest.skip(f"this server lets nobody in as {name}")


def wrong(name: str) -> str:
    with other_login(name) as line, line.cursor() as cursor:
        return "; ".join(login.faults(cursor))


def test_s5_a_login_with_too_much_power_is_refused_and_the_reason_named():
    """Red when: faults() forgets one of its questions."""
    assert wrong(WEB) == ""
    assert wrong(WORKER) == f"{WORKER} cannot become {STAFF} and {PUBLIC}"
    assert "tracker owns the tables, or may become their owner" in wrong("tracker")
    with other_login("postgres") as boss:
        assert (
            wrong("postgres")
            == "postgres is a superuser; postgres has BYPASSRLS, so that row security does not hold it"
        )
        try:
            for options, words in (
                ("BYPASSRLS NOINHERIT", "s5 has BYPASSRLS, so that row security does not hold it"),
                ("CREATEROLE NOINHERIT", "s5 has CREATEROLE and could make itself anything"),
                ("INHERIT", "s5 inherits: what its roles may is not to be its own unasked"),
            ):
                boss.execute(f"CREATE ROLE s5 LOGIN {options}; GRANT {STAFF}, {PUBLIC} TO s5")
                assert wrong("s5") == words
                boss.execute("DROP ROLE s5")
            boss.execute(f"CREATE ROLE s5 LOGIN NOINHERIT; GRANT {STAFF}, {PUBLIC}, {WORKER} TO s5")
            assert wrong("s5") == f"s5 may become more than these two: {WORKER}"
            boss.execute(f"REVOKE {WORKER} FROM s5; CREATE ROLE s5_between; GRANT s5_between TO s5")
            boss.execute("GRANT pg_read_all_data TO s5_between")
            assert wrong("s5") == "s5 may become more than these two: pg_read_all_data, s5_between"
        finally:
            boss.execute("DROP ROLE IF EXISTS s5, s5_between")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("name", "words"), [("tracker", "owns the tables"), (WEB, "")])
def test_s5_the_web_server_starts_only_with_its_own_login(name, words):
    """Red when: wsgi.py does not ask, or asks without looking at the answer."""
    other_login(name).close()
    settings = connection.get_connection_params()
    url = f"postgresql://{name}@/{settings['dbname']}?host={quote(settings['host'])}&port={settings['port']}"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    environment |= {
        "DATABASE_URL": url,
        "SECRET_KEY": "".join(map(chr, range(40, 100))),
        "ALLOWED_HOSTS": "tracker.example",
        "PUBLIC_URL": "https://tracker.example",
        "MAIL_HOST": "mail.example",
        "STATIC_ROOT": "static",
        "TLS": "1",
    }
    command = [sys.executable, "-c", "import tracker.wsgi"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == bool(words)
    assert words in done.stderr
    assert ("database_roles" in done.stderr) == bool(words)


@pytest.fixture
def web_login(transactional_db: None) -> Iterator[None]:
    """The connection of this test is the web server's own, as in production; not one that owns everything."""
    other_login(WEB).close()
    connection.close()
    owner, connection.settings_dict["USER"] = connection.settings_dict["USER"], WEB
    yield
    connection.close()
    connection.settings_dict["USER"] = owner


def carried_over() -> list[str]:
    settings = ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in SETTINGS)
    return ask(f"SELECT current_user, current_setting('role'), {settings}")


CLEAN = [(WEB, "none", "", "", "", "")]


@pytest.mark.django_db(transaction=True)
def test_the_web_login_serves_the_site_and_the_pool_carries_nothing_over(two, web_login, client: Client):
    """Signing in, a list, a form that is saved, a refusal, pages, an error in the middle; then the bare connection.

    Red when: an identity is set for the session and not for the transaction, or the web login lacks a right.
    """
    number = connection.connection and connection.connection.info.backend_pid
    client.raise_request_exception = False
    address = f"/en/e/{two['election'].slug}/"
    for path in ("/", address, f"{address}coverage/", f"{address}timeline/", "/sitemap.xml", "/readyz"):
        assert client.get(path).status_code == 200, path
        assert carried_over() == CLEAN
    for path in ("/en/e/nowhere/", "/nowhere"):
        assert client.get(path).status_code == 404
        assert carried_over() == CLEAN
    signed = client.post(
        "/staff/login/", {"login": two["clara"].username, "password": "correct horse battery"}
    )
    assert signed.status_code == 302
    assert carried_over() == CLEAN
    client.force_login(two["clara"])  # the second factor is another test's affair
    for path in ("/staff/", "/staff/jobs/", "/staff/password_change/"):
        assert client.get(path).status_code == 200, path
        assert carried_over() == CLEAN
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr("tracker.public.pages.load_election", lambda slug: 1 / 0)
        assert client.get(address).status_code == 500
        assert carried_over() == CLEAN
        broken.setattr("tracker.public.pages.load_election", lambda slug: list(Person.objects.all()))
        assert client.get(address).status_code == 500
        assert carried_over() == CLEAN
    assert client.post("/staff/logout/").status_code in (200, 302)
    assert carried_over() == CLEAN
    assert connection.connection.info.backend_pid == (number or connection.connection.info.backend_pid)
    # Outside a view the web server's own login sees nothing of the register.
    for model in (Person, Visit, Mission):
        with pytest.raises(ProgrammingError, match="permission denied"):
            model.objects.count()


@pytest.mark.django_db(transaction=True)
def test_what_is_evaluated_after_the_view_is_refused_and_not_leaked(two, web_login, rf):
    """A streaming answer reads on when its transaction is over: as the web login, which sees nothing.

    Red when: the web login inherits what its roles may.
    """
    request = rf.get("/en/")
    late = StreamingHttpResponse(mission.pk for mission in Mission.objects.only("pk").iterator())
    answer = IdentityMiddleware(lambda request: HttpResponse()).process_view(
        request, lambda request: late, (), {}
    )
    with pytest.raises(ProgrammingError, match="permission denied"):
        b"".join(answer.streaming_content)
