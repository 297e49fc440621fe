"""What waits for the person on the staff's first page: records to publish, and drafts to go on with."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.text import capfirst

from tracker.core.addresses import screen_address
from tracker.core.history.reading import (
    StepTaken,
    handed_in,
    longest_waiting_first,
    sent_back,
    sent_back_first,
)
from tracker.core.models import Publication, Publishable, User
from tracker.core.ownership import rows_for
from tracker.core.publication import awaits_other_eyes, publishable_models
from tracker.core.roles import permission

# So many records of a kind are named; the list of the kind has all of them.
NAMED = 4


@dataclass(frozen=True)
class Row:
    """A record by name. `own`: four eyes keep whoever looks from publishing it; `publish`: where that is asked."""

    name: str
    address: str
    handed_in: StepTaken | None = None
    sent_back: StepTaken | None = None
    own: bool = False
    publish: str = ""


@dataclass(frozen=True)
class Pile:
    """Records of one kind: how many, the address of their list, and the first of them."""

    kind: str
    count: int
    address: str
    rows: list[Row] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


def waiting_for(user: User) -> list[Pile] | None:
    """What was handed in and `user` may publish, by kind; None for an account that publishes nothing."""
    models = [model for model in _kinds() if user.has_perm(permission(model, "publish"))]
    piles = [_waiting(model, user) for model in models]
    return [pile for pile in piles if pile.count] if models else None


def drafts_of(user: User) -> list[Pile] | None:
    """Drafts that `user` wrote last, by kind; None for an account that writes nothing that is published."""
    models = [model for model in _kinds() if user.has_perm(permission(model, "change"))]
    piles = [_drafts(model, user) for model in models]
    return [pile for pile in piles if pile.count] if models else None


def _kinds() -> Iterator[type[Publishable]]:
    """The kinds of record that are published one by one and have a screen."""
    return (model for model in publishable_models() if admin.site.is_registered(model))


def _waiting(model: type[Publishable], user: User) -> Pile:
    rows = rows_for(model.objects.filter(publication=Publication.SUBMITTED), user, "publish")
    found, count = _first(longest_waiting_first(rows))
    steps = handed_in(found)
    named = [
        Row(
            str(row), screen_address(model, "change", row.pk), steps.get(row.pk), None, awaits_other_eyes(row, user),
            screen_address(model, "publication", row.pk, "publish"),
        )
        for row in found
    ]  # fmt: skip
    return Pile(_kind(model, count), count, _list(model, publication__exact=Publication.SUBMITTED), named)


def _drafts(model: type[Publishable], user: User) -> Pile:
    mine = model.objects.filter(publication=Publication.DRAFT, written_by=user)
    found, count = _first(sent_back_first(rows_for(mine, user, "change")))
    steps = sent_back(found)
    named = [
        Row(str(row), screen_address(model, "change", row.pk), sent_back=steps.get(row.pk)) for row in found
    ]
    address = _list(model, publication__exact=Publication.DRAFT, written_by=user.pk)
    return Pile(_kind(model, count), count, address, named)


def _first(rows: QuerySet) -> tuple[list[Any], int]:
    """The first rows, with what their names are made of, and the number of all; one query where there are few."""
    together = admin.site.get_model_admin(rows.model).list_select_related
    found = list((rows.select_related(*together) if isinstance(together, tuple) else rows)[: NAMED + 1])
    return found[:NAMED], len(found) if len(found) <= NAMED else rows.count()


def _kind(model: type[Publishable], count: int) -> str:
    return capfirst(str(model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural))


def _list(model: type[Publishable], **lookups: Any) -> str:
    return f"{screen_address(model, 'changelist')}?{urlencode(lookups)}"
