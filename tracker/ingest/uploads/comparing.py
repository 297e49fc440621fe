"""The records of a file beside those of the register: what is new, what differs, and who changed it, file or hand."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext as _

from tracker.fieldwork.models import Team
from tracker.ingest.kinds import Kind
from tracker.ingest.loading import NOTHING, UNIQUE_NAMES, default_of, said, zone_of
from tracker.ingest.models import LoadedRecord, UploadedRecord
from tracker.ingest.people import sealed
from tracker.ingest.records.dataset import KEY_SEPARATOR
from tracker.ingest.uploads.keys import TARGETS, Keys, Unborn
from tracker.missions.models import Organization

Action = UploadedRecord.Action
LONGEST_KEY = 700
# What remembers uploads is not mixed with what remembers folders: their keys are made differently.
PREFIX = "upload:"
# Parts that are sets of keys, and of what.
MANY: dict[str, type[models.Model]] = {"organizations": Organization, "teams": Team}


@dataclass(slots=True)
class Line:
    """One record of a file on its way to a row of `UploadedRecord`."""

    kind: str
    row: int
    key: str
    label: str
    values: dict[str, Any]
    action: str = Action.NEW.value
    object_id: int | None = None
    changes: dict[str, list[str]] = field(default_factory=dict)
    takes: list[str] = field(default_factory=list)
    before: dict[str, Any] | None = None
    problems: list[list[str]] = field(default_factory=list)


def steady_key(kind: Kind, key: str, values: dict[str, Any]) -> str:
    """The key under which an upload remembers a record: with what tells it from others, so that rows may move."""
    told_apart = [str(values[name]) for name in kind.told_apart_by if values.get(name)]
    return KEY_SEPARATOR.join([key, *told_apart])[:LONGEST_KEY]


class Comparison:
    """Compares lines of one file with the register, a few thousand at a time."""

    def __init__(
        self,
        dataset: str,
        election: int,
        *,
        told: Collection[str] = (),
        chosen: Mapping[tuple[str, str], bool] | None = None,
    ) -> None:
        """`told`: the fields that the file has columns for. `chosen`: where a person decided already, by key and field,
        whether the file wins."""
        self.dataset, self.election = dataset, election
        self.keys = Keys(election)
        self.told = frozenset(told)
        self.chosen = chosen or {}
        self._others: dict[str, bool] = {}

    def settle(self, kind: Kind, lines: list[Line]) -> None:
        """Say of each line what would happen: its action, the record it speaks of, and the differences."""
        if not lines:
            return
        self._learn(kind, lines)
        remembered = {
            loaded.key: loaded
            for loaded in LoadedRecord.objects.filter(
                dataset=self.dataset, kind=PREFIX + kind.name, key__in=[line.key for line in lines]
            )
        }
        for line in lines:
            loaded = remembered.get(line.key)
            line.object_id, line.before = (loaded.object_id, loaded.values) if loaded else (None, None)
        self._adopt(kind, [line for line in lines if line.object_id is None])
        self._differ(kind, [line for line in lines if line.object_id is not None])
        new = [line for line in lines if line.object_id is None]
        for line, key in zip(new, self._reserve(kind, len(new)), strict=True):
            line.action, line.object_id = Action.NEW.value, key

    # --- which record

    def _adopt(self, kind: Kind, lines: list[Line]) -> None:
        """Find the records that were entered by hand, or loaded otherwise, and that these lines speak of."""
        if not lines or not self._has_any(kind):
            return
        candidates = self._candidates(kind, lines)
        if not candidates:
            return
        free = set(candidates)
        for identity in kind.identities:
            by_identity: dict[tuple[Any, ...], list[int]] = defaultdict(list)
            for pk in candidates:
                if pk in free and (known := identity(candidates[pk].get)) is not None:
                    by_identity[known].append(pk)
            for line in lines:
                if line.object_id is None:
                    wanted = identity(self._wish(kind, line).get)
                    if wanted is not None and by_identity.get(wanted):
                        line.object_id = by_identity[wanted].pop(0)
                        free.discard(line.object_id)
        if kind.name == "station":
            self._warn_of_neighbours([candidates[pk] for pk in free], lines)

    def _warn_of_neighbours(self, others: list[dict[str, Any]], lines: list[Line]) -> None:
        """A new station beside one of the same city whose number nobody knows may be that very station."""
        places = {
            (row["country_id"], row["city"]): row["host_mission"] or row["address"]
            for row in others
            if not row["number"]
        }
        for line in lines:
            place = (line.values["country"], line.values["city"])
            if line.object_id is None and place in places:
                what = _("has a station in the register already whose number is not known (%(where)s).")
                mend = _(
                    "If this row speaks of it, give it this number there first; else it comes in as another one."
                )
                words = what % {"where": places[place] or _("no address")}
                line.problems.append(["city", line.values["city"], words, mend, "warning"])

    def _has_any(self, kind: Kind) -> bool:
        if kind.name not in self._others:
            found = kind.model._base_manager.filter(**kind.scope(self.election))
            self._others[kind.name] = found.exists()
        return self._others[kind.name]

    def _candidates(self, kind: Kind, lines: list[Line]) -> dict[int, dict[str, Any]]:
        scope = kind.scope(self.election)
        condition = Q(**scope)
        if kind.name == "station":
            condition &= Q(city__in={line.values["city"] for line in lines})
        elif kind.near:
            for name in kind.near:
                held = {self.held(kind, name, line.values[name]) for line in lines}
                condition &= Q(**{f"{name}__in": [key for key in held if isinstance(key, int)]})
        elif not scope:
            condition = Q(pk__in=[])
            for unique in UNIQUE_NAMES[kind.name]:
                condition |= Q(
                    **{f"{unique}__in": {line.values[unique] for line in lines if line.values[unique]}}
                )
        taken = LoadedRecord.objects.filter(
            dataset=self.dataset, kind=PREFIX + kind.name, object_id=models.OuterRef("pk")
        )
        rows = kind.model._base_manager.filter(condition).exclude(models.Exists(taken)).order_by("pk")
        found = list(rows.values())
        if kind.ended:
            # Of two alike the one that still stands is meant.
            name, over = kind.ended
            found.sort(key=lambda row: (row[name] == over, row["id"]))
        return {row["id"]: row for row in found}

    def _wish(self, kind: Kind, line: Line) -> dict[str, Any]:
        """The line's values as a record of the register would hold them, by attname."""
        wish = {}
        for name, value in line.values.items():
            if name in (kind.parts or {}):
                continue
            model_field = kind.model._meta.get_field(name)
            held = self.held(kind, name, value)
            wish[model_field.attname] = None if isinstance(held, Unborn) else held  # type: ignore[union-attr]
        return wish

    # --- what differs

    def _differ(self, kind: Kind, lines: list[Line]) -> None:
        ids = [line.object_id for line in lines if line.object_id is not None]
        rows = kind.model._base_manager.order_by()
        if kind.shown_with:  # without names Django would join, and make, whatever a record points to
            rows = rows.select_related(*kind.shown_with)
        found = rows.in_bulk(ids)
        parts = {name: part.read(found) for name, part in (kind.parts or {}).items()}
        shown: list[tuple[Line, str, Any, Any, str]] = []
        for line in lines:
            record = found.get(line.object_id or 0)
            if record is None or self._is_elsewhere(kind, line, record):
                line.action = Action.DELETED.value
                continue
            self._compare(
                kind, line, record, {name: values[record.pk] for name, values in parts.items()}, shown
            )
            line.action = (
                Action.CHANGED if line.takes else Action.KEPT if line.changes else Action.UNCHANGED
            ).value
        self._show(kind, shown)

    def _is_elsewhere(self, kind: Kind, line: Line, record: Any) -> bool:
        """Whether the record has passed to an owner that the row does not speak of, and is none of its business."""
        if not kind.within:
            return False
        return bool(
            getattr(record, f"{kind.within}_id") != self.held(kind, kind.within, line.values[kind.within])
        )

    def _compare(
        self,
        kind: Kind,
        line: Line,
        record: Any,
        parts: dict[str, Any],
        shown: list[tuple[Line, str, Any, Any, str]],
    ) -> None:
        before = line.before or {}
        if (
            kind.ended
            and kind.name == "station"
            and "status" not in line.values
            and record.status == kind.ended[1]
        ):
            # A list that names a station speaks of one that is there.
            line.values["status"] = default_of(kind.model, "status")
        for name, value in line.values.items():
            attname = name if name in parts else kind.model._meta.get_field(name).attname  # type: ignore[union-attr]
            now = parts[name] if name in parts else getattr(record, attname)
            wanted = self.held(kind, name, value)
            if now == wanted or (name in kind.beyond and now in kind.beyond[name].get(value, ())):
                continue
            if name in before:
                # As the file left it: what differs now was written in the file, not by a hand.
                untouched = self._left_alone(kind, line, name, now)
            else:
                untouched = now in NOTHING or now == default_of(kind.model, name)
            if wanted in NOTHING:
                # An empty cell takes nothing away by itself, and a column that the file lacks says nothing at all.
                untouched = False
                if name in before:
                    line.values[name] = before[name]
                if name not in self.told or before.get(name) in NOTHING:
                    continue
            line.changes[name] = []
            shown.append((line, name, now, wanted, zone_of(record)))
            if self.chosen.get((line.key, name), untouched):
                line.takes.append(name)
                line.values[name] = value

    def _left_alone(self, kind: Kind, line: Line, name: str, now: Any) -> bool:
        """Whether the register holds what the file said last time, and the file says something else."""
        before, value = (line.before or {})[name], line.values[name]
        if name in kind.personal:
            # Of people's data only a seal is remembered.
            value, now = sealed(value, line.key, name), sealed(now, line.key, name)
            return bool(before != value and before == now)
        return bool(before != value and now == self.held(kind, name, before))

    def _show(self, kind: Kind, shown: Iterable[tuple[Line, str, Any, Any, str]]) -> None:
        """Fill in the differences as people read them, referred records by name."""
        shown = list(shown)
        names: dict[str, dict[int, str]] = {}
        for name in {name for _line, name, *_rest in shown}:
            target = self._target(kind, name)
            if target is not None:
                both = (value for _line, at, *values, _zone in shown if at == name for value in values)
                names[name] = self.keys.names(target, {value for value in both if isinstance(value, int)})
        for line, name, *values, zone in shown:
            known: dict[Any, str] = names.get(name, {})
            if name in MANY:
                ids = frozenset[int]().union(*values)
                texts = self.keys.names(MANY[name], ids)
                values = [frozenset(texts[key] for key in value) for value in values]
            line.changes[name] = [
                said(known.get(value, value) if isinstance(value, int) else value, zone) for value in values
            ]

    # --- values

    def _target(self, kind: Kind, name: str) -> type[models.Model] | None:
        """The model that a field points to, where files speak of it by a key."""
        if name in (kind.parts or {}):
            return None
        related = kind.model._meta.get_field(name).related_model
        return related if related in TARGETS else None

    def held(self, kind: Kind, name: str, value: Any) -> Any:
        """A JSON value of a line as the register holds it: ids for keys, dates for their text."""
        if name in (kind.parts or {}):
            part = (kind.parts or {})[name]
            ids = {"organization": _Names(self.keys)} if name == "organizations" else {}
            return part.resolve(value, ids)  # type: ignore[arg-type]
        target = self._target(kind, name)
        if target is not None:
            return None if value in (None, "") else self.keys.id_of(target, value)
        model_field: Any = kind.model._meta.get_field(name)
        return value if isinstance(model_field, models.ForeignKey) else model_field.to_python(value)

    def _learn(self, kind: Kind, lines: Collection[Line]) -> None:
        for name in next(iter(lines)).values:
            target = self._target(kind, name)
            if target is not None:
                self.keys.learn(target, {line.values[name] for line in lines if line.values.get(name)})

    def _reserve(self, kind: Kind, number: int) -> list[int]:
        """Ids for records to come. Those that never come leave gaps, which is no harm."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [kind.model._meta.db_table, number],
            )
            return [key for (key,) in cursor.fetchall()]


class _Names:
    """The ids of organizations by name, as `Part.resolve` asks for them."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def __contains__(self, name: str) -> bool:
        return not isinstance(self._keys.id_of(Organization, name), Unborn)

    def __getitem__(self, name: str) -> Any:
        return self._keys.id_of(Organization, name)
