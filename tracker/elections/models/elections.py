"""The contest itself: the election, its districts, and the clock of a demonstration."""

from datetime import datetime, timedelta

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tracker.core.models import (
    Country,
    Publishable,
    TimeZone,
    User,
    calendar_constraint,
    choices_enforced,
    localized,
    source_key,
)

# From the first voting day to the last.
LONGEST_ELECTION = timedelta(days=31)


@choices_enforced("election")
class Election(Publishable):
    """One contest day, or days, in one country."""

    class Kind(models.TextChoices):
        PRESIDENTIAL = "presidential", _("Presidential election")
        PARLIAMENTARY = "parliamentary", _("Parliamentary election")
        LOCAL = "local", _("Local election")
        REFERENDUM = "referendum", _("Referendum")

    class Call(models.TextChoices):
        REGULAR = "regular", _("Regular")
        EXTRAORDINARY = "extraordinary", _("Extraordinary")
        REPEAT = "repeat", _("Repeat")
        BY_ELECTION = "by_election", _("By-election")

    class Publishing(models.TextChoices):
        LIVE = "live", _("live: every change is published as it is counted")
        REVIEWED = "reviewed", _("reviewed: a publisher looks at each edition first")

    slug = models.SlugField(
        _("address name"),
        max_length=60,
        unique=True,
        help_text=_(
            "Part of every public address of this election, such as az-2024-president. Do not change it later."
        ),
    )
    name = models.CharField(
        _("name in English"),
        max_length=160,
        help_text=_("The whole name, with the country and the date."),
    )
    name_az = models.CharField(
        _("name in Azerbaijani"),
        max_length=160,
        blank=True,
        help_text=_("Shown on /az/ pages. Empty: the English name is shown there too."),
    )
    name_ru = models.CharField(
        _("name in Russian"),
        max_length=160,
        blank=True,
        help_text=_("Shown on /ru/ pages. Empty: the English name is shown there too."),
    )
    country = models.ForeignKey(
        Country,
        on_delete=models.PROTECT,
        verbose_name=_("country"),
        related_name="elections",
        help_text=_("The country whose election it is; stations abroad stand in others."),
    )
    kind = models.CharField(
        _("kind"),
        max_length=20,
        choices=Kind,
        help_text=_("What people vote on."),
    )
    call = models.CharField(
        _("call"), max_length=20, choices=Call, default=Call.REGULAR, help_text=_("Why it is held now.")
    )
    round = models.PositiveSmallIntegerField(
        _("round"),
        default=1,
        help_text=_("1, or 2 for a run-off."),
    )
    starts_on = models.DateField(
        _("first voting day"), help_text=_("The local date in the country of the election.")
    )
    ends_on = models.DateField(_("last voting day"), help_text=_("The same date where voting takes one day."))
    timezone = models.ForeignKey(
        TimeZone,
        on_delete=models.PROTECT,
        verbose_name=_("time zone"),
        related_name="+",
        help_text=_("The zone of the election authority; its calendar is read in it."),
    )
    authority = models.CharField(
        _("election authority"),
        max_length=160,
        blank=True,
        help_text=_("Who runs it, such as the Central Election Commission."),
    )
    publishing = models.CharField(
        _("publishing of figures"),
        max_length=10,
        choices=Publishing,
        default=Publishing.LIVE,
        help_text=_("How a new edition of the figures reaches the public."),
    )
    four_eyes = models.BooleanField(
        _("four eyes"),
        default=False,
        help_text=_(
            "Nobody publishes what they wrote: one person submits a record, another one publishes it, and every edit "
            "needs that again. The database holds to it. It takes two to switch it off: the first who saves without "
            "the tick asks for it, and it ends when somebody else does the same."
        ),
    )
    # Written by the database as well.
    four_eyes_end_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("asks for the end of four eyes"),
    )  # fmt: skip
    contact_days = models.PositiveSmallIntegerField(
        _("days until contact data is erased"),
        default=90,
        null=True,
        blank=True,
        help_text=_(
            "Counted from the last voting day: e-mail, telephone and passport number of observers and media go. "
            "Empty: kept. The number is to be confirmed by whoever is the controller of the data."
        ),
    )
    people_days = models.PositiveSmallIntegerField(
        _("days until people are erased"),
        default=365,
        null=True,
        blank=True,
        help_text=_(
            "Counted from the last voting day: names go; codes, badges and figures stay. Empty: kept. To be confirmed "
            "by the controller as well. The invented people of a demonstration are kept."
        ),
    )
    demonstration = models.BooleanField(
        _("demonstration"),
        default=False,
        help_text=_("An invented election. Every page that shows it says so."),
    )
    source = source_key()
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("election")
        verbose_name_plural = _("elections")
        ordering = ["-starts_on", "slug"]
        constraints = [
            models.CheckConstraint(
                name="election_ends_after_start",
                condition=Q(ends_on__gte=F("starts_on")),
                violation_error_message=_("The last voting day cannot be before the first."),
            ),
            models.CheckConstraint(
                name="election_at_most_a_month",
                condition=Q(ends_on__lte=F("starts_on") + LONGEST_ELECTION),
                violation_error_message=_("Voting cannot take more than a month; check the years."),
            ),
            models.CheckConstraint(
                name="election_round_from_one",
                condition=Q(round__gte=1),
                violation_error_message=_("Rounds are counted from 1."),
            ),
            # Target of the composite key that keeps simulated days to demonstrations.
            models.UniqueConstraint(name="election_id_demonstration", fields=["id", "demonstration"]),
        ]

    def __str__(self) -> str:
        return localized(self, "name")

    @property
    def simulated_now(self) -> datetime | None:
        """The moment that the pages of a demonstration take as now, while one is set; None otherwise.

        One query where the election is a demonstration and came without select_related("simulated_day").
        """
        if not self.demonstration:
            return None
        try:
            return self.simulated_day.now
        except ObjectDoesNotExist:
            return None


