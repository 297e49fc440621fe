"""Foreign tables become rows of our own layouts: by a mapping that was written, or by one that is proposed."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.ingest.folders import AZ2024
from tracker.core.languages import LANGUAGE_NAMES
from tracker.ingest.compiling import Mapped, Question, compile_mapping
from tracker.ingest.guessing import HEADER_WORDS, guess_kind, guess_mapping
from tracker.ingest.mapping import KINDS, BadMapping, Mapping, Rule, header_fingerprint
from tracker.ingest.profiles import FOLDER

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]

HUNGARIAN: Table = (
    ("Ország, város", "Külképviselet", "Szavazás időpontja", "Választópolgárok száma"),
    [
        ("Ausztria, Bécs", "Magyarország Nagykövetsége Bécs", "2026. április 12., 06:00 - 19:00", "1 234"),
        ("Egyesült Királyság, London", "Nagykövetség London", "2026. április 12., 06:00 - 19:00", "2 310"),
        ("Amerikai Egyesült Államok, Chicago", "Főkonzulátus", "2026. április 11., 06:00 - 19:00", "98"),
    ],
)
ROMANIAN: Table = (
    ("Nr.", "Țara", "Localitate", "Adresa secției de votare", "Program", "Data"),
    [
        (
            "Nr. 33",
            "Azerbaidjan",
            "Baku",
            "B-dul Hasan Aliyev 125 A",
            "între orele 7:00 și 21:00",
            "24 noiembrie 2024",
        ),
        (
            "Nr. 203, 204 și 205",
            "Republica Cipru",
            "Nicosia 1",
            "27 Pireos",
            "7:00-21:00",
            "24 noiembrie 2024",
        ),
    ],
)
AZERBAIJANI: Table = (
    ("Məntəqənin nömrəsi", "Ölkə", "Şəhər", "Diplomatik nümayəndəlik", "Səsvermə vaxtı", "Seçicilərin sayı"),
    [
        ("3", "Almaniya", "Berlin", "Səfirlik", "saat 8.00-dan 19.00-dək", "1.024"),
        ("4", "Rusiya Federasiyası", "Yekaterinburq", "Baş konsulluq", "saat 8.00-dan 19.00-dək", "510"),
    ],
)
RUSSIAN: Table = (
    ("№ участка", "Страна", "Город", "Время голосования", "Координаты", "Дата голосования"),
    [
        ("5", "Германия", "Берлин", "с 8-00 до 20-00", "52.5163, 13.3818", "7 февраля 2024 г."),
        ("6", "США", "Нью-Йорк", "с 8-00 до 20-00", "40°47'04\"N 73°57'23\"W", "7 февраля 2024 г."),
    ],
)
POLISH: Table = (
    ("Numer obwodu", "Siedziba komisji", "Kraj", "Miasto", "Godziny głosowania"),
    [
        ("1", "Ambasada RP", "Niemcy", "Berlin", "7:00-21:00"),
        ("2", "Konsulat Generalny RP", "Kazachstan", "Ałmaty", "7:00-21:00"),
    ],
)
TURKISH: Table = (
    ("Ülke", "Temsilcilik", "Sandık No", "Tarih", "Saatler"),
    [
        ("ALMANYA", "Berlin Büyükelçiliği", "12-15", "14 Mayıs 2023", "09:00 - 21:00"),
        ("İSVEÇ", "Stockholm Büyükelçiliği", "3", "14 Mayıs 2023", "09:00 - 21:00"),
    ],
)
FOREIGN = [HUNGARIAN, ROMANIAN, AZERBAIJANI, RUSSIAN, POLISH, TURKISH]


def mapped(
    table: Table, mapping: Mapping | None = None, answers: dict[tuple[str, str, str], str] | None = None
) -> list[Mapped]:
    header, rows = table
    read = compile_mapping(mapping or guess_mapping("stations", header, rows), header, file="list.csv")
    return [read(number, cells, answers or {}) for number, cells in enumerate(rows, start=2)]


def filled(result: Mapped) -> list[dict[str, str]]:
    assert (result.problems, result.questions) == ([], [])
    return [{column: cell for column, cell in row.items() if cell} for row in result.rows]


def stations(rules: dict[str, Rule], language: str = "", **options: bool) -> Mapping:
    return Mapping("stations", rules, language, options.get("day_first"))


# --- guessed ---


def test_country_and_city_in_one_column_and_day_and_hours_in_another() -> None:
    vienna, _london, chicago = (filled(result) for result in mapped(HUNGARIAN))
    assert vienna == [
        {
            "country_iso2": "AT",
            "city": "Bécs",
            "host_mission": "Magyarország Nagykövetsége Bécs",
            "opens_local": "06:00",
            "closes_local": "19:00",
            "iana_timezone": "Europe/Vienna",
            "latitude": "48.2085",
            "longitude": "16.3721",
            "coordinate_precision": "city",
            "registered_voters": "1234",
            "votes_on": "2026-04-12",
        }
    ]
    assert (chicago[0]["iana_timezone"], chicago[0]["votes_on"]) == ("America/Chicago", "2026-04-11")


def test_one_row_holds_several_stations() -> None:
    baku, cyprus = (filled(result) for result in mapped(ROMANIAN))
    assert [row["number"] for row in baku] == ["33"]
    assert [row["number"] for row in cyprus] == ["203", "204", "205"]
    assert {(row["country_iso2"], row["opens_local"], row["votes_on"]) for row in cyprus} == {
        ("CY", "07:00", "2024-11-24")
    }


def test_lists_in_azerbaijani_russian_polish_and_turkish() -> None:
    berlin, yekaterinburg = (filled(result)[0] for result in mapped(AZERBAIJANI))
    assert (berlin["number"], berlin["opens_local"], berlin["closes_local"]) == ("3", "08:00", "19:00")
    assert berlin["registered_voters"] == "1024"  # the header is Azerbaijani, so the dot parts thousands
    assert (yekaterinburg["country_iso2"], yekaterinburg["iana_timezone"]) == ("RU", "Asia/Yekaterinburg")

    _berlin, new_york = (filled(result)[0] for result in mapped(RUSSIAN))
    assert (new_york["latitude"], new_york["longitude"]) == ("40.78444", "-73.95639")
    assert (new_york["coordinate_precision"], new_york["iana_timezone"]) == ("building", "America/New_York")

    _berlin, almaty = (filled(result)[0] for result in mapped(POLISH))
    assert (almaty["country_iso2"], almaty["address"], almaty["iana_timezone"]) == (
        "KZ",
        "Konsulat Generalny RP",
        "Asia/Almaty",
    )
    germany, sweden = (filled(result)[0] for result in mapped(TURKISH))
    assert germany["number"] == "12-15"  # a range is a range only if the person says so
    assert (sweden["country_iso2"], sweden["votes_on"], sweden["closes_local"]) == (
        "SE",
        "2023-05-14",
        "21:00",
    )


def test_kinds_are_told_by_header_and_content() -> None:
    for header, rows in FOREIGN:
        (best, score), (_next, lower), *_rest = guess_kind(header, rows)
        assert (best, score > lower + 0.3) == ("stations", True), header


@pytest.mark.parametrize("kind", KINDS)
def test_our_own_files_map_onto_themselves(kind: str) -> None:
    # Field work is in no folder; what its layout looks like is told by its sample.
    folder, sample = AZ2024 / KINDS[kind].name, FOLDER / f"own_{kind}.csv"
    with (folder if folder.exists() else sample).open(encoding="utf-8", newline="") as file:
        header, *rows = [tuple(line) for line in csv.reader(file)]
    assert guess_kind(header, rows)[0] == (kind, 1.0)
    mapping = guess_mapping(kind, header, rows)
    assert mapping.rules == {name: Rule(columns=(name,)) for name in header}
    read = compile_mapping(mapping, header)
    for number, cells in enumerate(rows, start=2):
        result = read(number, cells, {})
        assert (result.problems, result.questions) == ([], [])
        (row,) = result.rows
        assert [row[name] for name in header] == list(cells)
        assert not any(cell for name, cell in row.items() if name not in header)


def test_columns_are_told_by_content_where_the_header_says_nothing() -> None:
    table: Table = (
        ("A", "B", "C", "D", "E"),
        [
            ("Rome (Italy)", "08:00-19:00", "41.90, 12.49", "https://example.org/1", "x"),
            ("Almaty (Kazakhstan)", "08:00-19:00", "43.25, 76.91", "https://example.org/2", "y"),
        ],
    )
    rows = [filled(result)[0] for result in mapped(table)]
    assert [(row["city"], row["country_iso2"], row["latitude"], row["source_url"]) for row in rows] == [
        ("Rome", "IT", "41.9", "https://example.org/1"),
        ("Almaty", "KZ", "43.25", "https://example.org/2"),
    ]
    assert "E" not in {
        name for rule in guess_mapping("stations", *table).rules.values() for name in rule.columns
    }


def test_a_header_is_not_believed_against_all_values() -> None:
    table: Table = (("Voters", "Country", "Date"), [("men", "12", "soon"), ("women", "13", "later")])
    assert set(guess_mapping("stations", *table).rules) == set()


def test_hours_of_few_values_are_told_by_the_rows_that_have_them() -> None:
    # Two values, one of them no hours: half of the values, and nine rows of ten.
    rows = [(f"{number}", "Italy", "Rome", "08:00-20:00") for number in range(1, 10)]
    rows.append(("10", "Italy", "Milan", "closed"))
    both = {
        "opens_local": Rule(columns=("Voting",), reader="opens"),
        "closes_local": Rule(columns=("Voting",), reader="closes"),
    }
    guessed = guess_mapping("stations", ("No", "Country", "City", "Voting"), rows).rules
    assert {name: rule for name, rule in guessed.items() if name in both} == both


@pytest.mark.parametrize("header", ["Open", "Closing time", "Voting hours", "Açılış", "Anything"])
def test_hours_under_a_header_of_one_of_them_fill_both(header: str) -> None:
    rows = [("1", "Italy", "Rome", "06:00 - 19:00"), ("2", "Italy", "Milan", "06:00 - 19:00")]
    row = filled(mapped((("No", "Country", "City", header), rows))[1])[0]
    assert (row["opens_local"], row["closes_local"]) == ("06:00", "19:00")


def test_a_lone_hour_stays_the_one_that_its_header_names() -> None:
    table = (("No", "Country", "City", "Open", "Close"), [("1", "Italy", "Rome", "6:00", "19:00")])
    row = filled(mapped(table)[0])[0]
    assert (row["opens_local"], row["closes_local"]) == ("06:00", "19:00")


@pytest.mark.parametrize(
    ("header", "values", "guessed"),
    [
        (("Constituency",), ("14", "15"), {"constituency_number": "Constituency"}),
        (("Округ",), ("№ 14", "№ 15"), {"constituency_number": "Округ"}),
        (("Constituency",), ("Yasamal", "Binagadi"), {"constituency_name": "Constituency"}),
        (("District", "District number"), ("7", "7"), {"constituency_number": "District number"}),
        (("constituency_name", "constituency_number"), ("15", "15"),
         {"constituency_name": "constituency_name", "constituency_number": "constituency_number"}),
    ],
)  # fmt: skip
def test_a_constituency_of_digits_is_its_number(
    header: tuple[str, ...], values: tuple[str, ...], guessed: dict[str, str]
) -> None:
    rows = [values, values] if len(header) > 1 else [(value,) for value in values]
    rules = guess_mapping("stations", header, rows).rules
    assert {name: rule.columns[0] for name, rule in rules.items() if "constituency" in name} == guessed


def test_numbers_are_not_taken_for_hours_or_positions() -> None:
    table: Table = (("A", "B"), [("12-15", "12, 13"), ("8-9", "14, 15")])
    assert guess_mapping("stations", *table).rules == {}


def test_header_words_name_columns_that_exist() -> None:
    with HEADER_WORDS.open(encoding="utf-8", newline="") as file:
        named = {row["column"] for row in csv.DictReader(line for line in file if not line.startswith("#"))}
    known = {column.name for layout in KINDS.values() for column in layout.columns}
    assert named - known == {"hours", "coordinates", "slot"}
    # A column that no word leads to is one that only files of our own layout have.
    assert known - named == {
        "number_source_url",
        "number_source_date",
        "address_source_url",
        "voters_source_url",
        "city_basis",
        "city_source_url",
        "host_mission_basis",
    }


# --- asked ---


def test_what_is_not_certain_is_asked_and_an_answer_settles_it() -> None:
    table: Table = (
        ("Country", "City"),
        [("Congo", "Kinshasa"), ("USA", "Springfield"), ("Ruritania", "Strelsau")],
    )
    congo, springfield, ruritania = mapped(table)
    assert congo.rows[0]["country_iso2"] == ""
    assert congo.questions == [
        Question("country", "Congo", "", (("CD", "Congo - Kinshasa"), ("CG", "Congo - Brazzaville")))
    ]
    (question,) = springfield.questions
    assert (question.topic, question.text, question.context) == ("zone", "Springfield", "US")
    assert ("America/Chicago", "America/Chicago") in question.suggestions
    assert [asked.text for asked in ruritania.questions] == ["Ruritania"]

    answers = {
        congo.questions[0].key: "CD",
        question.key: "America/New_York",
        ("country", "ruritania", ""): "XD",
    }
    congo, springfield, ruritania = mapped(table, answers=answers)
    assert (congo.rows[0]["country_iso2"], congo.rows[0]["iana_timezone"]) == ("CD", "Africa/Kinshasa")
    assert springfield.rows[0]["iana_timezone"] == "America/New_York"
    # The answer opens the next question: XD keeps no clock that is known.
    assert [(asked.topic, asked.text, asked.context) for asked in ruritania.questions] == [
        ("zone", "Strelsau", "XD")
    ]


def test_questions_in_other_spellings_are_one() -> None:
    assert Question("country", "KONGO").key == Question("country", "kongó ").key


def test_words_of_a_choice_are_translated_or_asked() -> None:
    table: Table = (
        ("Ad", "Növ"),
        [("Müşahidə", "QHT"), ("Parlament", "Interparliamentary"), ("X", "başqa cür")],
    )
    mapping = Mapping(
        "organizations",
        {
            "name": Rule(columns=("Ad",)),
            "kind": Rule(columns=("Növ",), reader="choice", choices=(("QHT", "ngo"),)),
        },
    )
    first, second, third = mapped(table, mapping)
    assert [result.rows[0]["kind"] for result in (first, second, third)] == ["ngo", "interparliamentary", ""]
    (question,) = third.questions
    assert (question.topic, question.context) == ("choice", "kind")
    assert "intergovernmental" in dict(question.suggestions)
    assert mapped(table, mapping, {question.key: "other"})[2].rows[0]["kind"] == "other"


# --- written by hand ---


def one(mapping: Mapping, header: Sequence[str], *cells: str) -> Mapped:
    return compile_mapping(mapping, header, file="list.csv")(7, cells, {})


def test_splitting_joining_first_filled_and_constants() -> None:
    header = ("Where", "Street", "Town", "Old no", "New no")
    mapping = stations(
        {
            "country_iso2": Rule(columns=("Where",), how="split", separator=",", part=-1, reader="country"),
            "city": Rule(columns=("Where",), how="rest", separator=",", part=-1),
            "address": Rule(columns=("Street", "Town"), how="join", separator="; "),
            "number": Rule(columns=("New no", "Old no"), how="first"),
            "setting": Rule(constant="abroad"),
            "host_mission": Rule(columns=("Town",), constant="Embassy"),
        }
    )
    (row,) = filled(one(mapping, header, "Washington, D.C., USA", "1 Main St", "", "5", ""))
    assert row == {
        "country_iso2": "US",
        "city": "Washington, D.C.",
        "address": "1 Main St",
        "number": "5",
        "setting": "abroad",
        "host_mission": "Embassy",
    }
    (row,) = filled(one(mapping, header, "Rome, Italy", "Via 1", "Roma", "5", "9"))
    assert (row["address"], row["number"], row["host_mission"]) == ("Via 1; Roma", "9", "Roma")


def test_a_problem_names_row_column_and_value_of_the_file() -> None:
    header = ("Country, City", "Date", "Voters")
    mapping = stations(
        {
            "country_iso2": Rule(
                columns=("Country, City",), how="split", separator=",", part=1, reader="country"
            ),
            "city": Rule(columns=("Country, City",), how="split", separator=",", part=2),
            "votes_on": Rule(columns=("Date",), reader="date"),
            "registered_voters": Rule(columns=("Voters",), reader="count"),
        }
    )
    result = one(mapping, header, "Italy", "03/04/2024", "1.234", "stray")
    assert [(p.file, p.row, p.column, p.value) for p in result.problems] == [
        ("list.csv", 7, "", "stray"),
        ("list.csv", 7, "Country, City", "Italy"),
        ("list.csv", 7, "Date", "03/04/2024"),
        ("list.csv", 7, "Voters", "1.234"),
    ]
    assert all(problem.mend for problem in result.problems)
    assert result.rows[0]["country_iso2"] == "IT"
    day_first = stations(mapping.rules, day_first=True)
    assert one(day_first, header, "Italy, Rome", "03/04/2024", "").rows[0]["votes_on"] == "2024-04-03"


def test_what_is_given_with_the_upload_fills_what_is_empty() -> None:
    header = ("Link", "City")
    mapping = stations({"source_url": Rule(columns=("Link",)), "city": Rule(columns=("City",))})
    read = compile_mapping(
        mapping, header, given={"source_url": "https://example.org/list", "source_date": "2024-02"}
    )
    (first,), (second,) = (
        read(2, cells, {}).rows for cells in (("", "Rome"), ("https://example.org/own", "Rome"))
    )
    assert (first["source_url"], second["source_url"]) == (
        "https://example.org/list",
        "https://example.org/own",
    )
    assert first["source_date"] == "2024-02"

    # A country that cannot be read is not the one that was given for rows without any.
    read = compile_mapping(
        stations({"country_iso2": Rule(columns=("Land",), reader="country")}),
        ("Land",),
        given={"country_iso2": "AZ"},
    )
    cells = [read(2, (land,), {}).rows[0]["country_iso2"] for land in ("Italy", "", "Ruritania")]
    assert cells == ["IT", "AZ", ""]


def test_ranges_and_lists_only_where_the_rule_says_so() -> None:
    header = ("No",)
    assert len(one(stations({"number": Rule(columns=("No",), reader="numbers")}), header, "12-15").rows) == 1
    several = stations({"number": Rule(columns=("No",), reader="numbers", ranges=True)})
    assert [row["number"] for row in one(several, header, "12-15").rows] == ["12", "13", "14", "15"]
    broken = one(several, header, "15-12")
    assert [
        (row["number"], problem.column) for row, problem in zip(broken.rows, broken.problems, strict=True)
    ] == [("", "No")]


def test_a_zone_of_the_file_stays_and_another_text_is_derived() -> None:
    header = ("Country", "City", "TZ")
    mapping = stations(
        {
            "country_iso2": Rule(columns=("Country",), reader="country"),
            "city": Rule(columns=("City",)),
            "iana_timezone": Rule(columns=("TZ",), reader="zone"),
        }
    )
    assert (
        filled(one(mapping, header, "US", "Springfield", "America/New_York"))[0]["iana_timezone"]
        == "America/New_York"
    )
    assert filled(one(mapping, header, "US", "Houston", "CST"))[0]["iana_timezone"] == "America/Chicago"


@pytest.mark.parametrize("latitude", ["n/a", "95", "nan", "40,4"])
def test_a_copied_cell_that_is_no_position_stops_nothing(latitude: str) -> None:
    header = ("Country", "City", "Lat", "Lon")
    mapping = stations(
        {
            "country_iso2": Rule(columns=("Country",)),
            "city": Rule(columns=("City",)),
            "latitude": Rule(columns=("Lat",)),
            "longitude": Rule(columns=("Lon",)),
            "iana_timezone": Rule(reader="zone"),
        }
    )
    row = one(mapping, header, "US", "Houston", latitude, "-95.4").rows[0]
    assert (row["latitude"], row["iana_timezone"]) == (latitude, "America/Chicago")
    # No code of a country: the layout's own check says so, and nothing is asked about it.
    assert one(mapping, header, "Texas", "Houston", "", "").questions == []


# --- as data ---


def test_a_mapping_survives_json() -> None:
    mapping = stations(
        {
            "country_iso2": Rule(columns=("A",), how="split", separator=",", part=-1, reader="country"),
            "setting": Rule(columns=("B",), reader="choice", choices=(("xaricdə", "abroad"),)),
            "number": Rule(columns=("C",), reader="numbers", ranges=True),
            "source_url": Rule(constant="https://example.org"),
        },
        "az",
        day_first=True,
    )
    assert Mapping.from_json(json.loads(json.dumps(mapping.to_json()))) == mapping
    assert Mapping.from_json({"kind": "stations", "rules": {}}) == stations({})


@pytest.mark.parametrize(
    ("data", "target", "what"),
    [
        ([], "", "is not a mapping"),
        ({"kind": "voters", "rules": {}}, "", "no kind of table"),
        ({"kind": "stations"}, "", "has no rules"),
        ({"kind": "stations", "rules": {}, "extra": 1}, "", "not part of a mapping"),
        ({"kind": "stations", "rules": {}, "version": 2}, "", "only version 1"),
        ({"kind": "stations", "rules": {}, "day_first": "yes"}, "", "true, false or null"),
        ({"kind": "stations", "rules": {"town": {"columns": ["A"]}}}, "town", "no column of stations"),
        ({"kind": "stations", "rules": {"city": {}}}, "city", "no column and no constant"),
        ({"kind": "stations", "rules": {"city": {"columns": "A"}}}, "city", "list of names"),
        ({"kind": "stations", "rules": {"city": {"columns": ["A"], "part": True}}}, "city", "wrong type"),
        (
            {"kind": "stations", "rules": {"city": {"columns": ["A"], "colour": "red"}}},
            "city",
            "not part of a rule",
        ),
        (
            {"kind": "stations", "rules": {"city": {"columns": ["A"], "how": "guess"}}},
            "city",
            "no way to fill",
        ),
        ({"kind": "stations", "rules": {"city": {"columns": ["A"], "reader": "magic"}}}, "city", "no reader"),
        ({"kind": "stations", "rules": {"city": {"columns": ["A", "B"]}}}, "city", "takes one column"),
        ({"kind": "stations", "rules": {"city": {"reader": "place"}}}, "city", "not filled from a place"),
        (
            {"kind": "stations", "rules": {"city": {"columns": ["A"], "how": "split", "part": 1}}},
            "city",
            "separator",
        ),
        (
            {"kind": "stations", "rules": {"city": {"columns": ["A"], "how": "split", "separator": ","}}},
            "city",
            "no part to keep",
        ),
        (
            {"kind": "stations", "rules": {"city": {"columns": ["A"], "choices": [["a"]]}}},
            "city",
            "list of pairs",
        ),
        (
            {
                "kind": "stations",
                "rules": {name: {"columns": ["A"], "reader": "numbers"} for name in ("number", "notes")},
            },
            "notes",
            "one list only",
        ),
    ],
)
def test_a_mapping_that_makes_no_sense_says_why(data: object, target: str, what: str) -> None:
    with pytest.raises(BadMapping) as error:
        Mapping.from_json(data)
    assert [(where, what in said) for where, said in error.value.problems] == [(target, True)]


def test_a_file_without_a_named_column_is_refused_and_case_is_not() -> None:
    mapping = stations({"city": Rule(columns=("Şəhər",)), "address": Rule(columns=("Ünvan",))})
    with pytest.raises(BadMapping, match="no column “Ünvan”"):
        compile_mapping(mapping, ("ŞƏHƏR", "Qeyd"))
    assert compile_mapping(mapping, ("ÜNVAN", "ŞƏHƏR"))(2, ("Küçə 1", "Bakı"), {}).rows[0]["city"] == "Bakı"


def test_a_header_is_known_again_in_any_order() -> None:
    known = header_fingerprint(["Ölkə", "Şəhər"])
    assert header_fingerprint([" ŞƏHƏR", "ölkə:"]) == known
    assert header_fingerprint(["Ölkə", "Şəhər", "Ünvan"]) != known
    assert header_fingerprint(["Ölkə", "Ölkə"]) != header_fingerprint(["Ölkə"])


def test_what_was_forgotten_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.ingest.compiling.REMEMBERED", 3)
    mapping = stations({"registered_voters": Rule(columns=("N",), reader="count")})
    read = compile_mapping(mapping, ("N",))
    assert [read(2, (f"1 {number:03}",), {}).rows[0]["registered_voters"] for number in range(9)] == [
        f"1{number:03}" for number in range(9)
    ]


def test_a_column_of_no_countries_is_not_compared_for_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.ingest.compiling.MOST_SUGGESTIONS", 2)
    read = compile_mapping(stations({"country_iso2": Rule(columns=("A",), reader="country")}), ("A",))
    found = [
        read(2, (name,), {}).questions[0].suggestions for name in ("Itallya", "Frannce", "Germmany", "Congo")
    ]
    assert [bool(suggestions) for suggestions in found] == [True, True, False, True]


def test_data_files_name_their_source() -> None:
    own = ("calendar_words.csv", "country_aliases.csv", "header_words.csv")
    for path in (*(Path(HEADER_WORDS).parent / name for name in own), LANGUAGE_NAMES):
        assert path.read_text(encoding="utf-8").startswith("# "), path.name
