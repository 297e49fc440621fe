"""Admin screens of field work but incidents. What has an action is done by the action; no status is ever typed over."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.admin_access import NarrowedAdmin, NarrowedInline, user_of
from tracker.core.admin_counts import annotate_counts, linked_count
from tracker.core.admin_publication import FoldedRows, PlainFields
from tracker.core.admin_questions import ask_first
from tracker.core.keys import key_of
from tracker.core.ownership import choosable, visible_to
from tracker.fieldwork import (
    actions,
    admin_incidents,  # noqa: F401 - registers its screen
)
from tracker.fieldwork.forms import SlotForm, TeamForm
from tracker.fieldwork.models import Assessment, Deployment, Team, Visit
from tracker.fieldwork.warnings import describe_slot
from tracker.missions.admin import MissionAdmin
from tracker.missions.models import Mission
from tracker.stations.admin import PollingStationAdmin
from tracker.stations.forms import answer_hours, describe_hours
from tracker.stations.models import PollingStation

# --- what field work adds to the screens of missions and stations -----------------------------------------------------


class AssessmentInline(NarrowedInline, FoldedRows):
    model = Assessment
    fields = ("ordinal", "label", "polarity")
    verbose_name = _("step")
    verbose_name_plural = _("Scale for visits to stations")
    meant_for = _(
        "Only where observers of this mission report their visits here: the words from which they choose what they "
        "found at a station, such as very good, good and bad, and whether each is positive, negative or neither."
    )


class KeepsItsElection(admin.ModelAdmin):
    """A record with field work stays in its election: plans and visits could not follow it."""

    field_work: tuple[str, ...] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = tuple(super().get_readonly_fields(request, obj))
        if obj is not None and any(getattr(obj, relation).exists() for relation in self.field_work):
            return (*fields, "election")
        return fields


admin.site.unregister((Mission, PollingStation))


@admin.register(Mission)
class MissionInTheFieldAdmin(KeepsItsElection, MissionAdmin):
    field_work = ("teams",)
    inlines: ClassVar[Any] = (*MissionAdmin.inlines, AssessmentInline)


@admin.register(PollingStation)
class StationInTheFieldAdmin(KeepsItsElection, PollingStationAdmin):
    field_work = ("deployments", "visits", "incidents")


class InMission(admin.SimpleListFilter):
    """The missions of the rows that the person may see, by name; one query, whatever their number."""

    title = _("mission")
    parameter_name = "mission__id__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = model_admin.get_queryset(request).order_by().values("mission")
        missions = Mission.objects.filter(pk__in=rows).select_related("organization")
        return [(str(mission.pk), str(mission)) for mission in missions]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = key_of(self.value() or "")
        return queryset if chosen is None else queryset.filter(mission_id=chosen)


# --- teams ------------------------------------------------------------------------------------------------------------


@admin.register(Team)
class TeamAdmin(PlainFields, NarrowedAdmin):
    form = TeamForm
    list_display = (
        "name",
        "mission",
        "kind",
        "area",
        "member_count",
        linked_count("deployments", _("deployments")),
        linked_count("visits", _("visits")),
    )
    list_filter = ("mission__election", "kind", InMission)
    list_select_related = ("mission__organization", "mission__election")
    search_fields = ("name", "area", "mission__organization__name", "mission__organization__acronym")
    autocomplete_fields = ("area_country",)
    readonly_fields = ("mission",)
    fieldsets = (
        (None, {"fields": ("mission", ("name", "kind"), "members")}),
        (_("Area of responsibility"), {"fields": ("area", "area_country", "area_constituency")}),
    )
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = annotate_counts(super().get_queryset(request), ("deployments", "visits"), user_of(request))
        return rows.select_related("mission__organization").annotate(members_count=Count("members"))

    @admin.display(description=_("members"), ordering="members_count")
    def member_count(self, team: Any) -> int:
        return int(team.members_count)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Every word must occur in the team's name or its mission's: "OSCE T-04" finds it as it is written."""
        rows, duplicates = super().get_search_results(request, queryset, search_term)
        return rows.order_by("mission__organization__name", "name"), duplicates

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.mission = None if obj else self._chosen_mission(request)
        return form

    def _missions(self, request: HttpRequest) -> QuerySet:
        """The missions for which the person may add a team."""
        rows = Mission.objects.select_related("organization", "election")
        return choosable(rows, user_of(request), "fieldwork.add_team")

    def _chosen_mission(self, request: HttpRequest) -> Mission | None:
        """The mission of the address, or the only one there is to choose."""
        given = key_of(request.GET.get("mission", ""))
        some = list(self._missions(request).filter(pk=given) if given else self._missions(request)[:2])
        return some[0] if len(some) == 1 else None

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """First the mission: it decides who can be a member."""
        if not self.has_add_permission(request):
            raise self.refusal(request, "add")
        mission = self._chosen_mission(request)
        if mission is None:
            missions = self._missions(request).order_by("-election__starts_on", "organization__name")
            context = self.admin_site.each_context(request) | {
                "title": _t("Add a team: of which mission?"),
                "opts": self.opts,
                "missions": missions.annotate(observer_count=Count("observers")),
            }
            return TemplateResponse(request, "staff/choose_mission.html", context)
        note = {"subtitle": str(mission)}
        return super().add_view(request, form_url, (extra_context or {}) | note)

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        said = {
            name: form.cleaned_data[name]
            for name in ("name", "kind", "area", "area_country", "area_constituency")
        }
        members = list(form.cleaned_data["members"])
        if change:
            actions.change_team(by=request.user, team=obj, members=members, **said)  # type: ignore[arg-type]
        else:
            made = actions.create_team(by=request.user, mission=obj.mission, members=members, **said)  # type: ignore[arg-type]
            obj.pk, obj._state.adding = made.pk, False


