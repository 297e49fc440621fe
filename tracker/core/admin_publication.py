"""Publishing in the admin: the actions, what they warn of, and the screens of a record that is a draft until then."""

from datetime import UTC
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR, BaseModelAdmin
from django.contrib.admin.utils import flatten, unquote
from django.contrib.admin.widgets import AdminDateWidget, RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.addresses import screen_address
from tracker.core.admin_access import NarrowedAdmin, hold, user_of
from tracker.core.admin_outcome import warn_of_doubts, warn_of_drafts_below
from tracker.core.admin_questions import CORRECTION_UNEXPLAINED, NO_SOURCE
from tracker.core.admin_steps import (
    ONWARD,
    STEPS,
    as_shown,
    hand_in,
    is_done,
    is_open,
    may_take,
    publish,
    send_back,
    submit,
    take,
    take_back,
    unpublish,
    way_back,
)
from tracker.core.disclosure import published_fields
from tracker.core.guarded import refusing
from tracker.core.history.reading import sent_back
from tracker.core.identity import give_reason
from tracker.core.models import Publication, Publishable, published_condition
from tracker.core.publication import draft_parents, four_eyes_objection, has_four_eyes

# The input in which whoever corrects a public record says why.
REASON = "_reason"
# A form saves and takes one of these steps in one go, where the person may take it.
SAVE_AND = (("submit", _("Save and submit for publication")), ("publish", _("Save and publish")))
NO_DATE = _(
    "Write the day as 2024-02-08, 8.2.2024 or 8 February 2024. With strokes nobody can tell the day from the month."
)
# What is typed as example.org is an https address.
HTTPS_ASSUMED: dict[type[models.Field], dict[str, Any]] = {models.URLField: {"assume_scheme": "https"}}


