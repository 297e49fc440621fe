"""`make run`: the parts of a running tracker, from the claim on the folder to the end of the last one."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import socket
import time
from collections.abc import Callable
from pathlib import Path

from tracker import valkey
from tracker.database_roles import WEB, WORKER
from tracker.dev import DATA, ROOT
from tracker.dev.database import as_role, database, environment
from tracker.dev.processes import Interrupted, Stop, catch_signals, check_signals, run_child, say
from tracker.dev.venv import make_environment, site_packages
from tracker.postgres.locks import try_lock
from tracker.postgres.server import Server
from tracker.supervisor import Part, PartEnded, Supervisor, end_leftovers

ELECTION = "az-2024-president"
READY_SECONDS = 60


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
        while (number := try_lock(self.path)) is None:
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


def parts_of(
    python: Path,
    host: str,
    port: int,
    env: dict[str, str],
    root: Path = ROOT,
    server: Server | None = None,
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
    server: Server | None, reason_to_end: Callable[[], str | None],
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


def _reason_to_end(server: Server | None, parent: int) -> str | None:
    if server is not None and not server.alive():
        return "PostgreSQL ended without being asked to. `make run` starts it again; no saved data is lost."
    if "MAKELEVEL" in os.environ and os.getppid() != parent:
        return "make was killed, so this ends too."
    return None
