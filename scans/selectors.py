"""Reads of scans and assets. Everything is of one owner (``str(user.pk)``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from cloudaccounts import groups
from cloudaccounts.models import CloudAccount
from scans.models import ACTIVE, Asset, ScanRun, ScanStatus

SHOWN_TYPES = 8
SHOWN_ASSETS = 6


@dataclass(frozen=True, slots=True)
class ScanFilter:
    account: UUID | None = None
    provider: str = ""
    status: str = ""
    group: UUID | None = None

    @property
    def narrows(self) -> bool:
        return bool(self.account or self.provider or self.status or self.group)


@dataclass(frozen=True, slots=True)
class AssetFilter:
    q: str = ""
    account: UUID | None = None
    provider: str = ""
    type: str = ""
    region: str = ""
    gone: bool = False
    group: UUID | None = None

    @property
    def narrows(self) -> bool:
        return any((self.q, self.account, self.provider, self.type, self.region, self.gone, self.group))


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
    return _in_group(found, owner, wanted.group).order_by("-requested_at", "run_id")


def assets(owner: str, wanted: AssetFilter, account: CloudAccount | None) -> QuerySet[Asset]:
    """For a list: without tags and properties. ``account`` is the owner's that ``wanted`` names, if there is one."""
    found = _of(owner, wanted, account).filter(gone_at__isnull=not wanted.gone).defer("tags", "properties")
    exact: dict[str, Any] = {"provider": wanted.provider, "type": wanted.type, "region": wanted.region}
    found = found.filter(**{name: value for name, value in exact.items() if value})
    if wanted.q:
        found = found.filter(
            Q(name__icontains=wanted.q) | Q(native_id__icontains=wanted.q) | Q(account_name__icontains=wanted.q)
        )
    return _in_group(found, owner, wanted.group).order_by("type", "name", "id")


def asset_types(owner: str, wanted: AssetFilter, account: CloudAccount | None) -> list[str]:
    """To choose from, in the order of the index that alone is read for it."""
    found = _of(owner, wanted, account)
    if account is None:  # an account's own index does not know what is gone
        found = found.filter(gone_at__isnull=not wanted.gone)
    return sorted(found.order_by().values_list("type", flat=True).distinct())


def _of(owner: str, wanted: AssetFilter, account: CloudAccount | None) -> QuerySet[Asset]:
    """An account's assets are asked for by the account alone: given the owner too, SQLite reads all that is theirs."""
    if account is not None:
        assert account.owner == owner
        return Asset.objects.filter(account=account.pk)
    return Asset.objects.none() if wanted.account else Asset.objects.filter(owner=owner)


def _in_group(found: QuerySet[Any], owner: str, wanted: UUID | None) -> QuerySet[Any]:
    """Rows of the group's accounts and of those nested in it; a group that is not the owner's holds nothing."""
    if wanted is None:
        return found
    group = groups.find(owner, wanted)
    return found.filter(groups.inside(groups.with_descendants(group), field="account")) if group else found.none()


def stuck(limit: int, *, waiting: timedelta = timedelta(minutes=10)) -> list[ScanRun]:
    """For operators, of everybody: queued for long, or running without a sign of life from their worker."""
    now = timezone.now()
    queued = Q(status=ScanStatus.QUEUED, requested_at__lt=now - waiting)
    lost = Q(status=ScanStatus.RUNNING, lease_until__lt=now)
    return list(ScanRun.objects.filter(queued | lost).order_by("requested_at")[:limit])


def queued_scans() -> QuerySet[ScanRun]:
    return ScanRun.objects.filter(status=ScanStatus.QUEUED)


def find_asset(owner: str, asset: UUID) -> Asset | None:
    return Asset.objects.filter(owner=owner, pk=asset).first()


@dataclass(frozen=True, slots=True)
class AccountAssets:
    total: int
    types: tuple[tuple[str, int], ...]  # most frequent first
    more_types: int
    latest: tuple[Asset, ...]


def account_assets(account: CloudAccount) -> AccountAssets:
    """Two queries: counts by type, and what was found last."""
    present = Asset.objects.filter(account=account.pk, gone_at__isnull=True)
    rows = present.order_by().values("type").annotate(number=Count("id"))
    counted = sorted(((row["type"], row["number"]) for row in rows), key=lambda pair: (-pair[1], pair[0]))
    latest = present.defer("tags", "properties").order_by("-first_seen_at", "type", "name")[:SHOWN_ASSETS]
    return AccountAssets(
        total=sum(number for _, number in counted),
        types=tuple(counted[:SHOWN_TYPES]),
        more_types=max(0, len(counted) - SHOWN_TYPES),
        latest=tuple(latest),
    )


def time_left(run: ScanRun, *, now: datetime | None = None) -> timedelta | None:
    """A guess by the pace so far; None while too little is done to guess from."""
    if run.started_at is None or not run.is_active or run.units_done < 3 or run.units_done * 10 < run.units_total:
        return None
    elapsed = (now or timezone.now()) - run.started_at
    return elapsed / run.units_done * (run.units_total - run.units_done)
