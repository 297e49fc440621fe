"""Badges by group, status and day: counted in SQL, compared with a naive recount, drawn beside what was announced."""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.factories import (
    make_accreditation,
    make_accreditation_change,
    make_administrator,
    make_election,
    make_figure,
    make_mission,
    make_observer,
    make_organization,
    make_outlet,
    make_source,
)
from tests.public.pages import address, text_of
from tracker.coverage import editions
from tracker.coverage.counting import count
from tracker.coverage.figures import BadgeDay, compute, read
from tracker.elections.models import Election
from tracker.missions import actions
from tracker.missions.models import Accreditation

pytestmark = pytest.mark.django_db

START = datetime(2024, 1, 15, tzinfo=UTC)
GROUPS = ("observers_international", "observers_domestic", "media_foreign", "media_domestic")
PATHS = [
    ["applied"],
    ["applied", "refused"],
    ["applied", "withdrawn"],
    ["applied", "accredited"],
    ["applied", "accredited", "withdrawn"],
    ["applied", "accredited", "expired"],
]
applications = st.fixed_dictionaries(
    {
        "group": st.sampled_from(GROUPS),
        "published": st.sampled_from([True, True, False]),
        "steps": st.sampled_from(PATHS),
        # minutes between the steps: within a day, over midnight in Baku (20:00 UTC), over days
        "minutes": st.tuples(*[st.integers(0, 3000)] * 3),
        # the badge's last day, in days after the start: before it was given, before it ended, after that
        "last": st.integers(0, 8),
    }
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=st.lists(applications, max_size=10))
# Ended after the last day, on it, before it; given after it.
@example(
    world=[
        {"group": group, "published": True, "steps": steps, "minutes": (0, given_after, 3000), "last": last}
        for group in GROUPS
        for steps in PATHS[4:]
        for given_after in (0, 3000)
        for last in (0, 1, 2, 8)
    ]
)
def test_the_count_equals_a_naive_recount(db: None, world: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        election = build(world)
        counted = count(election)[0]["accreditations"]
        transaction.set_rollback(True)
    assert counted == recount(world)


def build(world: list[dict[str, Any]]) -> Election:
    election = make_election()
    senders = {
        (group, published): (
            make_mission(
                election=election,
                type="ngo_domestic" if group == "observers_domestic" else "short_term",
                publication="published" if published else "draft",
            )
            if group.startswith("observers")
            else make_outlet(
                country="AZ" if group == "media_domestic" else "TR",
                publication="published" if published else "draft",
            )
        )
        for group in GROUPS
        for published in (True, False)
    }
    for row in world:
        sender = senders[row["group"], row["published"]]
        over: dict[str, Any] = {"status": row["steps"][-1], "election": election}
        if "accredited" in row["steps"]:
            over |= {"valid_from": START.date(), "valid_until": last_day(row)}
        if row["group"].startswith("observers"):
            over["observer"] = make_observer(mission=sender)
        else:
            over |= {"category": "media", "outlet": sender}
        application = make_accreditation(**over)
        for status, at in moments(row):
            make_accreditation_change(accreditation=application, status=status, at=at)
    return election


def last_day(row: dict[str, Any]) -> date:
    return START.date() + timedelta(days=row["last"])


def moments(row: dict[str, Any]) -> list[tuple[str, datetime]]:
    at, found = START, []
    for status, minutes in zip(row["steps"], row["minutes"], strict=False):
        at += timedelta(minutes=minutes)
        found.append((status, at))
    return found


def recount(world: list[dict[str, Any]]) -> dict[str, Any]:
    """With loops, as one would by hand."""
    by_status = {
        group: dict.fromkeys(("applied", "accredited", "refused", "withdrawn", "expired"), 0)
        for group in GROUPS
    }
    given: dict[str, Counter[str]] = {group: Counter() for group in GROUPS}
    taken: dict[str, Counter[str]] = {group: Counter() for group in GROUPS}
    for row in world:
        if not row["published"]:
            continue
        by_status[row["group"]][row["steps"][-1]] += 1
        had: date | None = None
        for status, at in moments(row):
            day = at.astimezone(ZoneInfo("Asia/Baku")).date()
            if status == "accredited":
                given[row["group"]][day.isoformat()] += 1
                had = day
            elif status in ("withdrawn", "expired") and had:
                if day > last_day(row):
                    day = max(had, last_day(row) + timedelta(days=1))
                taken[row["group"]][day.isoformat()] += 1
    series: dict[str, list[dict[str, Any]]] = {}
    for group in GROUPS:
        held, series[group] = 0, []
        for day in sorted({*given[group], *taken[group]}):
            held += given[group][day] - taken[group][day]
            series[group].append(
                {"day": day, "given": given[group][day], "taken": taken[group][day], "badges": held}
            )
    return {"by_status": by_status, "series": series}


def test_the_actions_move_the_series_by_the_local_day() -> None:
    officer, mission = make_administrator(), make_mission()
    rows = [make_accreditation(observer=make_observer(mission=mission)) for _number in range(3)]
    # 20:30 UTC is the next day in Baku.
    for row, hour in zip(rows, (9, 19, 20), strict=True):
        actions.accredit(by=officer, accreditation=row, at=datetime(2024, 1, 20, hour, 30, tzinfo=UTC))
    actions.withdraw(
        by=officer, accreditation=rows[0], reason="Left.", at=datetime(2024, 1, 21, 9, tzinfo=UTC)
    )
    found = compute(mission.election).accreditations
    assert found.series["observers_international"] == [
        BadgeDay(date(2024, 1, 20), given=2, taken=0, badges=2),
        BadgeDay(date(2024, 1, 21), given=1, taken=1, badges=2),
    ]
    assert found.badges("observers_international") == 2
    assert found.badges("media_foreign") == 0


@pytest.mark.parametrize("late", ["expired", "withdrawn"])
def test_a_badge_that_is_ended_years_late_was_held_until_its_last_day(late: str) -> None:
    officer, row = make_administrator(), make_accreditation()
    actions.accredit(by=officer, accreditation=row, at=datetime(2024, 1, 20, 9, tzinfo=UTC))
    if late == "expired":
        assert actions.expire_accreditations(on=date(2026, 3, 1)) == 1
    else:
        actions.withdraw(by=officer, accreditation=row, reason="Left.", at=datetime(2026, 3, 1, tzinfo=UTC))
    assert compute(row.election).accreditations.series["observers_international"] == [
        BadgeDay(date(2024, 1, 20), given=1, taken=0, badges=1),
        BadgeDay(date(2024, 2, 8), given=0, taken=1, badges=0),
    ]


def test_as_many_queries_for_many_as_for_one() -> None:
    def queries(rows: int) -> int:
        world = [
            {
                "group": group,
                "published": True,
                "steps": PATHS[4],
                "minutes": (1, number * 900, 900),
                "last": 3,
            }
            for number in range(rows)
            for group in GROUPS
        ]
        election = build(world)
        with CaptureQueriesContext(connection) as captured:
            count(election)
        return len(captured)

    assert queries(1) == queries(3)


def test_an_edition_of_before_badges_were_counted_is_still_read() -> None:
    content, _detail = count(make_election())
    figures = read(content | {"accreditations": {}})
    assert (figures.accreditations.series, figures.accreditations.badges("media_foreign")) == ({}, 0)


def test_a_badge_makes_an_edition_that_says_what_changed() -> None:
    row = make_accreditation()
    first = editions.refresh(row.election)
    actions.accredit(by=make_administrator(), accreditation=row)
    second = editions.refresh(row.election)
    assert first
    assert second
    assert second.changes == '[{"after":1,"before":0,"key":"badges.observers"}]'


# --- the chart


def panel_of(client: Client, election: Election, key: str = "observers") -> tuple[str, str]:
    """The panel's HTML and what a reader reads in it."""
    html = client.get(address("dashboard", election)).content.decode()
    section = re.search(
        rf'<section class="accreditation" aria-labelledby="accredited-{key}">.*?</section>', html, re.S
    )
    assert section, f"no panel {key}"
    return section[0], text_of(f"<main>{section[0]}</main>")


def titles(html: str) -> list[str]:
    return [unescape(title) for title in re.findall(r"<title>(.*?)</title>", html)]


def test_the_real_election_has_its_announced_points_and_pretends_no_line(
    client: Client, az2024: Election
) -> None:
    html, said = panel_of(client, az2024)
    assert "No accreditation is recorded in this register." in said
    assert 'class="trend-line"' not in html
    assert titles(html) == [
        "5 Jan 2024, announced by CEC (Panahov): 72",
        "9 Jan 2024, announced by CEC (Panahov): 78",
        "24 Jan 2024, announced by CEC (Panahov): about 400",
        "29 Jan 2024, announced by CEC (Panahov): nearly 800",
        "6 Feb 2024, announced by CEC (Panahov): 790",
        "7 Feb 2024, announced by askanews: 760",
    ]
    # The same numbers in the table, each with its source; the one without a date is there and on no chart.
    rows = re.findall(r"<tbody>(.*?)</tbody>", html, re.S)[0].split("</tr>")[:-1]
    assert len(rows) == 7
    assert all("Source:" in row for row in rows)
    assert "date not known 600 Daily News Hungary" in said
    assert "about 400 CEC (Panahov)" in said
    journalists = panel_of(client, az2024, "journalists")[1]
    assert "6 Feb 2024 216 CEC (Panahov)" in journalists


def test_rivals_of_one_day_are_both_drawn(client: Client) -> None:
    election = make_election()
    for value, qualifier in ((790, "exact"), (760, "over")):
        make_figure(
            election=election, metric="international_observers", unit="persons", value=value, qualifier=qualifier,
            conflict_group="observers", source=make_source(),
        )  # fmt: skip
    make_figure(election=election, metric="international_observers", unit="persons", value=37, scope="ODIHR")
    html, _said = panel_of(client, election)
    places = re.findall(r'class="announced-point( hollow)?" d="M([\d.]+) ([\d.]+)m', html)
    assert [(hollow, x) for hollow, x, _y in places] == [("", "377.0"), (" hollow", "377.0")]
    assert float(places[0][2]) < float(places[1][2])  # the larger number stands higher


def test_announced_points_and_the_recorded_line_stand_in_one_chart(client: Client) -> None:
    officer, election = make_administrator(), make_election()
    mission = make_mission(election=election)
    for number, day in enumerate((20, 20, 25)):
        row = make_accreditation(observer=make_observer(mission=mission))
        actions.accredit(by=officer, accreditation=row, at=datetime(2024, 1, day, 9, number, tzinfo=UTC))
    domestic = make_mission(election=election, type="ngo_domestic", organization=make_organization())
    other = make_accreditation(observer=make_observer(mission=domestic))
    actions.accredit(by=officer, accreditation=other, at=datetime(2024, 1, 22, 9, tzinfo=UTC))
    make_figure(
        election=election,
        metric="international_observers",
        unit="persons",
        value=4,
        as_of_date=date(2024, 1, 30),
    )
    editions.refresh_stale()
    html, said = panel_of(client, election)
    assert titles(html) == [
        "20 Jan 2024, recorded: 2 badges",
        "25 Jan 2024, recorded: 3 badges",
        "30 Jan 2024, announced by Ministry of Foreign Affairs: 4",
    ]
    # A stair from nothing: up to two, on to three, and on to the last day of the chart.
    assert re.search(r'class="trend-line" d="([^"]+)"', html)[1] == "M48.0 226.0V120.0H377.0V67.0H706.0"
    assert "Day Badges given Taken away Badges held 20 Jan 2024 2 0 2 25 Jan 2024 1 0 3" in said
    svg = re.search(r"<svg class=\"trend series\".*?</svg>", html, re.S)[0]
    ElementTree.fromstring(svg)  # noqa: S314 - our own
    assert "style=" not in svg
    # Points and line have their own colours without a style sheet, as in a saved file.
    assert svg.count('stroke="#0b5563"') == 1
    assert svg.count('stroke="#b45309"') == 1


def test_nothing_announced_and_nothing_recorded_is_said(client: Client) -> None:
    election = make_election()
    html, said = panel_of(client, election)
    assert "No accreditation is recorded in this register." in said
    assert "<svg" not in html
    page = client.get(address("dashboard", election)).content.decode()
    assert 'id="accredited-journalists"' not in page


def test_the_draft_of_a_mission_is_not_in_the_line(client: Client) -> None:
    mission = make_mission(publication="draft")
    row = make_accreditation(observer=make_observer(mission=mission))
    actions.accredit(by=make_administrator(), accreditation=row)
    assert "No accreditation is recorded" in panel_of(client, mission.election)[1]
    assert Accreditation.objects.published().count() == 1
