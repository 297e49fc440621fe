"""The accreditation officer's desk: the queue of an election, decisions about many, badges. One: `applications`."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import django_filters
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tracker.core.access import require
from tracker.core.addresses import absolute_address
from tracker.core.keys import key_of
from tracker.elections.models import Election
from tracker.missions import decisions, desk
from tracker.missions.models import Accreditation, BulkDecision, Category
from tracker.missions.numbers import normalized_number
from tracker.missions.readings import note_reading, people_in
from tracker.staff.badges import badges_of

ROWS = 50
PREVIEW_ROWS = 100
BADGES_A_PAGE = 80
MAY_SEE, MAY_DECIDE, MAY_APPLY = (
    "missions.view_accreditation",
    "missions.change_accreditation",
    "missions.add_accreditation",
)
# Names are personal data: whoever may not see people sees codes and who sends them.
MAY_SEE_NAMES = "missions.view_person"

SORTS = {
    "": gettext_lazy("longest waiting first"),
    "newest": gettext_lazy("newest first"),
    "sender": gettext_lazy("mission or outlet"),
    "number": gettext_lazy("number"),
}
ORDERS: dict[str, tuple[str, ...]] = {
    "": ("applied_at", "pk"),
    "newest": ("-applied_at", "-pk"),
    "sender": ("observer__mission__organization__name", "outlet__name", "applied_at", "pk"),
    "number": ("number", "applied_at", "pk"),
}
ANY = "any"


def screen(
    request: HttpRequest, template: str, title: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A screen of the desk inside the admin, with what all of them ask: what the person may."""
    rights = {
        "may_decide": request.user.has_perm(MAY_DECIDE),
        "may_apply": request.user.has_perm(MAY_APPLY),
        "may_see_names": request.user.has_perm(MAY_SEE_NAMES),
    }
    everything = admin.site.each_context(request) | {"title": title} | rights | context
    response = TemplateResponse(request, template, everything, status=status)
    response["Cache-Control"] = (
        "no-store"  # names and reasons do not stay in a browser somebody else uses next
    )
    return response


def show_people(request: HttpRequest, rows: Iterable[Accreditation]) -> None:
    """Write down that a screen names the people of these applications, to whoever may see names."""
    if request.user.has_perm(MAY_SEE_NAMES):
        note_reading(request, people_in(rows))


def show_reason(request: HttpRequest, decision: BulkDecision, rows: list[Accreditation]) -> None:
    """Write down that a screen gives the reason of a decision about these applications, which may name the people."""
    if decision.reason:
        show_people(request, rows)


def keys(values: list[str]) -> list[str]:
    """Those of `values` that can be keys of rows."""
    return [value for value in values if key_of(value) is not None]


def load(request: HttpRequest, slug: str) -> Election:
    """The election with this address, if the person may see it."""
    return get_object_or_404(
        Election.objects.visible_to(request.user).select_related("simulated_day"), slug=slug
    )


# --- the queue


