"""I9: the tracker fetches no address that anybody gives it, so nobody can make it ask a neighbour of its own network.

What is typed where an address belongs is kept as a link, and nothing else is done with it; and what is no web address
is kept by no door.
"""

import ast
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, models, transaction
from django.test import Client

import tracker
from tests import factories as make
from tests.jobs import run_waiting_jobs
from tests.trust.world import make_world
from tracker.accounts.tokens import issue_token
from tracker.core.models import Source
from tracker.ingest.models import Upload
from tracker.missions.models import Organization, Outlet, Statement

pytestmark = pytest.mark.django_db(transaction=True)

NOT_OF_THE_WEB = (
    "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,<script>alert(1)</script>", "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL", "ftp://127.0.0.1/", "dict://127.0.0.1:6379/",
    "vbscript:x", "javascript:alert(1)//\nhttps://example.org", "x https://example.org",
)  # fmt: skip
URL_FIELDS = [
    (model, field.name)
    for model in apps.get_models()
    if model.__module__.startswith("tracker.")
    for field in model._meta.local_fields
    if isinstance(field, models.URLField)
]
# What opens a connection by itself. Django, psycopg and Celery open those to database, broker and mail server.
CONNECTING = {
    "socket", "ssl", "http.client", "urllib.request", "urllib3", "requests", "httpx", "aiohttp", "ftplib", "smtplib",
    "poplib", "imaplib", "telnetlib", "xmlrpc", "asyncio", "socketserver", "paramiko", "dns", "pycurl", "webbrowser",
}  # fmt: skip
# They start and watch a server of their own on this machine, by a socket in a private folder; dev is `make`.
OF_THE_MACHINE = {"postgres/server.py", "valkey.py", "dev/running.py"}


def test_i9_no_module_opens_a_connection() -> None:
    """Red when: a module says `from urllib.parse import urlencode
    from urllib.request import urlopen`."""
    root = Path(tracker.__file__).parent
    found = set()
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [f"{node.module}.{alias.name}" for alias in node.names] + [str(node.module)]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                if any(name == one or name.startswith(f"{one}.") for one in CONNECTING):
                    found.add(file.relative_to(root).as_posix())
    assert found == OF_THE_MACHINE


# --- a neighbour that must hear nothing

_listeners: list[list[str]] = []


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo") and _listeners:
        _listeners[-1].append(f"{event} {arguments[1:] if event == 'socket.connect' else arguments[:2]}")


sys.addaudithook(_heard)


@pytest.fixture
def neighbour() -> Iterator[SimpleNamespace]:
    """A server on loopback that counts who asks it, and what this process tries to reach meanwhile."""
    hits: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hits.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    tried: list[str] = []
    _listeners.append(tried)
    port = server.server_port
    hosts = (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}", f"2130706433:{port}", f"0x7f000001:{port}",
             f"0177.0.0.1:{port}", f"127.1:{port}")  # fmt: skip
    yield SimpleNamespace(hits=hits, tried=tried, url=f"http://127.0.0.1:{port}/", hosts=hosts)
    _listeners.remove(tried)
    server.shutdown()
    server.server_close()


def test_i9_the_neighbour_hears_whoever_fetches(neighbour: SimpleNamespace) -> None:
    """Or the next test would be green for the wrong reason."""
    urlopen(neighbour.url).close()  # noqa: S310
    assert neighbour.hits == ["/"]
    assert any(one.startswith("socket.connect") for one in neighbour.tried)


