"""Filters of the public lists. Each reads only published rows."""

from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tracker.elections.models import Constituency, Election
from tracker.missions.models import Membership, Mission, Organization
from tracker.public.moments import read_moment
from tracker.stations.models import PollingStation, StationQuerySet, VotingState
from tracker.stations.queries import countries_of, host_missions_of, order_by_country, public_stations

SORTS = {
    "country": _("Country"),
    "-country": _("Country, from the end"),
    "city": _("City"),
    "number": _("Number"),
    "opens": _("Opening, earliest first"),
    "-opens": _("Opening, latest first"),
}


class MomentField(forms.CharField):
    """A moment as a reader types it; cleans to an instant in UTC."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_moment(text)
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from None

    def prepare_value(self, value: Any) -> Any:
        """As the browser's own field reads it, which shows nothing at an offset or a Z."""
        try:
            moment: datetime = self.clean(value)
        except forms.ValidationError:
            return value
        return f"{moment:%Y-%m-%dT%H:%M}{f':{moment:%S}' if moment.second else ''}" if moment else value


class MomentFilter(django_filters.Filter):
    field_class = MomentField


class StationFilter(django_filters.FilterSet):
    """The station list: by country, host mission, constituency, text, open at a moment; sorted."""

    q = django_filters.CharFilter(method="search", label=pgettext_lazy("filter", "Text"))
    country = django_filters.ChoiceFilter(label=_("Country"), empty_label=_("All countries"))
    host_mission = django_filters.ChoiceFilter(label=_("Host mission"), empty_label=_("All host missions"))
    constituency = django_filters.ChoiceFilter(
        label=_("Constituency"),
        empty_label=_("All constituencies"),
        null_label=_("Not known"),
        method="in_constituency",
    )
    open_at = MomentFilter(
        method="filter_open_at",
        label=_("Open at (UTC)"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    sort = django_filters.ChoiceFilter(
        method="sorted_by", label=_("Sort by"), choices=list(SORTS.items()), empty_label=None
    )

    class Meta:
        model = PollingStation
        fields: list[str] = []

    def __init__(self, data: Any, *, election: Election, **options: Any) -> None:
        super().__init__(data, queryset=public_stations(election), **options)
        self.filters["country"].extra["choices"] = [(c.iso2, c.name) for c in countries_of(election)]
        self.filters["host_mission"].extra["choices"] = [(name, name) for name in host_missions_of(election)]
        constituencies = Constituency.objects.published().filter(election=election)
        self.filters["constituency"].extra["choices"] = [(c.number, str(c)) for c in constituencies]

    @property
    def used(self) -> bool:
        """Whether the reader narrowed the list."""
        return any(self.form.cleaned_data.get(name) for name in self.filters if name != "sort")

    def filter_queryset(self, queryset: Any) -> StationQuerySet:
        stations: StationQuerySet = super().filter_queryset(queryset)
        # Without a word of the reader no filter has sorted yet.
        return stations if self.form.cleaned_data.get("sort") else order_by_country(stations)

    def search(self, stations: StationQuerySet, name: str, text: str) -> QuerySet:
        """Every word must occur somewhere: number, city, host mission, address, country in any language."""
        for word in text.split()[:10]:
            fields = (
                "number",
                "city",
                "host_mission",
                "address",
                *(f"country__name_{code}" for code in ("en", "az", "ru")),
            )
            condition = Q()
            for field in fields:
                condition |= Q(**{f"{field}__icontains": word})
            stations = stations.filter(condition)
        return stations

    def in_constituency(self, stations: StationQuerySet, name: str, number: str) -> QuerySet:
        """A draft constituency is as good as none: the station's page does not show it either."""
        published = Constituency.objects.published()
        if number == "null":
            return stations.exclude(constituency__in=published)
        return stations.filter(constituency__in=published.filter(number=number))

    def filter_open_at(self, stations: StationQuerySet, name: str, moment: Any) -> QuerySet:
        return stations.counting().with_voting_state(moment).filter(voting_state=VotingState.OPEN)

    def sorted_by(self, stations: StationQuerySet, name: str, sort: str) -> StationQuerySet:
        if sort.endswith("country"):
            return order_by_country(stations, descending=sort.startswith("-"))
        if sort == "city":
            return stations.order_by("city", "number", "id")
        if sort == "number":
            return stations.by_number()
        return stations.by_opening(descending=sort.startswith("-"))


class MissionFilter(django_filters.FilterSet):
    """The mission list: by kind of organization, status and text."""

    q = django_filters.CharFilter(method="search", label=pgettext_lazy("filter", "Text"))
    kind = django_filters.ChoiceFilter(
        field_name="organization__kind",
        label=_("Kind of organization"),
        choices=Organization.Kind.choices,
        empty_label=_("All kinds"),
    )
    status = django_filters.ChoiceFilter(
        label=_("Status"), choices=Mission.Status.choices, empty_label=_("Any status")
    )

    class Meta:
        model = Mission
        fields: list[str] = []

    @property
    def used(self) -> bool:
        return any(self.form.cleaned_data.values())

    def search(self, missions: QuerySet, name: str, text: str) -> QuerySet:
        for word in text.split()[:10]:
            # Members through published(): a draft organization must not be found by guessing its name.
            members = Membership.objects.published().filter(
                Q(organization__name__icontains=word) | Q(organization__acronym__icontains=word)
            )
            missions = missions.filter(
                Q(organization__name__icontains=word)
                | Q(organization__acronym__icontains=word)
                | Q(pk__in=members.values("mission"))
                | Q(head_of_mission__icontains=word)
                | Q(areas_observed__icontains=word)
            )
        return missions


class TimelineForm(forms.Form):
    """What a reader may ask of the timeline. Unknown values are errors beside the field, not a failed page."""

    q = forms.CharField(required=False, max_length=100, label=pgettext_lazy("filter", "Text"))
    kind = forms.MultipleChoiceField(required=False, label=_("Show"), widget=forms.CheckboxSelectMultiple)
    organization = forms.ChoiceField(required=False, label=_("Organization"))
    first_day = forms.DateField(
        required=False, label=_("From"), widget=forms.DateInput(attrs={"type": "date"})
    )
    last_day = forms.DateField(
        required=False, label=_("Until"), widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, data: Any, *, kinds: dict[str, Any], organizations: list[Organization]) -> None:
        super().__init__(data)
        self.organizations = {organization.slug: organization for organization in organizations}
        names = [(organization.slug, organization.short_name) for organization in organizations]
        self.fields["kind"].choices = list(kinds.items())  # type: ignore[attr-defined]
        self.fields["organization"].choices = [("", _("All organizations")), *names]  # type: ignore[attr-defined]
