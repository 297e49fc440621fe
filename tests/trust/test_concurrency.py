"""Group D of the cases of trust: two people at one record, one form sent twice, races."""

import json
import random
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from tests import factories as make
from tests.forms import complaints
from tests.staff.test_admin_sweep import ELSEWHERE, MAKERS, READ_ONLY
from tracker.core.models import Source, Submission, User
from tracker.fieldwork.models import Deployment
from tracker.missions.models import Accreditation, Mission, Organization, Statement
from tracker.stations.models import PollingStation, VotingWindow


def address(record: models.Model, screen: str = "change") -> str:
    name = f"admin:{record._meta.app_label}_{record._meta.model_name}_{screen}"
    return reverse(name, args=[record.pk] if screen == "change" else [])


def opened(client: Client, path: str) -> dict[str, Any]:
    """Everything a browser would send from the form at `path` if nobody typed anything but a reason where it asks."""
    page = client.get(path)
    html = page.content.decode()
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    values: dict[str, Any] = {}
    for form in forms:
        for bound in form:
            widget = getattr(bound.field.widget, "widget", bound.field.widget)
            for name, value in flat(widget, bound.html_name, bound.value()):
                values[name] = value
    for name in ("_opened", "_submission"):
        if found := re.search(rf'name="{name}" value="([^"]*)"', html):
            values[name] = unescape(found[1])
    return values | ({"_reason": "A test"} if 'name="_reason"' in html else {})


def flat(widget: Any, name: str, value: Any) -> list[tuple[str, Any]]:
    """The inputs of one widget as its template would write them."""
    if hasattr(widget, "widgets"):
        parts = zip(widget.widgets_names, widget.widgets, widget.decompress(value), strict=True)
        return [pair for ending, part, one in parts for pair in flat(part, name + ending, one)]
    if widget.__class__.__name__ == "CheckboxInput":
        return [(name, "on")] if value else []
    shown = widget.format_value(value)
    return [(name, "" if shown is None else shown)] if shown != [] else []


@pytest.fixture
def anna() -> Client:
    return signed_in()


@pytest.fixture
def clara() -> Client:
    return signed_in()


def signed_in() -> Client:
    client = Client()
    client.force_login(make.make_administrator())
    return client


def refused(page: Any) -> str:
    """The refusal of a save, on one line; the page is the form again."""
    assert page.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


# --- D1


@pytest.mark.django_db
def test_d1_the_second_save_of_the_same_field_is_refused_with_both_versions(anna, clara) -> None:
    """Red when: `_conflict` in core/guarded.py answers {} for every record."""
    station = make.make_station(city="Rome", address="Old street")
    first, second = opened(anna, address(station)), opened(clara, address(station))
    anna.post(address(station), first | {"address": "Anna's street"})
    page = clara.post(address(station), second | {"address": "Clara's street"})
    text = refused(page)
    assert "Somebody changed this record after you opened it" in text
    assert f"Last changed by {User.objects.earliest('pk')} at " in text
    assert "Address Old street Anna&#x27;s street Clara&#x27;s street" in text
    assert page.context["adminform"].form["address"].value() == "Clara's street"
    station.refresh_from_db()
    assert station.address == "Anna's street"
    # Having seen it, Clara may decide.
    again = {
        name: unescape(re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())[1])
        for name in ("_opened", "_submission")
    }
    assert clara.post(address(station), second | {"address": "Clara's street"} | again).status_code == 302
    station.refresh_from_db()
    assert station.address == "Clara's street"


@pytest.mark.django_db
def test_d1_fields_that_others_changed_are_filled_in_where_nobody_typed(anna, clara) -> None:
    """Red when: `_overlay` in core/saving.py takes what was typed for every field."""
    station = make.make_station(address="Old street", host_mission="Embassy")
    first, second = opened(anna, address(station)), opened(clara, address(station))
    anna.post(address(station), first | {"host_mission": "Consulate General"})
    page = clara.post(address(station), second | {"address": "New street"})
    form = page.context["adminform"].form
    assert (form["host_mission"].value(), form["address"].value()) == ("Consulate General", "New street")
    assert "Host mission Embassy Consulate General unchanged" in refused(page)
    station.refresh_from_db()
    assert (station.host_mission, station.address) == ("Consulate General", "Old street")