def test_i9_no_address_is_fetched(neighbour: SimpleNamespace, client: Client) -> None:
    """Every field that takes an address, at every door, and what is done with it afterwards. Red when: Source.save, or
    oembed, opens what it is given."""
    world = make_world()
    make.make_source(), make.make_outlet()
    client.force_login(world.accounts["superuser"])
    _token, secret = issue_token(account=world.accounts["superuser"], name="x", scopes=["stations"], days=7)
    kept = 0
    for number, host in enumerate(neighbour.hosts):
        url = f"http://{host}/{number}"
        for model, name in URL_FIELDS:
            row = model._base_manager.order_by("pk").first()
            assert row is not None
            model._base_manager.filter(pk=row.pk).update(**{name: url})
            kept += 1
            client.get(f"/staff/{model._meta.app_label}/{model._meta.model_name}/{row.pk}/change/")
        client.post("/staff/core/source/add/", {"url": url, "title": "A page", "_reason": "A test"})
        rows = f"No.,Country,City,Source\n{number + 500},Germany,Berlin,{url}\n".encode()
        client.post("/staff/files/new/", {"election": world.election.pk, "kind": "stations", "source": url,
                                          "file": SimpleUploadedFile(url, rows)})  # fmt: skip
        sent = client.post(
            f"/staff/api/stations/?election={world.election.slug}&source={url}&apply=yes", rows,
            content_type="text/csv", HTTP_AUTHORIZATION=f"Bearer {secret}", HTTP_IDEMPOTENCY_KEY=str(uuid4()),
        )  # fmt: skip
        # Some of these spellings are no web address to us, some are: none is asked.
        assert sent.status_code in (202, 422)
        for asked in (url, f"{url}?url={url}", f"http://testserver@{host}/", f"http://{host}#@testserver/"):
            assert client.get("/oembed/", {"url": asked}).status_code == 404
            client.get("/en/", {"next": asked}, HTTP_REFERER=asked, HTTP_ORIGIN=asked)
    run_waiting_jobs()
    assert kept == len(URL_FIELDS) * len(neighbour.hosts)
    assert Source.objects.filter(url__startswith="http://127.0.0.1:").exists()
    for path in (f"/en/e/{world.election.slug}/missions/", f"/en/e/{world.election.slug}/figures/", "/en/"):
        assert client.get(path).status_code == 200
    assert neighbour.hits == []
    assert neighbour.tried == []


# --- what is no web address


def test_i9_the_database_keeps_only_web_addresses() -> None:
    """Red when: a URLField has no http_constraint (outlet_website_http taken out of the migration)."""
    make.make_statement(), make.make_source(), make.make_outlet()
    assert {model for model, _name in URL_FIELDS} == {Organization, Outlet, Source, Statement}
    for model, name in URL_FIELDS:
        rows = model._base_manager.all()
        assert rows.exists()
        for url in NOT_OF_THE_WEB:
            with pytest.raises(IntegrityError, match="http"), transaction.atomic():
                rows.update(**{name: url})


@pytest.mark.parametrize("url", NOT_OF_THE_WEB)
def test_i9_forms_and_files_take_only_web_addresses(client: Client, url: str) -> None:
    """Red when: http_only allows every scheme."""
    election = make.make_election()
    account = make.make_administrator()
    client.force_login(account)
    for model, name in URL_FIELDS:
        page = client.post(f"/staff/{model._meta.app_label}/{model._meta.model_name}/add/", {name: url})
        assert name in page.context["adminform"].form.errors, model
    rows = f'No.,Country,City,Source\n1,Germany,Berlin,"{url}"\n'.encode()

    def brought(source: str) -> Any:
        data = {"election": election.pk, "kind": "stations", "source": source}
        return client.post("/staff/files/new/", data | {"file": SimpleUploadedFile("list.csv", rows)})

    assert "source" in brought(url).context["form"].errors
    _token, secret = issue_token(account=account, name="x", scopes=["stations"], days=7)
    sent = client.post(
        f"/staff/api/stations/?{urlencode({'election': election.slug, 'source': url})}", rows,
        content_type="text/csv", HTTP_AUTHORIZATION=f"Bearer {secret}", HTTP_IDEMPOTENCY_KEY=str(uuid4()),
    )  # fmt: skip
    assert (sent.status_code, list(sent.json()["errors"])) == (422, ["source"])
    assert not Upload.objects.exists()
    # In a row: the row is bad, and the column named.
    brought("https://authority.example/list")
    upload = Upload.objects.get()
    client.post(f"/staff/files/{upload.pk}/", {"do": "check"})
    run_waiting_jobs()
    (record,) = upload.records.all()
    assert (record.action, {problem[1] for problem in record.problems}) == ("bad", {url})
