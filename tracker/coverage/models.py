"""What was published of an election's figures, and which elections have changed since."""

import json
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.core.models import PublicationQuerySet, Quoting, User
from tracker.elections.models import Election


class Mark(models.Model):
    """A statement changed rows that an election's figures are counted from, and nobody has counted since.

    Written by triggers in the transaction of the change (migration 0002), whatever door the change came through.
    Marks are only added and, once counted, deleted: two people who write at once never wait for each other.
    """

    # Without a constraint: a mark may outlive its election for the moment until it is counted.
    election = models.ForeignKey(
        Election, on_delete=models.DO_NOTHING, db_constraint=False, related_name="marks"
    )
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("mark")
        verbose_name_plural = _("marks")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.election_id}, {self.at:%Y-%m-%d %H:%M:%S}"


class Tally(models.Model):
    """How many marks of an election have been counted and taken away.

    With the marks that wait (`editions.register_version`) a number that grows with every change that commits, and by
    nothing else: what a page shows of the register is the same as long as the number is.
    """

    # Without a constraint, as a mark.
    election = models.OneToOneField(
        Election,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="tally",
    )
    marks = models.BigIntegerField()

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")

    def __str__(self) -> str:
        return f"{self.election_id}: {self.marks}"


class Edition(models.Model):
    """One immutable, numbered, hashed publication of an election's figures.

    The database refuses to change or delete one (migration 0002). The only exception is thinning: an old edition
    may lose its content, never its place in the chain.
    """

    published_with = ("election",)

    # How long which editions keep their content: all of the last day, one a minute for a week, one an hour after.
    # The trigger in migration 0002 holds the same rule.
    KEEP_ALL = timedelta(days=1)
    KEEP_ONE_A_MINUTE = timedelta(days=7)

    election = models.ForeignKey(
        Election, on_delete=models.PROTECT, verbose_name=_("election"), related_name="editions"
    )
    number = models.PositiveIntegerField(_("number"))
    as_of = models.DateTimeField(_("figures as of (UTC)"), help_text=_("When the rows were counted."))
    published_at = models.DateTimeField(_("published (UTC)"), default=timezone.now)
    # Empty where the election publishes live.
    published_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("published by"),
        related_name="+",
    )
    # Canonical JSON as text: what was hashed is what is stored. Empty (null) once thinned.
    content = models.TextField(_("figures"), null=True, blank=True)  # noqa: DJ001 - null is not the empty text
    detail = models.TextField(_("stations by mission"), null=True, blank=True)  # noqa: DJ001
    # The totals of the content once more: they stay when the content goes, and the trend is a walk over them.
    total = models.TextField(_("totals"))
    changes = models.TextField(_("what changed"), help_text=_("Against the edition before, as JSON."))
    content_hash = models.CharField(_("hash of the content"), max_length=64)
    previous_hash = models.CharField(_("hash of the edition before"), max_length=64, blank=True)
    hash = models.CharField(_("hash"), max_length=64)
    # The last entry of the history when the rows were counted: an anchor outside, for everything recorded until then.
    history_number = models.BigIntegerField(_("entry of the history"), null=True, blank=True)
    history_hash = models.CharField(_("hash of that entry"), max_length=64, null=True, blank=True)  # noqa: DJ001
    thinned_at = models.DateTimeField(_("thinned (UTC)"), null=True, blank=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering = ["election", "-number"]
        constraints = [
            models.UniqueConstraint(name="edition_number_once", fields=["election", "number"]),
            models.CheckConstraint(
                name="edition_thinned_or_whole",
                condition=Q(thinned_at__isnull=True, content__isnull=False, detail__isnull=False)
                | Q(thinned_at__isnull=False, content__isnull=True, detail__isnull=True),
            ),
            models.CheckConstraint(
                name="edition_history_whole",
                condition=Q(history_number__isnull=True, history_hash__isnull=True)
                | Q(history_number__isnull=False, history_hash__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}"

    def change_list(self) -> list[dict[str, Any]]:
        """What changed against the edition before: {"key", "before", "after"}; the first edition says nothing."""
        changes: list[dict[str, Any]] = json.loads(self.changes)
        return changes


# Records whose corrections are shown, and the key that leads to their election: as SQL over the row `r`. A source is of
# no election: what is corrected in it is told in each that names it.
CORRECTED = {
    "elections.Election": "r.id",
    "elections.Constituency": "r.election_id",
    "elections.Milestone": "r.election_id",
    "elections.AnnouncedFigure": "r.election_id",
    "stations.PollingStation": "r.election_id",
    "stations.VotingWindow": "(SELECT s.election_id FROM stations_pollingstation s WHERE s.id = r.station_id)",
    "missions.Mission": "r.election_id",
    "missions.Membership": "(SELECT m.election_id FROM missions_mission m WHERE m.id = r.mission_id)",
    "missions.Statement": "(SELECT m.election_id FROM missions_mission m WHERE m.id = r.mission_id)",
    "missions.Engagement": "r.election_id",
    "fieldwork.Incident": "r.election_id",
    "core.Source": "",
}


class Correction(models.Model):
    """A published record changed, left the public pages or came back. Written by triggers (`coverage.corrections`)."""

    published_with = ("election",)
    published_unless = "hidden"
    # What stands above the record may be withdrawn, or embargoed, without a change of the record itself.
    published_quoting = Quoting("model", "key", tuple(CORRECTED), nothing=("kind", "withdrawn"))

    class Kind(models.TextChoices):
        CHANGED = "changed", _("changed")
        WITHDRAWN = "withdrawn", _("withdrawn")
        RESTORED = "restored", _("published again")

    election = models.ForeignKey(
        Election, on_delete=models.CASCADE, verbose_name=_("election"), related_name="corrections"
    )
    model = models.CharField(_("kind of record"), max_length=60)
    key = models.CharField(_("key"), max_length=40)
    kind = models.CharField(_("what happened"), max_length=10, choices=Kind)
    # Published columns that became different: {column: value}. Of a withdrawn record nothing is told.
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    # How a withdrawn record was when the public last saw it: compared when it comes back, and never shown.
    held = models.JSONField(_("held back"), null=True)
    reason = models.TextField(_("reason"), blank=True)
    at = models.DateTimeField(_("moment (UTC)"))
    # The record is not public any more: what this says of it is not either.
    hidden = models.BooleanField(_("hidden"), default=False)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(name="correction_of_election", fields=["election", "id"]),
            models.Index(name="correction_of_record", fields=["model", "key", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.model} {self.key}"
