"""The second wall: behind a forgotten filter there is row security.

Z6 and T2 of the tests of trust.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import DatabaseError, models, transaction
from django.db.models import Q
from django.test import Client

from tests import factories as make
from tests.trust.asking import ask, being, refused
from tracker.core import ownership, wall
from tracker.core.disclosure import readable_fields
from tracker.core.history.models import Change, ChangedRow, PersonalValue
from tracker.core.models import Publication, Source, User, published_condition
from tracker.core.roles import Role, may_everywhere, permission
from tracker.coverage.editions import refresh
from tracker.coverage.models import Correction
from tracker.database_roles import PUBLIC, ROLES, STAFF, WEB, WORKER
from tracker.elections.models import Election
from tracker.fieldwork.models import Assessment, Deployment, Incident, Team, Visit
from tracker.ingest.models import Upload, UploadedFile, UploadedRecord
from tracker.missions.actions import apply_for_observer
from tracker.missions.models import (
    Accreditation,
    AccreditationRule,
    Membership,
    Mission,
    Observer,
    Organization,
    Person,
    Statement,
)

pytestmark = pytest.mark.django_db


# --- every table is decided


def test_every_table_stands_behind_the_wall():
    """Red when: a table is made that no model has (it stays closed, and this names it), or one without row security."""
    known = {model._meta.db_table for model in wall.wall_models()}
    rows = ask(
        "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    )
    tables = dict(rows)
    assert set(tables) - known == {"django_migrations"}
    assert [name for name, closed in tables.items() if not closed] == ["django_migrations"]
    # Views and foreign tables would look past it.
    assert (
        ask(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v','m','f')"
        )
        == []
    )


def test_a_table_nobody_thought_of_is_closed_to_everybody_but_the_owner():
    ask("CREATE TABLE forgotten (word text)")
    for role in ROLES:
        with being(role):
            assert "permission denied" in refused("SELECT * FROM forgotten")


def test_the_public_may_touch_what_is_declared_and_nothing_else():
    """Red when: the grant of one table is given without its columns."""
    rows = ask(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped"
        " AND has_column_privilege(%s, c.oid, a.attnum, 'SELECT')",
        PUBLIC,
    )
    declared = {
        (model._meta.db_table, model._meta.get_field(name).column)
        for model in wall.wall_models()
        for name in readable_fields(model)
    }
    assert set(rows) == declared
    assert ask(
        "SELECT relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND ("
        " has_table_privilege(%s, oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')"
        " OR has_any_column_privilege(%s, oid, 'INSERT, UPDATE'))",
        PUBLIC, PUBLIC,
    ) == []  # fmt: skip


def test_after_a_migration_that_changed_nothing_the_wall_costs_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        wall.install()


def test_a_function_that_sees_more_than_its_caller_is_called_by_whom_it_is_declared_for():
    """Red when: a function with the owner's rights is made without a line in wall.CALLED_BY (any of its lines taken
    out); triggers are none, as nobody can call them.
    """
    callers = (
        "SELECT p.oid::regprocedure::text,"
        " coalesce(array_agg(g.rolname::text) FILTER (WHERE g.rolname IS NOT NULL), '{}')"
        " FROM pg_proc p LEFT JOIN (SELECT oid, rolname FROM pg_roles UNION SELECT 0, 'everybody') g"
        " ON g.rolname IN ('everybody', %s, %s, %s, %s) AND EXISTS (SELECT FROM aclexplode("
        "   coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = g.oid)"
        " WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND p.prorettype <> 'trigger'::regtype"
        " GROUP BY p.oid"
    )
    found = {name: set(roles) for name, roles in ask(callers, *ROLES)}
    of_the_wall = {name for name in found if name.startswith("wall_")}
    assert {name: found[name] for name in of_the_wall} == {name: {STAFF} for name in of_the_wall}
    declared = {name.replace(", ", ","): set(roles) for name, roles in wall.CALLED_BY.items()}
    called = {name: roles for name, roles in found.items() if name not in of_the_wall and roles}
    assert called == declared


def test_what_django_would_log_of_the_admin_is_nobody_s(two):
    """Red when: admin.LogEntry is taken out of wall.UNUSED."""
    LogEntry.objects.create(
        user=two["clara"], content_type_id=None, object_id="1", object_repr="Canary", action_flag=2
    )
    for user in (two["clara"], make.make_account(Role.DESK), make.make_account()):
        with being(STAFF, user):
            assert not LogEntry.objects.exists()
            assert "row-level security" in refused(
                "INSERT INTO django_admin_log (action_time, user_id, object_repr, action_flag, change_message)"
                " VALUES (now(), %s, 'x', 1, '')",
                user.pk,
            )


def test_no_password_is_read_by_the_staff_not_even_as_a_hash():
    """Red when: core.User is taken out of wall.SECRET."""
    for user in (
        make.make_account(Role.COORDINATOR),
        make.make_account(Role.ADMINISTRATOR),
        make.make_administrator(),
    ):
        with being(STAFF, user):
            for statement in (
                "SELECT password FROM core_user", "SELECT * FROM core_user", "SELECT to_jsonb(u) FROM core_user u",
                "SELECT 1 FROM core_user WHERE password LIKE 'pbkdf2%%'", "UPDATE core_user SET last_name = password",
                "UPDATE core_user SET password = 'x' RETURNING password",
            ):  # fmt: skip
                assert "permission denied for table core_user" in refused(statement), statement
            assert User.objects.get(pk=user.pk).username == user.username
            # What administrators have to know of others: whether somebody has chosen one.
            assert ask("SELECT wall_awaits_password(%s)", user.pk) == [(False,)]


def test_who_has_no_password_yet_is_known_to_administrators_alone():
    """Red when: wall_awaits_password does not ask who asks."""
    invited = make.make_account()
    invited.set_unusable_password()
    invited.save()
    for role, known in ((Role.COORDINATOR, False), (Role.AUDITOR, False), (Role.ADMINISTRATOR, True)):
        with being(STAFF, make.make_account(role)):
            assert ask("SELECT wall_awaits_password(%s)", invited.pk) == [(known,)], role


# --- the rows are those of the filters


def register() -> list[type[models.Model]]:
    return [
        model
        for model in wall.wall_models()
        if model.__module__.startswith("tracker.")
        and not wall.signs_in(model)
        and not model._meta.auto_created
    ]


def keys(model: type[models.Model], condition: Q | None = None) -> set[Any]:
    rows = model._base_manager.order_by()
    return set((rows.filter(condition) if condition is not None else rows).values_list("pk", flat=True))


def test_a_coordinator_reads_the_history_of_own_records_alone(two):
    """Red when: the policy of ChangedRow leaves out wall_owns, or of PersonalValue lets everybody see."""
    own, foreign = two["ours"]["mission"], two["theirs"]["mission"]
    with being(STAFF, two["clara"]):
        rows = set(ChangedRow.objects.values_list("table_name", "key"))
        assert ("missions_mission", str(own.pk)) in rows
        assert ("missions_mission", str(foreign.pk)) not in rows
        assert {table for table, _key in rows}.isdisjoint({"core_user", "elections_election"})
        assert set(Change.objects.values_list("pk", flat=True)) == set(
            ChangedRow.objects.values_list("change", flat=True)
        )
        people = set(PersonalValue.objects.filter(table_name="missions_person").values_list("key", flat=True))
        assert people == {str(pk) for pk in Person.objects.values_list("pk", flat=True)}


def test_nobody_erases_the_history_of_another_organizations_people(two):
    """Red when: history_erase does not ask who calls it."""
    theirs = two["theirs"]["team"].members.exclude(person=None).first().person_id
    for user in (two["clara"], make.make_account(Role.AUDITOR)):
        with being(STAFF, user):
            assert refused("SELECT public.history_erase('missions_person', %s)", [str(theirs)])
    assert PersonalValue.objects.filter(table_name="missions_person", key=str(theirs)).exists()


def test_names_of_people_are_behind_the_wall_for_whoever_needs_none(two):
    """Red when: missions.Person is no longer in wall.PEOPLE."""
    for role, seen in (
        (Role.AUDITOR, 0),
        (Role.DESK, 0),
        (Role.PUBLISHER, 0),
        (Role.OFFICER, Person.objects.count()),
    ):
        with being(STAFF, make.make_account(role)):
            assert Person.objects.count() == seen, role


def test_the_rules_of_a_hidden_election_are_hidden_from_coordinators(two):
    """Whoever applies has to know the rules of that election, and of no other. The public knows none.

    Red when: AccreditationRule does not say `published_with`.
    """
    shown = make.make_rule(election=two["election"])
    hidden = make.make_rule(election=Election.objects.filter(publication=Publication.DRAFT).first(), quota=7)
    for user, rules in ((two["clara"], {shown.pk}), (make.make_account(Role.OFFICER), {shown.pk, hidden.pk})):
        assert (
            set(ownership.visible_to(AccreditationRule.objects.all(), user).values_list("pk", flat=True))
            == rules
        )
        with being(STAFF, user):
            assert keys(AccreditationRule) == rules
    with being(PUBLIC):
        assert "permission denied" in refused("SELECT id FROM missions_accreditationrule")


def test_the_public_sees_the_rows_that_the_filter_of_publication_leaves(two):
    """The database's rule is made of the same words as `published_condition`; here they are compared row by row.

    Red when: `published_with` of a model is changed after the wall was built, or public_sql forgets a parent.
    """
    compared = 0
    for model in register():
        if not readable_fields(model):
            continue
        every, wanted = keys(model), keys(model, published_condition(model))
        with being(PUBLIC):
            assert keys(model) == wanted, model.__name__
        compared += wanted != every
    assert compared >= 8, "too few of the models had a row that is not public"


def test_the_public_reads_no_correction_of_what_is_withdrawn_with_its_mission(two):
    """What was said of a statement is out of reach when its mission is withdrawn, and comes back with it.

    Red when: Correction does not say `published_quoting`, or the wall forgets it.
    """
    mission = two["theirs"]["mission"]
    make.make_statement(mission=mission, title="Canary")
    figure = make.make_figure(election=two["election"], value=49)
    Statement.objects.filter(title="Canary").update(title="Canary, corrected")
    type(figure).objects.filter(pk=figure.pk).update(value=50)
    rows = Mission.objects.filter(pk=mission.pk)

    def seen() -> list[tuple[Any, ...]]:
        found = ask("SELECT model, kind FROM coverage_correction ORDER BY id")
        assert set(Correction.objects.published().values_list("model", "kind")) == set(found)
        return found

    told = [("missions.Statement", "changed"), ("elections.AnnouncedFigure", "changed")]
    with being(PUBLIC):
        assert seen() == told
    rows.update(publication=Publication.WITHDRAWN)
    with being(PUBLIC):
        assert seen() == [told[1], ("missions.Mission", "withdrawn")]
        assert "Canary" not in str(ask("SELECT before, after FROM coverage_correction"))
    rows.update(publication=Publication.PUBLISHED)
    with being(PUBLIC):
        assert seen()[:2] == told
    rows.update(embargo_until=datetime(2150, 1, 1, tzinfo=UTC))
    with being(PUBLIC):
        assert told[0] not in seen()


def test_staff_see_the_rows_that_the_filter_of_ownership_leaves(two):
    """Red when: own_sql walks another path than `owner_path`, or a coordinator counts as one who sees everything."""
    compared = 0
    for user in (two["clara"], make.make_account(Role.DESK), make.make_account()):
        for model in register():
            if model._meta.label in wall.INTERNAL | set(wall.OF_ACCOUNT) | wall.HISTORY:
                continue  # what belongs to nobody's organization and is not public: the wall is narrower
            if user.sees_everything and not may_everywhere(user, permission(model, "view")):
                continue  # whom the role shows nothing of the kind at all: there the wall is wider
            every, wanted = keys(model), keys(model, ownership.visible_condition(model, user))
            with being(STAFF, user):
                assert keys(model) == wanted, (model.__name__, user.roles)
            compared += wanted != every
    assert compared >= 20


def test_whoever_is_nobody_or_closed_sees_as_staff_what_is_public(two):
    """Red when: wall_has_role forgets is_active."""
    closed = make.make_account(Role.DESK, is_active=False)
    for user in (None, closed):
        with being(STAFF, user):
            assert not Visit.objects.exists()
            assert not Mission.objects.filter(publication=Publication.DRAFT).exists()


# --- Z6


@pytest.fixture
def no_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: every filter by organization lets everything pass."""
    monkeypatch.setattr(ownership, "visible_condition", lambda model, user: Q())
    monkeypatch.setattr(ownership, "owned_condition", lambda model, user: Q())
    monkeypatch.setattr(User, "sees_everything", True)


