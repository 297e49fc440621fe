#!/usr/bin/env python3
"""Django's commands. `make manage ARGS="..."` runs them with a database and the right environment."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
    os.environ.setdefault("TRACKER_ORIGIN", f"command {sys.argv[1]}" if len(sys.argv) > 1 else "command")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit('Django is not installed for this Python: use `make manage ARGS="..."`.')
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
