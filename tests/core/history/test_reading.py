"""The history in words."""

import pytest

from tests import factories as make
from tracker.core.history.models import ChangedRow
from tracker.core.history.reading import Asked, describe, rows_of, rows_with_parts, search
from tracker.core.identity import Identity, acting, give_reason
from tracker.core.models import Source
from tracker.core.spreadsheets import safe_cell
from tracker.elections.models import AnnouncedFigure
from tracker.missions.models import Engagement, Person
from tracker.stations.models import PollingStation

pytestmark = pytest.mark.django_db


def said(row: ChangedRow, *, may_see: bool = False) -> list[tuple[str, str, str]]:
    (entry,) = describe([row], lambda model: may_see)
    return [(one.label, one.before, one.after) for one in entry.differences]


def test_a_change_is_told_in_the_words_of_the_screens() -> None:
    station = make.make_station(country="KZ", city="Astana", setting="abroad")
    constituency = make.make_constituency(election=station.election, number="7", name="Khatai")
    account = make.make_account(username="clara")
    with acting(Identity(user=account.pk, origin="request")):
        give_reason("misheard")
        PollingStation.objects.filter(pk=station.pk).update(
            country="TR", city="Ankara", constituency=constituency, publication="draft"
        )
    row = rows_of(PollingStation, station.pk)[0]
    assert set(said(row)) == {
        ("Publication", "published", "draft"),
        ("Country", "Kazakhstan", "Türkiye"),
        ("City", "Astana", "Ankara"),
        ("Constituency", "–", str(constituency)),
        ("Last written by", "–", "clara"),
    }
    (entry,) = describe([row], lambda model: False)
    assert (entry.who, entry.change.reason, entry.kind_of_record) == ("clara", "misheard", "Polling station")


def test_a_personal_value_is_shown_only_to_whoever_may_see_people() -> None:
    person = make.make_person(full_name="Canary Person", phone="1")
    Person.objects.filter(pk=person.pk).update(phone="2")
    row = rows_of(Person, person.pk)[0]
    assert said(row) == [("Telephone", "personal or secret value", "personal or secret value")]
    assert said(row, may_see=True) == [("Telephone", "1", "2")]
    observer = make.make_observer(person=person)
    row = ChangedRow.objects.get(table_name="missions_observer", key=str(observer.pk))
    assert ("Person", "", f"Person {person.pk}") in said(row)
    assert ("Person", "", "Canary Person") in said(row, may_see=True)


def test_what_belongs_to_a_record_is_told_with_it() -> None:
    organization = make.make_organization()
    engagement = make.make_engagement(organizations=[organization])
    other = make.make_engagement(organizations=[organization])
    engagement.organizations.clear()
    kinds = [(row.table_name, row.kind) for row in rows_with_parts(Engagement, engagement.pk)]
    through = "missions_engagement_organizations"
    assert kinds == [(through, "delete"), (through, "insert"), ("missions_engagement", "insert")]
    assert other.pk != engagement.pk
    (entry, *_rest) = describe(rows_with_parts(Engagement, engagement.pk), lambda model: False)
    assert entry.kind_of_record == "Engagement – organization"


def test_what_changed_in_a_row_is_told_with_its_reason_and_of_no_other_row() -> None:
    figure, other = make.make_figure(value=49), make.make_figure(value=3)
    with acting(Identity(reason="the ministry corrected it")):
        AnnouncedFigure.objects.filter(pk=figure.pk).update(value=50, notes="internal")
    AnnouncedFigure.objects.filter(pk=figure.pk).update(notes="again")
    AnnouncedFigure.objects.filter(pk=other.pk).update(value=4)
    rows = rows_of(AnnouncedFigure, figure.pk).filter(kind="update", after__has_key="value")
    assert [(row.before["value"], row.after["value"], row.change.reason) for row in rows] == [
        (49, 50, "the ministry corrected it")
    ]
    rows = rows_of(AnnouncedFigure, other.pk).filter(kind="update")
    assert rows.get().after == {"value": 4}


def test_a_search_narrows_by_each_part() -> None:
    with acting(Identity(user=5, origin="job 12", request="r-1")):
        source = make.make_source()
    with acting(Identity(user=6, origin="job 2")):
        Source.objects.filter(pk=source.pk).update(notes="x")
    rows = list(search(Asked()))
    assert [row.kind for row in rows] == ["update", "insert"]
    for asked, found in (
        (Asked(account=5), ["insert"]),
        (Asked(origin="job 2"), ["update"]),
        (Asked(origin="job"), ["update", "insert"]),
        (Asked(request="r-1"), ["insert"]),
        (Asked(table="core_source", key=str(source.pk), kind="update"), ["update"]),
        (Asked(table="core_user"), []),
        (Asked(since=rows[0].change.at), ["update"]),
        (Asked(until=rows[0].change.at), ["insert"]),
    ):
        assert [row.kind for row in search(asked)] == found, asked


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@sum", "'@sum"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        ("-5", "-5"),
        ("+36", "+36"),
        (-5, "-5"),
        (None, ""),
        ("plain", "plain"),
    ],
)
def test_no_cell_is_a_formula_and_numbers_stay_numbers(value: object, cell: str) -> None:
    assert safe_cell(value) == cell