ROUNDS = 100


@pytest.mark.django_db
def test_d1_a_hundred_times_out_of_a_hundred(anna, clara) -> None:
    """Two open one record; the second saves another field in one round and the same one in the next.

    What is on record after the second save is what the first one wrote, in every round; what the second one typed is
    in the form that comes back, with both versions beside it. Rounds take turns among records of several kinds.
    Red when: `_conflict` in core/guarded.py answers {} now and then; or a field that takes no free text is among them.
    """
    chance = random.Random(4)
    # Small forms, for there are two hundred saves; those with rows inside have tests of their own.
    records = [make.make_organization(), make.make_constituency(), make.make_source()]
    lost = []
    for number in range(ROUNDS):
        record = records[number % len(records)]
        path = address(record)
        first = opened(anna, path)
        second = first | {"_submission": str(uuid4())}  # as Clara's page shows it at the same moment
        theirs, other = chance.sample(words_of(record, first), 2)
        mine = theirs if number % 2 else other
        kept = {"anna": f"Anna {number}", "clara": f"Clara {number}"}
        answer = anna.post(path, first | {theirs: kept["anna"]})
        page = clara.post(path, second | {mine: kept["clara"]})
        record.refresh_from_db()
        text = page.content.decode()
        told = page.status_code == 200 and "Somebody changed this record" in text and kept["clara"] in text
        if answer.status_code != 302 or not told or getattr(record, theirs) != kept["anna"]:
            lost.append((number, record, theirs, mine, answer.status_code, page.status_code))
    assert lost == []


@pytest.mark.django_db
def test_d1_rows_within_a_form_are_compared_as_well(anna, clara) -> None:
    """Red when: `untouched` in core/saving.py leaves out the formsets."""
    station = make.make_station()
    window = make.make_window(station=station)
    first, second = opened(anna, address(station)), opened(clara, address(station))
    anna.post(address(station), first | {"windows-0-closes": "20:00"})
    page = clara.post(address(station), second | {"windows-0-opens": "07:00"})
    assert "closes, local time 19:00 20:00 unchanged" in refused(page)
    row = page.context["inline_admin_formsets"][0].formset.forms[0]
    assert (row["opens"].value(), row["closes"].value()) == ("07:00", "20:00")
    before = VotingWindow.objects.get()
    assert (before.opens_at, before.closes_at.hour) == (window.opens_at, 14)


@pytest.mark.django_db
def test_d1_a_row_added_meanwhile_is_neither_lost_nor_doubled(anna, clara) -> None:
    """Red when: `_merge_rows` in core/saving.py writes only the rows that were sent."""
    mission = make.make_mission()
    first, second = opened(anna, address(mission)), opened(clara, address(mission))
    row = {
        "statements-TOTAL_FORMS": "1", "statements-0-id": "", "statements-0-mission": mission.pk,
        "statements-0-kind": "interim", "statements-0-title": "Interim report", "statements-0-language": "en",
        "statements-0-publication": "draft", "statements-0-issued_on": "2024-02-01",
        "statements-0-url": "https://example.org/1.pdf",
    }  # fmt: skip
    row["statements-0-kind"] = Statement.Kind.values[0]
    assert anna.post(address(mission), first | row).status_code == 302
    page = clara.post(
        address(mission),
        second
        | row
        | {"statements-0-title": "Final report", "statements-0-url": "https://example.org/2.pdf"},
    )
    assert "Statement “Interim report” - added -" in refused(page)
    formset = next(
        one.formset for one in page.context["inline_admin_formsets"] if one.formset.prefix == "statements"
    )
    assert [form["title"].value() for form in formset.forms][:2] == ["Interim report", "Final report"]
    # As the browser would send it again.
    again = resend(page)
    assert clara.post(address(mission), again).status_code == 302
    titles = list(Statement.objects.order_by("pk").values_list("title", flat=True))
    assert titles == ["Interim report", "Final report"]


