"""Promises about every screen of the admin, kept by walking over all of them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories
from tests.forms import confirm
from tests.public.pages import text_of
from tracker.accounts.models import SignInAttempt
from tracker.core.history.models import Change, ChangedRow, Head, PersonalValue
from tracker.core.models import Country, Job, Publication, Publishable, Source, Submission, TimeZone, User
from tracker.core.publication import counted
from tracker.elections.models import AnnouncedFigure, Constituency, Election, Milestone, SimulatedDay
from tracker.fieldwork.models import Assessment, Deployment, Incident, IncidentChange, Team, Visit
from tracker.missions.models import (
    Accreditation,
    AccreditationChange,
    AccreditationRule,
    Affiliation,
    BulkDecision,
    BulkDecisionRow,
    Engagement,
    Membership,
    Mission,
    Observer,
    Organization,
    Outlet,
    Person,
    PersonReading,
    Statement,
)
from tracker.stations.models import PollingStation, VotingWindow

pytestmark = pytest.mark.django_db

MAKERS: dict[type[models.Model], Callable[[], Any]] = {
    Accreditation: factories.make_accreditation,
    AccreditationRule: factories.make_rule,
    AnnouncedFigure: factories.make_figure,
    Constituency: factories.make_constituency,
    Deployment: factories.make_deployment,
    Incident: factories.make_incident,
    Country: lambda: factories.country("KZ"),
    Election: factories.make_election,
    Engagement: factories.make_engagement,
    Job: factories.make_job,
    Membership: factories.make_membership,
    Milestone: factories.make_milestone,
    Mission: factories.make_mission,
    Observer: factories.make_observer,
    Organization: factories.make_organization,
    Outlet: factories.make_outlet,
    Person: factories.make_person,
    PersonReading: factories.make_reading,
    PollingStation: factories.make_station,
    SignInAttempt: factories.make_attempt,
    Source: factories.make_source,
    Statement: factories.make_statement,
    Team: factories.make_team,
    TimeZone: lambda: factories.zone("Asia/Almaty"),
    User: factories.make_administrator,
    Visit: lambda: factories.make_visit(status="draft"),
    VotingWindow: factories.make_window,
}
# Screens whose rows are entered elsewhere: they refuse to add or to change.
READ_ONLY = {Accreditation, Country, Job, PersonReading, SignInAttempt, TimeZone, VotingWindow}
# Shown within another screen, or on a screen of the accreditation desk.
WITHOUT_SCREENS = {AccreditationChange, BulkDecision, BulkDecisionRow}
# Rows entered within another screen.
INLINE_ONLY = {Affiliation, Assessment, IncidentChange}
# Screens whose rows are entered and changed on a page of their own, to which the admin's forms lead.
ELSEWHERE = {Visit}
# Added by inviting somebody.
INVITED = {User}
EVERY_MODEL = sorted(MAKERS, key=lambda model: model.__name__)


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(factories.make_administrator())
    return client


def address(model: type[models.Model], screen: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{screen}", args=args)


def test_every_model_of_the_register_has_screens_and_a_row_in_this_sweep() -> None:
    registered = set(admin.site._registry)
    # What a file brought in is the loader's own memory, not part of the register.
    ours = {model for model in apps.get_models() if model.__module__.startswith("tracker.")}
    ours = {
        model
        for model in ours
        if model._meta.app_label in ("core", "elections", "stations", "missions", "fieldwork")
    }
    # The clock of a demonstration is moved by its simulation, and the keys of forms are nobody's business; the history
    # has screens of its own.
    ours -= {SimulatedDay, Submission, Change, ChangedRow, Head, PersonalValue}
    assert ours - registered == WITHOUT_SCREENS | INLINE_ONLY
    assert set(MAKERS) == {
        m for m in registered if m._meta.app_label != "coverage" and m.__name__ != "LoadedRecord"
    }


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_an_administrator_opens_every_screen(administrator: Client, model: type[models.Model]) -> None:
    row = MAKERS[model]()
    answers = {
        "list": administrator.get(address(model, "changelist")).status_code,
        "search": administrator.get(address(model, "changelist"), {"q": "a"}).status_code,
        "change": administrator.get(address(model, "change", row.pk)).status_code,
        "history": administrator.get(address(model, "history", row.pk)).status_code,
        "add": administrator.get(address(model, "add")).status_code,
        "delete": administrator.get(address(model, "delete", row.pk)).status_code,
    }
    refused = 403 if model in READ_ONLY else 302 if model in ELSEWHERE | INVITED else 200
    changed = 302 if model in ELSEWHERE else 200
    fixed = (Accreditation, Country, Job, PersonReading, SignInAttempt, TimeZone, User)
    removable = 403 if model in fixed else 200
    assert answers == {
        "list": 200, "search": 200, "change": changed, "history": 200, "add": refused, "delete": removable,
    }  # fmt: skip


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_staff_without_a_permission_and_strangers_are_turned_away(
    client: Client, model: type[models.Model]
) -> None:
    row = MAKERS[model]()
    screens = [address(model, "changelist"), address(model, "add"), address(model, "change", row.pk)]
    for screen in screens:
        answer = client.get(screen)
        assert (answer.status_code, answer["Location"]) == (302, f"/staff/login/?next={screen}")
    client.force_login(User.objects.create_user("newcomer", password="x", is_staff=True))
    assert [client.get(screen).status_code for screen in screens] == [403, 403, 403]


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_a_list_asks_as_much_for_three_rows_as_for_one(
    administrator: Client, model: type[models.Model]
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert administrator.get(address(model, "changelist")).status_code == 200
        return len(captured)

    MAKERS[model]()
    administrator.get(address(model, "changelist"))  # fills caches of content types
    with_one = queries()
    MAKERS[model](), MAKERS[model]()
    assert queries() == with_one


@pytest.mark.parametrize("view", ["propose_zone", "utc", "voting_days"])
def test_questions_of_the_station_form_are_for_its_editors(client: Client, view: str) -> None:
    question = reverse(f"admin:stations_pollingstation_{view}")
    assert client.get(question).status_code == 302
    client.force_login(User.objects.create_user("newcomer", password="x", is_staff=True))
    assert client.get(question).status_code == 403


def test_signing_in_sets_nothing_but_the_form_s_cookie(client: Client) -> None:
    assert set(client.get("/staff/login/").cookies) == {"csrftoken"}


PUBLISHABLE = [model for model in EVERY_MODEL if issubclass(model, Publishable)]


@pytest.mark.parametrize("model", PUBLISHABLE)
def test_publishing_and_withdrawing_from_the_list(administrator: Client, model: type[models.Model]) -> None:
    rows = [MAKERS[model](), MAKERS[model]()]
    model._default_manager.filter(pk=rows[0].pk).update(publication=Publication.DRAFT)
    chosen = {"_selected_action": [row.pk for row in rows]}

    page = confirm(administrator, address(model, "changelist"), chosen | {"action": "publish"}, follow=True)
    # What is doubtful in them is told by test_doubts.
    assert messages(page)[:2] == [f"{counted(model, 1)} published.", "1 record was published already."]
    assert model._default_manager.filter(publication="published").count() == model._default_manager.count()

    page = confirm(administrator, address(model, "changelist"), chosen | {"action": "unpublish"}, follow=True)
    assert messages(page) == [f"{counted(model, 2)} withdrawn from the public."]
    assert list(model._default_manager.filter(pk__in=chosen["_selected_action"]).values_list("publication")) == [
        ("withdrawn",), ("withdrawn",),
    ]  # fmt: skip
    history = text_of(administrator.get(address(model, "history", rows[0].pk)).content.decode())
    assert "Publication before: draft → after: published" in history
    assert "Publication before: published → after: withdrawn: was public, and is not any more" in history


def test_publishing_below_a_draft_warns_that_nobody_sees_it(administrator: Client) -> None:
    election = factories.make_election(publication=Publication.DRAFT)
    station = factories.make_station(election=election, publication=Publication.DRAFT)
    chosen = {"_selected_action": [station.pk], "action": "publish"}
    page = confirm(administrator, address(PollingStation, "changelist"), chosen, follow=True)
    assert messages(page)[:2] == [
        f"Published: the polling station “{station}”."
        ' <a class="onward" href="/staff/stations/pollingstation/add/">Enter another polling station</a>',
        "1 of them stays hidden until its election is published as well.",
    ]
    assert "hidden by a draft above it" in page.content.decode()


def test_the_index_leads_to_the_accreditation_queue(administrator: Client) -> None:
    sections = {str(s["name"]): s for s in administrator.get("/staff/").context["app_list"]}
    desk = sections["Accreditation"]["models"][0]
    assert (str(desk["name"]), desk["admin_url"]) == ("Accreditation queue", "/staff/accreditation/")
    election = factories.make_election()
    page = administrator.get(address(Election, "change", election.pk)).content.decode()
    assert f'href="/staff/accreditation/{election.slug}/"' in page


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_no_form_offers_to_delete_what_it_only_names(
    administrator: Client, model: type[models.Model]
) -> None:
    """The red cross beside a look-up looks as if it emptied the field."""
    if model in READ_ONLY | ELSEWHERE:
        return
    page = administrator.get(address(model, "change", MAKERS[model]().pk))
    assert "delete-related" not in page.content.decode()


def test_a_bad_address_name_is_told_in_words(administrator: Client) -> None:
    page = administrator.post(address(Organization, "add"), {"name": "Somebody", "slug": "two words"})
    assert page.context["adminform"].form.errors["slug"] == [
        "Use only the letters a to z, digits, hyphens and underscores, without blanks."
    ]


def test_something_in_use_is_not_deleted(administrator: Client) -> None:
    station = factories.make_station()
    page = administrator.post(address(Election, "delete", station.election_id), {"post": "yes"})
    assert Election.objects.filter(pk=station.election_id).exists()
    assert "would require deleting the following protected related objects" in page.content.decode()


def test_the_index_follows_the_work(administrator: Client) -> None:
    sections = administrator.get("/staff/").context["app_list"]
    names = [str(section["name"]) for section in sections]
    assert names[:9] == [
        "Elections",
        "Polling stations",
        "Missions",
        "Accreditation",
        "Field work",
        "What was published",
        "Sources",
        "Accounts and jobs",
        "Reference tables",
    ]


def messages(page: Any) -> list[str]:
    return [str(message) for message in page.context["messages"]]
