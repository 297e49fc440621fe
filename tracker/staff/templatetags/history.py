"""What a person changed last, for the index of the admin."""

from typing import Any

from django import template
from django.contrib import admin

from tracker.core.history.reading import Asked, models_by_table, search
from tracker.core.models import User
from tracker.staff.history import in_words

register = template.Library()
SHOWN = 10


@register.simple_tag(takes_context=True)
def own_changes(context: Any) -> list[Any]:
    """The latest records that who is signed in changed, each with the addresses of the record and of its history.

    Their own account and what belongs to it (a password, an authenticator app) is no work of theirs.
    """
    request = context["request"]
    screens = [table for table, model in models_by_table().items() if admin.site.is_registered(model)]
    rows = search(Asked(accounts=[request.user.pk])).filter(table_name__in=screens)
    rows = rows.exclude(table_name=User._meta.db_table, key=str(request.user.pk))
    return in_words(request, rows[:SHOWN], names_of_people=False)
