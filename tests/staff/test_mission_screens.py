"""One person enters a mission together with its statement."""

import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.forms import modelform_factory
from django.test import Client
from django.urls import reverse

from tests import factories as make
from tests.forms import confirm
from tests.trust.test_concurrency import opened
from tracker.core.history.models import ChangedRow
from tracker.core.models import Publication
from tracker.core.roles import Role
from tracker.missions.forms import MissionForm, OrganizationForm
from tracker.missions.models import Mission, Organization, Statement

pytestmark = pytest.mark.django_db


def test_the_officer_enters_a_mission_with_its_statement(client: Client) -> None:
    """Red when: the statements are taken from the officer's line of the table of roles."""
    client.force_login(make.make_account(Role.OFFICER))
    election, organization = make.make_election(), make.make_organization()
    path = reverse("admin:missions_mission_add")
    typed = {
        "election": election.pk, "organization": organization.pk, "type": "short_term", "status": "observed",
        "statements-TOTAL_FORMS": "1", "statements-0-id": "", "statements-0-kind": "statement",
        "statements-0-title": "A statement", "statements-0-publication": "published",
    }  # fmt: skip
    page = client.post(path, opened(client, path) | typed)
    assert page.status_code == 302, page.context["errors"]
    statement = Statement.objects.get(mission=Mission.objects.get())
    assert (statement.title, statement.publication) == ("A statement", Publication.DRAFT)
    change = reverse("admin:missions_statement_change", args=[statement.pk])
    sent = opened(client, change) | {"title": "The statement", "publication": "submitted"}
    assert client.post(change, sent).status_code == 302
    statement.refresh_from_db()
    assert (statement.title, statement.publication) == ("The statement", Publication.DRAFT)


def test_the_officer_publishes_no_statement(client: Client) -> None:
    client.force_login(make.make_account(Role.OFFICER))
    statement = make.make_statement(publication=Publication.SUBMITTED)
    change = reverse("admin:missions_statement_change", args=[statement.pk])
    client.post(change, opened(client, change) | {"publication": "published"})
    confirm(
        client,
        reverse("admin:missions_statement_changelist"),
        {"action": "publish", "_selected_action": [statement.pk]},
    )
    statement.refresh_from_db()
    assert statement.publication == Publication.SUBMITTED


def new_mission(client: Client, **typed: object) -> dict[str, object]:
    """What the form of a new mission with a statement sends."""
    path = reverse("admin:missions_mission_add")
    election, organization = make.make_election(), make.make_organization()
    return opened(client, path) | {
        "election": election.pk, "organization": organization.pk, "type": "short_term", "status": "observed",
        "statements-0-title": "On the day",
    } | typed  # fmt: skip


def test_a_mission_is_saved_and_submitted_with_its_statement_in_one_go(client: Client) -> None:
    """Red when: `hand_in` leaves the parts out; or `onward` looks for another button."""
    officer = make.make_account(Role.OFFICER)
    client.force_login(officer)
    sent = new_mission(client, _submit="Save and submit for publication")
    done = client.post(reverse("admin:missions_mission_add"), sent, follow=True)
    mission = Mission.objects.get()
    assert done.redirect_chain == [("/staff/", 302)]
    assert [str(message) for message in done.context["messages"]] == [
        "1 mission and 1 statement wait for a publisher now.",
        f"The publisher will be told: {mission}: no source is on record; Statement: On the day: no source is on "
        "record. You can still add it.",
    ]  # fmt: skip
    statement = mission.statements.get()
    assert (mission.publication, statement.publication) == (Publication.SUBMITTED, Publication.SUBMITTED)
    # The history has both deeds, as if one had followed the other.
    rows = ChangedRow.objects.filter(table_name="missions_mission", key=str(mission.pk)).order_by("pk")
    deeds = [(row.kind, row.after["publication"], row.change.account) for row in rows]
    assert deeds == [("insert", "draft", officer.pk), ("update", "submitted", officer.pk)]
    # Sent a second time it is submitted once.
    client.post(reverse("admin:missions_mission_add"), sent)
    assert rows.count() == 2
    assert "_publish" not in done.content.decode()


