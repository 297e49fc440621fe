"""The contest: elections, their districts and their calendar."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tracker.core.timezones import offset_at, to_local
from tracker.elections.models import Constituency, Election, Milestone
from tracker.opendata.columns import (
    Asked,
    Column,
    Dataset,
    Type,
    country_columns,
    identity,
    localized_in,
    of,
    source_column,
    source_columns,
    zone_column,
)


def _elections(asked: Asked) -> QuerySet[Election]:
    rows: QuerySet[Election] = Election.objects.published().select_related("country", "source")
    return rows.filter(pk=asked.election.pk) if asked.election else rows


ELECTIONS = Dataset(
    name="elections",
    record="Election",
    title=_("Elections"),
    description=_("One row is a contest in one country: its days, its kind, who runs it."),
    rows=_elections,
    key="slug",
    layout="elections.csv",
    columns=(
        of(Election, "slug", description=_("Name of the election in addresses. It stays.")),
        of(Election, "name", find=False),
        of(Election, "name_az", find=False),
        of(Election, "name_ru", find=False),
        Column(
            "title",
            Type.TEXT,
            _("Name in the language asked for; in English where there is none."),
            lambda row, asked: localized_in(row, "name", asked.language),
            by_language=True,
            required=True,
        ),
        *country_columns(),
        of(Election, "kind"),
        of(Election, "call"),
        of(Election, "round"),
        of(Election, "starts_on"),
        of(Election, "ends_on"),
        zone_column(_("Zone of the election authority, by its name in the IANA list.")),
        of(Election, "authority", find=False),
        of(Election, "demonstration"),
        *source_columns(),
    ),
)


def _constituencies(asked: Asked) -> QuerySet[Constituency]:
    rows: QuerySet[Constituency] = Constituency.objects.published().select_related("source", "note_source")
    return rows.filter(election=asked.election)


CONSTITUENCIES = Dataset(
    name="constituencies",
    record="Constituency",
    title=_("Constituencies"),
    description=_("One row is an electoral district of the election."),
    rows=_constituencies,
    columns=(
        identity(_("Number of the record. It stays.")),
        of(Constituency, "number"),
        of(Constituency, "name"),
        of(Constituency, "note", find=False),
        source_column("note_source_url", "note_source", _("Page that the note comes from.")),
        *source_columns(),
    ),
)


def _milestones(asked: Asked) -> QuerySet[Milestone]:
    rows: QuerySet[Milestone] = Milestone.objects.published().select_related("source")
    return rows.filter(election=asked.election)


def written_offset(at: datetime, zone: str) -> str:
    """The offset of `zone` from UTC at the moment `at`, as +04:00."""
    minutes = round(offset_at(at, zone).total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _local_time(row: Any, asked: Asked) -> str | None:
    return f"{to_local(row.at, row.timezone_id):%H:%M}" if row.at else None


def _offset(row: Any, asked: Asked) -> str | None:
    return written_offset(row.at, row.timezone_id) if row.at else None


MILESTONES = Dataset(
    name="milestones",
    record="Milestone",
    title=_("Calendar"),
    description=_("One row is an entry of the election's calendar, planned or reported."),
    rows=_milestones,
    layout="milestones.csv",
    columns=(
        identity(_("Number of the record. It stays.")),
        of(Milestone, "starts_on", "date"),
        of(Milestone, "ends_on", "end_date"),
        Column(
            "time_local",
            Type.CLOCK,
            _("Hour on the clock of iana_timezone, where one is known. Of a period: on its last day."),
            _local_time,
        ),
        Column(
            "utc_offset", Type.TEXT, _("Offset of that clock from UTC at that moment, as +04:00."), _offset
        ),
        zone_column(_("Zone in whose clock time the hour was given.")),
        of(Milestone, "at", "moment"),
        of(Milestone, "title", find=False),
        of(Milestone, "kind"),
        of(Milestone, "responsible_body"),
        of(Milestone, "basis"),
        *source_columns(),
        of(Milestone, "notes", find=False),
    ),
)
