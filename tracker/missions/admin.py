"""Admin screens of organizations, missions and the protocol log; of people, observers and media outlets."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.admin import AccountAdmin
from tracker.core.admin_access import NarrowedAdmin, NarrowedInline, user_of
from tracker.core.admin_counts import annotate_counts, linked_count
from tracker.core.admin_publication import (
    FoldedRows,
    PlainFields,
    PublishableAdmin,
    public_address,
)
from tracker.core.models import User
from tracker.core.ownership import visible_to
from tracker.core.roles import Role
from tracker.elections.admin import PartOfElectionAdmin
from tracker.missions import admin_accreditation  # noqa: F401 - registers its screens
from tracker.missions.admin_readings import ShowsPeople, readers
from tracker.missions.admin_statements import StatementInline, address_at_mission
from tracker.missions.forms import PERSON_FIELDS, MissionForm, ObserverForm, OrganizationForm
from tracker.missions.models import (
    Accreditation,
    Affiliation,
    Engagement,
    Membership,
    Mission,
    Observer,
    Organization,
    Outlet,
    Person,
)
from tracker.missions.people import erase_person

# Sections of a mission that are folded while they are empty, under quiet headings.
MAY_WAIT = ("collapse", "later")
# Why a person is gone who was deleted like any other record.
DELETED = "deleted in the register"


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
        (None, {"fields": ("name", "acronym", ("kind", "country"), "publication")}),
        (_("On the web"), {"fields": ("slug", ("website", "website_basis"))}),
        (_("How we know"), {"fields": ("source", "notes")}),
    )
    popup_fieldsets = (
        (None, {"fields": ("name", "acronym", "kind")}),
        (
            _("Country, address name, website, source"),
            {
                "fields": ("country", "slug", ("website", "website_basis"), "source", "notes"),
                "classes": MAY_WAIT,
            },
        ),
    )

    class Media:
        js = ("staff/slug.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return annotate_counts(super().get_queryset(request), ("missions", "memberships"), user_of(request))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """The form, which names to the person only what they may see."""
        options["form"] = type("OrganizationForm", (OrganizationForm,), {"seen_by": user_of(request)})
        return super().get_form(request, obj, change, **options)

    def looked_up_as(self, organization: Organization) -> str:
        """With the acronym, by which people look for it."""
        return " · ".join(filter(None, (organization.acronym, organization.name)))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The address name is proposed while it is new; addresses that people link to do not change by themselves."""
        if db_field.name != "slug":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        field.widget.attrs["data-slug-of"] = "acronym name"
        return field


