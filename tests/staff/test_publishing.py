"""Publishing of figures: what a publisher sees, that they publish what they saw, and who may."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import (
    country,
    make_account,
    make_administrator,
    make_deployment,
    make_election,
    make_mission,
    make_station,
    make_team,
    make_visit,
)
from tests.public.pages import address, read, text_of
from tracker.core.models import User
from tracker.core.roles import Role
from tracker.coverage import editions
from tracker.coverage.models import Edition, Mark
from tracker.elections.models import Election

pytestmark = pytest.mark.django_db


def screen(election: Election) -> str:
    return reverse("admin:publishing_election", args=[election.slug])


def words(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return text_of(response.content.decode())


def person(*roles: str, username: str = "publisher") -> User:
    return make_account(*roles, username=username)


@pytest.fixture
def publisher(client: Client) -> User:
    user = person(Role.PUBLISHER)
    client.force_login(user)
    return user


@pytest.fixture
def election() -> Election:
    """Reviewed; Ankara planned, Tokyo not."""
    election = make_election(publishing="reviewed", name="The reviewed election")
    for iso2, city, zone in (("TR", "Ankara", "Europe/Istanbul"), ("JP", "Tokyo", "Asia/Tokyo")):
        make_station(
            election=election, country=country(iso2), city=city, number="", timezone=zone, constituency=None
        )
    return election


def seen(client: Client, election: Election) -> str:
    return client.get(screen(election)).context["review"].seen


def test_the_first_edition_and_then_the_difference_to_it(
    client: Client, election: Election, publisher: User
) -> None:
    text = words(client, screen(election))
    assert "Nothing: no edition is published yet." in text
    assert "polling stations – 2 –" in text
    client.post(screen(election), {"seen": seen(client, election)})
    first = Edition.objects.get()
    assert (first.number, first.published_by) == (1, publisher)
    assert "2 polling stations on record" in read(client, address("coverage", election))

    team = make_team(mission=make_mission(election=election), members=[])
    make_visit(team=team, station=election.stations.get(city="Tokyo"))
    make_deployment(team=team, station=election.stations.get(city="Ankara"))
    text = words(client, screen(election))
    assert "stations visited 0 1 +1" in text
    assert "visits during voting 0 1 +1" in text
    assert "1 gap closed: visited now, and not in the last edition Tokyo" in text
    assert "0 gaps opened" in text
    assert "Japan 0 / 0 / 1 1 / 0 / 1" in text
    assert "2 polling stations on record" in read(
        client, address("coverage", election)
    )  # nothing moved for the public
    answer = client.post(screen(election), {"seen": seen(client, election)}, follow=True)
    assert "Edition 2 is published." in answer.content.decode()
    assert "1 of 2 stations." in read(client, address("coverage", election))
    assert f"2 {answer.context['history'][0].as_of:%-d %b %Y}" in text_of(answer.content.decode())

    election.stations.get(city="Tokyo").visits.all().delete()
    assert "1 gap opened: visited in the last edition, and not now Tokyo" in words(client, screen(election))


def test_figures_that_changed_meanwhile_are_not_published(
    client: Client, election: Election, publisher: User
) -> None:
    looked_at = seen(client, election)
    make_visit(station=election.stations.get(city="Tokyo"))
    answer = client.post(screen(election), {"seen": looked_at}, follow=True)
    assert "changed while you looked at them, so nothing was published" in answer.content.decode()
    assert "stations visited – 1" in text_of(answer.content.decode())
    assert not Edition.objects.exists()
    for nothing in ({}, {"seen": ""}, {"seen": "0" * 64}):
        client.post(screen(election), nothing)
    assert not Edition.objects.exists()


def test_two_publishers_who_press_at_once_make_one_edition(
    client: Client, election: Election, publisher: User
) -> None:
    looked_at = seen(client, election)
    client.post(screen(election), {"seen": looked_at})
    answer = client.post(screen(election), {"seen": looked_at}, follow=True)
    assert "Nothing to publish: the figures are those of the last edition." in answer.content.decode()
    assert Edition.objects.count() == 1


def test_a_live_election_is_read_only(client: Client, publisher: User) -> None:
    station = make_station()
    editions.refresh_stale()
    make_visit(station=station)
    text = words(client, screen(station.election))
    assert "Counted automatically" in text
    assert "Publish these figures" not in text
    answer = client.post(screen(station.election), {"seen": seen(client, station.election)}, follow=True)
    assert "publishes live: its figures are counted and published by themselves." in answer.content.decode()
    assert Edition.objects.count() == 1


def test_a_draft_election_is_not_published(client: Client, election: Election, publisher: User) -> None:
    Election.objects.filter(pk=election.pk).update(publication="draft")
    assert "The election is a draft" in words(client, screen(election))
    client.post(screen(election), {"seen": seen(client, election)})
    assert not Edition.objects.exists()


def test_who_may(client: Client, election: Election) -> None:
    places = [reverse("admin:publishing"), screen(election)]
    for place in places:
        assert client.get(place).status_code == 302
    client.force_login(person(username="newcomer"))
    assert [client.get(place).status_code for place in places] == [403, 403]
    client.force_login(person(Role.AUDITOR, username="auditor"))
    assert [client.get(place).status_code for place in places] == [200, 200]
    assert "Publish these figures" not in words(client, screen(election))
    assert client.post(screen(election), {"seen": seen(client, election)}).status_code == 403
    assert not Edition.objects.exists()


def test_the_list_puts_waiting_elections_first_and_links_from_everywhere(
    client: Client, election: Election
) -> None:
    make_election(name="The live election", slug="a-live-election")
    done = make_election(name="The election that is done", publishing="reviewed", slug="done")
    Mark.objects.filter(election=done).delete()
    administrator = make_administrator()
    client.force_login(administrator)
    text = words(client, reverse("admin:publishing"))
    order = ["The reviewed election", "The election that is done", "The live election"]
    assert sorted(order, key=text.index) == order
    assert screen(election) in client.get(f"/staff/elections/election/{election.pk}/change/").content.decode()
    assert reverse("admin:publishing") in client.get("/staff/").content.decode()


def test_the_screens_ask_as_much_for_three_rows_as_for_one(client: Client, election: Election) -> None:
    client.force_login(make_administrator())

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    paths = [reverse("admin:publishing"), screen(election)]
    make_visit(station=election.stations.get(city="Tokyo"))
    editions.publish(by=person(), election=election, seen=editions.count_now(election).hash)
    make_visit(station=election.stations.get(city="Ankara"))
    [queries(path) for path in paths]
    one = [queries(path) for path in paths]
    for number in range(2):
        make_election(slug=f"other-{number}")
        make_visit(station=make_station(election=election, country="DE", constituency=None))
    editions.publish(
        by=User.objects.get(username="publisher"), election=election, seen=editions.count_now(election).hash
    )
    make_visit(station=make_station(election=election, country="FR", constituency=None))
    assert [queries(path) for path in paths] == one


def test_an_edition_can_be_looked_at_in_the_admin_and_not_changed(client: Client, election: Election) -> None:
    client.force_login(make_administrator())
    edition: Any = editions.publish(by=person(), election=election, seen=editions.count_now(election).hash)
    change = reverse("admin:coverage_edition_change", args=[edition.pk])
    assert edition.hash in client.get(change).content.decode()
    assert client.get(reverse("admin:coverage_edition_changelist")).status_code == 200
    assert client.get(reverse("admin:coverage_edition_add")).status_code == 403
    assert client.post(change, {"number": 9}).status_code == 403
    assert client.get(reverse("admin:coverage_edition_delete", args=[edition.pk])).status_code == 403
