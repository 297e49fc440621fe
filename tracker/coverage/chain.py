"""How an edition is hashed and tied to the one before, and whether the chain still holds."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.translation import gettext_lazy as _

from tracker.core.history.finding import Finding
from tracker.core.history.models import Change
from tracker.core.history.verifying import Progress
from tracker.coverage.counting import Json
from tracker.coverage.models import Edition
from tracker.elections.models import Election


def canonical(value: object) -> str:
    """JSON in one spelling: sorted keys, no spaces, letters as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_content(content: str, detail: str) -> str:
    """SHA-256 (hex) of an edition's figures: content, a line feed, detail."""
    return hashlib.sha256(f"{content}\n{detail}".encode()).hexdigest()


def hash_edition(edition: Edition) -> str:
    """SHA-256 (hex) of everything an edition says, the hash of the one before included.

    The lines are: hash before, election id, number, as of, published at, publisher's id or "-", totals, changes, hash
    of the content, and of editions that name the last entry of the history its number and hash. The content itself
    stands only for its hash, so that a thinned edition still proves the chain.
    """
    return hashlib.sha256("\n".join(chain_lines(edition)).encode()).hexdigest()


def chain_lines(edition: Edition) -> list[str]:
    """The lines that the hash of an edition is made of."""
    lines = [
        edition.previous_hash,
        str(edition.election_id),
        str(edition.number),
        _instant(edition.as_of),
        _instant(edition.published_at),
        str(edition.published_by_id or "-"),
        edition.total,
        edition.changes,
        edition.content_hash,
    ]
    if edition.history_number is not None:
        lines += [str(edition.history_number), edition.history_hash or ""]
    return lines


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True)
class Break:
    """Where a chain does not hold, and why."""

    number: int
    reason: str


def first_break(election: Election) -> Break | None:
    """The first edition of `election` that is missing, changed or not tied to the one before; None if all hold."""
    before, expected = "", 1
    unruly = _thinned_against_the_rule(election)
    for edition in _in_order(election):
        if edition.number != expected:
            return Break(expected, f"edition {expected} is missing")
        if edition.previous_hash != before:
            return Break(edition.number, "it does not carry the hash of the edition before")
        if edition.content is not None and edition.content_hash != hash_content(
            edition.content, edition.detail or ""
        ):
            return Break(edition.number, "its figures are not those that were hashed")
        if edition.hash != hash_edition(edition):
            return Break(
                edition.number,
                "its number, times, publisher, totals or changes are not those that were hashed",
            )
        if edition.content is not None and canonical(json.loads(edition.content)["total"]) != edition.total:
            return Break(edition.number, "its totals are not those of its figures")
        if edition.number in unruly:
            return Break(edition.number, unruly[edition.number])
        before, expected = edition.hash, expected + 1
    return None


def _thinned_against_the_rule(election: Election) -> dict[int, str]:
    """Editions whose content was taken although the rule (Edition.KEEP_ALL ...) keeps it: {number: why}."""
    found = {}
    # minute or hour -> until when a later edition of it had its content; None if it has it still
    kept: dict[tuple[str, datetime], datetime | None] = {}
    rows = Edition.objects.filter(election=election).order_by("-number")
    for number, published_at, thinned_at in rows.values_list("number", "published_at", "thinned_at"):
        slots = {grain: (grain, _begin(published_at, grain)) for grain in ("minute", "hour")}
        if thinned_at is not None:
            age = thinned_at - published_at
            slot = slots["hour" if age > Edition.KEEP_ONE_A_MINUTE else "minute"]
            until = kept.get(slot, published_at)
            if age <= Edition.KEEP_ALL:
                found[number] = "its figures were taken within a day"
            elif until is not None and until < thinned_at:
                found[number] = (
                    f"its figures were taken, and no later edition of the same {slot[0]} kept its own"
                )
        for slot in slots.values():
            kept[slot] = _later(kept.get(slot, published_at), thinned_at)
    return found


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two moments; None is for ever."""
    return None if one is None or other is None else max(one, other)


def _begin(at: datetime, grain: str) -> datetime:
    at = at.astimezone(UTC).replace(second=0, microsecond=0)
    return at.replace(minute=0) if grain == "hour" else at


def unknown_heads(progress: Progress = lambda what, done: None) -> Iterator[Finding]:
    """Entries of the history that editions name and that are not, or no longer, what they name."""
    named = (
        Edition.objects.exclude(history_number=None)
        .order_by("history_number", "pk")
        .values_list("history_number", "history_hash", "number", "election__slug")
    )
    for done, (number, hash_, edition, slug) in enumerate(named.iterator(chunk_size=1000), 1):
        if not Change.objects.filter(number=number, hash=hash_).exists():
            reason = f"edition {edition} of {slug} was published with another hash of it: {hash_}"
            yield Finding(reason, number)
        if done % 1000 == 0:
            progress("editions", done)


def _in_order(election: Election) -> Iterator[Edition]:
    return Edition.objects.filter(election=election).order_by("number").iterator(chunk_size=200)


# What a change is called; `_pairs` gives the keys.
CHANGES = {
    "total.stations": _("polling stations"),
    "total.planned": _("stations planned to be visited"),
    "total.visited": _("stations visited"),
    "total.planned_visited": _("stations visited as planned"),
    "total.overlap": _("stations visited by two or more missions"),
    "total.visits": _("visits"),
    "countries_abroad": _("countries with stations abroad"),
    "missions": _("missions on record"),
    "phase.opening": _("visits at the opening"),
    "phase.voting": _("visits during voting"),
    "phase.closing": _("visits at the closing"),
    "phase.counting": _("visits at the count"),
    "phase.tabulation": _("visits at the tabulation"),
    "incidents": _("published incidents"),
    "observers": _("observers on record"),
    "badges.observers": _("observers accredited"),
    "badges.media": _("media people accredited"),
}


def differences(before: Json, after: Json) -> list[Json]:
    """What a reader would notice between two contents: [{"key", "before", "after"}], keys as in `CHANGES`."""
    found = []
    for key, old, new in _pairs(before, after):
        if old != new:
            found.append({"key": key, "before": old, "after": new})
    # The content comes with sorted keys; a reader expects the order of the page.
    order = list(CHANGES)
    return sorted(found, key=lambda row: order.index(row["key"]) if row["key"] in order else len(order))


def _pairs(before: Json, after: Json) -> Iterator[tuple[str, object, object]]:
    for name in after["total"]:
        yield f"total.{name}", before["total"].get(name, 0), after["total"][name]
    yield "countries_abroad", len(before["countries"]), len(after["countries"])
    yield "missions", before["mission_counts"]["total"], after["mission_counts"]["total"]
    for phase in after["phases"]:
        old = before["phases"].get(phase, {"visits": 0})
        yield f"phase.{phase}", old["visits"], after["phases"][phase]["visits"]
    yield "incidents", before["incidents"]["total"], after["incidents"]["total"]
    yield "observers", _observers(before), _observers(after)
    for kind in ("observers", "media"):
        yield f"badges.{kind}", _badges(before, kind), _badges(after, kind)


def _observers(content: Json) -> int:
    return sum(row["observers"] for row in content["observers"])


def _badges(content: Json, kind: str) -> int:
    groups = content["accreditations"].get("by_status", {})
    return sum(row["accredited"] for group, row in groups.items() if group.startswith(kind))
