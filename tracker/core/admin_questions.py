"""What a step asks before it is taken: what goes the same way with the record, from when on or why, what the record
says, and what is doubtful in it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import display_for_field
from django.db import models
from django.forms.models import _get_foreign_key
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.admin_access import NAMED, hold, user_of
from tracker.core.disclosure import published_fields
from tracker.core.models import Publication, Publishable
from tracker.core.ownership import rows_for
from tracker.core.publication import draft_parents

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

    def chosen(self, site: admin.AdminSite) -> list[tuple[Any, models.QuerySet]]:
        """The parts that were ticked: the screen of each kind, and its rows."""
        kinds: dict[type[Publishable], list[Any]] = {}
        for key in self.cleaned_data.get("parts", ()):
            part = self.offered[key]
            kinds.setdefault(type(part), []).append(part.pk)
        return [
            (site.get_model_admin(kind), kind.objects.filter(pk__in=keys)) for kind, keys in kinds.items()
        ]


def with_kind(part: Publishable) -> str:
    """ "Statement: On the election day"; without the kind where the name is nothing but that."""
    kind = capfirst(str(part._meta.verbose_name))
    return kind if str(part) == kind else f"{kind}: {part}"


class EmbargoForm(PartsForm):
    """From when on the public sees what is published now."""

    field_order = ("parts", "embargo_until")
    embargo_until = forms.DateTimeField(
        label=_("Embargo until (UTC)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_(
            "Nobody outside sees what is published now before this moment. Empty: at once, or as each record says "
            "itself."
        ),
    )

    def clean_embargo_until(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["embargo_until"]
        if moment is not None and moment <= timezone.now():
            raise forms.ValidationError(_t("This moment is over. Leave it empty to publish at once."))
        return moment


# What is said to whoever leaves out a reason, wherever it is asked for.
CORRECTION_UNEXPLAINED = _(
    "Say in a few words why this is corrected: the public reads it beside both values."
)
RETURN_UNEXPLAINED = _("Say in a few words what is to be done, so that it can come back better.")
WITHDRAWAL_UNEXPLAINED = _("Say in a few words why this leaves the public pages: the public reads it.")


def _reason(label: Any, missing: Any, readers: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=300,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
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


def doubts_before(
    screen: Any, request: HttpRequest, rows: models.QuerySet, parts: Iterable[Publishable] = ()
) -> list[str]:
    """What somebody should look at before publishing these rows with `parts`, by name; nothing of it forbids it."""
    if isinstance(screen.list_select_related, list | tuple):
        rows = rows.select_related(*screen.list_select_related)
    told = [(str(row), found) for row in rows if (found := screen.doubts(row))]
    for part in parts:
        of_kind = screen.admin_site.get_model_admin(type(part))
        row = of_kind.get_queryset(request).filter(pk=part.pk).first()
        if row is not None and (found := of_kind.doubts(row)):
            told.append((with_kind(part), found))
    lines = [
        _t("%(record)s: %(doubts)s") % {"record": name, "doubts": "; ".join(found)} for name, found in told
    ]
    if rest := len(lines) - NAMED:
        lines[NAMED:] = [_t("and %(count)s more") % {"count": rest}] if rest > 0 else []
    return lines


def hidden_still(screen: Any, rows: models.QuerySet, parts: Iterable[Publishable] = ()) -> list[str]:
    """Which of `rows` stay hidden when they are published, and by what, beside `parts` that can be published too."""
    offered = set(parts)
    if isinstance(screen.list_select_related, list | tuple):
        rows = rows.select_related(*screen.list_select_related)
    lines = []
    for row in rows[:NAMED]:
        if above := [parent for parent in draft_parents(row) if parent not in offered]:
            names = get_text_list([with_kind(parent) for parent in above], _t("and"))  # type: ignore[arg-type]
            text = _t("%(record)s: nobody outside sees it until this is published as well: %(above)s")
            lines.append(text % {"record": row, "above": names})
    return lines
