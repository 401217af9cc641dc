"""Risk and coverage of many accounts together: sums of columns that stand on their rows.

The score is 100 × the weight of what passed / the weight of what was evaluated (docs/coverage.md), of all accounts
together: not the mean of their scores, in which a small account would count like a large one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Sum

from cloudaccounts.accounts.visibility import visible_accounts
from cloudaccounts.models import CloudAccount, Environment
from teams.scope import Scope

# Names of their own: an annotation may not have the name of a column.
_SUMS = {
    "critical": "open_critical", "high": "open_high", "medium": "open_medium", "low": "open_low",
    "passed": "passed_weight", "failed": "failed_weight", "covered": "coverage_percent",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Posture:
    """Sums over accounts. ``covered`` adds up the coverage, in percent, of the ``known`` ones of them."""

    environment: str = ""  # empty: of all
    accounts: int = 0
    critical: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0
    passed_weight: int = 0
    failed_weight: int = 0
    covered: int = 0
    known: int = 0

    @property
    def evaluated_weight(self) -> int:
        return self.passed_weight + self.failed_weight

    @property
    def score(self) -> int | None:
        """Rounded down, so that 100 means that nothing failed; None where nothing was evaluated."""
        return score_of(self.passed_weight, self.evaluated_weight)

    @property
    def coverage(self) -> int | None:
        """The mean of the accounts' coverage in percent, rounded down; what is not known counts as not covered."""
        return self.covered // self.accounts if self.known else None

    @property
    def passed_share(self) -> float:
        """In percent of everything, also of what was not seen."""
        return (self.coverage or 0) * self.passed_weight / self.evaluated_weight if self.evaluated_weight else 0

    @property
    def failed_share(self) -> float:
        return (self.coverage or 0) - self.passed_share if self.evaluated_weight else 0

    @property
    def unseen(self) -> int:
        return 100 - (self.coverage or 0)

    @property
    def unknown(self) -> int:
        """Accounts of which it is not known how much was read."""
        return self.accounts - self.known

    @property
    def label(self) -> str:
        return str(Environment(self.environment).label) if self.environment in Environment.values else "All"

    @property
    def severities(self) -> dict[str, int]:
        return {"critical": self.critical, "high": self.high, "medium": self.medium, "low": self.low}

    def points(self, weight: int) -> float:
        """How many points the score gains where so much of what failed passes."""
        return 100 * min(weight, self.failed_weight) / self.evaluated_weight if self.evaluated_weight else 0


def score_of(passed: int, evaluated: int) -> int | None:
    """The weight of what passed among that of all that was evaluated, in percent; None where nothing was.

    Rounded down, so that 100 means that nothing failed.
    """
    return 100 * passed // evaluated if evaluated else None


def by_environment(scope: Scope) -> list[Posture]:
    """One for each environment that has accounts, in the order of `Environment`. One query, of an index alone."""
    sums = {part.environment: part for part in _sums(visible_accounts(scope))}
    order = [*Environment.values, *sorted(sums.keys() - set(Environment.values))]
    return [sums[name] for name in order if name in sums]


def total(parts: Iterable[Posture]) -> Posture:
    parts = list(parts)
    names = [name for name in Posture.__slots__ if name != "environment"]
    return Posture(**{name: sum(getattr(part, name) for part in parts) for name in names})


def coverage_and_weights(owner: str) -> dict[str, int]:
    """What a day of the trend keeps of an owner's accounts, in one query."""
    all_of_them = total(_sums(CloudAccount.objects.of(owner)))
    names = ("accounts", "covered", "passed_weight", "failed_weight")
    return {name: getattr(all_of_them, name) for name in names}


def _sums(accounts: QuerySet[CloudAccount]) -> list[Posture]:
    """By environment. The empty order_by: columns of an order would be added to the grouping."""
    rows = (
        accounts.order_by()
        .values("environment")
        .annotate(
            number=Count("id"), known=Count("coverage_percent"), **{name: Sum(column) for name, column in _SUMS.items()}
        )
    )
    return [_posture(row) for row in rows]


def _posture(row: Any) -> Posture:
    sums = {name: row[name] or 0 for name in _SUMS}  # the sum over NULLs alone is NULL
    passed, failed = sums.pop("passed"), sums.pop("failed")
    return Posture(
        environment=row["environment"], accounts=row["number"], known=row["known"], passed_weight=passed,
        failed_weight=failed, **sums,
    )  # fmt: skip
