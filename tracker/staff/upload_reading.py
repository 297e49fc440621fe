"""How a brought file is read, and what its words mean: the two screens on which people say so."""

import hashlib
import json
from datetime import datetime
from itertools import islice
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tracker.core.guarded import OPENED
from tracker.core.models import User
from tracker.core.saving import Difference
from tracker.ingest.guessing import SAMPLE
from tracker.ingest.mapping import BadMapping, Mapping
from tracker.ingest.models import Upload, UploadedFile
from tracker.ingest.problems import Unacceptable
from tracker.ingest.tables import Table
from tracker.ingest.uploads import actions, rights
from tracker.ingest.uploads.files import rows_of, table_of
from tracker.ingest.uploads.subjects import SUBJECTS
from tracker.staff.board import screen
from tracker.staff.upload_mapping import SHOWN, MappingForms, beside, chosen_over, opened_reading
from tracker.staff.uploads import load, may_change, note, require_work_on


@require_http_methods(["GET", "HEAD", "POST"])
def mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """How the file is read: which of its columns is which of ours, and what the first rows become.

    What somebody else said meanwhile is shown beside what was chosen, and nothing is written before that was seen.
    """
    found = load(request, pk)
    if request.method == "POST":
        require_work_on(request, found)
    by: Any = request.user
    do = request.POST.get("do", "") if request.method == "POST" else ""
    opened = opened_reading(request.POST.get(OPENED, ""))
    problem, status, differences = "", 200, []
    if do == "table":
        row = request.POST.get("header_row", "")
        chosen = {
            "sheet": request.POST.get("sheet", ""),
            "header_row": int(row) if row.isdecimal() and len(row) < 7 else None,
        }
        try:
            actions.set_table(by=by, upload=found, seen=opened or {}, **chosen)
            return redirect("admin:upload_mapping", pk)
        except (Unacceptable, ValidationError) as error:
            problem, status = " ".join(getattr(error, "messages", [str(error)])), 422
            found = load(request, pk)  # what could not be read so is read as before
            if isinstance(error, actions.Changed):
                status, now = 409, actions.reading_of(found)
                differences = beside(found.kind, opened, now, (opened or now) | chosen)
        except UploadedFile.DoesNotExist:
            raise Http404 from None
    try:
        table, forms_of_columns = _columns(found, request.POST if do in ("look", "check") else None)
        if do in ("look", "check"):
            made: Mapping | None = forms_of_columns.mapping()
            status = 200 if made is not None else 422
            try:
                if made is None:  # perhaps because the file has other columns by now
                    actions.check_seen(found, opened or {})
                else:
                    actions.set_mapping(
                        by=by, upload=found, mapping=made, source=forms_of_columns.source, seen=opened or {}
                    )
                    if do == "check":
                        actions.ask_check(by=by, upload=found)
                        return redirect("admin:upload", pk)
                    return redirect("admin:upload_mapping", pk)
            except (BadMapping, ValidationError) as error:
                problem, status = " ".join(getattr(error, "messages", [str(error)])), 422
                if isinstance(error, actions.Changed):
                    found = load(request, pk)
                    status, now = 409, actions.reading_of(found)
                    chosen = (
                        {} if made is None else {"mapping": made.to_json(), "source": forms_of_columns.source}
                    )
                    differences = beside(found.kind, opened, now, (opened or now) | chosen)
                    data = chosen_over(found.kind, table.header, opened, now, request.POST)
                    table, forms_of_columns = _columns(found, data)
    except UploadedFile.DoesNotExist:
        raise Http404 from None
    except Unacceptable as error:
        # It was acceptable when it came: a row far down, read only now.
        messages.error(request, str(error))
        return redirect("admin:upload", pk)
    last = (table.header_row or 1) + SHOWN
    note(request, found, found.records.filter(row__range=(1, last)))
    # A form that comes back with a mistake still shows what it showed.
    kept = request.POST.get(OPENED, "") if status == 422 and do != "table" else ""
    context = {
        "upload": found, "table": table, "forms": forms_of_columns, "problem": problem,
        "label": SUBJECTS[found.kind].label, "may_change": may_change(request, found),
        "open": found.state in Upload.OPEN, "opened": kept or json.dumps(actions.reading_of(found)),
        "differences": differences,
    } | _last_said(found)  # fmt: skip
    title = _("How %(file)s is read") % {"file": found.name}
    return screen(request, "staff/upload_mapping.html", title, context, status)


