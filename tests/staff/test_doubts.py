"""Whoever publishes learns what is doubtful in it, and what hangs on it; nothing of that is refused."""

from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories
from tests.forms import confirm
from tests.forms import save as send
from tracker.core.models import Publication
from tracker.elections.models import AnnouncedFigure, Election, Milestone
from tracker.missions.models import Mission, Organization, Statement

pytestmark = pytest.mark.django_db
DRAFT = {"publication": Publication.DRAFT}


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(factories.make_administrator())
    return client


def act(client: Client, action: str, *rows: Any) -> list[str]:
    """The warnings after an action on these rows in their list."""
    address = reverse(f"admin:{rows[0]._meta.app_label}_{rows[0]._meta.model_name}_changelist")
    chosen = {"_selected_action": [row.pk for row in rows], "action": action}
    return warnings(confirm(client, address, chosen, follow=True))


def asked_first(client: Client, *rows: Any) -> list[str]:
    """What the question says before these rows are published from their list."""
    address = reverse(f"admin:{rows[0]._meta.app_label}_{rows[0]._meta.model_name}_changelist")
    question = client.post(address, {"_selected_action": [row.pk for row in rows], "action": "publish"})
    return [known.text for known in question.context["to_know"]]


def save(client: Client, row: Any, **over: Any) -> list[str]:
    """The warnings after saving the form of `row` as it stands, with `over` changed."""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    page = client.get(address)
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    values = {
        bound.html_name: bound.value() for form in forms for bound in form if bound.value() not in (None, "")
    }
    return warnings(send(client, address, values | over, follow=True))


def warnings(page: Any) -> list[str]:
    return [str(message) for message in page.context["messages"] if message.level_tag == "warning"]


def test_a_station_without_source_and_hours_in_a_zone_of_another_country(administrator: Client) -> None:
    station = factories.make_station(timezone="Europe/Rome", **DRAFT)
    expected = (
        f"{station}: no source is on record; the voting hours are not known; "
        "no clock in Kazakhstan keeps the time of Europe/Rome"
    )
    assert asked_first(administrator, station) == [
        f"{station} will be shown without a source.",
        f"{station}: the voting hours are not known; no clock in Kazakhstan keeps the time of Europe/Rome.",
    ]
    assert act(administrator, "publish", station) == []
    assert save(administrator, station) == [f"Please check what is public now. {expected}."]


def test_a_complete_station_is_published_without_a_word(administrator: Client) -> None:
    # Older names of a zone are names of the same clock.
    station = factories.make_station(
        country="UA", timezone="Europe/Kiev", source=factories.make_source(), **DRAFT
    )
    factories.make_window(station=station)
    assert asked_first(administrator, station) == []
    assert act(administrator, "publish", station) == []
    assert save(administrator, station) == []


def test_doubts_of_many_rows_take_as_many_questions_as_of_two(administrator: Client) -> None:
    election = factories.make_election()
    stations = [factories.make_station(election=election, **DRAFT) for _ in range(5)]
    asked_first(administrator, *stations[:2])  # fills caches of content types
    with CaptureQueriesContext(connection) as two:
        asked_first(administrator, *stations[:2])
    with CaptureQueriesContext(connection) as three:
        told = asked_first(administrator, *stations[2:])
    doubts = (" will be shown without a source.", ": the voting hours are not known.")
    assert sorted(told) == sorted(f"{station}{doubt}" for station in stations[2:] for doubt in doubts)
    assert len(three) == len(two)


@pytest.mark.parametrize("model", [Election, Milestone, Mission, Organization, Statement])
def test_what_has_no_source_is_named(administrator: Client, model: Any) -> None:
    """Red when: `publish` asks without `to_know_before`."""
    makers = {
        Election: factories.make_election,
        Milestone: factories.make_milestone,
        Mission: factories.make_mission,
        Organization: factories.make_organization,
        # With its address readers can open it themselves.
        Statement: partial(factories.make_statement, title="Heard on the radio", url=""),
    }
    record = makers[model](**DRAFT)
    assert asked_first(administrator, record) == [f"{record} will be shown without a source."]
    assert asked_first(administrator, makers[model](source=factories.make_source(), **DRAFT)) == []


def test_a_statement_that_readers_can_open_needs_no_other_source(administrator: Client) -> None:
    statement = factories.make_statement(url="https://observers.example/report", **DRAFT)
    assert asked_first(administrator, statement) == []


def test_publishing_a_mission_tells_that_its_statements_stay_drafts(administrator: Client) -> None:
    mission = factories.make_mission(source=factories.make_source(), **DRAFT)
    for number in range(2):
        factories.make_statement(mission=mission, url=f"https://example.org/{number}", **DRAFT)
    expected = ["Still drafts below it, and shown to nobody: 2 statements."]
    assert act(administrator, "publish", mission) == expected
    assert save(administrator, mission) == expected


def test_withdrawing_an_organization_tells_what_vanishes_with_it(administrator: Client) -> None:
    organization = factories.make_organization()
    mission = factories.make_mission(organization=organization)
    factories.make_statement(mission=mission)
    factories.make_statement(mission=mission, url="https://example.org/draft", **DRAFT)
    expected = ["Published themselves, and hidden now as well: 1 mission and 1 statement."]
    assert act(administrator, "unpublish", organization) == expected


@pytest.mark.parametrize(
    ("metric", "unit", "fits"),
    [("turnout", "percent", True), ("turnout", "persons", False), ("voters_abroad", "stations", False)],
)
def test_a_figure_is_given_in_a_unit_of_its_metric(
    administrator: Client, metric: str, unit: str, fits: bool
) -> None:
    figure = factories.make_figure(metric=metric, unit=unit, value=50)
    address = reverse("admin:elections_announcedfigure_change", args=[figure.pk])
    form = administrator.get(address).context["adminform"].form
    values = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}
    page = send(administrator, address, values)
    label = AnnouncedFigure.Metric(metric).label
    units = {"turnout": "percent", "voters_abroad": "voters"}[metric]
    assert (None if page.status_code == 302 else page.context["adminform"].form.errors) == (
        None if fits else {"unit": [f"“{label}” is not counted in this unit. Choose: {units}."]}
    )


def test_every_metric_has_its_units() -> None:
    assert set(AnnouncedFigure.METRIC_UNITS) == set(AnnouncedFigure.Metric)
