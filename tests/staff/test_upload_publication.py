"""From an applied file to the public and back: its drafts are handed in together, and what was handed in is undone."""

import pytest
from django.test import Client

from tests.factories import make_account, make_election, make_station
from tests.staff.test_uploads import NUMBERED, bring, bring_and_apply, post
from tracker.core.history.verifying import verify
from tracker.core.models import Publication
from tracker.core.roles import Role
from tracker.elections.models import Election
from tracker.ingest.models import Upload
from tracker.stations.models import PollingStation

# Each step of an upload is a transaction of its own, which the next one compares with.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def election() -> Election:
    return make_election()


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_account(Role.DESK))
    return client


def handed_in(client: Client, upload: Upload) -> str:
    """The page of the file after its stations were handed in, and the question before that was answered."""
    address = f"/staff/files/{upload.pk}/hand-in/?kind=station"
    asked = client.post(address)
    assert asked.status_code == 200
    answer = client.post(address, {"action": "submit", "sure": asked.context["sure"]})
    assert answer["Location"] == f"/staff/files/{upload.pk}/"
    return client.get(answer["Location"]).text


def states() -> dict[str, str]:
    return dict(PollingStation.objects.values_list("number", "publication"))


def test_drafts_of_a_file_are_handed_in_from_its_page(desk: Client, election: Election) -> None:
    """Those of the file and no others, after a page that counts them; by whoever may hand in stations.

    Red when: `_drafts` asks for every draft, and when the view does not require the right to change.
    """
    make_station(election=election, number="77", publication="draft")
    upload = bring_and_apply(desk, election, NUMBERED)
    assert "Hand in 3 polling stations for publication" in desk.get(f"/staff/files/{upload.pk}/").text
    address = f"/staff/files/{upload.pk}/hand-in/?kind=station"
    asked = desk.post(address)
    assert (asked.context["count"], states()["1"]) == (3, "draft")
    assert desk.get(address)["Location"] == f"/staff/files/{upload.pk}/"
    auditor = Client()
    auditor.force_login(make_account(Role.AUDITOR))
    assert auditor.post(address, {"sure": asked.context["sure"]}).status_code == 403
    assert "Hand in 3" not in auditor.get(f"/staff/files/{upload.pk}/").text
    page = handed_in(desk, upload)
    assert "3 polling stations wait for a publisher now." in page
    assert "for publication</button>" not in page
    assert states() == {"1": "submitted", "2": "submitted", "3": "submitted", "77": "draft"}
    assert desk.post(address).status_code == 404


def test_what_was_handed_in_is_taken_back_with_its_file(desk: Client, election: Election) -> None:
    """A record that was there before and the file changed is a draft again, with its old values; the page said so.

    Red when: a step counts as a change (`_IS_STEP` is false), and when take_back leaves the submission as it is.
    """
    known = make_station(
        election=election, country_id="DE", city="Berlin", host_mission="", number="1", address="",
        publication="draft", timezone_id="Europe/Berlin",
    )  # fmt: skip
    bring(desk, election, NUMBERED)
    upload = Upload.objects.get()
    post(desk, upload, "check")
    assert (upload.counts["new"], upload.counts["changed"]) == (2, 1)
    assert "waits for a publisher" not in post(desk, upload, "apply", sure="yes")
    handed_in(desk, upload)
    PollingStation.objects.filter(pk=known.pk).update(publication=Publication.SUBMITTED)
    page = desk.get(f"/staff/files/{upload.pk}/").text
    assert "3 records of it wait for a publisher: they are taken back from there as well." in page
    post(desk, upload, "undo", sure="yes")
    assert (upload.state, upload.problem) == ("undone", "")
    known.refresh_from_db()
    assert (states(), known.address) == ({"1": "draft"}, "")
    assert list(verify()) == []


def test_what_is_public_is_named_and_withdrawn_first(desk: Client, election: Election) -> None:
    """Red when: take_back does not ask what is public (the public loses a station without anybody's step)."""
    upload = bring_and_apply(desk, election, NUMBERED)
    handed_in(desk, upload)
    public = PollingStation.objects.get(number="2")
    PollingStation.objects.filter(pk=public.pk).update(publication=Publication.PUBLISHED)
    page = desk.get(f"/staff/files/{upload.pk}/").text
    assert "1 record of this file is public. Whoever publishes withdraws it first" in page
    assert f'<li><a href="/staff/stations/pollingstation/{public.pk}/change/">{public}</a></li>' in page
    assert 'value="undo"' not in page
    page = post(desk, upload, "undo", sure="yes")
    assert upload.state == "applied"
    assert f"Not undone: these are public, and have to be withdrawn first: {public}." in page
    PollingStation.objects.filter(pk=public.pk).update(publication=Publication.WITHDRAWN)
    post(desk, upload, "undo", sure="yes")
    assert (upload.state, states()) == ("undone", {})


def test_a_correction_of_what_was_handed_in_stands_in_the_way(desk: Client, election: Election) -> None:
    """Also where it was saved with the step. Red when: whatever changes the publication counts as a step."""
    upload = bring_and_apply(desk, election, NUMBERED)
    PollingStation.objects.filter(number="3").update(publication=Publication.SUBMITTED, address="By hand")
    page = post(desk, upload, "undo", sure="yes")
    assert "Not undone: changed since then were Rome 3" in page
    assert (upload.state, len(states())) == ("applied", 3)


def test_what_a_file_lacks_stays_and_its_page_says_so(desk: Client, election: Election) -> None:
    """Red without the sentence."""
    bring_and_apply(desk, election, NUMBERED)
    bring(desk, election, "\n".join(NUMBERED.splitlines()[:2]))
    upload = Upload.objects.latest("pk")
    page = post(desk, upload, "check")
    words = "missing from the file stay in the register as they are, unless you have them cancelled below."
    assert f"The 2 records that are {words}" in page
    Upload.objects.filter(pk=upload.pk).update(counts=upload.counts | {"missing": 1, "bad": 1})
    page = desk.get(f"/staff/files/{upload.pk}/").text
    assert "The 1 record that is missing from the file stays in the register as it is.</p>" in page
