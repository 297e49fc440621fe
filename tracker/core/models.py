"""What every other app stands on: accounts, countries, time zones, sources, and the rule of publication."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Self, TypeVar

from django.apps import apps
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Cast, Now
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tracker.core.disclosure import withheld_fields
from tracker.core.history.models import Change as Change
from tracker.core.history.models import ChangedRow as ChangedRow
from tracker.core.history.models import Head as Head
from tracker.core.history.models import PersonalValue as PersonalValue
from tracker.core.roles import SEE_EVERYTHING, Role
from tracker.core.timezones import END_OF_INSTANTS, FIRST_INSTANT

ModelT = TypeVar("ModelT", bound=models.Model)
http_only = URLValidator(schemes=["http", "https"])
BEYOND_THE_CALENDAR = _("The year must be between 1900 and 2199.")
PARTIAL_DATE_WANTED = _("Write 2024-02-07, 2024-02 or 2024.")
PARTIAL_DATE = r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$"


class AccountManager(UserManager):
    """Accounts without their passwords, which the staff's role of the database may not read (`core.wall`).

    Whoever compares one gets it from the database at that moment, or with the account by `.defer(None)`.
    """

    use_in_migrations = False

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().defer("password")


class User(AbstractUser):
    """A staff account. The public never signs in. What it may do follows from its roles (`core.roles`).

    With `select_related`, the password is left behind by hand: `.defer("by__password")`.
    """

    roles = ArrayField(
        models.CharField(max_length=24, choices=Role), default=list, blank=True, verbose_name=_("roles")
    )
    # As Django's, in the words of these screens.
    is_active = models.BooleanField(
        _("open"), default=True,
        help_text=_("A closed account signs in no more. It is not deleted: the history names it."),
    )  # fmt: skip
    is_staff = models.BooleanField(
        _("staff pages"),
        default=False,
        help_text=_("Without them the account opens nothing but public pages."),
    )
    is_superuser = models.BooleanField(
        _("full rights"), default=False,
        help_text=_("May do everything, whatever its roles, and alone gives full rights to others."),
    )  # fmt: skip
    # Part of every session's seal: whatever makes it higher ends them all. Triggers do so where something changes
    # that a session rests on: roles, organization, second factor, deactivation.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    # Made for a local copy, with a password that the copy can work out. Never signs in to production.
    demonstration = models.BooleanField(default=False, editable=False)

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta(AbstractUser.Meta):
        verbose_name = _("account")  # type: ignore[assignment]
        verbose_name_plural = _("accounts")  # type: ignore[assignment]
        base_manager_name = "objects"
        constraints = [
            models.CheckConstraint(
                name="user_roles_known",
                condition=Q(roles__contained_by=Role.values),
                violation_error_message=_("Choose among the roles of the list."),
            )
        ]

    def check_password(self, raw_password: str | None) -> bool:
        """As Django's, without writing the password anew where hashes have become stronger: every session and token of
        the account would end, as after a new password."""
        return check_password(raw_password, self.password)

    def refresh_from_db(self, using: Any = None, fields: Any = None, from_queryset: Any = None) -> None:
        if fields is None:
            self.__dict__.pop("password", None)  # what is not read again must not stay as it was
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)

    @property
    def sees_everything(self) -> bool:
        """Whether records of every organization are shown to this account, drafts included."""
        return self.is_active and (self.is_superuser or not SEE_EVERYTHING.isdisjoint(self.roles))

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django's seal of a session (the password is in it), and the epoch."""
        seal = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        return f"{seal}.{self.session_epoch}"


