"""Reads of findings. Everything is of one owner (``str(user.pk)``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from cloudaccounts.models import CloudAccount
from scans.findings.checks import check_ids_matching
from scans.models import RANKS, SHOWN, Asset, Finding, FindingChange, FindingStatus, ScanRun
from scans.search import accounts_matching, filter_by_group, filter_by_hits, keys_matching

# Each ends with the key: without it, pages of rows that are equal otherwise could overlap.
SORTS = {
    "severity": ("severity_rank", "-open_since", "id"),
    "newest": ("-open_since", "id"),
    "oldest": ("open_since", "-id"),
}
SHOWN_CHANGES = 8
LONG_COLUMNS = ("evidence", "history", "suppressions")  # that lists do not show


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """``status`` is open (and not suppressed) unless it says suppressed or resolved; ``age`` is days and more.

    ``run`` narrows to what a scan opened, reopened or resolved last, whatever its status.
    """

    q: str = ""
    severity: str = ""
    status: str = ""
    service: str = ""
    provider: str = ""
    account: UUID | None = None
    group: UUID | None = None
    check: str = ""
    region: str = ""
    age: int = 0
    run: UUID | None = None
    sort: str = "severity"

    @property
    def narrows(self) -> bool:
        exact = (self.q, self.severity, self.status, self.service, self.provider, self.check, self.region)
        return any(exact) or any((self.account, self.group, self.age, self.run))


def findings(owner: str, filters: FindingFilter) -> QuerySet[Finding]:
    """Rows of a list, without `LONG_COLUMNS`."""
    rows, by_key = Finding.objects.filter(owner=owner), False
    if filters.q:
        hits = keys_matching(rows, owner, filters.q, name="asset_name")
        matches = {
            "check_id__in": check_ids_matching(filters.q),
            "account__in": accounts_matching(owner, filters.q),
        }
        conditions = [Q(**{lookup: values}) for lookup, values in matches.items() if values]
        # Found by keys alone: `_with_status` then keeps SQLite from an index of the list.
        by_key = not conditions
        rows = filter_by_hits(rows, hits, reduce(or_, conditions) if conditions else None)
    rows = _with_status(rows, filters, by_key=by_key).defer(*LONG_COLUMNS)
    exact: dict[str, Any] = {
        "severity_rank": RANKS.get(filters.severity), "service": filters.service or None,
        "provider": filters.provider or None, "check_id": filters.check or None, "region": filters.region or None,
        "account": filters.account,
    }  # fmt: skip
    rows = rows.filter(**{name: value for name, value in exact.items() if value is not None})
    rows = filter_by_group(rows, owner, filters.group)
    if filters.age:
        rows = rows.filter(open_since__lte=timezone.now() - timedelta(days=filters.age))
    return rows.order_by(*SORTS.get(filters.sort, SORTS["severity"]))


def _with_status(rows: QuerySet[Finding], filters: FindingFilter, *, by_key: bool) -> QuerySet[Finding]:
    """Adds the condition on status and suppression, in the form that SQLite finds the rows by quickest.

    As a list of one (see `scans.findings.models.SHOWN`), so that an index of the list is used. Where the rows are found
    by their keys, it is a plain boolean, for the opposite reason: SQLite must not prefer an index of the list then.
    """
    if filters.run is not None:
        return rows.filter(changed_run=filters.run)
    if filters.status == "resolved":
        # Both values are named, because the indexes have `suppressed` behind `status`.
        either: dict[str, Any] = {} if by_key else {"suppressed__in": [False, True]}
        return rows.filter(status=FindingStatus.RESOLVED, **either)
    suppressed = filters.status == "suppressed"
    shown: dict[str, Any] = {"suppressed": suppressed} if by_key else {"suppressed__in": [suppressed]}
    return rows.filter(status=FindingStatus.OPEN, **shown)


def find_finding(owner: str, finding_id: UUID) -> Finding | None:
    return Finding.objects.filter(owner=owner, pk=finding_id).first()


def findings_of_asset(asset: Asset) -> list[Finding]:
    """Open ones first, the worst first."""
    # By the asset's key: a row that was deleted for its age comes back under another id (see `Finding.Meta`).
    rows = Finding.objects.filter(account=asset.account, asset_key=asset.asset_key)
    return sorted(rows, key=lambda row: (not row.is_open, row.suppressed, row.severity_rank, row.title))


def open_findings(owner: str) -> QuerySet[Finding]:
    """Those that count: open, and not suppressed."""
    return Finding.objects.filter(owner=owner, status=FindingStatus.OPEN, **SHOWN)


def open_findings_of_account(account: CloudAccount) -> QuerySet[Finding]:
    """As `open_findings`, of one account: by the account alone, which has an index of its own."""
    return Finding.objects.filter(account=account.pk, status=FindingStatus.OPEN, **SHOWN)


def changed_by(run: ScanRun, limit: int = SHOWN_CHANGES) -> list[Finding]:
    """Findings that this run was the last to open, reopen or resolve; ``limit`` of each change, the worst first."""
    rows = Finding.objects.filter(changed_run=run.run_id, owner=run.owner).defer(*LONG_COLUMNS)
    changes = (FindingChange.NEW, FindingChange.REOPENED, FindingChange.RESOLVED)
    # A query for each change: an index answers each with its first rows, and nothing is sorted.
    return [row for change in changes for row in rows.filter(change=change).order_by("severity_rank")[:limit]]
