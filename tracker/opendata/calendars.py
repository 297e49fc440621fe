"""The election as a calendar to subscribe to: its milestones, and when stations are open."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from icalendar import Calendar, Event

from tracker.core.models import Country
from tracker.core.timezones import format_hours, to_local
from tracker.coverage.editions import public_editions
from tracker.elections.models import Election, Milestone
from tracker.opendata.columns import localized_in
from tracker.stations.models import PollingStation, VotingWindow

# So many places are named in an event; of the others their number.
NAMED = 20


def calendar_of(election: Election, language: str) -> bytes:
    """RFC 5545. Instants are in UTC, so that no program has to know a zone; local hours are in the words."""
    edition = public_editions(election).first()
    made = edition.published_at if edition else datetime.combine(election.starts_on, time(), UTC)
    title = localized_in(election, "name", language)
    found = Calendar()
    found.add("prodid", "-//Election observation tracker//EN")
    found.add("version", "2.0")
    found.add(
        "x-wr-calname", _("Demonstration: %(title)s") % {"title": title} if election.demonstration else title
    )
    for event in [*_milestones(election), *_windows(election, language)]:
        event.add("dtstamp", made)
        found.add_component(event)
    return bytes(found.to_ical())


def _event(election: Election, name: str, summary: str, details: list[str], page: str) -> Event:
    event = Event()
    host = urlsplit(settings.PUBLIC_URL).hostname
    event.add("uid", f"{election.slug}-{name}@{host}")
    event.add("summary", summary)
    if any(details):
        event.add("description", "\n".join(filter(None, details)))
    event.add("url", urljoin(settings.PUBLIC_URL, reverse(f"public:{page}", args=[election.slug])))
    return event


def _milestones(election: Election) -> Iterator[Event]:
    rows = Milestone.objects.published().filter(election=election, starts_on__isnull=False)
    for row in rows.select_related("source").order_by("starts_on", "pk"):
        details = [
            row.responsible_body,
            str(row.get_basis_display()),
            row.notes,
            row.source.url if row.source else "",
        ]
        if row.at and row.timezone_id and row.ends_on:
            local = to_local(row.at, row.timezone_id)
            details.insert(
                0,
                _("Until %(moment)s (%(zone)s)")
                % {"moment": f"{local:%Y-%m-%d %H:%M}", "zone": row.timezone_id},
            )
        event = _event(election, f"milestone-{row.pk}", row.title, details, "timeline")
        if row.at and not row.ends_on:
            event.add("dtstart", row.at.astimezone(UTC))
        elif row.starts_on:
            event.add("dtstart", row.starts_on)
            # The day on which it is over: the end is not part of an event.
            event.add("dtend", (row.ends_on or row.starts_on) + timedelta(days=1))
        yield event


def _windows(election: Election, language: str) -> Iterator[Event]:
    """One event for all stations that open and close at the same moments of one zone."""
    rows = (
        VotingWindow.objects.published()
        .filter(station__election=election)
        .exclude(station__status=PollingStation.Status.CANCELLED)
        .order_by("opens_at", "closes_at", "station__timezone_id", "station__city", "station__country_id")
        .values_list("opens_at", "closes_at", "station__timezone_id", "station__city", "station__country_id")
    )
    groups: dict[tuple[datetime, datetime, str], list[tuple[str, str]]] = {}
    for opens, closes, zone, city, country in rows.iterator():
        groups.setdefault((opens, closes, zone), []).append((city, country))
    codes = {code for places in groups.values() for _city, code in places}
    names = {
        country.iso2: localized_in(country, "name", language)
        for country in Country.objects.filter(iso2__in=sorted(codes))
    }
    for (opens, closes, zone), places in groups.items():
        different = list(dict.fromkeys(f"{city} ({names[code]})" for city, code in places))
        words = ngettext("%(count)s polling station", "%(count)s polling stations", len(places)) % {
            "count": len(places)
        }
        first = different[0] if len(different) == 1 else _("%(place)s and others") % {"place": different[0]}
        hours = f"{format_hours(to_local(opens, zone), to_local(closes, zone))} {zone}"
        more = len(different) - NAMED
        details = [f"{words}, {hours}", "; ".join(different[:NAMED])]
        if more > 0:
            details.append(
                ngettext("and %(count)s more place", "and %(count)s more places", more) % {"count": more}
            )
        name = (
            f"voting-{opens.astimezone(UTC):%Y%m%dT%H%M}-{closes.astimezone(UTC):%Y%m%dT%H%M}-{slugify(zone)}"
        )
        event = _event(election, name, _("Voting: %(place)s") % {"place": first}, details, "clock")
        event.add("dtstart", opens.astimezone(UTC))
        event.add("dtend", closes.astimezone(UTC))
        yield event
