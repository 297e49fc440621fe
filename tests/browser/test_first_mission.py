"""The first mission of a newcomer, as the README tells it: from the invitation to the public page."""

import re
from typing import Any

import pytest
from django.core import mail as outbox
from playwright.sync_api import Page, expect

from tests import factories, signing
from tests.signing import code_now, enter
from tests.staff.test_browser import LISTEN, faults
from tracker.accounts import invitations
from tracker.core.roles import Role
from tracker.missions.models import Organization

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def accept(page: Page, site: str, name: str, *roles: str) -> None:
    """From the link of an invitation to the first page: a password with an app, and the recovery codes."""
    invitations.invite(email=f"{name}@example.org", first_name="", last_name="", roles=roles)
    link = re.search(r"/staff/invitation/\S+", outbox.outbox[-1].body)
    assert link
    page.goto(f"{site}{link[0]}")
    page.get_by_label("Password:", exact=True).fill(signing.PASSWORD)
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.get_by_label("Six digits").fill(code_now(secret))
    page.get_by_role("button", name="Set up my account").click()
    assert len(page.locator("#codes").input_value().split()) == 10
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_role("heading", name="The register")).to_be_visible()


def look_up(page: Page, name: str, words: str) -> None:
    """Type into a look-up and take the first that it finds."""
    page.locator(f"#id_{name} + .select2").click()
    page.locator(".select2-search__field").fill(words)
    page.locator(".select2-results__option", has_text=words).first.click()


def test_from_the_invitation_to_a_published_mission_with_its_statement(
    page: Page, browser: Any, live_server: Any, settings: Any
) -> None:
    """Red when: `hand_in` or `parts_of` finds nothing, the officer may enter no statements, or there is no desk."""
    settings.PUBLIC_URL = live_server.url
    page.add_init_script(LISTEN)
    election = factories.make_election(slug="first", name="The first election")
    factories.make_organization(name="Observers Without Number", slug="own")

    accept(page, live_server.url, "olga", Role.OFFICER)
    expect(page.get_by_text("You have no drafts.")).to_be_visible()
    page.get_by_role("link", name="Enter a mission").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("#id_election")).to_have_value(str(election.pk))
    look_up(page, "organization", "Observers Without")
    page.get_by_label("Type").select_option("short_term")
    page.locator("#id_status").select_option("observed")
    page.locator("#id_statements-0-title").fill("On the day of the vote")
    page.locator("#id_statements-0-url").fill("example.org/statement")
    found = faults(page)
    page.get_by_role("button", name="Save and submit for publication").click()
    expect(page.get_by_text("1 mission and 1 statement wait for a publisher now.")).to_be_visible()
    found += faults(page)

    other = browser.new_context().new_page()
    other.add_init_script(LISTEN)
    accept(other, live_server.url, "pia", Role.PUBLISHER)
    desk = other.get_by_role("region", name="Waits for you")
    expect(desk).to_contain_text("with 1 statement handed in by olga, ")
    found += faults(other)
    desk.get_by_role("button", name="Publish Observers Without Number").click()
    expect(other.get_by_label("Statement: On the day of the vote")).to_be_checked()
    other.get_by_role("button", name="Yes, publish these 2 records").click()
    expect(other.locator(".messagelist")).to_contain_text("Published: the mission “Observers Without Number")
    other.get_by_role("link", name="See it as the public does").click()
    expect(other.get_by_role("heading", level=1)).to_contain_text("Observers Without Number")
    expect(other.get_by_role("link", name="On the day of the vote")).to_be_visible()
    assert found == []


# What there is to read or to choose on the page that asks, and is not seen before the button that says yes.
BEFORE_YES = """() => {
    const yes = document.querySelector(".ask-first [type=submit]").getBoundingClientRect();
    const known = document.querySelectorAll(".asked-words, .says, .to-know, [name=parts], [name=embargo_until]");
    return [...known].filter((one) => one.getBoundingClientRect().bottom > yes.top).map((one) => one.outerHTML);
}"""


