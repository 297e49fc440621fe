"""How long people's data is kept: each election says it, and what is due is erased through the same actions."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from tracker.core.identity import Identity, acting
from tracker.elections.models import Election
from tracker.missions.models import Accreditation, Observer, Person
from tracker.missions.people import CONTACT, erase_contact, erase_person

log = logging.getLogger(__name__)

ORIGIN = "retention"
REASON = "the time for which the election keeps it is over"


@dataclass(frozen=True)
class Counts:
    """How many people: of whom contact data, of whom everything is (to be) erased, and who is in no election."""

    contact: int
    people: int
    nowhere: int


def due(on: date) -> tuple[QuerySet[Person], QuerySet[Person]]:
    """The people whose contact data, and those whose every trace, is to be erased on `on`."""
    people = _over("people_days", on)
    with_contact = Q()
    for name in CONTACT:
        with_contact |= ~Q(**{name: ""})
    contact = _over("contact_days", on).filter(with_contact).exclude(pk__in=people.values("pk"))
    return contact, people


def _over(days: str, on: date) -> QuerySet[Person]:
    """People all of whose elections have let the time in the field `days` go by: the latest decides, and an election
    that keeps its people (no days, or a demonstration with invented ones) keeps them."""
    kept = [
        election.pk
        for election in Election.objects.only("ends_on", "demonstration", days)
        if election.demonstration
        or getattr(election, days) is None
        or election.ends_on + timedelta(days=getattr(election, days)) > on
    ]
    observers = Observer.objects.filter(
        Q(mission__election__in=kept) | Q(accreditations__election__in=kept), person__isnull=False
    )
    media = Accreditation.objects.filter(election__in=kept, media_person__isnull=False)
    return (
        _somewhere()
        .exclude(pk__in=observers.values("person"))
        .exclude(pk__in=media.values("media_person"))
        .order_by("pk")
    )


def _somewhere() -> QuerySet[Person]:
    media = Accreditation.objects.filter(media_person__isnull=False)
    observers = Observer.objects.filter(person__isnull=False)
    return Person.objects.filter(
        Q(pk__in=media.values("media_person")) | Q(pk__in=observers.values("person"))
    )


def count_due(on: date) -> Counts:
    """What `obey_retention` would do on `on`, by counts."""
    contact, people = due(on)
    nowhere = Person.objects.exclude(pk__in=_somewhere().values("pk")).count()
    return Counts(contact.count(), people.count(), nowhere)


def obey_retention(*, on: date) -> Counts:
    """Erase what is due on `on`, each person in a transaction of its own; what was done, by counts.

    A second run finds nothing left. People in no election are told and left: nobody knows since when they are there.
    """
    contact, people = due(on)
    done = Counts(_each(contact, erase_contact), _each(people, erase_person), count_due(on).nowhere)
    log.info(
        "contact data of %s people and %s people erased; %s people are in no election",
        done.contact, done.people, done.nowhere,
    )  # fmt: skip
    return done


def _each(people: QuerySet[Person], erase: Callable[..., bool]) -> int:
    done = 0
    for person in list(people):
        with acting(Identity(origin=ORIGIN, reason=REASON)):
            done += erase(by=None, person=person, reason=REASON)
    return done
