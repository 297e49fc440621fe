"""Visits: the fast form, a visit with its history, and what an account has entered."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from tracker.core.access import denied, require
from tracker.core.keys import key_of
from tracker.core.ownership import choosable
from tracker.elections.models import Election
from tracker.fieldwork import actions
from tracker.fieldwork.board import search_stations, stations_of
from tracker.fieldwork.incidents import report_incident
from tracker.fieldwork.models import Incident, Team, Visit
from tracker.staff.board import load, screen
from tracker.staff.visit_form import VisitForm, station_words

ROWS = 25
FOUND = 12
RELATED = (
    "team__mission__organization",
    "team__mission__election",
    "station__country",
    "election",
    "assessment",
)


def _elections(request: HttpRequest) -> list[Election]:
    """The elections that have teams of ours, the latest first."""
    teams = _own_teams(request).order_by().values("mission__election")
    return list(Election.objects.filter(pk__in=teams).order_by("-starts_on", "-pk"))


def _own_teams(request: HttpRequest) -> Any:
    """The teams for which the person may enter visits."""
    return choosable(Team.objects.all(), request.user, "fieldwork.add_visit")  # type: ignore[arg-type]


def _teams(request: HttpRequest, election: Election) -> Any:
    return (
        _own_teams(request)
        .filter(mission__election=election)
        .select_related("mission__organization", "mission__election")
        .order_by("mission__organization__name", "name")
    )


def _team(request: HttpRequest, election: Election) -> Team | None:
    """The team of the form: the one asked for, or that of this account's last visit, or the only one."""
    given = request.POST.get("team") or request.GET.get("team", "")
    teams = _teams(request, election)
    if given:
        return teams.filter(pk=key_of(given)).first()
    last = (
        Visit.objects.filter(created_by=request.user, election=election)
        .order_by("-created_at", "-pk")
        .first()
    )  # type: ignore[misc]
    if last and (found := teams.filter(pk=last.team_id).first()):
        return found
    some = list(teams[:2])
    return some[0] if len(some) == 1 else None


def _where(request: HttpRequest, title: str, context: dict[str, Any]) -> HttpResponse:
    """Ask for election or team. A form that was sent without a team of ours was not taken, and is told so."""
    words = _("Nothing was recorded: this team does not exist any more. Choose the team and send it again.")
    if request.method != "POST":
        return screen(request, "staff/visit_where.html", title, context)
    if _by_script(request):
        return JsonResponse({"errors": {"__all__": [words]}}, status=422)
    return screen(request, "staff/visit_where.html", title, context | {"problem": words}, 422)


def new(request: HttpRequest) -> HttpResponse:
    """Enter a visit. The same form sent twice gives one visit and the same answer."""
    require(request, "fieldwork.add_visit")
    asked = request.GET.get("election", "")
    elections = _elections(request)
    chosen = [election for election in elections if election.slug == asked] if asked else elections
    if request.method == "POST" and not asked:
        # The page was opened while there was one election; what was typed says by its team for which it is.
        key = key_of(request.POST.get("team", ""))
        team = _own_teams(request).filter(pk=key).select_related("mission").first()
        chosen = [election for election in elections if team and election.pk == team.mission.election_id]
    if len(chosen) != 1:
        context = {"elections": elections}
        return _where(request, _("Enter a visit: in which election?"), context)
    election = chosen[0]
    team = None if "choose" in request.GET and request.method != "POST" else _team(request, election)
    if team is None:
        context = {"election": election, "teams": _teams(request, election)}
        return _where(request, _("Enter a visit: which team?"), context)
    given = key_of(request.GET.get("station", ""))
    station = stations_of(election, request.user).filter(pk=given).first()  # type: ignore[arg-type]
    form = VisitForm(request.POST or None, by=request.user, team=team, station=station)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                values = form.cleaned_data
                visit = actions.enter_visit(
                    by=request.user,  # type: ignore[arg-type]
                    team=team,
                    submission_key=values["submission_key"],
                    submit=request.POST.get("do") != "draft",
                    incident=form.incident(),
                    assumed=form.assumed,
                    **form.said(),
                )
        except actions.Changed as error:
            return _refused(request, form, election, team, error)
        except ValidationError as error:
            _take_errors(form, error)
        else:
            return _answer(request, f"{reverse('admin:visit', args=[visit.pk])}?done=1")
    return _form(request, form, election, team, None)


