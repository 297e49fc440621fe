"""What programs write in somebody's name, with a token: visits one by one, stations as a list. JSON in and out.

Everything goes through the actions that the screens use, with the same rules and the same history. Every write has an
`Idempotency-Key`: sent again, it gives what was written first. What is wrong comes back as RFC 9457 says.
"""

import hashlib
import json
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from tracker.core import receiving
from tracker.core.models import Submission, http_only
from tracker.core.problems import problem
from tracker.elections.models import Election
from tracker.fieldwork import actions as fieldwork
from tracker.fieldwork.board import stations_of
from tracker.fieldwork.models import Assessment, Team, Visit
from tracker.ingest.models import Upload
from tracker.ingest.problems import Unacceptable
from tracker.ingest.uploads import actions as files
from tracker.ingest.uploads import queries, rights, work

MOST_BYTES = 64 * 1024
SHOWN = 100
VISITS, STATIONS = "visits", "stations"
View = Callable[..., HttpResponse]


def for_programs(scope: str, *methods: str) -> Callable[[View], View]:
    """Decorator: lets in whoever brings a living token with this scope; what goes wrong inside is told as a problem."""

    def wrap(view: View) -> View:
        @csrf_exempt
        @never_cache
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return problem(401, _("Send “Authorization: Bearer …” with a token that has not ended."))
            if scope not in getattr(request, "token_scopes", ()):
                return problem(403, _("This token may not do that: it lacks the scope “%s”.") % scope)
            if request.method not in methods:
                answer = problem(405, _("Only %s is answered here.") % ", ".join(methods))
                answer["Allow"] = ", ".join(methods)
                return answer
            try:
                with transaction.atomic():
                    return view(request, *args, **kwargs)
            except PermissionDenied:
                return problem(403, _("Your roles do not allow this."))
            except Http404:
                return problem(404, _("There is no such record, or it is not yours."))
            except fieldwork.Changed as changed:
                return problem(409, " ".join(changed.messages), visit=changed.visit.pk)
            except ValidationError as wrong:
                return problem(
                    422, _("Something in it is wrong; nothing was written."), errors=_errors(wrong)
                )
            except Unacceptable as wrong:
                return problem(422, str(wrong))

        return run

    return wrap


def _errors(wrong: ValidationError) -> dict[str, list[str]]:
    return wrong.message_dict if hasattr(wrong, "error_dict") else {"": wrong.messages}


def _key(request: HttpRequest) -> uuid.UUID:
    """The key of this write, made the account's own: another's may be equal."""
    try:
        given = uuid.UUID(request.headers.get("Idempotency-Key", ""))
    except ValueError:
        raise ValidationError(
            {
                "Idempotency-Key": _(
                    "Send a UUID of your own with each write, the same when you send it again."
                )
            }
        ) from None
    return uuid.uuid5(given, str(request.user.pk))


def _bytes(request: HttpRequest, most: int, too_many: str) -> bytes:
    """The body of a request; ValidationError with the words `too_many` if it has more than `most` bytes.

    Read from the stream: `request.body` would refuse from 2.5 MB on, whatever is meant to be taken here.
    """
    found = request.read(most + 1)
    if len(found) > most:
        raise ValidationError(too_many)
    return found


def _body(request: HttpRequest, known: set[str]) -> dict[str, Any]:
    """The JSON object of a request, with no field but the `known` ones."""
    content = _bytes(request, MOST_BYTES, _("More than 64 KB is too much for one visit."))
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        raise ValidationError(_("The body is not JSON.")) from None
    if not isinstance(said, dict):
        raise ValidationError(_("The body is not a JSON object."))
    if unknown := sorted(said.keys() - known):
        raise ValidationError({name: _("is not a field of a visit.") for name in unknown})
    return said


# --- visits


@for_programs(VISITS, "GET")
def teams(request: HttpRequest) -> HttpResponse:
    """The teams for which visits may be entered, each with the scale of its mission."""
    rows = Team.objects.visible_to(request.user).select_related("mission__organization", "mission__election")
    found = [team for team in rows[:1000] if request.user.has_perm("fieldwork.add_visit", team)]
    scales: dict[int, list[Assessment]] = {}
    for step in Assessment.objects.filter(mission__in=[team.mission_id for team in found]).order_by(
        "ordinal"
    ):
        scales.setdefault(step.mission_id, []).append(step)
    return JsonResponse(
        {
            "teams": [
                {
                    "id": team.pk, "name": str(team), "election": team.mission.election.slug,
                    "mission": str(team.mission),
                    "assessments": [
                        {"id": step.pk, "label": step.label} for step in scales.get(team.mission_id, [])
                    ],
                }
                for team in found
            ]
        }
    )  # fmt: skip


