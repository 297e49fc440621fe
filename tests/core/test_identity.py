"""The database knows who acts, for one transaction and no longer."""

import pytest
from django.db import DataError, connection, transaction
from django.http import Http404, HttpResponse
from django.urls import resolve, reverse

from tests import factories as make
from tracker.core.identity import SETTINGS, Identity, acting, give_reason, speaking
from tracker.core.middleware import IdentityMiddleware, in_one_moment
from tracker.core.models import Source

CLARA = Identity(user=7, origin="request", request="r-1", reason="typed twice")


def settings() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}', true)" for name in SETTINGS))
        return [value or "" for value in cursor.fetchone()]


@pytest.mark.django_db(transaction=True)
def test_settings_end_with_the_transaction_on_the_same_connection():
    with acting(CLARA):
        assert settings() == ["7", "request", "r-1", "typed twice"]
    assert settings() == ["", "", "", ""]


@pytest.mark.django_db
def test_an_inner_identity_speaks_while_it_lasts():
    with acting(CLARA):
        with acting(Identity(origin="job 3")):
            assert settings() == ["", "job 3", "", ""]
        assert settings() == ["7", "request", "r-1", "typed twice"]


@pytest.mark.django_db
def test_an_error_inside_takes_its_identity_with_it():
    with acting(CLARA):
        with pytest.raises(ValueError, match="away"), acting(Identity(user=8)):
            raise ValueError("away")
        assert settings() == ["7", "request", "r-1", "typed twice"]


@pytest.mark.django_db(transaction=True)
def test_a_reason_is_given_for_the_rest_of_the_transaction():
    with transaction.atomic():
        give_reason("a slip of the pen")
        assert settings()[3] == "a slip of the pen"
    assert settings()[3] == ""


@pytest.mark.django_db
def test_a_job_speaks_for_whoever_asked_and_then_no_more():
    with speaking(Identity(user=7, origin="job 3")):
        assert settings() == ["7", "job 3", "", ""]
        with acting(CLARA):
            assert settings() == ["7", "request", "r-1", "typed twice"]
        assert settings() == ["7", "job 3", "", ""]
    assert settings() == ["", "", "", ""]


@pytest.mark.django_db
def test_a_view_runs_in_the_name_of_who_is_signed_in(rf):
    account = make.make_account()
    request = rf.get("/staff/")
    request.user = account
    middleware = IdentityMiddleware(lambda request: HttpResponse())
    middleware(request)
    response = middleware.process_view(request, lambda request: HttpResponse(" ".join(settings())), (), {})
    assert response.content.decode() == f"{account.pk} request {request.mark} "


@pytest.mark.django_db
def test_what_a_failing_view_saved_is_not_kept(rf):
    request = rf.get("/staff/")
    request.user = make.make_account()

    def view(request):
        make.make_source()
        raise Http404

    with pytest.raises(Http404):
        IdentityMiddleware(lambda request: HttpResponse()).process_view(request, view, (), {})
    assert not Source.objects.exists()


def isolation(request=None) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        return HttpResponse(cursor.fetchone()[0])


def answer(rf, path: str, view) -> str:
    request = rf.get(path)
    request.user = make.make_account()
    middleware = IdentityMiddleware(lambda request: HttpResponse())
    return middleware.process_view(request, view, (), {}).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_public_page_and_a_view_that_asks_for_it_see_one_moment(rf):
    assert answer(rf, "/en/", isolation) == "repeatable read"
    assert answer(rf, "/staff/", isolation) == "read committed"
    assert answer(rf, "/staff/", in_one_moment(lambda request: isolation())) == "repeatable read"
    # The screen that publishes figures is one, behind all that the staff site puts around it.
    screen = resolve(reverse("admin:publishing_election", args=["any"])).func
    assert screen.one_moment


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("state", "times"), [("40001", 2), ("22000", 1)])
def test_who_was_overtaken_begins_again_and_nobody_else(rf, state, times):
    seen = []

    @in_one_moment
    def view(request):
        seen.append(request)
        if len(seen) == 1:
            with connection.cursor() as cursor:
                cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'overtaken' USING ERRCODE = '{state}'; END $$")
        return HttpResponse("done")

    if times == 2:
        assert answer(rf, "/staff/", view) == "done"
    else:
        with pytest.raises(DataError):
            answer(rf, "/staff/", view)
    assert len(seen) == times
