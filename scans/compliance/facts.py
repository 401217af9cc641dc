"""What is known of each check in each account of a scope: six queries, whatever their number.

Sets of accounts are integers whose bits are the accounts' places in the scope. So a control over 300 accounts costs a
few operations on numbers, and not 300 rounds of a loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from cloudaccounts.accounts.visibility import within
from cloudaccounts.models import SwitchedOffCheck
from scans.compliance.scope import ReportScope
from scans.models import SHOWN_OR_NOT, CheckTotal, Finding, FindingStatus, ScanEvery, ScanSchedule
from scans.runs.readings import stale_period

MANY = 500  # account ids in a condition; with more, the owner's rows are read and the rest is left out here


@dataclass(slots=True)
class RuleFacts:
    """How one check stands. Masks of accounts, of which each account of its cloud is in exactly one.

    ``empty`` holds those where everything was read and nothing was there that the check is about.
    """

    failed: int = 0
    unknown: int = 0
    muted: int = 0
    passed: int = 0
    empty: int = 0
    failures: int = 0  # resources that fail, muted ones left out
    muted_failures: int = 0


@dataclass(slots=True)
class Facts:
    """``evaluated_at`` is the oldest of the scans that this rests on; None where there is none."""

    scope: ReportScope
    rules: dict[str, RuleFacts] = field(default_factory=dict)
    switched_off: Mapping[str, SwitchedOffCheck] = field(default_factory=dict)  # those that were asked about, by id
    evaluated_at: datetime | None = None


@dataclass(slots=True)
class _Seen:
    """Masks as they are read, before one takes precedence over another."""

    evaluated: int = 0
    undecided: int = 0
    passed: int = 0
    failed: int = 0
    muted: int = 0
    failures: int = 0
    muted_failures: int = 0


def read_facts(scope: ReportScope, providers: Mapping[str, str]) -> Facts:
    """``providers`` gives the cloud of each check id that is asked about."""
    seen = {rule: _Seen() for rule in providers}
    stale = _stale(scope)
    for account, rule, passed, undecided, unread in _totals(scope):
        masks, place = seen.get(rule), scope.place.get(account)
        # A check that no framework names, or an account outside a scope that was not narrowed by ids (`_narrowed`).
        if masks is None or place is None:
            continue
        bit = 1 << place
        masks.evaluated |= bit
        if passed:
            masks.passed |= bit
        # Any of the three is enough: a pass says that everything was read, decided, and is not too old.
        if undecided or unread or (account, rule) in stale:
            masks.undecided |= bit
    for row in _failures(scope):
        masks, place = seen.get(row["check_id"]), scope.place.get(row["account"])
        if masks is None or place is None:
            continue
        if row["suppressed"] or row["muted"]:
            masks.muted |= 1 << place
            masks.muted_failures += row["number"]
        else:
            masks.failed |= 1 << place
            masks.failures += row["number"]
    rules = {rule: _ranked(masks, scope.by_provider.get(providers[rule], 0)) for rule, masks in seen.items()}
    # Over all checks, asked about or not: a scan writes the totals of its account at one moment.
    off = {row.check_id: row for row in SwitchedOffCheck.objects.filter(owner=scope.owner) if row.check_id in rules}
    return Facts(scope, rules, off, _rows(scope).aggregate(oldest=Min("at"))["oldest"])


def _stale(scope: ReportScope) -> set[tuple[UUID, str]]:
    """Accounts and checks whose readings are too old to be relied on: older than twice the account's schedule.

    Two queries. The dates of those alone are read that are too old for some schedule: reading all would take longer
    than the rest of a report.
    """
    now = timezone.now()
    schedules = dict(within(ScanSchedule.objects.all(), scope.team).values_list("account", "every"))
    shortest = now - min(stale_period(every) for every in ScanEvery.values)
    rows = _rows(scope).filter(Q(read_at__lt=shortest) | Q(read_at=None)).values_list("account", "check_id", "read_at")
    return {
        (account, rule)
        for account, rule, read_at in rows
        # What rests on no reading is as little to be relied on as what is too old.
        if read_at is None or read_at < now - stale_period(schedules.get(account, ""))
    }


def _ranked(seen: _Seen, accounts: int) -> RuleFacts:
    """A failure outweighs what is unknown, and what is unknown outweighs what is muted or passed."""
    failed = seen.failed & accounts
    # An account without a total was never scanned by this check: unknown, never passed. `accounts` ends the mask again:
    # in Python `~` sets all bits, without end.
    unknown = (seen.undecided | ~seen.evaluated) & accounts & ~failed
    muted = seen.muted & accounts & ~failed & ~unknown
    rest = accounts & ~(failed | unknown | muted)
    return RuleFacts(
        failed=failed,
        unknown=unknown,
        muted=muted,
        passed=rest & seen.passed,
        # Read to the end, and no asset that the check is about: told apart, so that a report can say so.
        empty=rest & ~seen.passed,
        failures=seen.failures,
        muted_failures=seen.muted_failures,
    )


def _totals(scope: ReportScope) -> QuerySet[CheckTotal, Any]:
    return _rows(scope).values_list("account", "check_id", "passed", "unknown", "unread")


def _rows(scope: ReportScope) -> QuerySet[CheckTotal]:
    return _narrowed(within(CheckTotal.objects.all(), scope.team), scope).order_by()


def _failures(scope: ReportScope) -> QuerySet[Finding, Any]:
    """Counted from the findings themselves, so that what was suppressed or checked again a minute ago counts."""
    rows = _narrowed(within(Finding.objects.filter(status=FindingStatus.OPEN), scope.team), scope)
    rows = rows.filter(**SHOWN_OR_NOT)
    # By the columns of the index `finding_owner_counts` in its order, and so counted from it without sorting.
    columns = ("suppressed", "muted", "account", "provider", "environment", "check_id")
    counts: QuerySet[Finding, Any] = rows.order_by().values(*columns)
    return counts.annotate(number=Count("*"))


def _narrowed(rows: QuerySet[Any], scope: ReportScope) -> QuerySet[Any]:
    return rows.filter(account__in=list(scope.place)) if scope.narrowed and len(scope.accounts) <= MANY else rows
