"""Whether the time of an answer tells what its words do not (A5, P2): `python -m tests.bench.silence`.

Run by hand; pytest does not collect it. It starts a PostgreSQL of its own, asks for what is there, what is closed and
what never was, in turn and in an order drawn by lot, and prints for each pair the gap between their medians as a ratio
to how much answers to one and the same question differ anyway (the median deviation), with the chance p that the two
are drawn from one bag (Mann-Whitney). The promise: a gap of at most 10 ms, and p above 0.01.
"""

import argparse
import math
import os
import random
import sys
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from statistics import median

from tests.bench.coverage import say
from tracker.postgres.throwaway import throwaway

ROOT = Path(__file__).resolve().parent.parent.parent
Question = Callable[[], object]
GAP, CHANCE = 0.010, 0.01


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--iterations", type=int, default=50_000, help="of the password hasher")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with throwaway(ROOT / ".data") as url:
        os.environ |= {"TRACKER_MODE": "test", "DATABASE_URL": url}
        import django

        django.setup()
        from django.contrib.auth.hashers import PBKDF2PasswordHasher
        from django.core.management import call_command
        from django.test import override_settings

        # The tests' own hasher is too quick to be missed where it is left out.
        PBKDF2PasswordHasher.iterations = asked.iterations
        call_command("migrate", verbosity=0)
        with override_settings(
            PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"],
            MAIL_IN_BACKGROUND=True,
            EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        ):
            chance = random.Random(asked.seed)
            for name, questions in (sign_in() | people()).items():
                compare(name, questions, asked.samples, chance)


def sign_in() -> dict[str, dict[str, Question]]:
    """A5: the form to sign in, the link for a new password, an invitation."""
    from django.test import Client

    from tests.signing import LOGIN, person
    from tracker.accounts import invitations
    from tracker.core.models import User

    person(email="anna@example.org")
    person(username="closed", email="closed@example.org", is_active=False)
    invited = invitations.invite(email="new@example.org", first_name="", last_name="", roles=[])
    token = invitations.make_token(invited)
    User.objects.filter(pk=invited.pk).update(is_active=False)
    gone = invitations.invite(email="gone@example.org", first_name="", last_name="", roles=[])
    other = invitations.make_token(gone)
    gone.delete()
    names = {"existing": "anna", "closed": "closed", "unknown": "nobody"}

    def post(path: str, form: dict[str, str]) -> Question:
        return lambda: Client().post(path, form)

    return {
        "sign in": {
            kind: post(LOGIN, {"login": name, "password": "wrong horse"}) for kind, name in names.items()
        },
        "new password": {
            kind: post("/staff/password/forgotten/", {"email": f"{name}@example.org"})
            for kind, name in names.items()
        },
        # Both signed by us: nobody else's link is looked up at all, and only its holder has one to ask with.
        "invitation": {
            "closed": lambda: Client().get(f"/staff/invitation/{token}/"),
            "deleted": lambda: Client().get(f"/staff/invitation/{other}/"),
        },
    }


def people() -> dict[str, dict[str, Question]]:
    """P2: a badge that is no good against none, to anybody; a person of others against none, to a coordinator."""
    from django.test import Client
    from django.urls import reverse

    from tests import factories as make
    from tracker.core.roles import Role

    election = make.make_election()
    observer = make.make_observer(mission=make.make_mission(election=election))
    make.make_accreditation(observer=observer, election=election, status="refused", number="O-000001")
    stranger = Client()
    stranger.force_login(make.make_account(Role.COORDINATOR, organization=make.make_organization()))

    def badge(number: str) -> Question:
        return lambda: Client().get(reverse("public:verify_number", args=[election.slug, number]))

    def screen(key: object) -> Question:
        return lambda: stranger.get(f"/staff/missions/person/{key}/change/")

    return {
        "badge": {"refused": badge("O-000001"), "unknown": badge("O-999999")},
        "person": {"of others": screen(observer.person_id), "unknown": screen(99_999_999)},
    }


def compare(name: str, questions: dict[str, Question], samples: int, chance: random.Random) -> None:
    """Ask each question `samples` times, and say of each pair whether the time tells them apart."""
    from tracker.accounts.models import SignInAttempt

    took: dict[str, list[float]] = {kind: [] for kind in questions}
    for number in range(-5, samples):  # the first few load what is loaded once
        for kind in chance.sample(list(questions), len(questions)):
            SignInAttempt.objects.all().delete()  # nobody is refused here for having asked too often
            begin = time.perf_counter()
            questions[kind]()
            if number >= 0:
                took[kind].append(time.perf_counter() - begin)
    for one, other in combinations(questions, 2):
        gap = abs(median(took[one]) - median(took[other]))
        floor = deviation(took[one])
        p = same_bag(took[one], took[other])
        kept = "kept" if gap <= GAP and p > CHANCE else "not kept"
        say(
            f"{name}, {one} / {other}: gap / deviation {gap / floor:.2f}, {gap * 1000:.2f} ms of"
            f" {median(took[one]) * 1000:.0f} ms, p {p:.3f}, {samples} samples each: {kept}"
        )


def deviation(values: list[float]) -> float:
    middle = median(values)
    return median(abs(value - middle) for value in values)


def same_bag(one: list[float], other: list[float]) -> float:
    """The two-sided p of the Mann-Whitney test, by its normal approximation; times have no ties worth counting."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks = sum(rank for rank, (_value, group) in enumerate(ranked, start=1) if group == 0)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


if __name__ == "__main__":
    sys.exit(main())
