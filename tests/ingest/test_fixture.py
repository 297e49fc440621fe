"""The files of the real election themselves: rows, sources, and no facts lost."""

import hashlib
import re

import pytest

from tests.ingest import folders
from tracker.elections.models import Election
from tracker.missions.models import Statement

ROWS = {
    folders.ELECTIONS: 1,
    folders.STATIONS: 49,
    folders.ORGANIZATIONS: 38,
    folders.MISSIONS: 36,
    folders.MEMBERSHIPS: 3,
    folders.ENGAGEMENTS: 39,
    folders.MILESTONES: 46,
    folders.FIGURES: 101,
}


@pytest.mark.parametrize(("name", "rows"), ROWS.items())
def test_files_have_all_their_rows_and_each_names_its_source(name: str, rows: int) -> None:
    table = folders.read(folders.AZ2024, name)
    assert len(table) == rows
    assert [row for row in table if not row["source_url"].startswith(("https://", "http://"))] == []


def test_readme_names_every_file_with_its_rows_and_every_column() -> None:
    text = (folders.AZ2024 / "README.md").read_text(encoding="utf-8")
    for name, rows in ROWS.items():
        assert f"| {name} | {rows} |" in text
        for column in folders.read(folders.AZ2024, name)[0]:
            assert f"`{column}`" in text, (name, column)


def test_files_are_those_that_were_reviewed() -> None:
    """A change of a fact shows twice in a review: in its file, and here. README.md says what was edited and why."""
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in folders.AZ2024.glob("*.csv")
    }
    assert found == {
        "announced_totals.csv": "6c1e0747d4360371",
        "elections.csv": "54e269a4fc6f92b0",
        "engagements.csv": "d8627b16f8ec9a25",
        "memberships.csv": "9c5770cb9c309b3b",
        "milestones.csv": "6071cf8922367be2",
        "missions.csv": "181f605f12b46731",
        "observer_organizations.csv": "6ef57cf2d674929d",
        "polling_stations_abroad.csv": "46ac60ae7d5e1178",
    }


def test_rows_taken_from_other_files_name_sources_of_those_files() -> None:
    known = {
        cell
        for name in ROWS
        if name not in (folders.ELECTIONS, folders.MEMBERSHIPS)
        for row in folders.read(folders.AZ2024, name)
        for column, cell in row.items()
        if re.search("source_url$", column)
    }
    for name in (folders.ELECTIONS, folders.MEMBERSHIPS):
        assert {row["source_url"] for row in folders.read(folders.AZ2024, name)} <= known


def test_no_statement_cites_a_page_older_than_itself(az2024: Election) -> None:
    statements = Statement.objects.filter(mission__election=az2024)
    assert statements.count() == 24
    older = [
        s
        for s in statements
        if s.source and s.source.published_on and s.source.published_on < str(s.issued_on)
    ]
    assert older == []
    assert statements.exclude(source=None).exists()
    odihr = statements.get(mission__organization__acronym="ODIHR")
    assert (odihr.source, odihr.url) == (None, "")
