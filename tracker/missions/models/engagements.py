"""The protocol log: whom observers met."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tracker.core.models import Publishable, choices_enforced, source_key
from tracker.elections.models import Election
from tracker.missions.models.organizations import Organization


@choices_enforced("engagement")
class Engagement(Publishable):
    """A meeting, briefing, visit or press conference in the protocol log."""

    published_with = ("election",)

    class Kind(models.TextChoices):
        MEETING = "meeting", _("Meeting")
        BRIEFING = "briefing", _("Briefing")
        VISIT = "visit", _("Visit")
        STATION_VISIT = "station_visit", _("Visit to a polling station")
        PRESS_CONFERENCE = "press_conference", _("Press conference")

    class DatePrecision(models.TextChoices):
        DAY = "day", _("the day is known")
        RANGE = "range", _("only a period is known")

    election = models.ForeignKey(
        Election, on_delete=models.PROTECT, verbose_name=_("election"), related_name="engagements"
    )
    kind = models.CharField(
        _("kind"),
        max_length=20,
        choices=Kind,
        help_text=_("What sort of contact it was."),
    )
    date = models.DateField(
        _("date"),
        null=True,
        blank=True,
        help_text=_("The date where it took place."),
    )
    date_precision = models.CharField(
        _("date precision"),
        max_length=5,
        choices=DatePrecision,
        default=DatePrecision.DAY,
        help_text=_("Whether the source gives the day, or only a period."),
    )
    place = models.CharField(
        _("place"),
        max_length=120,
        blank=True,
        help_text=_("City and building, as far as known."),
    )
    host = models.CharField(
        _("host"),
        max_length=200,
        blank=True,
        help_text=_("Who receives or speaks; several are separated by “; ”."),
    )
    host_role = models.CharField(
        _("role of the host"),
        max_length=160,
        blank=True,
        help_text=_("The office held at the time."),
    )
    visitor = models.CharField(
        _("visitor"),
        max_length=200,
        blank=True,
        help_text=_("Who was received or spoken to; several are separated by “; ”."),
    )
    visitor_role = models.CharField(
        _("role of the visitor"),
        max_length=160,
        blank=True,
        help_text=_("The office held at the time."),
    )
    organizations = models.ManyToManyField(
        Organization, blank=True, related_name="engagements", verbose_name=_("organizations")
    )
    topics = models.TextField(_("topics"), blank=True, help_text=_("In our own words, separated by “; ”."))
    outcome = models.TextField(
        _("outcome or figures"),
        blank=True,
        help_text=_("What came of it, or the figures that were named."),
    )
    source = source_key()
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("engagement")
        verbose_name_plural = _("engagements")
        ordering = [F("date").asc(nulls_last=True), "id"]
        constraints = [
            models.CheckConstraint(
                name="engagement_day_or_period",
                condition=Q(date_precision="day", date__isnull=False)
                | Q(date_precision="range", date__isnull=True),
                violation_error_message=_("Give the date, or say that only a period is known."),
            ),
        ]

    def __str__(self) -> str:
        people = " – ".join(part for part in (self.host, self.visitor) if part)
        return f"{self.get_kind_display()}: {people}" if people else str(self.get_kind_display())