def test_saving_and_publishing_asks_as_publishing_does(client: Client) -> None:
    """Red when: `onward` publishes without asking, or lets whoever does not publish do it."""
    client.force_login(make.make_account(Role.OFFICER, Role.PUBLISHER))
    path = reverse("admin:missions_mission_add")
    asked = client.post(path, new_mission(client, _publish="Save and publish"), follow=True)
    mission = Mission.objects.get()
    question = reverse("admin:missions_mission_publication", args=[mission.pk, "publish"])
    assert [(to.partition("?")[0], status) for to, status in asked.redirect_chain] == [(question, 307)]
    page = asked.content.decode()
    assert "<h1>Publish these 2 records?</h1>" in page
    assert "Saved, and not published yet: nobody outside sees it before you say yes." in page
    assert "was added successfully" not in page
    assert mission.publication == Publication.DRAFT
    # The question is about what was saved: it is not answered for another version.
    Mission.objects.update(head_of_mission="Somebody else")
    answer = {name: asked.context[name] for name in ("sure", "seen")}
    late = client.post(question, answer, follow=True)
    assert "this record says something else than when you opened its page" in late.content.decode()
    mission.refresh_from_db()
    assert mission.publication == Publication.DRAFT
    client.force_login(make.make_account(Role.OFFICER))
    Mission.objects.all().delete()
    saved = client.post(path, new_mission(client, _publish="Save and publish"))
    assert (saved.status_code, saved["Location"]) == (302, reverse("admin:missions_mission_changelist"))
    assert Mission.objects.get().publication == Publication.DRAFT


def test_saving_and_submitting_what_was_there_asks_which_parts_go_along(client: Client) -> None:
    """Red when: `onward` hands in a record that was there before without asking."""
    client.force_login(make.make_account(Role.OFFICER))
    mission = make.make_mission(publication="draft")
    statement = make.make_statement(mission=mission, title="Not ready", publication="draft")
    path = reverse("admin:missions_mission_change", args=[mission.pk])
    asked = client.post(path, opened(client, path) | {"_submit": "x", "head_role": "Head"}, follow=True)
    question = reverse("admin:missions_mission_publication", args=[mission.pk, "submit"])
    assert [(to.partition("?")[0], status) for to, status in asked.redirect_chain] == [(question, 307)]
    assert "Statement: Not ready" in asked.content.decode()
    mission.refresh_from_db()
    statement.refresh_from_db()
    assert (mission.head_role, mission.publication, statement.publication) == ("Head", "draft", "draft")


def test_a_form_that_comes_in_again_takes_no_step(client: Client) -> None:
    """Red when: `_sent_before` does not say so, or `onward` does not look."""
    client.force_login(make.make_account(Role.OFFICER))
    path = reverse("admin:missions_mission_add")
    sent = new_mission(client, _submit="Save and submit for publication")
    client.post(path, sent)
    Mission.objects.update(publication="draft", head_of_mission="Words the sender never saw")
    again = client.post(path, sent, follow=True)
    assert "it was saved once" in again.content.decode()
    assert Mission.objects.get().publication == Publication.DRAFT


def test_four_eyes_keep_from_saving_and_publishing(client: Client) -> None:
    """Red when: `onward` does not ask `four_eyes_objection`."""
    client.force_login(make.make_account(Role.OFFICER, Role.PUBLISHER))
    election = make.make_election(four_eyes=True)
    sent = new_mission(client, _publish="Save and publish", election=election.pk)
    done = client.post(reverse("admin:missions_mission_add"), sent, follow=True)
    mission = Mission.objects.get()
    assert done.redirect_chain == [(reverse("admin:missions_mission_change", args=[mission.pk]), 302)]
    assert "Saved, and not published. Its election asks for four eyes" in done.content.decode()
    assert mission.publication == Publication.DRAFT


def test_an_incident_has_no_such_buttons(client: Client) -> None:
    """Red when: IncidentAdmin says nothing of `save_and`."""
    client.force_login(make.make_administrator())
    assert 'name="_publish"' in client.get(reverse("admin:missions_mission_add")).content.decode()
    page = client.get(reverse("admin:fieldwork_incident_add")).content.decode()
    assert ('name="_submit"' in page, 'name="_publish"' in page, 'name="_save"' in page) == (
        False,
        False,
        True,
    )


