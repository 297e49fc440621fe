"""The history in words: who changed what, when, through which door, field by field."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from tracker.core.history import declared
from tracker.core.history.models import Change, ChangedRow, PersonalValue

# Whether the reader may see personal values of a model.
MaySee = Callable[[type[models.Model]], bool]
NOTHING = "–"


@dataclass(frozen=True)
class Difference:
    """One field of a changed row. `personal`: it is shown, or hidden, because it is about a human being."""

    label: str
    before: str
    after: str
    personal: bool = False


@dataclass(frozen=True)
class Entry:
    """One changed row as a reader sees it."""

    row: ChangedRow
    change: Change
    model: type[models.Model] | None
    who: str
    differences: list[Difference]

    @property
    def kind_of_record(self) -> str:
        """What the row is, in the words of the register; the table where nothing is known of it."""
        return _name(self.model) if self.model else self.row.table_name


def _name(model: type[models.Model]) -> str:
    """The words for a row of `model`; for a table between two models, both."""
    created_by: Any = model._meta.auto_created
    if not created_by:
        return capfirst(str(model._meta.verbose_name))
    ends: list[Any] = [field.related_model for field in model._meta.fields if field.is_relation]
    return capfirst(" – ".join(str(end._meta.verbose_name) for end in ends))


def models_by_table() -> dict[str, type[models.Model]]:
    """Every table with a history: {name of the table: its model}."""
    return {model._meta.db_table: model for model in declared.recorded_models()}


def rows_of(model: type[models.Model], key: object) -> QuerySet[ChangedRow]:
    """What happened to one row, the latest first."""
    rows = ChangedRow.objects.filter(table_name=model._meta.db_table, key=str(key))
    return rows.select_related("change").order_by("-id")


def rows_with_parts(model: type[models.Model], key: object) -> QuerySet[ChangedRow]:
    """The same, with the rows that belong to it: of tables between two models, and of those that go when it goes."""
    condition = Q(table_name=model._meta.db_table, key=str(key))
    for part, column in _parts(model):
        pointing = ChangedRow.objects.filter(
            Q(**{f"before__{column}": _as_json(model, key)})
            | Q(**{f"after__{column}": _as_json(model, key)}),
            table_name=part._meta.db_table,
        )
        condition |= Q(table_name=part._meta.db_table, key__in=pointing.values("key"))
    return ChangedRow.objects.filter(condition).select_related("change").order_by("-id")


def _parts(model: type[models.Model]) -> list[tuple[type[models.Model], str]]:
    """Models whose rows are parts of a row of `model`, each with the column that says of which."""
    recorded = set(declared.recorded_models())
    found: list[tuple[type[models.Model], str]] = []
    for relation in model._meta.get_fields(include_hidden=True):
        field: Any = getattr(relation, "field", None)
        points = relation.auto_created and isinstance(field, models.ForeignKey) and field.model in recorded
        if points and field.remote_field.on_delete is models.CASCADE:
            found.append((field.model, field.column))
    return found


def _as_json(model: type[models.Model], key: object) -> object:
    """A key as it stands in JSON: most are numbers."""
    primary: Any = model._meta.pk
    return int(str(key)) if isinstance(primary, models.IntegerField) else str(key)


def describe(rows: Iterable[ChangedRow], may_see: MaySee) -> list[Entry]:
    """`rows`, each with its change loaded, in words; a fixed number of queries for any number of rows of one kind."""
    return _Describer(list(rows), may_see).entries()


class _Describer:
    """Puts many rows into words at once, so that accounts and targets of foreign keys are looked up together."""

    def __init__(self, rows: list[ChangedRow], may_see: MaySee) -> None:
        self.rows, self.may_see = rows, may_see
        self.models = models_by_table()

    def entries(self) -> list[Entry]:
        return [
            Entry(
                row,
                row.change,
                self.models.get(row.table_name),
                self._who(row.change),
                self._differences(row),
            )
            for row in self.rows
        ]

    @cached_property
    def _accounts(self) -> dict[int, str]:
        user = apps.get_model("core", "User")
        wanted = {row.change.account for row in self.rows if row.change.account}
        return {account.pk: account.get_username() for account in user._default_manager.filter(pk__in=wanted)}

    def _who(self, change: Change) -> str:
        if change.account is None:
            return _("no account (%(role)s in the database)") % {"role": change.role}
        name = self._accounts.get(change.account)
        return name or _("account %(number)s, deleted") % {"number": change.account}

    @cached_property
    def _personal(self) -> dict[int, PersonalValue]:
        seen = [
            row.pk
            for row in self.rows
            if (model := self.models.get(row.table_name))
            and declared.personal_columns(model)
            and self.may_see(model)
        ]
        return PersonalValue.objects.in_bulk(seen) if seen else {}

    def _sides(self, row: ChangedRow) -> tuple[dict[str, Any], dict[str, Any]]:
        """Before and after, with the personal values where the reader may see them and they are not erased."""
        kept = self._personal.get(row.pk)
        before, after = dict(row.before or {}), dict(row.after or {})
        if kept is not None:
            before |= kept.before or {}
            after |= kept.after or {}
        return before, after

    def _differences(self, row: ChangedRow) -> list[Difference]:
        before, after = self._sides(row)
        model = self.models.get(row.table_name)
        columns = list(dict.fromkeys([*before, *after]))
        if model is not None:
            order = [field.column for field in model._meta.fields]
            columns.sort(key=lambda column: order.index(column) if column in order else len(order))
            if row.kind != ChangedRow.Kind.UPDATE:  # of a whole row, what it says
                columns = [c for c in columns if (before | after)[c] not in (None, "", [])]
        return [self._difference(model, column, before, after) for column in columns]

    def _difference(
        self, model: type[models.Model] | None, column: str, before: dict[str, Any], after: dict[str, Any]
    ) -> Difference:
        field = _field(model, column)
        label = capfirst(str(field.verbose_name)) if field is not None else column
        personal = model is not None and column in declared.personal_columns(model)
        old, new = (self._words(field, side[column]) if column in side else "" for side in (before, after))
        return Difference(label, old, new, personal)

    def _words(self, field: Any, value: Any) -> str:
        if isinstance(value, dict) and set(value) == {"sealed"}:
            return _("personal or secret value")
        if value is None or value in ("", []):
            return NOTHING
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, list):
            return ", ".join(self._words(None, one) for one in value)
        if field is None:
            return str(value)
        if field.is_relation:
            return (
                self._targets[field.related_model].get(str(value))
                or f"{capfirst(str(field.verbose_name))} {value}"
            )
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        if isinstance(field, models.DateTimeField):
            moment = parse_datetime(value)
            return f"{moment.astimezone(UTC):%-d %b %Y %H:%M:%S} UTC" if moment else str(value)
        return str(value)

    @cached_property
    def _targets(self) -> dict[Any, dict[str, str]]:
        """What the foreign keys of all rows point to, in words; not who a person is for those who may not see it."""
        wanted: dict[Any, set[Any]] = defaultdict(set)
        for row in self.rows:
            model = self.models.get(row.table_name)
            for side in self._sides(row):
                for column, value in side.items():
                    field = _field(model, column)
                    if (
                        field is not None
                        and field.is_relation
                        and value is not None
                        and not isinstance(value, dict)
                    ):
                        wanted[field.related_model].add(value)
        found: dict[Any, dict[str, str]] = defaultdict(dict)
        for target, keys in wanted.items():
            # The name of an account is shown everywhere; who a person is only to those who may see people.
            personal = declared.personal_columns(target) and target._meta.label != "core.User"
            if not personal or self.may_see(target):
                found[target] = {str(one.pk): str(one) for one in target._base_manager.filter(pk__in=keys)}
        return found


def _field(model: type[models.Model] | None, column: str) -> Any:
    """The field of `model` in this column; None where it is gone."""
    fields = model._meta.fields if model is not None else ()
    return next((field for field in fields if field.column == column), None)


# --- searching -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What a reader looks for. Empty parts do not narrow the search."""

    account: int | None = None
    table: str = ""
    key: str = ""
    kind: str = ""
    origin: str = ""
    request: str = ""
    since: datetime | None = None
    until: datetime | None = None


def search(asked: Asked) -> QuerySet[ChangedRow]:
    """The changed rows that fit, the latest first. Each part has its index; page by `id__lt`, not by offset."""
    changes = Change.objects.all()
    if asked.account is not None:
        changes = changes.filter(account=asked.account)
    if asked.origin:
        changes = changes.filter(origin__startswith=asked.origin)
    if asked.request:
        changes = changes.filter(request=asked.request)
    if asked.since:
        changes = changes.filter(at__gte=asked.since)
    if asked.until:
        changes = changes.filter(at__lt=asked.until)
    rows = ChangedRow.objects.select_related("change").order_by("-id")
    if changes.query.where:
        rows = rows.filter(change__in=changes.order_by().values("pk"))
    exact = {"table_name": asked.table, "key": asked.key, "kind": asked.kind}
    return rows.filter(**{name: value for name, value in exact.items() if value})
