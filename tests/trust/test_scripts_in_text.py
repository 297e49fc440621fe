"""I2: a text stays a text. Whatever somebody writes into a field is shown as it is, on every page, and nothing runs.

Hostile texts come in by each door: the forms of the register, a CSV, a spreadsheet, a program. Then they are put
straight into every other free text of every table. Chromium opens every address that shows them. A script that runs
opens a dialog or sets a variable; one that only the policy stopped is a report of the policy; and what became an
element or an attribute without any script is found in the page as it stands.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from icalendar import Calendar
from playwright.sync_api import Page

from tests import factories as make
from tests.ingest.files import write_xlsx
from tests.jobs import run_waiting_jobs
from tests.signing import enter
from tests.trust.doors import addresses
from tests.trust.hostile import (
    ADDRESSES,
    EVERYTHING,
    MARK,
    PAYLOADS,
    WORKED_OUT,
    Sent,
    plant,
    text_of,
    texts_of,
)
from tests.trust.world import make_world
from tracker.accounts.tokens import issue_token
from tracker.core.models import User
from tracker.coverage.editions import refresh
from tracker.fieldwork.models import IncidentChange, Visit
from tracker.ingest.models import Answer, Profile, Upload
from tracker.stations.models import PollingStation

# One row each in the lists that come as files: cells are of one line and without spaces around them.
CELLS = [text for text in (*PAYLOADS, EVERYTHING) if len(text) <= 80 and text.isprintable()]

# What a form refuses such a text in: a figure's place belongs to another unit, the rest are marks and dates.
NO_FREE_TEXT = {"AnnouncedFigure.place", "User.username", "Source.published_on"}

# Begins before any script of the page does.
LISTEN = """
window.broken = [];
document.addEventListener("securitypolicyviolation", (event) => {
    window.broken.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""
LOOK = """(worked) => {
    const found = [...window.broken];
    if ("xq7" in window) found.push("a script ran");
    for (const node of document.querySelectorAll("*")) {
        if (node.localName.includes("xq7")) found.push(node.outerHTML.slice(0, 90));
        for (const {name, value} of node.attributes) {
            if (name.startsWith("on") || name.includes("xq7")) found.push(`${name} in ${node.outerHTML.slice(0, 90)}`);
            if (["href", "src", "action", "formaction", "data", "xlink:href"].includes(name)) {
                const {protocol} = new URL(value, document.baseURI);
                if (!/^(https?|mailto|tel|otpauth):$/.test(protocol)) found.push(`${name}=${value}`);
            }
        }
        if (node.localName === "script" && node.type.includes("json")) {
            try { JSON.parse(node.textContent); } catch (error) { found.push(`${error}`); }
        } else if (node.localName === "script" && !node.src) found.push("a script within the page");
        if (node.localName === "style") found.push("a style within the page");
    }
    const shown = document.documentElement.textContent;
    for (const word of worked) if (shown.includes(word)) found.push(`${word} was worked out`);
    return found;
}"""


def through_the_forms(client: Client, listed: list[Any]) -> set[str]:
    """Every form of the register, sent with the texts in every field that takes text; the fields that took them."""
    taken = set()
    for turn, model in enumerate(sorted(admin.site._registry, key=lambda one: one.__name__)):
        start = f"/staff/{model._meta.app_label}/{model._meta.model_name}/"
        path = next(
            one.path() for one in listed if one.path().startswith(start) and one.path().endswith("/change/")
        )
        page = client.get(path)
        if "adminform" not in (page.context or ()):
            continue  # its rows are changed on other pages
        row = page.context["original"]
        values = Sent(page.content.decode()).values
        typed = {
            field.name: text_of(field.max_length, 7 * turn + step)
            for step, field in enumerate(texts_of(model))
            if field.name in values and not isinstance(field, models.URLField | models.EmailField)
        }
        for field in texts_of(model):
            if field.name in values and isinstance(field, models.URLField):
                for text in ADDRESSES[:2]:
                    refused = client.post(path, values | {field.name: text})
                    assert field.name in refused.context["adminform"].form.errors, (path, text)
        typed = {name: text for name, text in typed.items() if f"{model.__name__}.{name}" not in NO_FREE_TEXT}
        if not typed:
            continue
        answer = client.post(path, values | typed | {"_reason": text_of(200, turn)})
        assert answer.status_code == 302, (
            path,
            answer.context["adminform"].form.errors,
            answer.context["errors"],
        )
        row.refresh_from_db()
        for name, text in typed.items():
            assert " ".join(getattr(row, name).split()) == " ".join(text.split()), (path, name)
        taken |= {f"{model._meta.label}.{name}" for name in typed}
    return taken


def through_files(client: Client, folder: Path, elections: tuple[Any, Any]) -> None:
    """A list of stations as CSV and one as a spreadsheet, a text in each row; they are in the register as they were."""
    rows = [[str(800 + place), "DE", text, f"{text} x"] for place, text in enumerate(CELLS)]
    names = ["number", "country_iso2", "city", "address"]
    csv = folder / "list.csv"
    csv.write_text(
        "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [names, *rows])
    )
    book = write_xlsx(folder / "list.xlsx", [names, *rows])
    for file, election in zip((csv, book), elections, strict=True):
        brought = client.post("/staff/files/new/", {
            "election": election.pk, "kind": "stations", "source": "https://authority.example/",
            "file": SimpleUploadedFile(f"<img xq7 src=x onerror=xq7=1>{file.name}", file.read_bytes()),
        })  # fmt: skip
        assert brought.status_code == 302, brought.context["form"].errors
        upload = Upload.objects.latest("pk")
        for step in ("check", "apply"):
            client.post(f"/staff/files/{upload.pk}/", {"do": step, "sure": "yes"})
            run_waiting_jobs()
        found = PollingStation.objects.filter(election=election, number__startswith="8", country="DE")
        wrong = [record.problems for record in upload.records.filter(action="bad")]
        assert dict(found.values_list("number", "city")) == {row[0]: row[2] for row in rows}, wrong
        assert dict(found.values_list("number", "address")) == {row[0]: row[3] for row in rows}
        found.update(publication="published")


def through_the_api(world: SimpleNamespace) -> None:
    """A visit that a program sends with all of the texts."""
    coordinator = world.accounts["mission_coordinator"]
    _token, secret = issue_token(account=coordinator, name=text_of(80), scopes=["visits"], days=7)
    said = {
        "team": world.a.team.pk, "station": world.station.pk, "phase": "voting",
        "arrived_at": "2024-02-07T09:15:00+04:00", "findings": text_of(None),
    }  # fmt: skip
    sent = Client().post(
        "/staff/api/visits/", json.dumps(said), content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {secret}", HTTP_IDEMPOTENCY_KEY=str(uuid4()),
    )  # fmt: skip
    assert sent.status_code == 201, sent.content
    assert Visit.objects.get(pk=sent.json()["id"]).findings == text_of(None)


def paths(world: SimpleNamespace, listed: list[Any], other: Any) -> Iterator[str]:
    """Every address of the site; those of the public in each language; searches; the pages of what files brought."""
    for address in listed:
        path = address.path()
        if "logout" in path:
            continue
        if "language" in address.parts:
            yield from (address.path(language=language) for language in ("en", "az", "ru"))
        elif path.startswith("/en/"):
            yield from (f"/{language}/{path[4:]}" for language in ("en", "az", "ru"))
        else:
            yield path
    word = "?q=%22%3E%3Cscript%3Exq7%3D1%3C%2Fscript%3E"
    yield from (f"{path}{word}" for path in (
        "/en/e/the-election/stations/", "/staff/stations/pollingstation/", "/staff/history/", "/staff/missions/person/",
    ))  # fmt: skip
    yield f"/en/e/{other.slug}/stations/"
    for upload in Upload.objects.all():
        yield from (f"/staff/files/{upload.pk}/{part}" for part in ("", "reading/", "questions/", "records/"))


def more_rows(world: SimpleNamespace) -> None:
    """Of tables that have no row in the world."""
    account = world.accounts["superuser"]
    at = datetime(2024, 2, 7, tzinfo=UTC)
    make.make_accreditation_change(accreditation=world.a.accreditation)
    IncidentChange.objects.create(incident=world.a.incident, status="reported", at=at, by=account)
    Profile.objects.create(name="x", kind="stations", fingerprint="x", mapping={}, saved_by=account)
    Answer.objects.create(topic="country", text="x", value="x", given_by=account)


# What nobody writes: what the database alone writes or never lets change, and marks of the software.
NOT_WRITTEN = {
    "core.Change", "core.Head", "core.ChangedRow", "core.PersonalValue", "coverage.Edition", "core.Source.published_on",
    "elections.AnnouncedFigure.place", "elections.SimulatedDay.last_event", "missions.BulkDecisionRow.problem",
    "missions.PersonReading.request",
}  # fmt: skip


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_i2_nothing_that_was_written_runs(
    page: Page, live_server: Any, client: Client, tmp_path: Path
) -> None:
    """Red when: a text is `|safe` in a template (the address in public/station.html, the findings in staff/visit.html),
    an admin column says `mark_safe` (`SourceAdmin.name`), or JSON-LD is written without `UNSAFE` (public/linked.py)."""
    world = make_world()
    listed = addresses(world)
    more_rows(world)
    superuser = world.accounts["superuser"]
    client.force_login(superuser)
    other = make.make_election(slug="another")
    assert len(through_the_forms(client, listed)) > 50
    through_files(client, tmp_path, (world.election, other))
    through_the_api(world)
    _taken, refused = plant()
    assert {name for name in refused if not {name, name.rpartition(".")[0]} & NOT_WRITTEN} == set()
    for election in (world.election, other):
        refresh(election)

    heard: dict[str, str] = {}  # by address, the last fault of each
    page.on("dialog", lambda dialog: (heard.update({page.url: dialog.message}), dialog.dismiss()))
    page.add_init_script(LISTEN)
    superuser = User.objects.get(pk=superuser.pk)
    client.force_login(superuser)  # with other words in it the account was signed out
    enter(page, live_server, superuser)
    opened = {}
    for path in paths(world, listed, other):
        answer = client.get(path)
        assert answer.status_code < 500, path
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        page.goto(live_server.url + path, wait_until="load")
        if found := page.evaluate(LOOK, WORKED_OUT):
            heard[path] = found[-1]
        if not page.url.startswith(live_server.url):
            heard[path] = f"leads to {page.url}"
        opened[path] = page.evaluate("document.body.textContent")
    assert heard == {}
    assert len(opened) > 150, sorted(opened)
    shown_as_written(world, opened)
    for path in (
        "/sitemap.xml", "/sitemap-stations.xml", "/en/e/the-election/data/feed/",
        "/en/e/the-election/corrections/feed/",
    ):  # fmt: skip
        ElementTree.fromstring(client.get(path).content)  # noqa: S314
    Calendar.from_ical(client.get("/en/e/the-election/data/calendar.ics").content)
    # What is no page is not taken for one.
    for path in (
        "/api/v1/elections/the-election/stations/",
        f"/oembed/?url={live_server.url}/en/e/the-election/",
    ):
        answer = client.get(path)
        assert (answer["Content-Type"].split(";")[0], answer["X-Content-Type-Options"]) == (
            "application/json",
            "nosniff",
        )
        assert answer.json()


def shown_as_written(world: SimpleNamespace, opened: dict[str, str]) -> None:
    """On pages of each kind the texts can be read, sign by sign."""
    for row in (world.election, world.station, world.a.mission, world.a.person, world.a.organization):
        row.refresh_from_db()
    public, person = "/en/e/the-election/", world.a.person.pk
    for path, text in (
        (public, world.election.name),
        (f"/az{public[3:]}", world.election.name_az),
        (f"{public}stations/{world.station.pk}/", world.station.address),
        (f"{public}missions/{world.a.organization.slug}/", world.a.mission.head_of_mission),
        (f"{public}missions/", world.a.organization.name),
        (f"/staff/missions/person/{person}/change/", world.a.person.notes),
        ("/staff/missions/person/", world.a.person.full_name),
        (f"/staff/stations/pollingstation/{world.station.pk}/history/", world.station.address),
        ("/staff/missions/organization/", world.a.organization.name),
    ):
        assert MARK in text
        assert " ".join(text.split()) in " ".join(opened[path].split()), path
