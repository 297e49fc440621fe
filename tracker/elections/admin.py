"""Admin screens of elections, constituencies, the calendar and announced figures."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.admin_access import user_of
from tracker.core.admin_counts import annotate_counts, linked_count, related_lists
from tracker.core.admin_publication import PublishableAdmin, public_address
from tracker.core.admin_zones import ZoneProposalMixin, doubts_of_zone
from tracker.core.keys import key_of
from tracker.core.ownership import visible_to
from tracker.core.roles import may_everywhere, permission
from tracker.elections.models import AnnouncedFigure, Constituency, Election, Milestone

COUNTED = {
    "stations": _("stations"),
    "missions": _("missions"),
    "announced_figures": _("figures"),
    "milestones": _("milestones"),
    "constituencies": _("constituencies"),
    "engagements": _("engagements"),
}


@admin.register(Election)
class ElectionAdmin(ZoneProposalMixin, PublishableAdmin):
    list_display = (
        "name",
        "country",
        "starts_on",
        "kind",
        "demonstration",
        "publication_badge",
        *(linked_count(relation, label) for relation, label in COUNTED.items()),
    )
    list_filter = (
        "publication",
        "demonstration",
        "kind",
        "call",
        ("country", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("country",)
    search_fields = ("name", "name_az", "name_ru", "slug", "authority")
    date_hierarchy = "starts_on"
    autocomplete_fields = ("country", "timezone", "source")
    fieldsets = (
        (None, {"fields": ("name", "name_az", "name_ru", "publication")}),
        (_("The contest"), {"fields": ("country", ("kind", "call", "round"), "authority")}),
        (_("When"), {"fields": (("starts_on", "ends_on"), "timezone")}),
        (_("Figures"), {"fields": ("publishing", "four_eyes")}),
        (_("People’s data"), {"fields": (("contact_days", "people_days"),)}),
        (_("Address on the site"), {"fields": ("slug",)}),
        (_("How we know"), {"fields": ("source", "notes")}),
    )

    readonly_fields = ("four_eyes_end_by",)

    # Nobody shall take an invented one for a real one.
    looked_up_last = ("demonstration",)

    class Media:
        js = ("staff/slug.js",)

    def looked_up_as(self, election: Election) -> str:
        return (
            _t("%(name)s (demonstration)") % {"name": election} if election.demonstration else str(election)
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return annotate_counts(super().get_queryset(request), COUNTED, user_of(request))

    def doubts(self, election: Any) -> list[str]:
        return [*super().doubts(election), *doubts_of_zone(election, election.starts_on)]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """First what belongs to the election: this is where people start from."""
        election = self.get_object(request, object_id)
        contents = related_lists(election, COUNTED, request) if election else ""
        return super().change_view(
            request, object_id, form_url, (extra_context or {}) | {"contents": contents}
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who asks for the end of four eyes stands beside them, while somebody does."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or obj.four_eyes_end_by_id is None:
            return fieldsets
        return [
            (title, options | {"fields": [*options["fields"], "four_eyes_end_by"]})
            if "four_eyes" in flatten(options["fields"])
            else (title, options)
            for title, options in fieldsets
        ]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and say so where the database took the end of four eyes for a request."""
        super().save_model(request, obj, form, change)
        if change and "four_eyes" in form.changed_data and not obj.four_eyes:
            obj.refresh_from_db(fields=["four_eyes", "four_eyes_end_by"])
            if obj.four_eyes:
                text = _t("Four eyes stay until somebody else saves this election without the tick as well.")
                self.message_user(request, text, messages.WARNING)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Proposed while it is empty; the address of an election that exists does not change by itself."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "slug" and field is not None:
            field.widget.attrs["data-proposed-from"] = "country starts_on kind"
        return field

    def view_on_site(self, election: Election) -> str | None:
        return public_address(election, "dashboard", slug=election.slug)


