"""A first mapping for an unknown table: from the words of its header, and from what its columns hold.

What is guessed is a proposal that a person corrects in a form; nothing is read by a guess alone.
"""

import csv
import difflib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tracker.ingest import columns as cells
from tracker.ingest.columns import CHOICES, Parser
from tracker.ingest.coordinates import read_coordinates
from tracker.ingest.folding import fold
from tracker.ingest.mapping import KINDS, Mapping, Rule
from tracker.ingest.places import known_countries
from tracker.ingest.problems import Unreadable
from tracker.ingest.reading import Column
from tracker.ingest.words import read_date, read_hours, split_numbers

HEADER_WORDS = Path(__file__).parent / "data" / "header_words.csv"
SAMPLE = 200  # rows that are looked at
MOST = 0.8  # share of distinct values that must be of a sort for a column to be of it
LONGEST_NAME = 120  # letters of a header; what is longer is a sentence, and would be compared for long
OWN_NAME = 2.0  # the score of a header that is the name of our own column
ALIKE = 0.86  # likeness of two names, 0 to 1, below which they are two
# Words of a header for columns that one column of a file may fill together.
TOGETHER = {
    "hours": {"opens_local": "opens", "closes_local": "closes"},
    "slot": {"from_local": "opens", "until_local": "closes"},
    "coordinates": {"latitude": "latitude", "longitude": "longitude"},
}
# And back: a header that names one of them may stand over both ("Open": 08:00-20:00).
TOGETHER_OF = {part: word for word, parts in TOGETHER.items() for part in parts}
# What a header calls by its name, and the column for its number: "District" stands over either.
NUMBER_OF = {"constituency_name": "constituency_number"}
SEPARATORS = (",", ";", " - ", " – ", "/", "(", ":")
# Parsers of the layout and the reader that turns a person's writing into what they accept.
READER_OF: dict[Parser, str] = {
    cells.country: "country",
    cells.clock: "clock",
    cells.day: "date",
    cells.days: "date",
    cells.partial_day: "date",
    cells.moment: "moment",
    cells.count: "count",
    cells.zone: "zone",
}


class _Fit(NamedTuple):
    score: float
    target: str
    place: int


