"""Forms of field work: a team with the observers of its mission, and a slot as it hangs on the station's wall."""

from datetime import date, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tracker.core.addresses import screen_address
from tracker.core.timezones import to_local
from tracker.fieldwork.models import Deployment, Team
from tracker.fieldwork.warnings import Warning, fingerprint, planning_warnings
from tracker.missions.models import Mission, Observer
from tracker.stations.forms import HoursField, hours_in_utc


class AnywayInput(forms.CheckboxInput):
    """A box whose value is the fingerprint of the warnings it stands beside."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return data.get(name, "")

    def format_value(self, value: Any) -> Any:
        return value or None

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        # Never ticked by itself: somebody has to.
        context["widget"]["attrs"].pop("checked", None)
        return context


class SlotForm(forms.ModelForm):
    """A deployment entered as a date and two hours on the clock of its station; warns once before it is saved."""

    date = forms.DateField(
        label=_("Date"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "data-hours": "date"}),
        input_formats=["%Y-%m-%d"],
        help_text=_("On the station's own calendar."),
    )
    opens = HoursField(_("From, local time"))
    closes = HoursField(_("Until, local time"))
    anyway = forms.CharField(
        label=_("Save anyway: I have read the warnings"), required=False, widget=forms.HiddenInput
    )

    class Meta:
        model = Deployment
        fields = ("team", "station", "notes")

    # Filled while the form is checked: what the planner should know.
    warnings: list[Warning] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        plan = kwargs.get("instance")
        if plan and plan.pk:
            zone = plan.station.timezone_id
            starts, ends = (to_local(moment, zone) for moment in (plan.starts_at, plan.ends_at))
            initial = {"date": starts.date(), "opens": starts.time(), "closes": ends.time()}
            kwargs["initial"] = initial | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        for name in ("opens", "closes"):
            self.fields[name].widget.attrs["data-hours"] = name
        self.fields["date"].widget.attrs["data-utc-url"] = screen_address(Deployment, "utc")

    def clean(self) -> dict[str, Any]:
        """Work out the two instants; then say what the planner should know, until somebody has agreed to it."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        station, day, opens, closes = (values.get(name) for name in ("station", "date", "opens", "closes"))
        team = values.get("team") or (self.instance.team if self.instance.pk else None)
        if not (
            station
            and team
            and isinstance(day, date)
            and isinstance(opens, time)
            and isinstance(closes, time)
        ):
            return values
        if station.election_id != team.mission.election_id:
            self.add_error(
                "station", _("This station belongs to another election; choose one of this election.")
            )
            return values
        try:
            slot = hours_in_utc(day, opens, closes, station.timezone_id)
        except ValueError as error:
            self.add_error("opens", str(error))
            return values
        self.instance.starts_at, self.instance.ends_at = slot
        # Not among the form's fields, and yet what the database will compare.
        self.instance.mission, self.instance.election = team.mission, team.mission.election
        taken = Deployment.objects.live().filter(team=team, station=station, starts_at=slot[0])
        if taken.exclude(pk=self.instance.pk).exists():
            self.add_error("opens", _("This team is already planned at this station at this hour."))
            return values
        self.warnings = planning_warnings(team, *slot, station, besides=self.instance)
        if self.warnings and values.get("anyway") != fingerprint(self.warnings):
            self.warn()
        return values

    def warn(self) -> None:
        """Show the warnings beside a box to tick; the form is sent again with it."""
        seen = fingerprint(self.warnings)
        self.fields["anyway"].widget = AnywayInput(attrs={"value": seen})
        self.add_error("anyway", [warning.text for warning in self.warnings])


class TeamForm(forms.ModelForm):
    """A team; its members are chosen among the observers of its mission."""

    members = forms.ModelMultipleChoiceField(
        label=_("members"),
        queryset=Observer.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Two or more observers of the mission."),
    )

    class Meta:
        model = Team
        fields: tuple[str, ...] = ()  # the admin's fieldsets name them

    # Given by the admin for a new team: the mission it will belong to.
    mission: Mission | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None and self.mission is not None:
            self.instance.mission = self.mission
        if "members" in self.fields:  # not where the screen may only be read
            mission = self.instance.mission_id
            chosen: Any = self.fields["members"]
            chosen.queryset = Observer.objects.filter(mission=mission).select_related("mission__organization")
            if "area_constituency" in self.fields and mission:
                area: Any = self.fields["area_constituency"]
                area.queryset = area.queryset.filter(election=self.instance.mission.election_id)

    def clean_members(self) -> Any:
        members = self.cleaned_data["members"]
        if len(members) < 2:
            raise forms.ValidationError(_("A team has two or more observers; add another."))
        return members
