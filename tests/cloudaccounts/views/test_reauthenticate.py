"""The password, entered again before what cannot be taken back."""

from __future__ import annotations

import time
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from cloudaccounts.models import CloudAccount
from cloudaccounts.web import reauthentication
from tests.conftest import ALL_DATABASES, MakeAccount

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
PASSWORD = "alice-knows-this"


@pytest.fixture
def account(alice: User, make_account: MakeAccount) -> CloudAccount:
    return make_account(alice)


def entered(client: Client, seconds_ago: float) -> None:
    session = client.session
    session["password_confirmed_at"] = time.time() - seconds_ago
    session.save()


def confirm(client: Client, password: str = PASSWORD, back: str = "/accounts/") -> Any:
    return client.post("/confirm/", {"password": password, "next": back})


def delete(client: Client, account: CloudAccount) -> Any:
    return client.post(f"/accounts/{account.pk}/delete/", {"confirm": account.name})


def test_who_has_just_signed_in_is_not_asked(account: CloudAccount) -> None:
    client = Client()
    client.post("/login/", {"username": "alice", "password": PASSWORD})
    assert delete(client, account)["Location"] == "/accounts/"


@pytest.mark.parametrize(("seconds", "asked"), [(0, False), (590, False), (601, True), (-5, True)])
def test_the_password_counts_for_ten_minutes(
    alices: Client, account: CloudAccount, seconds: float, asked: bool
) -> None:
    entered(alices, seconds)
    answer = delete(alices, account)
    assert answer["Location"].startswith("/confirm/") == asked
    assert CloudAccount.objects.filter(pk=account.pk).exists() == asked


def test_the_question_itself_comes_after_the_password(alices: Client, account: CloudAccount) -> None:
    entered(alices, 3600)
    answer = alices.get(f"/accounts/{account.pk}/delete/")
    assert answer.status_code == 302
    assert alices.get(answer["Location"]).status_code == 200
    within = alices.get(f"/accounts/{account.pk}/delete/", headers={"HX-Request": "true"})
    assert within["HX-Redirect"] == answer["Location"]


def test_the_right_password_leads_back(alices: Client, account: CloudAccount) -> None:
    entered(alices, 3600)
    back = f"/accounts/{account.pk}/delete/"
    assert confirm(alices, back=back)["Location"] == back
    assert delete(alices, account)["Location"] == "/accounts/"


def test_a_wrong_one_does_not(alices: Client, account: CloudAccount) -> None:
    entered(alices, 3600)
    answer = confirm(alices, "guessed")
    assert answer.status_code == 422
    assert "This is not your password" in answer.content.decode()
    assert "guessed" not in answer.content.decode()
    assert delete(alices, account)["Location"].startswith("/confirm/")


def test_somebody_elses_password_is_a_wrong_one(alices: Client, bob: User) -> None:
    assert confirm(alices, "bob-knows-this-too").status_code == 422


def test_guessing_here_counts_as_at_the_login(alices: Client) -> None:
    assert [confirm(alices, "guessed").status_code for _ in range(5)] == [422, 422, 422, 422, 429]
    assert confirm(alices).status_code == 429
    login: HttpResponse = Client().post(  # type: ignore[assignment]  # the stubs' own subclass
        "/login/", {"username": "alice", "password": PASSWORD}
    )
    assert login.status_code == 429


def test_the_right_password_forgets_the_failures(alices: Client) -> None:
    for _ in range(2):
        assert [confirm(alices, "guessed").status_code for _ in range(4)] == [422] * 4
        assert confirm(alices).status_code == 302
    assert not AccessAttempt.objects.exists()


def test_the_session_gets_a_new_key(alices: Client) -> None:
    before = alices.session.session_key
    confirm(alices)
    assert alices.session.session_key != before
    assert alices.get("/accounts/").status_code == 200


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "", "\x00"]
)
def test_it_leads_to_our_own_pages_only(alices: Client, back: str) -> None:
    assert confirm(alices, back=back)["Location"] == "/"


def test_the_session_keeps_a_time_and_nothing_else(alices: Client) -> None:
    confirm(alices)
    own = {key: value for key, value in alices.session.items() if not key.startswith("_auth")}
    assert set(own) == {"password_confirmed_at"}
    assert PASSWORD not in str(own)


def test_a_forged_time_does_not_count(alices: Client, rf: Any) -> None:
    request = rf.get("/")
    forged: list[Any] = ["soon", None, [], float("inf")]
    for value in forged:
        request.session = {"password_confirmed_at": value}
        assert not reauthentication.is_recent(request)
