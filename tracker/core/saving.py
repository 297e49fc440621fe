"""Two people at one record: what a form showed, what is on record now, and what was typed.

All three are compared in the shape in which a browser would send them, so that any form and any widget will do.
Nothing here asks the database by itself.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django import forms
from django.forms.models import BaseModelFormSet
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from tracker.core.models import Publication

# Of one form: field -> input (its name without the form's prefix) -> what it sends.
Inputs = dict[str, list[str]]
Fields = dict[str, Inputs]
# The hidden input of a row that is on record.
ROW_KEY = "id"
# What no form sends and all of them have shown: the state on the way to the public, which a form may only read.
SHOWN_STATE = "_publication"


@dataclass
class State:
    """What a form and its formsets send: `rows` by prefix of the formset, then by key of the row."""

    record: Fields = field(default_factory=dict)
    rows: dict[str, dict[str, Fields]] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(
            {"record": self.record, "rows": self.rows}, separators=(",", ":"), ensure_ascii=False
        )

    @classmethod
    def from_json(cls, text: str) -> "State | None":
        """What `to_json` wrote; None if it is anything else, as it came from a browser."""
        try:
            read = json.loads(text)
            state = cls(read["record"], read["rows"])
            for fields in (state.record, *(row for rows in state.rows.values() for row in rows.values())):
                for inputs in fields.values():
                    for values in inputs.values():
                        "".join(values)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None
        return state

    def covers(self, other: "State") -> bool:
        """Whether this says something of every field that `other` has in the record and in rows that both have."""
        both = [(self.record, other.record)]
        for prefix, rows in other.rows.items():
            known = self.rows.get(prefix, {})
            both += [(known[key], fields) for key, fields in rows.items() if key in known]
        return all(other_fields.keys() <= fields.keys() for fields, other_fields in both)


@dataclass(frozen=True)
class Difference:
    """One field that somebody else changed: its label, and its three values in words.

    For a whole row that others added or took away nothing was typed (None).
    """

    label: str
    opened: str
    now: str
    typed: str | None = None


def untouched(form: forms.BaseForm, formsets: Iterable[BaseModelFormSet] = ()) -> State:
    """What these unbound forms would send if nobody typed anything."""
    rows = {
        str(formset.prefix): {str(row.instance.pk): _fields(row) for row in formset.initial_forms}
        for formset in formsets
    }
    return State(_fields(form), rows)


def digest(data: QueryDict, files: MultiValueDict | None = None) -> str:
    """SHA-256 (hex) of everything a form sent, apart from passwords and from what differs each time it is sent."""
    names = [key for key in data if key != "csrfmiddlewaretoken" and "password" not in key]
    parts = sorted((key, data.getlist(key)) for key in names)
    for name, sent in (files or MultiValueDict()).lists():
        for file in sent:
            file.seek(0)
            parts.append((name, [file.name, hashlib.sha256(b"".join(file.chunks())).hexdigest()]))
            file.seek(0)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def merge(opened: State, now: State, data: QueryDict) -> QueryDict:
    """What was typed, on top of what is on record now: fields that nobody typed into show what others wrote.

    `data` is what the browser sent. Rows that others added are there as well; a row that others took away comes back
    as a new one if something had been typed into it.
    """
    merged = data.copy()
    _overlay(merged, "", now.record, opened.record, data, "")
    for prefix, rows in now.rows.items():
        _merge_rows(merged, prefix, opened.rows.get(prefix, {}), rows, data)
    return merged


def as_new(data: QueryDict, parents: dict[str, str]) -> QueryDict:
    """What was typed, as the form of a new record would send it; `parents` is {prefix of rows: their key to it}."""
    fresh = data.copy()
    for prefix, parent in parents.items():
        known, new = _typed_rows(data, prefix)
        places = sorted(at for at in (*known.values(), *new) if not data.get(f"{prefix}-{at}-DELETE"))
        _clear_rows(fresh, prefix)
        for place, at in enumerate(places):
            _copy_row(fresh, data, prefix, at, place)
            fresh[f"{prefix}-{place}-{parent}"] = ""
        fresh[f"{prefix}-TOTAL_FORMS"], fresh[f"{prefix}-INITIAL_FORMS"] = str(len(places)), "0"
    return fresh


def differences(
    opened: State, now: State, data: QueryDict, form: forms.BaseForm, formsets: Iterable[BaseModelFormSet]
) -> list[Difference]:
    """What others changed since the form was opened, for people. `form` and `formsets` show what is on record now."""
    found = list(_differences("", form, opened.record, now.record, data, ""))
    for formset in formsets:
        prefix, kind = str(formset.prefix), capfirst(str(formset.model._meta.verbose_name))  # type: ignore[union-attr]
        before, after = opened.rows.get(prefix, {}), now.rows.get(prefix, {})
        typed = _typed_rows(data, prefix)[0]
        for row in formset.initial_forms:
            key = str(row.instance.pk)
            name = f"{kind} “{row.instance}”"
            if key not in before:
                found.append(Difference(name, "", _("added")))
            elif key in typed:
                found += _differences(
                    f"{name}: ", row, before[key], after[key], data, f"{prefix}-{typed[key]}-"
                )
        gone = len(before.keys() - after.keys())
        if gone:
            found.append(Difference(kind, "", _("%(count)d taken away") % {"count": gone}))
    return found


def unlike_record(
    now: State, data: QueryDict, form: forms.BaseForm, formsets: Iterable[BaseModelFormSet]
) -> list[Difference]:
    """Where what was typed is not what is on record, for people: of a form that does not say what it had shown."""
    typed = State(_all_typed(data, "", now.record))
    for prefix, rows in now.rows.items():
        places = _typed_rows(data, prefix)[0]
        typed.rows[prefix] = {
            key: _all_typed(data, f"{prefix}-{places[key]}-", fields)
            for key, fields in rows.items()
            if key in places
        }
    found = differences(typed, now, data, form, formsets)
    return [replace(one, opened=_("not known")) for one in found]


# --- inside


def _fields(form: forms.BaseForm) -> Fields:
    prefix = f"{form.prefix}-" if form.prefix else ""
    fields = {}
    for bound in form:
        if bound.field.disabled or bound.name == "DELETE":
            continue
        value = bound.field.prepare_value(bound.initial)
        inputs = _inputs(bound.field.widget, bound.html_name, value)
        fields[bound.name] = {name.removeprefix(prefix): values for name, values in inputs.items()}
    state = getattr(getattr(form, "instance", None), "publication", None)
    if state is not None:
        fields[SHOWN_STATE] = {SHOWN_STATE: [str(state)]}
    return fields


def _inputs(widget: Any, name: str, value: Any) -> Inputs:
    while isinstance(getattr(widget, "widget", None), forms.Widget):  # the admin wraps look-ups
        widget = widget.widget
    if isinstance(widget, forms.MultiWidget):
        values: Any = value if isinstance(value, list | tuple) else widget.decompress(value)
        inputs: Inputs = {}
        endings: list[str] = widget.widgets_names  # type: ignore[attr-defined]
        for ending, part, one in zip(endings, widget.widgets, values, strict=True):
            inputs |= _inputs(part, name + ending, one)
        return inputs
    if isinstance(widget, forms.FileInput):
        return {}
    if isinstance(widget, forms.CheckboxInput):
        return {name: ["on"] if widget.check_test(value) else []}
    sent = widget.format_value(value)
    if isinstance(sent, list | tuple):
        empty = getattr(widget, "allow_multiple_selected", False) or isinstance(widget, forms.RadioSelect)
        return {name: [str(one) for one in sent if str(one) or not empty]}
    return {name: ["" if sent is None else str(sent)]}


def _same(one: Inputs, other: Inputs) -> bool:
    return _plain(one) == _plain(other)


def _plain(inputs: Inputs) -> Inputs:
    """Browsers send line ends in their own way, and choices in any order."""
    return {name: sorted(one.replace("\r\n", "\n") for one in values) for name, values in inputs.items()}


def _typed(data: QueryDict, prefix: str, shape: Inputs) -> Inputs:
    return {name: data.getlist(prefix + name) for name in shape}


def _all_typed(data: QueryDict, prefix: str, fields: Fields) -> Fields:
    """What was typed into each field; the state, which nobody types, as it is."""
    return {
        name: inputs if name == SHOWN_STATE else _typed(data, prefix, inputs)
        for name, inputs in fields.items()
    }


def _overlay(
    target: QueryDict, to: str, now: Fields, opened: Fields, data: QueryDict, source: str | None
) -> None:
    """Write one form: what was typed under the prefix `source` where it differs from `opened`, else `now`."""
    for name, shape in now.items():
        if name == SHOWN_STATE:
            continue
        typed = _typed(data, source, shape) if source is not None else shape
        changed = not _same(typed, opened.get(name, shape))
        for key, values in (typed if changed else shape).items():
            target.setlist(to + key, values)


def _typed_rows(data: QueryDict, prefix: str) -> tuple[dict[str, int], list[int]]:
    """The places of the rows that were sent: those on record by their key, and the new ones."""
    known, new = {}, []
    total = data.get(f"{prefix}-TOTAL_FORMS", "")
    for place in range(min(int(total), 2000) if total.isdecimal() else 0):
        key = data.get(f"{prefix}-{place}-{ROW_KEY}", "")
        if key:
            known[key] = place
        else:
            new.append(place)
    return known, new


def _merge_rows(
    target: QueryDict, prefix: str, opened: dict[str, Fields], now: dict[str, Fields], data: QueryDict
) -> None:
    known, new = _typed_rows(data, prefix)
    _clear_rows(target, prefix)
    place = 0
    for key, fields in now.items():
        at = known.get(key)
        source = None if at is None else f"{prefix}-{at}-"
        _overlay(target, f"{prefix}-{place}-", fields, opened.get(key, {}), data, source)
        if source and data.get(f"{source}DELETE"):
            target[f"{prefix}-{place}-DELETE"] = "on"
        place += 1
    lost = [
        at
        for key, at in known.items()
        if key not in now and not data.get(f"{prefix}-{at}-DELETE") and _touched(opened.get(key, {}), data, prefix, at)
    ]  # fmt: skip
    for at in [*lost, *new]:
        _copy_row(target, data, prefix, at, place)
        place += 1
    target[f"{prefix}-TOTAL_FORMS"] = str(place)
    target[f"{prefix}-INITIAL_FORMS"] = str(len(now))


def _copy_row(target: QueryDict, data: QueryDict, prefix: str, at: int, place: int) -> None:
    """Write what was sent as row number `at` as the new row number `place`."""
    for name in [name for name in data if name.startswith(f"{prefix}-{at}-")]:
        target.setlist(f"{prefix}-{place}-{name.removeprefix(f'{prefix}-{at}-')}", data.getlist(name))
    target[f"{prefix}-{place}-{ROW_KEY}"] = ""


def _clear_rows(target: QueryDict, prefix: str) -> None:
    for name in [
        name for name in target if name.startswith(f"{prefix}-") and name[len(prefix) + 1].isdigit()
    ]:
        del target[name]


def _touched(opened: Fields, data: QueryDict, prefix: str, at: int) -> bool:
    return any(
        not _same(_typed(data, f"{prefix}-{at}-", inputs), inputs)
        for name, inputs in opened.items()
        if name not in (ROW_KEY, SHOWN_STATE)
    )


def _differences(
    label: str, form: forms.BaseForm, opened: Fields, now: Fields, data: QueryDict, source: str
) -> Iterator[Difference]:
    for name, inputs in now.items():
        before = opened.get(name, inputs)
        if _same(before, inputs):
            continue
        if name == SHOWN_STATE:
            if "publication" not in now:
                was, now_is = (_state_words(one) for one in (before, inputs))
                yield Difference(f"{label}{_('publication')}", was, now_is, was)
            continue
        bound = form[name]
        words = [_words(bound.field, one) for one in (before, inputs, _typed(data, source, inputs))]
        yield Difference(f"{label}{bound.label}", *words)


def _state_words(inputs: Inputs) -> str:
    labels = dict(Publication.choices)
    return ", ".join(str(labels.get(value, value)) for value in inputs[SHOWN_STATE])


def _words(of: Any, inputs: Inputs) -> str:
    """What a person reads in these inputs: choices by their label, a tick as yes or no."""
    values = [value for some in inputs.values() for value in some if value]
    if isinstance(of, forms.BooleanField):
        return _("yes") if values else _("no")
    if isinstance(of, forms.ModelChoiceField):
        key = of.to_field_name or "pk"
        try:
            rows = of.queryset.filter(**{f"{key}__in": values}) if of.queryset is not None else []
            return ", ".join(of.label_from_instance(row) for row in rows)
        except (ValueError, TypeError):
            return ", ".join(values)
    if isinstance(of, forms.ChoiceField):
        choices: Any = of.choices
        labels = dict(_flat(choices))
        return ", ".join(str(labels.get(value, value)) for value in values)
    return " ".join(values)


def _flat(choices: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from _flat(label)
        else:
            yield str(value), label
