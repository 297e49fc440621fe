"""Group I of the tests of trust, as far as files are concerned: I4 bombs, I5 entities, I6 types and names, I7 bytes.

Every file is opened in a process that may use 512 MB, as a small worker has: it must end in a sentence, and live.
Limits on time are only there so that a process that hangs fails its test.
"""

import gzip
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Generator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest

from tests.ingest.files import ods_parts, ods_table, pack, sheet, xlsx_parts
from tracker.ingest.problems import Unacceptable
from tracker.ingest.tables import Table, open_table

ROOT = Path(__file__).resolve().parent.parent.parent
MEMORY = 512 * 2**20
MORE = 150  # MB that a hostile file may cost
ROWS = [["Nr", "City"], [1, "Riga"], [2, "Baku"]]
GOOD = xlsx_parts({"Sheet1": sheet(ROWS)})
SHEET = "xl/worksheets/sheet1.xml"

WORKER = """
import json, resource, sys
from contextlib import suppress
from pathlib import Path
from typing import cast
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
from django.conf import settings
settings.configure(USE_I18N=False)
from tracker.ingest.problems import Unacceptable
from tracker.ingest.tables import open_table
def used():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before, said, rows = used(), "", 0
try:
    rows = sum(1 for _ in open_table(Path(sys.argv[1]), name="upload.csv").rows())
except Unacceptable as error:
    said = str(error)
print(json.dumps({"said": said, "rows": rows, "more": used() - before}))
"""


def survives(path: Path) -> str:
    """What a worker of 512 MB says of the file; that it lives and stays small is asserted."""
    worker = subprocess.run(
        [sys.executable, "-c", WORKER, str(path), str(MEMORY)],
        capture_output=True, text=True, timeout=300, cwd=ROOT, check=False,
    )  # fmt: skip
    assert worker.returncode == 0, worker.stderr[-2000:]
    told = json.loads(worker.stdout)
    assert told["more"] <= MORE
    return str(told["said"])


def refusal(path: Path, name: str = "stations.csv") -> Unacceptable:
    with pytest.raises(Unacceptable) as refused:
        list(open_table(path, name=name).rows())
    assert refused.value.mend, "every refusal says what to do"
    return refused.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "upload"


def with_sheet(file: Path, xml: str | bytes) -> Path:
    return pack(file, {**GOOD, SHEET: xml})


def test_the_good_file_is_good(file: Path) -> None:
    """Each hostile file below is this one with one thing changed."""
    pack(file, GOOD)
    assert survives(file) == ""
    assert len(list(open_table(file).rows())) == 2


# --- I4: bombs --------------------------------------------------------------------------------------------------------


def blank_cells(noise: int) -> bytes:
    """40 MB of XML of a sheet that pack about 1,000 times, less with `noise` in it."""
    lines = []
    for number in range(320):
        lines.append(b"<row/>" + b" " * 2**17)
        lines.append(b"<!--" + bytes(65 + (number * 7919 * place) % 26 for place in range(noise)) + b"-->")
    return b"<worksheet><sheetData>" + b"".join(lines) + b"</sheetData></worksheet>"


@pytest.mark.parametrize(("noise", "ratio"), [(500, 220), (0, 800)])
def test_i4_bombs_by_ratio(file: Path, noise: int, ratio: int) -> None:
    with_sheet(file, blank_cells(noise))
    with zipfile.ZipFile(file) as packed:
        part = packed.getinfo(SHEET)
        assert part.file_size / part.compress_size > ratio
    assert "unpacks to far more than a table holds" in survives(file)


def lie(path: Path, name: str, size: int) -> None:
    """State another size for a part, in both places where archives state it."""
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as packed:
        local = packed.getinfo(name).header_offset
    struct.pack_into("<L", data, local + 22, size)
    central = data.find(b"PK\x01\x02")
    while data[central + 46 : central + 46 + len(name)] != name.encode():
        central = data.find(b"PK\x01\x02", central + 4)
    struct.pack_into("<L", data, central + 24, size)
    path.write_bytes(data)


