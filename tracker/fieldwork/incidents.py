"""Incidents: reported, checked step by step; and what the public reads of them is submitted, published, sent back
and withdrawn.

`by` is the account that acts, or None for a clock or a command. `seen` is the version that the page of the incident
showed (`incident_version`), or None where none did. ValidationError says what is wrong and how to mend it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker.core.admin_access import digest_of
from tracker.core.admin_questions import CORRECTION_UNEXPLAINED, WITHDRAWAL_UNEXPLAINED
from tracker.core.admin_steps import change_publication
from tracker.core.guarded import broken_rule
from tracker.core.identity import give_reason
from tracker.core.models import Publication, User
from tracker.core.publication import has_four_eyes
from tracker.elections.models import Election
from tracker.fieldwork.models import Incident, IncidentChange, Team
from tracker.stations.models import PollingStation

# From a status to those it may become. Nothing is ever forgotten: a dismissed incident can be taken up again.
INCIDENT_STEPS = {
    Incident.Status.REPORTED: (Incident.Status.CHECKING, Incident.Status.DISMISSED),
    Incident.Status.CHECKING: (
        Incident.Status.CONFIRMED,
        Incident.Status.DISMISSED,
        Incident.Status.REPORTED,
    ),
    Incident.Status.CONFIRMED: (Incident.Status.CHECKING,),
    Incident.Status.DISMISSED: (Incident.Status.CHECKING,),
}
# Steps that undo a decision, or make one against the report: they need a reason.
NEEDS_REASON = {
    (Incident.Status.REPORTED, Incident.Status.DISMISSED),
    (Incident.Status.CHECKING, Incident.Status.DISMISSED),
    (Incident.Status.CONFIRMED, Incident.Status.CHECKING),
    (Incident.Status.DISMISSED, Incident.Status.CHECKING),
}


@transaction.atomic
def report_incident(
    *,
    by: User | None,
    election: Election,
    category: str,
    severity: str,
    occurred_at: datetime,
    description: str,
    station: PollingStation | None = None,
    place: str = "",
    team: Team | None = None,
    submission_key: UUID | None = None,
) -> Incident:
    """Something went wrong. Not public until somebody publishes a summary. One key, one incident."""
    if station is not None and station.election_id != election.pk:
        raise ValidationError(
            {"station": _("This station belongs to another election; choose one of this election.")}
        )
    values: dict[str, Any] = {
        "election": election,
        "category": category,
        "severity": severity,
        "occurred_at": occurred_at,
        "description": description,
        "station": station,
        "place": place,
        "team": team,
    }
    Incident(**values).full_clean()
    if submission_key is None:
        incident, created = Incident.objects.create(**values), True
    else:
        incident, created = Incident.objects.get_or_create(submission_key=submission_key, defaults=values)
    if created:
        IncidentChange.objects.create(incident=incident, status=incident.status, at=timezone.now(), by=by)
    return incident


@transaction.atomic
def move_incident(
    *, by: User | None, incident: Incident, to: str, reason: str = "", seen: str | None = None, why: str = ""
) -> Incident:
    """One step in checking an incident (INCIDENT_STEPS). Some need a `reason` (NEEDS_REASON), which stays in the
    register; the public reads its status, so that of a public one needs a `why` as well, which everybody reads."""
    locked = _lock(incident, seen)
    status = Incident.Status(locked.status)
    if to not in INCIDENT_STEPS[status]:
        allowed = ", ".join(str(step.label) for step in INCIDENT_STEPS[status])
        words = _("This incident is “%(status)s”; from there it can become: %(allowed)s.")
        raise ValidationError(words % {"status": status.label, "allowed": allowed})
    if (status, Incident.Status(to)) in NEEDS_REASON and not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    _explain(locked, why)
    Incident.objects.filter(pk=locked.pk).update(status=to)
    IncidentChange.objects.create(incident=locked, status=to, at=timezone.now(), by=by, reason=reason)
    incident.refresh_from_db()
    return incident


def incident_version(incident: Incident) -> str:
    """Which version of `incident` is on record: it changes with everything that the incident says."""
    return digest_of(Incident.objects.filter(pk=incident.pk), ())


def changed_meanwhile() -> str:
    """What is said to whoever acts on a version that is not on record any more."""
    return _(
        "Nothing was done: this incident says something else than when you opened its page. This is how it is now, "
        "with what you typed; look at it, and press the button once more."
    )


@transaction.atomic
def submit_incident(
    *, by: User | None, incident: Incident, summary: str, seen: str | None = None, reason: str = ""
) -> Incident:
    """Hand the summary to whoever publishes. Under four eyes this is also how a public one is corrected, with a
    `reason`: it leaves the public pages until somebody else has published it."""
    locked = _lock(incident, seen)
    if locked.publication == Publication.PUBLISHED and not has_four_eyes(locked):
        raise ValidationError(_("It is public already: publish the new wording, or withdraw it first."))
    _write(locked, summary, Publication.SUBMITTED, reason)
    incident.refresh_from_db()
    return incident


@transaction.atomic
def publish_incident(
    *, by: User | None, incident: Incident, summary: str, seen: str | None = None, reason: str = ""
) -> Incident:
    """Show the summary, the category, where and when to the public; never who and never the description.

    Another wording of what is public needs a `reason`, which the public reads.
    """
    locked = _lock(incident, seen)
    _write(locked, summary, Publication.PUBLISHED, reason)
    incident.refresh_from_db()
    if incident.publication == Publication.PUBLISHED:
        note_publication(incident=incident, to=Publication.PUBLISHED, by=by)
    return incident


@transaction.atomic
def return_incident(*, incident: Incident, seen: str | None = None, reason: str = "") -> Incident:
    """Make a draft again of one that waits for a publisher; the `reason` is for whoever wrote it."""
    locked = _lock(incident, seen)
    if reason.strip():
        give_reason(reason.strip())
    if not change_publication(Incident.objects.filter(pk=locked.pk), Publication.DRAFT):
        raise ValidationError(_("This incident does not wait for a publisher any more."))
    incident.refresh_from_db()
    return incident


@transaction.atomic
def withdraw_incident(
    *, by: User | None, incident: Incident, reason: str, seen: str | None = None
) -> Incident:
    """Take an incident back from the public, which reads the `reason`."""
    locked = _lock(incident, seen)
    if locked.publication == Publication.PUBLISHED:
        if not reason.strip():
            raise ValidationError({"why": WITHDRAWAL_UNEXPLAINED})
        give_reason(reason.strip())
        change_publication(Incident.objects.filter(pk=locked.pk), Publication.WITHDRAWN)
        note_publication(incident=locked, to=Publication.WITHDRAWN, by=by)
    incident.refresh_from_db()
    return incident


def note_publication(*, by: User | None, incident: Incident, to: Publication) -> None:
    """Write into the steps of `incident` who showed it to the public, or took it back, and when."""
    IncidentChange.objects.create(
        incident=incident, status=incident.status, publication=to, at=timezone.now(), by=by
    )


def _lock(incident: Incident, seen: str | None) -> Incident:
    locked = Incident.objects.select_related("election").select_for_update(of=("self",)).get(pk=incident.pk)
    if seen is not None and seen != incident_version(locked):
        raise ValidationError(changed_meanwhile())
    return locked


def _write(locked: Incident, summary: str, to: Publication, reason: str) -> None:
    """Write the summary with its new state; the database has the last word on both."""
    if not summary.strip():
        raise ValidationError({"summary": _("Write the public summary before you publish.")})
    if summary != locked.summary or to != locked.publication:
        _explain(locked, reason)
    try:
        with transaction.atomic():
            Incident.objects.filter(pk=locked.pk).update(summary=summary, publication=to)
    except IntegrityError as error:
        raise ValidationError(broken_rule(error) or _("The database refuses this.")) from error


def _explain(locked: Incident, why: str) -> None:
    """Give the reason of a change to the page of corrections; without one, what is public stays as it is."""
    if not locked.is_released:
        return
    if not why.strip():
        raise ValidationError({"why": CORRECTION_UNEXPLAINED})
    give_reason(why.strip())
