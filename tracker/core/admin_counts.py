"""Counts of what belongs to a record, as columns and as lists of links: of the rows that the person may see."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _t

from tracker.core.addresses import screen_address
from tracker.core.models import User
from tracker.core.ownership import rows_for
from tracker.core.roles import permission


def annotate_counts(rows: models.QuerySet, relations: Iterable[str], user: User) -> models.QuerySet:
    """`rows` with `<relation>_count` for each reverse foreign key, of what `user` may see; one query, whatever the
    number of rows.
    """
    for relation in relations:
        field: Any = rows.model._meta.get_field(relation)
        related, key = field.related_model, field.field.name
        seen = rows_for(related._default_manager.all(), user, "view")
        counted = seen.filter(**{key: OuterRef("pk")}).order_by().values(key)
        counted = counted.annotate(count=Count("pk")).values("count")
        rows = rows.annotate(
            **{f"{relation}_count": Coalesce(Subquery(counted), 0, output_field=IntegerField())}
        )
    return rows


def related_list_address(record: models.Model, relation: str) -> str:
    """The list in the admin of everything that belongs to `record` by this relation."""
    field: Any = record._meta.get_field(relation)
    address = screen_address(field.related_model, "changelist")
    return f"{address}?{field.field.name}__{field.field.target_field.name}__exact={record.pk}"


def linked_count(relation: str, label: Any) -> Callable[[models.Model], SafeString]:
    """A list column: how many rows belong to a record, as a link to them. Needs `annotate_counts`."""

    @admin.display(description=label, ordering=f"{relation}_count")
    def column(record: models.Model) -> SafeString:
        address = related_list_address(record, relation)
        return format_html('<a href="{}">{}</a>', address, getattr(record, f"{relation}_count"))

    column.__name__ = f"{relation}_count"
    return column


def related_lists(record: models.Model, relations: Iterable[str], request: HttpRequest) -> SafeString:
    """What the person may see of all that belongs to `record`, counted and linked, with a link to add where allowed."""
    lines = []
    user: Any = request.user
    counted = annotate_counts(type(record)._default_manager.filter(pk=record.pk), relations, user).get()
    for relation in relations:
        field: Any = record._meta.get_field(relation)
        options = field.related_model._meta
        if not user.has_perm(permission(field.related_model, "view")):
            continue
        link = format_html(
            '<a href="{}">{}: {}</a>',
            related_list_address(record, relation),
            capfirst(options.verbose_name_plural),
            getattr(counted, f"{relation}_count"),
        )
        if user.has_perm(permission(field.related_model, "add")):
            address = screen_address(field.related_model, "add")
            link = format_html(
                '{} <a class="addlink" href="{}?{}={}" aria-label="{}">{}</a>',
                link, address, field.field.name, record.pk,
                _t("Add %(name)s") % {"name": options.verbose_name}, _t("Add"),
            )  # fmt: skip
        lines.append((link,))
    return format_html('<ul class="related-lists">{}</ul>', format_html_join("", "<li>{}</li>", lines))
