"""Reads of findings. Everything is of one owner (``str(user.pk)``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from cloudaccounts.contract.rules import Severity
from cloudaccounts.models import CloudAccount
from scans.findings.rules import checks_like
from scans.models import RANKS, SHOWN, Asset, Finding, FindingChange, FindingDay, FindingStatus, ScanRun
from scans.search import accounts_like, begins_with, in_group, matching

SORTS = {
    "severity": ("severity_rank", "-open_since", "id"),
    "newest": ("-open_since", "id"),
    "oldest": ("open_since", "-id"),
}
TREND_DAYS = 30
AGES = (("below a week", 0), ("a week and more", 7), ("30 days and more", 30), ("90 days and more", 90))
SHOWN_LINES = 8
SHOWN_CHECKS = 6
SHOWN_CHANGES = 8
WEIGHTS = {Severity.CRITICAL: 40, Severity.HIGH: 10, Severity.MEDIUM: 3, Severity.LOW: 1}  # what to mend first


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


def findings(owner: str, wanted: FindingFilter) -> QuerySet[Finding]:
    """For a list: without the histories."""
    found, by_key = Finding.objects.filter(owner=owner), False
    if wanted.q:
        hits = begins_with(found, wanted.q)
        also = {"check_id__in": checks_like(wanted.q), "account__in": accounts_like(owner, wanted.q)}
        conditions = [Q(**{name: values}) for name, values in also.items() if values]
        by_key = not conditions
        found = matching(found, hits, reduce(or_, conditions) if conditions else None)
    found = _in_status(found, wanted, by_key=by_key).defer("history", "suppressions")
    exact: dict[str, Any] = {
        "severity_rank": RANKS.get(wanted.severity), "service": wanted.service or None,
        "provider": wanted.provider or None, "check_id": wanted.check or None, "region": wanted.region or None,
        "account": wanted.account,
    }  # fmt: skip
    found = found.filter(**{name: value for name, value in exact.items() if value is not None})
    found = in_group(found, owner, wanted.group)
    if wanted.age:
        found = found.filter(open_since__lte=timezone.now() - timedelta(days=wanted.age))
    return found.order_by(*SORTS.get(wanted.sort, SORTS["severity"]))


def _in_status(found: QuerySet[Finding], wanted: FindingFilter, *, by_key: bool) -> QuerySet[Finding]:
    """As a plain boolean where rows are found by their keys: beside a list, SQLite prefers what is set aside or not."""
    if wanted.run is not None:
        return found.filter(changed_run=wanted.run)
    if wanted.status == "resolved":
        either: dict[str, Any] = {} if by_key else {"suppressed__in": [False, True]}
        return found.filter(status=FindingStatus.RESOLVED, **either)
    suppressed = wanted.status == "suppressed"
    shown: dict[str, Any] = {"suppressed": suppressed} if by_key else {"suppressed__in": [suppressed]}
    return found.filter(status=FindingStatus.OPEN, **shown)


def find_finding(owner: str, finding: UUID) -> Finding | None:
    return Finding.objects.filter(owner=owner, pk=finding).first()


def findings_of_asset(asset: Asset) -> list[Finding]:
    """Open ones first, the worst first."""
    found = Finding.objects.filter(account=asset.account, asset_key=asset.asset_key)
    return sorted(found, key=lambda row: (not row.is_open, row.suppressed, row.severity_rank, row.title))


def open_findings(owner: str) -> QuerySet[Finding]:
    """Those that count: open, and not suppressed."""
    return Finding.objects.filter(owner=owner, status=FindingStatus.OPEN, **SHOWN)


def count_open(owner: str) -> int:
    return open_findings(owner).count()


def by_severity(rows: QuerySet[Finding]) -> dict[str, int]:
    """Each severity's number, in falling order, also where it is 0."""
    counted = rows.order_by().values("severity_rank").annotate(number=Count("*"))
    numbers = {row["severity_rank"]: row["number"] for row in counted}
    return {severity: numbers.get(rank, 0) for severity, rank in RANKS.items()}


@dataclass(frozen=True, slots=True)
class Counted:
    """One line of a chart: what it is about, and its findings by severity in falling order."""

    key: str
    numbers: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.numbers)


