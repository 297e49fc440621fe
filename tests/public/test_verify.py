"""Verify by number: what is good says for whom as far as that is published, what is not says nothing more."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from tests.factories import (
    make_accreditation,
    make_accreditation_change,
    make_administrator,
    make_bulk_decision,
    make_election,
    make_mission,
    make_observer,
    make_organization,
    make_outlet,
    make_person,
    make_rule,
)
from tests.public.pages import LANGUAGES, address, read
from tests.public.test_pages import all_addresses, furnish
from tracker.core.models import Publication
from tracker.coverage import editions
from tracker.elections.models import Election
from tracker.missions import actions
from tracker.missions.models import Accreditation, Person

pytestmark = pytest.mark.django_db

NUMBER = "O-7K3M-Q2XD"


@pytest.fixture(autouse=True)
def february(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the morning of 7 February 2024."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2024, 2, 7, 6, tzinfo=UTC))


@pytest.fixture
def election() -> Election:
    return make_election()


def badge(election: Election, **over: Any) -> Accreditation:
    """A badge of February 2024 of an observer whose name nobody published."""
    mission = over.pop("mission", None) or make_mission(
        election=election, organization=make_organization(name="Observers Without Number")
    )
    observer = make_observer(
        mission=mission, person=make_person(full_name="Canary Person"), **over.pop("who", {})
    )
    return make_accreditation(observer=observer, **{"status": "accredited", "number": NUMBER} | over)


def verdict(client: Client, election: Election, number: str = NUMBER) -> str:
    return read(client, address("verify_number", election, number)).split("Such as")[0]


def test_a_good_badge_says_for_whom_and_how_long(client: Client, election: Election) -> None:
    badge(election)
    said = verdict(client, election)
    assert (
        "Valid today Number O-7K3M-Q2XD Category Observer Organization Observers Without Number "
        "Valid 1 February 2024 – 29 February 2024 Days in Asia/Baku. Asked at 7 Feb 2024 10:00, Asia/Baku."
        in said
    )
    assert "Canary" not in said


def test_a_media_badge_names_its_outlet_where_that_is_published(client: Client, election: Election) -> None:
    outlet = make_outlet(name="Placeholder Daily")
    make_accreditation(
        category="media", election=election, outlet=outlet, status="accredited", number="M-1",
        media_person=make_person(full_name="Canary Reporter"),
    )  # fmt: skip
    said = verdict(client, election, "M-1")
    assert "Category Media Media outlet Placeholder Daily Valid" in said
    assert "Canary" not in said
    outlet.publication = Publication.DRAFT
    outlet.save()
    assert "Valid today Number M-1 Category Media Valid 1 February" in verdict(client, election, "M-1")


@pytest.mark.parametrize(
    "over",
    [
        {"status": "applied", "number": ""},
        {"status": "refused", "number": ""},
        {"status": "withdrawn"},
        {"status": "expired"},
        {"valid_from": date(2024, 2, 8)},
        {"valid_until": date(2024, 2, 6)},
    ],
    ids=["applied", "refused", "withdrawn", "expired", "not yet", "over"],
)
def test_what_is_not_good_looks_like_what_never_was(
    client: Client, election: Election, over: dict[str, Any]
) -> None:
    never = client.get(address("verify_number", election, NUMBER)).content
    badge(election, **over)
    found = client.get(address("verify_number", election, NUMBER))
    assert found.content == never
    assert found.status_code == 200
    assert "Not valid today No badge of this election with the number O-7K3M-Q2XD is valid today." in verdict(
        client, election
    )


@pytest.mark.parametrize(
    ("at", "good"),
    [
        (datetime(2024, 1, 31, 19, 59, tzinfo=UTC), False),
        (datetime(2024, 1, 31, 20, 0, tzinfo=UTC), True),  # midnight in Baku
        (datetime(2024, 2, 29, 19, 59, tzinfo=UTC), True),
        (datetime(2024, 2, 29, 20, 0, tzinfo=UTC), False),
    ],
)
def test_days_are_those_of_the_election(
    client: Client, election: Election, monkeypatch: pytest.MonkeyPatch, at: datetime, good: bool
) -> None:
    badge(election)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at)
    assert ("Not valid today" in verdict(client, election)) is not good


@pytest.mark.parametrize("typed", ["o-7k3m-q2xd", " O - 7K3M – q2xd ", "O‑7K3M—Q2XD", "\u200bO-7K3M-Q2XD"])
def test_typing_is_forgiven(client: Client, election: Election, typed: str) -> None:
    badge(election)
    canonical = address("verify_number", election, NUMBER)
    answer = client.get(address("verify", election), {"number": typed})
    assert (answer.status_code, answer["Location"]) == (302, canonical)
    answer = client.get(address("verify_number", election, typed))
    assert (answer.status_code, answer["Location"]) == (302, canonical)


@pytest.mark.parametrize(
    "typed", ["?", "../../staff", "x" * 500, "О-7К3М", "<script>alert(1)</script>", "%", " "]
)
def test_what_is_no_number_is_not_valid(client: Client, election: Election, typed: str) -> None:
    answer = client.get(address("verify", election), {"number": typed})
    assert answer.status_code == 200
    html = answer.content.decode()
    assert "<script>alert" not in html
    assert ("Not valid today" in html) is bool(typed.strip())
    for odd in ("%00", "%ff%fe", "9" * 3000, "%0d%0aX:1"):
        for path in (f"{address('verify', election)}?number={odd}", f"{address('verify', election)}{odd}/"):
            assert client.get(path, follow=True).status_code in (200, 404), path


def test_a_draft_mission_is_not_named_and_its_badge_is_good(client: Client, election: Election) -> None:
    mission = make_mission(
        election=election, organization=make_organization(name="Canary Body"), publication=Publication.DRAFT
    )
    badge(election, mission=mission, who={"name_published": True})
    said = verdict(client, election)
    assert "Valid today Number O-7K3M-Q2XD Category Observer Valid 1 February" in said
    assert "Canary" not in said


def test_a_name_is_shown_only_where_the_mission_published_it_and_is_gone_with_the_badge(
    client: Client, election: Election
) -> None:
    row = badge(election, who={"name_published": True})
    path = address("verify_number", election, NUMBER)
    answer = client.get(path)
    assert "<dt>Name</dt><dd>Canary Person</dd>" in answer.content.decode()
    # No cache may show it after it is withdrawn.
    assert answer["Cache-Control"] == "no-store"
    actions.withdraw(by=make_administrator(), accreditation=row, reason="Left.")
    assert "Canary" not in client.get(path).content.decode()


def test_an_erased_person_leaves_a_good_badge_without_a_name(client: Client, election: Election) -> None:
    badge(election, who={"name_published": True})
    Person.objects.all().delete()
    assert "Valid today Number O-7K3M-Q2XD Category Observer Organization Observers" in verdict(
        client, election
    )


def test_a_badge_is_good_in_its_own_election_alone(client: Client, election: Election) -> None:
    badge(election)
    assert "Not valid today" in verdict(client, make_election())
    draft = make_election(publication=Publication.DRAFT)
    assert client.get(address("verify", draft)).status_code == 404
    assert client.get(address("verify_number", draft, NUMBER)).status_code == 404


def test_search_engines_are_kept_out_and_the_dashboard_leads_in(client: Client, election: Election) -> None:
    badge(election)
    for path in (address("verify", election), address("verify_number", election, NUMBER)):
        for code in LANGUAGES:
            answer = client.get(f"/{code}{path[3:]}")
            assert answer.status_code == 200
            assert answer["X-Robots-Tag"] == "noindex"
            assert "default-src 'none'" in answer["Content-Security-Policy"]
            assert not answer.cookies
    assert "verify" not in client.get("/sitemap.xml").content.decode()
    assert (
        f'href="{address("verify", election)}"' in client.get(address("dashboard", election)).content.decode()
    )


def test_nothing_private_of_people_and_decisions_is_on_any_public_page(client: Client) -> None:
    """A token of its own in every field of a person, every reason and every note."""
    election = make_election()
    furnish(election)
    tokens = iter(f"canary{number}x" for number in range(1000, 2000))
    planted: list[str] = []

    def token(end: str = "") -> str:
        planted.append(next(tokens))
        return planted[-1] + end

    def person() -> Person:
        return make_person(
            full_name=token(),
            document_number=token(),
            phone=token(),
            notes=token(),
            email=token("@example.org"),
        )

    for published in (True, False):
        mission = make_mission(election=election, publication="published" if published else "draft")
        for status in Accreditation.Status.values:
            row = make_accreditation(
                observer=make_observer(mission=mission, person=person(), code=token()),
                status=status,
                reason=token(),
            )
            media = make_accreditation(
                category="media", election=election, status=status, reason=token(), media_person=person(),
                outlet=make_outlet(notes=token(), publication="published" if published else "draft"),
            )  # fmt: skip
            for one in (row, media):
                make_accreditation_change(accreditation=one, status=status, reason=token())
    make_rule(election=election, notes=token())
    decision = make_bulk_decision(rows=list(election.accreditations.all()), reason=token())
    decision.rows.update(outcome="not", problem=token())
    editions.refresh_stale()

    numbers = election.accreditations.exclude(number="").values_list("number", flat=True)
    paths = [
        address("verify_number", election, number, language=code) for code in LANGUAGES for number in numbers
    ]
    paths += [address("verify", election, language=code) for code in LANGUAGES]
    paths += [
        *all_addresses(election),
        address("editions", election, query="edition=1"),
        "/sitemap.xml",
        "/robots.txt",
    ]
    # Every field of a person that holds words is planted: a new one must be as well.
    words = {f.name for f in Person._meta.fields if f.get_internal_type() in ("CharField", "TextField")}
    assert words == {"full_name", "document_number", "email", "phone", "notes"}
    found = set()
    valid = 0
    for path in paths:
        html = client.get(path).content.decode()
        valid += 'data-verdict="valid"' in html
        found |= {(path, one) for one in planted if one in html}
    assert found == set()
    assert valid == 12  # of two missions and two outlets, in three languages
    assert len(planted) == 163
