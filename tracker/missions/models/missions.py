"""An organization observing an election, and who joins it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tracker.core.models import PublicationQuerySet, Publishable, choices_enforced, source_key
from tracker.elections.models import Election
from tracker.missions.models.organizations import Organization


@choices_enforced("mission")
class Mission(Publishable):
    """An organization, or several jointly, observing one election - or not invited, or declining to."""

    owned_by = "organization"
    published_with = ("election", "organization")

    class Type(models.TextChoices):
        LONG_TERM_EOM = "long_term_eom", _("Election observation mission, long-term (EOM)")
        LEOM = "leom", _("Limited election observation mission (LEOM)")
        EAM = "eam", _("Election assessment mission (EAM)")
        EET = "eet", _("Election expert team (EET)")
        NAM = "nam", _("Needs assessment mission (NAM)")
        LONG_TERM = "long_term", _("Long-term mission")
        SHORT_TERM = "short_term", _("Short-term mission")
        JOINT = "joint", _("Joint mission")
        PARLIAMENTARY_SHORT_TERM = "parliamentary_short_term", _("Parliamentary mission, short-term")
        PARLIAMENTARY_BILATERAL = "parliamentary_bilateral", _("Delegation of a national parliament")
        EMB_DELEGATION = "emb_delegation", _("Delegation of an election authority")
        NGO_INTERNATIONAL = "ngo_international", _("International citizen observation")
        NGO_DOMESTIC = "ngo_domestic", _("Domestic citizen observation")

    # In the order in which a form offers them: what most are first, under headings that say what they have in common.
    TYPE_GROUPS = (
        (
            _("Observation missions"),
            (Type.SHORT_TERM, Type.LONG_TERM, Type.LONG_TERM_EOM, Type.LEOM, Type.JOINT),
        ),
        (
            _("Parliaments and election authorities"),
            (Type.PARLIAMENTARY_SHORT_TERM, Type.PARLIAMENTARY_BILATERAL, Type.EMB_DELEGATION),
        ),
        (_("Citizen observers"), (Type.NGO_DOMESTIC, Type.NGO_INTERNATIONAL)),
        (_("Experts, without systematic observation of the vote"), (Type.EET, Type.EAM, Type.NAM)),
    )

    class Status(models.TextChoices):
        PLANNED = "planned", _("planned")
        INVITED = "invited", _("invited")
        OBSERVING = "observing", _("observing")
        OBSERVED = "observed", _("observed")
        NOT_INVITED = "not_invited", _("not invited")
        DECLINED = "declined", _("invited, declined")
        WILL_NOT_OBSERVE = "will_not_observe", _("announced not to observe")
        WITHDRAWN = "withdrawn", _("withdrawn")

    # The statuses of a mission that is, or was, in the field.
    PRESENT = (Status.OBSERVING, Status.OBSERVED)
    # The statuses of a mission that did not come about.
    ABSENT = (Status.NOT_INVITED, Status.DECLINED, Status.WILL_NOT_OBSERVE, Status.WITHDRAWN)

    election = models.ForeignKey(
        Election, on_delete=models.PROTECT, verbose_name=_("election"), related_name="missions"
    )
    organization = models.ForeignKey(
        Organization,
        on_delete=models.PROTECT,
        verbose_name=_("organization"),
        related_name="missions",
        help_text=_("Under whose name it observes. Others that joined are listed as members."),
    )
    members = models.ManyToManyField(
        Organization, through="Membership", related_name="joined_missions", verbose_name=_("members")
    )
    type = models.CharField(
        _("type"),
        max_length=30,
        choices=Type,
        help_text=_(
            "What the mission calls itself. Short-term: the days around the vote; long-term: weeks. One mission of "
            "each type in an election."
        ),
    )
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=Status,
        default=Status.PLANNED,
        help_text=_("Not invited and declined are facts too, and are shown."),
    )
    head_of_mission = models.CharField(
        _("head of mission"),
        max_length=120,
        blank=True,
        help_text=_("The person the organization named. Shown to the public."),
    )
    head_role = models.CharField(
        _("role of the head"),
        max_length=160,
        blank=True,
        help_text=_("The office held at the time."),
    )
    invited_by = models.CharField(
        _("invited by"),
        max_length=160,
        blank=True,
        help_text=_("The body that sent the invitation."),
    )
    invited_on = models.DateField(
        _("invited on"),
        null=True,
        blank=True,
        help_text=_("The date of the invitation. Empty if not known."),
    )
    announced_on = models.DateField(
        _("announced on"),
        null=True,
        blank=True,
        help_text=_("When the organization told the public that it comes."),
    )
    accredited_on = models.DateField(
        _("accredited on"),
        null=True,
        blank=True,
        help_text=_("When the election authority accredited it."),
    )
    arrives_on = models.DateField(
        _("arrival"),
        null=True,
        blank=True,
        help_text=_("When its first members come."),
    )
    departs_on = models.DateField(
        _("departure"),
        null=True,
        blank=True,
        help_text=_("When its last members leave."),
    )
    observers_total = models.PositiveIntegerField(
        _("observers, as announced"),
        null=True,
        blank=True,
        help_text=_("The announced figure closest to election day; rivals belong in announced figures."),
    )
    planned_core = models.PositiveIntegerField(
        _("core team, planned"),
        null=True,
        blank=True,
        help_text=_("As it was announced before. Empty if not known, never zero for unknown."),
    )
    planned_lto = models.PositiveIntegerField(
        _("long-term observers, planned"),
        null=True,
        blank=True,
        help_text=_("As it was announced before. Empty if not known, never zero for unknown."),
    )
    planned_sto = models.PositiveIntegerField(
        _("short-term observers, planned"),
        null=True,
        blank=True,
        help_text=_("As it was announced before. Empty if not known, never zero for unknown."),
    )
    actual_core = models.PositiveIntegerField(
        _("core team, actual"),
        null=True,
        blank=True,
        help_text=_("How many came. Empty if not known, never zero for unknown."),
    )
    actual_lto = models.PositiveIntegerField(
        _("long-term observers, actual"),
        null=True,
        blank=True,
        help_text=_("How many came. Empty if not known, never zero for unknown."),
    )
    actual_sto = models.PositiveIntegerField(
        _("short-term observers, actual"),
        null=True,
        blank=True,
        help_text=_("How many came. Empty if not known, never zero for unknown."),
    )
    stations_visited = models.PositiveIntegerField(
        _("stations visited, as announced"),
        null=True,
        blank=True,
        help_text=_("What the mission said, often rounded; not counted from visits."),
    )
    areas_observed = models.CharField(
        _("areas observed"),
        max_length=200,
        blank=True,
        help_text=_("Regions or cities, as the mission named them."),
    )
    source = source_key()
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("mission")
        verbose_name_plural = _("missions")
        ordering = ["organization__name", "type"]
        constraints = [
            models.UniqueConstraint(
                name="mission_once_per_type",
                fields=["election", "organization", "type"],
                violation_error_message=_(
                    "This organization already has a mission of this type in this election."
                ),
            ),
            models.CheckConstraint(
                name="mission_departs_after_arrival",
                condition=Q(departs_on__isnull=True)
                | Q(arrives_on__isnull=True)
                | Q(departs_on__gte=F("arrives_on")),
                violation_error_message=_("The mission cannot leave before it arrives."),
            ),
            # Target of the composite keys that keep field work within one election.
            models.UniqueConstraint(name="mission_id_election", fields=["id", "election"]),
        ]

    def __str__(self) -> str:
        return f"{self.organization} ({self.get_type_display()})"

    @property
    def is_unsourced(self) -> bool:
        """Whether nothing shows how it is known: neither a source nor a statement of its own that can be opened."""
        return super().is_unsourced and not any(one.url for one in self.statements.all())


@choices_enforced("membership")
class Membership(models.Model):
    """An organization's part in a mission that another name leads."""

    owned_by = "mission"
    published_with = ("mission", "organization")

    class Role(models.TextChoices):
        PARTNER = "partner", _("partner")
        PARTICIPANT = "participant", _("members took part")

    mission = models.ForeignKey(
        Mission, on_delete=models.CASCADE, verbose_name=_("mission"), related_name="memberships"
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, verbose_name=_("organization"), related_name="memberships"
    )
    role = models.CharField(
        _("part"),
        max_length=12,
        choices=Role,
        default=Role.PARTNER,
        help_text=_("Partner: the mission bears both names. Members took part: some of its people joined."),
    )
    source = source_key()
    notes = models.TextField(_("notes"), blank=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("member organization")
        verbose_name_plural = _("member organizations")
        ordering = ["organization__name"]
        constraints = [
            models.UniqueConstraint(
                name="membership_once",
                fields=["mission", "organization"],
                violation_error_message=_("This organization is already a member of the mission."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.organization)