def test_i4_a_bomb_that_lies_about_its_size(file: Path) -> None:
    with_sheet(file, blank_cells(0))
    lie(file, SHEET, 5000)
    assert "unpacks to far more than a table holds" in survives(file)


def test_i4_a_small_lie_is_found_as_well(file: Path) -> None:
    pack(file, GOOD)
    lie(file, SHEET, 100)
    assert "is damaged: it cannot be unpacked" in survives(file)


def test_i4_a_bomb_without_a_high_ratio_in_any_part(file: Path) -> None:
    """Many parts of under a megabyte, none of which says anything."""
    parts: dict[str, str | bytes] = {f"xl/media/{number}.bin": b"\0" * (2**20 - 1) for number in range(300)}
    pack(file, {**GOOD, **parts})
    assert "unpacks to far more than a table holds" in survives(file)


def test_i4_parts_that_overlap(file: Path) -> None:
    """Many entries of the list point at the same bytes."""
    pack(file, {**GOOD, "xl/media/aaaa.bin": bytes(range(256)) * 400})
    data = file.read_bytes()
    end = data.rfind(b"PK\x05\x06")
    start = struct.unpack_from("<L", data, end + 16)[0]
    entry = data[data.find(b"PK\x01\x02", data.find(b"xl/media/aaaa.bin", start) - 46) : end]
    copies = b"".join(entry.replace(b"aaaa", f"{number:04}".encode()) for number in range(100))
    record = bytearray(data[end:])
    count = struct.unpack_from("<H", record, 8)[0] + 100
    struct.pack_into("<HHL", record, 8, count, count, end - start + len(copies))
    file.write_bytes(data[:end] + copies + record)
    assert "unpacks to far more than a table holds" in survives(file)


def test_i4_a_list_of_parts_without_end(file: Path) -> None:
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    count = 600_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count % 65536, count % 65536, len(entry) * count, 4, 0)
    file.write_bytes(b"PK\x03\x04" + entry * count + end)
    assert "more parts than any spreadsheet has" in survives(file)


def test_i4_ten_thousand_sheets(file: Path) -> None:
    pack(file, xlsx_parts({f"S{number}": "<worksheet/>" for number in range(10_000)}))
    assert "holds more than 200 sheets" in survives(file)
    one = '<sheet name="{0}" sheetId="{0}" r:id="rId1"/>'
    many = GOOD["xl/workbook.xml"].replace(
        "</sheets>", "".join(map(one.format, range(2, 10_000))) + "</sheets>"
    )
    pack(file, {**GOOD, "xl/workbook.xml": many})
    assert "holds more than 200 sheets" in survives(file)
    pack(file, ods_parts("".join(ods_table(f"T{number}", [["a"]]) for number in range(10_000))))
    assert "holds more than 200 sheets" in survives(file)


def test_i4_a_million_columns(file: Path) -> None:
    with_sheet(file, GOOD[SHEET].replace("<sheetData>", '<dimension ref="A1:BDWGN2"/><sheetData>'))
    assert "has more than 200 columns (at BDWGN)" in survives(file)
    with_sheet(file, sheet([["x"] * 300, ["y"] * 300]))
    assert "has more than 200 columns (at GS1)" in survives(file)
    file.write_text(",".join(["a"] * 300) + "\n" + ",".join(["1"] * 300) + "\n")
    assert "row 1 has more than 200 cells" in survives(file)
    file.write_text(",".join(["a"] * 1_000_000) + "\n1,2\n")
    assert "has a line of more than 1048576 characters (line 1)" in survives(file)
    file.write_text(json.dumps([{f"c{number}": 1 for number in range(1000)}]))
    assert "has 1000 columns" in survives(file)
    repeated = '<table:table-row><table:table-cell office:value-type="string" table:number-columns-repeated="1000000">'
    pack(file, ods_parts(ods_table("T", [["a", "b"]]).replace("</table:table>", f"{repeated}<text:p>x</text:p>"
         "</table:table-cell></table:table-row></table:table>")))  # fmt: skip
    assert "has more than 200 columns" in survives(file)


