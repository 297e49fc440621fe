"""JSON-LD in the words of schema.org: one function for each public page, each giving what a program may read there.

Only what the page itself shows, and no people. Pages of a demonstration say nothing here: a program reads no banner.
"""

import json
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from tracker.core.addresses import absolute_address
from tracker.core.timezones import to_local
from tracker.coverage.editions import Shown
from tracker.elections.models import Election
from tracker.missions.models import Mission, Organization
from tracker.stations.models import PollingStation

Node = dict[str, Any]
# What the sections of an election are called in the path of breadcrumbs.
SECTIONS = {
    "stations": _lazy("Polling stations"),
    "clock": _lazy("Voting clock"),
    "missions": _lazy("Missions"),
    "coverage": _lazy("Coverage"),
    "figures": _lazy("Figures"),
    "timeline": _lazy("Timeline"),
    "editions": _lazy("Editions of the figures"),
    "corrections": _lazy("Corrections"),
}
# Nothing in a script element may look like its end, or like the end of a line to an old reader of JavaScript.
UNSAFE = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&\u2028\u2029"}


def dashboard_page(request: HttpRequest, election: Election, shown: Shown) -> list[Node]:
    """The election as an Event (schema.org has no word for elections), and its figures as a Dataset."""
    nodes = [_election(request, election), _figures(request, election, shown), _path(request, election)]
    return _unless_invented(election, nodes)


def coverage_page(request: HttpRequest, election: Election, shown: Shown) -> list[Node]:
    nodes = [_figures(request, election, shown), _path(request, election, "coverage")]
    return _unless_invented(election, nodes)


def section_page(request: HttpRequest, election: Election, section: str) -> list[Node]:
    """A page whose things have pages of their own, or none: where it stands. `section` is one of SECTIONS."""
    return _unless_invented(election, [_path(request, election, section)])


def station_page(request: HttpRequest, election: Election, station: PollingStation) -> list[Node]:
    """A polling station as a Place; one that was cancelled is no place to go to."""
    name = f"{station}, {station.country}"
    here = reverse("public:station", args=[election.slug, station.pk])
    nodes = [_path(request, election, "stations", (name, here))]
    if station.status != PollingStation.Status.CANCELLED:
        nodes.insert(0, _station(request, election, station, name, here))
    return _unless_invented(election, nodes)


def mission_page(
    request: HttpRequest, election: Election, organization: Organization, missions: Iterable[Mission]
) -> list[Node]:
    """An observer organization, and the statements of its missions as Reports."""
    here = reverse("public:mission", args=[election.slug, organization.slug])
    nodes = [
        _organization(request, organization, here),
        *(
            _report(request, election, mission, statement)
            for mission in missions
            for statement in mission.statements.all()
        ),
        _path(request, election, "missions", (organization.short_name, here)),
    ]
    return _unless_invented(election, nodes)


def as_script(nodes: list[Node]) -> SafeString:
    """The nodes as a data block: the site's policy lets it stand, because a browser does not run it."""
    if not nodes:
        return mark_safe("")
    text = json.dumps({"@context": "https://schema.org", "@graph": nodes}, ensure_ascii=False)
    return format_html(
        '<script type="application/ld+json">{}</script>',
        mark_safe(text.translate(UNSAFE)),  # noqa: S308 - what could end the element was written out
    )


# --- the nodes -------------------------------------------------------------------------------------------------------


def _unless_invented(election: Election, nodes: list[Node]) -> list[Node]:
    return [] if election.demonstration else nodes


def _known(**values: Any) -> Node:
    """A node without the properties that have no value: what is not known is left out."""
    return {
        {"id": "@id", "type": "@type"}.get(name, name): value
        for name, value in values.items()
        if value not in ("", None, [], {})
    }


def _same_in_every_language(request: HttpRequest, election: Election) -> str:
    """The name of an election for programs: one thing, whichever language its page is read in."""
    with translation.override("en"):
        path = reverse("public:dashboard", args=[election.slug])
    return f"{absolute_address(request, path)}#election"


def _election(request: HttpRequest, election: Election) -> Node:
    return _known(
        type="Event",
        id=_same_in_every_language(request, election),
        name=str(election),
        url=absolute_address(request, reverse("public:dashboard", args=[election.slug])),
        startDate=election.starts_on.isoformat(),
        endDate=election.ends_on.isoformat(),
        location=_country(election.country),
        organizer=_known(type="Organization", name=election.authority) if election.authority else None,
        inLanguage=_language(),
    )


