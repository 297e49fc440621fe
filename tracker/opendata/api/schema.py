"""The description of the interface (OpenAPI 3.1), made of the columns. Schemathesis holds it to what it says."""

from functools import cache
from typing import Any

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from tracker.core.problems import MEDIA_TYPE
from tracker.opendata.api import problems
from tracker.opendata.api.filters import parameters_of
from tracker.opendata.api.paging import DEFAULT_LIMIT, LARGEST_LIMIT
from tracker.opendata.columns import Column, Dataset, Type
from tracker.opendata.datasets import DATASETS

Json = dict[str, Any]
LANGUAGES = [code for code, _name in settings.LANGUAGES]
SLUG = r"^[-a-zA-Z0-9_]+$"

_VALUES: dict[Type, Json] = {
    Type.TEXT: {"type": "string"},
    Type.CODE: {"type": "string"},
    Type.URL: {"type": "string", "format": "uri"},
    Type.INTEGER: {"type": "integer"},
    Type.NUMBER: {"type": "number"},
    Type.BOOLEAN: {"type": "boolean"},
    Type.DATE: {"type": "string", "format": "date"},
    Type.PARTIAL_DATE: {"type": "string", "pattern": r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"},
    Type.CLOCK: {"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}$"},
    Type.MOMENT: {"type": "string", "format": "date-time"},
    Type.LIST: {"type": "array", "items": {"type": "string"}},
}


def value_schema(column: Column) -> Json:
    """The JSON schema of a column's values."""
    found = dict(_VALUES[column.type])
    words = str(column.description)
    if column.codes:
        found["enum"] = [code for code, _label in column.codes]
        words += "\n\n" + "\n".join(f"- `{code}`: {label}" for code, label in column.codes)
    if column.unit:
        words += f"\n\nUnit: {column.unit}."
    if not column.required:
        found["type"] = [found["type"], "null"]
        if "enum" in found:
            found["enum"] = [*found["enum"], None]
    return found | {"description": words}


def record_schema(dataset: Dataset) -> Json:
    """The JSON schema of one row. Nothing is required in it: `fields` takes what it is asked for."""
    return {
        "type": "object",
        "description": str(dataset.description),
        "properties": {column.name: value_schema(column) for column in dataset.columns},
        "additionalProperties": False,
    }


def _list_schema(dataset: Dataset) -> Json:
    link = {"type": ["string", "null"], "format": "uri"}
    return {
        "type": "object",
        "required": ["next", "previous", "results"],
        "properties": {
            "next": link | {"description": "Address of the next page; null on the last one."},
            "previous": link | {"description": "Address of the page before; null on the first one."},
            "results": {"type": "array", "items": _reference(dataset.record)},
        },
        "additionalProperties": False,
    }


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def add_components(result: Json, generator: Any, request: Any, public: bool) -> Json:
    """Hook of spectacular: the rows and the errors, each once."""
    schemas = {dataset.record: record_schema(dataset) for dataset in DATASETS} | {"Problem": problems.SCHEMA}
    result.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
    return result


@cache
def description() -> Json:
    """The whole description. Made once: it changes with the program alone."""
    from tracker.opendata.api.urls import described

    found: Json = SchemaGenerator(patterns=described).get_schema(public=True)
    return found


class DatasetSchema(AutoSchema):
    """What spectacular asks about an operation, answered from the dataset of its view."""

    @property
    def dataset(self) -> Dataset:
        found: Dataset = self.view.dataset
        return found

    @property
    def lists(self) -> bool:
        return bool(self.view.lists)

    def get_operation_id(self) -> str:
        return f"{self.dataset.name}_{'list' if self.lists else 'get'}"

    def get_tags(self) -> list[str]:
        return [str(self.dataset.title)]

    def get_summary(self) -> str:
        return str(self.dataset.title) if self.lists else f"{self.dataset.title}: one"

    def get_description(self) -> str:
        return str(self.dataset.description)

    def get_override_parameters(self) -> list[Any]:
        found = [_in_path(name, self.dataset) for name in self.view.path_names]
        if self.lists:
            found += list_parameters(self.dataset)
        return [*found, *row_parameters(self.dataset)]

    def get_request_serializer(self) -> None:
        return None

    def get_response_serializers(self) -> Any:
        content = _list_schema(self.dataset) if self.lists else _reference(self.dataset.record)
        answers = {
            (200, "application/json"): OpenApiResponse(
                content, description="The rows." if self.lists else "The row."
            ),
            304: OpenApiResponse(description="What you have under this ETag is still the same."),
        }
        for status, words in (
            (
                400,
                "A parameter is unknown or has no such value, or the cursor is of another list; each with its mend.",
            ),
            (404, "Nothing public is at this address."),
            (406, "Only application/json is spoken here."),
        ):
            answers[status, MEDIA_TYPE] = OpenApiResponse(_reference("Problem"), description=words)
        return answers


def _in_path(name: str, dataset: Dataset) -> OpenApiParameter:
    if name == "election":
        schema: Json = {"type": "string", "pattern": SLUG}
        words = "The election's name in addresses: the slug of a row of elections."
    else:
        key = dataset.column(dataset.key)
        schema = (
            {"type": "integer", "minimum": 0}
            if key.type is Type.INTEGER
            else {"type": "string", "pattern": SLUG}
        )
        words = str(key.description)
    return OpenApiParameter(name, schema, OpenApiParameter.PATH, required=True, description=words)


def row_parameters(dataset: Dataset) -> list[OpenApiParameter]:
    """Parameters of lists and of single rows alike."""
    return [
        OpenApiParameter(
            "fields",
            {"type": "array", "items": {"type": "string", "enum": dataset.names}, "minItems": 1},
            description="Only these columns, separated by commas. Without it, all of them.",
            style="form",
            explode=False,
        ),
        OpenApiParameter(
            "lang",
            {"type": "string", "enum": LANGUAGES, "default": "en"},
            description="The language of names that have several.",
        ),
    ]


def list_parameters(dataset: Dataset) -> list[OpenApiParameter]:
    """Pages, order and filters."""
    ordered = [column.name for column in dataset.columns if column.lookup]
    found = [
        OpenApiParameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
            description="How many rows a page has.",
        ),
        OpenApiParameter(
            "cursor",
            {"type": "string", "minLength": 1},
            description="From the links next and previous; it belongs to this list and this order; elsewhere: 400.",
        ),
        OpenApiParameter(
            "ordering",
            {"type": "string", "enum": [*ordered, *(f"-{name}" for name in ordered)]},
            description="The column to order by, a hyphen before it for descending. What is not known comes last.",
        ),
    ]
    for column in dataset.columns:
        for name, _chosen, schema, words in parameters_of(column):
            found.append(OpenApiParameter(name, schema, description=words))
    return found
