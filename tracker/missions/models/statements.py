"""What missions published about an election."""

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from tracker.core.models import Publishable, choices_enforced, http_constraint, http_only, source_key
from tracker.missions.models.missions import Mission


@choices_enforced("statement")
class Statement(Publishable):
    """What a mission published about the election."""

    owned_by = "mission"
    published_with = ("mission",)

    class Kind(models.TextChoices):
        INTERIM_REPORT = "interim_report", _("Interim report")
        PRELIMINARY_STATEMENT = "preliminary_statement", _("Preliminary statement")
        STATEMENT = "statement", _("Statement")
        FINAL_REPORT = "final_report", _("Final report")

    mission = models.ForeignKey(
        Mission, on_delete=models.CASCADE, verbose_name=_("mission"), related_name="statements"
    )
    kind = models.CharField(
        _("kind"),
        max_length=24,
        choices=Kind,
        default=Kind.STATEMENT,
        help_text=_("Preliminary: within days of the vote. Final: weeks later, with recommendations."),
    )
    title = models.CharField(
        _("title"),
        max_length=200,
        blank=True,
        help_text=_("As the document calls itself."),
    )
    issued_on = models.DateField(
        _("date"),
        null=True,
        blank=True,
        help_text=_("The day of the statement or, failing that, of its report."),
    )
    language = models.CharField(
        _("language"), max_length=12, blank=True, help_text=_("A code such as en or az.")
    )
    url = models.URLField(
        _("web address"),
        max_length=600,
        blank=True,
        validators=[http_only],
        help_text=_(
            "Where the document itself can be read. If only a report about it is known, enter that as the source and "
            "leave this empty."
        ),
    )
    source = source_key()
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = [F("issued_on").asc(nulls_last=True), "id"]
        constraints = [http_constraint("statement_url_http", "url")]

    def __str__(self) -> str:
        return self.title or str(self.get_kind_display())

    @property
    def is_unsourced(self) -> bool:
        """Whether nothing shows how it is known: one that readers can open needs no other source."""
        return super().is_unsourced and not self.url
