"""One application at the accreditation officer's desk: what became of it, the steps it can take, and entering it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from tracker.core.access import require
from tracker.core.ownership import choosable
from tracker.elections.models import Election
from tracker.missions import actions, desk
from tracker.missions.forms import MediaForm, ObserverForm
from tracker.missions.models import Accreditation, BulkDecision, Mission, Observer
from tracker.staff.accreditation import (
    MAY_APPLY,
    MAY_DECIDE,
    MAY_SEE,
    DecisionForm,
    keys,
    load,
    screen,
    show_people,
)


class StepForm(DecisionForm):
    """A decision about one application; its number may be given by hand."""

    to = forms.ChoiceField(choices=BulkDecision.To.choices)
    number = forms.CharField(
        label=gettext_lazy("Number on the badge"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("Leave empty: a number that cannot be guessed is proposed and taken."),
    )
    seen = forms.ChoiceField(choices=Accreditation.Status.choices, widget=forms.HiddenInput)


@require_http_methods(["GET", "HEAD", "POST"])
def application(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One application: who, what became of it when and by whom, and the steps that can be taken."""
    require(request, MAY_SEE)
    election = load(request, slug)
    found = get_object_or_404(desk.applications(election, request.user), pk=pk)
    found.election = election
    form, problems = StepForm(initial={"seen": found.status}), []
    if request.method == "POST":
        require(request, MAY_DECIDE, row=found)
        form = StepForm(request.POST)
        if form.is_valid():
            try:
                text = _step(request, found, form.cleaned_data)
                messages.success(request, text)
                return redirect("admin:accreditation_application", election.slug, pk)
            except ValidationError as problem:
                problems = problem.messages
                found.refresh_from_db()
    today = desk.local_today(election)
    context = {
        "election": election,
        "application": found,
        "waiting": desk.waiting_days(found, election),
        "changes": found.changes.select_related("by").defer("by__password"),
        "others": desk.others_of(found, request.user),
        "steps": [(to, label) for to, label in BulkDecision.To.choices if to in actions.STEPS[found.status]],
        "proposal": desk.proposal(found) if found.status == Accreditation.Status.APPLIED else None,
        "valid_today": found.is_valid_on(today),
        "form": form,
        "problems": problems,
    }
    show_people(request, [found])
    title = _("Application %(name)s") % {"name": found}
    status = 422 if problems or form.errors else 200
    return screen(request, "staff/accreditation/application.html", title, context, status)


def _step(request: HttpRequest, found: Accreditation, typed: dict[str, Any]) -> str:
    """One step of one application; the words that say what was done."""
    by: Any = request.user
    shared = {"by": by, "accreditation": found, "seen": typed["seen"]}
    if typed["to"] == BulkDecision.To.ACCREDITED:
        days = {name: typed[name] for name in ("number", "valid_from", "valid_until")}
        row = actions.accredit(reason=typed["reason"], **days, **shared)
        return _("Accredited with the number %(number)s.") % {"number": row.number}
    if typed["to"] == BulkDecision.To.REFUSED:
        actions.refuse(reason=typed["reason"], **shared)
        return _("Refused.")
    actions.withdraw(reason=typed["reason"], **shared)
    return _("Withdrawn.")


# --- applying


@require_http_methods(["GET", "HEAD", "POST"])
def apply_observer(request: HttpRequest, slug: str) -> HttpResponse:
    """First the mission; then its observers without an application, and a form for one who is not entered yet."""
    require(request, MAY_SEE, MAY_APPLY)
    election = load(request, slug)
    missions = choosable(Mission.objects.filter(election=election), request.user, MAY_APPLY).select_related(
        "organization"
    )
    asked = request.POST.get("mission") or request.GET.get("mission") or ""
    mission = missions.filter(pk__in=keys([asked])).first()
    context: dict[str, Any] = {
        "election": election,
        "missions": missions.order_by("organization__name"),
        "mission": mission,
        "may_enter": request.user.has_perm("missions.add_observer"),
        "problems": [],
    }
    if mission is None:
        return screen(request, "staff/accreditation/apply_observer.html", _("Apply for an observer"), context)
    form = _observer_form(request, mission)
    if request.method == "POST" and request.POST.get("do") == "existing":
        found = desk.observers_without(mission).filter(pk__in=keys(request.POST.getlist("observer")))
        try:
            entered = _apply_for(request, election, list(found))
            text = ngettext("%(count)d application entered.", "%(count)d applications entered.", entered)
            messages.success(request, text % {"count": entered})
            return redirect("admin:accreditation_queue", election.slug)
        except ValidationError as problem:
            context["problems"] = problem.messages
        form = _observer_form(request, mission, bound=False)
    elif request.method == "POST":
        require(request, "missions.add_observer")
        if form.is_valid():
            try:
                with transaction.atomic():
                    form.save()
                    entered = form.apply(request.user)  # type: ignore[arg-type, assignment]
                messages.success(request, _("%(observer)s is entered.") % {"observer": form.instance})
                if isinstance(entered, Accreditation):
                    return redirect("admin:accreditation_application", election.slug, entered.pk)
                return redirect("admin:accreditation_queue", election.slug)
            except ValidationError as problem:
                context["problems"] = problem.messages
    context |= {
        "form": form,
        "without": desk.observers_without(mission).select_related("mission__organization"),
    }
    status = 422 if context["problems"] or form.errors else 200
    return screen(
        request, "staff/accreditation/apply_observer.html", _("Apply for an observer"), context, status
    )


def _observer_form(request: HttpRequest, mission: Mission, *, bound: bool = True) -> ObserverForm:
    kind: Any = ObserverForm
    if not request.user.has_perms(["missions.view_person", "missions.change_person"]):
        kind = type("ObserverWithoutPersonForm", (ObserverForm,), {"with_person": False})
    data = request.POST if bound and request.method == "POST" else None
    form: ObserverForm = kind(data, initial={"mission": mission, "apply_now": True})
    form.fields["mission"].widget = forms.HiddenInput()
    form.fields["mission"].queryset = Mission.objects.filter(pk=mission.pk)  # type: ignore[attr-defined]
    return form


@transaction.atomic
def _apply_for(request: HttpRequest, election: Election, observers: list[Observer]) -> int:
    if not observers:
        raise ValidationError(_("Choose at least one observer who has no application yet."))
    for observer in observers:
        actions.apply_for_observer(by=request.user, observer=observer)  # type: ignore[arg-type]
    return len(observers)


@require_http_methods(["GET", "HEAD", "POST"])
def apply_media(request: HttpRequest, slug: str) -> HttpResponse:
    """A media person with outlet: one form that enters outlet and person where they are new."""
    require(request, MAY_SEE, MAY_APPLY, "missions.add_person", "missions.add_outlet")
    election, problems = load(request, slug), []
    form = MediaForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            entered = form.apply(by=request.user, election=election)  # type: ignore[arg-type]
            messages.success(request, _("The application is entered."))
            return redirect("admin:accreditation_application", election.slug, entered.pk)
        except ValidationError as problem:
            problems = problem.messages
    context = {"election": election, "form": form, "problems": problems}
    status = 422 if problems or form.errors else 200
    return screen(
        request, "staff/accreditation/apply_media.html", _("Apply for a media person"), context, status
    )
