"""What is done to accreditations. Every step is guarded, dated and written down with who took it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tracker.core.models import User
from tracker.core.timezones import NonexistentLocalTime, to_local, to_utc
from tracker.elections.models import Election
from tracker.elections.queries import present_moment
from tracker.missions.models import (
    Accreditation,
    AccreditationChange,
    AccreditationRule,
    Category,
    Observer,
    Outlet,
    Person,
)
from tracker.missions.numbers import is_number, normalized_number, propose_number

Status = Accreditation.Status
# The only steps there are. What is refused, withdrawn or expired stays so; a new application begins anew.
STEPS: dict[str, tuple[str, ...]] = {
    Status.APPLIED: (Status.ACCREDITED, Status.REFUSED, Status.WITHDRAWN),
    Status.ACCREDITED: (Status.WITHDRAWN, Status.EXPIRED),
    Status.REFUSED: (),
    Status.WITHDRAWN: (),
    Status.EXPIRED: (),
}
ALIVE = (Status.APPLIED, Status.ACCREDITED)
TRIES = 8
LOCK_CLASS = 0x616363  # "acc": the first half of the advisory lock's key


# --- applying


@transaction.atomic
def apply_for_observer(*, by: User, observer: Observer, at: datetime | None = None) -> Accreditation:
    """Enter the application of `observer` in the election of its mission, dated `at` (now)."""
    election = locked_election(observer.mission.election_id)
    application = Accreditation(election=election, category=Category.OBSERVER, observer=observer)
    return _apply(application, by=by, at=at)


@transaction.atomic
def apply_for_media(
    *, by: User, election: Election, outlet: Outlet, person: Person, at: datetime | None = None
) -> Accreditation:
    """Enter the application of `person`, whom `outlet` sends to `election`, dated `at` (now)."""
    application = Accreditation(
        election=locked_election(election.pk), category=Category.MEDIA, outlet=outlet, media_person=person
    )
    return _apply(application, by=by, at=at)


@transaction.atomic
def enter_media(
    *, by: User, election: Election, outlet: Outlet, person: Person, at: datetime | None = None
) -> Accreditation:
    """Enter the application of a media person with everything it needs: `outlet` and `person` may be new.

    An outlet of the same name and country is the same outlet. A person is the same only if name and passport number
    are those of a media person on record: two colleagues may have one name, and whoever may not see people must not
    learn from an answer who is on record.
    """
    if outlet._state.adding:
        outlet.name = outlet.name.strip()
        outlet = Outlet.objects.filter(name__iexact=outlet.name, country=outlet.country_id).first() or outlet
    if person._state.adding and person.document_number:
        known = Person.objects.filter(
            full_name__iexact=person.full_name,
            document_number=person.document_number,
            accreditations__isnull=False,
        )
        person = known.order_by("pk").first() or person
    for record in (outlet, person):
        if record._state.adding:
            record.full_clean()
            record.save()
    return apply_for_media(by=by, election=election, outlet=outlet, person=person, at=at)


def check_application(application: Accreditation, at: datetime | None = None) -> None:
    """Raise ValidationError if `application`, not yet saved, comes too early, too late or a second time.

    It comes at `at` or, without one, now by the clock of the election: a demonstration's may be a simulated one.
    """
    election = application.election
    at = at or present_moment(election)
    rule = rule_of(election, application.category)
    if rule and rule.opens_at and at < rule.opens_at:
        words = _("Applications open on %(moment)s; enter it again from then on, or correct the rule.")
        raise ValidationError(words % {"moment": local_moment(rule.opens_at, election)})
    if rule and rule.closes_at and at >= rule.closes_at:
        words = _("Applications closed on %(moment)s; the election's accreditation rule sets this deadline.")
        raise ValidationError(words % {"moment": local_moment(rule.closes_at, election)})
    alive = Accreditation.objects.filter(election=election, status__in=ALIVE)
    if application.observer_id and alive.filter(observer_id=application.observer_id).exists():
        raise ValidationError(
            _("This observer already has an application or a badge; decide or withdraw that one first.")
        )
    if application.media_person_id and alive.filter(media_person_id=application.media_person_id).exists():
        raise ValidationError(
            _("This person already has an application or a badge; decide or withdraw that one first.")
        )


def _apply(application: Accreditation, *, by: User, at: datetime | None) -> Accreditation:
    application.applied_at = at or timezone.now()
    check_application(application, at)
    application.full_clean()
    application.save()
    _note(application, by=by, at=application.applied_at)
    return application


# --- deciding


@transaction.atomic
def accredit(
    *,
    by: User,
    accreditation: Accreditation,
    number: str = "",
    valid_from: date | None = None,
    valid_until: date | None = None,
    reason: str = "",
    at: datetime | None = None,
    seen: str = "",
) -> Accreditation:
    """Give the badge. What is left empty is proposed: the number, and the days of the rule or of the election.

    The election is locked first, so that two officers at once cannot exceed a quota. `seen` is the status
    that the officer saw: what became another one meanwhile is left alone.
    """
    election = locked_election(accreditation.election_id)
    row = _step(accreditation, Status.ACCREDITED, reason=reason, at=at, seen=seen)
    rule = rule_of(election, row.category)
    check_quotas(row, rule)
    row.valid_from, row.valid_until = badge_days(election, rule, valid_from, valid_until)
    _save_with_number(row, number)
    _note(row, by=by, at=_moment(row))
    return row


@transaction.atomic
def refuse(
    *, by: User, accreditation: Accreditation, reason: str, at: datetime | None = None, seen: str = ""
) -> Accreditation:
    """Refuse the application, for a reason that stays inside the register."""
    if not reason.strip():
        raise ValidationError(_("Say why it is refused; the reason stays inside the register."))
    row = _step(accreditation, Status.REFUSED, reason=reason, at=at, seen=seen)
    row.save()
    _note(row, by=by, at=_moment(row))
    return row


@transaction.atomic
def withdraw(
    *, by: User, accreditation: Accreditation, reason: str, at: datetime | None = None, seen: str = ""
) -> Accreditation:
    """Take the badge back, or the application: the mission's or outlet's own wish, or the officer's decision."""
    if not reason.strip():
        raise ValidationError(_("Say why it is withdrawn; the reason stays inside the register."))
    row = _step(accreditation, Status.WITHDRAWN, reason=reason, at=at, seen=seen)
    row.save()
    _note(row, by=by, at=_moment(row))
    return row


