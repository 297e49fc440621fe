"""Screens that show people write down who saw them; and the list of all that was written down, for the auditor."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.addresses import screen_address
from tracker.core.admin import ReferenceAdmin
from tracker.core.models import User
from tracker.missions.models import Person, PersonReading
from tracker.missions.people import readings_of
from tracker.missions.readings import note_reading

MAY_SEE_READINGS = "missions.view_personreading"
SHOWN = 10
# Screens by the names of their addresses, as a reader knows them.
SCREENS = {
    "admin:missions_person_changelist": _("List of people"),
    "admin:missions_person_change": _("The person’s own page"),
    "admin:missions_person_delete": _("Before deleting"),
    "admin:missions_observer_change": _("The observer’s page"),
    "admin:missions_observer_delete": _("Before deleting the observer"),
    "admin:autocomplete": _("Look-up beside a field"),
    "admin:missions_accreditation_change": _("The accreditation’s page"),
    "admin:accreditation_queue": _("Accreditation queue"),
    "admin:accreditation_decision": _("Decision about several"),
    "admin:accreditation_application": _("Application"),
    "admin:accreditation_badges": _("Badges to print"),
    "admin:person_export": _("Export of everything about the person"),
    "admin:person_erase": _("Before erasing"),
    "admin:upload_mapping": _("How a file is read"),
    "admin:upload_questions": _("Questions about a file"),
    "admin:upload_records": _("What a file would do"),
    "admin:upload_bad_rows": _("Rows of a file to mend"),
    "admin:upload_file": _("A file as it came"),
    "admin:history": _("History of everything"),
    "admin:object_history": _("History of a record"),
}


class ShowsPeople(admin.ModelAdmin):
    """For screens of a model whose rows name people; `people_shown` says which people a row names.

    With `named_in_lists` the rows are called by people's names, so that lists, look-ups and questions before an action
    show them as well.
    """

    named_in_lists = False

    def people_shown(self, request: HttpRequest, row: Any) -> Iterable[int | None]:
        """The people whose data the page of `row` shows to this account."""
        raise NotImplementedError

    def note_listed(self, request: HttpRequest, rows: Iterable[Any]) -> None:
        """Write down that a list, a look-up or a question called these rows by their names."""
        if self.named_in_lists:
            note_reading(request, [key for row in rows for key in self.people_shown(request, row)])

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list itself, or the page that asks before an action is done to rows of it."""
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        shown = context["cl"].result_list if "cl" in context else context.get("queryset", context.get("rows"))
        self.note_listed(request, shown if shown is not None else [])
        return response

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._noted(request, super().change_view(request, object_id, *args, **kwargs), "original")

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._noted(request, super().delete_view(request, object_id, *args, **kwargs), "object")

    def _noted(self, request: HttpRequest, response: HttpResponse, name: str) -> HttpResponse:
        """`response`, written down as a reading if it shows a record: refusals and redirects show none."""
        row = (getattr(response, "context_data", None) or {}).get(name)
        if row is not None and row.pk:
            note_reading(request, self.people_shown(request, row))
        return response


def readers(person: Person, seen_by: Any) -> str:
    """The latest readings of a person's record, with the way to all of them."""
    if not person.pk:
        return "-"
    found = _with_names(readings_of(person))[:SHOWN]
    lines = [(f"{localtime(row.at):%Y-%m-%d %H:%M} UTC", _reader(row), _screen(row)) for row in found]
    if not lines:
        return _t("nobody yet")
    text = format_html(
        '<ul class="related-lists">{}</ul>', format_html_join("", "<li>{}: {}, {}</li>", lines)
    )
    if seen_by.has_perm(MAY_SEE_READINGS):
        address = screen_address(PersonReading, "changelist")
        text += format_html('<a href="{}?person={}">{}</a>', address, person.pk, _t("All readings"))
    return text


def _with_names(rows: QuerySet) -> QuerySet:
    name = User.objects.filter(pk=OuterRef("account")).values(User.USERNAME_FIELD)
    return rows.annotate(reader_name=Subquery(name))


def _reader(row: Any) -> str:
    if row.account is None:
        return _t("no account")
    return row.reader_name or _t("account %(number)s, deleted") % {"number": row.account}


def _screen(row: PersonReading) -> str:
    return str(SCREENS.get(row.screen, row.screen))


class ReaderFilter(admin.SimpleListFilter):
    """By the account that read; accounts that are gone by their number."""

    title = _("account")
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        read = PersonReading.objects.order_by().values_list("account", flat=True).distinct()
        keys = [key for key in read if key is not None]
        names = dict(User.objects.filter(pk__in=keys).values_list("pk", User.USERNAME_FIELD))
        gone = _t("account %(number)s, deleted")
        return sorted(
            ((str(key), names.get(key, gone % {"number": key})) for key in keys), key=lambda one: one[1]
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        known = {key for key, _name in self.lookup_choices}
        return queryset.filter(account=self.value()) if self.value() in known else queryset


@admin.register(PersonReading)
class PersonReadingAdmin(ReferenceAdmin):
    """Who of the staff saw whose data. People are numbers here: their names are not the auditor's to see."""

    list_display = ("at", "reader", "person", "file", "screen_name", "request")
    list_filter = (ReaderFilter, "at")
    list_per_page = 100
    search_fields = ("=person", "=file", "=request")
    search_help_text = _("The number of a person or of a file, or the mark of a request")
    date_hierarchy = "at"
    fields = ("at", "reader", "person", "file", "screen_name", "request")
    readonly_fields = ("reader", "screen_name")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return _with_names(super().get_queryset(request))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "person" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("read by"), ordering="account")
    def reader(self, row: PersonReading) -> str:
        return _reader(row)

    @admin.display(description=_("screen"), ordering="screen")
    def screen_name(self, row: PersonReading) -> str:
        return _screen(row)
