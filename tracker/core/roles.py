"""Who may do what: the one table from roles to permissions.

A permission answers "may this person do this to records of this kind at all"; which records of the kind is a question
of ownership (`core.ownership`). Nothing else gives a permission: no group, no permission of a single account.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """The roles of design.md 1. An account may have several."""

    DESK = "election_desk", _("Election desk")
    OFFICER = "accreditation_officer", _("Accreditation officer")
    COORDINATOR = "mission_coordinator", _("Mission coordinator")
    PUBLISHER = "publisher", _("Publisher")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


# Whoever has one of these sees the records of every organization; a coordinator only what is public or their own.
SEE_EVERYTHING = frozenset({Role.DESK, Role.OFFICER, Role.PUBLISHER, Role.AUDITOR})
