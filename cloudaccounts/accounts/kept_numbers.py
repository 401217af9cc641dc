"""Numbers of large fleets, kept for half a minute.

To count 100,000 accounts reads 100,000 entries of an index for each number, and on PostgreSQL more: heartbeats write
every account anew, so that an index alone cannot say which of its entries are visible
(https://www.postgresql.org/docs/current/indexes-index-only-scans.html). No number of a fleet of that size says more
when it is a second old, so a page counts at most once in `KEPT` and says when that was. A small fleet is counted each
time: there one account more or less is what somebody came to see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from django.utils import timezone

from teams.scope import Scope

LARGE = 10_000  # accounts
KEPT = timedelta(seconds=30)

Numbers = TypeVar("Numbers")


@dataclass(frozen=True, slots=True)
class Counted(Generic[Numbers]):
    numbers: Numbers
    at: datetime
    kept: bool = False  # counted for an earlier request


class KeptNumbers(Generic[Numbers]):
    """In this process alone: another one counts for itself."""

    def __init__(self, count: Callable[[Scope], Numbers], accounts: Callable[[Numbers], int]) -> None:
        """``accounts``: of how many accounts such numbers speak."""
        self._count, self._accounts = count, accounts
        self._kept: dict[tuple[str, str], Counted[Numbers]] = {}

    def of(self, scope: Scope, *, about: str = "", count: Callable[[Scope], Numbers] | None = None) -> Counted[Numbers]:
        """``about`` is what of the owner's is counted where that is not everything, and ``count`` counts it."""
        counting = count or self._count
        # The groups of a limited scope may have been changed since, and its accounts are few enough to be counted.
        if scope.limited:
            return Counted(counting(scope), timezone.now())
        now, key = timezone.now(), (scope.owner, about)
        before = self._kept.get(key)
        if before and abs(now - before.at) < KEPT:  # a clock that was set back keeps nothing for longer
            return before
        numbers = counting(scope)
        for old in [old for old, kept in list(self._kept.items()) if abs(now - kept.at) >= KEPT]:
            self._kept.pop(old, None)
        if self._accounts(numbers) > LARGE:
            self._kept[key] = Counted(numbers, now, kept=True)
        return Counted(numbers, now)

    def clear(self) -> None:
        self._kept.clear()