class QueueFilter(django_filters.FilterSet):
    """The queue by status, category, who sends, text and days waiting; sorted."""

    q = django_filters.CharFilter(method="search", label=gettext_lazy("Text"))
    status = django_filters.ChoiceFilter(
        method="unchanged",
        label=gettext_lazy("Status"),
        choices=[(ANY, gettext_lazy("any status")), *Accreditation.Status.choices],
        empty_label=gettext_lazy("waiting for a decision"),
    )
    category = django_filters.ChoiceFilter(
        label=gettext_lazy("Category"), choices=Category.choices, empty_label=gettext_lazy("all")
    )
    sender = django_filters.ChoiceFilter(
        method="sent_by", label=gettext_lazy("Mission or outlet"), empty_label=gettext_lazy("all")
    )
    waiting = django_filters.NumberFilter(
        method="has_waited",
        label=gettext_lazy("Waiting at least (days)"),
        min_value=0,
        max_value=10_000,
        decimal_places=0,
    )
    sort = django_filters.ChoiceFilter(
        method="unchanged",
        label=gettext_lazy("Sort by"),
        choices=[(code, label) for code, label in SORTS.items() if code],
        empty_label=SORTS[""],
    )

    class Meta:
        model = Accreditation
        fields: list[str] = []

    def __init__(self, data: Any, *, election: Election, by: Any) -> None:
        super().__init__(data, queryset=desk.applications(election, by))
        self.election, self.names = election, by.has_perm(MAY_SEE_NAMES)
        missions, outlets = desk.senders(election, by)
        self.filters["sender"].extra["choices"] = [
            *((f"m{mission.pk}", mission.organization.name) for mission in missions),
            *((f"o{outlet.pk}", outlet.name) for outlet in outlets),
        ]

    @property
    def used(self) -> bool:
        """Whether the queue is narrowed beyond what waits."""
        return any(
            value not in (None, "") for name, value in self.form.cleaned_data.items() if name != "sort"
        )

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        found = super().filter_queryset(queryset)
        status = self.form.cleaned_data.get("status") or Accreditation.Status.APPLIED
        if status != ANY:
            found = found.filter(status=status)
        return found.order_by(*ORDERS[self.form.cleaned_data.get("sort") or ""])

    def unchanged(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows  # filter_queryset does it, also where nothing is chosen

    def search(self, rows: QuerySet, name: str, text: str) -> QuerySet:
        """Every word must occur in the code, the number, who sends or, for those who may see it, the name."""
        fields = [
            "observer__code",
            "observer__mission__organization__name",
            "observer__mission__organization__acronym",
            "outlet__name",
        ]
        if self.names:
            fields += ["observer__person__full_name", "media_person__full_name"]
        for word in text.split()[:10]:
            condition = Q(number__contains=normalized_number(word)) if normalized_number(word) else Q()
            for field in fields:
                condition |= Q(**{f"{field}__icontains": word})
            rows = rows.filter(condition)
        return rows

    def sent_by(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        kind, key = value[0], value[1:]
        return rows.filter(observer__mission=key) if kind == "m" else rows.filter(outlet=key)

    def has_waited(self, rows: QuerySet, name: str, days: Any) -> QuerySet:
        waiting = rows.filter(status=Accreditation.Status.APPLIED)
        return waiting.filter(desk.has_waited(self.election, int(days)))


class DecisionForm(forms.Form):
    """What is to become of the chosen applications."""

    to = forms.ChoiceField(label=gettext_lazy("Decision"), choices=BulkDecision.To.choices)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Needed to refuse or withdraw; stays inside the register."),
    )
    valid_from = forms.DateField(
        label=gettext_lazy("Badges valid from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    valid_until = forms.DateField(
        label=gettext_lazy("until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Leave both empty for the days of the rule, or of the election."),
    )


@require_safe
def elections(request: HttpRequest) -> HttpResponse:
    """Every election with what waits in its queue."""
    require(request, MAY_SEE)
    return screen(
        request,
        "staff/accreditation/elections.html",
        _("Accreditation"),
        {"rows": desk.elections_at_desk(request.user)},
    )


@require_safe
def queue(request: HttpRequest, slug: str) -> HttpResponse:
    require(request, MAY_SEE)
    return _queue(request, load(request, slug), request.GET, DecisionForm(), chosen=set())


def _queue(
    request: HttpRequest,
    election: Election,
    query: QueryDict,
    form: DecisionForm,
    *,
    chosen: set[str],
    everything: bool = False,
    problems: list[str] | None = None,
) -> HttpResponse:
    """The queue as `query` narrows it, with a decision form that keeps what was chosen and typed."""
    filters = QueueFilter(query, election=election, by=request.user)
    valid = filters.is_valid()
    page = Paginator(
        filters.qs if valid else desk.applications(election, request.user).none(), ROWS
    ).get_page(query.get("page"))
    narrowed = query.copy()
    narrowed.pop("page", None)
    context = {
        "election": election,
        "standings": desk.standings(election, request.user),
        "filters": filters,
        "used": valid and filters.used,
        "page": page,
        "rows": desk.queue_rows(page, election),
        "matching": page.paginator.count,
        "query": narrowed.urlencode(),
        "any": desk.applications(election, request.user).exists(),
        "form": form,
        "chosen": chosen,
        "everything": everything,
        "problems": problems or [],
    }
    show_people(request, page)
    title = _("Accreditation: %(election)s") % {"election": election}
    status = 422 if problems or form.errors else 200 if valid else 400
    return screen(request, "staff/accreditation/queue.html", title, context, status)


@require_POST
def prepare(request: HttpRequest, slug: str) -> HttpResponse:
    """Write down the decision about the chosen rows, or about all that match the filter, and show what it would do."""
    require(request, MAY_SEE, MAY_DECIDE)
    election = load(request, slug)
    query, form = QueryDict(request.POST.get("query", "")[:2000]), DecisionForm(request.POST)
    chosen, everything = set(request.POST.getlist("row")), request.POST.get("scope") == "all"
    problems = []
    if form.is_valid():
        rows = desk.applications(election, request.user).filter(pk__in=keys(list(chosen)))
        if everything:
            filters = QueueFilter(query, election=election, by=request.user)
            rows = filters.qs if filters.is_valid() else Accreditation.objects.none()
        try:
            decision = decisions.prepare(by=request.user, election=election, rows=rows, **form.cleaned_data)  # type: ignore[arg-type]
            return redirect("admin:accreditation_decision", election.slug, decision.pk)
        except ValidationError as problem:
            problems = problem.messages
    return _queue(request, election, query, form, chosen=chosen, everything=everything, problems=problems)


@require_http_methods(["GET", "HEAD", "POST"])
def decision(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Before it is confirmed: what the decision would do. POST confirms. After that: what it did, and what not."""
    require(request, MAY_SEE, MAY_DECIDE)
    election = load(request, slug)
    found = get_object_or_404(
        BulkDecision.objects.select_related("by", "job").defer("by__password"), pk=pk, election=election
    )
    found.election = election
    context: dict[str, Any] = {"election": election, "decision": found, "problems": []}
    if request.method == "POST":
        try:
            shown = request.POST.get("shown", "")
            decisions.confirm(by=request.user, decision=found, shown=shown)  # type: ignore[arg-type]
            return redirect("admin:accreditation_decision", election.slug, pk)
        except decisions.Changed as problem:
            context["problems"] = problem.messages
    if found.confirmed_at is None:
        rows = decisions.forecast(found)
        refused = [row for row in rows if row.problem]
        done = [row for row in rows if not row.problem]
        context |= {
            "shown": decisions.fingerprint(rows),
            "refused": refused[:PREVIEW_ROWS],
            "refused_more": len(refused[PREVIEW_ROWS:]),
            "refused_count": len(refused),
            "done_count": len(done),
            "total": len(rows),
            "in_background": len(rows) > decisions.AT_ONCE,
            "page": Paginator(done, PREVIEW_ROWS).get_page(request.GET.get("page")),
        }
        shown = [*context["refused"], *context["page"]]
        show_reason(request, found, [forecast.row.accreditation for forecast in shown])
        status = 409 if context["problems"] else 200
        return screen(request, "staff/accreditation/preview.html", _("Before you decide"), context, status)
    all_rows = decisions.decision_rows(found)
    context |= {
        "outcomes": decisions.outcomes(found),
        "refused": all_rows.filter(outcome="not")[:PREVIEW_ROWS],
        "page": Paginator(all_rows.exclude(outcome="not"), PREVIEW_ROWS).get_page(request.GET.get("page")),
    }
    show_reason(request, found, [row.accreditation for row in (*context["refused"], *context["page"])])
    return screen(request, "staff/accreditation/decision.html", _("What was decided"), context)


# --- badges


@require_safe
def badges(request: HttpRequest, slug: str) -> HttpResponse:
    """Badges to print: of the rows named, of a decision, or of every badge that matches the queue's filter."""
    require(request, MAY_SEE, MAY_SEE_NAMES)
    election = load(request, slug)
    chosen, decided = keys(request.GET.getlist("row")), keys(request.GET.getlist("decision"))
    if chosen:
        rows = desk.applications(election, request.user).filter(pk__in=chosen)
    elif decided:
        taken = BulkDecision.objects.filter(pk__in=decided, election=election)
        rows = desk.applications(election, request.user).filter(pk__in=taken.values("rows__accreditation"))
    else:
        query = request.GET.copy()
        query["status"] = Accreditation.Status.ACCREDITED
        filters = QueueFilter(query, election=election, by=request.user)
        rows = filters.qs if filters.is_valid() else desk.applications(election, request.user).none()
    rows = rows.filter(status=Accreditation.Status.ACCREDITED).order_by(*ORDERS["sender"])
    page = Paginator(rows, BADGES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "election": election,
        "page": page,
        "badges": badges_of(page, election, partial(absolute_address, request)),
    }
    show_people(request, page)
    return screen(request, "staff/accreditation/badges.html", _("Badges to print"), context)
