"""Answers that are made while they are sent: in a transaction of their own, as the public, in one moment."""

from collections.abc import Callable, Iterator

from django.utils import translation

from tracker.core.identity import Identity, acting
from tracker.database_roles import PUBLIC

# Bytes that go out at one go.
PIECE = 1 << 16


def as_the_public(make: Callable[[], Iterator[bytes]], language: str) -> Iterator[bytes]:
    """The pieces of `make()`, joined to larger ones.

    The view has returned, and its transaction with it, when the server asks for the first piece: so all rows are read
    here, in one transaction that sees one moment, by a cursor on the server.
    """
    with acting(Identity(origin="request", role=PUBLIC), one_moment=True), translation.override(language):
        waiting = bytearray()
        for piece in make():
            waiting += piece
            if len(waiting) >= PIECE:
                yield bytes(waiting)
                waiting.clear()
        if waiting:
            yield bytes(waiting)
