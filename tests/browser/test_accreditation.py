"""From the application to the door: apply, decide many after a look, print the badge, verify it on a telephone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.factories import (
    make_accreditation,
    make_election,
    make_figure,
    make_mission,
    make_observer,
    make_organization,
    make_rule,
)
from tests.staff.test_browser import faults, signed_in, visit  # noqa: F401 - fixtures
from tracker.coverage import editions
from tracker.missions import decisions
from tracker.missions.models import Accreditation, BulkDecision

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[[str], Page]


def test_apply_decide_print_and_verify_on_a_telephone(
    signed_in: Visit,  # noqa: F811
    page: Page,
    live_server: Any,
    settings: Any,
) -> None:
    settings.PUBLIC_URL = live_server.url  # what the code on a badge leads to
    today = datetime.now(UTC).date()
    election = make_election(starts_on=today, ends_on=today)
    days = {"valid_from": today - timedelta(days=2), "valid_until": today + timedelta(days=2)}
    make_rule(election=election, quota=2, **days)
    mission = make_mission(election=election, organization=make_organization(name="Observers Without Number"))
    for number in range(2):
        make_accreditation(
            observer=make_observer(mission=mission, code=f"STO-{number}"),
            applied_at=datetime.now(UTC) - timedelta(days=3 - number),
        )
    desk = f"/staff/accreditation/{election.slug}/"
    found = []

    signed_in(desk).get_by_role("link", name="Apply for an observer").click()
    page.get_by_label("Mission", exact=True).select_option(label=str(mission))
    page.get_by_role("button", name="Choose").click()
    page.get_by_label("code").fill("LTO-07")
    page.get_by_label("Full name").fill("Placeholder Person")
    expect(page.get_by_label("Apply for accreditation at once")).to_be_checked()
    found += faults(page)
    page.get_by_role("button", name="Enter", exact=True).click()
    expect(page.get_by_text("Accrediting it gives a new number")).to_be_visible()
    found += faults(page)

    signed_in(desk)
    page.get_by_label("Choose all on this page").check()
    expect(page.get_by_text("(3)")).to_be_visible()
    page.get_by_role("button", name="See first what will happen").click()
    expect(page.get_by_text("2 applications will be accredited. 1 stays as it is")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("LTO-07"))).to_contain_text("2 of 2 badges are given")
    assert Accreditation.objects.filter(status="accredited").count() == 0
    found += faults(page)
    page.get_by_role("button", name="Accredit 2").click()
    expect(page.get_by_text("2 applications accredited. 1 was not decided")).to_be_visible()
    found += faults(page)

    page.get_by_role("link", name="Print these badges").click()
    codes = page.get_by_role("img", name=re.compile("QR code that verifies"))
    expect(codes).to_have_count(2)
    page.emulate_media(media="print")
    for code in codes.all():
        box = code.locator("svg").bounding_box()
        assert box is not None
        assert box["width"] == box["height"] > 100  # 28 mm are 106 px
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    badge = page.locator(".badge").first.bounding_box()
    assert badge is not None
    assert (round(badge["width"] / 96 * 25.4), round(badge["height"] / 96 * 25.4)) == (92, 66)
    page.emulate_media(media="screen")
    found += faults(page)
    address = codes.first.get_attribute("data-address")
    number = Accreditation.objects.filter(status="accredited").order_by("applied_at")[0].number
    assert address
    assert address.endswith(f"/en/e/{election.slug}/verify/{number}/")

    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(address)
    expect(page.get_by_text("Valid today", exact=True)).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Observers Without Number")
    expect(page.get_by_text("Placeholder Person")).to_have_count(0)
    found += faults(page)
    page.get_by_label("Number on the badge").fill(number.lower().replace("-", " - "))
    page.get_by_role("button", name="Verify").click()
    expect(page).to_have_url(address)
    page.get_by_label("Number on the badge").fill("o-2222-2222")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Not valid today", exact=True)).to_be_visible()
    found += faults(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_desk_fits_a_telephone_and_shuts_nobody_out(signed_in: Visit, page: Page, scheme: str) -> None:  # noqa: F811
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 360, "height": 740})
    election = make_election(demonstration=True)
    make_rule(election=election, quota=1, closes_at=datetime(2024, 1, 25, 14, tzinfo=UTC),
              decided_by=datetime(2024, 1, 30, 14, tzinfo=UTC))  # fmt: skip
    mission = make_mission(election=election, organization=make_organization(name="Observers Without Number"))
    rows = [make_accreditation(observer=make_observer(mission=mission)) for _number in range(3)]
    media = make_accreditation(category="media", election=election)
    user = rows[0].election and BulkDecision._meta.get_field("by").related_model.objects.get()  # type: ignore[union-attr]
    prepared = decisions.prepare(
        by=user, election=election, to="accredited", rows=Accreditation.objects.filter(category="observer")
    )
    done = decisions.prepare(by=user, election=election, to="accredited", rows=Accreditation.objects.all())
    decisions.confirm(by=user, decision=done)
    make_figure(election=election, metric="international_observers", unit="persons", value=790)
    editions.refresh_stale()
    base = f"/staff/accreditation/{election.slug}"
    found = []
    for path in (
        "/staff/accreditation/",
        f"{base}/",
        f"{base}/?status=any",
        f"{base}/decisions/{prepared.pk}/",
        f"{base}/decisions/{done.pk}/",
        f"{base}/applications/{rows[0].pk}/",
        f"{base}/applications/{media.pk}/",
        f"{base}/apply/observer/?mission={mission.pk}",
        f"{base}/apply/media/",
        f"{base}/badges/",
        f"/en/e/{election.slug}/",
        f"/en/e/{election.slug}/verify/",
    ):
        signed_in(path)
        found += [f"{path} {fault}" for fault in faults(page)]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 360:
            found.append(f"{path} is {width} px wide")
    assert found == []
