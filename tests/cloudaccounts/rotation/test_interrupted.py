"""Killed, frozen, overtaken: whatever happens in the middle, one of the two is in use and the row says which."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from cloudaccounts.accounts.details import AccountDetails
from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.errors import ProviderError
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.health import connection_checks
from cloudaccounts.health.connection_checks import request_check, run_check
from cloudaccounts.health.sessions import account_session
from cloudaccounts.health.validation import validate_cloud_account
from cloudaccounts.lifecycle.state_changes import suspend_account
from cloudaccounts.models import CloudAccount, CloudCredential, CredentialRotation
from cloudaccounts.rotation import swap as rotation_swap
from cloudaccounts.rotation import verify as rotation_verify
from cloudaccounts.rotation.reconcile import requeue_rotations
from cloudaccounts.rotation.requests import discard_staged, start_rotation
from cloudaccounts.rotation.verify import run_rotation
from cloudaccounts.work.leases import Claim
from tests.cloudaccounts.rotation.steps import NEW, Killed, Meanwhile, die, replace, rotate, stage, token_in_use
from tests.conftest import ALL_DATABASES
from tests.environment import MONGODB
from tests.toycloud.provider import STATE, State

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)


@pytest.mark.parametrize(
    ("module", "point"),
    [
        (rotation_verify, "prove_access"),
        (rotation_verify, "conclude"),
        (rotation_swap, "update_swapped_account"),
        (rotation_swap, "_swap"),
    ],
)
@pytest.mark.django_db(transaction=True, databases=ALL_DATABASES)
def test_a_worker_killed_at_any_point_leaves_a_row_from_which_the_next_one_goes_on(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch, module: ModuleType, point: str
) -> None:
    stage(account)
    rotation = start_rotation(account, actor=SYSTEM)
    with monkeypatch.context() as patched:
        patched.setattr(module, point, die)
        with pytest.raises(Killed):
            run_rotation(rotation.pk)
    # No transaction takes the swap back there; what follows finishes it.
    swapped = MONGODB and point == "update_swapped_account"
    assert token_in_use(account) == (NEW if swapped else "let-me-in")
    CredentialRotation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert requeue_rotations() > 0
    assert run_rotation(rotation.pk) is not None
    assert token_in_use(account) == NEW
    assert CloudCredential.objects.get().generation == 1
    account.refresh_from_db()
    assert account.credential_generation == 1


def test_a_kill_between_swap_and_account_is_mended_where_there_are_no_transactions(account: CloudAccount) -> None:
    """As on MongoDB: the report and the swap are written, the account is not, and the worker is gone."""
    stage(account)
    rotation = start_rotation(account, actor=SYSTEM)
    found = CredentialRotation.objects.filter(pk=rotation.pk)
    claim = Claim.take(found.filter(state="queued"), found, state="running")
    assert claim is not None
    report = validate_cloud_account(
        owner=account.owner,
        details=AccountDetails("toy", "abcdef", "shelf", "toybox", "dev", ("left",)),
        credentials=Credentials("token", {"token": NEW}),
    )
    claim.write(report=report.to_dict(), ok=True)
    assert rotation_swap._swap(account, found.get(), report, SYSTEM)
    found.update(lease_until=timezone.now() - timedelta(seconds=1), attempts=3)
    requeue_rotations()
    STATE.failure = ProviderError("wrong_key", "It must not be tested again.", "")
    assert run_rotation(rotation.pk) is not None
    account.refresh_from_db()
    assert account.credential_generation == 1
    assert found.get().swapped
    assert token_in_use(account) == NEW


def test_after_three_deaths_the_test_is_given_up_and_the_old_one_stays(account: CloudAccount) -> None:
    stage(account)
    rotation = start_rotation(account, actor=SYSTEM)
    past = timezone.now() - timedelta(seconds=1)
    CredentialRotation.objects.update(state="running", attempts=3, claim=uuid4(), lease_until=past)
    requeue_rotations()
    rotation.refresh_from_db()
    assert (rotation.state, rotation.code, rotation.active_account) == ("abandoned", "worker_died", None)
    assert token_in_use(account) == "let-me-in"


def test_a_lost_message_is_sent_again(account: CloudAccount) -> None:
    stage(account)
    start_rotation(account, actor=SYSTEM)
    assert requeue_rotations() == 0
    CredentialRotation.objects.update(nudged_at=timezone.now() - timedelta(minutes=1))
    assert requeue_rotations() == 1


def test_a_worker_that_was_thought_dead_swaps_nothing(account: CloudAccount, meanwhile: Meanwhile) -> None:
    stage(account)
    rotation = start_rotation(account, actor=SYSTEM)
    meanwhile(lambda: CredentialRotation.objects.update(claim=uuid4(), attempts=2))
    assert run_rotation(rotation.pk) is None
    assert token_in_use(account) == "let-me-in"


def test_what_is_discarded_during_its_test_is_not_put_into_use(account: CloudAccount, meanwhile: Meanwhile) -> None:
    stage(account)
    rotation = start_rotation(account, actor=SYSTEM)
    meanwhile(lambda: discard_staged(account, actor=SYSTEM))
    assert run_rotation(rotation.pk) is None
    assert token_in_use(account) == "let-me-in"


def test_an_account_suspended_during_the_test_stays_suspended(account: CloudAccount, meanwhile: Meanwhile) -> None:
    stage(account)
    rotation = start_rotation(account, actor=SYSTEM)
    meanwhile(lambda: suspend_account(account, actor=SYSTEM))
    run_rotation(rotation.pk)
    account.refresh_from_db()
    assert (account.status, account.credential_generation) == ("suspended", 1)


def test_a_check_that_began_with_the_old_one_says_nothing_of_the_new_one(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heartbeat is under way while the person swaps, and deletes the old key at the provider at once."""
    row = request_check(account, actor=SYSTEM)
    original = connection_checks._validate

    def swap_meanwhile(*args: Any) -> Any:
        rotate(account)
        STATE.failure = ProviderError("wrong_key", "The old key is deleted.", "")
        return original(*args)

    monkeypatch.setattr(connection_checks, "_validate", swap_meanwhile)
    run_check(row.pk)
    account.refresh_from_db()
    assert (account.status, account.last_check_code) == ("active", "")


