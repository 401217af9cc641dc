"""A validation must not tell who has a stolen key whether it works, as often as they like."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from cloudaccounts.accounts import rate_limits
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.models import CloudAccount, RateCounter
from cloudaccounts.tokens.retention import purge_api_records
from tests.api.conftest import Caller, assert_problem
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


@pytest.fixture(autouse=True)
def limits(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few tries, and a clock that stands just after an hour began: no stretch ends within a test."""
    began = time.time() // 3600 * 3600 + 5
    monkeypatch.setattr(rate_limits, "time", SimpleNamespace(time=lambda: began))
    settings.API_FAILED_VALIDATIONS_PER_ACCOUNT = 3
    settings.API_FAILED_VALIDATIONS_PER_HOUR = 5


def wrong(body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**body, "credentials": {"token": "guessed"}, **changes}


def test_failures_at_one_account_count_whoever_tries(
    alice_calls: Caller, bob_calls: Caller, toybox: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_FAILED_VALIDATIONS_PER_ACCOUNT = 4
    monkeypatch.setattr(rate_limits, "FREE_TRIES", 1)
    for _ in range(3):
        assert alice_calls.post("cloud-accounts/validate", wrong(toybox)).status_code == 200
    assert_problem(bob_calls.post("cloud-accounts/", wrong(toybox)), 422, "wrong_key")
    for caller in (alice_calls, bob_calls):
        for path in ("cloud-accounts/", "cloud-accounts/validate"):
            late = caller.post(path, toybox)  # the right one, too: nobody learns that it is right
            assert_problem(late, 429, "too_many_tries")
            assert 1 <= int(late["Retry-After"]) <= 900
    assert not CloudAccount.objects.exists()


def test_a_strangers_failures_do_not_keep_the_true_owner_from_connecting(
    alice_calls: Caller, bob_calls: Caller, toybox: dict[str, Any]
) -> None:
    for _ in range(4):
        bob_calls.post("cloud-accounts/validate", wrong(toybox))
    assert_problem(bob_calls.post("cloud-accounts/validate", toybox), 429, "too_many_tries")
    assert alice_calls.post("cloud-accounts/", wrong(toybox)).status_code == 422  # a slip of the pen
    assert alice_calls.post("cloud-accounts/", toybox).status_code == 201


@pytest.mark.parametrize(
    ("addresses", "refused"),
    [
        (["192.0.2.1", "192.0.2.1", "192.0.2.1"], True),
        (["192.0.2.1", "192.0.2.1", "198.51.100.7"], False),
        (["2001:db8::1", "2001:db8::2", "2001:db8::3"], True),
        (["2001:db8::1", "2001:db8:0:1::2", "2001:db8:0:2::3"], False),
        ([], False),
    ],
)
def test_failures_from_one_network_count_together_after_the_free_tries(
    addresses: list[str], refused: bool, alice: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_FAILED_VALIDATIONS_PER_ACCOUNT = 3
    monkeypatch.setattr(rate_limits, "FREE_TRIES", 0)
    for number, address in enumerate(addresses):
        limits = rate_limits.validation_rate_limits(
            f"stranger-{number}", "toy", "abcdef", is_connected=False, address=address
        )
        limits[2].count()  # of the network alone: all failures together are another limit
    mine = rate_limits.validation_rate_limits(
        str(alice.pk), "toy", "abcdef", is_connected=False, address=addresses[0] if addresses else "192.0.2.1"
    )
    if not refused:
        return rate_limits.check_rate_limits(mine)
    with pytest.raises(rate_limits.TooManyAttemptsError):
        rate_limits.check_rate_limits(mine)
    return None


def test_another_account_is_not_held_up(alice_calls: Caller, bob_calls: Caller, toybox: dict[str, Any]) -> None:
    for _ in range(3):
        alice_calls.post("cloud-accounts/validate", wrong(toybox))
    assert bob_calls.post("cloud-accounts/", {**toybox, "account_id": "ghijkl"}).status_code == 201


def test_failures_of_one_owner_count_at_all_accounts(
    alice_calls: Caller, bob_calls: Caller, toybox: dict[str, Any]
) -> None:
    for letter in "abcde":
        assert alice_calls.post("cloud-accounts/validate", wrong(toybox, account_id=letter * 6)).status_code == 200
    assert_problem(
        alice_calls.post("cloud-accounts/validate", wrong(toybox, account_id="ffffff")), 429, "too_many_tries"
    )
    assert bob_calls.post("cloud-accounts/validate", wrong(toybox, account_id="ffffff")).status_code == 200


def test_success_and_trouble_of_the_cloud_do_not_count(
    alice_calls: Caller, toybox: dict[str, Any], toycloud: State
) -> None:
    for _ in range(6):
        assert alice_calls.post("cloud-accounts/validate", toybox).json()["ok"]
    toycloud.failure = ProviderError("throttled", "Too many.", "Wait.", permanent=False)
    for _ in range(6):
        assert alice_calls.post("cloud-accounts/validate", toybox).status_code == 200
    assert not RateCounter.objects.exists()


def test_strangers_cannot_keep_an_owner_from_replacing_credentials(
    alice: User, alice_calls: Caller, bob_calls: Caller, toy_account: MakeAccount, toybox: dict[str, Any]
) -> None:
    account = toy_account(alice)
    for _ in range(4):
        bob_calls.post("cloud-accounts/validate", wrong(toybox))
    answer = alice_calls.post(f"cloud-accounts/{account.pk}/credentials", {"credentials": toybox["credentials"]})
    assert answer.status_code == 200


def test_replacing_is_no_way_around(alice: User, alice_calls: Caller, toy_account: MakeAccount) -> None:
    account = toy_account(alice)
    path = f"cloud-accounts/{account.pk}/credentials"
    for _ in range(3):
        assert_problem(alice_calls.post(path, {"credentials": {"token": "guessed"}}), 422, "wrong_key")
    assert_problem(alice_calls.post(path, {"credentials": {"token": "guessed"}}), 429, "too_many_tries")


def test_a_refusal_for_tries_is_not_kept_for_a_repeated_call(alice_calls: Caller, toybox: dict[str, Any]) -> None:
    for _ in range(3):
        alice_calls.post("cloud-accounts/validate", wrong(toybox))
    key = {"Idempotency-Key": "later"}
    assert alice_calls.post("cloud-accounts/", toybox, **key).status_code == 429
    RateCounter.objects.all().delete()
    assert alice_calls.post("cloud-accounts/", toybox, **key).status_code == 201


def test_the_counts_are_forgotten_in_time_and_name_nobody(alice_calls: Caller, toybox: dict[str, Any]) -> None:
    alice_calls.post("cloud-accounts/validate", wrong(toybox))
    assert RateCounter.objects.count() == 4
    assert not any("abcdef" in row.key for row in RateCounter.objects.all())
    RateCounter.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert purge_api_records() == 4
