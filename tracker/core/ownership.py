"""Whose a record is: the path from a row to the organization it belongs to, and what an account sees by it.

A model says `owned_by = "mission"`: a row belongs to whom its mission belongs to. Where `owned_by` is missing the
rows belong to the host state. The filters here and the row security of the database are made of the same paths.
"""

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from tracker.core.disclosure import readable_fields
from tracker.core.models import Publishable, User, published_condition
from tracker.core.roles import may_everywhere, permission

# What `owned_by` says of the model where every path ends: a row belongs to itself.
ITSELF = "self"


def owner_path(model: type[models.Model]) -> str | None:
    """The lookup from a row of `model` to its organization ("mission__organization"; "" for the organization itself).

    None where rows belong to the host state.
    """
    step: str | None = getattr(model, "owned_by", None)
    if step is None:
        return None
    if step == ITSELF:
        return ""
    parent: Any = model._meta.get_field(step).related_model
    rest = owner_path(parent)
    if rest is None:
        raise TypeError(f"{model.__name__}.owned_by = {step!r} leads to a model that belongs to nobody")
    return f"{step}__{rest}" if rest else step


def owned_condition(model: type[models.Model], user: User) -> Q:
    """The condition under which a row of `model` belongs to the organization that `user` works for.

    No row does where the model belongs to the host state, or the account to no organization.
    """
    path = owner_path(model)
    if path is None:
        return Q(pk__in=[])
    return Q(**{f"{path}__affiliations__account" if path else "affiliations__account": user.pk})


def visible_condition(model: type[models.Model], user: User) -> Q:
    """The condition under which `user` may see a row of `model` at all: own and public records, or every one.

    Every one is for those who have a role that shows rows of this kind whatever their organization. A public row of
    another organization is shown only where all of it is public (`owner_alone_sees` says where not).
    """
    if may_everywhere(user, permission(model, "view")):
        return Q()
    if getattr(model, "seen_with_use", False):
        return _used_condition(model, user)
    if owner_path(model) is None:
        return published_condition(model)
    own = owned_condition(model, user)
    shown = issubclass(model, Publishable) and not getattr(model, "owner_alone_sees", False)
    return own | published_condition(model) if shown else own


def users_of(model: type[models.Model]) -> list[models.ForeignKey]:
    """Every key by which a record rests on a row of `model`, whatever app it lives in."""
    # Keys without a name for the way back as well.
    fields: list[Any] = model._meta.get_fields(include_hidden=True)
    return [field.field for field in fields if field.one_to_many and not field.concrete]


def _used_condition(model: type[models.Model], user: User) -> Q:
    """The condition under which a row of `model` is used by something public or by what belongs to the organization of
    `user`, or was entered for the organization or, for none, by the account."""
    organization = User.objects.filter(pk=user.pk).values("affiliation__organization")
    condition = Q(entered_by=user.pk, entered_for=None) | Q(entered_for__in=organization)
    for key in users_of(model):
        rows, ways = key.model._base_manager.filter(**{key.name: OuterRef("pk")}), []
        if owner_path(key.model) is not None:
            ways.append(
                Q(pk__in=key.model._base_manager.filter(owned_condition(key.model, user)).values("pk"))
            )
        if readable_fields(key.model):
            ways.append(published_condition(key.model))
        for way in ways:
            condition |= Q(Exists(rows.filter(way)))
    return condition


def visible_rows(model: type[models.Model], user: User) -> Q:
    """`visible_condition` as a filter that never doubles rows, so that counts and locks stay right."""
    return _in_subquery(model, visible_condition(model, user))


def visible_to(rows: models.QuerySet, user: User) -> models.QuerySet:
    """Those of `rows` that `user` may see."""
    return rows.filter(visible_rows(rows.model, user))


def owned_by(rows: models.QuerySet, user: User) -> models.QuerySet:
    """Those of `rows` that belong to the organization of `user`."""
    return rows.filter(_in_subquery(rows.model, owned_condition(rows.model, user)))


def rows_for(rows: models.QuerySet, user: User, action: str) -> models.QuerySet:
    """Those of `rows` to which `user` may do `action` ("view", "change", "publish")."""
    name = permission(rows.model, action)
    if not user.has_perm(name):
        return rows.none()
    if action == "view":
        return visible_to(rows, user)
    return rows if may_everywhere(user, name) else owned_by(rows, user)


def may_see_history(record: models.Model, user: User) -> bool:
    """Whether `user` may see what `record` was before: its owner, and whoever sees every row of its kind.

    What is public today was a draft once, so to see the record is not enough.
    """
    kind = type(record)
    if may_everywhere(user, permission(kind, "view")):
        return True
    return owned_by(kind._base_manager.filter(pk=record.pk), user).exists()


def choosable(rows: models.QuerySet, user: User, name: str) -> models.QuerySet:
    """Those of `rows` that `user` may name in what the permission `name` lets them write.

    Whoever writes for one organization alone chooses among its missions, teams and observers, and no others.
    """
    if not may_everywhere(user, name) and owner_path(rows.model) is not None:
        return owned_by(rows, user)
    return visible_to(rows, user)


def _in_subquery(model: type[models.Model], condition: Q) -> Q:
    return Q(pk__in=model._base_manager.filter(condition).values("pk")) if condition else Q()