def test_z6_files_that_others_brought_are_behind_the_wall(two, no_filters):
    """Upload, bytes and rows are the sender's and of whoever sees everything; nobody sends in another's name.

    Red when: ingest.UploadedFile (or Upload, or UploadedRecord) is taken out of wall.OF_ACCOUNT.
    """
    clara = two["clara"]
    other = make.make_account(Role.COORDINATOR, organization=two["theirs"]["organization"])
    own, theirs = make.make_upload(sent_by=clara), make.make_upload(sent_by=other)
    with being(STAFF, clara):
        assert keys(Upload) == {own.pk}
        assert keys(UploadedFile) == {own.pk}
        assert set(UploadedRecord.objects.values_list("upload", flat=True)) == {own.pk}
        assert not Upload.objects.filter(pk=theirs.pk).update(state="discarded")
        assert not UploadedRecord.objects.filter(upload=theirs.pk).delete()[0]
        assert Upload.objects.filter(pk=own.pk).update(problem="x") == 1
        for statement in (
            "UPDATE ingest_upload SET sent_by_id = %(other)s WHERE id = %(own)s",
            "INSERT INTO ingest_uploadedfile (upload_id, content) VALUES (%(theirs)s, '')",
            "UPDATE ingest_uploadedrecord SET upload_id = %(theirs)s",
        ):
            refusal = refused(statement % {"other": other.pk, "own": own.pk, "theirs": theirs.pk})
            assert "row-level security" in refusal, statement
    with being(STAFF, make.make_account(Role.DESK)):
        assert keys(Upload) == keys(UploadedFile) == {own.pk, theirs.pk}
    with being(STAFF, make.make_account()):
        assert keys(Upload) == set()


