"""Forms of the admin, sent by tests as a browser sends them."""

import re
from html import unescape
from typing import Any

from django.test import Client


def complaints(page: Any) -> set[str]:
    """What a page says is wrong, as people read it.

    From the page itself and not from its context: the test client mixes the contexts of all threads.
    """
    html = page.content.decode()
    lists = re.findall(r'<ul class="errorlist[^>]*>(.*?)</ul>', html, re.DOTALL)
    lines = [line for one in lists for line in one.split("</li>")] + re.findall(
        r'<p class="error"[^>]*>(.*?)</p>', html
    )
    return {unescape(re.sub(r"<[^>]+>", "", line)).strip() for line in lines} - {""}


def save(client: Client, path: str, typed: dict[str, Any], **options: Any) -> Any:
    """Open the form of a record at `path` and send it: what was typed, a reason, and what it had shown."""
    found = re.search(r'name="_opened" value="([^"]*)"', client.get(path).content.decode())
    assert found, "this form shows nothing that is on record"
    return client.post(path, {"_reason": "A test"} | typed | {"_opened": unescape(found[1])}, **options)


def confirm(client: Client, path: str, chosen: dict[str, Any], **options: Any) -> Any:
    """Send an action or a step that asks first, and say yes to the question; the answer where nothing is asked."""
    chosen = {"reason": "A test"} | chosen
    asked = client.post(path, {name: value for name, value in chosen.items() if name != "sure"})
    if asked.status_code != 200 or "sure" not in (asked.context or ()):
        return asked
    return client.post(path, chosen | {"sure": asked.context["sure"]}, **options)
