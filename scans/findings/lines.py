"""Findings counted by check, by account and by both: what facets and the list by rule are added up from.

Each question reads an index of the lists in its order, so that nothing is sorted (docs/decisions/0011).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Count, Max, Min, Q, QuerySet

from scans.findings.filters import BANDS
from scans.models import RANKS, Finding

MOST_PAIRS = 2_000  # more of them take Python longer to add up than the database to count by check and account apart
MOST_MIXED = 200  # checks or accounts that are asked for once more
EDGES = tuple(least for least, _ in BANDS.values() if least)  # days
SEVERITIES = list(RANKS)
# As `finding_owner_counts` has them: what follows from the account as a rule behind it, and so for the check.
ACCOUNT = ("account", "provider", "environment")
PAIR = (*ACCOUNT, "check_id", "service", "severity_rank")
# The columns before these in that index: with them a list of several states is counted in its order as well.
STATE = ("status", "suppressed", "muted")


@dataclass(frozen=True, slots=True)
class CheckLine:
    """The findings of one check. ``oldest`` and ``newest`` say since when these are open."""

    check_id: str
    severity: str
    service: str
    count: int
    oldest: datetime
    newest: datetime

    def __add__(self, other: CheckLine) -> CheckLine:
        """Of the worse severity: a check whose severity was changed has findings of both until the next scan."""
        worst = min(self.severity, other.severity, key=SEVERITIES.index)
        oldest, newest = min(self.oldest, other.oldest), max(self.newest, other.newest)
        return CheckLine(self.check_id, worst, self.service, self.count + other.count, oldest, newest)


@dataclass(frozen=True, slots=True)
class AccountLine:
    account: UUID
    provider: str
    environment: str
    count: int


@dataclass(slots=True)
class AccountNumbers:
    """The findings of one account, by falling severity, and since when the oldest of them is open."""

    oldest: datetime
    numbers: list[int] = field(default_factory=lambda: [0] * len(SEVERITIES))

    def add(self, line: CheckLine) -> None:
        self.numbers[SEVERITIES.index(line.severity)] += line.count
        self.oldest = min(self.oldest, line.oldest)


@dataclass(frozen=True, slots=True)
class PairLine:
    """The findings of one check and state in one account. ``older`` counts those open for so long, by `EDGES`."""

    of_check: CheckLine
    of_account: AccountLine
    older: tuple[int, ...]


def pair_lines(rows: QuerySet[Finding], now: datetime) -> list[PairLine] | None:
    """One query. None where there are more than `MOST_PAIRS`: it ends with the first of these."""
    grouped = rows.order_by().values(*STATE, *PAIR).annotate(number=Count("*"), **_SPAN, **_older(now))
    found = list(grouped[: MOST_PAIRS + 1])
    if len(found) > MOST_PAIRS:
        return None
    return [
        PairLine(
            _check_line(row),
            AccountLine(row["account"], row["provider"], row["environment"], row["number"]),
            tuple(row[f"older_{days}"] for days in EDGES),
        )
        for row in found
    ]


def check_lines(rows: QuerySet[Finding]) -> list[CheckLine]:
    """By check, severity and service. One query, or two.

    Databases count in the order of an index by its first columns alone; by more of them, SQLite sorts all rows. So the
    least and the greatest service are asked for, and where they differ, those rows are counted once more by all.
    """
    by = ("check_id", "severity_rank")
    edges = {"least_service": Min("service"), "most_service": Max("service")}
    found = list(rows.order_by().values(*by).annotate(number=Count("*"), **edges, **_SPAN))
    mixed = {row["check_id"] for row in found if row["least_service"] != row["most_service"]}
    lines = [_check_line({**row, "service": row["least_service"]}) for row in found if row["check_id"] not in mixed]
    if not mixed:
        return lines
    if len(mixed) > MOST_MIXED:
        lines = []
    else:
        rows = rows.filter(check_id__in=list(mixed))
    again = rows.order_by().values(*by, "service").annotate(number=Count("*"), **_SPAN)
    return [*lines, *(_check_line(row) for row in again)]


def account_lines(rows: QuerySet[Finding]) -> list[AccountLine]:
    """By account, cloud and environment. One query."""
    counted = rows.order_by().values(*ACCOUNT).annotate(number=Count("*"))
    return [AccountLine(row["account"], row["provider"], row["environment"], row["number"]) for row in counted]


def ages(rows: QuerySet[Finding], now: datetime) -> tuple[int, tuple[int, ...]]:
    """How many there are, and how many are open for so long and longer, by `EDGES`. One query."""
    # A column of the index and no `*`: MongoDB counts a condition by its values.
    numbers = rows.order_by().aggregate(whole=Count("severity_rank"), **_older(now))
    return numbers["whole"], tuple(numbers[f"older_{days}"] for days in EDGES)


def accounts_by_check(rows: QuerySet[Finding], checks: Iterable[str]) -> dict[str, int]:
    """In how many accounts each of these checks fails. One query."""
    rows = rows.filter(check_id__in=list(checks)).order_by()
    connection = connections[rows.db]
    if connection.vendor == "mongodb":
        counted = rows.values("check_id").annotate(accounts=Count("account", distinct=True))
        return dict(counted.values_list("check_id", "accounts"))
    # By both first, in the order of an index: PostgreSQL sorts all rows for a distinct count, and takes three times as
    # long.
    try:
        # Compiled for this database: the default one may be of another kind.
        pairs, parameters = rows.values("account", "check_id").distinct().query.get_compiler(rows.db).as_sql()
    except EmptyResultSet:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT check_id, COUNT(*) FROM ({pairs}) pairs GROUP BY check_id", parameters)  # noqa: S608 # nosec B608
        return dict(cursor.fetchall())


_SPAN: dict[str, Any] = {"oldest": Min("open_since"), "newest": Max("open_since")}


def _older(now: datetime) -> dict[str, Any]:
    # How many are at least so old: one comparison a row and band, and none for its end.
    return {
        f"older_{days}": Count("severity_rank", filter=Q(open_since__lte=now - timedelta(days=days))) for days in EDGES
    }


def _check_line(row: dict[str, Any]) -> CheckLine:
    return CheckLine(
        row["check_id"], SEVERITIES[row["severity_rank"]], row["service"], row["number"], row["oldest"], row["newest"]
    )
