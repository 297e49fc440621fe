"""Case D2 over every form of the staff pages: one form is one row, however often and however slowly it is sent.

Two lists hold every address that takes a POST: those that make rows, which are sent twice at once, and those that make
none, with the reason. An address in neither fails a test.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests import factories as make
from tests.forms import complaints
from tests.staff.test_admin_sweep import ELSEWHERE, INVITED, MAKERS, READ_ONLY
from tests.staff.test_visits import correction, said
from tests.trust.test_concurrency import address, opened, together
from tracker.accounts.models import ApiToken
from tracker.core.models import Job, Submission, User
from tracker.fieldwork.models import Deployment, Incident, Team, Visit
from tracker.ingest.models import Profile, Upload, UploadedFile
from tracker.missions.models import (
    Accreditation,
    Affiliation,
    BulkDecision,
    Observer,
    Outlet,
    Person,
)

TWICE = 2


@dataclass
class Form:
    """A valid form: where it is sent, what is typed, words by which it is found on its page, and what it makes."""

    path: str
    typed: dict[str, Any]
    makes: dict[type[models.Model], int]
    # The page it stands on, where that is another one; "" where it brings a key of its own, or needs none.
    page: str | None = None
    mark: str = ""
    files: dict[str, bytes] = field(default_factory=dict)


def media(world: SimpleNamespace) -> Form:
    path = f"/staff/accreditation/{world.election.slug}/apply/media/"
    typed = {"full_name": "A Journalist", "outlet_name": "The Paper", "outlet_country": make.country("KZ").pk,
             "outlet_kind": "other"}  # fmt: skip
    return Form(path, typed, {Person: 1, Outlet: 1, Accreditation: 1}, mark="outlet_name")


def media_of_known_outlet(world: SimpleNamespace) -> Form:
    outlet = make.make_outlet()
    form = media(world)
    return Form(
        form.path,
        {"full_name": "A Journalist", "outlet": outlet.pk},
        {Person: 1, Accreditation: 1},
        mark="outlet_name",
    )


def new_observer(world: SimpleNamespace) -> Form:
    path = f"/staff/accreditation/{world.election.slug}/apply/observer/"
    typed = {"mission": world.mission.pk, "do": "new", "code": "X-1", "role": "sto", "full_name": "An Observer",
             "apply_now": "on"}  # fmt: skip
    makes = {Person: 1, Observer: 1, Accreditation: 1}
    return Form(path, typed, makes, page=f"{path}?mission={world.mission.pk}", mark='value="new"')


def known_observers(world: SimpleNamespace) -> Form:
    observer = make.make_observer(mission=world.mission)
    path = f"/staff/accreditation/{world.election.slug}/apply/observer/"
    typed = {"mission": world.mission.pk, "do": "existing", "observer": observer.pk}
    return Form(
        path, typed, {Accreditation: 1}, page=f"{path}?mission={world.mission.pk}", mark='value="existing"'
    )


def decide_many(world: SimpleNamespace) -> Form:
    row = make.make_accreditation(observer=make.make_observer(mission=world.mission))
    path = f"/staff/accreditation/{world.election.slug}/prepare/"
    typed = {"row": row.pk, "to": "refused", "reason": "Too late", "query": ""}
    page = f"/staff/accreditation/{world.election.slug}/"
    return Form(path, typed, {BulkDecision: 1}, page=page, mark='id="decide"')


def plan(world: SimpleNamespace) -> Form:
    path = f"/staff/board/{world.election.slug}/plan/"
    typed = {"team": world.team.pk, "station": world.station.pk, "date": "2024-02-07", "opens": "08:00",
             "closes": "10:00"}  # fmt: skip
    return Form(path, typed, {Deployment: 1}, page=f"{path}?station={world.station.pk}", mark="field-form")


def visit(world: SimpleNamespace) -> Form:
    typed = said(
        world.team, world.station, wrong="on", category="other", severity="minor", description="A queue"
    )
    return Form("/staff/visits/new/", typed, {Visit: 1, Incident: 1}, page="")


def visit_with_incident(world: SimpleNamespace) -> Form:
    found = make.make_visit(team=world.team, station=world.station)
    typed = correction(found, wrong="on", category="other", severity="minor", description="A queue")
    return Form(f"/staff/visits/{found.pk}/correct/", typed, {Visit: 0, Incident: 1}, mark="visit-form")


def bring(world: SimpleNamespace) -> Form:
    typed = {"election": world.election.pk, "kind": "stations", "source": ""}
    content = b"number,city,country\n1,Rome,Italy\n"
    return Form(
        "/staff/files/new/", typed, {Upload: 1, UploadedFile: 1}, mark="multipart", files={"file": content}
    )


def check_file(world: SimpleNamespace) -> Form:
    upload = make.make_upload(election=world.election)
    return Form(f"/staff/files/{upload.pk}/", {"do": "check"}, {Job: 1}, page="")


def remember_reading(world: SimpleNamespace) -> Form:
    upload = make.make_upload(election=world.election)
    return Form(f"/staff/files/{upload.pk}/", {"do": "profile", "name": "Theirs"}, {Profile: 1}, page="")


def recount(world: SimpleNamespace) -> Form:
    return Form("/staff/jobs/", {}, {Job: 1}, mark="publish")


def invite(world: SimpleNamespace) -> Form:
    typed = {"email": "new@example.org", "first_name": "N", "last_name": "N", "roles": "mission_coordinator",
             "organization": world.mission.organization_id}  # fmt: skip
    return Form(reverse("admin:core_user_invite"), typed, {User: 1, Affiliation: 1}, mark='name="email"')


def token(world: SimpleNamespace) -> Form:
    typed = {"make": "yes", "name": "Tablets", "scopes": "visits", "days": "30"}
    return Form("/staff/account/tokens/", typed, {ApiToken: 1}, mark='name="make"')


# Every screen that makes rows: its name, and valid forms of it.
MAKES: dict[str, tuple[Callable[[SimpleNamespace], Form], ...]] = {
    "admin:accreditation_media": (media, media_of_known_outlet),
    "admin:accreditation_observer": (new_observer, known_observers),
    "admin:accreditation_prepare": (decide_many,),
    "admin:board_plan": (plan,),
    "admin:visit_new": (visit,),
    "admin:visit_correct": (visit_with_incident,),
    "admin:upload_new": (bring,),
    "admin:upload": (check_file, remember_reading),
    "admin:jobs": (recount,),
    "admin:core_user_invite": (invite,),
    "account_tokens": (token,),
}

ONE_STATE = "a step out of one state: only one of two finds it"
SETS = "writes what is to be over what is there, in one row that is there already"
ENDS = "takes away, or ends; the second time there is nothing"
SESSION = "of the session or the second factor: what it needs is used up by the first"
# The others that take a POST, and why a second one makes no second row.
MAKES_NONE = {
    "admin:upload_submit": ONE_STATE,
    "admin:accreditation_decision": ONE_STATE, "admin:accreditation_application": ONE_STATE,
    "admin:board_step": ONE_STATE, "admin:visit_step": ONE_STATE, "admin:incident": ONE_STATE,
    "admin:publishing_election": "publishes what was seen; the second finds it published",
    "admin:person_erase": ENDS, "admin:uploads_remembered": ENDS, "admin:upload_mapping": SETS,
    "admin:upload_questions": "one answer for each word, by a constraint", "admin:upload_records": SETS,
    "admin:job": ONE_STATE, "admin:core_user_invite_again": "a mail: the link of before no longer works",
    "admin:core_user_send_link": "a mail", "admin:core_user_new_factor": ENDS,
    "admin:core_user_end_sessions": ENDS, "admin:auth_user_password_change": "refused to everybody",
    "account_login": SESSION, "account_logout": ENDS, "account_invitation": "sets a password; the link works once",
    "account_reset_password": "a mail", "account_reset_password_from_key": "sets a password; the link works once",
    "account_change_password": SETS, "account_session": SETS, "account_sign_out_everywhere": ENDS,
    "account_reauthenticate": SESSION, "mfa_authenticate": SESSION, "mfa_reauthenticate": SESSION,
    "mfa_reauthenticate_webauthn": SESSION, "mfa_activate_totp": SESSION, "mfa_deactivate_totp": ENDS,
    "mfa_view_recovery_codes": SETS, "mfa_add_webauthn": SESSION, "mfa_edit_webauthn": SETS,
    "mfa_remove_webauthn": ENDS, "account_invitation_passkey": SESSION, "admin:core_user_end_token": ENDS,
    "account_invitation_password": "one more look is counted",
    # Programs send an Idempotency-Key: tests/staff/test_api.py.
    "api_visits": "a key of its own", "api_stations": "a key of its own",
}  # fmt: skip
# Pages that take a POST for a GET, or lead to one of those above.
READS = {
    "admin:index", "admin:login", "admin:logout", "admin:password_change", "admin:password_change_done",
    "admin:autocomplete", "admin:jsi18n", "admin:elections_election_propose_zone",
    "admin:stations_pollingstation_propose_zone", "admin:stations_pollingstation_utc",
    "admin:stations_pollingstation_voting_days", "admin:fieldwork_deployment_utc",
    "account_reset_password_done", "account_reset_password_complete", "api_teams", "api_station_list",
    "api_programs_docs", "api_programs_openapi",
}  # fmt: skip
# Screens that every model of the register has: those that add are sent twice below, of those that change the second
# finds what the first wrote, and the rest take a record to a state or away.
OF_MODELS = ("_add", "_change", "_delete", "_changelist", "_history", "_publication")


def screens() -> Iterator[tuple[str, str]]:
    """Name and address of everything below /staff/, numbers and words filled in."""

    def walk(patterns: list[Any], route: str, spaces: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        for entry in patterns:
            here = route + str(entry.pattern)
            if isinstance(entry, URLResolver):
                inside = (*spaces, entry.namespace) if entry.namespace else spaces
                yield from walk(entry.url_patterns, here, inside)
            elif isinstance(entry, URLPattern) and entry.name and here.startswith("staff/"):
                plain = re.sub(r"<(int:[^>]+|path:object_id|path:key)>", "1", here)
                plain = re.sub(r"<[^>]+>", "x", plain)
                yield ":".join((*spaces, entry.name)), f"/{plain}"

    yield from walk(get_resolver().url_patterns, "", ())


def of_a_model(name: str) -> bool:
    models_of = {f"admin:{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    return any(name == f"{model}{ending}" for model in models_of for ending in OF_MODELS)


@pytest.mark.django_db
def test_d2_every_form_of_the_staff_pages_is_known_here() -> None:
    """Red when: a view is added that takes a POST, and stands in no list."""
    known = MAKES.keys() | MAKES_NONE.keys() | READS
    found = {name: path for name, path in screens() if not of_a_model(name) and "^" not in path}
    assert not known - found.keys(), "these are gone"
    administrator = make.make_administrator()
    unknown = {}
    for name, path in found.items():
        if name in known:
            continue
        client = Client()
        client.force_login(administrator)
        answer = client.post(path)
        if answer.status_code != 405:
            unknown[name] = answer.status_code
    assert unknown == {}


@pytest.fixture
def world() -> SimpleNamespace:
    election = make.make_election()
    mission = make.make_mission(election=election)
    return SimpleNamespace(
        election=election, mission=mission, team=make.make_team(mission=mission),
        station=make.make_station(election=election),
    )  # fmt: skip


def key_of(client: Client, path: str, mark: str) -> str:
    """The key in the form with `mark` on the page at `path`."""
    for chunk in client.get(path).content.decode().split("<form")[1:]:
        inner = chunk.split("</form>")[0]
        if mark in inner and (found := re.search(r'name="_submission" value="([^"]+)"', inner)):
            return unescape(found[1])
    raise AssertionError(f"no form with {mark} and a key at {path}")


def send(client: Client, form: Form, key: str | None, _number: int = 0) -> Any:
    own = Client()
    own.cookies = client.cookies
    files = {name: SimpleUploadedFile("list.csv", content) for name, content in form.files.items()}
    return own.post(form.path, form.typed | files | ({"_submission": key} if key else {}))


def counts(form: Form) -> dict[type[models.Model], int]:
    return {model: model._default_manager.count() for model in form.makes}


FORMS = [(name, maker) for name, makers in MAKES.items() for maker in makers]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("name", "maker"), FORMS, ids=[maker.__name__ for _name, maker in FORMS])
def test_d2_a_form_sent_twice_at_once_makes_its_rows_once(
    world: SimpleNamespace, name: str, maker: Callable[[SimpleNamespace], Form]
) -> None:
    """Red when: `once` in core/once.py gives every request a key of its own; or a template leaves `submission` out."""
    form = maker(world)
    client = Client()
    client.force_login(make.make_administrator())
    client.get("/staff/")
    key = None if form.page == "" else key_of(client, form.page or form.path, form.mark)
    before = counts(form)
    answers = together(TWICE, partial(send, client, form, key))
    after = counts(form)
    made = {model: after[model] - before[model] for model in form.makes}
    assert made == form.makes, [(one.status_code, one.content[:3000]) for one in answers]
    assert max(one.status_code for one in answers) < 500
    if key is None:
        return
    # The same answer to both; and again after going back.
    again = send(client, form, key)
    assert {one.status_code for one in (*answers, again)} == {answers[0].status_code}
    assert {one.get("Location") for one in (*answers, again)} == {answers[0].get("Location")}
    assert {one.content.count(b"observation_") for one in (*answers, again)} == {
        answers[0].content.count(b"observation_")
    }
    assert counts(form) == after


@pytest.mark.django_db
def test_d2_what_was_typed_since_is_neither_written_nor_lost(world: SimpleNamespace) -> None:
    """Red when: `once` in core/once.py does not compare what was sent, files included."""
    client = Client()
    client.force_login(make.make_administrator())
    form = media(world)
    key = key_of(client, form.path, form.mark)
    first = send(client, form, key)
    form.typed["full_name"] = "Another Journalist"
    page = send(client, form, key)
    assert page.status_code == 409
    text = page.content.decode()
    assert "This form was saved already, and what you typed since is not." in text
    assert f'href="{first["Location"]}"' in text
    assert Person.objects.filter(full_name="Another Journalist").count() == 0
    kept = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
    kept.pop("csrfmiddlewaretoken", None)
    assert kept["_submission"] != key
    assert client.post(form.path, kept).status_code == 302
    assert Person.objects.filter(full_name="Another Journalist").count() == 1
    # Two files are two files, whatever else is the same.
    files = bring(world)
    key = key_of(client, files.path, files.mark)
    assert send(client, files, key).status_code == 302
    files.files["file"] = b"number,city,country\n2,Milan,Italy\n"
    assert send(client, files, key).status_code == 409
    assert Upload.objects.count() == 1


@pytest.mark.django_db
def test_d2_a_form_that_came_back_with_errors_may_be_sent_again(world: SimpleNamespace) -> None:
    """Red when: `once` in core/once.py keeps the key of a form that was not taken."""
    client = Client()
    client.force_login(make.make_administrator())
    form = media(world)
    key = key_of(client, form.path, form.mark)
    name = form.typed.pop("full_name")
    assert send(client, form, key).status_code == 422
    assert Submission.objects.count() == 0
    form.typed["full_name"] = name
    assert send(client, form, key).status_code == 302


ADDED = sorted(set(MAKERS) - READ_ONLY - ELSEWHERE - INVITED - {Group}, key=lambda model: model.__name__)


@pytest.mark.django_db(transaction=True)
def test_d2_every_form_that_adds_a_record_adds_it_once() -> None:
    """Red when: `reserve` in core/guarded.py gives every call a new key; the records are named in the failure."""
    client = Client()
    client.force_login(make.make_administrator())
    found = {}
    for model in ADDED:
        record = MAKERS[model]()
        typed = opened(client, address(record))
        record.delete()
        add = address(record, "add")
        path = f"{add}?mission={record.mission_id}" if model is Team else add
        typed = as_new(typed) | {"_submission": key_of(client, path, "_save")}
        before = model._default_manager.count()
        form = Form(path, {name: value for name, value in typed.items() if name != "_opened"}, {})
        answers = together(TWICE, partial(send, client, form, None))
        found[model.__name__] = (
            sorted(one.status_code for one in answers),
            model._default_manager.count() - before,
            [complaints(one) for one in answers if one.status_code == 200],
        )
    assert found == {model.__name__: ([302, 302], 1, []) for model in ADDED}


def as_new(typed: dict[str, Any]) -> dict[str, Any]:
    """A form of a record as that of a new one: its rows are new ones."""
    return {
        name: "0" if name.endswith("-INITIAL_FORMS") else "" if re.search(r"-\d+-id$", name) else value
        for name, value in typed.items()
    }


@pytest.mark.django_db(transaction=True)
def test_d5_what_the_database_refuses_is_said_in_words(world: SimpleNamespace) -> None:
    """Ten forms of ten people for one new outlet, one slot, one invitation: one is taken, the others are told why.

    Red when: `_in_words` in core/once.py lets IntegrityError through (a server error, 500).
    """
    clients = []
    for _number in range(10):
        client = Client()
        client.force_login(make.make_administrator())
        clients.append(client)
    for maker, one in ((plan, Deployment), (invite, User), (new_observer, Observer)):
        form = maker(world)
        before = one.objects.count()
        answers = together(10, lambda number, form=form: send(clients[number], form, None))
        told = [page for page in answers if page.status_code != 302]
        assert sorted(page.status_code for page in answers if page.status_code >= 500) == []
        assert one.objects.count() == before + 1, maker.__name__
        assert len(told) == 9
        assert [page.content.decode()[-3000:] for page in told if not complaints(page)] == []
    # An outlet of one name is one outlet, and everybody's person is entered.
    form = media(world)
    answers = together(10, lambda number: send(clients[number], form, None))
    assert {page.status_code for page in answers} == {302}
    assert Outlet.objects.filter(name="The Paper").count() == 1
    assert Person.objects.filter(full_name="A Journalist").count() == 10