class Country(models.Model):
    """A country or territory of ISO 3166-1, with its CLDR name in the three languages of the site."""

    iso2 = models.CharField(_("ISO code"), max_length=2, primary_key=True)
    iso3 = models.CharField(_("ISO code, three letters"), max_length=3)
    name_en = models.CharField(_("name in English"), max_length=80)
    name_az = models.CharField(_("name in Azerbaijani"), max_length=80)
    name_ru = models.CharField(_("name in Russian"), max_length=80)

    class Meta:
        verbose_name = _("country")
        verbose_name_plural = _("countries")
        ordering = ["name_en"]
        constraints = [
            models.CheckConstraint(
                name="country_iso2_two_capitals",
                condition=Q(iso2__regex="^[A-Z]{2}$"),
                violation_error_message=_("The ISO code is two capital letters, such as AZ."),
            ),
            models.CheckConstraint(
                name="country_iso3_three_capitals",
                condition=Q(iso3__regex="^[A-Z]{3}$"),
                violation_error_message=_("The longer ISO code is three capital letters, such as AZE."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the active language; English where the language is not one of ours."""
        return localized(self, "name")


class TimeZone(models.Model):
    """A zone of the IANA time zone database; a foreign key to it proves that a zone exists."""

    name = models.CharField(_("IANA name"), max_length=40, primary_key=True)

    class Meta:
        verbose_name = _("time zone")
        verbose_name_plural = _("time zones")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def http_constraint(name: str, field: str) -> models.CheckConstraint:
    """The named rule that an address is empty or a web address: it becomes a link on public pages."""
    condition = Q(**{field: ""}) | Q(**{f"{field}__regex": "^https?://"})
    message = _("Write a web address in full, beginning with https:// or http://.")
    return models.CheckConstraint(name=name, condition=condition, violation_error_message=message)


def calendar_constraint(name: str, *fields: str) -> models.CheckConstraint:
    """The named rule that instants lie in the years in which the tracker computes local times."""
    condition = Q()
    for field in fields:
        condition &= Q(**{f"{field}__isnull": True}) | Q(
            **{f"{field}__gte": FIRST_INSTANT, f"{field}__lt": END_OF_INSTANTS}
        )
    return models.CheckConstraint(name=name, condition=condition, violation_error_message=BEYOND_THE_CALENDAR)


class Source(models.Model):
    """Where a fact comes from: a page, a document, a letter. Shown beside every public fact that has one.

    What nothing public rests on is seen by whoever sees everything, whose records rest on it, and who entered it.
    """

    seen_with_use = True

    publisher = models.CharField(
        _("publisher"),
        max_length=120,
        blank=True,
        help_text=_("Who published it: the agency, commission, mission or newspaper."),
    )
    title = models.CharField(
        _("title"), max_length=300, blank=True, help_text=_("As the page or document calls itself.")
    )
    url = models.URLField(
        _("address"),
        max_length=600,
        blank=True,
        validators=[http_only],
        help_text=_("Empty for a paper document."),
    )
    published_on = models.CharField(
        _("date published"),
        max_length=10,
        blank=True,
        help_text=_(
            "The date the page shows: 2024-02-07, or 2024-02 where the day is missing. Empty if undated."
        ),
        validators=[RegexValidator(PARTIAL_DATE, PARTIAL_DATE_WANTED)],
    )
    read_on = models.DateField(
        _("date read"),
        null=True,
        blank=True,
        help_text=_("When somebody last opened it and found there what it is cited for."),
    )
    notes = models.TextField(_("notes"), blank=True)
    # Keys of the account that entered it and of the organization that it worked for then: a trigger writes them.
    entered_by = models.BigIntegerField(_("entered by"), null=True, editable=False)
    entered_for = models.BigIntegerField(_("entered for"), null=True, editable=False)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["publisher", "published_on", "url"]
        constraints = [
            models.UniqueConstraint(
                # Once for each organization, which does not learn of those that others keep to themselves.
                name="source_url_once",
                fields=["url", "entered_for"],
                nulls_distinct=False,
                condition=~Q(url=""),
                violation_error_message=_("A source with this address is already on record."),
            ),
            http_constraint("source_url_http", "url"),
            models.CheckConstraint(
                name="source_names_url_or_title",
                condition=~Q(url="") | ~Q(title=""),
                violation_error_message=_("Give the address or, for a paper document, the title."),
            ),
            models.CheckConstraint(
                name="source_published_on_iso",
                condition=Q(published_on="") | Q(published_on__regex=PARTIAL_DATE),
                violation_error_message=PARTIAL_DATE_WANTED,
            ),
        ]

    def __str__(self) -> str:
        return ", ".join(part for part in (self.publisher or self.url, self.title, self.published_on) if part)


class Publication(models.TextChoices):
    """Where a record stands on its way to the public. A published one with corrections is still published."""

    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted: waits for a publisher")
    PUBLISHED = "published", _("published")
    WITHDRAWN = "withdrawn", _("withdrawn: was public, and is not any more")


class PublicationQuerySet(models.QuerySet):
    """Rows that may be public. Public pages read through `published()` and through nothing else."""

    # Whether these rows are read for the public: then without the fields that the public may not know.
    _for_public = False

    def published(self) -> Self:
        """Rows that are published themselves and whose `published_with` parents are published as well.

        Withheld fields (`core.disclosure`) stay behind, also those of records that come along by select_related.
        """
        rows = self.filter(published_condition(self.model))
        rows._for_public = True
        return rows._without_withheld("", self.model)

    def select_related(self, *fields: Any) -> Self:
        """As Django's; see `published`."""
        rows = super().select_related(*fields)
        if not self._for_public or None in fields:
            return rows
        for path in fields:
            model: Any = self.model
            for done, step in enumerate(path.split("__"), start=1):
                model = model._meta.get_field(step).related_model
                rows = rows._without_withheld("".join(f"{part}__" for part in path.split("__")[:done]), model)
        return rows

    def _without_withheld(self, path: str, model: type[models.Model]) -> Self:
        return self.defer(*(f"{path}{name}" for name in withheld_fields(model)))

    def _clone(self) -> Self:
        rows: Self = super()._clone()  # type: ignore[misc]
        rows._for_public = self._for_public
        return rows

    def visible_to(self, user: User) -> Self:
        """Rows that `user` may see: see `core.ownership`."""
        from tracker.core.ownership import visible_rows

        return self.filter(visible_rows(self.model, user))


def released_condition(prefix: str = "") -> Q:
    """The condition under which a publishable row is public if everything above it is: published, no embargo left."""
    over = Q(**{f"{prefix}embargo_until__isnull": True}) | Q(**{f"{prefix}embargo_until__lte": Now()})
    return Q(**{f"{prefix}publication": Publication.PUBLISHED}) & over


def published_condition(model: type[models.Model], prefix: str = "") -> Q:
    """The condition under which a row of `model` is public, following its `published_with` keys upwards.

    A model with more to ask says so in `published_where`, a lookup that must be true, in `published_unless`, a field
    that must not be, or in `published_quoting`. The database's own rule for the public's role (`core.wall`) is made of
    the same words.
    """
    condition = Q()
    if issubclass(model, Publishable):
        condition &= released_condition(prefix)
    for name in getattr(model, "published_with", ()):
        parent: Any = model._meta.get_field(name).related_model
        condition &= published_condition(parent, f"{prefix}{name}__")
    if where := getattr(model, "published_where", ""):
        condition &= Q(**{f"{prefix}{where}": True})
    if unless := getattr(model, "published_unless", ""):
        condition &= Q(**{f"{prefix}{unless}": False})
    if quoting := getattr(model, "published_quoting", None):
        condition &= _quoted_condition(quoting, prefix)
    return condition


@dataclass(frozen=True)
class Quoting:
    """How rows of a model quote records of others: such a row is public only as long as what it quotes is.

    `label` and `key` are the fields that name the record, `labels` the kinds of record there are; a row whose field
    and value are `nothing` quotes nothing.
    """

    label: str
    key: str
    labels: tuple[str, ...]
    nothing: tuple[str, str]


def _quoted_condition(quoting: Quoting, prefix: str) -> Q:
    field, value = quoting.nothing
    condition = Q(**{f"{prefix}{field}": value})
    for label in quoting.labels:
        quoted = apps.get_model(label)
        record = quoted._base_manager.filter(
            published_condition(quoted), pk=Cast(OuterRef(f"{prefix}{quoting.key}"), models.BigIntegerField())
        )
        condition |= Q(**{f"{prefix}{quoting.label}": label}) & Q(Exists(record))
    return condition


class Publishable(models.Model):
    """A record of the register that is a draft until somebody publishes it."""

    # Foreign keys whose target must be published too, before this row is public.
    published_with: ClassVar[tuple[str, ...]] = ()

    publication = models.CharField(
        _("publication"),
        max_length=10,
        choices=Publication,
        default=Publication.DRAFT,
        db_index=True,
        help_text=_("Only what is published is shown to the public."),
    )
    embargo_until = models.DateTimeField(
        _("embargo until (UTC)"),
        null=True,
        blank=True,
        help_text=_("Published already, and shown to nobody outside before this moment. Empty: at once."),
    )
    # All three are written by the database (migration 0003 of fieldwork), from who acts: no form can say otherwise.
    written_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("last written by"),
    )  # fmt: skip
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("published by"),
    )  # fmt: skip
    # Keys of accounts. Empty once somebody approved it.
    writers = ArrayField(
        models.BigIntegerField(), verbose_name=_("written by, since it was last approved"), default=list, blank=True,
        editable=False,
    )  # fmt: skip

    objects: ClassVar[Any] = PublicationQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_released(self) -> bool:
        """Whether the record is public if everything above it is; the same as `released_condition`."""
        over = self.embargo_until is None or self.embargo_until <= timezone.now()
        return self.publication == Publication.PUBLISHED and over

    @property
    def is_unsourced(self) -> bool:
        """Whether nothing shows how it is known; a kind without a field for its source needs none."""
        return getattr(self, "source_id", self) is None


def choices_enforced(prefix: str) -> Callable[[type[ModelT]], type[ModelT]]:
    """Class decorator: the database refuses a code that is not among a field's choices.

    Adds one constraint `<prefix>_<field>_known` for each field with choices, so that no field is forgotten.
    """

    def enforce(model: type[ModelT]) -> type[ModelT]:
        rules = list(model._meta.constraints)
        for field in model._meta.local_fields:
            if field.choices:
                codes = [code for code, label in field.flatchoices if code]
                allowed = [*codes, *([""] if field.blank else [])]
                condition = Q(**{f"{field.name}__in": allowed})
                rules.append(models.CheckConstraint(name=f"{prefix}_{field.name}_known", condition=condition))
        model._meta.constraints = rules
        # The migration writer looks only at options that Meta spelled out.
        model._meta.original_attrs["constraints"] = rules
        return model

    return enforce


def source_key(label: Any = _("source"), **options: Any) -> Any:
    """A foreign key to the source of one fact; a source in use cannot be deleted."""
    defaults: dict[str, Any] = {
        "null": True,
        "blank": True,
        "on_delete": models.PROTECT,
        "related_name": "+",
    }
    return models.ForeignKey(Source, verbose_name=label, **(defaults | options))


@choices_enforced("job")
class Job(models.Model):
    """Long work that somebody asked for: what it is, how far it is, what came of it. `core.jobs` moves it on."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    # The states in which there is something left to do.
    OPEN = (State.WAITING, State.RUNNING)

    kind = models.CharField(_("kind"), max_length=40)
    arguments = models.JSONField(_("arguments"), default=dict, help_text=_("Keys of rows; no personal data."))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    done = models.PositiveIntegerField(_("done"), default=0)
    # Empty until the work knows how much it is.
    total = models.PositiveIntegerField(_("of"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("times begun"), default=0)
    cancel_asked = models.BooleanField(_("asked to stop"), default=False)
    requested_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("asked for by"),
        related_name="jobs",
    )
    requested_at = models.DateTimeField(_("asked for (UTC)"), default=timezone.now)
    started_at = models.DateTimeField(_("begun (UTC)"), null=True, blank=True)
    # The last sign of life of whoever is at work.
    heartbeat_at = models.DateTimeField(_("last heard of (UTC)"), null=True, blank=True)
    finished_at = models.DateTimeField(_("ended (UTC)"), null=True, blank=True)
    result = models.TextField(_("result"), blank=True, help_text=_("A sentence; no personal data."))
    error = models.TextField(_("what went wrong"), blank=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(name="job_has_kind", condition=~Q(kind="")),
            models.CheckConstraint(
                name="job_done_within_total", condition=Q(total__isnull=True) | Q(done__lte=F("total"))
            ),
            models.CheckConstraint(
                name="job_begun_dated",
                condition=Q(state__in=["waiting", "cancelled"]) | Q(started_at__isnull=False),
            ),
            models.CheckConstraint(
                name="job_end_dated",
                condition=Q(state__in=["waiting", "running"], finished_at__isnull=True)
                | (~Q(state__in=["waiting", "running"]) & Q(finished_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def remaining_seconds(self) -> int | None:
        """How long the rest takes at the pace so far; None while nothing can be said."""
        if self.state != self.State.RUNNING or not (
            self.started_at and self.heartbeat_at and self.total and self.done
        ):
            return None
        spent = (self.heartbeat_at - self.started_at).total_seconds()
        return round(spent / self.done * (self.total - self.done))


class Submission(models.Model):
    """A form that was saved, by the key it was shown with: sent again, it is not saved again.

    Kept for `KEPT`, longer than anybody stays signed in.
    """

    KEPT = timedelta(days=2)

    key = models.UUIDField(primary_key=True)
    digest = models.CharField(max_length=64, help_text=_("SHA-256 of what was sent."))
    account = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    record = models.CharField(max_length=64, blank=True, help_text=_("Key of what was saved."))
    answer = models.CharField(
        max_length=2000, blank=True, db_default="", help_text=_("Address of the page that followed.")
    )
    at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")

    def __str__(self) -> str:
        return str(self.key)


def localized(record: models.Model, field: str) -> str:
    """`record.<field>_<active language>`, falling back to `<field>_en` or, failing that, `<field>` itself."""
    language = (get_language() or "en")[:2]
    for name in (f"{field}_{language}", f"{field}_en", field):
        value = getattr(record, name, "")
        # `Country.name` is itself a property that calls us: only stored columns count.
        if value and any(column.name == name for column in record._meta.fields):
            return str(value)
    return ""
