"""Editions in the admin: to be looked at. The database refuses to change one, and so do these screens."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tracker.core.admin_access import NarrowedAdmin
from tracker.core.admin_publication import public_address
from tracker.coverage.models import Edition


@admin.register(Edition)
class EditionAdmin(NarrowedAdmin):
    list_display = ("number", "election", "as_of", "published_at", "published_by", "short_hash", "kept")
    list_filter = ("election",)
    list_select_related = ("election", "published_by")
    date_hierarchy = "published_at"
    search_fields = ("hash", "election__slug", "election__name")
    fields = (
        "election",
        "number",
        "as_of",
        "published_at",
        "published_by",
        "total",
        "changes",
        "content_hash",
        "previous_hash",
        "hash",
        "thinned_at",
        "content",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Without the stations by mission, which are long and have the public page to be read on."""
        return super().get_queryset(request).defer("content", "detail", "published_by__password")

    @admin.display(description=_("hash"))
    def short_hash(self, edition: Edition) -> str:
        return f"{edition.hash[:16]}…"

    @admin.display(description=_("figures kept"), boolean=True)
    def kept(self, edition: Edition) -> bool:
        return edition.thinned_at is None

    def view_on_site(self, edition: Edition) -> str | None:
        address = public_address(edition, "editions", slug=edition.election.slug)
        return f"{address}?edition={edition.number}" if address else None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