class MembershipInline(PlainFields, NarrowedInline, FoldedRows):
    model = Membership
    meant_for = _("Other organizations that observe together with it, or whose members took part.")
    fields = ("organization", "role", "source", "notes")
    autocomplete_fields = ("organization", "source")


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
    inlines = (StatementInline, MembershipInline)
    kept_by_the_desk = ("election", "organization")
    taken_along = ("organization",)
    fieldsets = (
        (None, {"fields": ("election", "organization", ("type", "status"))}),
        (_("Head of mission"), {"fields": (("head_of_mission", "head_role"),), "classes": MAY_WAIT}),
        (
            _("Invitation and dates"),
            {
                "fields": (
                    ("invited_by", "invited_on"),
                    ("announced_on", "accredited_on"),
                    ("arrives_on", "departs_on"),
                ),
                "classes": MAY_WAIT,
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
                "classes": (*MAY_WAIT, "compact"),
            },
        ),
        (
            _("Coverage, as announced"),
            {"fields": ("stations_visited", "areas_observed"), "classes": MAY_WAIT},
        ),
        (_("How we know"), {"fields": ("source", "notes"), "classes": MAY_WAIT}),
        (_("State"), {"fields": ("publication",), "classes": MAY_WAIT}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return annotate_counts(super().get_queryset(request), ("memberships", "statements"), user_of(request))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """The form, which names to the person only what they may see."""
        options["form"] = type("MissionForm", (MissionForm,), {"seen_by": user_of(request)})
        return super().get_form(request, obj, change, **options)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The types under their headings."""
        if db_field.name == "type":
            groups = [
                (name, [(one.value, one.label) for one in types]) for name, types in Mission.TYPE_GROUPS
            ]
            kwargs["choices"] = [("", _("choose")), *groups]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def view_on_site(self, mission: Mission) -> str | None:
        return address_at_mission(mission, mission)


@admin.register(Membership)
class MembershipAdmin(PlainFields, NarrowedAdmin):
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


# --- for whom an account works


class AffiliationForms(BaseInlineFormSet):
    def clean(self) -> None:
        """A coordinator without an organization would see nothing of their own."""
        super().clean()
        given = any(
            form.cleaned_data and not form.cleaned_data.get("DELETE")
            for form in self.forms
            if form.is_valid()
        )
        if Role.COORDINATOR in self.instance.roles and not given:
            raise ValidationError(_t("Choose the organization that this mission coordinator works for."))


class AffiliationInline(PlainFields, NarrowedInline, admin.StackedInline):
    model = Affiliation
    formset = AffiliationForms
    fields = ("organization",)
    autocomplete_fields = ("organization",)
    verbose_name = _("organization the account works for")
    verbose_name_plural = _("Organization (for mission coordinators)")


admin.site.unregister(User)


@admin.register(User)
class AccountInMissionsAdmin(AccountAdmin):
    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        """Not while the account is added: its roles come with the second page."""
        own = obj is not None and obj.pk == request.user.pk and not user_of(request).is_superuser
        return () if obj is None or own else (AffiliationInline,)


# --- people and accreditation


@admin.register(Person)
class PersonAdmin(ShowsPeople, PlainFields, NarrowedAdmin):
    """Personal data. Who opens it is written down; whoever is deleted here is erased, from the history as well."""

    named_in_lists = True
    list_display = ("full_name", "nationality")
    list_select_related = ("nationality",)
    list_per_page = 50
    search_fields = ("full_name", "document_number")
    autocomplete_fields = ("nationality",)
    readonly_fields = ("appears_as", "read_by")
    fieldsets = (
        (
            None,
            {
                "fields": ("full_name", ("nationality", "document_number"), ("email", "phone"), "notes"),
                "description": _(
                    "Nothing here is ever public, and who opens it is written down. Deleting the record erases the "
                    "person; that somebody observed, and the number of the badge, stay on record."
                ),
            },
        ),
        (None, {"fields": ("appears_as", "read_by")}),
    )

    def people_shown(self, request: HttpRequest, row: Any) -> list[int]:
        return [row.pk]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The person, with who looks: the list of readings on the page is linked for some only."""
        found: Any = super().get_object(request, object_id, from_field)
        if found is not None:
            found.seen_by = request.user
        return found

    @admin.display(description=_("read by"))
    def read_by(self, person: Any) -> str:
        return readers(person, person.seen_by) if person.pk else "-"

    def delete_model(self, request: HttpRequest, obj: Person) -> None:
        erase_person(by=request.user, person=obj, reason=DELETED)  # type: ignore[arg-type]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for person in queryset:
            self.delete_model(request, person)

    @admin.display(description=_("appears as"))
    def appears_as(self, person: Any) -> str:
        """The observer and the media applications that this person stands behind."""
        names = [str(person.observer)] if hasattr(person, "observer") else []
        if person.pk:
            names += [
                f"{row} ({row.outlet})"
                for row in visible_to(person.accreditations.select_related("outlet"), person.seen_by)
            ]
        return ", ".join(names) or _t("nobody yet")


@admin.register(Observer)
class ObserverAdmin(ShowsPeople, PlainFields, NarrowedAdmin):
    """An observer and the person behind the code on one screen; lists show the code alone."""

    form = ObserverForm
    list_display = ("code", "mission", "role", "badge")
    list_filter = ("mission__election", "role", "name_published")
    list_select_related = ("mission__organization", "mission__election")
    list_per_page = 50
    search_fields = ("code", "mission__organization__name", "mission__organization__acronym")
    autocomplete_fields = ("mission",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        badges = Count("accreditations", filter=Q(accreditations__status=Accreditation.Status.ACCREDITED))
        return super().get_queryset(request).annotate(badges=badges)

    @admin.display(description=_("accredited"), boolean=True, ordering="badges")
    def badge(self, observer: Any) -> bool:
        return bool(observer.badges)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets: list[Any] = [(None, {"fields": ("mission", ("code", "role"), "name_published")})]
        if self._with_person(request):
            fieldsets.append((_("The person (never public)"), {"fields": PERSON_FIELDS}))
        if request.user.has_perm("missions.add_accreditation"):
            fieldsets.append((_("Accreditation"), {"fields": ("apply_now",)}))
        return fieldsets

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """The form without personal data for those who may not see it."""
        with_person = self._with_person(request)
        options["form"] = type("ObserverForm", (ObserverForm,), {"with_person": with_person})
        # Declared in the form, not of the model.
        options["fields"] = ("mission", "code", "role", "name_published")
        return super().get_form(request, obj, change, **options)

    def people_shown(self, request: HttpRequest, row: Any) -> list[int | None]:
        return [row.person_id] if self._with_person(request) else []

    def _with_person(self, request: HttpRequest) -> bool:
        return request.user.has_perm("missions.view_person") and request.user.has_perm(
            "missions.change_person"
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """After the observer is saved: the application, if one was asked for."""
        super().save_related(request, form, formsets, change)
        if not request.user.has_perm("missions.add_accreditation"):
            return
        entered = form.apply(request.user)
        if entered:
            self.message_user(request, _t("The application is entered."), messages.SUCCESS)


@admin.register(Outlet)
class OutletAdmin(PublishableAdmin):
    list_display = (
        "name",
        "kind",
        "country",
        "publication_badge",
        linked_count("accreditations", _("applications")),
    )
    list_filter = ("publication", "kind", ("country", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("country",)
    search_fields = ("name",)
    autocomplete_fields = ("country", "source")
    fieldsets = (
        (None, {"fields": ("name", ("kind", "country"), "website", "publication")}),
        (_("How we know"), {"fields": ("source", "notes")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return annotate_counts(super().get_queryset(request), ("accreditations",), user_of(request))
