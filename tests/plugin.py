"""pytest plugin, named in pyproject.toml: a PostgreSQL for the tests, and a browser if there is one.

It is a plugin and not a conftest.py because pytest-django reads the settings, and with them DATABASE_URL, before any
conftest.py is loaded.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tracker.postgres.programs import PostgresError
from tracker.postgres.throwaway import throwaway

ROOT = Path(__file__).resolve().parent.parent
NO_BROWSER = "no Chromium was found"
BROWSER_ARGS = [
    "--no-sandbox",  # root in a container has no other way; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_resources = contextlib.ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    """Before Django's settings are read: say that these are tests, and start a server unless one is given.

    The workers of pytest-xdist inherit DATABASE_URL, so only the controller starts one.
    """
    os.environ["TRACKER_MODE"] = "test"
    os.environ.pop("REDIS_URL", None)  # a test that needs a broker starts its own
    if not os.environ.get("DATABASE_URL"):
        for name in [name for name in os.environ if name.startswith("PG")]:
            del os.environ[name]  # a PGPORT or PGOPTIONS of the user's own server is not meant for this one
        try:
            os.environ["DATABASE_URL"] = _resources.enter_context(throwaway(ROOT / ".data"))
        except PostgresError as error:
            raise pytest.UsageError(str(error)) from error
        _resources.callback(os.environ.pop, "DATABASE_URL", None)
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    # Registered here, after pytest-playwright: the fixture of the plugin that comes last is the one that counts.
    config.pluginmanager.register(_BrowserFixtures(), "tracker-browser")
    # As long as Playwright waits for everything else: five seconds are short on a machine with more to do.
    expect.set_options(timeout=30_000)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _resources.close()


# --- browser ----------------------------------------------------------------------------------------------------------


def find_chromium() -> str | None:
    """Path of a Chromium: CHROMIUM, then PATH, then the one Playwright may have downloaded; None without any."""
    given = os.environ.get("CHROMIUM")
    if given:
        return shutil.which(given)
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        found = shutil.which(name)
        if found:
            return found
    caches = [
        os.environ.get("PLAYWRIGHT_BROWSERS_PATH"),
        "~/.cache/ms-playwright",
        "~/Library/Caches/ms-playwright",
    ]
    programs = ("chrome-linux*/chrome", "chrome-mac*/Chromium.app/Contents/MacOS/Chromium")
    for cache in (Path(cache).expanduser() for cache in caches if cache):
        for program in programs:
            for path in sorted(cache.glob(f"chromium-*/{program}"), reverse=True):
                if os.access(path, os.X_OK):
                    return str(path)
    return None


def browser_required() -> bool:
    """Whether a missing Chromium is a failure (CI, or TRACKER_REQUIRE_BROWSER=1) and not a skipped test."""
    return any(
        os.environ.get(name, "").lower() in ("1", "true", "yes") for name in ("CI", "TRACKER_REQUIRE_BROWSER")
    )


class _BrowserFixtures:
    @pytest.fixture(scope="session")
    @classmethod
    def browser_type_launch_args(cls) -> dict[str, Any]:
        """How pytest-playwright starts the browser."""
        return {"executable_path": find_chromium(), "args": BROWSER_ARGS, "headless": True}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser") is None:
        return
    if find_chromium() is None:
        if browser_required():
            pytest.fail(f"{NO_BROWSER}, and it is required here: apt install chromium", pytrace=False)
        pytest.skip(NO_BROWSER)
    # Playwright keeps an event loop in this process from its first test on, and Django refuses the database there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = terminalreporter.getreports("skipped")
    skipped = sum(1 for report in reports if NO_BROWSER in str(report.longrepr))
    if skipped:
        terminalreporter.write_line(
            f"{skipped} browser tests were skipped because no Chromium was found: apt install chromium",
            yellow=True,
        )
