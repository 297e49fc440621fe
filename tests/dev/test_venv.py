"""The environment in .venv, and the locks that it is made of."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tracker.dev.processes import Stop
from tracker.dev.venv import DEVELOPMENT, RUNTIME, make_environment, read_stamp, stamp_of

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.xdist_group("dev")


def test_a_finished_environment_is_kept_and_an_interrupted_one_is_made_anew(tmp_path: Path) -> None:
    # One test for the whole story, because making an environment takes seconds.
    for lock in (RUNTIME, DEVELOPMENT):
        (tmp_path / lock).write_text("# nothing\n")
    python = make_environment((RUNTIME, DEVELOPMENT), tmp_path)
    mark = tmp_path / ".venv" / "mark"
    mark.touch()

    stamp = (tmp_path / ".venv" / "stamp.json").stat()
    assert make_environment((RUNTIME,), tmp_path) == python, "the larger lock holds the smaller"
    assert (tmp_path / ".venv" / "stamp.json").stat().st_mtime_ns == stamp.st_mtime_ns

    (tmp_path / RUNTIME).write_text("# another\n")
    make_environment((RUNTIME,), tmp_path)
    assert (tmp_path / ".venv" / "stamp.json").stat().st_mtime_ns != stamp.st_mtime_ns
    assert mark.exists(), "another lock is installed over the same environment"

    (tmp_path / RUNTIME).write_text("this is no requirement\n")
    with pytest.raises(Stop) as caught:
        make_environment((RUNTIME,), tmp_path)
    said = str(caught.value)
    assert "Invalid requirement" in said
    assert said.splitlines()[-1].startswith("The packages could not be installed: check")
    assert read_stamp(tmp_path / ".venv") == {}

    shutil.rmtree(tmp_path / ".venv" / "lib")
    (tmp_path / RUNTIME).write_text("# mended\n")
    make_environment((RUNTIME,), tmp_path)
    assert not mark.exists(), "what was not finished is not built upon"
    subprocess.run([python, "-m", "pip", "--version"], check=True, capture_output=True)


def test_an_environment_of_another_python_or_place_does_not_count(tmp_path: Path) -> None:
    (tmp_path / RUNTIME).write_text("")
    wanted = stamp_of(tmp_path, (RUNTIME,))
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / "stamp.json").write_text(json.dumps(wanted))
    assert read_stamp(venv) == wanted
    for other in ({"python": "3.11.0"}, {"place": "/elsewhere"}, {RUNTIME: "0"}):
        (venv / "stamp.json").write_text(json.dumps(wanted | other))
        assert not wanted.items() <= read_stamp(venv).items()
    (venv / "stamp.json").write_text(json.dumps(wanted))
    (venv / "bin" / "python").unlink()
    assert read_stamp(venv) == {}


def test_without_ensurepip_one_sentence_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / RUNTIME).write_text("")
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(Stop) as caught:
        make_environment((RUNTIME,), tmp_path)
    assert str(caught.value).count("\n") == 0
    assert "apt install python3-venv" in str(caught.value)


@pytest.mark.parametrize("name", ["__init__.py", "dev/__init__.py"])
def test_an_old_python_can_read_the_script_that_refuses_it(name: str) -> None:
    ast.parse((ROOT / "tracker" / name).read_text(), feature_version=(3, 8))


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT])
def test_the_locks_name_no_host_and_no_place_and_hash_everything(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "--index" not in text
    assert not re.search(r"(^|[\s@])/", text)
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all(re.match(r"[a-z0-9-]+(\[.+\])?==", entry) and "--hash=sha256:" in entry for entry in entries)


def test_the_development_lock_holds_the_runtime_lock() -> None:
    pins = [
        set(re.findall(r"^([a-z0-9-]+==[^ ]+)", (ROOT / lock).read_text(), re.MULTILINE))
        for lock in (RUNTIME, DEVELOPMENT)
    ]
    assert len(pins[0]) > 10
    assert pins[0] <= pins[1]
