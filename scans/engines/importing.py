"""Writes what a second engine said as its own findings: opens, keeps and resolves them, in bulk and repeatably."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from cloudaccounts.contract.rules import Verdict
from cloudaccounts.models import CloudAccount
from cloudaccounts.work.databases import SECURITY
from scans.batching import batched
from scans.engines.matching import Evaluated, Matched, Pairs
from scans.engines.models import EngineFinding, EngineRun
from scans.findings.checks import find_check
from scans.models import RANKS, Asset, Finding, FindingStatus

CHUNK = 500  # rows
NOT_REPORTED = "The latest run does not report it any more."
_CHANGING = [
    "owner", "account_name", "verdict", "relation", "rule", "ours", "asset", "resource_name", "service", "severity",
    "severity_rank", "title", "reason", "remediation", "is_open", "first_seen", "last_seen", "resolved_at",
    "resolution", "last_run",
]  # fmt: skip


def finding_key(matched: Matched) -> str:
    result = matched.result
    return hashlib.sha256("\x1f".join((result.check_id, result.region, result.resource)).encode()).hexdigest()


def evaluated_of(account: CloudAccount, pairs: Pairs) -> Iterator[Evaluated]:
    """Our own evaluations, by the checks that pair, of the account's present assets. Read in batches."""
    # From what scans stored: nothing is evaluated again, so that the two are compared as people see ours.
    checks: dict[str, list[str]] = {}
    for check_id in sorted(pairs.rules):
        if check := find_check(check_id):
            checks.setdefault(check.asset_type, []).append(check_id)
    rows = Asset.objects.filter(account=account.pk, gone_at=None, type__in=list(checks)).exclude(judged_by="")
    columns = rows.order_by().only("asset_key", "type", "native_id", "region", "unknowns", "inapplicable")
    for batch in batched(columns.iterator(chunk_size=CHUNK), CHUNK):
        failing = _failing(account, batch)
        for asset in batch:
            unknown, inapplicable = {check for check, _ in asset.unknowns}, asset.inapplicable.split()
            for check_id in checks[asset.type]:
                verdict = Verdict.PASS
                if (asset.asset_key, check_id) in failing:
                    verdict = Verdict.FAIL
                elif check_id in unknown:
                    verdict = Verdict.UNKNOWN
                elif check_id in inapplicable:
                    verdict = Verdict.NOT_APPLICABLE
                yield Evaluated(check_id, asset.native_id, asset.region, asset.pk, verdict)


def _failing(account: CloudAccount, assets: Sequence[Asset]) -> set[tuple[str, str]]:
    rows = Finding.objects.filter(
        account=account.pk, asset_key__in=[asset.asset_key for asset in assets], status=FindingStatus.OPEN
    )
    return set(rows.values_list("asset_key", "check_id"))


def store(run: EngineRun, account: CloudAccount, matched: Sequence[Matched], *, complete: bool) -> None:
    """Writes them, and where ``complete`` resolves the engine's other findings of the account.

    What is missing in half a file may be in the half that nobody read, so that resolves nothing.
    """
    # The same resource may be told twice; the first is as good as the other.
    by_key = {finding_key(match): match for match in reversed(matched)}
    for keys in batched(by_key, CHUNK):
        with transaction.atomic(using=SECURITY):
            _write(run, account, {key: by_key[key] for key in keys})
    if complete:
        _resolve(run, account)


def _write(run: EngineRun, account: CloudAccount, matched: dict[str, Matched]) -> None:
    now = timezone.now()
    rows = EngineFinding.objects.filter(account=account.pk, engine=run.engine, finding_key__in=list(matched))
    stored = {row.finding_key: row for row in rows}
    new = []
    for key, match in matched.items():
        row = stored.get(key)
        if row is None:
            row = EngineFinding(engine=run.engine, account=account.pk, finding_key=key, provider=account.provider)
            row.check_id, row.resource, row.region = match.result.check_id, match.result.resource, match.result.region
            row.first_seen = now
            new.append(row)
        elif not row.is_open or row.verdict != match.result.verdict:
            row.first_seen = now
        for name, value in _columns(run, account, match, now).items():
            setattr(row, name, value)
    EngineFinding.objects.bulk_create(new)
    EngineFinding.objects.bulk_update(stored.values(), _CHANGING)


def _columns(run: EngineRun, account: CloudAccount, match: Matched, now: datetime) -> dict[str, Any]:
    result = match.result
    return {
        "owner": account.owner,
        "account_name": account.name,
        "verdict": result.verdict,
        "relation": match.relation.value,
        "rule": match.rule,
        "ours": match.ours,
        "asset": match.asset,
        "resource_name": result.name,
        "service": result.service,
        "severity": result.severity.value,
        "severity_rank": RANKS[result.severity.value],
        "title": result.title,
        "reason": result.reason,
        "remediation": result.remediation,
        "is_open": True,
        "last_seen": now,
        "resolved_at": None,
        "resolution": "",
        "last_run": run.pk,
    }


def _resolve(run: EngineRun, account: CloudAccount) -> None:
    rows = EngineFinding.objects.filter(account=account.pk, engine=run.engine, is_open=True).exclude(last_run=run.pk)
    # A pass is kept for as long as the two differ, and is nothing that could be resolved.
    rows.filter(verdict="pass").delete()
    rows.update(is_open=False, resolved_at=timezone.now(), resolution=NOT_REPORTED)
