"""Rows for tests, made by plain functions: `make_station(city="Ankara")` brings its own published election.

Every default is published and plausible; name only what the test is about. Foreign keys may be given as objects
or, for countries and time zones, as codes ("KZ", "Asia/Almaty").
"""

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from django.utils import timezone

from tracker.accounts.models import SignInAttempt
from tracker.core.models import Country, Job, Publication, Source, TimeZone, User
from tracker.elections.models import AnnouncedFigure, Constituency, Election, Milestone, SimulatedDay
from tracker.fieldwork.models import Assessment, Deployment, Incident, Team, Visit
from tracker.ingest.models import Upload, UploadedFile, UploadedRecord
from tracker.missions.models import (
    Accreditation,
    AccreditationChange,
    AccreditationRule,
    Affiliation,
    BulkDecision,
    BulkDecisionRow,
    Category,
    Engagement,
    Membership,
    Mission,
    Observer,
    Organization,
    Outlet,
    Person,
    PersonReading,
    Statement,
)
from tracker.stations.models import PollingStation, VotingWindow

_numbers = count(1)


def country(iso2: str) -> Country:
    """The country with this code, written if the reference table was emptied."""
    names = {"iso3": f"{iso2}X", "name_en": iso2, "name_az": iso2, "name_ru": iso2}
    return Country.objects.get_or_create(iso2=iso2, defaults=names)[0]


def zone(name: str) -> TimeZone:
    """The time zone with this name, written if the reference table was emptied."""
    return TimeZone.objects.get_or_create(name=name)[0]


def _resolve(values: dict[str, Any]) -> dict[str, Any]:
    if isinstance(values.get("country"), str):
        values["country"] = country(values["country"])
    for key in ("timezone", "as_of_timezone"):
        if isinstance(values.get(key), str):
            values[key] = zone(values[key])
    return values


def make_source(**over: Any) -> Source:
    number = next(_numbers)
    defaults = {
        "publisher": "Trend",
        "title": f"Report {number}",
        "url": f"https://example.org/report-{number}",
        "published_on": "2024-02-06",
    }
    return Source.objects.create(**defaults | over)


def make_election(**over: Any) -> Election:
    """A published presidential election in Azerbaijan on 7 February 2024."""
    day = over.get("starts_on", date(2024, 2, 7))
    defaults: dict[str, Any] = {
        "slug": f"election-{next(_numbers)}",
        "name": "Extraordinary presidential election",
        "country": "AZ",
        "kind": Election.Kind.PRESIDENTIAL,
        "call": Election.Call.EXTRAORDINARY,
        "starts_on": day,
        "ends_on": day,
        "timezone": "Asia/Baku",
        "publication": Publication.PUBLISHED,
    }
    return Election.objects.create(**_resolve(defaults | over))


def make_simulated_day(**over: Any) -> SimulatedDay:
    """Noon UTC on 7 February 2024, as a demonstration's clock shows it."""
    over["election"] = over.get("election") or make_election(demonstration=True)
    return SimulatedDay.objects.create(**{"seed": 1, "now": datetime(2024, 2, 7, 12, tzinfo=UTC)} | over)


def make_constituency(**over: Any) -> Constituency:
    over.setdefault("election", None)
    over["election"] = over["election"] or make_election()
    defaults = {"number": str(next(_numbers)), "name": "Khatai", "publication": Publication.PUBLISHED}
    return Constituency.objects.create(**defaults | over)


def make_milestone(**over: Any) -> Milestone:
    defaults = {
        "title": "Voting at stations abroad",
        "kind": Milestone.Kind.VOTING,
        "starts_on": date(2024, 2, 7),
        "publication": Publication.PUBLISHED,
    }
    values = _resolve(defaults | over)
    values.setdefault("election", None)
    values["election"] = values["election"] or make_election()
    return Milestone.objects.create(**values)


