"""What files brought in, remembered so that a later load can tell a change in the file from one by hand."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tracker.core.models import Job, User, choices_enforced


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


class Profile(models.Model):
    """How files with one header are read: a mapping that a person settled, found again by the header's fingerprint."""

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind of records"), max_length=20)
    fingerprint = models.CharField(_("fingerprint of the header"), max_length=64)
    mapping = models.JSONField(_("mapping"))
    saved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, verbose_name=_("saved by"), related_name="+"
    )
    saved_at = models.DateTimeField(_("saved (UTC)"), default=timezone.now)

    class Meta:
        verbose_name = _("import profile")
        verbose_name_plural = _("import profiles")
        constraints = [
            models.UniqueConstraint(name="profile_header_once", fields=["kind", "fingerprint"]),
        ]

    def __str__(self) -> str:
        return self.name


class Answer(models.Model):
    """What a word of a file means, as a person said it once: remembered for every later file."""

    topic = models.CharField(_("topic"), max_length=20)
    text = models.CharField(_("text, folded"), max_length=200)
    context = models.CharField(_("context"), max_length=200, blank=True)
    value = models.CharField(_("value"), max_length=200)
    given_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, verbose_name=_("given by"), related_name="+"
    )

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [
            models.UniqueConstraint(name="answer_once", fields=["topic", "text", "context"]),
        ]

    def __str__(self) -> str:
        return f"{self.text}: {self.value}"


@choices_enforced("upload")
class Upload(models.Model):
    """One file that somebody brought: how it is read, what it would change, and what became of it."""

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked")
        APPLYING = "applying", _("being applied")
        APPLIED = "applied", _("applied")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")
        DISCARDED = "discarded", _("discarded")

    # In these a job is at work on it.
    BUSY = (State.CHECKING, State.APPLYING, State.UNDOING)
    # In these its file may still be read another way.
    OPEN = (State.RECEIVED, State.CHECKED)

    # Rows with this value in this column hold people's data: the second wall lets fewer see them (core.wall).
    holds_people = ("kind", "observers")

    name = models.CharField(_("file"), max_length=120)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    format = models.CharField(_("format"), max_length=10)
    election = models.ForeignKey(
        "elections.Election", on_delete=models.PROTECT, verbose_name=_("election"), related_name="uploads"
    )
    kind = models.CharField(_("kind of records"), max_length=20)
    sheet = models.TextField(_("sheet"), blank=True)
    header_row = models.PositiveIntegerField(_("row of the header"), null=True)
    mapping = models.JSONField(_("mapping"), default=dict)
    profile = models.ForeignKey(
        Profile, on_delete=models.SET_NULL, null=True, verbose_name=_("profile"), related_name="uploads"
    )
    retire_missing = models.BooleanField(_("retire what the file no longer has"), default=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RECEIVED)
    # How many rows of the file there are, how many records are new, changed and so on.
    counts = models.JSONField(_("counts"), default=dict)
    # Which transactions were over when the register was compared with the file: a later one may have changed it.
    compared = models.TextField(_("compared after"), blank=True)
    # The same when it had been written, and the transaction that wrote it.
    written = models.TextField(_("written after"), blank=True)
    written_by_transaction = models.BigIntegerField(_("transaction"), null=True)
    job = models.ForeignKey(
        Job, on_delete=models.SET_NULL, null=True, verbose_name=_("job"), related_name="uploads"
    )
    problem = models.TextField(_("what stands in the way"), blank=True)
    sent_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, verbose_name=_("sent by"), related_name="uploads"
    )
    # For which organization the sender worked then; empty for whoever works for all.
    organization = models.ForeignKey(
        "missions.Organization",
        on_delete=models.PROTECT,
        null=True,
        verbose_name=_("organization"),
        related_name="uploads",
    )
    sent_at = models.DateTimeField(_("sent (UTC)"), default=timezone.now)
    applied_at = models.DateTimeField(_("applied (UTC)"), null=True)
    undone_at = models.DateTimeField(_("undone (UTC)"), null=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["-sent_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="upload_applied_dated",
                condition=Q(state__in=["undoing", "undone"])
                | (Q(state="applied") & Q(applied_at__isnull=False))
                | (~Q(state="applied") & Q(applied_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UploadedFile(models.Model):
    """The bytes of an upload, as they came: read again for each check, and shown to nobody but who may see it."""

    upload = models.OneToOneField(Upload, on_delete=models.CASCADE, primary_key=True, related_name="file")
    content = models.BinaryField(_("content"))

    class Meta:
        verbose_name = _("uploaded file")
        verbose_name_plural = _("uploaded files")

    def __str__(self) -> str:
        return f"{self.upload_id}"


class UploadedRecord(models.Model):
    """One record that a row of an upload gives, beside what the register holds; or what is wrong with the row."""

    class Action(models.TextChoices):
        NEW = "new", _("new")
        CHANGED = "changed", _("changed")
        KEPT = "kept", _("kept as corrected by hand")
        UNCHANGED = "unchanged", _("unchanged")
        DELETED = "deleted", _("deleted by hand")
        MISSING = "missing", _("missing from the file")
        BAD = "bad", _("cannot be read")

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="records")
    kind = models.CharField(_("kind of record"), max_length=20)
    row = models.PositiveIntegerField(_("row"))
    key = models.CharField(_("key"), max_length=700)
    label = models.CharField(_("name"), max_length=200)
    action = models.CharField(_("what happens"), max_length=10, choices=Action)
    object_id = models.BigIntegerField(_("record"), null=True)
    values = models.JSONField(_("values"), default=dict)
    # {field: [what the register holds, what the file says]}, as people read it.
    changes = models.JSONField(_("differences"), default=dict)
    # The fields of `changes` that the file wins.
    takes = ArrayField(models.CharField(max_length=40), verbose_name=_("fields taken"), default=list)
    # What the file said of it when it was last loaded; null where it never was.
    before = models.JSONField(_("values loaded before"), null=True)
    # [[column, value, what is wrong, how to mend it, "error" or "warning"]]
    problems = models.JSONField(_("problems"), default=list)

    class Meta:
        verbose_name = _("uploaded record")
        verbose_name_plural = _("uploaded records")
        ordering = ["id"]
        indexes = [
            models.Index(name="uploadedrecord_of_upload", fields=["upload", "kind", "action", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.upload_id} {self.row} {self.key}"
