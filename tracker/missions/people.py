"""Everything the register holds of one human being: entered, handed out as a whole, and taken out again as a whole."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import ProgrammingError, connection, models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from tracker.core.history.erase import erase_history_of
from tracker.core.history.models import ChangedRow, PersonalValue
from tracker.core.identity import give_reason
from tracker.core.models import User
from tracker.missions.models import (
    Accreditation,
    AccreditationChange,
    BulkDecision,
    BulkDecisionRow,
    Observer,
    Person,
    PersonReading,
)

# What stands where a reason was: some decisions must have one.
ERASED = "erased"
# What is needed to reach a person, or to check who stands at the door; the name is kept longer.
CONTACT = ("email", "phone", "document_number")


# --- entering


@transaction.atomic
def enter_observer(*, observer: Observer, role: str | None, person: Mapping[str, str]) -> Observer:
    """Save `observer`, new or known, with a new role (None: as it is) and these fields of the person behind the code.

    `person`: values by field, the nationality as a code; none of them leaves the person alone. Raises ValidationError.
    """
    if person:
        human = observer.person or Person()
        for name, value in person.items():
            field: Any = Person._meta.get_field(name)
            setattr(human, field.attname, (value or None) if field.is_relation else value)
        human.full_clean()
        human.save()
        observer.person = human
    if role:
        observer.role = role
    observer.full_clean()
    observer.save()
    return observer


# --- handing out


def export_person(person: Person) -> dict[str, Any]:
    """Everything about `person` as plain values for JSON: the record, the place in a mission with the names of teams,
    applications with every step, what the history keeps, and who read it (accounts by their number)."""
    observers = list(Observer.objects.filter(person=person).select_related("mission__election"))
    applications = _applications(person).select_related("election", "outlet", "observer")
    return {
        "made_at": timezone.now().astimezone(UTC).isoformat(),
        "person": _values(person),
        "observer_in": [
            _values(observer)
            | {"election": observer.mission.election.slug}
            # Field work is a layer above; its teams are reached through the relation that it added.
            | {"teams": [str(team) for team in getattr(observer, "teams").all()]}  # noqa: B009
            for observer in observers
        ],
        "accreditations": [
            _values(row) | {"steps": [_values(step) for step in row.changes.all()]} for row in applications
        ],
        "decisions_about_several": [_values(row) for row in _decisions(person)],
        "history": list(_history(_rows_about(person))),
        "readings": [
            {"at": reading.at.isoformat(), "account": reading.account, "screen": reading.screen}
            for reading in readings_of(person)
        ],
    }


def readings_of(person: Person) -> QuerySet[PersonReading]:
    """Who of the staff saw the person's data, the latest first."""
    return PersonReading.objects.filter(person=person.pk).order_by("-id")


def _values(row: models.Model) -> dict[str, Any]:
    """The columns of a row; what keys point to in words, accounts by their number."""
    found: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        if field.is_relation and field.related_model not in (User, Person):
            target = getattr(row, field.name)
            found[field.name] = None if target is None else str(target)
        else:
            value = field.value_from_object(row)
            found[field.name] = (
                value if value is None or isinstance(value, bool | int | str) else value.isoformat()
            )
    return found


def _history(rows: Iterable[models.Model]) -> Iterator[dict[str, Any]]:
    condition = Q(pk__in=[])
    for row in rows:
        condition |= Q(table_name=row._meta.db_table, key=str(row.pk))
    changed = list(ChangedRow.objects.filter(condition).select_related("change").order_by("id"))
    personal = PersonalValue.objects.in_bulk([row.pk for row in changed])
    for row in changed:
        kept = personal.get(row.pk)
        yield {
            "at": row.change.at.isoformat(),
            "account": row.change.account,
            "what": row.kind,
            "record": f"{row.table_name} {row.key}",
            "before": row.before and row.before | ((kept and kept.before) or {}),
            "after": row.after and row.after | ((kept and kept.after) or {}),
        }


# --- whose rows these are


def _applications(person: Person) -> QuerySet[Accreditation]:
    condition = Q(observer__person=person) | Q(media_person=person)
    # By key alone: the conditions no longer hold for rows whose person has just gone.
    return Accreditation.objects.filter(pk__in=Accreditation.objects.filter(condition).values("pk"))


def _decisions(person: Person) -> QuerySet[BulkDecision]:
    rows = BulkDecisionRow.objects.filter(accreditation__in=_applications(person))
    return BulkDecision.objects.filter(pk__in=rows.values("decision"))


def _rows_about(person: Person) -> list[models.Model]:
    """Every row with personal values of `person` in it."""
    applications = list(_applications(person))
    steps = AccreditationChange.objects.filter(accreditation__in=applications)
    return [person, *Observer.objects.filter(person=person), *applications, *steps, *_decisions(person)]


# --- taking out


@transaction.atomic
def erase_person(*, by: User | None, person: Person, reason: str) -> bool:
    """Take `person` out of the register and of its history; whether there was anything to do. Done twice, it is done.

    The row goes; observer and applications stay without it, reasons of decisions are replaced by a word. The history
    keeps that it happened, and why: `reason` says nothing of the person, for it stays. Readings stay, they hold a key.
    Raises PermissionDenied for a coordinator whose observer is accredited with the media as well.
    """
    found = Person.objects.select_for_update(of=("self",)).filter(pk=person.pk).first()
    if found is None:
        return False
    give_reason(reason)
    rows = [(row._meta.db_table, str(row.pk)) for row in _rows_about(found)]
    texts: tuple[QuerySet[Any], ...] = (
        AccreditationChange.objects.filter(accreditation__in=_applications(found)),
        _applications(found),
    )
    for rows_with_text in texts:
        rows_with_text.exclude(reason="").update(reason=ERASED)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # With it the reasons of decisions about several and their copies at every other applicant, which not
            # everybody sees who may erase somebody.
            cursor.execute("SELECT public.erase_person(%s, %s)", [found.pk, ERASED])
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", "") == "42501":
            raise PermissionDenied from error
        raise
    for table, key in rows:
        erase_history_of(table, key)
    return True


@transaction.atomic
def erase_contact(*, by: User | None, person: Person, reason: str) -> bool:
    """Empty what is needed to reach `person`, in the register and in its history; whether there was anything to do.

    The history then knows no earlier value of the person's record at all: its values are erased by the row.
    """
    found = Person.objects.select_for_update(of=("self",)).filter(pk=person.pk).first()
    if found is None or not any(getattr(found, name) for name in CONTACT):
        return False
    give_reason(reason)
    Person.objects.filter(pk=found.pk).update(**dict.fromkeys(CONTACT, ""))
    erase_history_of(Person._meta.db_table, str(found.pk))
    return True
