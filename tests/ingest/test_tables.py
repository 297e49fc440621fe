"""Opening tables that people send: formats, encodings, delimiters, headers, cells."""

import json
from pathlib import Path

import pytest

from tests.ingest.files import ods_parts, ods_table, pack, sheet, write_xlsx, xlsx_parts
from tracker.ingest.problems import Unacceptable
from tracker.ingest.tables import Table, open_table
from tracker.ingest.tables.codepages import best_code_page
from tracker.ingest.tables.header import find_header, name_columns

RIGA = [["Nr", "Country", "City"], ["44", "Latvia", "Riga"], ["45", "Kazakhstan", "Astana"]]
ROWS = [(2, ("44", "Latvia", "Riga")), (3, ("45", "Kazakhstan", "Astana"))]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "upload"


def opened(file: Path, text: str | bytes, header_row: int | None = None) -> Table:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_table(file, name="stations.csv", header_row=header_row)


def refusal(file: Path, text: str | bytes = b"") -> str:
    """What is said of a file that is refused, at opening or at reading."""
    if text:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Unacceptable) as refused:
        list(open_table(file, name="stations.csv").rows())
    return str(refused.value)


# --- the four formats -------------------------------------------------------------------------------------------------


def test_csv(file: Path) -> None:
    table = opened(file, "\n".join(",".join(row) for row in RIGA))
    assert (table.format, table.sheets, table.header_row, table.header) == ("csv", (), 1, tuple(RIGA[0]))
    assert list(table.rows()) == ROWS
    assert list(table.rows()) == ROWS, "it can be read again"


def test_xlsx(file: Path) -> None:
    write_xlsx(file, RIGA)
    table = open_table(file)
    assert (table.format, table.sheet, table.sheets, table.header_row) == ("xlsx", "Sheet1", ("Sheet1",), 1)
    assert (table.header, list(table.rows())) == (tuple(RIGA[0]), ROWS)
    assert list(table.rows()) == ROWS


def test_ods(file: Path) -> None:
    pack(file, ods_parts(ods_table("Stations", RIGA)))
    table = open_table(file)
    assert (table.format, table.sheet, table.header_row) == ("ods", "Stations", 1)
    assert (table.header, list(table.rows())) == (tuple(RIGA[0]), ROWS)


@pytest.mark.parametrize("wrapped", [False, True])
def test_json(file: Path, wrapped: bool) -> None:
    rows = [
        {"Nr": 44, "at": {"country": "Latvia", "city": "Riga"}},
        {"Nr": "45", "langs": ["kk", "ru"]},
        {"Nr": None},
    ]
    table = opened(file, "\ufeff \n" + json.dumps({"count": 2, "stations": rows} if wrapped else rows))
    assert (table.format, table.header_row) == ("json", 0)
    assert table.header == ("Nr", "at.country", "at.city", "langs")
    assert list(table.rows()) == [(1, ("44", "Latvia", "Riga", "")), (2, ("45", "", "", "kk; ru"))]


def test_json_numbers_stay_as_they_are_written(file: Path) -> None:
    table = opened(file, '[{"a": 1.10, "b": 12345678901234567890123, "c": true}]')
    assert [cells for _number, cells in table.rows()] == [("1.10", "12345678901234567890123", "TRUE")]


def test_geojson(file: Path) -> None:
    point = {
        "type": "Feature",
        "properties": {"Nr": 1},
        "geometry": {"type": "Point", "coordinates": [49.85, 40.37]},
    }
    table = opened(file, json.dumps({"type": "FeatureCollection", "features": [point]}))
    assert (table.header, list(table.rows())) == (
        ("Nr", "longitude", "latitude"),
        [(1, ("1", "49.85", "40.37"))],
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"a": 1},\n {"a" 2}]', "line 2, column 7"),
        ('{"a": 1}', "not a list of objects"),
        ('[{"a": NaN}]', "NaN where a number is expected"),
        ('{"a": [{"x": 1}], "b": [{"x": 2}]}', "several lists"),
        ("[]", "not a list of objects"),
    ],
)
def test_json_that_is_no_table(file: Path, text: str, said: str) -> None:
    assert said in refusal(file, text)


# --- CSV as people have it --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_i7_delimiters(file: Path, delimiter: str) -> None:
    quoted = "\n".join(delimiter.join(f'"{cell}, {cell}; x"' for cell in row) for row in RIGA)
    plain = "\n".join(delimiter.join(row) for row in RIGA)
    assert opened(file, plain).header == tuple(RIGA[0])
    assert opened(file, quoted).header == ("Nr, Nr; x", "Country, Country; x", "City, City; x")


def test_i7_decimal_commas_are_no_delimiter(file: Path) -> None:
    table = opened(file, "Title, of the list\nlat;lon;name\n40,1;49,2;Bakı\n41,3;48,7;Gəncə\n")
    assert (table.header_row, table.header) == (2, ("lat", "lon", "name"))
    assert "semicolon" in table.notes[0]


