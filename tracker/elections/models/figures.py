"""What was announced about an election, and by whom."""

from decimal import Decimal
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.models import (
    Publishable,
    TimeZone,
    calendar_constraint,
    choices_enforced,
    source_key,
)
from tracker.elections.models.elections import Election


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
