"""Publishing editions of an election's figures, and reading what was published."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Trunc
from django.utils import timezone

from tracker.core.models import User
from tracker.coverage.chain import canonical, differences, hash_content, hash_edition
from tracker.coverage.counting import Json, count
from tracker.coverage.figures import Figures, read
from tracker.coverage.models import Edition, Mark
from tracker.elections.models import Election

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


def refresh(election: Election) -> Edition | None:
    """Count an election that publishes live and publish an edition if its figures moved; None if they did not.

    The marks that the snapshot holds are taken away with it, in one transaction: a change that commits meanwhile
    leaves its own mark behind and is counted next time. Elections that are drafts or reviewed are left alone: a
    publisher decides, and the newest mark stays to say that there is something to look at.
    """
    if election.publication != "published" or election.publishing != Election.Publishing.LIVE:
        _keep_newest_mark(election)
        return None
    return _publish(election, by=None, seen="")


def publish(*, by: User, election: Election, seen: str) -> Edition | None:
    """Publish the figures whose content hash the publisher has seen; None if they equal the last edition.

    Raises Outdated if the figures are no longer those.
    """
    return _publish(election, by=by, seen=seen)


def _publish(election: Election, *, by: User | None, seen: str) -> Edition | None:
    # Within somebody else's transaction, that one's snapshot and fate decide.
    outermost = not connection.in_atomic_block
    tries = TRIES if outermost else 1
    while True:
        tries -= 1
        try:
            with transaction.atomic():
                if outermost:  # all queries see one moment
                    with connection.cursor() as cursor:
                        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                return _publish_in_snapshot(election, by=by, seen=seen)
        except (IntegrityError, OperationalError):
            # Another process published this number, or counted these marks, meanwhile: look again at what there is.
            if not tries:
                raise


def _publish_in_snapshot(election: Election, *, by: User | None, seen: str) -> Edition | None:
    marks = list(Mark.objects.filter(election=election).values_list("pk", flat=True))
    counted = count_now(election)
    if seen and counted.hash != seen:
        raise Outdated
    last = Edition.objects.filter(election=election).order_by("-number").first()
    edition = None
    if last is None or last.content_hash != counted.hash:
        edition = Edition(
            election=election,
            number=last.number + 1 if last else 1,
            as_of=counted.as_of,
            published_at=timezone.now(),
            published_by=by,
            content=counted.content,
            detail=counted.detail,
            changes=canonical(_changes(last, counted)),
            content_hash=counted.hash,
            previous_hash=last.hash if last else "",
        )
        edition.hash = hash_edition(edition)
        edition.save(force_insert=True)
    Mark.objects.filter(pk__in=marks).delete()
    return edition


def _changes(last: Edition | None, counted: Counted) -> list[Json]:
    # The last edition is never thinned: only earlier ones of the same minute or hour are.
    if last is None or last.content is None:
        return []
    return differences(json.loads(last.content), json.loads(counted.content))


def _keep_newest_mark(election: Election) -> None:
    newest = Mark.objects.filter(election=election).order_by("-pk").values_list("pk", flat=True).first()
    if newest is not None:
        Mark.objects.filter(election=election, pk__lt=newest).delete()


def refresh_stale() -> list[Edition]:
    """Count every election that has marks; the editions that came of it."""
    marked = Mark.objects.order_by().values_list("election_id", flat=True).distinct()
    elections = Election.objects.in_bulk(list(marked))
    Mark.objects.filter(election_id__in=set(marked) - set(elections)).delete()  # of elections that are gone
    found = [refresh(election) for _pk, election in sorted(elections.items())]
    return [edition for edition in found if edition is not None]


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


@dataclass(frozen=True)
class Shown:
    """The figures a page shows. Without an edition they were counted for this page (nothing is published yet)."""

    figures: Figures
    matrix: dict[int, dict[int, str]]
    as_of: datetime
    edition: Edition | None
    # Whether the reader asked for this edition, and not simply for the latest.
    asked: bool = False


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
    editions = Edition.objects.published().filter(election=election)
    if number is not None:
        edition = editions.filter(number=number).first()
        if edition is None or edition.content is None:
            kept = editions.filter(number__gt=number, content__isnull=False).order_by("number").first()
            raise NoSuchEdition(number, thinned=edition is not None, kept=kept.number if kept else None)
    else:
        edition = editions.order_by("-number").first()
    if edition is None:
        if election.publishing == Election.Publishing.REVIEWED:
            return None
        as_of = timezone.now()
        content, detail = count(election)
        return Shown(read(content), _matrix(detail), as_of, None)
    content = json.loads(edition.content or "{}")
    detail = json.loads(edition.detail or "{}")
    return Shown(read(content), _matrix(detail), edition.as_of, edition, asked=number is not None)


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


def trend(election: Election, limit: int = 200) -> list[TrendPoint]:
    """The coverage of the latest `limit` editions that kept their content, oldest first."""
    editions = (
        Edition.objects.published().filter(election=election, content__isnull=False).order_by("-number")
    )
    points = []
    for number, as_of, content in editions.values_list("number", "as_of", "content")[:limit]:
        total = json.loads(content or "")["total"]
        points.append(TrendPoint(number, as_of, total["stations"], total["visited"], total["visits"]))
    return points[::-1]


def public_editions(election: Election) -> QuerySet[Edition]:
    """Every edition of `election`, the latest first, without the figures themselves."""
    return (
        Edition.objects.published().filter(election=election).order_by("-number").defer("content", "detail")
    )


def drift(election: Election) -> list[str]:
    """Where the latest edition differs from a count of the rows as they are, in words; empty if nowhere."""
    counted = count_now(election)
    last = Edition.objects.filter(election=election).order_by("-number").first()
    if last is None:
        return ["no edition is published yet"]
    if last.content_hash == counted.hash:
        return []
    if last.content:
        found = differences(json.loads(last.content), json.loads(counted.content))
        if found:
            return [f"{row['key']}: {row['before']} published, {row['after']} counted" for row in found]
    return ["a detail differs (which mission plans or visited which station, a name, a breakdown)"]
