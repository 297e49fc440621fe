"""Forms of the admin: a polling station, and its hours as they hang on its own wall."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from django import forms
from django.db.models import Count, F
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from tracker.core.addresses import screen_address
from tracker.core.models import BEYOND_THE_CALENDAR
from tracker.core.timezones import (
    END_OF_INSTANTS,
    FIRST_INSTANT,
    Proposal,
    format_offset,
    offset_at,
    propose_zone,
    to_local,
    window_to_utc,
    zone_names,
)
from tracker.elections.models import Election
from tracker.stations.models import PollingStation, VotingWindow

# Voting in more days than this is entered row by row.
PROPOSED_DAYS = 7
# Voting abroad may begin long before the day; a mistyped year must not pass, nor most mistyped months.
EARLIEST, LATEST = timedelta(days=60), timedelta(days=1)
# Far enough away to overlap no window anybody will ever enter.
OUT_OF_THE_WAY = timedelta(days=36_500)


def voting_days(election: Election) -> list[date]:
    """The dates to propose for the windows of a station of this election."""
    length = min((election.ends_on - election.starts_on).days + 1, PROPOSED_DAYS)
    return [election.starts_on + timedelta(days=day) for day in range(length)]


def propose_station_zone(
    country: str, city: str, latitude: float | None = None, longitude: float | None = None
) -> Proposal:
    """The zone for a station: that of stations already on record in this city, or else what the maps say."""
    known = propose_zone(country, city, latitude, longitude)
    recorded = (
        PollingStation.objects.filter(country_id=country.upper(), city__iexact=city).order_by()
        .values("timezone_id").annotate(stations=Count("pk")).order_by("-stations", "timezone_id")
    )  # fmt: skip
    rows = list(recorded) if city else []
    if not rows:
        return known
    zone, count = rows[0]["timezone_id"], rows[0]["stations"]
    reason = ngettext(
        "used by %(count)d station in %(city)s.", "used by %(count)d stations in %(city)s.", count
    )
    candidates = list(dict.fromkeys([*(row["timezone_id"] for row in rows), *known.candidates]))
    return Proposal(zone, len(rows) == 1, reason % {"count": count, "city": city}, candidates)


def describe_hours(opens_at: datetime, closes_at: datetime, zone: str) -> str:
    """A window for people, in UTC: "7 Feb 03:00–14:00 UTC, clocks at UTC+05:00". The UTC day may be another one."""
    first, last = (date_format(moment.date(), "j M") for moment in (opens_at, closes_at))
    opens, closes = f"{opens_at:%H:%M}", f"{closes_at:%H:%M}"
    hours = f"{first} {opens}–{closes}" if first == last else f"{first} {opens} – {last} {closes}"
    offsets = dict.fromkeys(format_offset(offset_at(moment, zone)) for moment in (opens_at, closes_at))
    return _t("%(hours)s UTC, clocks at %(offset)s") % {"hours": hours, "offset": " / ".join(offsets)}


def hours_in_utc(day: date, opens: time, closes: time, zone: str) -> tuple[datetime, datetime]:
    """`window_to_utc`, with ValueError and a sentence for every way in which the hours can be wrong."""
    try:
        return window_to_utc(day, opens, closes, zone)
    except OverflowError as error:
        raise ValueError(_t("This date is beyond the calendar.")) from error


def answer_hours(query: Any, zone: str) -> dict[str, str]:
    """What the hours being typed (`date`, `opens`, `closes` in `query`) mean in UTC: `text`, or `error`, or neither.

    Neither while they are incomplete.
    """
    clock = HoursField(label="")
    try:
        day = datetime.strptime(query.get("date", ""), "%Y-%m-%d").date()  # noqa: DTZ007 - only the date
        opens, closes = (clock.clean(query.get(name, "")) for name in ("opens", "closes"))
    except (ValueError, forms.ValidationError):
        return {}
    if zone not in zone_names():
        return {"error": _t("Choose a time zone to see these hours in UTC.")}
    try:
        return {"text": describe_hours(*hours_in_utc(day, opens, closes, zone), zone)}
    except ValueError as error:
        return {"error": str(error)}


class StationForm(forms.ModelForm):
    class Meta:
        model = PollingStation
        fields: tuple[str, ...] = ()  # the admin's fieldsets name them

    def clean(self) -> dict[str, Any]:
        """The database would refuse a constituency of another election only at the end, without a word."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        constituency, election = values.get("constituency"), values.get("election")
        if constituency and election and constituency.election_id != election.pk:
            text = _("Constituency %(constituency)s belongs to another election.")
            error = forms.ValidationError(text, "other_election", {"constituency": constituency})
            self.add_error("constituency", error)
        return values


class HoursField(forms.TimeField):
    """A time of the 24-hour clock, always shown and read the same way, whatever the browser's country."""

    def __init__(self, label: Any) -> None:
        attrs = {
            "placeholder": "00:00",
            "inputmode": "numeric",
            "size": 5,
            "autocomplete": "off",
            "aria-label": label,
        }
        widget = forms.TimeInput(format="%H:%M", attrs=attrs)
        super().__init__(label=label, widget=widget, input_formats=["%H:%M", "%H.%M", "%H%M"])