class SimulatedDay(models.Model):
    """How far the election day of a demonstration was played: its clock, and the last of its events that is done.

    A table of its own and not a field of the election: it moves every second, which is no change of the election,
    must not mark its figures as changed, and must not meet an officer who edits the election meanwhile.
    """

    published_with = ("election",)

    election = models.OneToOneField(
        Election, on_delete=models.CASCADE, verbose_name=_("election"), related_name="simulated_day"
    )
    # Always true. A key of two columns (migration 0001) ties it to the election's own word: an election that is no
    # demonstration cannot have a simulated day, whoever writes it.
    demonstration = models.BooleanField(_("demonstration"), default=True, editable=False)
    seed = models.PositiveIntegerField(_("seed"))
    now = models.DateTimeField(_("simulated moment (UTC)"))
    # Written in the transaction of each event: of an event whose answer was lost it is known whether it is done.
    last_event = models.TextField(_("last event played"), blank=True)

    class Meta:
        verbose_name = _("simulated day")
        verbose_name_plural = _("simulated days")
        constraints = [
            models.CheckConstraint(name="simulated_day_demonstration", condition=Q(demonstration=True)),
            calendar_constraint("simulated_day_in_calendar", "now"),
        ]

    def __str__(self) -> str:
        return f"{self.election}, {self.now:%Y-%m-%d %H:%M} UTC"


@choices_enforced("constituency")
class Constituency(Publishable):
    """An electoral district of one election."""

    published_with = ("election",)

    election = models.ForeignKey(
        Election, on_delete=models.PROTECT, verbose_name=_("election"), related_name="constituencies"
    )
    number = models.CharField(
        _("number"),
        max_length=20,
        help_text=_("As the election authority writes it."),
    )
    name = models.CharField(
        _("name"),
        max_length=120,
        blank=True,
        help_text=_("As the election authority writes it. Empty if it has only a number."),
    )
    note = models.TextField(
        _("note"),
        blank=True,
        help_text=_(
            "For instance that it votes for the first time in so many years. Quote official phrases."
        ),
    )
    note_source = source_key(_("source of the note"))
    source = source_key()

    class Meta:
        verbose_name = _("constituency")
        verbose_name_plural = _("constituencies")
        ordering = ["election", "number"]
        constraints = [
            models.UniqueConstraint(
                name="constituency_number_once",
                fields=["election", "number"],
                violation_error_message=_("This election already has a constituency with this number."),
            ),
            # Target of the composite key that keeps a station and its constituency in one election.
            models.UniqueConstraint(name="constituency_id_election", fields=["id", "election"]),
            models.CheckConstraint(
                name="constituency_has_number",
                condition=~Q(number=""),
                violation_error_message=_("Give the number of the constituency."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}".strip()
