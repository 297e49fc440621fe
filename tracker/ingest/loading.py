"""Loading a folder into the register: check everything first, then write all of it in one transaction.

What the files gave is remembered record by record. A later load changes only what the files changed since,
and of that only what nobody has changed by hand.
"""

from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import DataError, IntegrityError, connection, models, transaction
from django.db.models import Q

from tracker.core.models import Publication, Publishable, Source
from tracker.core.reference import write_invented_country
from tracker.core.timezones import format_hours, to_local
from tracker.ingest.kinds import BY_MODEL, KINDS, Getter, Kind
from tracker.ingest.layout import LAYOUTS
from tracker.ingest.models import LoadedRecord
from tracker.ingest.pairing import pair_remembered
from tracker.ingest.problems import Problem, ProblemsFound, shortened
from tracker.ingest.reading import read_folder
from tracker.ingest.records import build_dataset
from tracker.ingest.records.dataset import Dataset, Record
from tracker.ingest.report import Report
from tracker.ingest.slugs import free_slug
from tracker.missions.models import Organization

LOCK = 7_234_001  # any number that no other advisory lock of the tracker uses
# What a field holds that nobody has filled in. A zero is a value.
NOTHING: tuple[Any, ...] = (None, "", (), frozenset())
# Kinds that do not belong to one election, and what is unique in them.
UNIQUE_NAMES = {"source": ["url"], "election": ["slug"], "organization": ["name", "acronym"]}


def load_folder(
    *, folder: Path, draft: bool = False, dry_run: bool = False, restore_deleted: bool = False
) -> Report:
    """Load the dataset in `folder`; what is created is published unless `draft`.

    `dry_run` does everything and takes it back. `restore_deleted` makes again what was deleted by hand.
    Raises ProblemsFound, with everything that is wrong; then nothing was changed. A second load at the same
    time waits for the first.
    """
    read = read_folder(folder, LAYOUTS)
    current: Kind | None = None
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            dataset = build_dataset(
                read.tables, read.unread, Organization.objects.values_list("name", "acronym")
            )
            if problems := read.problems + dataset.problems:
                raise ProblemsFound(_sorted(problems, [layout.name for layout in LAYOUTS]))
            if dataset.invented:
                write_invented_country()
            load = _Load(dataset, Publication.DRAFT if draft else Publication.PUBLISHED, restore_deleted)
            load.report.absent_files = read.absent
            for current in KINDS:
                load.write(current)
            current = None
            load.remember()
            connection.check_constraints()
            if dry_run:
                transaction.set_rollback(True)
    except (IntegrityError, DataError) as error:
        raise ProblemsFound([refused(error, current)]) from error
    return load.report


def _sorted(problems: list[Problem], files: list[str]) -> list[Problem]:
    def place(problem: Problem) -> tuple[int, int]:
        return files.index(problem.file) if problem.file in files else -1, problem.row or 0

    return sorted(problems, key=place)


def refused(error: Exception, kind: Kind | None) -> Problem:
    """A rule of the database that the checks do not know, as a problem."""
    diagnosis = getattr(error.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None)
    what = str(getattr(diagnosis, "message_primary", None) or error).strip().rstrip(".") + "."
    for model in [kind.model] if kind else []:
        for constraint in model._meta.constraints:
            if constraint.name == name and constraint.violation_error_message:
                what = f"{constraint.get_violation_error_message()} ({name})"
    # It quotes the row, which is nobody's business where the row is a person.
    personal = bool(kind and kind.personal)
    detail = "" if personal else shortened(getattr(diagnosis, "message_detail", None) or "")
    label = kind.label if kind else "records"
    what = f"The database refuses the {label}: {what} {detail}".strip()
    return Problem("", what, "Compare the files with the register.")