def test_what_is_empty_is_folded_and_what_holds_something_is_not(client: Client) -> None:
    """Red when: `_says_something` looks at the record, at what was sent, or at the address no more;
    or a statement's folded part does not look at what was sent."""
    client.force_login(make.make_account(Role.OFFICER))

    def folded(page: Any) -> list[str]:
        return re.findall(r"<summary>\s*<h\d[^>]*>([^<]+)", page.content.decode())

    path = reverse("admin:missions_mission_add")
    names = [
        "Head of mission", "Invitation and dates", "Strength", "Coverage, as announced", "How we know", "State",
        "Member organizations",
    ]  # fmt: skip
    # The second one is the form behind "Add another".
    statement = ["Source, notes and state"] * 2
    assert folded(client.get(path)) == [*statement, *names]
    # What was typed comes back unfolded with an error of another field; what was not stays as it was.
    page = client.post(path, new_mission(client, type="", planned_sto="12"))
    assert folded(page) == [*statement, *(name for name in names if name != "Strength")]
    for typed in ({"statements-0-notes": "From their page"}, {"statements-0-source": "nonsense"}):
        assert folded(client.post(path, new_mission(client, type="", **typed))) == names
    # So does what the address fills in.
    assert folded(client.get(f"{path}?head_role=Head")) == [*statement, *names[1:]]
    mission = make.make_mission(head_of_mission="A head", source=None)
    page = client.get(reverse("admin:missions_mission_change", args=[mission.pk]))
    assert "Head of mission" not in folded(page)
    # Rows that are there are in sight, and what they are for stands beside them.
    make.make_membership(mission=mission)
    html = client.get(reverse("admin:missions_mission_change", args=[mission.pk])).content.decode()
    rows = re.search(r'<details class="folded-rows later"( open)?>(.*?)</details>', html, re.DOTALL)
    assert rows
    assert (rows[1], "Other organizations that observe together with it" in rows[2]) == (" open", True)


def test_the_statements_of_a_mission_come_before_all_that_may_wait(client: Client) -> None:
    """Red when: StatementInline says nothing of `comes_first`; or the page asks whether the mission is new, or shows
    them where they were as well."""
    client.force_login(make.make_account(Role.OFFICER))
    html = client.get(reverse("admin:missions_mission_add")).content.decode()
    parts = [
        'id="id_status"', 'name="statements-TOTAL_FORMS"', "All else may wait.", 'id="id_head_of_mission"',
        'name="memberships-TOTAL_FORMS"',
    ]  # fmt: skip
    places = [html.index(part) for part in parts]
    assert places == sorted(places)
    assert html.count('name="statements-TOTAL_FORMS"') == 1
    mission = make.make_statement().mission
    html = client.get(reverse("admin:missions_mission_change", args=[mission.pk])).content.decode()
    parts.remove("All else may wait.")
    places = [html.index(part) for part in parts]
    assert places == sorted(places)
    assert html.count('name="statements-TOTAL_FORMS"') == 1
    assert "All else may wait." not in html


def test_a_statement_is_called_something_where_anything_is_known_of_it(client: Client) -> None:
    """Red when: StatementForm asks for no title, or asks for that of a row that came without one."""
    client.force_login(make.make_account(Role.OFFICER))
    words = "Give the title, as the document calls itself: it is what the public reads."
    path = reverse("admin:missions_mission_add")
    page = client.post(
        path, new_mission(client, **{"statements-0-title": "", "statements-0-url": "example.org"})
    )
    formset = page.context["inline_admin_formsets"][0].formset
    assert formset.errors == [{"title": [words]}]
    label = re.search(r'<label[^>]*for="id_statements-0-title"[^>]*>', page.content.decode())
    assert label
    assert 'class="required"' in label[0]
    assert client.post(path, new_mission(client, **{"statements-0-title": ""})).status_code == 302
    assert (Mission.objects.count(), Statement.objects.count()) == (1, 0)
    # As a file brought it: of the real election none has a title.
    statement = make.make_statement(mission=Mission.objects.get(), title="", publication="draft")
    for record in (statement, statement.mission):
        change = reverse(f"admin:missions_{record._meta.model_name}_change", args=[record.pk])
        prefix = "" if record is statement else "statements-0-"
        assert client.post(change, opened(client, change) | {f"{prefix}notes": change}).status_code == 302
        statement.refresh_from_db()
        assert (statement.title, statement.notes) == ("", change)
    # Once it has one it keeps one.
    statement.title = "Statement of the day"
    statement.save()
    change = reverse("admin:missions_statement_change", args=[statement.pk])
    page = client.post(change, opened(client, change) | {"title": ""})
    assert page.context["adminform"].form.errors == {"title": [words]}


