"""The reference tables and the first administrator."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import translation

from tracker.core.models import Country, TimeZone, User, localized, published_condition
from tracker.core.reference import sync_reference_tables
from tracker.elections.models import Election
from tracker.missions.models import Statement

pytestmark = pytest.mark.django_db


def test_countries_and_zones_are_there_after_migrating() -> None:
    assert Country.objects.count() == 249
    assert TimeZone.objects.filter(name__in=["Asia/Almaty", "Europe/Kyiv", "Europe/Kiev", "UTC"]).count() == 4


def test_syncing_again_mends_names_and_removes_nothing() -> None:
    Country.objects.filter(iso2="AZ").update(name_en="Somewhere")
    TimeZone.objects.filter(name="UTC").delete()
    TimeZone.objects.create(name="Old/Zone")
    sync_reference_tables(using="default")
    assert Country.objects.get(iso2="AZ").name_en == "Azerbaijan"
    assert TimeZone.objects.filter(name__in=["UTC", "Old/Zone"]).count() == 2


@pytest.mark.parametrize(
    ("language", "name"), [("en", "Germany"), ("az", "Almaniya"), ("ru", "Германия"), ("de", "Germany")]
)
def test_country_names_follow_the_language(language: str, name: str) -> None:
    with translation.override(language):
        assert Country.objects.get(iso2="DE").name == name


def test_localized_falls_back_to_english() -> None:
    election = Election(name="Election", name_ru="Выборы")
    with translation.override("ru"):
        assert localized(election, "name") == "Выборы"
    with translation.override("az"):
        assert localized(election, "name") == "Election"


def test_a_statement_is_public_only_with_all_above_it() -> None:
    condition = str(published_condition(Statement))
    for key in (
        "publication",
        "mission__publication",
        "mission__election__publication",
        "mission__organization__publication",
    ):
        assert f"'{key}'" in condition


def test_first_administrator_is_made_once_and_can_sign_in() -> None:
    out = StringIO()
    call_command("create_administrator", stdout=out)
    password = out.getvalue().split("password ")[1].split()[0]
    user = User.objects.get(username="admin")
    assert user.check_password(password)
    assert user.is_superuser
    out = StringIO()
    call_command("create_administrator", stdout=out)
    assert out.getvalue() == ""
    assert User.objects.count() == 1


def test_the_first_administrator_takes_nobody_s_account() -> None:
    User.objects.create_user("admin", password="mine")
    User.objects.create_user("admin2", password="mine", is_superuser=True, is_active=False)
    out = StringIO()
    call_command("create_administrator", stdout=out)
    assert "user name admin3, password " in out.getvalue()
    ordinary = User.objects.get(username="admin")
    assert ordinary.check_password("mine")
    assert not ordinary.is_superuser
    assert User.objects.get(username="admin3").is_superuser
