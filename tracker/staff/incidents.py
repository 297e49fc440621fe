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
from tracker.core.admin_publication import state_sentence
from tracker.core.admin_questions import RETURN_UNEXPLAINED
from tracker.core.history.reading import sent_back
from tracker.core.models import Publication
from tracker.core.publication import four_eyes_objection, has_four_eyes
from tracker.coverage.corrections import mark_corrected
from tracker.elections.models import Election
from tracker.fieldwork.incidents import (
    INCIDENT_STEPS,
    NEEDS_REASON,
    changed_meanwhile,
    incident_version,
    move_incident,
    publish_incident,
    return_incident,
    submit_incident,
    withdraw_incident,
)
from tracker.fieldwork.models import Incident
from tracker.fieldwork.queries import incident_place, incident_zone
from tracker.staff.board import screen

ROWS = 25
# What the public reads is a decision of its own, and the publisher's, who may write the summary with it.
MAY_CHANGE, MAY_PUBLISH = "fieldwork.change_incident", "fieldwork.publish_incident"
PUBLISHING = ("publish", "send_back", "withdraw")
# The wording is written by both.
WORDING = ("preview", "submit")
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
    typed: dict[str, str] = {"summary": found.summary, "reason": "", "why": ""}
    problem: list[str] = []
    preview = False
    if request.method == "POST":
        typed = {name: request.POST.get(name, typed[name]) for name in typed}
        do = request.POST.get("do", "")
        publishes = do in PUBLISHING or (do in WORDING and request.user.has_perm(MAY_PUBLISH))
        require(request, MAY_PUBLISH if publishes else MAY_CHANGE, row=found)
        if do == "preview":
            if request.POST.get("seen") != incident_version(found):
                problem = [changed_meanwhile()]
            elif not typed["summary"].strip():
                problem = [_("Write the public summary before you publish.")]
            preview = not problem
        else:
            try:
                with transaction.atomic():
                    done = _act(request, found, do, typed)
                messages.success(request, done)
                return redirect("admin:incident", pk)
            except ValidationError as error:
                problem = error.messages
                found = rows.get(pk=pk)
    status = Incident.Status(found.status)
    steps = [(str(to), to.label, (status, to) in NEEDS_REASON) for to in INCIDENT_STEPS[status]]
    context = {
        "incident": found,
        "changes": found.changes.select_related("by").defer("by__password"),
        "steps": steps,
        "typed": typed,
        "asked_for": request.POST.get("do", ""),
        "moved": request.POST.get("do", "") in Incident.Status.values,
        "problem": problem,
        "preview": preview,
        "place": incident_place(found),
        "zone": incident_zone(found),
        "may_change": request.user.has_perm(MAY_CHANGE, found),
        "may_publish": request.user.has_perm(MAY_PUBLISH),
        "seen": incident_version(found),
        "state": state_sentence(found),
    }
    context |= _ways(request, found, typed["summary"])
    title = _("Incident: %(category)s") % {"category": found.get_category_display()}
    return screen(request, "staff/incident.html", title, context, 422 if problem else 200)


def _ways(request: HttpRequest, found: Incident, summary: str) -> dict[str, Any]:
    """Which ways lead on from here for this summary, and why four eyes close one."""
    user: Any = request.user
    waits = found.publication == Publication.SUBMITTED
    public = found.publication == Publication.PUBLISHED
    objection = four_eyes_objection(found, user)
    if not objection and has_four_eyes(found) and summary != found.summary:
        objection = _(
            "This is another wording than was submitted: submit it, and somebody else publishes it."
        )
    writer = user.pk in (found.written_by_id, *found.writers)
    return {
        "objection": objection,
        "sent_back": sent_back([found]).get(found.pk) if found.publication == Publication.DRAFT else None,
        "waits": waits,
        "public": public,
        "ask_why": found.is_released,
        # What nobody else publishes needs no submitting first; under four eyes a correction is submitted, too.
        "may_submit": (public and bool(objection)) or not (public or (waits and summary == found.summary)),
        "may_send_back": waits and user.has_perm(MAY_PUBLISH) and not writer,
    }


def _act(request: HttpRequest, found: Incident, do: str, typed: dict[str, str]) -> str:
    """One step; the words for the history."""
    by: Any = request.user
    # A page that does not say what it showed is as good as one that showed something else.
    seen = request.POST.get("seen", "")
    if do == "publish":
        publish_incident(by=by, incident=found, summary=typed["summary"], seen=seen, reason=typed["why"])
        if found.publication != Publication.PUBLISHED:
            return _("Saved, and off the public pages until somebody else publishes it.")
        return _("Published.")
    if do == "submit":
        submit_incident(by=by, incident=found, summary=typed["summary"], seen=seen, reason=typed["why"])
        return _("It waits for a publisher now.")
    if do in ("take_back", "send_back"):
        if do == "send_back" and not typed["why"].strip():
            raise ValidationError(RETURN_UNEXPLAINED)
        return_incident(incident=found, seen=seen, reason=typed["why"])
        return _("It is a draft again.")
    if do == "withdraw":
        withdraw_incident(by=by, incident=found, reason=typed["why"], seen=seen)
        return _("Withdrawn from publication.")
    move_incident(by=by, incident=found, to=do, reason=typed["reason"], seen=seen, why=typed["why"])
    return _("Now: %(status)s.") % {"status": found.get_status_display()}