def make_figure(**over: Any) -> AnnouncedFigure:
    """“49 polling stations abroad”, announced by the foreign ministry."""
    defaults = {
        "metric": AnnouncedFigure.Metric.STATIONS_ABROAD,
        "value": 49,
        "unit": AnnouncedFigure.Unit.STATIONS,
        "announced_by": "Ministry of Foreign Affairs",
        "announced_on": date(2024, 2, 6),
        "as_of_date": date(2024, 2, 6),
        "publication": Publication.PUBLISHED,
    }
    values = _resolve(defaults | over)
    values["election"] = values.get("election") or make_election()
    values["source"] = values.get("source") or make_source()
    return AnnouncedFigure.objects.create(**values)


def make_station(**over: Any) -> PollingStation:
    """A published station at the embassy in Astana; without windows."""
    defaults = {
        "setting": PollingStation.Setting.ABROAD,
        "number": str(next(_numbers)),
        "country": "KZ",
        "city": "Astana",
        "host_mission": "Embassy in Astana",
        "timezone": "Asia/Almaty",
        "publication": Publication.PUBLISHED,
    }
    values = _resolve(defaults | over)
    values["election"] = values.get("election") or make_election()
    return PollingStation.objects.create(**values)


def make_window(**over: Any) -> VotingWindow:
    """08:00 to 19:00 in Astana on 7 February 2024, when its clocks were still at UTC+06:00."""
    defaults = {
        "opens_at": datetime(2024, 2, 7, 2, 0, tzinfo=UTC),
        "closes_at": datetime(2024, 2, 7, 13, 0, tzinfo=UTC),
    }
    values = defaults | over
    values["station"] = values.get("station") or make_station()
    return VotingWindow.objects.create(**values)


def make_organization(**over: Any) -> Organization:
    number = next(_numbers)
    defaults = {
        "slug": f"organization-{number}",
        "name": f"Organization {number}",
        "acronym": f"ORG{number}",
        "kind": Organization.Kind.INTERGOVERNMENTAL,
        "publication": Publication.PUBLISHED,
    }
    return Organization.objects.create(**_resolve(defaults | over))


def make_mission(**over: Any) -> Mission:
    values = {
        "type": Mission.Type.SHORT_TERM,
        "status": Mission.Status.OBSERVED,
        "publication": Publication.PUBLISHED,
    } | over
    values["election"] = values.get("election") or make_election()
    values["organization"] = values.get("organization") or make_organization()
    return Mission.objects.create(**values)


def make_membership(**over: Any) -> Membership:
    values = {"role": Membership.Role.PARTNER} | over
    values["mission"] = values.get("mission") or make_mission()
    values["organization"] = values.get("organization") or make_organization()
    return Membership.objects.create(**values)


def make_statement(**over: Any) -> Statement:
    defaults = {
        "kind": Statement.Kind.PRELIMINARY_STATEMENT,
        "title": "Preliminary statement",
        "issued_on": date(2024, 2, 8),
        "language": "en",
        "url": "https://example.org/statement.pdf",
        "publication": Publication.PUBLISHED,
    }
    values = defaults | over
    values["mission"] = values.get("mission") or make_mission()
    return Statement.objects.create(**values)


def make_engagement(**over: Any) -> Engagement:
    """The foreign minister receives the head of a mission; `organizations=[...]` may be given."""
    defaults: dict[str, Any] = {
        "kind": Engagement.Kind.MEETING,
        "date": date(2024, 2, 6),
        "place": "Baku",
        "host": "Foreign Minister",
        "visitor": "Secretary General",
        "publication": Publication.PUBLISHED,
    }
    values = defaults | over
    organizations = values.pop("organizations", [])
    values["election"] = values.get("election") or make_election()
    engagement = Engagement.objects.create(**values)
    engagement.organizations.set(organizations)
    return engagement


def make_administrator(**over: Any) -> User:
    defaults = {"username": f"administrator-{next(_numbers)}", "password": "correct horse battery"}
    return User.objects.create_superuser(**defaults | over)


def make_account(*roles: str, organization: Organization | None = None, **over: Any) -> User:
    """A staff account with these roles; a coordinator's `organization` is whom it works for."""
    defaults = {
        "username": f"account-{next(_numbers)}",
        "password": "correct horse battery",
        "is_staff": True,
    }
    account = User.objects.create_user(**defaults | {"roles": list(roles)} | over)
    if organization is not None:
        Affiliation.objects.create(account=account, organization=organization)
        account.refresh_from_db()  # its sessions ended with that
    return account