def _refused(
    request: HttpRequest, form: VisitForm, election: Election, team: Team, error: actions.Changed
) -> HttpResponse:
    """What came was received before in other words: where the visit is, and the form with all that was typed."""
    form.add_error(None, error)
    address = reverse("admin:visit", args=[error.visit.pk])
    if _by_script(request):
        return JsonResponse({"errors": form.errors, "url": address}, status=409)
    return _form(request, form, election, team, None, received=address, status=409)


def _form(
    request: HttpRequest,
    form: VisitForm,
    election: Election,
    team: Team,
    visit: Visit | None,
    *,
    received: str = "",
    status: int = 422,
) -> HttpResponse:
    """The page with the form, or only its errors where a script sent it."""
    if request.method == "POST" and _by_script(request):
        return JsonResponse({"errors": form.errors}, status=422)
    key = f"visit-draft:{request.user.pk}:{election.slug}" + (f":{visit.pk}" if visit else "")
    station = form.initial.get("station")
    context = {
        "form": form,
        "election": election,
        "team": team,
        "visit": visit,
        "draft_key": key,
        "received": received,
        "now": form.now.isoformat(),
        "zone": station.timezone_id if station else "",
        "subtitle": str(election),
    }
    title = _("Correct a visit") if visit else _("Enter a visit")
    return screen(request, "staff/visit_form.html", title, context, status if form.errors else 200)


