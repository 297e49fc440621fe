"""Cases D1 and D4 where two people, or two workers, are at one brought file."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests import factories as make
from tests.public.pages import text_of
from tests.trust.test_concurrency import together
from tracker.core.history.models import ChangedRow
from tracker.core.jobs import run_job
from tracker.core.models import Job
from tracker.core.roles import Role
from tracker.database_roles import WORKER
from tracker.ingest.models import Answer, Upload
from tracker.ingest.uploads import actions
from tracker.stations.models import PollingStation

CONTENT = b"number,city,country,street\n1,Rome,Nowhereland,Via 1\n2,Bern,Nowhereland,Gasse 2\n"
QUESTION = ["country", "Nowhereland", "", []]


def signed_in() -> Client:
    client = Client()
    client.force_login(make.make_account(Role.DESK))
    return client


@pytest.fixture
def anna() -> Client:
    return signed_in()


@pytest.fixture
def clara() -> Client:
    return signed_in()


@pytest.fixture
def upload() -> Upload:
    rules = {name: {"columns": [name]} for name in ("number", "city")}
    mapping = {"version": 1, "kind": "stations", "language": "", "day_first": None, "rules": rules}
    return make.make_upload(
        kind="stations",
        content=CONTENT,
        counts={"rows": 1, "questions": [QUESTION]},
        mapping={"mapping": mapping},
    )


def opened(client: Client, upload: Upload) -> dict[str, Any]:
    """The form of how the file is read, as a browser would send it."""
    return sent_of(client.get(f"/staff/files/{upload.pk}/reading/"))


def sent_of(page: Any) -> dict[str, Any]:
    forms = page.context["forms"]
    values = {
        "do": "look", "_opened": page.context["opened"], "source": forms.source, "language": forms.language,
        "day_first": {True: "yes", False: "no", None: ""}[forms.day_first],
    }  # fmt: skip
    for line in forms.lines:
        for bound in line:
            value = bound.value()
            if bound.name != "ranges" or value:
                values[bound.html_name] = "" if value is None else value
    return values


def save(client: Client, upload: Upload, sent: dict[str, Any]) -> Any:
    return client.post(f"/staff/files/{upload.pk}/reading/", sent)


def read_so(upload: Upload) -> tuple[str, dict[str, Any]]:
    """The source, and the columns by what they fill."""
    upload.refresh_from_db()
    rules = upload.mapping["mapping"]["rules"]
    return upload.mapping.get("source", ""), {name: rule["columns"] for name, rule in rules.items()}


@pytest.mark.django_db
def test_d1_the_second_who_says_how_a_file_is_read_is_shown_both(anna, clara, upload) -> None:
    """Red when: `check_seen` in ingest/uploads/actions.py does not compare."""
    first, second = opened(anna, upload), opened(clara, upload)
    assert save(anna, upload, first | {"source": "https://anna.example/"}).status_code == 302
    page = save(clara, upload, second | {"source": "https://clara.example/"})
    assert page.status_code == 409
    text = text_of(page.content.decode())
    assert "Somebody else said meanwhile how this file is read" in text
    assert "Page it comes from - https://anna.example/ https://clara.example/" in text
    assert f"Last changed by {anna.get('/staff/').context['user']} at " in text
    assert page.context["forms"].source == "https://clara.example/"
    assert read_so(upload)[0] == "https://anna.example/"
    # Having seen it, Clara may decide.
    assert save(clara, upload, sent_of(page)).status_code == 302
    assert read_so(upload)[0] == "https://clara.example/"


@pytest.mark.django_db
def test_d1_what_others_said_is_filled_in_where_nothing_was_chosen(anna, clara, upload) -> None:
    """Red when: `chosen_over` in staff/upload_mapping.py keeps every line as it came."""
    first, second = opened(anna, upload), opened(clara, upload)
    assert save(anna, upload, first | {"address-column": "street"}).status_code == 302
    page = save(clara, upload, second | {"source": "https://clara.example/"})
    assert page.status_code == 409
    assert "address - street unchanged" in text_of(page.content.decode())
    line = next(one for one in page.context["forms"].lines if one.target == "address")
    assert line["column"].value() == "street"
    assert save(clara, upload, sent_of(page)).status_code == 302
    assert read_so(upload) == (
        "https://clara.example/", {"number": ["number"], "city": ["city"], "address": ["street"]},
    )  # fmt: skip


@pytest.mark.django_db
def test_d1_another_row_of_the_header_is_a_change_too(anna, clara, upload) -> None:
    """Red when: `reading_of` in ingest/uploads/actions.py leaves out sheet and row; or `set_table` asks nothing."""
    first, second, third = opened(anna, upload), opened(clara, upload), opened(clara, upload)
    table = {"do": "table", "sheet": "", "_opened": first["_opened"]}
    assert save(anna, upload, table | {"header_row": "2"}).status_code == 302
    page = save(clara, upload, second | {"source": "https://clara.example/"})
    assert page.status_code == 409
    assert "Row of the header 1 2 unchanged" in text_of(page.content.decode())
    page = save(clara, upload, table | {"header_row": "1", "_opened": third["_opened"]})
    assert page.status_code == 409
    upload.refresh_from_db()
    assert (upload.header_row, upload.mapping.get("source", "")) == (2, "")


@pytest.mark.django_db
@pytest.mark.parametrize("shown", [None, "", "[]", "{}", '{"mapping": 1}'])
def test_d1_a_reading_that_does_not_say_what_it_showed_overwrites_nothing(anna, clara, upload, shown) -> None:
    """Red when: the view hands `set_mapping` None for a form that does not say it."""
    assert save(anna, upload, opened(anna, upload) | {"source": "https://anna.example/"}).status_code == 302
    sent = {name: value for name, value in opened(clara, upload).items() if name != "_opened"}
    sent |= {"source": "https://clara.example/"} | ({} if shown is None else {"_opened": shown})
    page = save(clara, upload, sent)
    assert page.status_code == 409
    assert read_so(upload)[0] == "https://anna.example/"


@pytest.mark.django_db(transaction=True)
def test_d1_of_two_who_say_it_at_once_one_is_refused() -> None:
    """Twenty rounds. Red when: `check_seen` in ingest/uploads/actions.py does not lock the row."""
    rules = {"number": {"columns": ["number"]}}
    mapping = {"version": 1, "kind": "stations", "language": "", "day_first": None, "rules": rules}
    found = make.make_upload(
        kind="stations", content=CONTENT, counts={"rows": 1}, mapping={"mapping": mapping}
    )
    clients = [signed_in(), signed_in()]
    for _round in range(20):
        forms = [
            opened(client, found) | {"source": f"https://{n}.example/{_round}"}
            for n, client in enumerate(clients)
        ]
        pages = together(2, lambda number, forms=forms: save(clients[number], found, forms[number]))
        assert sorted(page.status_code for page in pages) == [302, 409]
        (kept,) = [forms[number]["source"] for number, page in enumerate(pages) if page.status_code == 302]
        assert read_so(found)[0] == kept


@pytest.mark.django_db
def test_d1_the_second_answer_to_a_question_is_refused_with_both(anna, clara, upload) -> None:
    """Red when: `answer_questions` in ingest/uploads/actions.py does not ask what is known."""
    path = f"/staff/files/{upload.pk}/questions/"
    pages = [client.get(path).context for client in (anna, clara)]
    name = f"typed-{pages[0]['questions'][0]['mark']}"
    assert anna.post(path, {name: "KZ", "_opened": pages[0]["opened"]}).status_code == 302
    # It was checked again since, and is asked no more.
    Upload.objects.filter(pk=upload.pk).update(counts={"rows": 1}, state="checked")
    page = clara.post(path, {name: "IT", "_opened": pages[1]["opened"]})
    assert page.status_code == 409
    assert "“Nowhereland” - KZ IT" in text_of(page.content.decode())
    assert f'name="{name}" value="IT"' in page.content.decode()
    assert list(Answer.objects.values_list("text", "value")) == [("nowhereland", "KZ")]
    # Having seen it, Clara may decide.
    assert clara.post(path, {name: "IT", "_opened": page.context["opened"]}).status_code == 302
    assert Answer.objects.get().value == "IT"


@pytest.mark.django_db
def test_d1_two_who_answer_alike_are_not_in_each_other_s_way(anna, clara, upload) -> None:
    """Red when: `answer_questions` refuses whoever finds any answer."""
    path = f"/staff/files/{upload.pk}/questions/"
    pages = [client.get(path).context for client in (anna, clara)]
    name = f"typed-{pages[0]['questions'][0]['mark']}"
    for client, page in zip((anna, clara), pages, strict=True):
        Upload.objects.filter(pk=upload.pk).update(state="checked")
        assert client.post(path, {name: "KZ", "_opened": page["opened"]}).status_code == 302
    assert Answer.objects.get().value == "KZ"


@pytest.mark.django_db
def test_d1_an_answer_that_was_given_anew_is_not_forgotten_unseen(anna, clara) -> None:
    """Red when: `forget_answer` in ingest/uploads/actions.py does not compare."""
    answer = Answer.objects.create(topic="country", text="nowhereland", context="", value="KZ")
    page = clara.get("/staff/files/remembered/").text
    assert '<input type="hidden" name="seen" value="KZ">' in page
    Answer.objects.filter(pk=answer.pk).update(value="IT")
    told = clara.post("/staff/files/remembered/", {"answer": answer.pk, "seen": "KZ"}, follow=True)
    assert "“nowhereland” means “IT” by now" in told.text
    assert Answer.objects.get().value == "IT"
    clara.post("/staff/files/remembered/", {"answer": answer.pk, "seen": "IT"})
    assert not Answer.objects.exists()


@pytest.mark.django_db
def test_d1_what_is_known_of_a_file_otherwise_is_not_lost_with_a_reading(anna, upload) -> None:
    """Red when: `set_mapping` writes the mapping as it was read before it waited for its turn."""
    sent = opened(anna, upload)
    stale = Upload.objects.get(pk=upload.pk)
    Upload.objects.filter(pk=upload.pk).update(mapping=upload.mapping | {"choices": [["1", "city", True]]})
    seen = json.loads(sent["_opened"])
    mapping = actions.Mapping.from_json(seen["mapping"])
    actions.set_mapping(by=make.make_administrator(), upload=stale, mapping=mapping, source="", seen=seen)
    upload.refresh_from_db()
    assert upload.mapping["choices"] == [["1", "city", True]]


# --- D4

STATIONS = "number,city,country,address,source_url\n" + "".join(
    f"{number},City {number},Italy,Street {number},https://example.org/\n" for number in range(1, 31)
)


def work(job: Job) -> bool:
    """Do a job as the worker does it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {WORKER}")
    try:
        return run_job(job.pk)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


