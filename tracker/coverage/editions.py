"""Publishing editions of an election's figures, and reading what was published."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import DateTimeField, Exists, F, Func, Max, Min, OuterRef, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Trunc
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from tracker.core.history.verifying import history_head
from tracker.core.models import User
from tracker.coverage.chain import canonical, differences, hash_content, hash_edition
from tracker.coverage.counting import Json, count
from tracker.coverage.figures import STATES, Figures, read
from tracker.coverage.models import Edition, Mark, Tally
from tracker.elections.models import Election
from tracker.stations.models import PollingStation

log = logging.getLogger(__name__)
Stations = QuerySet[PollingStation]
# A rival that publishes at the same moment makes one try fail; this many in a row mean something else is wrong.
TRIES = 5


class Outdated(Exception):
    """The figures changed after the publisher looked at them."""


@dataclass(frozen=True)
class Counted:
    """Figures counted in one snapshot of the database: canonical JSON, its hash, and when."""

    content: str
    detail: str
    as_of: datetime

    @property
    def hash(self) -> str:
        return hash_content(self.content, self.detail)


def count_now(election: Election) -> Counted:
    """Count `election` in the snapshot of the running transaction."""
    as_of = timezone.now()
    content, detail = count(election)
    return Counted(canonical(content), canonical(detail), as_of)


@contextmanager
def one_moment() -> Iterator[None]:
    """A transaction in which all queries see one moment, unless another transaction is around it already."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def refresh(election: Election) -> Edition | None:
    """Count an election that publishes live and publish an edition if its figures moved; None if they did not.

    The marks that the snapshot holds are taken away with it, in one transaction: a change that commits meanwhile
    leaves its own mark behind and is counted next time. Elections that are drafts or reviewed are left alone: a
    publisher decides, and the first and the newest mark stay to say that there is something to look at.
    """
    return _publish(election, by=None, seen=None)


def publish(*, by: User, election: Election, seen: str) -> Edition | None:
    """Publish the figures of a reviewed election whose content hash the publisher has seen; None if they equal the
    last edition.

    Raises Outdated if the figures are no longer those, ValidationError where a publisher has nothing to decide.
    """
    return _publish(election, by=by, seen=seen)


def _publish(election: Election, *, by: User | None, seen: str | None) -> Edition | None:
    # Within somebody else's transaction, that one's snapshot and fate decide.
    tries = 1 if connection.in_atomic_block else TRIES
    while True:
        tries -= 1
        try:
            with one_moment():
                return _publish_in_snapshot(election, by=by, seen=seen)
        except (IntegrityError, OperationalError):
            # Another process published this number, or counted these marks, meanwhile: look again at what there is.
            if not tries:
                raise


def _publish_in_snapshot(election: Election, *, by: User | None, seen: str | None) -> Edition | None:
    """`seen` is the hash a publisher saw, None where nobody looks. How the election publishes is asked of the snapshot:
    the caller's copy may be older than a change to it."""
    now = Election.objects.filter(pk=election.pk).first()
    if now is None:  # deleted meanwhile
        return None
    published = now.is_released
    if seen is not None and not published:
        raise ValidationError(_("The election is a draft: publish it first, then its figures."))
    if seen is not None and now.publishing == Election.Publishing.LIVE:
        raise ValidationError(
            _("This election publishes live: its figures are counted and published by themselves.")
        )
    if seen is None and not (published and now.publishing == Election.Publishing.LIVE):
        _keep_outer_marks(election)
        return None
    marks = list(Mark.objects.filter(election=election).values_list("pk", flat=True))
    counted = count_now(election)
    if seen is not None and counted.hash != seen:
        raise Outdated
    last = Edition.objects.filter(election=election).order_by("-number").first()
    edition = None
    if last is None or last.content_hash != counted.hash:
        head = history_head()
        edition = Edition(
            election=election,
            number=last.number + 1 if last else 1,
            as_of=counted.as_of,
            published_at=timezone.now(),
            published_by=by,
            content=counted.content,
            detail=counted.detail,
            total=canonical(json.loads(counted.content)["total"]),
            changes=canonical(_changes(last, counted)),
            content_hash=counted.hash,
            previous_hash=last.hash if last else "",
            history_number=head.number if head else None,
            history_hash=head.hash if head else None,
        )
        edition.hash = hash_edition(edition)
        edition.save(force_insert=True)
    _take_away(election, Mark.objects.filter(pk__in=marks))
    return edition