def make_attempt(**over: Any) -> SignInAttempt:
    """A wrong password, just now."""
    defaults = {
        "at": timezone.now(), "kind": "password", "door": "account_login", "outcome": "wrong", "account": "0" * 64,
        "address": "192.0.2.1",
    }  # fmt: skip
    return SignInAttempt.objects.create(**defaults | over)


def make_job(**over: Any) -> Job:
    """A job that waits; of a kind nobody registered."""
    return Job.objects.create(
        **{"kind": "recount", "requested_at": datetime(2024, 2, 7, 9, tzinfo=UTC)} | over
    )


def make_upload(**over: Any) -> Upload:
    """A file of visits that was checked, with one row that could not be read."""
    content = over.pop("content", b"mission,team,date\nOurs,T-1,2024-02-07\n")
    over["election"] = over.get("election") or make_election()
    rules = {name: {"columns": [name]} for name in ("mission", "team", "date")}
    upload = Upload.objects.create(
        **{
            "name": "visits.csv", "size": len(content), "sha256": "0" * 64, "format": "csv", "kind": "visits",
            "header_row": 1, "state": "checked", "counts": {"rows": 1, "bad": 1},
            "mapping": {"mapping": {"version": 1, "kind": "visits", "language": "", "day_first": None, "rules": rules}},
        }
        | over
    )  # fmt: skip
    UploadedFile.objects.create(upload=upload, content=content)
    UploadedRecord.objects.create(
        upload=upload, kind="visit", row=2, key="row 2", label="", action="bad",
        problems=[["team", upload.name, "is not a team.", "Correct it.", "error"]],
    )  # fmt: skip
    return upload


# --- people and their accreditation


def make_person(**over: Any) -> Person:
    """An invented person; the names are placeholders, not people."""
    return Person.objects.create(**{"full_name": f"Observer Number {next(_numbers)}"} | over)


def make_reading(**over: Any) -> PersonReading:
    """Somebody of the staff opened the page of a person."""
    over["person"] = over.get("person") or make_person().pk
    defaults = {
        "account": 1,
        "at": datetime(2024, 2, 7, 9, tzinfo=UTC),
        "screen": "admin:missions_person_change",
    }
    return PersonReading.objects.create(**defaults | over)


def make_observer(**over: Any) -> Observer:
    """A short-term observer with a person, in a published mission."""
    over["mission"] = over.get("mission") or make_mission()
    if "person" not in over:
        over["person"] = make_person()
    return Observer.objects.create(**{"code": f"STO-{next(_numbers)}", "role": Observer.Role.STO} | over)


def make_outlet(**over: Any) -> Outlet:
    defaults = {"name": f"Outlet {next(_numbers)}", "country": "TR", "publication": Publication.PUBLISHED}
    return Outlet.objects.create(**_resolve(defaults | over))


def make_accreditation(**over: Any) -> Accreditation:
    """An observer's application of 15 January 2024; with `status="accredited"` a badge for February 2024."""
    if over.get("category") == Category.MEDIA:
        over.setdefault("outlet", None)
        over["outlet"] = over["outlet"] or make_outlet()
        if "media_person" not in over:
            over["media_person"] = make_person()
        over["election"] = over.get("election") or make_election()
    else:
        over["observer"] = over.get("observer") or make_observer()
        over["election"] = over.get("election") or over["observer"].mission.election
    defaults: dict[str, Any] = {
        "category": Category.OBSERVER,
        "status": Accreditation.Status.APPLIED,
        "applied_at": datetime(2024, 1, 15, 9, tzinfo=UTC),
    }
    status = over.get("status", "applied")
    if status != "applied":
        defaults["decided_at"] = datetime(2024, 1, 20, 9, tzinfo=UTC)
    if status in ("accredited", "expired"):
        defaults |= {
            "number": f"O-{next(_numbers):06}",
            "valid_from": date(2024, 2, 1),
            "valid_until": date(2024, 2, 29),
        }
    if status == "refused":
        defaults["reason"] = "Came after the deadline."
    return Accreditation.objects.create(**defaults | over)


