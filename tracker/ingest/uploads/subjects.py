"""What an upload may speak of: the layout its rows are brought into, and the records that come of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tracker.core.models import User
from tracker.core.roles import permission
from tracker.elections.models import Election
from tracker.ingest import layout
from tracker.ingest.field import Field
from tracker.ingest.kinds import UPLOAD_KINDS, Kind
from tracker.ingest.mapping import KINDS as KINDS_OF_TABLE
from tracker.ingest.reading import FileLayout, Row
from tracker.ingest.records.calendar import Zones, add_figures, add_milestones
from tracker.ingest.records.dataset import Dataset
from tracker.ingest.records.fieldwork import add_deployments, add_visits
from tracker.ingest.records.missions import add_engagements, add_memberships, add_missions
from tracker.ingest.records.organizations import add_organizations, add_sources, check_invented
from tracker.ingest.records.people import add_observers
from tracker.ingest.records.stations import add_constituencies, add_stations
from tracker.ingest.uploads.recording import (
    Recorded,
    record_deployment,
    record_observer,
    record_visit_of,
)
from tracker.missions.models import Mission, Organization
from tracker.stations.models import PollingStation


@dataclass
class Surroundings:
    """What the register says that rows refer to: read once for a file.

    `names`: the name for each name and acronym of an organization. `missions`: their keys. `zones`: those that hours
    may be told in. `field`: what the sender may speak of in files of field work.
    """

    election: Election
    row: Row
    known: list[tuple[str, str]]
    names: Mapping[str, str]
    missions: list[str]
    zones: Zones
    field: Field
    invented: bool = dataclass_field(init=False)

    def __post_init__(self) -> None:
        self.invented = self.election.demonstration


def look_around(election: Election, by: User | None, model: type[models.Model]) -> Surroundings:
    """The surroundings of an upload to `election` that `by` sent, with rows of `model`."""
    cells: dict[str, Any] = {
        "slug": election.slug,
        "country_iso2": election.country_id,
        "starts_on": election.starts_on.isoformat(),
        "ends_on": election.ends_on.isoformat(),
        "iana_timezone": election.timezone_id,
        "demonstration": election.demonstration,
    }
    row = Row(layout.ELECTIONS.name, 0, cells, {})
    known = list(Organization.objects.values_list("name", "acronym"))
    stations = PollingStation.objects.filter(election=election).order_by()
    return Surroundings(
        election=election,
        row=row,
        known=known,
        names=add_organizations(Dataset(), [], known),
        missions=[
            f"{name} | {kind}"
            for name, kind in Mission.objects.filter(election=election).values_list(
                "organization__name", "type"
            )
        ],
        zones=Zones(
            own=election.timezone_id,
            stations=list(stations.values_list("timezone_id", flat=True).distinct()),
            complete=True,
        ),
        field=Field(election, by, permission(model, "add")),
    )


@dataclass(frozen=True)
class Subject:
    """One kind of table: its name and label, the layout, the kind of its records, and the function that makes them.

    `record` writes new and changed records one by one, by the actions that their rules stand in; without it they are
    written by the database itself (uploads.applying). `kept`: how long, at most, the bytes of a file stay.
    """

    name: str
    label: str | Promise
    layout: FileLayout
    kind: Kind
    add: Callable[[Dataset, list[Row], Surroundings], object]
    record: Callable[[Recorded], int] | None = None
    # What of people whoever brings such a file must be allowed to do, beside writing its records.
    asks: tuple[str, ...] = ()
    kept: timedelta = timedelta(days=90)

    @property
    def people(self) -> bool:
        """Whether its files hold people's data: seen by few, and forgotten when they have done their work."""
        return bool(self.kind.personal)

    def records(self, rows: list[Row], around: Surroundings) -> Dataset:
        """The records of these rows and of what they refer to, with what is wrong beyond single cells."""
        dataset = Dataset(name=around.election.slug, invented=around.invented)
        tables = {self.layout.name: rows}
        check_invented(dataset, tables, around.row)
        add_sources(dataset, tables, invented=around.invented)
        self.add(dataset, rows, around)
        return dataset


def _stations(dataset: Dataset, rows: list[Row], around: Surroundings) -> None:
    add_constituencies(dataset, rows)
    add_stations(dataset, rows, around.row)


def _by_name(name: str) -> Kind:
    return next(kind for kind in UPLOAD_KINDS if kind.name == name)


SUBJECTS = {
    subject.name: subject
    for subject in (
        Subject(
            "stations", _("polling stations"), KINDS_OF_TABLE["stations"], _by_name("station"), _stations
        ),
        Subject(
            "organizations",
            _("organizations"),
            KINDS_OF_TABLE["organizations"],
            _by_name("organization"),
            lambda dataset, rows, around: add_organizations(dataset, rows, around.known),
        ),
        Subject(
            "missions",
            _("missions"),
            KINDS_OF_TABLE["missions"],
            _by_name("mission"),
            lambda dataset, rows, around: add_missions(dataset, rows, around.names),
        ),
        Subject(
            "memberships",
            _("members of missions"),
            KINDS_OF_TABLE["memberships"],
            _by_name("membership"),
            lambda dataset, rows, around: add_memberships(dataset, rows, around.names, around.missions),
        ),
        Subject(
            "engagements",
            _("engagements"),
            KINDS_OF_TABLE["engagements"],
            _by_name("engagement"),
            lambda dataset, rows, around: add_engagements(dataset, rows, around.names),
        ),
        Subject(
            "milestones",
            _("milestones"),
            KINDS_OF_TABLE["milestones"],
            _by_name("milestone"),
            lambda dataset, rows, around: add_milestones(dataset, rows, around.zones),
        ),
        Subject(
            "figures",
            _("announced figures"),
            KINDS_OF_TABLE["figures"],
            _by_name("figure"),
            lambda dataset, rows, around: add_figures(dataset, rows, around.zones),
        ),
        Subject(
            "deployments",
            _("deployments"),
            KINDS_OF_TABLE["deployments"],
            _by_name("deployment"),
            lambda dataset, rows, around: add_deployments(dataset, rows, around.field),
            record_deployment,
        ),
        Subject(
            "visits",
            _("visits"),
            KINDS_OF_TABLE["visits"],
            _by_name("visit"),
            lambda dataset, rows, around: add_visits(dataset, rows, around.field),
            record_visit_of,
        ),
        Subject(
            "observers",
            _("observers"),
            KINDS_OF_TABLE["observers"],
            _by_name("observer"),
            lambda dataset, rows, around: add_observers(dataset, rows, around.field),
            record_observer,
            asks=("missions.view_person", "missions.change_person"),
            kept=timedelta(days=30),
        ),
    )
}
