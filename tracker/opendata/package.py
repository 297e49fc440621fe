"""All datasets of an election as a Frictionless Data Package: one zip, made while it is sent."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from tracker.coverage.editions import public_editions
from tracker.coverage.models import Edition
from tracker.opendata.columns import Asked, Column, Dataset, Type, localized_in, moment_text
from tracker.opendata.datasets import DATASETS
from tracker.opendata.tables import csv_pieces

Json = dict[str, Any]
# Said of every part of the zip: its bytes shall depend on the rows alone.
MADE = (1980, 1, 1, 0, 0, 0)
LICENCES = {
    "CC-BY-4.0": ("Creative Commons Attribution 4.0", "https://creativecommons.org/licenses/by/4.0/"),
    "CC0-1.0": ("Creative Commons Zero 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "ODbL-1.0": ("Open Database License 1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
}
_FIELDS: dict[Type, Json] = {
    Type.INTEGER: {"type": "integer"},
    Type.NUMBER: {"type": "number"},
    Type.BOOLEAN: {"type": "boolean", "trueValues": ["yes"], "falseValues": ["no"]},
    Type.DATE: {"type": "date"},
    Type.MOMENT: {"type": "datetime", "format": "any"},
    Type.PARTIAL_DATE: {"type": "string", "constraints": {"pattern": "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"}},
    Type.CLOCK: {"type": "string", "constraints": {"pattern": "[0-9]{2}:[0-9]{2}"}},
}


class _Sink:
    """Takes what the zip writes, without a way back, and hands it on."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        """Nothing lies elsewhere."""

    def take(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def package_pieces(asked: Asked) -> Iterator[bytes]:
    """The zip: a CSV for each dataset, and datapackage.json, which says what they are and their hashes, at the end."""
    sink, resources = _Sink(), []
    sources: dict[str, str] = {}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as package:  # type: ignore[call-overload]
        for dataset in DATASETS:
            digest, length = hashlib.sha256(), 0
            with package.open(_part(f"{dataset.name}.csv"), "w", force_zip64=True) as file:
                for piece in csv_pieces(_noting_sources(dataset, sources), asked):
                    digest.update(piece)
                    length += len(piece)
                    file.write(piece)
                    yield sink.take()
            resources.append(_resource(dataset, digest.hexdigest(), length))
        description = describe(asked, resources, sources)
        with package.open(_part("datapackage.json"), "w") as file:
            file.write(json.dumps(description, ensure_ascii=False, indent=2).encode())
    yield sink.take()


def _part(name: str) -> zipfile.ZipInfo:
    part = zipfile.ZipInfo(name, MADE)
    part.compress_type = zipfile.ZIP_DEFLATED
    part.external_attr = 0o644 << 16
    return part


def _noting_sources(dataset: Dataset, sources: dict[str, str]) -> Dataset:
    """The dataset, of whose rows each source is noted as it goes by: address and publisher."""

    def note(column: Column) -> Column:
        def read(row: Any, asked: Asked) -> Any:
            address = column.read(row, asked)
            if address:
                publisher = row.source.publisher if column.name == "source_url" and row.source else ""
                sources[address] = publisher or sources.get(address, "")
            return address

        return Column(**vars(column) | {"read": read})

    columns = tuple(note(c) if c.name.endswith("source_url") else c for c in dataset.columns)
    parts = {name: getattr(dataset, name) for name in dataset.__dataclass_fields__}
    return Dataset(**parts | {"columns": columns})


def describe(asked: Asked, resources: list[Json], sources: dict[str, str]) -> Json:
    """The content of datapackage.json."""
    election = asked.election
    if election is None:
        raise ValueError("a package is of one election")
    title, address = LICENCES[settings.DATA_LICENCE]
    edition: Edition | None = public_editions(election).first()
    found: Json = {
        "profile": "tabular-data-package",
        "name": election.slug.lower(),
        "title": localized_in(election, "name", asked.language),
        "description": _(
            "All that the register says in public of this election. An empty cell means that nothing was found, never "
            "none or zero. Texts that a spreadsheet could take for a formula begin with an apostrophe, which is not "
            "part of them."
        ),
        "homepage": urljoin(settings.PUBLIC_URL, reverse("opendata:data", args=[election.slug])),
        "licenses": [{"name": settings.DATA_LICENCE, "title": title, "path": address}],
        "sources": [
            {"title": publisher or link, "path": link} for link, publisher in sorted(sources.items())
        ],
        "resources": resources,
    }
    if election.demonstration:
        found["title"] = _("Demonstration: %(title)s") % {"title": found["title"]}
    if edition is not None:
        found |= {
            "version": str(edition.number),
            "created": moment_text(edition.published_at),
            "edition": {
                "number": edition.number,
                "counted_at": moment_text(edition.as_of),
                "hash": edition.hash,
                "content_hash": edition.content_hash,
            },
        }
    return found


def _resource(dataset: Dataset, digest: str, length: int) -> Json:
    return {
        "profile": "tabular-data-resource",
        "name": dataset.name,
        "path": f"{dataset.name}.csv",
        "title": str(dataset.title),
        "description": str(dataset.description),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": length,
        "hash": f"sha256:{digest}",
        "dialect": {"delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "doubleQuote": True},
        "schema": {
            "fields": [field_of(column) for column in dataset.columns],
            "missingValues": [""],
            "primaryKey": [dataset.key],
        },
    }


def field_of(column: Column) -> Json:
    """The column as a field of a table schema."""
    found: Json = {"name": column.name, "type": "string", "description": str(column.description)}
    found |= deepcopy(_FIELDS.get(column.type, {}))
    constraints: Json = found.get("constraints", {})
    if column.required:
        constraints["required"] = True
    if column.codes:
        constraints["enum"] = [code for code, _label in column.codes]
        found["codes"] = {code: str(label) for code, label in column.codes}
    if constraints:
        found["constraints"] = constraints
    if column.unit:
        found["unit"] = str(column.unit)
    return found
