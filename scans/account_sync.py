"""What is stored of an account follows it: its name, its owner, its end. Lists need no join for that."""

from __future__ import annotations

from uuid import UUID

from cloudaccounts.models import CloudAccount
from scans.models import Asset, Finding, ScanRun, ScanSchedule, ScanUnitRecord


def sync_account(account: CloudAccount) -> None:
    """After a new name or a new owner."""
    for model in (Asset, Finding, ScanRun):
        model.objects.filter(account=account.pk).update(account_name=account.name, owner=account.owner)
    ScanSchedule.objects.filter(account=account.pk).update(owner=account.owner)


def forget_account(account: UUID) -> None:
    """Removes what was discovered of a deleted account, and its runs; a worker in the middle loses its claim."""
    for model in (ScanRun, Finding, Asset, ScanUnitRecord, ScanSchedule):
        model.objects.filter(account=account).delete()