def resend(page: Any) -> dict[str, Any]:
    """What a browser sends from a form that came back."""
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    values = {bound.html_name: bound.value() or "" for form in forms for bound in form}
    html = page.content.decode()
    for name in ("_opened", "_submission"):
        if found := re.search(rf'name="{name}" value="([^"]*)"', html):
            values[name] = unescape(found[1])
    return values | ({"_reason": "A test"} if 'name="_reason"' in html else {})


@pytest.mark.django_db
def test_d1_a_record_deleted_meanwhile_gives_back_what_was_typed(anna, clara) -> None:
    """Red when: `changeform_view` in core/guarded.py does not ask `_gone`."""
    station = make.make_station(city="Rome")
    make.make_window(station=station)
    typed = opened(clara, address(station)) | {"address": "Clara's street"}
    station.delete()
    page = clara.post(address(station), typed)
    assert "Somebody deleted this record after you opened it" in refused(page)
    assert page.context["adminform"].form["address"].value() == "Clara's street"
    assert not PollingStation.objects.exists()
    add = re.search(r'<form [^>]*action="([^"]+)"[^>]*id="pollingstation_form"', page.content.decode())[1]  # type: ignore[index]
    assert clara.post(add, resend(page)).status_code == 302
    assert PollingStation.objects.get().address == "Clara's street"
    assert VotingWindow.objects.count() == 1


BROKEN = (
    None,
    "",
    "x",
    "[]",
    '{"record": {}, "rows": {}}',
    '{"record": {"city": {"city": ["Rome"]}}, "rows": {}}',
)


@pytest.mark.django_db
@pytest.mark.parametrize("sent", BROKEN)
def test_d1_a_form_that_does_not_say_what_it_showed_overwrites_nothing(anna, clara, sent) -> None:
    """Red when: `_conflict` in core/guarded.py lets pass what `from_json` cannot read, or does not ask `covers`."""
    station = make.make_station(city="Rome", address="Old street")
    form = opened(clara, address(station))
    anna.post(address(station), opened(anna, address(station)) | {"city": "Milan"})
    form = {name: value for name, value in form.items() if name != "_opened"} | {"address": "Clara's street"}
    page = clara.post(address(station), form | ({} if sent is None else {"_opened": sent}))
    assert "The form did not say what it showed when you opened it" in refused(page)
    assert "City not known Milan Rome" in refused(page)
    assert page.context["adminform"].form["address"].value() == "Clara's street"
    station.refresh_from_db()
    assert (station.city, station.address) == ("Milan", "Old street")
    # Having seen it, Clara may decide.
    assert clara.post(address(station), resend(page)).status_code == 302
    station.refresh_from_db()
    assert (station.city, station.address) == ("Rome", "Clara's street")


@pytest.mark.django_db
def test_d1_a_row_within_a_form_says_what_it_showed_as_well(clara) -> None:
    """Red when: `covers` in core/saving.py looks at the record alone."""
    station = make.make_station()
    make.make_window(station=station)
    form = opened(clara, address(station))
    state = json.loads(form["_opened"])
    for rows in state["rows"].values():
        for row in rows.values():
            row.clear()
    page = clara.post(address(station), form | {"_opened": json.dumps(state)})
    assert "The form did not say what it showed" in refused(page)


EVERY_FORM = sorted(set(MAKERS) - READ_ONLY - ELSEWHERE - {Group}, key=lambda model: model.__name__)


