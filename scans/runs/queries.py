"""Reads of runs and schedules. All are of one scope, except what says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from cloudaccounts.accounts.visibility import within
from cloudaccounts.models import CloudAccount
from scans.models import ACTIVE, ScanEvery, ScanRun, ScanSchedule, ScanStatus
from scans.search import filter_by_group
from teams.scope import Scope


@dataclass(frozen=True, slots=True)
class ScanFilter:
    account: UUID | None = None
    provider: str = ""
    status: str = ""
    group: UUID | None = None

    @property
    def narrows(self) -> bool:
        return bool(self.account or self.provider or self.status or self.group)


def count_active(scope: Scope, *, up_to: int | None = None) -> int:
    """``up_to``: counting stops there."""
    return within(ScanRun.objects.filter(status__in=ACTIVE), scope).order_by().values("owner")[:up_to].count()


def active(scope: Scope, limit: int) -> list[ScanRun]:
    return list(within(ScanRun.objects.filter(status__in=ACTIVE), scope).order_by("requested_at")[:limit])


def latest(scope: Scope, limit: int) -> list[ScanRun]:
    return list(within(ScanRun.objects.all(), scope).order_by("-requested_at")[:limit])


def find_run(scope: Scope, run_id: UUID) -> ScanRun | None:
    return within(ScanRun.objects.filter(run_id=run_id), scope).first()


def latest_of_account(scope: Scope, account: UUID) -> ScanRun | None:
    return within(ScanRun.objects.filter(account=account), scope).order_by("-requested_at").first()


def runs(scope: Scope, filters: ScanFilter) -> QuerySet[ScanRun]:
    rows = within(ScanRun.objects.all(), scope)
    exact: dict[str, Any] = {"account": filters.account, "provider": filters.provider, "status": filters.status}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    # The order ends with the key: without it, pages of runs that a job requested together could overlap.
    return filter_by_group(rows, scope, filters.group).order_by("-requested_at", "run_id")


def stuck(limit: int, *, waiting: timedelta = timedelta(minutes=10)) -> list[ScanRun]:
    """For operators, of all owners: queued for long, or running with a lease that has ended."""
    now = timezone.now()
    # The reconciler repairs both within a minute where workers run, so what stays here needs an operator.
    queued = Q(status=ScanStatus.QUEUED, requested_at__lt=now - waiting)
    lost = Q(status=ScanStatus.RUNNING, lease_until__lt=now)
    return list(ScanRun.objects.filter(queued | lost).order_by("requested_at")[:limit])


def queued_scans() -> QuerySet[ScanRun]:
    """For operators, of all owners."""
    return ScanRun.objects.filter(status=ScanStatus.QUEUED)


def latest_changes(scope: Scope, limit: int) -> list[ScanRun]:
    """The runs that ended last and changed something, of the latest 50; newest first."""
    # The latest 50 from an index, filtered here: no index holds the numbers of changes.
    latest = within(ScanRun.objects.all(), scope).order_by("-requested_at").defer("gaps", "unknowns", "regions")[:50]
    counts = ("findings_new", "findings_reopened", "findings_resolved", "assets_new", "assets_gone")
    changed = [run for run in latest if run.status == ScanStatus.COMPLETED and any(getattr(run, n) for n in counts)]
    return changed[:limit]


def last_completed(account: UUID, limit: int) -> list[ScanRun]:
    """Newest first, with the columns of a summary only."""
    completed = ScanRun.objects.filter(account=account, status=ScanStatus.COMPLETED).order_by("-requested_at")
    return list(completed.only("run_id", "finished_at", "requested_at", "open_by_severity", "verdicts")[:limit])


def schedule_of(account: CloudAccount) -> ScanSchedule:
    """Daily for an account whose schedule was not written yet."""
    schedule = ScanSchedule.objects.filter(account=account.pk, owner=account.owner).first()
    if schedule is not None:
        return schedule
    return ScanSchedule(account=account.pk, owner=account.owner, every=ScanEvery.DAILY, full_at=timezone.now())


def time_left(run: ScanRun, *, now: datetime | None = None) -> timedelta | None:
    """An estimate by the pace so far. None while fewer than 3 units, or than a tenth, are done: it would jump about."""
    if run.started_at is None or not run.is_active or run.units_done < 3 or run.units_done * 10 < run.units_total:
        return None
    elapsed = (now or timezone.now()) - run.started_at
    return elapsed / run.units_done * (run.units_total - run.units_done)
