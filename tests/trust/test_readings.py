"""Group P of the tests of trust: nobody of the staff reads of people unseen, and reasons are read with people alone.

A reading is demanded of every page that names somebody, whichever page it is: the pages are found, not listed.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from tests import factories as make
from tests.trust.asking import ask, being, refused
from tests.trust.doors import addresses
from tests.trust.world import make_world
from tracker.core.history.declared import PERSONAL
from tracker.core.personal import personal_texts
from tracker.core.roles import Role
from tracker.core.wall import PEOPLE, SIGN_IN, SIGN_IN_APPS
from tracker.database_roles import STAFF, WORKER
from tracker.missions.models import Accreditation, AccreditationChange, BulkDecision, PersonReading

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> SimpleNamespace:
    """The two sides, with a journalist and reasons that name somebody at every step."""
    found = make_world()
    journalist = make.make_person(full_name="PRESS person")
    media = make.make_accreditation(
        category="media", media_person=journalist, election=found.election, reason="PRESS reason"
    )
    for side in (found.a, found.b):
        make.make_accreditation_change(accreditation=side.accreditation, reason=f"{side.name} reason of then")
    make.make_accreditation_change(accreditation=media, reason="PRESS reason of then")
    found.decision = make.make_bulk_decision(
        rows=[found.a.accreditation], to="withdrawn", reason="ALPHA reason", by=found.accounts["superuser"]
    )
    found.media = media
    found.people = {
        "ALPHA": found.a.person.pk, found.b.name: found.b.person.pk, "PRESS": journalist.pk,
    }  # fmt: skip
    return found


def staff_pages(client: Client, world: SimpleNamespace) -> Iterator[tuple[str, Any]]:
    """Every page of the staff as `client` gets it: addresses, searches, look-ups, and actions on all rows of a list."""
    for one in addresses(world):
        if one.path().startswith("/staff/") and not one.route.endswith(("logout/", "autocomplete/")):
            yield one.path(), client.get(one.path())
    slug = world.election.slug
    for path in (
        f"/staff/accreditation/{slug}/?status=any",
        f"/staff/accreditation/{slug}/applications/{world.media.pk}/",
        f"/staff/accreditation/{slug}/decisions/{world.decision.pk}/",
        f"/staff/accreditation/{slug}/badges/?row={world.a.accreditation.pk}",
        f"/staff/missions/accreditation/{world.media.pk}/change/",
    ):
        yield path, client.get(path)
    for model in admin.site._registry:
        names = {"app_label": model._meta.app_label, "model_name": model._meta.model_name}
        base = f"/staff/{names['app_label']}/{names['model_name']}/"
        yield f"{base}?q=person", client.get(base, {"q": "person"})
        fields = [*model._meta.fields, *model._meta.many_to_many]
        for field in fields:
            if field.remote_field and field.remote_field.model in admin.site._registry:
                asked = names | {"field_name": field.name, "term": ""}
                answer = client.get("/staff/autocomplete/", asked)
                # 404: the model at the other end has no search.
                assert answer.status_code in (200, 403, 404), field
                yield f"look-up {model._meta.label}.{field.name}", answer
        listed = client.get(base)
        if listed.status_code != 200 or "cl" not in (listed.context or {}):
            continue
        rows = [str(row.pk) for row in listed.context["cl"].result_list]
        form = listed.context.get("action_form")
        for action, _label in form.fields["action"].choices if form else ():
            if action:
                asked = {"action": action, "_selected_action": rows, "index": "0"}
                yield f"{base} {action}", client.post(base, asked)


def named(answer: Any, world: SimpleNamespace) -> set[int]:
    """The people whom a page names: by name, document or the reason of a decision."""
    if answer.streaming:
        text = b"".join(answer.streaming_content).decode(errors="replace")
    else:
        text = answer.content.decode(errors="replace")
    words = ("person", "-P1", "reason")
    return {
        key
        for name, key in world.people.items()
        if any(f"{name}{word}" in text or f"{name} {word}" in text for word in words)
    }


@pytest.mark.parametrize("role", ["accreditation_officer", "mission_coordinator", "superuser"])
def test_p_whoever_is_named_on_a_page_is_noted_as_read(
    client: Client, world: SimpleNamespace, role: str
) -> None:
    """Red when: seen with NarrowedLookup that notes nothing, with changelist_view that looks at lists alone (the
    question before deleting people), and with AccreditationAdmin that names nobody."""
    client.force_login(world.accounts[role])
    unseen, seen = {}, set()
    pages = staff_pages(client, world)
    while True:
        last = PersonReading.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        page = next(pages, None)
        if page is None:
            break
        path, answer = page
        people = named(answer, world)
        noted = set(PersonReading.objects.filter(pk__gt=last).values_list("person", flat=True))
        if people:
            seen.add(path)
        if people - noted:
            unseen[path] = people - noted
    assert unseen == {}
    assert {
        "look-up missions.Observer.person", "/staff/missions/person/?q=person", "/staff/missions/person/",
        "/staff/missions/person/ delete_selected", f"/staff/missions/accreditation/{world.a.accreditation.pk}/change/",
    } <= seen  # fmt: skip
    # No coordinator names a person of another organization, or a journalist.
    if role == "mission_coordinator":
        readings = PersonReading.objects.filter(account=world.accounts[role].pk)
        assert set(readings.values_list("person", flat=True)) == {world.a.person.pk}


# --- reasons of decisions


@pytest.mark.parametrize("role", ["election_desk", "publisher", "auditor", "administrator", "newcomer"])
def test_p_reasons_are_on_no_page_of_those_who_see_no_people(
    client: Client, world: SimpleNamespace, role: str
) -> None:
    """Red when: seen with the field in the fieldsets for everybody and a plain TextField."""
    client.force_login(world.accounts[role])
    showing = {path for path, answer in staff_pages(client, world) if named(answer, world)}
    assert showing == set()


def reasons(model: type) -> set[str]:
    return set(model._base_manager.values_list("reason", flat=True)) - {""}


def test_z6_reasons_are_kept_back_by_the_database(world: SimpleNamespace) -> None:
    """Red when: seen with the column granted to the staff's role."""
    everything = {Accreditation: reasons(Accreditation), AccreditationChange: reasons(AccreditationChange)}
    assert {len(found) for found in everything.values()} == {3}
    for role in ("election_desk", "publisher", "auditor", "administrator"):
        with being(STAFF, world.accounts[role]):
            assert [reasons(model) for model in everything] == [set(), set()]
            assert not BulkDecision.objects.exists()
            # Nor by words of one's own.
            for table in ("missions_accreditation", "missions_accreditationchange"):
                assert "permission denied" in refused(f"SELECT reason FROM {table}")  # noqa: S608
                assert "permission denied" in refused(f"SELECT to_jsonb(t) FROM {table} t")  # noqa: S608
                assert set(ask(f"SELECT public.said_{table}(id) FROM {table}")) <= {("",)}  # noqa: S608
    for who in (being(STAFF, world.accounts["accreditation_officer"]), being(WORKER)):
        with who:
            assert {model: reasons(model) for model in everything} == everything
    with being(STAFF, world.accounts[Role.COORDINATOR]):
        assert reasons(Accreditation) == {"ALPHA reason"}
        assert reasons(AccreditationChange) == {"ALPHA reason of then"}


def test_z6_what_is_personal_in_the_history_is_kept_back_in_its_table() -> None:
    """Red when: a column is named in declared.PERSONAL and is neither of a table of people nor a PersonalText."""
    from django.apps import apps

    open_columns = {
        (label, name)
        for label, names in PERSONAL.items()
        for name in names
        if label not in PEOPLE | SIGN_IN and label.split(".")[0] not in SIGN_IN_APPS
        and name not in [field.name for field in personal_texts(apps.get_model(label))]
    }  # fmt: skip
    assert open_columns == set()
