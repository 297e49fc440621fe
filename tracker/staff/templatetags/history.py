"""What a person changed last, for the index of the admin."""

from typing import Any

from django import template

from tracker.core.history.reading import Asked, search
from tracker.staff.history import in_words

register = template.Library()
SHOWN = 10


@register.simple_tag(takes_context=True)
def own_changes(context: Any) -> list[Any]:
    """The latest rows that who is signed in changed, each with the addresses of the record and of its history."""
    request = context["request"]
    return in_words(request, search(Asked(accounts=[request.user.pk]))[:SHOWN], names_of_people=False)
