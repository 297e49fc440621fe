"""Every named rule of the database, broken once: the row is refused, and by the rule that was meant."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from tests.factories import (
    make_account,
    make_accreditation,
    make_accreditation_change,
    make_assessment,
    make_bulk_decision,
    make_constituency,
    make_deployment,
    make_election,
    make_engagement,
    make_figure,
    make_incident,
    make_job,
    make_membership,
    make_milestone,
    make_mission,
    make_observer,
    make_organization,
    make_outlet,
    make_person,
    make_rule,
    make_simulated_day,
    make_source,
    make_statement,
    make_station,
    make_team,
    make_upload,
    make_visit,
    make_window,
)
from tracker.core.models import Country, Head, Source
from tracker.coverage.models import Edition
from tracker.fieldwork.models import IncidentChange
from tracker.ingest.models import Answer, LoadedRecord, Profile
from tracker.missions.models import PersonReading
from tracker.stations.models import PollingStation

pytestmark = pytest.mark.django_db

OUR_APPS = ("core", "elections", "stations", "missions", "fieldwork", "coverage", "ingest")
FAR = datetime(2202, 2, 7, 6, tzinfo=UTC)
MORNING, NOON, EVENING = (datetime(2024, 2, 7, hour, tzinfo=UTC) for hour in (6, 12, 18))


def twice(make, **shared):
    make(**shared)
    make(**shared)


def same_number_in_one_constituency():
    constituency = make_constituency()
    twice(make_station, election=constituency.election, constituency=constituency, number="44")


def same_number_at_one_host():
    twice(make_station, election=make_election(), number="47", constituency=None)


def constituency_of_another_election():
    make_station(constituency=make_constituency(), election=make_election())
    connection.check_constraints()


def overlapping_windows():
    station = make_station()
    make_window(station=station, opens_at=MORNING, closes_at=NOON)
    make_window(station=station, opens_at=datetime(2024, 2, 7, 11, 59, tzinfo=UTC), closes_at=EVENING)


def checked_late(make):
    """Keys of two columns are checked when the transaction ends, or now."""

    def broken():
        make()
        connection.check_constraints()

    return broken


def same_application_twice():
    row = make_accreditation()
    make_bulk_decision(rows=[row, row])


def change_row(**over):
    make_bulk_decision(rows=[make_accreditation()]).rows.update(**over)


def make_incident_change(**over):
    return IncidentChange.objects.create(
        **{"incident": make_incident(), "status": "reported", "at": NOON} | over
    )


def make_edition(**over):
    """An edition as somebody would insert it who goes around the triggers that check the chain."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE coverage_edition DISABLE TRIGGER edition_check_insert")
    defaults = {"number": 1, "as_of": NOON, "content": "{}", "detail": "{}", "changes": "[]"}
    hashes = dict.fromkeys(("content_hash", "previous_hash", "hash"), "0" * 64)
    election = over.pop("election", None) or make_election()
    return Edition.objects.create(election=election, **defaults | hashes | over)


