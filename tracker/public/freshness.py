"""Whether a page that shows figures is still the one a reader has: answered before anything is read or rendered.

Such a page is made of its edition, of what the register says now (names, hours, announced figures), of the voting
states that hold now, and of the program. The ETag is made of these and of nothing else, and each is cheap to ask for.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control

from tracker.core.release import program
from tracker.core.timezones import to_local
from tracker.coverage.editions import Version, last_thinning, register_version
from tracker.coverage.models import Edition
from tracker.elections.models import Election
from tracker.elections.queries import present_moment
from tracker.stations.queries import voting_spans

# How often a page that shows figures asks whether they moved. A submitted visit shall show within five seconds while
# people vote, and counting it takes one or two; at other times a reader's line is spared.
REFRESH_SECONDS, REFRESH_SECONDS_ON = 15, 3


@dataclass(frozen=True)
class Freshness:
    """What a page of figures depends on at one moment."""

    edition: int | None
    hash: str
    version: Version
    # Openings and closings that have passed: they decide every voting state.
    passed: tuple[int, int]
    # The day in the election's own zone, which decides what is next in its calendar.
    today: date
    # Of the list of editions: when the last of them was thinned.
    thinned: datetime | None
    # The minute that a demonstration's own clock shows, if it runs.
    simulated: datetime | None
    # Somebody can vote now, or it is a demonstration.
    on: bool

    @property
    def refresh(self) -> int:
        """Seconds after which an open page asks again."""
        return REFRESH_SECONDS_ON if self.on else REFRESH_SECONDS

    @property
    def etag(self) -> str:
        """Weak: two pages with one tag say the same; their bytes may be packed differently."""
        parts = (
            program(), self.edition, self.hash, self.version, self.passed, self.today, self.thinned, self.simulated,
        )  # fmt: skip
        return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'

    def unchanged(self, request: HttpRequest) -> HttpResponse | None:
        """The 304 for a reader who has this very page; None if it must be rendered."""
        if self.edition is None or settings.DEBUG:  # counted for each page; or templates that change under us
            return None
        answer = get_conditional_response(request, self.etag, response=self.stamp(HttpResponse()))
        return answer if answer is not None and answer.status_code == 304 else None

    def stamp(self, response: HttpResponse) -> HttpResponse:
        """Mark a rendered page with what it was made of, and say how long a cache between us and readers may keep it.

        While figures move that is a second: enough for a crowd, and within the five in which a visit shall show.
        """
        if response.status_code == 200 and self.edition is not None and not settings.DEBUG:
            response["ETag"] = self.etag
        patch_cache_control(
            response, public=True, max_age=0, s_maxage=1 if self.on else 15, must_revalidate=True
        )
        return response


def freshness(election: Election, edition: Edition | None, *, thinned: bool = False) -> Freshness:
    """What the pages of `election` that show `edition` depend on now. Two or three queries, whatever its size.

    `thinned`: the page also says which editions keep their figures.
    """
    now = present_moment(election)
    version = register_version(election)
    spans = _spans(election.pk, version)
    return Freshness(
        edition=edition.pk if edition else None,
        hash=edition.hash if edition else "",
        version=version,
        passed=(sum(opens <= now for opens, _ in spans), sum(closes <= now for _, closes in spans)),
        today=to_local(now, election.timezone_id).date(),
        thinned=last_thinning(election) if thinned else None,
        simulated=election.simulated_now and election.simulated_now.replace(second=0, microsecond=0),
        on=election.demonstration or any(opens <= now < closes for opens, closes in spans),
    )


@lru_cache(maxsize=64)
def _spans(election: int, version: Version) -> list[tuple[datetime, datetime]]:
    # The version counts every change of hours and every embargo that ends: what was read for it stays true.
    return voting_spans(election)
