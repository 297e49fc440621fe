"""Who changed what: of one record, for everybody who may see it, and of the whole register, for auditors."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from tracker.core.admin_access import user_of
from tracker.core.history.declared import reason_not_recorded
from tracker.core.history.models import Change, ChangedRow
from tracker.core.history.reading import (
    Asked,
    Entry,
    describe,
    models_by_table,
    rows_of,
    rows_with_parts,
    search,
)
from tracker.core.keys import key_of
from tracker.core.models import User
from tracker.core.ownership import may_see_history
from tracker.core.spreadsheets import safe_cell
from tracker.missions.models import Person
from tracker.missions.readings import note_reading, people_in_history

MAY_SEE_ALL = "core.view_change"
ROWS = 50
# More lines than this are for the database, not for a spreadsheet.
EXPORT_ROWS = 20_000


class SearchForm(forms.Form):
    """What an auditor looks for; an unknown value finds nothing and says so beside its field."""

    account = forms.CharField(required=False, max_length=150, label=gettext_lazy("Account"))
    table = forms.ChoiceField(required=False, label=gettext_lazy("Kind of record"))
    key = forms.CharField(required=False, max_length=100, label=gettext_lazy("Key of the record"))
    kind = forms.ChoiceField(
        required=False,
        label=gettext_lazy("What happened"),
        choices=[("", gettext_lazy("anything")), *ChangedRow.Kind.choices],
    )
    since = forms.DateField(
        required=False, label=gettext_lazy("From (UTC)"), widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        required=False, label=gettext_lazy("To (UTC)"), widget=forms.DateInput(attrs={"type": "date"})
    )
    origin = forms.CharField(
        required=False,
        max_length=100,
        label=gettext_lazy("Door"),
        help_text=gettext_lazy("How it begins: request, job 12, command load_election, session, baseline."),
    )
    request = forms.CharField(required=False, max_length=100, label=gettext_lazy("Mark of the request"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        names = sorted((Entry(ChangedRow(), Change(), model, "", []).kind_of_record, table)
                       for table, model in models_by_table().items())  # fmt: skip
        self.fields["table"].choices = [("", _("any")), *((table, name) for name, table in names)]  # type: ignore[attr-defined]

    def clean_account(self) -> int | None:
        """The key of the account; it may be gone, then only its number is known."""
        typed = self.cleaned_data["account"].strip()
        if not typed:
            return None
        found = User.objects.filter(username=typed).values_list("pk", flat=True).first()
        number = found if found is not None else key_of(typed)
        if number is None:
            raise forms.ValidationError(_("No account has this name. Of a deleted account, give the number."))
        return number

    def clean(self) -> None:
        values = self.cleaned_data
        if values.get("since") and values.get("until") and values["since"] > values["until"]:
            self.add_error("until", _("The last day cannot be before the first."))

    def asked(self) -> Asked:
        values = self.cleaned_data
        until = values["until"]
        return Asked(
            account=values["account"],
            table=values["table"],
            key=values["key"].strip(),
            kind=values["kind"],
            origin=values["origin"].strip(),
            request=values["request"].strip(),
            since=_midnight(values["since"]) if values["since"] else None,
            until=_midnight(until + timedelta(days=1)) if until and until.year < 9999 else None,
        )


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Everything that was changed, the latest first, narrowed by a form; `format=csv` gives it as a file."""
    if not request.user.has_perm(MAY_SEE_ALL):
        raise PermissionDenied
    form = SearchForm(request.GET)
    rows = search(form.asked()) if form.is_valid() else ChangedRow.objects.none()
    if request.GET.get("format") == "csv" and form.is_valid():
        return _export(rows)
    context = _page(request, rows) | {"title": _("History of everything"), "form": form}
    asked = request.GET.copy()
    for name in ("before", "format"):
        asked.pop(name, None)
    context |= {"asked": asked.urlencode(), "narrowed": any(asked.values()), "export_rows": EXPORT_ROWS}
    frame = admin.site.each_context(request) | context
    return TemplateResponse(request, "staff/history.html", frame, status=200 if form.is_valid() else 422)


