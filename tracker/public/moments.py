"""What a reader types about time: a moment, and the zone to show and read it in."""

import re
from datetime import UTC, datetime

from django.http import QueryDict
from django.utils.translation import gettext as _

from tracker.core.timezones import (
    END_OF_INSTANTS,
    FIRST_INSTANT,
    NonexistentLocalTime,
    to_utc,
    zone_names,
)

# A plus sign that was not percent-encoded arrives as a blank.
LOST_PLUS = re.compile(r"^(\S+) (\d\d:?\d\d)$")


def read_zone(text: str) -> str:
    """The IANA zone that `text` names; ValueError with a sentence for the reader otherwise."""
    name = text.strip()
    if name not in zone_names():
        raise ValueError(
            _("“%(name)s” is not a time zone. Write a name such as Europe/Paris or UTC.")
            % {"name": name[:40]}
        )
    return name


def read_moment(text: str, zone: str = "UTC") -> datetime:
    """The instant (UTC) that `text` names: ISO 8601, read in `zone` where it has no offset of its own.

    Raises ValueError with a sentence for the reader.
    """
    text = LOST_PLUS.sub(r"\1+\2", text.strip())
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = to_utc(moment.date(), moment.time(), zone)
        if not FIRST_INSTANT <= moment < END_OF_INSTANTS:
            raise ValueError
        return moment.astimezone(UTC)
    except NonexistentLocalTime:
        raise  # it says which hour was skipped, and where
    except (ValueError, OverflowError):
        raise ValueError(
            _("“%(text)s” is not a moment. Write it like 2024-02-07T08:00Z or 2024-02-07T12:00+04:00.")
            % {"text": text[:40]}
        ) from None


def asked_zone(query: QueryDict) -> tuple[str, str]:
    """The zone a page is asked to show by `tz`, and the sentence for the reader if there is no such zone."""
    try:
        return (read_zone(query["tz"]) if query.get("tz") else "UTC"), ""
    except ValueError as problem:
        return "UTC", str(problem)


def asked_moment(query: QueryDict, now: datetime) -> tuple[datetime, str, bool, str]:
    """What a page is asked for by `at` and `tz`: (instant in UTC, zone to show, whether it is `now`, error).

    `at_tz` is the zone in which the form showed the moment: another zone to show must not move the moment.
    """
    zone, error = asked_zone(query)
    try:
        if query.get("at"):
            # Without a zone, and there is none if its name is wrong, only a moment with an offset can be read.
            written_in = read_zone(query["at_tz"]) if query.get("at_tz") else "" if error else zone
            return read_moment(query["at"], written_in), zone, False, error
    except ValueError as problem:
        error = error or str(problem)
    return now.replace(microsecond=0), zone, True, error
