"""What the history costs, and how long it takes to check: `python -m tests.bench.history`.

Run by hand; pytest does not collect it. It starts a PostgreSQL of its own and prints ratios of things measured in the
same run, because seconds say more of the machine than of the program.
"""

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.coverage import best, say
from tracker.postgres.throwaway import throwaway

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--log", type=int, default=100_000, help="changed rows to search and to check")
    parser.add_argument("--writers", type=int, default=50)
    parser.add_argument("--writes", type=int, default=200)
    asked = parser.parse_args()
    with throwaway(ROOT / ".data") as url:
        os.environ |= {"TRACKER_MODE": "test", "DATABASE_URL": url}
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        run(asked)


def run(asked: argparse.Namespace) -> None:
    from django.db import connection

    from tracker.core.history.models import ChangedRow
    from tracker.core.history.reading import Asked, about, search
    from tracker.core.history.verifying import verify
    from tracker.core.models import Source

    def insert() -> None:
        Source.objects.bulk_create(
            Source(publisher="Agency", title=f"Report {n}", notes="x" * 80) for n in range(asked.rows)
        )

    def update() -> None:
        Source.objects.update(notes="y" * 80, publisher="Another")

    def delete() -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM core_source")

    def times() -> list[float]:
        return [best(work, 1) for work in (insert, update, delete)]

    switch("DISABLE")
    without = [min(round_) for round_ in zip(*(times() for _ in range(3)), strict=True)]
    switch("ENABLE")
    with_history = [min(round_) for round_ in zip(*(times() for _ in range(3)), strict=True)]
    for name, one, other in zip(("insert", "update", "delete"), with_history, without, strict=True):
        say(f"{name} of {asked.rows} rows, with history / without: {one / other:.1f}")

    switch("DISABLE")
    single = best(lambda: one_by_one(300))
    delete()  # nothing that the history has not seen
    switch("ENABLE")
    own = best(lambda: one_by_one(300)) / single
    say(f"300 rows, each in a transaction of its own, with history / without: {own:.1f}")

    while ChangedRow.objects.count() < asked.log:
        insert()
        update()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    count = ChangedRow.objects.count()

    def floor() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(length(after::text)) FROM core_changedrow")

    ground = best(floor)
    for what in (
        Asked(),
        Asked(accounts=[5]),
        Asked(table="core_source", kind="update"),
        Asked(origin="job 12"),
    ):
        taken = best(lambda what=what: list(search(what)[:26]))  # type: ignore[misc]
        say(f"search {what} among {count} / reading all: {taken / ground:.3f}")

    def by_name() -> None:
        living = Source.objects.filter(title__icontains="no such name")
        said = about("no such name", [], {"core_source": living}, {"core_source": ["publisher", "title"]})
        list(search(Asked(about=said))[:26])

    say(f"search for a name nothing has or had among {count} / reading all: {best(by_name) / ground:.3f}")
    begin = time.perf_counter()
    found = list(verify())
    say(f"verify of {count} changed rows: {time.perf_counter() - begin:.1f} s, {len(found)} findings")

    begin = time.perf_counter()
    failures = many_writers(asked.writers, asked.writes)
    taken = time.perf_counter() - begin
    found = list(verify())
    say(
        f"{asked.writers} writers, {asked.writes} writes each: {taken:.0f} s, {failures} failed,"
        f" {len(found)} findings in the chain and the tables"
    )


def switch(word: str) -> None:
    """The triggers of the history on the table that is measured, on or off."""
    from django.db import connection

    with connection.cursor() as cursor:
        for name in ("insert", "update", "delete"):
            cursor.execute(f"ALTER TABLE core_source {word} TRIGGER history_{name}")


def one_by_one(count: int) -> None:
    from tests.factories import make_source

    for _ in range(count):
        make_source()


def many_writers(writers: int, writes: int) -> int:
    from django.db import connection

    from tests.factories import make_source
    from tracker.core.identity import Identity, acting

    failures = []

    def write(writer: int) -> None:
        try:
            for number in range(writes):
                with acting(Identity(user=writer + 1, origin=f"writer {writer}")):
                    make_source(title=f"{writer}-{number}")
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    work: list[Callable[[], None]] = [lambda writer=writer: write(writer) for writer in range(writers)]  # type: ignore[misc]
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(failures)


if __name__ == "__main__":
    sys.exit(main())
