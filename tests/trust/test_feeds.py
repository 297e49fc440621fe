"""I2, feeds: what stands in a text is no part of how a feed is made, and reads in it as it was written."""

from datetime import date
from xml.etree import ElementTree

import pytest
from django.test import Client

from tests.factories import make_election, make_mission, make_statement
from tests.trust.hostile import EVERYTHING, PAYLOADS

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


def on_one_line(text: str | None) -> str:
    return " ".join((text or "").split())


@pytest.mark.parametrize("half", [0, 1])
def test_i2_feeds_hold_each_text_as_it_is(client: Client, half: int) -> None:
    """Red when: a feed writes titles of entries, or its own, into the XML without escaping them."""
    texts = PAYLOADS[half::2]
    mission = make_mission(election=make_election(name=EVERYTHING))
    for text in texts:
        make_statement(mission=mission, title=text, issued_on=date(2024, 2, 8))
    page = f"/en/e/{mission.election.slug}/"
    news, corrections = (
        ElementTree.fromstring(client.get(page + feed).content)  # noqa: S314 - our own
        for feed in ("data/feed/", "corrections/feed/")
    )
    titles = [on_one_line(entry.findtext(f"{ATOM}title")) for entry in news.iter(f"{ATOM}entry")]
    name = mission.organization.short_name
    assert sorted(titles) == sorted(on_one_line(f"{name}: {text}") for text in texts)
    assert on_one_line(news.findtext(f"{ATOM}title")) == f"Editions and statements: {EVERYTHING}"
    assert on_one_line(corrections.findtext(f"{ATOM}title")) == f"Corrections: {EVERYTHING}"
