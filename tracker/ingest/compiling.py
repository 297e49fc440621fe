"""A mapping made into one function from a row of the file to rows of our layout, quick enough for 100,000 of them.

Plain columns are picked in one step; every other text is read once and remembered with its result.
"""

from collections.abc import Callable, Sequence
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import translation

from tracker.core.timezones import SAME_PLACE_KM, great_circle_km, zone_names
from tracker.ingest.columns import CHOICES, Parser
from tracker.ingest.coordinates import read_degrees
from tracker.ingest.folding import fold
from tracker.ingest.mapping import KINDS, Mapping, Rule, find_columns
from tracker.ingest.places import country_label, find_cities, known_countries, like_countries, zone_for
from tracker.ingest.problems import Problem, Unread, Unreadable
from tracker.ingest.words import (
    read_clock,
    read_count,
    read_date,
    read_hours,
    read_moment,
    split_numbers,
)

UNREAD = Unread()
REMEMBERED = 20_000  # texts of one rule; then it forgets them all, so that memory stays flat in the rows
# Names of countries that are looked up by likeness, 20 ms each; with more unknown ones the column is another one.
MOST_SUGGESTIONS = 200

Answers = AnyMapping[tuple[str, str, str], str]  # by topic, folded text and context


@dataclass(frozen=True)
class Question:
    """What a person is asked once for all rows: `text` of the file, in its `context`, with values to choose from.

    Topics: "country" (value: a code), "zone" (context: the country's code), "choice" (context: the column).
    """

    topic: str
    text: str
    context: str = ""
    suggestions: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """Under which its answer is looked up."""
        return self.topic, fold(self.text), self.context


class Mapped(NamedTuple):
    """What became of one row of the file: rows by column of the layout; cells that could not be read are empty."""

    rows: list[dict[str, str]]
    problems: list[Problem]
    questions: list[Question]


MappedRow = Callable[[int, Sequence[str], Answers], Mapped]
Extract = Callable[[Sequence[str]], str]
Result = str | Unreadable | Question
Read = Callable[[str], Result]


class _Special(NamedTuple):
    """A column of the layout that needs more than a copy; `name` is what the file calls it."""

    target: str
    name: str
    extract: Extract
    read: Read
    remembered: dict[str, Result]


def compile_mapping(
    mapping: Mapping, header: Sequence[str], *, given: AnyMapping[str, str] | None = None, file: str = ""
) -> MappedRow:
    """The function (row number, cells, answers) -> Mapped for files with this header.

    `given` fills columns of the layout that a row leaves empty, such as the source named with the upload. `file`
    is the name that problems quote. Raises BadMapping if the header lacks a column that the mapping names.
    """
    places = find_columns(mapping, header)
    columns = {column.name: column for column in KINDS[mapping.kind].columns}
    given = {target: value for target, value in (given or {}).items() if value and target in columns}
    fixed = dict.fromkeys(columns, "") | given
    plain: dict[str, int] = {}
    specials: list[_Special] = []
    derived: dict[str, str] = {}
    empty = dict(given)  # what a cell is where the file leaves it empty; a rule's own constant goes first
    numbers: tuple[str, str] | None = None  # the column whose list parts the row, and its name in the file
    for target, rule in mapping.rules.items():
        if rule.constant:
            fixed[target] = empty[target] = rule.constant
        if rule.reader in ("zone", "place"):
            derived[target] = rule.reader
        if not rule.columns:
            continue
        if rule.how == "take" and rule.reader in ("", "numbers", "zone"):
            plain[target] = places[rule.columns[0]]
        else:
            read = _reader(rule, mapping, target, columns[target].parse)
            specials.append(_Special(target, " + ".join(rule.columns), _extract(rule, places), read, {}))
        if rule.reader == "numbers":
            numbers = target, " + ".join(rule.columns)
    names = mapping.names
    splits = mapping.rules[numbers[0]].ranges if numbers else False
    width, pick = len(header), _picker(list(plain.values()))
    targets = tuple(plain)
    fallbacks = [(target, empty[target]) for target in plain if target in empty]
    zones: dict[tuple[str, str, str, str], tuple[str, ...]] = {}

    def problem(number: int, column: str, value: str, error: Unreadable) -> Problem:
        return Problem(file, error.what, error.mend, number, column, value)

    def map_row(number: int, cells: Sequence[str], answers: Answers) -> Mapped:
        problems: list[Problem] = []
        questions: list[Question] = []
        if len(cells) != width:
            if any(cells[width:]):
                problems.append(_surplus(file, number, width, cells))
            cells = [*cells[:width], *[""] * (width - len(cells))]
        row = fixed.copy()
        row.update(zip(targets, pick(cells), strict=True))
        for target, name, extract, read, remembered in specials:
            text = extract(cells)
            if not text:
                row[target] = empty.get(target, "")
                continue
            result = remembered.get(text)
            if result is None:
                if len(remembered) >= REMEMBERED:
                    remembered.clear()
                result = remembered[text] = read(text)
            if result.__class__ is str:
                row[target] = result
                continue
            row[target] = ""
            if isinstance(result, Question):
                if (answer := answers.get(result.key)) is None:
                    questions.append(result)
                else:
                    row[target] = answer
            elif isinstance(result, Unreadable):
                row[target] = UNREAD
                problems.append(problem(number, name, text, result))
        for target, value in fallbacks:
            row[target] = row[target] or value
        if derived:
            _derive(row, derived, zones, answers, questions)
        if numbers and row[numbers[0]]:
            try:
                several = split_numbers(row[numbers[0]], splits)
            except Unreadable as error:
                problems.append(problem(number, names[numbers[0]], row[numbers[0]], error))
                several = (UNREAD,)
            return Mapped([{**row, numbers[0]: one} for one in several], problems, questions)
        return Mapped([row], problems, questions)

    return map_row


