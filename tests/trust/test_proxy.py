"""A4 of the tests of trust over real sockets: gunicorn, a proxy in front of it that appends to X-Forwarded-For as any
does, and clients at addresses of their own."""

import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from django.db import connection

from tests.signing import LOGIN
from tracker.accounts.models import SignInAttempt

ROOT = Path(__file__).resolve().parent.parent.parent
# Every address of 127.0.0.0/8 is this machine's own: each client takes another one.
FORGER, NEIGHBOUR = "127.0.0.41", "127.0.0.42"
FORGED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


class Proxy(ThreadingHTTPServer):
    """Hands every request on and writes the peer behind whatever X-Forwarded-For says already; else it is honest."""

    daemon_threads = True

    def __init__(self, behind: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind = behind


class Handler(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "x-forwarded-for"}
        said = [*self.headers.get_all("X-Forwarded-For", []), self.client_address[0]]
        onward = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=30)
        onward.request(self.command, self.path, body, headers | {"X-Forwarded-For": ", ".join(said)})
        answer = onward.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("server", "date", "connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        onward.close()

    do_POST = do_GET

    def log_message(self, *words: object) -> None:
        return None


@pytest.fixture
def proxy() -> Iterator[int]:
    """The port of a proxy with gunicorn behind it, on the tests' own database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    command = ["-m", "gunicorn", "tracker.wsgi:application", "--bind", f"127.0.0.1:{port}", "--threads", "4"]
    server = subprocess.Popen(
        [
            sys.executable,
            *command,
            "--worker-class",
            "gthread",
            "--log-level",
            "warning",
            "--no-control-socket",
        ],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url.geturl(), "TRACKER_MODE": "test", "TRUSTED_PROXIES": "1"},
    )
    front = Proxy(port)
    thread = threading.Thread(target=front.serve_forever, daemon=True)
    thread.start()
    try:
        _wait(port, server)
        yield front.server_address[1]
    finally:
        front.shutdown()
        front.server_close()
        server.terminate()
        server.wait(20)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("gunicorn did not come up")


class Caller:
    """A client at one address, with one form to sign in that it sends again and again."""

    def __init__(self, port: int, address: str) -> None:
        self.port, self.address = port, address
        answer, page = self.ask("GET", {})
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert found
        self.token, self.cookie = found[1], (answer.getheader("Set-Cookie") or "").split(";")[0]

    def ask(
        self, method: str, headers: dict[str, str], body: str = ""
    ) -> tuple[http.client.HTTPResponse, str]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, 30, source_address=(self.address, 0))
        line.request(method, LOGIN, body, headers)
        answer = line.getresponse()
        text = answer.read().decode()
        line.close()
        return answer, text

    def guess(self, name: str, headers: dict[str, str]) -> int:
        form = urlencode({"login": name, "password": "x", "csrfmiddlewaretoken": self.token})
        own = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", own | headers, form)[0].status


@pytest.mark.django_db(transaction=True)
def test_a4_no_header_makes_another_source_behind_a_real_proxy(proxy: int) -> None:
    """500 forged values, in each header in turn and in all at once, are one source; a neighbour is another.

    Red when: TRUSTED_PROXIES counts one proxy too many, or `client_address` takes the first entry of the header.
    """
    caller = Caller(proxy, FORGER)
    codes = []
    for number in range(500):
        forged = f"203.0.{number // 250}.{number % 250}"
        value = {"Forwarded": f"for={forged}"}
        names = FORGED if number % 4 == 3 else (FORGED[number % 4],)
        codes.append(caller.guess(f"nobody{number}", {name: value.get(name, forged) for name in names}))
    assert codes == [200] * 20 + [429] * 480
    assert set(SignInAttempt.objects.values_list("address", flat=True)) == {FORGER}
    assert Caller(proxy, NEIGHBOUR).guess("somebody", {"X-Forwarded-For": FORGER}) == 200
    assert set(SignInAttempt.objects.values_list("address", flat=True)) == {FORGER, NEIGHBOUR}
