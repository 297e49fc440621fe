"""A list of an authority nobody knew, in its own language and layout, goes from file to public map in one sitting."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.factories import make_administrator, make_election
from tests.jobs import run_waiting_jobs
from tests.signing import enrol, type_in
from tracker.stations.models import PollingStation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = """\
Külképviseletek szavazóhelyei;;;
Sorszám;Ország, város;Cím;Szavazás ideje
1;Németország, Berlin;Unter den Linden 76;06:00 - 19:00
2;Ausztria, Bécs;Bankgasse 4-6;06:00 - 19:00
3;Csehország, Prága;Pod Hradbami 17;06:00 - 19:00
4;Dánia, Koppenhága;Strandvejen 170;06:00 - 19:00
5;Nemország, Athén;Karneadou 25;06:00 - 19:00
6;Japán;Mita 2-17-14;06:00 - 19:00
"""


def test_unknown_list_goes_from_file_to_public_map(page: Page, live_server: object, tmp_path: Path) -> None:
    site = live_server.url  # type: ignore[attr-defined]
    election = make_election(
        publication="published", name="An election whose name is longer than a telephone of 2024 is wide"
    )
    administrator = make_administrator()
    secret = enrol(administrator)
    path = tmp_path / "szavazohelyek.csv"
    path.write_text(LIST, encoding="utf-8")
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)

    page.goto(f"{site}/staff/files/")
    type_in(page, administrator, secret)
    expect(page.get_by_text("No file was brought yet.")).to_be_visible()
    page.get_by_role("link", name="Bring a file").click()
    page.set_viewport_size({"width": 360, "height": 800})
    expect(page.get_by_label("Election")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_label("File", exact=False).last.set_input_files(path)
    page.get_by_label("Page it comes from").fill("https://authority.example/list")
    page.get_by_role("button", name="Bring it").click()

    # What is proposed is right but for the number, whose name nobody could know.
    expect(page.get_by_text("Not taken from the file: Sorszám")).to_be_visible()
    page.get_by_text("more columns of ours").click()
    page.get_by_role("group", name="number of the station", exact=True).get_by_label(
        "Column of the file"
    ).select_option("Sorszám")
    page.get_by_role("button", name="Check against the register").click()
    run_waiting_jobs()

    # The page renews itself: a word is asked about, and one row cannot be read.
    page.get_by_role("link", name="Answer").click()
    page.get_by_label("or its code of two letters").fill("GR")
    page.get_by_role("button", name="Keep the answers").click()
    run_waiting_jobs()
    expect(page.get_by_role("link", name="5 new")).to_be_visible()
    expect(page.get_by_text("In the file: stations 5, countries 5.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the rows to mend").click()
    mend = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert "Mita 2-17-14" in mend
    assert "Németország" not in mend

    assert not PollingStation.objects.exists()
    page.get_by_label("I looked at what it would do").check()
    page.get_by_role("button", name="Apply the file").click()
    run_waiting_jobs()
    page.get_by_role("link", name="See the drafts").click()

    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("publish")
    page.get_by_role("button", name="Go").click()
    page.locator(".submit-row input[type=submit]").first.click()
    expect(page.locator(".messagelist .success")).to_be_visible()

    page.goto(f"{site}/en/e/{election.slug}/stations/")
    expect(page.locator("svg a").first).to_be_attached()
    assert page.locator("svg a[href*='/stations/']").count() >= 5
    expect(page.get_by_role("row").filter(has_text="Athén")).to_be_visible()
    assert faults == []
