"""A real broker and a real worker for tests, as processes of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection

from tracker import valkey

ROOT = Path(__file__).resolve().parent.parent


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Ask again and again until `condition` holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def start_broker(data: Path) -> subprocess.Popen[bytes]:
    """The server with its files in `data`/broker, once it answers."""
    program = valkey.find_program()
    assert program is not None
    server = subprocess.Popen(valkey.prepare(data, program), stdout=subprocess.DEVNULL)
    wait_for(lambda: server.poll() is not None or valkey.answers(data))
    assert server.poll() is None
    return server


def environment() -> dict[str, str]:
    """For another process of this project that works on the database of the tests."""
    known = connection.settings_dict
    place = f"host={known['HOST']} port={known['PORT']}" if not known["HOST"].startswith("/") else ""
    query = f"?host={known['HOST']}&port={known['PORT']}" if not place else ""
    login = f"{known['USER']}{':' + known['PASSWORD'] if known['PASSWORD'] else ''}"
    host = "" if query else f"{known['HOST']}{':' + str(known['PORT']) if known['PORT'] else ''}"
    return os.environ | {
        "TRACKER_MODE": "test", "DATABASE_URL": f"postgresql://{login}@{host}/{known['NAME']}{query}",
    }  # fmt: skip


def start_worker(data: Path, log: Path) -> subprocess.Popen[bytes]:
    """A worker of this project on the database of the tests and the broker in `data`, once it is ready."""
    env = environment() | {"REDIS_URL": valkey.url(data)}
    words = ["-A", "tracker", "worker", "--pool", "threads", "--concurrency", "2", "--loglevel", "info"]
    with log.open("ab") as output:
        begun = output.tell()
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "--quiet", *words, "--without-gossip", "--without-mingle"],
            cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    wait_for(lambda: worker.poll() is not None or b"\nready\n" in b"\n" + log.read_bytes()[begun:])
    assert worker.poll() is None, log.read_text()
    return worker


def end(process: subprocess.Popen[bytes], how: int = signal.SIGKILL) -> None:
    """End a process and wait for it."""
    process.send_signal(how)
    process.wait(60)
