"""Visits of programs: the teams they may be entered for, and one visit at a time."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.fieldwork import actions as fieldwork
from tracker.fieldwork.board import stations_of
from tracker.fieldwork.models import Assessment, Team, Visit
from tracker.staff.api.operations import CONFLICT, answered, operation
from tracker.staff.api.parts import KEY, MOMENT, TEXT, YES_NO, Part, Record, code_of, list_of

SHOWN = 1000
STEP = Record(
    "Assessment",
    gettext_lazy("A step of a mission's own scale."),
    (
        Part("id", KEY, gettext_lazy("What a visit says in `assessment`."), lambda step: step.pk),
        Part("label", TEXT, gettext_lazy("Its name."), lambda step: step.label),
    ),
)
TEAM = Record(
    "Team",
    gettext_lazy("A team for which you may enter visits."),
    (
        Part("id", KEY, gettext_lazy("What a visit says in `team`."), lambda row: row[0].pk),
        Part("name", TEXT, gettext_lazy("Its name."), lambda row: str(row[0])),
        Part(
            "election", TEXT, gettext_lazy("The election's name in addresses."),
            lambda row: row[0].mission.election.slug,
        ),
        Part("mission", TEXT, gettext_lazy("Its mission."), lambda row: str(row[0].mission)),
        Part(
            "assessments", list_of(STEP.reference), gettext_lazy("The scale of its mission, in order."),
            lambda row: [STEP.write(step) for step in row[1]],
        ),
    ),
)  # fmt: skip
TEAMS = Record(
    "Teams",
    gettext_lazy("Your teams."),
    (
        Part(
            "teams", list_of(TEAM.reference), gettext_lazy("At most %d of them.") % SHOWN,
            lambda rows: [TEAM.write(row) for row in rows],
        ),
    ),
)  # fmt: skip
VISIT = Record(
    "Visit",
    gettext_lazy("What a team saw at a station."),
    (
        Part("team", KEY, gettext_lazy("One of your teams, by its number in GET /staff/api/teams/.")),
        Part("station", KEY, gettext_lazy("A station of the election of this team, by its `id` in open data.")),
        Part("phase", code_of(Visit.Phase.values), gettext_lazy("The part of the voting that was seen.")),
        Part("arrived_at", MOMENT, gettext_lazy("When the team arrived, with its offset from UTC.")),
        Part(
            "departed_at", MOMENT, gettext_lazy("When the team left, with its offset from UTC."),
            required=False, nullable=True,
        ),
        Part(
            "assessment", KEY, gettext_lazy("A step of the mission's scale, by its number in GET /staff/api/teams/."),
            required=False, nullable=True,
        ),
        Part(
            "findings", TEXT, gettext_lazy("Never public. No names of voters or staff."), required=False, default=""
        ),
        Part(
            "submit", YES_NO, gettext_lazy("Whether it counts at once; else it is a draft."),
            required=False, default=True,
        ),
    ),
)  # fmt: skip
ENTERED = Record(
    "EnteredVisit",
    gettext_lazy("The visit as it is on record."),
    (
        Part("id", KEY, gettext_lazy("Its number."), lambda visit: visit.pk),
        Part(
            "status", code_of(Visit.Status.values), gettext_lazy("How far it is."), lambda visit: visit.status
        ),
    ),
)
VISITS = "visits"


@operation(
    name="teams", address="teams/", method="GET", scope=VISITS, summary=gettext_lazy("Your teams"),
    answers={200: (gettext_lazy("The teams."), TEAMS)},
)  # fmt: skip
def teams(request: HttpRequest) -> HttpResponse:
    """The teams for which visits may be entered, each with the scale of its mission."""
    teams.read(request)
    rows = Team.objects.visible_to(request.user).select_related("mission__organization", "mission__election")
    found = [team for team in rows[:SHOWN] if request.user.has_perm("fieldwork.add_visit", team)]
    scales: dict[int, list[Assessment]] = {}
    steps = Assessment.objects.filter(mission__in=[team.mission_id for team in found])
    for step in steps.order_by("ordinal"):
        scales.setdefault(step.mission_id, []).append(step)
    return answered(TEAMS, [(team, scales.get(team.mission_id, [])) for team in found])


@operation(
    name="visits", address="visits/", method="POST", scope=VISITS, summary=gettext_lazy("Enter a visit"), body=VISIT,
    answers={
        201: (gettext_lazy("It was entered."), ENTERED),
        200: (gettext_lazy("The same was received before; nothing was written."), ENTERED),
    },
    refusals=CONFLICT,
)  # fmt: skip
def visits(request: HttpRequest) -> HttpResponse:
    """Enter one visit: 201, and 200 where the same was received before."""
    if not request.user.has_perm("fieldwork.add_visit"):
        raise PermissionDenied
    said = visits.read(request)
    key, submit = said.pop("key"), said.pop("submit")
    team = Team.objects.visible_to(request.user).select_related("mission__election").filter(pk=said["team"])
    said["team"] = team.first()
    if said["team"] is None or not request.user.has_perm("fieldwork.add_visit", said["team"]):
        raise ValidationError({"team": _("is not one of your teams; GET /staff/api/teams/ lists them.")})
    errors: dict[str, str] = {}
    mission = said["team"].mission
    said["station"] = stations_of(mission.election, request.user).filter(pk=said["station"]).first()
    if said["station"] is None:
        errors["station"] = _("is no station of this election that is still open to visits.")
    if said["assessment"] is not None:
        said["assessment"] = Assessment.objects.filter(mission=mission, pk=said["assessment"]).first()
        if said["assessment"] is None:
            errors["assessment"] = _("is not on the scale of this mission.")
    if errors:
        raise ValidationError(errors)
    before = Visit.objects.filter(submission_key=key).exists()
    visit = fieldwork.enter_visit(by=_account(request), submission_key=key, submit=submit, **said)
    return answered(ENTERED, visit, 200 if before else 201)


def _account(request: HttpRequest) -> Any:
    return request.user
