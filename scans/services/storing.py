"""Writes discovered resources in bulk, with what is portable: SQLite, PostgreSQL and MongoDB alike.

One worker holds a run, so nobody else writes an account's assets meanwhile: reading which exist and then inserting the
rest is safe, and needs none of the upserts that MongoDB's backend lacks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from cloudaccounts.contract import Asset as Found
from cloudaccounts.contract import ScanUnit
from scans.models import Asset, ScanRun

_CHANGING = [
    "name", "tags", "properties", "fingerprint", "last_seen_at", "changed_at", "last_run", "gone_at", "account_name",
    "unit_region",
]  # fmt: skip


def asset_key(found: Found) -> str:
    """Names a resource within its account. Hashed: native ids grow longer than an index entry may."""
    return hashlib.sha256("\x1f".join((found.type, found.region, found.native_id)).encode()).hexdigest()


class AssetWriter:
    """Stores batches of one run and counts what was new, changed and gone."""

    def __init__(self, run: ScanRun) -> None:
        self._run = run
        self.seen = self.new = self.changed = self.gone = 0

    def write(self, unit: ScanUnit, batch: Iterable[Found]) -> None:
        """Three to four statements a batch, whatever its size."""
        found = {asset_key(asset): asset for asset in batch}
        now = timezone.now()
        existing = {row.asset_key: row for row in self._assets().filter(asset_key__in=list(found))}
        fresh, changed, same = [], [], []
        for key, asset in found.items():
            row = existing.get(key)
            if row is None:
                fresh.append(self._row(key, asset, unit, now))
            elif row.fingerprint == asset.fingerprint() and row.gone_at is None and row.unit_region == unit.region:
                same.append(row.pk)
            else:
                changed.append(_change(row, asset, unit, self._run, now))
        Asset.objects.bulk_create(fresh)
        Asset.objects.bulk_update(changed, _CHANGING)
        if same:
            Asset.objects.filter(pk__in=same).update(last_seen_at=now, last_run=self._run.run_id)
        self.seen += len(found)
        self.new += len(fresh)
        self.changed += len(changed)

    def sweep(self, unit: ScanUnit) -> None:
        """After a unit was looked at completely: what was not found is gone. Kept, so that its history stays."""
        missing = self._assets().filter(service=unit.service, unit_region=unit.region, gone_at=None)
        self.gone += missing.exclude(last_run=self._run.run_id).update(gone_at=timezone.now())

    def sweep_unwatched(self, units: Sequence[ScanUnit]) -> None:
        """After a scan of the whole account: what lies in regions that were taken off it is not looked at any more."""
        unwatched = self._assets().filter(gone_at=None).exclude(unit_region__in={unit.region for unit in units})
        self.gone += unwatched.update(gone_at=timezone.now())

    def _assets(self) -> QuerySet[Asset]:
        return Asset.objects.filter(account=self._run.account)

    def _row(self, key: str, asset: Found, unit: ScanUnit, now: datetime) -> Asset:
        return Asset(
            account=self._run.account,
            asset_key=key,
            owner=self._run.owner,
            account_name=self._run.account_name,
            provider=self._run.provider,
            type=asset.type,
            service=asset.service,
            region=asset.region,
            unit_region=unit.region,
            native_id=asset.native_id,
            name=asset.name[:300],
            tags=dict(asset.tags),
            properties=dict(asset.properties),
            fingerprint=asset.fingerprint(),
            first_seen_at=now,
            last_seen_at=now,
            changed_at=now,
            last_run=self._run.run_id,
        )


def _change(row: Asset, asset: Found, unit: ScanUnit, run: ScanRun, now: datetime) -> Asset:
    row.unit_region = unit.region
    row.name, row.account_name = asset.name[:300], run.account_name
    row.tags, row.properties = dict(asset.tags), dict(asset.properties)
    row.fingerprint = asset.fingerprint()
    row.last_seen_at = row.changed_at = now
    row.last_run, row.gone_at = run.run_id, None
    return row