def test_the_status_of_a_new_mission_is_chosen(client: Client) -> None:
    """Red when: MissionForm leaves the status as the model has it; or asks again for that of one on record."""
    client.force_login(make.make_account(Role.OFFICER))
    path = reverse("admin:missions_mission_add")
    assert options(client.get(path), "status") == [
        ("", "choose", True), *((*pair, False) for pair in Mission.Status.choices)
    ]  # fmt: skip
    page = client.post(path, new_mission(client, status=""))
    assert page.context["adminform"].form.errors == {"status": ["This field is required."]}
    # An address may say it.
    assert ("invited", "invited", True) in options(client.get(f"{path}?status=invited"), "status")
    mission = make.make_mission(status="observed")
    change = reverse("admin:missions_mission_change", args=[mission.pk])
    assert options(client.get(change), "status") == [
        (*pair, pair[0] == "observed") for pair in Mission.Status.choices
    ]


def test_the_scale_is_folded_and_says_what_it_is_for(client: Client) -> None:
    """Red when: AssessmentInline is a table as any other, or has no words of its own."""
    client.force_login(make.make_administrator())
    html = client.get(reverse("admin:missions_mission_add")).content.decode()
    folded = re.findall(r'<details class="folded-rows later"( open)?>(.*?)</details>', html, re.DOTALL)
    [(is_open, scale)] = [one for one in folded if "assessments-TOTAL_FORMS" in one[1]]
    assert (is_open, "Only where observers of this mission report their visits here" in scale) == ("", True)


def test_the_types_stand_under_headings_each_once(client: Client) -> None:
    """Red when: a type is in no group or in two, or the form does not ask for the groups."""
    client.force_login(make.make_account(Role.OFFICER))
    page = client.get(reverse("admin:missions_mission_add"))
    offered = options(page, "type")
    assert sorted(offered) == sorted(
        [("", "choose", True), *((*pair, False) for pair in Mission.Type.choices)]
    )
    assert offered[1:3] == [
        ("short_term", "Short-term mission", False),
        ("long_term", "Long-term mission", False),
    ]
    assert re.findall(r'<optgroup label="([^"]*)">', page.content.decode())[:4] == [
        "Observation missions", "Parliaments and election authorities", "Citizen observers",
        "Experts, without systematic observation of the vote",
    ]  # fmt: skip
    client.force_login(make.make_account(Role.AUDITOR))
    mission = make.make_mission(type="leom")
    read = client.get(reverse("admin:missions_mission_change", args=[mission.pk])).content.decode()
    assert "Limited election observation mission (LEOM)" in read


def test_a_mission_that_is_there_is_named_and_linked(client: Client) -> None:
    """Red when: MissionForm leaves the error as it is; or writes the name without escaping it."""
    client.force_login(make.make_account(Role.OFFICER))
    mission = make.make_mission(
        organization=make.make_organization(name="Us <b>&", slug="us"), publication="draft"
    )
    path = reverse("admin:missions_mission_add")
    sent = new_mission(
        client, election=mission.election_id, organization=mission.organization_id, type=mission.type
    )
    html = client.post(path, sent).content.decode()
    there = reverse("admin:missions_mission_change", args=[mission.pk])
    name = f"Us &lt;b&gt;&amp; ({mission.get_type_display()})"
    words = "This organization already has a mission of this type in this election:"
    assert f'<li>{words} <a href="{there}">{name}</a>. Open it to add what you know;' in html
    assert "this election.<" not in html
    # Its own form does not find itself.
    assert client.post(there, opened(client, there) | {"head_role": "Head"}).status_code == 302