def guess_mapping(kind: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Mapping:
    """A mapping for a table of this kind, from header and some rows; columns that are not recognized are left out."""
    values = _values(header, rows)
    layout = {column.name: column for column in KINDS[kind].columns}
    language = _language(header)
    rules: dict[str, Rule] = {}
    taken: set[int] = set()
    for score, target, place in _by_words(kind, header):
        if score < OWN_NAME and target in NUMBER_OF and _share(values[place], _is_numbered) >= MOST:
            target = NUMBER_OF[target]
        if place in taken or target in rules:
            continue
        together = target if target in TOGETHER else TOGETHER_OF.get(target, "")
        made = _together(together, header[place], values[place], layout, rules) if together else {}
        if not made and target in layout and not _contradicts(layout[target], values[place]):
            made = {target: _rule(layout[target], header[place], values[place], language)}
        if made:
            rules |= made
            taken.add(place)
    _by_content(header, values, layout, rules, taken)
    _what_follows(layout, rules)
    return Mapping(kind, {target: rules[target] for target in layout if target in rules}, language)


def guess_kind(header: Sequence[str], rows: Iterable[Sequence[str]] = ()) -> list[tuple[str, float]]:
    """The kinds of table and how well each fits (0 to 1), the best first.

    Half is the share of the file's columns that the kind has a place for, half that of the columns it requires.
    """
    sample = list(rows)[:SAMPLE]
    scores = []
    for kind, layout in KINDS.items():
        rules = guess_mapping(kind, header, sample).rules
        used = {name for rule in rules.values() for name in rule.columns}
        # The source is often given with the upload, and says nothing about the kind.
        required = [
            column.name for column in layout.columns if column.required and column.name != "source_url"
        ]
        met = sum(1 for name in required if name in rules)
        scores.append((kind, round((len(used) / max(len(header), 1) + met / len(required)) / 2, 3)))
    return sorted(scores, key=lambda score: -score[1])


# --- by words ---

# In the heading of no column, and in most values that tell of a person: an address, a number of anything.
_VALUE = re.compile(r"@|\d.?\d.?\d")


def are_headings(kind: str, names: Collection[str]) -> bool:
    """Whether these head columns and are no row of values: most of them are words that are known to, for this kind."""
    targets = {column.name for column in KINDS[kind].columns}
    known = [word for target, words in _words().items() if target in targets for word in words]
    known += [fold(target) for target in targets]
    heading = sum(1 for name in names if any(_likeness(fold(name), word) >= ALIKE for word in known))
    return 2 * heading >= len(names) > 0 and not any(_VALUE.search(name) for name in names)


def _by_words(kind: str, header: Sequence[str]) -> list[_Fit]:
    """How well each name of the header fits each column of the layout, the best first."""
    known = _words()
    targets = [column.name for column in KINDS[kind].columns]
    targets += [name for name, parts in TOGETHER.items() if set(parts) <= set(targets)]
    fits = []
    for place, name in enumerate(header):
        for target in targets:
            # The column's own name first: a file of this project's layout maps onto itself.
            if fold(name) == fold(target):
                score = OWN_NAME
            else:
                score = max((_likeness(fold(name), word) for word in known.get(target, {})), default=0.0)
            if score >= ALIKE - 0.2:
                fits.append(_Fit(score, target, place))
    order = {target: place for place, target in enumerate(targets)}
    return sorted(fits, key=lambda fit: (-fit.score, order[fit.target], fit.place))


@cache
def _words() -> dict[str, dict[str, str]]:
    """By column: folded word -> its language ("other" where it is none of ours)."""
    lines = HEADER_WORDS.read_text(encoding="utf-8").splitlines()
    words: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(line for line in lines if not line.startswith("#")):
        own = words.setdefault(row["column"], {})
        for language in ("other", "ru", "az", "en"):
            own |= {fold(word): language for word in (row[language] or "").split("|") if word}
    return words


def _likeness(name: str, word: str) -> float:
    """1 for the same, less for a slip, less again where the word is only a part of the name; 0 below that."""
    if name == word:
        return 1.0
    if len(name) > LONGEST_NAME:
        return 0.0
    if len(word) > 3 and set(word.split()) <= set(name.split()):
        return 0.7 + 0.2 * len(word) / len(name)
    matcher = difflib.SequenceMatcher(None, name, word)
    if min(len(name), len(word)) < 5 or matcher.quick_ratio() < ALIKE:
        return 0.0
    ratio = matcher.ratio()
    return ratio * 0.95 if ratio >= ALIKE else 0.0


def _language(header: Sequence[str]) -> str:
    """Azerbaijani or Russian where most known words of the header are of it alone; else none."""
    found: Counter[str] = Counter()
    for name in header:
        found.update({words[fold(name)] for words in _words().values() if fold(name) in words})
    best = found.most_common(1)
    return best[0][0] if best and best[0][0] in ("az", "ru") else ""


# --- by content ---


def _values(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[Counter[str]]:
    """The distinct values of each column of the sample, with the number of rows that have each."""
    found: list[Counter[str]] = [Counter() for _name in header]
    for number, row in enumerate(rows):
        if number >= SAMPLE:
            break
        for place, cell in enumerate(row[: len(header)]):
            if cell:
                found[place][cell] += 1
    return found


def _share(values: Collection[str], test: Callable[[str], object]) -> float:
    """The share of distinct values for which `test` returns something true and raises nothing."""
    return sum(_passes(test, value) for value in values) / len(values) if values else 0.0


def _share_of_rows(values: Counter[str], test: Callable[[str], object]) -> float:
    """The same share of rows, or of distinct values where that is more: most stations keep the same hours, and one
    "closed" among them is half of what the column says."""
    rows = sum(number for value, number in values.items() if _passes(test, value))
    return max(rows / values.total(), _share(values, test)) if values else 0.0


def _passes(test: Callable[[str], object], value: str) -> bool:
    try:
        return bool(test(value))
    except Unreadable:
        return False


def _is_numbered(value: str) -> bool:
    """A number as districts have it: 14, 14a, № 14."""
    return bool(re.fullmatch(r"(?:№\s*)?\d{1,5}[^\W\d_]?", value.strip()))


def _accepts(column: Column) -> Callable[[str], object]:
    def test(value: str) -> bool:
        column.parse(value)
        return True

    return test


def _sure_hours(value: str) -> bool:
    """Hours with minutes: "12-15" alone is as well a range of stations."""
    return bool(read_hours(value) and re.search(r"\d\s?[:.hч-]\s?[0-5]\d\D", value))


def _sure_position(value: str) -> bool:
    """Coordinates with a fraction: "12, 13" alone are as well two stations."""
    return bool(read_coordinates(value) and re.search(r"\d[.,]\d{2}|°", value))


def _contradicts(column: Column, values: Collection[str]) -> bool:
    """Whether none of the values can be what the column holds, where that can be told."""
    if not values or column.parse not in (cells.country, cells.day, cells.days, cells.clock, cells.count):
        return False
    digits = _share(values, lambda value: re.search(r"\d", value))
    if column.parse is cells.country:
        return digits == 1 and not _share(values, known_countries)
    return digits == 0


def _rule(column: Column, name: str, values: Collection[str], language: str) -> Rule:
    """A plain copy where the values are canonical already, else with the reader that makes them so."""
    plain = Rule(columns=(name,))
    if column.name == "number":
        several = _share(values, lambda value: split_numbers(value) != (value,))
        return Rule(columns=(name,), reader="numbers") if several else plain
    if column.name in ("latitude", "longitude"):
        canonical = _share(values, _accepts(column)) == 1
        return plain if canonical else Rule(columns=(name,), reader=column.name)
    reader = "choice" if column.parse in CHOICES else READER_OF.get(column.parse, "")
    if not reader or not values or _share(values, _accepts(column)) == 1:
        return plain
    if column.parse is cells.country and (parted := _parted(name, values)):
        return parted[0]
    return Rule(columns=(name,), reader=reader)


def _together(
    word: str, name: str, values: Counter[str], layout: dict[str, Column], rules: dict[str, Rule]
) -> dict[str, Rule]:
    """Rules for the columns that one column of the file fills together, if it does."""
    read: Callable[[str], object] = read_coordinates if word == "coordinates" else read_hours
    if any(target in rules for target in TOGETHER[word]) or _share_of_rows(values, read) < MOST:
        return {}
    made = {target: Rule(columns=(name,), reader=reader) for target, reader in TOGETHER[word].items()}
    if (
        word == "hours"
        and "votes_on" in layout
        and "votes_on" not in rules
        and _share_of_rows(values, read_date) >= MOST
    ):
        made["votes_on"] = Rule(columns=(name,), reader="date")
    return made


def _parted(name: str, values: Collection[str]) -> tuple[Rule, Rule] | None:
    """Rules for country and city where a column holds both, as in "Country, City" or "City (Country)"."""
    for separator in SEPARATORS:
        both = [value for value in values if separator in value]
        if len(both) < MOST * len(values) or not both:
            continue
        for part in (1, -1):
            rule = Rule(columns=(name,), how="split", separator=separator, part=part, reader="country")
            ends = [value.split(separator)[part - 1 if part > 0 else part].strip(" ()") for value in both]
            if _share(list(dict.fromkeys(ends)), known_countries) >= MOST:
                return rule, Rule(columns=(name,), how="rest", separator=separator, part=part)
    return None


def _by_content(
    header: Sequence[str],
    values: Sequence[Counter[str]],
    layout: dict[str, Column],
    rules: dict[str, Rule],
    taken: set[int],
) -> None:
    """Columns whose header says nothing but whose values do; and a column that holds country and city."""
    wants_country = "country_iso2" in layout and "city" in layout
    for place, name in enumerate(header):
        known = values[place]
        if not known:
            continue
        holds = {target for target, rule in rules.items() if name in rule.columns}
        if (
            wants_country
            and holds <= {"country_iso2", "city", "address", "host_mission"}
            and (not {"country_iso2", "city"} <= set(rules) or holds & {"country_iso2", "city"})
        ):
            parted = _parted(name, known)
            other = {"country_iso2", "city"} & (set(rules) - holds)
            if parted and not other:
                for target in holds - {"country_iso2", "city"}:
                    del rules[target]
                rules["country_iso2"], rules["city"] = parted
                taken.add(place)
                continue
        if place in taken:
            continue
        if (
            "country_iso2" in layout
            and "country_iso2" not in rules
            and _share(known, known_countries) >= MOST
        ):
            made = {"country_iso2": _rule(layout["country_iso2"], name, known, "")}
        elif "latitude" in layout and "latitude" not in rules and _share(known, _sure_position) >= MOST:
            made = _together("coordinates", name, known, layout, rules)
        elif (
            "opens_local" in layout
            and "opens_local" not in rules
            and _share_of_rows(known, _sure_hours) >= MOST
        ):
            made = _together("hours", name, known, layout, rules)
        elif "votes_on" in layout and "votes_on" not in rules and _share(known, read_date) == 1:
            made = {"votes_on": _rule(layout["votes_on"], name, known, "")}
        elif "source_url" in layout and _share(known, _accepts(layout["source_url"])) == 1:
            target = "website" if "website" in layout else "source_url"
            made = {} if target in rules else {target: Rule(columns=(name,))}
        else:
            made = {}
        if made:
            rules |= made
            taken.add(place)


def _what_follows(layout: dict[str, Column], rules: dict[str, Rule]) -> None:
    """Zone and position follow from country and city; those in the file are of a building."""
    if "city" not in layout or "country_iso2" not in rules:
        return
    rules.setdefault("iana_timezone", Rule(reader="zone"))
    position = ("latitude", "longitude", "coordinate_precision")
    if "latitude" in rules:
        rules.setdefault("coordinate_precision", Rule(reader="place"))
    elif "city" in rules:
        rules |= {target: Rule(reader="place") for target in position if target not in rules}
