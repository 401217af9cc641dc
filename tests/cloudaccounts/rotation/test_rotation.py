"""Replacing a credential: what is in use stays in use until the new one has proven itself, whatever dies on the way."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone
from pytest_django import Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.credentials import staging
from cloudaccounts.errors import (
    AccountSuspendedError,
    CredentialBorrowedError,
    CredentialsUnreadableError,
    NothingStagedError,
    RotationUnderWayError,
)
from cloudaccounts.lifecycle.state_changes import delete_account, suspend_account
from cloudaccounts.models import AuditEvent, CloudAccount, CloudCredential, CredentialRotation, Notice, RateCounter
from cloudaccounts.operations.workers import confirm_key
from cloudaccounts.rotation import verify
from cloudaccounts.rotation.requests import discard_staged, rollback_credential, stage_credential, start_rotation
from cloudaccounts.rotation.verify import replace_credentials, run_rotation
from tests.cloudaccounts.rotation.steps import NEW, replace, rotate, stage, token_in_use
from tests.conftest import ALL_DATABASES, raw_rows
from tests.outages import away
from tests.toycloud.provider import State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


def test_the_new_one_takes_over_once_it_is_proven(account: CloudAccount) -> None:
    stage(account)
    assert token_in_use(account) == "let-me-in"
    rotation = start_rotation(account, actor=SYSTEM)
    assert token_in_use(account) == "let-me-in"
    report = run_rotation(rotation.pk)
    assert report is not None
    assert report.ok
    assert token_in_use(account) == NEW
    rotation.refresh_from_db()
    assert (rotation.state, rotation.swapped, rotation.active_account) == ("finished", True, None)
    account.refresh_from_db()
    assert account.credential_generation == 1
    assert account.credential_since is not None
    assert timezone.now() - account.credential_since < timedelta(minutes=1)
    assert account.last_check["ok"]


@pytest.mark.parametrize("place", ["prove_access", "conclude"])
def test_a_database_that_is_away_costs_a_rotation_nothing_but_time(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    stage(account)
    rotation = start_rotation(account, actor=SYSTEM)
    away(monkeypatch, verify, place)
    assert run_rotation(rotation.pk) is None
    rotation.refresh_from_db()
    assert (rotation.state, rotation.claim, rotation.nudged_at) == ("queued", None, None)
    assert token_in_use(account) == "let-me-in"
    assert run_rotation(rotation.pk) is not None
    assert token_in_use(account) == NEW


def test_one_that_does_not_come_back_for_the_last_try_ends_it(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage(account)
    rotation = start_rotation(account, actor=SYSTEM)
    away(monkeypatch, verify, "prove_access", times=9)
    assert [run_rotation(rotation.pk) is None for _ in range(3)] == [True, True, False]
    rotation.refresh_from_db()
    assert (rotation.state, rotation.code, rotation.active_account) == ("finished", "database_unavailable", None)
    assert token_in_use(account) == "let-me-in"


def test_a_failed_test_leaves_the_old_one_in_use_and_tells_why(account: CloudAccount) -> None:
    rotation = rotate(account, "wrong-word")
    assert (rotation.state, rotation.swapped, rotation.code) == ("finished", False, "wrong_key")
    assert rotation.report["checks"][0]["status"] == "failed"
    assert token_in_use(account) == "let-me-in"
    account.refresh_from_db()
    assert (account.status, account.last_check_code, account.credential_generation) == ("active", "", 0)


def test_what_was_refused_can_be_tested_again_without_entering_it_again(account: CloudAccount, toycloud: State) -> None:
    toycloud.failure = ProviderError("throttled", "Too many requests.", "Wait.", permanent=False)
    rotate(account)
    toycloud.failure = None
    again = start_rotation(account, actor=SYSTEM)
    run_rotation(again.pk)
    assert token_in_use(account) == NEW


def test_a_failed_account_works_again_with_the_new_one(account: CloudAccount) -> None:
    CloudAccount.objects.update(status="failed", last_check_code="wrong_key", last_check_cause="It was revoked.")
    rotate(account)
    account.refresh_from_db()
    assert (account.status, account.last_check_code, account.last_check_cause) == ("active", "", "")


def test_the_new_secret_lies_nowhere_in_clear(account: CloudAccount) -> None:
    rotation = stage(account)
    start_rotation(account, actor=SYSTEM)
    run_rotation(rotation.pk)
    for alias in ALL_DATABASES:
        rows = raw_rows(alias)
        assert rows
        assert [row for row in rows if NEW in row] == []


def test_every_step_is_audited(account: CloudAccount) -> None:
    rotate(account)
    told = set(AuditEvent.objects.filter(account=account.pk).values_list("action", flat=True))
    assert told >= {"credential.staged", "credential.test_requested", "credential.opened", "credential.replaced"}


def test_rolling_back_tests_the_old_one_and_keeps_the_new_one(account: CloudAccount) -> None:
    account.refresh_from_db()  # as it is stored: MongoDB keeps milliseconds
    since = account.credential_since
    rotate(account)
    rotation = rollback_credential(account, actor=SYSTEM)
    assert token_in_use(account) == NEW
    run_rotation(rotation.pk)
    assert token_in_use(account) == "let-me-in"
    account.refresh_from_db()
    assert (account.credential_since, account.credential_generation) == (since, 2)
    row = CloudCredential.objects.get()
    assert row.previous is not None
    assert row.previous.open(bound_to=account.pk)["token"] == NEW
    assert not Notice.objects.filter(kind="credential.retired").exists()


def test_a_rollback_to_what_does_not_work_any_more_is_refused(account: CloudAccount, toycloud: State) -> None:
    rotate(account)
    toycloud.failure = ProviderError("wrong_key", "Revoked.", "Make another.")
    run_rotation(rollback_credential(account, actor=SYSTEM).pk)
    assert CloudCredential.objects.get().generation == 1
    assert token_in_use(account) == NEW
    assert not RateCounter.objects.exists()  # what was stored is no guess


def test_there_is_nothing_to_roll_back_to_before_the_first_replacement(account: CloudAccount) -> None:
    with pytest.raises(CredentialsUnreadableError, match="not kept any more"):
        rollback_credential(account, actor=SYSTEM)


def test_discarding_destroys_the_new_one_and_ends_its_test(account: CloudAccount) -> None:
    stage(account)
    rotation = start_rotation(account, actor=SYSTEM)
    assert discard_staged(account, actor=SYSTEM)
    assert run_rotation(rotation.pk) is None
    assert CloudCredential.objects.get().staged is None
    assert token_in_use(account) == "let-me-in"
    assert not discard_staged(account, actor=SYSTEM)


def test_staging_again_destroys_what_was_staged_before(account: CloudAccount) -> None:
    first = stage(account, "first-word")
    stage(account)
    first.refresh_from_db()
    assert first.state == "discarded"
    run_rotation(start_rotation(account, actor=SYSTEM).pk)
    assert token_in_use(account) == NEW


def test_nothing_else_is_staged_while_a_test_is_under_way(account: CloudAccount) -> None:
    stage(account)
    first = start_rotation(account, actor=SYSTEM)
    assert start_rotation(account, actor=SYSTEM).pk == first.pk
    with pytest.raises(RotationUnderWayError):
        stage(account, "third-word")
    with pytest.raises(RotationUnderWayError):
        replace_credentials(account, actor=SYSTEM, credentials=Credentials("token", {"token": NEW}))


def test_there_must_be_something_to_test(account: CloudAccount) -> None:
    with pytest.raises(NothingStagedError):
        start_rotation(account, actor=SYSTEM)


def test_a_member_of_an_organization_has_nothing_of_its_own_to_replace(account: CloudAccount) -> None:
    confirm_key()
    CloudAccount.objects.filter(pk=account.pk).update(connection=uuid4())
    account.refresh_from_db()
    with pytest.raises(CredentialBorrowedError):
        stage_credential(account, actor=SYSTEM, credentials=Credentials("token", {"token": "x"}))


def test_a_suspended_account_is_resumed_first(account: CloudAccount) -> None:
    stage(account)
    rotation = start_rotation(account, actor=SYSTEM)
    suspend_account(account, actor=SYSTEM)
    with pytest.raises(AccountSuspendedError):
        stage(account)
    assert run_rotation(rotation.pk) is None
    assert token_in_use(account) == "let-me-in"


def test_a_wrong_encryption_key_seals_nothing(account: CloudAccount, settings: Settings) -> None:
    assert confirm_key() is None
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CredentialsUnreadableError):
        stage(account)
    assert CloudCredential.objects.get().staged is None


def test_deleting_the_account_takes_everything_along(account: CloudAccount) -> None:
    rotate(account)
    stage(account, "third-word")
    delete_account(account, actor=SYSTEM)
    assert not CloudCredential.objects.exists()
    assert not CredentialRotation.objects.exists()


def test_at_once_means_verified_then_swapped(account: CloudAccount) -> None:
    assert replace(account, NEW).ok
    assert token_in_use(account) == NEW
    assert CloudCredential.objects.get().previous is not None
    assert CredentialRotation.objects.get().swapped


def test_at_once_a_refused_one_is_stored_nowhere(account: CloudAccount) -> None:
    report = replace(account, "wrong-word")
    assert (report.ok, report.code) == (False, "wrong_key")
    row = CloudCredential.objects.get()
    assert (row.staged, row.previous, row.generation) == (None, None, 0)
    assert token_in_use(account) == "let-me-in"


def test_what_is_staged_for_one_rotation_is_not_opened_for_another(account: CloudAccount) -> None:
    stage(account)
    with pytest.raises(CredentialsUnreadableError):
        staging.open_staged(account=account, rotation_id=UUID(int=1), actor=SYSTEM)