@require_safe
def object_history(request: HttpRequest, app: str, model: str, key: str) -> HttpResponse:
    """The history of one record, in place of the one that Django's admin keeps.

    Of a deleted record, only for whoever may see the whole history. What may not be seen is not there.
    """
    try:
        kind = apps.get_model(app, model)
        screen = admin.site.get_model_admin(kind)
    except (LookupError, admin.sites.NotRegistered):
        raise Http404 from None
    key = unquote(key)
    found = screen.get_object(request, key)
    if found is None and not request.user.has_perm(MAY_SEE_ALL):
        raise Http404
    if not screen.has_view_or_change_permission(request, found):
        raise Http404 if found is None else PermissionDenied
    if found is not None and not may_see_history(found, user_of(request)):
        raise Http404
    with_parts = "parts" in request.GET
    rows = (rows_with_parts if with_parts and found is not None else rows_of)(
        kind, found.pk if found else key
    )
    context = _page(request, rows)
    if found is None and not context["entries"]:
        raise Http404
    words = str(found) if found is not None else _("%(kind)s %(key)s, deleted") % {
        "kind": kind._meta.verbose_name, "key": key,
    }  # fmt: skip
    context |= {
        "title": _("History: %(record)s") % {"record": words},
        "opts": kind._meta,
        "record": found,
        # Says whether it belongs to a demonstration.
        "original": found,
        "words": words,
        "with_parts": with_parts,
        "why_not": reason_not_recorded(kind),
    }
    return TemplateResponse(request, "staff/object_history.html", admin.site.each_context(request) | context)


def _page(request: HttpRequest, rows: QuerySet[ChangedRow]) -> dict[str, Any]:
    """Fifty rows older than `before`, in words."""
    before = key_of(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: ROWS + 1])
    entries = describe(found[:ROWS], lambda model: may_see(request, model))
    if may_see(request, Person):
        note_reading(request, people_in_history(found[:ROWS]))
    return {
        "entries": [(entry, address_of(request, entry)) for entry in entries],
        "older": found[ROWS - 1].pk if len(found) > ROWS else None,
        "paged": before is not None,
        "now": timezone.now(),
    }


def may_see(request: HttpRequest, model: Any) -> bool:
    return request.user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")


def address_of(request: HttpRequest, entry: Entry) -> str:
    """The history of the row by itself; none where the admin has no screen for it."""
    if entry.model is None or not may_see(request, entry.model) or not admin.site.is_registered(entry.model):
        return ""
    options = entry.model._meta
    try:
        return reverse(f"admin:{options.app_label}_{options.model_name}_history", args=[entry.row.key])
    except NoReverseMatch:
        return ""


COLUMNS = (
    "entry", "moment (UTC)", "account", "name of the account", "door", "request", "reason", "database role",
    "what happened", "table", "key", "field", "before", "after",
)  # fmt: skip


def _export(rows: QuerySet[ChangedRow]) -> HttpResponse:
    """A line for each field that changed. Personal values are not in it, whoever asks."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    found = list(rows[:EXPORT_ROWS])
    for begin in range(0, len(found), 1000):
        for entry in describe(found[begin : begin + 1000], lambda model: False):
            writer.writerows([safe_cell(cell) for cell in line] for line in _lines(entry))
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="history-{timezone.now():%Y-%m-%d-%H%M}.csv"'
    return response


def _lines(entry: Entry) -> Iterator[tuple[object, ...]]:
    change, row = entry.change, entry.row
    begin = (
        change.number, change.at.astimezone(UTC).isoformat(), change.account, entry.who, change.origin,
        change.request, change.reason, change.role, row.kind, row.table_name, row.key,
    )  # fmt: skip
    for one in entry.differences:
        yield (*begin, one.label, one.before, one.after)
    if not entry.differences:
        yield (*begin, "", "", "")
