"""How long a newcomer needs from the invitation to a public mission: `python -m tests.bench.first_mission`.

Run by hand; pytest does not collect it. It walks README "Your first mission" in a Chromium, on the real election and a
PostgreSQL of its own, measures what the browser waits for, counts what a person does, and adds both up. The person's
share is a model and no watch: the keystroke-level model of Card, Moran and Newell ("The Psychology of Human-Computer
Interaction", 1983, chapter 8) for hands and decisions, silent reading at 238 words a minute (Brysbaert 2019,
doi:10.1016/j.jml.2019.104047). Two readers: one reads every word of README section, mail and pages; one reads 28 % of
the words of a page, the most that readers of the web were seen to (Weinreich and others 2008,
doi:10.1145/1326561.1326566), and all of README section and mail.
"""

import argparse
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.coverage import say
from tracker.postgres.throwaway import throwaway

ROOT = Path(__file__).resolve().parent.parent.parent
# Seconds of the keystroke-level model: a key of an average typist, pointing with a mouse and its button, a hand that
# moves between keyboard and mouse, the mental preparation of a step.
KEY, POINT, HAND, MENTAL = 0.28, 1.1 + 0.2, 0.4, 1.35
WORDS_A_MINUTE, SHARE_READ = 238, 0.28
# To unlock a telephone, open the app, photograph the picture and read six digits. No source: a guess on the slow side.
TELEPHONE = 25
# Without what every page has around it.
CONTENT = "#content, main:not(:has(#content))"
# The words that are on the screen; of a list to choose from, the one that is chosen.
WORDS = """(root) => {
    const count = (text) => text.split(/\\s+/).filter(Boolean).length;
    const lists = [...root.querySelectorAll("select")].filter((list) => list.checkVisibility());
    const unseen = lists.map((list) => count(list.innerText) - count(list.selectedOptions[0]?.text ?? ""));
    return count(root.innerText) - unseen.reduce((one, other) => one + other, 0);
}"""
WAYS = ("one person", "two people", "one person, new organization")


@dataclass
class Walk:
    """What one way has cost so far: counts of what a person did, words there were to read, seconds of waiting."""

    page: Any
    keys: int = 0
    points: int = 0
    hands: int = 0
    decisions: int = 0
    telephones: int = 0
    text_words: int = 0
    page_words: int = 0
    waited: float = 0.0
    pages: list[str] = field(default_factory=list)
    _at_keyboard: bool = False

    def seconds(self, share: float) -> float:
        """The whole, for somebody who reads this share (0-1) of the words of a page."""
        by_hand = self.keys * KEY + self.points * POINT + self.hands * HAND + self.decisions * MENTAL
        reading = (self.text_words + share * self.page_words) / WORDS_A_MINUTE * 60
        return by_hand + reading + self.telephones * TELEPHONE + self.waited

    def point(self, target: Any) -> None:
        """Decide for something and click it."""
        self.decisions += 1
        self.points += 1
        self._hand(keyboard=False)
        target.click()

    def leave(self, target: Any, read: str = CONTENT) -> None:
        """Click what leads to another page, and read what these selectors find on it."""
        begun = time.monotonic()
        # A form may be looked at before it goes: the page stays a moment longer.
        with self.page.expect_navigation():
            self.point(target)
        self.arrive(begun, read)

    def type(self, target: Any, text: str) -> None:
        """Click a field and type into it."""
        self.point(target)
        self._hand(keyboard=True)
        self.keys += len(text)
        target.fill(text)

    def choose(self, target: Any, value: str) -> None:
        """Open a list, and click one of it."""
        self.decisions += 1
        self.points += 2
        self._hand(keyboard=False)
        target.select_option(value)

    def look_up(self, name: str, text: str) -> None:
        """Open a look-up, type into it, take the first that it finds."""
        self.point(self.page.locator(f"#id_{name} + .select2"))
        self._hand(keyboard=True)
        self.keys += len(text)
        begun = time.monotonic()
        self.page.locator(".select2-search__field").fill(text)
        found = self.page.locator(".select2-results__option", has_text=text).first
        found.wait_for()
        self.waited += time.monotonic() - begun
        self.point(found)

    def arrive(self, begun: float, read: str = CONTENT) -> None:
        """A page is there, `begun` at this reading of the clock; what it says is to be read."""
        self.page.wait_for_load_state("load")
        self.waited += time.monotonic() - begun
        words = sum(part.evaluate(WORDS) for part in self.page.locator(read).all())
        self.page_words += words
        self.pages.append(f"{re.split(r' [|·(]', self.page.title())[0]} ({words} words)")

    def open(self, address: str) -> None:
        """Follow a link of a mail."""
        begun = time.monotonic()
        self.decisions += 1
        self.points += 1
        self.page.goto(address)
        self.arrive(begun)

    def _hand(self, *, keyboard: bool) -> None:
        self.hands += keyboard is not self._at_keyboard
        self._at_keyboard = keyboard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser to walk in")
    asked = parser.parse_args()
    with throwaway(ROOT / ".data") as url:
        # Playwright has a loop of its own, in which Django would take every query for one of it.
        os.environ |= {"TRACKER_MODE": "test", "DATABASE_URL": url, "DJANGO_ALLOW_ASYNC_UNSAFE": "1"}
        import django

        django.setup()
        from django.core.management import call_command
        from django.test.utils import setup_test_environment

        setup_test_environment()
        call_command("migrate", verbosity=0)
        call_command("load_election", str(ROOT / "fixtures" / "az2024"), verbosity=0)
        for way in WAYS:
            tell(way, walk(way, asked.chromium))


