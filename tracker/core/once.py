"""Workflow screens on which a form that is sent twice writes once, and what the database refuses is said in words.

What `guarded` does for the forms of the register, for every view that is no form of one record.
"""

import json
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.db import Error, IntegrityError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tracker.core.guarded import KEY, OPENED, broken_rule, digest_of, reserve
from tracker.core.models import Submission

log = logging.getLogger(__name__)
View = Callable[..., HttpResponse]
# What PostgreSQL says where somebody else was faster, or a rule of the register is broken: a key that points nowhere,
# a value that is taken, one that no row may hold, two rows that exclude each other, two transactions that wait for
# each other.
REFUSED = ("23503", "23505", "23514", "23P01", "40P01")
LONGEST = Submission._meta.get_field("answer").max_length or 0
# Inputs that nobody types.
STEERING = ("next", "do", "query", OPENED, "seen", "version", "mission")
# A view that was refused is asked again: by now it sees what the others wrote, and says so at the field. More often
# only where many wait for each other.
TRIES = 4


def once(view: View) -> View:
    """Decorator: a POST with the key of a form (`{% submission %}`) that was taken is answered as it was before.

    Taken is what leads on to another page; a form that comes back with its errors may be sent again. One that was
    taken and comes with something else typed into it writes nothing before somebody says so. Without a key it is only
    that no rule of the database ends in a server error.
    """

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        by_script = request.headers.get("X-Requested-With") == "fetch"
        submission, new = reserve(request)
        if submission and not new:
            if submission.digest == digest_of(request):
                messages.info(request, _("The form came in more than once; it was saved once."))
                return JsonResponse({"url": submission.answer}) if by_script else redirect(submission.answer)
            if not by_script:
                words = _(
                    "This form was saved already, and what you typed since is not. Send it again to enter it as "
                    "something of its own, or look at what is there."
                )
                return _not_saved(request, words, submission.answer)
            submission = None  # such a form stays open, and its own version says what it saw
        response = _in_words(request, view, args, kwargs)
        if submission:
            submission.answer = _leads_to(response)
            if 0 < len(submission.answer) <= LONGEST:
                submission.save(update_fields=["answer"])
            else:
                submission.delete()
        return response

    return run


def _leads_to(response: HttpResponse) -> str:
    """The page that follows, also where a script is told it; "" where none does."""
    if isinstance(response, JsonResponse) and response.status_code == 200:
        return str(json.loads(response.content).get("url", ""))
    return str(response.get("Location", ""))


def _in_words(request: HttpRequest, view: View, args: Any, kwargs: Any) -> HttpResponse:
    """The answer of the view; where the database refuses what it writes, nothing of it stays and people are told."""
    if getattr(view, "one_moment", False):
        return view(request, *args, **kwargs)  # begun again as a whole by core.middleware
    for tries_left in reversed(range(TRIES)):
        for file in _files(request):
            file.seek(0)
        try:
            with transaction.atomic():
                return view(request, *args, **kwargs)
        except (IntegrityError, OperationalError) as error:
            if _state(error) not in REFUSED:
                raise
            if tries_left:
                continue
            log.warning("%s: %s", request.resolver_match and request.resolver_match.view_name, _state(error))
            words = (isinstance(error, IntegrityError) and broken_rule(error)) or _(
                "Somebody else wrote the same at this moment, so nothing is saved. What you typed is kept."
            )
            return _not_saved(request, words)
    raise AssertionError  # the last try returns or raises


def _files(request: HttpRequest) -> list[Any]:
    return [file for _name, sent in request.FILES.lists() for file in sent]


def _state(error: Error) -> str:
    return str(getattr(error.__cause__, "sqlstate", ""))


def _not_saved(request: HttpRequest, words: str, there: str = "") -> HttpResponse:
    """A page (409) that keeps what was typed and can send it again, as a form of its own."""
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in (KEY, "csrfmiddlewaretoken") and "password" not in name
        for value in values
    ]
    context = admin.site.each_context(request) | {
        "title": _("Not saved yet"),
        "words": words,
        "kept": kept,
        # By the names of the inputs: which form it was, nobody knows here.
        "typed": [(name.replace("_", " "), value) for name, value in kept if value and name not in STEERING],
        "there": there,
        "files": [file.name for file in _files(request)],
    }
    return render(request, "staff/not_saved.html", context, status=409)
