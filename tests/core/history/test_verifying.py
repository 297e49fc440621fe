"""What somebody with all rights over the database does behind the triggers is found and named."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from tests import factories as make
from tracker.core.history.erase import erase_history_of
from tracker.core.history.finding import Finding
from tracker.core.history.models import ChangedRow, PersonalValue
from tracker.core.history.verifying import verify
from tracker.core.models import Source
from tracker.missions.models import Person

pytestmark = pytest.mark.django_db(transaction=True)


TABLES = ("core_source", "missions_person", "core_personalvalue")


@contextmanager
def triggers_off() -> Iterator[None]:
    """As whoever owns the tables can."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def furnish() -> None:
    """A register with something of most kinds, and with changes in it."""
    station = make.make_station()
    make.make_window(station=station)
    team = make.make_team()
    make.make_visit(team=team, station=make.make_station(election=team.mission.election))
    make.make_engagement(organizations=[make.make_organization()])
    make.make_figure(value=3)
    make.make_account("auditor")
    person = make.make_person(full_name='Zoë "Q" O\'Hara\n\u0007 ő', phone="1")
    Person.objects.filter(pk=person.pk).update(phone="2", notes="\\ tab\t")
    make.make_incident()
    Source.objects.update(notes="seen again")
    make.make_milestone()
    station.city = "Almaty"
    station.save()
    make.make_source().delete()


def test_a_register_that_nobody_touched_is_as_recorded() -> None:
    furnish()
    assert list(verify()) == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "UPDATE core_source SET title = 'Forged' WHERE id = {pk}",
            ("core_source", "{pk}", "title", 'the history says "True", the table "Forged"'),
        ),
        (
            "DELETE FROM core_source WHERE id = {pk}",
            ("core_source", "{pk}", "", "it is in the history and not in the table"),
        ),
        (
            "INSERT INTO core_source SELECT id + 1000, publisher, title, url || '2', published_on, read_on, notes"
            " FROM core_source WHERE id = {pk}",
            ("core_source", "{pk1000}", "", "it is in the table and not in the history"),
        ),
        (
            "UPDATE missions_person SET phone = '666' WHERE id = {person}",
            (
                "missions_person",
                "{person}",
                "phone",
                "it is not what the history says; its values are not shown",
            ),
        ),
        (
            "DELETE FROM core_personalvalue",
            (
                "missions_person",
                "{person}",
                "",
                "its personal values are gone from the history without an erasure",
            ),
        ),
        (
            "UPDATE core_personalvalue SET after = jsonb_set(after, '{{phone}}', '\"5\"')",
            (
                "missions_person",
                "{person}",
                "phone",
                "its personal value in the history is not the one that was sealed",
            ),
        ),
    ],
)
def test_a_change_behind_the_triggers_is_named(statement: str, finding: tuple[str, str, str, str]) -> None:
    source, person = make.make_source(title="True"), make.make_person(phone="1")
    words = {"pk": source.pk, "pk1000": source.pk + 1000, "person": person.pk}
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute(statement.format(**words))
    table, key, column, reason = (part.format(**words) for part in finding)
    assert list(verify()) == [Finding(reason, None, table, key, column)]


def test_an_erased_person_leaves_the_chain_whole() -> None:
    person = make.make_person(full_name="Canary Person")
    other = make.make_person()
    key = person.pk
    person.delete()
    assert erase_history_of("missions_person", str(key)) == 2
    assert list(PersonalValue.objects.values_list("key", flat=True)) == [str(other.pk)]
    assert ChangedRow.objects.filter(key=str(key)).order_by("-id")[0].kind == "erase"
    assert list(verify()) == []
