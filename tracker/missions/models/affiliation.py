"""Which organization a staff account works for."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.core.models import User
from tracker.missions.models.organizations import Organization


class Affiliation(models.Model):
    """A staff account works for an organization: as its coordinator it sees and edits what is that one's own."""

    owned_by = "organization"

    account = models.OneToOneField(
        User, on_delete=models.CASCADE, verbose_name=_("account"), related_name="affiliation"
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, verbose_name=_("organization"), related_name="affiliations"
    )

    class Meta:
        verbose_name = _("affiliation")
        verbose_name_plural = _("affiliations")
        ordering = ["account"]

    def __str__(self) -> str:
        return f"{self.account}: {self.organization}"
