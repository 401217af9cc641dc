"""Reads of scans. Everything is of one owner (``str(user.pk)``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from cloudaccounts.models import CloudAccount
from scans.models import ACTIVE, ScanEvery, ScanRun, ScanSchedule, ScanStatus
from scans.search import in_group


@dataclass(frozen=True, slots=True)
class ScanFilter:
    account: UUID | None = None
    provider: str = ""
    status: str = ""
    group: UUID | None = None

    @property
    def narrows(self) -> bool:
        return bool(self.account or self.provider or self.status or self.group)


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
    return in_group(found, owner, wanted.group).order_by("-requested_at", "run_id")


def stuck(limit: int, *, waiting: timedelta = timedelta(minutes=10)) -> list[ScanRun]:
    """For operators, of everybody: queued for long, or running without a sign of life from their worker."""
    now = timezone.now()
    queued = Q(status=ScanStatus.QUEUED, requested_at__lt=now - waiting)
    lost = Q(status=ScanStatus.RUNNING, lease_until__lt=now)
    return list(ScanRun.objects.filter(queued | lost).order_by("requested_at")[:limit])


def queued_scans() -> QuerySet[ScanRun]:
    return ScanRun.objects.filter(status=ScanStatus.QUEUED)


def latest_changes(owner: str, limit: int) -> list[ScanRun]:
    """The runs that ended last and changed something, of the latest 50; newest first."""
    found = ScanRun.objects.filter(owner=owner).order_by("-requested_at").defer("gaps", "unknowns", "regions")[:50]
    counts = ("findings_new", "findings_reopened", "findings_resolved", "assets_new", "assets_gone")
    changed = [run for run in found if run.status == ScanStatus.COMPLETED and any(getattr(run, n) for n in counts)]
    return changed[:limit]


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
