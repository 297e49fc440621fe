"""The history in words: who changed what, when, through which door, field by field."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracker.core.history import declared
from tracker.core.history.install import BASELINE
from tracker.core.history.models import Change, ChangedRow, PersonalValue
from tracker.core.history.naming import ACCOUNT, MaySee, Names, called, is_sealed, name_of, states_then
from tracker.core.keys import key_of

NOTHING = "–"
# So many fields of an entry are shown, and named in its heading; the others are folded away and counted.
SHOWN = 3
STATE = "publication"
# The entries of a record that was put before a publisher, and of one that came back from there.
HANDED_IN_STEP = {f"after__{STATE}": "submitted"}
GIVEN_BACK_STEP = {f"before__{STATE}": "submitted", f"after__{STATE}": "draft"}
PUBLISHED_STEP = {f"after__{STATE}": "published"}


@dataclass(frozen=True)
class Difference:
    """One field of a changed row. `personal`: it is shown, or hidden, because it is about a human being.

    `aside`: it repeats who did it, which the entry says itself, and comes last.
    """

    label: str
    before: str
    after: str
    personal: bool = False
    aside: bool = False


@dataclass(frozen=True)
class Entry:
    """One changed row as a reader sees it. `name`: what people called it then; "" where that is not known."""

    row: ChangedRow
    change: Change
    model: type[models.Model] | None
    who: str
    name: str
    differences: list[Difference]

    @property
    def kind_of_record(self) -> str:
        """What the row is, in the words of the register; the table where nothing is known of it."""
        return kind_name(self.model) if self.model else self.row.table_name

    @property
    def title(self) -> str:
        """The name, or the number where the record has none."""
        return self.name or _("no. %(key)s") % {"key": self.row.key}

    @property
    def deed(self) -> str:
        """What happened, in words: "added", "published", "changed: name, status"."""
        if self.row.kind != ChangedRow.Kind.UPDATE:
            if self.change.origin == BASELINE:
                return _("was there when the history began")
            return str(self.row.get_kind_display())
        words = _STEPS[self.step]() if self.step else _("changed")
        labels = [one.label for one in self.differences if not one.aside]
        labels = labels[1:] if self.step and labels else labels
        if not labels:
            return words
        named = [label[:1].lower() + label[1:] if label[1:2].islower() else label for label in labels[:SHOWN]]
        if rest := len(labels) - SHOWN:
            named += [_("%(count)s more") % {"count": rest}] if rest > 0 else []
        return f"{words}: {', '.join(named)}"

    @property
    def step(self) -> str:
        """The state into which the record was put, if it was."""
        after = (self.row.after or {}).get(STATE, "")
        return after if self.row.kind == ChangedRow.Kind.UPDATE and after in _STEPS else ""

    @property
    def way(self) -> str:
        return way_in(self.change.origin)

    @property
    def shown(self) -> list[Difference]:
        return self.differences[:SHOWN]

    @property
    def folded(self) -> list[Difference]:
        return self.differences[SHOWN:]

    @property
    def folded_words(self) -> str:
        count = len(self.folded)
        return ngettext("%(count)s more field", "%(count)s more fields", count) % {"count": count}


_STEPS = {
    "draft": lambda: _("made a draft again"),
    "submitted": lambda: _("handed in to be published"),
    "published": lambda: _("published"),
    "withdrawn": lambda: _("withdrawn from the public"),
}

# How a change can come in: the beginning of its origin, and what the search calls it.
WAYS = {
    "request": lambda: _("a page of this site"),
    "job": lambda: _("a job in the background"),
    "command": lambda: _("a command on the server"),
    "session": lambda: _("the database itself"),
    "retention": lambda: _("the retention times"),
    BASELINE: lambda: _("there when the history began"),
}


def way_in(origin: str) -> str:
    """How a change came in, in words, from what the database was told ("request", "job 12", "command load_demo")."""
    begin, _space, rest = origin.partition(" ")
    if begin == "job" and rest:
        return _("job %(number)s") % {"number": rest}
    if begin == "command" and rest:
        return _("command %(name)s") % {"name": rest}
    return WAYS[begin]() if begin in WAYS else origin


def kind_name(model: type[models.Model]) -> str:
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


@dataclass(frozen=True)
class StepTaken:
    """Who took a step with a record last, in words, when, and why: "" where they gave no reason. `change` is the key of
    the change in the history: the same for records with which it was taken in one go."""

    who: str
    at: datetime
    reason: str
    change: int = 0


def handed_in(records: Collection[models.Model]) -> dict[object, StepTaken]:
    """When each of these records of one kind was last put before a publisher: {its key: StepTaken}; two queries.

    A record is not there where the history says nothing of it, or nothing that the reader may see.
    """
    return _last_step(records, HANDED_IN_STEP)


def sent_back(records: Collection[models.Model]) -> dict[object, StepTaken]:
    """Which of these drafts of one kind a publisher sent back, and why; as in `handed_in`.

    One that its writer took back, or that was made a draft without a reason, is not there.
    """
    return {key: step for key, step in _last_step(records, GIVEN_BACK_STEP).items() if step.reason}


def published(records: Collection[models.Model]) -> dict[object, StepTaken]:
    """When each of these records of one kind was last published; as in `handed_in`."""
    return _last_step(records, PUBLISHED_STEP)


def sent_back_in(model: type[models.Model], key: str = "pk") -> Subquery:
    """The change in which a publisher last sent back the row of `model` that `key` names, for use within a query."""
    return _last(model, "change", key, change__reason__gt="", **GIVEN_BACK_STEP)


def published_in(model: type[models.Model], key: str = "pk") -> Subquery:
    """The change in which the row of `model` that `key` names was last published, for use within a query."""
    return _last(model, "change", key, **PUBLISHED_STEP)


def _last(model: type[models.Model], what: str, key: str = "pk", **step: str) -> Subquery:
    """`what` ("id", "change") of the latest entry in which this step was taken with the row that `key` names."""
    entries = ChangedRow.objects.filter(
        table_name=model._meta.db_table, key=_key_as_text(OuterRef(key)), **step
    )
    return Subquery(entries.order_by("-id").values(what)[:1])


def _last_step(records: Collection[models.Model], step: dict[str, str]) -> dict[object, StepTaken]:
    keys = {str(record.pk): record.pk for record in records}
    tables = {record._meta.db_table for record in records}
    rows = list(
        ChangedRow.objects.filter(table_name__in=tables, key__in=keys, **step)
        .select_related("change")
        .order_by("key", "-id")
        .distinct("key")
    )
    words = _Describer(rows, lambda model: False, of_deleted=False, account_name=called)
    return {
        keys[row.key]: StepTaken(words._who(row.change), row.change.at, row.change.reason, row.change.pk)
        for row in rows
    }


def longest_waiting_first(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Records of one kind in the order in which they were last handed in, in the same query that reads them.

    Those of which the history does not say it come first: nobody remembers when they were.
    """
    return rows.alias(step=_last(rows.model, "id", **HANDED_IN_STEP)).order_by(
        F("step").asc(nulls_first=True), "pk"
    )


