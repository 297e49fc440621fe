"""What reaches a log: never a person's data, never a line that somebody else made up.

PostgreSQL prints whole rows into its errors, and Django repeats what was typed in others. So an error is logged by its
kind, the rule of the database that was broken, and where it came from; what it says only where that is about the
machine. Signs that a terminal or a reader of lines would obey are written out.
"""

import logging
import re
from collections.abc import Mapping
from traceback import format_tb
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.template import TemplateDoesNotExist, TemplateSyntaxError

# Errors that speak of servers, tables and files, and not of what somebody typed; the first line of them.
ABOUT_THE_MACHINE = (
    ImproperlyConfigured, ImportError, InterfaceError, OperationalError, OSError, ProgrammingError,
    TemplateDoesNotExist, TemplateSyntaxError,
)  # fmt: skip
# C0, DEL and C1 but for the tab; the separators of lines that some readers know; the marks that turn text around.
CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def in_one_line(text: str) -> str:
    """`text` with every sign that would move a cursor or begin a line written out: \\n, \\x1b."""
    return CONTROL.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


def describe_error(problem: BaseException) -> str:
    """What an error is: its class, the broken rule of the database, and its words if they are about the machine."""
    rule = getattr(getattr(problem, "diag", None), "constraint_name", None)
    words = str(problem).partition("\n")[0] if isinstance(problem, ABOUT_THE_MACHINE) else ""
    return in_one_line(
        type(problem).__qualname__ + (f" ({rule})" if rule else "") + (f": {words}" if words else "")
    )


def describe_traceback(problem: BaseException) -> str:
    """An error with those before it and where each came from: lines of our code, without local values."""
    lines: list[str] = []
    current: BaseException | None = problem
    while current is not None:
        lines.append(describe_error(current))
        lines += [line.rstrip() for line in format_tb(current.__traceback__)]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n".join(lines)


class CleanFormatter(logging.Formatter):
    """Formats records by the rules of this module, whoever logs them."""

    def format(self, record: logging.LogRecord) -> str:
        """The message in one line; under it, of an error, what and where it was."""
        problem = record.exc_info[1] if record.exc_info else None
        clean = logging.makeLogRecord(record.__dict__)
        clean.args = _without_words(record.args, problem)
        clean.msg, clean.args = in_one_line(clean.getMessage()), None
        clean.exc_info = clean.exc_text = clean.stack_info = None
        text = super().format(clean)
        return f"{text}\n{describe_traceback(problem)}" if problem else text


def _without_words(args: Any, problem: BaseException | None) -> Any:
    """The arguments of a message, errors among them described. Celery hands the words of an error over as "exc"."""
    if isinstance(args, Mapping):
        named = {name: _described(value) for name, value in args.items()}
        return named | ({"exc": describe_error(problem)} if problem and "exc" in named else {})
    return tuple(_described(value) for value in args) if isinstance(args, tuple) else args


def _described(value: Any) -> Any:
    return describe_error(value) if isinstance(value, BaseException) else value
