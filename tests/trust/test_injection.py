"""I1: no SQL injection. Every name that any address looks up is asked with words that would end a text or go on in it.

Three things tell that a word became part of a statement: the statement, which the connection shows before its values
are put in and where no word of a reader's may stand; a database that complains; and two conditions of which one is
true and one is false, when they get different answers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from tests.trust.doors import addresses, of_the_api, parameters
from tests.trust.world import make_world
from tracker import urls
from tracker.elections.models import Election

pytestmark = pytest.mark.django_db

MARK = "zq7"
# What ends a text, a name, a bracket, a statement: one of them is enough where a word is written into a statement.
EVERYTHING = "1'\"\\\\)$$; SELECT pg_sleep(0) UNION SELECT '" + MARK + "' -- %s %(a)s /*"
PAYLOADS = (EVERYTHING, "1 OR 1=1 /*" + MARK + "*/", "(SELECT '" + MARK + "')", "id'" + MARK, MARK + "\0")
PAIRS = (
    ("{value}' AND '" + MARK + "'='" + MARK, "{value}' AND '" + MARK + "'='zq8"),
    ("1 AND 1=1 /*" + MARK + "*/", "1 AND 1=2 /*" + MARK + "*/"),
)
COMPLAINTS = ("syntax error at or near", "unterminated quoted", "psycopg", "sqlstate")


class Door(NamedTuple):
    """An address, and the names of its query that are asked at once. A name `{}` is itself the word."""

    address: str
    names: tuple[str, ...]
    value: str = "1"

    def asked(self, payload: str) -> str:
        word = payload.replace("{value}", self.value)
        between = "&" if "?" in self.address else "?"
        query = urlencode([(name.replace("{}", word), word) for name in self.names])
        return self.address.replace("{}", quote(word, safe="")) + (between + query if query else "")


@contextmanager
def watched() -> Iterator[list[str]]:
    """What gives an injection away meanwhile."""
    found: list[str] = []

    def look(execute: Any, statement: Any, values: Any, many: bool, context: Any) -> Any:
        if MARK in str(statement).lower():
            found.append("a word of the reader's in a statement")
        try:
            return execute(statement, values, many, context)
        except DatabaseError as error:
            found.append(f"the database complains: {str(error).splitlines()[0]}")
            raise

    with connection.execute_wrapper(look):
        yield found


def told(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def length(answer: Any) -> tuple[int, int]:
    return answer.status_code, len(told(answer))


def weaknesses(
    client: Client, doors: list[Door], payloads: tuple[str, ...] = PAYLOADS, pairs: Any = PAIRS
) -> dict[str, list[str]]:
    """What gives an injection away, by door."""
    found: dict[str, list[str]] = {}
    for door in doors:
        with watched() as heard:
            for payload in payloads:
                answer = client.get(door.asked(payload))
                body = told(answer).decode(errors="replace").lower()
                # 501 is oEmbed's word for a format that it does not speak.
                heard += [f"status {answer.status_code}"] if answer.status_code in (500, 503) else []
                heard += [f"the answer says {word}" for word in COMPLAINTS if word in body]
            for true, false in pairs:
                # All are as long, so what is only echoed makes no difference in length. A page that differs from
                # itself (a new secret in it, a line for each reading) tells nothing.
                one, again, other = (length(client.get(door.asked(word))) for word in (true, true, false))
                if one == again != other:
                    heard.append(f"two conditions, two answers: {one}, {other}")
        if heard:
            found[" ".join((door.address, *door.names))] = sorted(set(heard))
    return found


def taken(client: Client, address: str, names: list[str], payload: str) -> tuple[str, ...]:
    """Those of `names` whose word goes on to the database. The others are refused by name, all that one step finds at
    once: names before values, values before the place to go on at."""
    left = tuple(names)
    while left:
        answer = client.get(Door(address, left).asked(payload))
        if answer.status_code == 404 and "cursor" in left:  # a place to go on at that is none
            refused = {"cursor"}
        elif answer.status_code == 400:
            refused = {fault["parameter"] for fault in answer.json()["errors"]}
        else:
            return left
        assert refused
        assert refused <= set(left)
        left = tuple(name for name in left if name not in refused)
    return left


@pytest.fixture
def world() -> SimpleNamespace:
    return make_world()


@pytest.fixture
def everybody(world: SimpleNamespace) -> Client:
    """Whoever may open every page: all that is said here is true for those who may open fewer."""
    client = Client(raise_request_exception=False)
    client.force_login(world.accounts["superuser"])
    return client


# --- the mutant: a view that writes what it is given into its statement


def raw(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT slug FROM elections_election WHERE slug = '{request.GET.get('q', '')}'")  # noqa: S608
        return HttpResponse(str(cursor.fetchall()))


def raw_order(request: HttpRequest) -> HttpResponse:
    rows = Election.objects.extra(where=[f"id = {request.GET.get('o', '1')}"])  # noqa: S610
    return HttpResponse(str(list(rows.values_list("slug"))))


def test_i1_the_sweep_finds_an_open_view(world: SimpleNamespace, settings: Any) -> None:
    """Or the others would be green for the wrong reason. Each of the three ways finds it by itself."""
    mutant: Any = ModuleType("urls_with_a_raw_view")
    mutant.urlpatterns = [path("raw/", raw), path("staff/raw/", raw_order), *urls.urlpatterns]
    settings.ROOT_URLCONF = mutant
    client = Client(raise_request_exception=False)
    assert parameters(client, "/raw/") == ({"q"}, set())
    found = weaknesses(client, [Door("/raw/", ("q",), world.election.slug), Door("/staff/raw/", ("o",))])
    assert len(found) == 2
    for heard in found.values():
        assert "a word of the reader's in a statement" in heard
        assert "status 500" in heard
        assert any(word.startswith("the database complains: ") for word in heard)
    assert any(word.startswith("two conditions") for word in found["/raw/ q"])


# --- the doors of the product


def test_i1_open_data(world: SimpleNamespace, everybody: Client) -> None:
    """Every parameter in the description of the interface. Red when: a filter takes its value with .extra(where=)."""
    doors, asked = [], 0
    for route, names in of_the_api().items():
        address = "/" + route.format(election=world.election.slug, key=world.station.pk)
        with watched() as heard:
            some = taken(everybody, address, names, EVERYTHING)
        assert heard == [], address
        asked += len(some)
        doors += [
            Door(address, some),
            *([Door(address, ("cursor",))] if "cursor" in names else []),
            Door(address, ("{}",)),
            Door("/" + route.format(election="{}", key="{}"), ()),
        ]
    assert asked > 25, asked  # texts; words for everything else are refused before the database
    assert weaknesses(everybody, doors, PAYLOADS, PAIRS[:1]) == {}


def test_i1_pages_and_screens(world: SimpleNamespace, everybody: Client) -> None:
    """Every name that any page looks up, one by one and all at once, and every part of an address that varies.

    Red when: the search of a list of the admin goes through .extra(where=); when a page of the public asks with RawSQL;
    when a list of the admin takes a NUL for a filter (changelist_view of NarrowedAdmin as it was).
    """
    one_by_one: list[Door] = []
    at_once: list[Door] = []
    paired: list[Door] = []
    known: set[tuple[str, ...]] = set()
    for address in addresses(world):
        if address.route.startswith("api/v1/elections/") or "logout" in address.route:
            continue
        plain = address.path()
        if "autocomplete" in plain:
            plain += "?app_label=missions&model_name=mission&field_name=organization"
        names, fields = parameters(everybody, plain)
        if names | fields:
            # A list of the admin refuses a whole query for one filter, or for a name that it does not know: each is
            # asked alone, and what is no filter with its search. History, form and deletion are one view for all
            # models: once one by one is enough.
            listed = "pk__in" in names
            shape = (address.route.rpartition("}")[2], *sorted(names))
            together = (
                {name for name in names if name.startswith("_") or name in ("q", "all")} if listed else set()
            )
            alone = names - together if listed or shape not in known else set()
            known.add(shape)
            doors = [*((name,) for name in sorted(alone)), tuple(sorted(together))]
            one_by_one += [Door(plain, door) for door in [*doors, ("{}",) if listed else ()] if door]
            every = Door(plain, (*sorted(names | fields), *(() if listed else ("{}",))))
            at_once += [every]
            paired += [] if address.route.startswith("staff/") else [every]
        one_by_one += [
            Door(address.path(**{part: "{}"}), ())
            for part in address.parts
            if "int:" + part not in address.route
        ]
    assert len(one_by_one) > 500, len(one_by_one)
    assert weaknesses(everybody, one_by_one, (EVERYTHING,), ()) == {}
    assert weaknesses(everybody, at_once, (EVERYTHING, PAYLOADS[-1]), ()) == {}
    assert weaknesses(everybody, paired, PAYLOADS[1:2], PAIRS[:1]) == {}
    assert weaknesses(Client(raise_request_exception=False), paired, (EVERYTHING,), ()) == {}
