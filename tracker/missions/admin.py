"""Admin screens of organizations, missions, the protocol log and statements."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tracker.core.admin import (
    HTTPS_ASSUMED,
    PlainFields,
    PublishableAdmin,
    annotate_counts,
    linked_count,
    public_address,
)
from tracker.elections.admin import PartOfElectionAdmin
from tracker.missions.models import Engagement, Membership, Mission, Organization, Statement


@admin.register(Organization)
class OrganizationAdmin(PublishableAdmin):
    list_display = (
        "name",
        "acronym",
        "kind",
        "country",
        "publication_badge",
        linked_count("missions", _("missions")),
        linked_count("memberships", _("joined")),
    )
    list_filter = ("publication", "kind", ("country", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("country",)
    search_fields = ("name", "acronym", "slug")
    autocomplete_fields = ("country", "source")
    fieldsets = (
        (None, {"fields": (("name", "acronym"), ("kind", "country"), "publication")}),
        (_("On the web"), {"fields": ("slug", ("website", "website_basis"))}),
        (_("How we know"), {"fields": ("source", "notes")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return annotate_counts(super().get_queryset(request), ("missions", "memberships"))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        """Proposed once; published addresses do not change by themselves."""
        return {} if obj else {"slug": ("name",)}


class MembershipInline(PlainFields, admin.TabularInline):
    model = Membership
    extra = 0
    fields = ("organization", "role", "source", "notes")
    autocomplete_fields = ("organization", "source")


class StatementInline(PlainFields, admin.StackedInline):
    model = Statement
    formfield_overrides = HTTPS_ASSUMED
    extra = 0
    fields = (("kind", "issued_on", "language"), "title", "url", ("publication", "source"), "notes")
    autocomplete_fields = ("source",)
    show_change_link = True


@admin.register(Mission)
class MissionAdmin(PartOfElectionAdmin):
    list_display = (
        "organization",
        "type",
        "status",
        "head_of_mission",
        "observers_total",
        "election",
        "publication_badge",
        linked_count("memberships", _("members")),
        linked_count("statements", _("statements")),
    )
    list_filter = ("publication", "election", "status", "type", "organization__kind")
    list_select_related = ("election", "organization")
    search_fields = ("organization__name", "organization__acronym", "head_of_mission", "areas_observed")
    date_hierarchy = "arrives_on"
    autocomplete_fields = ("election", "organization", "source")
    inlines = (MembershipInline, StatementInline)
    fieldsets = (
        (None, {"fields": ("election", "organization", ("type", "status"), "publication")}),
        (_("Head of mission"), {"fields": (("head_of_mission", "head_role"),)}),
        (
            _("Invitation and dates"),
            {
                "fields": (
                    ("invited_by", "invited_on"),
                    ("announced_on", "accredited_on"),
                    ("arrives_on", "departs_on"),
                )
            },
        ),
        (
            _("Strength"),
            {
                "fields": (
                    "observers_total",
                    ("planned_core", "planned_lto", "planned_sto"),
                    ("actual_core", "actual_lto", "actual_sto"),
                ),
                "description": _("Leave empty what is not known; zero means that there were none."),
            },
        ),
        (_("Coverage, as announced"), {"fields": ("stations_visited", "areas_observed")}),
        (_("How we know"), {"fields": ("source", "notes")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return annotate_counts(super().get_queryset(request), ("memberships", "statements"))

    def view_on_site(self, mission: Mission) -> str | None:
        slugs = {"slug": mission.election.slug, "organization_slug": mission.organization.slug}
        return public_address(mission, "mission", **slugs)


@admin.register(Membership)
class MembershipAdmin(PlainFields, admin.ModelAdmin):
    list_display = ("organization", "role", "mission", "election")
    list_filter = ("role", "mission__election")
    list_select_related = ("organization", "mission__organization", "mission__election")
    search_fields = ("organization__name", "organization__acronym", "mission__organization__name")
    autocomplete_fields = ("mission", "organization", "source")

    @admin.display(description=_("election"), ordering="mission__election")
    def election(self, membership: Membership) -> str:
        return str(membership.mission.election)


@admin.register(Engagement)
class EngagementAdmin(PartOfElectionAdmin):
    list_display = ("date", "kind", "host", "visitor", "place", "election", "publication_badge")
    list_display_links = ("date", "kind")
    list_filter = ("publication", "election", "kind")
    search_fields = (
        "host",
        "visitor",
        "place",
        "topics",
        "outcome",
        "organizations__name",
        "organizations__acronym",
    )
    date_hierarchy = "date"
    autocomplete_fields = ("election", "organizations", "source")
    fieldsets = (
        (None, {"fields": ("election", "kind", "publication")}),
        (_("When and where"), {"fields": (("date", "date_precision"), "place")}),
        (
            _("Who"),
            {"fields": (("host", "host_role"), ("visitor", "visitor_role"), "organizations")},
        ),
        (_("What it was about"), {"fields": ("topics", "outcome")}),
        (_("How we know"), {"fields": ("source", "notes")}),
    )

    def view_on_site(self, engagement: Engagement) -> str | None:
        return public_address(engagement, "timeline", slug=engagement.election.slug)


@admin.register(Statement)
class StatementAdmin(PublishableAdmin):
    list_display = ("headline", "kind", "issued_on", "language", "mission", "election", "publication_badge")
    list_filter = ("publication", "kind", "language", "mission__election")
    list_select_related = ("mission__organization", "mission__election")
    search_fields = ("title", "url", "mission__organization__name", "mission__organization__acronym")
    date_hierarchy = "issued_on"
    autocomplete_fields = ("mission", "source")
    fieldsets = (
        (None, {"fields": ("mission", "title", ("kind", "issued_on", "language"), "url", "publication")}),
        (_("How we know"), {"fields": ("source", "notes")}),
    )

    @admin.display(description=_("election"), ordering="mission__election")
    def election(self, statement: Statement) -> str:
        return str(statement.mission.election)

    @admin.display(description=_("statement"), ordering="title")
    def headline(self, statement: Statement) -> str:
        return str(statement)