def test_i4_the_usual_claim_to_all_columns_does_no_harm(file: Path) -> None:
    """Programs write it when somebody has formatted whole rows; so do empty cells out there."""
    xml = GOOD[SHEET].replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')
    with_sheet(file, xml.replace("</row>", '<c r="XFD1" s="1"/></row>', 1))
    assert survives(file) == ""


@pytest.mark.parametrize("far", ['<c r="B1048576"><v>1</v></c>', '<c r="GR1048576"><v>1</v></c>'])
def test_i4_one_cell_far_off(file: Path, far: str) -> None:
    """The box of the second one has 200 million cells."""
    xml = GOOD[SHEET].replace("</sheetData>", f'<row r="1048576">{far}</row></sheetData>')
    with_sheet(file, xml)
    said = survives(file)
    assert said == "" if far.startswith('<c r="B1') else "needs more memory or time" in said


def test_i4_one_long_text_used_a_million_times(file: Path) -> None:
    """Shared texts are written once; each cell that uses one gets a copy."""
    text = "x" * 32_000
    shared = f"<sst><si><t>{text}</t></si></sst>"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    relations = GOOD["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>",
        f'<Relationship Id="rId7" Type="{kind}" Target="sharedStrings.xml"/></Relationships>',
    )
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(1, 100_000))
    xml = f"<worksheet><sheetData>{cells}</sheetData></worksheet>"
    pack(file, {**GOOD, SHEET: xml, "xl/sharedStrings.xml": shared, "xl/_rels/workbook.xml.rels": relations})
    assert "needs more memory or time" in survives(file)


def test_i4_rows_repeated_in_ods(file: Path) -> None:
    row = '<table:table-row table:number-rows-repeated="1000000000"><table:table-cell office:value-type="string">'
    table = ods_table("T", [["a", "b"]]).replace(
        "</table:table>", f"{row}<text:p>x</text:p></table:table-cell></table:table-row></table:table>"
    )
    pack(file, ods_parts(table))
    assert "repeats one row 1000000000 times" in survives(file)


def test_i4_gzip_in_gzip(file: Path) -> None:
    file.write_bytes(gzip.compress(gzip.compress(b"\0" * 10**7)))
    assert "is packed (gzip)" in survives(file)


def test_i4_json_that_grows(file: Path) -> None:
    """Red when: `flat` goes down however deep; when `read_json` lets RecursionError go on."""
    file.write_text("[" + "{}," * 15_000_000 + "{}]")
    assert "needs more memory or time" in survives(file)
    file.write_text("[" * 100_000)
    assert "too many levels" in survives(file)
    file.write_text('[{"a":' + '{"a":' * 500 + "1" + "}" * 500 + "}]")
    assert "too many levels" in survives(file)


def test_i4_files_without_end(file: Path) -> None:
    with file.open("wb") as sparse:
        sparse.truncate(10 * 2**30)
    assert "has 10240 MB; files up to 256 MB are read" in survives(file)
    file.write_bytes(b"x" * (60 * 2**20))
    assert "has a line of more than" in survives(file)
    file.write_bytes(b'a,b\n1,"' + b"x\n" * (20 * 2**20))
    assert "row 2 opens a quote that is never closed" in survives(file)


