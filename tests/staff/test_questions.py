"""What the page before a step asks, in words that are true whatever is ticked, in any language."""

import re
import struct
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import trans_real

from tests import factories as make
from tests.staff.test_steps import change, client_of, key, mission, press, step  # noqa: F401
from tracker.core.admin_sentences import YES, in_words, yes_to
from tracker.core.identity import Identity, acting
from tracker.core.roles import Role
from tracker.missions.models import Mission, Organization, Statement

pytestmark = pytest.mark.django_db


def test_the_question_shows_what_everybody_is_going_to_read(mission: Mission) -> None:  # noqa: F811
    """Red when: `what_it_says` reads fields that are withheld, or `publish` does not hand it to the page."""
    Mission.objects.filter(pk=mission.pk).update(observers_total=12, status="observed")
    statement = mission.statements.get(title="First")
    Statement.objects.filter(pk=statement.pk).update(url="https://observers.example/first")
    page = press(client_of(make.make_account(Role.PUBLISHER)), mission, "publish")
    (name, address, said), *parts = page.context["says"]
    assert address == change(mission)
    assert (name, dict(said)["Observers, as announced"], dict(said)["Status"]) == (
        f"Mission: {mission}", "12", "observed",
    )  # fmt: skip
    assert not {"ID", "Last written by", "Publication"} & dict(said).keys()
    assert [part for part, _address, _said in parts] == ["Statement: First", "Statement: Second"]
    assert '<a href="https://observers.example/first">' in page.content.decode()


def test_the_question_names_what_becomes_public_and_counts_it(mission: Mission) -> None:  # noqa: F811
    """Red when: `becomes_public` leaves out the parts or what was published before, or `ask_first` counts the rows."""
    publisher = client_of(make.make_account(Role.PUBLISHER))
    third = mission.statements.get(title="Third")
    Statement.objects.filter(pk=third.pk).update(publication="published")
    organization = mission.organization
    type(organization).objects.update(publication="draft")
    page = press(publisher, mission, "publish").content.decode()
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert (
        f"Everybody will read the mission “{mission}”, its statement “First”, its statement “Second” and the "
        f"organization “{organization}”. Published before, and seen with it unless something else hides them: "
        "1 statement."
    ) in text
    assert re.findall(r"<h1>([^<]*)</h1>", page) == ["Publish these 4 records?"]
    assert re.findall(r'<input type="submit" value="([^"]*)"><a', page) == ["Yes, publish these 4 records"]
    figure = make.make_figure(publication="draft")
    page = press(publisher, figure, "publish").content.decode()
    assert re.findall(r"<h1>([^<]*)</h1>", page) == ["Publish this record?"]
    assert re.findall(r'<input type="submit" value="([^"]*)"><a', page) == ["Yes, publish this record"]
    assert "Saved, and not published yet" not in page


def sentence(page: Any) -> str:
    """What the page says first."""
    found = re.findall(r'<p class="asked-words"[^>]*>([^<]*)</p>', page.content.decode())
    assert len(found) == 1
    return str(found[0])


def test_the_question_says_of_each_choice_what_it_comes_to(mission: Mission) -> None:  # noqa: F811
    """Also of a page that comes back with an error.

    Red when: `becomes_public` names what is offered and not what is ticked, or looks above at what is offered.
    """
    organization = mission.organization
    type(organization).objects.update(publication="draft")
    Statement.objects.exclude(title="First").delete()
    first = mission.statements.get()
    publisher = client_of(make.make_account(Role.PUBLISHER))
    asked = press(publisher, mission, "publish")
    choices = asked.context["choices"]
    whole = (
        f"the mission “{mission}”",
        f"its statement “{first}”",
        f"the organization “{organization}”",
    )
    hidden = f"Nobody outside will read %s before this is published as well: {whole[2]}."
    assert choices["groups"] == [0, 1]
    assert choices["said"] == {
        "0,0": ("Publish this record?", hidden % whole[0], "Yes, publish this record"),
        "1,0": (
            "Publish these 2 records?",
            f"Everybody will read {whole[0]} and {whole[2]}.",
            "Yes, publish these 2 records",
        ),
        "0,1": (
            "Publish these 2 records?",
            hidden % f"{whole[0]} and {whole[1]}",
            "Yes, publish these 2 records",
        ),
        "1,1": (
            "Publish these 3 records?",
            f"Everybody will read {whole[0]}, {whole[1]} and {whole[2]}.",
            "Yes, publish these 3 records",
        ),
    }
    answer = {name: asked.context[name] for name in ("sure", "seen")}
    answer |= {"parts": [key(organization)], "embargo_until": "2001-01-01T10:00"}
    again = publisher.post(step(mission, "publish"), answer)
    assert "This moment is over." in again.content.decode()
    assert (again.context["title"], sentence(again), again.context["yes"]) == choices["said"]["1,0"]


