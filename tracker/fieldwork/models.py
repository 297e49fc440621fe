"""Observers in the field: teams, where they are sent, what they visited, and what went wrong there.

None of this is public by itself. The public sees counts of it (`coverage`), and incidents that somebody published.
"""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tracker.core.models import (
    Country,
    Publication,
    PublicationQuerySet,
    Publishable,
    User,
    calendar_constraint,
    choices_enforced,
)
from tracker.elections.models import Constituency, Election
from tracker.missions.models import Mission, Observer
from tracker.stations.models import PollingStation


@choices_enforced("assessment")
class Assessment(models.Model):
    """One step of a mission's own scale for what it saw: an ordinal, the mission's word, and which way it points."""

    owned_by = "mission"
    published_with = ("mission",)

    class Polarity(models.TextChoices):
        POSITIVE = "positive", _("positive")
        NEUTRAL = "neutral", _("neither")
        NEGATIVE = "negative", _("negative")

    mission = models.ForeignKey(
        Mission, on_delete=models.CASCADE, verbose_name=_("mission"), related_name="assessments"
    )
    ordinal = models.PositiveSmallIntegerField(
        _("step"), help_text=_("1 is the first step of the mission's scale; the order is the mission's.")
    )
    label = models.CharField(_("word of the mission"), max_length=60)
    polarity = models.CharField(_("polarity"), max_length=10, choices=Polarity)

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessment scale")
        ordering = ["mission", "ordinal"]
        constraints = [
            models.UniqueConstraint(
                name="assessment_step_once",
                fields=["mission", "ordinal"],
                violation_error_message=_("This scale already has this step."),
            ),
            models.UniqueConstraint(
                name="assessment_label_once",
                fields=["mission", "label"],
                violation_error_message=_("This scale already has this word."),
            ),
            # Target of the composite key that keeps a visit to its own mission's scale.
            models.UniqueConstraint(name="assessment_id_mission", fields=["id", "mission"]),
            models.CheckConstraint(name="assessment_step_from_one", condition=Q(ordinal__gte=1)),
            models.CheckConstraint(name="assessment_has_label", condition=~Q(label="")),
        ]

    def __str__(self) -> str:
        return f"{self.ordinal}. {self.label}"


@choices_enforced("team")
class Team(models.Model):
    """Two or more observers of one mission who go together."""

    owned_by = "mission"
    published_with = ("mission",)

    class Kind(models.TextChoices):
        MOBILE = "mobile", _("mobile: goes from station to station")
        STATIC = "static", _("static: stays at one station")

    mission = models.ForeignKey(
        Mission, on_delete=models.PROTECT, verbose_name=_("mission"), related_name="teams"
    )
    name = models.CharField(_("name"), max_length=40, help_text=_("Short and unique in the mission: T-04."))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.MOBILE)
    area = models.CharField(_("area of responsibility"), max_length=160, blank=True)
    area_country = models.ForeignKey(
        Country,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("country of the area"),
        related_name="+",
    )
    area_constituency = models.ForeignKey(
        Constituency,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("constituency of the area"),
        related_name="+",
    )
    members = models.ManyToManyField(
        Observer, blank=True, related_name="teams", verbose_name=_("members"), help_text=_("Two or more.")
    )

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["mission", "name"]
        constraints = [
            models.UniqueConstraint(
                name="team_name_once_in_mission",
                fields=["mission", "name"],
                violation_error_message=_("This mission already has a team with this name."),
            ),
            # Target of the composite keys that keep deployments and visits to the team's own mission.
            models.UniqueConstraint(name="team_id_mission", fields=["id", "mission"]),
            models.CheckConstraint(name="team_has_name", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return f"{self.mission.organization.short_name} {self.name}"


class DeploymentQuerySet(PublicationQuerySet):
    def live(self) -> Self:
        """Deployments that stand: every one that is not called off."""
        return self.exclude(status=Deployment.Status.CALLED_OFF)


@choices_enforced("deployment")
class Deployment(models.Model):
    """A team planned to be at a station in a slot of time. Stored in UTC; the zone stands in the station."""

    owned_by = "mission"
    published_with = ("team", "station")

    class Status(models.TextChoices):
        PLANNED = "planned", _("planned")
        CONFIRMED = "confirmed", _("confirmed")
        CALLED_OFF = "called_off", _("called off")

    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, verbose_name=_("team"), related_name="deployments"
    )
    # The team's mission and its election once more: keys of two columns hold team, station and scale together.
    mission = models.ForeignKey(
        Mission,
        on_delete=models.PROTECT,
        editable=False,
        verbose_name=_("mission"),
        related_name="deployments",
    )
    election = models.ForeignKey(
        Election,
        on_delete=models.PROTECT,
        editable=False,
        verbose_name=_("election"),
        related_name="deployments",
    )
    station = models.ForeignKey(
        PollingStation,
        on_delete=models.PROTECT,
        verbose_name=_("polling station"),
        related_name="deployments",
    )
    starts_at = models.DateTimeField(_("from (UTC)"))
    ends_at = models.DateTimeField(_("until (UTC)"))
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.PLANNED)
    notes = models.TextField(_("notes"), blank=True)

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("deployment")
        verbose_name_plural = _("deployments")
        ordering = ["starts_at", "id"]
        constraints = [
            models.UniqueConstraint(
                name="deployment_slot_once",
                fields=["team", "station", "starts_at"],
                condition=~Q(status="called_off"),
                violation_error_message=_("This team is already planned at this station at this hour."),
            ),
            models.CheckConstraint(
                name="deployment_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message=_("The slot must end after it begins."),
            ),
            calendar_constraint("deployment_in_calendar", "starts_at", "ends_at"),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.station}"


