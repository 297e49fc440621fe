"""Admin forms in which nobody overwrites what they have not seen, and a double click saves once."""

import uuid
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from tracker.core.addresses import screen_address
from tracker.core.history.reading import Entry, describe, rows_of
from tracker.core.models import Submission
from tracker.core.saving import (
    Difference,
    State,
    as_new,
    differences,
    digest,
    merge,
    unlike_record,
    untouched,
)

OPENED, KEY = "_opened", "_submission"


class GuardedSaves(admin.ModelAdmin):
    """Refuses the second of two saves of one record with both versions side by side, and keeps what was typed.

    The form carries what it showed when it was opened. Where others changed something since, it comes back with their
    changes filled in, what was typed kept, and a table of the differences; saving it once more is then a decision.
    Rules that only the database can check (two people give one number at one moment) come back as an error of the
    form, not of the server. The hidden inputs and the table are in templates/admin/change_form.html.
    """

    @transaction.atomic
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        if request.method != "POST" or "_saveasnew" in request.POST:
            return super().changeform_view(request, object_id, form_url, extra_context)
        record = None
        if object_id is not None:
            record = self.get_object(request, unquote(object_id))
            if record is not None and not self.has_change_permission(request, record):
                return super().changeform_view(request, object_id, form_url, extra_context)
            record = record and self._lock(request, record)
            if record is None:  # it never was there, or was deleted meanwhile, or while we waited
                return self._gone(request) or super().changeform_view(request, object_id, form_url)
        submission, new = reserve(request)
        if submission and not new:
            return self._sent_before(request, submission, object_id, form_url)
        context = dict(extra_context or {})
        if record is not None:
            context |= self._conflict(request, record)
        response = self._save(request, object_id, form_url, context)
        if submission:
            saved = getattr(request, "saved_record", None)
            if saved is None:
                submission.delete()
            else:
                submission.record = str(saved.pk)
                submission.save(update_fields=["record"])
        return response

    def _save(
        self, request: HttpRequest, object_id: str | None, form_url: str, context: dict[str, Any]
    ) -> HttpResponse:
        try:
            with transaction.atomic():
                return super().changeform_view(request, object_id, form_url, context)
        except IntegrityError as error:
            words = broken_rule(error)
            if words is None:
                raise
            request.refusal = words  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, context)

    # --- two people

    def _lock(self, request: HttpRequest, record: models.Model) -> models.Model | None:
        """The record, locked until the end of the transaction: what is compared now is what is saved over.

        None where it is there no longer.
        """
        locked = self.model._default_manager.filter(pk=record.pk).order_by().select_for_update().first()
        # Read again as the form reads it, now that nobody else can change it.
        return self.get_object(request, str(record.pk)) if locked else None

    def _conflict(self, request: HttpRequest, record: models.Model) -> dict[str, Any]:
        """Compare what the form had shown with what is on record; {} if nobody else changed anything.

        A form that does not say what it had shown is refused as well, or leaving that out would be a way around this.
        """
        opened = State.from_json(request.POST.get(OPENED, ""))
        form, formsets = self._fresh_forms(request, record)
        now = untouched(form, formsets)
        if opened is None or not opened.covers(now):
            request.refusal = _(  # type: ignore[attr-defined]
                "The form did not say what it showed when you opened it, so nobody can tell whether saving it would "
                "undo what others wrote. Nothing is saved yet, and what you typed is kept. Look at it once more and "
                "save it again."
            )
            found = unlike_record(now, request.POST, form, formsets)
            return self._told(record, now, found, _("Not saved yet: look at this record once more"))
        found = differences(opened, now, request.POST, form, formsets)
        if not found:
            return {}
        request.POST = merge(opened, now, request.POST)  # type: ignore[assignment]
        request.refusal = _(  # type: ignore[attr-defined]
            "Somebody changed this record after you opened it, so nothing is saved yet. Their changes are filled in "
            "below, and what you typed is kept. Look at it once more and save it again."
        )
        return self._told(record, now, found, _("Not saved yet: somebody else changed this record"))

    def _told(self, record: models.Model, now: State, found: list[Difference], title: str) -> dict[str, Any]:
        """What the page says of a conflict; its title is its heading."""
        last = self._last_change(record)
        return {"title": title, "differences": found, "opened": now.to_json(), "last": last}

    def _last_change(self, record: models.Model) -> Entry | None:
        """Who changed the record last, and when; None where the history says nothing of it."""
        return next(iter(describe(rows_of(type(record), record.pk)[:1], lambda model: False)), None)

    def _fresh_forms(self, request: HttpRequest, record: models.Model) -> tuple[Any, list[Any]]:
        """The form and its formsets as they would be shown now."""
        fields = flatten_fieldsets(self.get_fieldsets(request, record))
        form = self.get_form(request, record, change=True, fields=fields)(instance=record)
        formsets = [
            formset(instance=record, prefix=prefix, queryset=inline.get_queryset(request))
            for prefix, formset, inline in self._formsets(request, record)
            if inline.has_change_permission(request, record)
        ]
        return form, formsets

    def _formsets(self, request: HttpRequest, record: models.Model | None) -> Iterator[tuple[str, Any, Any]]:
        """The formsets of the inlines with their prefixes, numbered as the stock admin does."""
        seen: Counter[str] = Counter()
        for formset, inline in self.get_formsets_with_inlines(request, record):
            prefix = formset.get_default_prefix()
            seen[prefix] += 1
            yield prefix if seen[prefix] == 1 and prefix else f"{prefix}-{seen[prefix]}", formset, inline

    def _gone(self, request: HttpRequest) -> HttpResponse | None:
        """Whoever saves a record that was deleted meanwhile gets back what they typed; None if it never was there."""
        opened = State.from_json(request.POST.get(OPENED, ""))
        if opened is None or not self.has_add_permission(request):
            return None
        request.refusal = _(  # type: ignore[attr-defined]
            "Somebody deleted this record after you opened it, so nothing is saved. What you typed is kept: saving it "
            "now enters it as a new record."
        )
        parents = {prefix: formset.fk.name for prefix, formset, _inline in self._formsets(request, None)}
        request.POST = as_new(request.POST, parents)  # type: ignore[assignment]
        add = screen_address(self.model, "add")
        title = _("Not saved yet: somebody else deleted this record")
        return super().changeform_view(request, None, add, {"title": title})

    # --- one form twice

    def _sent_before(
        self, request: HttpRequest, submission: Submission, object_id: str | None, form_url: str
    ) -> HttpResponse:
        record = self.get_object(request, submission.record)
        if record is not None and submission.digest == digest_of(request):
            request.sent_before = True  # type: ignore[attr-defined]
            answer = self.response_add if object_id is None else self.response_change
            response = answer(request, record)
            messages.info(request, _("The form came in more than once; it was saved once."))
            return response
        if object_id is None:
            request.refusal = _(  # type: ignore[attr-defined]
                "This form was saved already, and what you typed since is not. Save it again to enter it as a record "
                "of its own, or go back to the list to change the one that is there."
            )
        request.new_key = True  # type: ignore[attr-defined]
        context = self._conflict(request, record) if object_id is not None and record is not None else {}
        return self._save(request, object_id, form_url, context)

    # --- hooks of the stock admin

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else refusing(form, refusal)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        request.saved_record = obj  # type: ignore[attr-defined]
        return self.onward(request, obj, new=True) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        request.saved_record = obj  # type: ignore[attr-defined]
        return self.onward(request, obj, new=False) or super().response_change(request, obj)

    def onward(self, request: HttpRequest, record: Any, *, new: bool) -> HttpResponse | None:
        """Where saving leads in place of the stock admin's pages and words; None where it was saving alone."""
        return None

    def render_change_form(
        self, request: HttpRequest, context: Any, add: bool = False, change: bool = False,
        form_url: str = "", obj: Any = None,
    ) -> HttpResponse:  # fmt: skip
        if change and "opened" not in context:
            forms = context["adminform"].form, [one.formset for one in context["inline_admin_formsets"]]
            context["opened"] = request.POST.get(OPENED) or untouched(*forms).to_json()
        key = None if getattr(request, "new_key", False) else request.POST.get(KEY)
        context["submission"] = key or uuid.uuid4()
        return super().render_change_form(request, context, add, change, form_url, obj)


