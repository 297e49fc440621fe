"""The database knows who acts, for one transaction and no longer."""

import pytest
from django.db import connection, transaction

from tracker.core.identity import SETTINGS, Identity, acting, give_reason

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
