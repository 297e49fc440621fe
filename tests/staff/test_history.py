"""Who sees which history on the screens, and what they say."""

import csv
import html
import re
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from tests import factories as make
from tests.public.pages import text_of
from tracker.core.history.models import ChangedRow
from tracker.core.identity import Identity, acting
from tracker.core.models import Source, User
from tracker.core.roles import Role
from tracker.missions.models import Organization, Person, PersonReading
from tracker.stations.models import PollingStation

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(make.make_administrator(username="clara"))
    return client


def sign_in(client: Client, *roles: str) -> User:
    account = make.make_account(*roles)
    client.force_login(account)
    return account


def of(record: object) -> str:
    options = record._meta  # type: ignore[attr-defined]
    return reverse(f"admin:{options.app_label}_{options.model_name}_history", args=[record.pk])  # type: ignore[attr-defined]


def test_the_history_of_a_record_tells_who_changed_what_through_a_form(administrator: Client) -> None:
    source = make.make_source(title="One")
    fields = {
        "publisher": "Trend",
        "title": "Two",
        "url": source.url,
        "published_on": "2024-02-06",
        "notes": "",
    }
    change = reverse("admin:core_source_change", args=[source.pk])
    form = administrator.get(change)
    hidden = {
        name: form.context[name[1:]] for name in ("_opened", "_submission") if form.context.get(name[1:])
    }
    assert administrator.post(change, fields | hidden).status_code == 302
    said = text_of(administrator.get(of(source)).content.decode())
    assert "Source" in said
    assert "Trend, Two, 2024-02-06 changed: title" in said
    assert "clara · a page of this site" in said
    assert "Title before: One → after: Two" in said
    assert not LogEntry.objects.exists()
    assert "What you changed last" in administrator.get(reverse("admin:index")).content.decode()


def test_a_deleted_record_keeps_its_history_for_auditors_alone(administrator: Client, client: Client) -> None:
    source = make.make_source(title="Gone")
    path = of(source)
    source.delete()
    assert "Gone" in administrator.get(path).content.decode()
    sign_in(client, Role.DESK)
    assert client.get(path).status_code == 404


def test_whoever_may_not_see_a_record_does_not_see_its_history(client: Client) -> None:
    source = make.make_source()
    sign_in(client, Role.ADMINISTRATOR)
    assert client.get(of(source)).status_code == 404
    sign_in(client, Role.DESK)
    assert client.get(of(source)).status_code == 200
    assert client.get("/staff/core/nothing/1/history/").status_code == 404
    assert client.get("/staff/core/source/x/history/").status_code == 404


def test_a_kind_of_record_without_history_says_why(administrator: Client) -> None:
    said = text_of(administrator.get(of(make.country("KZ"))).content.decode())
    assert "This kind of record has no history: it comes with the software" in said


def test_the_search_is_for_auditors(client: Client) -> None:
    sign_in(client, Role.DESK)
    assert client.get(reverse("admin:history")).status_code == 403
    sign_in(client, Role.AUDITOR)
    assert client.get(reverse("admin:history")).status_code == 200


def test_an_auditor_without_the_right_to_see_people_sees_no_personal_value(client: Client) -> None:
    make.make_person(full_name="Canary Person")
    path = reverse("admin:history")
    sign_in(client, Role.AUDITOR)
    page = client.get(path, {"table": "missions_person"}).content.decode()
    assert "personal or secret value" in page
    assert "Canary" not in page
    sign_in(client, Role.AUDITOR, Role.OFFICER)
    assert "Canary Person" in client.get(path, {"table": "missions_person"}).content.decode()
    assert "Canary" not in client.get(path, {"table": "missions_person", "format": "csv"}).content.decode()


def test_a_long_history_is_read_page_by_page(administrator: Client) -> None:
    sources = [str(make.make_source(title=f"Number {n}").pk) for n in range(60)][::-1]
    path, asked = reverse("admin:history"), {"table": "core_source", "kind": "insert"}

    def follow(words: str, page: Any) -> Any:
        found = re.search(rf'<a href="([^"]*)"[^>]*>{words}</a>', page.content.decode())
        assert found, words
        return administrator.get(path + html.unescape(found[1]))

    def shown(page: Any) -> list[str]:
        return [entry.row.key for entry, *_addresses in page.context["entries"]]

    first = administrator.get(path, asked)
    second = follow("Older entries", first)
    third = follow("Older entries", second)
    assert [shown(page) for page in (first, second, third)] == [sources[:25], sources[25:50], sources[50:]]
    assert "60 entries." in first.content.decode()
    assert (first.context["newer"], third.context["older"]) == (None, None)
    assert shown(follow("Newer entries", third)) == sources[25:50]
    assert shown(follow("The latest", third)) == sources[:25]
    again = follow("Newer entries", follow("Newer entries", third))
    assert (shown(again), again.context["newer"]) == (sources[:25], None)


