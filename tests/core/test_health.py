"""Readiness tells the truth about the database, and keeps its secrets."""

import pytest
from django.db import connection
from django.test import Client


@pytest.mark.django_db(transaction=True)
def test_readyz_says_503_while_the_database_does_not_answer(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nonexistent-secret-place")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert b"secret" not in response.content
    assert client.get("/healthz").status_code == 200
    monkeypatch.undo()
    connection.close()
    assert client.get("/readyz").status_code == 200
