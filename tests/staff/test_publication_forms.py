"""The way to the public in the admin: handing in, publishing, embargo, and why something public is corrected."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories as make
from tests.forms import confirm
from tests.trust.test_concurrency import opened
from tracker.core.identity import Identity, acting
from tracker.core.models import Publication
from tracker.core.roles import Role
from tracker.coverage.models import Correction
from tracker.elections.models import AnnouncedFigure, Election
from tracker.missions.models import Statement

pytestmark = pytest.mark.django_db


def signed_in(*roles: str) -> Client:
    client = Client()
    client.force_login(make.make_account(*roles))
    return client


@pytest.fixture
def desk() -> Client:
    return signed_in(Role.DESK)


@pytest.fixture
def publisher() -> Client:
    return signed_in(Role.PUBLISHER)


def form_of(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def press(client: Client, row: Any, action: str) -> list[str]:
    """Take an action on one row of its list, confirming it where that is asked; what the page says then."""
    path = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_changelist")
    chosen = {"_selected_action": [row.pk], "action": action}
    confirm(client, path, chosen)
    return [str(message) for message in client.get(path).context["messages"]]


def test_whoever_corrects_what_is_public_says_why(desk: Client) -> None:
    figure = make.make_figure(value=49)
    page = desk.get(form_of(figure)).content.decode()
    assert 'name="_reason"' in page
    sent = opened(desk, form_of(figure)) | {"value": "50", "_reason": " "}
    page = desk.post(form_of(figure), sent)
    assert "Say in a few words why this is corrected" in page.content.decode()
    assert not Correction.objects.exists()
    assert desk.post(form_of(figure), sent | {"_reason": "A slip of the pen"}).status_code == 302
    correction = Correction.objects.get()
    assert (correction.before, correction.after, correction.reason) == (
        {"value": 49.0}, {"value": 50.0}, "A slip of the pen",
    )  # fmt: skip


def test_a_member_of_a_public_mission_is_corrected_with_a_reason_as_well() -> None:
    """Red when: `_create_formsets` leaves the checks of its rows as they are; or asks four eyes of no new row."""
    officer, member = signed_in(Role.OFFICER), make.make_membership(notes="")
    mission, why = member.mission, "Say in a few words why this is corrected"
    sent = opened(officer, form_of(mission)) | {"memberships-0-notes": "Joined late", "_reason": ""}
    assert why in officer.post(form_of(mission), sent).content.decode()
    assert officer.post(form_of(mission), sent | {"_reason": "They told us"}).status_code == 302
    assert Correction.objects.get().reason == "They told us"
    another = {
        "memberships-TOTAL_FORMS": "2", "memberships-1-organization": make.make_organization().pk,
        "memberships-1-role": "partner", "memberships-1-mission": mission.pk, "_reason": "",
    }  # fmt: skip
    Election.objects.update(four_eyes=True)
    assert why in officer.post(form_of(mission), opened(officer, form_of(mission)) | another).content.decode()
    assert mission.memberships.count() == 1


def test_leaving_the_reason_out_is_no_way_around_it(desk: Client) -> None:
    """Red when: get_form takes a reason that is not sent for one that need not be."""
    figure = make.make_figure(value=49)
    sent = opened(desk, form_of(figure)) | {"value": "50"}
    del sent["_reason"]
    assert "Say in a few words why this is corrected" in desk.post(form_of(figure), sent).content.decode()
    figure.refresh_from_db()
    assert figure.value == 49


@pytest.mark.parametrize("inline", [False, True])
def test_what_is_published_meanwhile_is_no_draft_any_more(inline: bool) -> None:
    """A coordinator has the form open, and the state becomes one that the coordinator only reads.

    Red when: `_fields` in core/saving.py says nothing of a state that the form does not send.
    """
    statement = make.make_statement(title="Before", publication="submitted")
    clara = Client()
    clara.force_login(make.make_account(Role.COORDINATOR, organization=statement.mission.organization))
    page = form_of(statement.mission if inline else statement)
    name = "statements-0-title" if inline else "title"
    sent = opened(clara, page) | {name: "After"}
    Statement.objects.update(publication="published")
    answer = clara.post(page, sent)
    words = " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())
    assert "Somebody changed this record after you opened it" in words
    assert "publication submitted published" in words.replace(": waits for a publisher", "")
    statement.refresh_from_db()
    assert (statement.title, statement.publication) == ("Before", "published")


def test_a_draft_is_changed_without_a_reason(desk: Client) -> None:
    figure = make.make_figure(value=49, publication=Publication.DRAFT)
    assert 'name="_reason"' not in desk.get(form_of(figure)).content.decode()
    assert desk.post(form_of(figure), opened(desk, form_of(figure)) | {"value": "50"}).status_code == 302


def test_the_desk_hands_in_and_a_publisher_publishes_with_an_embargo(desk: Client, publisher: Client) -> None:
    figure = make.make_figure(publication=Publication.DRAFT)
    sent = opened(desk, form_of(figure))
    assert "embargo_until_0" not in sent
    desk.post(form_of(figure), sent | {"publication": "submitted", "embargo_until_0": "2099-01-01"})
    figure.refresh_from_db()
    assert (figure.publication, figure.embargo_until) == ("draft", None)
    press(desk, figure, "submit")
    press(publisher, figure, "publish")
    figure.refresh_from_db()
    assert figure.publication == "published"


@pytest.mark.parametrize("role", [Role.DESK, None])
def test_the_state_is_read_on_the_form_and_changed_by_the_steps_alone(role: str | None) -> None:
    """Red when: get_readonly_fields leaves "publication" to whoever may publish, or to anybody on a new record."""
    client = Client()
    client.force_login(make.make_account(role) if role else make.make_administrator())
    figure = make.make_figure(publication=Publication.DRAFT)
    for page in (form_of(figure), reverse("admin:elections_announcedfigure_add")):
        form = client.get(page).context["adminform"].form
        assert ("publication" in form.fields, "metric" in form.fields) == (False, True), page
    for forged in ("submitted", "published", "withdrawn"):
        client.post(form_of(figure), opened(client, form_of(figure)) | {"publication": forged})
        figure.refresh_from_db()
        assert figure.publication == "draft"


def test_what_was_handed_in_is_taken_back(desk: Client) -> None:
    """Red when: BEGINS[DRAFT] is every state."""
    figure = make.make_figure(publication=Publication.SUBMITTED)
    assert press(desk, figure, "take_back") == ["1 announced figure is a draft again."]
    figure.refresh_from_db()
    assert figure.publication == "draft"
    type(figure).objects.update(publication="published")
    assert press(desk, figure, "take_back") == [
        "Nothing to take back: only what waits for a publisher can be."
    ]
    figure.refresh_from_db()
    assert figure.publication == "published"


def test_records_are_handed_in_from_their_list(desk: Client) -> None:
    figure = make.make_figure(publication=Publication.DRAFT)
    assert press(desk, figure, "submit") == ["1 announced figure waits for a publisher now."]
    figure.refresh_from_db()
    assert figure.publication == "submitted"
    assert press(desk, figure, "submit") == [
        "Nothing to submit: only drafts, and what was withdrawn, can be."
    ]


def test_four_eyes_are_explained_and_held(desk: Client) -> None:
    election = make.make_election()
    both = make.make_account(Role.DESK, Role.PUBLISHER)
    with acting(Identity(user=both.pk)):
        figure = make.make_figure(election=election, publication=Publication.SUBMITTED)
    figure.refresh_from_db()
    Election.objects.update(four_eyes=True)
    own = Client()
    own.force_login(both)
    said = press(own, figure, "publish")
    assert said[0].startswith(f"Not published: “{figure}”. This election asks for four eyes")
    own.post(form_of(figure), opened(own, form_of(figure)) | {"publication": "published"})
    figure.refresh_from_db()
    assert figure.publication == "submitted"
    press(signed_in(Role.PUBLISHER), figure, "publish")
    figure.refresh_from_db()
    assert figure.publication == "published"
    assert "saving a change takes it off the public pages" in desk.get(form_of(figure)).content.decode()
    sent = opened(desk, form_of(figure)) | {"value": "50", "_reason": "A slip"}
    assert desk.post(form_of(figure), sent).status_code == 302
    assert AnnouncedFigure.objects.get().publication == "submitted"


def test_a_publisher_publishes_under_an_embargo_from_the_list(publisher: Client) -> None:
    figure = make.make_figure(publication=Publication.SUBMITTED)
    path = reverse("admin:elections_announcedfigure_changelist")
    chosen = {"_selected_action": [figure.pk], "action": "publish"}
    assert 'name="embargo_until"' in publisher.post(path, chosen).content.decode()
    late = confirm(publisher, path, chosen | {"embargo_until": "2020-01-01T10:00"})
    assert "This moment is over" in late.content.decode()
    figure.refresh_from_db()
    assert figure.publication == "submitted"
    confirm(publisher, path, chosen | {"embargo_until": "2099-01-01T10:00"})
    figure.refresh_from_db()
    assert (figure.publication, figure.embargo_until) == ("published", datetime(2099, 1, 1, 10, tzinfo=UTC))
    said = [str(message) for message in publisher.get(path).context["messages"]]
    assert said[:2] == [
        f"Published: the announced figure “{figure}”.",
        "1 of them stays hidden until its embargo ends.",
    ]
    assert figure not in AnnouncedFigure.objects.published()


def test_a_figure_is_called_by_its_value_as_a_reader_knows_it() -> None:
    figure = make.make_figure(value=1126)
    assert str(figure) == "Polling stations abroad: 1,126 (Ministry of Foreign Affairs)"
    figure.refresh_from_db()
    assert str(figure) == "Polling stations abroad: 1,126 (Ministry of Foreign Affairs)"