# --- I5: entities -----------------------------------------------------------------------------------------------------

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "docProps/core.xml", "xl/x.dat"]
)
@pytest.mark.parametrize("kind", ["canary", "listener", "laughs", "parameter"])
def test_i5_entities_are_refused_in_every_part(file: Path, tmp_path: Path, part: str, kind: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("CANARY")
    declared = {
        "canary": f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>',
        "listener": '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/x">]>',
        "laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>',
        "parameter": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    }[kind]
    xml = GOOD.get(part, "<x/>").replace("Riga", "&e;")
    pack(file, {**GOOD, part: f'<?xml version="1.0"?>{" " * 100}{declared}{xml}'})
    refused = refusal(file)
    assert "holds a document type or entities" in refused.what
    assert "CANARY" not in str(refused)


def test_i5_an_entity_in_a_spreadsheet_survives_in_a_small_worker(file: Path) -> None:
    with_sheet(file, f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>' + GOOD[SHEET].replace("Riga", "&l11;"))
    assert "holds a document type or entities" in survives(file)


def test_i5_a_declaration_cut_in_two_by_the_reading(file: Path) -> None:
    """The part is looked at a megabyte at a time."""
    for shift in range(-12, 3):
        xml = f"<?xml version='1.0'?><!--{'x' * (2**20 - 28 + shift)}--><!DOCTYPE x>{GOOD[SHEET]}"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
            for name, content in {**GOOD, SHEET: xml}.items():
                packed.writestr(name, content)
        assert "holds a document type or entities" in refusal(file).what


def test_i5_entities_in_ods_and_in_another_encoding(file: Path) -> None:
    parts = ods_parts(ods_table("T", [["a"], ["b"]]))
    pack(file, {**parts, "content.xml": '<!DOCTYPE x [<!ENTITY e "x">]>' + parts["content.xml"]})
    assert "holds a document type or entities" in refusal(file).what
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        with_sheet(file, f'<!DOCTYPE x [<!ENTITY e "x">]>{GOOD[SHEET]}'.encode(encoding))
        assert "XML in UTF-16" in refusal(file).what


# --- I6: types and names ----------------------------------------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html><table><tr><td>a</td></tr></table>", "is a web page (HTML)"),
        (b"\xef\xbb\xbf\n <HTML><body>a,b", "is a web page (HTML)"),
        ("<html>".encode("utf-16"), "is a web page (HTML)"),
        (b'<?xml version="1.0"?><svg onload="alert(1)"/>', "is a picture (SVG)"),
        (b'<?xml version="1.0"?><rows/>', "is XML"),
        (OLE, "is an old binary Office file"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "is locked with a password"),
        (b"%PDF-1.7\n", "is a PDF"),
        (PNG + b"a,b\n1,2\n", "is a picture (PNG)"),
        (b"\xff\xd8\xff\xe0a,b\n1,2", "is a picture (JPEG)"),
        (b"GIF89a,b\n1,2", "is a picture (GIF)"),
        (b"{\\rtf1 a,b}", "is a text document (RTF)"),
        (b"7z\xbc\xaf\x27\x1c", "is packed (7z)"),
        (b"PK\x05\x06" + b"\0" * 18, "is an archive (ZIP) and no spreadsheet"),
        (b"PK\x03\x04 but nothing more", "is damaged"),
    ],
)
def test_i6_the_type_is_told_by_content(file: Path, content: bytes, said: str) -> None:
    file.write_bytes(content)
    assert said in refusal(file).what


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (xlsx_parts({"S": sheet(ROWS)}, kind="template.macroEnabled"), "holds macros"),
        ({**GOOD, "xl/vbaProject.bin": b"x"}, "holds macros"),
        ({**GOOD, "XL/VBAPROJECT.BIN": b"x"}, "holds macros"),
        ({**GOOD, "xl/macrosheets/sheet1.xml": "<xm/>"}, "holds macros"),
        (
            {**ods_parts(ods_table("T", [["a"], ["b"]])), "Basic/Standard/script-lb.xml": "<x/>"},
            "holds macros",
        ),
        ({"[Content_Types].xml": "<Types/>", "xl/workbook.bin": b"x"}, "XLSB"),
        ({"[Content_Types].xml": "<Types/>", "word/document.xml": "<x/>"}, "is a Word document"),
        ({"[Content_Types].xml": "<Types/>", "ppt/presentation.xml": "<x/>"}, "is a presentation"),
        ({"mimetype": "application/epub+zip"}, "no spreadsheet (ODS)"),
        ({"stations.csv": "a,b\n1,2\n"}, "is an archive (ZIP) and no spreadsheet"),
        ({**GOOD, "XL/workbook.xml": "<x/>"}, "holds two parts of one name"),
        ({**GOOD, "xl/workbook.xml": "<workbook"}, "is damaged"),
        ({**ods_parts(""), "META-INF/manifest.xml": "<encryption-data/>"}, "is locked with a password"),
    ],
)
def test_i6_archives_that_are_no_plain_spreadsheet(
    file: Path, parts: Mapping[str, str | bytes], said: str
) -> None:
    pack(file, parts)
    assert said in refusal(file).what


