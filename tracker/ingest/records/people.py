"""The rows of observers.csv: a person in a mission of the sender's, known by the mission's own code."""

from datetime import UTC

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tracker.ingest.field import Field
from tracker.ingest.people import PERSONAL, erased_seats
from tracker.ingest.reading import Row
from tracker.ingest.records.dataset import Dataset, Seen, texts
from tracker.missions.models import Observer


def add_observers(dataset: Dataset, rows: list[Row], field: Field) -> None:
    """Observers. Without a role a new one is a short-term observer; one that is there keeps its own.

    A code whose person was erased is refused: a file names nobody anew whom somebody had taken out.
    """
    seen = Seen(dataset)
    missions = {row.number: field.mission(dataset, row) for row in rows}
    own = {mission.pk for mission in missions.values() if mission}
    holders, codes = _passports(own)
    erased = erased_seats(own)
    # What the file itself gives to whom: numbers may pass from one code to another.
    said = {
        (mission.pk, row["code"]): row["document_number"] or ""
        for row in rows
        if (mission := missions[row.number]) is not None
    }
    for row in rows:
        mission = missions[row.number]
        if mission is None or not row["code"]:
            continue
        if at := erased.get((mission.pk, row["code"])):
            when = {"day": date_format(at.astimezone(UTC), "j M Y")}
            dataset.problem(
                row, "code", _("belongs to somebody who was erased on %(day)s.") % when,
                _("A file does not bring them back: take the row out. Enter by hand whoever else takes this code."),
            )  # fmt: skip
        if number := row["document_number"]:
            seen.once(
                row, "document_number", (mission.pk, number.casefold()), _("is that of {row} as well."),
                _("Correct it, or take one of the two rows out."),
            )  # fmt: skip
            holder = holders.get((mission.pk, number.casefold()))
            if holder and (mission.pk, row["code"]) not in codes:
                dataset.problem(
                    row, "document_number", _("is that of %(code)s in the register.") % {"code": holder},
                    _("Write that code, or correct the number."),
                )  # fmt: skip
            elif holder not in (None, row["code"]) and _same(
                said.get((mission.pk, holder)) or number, number
            ):
                # Both are there already, and either may be right.
                dataset.warning(
                    row, "document_number", _("is that of %(code)s in the register too.") % {"code": holder},
                    _("Look whose it is; both codes would have it."),
                )  # fmt: skip
        team = field.team(dataset, row, mission)
        dataset.add(
            "observer",
            row,
            [mission.pk, row["code"]],
            **texts(row, *PERSONAL),
            mission=mission.key,
            code=row["code"],
            **({"role": row["role"]} if row["role"] else {}),
            **({"teams": [team[0]]} if team else {}),
        )


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _passports(missions: set[int]) -> tuple[dict[tuple[int, str], str], set[tuple[int, str]]]:
    """Of the observers of these missions whom the register knows by name: the code of the first with each passport
    number (of its mission, in small letters), and mission and code of all."""
    rows = Observer.objects.filter(mission__in=missions, person__isnull=False).order_by("-pk")
    found = list(rows.values_list("mission_id", "person__document_number", "code"))
    holders = {(mission, number.casefold()): code for mission, number, code in found}
    return holders, {(mission, code) for mission, _number, code in found}
