"""Layouts of files that are known: each module here is one, found by itself, with a sample beside it.

A module holds ``PROFILES``. A new layout is one module and its sample; no other file is edited.
"""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from tracker.ingest.folding import fold
from tracker.ingest.mapping import Mapping, Rule

FOLDER = Path(__file__).parent

# Whether a file is of a layout, from its header and some of its rows.
Matches = Callable[[Sequence[str], Sequence[Sequence[str]]], bool]


@dataclass(frozen=True)
class Profile:
    """One known layout: its name for people, the mapping, how it is recognized, its sample (a file in FOLDER).

    `given` names columns of our layout that the file does not tell and that are asked for with the upload;
    `optional` are rules for columns that only some files of the layout have.
    """

    name: str
    mapping: Mapping
    matches: Matches
    sample: str
    given: tuple[str, ...] = ("source_url",)
    optional: dict[str, Rule] = field(default_factory=dict)

    def mapping_for(self, header: Sequence[str]) -> Mapping:
        """The mapping, with the optional rules whose columns this file has."""
        names = {fold(name) for name in header}
        there = {
            target: rule
            for target, rule in self.optional.items()
            if all(fold(name) in names for name in rule.columns)
        }
        return replace(self.mapping, rules={**self.mapping.rules, **there}) if there else self.mapping


def has_columns(*names: str) -> Matches:
    """A layout that is known by these columns, whatever else there is."""
    wanted = {fold(name) for name in names}
    return lambda header, _rows: wanted <= {fold(name) for name in header}


@cache
def all_profiles() -> tuple[Profile, ...]:
    """The profiles of every module in this package, in the order of the modules' names."""
    modules = sorted(module.name for module in pkgutil.iter_modules([str(FOLDER)]))
    return tuple(
        profile for name in modules for profile in importlib.import_module(f"{__name__}.{name}").PROFILES
    )


def find_profile(header: Sequence[str], rows: Sequence[Sequence[str]] = ()) -> Profile | None:
    """The profile of a file with this header and first rows, or None."""
    return next((profile for profile in all_profiles() if profile.matches(header, rows)), None)
