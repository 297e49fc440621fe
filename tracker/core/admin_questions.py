"""What a step asks before it is taken: what goes the same way with the record, from when on or why, what the record
says, and what is doubtful in it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import display_for_field
from django.db import models
from django.forms.models import _get_foreign_key
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.addresses import screen_address
from tracker.core.admin_access import digest_of, hold, seen_version, user_of
from tracker.core.admin_sentences import NAMED, of_each_choice, with_kind, yes_to
from tracker.core.disclosure import published_fields
from tracker.core.models import Publication, Publishable
from tracker.core.ownership import rows_for
from tracker.core.publication import draft_parents

# What is said where a form was saved for the sake of the step that is asked about now.
NOT_YET = {
    "submit": _("Saved, and not submitted yet: no publisher finds it before you say yes."),
    "publish": _("Saved, and not published yet: nobody outside sees it before you say yes."),
}
# Where a step to the public can find a record that it takes along and that was never public.
BEFORE = {
    Publication.SUBMITTED: (Publication.DRAFT,),
    Publication.PUBLISHED: (Publication.DRAFT, Publication.SUBMITTED),
}


class PartsForm(forms.Form):
    """Which parts of the record go the same way with it."""

    parts = forms.MultipleChoiceField(
        label=_("Together with it"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("What you ticked is not offered any more; look again.")},
    )

    def __init__(self, data: Any, parts: Sequence[Publishable]) -> None:
        super().__init__(data)
        # By what they are and never by their place: the offer may be another one when the answer comes.
        self.offered = {f"{part._meta.label_lower}:{part.pk}": part for part in parts}
        if not parts:
            del self.fields["parts"]
            return
        choices: Any = [(key, with_kind(part)) for key, part in self.offered.items()]
        self.fields["parts"].choices = choices  # type: ignore[attr-defined]
        self.fields["parts"].initial = list(self.offered)

    @property
    def ticked(self) -> list[Publishable]:
        """The parts that are ticked as the page is shown."""
        ticked = self["parts"].value() or () if "parts" in self.fields else ()
        return [part for key, part in self.offered.items() if key in ticked]

    def chosen(self, site: admin.AdminSite) -> list[tuple[Any, models.QuerySet]]:
        """The parts that were ticked: the screen of each kind, and its rows."""
        kinds: dict[type[Publishable], list[Any]] = {}
        for key in self.cleaned_data.get("parts", ()):
            part = self.offered[key]
            kinds.setdefault(type(part), []).append(part.pk)
        return [
            (site.get_model_admin(kind), kind.objects.filter(pk__in=keys)) for kind, keys in kinds.items()
        ]


class EmbargoForm(PartsForm):
    """From when on the public sees what is published now."""

    field_order = ("parts", "embargo_until")
    embargo_until = forms.DateTimeField(
        label=_("Embargo until (UTC)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Nobody outside sees it before. Empty: at once, or as each record says itself."),
    )

    def clean_embargo_until(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["embargo_until"]
        if moment is not None and moment <= timezone.now():
            raise forms.ValidationError(_t("This moment is over. Leave it empty to publish at once."))
        return moment


# The doubt about a record that says nothing of where it comes from.
NO_SOURCE = _("no source is on record")
# What is said to whoever leaves out a reason, wherever it is asked for.
CORRECTION_UNEXPLAINED = _(
    "Say in a few words why this is corrected: the public reads it beside both values."
)
RETURN_UNEXPLAINED = _("Say in a few words what is to be done, so that it can come back better.")
WITHDRAWAL_UNEXPLAINED = _("Say in a few words why this leaves the public pages: the public reads it.")


# So many characters a reason has at most.
REASON_LENGTH = 300


def _reason(label: Any, missing: Any, readers: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": missing},
        help_text=readers,
    )


class SendBackForm(PartsForm):
    """Why it goes back to whoever wrote it."""

    field_order = ("reason", "parts")
    reason = _reason(
        _("What is missing, or wrong?"),
        RETURN_UNEXPLAINED,
        _("Whoever wrote it reads this on the first page. No names of people: the history keeps it."),
    )


class WithdrawForm(PartsForm):
    """Why it leaves the public pages."""

    reason = _reason(
        _("Why is it withdrawn?"),
        WITHDRAWAL_UNEXPLAINED,
        _("The page of corrections shows it, and nothing of what was withdrawn. No names of people."),
    )


def parts_of(
    screen: Any, request: HttpRequest, rows: models.QuerySet, action: str, to: Publication
) -> list[Publishable]:
    """What can go the way to the state `to` together with `rows`, and the person may do `action` to.

    What keeps them from the public and never was public itself (`taken_along` of their screen: the organization of a
    mission), and of a single record what its form shows inside, in the state of the record.
    """
    records = list(rows.order_by("pk").select_related(*screen.taken_along)[: NAMED + 1])
    if len(records) > NAMED:
        return []
    hidden = [record for record in records if record.publication != Publication.PUBLISHED]
    found = _above(screen, request, hidden, action, to)
    if len(records) != 1 or not hidden:
        return found
    (record,) = hidden
    for inline in screen.get_inline_instances(request, record):
        if issubclass(inline.model, Publishable):
            key = _get_foreign_key(screen.model, inline.model, inline.fk_name).name
            same = inline.model.objects.filter(publication=record.publication, **{key: record})
            mine = rows_for(same, user_of(request), action)
            hold(request, mine)
            found += mine.order_by("pk")
    return found


def _above(
    screen: Any, request: HttpRequest, records: Sequence[Publishable], action: str, to: Publication
) -> list[Publishable]:
    found: list[Publishable] = []
    for name in screen.taken_along:
        keys = {getattr(record, f"{name}_id") for record in records}
        kind: Any = screen.model._meta.get_field(name).related_model
        unseen = kind.objects.filter(pk__in=keys, publication__in=BEFORE.get(to, ()))
        mine = rows_for(unseen, user_of(request), action)
        hold(request, mine)
        found += mine.order_by("pk")
    return found


def what_it_says(record: models.Model) -> list[tuple[str, Any]]:
    """What the public will read in `record`: label and value of each field that says something, as on its form."""
    said: list[tuple[str, Any]] = []
    for name in published_fields(type(record)):
        field: Any = record._meta.get_field(name)
        if field.primary_key:
            continue
        if field.many_to_many:
            value: Any = get_text_list([str(row) for row in getattr(record, name).all()], _t("and"))
        elif field.is_relation:
            value = str(getattr(record, name) or "")
        else:
            value = getattr(record, name)
        if value in (None, "", False, []):
            continue
        shown = value if field.is_relation else display_for_field(value, field, "")
        said.append((capfirst(str(field.verbose_name)), shown))
    return said


class ToKnow(NamedTuple):
    """A sentence to read before a yes, and where the person can mend what it says: address and label, "" if nowhere."""

    text: str
    address: str = ""
    label: str = ""


def doubts_before(
    screen: Any, request: HttpRequest, rows: models.QuerySet, parts: Iterable[Publishable] = ()
) -> list[str]:
    """What somebody should look at before publishing these rows with `parts`, by name; nothing of it forbids it."""
    told = [(name, found) for name, found, _screen, _row in _doubts(screen, request, rows, parts)]
    lines = [
        _t("%(record)s: %(doubts)s") % {"record": name, "doubts": "; ".join(found)} for name, found in told
    ]
    return _first_of(lines, lambda rest: rest)


def to_know_before(
    screen: Any, request: HttpRequest, rows: models.QuerySet, parts: Iterable[Publishable] = ()
) -> list[ToKnow]:
    """The same for a question: calmly, as the person can say yes all the same, and with the way to mend it."""
    lines = []
    for name, found, of_kind, row in _doubts(screen, request, rows, parts):
        page = screen_address(row, "change", row.pk) if of_kind.has_change_permission(request, row) else ""
        if str(NO_SOURCE) in found:
            text = _t("%(record)s will be shown without a source.") % {"record": name}
            lines.append(ToKnow(text, page and f"{page}#id_source", _t("Add a source")))
        if others := [doubt for doubt in found if doubt != str(NO_SOURCE)]:
            text = _t("%(record)s: %(doubts)s.") % {"record": name, "doubts": "; ".join(others)}
            lines.append(ToKnow(text, page, _t("Open it")))
    return _first_of(lines, ToKnow)


def _doubts(
    screen: Any, request: HttpRequest, rows: models.QuerySet, parts: Iterable[Publishable]
) -> Iterator[tuple[str, list[str], Any, Any]]:
    """(name, doubts, screen, record) of each record in which something is doubtful."""
    for row in with_names(screen, rows):
        if found := screen.doubts(row):
            yield str(row), found, screen, row
    for part in parts:
        of_kind = screen.admin_site.get_model_admin(type(part))
        row = of_kind.get_queryset(request).filter(pk=part.pk).first()
        if row is not None and (found := of_kind.doubts(row)):
            yield with_kind(part), found, of_kind, row


def _first_of(lines: list[Any], counted: Callable[[str], Any]) -> list[Any]:
    rest = len(lines) - NAMED
    return [*lines[:NAMED], counted(_t("and %(count)s more") % {"count": rest})] if rest > 0 else lines


def with_names(screen: Any, rows: models.QuerySet) -> models.QuerySet:
    """`rows` with what their names are made of, in the same query."""
    together = screen.list_select_related
    return rows.select_related(*together) if isinstance(together, list | tuple) else rows


def hidden_still(screen: Any, rows: models.QuerySet, parts: Iterable[Publishable] = ()) -> list[ToKnow]:
    """Which of `rows` stay hidden when they are published, and by what, beside `parts` that can be published too."""
    offered = set(parts)
    lines = []
    for row in with_names(screen, rows)[:NAMED]:
        if above := [parent for parent in draft_parents(row) if parent not in offered]:
            names = get_text_list([with_kind(parent) for parent in above], _t("and"))
            text = _t("%(record)s: nobody outside sees it until this is published as well: %(above)s")
            lines.append(ToKnow(text % {"record": row, "above": names}))
    return lines


def ask_first(
    screen: Any, request: HttpRequest, rows: models.QuerySet, action: str,
    question: Callable[[Sequence[Any]], tuple[str, str]], form: Any = None,
    to_know: Callable[[], Sequence[ToKnow]] = tuple,
    says: Callable[[], Sequence[tuple[str, str, Sequence[tuple[str, Any]]]]] = tuple,
) -> HttpResponse | None:  # fmt: skip
    """The page that asks before `action` is done to `rows`: how many, and which. None once somebody said yes to it.

    `question` gives title and words with the ticked parts. The yes is to these rows as they were then: if by
    now it would be others, or one of them says something else, the page asks again. A `form` is asked with it, and
    asked again where it is not valid; what it offers to do together with `rows` (`offered`) is part of the question.
    `to_know` gives what to read before it; it forbids nothing. `says` gives what the records say: (name of a record,
    address of its page, labels and values) each.
    Called in a transaction: after a yes the rows are locked.
    """
    hold(request, rows)
    count = rows.count()
    offered = list(getattr(form, "offered", {}).values())
    asked = digest_of(rows, offered)
    if request.POST.get("sure") == asked:
        if form is None or form.is_valid():
            return None
    elif "sure" in request.POST:
        text = _t("Something of this has changed since you were asked, so nothing was done; look again.")
        screen.message_user(request, text, messages.WARNING)

    def say(parts: Sequence[Any]) -> tuple[str, str, str]:
        return *question(parts), yes_to(action, count + len(parts))

    title, words, yes = say(getattr(form, "ticked", ()))
    context = screen.admin_site.each_context(request) | {
        "title": title,
        "words": words,
        "opts": screen.opts,
        "rows": rows[:NAMED],
        "more": max(0, count - NAMED),
        "count": count,
        "yes": yes,
        # For the script that follows what is ticked.
        "choices": of_each_choice(offered, say) if offered else None,
        "sure": asked,
        # The version of a single record that its own page showed; its step compares it once more after the yes.
        "seen": seen_version(request) or "",
        "not_yet": NOT_YET.get(action, "") if f"_{action}" in request.POST else "",
        "to_know": to_know(),
        "says": says(),
        "form": form,
        "action": action,
        "across": request.POST.get("select_across", "0"),
        "selected": request.POST.getlist("_selected_action"),
    }
    return TemplateResponse(request, "staff/ask_first.html", context)