def test_i6_a_picture_with_a_spreadsheet_behind_it(file: Path) -> None:
    pack(file, GOOD)
    file.write_bytes(PNG + b"\0" * 64 + file.read_bytes())
    assert "is a picture (PNG)" in refusal(file).what


def test_i6_a_spreadsheet_inside_is_not_opened(file: Path, tmp_path: Path) -> None:
    inner = pack(tmp_path / "inner", xlsx_parts({"Inner": sheet([["CANARY"], ["CANARY"]])}))
    pack(file, {**GOOD, "xl/embeddings/inner.xlsx": inner.read_bytes()})
    table = open_table(file)
    assert "CANARY" not in repr((table, list(table.rows())))


@pytest.mark.parametrize("name", ["stations.exe", "../../etc/passwd", "x.csv", ""])
def test_i6_the_name_decides_nothing(file: Path, name: str) -> None:
    pack(file, GOOD)
    table: Table = open_table(file, name=name)
    assert table.format == "xlsx"
    assert "passwd" not in repr((table.header, table.notes))


def test_i6_names_are_quoted_short_and_without_marks_that_turn_text(file: Path) -> None:
    file.write_bytes(PNG)
    refused = refusal(file, "../a\x00b\n\u202egpj.csv" + "x" * 300)
    assert refused.what.startswith("“../a�b��gpj.csvxxx")
    assert len(refused.what) < 120
    assert refusal(file, "").what == "The file is a picture (PNG)."


# --- I7: bytes (the rest of the group is in tests/ingest/test_tables.py) ----------------------------------------------


def test_i7_a_damaged_spreadsheet_ends_in_a_sentence(file: Path) -> None:
    """Cut off at, and spoiled in, each of many places; most are damaged, none ends otherwise."""
    pack(file, GOOD)
    whole = file.read_bytes()
    sentences: list[tuple[str, str]] = []
    for place in range(10, len(whole), 97):
        for spoiled in (whole[:place], whole[:place] + b"\xff\x00\xff\x00" + whole[place + 4 :]):
            file.write_bytes(spoiled)
            try:
                list(open_table(file).rows())
            except Unacceptable as error:
                sentences.append((error.what, error.mend))
    assert len(sentences) > 20
    assert all(what and mend for what, mend in sentences)


def children() -> list[str]:
    """The processes that this one has started and that run."""
    running = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                running.append(stat.parent.name)
    return running


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux shows it")
def test_the_program_that_reads_sees_no_environment_and_ends_with_its_reader(file: Path) -> None:
    """What a file could make a library do must not reach the password of the database.

    Red when: seen with `env={}` taken away, and with the program not killed.
    """
    before = set(children())
    pack(file, xlsx_parts({"Sheet1": sheet([*ROWS, *([number, "x" * 100] for number in range(5000))])}))
    rows = open_table(file).rows()
    next(rows)
    (child,) = set(children()) - before
    assert Path(f"/proc/{child}/environ").read_bytes() == b""
    cast("Generator[object]", rows).close()
    assert set(children()) == before