FOREIGN = (
    Visit, Statement, Incident, Team, Deployment, Assessment, Observer, Accreditation, Person, Membership, Source,
)  # fmt: skip


def of_theirs(model: type[models.Model], two: dict[str, Any]) -> models.QuerySet:
    if model is Source:
        return Source.objects.filter(title="source of theirs")
    path = ownership.owner_path(model)
    return model._base_manager.filter(**{path or "pk": two["theirs"]["organization"].pk})


def test_z6_without_the_filters_no_foreign_row_is_read(two, no_filters):
    """As staff, by the very queries of the application.

    Red when: the policies of the staff's role are `USING (true)`.
    """
    foreign = {model: set(of_theirs(model, two).values_list("pk", flat=True)) for model in FOREIGN}
    assert all(foreign.values())
    with being(STAFF, two["clara"]):
        for model in FOREIGN:
            rows = ownership.visible_to(model._base_manager.all(), two["clara"])
            assert rows.exists(), model
            assert not set(rows.values_list("pk", flat=True)) & foreign[model], model
        assert not Mission.objects.filter(pk=two["theirs"]["draft"].pk).exists()
        assert not Team.members.through.objects.filter(team=two["theirs"]["team"]).exists()
        assert "findings of theirs" not in str(ask("SELECT to_jsonb(v) FROM fieldwork_visit v"))


