"""Programs that we start and wait for, what we print, and how we are asked to stop."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from types import FrameType

from tracker.dev import ROOT
from tracker.supervisor import end_group


class Stop(Exception):
    """The command cannot go on; the text is the sentence for the person at the terminal."""


class Interrupted(Exception):
    """Somebody asked us to stop (Ctrl-C or SIGTERM)."""


_saying = threading.Lock()


def say(text: str = "") -> None:
    """Print a line at once, also into a pipe; whole, whoever else prints at the same moment."""
    with _saying:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


_asked_to_stop = False


def _note_signal(number: int, frame: FrameType | None) -> None:
    global _asked_to_stop
    _asked_to_stop = True


def catch_signals() -> None:
    """From here on Ctrl-C and SIGTERM are noted, and looked at where it is safe to stop."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # `nohup make run` means to go on when the terminal is closed
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _note_signal)


def check_signals() -> None:
    """Raise Interrupted if somebody asked us to stop."""
    if _asked_to_stop:
        raise Interrupted


def asked_to_stop() -> bool:
    """Whether somebody asked us to stop."""
    return _asked_to_stop


def run_child(command: Sequence[str], env: dict[str, str] | None = None) -> tuple[int, str]:
    """Run a program to its end; its exit code and everything it printed. Ends it and raises Interrupted if asked."""
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            while child.poll() is None:
                check_signals()
                time.sleep(0.02)
        except BaseException:
            end_group(child.pid, child)
            raise
        if child.returncode:
            # Ctrl-C reaches a child that has not left our process group yet: its end is no failure of its own.
            check_signals()
        output.seek(0)
        return child.returncode, output.read().decode(errors="replace")


def run_quietly(command: Sequence[str], sentence: str) -> None:
    """Run a program and show its output only if it fails, followed by `sentence` (raises Stop)."""
    code, output = run_child(command)
    if code:
        raise Stop(f"{output.strip()}\n\n{sentence}")
