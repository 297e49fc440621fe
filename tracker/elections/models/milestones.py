"""The calendar of an election."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tracker.core.models import (
    Publishable,
    TimeZone,
    calendar_constraint,
    choices_enforced,
    source_key,
)
from tracker.elections.models.elections import Election


@choices_enforced("milestone")
class Milestone(Publishable):
    """One entry of the election's calendar, planned or reported."""

    published_with = ("election",)

    class Kind(models.TextChoices):
        LEGAL = "legal", _("Legal")
        PREPARATION = "preparation", _("Preparation")
        CANDIDATES = "candidates", _("Candidates")
        VOTERS = "voters", _("Voters")
        ABROAD = "abroad", _("Voting abroad")
        OBSERVATION = "observation", _("Observation")
        CAMPAIGN = "campaign", _("Campaign")
        VOTING = "voting", _("Voting")
        RESULTS = "results", _("Results")

    class Basis(models.TextChoices):
        CALENDAR_PLAN = "calendar_plan", _("planned in the official calendar")
        REPORTED = "reported", _("reported")
        DERIVED = "derived", _("worked out from local time")

    election = models.ForeignKey(
        Election, on_delete=models.PROTECT, verbose_name=_("election"), related_name="milestones"
    )
    title = models.CharField(
        _("title"),
        max_length=200,
        help_text=_("What happens, in a few words."),
    )
    kind = models.CharField(
        _("kind"),
        max_length=20,
        choices=Kind,
        help_text=_("The part of the election it belongs to."),
    )
    starts_on = models.DateField(
        _("date"), null=True, blank=True, help_text=_("Empty if only the order is known.")
    )
    ends_on = models.DateField(_("last day"), null=True, blank=True, help_text=_("Only for a period."))
    at = models.DateTimeField(
        _("moment (UTC)"),
        null=True,
        blank=True,
        help_text=_("Only where an hour is known. For a period: when it ends."),
    )
    timezone = models.ForeignKey(
        TimeZone,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("time zone of the moment"),
        related_name="+",
        help_text=_("The zone in whose clock time the moment was given."),
    )
    responsible_body = models.CharField(
        _("responsible body"),
        max_length=120,
        blank=True,
        help_text=_("Who must do it, or did it."),
    )
    basis = models.CharField(
        _("basis"),
        max_length=20,
        choices=Basis,
        default=Basis.REPORTED,
        help_text=_(
            "Planned: the calendar says so. Reported: a source says it happened. Worked out: computed from local hours."
        ),
    )
    source = source_key()
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = [F("starts_on").asc(nulls_last=True), F("at").asc(nulls_first=True), "id"]
        constraints = [
            models.CheckConstraint(
                name="milestone_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(starts_on__isnull=False, ends_on__gte=F("starts_on")),
                violation_error_message=_("The last day cannot be before the date."),
            ),
            calendar_constraint("milestone_in_calendar", "at"),
            models.CheckConstraint(
                name="milestone_moment_has_zone",
                condition=Q(at__isnull=True, timezone__isnull=True)
                | Q(at__isnull=False, timezone__isnull=False),
                violation_error_message=_("Give the moment and its time zone together."),
            ),
        ]

    def __str__(self) -> str:
        return self.title