@pytest.mark.django_db
@pytest.mark.parametrize("model", EVERY_FORM, ids=lambda model: model.__name__)
def test_d1_no_form_of_the_register_overwrites_what_it_did_not_show(anna, model) -> None:
    """Red when: an admin class of the register leaves out `GuardedSaves`; its id is in the failure."""
    record = MAKERS[model]()
    sent = opened(anna, address(record))
    # Sent as it was opened, nobody is in the way.
    assert "Somebody changed" not in anna.post(address(record), sent).content.decode()
    name = words_of(record, sent)[0]
    type(record)._default_manager.filter(pk=record.pk).update(**{name: "Otherwise"})
    page = anna.post(address(record), sent | {"_submission": str(uuid4()), name: "Mine"})
    assert "Somebody changed this record" in refused(page)
    record.refresh_from_db()
    assert getattr(record, name) == "Otherwise"


def words_of(record: models.Model, sent: dict[str, Any]) -> list[str]:
    """The fields of a form that take any words."""
    return [
        field.name
        for field in record._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField)
        and not isinstance(field, models.URLField)
        and field.name in sent
        and not field.choices
        and field.name not in ("slug", "password", "published_on")  # what is no free text
    ]


@pytest.mark.django_db
def test_d1_no_list_is_edited_in_place() -> None:
    """Red when: a list of the register gets `list_editable`: two people at one list would overwrite each other."""
    assert [one for one in admin.site._registry.values() if getattr(one, "list_editable", ())] == []


# --- D2


# As many as the case says, each with a connection of its own.
MANY = 50


def together(count: int, act: Any) -> list[Any]:
    """Call `act` from that many threads at once, each with a connection of its own."""

    def one(number: int) -> Any:
        try:
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.django_db(transaction=True)
def test_d2_a_form_sent_many_times_at_once_is_one_record_and_one_answer() -> None:
    """Fifty times; every other form is sent twice at once in test_twice.py.

    Red when: `reserve` in core/guarded.py gives every call a new key (seen: fifty records).
    """
    client = signed_in()
    sent = opened(client, reverse("admin:core_source_add")) | {"title": "A letter", "publisher": "Trend"}

    def post(number: int) -> tuple[int, str]:
        own = Client()
        own.cookies = client.cookies
        page = own.post(reverse("admin:core_source_add"), sent)
        return page.status_code, page.headers.get("Location", "")

    answers = together(MANY, post)
    assert len(answers) == MANY
    assert Source.objects.filter(title="A letter").count() == 1
    assert set(answers) == {(302, reverse("admin:core_source_changelist"))}


@pytest.mark.django_db
def test_d2_sent_again_after_going_back_it_is_saved_once(anna) -> None:
    """Red when: `_sent_before` in core/guarded.py saves again."""
    add = reverse("admin:core_source_add")
    sent = opened(anna, add) | {"title": "A letter", "publisher": "Trend"}
    anna.post(add, sent)
    page = anna.post(add, sent, follow=True)
    assert "it was saved once" in page.content.decode()
    assert Source.objects.filter(title="A letter").count() == 1


@pytest.mark.django_db
def test_d2_typed_anew_after_going_back_nothing_is_lost_in_silence(anna) -> None:
    """Red when: `_sent_before` in core/guarded.py does not compare what was sent."""
    add = reverse("admin:core_source_add")
    sent = opened(anna, add) | {"title": "A letter", "publisher": "Trend"}
    anna.post(add, sent)
    page = anna.post(add, sent | {"title": "Another letter"})
    assert "This form was saved already" in refused(page)
    assert anna.post(add, resend(page)).status_code == 302
    assert set(Source.objects.values_list("title", flat=True)) == {"A letter", "Another letter"}


@pytest.mark.django_db
def test_d2_a_change_sent_twice_is_no_conflict_with_oneself(anna) -> None:
    """Red when: `changeform_view` in core/guarded.py compares before it looks at the key."""
    station = make.make_station()
    sent = opened(anna, address(station)) | {"address": "New street"}
    for _twice in range(2):
        assert anna.post(address(station), sent).status_code == 302
    station.refresh_from_db()
    assert station.address == "New street"


