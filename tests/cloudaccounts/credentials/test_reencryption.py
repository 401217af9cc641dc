"""Re-encryption: everything under the newest key, and then the old key can go."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models import F
from pytest_django import Settings

from cloudaccounts.audit.actor import SYSTEM
from cloudaccounts.contract.identity import Credentials
from cloudaccounts.credentials import reencryption, staging, vault
from cloudaccounts.credentials.reencryption import rotate_encryption_keys
from cloudaccounts.crypto.fields import KeyringError, Sealed, newest_key_fingerprint
from cloudaccounts.errors import CredentialsUnreadableError
from cloudaccounts.models import AuditEvent, CloudAccount, CloudCredential, KeyWitness, WorkerHeartbeat
from cloudaccounts.operations.workers import confirm_key, record_worker_heartbeat
from cloudaccounts.rotation.requests import stage_credential, start_rotation
from cloudaccounts.rotation.verify import run_rotation
from teams.scope import Scope
from tests.conftest import ALL_DATABASES, SECRET
from tests.environment import MONGODB
from tests.toycloud.provider import State
from wizard.drafts.draft_data import DraftContent
from wizard.drafts.editing import create_wizard_session, open_draft
from wizard.models import WizardSession

pytestmark = pytest.mark.django_db(databases=ALL_DATABASES)
MakeAccount = Callable[..., CloudAccount]
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reencryption, "SETTLES", 0)


@pytest.fixture
def account(alice: User, toy_account: MakeAccount, settings: Settings) -> CloudAccount:
    """All three credentials of an account, a draft and the witness, sealed with the old key."""
    settings.CREDENTIAL_ENCRYPTION_KEYS = [OLD]
    account = toy_account(alice)
    for token in ("let-me-in", "waits"):
        stage_credential(account, actor=SYSTEM, credentials=Credentials("token", {"token": token}))
        if token == "let-me-in":
            run_rotation(start_rotation(account, actor=SYSTEM).pk)
    create_wizard_session(Scope(str(alice.pk)), DraftContent(steps={"provider": {"provider": "toy"}}))
    settings.CREDENTIAL_ENCRYPTION_KEYS = [NEW, OLD]
    return account


def run(**options: Any) -> str:
    out = StringIO()
    call_command("rotate_encryption_keys", stdout=out, **options)
    return out.getvalue()


def all_opened(account: CloudAccount) -> list[dict[str, Any]]:
    row = CloudCredential.objects.get(pk=account.pk)
    sealed = [row.payload, row.staged, row.previous]
    return [one.open(bound_to=account.pk) for one in sealed if one is not None]


def test_afterwards_the_old_key_can_be_removed(account: CloudAccount, alice: User, settings: Settings) -> None:
    assert "The older keys can be removed" in run()
    settings.CREDENTIAL_ENCRYPTION_KEYS = [NEW]
    assert [values["token"] for values in all_opened(account)] == ["let-me-in", "waits", "let-me-in"]
    draft = WizardSession.objects.get()
    assert open_draft(draft.pk, Scope(str(alice.pk))).content.text("provider", "provider") == "toy"
    assert confirm_key() is None
    assert KeyWitness.objects.exists()
    row = CloudCredential.objects.get()
    names = {row.key_fingerprint, row.staged_key_fingerprint, row.previous_key_fingerprint}
    assert names == {newest_key_fingerprint()}


def test_a_dry_run_counts_and_writes_nothing(account: CloudAccount, settings: Settings) -> None:
    assert "5 values would be encrypted with the newest key" in run(dry_run=True)
    settings.CREDENTIAL_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CredentialsUnreadableError):
        vault.open_credentials(account=account, actor=SYSTEM, purpose="test")


def test_a_second_run_finds_nothing_to_do(account: CloudAccount) -> None:
    run()
    before = CloudCredential.objects.values_list("payload", flat=True).get()
    assert "0 values encrypted" in run()
    after = CloudCredential.objects.values_list("payload", flat=True).get()
    assert before is not None
    assert after is not None
    assert before._token == after._token


def test_what_cannot_be_read_is_named_and_fails_the_command(
    account: CloudAccount, alice: User, make_account: MakeAccount, settings: Settings
) -> None:
    settings.CREDENTIAL_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    lost = make_account(alice)
    settings.CREDENTIAL_ENCRYPTION_KEYS = [NEW, OLD]
    out = StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("rotate_encryption_keys", stdout=out)
    assert caught.value.code == 1
    assert f"Not readable: credentials {lost.pk}, payload (encryption_key_wrong)" in out.getvalue()
    assert "can be removed" not in out.getvalue()
    assert SECRET not in out.getvalue()
    assert "gAAAA" not in out.getvalue()
    settings.CREDENTIAL_ENCRYPTION_KEYS = [NEW]
    assert len(all_opened(account)) == 3  # the others are done all the same


def test_without_a_key_it_says_so(account: CloudAccount, settings: Settings) -> None:
    settings.CREDENTIAL_ENCRYPTION_KEYS = []
    with pytest.raises(CommandError, match="key is missing"):
        run()


@pytest.mark.parametrize("writer", ["_write_together", "_write_one_by_one"])
def test_a_concurrent_change_is_never_overwritten(
    account: CloudAccount, settings: Settings, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    """Somebody replaces the credential, still with the old key, after it was read and before it is written."""
    if MONGODB and writer == "_write_together":
        pytest.skip("It speaks SQL.")
    original = getattr(reencryption, writer)
    changed: list[bool] = []

    def change_first(model: Any, column: Any, *args: Any) -> int:
        if column.name == "payload" and not changed:
            changed.append(True)
            settings.CREDENTIAL_ENCRYPTION_KEYS = [OLD]
            generation = CloudCredential.objects.values_list("generation", flat=True).get()
            token = Sealed.seal(
                {"method": "token", "token": "changed"}, bound_to=account.pk, column="payload", generation=generation
            )
            CloudCredential.objects.update(payload=token)
            settings.CREDENTIAL_ENCRYPTION_KEYS = [NEW, OLD]
        return int(original(model, column, *args))

    monkeypatch.setattr(reencryption, "_write_one_by_one" if MONGODB else "_write_together", change_first)
    done = rotate_encryption_keys(actor=SYSTEM)
    assert done.complete
    settings.CREDENTIAL_ENCRYPTION_KEYS = [NEW]
    assert changed
    assert all_opened(account)[0]["token"] == "changed"


def test_it_goes_on_where_it_was_interrupted(
    alice: User, make_account: MakeAccount, settings: Settings, monkeypatch: pytest.MonkeyPatch, toycloud: State
) -> None:
    settings.CREDENTIAL_ENCRYPTION_KEYS = [OLD]
    for _ in range(5):
        make_account(alice)
    settings.CREDENTIAL_ENCRYPTION_KEYS = [NEW, OLD]
    monkeypatch.setattr(reencryption, "BATCH", 2)

    def stop(label: str, seen: int, total: int) -> None:
        if seen > 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate_encryption_keys(actor=SYSTEM, advance=stop)
    assert CloudCredential.objects.filter(key_fingerprint=newest_key_fingerprint()).count() == 2
    done = rotate_encryption_keys(actor=SYSTEM)
    assert (done.rows, done.complete) == (CloudCredential.objects.count() + KeyWitness.objects.count(), True)
    assert CloudCredential.objects.exclude(key_fingerprint=newest_key_fingerprint()).count() == 0


def test_progress_is_told_store_by_store(account: CloudAccount) -> None:
    told: list[tuple[str, int, int]] = []
    rotate_encryption_keys(actor=SYSTEM, advance=lambda *one: told.append(one))
    assert {label for label, _, _ in told} == {"credentials", "drafts", "key witness"}
    assert all(seen <= total for _, seen, total in told)


def test_it_leaves_one_event_for_operators(account: CloudAccount) -> None:
    run()
    event = AuditEvent.objects.get(action="encryption.rotated")
    assert (event.owner, event.via, event.detail["unreadable"]) == ("", "command", 0)


# Two phases --------------------------------------------------------------------------------------------------------


def test_an_old_process_reads_what_a_new_one_writes(
    alice: User, toy_account: MakeAccount, settings: Settings, toycloud: State
) -> None:
    """A rolling restart: the first process that has the new key must not lock out those that have not."""
    settings.CREDENTIAL_ENCRYPTION_KEYS = [OLD]
    assert confirm_key() is None
    settings.CREDENTIAL_ENCRYPTION_KEYS = [NEW, OLD]
    account = toy_account(alice)
    draft = create_wizard_session(Scope(str(alice.pk)), DraftContent(steps={"provider": {"provider": "toy"}}))
    settings.CREDENTIAL_ENCRYPTION_KEYS = [OLD]
    assert vault.open_credentials(account=account, actor=SYSTEM, purpose="test")["token"] == "let-me-in"
    assert open_draft(draft.pk, Scope(str(alice.pk))).content.text("provider", "provider") == "toy"


def test_while_a_worker_does_not_read_the_new_key_the_command_refuses_and_says_so(
    account: CloudAccount, settings: Settings
) -> None:
    record_worker_heartbeat("fleet@new", ["fleet"])
    settings.CREDENTIAL_ENCRYPTION_KEYS = [OLD]
    record_worker_heartbeat("checks@old", ["checks"])
    settings.CREDENTIAL_ENCRYPTION_KEYS = [NEW, OLD]
    for options in ({}, {"dry_run": True}):
        with pytest.raises(CommandError, match=r"Phase 1 of 2: .*These workers do not yet.*: checks@old\.") as caught:
            run(**options)
        assert "fleet@new" not in str(caught.value)
    settings.CREDENTIAL_ENCRYPTION_KEYS = [OLD]
    assert len(all_opened(account)) == 3
    settings.CREDENTIAL_ENCRYPTION_KEYS = [NEW, OLD]
    record_worker_heartbeat("checks@old", ["checks"])  # restarted
    out = run()
    assert "Phase 1 of 2" in out
    assert "The older keys can be removed" in out
    assert "Phase 2 of 2" in run()


def test_a_worker_that_says_nothing_of_its_keys_counts_as_one_that_does_not_read_them(account: CloudAccount) -> None:
    record_worker_heartbeat("checks@before", ["checks"])
    WorkerHeartbeat.objects.update(keys=[])
    with pytest.raises(CommandError, match="checks@before"):
        run()
    assert "The older keys can be removed" in run(regardless=True)


def test_once_it_has_switched_every_process_writes_with_the_new_key(
    account: CloudAccount, alice: User, settings: Settings
) -> None:
    run()
    create_wizard_session(Scope(str(alice.pk)), DraftContent(steps={"provider": {"provider": "toy"}}))
    settings.CREDENTIAL_ENCRYPTION_KEYS = [NEW]
    for draft in WizardSession.objects.all():
        assert open_draft(draft.pk, Scope(str(alice.pk))).content.text("provider", "provider") == "toy"


def test_values_of_before_are_bound_to_their_place(account: CloudAccount, alice: User, settings: Settings) -> None:
    """Under the newest key already, and yet written before a value named its column."""
    settings.CREDENTIAL_ENCRYPTION_KEYS = [OLD]
    old = Sealed.seal({"method": "token", "token": "of-before"}, bound_to=account.pk)
    CloudCredential.objects.update(payload=old)
    assert vault.open_credentials(account=account, actor=SYSTEM, purpose="test")["token"] == "of-before"
    assert "1 values encrypted" in run()
    row = CloudCredential.objects.get()
    assert row.payload is not None
    with pytest.raises(KeyringError):
        row.payload.open(bound_to=account.pk, column="staged")
    assert vault.open_credentials(account=account, actor=SYSTEM, purpose="test")["token"] == "of-before"


# Who writes to the database ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "target"), [("previous", "payload"), ("staged", "payload"), ("payload", "staged")])
def test_a_value_that_was_swapped_into_another_column_does_not_open(
    account: CloudAccount, source: str, target: str
) -> None:
    CloudCredential.objects.update(**{target: F(source)})
    rotation = CloudCredential.objects.get().staged_id
    assert rotation is not None
    openings: dict[str, Callable[[], Any]] = {
        "payload": lambda: vault.open_credentials(account=account, actor=SYSTEM, purpose="test"),
        "staged": lambda: staging.open_staged(account=account, rotation_id=rotation, actor=SYSTEM),
    }
    with pytest.raises(CredentialsUnreadableError) as caught:
        openings[target]()
    assert caught.value.code == "sealed_for_another"


def test_a_credential_that_was_replaced_cannot_be_put_back(
    alice: User, toy_account: MakeAccount, toycloud: State
) -> None:
    account = toy_account(alice)
    before = CloudCredential.objects.values_list("payload", flat=True).get()
    stage_credential(account, actor=SYSTEM, credentials=Credentials("token", {"token": "let-me-in"}))
    run_rotation(start_rotation(account, actor=SYSTEM).pk)
    assert CloudCredential.objects.get().generation == 1
    CloudCredential.objects.update(payload=before)
    with pytest.raises(CredentialsUnreadableError) as caught:
        vault.open_credentials(account=account, actor=SYSTEM, purpose="test")
    assert caught.value.code == "sealed_for_another"
    with pytest.raises(CredentialsUnreadableError):
        vault.openers([account])[account.pk].open()
