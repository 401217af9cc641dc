"""Accounts that wait for their heartbeat, by owner: one whose accounts do not answer keeps nobody else's waiting."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Iterator

from cloudaccounts.health.due_accounts import DueAccount


class OwnerQueue:
    """Owners have their turns one after the other; an owner's accounts come in the order in which they were due."""

    def __init__(self) -> None:
        self._by_owner: OrderedDict[str, deque[DueAccount]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(queue) for queue in self._by_owner.values())

    def __iter__(self) -> Iterator[DueAccount]:
        for queue in self._by_owner.values():
            yield from queue

    def extend(self, page: Iterable[DueAccount]) -> None:
        for due in page:
            self._by_owner.setdefault(due.account.owner, deque()).append(due)

    def take(self, under_way: Counter[str], most: int) -> DueAccount | None:
        """The next one of an owner who has less than ``most`` under way; None where there is none."""
        for owner, queue in self._by_owner.items():
            if under_way[owner] < most:
                due = queue.popleft()
                if queue:
                    # An owner goes to the back after each account, so many accounts of one come between those of
                    # others and not before them.
                    self._by_owner.move_to_end(owner)
                else:
                    del self._by_owner[owner]
                return due
        return None

    def able(self, under_way: Counter[str], most: int) -> int:
        """How many could be taken now."""
        return sum(min(len(queue), max(0, most - under_way[owner])) for owner, queue in self._by_owner.items())

    def owners(self) -> list[str]:
        return list(self._by_owner)

    def clear(self) -> list[DueAccount]:
        left = list(self)
        self._by_owner.clear()
        return left
