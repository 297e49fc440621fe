"""Who observes and reports in person: people's data, kept apart, and what may be known of them without it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tracker.core.models import (
    Country,
    PublicationQuerySet,
    Publishable,
    choices_enforced,
    http_constraint,
    http_only,
    source_key,
)
from tracker.missions.models.missions import Mission


class Person(models.Model):
    """Personal data of one human being; everything here can be erased.

    Nothing is public but the name, and that only where the mission itself made it known.
    """

    owned_by = "observer"
    published_with = ("observer",)
    published_where = "observer__name_published"

    full_name = models.CharField(_("full name"), max_length=160, help_text=_("As in the passport."))
    nationality = models.ForeignKey(
        Country,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("nationality"),
        related_name="+",
    )
    document_number = models.CharField(_("passport number"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    notes = models.TextField(_("notes"), blank=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["full_name", "id"]
        permissions = [
            ("export_person", _("Can export everything about a person")),
            ("erase_person", _("Can erase a person")),
        ]
        constraints = [
            models.CheckConstraint(
                name="person_has_name",
                condition=~Q(full_name=""),
                violation_error_message=_("Give the name of the person."),
            )
        ]

    def __str__(self) -> str:
        return self.full_name


@choices_enforced("observer")
class Observer(models.Model):
    """A person's place in a mission. The code stands for the person wherever the name may not be shown."""

    owned_by = "mission"
    published_with = ("mission",)

    class Role(models.TextChoices):
        CORE_TEAM = "core_team", _("Core team")
        LTO = "lto", _("Long-term observer (LTO)")
        STO = "sto", _("Short-term observer (STO)")
        INTERPRETER = "interpreter", _("Interpreter")

    mission = models.ForeignKey(
        Mission, on_delete=models.PROTECT, verbose_name=_("mission"), related_name="observers"
    )
    code = models.CharField(
        _("code"), max_length=20, help_text=_("Stands for the person in teams and lists, such as LTO-07.")
    )
    role = models.CharField(
        _("role"),
        max_length=12,
        choices=Role,
        default=Role.STO,
        help_text=_("How long the observer stays; members of the core team lead the mission."),
    )
    # Empty once the person's data was erased: that somebody observed stays on record.
    person = models.OneToOneField(
        Person,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("person"),
        related_name="observer",
    )
    name_published = models.BooleanField(
        _("name published by the mission"),
        default=False,
        help_text=_(
            "Only if the mission itself made the name public. The page that verifies a badge shows it then."
        ),
    )

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("observer")
        verbose_name_plural = _("observers")
        ordering = ["mission", "code"]
        constraints = [
            models.UniqueConstraint(
                name="observer_code_once_in_mission",
                fields=["mission", "code"],
                violation_error_message=_("This mission already has an observer with this code."),
            ),
            models.CheckConstraint(
                name="observer_has_code",
                condition=~Q(code=""),
                violation_error_message=_("Give the observer's code."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.mission.organization.short_name})"


@choices_enforced("outlet")
class Outlet(Publishable):
    """A medium that sends people: an agency, a broadcaster, a newspaper."""

    class Kind(models.TextChoices):
        AGENCY = "agency", _("News agency")
        BROADCASTER = "broadcaster", _("Broadcaster")
        PRINT = "print", _("Newspaper or magazine")
        ONLINE = "online", _("Online medium")
        OTHER = "other", _("Other")

    name = models.CharField(_("name"), max_length=160)
    kind = models.CharField(
        _("kind"), max_length=12, choices=Kind, help_text=_("What sort of medium it is."), default=Kind.OTHER
    )
    country = models.ForeignKey(
        Country, on_delete=models.PROTECT, verbose_name=_("country"), related_name="outlets"
    )
    website = models.URLField(_("website"), blank=True, validators=[http_only])
    source = source_key()
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("media outlet")
        verbose_name_plural = _("media outlets")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                name="outlet_once_in_country",
                fields=["name", "country"],
                violation_error_message=_("This outlet is already recorded in this country."),
            ),
            models.CheckConstraint(
                name="outlet_has_name",
                condition=~Q(name=""),
                violation_error_message=_("Give the name of the outlet."),
            ),
            http_constraint("outlet_website_http", "website"),
        ]

    def __str__(self) -> str:
        return self.name
