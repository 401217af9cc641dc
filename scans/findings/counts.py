"""Counts of findings, for charts, panels and the summary of a scan.

Functions take the open findings to count (`queries.open_findings`) and count in the database, in one query each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from cloudaccounts.accounts.visibility import within
from cloudaccounts.contract.rules import Severity
from scans.findings.queries import open_findings
from scans.models import RANKS, AccountFindingDay, Finding, FindingDay
from teams.scope import Scope

TREND_DAYS = 30
LOOKED_BACK = 90  # days: an account that was not scanned for longer is no part of a trend
AGES = (("below a week", 0), ("a week and more", 7), ("30 days and more", 30), ("90 days and more", 90))
SHOWN_LINES = 8
SHOWN_CHECKS = 6
# How urgent a finding is: a critical one weighs as much as 40 low ones.
URGENCIES = {Severity.CRITICAL: 40, Severity.HIGH: 10, Severity.MEDIUM: 3, Severity.LOW: 1}


@dataclass(frozen=True, slots=True)
class SeverityCounts:
    """One line of a chart: a service or an account, and its numbers of findings in falling order of severity."""

    key: str
    numbers: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.numbers)


@dataclass(frozen=True, slots=True)
class CheckCount:
    """A check and the number of its open findings."""

    check_id: str
    title: str
    severity: str
    number: int

    @property
    def weight(self) -> int:
        """By which they are ranked."""
        return URGENCIES[Severity(self.severity)] * self.number


def count_by_severity(findings: QuerySet[Finding]) -> dict[str, int]:
    """Each severity's number, in falling order, also where it is 0."""
    # The empty order_by is essential here and below: columns of an order would be added to the grouping.
    counts = findings.order_by().values("severity_rank").annotate(number=Count("*"))
    numbers = {row["severity_rank"]: row["number"] for row in counts}
    return {severity: numbers.get(rank, 0) for severity, rank in RANKS.items()}


def count_by_service(findings: QuerySet[Finding]) -> list[SeverityCounts]:
    """All services, the most urgent first."""
    counts = findings.order_by().values("service", "severity_rank").annotate(number=Count("*"))
    return _lines((row["service"], row) for row in counts)


def count_by_account(findings: QuerySet[Finding], limit: int = SHOWN_LINES) -> list[SeverityCounts]:
    """The accounts with the most urgent findings; ``key`` is the account's UUID as text."""
    counts = findings.order_by().values("account", "severity_rank").annotate(number=Count("*"))
    return _lines((str(row["account"]), row) for row in counts)[:limit]


def count_by_age(findings: QuerySet[Finding], *, now: datetime | None = None) -> list[tuple[str, int, int]]:
    """(label, days at least, number) of each age, in one query."""
    now = now or timezone.now()
    since = {days: now - timedelta(days=days) for _, days in AGES}
    next_since = [*since.values(), None][1:]
    # Each age ends where the next one begins, so that no finding is counted twice.
    conditions = {
        f"age_{days}": Q(open_since__lte=youngest) & (Q(open_since__gt=oldest) if oldest is not None else Q())
        for (days, youngest), oldest in zip(since.items(), next_since, strict=True)
    }
    numbers = findings.aggregate(
        **{name: Count("severity_rank", filter=condition) for name, condition in conditions.items()}
    )
    return [(label, days, numbers[f"age_{days}"]) for label, days in AGES]


def most_urgent_checks(scope: Scope, limit: int = SHOWN_CHECKS) -> list[CheckCount]:
    """The checks whose remediation takes the most weight off: the severity's weight times the number of findings."""
    rows = open_findings(scope).order_by().values("check_id", "severity_rank").annotate(number=Count("*"))
    severities = list(RANKS)
    weights = list(URGENCIES.values())
    counts = sorted(rows, key=lambda row: (-weights[row["severity_rank"]] * row["number"], row["check_id"]))[:limit]
    # From the findings, not from the providers: a finding outlives its check, and keeps its title.
    titles = dict(
        within(Finding.objects.filter(check_id__in=[row["check_id"] for row in counts]), scope)
        .order_by()
        .values_list("check_id", "title")
        .distinct()
    )
    return [
        CheckCount(row["check_id"], titles.get(row["check_id"], row["check_id"]), severities[row["severity_rank"]],
                   row["number"])
        for row in counts
    ]  # fmt: skip


def open_by_check(scope: Scope, check_ids: Iterable[str]) -> dict[str, int]:
    """Open findings of each of these checks, in one query; a check without any is left out."""
    rows = open_findings(scope).filter(check_id__in=list(check_ids)).order_by()
    return {row["check_id"]: row["number"] for row in rows.values("check_id").annotate(number=Count("*"))}


def daily_counts(scope: Scope, most: int = TREND_DAYS) -> list[FindingDay]:
    """The last ``most`` days on which a scan ended, oldest first. One query.

    Of a limited scope they are added up here, a row that is not stored for each day: an account counts with its latest
    day, so that a day on which few were scanned is no fall.
    """
    if not scope.limited:
        return list(FindingDay.objects.filter(owner=scope.owner).order_by("-day")[:most])[::-1]
    since = (timezone.now() - timedelta(days=LOOKED_BACK)).strftime("%Y-%m-%d")
    rows = within(AccountFindingDay.objects.filter(day__gte=since), scope).order_by("day", "account")
    names = (*RANKS, "covered", "accounts")
    latest: dict[UUID, list[int]] = {}
    sums = [0] * len(names)
    days: dict[str, FindingDay] = {}
    for day, account, covered, *numbers in rows.values_list("day", "account", "covered", *RANKS):
        # How many accounts were seen, and how much of them, is added up where it is known.
        numbers += [covered or 0, int(covered is not None)]
        before = latest.get(account, [0] * len(names))
        sums = [total - old + new for total, old, new in zip(sums, before, numbers, strict=True)]
        latest[account] = numbers
        days[day] = FindingDay(owner=scope.owner, day=day, **dict(zip(names, sums, strict=True)))
    return list(days.values())[-most:]


def _lines(counts: Iterable[tuple[str, Mapping[str, Any]]]) -> list[SeverityCounts]:
    """One line per key, by falling weight of its findings."""
    numbers: dict[str, list[int]] = {}
    for key, row in counts:
        numbers.setdefault(key, [0] * len(RANKS))[row["severity_rank"]] += row["number"]
    lines = [SeverityCounts(key, tuple(by_rank)) for key, by_rank in numbers.items()]
    return sorted(lines, key=lambda line: (-_weight(line.numbers), line.key))


def _weight(numbers: tuple[int, ...]) -> int:
    return sum(weight * number for weight, number in zip(URGENCIES.values(), numbers, strict=True))
