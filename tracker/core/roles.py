"""Who may do what: the one table from roles to permissions.

A permission answers "may this person do this to records of this kind at all"; which records of the kind is a question
of ownership (`core.ownership`). Nothing else gives a permission: no group, no permission of a single account.
"""

from collections.abc import Container
from typing import Any

from django.db import models
from django.utils.text import get_text_list
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """The roles of design.md 1. An account may have several."""

    DESK = "election_desk", _("Election desk")
    OFFICER = "accreditation_officer", _("Accreditation officer")
    COORDINATOR = "mission_coordinator", _("Mission coordinator")
    PUBLISHER = "publisher", _("Publisher")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


# What each role is for. Of an account with several, these together say what it may do.
WORK = {
    Role.DESK: _("enters elections, stations, calendar, announced figures and meetings"),
    Role.OFFICER: _("keeps organizations, missions, their statements, observers and media; decides who is accredited"),
    Role.COORDINATOR: _("works for one organization: its teams, plans, visits, incidents and statements"),
    Role.PUBLISHER: _("decides what the public sees, and when"),
    Role.AUDITOR: _("reads everything but people’s personal data, the history of changes included"),
    Role.ADMINISTRATOR: _("keeps accounts and their roles, and looks after the jobs"),
}  # fmt: skip
# Where the role ends, for whoever gives it; another role of the account may reach further.
LIMITS = {
    Role.DESK: _("Sees no names of observers."),
    Role.OFFICER: _("Sees no field work."),
    Role.COORDINATOR: _("Sees nothing that others keep to themselves."),
    Role.PUBLISHER: _("Writes nothing, sees no names of observers."),
    Role.AUDITOR: _("Changes nothing."),
    Role.ADMINISTRATOR: _("Sees no part of the register."),
}

# Whoever has one of these sees the records of every organization; a coordinator only what is public or their own.
SEE_EVERYTHING = frozenset({Role.DESK, Role.OFFICER, Role.PUBLISHER, Role.AUDITOR})
# What these may do, they may do with the rows of their own organization alone (and look at what is public).
OWN_ONLY = frozenset({Role.COORDINATOR})


def may(actions: str, records: str) -> frozenset[str]:
    """The permissions "app.action_model" of every action with every record: `may("view add", "core.source")`."""
    pairs = [record.split(".") for record in records.split()]
    return frozenset(f"{app}.{action}_{model}" for action in actions.split() for app, model in pairs)


WRITE = "view add change delete"

# The register by who keeps it. A new model is one word in one of these lines.
ELECTIONS = (
    "elections.election elections.constituency elections.milestone elections.announcedfigure"
    " stations.pollingstation stations.votingwindow missions.engagement"
)
SENDERS = "missions.organization missions.mission missions.membership missions.outlet"
ACCREDITATION = (
    "missions.observer missions.accreditationrule missions.accreditation missions.accreditationchange"
)
OWN_WORK = "fieldwork.assessment fieldwork.team fieldwork.deployment fieldwork.visit fieldwork.incident"
STATEMENTS = "missions.statement"
CHECKS = "fieldwork.incidentchange"
FIGURES = "coverage.edition"
REFERENCE = "core.source core.country core.timezone"
# Files with rows for the register. What may be in them is asked of the permissions for those records.
UPLOADS = "ingest.upload"
# What was done, and who looked at people.
RECORDS = "core.change coverage.correction missions.personreading accounts.signinattempt"
# Personal data of observers and of the media; nobody else sees a name.
PEOPLE = "missions.person"
EVERYTHING = " ".join((ELECTIONS, SENDERS, ACCREDITATION, OWN_WORK, STATEMENTS, CHECKS, FIGURES, REFERENCE))
# What is a draft until somebody publishes it; an election's figures are published as editions. To write is one
# permission and to publish another: "publish_<model>", for every model alike.
PUBLISHED = (
    "elections.election elections.constituency elections.milestone elections.announcedfigure stations.pollingstation"
    " missions.organization missions.mission missions.engagement missions.statement missions.outlet"
    " fieldwork.incident coverage.edition"
)

ROLES: dict[str, frozenset[str]] = {
    Role.DESK: may("view", EVERYTHING)
    | may(WRITE, ELECTIONS)
    | may(WRITE, "core.source")
    | may(WRITE, UPLOADS),
    Role.OFFICER: (
        may("view", f"{ELECTIONS} {FIGURES} {REFERENCE}")
        | may(WRITE, f"{SENDERS} {STATEMENTS} {PEOPLE} missions.observer missions.accreditationrule")
        | may("view add change", "missions.accreditation")
        | may("view", "missions.accreditationchange")
        | may("view add change", "core.source")
        | may(WRITE, UPLOADS)
        | may("export erase", PEOPLE)
    ),
    Role.COORDINATOR: (
        may("view", f"{ELECTIONS} {CHECKS} {REFERENCE}")
        | may("view", "missions.organization missions.mission missions.membership")
        | may("change", "missions.mission")
        | may(WRITE, f"{OWN_WORK} {STATEMENTS} missions.observer")
        | may("view change delete", PEOPLE)
        | may("view add", "missions.accreditation")
        | may("view", "missions.accreditationchange")
        | may("add", "core.source")
        | may("view add change", UPLOADS)
    ),
    Role.PUBLISHER: may("view", EVERYTHING) | may("publish", PUBLISHED) | may("add", "core.job"),
    Role.AUDITOR: may("view", f"{EVERYTHING} {UPLOADS} core.user core.job missions.affiliation {RECORDS}"),
    Role.ADMINISTRATOR: (
        may("view add change", "core.user")
        | may(WRITE, "missions.affiliation")
        | may("view", "missions.organization core.job accounts.signinattempt")
    ),
}


def permission(model: Any, action: str) -> str:
    """The name of the permission to do `action` ("view", "publish") to rows of `model`."""
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"


def who_may(name: str) -> str:
    """The roles that give the permission `name`, in words: "Election desk or Publisher"; "" where none does."""
    words: list[Any] = []
    for role in Role:
        if name in ROLES[role]:
            own = _("%(role)s (for their own organization)") if role in OWN_ONLY else "%(role)s"
            words.append(str(own) % {"role": str(role.label)})
    return str(get_text_list(words, _("or")))


def names_of(roles: Container[str]) -> str:
    """The names of `roles`, in the order of the list: "Accreditation officer, Publisher"; "" for none."""
    return ", ".join(str(role.label) for role in Role if role in roles)


def work_of(roles: Container[str]) -> str:
    """What an account with all of `roles` does, in one sentence without its end; "" for none."""
    return "; ".join(str(WORK[role]) for role in Role if role in roles)


def granted_by(user: Any, name: str) -> frozenset[str]:
    """The roles of `user` that give the permission `name`; none for a closed account."""
    if not getattr(user, "is_active", False):
        return frozenset()
    return frozenset(role for role in getattr(user, "roles", ()) if name in ROLES.get(role, ()))


def may_everywhere(user: Any, name: str) -> bool:
    """Whether `user` has the permission `name` for the rows of every organization."""
    return (user.is_active and user.is_superuser) or not granted_by(user, name) <= OWN_ONLY
