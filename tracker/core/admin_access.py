"""The admin for everybody, narrowed: rows, choices, counts, inline rows and actions by role and by whose they are.

Every screen of the register is made of `NarrowedAdmin`, every inline form of `NarrowedInline`; a test holds them to it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from hashlib import sha256
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import Case, Q, QuerySet, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _t
from django.utils.translation import ngettext

from tracker.core.access import denied
from tracker.core.guarded import GuardedSaves
from tracker.core.keys import key_of
from tracker.core.models import Publication, Publishable
from tracker.core.ownership import choosable, may_see_history, owned_by, rows_for, visible_to
from tracker.core.roles import may_everywhere, permission, who_may

# Fields that hold what a record is called for short.
SHORT_NAMES = ("acronym", "number")
# Fields of a new record that take what was typed into a look-up that did not have it.
TYPED_AS = ("acronym", "name")


def user_of(request: HttpRequest) -> Any:
    """The account that asks; behind the admin's door there always is one."""
    return request.user


def _may_publish(request: HttpRequest, model: type[models.Model]) -> bool:
    return bool(user_of(request).has_perm(permission(model, "publish")))


def _looked_up_as(site: Any, model: type[models.Model]) -> Callable[[Any], str]:
    """What a look-up calls a record: more than its name, where the screen of its kind says more there."""
    return getattr(site._registry.get(model), "looked_up_as", str)


class _Looked:
    """What was sent and is no key is refused by the field; shown again, it is not asked of the database.

    A record is called the same while it is looked for and after it was chosen. For whom nothing is found, the page has
    words, and the green plus takes over what was typed (static/staff/lookups.js).
    """

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        attrs: dict[str, Any] = super().build_attrs(base_attrs, extra_attrs)  # type: ignore[misc]
        model = self.field.remote_field.model  # type: ignore[attr-defined]
        own = {field.name for field in model._meta.fields}
        words = _t("No %(kind)s of this name. The green plus beside it enters a new one.")
        return attrs | {
            "data-none-found": words % {"kind": model._meta.verbose_name},
            "data-typed-as": " ".join(name for name in TYPED_AS if name in own),
        }

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        field: Any = self.field.remote_field  # type: ignore[attr-defined]
        if isinstance(field.model._meta.pk, models.IntegerField):
            value = [one for one in value if not one or key_of(one) is not None]
        return super().optgroups(name, value, attr)  # type: ignore[misc]


class LookupSelect(_Looked, AutocompleteSelect):
    """One record, looked up."""


class LookupSelectMultiple(_Looked, AutocompleteSelectMultiple):
    """Several records, looked up."""


