"""What the screens of an upload show, each question one function."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, When
from django.db.models.fields.json import KT

from tracker.core.models import Country, User
from tracker.core.ownership import owned_by
from tracker.core.roles import may_everywhere, permission
from tracker.elections.models import AnnouncedFigure
from tracker.ingest.kinds import UPLOAD_KINDS
from tracker.ingest.models import Upload, UploadedRecord
from tracker.ingest.uploads.subjects import SUBJECTS
from tracker.missions.models import Observer, Organization, Person, PersonReading

Action = UploadedRecord.Action
# In the order in which a person looks at them: what is wrong first, what does not matter last.
ORDER = (
    Action.BAD, Action.KEPT, Action.CHANGED, Action.NEW, Action.MISSING, Action.DELETED, Action.UNCHANGED,
)  # fmt: skip
Metric = AnnouncedFigure.Metric


def uploads_for(user: User) -> QuerySet[Upload]:
    """The files that `user` may look at: everybody's where a role shows every record of that kind, else their own.

    Those with people's data only while the user sees people, and works for the organization they were sent for.
    """
    views = {
        name: (permission(subject.kind.model, "view"), *subject.asks) for name, subject in SUBJECTS.items()
    }
    shown = [name for name, asked in views.items() if user.has_perms(asked)]
    everybodys = [name for name in shown if all(may_everywhere(user, one) for one in views[name])]
    if not may_everywhere(user, permission(Upload, "view")):
        everybodys = []
    people = [name for name in shown if SUBJECTS[name].people]
    own = Q(kind__in=shown, sent_by=user) & (
        ~Q(kind__in=people) | Q(organization__in=owned_by(Organization.objects.all(), user))
    )
    return Upload.objects.filter(Q(kind__in=everybodys) | own)


def people_in(records: Iterable[UploadedRecord]) -> set[int | None]:
    """The keys of the people behind the observers that these records are about."""
    ids = [record.object_id or 0 for record in records if record.kind == "observer"]
    return set(Observer.objects.filter(pk__in=ids).values_list("person", flat=True))


def said_of(person: Person) -> list[dict[str, Any]]:
    """What files brought of `person`, as plain values for JSON: each file with what it still says, and who read it."""
    seats = Observer.objects.filter(person=person).order_by().values_list("pk")
    rows = UploadedRecord.objects.filter(kind="observer", object_id__in=seats)
    return [
        {
            "file": row.upload_id,
            "sent_at": row.upload.sent_at.isoformat(),
            "account": row.upload.sent_by_id,
            "state": row.upload.state,
            "said": row.values,
            "readings": [
                {"at": reading.at.isoformat(), "account": reading.account, "screen": reading.screen}
                for reading in PersonReading.objects.filter(file=row.upload_id, person=None)
            ],
        }
        for row in rows.select_related("upload").order_by("pk")
    ]


@dataclass(frozen=True)
class Counted:
    """How many records of an upload have one action."""

    action: str
    label: str
    number: int


def counts_of(upload: Upload) -> list[Counted]:
    """The records of the upload's own kind by action, those that want a look first."""
    labels = dict(Action.choices)
    done = upload.state in (Upload.State.APPLIED, Upload.State.UNDONE)
    kept = {Action.MISSING} if done and not upload.retire_missing else set()
    return [
        Counted(action, str(labels[action]), upload.counts[action])
        for action in ORDER
        if upload.counts.get(action) and action not in kept
    ]


def records_of(upload: Upload, action: str = "") -> QuerySet[UploadedRecord]:
    """The records of the upload's own kind in the order of the file, of one action, "warned" (of what can be read, with
    a warning) or all."""
    rows = upload.records.filter(kind=SUBJECTS[upload.kind].kind.name)
    # What no row of the file speaks of comes after those that do.
    rows = rows.order_by(Case(When(row=0, then=1), default=0), "row", "id")
    if action == "warned":
        return rows.exclude(action=Action.BAD).exclude(problems=[])
    return rows.filter(action=action) if action else rows


def brought_along(upload: Upload) -> list[tuple[str, int]]:
    """What comes along because rows refer to it: label of the kind, and how many."""
    labels = {kind.name: kind.label for kind in UPLOAD_KINDS}
    return [(labels[kind], number) for kind, number in sorted(upload.counts.get("along", {}).items())]


@dataclass(frozen=True)
class CountryRow:
    """One country of a file of stations: how many it holds, and how many the register does."""

    country: Country
    in_file: int
    in_register: int


def by_country(upload: Upload) -> list[CountryRow]:
    """Stations by country, in the file and in the register, the largest first; [] for other kinds."""
    if upload.kind != "stations":
        return []
    spoken_of = (
        records_of(upload)
        .exclude(action__in=[Action.BAD, Action.MISSING, Action.DELETED])
        .order_by()
        .annotate(iso=KT("values__country"))
        .values("iso")
        .annotate(number=Count("pk"))
        .values_list("iso", "number")
    )
    in_file = dict(spoken_of)
    held = upload.election.stations.exclude(status="cancelled").order_by().values_list("country")
    in_register = dict(held.annotate(number=Count("pk")).values_list("country", "number"))
    countries = Country.objects.in_bulk({*in_file, *in_register})
    rows = [
        CountryRow(country, in_file.get(iso, 0), in_register.get(iso, 0))
        for iso, country in countries.items()
    ]
    return sorted(rows, key=lambda row: (-row.in_file, -row.in_register, row.country.name_en))


def in_file(rows: list[CountryRow]) -> tuple[int, int]:
    """How many stations the file holds that can be read, and in how many countries."""
    return sum(row.in_file for row in rows), sum(1 for row in rows if row.in_file)


def announced_beside(upload: Upload) -> list[AnnouncedFigure]:
    """What was announced of the number of stations and countries abroad, to compare the file with."""
    if upload.kind != "stations":
        return []
    figures = upload.election.announced_figures.filter(
        Q(metric__in=[Metric.STATIONS_ABROAD, Metric.COUNTRIES_ABROAD, Metric.STATIONS_TOTAL]),
        value__isnull=False,
    )
    return list(figures.select_related("source").order_by("metric", "-announced_on", "pk"))


@dataclass(frozen=True)
class Beside:
    """A number of a file of stations beside the values that were announced of it, each once, none of them picked."""

    in_file: int
    announced: list[int]


def beside_announced(
    upload: Upload, rows: list[CountryRow], figures: list[AnnouncedFigure]
) -> dict[str, Beside]:
    """ "stations" and "countries" abroad and "total" of a file, where something was announced of them and the file has
    such stations; the country that votes is not abroad."""
    abroad = [row for row in rows if row.country.pk != upload.election.country_id]
    found = {
        "stations": (in_file(abroad)[0], Metric.STATIONS_ABROAD),
        "countries": (in_file(abroad)[1], Metric.COUNTRIES_ABROAD),
    }
    if in_file(rows)[0] > in_file(abroad)[0]:
        found["total"] = (in_file(rows)[0], Metric.STATIONS_TOTAL)
    announced = {
        metric: sorted({int(figure.value) for figure in figures if figure.metric == metric})  # type: ignore[arg-type]
        for _number, metric in found.values()
    }
    return {
        name: Beside(number, announced[metric])
        for name, (number, metric) in found.items()
        if number and announced[metric]
    }


def reason(problem: list[Any]) -> str:
    """One problem of a row as a sentence: column, value, what is wrong, how to mend it."""
    column, value, what, mend, _weight = problem
    said = f"“{value}” {what}" if value else what
    return " ".join(part for part in (f"{column}: {said}" if column else said, mend) if part)
