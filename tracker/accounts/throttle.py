"""How often somebody may try: counted in the database, over all doors and all processes.

A try is written down before anything is compared, in a transaction of its own, and its outcome afterwards. What is
never finished counts as wrong, so tries made at the same moment cannot slip past the count, and a view that is rolled
back takes no record with it.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from tracker.accounts.models import Kind, Outcome, SignInAttempt

# What counts is a try that was compared with something and was not right. What was asked for always counts: a link, or
# to have a new password looked at.
ACCOUNT_WINDOW = timedelta(minutes=15)
ADDRESS_WINDOW, ADDRESS_LIMIT = timedelta(hours=1), 20
# A wrong token is nobody's: the limit of addresses is the one that counts.
ACCOUNT_LIMIT = {Kind.PASSWORD: 5, Kind.CODE: 10, Kind.LINK: 5, Kind.TOKEN: ADDRESS_LIMIT, Kind.NEW: 30}
KEEP = timedelta(days=90)
COUNTED = Q(outcome__in=[Outcome.OPEN, Outcome.WRONG]) | Q(
    kind__in=[Kind.LINK, Kind.NEW], outcome=Outcome.RIGHT
)


class TooManyTries(Exception):
    """Refused unseen. The attempt is recorded; `seconds` says when the next one is looked at."""

    def __init__(self, seconds: int, attempt: SignInAttempt) -> None:
        super().__init__(seconds)
        self.seconds, self.attempt = seconds, attempt


@dataclass(frozen=True)
class Limit:
    """At most `most` of `tries` in `window`."""

    tries: Q
    window: timedelta
    most: int

    def opens_at(self, now: datetime) -> datetime | None:
        """When the next try is looked at; None where it is looked at now."""
        rows = SignInAttempt.objects.filter(COUNTED, self.tries, at__gt=now - self.window)
        newest = list(rows.order_by("-at").values_list("at", flat=True)[: self.most])
        return newest[-1] + self.window if len(newest) == self.most else None


def seal(text: str) -> str:
    """A keyed hash: the same for the same text, and telling nothing to whoever has the table alone."""
    return salted_hmac("tracker.accounts.attempt", text, algorithm="sha256").hexdigest()


def account_seal(name: str) -> str:
    """The hash of an account's name, as it may be typed."""
    return seal(name.strip().casefold())


def client_address(request: HttpRequest) -> str | None:
    """Who asks: the peer, or what the outermost of TRUSTED_PROXIES wrote down; never what a client wrote itself."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if settings.TRUSTED_PROXIES:
        written = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if len(written) >= settings.TRUSTED_PROXIES:
            peer = _plain(written[-settings.TRUSTED_PROXIES]) or peer
    return _plain(peer)


def _plain(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or address)
    return str(address)


def neighbourhood(address: str | None) -> str | None:
    """What is counted as one source: a subscriber of IPv6 has a whole /64 to choose from."""
    if address is None or ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)


def admit(kind: Kind, door: str, *, account: str, address: str | None, device: str = "") -> SignInAttempt:
    """Write a try down before it is looked at. `account` and `device` are hashes, `device` only of a known one.

    Raises TooManyTries. A known device is counted apart: whoever tries from elsewhere locks nobody out of it.
    """
    source = neighbourhood(address)
    mine = Q(kind=kind, account=account, device=device)
    limits = [Limit(mine, ACCOUNT_WINDOW, ACCOUNT_LIMIT[kind])]
    # Whoever seeks a good password guesses nobody's, and keeps no colleague at the same address out.
    if not device and kind != Kind.NEW:
        guesses = Q(address=source, device="") & ~Q(kind=Kind.NEW)
        limits.append(Limit(guesses, ADDRESS_WINDOW, ADDRESS_LIMIT))
    with transaction.atomic():
        _queue_up(f"{account} {device}", f"address {source}")
        now = timezone.now()
        opening = [moment for limit in limits if (moment := limit.opens_at(now))]
        attempt = SignInAttempt.objects.create(
            at=now, kind=kind, door=door, account=account, device=device, address=source,
            outcome=Outcome.REFUSED if opening else Outcome.OPEN,
        )  # fmt: skip
    if opening:
        raise TooManyTries(max(1, int((max(opening) - now).total_seconds()) + 1), attempt)
    return attempt


def _queue_up(*names: str) -> None:
    """Those who try for the same account or from the same address are counted one after the other."""
    keys = sorted(int(seal(name)[:15], 16) for name in names)
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def finish(attempt: SignInAttempt, outcome: Outcome) -> None:
    """How it ended."""
    attempt.outcome = outcome
    attempt.save(update_fields=["outcome"])


def forget_attempts() -> int:
    """Delete what is older than `KEEP`; how many."""
    return SignInAttempt.objects.filter(at__lt=timezone.now() - KEEP).delete()[0]
