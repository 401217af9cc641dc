"""Opens, keeps, resolves and reopens findings, in bulk and so that repeating it changes nothing.

One worker holds a run, so nobody else writes an account's findings meanwhile but people who suppress them: the columns
of a suppression are never written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from cloudaccounts.contract.rules import PostureCheck, Severity
from cloudaccounts.models import CloudAccount, Notice
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from scans.findings.evaluation import Evaluations
from scans.models import RANKS, SHOWN, Asset, Finding, FindingChange, FindingStatus, ScanRun

CHUNK = 500
HISTORY = 30
TOLD = 10  # critical findings of one run that are told of one by one
GONE = "The asset is gone."
RETIRED = "This check is not made any more."
PASSED = "The check passes now."

_CHANGING = [
    "title", "severity", "severity_rank", "service", "region", "asset", "asset_name", "name_key", "reason", "status",
    "last_seen", "open_since", "resolved_at", "resolution", "reopened_at", "reopened", "last_run", "changed_run",
    "change", "history",
]  # fmt: skip


class FindingWriter:
    """The findings of one run. Call `write` within the transaction that writes the assets."""

    def __init__(self, run: ScanRun, account: CloudAccount, checks: Iterable[str]) -> None:
        self._run = run
        self._account = account
        self._checks = frozenset(checks)
        self._told = 0

    def write(self, judged: Sequence[tuple[Asset, Evaluations]], now: datetime) -> None:
        """What the checks say of these assets, as new, kept, reopened and resolved findings."""
        known: dict[str, dict[str, Finding]] = {}
        for old in self._rows().filter(asset_key__in=[asset.asset_key for asset, _ in judged]):
            known.setdefault(old.asset_key, {})[old.check_id] = old
        fresh: list[Finding] = []
        kept: list[UUID] = []
        changed: list[Finding] = []
        for asset, verdicts in judged:
            rows = known.get(asset.asset_key, {})
            for check, reason in verdicts.failures.values():
                row = rows.get(check.id)
                if row is None:
                    fresh.append(self._new(asset, check, reason, now))
                elif row.is_open and _same(row, asset, check, reason):
                    kept.append(row.pk)
                else:
                    changed.append(self._failing(row, asset, check, reason, now))
            for old in rows.values():
                if old.is_open and old.check_id not in verdicts.failures and old.check_id not in verdicts.unknowns:
                    why = PASSED if old.check_id in self._checks else RETIRED
                    changed.append(self._resolved(old, why, now))
        for told in (*fresh, *changed):
            self._tell(told)
        Finding.objects.bulk_create(fresh)
        Finding.objects.bulk_update(changed, _CHANGING)
        if kept:
            Finding.objects.filter(pk__in=kept).update(last_seen=now, last_run=self._run.run_id)

    def seen_again(self, assets: Iterable[tuple[str, Sequence[Sequence[str]]]], now: datetime) -> None:
        """For assets that are as they were: (key, unknowns). What could not be judged was not seen either."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for key, unknowns in assets:
            groups.setdefault(tuple(sorted(check for check, _ in unknowns)), []).append(key)
        for undecided, keys in groups.items():
            for chunk in chunks(keys):
                rows = self._rows().filter(asset_key__in=chunk, status=FindingStatus.OPEN)
                if undecided:
                    rows = rows.exclude(check_id__in=undecided)
                rows.update(last_seen=now, last_run=self._run.run_id)

    def assets_gone(self, keys: Iterable[str], now: datetime) -> None:
        for chunk in chunks(keys):
            rows = self._rows().filter(asset_key__in=chunk, status=FindingStatus.OPEN)
            Finding.objects.bulk_update([self._resolved(row, GONE, now) for row in rows], _CHANGING)

    def resolve_orphans(self, now: datetime) -> None:
        """Open findings whose asset is not there: left by a kill between two writes where there are no transactions."""
        rows = self._rows().filter(status=FindingStatus.OPEN).values_list("asset_key", flat=True)
        for chunk in chunks(rows.iterator(chunk_size=CHUNK)):
            keys = set(chunk)
            there = Asset.objects.filter(account=self._run.account, asset_key__in=list(keys), gone_at=None)
            if orphans := keys.difference(there.values_list("asset_key", flat=True)):
                self.assets_gone(sorted(orphans), now)

    def tell_the_rest(self) -> None:
        """One notice for the critical findings beyond those that were told one by one, also before a worker died."""
        untold = 0
        opened = Finding.objects.filter(
            changed_run=self._run.run_id, severity=Severity.CRITICAL.value, status=FindingStatus.OPEN, **SHOWN
        ).exclude(change=FindingChange.RESOLVED)
        for chunk in chunks(opened.only("account", "check_id", "asset_key", "reopened").iterator(chunk_size=CHUNK)):
            keys = [f"{NoticeKind.FINDING_CRITICAL.value}:{_fact(row)}"[:200] for row in chunk]
            untold += len(chunk) - Notice.objects.filter(key__in=keys).count()
        if untold:
            notify(
                NoticeKind.FINDING_CRITICAL,
                key=f"{self._run.run_id}:more",
                text=f"{untold} more critical findings in {self._account.name}.",
                remedy="Open the scan to see what it found.",
                account=self._account,
            )

    def _rows(self) -> QuerySet[Finding]:
        return Finding.objects.filter(account=self._run.account)

    def _new(self, asset: Asset, check: PostureCheck, reason: str, now: datetime) -> Finding:
        return Finding(
            account=self._run.account,
            check_id=check.id,
            asset_key=asset.asset_key,
            owner=self._run.owner,
            account_name=self._run.account_name,
            provider=self._run.provider,
            asset_type=asset.type,
            native_id=asset.native_id,
            id_key=asset.id_key,
            first_seen=now,
            last_seen=now,
            open_since=now,
            last_run=self._run.run_id,
            changed_run=self._run.run_id,
            change=FindingChange.NEW,
            history=[entry(now, FindingChange.NEW, reason)],
            **_told_of(asset, check, reason),
        )

    def _failing(self, row: Finding, asset: Asset, check: PostureCheck, reason: str, now: datetime) -> Finding:
        for name, value in _told_of(asset, check, reason).items():
            setattr(row, name, value)
        row.last_seen, row.last_run = now, self._run.run_id
        if not row.is_open:
            row.status, row.resolved_at, row.resolution = FindingStatus.OPEN, None, ""
            row.reopened_at = row.open_since = now
            row.reopened += 1
            row.changed_run, row.change = self._run.run_id, FindingChange.REOPENED
            remember(row, entry(now, FindingChange.REOPENED, reason))
        return row

    def _resolved(self, row: Finding, why: str, now: datetime) -> Finding:
        row.status, row.resolved_at, row.resolution = FindingStatus.RESOLVED, now, why
        row.changed_run, row.change = self._run.run_id, FindingChange.RESOLVED
        remember(row, entry(now, FindingChange.RESOLVED, why))
        return row

    def _tell(self, row: Finding) -> None:
        """Of a critical one that this run opened; before it is written, for a kill in between must not lose it."""
        opened = row.is_open and row.changed_run == self._run.run_id and row.change != FindingChange.RESOLVED
        if not opened or row.suppressed or row.severity != Severity.CRITICAL:
            return
        if self._told >= TOLD:
            return  # see `tell_the_rest`
        self._told += notify(
            NoticeKind.FINDING_CRITICAL,
            key=_fact(row),
            text=f"{row.title}: {row.asset_name}",
            remedy=row.reason,
            account=self._account,
        )


def _fact(row: Finding) -> str:
    return f"{row.account}:{row.check_id}:{row.asset_key[:32]}:{row.reopened}"


def entry(now: datetime, what: str, text: str, by: str = "") -> dict[str, str]:
    """A line of a finding's history."""
    told = {"at": now.isoformat(), "what": str(what), "text": text[:500]}
    return {**told, "by": by} if by else told


def remember(row: Finding, told: dict[str, str]) -> None:
    row.history = [*row.history, told][-HISTORY:]


def chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def _told_of(asset: Asset, check: PostureCheck, reason: str) -> dict[str, Any]:
    """What the row repeats of its check and its asset, so that lists need neither."""
    return {
        "title": check.title[:200],
        "severity": check.severity.value,
        "severity_rank": RANKS[check.severity.value],
        "service": check.service[:40],
        "region": asset.region,
        "asset": asset.pk,
        "asset_name": asset.name,
        "name_key": asset.name_key,
        "reason": reason[:1000],
    }


def _same(row: Finding, asset: Asset, check: PostureCheck, reason: str) -> bool:
    return all(getattr(row, name) == value for name, value in _told_of(asset, check, reason).items())
