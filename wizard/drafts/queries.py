"""Reads of drafts, and of what accounts the wizard must know."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from cloudaccounts.models import AuditEvent, CloudAccount
from wizard.models import WizardSession, WizardSessionQuerySet


def drafts_of(owner: str) -> WizardSessionQuerySet:
    """Open drafts, the last touched first."""
    # Without the large columns, one of which would be decrypted.
    # Finished rows stay for the links to them until `removal.purge_expired` deletes them; drafts they are no more.
    return WizardSession.objects.of(owner).open().defer("data", "report").order_by("-updated_at")


def existing_account(owner: str, provider: str, account_id: str) -> CloudAccount | None:
    """The owner's account of this canonical id, where it is connected already."""
    return CloudAccount.objects.of(owner).filter(provider=provider, account_id=account_id).first()


def connected_among(owner: str, provider: str, account_ids: Iterable[str]) -> set[str]:
    """Those of these canonical ids that the owner has connected already, in one query."""
    connected = CloudAccount.objects.of(owner).filter(provider=provider, account_id__in=list(account_ids))
    return set(connected.values_list("account_id", flat=True))


def was_deleted(account_uuid: UUID) -> bool:
    """Whether an account of this id was connected and deleted again: audit events outlive accounts and drafts."""
    return AuditEvent.objects.filter(account=account_uuid, action="account.deleted").exists()


def account_exists(owner: str, account_uuid: UUID) -> bool:
    return CloudAccount.objects.of(owner).filter(pk=account_uuid).exists()
