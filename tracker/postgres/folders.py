"""Folders outside the project: of sockets, whose paths are short, and of what root's `.data` cannot hold."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from tracker.postgres.programs import PostgresError

LONGEST_SOCKET = 100  # bytes; Linux allows 107, macOS 103


def socket_folder(of: Path, longest: str) -> Path:
    """Where the sockets of a server with its files in `of` lie; `longest` is the longest name in it.

    A short path in the folder of temporary files, as the addresses of sockets are limited. Not made here.
    """
    mark = hashlib.sha256(f"{os.geteuid()}:{of}".encode()).hexdigest()[:16]
    place = Path(tempfile.gettempdir()) / f"tracker-{mark}"
    if len(os.fsencode(place)) + len(f"/{longest}") > LONGEST_SOCKET:
        place = Path("/tmp") / place.name  # noqa: S108 - owner and mode are checked
    return place


def outside_folder(data: Path) -> Path | None:
    """The folder outside the project that holds what `data` could not (only ever made as root), or None."""
    try:
        place = Path((data / "outside").read_text().strip())
        found = place.lstat()
    except OSError:
        return None
    # Only what root made and nobody else can write is believed, and later removed.
    private = stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022
    return place if private and place.name.startswith("tracker-") else None


def make_outside(data: Path) -> Path:
    place = outside_folder(data)
    if place is None:
        # Not /tmp or /var/tmp if it can be helped: systems sweep those by age, and this is somebody's data.
        base = next(base for base in ("/var/lib", "/var/tmp", "/tmp") if os.access(base, os.W_OK))  # noqa: S108
        place = Path(tempfile.mkdtemp(prefix="tracker-", dir=base))
        place.chmod(0o755)
        (data / "outside").write_text(f"{place}\n")
    return place


def make_private(place: Path, owner: int) -> None:
    """Make the socket folder for `owner`, or check the one that is there: a stranger's would see all that is said.

    Raises PostgresError where it is not private.
    """
    try:
        place.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(place, owner, -1)
    except FileExistsError:
        pass
    check_private(place, owner)


def check_private(place: Path, owner: int) -> None:
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) != 0o700:
        raise PostgresError(
            f"{place} must be a folder that only one user can enter (owner {owner}, mode 0700), "
            "and it is not: somebody else made or changed it. Remove it and try again."
        )
