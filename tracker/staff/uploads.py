"""Files that people bring: sending one, saying how it is read, looking at what it would do, applying, taking back."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from tracker.core import broker
from tracker.core.access import denied, require
from tracker.core.addresses import screen_address
from tracker.core.jobs import cancel_job
from tracker.core.keys import key_of
from tracker.core.models import Job, Publication, Publishable, http_only
from tracker.core.receiving import MOST_BYTES
from tracker.core.roles import permission
from tracker.elections.models import Election
from tracker.ingest.mapping import Mapping
from tracker.ingest.models import Answer, Profile, Upload, UploadedFile, UploadedRecord
from tracker.ingest.problems import Unacceptable
from tracker.ingest.uploads import actions, queries, rights, work
from tracker.ingest.uploads.applying import may_retire
from tracker.ingest.uploads.files import table_of
from tracker.ingest.uploads.mending import rows_to_mend
from tracker.ingest.uploads.subjects import SUBJECTS
from tracker.missions.models import Person
from tracker.missions.readings import note_reading
from tracker.staff.board import screen
from tracker.staff.upload_publication import drafts_to_hand_in, hand_in, way_of

ROWS = 25
MAY_SEE, MAY_BRING = "ingest.view_upload", "ingest.add_upload"
State = Upload.State
# Why what a file said of people is gone, as its page says it.
FORGOTTEN = {
    "applied": gettext_lazy("The file, and what it said of people, was deleted when it was applied."),
    "discarded": gettext_lazy("The file, and what it said of people, was deleted when it was thrown away."),
    "time": gettext_lazy("The file, and what it said of people, was deleted: its time was over."),
    "erased": gettext_lazy(
        "The file, and what it said of people, was deleted because the data of a person of its mission was erased. "
        "Bring it again without that person."
    ),
}
# What rows to mend are given back as.
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Seconds after which an open page asks again.
REFRESH_BUSY, REFRESH_IDLE = 2, 30


class UploadForm(forms.Form):
    """A file, what it is about, and the page it comes from."""

    election = forms.ModelChoiceField(label=gettext_lazy("Election"), queryset=Election.objects.none())
    kind = forms.ChoiceField(
        label=gettext_lazy("What its rows are"),
        help_text=gettext_lazy("One row is one of these; a mission’s row may hold its statement."),
    )
    file = forms.FileField(label=gettext_lazy("File"))
    source = forms.URLField(
        label=gettext_lazy("Page it comes from"),
        required=False,
        assume_scheme="https",
        validators=[http_only],
        help_text=gettext_lazy("The source of every row that does not name its own."),
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = _("CSV, Excel (.xlsx), OpenDocument (.ods) or JSON, in any language, at most %(most)d MB.")
        self.fields["file"].help_text = words % {"most": MOST_BYTES // 2**20}
        elections = Election.objects.visible_to(request.user).order_by("demonstration", "-starts_on")
        self.fields["election"].queryset = elections  # type: ignore[attr-defined]
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (name, SUBJECTS[name].label)
            for name in rights.kinds_for(request.user)  # type: ignore[arg-type]
        ]

    def clean_file(self) -> Any:
        """Too large is said before anything is read into memory."""
        sent = self.cleaned_data["file"]
        if sent.size > MOST_BYTES:
            words = _("The file is larger than %(most)d MB.") % {"most": MOST_BYTES // 2**20}
            raise ValidationError(f"{words} {actions.larger_ones()}")
        return sent


@require_safe
def uploads(request: HttpRequest) -> HttpResponse:
    """The files that were brought, the latest first."""
    require(request, MAY_SEE)
    rows = Paginator(_visible(request), ROWS).get_page(request.GET.get("page"))
    context = {
        "rows": rows,
        "may_add": request.user.has_perm(MAY_BRING),
        "may_remember": _remembers(request),
    }
    return screen(request, "staff/uploads.html", _("Files"), context)


def _visible(request: HttpRequest) -> Any:
    rows = queries.uploads_for(request.user).select_related("election", "sent_by", "job", "profile")
    return rows.defer("sent_by__password")


def load(request: HttpRequest, pk: int) -> Upload:
    """The file, if the person may see it."""
    require(request, MAY_SEE)
    found: Upload | None = _visible(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    work.settle_stopped(found)
    return found


def note(request: HttpRequest, found: Upload, records: Any = ()) -> None:
    """Write down that this page of a file showed people: those of `records`, and whoever else stands in the file."""
    if SUBJECTS[found.kind].people:
        note_reading(request, queries.people_in(records), file=found.pk)


def _remembers(request: HttpRequest) -> bool:
    return request.user.has_perm("ingest.change_upload") and rights.speaks_for_all(request.user)  # type: ignore[arg-type]


@require_http_methods(["GET", "HEAD", "POST"])
def remembered(request: HttpRequest) -> HttpResponse:
    """What files taught us: words that were asked about, and headers; POST forgets one, so that it is asked again."""
    if not _remembers(request):
        raise denied(request.user, "ingest.change_upload")
    if request.method == "POST":
        answer = Answer.objects.filter(pk=key_of(request.POST.get("answer", ""))).first()
        profile = Profile.objects.filter(pk=key_of(request.POST.get("profile", ""))).first()
        try:
            if answer is not None:
                seen = request.POST.get("seen")
                actions.forget_answer(by=request.user, answer=answer, seen=seen)  # type: ignore[arg-type]
            if profile is not None:
                actions.forget_profile(by=request.user, profile=profile)  # type: ignore[arg-type]
        except actions.Changed as error:
            messages.warning(request, " ".join(error.messages))
            return redirect("admin:uploads_remembered")
        if answer or profile:
            messages.success(request, _("Forgotten: the next file that has it is asked about again."))
        return redirect("admin:uploads_remembered")
    rows = (
        Answer.objects.select_related("given_by").defer("given_by__password").order_by("topic", "text", "pk")
    )
    context = {
        "rows": Paginator(rows, ROWS).get_page(request.GET.get("page")),
        "profiles": Profile.objects.select_related("saved_by")
        .defer("saved_by__password")
        .order_by("name", "pk"),
    }
    return screen(request, "staff/uploads_remembered.html", _("What files taught us"), context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Send a file."""
    require(request, MAY_BRING)
    first = Election.objects.visible_to(request.user).order_by("demonstration", "-starts_on").first()
    form = UploadForm(
        request, request.POST or None, request.FILES or None,
        initial={"election": request.GET.get("election") or first, "kind": request.GET.get("kind")},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            upload = actions.receive_upload(
                by=request.user,  # type: ignore[arg-type]
                election=values["election"],
                kind=values["kind"],
                name=values["file"].name,
                content=values["file"].read(),
                source=values["source"],
            )
        except Unacceptable as problem:
            form.add_error(
                "file", f"{values['file'].name} {problem}" if problem.what[:1].islower() else str(problem)
            )
        else:
            return redirect("admin:upload_mapping", upload.pk)
    people = [SUBJECTS[name] for name in rights.kinds_for(request.user) if SUBJECTS[name].people]  # type: ignore[arg-type]
    context = {"form": form, "people": people}
    return screen(request, "staff/upload_new.html", _("Bring a file"), context, 422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: where it stands, what it would do, what to do next. POST `do` is one step."""
    found = load(request, pk)
    if request.method == "POST":
        try:
            _do(request, found, request.POST.get("do", ""))
        except ValidationError as problem:
            messages.warning(request, " ".join(problem.messages))
        return redirect("admin:upload", pk)
    busy = found.state in Upload.BUSY
    job = found.job if busy else None
    countries = queries.by_country(found) if found.state in (State.CHECKED, State.APPLIED) else []
    announced = queries.announced_beside(found) if countries else []
    part = found.mapping.get("part")
    context = {
        "upload": found,
        "parent": _visible(request).filter(pk=part).first() if part and part is not True else None,
        "label": SUBJECTS[found.kind].label,
        "counts": queries.counts_of(found) if found.state not in (State.RECEIVED, State.CHECKING) else [],
        "along": queries.brought_along(found),
        "countries": countries,
        "named": [row for row in countries if row.in_file],
        "unnamed": [row for row in countries if not row.in_file],
        "in_file": queries.in_file(countries),
        "announced": announced,
        "beside": queries.beside_announced(found, countries, announced),
        "swapped": found.counts.get("positions", {}).get("swapped", 0),
        "may_swap": _swapped(found) is not None,
        "questions": found.counts.get("questions", []),
        "job": job,
        "no_worker": job is not None and job.state == Job.State.WAITING and not broker.configured(),
        "refresh": REFRESH_BUSY if busy else REFRESH_IDLE,
        "may_change": may_change(request, found),
        "may_remember": rights.speaks_for_all(request.user),  # type: ignore[arg-type]
        "published_after": issubclass(SUBJECTS[found.kind].kind.model, Publishable),
        "may_retire": may_retire(found),
        "has_file": UploadedFile.objects.filter(upload=found).exists(),
        "kept_days": SUBJECTS[found.kind].kept.days if SUBJECTS[found.kind].people else 0,
        "forgotten": FORGOTTEN.get(found.counts.get("forgotten", "")),
        "writes": found.counts.get("new", 0) + found.counts.get("changed", 0),
        "drafts": _drafts_of(found),
        "offers": drafts_to_hand_in(request, found),
        "way": way_of(found) if found.state == State.APPLIED and may_change(request, found) else {},
    }
    return screen(request, "staff/upload.html", found.name, context)


@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand in what is a draft of one kind (POST `?kind=`) that the file brought, after a page that asks."""
    found = load(request, pk)
    require(request, permission(SUBJECTS[found.kind].kind.model, "change"))
    # An address alone does nothing; it is where "take me back" leads.
    asked = hand_in(request, found, request.GET.get("kind", "")) if request.method == "POST" else None
    return asked or redirect("admin:upload", pk)


def _drafts_of(found: Upload) -> str:
    """The address of the list of drafts of the file's kind and, where they belong to one, its election."""
    model = SUBJECTS[found.kind].kind.model
    address = screen_address(model, "changelist")
    asked = {"publication__exact": str(Publication.DRAFT)} if issubclass(model, Publishable) else {}
    if any(field.name == "election" for field in model._meta.fields):
        asked["election__id__exact"] = str(found.election_id)
    return f"{address}?{urlencode(asked)}"


def _swapped(found: Upload) -> Mapping | None:
    """How positions are read the other way round, where some lie in their countries so, and none as they are read."""
    positions = found.counts.get("positions", {})
    if found.state != State.CHECKED or not positions.get("swapped") or positions.get("inside"):
        return None
    return Mapping.from_json(found.mapping["mapping"]).swapped()


def may_change(request: HttpRequest, found: Upload) -> bool:
    """Whether the person may work on this file."""
    by: Any = request.user
    return by.has_perm("ingest.change_upload") and rights.may_work_on(by, found)


def require_work_on(request: HttpRequest, found: Upload) -> None:
    """Refuse whoever may only look. A file as it came may hold more than what is read of it, so it is for these too."""
    if not may_change(request, found):
        raise denied(request.user, "ingest.change_upload")


def _do(request: HttpRequest, found: Upload, do: str) -> None:
    by: Any = request.user
    require(request, "ingest.change_upload")
    if do == "check":
        actions.ask_check(by=by, upload=found)
    elif do == "swap":
        other = _swapped(found)
        if other is None:
            raise ValidationError(_("The positions of this file are not swapped, or not all. Look again."))
        actions.set_mapping(by=by, upload=found, mapping=other, source=found.mapping.get("source", ""))
        actions.ask_check(by=by, upload=found)
    elif do == "apply":
        if request.POST.get("sure") != "yes":
            raise ValidationError(_("Tick that you looked at the preview, then apply."))
        actions.set_choices(by=by, upload=found, retire_missing="retire" in request.POST)
        actions.ask_apply(by=by, upload=found)
    elif do == "undo":
        if request.POST.get("sure") != "yes":
            raise ValidationError(_("Tick that you want it taken back."))
        actions.ask_undo(by=by, upload=found)
    elif do == "discard":
        if request.POST.get("sure") != "yes":
            raise ValidationError(_("Tick that the file is to be thrown away."))
        actions.discard_upload(by=by, upload=found)
        messages.success(request, _("The file was thrown away; that it was here stays on record."))
    elif do == "stop" and found.job is not None:
        rights.check_may_work_on(by, found)
        cancel_job(by=by, job=found.job)
    elif do == "profile":
        name = request.POST.get("name", "").strip()[:120]
        if not name:
            raise ValidationError(_("Give the way of reading a name, such as the authority’s."))
        try:
            actions.save_profile(by=by, upload=found, name=name)
        except UploadedFile.DoesNotExist:
            raise ValidationError(
                _("The file itself was thrown away, so its header is not known any more.")
            ) from None
        messages.success(request, _("Files with this header are read like this from now on."))


@require_http_methods(["GET", "HEAD", "POST"])
def records(request: HttpRequest, pk: int) -> HttpResponse:
    """The records of the file, one page at a time, with their differences; POST lets file or register win."""
    found = load(request, pk)
    known = dict(UploadedRecord.Action.choices)
    known["warned"] = _("with a warning")
    action = request.GET.get("action", "")
    if request.method == "POST":
        require_work_on(request, found)
        record, name, wins = (
            request.POST.get("record", ""),
            request.POST.get("field", ""),
            request.POST.get("wins"),
        )
        try:
            pk_of_record = key_of(record)
            if pk_of_record is not None and wins in ("file", "register"):
                actions.choose_field(
                    by=request.user,
                    upload=found,
                    record=pk_of_record,
                    name=name,
                    file_wins=wins == "file",  # type: ignore[arg-type]
                )
        except ValidationError as problem:
            messages.warning(request, " ".join(problem.messages))
        return redirect(f"{request.get_full_path()}#record-{record[:20]}")
    rows = Paginator(queries.records_of(found, action if action in known else ""), ROWS)
    page = rows.get_page(request.GET.get("page"))
    meta = SUBJECTS[found.kind].kind.model._meta
    verbose: dict[str, Any] = {field.name: field.verbose_name for field in meta.fields}
    if SUBJECTS[found.kind].people:
        verbose |= {field.name: field.verbose_name for field in Person._meta.fields}
        note(request, found, page)
    context = {
        "upload": found,
        "rows": page,
        "entries": [_entry(record, verbose, found.state) for record in page],
        "counts": queries.counts_of(found),
        "warned": found.counts.get("warned", 0),
        "action": action,
        "may_change": may_change(request, found) and found.state == State.CHECKED,
        "change_url": f"admin:{meta.app_label}_{meta.model_name}_change",
    }
    return screen(
        request, "staff/upload_records.html", _("What %(file)s would do") % {"file": found.name}, context
    )


def _entry(record: UploadedRecord, verbose: dict[str, Any], state: str) -> dict[str, Any]:
    there = record.action not in ("new", "bad", "deleted") or (
        record.action == "new" and state == State.APPLIED
    )
    return {
        "record": record,
        "reasons": [queries.reason(problem) for problem in record.problems],
        "person": record.values.get("full_name") if "full_name" in record.values else "",
        "changes": [
            {
                "name": name,
                "label": verbose.get(name, name),
                "held": held,
                "said": said,
                "taken": name in record.takes,
            }
            for name, (held, said) in record.changes.items()
        ],
        "there": there and record.object_id,
    }


@require_safe
def bad_rows(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows that could not be read, as the file came and with the reasons, to be mended and sent again."""
    found = load(request, pk)
    require_work_on(request, found)
    try:
        with table_of(found) as table:
            content, format = rows_to_mend(found, table)
    except UploadedFile.DoesNotExist:
        raise Http404 from None
    note(request, found)
    answer = HttpResponse(content, content_type=TYPES[format])
    answer["Content-Disposition"] = f'attachment; filename="rows-to-mend-{found.pk}.{format}"'
    return answer


@require_safe
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as it came: as an attachment under a name of ours, whatever it holds."""
    found = load(request, pk)
    require_work_on(request, found)
    kept = UploadedFile.objects.filter(upload=found).first()
    if kept is None:
        raise Http404
    note(request, found, found.records.all())
    answer = HttpResponse(bytes(kept.content), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="upload-{found.pk}.{found.format}"'
    return answer
