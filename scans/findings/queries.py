"""Reads of findings. All are of one scope: what lies outside of it is as if it did not exist."""

from __future__ import annotations

from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q, QuerySet

from cloudaccounts.accounts.visibility import within
from cloudaccounts.models import CloudAccount
from scans.findings.checks import check_ids_matching
from scans.findings.filters import FindingFilter, combined, conditions
from scans.models import SHOWN, Asset, Finding, FindingChange, FindingStatus, ScanRun
from scans.search import accounts_matching, few_more, filter_by_hits, keys_matching
from teams.scope import Scope

# Each ends with the key: without it, pages of rows that are equal otherwise could overlap.
SORTS = {
    "severity": ("severity_rank", "-open_since", "id"),
    "newest": ("-open_since", "id"),
    "oldest": ("open_since", "-id"),
    "resource": ("name_key", "asset_name", "id"),
    "account": ("account_key", "account_name", "severity_rank", "id"),
    "region": ("region", "severity_rank", "-open_since", "id"),
    "assignee": ("assignee", "severity_rank", "id"),
    "due": ("due", "severity_rank", "id"),
}
SHOWN_CHANGES = 8
LONG_COLUMNS = ("evidence", "history", "suppressions", "tags")  # that lists do not show


Searched = tuple[QuerySet[Finding], bool]  # rows, and whether they are found by their keys alone


def searched(scope: Scope, text: str) -> Searched:
    """The scope's findings that a search hits; all of them without one."""
    rows = within(Finding.objects.all(), scope)
    if not text:
        return rows, False
    hits = keys_matching(rows, scope, text, name="asset_name")
    matches = {
        "check_id__in": check_ids_matching(text),
        "account__in": accounts_matching(scope, text),
    }
    alternatives = [Q(**{lookup: values}) for lookup, values in matches.items() if values]
    hits, alternatives = few_more(rows, hits, alternatives)
    return filter_by_hits(rows, hits, reduce(or_, alternatives) if alternatives else None), not alternatives


def findings(scope: Scope, filters: FindingFilter, hits: Searched | None = None) -> QuerySet[Finding]:
    """Rows of a list, without `LONG_COLUMNS`. ``hits``: what `searched` has found already."""
    rows, by_key = hits or searched(scope, filters.q)
    rows = rows.filter(combined(conditions(scope, filters, by_key=by_key)))
    return rows.defer(*LONG_COLUMNS).order_by(*SORTS.get(filters.sort, SORTS["severity"]))


def find_finding(scope: Scope, finding_id: UUID) -> Finding | None:
    return within(Finding.objects.filter(pk=finding_id), scope).first()


def findings_of_asset(asset: Asset) -> list[Finding]:
    """Open ones first, the worst first."""
    # By the asset's key: a row that was deleted for its age comes back under another id (see `Finding.Meta`).
    rows = Finding.objects.filter(account=asset.account, asset_key=asset.asset_key)
    return sorted(rows, key=lambda row: (not row.is_open, row.suppressed or row.muted, row.severity_rank, row.title))


def count_critical(scope: Scope, *, up_to: int) -> int:
    """Open critical findings that are not suppressed; counting stops at ``up_to``, in an index alone."""
    return open_findings(scope).filter(severity_rank=0).order_by().values("severity_rank")[:up_to].count()


def open_findings(scope: Scope) -> QuerySet[Finding]:
    """Those that count: open, neither suppressed nor muted."""
    return within(Finding.objects.filter(status=FindingStatus.OPEN, **SHOWN), scope)


def open_findings_of_account(account: CloudAccount) -> QuerySet[Finding]:
    """As `open_findings`, of one account: by the account alone, which has an index of its own."""
    return Finding.objects.filter(account=account.pk, status=FindingStatus.OPEN, **SHOWN)


def changed_by(run: ScanRun, limit: int = SHOWN_CHANGES) -> list[Finding]:
    """Findings that this run was the last to open, reopen or resolve; ``limit`` of each change, the worst first."""
    rows = Finding.objects.filter(changed_run=run.run_id, owner=run.owner).defer(*LONG_COLUMNS)
    changes = (FindingChange.NEW, FindingChange.REOPENED, FindingChange.RESOLVED)
    # A query for each change: an index answers each with its first rows, and nothing is sorted.
    return [row for change in changes for row in rows.filter(change=change).order_by("severity_rank")[:limit]]
