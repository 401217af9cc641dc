"""Writes collected resources as assets, in bulk and with statements that SQLite, PostgreSQL and MongoDB all have.

One worker holds a run, so nobody else writes an account's assets meanwhile. Reading which exist and inserting the rest
is therefore safe, and needs none of the upserts that MongoDB's backend lacks.

Findings are written before the assets that they are about. A kill between the two, where there are no transactions
(MongoDB), leaves the assets not yet evaluated by this version of the checks: the next try evaluates them again and
finds the same. The other order would leave evaluated assets without their findings, and nobody would look again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from cloudaccounts.contract.inventory import Asset as CollectedAsset
from cloudaccounts.contract.inventory import ScanUnit
from cloudaccounts.work.databases import SECURITY
from cloudaccounts.work.reading import row_batches
from scans.findings.evaluation import Evaluations, Evaluator
from scans.findings.writer import FindingWriter
from scans.models import Asset, ScanRun
from scans.search_keys import id_search_key, search_key
from scans.tags import tag_lines

CHUNK = 200  # stored assets evaluated again at a time
_EVALUATED = [
    "judged_by", "passed", "failed", "unknown", "unknowns", "inapplicable", "passed_weight", "failed_weight",
    "name_key", "id_key", "tag_lines",
]  # fmt: skip
_CHANGING = [
    "name", "tags", "properties", "fingerprint", "last_seen_at", "changed_at", "last_run", "gone_at", "account_name",
    "service", "unit_region", *_EVALUATED,
]  # fmt: skip


def asset_key(asset: CollectedAsset) -> str:
    """Names a resource within its account. Hashed, because native ids grow longer than an index entry may be."""
    return hashlib.sha256("\x1f".join((asset.type, asset.region, asset.native_id)).encode()).hexdigest()


class AssetWriter:
    """Stores the batches of one run, evaluates what is new or changed, and counts new, changed and gone assets."""

    def __init__(self, run: ScanRun, evaluator: Evaluator, findings: FindingWriter) -> None:
        self._run = run
        self._evaluator = evaluator
        self._findings = findings
        self.seen = self.new = self.changed = self.gone = 0
        # Where something was before this try: most of an account's regions are empty, and nothing is missing there.
        self._held = set(self._assets().filter(gone_at=None).values_list("service", "unit_region").distinct())

    def write(self, unit: ScanUnit, batch: Iterable[CollectedAsset]) -> None:
        """Stores one batch of a unit, with a handful of statements whatever its size."""
        # A resource that the cloud lists on two pages is in the batch twice: the key keeps the last.
        collected = {asset_key(asset): asset for asset in batch}
        now = timezone.now()
        # Whether something changed, the fingerprint says: the large columns are not read.
        stored_rows = self._assets().filter(asset_key__in=list(collected)).defer("tags", "tag_lines", "properties")
        stored = {row.asset_key: row for row in stored_rows}
        new: list[Asset] = []
        changed: list[Asset] = []
        same: list[Asset] = []
        evaluated: list[tuple[Asset, Evaluations]] = []
        reevaluated: list[Asset] = []
        for key, asset in collected.items():
            row, fingerprint = stored.get(key), asset.fingerprint()
            if row is None:
                row = self._new_row(key, asset, unit, now, fingerprint)
                new.append(row)
            # An asset that was gone and is met again is written as a changed one, which clears `gone_at`.
            elif row.fingerprint == fingerprint and row.gone_at is None and _place(row) == (asset.service, unit.region):
                same.append(row)
                # Neither the asset nor the checks changed, and none of them depends on time: the results stand.
                if row.judged_by == self._evaluator.version and row.type not in self._evaluator.aging:
                    continue
                row.tags = dict(asset.tags)  # findings copy them, and reading the deferred column is a query a row
            else:
                changed.append(_apply_change(row, asset, unit, self._run, now, fingerprint))
            evaluations, before = self._evaluator.evaluate(asset), _results(row)
            _apply_evaluations(row, evaluations, self._evaluator.version)
            evaluated.append((row, evaluations))
            # What only became a day older has mostly the results that it had.
            if before != _results(row):
                reevaluated.append(row)
        self._store(new, changed, same, evaluated, reevaluated, now)
        self.seen += len(collected)
        self.new += len(new)
        self.changed += len(changed)

    def keep_unchanged(self, unit: ScanUnit) -> None:
        """For a unit that was not collected, because the cloud's log names no change there: its assets were seen."""
        now = timezone.now()
        rows = self._assets().filter(service=unit.service, unit_region=unit.region, gone_at=None)
        self._evaluate_aging(rows, now)
        self._findings.mark_seen(_with_findings(rows), now)
        self.seen += rows.update(last_seen_at=now, last_run=self._run.run_id)

    def _evaluate_aging(self, rows: QuerySet[Asset], now: datetime) -> None:
        """Evaluates assets whose checks depend on time alone (the age of a key), from what is stored of them."""
        if not self._evaluator.aging:
            return
        for chunk in row_batches(rows.filter(type__in=self._evaluator.aging), CHUNK):
            evaluated = [(row, self._evaluator.evaluate(to_collected(row).as_of(now))) for row in chunk]
            for row, evaluations in evaluated:
                _apply_evaluations(row, evaluations, self._evaluator.version)
            with transaction.atomic(using=SECURITY):
                self._findings.write(evaluated, now)
                Asset.objects.bulk_update(chunk, _EVALUATED)

    def mark_gone(self, unit: ScanUnit) -> None:
        """After a unit was collected completely: what this run did not meet is gone. The row stays, for its history."""
        if (unit.service, unit.region) not in self._held:
            return
        missing = self._assets().filter(service=unit.service, unit_region=unit.region, gone_at=None)
        missing = missing.exclude(last_run=self._run.run_id)
        # In most units nothing is, and this is one small statement instead of two.
        if missing.exists():
            self._mark_gone(missing)

    def mark_gone_outside(self, units: Sequence[ScanUnit]) -> None:
        """After a scan of the whole account: assets in regions that were taken off the account are scanned no more."""
        self._mark_gone(self._assets().filter(gone_at=None).exclude(unit_region__in={unit.region for unit in units}))

    def recount(self) -> None:
        """Counts anew from what is stored, in a later try: the counts of the first worker died with it."""
        since = self._run.requested_at
        of_this_run = self._assets().filter(last_run=self._run.run_id)
        self.seen = of_this_run.count()
        self.new = of_this_run.filter(first_seen_at__gte=since).count()
        self.changed = of_this_run.filter(changed_at__gte=since, first_seen_at__lt=since).count()
        self.gone = self._assets().filter(gone_at__gte=since).count()

    def _store(
        self,
        new: Sequence[Asset],
        changed: Sequence[Asset],
        same: Sequence[Asset],
        evaluated: Sequence[tuple[Asset, Evaluations]],
        reevaluated: Sequence[Asset],
        now: datetime,
    ) -> None:
        current = [row for row in same if row.judged_by == self._evaluator.version]
        evaluated_keys = {row.asset_key for row, _ in evaluated}
        reevaluated_keys = {row.asset_key for row in reevaluated}
        with transaction.atomic(using=SECURITY):
            # Findings first: see the module's docstring.
            if evaluated:
                self._findings.write(evaluated, now)
            self._findings.mark_seen(
                (
                    (row.asset_key, row.unknowns)
                    for row in current
                    if row.failed and row.asset_key not in evaluated_keys
                ),
                now,
            )
            Asset.objects.bulk_create(new)
            Asset.objects.bulk_update(changed, _CHANGING)
            Asset.objects.bulk_update([row for row in same if row.asset_key in reevaluated_keys], _EVALUATED)
            if same:
                # One statement for all of them: in most scans nearly everything is as it was.
                unchanged = Asset.objects.filter(pk__in=[row.pk for row in same])
                unchanged.update(last_seen_at=now, last_run=self._run.run_id)

    def _mark_gone(self, missing: QuerySet[Asset]) -> None:
        now = timezone.now()
        # Before the assets: afterwards `missing` would match nothing, and a kill in between would leave open findings
        # of assets that are gone, which only `resolve_orphans` at the end of a run would find.
        self._findings.resolve_of_gone_assets([key for key, _ in _with_findings(missing)], now)
        self.gone += missing.update(gone_at=now)

    def _assets(self) -> QuerySet[Asset]:
        return Asset.objects.filter(account=self._run.account)

    def _new_row(self, key: str, asset: CollectedAsset, unit: ScanUnit, now: datetime, fingerprint: str) -> Asset:
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
            name_key=search_key(asset.name),
            id_key=id_search_key(asset.native_id),
            tags=dict(asset.tags),
            properties=dict(asset.properties),
            fingerprint=fingerprint,
            first_seen_at=now,
            last_seen_at=now,
            changed_at=now,
            last_run=self._run.run_id,
        )


