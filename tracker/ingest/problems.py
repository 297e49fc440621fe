"""What is wrong with a file, said so that a person can mend it."""

from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_QUOTE = 80


@dataclass(frozen=True)
class Problem:
    """One fault: where it is, what is wrong, how to mend it. `str()` gives the sentence people read.

    `row` counts as a spreadsheet does (the header is row 1); None where the fault is the whole file's.
    A `warning` keeps nothing out.
    """

    file: str
    what: str
    mend: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""
    warning: bool = False

    def __str__(self) -> str:
        where = ", ".join(
            part for part in (self.file, f"row {self.row}" if self.row else "", self.column) if part
        )
        said = f'"{shortened(self.value)}" {self.what}' if self.value else self.what
        return " ".join(part for part in (f"{where}: {said}" if where else said, self.mend) if part)


class ProblemsFound(Exception):
    """A load that did not happen; `problems` says why, all of it at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Unreadable(ValueError):
    """A cell that cannot be read: what is wrong with its value, and how to mend it."""

    def __init__(self, what: str, mend: str = "") -> None:
        self.what, self.mend = what, mend
        super().__init__(f"{what} {mend}".strip())


class Unread(str):
    """An empty cell of our layout whose text in the file could not be read, which is said already."""

    __slots__ = ()


class Unacceptable(Exception):
    """A file that cannot be taken in at all: what is wrong with it, and how to mend it, both as sentences to people."""

    def __init__(self, what: str, mend: str = "") -> None:
        self.what, self.mend = what, mend
        super().__init__(f"{what} {mend}".strip())


def shortened(text: str) -> str:
    """`text` on one line, cut where it would fill the screen."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1].rstrip() + "…"