def test_one_box_finds_names_numbers_people_and_requests(administrator: Client) -> None:
    author = make.make_account(Role.DESK, username="d-1", first_name="Leyla", last_name="Aliyeva")
    with acting(Identity(user=author.pk, origin="request", request="mark-77")):
        organization = make.make_organization(name="Former Watch", acronym="FW")
    Organization.objects.filter(pk=organization.pk).update(name="Present Watch")
    gone = make.make_source(publisher="Vanished Agency")
    lost = str(gone.pk)
    gone.delete()
    other = make.make_source(publisher="Somebody else")
    path = reverse("admin:history")

    def found(text: str) -> set[tuple[str, str, str]]:
        page = administrator.get(path, {"q": text})
        assert page.status_code == 200
        return {
            (entry.row.table_name, entry.row.key, entry.row.kind) for entry, *_ in page.context["entries"]
        }

    of_it = {("missions_organization", str(organization.pk), kind) for kind in ("insert", "update")}
    assert found("present wat") == of_it
    assert found("Former Watch") == of_it
    assert found("vanished") == {("core_source", lost, kind) for kind in ("insert", "delete")}
    # What else she brought in at that moment came in her name.
    assert ("missions_organization", str(organization.pk), "insert") in found("leyla ali") & found("mark-77")
    assert ("missions_organization", str(organization.pk), "update") not in found("leyla ali") | found(
        "mark-77"
    )
    assert ("core_source", str(other.pk), "insert") in found(str(other.pk))
    assert found("nobody and nothing") == set()
    assert found("insert") == set()


def test_the_box_does_not_tell_who_is_not_to_be_seen(client: Client) -> None:
    make.make_person(full_name="Canary Person")
    sign_in(client, Role.AUDITOR)
    assert client.get(reverse("admin:history"), {"q": "Canary"}).context["entries"] == []
    sign_in(client, Role.AUDITOR, Role.OFFICER)
    (entry, *_rest) = client.get(reverse("admin:history"), {"q": "Canary"}).context["entries"][0]
    assert entry.name == "Canary Person"


def test_a_record_that_is_there_is_linked_and_one_that_is_gone_is_named(administrator: Client) -> None:
    source, gone = make.make_source(title="Here"), make.make_source(title="Gone")
    lost = gone.pk
    gone.delete()
    page = administrator.get(
        reverse("admin:history"), {"table": "core_source", "kind": "insert"}
    ).content.decode()
    assert f'<a href="{reverse("admin:core_source_change", args=[source.pk])}">' in page
    assert reverse("admin:core_source_change", args=[lost]) not in page
    assert re.search(r"<em>[^<]*Gone[^<]*</em>", page)


def test_a_state_and_a_way_in_can_be_asked_for(administrator: Client) -> None:
    station = make.make_station(publication="draft")
    PollingStation.objects.filter(pk=station.pk).update(publication="published")
    with acting(Identity(origin="job 7")):
        PollingStation.objects.filter(pk=station.pk).update(publication="withdrawn")
    path = reverse("admin:history")
    for asked, deeds in (
        ({"kind": "published"}, ["published"]),
        ({"kind": "withdrawn"}, ["withdrawn from the public"]),
        ({"kind": "update", "origin": "job"}, ["withdrawn from the public"]),
        ({"kind": "update", "origin": "request"}, []),
    ):
        page = administrator.get(path, asked | {"table": "stations_pollingstation"})
        assert [entry.deed for entry, *_ in page.context["entries"]] == deeds, asked


def test_a_search_that_makes_no_sense_says_so(administrator: Client) -> None:
    path = reverse("admin:history")
    page = administrator.get(path, {"account": "nobody"})
    assert page.status_code == 422
    assert "No account has this name." in page.content.decode()
    page = administrator.get(path, {"since": "2024-02-02", "until": "2024-02-01"})
    assert "The last day cannot be before the first." in page.content.decode()
    page = administrator.get(path, {"q": "77777"})
    assert "Nothing fits. Leave out a part of the search" in page.content.decode()