def to_collected(row: Asset) -> CollectedAsset:
    """The stored asset as the provider described it last. A name longer than the column stays cut."""
    return CollectedAsset(
        type=row.type, service=row.service, region=row.region, native_id=row.native_id, name=row.name, tags=row.tags,
        properties=row.properties,
    )  # fmt: skip


def apply_reading(row: Asset, collected: CollectedAsset, evaluations: Evaluations, version: str, now: datetime) -> None:
    """Copies a reading of one resource, outside of a scan, and its results. Does not save."""
    fingerprint = collected.fingerprint()
    if row.fingerprint != fingerprint or row.gone_at is not None:
        row.changed_at = now
    row.name, row.tags, row.properties = collected.name[:300], dict(collected.tags), dict(collected.properties)
    row.fingerprint, row.last_seen_at, row.gone_at = fingerprint, now, None
    _apply_evaluations(row, evaluations, version)


def _place(row: Asset) -> tuple[str, str]:
    # Not in the fingerprint, but it decides which unit may call the asset gone: a release may collect a type with
    # another unit than before.
    return row.service, row.unit_region


def _with_findings(rows: QuerySet[Asset]) -> list[tuple[str, list[list[str]]]]:
    """Keys and undecided checks of those assets that may have open findings."""
    return list(rows.filter(Q(failed__gt=0) | Q(unknown__gt=0)).values_list("asset_key", "unknowns"))


