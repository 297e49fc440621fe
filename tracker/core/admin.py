"""What the admin screens of all apps share, and the screens of accounts, places and sources."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Count, F, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tracker.core.guarded import GuardedSaves
from tracker.core.models import (
    Country,
    Job,
    Publication,
    Publishable,
    Source,
    TimeZone,
    User,
    published_condition,
)
from tracker.core.publication import drafts_below, seen_below
from tracker.core.timezones import Proposal, clock_of_country, format_offset, offset_at, propose_zone

# What is typed as example.org is an https address.
HTTPS_ASSUMED: dict[type[models.Field], dict[str, Any]] = {models.URLField: {"assume_scheme": "https"}}

# --- publication ---------------------------------------------------------------------------------------------------


@transaction.atomic
def change_publication(rows: models.QuerySet, to: Publication, *, by: User) -> int:
    """Publish or withdraw `rows`; how many really changed. Each change is in its record's history."""
    changed = rows.model._default_manager.filter(pk__in=list(rows.values_list("pk", flat=True)))
    # Only what was public can be withdrawn.
    public = Q(publication=Publication.PUBLISHED)
    changed = changed.filter(public if to == Publication.WITHDRAWN else ~Q(publication=to))
    ids = list(changed.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    changed = rows.model._default_manager.filter(pk__in=ids)
    word = _t("Published.") if to == Publication.PUBLISHED else _t("Withdrawn from publication.")
    if ids:
        LogEntry.objects.log_actions(by.pk, changed, CHANGE, word)
        changed.update(publication=to)
    return len(ids)


def hidden_by_parents(rows: models.QuerySet) -> int:
    """How many of `rows` are published themselves and yet hidden, because a record they belong to is a draft."""
    return rows.filter(publication=Publication.PUBLISHED).exclude(published_condition(rows.model)).count()


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


@admin.action(description=_("Publish selected %(verbose_name_plural)s"), permissions=["change"])
def publish(modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: models.QuerySet) -> None:
    """Show the selected records to the public."""
    selected = queryset.count()
    ids = list(queryset.values_list("pk", flat=True))
    changed = change_publication(queryset, Publication.PUBLISHED, by=request.user)  # type: ignore[arg-type]
    text = ngettext("%(count)d record published.", "%(count)d records published.", changed) % {
        "count": changed
    }
    modeladmin.message_user(request, text, messages.SUCCESS)
    if selected > changed:
        text = ngettext(
            "%(count)d record was published already.",
            "%(count)d records were published already.",
            selected - changed,
        )
        modeladmin.message_user(request, text % {"count": selected - changed}, messages.INFO)
    hidden = hidden_by_parents(modeladmin.model._default_manager.filter(pk__in=ids))
    if hidden:
        text = ngettext(
            "%(count)d of them stays hidden until its %(parents)s is published as well.",
            "%(count)d of them stay hidden until their %(parents)s is published as well.",
            hidden,
        )
        words = {"count": hidden, "parents": parent_words(modeladmin.model)}
        modeladmin.message_user(request, text % words, messages.WARNING)
    warn_of_published(modeladmin, request, ids)


@admin.action(description=_("Unpublish selected %(verbose_name_plural)s"), permissions=["change"])
def unpublish(modeladmin: admin.ModelAdmin, request: HttpRequest, queryset: models.QuerySet) -> None:
    """Take the selected records back from the public; publishing them once more brings everything back."""
    selected = queryset.count()
    vanishing = seen_below(modeladmin.model, list(queryset.values_list("pk", flat=True)))
    changed = change_publication(queryset, Publication.WITHDRAWN, by=request.user)  # type: ignore[arg-type]
    text = ngettext(
        "%(count)d record withdrawn from the public.",
        "%(count)d records withdrawn from the public.",
        changed,
    ) % {"count": changed}
    modeladmin.message_user(request, text, messages.SUCCESS)
    if selected > changed:
        text = ngettext(
            "%(count)d record was not public.",
            "%(count)d records were not public.",
            selected - changed,
        )
        modeladmin.message_user(request, text % {"count": selected - changed}, messages.INFO)
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


def doubts_of_zone(record: Any, day: date) -> list[str]:
    """A doubt where no clock in the record's country shows on `day` what its time zone does."""
    if clock_of_country(record.country_id, record.timezone_id, day):
        return []
    text = _t("no clock in %(country)s keeps the time of %(zone)s")
    return [text % {"country": record.country, "zone": record.timezone_id}]


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


class PublishableAdmin(GuardedSaves, PlainFields, admin.ModelAdmin):
    """Screens of a record that is a draft until somebody publishes it."""

    actions = (publish, unpublish)
    formfield_overrides = HTTPS_ASSUMED
    list_per_page = 50

    @admin.display(description=_("publication"), ordering="publication")
    def publication_badge(self, record: Publishable) -> SafeString:
        """What the public sees of the record: nothing, all, or nothing because of a draft above it."""
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
        return format_html('<span class="badge badge-published">{}</span>', _t("published"))

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


def public_address(record: models.Model, name: str, **arguments: Any) -> str | None:
    """Where the public sees `record`: None while it is hidden, and where the site has no such page."""
    if not type(record)._default_manager.filter(published_condition(type(record)), pk=record.pk).exists():
        return None
    try:
        return reverse(f"public:{name}", kwargs=arguments)
    except NoReverseMatch:
        return None


# --- counts of what belongs to a record ------------------------------------------------------------------------------


def annotate_counts(rows: models.QuerySet, relations: Iterable[str]) -> models.QuerySet:
    """`rows` with `<relation>_count` for each reverse foreign key; one query, whatever the number of rows."""
    for relation in relations:
        field: Any = rows.model._meta.get_field(relation)
        related, key = field.related_model, field.field.name
        counted = related._default_manager.filter(**{key: OuterRef("pk")}).order_by().values(key)
        counted = counted.annotate(count=Count("pk")).values("count")
        rows = rows.annotate(
            **{f"{relation}_count": Coalesce(Subquery(counted), 0, output_field=IntegerField())}
        )
    return rows


def related_list_address(record: models.Model, relation: str) -> str:
    """The list in the admin of everything that belongs to `record` by this relation."""
    field: Any = record._meta.get_field(relation)
    options = field.related_model._meta
    address = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    return f"{address}?{field.field.name}__{field.field.target_field.name}__exact={record.pk}"


def linked_count(relation: str, label: Any) -> Callable[[models.Model], SafeString]:
    """A list column: how many rows belong to a record, as a link to them. Needs `annotate_counts`."""

    @admin.display(description=label, ordering=f"{relation}_count")
    def column(record: models.Model) -> SafeString:
        address = related_list_address(record, relation)
        return format_html('<a href="{}">{}</a>', address, getattr(record, f"{relation}_count"))

    column.__name__ = f"{relation}_count"
    return column


def related_lists(record: models.Model, relations: Iterable[str], request: HttpRequest) -> SafeString:
    """Everything that belongs to `record`, counted and linked, with a link to add more where that is allowed."""
    lines = []
    counted = annotate_counts(type(record)._default_manager.filter(pk=record.pk), relations).get()
    for relation in relations:
        field: Any = record._meta.get_field(relation)
        options = field.related_model._meta
        link = format_html(
            '<a href="{}">{}: {}</a>',
            related_list_address(record, relation),
            capfirst(options.verbose_name_plural),
            getattr(counted, f"{relation}_count"),
        )
        if request.user.has_perm(f"{options.app_label}.add_{options.model_name}"):
            address = reverse(f"admin:{options.app_label}_{options.model_name}_add")
            link = format_html(
                '{} <a class="addlink" href="{}?{}={}" aria-label="{}">{}</a>',
                link, address, field.field.name, record.pk,
                _t("Add %(name)s") % {"name": options.verbose_name}, _t("Add"),
            )  # fmt: skip
        lines.append((link,))
    return format_html('<ul class="related-lists">{}</ul>', format_html_join("", "<li>{}</li>", lines))


# --- time zones ------------------------------------------------------------------------------------------------------


def read_coordinate(text: str) -> float | None:
    """A coordinate as typed so far, or None."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


class ZoneProposalMixin(admin.ModelAdmin):
    """A form whose country proposes the time zone; static/staff/zone.js fills it in."""

    class Media:
        js = ("staff/zone.js",)

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_propose_zone"
        view = self.admin_site.admin_view(self.propose_zone_view)
        return [path("propose-zone/", view, name=name), *super().get_urls()]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "timezone" and field is not None:
            address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_propose_zone")
            field.widget.attrs["data-propose-zone"] = address
        return field

    def require_editor(self, request: HttpRequest) -> None:
        """Refuse whoever may neither add nor change these records."""
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied

    def propose(self, country: str, city: str, latitude: float | None, longitude: float | None) -> Proposal:
        """The zone to propose; overridden where the register knows better."""
        return propose_zone(country, city, latitude, longitude)

    def propose_zone_view(self, request: HttpRequest) -> HttpResponse:
        """The proposed zone, its reason and the other candidates, as JSON."""
        self.require_editor(request)
        values = {
            name: request.GET.get(name, "").strip() for name in ("country", "city", "latitude", "longitude")
        }
        proposal = self.propose(
            values["country"], values["city"],
            read_coordinate(values["latitude"]), read_coordinate(values["longitude"]),
        )  # fmt: skip
        return JsonResponse(
            {
                "zone": proposal.zone,
                "certain": proposal.certain,
                "text": f"{proposal.zone}: {proposal.reason}" if proposal.zone else proposal.reason,
                "candidates": [{"zone": zone, "label": _t("Use %(zone)s") % {"zone": zone}}
                               for zone in proposal.candidates],
            }
        )  # fmt: skip


# --- the screens -----------------------------------------------------------------------------------------------------


class ReferenceAdmin(admin.ModelAdmin):
    """A table that comes with the software: looked up, never edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Country)
