"""Parts side by side: what they print, what happens when one dies, and how all of them end."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.brokers import wait_for
from tracker.supervisor import Part, PartEnded, Supervisor, command_of, end_leftovers

LIVES = "import time; print('begun', flush=True); time.sleep(60)"
SAYS_ITS_END = """
import signal, sys, time
def end(*_):
    print("ends", flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("begun", flush=True)
time.sleep(60)
"""


@pytest.fixture
def lines() -> list[str]:
    return []


def part(name: str, program: str, **over: Any) -> Part:
    return Part(name, [sys.executable, "-c", program], mark=program, env=dict(os.environ), **over)


def test_lines_come_out_behind_the_name_of_their_part(tmp_path: Path, lines: list[str]) -> None:
    keeper = Supervisor(tmp_path, tmp_path, lines.append)
    keeper.start(part("one", "print('first\\n\\nsecond')\nimport sys; print('wrong', file=sys.stderr)"))
    keeper.start(part("two", "print('hush now'); print('other')", hush="hush"))
    wait_for(lambda: len(lines) == 4)
    keeper.stop()
    assert sorted(lines) == ["one | first", "one | second", "one | wrong", "two | other"]


def test_a_helper_is_started_again_after_growing_pauses(tmp_path: Path, lines: list[str]) -> None:
    keeper = Supervisor(tmp_path, tmp_path, lines.append)
    prepared: list[str] = []
    helper = part("helper", "import sys; sys.exit(3)", prepare=lambda: prepared.append("x"), pause=0.01)
    keeper.start(helper)

    def three_times() -> bool:
        keeper.look()
        return len(prepared) == 3

    wait_for(three_times)
    keeper.stop()
    assert lines == ["helper | ended (exit code 3); it is started again in 0 s."] * 2
    assert helper.pause == 0.04


def test_a_killed_helper_comes_back_as_another_process(tmp_path: Path, lines: list[str]) -> None:
    keeper = Supervisor(tmp_path, tmp_path, lines.append)
    helper = keeper.start(part("helper", LIVES, pause=0.01))
    wait_for(lambda: "helper | begun" in lines)
    assert helper.process is not None
    first = helper.process.pid
    os.kill(first, signal.SIGKILL)

    def begun_twice() -> bool:
        keeper.look()
        return lines.count("helper | begun") == 2

    wait_for(begun_twice)
    assert "helper | ended (SIGKILL); it is started again in 0 s." in lines
    second = int((tmp_path / "helper.pid").read_text())
    assert second != first
    keeper.stop()
    assert command_of(second) == ""
    assert not (tmp_path / "helper.pid").exists()


def test_everything_ends_when_a_vital_part_does(tmp_path: Path, lines: list[str]) -> None:
    keeper = Supervisor(tmp_path, tmp_path, lines.append)
    web = keeper.start(part("web", "pass", vital=True))
    assert web.process is not None
    web.process.wait(20)
    with pytest.raises(PartEnded, match="web"):
        keeper.look()
    keeper.stop()


def test_the_last_one_started_is_the_first_to_end(tmp_path: Path, lines: list[str]) -> None:
    keeper = Supervisor(tmp_path, tmp_path, lines.append)
    for name in ("one", "two"):
        keeper.start(part(name, SAYS_ITS_END))
    wait_for(lambda: len(lines) == 2)
    keeper.stop()
    assert lines[2:] == ["two | ends", "one | ends"]


def test_leftovers_are_ended_and_strangers_left_alone(tmp_path: Path, lines: list[str]) -> None:
    ours, stranger = (
        subprocess.Popen(
            [sys.executable, "-c", LIVES, word], stdout=subprocess.DEVNULL, start_new_session=True
        )
        for word in ("of this folder", "of another")
    )
    (tmp_path / "worker.pid").write_text(str(ours.pid))
    (tmp_path / "web.pid").write_text(str(stranger.pid))  # its number was used again
    (tmp_path / "beat.pid").write_text("nonsense")
    wait_for(lambda: "of this folder" in command_of(ours.pid))
    # Somebody reaps what was ended, as the system does for the child of a killed script.
    pid = ours.pid
    reaper = threading.Thread(target=ours.wait)
    reaper.start()
    end_leftovers(tmp_path, dict.fromkeys(("worker", "web", "beat"), "of this folder "), lines.append)
    reaper.join(10)
    assert (ours.returncode, command_of(pid)) == (-signal.SIGTERM, "")
    assert stranger.poll() is None
    assert lines == ["Stopping what an earlier run left behind ..."]
    stranger.kill()
    stranger.wait()
