"""The deployment board of the coordinator: look, plan, confirm, call off."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from tracker.core.access import require
from tracker.core.keys import key_of
from tracker.core.ownership import choosable
from tracker.elections.models import Election
from tracker.elections.queries import present_moment
from tracker.fieldwork import actions
from tracker.fieldwork.board import GRACE, SIGNS, Asked, Outcome, State, read_board, stations_of
from tracker.fieldwork.forms import SlotForm
from tracker.fieldwork.models import Deployment, Team


def load(request: HttpRequest, slug: str) -> Election:
    """The election with this address, if the person may see it."""
    return get_object_or_404(Election.objects.visible_to(request.user).select_related("country"), slug=slug)


def screen(
    request: HttpRequest, template: str, title: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A workflow screen in the frame of the admin, without its sidebar: the work needs the room."""
    frame = admin.site.each_context(request) | {"title": title, "is_nav_sidebar_enabled": False}
    return render(request, template, frame | context, status=status)


def back_to(request: HttpRequest, otherwise: str) -> str:
    """The page of ours that the form came from (`next`), or another one."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    hosts = {request.get_host()}
    return asked if url_has_allowed_host_and_scheme(asked, hosts, request.is_secure()) else otherwise


class BoardFilter(forms.Form):
    """What the coordinator may ask of the board. An unknown value shows all, and says so beside its field."""

    mission = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, label=gettext_lazy("Mission")
    )
    country = forms.ChoiceField(required=False, label=gettext_lazy("Country"))
    state = forms.ChoiceField(
        required=False,
        label=gettext_lazy("State"),
        choices=[("", gettext_lazy("any state")), *State.choices],
    )
    text = forms.CharField(required=False, max_length=100, label=gettext_lazy("Text"))
    day = forms.DateField(required=False, widget=forms.HiddenInput)


@require_safe
def boards(request: HttpRequest) -> HttpResponse:
    """Which election's board; at once the board where there is only one."""
    require(request, "fieldwork.view_deployment")
    seen = Election.objects.visible_to(request.user)
    elections = list(seen.select_related("country").order_by("-starts_on", "-pk"))
    if len(elections) == 1:
        return redirect("admin:board", elections[0].slug)
    return screen(
        request, "staff/boards.html", _("Deployment board: of which election?"), {"elections": elections}
    )


@require_safe
def board(request: HttpRequest, slug: str) -> HttpResponse:
    require(request, "fieldwork.view_deployment")
    election = load(request, slug)
    form = BoardFilter(request.GET)
    mission, country = request.GET.get("mission", ""), request.GET.get("country", "")
    # The choices come with the board, which is read once: whatever is not among them finds nothing to narrow.
    form.fields["mission"].choices = [(mission, mission)] if mission.isdecimal() and len(mission) < 10 else []  # type: ignore[attr-defined]
    form.fields["country"].choices = [(country, country)] if country.isalpha() else []  # type: ignore[attr-defined]
    form.is_valid()
    said = form.cleaned_data
    asked = Asked(said.get("mission"), said.get("country", ""), said.get("state", ""), said.get("text", ""))
    found = read_board(
        election,
        asked,
        by=request.user,
        day=said.get("day"),
        page=request.GET.get("page"),
        now=present_moment(election),
    )
    missions = [(mission.pk, mission.organization.short_name) for mission in found.missions]
    countries = [(country.iso2, country.name) for country in found.countries]
    form.fields["mission"].choices = [("", _("all missions")), *missions]  # type: ignore[attr-defined]
    form.fields["country"].choices = [("", _("all countries")), *countries]  # type: ignore[attr-defined]
    form.initial["day"] = found.day
    context = {
        "election": election,
        "board": found,
        "form": form,
        "narrowed": any((asked.mission, asked.country, asked.state, asked.text)),
        "may_plan": request.user.has_perm("fieldwork.add_deployment"),
        "may_change": request.user.has_perm("fieldwork.change_deployment"),
        "legend": [(SIGNS[code], label) for code, label in Outcome.choices],
        "grace": int(GRACE.total_seconds() / 60),
        "here": request.get_full_path(),
        "subtitle": str(election),
    }
    return screen(request, "staff/board.html", _("Deployment board"), context)


