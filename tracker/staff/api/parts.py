"""What goes in and out at /staff/api/, part by part: read, written and described by one declaration."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.core.models import http_only

Json = dict[str, Any]
Text = str | Promise
MOST_ADDRESS = 2000


@dataclass(frozen=True)
class Kind:
    """A kind of value: its JSON schema, how it is read (ValueError for what is none), and what is said of that."""

    schema: Json
    read: Callable[[Any], Any] = lambda value: value
    wrong: Text = ""


def _key(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise ValueError(value)
    return value


def _words(value: Any) -> str:
    """Text that a database takes: no NUL, and no half of a character."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    value.encode()
    return value


def _moment(value: Any) -> datetime:
    found = parse_datetime(value) if isinstance(value, str) else None
    if found is None or found.tzinfo is None:
        raise ValueError(value)
    try:
        return found.astimezone(UTC)
    except OverflowError:  # in the first or last hours of all years
        raise ValueError(value) from None


def _yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)
    return value


def _address(value: str) -> str:
    try:
        http_only(_words(value))
    except ValidationError:
        raise ValueError(value) from None
    if len(value) > MOST_ADDRESS:
        raise ValueError(value)
    return value


KEY = Kind(
    {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
    _key,
    gettext_lazy("is not the number of a record."),
)
TEXT = Kind({"type": "string", "pattern": r"^[^\u0000]*$"}, _words, gettext_lazy("is not text."))
MOMENT = Kind(
    {"type": "string", "format": "date-time"},
    _moment,
    gettext_lazy("is not a moment with its offset, such as 2024-02-07T09:15:00+04:00."),
)
YES_NO = Kind({"type": "boolean"}, _yes_no, gettext_lazy("is neither true nor false."))
UUID = Kind(
    {"type": "string", "format": "uuid"},
    uuid.UUID,
    gettext_lazy("Send a UUID of your own with each write, the same when you send it again."),
)
ADDRESS = Kind(
    {"type": "string", "format": "uri", "pattern": "^https?://", "maxLength": MOST_ADDRESS},
    _address,
    gettext_lazy("is not a web address, beginning with https:// or http://."),
)


def code_of(codes: Iterable[str]) -> Kind:
    """One of these codes."""
    known = list(codes)

    def read(value: Any) -> str:
        if value not in known:
            raise ValueError(value)
        return str(value)

    return Kind({"type": "string", "enum": known}, read, _("is none of %s.") % ", ".join(known))


def list_of(schema: Json) -> Kind:
    return Kind({"type": "array", "items": schema})


@dataclass(frozen=True)
class Part:
    """One member of an object, one name of a query, or one header. Of what goes out, `of` gives its value of a row."""

    name: str
    kind: Kind
    description: Text
    of: Callable[[Any], Any] = lambda row: None
    required: bool = True
    # What it is where it is left out; null says the same where `nullable`.
    default: Any = None
    nullable: bool = False

    def read(self, value: Any) -> Any:
        """Its value; ValueError for what is none."""
        return None if value is None and self.nullable else self.kind.read(value)

    @property
    def schema(self) -> Json:
        found: Json = dict(self.kind.schema)
        if self.nullable:
            found["type"] = [found["type"], "null"]
        if not self.required and self.default is not None:
            found["default"] = self.default
        return found | {"description": str(self.description)}


@dataclass(frozen=True)
class Record:
    """An object: what a body holds, or what is answered. `name` is its own in the description."""

    name: str
    description: Text
    parts: tuple[Part, ...]

    def write(self, row: Any) -> Json:
        return {part.name: part.of(row) for part in self.parts}

    @property
    def schema(self) -> Json:
        return {
            "type": "object",
            "description": str(self.description),
            "required": [part.name for part in self.parts if part.required],
            "properties": {part.name: part.schema for part in self.parts},
            "additionalProperties": False,
        }

    @property
    def reference(self) -> Json:
        return {"$ref": f"#/components/schemas/{self.name}"}


def read_parts(
    parts: Iterable[Part], said: dict[str, Any], unknown: Text
) -> tuple[dict[str, Any], dict[str, str]]:
    """What `said` says by `parts`, and what is wrong with it by name, `unknown` being said of all other names."""
    found: dict[str, Any] = {}
    known = {part.name: part for part in parts}
    wrong = {name: str(unknown) for name in sorted(said.keys() - known.keys())}
    for name, part in known.items():
        if name not in said:
            found[name] = part.default
            if part.required:
                wrong[name] = _("is missing.")
            continue
        try:
            found[name] = part.read(said[name])
        except (ValueError, TypeError):
            wrong[name] = str(part.kind.wrong)
    return found, wrong