class CountryAdmin(ReferenceAdmin):
    list_display = ("name_en", "name_az", "name_ru", "iso2", "iso3")
    search_fields = ("name_en", "name_az", "name_ru", "=iso2", "=iso3")


@admin.register(TimeZone)
class TimeZoneAdmin(ReferenceAdmin):
    list_display = ("name", "offset_now")
    search_fields = ("name",)

    @admin.display(description=_("offset now"))
    def offset_now(self, zone: TimeZone) -> str:
        return format_offset(offset_at(timezone.now(), zone.name))


@admin.register(Job)
class JobAdmin(ReferenceAdmin):
    """What was done in the background, for whoever looks back; work with jobs is at /staff/jobs/."""

    list_display = ("kind", "state", "done", "total", "requested_by", "requested_at", "finished_at")
    list_filter = ("state", "kind")
    list_select_related = ("requested_by",)
    search_fields = ("kind", "requested_by__username", "result", "error")
    date_hierarchy = "requested_at"


def source_keys() -> list[models.ForeignKey]:
    """Every foreign key to a source, whatever app it lives in."""
    from django.apps import apps

    fields = [field for model in apps.get_models() for field in model._meta.get_fields()]
    return [
        field for field in fields if isinstance(field, models.ForeignKey) and field.related_model is Source
    ]


