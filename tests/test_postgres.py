"""The launcher of our own PostgreSQL, against real servers: what people do to it, and what it refuses."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tracker.database_roles import PUBLIC, ROLES, WEB, WORKER
from tracker.postgres import server as servers
from tracker.postgres.folders import outside_folder
from tracker.postgres.programs import PostgresError, find_programs, major_version
from tracker.postgres.server import Server
from tracker.postgres.throwaway import throwaway

ROOT = Path(__file__).resolve().parent.parent
# Each test has its own servers; they are real, and two at once are enough for a small machine.
pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that every user can reach, with a space in its name and rather long.

    Not pytest's tmp_path: that one is closed to the user who runs the server when we are root.
    """
    top = Path(tempfile.mkdtemp(prefix="tracker test, it's long "))
    top.chmod(0o755)
    place = top / ("x" * 100)
    place.mkdir()
    yield place
    for lock in place.glob("*/server.lock"):
        server = Server(place, lock.parent.name)
        assert server.stop(), f"somebody still uses {lock.parent}"
        server.remove()
    outside = outside_folder(place)
    if outside:
        shutil.rmtree(outside)
    shutil.rmtree(top)


def put(url: str, word: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        connection.execute("INSERT INTO words VALUES (%s)", [word])


def words(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT word FROM words ORDER BY word")]


def test_a_stopped_server_keeps_its_data_and_leaves_no_process(data: Path) -> None:
    server = Server(data, "run")
    put(server.start(), "kept")
    number = server.pid()
    assert number is not None
    assert server.alive()
    assert server.stop() is True
    assert not server.alive()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
    with Server(data, "run") as url:
        assert words(url) == ["kept"]


def test_clients_work_as_an_ordinary_role_and_only_through_the_socket(data: Path) -> None:
    with Server(data, "run") as url, psycopg.connect(url) as connection:
        role = connection.execute(
            "SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert role == ("tracker", False, True)
        listening = connection.execute("SELECT current_setting('listen_addresses')").fetchone()
        assert listening == ("",)


def test_a_cluster_of_an_older_release_gets_the_roles_too(data: Path) -> None:
    server = Server(data, "run")
    server.start()
    with psycopg.connect(server.url_as("postgres")) as boss:
        boss.execute(f"DROP ROLE {', '.join(ROLES)}")
    server.stop()
    (data / "run" / "cluster" / "tracker.roles").unlink()
    with Server(data, "run"):
        for role in (WEB, WORKER):
            with psycopg.connect(server.url_as(role)) as line:
                ask = "SELECT rolsuper OR rolinherit FROM pg_roles WHERE rolname = current_user"
                assert line.execute(ask).fetchone() == (False,)
        with psycopg.connect(server.url_as(WEB)) as line:
            line.execute(f"SET ROLE {PUBLIC}")
            assert line.execute("SELECT current_user").fetchone() == (PUBLIC,)


def test_start_right_after_kill_9_recovers_what_was_committed(data: Path) -> None:
    first = Server(data, "run")
    put(first.start(), "committed")
    number = first.pid()
    assert number is not None
    # The dead server stays unreaped (first still is its parent), as it does where init reaps late or never.
    os.kill(number, signal.SIGKILL)
    second = Server(data, "run")
    began = time.monotonic()
    assert words(second.start()) == ["committed"]
    assert time.monotonic() - began < servers.PATIENCE  # it did not wait for the dead one to answer
    assert second.pid() != number
    second.stop()
    first.stop()


def test_a_number_used_again_by_another_process_does_not_stop_the_start(data: Path) -> None:
    server = Server(data, "run")
    put(server.start(), "kept")
    cluster = data / "run" / "cluster"
    lines = (cluster / "postmaster.pid").read_text().splitlines()
    server.stop()
    bystander = subprocess.Popen(["sleep", "60"], user=cluster.stat().st_uid if os.geteuid() == 0 else None)
    try:
        (cluster / "postmaster.pid").write_text("\n".join([str(bystander.pid), *lines[1:]]) + "\n")
        (cluster / "postmaster.pid").chmod(0o644)
        with Server(data, "run") as url:
            assert words(url) == ["kept"]
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_simultaneous_starts_share_one_server_and_the_last_to_leave_stops_it(data: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tracker.postgres.server import Server\n"
        "server = Server(Path(sys.argv[1]), 'run')\n"
        "server.start(); print(server.pid(), flush=True); sys.stdin.readline(); print(server.stop(), flush=True)"
    )
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(data)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    numbers = {starter.stdout.readline().strip() for starter in starters if starter.stdout}
    assert len(numbers) == 1
    assert numbers.pop().isdigit()
    answers = []
    for starter in starters:
        answers.append(starter.communicate("\n", timeout=60)[0].strip())
    assert answers == ["False", "False", "True"]


def test_the_server_of_a_killed_owner_is_joined_and_then_stopped(data: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from tracker.postgres.server import Server\n"
        "server = Server(Path(sys.argv[1]), 'run')\n"
        "server.start(); print(server.pid(), flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script, str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout
    number = int(owner.stdout.readline())
    owner.kill()
    owner.wait()
    server = Server(data, "run")
    assert server.alive()
    assert not server.in_use()
    put(server.start(), "joined")
    assert server.pid() == number
    assert server.stop() is True
    assert not server.alive()


def test_a_server_whose_socket_was_swept_away_is_replaced(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(data, "run")
    put(server.start(), "kept")
    first = server.pid()
    shutil.rmtree(server._socket_folder())
    monkeypatch.setattr(servers, "PATIENCE", 0.5)
    again = Server(data, "run")
    assert words(again.start()) == ["kept"]
    assert again.pid() != first
    again.stop()
    server.stop()


@pytest.mark.parametrize("wrong", ["open", "link"])
def test_a_socket_folder_that_others_can_enter_is_refused(data: Path, tmp_path: Path, wrong: str) -> None:
    server = Server(data, "run")
    place = server._socket_folder()
    if wrong == "open":
        place.mkdir(mode=0o700)
        place.chmod(0o755)
        if os.geteuid() == 0:
            data.joinpath("run").mkdir()
            os.chown(place, server._identity()["user"], -1)
    else:
        place.symlink_to(tmp_path)
    try:
        with pytest.raises(PostgresError, match=r"owner .* mode 0700"):
            server.start()
        assert not server.alive()
        assert not server.in_use()
    finally:
        place.unlink() if wrong == "link" else place.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that belongs to somebody else")
def test_a_socket_folder_of_somebody_else_is_refused(data: Path) -> None:
    server = Server(data, "run")
    place = server._socket_folder()
    place.mkdir(mode=0o700)
    os.chown(place, 12345, 12345)
    try:
        with pytest.raises(PostgresError, match="somebody else"):
            server.start()
    finally:
        place.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run the server as somebody else")
def test_as_root_in_a_closed_folder_the_server_runs_outside_it(data: Path) -> None:
    closed = data / "closed"
    closed.mkdir(mode=0o700)
    inside = closed / ".data"
    server = Server(inside, "run")
    try:
        put(server.start(), "kept")
        number = server.pid()
        outside = outside_folder(inside)
        assert outside is not None
        owner = Path(f"/proc/{number}").stat().st_uid
        assert pwd.getpwuid(owner).pw_name in ("postgres", "nobody")
        assert closed.stat().st_mode & 0o777 == 0o700
        assert (outside / "run" / "cluster").stat().st_mode & 0o777 == 0o700
        server.stop()
        with Server(inside, "run") as url:
            assert words(url) == ["kept"]
        assert outside_folder(inside) == outside
    finally:
        server.stop()
        server.remove()
        left = outside_folder(inside)
        if left:
            shutil.rmtree(left)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else to try it")
def test_an_ordinary_user_can_start_it(data: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    programs = find_programs()
    if major_version(programs.folder, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[]) is None:
        pytest.skip(f"nobody cannot reach {programs.folder}")
    system_python = shutil.which("python3", path="/usr/bin:/bin")
    if system_python is None:
        pytest.skip("no python3 that nobody can run")
    source = data / "source" / "tracker"
    source.mkdir(parents=True)
    source.joinpath("__init__.py").touch()
    shutil.copy(ROOT / "tracker" / "database_roles.py", source)
    shutil.copytree(ROOT / "tracker" / "postgres", source / "postgres")
    script = (
        "import sys; from pathlib import Path; from tracker.postgres.server import Server\n"
        "with Server(Path(sys.argv[1]), 'run') as url: print(url)"
    )
    done = subprocess.run(
        [system_python, "-c", script, str(data)],
        cwd=source.parent, user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[],
        env={"TRACKER_POSTGRES_BIN": str(programs.folder), "PATH": os.defpath},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.startswith("postgresql://tracker@/tracker?host=")
    assert (data / "run" / "cluster").stat().st_uid == nobody.pw_uid


def test_data_of_another_major_version_is_named_and_left_alone(data: Path) -> None:
    server = Server(data, "run")
    server.start()
    server.stop()
    version = data / "run" / "cluster" / "PG_VERSION"
    version.write_text("14\n")
    with pytest.raises(PostgresError, match="made by PostgreSQL 14"):
        server.start()
    assert version.read_text() == "14\n"


def test_an_interrupted_creation_is_begun_anew(data: Path) -> None:
    half = data / "run" / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with Server(data, "run") as url:
        put(url, "made")
    assert not half.exists()


@pytest.mark.parametrize("sign", ["cluster.new/PG_VERSION", "log"])
def test_a_start_that_is_called_off_leaves_nothing_running_and_can_be_repeated(data: Path, sign: str) -> None:
    class CalledOff(Exception):
        pass

    def check() -> None:
        if (data / "run" / sign).exists():
            raise CalledOff

    server = Server(data, "run", check=check)
    with pytest.raises(CalledOff):
        server.start()
    assert not server.alive()
    assert not server.in_use()
    with Server(data, "run") as url:
        put(url, "made")


def test_programs_that_do_not_run_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRACKER_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(PostgresError, match="TRACKER_POSTGRES_BIN"):
        find_programs()


def test_without_wheel_and_system_programs_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tracker.postgres import programs\n"
        "programs.DEBIAN = Path(sys.argv[1])\n"
        "try: programs.find_programs([sys.argv[1]])\n"
        "except programs.PostgresError as error: print(error)"
    )
    environment = {"PATH": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "apt install postgresql" in done.stdout
    assert "DATABASE_URL" in done.stdout


def test_a_throwaway_server_is_fresh_and_leaves_nothing_but_its_locks(data: Path) -> None:
    with throwaway(data) as url:
        put(url, "gone")
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT current_setting('fsync')").fetchone() == ("off",)
        with throwaway(data) as other:
            assert other != url
    left = {path.name for path in data.glob("test-*/*")}
    assert left <= {"slot.lock", "start.lock", "server.lock", "users.lock"}
    with throwaway(data) as url, pytest.raises(psycopg.errors.UndefinedTable):
        words(url)
