"""What bringing in a file costs: `python -m tests.bench.imports`.

Run by hand; pytest does not collect it. It starts a PostgreSQL of its own and prints ratios of things measured in the
same run, because seconds say more of the machine than of the program. The floor: PostgreSQL's COPY of the same stations
into the same table with its indexes and triggers, and one read of the file.
"""

import argparse
import csv
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.coverage import say
from tracker import postgres

ROOT = Path(__file__).resolve().parent.parent.parent
COUNTRIES = ("DE", "FR", "GE", "TR", "IT", "PL", "HU", "RO", "AZ", "KZ")
ZONES = {
    "DE": "Europe/Berlin", "FR": "Europe/Paris", "GE": "Asia/Tbilisi", "TR": "Europe/Istanbul", "IT": "Europe/Rome",
    "PL": "Europe/Warsaw", "HU": "Europe/Budapest", "RO": "Europe/Bucharest", "AZ": "Asia/Baku", "KZ": "Asia/Almaty",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    asked = parser.parse_args()
    with postgres.throwaway(ROOT / ".data") as url, tempfile.TemporaryDirectory() as folder:
        os.environ |= {"TRACKER_MODE": "test", "DATABASE_URL": url}
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        run(asked.rows, Path(folder))


def write_file(path: Path, rows: int) -> None:
    """An invented list of stations in this project's own layout."""
    from tracker.ingest.layout import STATIONS

    names = [column.name for column in STATIONS.columns if not column.optional]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, names, restval="")
        table.writeheader()
        for number in range(1, rows + 1):
            country = COUNTRIES[number % len(COUNTRIES)]
            table.writerow(
                {
                    "number": number,
                    "country_iso2": country,
                    "city": f"Town {number % 997}",
                    "host_mission": "",
                    "address": f"{number} Main Street",
                    "address_source_url": "https://example.org/stations",
                    "opens_local": "08:00",
                    "closes_local": "19:00",
                    "iana_timezone": ZONES[country],
                    "latitude": f"{40 + number % 1000 / 100:.2f}",
                    "longitude": f"{20 + number % 3000 / 100:.2f}",
                    "coordinate_precision": "city",
                    "registered_voters": 100 + number % 2000,
                    "voters_source_url": "https://example.org/stations",
                    "source_url": "https://example.org/stations",
                    "source_date": "2031-05-01",
                    "constituency_number": number % 125 + 1,
                    "constituency_name": f"District {number % 125 + 1}",
                    "number_source_url": "https://example.org/stations",
                }
            )


def rows_of(path: Path) -> Iterator[tuple[int, list[dict[str, str]], list[Any]]]:
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            yield number, [row], []


def timed(work: Any) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def memory(what: str) -> float:
    """What the kernel says of this process, in MB: VmRSS now, VmHWM at the most."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def forget_peak() -> float:
    """Count VmHWM anew, so that bringing the file, which holds it whole, hides nothing; MB in use."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return memory("VmRSS")


def run(number: int, folder: Path) -> None:
    from django.db import connection

    from tracker.core.models import User
    from tracker.core.roles import Role
    from tracker.elections.models import Election
    from tracker.ingest.models import Upload
    from tracker.ingest.tables.content import LARGEST_FILE
    from tracker.ingest.uploads import actions, work
    from tracker.stations.models import PollingStation

    election = Election.objects.create(
        slug="bench", name="Bench", country_id="AZ", kind="presidential", call="regular", round=1,
        starts_on="2031-06-01", ends_on="2031-06-01", timezone_id="Asia/Baku",
    )  # fmt: skip
    election.refresh_from_db()
    path = folder / "stations.csv"
    write_file(path, number)
    spent: dict[str, float] = {"read": timed(lambda: sum(1 for _ in rows_of(path)))}

    account = User.objects.create_user(username="bench", password=None, roles=[Role.DESK])

    def bring() -> Upload:
        return actions.receive_upload(
            by=account, election=election, kind="stations", name=path.name, content=path.read_bytes(),
            most=LARGEST_FILE,
        )  # fmt: skip

    def check(one: Upload) -> None:
        Upload.objects.filter(pk=one.pk).update(state="checking")
        one.refresh_from_db()
        work.check_upload(one, lambda done, total: None)
        assert one.state == "checked", one.problem

    def apply(one: Upload) -> None:
        work.apply_upload(one, lambda done, total: None)
        assert one.state == "applied", one.problem

    first = bring()
    spent["bring"] = timed(bring)
    before = forget_peak()
    spent["check"] = timed(lambda: check(first))
    spent["apply"] = timed(lambda: apply(first))
    grown = memory("VmHWM") - before
    assert PollingStation.objects.count() == number, first.counts
    again = bring()
    spent["check again"] = timed(lambda: check(again))
    assert again.counts["unchanged"] == number, again.counts
    # The floor: the same rows, out of the table and, once it is empty, in again.
    copied = folder / "copy"
    with connection.cursor() as cursor, copied.open("wb") as file:
        with cursor.copy("COPY stations_pollingstation TO STDOUT") as out:
            for piece in out:
                file.write(piece)
        for table in ("stations_votingwindow", "stations_pollingstation"):
            cursor.execute(
                f"ALTER TABLE {table} DISABLE TRIGGER USER"
            )  # a history of emptying it proves nothing
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            cursor.execute(f"VACUUM FULL {table}")
        # COPY does not go through row security.
        cursor.execute("ALTER TABLE stations_pollingstation NO FORCE ROW LEVEL SECURITY")

    def floor() -> None:
        with connection.cursor() as cursor, cursor.copy("COPY stations_pollingstation FROM STDIN") as into:
            into.write(copied.read_bytes())

    spent["COPY"] = timed(floor)
    whole = spent["COPY"] + spent["read"]
    say(f"{number} stations, {grown:.0f} MB more memory at the most while checked and applied")
    for name, seconds in spent.items():
        say(f"{name:12} {seconds:7.2f} s  {seconds / whole:5.2f} of the floor")
    all_of_it = spent["bring"] + spent["check"] + spent["apply"]
    say(f"brought, validated, previewed and applied: {all_of_it / whole:.2f} times the floor")


if __name__ == "__main__":
    main()