class PartOfElectionAdmin(PublishableAdmin):
    """Screens of a record that belongs to one election."""

    list_select_related: ClassVar[Any] = ("election",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The election is filled in where there is only one to choose; whoever works for one organization alone is
        not taken out of a demonstration, everybody else is not led into one."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        if "election" not in initial:
            rows = visible_to(Election.objects.all(), user_of(request))
            if may_everywhere(user_of(request), permission(self.model, "add")):
                rows = rows.filter(demonstration=False)
            elections = rows.values_list("pk", flat=True)[:2]
            if len(elections) == 1:
                initial["election"] = elections[0]
        return initial


@admin.register(Constituency)
class ConstituencyAdmin(PartOfElectionAdmin):
    list_display = (
        "number",
        "name",
        "election",
        "publication_badge",
        linked_count("stations", _("stations")),
    )
    list_display_links = ("number", "name")
    list_filter = ("publication", "election")
    search_fields = ("number", "name", "note")
    autocomplete_fields = ("election", "source", "note_source")
    fieldsets = (
        (None, {"fields": ("election", ("number", "name"), "publication")}),
        (_("Note"), {"fields": ("note", "note_source")}),
        (_("How we know"), {"fields": ("source",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return annotate_counts(super().get_queryset(request), ("stations",), user_of(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """In the lookup of another form, only constituencies of the election chosen there."""
        rows, duplicates = super().get_search_results(request, queryset, search_term)
        election = key_of(request.GET.get("election", ""))
        if request.path.endswith("/autocomplete/") and "election" in request.GET:
            # Asked by a form that names its election: before one is chosen there is nothing to choose from.
            rows = rows.filter(election_id=election) if election is not None else rows.none()
        return rows, duplicates


@admin.register(Milestone)
class MilestoneAdmin(PartOfElectionAdmin):
    list_display = ("title", "starts_on", "at", "kind", "basis", "election", "publication_badge")
    list_filter = ("publication", "election", "kind", "basis")
    search_fields = ("title", "responsible_body", "notes")
    date_hierarchy = "starts_on"
    autocomplete_fields = ("election", "timezone", "source")
    fieldsets = (
        (None, {"fields": ("election", "title", ("kind", "basis"), "publication")}),
        (_("When"), {"fields": (("starts_on", "ends_on"), "at", "timezone")}),
        (_("How we know"), {"fields": ("responsible_body", "source", "notes")}),
    )

    def view_on_site(self, milestone: Milestone) -> str | None:
        return public_address(milestone, "timeline", slug=milestone.election.slug)


@admin.register(AnnouncedFigure)
class AnnouncedFigureAdmin(PartOfElectionAdmin):
    list_display = (
        "metric",
        "scope",
        "amount",
        "announced_by",
        "announced_on",
        "conflict_group",
        "election",
        "publication_badge",
    )
    list_filter = ("publication", "election", "metric", "qualifier", "unit")
    search_fields = ("scope", "announced_by", "place", "conflict_group", "notes")
    date_hierarchy = "announced_on"
    autocomplete_fields = ("election", "as_of_timezone", "source")
    fieldsets = (
        (None, {"fields": ("election", "metric", "scope", "publication")}),
        (_("What was announced"), {"fields": (("qualifier", "value", "unit"), "place")}),
        (_("By whom, and when"), {"fields": (("announced_by", "announced_on"), "source")}),
        (
            _("As of"),
            {
                "fields": ("as_of_date", ("as_of_at", "as_of_timezone"), "as_of_clock_time"),
                "description": _("The moment the figure describes, as far as its source says."),
            },
        ),
        (_("Rivals and remarks"), {"fields": ("conflict_group", "notes")}),
    )

    @admin.display(description=_("value"), ordering="value")
    def amount(self, figure: AnnouncedFigure) -> str:
        if figure.unit == AnnouncedFigure.Unit.PLACE:
            return figure.place
        unit = "" if figure.unit == AnnouncedFigure.Unit.PERCENT else figure.get_unit_display()
        return f"{figure.get_qualifier_display()} {figure.written_value} {unit}".strip()

    def view_on_site(self, figure: AnnouncedFigure) -> str | None:
        return public_address(figure, "figures", slug=figure.election.slug)
