"""Group Z: who may see and do what, at every door of the staff site."""

import json
import logging
import re
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import models
from django.test import Client
from django.urls import reverse

from tests import factories as make
from tests.forms import save
from tests.trust import access_table
from tests.trust.hostile import Sent, texts_of
from tests.trust.world import CANARY, make_world, rows_of
from tracker.accounts.tokens import issue_token
from tracker.core import jobs
from tracker.core.models import Job, Publishable, User
from tracker.core.ownership import owner_path
from tracker.core.roles import ROLES, Role
from tracker.fieldwork.models import Deployment, Incident, Team, Visit
from tracker.ingest.models import Upload
from tracker.missions import decisions
from tracker.missions.models import Accreditation, Mission, Observer, Statement

pytestmark = pytest.mark.django_db

MODELS, SCREENS = access_table.read(access_table.MODELS), access_table.read(access_table.SCREENS)
REGISTERED = {model.__name__: model for model in admin.site._registry}
PUBLISHABLE = {name for name, model in REGISTERED.items() if issubclass(model, Publishable)}
# What differs on every page that is opened: the form's token, and the seconds the session still has.
EACH_TIME = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"|data-(?:idle|whole)-seconds="[^"]*"')
EVERYBODY = [*access_table.ROLES, "newcomer"]


@pytest.fixture
def world() -> SimpleNamespace:
    return make_world()


def address(row: Any, screen: str, *args: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{screen}", args=args)


def screens_of_work() -> list[Any]:
    """The admin's own addresses begin with its index; what stands before it are screens of work."""
    patterns = admin.site.get_urls()
    names = [getattr(pattern, "name", "") for pattern in patterns]
    return patterns[: names.index("index")]


def sign_in(client: Client, account: User) -> Client:
    client.force_login(account)
    return client


# --- Z1: the permission matrix


def test_z1_no_cell_is_missing() -> None:
    """Red when: a model is registered, or a screen of work added, without a line in access_table (a line removed)."""
    assert set(MODELS) == set(REGISTERED)
    assert set(SCREENS) == {screen.name for screen in screens_of_work()}
    assert {role.value for role in Role} | {"superuser"} == set(access_table.ROLES)
    assert set(ROLES) == set(Role)


def expected_of_model(cell: str, name: str, role: str) -> dict[str, Any]:
    """What the doors of a model answer; the numbers of rows are those of the first and second row."""
    # Whoever sees a record because it is public does not see what it was before.
    whole = role != Role.COORDINATOR or owner_path(REGISTERED[name]) is not None
    first, second = (cell.split("|") * 2)[:2]
    offered = set(first + second) - {"-"}
    elsewhere = name == "Visit"  # the admin leads to the screen of work

    def door(letters: str, needed: str, found: int = 200) -> int:
        if needed in letters:
            return found
        return 403 if "v" in letters or needed not in offered else 404

    answers: dict[str, Any] = {
        "list": 200 if "v" in offered else 403,
        # Accounts are added by inviting somebody, and closed one by one.
        "add": (302 if elsewhere or name == "User" else 200) if "a" in first else 403,
        "rows": ["v" in first, "v" in second],
        "delete in bulk": ["d" in first, "d" in second] if "d" in offered and name != "User" else None,
        "publish in bulk": ["p" in first, "p" in second] if "p" in offered else None,
    }
    for number, letters in enumerate((first, second)):
        answers |= {
            f"detail {number}": door(letters, "v", 302 if elsewhere else 200),
            f"history {number}": 200 if "v" in letters and whole else 404,
            f"change {number}": door(letters, "v" if elsewhere else "c", 302 if elsewhere else 200),
            f"delete {number}": door(letters, "d"),
        }
        # The buttons of a record: to submit one has to be allowed to change it.
        for step, needed in (("submit", "c"), ("publish", "p")):
            if name not in PUBLISHABLE:
                continue
            answers[f"{step} {number}"] = "let in" if needed in letters else 403 if "v" in letters else 404
    return answers


def answers_of_model(client: Client, rows: tuple[models.Model, models.Model]) -> dict[str, Any]:
    path = address(rows[0], "changelist")
    page = client.get(path)
    listed = [row.pk for row in page.context["cl"].queryset] if page.status_code == 200 else []

    def in_bulk(action: str) -> list[bool] | None:
        chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
        asked = client.post(path, chosen)
        if asked.status_code != 200:
            return None
        context = asked.context
        if "queryset" not in context and "rows" not in context:
            return None
        kept = context.get("protected", ())
        keys = {row.pk for row in context.get("queryset", context.get("rows")) if str(row) not in kept}
        return [row.pk in keys for row in rows]

    answers: dict[str, Any] = {
        "list": page.status_code,
        "add": client.get(address(rows[0], "add")).status_code,
        "rows": [row.pk in listed for row in rows],
        "delete in bulk": in_bulk("delete_selected"),
        "publish in bulk": in_bulk("publish"),
    }
    for number, row in enumerate(rows):
        answers |= {
            f"detail {number}": client.get(address(row, "change", row.pk)).status_code,
            f"history {number}": client.get(address(row, "history", row.pk)).status_code,
            f"change {number}": client.post(address(row, "change", row.pk), {"_opened": "x"}).status_code,
            f"delete {number}": client.get(address(row, "delete", row.pk)).status_code,
        }
        for step in ("submit", "publish") if type(row).__name__ in PUBLISHABLE else ():
            status = client.post(address(row, "publication", row.pk, step)).status_code
            answers[f"{step} {number}"] = "let in" if status in (200, 302) else status
    return answers


@pytest.mark.parametrize("role", EVERYBODY)
def test_z1_every_model_at_every_door(client: Client, world: SimpleNamespace, role: str) -> None:
    """Red when: `may("view", PEOPLE)` is added to the auditor, or get_queryset of NarrowedAdmin does not narrow."""
    rows = rows_of(world)
    sign_in(client, world.accounts[role])
    wrong = {}
    for name, cells in MODELS.items():
        expected, found = expected_of_model(cells[role], name, role), answers_of_model(client, rows[name])
        wrong |= {
            f"{name}, {door}": f"{found[door]}, expected {answer}"
            for door, answer in expected.items()
            if found[door] != answer
        }
    assert wrong == {}


def as_sent(client: Client, row: Any) -> tuple[dict[str, list[str]], str]:
    """What the form of `row` sends with one of its texts changed, as `client` sees it; and the name of that text."""
    page = client.get(address(row, "change", row.pk))
    values = Sent(page.text).values if page.status_code == 200 else {}
    # Of a constituency and the like a word is enough; names with a form of their own would not be taken.
    texts = [
        field.name
        for field in texts_of(type(row))
        if field.name in values
        and not field.validators[1:]
        and not isinstance(field, models.URLField | models.EmailField)
    ]
    if not texts:
        return {}, ""
    text = next(
        (name for name in ("notes", "description", "findings", "title", "name") if name in texts), texts[0]
    )
    return values | {text: [f"{values[text][0]} changed"], "_reason": ["A test"]}, text


@pytest.mark.parametrize("role", EVERYBODY)
def test_z1_the_database_says_who_changed_what(client: Client, world: SimpleNamespace, role: str) -> None:
    """The whole form as the superuser's browser sends it, by every role: what counts is what the row holds then.

    Red when: has_change_permission of NarrowedAdmin is the stock one with every permission, behind the wall that
    test_wall takes away.
    """
    rows, boss = rows_of(world), Client()
    boss.force_login(world.accounts["superuser"])
    sign_in(client, world.accounts[role])
    wrong, tried = {}, set()
    for name, cells in MODELS.items():
        first, second = (cells[role].split("|") * 2)[:2]
        for number, (row, letters) in enumerate(zip(rows[name], (first, second), strict=True)):
            sent, text = as_sent(boss, row)
            if not text or not address(row, "change", row.pk):
                continue
            kept = type(row)._default_manager.filter(pk=row.pk)
            before = kept.values_list(text, flat=True).get()
            # The reserved key of a form is its first sender's.
            client.post(address(row, "change", row.pk), sent | {"_submission": [str(uuid4())]})
            after = kept.values_list(text, flat=True).get()
            kept.update(**{text: before})
            tried.add(name)
            if (after != before) != ("c" in letters):
                wrong[f"{name} {number}"] = f"{text}: {after!r}"
    assert wrong == {}
    assert len(tried) > 12, tried


def address_of_screen(
    world: SimpleNamespace, screen: Any, side: SimpleNamespace, decision: Any, job: Job
) -> str:
    keys = {
        "accreditation_decision": decision.pk, "accreditation_application": side.accreditation.pk,
        "board_step": side.deployment.pk, "incident": side.incident.pk, "job": job.pk,
        "person_export": side.observer.person_id, "person_erase": side.observer.person_id,
    }  # fmt: skip
    if screen.name.startswith("upload"):
        keys[screen.name] = side.upload.pk
    steps = {"board_step": "confirm", "visit_step": "reopen"}
    values = {
        "slug": world.election.slug, "pk": keys.get(screen.name, side.visit.pk), "step": steps.get(screen.name, ""),
        "app": "missions", "model": "mission", "key": side.mission.pk,
    }  # fmt: skip
    path = reverse(f"admin:{screen.name}", kwargs={name: values[name] for name in screen.pattern.converters})
    queries = {
        "board_plan": f"?station={world.station.pk}",
        "visit_stations": f"?election={world.election.slug}",
    }
    return path + queries.get(screen.name, "")


@pytest.mark.parametrize("role", EVERYBODY)
def test_z1_every_screen_of_work(client: Client, world: SimpleNamespace, role: str) -> None:
    """Red when: `require` is left out of any of them (board_plan)."""
    decision = make.make_bulk_decision(rows=[world.a.accreditation])
    job = make.make_job()
    sign_in(client, world.accounts[role])
    wrong = {}
    for screen in screens_of_work():
        method = client.post if screen.name == "accreditation_prepare" else client.get
        status = method(address_of_screen(world, screen, world.a, decision, job)).status_code
        let_in = status in (200, 302, 422)
        if status not in (200, 302, 422, 403, 404) or let_in != (SCREENS[screen.name][role] == "+"):
            wrong[screen.name] = status
    assert wrong == {}


# With a token of an account of this role: how many teams are offered, the answers to a visit and to stations.
PROGRAMS = {
    "election_desk": (0, 403, 202), "accreditation_officer": (0, 403, 403), "mission_coordinator": (1, 201, 403),
    "publisher": (0, 403, 403), "auditor": (0, 403, 403), "administrator": (0, 403, 403), "superuser": (2, 201, 202),
    "newcomer": (0, 403, 403),
}  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", EVERYBODY)
def test_z1_every_door_of_programs(world: SimpleNamespace, role: str) -> None:
    """Judged by what is written. Red when: `visits` asks no permission (desk and auditor), or `check_may_bring` is left
    out of `stations`."""
    account = User.objects.get(pk=world.accounts[role].pk)
    _token, secret = issue_token(account=account, name="x", scopes=["visits", "stations"], days=7)

    def send(path: str, body: str = "", kind: str = "application/json") -> Any:
        headers = {"HTTP_AUTHORIZATION": f"Bearer {secret}", "HTTP_IDEMPOTENCY_KEY": str(uuid4())}
        client = Client(enforce_csrf_checks=True)
        return client.post(path, body, content_type=kind, **headers) if body else client.get(path, **headers)

    offered, visit, lists = PROGRAMS[role]
    assert len(send("/staff/api/teams/").json()["teams"]) == offered
    before = (Visit.objects.count(), Upload.objects.count())
    said = {"team": world.a.team.pk, "station": world.station.pk, "phase": "closing",
            "arrived_at": "2024-02-07T18:15:00+05:00"}  # fmt: skip
    assert send("/staff/api/visits/", json.dumps(said)).status_code == visit
    query = f"?election={world.election.slug}&source=https://authority.example/"
    table = "No.,Country,City\n7,Germany,Berlin\n"
    brought = send(f"/staff/api/stations/{query}", table, "text/csv")
    assert brought.status_code == lists
    written = (Visit.objects.count() - before[0], Upload.objects.count() - before[1])
    assert written == (int(visit == 201), int(lists == 202))
    # Another organization's team is no team, whoever else may write for it.
    theirs = send("/staff/api/visits/", json.dumps(said | {"team": world.b.team.pk}))
    assert theirs.status_code == (201 if role == "superuser" else 422 if visit == 201 else 403)


def test_z1_nothing_but_a_role_gives_a_permission(world: SimpleNamespace) -> None:
    """Red when: PasswordBackend is the stock ModelBackend."""
    account = world.accounts["newcomer"]
    account.user_permissions.set(Permission.objects.all())
    account = User.objects.get(pk=account.pk)
    assert account.get_all_permissions() == set()
    assert not account.has_perm("elections.view_election")
    assert not account.has_module_perms("elections")


def test_z1_a_closed_account_may_nothing(world: SimpleNamespace) -> None:
    """Red when: `granted_by` does not ask whether the account is active."""
    account = make.make_account(Role.DESK, is_active=False)
    assert not account.has_perm("elections.view_election")


def test_z1_two_roles_do_not_widen_each_other(world: SimpleNamespace) -> None:
    """An officer who also coordinates sees every mission, and the field work of one organization.

    Red when: `visible_condition` asks `user.sees_everything`.
    """
    both = make.make_account(Role.OFFICER, Role.COORDINATOR, organization=world.a.organization)
    assert set(Mission.objects.visible_to(both)) == {world.a.mission, world.b.mission}
    assert list(Visit.objects.visible_to(both)) == [world.a.visit]
    assert both.has_perm("missions.change_mission", world.b.mission)
    assert not both.has_perm("fieldwork.change_team", world.b.team)


# --- Z2: nobody reaches what belongs to others by its address


@pytest.fixture
def stranger(client: Client, world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The coordinator of A, to whom everything of B is strange; with the database's own wall away.

    It would hide what the application lets through. What it does alone is tried by Z6, both together by Z1.
    """
    monkeypatch.setattr("tracker.core.middleware.STAFF", "")
    return sign_in(client, world.accounts["mission_coordinator"])


def test_z2_no_idor_in_the_admin(stranger: Client, world: SimpleNamespace, caplog: Any) -> None:
    """Red when: `_get_obj_does_not_exist_redirect` is the stock one, or `get_queryset` does not narrow."""
    caplog.set_level(logging.WARNING, "tracker.access")
    tried = 0
    for name, (_own, foreign) in rows_of(world).items():
        cell = MODELS[name]["mission_coordinator"]
        if not cell.endswith("|-"):
            continue
        for screen in ("change", "history", "delete"):
            for method in (stranger.get, stranger.post):
                answer = method(address(foreign, screen, foreign.pk), {"post": "yes", "_opened": "x"})
                absent = method(address(foreign, screen, 987654321), {"post": "yes", "_opened": "x"})
                assert answer.status_code == absent.status_code, f"{name} {screen}"
                # Whoever may change no record of this kind at all is told so before any is looked for.
                reading = (method, screen) == (stranger.get, "change") or screen == "history"
                refused = answer.status_code in (403, 405)  # the history is only read
                assert answer.status_code == 404 or (refused and (not reading or method == stranger.post)), (
                    name
                )
                bodies = [
                    EACH_TIME.sub(b"", page.content).replace(f"/{key}/".encode(), b"/key/")
                    for page, key in ((answer, foreign.pk), (absent, 987654321))
                ]
                assert bodies[0] == bodies[1], f"{name} {screen}"
                tried += 1
        assert type(foreign)._default_manager.filter(pk=foreign.pk).exists()
    assert tried > 80
    lines = [record.getMessage() for record in caplog.records if record.name == "tracker.access"]
    account = world.accounts["mission_coordinator"].pk
    line = f"account {account}, GET admin:missions_mission_change object_id='{world.b.mission.pk}': not there"
    assert line in "\n".join(lines)
    assert len(lines) >= tried
    assert CANARY not in "\n".join(lines)


def test_z2_the_history_of_what_others_published_is_not_there(
    stranger: Client, world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application's own wall: the database's is taken down here.

    Red when: object_history does not ask may_see_history.
    """
    for row in (world.b.organization, world.b.mission):
        type(row).objects.filter(pk=row.pk).update(publication="published")
    monkeypatch.setattr("tracker.core.middleware.STAFF", "")
    for row in (world.b.mission, world.election):
        page = stranger.get(address(row, "change", row.pk))
        assert page.status_code == 200
        assert address(row, "history", row.pk) not in page.content.decode()
        refused = stranger.get(address(row, "history", row.pk))
        assert refused.status_code == stranger.get(address(row, "history", 10**9)).status_code == 404
        assert CANARY not in refused.content.decode()
    own = stranger.get(address(world.a.mission, "change", world.a.mission.pk))
    assert address(world.a.mission, "history", world.a.mission.pk) in own.content.decode()
    history = stranger.get(address(world.a.mission, "history", world.a.mission.pk))
    assert history.status_code == 200
    assert history.context["entries"]


def test_z2_lists_search_filters_and_look_ups_find_nothing_foreign(
    stranger: Client, world: SimpleNamespace
) -> None:
    """Red when: VisibleRelatedFilter offers every row."""
    rows = rows_of(world)
    for name, (own, foreign) in rows.items():
        if "v" not in MODELS[name]["mission_coordinator"]:
            continue
        path = address(own, "changelist")
        for query in ("", f"?q={CANARY}", "?_facets=True"):
            page = stranger.get(path + query).content.decode()
            for echo in (f'value="{CANARY}"', f"q={CANARY}", f"q%3D{CANARY}"):
                page = page.replace(echo, "")
            assert CANARY not in page, f"{name}{query}"
        if MODELS[name]["mission_coordinator"].endswith("|-"):
            found = stranger.get(path, {"pk": foreign.pk}, follow=True).context
            assert foreign not in found["cl"].queryset
    looked_up = 0
    for screen in admin.site._registry.values():
        for field in screen.autocomplete_fields:
            target = screen.model._meta.get_field(field).related_model
            asked = {
                "app_label": screen.opts.app_label,
                "model_name": screen.opts.model_name,
                "field_name": field,
            }
            answer = stranger.get(reverse("admin:autocomplete"), asked | {"term": CANARY})
            if answer.status_code == 403:
                continue
            assert CANARY not in answer.content.decode(), (
                f"{screen.model.__name__}.{field} -> {target.__name__}"
            )
            looked_up += 1
    assert looked_up > 20


def make_public(side: SimpleNamespace) -> None:
    """Show an organization's mission and statement to everybody, the coordinators of others included."""
    for record in (side.organization, side.mission, side.statement):
        record.publication = "published"
        record.save()


def test_z2_what_others_made_public_is_seen_and_not_offered_to_write_for(
    stranger: Client, world: SimpleNamespace
) -> None:
    """Red when: NarrowedLookup does not narrow."""
    make_public(world.b)
    assert CANARY in stranger.get(address(Mission, "changelist")).content.decode()
    for model in (Observer, Statement):
        asked = {"app_label": "missions", "model_name": model._meta.model_name, "field_name": "mission"}
        for side, offered in ((world.a, 1), (world.b, 0)):
            answer = stranger.get(reverse("admin:autocomplete"), asked | {"term": side.organization.acronym})
            assert len(answer.json()["results"]) == offered, model.__name__


def test_z2_a_form_offers_only_what_is_ones_own(stranger: Client, world: SimpleNamespace) -> None:
    """Red when: get_changeform_initial_data does not fill in the only mission."""
    for model in (Statement, Observer, Team, Deployment, Incident):
        page = stranger.get(address(model, "add"))
        assert page.status_code == 200
        assert CANARY not in page.content.decode(), model.__name__
    # With a single mission there is nothing to choose.
    assert (
        stranger.get(address(Statement, "add")).context["adminform"].form.initial["mission"]
        == world.a.mission.pk
    )


def test_z2_no_idor_at_the_screens_of_work(stranger: Client, world: SimpleNamespace) -> None:
    """Red when: `.visible_to` is left out of any of them (visits._load, incidents.incident, desk.applications)."""
    decision = make.make_bulk_decision(rows=[world.b.accreditation])
    job = make.make_job(requested_by=world.coordinator_b)
    owned = (
        {
            "accreditation_application",
            "board_step",
            "visit",
            "visit_correct",
            "visit_step",
            "incident",
            "job",
        }
        | {screen.name for screen in screens_of_work() if screen.name.startswith("upload_")} - {"upload_new"}
        | {"upload"}
    )
    for screen in screens_of_work():
        path = address_of_screen(world, screen, world.b, decision, job)
        answers = [stranger.get(path), stranger.post(path, {"do": "publish", "summary": "x"})]
        assert all(CANARY not in answer.content.decode() for answer in answers), screen.name
        if screen.name in owned:
            # A screen that only shows says so before it looks.
            assert {answer.status_code for answer in answers} - {405} == {404}, screen.name
    for row in (world.b.deployment, world.b.visit, world.b.incident):
        before = {field.attname: getattr(row, field.attname) for field in row._meta.fields}
        row.refresh_from_db()
        assert before == {field.attname: getattr(row, field.attname) for field in row._meta.fields}


def test_z2_no_idor_by_what_an_address_asks_for(stranger: Client, world: SimpleNamespace) -> None:
    """Red when: PlanForm, QueueFilter or _own_teams take every row."""
    slug, b = world.election.slug, world.b
    paths = [
        f"/staff/accreditation/{slug}/?sender=m{b.mission.pk}&status=any",
        f"/staff/accreditation/{slug}/?q={b.observer.code[:3]}&status=any",
        f"/staff/accreditation/{slug}/badges/?row={b.accreditation.pk}",
        f"/staff/accreditation/{slug}/apply/observer/?mission={b.mission.pk}",
        f"/staff/board/{slug}/?mission={b.mission.pk}",
        f"/staff/board/{slug}/plan/?station={world.station.pk}&team={b.team.pk}",
        f"/staff/visits/new/?team={b.team.pk}",
        f"/staff/visits/new/?election={slug}&team={b.team.pk}&choose=1",
        f"/staff/visits/stations/?election={slug}&q=city",
        f"/staff/fieldwork/team/add/?mission={b.mission.pk}",
        f"/staff/missions/statement/add/?mission={b.mission.pk}",
    ]
    for path in paths:
        assert CANARY not in stranger.get(path).content.decode(), path
    for hidden in ("", "queue"):
        path = f"/staff/{'accreditation' if hidden else 'board'}/{world.draft_election.slug}/"
        assert stranger.get(path).status_code == 404


# --- Z3: no form takes a key of others


def test_z3_no_foreign_key_smuggling_in_the_admin(stranger: Client, world: SimpleNamespace) -> None:
    """Red when: get_field_queryset gives every row."""
    b, station = world.b, world.station
    slot = {"station": station.pk, "date": "2024-02-07", "opens": "10:00", "closes": "11:00"}
    tried = {
        "mission": [
            (Observer, {"mission": b.mission.pk, "code": "X-1", "role": "sto"}),
            (Statement, {"mission": b.mission.pk, "kind": "final_report", "title": "Smuggled",
                         "publication": "draft", "issued_on": "2024-02-08", "language": "en"}),
        ],
        "team": [
            (Deployment, slot | {"team": b.team.pk}),
            (Incident, {"election": world.election.pk, "category": "other", "severity": "minor", "team": b.team.pk,
                        "occurred_at_0": "2024-02-07", "occurred_at_1": "08:00", "station": station.pk,
                        "description": "x", "changes-TOTAL_FORMS": 0, "changes-INITIAL_FORMS": 0}),
        ],
        "station": [(Deployment, slot | {"team": world.a.team.pk, "station": world.draft_station.pk})],
    }  # fmt: skip
    for field, forms in tried.items():
        for model, typed in forms:
            before = model._default_manager.count()
            page = stranger.post(address(model, "add"), typed)
            assert page.status_code == 200, model.__name__
            assert list(page.context["adminform"].form.errors) == [field], model.__name__
            assert model._default_manager.count() == before
    # A team of A with an observer of B.
    members = {"name": "T-9", "kind": "mobile", "members": [world.a.observer.pk, b.observer.pk]}
    page = stranger.post(address(Team, "add"), members)
    assert list(page.context["adminform"].form.errors) == ["members"]
    # Without a team an incident would be nobody's.
    typed = dict(tried["team"][1][1], team="")
    assert "team" in stranger.post(address(Incident, "add"), typed).context["adminform"].form.errors
    # A statement of A cannot be handed over to B.
    typed = dict(tried["mission"][1][1])
    page = save(stranger, address(Statement, "change", world.a.statement.pk), typed)
    assert list(page.context["adminform"].form.errors) == ["mission"]
    world.a.statement.refresh_from_db()
    assert world.a.statement.mission == world.a.mission


def mission_form(world: SimpleNamespace, **over: Any) -> dict[str, Any]:
    mission = world.a.mission
    form: dict[str, Any] = {"type": mission.type, "status": mission.status}
    for prefix in ("memberships", "statements", "assessments"):
        form |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    return form | over


def test_z3_no_foreign_row_in_an_inline_form(stranger: Client, world: SimpleNamespace) -> None:
    """Red when: NarrowedInline does not narrow its rows, and Django is asked to trust the key."""
    change = address(world.a.mission, "change", world.a.mission.pk)
    smuggled = {
        "assessments-TOTAL_FORMS": 1, "assessments-INITIAL_FORMS": 1,
        "assessments-0-id": world.b.assessment.pk, "assessments-0-mission": world.a.mission.pk,
        "assessments-0-ordinal": 1, "assessments-0-label": "Taken", "assessments-0-polarity": "neutral",
    }  # fmt: skip
    save(stranger, change, mission_form(world, **smuggled))
    world.b.assessment.refresh_from_db()
    assert (world.b.assessment.label, world.b.assessment.mission) == (f"{CANARY} good", world.b.mission)
    # The partner organizations of a mission are kept by the officer.
    partner = {"memberships-TOTAL_FORMS": 1, "memberships-0-organization": world.a.organization.pk,
               "memberships-0-role": "partner"}  # fmt: skip
    save(stranger, change, mission_form(world, **partner))
    assert world.a.mission.memberships.count() == 1


def test_z3_no_foreign_key_at_the_screens_of_work(stranger: Client, world: SimpleNamespace) -> None:
    """Red when: PlanForm or _own_teams take every team."""
    b, slug = world.b, world.election.slug
    before = (
        Visit.objects.count(),
        Deployment.objects.count(),
        Observer.objects.count(),
        Accreditation.objects.count(),
    )
    slot = {"date": "2024-02-07", "opens": "10:00", "closes": "11:00", "station": world.station.pk}
    page = stranger.post(f"/staff/board/{slug}/plan/", slot | {"team": b.team.pk})
    assert (page.status_code, list(page.context["form"].errors)) == (422, ["team"])
    visit = {"team": b.team.pk, "station": world.station.pk, "phase": "voting", "date": "2024-02-07",
             "arrived": "10:00"}  # fmt: skip
    assert stranger.post(f"/staff/visits/new/?election={slug}", visit).status_code == 422
    visit |= {"team": world.a.team.pk, "assessment": b.assessment.pk}
    page = stranger.post(f"/staff/visits/new/?election={slug}", visit)
    assert "assessment" in page.context["form"].errors
    observer = {"mission": b.mission.pk, "code": "X-1", "role": "sto", "apply_now": "on"}
    stranger.post(f"/staff/accreditation/{slug}/apply/observer/", observer)
    chosen = {"mission": world.a.mission.pk, "do": "existing", "observer": b.free_observer.pk}
    stranger.post(f"/staff/accreditation/{slug}/apply/observer/", chosen)
    after = (
        Visit.objects.count(),
        Deployment.objects.count(),
        Observer.objects.count(),
        Accreditation.objects.count(),
    )
    assert after == before


# --- Z4: a form takes no field that it does not show


def test_z4_no_mass_assignment_of_publication_or_owner(stranger: Client, world: SimpleNamespace) -> None:
    """Red when: get_readonly_fields leaves "publication" to everybody."""
    mission = world.a.mission
    forged = {"organization": world.b.organization.pk, "election": world.draft_election.pk, "publication": "withdrawn",
              "head_of_mission": "Somebody", "approved_by": world.coordinator_b.pk}  # fmt: skip
    answer = save(stranger, address(mission, "change", mission.pk), mission_form(world, **forged))
    assert answer.status_code == 302
    mission.refresh_from_db()
    assert (mission.head_of_mission, mission.organization, mission.election, mission.publication) == (
        "Somebody", world.a.organization, world.election, "published",
    )  # fmt: skip
    statement = world.a.statement
    typed = {"mission": mission.pk, "kind": "final_report", "title": "Changed", "issued_on": "2024-02-08",
             "language": "en", "approved_by": world.coordinator_b.pk}  # fmt: skip
    before = statement.publication
    for forged in ("published", "submitted", "withdrawn"):
        save(stranger, address(statement, "change", statement.pk), typed | {"publication": forged})
        statement.refresh_from_db()
        assert (statement.title, statement.publication, statement.approved_by) == ("Changed", before, None)
    visit = world.a.visit
    path = f"/staff/visits/{visit.pk}/correct/"
    typed = {"team": world.a.team.pk, "station": visit.station_id, "phase": "voting", "date": "2024-02-07",
             "arrived": "08:00", "version": visit.version, "status": "verified", "verified_by": visit.pk}  # fmt: skip
    stranger.post(path, typed)
    visit.refresh_from_db()
    assert (visit.status, visit.verified_by) == ("draft", None)


def account_form(account: User, **over: Any) -> dict[str, Any]:
    return {
        "username": account.username, "is_active": "on", "is_staff": "on", "roles": account.roles,
        "date_joined_0": "2024-01-01", "date_joined_1": "00:00", "affiliation-TOTAL_FORMS": 0,
        "affiliation-INITIAL_FORMS": 0,
    } | over  # fmt: skip


def test_z4_an_administrator_raises_nobody_to_superuser_and_not_themselves(
    client: Client, world: SimpleNamespace
) -> None:
    """Red when: AccountAdmin.get_readonly_fields or has_change_permission is the stock one."""
    own, other, boss = (world.accounts[name] for name in ("administrator", "newcomer", "superuser"))
    sign_in(client, own)
    change = address(other, "change", other.pk)
    assert save(client, change, account_form(other, is_superuser="on", roles=["auditor"])).status_code == 302
    other.refresh_from_db()
    assert (other.roles, other.is_superuser) == (["auditor"], False)
    client.post(address(own, "change", own.pk), account_form(own, is_superuser="on", roles=list(Role.values)))
    own.refresh_from_db()
    assert (own.roles, own.is_superuser, own.is_staff) == (["administrator"], False, True)
    assert client.post(address(boss, "change", boss.pk), account_form(boss)).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[boss.pk])
    typed = {"password1": "another horse battery", "password2": "another horse battery"}
    assert client.post(password, typed).status_code == 403
    boss.refresh_from_db()
    assert boss.check_password("correct horse battery")


def test_z4_a_coordinator_needs_an_organization(client: Client, world: SimpleNamespace) -> None:
    """Red when: AffiliationForms.clean does not ask."""
    sign_in(client, world.accounts["administrator"])
    other = world.accounts["newcomer"]
    change = address(other, "change", other.pk)
    page = save(client, change, account_form(other, roles=["mission_coordinator"]))
    assert "Choose the organization" in page.content.decode()
    other.refresh_from_db()
    assert other.roles == []
    chosen = {"affiliation-TOTAL_FORMS": 1, "affiliation-0-organization": world.b.organization.pk}
    assert (
        save(client, change, account_form(other, roles=["mission_coordinator"], **chosen)).status_code == 302
    )
    other.refresh_from_db()
    assert (other.roles, other.affiliation.organization) == (["mission_coordinator"], world.b.organization)


# --- Z5: "all" is all that is shown and allowed


def test_z5_select_all_acts_only_on_ones_own_filtered_rows(stranger: Client, world: SimpleNamespace) -> None:
    """Red when: get_queryset does not narrow."""
    kept = make.make_statement(
        mission=world.a.mission, title="Kept", kind="interim_report", publication="draft"
    )
    path = f"{address(Statement, 'changelist')}?kind__exact={world.a.statement.kind}"
    everything = {"action": "delete_selected", "select_across": "1", "post": "yes",
                  "_selected_action": [world.a.statement.pk, world.b.statement.pk, kept.pk]}  # fmt: skip
    stranger.post(path, everything)
    assert set(Statement.objects.all()) == {kept, world.b.statement}


def test_z5_select_all_leaves_alone_what_is_seen_and_not_ones_own(
    stranger: Client, world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red when: get_actions does not narrow."""
    make_public(world.b)
    given: list[Any] = []

    @admin.action(description="Note", permissions=["change"])
    def note(screen: Any, request: Any, rows: Any) -> None:
        given.extend(rows)

    monkeypatch.setattr(admin.site._registry[Statement], "actions", (note,))
    path = address(Statement, "changelist")
    assert world.b.statement in stranger.get(path).context["cl"].queryset
    chosen = [world.a.statement.pk, world.b.statement.pk]
    stranger.post(path, {"action": "note", "select_across": "1", "_selected_action": chosen})
    assert given == [world.a.statement]


def test_z5_a_forged_key_is_left_alone(stranger: Client, world: SimpleNamespace) -> None:
    """Red when: get_queryset does not narrow, and get_actions neither."""
    forged = {"_selected_action": [world.a.visit.pk, world.b.visit.pk], "action": "submit"}
    stranger.post(address(Visit, "changelist"), forged)
    assert set(Visit.objects.filter(status="submitted")) == {world.a.visit}


def test_z5_the_count_is_confirmed_before(client: Client, world: SimpleNamespace) -> None:
    """Red when: ask_first takes any "sure" for a yes."""
    sign_in(client, world.accounts["publisher"])
    make.make_statement(mission=world.a.mission, title="More", publication="draft", kind="interim_report")
    path = address(Statement, "changelist") + "?publication__exact=draft"
    chosen = {"action": "publish", "select_across": "1", "_selected_action": [world.a.statement.pk]}
    page = client.post(path, chosen)
    assert page.context["count"] == 2
    assert "Yes, publish these 2 records" in page.content.decode()
    assert 'name="select_across" value="1"' in page.content.decode()
    make.make_statement(mission=world.a.mission, title="Third", publication="draft", kind="final_report")
    again = client.post(path, chosen | {"sure": page.context["sure"]})
    assert again.context["count"] == 3
    assert Statement.objects.filter(publication="draft").count() == 3
    assert client.post(path, chosen | {"sure": "3"}).status_code == 200
    client.post(path, chosen | {"sure": again.context["sure"]})
    assert not Statement.objects.filter(publication="draft").exists()


def test_z5_what_is_published_is_not_deleted_by_who_may_not_withdraw_it(
    client: Client, world: SimpleNamespace
) -> None:
    """Red when: neither has_delete_permission nor get_deleted_objects of NarrowedAdmin asks about publication."""
    sign_in(client, world.accounts["election_desk"])
    figures = [
        make.make_figure(election=world.election, publication=state) for state in ("published", "draft")
    ]
    chosen = {"action": "delete_selected", "post": "yes", "_selected_action": [row.pk for row in figures]}
    client.post(address(figures[0], "changelist"), chosen)
    assert type(figures[0]).objects.count() == 2
    client.post(address(figures[0], "changelist"), chosen | {"_selected_action": [figures[1].pk]})
    assert list(type(figures[0]).objects.all()) == [figures[0]]


def test_z5_an_inline_row_that_is_published_is_not_deleted_either(
    stranger: Client, world: SimpleNamespace
) -> None:
    """Red when: has_delete_permission of NarrowedInline does not ask about publication."""
    shown = make.make_statement(mission=world.a.mission, title="Shown", kind="interim_report")
    typed = {"statements-TOTAL_FORMS": 2, "statements-INITIAL_FORMS": 2}
    for number, row in enumerate(Statement.objects.filter(mission=world.a.mission)):
        typed |= {
            f"statements-{number}-{name}": value
            for name, value in {
                "id": row.pk, "mission": row.mission_id, "kind": row.kind, "title": row.title, "language": "en",
                "issued_on": row.issued_on.isoformat(), "url": row.url, "DELETE": "on",
            }.items()
        }  # fmt: skip
    change = address(world.a.mission, "change", world.a.mission.pk)
    assert save(stranger, change, mission_form(world, **typed)).status_code == 302
    assert Statement.objects.filter(pk=shown.pk).exists()


# --- Z7: a job asks again who may


def prepared(world: SimpleNamespace, by: User) -> Any:
    row = make.make_accreditation(observer=world.a.free_observer)
    return decisions.prepare(
        by=by, election=world.election, to="accredited", rows=Accreditation.objects.filter(pk=row.pk)
    )


def test_z7_a_job_keeps_its_owner_who_must_still_be_allowed(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red when: run_job does not call check_still_allowed, and carry_out neither (they stand in for each other)."""
    monkeypatch.setattr(decisions, "AT_ONCE", 0)
    officer = world.accounts["accreditation_officer"]
    decision = decisions.confirm(by=officer, decision=prepared(world, officer))
    assert decision.job.arguments == {"decision": decision.pk}
    officer.roles = []
    officer.save()
    jobs.run_job(decision.job_id)
    decision.job.refresh_from_db()
    assert (decision.job.state, Accreditation.objects.filter(status="accredited").count()) == ("failed", 2)
    officer.roles = [Role.OFFICER]
    officer.save()
    jobs.retry_job(by=officer, job=decision.job)
    jobs.run_job(decision.job_id)
    assert Accreditation.objects.filter(status="accredited").count() == 3


def test_z7_a_job_that_asks_nobody_itself_is_not_begun_either(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red when: run_job does not call check_still_allowed."""
    done: list[int] = []
    kind = jobs.Kind("A test", decisions.MAY_DECIDE, lambda job, progress: str(done.append(job.pk)))
    monkeypatch.setitem(jobs.KINDS, "test_z7", kind)
    officer = world.accounts["accreditation_officer"]
    first, second = (jobs.start_job(by=officer, kind="test_z7", arguments={}) for _ in range(2))
    jobs.run_job(first.pk)
    officer.roles = []
    officer.save()
    jobs.run_job(second.pk)
    second.refresh_from_db()
    assert (done, second.state) == ([first.pk], "failed")


def test_z7_a_job_with_a_key_somebody_made_up_is_refused(world: SimpleNamespace) -> None:
    """Red when: decide_accreditations does not ask whose decision it is."""
    officer = world.accounts["accreditation_officer"]
    decision = prepared(world, officer)
    job = jobs.start_job(by=officer, kind=decisions.JOB_KIND, arguments={"decision": decision.pk})
    jobs.run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, Accreditation.objects.filter(status="accredited").count()) == ("failed", 2)


def test_z7_nobody_stops_or_begins_again_the_job_of_another(stranger: Client, world: SimpleNamespace) -> None:
    """Red when: jobs._visible shows every job."""
    job = make.make_job(requested_by=world.coordinator_b)
    for do in ("cancel", "retry"):
        assert stranger.post(f"/staff/jobs/{job.pk}/", {"do": do}).status_code == 404
    job.refresh_from_db()
    assert job.state == "waiting"


def test_every_screen_of_the_register_is_a_narrowed_one() -> None:
    """Red when: a screen or an inline form is made of Django's own class."""
    from tracker.core.admin_access import NarrowedAdmin, NarrowedInline

    assert all(isinstance(screen, NarrowedAdmin) for screen in admin.site._registry.values())
    inlines = [inline for screen in admin.site._registry.values() for inline in screen.inlines]
    assert all(issubclass(inline, NarrowedInline) for inline in inlines)
    assert len(inlines) >= 6
    owned = [model for model in REGISTERED.values() if owner_path(model) is not None]
    assert {model.__name__ for model in owned if issubclass(model, Publishable)} == {
        "Organization", "Mission", "Statement", "Incident",
    }  # fmt: skip