class _Load:
    """One load in its transaction."""

    def __init__(self, dataset: Dataset, publication: Publication, restore_deleted: bool) -> None:
        self.dataset = dataset
        self.publication = publication
        self.restore_deleted = restore_deleted
        self.report = Report(dataset.name)
        self.ids: dict[str, dict[str, int]] = defaultdict(dict)
        self.remembered: dict[str, dict[str, LoadedRecord]] = defaultdict(dict)
        for loaded in LoadedRecord.objects.filter(dataset=dataset.name):
            self.remembered[loaded.kind][loaded.key] = loaded
        # By id of the record: what is remembered under a key that the files no longer have.
        self.moved: dict[int, LoadedRecord] = {}
        # Sources deleted by hand. They come back only with a record of this load that refers to them.
        self.sleeping: dict[str, Record] = {}
        self.fresh: list[LoadedRecord] = []
        self.changed: list[LoadedRecord] = []

    @property
    def election(self) -> int | None:
        return next(iter(self.ids["election"].values()), None)

    def write(self, kind: Kind) -> None:
        """Bring the records of one kind into the register."""
        records = self.dataset.records.get(kind.name, [])
        remembered = self.remembered[kind.name]
        pairs = pair_remembered(kind, records, remembered)
        objects = kind.model._base_manager
        present = set(
            objects.filter(pk__in=[loaded.object_id for loaded in remembered.values()]).values_list(
                "pk", flat=True
            )
        )
        self.ids[kind.name] |= {
            key: loaded.object_id for key, loaded in remembered.items() if loaded.object_id in present
        }
        counts = self.report.counts.setdefault(kind.label, Counter())
        new: list[Record] = []
        differing: list[tuple[Record, LoadedRecord]] = []
        for record, loaded in pairs:
            if loaded is None:
                new.append(record)
            elif loaded.object_id not in present:
                if self.restore_deleted:
                    new.append(record)
                elif kind.name == "source":
                    self.sleeping[record.key] = record
                else:
                    self._stays_deleted(kind, record)
            elif loaded.values == record.values:
                counts["unchanged"] += 1
            else:
                differing.append((record, loaded))
        keys = {record.key for record in records}
        self.moved = {
            loaded.object_id: loaded
            for key, loaded in remembered.items()
            if key not in keys and loaded.object_id in present
        }
        if kind.name == "organization":
            # Organizations entered by hand or loaded with another election may be referred to as well.
            for name, pk in Organization.objects.values_list("name", "pk"):
                self.ids["organization"].setdefault(name, pk)
        taken = {self.ids[kind.name][key] for key in keys & remembered.keys() if key in self.ids[kind.name]}
        adopted = self._adopt(kind, new, taken)
        self.report.gone += [
            f"{kind.name}: {shortened(loaded.key)}"
            for pk, loaded in self.moved.items()
            if pk not in adopted.values()
        ]
        self._update(kind, differing, adopted)
        self._create(kind, [record for record in new if record.key not in adopted])

    def remember(self) -> None:
        """Write down what the files gave."""
        for record in self.sleeping.values():
            self._stays_deleted(BY_MODEL[Source], record)
        LoadedRecord.objects.bulk_create(self.fresh)
        LoadedRecord.objects.bulk_update(self.changed, ["key", "object_id", "values"])

    def _stays_deleted(self, kind: Kind, record: Record) -> None:
        self.report.counts[kind.label]["deleted by hand"] += 1
        self.report.deleted.append(f"{kind.name} ({record.where}): {shortened(record.key)}")

    def _wake(self, source: str) -> int | None:
        """Make a source again that was deleted by hand, for a record that refers to it; its id."""
        record = self.sleeping.pop(source, None)
        if record is None:
            return None
        moved, self.moved = self.moved, {}  # those of the kind that is being written
        self._create(BY_MODEL[Source], [record])
        self.moved = moved
        return self.ids["source"][source]

    # --- the four ways of a record ---

    def _adopt(self, kind: Kind, new: list[Record], taken: set[int]) -> dict[str, int]:
        """Ids, by key, of records of the register that `new` speaks of although no file brought them in."""
        if not new or (kind.scope(None) and self.election is None):
            return {}
        lookup = kind.scope(self.election)
        condition = Q(**lookup)
        for unique in () if lookup else UNIQUE_NAMES[kind.name]:
            wanted_names = [record.values[unique] for record in new if record.values[unique]]
            condition |= Q(**{f"{unique}__in": wanted_names})
        candidates = [
            (found, vars(found).get)
            for found in kind.model._base_manager.filter(condition).order_by("pk")
            if found.pk not in taken
        ]
        adopted: dict[str, int] = {}
        if not candidates:
            return adopted
        wishes: list[tuple[Record, Getter]] = [
            (record, self._resolved(kind, record, strict=False).get) for record in new
        ]
        for number, identity in enumerate(kind.identities):
            free: dict[tuple[Any, ...], list[int]] = defaultdict(list)
            for found, get in candidates:
                if found.pk not in adopted.values() and (known := identity(get)) is not None:
                    free[known].append(found.pk)
            for record, wish in wishes:
                if record.key in adopted:
                    continue
                wanted = identity(wish)
                if kind.name == "station" and number == len(kind.identities) - 1:
                    # A station entered without its number: the file's number does not hinder.
                    wanted = wish("country_id"), wish("city"), wish("host_mission")
                if wanted is not None and free.get(wanted):
                    adopted[record.key] = free[wanted].pop(0)
                    if adopted[record.key] not in self.moved:
                        self.report.adopted.append(f"{kind.name} ({record.where}): {shortened(record.key)}")
        self.ids[kind.name] |= adopted
        return adopted

    def _update(
        self, kind: Kind, differing: list[tuple[Record, LoadedRecord]], adopted: dict[str, int]
    ) -> None:
        """Write what the files changed and no hand did; of adopted records what nobody has filled in."""
        records = {record.key: record for record in self.dataset.records.get(kind.name, [])}
        tasks: list[tuple[Record, dict[str, Any], int]] = [
            (record, loaded.values, loaded.object_id) for record, loaded in differing
        ] + [
            (records[key], self.moved[pk].values if pk in self.moved else {}, pk)
            for key, pk in adopted.items()
        ]
        if not tasks:
            return
        ids = [pk for _record, _before, pk in tasks]
        found = kind.model._base_manager.select_for_update(of=("self",)).in_bulk(ids)
        parts = {name: part.read(ids) for name, part in (kind.parts or {}).items()}
        touched: dict[int, set[str]] = defaultdict(set)
        new_parts: dict[str, dict[int, Any]] = defaultdict(dict)
        counts = self.report.counts[kind.label]
        for record, before, pk in tasks:
            kept = False
            zone = zone_of(found[pk])
            for name, value in record.values.items():
                if name in before and before[name] == value:
                    continue
                in_parts = name in parts
                attname = name if in_parts else kind.model._meta.get_field(name).attname  # type: ignore[union-attr]
                now = parts[name][pk] if in_parts else getattr(found[pk], attname)
                if name in before:
                    was = self._value(kind, record, name, before[name], strict=False)
                    # What was referred to and is no more was taken away by hand.
                    untouched = now == was and (was is not None or before[name] is None)
                else:
                    untouched = now in NOTHING or now == default_of(kind.model, name)
                after = self._value(kind, record, name, value, strict=untouched)
                if now == after:
                    continue
                if not untouched:
                    kept = True
                    self.report.kept.append(
                        f"{kind.name} ({record.where}) {name}: "
                        f"the file says {said(after, zone)}, the register keeps {said(now, zone)}"
                    )
                elif in_parts:
                    new_parts[name][pk] = after
                    touched[pk].add(name)
                else:
                    setattr(found[pk], attname, after)
                    touched[pk].add(name)
            counts["updated" if touched.get(pk) else "kept by hand" if kept else "unchanged"] += 1
            self._remember(record, pk)
        fields = {name for names in touched.values() for name in names} - new_parts.keys()
        changed = [found[pk] for pk in touched]
        for name in fields & set(kind.vacated):
            # Rows may pass a unique value on to each other: first nobody has it.
            moved = [pk for pk, names in touched.items() if name in names]
            kind.model._base_manager.filter(pk__in=moved).update(**{name: ""})
        if fields:
            kind.model._base_manager.bulk_update(changed, sorted(fields))
        for name, values in new_parts.items():
            (kind.parts or {})[name].write(values)

    def _create(self, kind: Kind, new: list[Record]) -> None:
        if not new:
            return
        options: dict[str, Any] = {}
        if issubclass(kind.model, Publishable):
            options["publication"] = self.publication
        if "election" in kind.scope(None):
            options["election_id"] = self._election_for(kind, new)
        slugs = (
            set(Organization.objects.values_list("slug", flat=True)) if kind.name == "organization" else set()
        )
        objects = []
        for record in new:
            values = self._resolved(kind, record) | options
            if kind.name == "organization":
                values["slug"] = free_slug(record.values["acronym"] or record.values["name"], taken=slugs)
                slugs.add(values["slug"])
            for name in kind.parts or {}:
                values.pop(name)
            objects.append(kind.model(**values))
        kind.model._base_manager.bulk_create(objects)
        for name, part in (kind.parts or {}).items():
            part.write(
                {
                    made.pk: self._value(kind, record, name, record.values[name])
                    for record, made in zip(new, objects, strict=True)
                }
            )
        for record, made in zip(new, objects, strict=True):
            self.ids[kind.name][record.key] = made.pk
            self._remember(record, made.pk)
        self.report.counts[kind.label]["created"] += len(new)

    # --- values ---

    def _election_for(self, kind: Kind, new: list[Record]) -> int:
        if self.election is None:
            raise ProblemsFound(
                [
                    Problem(
                        "elections.csv",
                        "this election was deleted by hand, so nothing can be added to it.",
                        "Load with --restore-deleted to make it again.",
                        value=self.dataset.name,
                    )
                ]
            )
        return self.election

    def _resolved(self, kind: Kind, record: Record, *, strict: bool = True) -> dict[str, Any]:
        """The record's values by attname, as the model holds them."""
        values = {}
        for name, value in record.values.items():
            is_part = name in (kind.parts or {})
            attname = name if is_part else kind.model._meta.get_field(name).attname  # type: ignore[union-attr]
            values[attname] = self._value(kind, record, name, value, strict=strict)
        return values

    def _value(self, kind: Kind, record: Record, name: str, value: Any, *, strict: bool = True) -> Any:
        """A JSON value as the model holds it; a key as the id of its record.

        Where that record was deleted by hand: None or, if `strict`, the source made again; ProblemsFound for others.
        """
        if name in (kind.parts or {}):
            return (kind.parts or {})[name].resolve(value, self.ids)
        model_field: Any = kind.model._meta.get_field(name)
        if not isinstance(model_field, models.ForeignKey):
            return model_field.to_python(value)
        target = BY_MODEL.get(model_field.related_model)
        if value is None or target is None:
            return value
        found = self.ids[target.name].get(value)
        if found is None and strict and target.model is Source:
            found = self._wake(value)
        if found is None and strict:
            raise ProblemsFound(
                [
                    Problem(
                        record.row.file,
                        f"refers to the {target.name} {shortened(str(value))}, which was deleted by hand.",
                        "Enter it again, take this row out, or load with --restore-deleted.",
                        record.row.number,
                        name,
                    )
                ]
            )
        return found

    def _remember(self, record: Record, pk: int) -> None:
        loaded = self.moved.get(pk) or self.remembered[record.kind].get(record.key)
        if loaded is None:
            self.fresh.append(
                LoadedRecord(
                    dataset=self.dataset.name,
                    kind=record.kind,
                    key=record.key,
                    object_id=pk,
                    values=record.values,
                )
            )
        else:
            loaded.key, loaded.object_id, loaded.values = record.key, pk, record.values
            self.changed.append(loaded)


def default_of(model: type[models.Model], name: str) -> Any:
    model_field: Any = model._meta.get_field(name) if name in {f.name for f in model._meta.fields} else None
    return model_field.get_default() if model_field is not None and model_field.has_default() else None


def zone_of(record: Any) -> str:
    """The zone in which people read the moments of a record: its own, or that of its station."""
    owner = getattr(record, "station", record)
    zones = (getattr(owner, name, None) for name in ("timezone_id", "as_of_timezone_id"))
    return next(filter(None, zones), "UTC")


def said(value: Any, zone: str = "UTC") -> str:
    """A value for people: moments, and pairs of opening and closing, on the clock of `zone`."""
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, datetime) for part in value):
        opens, closes = (to_local(part, zone) for part in value)
        return f"“{format_hours(opens, closes)} {zone}”"
    if isinstance(value, datetime):
        return f"“{to_local(value, zone):%Y-%m-%d %H:%M} {zone}”"
    if isinstance(value, (tuple, frozenset)):
        value = ", ".join(
            said(part, zone) for part in (sorted(value) if isinstance(value, frozenset) else value)
        )
        return value or "nothing"
    return "nothing" if value in (None, "") else f"“{shortened(str(value))}”"
