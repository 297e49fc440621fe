"""What records are called: as they are now, and as they were when an entry of the history was written."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import connection, models
from django.db.models import Max, Q

from tracker.core.history import declared
from tracker.core.history.models import ChangedRow

# Whether the reader may see personal values of a model.
MaySee = Callable[[type[models.Model]], bool]
State = dict[str, Any]
ACCOUNT = "core.User"
# So many relations a bare `select_related()` follows.
LOOKUP_DEPTH = 5

# The row of each entry as it stood after it (of a deletion: before it): the first entry of a row says all of it, each
# later one what changed. Personal values are filled in for the tables that the reader may see them of.
_STATES = """
    SELECT r.id, (
        SELECT jsonb_object_agg(e.key, e.value ORDER BY o.id)
        FROM core_changedrow o
        LEFT JOIN core_personalvalue p ON p.changed_row_id = o.id AND o.table_name = ANY(%s)
        CROSS JOIN LATERAL jsonb_each(coalesce(o.after, o.before) || coalesce(p.after, p.before, '{}')) e
        WHERE o.table_name = r.table_name AND o.key = r.key AND o.id <= r.id)
    FROM core_changedrow r WHERE r.id = ANY(%s)"""


def states_then(entries: Collection[int], seen_tables: Collection[str]) -> dict[int, State]:
    """The whole row that each of these entries is about, as it stood then: {key of the entry: {column: value}}.

    `seen_tables`: those of which the reader may see personal values; of others they stay sealed.
    """
    if not entries:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_STATES, [list(seen_tables), list(entries)])
        return {key: json.loads(state) if state else {} for key, state in cursor.fetchall()}


def is_sealed(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"sealed"}


class Names:
    """The names of records, looked up together: one query for each model that is pointed to."""

    def __init__(self, may_see: MaySee, *, of_deleted: bool) -> None:
        """`of_deleted`: what is there no longer, or hidden from the reader, is named as the history knows it."""
        self.may_see, self.of_deleted = may_see, of_deleted
        self._found: dict[Any, dict[str, models.Model]] = defaultdict(dict)
        self._tables = {model._meta.db_table: model for model in declared.recorded_models()}

    def learn(self, model: type[models.Model], states: Collection[State]) -> None:
        """Look up everything that these rows of `model` point to."""
        for field in _pointers(model):
            if self._may_name(field.related_model):
                keys = (state.get(field.column) for state in states)
                known = {key for key in keys if key is not None and not is_sealed(key)}
                self.fetch(field.related_model, known)

    def _may_name(self, model: Any) -> bool:
        # The name of an account is shown everywhere; who a person is only to those who may see people.
        return not declared.personal_columns(model) or model._meta.label == ACCOUNT or self.may_see(model)

    def fetch(self, model: Any, keys: set[Any]) -> None:
        """Look up the rows of `model` with these keys."""
        known = self._found[model]
        missing = {key for key in keys if str(key) not in known}
        if missing:
            # What its name is made of comes along; where a part of that is out of sight, the record is as well.
            rows = model._base_manager.select_related().filter(pk__in=missing).defer(*_secrets(model))
            known |= {str(row.pk): row for row in rows}
            if self.of_deleted:
                self._recall(model, {str(key) for key in missing} - set(known))

    def _recall(self, model: Any, keys: set[str]) -> None:
        table = model._meta.db_table
        if not keys or table not in self._tables:
            return
        rows = ChangedRow.objects.filter(Q(after__isnull=False) | Q(before__isnull=False))
        last = rows.filter(table_name=table, key__in=keys).order_by().values("key").annotate(last=Max("id"))
        of_entry = {row["last"]: row["key"] for row in last}
        for entry, state in states_then(of_entry, self.seen_tables([model])).items():
            self._found[model][of_entry[entry]] = made_of(model, state)

    def seen_tables(self, some: Iterable[type[models.Model]]) -> list[str]:
        return [
            model._meta.db_table for model in some if declared.personal_columns(model) and self.may_see(model)
        ]

    def of_key(self, model: Any, key: Any) -> str:
        """The name of the record that a key points to; "" where it is not known, or not to be told."""
        record = self._found[model].get(str(key))
        return name_of(record) if record is not None else ""

    def of_state(self, model: type[models.Model], state: State) -> str:
        """The name of a row of `model` as it stood; of a table between two models, both ends."""
        created_by: Any = model._meta.auto_created
        if created_by:
            ends = [self.of_key(field.related_model, state.get(field.column)) for field in _pointers(model)]
            return " – ".join(end or "?" for end in ends)
        record = made_of(model, state)
        for field in _pointers(model):
            target = self._found[field.related_model].get(str(state.get(field.column)))
            if target is not None:
                setattr(record, field.name, target)
        return name_of(record)


def _pointers(model: type[models.Model]) -> list[Any]:
    """The foreign keys of `model`."""
    return [field for field in model._meta.concrete_fields if field.is_relation]


def _secrets(model: type[models.Model], path: str = "") -> list[str]:
    """The lookups to secret columns of `model` and of all that `select_related()` brings along with it."""
    found = [f"{path}{column}" for column in declared.secret_columns(model)]
    for field in _pointers(model):
        if not field.null and path.count("__") < LOOKUP_DEPTH:
            found += _secrets(field.related_model, f"{path}{field.name}__")
    return found


def made_of(model: type[models.Model], state: State) -> models.Model:
    """A record with these columns, as far as the model still has them; sealed ones stay empty."""
    values = {}
    fields: Any = model._meta.concrete_fields
    for field in fields:
        value = state.get(field.column)
        if value is not None and not is_sealed(value):
            try:
                values[field.attname] = field.to_python(value)
            except ValidationError:
                continue  # the column was of another kind then
    return model(**values)


def called(account: Any) -> str:
    """What colleagues call the owner of `account`: the name, without the address at which they sign in."""
    return account.get_full_name() or account.get_username().partition("@")[0]


def name_of(record: Any) -> str:
    """What people call `record`; "" where that cannot be said any more, or nobody gave its kind a name."""
    kind: Any = type(record)
    if kind.__str__ is models.Model.__str__:
        return ""
    if callable(full_name := getattr(record, "get_full_name", None)):
        name, account = full_name(), record.get_username()
        return f"{name} ({account})" if name and name != account else account
    try:
        return str(record).strip()
    except (ObjectDoesNotExist, AttributeError, TypeError):
        return ""  # what the name is made of is gone
