"""Which command was asked for: `python3 -m tracker.dev check` is `make check`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from tracker.dev.commands import check, clean_data, lock, manage, test, usage
from tracker.dev.processes import Interrupted, Stop
from tracker.dev.running import run
from tracker.postgres.programs import PostgresError


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
    except (Stop, PostgresError) as error:
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
