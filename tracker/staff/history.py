"""Who changed what: of one record, for everybody who may see it, and of the whole register, for auditors."""

import csv
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import models
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from tracker.core.access import require
from tracker.core.addresses import screen_address
from tracker.core.admin_access import user_of
from tracker.core.history.declared import personal_columns, reason_not_recorded
from tracker.core.history.models import Change, ChangedRow
from tracker.core.history.naming import name_of
from tracker.core.history.reading import (
    WAYS,
    Asked,
    Entry,
    about,
    describe,
    kind_name,
    models_by_table,
    rows_of,
    rows_with_parts,
    search,
)
from tracker.core.keys import key_of
from tracker.core.models import User
from tracker.core.ownership import may_see_history, rows_for
from tracker.core.roles import permission
from tracker.core.spreadsheets import quoted_cell
from tracker.missions.models import Person
from tracker.missions.readings import note_reading, people_in_history

MAY_SEE_ALL = "core.view_change"
ROWS = 25
# Beyond this many entries the page says "more than".
COUNTED = 10_000
# More lines than this are for the database, not for a spreadsheet.
EXPORT_ROWS = 20_000
# So many accounts that fit are named; the rest is counted.
NAMED = 10
DAY = forms.DateInput(attrs={"type": "date"})


class SearchForm(forms.Form):
    """What an auditor looks for; an unknown value finds nothing and says so beside its field."""

    q = forms.CharField(
        required=False,
        max_length=100,
        label=gettext_lazy("Search"),
        help_text=gettext_lazy(
            "A name a record has or had, its number, a person’s name, a mark of a request or the number of an entry."
        ),
        widget=forms.TextInput(attrs={"type": "search", "aria-describedby": "id_q_helptext"}),
    )
    table = forms.ChoiceField(required=False, label=gettext_lazy("Kind of record"))
    account = forms.CharField(required=False, max_length=150, label=gettext_lazy("Person"))
    kind = forms.ChoiceField(
        required=False,
        label=gettext_lazy("What was done"),
        choices=[
            ("", gettext_lazy("anything")),
            *ChangedRow.Kind.choices,
            ("submitted", gettext_lazy("handed in to be published")),
            ("published", gettext_lazy("published")),
            ("withdrawn", gettext_lazy("withdrawn from the public")),
        ],
    )
    origin = forms.ChoiceField(required=False, label=gettext_lazy("How it came in"))
    since = forms.DateField(required=False, label=gettext_lazy("From (UTC)"), widget=DAY)
    until = forms.DateField(required=False, label=gettext_lazy("To (UTC)"), widget=DAY)

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.GET)
        self.request = request
        self.people: list[Called] = []
        names = sorted((kind_name(model), table) for table, model in models_by_table().items())
        choices: dict[str, list[tuple[str, str]]] = {
            "table": [("", _("any")), *((table, name) for name, table in names)],
            "origin": [("", _("any way")), *((begin, words()) for begin, words in WAYS.items())],
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]

    def clean_account(self) -> "Called | None":
        """The accounts that are called so; one may be gone, then only its number is known."""
        typed = self.cleaned_data["account"].strip()
        if not typed:
            return None
        found = accounts_called(typed)
        if not found.keys:
            raise forms.ValidationError(_("No account has this name. Of a deleted account, give the number."))
        return found

    def clean(self) -> None:
        values = self.cleaned_data
        if values.get("since") and values.get("until") and values["since"] > values["until"]:
            self.add_error("until", _("The last day cannot be before the first."))

    def asked(self) -> Asked:
        values = self.cleaned_data
        until, text = values["until"], values["q"].strip()
        # Whom the search took the typed words for; the page says so.
        self.people = [values["account"]] if values["account"] else []
        about = None
        if text:
            called = accounts_called(text)
            about = _about(self.request, text, values["table"], called.keys)
            self.people += [called] if called.keys else []
        return Asked(
            accounts=values["account"] and values["account"].keys,
            table=values["table"],
            kind=values["kind"],
            origin=values["origin"],
            since=_midnight(values["since"]) if values["since"] else None,
            until=_midnight(until + timedelta(days=1)) if until and until.year < 9999 else None,
            about=about,
        )


