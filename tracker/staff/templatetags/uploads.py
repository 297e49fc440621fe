"""Words of uploads for templates."""

from django import template

from tracker.ingest.uploads.subjects import SUBJECTS

register = template.Library()


@register.filter
def subject(kind: str) -> str:
    """What the rows of such a file are: "polling stations"."""
    return str(SUBJECTS[kind].label) if kind in SUBJECTS else kind
