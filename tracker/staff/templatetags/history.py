"""What a person changed last, for the index of the admin."""

from typing import Any

from django import template

from tracker.core.history.reading import Asked, describe, search
from tracker.staff.history import address_of, may_see

register = template.Library()
SHOWN = 10


@register.simple_tag(takes_context=True)
def own_changes(context: Any) -> list[Any]:
    """The latest rows that who is signed in changed, each with the address of its history."""
    request = context["request"]
    rows = search(Asked(account=request.user.pk))[:SHOWN]
    entries = describe(rows, lambda model: may_see(request, model))
    return [(entry, address_of(request, entry)) for entry in entries]
