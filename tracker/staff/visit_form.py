"""The form of a visit: a minute on a telephone, in the hours of the station; it works without scripts as well."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.keys import key_of
from tracker.core.timezones import to_local, to_utc
from tracker.elections.queries import present_moment
from tracker.fieldwork.actions import CLOCKS_APART
from tracker.fieldwork.board import search_stations, stations_of
from tracker.fieldwork.models import Assessment, Deployment, Incident, Team, Visit
from tracker.stations.forms import HoursField
from tracker.stations.models import PollingStation

# Up to so many stations come with the page, and are found without a line; more are looked up on the server.
STATIONS_ON_PAGE = 400


class StationSelect(forms.Select):
    """Options that say their zone, so that a script can write the station's own time beside them."""

    def create_option(self, name: str, value: Any, label: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, label, *args, **options)
        station = getattr(value, "instance", None) or self.zones.get(str(value))
        if station:
            option["attrs"]["data-zone"] = station.timezone_id
        return option

    zones: dict[str, PollingStation] = {}


def station_words(station: PollingStation) -> str:
    """A station in a list to choose from: "Astana 44, Kazakhstan, Embassy in Astana"."""
    parts = [str(station), str(station.country), station.host_mission]
    return ", ".join(part for part in parts if part)


def planned_stations(team: Team) -> list[PollingStation]:
    """The stations at which `team` has a live plan, in the order of the plans, each once."""
    plans = (
        Deployment.objects.live().filter(team=team).select_related("station__country").order_by("starts_at")
    )
    return list({plan.station_id: plan.station for plan in plans}.values())


