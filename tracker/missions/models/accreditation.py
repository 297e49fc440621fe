"""Accreditation of observers and of media: rules of an election, applications, and every decision about them."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tracker.core.models import PublicationQuerySet, User, calendar_constraint, choices_enforced, source_key
from tracker.core.personal import PersonalText
from tracker.elections.models import Election
from tracker.missions.models.people import Observer, Outlet, Person

# How a number is written on the badge and stands in the address that verifies it. `missions.numbers` reads it back.
NUMBER = "[0-9A-Z]+(-[0-9A-Z]+)*"


class Category(models.TextChoices):
    OBSERVER = "observer", _("Observer")
    MEDIA = "media", _("Media")


@choices_enforced("accreditation_rule")
class AccreditationRule(models.Model):
    """What an election asks of applications in one category. Countries' rules differ, and change."""

    # Whoever applies has to know it, and applies in a public election; no public page shows any of it.
    published_with = ("election",)

    election = models.ForeignKey(
        Election, on_delete=models.CASCADE, verbose_name=_("election"), related_name="accreditation_rules"
    )
    category = models.CharField(
        _("category"),
        max_length=10,
        choices=Category,
        help_text=_("Whether the rule is for observers or for media."),
    )
    opens_at = models.DateTimeField(
        _("applications open (UTC)"), null=True, blank=True, help_text=_("Empty: at any time.")
    )
    closes_at = models.DateTimeField(
        _("applications close (UTC)"), null=True, blank=True, help_text=_("Empty: no deadline.")
    )
    decided_by = models.DateTimeField(
        _("decisions are due (UTC)"), null=True, blank=True, help_text=_("Empty: no deadline.")
    )
    quota = models.PositiveIntegerField(
        _("quota"), null=True, blank=True, help_text=_("Most badges in this category. Empty: no limit.")
    )
    quota_each = models.PositiveIntegerField(
        _("quota of each mission or outlet"), null=True, blank=True, help_text=_("Empty: no limit.")
    )
    valid_from = models.DateField(
        _("badges valid from"), null=True, blank=True, help_text=_("Proposed to the officer who decides.")
    )
    valid_until = models.DateField(_("badges valid until"), null=True, blank=True)
    source = source_key(_("source of the rule"))
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("accreditation rule")
        verbose_name_plural = _("accreditation rules")
        ordering = ["election", "category"]
        constraints = [
            models.UniqueConstraint(
                name="accreditation_rule_once_per_category",
                fields=["election", "category"],
                violation_error_message=_("This election already has a rule for this category."),
            ),
            models.CheckConstraint(
                name="accreditation_rule_closes_after_it_opens",
                condition=Q(opens_at__isnull=True)
                | Q(closes_at__isnull=True)
                | Q(closes_at__gt=F("opens_at")),
                violation_error_message=_("Applications must close after they open."),
            ),
            models.CheckConstraint(
                name="accreditation_rule_valid_period",
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("The last day cannot be before the first."),
            ),
            calendar_constraint("accreditation_rule_in_calendar", "opens_at", "closes_at", "decided_by"),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()}, {self.election}"


