"""The visit form and the page of a visit: one form is one visit, what is typed stays, and every step has its name."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.public.pages import text_of
from tracker.core.history.reading import rows_of
from tracker.core.models import User
from tracker.core.timezones import to_local
from tracker.elections.models import SimulatedDay
from tracker.fieldwork import actions
from tracker.fieldwork.models import Incident, Team, Visit

pytestmark = pytest.mark.django_db
NEW = "/staff/visits/new/"


@pytest.fixture
def observer(client: Client) -> Client:
    client.force_login(factories.make_administrator(username="observer"))
    return client


@pytest.fixture
def team() -> Team:
    return factories.make_team(name="T-1")


def said(team: Team, station: Any, **over: Any) -> dict[str, Any]:
    values = {
        "team": team.pk, "station": station.pk, "phase": "voting", "date": "2024-02-07", "arrived": "12:15",
        "departed": "", "assessment": "", "findings": "", "submission_key": uuid4(), "incident_key": uuid4(),
        "do": "submit",
    }  # fmt: skip
    return values | over


def correction(visit: Visit, **over: Any) -> dict[str, Any]:
    """The form of `visit` as it is on the screen now."""
    visit.refresh_from_db()
    return said(visit.team, visit.station, do="correct", version=visit.version) | over


def station_of(team: Team, **over: Any) -> Any:
    return factories.make_station(election=team.mission.election, **over)


def test_a_visit_is_entered_in_the_hours_of_the_station(observer: Client, team: Team) -> None:
    station, step = station_of(team), factories.make_assessment(mission=team.mission)
    form = said(team, station, departed="13:00", assessment=step.pk, findings="Calm.")
    answer = observer.post(NEW, form)
    visit = Visit.objects.get()
    assert answer["Location"] == f"/staff/visits/{visit.pk}/?done=1"
    assert (visit.status, visit.arrived_at) == ("submitted", datetime(2024, 2, 7, 6, 15, tzinfo=UTC))
    assert visit.departed_at == datetime(2024, 2, 7, 7, tzinfo=UTC)
    assert (visit.assessment, visit.findings, visit.created_by) == (step, "Calm.", User.objects.get())
    text = text_of(observer.get(answer["Location"]).content.decode())
    assert "Recorded. The public figures move within seconds. Next visit" in text
    assert "7 Feb 2024 12:15 Asia/Almaty (UTC+06:00)" in text
    (made,) = rows_of(Visit, Visit.objects.get().pk)
    assert (made.kind, made.change.origin) == ("insert", "request")


def test_sent_twice_it_is_one_visit_one_incident_and_the_same_page(observer: Client, team: Team) -> None:
    form = said(
        team, station_of(team), wrong="on", category="secrecy", severity="serious", description="No screen."
    )
    first, second = observer.post(NEW, form), observer.post(NEW, form)
    assert first["Location"] == second["Location"]
    visit, incident = Visit.objects.get(), Incident.objects.get()
    assert (incident.station, incident.team, incident.category) == (visit.station, team, "secrecy")
    assert (incident.occurred_at, incident.publication) == (visit.arrived_at, "draft")


def test_if_the_incident_cannot_be_kept_the_visit_is_not_either(observer: Client, team: Team) -> None:
    form = said(team, station_of(team), wrong="on", category="nonsense", severity="minor", description="x")
    page = observer.post(NEW, form)
    assert page.status_code == 422
    assert "category" in page.context["form"].errors
    assert not Visit.objects.exists()


def test_a_draft_sent_again_to_be_submitted_is_submitted(observer: Client, team: Team) -> None:
    form = said(team, station_of(team), do="draft")
    observer.post(NEW, form)
    assert Visit.objects.get().status == "draft"
    observer.post(NEW, form | {"do": "submit", "phase": "closing"})
    visit = Visit.objects.get()
    assert (visit.status, visit.phase) == ("submitted", "closing")


@pytest.mark.parametrize(
    ("over", "field", "words"),
    [
        ({"phase": ""}, "phase", "required"),
        ({"station": ""}, "station", "Choose the station, or write its number."),
        (
            {"station": "", "station_number": "none such"},
            "station_number",
            "No station of this election matches",
        ),
        ({"station": "", "station_number": "Kazakhstan"}, "station_number", "Several stations match"),
        ({"arrived": "25:00"}, "arrived", "Enter a valid time."),
        ({"date": "2199-12-01"}, "arrived", "At the station it is only"),
        ({"wrong": "on"}, "description", "Say in a sentence what happened."),
        ({"assessment": "999999"}, "assessment", "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_the_rest_stays(
    observer: Client, team: Team, over: dict[str, Any], field: str, words: str
) -> None:
    station = station_of(team)
    station_of(team)
    form = said(team, station) | {"findings": "A long text"} | over
    page = observer.post(NEW, form)
    assert page.status_code == 422
    assert words in " ".join(page.context["form"].errors[field])
    assert "A long text" in page.content.decode()
    assert str(form["submission_key"]) in page.content.decode()
    by_script = observer.post(NEW, form, headers={"X-Requested-With": "fetch"})
    assert (by_script.status_code, list(by_script.json()["errors"])) == (422, [field])
    assert not Visit.objects.exists()


def test_without_scripts_a_number_finds_the_station_and_now_is_the_arrival(
    observer: Client, team: Team
) -> None:
    station_of(team, number="45")
    wanted = station_of(team, number="44", timezone="Asia/Seoul")
    observer.post(
        NEW, said(team, wanted) | {"station": "", "station_number": "44", "date": "", "arrived": ""}
    )
    visit = Visit.objects.get()
    assert visit.station == wanted
    assert abs(visit.arrived_at - timezone.now()) < timedelta(minutes=3)


def test_a_departure_after_midnight(observer: Client, team: Team) -> None:
    observer.post(NEW, said(team, station_of(team, timezone="UTC"), arrived="23:30", departed="00:20"))
    assert Visit.objects.get().departed_at == datetime(2024, 2, 8, 0, 20, tzinfo=UTC)


def test_the_team_of_the_last_visit_is_remembered(observer: Client, team: Team) -> None:
    other = factories.make_team(mission=team.mission, name="T-2")
    assert other.name in observer.get(NEW).content.decode()  # first it asks
    assert "form" not in observer.get(NEW).context
    observer.post(NEW, said(other, station_of(team)))
    assert observer.get(NEW).context["team"] == other
    assert "form" not in observer.get(f"{NEW}?choose=1").context


def test_planned_stations_come_first_and_a_chosen_one_brings_its_hour(observer: Client, team: Team) -> None:
    first, planned = station_of(team, city="Aaa"), station_of(team, city="Zzz", timezone="Asia/Seoul")
    factories.make_deployment(team=team, station=planned)
    page = observer.get(f"{NEW}?team={team.pk}&station={planned.pk}")
    groups = [
        [pk for pk, _text in rows] for _name, rows in page.context["form"].fields["station"].choices[1:]
    ]
    assert groups == [[planned.pk], [first.pk]]
    assert page.context["zone"] == "Asia/Seoul"
    shown = page.context["form"]["arrived"].value()
    now = to_local(timezone.now(), "Asia/Seoul")
    assert (shown.hour - now.hour) % 24 in (0, 23)


def test_many_stations_are_looked_up(observer: Client, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.staff.visit_form.STATIONS_ON_PAGE", 1)
    station_of(team, city="Rome", number="1")
    seoul = station_of(team, city="Seoul", number="48", timezone="Asia/Seoul")
    page = observer.get(f"{NEW}?team={team.pk}")
    assert page.context["form"].fields["station"].choices == [("", "---------")]
    assert "data-stations=" in page.content.decode()
    found = observer.get(
        "/staff/visits/stations/", {"election": team.mission.election.slug, "q": "seoul 48"}
    ).json()
    row = {"id": seoul.pk, "text": "Seoul 48, Kazakhstan, Embassy in Astana", "zone": "Asia/Seoul"}
    assert found == {"stations": [row]}
    assert observer.post(NEW, said(team, seoul)).status_code == 302


def test_a_team_of_another_election_is_not_taken(observer: Client, team: Team) -> None:
    stranger = factories.make_team()
    page = observer.post(f"{NEW}?election={team.mission.election.slug}", said(stranger, station_of(team)))
    assert "form" not in page.context
    assert not Visit.objects.exists()


def test_a_visit_is_corrected_submitted_verified_and_opened_again(observer: Client, team: Team) -> None:
    visit = factories.make_visit(team=team, status="draft")
    page = f"/staff/visits/{visit.pk}/"
    corrected = {"phase": "opening", "arrived": "08:00"}
    observer.post(f"{page}correct/", correction(visit, do="submit", **corrected))
    visit.refresh_from_db()
    assert (visit.status, visit.phase) == ("submitted", "opening")
    observer.post(f"{page}verify/")
    visit.refresh_from_db()
    assert visit.status == "verified"
    assert "must be verified anew" in observer.get(f"{page}correct/").content.decode()
    observer.post(f"{page}correct/", correction(visit, findings="Late.", **corrected))
    visit.refresh_from_db()
    assert (visit.status, visit.findings) == ("submitted", "Late.")
    assert observer.get(f"{page}submit/")["Location"] == page  # a link does nothing
    assert "A draft does not count" in observer.get(f"{page}reopen/").content.decode()
    visit.refresh_from_db()
    assert visit.status == "submitted"
    observer.post(f"{page}reopen/")
    visit.refresh_from_db()
    assert visit.status == "draft"
    # Every step is in the history of the visit, the latest first; the page leads there.
    path = reverse("admin:fieldwork_visit_history", args=[visit.pk])
    assert f'href="{path}"' in observer.get(page).content.decode()
    told = [
        (row.before["status"], row.after["status"])
        for row in rows_of(Visit, visit.pk)
        if "status" in (row.before or {})
    ]
    assert told[0][1] == "draft"
    assert ("submitted", "verified") in told
    assert ("draft", "submitted") in told


def test_drafts_wait_in_the_list_of_who_entered_them(observer: Client, team: Team) -> None:
    own = User.objects.get()
    assert "You have not entered a visit yet." in observer.get("/staff/visits/").content.decode()
    draft = factories.make_visit(team=team, status="draft", created_by=own)
    done = factories.make_visit(team=team, created_by=own)
    strange = factories.make_visit(team=team)
    page = observer.get("/staff/visits/").content.decode()
    assert f"/staff/visits/{draft.pk}/correct/" in page
    assert f"/staff/visits/{done.pk}/" in page
    assert f"/staff/visits/{strange.pk}/" not in page


def test_many_drafts_come_in_pages(observer: Client, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.staff.visits.ROWS", 1)
    first, second = (
        factories.make_visit(
            team=team,
            status="draft",
            created_by=User.objects.get(),
            arrived_at=datetime(2024, 2, 7, hour, tzinfo=UTC),
        )
        for hour in (9, 8)
    )
    page = observer.get("/staff/visits/").content.decode()
    assert 'href="?drafts=2"' in page
    other = observer.get("/staff/visits/?drafts=2").content.decode()
    assert [f"/visits/{one.pk}/correct/" in text for text in (page, other) for one in (first, second)] == [
        True, False, False, True,
    ]  # fmt: skip


def test_whoever_only_enters_visits_finishes_their_own_drafts_and_decides_nothing(
    client: Client, team: Team
) -> None:
    account = User.objects.create_user("in-the-field", password="x", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename="add_visit"))
    client.force_login(account)
    client.post(NEW, said(team, station_of(team), do="draft"))
    own, strange = Visit.objects.get(), factories.make_visit(team=team, status="draft")
    page = f"/staff/visits/{own.pk}/"
    assert [client.get(path).status_code for path in ("/staff/visits/", page, f"{page}correct/")] == [
        200,
        200,
        200,
    ]
    foreign = f"/staff/visits/{strange.pk}/"
    answers = [client.get(foreign), client.get(f"{foreign}correct/"), client.post(f"{foreign}submit/")]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    client.post(f"{page}submit/")
    own.refresh_from_db()
    assert own.status == "submitted"
    answers = [client.post(f"{page}verify/"), client.post(f"{page}reopen/"), client.get(f"{page}correct/")]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert "Verify" not in client.get(page).content.decode()


@pytest.mark.parametrize("screen", ["", "new/", "stations/", "{pk}/", "{pk}/correct/", "{pk}/reopen/"])
def test_strangers_and_staff_without_a_permission_are_turned_away(client: Client, screen: str) -> None:
    path = "/staff/visits/" + screen.format(pk=factories.make_visit().pk)
    assert client.get(path)["Location"] == f"/staff/login/?next={path}"
    client.force_login(User.objects.create_user("newcomer", password="x", is_staff=True))
    assert client.get(path).status_code == 403


def by_script(client: Client, path: str, form: dict[str, Any]) -> Any:
    return client.post(path, form, headers={"X-Requested-With": "fetch"})


def test_other_words_under_the_key_of_a_submitted_visit_are_refused_and_kept(
    observer: Client, team: Team
) -> None:
    form = said(team, station_of(team), findings="First.")
    observer.post(NEW, form)
    visit = Visit.objects.get()
    answer = by_script(observer, NEW, form | {"findings": "Second."})
    assert (answer.status_code, answer.json()["url"]) == (409, f"/staff/visits/{visit.pk}/")
    assert "Nothing was overwritten." in answer.json()["errors"]["__all__"][0]
    page = observer.post(NEW, form | {"findings": "Second."})
    assert page.status_code == 409
    assert "Second.</textarea>" in page.content.decode()
    assert f'href="/staff/visits/{visit.pk}/"' in page.content.decode()
    visit.refresh_from_db()
    assert visit.findings == "First."


def test_two_correctors_do_not_overwrite_each_other(observer: Client, team: Team) -> None:
    visit = factories.make_visit(team=team)
    path = f"/staff/visits/{visit.pk}/correct/"
    first = correction(visit, findings="First.", phase="opening")
    second = correction(visit, findings="Second.")
    assert f'name="version" value="{visit.version}"' in observer.get(path).content.decode()
    assert observer.post(path, first).status_code == 302
    page = observer.post(path, second)
    assert page.status_code == 409
    errors = page.context["form"].non_field_errors()
    assert errors[0].startswith("This visit changed meanwhile.")
    assert "Phase: now “Opening”, you typed “Voting”." in errors
    assert "Findings: now “First.”, you typed “Second.”." in errors
    assert "Second.</textarea>" in page.content.decode()
    assert by_script(observer, path, second).json()["version"] == 2
    visit.refresh_from_db()
    assert visit.findings == "First."
    # Having seen what it says now, somebody decides.
    assert f'name="version" value="{visit.version}"' in page.content.decode()
    assert observer.post(path, second | {"version": visit.version}).status_code == 302
    visit.refresh_from_db()
    assert visit.findings == "Second."
    assert observer.post(path, second | {"version": ""}).status_code == 422


def test_a_draft_submitted_meanwhile_is_no_longer_its_observers(client: Client, team: Team) -> None:
    account = User.objects.create_user("in-the-field", password="x", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename="add_visit"))
    client.force_login(account)
    visit = factories.make_visit(team=team, status="draft", created_by=account)
    form = correction(visit, findings="Late.")
    actions.submit_visit(by=None, visit=visit)
    answer = by_script(client, f"/staff/visits/{visit.pk}/correct/", form)
    assert (answer.status_code, list(answer.json()["errors"])) == (403, ["__all__"])
    assert client.post(f"/staff/visits/{visit.pk}/correct/", form).status_code == 403
    visit.refresh_from_db()
    assert visit.findings != "Late."


def test_a_form_opened_before_there_was_a_second_election_is_taken(observer: Client, team: Team) -> None:
    form = said(team, station_of(team))
    factories.make_team()
    answer = by_script(observer, NEW, form)
    assert answer.json() == {"url": f"/staff/visits/{Visit.objects.get().pk}/?done=1"}
    for given in ("", "0", "9" * 5000):
        answer = by_script(observer, NEW, form | {"team": given})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["__all__"])
    page = observer.post(NEW, form | {"team": "0"})
    assert (page.status_code, "Nothing was recorded" in page.content.decode()) == (422, True)


def test_a_demonstration_goes_by_its_own_clock(observer: Client) -> None:
    election = factories.make_election(demonstration=True, slug="demo")
    team = factories.make_team(election=election)
    station = station_of(team, timezone="UTC")
    now = datetime(2024, 2, 7, 9, 30, tzinfo=UTC)
    SimulatedDay.objects.create(election=election, now=now, seed=1)
    page = observer.get(f"{NEW}?team={team.pk}&station={station.pk}")
    assert f"{page.context['form']['arrived'].value():%H:%M}" == "09:30"
    assert f'data-now="{now.isoformat()}"' in page.content.decode()
    late = observer.post(NEW, said(team, station, arrived="10:00"))
    assert "only 2024-02-07 09:30" in late.context["form"].errors["arrived"][0]
    assert observer.post(NEW, said(team, station, arrived="", date="")).status_code == 302
    assert Visit.objects.get().arrived_at == now


@pytest.mark.parametrize("query", ["q=a%00b", "election=a%00b", "q=" + "x" * 101])
def test_what_cannot_be_searched_for_is_refused(observer: Client, team: Team, query: str) -> None:
    path = f"/staff/visits/stations/?election={team.mission.election.slug}&{query}"
    answer = observer.get(path)
    assert (answer.status_code, list(answer.json())) == (422, ["errors"])


@pytest.mark.parametrize("digits", ["9" * 5000, "9" * 19, "٣", "²"])
def test_digits_that_are_no_key_find_nothing(observer: Client, team: Team, digits: str) -> None:
    slug = team.mission.election.slug
    paths = {
        f"{NEW}?team={digits}": 200,
        f"{NEW}?team={team.pk}&station={digits}": 200,
        f"/staff/board/{slug}/plan/?station={digits}": 404,
        f"/staff/fieldwork/deployment/?mission__id__exact={digits}": 200,
        f"/staff/fieldwork/deployment/utc/?station={digits}": 200,
        f"/staff/fieldwork/team/add/?mission={digits}": 200,
    }
    assert {path: observer.get(path).status_code for path in paths} == paths
