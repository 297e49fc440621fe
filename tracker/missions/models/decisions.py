"""One decision about many applications: written down to be looked at, confirmed, and carried out row by row."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.core.models import Job, User, choices_enforced
from tracker.elections.models import Election
from tracker.missions.models.accreditation import Accreditation


@choices_enforced("bulk_decision")
class BulkDecision(models.Model):
    """What is to become of several applications, and who confirmed it. Nothing happens before that."""

    class To(models.TextChoices):
        ACCREDITED = "accredited", _("accredit")
        REFUSED = "refused", _("refuse")
        WITHDRAWN = "withdrawn", _("withdraw")

    election = models.ForeignKey(
        Election, on_delete=models.CASCADE, verbose_name=_("election"), related_name="bulk_decisions"
    )
    to = models.CharField(_("decision"), max_length=10, choices=To)
    reason = models.TextField(_("reason"), blank=True, help_text=_("Stays inside the register."))
    # Empty: the days of the rule, or of the election.
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    # Who prepared it and, from then on, who confirmed it.
    by = models.ForeignKey(User, on_delete=models.PROTECT, verbose_name=_("by"), related_name="+")
    prepared_at = models.DateTimeField(_("prepared (UTC)"), default=timezone.now)
    confirmed_at = models.DateTimeField(_("confirmed (UTC)"), null=True, blank=True)
    job = models.ForeignKey(
        Job, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("job"), related_name="+"
    )

    class Meta:
        verbose_name = _("decision about several applications")
        verbose_name_plural = _("decisions about several applications")
        ordering = ["-prepared_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="bulk_decision_says_why",
                condition=Q(to="accredited") | ~Q(reason=""),
                violation_error_message=_("Say why; the reason stays inside the register."),
            ),
            models.CheckConstraint(
                name="bulk_decision_valid_period",
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("The last day cannot be before the first."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_to_display()}, {self.prepared_at:%Y-%m-%d}"


@choices_enforced("bulk_decision_row")
class BulkDecisionRow(models.Model):
    """One application in a decision about several: how it stood when that was prepared, and what came of it."""

    class Outcome(models.TextChoices):
        DONE = "done", _("done")
        ALREADY = "already", _("was so already")
        NOT = "not", _("not done")

    decision = models.ForeignKey(
        BulkDecision, on_delete=models.CASCADE, verbose_name=_("decision"), related_name="rows"
    )
    accreditation = models.ForeignKey(
        Accreditation, on_delete=models.CASCADE, verbose_name=_("accreditation"), related_name="+"
    )
    # Who confirmed has seen this; what became something else meanwhile is left alone.
    seen = models.CharField(_("status seen"), max_length=10, choices=Accreditation.Status)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, blank=True)
    problem = models.TextField(_("why not"), blank=True)

    class Meta:
        verbose_name = _("application in a decision")
        verbose_name_plural = _("applications in a decision")
        # Who applied first is decided first: that is what a quota that runs out goes by.
        ordering = ["accreditation__applied_at", "accreditation_id"]
        constraints = [
            models.UniqueConstraint(name="bulk_decision_row_once", fields=["decision", "accreditation"]),
            models.CheckConstraint(
                name="bulk_decision_row_says_why_not",
                condition=Q(outcome="not") & ~Q(problem="") | ~Q(outcome="not") & Q(problem=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.accreditation_id}: {self.get_outcome_display()}"