class PlanForm(SlotForm):
    """A team sent to one station of the board."""

    def __init__(self, *args: Any, election: Election, by: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        teams = choosable(Team.objects.filter(mission__election=election), by, "fieldwork.add_deployment")
        teams = teams.select_related("mission__organization")
        self.fields["team"].queryset = teams.order_by("mission__organization__name", "name")  # type: ignore[attr-defined]
        self.fields["station"].queryset = stations_of(election, by)  # type: ignore[attr-defined]
        self.fields["station"].widget = forms.HiddenInput()
        self.fields["notes"].widget = forms.Textarea(attrs={"rows": 2})


def plan(request: HttpRequest, slug: str) -> HttpResponse:
    """Plan a team at a station: a form in front of which the warnings stand before anything is saved."""
    require(request, "fieldwork.add_deployment")
    election = load(request, slug)
    given = request.POST.get("station") or request.GET.get("station", "")
    station = get_object_or_404(stations_of(election, request.user), pk=key_of(given))
    first = {"station": station.pk, "date": election.starts_on} | {
        name: request.GET[name] for name in ("team", "date", "opens", "closes") if request.GET.get(name)
    }
    form = PlanForm(request.POST or None, election=election, by=request.user, initial=first)
    back = back_to(request, reverse("admin:board", args=[slug]))
    if request.method == "POST" and form.is_valid():
        made = form.instance
        try:
            with transaction.atomic():
                planned = actions.plan_deployment(
                    by=request.user,  # type: ignore[arg-type]
                    team=made.team,
                    station=station,
                    starts_at=made.starts_at,
                    ends_at=made.ends_at,
                    notes=made.notes,
                )
        except ValidationError as error:
            form.add_error(None, error.messages)  # type: ignore[arg-type]
        else:
            words = _("%(team)s is planned at %(station)s.")
            messages.success(request, words % {"team": planned.team, "station": station})
            return HttpResponseRedirect(f"{back}#station-{station.pk}")
    context = {
        "election": election,
        "station": station,
        "form": form,
        "back": back,
        "already": Deployment.objects.live().visible_to(request.user).filter(station=station)
        .select_related("team__mission__organization").order_by("starts_at"),
    }  # fmt: skip
    return screen(request, "staff/board_plan.html", _("Plan a team"), context, 422 if form.errors else 200)


STEPS = {
    "confirm": (
        actions.confirm_deployment,
        gettext_lazy("Confirm this deployment?"),
        gettext_lazy("Confirmed."),
    ),
    "call-off": (
        actions.call_off_deployment,
        gettext_lazy("Call off this deployment?"),
        gettext_lazy("Called off."),
    ),
}


def step(request: HttpRequest, slug: str, pk: int, step: str) -> HttpResponse:
    """Confirm or call off a plan, after a look at it."""
    require(request, "fieldwork.change_deployment")
    if step not in STEPS:
        raise Http404
    rows = Deployment.objects.select_related("team__mission__organization", "station__country", "election")
    found = get_object_or_404(rows.visible_to(request.user), pk=pk, election__slug=slug)
    require(request, "fieldwork.change_deployment", row=found)
    action, question, done = STEPS[step]
    back = back_to(request, reverse("admin:board", args=[slug]))
    if request.method == "POST":
        try:
            with transaction.atomic():
                action(by=request.user, deployment=found)  # type: ignore[arg-type]
            messages.success(request, f"{found.team}, {found.station}: {done}")
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return HttpResponseRedirect(f"{back}#station-{found.station_id}")
    context = {"deployment": found, "step": step, "back": back, "election": found.election}
    return screen(request, "staff/board_step.html", str(question), context)