def test_z6_without_the_filters_no_foreign_row_is_written(two, no_filters):
    """Red when: UPDATE and DELETE of the staff's role are allowed where SELECT is."""
    theirs = two["theirs"]
    public, statement = theirs["mission"], of_theirs(Statement, two).get()
    observer, journalist = (
        theirs["team"].members.first(),
        make.make_accreditation(category="media").media_person,
    )
    before = ask("SELECT to_jsonb(m) FROM missions_mission m ORDER BY id")
    with being(STAFF, two["clara"]):
        for model in (*FOREIGN, Mission, Organization, Election):
            keep = model._meta.pk.name
            assert not model._base_manager.exclude(pk__in=own_keys(model, two)).update(
                **{keep: models.F(keep)}
            ), model
        assert Statement.objects.filter(pk=statement.pk).delete()[0] == 0
        # Not by a new row either, nor by giving one's own away, nor by taking a public one.
        for change in (
            lambda: make.make_statement(mission=public),
            lambda: make.make_visit(team=theirs["team"], station=theirs["visit"].station),
            lambda: Visit.objects.filter(pk=two["ours"]["visit"].pk).update(
                team=theirs["team"], mission=theirs["mission"], assessment=None
            ),
            lambda: make.make_organization(),
            lambda: make.make_election(),
            lambda: two["ours"]["team"].members.add(observer),
            lambda: make.make_observer(mission=two["ours"]["mission"], person=journalist),
        ):
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                change()
        assert Mission.objects.filter(pk=public.pk).update(organization=two["ours"]["organization"]) == 0
        # What is one's own can be written, or the test would prove nothing.
        assert Visit.objects.filter(pk=two["ours"]["visit"].pk).update(findings="seen again") == 1
        make.make_statement(mission=two["ours"]["mission"])
    assert ask("SELECT to_jsonb(m) FROM missions_mission m ORDER BY id") == before


