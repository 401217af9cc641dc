"""Reads of drafts, and of what accounts the wizard must know."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from cloudaccounts.accounts.visibility import visible_accounts
from cloudaccounts.group_scope import asked_within
from cloudaccounts.models import AuditEvent, CloudAccount
from teams.scope import Scope
from wizard.models import WizardSession, WizardSessionQuerySet


def drafts_of(scope: Scope) -> WizardSessionQuerySet:
    """Open drafts that were begun in the scope or in a narrower one, the last touched first."""
    # Without the large columns, one of which would be decrypted.
    # Finished rows stay for the links to them until `removal.purge_expired` deletes them; drafts they are no more.
    return asked_within(WizardSession.objects.all(), scope).open().defer("data", "report").order_by("-updated_at")


def existing_account(scope: Scope, provider: str, account_id: str) -> CloudAccount | None:
    """The account of this canonical id that the scope shows, where it is connected already."""
    return visible_accounts(scope).filter(provider=provider, account_id=account_id).first()


def connected_among(owner: str, provider: str, account_ids: Iterable[str]) -> set[str]:
    """Those of these canonical ids that the owner has connected already, in one query."""
    connected = CloudAccount.objects.of(owner).filter(provider=provider, account_id__in=list(account_ids))
    return set(connected.values_list("account_id", flat=True))


def was_deleted(account_uuid: UUID) -> bool:
    """Whether an account of this id was connected and deleted again: audit events outlive accounts and drafts."""
    return AuditEvent.objects.filter(account=account_uuid, action="account.deleted").exists()


def account_exists(owner: str, account_uuid: UUID) -> bool:
    return CloudAccount.objects.of(owner).filter(pk=account_uuid).exists()