def by_service(rows: QuerySet[Finding]) -> list[Counted]:
    """All services, those with the most to mend first, by weight."""
    counted = rows.order_by().values("service", "severity_rank").annotate(number=Count("*"))
    services: dict[str, list[int]] = {}
    for row in counted:
        services.setdefault(row["service"], [0] * len(RANKS))[row["severity_rank"]] += row["number"]
    lines = [Counted(service, tuple(numbers)) for service, numbers in services.items()]
    return sorted(lines, key=lambda line: (-weight(line.numbers), line.key))


def by_account(rows: QuerySet[Finding], limit: int = SHOWN_LINES) -> list[Counted]:
    """The accounts with the most to mend, by weight; ``key`` is the account's as text."""
    accounts: dict[UUID, list[int]] = {}
    for row in rows.order_by().values("account", "severity_rank").annotate(number=Count("*")):
        accounts.setdefault(row["account"], [0] * len(RANKS))[row["severity_rank"]] += row["number"]
    lines = [Counted(str(account), tuple(numbers)) for account, numbers in accounts.items()]
    return sorted(lines, key=lambda line: (-weight(line.numbers), line.key))[:limit]


def by_age(rows: QuerySet[Finding], *, now: datetime | None = None) -> list[tuple[str, int, int]]:
    """What they are called, the least days, and how many: in one query."""
    now = now or timezone.now()
    ends = {days: now - timedelta(days=days) for _, days in AGES}
    limits = [*ends.values(), None]
    conditions = {
        f"age_{days}": Q(open_since__lte=end) & (Q(open_since__gt=older) if older is not None else Q())
        for (days, end), older in zip(ends.items(), limits[1:], strict=True)
    }
    numbers = rows.aggregate(
        **{name: Count("severity_rank", filter=condition) for name, condition in conditions.items()}
    )
    return [(label, days, numbers[f"age_{days}"]) for label, days in AGES]


def weight(numbers: tuple[int, ...]) -> int:
    return sum(each * number for each, number in zip(WEIGHTS.values(), numbers, strict=True))


@dataclass(frozen=True, slots=True)
class FixFirst:
    check_id: str
    title: str
    severity: str
    number: int


def fix_first(owner: str, limit: int = SHOWN_CHECKS) -> list[FixFirst]:
    """The checks whose mending takes the most weight off: severity times number."""
    rows = open_findings(owner).order_by().values("check_id", "severity_rank").annotate(number=Count("*"))
    severities = list(RANKS)
    weights = list(WEIGHTS.values())
    counted = sorted(rows, key=lambda row: (-weights[row["severity_rank"]] * row["number"], row["check_id"]))[:limit]
    titles = dict(
        Finding.objects.filter(owner=owner, check_id__in=[row["check_id"] for row in counted])
        .order_by()
        .values_list("check_id", "title")
        .distinct()
    )
    return [
        FixFirst(row["check_id"], titles.get(row["check_id"], row["check_id"]), severities[row["severity_rank"]],
               row["number"])
        for row in counted
    ]  # fmt: skip


def trend(owner: str) -> list[FindingDay]:
    """The last 30 days on which a scan ended, oldest first."""
    return list(FindingDay.objects.filter(owner=owner).order_by("-day")[:TREND_DAYS])[::-1]


def changed_by(run: ScanRun, limit: int = SHOWN_CHANGES) -> list[Finding]:
    """What this run opened, reopened or resolved, and no later one changed; the worst first."""
    found = Finding.objects.filter(changed_run=run.run_id, owner=run.owner).defer("history", "suppressions")
    order = {FindingChange.NEW: 0, FindingChange.REOPENED: 1, FindingChange.RESOLVED: 2}
    per_change = [found.filter(change=change).order_by("severity_rank")[:limit] for change in order]
    return [row for rows in per_change for row in rows]


def of_account(account: CloudAccount) -> QuerySet[Finding]:
    """Those that count of one account, by the account's own index."""
    return Finding.objects.filter(account=account.pk, status=FindingStatus.OPEN, **SHOWN)
