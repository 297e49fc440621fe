"""Forms of the admin, sent by tests as a browser sends them."""

import re
from html import unescape
from typing import Any

from django.test import Client


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
