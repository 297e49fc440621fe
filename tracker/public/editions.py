"""The list of editions and the sheet of one: what changed, and how the chain is checked."""

from collections.abc import Iterable
from dataclasses import dataclass

from tracker.coverage.chain import CHANGES, chain_lines
from tracker.coverage.editions import public_editions
from tracker.coverage.models import Edition
from tracker.elections.models import Election


@dataclass(frozen=True)
class Change:
    """One number that a reader would notice to have moved."""

    name: str
    before: int
    after: int

    @property
    def difference(self) -> str:
        return f"{self.after - self.before:+d}".replace("-", "−")


@dataclass(frozen=True)
class EditionRow:
    edition: Edition
    changes: list[Change]


@dataclass(frozen=True)
class EditionSheet:
    edition: Edition
    changes: list[Change]
    # What the hash is made of, line by line.
    lines: list[str]
    before: Edition | None
    after: Edition | None


def edition_rows(editions: Iterable[Edition]) -> list[EditionRow]:
    return [EditionRow(edition, changes_of(edition)) for edition in editions]


def edition_sheet(election: Election, number: int) -> EditionSheet | None:
    """The sheet of edition `number`, whether or not its figures are kept; None if there is none."""
    near = {
        row.number: row for row in public_editions(election).filter(number__range=(number - 1, number + 1))
    }
    if number not in near:
        return None
    edition = near[number]
    return EditionSheet(
        edition, changes_of(edition), chain_lines(edition), near.get(number - 1), near.get(number + 1)
    )


def changes_of(edition: Edition) -> list[Change]:
    return [
        Change(str(CHANGES.get(row["key"], row["key"])), row["before"], row["after"])
        for row in edition.change_list()
    ]


def hashed_part(sheet: EditionSheet, name: str) -> str | None:
    """What was hashed of an edition: "figures", "stations" or "proof"; None where it has no such part any more."""
    if name == "proof":
        return "\n".join(sheet.lines)
    return {"figures": sheet.edition.content, "stations": sheet.edition.detail}.get(name)
