"""Deciding many applications at once: prepare, see what would happen row by row, confirm, carry out.

What is shown and what is done rest on the same rules (`actions.check_step`, `actions.Room`, `actions.badge_days`) and
the same order: who applied first is decided first. Rows are decided one by one, each in its own transaction, so that
one that is refused by a rule does not stop the others, and a second confirmation, or a job that is begun again, finds
nothing left to do.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tracker.core.jobs import Progress, check_still_allowed, start_job
from tracker.core.models import User
from tracker.elections.models import Election
from tracker.missions import actions
from tracker.missions.models import Accreditation, BulkDecision, BulkDecisionRow, Category

To, Outcome = BulkDecision.To, BulkDecisionRow.Outcome

JOB_KIND = "decide_accreditations"
MAY_DECIDE = "missions.change_accreditation"
# More than these would keep the person who confirms waiting: a job decides them.
AT_ONCE = 100
# What nobody confirmed for so long was only looked at.
FORGOTTEN = timedelta(days=1)


@transaction.atomic
def prepare(
    *,
    by: User,
    election: Election,
    to: str,
    rows: QuerySet[Accreditation],
    reason: str = "",
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> BulkDecision:
    """Write down what `by` is about to decide on `rows`, each as it stands now. Nothing is decided yet."""
    decision = BulkDecision(election=election, to=to, reason=reason.strip(), by=by)
    if to == To.ACCREDITED:
        decision.valid_from, decision.valid_until = valid_from, valid_until
    decision.full_clean()
    found = list(rows.filter(election=election).order_by().values_list("pk", "status"))
    if not found:
        raise ValidationError(_("Choose at least one application."))
    BulkDecision.objects.filter(by=by, confirmed_at=None, prepared_at__lt=timezone.now() - FORGOTTEN).delete()
    decision.save()
    BulkDecisionRow.objects.bulk_create(
        BulkDecisionRow(decision=decision, accreditation_id=pk, seen=status) for pk, status in found
    )
    return decision


@dataclass(frozen=True)
class Forecast:
    """What confirming would do to one application. `problem` says why nothing, and is empty otherwise."""

    row: BulkDecisionRow
    problem: str
    # Of a badge: its days, and how many more the category's quota leaves after it (None: no limit).
    days: actions.Days | None = None
    left: int | None = None


def forecast(decision: BulkDecision) -> list[Forecast]:
    """What confirming `decision` now would do, row by row in the order in which it would be done."""
    election = decision.election
    rules = {code: actions.rule_of(election, code) for code in Category.values}
    rooms = {code: actions.room_of(election.pk, code, rule) for code, rule in rules.items()}
    found = []
    for row in decision_rows(decision):
        application = row.accreditation
        application.election = election
        room, days = rooms[application.category], None
        try:
            moment = actions.step_moment(application)
            actions.check_step(application, decision.to, moment=moment, seen=row.seen)
            if decision.to == To.ACCREDITED:
                if problem := room.problem(application):
                    raise ValidationError(problem)
                days = actions.badge_days(
                    election, rules[application.category], decision.valid_from, decision.valid_until
                )
                room.add(application)
            elif application.status == Accreditation.Status.ACCREDITED:
                room.add(application, -1)
        except ValidationError as problems:
            found.append(Forecast(row, " ".join(problems.messages)))
        else:
            found.append(Forecast(row, "", days, room.left))
    return found


def fingerprint(forecasts: list[Forecast]) -> str:
    """What stands for `forecasts` in a form: which rows, what becomes of each, and the days of the badges."""
    said = [
        [
            found.row.accreditation_id,
            found.row.seen,
            bool(found.problem),
            found.days and list(map(str, found.days)),
        ]
        for found in forecasts
    ]
    return sha256(json.dumps(said).encode()).hexdigest()


def decision_rows(decision: BulkDecision) -> QuerySet[BulkDecisionRow]:
    """The applications of a decision with who they are about, in the order in which they are decided."""
    return decision.rows.select_related(
        "accreditation__observer__mission__organization", "accreditation__outlet"
    ).order_by("accreditation__applied_at", "accreditation_id")


class Changed(ValidationError):
    """What would happen now is not what was shown to whoever confirms."""


def confirm(*, by: User, decision: BulkDecision, shown: str | None = None) -> BulkDecision:
    """Carry out what was prepared; many rows in the background. A second confirmation does nothing twice.

    `shown` is the `fingerprint` of what the person saw: if confirming would do anything else by now, nothing is done
    (Changed). The election is locked first, so that no colleague gives a badge in between.
    """
    with transaction.atomic():
        actions.locked_election(decision.election_id)
        decision = BulkDecision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
        if decision.confirmed_at is None:
            forecasts = forecast(decision)
            if shown is not None and shown != fingerprint(forecasts):
                raise Changed(
                    _(
                        "Applications, badges or the rule changed after this was shown; look again, then confirm."
                    )
                )
            # What was shown holds for a job as well, whatever becomes of the rule until it comes to the last row.
            days = {found.days for found in forecasts if found.days}
            if len(days) == 1:
                decision.valid_from, decision.valid_until = days.pop()
            decision.by, decision.confirmed_at = by, timezone.now()
            if decision.rows.count() > AT_ONCE:
                decision.job = start_job(by=by, kind=JOB_KIND, arguments={"decision": decision.pk})
            decision.save()
    if decision.job_id is None:
        carry_out(decision)
    return decision


def carry_out(decision: BulkDecision, progress: Progress = lambda done, total: None) -> None:
    """Decide the rows of a confirmed decision that are not decided yet; PermissionDenied if its hand may no more."""
    # In whose name it is done, whoever began the job again.
    check_still_allowed(decision.by, MAY_DECIDE)
    rows = list(
        decision.rows.order_by("accreditation__applied_at", "accreditation_id").values_list("pk", "outcome")
    )
    for done, (pk, outcome) in enumerate(rows, 1):
        if not outcome:
            _decide_row(decision, pk)
        progress(done, len(rows))


@transaction.atomic
def _decide_row(decision: BulkDecision, pk: int) -> None:
    row = BulkDecisionRow.objects.select_for_update(of=("self",)).filter(pk=pk, outcome="").first()
    if row is None:  # somebody else did it meanwhile, or the application is gone
        return
    try:
        with transaction.atomic():
            _decide(decision, row)
        row.outcome = Outcome.DONE
    except ValidationError as problem:
        if getattr(problem, "code", None) == actions.ALREADY:
            row.outcome = Outcome.ALREADY
        else:
            row.outcome, row.problem = Outcome.NOT, " ".join(problem.messages)
    row.save()


def _decide(decision: BulkDecision, row: BulkDecisionRow) -> None:
    application = row.accreditation
    if decision.to == To.ACCREDITED:
        actions.accredit(
            by=decision.by, accreditation=application, valid_from=decision.valid_from,
            valid_until=decision.valid_until, reason=decision.reason, seen=row.seen,
        )  # fmt: skip
    elif decision.to == To.REFUSED:
        actions.refuse(by=decision.by, accreditation=application, reason=decision.reason, seen=row.seen)
    else:
        actions.withdraw(by=decision.by, accreditation=application, reason=decision.reason, seen=row.seen)


@dataclass(frozen=True)
class Outcomes:
    """How many applications of a decision ended how."""

    done: int
    already: int
    refused: int
    open: int

    @property
    def total(self) -> int:
        return self.done + self.already + self.refused + self.open


def outcomes(decision: BulkDecision) -> Outcomes:
    """What came of a confirmed decision so far."""
    rows = decision.rows.order_by()
    counts = dict(rows.values_list("outcome").annotate(Count("pk")))
    return Outcomes(
        counts.get(Outcome.DONE, 0),
        counts.get(Outcome.ALREADY, 0),
        counts.get(Outcome.NOT, 0),
        counts.get("", 0),
    )
