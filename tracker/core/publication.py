"""The way of a record to the public: what hangs on it, and the moment at which an embargo ends."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.functions import Now
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from tracker.core.models import (
    Publication,
    Publishable,
    User,
    published_condition,
    released_condition,
)


def models_below(model: type[models.Model], path: str = "") -> Iterator[tuple[type[Publishable], str]]:
    """Every model whose rows are public only with a row of `model`, and the lookup from such a row to that one."""
    for child in apps.get_models():
        for name in getattr(child, "published_with", ()):
            if child._meta.get_field(name).related_model is not model:
                continue
            upwards = f"{name}__{path}" if path else name
            if issubclass(child, Publishable):
                yield child, upwards
            yield from models_below(child, upwards)


def drafts_below(model: type[models.Model], ids: Iterable[int]) -> str:
    """The drafts that belong to these rows, counted: "2 statements and 1 mission"; empty where there are none."""
    return _count(
        model, ids, lambda child: models.Q(publication__in=[Publication.DRAFT, Publication.SUBMITTED])
    )


def seen_below(model: type[models.Model], ids: Iterable[int]) -> str:
    """What the public sees of the records below these rows, counted as in `drafts_below`."""
    return _count(model, ids, published_condition)


def hidden_below(model: type[models.Model], ids: Iterable[int]) -> str:
    """What was published of the records below these rows, and the public does not see; counted as in `drafts_below`."""
    return _count(model, ids, lambda child: released_condition() & ~published_condition(child))


def publishable_models() -> list[type[Publishable]]:
    """Every model whose records are published one by one."""
    return [model for model in apps.get_models() if issubclass(model, Publishable)]


def lift_embargoes() -> int:
    """Take the moment away from published records whose embargo is over; how many. Their figures are counted then."""
    return sum(
        model._default_manager.filter(publication=Publication.PUBLISHED, embargo_until__lte=Now()).update(
            embargo_until=None
        )
        for model in publishable_models()
    )


def has_four_eyes(record: models.Model) -> bool:
    """Whether the election of `record` asks for four eyes."""
    parents = [getattr(record, name) for name in getattr(record, "published_with", ())]
    return bool(getattr(record, "four_eyes", False)) or any(map(has_four_eyes, parents))


def awaits_other_eyes(record: Publishable, user: User) -> bool:
    """Whether four eyes keep `user` from publishing `record`: they wrote of it since it was last approved, or what it
    says was theirs then. The same as in the database (`publication_guard`)."""
    return user.pk in (record.written_by_id, *record.writers) and has_four_eyes(record)


def four_eyes_objection(record: Publishable, user: User) -> str:
    """Why four eyes keep `user` from publishing `record` now; "" where they do not."""
    if not has_four_eyes(record):
        return ""
    if record.publication != Publication.SUBMITTED:
        return _("Its election asks for four eyes: one person submits it, somebody else publishes it.")
    if awaits_other_eyes(record, user):
        if record.written_by_id != user.pk:
            return _(
                "You wrote a part of it, and its election asks for four eyes: somebody else has to publish it."
            )
        return _("You wrote it, and its election asks for four eyes: somebody else has to publish it.")
    return ""


def kept_by_other_eyes(model: type[models.Model], user: User, path: str = "") -> models.Q:
    """The condition of `awaits_other_eyes` for rows of `model` in a query; `path`: the lookup that leads to them."""
    wrote = models.Q(**{f"{path}written_by": user.pk}) | models.Q(**{f"{path}writers__contains": [user.pk]})
    return wrote & _four_eyes(model, path)


def _four_eyes(model: type[models.Model], path: str) -> models.Q:
    asked = models.Q(**{f"{path}pk__in": []})
    if any(field.name == "four_eyes" for field in model._meta.fields):
        asked |= models.Q(**{f"{path}four_eyes": True})
    for name in getattr(model, "published_with", ()):
        parent: Any = model._meta.get_field(name).related_model
        asked |= _four_eyes(parent, f"{path}{name}__")
    return asked


def hidden_by_parents(rows: models.QuerySet) -> int:
    """How many of `rows` are public themselves and yet hidden, because a record they belong to is not."""
    return rows.filter(released_condition()).exclude(published_condition(rows.model)).count()


def draft_parents(record: models.Model) -> list[models.Model]:
    """The records above `record` that are drafts and keep it from the public."""
    drafts: list[models.Model] = []
    for name in getattr(record, "published_with", ()):
        parent = getattr(record, name)
        if not getattr(parent, "is_released", True):
            drafts.append(parent)
        drafts += draft_parents(parent)
    return drafts


def parent_words(model: type[models.Model]) -> str:
    """The kinds of record that must be published before a row of `model` is seen: "election or organization"."""
    names = [str(model._meta.get_field(name).verbose_name) for name in getattr(model, "published_with", ())]  # type: ignore[union-attr]
    return get_text_list(names, _("or"))


def counted(model: type[models.Model], count: int) -> str:
    """ "1 mission", "2 missions"."""
    return f"{count} {model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural}"


def _count(
    model: type[models.Model], ids: Iterable[int], condition: Callable[[type[models.Model]], models.Q]
) -> str:
    found: dict[type[models.Model], set[int]] = {}
    for child, path in models_below(model):
        rows = child._default_manager.filter(condition(child), **{f"{path}__in": list(ids)})
        # One row may hang on both sides: a set counts it once.
        found.setdefault(child, set()).update(rows.order_by().values_list("pk", flat=True))
    words = []
    for kind, keys in found.items():
        if keys:
            words.append(counted(kind, len(keys)))
    return get_text_list(words, _("and"))