@for_programs(VISITS, "POST")
def visits(request: HttpRequest) -> HttpResponse:
    """Enter one visit: 201, and 200 where the same was received before."""
    if not request.user.has_perm("fieldwork.add_visit"):
        raise PermissionDenied
    names = {
        "team", "station", "phase", "arrived_at", "departed_at", "assessment", "findings", "submit",
    }  # fmt: skip
    key, said = _key(request), _body(request, names)
    errors: dict[str, str] = {}
    team = _one(Team.objects.visible_to(request.user).select_related("mission__election"), said.get("team"))
    if team is None or not request.user.has_perm("fieldwork.add_visit", team):
        raise ValidationError({"team": _("is not one of your teams; GET /staff/api/teams/ lists them.")})
    station = _one(stations_of(team.mission.election, request.user), said.get("station"))
    if station is None:
        errors["station"] = _("is no station of this election that is still open to visits.")
    assessment = None
    if said.get("assessment") is not None:
        assessment = _one(Assessment.objects.filter(mission=team.mission_id), said["assessment"])
        if assessment is None:
            errors["assessment"] = _("is not on the scale of this mission.")
    instants: dict[str, Any] = {"departed_at": None}
    for name in ("arrived_at", "departed_at"):
        if said.get(name) is not None:
            instants[name] = _instant(said[name])
            if instants[name] is None:
                errors[name] = _("is not a moment with its offset, such as 2024-02-07T09:15:00+04:00.")
    if "arrived_at" not in instants and "arrived_at" not in errors:
        errors["arrived_at"] = _("is missing.")
    if said.get("phase") not in Visit.Phase.values:
        errors["phase"] = _("is none of %s.") % ", ".join(Visit.Phase.values)
    if not isinstance(said.get("findings", ""), str):
        errors["findings"] = _("is not text.")
    if not isinstance(said.get("submit", True), bool):
        errors["submit"] = _("is neither true nor false.")
    if errors:
        raise ValidationError(errors)
    before = Visit.objects.filter(submission_key=key).exists()
    visit = fieldwork.enter_visit(
        by=request.user,  # type: ignore[arg-type]
        submission_key=key, submit=said.get("submit", True), team=team, station=station, phase=said["phase"],
        assessment=assessment, findings=said.get("findings", ""), **instants,
    )  # fmt: skip
    return JsonResponse({"id": visit.pk, "status": visit.status}, status=200 if before else 201)


def _one(rows: Any, key: Any) -> Any:
    """The row of `rows` with this key; None for what is no key, or of no row of these."""
    whole = isinstance(key, int) and not isinstance(key, bool) and 0 < key < 2**63
    return rows.filter(pk=key).first() if whole else None


def _instant(text: Any) -> Any:
    """A moment with its offset from UTC; None for anything else."""
    try:
        found = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


# --- stations


@for_programs(STATIONS, "POST")
def stations(request: HttpRequest) -> HttpResponse:
    """Bring a list of stations, as a person does at /staff/files/: 202, and it is compared in the background.

    `?election=` its word, `?source=` the page it comes from, `?apply=yes`: written at once if nothing in it is wrong
    or to be asked. The body is the file.
    """
    election = Election.objects.visible_to(request.user).filter(slug=request.GET.get("election", "")).first()
    if election is None:
        raise ValidationError({"election": _("Say in the address which election: ?election=its-word.")})
    rights.check_may_bring(request.user, "stations")  # type: ignore[arg-type]
    source = request.GET.get("source", "")
    try:
        if source:
            http_only(source)
    except ValidationError:
        raise ValidationError(
            {"source": _("is not a web address, beginning with https:// or http://.")}
        ) from None
    content = _bytes(request, receiving.MOST_BYTES, _("The list is larger than 32 MB; send it in parts."))
    sent = hashlib.sha256(request.META.get("QUERY_STRING", "").encode() + b"\n" + content).hexdigest()
    known, new = Submission.objects.get_or_create(
        key=_key(request), defaults={"digest": sent, "account_id": request.user.pk}
    )
    if not new:
        if known.digest != sent:
            return problem(409, _("This key came with another list before: use a new key for a new list."))
        return _told(Upload.objects.get(pk=int(known.record)), 200)
    upload = files.receive_upload(
        by=request.user,  # type: ignore[arg-type]
        election=election, kind="stations", name=_("list of a program"), content=content,
        source=source,
    )  # fmt: skip
    files.ask_check(by=request.user, upload=upload, then_apply=request.GET.get("apply") == "yes")  # type: ignore[arg-type]
    known.record = str(upload.pk)
    known.save(update_fields=["record"])
    upload.refresh_from_db()
    return _told(upload, 202)


@for_programs(STATIONS, "GET")
def station_list(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a list is: its state, what it would do or did, and the first rows that are wrong."""
    found = Upload.objects.filter(pk=pk, kind="stations", sent_by=request.user.pk).first()
    if found is None:
        raise Http404
    work.settle_stopped(found)
    return _told(found, 200)


def _told(upload: Upload, status: int) -> JsonResponse:
    counts = {name: number for name, number in upload.counts.items() if isinstance(number, int)}
    wrong = queries.records_of(upload, "bad")[:SHOWN]
    questions = [
        {"topic": topic, "text": text, "suggestions": suggestions}
        for topic, text, _context, suggestions in upload.counts.get("questions", [])[:SHOWN]
    ]
    return JsonResponse(
        {
            "id": upload.pk, "state": upload.state, "counts": counts, "problem": upload.problem,
            "rows": [
                {"row": record.row, "problems": [queries.reason(one) for one in record.problems]}
                for record in wrong
            ],
            "questions": questions, "url": f"/staff/api/stations/{upload.pk}/",
        },
        status=status,
    )  # fmt: skip


urlpatterns = [
    path("teams/", teams, name="api_teams"),
    path("visits/", visits, name="api_visits"),
    path("stations/", stations, name="api_stations"),
    path("stations/<int:pk>/", station_list, name="api_station_list"),
]
