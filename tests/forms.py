"""Forms of the admin, sent by tests as a browser sends them."""

import re
from html import unescape
from typing import Any

from django.test import Client


def save(client: Client, path: str, typed: dict[str, Any], **options: Any) -> Any:
    """Open the form of a record at `path` and send it: what was typed, and what it says of what it had shown."""
    found = re.search(r'name="_opened" value="([^"]*)"', client.get(path).content.decode())
    assert found, "this form shows nothing that is on record"
    return client.post(path, typed | {"_opened": unescape(found[1])}, **options)