def walk(way: str, chromium: str) -> list[Walk]:
    """The walks of everybody on this way."""
    from django.conf import settings
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.test.testcases import LiveServerThread
    from playwright.sync_api import sync_playwright

    from tracker.core.roles import Role

    server = LiveServerThread("localhost", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    settings.PUBLIC_URL = f"http://localhost:{server.port}"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            first = Walk(browser.new_context().new_page())
            first.text_words += len(_section_of_readme().split())
            roles = (Role.OFFICER, Role.PUBLISHER) if way.startswith("one") else (Role.OFFICER,)
            enrol(first, f"{WAYS.index(way)}a", *roles)
            # An organization has one mission of each type.
            enter_mission(first, "joint" if way.startswith("one") else "long_term", new="new" in way)
            if way.startswith("one"):
                first.leave(first.page.get_by_role("button", name="Save and publish"))
                walks = [first]
            else:
                first.leave(
                    first.page.get_by_role("button", name="Save and submit for publication"),
                    read=".messagelist",
                )
                walks = [first, second := Walk(browser.new_context().new_page())]
                enrol(second, f"{WAYS.index(way)}b", Role.PUBLISHER)
                second.leave(second.page.get_by_role("button", name=re.compile("^Publish .*Long-term")))
            # Then it is public; what is read of the last page is what came of it.
            last = walks[-1]
            last.leave(
                last.page.get_by_role("button", name=re.compile("^Yes, publish these")), read=".messagelist"
            )
            assert last.page.get_by_role("link", name="See it as the public does").is_visible()
            browser.close()
    finally:
        server.terminate()
    return walks


def enrol(walk: Walk, name: str, *roles: str) -> None:
    """From the mail to the staff's first page."""
    from django.core import mail

    from tests.signing import code_now
    from tracker.accounts import invitations

    password = "lanterns over the bay"
    invitations.invite(email=f"{name}@example.org", first_name="", last_name="", roles=roles)
    said = str(mail.outbox[-1].body)
    walk.text_words += len(said.split())
    link = re.search(r"http\S+/staff/invitation/\S+", said)
    assert link
    walk.open(link[0])
    walk.type(walk.page.get_by_label("Password:", exact=True), password)
    walk.telephones += 1
    secret = walk.page.locator("#secret").inner_text().replace(" ", "")
    walk.type(walk.page.get_by_label("Six digits"), code_now(secret))
    walk.leave(walk.page.get_by_role("button", name="Set up my account"))
    walk.point(walk.page.get_by_role("link", name="Download"))
    walk.leave(walk.page.get_by_role("button", name="I have kept them"))


def enter_mission(walk: Walk, kind: str, *, new: bool) -> None:
    """A mission with its statement, of an organization of the register or of one that is entered with it."""
    page = walk.page
    walk.leave(page.get_by_role("link", name="Enter a mission"))
    if new:
        with page.expect_popup() as opened:
            walk.point(page.locator("#add_id_organization"))
        walk.page = opened.value
        walk.arrive(time.monotonic())
        walk.type(walk.page.locator("#id_name"), "Lantern Observers")
        walk.choose(walk.page.locator("#id_kind"), "ngo")
        walk.point(walk.page.locator("[name=_save]"))
        walk.page = page
        page.locator("#id_organization + .select2", has_text="Lantern Observers").wait_for()
    else:
        walk.look_up("organization", "PABSEC")
    walk.choose(page.get_by_label("Type"), kind)
    walk.choose(page.locator("#id_status"), "observed")
    walk.type(page.locator("#id_statements-0-title"), "On the day of the vote")
    walk.type(page.locator("#id_statements-0-url"), "example.org/statement")


def tell(way: str, walks: list[Walk]) -> None:
    every, few = (sum(one.seconds(share) for one in walks) / 60 for share in (1, SHARE_READ))
    waited = sum(one.waited for one in walks)
    say(
        f"{way}: {every:.1f} minutes for who reads every word, {few:.1f} for who reads {SHARE_READ:.0%} of a page; "
        f"{sum(len(one.pages) for one in walks)} pages, {sum(one.keys for one in walks)} keys, "
        f"{sum(one.points for one in walks)} clicks, {sum(one.text_words for one in walks)} words of README and mail, "
        f"{sum(one.page_words for one in walks)} of pages; the browser was waited for {waited:.0f} s"
    )
    for one in walks:
        say("    " + " > ".join(one.pages))


def _section_of_readme() -> str:
    """README "Your first mission"."""
    text = (ROOT / "README.md").read_text()
    return text.split("## Your first mission")[1].split("\n## ")[0]


if __name__ == "__main__":
    main()
