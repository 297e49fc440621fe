"""Writing deployments, visits and observers of a file one by one, by the very rules of the forms.

Each function takes one record and returns the id of what it wrote; ValidationError says what stands in the way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _

from tracker.core.models import User
from tracker.fieldwork import actions
from tracker.fieldwork.models import Assessment, Deployment, Team, Visit
from tracker.ingest.kinds import Kind
from tracker.ingest.models import Upload, UploadedRecord
from tracker.ingest.people import PERSONAL, sealed_values
from tracker.ingest.uploads.comparing import Comparison
from tracker.missions.models import Mission, Observer, Person
from tracker.missions.people import enter_observer
from tracker.stations.models import PollingStation

SLICE = 500
WRITTEN = ("new", "changed")
LOCK = 7_234_002  # any number that no other advisory lock of the tracker uses


@dataclass(frozen=True)
class Recorded:
    """One record of a file on its way into the register: `values` as the register holds them, of which `takes` count.

    `now` is what is there, locked; None for a new one.
    """

    by: User | None
    values: Mapping[str, Any]
    takes: frozenset[str]
    now: Any

    def chosen(self, *names: str) -> dict[str, Any]:
        """Those of the named values that the file wins."""
        return {name: self.values[name] for name in names if name in self.takes}


def wait_for_turn(upload: Upload) -> None:
    """Let one file of field work in at a time for each election; forms go on meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, upload.election_id % 2**31])


def lock_rows(upload: Upload, kind: Kind) -> None:
    """Keep others from changing what the file would change, until the end of the transaction."""
    ids = list(upload.records.filter(kind=kind.name, action="changed").values_list("object_id", flat=True))
    list(kind.model._base_manager.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    if kind.personal:
        list(Person.objects.select_for_update().filter(observer__in=ids).order_by("pk").values_list("pk"))


def missions_of(upload: Upload, kind: Kind) -> list[int]:
    """The ids of the missions that the records of `upload` belong to."""
    comparison = Comparison(upload.election.slug, upload.election_id)
    rows = upload.records.filter(kind=kind.name, action__in=(*WRITTEN, "kept", "unchanged"))
    keys = set(rows.order_by().values_list("values__mission", flat=True).distinct())
    return [pk for key in keys if isinstance(pk := comparison.held(kind, "mission", key), int)]


def record_all(
    upload: Upload, kind: Kind, record: Callable[[Recorded], int], progress: Callable[[int], None]
) -> None:
    """Write every new and changed record of `upload`; `progress` is told how many are done."""
    comparison = Comparison(upload.election.slug, upload.election_id)
    rows = upload.records.filter(kind=kind.name, action__in=WRITTEN).order_by("id")
    done, last = 0, 0
    while part := list(rows.filter(id__gt=last)[:SLICE]):
        last = part[-1].pk
        values = _resolve(kind, comparison, part)
        held = kind.model._base_manager.in_bulk([row.object_id for row in part if row.action == "changed"])
        for row in part:
            if row.action == "changed" and row.object_id not in held:
                raise ValidationError(_about(row, _("it was deleted meanwhile. Check the file again.")))
            takes = frozenset(row.takes if row.action == "changed" else values[row.pk])
            try:
                written = record(
                    Recorded(upload.sent_by, values[row.pk], takes, held.get(row.object_id or 0))
                )
            except ValidationError as error:
                raise ValidationError(_about(row, " ".join(error.messages))) from error
            # The id that was set aside for it stays a gap.
            row.object_id = written
        UploadedRecord.objects.bulk_update(part, ["object_id"])
        done += len(part)
        progress(done)


def seal_records(upload: Upload, kind: Kind) -> None:
    """Put what is remembered of people's data in its place, before it is remembered."""
    rows = upload.records.filter(kind=kind.name).exclude(action="bad").order_by("id")
    last = 0
    while part := list(rows.filter(id__gt=last)[:SLICE]):
        last = part[-1].pk
        for row in part:
            row.values = sealed_values(row.values, row.key)
        UploadedRecord.objects.bulk_update(part, ["values"])


def _about(row: UploadedRecord, words: str) -> str:
    return _("Row %(row)d, %(label)s: %(words)s") % {"row": row.row, "label": row.label, "words": words}


def _resolve(kind: Kind, comparison: Comparison, part: list[UploadedRecord]) -> dict[int, dict[str, Any]]:
    """The values of these records by their id, referred records as such. One query for each model."""
    found = {
        row.pk: {name: comparison.held(kind, name, value) for name, value in row.values.items()}
        for row in part
    }
    models: dict[str, Any] = {
        "team": Team.objects.select_related("mission__organization", "mission__election"),
        "station": PollingStation.objects.select_related("country"),
        "assessment": Assessment.objects.all(),
        "mission": Mission.objects.all(),
    }
    for name, rows in models.items():
        known = rows.in_bulk({one[name] for one in found.values() if isinstance(one.get(name), int)})
        for one in found.values():
            if one.get(name) is not None:
                one[name] = known.get(one[name])
                if one[name] is None:
                    raise ValidationError(
                        _("Something that the file speaks of is gone. Check the file again.")
                    )
    return found


def record_deployment(one: Recorded) -> int:
    """Plan a slot, or move it; then confirm it or call it off, where the file says so."""
    said = ("team", "station", "starts_at", "ends_at", "notes")
    plan: Deployment
    if one.now is None:
        plan = actions.plan_deployment(by=one.by, **{name: one.values[name] for name in said})
    else:
        plan = one.now
        if changes := one.chosen(*said):
            actions.change_deployment(by=one.by, deployment=plan, **changes)
    wanted = one.values["status"] if "status" in one.takes else plan.status
    if wanted != plan.status:
        if wanted == Deployment.Status.CALLED_OFF:
            actions.call_off_deployment(by=one.by, deployment=plan)
        else:
            actions.confirm_deployment(by=one.by, deployment=plan)
    return plan.pk


def record_visit_of(one: Recorded) -> int:
    """Enter a visit, or correct it; then submit it, where the file says so."""
    said = ("station", "phase", "arrived_at", "departed_at", "assessment", "findings")
    submit = one.values.get("status") == Visit.Status.SUBMITTED and "status" in one.takes
    visit: Visit
    if one.now is None:
        entered: dict[str, Any] = {name: one.values[name] for name in ("team", *said)}
        visit = actions.record_visit(by=one.by, submit=submit, **entered)
    else:
        visit = one.now
        if changes := one.chosen(*said):
            actions.correct_visit(by=one.by, visit=visit, **changes)
        if submit:
            actions.submit_visit(by=one.by, visit=visit)
    return visit.pk


def record_observer(one: Recorded) -> int:
    """Enter an observer with the person behind the code, or correct what the file wins of them."""
    observer: Observer = one.now or Observer(mission=one.values["mission"], code=one.values["code"])
    enter_observer(
        observer=observer,
        role=one.values["role"] if "role" in one.takes else None,
        person=one.chosen(*PERSONAL),
    )
    if "teams" in one.takes:
        found = observer.mission.teams.filter(pk__in=one.values["teams"])
        if len(found) != len(one.values["teams"]):
            raise ValidationError(_("Something that the file speaks of is gone. Check the file again."))
        observer.teams.set(found)
    return observer.pk
