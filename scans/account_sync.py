"""Keeps the rows of scans in step with their account: its name, its owner, its deletion.

Rows copy the account's name and owner, because lists need no join for them then, and because no foreign key spans
databases (docs/decisions/0003).
"""

from __future__ import annotations

from uuid import UUID

from cloudaccounts.models import CloudAccount
from scans.models import Asset, CheckTotal, ComplianceDay, Finding, ScanRun, ScanSchedule, ScanUnitRecord


def sync_account(account: CloudAccount) -> None:
    """Copies a changed name or owner to all rows of the account."""
    for model in (Asset, Finding, ScanRun):
        model.objects.filter(account=account.pk).update(account_name=account.name, owner=account.owner)
    ScanSchedule.objects.filter(account=account.pk).update(owner=account.owner)
    CheckTotal.objects.filter(account=account.pk).update(owner=account.owner)
    ComplianceDay.objects.filter(account=account.pk).update(owner=account.owner)


def delete_account_records(account_id: UUID) -> None:
    """Deletes everything that scans stored of a deleted account, and its runs."""
    # The runs first: a worker in the middle of one finds its claim gone at its next write, and stops.
    for model in (ScanRun, Finding, Asset, ScanUnitRecord, ScanSchedule, CheckTotal, ComplianceDay):
        model.objects.filter(account=account_id).delete()
