"""Publishing in the admin: the actions, what they warn of, and the screens of a record that is a draft until then."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import get_text_list
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tracker.core.admin_access import NarrowedAdmin, ask_first
from tracker.core.disclosure import published_fields
from tracker.core.guarded import DATABASE_RULES, broken_rule_name, refusing
from tracker.core.identity import give_reason
from tracker.core.models import (
    Publication,
    Publishable,
    User,
    published_condition,
    released_condition,
)
from tracker.core.publication import drafts_below, seen_below

FOUR_EYES = "publication_four_eyes"
# The input in which whoever corrects a public record says why.
REASON = "_reason"
# What is typed as example.org is an https address.
HTTPS_ASSUMED: dict[type[models.Field], dict[str, Any]] = {models.URLField: {"assume_scheme": "https"}}


@transaction.atomic
def change_publication(rows: models.QuerySet, to: Publication, embargo: datetime | None = None) -> int:
    """Submit, publish or withdraw `rows`; how many really changed. An `embargo` replaces the one they carry."""
    changed = rows.model._default_manager.filter(pk__in=list(rows.values_list("pk", flat=True)))
    # Only what was public can be withdrawn.
    public = Q(publication=Publication.PUBLISHED)
    changed = changed.filter(public if to == Publication.WITHDRAWN else ~Q(publication=to))
    ids = list(changed.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    values: dict[str, Any] = {"publication": to} | ({"embargo_until": embargo} if embargo else {})
    return rows.model._default_manager.filter(pk__in=ids).update(**values) if ids else 0


def publish_each(rows: models.QuerySet, embargo: datetime | None) -> tuple[int, list[models.Model]]:
    """Publish `rows`, at once or under `embargo`; how many really changed, and those that four eyes keep from it."""
    try:
        with transaction.atomic():
            return change_publication(rows, Publication.PUBLISHED, embargo), []
    except IntegrityError as error:
        if broken_rule_name(error) != FOUR_EYES:
            raise
    changed, refused = 0, []
    for row in rows.order_by("pk"):
        try:
            with transaction.atomic():
                changed += change_publication(rows.filter(pk=row.pk), Publication.PUBLISHED, embargo)
        except IntegrityError as error:
            if broken_rule_name(error) != FOUR_EYES:
                raise
            refused.append(row)
    return changed, refused


def has_four_eyes(record: models.Model) -> bool:
    """Whether the election of `record` asks for four eyes."""
    parents = [getattr(record, name) for name in getattr(record, "published_with", ())]
    return bool(getattr(record, "four_eyes", False)) or any(map(has_four_eyes, parents))


def awaits_other_eyes(record: Publishable, user: User) -> bool:
    """Whether four eyes keep `user` from publishing `record`, because they wrote it."""
    return record.written_by_id == user.pk and has_four_eyes(record)


def hidden_by_parents(rows: models.QuerySet) -> int:
    """How many of `rows` are public themselves and yet hidden, because a record they belong to is not."""
    return rows.filter(released_condition()).exclude(published_condition(rows.model)).count()


def report(
    screen: admin.ModelAdmin, request: HttpRequest, level: int, one: str, many: str, count: int, **words: Any
) -> None:
    """Tell the person how many records something happened to, or did not; nothing where there are none."""
    if count:
        screen.message_user(request, ngettext(one, many, count) % (words | {"count": count}), level)


def draft_parents(record: models.Model) -> list[models.Model]:
    """The records above `record` that are drafts and keep it from the public."""
    drafts: list[models.Model] = []
    for name in getattr(record, "published_with", ()):
        parent = getattr(record, name)
        if not getattr(parent, "is_released", True):
            drafts.append(parent)
        drafts += draft_parents(parent)
    return drafts


def parent_words(model: type[models.Model]) -> str:
    """The kinds of record that must be published before a row of `model` is seen: "election or organization"."""
    names = [str(model._meta.get_field(name).verbose_name) for name in getattr(model, "published_with", ())]  # type: ignore[union-attr]
    return get_text_list(names, _t("or"))


@admin.action(
    description=_("Submit selected %(verbose_name_plural)s for publication"), permissions=["change"]
)
def submit(modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: models.QuerySet) -> None:
    """Hand the selected records to whoever publishes; what is public or handed in already stays as it is."""
    ready = queryset.filter(publication__in=[Publication.DRAFT, Publication.WITHDRAWN])
    changed = change_publication(ready, Publication.SUBMITTED)
    text = ngettext(
        "%(count)d record waits for a publisher now.", "%(count)d records wait for a publisher now.", changed
    )
    modeladmin.message_user(
        request, text % {"count": changed}, messages.SUCCESS if changed else messages.INFO
    )


@admin.action(description=_("Publish selected %(verbose_name_plural)s"), permissions=["publish"])
def publish(
    modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: models.QuerySet
) -> HttpResponse | None:
    """Show the selected records to the public, after a look at which they are."""
    words = _t("Everybody will see them, and everything below them that is published itself.")
    form = EmbargoForm(request.POST if "sure" in request.POST else None)
    question = ask_first(modeladmin, request, queryset, "publish", _t("Publish these records?"), words, form)
    if question is None:
        publish_now(modeladmin, request, queryset, form.cleaned_data["embargo_until"])
    return question


class EmbargoForm(forms.Form):
    """From when on the public sees what is published now."""

    embargo_until = forms.DateTimeField(
        label=_("Embargo until (UTC)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_(
            "Nobody outside sees them before this moment. Empty: at once, or as each record says itself."
        ),
    )

    def clean_embargo_until(self) -> datetime | None:
        moment: datetime | None = self.cleaned_data["embargo_until"]
        if moment is not None and moment <= timezone.now():
            raise forms.ValidationError(_t("This moment is over. Leave it empty to publish at once."))
        return moment


def publish_now(
    modeladmin: admin.ModelAdmin,
    request: HttpRequest,
    queryset: models.QuerySet,
    embargo: datetime | None = None,
) -> None:
    """Show these records to the public, at once or under `embargo`, and say what came of it."""
    selected = queryset.count()
    ids = list(queryset.values_list("pk", flat=True))
    changed, refused = publish_each(queryset, embargo)
    if refused:
        names = get_text_list(
            [f"“{row}”" for row in refused[:5]] + (["…"] if len(refused) > 5 else []), _t("and")
        )
        text = _t("Not published: %(names)s. %(rule)s")
        modeladmin.message_user(
            request, text % {"names": names, "rule": DATABASE_RULES[FOUR_EYES]}, messages.ERROR
        )
    text = ngettext("%(count)d record published.", "%(count)d records published.", changed) % {
        "count": changed
    }
    modeladmin.message_user(request, text, messages.SUCCESS)
    report(
        modeladmin, request, messages.INFO, "%(count)d record was published already.",
        "%(count)d records were published already.", selected - changed - len(refused),
    )  # fmt: skip
    rows = modeladmin.model._default_manager.filter(pk__in=ids)
    report(
        modeladmin, request, messages.WARNING,
        "%(count)d of them stays hidden until its embargo ends.",
        "%(count)d of them stay hidden until their embargo ends.",
        rows.filter(publication=Publication.PUBLISHED).exclude(released_condition()).count(),
    )  # fmt: skip
    report(
        modeladmin, request, messages.WARNING,
        "%(count)d of them stays hidden until its %(parents)s is published as well.",
        "%(count)d of them stay hidden until their %(parents)s is published as well.",
        hidden_by_parents(rows), parents=parent_words(modeladmin.model),
    )  # fmt: skip
    warn_of_published(modeladmin, request, ids)


@admin.action(description=_("Unpublish selected %(verbose_name_plural)s"), permissions=["publish"])
def unpublish(
    modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: models.QuerySet
) -> HttpResponse | None:
    """Take the selected records back from the public, after a look at which they are."""
    words = _t("Nobody outside will see them any more. Publishing them once more brings everything back.")
    question = ask_first(modeladmin, request, queryset, "unpublish", _t("Withdraw these records?"), words)
    if question is None:
        unpublish_now(modeladmin, request, queryset)
    return question


def unpublish_now(modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: models.QuerySet) -> None:
    """Take these records back from the public, and say what came of it."""
    selected = queryset.count()
    vanishing = seen_below(modeladmin.model, list(queryset.values_list("pk", flat=True)))
    changed = change_publication(queryset, Publication.WITHDRAWN)
    text = ngettext(
        "%(count)d record withdrawn from the public.",
        "%(count)d records withdrawn from the public.",
        changed,
    ) % {"count": changed}
    modeladmin.message_user(request, text, messages.SUCCESS)
    report(
        modeladmin, request, messages.INFO, "%(count)d record was not public.",
        "%(count)d records were not public.", selected - changed,
    )  # fmt: skip
    warn_of_vanishing(modeladmin, request, vanishing)


def warn_of_published(modeladmin: admin.ModelAdmin, request: HttpRequest, ids: list[Any]) -> None:
    """What somebody should look at again after publishing these rows; nothing of it forbids to publish."""
    rows = modeladmin.get_queryset(request).filter(pk__in=ids, publication=Publication.PUBLISHED)
    if isinstance(modeladmin.list_select_related, list | tuple):
        rows = rows.select_related(*modeladmin.list_select_related)
    doubts = Counter(doubt for record in rows for doubt in getattr(modeladmin, "doubts", no_doubts)(record))
    if doubts:
        counted = (f"{doubt} ({count})" if len(ids) > 1 else doubt for doubt, count in doubts.items())
        text = _t("Please check what is public now: %(doubts)s.")
        modeladmin.message_user(request, text % {"doubts": "; ".join(counted)}, messages.WARNING)
    if drafts := drafts_below(modeladmin.model, ids):
        text = _t("Still drafts below it, and shown to nobody: %(drafts)s.")
        modeladmin.message_user(request, text % {"drafts": drafts}, messages.WARNING)


def warn_of_vanishing(modeladmin: admin.ModelAdmin, request: HttpRequest, vanishing: str) -> None:
    """What left the public pages together with a record that was withdrawn; `vanishing` is from `seen_below`."""
    if vanishing:
        text = _t("Published themselves, and hidden now as well: %(records)s.")
        modeladmin.message_user(request, text % {"records": vanishing}, messages.WARNING)


def no_doubts(record: models.Model) -> list[str]:
    return []


class PlainFields(BaseModelAdmin):
    """For every form of the register, its inline rows included: what Django's own fields leave unclear."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """No red cross beside a look-up: it would delete the record and not empty the field."""
        if isinstance(db_field, models.SlugField):
            text = _("Use only the letters a to z, digits, hyphens and underscores, without blanks.")
            kwargs.setdefault("error_messages", {"invalid": text})
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget.can_delete_related = False
        return field