def sent_back_first(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Drafts of one kind, those that came back from a publisher first, the latest of them at the head."""
    return rows.alias(step=_last(rows.model, "id", **GIVEN_BACK_STEP)).order_by(
        F("step").desc(nulls_last=True), *rows.model._meta.ordering, "pk"
    )


def published_since(rows: QuerySet[Any], moment: datetime) -> QuerySet[Any]:
    """Records of one kind that were last published after `moment`, the latest first."""
    # What was published since then is found first: the whole history of each row is looked at of those alone.
    lately = ChangedRow.objects.filter(
        table_name=rows.model._meta.db_table, change__at__gt=moment, **PUBLISHED_STEP
    )
    rows = rows.alias(as_text=_key_as_text()).filter(as_text__in=lately.order_by().values("key"))
    return rows.alias(step=_last(rows.model, "id", **PUBLISHED_STEP)).order_by("-step", "-pk")


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


def describe(rows: Iterable[ChangedRow], may_see: MaySee, *, of_deleted: bool = False) -> list[Entry]:
    """`rows`, each with its change loaded, in words; a fixed number of queries for any number of rows of one kind.

    `of_deleted`: also records that are gone are named; for readers who see the whole register.
    """
    return _Describer(list(rows), may_see, of_deleted).entries()


class _Describer:
    """Puts many rows into words at once, so that accounts and targets of foreign keys are looked up together."""

    def __init__(
        self,
        rows: list[ChangedRow],
        may_see: MaySee,
        of_deleted: bool,
        account_name: Callable[[Any], str] = name_of,
    ) -> None:
        self.rows, self.may_see, self.account_name = rows, may_see, account_name
        self.models = models_by_table()
        self.names = Names(may_see, of_deleted=of_deleted)

    def entries(self) -> list[Entry]:
        models_here = {self.models[row.table_name] for row in self.rows if row.table_name in self.models}
        states = states_then([row.pk for row in self.rows], self.names.seen_tables(models_here))
        for model in models_here:
            mine = [row for row in self.rows if row.table_name == model._meta.db_table]
            self.names.learn(model, [states[row.pk] for row in mine])
            self.names.learn(model, [side for row in mine for side in self._sides(row)])
            if model._meta.label == ACCOUNT:  # as it is called today: what it was called then is personal
                self.names.fetch(model, {int(row.key) for row in mine})
        return [self._entry(row, states[row.pk]) for row in self.rows]

    def _entry(self, row: ChangedRow, state: dict[str, Any]) -> Entry:
        model = self.models.get(row.table_name)
        name = (
            self.names.of_state(model, state) or self.names.of_key(model, row.key)
            if model is not None
            else ""
        )
        return Entry(row, row.change, model, self._who(row.change), name, self._differences(row))

    @cached_property
    def _accounts(self) -> dict[int, str]:
        user = apps.get_model(ACCOUNT)
        wanted = {row.change.account for row in self.rows if row.change.account}
        return {
            account.pk: self.account_name(account) for account in user._default_manager.filter(pk__in=wanted)
        }

    def _who(self, change: Change) -> str:
        if change.account is None:
            if change.origin == "session":
                return _("nobody signed in (%(role)s in the database)") % {"role": change.role}
            return _("nobody signed in")
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
        if row.kind == ChangedRow.Kind.ERASE:
            return []  # of what the row holds since then it has seals alone
        before, after = self._sides(row)
        model = self.models.get(row.table_name)
        columns = [column for column in dict.fromkeys([*before, *after]) if column not in declared.UNSAID]
        if model is not None:
            whole, both = row.kind != ChangedRow.Kind.UPDATE, before | after
            if whole:  # what it says; not its number, and nothing that is empty or not so
                number = model._meta.pk.column
                columns = [c for c in columns if c != number and both[c] not in (None, "", [], False)]
            order = {field.column: place for place, field in enumerate(model._meta.fields)}
            aside = (*declared.WHO, *declared.secret_columns(model))
            # Of a change the state comes first: it is what the heading says. What says little comes last.
            first = () if whole else (STATE,)
            columns.sort(key=lambda c: (c in aside, c not in first, order.get(c, len(order))))
        return [self._difference(model, column, before, after) for column in columns]

    def _difference(
        self, model: type[models.Model] | None, column: str, before: dict[str, Any], after: dict[str, Any]
    ) -> Difference:
        field = _field(model, column)
        label = capfirst(str(field.verbose_name)) if field is not None else column
        personal = model is not None and column in declared.personal_columns(model)
        old, new = (self._words(field, side[column]) if column in side else "" for side in (before, after))
        return Difference(label, old, new, personal, column in declared.WHO)

    def _words(self, field: Any, value: Any) -> str:
        if is_sealed(value):
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
            number = _("no. %(key)s") % {"key": value} if isinstance(value, int) else str(value)
            name = self.names.of_key(field.related_model, value)
            return f"{name} ({number})" if name else number
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        if isinstance(field, models.DateTimeField):
            moment = parse_datetime(value)
            return f"{moment.astimezone(UTC):%-d %b %Y %H:%M:%S} UTC" if moment else str(value)
        return str(value)


def _field(model: type[models.Model] | None, column: str) -> Any:
    """The field of `model` in this column; None where it is gone."""
    fields = model._meta.fields if model is not None else ()
    return next((field for field in fields if field.column == column), None)


# --- searching -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What a reader looks for. Empty parts do not narrow the search; an empty set of accounts fits nobody."""

    accounts: Collection[int] | None = None
    table: str = ""
    # One of ChangedRow.Kind, or the state that a record was put into.
    kind: str = ""
    origin: str = ""
    since: datetime | None = None
    until: datetime | None = None
    # One text for all: a condition that `about` makes.
    about: Q | None = None


def search(asked: Asked) -> QuerySet[ChangedRow]:
    """The changed rows that fit, the latest first; page by `id__lt`, not by offset."""
    changes = Change.objects.all()
    if asked.accounts is not None:
        changes = changes.filter(account__in=asked.accounts)
    if asked.origin:
        changes = changes.filter(origin__startswith=asked.origin)
    if asked.since:
        changes = changes.filter(at__gte=asked.since)
    if asked.until:
        changes = changes.filter(at__lt=asked.until)
    rows = ChangedRow.objects.select_related("change").order_by("-id")
    rows = rows.exclude(table_name__in=declared.watched_tables())
    if changes.query.where:
        rows = rows.filter(change__in=changes.order_by().values("pk"))
    if asked.table:
        rows = rows.filter(table_name=asked.table)
    if asked.kind in _STEPS:
        rows = rows.filter(kind=ChangedRow.Kind.UPDATE, **{f"after__{STATE}": asked.kind})
    elif asked.kind:
        rows = rows.filter(kind=asked.kind)
    return rows if asked.about is None else rows.filter(asked.about)


def about(
    text: str,
    accounts: Collection[int],
    living: dict[str, QuerySet[Any]],
    columns: dict[str, Collection[str]],
) -> Q:
    """The condition that an entry has to do with `text`: with a record that is or was called so or has this number,
    with one of `accounts`, or with the request or entry of this mark.

    `living`: by table, the records that are called so today. `columns`: by table, those a record is called by; a name
    that no record has today stands in what an entry says was there before. Both are asked by the database within the
    search itself, so that nothing is left out however many there are.
    """
    said = Q(change__request=text) | Q(change__account__in=accounts)
    if (number := key_of(text)) is not None:
        said |= Q(change__number=number) | Q(table_name__in=list(models_by_table()), key=text)
    for table, rows in living.items():
        said |= Q(table_name=table, key__in=rows.order_by().values_list(_key_as_text(), flat=True))
    former = Q()
    for table, names in columns.items():
        once = Q(*(Q(**{f"before__{name}__icontains": text}) for name in names), _connector=Q.OR)
        former |= Q(table_name=table) & once
    if former:
        # Every entry of such a record, not only the one that gave it another name.
        same = {"table_name": OuterRef("table_name"), "key": OuterRef("key")}
        said |= Q(Exists(ChangedRow.objects.filter(former, kind__in=("update", "delete"), **same).order_by()))
    return said


def _key_as_text(key: Any = "pk") -> Cast:
    """The key of a record as the history writes it."""
    return Cast(key, models.TextField())