class _Narrowed(BaseModelAdmin):
    """Rows and choices by role and ownership, for screens and inline rows alike."""

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return rows_for(super().get_queryset(request), user_of(request), "view")

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> QuerySet:
        """The choices of a key: what the person may see and, for whose it is to be, what they may write for."""
        rows = super().get_field_queryset(db, db_field, request)
        if rows is None:
            rows = db_field.remote_field.model._default_manager.all()
        return choosable(rows, user_of(request), self._writing(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", LookupSelect(db_field, self.admin_site))
        return self._as_looked_up(super().formfield_for_foreignkey(db_field, request, **kwargs))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", LookupSelectMultiple(db_field, self.admin_site))
        return self._as_looked_up(super().formfield_for_manytomany(db_field, request, **kwargs))

    def _as_looked_up(self, field: Any) -> Any:
        if isinstance(getattr(field, "widget", None), _Looked):
            field.label_from_instance = _looked_up_as(self.admin_site, field.queryset.model)
        return field

    def _writing(self, request: HttpRequest) -> str:
        """The permission under which this form is filled in; the narrower one, where two differ."""
        names = [permission(self.model, action) for action in ("change", "add")]
        held = [name for name in names if user_of(request).has_perm(name)]
        return next((name for name in held if not may_everywhere(user_of(request), name)), (held or names)[0])

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Whoever writes for one organization alone must say for which of its missions or teams."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        mine = db_field.name == getattr(self.model, "owned_by", None)
        if field is not None and mine and not may_everywhere(user_of(request), self._writing(request)):
            field.required = True
        return field

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The state is only read: the steps change it (`core.admin_steps`). Whose a mission is, its coordinator does
        not say.
        """
        fields = tuple(super().get_readonly_fields(request, obj))
        if issubclass(self.model, Publishable):
            fields += (
                ("publication",) if _may_publish(request, self.model) else ("publication", "embargo_until")
            )
        if obj is not None and not may_everywhere(user_of(request), permission(self.model, "change")):
            fields += tuple(name for name in self.kept_by_the_desk if name not in fields)
        return fields

    # Fields that somebody who writes for one organization alone may not change.
    kept_by_the_desk: tuple[str, ...] = ()


class NarrowedAdmin(GuardedSaves, _Narrowed, admin.ModelAdmin):
    """Screens of a model: what a person may not see is not there, in whatever way it is asked for.

    And nobody overwrites what they have not seen (`core.guarded`).
    """

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = user_of(request)
        return any(user.has_perm(permission(self.model, action), obj) for action in ("view", "change"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(user_of(request).has_perm(permission(self.model, "change"), obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What is published is withdrawn before it is deleted, by somebody who may withdraw."""
        user = user_of(request)
        if getattr(obj, "publication", "") == Publication.PUBLISHED and not self.has_publish_permission(
            request
        ):
            return False
        return bool(user.has_perm(permission(self.model, "delete"), obj))

    def has_publish_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(user_of(request).has_perm(permission(self.model, "publish"), obj))

    def refusal(self, request: HttpRequest, action: str, obj: Any = None) -> PermissionDenied:
        """Why `action` is refused here, and who can do it."""
        publish = permission(self.model, "publish")
        public = getattr(obj, "publication", "") == Publication.PUBLISHED
        if action == "delete" and public and user_of(request).has_perm(permission(self.model, "delete"), obj):
            text = _t("What is published is withdrawn before it is deleted. It is withdrawn by: %(roles)s.")
            return PermissionDenied(text % {"roles": who_may(publish)})
        return denied(user_of(request), permission(self.model, action))

    @contextmanager
    def _refusing_in_words(
        self, request: HttpRequest, action: str, object_id: str | None = None
    ) -> Iterator[None]:
        """The stock admin refuses without a word."""
        try:
            yield
        except PermissionDenied as bare:
            if bare.args:
                raise
            record = self.get_object(request, unquote(object_id)) if object_id else None
            raise self.refusal(request, action, record) from None

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        with self._refusing_in_words(request, "view"):
            # What no text of the database holds is no filter, and is refused as the stock admin refuses one.
            if any("\0" in value for values in request.GET.lists() for value in (values[0], *values[1])):
                return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
            return super().changelist_view(request, extra_context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        action = "add" if object_id is None else "change" if request.method == "POST" else "view"
        with self._refusing_in_words(request, action, object_id):
            return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        with self._refusing_in_words(request, "delete", object_id):
            return super().delete_view(request, object_id, extra_context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The record, with `seen_by` for columns that count what belongs to it."""
        found: Any = super().get_object(request, object_id, from_field)
        if found is not None:
            found.seen_by = request.user
        return found

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """What is not there and what belongs to others get one answer, so that nobody can tell them apart."""
        raise Http404

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        record = context.get("original")
        context["history_withheld"] = record is not None and not may_see_history(record, user_of(request))
        return super().render_change_form(request, context, *args, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Whoever writes for one organization alone has its only mission, or team, filled in."""
        initial = self._filled_in(super().get_changeform_initial_data(request))
        step = getattr(self.model, "owned_by", "self")
        if step != "self" and step not in initial and not may_everywhere(
            user_of(request), permission(self.model, "add")
        ):  # fmt: skip
            parent: Any = self.model._meta.get_field(step).related_model
            rows = choosable(parent._default_manager.all(), user_of(request), permission(self.model, "add"))
            keys = list(rows.values_list("pk", flat=True)[:2])
            if len(keys) == 1:
                initial[step] = keys[0]
        return initial

    def _filled_in(self, given: dict[str, Any]) -> dict[str, Any]:
        """Of what an address fills in, that which the fields could hold, read: the rest would fail when it is shown."""
        fields = {field.name: field for field in (*self.opts.concrete_fields, *self.opts.many_to_many)}
        found: dict[str, Any] = {}
        for name, value in given.items():
            field: Any = fields.get(name)
            if field is None or "\0" in str(value):
                continue
            if field.is_relation:
                values = value if isinstance(value, list) else [value]
                whole = isinstance(field.related_model._meta.pk, models.IntegerField)
                if not whole or all(key_of(one) is not None for one in values):
                    found[name] = value
                continue
            with suppress(ValidationError):
                found[name] = field.to_python(value)
        return found

    def response_add(self, request: HttpRequest, obj: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told_to_opener(super().response_add(request, obj, *args, **kwargs), obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._told_to_opener(super().response_change(request, obj), obj)

    def _told_to_opener(self, response: Any, record: models.Model) -> HttpResponse:
        """What a pop-up tells the page that opened it: the record is called there as in a look-up."""
        context = getattr(response, "context_data", None) or {}
        if told := context.get("popup_response_data"):
            name = {"obj": _looked_up_as(self.admin_site, type(record))(record)}
            context["popup_response_data"] = json.dumps(json.loads(told) | name)
        return response

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Each action gets those of the chosen rows that its permission covers, and says how many it does not."""
        found: dict[str, Any] = super().get_actions(request)
        return {
            name: (_on_allowed_rows(function), name, text) for name, (function, _n, text) in found.items()
        }

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Published rows stand among what keeps a deletion from going on, for those who may not withdraw them."""
        found, counts, needed, protected = super().get_deleted_objects(objs, request)
        if issubclass(self.model, Publishable) and not self.has_publish_permission(request):
            protected = [*protected, *(str(row) for row in objs if row.publication == Publication.PUBLISHED)]
        return found, counts, needed, protected


class NarrowedInline(_Narrowed, admin.options.InlineModelAdmin):
    """Rows inside another record's form. `obj` is that record: who may write only what is theirs, writes in theirs."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = user_of(request)
        return any(user.has_perm(permission(self.model, action)) for action in ("view", "change"))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "add", obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows that may be published are deleted on their own screen, which looks whether they are."""
        if issubclass(self.model, Publishable) and not _may_publish(request, self.model):
            return False
        return self._may(request, "delete", obj)

    def _may(self, request: HttpRequest, action: str, parent: Any) -> bool:
        user, name = user_of(request), permission(self.model, action)
        if not user.has_perm(name) or may_everywhere(user, name):
            return bool(user.has_perm(name))
        return (
            parent is not None and owned_by(type(parent)._default_manager.filter(pk=parent.pk), user).exists()
        )


class VisibleRelatedFilter(admin.RelatedFieldListFilter):
    """The filter by a related record offers the records that the person may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        rows = visible_to(field.related_model._default_manager.all(), user_of(request))
        ordering = self.field_admin_ordering(field, request, model_admin)
        return field.get_choices(
            include_blank=False, ordering=ordering, limit_choices_to={"pk__in": rows.values("pk")}
        )


admin.FieldListFilter.register(
    lambda field: bool(field.remote_field), VisibleRelatedFilter, take_priority=True
)


class NarrowedLookup(AutocompleteJsonView):
    """The look-up beside a key offers what its form would accept."""

    def process_request(self, request: HttpRequest) -> Any:
        """No text of the database holds a NUL, and asked for one it answers with an error."""
        term, *rest = super().process_request(request)
        return (term.replace("\0", ""), *rest)

    def get_queryset(self) -> QuerySet:
        rows = choosable(super().get_queryset(), user_of(self.request), self._name())
        # A list that counts what belongs to its rows loses the model's own order, and pages of it would overlap.
        order = rows.query.order_by or rows.model._meta.ordering
        return rows.order_by(*getattr(self.model_admin, "looked_up_last", ()), *self._best_first(), *order)

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        """What was found; a screen whose rows are called by people's names writes down who was told them."""
        context: dict[str, Any] = super().get_context_data(**more)
        if noted := getattr(self.model_admin, "note_listed", None):
            noted(self.request, context["object_list"])
        return context

    def _best_first(self) -> list[Any]:
        """The order of what was found: a short name that begins so, a name that does, a word in one, and the rest."""
        term = self.term.strip()
        own = [name for name in self.model_admin.search_fields if "__" not in name and name[0] != "="]
        if not term or not own:
            return []
        short = [name for name in own if name in SHORT_NAMES]
        ranks = [Q(**{f"{name}__istartswith": term}) for name in (*short, *own)]
        # From the beginning of a word on, in the words of PostgreSQL.
        ranks += [Q(**{f"{name}__iregex": rf"\m{re.escape(term)}"}) for name in own]
        places = [When(rank, then=place) for place, rank in enumerate(ranks)]
        return [Case(*places, default=len(places))]

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        found: dict[str, str] = super().serialize_result(obj, to_field_name)
        return found | {"text": _looked_up_as(self.admin_site, type(obj))(obj)}

    def _name(self) -> str:
        site: Any = self.admin_site
        form = site._registry.get(self.source_field.model)
        if isinstance(form, NarrowedAdmin):
            return form._writing(self.request)
        return permission(self.source_field.model, "change")


# --- actions on many rows --------------------------------------------------------------------------------------------


def _on_allowed_rows(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, an admin action, given only those of the chosen rows that its permissions cover."""
    actions = getattr(function, "allowed_permissions", ())

    @wraps(function)
    def run(screen: Any, request: HttpRequest, rows: QuerySet) -> Any:
        chosen = rows.count()
        for action in actions:
            rows = rows_for(rows, user_of(request), action)
        left = chosen - rows.count()
        if left and "sure" not in request.POST:
            text = ngettext(
                "%(count)d of the chosen records is not yours to do this to, and is left as it is.",
                "%(count)d of the chosen records are not yours to do this to, and are left as they are.",
                left,
            )
            screen.message_user(request, text % {"count": left}, messages.WARNING)
        return function(screen, request, rows) if left < chosen else None

    return run


def hold(request: HttpRequest, rows: QuerySet) -> None:
    """Lock `rows` once somebody said yes, so that what they said yes to is what it is done to."""
    if "sure" in request.POST:
        mine = rows.model._default_manager.filter(pk__in=list(rows.order_by().values_list("pk", flat=True)))
        list(mine.order_by("pk").select_for_update(of=("self",)).values_list("pk"))


def digest_of(rows: QuerySet, more: Iterable[models.Model]) -> str:
    """What stands for `rows` and for `more` with all they say: SHA-256, hex."""
    names = [field.attname for field in rows.model._meta.concrete_fields]
    found = sha256()
    for values in (
        rows.model._default_manager.filter(pk__in=rows.order_by().values("pk"))
        .order_by("pk")
        .values_list(*names)
    ):
        found.update(repr(values).encode())
    for row in more:
        said = [(field.attname, field.value_from_object(row)) for field in row._meta.concrete_fields]
        found.update(repr((row._meta.label, said)).encode())
    return found.hexdigest()


def seen_version(request: HttpRequest) -> str | None:
    """Which version of a record its own page showed to whoever takes a step; None where they come from a list."""
    return request.POST.get("seen", request.GET.get("seen"))