@pytest.mark.django_db(transaction=True)
def test_d4_one_file_brought_twice_is_written_once_by_two_workers_at_once() -> None:
    """Five rounds; in each, both files are checked before either is written.

    Red when: `hold` in ingest/uploads/recording.py takes no lock.
    """
    desk, election = make.make_administrator(), make.make_election()
    for number in range(5):
        # What is new in the first round is changed in the next.
        content = STATIONS.replace("Street", f"Road {number} house").encode()
        uploads = [
            actions.receive_upload(
                by=desk, election=election, kind="stations", name="list.csv", content=content
            )
            for _ in range(2)
        ]
        for upload in uploads:
            assert work(actions.ask_check(by=desk, upload=upload))
            upload.refresh_from_db()
            assert (upload.state, upload.problem) == ("checked", "")
        jobs = [actions.ask_apply(by=desk, upload=upload) for upload in uploads]
        assert together(2, lambda place, jobs=jobs: work(jobs[place])) == [True, True]
        assert PollingStation.objects.filter(election=election).count() == 30
        for upload in uploads:
            upload.refresh_from_db()
        # The second found the register other than it was looked at, or wrote what is there already: never twice.
        assert "applied" in {upload.state for upload in uploads}
        before = ChangedRow.objects.count()
        late = actions.receive_upload(
            by=desk, election=election, kind="stations", name="list.csv", content=content
        )
        assert work(actions.ask_check(by=desk, upload=late))
        late.refresh_from_db()
        assert late.counts.get("unchanged") == 30
        assert ChangedRow.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_d4_one_file_is_written_by_one_of_two_workers() -> None:
    """Red when: `run_job` in core/jobs.py does not ask for its lock."""
    desk, election = make.make_administrator(), make.make_election()
    upload = actions.receive_upload(
        by=desk, election=election, kind="stations", name="list.csv", content=STATIONS.encode()
    )
    work(actions.ask_check(by=desk, upload=upload))
    upload.refresh_from_db()
    job = actions.ask_apply(by=desk, upload=upload)
    assert sorted(together(2, lambda _number: work(job))) == [False, True]
    upload.refresh_from_db()
    assert (upload.state, PollingStation.objects.filter(election=election).count()) == ("applied", 30)