@transaction.atomic
def expire_accreditations(*, on: date) -> int:
    """Mark every badge whose last day lies before `on` as expired; how many. A clock does it, not a person.

    The step is dated when the badge ceased to be good, at the end of its last day in the election's zone, however
    late the clock comes; never before the step that gave the badge.
    """
    over = Accreditation.objects.filter(status=Status.ACCREDITED, valid_until__lt=on)
    rows = list(over.select_related("election").select_for_update(of=("self",)).order_by("pk"))
    for row in rows:
        row.status, row.decided_at, row.reason = Status.EXPIRED, max(_end_of(row), _moment(row)), ""
    Accreditation.objects.bulk_update(rows, ["status", "decided_at", "reason"])
    AccreditationChange.objects.bulk_create(
        AccreditationChange(accreditation=row, status=Status.EXPIRED, at=_moment(row)) for row in rows
    )
    return len(rows)


def _end_of(row: Accreditation) -> datetime:
    """The moment, on the clock of the election, at which the last day of the badge is over."""
    assert row.valid_until  # noqa: S101 - a badge has it, says the database
    after, zone = row.valid_until + timedelta(days=1), row.election.timezone_id
    try:
        return to_utc(after, time(0), zone)
    except NonexistentLocalTime:  # where clocks are set forward at midnight, the day begins at one
        return to_utc(after, time(1), zone)


# --- what the steps share


class Days(NamedTuple):
    """The days, both included, on which a badge is valid."""

    first: date
    last: date


def rule_of(election: Election, category: str) -> AccreditationRule | None:
    """The rule of `election` for applications in `category`, if it has one."""
    return AccreditationRule.objects.filter(election=election, category=category).first()


def proposed_days(election: Election, rule: AccreditationRule | None) -> Days:
    """The days to propose for a badge: those of the rule, and the voting days where the rule is silent."""
    first = (rule and rule.valid_from) or election.starts_on
    last = (rule and rule.valid_until) or election.ends_on
    return Days(first, last)


