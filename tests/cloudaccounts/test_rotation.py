"""Replacing a credential: what is in use stays in use until the new one has proven itself, whatever dies on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from cloudaccounts import services, staging, vault
from cloudaccounts.actors import SYSTEM
from cloudaccounts.contract import Credentials, ProviderError
from cloudaccounts.errors import (
    AccountSuspendedError,
    CredentialBorrowedError,
    NothingStagedError,
    RotationUnderWayError,
)
from cloudaccounts.leases import Claim
from cloudaccounts.models import AuditEvent, CloudAccount, CloudCredential, CredentialRotation, Notice, RateCounter
from cloudaccounts.services.rotation import swapping, testing
from tests.conftest import ALL_DATABASES, raw_rows
from tests.environment import MONGODB
from tests.toycloud.provider import STATE, State, ToyProvider

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]
NEW = "another-word-entirely"


@pytest.fixture
def account(alice: User, toy_account: MakeAccount) -> CloudAccount:
    """With the token ``let-me-in``; the cloud takes the new one as well from now on."""
    account = toy_account(alice, credential_since=timezone.now() - timedelta(days=100))
    assert account.credential_since is not None
    return account


@pytest.fixture(autouse=True)
def two_tokens(monkeypatch: pytest.MonkeyPatch, toycloud: State) -> None:
    """The toy cloud knows both words, as a provider does while a person rotates."""
    known = ToyProvider.validate

    def validate(self: ToyProvider, credentials: Credentials, *args: Any) -> Any:
        given = credentials["token"]
        return known(self, Credentials("token", {"token": STATE.good_token if given == NEW else given}), *args)

    monkeypatch.setattr(ToyProvider, "validate", validate)


def token_in_use(account: CloudAccount) -> str:
    return vault.open_credentials(account=account, actor=SYSTEM, purpose="test")["token"]


def stage(account: CloudAccount, token: str = NEW) -> CredentialRotation:
    return services.stage_credential(account, actor=SYSTEM, credentials=Credentials("token", {"token": token}))


def rotate(account: CloudAccount, token: str = NEW) -> CredentialRotation:
    stage(account, token)
    rotation = services.start_rotation(account, actor=SYSTEM)
    services.run_rotation(rotation.pk)
    rotation.refresh_from_db()
    return rotation


def test_the_new_one_takes_over_once_it_is_proven(account: CloudAccount) -> None:
    stage(account)
    assert token_in_use(account) == "let-me-in"
    rotation = services.start_rotation(account, actor=SYSTEM)
    assert token_in_use(account) == "let-me-in"
    report = services.run_rotation(rotation.pk)
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
    again = services.start_rotation(account, actor=SYSTEM)
    services.run_rotation(again.pk)
    assert token_in_use(account) == NEW


def test_a_failed_account_works_again_with_the_new_one(account: CloudAccount) -> None:
    CloudAccount.objects.update(status="failed", last_check_code="wrong_key", last_check_cause="It was revoked.")
    rotate(account)
    account.refresh_from_db()
    assert (account.status, account.last_check_code, account.last_check_cause) == ("active", "", "")


def test_the_new_secret_lies_nowhere_in_clear(account: CloudAccount) -> None:
    rotation = stage(account)
    services.start_rotation(account, actor=SYSTEM)
    services.run_rotation(rotation.pk)
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
    rotation = services.rollback_credential(account, actor=SYSTEM)
    assert token_in_use(account) == NEW
    services.run_rotation(rotation.pk)
    assert token_in_use(account) == "let-me-in"
    account.refresh_from_db()
    assert (account.credential_since, account.credential_generation) == (since, 2)
    row = CloudCredential.objects.get()
    assert row.previous is not None
    assert row.previous.open(bound_to=account.pk)["token"] == NEW
    assert not Notice.objects.filter(kind="credential.retired").exists()


def test_a_rollback_to_what_does_not_work_any_more_is_refused(account: CloudAccount, toycloud: State) -> None:
    rotate(account)
    CloudCredential.objects.update(previous=CloudCredential.objects.get().payload)
    toycloud.failure = ProviderError("wrong_key", "Revoked.", "Make another.")
    services.run_rotation(services.rollback_credential(account, actor=SYSTEM).pk)
    assert CloudCredential.objects.get().generation == 1
    assert token_in_use(account) == NEW
    assert not RateCounter.objects.exists()  # what was stored is no guess


def test_there_is_nothing_to_roll_back_to_before_the_first_replacement(account: CloudAccount) -> None:
    with pytest.raises(vault.CredentialsUnreadableError, match="not kept any more"):
        services.rollback_credential(account, actor=SYSTEM)


def test_discarding_destroys_the_new_one_and_ends_its_test(account: CloudAccount) -> None:
    stage(account)
    rotation = services.start_rotation(account, actor=SYSTEM)
    assert services.discard_staged(account, actor=SYSTEM)
    assert services.run_rotation(rotation.pk) is None
    assert CloudCredential.objects.get().staged is None
    assert token_in_use(account) == "let-me-in"
    assert not services.discard_staged(account, actor=SYSTEM)


def test_staging_again_destroys_what_was_staged_before(account: CloudAccount) -> None:
    first = stage(account, "first-word")
    stage(account)
    first.refresh_from_db()
    assert first.state == "discarded"
    services.run_rotation(services.start_rotation(account, actor=SYSTEM).pk)
    assert token_in_use(account) == NEW


def test_nothing_else_is_staged_while_a_test_is_under_way(account: CloudAccount) -> None:
    stage(account)
    first = services.start_rotation(account, actor=SYSTEM)
    assert services.start_rotation(account, actor=SYSTEM).pk == first.pk
    with pytest.raises(RotationUnderWayError):
        stage(account, "third-word")
    with pytest.raises(RotationUnderWayError):
        services.replace_credentials(account, actor=SYSTEM, credentials=Credentials("token", {"token": NEW}))


def test_there_must_be_something_to_test(account: CloudAccount) -> None:
    with pytest.raises(NothingStagedError):
        services.start_rotation(account, actor=SYSTEM)


def test_a_member_of_an_organization_has_nothing_of_its_own_to_replace(account: CloudAccount) -> None:
    services.confirm_key()
    CloudAccount.objects.filter(pk=account.pk).update(connection=uuid4())
    account.refresh_from_db()
    with pytest.raises(CredentialBorrowedError):
        services.stage_credential(account, actor=SYSTEM, credentials=Credentials("token", {"token": "x"}))


def test_a_suspended_account_is_resumed_first(account: CloudAccount) -> None:
    stage(account)
    rotation = services.start_rotation(account, actor=SYSTEM)
    services.suspend_account(account, actor=SYSTEM)
    with pytest.raises(AccountSuspendedError):
        stage(account)
    assert services.run_rotation(rotation.pk) is None
    assert token_in_use(account) == "let-me-in"


def test_a_wrong_encryption_key_seals_nothing(account: CloudAccount, settings: Settings) -> None:
    assert services.confirm_key() is None
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(vault.CredentialsUnreadableError):
        stage(account)
    assert CloudCredential.objects.get().staged is None


def test_deleting_the_account_takes_everything_along(account: CloudAccount) -> None:
    rotate(account)
    stage(account, "third-word")
    services.delete_account(account, actor=SYSTEM)
    assert not CloudCredential.objects.exists()
    assert not CredentialRotation.objects.exists()


# --- killed, frozen, overtaken --------------------------------------------------------------------------------------


class Killed(BaseException):
    """As SIGKILL: nothing that follows runs."""


def die(*_: object, **__: object) -> None:
    raise Killed


@pytest.mark.parametrize(
    ("module", "point"),
    [
        (testing, "validate_cloud_account"),
        (testing, "conclude"),
        (swapping, "settle_account"),
        (swapping, "_swap"),
    ],
)
@pytest.mark.django_db(transaction=True, databases=ALL_DATABASES)
def test_a_worker_killed_at_any_point_leaves_a_row_from_which_the_next_one_goes_on(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch, module: ModuleType, point: str
) -> None:
    stage(account)
    rotation = services.start_rotation(account, actor=SYSTEM)
    with monkeypatch.context() as patched:
        patched.setattr(module, point, die)
        with pytest.raises(Killed):
            services.run_rotation(rotation.pk)
    swapped = MONGODB and point == "settle_account"  # no transaction takes the swap back there; what follows mends it
    assert token_in_use(account) == (NEW if swapped else "let-me-in")
    CredentialRotation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert services.requeue_rotations() > 0
    assert services.run_rotation(rotation.pk) is not None
    assert token_in_use(account) == NEW
    assert CloudCredential.objects.get().generation == 1
    account.refresh_from_db()
    assert account.credential_generation == 1


def test_a_kill_between_swap_and_account_is_mended_where_there_are_no_transactions(account: CloudAccount) -> None:
    """As on MongoDB: the report and the swap are written, the account is not, and the worker is gone."""
    stage(account)
    rotation = services.start_rotation(account, actor=SYSTEM)
    found = CredentialRotation.objects.filter(pk=rotation.pk)
    claim = Claim.take(found.filter(state="queued"), found, state="running")
    assert claim is not None
    report = services.validate_cloud_account(
        owner=account.owner,
        details=services.AccountDetails("toy", "abcdef", "shelf", "toybox", "dev", ("left",)),
        credentials=Credentials("token", {"token": NEW}),
    )
    claim.write(report=report.to_dict(), ok=True)
    assert swapping._swap(account, found.get(), report, SYSTEM)
    found.update(lease_until=timezone.now() - timedelta(seconds=1), attempts=3)
    services.requeue_rotations()
    STATE.failure = ProviderError("wrong_key", "It must not be tested again.", "")
    assert services.run_rotation(rotation.pk) is not None
    account.refresh_from_db()
    assert account.credential_generation == 1
    assert found.get().swapped
    assert token_in_use(account) == NEW


def test_after_three_deaths_the_test_is_given_up_and_the_old_one_stays(account: CloudAccount) -> None:
    stage(account)
    rotation = services.start_rotation(account, actor=SYSTEM)
    past = timezone.now() - timedelta(seconds=1)
    CredentialRotation.objects.update(state="running", attempts=3, claim=uuid4(), lease_until=past)
    services.requeue_rotations()
    rotation.refresh_from_db()
    assert (rotation.state, rotation.code, rotation.active_account) == ("abandoned", "worker_died", None)
    assert token_in_use(account) == "let-me-in"


def test_a_lost_message_is_sent_again(account: CloudAccount) -> None:
    stage(account)
    services.start_rotation(account, actor=SYSTEM)
    assert services.requeue_rotations() == 0
    CredentialRotation.objects.update(nudged_at=timezone.now() - timedelta(minutes=1))
    assert services.requeue_rotations() == 1


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Lets something happen after the cloud has answered and before the outcome is written."""

    def arrange(event: Callable[[], object]) -> None:
        original = swapping.conclude

        def then(*args: Any) -> bool:
            event()
            return original(*args)

        monkeypatch.setattr(testing, "conclude", then)

    return arrange


