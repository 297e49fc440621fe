import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from datetime import time as clock_time
from typing import Any, TypeVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connection

from tracker.core.models import User
from tracker.core.timezones import to_utc
from tracker.coverage.editions import drift, refresh
from tracker.coverage.models import Edition, Mark
from tracker.coverage.nudges import nudge
from tracker.elections.models import Election, SimulatedDay
from tracker.fieldwork.models import Visit
from tracker.staff import demonstration
from tracker.staff.demonstration import NotADemonstration, OtherDay, Register
from tracker.staff.simulation import Event, Kind, plan_day

Answer = TypeVar("Answer")
TICK = 1.0  # seconds between two moves of the clock
QUIET = 4.0  # the longest that nothing happens, in seconds of the person who watches
RETRY = 1.0  # seconds between two tries while the database is away
WORKER = 15.0  # how long the worker may take to count the last changes


def speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 1_000_000:
        raise ArgumentTypeError("must be a number: 600 plays ten minutes a second, 0 as fast as possible")
    return value


def seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**31):
        raise ArgumentTypeError("must be a whole number, 0 or more")
    return int(text)


class Command(BaseCommand):
    help = (
        "Play the election day of a demonstration through the same actions that people use. Stopped or killed and "
        "started again it goes on where it was; nothing is doubled and nothing lost."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--election", metavar="SLUG", default=demonstration.SLUG)
        parser.add_argument(
            "--speed", type=speed, default=600, help="simulated seconds in one second; 0: as fast as possible"
        )
        parser.add_argument("--seed", type=seed, help="another number is another day (default 1)")
        parser.add_argument("--until", metavar="12:00", help="stop at this hour of the last voting day")
        parser.add_argument(
            "--reset", action="store_true", help="take the field work away first, after asking"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--quiet", action="store_true", help="print only the beginning and the end")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._handle(options)
        except (NotADemonstration, OtherDay) as refused:
            raise CommandError(str(refused)) from refused
        except KeyboardInterrupt:
            self._say("\nStopped. Start it again and the day goes on from here; --reset begins it anew.")
            sys.exit(130)

    def _handle(self, options: dict[str, Any]) -> None:
        slug = options["election"]
        election = self._insist(lambda: Election.objects.filter(slug=slug).first())
        if election is None:
            mend = " Load it with: manage.py load_demo" if slug == demonstration.SLUG else ""
            raise CommandError(f"No election has the address name {slug!r}.{mend}")
        demonstration.require_demonstration(election)
        until = _read_until(options["until"], election)
        by = self._insist(demonstration.simulated_staff)
        if options["reset"] and not self._reset(election, by, sure=options["yes"]):
            return
        register = self._insist(lambda: demonstration.read_register(election))
        begun = self._insist(lambda: SimulatedDay.objects.filter(election=election).first())
        number = options["seed"] if options["seed"] is not None else begun.seed if begun else 1
        events = plan_day(register.world, number)
        if not events:
            raise CommandError("No station of this election has voting hours, so there is no day to play.")
        day = self._insist(lambda: demonstration.begin_day(election, seed=number, now=events[0].at))
        rest = [event for event in events if event.place > day.last_event]
        self._say(
            f"{election}: {len(rest)} of {len(events)} events to play, seed {number}, "
            + (
                f"{options['speed']:g} simulated seconds a second."
                if options["speed"]
                else "as fast as possible."
            )
        )
        player = _Player(self, election, register, number, by, options["speed"], max(day.now, events[0].at))
        player.run(rest, until, quiet=options["quiet"])
        self._summary(election, player)

    # --- the parts of a run ---

    def _reset(self, election: Election, by: User, *, sure: bool) -> bool:
        """Take the field work away, after asking unless `sure`; whether it was done."""
        there = self._insist(lambda: demonstration.field_work(election))
        if any(there.values()) and not sure:
            question = (
                f"This deletes {there['visits']} visits and {there['incidents']} incidents of the demonstration "
                f"“{election}”, also those entered by hand. Type yes to go on: "
            )
            try:
                answer = input(question)
            except EOFError:
                answer = ""
            if answer.strip().lower() != "yes":
                self._say("Nothing was changed.")
                return False
        self._insist(lambda: demonstration.reset_day(election, by=by))
        nudge()
        self._say("The field work of the demonstration is taken away; its day begins anew.")
        return True

    def _summary(self, election: Election, player: "_Player") -> None:
        visits = Visit.objects.filter(election=election).values_list("status", flat=True)
        statuses = self._insist(lambda: Counter(visits.all()))
        incidents = self._insist(lambda: demonstration.field_work(election)["incidents"])
        known = ", ".join(f"{statuses[code]} {label}" for code, label in Visit.Status.choices)
        self._say()
        self._say(f"Played {sum(player.done.values())} events; {player.skipped} had no effect.")
        self._say(f"Visits on record: {known}.")
        self._say(f"Incidents on record: {incidents}.")
        if election.publishing != Election.Publishing.LIVE or not election.is_released:
            self._say("This election does not publish live; a publisher decides when its figures appear.")
            return
        self._insist(lambda: self._counted(election))
        found = self._insist(lambda: drift(election))
        editions = Edition.objects.filter(election=election).order_by("-number")
        last = self._insist(editions.first)
        self._say(f"{election.slug}: edition {last.number if last else 0}, drift {len(found)}")
        for line in found:
            self._say(f"  {line}")
        if found:
            raise CommandError("The published figures differ from the recount.")

    def _counted(self, election: Election) -> None:
        """Give the worker a moment to count the last changes, then count them here: recounting twice does no harm."""
        nudge()
        deadline = time.monotonic() + (WORKER if settings.CELERY_BROKER_URL else 0)
        while Mark.objects.filter(election=election).exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        refresh(election)

    def _say(self, text: str = "") -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _insist(self, ask: Callable[[], Answer]) -> Answer:
        """What `ask` answers, asked again for as long as the database is away."""
        away = False
        while True:
            try:
                answer = ask()
            except (OperationalError, InterfaceError):
                if not away:
                    self._say("The database does not answer; waiting for it. Nothing is lost (Ctrl-C stops).")
                away = True
                connection.close()
                time.sleep(RETRY)
            else:
                if away:
                    self._say("The database answers again; going on.")
                return answer


class _Player:
    """Plays events at a speed, moving the clock of the demonstration along."""

    def __init__(
        self,
        command: Command,
        election: Election,
        register: Register,
        seed: int,
        by: User,
        speed: float,
        now: datetime,
    ) -> None:
        self.command, self.election, self.register = command, election, register
        self.seed, self.by, self.speed, self.now = seed, by, speed, now
        self.done: Counter[Kind] = Counter()
        self.skipped = 0

    def run(self, events: list[Event], until: datetime | None, *, quiet: bool) -> None:
        """Play `events` in order, those up to `until` if it is given."""
        for event in events:
            if until and event.at > until:
                break
            self._wait(event.at)
            said = self.command._insist(lambda event=event: self._play(event))  # type: ignore[misc]
            if said is None:
                continue  # its answer was lost, or another simulation plays the same day
            self.done[event.kind] += 1
            self.skipped += bool(said)
            if not quiet:
                line = demonstration.local_line(event)
                self.command._say(f"{line} - without effect: {said}" if said else line)
        if until and until > self.now:
            self._wait(until)
            self.command._insist(lambda: demonstration.move_clock(self.election, until))
            self.command._say(f"It is {until:%H:%M} UTC: stopped as asked. Start it again to go on.")

    def _play(self, event: Event) -> str | None:
        return demonstration.play(self.election, self.register, event, seed=self.seed, by=self.by)

    def _wait(self, until: datetime) -> None:
        """Let the simulated time pass until `until`; a long silence is cut short."""
        begin, length = self.now, until - self.now
        seconds = min(length.total_seconds() / self.speed, QUIET) if self.speed else 0.0
        started = time.monotonic()
        while (rest := started + seconds - time.monotonic()) > 0:
            time.sleep(min(rest, TICK))
            if rest > TICK:
                self._move_clock(begin + length * min(1.0, (time.monotonic() - started) / seconds))
        self.now = max(self.now, until)

    def _move_clock(self, now: datetime) -> None:
        try:
            demonstration.move_clock(self.election, now.replace(microsecond=0))
        except (OperationalError, InterfaceError):
            connection.close()  # the next event waits for the database and says so


def _read_until(text: str | None, election: Election) -> datetime | None:
    """`12:00` on the last voting day in the zone of the election, or a whole moment with its offset."""
    if not text:
        return None
    try:
        if "T" in text:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                moment = to_utc(moment.date(), moment.time(), election.timezone_id)
            return moment.astimezone(UTC)
        day: date = election.ends_on
        return to_utc(day, clock_time.fromisoformat(text), election.timezone_id)
    except ValueError:
        raise CommandError(
            f"--until {text!r} is no hour. Write 12:00 (on {election.ends_on}), or 2030-03-10T12:00+03:00."
        ) from None