# --- deployments ------------------------------------------------------------------------------------------------------


@admin.register(Deployment)
class DeploymentAdmin(PlainFields, NarrowedAdmin):
    form = SlotForm
    list_display = ("team", "station", "country", "slot", "in_utc", "status", "election")
    list_filter = ("election", "status", InMission)
    list_select_related = ("team__mission__organization", "station__country", "election")
    search_fields = ("team__name", "station__city", "station__number", "station__country__name_en")
    date_hierarchy = "starts_at"
    autocomplete_fields = ("team", "station")
    readonly_fields = ("status", "in_utc")
    fieldsets = (
        (None, {"fields": ("team", "station")}),
        (_("Slot, as the station's own clock shows it"), {"fields": (("date", "opens", "closes"), "in_utc")}),
        (None, {"fields": ("status", "notes", "anyway")}),
    )
    actions = ("confirm", "call_off")
    list_per_page = 50

    class Media:
        js = ("staff/hours.js", "staff/slot.js")

    @admin.display(description=_("country"), ordering="station__country__name_en")
    def country(self, plan: Deployment) -> str:
        return str(plan.station.country)

    @admin.display(description=_("slot, local"), ordering="starts_at")
    def slot(self, plan: Deployment) -> str:
        return describe_slot(plan.starts_at, plan.ends_at, plan.station.timezone_id)

    @admin.display(description=_("in UTC"))
    def in_utc(self, plan: Deployment) -> SafeString:
        """The instants as last saved; static/staff/slot.js writes what is being typed."""
        text = ""
        if plan.pk:
            text = describe_hours(plan.starts_at, plan.ends_at, plan.station.timezone_id)
        return format_html('<output class="utc-hours">{}</output>', text)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What is called off stays as it was."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.status != Deployment.Status.CALLED_OFF)

    def save_model(self, request: HttpRequest, obj: Deployment, form: Any, change: bool) -> None:
        said = {name: getattr(obj, name) for name in ("team", "station", "starts_at", "ends_at", "notes")}
        if change:
            actions.change_deployment(by=request.user, deployment=obj, **said)  # type: ignore[arg-type]
        else:
            made = actions.plan_deployment(by=request.user, **said)  # type: ignore[arg-type]
            obj.pk, obj.status, obj._state.adding = made.pk, made.status, False

    @admin.action(description=_("Confirm selected %(verbose_name_plural)s"), permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: QuerySet) -> None:
        """The mission confirms what was planned."""
        _run(self, request, queryset, actions.confirm_deployment, "deployment", _t("Confirmed."))

    @admin.action(description=_("Call off selected %(verbose_name_plural)s"), permissions=["change"])
    @transaction.atomic
    def call_off(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """After a look at what it will do: a plan that is called off cannot be taken up again."""
        words = _t(
            "The teams will not go. The plans stay on record and no longer count; "
            "a plan that is called off cannot be taken up again, only planned anew."
        )
        title = _t("Call off these deployments?")
        question = ask_first(self, request, queryset, "call_off", lambda _parts: (title, words))
        if question:
            return question
        _run(self, request, queryset, actions.call_off_deployment, "deployment", _t("Called off."))
        return None

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.utc_view)
        return [path("utc/", view, name="fieldwork_deployment_utc"), *super().get_urls()]

    def utc_view(self, request: HttpRequest) -> HttpResponse:
        """What the hours being typed mean in UTC, on the clock of the chosen station, as JSON."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise self.refusal(request, "change")
        chosen = key_of(request.GET.get("station", ""))
        if chosen is None:
            return JsonResponse({})
        station = get_object_or_404(visible_to(PollingStation.objects.all(), user_of(request)), pk=chosen)
        return JsonResponse(answer_hours(request.GET, station.timezone_id))


# --- visits -----------------------------------------------------------------------------------------------------------


@admin.register(Visit)
class VisitAdmin(NarrowedAdmin):
    """Visits in one list. Entered on the fast form, corrected on their own page."""

    list_display = ("team", "station", "country", "phase", "arrived", "assessment", "status", "election")
    list_filter = ("election", "status", "phase", InMission)
    list_select_related = ("team__mission__organization", "station__country", "election", "assessment")
    search_fields = ("team__name", "station__city", "station__number", "station__country__name_en")
    date_hierarchy = "arrived_at"
    actions = ("submit", "verify", "reopen")
    list_per_page = 50

    @admin.display(description=_("country"), ordering="station__country__name_en")
    def country(self, visit: Visit) -> str:
        return str(visit.station.country)

    @admin.display(description=_("arrival, local"), ordering="arrived_at")
    def arrived(self, visit: Visit) -> str:
        return describe_slot(
            visit.arrived_at, visit.departed_at or visit.arrived_at, visit.station.timezone_id
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise self.refusal(request, "add")
        return HttpResponseRedirect(reverse("admin:visit_new"))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        visit = self.get_object(request, object_id)
        if not self.has_view_or_change_permission(request, visit):
            raise self.refusal(request, "view", visit)
        if visit is None:
            return super().change_view(request, object_id, form_url, extra_context)
        return HttpResponseRedirect(reverse("admin:visit", args=[visit.pk]))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a draft can be thrown away; a visit that counted is corrected or opened again."""
        return super().has_delete_permission(request, obj) and (
            obj is None or obj.status == Visit.Status.DRAFT
        )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        found, counts, needed, protected = super().get_deleted_objects(objs, request)
        kept = [str(visit) for visit in objs if visit.status != Visit.Status.DRAFT]
        return found, counts, needed, [*protected, *kept]

    @admin.action(description=_("Submit selected %(verbose_name_plural)s"), permissions=["change"])
    def submit(self, request: HttpRequest, queryset: QuerySet) -> None:
        """From now on the visits count."""
        _run(self, request, queryset, actions.submit_visit, "visit", _t("Submitted."))

    @admin.action(description=_("Verify selected %(verbose_name_plural)s"), permissions=["change"])
    def verify(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Somebody looked at them and found them in order."""
        _run(self, request, queryset, actions.verify_visit, "visit", _t("Verified."))

    @admin.action(description=_("Make selected %(verbose_name_plural)s drafts again"), permissions=["change"])
    @transaction.atomic
    def reopen(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """After a look at what it will do: drafts no longer count."""
        words = _t(
            "Drafts do not count: the public figures go down within seconds. "
            "Who submitted and verified them is forgotten."
        )
        title = _t("Make these visits drafts again?")
        question = ask_first(self, request, queryset, "reopen", lambda _parts: (title, words))
        if question:
            return question
        _run(self, request, queryset, actions.reopen_visit, "visit", _t("Opened again."))
        return None


# --- steps taken from a list ------------------------------------------------------------------------------------------


def _run(screen: Any, request: HttpRequest, rows: QuerySet, action: Any, name: str, word: str) -> None:
    """Take one step with each of `rows`; say how many took it and why the others did not."""
    done, refused = 0, []
    for row in rows.order_by("pk"):
        try:
            with transaction.atomic():
                action(by=request.user, **{name: row})
            done += 1
        except ValidationError as error:
            refused.append(f"{row}: {' '.join(error.messages)}")
    if done:
        screen.message_user(request, f"{word} ({done})", messages.SUCCESS)
    for text in refused:
        screen.message_user(request, text, messages.ERROR)
