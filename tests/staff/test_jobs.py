"""The screens of jobs: who sees which, starting, stopping, beginning again."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import make_account, make_administrator, make_election, make_job
from tracker.core.jobs import run_job
from tracker.core.models import Job
from tracker.core.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(make_administrator())
    return client


def test_counting_is_asked_for_done_and_told(administrator: Client) -> None:
    make_election()
    answer = administrator.post("/staff/jobs/")
    (job,) = Job.objects.all()
    assert (answer.status_code, answer["Location"]) == (302, f"/staff/jobs/{job.pk}/")
    waiting = administrator.get(answer["Location"])
    assert "No worker is set up here" in waiting.text
    assert 'data-refresh="2"' in waiting.text
    run_job(job.pk)
    done = administrator.get(answer["Location"]).text
    assert "1 elections counted, 1 edition published." in done
    assert 'data-refresh="15"' in done
    assert "1 elections counted, 1 edition published." in administrator.get("/staff/jobs/").text


def test_progress_says_done_of_and_how_long_still(administrator: Client) -> None:
    job = make_job(
        state="running", done=250, total=1000, attempts=1,
        started_at="2024-02-07T09:00:00Z", heartbeat_at="2024-02-07T09:00:10Z",
    )  # fmt: skip
    page = administrator.get(f"/staff/jobs/{job.pk}/").text
    assert '<progress aria-label="Progress" value="250" max="1000">' in page
    assert "250 of 1,000" in page
    assert "about 30 seconds left" in page


def test_stop_and_begin_again(administrator: Client) -> None:
    job = make_job()
    administrator.post(f"/staff/jobs/{job.pk}/", {"do": "cancel"})
    job.refresh_from_db()
    assert job.state == "cancelled"
    again = administrator.post(f"/staff/jobs/{job.pk}/", {"do": "cancel"}, follow=True)
    assert [str(message) for message in again.context["messages"]] == ["This job has ended already."]
    administrator.post(f"/staff/jobs/{job.pk}/", {"do": "retry"})
    job.refresh_from_db()
    assert job.state == "waiting"


def test_people_see_their_own_jobs_and_with_the_permission_all(client: Client) -> None:
    officer = make_account(Role.OFFICER)
    mine, other = make_job(requested_by=officer), make_job()
    client.force_login(officer)
    assert client.get("/staff/jobs/").context["rows"].paginator.count == 1
    assert client.get(f"/staff/jobs/{mine.pk}/").status_code == 200
    assert client.get(f"/staff/jobs/{other.pk}/").status_code == 404
    assert client.post("/staff/jobs/").status_code == 403
    assert client.post(f"/staff/jobs/{other.pk}/", {"do": "cancel"}).status_code == 404
    officer.roles += [Role.AUDITOR]
    officer.save()
    officer.refresh_from_db()
    client.force_login(officer)  # with another role a session ends
    assert client.get("/staff/jobs/").context["rows"].paginator.count == 2
    assert client.post(f"/staff/jobs/{other.pk}/", {"do": "cancel"}).status_code == 403
    client.logout()
    assert client.get("/staff/jobs/")["Location"] == "/staff/login/?next=/staff/jobs/"


def test_the_first_page_names_the_jobs_once(client: Client) -> None:
    """Red when: the table of jobs stands beside their screen again, under a name of its own."""
    for account, whole in ((make_account(Role.ADMINISTRATOR), True), (make_account(Role.DESK), False)):
        client.force_login(account)
        links = re.findall(r'<a href="([^"]+)"[^>]*>(Jobs[^<]*)</a>', client.get("/staff/").content.decode())
        assert set(links) == {("/staff/jobs/", "Jobs")}
        page = client.get("/staff/jobs/").content.decode()
        assert ('<a href="/staff/core/job/">Search all jobs</a>' in page) is whole


def test_the_list_asks_as_much_for_three_as_for_one(administrator: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            administrator.get("/staff/jobs/")
        return len(captured)

    make_job(requested_by=make_administrator())
    queries()
    one = queries()
    make_job(requested_by=make_administrator()), make_job(requested_by=make_administrator())
    assert queries() == one
