"""The data page of an election: all files, what they hold, and how to cite them."""

import re

import pytest
from django.test import Client

from tests.factories import make_election, make_simulated_day, make_station
from tests.public.pages import text_of
from tracker.coverage.editions import public_editions, refresh
from tracker.elections.models import Election
from tracker.opendata.datasets import DATASETS

pytestmark = pytest.mark.django_db


def page(client: Client, election: Election, language: str = "en") -> str:
    answer = client.get(f"/{language}/e/{election.slug}/data/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_link_leads_somewhere(client: Client, az2024: Election) -> None:
    refresh(az2024)
    html = page(client, az2024)
    main = html.split("<main")[1].split("</main>")[0]
    links = set(re.findall(r'href="(/[^"#]*)"', main))
    assert len(links) >= 3 * len(DATASETS)
    for link in links:
        assert client.get(link).status_code == 200, link
    anchors = set(re.findall(r'href="#([^"]+)"', main))
    assert {f"codebook-{dataset.name}" for dataset in DATASETS} <= anchors
    assert all(f'id="{anchor}"' in html for anchor in anchors)


def test_it_says_what_is_in_it_and_how_to_cite_it(client: Client, az2024: Election) -> None:
    refresh(az2024)
    words = text_of(page(client, az2024))
    edition = public_editions(az2024).first()
    assert "Polling stations 49 " in words
    assert "Announced figures 101 " in words
    assert f"edition 1 of {edition.published_at:%Y-%m-%d}, SHA-256 {edition.hash}" in words
    assert "Creative Commons Attribution 4.0" in words
    for dataset in DATASETS:
        for column in dataset.columns:
            assert f"{column.name} {column.type}" in words, (dataset.name, column.name)
    # Words to ask with that are no value of a column.
    assert "can also be asked for: planned : a mission plans to visit it, visited or not" in words


@pytest.mark.parametrize("language", ["en", "az", "ru"])
def test_it_keeps_the_rules_of_all_pages(client: Client, language: str) -> None:
    station = make_station()
    refresh(station.election)
    answer = client.get(f"/{language}/e/{station.election.slug}/data/")
    html = answer.content.decode()
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert ' style="' not in html
    assert "<script>" not in html
    assert (len(re.findall("<h1", html)), answer.cookies) == (1, {})
    assert "public" in answer["Cache-Control"]
    again = client.get(answer.request["PATH_INFO"], headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


def test_it_is_linked_from_the_election(client: Client) -> None:
    election = make_election()
    html = client.get(f"/en/e/{election.slug}/").content.decode()
    assert f'<a href="/en/e/{election.slug}/data/">Data</a>' in html
    assert f'href="/en/e/{election.slug}/data/" aria-current="page"' in page(client, election)


def test_an_election_without_rows_has_a_page(client: Client) -> None:
    election = make_election(publishing="reviewed")
    words = text_of(page(client, election))
    assert "No edition of the figures is published yet." in words
    assert "Polling stations 0 " in words


def test_what_was_measured_is_measured_again_when_rows_move(client: Client) -> None:
    station = make_station()
    refresh(station.election)
    assert "Polling stations 1 " in text_of(page(client, station.election))
    make_station(election=station.election)
    assert "Polling stations 2 " in text_of(page(client, station.election))


def test_a_demonstration_says_so(client: Client) -> None:
    day = make_simulated_day()
    assert "everything here is invented" in page(client, day.election)
