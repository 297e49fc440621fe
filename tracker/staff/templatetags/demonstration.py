"""Whether what a staff screen shows belongs to a demonstration."""

from typing import Any

from django import template

from tracker.elections.models import Election

register = template.Library()

# From a record to what it belongs to, the nearest to its election first.
OWNERS = ("election", "mission", "station", "team", "accreditation", "incident")


@register.simple_tag(takes_context=True)
def demonstration_shown(context: Any) -> bool:
    """Whether the record or the election on this screen is a demonstration, or a part of one."""
    shown = [context.get(name) for name in ("original", "object", "election")]
    return any(_is_demonstration(record) for record in shown if record is not None)


def _is_demonstration(record: Any) -> bool:
    if isinstance(record, Election):
        return record.demonstration
    owner = next((getattr(record, name) for name in OWNERS if getattr(record, f"{name}_id", None)), None)
    return owner is not None and _is_demonstration(owner)
