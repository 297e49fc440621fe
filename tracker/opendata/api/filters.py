"""Filters of a dataset, made of its columns: codes and texts as they are, numbers and dates between two bounds."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from tracker.opendata.columns import Asked, Column, Dataset, Type

LARGEST = 2_147_483_647
# A text without the character that no database takes.
TEXT = r"^[^\u0000]*$"


class IsoDateField(forms.CharField):
    """A date as 2024-02-07 and in no other spelling."""

    def clean(self, value: Any) -> date | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            found = date.fromisoformat(text)
        except ValueError:
            found = None
        if found is None or len(text) != 10:
            raise ValidationError(_("Write year, month and day as in 2024-02-07."))
        return found


class WholeNumberField(forms.IntegerField):
    """Digits, and nothing that merely could be read as a number."""

    def to_python(self, value: Any) -> int | None:
        text = str(value or "")
        if text and not (text.isascii() and text.lstrip("-").isdigit()):
            raise ValidationError(_("Write digits only, as in 12."))
        return super().to_python(value)


class YesNoField(forms.TypedChoiceField):
    """The words true and false."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=[("true", "true"), ("false", "false")],
            coerce=lambda word: word == "true",
            empty_value=None,
            **options,
        )


def _filter(field_class: type[forms.Field], **options: Any) -> django_filters.Filter:
    kind = type("ColumnFilter", (django_filters.Filter,), {"field_class": field_class})
    # Named, as a name is otherwise sought in a model, which figures have none of.
    return kind(label=options["field_name"], **options)


class _Narrow(django_filters.Filter):
    """A column that narrows rows itself."""

    field_class = forms.ChoiceField

    def __init__(self, column: Column) -> None:
        assert column.narrow is not None  # noqa: S101 - for the type checker: the caller looked
        self.narrow = column.narrow
        super().__init__(label=column.name, field_name=column.name, choices=column.narrow.words)

    def filter(self, rows: Any, value: str) -> Any:
        return self.narrow.rows(rows, self.parent.asked, value) if value else rows


def parameters_of(column: Column) -> Iterator[tuple[str, django_filters.Filter, dict[str, Any], str]]:
    """The filters of a column: name of the parameter, filter, JSON schema of its value, and words."""
    if column.narrow:
        meant = "; ".join(f"{word}: {meaning}" for word, meaning in column.narrow.words)
        asked = {"type": "string", "enum": [word for word, _meaning in column.narrow.words]}
        yield column.name, _Narrow(column), asked, f"{column.description} {meant}."
    if not column.lookup:
        return
    name, lookup, words = column.name, column.lookup, str(column.description)
    match column.type:
        case Type.CODE:
            codes = [code for code, _label in column.codes]
            chosen = _filter(forms.ChoiceField, field_name=lookup, choices=column.codes)
            yield name, chosen, {"type": "string", "enum": codes}, words
        case Type.TEXT:
            schema = {"type": "string", "minLength": 1, "pattern": TEXT}
            yield name, _filter(forms.CharField, field_name=lookup, strip=False), schema, words
        case Type.BOOLEAN:
            yield name, _filter(YesNoField, field_name=lookup), {"type": "boolean"}, words
        case Type.INTEGER:
            schema = {"type": "integer", "minimum": 0, "maximum": LARGEST}
            bounds = {"min_value": 0, "max_value": LARGEST}
            for ending, verb, more in (("", "exact", ""), ("_min", "gte", "≥ "), ("_max", "lte", "≤ ")):
                chosen = _filter(WholeNumberField, field_name=lookup, lookup_expr=verb, **bounds)
                yield f"{name}{ending}", chosen, schema, more + words
        case Type.NUMBER:
            for ending, verb, more in (("_min", "gte", "≥ "), ("_max", "lte", "≤ ")):
                chosen = _filter(forms.DecimalField, field_name=lookup, lookup_expr=verb)
                yield f"{name}{ending}", chosen, {"type": "number"}, more + words
        case Type.DATE:
            for ending, verb, more in (("_from", "gte", "≥ "), ("_to", "lte", "≤ ")):
                chosen = _filter(IsoDateField, field_name=lookup, lookup_expr=verb)
                yield f"{name}{ending}", chosen, {"type": "string", "format": "date"}, more + words


class Figures(list[dict[str, Any]]):
    """Rows of figures, narrowed by the same words as a query."""

    model = None

    def all(self) -> "Figures":
        return self

    def filter(self, **lookups: Any) -> "Figures":
        found = list(self)
        for name, value in lookups.items():
            column, _separator, verb = name.partition("__")
            found = [row for row in found if row[column] is not None and _holds(row[column], verb, value)]
        return Figures(found)


def _holds(cell: Any, verb: str, value: Any) -> bool:
    if verb == "gte":
        return bool(cell >= value)
    if verb == "lte":
        return bool(cell <= value)
    return bool(cell == value)


class DatasetFilter(django_filters.FilterSet):
    """What `filter_of` makes for each dataset. Rows of figures are narrowed as well."""

    asked: Asked

    def filter_queryset(self, queryset: Any) -> Any:
        for name, value in self.form.cleaned_data.items():
            queryset = self.filters[name].filter(queryset, value)
        return queryset


@cache
def filter_of(dataset: Dataset) -> type[DatasetFilter]:
    """The django-filter set of a dataset."""
    found = {
        name: chosen for column in dataset.columns for name, chosen, _schema, _words in parameters_of(column)
    }
    return type(f"{dataset.record}Filter", (DatasetFilter,), found)


def narrowed(
    dataset: Dataset, rows: Any, data: dict[str, str], asked: Asked
) -> tuple[Any, dict[str, list[str]]]:
    """`rows` by the filters in `data`, and what is wrong with these by parameter (then the rows are all)."""
    if not isinstance(rows, models.QuerySet):
        rows = Figures(rows)
    if not data:
        return rows, {}
    chosen = filter_of(dataset)(data, queryset=rows)
    chosen.asked = asked
    if not chosen.is_valid():
        return rows, {name: list(map(str, errors)) for name, errors in chosen.form.errors.items()}
    return chosen.qs, {}