def _take_away(election: Election, marks: QuerySet[Mark]) -> None:
    """Delete marks of `election` and add them to its tally, so that `register_version` stays the same."""
    taken, _models = marks.delete()
    if taken and not Tally.objects.filter(election=election).update(marks=F("marks") + taken):
        Tally.objects.create(election=election, marks=taken)


class Version(NamedTuple):
    """What changes whenever pages of an election may, and by nothing else."""

    # Grows with every committed change to what pages show of it.
    changes: int
    # Records of any election that came out of their embargo, which is a change to nothing.
    embargoes: int


def register_version(election: Election) -> Version:
    """The version of the register as pages of `election` show it. One query."""
    with connection.cursor() as cursor:
        # One statement, one snapshot: a mark is never seen both waiting and counted.
        cursor.execute(
            "SELECT (SELECT count(*) FROM coverage_mark WHERE election_id = %s)"
            " + coalesce((SELECT marks FROM coverage_tally WHERE election_id = %s), 0), embargoes_over()",
            [election.pk, election.pk],
        )
        return Version(*cursor.fetchone())


def _changes(last: Edition | None, counted: Counted) -> list[Json]:
    # The last edition is never thinned: only earlier ones of the same minute or hour are.
    if last is None or last.content is None:
        return []
    return differences(json.loads(last.content), json.loads(counted.content))


def _keep_outer_marks(election: Election) -> None:
    """Of what waits for a publisher the first and the newest change are enough to know."""
    marks = Mark.objects.filter(election=election)
    ends = marks.aggregate(first=Min("pk"), newest=Max("pk"))
    if ends["newest"] is not None:
        _take_away(election, marks.filter(pk__gt=ends["first"], pk__lt=ends["newest"]))


def refresh_stale() -> list[Edition]:
    """Count every election that has marks; the editions that came of it.

    One that cannot be counted is logged, keeps its marks for the next time, and does not keep the others from theirs.
    """
    marked = Mark.objects.order_by().values_list("election_id", flat=True).distinct()
    elections = Election.objects.in_bulk(list(marked))
    gone = set(marked) - set(elections)
    if gone:
        Mark.objects.filter(election_id__in=gone).delete()
        Tally.objects.filter(election_id__in=gone).delete()
    found = []
    for _pk, election in sorted(elections.items()):
        try:
            edition = refresh(election)
        except Exception:
            if connection.in_atomic_block:
                raise  # the transaction around us is broken
            log.exception("The figures of %s could not be counted; they are tried again.", election.slug)
            continue
        if edition is not None:
            found.append(edition)
    return found


def thin(now: datetime) -> int:
    """Take the content of editions that the rule no longer keeps (Edition.KEEP_ALL ...); how many.

    Of the editions older than a day the last of each minute keeps its content, of those older than a week the last
    of each hour. Number, times, changes and hashes stay for ever, and with them the proof of the chain.
    """
    thinned = 0
    for grain, before, after in (
        ("minute", now - Edition.KEEP_ALL, now - Edition.KEEP_ONE_A_MINUTE),
        ("hour", now - Edition.KEEP_ONE_A_MINUTE, None),
    ):
        rows = Edition.objects.filter(thinned_at__isnull=True, published_at__lt=before)
        if after is not None:
            rows = rows.filter(published_at__gte=after)
        later = Edition.objects.annotate(slot=Trunc("published_at", grain)).filter(
            election=OuterRef("election"),
            number__gt=OuterRef("number"),
            slot=OuterRef("slot"),
            content__isnull=False,
        )
        rows = rows.annotate(slot=Trunc("published_at", grain)).filter(Exists(later))
        # The oldest first, one by one: the trigger asks of each whether a later one still has its content.
        for pk in list(rows.order_by("number").values_list("pk", flat=True)):
            thinned += Edition.objects.filter(pk=pk).update(content=None, detail=None, thinned_at=now)
    return thinned


