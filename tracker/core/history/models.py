"""The tables of the history. The database writes them (`core.history.sql`) and refuses every later change."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Change(models.Model):
    """What one transaction changed in one name: an entry of the chain.

    Number, hashes and count are given when the transaction commits; from then on nothing of the entry may change.
    """

    number = models.BigIntegerField(_("number"), null=True, unique=True)
    at = models.DateTimeField(_("moment (UTC)"))
    # Not a foreign key: an account may go, what it did stays.
    account = models.BigIntegerField(_("account"), null=True)
    origin = models.TextField(_("door"))
    request = models.TextField(_("request"))
    reason = models.TextField(_("reason"))
    role = models.TextField(_("database role"))
    txid = models.BigIntegerField(_("transaction"))
    rows = models.BigIntegerField(_("rows"), null=True)
    previous_hash = models.TextField(_("hash of the entry before"), blank=True)
    hash = models.TextField(_("hash"), blank=True)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            # The few that are open: those of running transactions.
            models.Index(name="change_open", fields=["txid"], condition=models.Q(number=None)),
            models.Index(name="change_account", fields=["account", "id"]),
            models.Index(
                name="change_origin", fields=["origin", "id"], opclasses=["text_pattern_ops", "int8_ops"]
            ),
            models.Index(name="change_request", fields=["request"], condition=~models.Q(request="")),
            models.Index(name="change_at", fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"{self.number or '-'}"


class Head(models.Model):
    """The last entry of the chain once more, beside it: written when an entry is sealed, and never set back.

    Without it, whoever takes the last entry away leaves a chain that holds.
    """

    number = models.BigIntegerField(_("number"))
    hash = models.TextField(_("hash"))

    class Meta:
        verbose_name = _("head of the history")
        verbose_name_plural = _("head of the history")
        default_permissions = ()
        constraints = [models.CheckConstraint(name="head_is_one", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"{self.number}"


class ChangedRow(models.Model):
    """One row before and after. Of an update only the columns that changed; otherwise the whole row.

    A personal or secret value is not here: in its place stands `{"sealed": hash}` (see `PersonalValue`).
    """

    class Kind(models.TextChoices):
        INSERT = "insert", _("added")
        UPDATE = "update", _("changed")
        DELETE = "delete", _("deleted")
        ERASE = "erase", _("personal values erased")

    change = models.ForeignKey(
        Change, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="changed"
    )
    table_name = models.TextField(_("table"))
    key = models.TextField(_("key"))
    kind = models.CharField(_("kind"), max_length=6, choices=Kind)
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    digest = models.BinaryField(_("digest"))

    class Meta:
        verbose_name = _("changed row")
        verbose_name_plural = _("changed rows")
        ordering = ["-id"]
        default_permissions = ()
        indexes = [
            models.Index(name="changedrow_of_row", fields=["table_name", "key", "id"]),
            models.Index(name="changedrow_of_change", fields=["change", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.table_name} {self.key}"


class PersonalValue(models.Model):
    """The personal values of a changed row and the salt of their seals, outside the chain.

    Erased (`core.history.erase`), they leave the chain intact: the seal says that there was a value, and without the
    salt nobody can find out which. Of a secret only the seal is kept, never the value.
    """

    changed_row = models.OneToOneField(
        ChangedRow,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="personal",
    )
    table_name = models.TextField(_("table"))
    key = models.TextField(_("key"))
    salt = models.BinaryField(_("salt"))
    before: Any = models.JSONField(_("before"), null=True)
    after: Any = models.JSONField(_("after"), null=True)

    class Meta:
        verbose_name = _("personal value in the history")
        verbose_name_plural = _("personal values in the history")
        default_permissions = ()
        indexes = [models.Index(name="personalvalue_of_row", fields=["table_name", "key"])]

    def __str__(self) -> str:
        return f"{self.table_name} {self.key}"