def _columns(found: Upload, data: QueryDict | None) -> tuple[Table, MappingForms]:
    with table_of(found) as table:
        sample = list(islice((cells for _row, cells in rows_of(table)), SAMPLE))
        return table, MappingForms(found, table, sample, data)


def _last_said(found: Upload) -> dict[str, Any]:
    """Who said last how the file is read, and when; {} where nobody did."""
    account, at = found.mapping.get("by") or (None, "")
    who = User.objects.filter(pk=account).defer("password").first()
    return {"who": who, "at": datetime.fromisoformat(at)} if who else {}


@require_http_methods(["GET", "HEAD", "POST"])
def questions(request: HttpRequest, pk: int) -> HttpResponse:
    """What the file says and nobody could tell: asked once, remembered for every later file.

    Where somebody else answered meanwhile, both answers are shown, and nothing is written before that was seen.
    """
    found = load(request, pk)
    open_ones = {
        (topic, text, context): suggestions
        for topic, text, context, suggestions in found.counts.get("questions", [])
    }
    problem, status, differences, told = "", 200, [], {}
    if request.method == "POST":
        require_work_on(request, found)
        seen = _answers_seen(request.POST.get(OPENED, ""))
        known = actions.answers_to(found, seen.keys() | open_ones.keys())
        given = {
            question: value for question in {**open_ones, **known} if (value := _answer(request, question))
        }
        try:
            actions.answer_questions(by=request.user, upload=found, answers=given, seen=seen)  # type: ignore[arg-type]
            actions.ask_check(by=request.user, upload=found)  # type: ignore[arg-type]
            return redirect("admin:upload", pk)
        except actions.Changed as error:
            problem, status = " ".join(error.messages), 409
            others = {
                question: value
                for question, (value, _account) in actions.answers_to(found, given).items()
                if value not in (seen.get(question), given[question])
            }
            differences = [
                Difference(f"“{question[1]}”", seen.get(question, ""), value, given[question])
                for question, value in others.items()
            ]
            open_ones = {**dict.fromkeys(others, ()), **open_ones}
            account = next((by for question, (_value, by) in known.items() if question in others), None)
            told = {"who": User.objects.filter(pk=account).defer("password").first()}
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
            return redirect("admin:upload_questions", pk)
    note(request, found)
    asked = [
        {
            "mark": _mark(*question), "topic": question[0], "text": question[1], "context": question[2],
            "suggestions": suggestions, "typed": request.POST.get(f"typed-{_mark(*question)}", ""),
            "chosen": request.POST.get(f"answer-{_mark(*question)}", ""),
        }
        for question, suggestions in open_ones.items()
    ]  # fmt: skip
    values = actions.answers_to(found, open_ones)
    shown = [[*question, values[question][0] if question in values else ""] for question in open_ones]
    remembers = rights.speaks_for_all(request.user) and not SUBJECTS[found.kind].people  # type: ignore[arg-type]
    context = {
        "upload": found, "questions": asked, "may_change": may_change(request, found), "may_remember": remembers,
        "opened": json.dumps(shown), "problem": problem, "differences": differences,
    } | told  # fmt: skip
    return screen(request, "staff/upload_questions.html", _("What do these words mean?"), context, status)


def _answer(request: HttpRequest, question: actions.Question) -> str:
    mark = _mark(*question)
    value = request.POST.get(f"typed-{mark}", "").strip()[:200]
    return value or request.POST.get(f"answer-{mark}", "")[:200]


def _answers_seen(text: str) -> dict[actions.Question, str]:
    """The questions that a form showed, each with the answer it had then; {} if it is anything else."""
    try:
        return {
            (str(topic), str(word), str(context)): str(value)
            for topic, word, context, value in json.loads(text)
        }
    except (ValueError, TypeError):
        return {}


def _mark(*parts: str) -> str:
    """A name for the answer to one question, the same wherever in the list it stands."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
