"""One human being's rights: everything on record as a file, and everything taken out of the register."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from tracker.core.access import require
from tracker.core.addresses import screen_address
from tracker.core.ownership import visible_to
from tracker.ingest.uploads.forgetting import files_of
from tracker.ingest.uploads.queries import said_of
from tracker.missions.models import Person
from tracker.missions.people import erase_person, export_person
from tracker.missions.readings import note_reading

MAY_EXPORT, MAY_ERASE = "missions.export_person", "missions.erase_person"

# The history keeps why for ever, so nobody types it: a sentence could name the person.
REASONS = (
    ("asked", gettext_lazy("the person asked for it"), "the person asked for it"),
    ("needless", gettext_lazy("the data is no longer needed"), "the data is no longer needed"),
    ("mistake", gettext_lazy("it was entered by mistake"), "it was entered by mistake"),
    ("order", gettext_lazy("a decision of an authority or court"), "a decision of an authority or court"),
)


def load(request: HttpRequest, pk: int, permission: str) -> Person:
    """The person, if the account may do this to people and sees this one."""
    require(request, permission)
    return get_object_or_404(visible_to(Person.objects.all(), request.user), pk=pk)  # type: ignore[arg-type]


@require_safe
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about the person as a JSON file. That it was handed out is a reading, and stands in the file."""
    person = load(request, pk, MAY_EXPORT)
    note_reading(request, [person.pk])
    words = {"ensure_ascii": False, "indent": 2}
    said = export_person(person) | {"files": said_of(person)}
    response = JsonResponse(said, json_dumps_params=words)
    response["Content-Disposition"] = f'attachment; filename="person-{pk}-{timezone.now():%Y-%m-%d}.json"'
    response["Cache-Control"] = "no-store"
    return response


class EraseForm(forms.Form):
    """Why, and the word that nobody types by accident."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Why"),
        choices=[("", gettext_lazy("choose")), *((code, label) for code, label, _kept in REASONS)],
        help_text=gettext_lazy("Kept in the history for good."),
    )
    word = forms.CharField(
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, word: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.word = word
        self.fields["word"].label = _("Type %(word)s to confirm") % {"word": word}

    def clean_word(self) -> str:
        typed: str = self.cleaned_data["word"]
        if typed.strip().casefold() != self.word.casefold():
            raise forms.ValidationError(_("This is not %(word)s; nothing was erased.") % {"word": self.word})
        return typed


@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """What goes and what stays; POST with the typed confirmation erases."""
    person = load(request, pk, MAY_ERASE)
    observer = getattr(person, "observer", None)
    form = EraseForm(
        request.POST if request.method == "POST" else None, word=observer.code if observer else "ERASE"
    )
    if request.method == "POST" and form.is_valid():
        reason = next(kept for code, _label, kept in REASONS if code == form.cleaned_data["reason"])
        files = files_of(person).count()
        erase_person(by=request.user, person=person, reason=reason)  # type: ignore[arg-type]
        messages.success(request, _("The person is erased. What stays on record holds no data of theirs."))
        if files:
            words = ngettext(
                "%(number)d file that may have named the person was deleted.",
                "%(number)d files that may have named the person were deleted.",
                files,
            )
            messages.success(request, words % {"number": files})
        return redirect(screen_address(Person, "changelist"))
    note_reading(request, [person.pk])
    context = {
        "title": _("Erase a person"),
        "person": person,
        "observer": observer,
        "applications": person.accreditations.count() + (observer.accreditations.count() if observer else 0),
        "files": files_of(person).count(),
        "form": form,
        "opts": Person._meta,
    }
    response = TemplateResponse(
        request,
        "staff/person_erase.html",
        admin.site.each_context(request) | context,
        status=422 if form.errors else 200,
    )
    response["Cache-Control"] = "no-store"
    return response
