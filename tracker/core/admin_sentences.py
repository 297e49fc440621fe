"""What the page that asks before a step says in words: records by name, what becomes public, and what its button says,
for each choice of the parts that go along.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any

from django.db import models
from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext_lazy, pgettext

from tracker.core.models import Publishable, published_condition
from tracker.core.publication import counted, draft_parents, hidden_below

# A question names so many rows, and counts the rest.
NAMED = 100
# A sentence names so many records; where there are more it counts them by kind.
IN_A_SENTENCE = 5
# The button that says yes: with the deed, so that nobody says yes to another, and with how many records it is done to.
YES: dict[str, Any] = {
    "submit": ngettext_lazy("Yes, submit this record", "Yes, submit these %(count)d records", "count"),
    "take_back": ngettext_lazy(
        "Yes, take this record back", "Yes, take these %(count)d records back", "count"
    ),
    "send_back": ngettext_lazy(
        "Yes, send this record back", "Yes, send these %(count)d records back", "count"
    ),
    "publish": ngettext_lazy("Yes, publish this record", "Yes, publish these %(count)d records", "count"),
    "unpublish": ngettext_lazy("Yes, withdraw this record", "Yes, withdraw these %(count)d records", "count"),
}
YES_TO_ANY: Any = ngettext_lazy("Yes, this record", "Yes, these %(count)d records", "count")


def yes_to(action: str, count: int) -> str:
    """What the button says that does `action` to `count` records."""
    return str(YES.get(action, YES_TO_ANY) % {"count": count})


def in_words(record: models.Model, parts: Iterable[models.Model] = ()) -> str:
    """ "the mission “A”, its statement “B” and the organization “C”": a record, and what goes the same way with it."""
    below = {part: any(field.related_model is type(record) for field in part._meta.fields) for part in parts}
    own = [part for part in below if below[part]]
    others = [part for part in below if not below[part]]
    words = [_the(record), *map(_its, own), *map(_the, others)]
    return get_text_list(words, _t("and"))


def _the(record: models.Model) -> str:
    return _called(
        record,
        pgettext("a record within a sentence", "the %(kind)s “%(name)s”"),
        pgettext("a record within a sentence", "the %(kind)s"),
    )


def _its(record: models.Model) -> str:
    return _called(
        record,
        pgettext("a part of the record that was named before", "its %(kind)s “%(name)s”"),
        pgettext("a part of the record that was named before", "its %(kind)s"),
    )


def _called(record: models.Model, named: str, nameless: str) -> str:
    """`record` in the words for one with a name, or in those for one whose name is nothing but its kind."""
    kind, name = str(record._meta.verbose_name), str(record)
    words = named if name.lower() != kind.lower() else nameless
    return words % {"kind": kind, "name": name}


def with_kind(part: models.Model) -> str:
    """ "Statement: On the election day"; without the kind where the name is nothing but that."""
    kind = capfirst(str(part._meta.verbose_name))
    return kind if str(part) == kind else f"{kind}: {part}"


def of_each_choice(
    parts: Sequence[models.Model], say: Callable[[Sequence[models.Model]], Sequence[str]]
) -> dict[str, Any]:
    """What `say` says of each choice of `parts`, for the script that follows the ticks.

    `groups`: of each part the number of its group, alone where parts are named, or with all of its kind; `said`: the
    words by how many of each group are chosen, as in "1,0,2".
    """
    groups = list(range(len(parts)))
    if not _are_named(parts):
        kinds = list(dict.fromkeys(map(type, parts)))
        groups = [kinds.index(type(part)) for part in parts]
    members = [
        [part for part, group in zip(parts, groups, strict=True) if group == number]
        for number in sorted(set(groups))
    ]
    said = {}
    for numbers in product(*(range(len(group) + 1) for group in members)):
        chosen = [part for group, number in zip(members, numbers, strict=True) for part in group[:number]]
        said[",".join(map(str, numbers))] = say(chosen)
    return {"groups": groups, "said": said}


def _are_named(parts: Sequence[models.Model]) -> bool:
    """Whether a sentence has room for the names of all `parts` beside that of their record."""
    return len(parts) < IN_A_SENTENCE


def becomes_public(
    rows: models.QuerySet, offered: Sequence[Publishable], refused: Sequence[Publishable] = ()
) -> Callable[[Sequence[models.Model]], str]:
    """What everybody can read after a yes to `rows`, and what stays hidden and why, in words; a function of the parts
    that are ticked, out of `offered`. `refused` are those of `rows` that this person cannot publish.
    """
    count = rows.count()
    records = [row for row in rows[:NAMED] if row not in refused]
    above: dict[Any, list[models.Model]] = {row: draft_parents(row) for row in (*records, *offered)}
    before = hidden_below(rows.model, list(rows.values_list("pk", flat=True)))
    more, more_hidden = _of_more(rows) if count > NAMED else (0, 0)

    def names(chosen: Sequence[models.Model], others: int = 0) -> str:
        """By name a single record and as many parts as there is room for; anything else by number."""
        mine = [row for row in chosen if row in records]
        parts = [row for row in chosen if row not in records]
        if count == 1 and mine and _are_named(offered):
            return in_words(mine[0], parts)
        words = [_the(mine[0])] if count == 1 and mine else []
        if not words and len(mine) + others:
            words = [counted(rows.model, len(mine) + others)]
        return get_text_list(words + _listed(parts, by_name=_are_named(offered)), _t("and"))

    def say(ticked: Sequence[models.Model]) -> str:
        named = _are_named(offered)
        goes = {*records, *(ticked if named else offered)}
        chosen = [*records, *ticked]
        missing = {row: [parent for parent in above[row] if parent not in goes] for row in chosen}
        sentences = []
        if seen := names([row for row in chosen if not missing[row]], more):
            sentences.append(_t("Everybody will read %(records)s.") % {"records": seen})
        if hidden := names([row for row in chosen if missing[row]], more_hidden):
            kept = list(dict.fromkeys(parent for parents in missing.values() for parent in parents))
            text = _t("Nobody outside will read %(records)s before this is published as well: %(above)s.")
            by = get_text_list(_listed(kept, by_name=len(kept) <= IN_A_SENTENCE), _t("and"))
            if not by:
                text = _t("Nobody outside will read %(records)s before what they belong to is published.")
            sentences.append(text % {"records": hidden, "above": by})
        if not sentences:
            sentences.append(_t("Nobody outside will read more than now."))
        # Where parts are only counted it is not said which of them, so neither what hangs on those.
        kinds = {type(parent) for row in records for parent in above[row] if parent in offered}
        if not named and any(part not in ticked for part in offered if type(part) in kinds):
            sentences.append(
                _t("What belongs to one that is not ticked stays hidden until that is published.")
            )
        if seen and before:
            text = _t("Published before, and seen with it unless something else hides them: %(records)s.")
            sentences.append(text % {"records": before})
        return " ".join(sentences)

    return say


def _listed(records: Sequence[models.Model], *, by_name: bool) -> list[str]:
    if by_name:
        return [_the(record) for record in records]
    kinds = [type(record) for record in records]
    return [counted(kind, kinds.count(kind)) for kind in dict.fromkeys(kinds)]


def _of_more(rows: models.QuerySet) -> tuple[int, int]:
    """How many of those rows that are not looked at one by one are seen when they are published, and how many not."""
    more = rows.model._default_manager.filter(pk__in=list(rows.values_list("pk", flat=True)[NAMED:]))
    seen = more
    for name in getattr(rows.model, "published_with", ()):
        parent: Any = rows.model._meta.get_field(name).related_model
        seen = seen.filter(published_condition(parent, f"{name}__"))
    return seen.count(), more.count() - seen.count()
