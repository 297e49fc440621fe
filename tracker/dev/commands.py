"""The commands apart from `make run`: each is a function, and ends in an exit code."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tracker import valkey
from tracker.database_roles import WORKER
from tracker.dev import DATA, ROOT
from tracker.dev.database import as_role, database, environment
from tracker.dev.processes import Stop, asked_to_stop, catch_signals, run_child, run_quietly, say
from tracker.dev.running import Claim, part_marks
from tracker.dev.venv import DEVELOPMENT, RUNTIME, create_venv, make_environment, python_in, site_packages
from tracker.postgres.folders import outside_folder
from tracker.postgres.locks import try_lock
from tracker.postgres.server import Server
from tracker.postgres.throwaway import throwaway
from tracker.supervisor import end_leftovers

# Commands that read and write rows, as the worker does; every other one is the owner's (tables, accounts, a shell).
ROW_COMMANDS = {
    "load_demo", "load_election", "recount", "run_jobs", "simulate_day", "verify_editions", "verify_history",
}  # fmt: skip


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
    with contextlib.nullcontext(own) if own else throwaway(DATA, site_packages()) as url:
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
            if asked_to_stop() and not told:
                child.terminate()
                told = True
            time.sleep(0.02)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def lock(words: Sequence[str]) -> int:
    """`make lock`: both lock files from pyproject.toml, by uv in an environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        venv = Path(folder) / "venv"
        create_venv(venv)
        python = str(python_in(venv))
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"]
        run_quietly(pip, "uv could not be installed: check that the package index can be reached.")
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
    claimed = try_lock(claim.path)
    if claimed is None:
        raise Stop("The tracker runs in this folder: stop it first (Ctrl-C), then delete its data.")
    try:
        servers = [Server(data, path.parent.name) for path in data.glob("*/server.lock")]
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
        outside = outside_folder(data)
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