def test_an_acronym_that_is_taken_says_by_whom_and_unfolds_nothing(client: Client) -> None:
    """Red when: OrganizationForm leaves the error as it is, speaks of a country where none is given, lets the address
    name complain as well, or names whom the person may not see."""
    client.force_login(make.make_account(Role.OFFICER))
    there = make.make_organization(name="Observers <b>", acronym="OBS", slug="obs")
    make.make_organization(
        name="Theirs", acronym="OBS", slug="obs-az", country=make.make_election().country, publication="draft"
    )
    path = reverse("admin:missions_organization_add") + "?_popup=1"
    typed = {"name": "New", "acronym": "OBS", "kind": "ngo", "slug": "obs", "_popup": "1"}
    page = client.post(path, opened(client, path) | typed)
    link = reverse("admin:missions_organization_change", args=[there.pk])
    words = "Another organization has this acronym"
    assert page.context["adminform"].form.errors == {
        "acronym": [f'{words}: <a href="{link}" target="_blank">Observers &lt;b&gt;</a>.']
    }
    assert f'<a href="{link}" target="_blank">Observers &lt;b&gt;</a>' in page.content.decode()
    assert "<details><summary>" in page.content.decode()
    # An address name alone is told of, and opened.
    page = client.post(path, opened(client, path) | typed | {"acronym": "NEW"})
    assert list(page.context["adminform"].form.errors) == ["slug"]
    assert "<details><summary>" not in page.content.decode()
    # Nobody is told of a draft of others.
    form: Any = modelform_factory(
        Organization, OrganizationForm, fields=["name", "acronym", "kind", "slug", "country"]
    )
    form.seen_by = make.make_account(Role.COORDINATOR, organization=there)
    country = Organization.objects.get(slug="obs-az").country_id
    errors = form(typed | {"slug": "new", "country": country}).errors
    assert errors == {"acronym": ["Another organization of this country has this acronym."]}


def test_nobody_is_told_of_a_mission_that_they_may_not_see() -> None:
    """Red when: `_there_already` does not ask `visible_to`."""
    mission = make.make_mission(publication="draft")
    other = make.make_account(
        Role.COORDINATOR, organization=make.make_organization(name="Other", slug="other")
    )
    own = make.make_account(Role.COORDINATOR, organization=mission.organization)
    typed = {
        "election": mission.election_id, "organization": mission.organization_id, "type": mission.type,
        "status": "planned",
    }  # fmt: skip
    plain = "This organization already has a mission of this type in this election."
    there = f'href="{reverse("admin:missions_mission_change", args=[mission.pk])}"'
    for account, told in ((other, False), (own, True)):
        form: Any = modelform_factory(Mission, MissionForm, fields=list(typed))
        form.seen_by = account
        errors = form(typed).non_field_errors()
        assert (len(errors), errors == [plain], there in str(errors)) == (1, not told, told)


def test_the_real_election_is_filled_in_beside_a_demonstration(client: Client) -> None:
    """Red when: get_changeform_initial_data counts demonstrations."""
    client.force_login(make.make_account(Role.OFFICER))
    real = make.make_election()
    make.make_election(demonstration=True)
    form = client.get(reverse("admin:missions_mission_add")).context["adminform"].form
    assert form["election"].value() == real.pk


def looked_up(client: Client, field: str, term: str) -> list[str]:
    """What the look-up of a field of a mission finds, in its order."""
    asked = {"app_label": "missions", "model_name": "mission", "field_name": field, "term": term}
    return [row["text"] for row in client.get("/staff/autocomplete/", asked).json()["results"]]