def own_keys(model: type[models.Model], two: dict[str, Any]) -> list[Any]:
    path = ownership.owner_path(model)
    if path is None:
        return []
    return list(
        model._base_manager.filter(**{path or "pk": two["ours"]["organization"].pk}).values_list(
            "pk", flat=True
        )
    )


def test_z6_without_the_filters_the_admin_shows_and_changes_nothing_of_theirs(
    two, no_filters, client: Client
):
    """The mutant's Clara is a superuser to the whole application, and a coordinator to the database.

    Red when: IdentityMiddleware leaves the role of the session as it is.
    """
    client.force_login(two["clara"])
    visit, seen = two["theirs"]["visit"], 0
    with pytest.MonkeyPatch.context() as mutant:
        mutant.setattr(User, "has_perm", lambda *words: True)
        mutant.setattr(User, "has_perms", lambda *words: True)
        mutant.setattr(User, "has_module_perms", lambda *words: True)
        for model, row in (
            ("fieldwork/visit", visit),
            ("fieldwork/team", two["theirs"]["team"]),
            ("missions/mission", two["theirs"]["draft"]),
        ):
            listed = client.get(f"/staff/{model}/")
            assert listed.status_code == 200
            seen += listed.content.count(b"row-actions") + listed.content.count(b"action-checkbox")
            assert f"/{model}/{row.pk}/".encode() not in listed.content
            for page in ("change", "delete", "history"):
                assert client.get(f"/staff/{model}/{row.pk}/{page}/").status_code in (302, 404), (model, page)
            assert client.post(f"/staff/{model}/{row.pk}/delete/", {"post": "yes"}).status_code in (302, 404)
    assert seen
    assert Visit.objects.filter(pk=visit.pk, findings="findings of theirs").exists()
    assert Mission.objects.filter(pk=two["theirs"]["draft"].pk).exists()


