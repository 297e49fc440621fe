"""Small spreadsheets, written part by part, so that a test can spoil any of them."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.{kind}.main+xml"/></Types>'
)
ODS = "application/vnd.oasis.opendocument.spreadsheet"


def letters(place: int) -> str:
    return (chr(64 + place // 26) if place >= 26 else "") + chr(65 + place % 26)


def cell(where: str, value: object) -> str:
    """A cell of XLSX: text, number, or XML as it is if it begins with the tag of a cell."""
    if isinstance(value, str) and value.startswith(("<c ", "<c>", "<c/>")):
        return value.replace("<c", f'<c r="{where}"', 1)
    if isinstance(value, str):
        return f'<c r="{where}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{where}"><v>{value}</v></c>'


def sheet(rows: Sequence[Sequence[object]], before: str = "") -> str:
    """The XML of a sheet; empty texts are left out, as spreadsheet programs do."""
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = (cell(f"{letters(place)}{number}", value) for place, value in enumerate(row) if value != "")
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{"".join(lines)}</sheetData></worksheet>'


def xlsx_parts(sheets: Mapping[str, str], hidden: Sequence[str] = (), kind: str = "sheet") -> dict[str, str]:
    """The parts of a workbook by name. In: the XML of its sheets by their names."""
    names, relations = "", ""
    for number, name in enumerate(sheets, start=1):
        state = ' state="hidden"' if name in hidden else ""
        names += f'<sheet name="{escape(name)}" sheetId="{number}"{state} r:id="rId{number}"/>'
        part = f"worksheets/sheet{number}.xml"
        relations += f'<Relationship Id="rId{number}" Type="{RELATIONS}/worksheet" Target="{part}"/>'
    styles = (
        '<fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="14"/>'
        '<xf numFmtId="20"/><xf numFmtId="22"/></cellXfs>'
    )
    relations += f'<Relationship Id="rId999" Type="{RELATIONS}/styles" Target="styles.xml"/>'
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return {
        "[Content_Types].xml": TYPES.format(kind=kind),
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="rId1" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">{relations}</Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>',
        **{f"xl/worksheets/sheet{number}.xml": xml for number, xml in enumerate(sheets.values(), start=1)},
    }


def ods_parts(tables: str, styles: str = "") -> dict[str, str]:
    """The parts of an ODS. In: its tables as XML."""
    office = "urn:oasis:names:tc:opendocument:xmlns:"
    return {
        "mimetype": ODS,
        "content.xml": f'<office:document-content xmlns:office="{office}office:1.0" xmlns:table="{office}table:1.0" '
        f'xmlns:text="{office}text:1.0" xmlns:style="{office}style:1.0"><office:automatic-styles>{styles}'
        f"</office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>",
        "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{office}manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS}"/></manifest:manifest>',
    }


def ods_table(name: str, rows: Sequence[Sequence[str]], more: str = "") -> str:
    lines = ""
    for row in rows:
        cells = (
            f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
            if value
            else "<table:table-cell/>"
            for value in row
        )
        lines += f"<table:table-row>{''.join(cells)}</table:table-row>"
    return f'<table:table table:name="{name}"{more}>{lines}</table:table>'


def pack(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    """Write the parts as a ZIP to `path`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return path


def write_xlsx(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    return pack(path, xlsx_parts({"Sheet1": sheet(rows)}))
