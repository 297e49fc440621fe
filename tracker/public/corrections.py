"""Corrections as pages and as a feed: what was public and is different now."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.core.paginator import Page
from django.db import models
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from tracker.coverage.corrections import CorrectionEntry, entries, public_corrections
from tracker.elections.models import AnnouncedFigure, Election, Milestone
from tracker.fieldwork.models import Incident
from tracker.missions.models import Engagement, Mission, Statement
from tracker.stations.models import PollingStation, VotingWindow

FEED_ROWS = 50


def shown_corrections(election: Election, rows: Page[Any]) -> list[tuple[CorrectionEntry, str]]:
    """The corrections on one page, each with the public page of its record (empty where it has none)."""
    return [(entry, record_page(election, entry.record)) for entry in entries(rows)]


def record_page(election: Election, record: models.Model | None) -> str:
    """The public page that shows `record`; empty for one that is shown nowhere."""
    match record:
        case Election():
            return reverse("public:dashboard", args=[election.slug])
        case PollingStation():
            return reverse("public:station", args=[election.slug, record.pk])
        case VotingWindow():
            return reverse("public:station", args=[election.slug, record.station_id])
        case Mission():
            return reverse("public:mission", args=[election.slug, record.organization.slug])
        case Statement():
            return reverse("public:mission", args=[election.slug, record.mission.organization.slug])
        case AnnouncedFigure():
            return reverse("public:figures", args=[election.slug])
        case Milestone() | Engagement() | Incident():
            return reverse("public:timeline", args=[election.slug])
    return ""


class CorrectionFeed(Feed):
    """The latest corrections of one election, as Atom."""

    feed_type = Atom1Feed
    author_name = _lazy("Election observation tracker")

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Election:
        return get_object_or_404(Election.objects.published(), slug=kwargs["slug"])

    def title(self, election: Election) -> str:
        title = _("Corrections: %(election)s") % {"election": election}
        return _("Demonstration: %(title)s") % {"title": title} if election.demonstration else title

    def subtitle(self, election: Election) -> str:
        return _("What was public and is different now.")

    def link(self, election: Election) -> str:
        return reverse("public:corrections", args=[election.slug])

    def items(self, election: Election) -> list[CorrectionEntry]:
        return entries(public_corrections(election).select_related("election")[:FEED_ROWS])

    def item_title(self, item: CorrectionEntry) -> str:
        name = str(item.record) if item.record is not None else item.kind_of_record
        return f"{name}: {item.correction.get_kind_display()}"

    def item_description(self, item: CorrectionEntry) -> str:
        lines = [f"{field.label}: {field.before} → {field.after}" for field in item.fields]
        if item.reason:
            lines.append(_("Reason: %(reason)s") % {"reason": item.reason})
        return " · ".join(lines)

    def item_link(self, item: CorrectionEntry) -> str:
        return f"{self.link(item.correction.election)}#correction-{item.correction.pk}"

    def item_guid(self, item: CorrectionEntry) -> str:
        """The same for ever, whatever address the site moves to within its host (RFC 4151)."""
        host = urlsplit(settings.PUBLIC_URL).hostname
        return f"tag:{host},{item.correction.at:%Y-%m-%d}:correction-{item.correction.pk}"

    item_guid_is_permalink = False

    def item_pubdate(self, item: CorrectionEntry) -> datetime:
        return item.correction.at

    item_updateddate = item_pubdate