def _by_script(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def _answer(request: HttpRequest, address: str) -> HttpResponse:
    return JsonResponse({"url": address}) if _by_script(request) else HttpResponseRedirect(address)


def _take_errors(form: VisitForm, error: ValidationError) -> None:
    names = {"arrived_at": "arrived", "departed_at": "departed"}
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        place = names.get(name, name)
        form.add_error(place if place in form.fields else None, errors)  # type: ignore[arg-type]


class StationSearch(forms.Form):
    election = forms.SlugField()
    q = forms.CharField(required=False, max_length=100)


@require_safe
def stations(request: HttpRequest) -> HttpResponse:
    """Stations of an election in which every word of `q` occurs, as JSON: for elections too large for one page."""
    require(request, "fieldwork.add_visit")
    form = StationSearch(request.GET)
    if not form.is_valid():
        return JsonResponse({"errors": form.errors}, status=422)
    election = load(request, form.cleaned_data["election"])
    every = search_stations(stations_of(election, request.user), form.cleaned_data["q"])  # type: ignore[arg-type]
    found = every.order_by("country__name_en", "city", "number")[:FOUND]
    rows = [{"id": one.pk, "text": station_words(one), "zone": one.timezone_id} for one in found]
    return JsonResponse({"stations": rows})


def _load(request: HttpRequest, pk: int) -> Visit:
    """The visit, if the person may see it."""
    people = ("created_by", "submitted_by", "verified_by")
    rows = Visit.objects.visible_to(request.user).select_related(*RELATED, *people)
    rows = rows.defer(*(f"{one}__password" for one in people))
    return get_object_or_404(rows, pk=pk)


def _may_change(request: HttpRequest, visit: Visit) -> bool:
    return request.user.has_perm("fieldwork.change_visit", visit)


@require_safe
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """One visit: what it says, who did what and when, and what can be done now."""
    require(request, "fieldwork.view_visit")
    found = _load(request, pk)
    context = {
        "visit": found,
        "incidents": Incident.objects.visible_to(request.user)
        .filter(station=found.station_id, team=found.team_id)
        .order_by("occurred_at"),
        "done": "done" in request.GET,
        "may_change": _may_change(request, found),
        "may_add": request.user.has_perm("fieldwork.add_visit"),
        "election": found.election,
    }
    return screen(request, "staff/visit.html", _("Visit: %(station)s") % {"station": found.station}, context)


def _forbidden(request: HttpRequest) -> HttpResponse:
    """Refuse a correction; in words where a script sent it, which keeps what was typed."""
    if request.method != "POST" or not _by_script(request):
        raise denied(request.user, "fieldwork.change_visit")
    words = _("You may not change this visit any more. Ask the coordinator; what you typed is kept here.")
    return JsonResponse({"errors": {"__all__": [words]}}, status=403)


def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what a visit says; a draft may be submitted with the same press."""
    require(request, "fieldwork.view_visit")
    found = _load(request, pk)
    if not _may_change(request, found):
        return _forbidden(request)
    form = VisitForm(request.POST or None, by=request.user, team=found.team, visit=found)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                seen = form.cleaned_data["version"]
                actions.correct_visit(by=request.user, visit=found, seen=seen, **form.said())  # type: ignore[arg-type]
                if request.POST.get("do") == "submit" and found.status == Visit.Status.DRAFT:
                    actions.submit_visit(by=request.user, visit=found)  # type: ignore[arg-type]
                incident = form.incident()
                if incident is not None:
                    report_incident(
                        by=request.user,  # type: ignore[arg-type]
                        election=found.election,
                        station=found.station,
                        team=found.team,
                        **incident,
                    )
        except actions.Changed as error:
            found = _load(request, pk)
            form.add_error(None, [error.messages[0], *form.differences(found)])  # type: ignore[arg-type]
            form.see(found)
            if _by_script(request):
                return JsonResponse({"errors": form.errors, "version": found.version}, status=409)
            return _form(request, form, found.election, found.team, found, status=409)
        except ValidationError as error:
            _take_errors(form, error)
        else:
            return _answer(request, f"{reverse('admin:visit', args=[found.pk])}?done=1")
    return _form(request, form, found.election, found.team, found)


STEPS = {
    "submit": (actions.submit_visit, gettext_lazy("Submitted.")),
    "verify": (actions.verify_visit, gettext_lazy("Verified.")),
    "reopen": (actions.reopen_visit, gettext_lazy("Opened again.")),
}


def step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Submit, verify or open a visit again; opening asks first, because something is lost by it."""
    if step not in STEPS:
        raise Http404
    require(request, "fieldwork.view_visit")
    found = _load(request, pk)
    require(request, "fieldwork.change_visit", row=found)
    if request.method != "POST":
        if step != "reopen":
            return redirect("admin:visit", pk)
        return screen(
            request, "staff/visit_reopen.html", _("Make this visit a draft again?"), {"visit": found}
        )
    action, done = STEPS[step]
    try:
        with transaction.atomic():
            action(by=request.user, visit=found)  # type: ignore[arg-type]
        messages.success(request, done)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("admin:visit", pk)


@require_safe
def visits(request: HttpRequest) -> HttpResponse:
    """What this account has entered, drafts first: they wait to be submitted."""
    require(request, "fieldwork.view_visit")
    own = Visit.objects.visible_to(request.user).filter(created_by=request.user).select_related(*RELATED)  # type: ignore[misc]
    counts = dict(own.order_by().values_list("status").annotate(Count("pk")))
    rows = Paginator(own.exclude(status=Visit.Status.DRAFT), ROWS).get_page(request.GET.get("page"))
    context = {
        "drafts": Paginator(own.filter(status=Visit.Status.DRAFT), ROWS).get_page(request.GET.get("drafts")),
        "rows": rows,
        "any": bool(counts),
        "may_add": request.user.has_perm("fieldwork.add_visit"),
    }
    return screen(request, "staff/visits.html", _("My visits and drafts"), context)
