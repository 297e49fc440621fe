"""Whose a row of a model is, and whether it is public, as conditions in SQL.

Made of what the models say of themselves: `owned_by`, `published_with` and their kin. `core.wall` makes row security of
them, and whoever compares rows in a trigger asks the same.
"""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from tracker.core.models import Quoting
from tracker.core.ownership import ITSELF, owner_path

Model = type[models.Model]

# In a query of its own: asked once a statement, not once a row.
ORGANIZATION = "(SELECT public.wall_organization())"


def owned(model: Model) -> bool:
    """Whether rows belong to an organization; those of a many-to-many table as those whose field it is."""
    made_by: Any = model._meta.auto_created
    return owner_path(made_by or model) is not None


def owned_from_below(model: Model) -> bool:
    """Whether rows belong to whom a row belongs that points at them: a person, to whose observer it is.

    Whoever writes such a row could claim another's person with it, so it may only point where it may already.
    """
    step = getattr(model, "owned_by", ITSELF)
    return step != ITSELF and not model._meta.get_field(step).concrete


def own_sql(model: Model, row: str, depth: int = 1) -> str:
    """The condition under which `row` belongs to the organization of the account of the transaction."""
    if model._meta.auto_created:
        # A row between two tables is whose both ends are: nobody takes another's observer into a team.
        ends = [field.name for field in model._meta.local_fields if field.is_relation]
        return " AND ".join(
            _own_by(model, row, end, depth) for end in ends if owner_path(_related(model, end)) is not None
        )
    step: str = model.owned_by  # type: ignore[attr-defined]
    if step == ITSELF:
        return f"{row}.{model._meta.pk.column} = {ORGANIZATION}"
    return _own_by(model, row, step, depth)


def _own_by(model: Model, row: str, step: str, depth: int) -> str:
    """The condition under which the row that `step` leads to belongs to the organization of the account."""
    parent, condition, alias = joined(model, row, step, depth)
    field: Any = model._meta.get_field(step)
    if getattr(parent, "owned_by", None) == ITSELF and field.concrete:
        return f"{row}.{field.column} = {ORGANIZATION}"
    return (
        f"EXISTS (SELECT FROM public.{parent._meta.db_table} {alias} WHERE {condition}"
        f" AND {own_sql(parent, alias, depth + 1)})"
    )


def public_sql(model: Model, row: str, depth: int = 1) -> str:
    """The condition under which `row` is public: as `models.published_condition`."""
    parts = []
    if unless := getattr(model, "published_unless", ""):
        parts.append(f"NOT {row}.{column_of(model, unless)}")
    if has_publication(model):
        over = f"({row}.embargo_until IS NULL OR {row}.embargo_until <= statement_timestamp())"
        parts += [f"{row}.publication = 'published'", over]
    for step in _published_with(model):
        parent, condition, alias = joined(model, row, step, depth)
        inner = public_sql(parent, alias, depth + 1)
        where = getattr(model, "published_where", "")
        if where.startswith(f"{step}__"):
            inner = f"{inner} AND {alias}.{column_of(parent, where.removeprefix(f'{step}__'))}"
        parts.append(
            f"EXISTS (SELECT FROM public.{parent._meta.db_table} {alias} WHERE {condition} AND {inner})"
        )
    if quoting := getattr(model, "published_quoting", None):
        parts.append(_quoted_sql(model, quoting, row, depth))
    return " AND ".join(parts) or "true"


def _quoted_sql(model: Model, quoting: Quoting, row: str, depth: int) -> str:
    alias, cases = f"w{depth}", []
    for quoted in map(apps.get_model, quoting.labels):
        condition = f"{alias}.{quoted._meta.pk.column} = {row}.{column_of(model, quoting.key)}::bigint"
        cases.append(
            f"WHEN '{quoted._meta.label}' THEN EXISTS (SELECT FROM public.{quoted._meta.db_table} {alias}"
            f" WHERE {condition} AND {public_sql(quoted, alias, depth + 1)})"
        )
    field, value = quoting.nothing
    told = f"CASE {row}.{column_of(model, quoting.label)} {' '.join(cases)} ELSE false END"
    return f"({row}.{column_of(model, field)} = '{value}' OR {told})"


def joined(model: Model, row: str, name: str, depth: int) -> tuple[Model, str, str]:
    """The model that a key leads to, from either of its ends, the join to it, and a name for it in the query."""
    field: Any = model._meta.get_field(name)
    parent, alias = field.related_model, f"w{depth}"
    if field.concrete:
        return parent, f"{alias}.{parent._meta.pk.column} = {row}.{field.column}", alias
    return parent, f"{alias}.{field.field.column} = {row}.{model._meta.pk.column}", alias


def column_of(model: Model, name: str) -> str:
    field: Any = model._meta.get_field(name)
    return str(field.column)


def _related(model: Model, name: str) -> Model:
    related: Model = model._meta.get_field(name).related_model  # type: ignore[assignment]
    return related


def _published_with(model: Model) -> Iterable[str]:
    if model._meta.auto_created:
        return [field.name for field in model._meta.local_fields if field.is_relation]
    return getattr(model, "published_with", ())


def has_publication(model: Model) -> bool:
    try:
        return bool(model._meta.get_field("embargo_until"))
    except FieldDoesNotExist:
        return False