def test_a_list_of_one_column(file: Path) -> None:
    assert list(opened(file, "City\nRiga\nAstana\n").rows()) == [(2, ("Riga",)), (3, ("Astana",))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_i7_unicode_with_and_without_mark(file: Path, encoding: str) -> None:
    table = opened(file, "Nr;Şəhər\r\n1;Bakı\r\n2;Őrség\r\n".encode(encoding))
    assert table.header == ("Nr", "Şəhər")
    assert list(table.rows()) == [(2, ("1", "Bakı")), (3, ("2", "Őrség"))]
    assert len(table.notes) == 1, "nothing was guessed"


CODE_PAGES = {
    "cp1250": ["Törökország, Előd út, fűtő", "Łotwa, Państwo, świetlica żółta", "Praha, Nové Město, řeka"],
    "cp1251": ["Рига, Латвия", "Київ, Україна, їжа"],
    "cp1252": ["Côte d’Ivoire, école, château", "Österreich, Straße", "España, niño, Málaga"],
    "cp1253": ["Ελλάδα, Αθήνα"],
    "cp1254": ["İngiltere, güneş sokağı", "Şişli, Kadıköy"],
    "cp1257": ["Lietuva, gatvė ąžuolų", "Rīga, ģimene"],
    "koi8-r": ["Москва, Россия"],
}


@pytest.mark.parametrize(
    ("encoding", "words"), [(page, text) for page, texts in CODE_PAGES.items() for text in texts]
)
def test_i7_code_pages_are_told_by_their_letters(file: Path, encoding: str, words: str) -> None:
    table = opened(file, f"nr;place\n1;{words}\n2;{words}\n".encode(encoding))
    assert [cells[1] for _number, cells in table.rows()] == [words, words]
    assert "guess" in table.notes[1]


def test_i7_what_no_language_explains_is_not_guessed(file: Path) -> None:
    assert best_code_page("España, Córdoba".encode("cp1252")) == "", "Polish has ń and ó at these places"
    assert best_code_page(b"\xd5\xeb\xf0\xa8\xb1\xe7\x9a") == ""
    assert "would come out wrong" in refusal(file, b"nr;place\n1;\xd5\xeb\xf0\xa8\xb1\xe7\x9a\n")


def test_i7_broken_bytes_are_named_by_row_and_column(file: Path) -> None:
    text = "nr;place\n1;Bakı, küçə, Gəncə\n2;Şəki".encode() + b"\xc5;\n3;x\n"
    assert "row 3, column 2 holds bytes that are no text in UTF-8" in refusal(file, text)
    assert "no text in UTF-16" in refusal(file, "nr;place\n1;x\n".encode("utf-16") + b"\x00\xd8\x41\x00")


def test_i7_twins_and_marks_without_width(file: Path) -> None:
    table = opened(file, "nr,place\n1,\u200bS\u0327\u0259ki\u00a0\n2,\u015e\u0259ki\n")
    assert [cells[1] for _number, cells in table.rows()] == ["Şəki", "Şəki"]


def test_control_characters_are_named_by_row_and_column(file: Path) -> None:
    assert "row 2, column “place” holds a character that is no text (U+0000)" in refusal(
        file, "nr,place\n1,Ri\0ga\n"
    )
    late = "nr,place\n" + "1,Riga\n" * 500 + "2,\x1b[31m\n"
    assert "row 502, column “place” holds a character that is no text (U+001B)" in refusal(file, late)
    assert "row 1, column “B”" in refusal(file, "nr,pl\x07ace\n1,Riga\n")


def test_quotes_that_do_not_close(file: Path) -> None:
    assert "row 3 opens a quote that is never closed" in refusal(
        file, 'nr,place\n1,Riga\n2,"Astana\n3,Baku\n'
    )
    assert "row 2 has a quote in the middle of a quoted cell" in refusal(file, 'nr,place\n1,"Riga" Street\n')
    long = 'nr,place\n1,Riga\n2,"' + "Astana\n" * 30_000
    assert "row 3 opens a quote that is never closed" in refusal(file, long)


def test_rows_count_as_in_a_spreadsheet(file: Path) -> None:
    table = opened(file, 'nr,place\n\n1,"Riga\nold town"\n,\n2,Baku,,\n3,Astana,x,\n4\n')
    assert list(table.rows()) == [
        (3, ("1", "Riga\nold town")),
        (5, ("2", "Baku")),
        (6, ("3", "Astana", "x")),
        (7, ("4", "")),
    ]


@pytest.mark.parametrize("text", ["", " \n\n", "\ufeff", "\n" * 5000, ",,\n,,\n"])
def test_empty_files(file: Path, text: str) -> None:
    file.write_text(text)
    assert "is empty" in refusal(file)


def test_a_header_and_no_rows(file: Path) -> None:
    assert "holds a header (row 1) and no rows" in refusal(file, "nr,place\n")
    file.write_text("nr,place\n1,Riga\n")
    with pytest.raises(Unacceptable, match="holds a header"):
        open_table(file, header_row=2)
    with pytest.raises(Unacceptable, match="row 9 is empty and cannot be the header"):
        open_table(file, header_row=9)


# --- cells and sheets of spreadsheets ---------------------------------------------------------------------------------


def test_cells_are_text_as_people_read_them(file: Path) -> None:
    cells = [
        12, 0.1 + 0.2, 1e15, -7, '<c s="1"><v>46124</v></c>', '<c s="2"><v>0.25</v></c>',
        '<c s="3"><v>46124.2708333</v></c>', '<c t="b"><v>1</v></c>', " x ", "a_x0041_b",
    ]  # fmt: skip
    write_xlsx(file, [[f"name {place}" for place in range(len(cells))], cells])
    ((number, read),) = open_table(file).rows()
    assert number == 2
    assert read == ("12", "0.3", "1e+15", "-7", "2026-04-12", "06:00", "2026-04-12 06:30", "TRUE", "x", "aAb")


def test_rows_and_columns_count_from_the_corner(file: Path) -> None:
    write_xlsx(file, [[], [], ["", "Nr", "City"], [], ["", "1", "Riga"]])
    table = open_table(file)
    assert (table.header_row, table.header) == (3, ("column A", "Nr", "City"))
    assert list(table.rows()) == [(5, ("", "1", "Riga"))]


def test_formulas_errors_and_hidden_rows_are_said(file: Path) -> None:
    formula, error = "<c><f>1+1</f><v>2</v></c>", '<c t="e"><v>#REF!</v></c>'
    rows = sheet([["Nr", "City", "Note"], [formula, "Riga", error]]).replace(
        '<row r="2"', '<row r="2" hidden="1"'
    )
    pack(file, xlsx_parts({"Sheet1": rows}))
    table = open_table(file)
    assert [cells for _number, cells in table.rows()] == [("2", "Riga", "")]
    assert [word for word in ("formulas", "#REF!", "hides rows") if word in " ".join(table.notes)] == [
        "formulas",
        "#REF!",
        "hides rows",
    ]
    write_xlsx(file, RIGA)
    assert open_table(file).notes == ()


def test_only_hidden_sheets(file: Path) -> None:
    pack(file, xlsx_parts({"Plan": sheet(RIGA)}, ["Plan"]))
    assert "no visible sheet that holds something" in refusal(file)


# --- the header -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        ([["Nr", "City"], ["1", "Riga"]], 1),
        # a title, a merged line over groups of columns, names
        (
            [
                ["List of polling stations abroad", "", "", ""],
                ["", "Place", "", ""],
                ["No.", "Country", "City", "Voters"],
                ["1", "Latvia", "Riga", "120"],
                ["2", "Kazakhstan", "Astana", "40"],
            ],
            3,
        ),
        # form fields above
        ([["Mission:", "EOM", "", ""], ["a", "b", "c", "d"], ["1", "2", "3", "4"], ["1", "2", "3", "4"]], 2),
        # a word in every cell is no row of names, years over numbers are
        (
            [
                ["draft", "draft", "draft"],
                ["Country", "2019", "2024"],
                ["Latvia", "1", "2"],
                ["Estonia", "3", "4"],
            ],
            2,
        ),
        # a year over years is a row like those below
        ([["x", "y"], ["Latvia", "2019"], ["Estonia", "2024"]], 1),
        ([["draft", "draft"], ["Latvia", "2019"], ["Estonia", "2024"]], 1),
        # texts alone
        ([["Country", "City"], ["Latvia", "Riga"], ["Estonia", "Tallinn"]], 1),
        # some cells of the rows are empty
        (
            [
                ["a", "b", "c", "d", "e"],
                ["1", "", "", "2", ""],
                ["3", "", "", "", ""],
                ["5", "6", "", "", ""],
            ],
            1,
        ),
        # doubled names are no names, and nothing better follows
        ([["1", "2"], ["3", "4"]], 1),
        ([["City"], ["Riga"]], 1),
    ],
)
def test_the_header_is_found(rows: list[list[str]], number: int) -> None:
    assert find_header(list(enumerate(rows, start=1))) == number


def test_the_person_knows_better(file: Path) -> None:
    table = opened(file, "A,B\nname,city\n1,Riga\n", header_row=2)
    assert (table.header, list(table.rows())) == (("name", "city"), [(3, ("1", "Riga"))])
    far = "A,B\n" + "x,y\n" * 100 + "name,city\n1,Riga\n"
    assert opened(file, far, header_row=102).header == ("name", "city")


def test_columns_without_a_name_or_with_one_twice() -> None:
    cells = ["Nr", "", "Nr", "Polling\n station", "Nr (2)", "Nr", " ", ""]
    assert name_columns(cells) == ("Nr", "column B", "Nr (2)", "Polling station", "Nr (2) (2)", "Nr (3)")
    assert name_columns([*[""] * 27, "x"])[26] == "column AA"