def _figures(request: HttpRequest, election: Election, shown: Shown) -> Node:
    """The edition that the page shows. The file is the very text that was hashed, at an address of its own."""
    figures, edition = shown.figures, shown.edition
    measured = [
        (_("Polling stations abroad"), figures.stations_abroad),
        (_("Countries with polling stations abroad"), figures.countries_abroad),
        (_("Observer missions on record"), figures.missions),
    ]
    site = absolute_address(request, "/")
    file = ""
    package = absolute_address(request, reverse("opendata:package", args=[election.slug]))
    if edition:
        file = absolute_address(request, reverse("public:editions", args=[election.slug]))
        file += f"?edition={edition.number}&part=figures"
    return _known(
        type="Dataset",
        name=_("Figures of the observation: %(election)s") % {"election": election},
        description=_(
            "Polling stations, observer missions and the coverage of stations by observers, as recorded in a public "
            "register with the source of each fact. Each edition of the figures is numbered, hashed and kept."
        ),
        url=absolute_address(request, reverse("public:coverage", args=[election.slug])),
        identifier=edition.hash if edition else None,
        version=str(edition.number) if edition else None,
        dateModified=shown.as_of.isoformat(timespec="seconds") if edition else None,
        temporalCoverage=f"{election.starts_on.isoformat()}/{election.ends_on.isoformat()}",
        about={"@id": _same_in_every_language(request, election)},
        creator=_known(type="Organization", name=_("Election observation tracker"), url=site),
        isAccessibleForFree=True,
        inLanguage=_language(),
        variableMeasured=[_known(type="PropertyValue", name=name, value=value) for name, value in measured],
        distribution=[
            _known(type="DataDownload", encodingFormat="application/json", contentUrl=file),
            _known(type="DataDownload", encodingFormat="application/zip", contentUrl=package),
        ]
        if file
        else None,
    )


def _station(request: HttpRequest, election: Election, station: PollingStation, name: str, here: str) -> Node:
    geo = None
    if station.latitude is not None and station.longitude is not None:
        geo = _known(
            type="GeoCoordinates", latitude=float(station.latitude), longitude=float(station.longitude)
        )
    # Coordinates of a city's centre are the city's: nobody shall be led to a fountain to vote.
    exact = station.coordinate_precision == PollingStation.Precision.BUILDING
    address = absolute_address(request, here)
    return _known(
        type="Place",
        id=f"{address}#station",
        name=_("Polling station: %(name)s") % {"name": name},
        url=address,
        address=_known(
            type="PostalAddress",
            streetAddress=station.address,
            addressLocality=station.city,
            addressCountry=station.country.iso2,
        ),
        geo=geo if exact else None,
        containedInPlace=_known(type="City", name=station.city, geo=None if exact else geo),
        openingHoursSpecification=[_hours(window, station.timezone_id) for window in station.windows.all()],
        event={"@id": _same_in_every_language(request, election)},
    )


def _hours(window: Any, zone: str) -> Node:
    """One voting window on the clock of its station, with that day's offset; one that closes earlier than it opens
    closes on the next day."""
    opens, closes = (to_local(instant, zone) for instant in (window.opens_at, window.closes_at))
    return _known(
        type="OpeningHoursSpecification",
        validFrom=opens.date().isoformat(),
        validThrough=opens.date().isoformat(),
        # A time alone has no offset of a zone with rules: the day decides.
        opens=opens.isoformat().partition("T")[2],
        closes=closes.isoformat().partition("T")[2],
    )


def _organization(request: HttpRequest, organization: Organization, here: str) -> Node:
    # The page says of an address that nobody has looked at it; a program would not hear it.
    checked = organization.website_basis != Organization.WebsiteBasis.NOT_CHECKED
    return _known(
        type="Organization",
        name=organization.name,
        alternateName=organization.acronym,
        url=absolute_address(request, here),
        sameAs=organization.website if checked else None,
    )


def _report(request: HttpRequest, election: Election, mission: Mission, statement: Any) -> Node:
    return _known(
        type="Report",
        name=statement.title or str(statement.get_kind_display()),
        url=statement.url,
        datePublished=statement.issued_on.isoformat() if statement.issued_on else None,
        inLanguage=statement.language,
        publisher=_known(type="Organization", name=mission.organization.name),
        about={"@id": _same_in_every_language(request, election)},
    )


def _country(country: Any) -> Node:
    return _known(type="Country", name=str(country), identifier=country.iso2)


def _path(
    request: HttpRequest, election: Election, section: str = "", last: tuple[str, str] | None = None
) -> Node:
    """Where the page stands, from the list of elections down: the same steps as in its breadcrumbs."""
    steps = [
        (_("Elections"), reverse("public:elections")),
        (str(election), reverse("public:dashboard", args=[election.slug])),
    ]
    if section:
        steps.append((str(SECTIONS[section]), reverse(f"public:{section}", args=[election.slug])))
    if last:
        steps.append(last)
    return _known(
        type="BreadcrumbList",
        itemListElement=[
            _known(type="ListItem", position=place, name=name, item=absolute_address(request, path))
            for place, (name, path) in enumerate(steps, 1)
        ],
    )


def _language() -> str:
    return (get_language() or "en")[:2]
