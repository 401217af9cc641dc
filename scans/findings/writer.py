"""Opens, keeps, resolves and reopens findings, in bulk and so that repeating it changes nothing.

One worker holds a run, so meanwhile nobody else writes an account's findings except people who suppress them. The
columns of a suppression are therefore never written here. Those of a mute are: a rule holds for findings to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from cloudaccounts.contract.rules import Severity
from cloudaccounts.models import CloudAccount, Notice
from cloudaccounts.models.notice import NoticeKind
from cloudaccounts.notifications.notify import notify
from scans.batching import batched
from scans.findings.announce import announce_changes
from scans.findings.evaluation import Evaluations, Failure
from scans.findings.history import append_history, history_line
from scans.findings.tag_sets import remember_tag_sets
from scans.models import RANKS, SHOWN, Asset, Finding, FindingChange, FindingStatus, ScanRun
from scans.muting.matching import Matcher
from scans.tags import tag_lines, tag_set_key

CHUNK = 500  # rows
NOTICES = 10  # notices of single findings that one run sends; the rest is counted in one more
GONE = "The asset is gone."
RETIRED = "This check no longer exists."
NOT_CHECKED = "Not checked any more: the check is switched off."
PASSED = "The check passes now."

_CHANGING = [
    "title", "severity", "severity_rank", "service", "region", "asset", "asset_name", "name_key", "reason", "evidence",
    "environment", "tags", "tag_set", "status", "last_seen", "open_since", "resolved_at", "resolution", "reopened_at",
    "reopened", "last_run", "changed_run", "change", "history", "muted", "mute_rule",
]  # fmt: skip


class FindingWriter:
    """The findings of one run. Call `write` within the transaction that writes the assets."""

    def __init__(
        self, run: ScanRun, account: CloudAccount, checks: Iterable[str], off: frozenset[str] = frozenset()
    ) -> None:
        self._run = run
        self._account = account
        self._checks = frozenset(checks)
        self._off = off
        self._notified = 0

    def write(self, evaluated: Sequence[tuple[Asset, Evaluations]], now: datetime) -> None:
        """Turns the evaluations of these assets into new, kept, reopened and resolved findings."""
        stored: dict[str, dict[str, Finding]] = {}
        for finding in self._rows().filter(asset_key__in=[asset.asset_key for asset, _ in evaluated]):
            stored.setdefault(finding.asset_key, {})[finding.check_id] = finding
        new: list[Finding] = []
        kept: list[UUID] = []
        changed: list[Finding] = []
        for asset, evaluations in evaluated:
            findings = stored.get(asset.asset_key, {})
            for failure in evaluations.failures.values():
                existing = findings.get(failure.check.id)
                if existing is None:
                    new.append(self._new(asset, failure, now))
                elif existing.is_open and self._is_unchanged(existing, asset, failure):
                    kept.append(existing.pk)
                else:
                    changed.append(self._fail(existing, asset, failure, now))
            for finding in findings.values():
                # A check that could not be decided says nothing: its finding stays open, and is not marked as seen.
                decided = finding.check_id not in evaluations.unknowns
                if finding.is_open and finding.check_id not in evaluations.failures and decided:
                    changed.append(self._resolve(finding, self._why_resolved(finding.check_id), now))
        muting = Matcher(self._run.owner, now=now) if new or changed else None
        for finding in (*new, *changed):
            if muting is not None and finding.is_open:
                muting.apply(finding)
            # Before they are written: see `_notify`.
            self._notify(finding)
        remember_tag_sets(self._run.owner, {finding.tags for finding in (*new, *changed)})
        Finding.objects.bulk_create(new)
        Finding.objects.bulk_update(changed, _CHANGING)
        # Most findings are as they were: one UPDATE for all of them, and their long columns are not written.
        if kept:
            Finding.objects.filter(pk__in=kept).update(last_seen=now, last_run=self._run.run_id)

    def mark_seen(self, assets: Iterable[tuple[str, Sequence[Sequence[str]]]], now: datetime) -> None:
        """Marks open findings of unchanged assets as seen again, except those of checks that could not be decided.

        ``assets`` are pairs of an asset's key and its ``unknowns``, which are lists of check id and reason.
        """
        # Grouped by undecided checks: usually there are none, and all assets are one UPDATE a batch.
        groups: dict[tuple[str, ...], list[str]] = {}
        for key, unknowns in assets:
            groups.setdefault(tuple(sorted(check for check, _ in unknowns)), []).append(key)
        for undecided, keys in groups.items():
            for batch in batched(keys, CHUNK):
                rows = self._rows().filter(asset_key__in=batch, status=FindingStatus.OPEN)
                if undecided:
                    rows = rows.exclude(check_id__in=undecided)
                rows.update(last_seen=now, last_run=self._run.run_id)

    def resolve_of_gone_assets(self, keys: Iterable[str], now: datetime) -> None:
        for batch in batched(keys, CHUNK):
            rows = self._rows().filter(asset_key__in=batch, status=FindingStatus.OPEN)
            Finding.objects.bulk_update([self._resolve(row, GONE, now) for row in rows], _CHANGING)

    def resolve_orphans(self, now: datetime) -> None:
        """Resolves open findings whose asset does not exist.

        A kill between writing findings and writing their assets leaves them, where there are no transactions.
        """
        # Read to the end before anything is written (see `cloudaccounts.work.reading`): 64 letters each.
        rows = self._rows().filter(status=FindingStatus.OPEN).values_list("asset_key", flat=True)
        for batch in batched(list(rows), CHUNK):
            keys = set(batch)
            present = Asset.objects.filter(account=self._run.account, asset_key__in=list(keys), gone_at=None)
            if orphans := keys.difference(present.values_list("asset_key", flat=True)):
                self.resolve_of_gone_assets(sorted(orphans), now)

    def notify_rest(self) -> None:
        """One notice for all critical findings beyond the `NOTICES` that had one of their own."""
        # Counted from what is stored, not from what this worker sent: an earlier worker of this run may have died.
        remaining = 0
        opened = Finding.objects.filter(
            changed_run=self._run.run_id, severity=Severity.CRITICAL.value, status=FindingStatus.OPEN, **SHOWN
        ).exclude(change=FindingChange.RESOLVED)
        columns = opened.only("account", "check_id", "asset_key", "reopened")
        for batch in batched(columns.iterator(chunk_size=CHUNK), CHUNK):
            # As `notify` makes and cuts them.
            keys = [f"{NoticeKind.FINDING_CRITICAL.value}:{_notice_key(row)}"[:200] for row in batch]
            remaining += len(batch) - Notice.objects.filter(key__in=keys).count()
        if remaining:
            notify(
                NoticeKind.FINDING_CRITICAL,
                key=f"{self._run.run_id}:more",
                text=f"{remaining} more critical findings in {self._account.name}.",
                remedy="Open the scan to see what it found.",
                account=self._account,
            )

    def announce(self) -> None:
        """Tells channels what the run changed. After all of it is written, and before the run ends."""
        announce_changes(self._run, self._account)

    def _rows(self) -> QuerySet[Finding]:
        return Finding.objects.filter(account=self._run.account)

    def _new(self, asset: Asset, failure: Failure, now: datetime) -> Finding:
        return Finding(
            account=self._run.account,
            check_id=failure.check.id,
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
            history=[history_line(now, FindingChange.NEW, failure.reason)],
            **self._copied_columns(asset, failure),
        )

    def _fail(self, row: Finding, asset: Asset, failure: Failure, now: datetime) -> Finding:
        """Updates a finding whose check fails; reopens it where it was resolved."""
        for name, value in self._copied_columns(asset, failure).items():
            setattr(row, name, value)
        row.last_seen, row.last_run = now, self._run.run_id
        if not row.is_open:
            row.status, row.resolved_at, row.resolution = FindingStatus.OPEN, None, ""
            row.reopened_at = row.open_since = now
            row.reopened += 1
            row.changed_run, row.change = self._run.run_id, FindingChange.REOPENED
            append_history(row, history_line(now, FindingChange.REOPENED, failure.reason))
        return row

    def _why_resolved(self, check_id: str) -> str:
        if check_id in self._checks:
            return PASSED
        return NOT_CHECKED if check_id in self._off else RETIRED

    def _resolve(self, row: Finding, resolution: str, now: datetime) -> Finding:
        # Its suppression stays as it is: reopened before that ends, the finding is a suppressed one again.
        row.status, row.resolved_at, row.resolution = FindingStatus.RESOLVED, now, resolution
        row.changed_run, row.change = self._run.run_id, FindingChange.RESOLVED
        append_history(row, history_line(now, FindingChange.RESOLVED, resolution))
        return row

    def _copied_columns(self, asset: Asset, failure: Failure) -> dict[str, Any]:
        """What a finding copies of its check, asset and account, so that lists need to read none of them."""
        check, lines = failure.check, tag_lines(asset.tags)
        return {
            "title": check.title[:200],
            "severity": check.severity.value,
            "severity_rank": RANKS[check.severity.value],
            "service": check.service[:40],
            "region": asset.region,
            "asset": asset.pk,
            "asset_name": asset.name,
            "name_key": asset.name_key,
            "tags": lines,
            "tag_set": tag_set_key(lines),
            "environment": self._account.environment,
            "reason": failure.reason[:1000],
            "evidence": failure.evidence,
        }

    def _is_unchanged(self, row: Finding, asset: Asset, failure: Failure) -> bool:
        return all(getattr(row, name) == value for name, value in self._copied_columns(asset, failure).items())

    def _notify(self, row: Finding) -> None:
        """Sends a notice of a critical finding that this run opened.

        Call it before the finding is written. The notice has a key, so the next try sends no second one; the other
        way round a kill between the two would lose it, because the next try finds the finding open already.
        """
        opened = row.is_open and row.changed_run == self._run.run_id and row.change != FindingChange.RESOLVED
        # Of a suppressed or muted finding nobody is notified, also when it is reopened.
        if not opened or row.suppressed or row.muted or row.severity != Severity.CRITICAL:
            return
        if self._notified >= NOTICES:
            return  # `notify_rest` counts it
        self._notified += notify(
            NoticeKind.FINDING_CRITICAL,
            key=_notice_key(row),
            text=f"{row.title}: {row.asset_name}",
            remedy=row.reason,
            account=self._account,
        )


def _notice_key(row: Finding) -> str:
    # With the number of reopenings: a finding that comes back is notified again. The asset's key is cut, because a
    # notice's key has 200 characters.
    return f"{row.account}:{row.check_id}:{row.asset_key[:32]}:{row.reopened}"
