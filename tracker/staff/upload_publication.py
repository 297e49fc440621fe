"""From an applied file to the public: its drafts are handed in together, and what of it is on the way is told."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from tracker.core.addresses import screen_address
from tracker.core.models import Publication, Publishable
from tracker.core.ownership import rows_for
from tracker.core.publication import counted
from tracker.ingest.kinds import UPLOAD_KINDS, Kind
from tracker.ingest.models import Upload
from tracker.ingest.uploads.taking_back import on_the_way


@dataclass(frozen=True)
class Offer:
    """Drafts of one kind that the person may hand in: the kind, and how many in words ("49 polling stations")."""

    kind: str
    records: str


def drafts_to_hand_in(request: HttpRequest, upload: Upload) -> list[Offer]:
    """What an applied file brought in, is a draft still, and may be handed in by whoever asks; by kind."""
    if upload.state != Upload.State.APPLIED:
        return []
    brought = set(upload.records.filter(action="new").order_by().values_list("kind", flat=True).distinct())
    found = []
    for kind in UPLOAD_KINDS:
        if kind.name in brought and issubclass(kind.model, Publishable):
            rows = rows_for(
                _drafts(upload, kind, kind.model._default_manager.all()), _user(request), "change"
            )
            if number := rows.count():
                found.append(Offer(kind.name, counted(kind.model, number)))
    return found


def hand_in(request: HttpRequest, upload: Upload, name: str) -> HttpResponse | None:
    """Submit the drafts of one kind as their list does: the page that asks first, or None when it is done."""
    offered = {offer.kind for offer in drafts_to_hand_in(request, upload)}
    kind = next((kind for kind in UPLOAD_KINDS if kind.name == name and name in offered), None)
    screen: Any = admin.site.get_model_admin(kind.model) if kind else None
    if kind is None or "submit" not in screen.get_actions(request):
        raise Http404
    rows = rows_for(_drafts(upload, kind, screen.get_queryset(request)), _user(request), "change")
    answer: HttpResponse | None = screen.get_actions(request)["submit"][0](screen, request, rows)
    return answer


def way_of(upload: Upload) -> dict[str, Any]:
    """What of an applied file waits for a publisher and how much is public, and the first of that with addresses."""
    found = on_the_way(upload)
    return {
        "waiting": found.waiting,
        "public": found.public,
        "named": [(name, screen_address(model, "change", key)) for model, key, name in found.named],
        "more": found.public - len(found.named),
    }


def _drafts(upload: Upload, kind: Kind, rows: QuerySet) -> QuerySet:
    brought = upload.records.filter(kind=kind.name, action="new").order_by().values("object_id")
    return rows.filter(pk__in=brought, publication=Publication.DRAFT)


def _user(request: HttpRequest) -> Any:
    return request.user
