"""Who observes: organizations, their missions, whom they met and what they stated."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tracker.core.models import (
    Country,
    PublicationQuerySet,
    Publishable,
    choices_enforced,
    http_constraint,
    http_only,
    source_key,
)
from tracker.elections.models import Election


@choices_enforced("organization")
class Organization(Publishable):
    """A body that observes elections, was asked to, declined, or comments on them."""

    owned_by = "self"

    class Kind(models.TextChoices):
        INTERGOVERNMENTAL = "intergovernmental", _("Intergovernmental organization")
        INTERPARLIAMENTARY = "interparliamentary", _("Interparliamentary body")
        NGO = "ngo", _("Non-governmental organization")
        EMB_NETWORK = "emb_network", _("Network of election authorities")
        NATIONAL_PARLIAMENT = "national_parliament", _("National parliament")
        NATIONAL_EMB = "national_emb", _("National election authority")
        STATE = "state", _("State")
        OTHER = "other", _("Other")

    class WebsiteBasis(models.TextChoices):
        SEEN_IN_SOURCE = "seen_in_source", _("seen in a source")
        NOT_CHECKED = "not_checked", _("well known, not checked")

    slug = models.SlugField(
        _("address name"),
        max_length=80,
        unique=True,
        help_text=_("Part of its public address, such as cis. Do not change it later."),
    )
    name = models.CharField(
        _("name"),
        max_length=160,
        unique=True,
        help_text=_("In English and in full."),
    )
    acronym = models.CharField(
        _("acronym"),
        max_length=20,
        blank=True,
        help_text=_("As it is commonly written, such as ODIHR. Unique within a country."),
    )
    kind = models.CharField(
        _("kind"),
        max_length=20,
        choices=Kind,
        help_text=_("What sort of body it is; missions are listed by it."),
    )
    country = models.ForeignKey(
        Country,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("country"),
        related_name="organizations",
        help_text=_("Only for a national body."),
    )
    website = models.URLField(
        _("website"),
        blank=True,
        validators=[http_only],
        help_text=_("Its own site. Public pages link to it."),
    )
    website_basis = models.CharField(
        _("how the website is known"),
        max_length=20,
        choices=WebsiteBasis,
        blank=True,
        help_text=_("Whether a source shows the address, or it is only well known."),
    )
    source = source_key()
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name"]
        constraints = [
            # A "CEC" in each country, and one among international bodies, which have none.
            models.UniqueConstraint(
                name="organization_acronym_once",
                fields=["acronym", "country"],
                condition=~Q(acronym=""),
                nulls_distinct=False,
                violation_error_message=_("Another organization of this country has this acronym."),
            ),
            http_constraint("organization_website_http", "website"),
            models.CheckConstraint(
                name="organization_has_name",
                condition=~Q(name=""),
                violation_error_message=_("Give the name of the organization."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def short_name(self) -> str:
        return self.acronym or self.name


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
        help_text=_("How long it stays and what for. One mission of each type in an election."),
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


@choices_enforced("engagement")
class Engagement(Publishable):
    """A meeting, briefing, visit or press conference in the protocol log."""

    published_with = ("election",)

    class Kind(models.TextChoices):
        MEETING = "meeting", _("Meeting")
        BRIEFING = "briefing", _("Briefing")
        VISIT = "visit", _("Visit")
        STATION_VISIT = "station_visit", _("Visit to a polling station")
        PRESS_CONFERENCE = "press_conference", _("Press conference")

    class DatePrecision(models.TextChoices):
        DAY = "day", _("the day is known")
        RANGE = "range", _("only a period is known")

    election = models.ForeignKey(
        Election, on_delete=models.PROTECT, verbose_name=_("election"), related_name="engagements"
    )
    kind = models.CharField(
        _("kind"),
        max_length=20,
        choices=Kind,
        help_text=_("What sort of contact it was."),
    )
    date = models.DateField(
        _("date"),
        null=True,
        blank=True,
        help_text=_("The date where it took place."),
    )
    date_precision = models.CharField(
        _("date precision"),
        max_length=5,
        choices=DatePrecision,
        default=DatePrecision.DAY,
        help_text=_("Whether the source gives the day, or only a period."),
    )
    place = models.CharField(
        _("place"),
        max_length=120,
        blank=True,
        help_text=_("City and building, as far as known."),
    )
    host = models.CharField(
        _("host"),
        max_length=200,
        blank=True,
        help_text=_("Who receives or speaks; several are separated by “; ”."),
    )
    host_role = models.CharField(
        _("role of the host"),
        max_length=160,
        blank=True,
        help_text=_("The office held at the time."),
    )
    visitor = models.CharField(
        _("visitor"),
        max_length=200,
        blank=True,
        help_text=_("Who was received or spoken to; several are separated by “; ”."),
    )
    visitor_role = models.CharField(
        _("role of the visitor"),
        max_length=160,
        blank=True,
        help_text=_("The office held at the time."),
    )
    organizations = models.ManyToManyField(
        Organization, blank=True, related_name="engagements", verbose_name=_("organizations")
    )
    topics = models.TextField(_("topics"), blank=True, help_text=_("In our own words, separated by “; ”."))
    outcome = models.TextField(
        _("outcome or figures"),
        blank=True,
        help_text=_("What came of it, or the figures that were named."),
    )
    source = source_key()
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("engagement")
        verbose_name_plural = _("engagements")
        ordering = [F("date").asc(nulls_last=True), "id"]
        constraints = [
            models.CheckConstraint(
                name="engagement_day_or_period",
                condition=Q(date_precision="day", date__isnull=False)
                | Q(date_precision="range", date__isnull=True),
                violation_error_message=_("Give the date, or say that only a period is known."),
            ),
        ]

    def __str__(self) -> str:
        people = " – ".join(part for part in (self.host, self.visitor) if part)
        return f"{self.get_kind_display()}: {people}" if people else str(self.get_kind_display())


@choices_enforced("statement")
class Statement(Publishable):
    """What a mission published about the election."""

    owned_by = "mission"
    published_with = ("mission",)

    class Kind(models.TextChoices):
        INTERIM_REPORT = "interim_report", _("Interim report")
        PRELIMINARY_STATEMENT = "preliminary_statement", _("Preliminary statement")
        STATEMENT = "statement", _("Statement")
        FINAL_REPORT = "final_report", _("Final report")

    mission = models.ForeignKey(
        Mission, on_delete=models.CASCADE, verbose_name=_("mission"), related_name="statements"
    )
    kind = models.CharField(
        _("kind"),
        max_length=24,
        choices=Kind,
        default=Kind.STATEMENT,
        help_text=_("Preliminary: within days of the vote. Final: weeks later, with recommendations."),
    )
    title = models.CharField(
        _("title"),
        max_length=200,
        blank=True,
        help_text=_("As the document calls itself."),
    )
    issued_on = models.DateField(
        _("date"),
        null=True,
        blank=True,
        help_text=_("The day of the statement or, failing that, of its report."),
    )
    language = models.CharField(
        _("language"), max_length=12, blank=True, help_text=_("A code such as en or az.")
    )
    url = models.URLField(
        _("address"),
        max_length=600,
        blank=True,
        validators=[http_only],
        help_text=_("Of the document itself. A page that reports on it is the source."),
    )
    source = source_key()
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = [F("issued_on").asc(nulls_last=True), "id"]
        constraints = [http_constraint("statement_url_http", "url")]

    def __str__(self) -> str:
        return self.title or str(self.get_kind_display())