def test_a_look_up_has_the_best_match_first(client: Client) -> None:
    """Red when: `_best_first` is not asked, or leaves out one of its four ranks."""
    client.force_login(make.make_account(Role.OFFICER))
    for name, acronym in (
        ("Association of Noscet", "AN"), ("Bureau (oscillating)", ""), ("Cities of Europe", "OSCE"),
        ("Osces united", ""), ("Zone", "OSC.E"),
    ):  # fmt: skip
        make.make_organization(name=name, acronym=acronym, slug=name.lower().replace(" ", "-"))
    assert looked_up(client, "organization", "osc") == [
        "OSCE · Cities of Europe", "OSC.E · Zone", "Osces united", "Bureau (oscillating)",
        "AN · Association of Noscet",
    ]  # fmt: skip
    # What was typed is no pattern.
    assert looked_up(client, "organization", "osc.e") == ["OSC.E · Zone"]
    assert looked_up(client, "organization", "(o") == ["Bureau (oscillating)"]
    assert looked_up(client, "organization", "osc.e\0") == ["OSC.E · Zone"]


def test_a_demonstration_is_offered_last_and_as_such(client: Client) -> None:
    """Red when: ElectionAdmin says nothing of look-ups."""
    client.force_login(make.make_account(Role.OFFICER))
    make.make_election(name="A day", slug="a", demonstration=True)
    make.make_election(name="One day", slug="b")
    assert looked_up(client, "election", "day") == ["One day", "A day (demonstration)"]


def options(page: Any, field: str) -> list[tuple[str, str, bool]]:
    """The choices of a list of the page: value, words, whether chosen."""
    found = re.search(rf'<select name="{field}".*?</select>', page.content.decode(), re.DOTALL)
    assert found, field
    tags = re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)</option>', found[0])
    return [(value, unescape(words), bool(chosen)) for value, chosen, words in tags]


@pytest.mark.parametrize("inline", [True, False])
def test_a_language_is_chosen_by_name_and_kept_as_its_code(client: Client, inline: bool) -> None:
    """Red when: the field is a text again; or a code that the list lacks is not offered (saving would lose it)."""
    client.force_login(make.make_account(Role.OFFICER))
    statement = make.make_statement(language="en-GB", publication="draft")
    record, name = (statement.mission, "statements-0-language") if inline else (statement, "language")
    Mission.objects.update(publication="draft")
    path = reverse(f"admin:missions_{record._meta.model_name}_change", args=[record.pk])
    offered = options(client.get(path), name)
    assert offered[:3] == [
        ("", "not said", False), ("en", "English", False), ("az", "Azerbaijani – azərbaycan", False),
    ]  # fmt: skip
    assert [one for one in offered if one[2]] == [("en-GB", "en-GB", True)]
    for typed, kept in (({}, "en-GB"), ({name: ["ru"]}, "ru")):
        assert client.post(path, opened(client, path) | typed).status_code == 302
        statement.refresh_from_db()
        assert statement.language == kept
    assert [one for one in options(client.get(path), name) if one[2]] == [("ru", "Russian – русский", True)]


@pytest.mark.parametrize("typed", ["2024-02-08", "8.2.2024", "08.02.2024", "8 February 2024", "8 Feb 2024"])
def test_a_day_is_typed_as_people_write_it(client: Client, typed: str) -> None:
    """Red when: the formats of `tracker.formats` are Django's for English."""
    client.force_login(make.make_account(Role.OFFICER))
    path = reverse("admin:missions_mission_add")
    sent = new_mission(client, **{"statements-0-title": "On the day", "statements-0-issued_on": typed})
    assert client.post(path, sent).status_code == 302
    assert Statement.objects.get().issued_on == date(2024, 2, 8)


def test_a_day_that_could_be_two_is_refused(client: Client) -> None:
    """Red when: 08/02/2024 is taken for the second of August, as Django's formats for English do."""
    client.force_login(make.make_account(Role.OFFICER))
    path = reverse("admin:missions_mission_add")
    page = client.post(
        path,
        new_mission(
            client,
            **{"statements-0-title": "On the day", "statements-0-issued_on": "08/02/2024"},
            arrives_on="1/2/24",
        ),
    )
    words = (
        "Write the day as 2024-02-08, 8.2.2024 or 8 February 2024. With strokes nobody can tell the day from the "
        "month."
    )
    assert page.context["inline_admin_formsets"][0].formset.errors == [{"issued_on": [words]}]
    assert page.context["adminform"].form.errors == {"arrives_on": [words]}
    assert 'value="08/02/2024"' in page.content.decode()
    assert page.content.decode().count('placeholder="YYYY-MM-DD"') >= 2
