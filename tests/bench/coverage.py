"""How long counting takes, and whether pages grow with the election: `python -m tests.bench.coverage`.

Run by hand; pytest does not collect it. It starts a PostgreSQL of its own, invents an election of --stations stations
and --visits visits beside a small one, and prints everything relative to something measured in the same run, because
seconds say more of the machine than of the program.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tracker.postgres.throwaway import throwaway

ROOT = Path(__file__).resolve().parent.parent.parent
MISSIONS, CONSTITUENCIES = 12, 125
SMALL = (49, 60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=20_000)
    parser.add_argument("--visits", type=int, default=60_000)
    asked = parser.parse_args()
    with throwaway(ROOT / ".data") as url:
        os.environ |= {"TRACKER_MODE": "test", "DATABASE_URL": url}
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        run(asked.stations, asked.visits)


def best(work: Callable[[], object], rounds: int = 3) -> float:
    """Seconds of the fastest of a few rounds."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def run(stations: int, visits: int) -> None:
    from django.db import connection
    from django.test import Client

    from tracker.coverage import editions
    from tracker.coverage.counting import count
    from tracker.coverage.models import Mark
    from tracker.fieldwork.models import Visit

    small, large = build("small", *SMALL), build("large", stations, visits)
    blind = best(lambda: count(large), 1)  # as on a day that began with empty tables: no statistics yet
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    editions.refresh_stale()
    editions.refresh_stale()

    def floor() -> None:
        """The same rows, read once and counted, as cheaply as one statement can."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM fieldwork_visit v JOIN stations_pollingstation s ON s.id = v.station_id"
                " JOIN missions_mission m ON m.id = v.mission_id WHERE v.election_id = %s",
                [large.pk],
            )

    say(f"{stations} stations, {visits} visits, {visits // 2} deployments, {MISSIONS} missions")
    ground = best(floor)
    say(f"counting everything / one count(*) over the same joins: {best(lambda: count(large)) / ground:.1f}")
    say(f"the same without the server's statistics: {blind / ground:.1f}")
    say(f"an edition (counting, hashing, writing) / the same: {best(lambda: publish(large)) / ground:.1f}")
    stale = Visit.objects.filter(election=large)
    plain = best(lambda: stale.filter(pk__lt=0).update(findings=""))
    say(f"marks left by one UPDATE of all visits: {marks_of(lambda: stale.update(findings='x'), Mark)}")
    say(f"an UPDATE that changes no row, trigger included: {1000 * plain:.1f} ms")
    editions.refresh_stale()

    client = Client()
    for name in ("", "coverage/", "missions/", "editions/"):
        paths = [f"/en/e/{election.slug}/{name}" for election in (small, large)]
        tags = [client.get(path)["ETag"] for path in paths]
        plain, grown = (best(lambda path=path: client.get(path), 5) for path in paths)  # type: ignore[misc]
        still = best(lambda: client.get(paths[1], headers={"if-none-match": tags[1]}), 5)  # noqa: B023
        first = best(lambda: fresh(client, paths[1]), 3)  # noqa: B023
        say(
            f"/{name or ' dashboard':10} large / small: {grown / plain:5.1f}   first of an edition / small:"
            f" {first / plain:5.1f}   304 / large: {still / grown:.3f}"
        )


def fresh(client: object, path: str) -> None:
    """As the first reader of an edition in this process."""
    from tracker.coverage import editions

    editions._figures_of.cache_clear()
    editions._matrix_of.cache_clear()
    client.get(path)  # type: ignore[attr-defined]


def publish(election: object) -> None:
    from tests.factories import make_incident
    from tracker.coverage import editions

    make_incident(election=election, place="somewhere")
    editions.refresh(election)  # type: ignore[arg-type]


def marks_of(work: Callable[[], object], marks: type) -> int:
    marks.objects.all().delete()  # type: ignore[attr-defined]
    work()
    return marks.objects.count()  # type: ignore[attr-defined, no-any-return]


def build(slug: str, stations: int, visits: int) -> object:
    """An invented election: stations at home and a few abroad, missions that visit what they reach."""
    from tests.factories import country, make_constituency, make_election, make_mission, make_team, zone
    from tracker.fieldwork.models import Deployment, Visit
    from tracker.stations.models import PollingStation, VotingWindow

    election = make_election(slug=slug, demonstration=True)
    districts = [make_constituency(election=election) for _ in range(CONSTITUENCIES)]
    teams = [make_team(mission=make_mission(election=election), members=[]) for _ in range(MISSIONS)]
    country("TR"), country("AZ"), zone("Asia/Baku")
    abroad = min(stations, 200)
    rows = PollingStation.objects.bulk_create(
        PollingStation(
            election=election, number=str(n), city=f"Town {n % 90}", timezone_id="Asia/Baku", publication="published",
            setting="abroad" if n < abroad else "domestic", country_id="TR" if n < abroad else "AZ",
            constituency=districts[n % CONSTITUENCIES], latitude=36 + n % 5, longitude=27 + n % 17,
            coordinate_precision="city",
        )
        for n in range(stations)
    )  # fmt: skip
    opens = datetime(2024, 2, 7, 4, tzinfo=UTC)
    VotingWindow.objects.bulk_create(
        VotingWindow(station=row, opens_at=opens, closes_at=opens + timedelta(hours=11)) for row in rows
    )

    def place(n: int) -> dict[str, object]:
        team = teams[n % MISSIONS]
        station = rows[n * 7919 % (stations * 3 // 4)]
        return {"team": team, "mission": team.mission, "election": election, "station": station}

    Visit.objects.bulk_create(
        Visit(
            **place(n), phase=Visit.Phase.values[n % 5], arrived_at=opens + timedelta(seconds=n * 40000 / visits),
            status="submitted", submitted_at=opens,
        )
        for n in range(visits)
    )  # fmt: skip
    Deployment.objects.bulk_create(
        Deployment(
            **place(2 * n),
            starts_at=opens + timedelta(seconds=n),
            ends_at=opens + timedelta(hours=1, seconds=n),
        )
        for n in range(visits // 2)
    )
    return election


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
