"""Admin screens of accreditation: its rules, and to look back at applications, which are decided at the desk."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.admin_access import NarrowedAdmin, NarrowedInline, user_of
from tracker.core.admin_publication import PlainFields
from tracker.missions.admin_readings import ShowsPeople
from tracker.missions.models import Accreditation, AccreditationChange, AccreditationRule
from tracker.missions.readings import people_in


@admin.register(AccreditationRule)
class AccreditationRuleAdmin(PlainFields, NarrowedAdmin):
    list_display = ("category", "election", "quota", "quota_each", "opens_at", "closes_at", "decided_by")
    list_filter = ("election", "category")
    list_select_related = ("election",)
    search_fields = ("election__name", "notes")
    autocomplete_fields = ("election", "source")
    fieldsets = (
        (None, {"fields": ("election", "category", ("quota", "quota_each"))}),
        (_("Deadlines (UTC)"), {"fields": ("opens_at", "closes_at", "decided_by")}),
        (_("Badges"), {"fields": (("valid_from", "valid_until"),)}),
        (_("How we know"), {"fields": ("source", "notes")}),
    )


def _sees_people(request: HttpRequest) -> bool:
    return user_of(request).has_perm("missions.view_person")


class AccreditationChangeInline(PlainFields, NarrowedInline, admin.TabularInline):
    model = AccreditationChange
    extra = 0
    readonly_fields = ("status", "at", "by", "reason")
    can_delete = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A reason may name somebody."""
        return [name for name in self.readonly_fields if name != "reason" or _sees_people(request)]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("by").defer("by__password")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Accreditation)
class AccreditationAdmin(ShowsPeople, PlainFields, NarrowedAdmin):
    """To look up and to look back. Applications are entered and decided at the desk, where the rules are asked."""

    list_display = (
        "name",
        "category",
        "sent_by",
        "status",
        "applied_at",
        "decided_at",
        "valid_until",
        "election",
    )
    list_filter = ("election", "category", "status")
    list_select_related = ("election", "observer__mission__organization", "outlet")
    list_per_page = 50
    search_fields = ("number", "observer__code", "observer__mission__organization__name", "outlet__name")
    date_hierarchy = "applied_at"
    inlines = (AccreditationChangeInline,)
    fieldsets = (
        (None, {"fields": ("desk", "election", "category", "observer", "outlet", "status")}),
        (_("Badge"), {"fields": ("number", ("valid_from", "valid_until"))}),
        (_("Moments (UTC)"), {"fields": (("applied_at", "decided_at"),)}),
    )
    readonly_fields = ("desk",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the reason for whoever may see people: it may name somebody."""
        found = super().get_fieldsets(request, obj)
        return [*found, (_("Reason"), {"fields": ("reason",)})] if _sees_people(request) else found

    def people_shown(self, request: HttpRequest, row: Any) -> set[int | None]:
        return people_in([row]) if _sees_people(request) else set()

    @admin.display(description=_("accreditation"), ordering="number")
    def name(self, row: Accreditation) -> str:
        return str(row)

    @admin.display(description=_("mission or outlet"))
    def sent_by(self, row: Accreditation) -> str:
        return row.sender

    @admin.display(description=_("decide"))
    def desk(self, row: Accreditation) -> str:
        address = reverse("admin:accreditation_application", args=[row.election.slug, row.pk])
        return format_html('<a href="{}">{}</a>', address, _t("Open it at the desk"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
