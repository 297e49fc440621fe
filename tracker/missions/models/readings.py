"""Who of the staff looked at whose personal data, and when. The database keeps it as it was written."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PersonReading(models.Model):
    """One screen or file that showed the name or the contact data of one person to one account.

    Where it showed a file that somebody brought, `file` is its number, and one reading without a person stands for
    those in it whom the register does not know.

    Keys and no foreign keys: it outlives the person and the account, and holds no data of either. Written by
    `missions.readings.note_reading`, never changed (a trigger), seen by those who see everything.
    """

    person = models.BigIntegerField(_("person"), null=True)
    file = models.BigIntegerField(_("file"), null=True)
    account = models.BigIntegerField(_("account"), null=True)
    at = models.DateTimeField(_("moment (UTC)"))
    screen = models.CharField(_("screen"), max_length=80)
    request = models.CharField(_("request"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("reading of a person’s record")
        verbose_name_plural = _("readings of people’s records")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="personreading_of_somebody",
                condition=Q(person__isnull=False) | Q(file__isnull=False),
                violation_error_message=_("A reading is of a person, of a file, or of a person in a file."),
            )
        ]
        indexes = [
            models.Index(name="personreading_of_person", fields=["person", "id"]),
            models.Index(
                name="personreading_of_file", fields=["file", "id"], condition=Q(file__isnull=False)
            ),
            models.Index(name="personreading_by_account", fields=["account", "id"]),
            models.Index(name="personreading_at", fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}, {self.screen}"
