"""An organization that was not invited, declined or stayed away, and observed with another mission all the same."""

import pytest
from django.test import Client

from tests.factories import make_election, make_membership, make_mission, make_organization, make_source
from tests.public.pages import address, read
from tracker.coverage import editions
from tracker.elections.models import Election
from tracker.missions.models import Mission, Organization

pytestmark = pytest.mark.django_db
WENT_AHEAD = "Another mission with this organization went ahead."


@pytest.fixture
def election() -> Election:
    """One that knows of a missing invitation, said on 23 January 2024."""
    election, source = (
        make_election(),
        make_source(publisher="Assembly", title="List", published_on="2024-01-23"),
    )
    organization = make_organization(
        name="The assembly",
        acronym="ASM",
        slug="asm",
        kind="interparliamentary",
        notes="Not invited.",
        source=source,
    )
    make_mission(
        election=election, organization=organization, type="parliamentary_short_term", status="not_invited",
        source=source,
    )  # fmt: skip
    return election


def pages(client: Client, election: Election) -> tuple[str, str]:
    editions.refresh_stale()
    return read(client, address("mission", election, "asm")), read(client, address("missions", election))


def test_alone_it_is_what_it_says(client: Client, election: Election) -> None:
    """Red when: every mission that did not come about is said to have another one."""
    make_mission(election=election)
    own, listed = pages(client, election)
    assert WENT_AHEAD not in own + listed
    assert "The assembly ASM Parliamentary mission, short-term not invited –" in listed
    assert "About the organization As of 2024-01-23: Not invited. Source: List , Assembly, 2024-01-23" in own


@pytest.mark.parametrize("joined", [False, True])
def test_beside_a_mission_that_observed_it_is_dated_and_beneath(
    client: Client, election: Election, joined: bool
) -> None:
    """Red when: `missions_of` does not look at ABSENT; `organizations_observing` leaves members out; or the note of
    the organization stands in the head of its page."""
    absent, organization = Mission.objects.get(), Organization.objects.get()
    if joined:
        mission = make_mission(election=election, organization=make_organization(name="Several together"))
        make_membership(mission=mission, organization=organization)
    else:
        make_mission(election=election, organization=organization)
    own, listed = pages(client, election)
    said = f"Parliamentary mission, short-term not invited As of 2024-01-23. {WENT_AHEAD}"
    assert f"The assembly ASM {said}" in listed
    assert (
        own.index("Short-term mission observed")
        < own.index(said)
        < own.index("As of 2024-01-23: Not invited.")
    )
    assert own.count(WENT_AHEAD) == listed.count(WENT_AHEAD) == 1
    Mission.objects.exclude(pk=absent.pk).update(publication="draft")
    assert WENT_AHEAD not in "".join(pages(client, election))
    # Nor for what is only planned, or was in another election.
    Mission.objects.exclude(pk=absent.pk).update(publication="published", status="planned")
    make_mission(organization=organization)
    assert WENT_AHEAD not in "".join(pages(client, election))
