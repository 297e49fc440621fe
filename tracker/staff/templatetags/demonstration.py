"""Whether what a staff screen shows belongs to a demonstration."""

from typing import Any

from django import template

from tracker.elections.models import Election

register = template.Library()

# From a record to what it belongs to, the nearest to its election first.
OWNERS = ("election", "mission", "station", "team", "accreditation", "incident")


@register.simple_tag(takes_context=True)
def demonstration_shown(context: Any) -> bool:
    """Whether the record or the election on this screen, or a record that a question names, is a demonstration, or a
    part of one."""
    shown = [context.get(name) for name in ("original", "object", "election")]
    # A question names up to a hundred, mostly of one election: each is looked at once.
    named = context["rows"] if "sure" in context else []
    shown += {_owner(record) or record: record for record in named}.values()
    return any(_is_demonstration(record) for record in shown if record is not None)


def _is_demonstration(record: Any) -> bool:
    if isinstance(record, Election):
        return record.demonstration
    owner = _owner(record)
    return owner is not None and _is_demonstration(getattr(record, owner[0]))


def _owner(record: Any) -> tuple[str, Any] | None:
    """What a record belongs to: the name of its key, and the key."""
    keys = ((name, getattr(record, f"{name}_id", None)) for name in OWNERS)
    return next((pair for pair in keys if pair[1]), None)
