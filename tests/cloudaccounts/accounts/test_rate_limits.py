"""The brake on trying keys holds wherever a new credential is proven, not at the HTTP API alone."""

from __future__ import annotations

import re
import time
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from cloudaccounts.accounts import rate_limits
from cloudaccounts.accounts.details import AccountDetails
from cloudaccounts.accounts.rate_limits import TooManyAttemptsError, counting_refused_input
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.errors import InputError
from cloudaccounts.forms.method import MethodForm
from cloudaccounts.health.connection_checks import request_check, run_check
from cloudaccounts.health.validation import validate_cloud_account
from cloudaccounts.lifecycle import onboarding
from cloudaccounts.lifecycle.onboarding import replace_given_credentials
from cloudaccounts.models import CloudAccount, CloudCredential, CredentialRotation, RateCounter
from cloudaccounts.rotation.verify import run_rotation
from tests.conftest import ALL_DATABASES, MakeAccount
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
LATER = re.compile(r"Try again in (\d+ minutes|\d+ seconds?), at \d\d:\d\d:\d\d UTC\.")


@pytest.fixture(autouse=True)
def limits(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tries, and a clock that stands just after an hour began: no stretch ends within a test."""
    began = time.time() // 3600 * 3600 + 5
    monkeypatch.setattr(rate_limits, "time", SimpleNamespace(time=lambda: began))
    settings.API_FAILED_VALIDATIONS_PER_ACCOUNT = 2


@pytest.fixture
def account(alice: User, toy_account: MakeAccount) -> CloudAccount:
    return toy_account(alice)


def give(client: Client, account: CloudAccount, token: str) -> str:
    path = f"/accounts/{account.pk}/rotate/"
    page = client.post(path, {"method": "token", "token-token": token}, follow=True).content.decode()
    for rotation in CredentialRotation.objects.filter(state="queued"):
        run_rotation(rotation.pk)
    return page


def details(account_id: str = "abcdef") -> AccountDetails:
    return AccountDetails("toy", account_id, "shelf", "Toybox", "dev", ("left",))


def prove(owner: str, token: str) -> str:
    credentials = Credentials("token", {"token": token})
    return validate_cloud_account(owner=owner, details=details(), credentials=credentials).code


def test_replacing_by_the_page_waits_after_failures_and_keeps_what_was_entered(
    alices: Client, account: CloudAccount, toycloud: State
) -> None:
    toycloud.good_token = "the-new-one"
    for _ in range(2):
        give(alices, account, "guessed")
    page = give(alices, account, "the-new-one")  # the right one, too: nobody learns that it is right
    assert "Too many validations of this account failed" in page
    assert LATER.search(page)
    assert "stays stored here, encrypted" in page
    row = CloudCredential.objects.get()
    assert row.generation == 0
    assert row.staged is not None
    assert not CredentialRotation.objects.filter(state="queued").exists()
    RateCounter.objects.all().delete()  # as when the time has passed
    alices.post(f"/accounts/{account.pk}/rotate/test/")
    run_rotation(CredentialRotation.objects.get(state="queued").pk)
    assert CloudCredential.objects.get().generation == 1


def test_a_test_that_was_queued_already_ends_with_the_same_words(
    alices: Client, account: CloudAccount, toycloud: State, alice: User
) -> None:
    toycloud.good_token = "the-new-one"
    alices.post(f"/accounts/{account.pk}/rotate/", {"method": "token", "token-token": "the-new-one"})
    for _ in range(2):
        prove(str(alice.pk), "guessed")
    run_rotation(CredentialRotation.objects.get(state="queued").pk)
    page = alices.get(f"/accounts/{account.pk}/rotate/").content.decode()
    assert "the old credential stays in use" in page
    assert "Too many validations of this account failed" in page
    assert LATER.search(page)
    assert CloudCredential.objects.get().generation == 0


def test_pages_and_calls_share_one_count(alices: Client, account: CloudAccount, alice: User) -> None:
    give(alices, account, "guessed")
    prove(str(alice.pk), "guessed")
    with pytest.raises(TooManyAttemptsError):
        replace_given_credentials(account, actor=SYSTEM, method="", raw_values={"token": "guessed"})


def test_no_caller_can_forget_the_limits(alice: User, toycloud: State) -> None:
    """Proving access takes an attempt, which is refused; the cloud is not asked any more."""
    owner = str(alice.pk)
    assert [prove(owner, "guessed") for _ in range(3)] == ["wrong_key", "wrong_key", "too_many_tries"]
    assert prove(owner, toycloud.good_token) == "too_many_tries"


def test_what_passes_and_what_the_cloud_does_counts_nothing(alice: User, toycloud: State) -> None:
    owner = str(alice.pk)
    prove(owner, toycloud.good_token)
    toycloud.failure = ProviderError("throttled", "Too many.", "Wait.", permanent=False)
    prove(owner, "guessed")
    assert not RateCounter.objects.exists()


def test_a_connected_accounts_own_check_is_no_guess(alice: User, account: CloudAccount, toycloud: State) -> None:
    toycloud.good_token = "replaced-in-the-cloud"
    for _ in range(4):
        check = request_check(account, actor=SYSTEM)
        report = run_check(check.pk)
        assert report is not None
        assert report.code == "wrong_key"
    assert not RateCounter.objects.exists()


def test_a_refused_entry_on_the_page_counts_and_then_nothing_is_read(
    alices: Client, account: CloudAccount, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_FAILED_VALIDATIONS_PER_HOUR = 2
    path = f"/accounts/{account.pk}/rotate/"
    for _ in range(2):
        assert alices.post(path, {"method": "token", "token-token": ""}).status_code == 422
    monkeypatch.setattr(MethodForm, "is_valid", lambda _: pytest.fail("It was read all the same."))
    page = alices.post(path, {"method": "token", "token-token": "the-new-one"}, follow=True).content.decode()
    assert LATER.search(page)
    assert "Nothing was stored." in page


def test_a_refused_entry_of_a_call_counts_and_then_nothing_is_read(
    account: CloudAccount, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_FAILED_VALIDATIONS_PER_HOUR = 2
    for _ in range(2):
        with pytest.raises(InputError):
            replace_given_credentials(account, actor=SYSTEM, method="", raw_values={"token": ""})
    monkeypatch.setattr(onboarding, "read_new_credentials", lambda *_, **__: pytest.fail("It was read all the same."))
    with pytest.raises(TooManyAttemptsError):
        replace_given_credentials(account, actor=SYSTEM, method="", raw_values={"token": "x"})


def test_what_costs_nothing_does_not_count(alice: User) -> None:
    for field in ("name", "regions"):
        with pytest.raises(InputError), counting_refused_input(str(alice.pk)):
            raise InputError({field: "It is missing."})
    assert not RateCounter.objects.exists()
