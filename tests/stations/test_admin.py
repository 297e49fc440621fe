"""The station's form: one screen with the zone proposed and the hours of the station's own clock."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from tests import factories
from tests.forms import save
from tracker.core.history.models import ChangedRow
from tracker.core.models import Publication
from tracker.elections.models import AnnouncedFigure
from tracker.missions.models import Mission
from tracker.stations.models import PollingStation, VotingWindow

pytestmark = pytest.mark.django_db
ADD = "/staff/stations/pollingstation/add/"


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(factories.make_administrator())
    return client


def station_form(*windows: dict[str, Any], initial: int = 0, **over: Any) -> dict[str, Any]:
    """What the browser posts for a station in Aqtau with these windows."""
    values = {
        "setting": "abroad", "status": "established", "publication": "draft", "country": "KZ", "city": "Aktau",
        "timezone": "Asia/Aqtau", "windows-TOTAL_FORMS": len(windows), "windows-INITIAL_FORMS": initial,
        "windows-MIN_NUM_FORMS": 0, "windows-MAX_NUM_FORMS": 1000,
    }  # fmt: skip
    for place, window in enumerate(windows):
        values |= {f"windows-{place}-{name}": value for name, value in window.items()}
    return values | over


def window(day: str, opens: str, closes: str, **over: Any) -> dict[str, Any]:
    return {"date": day, "opens": opens, "closes": closes} | over


def errors_of(page: Any) -> list[str]:
    """Every error on a form page, those of its inline rows included."""
    form = page.context["adminform"].form
    found = [str(error) for errors in form.errors.values() for error in errors]
    for inline in page.context["inline_admin_formsets"]:
        found += [
            str(error) for errors in inline.formset.errors for texts in errors.values() for error in texts
        ]
        found += [str(error) for error in inline.formset.non_form_errors()]
    return found


def hours(station: PollingStation) -> list[tuple[datetime, datetime]]:
    return list(station.windows.values_list("opens_at", "closes_at"))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def change(station: PollingStation) -> str:
    return f"/staff/stations/pollingstation/{station.pk}/change/"


def post_windows(client: Client, station: PollingStation, *windows: dict[str, Any], **over: Any) -> Any:
    """Save the form of a station; its stored windows come first among `windows`, in their order."""
    ids = list(station.windows.order_by("opens_at").values_list("pk", flat=True))
    rows = [
        values | ({"id": ids[place]} if place < len(ids) else {}) | {"station": station.pk}
        for place, values in enumerate(windows)
    ]
    base = {
        "election": station.election_id, "country": station.country_id, "city": station.city,
        "timezone": station.timezone_id, "number": station.number,
    }  # fmt: skip
    return save(client, change(station), station_form(*rows, initial=len(ids), **base | over))


# --- hours -------------------------------------------------------------------------------------------------------


def test_local_hours_are_stored_in_utc_by_the_rules_of_that_day(administrator: Client) -> None:
    election = factories.make_election()
    form = station_form(window("2024-02-07", "08:00", "19:00"), election=election.pk, timezone="Asia/Almaty")
    assert administrator.post(ADD, form).status_code == 302
    assert hours(PollingStation.objects.get()) == [(utc(2024, 2, 7, 2), utc(2024, 2, 7, 13))]


def test_a_closing_before_the_opening_is_on_the_next_day(administrator: Client) -> None:
    form = station_form(window("2024-02-07", "20:00", "02:00"), election=factories.make_election().pk)
    administrator.post(ADD, form)
    assert hours(PollingStation.objects.get()) == [(utc(2024, 2, 7, 15), utc(2024, 2, 7, 21))]


def test_correcting_only_the_zone_keeps_the_hours_on_the_wall(administrator: Client) -> None:
    station = factories.make_station(timezone="Asia/Almaty")
    factories.make_window(station=station)
    assert post_windows(
        administrator, station, window("2024-02-07", "08:00", "19:00"), timezone="Asia/Aqtau"
    ).status_code == 302  # fmt: skip
    assert hours(station) == [(utc(2024, 2, 7, 3), utc(2024, 2, 7, 14))]


def test_saving_a_form_untouched_changes_no_window(administrator: Client) -> None:
    station = factories.make_station()
    before = factories.make_window(station=station)
    post_windows(administrator, station, window("2024-02-07", "08:00", "19:00"))
    assert list(VotingWindow.objects.values_list("pk", "opens_at")) == [(before.pk, before.opens_at)]
    assert ChangedRow.objects.get(table_name="stations_votingwindow").kind == "insert"


def test_two_days_move_on_by_one_although_the_first_then_stands_on_the_second(administrator: Client) -> None:
    election = factories.make_election(ends_on=date(2024, 2, 8))
    station = factories.make_station(election=election)
    factories.make_window(station=station)
    factories.make_window(station=station, opens_at=utc(2024, 2, 8, 2), closes_at=utc(2024, 2, 8, 13))
    answer = post_windows(
        administrator, station, window("2024-02-08", "08:00", "19:00"), window("2024-02-09", "08:00", "19:00")
    )
    assert answer.status_code == 302
    assert hours(station) == [
        (utc(2024, 2, 8, 2), utc(2024, 2, 8, 13)),
        (utc(2024, 2, 9, 2), utc(2024, 2, 9, 13)),
    ]


def test_a_window_takes_the_place_of_one_that_is_deleted(administrator: Client) -> None:
    station = factories.make_station()
    factories.make_window(station=station)
    answer = post_windows(
        administrator, station,
        window("2024-02-07", "08:00", "19:00", DELETE="on"), window("2024-02-07", "09:00", "18:00"),
    )  # fmt: skip
    assert answer.status_code == 302
    assert hours(station) == [(utc(2024, 2, 7, 3), utc(2024, 2, 7, 12))]


@pytest.mark.parametrize(
    ("zone", "rows", "expected"),
    [
        (
            "Europe/Berlin", [window("2024-03-31", "02:30", "19:00")],
            "2024-03-31 02:30 does not exist in Europe/Berlin: the clocks were set forward over it.",
        ),
        (
            "Asia/Aqtau", [window("2024-02-07", "08:00", "08:00")],
            "Opening and closing time are both 08:00; a station must close later than it opens.",
        ),
        (
            "Asia/Aqtau", [window("2024-02-07", "08:00", "19:00"), window("2024-02-07", "18:00", "20:00")],
            "This window overlaps another one of the station.",
        ),
        ("Asia/Aqtau", [window("2024-02-07", "08:00", "")], "This field is required."),
        ("Asia/Aqtau", [window("2024-02-07", "25:00", "19:00")], "Enter a valid time."),
        ("Asia/Aqtau", [window("", "08:00", "19:00")], "This field is required."),
        (
            "Asia/Aqtau", [window("2024-02-07", "19:00", "08:00")],
            "The closing at 08:00 is before the opening at 19:00. Only a closing until 06:00 is taken to be on the "
            "next day.",
        ),
    ],
)  # fmt: skip
def test_what_the_clock_does_not_allow_is_said_on_the_form(
    administrator: Client, zone: str, rows: list[dict[str, Any]], expected: str
) -> None:
    election = factories.make_election(starts_on=date(2024, 3, 31)) if zone == "Europe/Berlin" else None
    election = election or factories.make_election()
    page = administrator.post(ADD, station_form(*rows, election=election.pk, timezone=zone))
    assert page.status_code == 200
    assert errors_of(page) == [expected]
    assert not PollingStation.objects.exists()


@pytest.mark.parametrize("day", ["0202-02-07", "2023-02-07", "2023-12-08", "2024-02-10", "9999-12-31"])
def test_a_date_far_from_the_election_is_refused_at_the_field(administrator: Client, day: str) -> None:
    election = factories.make_election(ends_on=date(2024, 2, 8))
    page = administrator.post(ADD, station_form(window(day, "20:00", "08:00"), election=election.pk))
    assert page.status_code == 200
    assert page.context["inline_admin_formsets"][0].formset.errors == [
        {
            "date": [
                "The election is on 2024-02-07 to 2024-02-08; a window begins at most 60 days before it "
                "and one day after it."
            ]
        }
    ]
    assert not PollingStation.objects.exists()


@pytest.mark.parametrize("day", ["2023-12-09", "2024-01-20", "2024-02-06", "2024-02-08"])
def test_a_window_may_begin_weeks_before_the_election_and_one_day_after(
    administrator: Client, day: str
) -> None:
    """Voting abroad may begin early; a mistyped year or month is still noticed."""
    form = station_form(window(day, "20:00", "02:00"), election=factories.make_election().pk)
    assert administrator.post(ADD, form).status_code == 302


@pytest.mark.parametrize("day", ["0202-02-07", "1899-12-31", "2200-01-01", "9999-12-31"])
def test_without_an_election_the_year_must_still_be_one(administrator: Client, day: str) -> None:
    page = administrator.post(ADD, station_form(window(day, "20:00", "08:00")))
    assert page.context["inline_admin_formsets"][0].formset.errors == [
        {"date": ["The year must be between 1900 and 2199."]}
    ]


def test_an_hour_that_comes_twice_means_its_first_coming(administrator: Client) -> None:
    election = factories.make_election(starts_on=date(2024, 10, 27))
    form = station_form(window("2024-10-27", "02:30", "19:00"), election=election.pk)
    administrator.post(ADD, form | {"timezone": "Europe/Berlin"})
    assert hours(PollingStation.objects.get()) == [(utc(2024, 10, 27, 0, 30), utc(2024, 10, 27, 18))]


def test_a_missing_zone_is_the_only_error(administrator: Client) -> None:
    rows = window("2024-02-07", "08:00", "19:00")
    page = administrator.post(ADD, station_form(rows, election=factories.make_election().pk, timezone=""))
    assert errors_of(page) == ["This field is required."]


def test_the_dates_of_the_election_are_proposed_and_no_hours(administrator: Client) -> None:
    factories.make_election()
    election = factories.make_election(starts_on=date(2025, 3, 1), ends_on=date(2025, 3, 2))
    page = administrator.get(ADD, {"election": election.pk})
    forms = page.context["inline_admin_formsets"][0].formset.forms
    proposed = [(form["date"].value(), form["opens"].value(), form["closes"].value()) for form in forms]
    assert proposed == [(date(2025, 3, 1), None, None), (date(2025, 3, 2), None, None)]


def test_a_proposed_date_without_hours_is_no_window(administrator: Client) -> None:
    election = factories.make_election()
    assert (
        administrator.post(ADD, station_form(window("2024-02-07", "", ""), election=election.pk)).status_code
        == 302
    )
    assert hours(PollingStation.objects.get()) == []


@pytest.mark.parametrize("dates", [("2024-02-09", ""), ("2024-02-08", ""), ("2024-02-07", "2024-02-07")])
def test_a_date_that_was_typed_asks_for_its_hours(administrator: Client, dates: tuple[str, str]) -> None:
    election = factories.make_election(ends_on=date(2024, 2, 8))
    rows = [window(day, "", "") for day in dates]
    page = administrator.post(ADD, station_form(*rows, election=election.pk))
    assert errors_of(page) == ["Give the hours of this day, or empty its date."]
    assert not PollingStation.objects.exists()


def test_the_windows_of_a_form_ask_once_for_their_election(administrator: Client) -> None:
    election = factories.make_election(ends_on=date(2024, 2, 10))
    counts = []
    for days in (1, 3):
        rows = [window(f"2024-02-{7 + day:02}", "08:00", "07:00") for day in range(days)]
        form = station_form(*rows, election=election.pk, timezone="", city=f"City {days}")
        with CaptureQueriesContext(connection) as queries:
            assert administrator.post(ADD, form).status_code == 200
        counts.append(sum('FROM "elections_election"' in query["sql"] for query in queries))
    assert counts[0] == counts[1]


def test_hours_past_midnight_name_both_days(administrator: Client) -> None:
    station = factories.make_station()
    night = factories.make_window(station=station, opens_at=utc(2024, 2, 7, 14), closes_at=utc(2024, 2, 8, 1))
    day = factories.make_window(station=station, opens_at=utc(2024, 2, 9, 2), closes_at=utc(2024, 2, 9, 13))
    assert str(night) == "2024-02-07 14:00 – 2024-02-08 01:00 UTC"
    assert str(day) == "2024-02-09 02:00–13:00 UTC"
    html = administrator.get("/staff/stations/votingwindow/").content.decode()
    assert "2024-02-07 20:00 – 2024-02-08 07:00 (Asia/Almaty)" in html
    assert "2024-02-09 08:00–19:00 (Asia/Almaty)" in html


def test_the_next_station_starts_with_what_it_shares(administrator: Client) -> None:
    election = factories.make_election()
    answer = administrator.post(ADD, station_form(election=election.pk) | {"_addanother": "1"})
    assert answer["Location"] == f"{ADD}?election={election.pk}&setting=abroad&publication=draft"


# --- what would otherwise be an error of the database -------------------------------------------------------------


def test_a_constituency_of_another_election_is_refused_at_the_field(administrator: Client) -> None:
    other = factories.make_constituency(number="31", name="Khatai")
    form = station_form(election=factories.make_election().pk, constituency=other.pk)
    page = administrator.post(ADD, form)
    assert page.context["adminform"].form.errors == {
        "constituency": ["Constituency 31 Khatai belongs to another election."]
    }


def test_a_number_taken_in_the_constituency_is_refused(administrator: Client) -> None:
    constituency = factories.make_constituency()
    factories.make_station(election=constituency.election, constituency=constituency, number="44")
    form = station_form(election=constituency.election_id, constituency=constituency.pk, number="44")
    assert errors_of(administrator.post(ADD, form)) == ["This number is already taken in this constituency."]


def test_a_figure_needs_its_value(administrator: Client) -> None:
    form = {
        "election": factories.make_election().pk, "metric": "turnout", "unit": "percent", "qualifier": "exact",
        "announced_by": "Commission", "source": factories.make_source().pk, "publication": "draft",
    }  # fmt: skip
    page = administrator.post("/staff/elections/announcedfigure/add/", form)
    assert page.status_code == 200
    assert len(errors_of(page)) == 1
    assert not AnnouncedFigure.objects.exists()


def test_a_second_mission_of_one_type_is_refused(administrator: Client) -> None:
    mission = factories.make_mission()
    form = {
        "election": mission.election_id, "organization": mission.organization_id, "type": mission.type,
        "status": "planned", "publication": "draft",
    }  # fmt: skip
    for prefix in ("memberships", "statements", "assessments"):
        form |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    page = administrator.post("/staff/missions/mission/add/", form)
    assert [strip_tags(error) for error in errors_of(page)] == [
        "This organization already has a mission of this type in this election: "
        f"{mission}. Open it to add what you know; nothing of this form is saved."
    ]
    assert Mission.objects.count() == 1


# --- what the form asks while somebody types ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            {"zone": "Asia/Aqtau", "date": "2024-02-07", "opens": "08:00", "closes": "19:00"},
            {"text": "7 Feb 03:00–14:00 UTC, clocks at UTC+05:00"},
        ),
        (
            {"zone": "Pacific/Auckland", "date": "2024-02-07", "opens": "8:00", "closes": "1900"},
            {"text": "6 Feb 19:00 – 7 Feb 06:00 UTC, clocks at UTC+13:00"},
        ),
        (
            {"zone": "Europe/Berlin", "date": "2024-03-31", "opens": "01:00", "closes": "19:00"},
            {"text": "31 Mar 00:00–17:00 UTC, clocks at UTC+01:00 / UTC+02:00"},
        ),
        ({"zone": "Asia/Aqtau", "date": "2024-02-07", "opens": "08:00", "closes": ""}, {}),
        ({"zone": "Asia/Aqtau", "date": "soon", "opens": "08:00", "closes": "19:00"}, {}),
        (
            {"zone": "", "date": "2024-02-07", "opens": "08:00", "closes": "19:00"},
            {"error": "Choose a time zone to see these hours in UTC."},
        ),
        (
            {"zone": "Asia/Aqtau", "date": "2024-02-07", "opens": "08:00", "closes": "08:00"},
            {"error": "Opening and closing time are both 08:00; a station must close later than it opens."},
        ),
        (
            {"zone": "Asia/Aqtau", "date": "9999-12-31", "opens": "20:00", "closes": "05:00"},
            {"error": "This date is beyond the calendar."},
        ),
    ],
)  # fmt: skip
def test_hours_in_utc_while_they_are_typed(
    administrator: Client, question: dict[str, str], answer: dict[str, str]
) -> None:
    assert administrator.get("/staff/stations/pollingstation/utc/", question).json() == answer


def propose(client: Client, **question: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/staff/stations/pollingstation/propose-zone/", question).json()
    return answer


def test_country_and_city_propose_the_zone(administrator: Client) -> None:
    proposal = propose(administrator, country="KZ", city="Aktau")
    assert (proposal["zone"], proposal["certain"]) == ("Asia/Aqtau", True)
    assert {"zone": "Asia/Almaty", "label": "Use Asia/Almaty"} in proposal["candidates"]


def test_stations_on_record_in_the_city_come_first(administrator: Client) -> None:
    for _ in range(2):
        factories.make_station(country="TR", city="Ankara", timezone="Asia/Istanbul")
    proposal = propose(administrator, country="TR", city="ankara")
    assert proposal["text"] == "Asia/Istanbul: used by 2 stations in ankara."
    assert [one["zone"] for one in proposal["candidates"]] == ["Asia/Istanbul", "Europe/Istanbul"]


def test_a_country_proposes_the_zone_of_an_election(administrator: Client) -> None:
    question = {"country": "AZ"}
    answer = administrator.get("/staff/elections/election/propose-zone/", question).json()
    assert answer["zone"] == "Asia/Baku"


def test_only_constituencies_of_the_chosen_election_are_looked_up(administrator: Client) -> None:
    ours, _other = factories.make_constituency(), factories.make_constituency()
    question = {"app_label": "stations", "model_name": "pollingstation", "field_name": "constituency"}
    answer = administrator.get(
        "/staff/autocomplete/", question | {"term": "Khatai", "election": ours.election_id}
    )
    assert [row["id"] for row in answer.json()["results"]] == [str(ours.pk)]


def test_the_public_page_is_linked_only_when_there_is_one(administrator: Client) -> None:
    station = factories.make_station()
    assert "View on site" in administrator.get(change(station)).content.decode()
    factories.make_election()
    PollingStation.objects.update(publication=Publication.DRAFT)
    assert "View on site" not in administrator.get(change(station)).content.decode()
