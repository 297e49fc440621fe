"""Small words the public templates share."""

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse, translate_url
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tracker.core.countries import read_countries
from tracker.core.models import Source
from tracker.core.timezones import format_offset, offset_at, to_local
from tracker.elections.models import AnnouncedFigure
from tracker.public.linked import Node, as_script
from tracker.stations.models import VotingState

register = template.Library()


@register.simple_tag
def text_language() -> str:
    """The language the words of the page are written in: the active one if it has a catalogue, English otherwise.

    A screen reader reads aloud by it. Names of countries and elections follow the active language in any case.
    """
    active = (get_language() or "en")[:2]
    catalogues = (Path(folder, active, "LC_MESSAGES", "django.mo") for folder in settings.LOCALE_PATHS)
    return active if any(path.exists() for path in catalogues) else "en"


@register.inclusion_tag("public/_source.html")
def source_line(source: Source | None, say_none: bool = False) -> dict[str, Any]:
    """The source of a fact as a small line: publisher with link, and the date it shows.

    `say_none`: a record without one says so. Facts that share the source of their record stay silent.
    """
    return {"source": source, "say_none": say_none}


@register.filter
def offset(instant: datetime, zone: Any) -> str:
    """The UTC offset of `zone` at `instant`, such as UTC+05:00."""
    return format_offset(offset_at(instant, str(zone)))


@register.simple_tag
def local_hours(window: Any, zone: Any, with_date: bool = True) -> str:
    """Opening to closing on the clock of `zone`: 7 Feb 08:00–19:00, and with the day where it closes on another."""
    opens, closes = (to_local(instant, str(zone)) for instant in (window.opens_at, window.closes_at))
    day_and_time, time = "j M H:i", "H:i"
    if opens.date() == closes.date():
        return f"{date_format(opens, day_and_time if with_date else time)}–{date_format(closes, time)}"
    if with_date:
        return f"{date_format(opens, day_and_time)} – {date_format(closes, day_and_time)}"
    return _("%(hours)s, next day") % {"hours": f"{date_format(opens, time)}–{date_format(closes, time)}"}


@cache
def _country_names(language: str) -> dict[str, str]:
    return {row["iso2"]: row[f"name_{language}"] for row in read_countries()}


@register.filter
def voting_label(state: str) -> str:
    """What a code of VotingState is called."""
    return str(VotingState(state).label)


@register.filter
def scope_name(scope: str) -> str:
    """The scope of a figure; a country's ISO code at its beginning is written as the country's name."""
    code, _blank, rest = scope.partition(" ")
    names = _country_names((get_language() or "en")[:2])
    return f"{names[code]}{', ' if rest else ''}{rest}" if code in names else scope


@register.filter
def offset_text(offset: Any) -> str:
    """A UTC offset (timedelta) as UTC+05:00."""
    return format_offset(offset)


@register.filter
def amount(figure: AnnouncedFigure) -> str:
    """The announced value as a reader expects it: 6,478,623 or 76.73 % or Seoul."""
    return figure.written_value


# Up to the next blank, without the punctuation that ends the sentence or closes the bracket around it.
ADDRESS = re.compile(r"https?://(?:www\.)?(?P<host>[\w.-]+)[^\s<>\"]*[^\s<>\".,;:!?)\]}]")


@register.filter
def linked(text: str) -> SafeString:
    """`text`, escaped, with its web addresses as links shortened to their host; every other character is kept.

    Django's own urlize drops a full stop that follows a bracket.
    """
    parts, end = [], 0
    for found in ADDRESS.finditer(text):
        link = format_html(
            '<a href="{}" rel="noopener nofollow external">{}</a>', found[0], found["host"].rstrip(".")
        )
        parts += [escape(text[end : found.start()]), link]
        end = found.end()
    return mark_safe("".join([*parts, escape(text[end:])]))  # noqa: S308 - every part is escaped above


@register.simple_tag(takes_context=True)
def languages(context: Any) -> list[dict[str, str]]:
    """The page's own address in each language: code, name, path, and url (the path with the query).

    Empty where there is no request.
    """
    request: HttpRequest | None = context.get("request")
    if request is None:
        return []
    path = "/en/" if request.path == "/" else request.path
    query = request.META.get("QUERY_STRING", "")
    paths = [(code, name, translate_url(path, code)) for code, name in settings.LANGUAGES]
    return [
        {"code": code, "name": name, "path": path, "url": path + (f"?{query}" if query else "")}
        for code, name, path in paths
    ]


@register.filter
def percent(share: float | None) -> str:
    """A share of 0-1 as whole percent; 99.6 is not rounded to all, nor 0.4 to nothing."""
    if share is None:
        return "–"
    whole = round(100 * share)
    if whole == 100 and share < 1:
        return "99 %"
    if whole == 0 and share > 0:
        return "1 %"
    return f"{whole} %"


@register.simple_tag(takes_context=True)
def figures_url(context: Any, name: str) -> str:
    """The address of another page of this election's figures; a reader of an old edition stays in it."""
    address = reverse(f"public:{name}", args=[context["election"].slug])
    return address + edition_query(context)


@register.simple_tag(takes_context=True)
def edition_query(context: Any) -> str:
    """`?edition=7` while a reader is in edition 7, nothing otherwise."""
    shown = context.get("shown")
    return f"?edition={shown.edition.number}" if shown and shown.asked else ""


@register.simple_tag
def linked_data(nodes: list[Node]) -> SafeString:
    """What a program may read on this page, as a JSON-LD data block; nothing where there is nothing."""
    return as_script(nodes)