def reserve(request: HttpRequest) -> tuple[Submission | None, bool]:
    """The row of this form's key, and whether it is new; whoever sends the same form waits here. None without a key."""
    try:
        key = uuid.UUID(request.POST.get(KEY, ""))
    except ValueError:
        return None, False
    # Of one account: another's rows are out of sight, and a key is no secret.
    key = uuid.uuid5(key, str(request.user.pk))
    defaults = {"digest": digest_of(request), "account_id": request.user.pk}
    return Submission.objects.get_or_create(key=key, defaults=defaults)


def digest_of(request: HttpRequest) -> str:
    """SHA-256 (hex) of everything a request sent, its files included."""
    return digest(request.POST, request.FILES)


def refusing(form: Any, words: str, fields: Collection[str] | None = None) -> Any:
    """The form class `form`, which answers with `words` whatever is sent; with `fields`, only where one was changed."""

    class Refusing(form):
        def full_clean(self) -> None:
            super().full_clean()
            if self.is_bound and (fields is None or not set(fields).isdisjoint(self.changed_data)):
                self.add_error(None, words)

    return Refusing


# Rules that are no constraint of a model: the database's own triggers hold them.
DATABASE_RULES = {
    "publication_four_eyes": _lazy(
        "This election asks for four eyes: a record is submitted by whoever wrote it and published by somebody else, "
        "and every edit needs that again."
    ),
    "source_four_eyes": _lazy(
        "This source stands beside records that wait for a publisher or are public, in an election that asks for four "
        "eyes: what is said of it cannot change without them. Name another source in the records, or have them sent "
        "back or withdrawn first, and published anew."
    ),
    "four_eyes_end": _lazy("It takes two people with an account to switch four eyes off."),
}


def broken_rule_name(error: IntegrityError) -> str | None:
    """The name of the rule that the database found broken; None where it has none."""
    name: str | None = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    return name


def broken_rule(error: IntegrityError) -> str | None:
    """The sentence of the rule that the database found broken; None where the rule is not one of ours."""
    name = broken_rule_name(error)
    table = getattr(getattr(error.__cause__, "diag", None), "table_name", None)
    if name in DATABASE_RULES:
        return str(DATABASE_RULES[name])
    for model in apps.get_models():
        if not name or model._meta.db_table != table:
            continue
        for rule in model._meta.constraints:
            if rule.name == name:
                return str(rule.get_violation_error_message())
        for field in model._meta.local_fields:
            if field.unique and name.startswith(f"{table}_{field.column}_"):
                return " ".join(model().unique_error_message(model, (field.name,)).messages)
    return None
