"""Folders to load: copies of the real election, or of the demonstration, with some cells changed."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

AZ2024 = Path(__file__).resolve().parents[2] / "fixtures" / "az2024"
DEMO = AZ2024.parent / "demo"
ELECTIONS = "elections.csv"
ORGANIZATIONS = "observer_organizations.csv"
STATIONS = "polling_stations_abroad.csv"
MISSIONS = "missions.csv"
MEMBERSHIPS = "memberships.csv"
ENGAGEMENTS = "engagements.csv"
MILESTONES = "milestones.csv"
FIGURES = "announced_totals.csv"

Table = list[list[str]]


def copy_of_az2024(tmp_path: Path) -> Path:
    return Path(shutil.copytree(AZ2024, tmp_path / "election"))


def copy_of_demo(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEMO, tmp_path / "demonstration"))


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rewrite(folder: Path, name: str, change: Callable[[Table], Table | None]) -> None:
    """Change a file as a table, the header included; `change` may alter the table or return another."""
    path = folder / name
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    table = change(table) or table
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(table)


def write_cell(folder: Path, name: str, row: int, column: str, value: str) -> None:
    """Write a cell; rows count as in a spreadsheet, so the header is row 1. A column not there is added."""

    def change(table: Table) -> None:
        if column not in table[0]:
            for line in table:
                line.append("")
            table[0][-1] = column
        table[row - 1][table[0].index(column)] = value

    rewrite(folder, name, change)


def drop_row(folder: Path, name: str, row: int) -> None:
    rewrite(folder, name, lambda table: table[: row - 1] + table[row:])


def row_of(folder: Path, name: str, **cells: str) -> int:
    """The spreadsheet row of the first row with these cells."""
    for number, row in enumerate(read(folder, name), start=2):
        if all(row[column] == value for column, value in cells.items()):
            return number
    raise LookupError(cells)