@pytest.mark.parametrize("width", [360, 1280])
def test_one_person_enrols_enters_and_publishes_with_the_keyboard_at_any_width(
    page: Page, live_server: Any, settings: Any, width: int
) -> None:
    """Red when: a key opens nothing that is folded; `onward` does not ask; a page is wider than the screen; question.js
    follows the button alone; or the button sticks to the foot of a telephone."""
    settings.PUBLIC_URL = live_server.url
    page.add_init_script(LISTEN)
    page.set_viewport_size({"width": width, "height": 800})
    factories.make_election(slug="first", name="The first election")
    factories.make_organization(name="Observers Without Number", acronym="OWN", slug="own")
    accept(page, live_server.url, "olga", Role.OFFICER, Role.PUBLISHER)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Enter a mission").press("Enter")
    page.wait_for_load_state("networkidle")
    look_up(page, "organization", "OWN")
    page.get_by_label("Type").select_option("short_term")
    page.locator("#id_status").select_option("observed")
    page.get_by_text("Strength", exact=True).locator("xpath=ancestor::summary").press("Enter")
    page.get_by_label("Observers, as announced").fill("12")
    page.locator("#id_statements-0-title").fill("On the day of the vote")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = faults(page)
    page.get_by_role("button", name="Save and publish").press("Enter")
    expect(page.get_by_label("Statement: On the day of the vote")).to_be_checked()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    yes = page.locator(".ask-first [type=submit]")
    expect(yes).to_have_value("Yes, publish these 2 records")
    # The page is about what is ticked, in all that it says.
    heading, words = page.get_by_role("heading", level=1), page.locator(".asked-words")
    statement = page.locator(".says", has_text="Statement: On the day of the vote")
    expect(words).to_contain_text("and its statement “On the day of the vote”.")
    page.get_by_label("Statement: On the day of the vote").press("Space")
    expect(yes).to_have_value("Yes, publish this record")
    expect(heading).to_have_text("Publish this record?")
    expect(page).to_have_title(re.compile(r"^Publish this record\?"))
    expect(words).not_to_contain_text("statement")
    expect(statement).to_be_hidden()
    page.get_by_label("Statement: On the day of the vote").press("Space")
    expect(heading).to_have_text("Publish these 2 records?")
    expect(words).to_contain_text("and its statement “On the day of the vote”.")
    expect(statement).to_be_visible()
    # Beside what is going to be public where there is room; elsewhere after it, and after all there is to know.
    page.set_viewport_size({"width": width, "height": 740})
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(".to-know")).to_contain_text("will be shown without a source.")
    if width > 1000:
        expect(yes).to_be_in_viewport(ratio=1)
    else:
        assert page.evaluate(BEFORE_YES) == []
    found += faults(page)
    page.get_by_role("button", name="Yes, publish these 2 records").press("Enter")
    expect(page.get_by_role("link", name="Enter another mission")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert found + faults(page) == []


# Whether all of an element is in sight, and nothing lies over it.
IN_SIGHT = """(one) => {
    const box = one.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return box.top >= 0 && box.bottom <= innerHeight && one.contains(top);
}"""


def test_the_buttons_of_a_new_mission_are_in_sight_and_lie_over_nothing_that_is_typed(
    page: Page, live_server: Any
) -> None:
    """Red when: the line of buttons does not stick, or the page leaves no room for it where the keyboard goes."""
    page.set_viewport_size({"width": 1280, "height": 800})
    factories.make_election(slug="first", name="The first election")
    enter(page, live_server, factories.make_account(Role.OFFICER, Role.PUBLISHER))
    page.goto(f"{live_server.url}/staff/missions/mission/add/")
    page.wait_for_load_state("networkidle")
    for name in ("Save as a draft", "Save and submit for publication", "Save and publish"):
        assert page.get_by_role("button", name=name, exact=True).evaluate(IN_SIGHT), name
    assert page.evaluate("scrollY") == 0
    # In a window where the line of buttons begins right over the field.
    field = page.locator("#id_statements-0-language")
    middle = field.evaluate("(one) => one.getBoundingClientRect().top + one.offsetHeight / 2")
    page.set_viewport_size({"width": 1280, "height": int(middle) + 30})
    assert not field.evaluate(IN_SIGHT)
    field.focus()
    assert field.evaluate(IN_SIGHT)


@pytest.mark.parametrize("width", [360, 800])
def test_the_green_plus_asks_for_what_an_organization_needs(page: Page, live_server: Any, width: int) -> None:
    """Red when: OrganizationAdmin says nothing of pop-ups; or the slug ignores the acronym, or what a person wrote."""
    factories.make_election(slug="first", name="The first election")
    factories.make_organization(name="Commonwealth", acronym="C", slug="cis")
    enter(page, live_server, factories.make_account(Role.OFFICER))
    page.goto(f"{live_server.url}/staff/missions/mission/add/")
    page.wait_for_load_state("networkidle")
    with page.expect_popup() as opened:
        page.locator("#add_id_organization").click()
    popup = opened.value
    popup.add_init_script(LISTEN)
    # As large as it opens on a desktop; a telephone gives it a tab.
    popup.set_viewport_size({"width": width, "height": 500 if width == 800 else 740})
    popup.reload()
    popup.wait_for_load_state("networkidle")
    name, slug, save = popup.locator("#id_name"), popup.locator("#id_slug"), popup.locator("[name=_save]")
    assert save.evaluate(IN_SIGHT)
    assert name.evaluate("(one) => one.clientWidth") > width * 0.65
    assert popup.evaluate("document.documentElement.scrollWidth") == width
    expect(slug).to_be_hidden()
    assert faults(popup) == []
    name.fill("Commonwealth of Some States")
    expect(slug).to_have_value("commonwealth-of-some-states")
    popup.get_by_label("Acronym").fill("CIS")
    expect(slug).to_have_value("cis")
    popup.get_by_label("Kind").select_option("intergovernmental")
    save.click()
    # An error unfolds what it is about.
    expect(popup.get_by_text("Another organization has this address name.")).to_be_visible()
    slug.fill("cis-2")
    popup.get_by_label("Acronym").fill("COSS")
    expect(slug).to_have_value("cis-2")
    with popup.expect_event("close"):
        save.click()
    expect(page.locator("#id_organization + .select2")).to_contain_text("Commonwealth of Some States")
    made = Organization.objects.get(slug="cis-2")
    assert (made.acronym, made.kind, made.publication) == ("COSS", "intergovernmental", "draft")


def test_the_address_name_follows_the_acronym_until_it_is_on_record(page: Page, live_server: Any) -> None:
    """Red when: slug.js asks no more whether the record is new; or proposes nothing after an error."""
    enter(page, live_server, factories.make_account(Role.OFFICER))
    page.goto(f"{live_server.url}/staff/missions/organization/add/")
    page.wait_for_load_state("networkidle")
    name, acronym, slug = (page.locator(f"#id_{field}") for field in ("name", "acronym", "slug"))
    name.fill("Səhər müşahidəçiləri")
    expect(slug).to_have_value("seher-musahidecileri")
    page.locator("[name=_save]").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    page.wait_for_load_state("networkidle")
    acronym.fill("SM")
    expect(slug).to_have_value("sm")
    page.get_by_label("Kind").select_option("ngo")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    page.wait_for_load_state("networkidle")
    acronym.fill("SMX")
    expect(slug).to_have_value("sm")