def badge_days(
    election: Election,
    rule: AccreditationRule | None,
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> Days:
    """The days of a badge: those asked for, and the proposed ones where nothing is asked. ValidationError if none."""
    proposed = proposed_days(election, rule)
    days = Days(valid_from or proposed.first, valid_until or proposed.last)
    if days.last < days.first:
        words = _("The badge would end on %(last)s, before it begins on %(first)s; correct one of the days.")
        raise ValidationError(words % {"first": days.first, "last": days.last})
    return days


@dataclass
class Room:
    """The badges of one category that are given, and whether the rule leaves room for one more."""

    rule: AccreditationRule | None
    # mission or outlet -> badges
    given: Counter[int | None] = field(default_factory=Counter)

    @property
    def used(self) -> int:
        return self.given.total()

    @property
    def left(self) -> int | None:
        """How many more the whole category may have; None without a limit."""
        return None if self.rule is None or self.rule.quota is None else max(0, self.rule.quota - self.used)

    def problem(self, row: Accreditation) -> str:
        """Why one more badge like `row` would exceed a quota; empty if it would not."""
        rule = self.rule
        if rule and rule.quota is not None and self.used >= rule.quota:
            words = _("%(used)d of %(quota)d badges are given; withdraw one, or raise the quota in the rule.")
            return words % {"used": self.used, "quota": rule.quota}
        if rule and rule.quota_each is not None and (used := self.given[_owner(row)]) >= rule.quota_each:
            words = _(
                "%(name)s has %(used)d of %(quota)d badges; withdraw one of them, or raise the quota in the rule."
            )
            return words % {"name": row.sender, "used": used, "quota": rule.quota_each}
        return ""

    def add(self, row: Accreditation, badges: int = 1) -> None:
        """Count a badge like `row`, or with -1 one that was taken back."""
        self.given[_owner(row)] += badges


def _owner(row: Accreditation) -> int | None:
    return row.observer.mission_id if row.observer else row.outlet_id


def room_of(election_id: int, category: str, rule: AccreditationRule | None) -> Room:
    """The badges given in `category`, in one query."""
    owner = "observer__mission" if category == Category.OBSERVER else "outlet"
    given = Accreditation.objects.filter(
        election_id=election_id, category=category, status=Status.ACCREDITED
    ).order_by()
    return Room(rule, Counter(dict(given.values_list(owner).annotate(Count("pk")))))


def check_quotas(row: Accreditation, rule: AccreditationRule | None) -> None:
    """Raise ValidationError if one more badge like `row` would exceed the quotas of `rule`."""
    if rule is None or (rule.quota is None and rule.quota_each is None):
        return
    if problem := room_of(row.election_id, row.category, rule).problem(row):
        raise ValidationError(problem)


def local_moment(moment: datetime, election: Election) -> str:
    """A moment on the clock of the election, for a sentence: 25 January 2024, 18:00 (Asia/Baku)."""
    local = to_local(moment, election.timezone_id)
    return f"{date_format(local, 'j F Y, H:i')} ({election.timezone_id})"


def locked_election(pk: int) -> Election:
    """The election, while nobody else takes a step in its accreditations; until the transaction ends.

    Not a lock of its row: a coordinator who applies may not change elections, and so may not lock them either.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, pk])
    return Election.objects.get(pk=pk)


ALREADY = "already"


def step_moment(row: Accreditation) -> datetime:
    """When a step that is taken now is dated: in real time, also where a demonstration plays a day.

    Steps that came with a demonstration may lie in the future: those of people come after them all the same.
    """
    now = timezone.now()
    return max(now, row.decided_at or row.applied_at) if row.election.demonstration else now


def check_step(row: Accreditation, to: str, *, moment: datetime, seen: str = "") -> None:
    """Raise ValidationError if `row`, as it stands, cannot become `to` at `moment`.

    The code of the error is ALREADY where it is so already. `seen` is the status somebody decided about.
    """
    names = {"now": row.get_status_display(), "to": Status(to).label}
    if row.status == to:
        raise ValidationError(
            _("It is %(now)s already; load the list again to see who decided.") % names, code=ALREADY
        )
    if to not in STEPS[row.status]:
        words = _("It is %(now)s and cannot become %(to)s; load the list again to see what was decided.")
        raise ValidationError(words % names)
    if seen and row.status != seen:
        words = _("It became %(now)s after you looked; look at it again and decide anew.")
        raise ValidationError(words % names)
    before = row.decided_at or row.applied_at
    if moment < before:
        words = _("The step before this one is dated %(moment)s; give a later moment.")
        raise ValidationError(words % {"moment": local_moment(before, row.election)})


def _step(
    accreditation: Accreditation, to: Status, *, reason: str, at: datetime | None, seen: str
) -> Accreditation:
    """The row as it stands now, locked, with the step taken in memory; ValidationError if there is no such step."""
    try:
        row = Accreditation.objects.select_for_update(of=("self",)).get(pk=accreditation.pk)
    except Accreditation.DoesNotExist:
        raise ValidationError(
            _("This application is no longer in the register; load the list again.")
        ) from None
    moment = at or step_moment(row)
    check_step(row, to, moment=moment, seen=seen)
    row.status, row.decided_at, row.reason = to, moment, reason.strip()
    return row


def _save_with_number(row: Accreditation, number: str) -> None:
    """Save `row` with the number asked for or, without one, with the first proposal that is still free."""
    asked = normalized_number(number)
    if asked and not is_number(asked):
        raise ValidationError(
            _("A number has Latin letters, digits and single hyphens, at most 20 signs; or leave it empty.")
        )
    for _try in range(1 if asked else TRIES):
        row.number = asked or propose_number(row.category)
        try:
            with transaction.atomic():
                row.save()
            return
        except IntegrityError as error:
            if "accreditation_number_once" not in str(error):
                raise
    words = _(
        "The number %(number)s is already given in this election; choose another or leave the field empty."
    )
    raise ValidationError(words % {"number": row.number})


def _moment(row: Accreditation) -> datetime:
    assert row.decided_at  # noqa: S101 - every step has set it
    return row.decided_at


def _note(row: Accreditation, *, by: User, at: datetime) -> None:
    AccreditationChange.objects.create(accreditation=row, status=row.status, at=at, by=by, reason=row.reason)
