"""What waits for the person on the staff's first page: records to publish, what was handed in, drafts to go on with.

What goes the same way with a record stands on its line and not on one of its own: a mission's statements, and its
organization where that is new.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.forms.models import _get_foreign_key
from django.utils import timezone
from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.addresses import screen_address
from tracker.core.admin_steps import way_back
from tracker.core.history.reading import (
    StepTaken,
    handed_in,
    longest_waiting_first,
    published,
    published_in,
    published_since,
    sent_back,
    sent_back_first,
    sent_back_in,
)
from tracker.core.models import Publication, Publishable, User
from tracker.core.ownership import rows_for
from tracker.core.publication import awaits_other_eyes, counted, kept_by_other_eyes, publishable_models
from tracker.core.roles import permission

# So many records of a kind are named; the list of the kind has all of them.
NAMED = 4
# So many are named of what was published of one's own, and so long.
PUBLISHED, LATELY = 4, timedelta(days=14)
# What the buttons of a line say; the page of a record has room for more words.
LABELS = {"publish": _("Publish"), "send_back": _("Send back"), "take_back": _("Take back")}


@dataclass(frozen=True)
class Row:
    """A record by name, and what goes with it in words. `own`: four eyes keep whoever looks from publishing it;
    `steps`: name, label and address of each button; `public`: where the public sees it.
    """

    name: str
    address: str
    with_it: str = ""
    handed_in: StepTaken | None = None
    sent_back: StepTaken | None = None
    published: StepTaken | None = None
    own: bool = False
    steps: tuple[tuple[str, str, str], ...] = ()
    public: str = ""


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


def handed_in_by(user: User) -> list[Pile]:
    """What `user` wrote, and a publisher has not decided about, by kind; nothing of a kind that `user` publishes, as
    that is in `waiting_for`."""
    piles = [
        _handed_in(model, user) for model in _written(user) if not user.has_perm(permission(model, "publish"))
    ]
    return [pile for pile in piles if pile.count]


def drafts_of(user: User) -> list[Pile] | None:
    """Drafts that `user` wrote last, by kind; None for an account that writes nothing that is published."""
    models = list(_written(user))
    piles = [_drafts(model, user) for model in models]
    return [pile for pile in piles if pile.count] if models else None


def published_of(user: User) -> list[Row]:
    """What was published lately of what `user` wrote, the latest first; of what went together the first in rank."""
    state = Q(publication=Publication.PUBLISHED, written_by_id=user.pk)
    found: list[tuple[Any, StepTaken]] = []
    for model in _written(user):
        rows = rows_for(model.objects.filter(state), user, "change")
        latest = published_since(_went_alone(rows, state), timezone.now() - LATELY)
        last = list(_with_names(latest)[:PUBLISHED])
        steps = published(last)
        found += [(row, steps[row.pk]) for row in last if row.pk in steps]
    found.sort(key=lambda one: one[1].at, reverse=True)
    return [
        Row(
            str(row), screen_address(row, "change", row.pk), published=step,
            public=admin.site.get_model_admin(type(row)).get_view_on_site_url(row) or "",
        )
        for row, step in found[:PUBLISHED]
    ]  # fmt: skip


def _kinds() -> Iterator[type[Publishable]]:
    """The kinds of record that are published one by one and have a screen."""
    return (model for model in publishable_models() if admin.site.is_registered(model))


def _written(user: User) -> Iterator[type[Publishable]]:
    return (model for model in _kinds() if user.has_perm(permission(model, "change")))


# --- the piles


def _waiting(model: type[Publishable], user: User) -> Pile:
    state = Q(publication=Publication.SUBMITTED)
    rows = rows_for(model.objects.filter(state), user, "publish")
    found, count = _first(longest_waiting_first(_with_parts(_apart(rows, state, by=user), state, by=user)))
    steps = handed_in(found)
    named = []
    for row in found:
        own = awaits_other_eyes(row, user)
        buttons = (way_back(row, user),) if own else ("publish", way_back(row, user))
        named.append(_row(row, state, *buttons, by=user, handed_in=steps.get(row.pk), own=own))
    return _pile(model, count, named, publication__exact=Publication.SUBMITTED)


def _handed_in(model: type[Publishable], user: User) -> Pile:
    state = Q(publication=Publication.SUBMITTED, written_by_id=user.pk)
    rows = rows_for(model.objects.filter(state), user, "change")
    found, count = _first(longest_waiting_first(_with_parts(_apart(rows, state), state)))
    steps = handed_in(found)
    named = [_row(row, state, "take_back", handed_in=steps.get(row.pk)) for row in found]
    return _pile(model, count, named, publication__exact=Publication.SUBMITTED, written_by=user.pk)


def _drafts(model: type[Publishable], user: User) -> Pile:
    state = Q(publication=Publication.DRAFT, written_by_id=user.pk)
    rows = rows_for(model.objects.filter(state), user, "change")
    found, count = _first(sent_back_first(_with_parts(_apart(rows, state, back=True), state)))
    steps = sent_back(found)
    named = [_row(row, state, sent_back=steps.get(row.pk)) for row in found]
    return _pile(model, count, named, publication__exact=Publication.DRAFT, written_by=user.pk)


def _row(row: Any, state: Q, *steps: str, by: User | None = None, **more: Any) -> Row:
    buttons = [(step, str(LABELS[step]), screen_address(row, "publication", row.pk, step)) for step in steps]
    return Row(
        str(row),
        screen_address(row, "change", row.pk),
        _with_it(row, state, by),
        steps=tuple(buttons),
        **more,
    )


def _pile(model: type[Publishable], count: int, rows: list[Row], **lookups: Any) -> Pile:
    kind = capfirst(str(model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural))
    address = f"{screen_address(model, 'changelist')}?{urlencode(lookups)}"
    if any(_ways_up(model)):
        # The list has those as well that stand on the line of another record.
        if count == 1:
            address = rows[0].address
        else:
            kind = _t("%(kind)s on their own") % {"kind": kind}
    return Pile(kind, count, address, rows)


def _first(rows: QuerySet) -> tuple[list[Any], int]:
    """The first rows, with what their names are made of, and the number of all; one query where there are few."""
    found = list(_with_names(rows)[: NAMED + 1])
    return found[:NAMED], len(found) if len(found) <= NAMED else rows.count()


def _with_names(rows: QuerySet) -> QuerySet:
    together = admin.site.get_model_admin(rows.model).list_select_related
    return rows.select_related(*together) if isinstance(together, tuple) else rows


# --- what goes the same way with a record, as its steps take it along (`core.admin_steps`)


def _parts(model: type[Publishable]) -> list[tuple[type[Publishable], str]]:
    """What the form of a kind shows inside and is published itself: each kind, and its key to the record."""
    inlines = [one for one in admin.site.get_model_admin(model).inlines if issubclass(one.model, Publishable)]
    return [(one.model, _get_foreign_key(model, one.model, one.fk_name).name) for one in inlines]  # type: ignore[attr-defined, misc]


def _taken_along(model: type[Publishable]) -> tuple[str, ...]:
    names: tuple[str, ...] = getattr(admin.site.get_model_admin(model), "taken_along", ())
    return names


def _ways_up(model: type[Publishable]) -> Iterator[tuple[type[Publishable], dict[str, OuterRef], str]]:
    """The kinds that take rows of `model` along: each, how its record is found from such a row, and the key to it
    where the row has one."""
    for kind in _kinds():
        for part, key in _parts(kind):
            if part is model:
                yield kind, {"pk": OuterRef(f"{key}_id")}, f"{key}_id"
        for name in _taken_along(kind):
            if kind._meta.get_field(name).related_model is model:
                yield kind, {name: OuterRef("pk")}, ""


def _apart(rows: QuerySet, state: Q, *, back: bool = False, by: User | None = None) -> QuerySet:
    """Those of `rows` that go with no record of the same `state`; with `back`, also what came back by itself; with
    `by`, also what `by` may publish under a record from which four eyes keep them."""
    for kind, link, key in _ways_up(rows.model):
        above = kind._default_manager.filter(state, **link)
        along = Q(Exists(above))
        if by is not None:
            along &= Q(Exists(above.exclude(kept_by_other_eyes(kind, by)))) | kept_by_other_eyes(
                rows.model, by
            )
        if back:
            rows = rows.alias(back=sent_back_in(rows.model))
            came = Q(back=None)
            if key:
                rows = rows.alias(with_it=sent_back_in(kind, key))
                came |= Q(back=F("with_it"))
            along &= came
        rows = rows.exclude(along)
    return rows


def _went_alone(rows: QuerySet, state: Q) -> QuerySet:
    """Those of `rows` that were published in one go with no record of the same `state` that takes them along."""
    for kind, link, _key in _ways_up(rows.model):
        above = kind._default_manager.filter(state, **link).alias(went=published_in(kind))
        rows = rows.alias(went=published_in(rows.model)).exclude(Exists(above.filter(went=OuterRef("went"))))
    return rows


def _with_parts(rows: QuerySet, state: Q, *, by: User | None = None) -> QuerySet:
    """`rows`, each with the number of its parts that `_apart` leaves out, for `_with_it`."""
    for part, key in _parts(rows.model):
        same = part._default_manager.filter(state, **{key: OuterRef("pk")})
        if by is not None:
            goes = ~kept_by_other_eyes(rows.model, by, f"{key}__") | kept_by_other_eyes(part, by)
            same = same.filter(goes)
        same = same.order_by().values(key)
        rows = rows.annotate(
            **{f"with_{key}_{part._meta.model_name}": Subquery(same.annotate(n=Count("pk")).values("n"))}
        )
    return rows


def _with_it(row: Any, state: Q, by: User | None) -> str:
    """ "1 statement and its organization"; "" where nothing goes with it."""
    words = [
        counted(part, number)
        for part, key in _parts(type(row))
        if (number := getattr(row, f"with_{key}_{part._meta.model_name}"))
    ]
    for name in _taken_along(type(row)):
        above = getattr(row, name)
        apart = by is not None and awaits_other_eyes(row, by) and not awaits_other_eyes(above, by)
        if not apart and all(getattr(above, lookup) == value for lookup, value in state.children):  # type: ignore[misc]
            words.append(_t("its %(kind)s") % {"kind": above._meta.verbose_name})
    return get_text_list(words, _t("and"))
