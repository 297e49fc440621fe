"""What the accreditation officer reads: the queue of an election, its rules and quotas. Nothing here is public."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from tracker.core.models import User
from tracker.core.roles import may_everywhere, permission
from tracker.core.timezones import to_local, to_utc
from tracker.elections.models import Election
from tracker.elections.queries import present_moment
from tracker.missions.actions import ALIVE, Days, Room, proposed_days, room_of, rule_of
from tracker.missions.models import Accreditation, AccreditationRule, Category, Mission, Observer, Outlet

Status = Accreditation.Status


def applications(election: Election, by: User) -> QuerySet[Accreditation]:
    """The applications in `election` that `by` may see with who they are about, to be listed without more queries."""
    return (
        Accreditation.objects.visible_to(by)
        .filter(election=election)
        .select_related(
            "observer__mission__organization", "observer__person", "outlet__country", "media_person"
        )
    )


def waiting_days(application: Accreditation, election: Election) -> int | None:
    """Full days in the election's zone since the application came; None once it is decided.

    People's applications are dated in real time; those that came with a demonstration may lie ahead of it and wait by
    its simulated clock.
    """
    if application.status != Status.APPLIED:
        return None
    now = timezone.now()
    if application.applied_at > now:
        now = present_moment(election)
    today, came = (to_local(moment, election.timezone_id).date() for moment in (now, application.applied_at))
    return max(0, (today - came).days)


@dataclass(frozen=True)
class Deadline:
    """One moment of a rule. `passed` is whether it lies behind, `overdue` whether somebody missed it."""

    at: datetime | None
    passed: bool
    overdue: bool = False


@dataclass(frozen=True)
class Standing:
    """How one category stands: applications by status, the rule, its quota and its deadlines."""

    category: str
    label: str
    counts: dict[str, int]
    rule: AccreditationRule | None
    # None for whoever sees only their own applications: how much is used tells of all.
    room: Room | None
    opens: Deadline
    closes: Deadline
    due: Deadline

    @property
    def rows(self) -> list[tuple[str, str, int]]:
        """(status, its name, number); statuses nobody has are rows."""
        return [(status.value, str(status.label), self.counts.get(status, 0)) for status in Status]


def standings(election: Election, by: User) -> list[Standing]:
    """Each category's standing by what `by` may see, categories without an application or a rule included."""
    whole = may_everywhere(by, permission(Accreditation, "view"))
    now = present_moment(election)
    counts: dict[str, dict[str, int]] = {code: {} for code in Category.values}
    mine = Accreditation.objects.visible_to(by).filter(election=election)
    rows = mine.order_by().values_list("category", "status")
    for category, status, number in rows.annotate(Count("pk")):
        counts[category][status] = number
    rules = {rule.category: rule for rule in AccreditationRule.objects.filter(election=election)}

    def deadline(moment: datetime | None, *, missed: int = 0) -> Deadline:
        passed = moment is not None and moment <= now
        return Deadline(moment, passed, passed and missed > 0)

    found = []
    for category in Category:
        rule, number = rules.get(category), counts[category].get(Status.APPLIED, 0)
        found.append(
            Standing(
                category.value, str(category.label), counts[category], rule,
                room_of(election.pk, category, rule) if whole else None,
                deadline(rule.opens_at if rule else None),
                deadline(rule.closes_at if rule else None),
                deadline(rule.decided_by if rule else None, missed=number),
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class ElectionAtDesk:
    election: Election
    waiting: int
    badges: int


def elections_at_desk(by: User) -> list[ElectionAtDesk]:
    """The elections that `by` may see, the latest first, with the applications that wait and the badges given."""
    counts: dict[tuple[int, str], int] = {
        (election, status): number
        for election, status, number in Accreditation.objects.visible_to(by)
        .order_by()
        .values_list("election", "status")
        .annotate(Count("pk"))
    }
    return [
        ElectionAtDesk(
            election,
            counts.get((election.pk, Status.APPLIED), 0),
            counts.get((election.pk, Status.ACCREDITED), 0),
        )
        for election in Election.objects.visible_to(by).order_by("-starts_on", "slug")
    ]


def senders(election: Election, by: User) -> tuple[list[Mission], list[Outlet]]:
    """The missions and outlets that have sent an application to `election` that `by` may see."""
    mine = Accreditation.objects.visible_to(by).filter(election=election).order_by()
    missions = Mission.objects.filter(pk__in=mine.values("observer__mission"))
    outlets = Outlet.objects.filter(pk__in=mine.values("outlet"))
    return (
        list(missions.select_related("organization").order_by("organization__name")),
        list(outlets.order_by("name")),
    )


def observers_without(mission: Mission) -> QuerySet[Observer]:
    """The observers of `mission` who have neither an application that waits nor a badge."""
    alive = Accreditation.objects.filter(status__in=ALIVE, observer__mission=mission).values("observer")
    return Observer.objects.filter(mission=mission).exclude(pk__in=alive).order_by("code")


@dataclass(frozen=True)
class QueueRow:
    """An application in the queue; `waiting` counts full days and is None once it is decided."""

    application: Accreditation
    waiting: int | None


def queue_rows(found: Iterable[Accreditation], election: Election) -> list[QueueRow]:
    """The applications `found` with how long each has waited."""
    return [QueueRow(row, waiting_days(row, election)) for row in found]


def has_waited(election: Election, days: int) -> Q:
    """The condition of applications that have waited `days` full days by now, as `waiting_days` counts them."""

    def before(moment: datetime) -> datetime:
        today = to_local(moment, election.timezone_id).date()
        return to_utc(today - timedelta(days=days - 1), time(0), election.timezone_id)

    now = timezone.now()
    real = Q(applied_at__lte=now, applied_at__lt=before(now))
    return real | Q(applied_at__gt=now, applied_at__lt=before(present_moment(election)))


def local_today(election: Election) -> date:
    """The day it is in the election's zone."""
    return to_local(present_moment(election), election.timezone_id).date()


@dataclass(frozen=True)
class Proposal:
    """What accrediting one application now would do. `problem` says why it could not be done."""

    days: Days
    left: int | None
    problem: str


def proposal(application: Accreditation) -> Proposal:
    """The badge that would be proposed for `application`."""
    election = application.election
    rule = rule_of(election, application.category)
    room = room_of(election.pk, application.category, rule)
    problem = room.problem(application)
    if not problem:
        room.add(application)
    return Proposal(proposed_days(election, rule), room.left, problem)


def others_of(application: Accreditation, by: User) -> QuerySet[Accreditation]:
    """Earlier and later applications of the same person in the same election, as far as `by` may see them."""
    rows = (
        Accreditation.objects.visible_to(by)
        .filter(election=application.election_id)
        .exclude(pk=application.pk)
    )
    if application.observer_id:
        return rows.filter(observer=application.observer_id)
    if application.media_person_id:
        return rows.filter(media_person=application.media_person_id)
    return rows.none()
