"""Helpers of the page tests: addresses, and the text of a page as a reader sees it."""

import re
from html import unescape

from django.test import Client
from django.urls import reverse

from tracker.elections.models import Election

ELECTION_PAGES = (
    "dashboard",
    "stations",
    "clock",
    "missions",
    "figures",
    "coverage",
    "editions",
    "timeline",
    "corrections",
)
LANGUAGES = ("en", "az", "ru")


def address(name: str, election: Election, *more: object, language: str = "en", query: str = "") -> str:
    path = reverse(f"public:{name}", args=[election.slug, *more])
    return f"/{language}{path[3:]}" + (f"?{query}" if query else "")


def text_of(html: str) -> str:
    """The visible words of a page's main part, blanks folded."""
    main = html.split("<main", 1)[1].split("</main>", 1)[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", "<main" + main)).split())


def read(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, (path, response.status_code)
    return text_of(response.content.decode())
