"""Admin screens of polling stations: one screen for a station with its zone and its hours."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Min, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.admin_access import NarrowedAdmin, NarrowedInline, user_of
from tracker.core.admin_publication import public_address
from tracker.core.admin_zones import ZoneProposalMixin, doubts_of_zone
from tracker.core.keys import key_of
from tracker.core.ownership import visible_to
from tracker.core.timezones import Proposal, format_hours, format_offset, offset_at, to_local
from tracker.elections.admin import PartOfElectionAdmin
from tracker.elections.models import Election
from tracker.stations.forms import (
    StationForm,
    WindowForm,
    WindowFormSet,
    answer_hours,
    describe_hours,
    propose_station_zone,
    voting_days,
)
from tracker.stations.models import PollingStation, VotingWindow


class WindowInline(NarrowedInline, admin.TabularInline):
    model = VotingWindow
    form = WindowForm
    formset = WindowFormSet
    fields = ("date", "opens", "closes", "in_utc")
    readonly_fields = ("in_utc",)
    verbose_name_plural = _("Voting hours, as the station's own clock shows them")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        if obj is not None:
            return 0
        election = chosen_election(request)
        return len(voting_days(election)) if election else 1

    @admin.display(description=_("in UTC"))
    def in_utc(self, window: VotingWindow) -> SafeString:
        """The instants as last saved; static/staff/station.js writes what is being typed."""
        text = ""
        if window.pk:
            text = describe_hours(window.opens_at, window.closes_at, window.station.timezone_id)
        return format_html('<output class="utc-hours">{}</output>', text)


def chosen_election(request: HttpRequest) -> Election | None:
    """The election a new station is being added to, where the address names it or there is only one."""
    given = key_of(request.GET.get("election", ""))
    seen = visible_to(Election.objects.all(), user_of(request))
    if given is not None:
        return seen.filter(pk=given).first()
    elections = seen[:2]
    return elections[0] if len(elections) == 1 else None


@admin.register(PollingStation)
class PollingStationAdmin(ZoneProposalMixin, PartOfElectionAdmin):
    form = StationForm
    inlines = (WindowInline,)
    list_display = (
        "city",
        "country",
        "number",
        "publication_badge",
        "first_opening",
        "host_mission",
        "constituency",
        "status",
        "election",
    )
    list_filter = (
        "publication",
        "election",
        "setting",
        "status",
        ("country", admin.RelatedOnlyFieldListFilter),
        ("timezone", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("election", "country", "constituency")
    search_fields = (
        "city",
        "number",
        "host_mission",
        "address",
        "country__name_en",
        "country__name_az",
        "country__name_ru",
    )
    autocomplete_fields = (
        "election",
        "constituency",
        "country",
        "timezone",
        "source",
        "number_source",
        "city_source",
        "address_source",
        "voters_source",
        "hours_source",
    )
    fieldsets = (
        (None, {"fields": ("election", ("setting", "status"), "publication")}),
        (_("Place"), {"fields": ("country", "city", "host_mission", "address", "timezone")}),
        (_("Number"), {"fields": ("constituency", ("number", "registered_voters"))}),
        (
            _("On the map"),
            {"fields": (("latitude", "longitude"), "coordinate_precision"), "classes": ("collapse",)},
        ),
        (_("How we know"), {"fields": ("source", "notes")}),
        (
            _("Sources of single facts"),
            {
                "fields": (
                    "number_source",
                    ("city_basis", "city_source"),
                    "host_mission_basis",
                    "address_source",
                    "voters_source",
                    "hours_source",
                ),
                "classes": ("collapse",),
            },
        ),
    )

    class Media:
        js = ("staff/hours.js", "staff/station.js")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        return rows.annotate(opening=Min("windows__opens_at"))

    def doubts(self, station: Any) -> list[str]:
        hours = [] if station.opening else [_t("the voting hours are not known")]
        return [*super().doubts(station), *hours, *doubts_of_zone(station, station.election.starts_on)]

    @admin.display(description=_("first opening, local"), ordering="opening")
    def first_opening(self, station: Any) -> str:
        if station.opening is None:
            return _t("hours not known")
        offset = format_offset(offset_at(station.opening, station.timezone_id))
        return f"{to_local(station.opening, station.timezone_id):%Y-%m-%d %H:%M} ({offset})"

    def view_on_site(self, station: PollingStation) -> str | None:
        return public_address(station, "station", slug=station.election.slug, station_id=station.pk)

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        """The dates of a new station are those of its election; hours are never invented."""
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if request.method == "GET" and obj.pk is None:
            election = chosen_election(request)
            if election:
                kwargs["initial"] = [{"date": day} for day in voting_days(election)]
        return kwargs

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """ "Save and add another" keeps what the next station will most likely share."""
        response = super().response_add(request, obj, post_url_continue)
        if "_addanother" in request.POST and isinstance(response, HttpResponseRedirect):
            shared = {"election": obj.election_id, "setting": obj.setting, "publication": obj.publication}
            response["Location"] += ("&" if "?" in response.url else "?") + urlencode(shared)
        return response

    # --- what the form asks while somebody types ---

    def get_urls(self) -> list[Any]:
        views = {"utc": self.utc_view, "voting-days": self.voting_days_view}
        urls = [
            path(
                f"{name}/",
                self.admin_site.admin_view(view),
                name=f"stations_pollingstation_{name.replace('-', '_')}",
            )
            for name, view in views.items()
        ]
        return [*urls, *super().get_urls()]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "constituency" and field is not None:
            field.widget.attrs["data-limited-by"] = "id_election"
            field.widget.attrs["data-empty"] = _t("Choose the election first.")
        return field

    def propose(self, country: str, city: str, latitude: float | None, longitude: float | None) -> Proposal:
        return propose_station_zone(country, city, latitude, longitude)

    def utc_view(self, request: HttpRequest) -> HttpResponse:
        """What the hours being typed mean in UTC, as JSON: `text`, or `error`, or neither while they are incomplete."""
        self.require_editor(request)
        return JsonResponse(answer_hours(request.GET, request.GET.get("zone", "")))

    def voting_days_view(self, request: HttpRequest) -> HttpResponse:
        """The voting dates of the chosen election, as JSON."""
        self.require_editor(request)
        chosen = key_of(request.GET.get("election", ""))
        seen = visible_to(Election.objects.all(), user_of(request))
        election = seen.filter(pk=chosen).first() if chosen is not None else None
        return JsonResponse({"dates": voting_days(election) if election else []})


@admin.register(VotingWindow)
class VotingWindowAdmin(NarrowedAdmin):
    """Every window of every station in one list; entered and corrected in the station."""

    list_display = ("opens_at", "closes_at", "station", "country", "hours", "election")
    list_filter = ("station__election", "station__setting")
    list_select_related = ("station__country", "station__election", "station__timezone")
    search_fields = ("station__city", "station__number", "station__country__name_en")
    date_hierarchy = "opens_at"
    readonly_fields = ("hours",)

    @admin.display(description=_("country"), ordering="station__country__name_en")
    def country(self, window: VotingWindow) -> str:
        return str(window.station.country)

    @admin.display(description=_("election"), ordering="station__election")
    def election(self, window: VotingWindow) -> str:
        return str(window.station.election)

    @admin.display(description=_("local hours"))
    def hours(self, window: VotingWindow) -> str:
        zone = window.station.timezone_id
        return f"{format_hours(to_local(window.opens_at, zone), to_local(window.closes_at, zone))} ({zone})"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
