from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from cloudaccounts.actors import SYSTEM
from cloudaccounts.contract import ProviderError
from cloudaccounts.errors import AccountSuspendedError
from cloudaccounts.models import AuditEvent, CloudAccount, ConnectionCheck
from cloudaccounts.services import request_check, requeue_checks, resume_account, run_check, suspend_account
from tests.conftest import ALL_DATABASES
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]


def check(account: CloudAccount) -> CloudAccount:
    run_check(request_check(account, actor=SYSTEM).pk)
    return CloudAccount.objects.get(pk=account.pk)


def test_a_proof_makes_the_account_active(alice: User, toy_account: MakeAccount) -> None:
    account = check(toy_account(alice, status="failed", last_check_code="wrong_key"))
    assert (account.status, account.last_check_code, account.last_check["ok"]) == ("active", "", True)
    assert ConnectionCheck.objects.get().state == "finished"


def test_a_permanent_cause_fails_the_account(alice: User, toy_account: MakeAccount, toycloud: State) -> None:
    account = toy_account(alice)
    toycloud.good_token = "changed"
    account = check(account)
    assert (account.status, account.last_check_code) == ("failed", "wrong_key")
    assert "does not know this token" in account.last_check_cause


def test_what_passes_by_itself_does_not_fail_the_account(
    alice: User, toy_account: MakeAccount, toycloud: State
) -> None:
    toycloud.failure = ProviderError("throttled", "Too many requests.", "Wait.", permanent=False)
    account = check(toy_account(alice))
    assert (account.status, account.last_check_code) == ("active", "throttled")


def test_our_own_key_trouble_is_told_as_ours(alice: User, toy_account: MakeAccount, settings: Settings) -> None:
    account = toy_account(alice)
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    account = check(account)
    assert account.last_check_code == "encryption_key_wrong"
    assert "Credentials unreadable" in account.last_check_cause


def test_our_own_key_trouble_does_not_fail_the_account(
    alice: User, toy_account: MakeAccount, settings: Settings
) -> None:
    account = toy_account(alice)
    settings.CREDENTIAL_ENCRYPTION_KEYS = []
    assert check(account).status == "active"


def test_a_second_request_answers_with_the_one_under_way(alice: User, toy_account: MakeAccount) -> None:
    account = toy_account(alice)
    assert request_check(account, actor=SYSTEM).pk == request_check(account, actor=SYSTEM).pk


def test_a_second_nudge_does_nothing(alice: User, toy_account: MakeAccount) -> None:
    row = request_check(toy_account(alice), actor=SYSTEM)
    assert run_check(row.pk) is not None
    assert run_check(row.pk) is None
    assert AuditEvent.objects.filter(action="account.checked").count() == 1


def test_a_suspended_account_is_not_checked(alice: User, toy_account: MakeAccount) -> None:
    account = toy_account(alice)
    row = request_check(account, actor=SYSTEM)
    suspend_account(account, actor=SYSTEM)
    with pytest.raises(AccountSuspendedError):
        request_check(account, actor=SYSTEM)
    assert run_check(row.pk) is None
    assert CloudAccount.objects.get().status == "suspended"


def test_resuming_checks_the_connection(alice: User, toy_account: MakeAccount) -> None:
    account = toy_account(alice)
    suspend_account(account, actor=SYSTEM)
    row = resume_account(account, actor=SYSTEM)
    assert row is not None
    assert CloudAccount.objects.get().status == "pending"
    run_check(row.pk)
    assert CloudAccount.objects.get().status == "active"


def test_the_check_of_a_dead_worker_is_tried_again(alice: User, toy_account: MakeAccount) -> None:
    row = request_check(toy_account(alice), actor=SYSTEM)
    past = timezone.now() - timedelta(seconds=1)
    ConnectionCheck.objects.update(state="running", attempts=1, lease_until=past)
    assert requeue_checks() > 0
    assert ConnectionCheck.objects.get().state == "queued"
    assert run_check(row.pk) is not None


def test_after_three_deaths_the_check_is_given_up_and_another_can_be_asked_for(
    alice: User, toy_account: MakeAccount
) -> None:
    account = toy_account(alice)
    row = request_check(account, actor=SYSTEM)
    ConnectionCheck.objects.update(state="running", attempts=3, lease_until=timezone.now() - timedelta(seconds=1))
    requeue_checks()
    row.refresh_from_db()
    assert (row.state, row.code) == ("abandoned", "worker_died")
    assert request_check(account, actor=SYSTEM).pk != row.pk


def test_a_lost_message_is_sent_again(alice: User, toy_account: MakeAccount) -> None:
    request_check(toy_account(alice), actor=SYSTEM)
    assert requeue_checks() == 0
    ConnectionCheck.objects.update(nudged_at=timezone.now() - timedelta(minutes=1))
    assert requeue_checks() == 1
