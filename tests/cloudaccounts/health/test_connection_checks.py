from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from cloudaccounts.accounts.changes import update_account
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.errors import AccountSuspendedError
from cloudaccounts.health import connection_checks
from cloudaccounts.health.connection_checks import request_check, requeue_checks, run_check
from cloudaccounts.lifecycle.state_changes import delete_account, resume_account, suspend_account
from cloudaccounts.models import AuditEvent, CloudAccount, ConnectionCheck
from tests.conftest import ALL_DATABASES
from tests.outages import away
from tests.toycloud.provider import State, ToyProvider

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


def test_a_database_that_is_away_costs_a_check_nothing_but_time(
    alice: User, toy_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = request_check(toy_account(alice), actor=SYSTEM)
    away(monkeypatch, connection_checks, "prove_stored")
    assert run_check(row.pk) is None
    row.refresh_from_db()
    assert (row.state, row.claim, row.lease_until, row.nudged_at, row.report) == ("queued", None, None, None, {})
    assert requeue_checks() == 1  # its message is sent at once
    assert run_check(row.pk) is not None
    assert CloudAccount.objects.get().last_check["ok"]


def test_so_does_one_that_is_away_while_the_outcome_is_written(
    alice: User, toy_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = request_check(toy_account(alice), actor=SYSTEM)
    away(monkeypatch, connection_checks, "_finish")
    assert run_check(row.pk) is None
    assert run_check(row.pk) is not None
    assert CloudAccount.objects.get().last_check["ok"]


def test_one_that_does_not_come_back_is_our_trouble_and_not_the_accounts(
    alice: User, toy_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = request_check(toy_account(alice), actor=SYSTEM)
    away(monkeypatch, connection_checks, "prove_stored", times=9)
    assert [run_check(row.pk) is None for _ in range(3)] == [True, True, False]
    account = CloudAccount.objects.get()
    assert (account.status, account.failures, account.last_check_code) == ("active", 0, "database_unavailable")
    row.refresh_from_db()
    assert (row.state, row.active_account) == ("finished", None)


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


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Lets something happen after the cloud has answered and before the outcome is written."""

    def arrange(event: Callable[[], object]) -> None:
        original = connection_checks._validate

        def validate_then(*args: object) -> object:
            report = original(*args)  # type: ignore[arg-type]  # passed on as given
            event()
            return report

        monkeypatch.setattr(connection_checks, "_validate", validate_then)

    return arrange


Meanwhile = Callable[[Callable[[], object]], None]


def test_a_worker_that_was_thought_dead_writes_nothing_over_its_successor(
    alice: User, toy_account: MakeAccount, toycloud: State, meanwhile: Meanwhile
) -> None:
    row = request_check(toy_account(alice), actor=SYSTEM)
    toycloud.good_token = "changed"
    meanwhile(lambda: ConnectionCheck.objects.update(claim=uuid4(), attempts=2))
    assert run_check(row.pk) is None
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("running", 2)
    assert CloudAccount.objects.get().status == "active"


def test_an_account_deleted_during_a_check_stays_deleted_with_its_check(
    alice: User, toy_account: MakeAccount, meanwhile: Meanwhile
) -> None:
    account = toy_account(alice)
    row = request_check(account, actor=SYSTEM)
    meanwhile(lambda: delete_account(account, actor=SYSTEM))
    assert run_check(row.pk) is None
    assert not ConnectionCheck.objects.exists()
    assert not CloudAccount.objects.exists()


def test_suspending_during_a_check_is_not_undone_by_its_outcome(
    alice: User, toy_account: MakeAccount, meanwhile: Meanwhile
) -> None:
    account = toy_account(alice)
    row = request_check(account, actor=SYSTEM)
    meanwhile(lambda: suspend_account(account, actor=SYSTEM))
    run_check(row.pk)
    assert CloudAccount.objects.get().status == "suspended"


def test_what_passes_by_itself_does_not_make_an_unproven_account_active(
    alice: User, toy_account: MakeAccount, toycloud: State, meanwhile: Meanwhile
) -> None:
    account = toy_account(alice)
    row = request_check(account, actor=SYSTEM)
    toycloud.failure = ProviderError("throttled", "Too many requests.", "Wait.", permanent=False)

    def suspend_and_resume() -> None:
        suspend_account(account, actor=SYSTEM)
        resume_account(CloudAccount.objects.get(), actor=SYSTEM)

    meanwhile(suspend_and_resume)
    run_check(row.pk)
    assert CloudAccount.objects.get().status == "pending"


def test_resuming_while_a_check_is_being_given_up_asks_for_another(alice: User, toy_account: MakeAccount) -> None:
    account = toy_account(alice)
    row = request_check(account, actor=SYSTEM)
    ConnectionCheck.objects.update(state="running")
    CloudAccount.objects.update(status="pending")
    connection_checks._check_resumed_account(row)
    assert ConnectionCheck.objects.filter(account=account.pk).exists()
    ConnectionCheck.objects.update(state="abandoned", active_account=None)
    connection_checks._check_resumed_account(row)
    assert ConnectionCheck.objects.filter(active_account=account.pk, state="queued").count() == 1


def test_a_defect_of_ours_is_told_as_ours_and_fails_no_account(
    alice: User, toy_account: MakeAccount, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(ToyProvider, "validate", break_down)
    account = check(toy_account(alice))
    assert (account.status, account.last_check_code) == ("active", "internal_error")
    assert ConnectionCheck.objects.get().state == "finished"
    assert "check.defect" in caplog.text


def test_a_check_of_a_deleted_account_cannot_be_asked_for(alice: User, toy_account: MakeAccount) -> None:
    account = toy_account(alice)
    stale = CloudAccount.objects.get()
    delete_account(account, actor=SYSTEM)
    with pytest.raises(CloudAccount.DoesNotExist):
        request_check(stale, actor=SYSTEM)
    assert not ConnectionCheck.objects.exists()


def test_who_asked_for_a_check_and_what_was_changed_stand_in_the_audit(alice: User, toy_account: MakeAccount) -> None:
    account = toy_account(alice)
    request_check(account, actor=SYSTEM)
    update_account(account, actor=SYSTEM, name="renamed", environment="dev", regions=["left"])
    assert AuditEvent.objects.filter(action="account.check_requested").count() == 1
    detail = AuditEvent.objects.get(action="account.changed").detail
    assert (detail["before"]["name"], detail["after"]["name"]) == ("toybox", "renamed")
    assert detail["before"]["regions"] == ["left", "right"]
