"""The history in words."""

import pytest

from tests import factories as make
from tracker.core.history.models import ChangedRow
from tracker.core.history.reading import Asked, about, describe, rows_of, rows_with_parts, search, way_in
from tracker.core.identity import Identity, acting, give_reason
from tracker.core.models import Source
from tracker.core.spreadsheets import quoted_cell
from tracker.elections.models import AnnouncedFigure
from tracker.missions.models import Engagement, Mission, Organization, Person
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
        ("Country", "Kazakhstan (KZ)", "Türkiye (TR)"),
        ("City", "Astana", "Ankara"),
        ("Constituency", "–", f"7 Khatai (no. {constituency.pk})"),
        ("Last written by", "–", f"clara (no. {account.pk})"),
    }
    (entry,) = describe([row], lambda model: False)
    assert (entry.who, entry.change.reason, entry.kind_of_record) == ("clara", "misheard", "Polling station")
    assert entry.deed == "made a draft again: constituency, country, city"


def test_what_happened_is_said_in_one_line_and_the_first_fields_are_shown() -> None:
    source = make.make_source(title="One", publisher="Trend")
    Source.objects.filter(pk=source.pk).update(title="Two")
    Source.objects.filter(pk=source.pk).update(
        publisher="P", title="Three", url="https://example.org/3", published_on="2024-02-07", notes="n"
    )
    key = source.pk
    source.delete()
    entries = describe(rows_of(Source, key), lambda model: False)
    assert [entry.deed for entry in entries] == [
        "deleted", "changed: publisher, title, address, 2 more", "changed: title", "added",
    ]  # fmt: skip
    many = entries[1]
    assert [one.label for one in many.shown + many.folded] == [
        "Publisher", "Title", "Address", "Date published", "Notes",
    ]  # fmt: skip
    assert many.folded_words == "2 more fields"


def test_a_record_is_named_as_it_was_called_then_even_if_it_is_gone() -> None:
    organization = make.make_organization(name="Old Watch", acronym="")
    mission = make.make_mission(organization=organization)
    engagement = make.make_engagement(
        kind="meeting", host="Minister", visitor="", organizations=[organization]
    )
    Organization.objects.filter(pk=organization.pk).update(name="New Watch")
    Mission.objects.filter(pk=mission.pk).update(notes="n")

    def names(*, of_deleted: bool) -> list[tuple[str, str, str]]:
        tables = ("missions_organization", "missions_mission", "missions_engagement_organizations")
        rows = ChangedRow.objects.filter(table_name__in=tables).select_related("change").order_by("pk")
        entries = describe(rows, lambda model: False, of_deleted=of_deleted)
        return [(entry.kind_of_record, entry.name, entry.row.kind) for entry in entries]

    kind = mission.get_type_display()
    assert names(of_deleted=False) == [
        ("Organization", "Old Watch", "insert"),
        ("Mission", f"New Watch ({kind})", "insert"),
        ("Engagement – organization", "Meeting: Minister – New Watch", "insert"),
        ("Organization", "New Watch", "update"),
        ("Mission", f"New Watch ({kind})", "update"),
    ]
    engagement.delete()
    mission.delete()
    organization.delete()
    assert names(of_deleted=True)[-1] == ("Organization", "New Watch", "delete")
    assert ("Mission", f"New Watch ({kind})", "delete") in names(of_deleted=True)
    assert ("Mission", "", "delete") in names(of_deleted=False)


def test_an_account_is_named_everywhere_and_what_is_not_so_is_no_news() -> None:
    account = make.make_account(username="d-1", first_name="Leyla", last_name="Aliyeva")
    rows = ChangedRow.objects.filter(table_name="core_user", key=str(account.pk)).select_related("change")
    (entry,) = describe(rows, lambda model: False)
    assert entry.name == "Leyla Aliyeva (d-1)"
    labels = [one.label for one in entry.differences]
    assert "Full rights" not in labels
    assert labels[-1] == "Password"


def test_how_a_change_came_in_is_said_in_words() -> None:
    ways = {
        way: way_in(way) for way in ("request", "job 12", "command load_demo", "session", "baseline", "x")
    }
    assert ways == {
        "request": "a page of this site",
        "job 12": "job 12",
        "command load_demo": "command load_demo",
        "session": "the database itself",
        "baseline": "there when the history began",
        "x": "x",
    }


def test_a_personal_value_is_shown_only_to_whoever_may_see_people() -> None:
    person = make.make_person(full_name="Canary Person", phone="1")
    Person.objects.filter(pk=person.pk).update(phone="2")
    row = rows_of(Person, person.pk)[0]
    assert describe([row], lambda model: False)[0].name == ""
    assert describe([row], lambda model: True)[0].name == "Canary Person"
    assert said(row) == [("Telephone", "personal or secret value", "personal or secret value")]
    assert said(row, may_see=True) == [("Telephone", "1", "2")]
    observer = make.make_observer(person=person)
    row = ChangedRow.objects.get(table_name="missions_observer", key=str(observer.pk))
    assert ("Person", "", f"no. {person.pk}") in said(row)
    assert ("Person", "", f"Canary Person (no. {person.pk})") in said(row, may_see=True)


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
        (Asked(accounts=[5]), ["insert"]),
        (Asked(accounts=[]), []),
        (Asked(origin="job 2"), ["update"]),
        (Asked(origin="job"), ["update", "insert"]),
        (Asked(about=about("r-1", [], {}, {})), ["insert"]),
        (Asked(about=about(str(source.pk), [], {}, {})), ["update", "insert"]),
        (Asked(about=about("nothing", [6], {}, {})), ["update"]),
        (
            Asked(about=about("nothing", [], {"core_source": Source.objects.filter(pk=source.pk)}, {})),
            ["update", "insert"],
        ),
        (Asked(about=about("nothing", [], {}, {"core_source": ["notes"]})), []),
        (Asked(table="core_source", kind="update"), ["update"]),
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
    assert quoted_cell(value) == cell