@pytest.mark.django_db
def test_d2_a_form_with_a_mistake_may_be_sent_again(anna) -> None:
    """Red when: `changeform_view` in core/guarded.py keeps the key of a form that was not saved."""
    add = reverse("admin:core_source_add")
    sent = opened(anna, add)
    assert anna.post(add, sent).status_code == 200
    assert anna.post(add, sent | {"title": "A letter"}).status_code == 302
    assert Submission.objects.get().record == str(Source.objects.get().pk)


# --- D5


@pytest.mark.django_db(transaction=True)
def test_d5_one_of_many_takes_a_name_and_the_others_are_told() -> None:
    """Red when: `_save` in core/guarded.py lets IntegrityError through (a server error, 500)."""
    clients = [signed_in() for _ in range(MANY)]
    add = reverse("admin:missions_organization_add")
    forms = [opened(client, add) | {"name": "Union", "slug": "union", "kind": "ngo"} for client in clients]

    pages = together(MANY, lambda number: clients[number].post(add, forms[number]))
    assert sorted(page.status_code for page in pages) == [200] * (MANY - 1) + [302]
    assert Organization.objects.filter(slug="union").count() == 1
    told = [page for page in pages if page.status_code == 200]
    taken = {
        "Organization with this Name already exists.",
        "Another organization has this address name. Add what tells them apart, such as the country: cec-az.",
    }
    # Of the form where the other was there already, of the database where it was not: then of one rule alone.
    sayings = {frozenset(taken), *(frozenset({one}) for one in taken)}
    assert {frozenset(complaints(page)) for page in told} <= sayings


@pytest.mark.django_db(transaction=True)
def test_d5_one_badge_number_is_given_once() -> None:
    """Fifty officers give one number to fifty applications at the desk; of one election, in one moment.

    Red when: the constraint accreditation_number_once is dropped (several are given).
    """
    election = make.make_election()
    mission: Mission = make.make_mission(election=election)
    rows = [make.make_accreditation(observer=make.make_observer(mission=mission)) for _ in range(MANY)]
    officers = [signed_in() for _ in range(MANY)]
    typed = {"to": "accredited", "number": "O-1", "seen": "applied", "reason": "", "valid_from": "2024-02-01",
             "valid_until": "2024-02-10"}  # fmt: skip

    def give(number: int) -> Any:
        path = reverse("admin:accreditation_application", args=[election.slug, rows[number].pk])
        return officers[number].post(path, typed)

    pages = together(MANY, give)
    assert sorted(page.status_code for page in pages) == [302] + [422] * (MANY - 1)
    given = Accreditation.objects.filter(number="O-1").values_list("status", flat=True)
    assert list(given) == ["accredited"]
    assert Accreditation.objects.filter(status="applied").count() == MANY - 1
    assert {frozenset(complaints(page)) for page in pages if page.status_code == 422} == {
        frozenset(
            {"The number O-1 is already given in this election; choose another or leave the field empty."}
        )
    }


@pytest.mark.django_db(transaction=True)
def test_d5_one_slot_is_planned_once() -> None:
    """Fifty coordinators send one team to one station at one hour; the others are told at the field.

    Red when: the screen does not go through core/once.py (some are answered with 500, as before there was one).
    """
    team = make.make_team()
    station = make.make_station(election=team.mission.election)
    clients = [signed_in() for _ in range(MANY)]
    path = reverse("admin:board_plan", args=[station.election.slug])
    typed = {
        "team": team.pk,
        "station": station.pk,
        "date": "2024-02-07",
        "opens": "08:00",
        "closes": "10:00",
    }
    pages = together(MANY, lambda number: clients[number].post(path, typed))
    assert sorted(page.status_code for page in pages) == [302] + [422] * (MANY - 1)
    assert Deployment.objects.count() == 1
    # At its field, or above the form where it was the last check that found it; as a warning that names the plan
    # where it was entered between the two checks.
    words = {" ".join(complaints(page)) for page in pages if page.status_code == 422}
    told = "This team is already planned at this station at this hour."
    assert words <= {told, f"{team} is already planned at this station: 7 Feb 08:00–10:00 (UTC+06:00)."}
