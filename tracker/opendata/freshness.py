"""What an answer is made of: told by a tag before anything is read, so that a reader who has it is spared the rest."""

import hashlib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control

from tracker.core.release import program
from tracker.coverage.editions import last_thinning, public_editions, register_version
from tracker.opendata.columns import Asked, Dataset


def etag_of(asked: Asked, datasets: list[Dataset], *more: object) -> str:
    """The weak tag of an answer made of `datasets` and of `more` (what was asked for); empty where there is none.

    It rests on the edition and the version of the register. Rows that move neither are few, and are read for it. While
    an election has no edition its figures are counted for each answer: no two of them are the same.
    """
    parts: list[object] = [program(), asked.language, *more]
    if asked.election is not None:
        edition = public_editions(asked.election).first()
        if edition is None and any(dataset.of_edition or dataset.name == "stations" for dataset in datasets):
            return ""
        parts += [edition and edition.hash, register_version(asked.election), last_thinning(asked.election)]
    for dataset in datasets:
        if not dataset.versioned or asked.election is None:
            parts += [[column.value(row, asked) for column in dataset.columns] for row in dataset.walk(asked)]
    return f'W/"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def unchanged(request: HttpRequest, etag: str) -> HttpResponse | None:
    """The 304 for a reader who has this very answer; None if it must be made."""
    if not etag or settings.DEBUG:
        return None
    answer = get_conditional_response(request, etag, response=HttpResponse())
    return answer if answer is not None and answer.status_code == 304 else None


def stamp(response: Any, asked: Asked | None, etag: str = "") -> None:
    """Write down the tag, and how long a cache on the way may keep the answer: near voting days a second."""
    if etag and not settings.DEBUG:
        response["ETag"] = etag
    election = asked.election if asked else None
    on = False
    if election is not None:
        today, day = timezone.now().date(), timedelta(days=1)
        on = election.demonstration or election.starts_on - day <= today <= election.ends_on + day
    patch_cache_control(response, public=True, max_age=0, s_maxage=1 if on else 15, must_revalidate=True)
