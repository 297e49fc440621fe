"""Two organizations in one election, for the tests of who may see and do what. All of B's words begin with CANARY."""

from types import SimpleNamespace
from typing import Any

from django.db import models

from tests import factories as make
from tracker.core.roles import Role
from tracker.coverage import editions
from tracker.coverage.models import Edition

CANARY = "CANARY"


def make_edition(election: Any) -> Edition:
    """What was published of the figures, also of an election that is a draft by now."""
    rows = type(election).objects.filter(pk=election.pk)
    rows.update(publication="published")
    edition = editions.refresh(rows.get())
    rows.update(publication=election.publication)
    assert edition is not None
    return edition


def make_side(election: Any, station: Any, name: str, publication: str) -> SimpleNamespace:
    """One organization with one row of everything it can own."""
    side = SimpleNamespace(name=name)
    side.organization = make.make_organization(
        name=f"{name} organization", acronym=f"{name}-ORG", slug=name.lower(), publication=publication
    )
    side.mission = make.make_mission(
        election=election,
        organization=side.organization,
        publication=publication,
        head_of_mission=f"{name} head",
    )
    side.membership = make.make_membership(
        mission=side.mission,
        organization=make.make_organization(name=f"{name} partner", publication=publication),
    )
    otherwise = "draft" if publication == "published" else "published"
    side.statement = make.make_statement(
        mission=side.mission,
        title=f"{name} statement",
        publication=otherwise,
    )
    side.person = make.make_person(full_name=f"{name} person", document_number=f"{name}-P1")
    side.observer = make.make_observer(mission=side.mission, code=f"{name}-1", person=side.person)
    second = make.make_observer(mission=side.mission, code=f"{name}-2", person=None)
    side.free_observer = make.make_observer(mission=side.mission, code=f"{name}-3", person=None)
    side.accreditation = make.make_accreditation(
        observer=side.observer, status="accredited", number=f"{name}-0001", reason=f"{name} reason"
    )
    side.assessment = make.make_assessment(mission=side.mission, label=f"{name} good")
    side.team = make.make_team(mission=side.mission, name=f"{name}-T", members=[side.observer, second])
    side.deployment = make.make_deployment(team=side.team, station=station, notes=f"{name} plan")
    side.visit = make.make_visit(team=side.team, station=station, status="draft", findings=f"{name} findings")
    side.incident = make.make_incident(
        station=station, election=election, team=side.team, description=f"{name} description",
        summary="A seal was missing.", publication=otherwise,
    )  # fmt: skip
    return side


def make_world() -> SimpleNamespace:
    """A published election and a draft one; organization A, public, and B, hidden; an account of every role."""
    world = SimpleNamespace()
    world.election = make.make_election(slug="the-election")
    world.draft_election = make.make_election(name=f"{CANARY} election", publication="draft", slug="hidden")
    world.station = make.make_station(election=world.election)
    world.draft_station = make.make_station(
        election=world.election, city=f"{CANARY} city", number="99", publication="draft"
    )
    world.a = make_side(world.election, world.station, "ALPHA", "published")
    world.b = make_side(world.election, world.station, CANARY, "draft")
    world.accounts = {
        role.value: make.make_account(
            role, organization=world.a.organization if role == Role.COORDINATOR else None
        )
        for role in Role
    }
    world.accounts |= {"superuser": make.make_administrator(), "newcomer": make.make_account()}
    world.coordinator_b = make.make_account(Role.COORDINATOR, organization=world.b.organization)
    # A file that each coordinator brought.
    for side, sender in ((world.a, world.accounts[Role.COORDINATOR]), (world.b, world.coordinator_b)):
        side.upload = make.make_upload(
            election=world.election, name=f"{side.name} visits.csv", sent_by=sender
        )
    return world


def rows_of(world: SimpleNamespace) -> dict[str, tuple[models.Model, models.Model]]:
    """The two rows that the table of expectations speaks of, for each model of the admin."""

    def of_the_host(maker: Any, name: str, **over: Any) -> tuple[Any, Any]:
        rows = {state: maker(publication=state, **over | {name: f"{word} {name}"})
                for state, word in (("published", "ALPHA"), ("draft", CANARY))}  # fmt: skip
        return rows["published"], rows["draft"]

    election, a, b = world.election, world.a, world.b
    owned = "organization mission membership statement observer person accreditation team deployment visit incident"
    found = {name.capitalize(): (getattr(a, name), getattr(b, name)) for name in owned.split()}
    source, rule = make.make_source(title="ALPHA source"), make.make_rule(election=election)
    # Nothing public rests on it.
    hidden = make.make_source(title=f"{CANARY} source", url="https://canary.example/embargoed")
    type(b.mission).objects.filter(pk=b.mission.pk).update(source=hidden)
    account, job = make.make_account(), make.make_job()
    reading, attempt = make.make_reading(person=a.person.pk), make.make_attempt()
    return found | {
        "Election": (election, world.draft_election),
        "Constituency": of_the_host(make.make_constituency, "name", election=election),
        "Milestone": of_the_host(make.make_milestone, "title", election=election),
        "AnnouncedFigure": of_the_host(make.make_figure, "announced_by", election=election, source=source),
        "PollingStation": (world.station, world.draft_station),
        "VotingWindow": (
            make.make_window(station=world.station),
            make.make_window(station=world.draft_station),
        ),
        "Engagement": of_the_host(make.make_engagement, "host", election=election),
        "Outlet": of_the_host(make.make_outlet, "name"),
        "AccreditationRule": (rule, rule),
        "Edition": (make_edition(election), make_edition(world.draft_election)),
        "Source": (source, hidden),
        "Country": (make.country("KZ"), make.country("KZ")),
        "TimeZone": (make.zone("Asia/Almaty"), make.zone("Asia/Almaty")),
        "Job": (job, job),
        "PersonReading": (reading, reading),
        "SignInAttempt": (attempt, attempt),
        "User": (account, world.accounts["superuser"]),
    }
