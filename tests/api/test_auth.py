from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.models import ApiToken, CloudAccount
from cloudaccounts.tokens.services import revoke_token
from tests.api.conftest import Caller, MakeCaller, assert_problem
from tests.conftest import ALL_DATABASES

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


@pytest.mark.parametrize("header", ["", "Basic YWxpY2U6eA==", "Bearer", "bearer x", "Token {}", "{}"])
def test_without_a_token_nothing_is_answered(alice_calls: Caller, header: str) -> None:
    answer = Client().get("/api/v1/cloud-accounts/", headers={"Authorization": header.format(alice_calls.text)})
    data = assert_problem(answer, 401, "token_invalid" if header.lower().startswith("bearer") else "token_missing")
    assert data["remedy"]
    assert answer["WWW-Authenticate"].startswith("Bearer ")


def test_a_session_is_no_key(alices: Client, alice: User, make_account: MakeAccount) -> None:
    account = make_account(alice)
    assert_problem(alices.get("/api/v1/cloud-accounts/"), 401, "token_missing")
    assert_problem(alices.delete(f"/api/v1/cloud-accounts/{account.pk}"), 401, "token_missing")
    assert CloudAccount.objects.exists()


def test_a_token_is_no_key_to_pages(alice_calls: Caller) -> None:
    answer = Client().get("/accounts/", headers={"Authorization": f"Bearer {alice_calls.text}"})
    assert answer.status_code == 302


def test_a_token_acts_as_its_owner_whoever_is_signed_in_beside(
    alice: User, bobs: Client, alice_calls: Caller, make_account: MakeAccount
) -> None:
    account = make_account(alice)
    alice_calls.client = bobs
    assert alice_calls.get(f"cloud-accounts/{account.pk}").status_code == 200


@pytest.mark.parametrize("ended", ["revoked", "expired", "inactive", "deleted"])
def test_a_token_that_ended_is_refused(alice: User, alice_calls: Caller, ended: str) -> None:
    assert alice_calls.get("cloud-accounts/").status_code == 200
    match ended:
        case "revoked":
            revoke_token(alice_calls.token, actor=SYSTEM)
        case "expired":
            ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        case "inactive":
            User.objects.update(is_active=False)
        case "deleted":
            alice.delete()
    assert_problem(alice_calls.get("cloud-accounts/"), 401, "token_invalid")


def test_a_reading_token_reads_and_does_not_write(
    alice: User, caller_of: MakeCaller, make_account: MakeAccount
) -> None:
    account = make_account(alice)
    reader = caller_of(alice, "read")
    assert reader.get(f"cloud-accounts/{account.pk}").status_code == 200
    for method, path in [
        ("POST", "cloud-accounts/"),
        ("POST", "cloud-accounts/validate"),
        ("PATCH", f"cloud-accounts/{account.pk}"),
        ("DELETE", f"cloud-accounts/{account.pk}"),
        ("POST", f"cloud-accounts/{account.pk}/revalidate"),
        ("POST", f"cloud-accounts/{account.pk}/credentials"),
        ("POST", f"cloud-accounts/{account.pk}/scans"),
        ("POST", f"scans/{account.latest_scan_run_id}/cancel"),
    ]:
        assert_problem(reader.ask(method, path, {}), 403, "token_read_only")


def test_it_tells_when_it_was_used_and_how_often(alice_calls: Caller) -> None:
    for _ in range(3):
        alice_calls.get("cloud-accounts/")
    token = ApiToken.objects.get()
    assert token.uses == 3
    assert token.last_used_at is not None
    assert timezone.now() - token.last_used_at < timedelta(minutes=1)


@pytest.mark.usefixtures("steady_minute")
def test_use_is_one_write_and_the_minute_is_written_once(
    alice_calls: Caller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    alice_calls.get("cloud-accounts/")
    first = ApiToken.objects.get().last_used_at
    with django_assert_num_queries(2, using="cloud_security") as asked:  # the token, and its count
        assert_problem(alice_calls.get("cloud-accounts/?limit=x"), 422, "input_invalid")
    assert [query["sql"].split()[0] for query in asked.captured_queries] == ["SELECT", "UPDATE"]
    assert ApiToken.objects.get().last_used_at == first


def test_too_many_calls_wait_for_the_next_minute(alice_calls: Caller, settings: Settings) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    answers = [alice_calls.get("cloud-accounts/") for _ in range(8)]  # over two minutes, at most
    late = next(answer for answer in answers if answer.status_code == 429)
    assert_problem(late, 429, "too_many_calls")
    assert 1 <= int(late["Retry-After"]) <= 60
    ApiToken.objects.update(window=1)
    assert alice_calls.get("cloud-accounts/").status_code == 200


def test_one_token_does_not_slow_another(alice: User, alice_calls: Caller, caller_of: MakeCaller) -> None:
    ApiToken.objects.update(window_count=2**31 - 1, window=int(timezone.now().timestamp() // 60))
    assert caller_of(alice).get("cloud-accounts/").status_code == 200


def test_what_a_token_saw_stays_in_no_cache(alice_calls: Caller) -> None:
    answer = alice_calls.get("cloud-accounts/")
    assert answer["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing", 404),
        ("GET", "", 404),
        ("GET", "cloud-accounts/not-an-id", 404),
        ("GET", "cloud-accounts/00000000-0000-0000-0000-000000000000", 404),
        ("PUT", "cloud-accounts/", 405),
        ("POST", "findings/", 405),
        ("DELETE", "scans/", 405),
        ("TRACE", "assets/", 405),
    ],
)
def test_errors_of_every_kind_have_the_one_shape(alice_calls: Caller, method: str, path: str, status: int) -> None:
    answer = alice_calls.ask(method, path)
    assert_problem(answer, status, {404: "not_found", 405: "method_not_allowed"}[status])
    assert status != 405 or answer["Allow"]


def test_a_slash_more_or_less_does_not_matter(alice_calls: Caller) -> None:
    for path in ("cloud-accounts", "cloud-accounts/", "scans", "cloud-accounts/external-id/"):
        assert alice_calls.get(path).status_code == 200


def test_the_token_is_in_no_log_line(alice_calls: Caller, caplog: pytest.LogCaptureFixture) -> None:
    alice_calls.get("nothing")
    alice_calls.text += "x"
    alice_calls.get("cloud-accounts/")
    assert caplog.records
    assert alice_calls.text[8:] not in caplog.text
