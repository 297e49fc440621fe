"""Incidents: what waits to be checked, one incident with its steps, and what the public would read of it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from tracker.core.access import require
from tracker.coverage.corrections import mark_corrected
from tracker.elections.models import Election
from tracker.fieldwork import actions
from tracker.fieldwork.models import Incident
from tracker.fieldwork.queries import incident_place, incident_zone
from tracker.staff.board import screen

ROWS = 25
# What the public reads is a decision of its own, and the publisher's, who writes the summary with it.
MAY_PUBLISH = "fieldwork.publish_incident"
PUBLISHING = ("preview", "publish", "withdraw")
# What waits for somebody comes first.
OPEN = (Incident.Status.REPORTED, Incident.Status.CHECKING)


class IncidentFilter(forms.Form):
    election = forms.ModelChoiceField(
        label=gettext_lazy("Election"), required=False, queryset=Election.objects.none(),
        empty_label=gettext_lazy("all elections"),
    )  # fmt: skip
    status = forms.ChoiceField(
        label=gettext_lazy("Status"), required=False,
        choices=[("", gettext_lazy("waiting: reported or being checked")), ("all", gettext_lazy("any status")),
                 *Incident.Status.choices],
    )  # fmt: skip
    severity = forms.ChoiceField(
        label=gettext_lazy("Severity"), required=False,
        choices=[("", gettext_lazy("any severity")), *Incident.Severity.choices],
    )  # fmt: skip


@require_safe
def incidents(request: HttpRequest) -> HttpResponse:
    require(request, "fieldwork.view_incident")
    form = IncidentFilter(request.GET)
    elections = Election.objects.visible_to(request.user).order_by("-starts_on")
    form.fields["election"].queryset = elections  # type: ignore[attr-defined]
    form.is_valid()
    asked = form.cleaned_data
    mine = Incident.objects.visible_to(request.user)
    found = mine.select_related("election", "station__country", "team__mission__organization")
    if asked.get("election"):
        found = found.filter(election=asked["election"])
    if asked.get("severity"):
        found = found.filter(severity=asked["severity"])
    status = asked.get("status", "")
    if status != "all":
        found = found.filter(status__in=[status] if status else OPEN)
    rows = Paginator(found.order_by("-occurred_at", "-pk"), ROWS).get_page(request.GET.get("page"))
    mark_corrected(rows)
    context = {
        "form": form,
        "rows": rows,
        "any": mine.exists(),
        "may_add": request.user.has_perm("fieldwork.add_incident"),
    }
    return screen(request, "staff/incidents.html", _("Incidents to check"), context)


def incident(request: HttpRequest, pk: int) -> HttpResponse:
    """One incident. Each button is one step; publishing shows first what the public will read."""
    require(request, "fieldwork.view_incident")
    rows = Incident.objects.select_related("election", "station__country", "team__mission__organization")
    found = get_object_or_404(rows.visible_to(request.user), pk=pk)
    typed: dict[str, str] = {"summary": found.summary, "reason": ""}
    problem: list[str] = []
    preview = False
    if request.method == "POST":
        typed = {name: request.POST.get(name, typed[name]) for name in typed}
        do = request.POST.get("do", "")
        permission = MAY_PUBLISH if do in PUBLISHING else "fieldwork.change_incident"
        if do == "preview" and not request.user.has_perm(MAY_PUBLISH):
            permission = "fieldwork.change_incident"
        require(request, permission, row=found)
        if do == "preview":
            preview = True
            if not typed["summary"].strip():
                preview, problem = False, [_("Write the public summary before you publish.")]
        else:
            try:
                with transaction.atomic():
                    done = _act(request, found, do, typed)
                messages.success(request, done)
                return redirect("admin:incident", pk)
            except ValidationError as error:
                problem = error.messages
                found.refresh_from_db()
    status = Incident.Status(found.status)
    steps = [
        (str(to), to.label, (status, to) in actions.NEEDS_REASON) for to in actions.INCIDENT_STEPS[status]
    ]
    context = {
        "incident": found,
        "changes": found.changes.select_related("by").defer("by__password"),
        "steps": steps,
        "typed": typed,
        "problem": problem,
        "preview": preview,
        "place": incident_place(found),
        "zone": incident_zone(found),
        "may_change": request.user.has_perm("fieldwork.change_incident", found),
        "may_publish": request.user.has_perm(MAY_PUBLISH),
    }
    title = _("Incident: %(category)s") % {"category": found.get_category_display()}
    return screen(request, "staff/incident.html", title, context, 422 if problem else 200)


def _act(request: HttpRequest, found: Incident, do: str, typed: dict[str, str]) -> str:
    """One step; the words for the history."""
    by: Any = request.user
    if do == "publish":
        actions.publish_incident(by=by, incident=found, summary=typed["summary"])
        return _("Published.")
    if do == "withdraw":
        actions.withdraw_incident(by=by, incident=found)
        return _("Withdrawn from publication.")
    actions.move_incident(by=by, incident=found, to=do, reason=typed["reason"])
    return _("Now: %(status)s.") % {"status": found.get_status_display()}
