"""Where people vote: polling stations at home and abroad, and the hours they are open."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, Exists, F, Func, Min, OuterRef, Q, Value, When
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from tracker.core.models import (
    Country,
    PublicationQuerySet,
    Publishable,
    TimeZone,
    calendar_constraint,
    choices_enforced,
    published_condition,
    source_key,
)
from tracker.core.timezones import format_hours
from tracker.elections.models import Constituency, Election


class StationQuerySet(PublicationQuerySet):
    def counting(self) -> "StationQuerySet":
        """Stations that count: every one that is not cancelled."""
        return self.exclude(status=PollingStation.Status.CANCELLED)

    def abroad(self) -> "StationQuerySet":
        """Stations for out-of-country voting."""
        return self.filter(setting=PollingStation.Setting.ABROAD)

    def with_voting_state(self, at: datetime) -> "StationQuerySet":
        """Each station with `voting_state` (a VotingState code) at the instant `at` (aware).

        A window holds its opening instant and not its closing one. Between two windows a station is in a break.
        """
        windows = VotingWindow.objects.filter(station=OuterRef("pk"))
        return self.annotate(
            voting_state=Case(
                When(~Exists(windows), then=Value(VotingState.UNKNOWN)),
                When(
                    Exists(windows.filter(opens_at__lte=at, closes_at__gt=at)), then=Value(VotingState.OPEN)
                ),
                When(~Exists(windows.filter(closes_at__lte=at)), then=Value(VotingState.NOT_YET)),
                When(Exists(windows.filter(opens_at__gt=at)), then=Value(VotingState.BREAK)),
                default=Value(VotingState.CLOSED),
                output_field=models.CharField(),
            )
        )

    def by_number(self) -> "StationQuerySet":
        """Ordered by number as people count (9 before 10), unknown numbers last."""
        unknown = Case(When(number="", then=1), default=0)
        # The number of a draft constituency does not show, not even as the place of a station in a list.
        shown = published_condition(Constituency, "constituency__")
        constituency = Case(When(shown, then=F("constituency__number")))
        return self.order_by(unknown, Length("number"), "number", constituency, "city", "id")

    def by_opening(self, *, descending: bool = False) -> "StationQuerySet":
        """Ordered by the first opening, stations without hours last."""
        opening = Min("windows__opens_at")
        order = (
            F("first_opening").desc(nulls_last=True)
            if descending
            else F("first_opening").asc(nulls_last=True)
        )
        return self.annotate(first_opening=opening).order_by(order, "city", "number", "id")


class VotingState(models.TextChoices):
    """What a voter finds at the door at a given moment; computed from the windows, never stored."""

    OPEN = "open", _("open")
    NOT_YET = "not_yet", _("not yet open")
    BREAK = "break", _("closed until the next voting day")
    CLOSED = "closed", _("closed")
    UNKNOWN = "unknown", _("hours not known")


@choices_enforced("station")
class PollingStation(Publishable):
    """A place where people vote. Identity: election, constituency and number; a number alone is not unique."""

    published_with = ("election",)

    class Setting(models.TextChoices):
        DOMESTIC = "domestic", _("domestic")
        ABROAD = "abroad", _("abroad")
        SPECIAL = "special", _("special")

    class Status(models.TextChoices):
        ESTABLISHED = "established", _("established")
        CANCELLED = "cancelled", _("cancelled")

    class Precision(models.TextChoices):
        CITY = "city", _("city centre")
        BUILDING = "building", _("building")

    class CityBasis(models.TextChoices):
        LISTED = "listed", _("named in the published list")
        OTHER_SOURCE = "other_source", _("another source")
        WIKIDATA = "wikidata", _("seat of the embassy in Wikidata")
        CAPITAL_INFERRED = "capital_inferred", _("capital assumed, no page found")

    class HostMissionBasis(models.TextChoices):
        SOURCE = "source", _("named in a source")
        SOURCE_2018 = "source_2018", _("named in a source of 2018")
        WIKIDATA = "wikidata", _("Wikidata")
        INFERRED = "inferred", _("inferred")

    election = models.ForeignKey(
        Election, on_delete=models.PROTECT, verbose_name=_("election"), related_name="stations"
    )
    setting = models.CharField(
        _("setting"),
        max_length=10,
        choices=Setting,
        default=Setting.ABROAD,
        help_text=_("Abroad: for out-of-country voting. Special: in a hospital, a prison, on a ship."),
    )
    status = models.CharField(
        _("status"),
        max_length=12,
        choices=Status,
        default=Status.ESTABLISHED,
        help_text=_("A cancelled station stays on record and is no longer counted."),
    )
    constituency = models.ForeignKey(
        Constituency,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("constituency"),
        related_name="stations",
        help_text=_("Empty if not known."),
    )
    number = models.CharField(
        _("number"),
        max_length=20,
        blank=True,
        help_text=_("The official number, unique within its constituency. Empty if not known."),
    )
    number_source = source_key(_("source of number and constituency"))
    country = models.ForeignKey(
        Country,
        on_delete=models.PROTECT,
        verbose_name=_("country"),
        related_name="stations",
        help_text=_("Where the station stands."),
    )
    city = models.CharField(
        _("city"),
        max_length=80,
        help_text=_("In the usual English spelling."),
    )
    city_basis = models.CharField(
        _("how the city is known"),
        max_length=20,
        choices=CityBasis,
        blank=True,
        help_text=_("Whether the published list names the city, or how else it is known."),
    )
    city_source = source_key(_("source of the city"))
    host_mission = models.CharField(
        _("host mission"),
        max_length=120,
        blank=True,
        help_text=_("The embassy or consulate that houses the station."),
    )
    host_mission_basis = models.CharField(
        _("how the host mission is known"),
        max_length=20,
        choices=HostMissionBasis,
        blank=True,
        help_text=_("Whether a source names the embassy or consulate, or it is inferred."),
    )
    address = models.CharField(
        _("address"), max_length=200, blank=True, help_text=_("In the spelling of its source.")
    )
    address_source = source_key(_("source of the address"))
    timezone = models.ForeignKey(
        TimeZone,
        on_delete=models.PROTECT,
        verbose_name=_("time zone"),
        related_name="+",
        help_text=_("The IANA zone whose clock hangs on the wall of the station, such as Asia/Almaty."),
    )
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
        help_text=_("Degrees, north positive."),
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
        help_text=_("Degrees, east positive."),
    )
    coordinate_precision = models.CharField(
        _("coordinates mark"),
        max_length=10,
        choices=Precision,
        blank=True,
        help_text=_("The centre of the city, or the very building."),
    )
    registered_voters = models.PositiveIntegerField(
        _("registered voters"),
        null=True,
        blank=True,
        help_text=_("Empty if not known; never zero for unknown."),
    )
    voters_source = source_key(_("source of the voters"))
    hours_source = source_key(_("source of the hours"))
    source = source_key(_("source of the station"))
    notes = models.TextField(_("notes"), blank=True)

    objects: ClassVar[Any] = StationQuerySet.as_manager()

    class Meta:
        verbose_name = _("polling station")
        verbose_name_plural = _("polling stations")
        ordering = ["country__name_en", "city", "number", "id"]
        constraints = [
            models.UniqueConstraint(
                name="station_number_once_in_constituency",
                fields=["constituency", "number"],
                condition=~Q(number=""),
                violation_error_message=_("This number is already taken in this constituency."),
            ),
            models.UniqueConstraint(
                name="station_number_once_at_host",
                fields=["election", "country", "city", "host_mission", "number"],
                condition=~Q(number="") & Q(constituency__isnull=True),
                violation_error_message=_(
                    "A station with this number is already recorded at this host mission."
                ),
            ),
            # Target of the composite keys that keep field work within one election.
            models.UniqueConstraint(name="station_id_election", fields=["id", "election"]),
            models.CheckConstraint(
                name="station_has_city",
                condition=~Q(city=""),
                violation_error_message=_("Give the city in which the station stands."),
            ),
            models.CheckConstraint(
                name="station_latitude_in_range",
                condition=Q(latitude__isnull=True) | Q(latitude__range=(-90, 90)),
                violation_error_message=_("A latitude lies between -90 and 90 degrees."),
            ),
            models.CheckConstraint(
                name="station_longitude_in_range",
                condition=Q(longitude__isnull=True) | Q(longitude__range=(-180, 180)),
                violation_error_message=_("A longitude lies between -180 and 180 degrees."),
            ),
            models.CheckConstraint(
                name="station_coordinates_marked",
                condition=Q(latitude__isnull=True, longitude__isnull=True, coordinate_precision="")
                | Q(latitude__isnull=False, longitude__isnull=False, coordinate_precision__gt=""),
                violation_error_message=_(
                    "Give latitude and longitude together, and say whether they mark the city or the building."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.city} {self.number}".strip()


class VotingWindow(models.Model):
    """One stretch of time in which a station is open. Stored in UTC; the zone stands in the station."""

    published_with = ("station",)

    station = models.ForeignKey(
        PollingStation, on_delete=models.CASCADE, verbose_name=_("polling station"), related_name="windows"
    )
    opens_at = models.DateTimeField(_("opens (UTC)"))
    closes_at = models.DateTimeField(_("closes (UTC)"))

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("voting window")
        verbose_name_plural = _("voting windows")
        ordering = ["opens_at"]
        indexes = [models.Index(fields=["opens_at", "closes_at"], name="window_opens_closes")]
        constraints = [
            models.CheckConstraint(
                name="window_closes_after_it_opens",
                condition=Q(closes_at__gt=F("opens_at")),
                violation_error_message=_("The station must close after it opens."),
            ),
            calendar_constraint("window_in_calendar", "opens_at", "closes_at"),
            models.CheckConstraint(
                name="window_at_most_two_days",
                condition=Q(closes_at__lte=F("opens_at") + timedelta(hours=48)),
                violation_error_message=_("A station cannot be open for more than 48 hours without a break."),
            ),
            # int8range makes the station's key usable in a GiST index without an extension.
            ExclusionConstraint(
                name="window_overlaps_no_other",
                expressions=[
                    (
                        Func(F("station"), F("station"), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            F("opens_at"),
                            F("closes_at"),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("Two windows of one station overlap."),
            ),
        ]

    def __str__(self) -> str:
        return f"{format_hours(self.opens_at, self.closes_at)} UTC"
