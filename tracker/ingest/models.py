"""What files brought in, remembered so that a later load can tell a change in the file from one by hand."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LoadedRecord(models.Model):
    """One record as a file last gave it.

    `values` holds the fields as the file set them. A later load changes only the fields in which the file
    differs from `values`, and leaves alone what a person has changed in the register since.
    """

    dataset = models.CharField(_("dataset"), max_length=60)
    kind = models.CharField(_("kind of record"), max_length=40)
    key = models.CharField(_("key in the file"), max_length=700)
    object_id = models.BigIntegerField(_("record"))
    values = models.JSONField(_("values as loaded"))

    class Meta:
        verbose_name = _("loaded record")
        verbose_name_plural = _("loaded records")
        constraints = [
            models.UniqueConstraint(name="loadedrecord_key_once", fields=["dataset", "kind", "key"]),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} {self.kind} {self.key}"
