"""Pages by the last row seen: as quick on the thousandth page as on the first, and stable while rows come and go."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core import signing
from django.db.models import F, Q, QuerySet

from tracker.opendata.columns import Column, Dataset, Type, json_value

DEFAULT_LIMIT, LARGEST_LIMIT = 100, 500


class UnknownCursor(Exception):
    """The cursor was not made here for this dataset and order, or its row is gone."""


@dataclass(frozen=True)
class Page:
    """The rows of a page, and the cursors of the pages beside it; empty where there is none."""

    rows: list[Any]
    next: str
    previous: str


@dataclass(frozen=True)
class Order:
    """An order of a dataset by one column, and by its key among equals. Unknown values come last."""

    dataset: Dataset
    column: Column
    descending: bool

    @property
    def salt(self) -> str:
        return f"opendata {self.dataset.name} {'-' if self.descending else ''}{self.column.name}"

    @property
    def key(self) -> Column:
        return self.dataset.column(self.dataset.key)


def order_of(dataset: Dataset, word: str) -> Order:
    """The order that `word` asks for: a column's name, with a hyphen before it for descending. Empty: by the key."""
    return Order(dataset, dataset.column(word.removeprefix("-") or dataset.key), word.startswith("-"))


def page_of(order: Order, rows: Any, limit: int, cursor: str) -> Page:
    """The page of `rows` that `cursor` names, the first without one. Raises UnknownCursor."""
    seen = _read(order, cursor) if cursor else None
    if isinstance(rows, QuerySet):
        found, more = _of_query(order, rows, limit, seen)
    else:
        found, more = _of_list(order, rows, limit, seen)
    back = seen is not None and seen["back"]
    if not found:
        return Page([], "", "")
    before, after = (more, True) if back else (seen is not None, more)
    return Page(
        found,
        _write(order, found[-1], back=False) if after else "",
        _write(order, found[0], back=True) if before else "",
    )


def _of_query(
    order: Order, rows: QuerySet[Any], limit: int, seen: dict[str, Any] | None
) -> tuple[list[Any], bool]:
    back = seen is not None and seen["back"]
    key, lookup = order.key.lookup, order.column.lookup
    falling = order.descending != back
    by_key = F(key).desc() if back else F(key).asc()
    if lookup == key:
        rows = rows.order_by(F(key).desc() if falling else F(key).asc())
    else:
        nulls = {"nulls_first": True} if back else {"nulls_last": True}
        rows = rows.order_by(F(lookup).desc(**nulls) if falling else F(lookup).asc(**nulls), by_key)
    if seen is not None:
        rows = rows.filter(_beyond(order, seen, falling))
    found = list(rows[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return (found[::-1] if back else found), more


def _beyond(order: Order, seen: dict[str, Any], falling: bool) -> Q:
    """The condition for rows on the far side of the row seen."""
    back, key, lookup = seen["back"], order.key.lookup, order.column.lookup
    value, name = _typed(order.column, seen["value"]), _typed(order.key, seen["key"])
    if lookup == key:
        return Q(**{f"{key}__{'lt' if falling else 'gt'}": name})
    among_equals = Q(**{f"{key}__{'lt' if back else 'gt'}": name})
    if value is None:
        same = Q(**{f"{lookup}__isnull": True}) & among_equals
        return same | Q(**{f"{lookup}__isnull": False}) if back else same
    found = Q(**{f"{lookup}__{'lt' if falling else 'gt'}": value}) | (Q(**{lookup: value}) & among_equals)
    return found if back else found | Q(**{f"{lookup}__isnull": True})


def _of_list(
    order: Order, rows: list[dict[str, Any]], limit: int, seen: dict[str, Any] | None
) -> tuple[list[Any], bool]:
    name = order.column.name
    ordered = sorted(rows, key=lambda row: str(row[order.key.name]))
    known = [row for row in ordered if row[name] is not None]
    # Among equals the order of the key stays, also with reverse.
    ordered = sorted(known, key=lambda row: row[name], reverse=order.descending) + [
        row for row in ordered if row[name] is None
    ]
    if seen is None:
        return ordered[:limit], len(ordered) > limit
    place = next((at for at, row in enumerate(ordered) if row[order.key.name] == seen["key"]), None)
    if place is None:
        raise UnknownCursor
    if seen["back"]:
        return ordered[max(place - limit, 0) : place], place > limit
    return ordered[place + 1 : place + 1 + limit], place + 1 + limit < len(ordered)


# --- the cursor: signed, so that what comes back is what was handed out


def _write(order: Order, row: Any, *, back: bool) -> str:
    parts = {"back": back, "key": _cell(order.key, row), "value": _cell(order.column, row)}
    return signing.Signer(salt=order.salt).sign_object(parts)


def _read(order: Order, cursor: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = signing.Signer(salt=order.salt).unsign_object(cursor)
    except signing.BadSignature:
        raise UnknownCursor from None
    return found


def _cell(column: Column, row: Any) -> Any:
    if isinstance(row, dict):
        return json_value(row[column.name])
    for step in column.lookup.split("__"):
        row = getattr(row, step)
    return str(row) if isinstance(row, Decimal) else json_value(row)


def _typed(column: Column, value: Any) -> Any:
    if value is None:
        return None
    match column.type:
        case Type.DATE:
            return date.fromisoformat(value)
        case Type.MOMENT:
            return datetime.fromisoformat(value)
        case Type.NUMBER:
            return Decimal(value)
    return value
