"""The database of a local copy, and what our own programs see of the environment."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from tracker import valkey
from tracker.dev import DATA
from tracker.dev.processes import Stop, check_signals, run_child, say
from tracker.dev.venv import site_packages
from tracker.postgres.programs import OLDEST
from tracker.postgres.server import Server


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


@contextlib.contextmanager
def database(python: Path, aloud: bool = True) -> Iterator[tuple[str, Server | None]]:
    """URL of the database to use and our own server behind it: none if DATABASE_URL names another one."""
    given = os.environ.get("DATABASE_URL")
    if given:
        check_database(python, given)
        yield given, None
        return
    server = Server(DATA, "run", site_packages=site_packages(), check=check_signals)
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
    if int(output) < OLDEST * 10000:
        raise Stop(f"The database named by DATABASE_URL is PostgreSQL {int(output) // 10000}; it must be "
                   f"{OLDEST} or newer.")  # fmt: skip


def as_role(env: dict[str, str], server: Server | None, role: str) -> dict[str, str]:
    """The environment of a program that works as `role`; with the user's own database, as the login it names."""
    return env | {"DATABASE_URL": server.url_as(role)} if server else env
