"""Reads of field work for the public: published incidents, and nothing else. Counts of visits are in `coverage`."""

from django.db.models import Prefetch
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from tracker.core.models import PublicationQuerySet
from tracker.core.timezones import to_local
from tracker.elections.models import Election
from tracker.fieldwork.models import Incident
from tracker.missions.queries import Entry
from tracker.stations.models import PollingStation

# The timeline's own name for incidents, beside those of EntryKind.
INCIDENT_KIND = "incident"
INCIDENT_LABEL = _("Incidents")


def public_incidents(election: Election) -> PublicationQuerySet:
    """The published incidents of `election`, the latest first. Never the description, the team, or who reported it."""
    return (
        Incident.objects.published()
        .filter(election=election)
        .select_related("election")
        # Through .published(), so that a draft station is not named by an incident there.
        .prefetch_related(
            Prefetch("station", queryset=PollingStation.objects.published().select_related("country"))
        )
    )


def incident_zone(incident: Incident) -> str:
    """The zone in which to write when it happened: the station's, or else the election's."""
    return incident.station.timezone_id if incident.station else incident.election.timezone_id


def incident_place(incident: Incident) -> str:
    """Where it happened, in words; a station that is not public is not named."""
    if incident.station:
        return f"{incident.station}, {incident.station.country}"
    return incident.place or _t("at a polling station")


def incident_entries(election: Election) -> list[Entry]:
    """The published incidents as entries of the timeline."""
    return [_incident_entry(incident) for incident in public_incidents(election)]


def _incident_entry(incident: Incident) -> Entry:
    zone = incident_zone(incident)
    return Entry(
        kind=INCIDENT_KIND,
        label=_t("Incident, %(status)s") % {"status": incident.get_status_display()},
        title=f"{incident.get_category_display()}: {incident_place(incident)}",
        day=to_local(incident.occurred_at, zone).date(),
        at=incident.occurred_at,
        timezone=zone,
        details=[(_t("Severity"), str(incident.get_severity_display()))],
        notes=incident.summary,
        anchor=f"incident-{incident.pk}",
        record=incident,
    )