@dataclass(frozen=True)
class Called:
    """Accounts that were found by what somebody typed: their keys, their names, and whether one is called just so."""

    text: str
    keys: frozenset[int]
    names: list[str]
    exact: bool

    @property
    def more(self) -> int:
        return len(self.keys) - len(self.names)


def accounts_called(text: str) -> Called:
    """The accounts with exactly this user name (in whatever case) or number; only where there is none, those with
    `text` in their name. Of an account that is gone the history may still know the number.
    """
    users = User.objects.annotate(full=Concat("first_name", Value(" "), "last_name"))
    number = key_of(text)
    found = users.filter(Q(username__iexact=text) | Q(pk=number))
    keys = set(found.values_list("pk", flat=True))
    if number is not None and number not in keys and Change.objects.filter(account=number).exists():
        keys.add(number)
    exact = bool(keys)
    if not exact:
        found = users.filter(Q(username__icontains=text) | Q(full__icontains=text))
        keys = set(found.values_list("pk", flat=True))
    named = list(found.order_by("username")[:NAMED])
    names = [_("%(name)s (no. %(key)s)") % {"name": name_of(user), "key": user.pk} for user in named]
    if number in keys and number not in {user.pk for user in named}:
        names.append(_("account %(number)s, deleted") % {"number": number})
    return Called(text, frozenset(keys), names, exact)


def _about(request: HttpRequest, text: str, table: str, accounts: Collection[int]) -> Q:
    """What has to do with `text` or was done by `accounts`. Records are found as on their own screens, by whoever may
    see those.
    """
    living: dict[str, QuerySet[Any]] = {}
    columns: dict[str, Any] = {}
    for name, model in models_by_table().items():
        if (table and name != table) or not may_see(request, model) or not admin.site.is_registered(model):
            continue
        screen = admin.site.get_model_admin(model)
        living[name], _doubles = screen.get_search_results(request, model._default_manager.order_by(), text)
        fields = {field.name: field.column for field in model._meta.concrete_fields}
        sealed = personal_columns(model)
        called = [fields[one] for one in screen.search_fields if one in fields and fields[one] not in sealed]
        if called:
            columns[name] = called
    return about(text, accounts, living, columns)


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Everything that was changed, the latest first, narrowed by a form; `format=csv` gives it as a file."""
    require(request, MAY_SEE_ALL)
    form = SearchForm(request)
    rows = search(form.asked()) if form.is_valid() else ChangedRow.objects.none()
    if request.GET.get("format") == "csv" and form.is_valid():
        return _export(rows)
    context = _page(request, rows) | {"title": _("History of everything"), "form": form}
    asked = request.GET.copy()
    for name in ("before", "after", "format"):
        asked.pop(name, None)
    count = rows[: COUNTED + 1].count()
    context |= {
        "asked": asked.urlencode(), "narrowed": any(asked.values()), "export_rows": EXPORT_ROWS,
        "count": min(count, COUNTED), "more": count > COUNTED,
    }  # fmt: skip
    frame = admin.site.each_context(request) | context
    return TemplateResponse(request, "staff/history.html", frame, status=200 if form.is_valid() else 422)


@require_safe
def object_history(request: HttpRequest, app: str, model: str, key: str) -> HttpResponse:
    """The history of one record, in place of the one that Django's admin keeps.

    Whoever may see the record sees it; of a deleted one, whoever may see the whole history.
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
        raise Http404 if found is None else screen.refusal(request, "view", found)
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
    """Entries in words: the latest, or those older than `before`, or those next newer than `after`."""
    before, after = (key_of(request.GET.get(name, "")) for name in ("before", "after"))
    if after is not None:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: ROWS + 1])
        newer, found = len(found) > ROWS, found[:ROWS][::-1]
        older = bool(found) and rows.filter(pk__lt=found[-1].pk).exists()
    else:
        found = list((rows if before is None else rows.filter(pk__lt=before))[: ROWS + 1])
        older, found = len(found) > ROWS, found[:ROWS]
        newer = before is not None and bool(found) and rows.filter(pk__gt=found[0].pk).exists()
    entries = in_words(request, found)
    if may_see(request, Person):
        note_reading(request, people_in_history(found))
    return {
        "entries": entries,
        "older": found[-1].pk if older else None,
        "newer": found[0].pk if newer else None,
        "paged": before is not None or after is not None,
        "now": timezone.now(),
    }


