"""The screens of accounts, places, sources and jobs."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.addresses import screen_address
from tracker.core.admin_access import NarrowedAdmin, user_of
from tracker.core.admin_publication import HTTPS_ASSUMED
from tracker.core.models import Country, Job, Source, TimeZone, User
from tracker.core.ownership import rows_for
from tracker.core.roles import LIMITS, WORK, Role, names_of
from tracker.core.timezones import format_offset, offset_at


class ReferenceAdmin(NarrowedAdmin):
    """A table that comes with the software: looked up, never edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Country)
class CountryAdmin(ReferenceAdmin):
    list_display = ("name_en", "name_az", "name_ru", "iso2", "iso3")
    search_fields = ("name_en", "name_az", "name_ru", "=iso2", "=iso3")


@admin.register(TimeZone)
class TimeZoneAdmin(ReferenceAdmin):
    list_display = ("name", "offset_now")
    search_fields = ("name",)

    @admin.display(description=_("offset now"))
    def offset_now(self, zone: TimeZone) -> str:
        return format_offset(offset_at(timezone.now(), zone.name))


@admin.register(Job)
class JobAdmin(ReferenceAdmin):
    """What was done in the background, for whoever looks back; work with jobs is at /staff/jobs/."""

    list_display = ("kind", "state", "done", "total", "requested_by", "requested_at", "finished_at")
    list_filter = ("state", "kind")
    search_fields = ("kind", "requested_by__username", "result", "error")
    date_hierarchy = "requested_at"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).select_related("requested_by").defer("requested_by__password")


def source_keys() -> list[models.ForeignKey]:
    """Every foreign key to a source, whatever app it lives in."""
    from django.apps import apps

    fields = [field for model in apps.get_models() for field in model._meta.get_fields()]
    return [
        field for field in fields if isinstance(field, models.ForeignKey) and field.related_model is Source
    ]


@admin.register(Source)
class SourceAdmin(NarrowedAdmin):
    list_display = ("name", "published_on", "read_on", "page")
    search_fields = ("publisher", "title", "url", "notes")
    date_hierarchy = "read_on"
    readonly_fields = ("used_by",)
    formfield_overrides = HTTPS_ASSUMED
    fieldsets = (
        (None, {"fields": ("publisher", "title", "url")}),
        (_("Dates"), {"fields": (("published_on", "read_on"),)}),
        (None, {"fields": ("notes", "used_by")}),
    )
    list_per_page = 50

    @admin.display(description=_("source"), ordering="publisher")
    def name(self, source: Source) -> str:
        return str(source)

    @admin.display(description=_("address"), ordering="url")
    def page(self, source: Source) -> SafeString | str:
        if not source.url.startswith(("https://", "http://")):
            return "-"
        return format_html('<a href="{}" rel="noreferrer">{}</a>', source.url, source.url.split("/")[2])

    @admin.display(description=_("used by"))
    def used_by(self, source: Any) -> SafeString | str:
        """The kinds of record that rest on this source, counted and linked, as far as the person may see them."""
        lines = []
        for field in source_keys() if source.pk else []:
            options = field.model._meta
            rows = field.model._default_manager.filter(**{field.name: source})
            count = rows_for(rows, source.seen_by, "view").count()
            if count:
                address = screen_address(field.model, "changelist")
                words = f"{capfirst(options.verbose_name_plural)}, {field.verbose_name}: {count}"
                lines.append((f"{address}?{field.name}__id__exact={source.pk}", words))
        if not lines:
            return _t("nothing yet")
        items = format_html_join("", '<li><a href="{}">{}</a></li>', lines)
        return format_html('<ul class="related-lists">{}</ul>', items)


# Roles alone give permissions (`core.roles`).
admin.site.unregister(Group)


class AccountForm(UserChangeForm):
    """An account; each role beside the sentence that says what it is for."""

    # Its owner changes it, or gets a link by mail; it is not even read here.
    password = None  # type: ignore[assignment]
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=lambda: [
            (role.value, format_html("<b>{}</b> {}. {}", role.label, WORK[role], LIMITS[role]))
            for role in Role
        ],
    )


@admin.register(User)
class AccountAdmin(NarrowedAdmin, UserAdmin):
    """Accounts and their roles. Nobody gives a role to themselves, and only a superuser touches a superuser."""

    form = AccountForm
    list_display = (
        "username", "name", "email", "role_names", "is_active", "is_superuser", "last_login",
    )  # fmt: skip
    list_filter = ("is_active", "is_superuser")
    filter_horizontal = ()
    date_hierarchy = "date_joined"
    fieldsets = (
        (None, {"fields": ("username",)}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("What the account may do"), {"fields": ("is_active", "is_staff", "roles", "is_superuser")}),
        (_("Moments (UTC)"), {"fields": ("last_login", "date_joined")}),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).order_by(F("last_name"), "username")

    @admin.display(description=_("name"), ordering="last_name")
    def name(self, account: User) -> str:
        return account.get_full_name() or "-"

    @admin.display(description=_("roles"))
    def role_names(self, account: User) -> str:
        return names_of(account.roles)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser's account, its password included, is changed by superusers."""
        spared = obj is not None and obj.is_superuser and not user_of(request).is_superuser
        return not spared and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Accounts are closed, not deleted: the history names them."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What would let somebody raise themselves stands there to be read."""
        fields = (*super().get_readonly_fields(request, obj), "last_login", "date_joined")
        if not user_of(request).is_superuser:
            fields = (*fields, "is_superuser")
            if obj is not None and obj.pk == request.user.pk:
                fields = (*fields, "roles", "is_staff", "is_active")
        return fields