def make_rule(**over: Any) -> AccreditationRule:
    """A rule for observers without quota or deadline."""
    over["election"] = over.get("election") or make_election()
    return AccreditationRule.objects.create(**{"category": Category.OBSERVER} | over)


def make_accreditation_change(**over: Any) -> AccreditationChange:
    defaults = {"status": "applied", "at": datetime(2024, 1, 15, 9, tzinfo=UTC)}
    over["accreditation"] = over.get("accreditation") or make_accreditation()
    return AccreditationChange.objects.create(**defaults | over)


def make_bulk_decision(**over: Any) -> BulkDecision:
    """A decision to accredit that nobody confirmed yet; `rows=[...]` are its applications."""
    rows = over.pop("rows", [])
    over["election"] = over.get("election") or (rows[0].election if rows else make_election())
    over["by"] = over.get("by") or make_administrator()
    decision = BulkDecision.objects.create(**{"to": BulkDecision.To.ACCREDITED} | over)
    for row in rows:
        BulkDecisionRow.objects.create(decision=decision, accreditation=row, seen=row.status)
    return decision


# --- field work


def make_assessment(**over: Any) -> Assessment:
    over["mission"] = over.get("mission") or make_mission()
    defaults = {"ordinal": 1, "label": "Good", "polarity": Assessment.Polarity.POSITIVE}
    return Assessment.objects.create(**defaults | over)


def make_team(**over: Any) -> Team:
    """A mobile team of a published mission, with two observers unless `members` says otherwise."""
    over["mission"] = over.get("mission") or make_mission(election=over.pop("election", None))
    over.pop("election", None)
    members = over.pop("members", None)
    team = Team.objects.create(**{"name": f"T-{next(_numbers)}"} | over)
    if members is None:
        members = [make_observer(mission=team.mission) for _ in range(2)]
    team.members.set(members)
    return team


def _in_the_field(over: dict[str, Any]) -> dict[str, Any]:
    """A team and a station of one election, whichever of them is given."""
    team, station = over.get("team"), over.get("station")
    if team is None:
        election = over.get("election") or (station.election if station else None)
        team = make_team(mission=over.get("mission") or make_mission(election=election), members=[])
    if station is None:
        station = make_station(election=team.mission.election)
    return {"team": team, "mission": team.mission, "election": team.mission.election, "station": station}


def make_deployment(**over: Any) -> Deployment:
    """Two hours at a station on the morning of 7 February 2024."""
    defaults = {
        "starts_at": datetime(2024, 2, 7, 6, tzinfo=UTC),
        "ends_at": datetime(2024, 2, 7, 8, tzinfo=UTC),
    }
    return Deployment.objects.create(**defaults | _in_the_field(over) | over)


def make_visit(**over: Any) -> Visit:
    """A submitted visit during voting on 7 February 2024."""
    defaults: dict[str, Any] = {
        "phase": Visit.Phase.VOTING,
        "arrived_at": datetime(2024, 2, 7, 6, 15, tzinfo=UTC),
        "status": Visit.Status.SUBMITTED,
    }
    status = over.get("status", Visit.Status.SUBMITTED)
    if status != Visit.Status.DRAFT:
        defaults["submitted_at"] = datetime(2024, 2, 7, 7, tzinfo=UTC)
    if status == Visit.Status.VERIFIED:
        defaults["verified_at"] = datetime(2024, 2, 7, 8, tzinfo=UTC)
    return Visit.objects.create(**defaults | _in_the_field(over) | over)


def make_incident(**over: Any) -> Incident:
    """A published incident with a summary."""
    if "place" not in over and not over.get("station"):
        over["station"] = make_station(election=over.get("election"))
    over["election"] = over.get("election") or (
        over["station"].election if over.get("station") else make_election()
    )
    defaults = {
        "category": Incident.Category.PROCEDURE,
        "occurred_at": datetime(2024, 2, 7, 7, tzinfo=UTC),
        "description": "The seal of the box was not shown.",
        "summary": "A seal was not shown to observers.",
        "publication": Publication.PUBLISHED,
    }
    return Incident.objects.create(**defaults | over)
