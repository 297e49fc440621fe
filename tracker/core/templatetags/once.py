"""For forms of the workflow screens: what makes one form one row."""

import uuid

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracker.core.guarded import KEY

register = template.Library()


@register.simple_tag
def submission() -> SafeString:
    """The hidden key of this one form: however often it is sent, `core.once` lets it write once."""
    return format_html('<input type="hidden" name="{}" value="{}">', KEY, uuid.uuid4())
