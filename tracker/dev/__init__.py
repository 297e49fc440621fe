"""The commands behind the Makefile: `python3 -m tracker.dev run` is `make run`. Standard library only.

They make the environment in .venv, start PostgreSQL and the web server, and take all of it down again.
"""

import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - this is the place that says so
    sys.exit("The tracker needs Python 3.11 or newer; this is Python {}.{}.".format(*sys.version_info[:2]))

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT / ".data"
