"""Keeps the parts of a running tracker alive side by side: web server, broker, worker, clock. Standard library only.

Each part is a process that leads a session of its own, so that Ctrl-C reaches only the script, which ends them in
order. What a part prints comes out line by line behind its name. A helper that dies is started again; if the web
server dies, everything ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# Whoever lived for so long begins anew with the first pause.
STEADY_SECONDS = 60.0


class PartEnded(Exception):
    """A part that everything rests on ended without being asked to; the text is its name."""


@dataclass
class Part:
    """One process of the running tracker. `mark` is a piece of its command line that no other program has."""

    name: str
    command: Sequence[str]
    mark: str
    env: dict[str, str] = field(default_factory=dict)
    vital: bool = False
    # Lines that hold this are not passed on.
    hush: str = ""
    # Called before each start: folders, what a killed one left behind.
    prepare: Callable[[], object] | None = None
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = 0.0


class Supervisor:
    """Starts parts, starts dead helpers again, and takes all of them down in the reverse order.

    `folder` holds a file `<name>.pid` for each, so that the next run finds what a killed script left. `say` prints
    a line.
    """

    def __init__(self, folder: Path, root: Path, say: Callable[[str], None]) -> None:
        self.folder, self.root, self.say = folder, root, say
        self.parts: list[Part] = []
        self._reading: list[threading.Thread] = []

    def start(self, part: Part) -> Part:
        """Start a part; from now on `look` keeps it alive."""
        self.parts.append(part)
        self._launch(part)
        return part

    def look(self) -> None:
        """Start again every helper that died, each after its pause; call it often.

        Raises PartEnded for a vital part.
        """
        now = time.monotonic()
        for part in self.parts:
            if part.process is not None and part.process.poll() is None:
                continue
            if part.vital:
                raise PartEnded(part.name)
            if part.process is not None:
                code, part.process = part.process.returncode, None
                if now - part.started > STEADY_SECONDS:
                    part.pause = FIRST_PAUSE
                part.due, part.pause = now + part.pause, min(2 * part.pause, LONGEST_PAUSE)
                self.say(
                    f"{part.name} | ended ({_how(code)}); it is started again in {part.due - now:.0f} s."
                )
            elif now >= part.due:
                self._launch(part)

    def stop(self) -> None:
        """Take all parts down, the last one first, and forget them."""
        for part in reversed(self.parts):
            if part.process is not None:
                end_group(part.process.pid, part.process)
            (self.folder / f"{part.name}.pid").unlink(missing_ok=True)
        for thread in self._reading:
            thread.join(2)
        self.parts.clear()

    def _launch(self, part: Part) -> None:
        if part.prepare is not None:
            part.prepare()
        part.process = subprocess.Popen(
            part.command, cwd=self.root, env=part.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        part.started = time.monotonic()
        (self.folder / f"{part.name}.pid").write_text(str(part.process.pid))
        thread = threading.Thread(target=self._relay, args=(part, part.process), daemon=True)
        self._reading = [reading for reading in self._reading if reading.is_alive()]
        self._reading.append(thread)
        thread.start()

    def _relay(self, part: Part, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        with process.stdout:
            for line in process.stdout:
                text = line.decode(errors="replace").rstrip()
                # Read on even if nobody listens any more: a part must never wait for its own log.
                with contextlib.suppress(OSError, ValueError):
                    if text and not (part.hush and part.hush in text):
                        self.say(f"{part.name} | {text}")


def end_leftovers(folder: Path, marks: dict[str, str], say: Callable[[str], None]) -> None:
    """Stop what an earlier run left behind whose script was killed: name -> mark, the first one first."""
    told = False
    for name, mark in marks.items():
        path = folder / f"{name}.pid"
        try:
            number = int(path.read_text())
        except (OSError, ValueError):
            continue
        command = command_of(number)
        if mark in f"{command} ":
            if not told:
                say("Stopping what an earlier run left behind ...")
                told = True
            end_group(number)
        elif not command:
            # The leader is gone; the rest of its group notices within a second or two and lets go of the port.
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline and _group_lives(number):
                time.sleep(0.05)
        path.unlink(missing_ok=True)


def end_group(leader: int, child: subprocess.Popen[bytes] | None = None, patience: float = 10) -> None:
    """Ask the leader of a process group to end, wait `patience` seconds, then kill what is left of the group."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(leader, signal.SIGTERM)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and not _gone(leader, child):
            time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    if child is not None:
        child.wait()


def _gone(number: int, child: subprocess.Popen[bytes] | None) -> bool:
    if child is not None:
        return child.poll() is not None
    return not command_of(number)


def _group_lives(number: int) -> bool:
    try:
        os.killpg(number, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"


def command_of(number: int) -> str:
    """Command line of a process, its words separated by spaces; empty if it does not live (any more)."""
    if Path("/proc/self/cmdline").exists():  # a bare Debian has no ps
        try:
            words = Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            return ""
        return words.decode(errors="replace").strip()
    shown = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(number)], capture_output=True, check=False
    )
    return shown.stdout.decode(errors="replace").strip()