# --- reading ---------------------------------------------------------------------------------------------------------


class Shown:
    """The figures a page shows; without an edition they are counted for this page (nothing is published yet).

    The edition comes without its figures. They are read when they are asked for: a page that answers that nothing
    changed, or shows no stations, reads less.
    """

    def __init__(self, election: Election, edition: Edition | None, *, asked: bool = False) -> None:
        self.election, self.edition = election, edition
        # Whether the reader asked for this edition, and not simply for the latest.
        self.asked = asked
        self.as_of = edition.as_of if edition else timezone.now()

    @cached_property
    def _counted(self) -> tuple[Json, Json]:
        return count(self.election)

    @cached_property
    def figures(self) -> Figures:
        if self.edition is None:
            return read(self._counted[0])
        return _figures_of(self.edition.pk, self.edition.hash)

    @cached_property
    def matrix(self) -> dict[int, dict[int, str]]:
        """Who goes where: station id -> mission id -> "p" planned, "v" visited, "pv" both."""
        if self.edition is None:
            return _matrix(self._counted[1])
        return _matrix_of(self.edition.pk, self.edition.hash)

    def narrow(self, stations: Stations, state: str) -> Stations:
        """Those of `stations`, counting ones, that are in a state of coverage (a code of figures.STATES).

        The database unpacks the matrix where it lies: the statement is as short for a million stations as for one.
        """
        asked = STATES[state]
        # So is every station that nobody plans or visits, and the matrix does not hold these: all but the others.
        rest = asked.holds(0, False)
        source, matrix = (
            ("%s", canonical(self._counted[1]))
            if self.edition is None
            else (f"(SELECT detail FROM {Edition._meta.db_table} WHERE id = %s)", self.edition.pk)  # noqa: S608 - a name
        )
        found = RawSQL(  # noqa: S611 - the names are ours, what varies are parameters
            f"""
            SELECT went.key::bigint
            FROM jsonb_each({source}::jsonb -> 'matrix') AS went (key, missions),
                 LATERAL (
                     SELECT COUNT(*) FILTER (WHERE letters LIKE '%%v%%') AS visitors,
                            bool_or(letters LIKE '%%p%%') AS planned
                     FROM jsonb_each_text(went.missions) AS one (mission, letters)
                 ) AS facts
            WHERE (visitors BETWEEN %s AND %s AND planned = ANY(%s)) = %s
            """,  # noqa: S608
            (matrix, asked.least, asked.most, list(asked.planned), not rest),
        )
        return stations.exclude(pk__in=found) if rest else stations.filter(pk__in=found)


# What was published never changes, so what was read of it may be kept: one process reads an edition once.
@lru_cache(maxsize=8)
def _figures_of(pk: int, hash: str) -> Figures:
    return read(json.loads(_text_of(pk, "content")))


@lru_cache(maxsize=4)
def _matrix_of(pk: int, hash: str) -> dict[int, dict[int, str]]:
    return _matrix(json.loads(_text_of(pk, "detail")))


def _text_of(pk: int, column: str) -> str:
    number, text = Edition.objects.values_list("number", column).get(pk=pk)
    if text is None:  # thinned since the edition was chosen: a moment in which nothing else is to be shown
        raise NoSuchEdition(number, thinned=True, kept=None)
    return str(text)


