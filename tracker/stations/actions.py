"""Writes of polling stations. `by` is the account that acts, or None for a command."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tracker.core.models import User
from tracker.stations.models import PollingStation


@transaction.atomic
def cancel_station(*, by: User | None, station: PollingStation) -> PollingStation:
    """People cannot vote there after all. The station stays on record and is no longer counted."""
    return _become(station, PollingStation.Status.CANCELLED, _("This station is cancelled already."))


@transaction.atomic
def restore_station(*, by: User | None, station: PollingStation) -> PollingStation:
    """Take a cancellation back."""
    return _become(station, PollingStation.Status.ESTABLISHED, _("This station is not cancelled."))


def _become(station: PollingStation, status: str, already: str) -> PollingStation:
    if not PollingStation.objects.filter(pk=station.pk).exclude(status=status).update(status=status):
        raise ValidationError(already)
    station.refresh_from_db()
    return station
