"""Suspending, resuming and deleting accounts, so that repeating each finishes what a kill interrupted."""

from __future__ import annotations

from django.db import transaction

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.credentials.sharing import detach_from_organization, refuse_while_used
from cloudaccounts.events import account_deleted, account_leaves, account_suspended
from cloudaccounts.groups.services import remove_from_all_groups
from cloudaccounts.health import transitions
from cloudaccounts.health.connection_checks import request_check
from cloudaccounts.models import (
    CloudAccount,
    CloudAccountStatus,
    CloudCredential,
    ConnectionCheck,
    CredentialRotation,
    HealthRecord,
    RotationRun,
    RotationSetting,
    RotationStep,
)
from cloudaccounts.models.check import CheckTrigger
from cloudaccounts.work.databases import SECURITY


def suspend_account(account: CloudAccount, *, actor: Actor) -> None:
    """Stops checks and scans; nothing is deleted."""
    with transaction.atomic(using=SECURITY):
        changed = transitions.suspend(account)
        account.status = CloudAccountStatus.SUSPENDED
        # Also where nothing changed: without transactions (MongoDB) a kill may have come between the two.
        account_suspended.send(sender=CloudAccount, account=account, actor=actor)
        if changed:
            _record(account, actor, "account.suspended", f"Suspended by {actor.label}: neither checked nor scanned")


def resume_account(account: CloudAccount, *, actor: Actor) -> ConnectionCheck | None:
    """Pending again, with a check that decides the rest. None where the account was not suspended."""
    with transaction.atomic(using=SECURITY):
        if not transitions.resume(account):
            return None
        _record(account, actor, "account.resumed", f"Resumed by {actor.label}; connection is checked again")
        # Not believed before it is checked: what was granted before the pause says nothing of today.
        return request_check(account, actor=actor, trigger=CheckTrigger.PERSON)


def delete_account(account: CloudAccount, *, actor: Actor) -> None:
    """Deletes the credential, the account and what was discovered. The audit events stay.

    Raises `ConnectionInUseError` while other accounts are opened with its credential.
    """
    refuse_while_used(account)
    # The many rows first, in transactions of their own. A kill leaves an account that can be deleted once more.
    account_leaves.send(sender=CloudAccount, account=account, actor=actor)
    with transaction.atomic(using=SECURITY):
        # The account's own row goes last. Without transactions (MongoDB) a kill at any line then leaves an account that
        # can be deleted once more, and never rows of scans or a credential that belong to none.
        account_deleted.send(sender=CloudAccount, account=account, actor=actor)
        remove_from_all_groups(account.pk)
        CloudCredential.objects.filter(account_id=account.pk).delete()
        ConnectionCheck.objects.filter(account=account.pk).delete()
        HealthRecord.objects.filter(account=account.pk).delete()
        CredentialRotation.objects.filter(account=account.pk).delete()
        _name_keys_left(account, actor)
        for rows in (RotationStep, RotationRun, RotationSetting):
            rows.objects.filter(account=account.pk).delete()
        detach_from_organization(account)
        CloudAccount.objects.filter(pk=account.pk).delete()
        # In the same transaction and last: the event also keeps a repeated draft from bringing the account back
        # (`lifecycle.adding`).
        _record(account, actor, "account.deleted", f"Account and credentials deleted by {actor.label}")


def _name_keys_left(account: CloudAccount, actor: Actor) -> None:
    """Of a rotation that is under way: it has two keys at the cloud, and whatever could delete them goes now."""
    run = RotationRun.objects.filter(active_account=account.pk).first()
    keys = [key for key in (run.old_key, run.new_key) if key] if run is not None else []
    if keys:
        text = f"Deleted in the middle of a rotation: delete at the provider what is not needed of {', '.join(keys)}"
        _record(account, actor, "rotation.keys_left", text)


def _record(account: CloudAccount, actor: Actor, action: str, text: str) -> None:
    record_event(actor=actor, owner=account.owner, action=action, text=text, account=account.id, label=account.name)