Meanwhile = Callable[[Callable[[], object]], None]


def test_a_worker_that_was_thought_dead_swaps_nothing(account: CloudAccount, meanwhile: Meanwhile) -> None:
    stage(account)
    rotation = services.start_rotation(account, actor=SYSTEM)
    meanwhile(lambda: CredentialRotation.objects.update(claim=uuid4(), attempts=2))
    assert services.run_rotation(rotation.pk) is None
    assert token_in_use(account) == "let-me-in"


def test_what_is_discarded_during_its_test_is_not_put_into_use(account: CloudAccount, meanwhile: Meanwhile) -> None:
    stage(account)
    rotation = services.start_rotation(account, actor=SYSTEM)
    meanwhile(lambda: services.discard_staged(account, actor=SYSTEM))
    assert services.run_rotation(rotation.pk) is None
    assert token_in_use(account) == "let-me-in"


def test_an_account_suspended_during_the_test_stays_suspended(account: CloudAccount, meanwhile: Meanwhile) -> None:
    stage(account)
    rotation = services.start_rotation(account, actor=SYSTEM)
    meanwhile(lambda: services.suspend_account(account, actor=SYSTEM))
    services.run_rotation(rotation.pk)
    account.refresh_from_db()
    assert (account.status, account.credential_generation) == ("suspended", 1)