class NoSuchEdition(Exception):
    """There is no edition of this number to show; `kept` is the next later one that can be opened, if any."""

    def __init__(self, number: int, *, thinned: bool, kept: int | None) -> None:
        super().__init__(number)
        self.number, self.thinned, self.kept = number, thinned, kept


def shown_figures(election: Election, number: int | None = None) -> Shown | None:
    """The figures of the latest edition of `election`, or of edition `number`. Raises NoSuchEdition.

    None where the election is reviewed and nobody has published an edition yet. An election that publishes live
    and has no edition yet (no worker has run) is counted for this page.
    """
    editions = public_editions(election)
    if number is not None:
        edition = editions.filter(number=number).first()
        if edition is None or edition.thinned_at is not None:
            kept = editions.filter(number__gt=number, thinned_at__isnull=True).order_by("number").first()
            raise NoSuchEdition(number, thinned=edition is not None, kept=kept.number if kept else None)
        return Shown(election, edition, asked=True)
    edition = editions.first()
    if edition is None and election.publishing == Election.Publishing.REVIEWED:
        return None
    return Shown(election, edition)


def _matrix(detail: Json) -> dict[int, dict[int, str]]:
    return {
        int(station): {int(mission): letters for mission, letters in row.items()}
        for station, row in detail["matrix"].items()
    }


@dataclass(frozen=True)
class TrendPoint:
    """One edition in the trend: coverage of all stations."""

    number: int
    as_of: datetime
    stations: int
    visited: int
    visits: int

    @property
    def share(self) -> float:
        """Visited stations among stations, 0-1; 0 where there is none."""
        return self.visited / self.stations if self.stations else 0.0


TREND_POINTS = 60


def trend(election: Election, until: Edition | None = None) -> list[TrendPoint]:
    """The coverage over all editions of `election` (or those up to `until`), oldest first, at most TREND_POINTS + 2.

    Where there are more editions, the last one of each of TREND_POINTS equal spans of time stands for it. Thinned
    editions keep their totals and are in it.
    """
    editions = public_editions(election)
    if until is not None:
        editions = editions.filter(number__lte=until.number)
    first, last = editions.order_by("number").first(), editions.order_by("-number").first()
    if first is None or last is None:
        return []
    step = max((last.as_of - first.as_of) / TREND_POINTS, timedelta(microseconds=1))
    span = Func(
        Value(step), F("as_of"), Value(first.as_of), function="date_bin", output_field=DateTimeField()
    )
    ends = editions.order_by().annotate(span=span).values("span").annotate(end=Max("number")).values("end")
    rows = editions.filter(number__in=ends)
    found = {row[0]: row for row in rows.values_list("number", "as_of", "total")}
    found[first.number] = (first.number, first.as_of, first.total)
    points = []
    for number, as_of, text in sorted(found.values()):
        total = json.loads(text)
        points.append(TrendPoint(number, as_of, total["stations"], total["visited"], total["visits"]))
    return points


def public_editions(election: Election) -> QuerySet[Edition]:
    """Every edition of `election`, the latest first, without the figures themselves."""
    return (
        Edition.objects.published().filter(election=election).order_by("-number").defer("content", "detail")
    )


def last_thinning(election: Election) -> datetime | None:
    """When an edition of `election` last lost its figures."""
    at: datetime | None = Edition.objects.filter(election=election).aggregate(at=Max("thinned_at"))["at"]
    return at


def drift(election: Election) -> list[str]:
    """Where the latest edition differs from a count of the rows as they are, in words; empty if nowhere."""
    with one_moment():
        last = Edition.objects.filter(election=election).order_by("-number").first()
        counted = count_now(election)
    if last is None:
        return ["no edition is published yet"]
    if last.content_hash == counted.hash:
        return []
    if last.content:
        found = differences(json.loads(last.content), json.loads(counted.content))
        if found:
            return [f"{row['key']}: {row['before']} published, {row['after']} counted" for row in found]
    return ["a detail differs (which mission plans or visited which station, a name, a breakdown)"]