@choices_enforced("accreditation")
class Accreditation(models.Model):
    """One application of one person and what became of it. Its history is in `changes`."""

    owned_by = "observer"
    published_with = ("election",)

    class Status(models.TextChoices):
        APPLIED = "applied", _("applied")
        ACCREDITED = "accredited", _("accredited")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")

    election = models.ForeignKey(
        Election, on_delete=models.PROTECT, verbose_name=_("election"), related_name="accreditations"
    )
    category = models.CharField(_("category"), max_length=10, choices=Category)
    # An observer's application hangs on the observer; a media person's on the outlet and the person.
    observer = models.ForeignKey(
        Observer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("observer"),
        related_name="accreditations",
    )
    outlet = models.ForeignKey(
        Outlet,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("media outlet"),
        related_name="accreditations",
    )
    media_person = models.ForeignKey(
        Person,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("media person"),
        related_name="accreditations",
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.APPLIED)
    number = models.CharField(
        _("number"), max_length=20, blank=True, help_text=_("Stands on the badge; given with the decision.")
    )
    applied_at = models.DateTimeField(_("applied (UTC)"))
    decided_at = models.DateTimeField(_("decided (UTC)"), null=True, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    reason = PersonalText(_("reason"), blank=True, help_text=_("Of the latest decision. Never public."))

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("accreditation")
        verbose_name_plural = _("accreditations")
        ordering = ["-applied_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                name="accreditation_number_once",
                fields=["election", "number"],
                condition=~Q(number=""),
                violation_error_message=_("This number is already given in this election."),
            ),
            models.CheckConstraint(
                name="accreditation_number_written",
                condition=Q(number="") | Q(number__regex=f"^{NUMBER}$"),
                violation_error_message=_(
                    "A number has Latin capitals, digits and single hyphens between them."
                ),
            ),
            models.UniqueConstraint(
                name="accreditation_one_alive_per_observer",
                fields=["election", "observer"],
                condition=Q(status__in=["applied", "accredited"]),
                violation_error_message=_("This observer already has an application or a badge."),
            ),
            models.UniqueConstraint(
                name="accreditation_one_alive_per_media_person",
                fields=["election", "media_person"],
                condition=Q(status__in=["applied", "accredited"]),
                violation_error_message=_("This person already has an application or a badge."),
            ),
            models.CheckConstraint(
                name="accreditation_of_observer_or_media",
                condition=Q(
                    category="observer",
                    observer__isnull=False,
                    outlet__isnull=True,
                    media_person__isnull=True,
                )
                | Q(category="media", observer__isnull=True, outlet__isnull=False),
                violation_error_message=_("Name the observer, or the outlet and its person."),
            ),
            models.CheckConstraint(
                name="accreditation_badge_has_number_and_dates",
                condition=Q(status__in=["applied", "refused", "withdrawn"])
                | (~Q(number="") & Q(valid_from__isnull=False, valid_until__isnull=False)),
                violation_error_message=_("An accreditation needs its number and the days it is valid."),
            ),
            models.CheckConstraint(
                name="accreditation_refusal_has_reason",
                condition=~Q(status="refused") | ~Q(reason=""),
                violation_error_message=_("Say why it is refused."),
            ),
            models.CheckConstraint(
                name="accreditation_decision_dated",
                condition=Q(status="applied", decided_at__isnull=True)
                | (~Q(status="applied") & Q(decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="accreditation_valid_period",
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("The last day cannot be before the first."),
            ),
            calendar_constraint("accreditation_in_calendar", "applied_at", "decided_at"),
        ]

    def __str__(self) -> str:
        return self.number or f"{self.get_category_display()} {self.pk or ''}".strip()

    def is_valid_on(self, day: date) -> bool:
        """Whether this badge is good on `day`: the clock may not have marked it as expired yet."""
        if self.status != self.Status.ACCREDITED or self.valid_from is None or self.valid_until is None:
            return False
        return self.valid_from <= day <= self.valid_until

    @property
    def sender(self) -> str:
        """Who sends the person: the mission's organization, or the outlet."""
        return str(self.observer.mission.organization if self.observer else self.outlet)

    @property
    def person(self) -> Person | None:
        """The person it is about; None once their data was erased."""
        return self.observer.person if self.observer else self.media_person


@choices_enforced("accreditation_change")
class AccreditationChange(models.Model):
    """One step of an accreditation: what it became, when and by whom. Written with the step, never edited."""

    owned_by = "accreditation"
    published_with = ("accreditation",)

    accreditation = models.ForeignKey(
        Accreditation, on_delete=models.CASCADE, verbose_name=_("accreditation"), related_name="changes"
    )
    status = models.CharField(_("status"), max_length=10, choices=Accreditation.Status)
    at = models.DateTimeField(_("moment (UTC)"))
    # Empty for what a clock does: expiry.
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("by"), related_name="+"
    )
    reason = PersonalText(_("reason"), blank=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("accreditation change")
        verbose_name_plural = _("accreditation changes")
        ordering = ["at", "id"]
        constraints = [calendar_constraint("accreditation_change_in_calendar", "at")]

    def __str__(self) -> str:
        return f"{self.get_status_display()}, {self.at:%Y-%m-%d}"
