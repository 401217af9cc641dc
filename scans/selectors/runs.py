"""Reads of scans. Everything is of one owner (``str(user.pk)``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from cloudaccounts.models import CloudAccount
from scans.models import ACTIVE, ScanEvery, ScanRun, ScanSchedule, ScanStatus


@dataclass(frozen=True, slots=True)
class ScanFilter:
    account: UUID | None = None
    provider: str = ""
    status: str = ""

    @property
    def narrows(self) -> bool:
        return bool(self.account or self.provider or self.status)


def count_active(owner: str) -> int:
    return ScanRun.objects.filter(owner=owner, status__in=ACTIVE).count()


def active(owner: str, limit: int) -> list[ScanRun]:
    return list(ScanRun.objects.filter(owner=owner, status__in=ACTIVE).order_by("requested_at")[:limit])


def latest_of_owner(owner: str, limit: int) -> list[ScanRun]:
    return list(ScanRun.objects.filter(owner=owner).order_by("-requested_at")[:limit])


def find_run(owner: str, run_id: UUID) -> ScanRun | None:
    return ScanRun.objects.filter(owner=owner, run_id=run_id).first()


def latest_of_account(owner: str, account: UUID) -> ScanRun | None:
    return ScanRun.objects.filter(owner=owner, account=account).order_by("-requested_at").first()


def runs(owner: str, wanted: ScanFilter) -> QuerySet[ScanRun]:
    found = ScanRun.objects.filter(owner=owner)
    exact: dict[str, Any] = {"account": wanted.account, "provider": wanted.provider, "status": wanted.status}
    found = found.filter(**{name: value for name, value in exact.items() if value})
    return found.order_by("-requested_at", "run_id")


def completed_before(run: ScanRun) -> ScanRun | None:
    """The run of the same account that a completed one follows."""
    found = ScanRun.objects.filter(account=run.account, status=ScanStatus.COMPLETED, requested_at__lt=run.requested_at)
    return found.order_by("-requested_at").first()


def last_completed(account: UUID, limit: int) -> list[ScanRun]:
    """Newest first, with their counts alone."""
    found = ScanRun.objects.filter(account=account, status=ScanStatus.COMPLETED).order_by("-requested_at")
    return list(found.only("run_id", "finished_at", "requested_at", "open_by_severity", "verdicts")[:limit])


def schedule_of(account: CloudAccount) -> ScanSchedule:
    """Daily for an account whose schedule was not written yet."""
    found = ScanSchedule.objects.filter(account=account.pk, owner=account.owner).first()
    if found is not None:
        return found
    return ScanSchedule(account=account.pk, owner=account.owner, every=ScanEvery.DAILY, full_at=timezone.now())


def time_left(run: ScanRun, *, now: datetime | None = None) -> timedelta | None:
    """A guess by the pace so far; None while too little is done to guess from."""
    if run.started_at is None or not run.is_active or run.units_done < 3 or run.units_done * 10 < run.units_total:
        return None
    elapsed = (now or timezone.now()) - run.started_at
    return elapsed / run.units_done * (run.units_total - run.units_done)
