"""Admin screens of statements: on their own, and as rows of their mission."""

import re
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tracker.core.admin_access import NarrowedInline
from tracker.core.admin_publication import HTTPS_ASSUMED, PlainFields, PublishableAdmin, public_address
from tracker.missions.forms import LanguageSelect, StatementForm
from tracker.missions.models import Mission, Statement

# The inputs that a new statement folds away.
FOLDED_OF_STATEMENT = re.compile(r"statements-\d+-(source|notes)")


def address_at_mission(record: Mission | Statement, mission: Mission) -> str | None:
    """Where the public reads `record` on the page of the organization that leads `mission`; None while it is hidden."""
    slugs = {"slug": mission.election.slug, "organization_slug": mission.organization.slug}
    address = public_address(record, "mission", **slugs)
    return address and f"{address}#mission-{mission.pk}"


class StatementFields(PlainFields):
    """Forms of a statement: its language is chosen by name."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "language":
            kwargs |= {"widget": LanguageSelect, "help_text": ""}
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class StatementInline(StatementFields, NarrowedInline, admin.StackedInline):
    model = Statement
    form = StatementForm
    formfield_overrides = HTTPS_ASSUMED
    autocomplete_fields = ("source",)
    show_change_link = True
    # On a new mission it stands before all that may wait (templates/admin/missions/mission/change_form.html).
    comes_first = True

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """A new mission shows the fields of a statement; left empty they are none."""
        return 1 if obj is None else 0

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What a statement needs; the rest is folded away while the mission is new."""
        needed = ("kind", "title", "url", ("issued_on", "language"))
        if obj is not None:
            return [(None, {"fields": (*needed, ("publication", "source"), "notes")})]
        # Nothing that was typed comes back folded away; what holds an error is opened by Django.
        typed = any(value and FOLDED_OF_STATEMENT.fullmatch(name) for name, value in request.POST.items())
        more = {
            "fields": ("publication", "source", "notes"),
            "classes": () if typed else ("collapse",),
        }
        return [(None, {"fields": needed}), (_("Source, notes and state"), more)]


@admin.register(Statement)
class StatementAdmin(StatementFields, PublishableAdmin):
    form = StatementForm
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

    def view_on_site(self, statement: Statement) -> str | None:
        """Its mission, on the page of the organization."""
        return address_at_mission(statement, statement.mission)

    @admin.display(description=_("statement"), ordering="title")
    def headline(self, statement: Statement) -> str:
        return str(statement)