# --- picking texts ---


def _picker(places: list[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    if len(places) < 2:
        return lambda cells: tuple(cells[place] for place in places)
    return itemgetter(*places)


def _extract(rule: Rule, places: AnyMapping[str, int]) -> Extract:
    wanted = [places[name] for name in rule.columns]
    if rule.how == "take":
        return itemgetter(wanted[0])
    if rule.how == "first":
        return lambda cells: next((cells[place] for place in wanted if cells[place]), "")
    if rule.how == "join":
        return lambda cells: rule.separator.join(cells[place] for place in wanted if cells[place])
    return itemgetter(wanted[0])  # parted when it is read, so that problems quote the whole cell


def _part(text: str, rule: Rule) -> str:
    parts = [
        part.strip(" ()") if rule.separator.strip() == "(" else part.strip()
        for part in text.split(rule.separator)
    ]
    place = rule.part - 1 if rule.part > 0 else len(parts) + rule.part
    if not 0 <= place < len(parts):
        raise Unreadable(
            f"has no part {rule.part} when it is split at “{rule.separator}”.",
            "Add it, or correct the mapping.",
        )
    if rule.how == "split":
        return parts[place]
    rest = [part for other, part in enumerate(parts) if other != place]
    return (rule.separator if rule.separator.endswith(" ") else f"{rule.separator} ").join(rest)


def _surplus(file: str, number: int, width: int, cells: Sequence[str]) -> Problem:
    extra = " ".join(cell for cell in cells[width:] if cell)
    what = f"stands past the {width} columns that have a name."
    return Problem(file, what, "Name the column, or take the cell away.", number, "", extra)


# --- reading texts ---


def _reader(rule: Rule, mapping: Mapping, target: str, parse: Parser) -> Read:
    """What `rule` makes of a text: canonical text, what is wrong with it, or what has to be asked."""
    inner = _named_reader(rule, mapping, target, parse)
    parted = rule.how in ("split", "rest")

    def read(text: str) -> Result:
        try:
            part = _part(text, rule) if parted else text
            result = inner(part) if part else ""
            if result.__class__ is str and result:
                parse(result)  # here a problem still has the words of the file
            return result
        except Unreadable as error:
            return error

    return read


def _named_reader(rule: Rule, mapping: Mapping, target: str, parse: Parser) -> Read:
    language, day_first = mapping.language, mapping.day_first
    match rule.reader:
        case "date":
            return lambda text: (
                _dates(text, language, day_first)
                if target == "votes_on"
                else read_date(text, language, day_first)
            )
        case "moment":
            return lambda text: read_moment(text, language, day_first)
        case "opens":
            return lambda text: read_hours(text)[0]
        case "closes":
            return lambda text: read_hours(text)[1]
        case "clock":
            return read_clock
        case "count":
            return lambda text: read_count(text, language)
        case "latitude" | "longitude" as axis:
            return lambda text: read_degrees(text, axis)
        case "country":
            return _country_reader()
        case "choice":
            return _chooser(rule, target, parse)
    return lambda text: text


def _dates(text: str, language: str, day_first: bool | None) -> str:
    """Several voting days, parted by semicolons or lines, as the layout wants them."""
    parts = [part for line in text.splitlines() for part in line.split(";") if part.strip()]
    return ";".join(sorted({read_date(part, language, day_first) for part in parts}))


def _country_reader() -> Read:
    left = MOST_SUGGESTIONS

    def read(text: str) -> Result:
        nonlocal left
        found = known_countries(text)
        if len(found) == 1:
            return found[0]
        if not found and left:
            left -= 1
            found = like_countries(text)
        return Question("country", text, "", tuple((code, country_label(code)) for code in found))

    return read


def _chooser(rule: Rule, target: str, parse: Parser) -> Read:
    codes = CHOICES.get(parse, [])
    words: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            words |= {fold(str(label)): code for code, label in codes}
    words |= {fold(code): code for code, _label in codes}
    words |= {fold(word): code for word, code in rule.choices}

    def choose(text: str) -> Result:
        code = words.get(fold(text))
        return (
            code
            if code is not None
            else Question("choice", text, target, tuple((c, str(w)) for c, w in codes))
        )

    return choose


# --- what follows from country, city and position ---


def _derive(
    row: dict[str, Any],
    derived: AnyMapping[str, str],
    zones: dict[tuple[str, str, str, str], tuple[str, ...]],
    answers: Answers,
    questions: list[Question],
) -> None:
    """Fill position and zone; what is written in the row stays."""
    country, city = row.get("country_iso2", ""), row.get("city", "")
    if "place" in derived.values():
        _place(row, derived, country, city)
    for target, reader in derived.items():
        if reader != "zone" or row[target] in zone_names():
            continue
        if country_label(country) == country:
            continue  # asked first; or missing or no code, and said so where the layout is checked
        key = (country, city, row.get("latitude", ""), row.get("longitude", ""))
        found = zones.get(key)
        if found is None:
            if len(zones) >= REMEMBERED:
                zones.clear()
            found = zones[key] = zone_for(country, city, *_degrees(*key[2:]))
        if len(found) == 1:
            row[target] = found[0]
            continue
        question = Question(
            "zone", city or ", ".join(filter(None, key[2:])), country, tuple((z, z) for z in found)
        )
        if (answer := answers.get(question.key)) is None:
            questions.append(question)
        row[target] = answer or ""


def _degrees(latitude: str, longitude: str) -> tuple[float, float] | tuple[None, None]:
    """The position as numbers; none where it is not one, which is said where the layout is checked."""
    try:
        return float(read_degrees(latitude, "latitude")), float(read_degrees(longitude, "longitude"))
    except Unreadable:
        return None, None


def _place(row: dict[str, Any], derived: AnyMapping[str, str], country: str, city: str) -> None:
    """Position of the city where the row has none, and how precise the position is: nothing where there is none."""
    filled = {"coordinate_precision": "building" if row["latitude"] or row["longitude"] else ""}
    if not filled["coordinate_precision"] and country and city and (position := _position(country, city)):
        filled = dict(zip(("latitude", "longitude"), position, strict=True), coordinate_precision="city")
    row.update({target: value for target, value in filled.items() if derived.get(target) == "place"})


def _position(country: str, city: str) -> tuple[str, str] | None:
    """Latitude and longitude of a city, if all cities of that name in the country are one place."""
    found = find_cities(country, city)
    if not found:
        return None
    here = found[0].latitude, found[0].longitude
    if any(great_circle_km(here, (other.latitude, other.longitude)) > SAME_PLACE_KM for other in found):
        return None
    return f"{here[0]:.4f}".rstrip("0").rstrip("."), f"{here[1]:.4f}".rstrip("0").rstrip(".")
