"""Writes of field work. Each is one transaction; ValidationError says what is wrong and how to mend it.

`by` is the account that acts, or None for a clock or a command. All instants are aware datetimes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker.core.models import Country, Publication, User
from tracker.elections.models import Constituency
from tracker.fieldwork.incidents import report_incident
from tracker.fieldwork.models import Assessment, Deployment, Incident, Team, Visit
from tracker.missions.models import Mission, Observer
from tracker.stations.models import PollingStation

# A telephone's clock may run ahead a little; a visit of tomorrow is a mistyped one.
CLOCKS_APART = timedelta(minutes=15)


@transaction.atomic
def create_team(
    *,
    by: User | None,
    mission: Mission,
    name: str,
    kind: str,
    members: Sequence[Observer],
    area: str = "",
    area_country: Country | None = None,
    area_constituency: Constituency | None = None,
) -> Team:
    """A team of two or more observers of `mission`."""
    _require_members(mission, members)
    team = Team(
        mission=mission,
        name=name,
        kind=kind,
        area=area,
        area_country=area_country,
        area_constituency=area_constituency,
    )
    team.full_clean()
    team.save()
    team.members.set(members)
    return team


@transaction.atomic
def change_team(*, by: User | None, team: Team, members: Sequence[Observer], **changes: Any) -> Team:
    """Change name, kind, area and members of a team; its mission stays."""
    unknown = changes.keys() - {"name", "kind", "area", "area_country", "area_constituency"}
    if unknown:
        raise TypeError(f"cannot change {', '.join(sorted(unknown))}")
    _require_members(team.mission, members)
    for name, value in changes.items():
        setattr(team, name, value)
    team.full_clean()
    team.save()
    team.members.set(members)
    return team


def _require_members(mission: Mission, members: Sequence[Observer]) -> None:
    if len({member.pk for member in members}) < 2:
        raise ValidationError({"members": _("A team has two or more observers; add another.")})
    strangers = [member.code for member in members if member.mission_id != mission.pk]
    if strangers:
        words = _("Not of this mission: %(codes)s. Choose observers of the mission.")
        raise ValidationError({"members": words % {"codes": ", ".join(strangers)}})


def _require_one_election(team: Team, station: PollingStation) -> None:
    if station.election_id != team.mission.election_id:
        words = _(
            "%(station)s belongs to another election than the team %(team)s; choose a station of its election."
        )
        raise ValidationError({"station": words % {"station": station, "team": team}})


@transaction.atomic
def plan_deployment(
    *,
    by: User | None,
    team: Team,
    station: PollingStation,
    starts_at: datetime,
    ends_at: datetime,
    notes: str = "",
) -> Deployment:
    """Plan `team` at `station` from `starts_at` until `ends_at`."""
    _require_one_election(team, station)
    deployment = Deployment(
        team=team,
        mission=team.mission,
        election=team.mission.election,
        station=station,
        starts_at=starts_at,
        ends_at=ends_at,
        notes=notes,
    )
    deployment.full_clean()
    deployment.save()
    return deployment


MOVABLE = frozenset(("team", "station", "starts_at", "ends_at", "notes"))


@transaction.atomic
def change_deployment(*, by: User | None, deployment: Deployment, **changes: Any) -> Deployment:
    """Move a plan: another team, station or slot. What the mission had confirmed must be confirmed anew."""
    unknown = changes.keys() - MOVABLE
    if unknown:
        raise TypeError(f"cannot change {', '.join(sorted(unknown))}")
    locked = Deployment.objects.select_for_update(of=("self",)).get(pk=deployment.pk)
    if locked.status == Deployment.Status.CALLED_OFF:
        raise ValidationError(_("This deployment is called off; plan a new one."))
    moved = any(getattr(locked, name) != value for name, value in changes.items() if name != "notes")
    for name, value in changes.items():
        setattr(locked, name, value)
    locked.mission, locked.election = locked.team.mission, locked.team.mission.election
    _require_one_election(locked.team, locked.station)
    if moved:
        locked.status = Deployment.Status.PLANNED
    locked.full_clean()
    locked.save()
    deployment.refresh_from_db()
    return deployment


def _step(row: Deployment | Visit, allowed: Sequence[str], **values: Any) -> bool:
    """Change `row` only if its status is still one of `allowed`; whether it was."""
    if isinstance(row, Visit):
        values["version"] = F("version") + 1
    changed = type(row).objects.filter(pk=row.pk, status__in=allowed).update(**values)
    row.refresh_from_db()
    return bool(changed)


@transaction.atomic
def confirm_deployment(*, by: User | None, deployment: Deployment) -> Deployment:
    """The mission confirms what was planned."""
    if not _step(deployment, [Deployment.Status.PLANNED], status=Deployment.Status.CONFIRMED):
        raise ValidationError(_("Only a planned deployment can be confirmed; reload to see what it is now."))
    return deployment


@transaction.atomic
def call_off_deployment(*, by: User | None, deployment: Deployment) -> Deployment:
    """The team will not go. The plan stays on record and no longer counts."""
    alive = [Deployment.Status.PLANNED, Deployment.Status.CONFIRMED]
    if not _step(deployment, alive, status=Deployment.Status.CALLED_OFF):
        raise ValidationError(_("This deployment is called off already."))
    return deployment


def record_visit(
    *,
    by: User | None,
    team: Team,
    station: PollingStation,
    phase: str,
    arrived_at: datetime,
    departed_at: datetime | None = None,
    assessment: Assessment | None = None,
    findings: str = "",
    submission_key: UUID | None = None,
    submit: bool = True,
) -> Visit:
    """A visit as a draft or, with `submit`, at once submitted.

    The same `submission_key` again gives the visit that was recorded first, unchanged: a form sent twice, also in
    the same instant, is one visit.
    """
    _require_one_election(team, station)
    if assessment is not None and assessment.mission_id != team.mission_id:
        words = _("“%(word)s” is not on the scale of %(mission)s; choose a step of its own scale.")
        named = {"word": assessment.label, "mission": team.mission.organization.short_name}
        raise ValidationError({"assessment": words % named})
    now = timezone.now()
    values: dict[str, Any] = {
        "team": team,
        "mission": team.mission,
        "election": team.mission.election,
        "station": station,
        "phase": phase,
        "arrived_at": arrived_at,
        "departed_at": departed_at,
        "assessment": assessment,
        "findings": findings,
        "status": Visit.Status.SUBMITTED if submit else Visit.Status.DRAFT,
        "created_by": by,
        "submitted_by": by if submit else None,
        "submitted_at": now if submit else None,
    }
    Visit(**values).full_clean()
    if submission_key is None:
        return Visit.objects.create(**values)
    with transaction.atomic():
        # In a race the unique key refuses the second, which then reads the first.
        visit, _created = Visit.objects.get_or_create(submission_key=submission_key, defaults=values)
    return visit


# What one form says of an incident.
INCIDENT_SAID = ("category", "severity", "occurred_at", "description")


class Changed(ValidationError):
    """Somebody changed the visit meanwhile, or it was received with other words: nothing was written."""

    def __init__(self, message: str, visit: Visit) -> None:
        super().__init__(message, code="changed")
        self.visit = visit


@transaction.atomic
def enter_visit(
    *,
    by: User | None,
    submission_key: UUID,
    submit: bool,
    incident: dict[str, Any] | None = None,
    assumed: Sequence[str] = (),
    **said: Any,
) -> Visit:
    """What one form says, at once: the visit and, with `incident`, what went wrong there (arguments of
    `report_incident` apart from election, station and team).

    Sent again with the same words it changes nothing. With other words it changes a draft of the same hand that
    nobody touched since that form wrote it, and is refused (Changed) in every other case: a visit that was submitted,
    corrected or opened again is no longer the form's. `assumed` are the values nobody typed, such as the hour of a
    form without one: they differ each time it is sent, and mean nothing.
    """
    record_visit(by=by, submission_key=submission_key, submit=submit, **said)
    visit = Visit.objects.select_for_update().get(submission_key=submission_key)
    same = _says(visit, said, assumed)
    if not same or (submit and visit.status == Visit.Status.DRAFT):
        own = by is not None and visit.created_by_id == by.pk and visit.team_id == said["team"].pk
        if not own or visit.status != Visit.Status.DRAFT or visit.version != visit.key_version:
            words = _(
                "This form was received before, and the visit was submitted or changed since. Nothing was "
                "overwritten. Open the visit to see what it says now, and correct it there."
            )
            raise Changed(words, visit)
        if not same:
            changes = {name: said[name] for name in CORRECTABLE & said.keys()}
            correct_visit(by=by, visit=visit, **changes)
        if submit:
            submit_visit(by=by, visit=visit)
        Visit.objects.filter(pk=visit.pk).update(key_version=F("version"))
        visit.refresh_from_db()
    if incident is not None:
        _enter_incident(by=by, visit=visit, said=incident, assumed=assumed)
    return visit


def _says(row: Visit | Incident, said: dict[str, Any], assumed: Sequence[str] = ()) -> bool:
    """Whether `row` says the same as `said`, apart from what is `assumed`."""
    return all(getattr(row, name) == value for name, value in said.items() if name not in assumed)


def _enter_incident(*, by: User | None, visit: Visit, said: dict[str, Any], assumed: Sequence[str]) -> None:
    """The incident of the form of `visit`. Sent again with other words it changes while nobody has taken it up."""
    made = report_incident(by=by, election=visit.election, station=visit.station, team=visit.team, **said)
    found = Incident.objects.select_for_update().get(pk=made.pk)
    words = {name: said[name] for name in INCIDENT_SAID if name in said} | {"station": visit.station}
    if _says(found, words, ("occurred_at",) if "arrived_at" in assumed else ()):
        return
    steps = list(found.changes.all()[:2])
    if len(steps) != 1 or by is None or steps[0].by_id != by.pk or found.publication != Publication.DRAFT:
        text = _(
            "The incident of this form was received before and somebody has taken it up since. Nothing was "
            "overwritten. Open the visit to see it, and report what is new as another incident."
        )
        raise Changed(text, visit)
    for name, value in words.items():
        setattr(found, name, value)
    found.full_clean()
    found.save()


@transaction.atomic
def submit_visit(*, by: User | None, visit: Visit) -> Visit:
    """From now on the visit counts."""
    now = timezone.now()
    if not _step(
        visit,
        [Visit.Status.DRAFT],
        status=Visit.Status.SUBMITTED,
        submitted_at=now,
        submitted_by=by,
    ):
        raise ValidationError(_("This visit is submitted already."))
    return visit


@transaction.atomic
def verify_visit(*, by: User | None, visit: Visit) -> Visit:
    """Somebody looked at a submitted visit and found it in order."""
    now = timezone.now()
    if not _step(
        visit, [Visit.Status.SUBMITTED], status=Visit.Status.VERIFIED, verified_at=now, verified_by=by
    ):
        raise ValidationError(_("Only a submitted visit can be verified; reload to see what it is now."))
    return visit


@transaction.atomic
def reopen_visit(*, by: User | None, visit: Visit) -> Visit:
    """Back to a draft: it no longer counts until it is submitted again."""
    nobody = {"submitted_at": None, "submitted_by": None, "verified_at": None, "verified_by": None}
    if not _step(visit, Visit.COUNTING, status=Visit.Status.DRAFT, **nobody):
        raise ValidationError(_("This visit is a draft already."))
    return visit


CORRECTABLE = frozenset(("station", "phase", "arrived_at", "departed_at", "assessment", "findings"))


@transaction.atomic
def correct_visit(*, by: User | None, visit: Visit, seen: int | None = None, **changes: Any) -> Visit:
    """Correct what a visit says (station, phase, times, assessment, findings). A verified one must be verified anew.

    `seen` is the version that was on the screen: if the visit changed since, it is refused (Changed).
    """
    unknown = changes.keys() - CORRECTABLE
    if unknown:
        raise TypeError(f"cannot correct {', '.join(sorted(unknown))}")
    locked = Visit.objects.select_for_update().get(pk=visit.pk)
    if seen is not None and locked.version != seen:
        raise Changed(
            _("This visit changed meanwhile. Your text is below and nothing was overwritten."), locked
        )
    for name, value in changes.items():
        setattr(locked, name, value)
    _require_one_election(locked.team, locked.station)
    if locked.status == Visit.Status.VERIFIED:
        locked.status, locked.verified_at, locked.verified_by = Visit.Status.SUBMITTED, None, None
    locked.version += 1
    locked.full_clean()
    locked.save()
    visit.refresh_from_db()
    return visit