def test_the_question_does_not_promise_what_a_draft_above_hides() -> None:
    """Red when: `becomes_public` does not look above the record."""
    hidden = make.make_mission(publication="draft", election=make.make_election(publication="draft"))
    publisher = client_of(make.make_account(Role.PUBLISHER))
    asked = press(publisher, hidden, "publish")
    above = f"before this is published as well: the election “{hidden.election}”."
    assert sentence(asked) == f"Nobody outside will read the mission “{hidden}” {above}"
    seen = make.make_mission(publication="draft")
    chosen = {"action": "publish", "_selected_action": [hidden.pk, seen.pk]}
    asked = publisher.post(reverse("admin:missions_mission_changelist"), chosen)
    assert sentence(asked) == f"Everybody will read 1 mission. Nobody outside will read 1 mission {above}"


def test_the_question_names_nothing_that_four_eyes_refuse() -> None:
    """Red when: `publish` tells `becomes_public` nothing of what this person cannot publish."""
    both = make.make_account(Role.OFFICER, Role.PUBLISHER)
    election = make.make_election(four_eyes=True)
    with acting(Identity(user=both.pk)):
        own = make.make_mission(election=election, publication="submitted")
    other = make.make_mission(election=election, publication="submitted")
    chosen = {"action": "publish", "_selected_action": [own.pk, other.pk]}
    asked = client_of(both).post(reverse("admin:missions_mission_changelist"), chosen)
    assert sentence(asked) == "Everybody will read 1 mission."
    assert asked.context["to_know"][0].text == (
        f"Mission: {own}: You wrote it, and its election asks for four eyes: somebody else has to publish it."
    )
    asked = client_of(both).post(
        reverse("admin:missions_mission_changelist"), chosen | {"_selected_action": [own.pk]}
    )
    assert sentence(asked) == "Nobody outside will read more than now."


def test_the_question_counts_what_is_too_much_to_name() -> None:
    """Red when: `_are_named` has no limit."""
    election = make.make_election()
    missions = [
        make.make_mission(
            election=election, publication="draft", organization=make.make_organization(publication="draft")
        )
        for _number in range(6)
    ]
    publisher = client_of(make.make_account(Role.PUBLISHER))
    chosen = {"action": "publish", "_selected_action": [one.pk for one in missions]}
    asked = publisher.post(reverse("admin:missions_mission_changelist"), chosen)
    assert sentence(asked) == "Everybody will read 6 missions and 6 organizations."
    choices = asked.context["choices"]
    assert choices["groups"] == [0] * 6
    assert list(choices["said"]) == [str(number) for number in range(7)]
    assert choices["said"]["5"] == (
        "Publish these 11 records?",
        "Everybody will read 6 missions and 5 organizations. What belongs to one that is not ticked stays hidden "
        "until that is published.",
        "Yes, publish these 11 records",
    )
    # With a single one the record keeps its name.
    Organization.objects.update(publication="published")
    for number in range(5):
        make.make_statement(mission=missions[0], title=f"No. {number}", publication="draft")
    asked = press(publisher, missions[0], "publish")
    assert sentence(asked) == f"Everybody will read the mission “{missions[0]}” and 5 statements."


def write_catalogue(folder: Path, entries: dict[str, str]) -> None:
    """A compiled catalogue of messages, as `msgfmt` writes it; with a plural the forms are parted by a zero."""
    header = (
        "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : "
        "n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\n"
    )
    pairs = sorted((one.encode(), other.encode()) for one, other in ({"": header} | entries).items())
    begin = 28 + 16 * len(pairs)
    tables, strings = [], b""
    for column in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<II", len(pair[column]), begin + len(strings)))
            strings += pair[column] + b"\0"
    there = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0)
    path = folder / "ru" / "LC_MESSAGES" / "django.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(there + b"".join(tables) + strings)


def test_the_words_can_be_said_in_a_language_with_more_forms(tmp_path: Path, mission: Mission) -> None:  # noqa: F811
    """Red when: the button says the same of 2 and of 5, or the articles are put together from English words."""
    context = "a record within a sentence\4the %(kind)s “%(name)s”"
    part = "a part of the record that was named before\4its %(kind)s “%(name)s”"
    forms = ("%(count)d запись", "%(count)d записи", "%(count)d записей")
    plural = "Yes, publish this record\0Yes, publish these %(count)d records"
    write_catalogue(
        tmp_path, {plural: "\0".join(forms), context: "%(kind)s «%(name)s»", part: "её %(kind)s «%(name)s»"}
    )
    try:
        with override_settings(LOCALE_PATHS=[tmp_path]):
            trans_real._translations.clear()
            with translation.override("ru"):
                said = [yes_to("publish", number) for number in (1, 2, 5, 21)]
                named = in_words(mission, [mission.statements.get(title="First")])
                kinds = [str(one._meta.verbose_name) for one in (mission, mission.statements.model)]
    finally:
        trans_real._translations.clear()
    assert said == ["1 запись", "2 записи", "5 записей", "21 запись"]
    assert named.startswith(f"{kinds[0]} «{mission}»")
    assert named.endswith(f"её {kinds[1]} «First»")
    # In English one record is said without its number.
    assert [yes_to(action, 1) for action in YES] == [
        "Yes, submit this record", "Yes, take this record back", "Yes, send this record back",
        "Yes, publish this record", "Yes, withdraw this record",
    ]  # fmt: skip
    assert (yes_to("call_off", 1), yes_to("call_off", 3)) == ("Yes, this record", "Yes, these 3 records")
