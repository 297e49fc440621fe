"""What the data page of an election says: files with rows and sizes, the codebook, and how to cite."""

from dataclasses import dataclass
from urllib.parse import urljoin

from django.conf import settings
from django.core.cache import cache
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from tracker.coverage.editions import public_editions
from tracker.coverage.models import Edition
from tracker.elections.models import Election
from tracker.opendata.columns import Asked, Dataset
from tracker.opendata.datasets import DATASETS, OF_ELECTION
from tracker.opendata.freshness import etag_of
from tracker.opendata.package import LICENCES
from tracker.opendata.tables import csv_pieces

# A file of no more rows is made to say how large it is.
MEASURED_ROWS = 2000


@dataclass(frozen=True)
class File:
    """One dataset on the page. `size` is that of the CSV in bytes, None where it was not measured."""

    dataset: Dataset
    rows: int
    size: int | None
    api: str


@dataclass(frozen=True)
class DataPage:
    files: list[File]
    edition: Edition | None
    citation: str
    licence: tuple[str, str]


def data_page(asked: Asked) -> DataPage:
    """Everything the data page shows. Files are measured once for each state of the register."""
    election = asked.election
    if election is None:
        raise ValueError("the page is of one election")
    edition = public_editions(election).first()
    address = urljoin(settings.PUBLIC_URL, reverse("opendata:data", args=[election.slug]))
    parts = [_("Election observation tracker"), str(election)]
    if edition is not None:
        parts.append(
            _("edition %(number)s of %(day)s, SHA-256 %(hash)s")
            % {"number": edition.number, "day": f"{edition.published_at:%Y-%m-%d}", "hash": edition.hash}
        )
    measured = _measured(asked)
    return DataPage(
        files=[_file(dataset, election, *measured[dataset.name]) for dataset in DATASETS],
        edition=edition,
        citation=". ".join([*parts, address]),
        licence=LICENCES[settings.DATA_LICENCE],
    )


def _file(dataset: Dataset, election: Election, rows: int, size: int | None) -> File:
    name = f"api_{dataset.name}" if dataset in OF_ELECTION else "api_election"
    return File(dataset, rows, size, reverse(name, args=[election.slug]))


def _measured(asked: Asked) -> dict[str, tuple[int, int | None]]:
    """Rows and bytes of each dataset's CSV, kept as long as the register stays as it is."""
    etag = etag_of(asked, list(DATASETS), "sizes").removeprefix("W/").strip('"')
    found: dict[str, tuple[int, int | None]] | None = cache.get(f"opendata-{etag}") if etag else None
    if found is None:
        found = {dataset.name: _measure(dataset, asked) for dataset in DATASETS}
        if etag:
            cache.set(f"opendata-{etag}", found, timeout=3600)
    return found


def _measure(dataset: Dataset, asked: Asked) -> tuple[int, int | None]:
    rows = dataset.rows(asked)
    number = rows.count() if isinstance(rows, QuerySet) else len(rows)
    return number, sum(map(len, csv_pieces(dataset, asked))) if number <= MEASURED_ROWS else None
