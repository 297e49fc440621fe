"""Admin screen of incidents: to enter, publish and withdraw them; they are checked on a page of their own."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tracker.core.admin_access import NarrowedInline
from tracker.core.admin_publication import PublishableAdmin
from tracker.core.admin_questions import ask_first
from tracker.core.admin_steps import (
    ask_why,
    public_words,
    publish_now,
    send_back,
    submit,
    take_back,
    unpublish_now,
)
from tracker.core.models import Publication
from tracker.fieldwork import incidents
from tracker.fieldwork.models import Incident, IncidentChange


class ChangeInline(NarrowedInline, admin.TabularInline):
    model = IncidentChange
    extra = 0
    can_delete = False
    fields = readonly_fields = ("status", "publication", "at", "by", "reason")
    verbose_name_plural = _("Steps so far")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Incident)
class IncidentAdmin(PublishableAdmin):
    list_display = ("category", "severity", "status", "where", "occurred_at", "publication_badge", "election")
    list_filter = ("publication", "election", "status", "severity", "category")
    list_select_related = ("election", "station__country", "team__mission__organization")
    search_fields = ("place", "description", "summary", "station__city", "station__number")
    date_hierarchy = "occurred_at"
    autocomplete_fields = ("election", "station", "team")
    readonly_fields = ("status", "publication_badge", "summary", "steps")
    inlines = (ChangeInline,)
    fieldsets = (
        (None, {"fields": ("election", ("category", "severity"), "occurred_at")}),
        (_("Where, and who reported it"), {"fields": ("station", "place", "team")}),
        (_("For the mission"), {"fields": ("description",)}),
        (_("Checking and publication"), {"fields": ("status", "publication_badge", "summary", "steps")}),
    )
    actions: Any = (submit, take_back, "publish", send_back, "unpublish")
    save_and = ()

    @admin.display(description=_("where"), ordering="station__city")
    def where(self, incident: Incident) -> str:
        return f"{incident.station}, {incident.station.country}" if incident.station else incident.place

    def doubts(self, record: Any) -> list[str]:
        """Whoever hands it in may have left the summary to the publisher."""
        return super().doubts(record) + ([] if record.summary else [_t("it has no public summary yet")])

    @admin.display(description=_("next steps"))
    def steps(self, incident: Incident) -> SafeString | str:
        if not incident.pk:
            return "-"
        words = _t("Check, publish or withdraw this incident")
        return format_html('<a href="{}">{}</a>', reverse("admin:incident", args=[incident.pk]), words)

    def save_model(self, request: HttpRequest, obj: Incident, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        names = ("category", "severity", "occurred_at", "description", "station", "place", "team")
        made = incidents.report_incident(
            by=request.user,  # type: ignore[arg-type]
            election=obj.election,
            **{name: getattr(obj, name) for name in names},
        )
        obj.pk, obj._state.adding = made.pk, False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)

        class OfOneElection(form):  # type: ignore[valid-type, misc]
            """The database would refuse a station of another election only at the end, without a word."""

            def clean(self) -> Any:
                values = super().clean() or self.cleaned_data
                station, election = values.get("station"), values.get("election")
                if station and election and station.election_id != election.pk:
                    words = _("This station belongs to another election; choose one of this election.")
                    self.add_error("station", words)
                return values

        return OfOneElection

    @admin.action(description=_("Publish selected %(verbose_name_plural)s"), permissions=["publish"])
    @transaction.atomic
    def publish(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Show those with a public summary to the public; the others need one first."""
        count = queryset.count()
        title = ngettext("Publish this incident?", "Publish these incidents?", count)
        words = ngettext(
            "Everybody will read its summary, category, severity, place and time.",
            "Everybody will read their summaries, category, severity, place and time.",
            count,
        )
        question = ask_first(
            self, request, queryset, "publish", lambda _parts: (title, words),
            says=lambda: public_words(queryset, ()),
        )  # fmt: skip
        if question:
            return question
        bare = queryset.filter(summary="").count()
        with transaction.atomic():
            drafts = queryset.exclude(summary="").exclude(publication=Publication.PUBLISHED)
            ready = list(drafts.select_for_update(of=("self",)))
            publish_now(self, request, queryset.exclude(summary=""))
            shown = Incident.objects.filter(
                pk__in=[row.pk for row in ready], publication=Publication.PUBLISHED
            )
            for row in shown:
                incidents.note_publication(incident=row, to=Publication.PUBLISHED, by=request.user)  # type: ignore[arg-type]
        if bare:
            text = ngettext(
                "%(count)d has no public summary and stays a draft; open it and write one.",
                "%(count)d have no public summary and stay drafts; open them and write one.",
                bare,
            )
            self.message_user(request, text % {"count": bare}, messages.ERROR)
        return None

    @admin.action(description=_("Unpublish selected %(verbose_name_plural)s"), permissions=["publish"])
    @transaction.atomic
    def unpublish(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Take the selected incidents back from the public."""
        count = queryset.count()
        title = ngettext("Withdraw this incident?", "Withdraw these incidents?", count)
        words = ngettext(
            "Nobody outside will read it any more. The summary stays and can be published again.",
            "Nobody outside will read them any more. The summaries stay and can be published again.",
            count,
        )
        question = ask_why(self, request, queryset, title, words)
        if question:
            return question
        with transaction.atomic():
            shown = list(queryset.filter(publication=Publication.PUBLISHED).select_for_update(of=("self",)))
            unpublish_now(self, request, queryset)
            for row in shown:
                incidents.note_publication(incident=row, to=Publication.WITHDRAWN, by=request.user)  # type: ignore[arg-type]
        return None