class WindowForm(forms.ModelForm):
    """A voting window entered as a date and two hours on the station's own clock."""

    date = forms.DateField(
        label=_("date"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "aria-label": _("date")}),
        input_formats=["%Y-%m-%d"],
    )
    opens = HoursField(_("opens, local time"))
    closes = HoursField(_("closes, local time"))

    class Meta:
        model = VotingWindow
        fields: tuple[str, ...] = ()

    def __init__(
        self,
        *args: Any,
        zone: str | None = None,
        election: Election | None = None,
        proposed: str = "",
        **kwargs: Any,
    ) -> None:
        self.zone = zone
        self.election = election
        self.proposed = proposed
        instance = kwargs.get("instance")
        if instance and instance.pk and zone:
            # In the zone as it is being saved: after a correction the posted hours differ from these, the form
            # counts as changed, and UTC is computed anew from the hours on the wall.
            opens, closes = (to_local(moment, zone) for moment in (instance.opens_at, instance.closes_at))
            initial = {"date": opens.date(), "opens": opens.time(), "closes": closes.time()}
            kwargs["initial"] = initial | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        for name in ("date", "opens", "closes"):
            self.fields[name].widget.attrs["data-hours"] = name
        self.fields["date"].widget.attrs["data-utc-url"] = screen_address(PollingStation, "utc")

    def has_changed(self) -> bool:
        """A new row that holds nothing but the date that was proposed is no window."""
        if self.instance.pk:
            return super().has_changed()
        day, opens, closes = (
            self.data.get(self.add_prefix(name), "").strip() for name in ("date", "opens", "closes")
        )
        return bool(opens or closes or (day and self.election and day != self.proposed))

    def clean_date(self) -> Any:
        """A mistyped year or month would open the station's clock on another age: only days near the election."""
        day: date = self.cleaned_data["date"]
        if self.election is None:
            if not FIRST_INSTANT.year <= day.year < END_OF_INSTANTS.year:
                raise forms.ValidationError(BEYOND_THE_CALENDAR)
            return day
        first, last = self.election.starts_on, self.election.ends_on
        if not first - EARLIEST <= day <= last + LATEST:
            words = _(
                "The election is on %(days)s; a window begins at most %(before)d days before it "
                "and one day after it."
            )
            days = (
                str(first) if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}
            )
            raise forms.ValidationError(words % {"days": days, "before": EARLIEST.days})
        return day

    def clean(self) -> dict[str, Any]:
        """Work out the two instants; what the clock does not allow is said at the field."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        day, opens, closes = (values.get(name) for name in ("date", "opens", "closes"))
        if day and not any(self.data.get(self.add_prefix(name), "").strip() for name in ("opens", "closes")):
            for name in ("opens", "closes"):
                del self.errors[name]
            self.add_error("opens", _t("Give the hours of this day, or empty its date."))
        if self.zone and isinstance(day, date) and isinstance(opens, time) and isinstance(closes, time):
            try:
                self.instance.opens_at, self.instance.closes_at = hours_in_utc(day, opens, closes, self.zone)
            except ValueError as error:
                self.add_error("opens", str(error))
        return values


class WindowFormSet(forms.BaseInlineFormSet):
    """All windows of one station, judged together.

    Overlap is judged here, among the rows as they will be: the constraint's own check would compare each row with
    the others as they were. It does not run because the instants are no fields of the form.
    """

    @cached_property
    def election(self) -> Election | None:
        """The election of the station, asked for once for all rows."""
        return Election.objects.filter(pk=self.instance.election_id).first()

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        kwargs = {"zone": self.instance.timezone_id, "election": self.election}
        if self.election and index is not None:
            # New rows stand in the order of the dates that were proposed for them.
            place = index - self.initial_form_count()
            kwargs["proposed"] = "".join(str(day) for day in voting_days(self.election)[place : place + 1])
        return super().get_form_kwargs(index) | kwargs

    def clean(self) -> None:
        super().clean()
        kept = [
            form
            for form in self.forms
            if form.is_valid()
            and (form.instance.pk or form.has_changed())
            and not form.cleaned_data.get("DELETE")
        ]
        windows = sorted(
            (form for form in kept if form.instance.opens_at), key=lambda form: form.instance.opens_at
        )
        for before, after in pairwise(windows):
            if after.instance.opens_at < before.instance.closes_at:
                after.add_error(None, _("This window overlaps another one of the station."))

    def save(self, commit: bool = True) -> Any:
        """Save; rows about to change step aside first, so that two windows may swap places."""
        if commit:
            moving = [form.instance.pk for form in self.initial_forms if form.has_changed()]
            for aside in VotingWindow.objects.filter(pk__in=moving):
                # A century towards the middle of the calendar, which has no windows of this station.
                step = OUT_OF_THE_WAY if aside.opens_at.year < 2050 else -OUT_OF_THE_WAY
                VotingWindow.objects.filter(pk=aside.pk).update(
                    opens_at=F("opens_at") + step, closes_at=F("closes_at") + step
                )
        return super().save(commit)
