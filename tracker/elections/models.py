"""The contest itself: election, constituencies, calendar, and what was announced about it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.models import (
    Country,
    Publishable,
    TimeZone,
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
            "needs that again. The database holds to it."
        ),
    )
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
    # Always true. A key of two columns (migration 0002) ties it to the election's own word: an election that is no
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


@choices_enforced("milestone")
class Milestone(Publishable):
    """One entry of the election's calendar, planned or reported."""

    published_with = ("election",)

    class Kind(models.TextChoices):
        LEGAL = "legal", _("Legal")
        PREPARATION = "preparation", _("Preparation")
        CANDIDATES = "candidates", _("Candidates")
        VOTERS = "voters", _("Voters")
        ABROAD = "abroad", _("Voting abroad")
        OBSERVATION = "observation", _("Observation")
        CAMPAIGN = "campaign", _("Campaign")
        VOTING = "voting", _("Voting")
        RESULTS = "results", _("Results")

    class Basis(models.TextChoices):
        CALENDAR_PLAN = "calendar_plan", _("planned in the official calendar")
        REPORTED = "reported", _("reported")
        DERIVED = "derived", _("worked out from local time")

    election = models.ForeignKey(
        Election, on_delete=models.PROTECT, verbose_name=_("election"), related_name="milestones"
    )
    title = models.CharField(
        _("title"),
        max_length=200,
        help_text=_("What happens, in a few words."),
    )
    kind = models.CharField(
        _("kind"),
        max_length=20,
        choices=Kind,
        help_text=_("The part of the election it belongs to."),
    )
    starts_on = models.DateField(
        _("date"), null=True, blank=True, help_text=_("Empty if only the order is known.")
    )
    ends_on = models.DateField(_("last day"), null=True, blank=True, help_text=_("Only for a period."))
    at = models.DateTimeField(
        _("moment (UTC)"),
        null=True,
        blank=True,
        help_text=_("Only where an hour is known. For a period: when it ends."),
    )
    timezone = models.ForeignKey(
        TimeZone,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("time zone of the moment"),
        related_name="+",
        help_text=_("The zone in whose clock time the moment was given."),
    )
    responsible_body = models.CharField(
        _("responsible body"),
        max_length=120,
        blank=True,
        help_text=_("Who must do it, or did it."),
    )
    basis = models.CharField(
        _("basis"),
        max_length=20,
        choices=Basis,
        default=Basis.REPORTED,
        help_text=_(
            "Planned: the calendar says so. Reported: a source says it happened. Worked out: computed from local hours."
        ),
    )
    source = source_key()
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = [F("starts_on").asc(nulls_last=True), F("at").asc(nulls_first=True), "id"]
        constraints = [
            models.CheckConstraint(
                name="milestone_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(starts_on__isnull=False, ends_on__gte=F("starts_on")),
                violation_error_message=_("The last day cannot be before the date."),
            ),
            calendar_constraint("milestone_in_calendar", "at"),
            models.CheckConstraint(
                name="milestone_moment_has_zone",
                condition=Q(at__isnull=True, timezone__isnull=True)
                | Q(at__isnull=False, timezone__isnull=False),
                violation_error_message=_("Give the moment and its time zone together."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


@choices_enforced("figure")
class AnnouncedFigure(Publishable):
    """A number, or a place, that somebody announced. Rivals stand side by side; none is picked or averaged."""

    published_with = ("election",)

    class Metric(models.TextChoices):
        STATIONS_ABROAD = "stations_abroad", _("Polling stations abroad")
        COUNTRIES_ABROAD = "countries_abroad", _("Countries with polling stations abroad")
        VOTERS_ABROAD = "voters_abroad", _("Voters on the lists abroad")
        FIRST_STATION_TO_OPEN = "first_station_to_open", _("First station to open")
        LAST_STATION_TO_CLOSE = "last_station_to_close", _("Last station to close")
        STATIONS_TOTAL = "stations_total", _("Polling stations in all")
        STATIONS_REPORTING = "stations_reporting", _("Polling stations reporting")
        STATIONS_ANNULLED = "stations_annulled", _("Polling stations annulled")
        # An official phrase is a quoted claim, never the site's own voice.
        STATIONS_LIBERATED = "stations_liberated", _("Polling stations in “liberated territories”")
        VOTERS_LIBERATED = "voters_liberated", _("Voters in “liberated territories”")
        WEBCAM_STATIONS = "webcam_stations", _("Polling stations with webcams")
        CONSTITUENCIES = "constituencies", _("Constituencies")
        REGISTERED_VOTERS = "registered_voters", _("Registered voters")
        BALLOTS_PRINTED = "ballots_printed", _("Ballots printed")
        INTERNATIONAL_OBSERVERS = "international_observers", _("International observers accredited")
        OBSERVER_ORGANIZATIONS = "observer_organizations", _("Organizations with international observers")
        OBSERVER_COUNTRIES = "observer_countries", _("Countries of international observers")
        LOCAL_OBSERVERS = "local_observers", _("Local observers")
        OBSERVERS_TOTAL = "observers_total", _("Observers in all")
        OBSERVER_NGOS = "observer_ngos", _("Non-governmental organizations observing")
        MISSION_OBSERVERS = "mission_observers", _("Observers of a mission")
        MISSION_COUNTRIES = "mission_countries", _("Countries in a mission")
        FOREIGN_MEDIA = "foreign_media", _("Foreign media accredited")
        FOREIGN_JOURNALISTS = "foreign_journalists", _("Foreign journalists accredited")
        EXIT_POLL_ORGANIZATIONS = "exit_poll_organizations", _("Exit poll organizations")
        NOMINEES_APPROVED = "nominees_approved", _("Nominees approved")
        CANDIDATES_REGISTERED = "candidates_registered", _("Candidates registered")
        TURNOUT = "turnout", _("Turnout")
        VOTERS_VOTED = "voters_voted", _("Voters who voted")
        WINNER_SHARE = "winner_share", _("Share of the winner")

    class Unit(models.TextChoices):
        STATIONS = "stations", _("stations")
        COUNTRIES = "countries", _("countries")
        CONSTITUENCIES = "constituencies", _("constituencies")
        VOTERS = "voters", _("voters")
        BALLOTS = "ballots", _("ballots")
        PERSONS = "persons", _("persons")
        ORGANIZATIONS = "organizations", _("organizations")
        CANDIDATES = "candidates", _("candidates")
        PERCENT = "percent", _("percent")
        PLACE = "place", _("place")

    # The units each metric is given in: a turnout counted in stations is a slip of the pen.
    METRIC_UNITS: ClassVar[dict[str, tuple[str, ...]]] = {
        Metric.STATIONS_ABROAD: (Unit.STATIONS,),
        Metric.COUNTRIES_ABROAD: (Unit.COUNTRIES,),
        Metric.VOTERS_ABROAD: (Unit.VOTERS,),
        Metric.FIRST_STATION_TO_OPEN: (Unit.PLACE,),
        Metric.LAST_STATION_TO_CLOSE: (Unit.PLACE,),
        Metric.STATIONS_TOTAL: (Unit.STATIONS,),
        Metric.STATIONS_REPORTING: (Unit.STATIONS, Unit.PERCENT),
        Metric.STATIONS_ANNULLED: (Unit.STATIONS, Unit.PERCENT),
        Metric.STATIONS_LIBERATED: (Unit.STATIONS,),
        Metric.VOTERS_LIBERATED: (Unit.VOTERS,),
        Metric.WEBCAM_STATIONS: (Unit.STATIONS, Unit.PERCENT),
        Metric.CONSTITUENCIES: (Unit.CONSTITUENCIES,),
        Metric.REGISTERED_VOTERS: (Unit.VOTERS,),
        Metric.BALLOTS_PRINTED: (Unit.BALLOTS,),
        Metric.INTERNATIONAL_OBSERVERS: (Unit.PERSONS,),
        Metric.OBSERVER_ORGANIZATIONS: (Unit.ORGANIZATIONS,),
        Metric.OBSERVER_COUNTRIES: (Unit.COUNTRIES,),
        Metric.LOCAL_OBSERVERS: (Unit.PERSONS,),
        Metric.OBSERVERS_TOTAL: (Unit.PERSONS,),
        Metric.OBSERVER_NGOS: (Unit.ORGANIZATIONS,),
        Metric.MISSION_OBSERVERS: (Unit.PERSONS,),
        Metric.MISSION_COUNTRIES: (Unit.COUNTRIES,),
        Metric.FOREIGN_MEDIA: (Unit.ORGANIZATIONS,),
        Metric.FOREIGN_JOURNALISTS: (Unit.PERSONS,),
        Metric.EXIT_POLL_ORGANIZATIONS: (Unit.ORGANIZATIONS,),
        Metric.NOMINEES_APPROVED: (Unit.PERSONS, Unit.CANDIDATES),
        Metric.CANDIDATES_REGISTERED: (Unit.CANDIDATES, Unit.PERSONS),
        Metric.TURNOUT: (Unit.PERCENT,),
        Metric.VOTERS_VOTED: (Unit.VOTERS,),
        Metric.WINNER_SHARE: (Unit.PERCENT,),
    }

    class Qualifier(models.TextChoices):
        EXACT = "exact", _("exactly")
        ABOUT = "about", _("about")
        OVER = "over", _("over")
        NEARLY = "nearly", _("nearly")
        REQUESTED = "requested", _("requested")
        COUNTED = "counted", _("counted from a text")

    election = models.ForeignKey(
        Election, on_delete=models.PROTECT, verbose_name=_("election"), related_name="announced_figures"
    )
    metric = models.CharField(
        _("metric"),
        max_length=40,
        choices=Metric,
        help_text=_("What was counted."),
    )
    scope = models.CharField(
        _("scope"),
        max_length=80,
        blank=True,
        help_text=_("Whom or where it covers, if not the whole election."),
    )
    value = models.DecimalField(
        _("value"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("The number as it was announced, not rounded and not corrected."),
    )
    place = models.CharField(
        _("place"), max_length=80, blank=True, help_text=_("Instead of a value, where the unit is a place.")
    )
    unit = models.CharField(
        _("unit"),
        max_length=20,
        choices=Unit,
        help_text=_("What the value counts; for a place, give the place instead."),
    )
    qualifier = models.CharField(
        _("qualifier"),
        max_length=12,
        choices=Qualifier,
        default=Qualifier.EXACT,
        help_text=_("The word that came with the number: “over 40” is not contradicted by 49."),
    )
    announced_by = models.CharField(
        _("announced by"),
        max_length=120,
        help_text=_("The person or body that said it, not the newspaper that printed it."),
    )
    announced_on = models.DateField(
        _("announced on"),
        null=True,
        blank=True,
        help_text=_("The day it was said. Empty if the source does not tell."),
    )
    as_of_date = models.DateField(
        _("as of (date)"), null=True, blank=True, help_text=_("The day the figure describes.")
    )
    as_of_at = models.DateTimeField(
        _("as of (moment, UTC)"),
        null=True,
        blank=True,
        help_text=_("Only where the source gives the hour and its zone."),
    )
    as_of_timezone = models.ForeignKey(
        TimeZone,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("time zone of that moment"),
        related_name="+",
        help_text=_("The zone in whose clock time the source gives that moment."),
    )
    as_of_clock_time = models.TimeField(
        _("as of (clock time, zone not stated)"),
        null=True,
        blank=True,
        help_text=_("Only where the source gives an hour but not its zone."),
    )
    conflict_group = models.SlugField(
        _("conflict group"),
        max_length=40,
        blank=True,
        help_text=_("Figures with the same word here speak of the same thing and are shown side by side."),
    )
    source = source_key(null=False, blank=False)
    notes = models.TextField(_("notes"), blank=True)

    class Meta:
        verbose_name = _("announced figure")
        verbose_name_plural = _("announced figures")
        ordering = ["metric", "scope", F("announced_on").asc(nulls_last=True), "id"]
        constraints = [
            models.CheckConstraint(
                name="figure_value_or_place",
                condition=Q(unit="place", value__isnull=True) & ~Q(place="")
                | ~Q(unit="place") & Q(value__isnull=False, place=""),
                violation_error_message=_("Give a value, or a place where the unit is a place."),
            ),
            models.CheckConstraint(
                name="figure_value_not_negative",
                condition=Q(value__isnull=True) | Q(value__gte=0),
                violation_error_message=_("A value cannot be negative."),
            ),
            models.CheckConstraint(
                name="figure_percent_up_to_100",
                condition=~Q(unit="percent") | Q(value__lte=100),
                violation_error_message=_("A percentage cannot be more than 100."),
            ),
            calendar_constraint("figure_moment_in_calendar", "as_of_at"),
            models.CheckConstraint(
                name="figure_names_announcer",
                condition=~Q(announced_by=""),
                violation_error_message=_("Say who announced it."),
            ),
            models.CheckConstraint(
                name="figure_moment_has_zone",
                condition=Q(as_of_at__isnull=True, as_of_timezone__isnull=True)
                | Q(as_of_at__isnull=False, as_of_timezone__isnull=False, as_of_clock_time__isnull=True),
                violation_error_message=_(
                    "Give the moment and its time zone together, or only the clock time."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_metric_display()}: {self.written_value} ({self.announced_by})"

    def clean(self) -> None:
        """The unit is one of its metric's."""
        super().clean()
        units = self.METRIC_UNITS.get(self.metric, ())
        if self.unit and units and self.unit not in units:
            words = {
                "metric": self.get_metric_display(),
                "units": _t(" or ").join(str(self.Unit(unit).label) for unit in units),
            }
            text = _t("“%(metric)s” is not counted in this unit. Choose: %(units)s.")
            raise ValidationError({"unit": text % words})

    @property
    def written_value(self) -> str:
        """The value as a reader expects it: 6,478,623 or 76.73 % or Seoul. Other units are written beside it."""
        if self.value is None:
            return self.place
        value = Decimal(self.value)  # a record that was just made holds what it was made with
        whole = value == value.to_integral()
        text = number_format(value if whole else value.normalize(), 0 if whole else None, force_grouping=True)
        return _t("%(number)s %%") % {"number": text} if self.unit == self.Unit.PERCENT else text