class VisitQuerySet(PublicationQuerySet):
    def counting(self) -> Self:
        """Visits that count: submitted or verified ones."""
        return self.filter(status__in=Visit.COUNTING)


@choices_enforced("visit")
class Visit(models.Model):
    """A team was at a station. A draft does not count; a submitted visit does."""

    owned_by = "mission"
    published_with = ("team", "station")

    class Phase(models.TextChoices):
        OPENING = "opening", _("Opening")
        VOTING = "voting", _("Voting")
        CLOSING = "closing", _("Closing")
        COUNTING = "counting", _("Counting")
        TABULATION = "tabulation", _("Tabulation")

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("submitted")
        VERIFIED = "verified", _("verified")

    COUNTING = (Status.SUBMITTED, Status.VERIFIED)

    team = models.ForeignKey(Team, on_delete=models.PROTECT, verbose_name=_("team"), related_name="visits")
    # The team's mission and its election once more: keys of two columns hold team, station and scale together.
    mission = models.ForeignKey(
        Mission, on_delete=models.PROTECT, editable=False, verbose_name=_("mission"), related_name="visits"
    )
    election = models.ForeignKey(
        Election, on_delete=models.PROTECT, editable=False, verbose_name=_("election"), related_name="visits"
    )
    station = models.ForeignKey(
        PollingStation, on_delete=models.PROTECT, verbose_name=_("polling station"), related_name="visits"
    )
    phase = models.CharField(_("phase"), max_length=12, choices=Phase)
    arrived_at = models.DateTimeField(_("arrival (UTC)"))
    departed_at = models.DateTimeField(_("departure (UTC)"), null=True, blank=True)
    assessment = models.ForeignKey(
        Assessment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("overall assessment"),
        related_name="visits",
        help_text=_("On the mission's own scale."),
    )
    findings = models.TextField(
        _("findings"), blank=True, help_text=_("Never public. No names of voters or staff.")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    # Made once for a form on a screen: sent twice, it is still one visit.
    submission_key = models.UUIDField(_("submission key"), null=True, blank=True, unique=True, editable=False)
    # Counts every change, so that nobody overwrites what they have not seen; and the one at which the form of the
    # submission key last wrote: while both are the same, nobody else has touched the visit.
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    key_version = models.PositiveIntegerField(_("version of the form"), default=1, editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("entered by"),
    )  # fmt: skip
    created_at = models.DateTimeField(_("entered (UTC)"), auto_now_add=True)
    submitted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("submitted by"),
    )  # fmt: skip
    submitted_at = models.DateTimeField(_("submitted (UTC)"), null=True, blank=True, editable=False)
    verified_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("verified by"),
    )  # fmt: skip
    verified_at = models.DateTimeField(_("verified (UTC)"), null=True, blank=True, editable=False)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering = ["-arrived_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="visit_departs_after_arrival",
                condition=Q(departed_at__isnull=True) | Q(departed_at__gte=F("arrived_at")),
                violation_error_message=_("The team cannot leave before it arrives."),
            ),
            models.CheckConstraint(
                name="visit_submission_dated",
                condition=Q(status="draft", submitted_at__isnull=True)
                | (~Q(status="draft") & Q(submitted_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="visit_verification_dated",
                condition=Q(status="verified", verified_at__isnull=False)
                | (~Q(status="verified") & Q(verified_at__isnull=True)),
            ),
            calendar_constraint("visit_in_calendar", "arrived_at", "departed_at"),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.station}, {self.get_phase_display()}"


@choices_enforced("incident")
class Incident(Publishable):
    """Something that went wrong. The public sees the published summary, its category, where and when."""

    owned_by = "team"
    # The public reads the summary; description and team stay with the mission, published or not.
    owner_alone_sees = True
    published_with = ("election",)

    class Category(models.TextChoices):
        ACCESS = "access", _("Observers hindered")
        VOTER_LIST = "voter_list", _("Voter list")
        SECRECY = "secrecy", _("Secrecy of the vote")
        PROCEDURE = "procedure", _("Procedure")
        MATERIALS = "materials", _("Materials missing")
        PRESSURE = "pressure", _("Pressure or campaigning")
        VIOLENCE = "violence", _("Violence or threat")
        COUNT = "count", _("Count and protocols")
        OTHER = "other", _("Other")

    class Severity(models.TextChoices):
        MINOR = "minor", _("minor")
        SERIOUS = "serious", _("serious")
        GRAVE = "grave", _("grave")

    class Status(models.TextChoices):
        REPORTED = "reported", _("reported")
        CHECKING = "checking", _("being checked")
        CONFIRMED = "confirmed", _("confirmed")
        DISMISSED = "dismissed", _("dismissed")

    election = models.ForeignKey(
        Election, on_delete=models.PROTECT, verbose_name=_("election"), related_name="incidents"
    )
    category = models.CharField(_("category"), max_length=12, choices=Category)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity, default=Severity.MINOR)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.REPORTED)
    occurred_at = models.DateTimeField(_("when (UTC)"))
    station = models.ForeignKey(
        PollingStation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("polling station"),
        related_name="incidents",
    )
    place = models.CharField(
        _("place"), max_length=160, blank=True, help_text=_("Where it was not at a station.")
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("reported by team"),
        related_name="incidents",
    )
    description = models.TextField(_("description"), help_text=_("For the mission. Never public."))
    summary = models.TextField(
        _("public summary"),
        blank=True,
        help_text=_("What the public reads once published. No names of people."),
    )
    submission_key = models.UUIDField(_("submission key"), null=True, blank=True, unique=True, editable=False)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering = ["-occurred_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="incident_has_place",
                condition=Q(station__isnull=False) | ~Q(place=""),
                violation_error_message=_("Say where it happened: the station or the place."),
            ),
            models.CheckConstraint(
                name="incident_published_with_summary",
                condition=~Q(publication="published") | ~Q(summary=""),
                violation_error_message=_("Write the public summary before you publish."),
            ),
            calendar_constraint("incident_in_calendar", "occurred_at"),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()}: {self.station or self.place}"


@choices_enforced("incident_change")
class IncidentChange(models.Model):
    """One step in the checking of an incident: what it became, when, by whom, why."""

    owned_by = "incident"

    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, verbose_name=_("incident"), related_name="changes"
    )
    status = models.CharField(_("status"), max_length=10, choices=Incident.Status)
    at = models.DateTimeField(_("moment (UTC)"))
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("by"), related_name="+"
    )
    reason = models.TextField(_("reason"), blank=True)
    # Only where the step was to publish or to withdraw: what it became for the public.
    publication = models.CharField(_("publication"), max_length=10, choices=Publication, blank=True)

    class Meta:
        verbose_name = _("incident change")
        verbose_name_plural = _("incident changes")
        ordering = ["at", "id"]
        constraints = [calendar_constraint("incident_change_in_calendar", "at")]

    def __str__(self) -> str:
        return f"{self.get_status_display()}, {self.at:%Y-%m-%d}"