@admin.register(Source)
class SourceAdmin(GuardedSaves, admin.ModelAdmin):
    list_display = ("name", "published_on", "read_on", "page")
    search_fields = ("publisher", "title", "url", "notes")
    date_hierarchy = "read_on"
    readonly_fields = ("used_by",)
    formfield_overrides = HTTPS_ASSUMED
    fieldsets = (
        (None, {"fields": ("publisher", "title", "url")}),
        (_("Dates"), {"fields": (("published_on", "read_on"),)}),
        (None, {"fields": ("notes", "used_by")}),
    )
    list_per_page = 50

    @admin.display(description=_("source"), ordering="publisher")
    def name(self, source: Source) -> str:
        return str(source)

    @admin.display(description=_("address"), ordering="url")
    def page(self, source: Source) -> SafeString | str:
        if not source.url.startswith(("https://", "http://")):
            return "-"
        return format_html('<a href="{}" rel="noreferrer">{}</a>', source.url, source.url.split("/")[2])

    @admin.display(description=_("used by"))
    def used_by(self, source: Source) -> SafeString | str:
        """The kinds of record that rest on this source, counted and linked."""
        lines = []
        for field in source_keys() if source.pk else []:
            options = field.model._meta
            count = field.model._default_manager.filter(**{field.name: source}).count()
            if count:
                address = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
                words = f"{capfirst(options.verbose_name_plural)}, {field.verbose_name}: {count}"
                lines.append((f"{address}?{field.name}__id__exact={source.pk}", words))
        if not lines:
            return _t("nothing yet")
        items = format_html_join("", '<li><a href="{}">{}</a></li>', lines)
        return format_html('<ul class="related-lists">{}</ul>', items)


@admin.register(User)
class AccountAdmin(GuardedSaves, UserAdmin):
    list_display = ("username", "first_name", "last_name", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")
    date_hierarchy = "date_joined"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        return super().get_queryset(request).order_by(F("last_name"), "username")
