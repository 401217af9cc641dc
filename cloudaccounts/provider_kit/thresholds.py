"""Numbers of checks that a team may set for itself: ages of keys, days of retention.

A check asks for the number while it runs. What a team has set holds in the context of its evaluation and nowhere else,
so that a check stays a function of its asset that can be asked again (docs/decisions/0019).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from cloudaccounts.contract.rules import Threshold

_set: ContextVar[Mapping[str, int] | None] = ContextVar("thresholds", default=None)


def limit(threshold: Threshold) -> int:
    """The team's number where it has set one, else the default."""
    return (_set.get() or {}).get(threshold.key, threshold.default)


@contextmanager
def in_force(values: Mapping[str, int]) -> Iterator[None]:
    """``values`` by key. Within this, `limit` answers with them, in this thread."""
    token = _set.set(values)
    try:
        yield
    finally:
        _set.reset(token)
