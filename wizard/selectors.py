"""Reads for the wizard's pages."""

from __future__ import annotations

from uuid import UUID

from cloudaccounts.models import CloudAccount
from cloudaccounts.services import check_account_exists
from wizard.models import WizardSession, WizardSessionQuerySet


def drafts_of(owner: str) -> WizardSessionQuerySet:
    """Open drafts, the last touched first."""
    return WizardSession.objects.of(owner).open().defer("data", "report").order_by("-updated_at")


def existing_account(owner: str, provider: str, account_id: str) -> CloudAccount | None:
    """The owner's account of this canonical id, where it is connected already."""
    if not check_account_exists(owner, provider, account_id):
        return None
    return CloudAccount.objects.of(owner).filter(provider=provider, account_id=account_id).first()


def account_exists(owner: str, account_uuid: UUID) -> bool:
    return CloudAccount.objects.of(owner).filter(pk=account_uuid).exists()