def test_a_check_that_began_with_the_old_one_says_nothing_of_the_new_one(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heartbeat is under way while the person swaps, and deletes the old key at the provider at once."""
    row = services.request_check(account, actor=SYSTEM)
    original = services.checks._validate

    def swap_meanwhile(*args: Any) -> Any:
        rotate(account)
        STATE.failure = ProviderError("wrong_key", "The old key is deleted.", "")
        return original(*args)

    monkeypatch.setattr(services.checks, "_validate", swap_meanwhile)
    services.run_check(row.pk)
    account.refresh_from_db()
    assert (account.status, account.last_check_code) == ("active", "")


def test_a_scan_that_runs_is_not_disturbed(account: CloudAccount, toycloud: State) -> None:
    session = services.account_session(account=account, actor=SYSTEM, purpose="scan")
    toycloud.gate = Event()
    toycloud.put("boxes", "left", "one")
    rotate(account)
    toycloud.gate.set()
    unit = next(unit for unit in session.units(("left",)) if unit.service == "boxes")
    assert [asset.name for asset in session.collect(unit)] == ["one"]


# --- at once, for the API -------------------------------------------------------------------------------------------


def replace(account: CloudAccount, token: str) -> Any:
    return services.replace_credentials(
        account, actor=SYSTEM, credentials=Credentials("token", {"token": token}), deadline=5.0
    )


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


@pytest.mark.django_db(transaction=True, databases=ALL_DATABASES)
def test_a_web_process_killed_between_test_and_swap_has_changed_nothing(
    account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(testing, "conclude", die)
        with pytest.raises(Killed):
            replace(account, NEW)
    CredentialRotation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    services.requeue_rotations()
    services.run_rotation(CredentialRotation.objects.get().pk)
    # On MongoDB what the process had proven and staged is still there, and a worker puts it into use.
    assert token_in_use(account) == (NEW if MONGODB else "let-me-in")
    assert replace(account, NEW).ok


def test_what_is_staged_for_one_rotation_is_not_opened_for_another(account: CloudAccount) -> None:
    stage(account)
    with pytest.raises(vault.CredentialsUnreadableError):
        staging.open_staged(account=account, rotation_id=UUID(int=1), actor=SYSTEM)


# --- the end of the old one -----------------------------------------------------------------------------------------


def test_the_old_one_is_destroyed_after_its_grace_time_with_a_reminder(account: CloudAccount) -> None:
    rotate(account)
    assert services.retire_credentials(now=timezone.now() + timedelta(days=6, hours=23)) == 0
    assert CloudCredential.objects.get().previous is not None
    assert services.retire_credentials(now=timezone.now() + timedelta(days=7, minutes=1)) == 1
    row = CloudCredential.objects.get()
    assert (row.previous, row.previous_kind, row.previous_until) == (None, "", None)
    told = Notice.objects.get(kind="credential.retired")
    assert (told.account, told.owner) == (account.pk, account.owner)
    assert "Delete it at the provider" in told.remedy
    assert services.retire_credentials(now=timezone.now() + timedelta(days=8)) == 0
    assert Notice.objects.filter(kind="credential.retired").count() == 1
    assert token_in_use(account) == NEW


def test_a_second_replacement_destroys_the_first_old_one_and_says_so(account: CloudAccount) -> None:
    rotate(account)
    STATE.good_token = "third-word"
    rotate(account, "third-word")
    assert Notice.objects.filter(kind="credential.retired").count() == 1
    row = CloudCredential.objects.get()
    assert row.previous is not None
    assert row.previous.open(bound_to=account.pk)["token"] == NEW


def test_what_nobody_puts_into_use_is_destroyed_after_a_day(account: CloudAccount) -> None:
    rotation = stage(account)
    assert services.retire_credentials(now=timezone.now() + timedelta(hours=23)) == 0
    assert services.retire_credentials(now=timezone.now() + timedelta(hours=25)) == 1
    assert CloudCredential.objects.get().staged is None
    rotation.refresh_from_db()
    assert rotation.state == "discarded"


def test_at_once_what_cannot_be_stored_leaves_no_replacement_under_way(account: CloudAccount) -> None:
    CloudCredential.objects.all().delete()
    for _ in range(2):  # the second time as well: nothing stands in its way
        with pytest.raises(ProviderError) as refused:
            replace(account, NEW)
        assert refused.value.code == "credential_missing"
    for rotation in CredentialRotation.objects.all():
        assert (rotation.state, rotation.code, rotation.active_account) == ("abandoned", "credential_missing", None)


def swapped_and_killed(account: CloudAccount) -> CredentialRotation:
    """The report and the swap are written, the account is not, and the worker is gone: as on MongoDB."""
    stage(account)
    rotation = services.start_rotation(account, actor=SYSTEM)
    found = CredentialRotation.objects.filter(pk=rotation.pk)
    claim = Claim.take(found.filter(state="queued"), found, state="running")
    assert claim is not None
    report = services.validate_cloud_account(
        owner=account.owner,
        details=services.AccountDetails("toy", "abcdef", "shelf", "toybox", "dev", ("left",)),
        credentials=Credentials("token", {"token": NEW}),
    )
    claim.write(report=report.to_dict(), ok=True)
    assert swapping._swap(account, found.get(), report, SYSTEM)
    found.update(lease_until=timezone.now() - timedelta(seconds=1))
    return found.get()


def test_a_swap_is_told_to_an_account_that_was_suspended_since(account: CloudAccount) -> None:
    rotation = swapped_and_killed(account)
    services.suspend_account(account, actor=SYSTEM)
    services.requeue_rotations()
    services.run_rotation(rotation.pk)
    rotation.refresh_from_db()
    assert (rotation.state, rotation.swapped) == ("finished", True)
    account.refresh_from_db()
    assert (account.credential_generation, account.status) == (1, "suspended")


def test_a_swap_is_told_to_the_account_though_its_rotation_was_discarded(account: CloudAccount) -> None:
    rotation = swapped_and_killed(account)
    services.discard_staged(account, actor=SYSTEM)
    assert services.requeue_rotations() == 1
    account.refresh_from_db()
    assert account.credential_generation == 1
    rotation.refresh_from_db()
    assert (rotation.state, rotation.swapped) == ("finished", True)
    assert services.requeue_rotations() == 0
