"""What is recorded, and what of it is personal, secret or noise: the one place where that is said.

Every table of the register is recorded, those of many-to-many relations included, unless a reason not to stands here.
Models are named by their labels: this is a list to be read, and core imports nothing from above.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import models

# Models of ours that have no history, and why.
NOT_RECORDED = {
    "core.Change": "is the history",
    "core.ChangedRow": "is the history",
    "core.Head": "is the history",
    "core.PersonalValue": "is the history",
    "core.Country": "comes with the software, and every migrate writes it again",
    "core.TimeZone": "comes with the software, and every migrate writes it again",
    "core.Job": "says itself who asked, when and what came of it; what a job changes is recorded in its name",
    "core.Submission": "the key of a form that was sent, thrown away after a while; what was saved is recorded",
    "elections.SimulatedDay": "the clock of a demonstration, which moves every second",
    "coverage.Mark": "says that something changed; what did is recorded",
    "coverage.Tally": "says that something changed; what did is recorded",
    "coverage.Edition": "has a chain of its own, and cannot be changed",
    "coverage.Correction": "is made from the same changes by triggers, for the public",
    "account.EmailConfirmation": "keys of mails that are not sent here",
    "accounts.SignInAttempt": "is itself a record of what happened, forgotten after a while",
    "missions.PersonReading": "is itself a record of what happened, and cannot be changed",
    "ingest.LoadedRecord": "what a file said; what became of it in the register is recorded",
    "ingest.Upload": "says itself who sent it, when and what came of it; what it wrote is recorded",
    "ingest.UploadedFile": "a file as it came, which nothing changes",
    "ingest.UploadedRecord": "what a file would do; what became of it in the register is recorded",
}

# Of those, what is in the chain all the same, so that a forgery is found. It goes with what is recorded: no screen of
# the history shows it, and an upload that is taken back does not take it back.
WATCHED = ("coverage.Correction",)

# Apps of others, and why theirs has no history.
OTHERS_NOT_RECORDED = {
    "admin": "Django's own log, which nothing writes here: it has no before and after",
    "auth": "groups and permissions give nothing: what an account may do follows from its roles",
    "contenttypes": "names of models, written by every migrate",
    "sessions": "who is signed in now",
}

# Columns with what is known of a human being: kept where it can be erased (`models.PersonalValue`).
PERSONAL = {
    "missions.Person": ("full_name", "nationality_id", "document_number", "email", "phone", "notes"),
    "missions.Accreditation": ("reason",),
    "missions.AccreditationChange": ("reason",),
    "missions.BulkDecision": ("reason",),
    "core.User": ("username", "first_name", "last_name", "email"),
    "account.EmailAddress": ("email",),
}

# Columns of which the history knows that they changed, and never what they were.
SECRET = {"core.User": ("password",), "mfa.Authenticator": ("data",), "accounts.ApiToken": ("digest",)}

# Columns whose changes say nothing of the register.
NOISE = {
    "core.User": ("last_login",),
    "mfa.Authenticator": ("last_used_at",),
    "accounts.ApiToken": ("used_at",),
}

# Columns that repeat who did it, which an entry says itself: on screens they come last.
WHO = (
    "written_by_id",
    "approved_by_id",
    "created_by_id",
    "created_at",
    "submitted_by_id",
    "submitted_at",
)

# What the database keeps for its own rules, in keys of accounts; the entries of these people say it in words.
UNSAID = ("writers", "entered_by", "entered_for")


def recorded_models() -> Iterator[type[models.Model]]:
    """Every model with a history, in the order of the apps."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy and reason_not_recorded(model) is None:
            yield model


def watched_tables() -> list[str]:
    """The tables of `WATCHED`."""
    return [apps.get_model(label)._meta.db_table for label in WATCHED]


def chained_models() -> Iterator[type[models.Model]]:
    """Every model whose rows are in the chain."""
    yield from recorded_models()
    yield from map(apps.get_model, WATCHED)


def reason_not_recorded(model: type[models.Model]) -> str | None:
    """Why `model` has no history; None if it has one. A table between two models is as the model that declares it."""
    label = model._meta.label
    return NOT_RECORDED.get(label) or OTHERS_NOT_RECORDED.get(model._meta.app_label)


def personal_columns(model: type[models.Model]) -> tuple[str, ...]:
    return PERSONAL.get(model._meta.label, ())


def secret_columns(model: type[models.Model]) -> tuple[str, ...]:
    return SECRET.get(model._meta.label, ())


def noise_columns(model: type[models.Model]) -> tuple[str, ...]:
    return NOISE.get(model._meta.label, ())
