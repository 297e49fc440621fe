"""Lists of stations of programs: brought as a person does at /staff/files/, and looked after at their address."""

import hashlib
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.core import receiving
from tracker.core.models import Submission
from tracker.core.problems import problem
from tracker.elections.models import Election
from tracker.ingest.models import Upload
from tracker.ingest.uploads import actions as files
from tracker.ingest.uploads import queries, rights, work
from tracker.staff.api.operations import CONFLICT, answered, bytes_of, operation
from tracker.staff.api.parts import ADDRESS, KEY, TEXT, Kind, Part, Record, code_of, list_of

SHOWN = 100
STATIONS = "stations"
WORDS = list_of({"type": "string"})
BAD_ROW = Record(
    "BadRow",
    gettext_lazy("A row that cannot be read."),
    (
        Part("row", Kind({"type": "integer"}), gettext_lazy("Its number in the list."), lambda row: row.row),
        Part(
            "problems", WORDS, gettext_lazy("What is wrong with it and how to mend it."),
            lambda row: [queries.reason(one) for one in row.problems],
        ),
    ),
)  # fmt: skip
QUESTION = Record(
    "Question",
    gettext_lazy("What a person has to say before the list can be written, at /staff/files/."),
    (
        Part("topic", TEXT, gettext_lazy("What it is about: a country, or a code."), lambda row: row[0]),
        Part("text", TEXT, gettext_lazy("The text that was not understood."), lambda row: row[1]),
        Part(
            "suggestions", list_of({"type": "array", "items": {"type": "string"}}),
            gettext_lazy("What it could mean: code and name."), lambda row: row[3],
        ),
    ),
)  # fmt: skip
LIST = Record(
    "List",
    gettext_lazy("How far a list is."),
    (
        Part("id", KEY, gettext_lazy("Its number."), lambda upload: upload.pk),
        Part(
            "state", code_of(Upload.State.values), gettext_lazy("What was done with it so far."),
            lambda upload: upload.state,
        ),
        Part(
            "counts", Kind({"type": "object", "additionalProperties": {"type": "integer"}}),
            gettext_lazy("How many rows it has, and how many are new, changed, unchanged and bad."),
            lambda upload: {name: number for name, number in upload.counts.items() if isinstance(number, int)},
        ),
        Part(
            "problem", TEXT, gettext_lazy("What stands in its way as a whole; empty: nothing."),
            lambda upload: upload.problem,
        ),
        Part(
            "rows", list_of(BAD_ROW.reference), gettext_lazy("The first %d rows that are wrong.") % SHOWN,
            lambda upload: [BAD_ROW.write(row) for row in queries.records_of(upload, "bad")[:SHOWN]],
        ),
        Part(
            "questions", list_of(QUESTION.reference), gettext_lazy("The first %d questions.") % SHOWN,
            lambda upload: [QUESTION.write(row) for row in upload.counts.get("questions", [])[:SHOWN]],
        ),
        Part(
            "url", TEXT, gettext_lazy("Where it is looked after."),
            lambda upload: f"/staff/api/stations/{upload.pk}/",
        ),
    ),
)  # fmt: skip


@operation(
    name="stations", address="stations/", method="POST", scope=STATIONS,
    summary=gettext_lazy("Bring a list of stations"),
    query=(
        Part("election", TEXT, gettext_lazy("The election's name in addresses.")),
        Part("source", ADDRESS, gettext_lazy("The page that the list comes from."), required=False, default=""),
        Part(
            "apply", code_of(["yes", "no"]),
            gettext_lazy("yes: it is written at once if nothing in it is wrong or to be asked."), required=False,
            default="no",
        ),
    ),
    body=("text/csv", "application/json", "application/octet-stream"),
    answers={
        202: (gettext_lazy("It was received and is compared in the background."), LIST),
        200: (gettext_lazy("The same was received before."), LIST),
    },
    refusals=CONFLICT,
)  # fmt: skip
def stations(request: HttpRequest) -> HttpResponse:
    """Bring a list of stations, as a person does at /staff/files/: it is compared in the background, and looked after
    at its address. The body is the file: CSV, JSON (a list of objects) or a spreadsheet (XLSX, ODS), told by its
    content."""
    account: Any = request.user
    rights.check_may_bring(account, "stations")
    said = stations.read(request)
    election = Election.objects.visible_to(account).filter(slug=said["election"]).first()
    if election is None:
        raise ValidationError({"election": _("Say in the address which election: ?election=its-word.")})
    content = bytes_of(request, receiving.MOST_BYTES, _("The list is larger than 32 MB; send it in parts."))
    sent = hashlib.sha256(request.META.get("QUERY_STRING", "").encode() + b"\n" + content).hexdigest()
    known, new = Submission.objects.get_or_create(
        key=said["key"], defaults={"digest": sent, "account_id": account.pk}
    )
    if not new:
        if known.digest != sent:
            return problem(409, _("This key came with another list before: use a new key for a new list."))
        return answered(LIST, Upload.objects.get(pk=int(known.record)))
    upload = files.receive_upload(
        by=account, election=election, kind="stations", name=_("list of a program"), content=content,
        source=said["source"],
    )  # fmt: skip
    files.ask_check(by=account, upload=upload, then_apply=said["apply"] == "yes")
    known.record = str(upload.pk)
    known.save(update_fields=["record"])
    upload.refresh_from_db()
    return answered(LIST, upload, 202)


@operation(
    name="station_list", address="stations/<int:pk>/", method="GET", scope=STATIONS,
    summary=gettext_lazy("Look after a list"), answers={200: (gettext_lazy("How far it is."), LIST)},
    refusals={404: gettext_lazy("There is no such list, or it is not yours.")},
)  # fmt: skip
def station_list(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a list is: its state, what it would do or did, and the first rows that are wrong."""
    station_list.read(request)
    found = Upload.objects.filter(pk=pk, kind="stations", sent_by=request.user.pk).first()
    if found is None:
        raise Http404
    work.settle_stopped(found)
    return answered(LIST, found)