class VisitForm(forms.Form):
    # What nobody typed, in the words of the actions; filled while the form is checked.
    assumed: tuple[str, ...] = ()

    team = forms.ModelChoiceField(queryset=Team.objects.none(), widget=forms.HiddenInput)
    station = forms.ModelChoiceField(
        label=_("Station"), queryset=PollingStation.objects.none(), required=False, widget=StationSelect
    )
    station_number = forms.CharField(
        label=_("or its number, city or country"), required=False, max_length=100
    )
    phase = forms.ChoiceField(label=_("Phase"), choices=Visit.Phase.choices, widget=forms.RadioSelect)
    date = forms.DateField(
        label=_("Date"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
    )
    arrived = HoursField(_("Arrival"))
    departed = HoursField(_("Departure"))
    assessment = forms.ModelChoiceField(
        label=_("Overall assessment"),
        queryset=Assessment.objects.none(),
        required=False,
        widget=forms.RadioSelect,
        blank=True,  # or what was chosen could not be taken back
        empty_label=_("none yet"),
    )
    findings = forms.CharField(
        label=_("Findings"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Never public. No names of voters or staff."),
    )
    wrong = forms.BooleanField(label=_("Something went wrong"), required=False)
    category = forms.ChoiceField(label=_("Category"), choices=Incident.Category.choices, required=False)
    severity = forms.ChoiceField(
        label=_("Severity"), choices=Incident.Severity.choices, required=False, widget=forms.RadioSelect
    )
    description = forms.CharField(
        label=_("What happened"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    # Made with the form: sent twice, it is one visit, and one incident.
    submission_key = forms.UUIDField(widget=forms.HiddenInput)
    incident_key = forms.UUIDField(widget=forms.HiddenInput)
    # Of a visit that is corrected: the version that was on the screen.
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)

    def __init__(
        self, data: Any = None, *, by: Any, team: Team, station: Any = None, visit: Visit | None = None
    ) -> None:
        self.now = present_moment(team.mission.election)
        zone = station.timezone_id if station else None
        local = to_local(self.now, zone or team.mission.election.timezone_id)
        initial: dict[str, Any] = {
            "team": team.pk,
            "station": station,
            "phase": Visit.Phase.VOTING,
            "severity": Incident.Severity.MINOR,
            "submission_key": uuid4(),
            "incident_key": uuid4(),
        }
        if station:  # without a station nobody knows what its clock shows
            initial |= {"date": local.date(), "arrived": local.time()}
        if visit:
            arrived = to_local(visit.arrived_at, visit.station.timezone_id)
            departed = visit.departed_at and to_local(visit.departed_at, visit.station.timezone_id)
            initial |= {
                "station": visit.station,
                "phase": visit.phase,
                "date": arrived.date(),
                "arrived": arrived.time(),
                "departed": departed and departed.time(),
                "assessment": visit.assessment,
                "findings": visit.findings,
                "version": visit.version,
            }
        super().__init__(data, initial=initial, auto_id="id_%s")
        fields: Any = self.fields
        election = team.mission.election
        for name in ("arrived", "departed"):
            fields[name].required = False
            fields[name].widget.attrs.pop("aria-label")
        fields["version"].required = visit is not None
        fields["team"].queryset = Team.objects.filter(pk=team.pk).select_related("mission__election")
        fields["assessment"].queryset = Assessment.objects.filter(mission=team.mission_id)
        self.choose_stations(stations_of(election, by), planned_stations(team), initial["station"])

    def choose_stations(self, every: Any, planned: list[PollingStation], chosen: Any) -> None:
        """The choice of stations: the team's planned ones first, then the rest while they are not too many."""
        field: Any = self.fields["station"]
        field.queryset = every
        rest = list(every.order_by("country__name_en", "city", "number")[: STATIONS_ON_PAGE + 1])
        self.many = len(rest) > STATIONS_ON_PAGE
        if self.many:
            rest = [station for station in [chosen] if station and station not in planned]
            typed = key_of(self.data.get("station", ""))
            rest += [station for station in every.filter(pk=typed) if station not in [*rest, *planned]]
        names = {station.pk for station in planned}
        rest = [station for station in rest if station.pk not in names]
        groups: list[Any] = [("", "---------")]
        if planned:
            groups.append((_t("Planned for this team"), [(one.pk, station_words(one)) for one in planned]))
        if rest:
            groups.append((_t("All stations"), [(one.pk, station_words(one)) for one in rest]))
        field.choices = groups
        field.widget.zones = {str(one.pk): one for one in (*planned, *rest)}

    def clean_station_number(self) -> str:
        text: str = self.cleaned_data["station_number"].strip()
        return text

    def clean(self) -> dict[str, Any]:
        """Find the station and the instants; what the clock does not allow is said at the field."""
        values = super().clean() or self.cleaned_data
        station = values.get("station") or self._station_by_text(values.get("station_number", ""))
        values["station"] = station
        if station is None:
            if not self.errors.keys() & {"station", "station_number"}:
                self.add_error("station", _("Choose the station, or write its number."))
        elif not self.errors.keys() & {"date", "arrived", "departed"}:
            self._clean_instants(values, station.timezone_id)
        if values.get("wrong") and not (values.get("description") or "").strip():
            self.add_error("description", _("Say in a sentence what happened."))
        return values

    def _station_by_text(self, text: str) -> PollingStation | None:
        if not text:
            return None
        every: Any = self.fields["station"].queryset  # type: ignore[attr-defined]
        found = list(every.filter(number__iexact=text)[:6]) or list(search_stations(every, text)[:6])
        if len(found) == 1:
            return found[0]
        if found:
            names = "; ".join(station_words(station) for station in found[:5])
            self.add_error(
                "station_number", _t("Several stations match; write more: %(names)s") % {"names": names}
            )
        else:
            self.add_error("station_number", _t("No station of this election matches “%s”.") % text)
        return None

    def _clean_instants(self, values: dict[str, Any], zone: str) -> None:
        local = to_local(self.now, zone)
        self.assumed = () if values.get("arrived") else ("arrived_at",)
        day = values.get("date") or local.date()
        clock = values.get("arrived") or local.time().replace(second=0, microsecond=0)
        try:
            arrived_at = to_utc(day, clock, zone)
        except (ValueError, OverflowError) as error:
            self.add_error("arrived", str(error))
            return
        if arrived_at > self.now + CLOCKS_APART:
            words = _t("At the station it is only %(now)s; correct date or time.")
            self.add_error("arrived", words % {"now": f"{local:%Y-%m-%d %H:%M}"})
            return
        values["arrived_at"], values["departed_at"] = arrived_at, None
        if values.get("departed"):
            # Earlier on the clock than the arrival means past midnight.
            later = day if values["departed"] >= clock else day + timedelta(days=1)
            try:
                values["departed_at"] = to_utc(later, values["departed"], zone)
            except (ValueError, OverflowError) as error:
                self.add_error("departed", str(error))

    def said(self) -> dict[str, Any]:
        """What the form says of the visit, in the words of the actions."""
        names = ("station", "phase", "arrived_at", "departed_at", "assessment", "findings")
        return {name: self.cleaned_data[name] for name in names}

    def see(self, visit: Visit) -> None:
        """Show the form once more with all that was typed, now that `visit` and what it says have been seen."""
        self.data = self.data.copy()
        self.data["version"] = visit.version

    def differences(self, visit: Visit) -> list[str]:
        """What `visit` says otherwise than the form, a sentence each."""
        zone = visit.station.timezone_id

        def words(value: Any) -> str:
            if isinstance(value, datetime):
                return f"{to_local(value, zone):%Y-%m-%d %H:%M}"
            return str(value) if value else _t("nothing")

        phases = dict(Visit.Phase.choices)
        labels = {"arrived_at": _t("Arrival"), "departed_at": _t("Departure")}
        found = []
        for name, typed in self.said().items():
            kept = getattr(visit, name)
            if typed == kept:
                continue
            if name == "phase":
                typed, kept = phases[typed], phases[kept]
            text = _t("%(field)s: now “%(kept)s”, you typed “%(typed)s”.")
            label = labels.get(name) or self.fields[name].label
            found.append(text % {"field": label, "kept": words(kept), "typed": words(typed)})
        return found

    def incident(self) -> dict[str, Any] | None:
        """What went wrong, in the words of `enter_visit`; None if nothing did."""
        values = self.cleaned_data
        if not values.get("wrong"):
            return None
        happened: datetime = values["arrived_at"]
        return {
            "category": values["category"] or Incident.Category.OTHER,
            "severity": values["severity"] or Incident.Severity.MINOR,
            "occurred_at": happened,
            "description": values["description"],
            "submission_key": values["incident_key"],
        }
