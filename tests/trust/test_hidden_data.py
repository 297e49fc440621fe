"""P4: files carry no hidden data. Of what people send only visible sheets are read; the tracker takes no pictures, and
what it gives out it writes itself (`tests/opendata`)."""

from pathlib import Path

import pytest

from tests.ingest.files import ods_parts, ods_table, pack, sheet, xlsx_parts
from tracker.ingest.problems import Unacceptable
from tracker.ingest.tables import open_table

RIGA = [["Nr", "City"], ["1", "Riga"]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file"


def test_p4_hidden_sheets_are_not_read_and_named(file: Path) -> None:
    canary = sheet([["CANARY"], ["CANARY"]])
    parts = xlsx_parts(
        {"Secret": canary, "Empty": sheet([]), "Plan": sheet(RIGA), "Notes": sheet([["x"]])}, ["Secret"]
    )
    parts["docProps/core.xml"] = "<coreProperties><creator>CANARY</creator></coreProperties>"
    pack(file, parts)
    table = open_table(file)
    assert (table.sheet, table.sheets) == ("Plan", ("Plan", "Notes"))
    assert "Hidden sheets are not read: “Secret”." in table.notes
    assert any("others: “Notes”" in note for note in table.notes)
    assert "CANARY" not in repr((table, list(table.rows())))
    with pytest.raises(Unacceptable, match="sheet “Secret” hidden"):
        open_table(file, sheet="Secret")
    with pytest.raises(Unacceptable, match=r"no sheet “Plans”\. It has: “Empty”, “Plan”, “Notes”"):
        open_table(file, sheet="Plans")
    with pytest.raises(Unacceptable, match="holds a header"):
        open_table(file, sheet="Notes")


def test_p4_a_hidden_sheet_of_ods(file: Path) -> None:
    hide = '<style:table-properties table:display="false"/>'
    style = f'<style:style style:name="h" style:family="table">{hide}</style:style>'
    tables = ods_table("Secret", [["CANARY"]], ' table:style-name="h"') + ods_table("Plan", RIGA)
    pack(file, ods_parts(tables, style))
    table = open_table(file)
    assert (table.sheet, table.sheets) == ("Plan", ("Plan",))
    assert "Hidden sheets are not read: “Secret”." in table.notes