def test_z6_without_the_filters_z1_to_z3_find_the_same_wall(two, no_filters):
    """Every kind of row at every door of the admin, and forms with keys of others, as in Z1 to Z3.

    Red when: the policies of the staff's role are `USING (true)`; of a source alone: core.Source without
    `seen_with_use`.
    """
    theirs = two["theirs"]
    client = Client(raise_request_exception=False)
    client.force_login(two["clara"])
    rows = [of_theirs(model, two).first() for model in (*FOREIGN, Mission) if model in admin.site._registry]
    rows = [theirs["draft"] if isinstance(row, Mission) else row for row in rows]
    before = whole_register()
    slot = {"station": theirs["visit"].station.pk, "date": "2024-02-07", "opens": "10:00", "closes": "11:00"}
    smuggled = [
        ("missions/observer", {"mission": theirs["mission"].pk, "code": "X-1", "role": "sto"}),
        ("missions/statement", {"mission": theirs["mission"].pk, "kind": "final_report", "title": "Smuggled",
                                "publication": "draft", "issued_on": "2024-02-08", "language": "en"}),
        ("fieldwork/deployment", slot | {"team": theirs["team"].pk}),
        ("fieldwork/team", {"mission": theirs["mission"].pk, "name": "T-9", "kind": "mobile"}),
    ]  # fmt: skip
    shown = 0
    with pytest.MonkeyPatch.context() as mutant:
        for name in ("has_perm", "has_perms", "has_module_perms"):
            mutant.setattr(User, name, lambda *words: True)
        for row in rows:
            path = f"/staff/{row._meta.app_label}/{row._meta.model_name}/"
            listed = client.get(path)
            assert listed.status_code == 200
            rows_shown = [one.pk for one in listed.context["cl"].result_list]
            assert row.pk not in rows_shown, path
            shown += bool(rows_shown)
            for page in ("change", "delete", "history"):
                address = f"{path}{row.pk}/{page}/"
                for answer in (client.get(address), client.post(address, {"post": "yes", "_opened": "x"})):
                    # 403: what nobody changes here, whosever it is.
                    assert answer.status_code in (302, 403, 404, 405), address
                    assert answer.status_code != 302 or str(row.pk) not in answer["Location"].split("/")
            client.post(path, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
        for app_and_model, typed in smuggled:
            client.post(f"/staff/{app_and_model}/add/", typed)
        found = client.get(
            "/staff/autocomplete/",
            {"app_label": "missions", "model_name": "statement", "field_name": "source", "term": "source of"},
        )
        assert [one["text"].count("source of ours") for one in found.json()["results"]] == [1]
    assert shown == len(rows), "or the test would prove nothing"
    assert whole_register() == before


def whole_register() -> dict[str, list[Any]]:
    """Every row of the tables that organizations write, past the wall."""
    tables = [model._meta.db_table for model in (*FOREIGN, Mission, Organization)]
    return {table: ask(f"SELECT to_jsonb(t) FROM {table} t ORDER BY id") for table in tables}  # noqa: S608


# --- sources that nothing public rests on


def test_z6_a_source_is_seen_with_what_rests_on_it_and_by_who_entered_it(two):
    """Red when: the trigger source_entered is dropped (the entered one is refused); or the rule of core.Source, in
    `ownership` or in `wall`, is that of what the host state keeps."""
    hidden, own = (Source.objects.get(title=f"source of {name}") for name in ("theirs", "ours"))
    public = make.make_source(title="public")
    make.make_statement(mission=two["theirs"]["mission"], publication="published", source=public)
    loose = make.make_source(title="nobody rests on it")
    clara, organization = two["clara"], two["ours"]["organization"]
    colleague = make.make_account(Role.COORDINATOR, organization=organization)
    stranger = make.make_account(Role.COORDINATOR, organization=two["theirs"]["organization"])
    with being(STAFF, colleague):
        entered = Source.objects.create(title="entered by the colleague", url="https://example.org/entered")
    # Another organization may enter the same page, and does not learn that it is there already.
    with being(STAFF, stranger):
        again = Source.objects.create(title="the same", url="https://example.org/entered")
    everything = {hidden, own, public, loose, entered, again}
    entered.refresh_from_db()
    assert (entered.entered_by, entered.entered_for) == (colleague.pk, organization.pk)
    for user, seen in (
        (clara, {own, public, entered}),
        (stranger, {hidden, public, again}),
        (make.make_account(Role.DESK), everything),
        (make.make_account(Role.AUDITOR), everything),
    ):
        assert set(ownership.visible_to(Source.objects.all(), user)) & everything == seen
        with being(STAFF, user):
            assert set(Source.objects.all()) & everything == seen
    # Whoever goes over to another organization leaves what they entered for the first one.
    type(colleague.affiliation).objects.filter(account=colleague).update(
        organization=two["theirs"]["organization"]
    )
    colleague = type(colleague).objects.get(pk=colleague.pk)
    assert entered not in ownership.visible_to(Source.objects.all(), colleague)
    with being(STAFF, colleague):
        assert not Source.objects.filter(pk=entered.pk).exists()
    # Once it is published, everybody reads it.
    Mission.objects.filter(pk=two["theirs"]["draft"].pk).update(publication="published")
    Organization.objects.filter(pk=two["theirs"]["organization"].pk).update(publication="published")
    with being(STAFF, clara):
        assert Source.objects.filter(pk=hidden.pk).exists()


# --- T2


# What may only be added to, by triggers and functions, and a column of each.
LEDGERS = {
    "coverage_edition": "hash",
    "coverage_correction": "reason",
    "core_change": "account",
    "core_head": "number",
    "core_changedrow": "key",
    "core_personalvalue": "key",
    "missions_personreading": "screen",
}
HANDS_OFF = (
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "TRUNCATE {table} CASCADE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE {table} OWNER TO CURRENT_USER",
    "DROP TABLE {table}",
    "CREATE TRIGGER mine BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE POLICY mine ON {table} USING (true)",
    "CREATE RULE mine AS ON DELETE TO {table} DO INSTEAD NOTHING",
    "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
)
ANYWHERE = (
    "SET session_replication_role = replica",
    "ALTER FUNCTION public.history_record() RESET search_path",
    "CREATE OR REPLACE FUNCTION public.history_record() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "DROP FUNCTION public.history_seal() CASCADE",
    "SELECT public.history_write('SELECT 1', 'core_source', '{}', '{}', '{}')",
    "SELECT public.history_forget('core_user', '1')",
    "SELECT public.history_seal_anew('core_user', '1')",
    "ALTER TABLE elections_announcedfigure DISABLE TRIGGER correct_update",
    "ALTER TABLE core_source DISABLE TRIGGER history_update",
    "CREATE OR REPLACE FUNCTION public.wall_account() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    "ALTER FUNCTION public.edition_refuse_delete() RENAME TO gone",
    "DROP FUNCTION public.edition_refuse_delete() CASCADE",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TABLE public.mine (a int)",
    "CREATE TEMPORARY TABLE core_user (id bigint, roles varchar[])",
    "CREATE SCHEMA mine",
    "ALTER ROLE CURRENT_USER BYPASSRLS",
)


def ledgers() -> dict[str, list[Any]]:
    rows = "SELECT to_jsonb(t)::text FROM {} t ORDER BY 1"
    return {table: ask(rows.format(table)) for table in LEDGERS}


@pytest.mark.parametrize("role", [STAFF, PUBLIC, WEB, WORKER])
def test_t2_no_role_of_the_application_alters_ledgers_triggers_or_functions(two, role):
    """As the role itself, in the name of an administrator, and not as the owner of the tables.

    Red when: the role is given ALL on one of the tables, or owns it (a member of the owner); seen for core_change,
    coverage_correction and core_personalvalue each with `GRANT UPDATE`.
    """
    boss = make.make_administrator()
    figure = make.make_figure(election=two["election"])
    type(figure).objects.filter(pk=figure.pk).update(value=figure.value + 1)
    person = make.make_person()
    ask("SELECT note_person_readings(%s::bigint[], 'a screen', NULL)", [person.pk])
    ask("SET CONSTRAINTS ALL IMMEDIATE")
    before = ledgers()
    assert all(before.values()), before
    with being(role, boss):
        for table, column in LEDGERS.items():
            for statement in HANDS_OFF:
                assert refused(statement.format(table=table, column=column)), (table, statement)
            if table != "coverage_edition":  # added to by whoever publishes; a trigger checks what
                statement = f"INSERT INTO {table} SELECT * FROM {table}"  # noqa: S608 - our own table
                assert "permission denied" in refused(statement), table
        for statement in ANYWHERE:
            assert refused(statement), statement
        assert refused("UPDATE coverage_edition SET content = 'x'")
    assert ledgers() == before


def test_t2_a_path_of_ones_own_does_not_lead_the_functions_astray(two):
    """The functions that say who asks, and those of the triggers, take nothing from the caller's search path.

    Red when: one of them loses its `SET search_path`.
    """
    ask("CREATE SCHEMA trap")
    ask("CREATE TABLE trap.core_user (id bigint, is_active boolean, is_superuser boolean, roles varchar[])")
    ask("INSERT INTO trap.core_user VALUES (%s, true, true, '{}')", two["clara"].pk)
    ask("CREATE TABLE trap.coverage_mark (id serial, election_id bigint)")
    ask(f"GRANT ALL ON SCHEMA trap TO {STAFF}")
    ask(f"GRANT ALL ON ALL TABLES IN SCHEMA trap TO {STAFF}")
    marks = ask("SELECT count(*) FROM coverage_mark")[0][0]
    with being(STAFF, two["clara"]):
        ask("SET LOCAL search_path = trap, public, pg_catalog")
        assert ask("SELECT wall_has_role('{election_desk}')") == [(False,)]
        assert ask("SELECT count(*) FROM fieldwork_visit") == [(1,)]
        ask("UPDATE fieldwork_visit SET findings = 'again'")
        assert ask("SELECT count(*) FROM trap.coverage_mark") == [(0,)]
        ask("SET LOCAL search_path = public")
    assert ask("SELECT count(*) FROM coverage_mark")[0][0] == marks + 1
    loose = ask(
        "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
        " AND NOT coalesce(array_to_string(proconfig, ' ') LIKE '%%search_path=%%, pg_temp%%', false)"
    )
    assert loose == []


def test_marks_are_made_by_whoever_changes_a_row_and_by_nobody_else(two):
    """Red when: the functions of the marks work with the rights of who changed the row."""
    with being(STAFF, two["clara"]):
        Visit.objects.update(findings="changed by the coordinator")
        assert "row-level security" in refused(
            "INSERT INTO coverage_mark (election_id) VALUES (%s)", two["election"].pk
        )
    with being(PUBLIC):
        assert "permission denied" in refused(
            "INSERT INTO coverage_mark (election_id) VALUES (%s)", two["election"].pk
        )
    assert refresh(two["election"]) is None, "what was changed is no figure"


def test_a_coordinator_applies_for_an_observer_of_their_own(two):
    """Red when: applying locks the row of the election, which a coordinator may not change."""
    observer = make.make_observer(mission=two["ours"]["mission"])
    with being(STAFF, two["clara"]):
        row = apply_for_observer(by=two["clara"], observer=observer)
    assert row.changes.get().by == two["clara"]
