from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections
from django.http import HttpResponse
from django.test import Client

from tests.conftest import ALL_DATABASES, raw_rows
from tests.pages import seen

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)

PASSWORD = "olga-runs-this-place"


def attempt(path: str = "/login/", *, name: str = "olga", password: str = "wrong", address: str = "") -> HttpResponse:
    data = {"username": name, "password": password, "next": "/"}
    return Client(REMOTE_ADDR=address or "203.0.113.9").post(path, data)  # type: ignore[return-value]


@pytest.fixture
def locked(operator: User) -> None:
    for _ in range(4):
        assert attempt().status_code == 200
    assert attempt().status_code == 429


@pytest.mark.parametrize("path", ["/login/", "/admin/login/"])
def test_after_five_failures_even_the_right_password_has_to_wait(locked: None, path: str) -> None:
    response = attempt(path, password=PASSWORD)
    assert response.status_code == 429
    assert 800 < int(response["Retry-After"]) <= 900
    page = seen(response)
    assert "Too many tries" in page
    assert "Try again in 15 minutes" in page
    assert "olga" not in page


def test_guessing_at_the_admins_door_counts_as_well(operator: User) -> None:
    assert [attempt("/admin/login/").status_code for _ in range(5)] == [200, 200, 200, 200, 429]


def test_the_pause_ends_and_trying_on_does_not_move_its_end(locked: None) -> None:
    for row in AccessAttempt.objects.all():
        AccessAttempt.objects.filter(pk=row.pk).update(attempt_time=row.attempt_time - timedelta(minutes=14))
    response = attempt(password=PASSWORD)
    assert response.status_code == 429
    assert int(response["Retry-After"]) <= 60
    for row in AccessAttempt.objects.all():
        AccessAttempt.objects.filter(pk=row.pk).update(attempt_time=row.attempt_time - timedelta(minutes=1))
    assert attempt(password=PASSWORD).status_code == 302


def test_nobody_else_and_no_other_place_is_locked_out(locked: None, alice: User) -> None:
    assert attempt(name="alice", password="alice-knows-this").status_code == 302
    assert attempt(password=PASSWORD, address="198.51.100.7").status_code == 302


def test_a_login_that_works_forgets_the_failures_before(operator: User) -> None:
    for _ in range(2):
        assert [attempt().status_code for _ in range(4)] == [200] * 4
        assert attempt(password=PASSWORD).status_code == 302


def test_another_browser_is_no_way_around(locked: None) -> None:
    client = Client(REMOTE_ADDR="203.0.113.9", headers={"user-agent": "another"})
    assert client.post("/login/", {"username": "olga", "password": PASSWORD}).status_code == 429


def test_a_name_that_does_not_exist_is_treated_the_same(db: None) -> None:
    assert [attempt(name="nobody").status_code for _ in range(5)] == [200, 200, 200, 200, 429]


def test_neither_name_nor_password_is_in_a_log_line_or_a_stored_form(
    operator: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for _ in range(6):
            attempt(password="typed-in-haste")
    assert "AXES" in caplog.text
    assert "olga" not in caplog.text
    assert "typed-in-haste" not in caplog.text
    row = AccessAttempt.objects.get()
    assert "typed-in-haste" not in row.post_data
    assert "olga" not in row.post_data


def test_a_password_typed_into_the_field_of_the_name_is_stored_nowhere(db: None) -> None:
    for name in (PASSWORD, f" {PASSWORD}", f"{PASSWORD}\n"):
        attempt(name=name)
    assert AccessAttempt.objects.exists()
    assert not any(PASSWORD in row for alias in ALL_DATABASES for row in raw_rows(alias))


def test_behind_a_unix_socket_the_brake_holds(operator: User) -> None:
    """There the address is empty, which django-axes would count nothing for."""
    client = Client(REMOTE_ADDR="")
    data = {"username": "olga", "password": "wrong"}
    assert [client.post("/login/", data).status_code for _ in range(6)] == [200, 200, 200, 200, 429, 429]
    assert client.post("/login/", {**data, "password": PASSWORD}).status_code == 429


def test_an_ipv6_client_is_its_network(operator: User) -> None:
    """It has 2^64 addresses to guess from."""
    answers = [attempt(address=f"2001:db8:1:2:{number:x}::{number:x}").status_code for number in range(1, 7)]
    assert answers == [200, 200, 200, 200, 429, 429]
    assert attempt(address="2001:db8:1:3::1", password=PASSWORD).status_code == 302


def test_ipv4_in_ipv6_is_the_ipv4_client(operator: User) -> None:
    answers = [attempt(address=address).status_code for address in ["203.0.113.9", "::ffff:203.0.113.9"] * 3]
    assert answers == [200, 200, 200, 200, 429, 429]
    assert attempt(address="::ffff:203.0.113.10", password=PASSWORD).status_code == 302


def test_an_operator_lets_a_name_in_again(locked: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("unlock_login", "somebody-else")
    assert attempt(password=PASSWORD).status_code == 429
    call_command("unlock_login", "olga")
    assert attempt(password=PASSWORD).status_code == 302


def test_failures_are_kept_in_the_default_database_alone() -> None:
    holders = {
        alias for alias in ALL_DATABASES if "axes_accessattempt" in connections[alias].introspection.table_names()
    }
    assert holders == {"default"}
