"""What came of a step, in words: which records went where, what stays hidden, and what to look at again."""

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.text import get_text_list
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext

from tracker.core.addresses import screen_address
from tracker.core.admin_questions import doubts_before
from tracker.core.admin_sentences import in_words
from tracker.core.guarded import DATABASE_RULES
from tracker.core.models import Publication, released_condition
from tracker.core.publication import counted, drafts_below, hidden_by_parents, parent_words

FOUR_EYES = "publication_four_eyes"


def report(
    screen: admin.ModelAdmin, request: HttpRequest, level: int, one: str, many: str, count: int, **words: Any
) -> None:
    """Tell the person how many records something happened to, or did not; nothing where there are none."""
    if count:
        screen.message_user(request, ngettext(one, many, count) % (words | {"count": count}), level)


def tell_by_name(screen: Any, request: HttpRequest, published: list[tuple[Any, models.Model]]) -> None:
    """Say which records were published, with the way to what the public sees of them, and to the next of the kind."""
    if not published:
        return
    records = [record for _screen, record in published]
    text = _t("Published: %(records)s.") % {"records": in_words(records[0], records[1:])}
    links = []
    addresses = (of_kind.get_view_on_site_url(record) for of_kind, record in published)
    if address := next(filter(None, addresses), None):
        links.append((address, _t("See it as the public does")))
    if screen.has_add_permission(request):
        words = _t("Enter another %(kind)s") % {"kind": screen.opts.verbose_name}
        links.append((screen_address(screen.model, "add"), words))
    shown = format_html_join("", ' <a class="onward" href="{}">{}</a>', links)
    screen.message_user(request, format_html("{}{}", text, shown), messages.SUCCESS)


def tell_of_published(
    screen: admin.ModelAdmin, request: HttpRequest, ids: list[Any], changed: int, refused: list[models.Model],
    *, told: bool,
) -> None:  # fmt: skip
    """What came of publishing records of one kind; `told`: which were published was said by name already."""
    if refused:
        names = get_text_list(
            [f"“{row}”" for row in refused[:5]] + (["…"] if len(refused) > 5 else []), _t("and")
        )
        text = _t("Not published: %(names)s. %(rule)s")
        screen.message_user(
            request, text % {"names": names, "rule": DATABASE_RULES[FOUR_EYES]}, messages.ERROR
        )
    report(
        screen, request, messages.SUCCESS, "%(records)s published.", "%(records)s published.",
        0 if told else changed, records=counted(screen.model, changed),
    )  # fmt: skip
    report(
        screen, request, messages.INFO, "%(count)d record was published already.",
        "%(count)d records were published already.", len(ids) - changed - len(refused),
    )  # fmt: skip
    rows = screen.model._default_manager.filter(pk__in=ids)
    report(
        screen, request, messages.WARNING,
        "%(count)d of them stays hidden until its embargo ends.",
        "%(count)d of them stay hidden until their embargo ends.",
        rows.filter(publication=Publication.PUBLISHED).exclude(released_condition()).count(),
    )  # fmt: skip
    report(
        screen, request, messages.WARNING,
        "%(count)d of them stays hidden until its %(parents)s is published as well.",
        "%(count)d of them stay hidden until their %(parents)s is published as well.",
        hidden_by_parents(rows), parents=parent_words(screen.model),
    )  # fmt: skip
    warn_of_drafts_below(screen, request, ids)


def warn_of_doubts(screen: Any, request: HttpRequest, record: models.Model) -> None:
    """What somebody should look at again in a public record that they saved, by name."""
    doubts = doubts_before(screen, request, screen.get_queryset(request).filter(pk=record.pk))
    if doubts:
        text = _t("Please check what is public now. %(doubts)s.")
        screen.message_user(request, text % {"doubts": doubts[0]}, messages.WARNING)


def warn_of_drafts_below(screen: Any, request: HttpRequest, ids: list[Any]) -> None:
    """Which drafts stay behind when these rows are public."""
    if drafts := drafts_below(screen.model, ids):
        text = _t("Still drafts below it, and shown to nobody: %(drafts)s.")
        screen.message_user(request, text % {"drafts": drafts}, messages.WARNING)


def warn_of_vanishing(modeladmin: admin.ModelAdmin, request: HttpRequest, vanishing: str) -> None:
    """What left the public pages together with a record that was withdrawn; `vanishing` is from `seen_below`."""
    if vanishing:
        text = _t("Published themselves, and hidden now as well: %(records)s.")
        modeladmin.message_user(request, text % {"records": vanishing}, messages.WARNING)