def _apply_change(
    row: Asset, asset: CollectedAsset, unit: ScanUnit, run: ScanRun, now: datetime, fingerprint: str
) -> Asset:
    row.service, row.unit_region = asset.service, unit.region
    row.name, row.account_name = asset.name[:300], run.account_name
    row.tags, row.properties = dict(asset.tags), dict(asset.properties)
    row.fingerprint = fingerprint
    row.last_seen_at = row.changed_at = now
    row.last_run, row.gone_at = run.run_id, None
    return row


def _results(row: Asset) -> tuple[object, ...]:
    """What an evaluation writes, but for the search keys: those are as old as the version that it names."""
    return (
        row.judged_by, row.passed, row.failed, row.unknown, row.unknowns, row.inapplicable, row.passed_weight,
        row.failed_weight,
    )  # fmt: skip


def _apply_evaluations(row: Asset, evaluations: Evaluations, version: str) -> None:
    row.judged_by = version
    row.passed, row.failed, row.unknown = evaluations.passed, len(evaluations.failures), len(evaluations.unknowns)
    row.passed_weight, row.failed_weight = evaluations.passed_weight, evaluations.failed_weight
    row.unknowns = [[check, reason[:300]] for check, reason in sorted(evaluations.unknowns.items())]
    row.inapplicable = " ".join(sorted(evaluations.inapplicable))
    # A changed row may have a new name, and a row that is older than the search keys has none yet.
    row.name_key, row.id_key = search_key(row.name), id_search_key(row.native_id)
    row.tag_lines = tag_lines(row.tags)