class PlainFields(BaseModelAdmin):
    """For every form of the register, its inline rows included: what Django's own fields leave unclear."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """No red cross beside a look-up: it would delete the record and not empty the field. Dates say how."""
        if isinstance(db_field, models.SlugField):
            text = _("Use only the letters a to z, digits, hyphens and underscores, without blanks.")
            kwargs.setdefault("error_messages", {"invalid": text})
        if isinstance(db_field, models.DateField):
            kind = "invalid_date" if isinstance(db_field, models.DateTimeField) else "invalid"
            kwargs.setdefault("error_messages", {kind: NO_DATE})
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_delete_related = False
        if field is not None and isinstance(field.widget, AdminDateWidget):
            field.widget.attrs["placeholder"] = "YYYY-MM-DD"
        return field


class FoldedRows(admin.TabularInline):
    """Rows that most records do without: folded while there are none, and opened they say what they are for."""

    template = "admin/_folded_inline.html"
    extra = 0
    meant_for: Any = ""


class PublishableAdmin(PlainFields, NarrowedAdmin):
    """Screens of a record that is a draft until somebody publishes it."""

    actions = (submit, take_back, publish, send_back, unpublish)
    formfield_overrides = HTTPS_ASSUMED
    list_per_page = 50
    # Keys to records without which it is hidden, and which go to the public with it where they never were.
    taken_along: tuple[str, ...] = ()
    # The steps that its form takes with saving; none where a page of its own leads to the public.
    save_and: tuple[tuple[str, Any], ...] = SAVE_AND
    # What the pop-up behind a green plus asks for, where that is less than the form does.
    popup_fieldsets: Any = None

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Beside the publication its embargo, for whoever publishes; folded stays what is empty."""
        popup = obj is None and (IS_POPUP_VAR in request.GET or IS_POPUP_VAR in request.POST)
        asked = (popup and self.popup_fieldsets) or super().get_fieldsets(request, obj)
        fieldsets = [
            (title, _unfolded(options) if _says_something(request, obj, options) else options)
            for title, options in asked
        ]
        if not self.has_publish_permission(request, obj):
            return fieldsets
        return [
            (title, options | {"fields": _with_embargo(options["fields"])}) for title, options in fieldsets
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Whoever corrects what is public says why. The page asks for it (templates/admin/change_form.html)."""
        form = super().get_form(request, obj, change=change, **kwargs)
        unsaid = request.POST.get(REASON, "").strip() == ""
        if obj is None or not unsaid or not obj.is_released:
            return form
        return refusing(form, str(CORRECTION_UNEXPLAINED), published_fields(self.model))

    def _create_formsets(self, request: HttpRequest, obj: Any, change: bool) -> Any:
        """Rows that the public reads with a record, and that nobody publishes by themselves, are its own words: to
        correct them, or under four eyes to add any, takes a reason as well."""
        formsets, inlines = super()._create_formsets(request, obj, change)  # type: ignore[misc]
        if change and request.method == "POST" and not request.POST.get(REASON, "").strip():
            record = self.model._default_manager.filter(pk=obj.pk).first()
            if record is not None and record.is_released:
                for formset in formsets:
                    if not issubclass(formset.model, Publishable) and published_fields(formset.model):
                        formset.clean = partial(_ask_why, formset, formset.clean, has_four_eyes(record))
        return formsets, inlines

    def render_change_form(
        self, request: HttpRequest, context: Any, add: bool = False, change: bool = False,
        form_url: str = "", obj: Any = None,
    ) -> HttpResponse:  # fmt: skip
        context["save_and"] = self.save_and[: 1 + self.has_publish_permission(request)] if add else ()
        if change and obj is not None:
            # As it is on record: what was typed may say otherwise already.
            record = self.model._default_manager.filter(pk=obj.pk).first()
            public = record is not None and record.is_released
            if record is not None:
                self.mark_corrected([record])
                context |= self._state(request, record)
            context["ask_reason"] = public and self.has_change_permission(request, obj)
            context["reason"] = request.POST.get(REASON, "")
            context["four_eyes"] = public and has_four_eyes(obj) and not hasattr(obj, "four_eyes")
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _state(self, request: HttpRequest, record: Publishable) -> dict[str, Any]:
        """The state of a record, what it means, and the steps from there that the person may take."""
        taken = [step for step in STEPS if may_take(self, request, record, step) and is_open(record, step)]
        sentence = state_sentence(record)
        if "publish" in taken and (objection := four_eyes_objection(record, user_of(request))):
            taken.remove("publish")
            sentence = f"{sentence} {objection}"
        # Never both ways back for one person.
        if "take_back" in taken and "send_back" in taken:
            mine = way_back(record, user_of(request))
            taken = [step for step in taken if step not in ("take_back", "send_back") or step == mine]
        steps = [
            (step, STEPS[step][0], screen_address(record, "publication", record.pk, step)) for step in taken
        ]
        return {
            "state": self.publication_badge(record), "state_sentence": sentence, "steps": steps,
            "seen": as_shown(self, request, record) if steps else "",
            "sent_back": sent_back([record]).get(record.pk) if record.publication == Publication.DRAFT else None,
            "save_and": [pair for pair in self.save_and if pair[0] in taken],
        }  # fmt: skip

    def onward(self, request: HttpRequest, record: Any, *, new: bool) -> HttpResponse | None:
        """After saving: the step that was asked for with it; None where it was saving alone.

        A form that came in once more takes no step: by now the record may say something else.
        """
        step = next((step for step, _label in self.save_and if f"_{step}" in request.POST), "")
        if not step or "_popup" in request.POST or getattr(request, "sent_before", False):
            return None
        if not may_take(self, request, record, step):
            return None
        page = screen_address(record, "change", record.pk)
        if step == "publish" and (objection := four_eyes_objection(record, user_of(request))):
            self.message_user(request, _t("Saved, and not published. %s") % objection, messages.WARNING)
            return HttpResponseRedirect(page)
        if step == "submit" and hand_in(self, request, record, new=new):
            return redirect("admin:index")
        # Sent on as the POST that it is, to the page that asks about what was saved, and no other version.
        seen = urlencode({"seen": as_shown(self, request, record)})
        return redirect(
            f"{screen_address(record, 'publication', record.pk, step)}?{seen}", preserve_request=True
        )

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.publication_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_publication"
        return [path("<path:object_id>/publication/<slug:step>/", view, name=name), *super().get_urls()]

    def publication_view(self, request: HttpRequest, object_id: str, step: str) -> HttpResponse:
        """Take one step with one record, after a page that asks; from there to the first page where nothing is left to
        do with it, and back to the record otherwise.

        A step is taken with the record as its page showed it, before the question as after it: whoever has not seen
        what it says now is led back to it, and nothing is done.
        """
        record = self.get_object(request, unquote(object_id))
        if record is not None:
            hold(request, self.model._default_manager.filter(pk=record.pk))
            record = self.get_object(request, str(record.pk))
        if record is None or step not in STEPS:
            raise Http404
        if not may_take(self, request, record, step):
            raise self.refusal(request, STEPS[step][1], record)
        # An address alone does nothing; it is where "take me back" leads.
        began = request.method == "POST" and is_open(record, step)
        question = take(self, request, record, step) if request.method == "POST" else None
        if question is None and began and step in ONWARD and is_done(record, step):
            return redirect("admin:index")
        return question or HttpResponseRedirect(screen_address(record, "change", record.pk))

    @admin.display(description=_("publication"), ordering="publication")
    def publication_badge(self, record: Publishable) -> SafeString:
        """What the public sees of the record: nothing, all, all and not as at first, or nothing because of a draft
        above it."""
        if record.publication != Publication.PUBLISHED:
            word = record.get_publication_display().partition(":")[0]
            return format_html('<span class="badge badge-{}">{}</span>', record.publication, word)
        if not record.is_released:
            moment = date_format(timezone.localtime(record.embargo_until, UTC), "j M Y H:i")
            words = _t("under embargo until %(moment)s UTC") % {"moment": moment}
            return format_html('<span class="badge badge-hidden">{}</span>', words)
        if draft_parents(record):
            return format_html(
                '<span class="badge badge-hidden">{}</span>', _t("published, but hidden by a draft above it")
            )
        corrected = getattr(record, "corrected_at", None)
        words = (
            _t("corrected on %(day)s") % {"day": date_format(corrected, "j M Y")}
            if corrected
            else _t("published")
        )
        return format_html('<span class="badge badge-published">{}</span>', words)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, its rows told apart into published and corrected."""
        found: Any = super().get_changelist_instance(request)
        self.mark_corrected(found.result_list)
        return found

    def mark_corrected(self, records: Any) -> None:
        """Set `corrected_at` on each record. What a correction is, is known higher up; the site knows whom to ask."""
        self.admin_site.mark_corrected(records)  # type: ignore[attr-defined]

    def doubts(self, record: Any) -> list[str]:
        """What is doubtful in a record that is public now, in a few words each. `record` is a row of `get_queryset`."""
        return [str(NO_SOURCE)] if record.is_unsourced else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, with the reason that whoever corrects something public gave."""
        if reason := request.POST.get(REASON, "").strip():
            give_reason(reason)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save, and say what is doubtful in a published record, and when it is still not seen by anybody."""
        super().save_related(request, form, formsets, change)
        record = form.instance
        drafts = draft_parents(record) if record.publication == Publication.PUBLISHED else []
        if drafts:
            text = _t("Published, but hidden from the public until this is published as well: %(drafts)s.")
            names = ", ".join(f"{draft._meta.verbose_name} “{draft}”" for draft in drafts)
            self.message_user(request, text % {"drafts": names}, messages.WARNING)
        if record.publication == Publication.PUBLISHED:
            warn_of_doubts(self, request, record)
            warn_of_drafts_below(self, request, [record.pk])


def _ask_why(formset: Any, clean: Any, of_new: bool) -> None:
    """The check of a formset: refused where a row on record, or with `of_new` any row, was changed."""
    clean()
    if any(form.has_changed() for form in (formset.forms if of_new else formset.initial_forms)):
        raise ValidationError(CORRECTION_UNEXPLAINED)


def state_sentence(record: Publishable) -> str:
    """What the state of a record means: who sees it, and what comes next."""
    if record.publication == Publication.DRAFT:
        return _t("Only staff see it. Whoever wrote it submits it when it is ready.")
    if record.publication == Publication.SUBMITTED:
        return _t("Only staff see it. It waits for a publisher.")
    if record.publication == Publication.WITHDRAWN:
        return _t("It was public, and only staff see it now. Submit or publish it to bring it back.")
    if not record.is_released:
        return _t("Nobody outside sees it before its embargo ends; then everybody does.")
    if drafts := draft_parents(record):
        names = ", ".join(f"{draft._meta.verbose_name} “{draft}”" for draft in drafts)
        return _t("Nobody outside sees it until this is published as well: %(drafts)s.") % {"drafts": names}
    return _t("Everybody sees it.")


def _says_something(request: HttpRequest, record: Any, options: Any) -> bool:
    """Whether a field of this fieldset holds, or was sent, anything.

    The state stands above the form already, and an address name comes from the name by itself.
    """
    unsaid = ("publication", "embargo_until", "slug")
    names = [name for name in flatten(options["fields"]) if name not in unsaid]
    # The address fills in a new form.
    sent = any(request.POST.get(name) or (record is None and request.GET.get(name)) for name in names)
    return sent or any(getattr(record, name, None) not in (None, "") for name in names)


def _unfolded(options: Any) -> Any:
    classes = tuple(name for name in options.get("classes", ()) if name != "collapse")
    return options | {"classes": classes}


def _with_embargo(fields: Any) -> list[Any]:
    """The fields of a fieldset, the embargo behind the publication wherever that stands."""
    found: list[Any] = []
    for field in fields:
        if field == "publication":
            found.append(("publication", "embargo_until"))
        elif isinstance(field, list | tuple) and "publication" in field:
            found += [field, "embargo_until"]
        else:
            found.append(field)
    return found


def public_address(record: models.Model, name: str, **arguments: Any) -> str | None:
    """Where the public sees `record`: None while it is hidden, and where the site has no such page."""
    if not type(record)._default_manager.filter(published_condition(type(record)), pk=record.pk).exists():
        return None
    try:
        return reverse(f"public:{name}", kwargs=arguments)
    except NoReverseMatch:
        return None
