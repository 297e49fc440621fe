"""News of an election for feed readers: editions of its figures, and what missions stated."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from tracker.coverage.chain import CHANGES
from tracker.coverage.editions import public_editions
from tracker.coverage.models import Edition
from tracker.elections.models import Election
from tracker.missions.models import Statement
from tracker.opendata.columns import Asked
from tracker.opendata.freshness import stamp

FEED_ROWS = 50


@dataclass(frozen=True)
class News:
    """One entry. `name` is its own for ever."""

    name: str
    at: datetime
    title: str
    words: str
    link: str


def news_of(election: Election) -> list[News]:
    """The latest editions and statements, the newest first. A statement without a date is in the data, not in here."""
    editions = [_edition(election, row) for row in public_editions(election)[:FEED_ROWS]]
    rows = Statement.objects.published().filter(mission__election=election, issued_on__isnull=False)
    rows = rows.select_related("mission__organization").order_by("-issued_on", "-pk")
    statements = [_statement(election, row) for row in rows[:FEED_ROWS]]
    return sorted([*editions, *statements], key=lambda entry: (entry.at, entry.name), reverse=True)[
        :FEED_ROWS
    ]


def _edition(election: Election, edition: Edition) -> News:
    changes = [
        f"{CHANGES.get(row['key'], row['key'])}: {row['before']} → {row['after']}"
        for row in edition.change_list()
    ]
    return News(
        f"edition-{edition.number}",
        edition.published_at,
        _("Edition %(number)s of the figures") % {"number": edition.number},
        " · ".join([*changes, _("Hash: %(hash)s") % {"hash": edition.hash}]),
        f"{reverse('public:editions', args=[election.slug])}?edition={edition.number}",
    )


def _statement(election: Election, statement: Statement) -> News:
    organization = statement.mission.organization
    kind = str(statement.get_kind_display())
    return News(
        f"statement-{statement.pk}",
        datetime.combine(statement.issued_on, time(), UTC),  # type: ignore[arg-type]
        f"{organization.short_name}: {statement.title or kind}",
        " · ".join(filter(None, [kind, statement.url])),
        reverse("public:mission", args=[election.slug, organization.slug]),
    )


class EditionFeed(Feed):
    """Editions and statements of one election, as Atom."""

    feed_type = Atom1Feed
    author_name = _lazy("Election observation tracker")
    item_guid_is_permalink = False

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().__call__(request, *args, **kwargs)
        stamp(response, Asked(self.get_object(request, *args, **kwargs)))
        return response

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Election:
        found: Election = get_object_or_404(Election.objects.published(), slug=kwargs["slug"])
        return found

    def title(self, election: Election) -> str:
        title = _("Editions and statements: %(election)s") % {"election": election}
        return _("Demonstration: %(title)s") % {"title": title} if election.demonstration else title

    def subtitle(self, election: Election) -> str:
        return _("When the figures moved, and what missions stated.")

    def link(self, election: Election) -> str:
        return reverse("opendata:data", args=[election.slug])

    def items(self, election: Election) -> list[News]:
        return news_of(election)

    def item_title(self, item: News) -> str:
        return item.title

    def item_description(self, item: News) -> str:
        return item.words

    def item_link(self, item: News) -> str:
        return item.link

    def item_guid(self, item: News) -> str:
        """The same for ever, whatever address the site moves to within its host (RFC 4151)."""
        host = urlsplit(settings.PUBLIC_URL).hostname
        return f"tag:{host},{item.at:%Y-%m-%d}:{item.link.split('/e/')[1].split('/')[0]}:{item.name}"

    def item_pubdate(self, item: News) -> datetime:
        return item.at

    item_updateddate = item_pubdate
