from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from tests.conftest import ALL_DATABASES, SECRET

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.fixture
def page(alices: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """The error page of DEBUG for a form whose handling broke, below our own frames and Django's."""

    def broken(form: object) -> None:
        kept = SECRET  # noqa: F841  # a variable of a frame that is not one of our modules'
        raise RuntimeError("database is locked")

    settings.DEBUG = True
    settings.CELERY_BROKER_URL = f"redis://:{SECRET}@broker"
    monkeypatch.setattr("config.site.forms.ProfileForm.clean", broken, raising=False)
    alices.raise_request_exception = False
    response = alices.post("/profile/", {"first_name": SECRET, "email": ""})
    assert response.status_code == 500
    return response.content.decode()


def test_it_says_where_something_failed(page: str) -> None:
    assert "database is locked" in page
    assert "site/views.py" in page
    assert "first_name" in page


def test_it_shows_no_posted_value_no_variable_and_no_password_of_an_address(page: str) -> None:
    assert SECRET not in page
