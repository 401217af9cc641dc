"""Writes discovered resources in bulk, with what is portable: SQLite, PostgreSQL and MongoDB alike.

One worker holds a run, so nobody else writes an account's assets meanwhile: reading which exist and then inserting the
rest is safe, and needs none of the upserts that MongoDB's backend lacks.

Findings are written before the assets that they are about. A kill in between, where there are no transactions, leaves
the assets as they were: so the next try judges them again, and finds the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from cloudaccounts.contract.inventory import Asset as Found
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.work.databases import SECURITY
from scans.findings.evaluation import Evaluations, Evaluator
from scans.findings.writer import FindingWriter
from scans.keys import id_key_of, key_of
from scans.models import Asset, ScanRun

CHUNK = 200  # stored assets judged again at a time
_JUDGED = ["judged_by", "passed", "failed", "unknown", "unknowns", "name_key", "id_key"]
_CHANGING = [
    "name", "tags", "properties", "fingerprint", "last_seen_at", "changed_at", "last_run", "gone_at", "account_name",
    "service", "unit_region", *_JUDGED,
]  # fmt: skip


def asset_key(found: Found) -> str:
    """Names a resource within its account. Hashed: native ids grow longer than an index entry may."""
    return hashlib.sha256("\x1f".join((found.type, found.region, found.native_id)).encode()).hexdigest()


class AssetWriter:
    """Stores batches of one run, judges what is new or changed, and counts what was new, changed and gone."""

    def __init__(self, run: ScanRun, judge: Evaluator, findings: FindingWriter) -> None:
        self._run = run
        self._judge = judge
        self._findings = findings
        self.seen = self.new = self.changed = self.gone = 0

    def write(self, unit: ScanUnit, batch: Iterable[Found]) -> None:
        """A handful of statements a batch, whatever its size."""
        found = {asset_key(asset): asset for asset in batch}
        now = timezone.now()
        rows = self._assets().filter(asset_key__in=list(found)).defer("tags", "properties")
        existing = {row.asset_key: row for row in rows}
        fresh: list[Asset] = []
        changed: list[Asset] = []
        same: list[Asset] = []
        judged: list[tuple[Asset, Evaluations]] = []
        for key, asset in found.items():
            row, fingerprint = existing.get(key), asset.fingerprint()
            if row is None:
                row = self._row(key, asset, unit, now, fingerprint)
                fresh.append(row)
            elif row.fingerprint == fingerprint and row.gone_at is None and _place(row) == (asset.service, unit.region):
                same.append(row)
                if row.judged_by == self._judge.version and row.type not in self._judge.aging:
                    continue
            else:
                changed.append(_change(row, asset, unit, self._run, now, fingerprint))
            verdicts = self._judge.judge(asset)
            _judge(row, verdicts, self._judge.version)
            judged.append((row, verdicts))
        self._store(fresh, changed, same, judged, now)
        self.seen += len(found)
        self.new += len(fresh)
        self.changed += len(changed)

    def keep(self, unit: ScanUnit) -> None:
        """A unit in which nothing was changed, as the cloud says: all that is known there is there still."""
        now = timezone.now()
        rows = self._assets().filter(service=unit.service, unit_region=unit.region, gone_at=None)
        self._judge_by_age(rows, now)
        self._findings.seen_again(_with_findings(rows), now)
        self.seen += rows.update(last_seen_at=now, last_run=self._run.run_id)

    def _judge_by_age(self, rows: QuerySet[Asset], now: datetime) -> None:
        """What grew old meanwhile, of a unit that was not looked at."""
        aging = rows.filter(type__in=self._judge.aging).iterator(chunk_size=CHUNK) if self._judge.aging else iter(())
        while chunk := list(islice(aging, CHUNK)):
            judged = [(row, self._judge.judge(as_found(row).as_of(now))) for row in chunk]
            for row, verdicts in judged:
                _judge(row, verdicts, self._judge.version)
            with transaction.atomic(using=SECURITY):
                self._findings.write(judged, now)
                Asset.objects.bulk_update(chunk, _JUDGED)

    def sweep(self, unit: ScanUnit) -> None:
        """After a unit was looked at completely: what was not found is gone. Kept, so that its history stays."""
        missing = self._assets().filter(service=unit.service, unit_region=unit.region, gone_at=None)
        self._lose(missing.exclude(last_run=self._run.run_id))

    def sweep_unwatched(self, units: Sequence[ScanUnit]) -> None:
        """After a scan of the whole account: what lies in regions that were taken off it is not looked at any more."""
        self._lose(self._assets().filter(gone_at=None).exclude(unit_region__in={unit.region for unit in units}))

    def recount(self) -> None:
        """By what is stored, after a try that another worker began: what it had counted died with it."""
        since = self._run.requested_at
        mine = self._assets().filter(last_run=self._run.run_id)
        self.seen = mine.count()
        self.new = mine.filter(first_seen_at__gte=since).count()
        self.changed = mine.filter(changed_at__gte=since, first_seen_at__lt=since).count()
        self.gone = self._assets().filter(gone_at__gte=since).count()

    def _store(
        self,
        fresh: Sequence[Asset],
        changed: Sequence[Asset],
        same: Sequence[Asset],
        judged: Sequence[tuple[Asset, Evaluations]],
        now: datetime,
    ) -> None:
        again = [row for row in same if row.judged_by == self._judge.version]
        judged_keys = {row.asset_key for row, _ in judged}
        with transaction.atomic(using=SECURITY):
            if judged:
                self._findings.write(judged, now)
            self._findings.seen_again(
                ((row.asset_key, row.unknowns) for row in again if row.failed and row.asset_key not in judged_keys), now
            )
            Asset.objects.bulk_create(fresh)
            Asset.objects.bulk_update(changed, _CHANGING)
            Asset.objects.bulk_update([row for row in same if row.asset_key in judged_keys], _JUDGED)
            if same:
                seen = Asset.objects.filter(pk__in=[row.pk for row in same])
                seen.update(last_seen_at=now, last_run=self._run.run_id)

    def _lose(self, missing: QuerySet[Asset]) -> None:
        now = timezone.now()
        self._findings.assets_gone([key for key, _ in _with_findings(missing)], now)
        self.gone += missing.update(gone_at=now)

    def _assets(self) -> QuerySet[Asset]:
        return Asset.objects.filter(account=self._run.account)

    def _row(self, key: str, asset: Found, unit: ScanUnit, now: datetime, fingerprint: str) -> Asset:
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
            name_key=key_of(asset.name),
            id_key=id_key_of(asset.native_id),
            tags=dict(asset.tags),
            properties=dict(asset.properties),
            fingerprint=fingerprint,
            first_seen_at=now,
            last_seen_at=now,
            changed_at=now,
            last_run=self._run.run_id,
        )


def _place(row: Asset) -> tuple[str, str]:
    return row.service, row.unit_region


def as_found(row: Asset) -> Found:
    """As the provider told it when it was looked at last; a name longer than the column is cut."""
    return Found(
        type=row.type, service=row.service, region=row.region, native_id=row.native_id, name=row.name, tags=row.tags,
        properties=row.properties,
    )  # fmt: skip


def _with_findings(rows: QuerySet[Asset]) -> list[tuple[str, list[list[str]]]]:
    """Keys, and what was undecided, of those that may have open findings."""
    return list(rows.filter(Q(failed__gt=0) | Q(unknown__gt=0)).values_list("asset_key", "unknowns"))


def _change(row: Asset, asset: Found, unit: ScanUnit, run: ScanRun, now: datetime, fingerprint: str) -> Asset:
    row.service, row.unit_region = asset.service, unit.region
    row.name, row.account_name = asset.name[:300], run.account_name
    row.tags, row.properties = dict(asset.tags), dict(asset.properties)
    row.fingerprint = fingerprint
    row.last_seen_at = row.changed_at = now
    row.last_run, row.gone_at = run.run_id, None
    return row


def _judge(row: Asset, verdicts: Evaluations, version: str) -> None:
    row.judged_by = version
    row.passed, row.failed, row.unknown = verdicts.passed, len(verdicts.failures), len(verdicts.unknowns)
    row.unknowns = [[check, why[:300]] for check, why in sorted(verdicts.unknowns.items())]
    row.name_key, row.id_key = key_of(row.name), id_key_of(row.native_id)
