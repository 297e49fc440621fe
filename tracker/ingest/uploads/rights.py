"""Who may bring a file, work on it, and say something of words and headers for everybody's files."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from tracker.core.models import User
from tracker.core.ownership import owned_by
from tracker.core.roles import may_everywhere, permission
from tracker.ingest.models import Upload
from tracker.ingest.uploads import queries
from tracker.ingest.uploads.subjects import SUBJECTS
from tracker.missions.models import Organization


def kinds_for(user: User) -> list[str]:
    """The kinds of files that `user` may bring."""
    return [
        name
        for name, subject in SUBJECTS.items()
        if all(user.has_perm(permission(subject.kind.model, action)) for action in ("add", "change"))
        and user.has_perms(subject.asks)
    ]


def check_may_bring(by: User, kind: str) -> None:
    """Refuse whoever may not add and change the records that such a file holds."""
    if kind not in SUBJECTS:
        raise ValidationError(_("There is no such kind of file."))
    if kind not in kinds_for(by):
        raise PermissionDenied


def may_work_on(by: User, upload: Upload) -> bool:
    """Whether `by` may say how a file is read, and apply it: their own, or where they write for every organization."""
    if upload.kind not in kinds_for(by):
        return False
    subject = SUBJECTS[upload.kind]
    if subject.people and not queries.uploads_for(by).filter(pk=upload.pk).exists():
        return False
    everywhere = may_everywhere(by, permission(subject.kind.model, "add"))
    return everywhere or upload.sent_by_id == by.pk


def check_may_work_on(by: User, upload: Upload) -> None:
    """Refuse whoever may not."""
    if not may_work_on(by, upload):
        raise PermissionDenied


def speaks_for_all(by: User) -> bool:
    """Whether what `by` says of words and headers is remembered for everybody's files."""
    return may_everywhere(by, permission(Upload, "change"))


def sent_for(by: User, kind: str) -> Organization | None:
    """The organization that `by` works for where their role reaches no other one's records of this kind."""
    if may_everywhere(by, permission(SUBJECTS[kind].kind.model, "add")):
        return None
    organization: Organization | None = owned_by(Organization.objects.all(), by).first()
    return organization
