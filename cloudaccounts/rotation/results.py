"""What every step of a rotation needs: its row, who may have one, and its audit."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.utils import timezone

from cloudaccounts.audit.actor import Actor
from cloudaccounts.audit.record import record_event
from cloudaccounts.errors import AccountSuspendedError, CredentialBorrowedError
from cloudaccounts.models import CloudAccount, CloudAccountStatus, CloudCredential, CredentialRotation

TASK = "cloudaccounts.run_rotation"
ATTEMPTS = 3  # a test that kills its worker three times would kill the next one as well


def new_request(account: CloudAccount, actor: Actor, **fields: Any) -> CredentialRotation:
    now = timezone.now()
    return CredentialRotation(
        # The id is drawn before the row is written: what is staged names its request, and either may be written first.
        id=uuid4(), account=account.pk, owner=account.owner, actor=actor.to_dict(), requested_at=now, nudged_at=now,
        **fields,
    )  # fmt: skip


def refuse_unrotatable(account: CloudAccount) -> None:
    """Raises `CredentialBorrowedError` for a member of an organization, `AccountSuspendedError`, ``DoesNotExist``."""
    if account.connection is not None:
        raise CredentialBorrowedError
    # Read anew: the object in hand may be older than a suspension.
    if CloudAccount.objects.only("status").get(pk=account.pk).status == CloudAccountStatus.SUSPENDED:
        raise AccountSuspendedError


def was_swapped(rotation: CredentialRotation) -> bool:
    """Asks the credential's own row, written in the same UPDATE as the swap: the rotation's may lag behind it."""
    return CloudCredential.objects.filter(account_id=rotation.account, replaced_by=rotation.pk).exists()


def record(account: CloudAccount, actor: Actor, action: str, text: str, **detail: str) -> None:
    record_event(
        actor=actor, owner=account.owner, action=action, text=text, account=account.pk, label=account.name, **detail
    )