def in_words(
    request: HttpRequest, rows: Iterable[ChangedRow], *, names_of_people: bool = True
) -> list[tuple[Entry, str, str]]:
    """`rows` in words, each with the address of the record, where it is there and may be seen, and of its history.

    Without `names_of_people` nothing personal is read, and so no reading is to be noted.
    """
    of_deleted = request.user.has_perm(MAY_SEE_ALL)
    entries = describe(
        rows,
        lambda model: (names_of_people or not personal_columns(model)) and may_see(request, model),
        of_deleted=of_deleted,
    )
    keys: dict[type[models.Model], set[str]] = defaultdict(set)
    for entry in entries:
        if (
            entry.model is not None
            and may_see(request, entry.model)
            and admin.site.is_registered(entry.model)
        ):
            keys[entry.model].add(entry.row.key)
    there = {
        model: {str(key) for key in rows_there(request, model, wanted)} for model, wanted in keys.items()
    }
    return [
        (
            entry,
            _address(entry, "change") if entry.row.key in there.get(entry.model, ()) else "",
            _address(entry, "history") if entry.model in keys else "",
        )
        for entry in entries
    ]


def rows_there(request: HttpRequest, model: type[models.Model], keys: Iterable[str]) -> Iterable[object]:
    """Which of these rows are there, for this reader."""
    rows = rows_for(model._default_manager.filter(pk__in=keys), user_of(request), "view")
    return rows.order_by().values_list("pk", flat=True)


def may_see(request: HttpRequest, model: Any) -> bool:
    return request.user.has_perm(permission(model, "view"))


def _address(entry: Entry, screen: str) -> str:
    """A screen of the record; none where the admin has no such screen for it."""
    try:
        return screen_address(entry.model, screen, entry.row.key)  # type: ignore[arg-type]
    except NoReverseMatch:
        return ""


COLUMNS = (
    "entry", "moment (UTC)", "account", "name of the account", "how it came in", "request", "reason", "database role",
    "what happened", "kind of record", "name", "table", "key", "field", "before", "after",
)  # fmt: skip


def _export(rows: QuerySet[ChangedRow]) -> HttpResponse:
    """A line for each field that changed. Personal values are not in it, whoever asks."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    found = list(rows[:EXPORT_ROWS])
    for begin in range(0, len(found), 1000):
        for entry in describe(found[begin : begin + 1000], lambda model: False, of_deleted=True):
            writer.writerows([quoted_cell(cell) for cell in line] for line in _lines(entry))
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="history-{timezone.now():%Y-%m-%d-%H%M}.csv"'
    return response


def _lines(entry: Entry) -> Iterator[tuple[object, ...]]:
    change, row = entry.change, entry.row
    begin = (
        change.number, change.at.astimezone(UTC).isoformat(), change.account, entry.who, change.origin,
        change.request, change.reason, change.role, row.kind, entry.kind_of_record, entry.name, row.table_name,
        row.key,
    )  # fmt: skip
    for one in entry.differences:
        yield (*begin, one.label, one.before, one.after)
    if not entry.differences:
        yield (*begin, "", "", "")