def test_the_export_has_a_line_for_each_field_and_no_formula(administrator: Client) -> None:
    source = make.make_source(title="Old")
    with acting(Identity(user=User.objects.get().pk, origin="request", request="r-1", reason="=cmd()")):
        Source.objects.filter(pk=source.pk).update(title="=1+1", notes="-5")
    answer = administrator.get(reverse("admin:history"), {"kind": "update", "format": "csv"})
    assert answer["Content-Disposition"].startswith('attachment; filename="history-')
    head, *lines = csv.reader(StringIO(answer.content.decode()))
    found = [dict(zip(head, line, strict=True)) for line in lines]
    assert [(one["field"], one["before"], one["after"]) for one in found] == [
        ("Title", "Old", "'=1+1"), ("Notes", "–", "-5"),
    ]  # fmt: skip
    assert (found[0]["name of the account"], found[0]["reason"]) == ("clara", "'=cmd()")
    assert ChangedRow.objects.filter(kind="update").count() == 1


def test_first_page_names_no_person_that_was_changed(client: Client) -> None:
    """Nobody opened the record, so no reading is noted: then no name may stand there."""
    officer = make.make_account(Role.OFFICER)
    person = make.make_person(full_name="Observer Canary")
    client.force_login(officer)
    with acting(Identity(user=officer.pk, origin="request")):
        Person.objects.filter(pk=person.pk).update(notes="x")
    page = client.get(reverse("admin:index")).content.decode()
    assert "What you changed last" in page
    assert "Canary" not in page
    assert not PersonReading.objects.exists()


def test_nothing_is_left_out_however_many_records_fit(administrator: Client) -> None:
    """Red when: `about` follows the first 500 living or former names, in whatever order they come."""
    Source.objects.bulk_create(Source(publisher="Herald", title=f"Living {n}") for n in range(510))
    Source.objects.bulk_create(Source(publisher="Gazette", title=f"Former {n}") for n in range(510))
    Source.objects.filter(publisher="Gazette").update(publisher="Journal")
    for words, entries in (("Herald", 510), ("Gazette", 1020)):
        page = administrator.get(reverse("admin:history"), {"q": words, "table": "core_source"})
        assert page.context["count"] == entries, words
        newest = Source.objects.order_by("-pk").filter(publisher={"Gazette": "Journal"}.get(words, words))
        assert [entry.row.key for entry, *_ in page.context["entries"]] == [
            str(one.pk) for one in newest[:25]
        ], words


def test_a_person_is_first_who_is_called_just_so(administrator: Client) -> None:
    """Red when: `accounts_called` looks for a part of the name at once."""
    ann, joanna = (
        make.make_account(Role.DESK, username="ann"),
        make.make_account(Role.DESK, username="joanna"),
    )
    for account in (ann, joanna):
        with acting(Identity(user=account.pk, origin="request")):
            make.make_source(title=account.username[0].upper())
    with acting(Identity(user=987_654, origin="request")):
        make.make_source(title="Gone")

    def found(**asked: str) -> tuple[list[str], str]:
        page = administrator.get(reverse("admin:history"), {"kind": "insert", "table": "core_source"} | asked)
        said = re.search(r'<p class="history-people">(.*?)</p>', page.content.decode(), re.DOTALL)
        titles = [entry.row.after["title"] for entry, *_ in page.context["entries"]]
        return titles, html.unescape(said[1]) if said else ""

    ann_said = f"ann (no. {ann.pk})."
    for words in ("ann", "ANN", str(ann.pk)):
        for field in ("account", "q"):
            expected = (["A"], f"“{words}” is taken for this account: {ann_said}")
            # A number is that of records as well.
            if (field, words) != ("q", str(ann.pk)):
                assert found(**{field: words}) == expected, (field, words)
    assert found(account="an") == (
        ["J", "A"],
        f"No account is called exactly “an”; 2 have it in their name: {ann_said[:-1]}, joanna (no. {joanna.pk}).",
    )
    assert found(account="987654") == (
        ["Gone"], "“987654” is taken for this account: account 987654, deleted.",
    )  # fmt: skip
    assert found(account="876543") == ([], "")
    assert found() == (["Gone", "J", "A"], "")