def test_a_scan_that_runs_is_not_disturbed(account: CloudAccount, toycloud: State) -> None:
    session = account_session(account=account, actor=SYSTEM, purpose="scan")
    toycloud.gate = Event()
    toycloud.set_assets("boxes", "left", "one")
    rotate(account)
    toycloud.gate.set()
    unit = next(unit for unit in session.units(("left",)) if unit.service == "boxes")
    assert [asset.name for asset in session.collect(unit)] == ["one"]


@pytest.mark.django_db(transaction=True, databases=ALL_DATABASES)
def test_a_web_process_killed_between_test_and_swap_has_changed_nothing(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(rotation_verify, "conclude", die)
        with pytest.raises(Killed):
            replace(account, NEW)
    CredentialRotation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    requeue_rotations()
    run_rotation(CredentialRotation.objects.get().pk)
    # On MongoDB what the process had proven and staged is still there, and a worker puts it into use.
    assert token_in_use(account) == (NEW if MONGODB else "let-me-in")
    assert replace(account, NEW).ok


def swapped_and_killed(account: CloudAccount) -> CredentialRotation:
    """The report and the swap are written, the account is not, and the worker is gone: as on MongoDB."""
    stage(account)
    rotation = start_rotation(account, actor=SYSTEM)
    found = CredentialRotation.objects.filter(pk=rotation.pk)
    claim = Claim.take(found.filter(state="queued"), found, state="running")
    assert claim is not None
    report = validate_cloud_account(
        owner=account.owner,
        details=AccountDetails("toy", "abcdef", "shelf", "toybox", "dev", ("left",)),
        credentials=Credentials("token", {"token": NEW}),
    )
    claim.write(report=report.to_dict(), ok=True)
    assert rotation_swap._swap(account, found.get(), report, SYSTEM)
    found.update(lease_until=timezone.now() - timedelta(seconds=1))
    return found.get()


def test_a_swap_is_told_to_an_account_that_was_suspended_since(account: CloudAccount) -> None:
    rotation = swapped_and_killed(account)
    suspend_account(account, actor=SYSTEM)
    requeue_rotations()
    run_rotation(rotation.pk)
    rotation.refresh_from_db()
    assert (rotation.state, rotation.swapped) == ("finished", True)
    account.refresh_from_db()
    assert (account.credential_generation, account.status) == (1, "suspended")


def test_a_swap_is_told_to_the_account_though_its_rotation_was_discarded(account: CloudAccount) -> None:
    rotation = swapped_and_killed(account)
    discard_staged(account, actor=SYSTEM)
    assert requeue_rotations() == 1
    account.refresh_from_db()
    assert account.credential_generation == 1
    rotation.refresh_from_db()
    assert (rotation.state, rotation.swapped) == ("finished", True)
    assert requeue_rotations() == 0
