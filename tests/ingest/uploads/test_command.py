"""`manage.py ingest`: the same file, the same rules, without a browser."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_account, make_election
from tests.ingest.folders import AZ2024, STATIONS
from tracker.core.history.models import Change
from tracker.core.receiving import MOST_BYTES
from tracker.core.roles import Role
from tracker.ingest.models import Upload
from tracker.stations.models import PollingStation

pytestmark = pytest.mark.django_db(transaction=True)


def ingest(path: Path, *options: str) -> str:
    out = StringIO()
    call_command("ingest", path, "--election", "az-2024-president", *options, stdout=out, stderr=out)
    return out.getvalue()


def test_own_file_is_compared_then_applied(tmp_path: Path) -> None:
    make_election(slug="az-2024-president")
    account = make_account(Role.DESK)
    told = ingest(AZ2024 / STATIONS, "--by", account.username)
    assert "      49 new" in told
    assert not PollingStation.objects.exists()
    told = ingest(AZ2024 / STATIONS, "--by", account.username, "--apply")
    assert "49 new, 0 changed, 0 unchanged." in told
    assert PollingStation.objects.count() == 49
    # In the name of whoever brought it, as a job of theirs.
    job = Upload.objects.latest("pk").job
    assert job is not None
    change = Change.objects.filter(origin=f"job {job.pk}").latest("pk")
    assert change.account == account.pk
    assert "      49 unchanged" in ingest(AZ2024 / STATIONS, "--by", account.username)


def test_bad_rows_and_questions_are_told_and_end_in_a_fault(tmp_path: Path) -> None:
    make_election(slug="az-2024-president")
    path = tmp_path / "list.csv"
    path.write_text("No.,Country,City\n1,Germany,Berlin\n2,Nowhereland,Nothing\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        ingest(path, "--by", make_account(Role.DESK).username, "--source", "https://authority.example/")


def test_a_file_too_large_for_a_browser_is_brought(tmp_path: Path) -> None:
    """Red when: the command leaves `most` as it is."""
    make_election(slug="az-2024-president")
    path = tmp_path / "list.csv"
    wide = ",".join(["x" * 9_000] * 100)
    rows = "".join(f"{number},Germany,Berlin,{wide}\n" for number in range(40))
    path.write_text(f"No.,Country,City,{','.join(f'n{n}' for n in range(100))}\n{rows}", encoding="utf-8")
    assert path.stat().st_size > MOST_BYTES
    told = ingest(path, "--by", make_account(Role.DESK).username, "--source", "https://authority.example/")
    assert "      40 new" in told


@pytest.mark.parametrize(
    ("role", "election", "words"),
    [
        (Role.PUBLISHER, "az-2024-president", "may not bring such a file"),
        (Role.DESK, "az-2099", "There is no election az-2099. Known are: az-2024-president."),
    ],
)
def test_who_may_not_and_what_is_not_there(role: str, election: str, words: str) -> None:
    make_election(slug="az-2024-president")
    with pytest.raises(CommandError, match=words):
        call_command("ingest", AZ2024 / STATIONS, "--election", election, "--by", make_account(role).username)
