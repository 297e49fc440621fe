"""Which remembered record a row of a file speaks of, when several rows have the same key."""

import json
import re
from collections import defaultdict
from collections.abc import Callable
from itertools import count
from typing import Any

from tracker.ingest.kinds import Kind
from tracker.ingest.models import LoadedRecord
from tracker.ingest.records.dataset import KEY_SEPARATOR, Record

# The number that pairing adds to a key; a host mission named "#²" is none.
OURS = re.compile("#[1-9][0-9]{0,5}")
Distinction = Callable[[dict[str, Any]], str | None]


def pair_remembered(
    kind: Kind, records: list[Record], remembered: dict[str, LoadedRecord]
) -> list[tuple[Record, LoadedRecord | None]]:
    """Each record with what is remembered of it, if anything, and its key made unique by a number.

    Rows with equal keys, such as two stations in one embassy, may stand in another order than last time:
    equal values find each other first, then what tells them apart, then the order.
    """
    stored: dict[str, dict[int, LoadedRecord]] = defaultdict(dict)
    for key, loaded in remembered.items():
        base, _separator, number = key.rpartition(KEY_SEPARATOR)
        if OURS.fullmatch(number):
            stored[base][int(number[1:])] = loaded
        else:
            stored[key][1] = loaded
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.key].append(record)
    partners: dict[int, LoadedRecord] = {}
    passes: tuple[Distinction, ...] = (_all_values, _told_apart(kind.told_apart_by), lambda values: "")
    for base, rows in groups.items():
        free = dict(sorted(stored[base].items()))
        numbers: dict[int, int] = {}
        for alike in passes:
            for record in rows:
                if id(record) in numbers:
                    continue
                wanted = alike(record.values)
                if wanted is None:
                    continue
                found = next((place for place, old in free.items() if alike(old.values) == wanted), 0)
                if found:
                    numbers[id(record)] = found
                    partners[id(record)] = free.pop(found)
        unused = (place for place in count(1) if place not in stored[base])
        for record in rows:
            place = numbers.get(id(record)) or next(unused)
            record.key = base if place == 1 else f"{base}{KEY_SEPARATOR}#{place}"
    return [(record, partners.get(id(record))) for record in records]


def _all_values(values: dict[str, Any]) -> str | None:
    return json.dumps(values, sort_keys=True)


def _told_apart(fields: tuple[str, ...]) -> Distinction:
    def distinction(values: dict[str, Any]) -> str | None:
        return (
            json.dumps([values.get(name) for name in fields])
            if any(values.get(name) for name in fields)
            else None
        )

    return distinction
