"""Every address that answers to GET, with rows of the world in it, and every name that it looks up in its query."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.handlers.wsgi import WSGIRequest
from django.http import QueryDict
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.datastructures import MultiValueDict

from tests import factories as make
from tests.trust.world import rows_of
from tracker.opendata.api.schema import description
from tracker.opendata.datasets import DATASETS

PART = re.compile(r"<(?:(\w+):)?(\w+)>")


class Address(NamedTuple):
    """A path of the site: `route` has the parts that vary as `{name}`, `parts` what they are here."""

    route: str
    parts: dict[str, str]

    def path(self, **other: str) -> str:
        return "/" + self.route.format(**self.parts | other)


def addresses(world: SimpleNamespace) -> list[Address]:
    """All addresses of the site, those of the public, of programs and of staff."""
    rows = rows_of(world)
    decision = make.make_bulk_decision(rows=[world.a.accreditation], by=world.accounts["superuser"])
    keys = {
        "accreditation_decision": decision.pk, "accreditation_application": world.a.accreditation.pk,
        "board_step": world.a.deployment.pk, "visit": world.a.visit.pk, "visit_correct": world.a.visit.pk,
        "visit_step": world.a.visit.pk, "incident": world.a.incident.pk, "person_export": world.a.person.pk,
        "person_erase": world.a.person.pk, "job": rows["Job"][0].pk,
    }  # fmt: skip
    models_of = {
        f"{model._meta.app_label}_{model._meta.model_name}_": rows[model.__name__][0]
        for model in admin.site._registry
    }
    plain = {
        "slug": world.election.slug, "election": world.election.slug, "language": "en", "step": "cancel",
        "station_id": world.station.pk, "organization_slug": world.a.organization.slug, "number": "ALPHA-0001",
        "section": "elections", "other": "x", "app": "stations", "model": "pollingstation",
        "name": "stations", "token": "x-x", "uidb64": "MQ", "content_type_id": 1,
    }  # fmt: skip

    def value(view: str, name: str) -> Any:
        if name in ("pk", "object_id") and view.startswith("upload"):
            return world.a.upload.pk
        for prefix, row in models_of.items():
            if name == "object_id" and view.startswith(prefix):
                return row.pk
        if name == "key":
            return world.election.slug if view == "api_election" else world.station.pk
        if name in ("slug", "election"):
            return plain[name]
        return keys.get(view, plain.get(name, 1))

    return [
        Address(
            PART.sub(r"{\2}", route), {name: str(value(view, name)) for _kind, name in PART.findall(route)}
        )
        for route, view in routes(get_resolver().url_patterns)
    ]


def routes(patterns: list[Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Each route with the name of its view; regular expressions (the admin's last one) are no routes."""
    for entry in patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, route)
        elif isinstance(entry, URLPattern) and "^" not in route and "(?P" not in route:
            yield route, entry.name or ""


@contextmanager
def listening() -> Iterator[set[str]]:
    """The names that are looked up in queries meanwhile: nobody has to keep a list of them."""
    found: set[str] = set()
    kept = {name: getattr(QueryDict, name) for name in ("get", "getlist", "__getitem__", "__contains__")}
    load = WSGIRequest._load_post_and_files
    # What is looked up in a body, which a GET does not have, is no name of the query.
    body = type("Body", (QueryDict,), dict(kept))

    def heard(method: Any) -> Any:
        def look_up(self: QueryDict, key: Any, *more: Any, **others: Any) -> Any:
            found.add(str(key))
            return method(self, key, *more, **others)

        return look_up

    def without_body(request: Any) -> None:
        request._post, request._files = body(), MultiValueDict()

    for name, method in kept.items():
        setattr(QueryDict, name, heard(method))
    WSGIRequest._load_post_and_files = without_body
    try:
        yield found
    finally:
        for name, method in kept.items():
            setattr(QueryDict, name, method)
        WSGIRequest._load_post_and_files = load


def parameters(client: Client, path: str) -> tuple[set[str], set[str]]:
    """What the address looks up in its query, the filters, search and order of a list of the admin included; and the
    fields of its form, which an address may fill in."""
    with listening() as found:
        answer = client.get(path)
    found -= {"csrfmiddlewaretoken", "_popup", "_to_field"}
    context = answer.context or {}
    form = context.get("adminform")
    listed: ChangeList | None = context.get("cl")
    if listed is not None:
        for spec in listed.filter_specs:
            found |= {str(name) for name in spec.expected_parameters()}
        found |= {"q", "o", "p", "pk__in", f"{listed.opts.pk.name}__exact"}
        found |= {f"{listed.date_hierarchy}__year"} if listed.date_hierarchy else set()
    return found, set(form.form.fields) if form and path.endswith("/add/") else set()


def of_the_api() -> dict[str, list[str]]:
    """The parameters of each list and row of open data by its route, as its description has them."""
    found = {}
    for route, operations in description()["paths"].items():
        asked = operations["get"]["parameters"]
        found[route.lstrip("/")] = [one["name"] for one in asked if one["in"] == "query"]
    assert len(found) == 2 * len(DATASETS)
    return found
