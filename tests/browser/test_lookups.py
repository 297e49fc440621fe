"""Look-ups as people use them: typed into, with Enter, and for what nobody has on record yet."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests import factories
from tests.signing import enter
from tests.staff.test_browser import LISTEN
from tracker.core.roles import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BOX = "#id_organization + .select2"
TYPED = ".select2-search__field"


@pytest.fixture
def form(page: Page, live_server: Any) -> Iterator[Page]:
    """The form of a new mission, with two organizations whose names begin alike on record."""
    page.add_init_script(LISTEN)
    factories.make_election(slug="first", name="The first election")
    factories.make_organization(name="European Parliament", acronym="EP", slug="ep")
    factories.make_organization(name="European Union", acronym="EU", slug="eu")
    enter(page, live_server, factories.make_account(Role.OFFICER))
    page.goto(f"{live_server.url}/staff/missions/mission/add/")
    page.wait_for_load_state("networkidle")
    yield page
    assert page.evaluate("window.broken") == []


def choose(page: Page, words: str, found: str) -> None:
    page.locator(BOX).click()
    page.locator(TYPED).press_sequentially(words)
    expect(page.locator(".select2-results__option--highlighted")).to_have_text(found)
    page.locator(TYPED).press("Enter")


def test_enter_takes_the_best_match_and_not_what_was_chosen_before(form: Page) -> None:
    """Red when: `results:all` points at nothing; or the field, once chosen, calls an organization something else."""
    choose(form, "EP", "EP · European Parliament")
    expect(form.locator(BOX)).to_contain_text("EP · European Parliament")
    # What the list of both has second is chosen already, and the first is what Enter means.
    choose(form, "European U", "EU · European Union")
    expect(form.locator(BOX)).to_contain_text("EU · European Union")
    choose(form, "European", "EP · European Parliament")
    expect(form.locator(BOX)).to_contain_text("EP · European Parliament")
    # Opened alone, the list shows where one stands.
    form.locator(BOX).click()
    expect(form.locator(".select2-results__option--highlighted")).to_have_text("EP · European Parliament")


def test_enter_takes_nothing_that_was_found_for_other_words(form: Page) -> None:
    """Red when: `query` leaves the highlight where it was while the answer is on its way."""
    choose(form, "EP", "EP · European Parliament")
    form.locator(BOX).click()
    expect(form.locator(".select2-results__option--highlighted")).to_have_text("EP · European Parliament")
    held: list[Route] = []
    form.route("**/staff/autocomplete/*term=*", lambda route: held.append(route))
    form.locator(TYPED).press_sequentially("EU")
    form.locator(TYPED).press("Enter")
    expect(form.locator(TYPED)).to_have_value("EU")
    while not held:
        form.wait_for_timeout(50)
    for route in held:
        route.continue_()
    expect(form.locator(".select2-results__option--highlighted")).to_have_text("EU · European Union")
    form.locator(TYPED).press("Enter")
    expect(form.locator(BOX)).to_contain_text("EU · European Union")


@pytest.mark.parametrize(
    ("typed", "name", "acronym"), [("Lantern Observers", "Lantern Observers", ""), ("LANT", "", "LANT")]
)
def test_what_is_not_on_record_is_entered_as_it_was_typed(
    form: Page, typed: str, name: str, acronym: str
) -> None:
    """Red when: `takeOver` sets nothing or takes an acronym for a name; the words are not there, or are where there
    is no plus; or the pop-up tells the page a name without the acronym."""
    form.locator(BOX).click()
    form.locator(TYPED).press_sequentially(typed)
    expect(form.locator(".select2-results__message")).to_have_text(
        "No organization of this name. The green plus beside it enters a new one."
    )
    with form.expect_popup() as opened:
        form.locator("#add_id_organization").click()
    popup = opened.value
    popup.wait_for_load_state("networkidle")
    expect(popup.locator("#id_name")).to_have_value(name)
    expect(popup.locator("#id_acronym")).to_have_value(acronym)
    popup.locator("#id_name").fill("Lantern Observers")
    popup.locator("#id_acronym").fill("LANT")
    popup.get_by_label("Kind").select_option("ngo")
    with popup.expect_event("close"):
        popup.locator("[name=_save]").click()
    expect(form.locator(BOX)).to_contain_text("LANT · Lantern Observers")
    # What was taken over once is not there for the next one.
    choose(form, "EP", "EP · European Parliament")
    form.wait_for_function("!document.querySelector('#add_id_organization').href.includes('name=')")
    # An officer enters no elections.
    form.locator("#id_election + .select2").click()
    form.locator(TYPED).press_sequentially("Nowhere")
    expect(form.locator(".select2-results__message")).to_have_text("No results found")


def test_a_form_that_came_back_leads_to_its_first_wrong_field_with_the_same_names(form: Page) -> None:
    """Red when: nothing is focused after an error; or `label_from_instance` is the stock one again."""
    # What cannot be opened yet is not on the way from field to field.
    form.locator(f"{BOX} .select2-selection").focus()
    form.keyboard.press("Tab")
    expect(form.locator("#add_id_organization")).to_be_focused()
    form.keyboard.press("Tab")
    expect(form.locator("#id_type")).to_be_focused()
    form.locator("[name=_save]").click()
    expect(form.get_by_text("This field is required.").first).to_be_visible()
    form.wait_for_load_state("networkidle")
    expect(form.locator(f"{BOX} .select2-selection")).to_be_focused()
    choose(form, "EP", "EP · European Parliament")
    with form.expect_navigation():
        form.locator("[name=_save]").click()
    form.wait_for_load_state("networkidle")
    expect(form.locator("#id_type")).to_be_focused()
    expect(form.locator(BOX)).to_contain_text("EP · European Parliament")


def test_a_calendar_that_is_open_lies_over_the_buttons(form: Page) -> None:
    """Red when: `.calendarbox` in staff.css has no z-index of its own: a click on a day saves the form."""
    form.set_viewport_size({"width": 1280, "height": 800})
    opener = form.locator("#id_statements-0-issued_on ~ .datetimeshortcuts a").nth(1)
    opener.evaluate("it => window.scrollBy(0, it.getBoundingClientRect().bottom - 720)")
    opener.click()
    calendar, buttons = form.locator(".calendarbox:visible"), form.locator(".submit-row:visible").last
    box, bar = calendar.bounding_box(), buttons.bounding_box()
    assert box
    assert bar
    # They do meet, or nothing is tried.
    assert box["y"] + box["height"] > bar["y"] + 5
    spot = {"x": box["x"] + box["width"] / 2, "y": bar["y"] + 5}
    assert form.evaluate("({x, y}) => Boolean(document.elementFromPoint(x, y).closest('.calendarbox'))", spot)
