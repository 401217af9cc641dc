"""Ended scans have an age limit, as every history. An account's latest stays, however old it is."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from cloudaccounts.models import CloudAccount
from scans.models import ScanRun

BATCH = 500


def purge_scans() -> int:
    """Removes ended runs older than ``AUDIT_RETENTION_DAYS``, in batches. What they found stays. How many."""
    limit = timezone.now() - timedelta(days=settings.AUDIT_RETENTION_DAYS)
    old = ScanRun.objects.filter(active_account=None, requested_at__lt=limit).order_by("requested_at", "run_id")
    gone, last = 0, UUID(int=0)
    while keys := list(old.order_by("run_id").filter(run_id__gt=last).values_list("run_id", flat=True)[:BATCH]):
        accounts = CloudAccount.objects.filter(latest_scan_run_id__in=keys)
        latest = set(accounts.values_list("latest_scan_run_id", flat=True))
        gone += ScanRun.objects.filter(pk__in=[key for key in keys if key not in latest]).delete()[0]
        last = keys[-1]
    return gone