def make_second_head():
    """As somebody would who goes around the trigger that holds it to the chain."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_head DISABLE TRIGGER history_head_moves")
    return Head.objects.create(pk=2, number=1, hash="")


def coded(make, field, **over):
    """A code nobody documented."""
    return lambda: make(**{field: "xx"} | over)


BREAKS = {
    # core
    "country_iso2_two_capitals": lambda: Country.objects.create(iso2="az", iso3="AZE"),
    "country_iso3_three_capitals": lambda: Country.objects.create(iso2="QQ", iso3="qqq"),
    "source_url_once": lambda: twice(make_source, url="https://example.org/once"),
    "head_is_one": make_second_head,
    "user_roles_known": lambda: make_account("emperor"),
    "source_names_url_or_title": lambda: Source.objects.create(publisher="Trend"),
    "source_url_http": lambda: make_source(url="javascript:alert(1)"),
    "source_published_on_iso": lambda: make_source(published_on="7.2.2024"),
    "job_has_kind": lambda: make_job(kind=""),
    "job_state_known": coded(make_job, "state", started_at=NOON, finished_at=NOON),
    "job_done_within_total": lambda: make_job(done=3, total=2),
    "job_begun_dated": lambda: make_job(state="running"),
    "job_end_dated": lambda: make_job(state="done", started_at=NOON),
    # elections
    "election_ends_after_start": lambda: make_election(ends_on=date(2024, 2, 6)),
    "election_at_most_a_month": lambda: make_election(ends_on=date(2024, 3, 10)),
    "election_round_from_one": lambda: make_election(round=0),
    "simulated_day_demonstration": lambda: make_simulated_day(demonstration=False),
    "simulated_day_in_calendar": lambda: make_simulated_day(now=FAR),
    "simulated_day_only_of_demonstration": checked_late(lambda: make_simulated_day(election=make_election())),
    "election_publication_known": coded(make_election, "publication"),
    "election_kind_known": coded(make_election, "kind"),
    "election_call_known": coded(make_election, "call"),
    "election_publishing_known": coded(make_election, "publishing"),
    "constituency_number_once": lambda: twice(make_constituency, election=make_election(), number="15"),
    "constituency_has_number": lambda: make_constituency(number=""),
    "constituency_publication_known": coded(make_constituency, "publication"),
    "milestone_ends_after_start": lambda: make_milestone(ends_on=date(2024, 2, 6)),
    "milestone_moment_has_zone": lambda: make_milestone(at=NOON),
    "milestone_in_calendar": lambda: make_milestone(at=FAR, timezone="UTC"),
    "milestone_publication_known": coded(make_milestone, "publication"),
    "milestone_kind_known": coded(make_milestone, "kind"),
    "milestone_basis_known": coded(make_milestone, "basis"),
    "figure_value_or_place": lambda: make_figure(place="Seoul"),
    "figure_value_not_negative": lambda: make_figure(value=-1),
    "figure_percent_up_to_100": lambda: make_figure(unit="percent", value=101),
    "figure_names_announcer": lambda: make_figure(announced_by=""),
    "figure_moment_has_zone": lambda: make_figure(as_of_at=NOON),
    "figure_moment_in_calendar": lambda: make_figure(as_of_at=FAR, as_of_timezone="UTC"),
    "figure_publication_known": coded(make_figure, "publication"),
    "figure_metric_known": coded(make_figure, "metric"),
    "figure_unit_known": coded(make_figure, "unit"),
    "figure_qualifier_known": coded(make_figure, "qualifier"),
    # stations
    "station_number_once_in_constituency": same_number_in_one_constituency,
    "station_number_once_at_host": same_number_at_one_host,
    "station_constituency_same_election": constituency_of_another_election,
    "station_has_city": lambda: make_station(city=""),
    "station_latitude_in_range": lambda: make_station(latitude=91, longitude=0, coordinate_precision="city"),
    "station_longitude_in_range": lambda: make_station(
        latitude=0, longitude=181, coordinate_precision="city"
    ),
    "station_coordinates_marked": lambda: make_station(latitude=40, longitude=50),
    "station_publication_known": coded(make_station, "publication"),
    "station_setting_known": coded(make_station, "setting"),
    "station_status_known": coded(make_station, "status"),
    "station_city_basis_known": coded(make_station, "city_basis"),
    "station_host_mission_basis_known": coded(make_station, "host_mission_basis"),
    "station_coordinate_precision_known": lambda: make_station(
        latitude=40, longitude=50, coordinate_precision="nonsense"
    ),
    "window_closes_after_it_opens": lambda: make_window(opens_at=NOON, closes_at=NOON),
    "window_in_calendar": lambda: make_window(opens_at=FAR, closes_at=FAR + timedelta(hours=11)),
    "window_at_most_two_days": lambda: make_window(closes_at=datetime(2024, 2, 9, 2, 1, tzinfo=UTC)),
    "window_overlaps_no_other": overlapping_windows,
    # missions
    "organization_acronym_once": lambda: twice(make_organization, acronym="CIS", country=None),
    "organization_has_name": lambda: make_organization(name=""),
    "organization_website_http": lambda: make_organization(website="javascript:alert(1)"),
    "organization_publication_known": coded(make_organization, "publication"),
    "organization_kind_known": coded(make_organization, "kind"),
    "organization_website_basis_known": coded(make_organization, "website_basis"),
    "mission_once_per_type": lambda: twice(
        make_mission, election=make_election(), organization=make_organization()
    ),
    "mission_departs_after_arrival": lambda: make_mission(
        arrives_on=date(2024, 2, 7), departs_on=date(2024, 2, 6)
    ),
    "mission_publication_known": coded(make_mission, "publication"),
    "mission_type_known": coded(make_mission, "type"),
    "mission_status_known": coded(make_mission, "status"),
    "membership_once": lambda: twice(
        make_membership, mission=make_mission(), organization=make_organization()
    ),
    "membership_role_known": coded(make_membership, "role"),
    "engagement_day_or_period": lambda: make_engagement(date=None),
    "engagement_publication_known": coded(make_engagement, "publication"),
    "engagement_kind_known": coded(make_engagement, "kind"),
    "engagement_date_precision_known": coded(make_engagement, "date_precision", date=None),
    "statement_url_http": lambda: make_statement(url="data:text/html,x"),
    "statement_publication_known": coded(make_statement, "publication"),
    "statement_kind_known": coded(make_statement, "kind"),
    # people and accreditation
    "person_has_name": lambda: make_person(full_name=""),
    "observer_code_once_in_mission": lambda: twice(make_observer, mission=make_mission(), code="STO-1"),
    "observer_has_code": lambda: make_observer(code=""),
    "observer_role_known": coded(make_observer, "role"),
    "outlet_once_in_country": lambda: twice(make_outlet, name="Report", country="AZ"),
    "outlet_has_name": lambda: make_outlet(name=""),
    "outlet_website_http": lambda: make_outlet(website="javascript:alert(1)"),
    "outlet_kind_known": coded(make_outlet, "kind"),
    "outlet_publication_known": coded(make_outlet, "publication"),
    "accreditation_rule_once_per_category": lambda: twice(make_rule, election=make_election()),
    "accreditation_rule_closes_after_it_opens": lambda: make_rule(opens_at=NOON, closes_at=MORNING),
    "accreditation_rule_valid_period": lambda: make_rule(
        valid_from=date(2024, 2, 7), valid_until=date(2024, 2, 6)
    ),
    "accreditation_rule_in_calendar": lambda: make_rule(closes_at=FAR),
    "accreditation_rule_category_known": coded(make_rule, "category"),
    "accreditation_number_once": lambda: twice(
        make_accreditation, election=make_election(), status="accredited", number="O-1"
    ),
    "accreditation_number_written": lambda: make_accreditation(number="O-1/2"),
    "accreditation_one_alive_per_observer": lambda: twice(make_accreditation, observer=make_observer()),
    "accreditation_one_alive_per_media_person": lambda: twice(
        make_accreditation, category="media", election=make_election(), media_person=make_person()
    ),
    "accreditation_of_observer_or_media": lambda: make_accreditation(outlet=make_outlet()),
    "accreditation_badge_has_number_and_dates": lambda: make_accreditation(status="accredited", number=""),
    "accreditation_refusal_has_reason": lambda: make_accreditation(status="refused", reason=""),
    "accreditation_decision_dated": lambda: make_accreditation(decided_at=NOON),
    "accreditation_valid_period": lambda: make_accreditation(
        valid_from=date(2024, 2, 7), valid_until=date(2024, 2, 6)
    ),
    "accreditation_in_calendar": lambda: make_accreditation(applied_at=FAR),
    "accreditation_status_known": lambda: make_accreditation(
        status="xx", number="O-2", valid_from=date(2024, 2, 7), valid_until=date(2024, 2, 8)
    ),
    "accreditation_category_known": lambda: make_accreditation(category="xx"),
    "accreditation_change_in_calendar": lambda: make_accreditation_change(at=FAR),
    "accreditation_change_status_known": coded(make_accreditation_change, "status"),
    "bulk_decision_says_why": lambda: make_bulk_decision(to="refused"),
    "bulk_decision_valid_period": lambda: make_bulk_decision(
        valid_from=date(2024, 2, 8), valid_until=date(2024, 2, 7)
    ),
    "bulk_decision_to_known": lambda: make_bulk_decision(to="expired", reason="Over."),
    "bulk_decision_row_once": same_application_twice,
    "bulk_decision_row_says_why_not": lambda: change_row(outcome="not"),
    "bulk_decision_row_seen_known": lambda: change_row(seen="xx"),
    "bulk_decision_row_outcome_known": lambda: change_row(outcome="xx"),
    # field work
    "assessment_step_once": lambda: make_assessment(mission=make_assessment().mission, label="Bad"),
    "assessment_label_once": lambda: make_assessment(mission=make_assessment().mission, ordinal=2),
    "assessment_step_from_one": lambda: make_assessment(ordinal=0),
    "assessment_has_label": lambda: make_assessment(label=""),
    "assessment_polarity_known": coded(make_assessment, "polarity"),
    "team_name_once_in_mission": lambda: twice(make_team, mission=make_mission(), name="T-1"),
    "team_has_name": lambda: make_team(name=""),
    "team_kind_known": coded(make_team, "kind"),
    "deployment_slot_once": lambda: make_deployment(
        team=(one := make_deployment()).team, station=one.station
    ),
    "deployment_ends_after_it_starts": lambda: make_deployment(ends_at=MORNING),
    "deployment_in_calendar": lambda: make_deployment(ends_at=FAR),
    "deployment_status_known": coded(make_deployment, "status"),
    "deployment_team_same_mission": checked_late(
        lambda: make_deployment(
            team=(team := make_team()), mission=make_mission(election=team.mission.election)
        )
    ),
    "deployment_mission_same_election": checked_late(
        lambda: make_deployment(
            station=(station := make_station()), election=station.election, team=make_team()
        )
    ),
    "deployment_station_same_election": checked_late(
        lambda: make_deployment(team=make_team(), station=make_station())
    ),
    "visit_departs_after_arrival": lambda: make_visit(departed_at=MORNING),
    "visit_submission_dated": lambda: make_visit(submitted_at=None),
    "visit_verification_dated": lambda: make_visit(verified_at=NOON),
    "visit_in_calendar": lambda: make_visit(departed_at=FAR),
    "visit_phase_known": coded(make_visit, "phase"),
    "visit_status_known": coded(make_visit, "status"),
    "visit_team_same_mission": checked_late(
        lambda: make_visit(team=(team := make_team()), mission=make_mission(election=team.mission.election))
    ),
    "visit_mission_same_election": checked_late(
        lambda: make_visit(station=(station := make_station()), election=station.election, team=make_team())
    ),
    "visit_station_same_election": checked_late(lambda: make_visit(team=make_team(), station=make_station())),
    "visit_assessment_same_mission": checked_late(lambda: make_visit(assessment=make_assessment())),
    "incident_has_place": lambda: make_incident(election=make_election(), place=""),
    "incident_published_with_summary": lambda: make_incident(summary=""),
    "incident_in_calendar": lambda: make_incident(occurred_at=FAR),
    "incident_category_known": coded(make_incident, "category"),
    "incident_severity_known": coded(make_incident, "severity"),
    "incident_status_known": coded(make_incident, "status"),
    "incident_publication_known": coded(make_incident, "publication"),
    "incident_station_same_election": checked_late(
        lambda: make_incident(station=make_station(), election=make_election())
    ),
    "incident_change_in_calendar": lambda: make_incident_change(at=FAR),
    "incident_change_status_known": coded(make_incident_change, "status"),
    "incident_change_publication_known": coded(make_incident_change, "publication"),
    # coverage
    "edition_number_once": lambda: twice(make_edition, election=make_election()),
    "edition_thinned_or_whole": lambda: make_edition(content=None),
    "edition_history_whole": lambda: make_edition(history_number=1),
    # ingest
    "loadedrecord_key_once": lambda: twice(
        LoadedRecord.objects.create, dataset="d", kind="k", key="x", object_id=1, values={}
    ),
    "profile_header_once": lambda: twice(
        Profile.objects.create, name="p", kind="stations", fingerprint="f", mapping={}
    ),
    "answer_once": lambda: twice(Answer.objects.create, topic="country", text="x", value="DE"),
    "personreading_of_somebody": lambda: PersonReading.objects.create(at=NOON, screen="x"),
    "upload_state_known": coded(make_upload, "state"),
    "upload_applied_dated": lambda: make_upload(state="applied"),
}
# Only the target of a composite foreign key: its columns are unique by the primary key alone.
NOT_BREAKABLE = {
    "assessment_id_mission",
    "constituency_id_election",
    "election_id_demonstration",
    "mission_id_election",
    "station_id_election",
    "team_id_mission",
}
# A column holds one code of a wrong kind and so breaks another rule of its row as well; either may answer first.
ALSO = {
    "figure_unit_known": "figure_value_or_place",
    "engagement_date_precision_known": "engagement_day_or_period",
}


@pytest.mark.parametrize("name", BREAKS)
def test_rule_refuses(name: str) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        BREAKS[name]()
    assert refused.value.__cause__ is not None
    rule = refused.value.__cause__.diag.constraint_name  # type: ignore[attr-defined]
    assert rule in {name, ALSO.get(name)}


def test_every_named_rule_is_tried_here() -> None:
    """Read from the database itself, so that a rule added in SQL counts too."""
    tables = [model._meta.db_table for app in OUR_APPS for model in apps.get_app_config(app).get_models()]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = ANY(%s::regclass[])"
            " AND contype IN ('c', 'u', 'x', 'f')"
            " UNION SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = ANY(%s::regclass[])"
            " AND indisunique AND NOT indisprimary",
            [tables, tables],
        )
        names = {name for (name,) in cursor.fetchall()}
    generated = re.compile("_fk_|(_uniq|_key|_check|_like)$")
    ours = {name for name in names if not generated.search(name)}
    assert ours == set(BREAKS) | NOT_BREAKABLE


def test_a_station_may_lack_its_number_and_its_constituency() -> None:
    constituency = make_constituency()
    for _number in range(2):
        make_station(election=constituency.election, constituency=constituency, number="")
        make_station(election=constituency.election, constituency=None, number="")


def test_the_same_number_in_two_constituencies_is_two_stations() -> None:
    election = make_election()
    for number in ("15", "16"):
        make_station(
            election=election, number="44", constituency=make_constituency(election=election, number=number)
        )


def test_windows_may_touch_but_not_overlap() -> None:
    station = make_station()
    make_window(station=station, opens_at=MORNING, closes_at=NOON)
    make_window(station=station, opens_at=NOON, closes_at=EVENING)
    make_window(opens_at=MORNING, closes_at=EVENING)  # another station


def test_a_zone_or_country_that_does_not_exist_is_refused() -> None:
    station = make_station()

    def point(**key: str) -> None:
        PollingStation.objects.filter(pk=station.pk).update(**key)
        connection.check_constraints()  # keys are checked when the transaction ends, or now

    for key in ({"timezone_id": "Mars/Base"}, {"country_id": "XX"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            point(**key)
