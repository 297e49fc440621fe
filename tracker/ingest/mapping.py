"""What a column of this project's layouts is made of in a foreign table, as data: written by a form, kept in a profile.

`tracker.ingest.layout` is the one declaration of kinds and columns; here stand only rules that fill them.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from tracker.ingest import layout
from tracker.ingest.folding import fold
from tracker.ingest.reading import FileLayout

# What a person may bring as one table. Elections are entered, not imported.
KINDS: dict[str, FileLayout] = {
    "stations": layout.STATIONS,
    "organizations": layout.ORGANIZATIONS,
    "missions": layout.MISSIONS,
    "memberships": layout.MEMBERSHIPS,
    "engagements": layout.ENGAGEMENTS,
    "milestones": layout.MILESTONES,
    "figures": layout.FIGURES,
    "deployments": layout.DEPLOYMENTS,
    "visits": layout.VISITS,
    "observers": layout.OBSERVERS,
}
HOWS = ("take", "first", "join", "split", "rest")
# How a text becomes canonical. "zone" and "place" need no column: they follow from country, city and coordinates.
READERS = (
    "date", "moment", "opens", "closes", "clock", "count", "latitude", "longitude",
    "country", "choice", "numbers", "zone", "place",
)  # fmt: skip
WITHOUT_COLUMN = ("zone", "place")
PLACE_COLUMNS = ("latitude", "longitude", "coordinate_precision")
MOST_PARTS = 20
VERSION = 1


class BadMapping(ValueError):
    """A mapping that cannot be used; `problems` holds pairs of target column (or "") and sentence."""

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{target}: {what}" if target else what for target, what in self.problems))


@dataclass(frozen=True)
class Rule:
    """How one column of the layout is filled.

    `how`: "take" the one column; the "first" filled of several; "join" them with `separator`; "split" one at
    `separator` and keep `part` (1 is the first, -1 the last); "rest": all but that part.
    `constant` fills what is then empty. `reader` turns the text into canonical text (READERS); "choice" looks in
    `choices`, pairs of a word and a code, and then among the codes and their labels. `ranges`: "12-15" in a list
    of numbers stands for four.
    """

    columns: tuple[str, ...] = ()
    how: str = "take"
    separator: str = ""
    part: int = 0
    constant: str = ""
    reader: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    ranges: bool = False

    def problems(self) -> list[str]:
        """Sentences on what does not fit together."""
        found = []
        if self.how not in HOWS:
            found.append(f"“{self.how}” is no way to fill a column. Choose one of {', '.join(HOWS)}.")
        if self.reader and self.reader not in READERS:
            found.append(f"“{self.reader}” is no reader. Choose one of {', '.join(READERS)}.")
        if not self.columns and not self.constant and self.reader not in WITHOUT_COLUMN:
            found.append("names no column and no constant. Name one, or leave the rule out.")
        if self.how in ("take", "split", "rest") and len(self.columns) > 1:
            found.append(
                f"“{self.how}” takes one column, {len(self.columns)} are named. Choose first or join."
            )
        if self.how in ("split", "rest"):
            if not self.separator:
                found.append("has no separator to split at. Write it, for example a comma.")
            if not 1 <= abs(self.part) <= MOST_PARTS:
                found.append("has no part to keep. Write 1 for the first or -1 for the last one.")
        return found


@dataclass(frozen=True)
class Mapping:
    """The rules for a kind of table, by column of its layout; columns without a rule stay empty.

    `language` is that of months and numbers in words (a code of CLDR, or empty). `day_first` decides 03/04/2024.
    """

    kind: str
    rules: dict[str, Rule]
    language: str = ""
    day_first: bool | None = None

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise BadMapping(problems)

    def _problems(self) -> Iterable[tuple[str, str]]:
        if self.kind not in KINDS:
            yield "", f"“{self.kind}” is no kind of table. Choose one of {', '.join(KINDS)}."
            return
        known = [column.name for column in KINDS[self.kind].columns]
        for target, rule in self.rules.items():
            if target not in known:
                yield target, f"is no column of {self.kind}. Known are {', '.join(known)}."
            if rule.reader == "place" and target not in PLACE_COLUMNS:
                yield target, f"is not filled from a place. That is for {', '.join(PLACE_COLUMNS)}."
            yield from ((target, problem) for problem in rule.problems())
        lists = [target for target, rule in self.rules.items() if rule.reader == "numbers"]
        if len(lists) > 1:
            yield (
                lists[1],
                f"holds a list of numbers, and so does {lists[0]}. A row can be parted by one list only.",
            )

    @property
    def names(self) -> dict[str, str]:
        """What a file calls the columns of the layout that it fills."""
        return {target: " + ".join(rule.columns) for target, rule in self.rules.items() if rule.columns}

    def swapped(self) -> Self | None:
        """The mapping with latitude and longitude the other way round; None where no columns fill both."""
        latitude, longitude = (self.rules.get(axis) for axis in ("latitude", "longitude"))
        if latitude is None or longitude is None or not latitude.columns or not longitude.columns:
            return None
        if latitude.columns == longitude.columns and latitude.part == longitude.part:
            # One cell holds both: the other of the two is taken out of it.
            other = replace(latitude, reader=longitude.reader), replace(longitude, reader=latitude.reader)
        else:
            other = replace(longitude, reader=latitude.reader), replace(latitude, reader=longitude.reader)
        return replace(self, rules=self.rules | dict(zip(("latitude", "longitude"), other, strict=True)))

    def to_json(self) -> dict[str, Any]:
        """The mapping as JSON values, without what is left at its default."""
        return {
            "version": VERSION,
            "kind": self.kind,
            "language": self.language,
            "day_first": self.day_first,
            "rules": {
                target: {
                    name.name: json.loads(json.dumps(value))
                    for name in fields(rule)
                    if (value := getattr(rule, name.name)) != name.default
                }
                for target, rule in self.rules.items()
            },
        }

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """A mapping from JSON values, checked; raises BadMapping with all that is wrong."""
        if not isinstance(data, dict):
            raise BadMapping([("", "is not a mapping: an object with kind and rules is expected.")])
        if data.get("version", VERSION) != VERSION:
            raise BadMapping([("", f"is of version {data['version']}; only version {VERSION} is read.")])
        problems: list[tuple[str, str]] = [
            ("", f"“{name}” is not part of a mapping.") for name in data if name not in _PARTS
        ]
        kind, language, day_first = data.get("kind"), data.get("language", ""), data.get("day_first")
        if not isinstance(kind, str) or not isinstance(language, str):
            problems.append(("", "needs a kind, and a language or none, as text."))
        if day_first is not None and not isinstance(day_first, bool):
            problems.append(("", "day_first is true, false or null."))
        written = data.get("rules")
        rules: dict[str, Rule] = {}
        if not isinstance(written, dict):
            problems.append(("", "has no rules: an object by column of the layout is expected."))
        else:
            for target, values in written.items():
                try:
                    rules[target] = _rule(values)
                except ValueError as error:
                    problems.append((str(target), str(error)))
        if problems:
            raise BadMapping(problems)
        return cls(str(kind), rules, str(language), day_first)


_PARTS = ("version", "kind", "language", "day_first", "rules")


def _rule(values: Any) -> Rule:
    """A rule from JSON values; ValueError with a sentence."""
    if not isinstance(values, dict):
        raise ValueError("is not a rule: an object is expected.")
    known = {field.name: field for field in fields(Rule)}
    if unknown := next((name for name in values if name not in known), None):
        raise ValueError(f"“{unknown}” is not part of a rule. Known are {', '.join(known)}.")
    made: dict[str, Any] = dict(values)
    for name, value in values.items():
        expected = type(known[name].default)
        if name == "columns":
            if not isinstance(value, list) or not all(isinstance(column, str) for column in value):
                raise ValueError("columns is a list of names.")
            made[name] = tuple(value)
        elif name == "choices":
            if not isinstance(value, list) or not all(_is_pair(pair) for pair in value):
                raise ValueError("choices is a list of pairs: a word of the file and a code.")
            made[name] = tuple((word, code) for word, code in value)
        elif type(value) is not expected:
            raise ValueError(f"{name} is of the wrong type.")
    return Rule(**made)


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)


def header_fingerprint(header: Sequence[str]) -> str:
    """A short text, the same for the same names of columns in any order, case and accents: finds a saved profile."""
    names = "\n".join(sorted(fold(name) for name in header))
    return hashlib.sha256(names.encode()).hexdigest()[:32]


def find_columns(mapping: Mapping, header: Sequence[str]) -> dict[str, int]:
    """Where in `header` the columns that a mapping names stand; raises BadMapping if some do not.

    Names count as they are written, and else folded, so that a profile outlives a change of case.
    """
    places = {name: place for place, name in reversed(list(enumerate(header)))}
    folded = {fold(name): place for place, name in reversed(list(enumerate(header)))}
    found: dict[str, int] = {}
    problems = []
    for target, rule in mapping.rules.items():
        for name in rule.columns:
            place = places.get(name, folded.get(fold(name)))
            if place is None:
                problems.append((target, f"the file has no column “{name}”. It has {', '.join(header)}."))
            else:
                found[name] = place
    if problems:
        raise BadMapping(problems)
    return found
