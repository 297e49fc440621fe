"""The public pages. Each loads its election, asks one query a panel, and renders; nothing here writes or signs in."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tracker.core.addresses import absolute_address
from tracker.core.timezones import to_local
from tracker.coverage.announced import figure_panels
from tracker.coverage.corrections import mark_corrected, public_corrections
from tracker.coverage.editions import Shown, public_editions, trend
from tracker.coverage.figures import key_figures
from tracker.elections.models import AnnouncedFigure, Election
from tracker.elections.queries import (
    announced_figures,
    calendar_glance,
    elections_by_time,
    present_moment,
)
from tracker.fieldwork.queries import INCIDENT_KIND, INCIDENT_LABEL, incident_entries, public_incidents
from tracker.missions.models import Mission, Organization
from tracker.missions.numbers import is_number, normalized_number
from tracker.missions.queries import (
    EntryKind,
    bystanders,
    missions_of,
    missions_that_announced_visits,
    organizations_in,
    organizations_observing,
    public_engagements,
    public_missions,
    valid_badge,
)
from tracker.missions.queries import timeline as timeline_entries
from tracker.public import linked
from tracker.public.accreditation import accreditation_panels
from tracker.public.charts import hours_chart, station_map, voting_counts
from tracker.public.corrections import shown_corrections
from tracker.public.coverage import (
    assessment_bars,
    constituency_gaps,
    country_gaps,
    coverage_map,
    coverage_matrix,
    covered_stations,
    gap_glance,
    host_gaps,
    hour_bars,
    incident_counts,
    mission_bars,
    observer_counts,
    overlap_bars,
    phase_bars,
    setting_split,
    trend_chart,
)
from tracker.public.editions import edition_rows, edition_sheet, hashed_part
from tracker.public.filters import MissionFilter, StationFilter, TimelineForm
from tracker.public.freshness import Freshness, freshness
from tracker.public.moments import asked_moment, asked_zone
from tracker.public.pages import figure_page, is_edition_number, load_election, page, with_figures
from tracker.public.panels import general_figures, headline_panel, labelled, map_panel
from tracker.public.snippets import offer
from tracker.public.station import station_coverage
from tracker.stations.queries import name_key, public_stations, voting_clock, voting_frames

PAGE_ROWS = 25
# Zones a reader is offered first; any other name of the IANA list may be typed.
OFFERED_ZONES = ["UTC", "Asia/Baku"]


@require_safe
def elections(request: HttpRequest) -> HttpResponse:
    """What is coming, what is on, what was; each with its key figures. What is invented comes last."""
    by_time = elections_by_time(timezone.now(), voting_frames())
    figures = key_figures([*by_time.on, *by_time.coming, *by_time.past])
    real: list[tuple[str, list[Any]]] = []
    invented: list[Any] = []
    for name, rows in (("on", by_time.on), ("coming", by_time.coming), ("past", by_time.past)):
        cards = [(election, figures[election.pk], name) for election in rows]
        real.append((name, [card for card in cards if not card[0].demonstration]))
        invented += [card for card in cards if card[0].demonstration]
    groups = [*real, ("demonstration", invented)]
    return page(
        request, "public/elections.html", {"groups": groups, "any": any(rows for name, rows in groups)}
    )


@with_figures
def dashboard(request: HttpRequest, election: Election, shown: Shown, fresh: Freshness) -> HttpResponse:
    now = present_moment(election)
    counted = shown.figures
    clock = voting_clock(election, now)
    announced = general_figures(election)
    calendar = calendar_glance(election, now)
    mark_corrected([election, *calendar.milestones])
    context = {
        "election": election,
        "section": "dashboard",
        "linked": linked.dashboard_page(request, election, shown),
        "offer": offer(request, election, "dashboard", shown),
        "shown": shown,
        **headline_panel(counted, announced),
        **map_panel(election, now),
        "gaps": gap_glance(counted),
        "clock": clock,
        "now": now,
        "accreditation": accreditation_panels(announced, counted.accreditations),
        "calendar": calendar,
        "panels": [panel for panel in figure_panels(election, counted) if panel.recorded],
        "by_country": sorted(counted.by_country, key=lambda row: (-row.stations, name_key(row.country))),
        "most": max((row.stations for row in counted.by_country), default=1),
        "mission_types": _mission_types(counted.missions_by_type),
    }
    return figure_page(request, "public/dashboard.html", fresh, context)


def _mission_types(counts: dict[str, dict[str, int]]) -> list[tuple[str, int, list[tuple[str, str, int]]]]:
    rows = [
        (Mission.Type(code).label, sum(statuses.values()), labelled(Mission.Status, statuses))
        for code, statuses in counts.items()
    ]
    return sorted(rows, key=lambda row: (-row[1], str(row[0])))


@require_safe
def stations(request: HttpRequest, slug: str) -> HttpResponse:
    election = load_election(slug)
    filters = StationFilter(request.GET, election=election)
    valid = filters.is_valid()
    now = present_moment(election)
    found = filters.qs if valid else public_stations(election).none()
    moment = filters.form.cleaned_data.get("open_at") if valid else None
    rows = Paginator(found.with_voting_state(moment or now), PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "election": election,
        "section": "stations",
        "offer": offer(request, election, "stations"),
        "filters": filters,
        "linked": linked.section_page(request, election, "stations"),
        "rows": rows,
        "moment": moment,
        "map": station_map(election, found.abroad().counting().with_voting_state(moment or now)),
    }
    return page(request, "public/stations.html", context, status=200 if valid else 400)


@require_safe
def station(request: HttpRequest, slug: str, station_id: int) -> HttpResponse:
    election = load_election(slug)
    zone, error = asked_zone(request.GET)
    now = present_moment(election)
    sources = ("source", "number_source", "city_source", "address_source", "voters_source", "hours_source")
    record = get_object_or_404(
        public_stations(election).with_voting_state(now).select_related("timezone", *sources), pk=station_id
    )
    windows = list(record.windows.all())
    incidents = list(public_incidents(election).filter(station=record))
    mark_corrected([record, *windows, *incidents])
    context = {
        "election": election,
        "section": "stations",
        "station": record,
        "windows": windows,
        "linked": linked.station_page(request, election, record),
        "zone": zone,
        "zones": [*OFFERED_ZONES, record.timezone_id],
        "error": error,
        "coverage": station_coverage(election, record.pk),
        "incidents": incidents,
        "same_host": public_stations(election)
        .filter(country=record.country, host_mission=record.host_mission)
        .exclude(pk=record.pk)
        if record.host_mission
        else [],
    }
    return page(request, "public/station.html", context, status=400 if error else 200)


@require_safe
def clock(request: HttpRequest, slug: str) -> HttpResponse:
    election = load_election(slug)
    at, zone, is_now, error = asked_moment(request.GET, present_moment(election))
    reading = voting_clock(election, at)
    stations = public_stations(election).counting().with_voting_state(at).by_opening()
    metrics = [AnnouncedFigure.Metric.FIRST_STATION_TO_OPEN, AnnouncedFigure.Metric.LAST_STATION_TO_CLOSE]
    claims = list(announced_figures(election).filter(metric__in=metrics))
    mark_corrected(claims)
    context = {
        "election": election,
        "section": "clock",
        "linked": linked.section_page(request, election, "clock"),
        "clock": reading,
        "states": voting_counts(reading),
        "chart": hours_chart(reading),
        "rows": Paginator(stations, PAGE_ROWS).get_page(request.GET.get("page")),
        **map_panel(election, at),
        "claims": claims,
        "zone": zone,
        "zones": sorted({*OFFERED_ZONES, *(row.zone for row in reading.hours)}),
        "is_now": is_now,
        "error": error,
    }
    return page(request, "public/clock.html", context, status=400 if error else 200)


@with_figures
def missions(request: HttpRequest, election: Election, shown: Shown, fresh: Freshness) -> HttpResponse:
    counted = shown.figures
    filters = MissionFilter(request.GET, queryset=public_missions(election))
    valid = filters.is_valid()
    rows = list(filters.qs) if valid else []
    observing = (
        organizations_observing(election) if any(row.status in Mission.ABSENT for row in rows) else set()
    )
    kinds = [
        (kind, [row for row in rows if row.organization.kind == kind.value]) for kind in Organization.Kind
    ]
    context = {
        "election": election,
        "section": "missions",
        "shown": shown,
        "figures": counted,
        "filters": filters,
        "linked": linked.section_page(request, election, "missions"),
        "found": len(rows),
        "kinds": [(kind.value, kind.label, found) for kind, found in kinds if found],
        # Those of which one mission did not come about and another one did.
        "otherwise": {
            row.pk for row in rows if row.status in Mission.ABSENT and row.organization_id in observing
        },
        "statuses": labelled(Mission.Status, counted.missions_by_status),
    }
    return figure_page(request, "public/missions.html", fresh, context, status=200 if valid else 400)


@require_safe
def mission(request: HttpRequest, slug: str, organization_slug: str) -> HttpResponse:
    election = load_election(slug)
    organization = get_object_or_404(
        Organization.objects.published().select_related("country", "source"), slug=organization_slug
    )
    rows = missions_of(election, organization)
    engagements = list(public_engagements(election).filter(organizations=organization))
    if not rows and not engagements and (election.demonstration or not bystanders().contains(organization)):
        raise Http404
    statements = [statement for row in rows for statement in row.statements.all()]
    names = {name for name in (organization.acronym, organization.name) if name}
    announced = list(announced_figures(election).filter(scope__in=names))
    mark_corrected([*rows, *statements, *engagements, *announced])
    context = {
        "election": election,
        "section": "missions",
        "organization": organization,
        "linked": linked.mission_page(request, election, organization, rows),
        "missions": rows,
        "otherwise": {row.pk for row in rows if row.status in Mission.ABSENT}
        if any(row.status in Mission.PRESENT for row in rows)
        else set(),
        "engagements": engagements,
        "announced": announced,
    }
    return page(request, "public/mission.html", context)


@with_figures
def figures(request: HttpRequest, election: Election, shown: Shown, fresh: Freshness) -> HttpResponse:
    panels = figure_panels(election, shown.figures)
    total = sum(len(block.figures) for panel in panels for block in panel.blocks)
    context = {
        "election": election,
        "section": "figures",
        "linked": linked.section_page(request, election, "figures"),
        "shown": shown,
        "panels": panels,
        "total": total,
    }
    return figure_page(request, "public/figures.html", fresh, context)


@with_figures
def coverage(request: HttpRequest, election: Election, shown: Shown, fresh: Freshness) -> HttpResponse:
    counted = shown.figures
    context = {
        "election": election,
        "section": "coverage",
        "linked": linked.coverage_page(request, election, shown),
        "offer": offer(request, election, "coverage", shown),
        "shown": shown,
        "figures": counted,
        "split": setting_split(counted),
        "map": coverage_map(election, shown, covered_stations(election, present_moment(election))),
        "countries": country_gaps(election, counted),
        "constituencies": constituency_gaps(counted),
        "hosts": host_gaps(counted),
        "missions": mission_bars(counted),
        "announced": missions_that_announced_visits(election),
        "overlap": overlap_bars(counted),
        "phases": phase_bars(counted.phases),
        "hours": hour_bars(counted.hours),
        "observers": observer_counts(counted),
        "assessments": assessment_bars(counted),
        "incidents": incident_counts(counted),
        "trend": trend_chart(trend(election, shown.edition)),
        "matrix": coverage_matrix(election, shown, request.GET.get("page")),
    }
    return figure_page(request, "public/coverage.html", fresh, context)


@require_safe
def editions(request: HttpRequest, slug: str) -> HttpResponse:
    """The list of editions; with `?edition=` the sheet of one: what changed in it, and how to prove it."""
    election = load_election(slug)
    fresh = freshness(election, public_editions(election).first(), thinned=True)
    unchanged = fresh.unchanged(request)
    if unchanged is not None:
        return unchanged
    context: dict[str, Any] = {"election": election, "section": "editions"}
    context["linked"] = linked.section_page(request, election, "editions")
    asked = request.GET.get("edition", "")
    if asked:
        sheet = edition_sheet(election, int(asked)) if is_edition_number(asked) else None
        if sheet is None:
            return page(request, "public/no_edition.html", context | {"asked": asked}, status=404)
        name = request.GET.get("part", "")
        part = hashed_part(sheet, name)
        if part is not None:
            # The very bytes that were hashed, under the name that static/public/verify_edition.py expects.
            kind = "text/plain" if name == "proof" else "application/json"
            answer = HttpResponse(part, content_type=f"{kind}; charset=utf-8")
            ending = "txt" if name == "proof" else "json"
            answer["Content-Disposition"] = f'inline; filename="edition-{asked}-{name}.{ending}"'
            return fresh.stamp(answer)
        return figure_page(request, "public/edition.html", fresh, context | {"sheet": sheet})
    rows = Paginator(public_editions(election), PAGE_ROWS).get_page(request.GET.get("page"))
    context |= {"rows": rows, "found": edition_rows(rows)}
    return figure_page(request, "public/editions.html", fresh, context)


@require_safe
def corrections(request: HttpRequest, slug: str) -> HttpResponse:
    """What was public and is different now: old value, new value, moment and reason."""
    election = load_election(slug)
    rows = Paginator(public_corrections(election), PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "election": election,
        "section": "corrections",
        "linked": linked.section_page(request, election, "corrections"),
        "rows": rows,
        "entries": shown_corrections(election, rows),
    }
    return page(request, "public/corrections.html", context)


@require_safe
def timeline(request: HttpRequest, slug: str) -> HttpResponse:
    election = load_election(slug)
    organizations = organizations_in(election)
    kinds = EntryKind.labels | {INCIDENT_KIND: INCIDENT_LABEL}
    form = TimelineForm(request.GET, kinds=kinds, organizations=organizations)
    entries = []
    if form.is_valid():
        asked = form.cleaned_data
        # An incident is of no organization: who reported it is not public.
        with_incidents = not asked["organization"] and (not asked["kind"] or INCIDENT_KIND in asked["kind"])
        entries = timeline_entries(
            election,
            kinds=asked["kind"],
            organization=form.organizations.get(asked["organization"]),
            text=asked["q"],
            first_day=asked["first_day"],
            last_day=asked["last_day"],
            more=incident_entries(election) if with_incidents else (),
        )
        mark_corrected(entry.record for entry in entries if entry.record)
    context = {
        "election": election,
        "section": "timeline",
        "linked": linked.section_page(request, election, "timeline"),
        "form": form,
        "entries": entries,
        "bystanders": [] if election.demonstration else bystanders(),
        "narrowed": form.is_valid() and any(form.cleaned_data.values()),
    }
    return page(request, "public/timeline.html", context, status=200 if form.is_valid() else 400)


@require_safe
def verify(request: HttpRequest, slug: str, number: str = "") -> HttpResponse:
    """Whether a badge with this number is good today. What is not good says no more than that, whatever the reason."""
    election = load_election(slug)
    typed = (number or request.GET.get("number", ""))[:200]
    written = normalized_number(typed)
    if written != number and is_number(written):
        return redirect("public:verify_number", election.slug, written)
    now = present_moment(election)
    today = to_local(now, election.timezone_id).date()
    context = {
        "election": election,
        "section": "verify",
        "typed": typed.strip(),
        "badge": valid_badge(election, written, today) if is_number(written) else None,
        "now": now,
        "today": today,
    }
    response = page(request, "public/verify.html", context)
    response["X-Robots-Tag"] = "noindex"
    if typed:
        # A badge that is withdrawn, and a name with it, is gone at once: no cache may still answer for it. Numbers
        # are looked up one by one at a door, not by a crowd, so nothing is lost by asking each time.
        response["Cache-Control"] = "no-store"
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    address = absolute_address(request, reverse("sitemap"))
    lines = ["User-agent: *", "Disallow: /staff/", f"Sitemap: {address}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    # The name of the file changes with its content: a permanent answer would be kept beyond it.
    return HttpResponseRedirect(static("public/favicon.svg"))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", {"error_page": True}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    # No request context and no database: whatever failed may still be failing.
    return render(None, "500.html", status=500)  # type: ignore[arg-type]
