"""Ended scans, resolved findings and gone assets have an age limit. An account's latest scan stays, however old."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from cloudaccounts.models import CloudAccount
from scans.models import Asset, Finding, FindingDay, FindingStatus, ScanRun

BATCH = 500


def purge_scans() -> int:
    """Removes ended runs older than ``AUDIT_RETENTION_DAYS``, in batches. What they found stays. How many."""
    limit = _limit()
    old = ScanRun.objects.filter(active_account=None, requested_at__lt=limit).order_by("requested_at", "run_id")
    gone, last = 0, UUID(int=0)
    while keys := list(old.order_by("run_id").filter(run_id__gt=last).values_list("run_id", flat=True)[:BATCH]):
        accounts = CloudAccount.objects.filter(latest_scan_run_id__in=keys)
        latest = set(accounts.values_list("latest_scan_run_id", flat=True))
        gone += ScanRun.objects.filter(pk__in=[key for key in keys if key not in latest]).delete()[0]
        last = keys[-1]
    return gone


def purge_found() -> int:
    """Removes what was resolved, gone or counted longer ago than ``AUDIT_RETENTION_DAYS``, in batches. How many."""
    limit = _limit()
    return (
        _purge(Finding.objects.filter(status=FindingStatus.RESOLVED, resolved_at__lt=limit))
        + _purge(Asset.objects.filter(gone_at__lt=limit))
        + _purge(FindingDay.objects.filter(day__lt=f"{limit:%Y-%m-%d}"))
    )


def _limit() -> datetime:
    return timezone.now() - timedelta(days=settings.AUDIT_RETENTION_DAYS)


def _purge(rows: QuerySet[Any]) -> int:
    """In the order of their keys: no row is looked at twice."""
    gone, last = 0, UUID(int=0)
    while keys := list(rows.order_by("pk").filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        gone += rows.filter(pk__in=keys).delete()[0]  # not one that came back since our look
        last = keys[-1]
    return gone