class PublishableAdmin(PlainFields, NarrowedAdmin):
    """Screens of a record that is a draft until somebody publishes it."""

    actions = (submit, publish, unpublish)
    formfield_overrides = HTTPS_ASSUMED
    list_per_page = 50

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Beside the publication its embargo, for whoever publishes."""
        fieldsets = super().get_fieldsets(request, obj)
        if not self.has_publish_permission(request, obj):
            return fieldsets
        return [
            (title, options | {"fields": _with_embargo(options["fields"])}) for title, options in fieldsets
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Whoever corrects what is public says why. The page asks for it (templates/admin/change_form.html)."""
        form = super().get_form(request, obj, change=change, **kwargs)
        unsaid = request.POST.get(REASON, "-").strip() == ""
        if obj is None or not unsaid or not obj.is_released:
            return form
        words = _t("Say in a few words why this is corrected: the public reads it beside both values.")
        return refusing(form, words, published_fields(self.model))

    def render_change_form(
        self, request: HttpRequest, context: Any, add: bool = False, change: bool = False,
        form_url: str = "", obj: Any = None,
    ) -> HttpResponse:  # fmt: skip
        if change and obj is not None:
            # As it is on record: what was typed may say otherwise already.
            record = self.model._default_manager.filter(pk=obj.pk).first()
            public = record is not None and record.is_released
            if record is not None:
                self.mark_corrected([record])
                context["state"] = self.publication_badge(record)
            context["ask_reason"] = public and self.has_change_permission(request, obj)
            context["reason"] = request.POST.get(REASON, "")
            context["four_eyes"] = public and has_four_eyes(obj) and not hasattr(obj, "four_eyes")
        return super().render_change_form(request, context, add, change, form_url, obj)

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
        has_source = any(field.name == "source" for field in record._meta.fields)
        return [_t("no source is on record")] if has_source and record.source_id is None else []

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and say what vanishes from the public pages with a record that is withdrawn."""
        withdrawn = (
            change and form.initial.get("publication") == Publication.PUBLISHED and not obj.is_released
        )
        vanishing = seen_below(self.model, [obj.pk]) if withdrawn else ""
        if reason := request.POST.get(REASON, "").strip():
            give_reason(reason)
        super().save_model(request, obj, form, change)
        warn_of_vanishing(self, request, vanishing)

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
            warn_of_published(self, request, [record.pk])


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
